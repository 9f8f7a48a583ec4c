"""The agent's screen in words: who it is, what was seen, how far a charge came, what became of deeds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from laddverk.diagnostics.codes.decoding import decoded
from laddverk.platform import formats
from laddverk.platform.languages import gettext_for, marked
from laddverk.support.agent.meanings import MEANINGS
from laddverk.support.agent.model import Meaning
from laddverk.support.agent.screen import ChargerNow, DeedRow, OutletNow
from laddverk.support.situations.model import AgentButton, Facts, PaymentFacts, Rail, StartStage, Told
from laddverk.web.console import words
from laddverk.web.console.words import Words

VERIFIED: Final[Words] = {
    "": ("wait", marked("Not proved: disclose nothing")),
    "number": ("info", marked("Calls from the account's number")),
    "mail": ("info", marked("Writes from the account's address")),
    "charge": ("info", marked("Holds the page of the charge")),
    "code": ("done", marked("Read back a code")),
    "account": ("done", marked("Was signed in")),
}
SURE: Final = {
    "machine": ("info", marked("Seen by our systems")),
    "driver": ("wait", marked("Only what the driver says")),
    "nothing": ("off", marked("Nothing seen")),
}
DRIVER_SAYS: Final = "The driver says that the cable does not come loose."
RAILS: Final = {
    Rail.CARD: marked("Card"),
    Rail.SWISH: marked("Swish"),
    Rail.BALANCE: marked("Balance"),
}
FAILURES: Final = {
    "expired": marked("The card has expired"),
    "declined": marked("The bank said no"),
    "cancelled": marked("The payer broke it off"),
    "timed_out": marked("Not confirmed in time"),
}
REFUNDS: Final[Words] = {
    "requested": ("wait", marked("On its way back")),
    "unknown": ("wait", marked("On its way back")),
    "succeeded": ("done", marked("Back with the payer")),
    "failed": ("broken", marked("Could not be given back")),
}
AGREEMENTS: Final[Words] = {
    "waits": ("wait", marked("Waits for a second person")),
    "declined": ("off", marked("Not agreed to")),
}
MESSAGES: Final[Words] = {
    "arrived": ("done", marked("Arrived")),
    "sent": ("info", marked("Sent")),
    "waits": ("wait", marked("On its way")),
    "failed": ("broken", marked("Did not arrive")),
    "came_back": ("broken", marked("Came back: the address is dead")),
}
SAYS: Final = frozenset(
    {
        AgentButton.PAYMENT_LINK, AgentButton.PAY_OWED, AgentButton.NEAREST, AgentButton.RECEIPT,
        AgentButton.TELL_OWNER,
    }
)  # fmt: skip
"""Deeds that tell somebody something: sent is all that is known of what went by chat or to a device."""
TONES: Final = {
    AgentButton.RESET: "danger", AgentButton.HARD_RESET: "danger", AgentButton.OUT_OF_SERVICE: "danger",
    AgentButton.STOP: "danger", AgentButton.BLOCK_TOKEN: "danger",
}  # fmt: skip
ICONS: Final = {
    AgentButton.START: "play",
    AgentButton.EXTEND: "clock",
    AgentButton.SWAP: "arrow-right",
    AgentButton.STOP: "square",
    AgentButton.UNLOCK: "lock-open",
    AgentButton.RESET: "rotate-ccw",
    AgentButton.HARD_RESET: "power",
    AgentButton.CLEAR_CACHE: "nfc",
    AgentButton.PAYMENT_LINK: "send",
    AgentButton.PAY_OWED: "banknote",
    AgentButton.REFUND: "undo-2",
    AgentButton.GOODWILL: "gift",
    AgentButton.NEAREST: "map-pin",
    AgentButton.RECEIPT: "receipt",
    AgentButton.OUT_OF_SERVICE: "ban",
    AgentButton.IN_SERVICE: "circle-check",
    AgentButton.CLEAR_RESERVATION: "calendar",
    AgentButton.WORK_ORDER: "wrench",
    AgentButton.SHOW_LOAD: "activity",
    AgentButton.COME_FIRST: "arrow-up",
    AgentButton.SHOW_PAYMENT: "credit-card",
    AgentButton.CHECK_PAYMENT: "refresh-cw",
    AgentButton.ALLOW_TOKEN: "key-round",
    AgentButton.BLOCK_TOKEN: "lock",
    AgentButton.UNBLOCK_TOKEN: "key",
    AgentButton.TELL_OWNER: "bell",
}
"""Of every button: whatever a situation offers, its page can be drawn."""
KEYS: Final = "123456789"
"""Single keys of the first actions, as they stand."""

Tick = tuple[str, str, datetime | None]


def meaning_of(deed: str) -> Meaning:
    """Return what a button means."""
    return MEANINGS[AgentButton(deed)]


def sureness(told: Told) -> tuple[str, str]:
    """Return how sure we are of a situation, as (kind, word)."""
    seen = [each for each in told.match.evidence if each.text != DRIVER_SAYS]
    if seen:
        return SURE["machine"]
    return SURE["driver" if told.match.evidence else "nothing"]


def ticks(facts: Facts) -> list[Tick]:
    """Return how far a charge has come: asked, authorised, plugged in, energy, ended; each (kind, word, when)."""
    start, session = facts.start, facts.session
    mine = session if session is not None and session.is_drivers else None
    failed = start is not None and start.stage is StartStage.FAILED
    asked = start.asked_at if start else facts.token.at if facts.token else mine.started_at if mine else None
    return [
        ("done" if asked else "off", marked("Asked for"), asked),
        _authorised(facts, mine is not None),
        ("done", marked("Plugged in"), mine.started_at)
        if mine
        else ("broken" if failed else "wait" if start else "off", marked("Plugged in"), _plugged_at(facts)),
        ("energy" if mine and mine.energy_wh and not mine.ended_at else "done" if mine and mine.energy_wh
         else "broken" if mine and mine.ended_at else "wait" if mine else "off", marked("Energy"), None),
        ("done" if mine and mine.ended_at else "off", marked("Ended"), mine.ended_at if mine else None),
    ]  # fmt: skip


def _authorised(facts: Facts, has_session: bool) -> Tick:
    start, token, word = facts.start, facts.token, marked("Authorised")
    if has_session:
        return ("done", word, None)
    if start is None:
        kind = "off" if token is None else "done" if token.is_accepted else "broken"
        return (kind, word, token.at if token else None)
    kinds = {StartStage.PAYING: "wait", StartStage.FAILED: "broken"}
    return (kinds.get(start.stage, "done"), word, start.failed_at)


def _plugged_at(facts: Facts) -> datetime | None:
    outlet = facts.outlet
    return outlet.status_since if outlet and outlet.status in ("preparing", "occupied") else None


def paid_how(payment: PaymentFacts, language: str) -> list[tuple[str, str]]:
    """Return what is known of a payment, as lines of (word, amount or reason)."""
    say = gettext_for(language)

    def money(amount_minor: int) -> str:
        return formats.money(amount_minor, payment.currency, language)

    lines = [(say(marked("Paid by")), say(RAILS[payment.rail]))]
    amounts = (
        (marked("Reserved"), payment.reserved_minor if not payment.captured_minor else 0),
        (marked("Drawn"), payment.captured_minor),
        (marked("Given back"), payment.refunded_minor),
        (marked("The charge cost"), payment.due_minor or 0),
    )
    lines += [(say(word), money(amount)) for word, amount in amounts if amount]
    if payment.failure:
        lines.append((say(marked("Why")), say(FAILURES.get(payment.failure, payment.failure))))
    return lines


def code_of(charger: ChargerNow, outlet: OutletNow, language: str) -> str:
    """Return what an outlet's error code means, in plain words; '' where it reports none."""
    codes = decoded(
        charger.vendor, charger.model, outlet.error_code, outlet.vendor_error_code, None, outlet.error_info
    )  # fmt: skip
    return ", ".join(dict.fromkeys(code.titled(language).rstrip(".") for code in codes))


