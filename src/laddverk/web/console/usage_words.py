"""Words and orders of the pages of usage: figures, groups, periods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from laddverk.planning.usage import figures, telling
from laddverk.planning.usage.reading import By, Line
from laddverk.platform.languages import marked

FORMULAS: Final = figures.FORMULAS
"""The name and the formula of each figure."""
GROUPS: Final = {
    By.SITE: marked("Site"),
    By.MODEL: marked("Model"),
    By.PLUG: marked("Connector"),
    By.OUTLET: marked("Outlet"),
    By.HOUR: marked("Hour of day"),
    By.WEEKDAY: marked("Weekday"),
    By.MONTH: marked("Month"),
    By.SEASON: marked("Season"),
}
SEASONS: Final = {
    "winter": marked("Winter"), "spring": marked("Spring"), "summer": marked("Summer"), "autumn": marked("Autumn"),
}  # fmt: skip
PRESETS: Final = ((28, marked("4 weeks")), (91, marked("3 months")), (365, marked("12 months")))
"""Days back from today, and their words."""

UTILISATION: Final = (
    "time_utilisation", "able_utilisation", "charging_utilisation", "energy_utilisation", "charging_power_w",
)  # fmt: skip
SESSIONS: Final = (
    "sessions_per_port_day", "energy_per_port_day_wh", "stay_s", "session_wh", "idle_share", "turnover_per_h",
    "empty_share",
)  # fmt: skip
ROOM: Final = (
    "peak_w", "coincidence", "taken_max", "full_s", "full_share", "waits", "attempts", "failed_starts", "retries",
    "given_up", "unseen",
)  # fmt: skip
MONEY: Final = ("revenue_minor", "revenue_per_kwh_minor", "revenue_per_port_day_minor", "margin_minor")
COMPARED: Final = (
    "began", "energy_wh", "revenue_minor", "margin_minor", "full_s", "peak_w", "coincidence", "unseen", *UTILISATION,
    *SESSIONS, "revenue_per_kwh_minor", "revenue_per_port_day_minor", "attempts", "failed_starts", "given_up",
)  # fmt: skip

SHARES: Final = frozenset(
    {"time_utilisation", "able_utilisation", "charging_utilisation", "energy_utilisation", "idle_share", "empty_share",
     "coincidence", "taken_max", "full_share"}
)  # fmt: skip
COUNTS: Final = frozenset({"began", "waits", "attempts", "failed_starts", "retries", "given_up", "unseen"})

COLUMNS: Final = (
    ("time", "time_utilisation", marked("Time utilisation")),
    ("charging", "charging_utilisation", marked("Charging")),
    ("rated", "energy_utilisation", marked("Of rated energy")),
    ("began", "began", marked("Sessions")),
    ("sessions", "sessions_per_port_day", marked("Sessions per outlet and day")),
    ("turnover", "turnover_per_h", marked("Turnover")),
    ("stay", "stay_s", marked("Mean stay")),
    ("idle", "idle_share", marked("Idle")),
    ("energy", "energy_wh", marked("Energy")),
    ("revenue", "revenue_minor", marked("Revenue")),
    ("margin", "margin_minor", marked("Margin")),
)
"""The columns of groups: how they are sorted by, the figure, the heading."""


def sort_key(sort: str) -> Callable[[Line], float] | None:
    """Return what lines are sorted by, or None where that is no column of theirs."""
    name = next((figure for key, figure, _ in COLUMNS if key == sort), None)
    return None if name is None else lambda line: telling.of_group(line)[name] or 0.0


def in_unit(name: str, value: float | None, currency: str) -> tuple[float | None, str]:
    """Return a figure as a spreadsheet wants it, and its unit: '' for shares of one and for counts."""
    units = {"minor": (100, currency), "wh": (1_000, "kWh"), "w": (1_000, "kW"), "s": (3_600, "h"), "h": (1, "1/h")}
    factor, unit = units.get(name.rpartition("_")[2], (1, ""))
    return None if value is None else round(value / factor, 4), unit
