"""What the console calls the states of direct debit: each as (kind of `ui.pill`, word)."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import marked
from laddverk.web.console.words import Words

SCHEMES: Final = {"autogiro": marked("Autogiro"), "sepa": marked("SEPA direct debit")}
CHANNELS: Final = {
    "portal": marked("On the driver's page"),
    "paper": marked("On paper"),
    "internet_bank": marked("In the internet bank"),
}
MANDATE_STATES: Final[Words] = {
    "invited": ("plain", marked("Number given out")),
    "requested": ("wait", marked("Goes to the bank next")),
    "sent": ("wait", marked("With the bank")),
    "active": ("done", marked("Active")),
    "cancelling": ("wait", marked("Being ended")),
    "refused": ("broken", marked("Refused")),
    "cancelled": ("off", marked("Ended")),
}
MANDATE_EVENTS: Final = {
    "given": marked("The mandate was given"),
    "invited": marked("A number was given out"),
    "offered": marked("The driver gave it in the internet bank"),
    "told_bank": marked("The bank was told by file"),
    "replaced": marked("Another mandate took its place"),
    "ended": marked("It was ended here"),
    "active": marked("The bank said yes"),
    "refused": marked("The bank said no"),
    "cancelled": marked("The bank ended it"),
}
COLLECTION_STATES: Final[Words] = {
    "planned": ("plain", marked("Planned")),
    "sent": ("wait", marked("With the bank")),
    "cancelling": ("wait", marked("Being taken back")),
    "retrying": ("wait", marked("Tried again by the bank")),
    "refused": ("broken", marked("Refused")),
    "cancelled": ("off", marked("Cancelled")),
    "paid": ("done", marked("Paid")),
}
KINDS: Final = {"collect": marked("Collection"), "payout": marked("Repayment")}
WHY_DROPPED: Final = {
    "paid_otherwise": marked("It was paid in another way"),
    "no_mandate": marked("The mandate ended before the bank was told"),
    "cancelled": marked("It was cancelled here"),
}
"""Our own reasons; a bank's answer comes in words with the collection."""
DIRECTIONS: Final[Words] = {"out": ("info", marked("To the bank")), "in": ("plain", marked("From the bank"))}
LINES: Final = {
    "paid": marked("Paid"),
    "retrying": marked("No money, tried again"),
    "no_funds": marked("No money"),
    "account_closed": marked("Account closed"),
    "rejected": marked("Rejected"),
    "cancelled": marked("Cancelled"),
    "returned": marked("Taken back by the payer"),
    "noted": marked("Information"),
    "deposit": marked("On our account"),
    "mandate_stands": marked("Mandate approved"),
    "mandate_refused": marked("Mandate refused"),
    "mandate_ended": marked("Mandate ended"),
    "mandate_noted": marked("About a mandate"),
    "mandate_offered": marked("Mandate from an internet bank"),
}
OUTCOMES: Final[Words] = {
    "applied": ("done", marked("Taken in")),
    "known": ("off", marked("Known already")),
    "unmatched": ("broken", marked("Needs a look")),
    "noted": ("plain", marked("Noted")),
}
