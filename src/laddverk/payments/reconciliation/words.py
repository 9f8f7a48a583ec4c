"""What each kind of difference is, in one sentence, and what to do about it: the same in mails and on screens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from laddverk.payments.reconciliation.model import Kind
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

SENTENCES: Final[Mapping[str, str]] = {
    Kind.LEDGER: N_("The ledger has another amount than the payment"),
    Kind.PROVIDER: N_("The provider has another amount than we have"),
    Kind.UNKNOWN: N_("The provider knows of no such payment"),
    Kind.LATE: N_("Taken two weeks ago, and in no payout yet"),
    Kind.BANK: N_("The bank's files have another amount than we have"),
    Kind.PAYOUT: N_("A payout is not the sum of what is in it"),
    Kind.BANK_LINE: N_("A line of a bank's file belongs to nothing we know"),
    Kind.ASIDE: N_("Money on the bank account that nobody knows the purpose of"),
    Kind.OVERPAID: N_("More was paid on an invoice than it asks for"),
}

ADVICE: Final[Mapping[str, str]] = {
    Kind.LEDGER: N_(
        "Nothing may be changed by hand. Open the payment, look at its postings, and call support with it."
    ),
    Kind.PROVIDER: N_(
        "Open the payment: we ask again within minutes. If it stays, look it up at the provider by its number."
    ),
    Kind.UNKNOWN: N_(
        "Was the provider's account changed, or is it a test payment? Look for its number at the provider."
    ),
    Kind.LATE: N_("Look at the provider whether the money is held back there, and why."),
    Kind.BANK: N_("Look at the lines of the file. A file may be missing: take in all that the bank has."),
    Kind.PAYOUT: N_("Open the payout: items that we do not know are marked. Explain it there."),
    Kind.BANK_LINE: N_("Open the file, find out whose money it is, and book it by hand."),
    Kind.ASIDE: N_("Say which invoice it is for, or pay it back."),
    Kind.OVERPAID: N_("Refund what is too much: open the invoice and the payment that came last."),
}


def said(kind: str, language: str) -> str:
    """Return what a kind of difference is, in `language`."""
    return gettext_for(language)(SENTENCES.get(kind, kind))
