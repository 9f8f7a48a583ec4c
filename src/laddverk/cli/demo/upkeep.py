"""The demo's upkeep: work done and to be done, a drive planned, steps of self-healing, a car that fails everywhere.

What somebody saw or did is invented; what follows from it (health, drives, comparisons, what lasts) is the real thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.cli.demo.founding import ACTOR
from laddverk.cli.demo.places import Stand
from laddverk.diagnostics.cohorts import service as cohorts
from laddverk.diagnostics.model import Family, IncidentId
from laddverk.diagnostics.upkeep import (
    health_jobs,
    model_facts,
    scoring,
    service,
    stocking,
    tracking,
    visiting,
    weighing,
)
from laddverk.diagnostics.upkeep.model import Finish, NewWorkOrder, Part
from laddverk.diagnostics.upkeep.model_facts import Facts
from laddverk.diagnostics.upkeep.replacing import Costs
from laddverk.diagnostics.upkeep.stocking import Known
from laddverk.diagnostics.upkeep.visiting import Plan
from laddverk.kernel.ids import StationId, new_id
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue

SEED: Final = 20
IS_EQUIPPED: Final = "SELECT EXISTS (SELECT FROM work_order)"
INCIDENT_OF: Final = """
SELECT id FROM incident WHERE station_id = $1 AND closed_at IS NULL AND state NOT IN ('merged', 'false')
ORDER BY severity LIMIT 1
"""
HEALED: Final = "INSERT INTO remedy_setting (began_at) VALUES ($1) ON CONFLICT (only_one) DO UPDATE SET began_at = $1"
MODEL_KNOWN: Final = """
INSERT INTO remedy_model (vendor, model, began_at) VALUES ($1, $2, $3)
ON CONFLICT (vendor, model) DO UPDATE SET began_at = excluded.began_at
"""
STEP: Final = """
INSERT INTO remedy (id, incident_id, number, station_id, evse_number, family, vendor, model, firmware, action, why, dry,
                    decided_at, state, finished_at, verdict, verdict_at, verdict_why)
SELECT $1, $2, 1, $3, 1, $4, vendor, model, firmware, $5, $6, $7, $8, $9, $8, $10, $11, $12 FROM station WHERE id = $3
"""
ATTEMPT: Final = """
INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, outcome, why, token_key,
                             firmware, visit_key, site_id, vendor, model)
SELECT id, 1, $2, $3, $4, $5, $6, $7, firmware, $3, site_id, vendor, model FROM station WHERE id = $1
"""
OLDER: Final = """
-- Until some weeks ago these chargers had another version.
UPDATE session_outcome SET firmware = $3, vendor = station.vendor, model = station.model
FROM station WHERE station.id = session_outcome.station_id AND station.model = $1 AND session_outcome.ended_at < $2
"""
RECOUNT: Final = "DELETE FROM cohort_day"
DRIFTED: Final = """
INSERT INTO drift_day (station_id, evse_number, detector, day, value, usual, heard)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""
BAD_DRIVER: Final = "demo-car-that-fails"


class Done(Struct, frozen=True, kw_only=True):
    """Work of the past."""

    stand: str
    title: str
    days: float
    cause: str
    who: str
    minutes: int
    cost_minor: int
    part: str = ""
    part_minor: int = 0


DONE: Final = (
    Done(stand="MAST-01", title="Byt uttag", days=64, cause="cable_or_plug", who="Asta Lind", minutes=75,
         cost_minor=95_000, part="Uttag typ 2, 32 A", part_minor=148_000),
    Done(stand="GAML-02", title="Låset fastnar", days=41, cause="lock", who="Bo Ek", minutes=50, cost_minor=80_000,
         part="Låsmotor", part_minor=62_000),
    Done(stand="ERIK-02", title="Tappar kontakten på kvällarna", days=33, cause="sim_or_antenna", who="Asta Lind",
         minutes=35, cost_minor=60_000, part="Antenn 4G", part_minor=39_000),
    Done(stand="GAML-02", title="Låset fastnar igen", days=12, cause="lock", who="Bo Ek", minutes=65, cost_minor=80_000,
         part="Lås, komplett", part_minor=187_000),
    Done(stand="MAST-05", title="Läsaren svarar inte", days=6, cause="reader", who="Asta Lind", minutes=40,
         cost_minor=70_000, part="RFID-läsare", part_minor=114_000),
)  # fmt: skip
# Steps of self-healing: where, for what, what, how long ago, only tried on paper, and whether it helped.
STEPS: Final = (
    ("GAML-01", Family.STUCK_STATE, "make_operative", 26.0, False, "cured"),
    ("GAML-02", Family.STUCK_STATE, "reset_soft", 19.0, False, "failed"),
    ("GAML-03", Family.NO_ENERGY, "reset_soft", 9.0, False, "cured"),
    ("GAML-01", Family.STUCK_STATE, "ask_state", 4.0, False, "cured"),
    ("ERIK-03", Family.NO_ENERGY, "reset_soft", 3.0, True, ""),
    ("MAST-06", Family.STUCK_STATE, "ask_state", 1.5, True, ""),
)

