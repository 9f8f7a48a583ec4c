"""What is wrong in the demo network: a few problems at different stages, found by the detectors that would find them.

The evidence is invented and goes in where detectors leave theirs; everything after that is the real thing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final

from msgspec import Struct

from laddverk.cli.demo import support, upkeep
from laddverk.cli.demo.founding import ACTOR
from laddverk.cli.demo.places import Stand
from laddverk.diagnostics import findings
from laddverk.diagnostics.alerting import managing
from laddverk.diagnostics.alerting.managing import PersonDetails
from laddverk.diagnostics.alerting.model import Step
from laddverk.diagnostics.incidents import queries, reporting, service, working
from laddverk.diagnostics.incidents.reporting import NewReport
from laddverk.diagnostics.incidents.working import Deed, NewClosing, NewQuiet
from laddverk.diagnostics.model import Evidence, Family, Severity, Signal, Turn
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

IS_EQUIPPED: Final = "SELECT EXISTS (SELECT FROM quiet_span)"
WAITING: Final = "SELECT count(*) FROM observation"
# The past is told in a minute and without links: that chargers were silent in it is no news.
FORGET_FINDINGS: Final = "DELETE FROM finding WHERE cleared_at IS NOT NULL"
FORGET_INCIDENTS: Final = """
DELETE FROM incident WHERE NOT EXISTS (
    SELECT FROM finding WHERE finding.incident_id = incident.id AND finding.cleared_at IS NULL)
