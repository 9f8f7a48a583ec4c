"""The single-line diagram of a site: where each symbol stands, from the grid on the left to the outlets. Pure.

Drawn as electricians draw it: a line for each cable, a rectangle with the line through it for a fuse, a thick bar for
a board, strokes across a line for its phases.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from laddverk.energy.circuits.model import Circuit, CircuitId, Source, Tree
from laddverk.web.console.load_lines import Hung, Line

COLUMN: Final = 200.0  # from one bar to the next
ROW: Final = 46.0  # of a circuit without anything below it: two lines of text
OUTLET_ROW: Final = 30.0  # an outlet's line of text
TOP: Final = 30.0  # above and below everything
LEFT: Final = 46.0  # the symbol of the grid
STUB: Final = 34.0  # from a bar to the symbol of an outlet
OUTLET_TEXT: Final = 310.0  # what the names of outlets and sources take at the right
OVERHANG: Final = 10.0  # of a bar beyond its outermost line


class Cable(Struct, frozen=True):
    """A circuit: the line that feeds it, from `x1` to its bar at `x2`, and the bar."""

    line: Line
    x1: float
    x2: float
    y: float
    bar_top: float
    bar_bottom: float
    strokes: int
    """How many phases it has."""


class Socket(Struct, frozen=True):
    """An outlet at the end of its line."""

    hung: Hung
    x1: float
    x2: float
    y: float


class Feeder(Struct, frozen=True):
    """A source where it is connected."""

    source: Source
    x1: float
    x2: float
    y: float


class Picture(Struct, frozen=True):
    """Everything, and how large the drawing is."""

    width: float
    height: float
    cables: tuple[Cable, ...]
    sockets: tuple[Socket, ...]
    feeders: tuple[Feeder, ...]


class _Drawing:
    """Places symbols from the top down."""

    def __init__(self, tree: Tree, lines: list[Line]) -> None:
        self.lines = {line.circuit.id: line for line in lines}
        self.children: dict[CircuitId | None, list[Circuit]] = {}
        for circuit in tree.circuits:
            self.children.setdefault(circuit.parent_id, []).append(circuit)
        self.sources: dict[CircuitId, list[Source]] = {}
        for source in tree.sources:
            self.sources.setdefault(source.circuit_id, []).append(source)
        self.y = TOP
        self.right = LEFT
        self.cables: list[Cable] = []
        self.sockets: list[Socket] = []
        self.feeders: list[Feeder] = []

    def draw(self, circuit: Circuit, x: float) -> float:
        """Place a circuit whose feeding line begins at `x`, and all below it; return the height of its line."""
        line, bar = self.lines[circuit.id], x + COLUMN
        sources, below = self.sources.get(circuit.id, []), self.children.get(circuit.id, [])
        # The circuit's own two lines of text need their height also where a single thing hangs on it.
        row = ROW if len(line.outlets) + len(sources) + len(below) == 1 else OUTLET_ROW
        heights: list[float] = []
        for hung in line.outlets:
            heights.append(self._next(row))
            self.sockets.append(Socket(hung, bar, bar + STUB, heights[-1]))
        for source in sources:
            heights.append(self._next(row))
            self.feeders.append(Feeder(source, bar, bar + STUB, heights[-1]))
        if heights and below:
            self.y += ROW - OUTLET_ROW
        heights += [self.draw(child, bar) for child in below]
        if not heights:
            heights = [self._next(ROW)]
        y = (heights[0] + heights[-1]) / 2
        self.right = max(self.right, bar + STUB)
        self.cables.append(
            Cable(line, x, bar, y, heights[0] - OVERHANG, heights[-1] + OVERHANG, sum(map(bool, circuit.limit_a)))
        )
        return y

    def _next(self, height: float) -> float:
        y = self.y + height / 2
        self.y += height
        return y


def picture(tree: Tree, lines: list[Line]) -> Picture | None:
    """Return where everything stands; None where there is no grid connection."""
    drawing = _Drawing(tree, lines)
    roots = drawing.children.get(None)
    if not roots:
        return None
    drawing.draw(roots[0], LEFT)
    return Picture(
        drawing.right + OUTLET_TEXT, drawing.y + TOP, tuple(drawing.cables), tuple(drawing.sockets),
        tuple(drawing.feeders),
    )  # fmt: skip
