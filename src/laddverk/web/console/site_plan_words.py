"""What the console says of plans: how one was made, and why a car waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from laddverk.energy.planning_ahead.model import Wait, Waits, WhyCapped
from laddverk.platform.formats import number
from laddverk.platform.languages import gettext_for, marked

CAPPED: Final = {
    WhyCapped.FORECASTS_POOR: marked(
        "The cap rule, for nobody knows well enough when the cars leave. Ask drivers to say it."
    ),
    WhyCapped.TOO_LATE: marked("The cap rule, for no better plan was found in time."),
    WhyCapped.NO_ANSWER: marked("The cap rule, for what is known of the site contradicts itself."),
    WhyCapped.NO_PRICES: marked("The cap rule, for no prices are known of this zone."),
    WhyCapped.PRICES_STALE: marked("The cap rule, for the price of now is not known: the source of prices is silent."),
}
"""Why there is no plan of the solver."""

WAITS: Final = {
    Waits.CHEAPER: marked("it costs %(saved)s less for each kWh then"),
    Waits.PEAK: marked("now it would raise the month's peak: %(saved)s for each kWh"),
    Waits.FULL: marked("%(circuit)s is full"),
    Waits.SUN: marked("the site's own sun is expected"),
}


def wait(found: Wait, circuits: Mapping[str, str], currency: str, language: str) -> str:
    """Return why a car waits. `circuits` has the names by the circuits' ids as text."""
    saved = f"{number(found.cheaper_by, 2, language)} {currency}"
    return gettext_for(language)(WAITS[found.why]) % {"saved": saved, "circuit": circuits.get(found.feeder, "–")}
