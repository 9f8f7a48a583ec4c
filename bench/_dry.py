"""The same town heard by the detectors alone: no socket, no database, no incidents. For tuning: minutes become seconds.

What chargers say goes through the dialect, the codec, the translation and the makers of observations as it does in the
house; only the commits between are left out. What it gives is what detectors found, not what anybody is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace

from bench import _plan as plans
from bench._scoring import Alert
from laddverk.diagnostics import observations as seen
from laddverk.diagnostics.detectors.base import EvseScene, Scene
from laddverk.diagnostics.detectors.registry import ABOUTS, DETECTORS
from laddverk.diagnostics.hearing import Heard
from laddverk.diagnostics.memory import Kinds
from laddverk.diagnostics.model import Turn
from laddverk.diagnostics.observing import BY_NUMBER, MAKERS
from laddverk.diagnostics.outcomes.attempts import made_out
from laddverk.diagnostics.outcomes.model import SessionTold, StateTold, TokenTold, Told
from laddverk.kernel.ids import StationId
from laddverk.ocpp import codec, translate
from laddverk.ocpp.facts import Status
from laddverk.simulator.connection import DIALECTS
from laddverk.simulator.model import Authorise, Boot, Item, Sampled, Started, Verdict
from laddverk.simulator.physics import nuisances, patrons
from laddverk.simulator.physics.box import Box
from laddverk.simulator.physics.modes import Mode

HOUR = timedelta(hours=1)
REMEMBERED = timedelta(hours=14)
SETTLED = timedelta(minutes=6)
LIMITS = "own_limits"  # needs the network's own commands
ITEMS_MAX = 200  # said at one instant by one charger


class Ear:
    """One charger's messages on their way to its detectors."""

    def __init__(self, box: Box, kinds: Kinds, known: frozenset[str]) -> None:
        self.box = box
        self.station_id = StationId(uuid4())
        self.told: list[Alert] = []
        self._known = known
        self._heard = Heard(kinds, None, self._scene())
        self._number = 0
        self._keys: dict[str, str] = {}
        self._sessions: dict[str, SessionTold] = {}
        self._past: deque[SessionTold] = deque(maxlen=60)
        self._states: deque[StateTold] = deque(maxlen=400)
        self._tokens: deque[TokenTold] = deque(maxlen=100)
        self._counted: deque[str] = deque(maxlen=300)
        self._open: set[tuple[str, int]] = set()
        self._spoke_at = plans.SINCE

    def _scene(self) -> Scene:
        supply, hardware = self.box.hardware.outlets[0], self.box.hardware
        evse = EvseScene(
            evse_number=1, power_type="dc" if self.box.is_dc else "ac3", power_max_w=supply.power_max_w,
            current_max_a=int(supply.current_max_a),
        )  # fmt: skip
        return Scene(
            station_id=self.station_id, vendor=hardware.vendor, model=hardware.model, firmware=hardware.firmware,
            protocol=hardware.protocol.value, heartbeat_interval_s=plans.HEARTBEAT_S, evses={1: evse},
        )  # fmt: skip

    def speak(self, now: datetime) -> None:
        """Let the charger say what it has to say, and give it the answers."""
        box, dialect = self.box, DIALECTS[self.box.hardware.protocol]
        for _ in range(ITEMS_MAX):
            if not box.online or not box.outbox:
                return
            item = box.outbox.popleft()
            call = dialect.said(box, item)
            if call is not None:
                self._facts(*call, now)
            box.answered(item, self._verdict(item), box.time(now))

    def _facts(self, action: str, message: Any, now: datetime) -> None:
        protocol = self.box.hardware.protocol
        decoded = codec.decode_request(protocol, action, msgspec.json.encode(message))
        origin = translate.Origin(station_id=self.station_id, received_at=now)
        for fact in translate.to_facts(protocol, action, decoded.message, origin):
            make = MAKERS.get(type(fact))
            observed = make(fact) if make else None
            if observed is not None:
                self.hear(self._whole(observed), now)

    def _verdict(self, item: Item) -> Verdict:
        match item:
            case Boot():
                return Verdict(interval_s=plans.HEARTBEAT_S)
            case Authorise():
                return Verdict(item.token in self._known)
            case Started(charging=charging):
                self._number += 1
                key = next(reversed(self._sessions), "")
                self._keys[f"{BY_NUMBER}{self._number}"] = key
                return Verdict(charging.token in self._known, number=self._number)
            case Sampled():
                return Verdict()
            case _:
                return Verdict()

    def _whole(self, observed: Any) -> Any:
        """Do what the house does when it resolves: sessions by number, tokens known or not; keep what outcomes need."""
        if not (isinstance(observed, seen.Beat) or (isinstance(observed, seen.Metered) and not observed.session_key)):
            self._spoke_at = observed.received_at
        match observed:
            case seen.TokenSeen():
                accepted = observed.token_key in self._known
                self._tokens.append(
                    TokenTold(
                        at=observed.at, token=observed.token_key, person=observed.token_key, accepted=accepted,
                        technician=observed.token_key == nuisances.TECHNICIAN,
                    )
                )  # fmt: skip
                return replace(observed, accepted=accepted)
            case seen.SessionBegan():
                self._sessions[observed.session_key] = _began(observed)
                return replace(observed, local=observed.local and not observed.token_key.startswith("AP"))
            case seen.Metered() | seen.SessionChanged() | seen.SessionOver():
                key = self._keys.get(observed.session_key, observed.session_key)
                self._follow(observed, key)
                return replace(observed, session_key=key)
            case seen.StateSeen():
                self._state(observed)
        return observed

    def _state(self, observed: seen.StateSeen) -> None:
        codes = tuple(code for code in (observed.error_code, observed.vendor_error_code) if code and code != "NoError")
        self._states.append(
            StateTold(evse_number=observed.evse_number, at=observed.at, status=observed.status, codes=codes)
        )
        if observed.status is Status.CHARGING:
            for key, one in self._sessions.items():
                self._sessions[key] = replace(one, charged=True)

    def _follow(self, observed: Any, key: str) -> None:
        one = self._sessions.get(key)
        if one is None:
            return
        if isinstance(observed, seen.SessionChanged) and observed.charging_state == "charging":
            self._sessions[key] = replace(one, charged=True)
        elif isinstance(observed, seen.Metered) and observed.soc_percent is not None and one.soc_start is None:
            self._sessions[key] = replace(one, soc_start=observed.soc_percent)
        elif isinstance(observed, seen.SessionOver):
            del self._sessions[key]
            energy_wh = max(0, (observed.register_wh or 0) - one.energy_wh)
            self._past.append(replace(one, ended_at=observed.at, energy_wh=energy_wh, stop_reason=observed.reason))

    def attempts(self, now: datetime) -> None:
        """Make out how attempts went, by the house's own rules, and let the detectors hear of those that settled."""
        if now - self._spoke_at > 2 * HOUR:
            return
        since = now - REMEMBERED
        told = Told(
            sessions=tuple(one for one in self._past if one.ended_at >= since),
            running=tuple(_running(one, now) for one in self._sessions.values()),
            states=tuple(one for one in self._states if one.at >= since),
            tokens=tuple(one for one in self._tokens if one.at >= since),
            dc=frozenset({1}) if self.box.is_dc else frozenset(), since=since, now=now,
        )  # fmt: skip
        for one in made_out(told):
            if one.key in self._counted or one.ended_at > now - SETTLED:
                continue
            self._counted.append(one.key)
            self.hear(
                seen.OutcomeSeen(
                    at=one.ended_at, received_at=now, evse_number=one.evse_number, outcome=one.outcome,
                    began_at=one.began_at, energy_wh=one.energy_wh, token_key=one.person, reason=one.stop_reason,
                    error_codes=one.codes, limit_a=one.limit_a,
                ),
                now,
            )  # fmt: skip

    def hear(self, observed: Any, now: datetime) -> None:
        """Let the detectors hear, and take down what they say."""
        self._heard.hear(observed, now)
        self._take()

    def pass_time(self, now: datetime) -> None:
        """Let time pass for the detectors."""
        self._heard.pass_time(now)
        self._take()

    def _take(self) -> None:
        for signal in self._heard.signals:
            about, key = ABOUTS[signal.detector], (signal.detector, signal.evse_number)
            if signal.turn is Turn.CLEARED:
                self._open.discard(key)
            elif key not in self._open:
                self._open.add(key)
                family = (signal.family or about.family).value
                severity = int(about.severity if signal.severity is None else signal.severity)
                said = signal.evidence[-1] if signal.evidence else None
                why = f"{signal.detector}: {said.text if said else ''} {said.values if said else ''}"
                name = f"{self.box.hardware.identity} {signal.detector} {signal.at}"
                stations = frozenset({self.box.hardware.identity})
                self.told.append(Alert(name, stations, family, signal.at, severity, signal.confidence, why))
        self._heard.signals.clear()


