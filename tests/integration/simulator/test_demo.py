"""The demo's past goes through the recorders, is priced, invoiced and paid; and a telling that was cut goes on."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from laddverk import running
from laddverk.cli.demo import beginning, founding, people, telling
from laddverk.ledger import service as ledger
from laddverk.ocpp.facts import SessionEnded
from laddverk.platform.settings import Settings

SOME = {"GAML-01", "MAST-01", "KBAC-01", "KBAC-04", "MOLN-03"}
COUNTS = """
SELECT (SELECT count(*) FROM session WHERE ended_at IS NOT NULL) AS sessions,
       (SELECT count(*) FROM session WHERE price_minor IS NULL AND settlement <> 'review') AS unpriced,
       (SELECT count(*) FROM session_orphan) AS orphans,
       (SELECT count(*) FROM invoice) AS invoices,
       (SELECT count(*) FROM invoice WHERE paid_minor >= gross_minor) AS paid,
       (SELECT count(*) FROM authorisation WHERE status <> 'Accepted') AS refused
"""


@asynccontextmanager
async def a_demo(database_url, state_dir):
    settings = founding.operated(Settings(state_dir=state_dir, database_url=database_url, demo=True))
    async with running.opened(settings) as house:
        stop = asyncio.Event()
        working = asyncio.create_task(house.worker.run(stop))
        drivers = people.drivers(Random(people.SEED))
        since = beginning(datetime.now(UTC), ZoneInfo("Europe/Stockholm"))
        placed = [one for one in await founding.found(house, drivers, since) if one[0].identity in SOME]
        yield house, drivers, placed, since
        stop.set()
        house.worker.wake()
        await working


@pytest.mark.slow
async def test_a_past_that_was_cut_goes_on_and_ends_in_paid_invoices(database_url, tmp_path):
    said = []
    async with a_demo(database_url, tmp_path) as (house, drivers, placed, since):
        assert len(placed) == len(SOME)
        telling_it = asyncio.create_task(telling.tell(house, placed, drivers, since, said.append, people.SEED))
        async with asyncio.timeout(30):
            while not (tmp_path / telling.PROGRESS_FILE).exists() or told_until(tmp_path) < since:
                await asyncio.sleep(0.01)
        telling_it.cancel()
        await asyncio.gather(telling_it, return_exceptions=True)

    async with a_demo(database_url, tmp_path) as (house, drivers, placed, since):
        await telling.tell(house, placed, drivers, since, said.append, people.SEED)
        async with house.database.transaction() as tx:
            counts = dict((await tx.rows(COUNTS))[0])
            assert (await ledger.check(tx)).sound
        progress = telling._kept(tmp_path / telling.PROGRESS_FILE)
        facts = telling.invented(placed, drivers, progress.since, progress.until, people.SEED)
        ends = {(fact.transaction_key, fact.transaction_number) for fact in facts if isinstance(fact, SessionEnded)}
        again = len(said)
        await telling.tell(house, placed, drivers, since, said.append, people.SEED)

    assert progress.done
    assert len(said) == again, "told twice"
    assert counts["sessions"] + counts["orphans"] == len(ends) > 300
    assert counts["unpriced"] == 0
    assert counts["refused"] > 0
    assert 0 < counts["paid"] < counts["invoices"]


def told_until(place):
    progress = telling._kept(place / telling.PROGRESS_FILE)
    return progress.told_until if progress else datetime.now(UTC) - timedelta(days=1000)
