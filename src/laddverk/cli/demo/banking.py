"""The demo's bank: some drivers pay by Autogiro, and a made-up Bankgirot answers the files of two months."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from laddverk.cli.demo.founding import ACTOR, BANKGIRO, CUSTOMER
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import DriverId
from laddverk.payments.direct_debit import bank_files, collecting, mandates
from laddverk.payments.direct_debit.mandate_rules import check_digit, swedish_account
from laddverk.payments.direct_debit.model import Channel, Scheme
from laddverk.payments.providers.bankgirot.simulator import Bankgirot
from laddverk.platform.house import House

SCHEME: Final = Scheme.AUTOGIRO
PAYERS: Final = 12
INVITED: Final = 2  # more who have only a number yet
MORNING_H: Final = 7

PAYING: Final = """
SELECT driver.id, driver.name FROM driver
WHERE EXISTS (SELECT FROM invoice WHERE driver_id = driver.id AND kind = 'invoice' AND paid_minor < gross_minor)
ORDER BY driver.created_at, driver.id LIMIT $1
"""
IS_EQUIPPED: Final = "SELECT EXISTS (SELECT FROM mandate)"


async def equip(house: House, since: datetime, now: datetime, seed: int) -> None:
    """Let some drivers give mandates, and collect their invoices day by day until now, once."""
    async with house.database.transaction() as tx:
        if await tx.value(IS_EQUIPPED) or SCHEME not in mandates.schemes(house.settings):
            return
        drivers = [(DriverId(row["id"]), str(row["name"])) for row in await tx.rows(PAYING, PAYERS + INVITED)]
    random = Random(seed)
    bank = Bankgirot(BANKGIRO.replace("-", ""), CUSTOMER, random)
    for number, (driver_id, name) in enumerate(drivers):
        if number < PAYERS:
            await _give(house, driver_id, name, since + timedelta(hours=number), random)
        else:
            actor = Actor("driver", driver_id, name)
            async with house.database.transaction() as tx:
                await mandates.invite(tx, house, actor, driver_id, SCHEME, now - timedelta(days=number))
    zone = ZoneInfo(house.settings.timezone)
    day = since.astimezone(zone).date()
    while day <= now.astimezone(zone).date():
        await _day(house, bank, day, datetime(day.year, day.month, day.day, MORNING_H, tzinfo=zone))
        day += timedelta(days=1)


async def _give(house: House, driver_id: DriverId, name: str, at: datetime, random: Random) -> None:
    born = date(1950, 1, 1) + timedelta(days=random.randrange(18_000))
    person = f"{born:%Y%m%d}{random.randrange(1000):03d}"
    account = swedish_account("5001", f"{random.randrange(10**7):07d}", person + check_digit(person[2:]), at.date())
    paper = random.randrange(4) == 0
    actor = ACTOR if paper else Actor("driver", driver_id, name)
    async with house.database.transaction() as tx:
        await mandates.give(
            tx, house, actor, driver_id, SCHEME, account, holder=name,
            channel=Channel.PAPER if paper else Channel.PORTAL, signed_on=at.date(),
            consent=mandates.consent_text(house.settings, SCHEME, "sv"), now=at,
        )  # fmt: skip


async def _day(house: House, bank: Bankgirot, day: date, at: datetime) -> None:
    """One day at the bank: our file of the morning, and what it answers."""
    async with house.database.transaction() as tx:
        made = await collecting.write(tx, house, ACTOR, SCHEME, at)
        if made is not None:
            _, content = await bank_files.fetch(tx, house, ACTOR, made.file_id, at)
            bank.receive(content, day)
    for number, content in enumerate(bank.day(day)):
        async with house.database.transaction() as tx:
            name = f"BGC-{day:%Y%m%d}-{number + 1}.txt"
            await bank_files.take_in(tx, house, ACTOR, SCHEME, name, content, at + timedelta(hours=9))
