"""Who sells: the operator of the settings, as documents print it."""

from __future__ import annotations

from laddverk.invoicing import slip
from laddverk.invoicing.model import Seller
from laddverk.platform.settings import Settings


def seller_of(settings: Settings) -> Seller:
    """Return the operator as documents print it.

    Raises `Invalid` naming the setting when the bankgiro or the Swish number cannot be right.
    """
    return Seller(
        name=settings.operator_name,
        org_number=settings.operator_org_number,
        vat_number=settings.operator_vat_number,
        address=settings.operator_address,
        email=settings.operator_email,
        phone=settings.operator_phone,
        bankgiro=slip.bankgiro(settings.invoice_bankgiro) if settings.invoice_bankgiro else "",
        swish_number=slip.swish_number(settings.invoice_swish) if settings.invoice_swish else "",
        whole_kronor=settings.invoice_whole_kronor,
    )
