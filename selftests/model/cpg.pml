/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of how views change: gather, commit, recovery and installation, as
 * kernel/engine/{view,commit,recover,install,order}.c do them, with at most one
 * message of each node.  README tells how far it is searched.
 *
 * What is left out of the engine, and why nothing is lost by most of it:
 *
 * - Time.  Whatever a timer, a suspicion or a STATUS may cause can happen at
 *   any moment (the engine does less than that).  So a partition is no more
 *   than packets that do not come, and a node that crashed is one that takes no
 *   further step: both are in the search at every place, as often as there are
 *   proposals.  So nothing is said here about whether a view comes at all.
 * - The network.  What was once sent may arrive at any time after that, or
 *   never: loss, delay, reordering and repetition.  A packet of the commit is a
 *   mark in its proposal that the receiver may look at.  A packet that comes
 *   twice changes nothing in the engine, nor here.
 * - COMMIT1, COMMIT2 and RECOVERED that come when the representative has given
 *   up.  Here it must still be in the attempt.  A member that agrees too late
 *   freezes its view, as it does at the next proposal with no less to choose
 *   from; the seq that it learns is not above what its representative knows.
 *   A recovery that ends too late touches the member alone, so it could as well
 *   have ended before, with the RECOVERED lost.  An INSTALL is taken whatever
 *   the representative does meanwhile: others may have installed the view.
 * - When data arrive.  Until a node freezes its view, nobody can see what it
 *   received.  So it is chosen at that moment: any subset of what existed (all
 *   of the leader's data with its order, for they are one packet).  The same
 *   goes for what was fetched when a recovery is given up.
 * - Gathering.  A node gathers at the moment when somebody proposes a view with
 *   it: what it did before without being proposed is to take no step.
 * - JOIN.  Its number makes a node refuse proposals that it no longer gathers
 *   for, and its greatest seq keeps a proposer from choosing one that is too
 *   low.  Neither is needed for what is checked: here a node agrees whatever
 *   the number, and the seq is any that its proposer might come to.
 * - Whom a node hears.  The proposer may choose any set of which it is the
 *   lowest: those that the engine would choose are among them.
 * - Stability and letting go.  What is let go was delivered by all of the view:
 *   nobody can ask for it.
 * - A COMMIT2 that came, but of which not all was fetched.  A member is then in
 *   COMMIT still, and may have fetched anything.
 * - Order of several packets at once is order of one after the other.
 * - Other services than AGREED, groups, fragments, credit, memory, restarts,
 *   votes, wrapping numbers: not here, and nothing is said of them.
 */

#ifndef N
#define N		3		/* nodes */
#endif
#ifndef PROPOSALS
#define PROPOSALS	3		/* in all */
#endif
#ifndef SENDERS
#define SENDERS		ALL		/* who has a message */
#endif
#define SLOTS		(PROPOSALS + 1)		/* views and proposals at once */

#define BIT(x)		(1 << (x))
#define ALL		(BIT(N) - 1)
#define HAS(set, x)	((set) >> (x) & 1)
#define MAX(a, b)	((a) > (b) -> (a) : (b))

#define NONE		255		/* no proposal */

/* State of a node.  RECOVER is COMMIT with its mark in .recovered. */
#define OPERATIONAL	0
#define GATHER		1
#define COMMIT		2

/* Where a node's message is. */
#define UNSENT		0		/* or sent again later */
#define FLIGHT		1
#define DONE		2		/* delivered to the node itself */

/*
 * One compiled search serves for all: $MUTANT names a defect that is to break
 * a property, $WITNESS what properties are about: the search ends where it
 * happens for the first time.
 *
 *	LATE		delivery behind a gap
 *	OBLIGED		one that only an older promise allows
 *	AGAIN		recognised by its serial number
 *	REQUEUE		sent again in another view
 *	FETCH		recovery had to fetch
 *	ABANDON		recovery given up in the middle
 *	SAME		two went together, with messages
 *	MERGE		from different views into one
 *	PROMISE		left by another view than was promised
 */
#define MUTANTS \
	X(NO_REQUEUE) X(REQUEUE_ALL) X(REUSE_ID) X(TAKE_FROZEN) X(NO_SERIAL) \
	X(INSTALL_EARLY) X(NO_FETCH) X(ORDER_FROZEN) X(FORGET_PROMISE) \
	X(LATE_ALL)

c_decl {
	#define X(name) MUTANT_##name,
	enum { MUTANT_NONE, MUTANTS };
	#undef X
	#define X(name) #name,
	const char *const mutants[] = { "", MUTANTS };
	#undef X
	int mutant;
	const char *witness;
}
#define MUTANT(name)	c_expr { mutant == MUTANT_##name }
#define SEEN(name)	c_code {					\
		if (witness && !strcmp(witness, #name)) {		\
			printf("seen: %s\n", witness);			\
			exit(0);					\
		}							\
	}

/* A proposed view, and what is left of it when it is one. */
typedef View {
	byte used;
	byte seq;
	byte rep;
	byte members;
	byte leader;
	byte acked;		/* sent COMMIT1_ACK; the representative did */
	byte recovered;		/* sent RECOVERED */
	bit tabled;		/* COMMIT2 was sent */
	bit decided;		/* INSTALL was sent */
	byte installed;
	byte left;		/* promised, and then left by another way */
	/* what the COMMIT1_ACKs say */
	byte from[N];
	byte held[N];
	byte log[N];
	byte obliged[N];
	/* what they delivered in the view that they came from */
	byte told[N];
	byte cut[N];
	/* the view's data: whose message there is, and the leader's order */
	byte sent;
	byte placed;
	byte count;
	byte order[N];
	byte knew[N];		/* places that the sender had delivered */
};

View view[SLOTS];
byte proposals = 0;

byte state[N];
byte epoch[N];		/* slot of the present view */
byte attempt[N];	/* slot of the proposal, NONE */
byte promised[N];	/* greatest view seq agreed to */
bit frozen[N];
byte held[N];		/* frozen: whose message is here */
byte log[N];		/* frozen: which places of the order are here */
byte pos[N];		/* frozen: places delivered */
byte told[N];		/* frozen: delivered in this view, or taken as such */
byte obliged[N];
byte given[N];		/* delivered to the processes, in any view */
byte mine[N];		/* the own message */

/*
 * Scratch, of no meaning between two steps, and 0 there.  Not hidden from the
 * state: what is hidden is not restored when a search goes back over a d_step.
 */
byte k, v, x, y, z, set, seq, top, goods, places, words, together;

inline clear()
{
	k = 0;
	v = 0;
	x = 0;
	y = 0;
	z = 0;
	set = 0;
	seq = 0;
	top = 0;
	goods = 0;
	places = 0;
	words = 0;
	together = 0
}

/*
 * With FAULTS there are one partition that cuts off one node, its healing, and
 * one crash, at any time; and whoever proposes does so for want of a node or
 * because of another, with all that are there.  Without, anybody may propose
 * anything at any time.
 */
#ifdef FAULTS
#define WHOLE		N
#define HEALED		(N + 1)
byte cut = WHOLE;	/* the node that is cut off */
byte dead;		/* the one that crashed, as a set */
#define SIDE(i)		((cut >= N -> ALL : \
			  (cut == (i) -> BIT(i) : ALL & ~BIT(cut))) & ~dead)
