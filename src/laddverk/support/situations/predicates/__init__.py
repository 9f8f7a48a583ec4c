"""How each situation is seen: one pure function of the facts for each, by name. A file of the catalogue names one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from laddverk.support.situations.model import Facts, Match
from laddverk.support.situations.predicates import charging, money, outlets, starting

Predicate = Callable[[Facts], Match | None]

PREDICATES: Final[Mapping[str, Predicate]] = {
    seen.__name__: seen
    for seen in (
        *starting.PREDICATES,
        *charging.PREDICATES,
        *outlets.PREDICATES,
        *money.PREDICATES,
    )
}
"""By the name that files of the catalogue use. Each returns what it saw, or None when it does not hold."""
