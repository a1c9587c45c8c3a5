# SPDX-License-Identifier: GPL-2.0
#
# awk -f script.awk -v seed=N: the script of a seed.  A line is a step, what is
# joined by " + " happens at once:
#
#	join P NODE GROUP	a process starts, or one that has finalized gets a
#				new handle, and joins
#	leave P			leaves, and does no more but finalize or end
#	finalize P		gives up its handle
#	quit P			finalizes and ends
#	kill P			ends by SIGKILL
#	send P TEXT
#	cut NODE, heal NODE	the node's link; alone in their step
#
# The generator is Park's and Miller's: it is exact in any awk.

function random(n)
{
	state = state * 16807 % 2147483647
	return int(state / 7) % n
}

# A process in this state that no action of the step has used; "" if none.
function pick(want, count, p, list)
{
	count = 0
	for (p = 1; p <= started; p++)
		if (mode[p] == want && !(p in used))
			list[count++] = p
	return count ? list[random(count)] : ""
}

function name(p)
{
	return "p" p
}

function do_join(p)
{
	p = random(2) ? pick("finalize") : ""
	if (p == "" && started < PROCESSES) {
		p = ++started
		node[p] = 1 + random(3)
	}
	if (p == "")
		return ""
	mode[p] = "in"
	used[p] = 1
	return "join " name(p) " " node[p] " " (random(4) ? "g" : "h")
}

function do_end(how, p)
{
	p = pick(how == "leave" || random(4) ? "in" : "leave")
	if (p == "")
		return ""
	used[p] = 1
	mode[p] = how
	return how " " name(p)
}

function do_send(p)
{
	p = pick("in")
	return p == "" ? "" : "send " name(p) " m" ++sent
}

function action(n)
{
	n = random(20)
	if (n < 6)
		return do_join()
	if (n < 8)
		return do_end("leave")
	if (n < 10)
		return do_end(random(3) ? "finalize" : "quit")
	if (n < 12)
		return do_end("kill")
	return do_send()
}

# Some actions at once.  Who sends in it does not end in it.
function step(n, what, one)
{
	split("", used)
	for (n = random(2) ? 1 : 2 + random(3); n; n--) {
		one = action()
		if (one == "")
			continue
		if (one ~ /^send/)
			used[substr(one, 7) + 0] = 1
		what = what (what == "" ? "" : " + ") one
	}
	if (what != "")
		print what
}

function link(i)
{
	i = 1 + random(3)
	print (cut[i] ? "heal " : "cut ") i
	cut[i] = !cut[i]
}

BEGIN {
	PROCESSES = 7
	state = seed * 7919 + 1
	for (i = 0; i < 10; i++)
		random(2)
	steps = 8 + random(8)
	links = random(4)
	for (i = 0; i < 2; i++)
		print do_join()
	for (i = 0; i < steps; i++) {
		if (links && !random(4)) {
			links--
			link()
		}
		step()
	}
	for (i = 1; i <= 3; i++)
		if (cut[i])
			print "heal " i
	for (p = 1; p <= started; p++)
		if (mode[p] == "in")
			last = last (last == "" ? "" : " + ") \
				"send " name(p) " m" ++sent
	if (last != "")
		print last
}
