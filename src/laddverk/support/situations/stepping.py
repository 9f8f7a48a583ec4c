"""What is done by itself when a situation arises: once for each time, under guards, with its reason kept.

A command that is sent is confirmed by the state that follows, as any other. Asking once more where a charger said no
(`Step.TRY_AGAIN`) is carried out where starts are (`sessions.waiting.ask_again`), before the money is let go of.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.remedies import rules as remedies
from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import StationId, new_id
from laddverk.kernel.problems import Problem
from laddverk.ocpp.commands import ChangeAvailability, UnlockConnector
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.sessions import service as sessions
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.support import store as cases
from laddverk.support.agent import sending
from laddverk.support.model import Entry, EntryKind
from laddverk.support.situations import choosing
from laddverk.support.situations.gathering import Subject, facts_of
from laddverk.support.situations.model import Facts, Situation, Step

BY: Final = rule("situations")
AT_ONCE: Final = 100  # troubles a turn; the newest first
WAITS_FOR_CABLE: Final = timedelta(minutes=30)
OVER_LATELY: Final = timedelta(minutes=15)
FOUND_LATELY: Final = timedelta(hours=1)
GRACE: Final = timedelta(minutes=10)  # so long a car may stand when it is done, before its driver is asked
STANDS_MAX: Final = timedelta(hours=12)  # who has not come by then is not helped by a message
EXTEND_BEFORE: Final = timedelta(seconds=90)  # chargers' own patience is mostly over by then
PERSON_WORKS: Final = timedelta(minutes=30)  # after what a person of ours did in the case
SEND_WITHIN: Final = timedelta(seconds=20)  # what a charger does not get at once it never gets

LOCK: Final = "SELECT pg_advisory_xact_lock(7230611)"  # one turn at a time, whichever worker
TROUBLES: Final = """
SELECT * FROM (
    (SELECT 'start' AS what, id::text AS occurrence, station_id, evse_number, connector_number,
            id AS start_request_id, NULL::uuid AS session_id, payment_id, driver_id, created_at AS at
     FROM start_request
     WHERE session_id IS NULL AND cancelled_at IS NULL AND command_id IS NOT NULL AND created_at > $1
       AND expires_at BETWEEN $2 AND $3
     ORDER BY created_at DESC LIMIT $8)
    UNION ALL
    (SELECT 'over', id::text, station_id, evse_number, connector_number, start_request_id, id, payment_id, driver_id,
            ended_at
     FROM session
     WHERE ended_at > $4
       AND (EXISTS (SELECT FROM connector WHERE connector.station_id = session.station_id
                      AND connector.evse_number = session.evse_number
                      AND (coalesce(error_code, 'NoError') <> 'NoError' OR vendor_error_code <> ''))
            OR EXISTS (SELECT FROM finding WHERE finding.station_id = session.station_id AND cleared_at IS NULL
                         AND family = 'connector_lock'))
     ORDER BY ended_at DESC LIMIT $8)
    UNION ALL
    (SELECT 'stands', session.id::text, session.station_id, session.evse_number, session.connector_number, NULL, NULL,
            NULL, NULL, session.charging_ended_at
     FROM session
     WHERE ended_at IS NULL AND driver_id IS NOT NULL AND charging_ended_at > $5
       AND (charging_ended_at < $6
            OR EXISTS (SELECT FROM support_contact AS other WHERE other.station_id = session.station_id
                         AND other.evse_number = session.evse_number AND other.at > charging_ended_at
                         AND other.driver_id IS DISTINCT FROM session.driver_id))
     ORDER BY charging_ended_at DESC LIMIT $8)
    UNION ALL
    (SELECT 'danger', min(finding.id::text), finding.station_id, greatest(finding.evse_number, 1), 0, NULL, NULL, NULL,
            NULL, min(raised_at)
     FROM finding WHERE severity = 0 AND cleared_at IS NULL AND raised_at > $7
     GROUP BY finding.station_id, greatest(finding.evse_number, 1) LIMIT $8)
) AS trouble
WHERE NOT EXISTS (SELECT FROM situation_step
                  WHERE situation_step.occurrence = trouble.what || ':' || trouble.occurrence)
