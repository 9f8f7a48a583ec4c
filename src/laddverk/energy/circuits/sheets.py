"""A tree as lines of a spreadsheet, and back: circuits by name, outlets by the identity of their charger. Pure."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from enum import StrEnum
from io import StringIO
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from laddverk.energy.circuits import rules
from laddverk.energy.circuits.hanging import registered
from laddverk.energy.circuits.loads import Key
from laddverk.energy.circuits.model import (
    Circuit,
    CircuitId,
    CircuitKind,
    PerPhase,
    Place,
    Rotation,
    Source,
    SourceId,
    SourceKind,
    Tree,
)
from laddverk.energy.circuits.queries import OutletRow
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid, Problem, TooMany

HEADING: Final = (
    "what", "name", "on", "kind", "l1_a", "l2_a", "l3_a", "kept_free_a", "other_l1_a", "other_l2_a", "other_l3_a",
    "charger", "outlet", "phases", "rotation", "checked", "at_most_a", "power_kw", "priority", "reserved_a",
    "energy_kwh", "note", "share",
)  # fmt: skip
LINES_MAX: Final = 2_500  # more than the largest tree has
BYTES_MAX: Final = 1_000_000
Cell = str | int | float
E = TypeVar("E", bound=StrEnum)
Row = Mapping[str, str]


def lines(tree: Tree, identities: Mapping[Key, str]) -> list[tuple[Cell, ...]]:
    """Return a tree as lines under `HEADING`; hours with a lower limit and meters are not in them."""
    names = {circuit.id: circuit.name for circuit in tree.circuits}
    made: list[dict[str, Cell]] = [
        {
            "what": "circuit", "name": one.name, "on": names[one.parent_id] if one.parent_id else "", "kind": one.kind,
            "kept_free_a": one.margin_a or "", "note": one.note, **_spread("l%d_a", one.limit_a),
            **(_spread("other_l%d_a", one.unmetered_a) if any(one.unmetered_a) else {}),
        }
        for one in tree.circuits
    ]  # fmt: skip
    made += [
        {
            "what": "outlet", "on": names[one.circuit_id], "charger": identities.get(one.key, ""),
            "outlet": one.evse_number, "phases": one.phases, "rotation": one.rotation,
            "checked": "yes" if one.is_rotation_known else "no", "at_most_a": one.current_max_a,
            "power_kw": one.power_max_w / 1000 or "", "priority": one.rank or "", "reserved_a": one.reserved_a or "",
            "share": one.weight if one.weight != 1 else "",
        }
        for one in tree.places
    ]  # fmt: skip
    made += [
        {
            "what": "source", "name": one.name, "on": names[one.circuit_id], "kind": one.kind,
            "power_kw": one.power_max_w / 1000, "energy_kwh": one.energy_wh / 1000 or "",
        }
        for one in tree.sources
    ]  # fmt: skip
    return [tuple(line.get(name, "") for name in HEADING) for line in made]


def _spread(name: str, limit_a: PerPhase) -> dict[str, Cell]:
    return {name % (place + 1): amperes for place, amperes in enumerate(limit_a)}


def read(content: bytes, before: Tree, outlets: Sequence[OutletRow]) -> Tree:
    """Return the tree that a file describes; circuits of the same name stay the same circuits.

    Raises `Invalid` (field file) that names the line, `TooMany`.
    """
    rows = _rows(content)
    reader = _Reader(before, outlets)
    for number, row in enumerate(rows, start=2):
        try:
            reader.take(row)
        except Problem as problem:
            params: dict[str, Any] = problem.params | {"line": number}
            raise Invalid(problem.message, field="file", remedy="Look at line %(line)s.", **params) from None
    return rules.checked(reader.tree())


def _rows(content: bytes) -> list[Row]:
    if len(content) > BYTES_MAX:
        raise TooMany("The file is larger than 1 MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("The file is not UTF-8.", field="file", remedy="Save it as CSV in UTF-8.") from None
    first = text.split("\n", 1)[0]
    found = list(csv.DictReader(StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ","))
    if not found or not {"what", "on"} <= set(found[0]):
        raise Invalid(
            "The file has not the columns of an export.", field="file", remedy="Export the tree, and change that."
        )
    if len(found) > LINES_MAX:
        raise TooMany("The file has more than 2 500 lines.")
    if "\x00" in text:
        raise Invalid("The file holds characters that no text has.", field="file")
    return [{key: (value or "").strip().removeprefix("'") for key, value in row.items() if key} for row in found]


class _Reader:
    """Takes one line after the other; a circuit must stand above what hangs on it."""

    def __init__(self, before: Tree, outlets: Sequence[OutletRow]) -> None:
        self.before = before
        self.known = {circuit.name.casefold(): circuit for circuit in before.circuits}
        self.weights = {place.key: place.weight for place in before.places}
        self.outlets = {(row.identity, row.evse_number): row for row in outlets}
        self.circuits: dict[str, Circuit] = {}
        self.places: list[Place] = []
        self.sources: list[Source] = []

    def tree(self) -> Tree:
        """Return what was read."""
        return replace(
            self.before, circuits=tuple(self.circuits.values()), places=tuple(self.places), sources=tuple(self.sources)
        )

    def take(self, row: Row) -> None:
        """Take one line. Raises `Invalid`."""
        match row.get("what", ""):
            case "circuit":
                self._circuit(row)
            case "outlet":
                self._outlet(row)
            case "source":
                self._source(row)
            case _:
                raise Invalid("This is neither circuit, outlet nor source.")

    def _circuit(self, row: Row) -> None:
        name = row.get("name", "")
        was = self.known.get(name.casefold())
        if name.casefold() in self.circuits:
            raise Invalid("A circuit of this name stands above already.")
        self.circuits[name.casefold()] = Circuit(
            id=was.id if was else CircuitId(new_id()), name=name, kind=_chosen(CircuitKind, row, "kind"),
            limit_a=_per_phase(row, "l%d_a"), parent_id=self._on(row) if row.get("on") else None,
            margin_a=_number(row, "kept_free_a"), unmetered_a=_per_phase(row, "other_l%d_a"),
            meter_id=was.meter_id if was else None, windows=was.windows if was else (), note=row.get("note", ""),
        )  # fmt: skip

    def _on(self, row: Row) -> CircuitId:
        found = self.circuits.get(row.get("on", "").casefold())
        if found is None:
            raise Invalid("The circuit that this is on does not stand above.")
        return found.id

    def _outlet(self, row: Row) -> None:
        number = row.get("outlet", "1") or "1"
        found = self.outlets.get((row.get("charger", ""), int(number) if number.isascii() and number.isdigit() else 0))
        if found is None:
            raise Invalid("No such outlet stands at this site.")
        place = registered(found, self._on(row))
        phases = row.get("phases", "")
        if phases and phases not in ("0", "1", "3"):
            raise Invalid("The phases are 0 (DC), 1 or 3.")
        self.places.append(
            replace(
                place,
                phases=int(phases) if phases else place.phases,
                rotation=_chosen(Rotation, row, "rotation") if row.get("rotation") else place.rotation,
                is_rotation_known=row.get("checked", "").casefold() in ("yes", "ja", "1", "true"),
                current_max_a=_number(row, "at_most_a") or place.current_max_a,
                power_max_w=_number(row, "power_kw") * 1000 or place.power_max_w,
                rank=int(_number(row, "priority")),
                reserved_a=_number(row, "reserved_a"),
                weight=self._weight(row, place),
            )
        )

    def _weight(self, row: Row, place: Place) -> float:
        """Return an outlet's share: where a file is from before there was the column, it stays what it is."""
        if "share" not in row:
            return self.weights.get(place.key, place.weight)
        return _number(row, "share") if row["share"] else place.weight

    def _source(self, row: Row) -> None:
        name = row.get("name", "")
        was = next((one for one in self.before.sources if one.name == name), None)
        self.sources.append(
            Source(
                id=was.id if was else SourceId(new_id()), name=name, kind=_chosen(SourceKind, row, "kind"),
                circuit_id=self._on(row), power_max_w=_number(row, "power_kw") * 1000,
                energy_wh=_number(row, "energy_kwh") * 1000, meter_id=was.meter_id if was else None,
            )
        )  # fmt: skip


def _chosen(kinds: type[E], row: Row, field: str) -> E:
    try:
        return kinds(row.get(field, ""))
    except ValueError:
        raise Invalid("%(column)s is not one of the words of an export.", column=field) from None


def _per_phase(row: Row, name: str) -> PerPhase:
    return _number(row, name % 1), _number(row, name % 2), _number(row, name % 3)


def _number(row: Row, field: str) -> float:
    text = row.get(field, "").replace(" ", "").replace("\u00a0", "").replace(",", ".")
    try:
        return float(text) if text else 0.0
    except ValueError:
        raise Invalid("%(column)s is no number.", column=field) from None
