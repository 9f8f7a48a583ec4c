"""What drivers read of their ways to pay and of what became of a debit: plain words, no codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from laddverk.payments.ways.model import Means, Way, WayKind
from laddverk.platform.languages import marked

Words = Callable[[str], str]

REASONS: Final[Mapping[str, str]] = {
    "insufficient_funds": marked("There was not enough money."),
    "not_enough": marked("Your balance was not enough."),
    "card_declined": marked("The bank said no and did not say why."),
    "generic_decline": marked("The bank said no and did not say why."),
    "do_not_honor": marked("The bank said no and did not say why."),
    "lost_card": marked("The card is blocked. Choose another one."),
    "stolen_card": marked("The card is blocked. Choose another one."),
    "pickup_card": marked("The card is blocked. Choose another one."),
    "restricted_card": marked("The card cannot be used for this. Choose another one."),
    "card_not_supported": marked("The card cannot be used for this. Choose another one."),
    "expired_card": marked("The card is too old. Save the new one."),
    "invalid_account": marked("The account of this card is closed."),
    "authentication_required": marked("The bank wants you to confirm the payment yourself."),
    "requires_action": marked("The bank wants you to confirm the payment yourself."),
    "consent_revoked": marked("You have ended the consent in your app."),
    "consent_gone": marked("You have ended the consent in your app."),
    "consent_expired": marked("The consent has run out. Give it anew."),
    "payment_method_gone": marked("It has been removed at the bank."),
    "frozen": marked("A payment with it was disputed. It is not used until that is settled."),
    "waits_for_bank": marked("Your bank is still looking at the mandate."),
    "no_way": marked("You have nothing saved to pay with."),
}
"""By failure code; what is not here is `OTHERWISE`."""

OTHERWISE: Final = marked("The payment was not accepted.")


def reason(code: str | None, said: Words) -> str:
    """Return why a debit came to nothing, in the reader's words."""
    return said(REASONS.get(code or "", OTHERWISE))


def name_of(means: Means | None, way: Way, said: Words) -> str:
    """Return what a way is called: `Visa •••• 4242`. One that is gone is called by its kind."""
    if way.kind == WayKind.WALLET:
        return said(marked("your balance"))
    if way.kind == WayKind.INVOICE:
        return said(marked("invoice"))
    last4 = f" ••••\u00a0{means.last4}" if means and means.last4 else ""
    if way.kind == WayKind.BANK:
        return said(marked("your bank account")) + last4
    brand = means.brand if means else ""
    return (brand[:1].upper() + brand[1:] if brand else said(marked("card"))) + last4
