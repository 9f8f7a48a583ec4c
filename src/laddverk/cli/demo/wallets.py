"""The demo's wallets: a batch of prepaid cards that is being sold, drivers who used them, some who paid in by card."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from laddverk.cli.demo.founding import ACTOR, example_driver
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import DriverId, new_id
from laddverk.payments import service as payments
from laddverk.payments.prepaid import service as prepaid
from laddverk.payments.prepaid.model import NewBatch, VoucherPurpose
from laddverk.payments.providers.sandbox import in_process
from laddverk.payments.providers.sandbox_web import application
from laddverk.payments.wallet import giving_back
from laddverk.payments.wallet import service as wallets
from laddverk.platform.house import House

CARDS: Final = 120
SOLD: Final = 90
USERS: Final = 18
PAYERS: Final = 5
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
IS_EQUIPPED: Final = "SELECT EXISTS (SELECT FROM prepaid_batch)"
DRIVERS: Final = """
SELECT id, name FROM driver ORDER BY email <> $1, created_at, id LIMIT $2
"""


async def equip(house: House, now: datetime, seed: int) -> None:
    """Make batches of prepaid cards, let drivers use some, and others pay in; once."""
    async with house.database.transaction() as tx:
        if await tx.value(IS_EQUIPPED):
            return
        drivers = [(DriverId(row["id"]), str(row["name"])) for row in await tx.rows(DRIVERS, example_driver(), USERS)]
    if not drivers:
        return
    random = Random(seed)
    await _cards(house, [driver_id for driver_id, _ in drivers], now, random)
    for number, (driver_id, _) in enumerate(drivers[:PAYERS]):
        await _pays_in(house, driver_id, (500_00, 200_00, 300_00)[number % 3], now)
    async with house.database.transaction() as tx:
        await wallets.give_goodwill(
            tx, house, ACTOR, drivers[0][0], 50_00, "laddaren i Borås stod stilla en kväll", now, once=new_id()
        )
    last, name = drivers[-1]
    async with house.database.transaction() as tx:
        payee = giving_back.Payee(name, "8327-9 994 123 456 7")
        await giving_back.ask(tx, house, Actor("driver", last, name), last, 150_00, payee, now - timedelta(hours=20))


async def _cards(house: House, drivers: list[DriverId], now: datetime, random: Random) -> None:
    zone = ZoneInfo(house.settings.timezone)
    made_at, year = now - timedelta(days=26), timedelta(days=365)
    kiosk = NewBatch(name="Kiosken vid Stenpiren", cards=CARDS, amount_minor=200_00, expires_on=(now + 2 * year).date())
    gifts = NewBatch(
        name="Presentkort 2027", cards=40, amount_minor=500_00, purpose=VoucherPurpose.SINGLE,
        expires_on=(now + year).date(),
    )  # fmt: skip
    async with house.database.transaction() as tx:
        batch = await prepaid.make_batch(tx, ACTOR, house.secrets, kiosk, made_at, zone)
        lines = await prepaid.sheet(tx, ACTOR, house.secrets, batch, made_at)
        await prepaid.activate(tx, ACTOR, batch, 1, SOLD, made_at + timedelta(days=2))
        await prepaid.block(tx, ACTOR, batch, SOLD + 1, "tappat i hamnen", made_at + timedelta(days=3))
        await prepaid.make_batch(tx, ACTOR, house.secrets, gifts, now - timedelta(days=1), zone)
    for line, driver_id in zip(random.sample(lines[:SOLD], len(drivers)), drivers, strict=True):
        at = made_at + timedelta(days=3, minutes=random.randrange(22 * 24 * 60))
        await prepaid.redeem(house.database, house.secrets, driver_id, line.code, at, zone, address="192.0.2.1")


async def _pays_in(house: House, driver_id: DriverId, amount_minor: int, now: datetime) -> None:
    if house.settings.payment_provider != "sandbox":
        return
    page = await payments.open_top_up(house, driver_id, amount_minor=amount_minor, return_url="/my/wallet", now=now)
    path = page.url.removeprefix(house.settings.web_url)
    await in_process(application(house))("POST", path, FORM, b"card=good&do=pay")