#define MAY_TAKE(p, z)	HAS(SIDE(p), z)
#define MUST_TAKE(p, z)	((z) > (p) && HAS(SIDE(p), z))
#define MAY_PROPOSE(i) \
	(HAS(SIDE(i), i) && !(SIDE(i) & (BIT(i) - 1)) && \
	 (state[i] != OPERATIONAL || view[epoch[i]].members != SIDE(i)))
#else
#define MAY_TAKE(p, z)	true
#define MUST_TAKE(p, z)	false
#define MAY_PROPOSE(i)	true
#endif

#define REP(v)		view[v].rep
#define LEADER(v)	view[v].leader

#define AT(i)		view[attempt[i]]
#define IN_COMMIT(i)	(state[i] == COMMIT)

/* Without another freeze nobody can see what happens in a view. */
#define MAY_FREEZE(i, v)	(epoch[i] == v && !frozen[i] && \
				 state[i] == GATHER)
#if N > 3
#define IS_USEFUL(v)		(proposals < PROPOSALS || \
				 MAY_FREEZE(0, v) || MAY_FREEZE(1, v) || \
				 MAY_FREEZE(2, v) || MAY_FREEZE(3, v))
#else
#define IS_USEFUL(v)		(proposals < PROPOSALS || \
				 MAY_FREEZE(0, v) || MAY_FREEZE(1, v) || \
				 MAY_FREEZE(2, v))
