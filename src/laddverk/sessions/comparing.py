"""What somebody's charges of a month would have cost with each plan: the same engine, their own history."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.ids import DriverId, PlanId, SessionId, SiteId
from laddverk.platform.database import Transaction
from laddverk.sessions import pricing
from laddverk.sessions.store_fold import Unpriced
from laddverk.subscriptions.model import PlanVersion, Terms
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Charge, Wish
from laddverk.tariffs.rules import SpotMissing, price
from laddverk.tariffs.spot import spots_for

SESSIONS_MAX: Final = 100  # of one month; who charges more often sees the latest of them

OF_MONTH: Final = """
SELECT session.id FROM session
WHERE driver_id = ANY($1::uuid[]) AND ended_at IS NOT NULL AND price_minor IS NOT NULL AND settlement <> 'free'
  AND ended_at >= ($2::date - 1)::timestamp AT TIME ZONE 'UTC'
  AND ended_at < ($3::date + 1)::timestamp AT TIME ZONE 'UTC'
  AND (ended_at AT TIME ZONE timezone)::date >= $2 AND (ended_at AT TIME ZONE timezone)::date < $3
ORDER BY ended_at DESC LIMIT $4
"""
PLACES: Final = "SELECT id, site_id FROM station WHERE id = ANY($1::uuid[])"
GROUPS: Final = "SELECT id, driver_group FROM driver WHERE id = ANY($1::uuid[])"


class Compared(Struct, frozen=True):
    """What a month would have cost with a plan, or without any (None), in minor units."""

    plan_id: PlanId | None
    sessions: int
    energy_wh: int
    included_wh: int
    charging_minor: int
    fee_minor: int

    @property
    def total_minor(self) -> int:
        """The fee and the charging."""
        return self.fee_minor + self.charging_minor


async def compared(
    tx: Transaction, drivers: Sequence[DriverId], month: date, until: date, offers: Sequence[PlanVersion]
) -> list[Compared]:
    """Return what the charges of `drivers` from `month` until a day (exclusive) would have cost.

    First without a plan, then with each of `offers`: under the tariffs of its group as they were at each start, and
    with what it includes. Nothing when nobody charged.
    """
    ids = [SessionId(each) for each in await tx.values(OF_MONTH, list(drivers), month, until, SESSIONS_MAX)]
    charges = await pricing.charges_of(tx, ids)
    if not charges:
        return []
    stations = [session.station_id for session, _ in charges]
    sites = {row["id"]: SiteId(row["site_id"]) for row in await tx.rows(PLACES, stations)}
    groups = {row["id"]: str(row["driver_group"]) for row in await tx.rows(GROUPS, list(drivers))}
    nothing = Terms(fee_minor=0)
    without = await _with(tx, None, nothing, charges, sites, groups)
    return [without, *[await _with(tx, each.plan_id, each.terms, charges, sites, groups) for each in offers]]


async def _with(
    tx: Transaction,
    plan_id: PlanId | None,
    terms: Terms,
    charges: Sequence[tuple[Unpriced, Charge]],
    sites: dict[UUID, SiteId],
    groups: dict[UUID, str],
) -> Compared:
    counts = [not terms.site_ids or sites.get(session.station_id) in terms.site_ids for session, _ in charges]
    wishes = [
        Wish(
            session.station_id,
            (terms.driver_group if here else "") or groups.get(session.driver_id or UUID(int=0), ""),
            session.evse_number,
            session.connector_number,
            session.driver_id,
        )
        for (session, _), here in zip(charges, counts, strict=True)
    ]
    versions = await tariffs.chosen(tx, wishes, [session.started_at for session, _ in charges])
    bodies = [
        version.body if version is not None else session.tariff
        for version, (session, _) in zip(versions, charges, strict=True)
    ]
    spots = await spots_for(
        tx, [(body, each.started_at, each.ended_at) for body, (_, each) in zip(bodies, charges, strict=True)]
    )
    left_wh, amount_minor = terms.included_wh, 0
    for body, its, here, (_, charge) in zip(bodies, spots, counts, charges, strict=True):
        included = min(left_wh, charge.energy_wh) if here and not body.free else 0
        with suppress(SpotMissing):
            amount_minor += price(body, replace(charge, included_wh=included), its).amount_minor
        left_wh -= included
    return Compared(
        plan_id,
        len(charges),
        sum(charge.energy_wh for _, charge in charges),
        terms.included_wh - left_wh,
        amount_minor,
        terms.fee_minor,
    )


def month_before(today: date) -> tuple[date, date]:
    """Return the first days of the month before `today` and of its own."""
    first = today.replace(day=1)
    return (first - timedelta(days=1)).replace(day=1), first
