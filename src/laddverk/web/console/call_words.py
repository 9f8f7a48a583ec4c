"""Calls in words: how they ended, where a caller is, and whether somebody of ours takes calls."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import marked
from laddverk.web.console.words import Words

ENDED: Final[Words] = {
    "talked": ("done", marked("Spoke with us")),
    "menu": ("plain", marked("Helped by the menu")),
    "missed": ("broken", marked("Missed")),
    "call_back": ("wait", marked("To be called back")),
    "not_dialled": ("broken", marked("Did not ring")),
}
HOW: Final = {
    "talked": marked("Spoke with us"),
    "menu": marked("Helped by the menu"),
    "missed": marked("Missed"),
    "call_back": marked("To be called back"),
    "out": marked("We called"),
}
"""What the log is narrowed by."""
PLACES: Final[Words] = {
    "queue": ("wait", marked("Waits in the queue")),
    "connected": ("info", marked("Speaks")),
    "consent": ("wait", marked("Waits in the queue")),
    "closed": ("wait", marked("Was told that nobody answers")),
    "message": ("info", marked("Leaves a message")),
}
IN_MENU: Final = ("info", marked("In the menu"))
PRESENCE: Final[Words] = {
    "ready": ("done", marked("Takes calls")),
    "pause": ("off", marked("Paused")),
    "wrap_up": ("info", marked("Writes down")),
}
TEXT_STATES: Final[Words] = {
    "in": ("info", marked("Came in")),
    "arrived": ("done", marked("Arrived")),
    "sent": ("plain", marked("Sent")),
    "waits": ("wait", marked("On its way")),
    "failed": ("broken", marked("Did not arrive")),
}
