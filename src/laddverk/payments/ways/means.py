"""What a driver has to pay with just now: saved cards and consents, the wallet, the bank account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from laddverk.kernel.ids import DriverId
from laddverk.kernel.problems import NotFound
from laddverk.ledger import service as ledger
from laddverk.ledger.model import ADVANCES
from laddverk.payments.direct_debit.mandates import schemes
from laddverk.payments.direct_debit.model import MandateState
from laddverk.payments.providers import provider_named
from laddverk.payments.rules import WALLET
from laddverk.payments.ways import store
from laddverk.payments.ways.model import Means, Way, WayKind
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

RAILS: Final = ("stripe", "sandbox", "swish", WALLET)
"""Providers that debit somebody who is not there; which of them there are depends on the settings."""
EMPTY: Final = "not_enough"
WAITING: Final = "waits_for_bank"


def rails(house: House) -> tuple[str, ...]:
    """Return the providers of this operator that can debit by themselves."""
    return tuple(name for name in RAILS if _is_there(house, name))


def _is_there(house: House, name: str) -> bool:
    try:
        provider_named(house, name)
    except NotFound:
        return False
    return True


async def means_of(
    tx: Transaction, house: House, driver_id: DriverId, now: datetime, currency: str | None = None
) -> list[Means]:
    """Return all ways that a driver has: the newest card first, then wallet, bank account and invoice.

    The wallet is that of `currency`, in which something is to be paid; without it, that of the operator.
    """
    names = rails(house)
    found = await store.methods(tx, driver_id, names)
    found = [_looked_at(each, now) for each in found]
    if WALLET in names:
        found.append(await _wallet(tx, driver_id, currency or house.settings.currency))
    bank = await _bank(tx, house, driver_id)
    return [*found, *bank, Means(way=Way(WayKind.INVOICE))]


def _looked_at(means: Means, now: datetime) -> Means:
    """Return a card as it is: one whose printed month is over does not any more."""
    month, _, year = means.expires.partition("/")
    if means.works and month.isdigit() and year.isdigit():
        full = int(year) + (2000 if int(year) < 100 else 0)
        if (full, int(month)) < (now.year, now.month):
            return Means(
                way=means.way, provider=means.provider, brand=means.brand, last4=means.last4, expires=means.expires,
                stopped_code="expired_card",
            )  # fmt: skip
    return means


async def _wallet(tx: Transaction, driver_id: DriverId, currency: str) -> Means:
    balance = -await ledger.balance(tx, ADVANCES, currency=currency, owner=driver_id)
    stopped = "" if balance > 0 else EMPTY
    return Means(way=Way(WayKind.WALLET), provider=WALLET, balance_minor=balance, stopped_code=stopped)


async def _bank(tx: Transaction, house: House, driver_id: DriverId) -> Sequence[Means]:
    mandate = await store.mandate(tx, driver_id) if schemes(house.settings) else None
    if mandate is None:
        return []
    stopped = "" if mandate.state == MandateState.ACTIVE else WAITING
    way = Way(WayKind.BANK)
    return [Means(way=way, provider=mandate.scheme, last4=mandate.account_last4, stopped_code=stopped)]
