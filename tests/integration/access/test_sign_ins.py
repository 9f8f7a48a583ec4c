"""Signing in: by password, by mailed link, by key; and how long each lasts."""

from __future__ import annotations

from datetime import datetime

import pytest

from laddverk.access import service
from laddverk.access.jobs import GUESSES_KEPT
from laddverk.access.model import SignedIn, Visitor
from laddverk.access.store import sign_ins
from laddverk.kernel.actors import Permission, Role
from laddverk.kernel.ids import OperatorId, new_id
from laddverk.kernel.problems import Invalid, NotAllowed, NotAuthenticated, NotFound, TooMany
from laddverk.platform.database import Database
from tests.integration.access.people import (
    HERE,
    NOW,
    PASSWORD,
    TESTS,
    acting,
    after,
    member,
    with_driver,
    with_member,
)


async def signed_in(
    database: Database, password: str = PASSWORD, email: str = "astrid@example.com", address: str = HERE
) -> SignedIn | None:
    async with database.transaction() as tx:
        return await service.sign_in(tx, email, password, NOW, address)


async def visitor(database: Database, token: str, at: datetime = NOW) -> Visitor | None:
    async with database.transaction() as tx:
        return await service.actor_of_cookie(tx, token, at)


async def in_any_table(database: Database, secret: str) -> bool:
    async with database.transaction() as tx:
        tables = ("operator", "web_session", "sign_in_link", "api_key", "audit_log", "sign_in_failure", "driver")
        rows = [row for table in tables for row in await tx.values(f"SELECT t::text FROM {table} t")]
    return any(secret in row for row in rows)


async def test_the_right_password_opens_the_console_with_the_rights_of_the_role(database: Database) -> None:
    operator_id = await with_member(database, role=Role.FINANCE)
    opened = service.admitted(await signed_in(database, email="  Astrid@Example.com "))
    known = await visitor(database, opened.token)
    assert known is not None
    assert (known.kind, known.role, known.actor.id, known.language) == ("operator", "finance", operator_id, "sv")
    assert known.actor.may(Permission.INVOICES_WRITE)
    assert not known.actor.may(Permission.COMMANDS_SEND)
    assert not await in_any_table(database, opened.token)
    assert not await in_any_table(database, PASSWORD)


@pytest.mark.parametrize("email", ["astrid@example.com", "nobody@example.com", "", "a\x00b", "x" * 100_000])
async def test_a_wrong_password_and_an_unknown_address_are_told_the_same(database: Database, email: str) -> None:
    await with_member(database)
    assert await signed_in(database, "wrong", email) is None
    with pytest.raises(NotAuthenticated):
        service.admitted(None)


async def test_guessing_is_stopped_for_the_guesser_and_not_for_the_owner(database: Database) -> None:
    await with_member(database)
    for _ in range(10):
        assert await signed_in(database, "wrong") is None
    with pytest.raises(TooMany):
        await signed_in(database)
    assert await signed_in(database, address="10.0.0.2") is not None
    async with database.transaction() as tx:
        assert await service.sign_in(tx, "astrid@example.com", PASSWORD, after(minutes=16), HERE) is not None


async def test_an_address_that_guesses_at_everybody_is_stopped(database: Database) -> None:
    async with database.transaction() as tx:
        for number in range(60):
            await sign_ins.failed(tx, f"staff:x{number}", HERE, NOW)
        await sign_ins.failed(tx, "link:x", "10.0.0.2", NOW)
        with pytest.raises(TooMany):
            await service.sign_in(tx, "new@example.com", "x", NOW, HERE)


async def test_a_sign_in_ends_when_it_is_not_used_for_a_shift_and_after_a_week_anyway(database: Database) -> None:
    await with_member(database)
    token = service.admitted(await signed_in(database)).token
    assert await visitor(database, token, after(hours=13)) is None
    for hours in range(0, 7 * 24, 8):
        assert await visitor(database, token, after(hours=hours)) is not None
    assert await visitor(database, token, after(days=7, minutes=1)) is None


async def test_signing_out_ends_this_sign_in_and_no_other(database: Database) -> None:
    await with_member(database)
    first, second = service.admitted(await signed_in(database)), service.admitted(await signed_in(database))
    async with database.transaction() as tx:
        await service.sign_out(tx, first.token)
    assert await visitor(database, first.token) is None
    assert await visitor(database, second.token) is not None
    assert await visitor(database, "") is None


