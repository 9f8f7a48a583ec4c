"""Deeds of agents, and what they must know of where they act, in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.kernel.ids import ReservationId
from laddverk.platform.database import Transaction
from laddverk.support.agent.model import Deed
from laddverk.support.situations.store import STOP_IS_OUT

_COLUMNS: Final = (
    "id, case_id, at, by_id, by_name, deed, reason, amount_minor, currency, payment_id, refund_id, station_id,"
    " command_id, start_request_id, work_order_id, mail_id, text_id, detail, state, decided_at, decided_by, once"
)
_TYPED: Final = (
    "id uuid, case_id uuid, at timestamptz, by_id uuid, by_name text, deed text, reason text, amount_minor bigint,"
    " currency text, payment_id uuid, refund_id uuid, station_id uuid, command_id uuid, start_request_id uuid,"
    " work_order_id uuid, mail_id uuid, text_id uuid, detail text, state text, decided_at timestamptz,"
    " decided_by text, once uuid"
)
INSERT: Final = f"""
INSERT INTO case_deed ({_COLUMNS}) SELECT {_COLUMNS} FROM jsonb_to_record($1::jsonb) AS given ({_TYPED})
ON CONFLICT (once) DO NOTHING RETURNING id
"""  # noqa: S608 - constants above
DECIDE: Final = """
UPDATE case_deed SET state = $2, decided_at = $3, decided_by = $4, refund_id = $5 WHERE id = $1
"""
ONE: Final = f"SELECT {_COLUMNS} FROM case_deed WHERE id = $1 FOR UPDATE"  # noqa: S608 - constants above
BY_ONCE: Final = f"SELECT {_COLUMNS} FROM case_deed WHERE once = $1"  # noqa: S608 - constants above
GIVEN_IN_CASE: Final = """
SELECT coalesce(sum(amount_minor), 0)::bigint FROM case_deed
WHERE case_id = $1 AND state = 'done' AND amount_minor IS NOT NULL
"""
GIVEN_BY: Final = """
SELECT coalesce(sum(amount_minor), 0)::bigint FROM case_deed
WHERE by_id = $1 AND at > $2 AND state = 'done' AND amount_minor IS NOT NULL AND decided_at IS NULL
"""
WAITING: Final = """
SELECT EXISTS (SELECT FROM case_deed WHERE case_id = $1 AND deed = $2 AND state = 'waits')
"""
SENT_LATELY: Final = """
SELECT count(*) FROM case_deed
WHERE case_id IN (SELECT $1::uuid UNION SELECT id FROM support_case WHERE driver_id = $2) AND deed = ANY($3) AND at > $4
"""
KEEP_PLATE: Final = """
INSERT INTO driver_plate (plate, driver_id, added_at, added_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
# What else goes on at the charger: a restart is of the whole of it, and a cable may be somebody else's.
GOING_ON: Final = f"""
SELECT (SELECT count(*) FROM session WHERE station_id = $1 AND ended_at IS NULL)::int AS charging,
       (SELECT count(*) FROM session WHERE station_id = $1 AND evse_number = $2 AND ended_at IS NULL)::int AS here,
       (SELECT count(*) FROM start_request WHERE station_id = $1 AND session_id IS NULL AND cancelled_at IS NULL
          AND command_id IS NOT NULL AND expires_at > $3 AND id IS DISTINCT FROM $4)::int AS starting,
       EXISTS (SELECT FROM finding WHERE station_id = $1 AND cleared_at IS NULL
                 AND (severity = 0 OR family = ANY($5)) AND NOT ({STOP_IS_OUT})) AS is_dangerous,
       EXISTS (SELECT FROM incident WHERE station_id = $1 AND evse_number IN (0, $2) AND state = 'in_work')
       OR EXISTS (SELECT FROM work_order WHERE station_id = $1 AND state = 'on_site') AS is_worked_on
FROM station WHERE station.id = $1
"""  # noqa: S608 - constant text
# What is kept at an outlet: the driver's own first, then what is in force, then the last one that a charger may still
# believe in.
KEPT: Final = """
SELECT id, number, state IN ('asked', 'held') AS is_active, driver_id IS NOT DISTINCT FROM $3 AS is_own
FROM reservation
WHERE station_id = $1 AND (evse_number IS NULL OR evse_number = $2) AND cancel_id IS NULL
  AND (state IN ('asked', 'held') OR created_at > $4)
ORDER BY state IN ('asked', 'held') DESC, driver_id IS NOT DISTINCT FROM $3 DESC, created_at DESC LIMIT 1
"""
REFUSED_TAG: Final = """
SELECT token.driver_id FROM authorisation JOIN token ON token.uid = upper(authorisation.token_uid)
WHERE authorisation.station_id = $1 AND authorisation.received_at > $2 AND authorisation.status <> 'Accepted'
  AND ($3::uuid IS NULL OR token.driver_id = $3)
ORDER BY authorisation.received_at DESC LIMIT 1
"""
OWNER: Final = """
SELECT driver.id AS driver_id, driver.phone, driver.language, coalesce(connector.code, station.name) AS place,
       session.timezone
FROM session JOIN station ON station.id = session.station_id
LEFT JOIN connector ON connector.station_id = session.station_id AND connector.evse_number = session.evse_number
     AND connector.connector_number = session.connector_number
JOIN driver ON driver.id = session.driver_id
WHERE session.id = $1
"""
# Once within a while, whoever asks and by whichever way: two at once wait for each other here.
BEGIN_TELLING: Final = """
INSERT INTO standing_car (session_id, at, told_at) VALUES ($1, $2, $2)
ON CONFLICT (session_id) DO UPDATE SET at = excluded.at, told_at = excluded.told_at
WHERE standing_car.told_at IS NULL OR standing_car.told_at <= $3
RETURNING true
"""
CHARGED: Final = """
SELECT session.id, session.energy_wh, session.price_minor, session.currency, session.driver_id, station.name AS place,
       driver.email
FROM session JOIN station ON station.id = session.station_id LEFT JOIN driver ON driver.id = session.driver_id
WHERE session.id = $1
"""


class GoingOn(Struct, frozen=True):
    """What goes on at a charger."""

    charging: int
    here: int
    starting: int
    is_dangerous: bool
    is_worked_on: bool


class Kept(Struct, frozen=True):
    """A reservation at an outlet."""

    id: ReservationId
    number: int
    is_active: bool
    is_own: bool


class Owner(Struct, frozen=True):
    """Whose car stands at an outlet."""

    driver_id: UUID
    phone: str | None
    language: str | None
    place: str
    timezone: str


class Charged(Struct, frozen=True):
    """A charge, as its receipt names it."""

    id: UUID
    energy_wh: int
    price_minor: int | None
    currency: str | None
    driver_id: UUID | None
    place: str
    email: str | None


async def insert(tx: Transaction, deed: Deed) -> bool:
    """Keep a deed; False when its form was sent before."""
    return await tx.value(INSERT, msgspec.to_builtins(deed)) is not None


async def done_before(tx: Transaction, once: UUID) -> Deed | None:
    """Return what a form led to when it was sent before."""
    return await tx.fetch_one(Deed, BY_ONCE, once)


async def deed(tx: Transaction, deed_id: UUID) -> Deed | None:
    """Return one deed, locked."""
    return await tx.fetch_one(Deed, ONE, deed_id)


async def decide(
    tx: Transaction, deed_id: UUID, state: str, now: datetime, by: str, refund_id: UUID | None
) -> None:  # fmt: skip
    """Keep what a second person decided."""
    await tx.execute(DECIDE, deed_id, state, now, by, refund_id)


async def given_in_case(tx: Transaction, case_id: UUID) -> int:
    """Return how much money was given in a case so far."""
    return int(await tx.value(GIVEN_IN_CASE, case_id))


async def given_by(tx: Transaction, operator_id: UUID | None, since: datetime) -> int:
    """Return how much somebody has given alone since."""
    return int(await tx.value(GIVEN_BY, operator_id, since))


async def sent_lately(
    tx: Transaction, case_id: UUID, driver_id: UUID | None, buttons: Sequence[str], since: datetime
) -> int:  # fmt: skip
    """Return how often any of `buttons` was pressed since, in a case and all others of its driver."""
    return int(await tx.value(SENT_LATELY, case_id, driver_id, list(buttons), since))


async def is_waiting(tx: Transaction, case_id: UUID, button: str) -> bool:
    """Return whether the same already waits for a second person."""
    return bool(await tx.value(WAITING, case_id, button))


async def keep_plate(tx: Transaction, plate: str, driver_id: UUID, now: datetime, by: str) -> None:
    """Keep a number plate of a driver."""
    await tx.execute(KEEP_PLATE, plate, driver_id, now, by)


async def going_on(
    tx: Transaction, station_id: UUID | None, evse_number: int, now: datetime, but: UUID | None,
    hands_off: Sequence[str],
) -> GoingOn | None:  # fmt: skip
    """Return what goes on at a charger, `but` one start apart; findings of the families `hands_off` are dangerous."""
    return await tx.fetch_one(GoingOn, GOING_ON, station_id, evse_number, now, but, list(hands_off))


async def kept(
    tx: Transaction, station_id: UUID, evse_number: int, driver_id: UUID | None, since: datetime
) -> Kept | None:  # fmt: skip
    """Return what is kept at an outlet, or was since."""
    return await tx.fetch_one(Kept, KEPT, station_id, evse_number, driver_id, since)


async def holder_of_refused(
    tx: Transaction, station_id: UUID | None, since: datetime, driver_id: UUID | None
) -> UUID | None:  # fmt: skip
    """Return whose tag was refused last at a charger."""
    found: UUID | None = await tx.value(REFUSED_TAG, station_id, since, driver_id)
    return found


async def owner(tx: Transaction, session_id: UUID) -> Owner | None:
    """Return who charges, or has; None: nobody with an account."""
    return await tx.fetch_one(Owner, OWNER, session_id)


async def begin_telling(tx: Transaction, session_id: UUID, now: datetime, before: datetime) -> bool:
    """Note that the driver of a car that stands is asked to move it; False where they were asked since `before`."""
    return bool(await tx.value(BEGIN_TELLING, session_id, now, before))


async def charged(tx: Transaction, session_id: UUID) -> Charged | None:
    """Return a charge as its receipt names it."""
    return await tx.fetch_one(Charged, CHARGED, session_id)
