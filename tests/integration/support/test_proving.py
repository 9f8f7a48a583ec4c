"""One-time codes on a real database, as who wants another's account would try them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from laddverk.access import service as access
from laddverk.access.model import DriverDetails
from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import DriverId, new_id
from laddverk.kernel.problems import Conflict, NotAllowed, NotFound, TooMany
from laddverk.platform.database import Database
from laddverk.support import identity, proving, service, store, working
from laddverk.support.codes import Way
from laddverk.support.identity import Need
from laddverk.support.model import Case, Channel, Links, NewCase, Verified
from laddverk.support.proving import Checked
from tests.network import ACTOR, Network, network_on

EVA = Actor("operator", new_id(), "Eva", PERMISSIONS[Role.SUPPORT], None)
HOST = Actor("operator", new_id(), "Vera", PERMISSIONS[Role.SUPPORT], frozenset({new_id()}))


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


async def a_driver(network: Network, email: str, phone: str = "070-123 45 67") -> DriverId:
    details = DriverDetails(email=email, name="Ada Ek", phone=phone, language="sv")
    async with network.house.database.transaction() as tx:
        return await access.create_driver(tx, ACTOR, details, network.house.clock())


async def a_call(network: Network, driver: DriverId, **given: str) -> Case:
    """Open the case of somebody who calls and says that they are `driver`."""
    new = NewCase(
        text="I want my money back", kind="refund", channel=Channel.PHONE, links=Links(driver_id=driver), **given
    )
    async with network.house.database.transaction() as tx:
        return await service.open_case(tx, network.house, EVA, new, network.house.clock())


async def texts(network: Network) -> list[tuple[str, str]]:
    async with network.house.database.transaction() as tx:
        rows = await tx.rows("SELECT phone, body FROM text_message ORDER BY created_at, id")
        return [(row["phone"], row["body"]) for row in rows]


async def send(network: Network, case: Case, way: Way | None = None, actor: Actor = EVA) -> proving.Sent:
    async with network.house.database.transaction() as tx:
        return await proving.send_code(tx, network.house, actor, case.id, network.house.clock(), way)


async def check(network: Network, case: Case, code: str) -> Checked:
    async with network.house.database.transaction() as tx:
        return await proving.check_code(tx, network.house, EVA, case.id, code, network.house.clock())


async def now_is(network: Network, case: Case) -> Verified:
    async with network.house.database.transaction() as tx:
        found = await store.case(tx, case.id)
        assert found is not None
        return found.verified


def code_in(text: str) -> str:
    found = re.search(r"\d{6}", text)
    assert found is not None
    return found[0]


async def test_a_code_goes_to_the_account_and_never_to_what_the_case_says(network: Network) -> None:
    driver = await a_driver(network, "ada@example.se")
    case = await a_call(network, driver, contact_phone="+46709999999", contact_email="thief@example.se")
    sent = await send(network, case)
    assert (sent.way, sent.hint) == (Way.SMS, "67")
    ((phone, body),) = await texts(network)
    assert phone == "+46701234567"
    code = code_in(body)
    with pytest.raises(NotAllowed):
        identity.require(await now_is(network, case), Need.MONEY)
    assert (await check(network, case, f" {code[:3]} {code[3:]} ")).is_right
    assert await now_is(network, case) is Verified.CODE
    identity.require(await now_is(network, case), Need.MONEY)
    with pytest.raises(Conflict):  # once
        await check(network, case, code)
    async with network.house.database.transaction() as tx:
        kept = await tx.rows("SELECT to_jsonb(support_code)::text AS row FROM support_code")
        said = await tx.rows("SELECT text, body, params::text FROM case_entry")
    assert all(code not in str(list(row.values())) for row in [*kept, *said])

    mailed = await send(network, case, Way.EMAIL)
    assert mailed.hint == "a…@example.se"
    async with network.house.database.transaction() as tx:
        (mail,) = await tx.rows("SELECT recipient, body_text FROM mail WHERE template = 'case_code'")
    assert mail["recipient"] == "ada@example.se"
    assert (await check(network, case, code_in(mail["body_text"]))).is_right


async def test_five_wrong_tries_end_a_code_though_each_is_refused(network: Network) -> None:
    case = await a_call(network, await a_driver(network, "bo@example.se"))
    await send(network, case)
    right = code_in((await texts(network))[-1][1])
    wrong = "000000" if right != "000000" else "000001"
    assert [(await check(network, case, wrong)).tries_left for _ in range(5)] == [4, 3, 2, 1, 0]
    with pytest.raises(Conflict):
        await check(network, case, right)
    assert await now_is(network, case) is Verified.NOT
    # A new one makes the old one worthless, and there are only so many of them.
    await send(network, case)
    await send(network, case)
    codes = [code_in(body) for _, body in await texts(network)]
    if codes[1] != codes[2]:
        assert not (await check(network, case, codes[1])).is_right
    with pytest.raises(TooMany):
        await send(network, case)


async def test_another_case_another_account_another_site_and_another_day_are_not_proved(network: Network) -> None:
    ada, bo = await a_driver(network, "ada@example.se"), await a_driver(network, "bo@example.se", "")
    case, other = await a_call(network, ada), await a_call(network, ada)
    await send(network, case)
    code = code_in((await texts(network))[-1][1])
    with pytest.raises(Conflict):
        await check(network, other, code)
    with pytest.raises(NotFound):
        await send(network, case, actor=HOST)
    assert (await check(network, case, code)).is_right
    # Proved to be Ada: that opens nothing of Bo's.
    async with network.house.database.transaction() as tx:
        await working.link(tx, network.house, EVA, case.id, Links(driver_id=bo), network.house.clock())
    assert await now_is(network, case) is Verified.NOT
    assert (await send(network, other)).way is Way.SMS
    assert (await check(network, other, code_in((await texts(network))[-1][1]))).is_right
    later = network.house.clock() + timedelta(hours=25)
    async with network.house.database.transaction() as tx:
        await proving.end(tx, later)
        assert all(re.search(r"\d{6}", body) is None for body in await tx.values("SELECT body FROM text_message"))
    assert await now_is(network, other) is Verified.NOT


async def test_where_no_account_is_known_there_is_nobody_to_ask(network: Network) -> None:
    new = NewCase(text="Who am I?", kind="question", channel=Channel.PHONE, contact_phone="+46701234567")
    async with network.house.database.transaction() as tx:
        case = await service.open_case(tx, network.house, EVA, new, network.house.clock())
    with pytest.raises(Conflict):
        await send(network, case)
    assert await texts(network) == []
