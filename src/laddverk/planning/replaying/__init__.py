"""A site's own sessions played again on a site that has been changed: who gets how much, who has to wait, who leaves.

`engine.replay(ground, stays, seed)` is pure. Who gets how much is decided by `energy.allocating.allocated`, the same
function that the live loop asks, with the demands that chargers which obey at once would make there.

Nouns: a *stay* is a car at an outlet (`planning.traces`); the *ground* is a site as it would be: feeders, ports, rules;
a *draw* is one possible future of the same drivers; an *outcome* is what came of one draw.

What always holds:
- No feeder carries more than its limit in any phase, unless the ground says that nothing limits it.
- A car gets no more than it took in truth, and nothing before it came or after it left.
- The same ground, stays and seed give the same outcome.
"""
