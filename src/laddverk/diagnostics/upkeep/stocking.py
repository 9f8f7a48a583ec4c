"""Spare parts as they are kept: failures from closings and visits, and what people say of prices, time and stock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.upkeep import queries_lasting
from laddverk.diagnostics.upkeep.spares import DAYS_PER_YEAR, Need, Rate, need, rate_of
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.problems import Invalid, NotAllowed
from laddverk.platform import audit
from laddverk.platform.database import Transaction

LOOKED_BACK: Final = timedelta(days=730)
LEAD_DAYS: Final = 21  # of a part of which nobody said anything
PARTS: Final = (
    "board", "cable_or_plug", "lock", "contactor", "residual_current", "meter", "power_module", "cooling", "reader",
    "terminal", "screen", "sim_or_antenna", "link",
)  # fmt: skip
"""The causes that are a part: incidents and visits are closed with them."""

FAILED: Final = """
-- An incident that a visit closed counts once: by its closing.
SELECT cause, count(*)::int AS failures FROM (
    SELECT closing.cause FROM incident_closing AS closing JOIN incident ON incident.id = closing.incident_id
    WHERE closing.at > $2 AND closing.cause = ANY($3)
      AND ($1::uuid[] IS NULL OR incident.site_id = ANY($1))
    UNION ALL
    SELECT visit.cause FROM work_order AS visit JOIN station ON station.id = visit.station_id
    WHERE visit.done_at > $2 AND visit.incident_id IS NULL AND visit.state <> 'cancelled' AND visit.cause = ANY($3)
      AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
) AS failed GROUP BY cause
"""
FLEET: Final = """
SELECT (count(*) FILTER (WHERE retired_at IS NULL))::int AS chargers,
       coalesce(sum(extract(epoch FROM coalesce(retired_at, $3) - greatest(registered_at, $2)))
                FILTER (WHERE coalesce(retired_at, $3) > greatest(registered_at, $2)), 0)::float8 AS seconds
FROM station WHERE epoch > 0 AND ($1::uuid[] IS NULL OR site_id = ANY($1))
"""
KNOWN: Final = "SELECT cause, price_minor, lead_days, stock, author, changed_at FROM spare_part"
SAVE: Final = """
INSERT INTO spare_part (cause, price_minor, lead_days, stock, author, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (cause) DO UPDATE SET price_minor = excluded.price_minor, lead_days = excluded.lead_days,
    stock = excluded.stock, author = excluded.author, changed_at = excluded.changed_at
"""


class Known(Struct, frozen=True, kw_only=True):
    """What people say of a part."""

    cause: str
    price_minor: int = 0
    lead_days: int = LEAD_DAYS
    stock: int = 0
    author: str = ""
    changed_at: datetime | None = None


class Spare(Struct, frozen=True, kw_only=True):
    """A family of parts: what failed, what is kept, what is needed."""

    known: Known
    failures: int
    rate: Rate
    need: Need
    due: int = 0
    """Outlets where it is over before new ones come, by trend or counter."""


class Fleet(Struct, frozen=True, kw_only=True):
    """The chargers that parts are kept for, and how long they were looked at."""

    chargers: int
    seconds: float

    @property
    def years(self) -> float:
        """Charger-years."""
        return self.seconds / (DAYS_PER_YEAR * 86_400)


class _Failed(Struct, frozen=True):
    cause: str
    failures: int


async def fleet(tx: Transaction, sites: frozenset[UUID] | None, now: datetime) -> Fleet:
    """Return the chargers at these sites that ever connected."""
    found = await tx.fetch_one(Fleet, FLEET, _listed(sites), now - LOOKED_BACK, now)
    assert found is not None
    return found


async def spares(tx: Transaction, sites: frozenset[UUID] | None, now: datetime) -> list[Spare]:
    """Return every family of parts: those that most likely run out first."""
    counted = await tx.fetch(_Failed, FAILED, _listed(sites), now - LOOKED_BACK, list(PARTS))
    failures = {one.cause: one.failures for one in counted}
    known = {one.cause: one for one in await tx.fetch(Known, KNOWN)}
    own = await fleet(tx, sites, now)
    lead = {cause: known.get(cause, Known(cause=cause)).lead_days for cause in PARTS}
    due = await queries_lasting.parts_due(tx, sites, lead)
    found = []
    for cause in PARTS:
        said = known.get(cause, Known(cause=cause))
        rate = rate_of(failures.get(cause, 0), own.years)
        found.append(
            Spare(
                known=said, failures=failures.get(cause, 0), rate=rate,
                need=need(rate, own.chargers, said.lead_days, said.stock, said.price_minor, due[cause]),
                due=due[cause],
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: -one.need.risk)


async def say(tx: Transaction, actor: Actor, said: Known, now: datetime) -> None:
    """Write down price, lead time and stock of a part. Raises `NotAllowed`, `Invalid`."""
    actor.require(Permission.STATIONS_WRITE)
    if actor.site_ids is not None:
        raise NotAllowed("The stock is that of the whole network.")
    if said.cause not in PARTS:
        raise Invalid("There is no such part.", field="part")
    if not 1 <= said.lead_days <= 730:
        raise Invalid("It takes between 1 and 730 days.", field="lead_days")
    if not 0 <= said.stock <= 100_000:
        raise Invalid("The stock is between 0 and 100000 parts.", field="stock")
    await tx.execute(SAVE, said.cause, said.price_minor, said.lead_days, said.stock, actor.name, now)
    detail = {
        "part": said.cause, "price_minor": said.price_minor, "lead_days": said.lead_days, "stock": said.stock,
    }  # fmt: skip
    await audit.write(tx, actor, "spare_part.changed", "spare_part", None, at=now, detail=detail)


def _listed(sites: frozenset[UUID] | None) -> list[UUID] | None:
    return None if sites is None else list(sites)