# The sentences are those of self-healing, where they are marked for translation.
WHY: Final = {
    "ask_state": "The charger is asked what it is: what we believe may be old.",
    "make_operative": "A step that cannot hurt, and that cures this more often than not.",
    "reset_soft": "The smaller steps did not help, and nobody charges: it is started again.",
}


async def equip(house: House, placed: Sequence[tuple[Stand, StationId]]) -> None:
    """Let work be done, planned and to do, and all that follows be reckoned: once."""
    by_code = {stand.identity: station_id for stand, station_id in placed}
    models = {stand.identity: (stand.kind.vendor, stand.kind.model) for stand, _ in placed}
    now = house.clock()
    async with house.database.transaction() as tx:
        if await tx.value(IS_EQUIPPED):
            return
        for one in DONE:
            await _done(tx, by_code[one.stand], one, now)
        await _to_do(tx, by_code, now)
        await _kept(tx, models, now)
    async with house.database.transaction() as tx:
        await _healed(tx, by_code, models, now)
        await _drifts(tx, by_code, now)
    async with house.database.transaction() as tx:
        await _bad_car(tx, by_code, now)
        await _worse(tx, placed, now)
        await cohorts.look(tx, now)
    async with house.database.transaction() as tx:
        after: UUID | None = None
        while (after := await tracking.follow(tx, after, now)) is not None:
            pass
        await service.verify(tx, now)
        await scoring.keep_up(tx, now)
        await scoring.keep_day(tx, now)
        await enqueue(tx, [NewJob(health_jobs.LOOK_BACK, {})])


async def _done(tx: Transaction, station_id: StationId, one: Done, now: datetime) -> None:
    at = now - timedelta(days=one.days)
    made = await service.order(
        tx, ACTOR, NewWorkOrder(station_id=station_id, evse_number=1, title=one.title, assignee_name=one.who), "sv", at
    )
    arrived = at + timedelta(hours=26)
    await service.begin(tx, ACTOR, made.id, arrived)
    if one.part:
        part = Part(name=one.part, cost_minor=one.part_minor)
        await service.use(tx, ACTOR, made.id, part, arrived + timedelta(minutes=one.minutes - 5))
    given = Finish(cause=one.cause, minutes=one.minutes, cost_minor=one.cost_minor, currency="SEK")
    await service.finish(tx, ACTOR, made.id, given, arrived + timedelta(minutes=one.minutes))


async def _to_do(tx: Transaction, by_code: dict[str, StationId], now: datetime) -> None:
    """Work that waits: for incidents, and by the calendar; two of them are planned as one drive."""
    today = now.date()
    planned: list[UUID] = []
    for code, days in (("ERIK-04", 1), ("GAML-04", 4), ("MAST-02", 3)):
        incident = await tx.value(INCIDENT_OF, by_code[code])
        given = NewWorkOrder(
            station_id=by_code[code], incident_id=IncidentId(incident) if incident else None,
            title="" if incident else "Titta på laddaren", due_on=today + timedelta(days=days),
        )  # fmt: skip
        made = await service.order(tx, ACTOR, given, "sv", now - timedelta(hours=20))
        if code == "GAML-04":
            planned.append(made.id)
    for code, title, days in (
        ("GAML-01", "Byt filter", 12), ("GAML-05", "Årlig kontroll", 25), ("MAST-03", "Årlig kontroll", 25),
        ("LIND-01", "Rätta klockan, byt batteri", 9),
    ):  # fmt: skip
        given = NewWorkOrder(station_id=by_code[code], title=title, due_on=today + timedelta(days=days))
        made = await service.order(tx, ACTOR, given, "sv", now - timedelta(days=2))
        if code == "GAML-01":
            planned.append(made.id)
    plan = Plan(on=_workday(today + timedelta(days=1)), technician="Bo Ek", note="Nyckel hos vakten i P-huset.")
    await visiting.plan(tx, ACTOR, planned, plan, now)


