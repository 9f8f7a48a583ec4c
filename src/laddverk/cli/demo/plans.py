"""The demo's plans and who has them: subscribers of every kind, a family, and a housing association that pays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from laddverk.cli.demo.founding import FOUNDED_BEFORE
from laddverk.cli.demo.people import MAIL_DOMAIN, Person
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import CustomerAccountId, DriverId, PlanId
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.subscriptions import accounts, plans, subscribing
from laddverk.subscriptions.model import (
    AccountDetails,
    AccountKind,
    Audience,
    Cancel,
    Change,
    Holder,
    Pause,
    Terms,
)

ACTOR: Final = rule("demo")
SUBSCRIBERS: Final = 22
FAMILY: Final = 3  # the first drivers: who tries the portal sees it from the owner's side
ASSOCIATION: Final = range(40, 47)  # drivers whose charging a housing association pays for
FAMILY_LIMIT_MINOR: Final = 1_200_000
MEMBER_LIMIT_MINOR: Final = 500_000

PLANS: Final = {
    "Lagom": Terms(fee_minor=9_900, included_wh=25_000, trial_days=14, notice_days=30, text="25 kWh i månaden ingår."),
    "Pendlare": Terms(
        fee_minor=34_900, included_wh=120_000, binding_months=6, notice_days=30,
        text="För dig som laddar ofta: 120 kWh i månaden ingår.",
    ),
    "Rörligt": Terms(
        fee_minor=2_900, driver_group="spot", notice_days=30, text="Du betalar elbörsens pris för det du laddar.",
    ),
    "Förening": Terms(
        fee_minor=89_000, included_wh=300_000, binding_months=12, notice_days=60, audience=Audience.COMPANY,
        text="300 kWh i månaden att dela på för alla som föreningen betalar för.",
    ),
}  # fmt: skip


IDS: Final = """
SELECT driver.id FROM unnest($1::text[]) WITH ORDINALITY AS given (email, place) JOIN driver USING (email)
ORDER BY place
"""
THERE: Final = "SELECT EXISTS (SELECT FROM plan)"


async def equip(house: House, drivers: Sequence[Person], since: datetime) -> None:
    """Make plans, accounts and subscribers, unless they are there; all of it lies between `since` and now."""
    zone = ZoneInfo(house.settings.timezone)
    async with house.database.transaction() as tx:
        if await tx.value(THERE):
            return
        ids = [DriverId(each) for each in await tx.values(IDS, [person.email for person in drivers])]
        await _equip(tx, drivers, ids, since - FOUNDED_BEFORE, house.clock(), zone)


async def _equip(
    tx: Transaction, drivers: Sequence[Person], ids: Sequence[DriverId], before: datetime, now: datetime, zone: ZoneInfo
) -> None:
    made = {name: (await plans.create(tx, ACTOR, name, terms, before)).plan_id for name, terms in PLANS.items()}
    await _family(tx, drivers, ids, before, made["Lagom"], zone.key)
    await _association(tx, drivers, ids, before, now, made["Förening"], zone.key)
    random = Random(len(ids))
    span = now - before
    for number in range(FAMILY, FAMILY + SUBSCRIBERS):
        plan = random.choices(["Lagom", "Pendlare", "Rörligt"], [5, 3, 2])[0]
        begun = before + span * random.uniform(0.05, 0.9)
        holder = Holder(driver_id=ids[number])
        subscription = await subscribing.begin(tx, ACTOR, holder, made[plan], begun, zone=zone.key)
        if number % 7 == 0 and plan == "Lagom":
            change = Change(made["Pendlare"])
            await subscribing.carry_out(tx, ACTOR, subscription, change, begun + (now - begun) / 2, zone=zone.key)
        elif number % 7 == 1:
            await subscribing.carry_out(tx, ACTOR, subscription, Cancel(), now - timedelta(days=3), zone=zone.key)
        elif number % 7 == 2 and plan != "Lagom":
            first = (now - timedelta(days=4)).astimezone(zone).date()
            away = Pause(first, first + timedelta(days=30))
            await subscribing.carry_out(
                tx, ACTOR, subscription, away, max(begun, now - timedelta(days=9)), zone=zone.key
            )


async def _family(
    tx: Transaction, drivers: Sequence[Person], ids: Sequence[DriverId], at: datetime, plan: PlanId, zone: str
) -> None:
    details = AccountDetails(name=f"Familjen {drivers[0].name.split()[-1]}", limit_minor=FAMILY_LIMIT_MINOR)
    account_id = await accounts.open_account(tx, ACTOR, ids[0], details, at)
    for number in range(1, FAMILY):
        await _join(tx, drivers[number], ids[number], account_id, at, MEMBER_LIMIT_MINOR, shares=number == 1)
    await subscribing.begin(tx, ACTOR, Holder(account_id=account_id), plan, at, zone=zone)


async def _association(
    tx: Transaction,
    drivers: Sequence[Person],
    ids: Sequence[DriverId],
    at: datetime,
    now: datetime,
    plan: PlanId,
    zone: str,
) -> None:
    owner = ASSOCIATION[0]
    details = AccountDetails(
        kind=AccountKind.COMPANY,
        name="Brf Ekbacken",
        org_number="769000-0000",
        invoice_email=f"faktura.ekbacken@{MAIL_DOMAIN}",
        address="Ekbacken 1, 413 01 Göteborg",
        reference="Styrelsen, laddplatser",
    )
    account_id = await accounts.open_account(tx, ACTOR, ids[owner], details, at)
    for number in ASSOCIATION[1:]:
        await _join(tx, drivers[number], ids[number], account_id, at, None, shares=number % 2 == 0)
    await accounts.invite(tx, ACTOR, account_id, f"nyinflyttad@{MAIL_DOMAIN}", None, now, language="sv")
    await subscribing.begin(tx, ACTOR, Holder(account_id=account_id), plan, at, zone=zone)


async def _join(
    tx: Transaction,
    person: Person,
    driver_id: DriverId,
    account_id: CustomerAccountId,
    at: datetime,
    limit_minor: int | None,
    *,
    shares: bool,
) -> None:
    token = await accounts.invite(tx, ACTOR, account_id, person.email, limit_minor, at, language=person.language)
    await accounts.accept(tx, ACTOR, token, driver_id, at, shares_places=shares)
