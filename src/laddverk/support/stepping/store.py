"""Troubles that may have a step, what holds it back, and the steps taken, in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from laddverk.diagnostics.remedies import rules as remedies
from laddverk.platform.database import Transaction
from laddverk.support.situations.model import Situation, Step
from laddverk.support.situations.predicates.outlets import STANDS_AFTER
from laddverk.support.situations.store import CAR_FROM
from laddverk.support.stepping.model import Guards, Standing, Trouble
from laddverk.support.stepping.rules import LOOKS_AHEAD

AT_ONCE: Final = 100  # troubles a turn, the newest first: so a turn is over before the next one begins
WAITS_FOR_CABLE: Final = timedelta(minutes=30)  # more than any start may wait: `sessions.waiting.WAIT_MAX` is 20
OVER_LATELY: Final = timedelta(minutes=15)  # who pulls at a cable is there; later it is anybody who passes
PLUGS_WITHIN: Final = timedelta(minutes=5)  # who plugs in first chooses and pays in this time
LINGERS: Final = timedelta(minutes=3)  # a cable that the driver cannot get out, and nobody has taken out since
FOUND_LATELY: Final = timedelta(hours=1)  # what is older had its turn long ago: people have seen it since
HELPED_WITHIN: Final = timedelta(hours=12)  # who has not come by then is not helped by a message
CARS_KEPT: Final = LOOKS_AHEAD + HELPED_WITHIN  # a fee begins within the one, and is told of within the other
EXTEND_BEFORE: Final = timedelta(seconds=90)  # chargers' own patience is mostly over by then
PERSON_WORKS: Final = timedelta(minutes=30)  # after what a person of ours did in the case

LOCK: Final = "SELECT pg_advisory_xact_lock(7230611)"  # one turn at a time, whichever worker
TROUBLES: Final = f"""
SELECT * FROM (
    (SELECT 'start' AS what, id::text AS occurrence, station_id, evse_number, connector_number,
            id AS start_request_id, NULL::uuid AS session_id, payment_id, driver_id, '' AS complaint, created_at AS at,
            NULL::timestamptz AS costs_at
     FROM start_request
     WHERE session_id IS NULL AND cancelled_at IS NULL AND command_id IS NOT NULL AND created_at > $1
       AND expires_at BETWEEN $2 AND $3
     ORDER BY created_at DESC LIMIT $7)
    UNION ALL
    -- Refused for good, with a cable that came for this start, and nobody else's start there since.
    (SELECT 'refused', start.id::text, start.station_id, start.evse_number, start.connector_number, start.id, NULL,
            start.payment_id, start.driver_id, '', start.cancelled_at, NULL
     FROM start_request AS start
     JOIN connector ON connector.station_id = start.station_id AND connector.evse_number = start.evse_number
      AND connector.connector_number = start.connector_number
     WHERE start.session_id IS NULL AND start.cancelled_at > $4 AND start.cancelled_why = 'refused'
       AND connector.status IN ('preparing', 'occupied') AND connector.status_since > start.created_at - $8::interval
       AND NOT EXISTS (SELECT FROM start_request AS other WHERE other.station_id = start.station_id
                         AND other.evse_number = start.evse_number AND other.created_at > start.created_at)
     ORDER BY start.cancelled_at DESC LIMIT $7)
    UNION ALL
    -- Its lock does not work, or its driver says so and the cable is still in.
    (SELECT 'over', id::text, station_id, evse_number, connector_number, start_request_id, id, payment_id, driver_id,
            CASE WHEN said.is_so THEN 'cable' ELSE '' END, ended_at, NULL
     FROM session
     CROSS JOIN LATERAL (
         SELECT EXISTS (SELECT FROM support_contact AS contact JOIN connector
                          ON connector.station_id = session.station_id AND connector.evse_number = session.evse_number
                        WHERE contact.session_id = session.id AND contact.at > session.ended_at
                          AND contact.situation = 'cable-stuck-at-charger'
                          AND connector.status IN ('finishing', 'occupied') AND session.ended_at < $9) AS is_so
     ) AS said
     WHERE ended_at > $4
       AND (said.is_so OR EXISTS (SELECT FROM connector WHERE connector.station_id = session.station_id
                      AND connector.evse_number = session.evse_number
                      AND (coalesce(error_code, 'NoError') <> 'NoError' OR vendor_error_code <> ''))
            OR EXISTS (SELECT FROM finding WHERE finding.station_id = session.station_id AND cleared_at IS NULL
                         AND family = 'connector_lock'))
     ORDER BY ended_at DESC LIMIT $7)
    UNION ALL
    -- A car that takes no more, or whose charge is over and whose cable is still in: somebody else asks about the
    -- outlet since, or to stand there begins to cost. Who stands for nothing, or in a free night, is not woken.
    (SELECT what, session.id::text, session.station_id,
            session.evse_number, session.connector_number, NULL, NULL, NULL, NULL, '', car.done_at, cost.costs_at
     FROM session {CAR_FROM}
     LEFT JOIN standing_car AS cost ON cost.session_id = session.id
     CROSS JOIN LATERAL (
         SELECT car.done_at > $5 AND EXISTS (
             SELECT FROM support_contact AS other
             WHERE other.station_id = session.station_id AND other.evse_number = session.evse_number
               AND other.at > car.done_at AND other.driver_id IS DISTINCT FROM session.driver_id
               AND other.session_id IS DISTINCT FROM session.id
               AND (other.start_request_id IS NULL OR other.start_request_id IS DISTINCT FROM session.start_request_id)
         ) AS is_asked
     ) AS other
     CROSS JOIN LATERAL (
         -- Who was asked to move because somebody waits is told of the fee too, once it begins.
         SELECT CASE WHEN is_asked AND NOT EXISTS (SELECT FROM situation_step AS done
                                                   WHERE done.occurrence = 'blocks:' || session.id::text)
                     THEN 'blocks' ELSE 'stands' END AS what
     ) AS which
     WHERE (session.ended_at IS NULL OR session.ended_at > $5) AND session.driver_id IS NOT NULL
       AND NOT session.reservation_expired AND car.stands AND car.is_done
       AND NOT EXISTS (SELECT FROM session AS later WHERE later.station_id = session.station_id
                         AND later.evse_number = session.evse_number AND later.started_at > session.started_at
                         AND NOT later.reservation_expired)
       AND (what = 'blocks'
            OR (session.ended_at IS NULL AND cost.done_at = car.done_at AND cost.costs_at BETWEEN $5 AND $2))
       AND coalesce(cost.told_at <= $10, true)  -- who was asked a moment ago has their turn when that is over
       -- A free night is over for many at once: who was told already must not keep the others from their turn.
       AND NOT EXISTS (SELECT FROM situation_step AS done WHERE done.occurrence = what || ':' || session.id::text)
     ORDER BY car.done_at DESC LIMIT $7)
    UNION ALL
    (SELECT 'danger', min(finding.id::text), finding.station_id, greatest(finding.evse_number, 1), 0, NULL, NULL, NULL,
            NULL, '', min(raised_at), NULL
     FROM finding WHERE severity = 0 AND cleared_at IS NULL AND raised_at > $6
     GROUP BY finding.station_id, greatest(finding.evse_number, 1) LIMIT $7)
) AS trouble
WHERE NOT EXISTS (SELECT FROM situation_step
                  WHERE situation_step.occurrence = trouble.what || ':' || trouble.occurrence)
