"""The demo's ways to pay: saved cards, a fallback that stepped in, and somebody whose new starts wait."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import Final

from laddverk.cli.demo.founding import ACTOR, example_driver
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import DriverId, PaymentMethodId, SessionId
from laddverk.payments import service as payments
from laddverk.payments.providers.sandbox import in_process
from laddverk.payments.providers.sandbox_web import application
from laddverk.payments.ways import debiting
from laddverk.payments.ways import service as ways
from laddverk.payments.ways.model import Policy, Way, WayKind
from laddverk.platform.house import House

FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
IS_EQUIPPED: Final = "SELECT EXISTS (SELECT FROM driver_paying)"
EXAMPLE: Final = "SELECT id FROM driver WHERE email = $1"
# Who charged lately, and has no mandate: each with a charge that no invoice holds yet.
CHARGED: Final = """
SELECT DISTINCT ON (driver_id) driver_id, id FROM session
WHERE settlement = 'invoice' AND price_minor > 5000 AND driver_id IS NOT NULL AND ended_at < $1
  AND NOT EXISTS (SELECT FROM invoiced_session WHERE session_id = session.id)
  AND NOT EXISTS (SELECT FROM mandate WHERE mandate.driver_id = session.driver_id)
ORDER BY driver_id, ended_at DESC LIMIT 6
"""
AT_ONCE: Final = "UPDATE session SET settlement = 'payment' WHERE id = $1"
SAVED: Final = "SELECT method_id FROM payment WHERE id = $1"
SAVED_TIMEOUT_S: Final = 30.0
POLL_S: Final = 0.1
GATHER_BELOW_MINOR: Final = 2_000
HOLD_DAYS: Final = 30  # most of the demo's unpaid invoices are younger: its drivers go on charging


async def equip(house: House, now: datetime) -> None:
    """Let some drivers save cards and choose how they pay, and debit some charges; once."""
    async with house.database.transaction() as tx:
        if await tx.value(IS_EQUIPPED):
            return
        example = await tx.value(EXAMPLE, example_driver())
        charged = [(DriverId(row["driver_id"]), SessionId(row["id"])) for row in await tx.rows(CHARGED, now)]
        policy = Policy(hold_overdue_days=HOLD_DAYS)
        await ways.save_policy(tx, house, ACTOR, policy, "en påminnelse hinner gå ut före", now)
    if example is not None:
        card = await _save(house, DriverId(example), "good", now)
        bank = Way(WayKind.BANK)
        async with house.database.transaction() as tx:
            has_bank = (await ways.standing(tx, house, DriverId(example), now)).of(bank) is not None
        await _choose(house, DriverId(example), bank if has_bank else card, card if has_bank else None, now, month=True)
    for number, (driver_id, session) in enumerate(charged):
        await _pays(house, driver_id, session, ("good", "falls_back", "owes")[number % 3], now)


async def _pays(house: House, driver_id: DriverId, session: SessionId, how: str, now: datetime) -> None:
    """Let a driver pay after each charge: at once, by the fallback, or not at all."""
    first = await _save(house, driver_id, "good" if how == "good" else "confirm", now)
    fallback = await _save(house, driver_id, "good", now) if how == "falls_back" else None
    if how == "owes":
        async with house.database.transaction() as tx:
            await ways.let_owe(tx, house, ACTOR, driver_id, False, "två fakturor gick till inkasso i fjol", now)
    await _choose(house, driver_id, first, fallback, now)
    async with house.database.transaction() as tx:
        await tx.execute(AT_ONCE, session)
        await debiting.debit_session(tx, house, session, now)
    house.worker.wake()


async def _choose(
    house: House, driver_id: DriverId, first: Way, fallback: Way | None, now: datetime, *, month: bool = False
) -> None:
    async with house.database.transaction() as tx:
        await ways.choose(
            tx, house, Actor("driver", driver_id), driver_id, first, fallback, at_once=not month,
            gather_below_minor=0 if month else GATHER_BELOW_MINOR, now=now,
        )  # fmt: skip


async def _save(house: House, driver_id: DriverId, card: str, now: datetime) -> Way:
    """Save a test card on the provider's page, as a person would, and return it."""
    page = await payments.open_save_card(house, driver_id, return_url="/my/paying", now=now)
    path = re.sub(r"^https?://[^/]+", "", page.url)
    steps = ("pay", "confirm") if card == "confirm" else ("pay",)
    for step in steps:
        await in_process(application(house))("POST", path, FORM, f"card={card}&do={step}".encode())
    house.worker.wake()
    async with asyncio.timeout(SAVED_TIMEOUT_S):
        while True:
            async with house.database.transaction() as tx:
                saved = await tx.value(SAVED, page.payment_id)
            if saved is not None:
                return Way(WayKind.METHOD, PaymentMethodId(saved))
            await asyncio.sleep(POLL_S)