def steps(row: DeedRow, language: str) -> list[Tick]:
    """Return what became of a deed: (kind, word, when), as far as it is known."""
    say = gettext_for(language)
    if row.agreement in AGREEMENTS:
        kind, word = AGREEMENTS[row.agreement]
        return [(kind, say(word), None)]
    if row.command_id is not None:
        return _of_command(row, say)
    if row.refund_state is not None:
        kind, word = REFUNDS.get(row.refund_state, REFUNDS["unknown"])
        return [(kind, say(word), None)]
    if row.message is not None:
        kind, word = MESSAGES[row.message]
        return [(kind, say(word), row.heard_at or row.said_at)]
    if row.deed in SAYS:
        return [("info", say(marked("Sent")), row.at)]
    return [("done", say(marked("done")), row.at)]


def _of_command(row: DeedRow, say: Any) -> list[Tick]:
    assert row.state is not None
    if row.sent_at is None:
        kind, word = words.state_of(row.state, row.outcome)
        return [(kind, say(word), row.finished_at or row.created_at)]
    taken: list[Tick] = [("plain", say("sent"), row.sent_at)]
    if row.answered_at and row.state in ("accepted", "confirmed", "timed_out") and row.answered_at != row.finished_at:
        taken.append(("info", say("accepted"), row.answered_at))
    if row.finished_at is not None:
        kind, word = words.state_of(row.state, row.outcome)
        said = f" ({row.outcome})" if row.outcome and row.state in ("refused", "failed") else ""
        taken.append((kind, say(word) + said, row.finished_at))
    elif row.confirm_by is not None:
        taken.append(("wait", say(marked("the charger is to show it by")), row.confirm_by))
    return taken


def came_of(state: str, params: Mapping[str, Any], language: str) -> str:
    """Return the line of a timeline that says what a charger made of a deed."""
    say = gettext_for(language)
    _kind, word = words.state_of(state, str(params.get("word", "")))
    deed = say(meaning_of(params["deed"]).label)
    return say(marked("%(deed)s: %(state)s")) % {"deed": deed, "state": say(word)}
