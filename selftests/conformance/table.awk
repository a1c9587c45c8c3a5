# SPDX-License-Identifier: GPL-2.0
#
# See table.  The first file is our column, the second corosync's.

function state(column, n)
{
	if (!((column, n) in tests))
		return "not tested"
	if ((column, n) in failed)
		return "fails"
	return note[n] ~ /^Partly/ ? "partly" : "holds"
}

# What is wrong with a statement that is neither as it should be nor excused.
function judge(n, ours, theirs)
{
	if (ours == "fails" || (ours == "not tested" && !why_not[n]))
		wrong[++n_wrong] = n ": ours " ours " " failed[1, n]
	if (theirs == "fails" && !differs[n])
		wrong[++n_wrong] = n ": corosync fails " failed[2, n]
	if (theirs == "not tested" && columns > 1)
		wrong[++n_wrong] = n ": corosync not tested"
	sum[1, ours]++
	sum[2, theirs]++
}

function as_text(n, ours, theirs)
{
	printf "%s %-2s  %-10s  %-10s  %s\n", n, mark[n], ours, theirs, text[n]
	if (theirs == "fails")
		print "       corosync: " differs[n]
	if (ours == "not tested")
		print "       ours: " why_not[n]
	if (note[n])
		print "       " note[n]
}

function as_rst(n, ours, theirs,   words)
{
	words = text[n]
	if (theirs == "fails")
		words = words " **Corosync:** " differs[n]
	if (ours == "not tested")
		words = words " **Ours:** " why_not[n]
	if (note[n])
		words = words " *" note[n] "*"
	print "   * - " n
	print "     - " mark[n]
	print "     - " ours
	print "     - " theirs
	print "     - " words
	print "     - " method[n]
}

function head()
{
	print ".. SPDX-License-Identifier: GPL-2.0"
	print ""
	print "==========="
	print "Conformance"
	print "==========="
	print ""
	print "What programs on libcpg can rely on, as numbered statements, and whether"
	print "they hold: with this implementation, and with corosync 3.1.7 of Debian.  The"
	print "same programs ran on both, three nodes each.  This file is made by"
	print "``selftests/conformance/run -w``; do not edit it."
	print ""
	print "A statement is marked C where it is the contract that programs depend on, B"
	print "where corosync has a bug and the better thing is stated, CB where it is both."
	print "Numbers are those of cs_error_t and of the reasons in cpg.h.  A statement holds"
	print "if every test that has its number in its name passes; the programs are named"
	print "in the last column.  What no program can test here is counted as not tested."
	print ""
	print "* this implementation, in " guest[1] ": " totals(1)
	print "* corosync, in " guest[2] ": " totals(2)
	print ""
}

# One column: a result.
function as_ktap(   i)
{
	for (i = 1; i <= n_wrong; i++)
		print "# " wrong[i]
	print (n_wrong ? "not " : "") "ok 1 statements of the contract: " \
		totals(1)
}

function totals(column)
{
	return sum[column, "holds"] + 0 " hold, " \
		sum[column, "partly"] + 0 " are tested in part and hold, " \
		sum[column, "fails"] + 0 " fail, " \
		sum[column, "not tested"] + 0 " are not tested"
}

BEGIN {
	FS = "|"
	while ((getline < statements) > 0) {
		if (/^#/)
			continue
		order[++n_statements] = $1
		mark[$1] = $2
		text[$1] = $3
		differs[$1] = $4
		why_not[$1] = $5
		note[$1] = $6
	}
	FS = " "
}

FNR == 1 {
	column++
}

/^# guest: / {
	guest[column] = substr($0, 10)
}

/^(not )?ok [0-9]+ / {
	is_ok = $1 == "ok"
	name = $0
	sub(/^(not )?ok [0-9]+ /, "", name)
	program = name ~ /: / ? name : "column"
	sub(/: .*/, "", program)
	sub(/^[^:]*: /, "", name)
	k = split(name, words, /[^a-z0-9]+/)
	for (i = 1; i <= k; i++) {
		if (words[i] !~ /^c[0-9][0-9]$/)
			continue
		n = substr(words[i], 2)
		tests[column, n]++
		if (!is_ok)
			failed[column, n] = failed[column, n] "[" program \
				": " name "]"
		if (index(method[n] ", ", program ", ") == 0)
			method[n] = (method[n] ? method[n] ", " : "") program
	}
}

END {
	for (s = 1; s <= n_statements; s++) {
		n = order[s]
		judge(n, state(1, n), state(2, n))
	}
	if (columns == 1) {
		as_ktap()
		exit n_wrong > 0
	}
	if (rst) {
		head()
		print ".. list-table::"
		print "   :header-rows: 1"
		print ""
		print "   * - No."
		print "     -"
		print "     - here"
		print "     - corosync"
		print "     - statement"
		print "     - tested by"
	}
	for (s = 1; s <= n_statements; s++) {
		n = order[s]
		if (rst)
			as_rst(n, state(1, n), state(2, n))
		else
			as_text(n, state(1, n), state(2, n))
	}
	if (!rst) {
		print "ours: " totals(1)
		print "corosync: " totals(2)
	}
	for (i = 1; i <= n_wrong; i++)
		print "unexpected: " wrong[i] > "/dev/stderr"
	exit n_wrong > 0
}