#endif

#define MAY_BE_LATE(x)	(HAS(words, x) || MUTANT(LATE_ALL))

/* --- delivery --- */

inline deliver(p, q)
{
	/* A message has one place in a view, behind what its sender had seen. */
	assert(!HAS(told[p], q));
	places = 0;
	do
	:: places < view[epoch[p]].knew[q] ->
		assert(HAS(told[p], view[epoch[p]].order[places]));
		places++
	:: else -> break
	od;
	told[p] = told[p] | BIT(q);
	if
	:: q == p ->
		assert(mine[p] == FLIGHT && !HAS(given[p], p));
		mine[p] = DONE;
		given[p] = given[p] | BIT(p)
	:: q != p && HAS(given[p], q) && !MUTANT(NO_SERIAL) ->
		SEEN(AGAIN)
	:: else ->
		assert(!HAS(given[p], q));
		given[p] = given[p] | BIT(q)
	fi
}

/* In order, up to the first gap. */
inline walk(p)
{
	do
	:: pos[p] < view[epoch[p]].count && HAS(log[p], pos[p]) &&
	   HAS(held[p], view[epoch[p]].order[pos[p]]) ->
		x = view[epoch[p]].order[pos[p]];
		deliver(p, x);
		pos[p]++
	:: else -> break
	od
}

/*
 * Behind the gap, what was promised.  What follows from the same origin needs
 * no check: it has one message, and the leader's stream is the log.
 */
inline walk_late(p)
{
	y = pos[p];
	do
	:: y < view[epoch[p]].count && HAS(log[p], y) ->
		x = view[epoch[p]].order[y];
		if
		:: HAS(held[p], x) && !HAS(told[p], x) && MAY_BE_LATE(x) ->
			SEEN(LATE);
			if
			:: !HAS(together, x) -> SEEN(OBLIGED)
			:: else
			fi;
			deliver(p, x)
		:: else
		fi;
		y++
	:: else -> break
	od
}

/* --- freezing, and what came before it --- */

/* Chosen: what arrived of the present view, until now. */
inline freeze(p)
{
	if
	:: frozen[p]
	:: else ->
		v = epoch[p];
		goods = 0;
		places = 0;
		x = 0;
		do
		:: x < view[v].count ->
			if
			:: places = places | BIT(x);
				if
				:: view[v].order[x] == LEADER(v) ||
				   p == LEADER(v) || x < view[v].knew[p] ->
					goods = goods | BIT(view[v].order[x])
				:: else
				fi
			:: p != LEADER(v) && x >= view[v].knew[p]
			fi;
			x++
		:: else -> break
		od;
		x = 0;
		do
		:: x < N ->
			if
			:: HAS(view[v].sent, x) && x != LEADER(v) &&
			   !HAS(goods, x) ->
				if
				:: goods = goods | BIT(x)
				:: x != p
				fi
			:: else
			fi;
			x++
		:: else -> break
		od;
		held[p] = goods;
		log[p] = places;
		frozen[p] = 1;
		d_step { walk(p); skip }
	fi
}

