"""All that is known of a driver, as one file to be handed out: the right of access and to take one's data along.

(GDPR, articles 15 and 20.) What chargers told when they were asked is in it as long as it is kept.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import msgspec

from laddverk.access import queries as access_queries
from laddverk.authorisation import queries as authorisation_queries
from laddverk.invoicing import queries as invoice_queries
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import DriverId, shown
from laddverk.kernel.problems import NotFound
from laddverk.payments import queries as payment_queries
from laddverk.payments.wallet import queries as wallet_queries
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.sessions import driver_queries
from laddverk.subscriptions import queries as subscription_queries
from laddverk.subscriptions.queries import SubscriberFilter
from laddverk.support import privacy as support_privacy

SESSIONS_MAX: Final = 20_000  # of one driver: ten a day for five years
RESERVATIONS_MAX: Final = 5_000
MOVES_MAX: Final = 20_000
INNER: Final = ("provider_ref", "driver_id", "start_request_id", "credits_invoice_id", "payment_id", "invoice_id")
"""Fields that say nothing of the driver: they tie our own records together."""


async def all_of(tx: Transaction, actor: Actor, driver_id: DriverId, now: datetime, today: date) -> bytes:
    """Return what is known of a driver as JSON, indented; what is due goes by `today`, the date at home.

    Raises `NotFound`. That it was handed out is audited.
    """
    driver = await access_queries.driver(tx, driver_id)
    if driver is None:
        raise NotFound("There is no such driver.")
    wanted = authorisation_queries.ReservationFilter(driver_id=driver_id)
    tokens = await access_queries.tokens(tx, "", "", now, driver_id=driver_id)
    told = {
        "handed_out_at": now,
        "driver": _plain(driver, "drv"),
        "tags": [_plain(row, "tok") for row in tokens],
        "sessions": [_plain(row, "ses") for row in await driver_queries.sessions_of(tx, driver_id, limit=SESSIONS_MAX)],
        "reservations": [
            _plain(row, "rsv")
            for row in await authorisation_queries.reservations(tx, None, wanted, limit=RESERVATIONS_MAX)
        ],
        "invoices": [_plain(row, "inv") for row in await invoice_queries.invoices_of(tx, today, driver_id)],
        "payments": [_plain(row, "pay") for row in await payment_queries.payments_of(tx, driver_id, driver=True)],
        "balance": await _balance(tx, driver_id),
        "subscriptions": await _subscriptions(tx, driver_id, today),
        "chargers": await _chargers(tx, driver_id),
        "support": await support_privacy.told_of(tx, driver_id),
    }
    await audit.write(tx, actor, "driver.data_handed_out", "driver", driver_id, at=now)
    return msgspec.json.format(msgspec.json.encode(told), indent=2)


async def _balance(tx: Transaction, driver_id: DriverId) -> list[dict[str, Any]]:
    """Return all that happened to what the driver has with us."""
    return [
        {
            "at": move.at,
            "what": move.kind,
            "of": move.purpose,
            "amount_minor": move.amount_minor,
            "balance_minor": move.balance_minor,
            "currency": currency,
        }
        for currency in await wallet_queries.currencies(tx, driver_id)
        for move in await wallet_queries.moves(tx, driver_id, currency, limit=MOVES_MAX)
    ]


async def _subscriptions(tx: Transaction, driver_id: DriverId, today: date) -> list[dict[str, Any]]:
    """Return which plans the driver has or had, and which account pays for them."""
    rows = await subscription_queries.subscribers(tx, today, SubscriberFilter(driver_id=driver_id), limit=1000)
    plans: list[dict[str, Any]] = [_plain(row, "sub") for row in rows]
    member = await subscription_queries.membership(tx, driver_id, today.replace(day=1))
    return plans + ([{"paid_by": member.owner_name, "account": member.account_name}] if member else [])


async def _chargers(tx: Transaction, driver_id: DriverId) -> list[dict[str, Any]]:
    """Return what chargers told of the driver, and which forgot it."""
    return [
        {
            "asked_at": request.created_at,
            "asked_to": request.kind,
            "charger": f"{answer.site_name}, {answer.station_name}",
            "tag": answer.token_uid,
            "answer": answer.state,
            "told": answer.data,
        }
        for request in await authorisation_queries.requests(tx, driver_id)
        for answer in await authorisation_queries.answers(tx, None, request.id)
    ]


def _plain(row: Any, prefix: str) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in row.__struct_fields__ if name not in INNER}
    return {**fields, "id": shown(prefix, row.id)}
