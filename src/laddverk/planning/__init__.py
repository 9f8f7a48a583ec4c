"""Planning: how the network is used, what holds each site back, and what would relieve it.

Nouns: an *outlet* (a port) is one EVSE; a *pool* is all outlets of a site that a driver can take for one another, those
with the same plug; *usage* is what happened at outlets, hour by hour; a *bottleneck* is what turned drivers or energy
away; a *trace* is one visit as it happened, from which a *replay* finds what would have happened on a changed site.

What always holds:
- Usage follows from sessions and from what chargers said of themselves, and from nothing else: the same facts in any
  order give the same rows, and a late fact makes anew what it changes.
- Each number comes with its formula. What was seen is kept apart from what is estimated.
- Nothing here steers anything: planning reads, and people decide.

Hears no event: what is to be made anew is noted where sessions and states are written (`usage_due`).
"""
