"""The single-line diagram of a site: no text or symbol lies on another. And names of example tariffs are translated."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Source, SourceId, SourceKind, Tree
from laddverk.energy.planning_ahead.capacity_files import examples
from laddverk.kernel.ids import SiteId, new_id
from laddverk.platform.languages import gettext_for
from laddverk.web.console import site_plan_words
from laddverk.web.console.load_lines import lines
from laddverk.web.console.load_picture import Picture, picture

NAME_ABOVE = 21.0  # from a circuit's line up to the top of its name
FUSE_BELOW = 22.0  # down to the end of the line about its fuse
SYMBOL = 9.0  # of a source or an outlet, up and down


def circuit(name: str, kind: CircuitKind, parent: Circuit | None = None) -> Circuit:
    return Circuit(
        id=CircuitId(new_id()),
        name=name,
        kind=kind,
        limit_a=(63.0, 63.0, 63.0),
        parent_id=parent.id if parent else None,
    )


def source(on: Circuit) -> Source:
    return Source(id=SourceId(new_id()), name="Taket", kind=SourceKind.SOLAR, circuit_id=on.id, power_max_w=9_000.0)


def drawn(tree: Tree) -> Picture:
    made = picture(tree, lines(tree, "Furulunden", [], {}, [], datetime(2026, 11, 20, tzinfo=UTC), ZoneInfo("UTC")))
    assert made is not None
    return made


def test_a_source_stands_clear_of_the_circuits_below_the_same_bar() -> None:
    grid = circuit("Servis", CircuitKind.GRID)
    boards = [circuit(f"Central {each}", CircuitKind.BOARD, grid) for each in "AB"]
    tree = Tree(site_id=SiteId(new_id()), circuits=(grid, *boards), sources=(source(grid), *map(source, boards)))
    made = drawn(tree)

    at_bar = {each.source.circuit_id: each.y for each in made.feeders}
    below = [cable.y for cable in made.cables if cable.line.circuit.parent_id]
    assert min(below) - NAME_ABOVE >= at_bar[grid.id] + SYMBOL
    assert all(second - NAME_ABOVE >= first + FUSE_BELOW for first, second in pairwise(sorted(below)))


def test_every_example_tariff_has_a_name_in_swedish() -> None:
    say = gettext_for("sv")

    assert {tariff.name for tariff in examples()} == set(site_plan_words.TARIFFS)
    assert all(say(name) != name for name in site_plan_words.TARIFFS)
