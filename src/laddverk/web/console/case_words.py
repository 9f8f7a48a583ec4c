"""Cases in words: states, channels, kinds, outcomes, and the lines of their timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from laddverk.platform import formats
from laddverk.platform.languages import gettext_for, marked
from laddverk.support.model import KINDS, Outcome, Priority
from laddverk.support.queries import EntryRow
from laddverk.web.console import agent_words, incident_words
from laddverk.web.console.command_words import COMMANDS, state_of
from laddverk.web.console.words import PAYMENT_EVENTS, PAYMENT_STATES, STATUSES, Words

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
OF_OUTLET: Final = marked("Outlet %(number)s: %(state)s")
OF_CHARGER: Final = marked("The charger: %(state)s")
LINKS: Final = {
    "connected": marked("The charger has contact again"),
    "disconnected": marked("Contact with the charger was lost"),
}
TAG_TAKEN: Final = marked("A tag was shown, and taken")
TAG_REFUSED: Final = marked("A tag was shown, and refused: %(why)s")
TAGS: Final = {
    "Blocked": marked("it is blocked"),
    "Expired": marked("it is too old"),
    "Invalid": marked("it is not known"),
    "NoCredit": marked("there is no money for it"),
    "NotAtThisLocation": marked("not at this place"),
    "NotAtThisTime": marked("not at this time"),
    "NotAllowedTypeEVSE": marked("not at such an outlet"),
    "ConcurrentTx": marked("it charges already"),
    "Unknown": marked("it is not known"),
}
ORDERED: Final = marked("%(deed)s: %(state)s")
LIMITED: Final = marked("Load management gives the outlet at most %(current)s A")
CUTS: Final = {
    "state": marked("The outlet's state changed more often; only the last %(count)s changes stand here"),
    "fault": marked("The outlet had more errors; only the last %(count)s stand here"),
    "link": marked("Contact was lost and came back more often; only the last %(count)s times stand here"),
    "tag": marked("Tags were shown more often; only the last %(count)s times stand here"),
    "refusal": marked("Tags were refused more often; only the last %(count)s times stand here"),
    "order": marked("The charger was told more; only the last %(count)s orders stand here"),
    "limit": marked("Load management changed its limit more often; only the last %(count)s changes stand here"),
    "money": marked("The payment went through more; only its last %(count)s steps stand here"),
}
"""What says that of events of one kind no more stand there, by their source; of what went wrong, by `GRAVE_CUTS`."""
GRAVE_CUTS: Final = {"state": "fault", "tag": "refusal"}
TURNS: Final = frozenset({"case", "incident", "session", "payment", "money", "command"})
"""Sources whose events turn a case; of others only what went wrong does."""
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
    if entry.source in MACHINES:
        return MACHINES[entry.source](entry, language)
    if entry.source == "command":
        return agent_words.came_of(entry.kind, entry.params, language)
    if entry.source == "case" and entry.kind in ENTRIES:
        return words(ENTRIES[entry.kind])
    return incident_words.told(entry.text, _named(entry.params, words, language), language, zone)


def _state(entry: EntryRow, language: str) -> str:
    words = gettext_for(language)
    state = words(STATUSES[entry.kind][1]) if entry.kind in STATUSES else entry.kind
    number = entry.params["evse"]
    return words(OF_OUTLET if number else OF_CHARGER) % {"number": number, "state": state}


def _tag(entry: EntryRow, language: str) -> str:
    words = gettext_for(language)
    if entry.kind == "Accepted":
        return words(TAG_TAKEN)
    return words(TAG_REFUSED) % {"why": words(TAGS[entry.kind]) if entry.kind in TAGS else entry.kind}


def _order(entry: EntryRow, language: str) -> str:
    words = gettext_for(language)
    deed = words(COMMANDS[entry.kind]) if entry.kind in COMMANDS else entry.kind
    _kind, state = state_of(entry.params["state"], entry.params["word"])
    return words(ORDERED) % {"deed": deed, "state": words(state)}


def _limit(entry: EntryRow, language: str) -> str:
    return gettext_for(language)(LIMITED) % {"current": formats.number(entry.params["limit_a"], 0, language)}


def _money(entry: EntryRow, language: str) -> str:
    said = gettext_for(language)(PAYMENT_EVENTS[entry.kind]) if entry.kind in PAYMENT_EVENTS else entry.kind
    minor = entry.params["amount_minor"]
    return f"{said}: {formats.money(minor, entry.params['currency'], language)}" if minor is not None else said


def _cut(entry: EntryRow, language: str) -> str:
    of = GRAVE_CUTS.get(entry.kind, entry.kind) if entry.params["is_grave"] else entry.kind
    return gettext_for(language)(CUTS[of]) % {"count": entry.params["count"]}


MACHINES: Final[dict[str, Callable[[EntryRow, str], str]]] = {
    "cut": _cut,
    "state": _state,
    "link": lambda entry, language: gettext_for(language)(LINKS[entry.kind]),
    "tag": _tag,
    "order": _order,
    "limit": _limit,
    "money": _money,
}
"""What says an event of a machine, by its source."""


def tone_of(entry: EntryRow) -> str:
    """Return `broken` for an event of the timeline that went wrong, `info` for what a driver writes, else `plain`."""
    if entry.kind == "message_in":
        return "info"
    went_wrong = {
        "state": entry.kind == "faulted" or bool(entry.params.get("error")),
        "link": entry.kind == "disconnected",
        "tag": entry.kind != "Accepted",
        "order": entry.params.get("state") in ("refused", "timed_out", "expired", "failed"),
        "money": entry.kind in ("failed", "refund_failed", "raise_refused"),
    }
    return "broken" if went_wrong.get(entry.source) else "plain"


def is_small(entry: EntryRow) -> bool:
    """Return whether an event only stands there for who wants everything."""
    if entry.source == "cut":
        return not entry.params["is_grave"]
    return entry.source not in TURNS and tone_of(entry) == "plain"


def detail_of(entry: EntryRow) -> str:
    """Return what a charger says of a state: its codes, and its words."""
    if entry.source != "state":
        return ""
    return " · ".join(entry.params[name] for name in ("error", "info") if entry.params.get(name))


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
