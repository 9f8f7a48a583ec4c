"""What people call the states, reasons and periods of uptime. English, marked; translated where it is shown."""

from __future__ import annotations

from typing import Final

from laddverk.diagnostics.uptime.hours import Length
from laddverk.diagnostics.uptime.model import State
from laddverk.platform.languages import marked

STATES: Final[dict[State, tuple[str, str]]] = {
    State.UP_IDLE: ("free", marked("Free")),
    State.UP_USE: ("energy", marked("In use")),
    State.DEGRADED: ("wait", marked("Worse than promised")),
    State.DOWN_FAULT: ("broken", marked("Fault")),
    State.DOWN_ORDERED: ("off", marked("Taken out of order")),
    State.UNKNOWN: ("off", marked("No contact")),
    State.SILENT: ("broken", marked("Did not charge")),
    State.PLANNED: ("info", marked("Maintenance")),
    State.CLOSED: ("plain", marked("Closed")),
}

WHYS: Final = {
    "unavailable": marked("it shut itself"),
    "proven": marked("a session proves that it worked"),
    "power": marked("less power"),
    "payment": marked("payment did not work"),
    "connector": marked("one of its connectors"),
    "nothing": marked("it said nothing"),
}

REASONS: Final = {
    "utility": marked("Power cut"),
    "vehicle": marked("Caused by a vehicle"),
    "maintenance": marked("Planned maintenance"),
    "vandalism": marked("Vandalism"),
    "disaster": marked("Natural disaster"),
    "site_host": marked("The site was not accessible"),
    "other": marked("Other"),
}

DECISIONS: Final = {
    "proposed": ("wait", marked("Waits for a second person")),
    "approved": ("done", marked("Approved")),
    "refused": ("off", marked("Refused")),
    "withdrawn": ("off", marked("Withdrawn")),
}

LENGTHS: Final = {
    Length.MONTH: marked("Month"),
    Length.QUARTER: marked("Quarter"),
    Length.YEAR: marked("Year"),
}

WEEKDAYS: Final = {
    1: marked("Monday"),
    2: marked("Tuesday"),
    3: marked("Wednesday"),
    4: marked("Thursday"),
    5: marked("Friday"),
    6: marked("Saturday"),
    7: marked("Sunday"),
}
