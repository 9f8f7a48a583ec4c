"""Who gets how much current now: one pure decision over a tree of circuits and its phases.

`allocated(situation, now)` is the only entry. It admits as many cars as get their floor (6 A), then shares what is
left by exact weighted max-min: nobody can get more without somebody with less losing.

Nouns: a *branch* is a circuit with what cars may take there; a *demand* is an outlet at which a car would charge; a
*grant* is what it gets, with a *reason* as data.

What always holds:
- No branch is over its limit on any phase, whatever is asked. Where even what was reserved does not fit, it is cut.
- A grant is 0, or between the demand's floor and its ceiling.
- The answer does not depend on the order of the demands, and the same situation and instant give the same answer.
- A wish, a target or a weight changes who comes first and how much, never whether a limit holds.

Publishes nothing, hears nothing, stores nothing.
"""

from __future__ import annotations

from laddverk.energy.allocating.deciding import allocated
from laddverk.energy.allocating.model import (
    Branch,
    Demand,
    Grant,
    Policy,
    Reason,
    ReasonCode,
    Situation,
    Wish,
)

__all__ = ["Branch", "Demand", "Grant", "Policy", "Reason", "ReasonCode", "Situation", "Wish", "allocated"]
