# SPDX-License-Identifier: GPL-2.0
#
# awk -f events.awk: what ./drive prints, as lines that two implementations can
# have in common.  "SEED STEP PROCESS|as told|as compared|rule", where processes
# have the names of the script, and "SEED STEP -|broken|WHAT" for what no
# implementation may do, whatever the other does.  In "as compared"
#
#	parts	  changes by the same nodes in one step are one, and of the
#		  views of a step the last counts;
#	at_once	  in a step of several actions messages are ordered by sender
#		  and stand behind the changes, which are one;
#	own	  who joins or leaves in such a step is told of others or not;
#	left	  who has left is told nothing (contract 30, D1).

function broken(what)
{
	print seed, step, "-|broken|" what
}

# "1/12:JOIN,3/4:JOIN," with names, sorted.
function names(list, is_sorted, n, i, j, f, a, out, id, number, last)
{
	sub(/^[a-z]+=/, "", list)
	n = split(list, a, ",") - 1
	last = -1
	for (i = 1; i <= n; i++) {
		split(a[i], f, ":")
		split(f[1], id, "/")
		number = id[1] * 4294967296 + id[2]
		if (is_sorted && number <= last)
			broken("unsorted " list)
		last = number
		a[i] = (f[1] in role ? role[f[1]] : "?") \
			(f[2] == "" ? "" : ":" f[2])
		for (j = i; j > 1 && a[j - 1] > a[j]; j--) {
			out = a[j]
			a[j] = a[j - 1]
			a[j - 1] = out
		}
	}
	out = ""
	for (i = 1; i <= n; i++)
		out = out a[i] ","
	return out
}

# Two lists that names() made, as one.
function merged(x, y, n, a, i, j, t, out)
{
	n = split(x y, a, ",") - 1
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && a[j - 1] > a[j]; j--) {
			t = a[j]
			a[j] = a[j - 1]
			a[j - 1] = t
		}
	for (i = 1; i <= n; i++)
		out = out a[i] ","
	return out
}

# A list without an entry.
function without(list, entry, at)
{
	at = index("," list, "," entry ",")
	return substr(list, 1, at - 1) substr(list, at + length(entry) + 1)
}

function summary(p, n, i, f, members, left, joined, changes, msgs, views, s)
{
	n = count[p]
	for (i = 1; i <= n; i++) {
		if (told[p, i - 1] ~ "left=(.*,)?" p ":LEAVE,")
			break
		split(told[p, i], f, " ")
		if (f[1] == "view") {
			views = told[p, i]
		} else if (f[1] == "conf") {
			if (mixed && (p in moves) && told[p, i] !~ p ":")
				continue
			changes++
			members = substr(f[2], 9)
			left = merged(left, substr(f[3], 6))
			joined = merged(joined, substr(f[4], 8))
		} else if (!mixed) {
			msgs = msgs ";" told[p, i]
		} else if (!(p in moves)) {
			by[f[2]] = by[f[2]] "," f[3]
		}
	}
	# lost and found: a view on the way
	n = split(joined, f, /:[A-Z]+,/)
	for (i = 1; i < n; i++)
		if (index("," joined, "," f[i] ":NODEUP,") &&
		    index("," left, "," f[i] ":NODEDOWN,")) {
			joined = without(joined, f[i] ":NODEUP")
			left = without(left, f[i] ":NODEDOWN")
		}
	if (left joined == "")
		changes = 0
	if (changes && mixed && (p in moves)) {
		# of what else came in the same event nothing is said
		members = ""
		left = index("," left, "," p ":") ? p : ""
		joined = index("," joined, "," p ":") ? p : ""
	}
	s = changes ? "conf members=" members " left=" left " joined=" joined : ""
	for (i = 1; i <= processes; i++)
		if (process[i] in by) {
			s = s ";" process[i] by[process[i]]
			delete by[process[i]]
		}
	return s msgs ";" views
}

# Every two agree on the order of what both were told.
function agree(p, q, i, at, last, seen)
{
	for (i = 1; i <= count[q]; i++)
		at[told[q, i]] = i
	for (i = 1; i <= count[p]; i++) {
		if (told[p, i] ~ /^view/ || !(told[p, i] in at))
			continue
		if (at[told[p, i]] <= last)
			broken(p " and " q " differ at " told[p, i])
		last = at[told[p, i]]
	}
}

function twice(p, i, seen)
{
	for (i = 1; i <= count[p]; i++) {
		if (told[p, i] ~ /^msg/ && told[p, i] in seen)
			broken(p " was told twice: " told[p, i])
		seen[told[p, i]] = 1
	}
}

function end_step(i, j, k, raw, p)
{
	for (i = 1; i <= processes; i++) {
		p = process[i]
		twice(p)
		for (j = 1; j < i; j++)
			agree(p, process[j])
		raw = ""
		for (k = 1; k <= count[p]; k++)
			raw = raw ";" told[p, k]
		if (!(p in gone))
			print seed, step, p "|" raw "|" \
				(p in left_before ? "" : summary(p)) "|" \
				rule(p)
	}
	for (p in leaves)
		left_before[p] = 1
}

# Which of the rules may make the two streams one.
function rule(p)
{
	if (p in left_before || (p in leaves && !mixed))
		return "left"
	if (mixed)
		return p in moves ? "own" : "at_once"
	return "parts"
}

function begin_step(i)
{
	mixed = / \+ /
	split("", count)
	split("", told)
	split("", moves)
	split("", leaves)
	for (i = 3; i <= NF; i++) {
		if ($i == "finalize" || $i == "quit" || $i == "kill")
			gone[$(i + 1)] = 1
		if ($i == "leave")
			leaves[$(i + 1)] = 1
		if ($i == "join") {
			delete gone[$(i + 1)]
			delete left_before[$(i + 1)]
		}
		if ($i == "join" || $i == "leave")
			moves[$(i + 1)] = 1
	}
}

$1 == "seed" {
	seed = $2
	step = -1
	processes = 0
	split("", role)
	split("", left_before)
	split("", gone)
}
$1 == "process" {
	process[++processes] = $2
	role[$3 "/" $4] = $2
}
$1 == "step" {
	if (step >= 0)
		end_step()
	step = $2
	begin_step()
}
$1 == "late" { broken("late: " substr($0, 6)) }
$1 == "event" && $3 == "msg" {
	told[$2, ++count[$2]] = "msg " \
		($4 in role ? role[$4] : "?") " " $5
}
$1 == "event" && $3 == "conf" {
	told[$2, ++count[$2]] = "conf members=" names($4, 1) \
		" left=" names($5) " joined=" names($6)
}
$1 == "event" && $3 == "view" { told[$2, ++count[$2]] = "view " $5 }
$1 == "done" { end_step(); print seed, "done", "-||" }
