"""What the numbers in Bankgirot's files mean: the words that people see, as msgids (technical manual, chapter 8)."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

PAID: Final = "0"
NO_FUNDS: Final = "1"
ACCOUNT_CLOSED: Final = "2"
TRIED_AGAIN: Final = "9"

PAYMENT_STATUS: Final = {
    PAID: N_("Paid"),
    NO_FUNDS: N_("There was not enough money on the account"),
    ACCOUNT_CLOSED: N_("The bank has no agreement for this account: closed, or not allowed"),
    TRIED_AGAIN: N_("There was not enough money; the bank tries again by itself"),
}
REFUND_REASON: Final = {
    "01": N_("The payer says that there is no mandate"),
    "02": N_("The mandate had been withdrawn"),
    "03": N_("The amount was larger than the payer could expect"),
}
REJECTION_REASON: Final = {
    "01": N_("There is no mandate"),
    "02": N_("The account is not approved yet, or closed"),
    "03": N_("The mandate is stopped"),
    "04": N_("Wrong payer number"),
    "05": N_("Wrong bankgiro number"),
    "06": N_("Wrong period code"),
    "07": N_("Wrong number of repetitions"),
    "08": N_("The amount is not a number"),
    "09": N_("Payments out are not allowed"),
    "10": N_("Bankgirot does not know the bankgiro number"),
    "12": N_("Wrong date of payment"),
    "13": N_("The date of payment has passed"),
    "15": N_("The bankgiro number differs from that of the file"),
    "24": N_("The amount is larger than the agreed maximum"),
}
MANDATE_INFO: Final = {
    "03": N_("The account was closed, or the payer withdrew"),
    "04": N_("A new mandate by us"),
    "05": N_("A payer number was changed"),
    "10": N_("The bank account was changed"),
    "42": N_("Answer to a mandate given on paper"),
    "43": N_("Deleted, for it was never answered"),
    "44": N_("A mandate given in the internet bank"),
    "46": N_("Deleted by the payer's bank"),
    "93": N_("Deleted at the end of the agreement"),
}
APPROVED: Final = "32"
MANDATE_STATUS: Final = {
    "01": N_("Withdrawn by the payer's bank"),
    "02": N_("Withdrawn by the payer"),
    "03": N_("The account does not allow direct debit"),
    "04": N_("Bankgirot has no such mandate"),
    "05": N_("The account or the personal number is wrong"),
    "06": N_("Withdrawn on behalf of the payer"),
    "07": N_("Deleted, for the account was never confirmed"),
    "09": N_("The payer has no such bankgiro number"),
    "10": N_("There is such a mandate already"),
    "11": N_("The payer's number is wrong"),
    "12": N_("The payer's number cannot be used"),
    "20": N_("The personal number is wrong or does not belong to the account"),
    "21": N_("The payer number is wrong"),
    "23": N_("The account number is wrong"),
    "24": N_("The number of the payer is not allowed"),
    "29": N_("The bankgiro number is wrong"),
    "30": N_("The bankgiro number is not active"),
    APPROVED: N_("New mandate"),
    "33": N_("Deleted"),
}
ENDED: Final = frozenset({"01", "02", "03", "04", "06", "07", "33"})
"""There is no mandate any more."""
STANDS: Final = frozenset({APPROVED, "10"})
"""There is a mandate: a new one, or one that was there."""
CHANGED: Final = frozenset({"12"})
CANCELLED: Final = "12"
"""In the comment of a change: it was done."""
MOVED: Final = "14"
"""In the comment of a change: the payment has another day."""
