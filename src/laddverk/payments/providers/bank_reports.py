"""What a file from a bank says, whatever its scheme. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from laddverk.payments.direct_debit.model import Said, Scheme
from laddverk.payments.providers import sepa
from laddverk.payments.providers.bank_orders import digits_of
from laddverk.payments.providers.bankgirot import files, meaning
from laddverk.platform.settings import Settings


def read(settings: Settings, scheme: Scheme, content: bytes) -> Sequence[Said]:
    """Return what a file says, line by line. Raises `BadFile` when it cannot be understood or is not for us."""
    if scheme == Scheme.SEPA:
        return sepa.read(content)
    return meaning.said(files.read(content), digits_of(settings.autogiro_bankgiro))
