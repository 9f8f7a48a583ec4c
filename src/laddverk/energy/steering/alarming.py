"""What people should know of a site now, and what must last before they are told. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from laddverk.energy.steering.model import Alarm, AlarmKind, Known, MeterState, Trust

LASTS_S: Final = {AlarmKind.CANNOT_HOLD: 180.0, AlarmKind.METER_LOST: 60.0}
"""What may be so for a while when nothing is wrong: chargers that have just come must prove themselves, and a meter is
read for the first time. What flows above a limit, and what was caught, is told at once."""
LOST: Final = {MeterState.LOST: AlarmKind.METER_LOST, MeterState.WRONG: AlarmKind.METER_WRONG}
MATTERS_A: Final = 1e-6


def alarms(
    known: Known, room: Sequence[Sequence[float]], meters: Mapping[str, MeterState], now_s: float
) -> tuple[tuple[Alarm, ...], dict[str, float]]:
    """Return the alarms, and since when what may become one has been so. `room` is what is left beside the worst cases,
    amperes by circuit and phase.
    """
    found = [*_caught(known), *_meters(meters), *_circuits(known, room, meters)]
    pending = {name: known.pending.get(name, now_s) for one in found if one.kind in LASTS_S for name in (_name(one),)}
    told = tuple(
        one for one in found if one.kind not in LASTS_S or now_s - pending[_name(one)] >= LASTS_S[one.kind]
    )  # fmt: skip
    return told, pending


def _name(alarm: Alarm) -> str:
    return f"{alarm.kind.value}:{alarm.key}:{alarm.phase or 0}"


def _caught(known: Known) -> list[Alarm]:
    """An outlet that was caught may draw now: of a free one nothing is kept, and its finding stands."""
    found = []
    for outlet in known.outlets:
        belief = known.beliefs[outlet.key]
        if belief.trust is Trust.IGNORES and (belief.has_session or not belief.is_online):
            found.append(Alarm(kind=AlarmKind.IGNORES, key=outlet.key))
    return found


def _meters(meters: Mapping[str, MeterState]) -> list[Alarm]:
    return [Alarm(kind=LOST[state], key=key) for key, state in meters.items() if state in LOST]


def _circuits(known: Known, room: Sequence[Sequence[float]], meters: Mapping[str, MeterState]) -> list[Alarm]:
    found = []
    for index, circuit in enumerate(known.circuits):
        load = known.loads.get(circuit.key)
        fresh = meters.get(circuit.key) is MeterState.FRESH
        for phase, usable in enumerate(circuit.usable_a):
            shown = load.reading[phase] if load is not None and load.reading is not None and fresh else 0.0
            if shown > usable + MATTERS_A:
                found.append(_too_much(AlarmKind.OVERLOAD, circuit.key, phase, shown, usable))
            left = room[index][phase]
            if left < -MATTERS_A:
                found.append(_too_much(AlarmKind.CANNOT_HOLD, circuit.key, phase, usable - left, usable))
    return found


def _too_much(kind: AlarmKind, key: str, phase: int, value_a: float, limit_a: float) -> Alarm:
    return Alarm(kind=kind, key=key, phase=phase + 1, value_a=round(value_a, 1), limit_a=round(limit_a, 1))
