"""The tables of faults and nuisances as they stand in `docs/fault-modes.md`; run as a module, it writes them there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from laddverk.simulator.physics.modes import MODES, Mode, Shape
from laddverk.simulator.physics.nuisances import NUISANCES, Nuisance

PAGE: Final = Path(__file__).parents[4] / "docs" / "fault-modes.md"
BEGINS: Final = "<!-- written by laddverk.simulator.physics.described -->"
WITHIN: Final = {Shape.GRADUAL: "fails after", Shape.DOUBLE: "fails after"}


def tables() -> str:
    """Return both tables as Markdown."""
    faults = ["| fault | what happens | how | where | right causes | found in time |", "| --- " * 6 + "|"]
    faults += [_row(mode) for mode in MODES.values()]
    others = ["| nuisance | what happens | lasts | may be told as |", "| --- " * 4 + "|"]
    others += [_other(one) for one in NUISANCES.values()]
    return "\n".join(
        ["", f"## {len(MODES)} faults", "", *faults, "", f"## {len(NUISANCES)} nuisances", "", *others, ""]
    )


def _row(mode: Mode) -> str:
    causes = "; ".join(" or ".join(each) for each in mode.causes)
    where = "fast charger" if mode.power == "dc" else "AC"
    if mode.stations > 1:
        where += f", {mode.stations} of one {'firmware' if mode.by_firmware else 'site'}"
    within = f"{WITHIN.get(mode.shape, 'within')} {mode.days:g} days"
    return f"| `{mode.name}` | {mode.title} | {mode.shape.value} | {where} | {causes} | {within} |"


def _other(one: Nuisance) -> str:
    told = ", ".join(one.tellable) or "-"
    return f"| `{one.name}` | {one.title} | {_hours(one.lasts.total_seconds() / 3600)} | {told} |"


def _hours(hours: float) -> str:
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} h"


def written(page: str) -> str:
    """Return the page with the tables as they are now."""
    return page.split(BEGINS, maxsplit=1)[0] + BEGINS + "\n" + tables()


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
