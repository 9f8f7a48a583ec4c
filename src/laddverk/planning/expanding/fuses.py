"""What fuses cost a year: a file of the operator's grid, or the example that comes along."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

from laddverk.kernel.problems import Invalid


class Fees(Struct, frozen=True, kw_only=True):
    """Yearly fees by fuse, ascending, in minor units without VAT."""

    source: str
    steps: tuple[tuple[float, int], ...]

    def year_minor(self, fuse_a: float) -> int:
        """Return the fee for the smallest step that carries `fuse_a`; beyond the last it grows on as its last steps."""
        for step, fee in self.steps:
            if fuse_a <= step + 1e-9:
                return fee
        (low_a, low), (high_a, high) = self.steps[-2:]
        return round(high + (fuse_a - high_a) * (high - low) / (high_a - low_a))

    def above(self, fuse_a: float, count: int) -> list[float]:
        """Return the next steps above a fuse."""
        return [step for step, _ in self.steps if step > fuse_a + 1e-9][:count]

    def below(self, fuse_a: float) -> float | None:
        """Return the step below a fuse, or None."""
        return max((step for step, _ in self.steps if step < fuse_a - 1e-9), default=None)


def read(text: str) -> Fees:
    """Return the fees that a file of TOML says. Raises `Invalid`."""
    try:
        told = tomllib.loads(text)
        vat = 1 + int(told.get("vat_percent", 0)) / 100
        steps = sorted((float(step), round(float(fee) * 100 / vat)) for step, fee in told["year_kr"].items())
        source = str(told["source"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid("The fees of fuses cannot be read: %(why)s.", why=str(error)) from error
    if len(steps) < 2 or any(low[1] > high[1] for low, high in pairwise(steps)):
        raise Invalid("The fees of fuses need two steps or more, and a larger fuse costs no less.")
    return Fees(source=source, steps=tuple(steps))


def of(path: Path | None) -> Fees:
    """Return the fees of the operator's own file, or of the example that comes along. Raises `Invalid`."""
    if path is None:
        return read(files("laddverk.planning.expanding").joinpath("fuse_fees.toml").read_text("utf-8"))
    try:
        return read(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(
            "The fees of fuses cannot be read: %(why)s.", why=str(error), remedy="Look at LADDVERK_FUSE_FEES_FILE."
        ) from error
