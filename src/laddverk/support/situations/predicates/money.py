"""Questions about money: reserved and not released, drawn twice, a receipt wanted. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from laddverk.diagnostics.model import Evidence
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support.situations.model import Complaint, Facts, Match, Rail

RELEASED_WITHIN: Final = timedelta(days=7)  # by the card schemes; what stands longer is worth a look


def reserve_not_released(facts: Facts) -> Match | None:
    """More was reserved than the charge cost, and the driver still sees it; `double` when it was drawn twice."""
    payment = facts.payment
    if payment is None or facts.complaint is not Complaint.MONEY:
        return None
    if payment.is_double:
        return Match(variant="double", values={**_amounts(facts)}, evidence=(Evidence(text=N_("It was drawn twice.")),))
    over = facts.session is not None and facts.session.ended_at is not None
    if payment.rail is not Rail.CARD or not over or payment.reserved_minor <= payment.captured_minor:
        return None
    late = payment.reserved_at is not None and facts.now > payment.reserved_at + RELEASED_WITHIN
    seen = Evidence(
        text=N_("%(reserved_minor)s was reserved, and %(captured_minor)s drawn."), values=_amounts(facts),
        at=payment.reserved_at,
    )  # fmt: skip
    return Match(variant="late" if late else "", values={**_amounts(facts)}, evidence=(seen,))


def money_on_its_way_back(facts: Facts) -> Match | None:
    """What was paid too much has been sent back."""
    payment = facts.payment
    if payment is None or facts.complaint is not Complaint.MONEY or not payment.refunded_minor:
        return None
    seen = Evidence(text=N_("%(refunded_minor)s has been sent back."), values=_amounts(facts))
    return Match(values={**_amounts(facts)}, evidence=(seen,))


def receipt_wanted(facts: Facts) -> Match | None:
    """Somebody wants a receipt, or an invoice made out to a company."""
    if facts.complaint is not Complaint.RECEIPT:
        return None
    is_over = facts.session is not None and facts.session.ended_at is not None
    return Match(variant="" if is_over else "not_yet", evidence=(Evidence(text=N_("The driver asks for a receipt.")),))


def _amounts(facts: Facts) -> dict[str, str | int | float | None]:
    payment = facts.payment
    assert payment is not None
    return {
        "reserved_minor": payment.reserved_minor,
        "captured_minor": payment.captured_minor,
        "refunded_minor": payment.refunded_minor,
        "currency": payment.currency,
    }


PREDICATES: Final = (
    reserve_not_released,
    money_on_its_way_back,
    receipt_wanted,
)
