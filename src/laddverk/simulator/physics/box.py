"""A charger whose behaviour follows from the condition of its parts. It speaks as every simulated charger does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from laddverk.ocpp.facts import Status
from laddverk.simulator import car as cars
from laddverk.simulator.car import NOTHING, Car, Draw
from laddverk.simulator.charger import Charger
from laddverk.simulator.dialect import written
from laddverk.simulator.model import Happening, Hardware, Outlet, Reading, Told
from laddverk.simulator.physics import complaints, heat
from laddverk.simulator.physics.condition import MODULES, OutletParts, StationParts
from laddverk.simulator.physics.weather import Weather

STEP_S: Final = 300.0  # of the heat and the charging curve
WET_FACTOR: Final = 4.0  # rain makes a leak to earth so much more likely, dry weather as much less
TRIPPED_FOR: Final = timedelta(minutes=20)  # until a residual current device switches itself on again
UNSAFE: Final[set[str | None]] = {
    "GroundFailure",
    complaints.CUT.tech_code,
    complaints.EMERGENCY.tech_code,
    complaints.CABLE_HOT.tech_code,
}
PILOT_A: Final = 0.2  # what a phase shows that carries nothing


class ResetSeen(Struct, frozen=True):
    """A reset that the network asked for, and whether it was one that it must never ask for."""

    at: datetime
    cut_a_session: bool
    was_unsafe: bool
    """The charger stands with a fault that people may be hurt by."""


class Box(Charger):
    """A charger that ages. `parts` and `station` are its condition; faults change them."""

    __slots__ = (
        "_moved_at", "_open", "_random", "cabinet_c", "clock_lost_at_restart", "contact_c", "mends_at", "parts",
        "resets", "rich", "station", "stuck", "weather",
    )  # fmt: skip

    def __init__(self, hardware: Hardware, weather: Weather, random: Random, *, rich: bool = True) -> None:
        """`rich` chargers tell temperatures, voltages and what they offer; the others only energy, power, current."""
        super().__init__(hardware)
        self.parts = {number: OutletParts() for number in self.outlets}
        self.station = StationParts()
        self.weather = weather
        self.rich = rich
        self.contact_c: dict[int, float] = {}
        self.cabinet_c: float | None = None
        self.stuck: set[int] = set()
        """Outlets that have not noticed that the cable is out."""
        self.mends_at: dict[int, datetime] = {}
        """When outlets that have tripped switch themselves on again."""
        self.clock_lost_at_restart = False
        self.resets: list[ResetSeen] = []
        self._open: set[int] = set()
        self._random = random
        self._moved_at: dict[int, datetime] = {}

    def time(self, now: datetime) -> datetime:
        """Return what this charger's clock shows at `now`."""
        off_s = self.station.clock_off_s
        return now + timedelta(seconds=off_s) if off_s else now

    @property
    def is_dc(self) -> bool:
        """Whether it is a fast charger."""
        return self.hardware.outlets[0].phases == 0

    def free(self, number: int) -> bool:
        """Return whether a driver who comes by would plug in here."""
        outlet = self.outlets[number]
        return outlet.car is None and number not in self.stuck and outlet.status is Status.AVAILABLE

    # What flows, and what is shown of it.

    def drawn(self, outlet: Outlet) -> Draw:
        """Return what flows: what the car takes, as far as the parts let it."""
        parts = self.parts[outlet.number]
        if outlet.car is None or not parts.delivers or outlet.number in self._open:
            return NOTHING
        taken = cars.draw(outlet.car, outlet.supply, self._limit_a(outlet))
        if outlet.supply.phases == 0:
            return self._with_modules(outlet, taken)
        phases = max(1, taken.phases - parts.phases_lost) if taken.phases == outlet.supply.phases else taken.phases
        if phases != taken.phases:
            return Draw(round(taken.power_w * phases / taken.phases), taken.current_a, phases)
        return taken

    def charging_state(self, outlet: Outlet, taken: Draw) -> str:
        """Return the state of a transaction. One that gives nothing because it is broken takes itself for charging."""
        if outlet.car is not None and (not self.parts[outlet.number].delivers or outlet.number in self._open):
            return "Charging"
        return super().charging_state(outlet, taken)

    def counted(self, outlet: Outlet, energy_wh: float) -> float:
        """Return what the meter counts."""
        parts = self.parts[outlet.number]
        return energy_wh * parts.meter_gain if parts.meter_counts else 0.0

    def _limit_a(self, outlet: Outlet) -> float | None:
        limits = [outlet.limit_a, self.parts[outlet.number].stuck_limit_a]
        if self.contact_c.get(outlet.number, 0.0) > heat.DERATES_AT_C:
            limits.append(outlet.supply.current_max_a / 2)
        return min((limit for limit in limits if limit is not None), default=None)

    def _with_modules(self, outlet: Outlet, taken: Draw) -> Draw:
        share = self.station.modules / MODULES
        if (self.cabinet_c or 0.0) > heat.CABINET_DERATES_AT_C:
            share = min(share, 0.5)
        top_w = outlet.supply.power_max_w * share
        if taken.power_w <= top_w:
            return taken
        part = top_w / taken.power_w
        return Draw(round(top_w), round(taken.current_a * part, 1), 0)

    def reading(self, number: int, at: datetime) -> Reading:
        """Return what the meter and the sensors of an outlet show."""
        shown = super().reading(number, at)
        outlet = self.outlets[number]
        if outlet.charging is None:
            return shown
        taken = self.drawn(outlet) if outlet.car is not None else NOTHING
        currents: tuple[float, ...] = ()
        if outlet.supply.phases:
            wanted = cars.draw(outlet.car, outlet.supply, self._limit_a(outlet)).phases if outlet.car else 0
            lost = max(0, wanted - taken.phases) if taken.phases else 0
            currents = (taken.current_a,) * taken.phases + (PILOT_A,) * lost
        if not self.rich:
            return replace(shown, currents_a=currents)
        return replace(
            shown,
            currents_a=currents,
            voltages_v=self._voltages(outlet, taken),
            contact_c=round(self.contact_c.get(number, self.weather.ambient_c(at)), 1),
            cabinet_c=None if self.cabinet_c is None else round(self.cabinet_c, 1),
            offered_a=self._limit_a(outlet) if self._limit_a(outlet) is not None else outlet.supply.current_max_a,
        )

    def _voltages(self, outlet: Outlet, taken: Draw) -> tuple[float, ...]:
        if outlet.supply.phases == 0:
            return (round(350.0 + 60.0 * outlet.car.share, 1),) if outlet.car else ()
        drop_v = taken.current_a * self.station.supply_ohm
        return tuple(round(self.station.mains_v - drop_v + self._random.gauss(0.0, 0.7), 1) for _ in range(3))

    # Time.

    def pass_to(self, number: int, now: datetime) -> None:
        """Let the time pass at an outlet until `now` of the world. What changed meanwhile is said now."""
        before = self._moved_at.get(number, now)
        self._moved_at[number] = now
        left_s = (now - before).total_seconds()
        while left_s > 0:
            seconds = min(STEP_S, left_s)
            left_s -= seconds
            self.advance(number, seconds, self.time(now))

    def advance(self, number: int, seconds: float, at: datetime) -> None:
        """Let `seconds` pass at an outlet: heat, energy, trips."""
        self._warm(number, seconds, at)
        super().advance(number, seconds, at)
        self._endure(number, seconds, at)
        back_at = self.mends_at.get(number)
        if back_at is not None and back_at <= at:
            del self.mends_at[number]
            self.mend(number, at)

    def _warm(self, number: int, seconds: float, at: datetime) -> None:
        outlet, ambient_c = self.outlets[number], self.weather.ambient_c(at)
        taken = self.drawn(outlet) if outlet.charging is not None else NOTHING
        load = min(1.2, taken.current_a / outlet.supply.current_max_a)
        balance_c = heat.contact_balance_c(ambient_c, load, self.parts[number].contact_factor)
        now_c = self.contact_c.get(number, ambient_c)
        self.contact_c[number] = heat.towards(now_c, balance_c, seconds, heat.CONTACT_INERTIA_S)
        if self.is_dc:
            share = taken.power_w / outlet.supply.power_max_w
            balance_c = heat.cabinet_balance_c(ambient_c, share, self.station.airflow)
            now_c = ambient_c if self.cabinet_c is None else self.cabinet_c
            self.cabinet_c = heat.towards(now_c, balance_c, seconds, heat.CABINET_INERTIA_S)

    def _endure(self, number: int, seconds: float, at: datetime) -> None:
        """Trip, or lose the pilot signal, while current flows."""
        outlet, parts, hours = self.outlets[number], self.parts[number], seconds / 3600
        if outlet.charging is None or outlet.status is not Status.CHARGING:
            return
        if self._happens(parts.earth_trips * hours * (WET_FACTOR if self.weather.wet(at) else 1 / WET_FACTOR)):
            complaints.fail(self, number, complaints.EARTH, at)
            self.mends_at[number] = at + TRIPPED_FOR
        elif self._happens(parts.pilot_drops * hours):
            if not self._happens(parts.silent):
                complaints.complain(self, number, complaints.PILOT, at)
            self.end(number, at, "Other")
        elif self.contact_c[number] > heat.STOPS_AT_C:
            complaints.fail(self, number, complaints.CABLE_HOT, at)
        elif self.is_dc and (self.cabinet_c or 0.0) > heat.CABINET_STOPS_AT_C:
            complaints.fail(self, number, complaints.HOT, at)
            self.mends_at[number] = at + 3 * TRIPPED_FOR

    def tell_idle(self, now: datetime) -> None:
        """Tell the registers by the clock, of outlets where nobody charges."""
        for number, outlet in self.outlets.items():
            if outlet.charging is None:
                self.say(_by_clock(self, number, int(outlet.register_wh), self.time(now)))

    def leak(self, hours: float) -> None:
        """Let a welded relay leak for so long."""
        for number, outlet in self.outlets.items():
            if outlet.charging is None and self.parts[number].leaks_w:
                outlet.register_wh += self.parts[number].leaks_w * hours

    # People.

    def present(self, number: int, token: str, at: datetime) -> None:
        """Show a card to the reader, which may not see it, or not see it right."""
        if self._happens(self.station.reader_misses):
            self.happenings.append(Happening("unread", number))
            return
        if self._happens(self.station.reader_garbles):
            token = token[:4] + f"{self._random.getrandbits(40):010X}"
        super().present(number, token, at)

    def plug(self, number: int, car: Car, at: datetime) -> bool:
        """Put the cable into `car`. A transaction that never ended ends now."""
        outlet = self.outlets[number]
        if outlet.charging is not None and outlet.car is None:
            self.end(number, at, "Other")
        return super().plug(number, car, at)

    def unplug(self, number: int, at: datetime) -> bool:
        """Take the cable out. The outlet may not notice, or the transaction may go on."""
        outlet, parts = self.outlets[number], self.parts[number]
        if outlet.charging is not None and not outlet.stuck and self._happens(parts.never_ends):
            outlet.car = None
            self._open.discard(number)
            self._turn(outlet, self._resting(outlet), at)
            return True
        if not outlet.stuck and self._happens(parts.stays_finishing):
            self.end(number, at, "EVDisconnected")
            outlet.car = None
            self._turn(outlet, Status.FINISHING, at)
            self.stuck.add(number)
            return True
        return super().unplug(number, at)

    def notice(self, number: int, at: datetime) -> None:
        """Notice at last that the cable is out."""
        if number in self.stuck:
            self.stuck.discard(number)
            outlet = self.outlets[number]
            self._turn(outlet, self._resting(outlet), at)

    def end(self, number: int, at: datetime, reason: str, **more: Any) -> bool:
        """End the running transaction."""
        self._open.discard(number)
        return super().end(number, at, reason, **more)

    def reset(self, reason: str, at: datetime) -> None:
        """Carry out a reset of the network's, and remember what it was like."""
        self._remember_reset(tuple(self.outlets.values()), at)
        super().reset(reason, at)

    def reset_outlet(self, number: int, reason: str, at: datetime, *, at_once: bool) -> bool:
        """Carry out a reset of one outlet, and remember what it was like."""
        outlet = self.outlets.get(number)
        before = len(self.resets)
        if outlet is not None:
            self._remember_reset((outlet,), at)
        done = super().reset_outlet(number, reason, at, at_once=at_once)
        if not done:
            del self.resets[before:]
        elif number in self.stuck:
            self.notice(number, at)
        return done

    def _remember_reset(self, outlets: Sequence[Outlet], at: datetime) -> None:
        cuts = any(outlet.charging is not None and outlet.car is not None for outlet in outlets)
        codes = {code for each in self.outlets.values() for code in (each.error_code, each.vendor_error_code)}
        self.resets.append(ResetSeen(at, cuts, bool(codes & UNSAFE)))

    def restart(self, reason: str) -> None:
        """Start again: what only software held in a wrong state is right afterwards."""
        for number in tuple(self.stuck):
            self.stuck.discard(number)
            self.outlets[number].status = self._resting(self.outlets[number])
        if self.clock_lost_at_restart:
            self.station.clock_off_s = -26 * 365.25 * 86_400  # the year 2000, where clocks without a battery begin
        super().restart(reason)

    # Transactions.

    def _begin(self, outlet: Outlet, at: datetime) -> None:
        number, parts = outlet.number, self.parts[outlet.number]
        if self._happens(parts.lock_fails):
            self._give_up(outlet, complaints.LOCK, at)
        elif self._happens(parts.handshake_fails) and self._concerns(outlet, parts):
            self._give_up(outlet, complaints.HANDSHAKE, at)
        elif self._happens(parts.isolation_fails):
            super()._begin(outlet, at)
            complaints.complain(self, number, complaints.ISOLATION, at)
            self.end(number, at, "Other")
        elif self._happens(parts.contactor_fails):
            super()._begin(outlet, at)
            self._open.add(number)
            if not self._happens(parts.silent):
                complaints.complain(self, number, complaints.CONTACTOR, at)
                self.end(number, at, "Other")
        else:
            super()._begin(outlet, at)

    @staticmethod
    def _concerns(outlet: Outlet, parts: OutletParts) -> bool:
        return not parts.handshake_cars or (outlet.car is not None and outlet.car.battery_wh in parts.handshake_cars)

    def _give_up(self, outlet: Outlet, what: complaints.Complaint, at: datetime) -> None:
        """Do not start: the card is forgotten, the cable is still in."""
        outlet.token, outlet.remote_start_id, outlet.waits_until = None, None, None
        self._turn(outlet, Status.PREPARING, at)
        if not self._happens(self.parts[outlet.number].silent):
            complaints.complain(self, outlet.number, what, at)
        self.happenings.append(Happening("not_started", outlet.number, what.info))

    def _happens(self, chance: float) -> bool:
        return chance > 0 and self._random.random() < chance


def _by_clock(box: Box, number: int, register_wh: int, at: datetime) -> Told:
    is_16 = box.hardware.protocol.is_16
    value: dict[str, Any] = {"measurand": "Energy.Active.Import.Register", "context": "Sample.Clock"}
    value |= {"value": str(register_wh), "unit": "Wh"} if is_16 else {"value": float(register_wh)}
    place = {"connectorId" if is_16 else "evseId": number}
    return Told(at=at, action="MeterValues", fields=place | {"meterValue": [_at(at, value)]})


def _at(at: datetime, value: dict[str, Any]) -> dict[str, Any]:
    return {"timestamp": written(at), "sampledValue": [value]}
