"""What the console calls the states of disputes, payouts and reserved amounts: each as (kind of `ui.pill`, word)."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import marked
from laddverk.web.console.words import Words

DISPUTE_STATES: Final[Words] = {
    "inquiry": ("wait", marked("The bank asks")),
    "needs_response": ("broken", marked("Needs an answer")),
    "under_review": ("wait", marked("With the bank")),
    "closed": ("off", marked("Closed")),
    "won": ("done", marked("Won")),
    "lost": ("broken", marked("Lost")),
}
DISPUTE_REASONS: Final = {
    "fraudulent": marked("The holder says that they did not make this payment"),
    "duplicate": marked("The holder says that they paid twice"),
    "product_not_received": marked("The holder says that they got nothing"),
    "product_unacceptable": marked("The holder says that it was not as promised"),
    "credit_not_processed": marked("The holder says that a refund did not come"),
    "subscription_canceled": marked("The holder says that they had cancelled"),
    "unrecognized": marked("The holder does not know the payment"),
    "general": marked("No reason was given"),
}
PAYOUT_STATES: Final[Words] = {
    "pending": ("plain", marked("Planned")),
    "in_transit": ("wait", marked("On its way")),
    "paid": ("done", marked("Paid out")),
    "failed": ("broken", marked("Sent back")),
    "canceled": ("off", marked("Cancelled")),
}
ITEM_KINDS: Final = {
    "charge": marked("Charge of a card"),
    "refund": marked("A refund"),
    "dispute": marked("Dispute"),
    "fee": marked("Fee"),
    "other": marked("Other"),
}
PROBLEMS: Final = {
    "unknown": marked("Not in our books"),
    "amount": marked("We have another amount"),
    "twice": marked("Was in an earlier payout"),
}
ALARMS: Final[Words] = {
    "no_start": ("broken", marked("No charge began: given back")),
    "ends_soon": ("broken", marked("Ends before it could be taken")),
    "ended": ("broken", marked("Has ended")),
    "spent": ("wait", marked("Used up")),
}
WALLETS: Final = {"apple_pay": "Apple Pay", "google_pay": "Google Pay", "link": "Link"}
PROVIDERS: Final = {"stripe": "Stripe", "sandbox": marked("Built-in test provider")}