/* COMMIT1_ACK: nothing that comes later is taken, unless it is wanted. */
inline hold(p, n)
{
	freeze(p);
	view[n].from[p] = epoch[p];
	view[n].held[p] = held[p];
	view[n].log[p] = log[p];
	view[n].obliged[p] = obliged[p];
	view[n].acked = view[n].acked | BIT(p);
	attempt[p] = n;
	state[p] = COMMIT;
	promised[p] = view[n].seq
}

/* --- recovery --- */

/* From the table: who comes along, what they hold, what they promised. */
inline unite(p, n)
{
	together = 0;
	goods = 0;
	places = 0;
	words = 0;
	x = 0;
	do
	:: x < N ->
		if
		:: HAS(view[n].members, x) &&
		   view[n].from[x] == view[n].from[p] ->
			together = together | BIT(x);
			goods = goods | view[n].held[x];
			places = places | view[n].log[x];
			words = words | view[n].obliged[x]
		:: else
		fi;
		x++
	:: else -> break
	od;
	if
	:: MUTANT(FORGET_PROMISE) -> words = together
	:: else -> words = words | together
	fi
}

/* All of it is here: promise to deliver it. */
inline recover(p, n)
{
	unite(p, n);
	if
	:: (goods & ~held[p]) || (places & ~log[p]) -> SEEN(FETCH)
	:: else
	fi;
	if
	:: MUTANT(NO_FETCH)
	:: else ->
		held[p] = held[p] | goods;
		log[p] = log[p] | places
	fi;
	obliged[p] = words;
	view[n].recovered = view[n].recovered | BIT(p)
}

/* A proposal is given up: chosen is what was fetched by then. */
inline abandon(p)
{
	k = attempt[p];
	if
	:: k != NONE && view[k].tabled && !HAS(view[k].recovered, p) ->
		d_step { unite(p, k); skip };
		goods = goods & ~held[p];
		places = places & ~log[p];
		if
		:: goods || places -> SEEN(ABANDON)
		:: else
		fi;
		x = 0;
		do
		:: x < N ->
			if
			:: HAS(goods, x) && x != LEADER(epoch[p]) ->
				held[p] = held[p] | BIT(x)
			:: true
			fi;
			if
			:: HAS(places, x) ->
				log[p] = log[p] | BIT(x);
				if
				:: view[epoch[p]].order[x] ==
				   LEADER(epoch[p]) ->
					held[p] = held[p] |
						  BIT(LEADER(epoch[p]))
				:: else
				fi
			:: true
			fi;
			x++
		:: else -> break
		od;
		/* The representative's RECOVERED is seen by itself alone. */
		if
		:: p == REP(k) && !(goods & ~held[p]) && !(places & ~log[p]) ->
			obliged[p] = words
		:: true
		fi
	:: else
	fi;
	attempt[p] = NONE
}

/* Forget what cannot have any effect, so that equal states are equal. */
inline tidy()
{
	d_step {
	y = 0;
	do
	:: y < SLOTS ->
		set = 0;	/* in the view */
		goods = 0;	/* in the proposal, or bound by it */
		x = 0;
		do
		:: x < N ->
			if
			:: epoch[x] == y -> set = set | BIT(x)
			:: else
			fi;
			if
			:: attempt[x] == y -> goods = goods | BIT(x)
			:: else
			fi;
			if
			:: view[y].decided && HAS(view[y].recovered, x) &&
			   !HAS(view[y].installed | view[y].left, x) ->
				goods = goods | BIT(x)
			:: else
			fi;
			x++
		:: else -> break
		od;
		if
		:: !goods ->
			view[y].tabled = 0;
			view[y].decided = 0;
			view[y].acked = 0;
			view[y].recovered = 0;
			view[y].installed = 0;
			view[y].left = 0;
			x = 0;
			do
			:: x < N ->
				view[y].from[x] = 0;
				view[y].held[x] = 0;
				view[y].log[x] = 0;
				view[y].obliged[x] = 0;
				view[y].told[x] = 0;
				view[y].cut[x] = 0;
				x++
			:: else -> break
			od
		:: else
		fi;
		if
		:: !set && !(goods && view[y].decided) ->
			view[y].sent = 0;
			view[y].placed = 0;
			view[y].count = 0;
			x = 0;
			do
			:: x < N ->
				view[y].order[x] = 0;
				view[y].knew[x] = 0;
				x++
			:: else -> break
			od
		:: else
		fi;
		if
		:: !set && !goods ->
			view[y].used = 0;
			view[y].seq = 0;
			view[y].rep = 0;
			view[y].members = 0;
			view[y].leader = 0
		:: else
		fi;
		y++
	:: else -> break
	od;
	clear();
	skip
	}
}