async def test_nobody_has_more_than_twenty_sign_ins(database: Database) -> None:
    operator_id = await with_member(database)
    async with database.transaction() as tx:
        for number in range(25):
            await sign_ins.insert_session(
                tx,
                bytes([number]) * 32,
                "operator",
                operator_id,
                after(seconds=number),
                after(days=1),
                remote_address=HERE,
                user_agent="",
                sessions_max=20,
            )
        assert await tx.value("SELECT min(get_byte(token_hash, 0)) FROM web_session") == 5


async def test_a_new_role_counts_at_once_and_a_disabled_person_is_out(database: Database) -> None:
    operator_id = await with_member(database, role=Role.OPERATOR)
    token = service.admitted(await signed_in(database)).token
    async with database.transaction() as tx:
        await service.update_staff(tx, TESTS, operator_id, member(role=Role.SUPPORT), NOW)
    known = await visitor(database, token)
    assert known is not None
    assert known.role == "support"
    async with database.transaction() as tx:
        await service.disable_staff(tx, TESTS, operator_id, NOW, reason="left")
    assert await visitor(database, token) is None
    assert await signed_in(database) is None
    async with database.transaction() as tx:
        await service.enable_staff(tx, TESTS, operator_id, NOW)
    assert await visitor(database, token) is None
    assert await signed_in(database) is not None


async def test_a_site_host_sees_their_own_sites_only(database: Database) -> None:
    async with database.transaction() as tx:
        mine, other = new_id(), new_id()
        for site_id, code in ((mine, "AAA"), (other, "BBB")):
            await tx.execute(
                "INSERT INTO site (id, name, code, created_at) VALUES ($1, $2, $2, $3)", site_id, code, NOW
            )
        host = member("host@example.com", Role.SITE_HOST, (mine,))
        await service.create_staff(tx, TESTS, host, PASSWORD, NOW)
    token = service.admitted(await signed_in(database, email="host@example.com")).token
    known = await visitor(database, token)
    assert known is not None
    known.actor.require_site(mine)
    with pytest.raises(NotFound):
        known.actor.require_site(other)


async def test_a_new_password_ends_all_sign_ins(database: Database) -> None:
    operator_id = await with_member(database)
    opened = service.admitted(await signed_in(database))
    async with database.transaction() as tx:
        with pytest.raises(Invalid):
            await service.change_own_password(tx, opened.actor, "wrong", "helt andra ord i rad", NOW)
        await service.change_own_password(tx, opened.actor, PASSWORD, "helt andra ord i rad", NOW)
    assert await visitor(database, opened.token) is None
    assert await signed_in(database) is None
    assert await signed_in(database, "helt andra ord i rad") is not None
    async with database.transaction() as tx:
        await service.set_password(tx, TESTS, operator_id, PASSWORD, NOW)
    assert await signed_in(database) is not None


async def test_a_link_signs_a_driver_in_once_and_for_a_quarter_of_an_hour(database: Database) -> None:
    driver_id = await with_driver(database)
    async with database.transaction() as tx:
        link = await service.make_sign_in_link(tx, "Anna@example.com", NOW, HERE)
        late = await service.make_sign_in_link(tx, "anna@example.com", NOW, HERE)
        assert link is not None
        assert late is not None
        assert await service.use_sign_in_link(tx, late.token, after(minutes=15)) is None
        token = await service.use_sign_in_link(
            tx, link.token, after(minutes=14), remote_address=HERE, user_agent="x\x00"
        )
        assert token is not None
        assert await service.use_sign_in_link(tx, link.token, after(minutes=14)) is None
        assert await service.use_sign_in_link(tx, "nonsense", NOW) is None
    known = await visitor(database, token, after(days=89))
    assert known is not None
    assert (known.kind, known.actor.id, known.actor.permissions) == ("driver", driver_id, frozenset())
    assert await visitor(database, token, after(days=91)) is None
    assert not await in_any_table(database, link.token)