def _running(one: SessionTold, now: datetime) -> SessionTold:
    return replace(one, ended_at=max(now, one.started_at), energy_wh=0)


def _began(observed: seen.SessionBegan) -> SessionTold:
    return SessionTold(
        session_id=UUID(int=abs(hash(observed.session_key)) % 2**100), transaction_key=observed.session_key,
        evse_number=observed.evse_number, started_at=observed.at, ended_at=observed.at,
        energy_wh=observed.register_wh or 0, person=observed.token_key, token=observed.token_key,
        technician=observed.token_key == nuisances.TECHNICIAN,
    )  # fmt: skip


class DryWire:
    """Carries what a town wishes straight to the ears."""

    def __init__(self) -> None:
        self.ears: dict[str, Ear] = {}
        self.now = plans.SINCE
        self.starts: list[tuple[Box, int, str]] = []
        self.touched: set[str] = set()

    def down(self, box: Box) -> None:
        ear = self.ears[box.hardware.identity]
        ear.hear(seen.LinkClosed(at=self.now, received_at=self.now), self.now)

    def up(self, box: Box) -> None:
        ear = self.ears[box.hardware.identity]
        ear.hear(seen.LinkOpened(at=self.now, received_at=self.now), self.now)
        box.connected(box.time(self.now))
        self.touched.add(box.hardware.identity)

    def start(self, box: Box, number: int, token: str) -> None:
        self.starts.append((box, number, token))

    def limit(self, boxes: Sequence[Box], amperes: float, until: datetime) -> None:
        """Nothing: the network's commands are not there."""


