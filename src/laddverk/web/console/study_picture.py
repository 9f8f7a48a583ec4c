"""Curves of a study, drawn by the server: refusals by outlets, energy by fuse, each with its band. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from laddverk.planning.expanding.model import Kind, Study
from laddverk.planning.expanding.weighing import Answer, Band, Weighed

WIDTH: Final = 100.0
HEIGHT: Final = 40.0
POINTS_MIN: Final = 2
OUTLETS: Final = "outlets"
FUSE: Final = "fuse"


class Curve(Struct, frozen=True, kw_only=True):
    """A line with its band in a box of 100 x 40, and the numbers along its foot."""

    key: str
    line: str
    band: str
    top: float
    """The share at the upper edge."""
    bottom: float
    marks: tuple[float, ...]
    """Outlets or amperes at each point."""
    values: tuple[float, ...]
    """The middle share at each point."""


def curves(study: Study, said: Answer) -> list[Curve]:
    """Return the curves that have two points or more: refusals by outlets, energy delivered by fuse."""
    if said.as_is is None:
        return []
    points = [said.as_is, *said.options, *said.references]
    ports = len(study.ground.ports)
    of_ports = {
        ports + one.option.change.ports: one.service.blocked
        for one in points
        if one.option.kind in (Kind.AS_IS, Kind.PORTS) or _only_ports(one)
    }
    of_fuse = {
        one.option.change.fuse_a or study.ground.fuse_a: one.service.delivered
        for one in points
        if one.option.kind in (Kind.AS_IS, Kind.FUSE, Kind.CONNECTION) or _only_fuse(one)
    }
    found = [_curve(OUTLETS, sorted(of_ports.items()), from_zero=True)]
    if study.ground.fuse_a > 0:
        found.append(_curve(FUSE, sorted(of_fuse.items()), from_zero=False))
    return [one for one in found if one is not None]


def _only_ports(one: Weighed) -> bool:
    return one.option.kind is Kind.REFERENCE and one.option.change.ports != 0


def _only_fuse(one: Weighed) -> bool:
    return one.option.kind is Kind.REFERENCE and one.option.change.fuse_a > 0


def _curve(key: str, points: Sequence[tuple[float, Band]], *, from_zero: bool) -> Curve | None:
    if len(points) < POINTS_MIN:
        return None
    first, last = points[0][0], points[-1][0]
    top = max(max(band.high for _, band in points), 0.01)
    bottom = 0.0 if from_zero else min(band.low for _, band in points) * 0.98
    top = top if from_zero else min(1.0, max(top, bottom + 0.01))

    def x(at: float) -> float:
        return round((at - first) / (last - first) * WIDTH, 2)

    def y(share: float) -> float:
        return round(HEIGHT - (share - bottom) / (top - bottom) * (HEIGHT - 1), 2)

    up = [f"{x(at)},{y(band.high)}" for at, band in points]
    down = [f"{x(at)},{y(band.low)}" for at, band in reversed(points)]
    return Curve(
        key=key, line=" ".join(f"{x(at)},{y(band.middle)}" for at, band in points), band=" ".join(up + down), top=top,
        bottom=bottom, marks=tuple(at for at, _ in points), values=tuple(band.middle for _, band in points),
    )  # fmt: skip
