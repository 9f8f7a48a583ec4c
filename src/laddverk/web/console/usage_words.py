"""Words and orders of the pages of usage: figures, groups, periods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from laddverk.planning.usage import figures
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
COMPARED: Final = (*UTILISATION, *SESSIONS, "revenue_per_kwh_minor", "revenue_per_port_day_minor")

SHARES: Final = frozenset(
    {"time_utilisation", "able_utilisation", "charging_utilisation", "energy_utilisation", "idle_share", "empty_share"}
)
ENERGIES: Final = frozenset({"energy_per_port_day_wh", "session_wh"})
MONEY: Final = frozenset({"revenue_per_kwh_minor", "revenue_per_port_day_minor"})

SORTS: Final[dict[str, Callable[[Line], float]]] = {
    "time": lambda one: one.figures.time_utilisation or 0.0,
    "charging": lambda one: one.figures.charging_utilisation or 0.0,
    "rated": lambda one: one.figures.energy_utilisation or 0.0,
    "sessions": lambda one: one.figures.sessions_per_port_day or 0.0,
    "stay": lambda one: one.figures.stay_s or 0.0,
    "idle": lambda one: one.figures.idle_share or 0.0,
    "energy": lambda one: one.figures.sums.energy_wh,
    "revenue": lambda one: one.figures.sums.revenue_minor,
}
