"""What a station lets us see: which inputs came, from which outlet, and when last. Silence is not health. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from laddverk.diagnostics.detectors.base import Detector, Scene, Scope
from laddverk.diagnostics.model import STATION, Input
from laddverk.diagnostics.observations import (
    Beat,
    DriftSeen,
    EventSeen,
    LinkClosed,
    LinkOpened,
    Metered,
    Observation,
    OutcomeSeen,
    Restarted,
    SecuritySeen,
    SessionBegan,
    SessionOver,
    StateSeen,
    TokenSeen,
)

Observable = dict[str, dict[str, datetime]]
"""By EVSE number (as text, "0" the station) and input: when it came last."""

INPUTS: Final = frozenset(kind.value for kind in Input)
STEP: Final = timedelta(hours=1)  # what came is written down again when it is this much newer, not with each message
SEEN_WITHIN: Final = timedelta(days=30)  # what did not come for so long is not observable any more

KINDS: Final[Mapping[type, tuple[Input, ...]]] = {
    LinkOpened: (Input.LINK,),
    LinkClosed: (Input.LINK,),
    Beat: (Input.HEARTBEAT,),
    Restarted: (Input.BOOT,),
    StateSeen: (Input.STATUS,),
    EventSeen: (Input.EVENTS,),
    TokenSeen: (Input.TOKENS,),
    SessionBegan: (Input.SESSIONS,),
    SessionOver: (Input.SESSIONS,),
    OutcomeSeen: (Input.SESSIONS,),
    SecuritySeen: (Input.SECURITY,),
    DriftSeen: (Input.VARIABLES,),
}
"""What each observation proves by itself; readings prove what is in them."""

READINGS: Final = (
    ("power_w", Input.POWER),
    ("current_a", Input.CURRENT),
    ("voltage_v", Input.VOLTAGE),
    ("offered_a", Input.OFFERED),
    ("temperature_c", Input.TEMPERATURE),
    ("cabinet_c", Input.TEMPERATURE),
    ("soc_percent", Input.SOC),
)


def inputs_of(seen: Observation) -> Iterator[Input]:
    """Yield what `seen` proves that the station sends."""
    yield from KINDS.get(type(seen), ())
    if isinstance(seen, Metered):
        if seen.energy_wh is not None:
            yield Input.ENERGY if seen.session_key else Input.IDLE_ENERGY
        for name, kind in READINGS:
            if getattr(seen, name) is not None:
                yield kind
    elif isinstance(seen, EventSeen) or (isinstance(seen, StateSeen) and (seen.error_code or seen.vendor_error_code)):
        yield Input.ERROR_CODES


def noted(observable: Observable, seen: Iterable[Observation], evses_max: int) -> bool:
    """Write down in `observable` what came; return whether it is to be kept."""
    changed = False
    for each in seen:
        number = getattr(each, "evse_number", None) or STATION
        if number > evses_max:
            continue
        for kind in inputs_of(each):
            at = observable.setdefault(str(number), {})
            last = at.get(kind)
            if last is None or each.received_at - last >= STEP:
                at[kind] = each.received_at
                changed = True
    return changed


class Coverage(Struct, frozen=True, kw_only=True):
    """What a detector can see at one outlet, or of the station."""

    detector: str
    evse_number: int
    missing: tuple[Input, ...] = ()
    """What it needs and does not get. Without these it sees nothing."""
    blurred: tuple[Input, ...] = ()
    """What it would see better with."""

    @property
    def observable(self) -> bool:
        """Whether it sees anything."""
        return not self.missing


ALWAYS: Final = frozenset({Input.ERROR_CODES})
"""What needs not have come to be seen: a station that tells its state tells its faults with it."""


def coverage(
    kinds: Iterable[type[Detector]], observable: Observable, scene: Scene, now: datetime
) -> tuple[Coverage, ...]:
    """Return what each detector can see at each outlet; one row for those that watch the whole station."""
    numbers = sorted(set(scene.evses) | {int(number) for number in observable if number != str(STATION)})
    station = _fresh(observable, STATION, now)
    everywhere = station.union(*(_fresh(observable, number, now) for number in numbers))
    rows: list[Coverage] = []
    for kind in kinds:
        about = kind.ABOUT
        places = numbers if about.scope is Scope.EVSE else [STATION]
        for number in places:
            has = (_fresh(observable, number, now) | station) if number else everywhere
            if Input.STATUS in has:
                has |= ALWAYS
            rows.append(
                Coverage(
                    detector=about.id,
                    evse_number=number,
                    missing=tuple(need for need in about.needs if need not in has),
                    blurred=tuple(need for need in about.better_with if need not in has),
                )
            )
    return tuple(rows)


def covered_percent(rows: Iterable[Coverage]) -> int | None:
    """Return how much of what could be watched is seen, in percent; None when there is nothing to watch."""
    every = list(rows)
    return round(100 * sum(row.observable for row in every) / len(every)) if every else None


def _fresh(observable: Observable, number: int, now: datetime) -> set[Input]:
    came = observable.get(str(number), {})
    return {Input(kind) for kind, at in came.items() if now - at <= SEEN_WITHIN and kind in INPUTS}
