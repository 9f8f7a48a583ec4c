"""Words of the money desk: rails, deposits, differences and ages of what is owed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from laddverk.payments.deposits.model import DepositState, Likeness, Way
from laddverk.payments.model import RefundState
from laddverk.platform.languages import marked

RAILS: Final[Mapping[str, str]] = {
    "stripe": marked("Card (Stripe)"),
    "sandbox": marked("Card (sandbox)"),
    "swish": marked("Swish"),
    "autogiro": marked("Autogiro"),
    "sepa": marked("SEPA direct debit"),
    "wallet": marked("Wallet"),
    "bankgiro": marked("Bankgiro"),
    "swish_number": marked("Swish to our number"),
    "transfer": marked("Bank transfer"),
}

RESERVING: Final = frozenset({"stripe", "sandbox", "wallet"})
"""The rails that set an amount aside before it is taken; with the others it comes at once."""

WAYS: Final = {
    Way.BANKGIRO: marked("Bankgiro"),
    Way.SWISH_NUMBER: marked("Swish to our number"),
    Way.TRANSFER: marked("Bank transfer"),
}

DEPOSIT_STATES: Final = {
    DepositState.BOOKED: ("done", marked("Booked")),
    DepositState.ASIDE: ("wait", marked("Kept aside")),
    DepositState.RETURNED: ("off", marked("Given back")),
    DepositState.UNDONE: ("off", marked("Undone")),
}

REFUND_STATES: Final = {
    RefundState.REQUESTED: ("wait", marked("On its way")),
    RefundState.UNKNOWN: ("wait", marked("On its way, no answer yet")),
    RefundState.SUCCEEDED: ("done", marked("Made")),
    RefundState.FAILED: ("broken", marked("Refused")),
}

LIKENESSES: Final = {
    Likeness.REFERENCE: marked("the reference is its own"),
    Likeness.NUMBER: marked("the payer wrote its number"),
    Likeness.NEARLY: marked("the reference differs by one digit"),
    Likeness.AMOUNT: marked("just this much remains of it"),
    Likeness.NAME: marked("the payer has the buyer's name"),
}

SWISH_KINDS: Final = {
    "token": marked("Link or QR code"),
    "phone": marked("To a phone number"),
    "consent": marked("Consent"),
}
SWISH_STATES: Final = {
    "asked": ("wait", marked("No answer yet")),
    "open": ("wait", marked("Open in the app")),
    "paid": ("done", marked("Approved")),
    "declined": ("off", marked("Declined")),
    "failed": ("broken", marked("Came to nothing")),
    "cancelled": ("off", marked("Taken back")),
}
"""How requests to payers in Swish stand."""

LEDGER_KINDS: Final[Mapping[str, str]] = {
    "invoice": marked("Invoice"),
    "credit_note": marked("Credit note"),
    "capture": marked("Payment"),
    "refund": marked("A refund"),
    "deposit": marked("Money paid in"),
    "deposit_assigned": marked("Money paid in: its invoice was found"),
    "deposit_returned": marked("Money paid in: given back"),
    "deposit_undone": marked("Money paid in: undone"),
    "uncollected": marked("Charge that could not be debited"),
    "payout": marked("Payout"),
    "dispute_withdrawn": marked("Disputed: taken from us"),
    "dispute_returned": marked("Disputed: given back"),
    "dispute_fee": marked("Fee of a dispute"),
    "dispute_lost": marked("Dispute lost"),
    "goodwill": marked("Goodwill"),
    "prepaid_sold": marked("Prepaid cards sold"),
    "prepaid_redeemed": marked("Prepaid card used"),
    "prepaid_lapsed": marked("Prepaid card too old"),
    "wallet_vat": marked("VAT of a balance"),
    "wallet_paid_out": marked("Balance paid back"),
}
"""What an entry of the ledger is about; a kind that is missing here is shown as it is."""
