"""Somebody is forgotten: nothing names them but what the law keeps, nobody else is touched, the books are whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from laddverk.access import service as access
from laddverk.access.model import DriverDetails
from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.ledger import service as ledger
from laddverk.platform.database import Database
from laddverk.support import service, working
from laddverk.support.erasure import clearing
from laddverk.support.erasure import service as erasure
from laddverk.support.erasure.model import WORDS, Obstacle
from laddverk.support.model import Channel, NewCase
from tests.integration.support.lives import ADMIN, Person, a_life, put, traces_of
from tests.network import Network, network_on

TECHNICIAN = Actor("operator", new_id(), "Tor", PERMISSIONS[Role.TECHNICIAN], None)
SAID = "INSERT INTO driver_wish (session_id, departs_at, told_at) SELECT id, now(), now() FROM session"
GUESSED = """
INSERT INTO stay_guess (session_id, departs_at, departs_by, energy_by, made_at)
SELECT id, now(), 'own_habit', 'nothing', now() FROM session
"""
LEAVES = """
SELECT session_id FROM driver_wish FULL JOIN stay_guess USING (session_id) JOIN session ON session.id = session_id
WHERE session.driver_id = $1
"""


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        await made.add_station("S1")
        yield made


async def ask(network: Network, person: Person, actor: Actor | None = None, reason: str = "") -> list[Obstacle]:
    async with network.house.database.transaction() as tx:
        now = network.house.clock()
        return await erasure.ask(tx, network.house, actor or person.actor, person.id, now, reason=reason)


async def test_after_all_that_a_driver_can_do_nothing_names_them_but_what_the_law_keeps(network: Network) -> None:
    kim, bo = Person("kumquat", 1), Person("bergamott", 2)
    await a_life(network, kim)
    other = await a_life(network, bo)
    await network.house.worker.run_until_idle()
    async with network.house.database.transaction() as tx:
        await tx.execute(SAID)
        await tx.execute(GUESSED)
    before = await traces_of(network, bo)
    assert len(await traces_of(network, kim)) > 40  # there was something to be forgotten
    async with network.house.database.transaction() as tx:
        booked = await tx.rows("SELECT series, number, gross_minor FROM invoice ORDER BY number")
        charges = await tx.rows("SELECT id, energy_wh, price_minor, driver_id FROM session ORDER BY id")
    assert await ask(network, kim) == []
    await network.house.worker.run_until_idle()
    left = await traces_of(network, kim)
    assert left - set(clearing.KEPT) == set()
    assert {"invoice.buyer", "invoice_file.content"} <= left
    assert await traces_of(network, bo) == before  # nobody else was touched
    async with network.house.database.transaction() as tx:
        assert await tx.rows("SELECT series, number, gross_minor FROM invoice ORDER BY number") == booked
        assert await tx.rows("SELECT id, energy_wh, price_minor, driver_id FROM session ORDER BY id") == charges
        assert await tx.values(LEAVES, kim.id) == []
        assert await tx.values(LEAVES, bo.id) != []
        assert (await ledger.check(tx)).sound
        assert await tx.value("SELECT count(*) FROM support_case WHERE id = $1 AND subject <> '–'", other) == 1
        row = (await tx.rows("SELECT state, reason, removed FROM erasure"))[0]
        assert (row["state"], row["reason"], row["removed"]["token"]) == ("done", "", 1)
        # The last mail says that it is done; its address goes when it has left.
        assert await tx.value("SELECT count(*) FROM mail WHERE template = 'account_erased' AND recipient <> ''") == 1
        await tx.execute("UPDATE mail SET sent_at = created_at")
        await erasure.forget_told(tx, network.house.clock())
        # Seven years after the year, documents lose the name too.
        await erasure.forget_invoices(tx, network.house.clock() + timedelta(days=365 * 6))
        assert await tx.value("SELECT count(*) FROM invoice_file") == 2
        assert await erasure.forget_invoices(tx, network.house.clock() + timedelta(days=365 * 8 + 3)) == 1
        assert await tx.value("SELECT count(*) FROM invoice_file") == 1
    assert await traces_of(network, kim) == set()
    # They may come back, as somebody new.
    async with network.house.database.transaction() as tx:
        details = DriverDetails(email=kim.email, name=kim.name)
        assert await access.create_driver(tx, ADMIN, details, network.house.clock()) != kim.id


async def test_what_stands_in_the_way_is_waited_for_and_no_charge_is_started_meanwhile(network: Network) -> None:
    kim, house = Person("kumquat", 1), network.house
    await a_life(network, kim)
    async with house.database.transaction() as tx:
        given = NewCase(text="En sak till", kind="other", channel=Channel.PORTAL)
        case = await service.open_by_driver(tx, house, kim.actor, given, house.clock())
        await tx.execute("UPDATE invoice SET paid_minor = 0")
        await tx.execute("UPDATE mandate SET state = 'active'")
        await put(tx, network, "session", station_id=network.station_ids["S1"], transaction_key="t2", driver_id=kim.id)
    assert set(await ask(network, kim)) == {Obstacle.CHARGES, Obstacle.TO_PAY, Obstacle.MANDATE, Obstacle.CASE}
    assert set(await ask(network, kim)) == {Obstacle.CHARGES, Obstacle.TO_PAY, Obstacle.MANDATE, Obstacle.CASE}
    await house.worker.run_until_idle()
    async with house.database.transaction() as tx:
        assert await tx.value("SELECT name FROM driver WHERE id = $1", kim.id) == kim.name
        assert await tx.value("SELECT blocked_why FROM driver WHERE id = $1", kim.id) == "erasure"
        assert await tx.value("SELECT count(*) FROM erasure") == 1
        await erasure.withdraw(tx, kim.actor, kim.id, house.clock())
        assert await tx.value("SELECT blocked_at FROM driver WHERE id = $1", kim.id) is None
        with pytest.raises(Conflict):
            await erasure.withdraw(tx, kim.actor, kim.id, house.clock())
    await ask(network, kim)
    async with house.database.transaction() as tx:
        await tx.execute("UPDATE invoice SET paid_minor = gross_minor")
        await tx.execute("UPDATE mandate SET state = 'cancelled'")
        await tx.execute("UPDATE session SET ended_at = started_at, price_minor = 0 WHERE transaction_key = 't2'")
        await working.close(tx, house, ADMIN, case.id, "solved", "", house.clock())
        await tx.execute("UPDATE job SET run_at = run_at - interval '1 day'")
        await erasure.ask(tx, house, ADMIN, kim.id, house.clock(), reason="asked again on the phone")
    await house.worker.run_until_idle()
    assert await traces_of(network, kim) - set(clearing.KEPT) == set()
    with pytest.raises(Conflict):
        await ask(network, kim)
    assert set(WORDS) == set(Obstacle)


async def test_only_the_driver_or_whoever_may_change_drivers_asks_and_staff_say_why(network: Network) -> None:
    kim, bo = Person("kumquat", 1), Person("bergamott", 2)
    await a_life(network, kim)
    await a_life(network, bo)
    with pytest.raises(NotAllowed):
        await ask(network, kim, TECHNICIAN, "because")
    with pytest.raises(NotAllowed):
        await ask(network, kim, bo.actor)
    with pytest.raises(Invalid):
        await ask(network, kim, ADMIN, "  ")
    host = Actor("operator", new_id(), "Hon", PERMISSIONS[Role.ADMIN], frozenset({new_id()}))
    with pytest.raises(NotFound):
        await ask(network, kim, host, "because")
    async with network.house.database.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM erasure") == 0


async def test_nobody_else_takes_words_out_of_the_log_or_documents_away(network: Network) -> None:
    await a_life(network, Person("kumquat", 1))
    tries = (
        "UPDATE audit_log SET detail = '{}'", "DELETE FROM audit_log", "DELETE FROM invoice_file",
        "UPDATE invoice_file SET content = ''",
    )  # fmt: skip
    allowed = {"UPDATE audit_log SET detail = '{}'", "DELETE FROM invoice_file"}
    for sql in (*tries, "UPDATE audit_log SET action = 'x'"):
        for forgets in (False, True):
            connection = await asyncpg.connect(network.house.database.dsn)
            try:
                async with connection.transaction():
                    if forgets:
                        await connection.execute(clearing.FORGETS)
                    if forgets and sql in allowed:
                        await connection.execute(sql)
                    else:
                        with pytest.raises(asyncpg.RestrictViolationError):
                            async with connection.transaction():
                                await connection.execute(sql)
                    raise KeyError  # all of it is undone
            except KeyError:
                pass
            finally:
                await connection.close()
