"""Drivers and tokens: entered, blocked, brought in as a list, and what they come to."""

from __future__ import annotations

import pytest

from laddverk.access import service
from laddverk.access.model import NewToken, Standing, TokenDetails, TokenImport
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import DriverId, TokenId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.platform.database import Database
from tests.integration.access.people import NOW, TESTS, acting, after, driver, with_driver


async def with_token(database: Database, uid: str = "04:ab:cd:ef", **more: object) -> TokenId:
    async with database.transaction() as tx:
        return await service.create_token(tx, TESTS, NewToken(uid=uid, **more), NOW)


async def word(database: Database, uid: str, **span: float) -> Standing:
    async with database.transaction() as tx:
        return (await service.standing(tx, [uid], after(**span)))[uid].authorisation


async def imported(database: Database, text: str) -> TokenImport:
    async with database.transaction() as tx:
        return await service.import_tokens(tx, TESTS, text, NOW)


async def test_every_uid_that_is_asked_for_has_its_standing_however_it_is_written(database: Database) -> None:
    driver_id = await with_driver(database)
    token_id = await with_token(database, driver_id=driver_id)
    await with_token(database, "LOOSE1")
    async with database.transaction() as tx:
        found = await service.standing(tx, ["04abcdef", "04-AB-CD-EF\x0e", "LOOSE1", "UNKNOWN", ""], NOW)
    assert {uid: one.authorisation.value for uid, one in found.items()} == {
        "04abcdef": "accepted",
        "04-AB-CD-EF\x0e": "accepted",
        "LOOSE1": "invalid",
        "UNKNOWN": "invalid",
        "": "invalid",
    }
    one = found["04abcdef"]
    assert (one.token_id, one.driver_id, one.language, one.settlement) == (token_id, driver_id, "sv", "invoice")
    assert found["UNKNOWN"].token_id is None


async def test_a_block_says_why_and_ends(database: Database) -> None:
    driver_id = await with_driver(database)
    token_id = await with_token(database, driver_id=driver_id)
    async with database.transaction() as tx:
        await service.block_token(tx, TESTS, token_id, "  lost  ", NOW)
        assert (await service.standing(tx, ["04ABCDEF"], NOW))["04ABCDEF"].reason == "the tag is blocked: lost"
        await service.unblock_token(tx, TESTS, token_id, "found again", NOW)
        await service.block_driver(tx, TESTS, driver_id, "unpaid", NOW)
    assert await word(database, "04ABCDEF") is Standing.BLOCKED
    async with database.transaction() as tx:
        await service.unblock_driver(tx, TESTS, driver_id, "paid", NOW)
        reasons = await tx.values("SELECT reason FROM audit_log WHERE action LIKE '%blocked' ORDER BY id")
    assert await word(database, "04ABCDEF") is Standing.ACCEPTED
    assert reasons == ["lost", "found again", "unpaid", "paid"]


async def test_a_block_needs_a_reason_a_right_and_somebody_to_block(database: Database) -> None:
    token_id = await with_token(database)
    async with database.transaction() as tx:
        with pytest.raises(Invalid) as refused:
            await service.block_token(tx, TESTS, token_id, "  ", NOW)
        assert refused.value.field == "reason"
        with pytest.raises(NotFound):
            await service.block_driver(tx, TESTS, DriverId(new_id()), "x", NOW)
        with pytest.raises(NotAllowed):
            await service.block_token(tx, acting(Role.TECHNICIAN), token_id, "x", NOW)


async def test_a_token_expires_and_can_be_prolonged_and_moved(database: Database) -> None:
    driver_id = await with_driver(database)
    other = await with_driver(database, "bo@example.com", "Bo Ek")
    token_id = await with_token(database, driver_id=driver_id, valid_until=after(days=1))
    assert await word(database, "04ABCDEF", hours=23) is Standing.ACCEPTED
    assert await word(database, "04ABCDEF", hours=24) is Standing.EXPIRED
    async with database.transaction() as tx:
        await service.update_token(tx, TESTS, token_id, TokenDetails(driver_id=other, label="Bos"), NOW)
        found = await service.standing(tx, ["04ABCDEF"], after(days=9))
        with pytest.raises(Invalid):
            await service.update_token(tx, TESTS, token_id, TokenDetails(driver_id=DriverId(new_id())), NOW)
    assert found["04ABCDEF"].driver_id == other


