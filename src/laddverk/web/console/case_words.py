"""Cases in words: states, channels, kinds, outcomes, and the lines of their timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from laddverk.platform import formats
from laddverk.platform.languages import gettext_for, marked
from laddverk.support.model import KINDS, Outcome, Priority
from laddverk.support.queries import EntryRow
from laddverk.web.console import agent_words, incident_words
from laddverk.web.console.words import PAYMENT_STATES, Words

STATES: Final[Words] = {
    "open": ("wait", marked("We are to act")),
    "waiting": ("info", marked("Waits")),
    "closed": ("done", marked("Case closed")),
}
WAITS: Final[Words] = {
    "driver": ("info", marked("Waits for the driver")),
    "incident": ("info", marked("Waits for a problem to be over")),
}
PRIORITIES: Final[Words] = {
    str(int(Priority.URGENT)): ("broken", marked("Urgent")),
    str(int(Priority.HIGH)): ("wait", marked("High")),
    str(int(Priority.NORMAL)): ("plain", marked("Normal")),
    str(int(Priority.LOW)): ("off", marked("Low")),
}
CHANNELS: Final = {
    "portal": marked("Help page"),
    "phone": marked("Phone"),
    "email": marked("E-mail"),
    "chat": marked("Chat"),
    "sms": marked("Text message"),
    "desk": marked("Noticed by us"),
    "api": marked("A program"),
}
OUTCOMES: Final = {
    Outcome.SOLVED.value: marked("Solved"),
    Outcome.EXPLAINED.value: marked("Explained"),
    Outcome.MENDED.value: marked("The charger was mended"),
    Outcome.MONEY_BACK.value: marked("Money was given back"),
    Outcome.NO_ANSWER.value: marked("The driver did not answer"),
    Outcome.DUPLICATE.value: marked("The same as another case"),
    Outcome.OTHER.value: marked("Something else"),
}
ENTRIES: Final = {
    "message_in": marked("The driver writes"),
    "message_out": marked("Answer to the driver"),
    "note": marked("Note"),
    "call": marked("Phone call"),
}
VIEWS: Final = ("open", "mine", "team", "unassigned", "late", "waiting", "snoozed", "closed", "all")
ASIDES: Final = {
    "later": marked("In three hours"),
    "tomorrow": marked("Tomorrow at 08"),
    "monday": marked("On Monday at 08"),
}
SCOPES: Final = {"own": marked("Mine"), "team": marked("A team's"), "all": marked("Everybody's")}
MACRO_BUTTONS: Final = {
    "unlock": marked("Let go of the cable"),
    "extend": marked("Wait longer for the car"),
    "start": marked("Start the charge"),
    "stop": marked("Stop the charge"),
    "receipt": marked("Send the receipt again"),
    "payment_link": marked("Send a link to pay"),
    "nearest": marked("Send the nearest free outlet"),
}
PROMISED: Final = {"answer": marked("First answer"), "solve": marked("Solution")}
HOW: Final[Words] = {
    "runs": ("plain", marked("In time")),
    "near": ("wait", marked("Soon due")),
    "late": ("broken", marked("Late")),
    "paused": ("info", marked("The clock stands still")),
    "kept": ("done", marked("Promise kept")),
    "broken": ("broken", marked("Promise broken")),
}
SESSION_STARTED: Final = marked("Session %(number)s began")
SESSION_ENDED: Final = marked("Session %(number)s ended with %(energy)s")
PAYMENT: Final = marked("The payment: %(state)s")
KIND_WORDS: Final = KINDS
BY: Final = {"driver": "person", "person": "person", "machine": "machine", "rule": "rule"}


def instant_in(text: str) -> datetime | None:
    """Return an instant as a form carries it; None for none, or what is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def said_of(entry: EntryRow, language: str, zone: str) -> str:
    """Return the line of an entry."""
    words = gettext_for(language)
    if entry.source == "session":
        return _session(entry, words, language)
    if entry.source == "payment":
        state = PAYMENT_STATES.get(entry.kind)
        return words(PAYMENT) % {"state": words(state[1]) if state else entry.kind}
    if entry.source == "command":
        return agent_words.came_of(entry.kind, entry.params, language)
    if entry.source == "case" and entry.kind in ENTRIES:
        return words(ENTRIES[entry.kind])
    return incident_words.told(entry.text, _named(entry.params, words, language), language, zone)


def _session(entry: EntryRow, words: Any, language: str) -> str:
    number = entry.params.get("number")
    if entry.kind == "started":
        return str(words(SESSION_STARTED) % {"number": number})
    energy = formats.energy_kwh(entry.params.get("energy_wh") or 0, language=language)
    return str(words(SESSION_ENDED) % {"number": number, "energy": energy})


def _named(params: Mapping[str, Any], words: Any, language: str) -> dict[str, Any]:
    """Return the values of a line with those that are words of cases translated; numbers that name are no amounts."""
    outcome = params.get("outcome")
    named = {name: str(value) if name == "number" else value for name, value in params.items()}
    if "amount_minor" in params:
        named["amount"] = formats.money(params["amount_minor"], params.get("currency") or "SEK", language)
    return named | {"outcome": words(OUTCOMES[outcome])} if outcome in OUTCOMES else named
