"""What the console says of plans: how one was made, and why a car waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from laddverk.energy.planning_ahead.days import Lack, Way
from laddverk.energy.planning_ahead.model import Basis, Wait, Waits, WhyCapped
from laddverk.energy.planning_ahead.splitting import Because
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

TARIFFS: Final = (
    marked("Five peaks (as Tekniska verken)"),
    marked("One peak, high price in winter (as BTEA)"),
    marked("Subscribed power with overrun fee (above 200 A)"),
    marked("Three peaks, half at night (as Ellevio)"),
    marked("Weekdays 07–19, dearer in winter (as SEOM)"),
    marked("High load in winter Mon–Fri 06–20 (as Karlskoga)"),
)
"""Names of the example tariffs; one of an operator's own stays as it was written."""
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


BASES: Final = {
    Basis.MEASURED: marked("measured"),
    Basis.GUESSED: marked("guessed"),
    Basis.IN_THE_METER: marked("in what the meter of the site shows"),
    Basis.UNKNOWN: marked("not known"),
}
"""What a forecast of load or sun is made of."""

REASONS: Final = {
    Because.FORECAST: marked("Cars not known beforehand"),
    Because.SAFETY: marked("Safety"),
    Because.PRICE: marked("Prices not known yet"),
}
"""What kept a day from the best."""

LACKS: Final = {
    Lack.NO_PRICES: marked("No prices are known: nothing can be said of money."),
    Lack.SOME_PRICES: marked("Some prices are those of a day before."),
    Lack.LOAD_NOT_MEASURED: marked("Other load was not measured: estimates stand for it."),
    Lack.SOME_READINGS: marked("Some charges gave no readings: their energy is spread evenly."),
    Lack.NO_BEST: marked("No best was found in time."),
    Lack.NOT_PLANNED: marked("There was no plan that day."),
    Lack.STAYED_LONG: marked("Cars that stayed for more than two days are left out."),
}
"""What was not known of a day or a month."""

WAYS: Final = {
    Way.AS_IT_WAS: marked("As it was"),
    Way.AT_ONCE: marked("All at once"),
    Way.FAIR_SHARE: marked("Shared equally"),
}
"""How a month could have been charged."""
