"""How many find no room with so many outlets: Erlang's formula hour by hour of the week. Pure; a quick estimate."""

from __future__ import annotations

import numpy as np

from laddverk.planning.usage.censoring import Numbers


def blocked(ports: int, load: Numbers) -> Numbers:
    """Return the share of arrivals that find all of `ports` taken, when `load` cars would stand there on average.

    Erlang B, for people who come by chance and do not wait: B(0) = 1, B(n) = a·B(n−1) / (n + a·B(n−1)).
    """
    share = np.ones_like(load)
    for number in range(1, ports + 1):
        share = load * share / (number + load * share)
    return share


def turned_away(ports: int, rates: Numbers, hours: Numbers, stay_h: float) -> float:
    """Return how many find no room in a time of so many `hours` of each hour of the week.

    Sum over hours of the week: arrivals per hour × hours × B(ports, arrivals per hour × mean stay). People who come at
    the same hour every weekday come less by chance than this supposes; a replay of the sessions is then nearer.
    """
    return float((rates * hours * blocked(ports, rates * stay_h)).sum())