/* --- installation --- */

/* Those that installed the same view came to it with the same. */
inline compare(p, n)
{
	x = 0;
	do
	:: x < N ->
		if
		:: HAS(view[n].installed, x) && x != p &&
		   view[n].from[x] == view[n].from[p] ->
			assert(view[n].told[x] == told[p]);
			assert(view[n].cut[x] == pos[p]);
			if
			:: told[p] -> SEEN(SAME)
			:: else
			fi
		:: HAS(view[n].installed, x) && x != p &&
		   view[n].from[x] != view[n].from[p] ->
			SEEN(MERGE)
		/* It kept the promise that this node counts on. */
		:: HAS(view[n].left, x) &&
		   view[n].from[x] == view[n].from[p] ->
			assert(!(told[p] & ~view[n].told[x]))
		:: else
		fi;
		x++
	:: else -> break
	od
}

/* This node promised what others count on, and now leaves by another way. */
inline keep_promises(p, n)
{
	y = 0;
	do
	:: y < SLOTS ->
		if
		:: y != n && HAS(view[y].recovered, p) &&
		   !HAS(view[y].installed | view[y].left, p) ->
			view[y].left = view[y].left | BIT(p);
			view[y].told[p] = told[p];
			x = 0;
			do
			:: x < N ->
				if
				:: HAS(view[y].installed, x) &&
				   view[y].from[x] == view[y].from[p] ->
					SEEN(PROMISE);
					assert(!(view[y].told[x] & ~told[p]))
				:: else
				fi;
				x++
			:: else -> break
			od
		:: else
		fi;
		y++
	:: else -> break
	od
}

/* In the transitional set, nothing of its own is left out. */
inline no_holes(p)
{
	y = 0;
	top = 0;
	do
	:: y < view[epoch[p]].count ->
		x = view[epoch[p]].order[y];
		if
		:: HAS(told[p], x) -> assert(!top)
		:: !HAS(told[p], x) && HAS(together, x) -> top = 1
		:: else
		fi;
		y++
	:: else -> break
	od
}

inline install(p, n)
{
	assert(epoch[p] == view[n].from[p]);
	assert(view[n].seq > view[epoch[p]].seq);
	assert(HAS(view[n].members, p));
	unite(p, n);
	walk(p);
	walk_late(p);
	no_holes(p);
	compare(p, n);
	view[n].told[p] = told[p];
	view[n].cut[p] = pos[p];
	keep_promises(p, n);
	view[n].installed = view[n].installed | BIT(p);
	if
	:: mine[p] == FLIGHT && !MUTANT(NO_REQUEUE) ->
		SEEN(REQUEUE);
		mine[p] = UNSENT
	:: mine[p] == DONE && HAS(told[p], p) && MUTANT(REQUEUE_ALL) ->
		mine[p] = UNSENT
	:: else
	fi;
	epoch[p] = n;
	attempt[p] = NONE;
	state[p] = OPERATIONAL;
	frozen[p] = 0;
	held[p] = 0;
	log[p] = 0;
	pos[p] = 0;
	told[p] = 0;
	obliged[p] = 0;
	/* What was accepted waits, is in the present view, or is delivered. */
	assert(mine[p] != FLIGHT || HAS(view[epoch[p]].sent, p))
}

/* --- what a node does --- */

