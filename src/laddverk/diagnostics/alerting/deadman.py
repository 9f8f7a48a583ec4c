"""The dead man's alarm: that diagnosis itself stands still is told by a task that needs neither its jobs nor its inbox.

It looks at the database each minute. When the detectors' job is not done or fails, or nothing beats, the first on call
is told by mail and text message, straight and not through the outbox; then once an hour. An address outside is called
while all is well, so that a watcher there notices when the whole process is gone.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from msgspec import Struct

from laddverk.diagnostics.alerting import rota, store
from laddverk.diagnostics.alerting.model import Person
from laddverk.kernel.ids import MailId, new_id
from laddverk.notices import rules as notice_rules
from laddverk.notices import smtp
from laddverk.notices.model import Mail, Template
from laddverk.notices.sms import provider_of
from laddverk.notices.sms.port import Refused, Unanswered
from laddverk.platform.database import Away, Transaction
from laddverk.platform.house import House
from laddverk.platform.outgoing import NoAnswer, NotAllowed, fetch

LOOK_EVERY_S: Final = 60.0
INBOX_OLD: Final = timedelta(minutes=5)  # it is emptied every five seconds
BEAT_OLD: Final = timedelta(minutes=5)  # it beats each minute
ALARM_AGAIN: Final = timedelta(hours=1)
OUTAGE_MIN: Final = timedelta(minutes=3)  # a restart takes less, and chargers bear it

BEAT: Final = """
INSERT INTO pipeline_pulse (beaten_at) VALUES ($1) ON CONFLICT (only_one) DO UPDATE SET beaten_at = $1
"""
# A job that fails is put off again and again: what counts is when it was made, which its id tells.
STANDING: Final = """
SELECT (SELECT beaten_at FROM pipeline_pulse) AS beaten_at,
       (SELECT id FROM job WHERE kind IN ('diagnostics.watch', 'diagnostics.attend', 'alerting.call')
        AND failed_at IS NULL ORDER BY id LIMIT 1) AS oldest_job
"""
OUTAGE: Final = "INSERT INTO own_outage (from_at, until_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"

log = structlog.get_logger()


class Pulse(Struct, frozen=True, kw_only=True):
    """What can be seen of the pipeline from outside it."""

    beaten_at: datetime | None = None
    oldest_job: UUID | None = None
    """Of those that make diagnosis: it waits, or fails."""

    @property
    def oldest_job_at(self) -> datetime | None:
        """When that job was made: the first 48 bits of its id (UUIDv7)."""
        return None if self.oldest_job is None else datetime.fromtimestamp((self.oldest_job.int >> 80) / 1000, UTC)


def stands_since(pulse: Pulse, started_at: datetime, now: datetime) -> datetime | None:
    """Return since when diagnosis stands still, or None. A process that has just started is given its time. Pure."""
    beaten = max(pulse.beaten_at or started_at, started_at)
    if now - beaten > BEAT_OLD:
        return beaten
    if pulse.oldest_job_at is not None and now - max(pulse.oldest_job_at, started_at) > INBOX_OLD:
        return max(pulse.oldest_job_at, started_at)
    return None


async def beat(tx: Transaction, now: datetime) -> None:
    """Say that the pipeline is alive: called by the pipeline itself."""
    await tx.execute(BEAT, now)


async def begin(house: House) -> None:
    """Note, when the process starts, that we were away: chargers are not to blame for that."""
    now = house.clock()
    async with house.database.transaction() as tx:
        pulse = await tx.fetch_one(Pulse, STANDING)
        if pulse is not None and pulse.beaten_at is not None and now - pulse.beaten_at > OUTAGE_MIN:
            await tx.execute(OUTAGE, pulse.beaten_at, now)
        await beat(tx, now)


async def watch(house: House) -> None:
    """Look each minute, as long as the process lives. Never raises but for being cancelled."""
    watcher = Watcher(house)
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            await watcher.look()
        except Exception as error:
            # An alarm that ends the network would be worse than none.
            log.error("deadman.failed", exc_info=error)


class Watcher:
    """What is remembered between two looks; also while the database is away."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._started_at = house.clock()
        self._seen: Pulse = Pulse()
        self._first: Person | None = None
        self._alarmed_at: datetime | None = None

    async def look(self) -> bool:
        """Look once; return whether diagnosis works."""
        now = self._house.clock()
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._read(now)
        except (*Away, TimeoutError) as error:
            log.error("deadman.database_away", error=repr(error))
        since = stands_since(self._seen, self._started_at, now)
        if since is None:
            self._alarmed_at = None
            await self._call_outside()
            return True
        if self._alarmed_at is None or now - self._alarmed_at >= ALARM_AGAIN:
            self._alarmed_at = now
            await self._alarm(since, now)
        return False

    async def _read(self, now: datetime) -> None:
        async with self._house.database.transaction() as tx:
            self._seen = await tx.fetch_one(Pulse, STANDING) or Pulse()
            steps, swaps = await store.steps(tx), await store.swaps(tx, now)
            people: dict[UUID, Person] = {person.id: person for person in await store.people(tx)}
        zone = ZoneInfo(self._house.settings.timezone)
        ids = [rota.on_call(step, swaps, now, zone) for step in steps]
        self._first = next((people[each] for each in ids if each in people), None)

    async def _alarm(self, since: datetime, now: datetime) -> None:
        log.critical("deadman.diagnosis_stands_still", since=since.isoformat())
        person = self._first
        if person is None:
            return
        settings = self._house.settings
        params = {
            "operator": settings.operator_name, "since": since, "zone": settings.timezone,
            "link": f"{settings.web_url}/console/trouble",
        }  # fmt: skip
        written = notice_rules.written(Template.DIAGNOSIS_STANDS, person.language, params)
        if person.email and settings.smtp_url:
            mail = Mail(
                id=MailId(new_id()), recipient=person.email, language=person.language, subject=written.subject,
                body_text=written.body_text, body_html=written.body_html, created_at=now,
            )  # fmt: skip
            for outcome in await smtp.hand_over([mail], settings):
                if outcome.error:
                    log.error("deadman.mail_not_sent", error=outcome.error)
        carrier = provider_of(settings)
        if person.phone and carrier is not None:
            try:
                await carrier.send(person.phone, f"{settings.operator_name}: {written.subject}")
            except (Refused, Unanswered) as problem:
                log.error("deadman.text_not_sent", error=str(problem))

    async def _call_outside(self) -> None:
        url = self._house.settings.deadman_url
        if url:
            try:
                await fetch("GET", url)
            except (NotAllowed, NoAnswer) as problem:
                log.warning("deadman.watcher_outside", error=str(problem))
