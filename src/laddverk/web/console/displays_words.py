"""What the console calls things about displays: priorities, states, what is lost of a tariff, settlements, swaps."""

from __future__ import annotations

from typing import Final

from laddverk.displays.model import Lost
from laddverk.platform.languages import marked

Words = dict[str, tuple[str, str]]

PRIORITIES: Final = {
    "NormalCycle": marked("in turn with others"),
    "InFront": marked("before the others"),
    "AlwaysFront": marked("always in front"),
}
STATES: Final = {
    "Idle": marked("when nobody charges"),
    "Charging": marked("while a car charges"),
    "Faulted": marked("when it is out of order"),
    "Unavailable": marked("when it is closed"),
    "Suspended": marked("while charging is paused"),
    "Discharging": marked("while a car feeds back"),
}
LOST: Final = {
    Lost.IDLE_CAP: marked("A charger cannot cap what idle time costs."),
    Lost.INEXACT: marked("A price would change on its way to the charger."),
    Lost.EMPTY: marked("The tariff has no prices."),
    Lost.TOO_MANY: marked("The tariff has more prices than a charger holds."),
    Lost.PAUSES: marked(
        "The charger counts pauses in mid-charge as idle time. Its price may differ a little; what is billed is ours."
    ),
    Lost.TAX_WITHIN: marked("Prices are told with VAT, for without it they have no end of digits."),
}
SETTLEMENTS: Final[Words] = {
    "Settled": ("done", marked("Taken")),
    "Canceled": ("off", marked("Cancelled")),
    "Rejected": ("broken", marked("Refused")),
    "Failed": ("broken", marked("Failed")),
}
SWAPS: Final[Words] = {
    "BatteryIn": ("info", marked("Battery put in")),
    "BatteryOut": ("done", marked("Battery taken out")),
    "BatteryOutTimeout": ("wait", marked("Battery not taken in time")),
}
LANGUAGES: Final = {"sv": marked("Swedish"), "en": marked("English"), "": marked("no language given")}