inline append(p, q)
{
	view[epoch[p]].placed = view[epoch[p]].placed | BIT(q);
	view[epoch[p]].order[view[epoch[p]].count] = q;
	view[epoch[p]].count++
}

/* Chosen: what has been delivered here; to the leader, all that it ordered. */
inline send(p)
{
	mine[p] = FLIGHT;
	view[epoch[p]].sent = view[epoch[p]].sent | BIT(p);
	if
	:: LEADER(epoch[p]) == p ->
		view[epoch[p]].knew[p] = view[epoch[p]].count;
		append(p, p)
#ifdef CAUSAL
	:: else ->
		do
		:: view[epoch[p]].knew[p] < view[epoch[p]].count ->
			view[epoch[p]].knew[p]++
		:: break
		od
#else
	:: else
#endif
	fi
}

/* Chosen: members, whether they gather for it, and a view seq. */
inline propose(p)
{
	set = BIT(p);
	do
	:: z < N ->
		top = MAX(top, promised[z]);
		if
		:: z >= p && MAY_TAKE(p, z) ->
			set = set | BIT(z);
			if
			:: state[z] != OPERATIONAL
			:: state[z] != GATHER ->
				abandon(z);
				state[z] = GATHER
			fi
		:: z != p && !MUST_TAKE(p, z)
		fi;
		z++
	:: else -> break
	od;
	abandon(p);
	seq = promised[p];
	do
	:: seq < top -> seq++
	:: break
	od;
	if
	:: MUTANT(REUSE_ID)
	:: else -> seq++
	fi;
	k = 0;
	do
	:: view[k].used -> k++
	:: else -> break
	od;
	proposals++;
	view[k].used = 1;
	view[k].seq = seq;
	view[k].rep = p;
	view[k].members = set;
	if
	:: HAS(set & view[epoch[p]].members, LEADER(epoch[p])) ->
		LEADER(k) = LEADER(epoch[p])
	:: else ->
		LEADER(k) = p
	fi;
	hold(p, k)
}

/* A view of one needs nobody else: it is there at once. */
inline alone(p)
{
	if
	:: view[k].members == BIT(p) ->
		v = k;
		d_step {
			recover(p, v);
			view[v].tabled = 1;
			view[v].decided = 1;
			install(p, v)
		}
	:: else
	fi
}


/* COMMIT1 of proposal n: is it one to agree to? */
#define MAY_AGREE(p, n) \
	(view[n].used && REP(n) != p && HAS(view[n].members, p) && \
	 !HAS(view[n].acked, p) && view[n].seq > promised[p] && \
	 view[n].seq > view[epoch[p]].seq && \
	 attempt[REP(n)] == n && \
	 (state[p] == GATHER || \
	  (IN_COMMIT(p) && REP(attempt[p]) == REP(n))))

inline agree(p, n)
{
	if
	:: MAY_AGREE(p, n) ->
		abandon(p);
		hold(p, n);
		tidy()
	fi
}

#define ALL_RECOVERED(p) \
	(!(AT(p).members & ~(AT(p).recovered | BIT(p))) || \
	 MUTANT(INSTALL_EARLY))

/* The leader receives a message of @q, and gives it a place. */
#define IS_OPEN(p)	(!frozen[p] || MUTANT(ORDER_FROZEN))
#define MAY_ORDER(p, q) \
	(LEADER(epoch[p]) == p && IS_OPEN(p) && \
	 HAS(view[epoch[p]].sent & ~view[epoch[p]].placed, q) && \
	 IS_USEFUL(epoch[p]))

inline receive(p, q)
{
	if
	:: MAY_ORDER(p, q) ->
		append(p, q);
		if
		:: frozen[p] ->
			held[p] = held[p] | BIT(q);
			log[p] = log[p] | BIT(view[epoch[p]].count - 1)
		:: else
		fi
	fi
}

