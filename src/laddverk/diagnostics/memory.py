"""The memory of one station's detectors: their fields, packed. Only detectors that hear something are unpacked.

Pure. A copy that grew over its bound, or that cannot be read any more, begins anew: a charger cannot fill our memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec
import structlog

from laddverk.diagnostics.detectors.base import Detector, Scope
from laddverk.diagnostics.detectors.registry import DETECTORS
from laddverk.diagnostics.model import STATION

log = structlog.get_logger()

MEMORY_MAX_B: Final = 2_048  # of one detector at one outlet, or at a station
EVSES_MAX: Final = 64  # outlets that have detectors; no station has more, whatever it says

_encode: Final = msgspec.msgpack.Encoder().encode

Slot = tuple[datetime | None, msgspec.Raw]
"""When time alone may change something for a copy, and its fields."""

_slots: Final = msgspec.msgpack.Decoder(dict[str, Slot])


class Kinds:
    """The detectors there are, by id; tests give their own."""

    def __init__(self, kinds: tuple[type[Detector], ...] = DETECTORS) -> None:
        self.by_id = {kind.ABOUT.id: kind for kind in kinds}
        self._decoders = {kind.ABOUT.id: msgspec.msgpack.Decoder(kind) for kind in kinds}
        self._hearing: dict[type, tuple[type[Detector], ...]] = {}
        self._kinds = kinds

    def hearing(self, observed: type) -> tuple[type[Detector], ...]:
        """Return the detectors that hear observations of that type."""
        found = self._hearing.get(observed)
        if found is None:
            found = tuple(kind for kind in self._kinds if observed in kind.HEARS)
            self._hearing[observed] = found
        return found

    def decoded(self, detector_id: str, packed: msgspec.Raw) -> Detector:
        """Return the detector that was packed."""
        return self._decoders[detector_id].decode(packed)


class Memory:
    """The detectors of one station while it is heard."""

    def __init__(self, kinds: Kinds, packed: bytes | None = None) -> None:
        self._kinds = kinds
        self._packed: dict[str, Slot] = _slots.decode(packed) if packed else {}
        self._awake: dict[str, Detector] = {}

    def copy_of(self, kind: type[Detector], evse_number: int) -> Detector:
        """Return the detector of that kind for an outlet (EVSE 0: the station); a fresh one when there is none."""
        detector_id = kind.ABOUT.id
        slot = f"{detector_id}.{evse_number}"
        awake = self._awake.get(slot)
        if awake is None:
            packed = self._packed.get(slot)
            awake = self._unpacked(kind, detector_id, packed[1]) if packed is not None else None
            if awake is None:
                awake = kind(evse_number=evse_number)
            self._awake[slot] = awake
        return awake

    def forget(self, kind: type[Detector], evse_number: int) -> None:
        """Let one copy begin anew: it stumbled. What it had raised it still holds raised."""
        slot = f"{kind.ABOUT.id}.{evse_number}"
        raised = slot in self._awake and self._awake[slot].raised
        self._awake[slot] = kind(evse_number=evse_number, raised=raised)

    def evses(self) -> frozenset[int]:
        """Return the outlets that have detectors."""
        return frozenset(
            number for slot in (*self._packed, *self._awake) if (number := int(slot.rpartition(".")[2])) != STATION
        )

    def due(self, now: datetime) -> Iterator[Detector]:
        """Yield the copies for which time has come."""
        for slot, (due_at, _) in list(self._packed.items()):
            detector_id, _, number = slot.rpartition(".")
            kind = self._kinds.by_id.get(detector_id)
            if due_at is not None and due_at <= now and kind is not None:
                self.copy_of(kind, int(number))
        yield from list(self._awake.values())

    def due_at(self) -> datetime | None:
        """Return when time alone may next change something."""
        asleep = [due_at for slot, (due_at, _) in self._packed.items() if due_at and slot not in self._awake]
        awake = [due_at for one in self._awake.values() if (due_at := one.due_at())]
        return min((*asleep, *awake), default=None)

    def packed(self) -> bytes:
        """Return the memory as it is kept. Kinds that are no more are left out."""
        for slot, awake in self._awake.items():
            fields = _encode(awake)
            if len(fields) > MEMORY_MAX_B:
                log.warning("diagnostics.memory_full", detector=slot, size_b=len(fields))
                fields = _encode(type(awake)(evse_number=awake.evse_number, raised=awake.raised))
            self._packed[slot] = awake.due_at(), msgspec.Raw(fields)
        return _encode(
            {slot: kept for slot, kept in self._packed.items() if slot.rpartition(".")[0] in self._kinds.by_id}
        )

    def _unpacked(self, kind: type[Detector], detector_id: str, packed: msgspec.Raw) -> Detector | None:
        try:
            return self._kinds.decoded(detector_id, packed)
        except msgspec.MsgspecError as error:
            log.warning("diagnostics.memory_unreadable", detector=kind.ABOUT.id, error=repr(error))
            return None


def outlets(kind: type[Detector], evse_number: int, known: frozenset[int]) -> tuple[int, ...]:
    """Return which copies of `kind` hear what concerns `evse_number`, 0 being the whole station and all its outlets."""
    if kind.ABOUT.scope is Scope.STATION:
        return (STATION,)
    if evse_number:
        return (evse_number,)
    return tuple(sorted(known))
