"""Tells the invented past to the network through its own recorders, lets it be priced, invoices it, and pays a part."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import dropwhile, islice
from pathlib import Path
from random import Random
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from laddverk import wiring
from laddverk.cli.demo import banking, cards, desk, diagnosis, past, paying, wallets
from laddverk.cli.demo.people import Person
from laddverk.cli.demo.places import SILENT, Stand
from laddverk.cli.network import Say
from laddverk.invoicing import service as invoicing
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import InvoiceId, StationId
from laddverk.kernel.problems import Problem
from laddverk.ocpp.facts import Fact
from laddverk.payments import service as payments
from laddverk.payments.providers.sandbox import in_process
from laddverk.payments.swish import service as swish
from laddverk.platform.house import House
from laddverk.stations import service as stations

PROGRESS_FILE: Final = "demo_past.json"
WINDOW: Final = 1500  # facts in one transaction: about a day and a half of the whole network
BREATH_S: Final = 0.002  # between two windows, so that pages and chargers are served meanwhile
QUIET_BEFORE_NOW: Final = timedelta(minutes=100)  # where the past ends and the simulated chargers take over
PAID_SHARE: Final = 0.65
DECLINED_SHARE: Final = 0.04
ONE_IN_SWISH: Final = 3  # of those who pay: Swish, as many Swedes would
CUTS_PER_STATION: Final = 5
PRICED_POLL_S: Final = 0.25
PRICED_TIMEOUT_S: Final = 180.0
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}

UNPRICED = "SELECT count(*) FROM session WHERE ended_at IS NOT NULL AND price_minor IS NULL AND settlement <> 'review'"
OPEN_INVOICES = "SELECT id FROM invoice WHERE kind = 'invoice' AND paid_minor < gross_minor ORDER BY number"
BEGUN = "SELECT count(*) FROM session"


class Progress(Struct, frozen=True):
    """How much of the past has been told. Kept in a file, so that a demo that was stopped meanwhile goes on with it."""

    since: datetime
    until: datetime
    told_until: datetime
    done: bool = False


async def tell(
    house: House, stands: Sequence[tuple[Stand, StationId]], people: list[Person], since: datetime, say: Say, seed: int
) -> None:
    """Make the past from `since` until now, its invoices and their payments. Takes seconds; pages work meanwhile.

    Does nothing when it was made before. What was told in part is told to its end: the same seed gives the same past.
    """
    file = house.settings.state_dir / PROGRESS_FILE
    progress = await _begun(house, file, stands, since, seed)
    if progress.done:
        return
    say("Telling three months of history; the pages work meanwhile.")
    progress = await _told(house, file, invented(stands, people, progress.since, progress.until, seed), progress)
    if await _all_priced(house):
        await desk.companies(house)
        await _invoice(house, progress.since, progress.until, say)
        await banking.equip(house, progress.since, progress.until, seed)
        await _pay(house, Random(seed), say)
        await wallets.equip(house, house.clock(), seed)
        await paying.equip(house, house.clock())
        await cards.equip(house, house.clock(), seed)
        await desk.equip(house)
    _keep(file, msgspec.structs.replace(progress, done=True))
    async with house.database.transaction() as tx:
        say(f"  {await tx.value(BEGUN)} sessions since {progress.since:%Y-%m-%d}")


async def _begun(
    house: House, file: Path, stands: Sequence[tuple[Stand, StationId]], since: datetime, seed: int
) -> Progress:
    """Return how far the telling is; at the very beginning the stations get their past of connections."""
    kept = _kept(file)
    if kept is not None:
        return kept
    now = house.clock()
    progress = Progress(since, now - QUIET_BEFORE_NOW, since - timedelta(days=1))
    async with house.database.transaction() as tx:
        if await tx.value(BEGUN):
            return msgspec.structs.replace(progress, done=True)
    await _cut_lines(house, stands, since, now, Random(seed))
    _keep(file, progress)
    return progress


async def _told(house: House, file: Path, facts: Iterator[Fact], progress: Progress) -> Progress:
    waiting = dropwhile(lambda fact: fact.received_at <= progress.told_until, facts)
    async with diagnosis.listening(house) as detectors:
        while window := list(islice(waiting, WINDOW)):
            await _record(house, window)
            progress = msgspec.structs.replace(progress, told_until=window[-1].received_at)
            _keep(file, progress)
            house.worker.wake()
            await asyncio.sleep(BREATH_S)
            await detectors.hear(progress.told_until)
    return progress


def _kept(file: Path) -> Progress | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Progress)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _keep(file: Path, progress: Progress) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(progress))
    fresh.replace(file)


def invented(
    stands: Sequence[tuple[Stand, StationId]], people: list[Person], since: datetime, until: datetime, seed: int
) -> Iterator[Fact]:
    """Yield the past of all outlets, merged by time: never more than a window of it is in memory."""
    outlets = past.outlets(stands, Random(seed))
    told = [past.told(outlet, people, since, until) for outlet in outlets]
    return heapq.merge(*told, key=lambda fact: fact.received_at)


async def _record(house: House, window: Sequence[Fact]) -> None:
    """Record one window as the gateway does: each type of fact to its recorder, in one transaction."""
    async with house.database.transaction() as tx:
        for kind, record in wiring.recorders(house.settings):
            chosen = [fact for fact in window if isinstance(fact, kind)]
            if chosen:
                await record(tx, chosen)


async def _cut_lines(
    house: House, stands: Sequence[tuple[Stand, StationId]], since: datetime, now: datetime, random: Random
) -> None:
    """Give each station a past of connections: cut now and then for minutes, the silent one for good."""
    async with house.database.transaction() as tx:
        for stand, station_id in stands:
            hours = (now - since).total_seconds() / 3600
            cuts = sorted(since + timedelta(hours=random.uniform(1, hours - 2)) for _ in range(CUTS_PER_STATION))
            connected_at = since
            for cut in cuts:
                protocol = stand.kind.protocol.value
                epoch = await stations.open_connection(tx, station_id, protocol, "192.0.2.10", connected_at)
                await stations.close_connection(tx, station_id, epoch, 1006, "line lost", cut)
                connected_at = cut + timedelta(minutes=random.uniform(1, 25))
            # The past ends when the demo begins: the living charger connects anew.
            lost = now - timedelta(hours=3, minutes=12) if stand.identity == SILENT else now
            epoch = await stations.open_connection(
                tx, station_id, stand.kind.protocol.value, "192.0.2.10", connected_at
            )
            await stations.seen(tx, [(station_id, lost)])
            await stations.close_connection(tx, station_id, epoch, 1006, "line lost", lost)


async def _all_priced(house: House) -> bool:
    """Wait until the workers have priced everything; False when they do not get there."""
    deadline = asyncio.get_running_loop().time() + PRICED_TIMEOUT_S
    while asyncio.get_running_loop().time() < deadline:
        house.worker.wake()
        async with house.database.transaction() as tx:
            if not await tx.value(UNPRICED):
                return True
        await asyncio.sleep(PRICED_POLL_S)
    return False


def finished_months(since: datetime, now: datetime, zone: ZoneInfo) -> list[date]:
    """Return the first days of the months that lie wholly between two instants, in local time."""
    month, months = since.astimezone(zone).date().replace(day=1), []
    while (after := (month + timedelta(days=32)).replace(day=1)) <= now.astimezone(zone).date():
        months.append(month)
        month = after
    return months


async def _invoice(house: House, since: datetime, now: datetime, say: Say) -> None:
    zone = ZoneInfo(house.settings.timezone)
    for month in finished_months(since, now, zone):
        morning = (month + timedelta(days=32)).replace(day=1)
        issued_at = min(now, datetime.combine(morning, time(6), zone).astimezone(UTC))
        async with house.database.transaction() as tx:
            report = await invoicing.run(tx, month, rule("monthly invoicing"), issued_at, settings=house.settings)
        say(f"  invoices for {month:%B %Y}: {report.invoices}")


async def _pay(house: House, random: Random, say: Say) -> None:
    """Pay most invoices on the sandbox's pages, as their drivers would: by card or by Swish; a few are declined."""
    async with house.database.transaction() as tx:
        invoices: list[UUID] = await tx.values(OPEN_INVOICES)
    paid = 0
    for invoice_id in invoices:
        chance = random.random()
        if chance > PAID_SHARE:
            continue
        by_swish = swish.is_offered(house.settings) and invoice_id.int % ONE_IN_SWISH == 0
        try:
            page = await payments.open_invoice(
                house, InvoiceId(invoice_id), return_url=f"{house.settings.web_url}/me", now=house.clock(),
                provider="swish" if by_swish else None,
            )  # fmt: skip
        except Problem:
            continue
        declined = chance < DECLINED_SHARE
        address, form = page.url, f"card={'declined' if declined else 'good'}&do=pay"
        if by_swish:
            address = (await swish.page(house, page.url.rpartition("/")[2], house.clock())).app_link
            form = "do=refuse" if declined else "do=approve"
        carry = in_process(payments.sandbox_application(house))
        await carry("POST", urlsplit(address).path, FORM, form.encode())
        paid += not declined
        await asyncio.sleep(BREATH_S)
    house.worker.wake()
    say(f"  {paid} of {len(invoices)} invoices are paid")
