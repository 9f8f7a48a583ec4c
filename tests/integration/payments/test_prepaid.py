"""Prepaid cards on a real database: each krona once, each guess counted, no code in clear."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from laddverk.access import service as access
from laddverk.access.model import DriverDetails
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import DriverId
from laddverk.kernel.problems import Conflict, Invalid, NotFound, TooMany
from laddverk.ledger import holds
from laddverk.ledger import service as ledger
from laddverk.ledger.model import ADVANCES, LAPSED, RECEIVABLES, VAT_25, VAT_WAITING, VOUCHERS
from laddverk.payments.prepaid import service, store
from laddverk.payments.prepaid.model import CardState, NewBatch, VoucherPurpose
from laddverk.platform.database import Database
from laddverk.platform.settings import Secrets, secrets_in

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Stockholm")
CLERK = rule("test")


@pytest.fixture
def keys(tmp_path: Path) -> Secrets:
    return secrets_in(tmp_path)


async def driver(database: Database, email: str = "ada@example.se") -> DriverId:
    async with database.transaction() as tx:
        return await access.create_driver(tx, CLERK, DriverDetails(email=email, name="Ada"), AT)


async def batch(
    database: Database, keys: Secrets, cards: int = 3, *, sold: bool = True, **more: object
) -> tuple[UUID, list[str]]:
    new = NewBatch(name="Kiosken", cards=cards, amount_minor=200_00, **more)  # type: ignore[arg-type]  # by field
    async with database.transaction() as tx:
        made = await service.make_batch(tx, CLERK, keys, new, AT, ZONE)
        if sold:
            assert await service.activate(tx, CLERK, made, 1, cards, AT) == cards
        return made, [line.code for line in await service.sheet(tx, CLERK, keys, made, AT)]


async def balances(database: Database, *numbers: str) -> list[int]:
    async with database.transaction() as tx:
        assert (await ledger.check(tx)).sound
        return [await ledger.balance(tx, number) for number in numbers]


async def use(
    database: Database, keys: Secrets, who: DriverId, code: str, at: datetime = AT, address: str = "192.0.2.1"
):
    return await service.redeem(database, keys, who, code, at, ZONE, address=address)


async def test_a_card_is_sold_redeemed_and_its_money_is_the_drivers(database: Database, keys: Secrets) -> None:
    ada = await driver(database)
    _, codes = await batch(database, keys)
    assert await balances(database, RECEIVABLES, VOUCHERS) == [600_00, -600_00]
    card = await use(database, keys, ada, codes[1].lower().replace("-", " "))
    assert (card.place, card.amount_minor) == (2, 200_00)
    assert await balances(database, VOUCHERS, ADVANCES) == [-400_00, -200_00]
    async with database.transaction() as tx:
        assert await holds.available(tx, ADVANCES, ada, "SEK", AT) == 200_00
        (mine,) = await store.of_driver(tx, ada)
        assert mine.state is CardState.REDEEMED
    with pytest.raises(Conflict, match="used"):
        await use(database, keys, ada, codes[1])


async def test_many_at_once_redeem_a_card_once(database: Database, keys: Secrets) -> None:
    drivers = [await driver(database, f"d{number}@example.se") for number in range(6)]
    _, (code, *_) = await batch(database, keys)

    async def grab(who: DriverId) -> bool:
        try:
            await use(database, keys, who, code)
        except Conflict:
            return False
        return True

    assert sum(await asyncio.gather(*(grab(who) for who in drivers))) == 1
    assert await balances(database, VOUCHERS, ADVANCES) == [-400_00, -200_00]


async def test_a_card_that_was_not_sold_is_worth_nothing(database: Database, keys: Secrets) -> None:
    ada = await driver(database)
    made, codes = await batch(database, keys, sold=False)
    with pytest.raises(Conflict, match="cannot be used"):
        await use(database, keys, ada, codes[0])
    async with database.transaction() as tx:
        await service.block(tx, CLERK, made, 1, "dropped in the street", AT)
        assert await service.activate(tx, CLERK, made, 1, 3, AT) == 2, "a blocked card is not sold"
        assert await service.activate(tx, CLERK, made, 1, 3, AT) == 0, "sold once"
        with pytest.raises(Conflict):
            await service.block(tx, CLERK, made, 2, "sold by mistake", AT)
    with pytest.raises(Conflict, match="cannot be used"):
        await use(database, keys, ada, codes[0])
    assert await balances(database, VOUCHERS) == [-400_00]


async def test_guesses_are_counted_for_the_driver_and_for_the_address(database: Database, keys: Secrets) -> None:
    ada, bo = await driver(database), await driver(database, "bo@example.se")
    _, codes = await batch(database, keys)
    _, foreign = await batch(database, Secrets(*(b"x" * 32 for _ in Secrets.__struct_fields__)), cards=5)
    with pytest.raises(Invalid, match="slip"):
        await use(database, keys, ada, "A" * 15 + "B")
    for wrong in foreign:
        with pytest.raises(Invalid, match="no card"):
            await use(database, keys, ada, wrong)
    with pytest.raises(TooMany):
        await use(database, keys, ada, codes[0], address="192.0.2.9")
    with pytest.raises(TooMany):
        await use(database, keys, bo, codes[0])
    assert (await use(database, keys, bo, codes[0], address="192.0.2.8")).place == 1, "somebody else, somewhere else"
    assert (await use(database, keys, ada, codes[1], AT + timedelta(minutes=16))).place == 2


async def test_the_vat_of_a_single_purpose_card_falls_due_when_it_is_sold(database: Database, keys: Secrets) -> None:
    ada = await driver(database)
    _, codes = await batch(database, keys, purpose=VoucherPurpose.SINGLE)
    assert await balances(database, VAT_25, VAT_WAITING) == [-120_00, 120_00]
    await use(database, keys, ada, codes[0])
    async with database.transaction() as tx:
        assert await ledger.balance(tx, VAT_WAITING, owner=ada) == 40_00
        assert await ledger.balance(tx, VAT_WAITING) == 120_00


@pytest.mark.parametrize(("purpose", "gained"), [(VoucherPurpose.MULTI, 400_00), (VoucherPurpose.SINGLE, 320_00)])
async def test_what_is_not_redeemed_in_time_is_income(
    database: Database, keys: Secrets, purpose: VoucherPurpose, gained: int
) -> None:
    ada = await driver(database)
    _, codes = await batch(database, keys, purpose=purpose, expires_on=date(2026, 12, 31))
    await use(database, keys, ada, codes[0], datetime(2026, 12, 31, 22, 30, tzinfo=UTC))
    with pytest.raises(Conflict, match="too old"):
        await use(database, keys, ada, codes[1], datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    async with database.transaction() as tx:
        assert await service.lapse(tx, datetime(2026, 12, 31, 22, 30, tzinfo=UTC), ZONE) == 0
        assert await service.lapse(tx, datetime(2027, 1, 1, 12, tzinfo=UTC), ZONE) == 2
        assert await service.lapse(tx, datetime(2027, 1, 1, 12, tzinfo=UTC), ZONE) == 0
    assert await balances(database, VOUCHERS, LAPSED) == [0, -gained]
    with pytest.raises(Conflict, match="too old"):
        await use(database, keys, ada, codes[1], datetime(2027, 1, 2, tzinfo=UTC))


async def test_no_code_is_stored_in_clear_and_printed_ones_are_forgotten(database: Database, keys: Secrets) -> None:
    made, codes = await batch(database, keys)
    async with database.transaction() as tx:
        everything = ""
        for table in await tx.values("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            everything += await tx.value(f"SELECT coalesce(string_agg(t::text, '|'), '') FROM {table} AS t")
        for code in codes:
            plain = code.replace("-", "")
            assert plain not in everything
            assert plain.encode().hex() not in everything
        await service.forget_codes(tx, CLERK, made, AT)
        with pytest.raises(Conflict, match="forgotten"):
            await service.sheet(tx, CLERK, keys, made, AT)
    second, _ = await batch(database, keys)
    async with database.transaction() as tx:
        await service.lapse(tx, AT + timedelta(days=31), ZONE)
        with pytest.raises(Conflict, match="forgotten"):
            await service.sheet(tx, CLERK, keys, second, AT)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("name", {"name": " "}), ("cards", {"cards": 0}), ("cards", {"cards": 5001}), ("amount", {"amount_minor": 0}),
        ("amount", {"amount_minor": 500_001}), ("expires_on", {"expires_on": date(2026, 11, 21)}),
    ],
)  # fmt: skip
async def test_a_batch_that_makes_no_sense_is_refused_by_field(
    database: Database, keys: Secrets, field: str, change: dict[str, object]
) -> None:
    given = {"name": "Kiosken", "cards": 1, "amount_minor": 100_00} | change
    async with database.transaction() as tx:
        with pytest.raises(Invalid) as refused:
            await service.make_batch(tx, CLERK, keys, NewBatch(**given), AT, ZONE)  # type: ignore[arg-type]  # by field
        assert refused.value.field == field
        with pytest.raises(NotFound):
            await service.activate(tx, CLERK, UUID(int=1), 1, 1, AT)
