"""What the console calls the states of prepaid cards, of balance refunds, and moves of a balance."""

from __future__ import annotations

from typing import Final

from laddverk.payments.wallet.queries import Move
from laddverk.platform.languages import marked
from laddverk.web.console.words import Words

CARD_STATES: Final[Words] = {
    "made": ("off", marked("Not sold")),
    "active": ("free", marked("Sold, not used")),
    "redeemed": ("done", marked("Used")),
    "blocked": ("broken", marked("Blocked")),
    "expired": ("off", marked("Too old")),
}

REFUND_STATES: Final[Words] = {
    "asked": ("wait", marked("Waits for somebody")),
    "approved": ("wait", marked("On its way")),
    "paid": ("done", marked("Paid back")),
    "declined": ("off", marked("Declined")),
    "withdrawn": ("off", marked("Taken back by the driver")),
}

PART_STATES: Final[Words] = {
    "requested": ("wait", marked("asked for")),
    "unknown": ("wait", marked("no answer yet")),
    "succeeded": ("done", marked("gone back")),
    "failed": ("broken", marked("refused")),
}

PURPOSES: Final = {
    "multi": marked("Multi-purpose: VAT when it is used"),
    "single": marked("Single-purpose: VAT when it is sold"),
}
PURPOSES_OF_BALANCES: Final = {
    "multi": marked("Multi-purpose: VAT when it is used"),
    "single": marked("Single-purpose: VAT when it is paid in"),
}

KINDS: Final = {
    "prepaid_redeemed": marked("Prepaid card"),
    "goodwill": marked("Goodwill"),
    "wallet_paid_out": marked("Paid to a bank account"),
}
PAYMENTS: Final = {
    ("top_up", True): marked("Paid in"),
    ("top_up", False): marked("Paid back the way it came"),
    ("session", False): marked("Charge"),
    ("session", True): marked("Charge paid back"),
    ("invoice", False): marked("Invoice"),
    ("invoice", True): marked("Invoice paid back"),
}
OTHER: Final = marked("Other")


def move_word(move: Move) -> str:
    """Return what a move of a balance was (a msgid)."""
    if move.kind in KINDS:
        return KINDS[move.kind]
    return PAYMENTS.get((move.purpose or "", move.amount_minor > 0), OTHER)