proctype node(byte i)
{
	do
	:: atomic { state[i] == OPERATIONAL && mine[i] == UNSENT &&
		    HAS(SENDERS, i) && IS_USEFUL(epoch[i]) ->
			send(i)
		}
	:: atomic { receive(i, 0) }
	:: atomic { receive(i, 1) }
	:: atomic { receive(i, 2) }
#if N > 3
	:: atomic { receive(i, 3) }
#endif
	/* The representative gathers again: with it, in the same gathering. */
	:: atomic { IN_COMMIT(i) && REP(attempt[i]) != i &&
		    !HAS(AT(i).recovered, i) ->
			attempt[i] = NONE;
			state[i] = GATHER;
			tidy()
		}
	:: atomic { proposals < PROPOSALS && MAY_PROPOSE(i) ->
			propose(i);
			alone(i);
			tidy()
		}
	:: atomic { agree(i, 0) }
	:: atomic { agree(i, 1) }
#if SLOTS > 2
	:: atomic { agree(i, 2) }
#endif
#if SLOTS > 3
	:: atomic { agree(i, 3) }
#endif
#if SLOTS > 4
	:: atomic { agree(i, 4) }
#endif
#if SLOTS > 5
	:: atomic { agree(i, 5) }
#endif
	/* COMMIT2, when all have said what they hold. */
	:: atomic { IN_COMMIT(i) && REP(attempt[i]) == i &&
		    AT(i).acked == AT(i).members && !AT(i).tabled ->
			AT(i).tabled = 1
		}
	:: atomic { IN_COMMIT(i) && REP(attempt[i]) != i &&
		    AT(i).tabled && !HAS(AT(i).recovered, i) &&
		    attempt[REP(attempt[i])] == attempt[i] ->
			d_step { recover(i, attempt[i]); clear(); skip }
		}
	/* INSTALL, when all have promised. */
	:: atomic { IN_COMMIT(i) && REP(attempt[i]) == i &&
		    AT(i).tabled && ALL_RECOVERED(i) ->
			v = attempt[i];
			d_step { recover(i, v); skip };
			view[v].decided = 1;
			d_step { install(i, v); skip };
			tidy()
		}
	:: atomic { IN_COMMIT(i) && REP(attempt[i]) != i &&
		    AT(i).decided ->
			v = attempt[i];
			d_step { install(i, v); skip };
			tidy()
		}
	:: atomic { IN_COMMIT(i) && (view[epoch[i]].sent & ~held[i]) &&
		    MUTANT(TAKE_FROZEN) ->
			held[i] = view[epoch[i]].sent;
			log[i] = BIT(view[epoch[i]].count) - 1
		}
	od
}

#ifdef FAULTS
/* Only until the last proposal: nobody would notice later. */
proctype faults()
{
	do
	:: atomic { proposals < PROPOSALS && cut == WHOLE ->
			cut = 0
		}
	:: atomic { proposals < PROPOSALS && cut == WHOLE ->
			cut = 1
		}
	:: atomic { proposals < PROPOSALS && cut == WHOLE ->
			cut = 2
		}
	:: atomic { proposals < PROPOSALS && cut < N ->
			cut = HEALED
		}
	:: atomic { proposals < PROPOSALS && !dead ->
			if
			:: dead = BIT(0)
			:: dead = BIT(1)
			:: dead = BIT(2)
			fi
		}
	od
}
#endif

/* All begin in one view, whose leader is the lowest. */
init {
	atomic {
#ifdef FAULTS
		run faults();
#endif
		c_code {
			const char *name = getenv("MUTANT");

			witness = getenv("WITNESS");
			mutant = sizeof(mutants) / sizeof(mutants[0]);
			while (mutant-- && strcmp(mutants[mutant],
						  name ? name : ""))
				;
			if (mutant < 0) {
				printf("no such mutant\n");
				exit(2);
			}
		}
		view[0].used = 1;
		view[0].seq = 1;
		view[0].members = ALL;
		x = 0;
		do
		:: x < N ->
			attempt[x] = NONE;
			promised[x] = 1;
			run node(x);
			x++
		:: else -> break
		od;
		clear()
	}
}