async def test_nobody_is_buried_in_links_and_no_address_asks_for_all(database: Database) -> None:
    await with_driver(database)
    async with database.transaction() as tx:
        made = [await service.make_sign_in_link(tx, "anna@example.com", NOW, HERE) for _ in range(7)]
        assert [link is not None for link in made] == [True] * 5 + [False] * 2
        assert await service.make_sign_in_link(tx, "nobody@example.com", NOW, "10.0.0.3") is None
        for number in range(33):
            await service.make_sign_in_link(tx, f"x{number}@example.com", NOW, HERE)
        with pytest.raises(TooMany):
            await service.make_sign_in_link(tx, "one.more@example.com", NOW, HERE)
        assert await service.make_sign_in_link(tx, "anna@example.com", after(hours=2), HERE) is not None


async def test_a_key_may_what_its_scopes_say_until_it_is_revoked(database: Database) -> None:
    admin = acting(Role.ADMIN)
    scopes = [Permission.SESSIONS_READ, Permission.STATIONS_READ]
    async with database.transaction() as tx:
        made = await service.create_api_key(tx, admin, "Export", scopes, NOW)
        actor = await service.actor_of_key(tx, made.secret, NOW)
        assert actor is not None
        assert (actor.kind, actor.name, actor.permissions) == ("api_key", "Export", frozenset(scopes))
        assert await service.actor_of_key(tx, made.secret + "0", NOW) is None
        assert await service.actor_of_key(tx, "lvk_", NOW) is None
        await service.revoke_api_key(tx, admin, made.id, NOW, "leaked")
        assert await service.actor_of_key(tx, made.secret, NOW) is None
        with pytest.raises(NotFound):
            await service.revoke_api_key(tx, admin, made.id, NOW)
    assert not await in_any_table(database, made.secret)


async def test_a_key_cannot_make_a_greater_key(database: Database) -> None:
    async with database.transaction() as tx:
        made = await service.create_api_key(tx, acting(Role.ADMIN), "Staff", [Permission.STAFF_WRITE], NOW)
        actor = await service.actor_of_key(tx, made.secret, NOW)
        assert actor is not None
        with pytest.raises(NotAllowed):
            await service.create_api_key(tx, actor, "All", list(Permission), NOW)
        with pytest.raises(NotAllowed):
            await service.create_staff(tx, actor, member("evil@example.com"), PASSWORD, NOW)
        with pytest.raises(NotAllowed):
            await service.create_api_key(tx, acting(Role.OPERATOR), "x", [Permission.STATIONS_READ], NOW)


async def test_the_sweep_takes_what_has_ended(database: Database) -> None:
    await with_member(database)
    await signed_in(database)
    await signed_in(database, "wrong")
    async with database.transaction() as tx:
        await sign_ins.sweep(tx, after(days=6), after(days=6) - GUESSES_KEPT)
        assert await tx.value("SELECT count(*) FROM web_session") == 1
        assert await tx.value("SELECT count(*) FROM sign_in_failure") == 0
        await sign_ins.sweep(tx, after(days=8), after(days=7))
        assert await tx.value("SELECT count(*) FROM web_session") == 0


async def test_the_last_administrator_stays_and_nobody_shuts_themselves_out(database: Database) -> None:
    only = await with_member(database)
    async with database.transaction() as tx:
        for attempt in (
            service.disable_staff(tx, TESTS, only, NOW),
            service.update_staff(tx, TESTS, only, member(role=Role.OPERATOR), NOW),
        ):
            with pytest.raises(Exception, match="must be an administrator"):
                await attempt
    second = await with_member(database, "second@example.com")
    opened = service.admitted(await signed_in(database))
    async with database.transaction() as tx:
        with pytest.raises(Exception, match="shut yourself out"):
            await service.disable_staff(tx, opened.actor, OperatorId(only), NOW)
        await service.disable_staff(tx, opened.actor, second, NOW)


@pytest.mark.parametrize(
    ("details", "password", "field"),
    [
        (member("no address"), PASSWORD, "email"),
        (member("astrid@example.com"), PASSWORD, "email"),
        (member("a@example.com", Role.SITE_HOST), PASSWORD, "sites"),
        (member("a@example.com", Role.SITE_HOST, (new_id(),)), PASSWORD, "sites"),
        (member("a@example.com"), "too short", "password"),
    ],
)
async def test_staff_at_fault_name_the_field(database: Database, details: object, password: str, field: str) -> None:
    await with_member(database)
    async with database.transaction() as tx:
        with pytest.raises(Exception) as refused:
            await service.create_staff(tx, TESTS, details, password, NOW)
    assert refused.value.field == field
