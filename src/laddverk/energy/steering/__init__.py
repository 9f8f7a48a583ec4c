"""The loop that never trips a fuse: what chargers may hold, what may flow at worst, and which limits to send now.

Nouns: a *belief* is what we know of one outlet: which limits may be in it, whether it was seen to obey, what it last
measured. The *worst case* of an outlet is the most that it may draw at any instant from now on. *Other load* is what
flows through a circuit besides charging. A *standing default* is what holds in a charger when nothing else does.

What always holds, on every circuit and phase: the worst cases of all outlets and the worst of the other load fit
below the limit, before any limit is raised. Therefore
- lower first; raise only what fits after the lowering is confirmed, by its answer and by measured current;
- every raise carries an end and is renewed; after the end the standing default holds, and all standing defaults fit
  together beside the most that the building draws;
- what is not known counts as its worst: a limit without an answer, an outlet that was never seen to obey or was caught
  ignoring, an order of phases that nobody has verified, a meter that is silent or cannot be right;
- our own restart forgets nothing that makes anything safer: all that was sent counts until it is confirmed anew.

`core.step(known, events, now_s, allocate)` is pure: it takes what is known and what was heard since, and returns what
to send, what is known then, and why. Times are seconds since 1970.
"""