def _workday(day: date) -> date:
    return day + timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)


async def _kept(tx: Transaction, models: dict[str, tuple[str, str]], now: datetime) -> None:
    """What people say of parts, costs and a model."""
    for cause, price_minor, lead_days, stock in (
        ("lock", 62_000, 28, 1), ("cable_or_plug", 148_000, 21, 0), ("contactor", 89_000, 14, 2),
        ("reader", 114_000, 35, 0), ("power_module", 2_450_000, 60, 0),
    ):  # fmt: skip
        known = Known(cause=cause, price_minor=price_minor, lead_days=lead_days, stock=stock)
        await stocking.say(tx, ACTOR, known, now)
    await weighing.say(tx, ACTOR, Costs(least_ac_kw=11, least_dc_kw=50), now)
    vendor, model = models["GAML-01"]
    facts = Facts(parts_until=date(now.year + 1, 12, 31), takes_signed=False, note="Tillverkarens besked i våras.")
    await model_facts.say(tx, ACTOR, vendor, model, facts, now)


async def _healed(
    tx: Transaction, by_code: dict[str, StationId], models: dict[str, tuple[str, str]], now: datetime
) -> None:
    """Steps of the last weeks: real ones at a model that is known well, dry runs at the others."""
    await tx.execute(HEALED, now - timedelta(days=40))
    await tx.execute(MODEL_KNOWN, *models["GAML-01"], now - timedelta(days=40))
    said = {
        "cured": "The next attempt to charge succeeded, and the fault stayed away for a day.",
        "failed": "The next attempt to charge failed.", "": "",
    }  # fmt: skip
    for code, family, action, days, dry, verdict in STEPS:
        at = now - timedelta(days=days)
        why = {"text": WHY[action], "values": {}}
        await tx.execute(
            STEP, new_id(), new_id(), by_code[code], family.value, action, why, dry, at,
            "dry" if dry else "confirmed", verdict, at + timedelta(hours=20) if verdict else None, said[verdict],
        )  # fmt: skip


async def _drifts(tx: Transaction, by_code: dict[str, StationId], now: datetime) -> None:
    """A plug that has grown hotter for four weeks, and a filter that clogs."""
    random = Random(SEED)
    for code, evse, detector, usual, slope in (("GAML-04", 2, "D16", 45.0, 0.42), ("GAML-02", 1, "D17", 21.0, 0.14)):
        for number in range(28):
            day = (now - timedelta(days=28 - number)).date()
            value = usual + slope * number + random.gauss(0, usual * 0.02)
            await tx.execute(DRIFTED, by_code[code], evse, detector, day, value, usual, 5 * (number + 1))


async def _bad_car(tx: Transaction, by_code: dict[str, StationId], now: datetime) -> None:
    """One driver to whom nearly every charger fails."""
    codes = ("GAML-01", "GAML-02", "ERIK-01", "MAST-01", "GAML-03", "LIND-01", "GAML-01", "ERIK-02")
    for number, code in enumerate(codes):
        at = now - timedelta(days=15 - 2 * number, hours=3)
        await _attempt(tx, by_code[code], at, BAD_DRIVER, "plug_no_start" if number != 3 else "ok")


async def _worse(tx: Transaction, placed: Sequence[tuple[Stand, StationId]], now: datetime) -> None:
    """A version that came two weeks ago, with which more starts fail than with the one before."""
    random = Random(SEED)
    stands = [(stand, station_id) for stand, station_id in placed if stand.kind.model == "N1 Smart"]
    await tx.execute(OLDER, "N1 Smart", now - timedelta(days=16), "7.10.2")
    for _, station_id in stands:
        for number in range(9):
            at = now - timedelta(days=random.uniform(0.3, 15))
            await _attempt(tx, station_id, at, f"demo-{station_id.hex[-12:]}-{number}", "plug_no_start")
    await tx.execute(RECOUNT)


async def _attempt(tx: Transaction, station_id: StationId, at: datetime, who: str, outcome: str) -> None:
    why = [] if outcome == "ok" else ["never_charged"]
    await tx.execute(ATTEMPT, station_id, at, new_id().hex, at + timedelta(minutes=3), outcome, why, who)
