"""What a driver says of a charge: kept, told to the plan and to the allocator; and when the car will be ready."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.circuits import store as circuits
from laddverk.energy.planning_ahead import following, service, store, store_wishes
from laddverk.energy.planning_ahead.forecasting import Source, stay
from laddverk.energy.planning_ahead.gathering import PAST_KEPT
from laddverk.energy.planning_ahead.guiding import FRESH_FOR
from laddverk.energy.planning_ahead.knowing import hour_of_week, stays_of
from laddverk.energy.planning_ahead.model import MadeBy
from laddverk.energy.planning_ahead.store_wishes import Charge
from laddverk.energy.steering.placing import key_of
from laddverk.kernel.actors import Actor
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit, jobs
from laddverk.platform.database import Transaction

AHEAD_MAX: Final = timedelta(hours=36)  # the horizon of a plan
ENERGY_MAX_WH: Final = 500_000  # more than any car's battery
POWER_LEAST_W: Final = 500  # of less nobody can say when it ends


class Habit(Struct, frozen=True):
    """What this driver mostly does when they come at this time."""

    departs_at: datetime
    energy_wh: int


class Offered(Struct, frozen=True):
    """What a driver can say, and has said."""

    charge: Charge
    habit: Habit | None


class Ready(Struct, frozen=True):
    """When a car will have what it is to have."""

    at: datetime
    is_planned: bool
    """By the plan; else as it charges now."""


async def tell(
    tx: Transaction, actor: Actor, session_id: UUID, now: datetime, *, departs_at: datetime | None,
    energy_wh: int | None, asks_priority: bool,
) -> None:  # fmt: skip
    """Keep what a driver says of a charge that runs; the site is planned anew. Who asks has the charge's address.

    Raises `Invalid` naming `departs`, `energy` or `priority`; `Conflict` when the charge is over.
    """
    charge = await store_wishes.charge(tx, session_id)
    if charge is None:
        raise NotFound("There is no such charge.")
    if charge.ended_at is not None:
        raise Conflict("This charge is over.")
    if departs_at is None and energy_wh is None:
        raise Invalid("Say when you leave, or how much you need.", field="departs")
    if departs_at is not None and not now < departs_at <= now + AHEAD_MAX:
        raise Invalid("This is not within the next day and a half.", field="departs")
    if energy_wh is not None and not 0 < energy_wh <= ENERGY_MAX_WH:
        raise Invalid("This is not from 0,1 to 500 kWh.", field="energy")
    if asks_priority and not charge.lets_ask:
        raise Invalid("Nobody goes first here.", field="priority")
    await store_wishes.tell(tx, session_id, departs_at, energy_wh, asks_priority, now)
    await audit.write(
        tx, actor, "charge.wished", "session", session_id, at=now,
        detail={"departs_at": departs_at and departs_at.isoformat(), "energy_wh": energy_wh, "priority": asks_priority},
    )  # fmt: skip
    if await store.wishes(tx, charge.site_id):
        await jobs.enqueue(tx, [service.soon(service.PLAN_SITE, charge.site_id)])


async def offered(tx: Transaction, session_id: UUID, now: datetime) -> Offered | None:
    """Return what the driver of a charge can say; None where it would change nothing: nobody shares current there."""
    charge = await store_wishes.charge(tx, session_id)
    if charge is None or charge.ended_at is not None:
        return None
    tree = await circuits.tree(tx, charge.site_id)
    if not any(place.key == (charge.station_id, charge.evse_number) for place in tree.places):
        return None
    past = await store.past_sessions(
        tx, sorted({place.station_id for place in tree.places}), now - PAST_KEPT
    )  # fmt: skip
    return Offered(charge, _habit(charge, past, now))


async def ready(tx: Transaction, session_id: UUID, now: datetime) -> Ready | None:
    """Return when a car is expected to be ready: by a fresh plan, else as it charges now; None where nobody can say."""
    charge = await store_wishes.charge(tx, session_id)
    if charge is None or charge.ended_at is not None:
        return None
    kept = await store.latest(tx, charge.site_id) if await store.wishes(tx, charge.site_id) else None
    if kept is not None and kept.plan.made_by is MadeBy.SOLVER and now - kept.made_at <= FRESH_FOR:
        at = following.ready_at(kept.plan, key_of(charge.station_id, charge.evse_number))
        if at is not None and at > now:
            return Ready(at, is_planned=True)
    left_wh = (charge.asked_wh or 0) - charge.energy_wh
    if left_wh <= 0 or (charge.power_w or 0) < POWER_LEAST_W:
        return None
    return Ready(now + timedelta(hours=left_wh / (charge.power_w or 1)), is_planned=False)


def _habit(charge: Charge, past: list[store.Past], now: datetime) -> Habit | None:
    if not charge.who:
        return None
    own = stays_of([each for each in reversed(past) if each.ended_at is not None and each.who == charge.who])
    so_far = (now - charge.started_at) / timedelta(hours=1), charge.energy_wh / 1000
    hours, energy = stay(own, stays_of([]), hour_of_week(charge.started_at), so_far=so_far)
    departs_at = charge.started_at + timedelta(hours=hours.middle)
    energy_wh = round(energy.middle * 1000)
    if hours.source is not Source.OWN_HABIT or energy.source is not Source.OWN_HABIT:
        return None
    if not now < departs_at <= now + AHEAD_MAX or not charge.energy_wh < energy_wh <= ENERGY_MAX_WH:
        return None
    return Habit(departs_at.replace(second=0, microsecond=0), energy_wh)
