"""What a driver says of a charge: kept, told to the plan and to the allocator; and when the car will be ready."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import Tree
from laddverk.energy.planning_ahead import completing, following, service, store, store_wishes
from laddverk.energy.planning_ahead.forecasting import Source
from laddverk.energy.planning_ahead.guessing import Came, Guess, Usual, done_between, guessed
from laddverk.energy.planning_ahead.guiding import FRESH_FOR
from laddverk.energy.planning_ahead.model import MadeBy
from laddverk.energy.planning_ahead.recalling import Habits
from laddverk.energy.planning_ahead.store_wishes import Charge, Told
from laddverk.energy.steering.placing import key_of
from laddverk.kernel.actors import Actor
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit, jobs
from laddverk.platform.database import Transaction

AHEAD_MAX: Final = timedelta(hours=36)  # the horizon of a plan
ENERGY_MAX_WH: Final = 500_000  # more than any car's battery
POWER_LEAST_W: Final = 500  # of less nobody can say when it ends
SUSPENDED_BY_CAR: Final = "suspended_ev"
BY_PERSON_OR_CAR: Final = frozenset({Source.DRIVER, Source.CAR})


class Habit(Struct, frozen=True):
    """What this driver mostly does when they come at this time."""

    departs_at: datetime
    energy_wh: int


class Offered(Struct, frozen=True):
    """What a driver can say, and has said."""

    charge: Charge
    told: Told | None
    """What counts: the driver's word, the car's, and what is usual in place of what neither said."""
    lets_ask: bool
    habit: Habit | None


class How(StrEnum):
    """How it is known when a car is ready, or why it is not."""

    PLAN = "plan"
    AS_IT_CHARGES = "as_it_charges"
    """What is left of what was asked for, with the power of now."""
    AS_USUAL = "as_usual"
    """As long as charges that began at such hours took there: a span, within which eight of ten end."""
    TOO_FEW = "too_few"
    """Unknown: nobody has charged there before."""
    LONGER_THAN_EVER = "longer_than_ever"
    """Unknown: it has taken longer than charges there used to."""


class Ready(Struct, frozen=True):
    """When a car will have what it is to have; `since` and `until` are one where it is an instant, None if unknown."""

    how: How
    since: datetime | None = None
    until: datetime | None = None


async def tell(
    tx: Transaction, actor: Actor, session_id: UUID, now: datetime, *, departs_at: datetime | None,
    energy_wh: int | None, asks_priority: bool,
) -> None:  # fmt: skip
    """Keep what a driver says of a charge that runs; the site is planned anew. Who asks has the charge's address.

    Raises `Invalid` naming `departs`, `energy` or `priority`; `Conflict` when the charge is over.
    """
    charge = await _running(tx, session_id)
    if departs_at is None and energy_wh is None:
        raise Invalid("Say when you leave, or how much you need.", field="departs")
    if departs_at is not None and not now < departs_at <= now + AHEAD_MAX:
        raise Invalid("This is not within the next day and a half.", field="departs")
    if energy_wh is not None and not 0 < energy_wh <= ENERGY_MAX_WH:
        raise Invalid("This is not from 0,1 to 500 kWh.", field="energy")
    if asks_priority:
        await _require_priority(tx, charge)
    await store_wishes.tell(tx, session_id, departs_at, energy_wh, asks_priority, now)
    await completing.completed(tx, charge.site_id, now)
    await audit.write(
        tx, actor, "charge.wished", "session", session_id, at=now,
        detail={"departs_at": departs_at and departs_at.isoformat(), "energy_wh": energy_wh, "priority": asks_priority},
    )  # fmt: skip
    await _planned_anew(tx, charge)


async def come_first(tx: Transaction, actor: Actor, session_id: UUID, now: datetime) -> None:
    """Let a charge that runs come first, as its driver asked somebody of ours; what they said of it stays as it is.

    Of when they leave and what they need nothing is made up. Raises `NotFound`, `Conflict` when the charge is over,
    `Invalid` naming `priority`.
    """
    charge = await _running(tx, session_id)
    await _require_priority(tx, charge)
    await store_wishes.come_first(tx, session_id, now)
    await audit.write(tx, actor, "charge.came_first", "session", session_id, at=now)
    await _planned_anew(tx, charge)


async def _running(tx: Transaction, session_id: UUID) -> Charge:
    charge = await store_wishes.charge(tx, session_id)
    if charge is None:
        raise NotFound("There is no such charge.")
    if charge.ended_at is not None:
        raise Conflict("This charge is over.")
    return charge


async def _require_priority(tx: Transaction, charge: Charge) -> None:
    if not (await circuits.tree(tx, charge.site_id)).lets_ask:
        raise Invalid("Nobody goes first here.", field="priority")


async def _planned_anew(tx: Transaction, charge: Charge) -> None:
    if await store.wishes(tx, charge.site_id):
        await jobs.enqueue(tx, [service.soon(service.PLAN_SITE, charge.site_id)])


async def offered(tx: Transaction, session_id: UUID, now: datetime, habits: Habits) -> Offered | None:
    """Return what the driver of a charge can say; None where it would change nothing: nobody shares current there."""
    shared = await _shared(tx, session_id)
    if shared is None:
        return None
    charge, tree = shared
    guess = guessed(_came(charge), await habits.known(tx, tree, charge.who, now), now)
    return Offered(charge, await _told(tx, charge, now), tree.lets_ask, _habit(guess, now))


async def ready(tx: Transaction, session_id: UUID, now: datetime, habits: Habits) -> Ready | None:
    """Return when a car is expected to be ready: by a fresh plan, else as it charges now, else as is usual there.

    None where there is nothing to say: nobody shares current there, or the car itself takes none for now.
    """
    shared = await _shared(tx, session_id)
    if shared is None:
        return None
    charge, tree = shared
    kept = await store.latest(tx, charge.site_id) if await store.wishes(tx, charge.site_id) else None
    if kept is not None and kept.plan.made_by is MadeBy.SOLVER and now - kept.made_at <= FRESH_FOR:
        at = following.ready_at(kept.plan, key_of(charge.station_id, charge.evse_number))
        if at is not None and at > now:
            return Ready(How.PLAN, at, at)
    told = await _told(tx, charge, now)
    if told is not None and told.energy_by in BY_PERSON_OR_CAR and (charge.power_w or 0) >= POWER_LEAST_W:
        left_wh = (told.energy_wh or 0) - charge.energy_wh
        at = now + timedelta(hours=left_wh / (charge.power_w or 1))
        return Ready(How.AS_IT_CHARGES, at, at) if left_wh > 0 else None
    if charge.charging_state == SUSPENDED_BY_CAR:
        return None
    return _as_usual(charge, await habits.known(tx, tree, charge.who, now), now)


async def _shared(tx: Transaction, session_id: UUID) -> tuple[Charge, Tree] | None:
    """Return a charge that runs at an outlet that shares current, and the tree of its site; None: it does not."""
    charge = await store_wishes.charge(tx, session_id)
    if charge is None or charge.ended_at is not None:
        return None
    tree = await circuits.tree(tx, charge.site_id)
    hangs = any(place.key == (charge.station_id, charge.evse_number) for place in tree.places)
    return (charge, tree) if hangs else None


async def _told(tx: Transaction, charge: Charge, now: datetime) -> Told | None:
    told = await store_wishes.running_at(tx, charge.site_id, now)
    return next((each for each in told if each.session_id == charge.session_id), None)


def _as_usual(charge: Charge, known: Usual, now: datetime) -> Ready:
    span = done_between(_came(charge), known, now)
    if span is not None:
        return Ready(How.AS_USUAL, span.since, span.until)
    return Ready(How.LONGER_THAN_EVER if len(known.everybody) else How.TOO_FEW)


def _came(charge: Charge) -> Came:
    return Came(charge.who, charge.started_at, charge.energy_wh)


def _habit(guess: Guess, now: datetime) -> Habit | None:
    """Return what is usual by the driver's own past alone, where it can be said of a charge."""
    if not guess.departs_by is guess.energy_by is Source.OWN_HABIT:
        return None
    if guess.departs_at is None or guess.departs_at > now + AHEAD_MAX:
        return None
    if guess.energy_wh is None or guess.energy_wh > ENERGY_MAX_WH:
        return None
    return Habit(guess.departs_at, guess.energy_wh)
