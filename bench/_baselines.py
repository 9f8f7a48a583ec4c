"""Two ways of watching that are usual, on the same stream: status codes only, and fixed limits beside them.

Both hear what each charger decides to say, at that moment, and when its link is away. An alert is told again only when
its cause was quiet for a day. Their codes are decoded with our own tables: they get the best reading there is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bench._scoring import AWAY_MIN, Alert
from laddverk.diagnostics import codes
from laddverk.simulator.model import Boot, Ended, Item, Reading, Sampled, Started, StatusChanged, Told
from laddverk.simulator.physics.box import Box
from laddverk.simulator.physics.town import Away

QUIET = timedelta(days=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CONTACT_C = 70.0
CABINET_C = 55.0
VOLTS_MIN, VOLTS_MAX = 207.0, 253.0  # EN 50160: a tenth of 230 V
PHASE_SHARE = 0.5
POWER_SHARE = 0.6
CLOCK_S = 60.0
ZERO_WH = 100
ZERO_IN_A_ROW = 3
FAILED_OF_TEN = 3
BOOTS_A_DAY = 4
DROPS_A_DAY = 6
IDLE_WH_PER_H = 50
NO_SESSION = timedelta(days=3)
SESSION_MAX = timedelta(hours=24)
FINISHING_MAX = timedelta(hours=1)


@dataclass
class Teller:
    """Keeps what was told, each cause of a charger once until it was quiet."""

    name: str
    told: list[Alert] = field(default_factory=list)
    _last: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def tell(self, identity: str, family: str, at: datetime, severity: int = 2) -> None:
        last = self._last.get((identity, family))
        self._last[identity, family] = at
        if last is None or at - last > QUIET:
            key = f"{self.name} {identity} {family} {at}"
            self.told.append(Alert(key, frozenset({identity}), family, at, severity))


@dataclass
class Seen:
    """What fixed limits need to remember of one charger."""

    outcomes: deque[bool] = field(default_factory=lambda: deque(maxlen=10))
    zeroes: int = 0
    boots: deque[datetime] = field(default_factory=lambda: deque(maxlen=20))
    drops: deque[datetime] = field(default_factory=lambda: deque(maxlen=20))
    session_at: datetime | None = None
    running_since: datetime | None = None
    started_wh: int = 0
    finishing_since: datetime | None = None
    idle: tuple[datetime, int] | None = None


class Baselines:
    """Both ways of watching one town."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.codes = Teller("status codes")
        self.limits = Teller("fixed limits")
        self._seen: dict[str, Seen] = {}

    def watch(self, box: Box) -> None:
        """Hear everything that `box` decides to say."""
        self._seen[box.hardware.identity] = Seen()
        box.witness = lambda item: self._hear(box, item)

    def look(self, now: datetime) -> None:
        """Look what the time has made of it. To be called now and then."""
        for identity, seen in self._seen.items():
            if seen.session_at is not None and now - seen.session_at > NO_SESSION:
                self.limits.tell(identity, "demand", now)
            if seen.running_since is not None and now - seen.running_since > SESSION_MAX:
                self.limits.tell(identity, "stuck_state", now)
            if seen.finishing_since is not None and now - seen.finishing_since > FINISHING_MAX:
                self.limits.tell(identity, "stuck_state", now)

    def lost(self, away: list[Away]) -> None:
        """Hear when links were away."""
        for one in sorted(away, key=lambda each: each.since):
            if one.until - one.since >= AWAY_MIN:
                self.codes.tell(one.identity, "connectivity", one.since + AWAY_MIN, 1)
                self.limits.tell(one.identity, "connectivity", one.since + AWAY_MIN, 1)
            seen = self._seen[one.identity]
            if _often(seen.drops, one.since, DROPS_A_DAY):
                self.limits.tell(one.identity, "connectivity", one.since)

    def _hear(self, box: Box, item: Item) -> None:
        now, identity = self._clock(), box.hardware.identity
        seen = self._seen[identity]
        off_s = abs((item.at - now).total_seconds())
        if off_s > CLOCK_S:
            self.limits.tell(identity, "clock", now)
        match item:
            case StatusChanged():
                self._status(box, item, now, seen)
            case Told():
                self._told(identity, item, now, seen)
            case Boot() if _often(seen.boots, now, BOOTS_A_DAY):
                self.limits.tell(identity, "controller", now)
            case Started():
                seen.running_since, seen.session_at, seen.started_wh = now, now, item.reading.register_wh
            case Sampled():
                for reading in item.readings:
                    self._reading(box, reading, now)
            case Ended():
                self._over(identity, item.reading.register_wh - seen.started_wh, now, seen)
            case _:
                pass

    def _told(self, identity: str, item: Told, now: datetime, seen: Seen) -> None:
        if item.action == "NotifyEvent":
            for data in item.fields["eventData"]:
                self._code(identity, now, None, data.get("techCode"))
        elif item.action == "MeterValues":
            self._idle(identity, item, now, seen)

    def _status(self, box: Box, item: StatusChanged, now: datetime, seen: Seen) -> None:
        self._code(box.hardware.identity, now, item.error_code, item.vendor_error_code)
        if item.outlet:
            finishing = item.status.value == "finishing"
            seen.finishing_since = (seen.finishing_since or now) if finishing else None

    def _code(self, identity: str, now: datetime, error_code: str | None, vendor_code: str | None) -> None:
        if error_code in (None, "NoError") and not vendor_code:
            return
        for code in codes.decoded("Laddbygg", "", error_code, vendor_code, None, None):
            severity = int(code.severity)
            self.codes.tell(identity, code.family.value, now, severity)
            self.limits.tell(identity, code.family.value, now, severity)

    def _idle(self, identity: str, item: Told, now: datetime, seen: Seen) -> None:
        value = item.fields["meterValue"][0]["sampledValue"][0]["value"]
        register_wh = int(float(value))
        if seen.idle is not None and now > seen.idle[0] and seen.running_since is None:
            per_h = (register_wh - seen.idle[1]) / ((now - seen.idle[0]) / HOUR)
            if per_h > IDLE_WH_PER_H:
                self.limits.tell(identity, "meter", now, 1)
        seen.idle = (now, register_wh)

    def _over(self, identity: str, energy_wh: int, now: datetime, seen: Seen) -> None:
        seen.running_since, seen.idle = None, None
        failed = energy_wh < ZERO_WH
        seen.zeroes = seen.zeroes + 1 if failed else 0
        seen.outcomes.append(failed)
        if seen.zeroes >= ZERO_IN_A_ROW or (len(seen.outcomes) == 10 and sum(seen.outcomes) > FAILED_OF_TEN):
            self.limits.tell(identity, "no_energy", now, 1)

    def _reading(self, box: Box, reading: Reading, now: datetime) -> None:
        identity = box.hardware.identity
        if (reading.contact_c or 0.0) > CONTACT_C:
            self.limits.tell(identity, "contact_heat", now)
        if (reading.cabinet_c or 0.0) > CABINET_C:
            self.limits.tell(identity, "cooling", now)
        volts = reading.voltages_v if len(reading.voltages_v) > 1 else ()
        if any(not VOLTS_MIN <= volt <= VOLTS_MAX for volt in volts):
            self.limits.tell(identity, "supply", now)
        currents = reading.currents_a
        if len(currents) > 1 and min(currents) < PHASE_SHARE * max(currents):
            self.limits.tell(identity, "phase", now)
        if (reading.offered_a or 99.0) < 6.0:
            self.limits.tell(identity, "limit", now)
        rated_w = box.hardware.outlets[0].power_max_w
        if box.is_dc and (reading.soc_percent or 0) < 60 and 0 < (reading.power_w or 0) < POWER_SHARE * rated_w:
            self.limits.tell(identity, "power_electronics", now)


def _often(times: deque[datetime], now: datetime, count: int) -> bool:
    times.append(now)
    return len(times) > count and now - times[-count - 1] <= DAY
