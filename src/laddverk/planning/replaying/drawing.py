"""Possible futures of the same drivers: drawn again with replacement, more of them where a site grows. Seeded.

Drivers are drawn, not sessions: what one driver does all month belongs together. The first of a driver's copies keeps
its times, so that holidays and cold weeks meet as they did; further ones come some whole weeks earlier or later, with
a jitter, for two people with one habit do not arrive in the same second.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Final

import numpy as np
from msgspec.structs import replace

from laddverk.planning.replaying.model import WEEK_S
from laddverk.planning.traces import Stay

WEEKS_MOVED_MAX: Final = 3  # further off is another season
JITTER_S: Final = 1_200.0


def drawn(stays: Sequence[Stay], growth: float, draw: int, seed: int) -> list[Stay]:
    """Return the stays of one draw by arrival. Draw 0 has every driver once, and only what is added is drawn.

    `growth` is what comes on top: 0.2 for a fifth more drivers. The same arguments give the same stays.
    """
    rng = np.random.default_rng((seed, draw))
    of_user: dict[str, list[Stay]] = {}
    for stay in stays:
        of_user.setdefault(stay.user, []).append(stay)
    users = sorted(of_user)
    if not users:
        return []
    wanted = max(1, round(len(users) * (1.0 + growth)))
    if draw == 0:
        kept = list(range(len(users))) if wanted >= len(users) else rng.permutation(len(users))[:wanted].tolist()
        picked = kept + rng.integers(0, len(users), max(0, wanted - len(users))).tolist()
    else:
        picked = rng.integers(0, len(users), wanted).tolist()
    begins_s, ends_s = min(one.arrives_s for one in stays), max(one.arrives_s for one in stays)
    seen: dict[int, int] = {}
    found: list[Stay] = []
    for user in picked:
        copy = seen.get(user, 0)
        seen[user] = copy + 1
        if copy == 0:
            found.extend(of_user[users[user]])
            continue
        moved_s = float(rng.integers(1, WEEKS_MOVED_MAX + 1)) * WEEK_S * float(rng.choice((-1, 1)))
        jitter_s = rng.normal(0.0, JITTER_S, len(of_user[users[user]]))
        for stay, late_s in zip(of_user[users[user]], jitter_s.tolist(), strict=True):
            found.append(_moved(stay, copy, moved_s + late_s, begins_s, ends_s))
    return sorted(found, key=lambda each: (each.arrives_s, each.key))


def _moved(stay: Stay, copy: int, by_s: float, begins_s: float, ends_s: float) -> Stay:
    """Return a copy that comes at another time; what would fall out of the period comes in on its other side."""
    weeks = max(1, ceil((ends_s - begins_s) / WEEK_S))
    by_s += weeks * WEEK_S if stay.arrives_s + by_s < begins_s else 0.0
    by_s -= weeks * WEEK_S if stay.arrives_s + by_s > begins_s + weeks * WEEK_S else 0.0
    return replace(
        stay, key=f"{stay.key}+{copy}", user=f"{stay.user}+{copy}", arrives_s=stay.arrives_s + by_s,
        departs_s=stay.departs_s + by_s,
    )  # fmt: skip