async def test_a_uid_is_entered_once_whatever_its_separators(database: Database) -> None:
    await with_token(database)
    with pytest.raises(Conflict) as taken:
        await with_token(database, "04abcdef")
    assert taken.value.field == "uid"
    with pytest.raises(Invalid):
        await with_token(database, "NEW1", driver_id=DriverId(new_id()))


async def test_an_address_belongs_to_one_driver(database: Database) -> None:
    await with_driver(database)
    other = await with_driver(database, "bo@example.com", "Bo Ek")
    async with database.transaction() as tx:
        for attempt in (
            service.create_driver(tx, TESTS, driver(" ANNA@example.com "), NOW),
            service.update_driver(tx, TESTS, other, driver(), NOW),
        ):
            with pytest.raises(Conflict) as taken:
                await attempt
            assert taken.value.field == "email"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "x"}, "email"),
        ({"name": " "}, "name"),
        ({"language": "no"}, "language"),
        ({"settlement": "cash"}, "settlement"),
        ({"phone": "0" * 101}, "phone"),
    ],
)
async def test_a_driver_at_fault_names_the_field(database: Database, change: dict[str, str], field: str) -> None:
    async with database.transaction() as tx:
        with pytest.raises(Invalid) as refused:
            await service.create_driver(tx, TESTS, driver(**change), NOW)
    assert refused.value.field == field


async def test_last_use_moves_forward_only(database: Database) -> None:
    token_id = await with_token(database)
    async with database.transaction() as tx:
        await service.used(tx, [(token_id, after(hours=2)), (token_id, after(hours=1))])
        await service.used(tx, [(token_id, NOW)])
        assert await tx.value("SELECT last_used_at FROM token") == after(hours=2)


LIST = """uid;Label;Driver;valid_until;blocked_why;something
04:11:22:33;'=röd;anna@example.com;2027-12-31;;x
04112244;;bo ek;;lost;x
;;;;;
04112255;loose;;;;x
"""


async def test_a_list_is_brought_in_whole_and_a_second_time_changes_nothing(database: Database) -> None:
    anna = await with_driver(database)
    await with_driver(database, "bo@example.com", "Bo Ek")
    assert await imported(database, LIST) == TokenImport(added=3)
    async with database.transaction() as tx:
        row = (await tx.rows("SELECT label, driver_id, valid_until FROM token WHERE uid = '04112233'"))[0]
        assert (row["label"], row["driver_id"], row["valid_until"].isoformat()) == (
            "=röd",
            anna,
            "2028-01-01T00:00:00+00:00",
        )
        assert await tx.value("SELECT blocked_why FROM token WHERE uid = '04112244'") == "lost"
    assert await imported(database, LIST) == TokenImport(unchanged=3)
    changed = LIST.replace("loose", "Lars").replace("lost", "")
    assert await imported(database, changed) == TokenImport(changed=2, unchanged=1)
    assert await word(database, "04112244") is Standing.ACCEPTED


async def test_a_column_that_is_missing_changes_nothing(database: Database) -> None:
    await with_driver(database)
    await with_driver(database, "bo@example.com", "Bo Ek")
    await imported(database, LIST)
    assert await imported(database, "\ufeffuid,label\r\n04112244,ny\r\n") == TokenImport(changed=1)
    assert await word(database, "04112244") is Standing.BLOCKED


async def test_one_fault_in_a_list_is_told_by_its_line_and_nothing_is_done(database: Database) -> None:
    await with_driver(database)
    await with_driver(database, "a2@example.com", "Anna Berg")
    report = await imported(
        database,
        "uid,driver,valid_until\n"
        "04112233,anna@example.com,\n"
        "?,,\n"
        "04112233,,\n"
        "04112266,nobody@example.com,\n"
        "04112277,Anna Berg,\n"
        "04112288,,31/12 2027\n",
    )
    assert [fault.line for fault in report.faults] == [3, 4, 5, 6, 7]
    assert report.added == 0
    async with database.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM token") == 0


@pytest.mark.parametrize("text", ["", "label\nx\n", "uid\n" + "AB\n" * 200])
async def test_what_is_no_list_is_told_in_few_words(database: Database, text: str) -> None:
    report = await imported(database, text)
    assert 1 <= len(report.faults) <= 51


async def test_thousands_of_tokens_take_a_moment(database: Database) -> None:
    text = "uid,label\n" + "".join(f"04{number:010X},tag {number}\n" for number in range(5000))
    assert await imported(database, text) == TokenImport(added=5000)
    assert await imported(database, text) == TokenImport(unchanged=5000)