ORDER BY at DESC LIMIT $8
"""
# What holds a step back: the switch, a model that is left alone, people at work, and many chargers of a site at once.
GUARDS: Final = """
SELECT (SELECT switched_off_at IS NOT NULL FROM remedy_setting LIMIT 1) AS switched_off,
       EXISTS (SELECT FROM remedy_model JOIN station ON station.vendor = remedy_model.vendor
                 AND station.model = remedy_model.model
               WHERE station.id = $1 AND excluded_at IS NOT NULL) AS excluded,
       EXISTS (SELECT FROM incident WHERE station_id = $1 AND evse_number IN (0, $2)
                 AND state IN ('acknowledged', 'in_work')) AS in_work,
       EXISTS (SELECT FROM case_entry JOIN support_case ON support_case.id = case_entry.case_id
               WHERE support_case.station_id = $1 AND support_case.evse_number IN (0, $2)
                 AND support_case.state <> 'closed' AND case_entry.at > $3 AND case_entry.by_kind = 'person'
                 AND case_entry.kind = 'deed') AS person_works,
       (SELECT count(DISTINCT done.station_id) FROM situation_step AS done JOIN station AS near
          ON near.id = done.station_id
        WHERE done.at > $4 AND done.state = 'done' AND done.command_id IS NOT NULL AND done.station_id <> $1
          AND near.site_id = (SELECT site_id FROM station WHERE id = $1))::int AS at_site,
       (SELECT count(*) FROM session WHERE station_id = $1 AND evse_number = $2 AND ended_at IS NULL)::int AS charging,
       (SELECT connected_at IS NOT NULL FROM station WHERE id = $1) AS is_connected
"""
KEEP: Final = """
INSERT INTO situation_step (occurrence, at, situation, step, station_id, evse_number, start_request_id, session_id,
                            command_id, state, why)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (occurrence) DO NOTHING