ORDER BY at DESC LIMIT $7
"""  # noqa: S608 - constant text
# Cars that take no more under a price that may know a fee for it, and of which nobody has worked out from when. Where
# the exchange's prices were not there it is tried again, after all that were not tried since.
STANDING: Final = f"""
SELECT session.id, car.done_at, session.started_at, session.energy_wh, session.timezone, session.tariff
FROM session {CAR_FROM}
LEFT JOIN standing_car AS cost ON cost.session_id = session.id
WHERE session.ended_at IS NULL AND session.driver_id IS NOT NULL AND car.is_done AND car.done_at BETWEEN $1 AND $2
  AND jsonb_path_exists(session.tariff, '$.**.dimension ? (@ == "idle")')
  AND cost.done_at IS DISTINCT FROM car.done_at
ORDER BY cost.at NULLS FIRST, car.done_at LIMIT $3
"""  # noqa: S608 - constant text
KEEP_COST: Final = """
INSERT INTO standing_car (session_id, at, done_at, costs_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (session_id) DO UPDATE SET at = excluded.at, done_at = excluded.done_at, costs_at = excluded.costs_at
"""
KEEP_TRIED: Final = """
INSERT INTO standing_car (session_id, at) VALUES ($1, $2) ON CONFLICT (session_id) DO UPDATE SET at = excluded.at
"""
FORGET_CARS: Final = "DELETE FROM standing_car WHERE at < $1"
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


async def take_turn(tx: Transaction) -> None:
    """Wait for the turn to look at troubles, and hold it until the transaction ends."""
    await tx.execute(LOCK)


async def troubles(tx: Transaction, now: datetime, told_before: datetime) -> Sequence[Trouble]:
    """Return what may have a step and had none yet, the newest first; of cars whose driver was not asked since."""
    return await tx.fetch(
        Trouble, TROUBLES, now - WAITS_FOR_CABLE, now, now + EXTEND_BEFORE, now - OVER_LATELY, now - HELPED_WITHIN,
        now - FOUND_LATELY, AT_ONCE, PLUGS_WITHIN, now - LINGERS, told_before,
    )  # fmt: skip


async def standing(tx: Transaction, now: datetime) -> Sequence[Standing]:
    """Return cars that take no more, of which it is not known yet from when that costs; old ones are forgotten."""
    await tx.execute(FORGET_CARS, now - CARS_KEPT)
    return await tx.fetch(Standing, STANDING, now - LOOKS_AHEAD, now - STANDS_AFTER, AT_ONCE)


async def keep_cost(tx: Transaction, car: Standing, costs_at: datetime | None, now: datetime) -> None:
    """Keep from when it costs to stand there; None: never, for as long as we look."""
    await tx.execute(KEEP_COST, car.id, now, car.done_at, costs_at)


async def keep_tried(tx: Transaction, car: Standing, now: datetime) -> None:
    """Keep that it could not be worked out yet from when it costs to stand there."""
    await tx.execute(KEEP_TRIED, car.id, now)


async def guards(tx: Transaction, trouble: Trouble, now: datetime) -> Guards:
    """Return what is known that may hold a step back where a trouble is."""
    found = await tx.fetch_one(
        Guards, GUARDS, trouble.station_id, trouble.evse_number, now - PERSON_WORKS, now - remedies.TOGETHER
    )
    assert found is not None, "its columns are aggregates"
    return found


async def keep(
    tx: Transaction, trouble: Trouble, situation: Situation, step: Step, command_id: UUID | None, why: str,
    now: datetime,
) -> None:  # fmt: skip
    """Keep that a step was taken, or what held it back (`why`): it is not looked at again."""
    await tx.execute(
        KEEP, f"{trouble.what}:{trouble.occurrence}", now, situation.key, step.value, trouble.station_id,
        trouble.evse_number, trouble.start_request_id, trouble.session_id, command_id, "held" if why else "done", why,
    )  # fmt: skip


async def cases_there(tx: Transaction, trouble: Trouble) -> Sequence[UUID]:
    """Return the cases that speak of where a trouble is, the newest first, five at most."""
    return await tx.values(CASES_THERE, trouble.station_id, trouble.evse_number)
