"""What people write in the forms of a site's circuits, as Structs; each field that cannot be is named."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, TypeVar

from laddverk.energy.circuits.hanging import Said
from laddverk.energy.circuits.model import (
    Circuit,
    CircuitId,
    CircuitKind,
    MeterId,
    PerPhase,
    Rotation,
    Source,
    SourceId,
    SourceKind,
    Window,
)
from laddverk.kernel.ids import new_id, shown
from laddverk.kernel.problems import Invalid
from laddverk.web.visit import named

NUMBER: Final = re.compile(r"\d{1,7}(\.\d{1,3})?")
CLOCK: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")
IN_TURN: Final = "turn"

E = TypeVar("E", bound=StrEnum)


def number(form: dict[str, str], field: str, default: float | None = None) -> float:
    """Return a number with a comma or a point; `default` where nothing was written. Raises `Invalid`."""
    text = "".join(form.get(field, "").replace("\u00a0", "").split()).replace(",", ".")
    if not text and default is not None:
        return default
    if not NUMBER.fullmatch(text):
        raise Invalid("Give a number, such as 10 or 7,5.", field=field)
    return float(text)


def per_phase(form: dict[str, str], field: str, default: float | None = None) -> PerPhase:
    """Return amperes of L1, L2, L3; a phase that was left empty is as L1."""
    first = number(form, f"{field}_1", default)
    return first, number(form, f"{field}_2", first), number(form, f"{field}_3", first)


def chosen(kinds: type[E], form: dict[str, str], field: str) -> E:
    """Return what was chosen from a list. Raises `Invalid`."""
    try:
        return kinds(form.get(field, ""))
    except ValueError:
        raise Invalid("Choose from the list.", field=field) from None


def version_of(form: dict[str, str]) -> int | None:
    """Return the version that the person was looking at."""
    text = form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def circuit_of(form: dict[str, str], before: Circuit | None) -> Circuit:
    """Return the circuit that a form describes; hours and meter stay as they were."""
    parent = form.get("parent", "")
    limit_a = per_phase(form, "limit")
    return Circuit(
        id=before.id if before else CircuitId(new_id()),
        name=form.get("name", ""),
        kind=chosen(CircuitKind, form, "kind"),
        limit_a=limit_a,
        parent_id=CircuitId(named("cir", parent)) if parent else None,
        margin_a=number(form, "margin", 0.0),
        meter_id=before.meter_id if before else None,
        unmetered_a=per_phase(form, "unmetered", 0.0),
        windows=before.windows if before else (),
        note=form.get("note", ""),
    )


def values_of(circuit: Circuit) -> dict[str, str]:
    """Return a circuit as its form shows it."""
    values = {
        "name": circuit.name,
        "kind": circuit.kind.value,
        "parent": shown("cir", circuit.parent_id) if circuit.parent_id else "",
        "margin": typed(circuit.margin_a) if circuit.margin_a else "",
        "note": circuit.note,
    }
    for place in range(3):
        if place == 0 or circuit.limit_a[place] != circuit.limit_a[0]:
            values[f"limit_{place + 1}"] = typed(circuit.limit_a[place])
        if any(circuit.unmetered_a):
            values[f"unmetered_{place + 1}"] = typed(circuit.unmetered_a[place])
    return values


def typed(value: float) -> str:
    """Return a number as it is typed: `7,5`. `number` reads it."""
    return f"{value:g}".replace(".", ",")


def window_of(form: dict[str, str], days: list[str]) -> Window:
    """Return the hours with a lower limit that a form describes."""
    return Window(
        limit_a=per_phase(form, "window_limit"),
        days=tuple(sorted({int(day) for day in days if day in set("1234567")})),
        starts_minute=_minute(form, "starts"),
        ends_minute=_minute(form, "ends") or 24 * 60,
        note=form.get("window_note", "")[:200],
    )


def _minute(form: dict[str, str], field: str) -> int:
    found = CLOCK.fullmatch(form.get(field, ""))
    minute = int(found[1]) * 60 + int(found[2]) if found else -1
    if not 0 <= minute <= 24 * 60:
        raise Invalid("This is no time of day.", field=field, remedy="Write it like 17:00.")
    return minute


def clock(minute: int) -> str:
    """Return minutes after midnight as a time of day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def said_of(form: dict[str, str]) -> Said:
    """Return what a form says of outlets that are hung up together; what was left empty stays as it is."""
    rotation, known, phases = form.get("rotation", ""), form.get("known", ""), form.get("phases", "")
    return Said(
        circuit_id=CircuitId(named("cir", form.get("circuit", ""))),
        phases=int(phases) if phases in ("1", "3") else None,
        rotation=Rotation(rotation) if rotation in {each.value for each in Rotation} else None,
        in_turn=rotation == IN_TURN,
        is_rotation_known={"yes": True, "no": False}.get(known),
        current_max_a=number(form, "current_max") if form.get("current_max") else None,
        power_max_w=number(form, "power_max") * 1000 if form.get("power_max") else None,
        rank=int(number(form, "rank")) if form.get("rank") else None,
        reserved_a=number(form, "reserved") if form.get("reserved") else None,
        weight=number(form, "weight") if form.get("weight") else None,
    )


def source_of(form: dict[str, str]) -> Source:
    """Return what feeds the site besides the grid, as a form describes it."""
    source, meter = form.get("source", ""), form.get("source_meter", "")
    return Source(
        id=SourceId(named("src", source) if source else new_id()),
        name=form.get("source_name", ""),
        kind=chosen(SourceKind, form, "source_kind"),
        circuit_id=CircuitId(named("cir", form.get("source_circuit", ""))),
        power_max_w=number(form, "power") * 1000,
        energy_wh=number(form, "energy", 0.0) * 1000,
        meter_id=MeterId(named("mtr", meter)) if meter else None,
    )


def values_of_source(source: Source) -> dict[str, str]:
    """Return a source as its form shows it."""
    return {
        "source": shown("src", source.id),
        "source_name": source.name,
        "source_kind": source.kind.value,
        "source_circuit": shown("cir", source.circuit_id),
        "source_meter": shown("mtr", source.meter_id) if source.meter_id else "",
        "power": typed(source.power_max_w / 1000),
        "energy": typed(source.energy_wh / 1000) if source.energy_wh else "",
    }
