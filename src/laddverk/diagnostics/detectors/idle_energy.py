"""D22: energy flows while nobody charges: a relay is stuck, or something leaks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from msgspec import field

from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.statistics import Baseline, elapsed_s
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import Metered, Observation, SessionBegan, SessionOver, StateSeen
from laddverk.ocpp.facts import Status
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

WH_PER_H_MIN: Final = 10.0
UNLEARNT_WH_PER_H: Final = 40.0  # before its own standby is known: meters that stand before the electronics count 5-30
FOR_S: Final = 3 * 3_600.0
SPAN_MIN_S: Final = 300.0
SPAN_MAX_S: Final = 4 * 3_600.0  # further apart, too much may have happened unseen
CHARGING_W: Final = 1_300.0  # more is a car that charges and whose session has not been told yet
IN_USE: Final = frozenset(
    {Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE, Status.PREPARING, Status.FINISHING, Status.OCCUPIED}
)


class IdleEnergy(Detector, kw_only=True, omit_defaults=True):
    """Compares the register between two readings with no session and no car between them."""

    ABOUT: ClassVar = About(
        id="D22",
        title=N_("Energy flows while nobody charges"),
        family=Family.CONTACTOR,
        severity=Severity.SAFETY,
        scope=Scope.EVSE,
        formula=N_("The register rises more than 10 Wh an hour above its own standby, for 3 hours without a session "
                   "or a car"),
        needs=(Input.IDLE_ENERGY,),
        action=N_("Take it out of service. Send an electrician: a contact may be welded"),
        runbook="idle-energy",
    )  # fmt: skip
    HEARS: ClassVar = (Metered, SessionBegan, SessionOver, StateSeen)

    busy: bool = False
    """A session runs."""
    in_use: bool = False
    """A car is there."""
    register_wh: int | None = None
    read_at: datetime | None = None
    standby: Baseline = field(default_factory=Baseline)
    """Wh an hour."""
    since: datetime | None = None
    from_wh: int | None = None

    def hear(self, seen: Observation, scene: Scene) -> Sequence[Signal]:
        """Take in a reading, or what makes readings say nothing."""
        del scene
        if isinstance(seen, SessionBegan):
            self.busy = True
            self._forget()
        elif isinstance(seen, SessionOver):
            self.busy = False
            self._forget()
        elif isinstance(seen, StateSeen):
            self.in_use = seen.status in IN_USE
            if self.in_use:
                self._forget()
        elif isinstance(seen, Metered) and seen.energy_wh is not None and not (self.busy or self.in_use):
            return self._read(seen.at, seen.energy_wh) if not seen.session_key else ()
        return ()

    def _forget(self) -> None:
        self.register_wh = self.read_at = self.since = self.from_wh = None

    def _read(self, at: datetime, register_wh: int) -> Sequence[Signal]:
        before_wh, before_at = self.register_wh, self.read_at
        past_s = elapsed_s(before_at, at)
        if before_at is not None and past_s < SPAN_MIN_S:
            return ()
        self.register_wh, self.read_at = register_wh, at
        rate = (register_wh - (before_wh or 0)) / past_s * 3_600 if past_s else 0.0
        if before_wh is None or before_at is None or past_s > SPAN_MAX_S or not 0 <= rate <= CHARGING_W:
            self.since = self.from_wh = None
            return ()
        usual = self.standby.centre
        limit = UNLEARNT_WH_PER_H if usual is None else usual + WH_PER_H_MIN
        if rate <= limit:
            self.standby.learn(rate)
            self.since = self.from_wh = None
            return self.clear_it(at, Evidence(text=N_("No energy flows while it is idle"), at=at))
        if self.since is None or self.from_wh is None:
            self.since, self.from_wh = before_at, before_wh
        if elapsed_s(self.since, at) < FOR_S:
            return ()
        said = Evidence(
            text=N_("%(energy_wh)s in %(lasted_s)s with no session and no car"),
            values={"energy_wh": register_wh - self.from_wh, "lasted_s": round(elapsed_s(self.since, at))}, at=at,
        )  # fmt: skip
        return self.raise_it(at, said, since=self.since, confidence=0.85)