def heard(
    seed: int,
    modes: Sequence[Mode],
    *,
    days_long: float,
    faulty: bool,
    troubled: Sequence[str] = tuple(nuisances.NUISANCES),
    warm_up_days: float = plans.WARM_UP_DAYS,
) -> tuple[Any, list[Alert], dict[str, datetime]]:
    """Let a town live; return the town with its plan, what the detectors found, and when nuisances came."""
    wire = DryWire()
    plan = plans.placed(seed, modes, warm_up_days=warm_up_days)
    town = plans.town_of(plan, wire, seed, days_long, faulty=faulty)
    came = nuisances.come_over(
        town, [name for name in troubled if name != LIMITS], after=plans.SINCE + timedelta(days=warm_up_days / 2)
    )
    cards = {card for site in {one.site for one in plan} for card in patrons.cards(seed, site, 40)} | set(
        nuisances.CARDS
    )
    known = frozenset(cards | {plans.app_token(card) for card in cards})
    kinds = Kinds(DETECTORS)
    for one in town.residents:
        wire.ears[one.box.hardware.identity] = Ear(one.box, kinds, known)
        wire.up(one.box)
    next_hour = plans.SINCE + HOUR
    while (at := town.next_at()) is not None:
        while next_hour <= at:
            for ear in wire.ears.values():
                ear.attempts(next_hour)
                ear.pass_time(next_hour)
            next_hour += HOUR
        wire.now = at
        town.step(at)
        starts, wire.starts = wire.starts, []
        for box, number, token in starts:
            box.remote_start(number, plans.app_token(token), "Central", 7, box.time(at))
            wire.touched.add(box.hardware.identity)
        for name in wire.touched | town.touched:
            wire.ears[name].speak(at)
        wire.touched.clear()
        town.touched.clear()
    return (town, plan), [alert for ear in wire.ears.values() for alert in ear.told], came
