"""The page of spare parts: what failed, what is enough, what people say of stock; hosts say nothing."""

from __future__ import annotations

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id
from tests.integration.web.console.conftest import NOW, SignedIn, World

VISIT = """
INSERT INTO work_order (id, station_id, title, state, cause, created_at, created_by, done_at, changed_at)
VALUES ($1, $2, 'A', 'done', 'lock', $3, 'Asta', $3, $3)
"""


async def test_what_failed_is_counted_and_what_is_kept_is_said(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET epoch = 1")
        await tx.execute(VISIT, new_id(), world.station, NOW)
    assert "Spare parts" in (await browser.open("/console/spares")).text
    rows = (await browser.open("/console/spares.csv?q=lock")).text.splitlines()
    assert rows[1].startswith('"Lock","1"')
    wrong = await browser.send("/console/spares", part="lock", price="100", lead_days="0", stock="0")
    assert wrong.status_code == 422
    assert (await browser.send("/console/spares", part="moon", lead_days="7", stock="0")).status_code == 422
    saved = await browser.send("/console/spares", part="lock", price="1 250,50", lead_days="700", stock="0")
    assert saved.status_code == 303, saved.text
    lock = (await browser.open("/console/spares.csv?q=lock&only=short")).text.splitlines()[1]
    assert '"700"' in lock
    assert '"125050"' in lock
    assert '"1,250.50"' not in lock
    assert 'value="1250.5"' in (await browser.open("/console/spares?part=lock")).text


async def test_a_host_sees_own_failures_and_changes_nothing(world: World, signed_in: SignedIn) -> None:
    async with world.house.database.transaction() as tx:
        await tx.execute(VISIT, new_id(), world.other_station, NOW)
    host = await signed_in(Role.SITE_HOST, world.site)
    assert (await host.open("/console/spares.csv?q=lock")).text.splitlines()[1].startswith('"Lock","0"')
    assert (await host.send("/console/spares", part="lock", lead_days="7", stock="9")).status_code == 403
