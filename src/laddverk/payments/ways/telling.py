"""Telling drivers, in plain words and once, what became of a debit; and that a charge without energy costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from laddverk.kernel.ids import DriverId, InvoiceId, SessionId, shown
from laddverk.notices.model import Template
from laddverk.payments.telling import reader, tell, tell_driver
from laddverk.payments.ways import words
from laddverk.payments.ways.means import means_of
from laddverk.payments.ways.model import Means, Tried
from laddverk.payments.ways.store import Charged
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for

PAYING: Final = "/my/paying"


async def session_left(
    tx: Transaction,
    house: House,
    charged: Charged,
    driver_id: DriverId,
    tried: Sequence[Tried],
    why: str,
    then: str,
    until: datetime | None,
    key: str,
    now: datetime,
) -> None:
    """Tell that a charge could not be debited, and what follows: `confirm` (until then), `invoice` or `to_pay`."""
    params = {
        "what": "session",
        "name": charged.place,
        "amount_minor": charged.price_minor,
        "currency": charged.currency,
        "then": then,
        "again_at": until,
    }
    await _send(tx, house, driver_id, PAYING, params, tried, why, key, now)


async def session_paid(
    tx: Transaction, house: House, charged: Charged, driver_id: DriverId, tried: Sequence[Tried], now: datetime
) -> None:
    """Tell that the fallback paid a charge, for the first way did not."""
    params = {
        "what": "session",
        "name": charged.place,
        "amount_minor": charged.price_minor,
        "currency": charged.currency,
        "then": "paid",
    }
    path = f"/my/sessions/{shown('ses', charged.id)}"
    await _send(tx, house, driver_id, path, params, tried, "", f"debited:{charged.id}", now)


async def invoice_tried(
    tx: Transaction,
    house: House,
    invoice_id: InvoiceId,
    number: str,
    driver_id: DriverId,
    amount_minor: int,
    currency: str,
    tried: Sequence[Tried],
    then: str,
    again_at: datetime | None,
    key: str,
    now: datetime,
) -> None:
    """Tell what a round of tries for an invoice came to: `paid`, `again` (on a day) or `no_more`."""
    params = {
        "what": "invoice",
        "name": number,
        "amount_minor": amount_minor,
        "currency": currency,
        "then": then,
        "again_at": again_at,
    }
    await _send(tx, house, driver_id, f"/my/invoices/{shown('inv', invoice_id)}", params, tried, "", key, now)


async def nothing_taken(
    tx: Transaction,
    house: House,
    driver_id: DriverId,
    *,
    place: str,
    released_minor: int,
    currency: str,
    started: bool,
    key: str,
    now: datetime,
    session_id: SessionId | None = None,
) -> None:
    """Tell that a charge gave no energy, or never began, and that what was reserved or paid goes back."""
    path = PAYING if session_id is None else f"/my/sessions/{shown('ses', session_id)}"
    params = {
        "place": place,
        "released_minor": released_minor,
        "currency": currency,
        "started": started,
    }
    await tell_driver(tx, house, driver_id, Template.NOTHING_TAKEN, path, params, f"nothing_taken:{key}", now)


async def _send(
    tx: Transaction,
    house: House,
    driver_id: DriverId,
    path: str,
    params: dict[str, Any],
    tried: Sequence[Tried],
    why: str,
    key: str,
    now: datetime,
) -> None:
    driver = await reader(tx, driver_id)
    if driver is None:
        return
    said = gettext_for(driver.language)
    known = {each.way: each for each in await means_of(tx, house, driver_id, now)}
    given = {
        **params,
        "tries": [_told(each, known.get(each.way), said) for each in tried if each.failure_code],
        "paid_by": next((words.name_of(known.get(t.way), t.way, said) for t in tried if t.state == "captured"), ""),
        "reason": words.reason(why, said) if why and not tried else "",
        "zone": house.settings.timezone,
    }
    await tell(tx, house, driver, Template.DEBIT, path, given, key, now)


def _told(each: Tried, means: Means | None, said: words.Words) -> dict[str, str]:
    return {"way": words.name_of(means, each.way, said), "reason": words.reason(each.failure_code, said)}
