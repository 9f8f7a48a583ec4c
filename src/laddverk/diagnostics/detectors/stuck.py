"""Detectors of what never ends: states (D13) and sessions (D14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from laddverk.diagnostics import observations as seen
from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.statistics import elapsed_s, later
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import Observation, Observed
from laddverk.ocpp.facts import Status
from laddverk.platform.languages import marked

MINUTE_S, HOUR_S, DAY_S = 60.0, 3_600.0, 86_400.0
STUCK_S: Final = 30 * MINUTE_S
FAULTED_S: Final = 5 * MINUTE_S  # a charger of 2.x says why in an event that comes after
PARKED_S: Final = 12 * HOUR_S  # a car that stands there for a night is no fault
PARKED_DC_S: Final = 3 * HOUR_S  # nobody sleeps at a fast charger
LEAVING_S: Final = 2 * HOUR_S  # who stops at the charger stands there, and takes the cable along
RESERVED_S: Final = 25 * HOUR_S  # longer than people may reserve for; a reservation of ours is cancelled by then
ORDER_S: Final = 10 * MINUTE_S  # an order and the state it leads to are told within that, in either order
STANDING_ORDER_S: Final = 25 * MINUTE_S  # that an outlet is out of service by an order of old is told every 10 minutes
WAITING: Final = frozenset({Status.PREPARING, Status.FINISHING, Status.OCCUPIED})
"""A cable is in, as the outlet believes; 2.x knows the one word for it."""
ORDERS: Final = frozenset({"change_availability", "update_firmware"})
KEY_MAX: Final = 40  # characters of a session's key


class StuckState(Detector, kw_only=True, omit_defaults=True):
    """D13: a state that should have ended."""

    ABOUT: ClassVar[About] = About(
        id="D13",
        title=marked("Stuck in a state"),
        family=Family.STUCK_STATE,
        severity=Severity.DEGRADED,
        scope=Scope.EVSE,
        formula=marked(
            "Plugged in or finishing for 30 minutes though nothing says that a car is there, for 12 hours (fast "
            "chargers: 3; stopped at the charger: 2) where one may be; reserved for 25 hours; unavailable for 30 "
            "minutes though nobody ordered it; out of order for 5 minutes without saying why."
        ),
        needs=(Input.STATUS,),
        better_with=(Input.SESSIONS,),
        action=marked("Ask for its state again. Then make it available, then one soft reset while nobody charges."),
        runbook="stuck-state",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (
        seen.StateSeen, seen.SessionBegan, seen.SessionOver, seen.TokenSeen, seen.CommandEnded, seen.LinkClosed,
        seen.LinkOpened, seen.Restarted,
    )  # fmt: skip

    status: Status = Status.UNKNOWN
    since: datetime | None = None
    car: bool = False
    """Whether something says that a car is there."""
    in_session: bool = False
    coded: bool = False
    ordered_at: datetime | None = None
    ordered: bool = False
    """The outlet is out of service because we said so."""
    is_away: bool = False
    is_leaving: bool = False
    """Whoever charged has stopped it at the charger."""
    parked_s: float = PARKED_S

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        at = seen_now.received_at
        if isinstance(seen_now, seen.StateSeen):
            return self._state(seen_now, scene)
        if isinstance(seen_now, seen.SessionBegan):
            self.in_session, self.car, self.is_leaving = True, True, False
        elif isinstance(seen_now, seen.SessionOver):
            self.in_session, self.car = False, seen_now.reason != "EVDisconnected"
            self.is_leaving = seen_now.reason == "Local"
            self.since = at if self.since and not self.raised else self.since  # until now it had a reason
        elif isinstance(seen_now, seen.TokenSeen):
            self.car = self.car or (seen_now.evse_number == self.evse_number and seen_now.accepted)
        elif isinstance(seen_now, seen.CommandEnded):
            if seen_now.state in ("accepted", "confirmed"):
                self._ordered(seen_now)
        elif isinstance(seen_now, seen.Restarted):
            self.car = self.in_session  # what it says of cars from before it slept is worth nothing
        elif isinstance(seen_now, seen.LinkClosed):
            self.is_away = True
        elif self.is_away:
            self.is_away = False
            self.since = at if self.since else None  # nobody knows what was meanwhile; it says its state anew
        return ()

    def _ordered(self, order: seen.CommandEnded) -> None:
        """Take in an order of ours that was obeyed."""
        at = order.received_at
        if order.kind == "reset":  # explains why it is out of service while it starts again, and no longer
            self.since = at if self.status is Status.UNAVAILABLE and not self.raised else self.since
        elif order.kind in ORDERS and order.operative is not True:
            self.ordered_at = at
            late_s = STANDING_ORDER_S if order.kind == "change_availability" else ORDER_S
            near = self.since is not None and -ORDER_S <= (at - self.since).total_seconds() <= late_s
            self.ordered = self.ordered or (self.status is Status.UNAVAILABLE and near)

    def due_at(self) -> datetime | None:
        if self.raised or self.is_away or self.since is None:
            return None
        limit_s = self._limit_s()
        return later(self.since, limit_s) if limit_s else None

    def pass_time(self, now: datetime, scene: Scene) -> Sequence[Signal]:
        due = self.due_at()
        if due is None or due > now:
            return ()
        says_why = {
            Status.FAULTED: marked("Out of order since %(since_at)s, and it does not say why."),
            Status.UNAVAILABLE: marked("Unavailable since %(since_at)s, and nobody ordered it."),
            Status.RESERVED: marked("Reserved since %(since_at)s, longer than anybody may reserve."),
            Status.FINISHING: marked("Finishing since %(since_at)s: it waits for a cable to be taken out."),
            Status.OCCUPIED: marked("Occupied since %(since_at)s, though nothing says that a car is there."),
        }
        text = says_why.get(self.status, marked("Plugged in since %(since_at)s, and no session has begun."))
        since = self.since or now
        return self.raise_it(
            now,
            Evidence(text=text, values={"since_at": since.isoformat(), "state": self.status.value}, at=now),
            since=since,
            severity=Severity.DOWN if self.status in (Status.FAULTED, Status.UNAVAILABLE) else None,
            confidence=0.6 if self.car else 0.8,
        )

    def _limit_s(self) -> float | None:
        """Return how long the present state may last; None when for ever."""
        if self.in_session:
            return None
        if self.status in WAITING:
            return min(self.parked_s, LEAVING_S if self.is_leaving else PARKED_S) if self.car else STUCK_S
        if self.status is Status.FAULTED:
            return None if self.coded else FAULTED_S
        if self.status is Status.UNAVAILABLE:
            return None if self.ordered else STUCK_S
        return RESERVED_S if self.status is Status.RESERVED else None

    def _state(self, state: seen.StateSeen, scene: Scene) -> Sequence[Signal]:
        if state.evse_number != self.evse_number:
            return ()  # what the station says of itself is no state of the outlet
        at = state.received_at
        self.coded = bool(state.error_code or state.vendor_error_code)
        self.parked_s = PARKED_DC_S if scene.evse(self.evse_number).power_type == "dc" else PARKED_S
        if state.status is self.status:
            return self._well_again(at) if self.raised and self._limit_s() is None else ()
        was, self.status, self.since = self.status, state.status, at
        if state.status is Status.UNAVAILABLE:
            self.ordered = self.ordered or (self.ordered_at is not None and elapsed_s(self.ordered_at, at) <= ORDER_S)
        elif state.status is not Status.FAULTED:
            self.ordered = False
        if state.status is Status.AVAILABLE:
            self.car = self.is_leaving = False
        elif state.status in (Status.PREPARING, Status.OCCUPIED):
            self.car = self.car or was is Status.AVAILABLE  # somebody has just plugged in
        elif state.status in (Status.CHARGING, Status.SUSPENDED_EV):
            self.car = True
        return self._well_again(at)

    def _well_again(self, at: datetime) -> Sequence[Signal]:
        return self.clear_it(at, Evidence(text=marked("The state has changed."), at=at))


NO_ENERGY_S: Final = 5 * MINUTE_S
GHOST_S: Final = 10 * MINUTE_S  # the end of a session may be on its way after the state
ETERNAL_S: Final = DAY_S
PARKED_ETERNAL_S: Final = 7 * DAY_S  # a car may stand at a slow outlet for a holiday
FLOW_WH: Final = 10
FULL_PERCENT: Final = 90.0
IDLE_A: Final = 6.0  # a limit below is a pause (IEC 61851)
CAR_STATES: Final = frozenset({Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE, Status.OCCUPIED})


class EternalSession(Detector, kw_only=True, omit_defaults=True):
    """D14: a session that is none: nothing flows, nobody is there, or it never ends."""

    ABOUT: ClassVar[About] = About(
        id="D14",
        title=marked("A session that is none"),
        family=Family.STUCK_STATE,
        severity=Severity.DEGRADED,
        scope=Scope.EVSE,
        formula=marked(
            "The outlet is free for 10 minutes and its session still open; or metering goes on 10 minutes after the "
            "end; or 24 hours without a sign of a car, 7 days with one; or charging for 5 minutes without energy, "
            "where the car is not full and no limit of ours holds it, at fast chargers or twice in a row: "
            "then it is told as giving no energy."
        ),
        needs=(Input.SESSIONS,),
        better_with=(Input.ENERGY, Input.STATUS, Input.SOC),
        action=marked("Stop the session from here, hold its bill, and close it with what the meter proves."),
        runbook="eternal-session",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (
        seen.SessionBegan, seen.SessionOver, seen.SessionChanged, seen.StateSeen, seen.Metered, seen.LimitSet,
        seen.LinkClosed, seen.LinkOpened,
    )  # fmt: skip

    key: str = ""
    """Of the open session; '' when there is none."""
    began_at: datetime | None = None
    first_wh: int | None = None
    flowing_at: datetime | None = None
    """When it began to say that it charges; None when it does not, or energy has been seen."""
    has_flowed: bool = False
    metered_at: datetime | None = None
    soc_percent: float | None = None
    limit_a: float | None = None
    status: Status = Status.UNKNOWN
    free_at: datetime | None = None
    ended_key: str = ""
    ended_at: datetime | None = None
    empty_before: bool = False
    """The session before gave nothing either."""
    is_away: bool = False
    why: str = ""

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        at = seen_now.received_at
        if isinstance(seen_now, seen.SessionBegan):
            return self._began(seen_now)
        if isinstance(seen_now, seen.SessionOver):
            return self._over(seen_now)
        if isinstance(seen_now, seen.Metered):
            return self._metered(seen_now, scene)
        if isinstance(seen_now, seen.StateSeen):
            return self._state(seen_now)
        if isinstance(seen_now, seen.SessionChanged):
            if self.key and seen_now.session_key[:KEY_MAX] == self.key:
                self._flows(seen_now.charging_state == "charging", at)
        elif isinstance(seen_now, seen.LimitSet):
            self.limit_a = seen_now.limit_a
        elif isinstance(seen_now, seen.LinkClosed):
            self.is_away = True
        elif self.is_away:
            self.is_away = False
            self.free_at = at if self.free_at else None  # its messages may have waited
        return ()

    def due_at(self) -> datetime | None:
        if self.why == "after" and self.metered_at is not None:
            return later(self.metered_at, STUCK_S)
        if self.raised or self.is_away or not self.key:
            return None
        due = [later(self.free_at, GHOST_S)] if self.free_at else []
        if self.began_at is not None:
            due.append(later(self.began_at, PARKED_ETERNAL_S if self.status in CAR_STATES else ETERNAL_S))
        return min(due, default=None)

    def pass_time(self, now: datetime, scene: Scene) -> Sequence[Signal]:
        due = self.due_at()
        if due is None or due > now:
            return ()
        if self.why == "after":
            return self._well_again(now)
        if self.free_at is not None and later(self.free_at, GHOST_S) <= now:
            text = marked("The outlet says that it is free since %(since_at)s, and its session is still open.")
            return self._raise("ghost", now, text, self.free_at, 0.9)
        began_at = self.began_at or now
        parked = self.status in CAR_STATES
        text = marked("The session has been open since %(since_at)s.")
        return self._raise("eternal", now, text, began_at, 0.4 if parked else 0.8)

    def _raise(
        self, why: str, at: datetime, text: str, since: datetime, confidence: float, family: Family | None = None
    ) -> Sequence[Signal]:
        self.why = why
        evidence = Evidence(text=text, values={"since_at": since.isoformat()}, at=at)
        return self.raise_it(at, evidence, since=since, family=family, confidence=confidence)

    def _began(self, began: seen.SessionBegan) -> Sequence[Signal]:
        at = began.received_at
        self.key, self.began_at, self.first_wh = began.session_key[:KEY_MAX], at, began.register_wh
        self.has_flowed, self.soc_percent, self.metered_at, self.ended_key = False, None, None, ""
        self.free_at = None
        self.flowing_at = at if self.status is Status.CHARGING else None
        return self._well_again(at)

    def _over(self, over: seen.SessionOver) -> Sequence[Signal]:
        key = over.session_key[:KEY_MAX]
        if not self.key or key not in (self.key, ""):
            return ()
        self.empty_before = not self.has_flowed and self.metered_at is not None
        self.ended_key, self.ended_at = self.key, max(over.at, over.received_at)
        self.key, self.began_at, self.flowing_at, self.free_at = "", None, None, None
        return self._well_again(over.received_at)

    def _state(self, state: seen.StateSeen) -> Sequence[Signal]:
        if state.evse_number != self.evse_number:
            return ()
        self.status = state.status
        at = state.received_at
        if state.status is not Status.OCCUPIED:
            self._flows(state.status is Status.CHARGING, at)
        if state.status is Status.AVAILABLE:
            self.free_at = self.free_at or at
            return ()
        self.free_at = None
        return self._well_again(at) if self.why == "ghost" else ()

    def _flows(self, charging: bool, at: datetime) -> None:
        self.flowing_at = (self.flowing_at or at) if charging and self.key else None

    def _metered(self, metered: seen.Metered, scene: Scene) -> Sequence[Signal]:
        at, key = metered.received_at, metered.session_key[:KEY_MAX]
        if key and key == self.ended_key and self.ended_at is not None:
            self.metered_at = at
            if elapsed_s(self.ended_at, metered.at) < GHOST_S or self.raised:
                return ()  # what waited in the charger was read before
            text = marked("It goes on metering a session that ended at %(since_at)s.")
            return self._raise("after", at, text, self.ended_at, 0.8)
        if not self.key or key not in (self.key, ""):
            return ()
        self.metered_at = at
        if metered.soc_percent is not None:
            self.soc_percent = metered.soc_percent
        if metered.energy_wh is not None:
            self.first_wh = metered.energy_wh if self.first_wh is None else self.first_wh
            self.has_flowed = self.has_flowed or metered.energy_wh - self.first_wh >= FLOW_WH
        if self.has_flowed:
            self.flowing_at = None
            return self._well_again(at) if self.why == "empty" else ()
        if self.raised or metered.energy_wh is None or not self._wants(scene):
            return ()
        if self.flowing_at is None or elapsed_s(self.flowing_at, at) < NO_ENERGY_S:
            return ()
        text = marked("It says that it charges since %(since_at)s, and its meter stands still.")
        return self._raise("empty", at, text, self.flowing_at, 0.6, Family.NO_ENERGY)

    def _wants(self, scene: Scene) -> bool:
        """Return whether a car would take energy: it is not full, we do not hold it, and it is no single odd car."""
        if self.limit_a is not None and self.limit_a < IDLE_A:
            return False
        if self.soc_percent is not None:
            return self.soc_percent < FULL_PERCENT
        return scene.evse(self.evse_number).power_type == "dc" or self.empty_before

    def _well_again(self, at: datetime) -> Sequence[Signal]:
        self.why = ""
        return self.clear_it(at, Evidence(text=marked("The session is over, or energy flows."), at=at))