"""
ON_CALL: Final = (
    ("Asta Lind", "asta@example.com", "+46700000001"),
    ("Bo Ek", "bo@example.com", "+46700000002"),
    ("Cecilia Holm", "cecilia@example.com", "+46700000003"),
)
SETTLED_BELOW: Final = 200  # observations: what a minute of the living network brings
SETTLING_S: Final = 300.0
SETTLE_POLL_S: Final = 8.0  # longer than between two turns of the detectors


class Trouble(Struct, frozen=True, kw_only=True):
    """Something that a detector holds against an outlet of the demo."""

    stand: str
    evse: int
    detector: str
    family: Family
    severity: Severity
    hours: float
    """How long ago it began."""
    evidence: Evidence
    confidence: float = 0.85


# The sentences are those of the detectors, where they are marked for translation.
TROUBLES: Final = (
    Trouble(
        stand="ERIK-04", evse=1, detector="D07", family=Family.NO_ENERGY, severity=Severity.DOWN, hours=7,
        evidence=Evidence(text="%(sessions)s attempts in a row by %(users)s users gave no energy.",
                          values={"sessions": 5, "users": 3}),
    ),
    Trouble(
        stand="GAML-04", evse=2, detector="D16", family=Family.CONTACT_HEAT, severity=Severity.DEGRADED, hours=61,
        evidence=Evidence(text="At full load it would be %(rise)s degrees above the air; usual here are %(usual)s "
                               "(%(more_percent)s more)", values={"rise": 59, "usual": 45, "more_percent": 31}),
        confidence=0.78,
    ),
    Trouble(
        stand="MAST-02", evse=1, detector="D15", family=Family.CONNECTOR_LOCK, severity=Severity.DEGRADED, hours=26,
        evidence=Evidence(text="%(times)s times since %(since_at)s; usual here: %(usual_per_30_days)s in 30 days",
                          values={"times": 6, "since_at": "2026-11-01T09:00:00+00:00", "usual_per_30_days": 1}),
    ),
    Trouble(
        stand="LIND-01", evse=0, detector="D27", family=Family.CLOCK, severity=Severity.PLAN, hours=90,
        evidence=Evidence(text="Its clock is wrong by %(off_s)s.", values={"off_s": 340}),
        confidence=0.95,
    ),
)  # fmt: skip
PAST: Final = (
    ("MAST-05", "D07", Family.NO_ENERGY, 12, NewClosing(cause="contactor", part="Contactor 40 A", cost_minor=289_000, currency="SEK", note="Worn after six years.")),  # noqa: E501
    ("GAML-02", "D15", Family.CONNECTOR_LOCK, 9, NewClosing(cause="lock", part="Lock motor", cost_minor=124_000, currency="SEK")),  # noqa: E501
    ("ERIK-01", "D20", Family.SUPPLY, 20, NewClosing(cause="no_fault", note="Measured on site: 231 V all day.")),
)  # fmt: skip


async def enliven(house: House, placed: Sequence[tuple[Stand, StationId]]) -> None:
    """Let the problems be found once the chargers are connected and what they told was heard; once."""
    async with asyncio.timeout(SETTLING_S):
        while True:
            await asyncio.sleep(SETTLE_POLL_S)
            async with house.database.transaction() as tx:
                if await tx.value(WAITING) < SETTLED_BELOW:
                    break
    await equip(house, placed)
    await upkeep.equip(house, placed)
    await support.open_cases(house)


async def equip(house: House, placed: Sequence[tuple[Stand, StationId]]) -> None:
    """Let the problems be found, some be worked on and some be over; once."""
    by_code = {stand.identity: station_id for stand, station_id in placed}
    now = house.clock()
    async with house.database.transaction() as tx:
        if await tx.value(IS_EQUIPPED):
            return
        await tx.execute(FORGET_FINDINGS)
        await tx.execute(FORGET_INCIDENTS)
        for code, detector, family, days, closing in PAST:
            await _past(tx, by_code[code], detector, family, now - timedelta(days=days), closing)
        for each in TROUBLES:
            await findings.raise_for(tx, [_signal(each, now)], by_code[each.stand], now)
        await _on_call(tx, now)
        await service.attend(tx, now)
        await _reported(tx, house, by_code["GAML-04"], now)
        await _worked(tx, by_code, now)
        quiet = NewQuiet(
            kind="maintenance", station_id=by_code["GAML-05"], from_at=now, until_at=now + timedelta(hours=6),
            reason="New cables",
        )  # fmt: skip
        await working.ask_quiet(tx, ACTOR, quiet, now, house.hints)


async def _on_call(tx: Transaction, now: datetime) -> None:
    """Two technicians take turns by the week, and the head of operations is called when they do not answer."""
    people = [
        await managing.save_person(tx, ACTOR, PersonDetails(name=name, email=email, phone=phone, quiet_from=time(22),
                                                            quiet_until=time(7)), now)
        for name, email, phone in ON_CALL
    ]  # fmt: skip
    monday = now.date() - timedelta(days=now.weekday())
    for level, turns in ((1, people[:2]), (2, people[2:])):
        step = Step(
            level=level, people=tuple(turns), days_each=7, starts_on=monday, handover_time=time(8), wait_minutes=15
        )  # fmt: skip
        await managing.save_step(tx, ACTOR, step, now)


async def _reported(tx: Transaction, house: House, station_id: StationId, now: datetime) -> None:
    """A driver has smelt it too."""
    said = NewReport(
        station_id=station_id, evse_number=2, kind="cable", text="Kontakten var jättevarm när jag drog ut den.",
        person="demo",
    )  # fmt: skip
    await reporting.report(tx, house.secrets, said, now)


def _signal(trouble: Trouble, now: datetime) -> Signal:
    return Signal(
        detector=trouble.detector, evse_number=trouble.evse, turn=Turn.RAISED, at=now,
        since=now - timedelta(hours=trouble.hours), family=trouble.family, severity=trouble.severity,
        confidence=trouble.confidence, evidence=(trouble.evidence,),
    )  # fmt: skip


async def _past(
    tx: Transaction, station_id: StationId, detector: str, family: Family, at: datetime, closing: NewClosing
) -> None:
    signal = Signal(
        detector=detector, evse_number=1, turn=Turn.RAISED, at=at, since=at - timedelta(hours=5), family=family,
        severity=Severity.DOWN,
    )  # fmt: skip
    await findings.raise_for(tx, [signal], station_id, at)
    await service.attend(tx, at)
    gone = Signal(detector=detector, evse_number=1, turn=Turn.CLEARED, at=at + timedelta(hours=9))
    await findings.raise_for(tx, [gone], station_id, gone.at)
    for row in await queries.of_station(tx, None, station_id):
        await working.close(tx, ACTOR, row.id, closing, gone.at)


async def _worked(tx: Transaction, by_code: dict[str, StationId], now: datetime) -> None:
    for code, deed, note in (
        ("MAST-02", Deed.WORK, "New lock ordered, comes on Thursday."),
        ("LIND-01", Deed.ACKNOWLEDGE, ""),
    ):
        for row in await queries.of_station(tx, None, by_code[code]):
            if row.closed_at is None:
                await working.do(tx, ACTOR, row.id, deed, note, now)
