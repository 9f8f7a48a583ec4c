"""What a charger does when a cable, a card, a command or the clock comes. No I/O and no clock: every call says `at`.

What it has to say collects in `outbox`, in order; whoever holds the socket says the first, waits for the answer, gives
it to `answered` and goes on. The world around it reads `happenings`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from laddverk.kernel.ids import new_id
from laddverk.ocpp.facts import Status
from laddverk.simulator import abilities, idle_meter
from laddverk.simulator import car as cars
from laddverk.simulator.abilities.certificates import takes_profile
from laddverk.simulator.car import NOTHING, Car, Draw
from laddverk.simulator.model import (
    STATUS_OF,
    Authorise,
    Boot,
    Charging,
    Ended,
    Happening,
    Hardware,
    Heartbeat,
    Item,
    Outlet,
    Reading,
    Reported,
    Sampled,
    Started,
    StatusChanged,
    Told,
    Verdict,
)
from laddverk.simulator.settings import Configuration

CABLE_WAIT_S: Final = 60  # ConnectionTimeOut: how long an accepted card waits for its cable
HEARTBEAT_S: Final = 300  # until the network says otherwise
HAPPENINGS_MAX: Final = 200  # nobody may be reading them
REPORT_PART: Final = 20  # variables in one NotifyReport


State = TypeVar("State")


class Charger:
    """One charger. It is offline until `connected` is called."""

    __slots__ = (
        "_abilities",
        "_restarting",
        "booted",
        "configuration",
        "happenings",
        "hardware",
        "heartbeat_s",
        "new_key",
        "online",
        "outbox",
        "outlets",
        "said_status",
        "wants_restart",
        "witness",
    )

    def __init__(self, hardware: Hardware, *, new_key: Callable[[], UUID] = new_id) -> None:
        self.hardware = hardware
        self.outlets = {number: Outlet(number, supply) for number, supply in enumerate(hardware.outlets, start=1)}
        self.outbox: deque[Item] = deque()
        self.happenings: deque[Happening] = deque(maxlen=HAPPENINGS_MAX)
        self.online = False
        self.booted = False
        self.wants_restart = False
        """The socket should be closed as soon as all that is durable was said."""
        self.heartbeat_s = HEARTBEAT_S
        self.said_status: dict[int, str] = {}
        self.new_key = new_key
        self.witness: Callable[[Item], None] | None = None
        """Sees everything the charger decides to say, at that moment: the ledger."""
        self.configuration = Configuration(hardware)
        self._restarting = "PowerUp"
        self._abilities: dict[type[Any], Any] = {}

    # The line.

    def connected(self, at: datetime) -> None:
        """The socket is up: boot if not yet done, say how the outlets are, then what was kept while offline."""
        self.online = True
        self.wants_restart = False
        first: list[Item] = [] if self.booted else [Boot(at=at, reason=self._restarting)]
        self.said_status.clear()
        first += [self._status_item(outlet, at) for outlet in (None, *self.outlets.values())]
        self.outbox.extendleft(reversed(first))

    def disconnected(self) -> None:
        """The socket is gone: only what is durable is kept."""
        self.online = False
        self.outbox = deque(item for item in self.outbox if item.durable)

    def restart(self, reason: str) -> None:
        """Boot again at the next connection. Readings, transactions and the kept messages survive, as they must."""
        self.booted = False
        self.wants_restart = True
        self._restarting = reason
        self.happenings.append(Happening("reboot", text=reason))

    def answered(self, item: Item, verdict: Verdict, at: datetime) -> None:
        """Take the network's answer to `item`."""
        match item:
            case Boot():
                self.booted = verdict.accepted
                self.heartbeat_s = verdict.interval_s or self.heartbeat_s
            case Authorise():
                self._judged(item, verdict, at)
            case Started(charging=charging):
                charging.number = verdict.number
                abilities.priced(self, charging.key, verdict.cost)
                if not verdict.accepted:
                    self.end(charging.outlet, at, "DeAuthorized", only=charging)
            case Sampled(charging=charging) | Ended(charging=charging):
                abilities.priced(self, charging.key, verdict.cost)
            case Told(then=then) if then is not None:
                then(self, verdict.fields or {}, at)

    def _judged(self, item: Authorise, verdict: Verdict, at: datetime) -> None:
        outlet = self.outlets[item.outlet]
        abilities.judged(self, item.token, at, accepted=verdict.accepted)
        if not (verdict.accepted and abilities.admits(self, item.outlet, item.token, at)):
            self.happenings.append(Happening("refused", item.outlet, item.token))
        elif outlet.charging is None:
            self._accept(outlet, item.token, "ISO14443", None, at)

    # People and cars.

    def plug(self, number: int, car: Car, at: datetime) -> bool:
        """Put the cable into `car`. Returns whether that was possible."""
        outlet = self.outlets[number]
        if outlet.car is not None or outlet.status in (Status.FAULTED, Status.UNAVAILABLE):
            return False
        outlet.car = car
        if outlet.token is not None:
            self._make_ready(outlet, at)
        elif outlet.status is not Status.RESERVED:
            self._turn(outlet, Status.PREPARING, at)
        return True

    def unplug(self, number: int, at: datetime) -> bool:
        """Take the cable out. A running transaction ends. Returns False when the charger or the car holds the cable."""
        outlet = self.outlets[number]
        if outlet.stuck or (outlet.car is not None and outlet.car.holds_cable):
            return False
        if outlet.charging is not None:
            self.end(number, at, "EVDisconnected")
        outlet.car = None
        self._turn(outlet, self._resting(outlet), at)
        return True

    def present(self, number: int, token: str, at: datetime) -> None:
        """Show a card. The card that started stops; another one is asked about, or trusted while offline."""
        outlet = self.outlets[number]
        if outlet.charging is not None:
            if outlet.charging.token == token:
                self.end(number, at, "Local", token=token)
            return
        if self.online:
            self.say(Authorise(at=at, outlet=number, token=token))
        elif abilities.trusts(self, token, at) and abilities.admits(self, number, token, at):
            self._accept(outlet, token, "ISO14443", None, at)
        else:
            self.happenings.append(Happening("refused", number, token))

    def _accept(self, outlet: Outlet, token: str, token_type: str, remote_start_id: int | None, at: datetime) -> None:
        outlet.token, outlet.token_type, outlet.remote_start_id = token, token_type, remote_start_id
        outlet.waits_until = at + timedelta(seconds=CABLE_WAIT_S)
        if outlet.car is not None:
            self._make_ready(outlet, at)
        else:
            self._turn(outlet, Status.PREPARING, at)

    def _make_ready(self, outlet: Outlet, at: datetime) -> None:
        """Begin, card and cable being there: at once, or once the cable is locked and all is checked."""
        if not outlet.readies_s:
            self._begin(outlet, at)
            return
        outlet.begins_at = at + timedelta(seconds=outlet.readies_s)
        outlet.waits_until = at + timedelta(seconds=CABLE_WAIT_S)  # a lock that never closes is not waited for either
        self._turn(outlet, Status.PREPARING, at)

    def _is_ready(self, outlet: Outlet, at: datetime) -> bool:
        """Return whether what was accepted can begin now: in time, and with the cable in an outlet that works."""
        if outlet.begins_at is None or outlet.waits_until is None or at < outlet.begins_at:
            return False
        return outlet.begins_at <= outlet.waits_until and outlet.car is not None and outlet.status is Status.PREPARING

    # Transactions.

    def _begin(self, outlet: Outlet, at: datetime) -> None:
        assert outlet.token is not None, "a transaction begins with a card"
        charging = Charging(
            key=str(self.new_key()),
            token=outlet.token,
            outlet=outlet.number,
            started_at=at,
            register_start_wh=int(outlet.register_wh),
            remote_start_id=outlet.remote_start_id,
            token_type=outlet.token_type,
            reservation=abilities.reservation_used(self, outlet.number, outlet.token, at),
        )
        outlet.charging, outlet.token, outlet.remote_start_id = charging, None, None
        outlet.waits_until, outlet.begins_at = None, None
        trigger = "RemoteStart" if charging.remote_start_id is not None else "Authorized"
        reading = self.reading(outlet.number, at)
        self.say(
            Started(at=at, offline=not self.online, durable=True, charging=charging, reading=reading,
                    seq=charging.seq(), trigger=trigger)
        )  # fmt: skip
        self._turn(outlet, Status.CHARGING, at)

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Let what is done inside happen as if the charger were offline: it is kept, and said afterwards."""
        online, self.online = self.online, False
        try:
            yield
        finally:
            self.online = online

    def begin(self, number: int, token: str, at: datetime) -> Charging:
        """Start a transaction at once, as a charger does that is offline and trusts the card."""
        outlet = self.outlets[number]
        outlet.token, outlet.token_type, outlet.remote_start_id = token, "ISO14443", None
        self._begin(outlet, at)
        assert outlet.charging is not None
        return outlet.charging

    def sample(self, number: int, *readings: Reading, trigger: str = "MeterValuePeriodic") -> None:
        """Tell what the meter showed while a transaction runs. Nothing is said when none does."""
        charging = self.outlets[number].charging
        if charging is not None and readings:
            self.say(
                Sampled(at=readings[-1].at, offline=not self.online, durable=True, charging=charging,
                        readings=readings, seq=charging.seq(), state=charging.state, trigger=trigger)
            )  # fmt: skip

    def end(
        self, number: int, at: datetime, reason: str, *, token: str | None = None, only: Charging | None = None
    ) -> bool:
        """End the running transaction (only if it is `only`, when given). The car stays until it is unplugged."""
        outlet = self.outlets[number]
        charging = outlet.charging
        if charging is None or (only is not None and charging is not only):
            return False
        reading = self.reading(number, at)
        outlet.charging = None
        self.say(
            Ended(at=at, offline=not self.online, durable=True, charging=charging, reading=reading,
                  seq=charging.seq(), reason=reason, token=token)
        )  # fmt: skip
        self._turn(outlet, Status.FINISHING if outlet.car is not None else self._resting(outlet), at)
        self.happenings.append(Happening("ended", number, reason))
        return True

    def reading(self, number: int, at: datetime) -> Reading:
        """Return what the meter of an outlet shows now."""
        outlet = self.outlets[number]
        register_wh = int(outlet.register_wh)
        if outlet.car is None:
            return Reading(at, register_wh)
        taken = self.drawn(outlet) if outlet.charging else NOTHING
        soc = round(outlet.car.share * 100) if outlet.supply.phases == 0 else None
        return Reading(at, register_wh, taken.power_w, taken.current_a, taken.phases, soc)

    def drawn(self, outlet: Outlet) -> Draw:
        """Return what flows now from an outlet into its car. A broken one gives less."""
        return NOTHING if outlet.car is None else cars.draw(outlet.car, outlet.supply, outlet.limit_a)

    def charging_state(self, outlet: Outlet, taken: Draw) -> str:
        """Return the state of the transaction at an outlet from which `taken` flows."""
        if taken.power_w > 0:
            return "Charging"
        if outlet.car is not None and outlet.car.wakes_s > 0 and outlet.charging is not None:
            return outlet.charging.state
        return "SuspendedEV" if outlet.car is None or outlet.car.missing_wh <= 0 else "SuspendedEVSE"

    def counted(self, outlet: Outlet, energy_wh: float) -> float:
        """Return what the meter of an outlet counts of the energy that flowed. A worn one counts wrong."""
        return energy_wh

    def advance(self, number: int, seconds: float, at: datetime) -> None:
        """Let `seconds` pass at an outlet: energy flows, and a car that is full pauses."""
        outlet = self.outlets[number]
        abilities.pass_time(self, at)
        if self._is_ready(outlet, at):
            self._begin(outlet, at)
            return
        if outlet.waits_until is not None and at > outlet.waits_until:
            outlet.token, outlet.waits_until, outlet.begins_at = None, None, None
            if outlet.car is None:
                self._turn(outlet, self._resting(outlet), at)
        if outlet.charging is None or outlet.car is None or outlet.status is Status.FAULTED:
            return
        taken = self.drawn(outlet)
        outlet.register_wh += self.counted(outlet, cars.charge(outlet.car, taken, seconds))
        state = self.charging_state(outlet, taken)
        if state != outlet.charging.state:
            outlet.charging.state = state
            self._turn(outlet, STATUS_OF[state], at)
            self.sample(number, self.reading(number, at), trigger="ChargingStateChanged")

    # What the network asks, in no version's words.

    def remote_start(self, number: int, token: str, token_type: str, remote_start_id: int | None, at: datetime) -> bool:
        """Start for `token` when the outlet is free; the cable may come within `CABLE_WAIT_S`."""
        outlet = self.outlets.get(number)
        if outlet is None or outlet.charging is not None or outlet.token is not None:
            return False
        if outlet.status not in (Status.AVAILABLE, Status.PREPARING, Status.FINISHING, Status.RESERVED):
            return False
        if not abilities.admits(self, number, token, at):
            return False
        self._accept(outlet, token, token_type, remote_start_id, at)
        if outlet.car is None:
            self.happenings.append(Happening("car_wanted", number, token))
        return True

    def remote_stop(self, charging: Charging | None, at: datetime) -> bool:
        """Stop a running transaction."""
        if charging is None:
            return False
        self.happenings.append(Happening("remote_stop", charging.outlet))
        return self.end(charging.outlet, at, "Remote", only=charging)

    def found(self, *, number: int | None = None, key: str | None = None) -> Charging | None:
        """Return the running transaction that the network calls `number`, or that we call `key`."""
        running = (outlet.charging for outlet in self.outlets.values() if outlet.charging is not None)
        for charging in running:
            if (number is not None and charging.number == number) or (key is not None and charging.key == key):
                return charging
        return None

    def reset(self, reason: str, at: datetime) -> None:
        """End what runs and start again: the socket is closed once all that is durable was said."""
        for number in self.outlets:
            self.end(number, at, reason)
        self.restart("RemoteReset")

    def reset_outlet(self, number: int, reason: str, at: datetime, *, at_once: bool) -> bool:
        """Start one outlet again (2.x): it is away for a moment, and nothing boots. False while it charges, or unknown.

        At once, what runs there ends first; the cable may stay in.
        """
        outlet = self.outlets.get(number)
        if outlet is None or (outlet.charging is not None and not at_once):
            return False
        self.end(number, at, reason)
        self._turn(outlet, Status.UNAVAILABLE, at)
        self._turn(outlet, Status.FINISHING if outlet.car is not None else self._resting(outlet), at)
        return True

    def unlock(self, number: int, at: datetime) -> bool | None:
        """Let go of the cable: True when it is free, False when it is stuck, None when there is no such outlet."""
        outlet = self.outlets.get(number)
        if outlet is None:
            return None
        self.end(number, at, "UnlockCommand")
        if outlet.stuck:
            return False
        if outlet.car is not None and outlet.car.holds_cable:
            return True  # the charger has let go; the plug stays in the car
        outlet.car = None
        self._turn(outlet, self._resting(outlet), at)
        return True

    def set_operative(self, number: int | None, operative: bool, at: datetime) -> bool:
        """Take an outlet (None: all) out of service or back. False: it happens when the transaction ends."""
        now = True
        for outlet in self.outlets.values() if number is None else (self.outlets[number],):
            outlet.operative = operative
            if outlet.charging is not None:
                now = now and operative
            elif outlet.status is not Status.FAULTED:
                self._turn(outlet, Status.PREPARING if outlet.car and operative else self._resting(outlet), at)
        return now

    def keep(self, number: int, at: datetime) -> None:
        """Keep an outlet for somebody."""
        self._turn(self.outlets[number], Status.RESERVED, at)

    def release(self, number: int, at: datetime) -> None:
        """Keep an outlet (0: none in particular) no longer."""
        outlet = self.outlets.get(number)
        if outlet is not None and outlet.status is Status.RESERVED:
            self._turn(outlet, Status.PREPARING if outlet.car else self._resting(outlet), at)

    def trigger(self, message: str, number: int | None, at: datetime) -> bool:
        """Say something again that the network asks for. False when this charger cannot."""
        chosen = [o for o in self.outlets.values() if number in (None, 0, o.number)]
        match message:
            case "BootNotification":
                self.say(Boot(at=at, reason="Triggered"))
            case "Heartbeat":
                self.say(Heartbeat(at=at))
            case "StatusNotification":
                self.said_status.clear()
                self.outbox.extend(self._status_item(outlet, at) for outlet in chosen)
            case "MeterValues" | "TransactionEvent":
                for outlet in chosen:
                    reading = self.reading(outlet.number, at)
                    if outlet.charging is None and message == "MeterValues":
                        self.say(idle_meter.told(self.hardware.protocol.is_16, outlet.number, reading))
                    self.sample(outlet.number, reading, trigger="Trigger")
            case _:
                say = abilities.TRIGGERS.get(message)
                return say(self, number, at) if say else False
        return True

    # Abilities.

    def of(self, kind: type[State]) -> State:
        """Return what this charger keeps for an ability, made when it is first asked for."""
        if kind not in self._abilities:
            self._abilities[kind] = kind()
        return cast(State, self._abilities[kind])

    # Settings.

    def write(self, component: str, variable: str, value: str) -> str:
        """Change a setting; return Accepted, Rejected or Unknown. A new heartbeat interval holds at once.

        A higher security profile (1.6) holds from the next connection, which is made at once.
        """
        is_profile = not component and variable.lower() == "securityprofile"
        if is_profile and not takes_profile(self, value):
            return "Rejected"
        word = self.configuration.write(component, variable, value)
        if is_profile and word == "Accepted":
            self.wants_restart = True
        if word == "Accepted" and variable.lower() == "heartbeatinterval":
            self.heartbeat_s = int(value)
        return word

    def report(self, request_id: int, at: datetime) -> None:
        """Tell all settings, in parts."""
        parts = -(-len(self.configuration.all()) // REPORT_PART)
        self.outbox.extend(Reported(at=at, request_id=request_id, part=part, parts=parts) for part in range(parts))

    # Faults.

    def fail(self, number: int, at: datetime, error_code: str, vendor_error_code: str = "", info: str = "") -> None:
        """Break an outlet (0: the whole charger). What runs there ends."""
        for outlet in self.outlets.values() if number == 0 else (self.outlets[number],):
            self.end(outlet.number, at, "Other")
            outlet.error_code, outlet.vendor_error_code = error_code, vendor_error_code or None
            self._turn(outlet, Status.FAULTED, at, info)

    def mend(self, number: int, at: datetime) -> None:
        """Repair what `fail` broke."""
        for outlet in self.outlets.values() if number == 0 else (self.outlets[number],):
            outlet.error_code, outlet.vendor_error_code, outlet.stuck = None, None, False
            self._turn(outlet, Status.PREPARING if outlet.car else self._resting(outlet), at)

    # Saying.

    def _resting(self, outlet: Outlet) -> Status:
        if outlet.error_code is not None:
            return Status.FAULTED
        return Status.AVAILABLE if outlet.operative else Status.UNAVAILABLE

    def _turn(self, outlet: Outlet, status: Status, at: datetime, info: str = "") -> None:
        changed = outlet.status is not status
        outlet.status = status
        if changed:
            self.say(self._status_item(outlet, at, info))

    def _status_item(self, outlet: Outlet | None, at: datetime, info: str = "") -> StatusChanged:
        if outlet is None:
            return StatusChanged(at=at, outlet=0, status=Status.AVAILABLE)
        return StatusChanged(
            at=at,
            outlet=outlet.number,
            status=outlet.status,
            error_code=outlet.error_code,
            vendor_error_code=outlet.vendor_error_code,
            info=info or None,
        )

    def say(self, item: Item) -> None:
        """Put `item` into the outbox; while offline only what is durable is kept."""
        if self.witness is not None:
            self.witness(item)
        if item.durable or self.online:
            self.outbox.append(item)
