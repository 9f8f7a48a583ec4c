"""D18: a charger that no longer reaches the power it promises.

Cold batteries take less too, each as much less as it is cold, and some of them by chance the same. But a charger that
lost a module holds every car that could take more to one level: as many must meet it as usually reach full power.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from math import isfinite, log1p
from typing import ClassVar, Final

from msgspec import Struct

from laddverk.diagnostics.detectors.base import About, Detector, EvseScene, Scene, Scope
from laddverk.diagnostics.detectors.statistics import elapsed_s, shrunken_share
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import LimitSet, Metered, Observation, SessionBegan, SessionOver
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

FULL_SHARE: Final = 0.8  # of the promised power
WINDOW: Final = 8
SHORT_OF_MIN: Final = 4
LIMIT: Final = 7.0  # nats: one chance in 1,000, and the level must be the same as well
FULL_SHARE_MIN: Final = 0.1  # where fewer cars reach full power, their absence says nothing
PRIOR_SHARE: Final = 0.3
PRIOR_SESSIONS: Final = 6.0
SESSIONS_MIN: Final = 10
HISTORY: Final = 120.0  # sessions
LASTED_MIN_S: Final = 300.0
SOC_MAX_PERCENT: Final = 60.0  # fuller cars ask for less
SAME_LEVEL: Final = 0.04  # of the level: modules that are left give the same to whoever asks
LEVELS_SAME: Final = 3
MEET_SHARE: Final = (
    0.8  # of those who usually reach full power: the others of four or five may be cars that ask for less
)
MODULES_MAX: Final = 8
DC_VOLTS: Final = 400.0  # of most cars; those of 800 V take less current
VOLTS: Final = 230.0
TOKEN_CHARS: Final = 12


class Peak(Struct, frozen=True, array_like=True):
    """One eligible session: its best power as a share of what was promised, and whose it was."""

    share: float
    token: str


class PowerDeficit(Detector, kw_only=True, omit_defaults=True):
    """Follows the best power of each session against the least of rated power and our own limit.

    A car may ask for less, and does not tell us. So it needs three things: sessions that reached full power are usual
    here and have stopped; at least 4 have fallen short since; and as many of these as are usual met the same ceiling,
    which cold batteries do not.
    """

    ABOUT: ClassVar = About(
        id="D18",
        title=N_("It gives less power than promised"),
        family=Family.POWER_ELECTRONICS,
        severity=Severity.DEGRADED,
        scope=Scope.EVSE,
        formula=N_("At least 4 eligible sessions since one last reached 80 percent of the least of rated power and "
                   "limits; the own share of full sessions makes that a chance below exp(-7); the three best of at "
                   "least two cars, and four fifths of as many as usually reach full power, within 4 percent of one "
                   "level"),
        needs=(Input.POWER,),
        better_with=(Input.SOC, Input.OFFERED),
        action=N_("Soft reset when idle; if it stays, replace a power module"),
        runbook="power-deficit",
    )  # fmt: skip
    HEARS: ClassVar = (Metered, SessionBegan, SessionOver, LimitSet)

    full: float = 0.0
    sessions: float = 0.0
    score: float = 0.0
    since: datetime | None = None
    """The first session that fell short since one that did not."""
    peaks: tuple[Peak, ...] = ()
    limit_a: float | None = None
    """Ours; nothing is promised above it."""
    limited: bool = False
    """A limit of ours held this session at some time."""
    began_at: datetime | None = None
    token: str = ""
    peak_w: float = 0.0
    peak_of_w: float = 0.0
    """What was promised when it was reached."""
    low_soc: bool | None = None
    """Whether the best power was seen while the car was not yet full; None when it does not tell."""

    def hear(self, seen: Observation, scene: Scene) -> Sequence[Signal]:
        """Follow a session and judge it at its end."""
        if isinstance(seen, LimitSet):
            self.limit_a = seen.limit_a if _holds(seen.limit_a, scene.evse(self.evse_number)) else None
            self.limited = self.limited or self.limit_a is not None
        elif isinstance(seen, SessionBegan):
            self.began_at, self.token = seen.at, seen.token_key[:TOKEN_CHARS]
            self.peak_w = self.peak_of_w = 0.0
            self.low_soc, self.limited = None, self.limit_a is not None
        elif isinstance(seen, Metered):
            self._follow(seen, scene.evse(self.evse_number))
        elif isinstance(seen, SessionOver):
            return self._end(seen.at, scene.evse(self.evse_number))
        return ()

    def _follow(self, seen: Metered, evse: EvseScene) -> None:
        if self.began_at is None or seen.power_w is None or seen.power_w <= 0:
            return
        if seen.soc_percent is not None and isfinite(seen.soc_percent):
            if seen.soc_percent > SOC_MAX_PERCENT:
                self.low_soc = self.low_soc or False
                return
            self.low_soc = True
        if seen.power_w > self.peak_w:
            self.peak_w = float(seen.power_w)
            self.peak_of_w = self._promised_w(seen, evse)

    def _promised_w(self, seen: Metered, evse: EvseScene) -> float:
        """Return the power that a car could have had: the least of rated power, our limit, and (AC) what was offered.

        A DC charger that lost a module offers less by itself, so that its offer is no excuse.
        """
        promised = float(evse.power_max_w)
        if evse.power_type == "dc":
            return promised
        phases = 1 if evse.power_type == "ac1" else 3
        for limit_a in (self.limit_a, seen.offered_a):
            if limit_a is not None and isfinite(limit_a) and limit_a > 0:
                promised = min(promised, limit_a * phases * VOLTS)
        return promised

    def _end(self, at: datetime, evse: EvseScene) -> Sequence[Signal]:
        began_at, self.began_at = self.began_at, None
        if began_at is None or elapsed_s(began_at, at) < LASTED_MIN_S or self.low_soc is False:
            return ()
        if self.peak_of_w <= 0 or (evse.power_type == "dc" and self.limited):
            return ()
        share = min(self.peak_w / self.peak_of_w, 2.0)
        self.peaks = (*self.peaks, Peak(share, self.token))[-WINDOW:]
        if share >= FULL_SHARE:
            return self._reached(at)
        return self._fell_short(began_at, at)

    def _reached(self, at: datetime) -> Sequence[Signal]:
        self._learn(1.0)
        self.score, self.since = 0.0, None
        return self.clear_it(at, Evidence(text=N_("A session reached full power"), at=at))

    def _fell_short(self, began_at: datetime, at: datetime) -> Sequence[Signal]:
        own = shrunken_share(self.full, self.sessions, PRIOR_SHARE, PRIOR_SESSIONS)
        enough = self.sessions >= SESSIONS_MIN and own >= FULL_SHARE_MIN
        if self.score < LIMIT / 2:
            self._learn(0.0)
        if not enough:
            return ()
        self.since = self.since or began_at
        self.score = min(self.score - log1p(-min(own, 0.9)), 4 * LIMIT)
        short = tuple(takewhile(lambda peak: peak.share < FULL_SHARE, reversed(self.peaks)))
        level = ceiling(short)
        if self.score <= LIMIT or len(short) < SHORT_OF_MIN or level is None:
            return ()
        if met(short, level) < MEET_SHARE * own * len(short):
            return ()
        said = Evidence(
            text=N_("%(short)s of the last %(sessions)s sessions stayed below 80 percent of the promised power, the "
                    "best at %(level_percent)s; usually %(usual_percent)s of sessions reach it"),
            values={"short": len(short), "sessions": len(self.peaks), "level_percent": round(100 * level),
                    "usual_percent": round(100 * own)}, at=at,
        )  # fmt: skip
        parts = modules(level)
        more = (Evidence(text=N_("As much as %(left)s of %(modules)s power modules give"),
                         values={"left": parts[0], "modules": parts[1]}),) if parts else ()  # fmt: skip
        return self.raise_it(at, said, *more, since=self.since, confidence=0.85 if parts else 0.75)

    def _learn(self, full: float) -> None:
        fades = 1 - 1 / HISTORY
        self.full = self.full * fades + full
        self.sessions = self.sessions * fades + 1


def _holds(limit_a: float | None, evse: EvseScene) -> bool:
    """Return whether a limit takes anything away: the answer to a car's wishes often is all that the outlet has."""
    if limit_a is None:
        return False
    rated_a = float(evse.current_max_a)
    if evse.power_type == "dc":  # its current is seldom entered, its power always
        rated_a = max(rated_a, evse.power_max_w / DC_VOLTS)
    return limit_a < rated_a


def ceiling(short: Sequence[Peak]) -> float | None:
    """Return the level that the three best of `short` met, when they are of at least two cars; None without one."""
    best = sorted(short, key=lambda peak: -peak.share)[:LEVELS_SAME]
    if len(best) < LEVELS_SAME or best[0].share <= 0:
        return None
    named = {peak.token for peak in best if peak.token}
    if len(named) == 1 and all(peak.token for peak in best):
        return None
    return best[0].share if best[-1].share >= best[0].share * (1 - SAME_LEVEL) else None


def met(short: Sequence[Peak], level: float) -> int:
    """Return how many of `short` met the level."""
    return sum(peak.share >= level * (1 - SAME_LEVEL) for peak in short)


def modules(level: float) -> tuple[int, int] | None:
    """Return (left, all) when `level` is what some of two to eight equal modules give, within 2 percent of full."""
    for count in range(2, MODULES_MAX + 1):
        left = round(level * count)
        if 0 < left < count and abs(level - left / count) <= 0.02:
            return left, count
    return None
