"""Which situation a driver is in: the most pressing one whose predicate holds. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from laddverk.support.situations.book import catalogue
from laddverk.support.situations.model import Facts, Situation, Told
from laddverk.support.situations.predicates import PREDICATES


def told(facts: Facts) -> Told:
    """Return the situation to tell of. There is always one."""
    return all_told(facts)[0]


def all_told(facts: Facts, situations: Sequence[Situation] | None = None) -> tuple[Told, ...]:
    """Return every situation that holds, the most pressing first."""
    seen = ((each, PREDICATES[each.predicate](facts)) for each in situations or catalogue())
    return tuple(Told(situation=each, match=match) for each, match in seen if match is not None)