"""
CASES_THERE: Final = """
SELECT id FROM support_case WHERE state <> 'closed' AND station_id = $1 AND evse_number IN (0, $2)
ORDER BY created_at DESC LIMIT 5
"""

DONE: Final = {
    Step.EXTEND: N_("The driver was given more time to plug in, once, by itself"),
    Step.UNLOCK: N_("The charger was asked by itself to let go of the cable"),
    Step.OUT_OF_SERVICE: N_("The outlet was closed by itself, for safety"),
    Step.TELL_OWNER: N_("The driver of the car that is done was asked by itself to move it"),
}
SWITCHED_OFF: Final = "self-healing is switched off"
EXCLUDED: Final = "chargers of this model are left alone"
IN_WORK: Final = "somebody works on it"
TOO_MANY: Final = "many chargers of the site at once"
CHARGING: Final = "somebody charges there"
DANGER: Final = "something dangerous is known of it"


class Trouble(Struct, frozen=True, kw_only=True):
    """Something that may have a step of its own."""

    what: str
    """start, over, stands or danger."""
    occurrence: str
    station_id: UUID
    evse_number: int
    connector_number: int
    start_request_id: UUID | None
    session_id: UUID | None
    payment_id: UUID | None
    driver_id: UUID | None
    at: datetime


class Guards(Struct, frozen=True, kw_only=True):
    """What is known that may hold a step back."""

    switched_off: bool | None
    excluded: bool
    in_work: bool
    person_works: bool
    at_site: int
    charging: int
    is_connected: bool | None


def held_back(step: Step, situation: Situation, guards: Guards) -> str:
    """Return why a step is not taken; '' where it may be. Pure."""
    if situation.is_danger and step is not Step.OUT_OF_SERVICE:
        return DANGER
    if guards.in_work or guards.person_works:
        return IN_WORK
    if step in (Step.EXTEND, Step.TELL_OWNER):
        return ""
    if guards.switched_off:
        return SWITCHED_OFF
    if guards.excluded:
        return EXCLUDED
    if guards.at_site >= remedies.SITE_MAX:
        return TOO_MANY
    if step is Step.UNLOCK and guards.charging:
        return CHARGING
    return ""


def due_step(trouble: Trouble, situation: Situation, facts: Facts) -> Step:
    """Return the step that a trouble has now; NOTHING where it has none, or it is too early. Pure."""
    step, session = situation.step, facts.session
    fits = {
        Step.EXTEND: trouble.what == "start",
        Step.UNLOCK: trouble.what == "over",
        Step.OUT_OF_SERVICE: trouble.what == "danger",
        Step.TELL_OWNER: trouble.what == "stands" and session is not None and session.charging_ended_at is not None,
    }
    return step if fits.get(step, False) else Step.NOTHING


async def take_steps(tx: Transaction, house: House, now: datetime) -> int:
    """Take the step of each trouble that has one, once; return how many were taken."""
    await tx.execute(LOCK)
    taken = 0
    troubles = await tx.fetch(
        Trouble, TROUBLES, now - WAITS_FOR_CABLE, now, now + EXTEND_BEFORE, now - OVER_LATELY, now - STANDS_MAX,
        now - GRACE, now - FOUND_LATELY, AT_ONCE,
    )  # fmt: skip
    for trouble in troubles:
        subject = Subject(
            station_id=trouble.station_id, evse_number=trouble.evse_number, connector_number=trouble.connector_number,
            start_request_id=trouble.start_request_id, session_id=trouble.session_id, payment_id=trouble.payment_id,
            driver_id=trouble.driver_id,
        )  # fmt: skip
        facts = await facts_of(tx, subject, now)
        situation = choosing.told(facts).situation
        step = due_step(trouble, situation, facts)
        if step is not Step.NOTHING:
            taken += await _take(tx, house, trouble, situation, step, now)
    return taken


async def _take(
    tx: Transaction, house: House, trouble: Trouble, situation: Situation, step: Step, now: datetime
) -> bool:  # fmt: skip
    guards = await tx.fetch_one(
        Guards, GUARDS, trouble.station_id, trouble.evse_number, now - PERSON_WORKS, now - remedies.TOGETHER
    )
    assert guards is not None, "its columns are aggregates"
    why = held_back(step, situation, guards)
    if why == IN_WORK or (not why and not guards.is_connected and step is not Step.TELL_OWNER):
        return False  # that may change while the trouble lasts
    command_id: UUID | None = None
    if not why:
        try:
            async with tx.savepoint():
                command_id = await _carry_out(tx, house, trouble, step, now)
        except Problem as problem:
            why = str(problem)[:200]
    await tx.execute(
        KEEP, f"{trouble.what}:{trouble.occurrence}", now, situation.key, step.value, trouble.station_id,
        trouble.evse_number, trouble.start_request_id, trouble.session_id, command_id, "held" if why else "done", why,
    )  # fmt: skip
    if why:
        return False
    await audit.write(tx, BY, f"situation.{step.value}", "station", trouble.station_id, at=now, reason=situation.key)
    await _tell(tx, house, trouble, step, now)
    return True


async def _carry_out(tx: Transaction, house: House, trouble: Trouble, step: Step, now: datetime) -> UUID | None:
    del house
    station_id, actor = StationId(trouble.station_id), BY
    if step is Step.EXTEND:
        assert trouble.start_request_id is not None
        await sessions.wait_more(tx, actor, trouble.start_request_id, now)
        return None
    if step is Step.TELL_OWNER:
        await sending.tell_owner(tx, trouble.station_id, trouble.evse_number, now)
        return None
    if step is Step.UNLOCK:
        wish = UnlockConnector(evse_number=trouble.evse_number, connector_number=trouble.connector_number or 1)
        return await _send(tx, actor, station_id, wish, "the cable does not come loose", now)
    out = ChangeAvailability(evse_number=trouble.evse_number, operative=False)
    return await _send(tx, actor, station_id, out, "it may be dangerous", now)


async def _send(
    tx: Transaction, actor: Actor, station_id: StationId, wish: UnlockConnector | ChangeAvailability, reason: str,
    now: datetime,
) -> UUID:  # fmt: skip
    return await stations.request_command(
        tx, actor, station_id, wish, now, reason=reason, expires_at=now + SEND_WITHIN
    )  # fmt: skip


async def _tell(tx: Transaction, house: House, trouble: Trouble, step: Step, now: datetime) -> None:
    """Write it on the timeline of the cases there, and wake who looks."""
    there = await tx.values(CASES_THERE, trouble.station_id, trouble.evse_number)
    await cases.add(
        tx,
        [
            Entry(case_id=case_id, id=new_id(), at=now, kind=EntryKind.MACHINE, by_kind="rule", text=DONE[step])
            for case_id in there
        ],
    )
    topics = [COMMANDS_TOPIC, f"station:{trouble.station_id}", *(f"case:{case_id}" for case_id in there)]
    tx.after_commit(lambda: house.hints.publish(topics))
