"""Which packs a charger is offered, and what of them it lacks. Pure; the packs themselves are data beside this."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from laddverk.diagnostics.model import Input

HERE: Final = Path(__file__).parent


class Rule(StrEnum):
    """How a wanted value stands to one that is there."""

    LIST = "list"
    """What is wanted is added to what is there."""
    AT_MOST = "at_most"
    """A shorter interval stays; 0 means never, and is too long."""


class PackValue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A setting of a pack: a key of 1.6 (component '') or a variable of 2.x."""

    component: str = ""
    variable: str
    kind: Rule
    value: str


class PackMonitor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A monitor of a pack, for every component of that name whose variable can be monitored."""

    component: str
    variable: str
    kind: str
    value: float
    severity: int


class Excepted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Chargers that a pack must not be applied to, by patterns in lower case, and why, by language."""

    vendor: str
    model: str = "*"
    why: dict[str, str]


class Pack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"excepted": "except"}):
    """What chargers of a kind should send."""

    key: str
    protocol: str
    """1.6 or 2.x."""
    current: str
    """ac, dc or any."""
    title: dict[str, str]
    gives: tuple[Input, ...]
    value: tuple[PackValue, ...] = ()
    monitor: tuple[PackMonitor, ...] = ()
    excepted: tuple[Excepted, ...] = ()


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    pack: tuple[Pack, ...]


class Watchable(Struct, frozen=True):
    """A variable that can be monitored, with its component as it is written (`Connector@1.1`)."""

    component: str
    variable: str


class Charger(Struct, frozen=True, kw_only=True):
    """What decides which packs a charger is offered."""

    vendor: str
    model: str
    protocol: str
    has_dc: bool
    present: Mapping[tuple[str, str], str]
    """Values that the charger told, by component and variable."""
    watchable: frozenset[Watchable] = frozenset()
    watched: frozenset[tuple[str, str, str]] = frozenset()
    """Monitors that it has: component, variable, kind."""
    never_send: tuple[str, ...] = ()
    """What its quirks forbid: actions, or `Action:word`."""


class Offer(Struct, frozen=True, kw_only=True):
    """A pack and what of it the charger lacks. With `why_not` it must not be applied."""

    pack: Pack
    values: tuple[PackValue, ...]
    """As they are to be written."""
    monitors: tuple[PackMonitor, ...]
    why_not: dict[str, str] | None = None

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to do."""
        return not self.values and not self.monitors


FORBIDDEN: Final = {
    "en": "What is known of this model forbids it.",
    "sv": "Det som är känt om modellen förbjuder det.",
}


@cache
def packs() -> tuple[Pack, ...]:
    """Return the packs that come with Laddverk."""
    files = sorted(HERE.glob("*.toml"))
    return tuple(pack for path in files for pack in msgspec.convert(tomllib.loads(path.read_text()), _File).pack)


def offers(charger: Charger, among: Sequence[Pack] | None = None) -> list[Offer]:
    """Return the packs that are meant for `charger`, with what it lacks."""
    return [offer(pack, charger) for pack in (packs() if among is None else among) if _is_meant(pack, charger)]


def _is_meant(pack: Pack, charger: Charger) -> bool:
    speaks = "1.6" if charger.protocol == "ocpp1.6" else "2.x"
    current = "dc" if charger.has_dc else "ac"
    return pack.protocol == speaks and pack.current in ("any", current)


def offer(pack: Pack, charger: Charger) -> Offer:
    """Return what `charger` lacks of `pack`. A setting that it does not know is left out, once it has told its own."""
    values = tuple(changed for value in pack.value if (changed := _changed(value, charger)) is not None)
    return Offer(
        pack=pack,
        values=values,
        monitors=tuple(_monitors(pack.monitor, charger)),
        why_not=_why_not(pack, values, charger),
    )


def _changed(wanted: PackValue, charger: Charger) -> PackValue | None:
    present = charger.present.get((wanted.component, wanted.variable))
    if present is None:
        return None if charger.present else wanted
    if wanted.kind is Rule.AT_MOST:
        number = present.strip()
        keeps = number.isdigit() and 0 < int(number[:9]) <= int(wanted.value)
        return None if keeps else wanted
    has = [item.strip() for item in present.split(",") if item.strip()]
    missing = [item for item in wanted.value.split(",") if item not in has]
    return msgspec.structs.replace(wanted, value=",".join([*has, *missing])) if missing else None


def _monitors(wanted: Iterable[PackMonitor], charger: Charger) -> Iterable[PackMonitor]:
    for monitor in wanted:
        for variable in sorted(charger.watchable, key=lambda one: (one.component, one.variable)):
            name = variable.component.partition("@")[0].partition("[")[0]
            if (name, variable.variable) != (monitor.component, monitor.variable):
                continue
            if (variable.component, variable.variable, monitor.kind) not in charger.watched:
                yield msgspec.structs.replace(monitor, component=variable.component)


def _why_not(pack: Pack, values: Sequence[PackValue], charger: Charger) -> dict[str, str] | None:
    vendor, model = charger.vendor.lower(), charger.model.lower()
    for excepted in pack.excepted:
        if fnmatch(vendor, excepted.vendor) and fnmatch(model, excepted.model):
            return excepted.why
    action = "ChangeConfiguration" if pack.protocol == "1.6" else "SetVariables"
    forbidden = {action, "SetVariableMonitoring" if pack.monitor else action}
    forbidden |= {f"{action}:{value.variable}" for value in values}
    return FORBIDDEN if forbidden & set(charger.never_send) else None
