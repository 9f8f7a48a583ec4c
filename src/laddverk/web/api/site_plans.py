"""The API's plans of sites: what the plan gives each car when, and what drivers said of the charges that run."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from litestar import get
from litestar.params import FromPath
from msgspec import Struct

from laddverk.energy.circuits import store as circuits
from laddverk.energy.planning_ahead import store, store_wishes
from laddverk.energy.planning_ahead.forecasting import Source
from laddverk.energy.planning_ahead.model import MadeBy, Plan, Waits, WhyCapped
from laddverk.energy.planning_ahead.store import Wanted
from laddverk.energy.steering.placing import outlet_of
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, parsed, shown
from laddverk.kernel.problems import NotFound
from laddverk.platform.database import Transaction
from laddverk.stations import queries as stations_queries
from laddverk.web.api.keys import needs
from laddverk.web.api.request import Asked, Asking


class OutletPlan(Struct, frozen=True, kw_only=True):
    """What the plan gives an outlet by periods, and why it waits."""

    station: str
    evse: int
    targets_a: tuple[float, ...]
    unmet_wh: float
    waits: Waits | None
    waits_until: datetime | None
    cheaper_by: float
    """Major currency for each kWh."""


class SitePlan(Struct, frozen=True, kw_only=True):
    """The newest plan of a site. `made_by` is null until there is one; the cap rule's targets are ceilings only."""

    site: str
    tariff: str
    area: str
    added_per_kwh: float
    drivers_may_ask: bool
    level_kw: float
    made_at: datetime | None = None
    made_by: MadeBy | None = None
    why_capped: WhyCapped | None = None
    begins_at: datetime | None = None
    step_minutes: int = 0
    cap_w: tuple[float, ...] = ()
    cost: float = 0.0
    outlets: list[OutletPlan] = []


class DriverWish(Struct, frozen=True, kw_only=True):
    """What the driver of a charge that runs said, or else its car. `energy_wh` is of the whole session.

    Where one of both was said alone, the other is what is usual: `own_habit` of the driver, or of `everybody` there.
    Null with `nothing`: nobody has charged there before.
    """

    station: str
    evse: int
    departs_at: datetime | None
    departs_by: Source
    energy_wh: int | None
    energy_by: Source
    goes_first: bool
    told_at: datetime


class DriverWishes(Struct, frozen=True):
    """What drivers and cars said at a site."""

    site: str
    wishes: list[DriverWish]


async def _site_id(asked: Asked, tx: Transaction, site: str) -> SiteId:
    row = await stations_queries.site(tx, asked.actor.site_ids, parsed("sit", site))
    if row is None:
        raise NotFound("There is no such site.", field="site_id")
    return SiteId(row.id)


def _shape(wanted: Wanted, lets_ask: bool, made_at: datetime | None, plan: Plan | None) -> SitePlan:
    kept = SitePlan(
        site=shown("sit", wanted.site_id), tariff=wanted.tariff.key, area=wanted.area, level_kw=wanted.level_kw,
        added_per_kwh=wanted.added_per_kwh, drivers_may_ask=lets_ask,
    )  # fmt: skip
    if plan is None:
        return kept
    waits = {each.key: each for each in plan.waits}
    outlets = []
    for key, targets in plan.targets_a.items():
        station_id, evse_number = outlet_of(key)
        wait = waits.get(key)
        outlets.append(
            OutletPlan(
                station=shown("sta", station_id), evse=evse_number, targets_a=targets,
                unmet_wh=plan.unmet_wh.get(key, 0.0), waits=wait.why if wait else None,
                waits_until=wait.until if wait else None, cheaper_by=wait.cheaper_by if wait else 0.0,
            )
        )  # fmt: skip
    return SitePlan(
        site=kept.site, tariff=kept.tariff, area=kept.area, level_kw=kept.level_kw, added_per_kwh=kept.added_per_kwh,
        drivers_may_ask=kept.drivers_may_ask, made_at=made_at, made_by=plan.made_by, why_capped=plan.why_capped,
        begins_at=plan.begins_at, step_minutes=plan.step_minutes, cap_w=plan.cap_w, cost=plan.cost, outlets=outlets,
    )  # fmt: skip


@get("/circuits/{site:str}/plan", opt=needs(Permission.STATIONS_READ))
async def show_site_plan(asked: Asking, site: FromPath[str]) -> SitePlan:
    """Show the newest plan of a site. 404 where it is not planned."""
    async with asked.transaction() as tx:
        site_id = await _site_id(asked, tx, site)
        wanted = next(iter(await store.wishes(tx, site_id)), None)
        if wanted is None:
            raise NotFound("This site has no plan.", field="site_id")
        kept = await store.latest(tx, site_id)
        lets_ask = (await circuits.tree(tx, site_id)).lets_ask
    return _shape(wanted, lets_ask, kept.made_at if kept else None, kept.plan if kept else None)


@get("/circuits/{site:str}/wishes", opt=needs(Permission.STATIONS_READ))
async def show_wishes(asked: Asking, site: FromPath[str]) -> DriverWishes:
    """Show what drivers and cars said of the charges that run at a site."""
    async with asked.transaction() as tx:
        site_id = await _site_id(asked, tx, site)
        told = await store_wishes.running_at(tx, site_id, asked.now)
    wishes = [
        DriverWish(
            station=shown("sta", each.station_id), evse=each.evse_number, departs_at=each.departs_at,
            departs_by=each.departs_by, energy_wh=each.energy_wh, energy_by=each.energy_by,
            goes_first=each.goes_first, told_at=each.told_at,
        )
        for each in told
    ]  # fmt: skip
    return DriverWishes(shown("sit", site_id), wishes)


HANDLERS: Final = [show_site_plan, show_wishes]
