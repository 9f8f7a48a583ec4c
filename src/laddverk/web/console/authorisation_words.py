"""What the console calls lists, reservations and what chargers remember."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import marked

Words = dict[str, tuple[str, str]]

SCOPES: Final = {
    "off": marked("No list"),
    "site": marked("Drivers who charged at the site within a year"),
    "all": marked("All tags that work"),
    "groups": marked("Tags of drivers in these groups"),
}
SHORT_SCOPES: Final = {
    "off": marked("No list"),
    "site": marked("Drivers of the site"),
    "all": marked("All tags"),
    "groups": marked("Groups"),
}
LIST_STATES: Final[Words] = {
    "waiting": ("wait", marked("Waits for the charger")),
    "sending": ("info", marked("Being sent")),
    "current": ("done", marked("Up to date")),
    "failed": ("broken", marked("Refused by the charger")),
    "unsupported": ("off", marked("The charger keeps no list")),
}
RESERVATION_STATES: Final[Words] = {
    "asked": ("wait", marked("Asked for")),
    "held": ("info", marked("Held")),
    "used": ("done", marked("Used")),
    "expired": ("off", marked("Expired")),
    "cancelled": ("off", marked("Cancelled")),
    "removed": ("broken", marked("Given up by the charger")),
    "refused": ("broken", marked("Refused")),
}
ANSWER_STATES: Final[Words] = {
    "asked": ("wait", marked("Waits for the charger")),
    "done": ("done", marked("Answered")),
    "refused": ("off", marked("Cannot or will not")),
    "unreachable": ("broken", marked("Not reached")),
    "cache_cleared": ("done", marked("Cache cleared")),
}
REQUEST_KINDS: Final = {"read": marked("What do chargers know?"), "erase": marked("Let chargers forget")}
RULES: Final = {
    "known": (
        marked("Let in tags that it knows"),
        marked("From its list or its memory."),
    ),
    "unknown": (
        marked("Let in tags that it does not know"),
        marked("Convenient, and anybody's tag works until contact is back."),
    ),
    "stop_invalid": (
        marked("Stop when a tag turns out not to work"),
        marked("Once contact is back."),
    ),
    "pre": (
        marked("Let in known tags at once, also with contact"),
        marked("Quicker at the charger; a block takes effect a moment later."),
    ),
    "list": (marked("Use the local list"), marked("Without it the list below is ignored.")),
    "cache": (marked("Remember tags that were shown"), marked("For the next time without contact.")),
}
"""What each setting does, and what comes with it."""
TOKEN_KINDS: Final = {
    "rfid": marked("Tag or card"),
    "emaid": marked("Plug & Charge contract"),
    "mac": marked("Car (Autocharge)"),
    "central": marked("Given by us"),
    "keycode": marked("Code for a keypad"),
}
