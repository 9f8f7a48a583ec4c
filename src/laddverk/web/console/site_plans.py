"""The plan of a site: switched on and off, what it gives whom and when, and what flowed beside it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from laddverk.energy.circuits.model import Place
from laddverk.energy.planning_ahead import following, service, store
from laddverk.energy.planning_ahead.building import loads_of
from laddverk.energy.planning_ahead.capacity_files import examples, read
from laddverk.energy.planning_ahead.capacity_tariffs import CapacityTariff
from laddverk.energy.planning_ahead.gathering import prices_of
from laddverk.energy.planning_ahead.knowing import STEP
from laddverk.energy.planning_ahead.model import Wait
from laddverk.energy.planning_ahead.store import Kept, Wanted
from laddverk.energy.steering.placing import key_of
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform.database import Transaction
from laddverk.web.console import site_plan_words
from laddverk.web.console.circuit_forms import number
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.load import Known, href, known_of, told
from laddverk.web.console.plan_picture import PlanPicture, picture

PLACE: Final = "/console/sites/{site_id:str}/load/plan"
BEFORE: Final = timedelta(hours=9)  # what came of the plans of a working day
AHEAD_STEPS: Final = 96  # a day
OWN: Final = "own"
AREAS: Final = ("SE1", "SE2", "SE3", "SE4", "NO1", "NO2", "NO3", "NO4", "NO5", "DK1", "DK2", "FI")


class Planned(Struct, frozen=True):
    """What the plan gives an outlet."""

    place: Place
    now_a: float
    begins_at: datetime | None
    ready_at: datetime | None
    given_wh: float
    unmet_wh: float
    waits_until: datetime | None = None
    why: str = ""


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def show_plan(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """The plan of a site."""
    return await _page(desk, site_id, {}, {})


async def _page(
    desk: Desk, site_id: str, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
        site = SiteId(known.site.id)
        wanted = next(iter(await store.wishes(tx, site)), None)
        kept = await store.latest(tx, site) if wanted else None
        drawn = await _drawn(desk, tx, known, wanted, kept) if wanted else None
    return desk.page(
        "console/load/plan.html",
        status=status,
        wanted=wanted,
        kept=kept,
        picture=drawn,
        planned=_planned(desk, known, wanted, kept) if wanted and kept else [],
        tariffs=_choices(wanted),
        areas=AREAS if wanted is None or wanted.area in AREAS else (*AREAS, wanted.area),
        advised=following.advised(kept.plan, desk.now) if kept else [],
        values=(_values(wanted) if wanted else {"area": "SE3"}) | values,
        errors=errors,
        plan_words=site_plan_words,
        **told(desk, known),
    )


async def _drawn(desk: Desk, tx: Transaction, known: Known, wanted: Wanted, kept: Kept | None) -> PlanPicture | None:
    """Return plan against actual; None where there is neither."""
    begins_at = desk.now - BEFORE
    begins_at -= (begins_at - datetime.fromtimestamp(0, begins_at.tzinfo)) % STEP
    flowed = await following.flowed(tx, known.tree, begins_at, desk.now)
    planned = {each.at: each for each in await following.planned(tx, known.tree.site_id, begins_at, desk.now)}
    ahead = following.to_come(kept.plan, desk.now)[:AHEAD_STEPS] if kept else []
    planned |= {each.at: each for each in ahead}
    if not flowed and not planned:
        return None
    prices = (await prices_of(tx, wanted, begins_at, BEFORE // STEP + AHEAD_STEPS)).per_kwh
    rows = [planned[at] for at in sorted(planned)]
    base, sun = (
        following.forecast(kept.plan, each, desk.now, AHEAD_STEPS) if kept else ()
        for each in ((kept.plan.base_w, kept.plan.solar_w) if kept else ((), ()))
    )
    return picture(flowed, rows, prices, begins_at, desk.now, ZoneInfo(known.site.timezone), base, sun)


def _planned(desk: Desk, known: Known, wanted: Wanted, kept: Kept) -> list[Planned]:
    """Return the outlets that are in the plan, in the order of the tree."""
    plan = kept.plan
    waits = {each.key: each for each in plan.waits}
    names = {str(circuit.id): circuit.name for circuit in known.tree.circuits}
    period = (desk.now - plan.begins_at) // timedelta(minutes=plan.step_minutes)
    found = []
    for place in known.tree.places:
        key = key_of(*place.key)
        targets = plan.targets_a.get(key)
        if targets is None:
            continue
        wait, watts_per_a = waits.get(key), loads_of(place, known.tree.wiring)[1]
        found.append(
            Planned(
                place,
                targets[period] if 0 <= period < len(targets) else 0.0,
                following.begins_at(plan, key),
                following.ready_at(plan, key),
                following.given_wh(plan, key, watts_per_a),
                plan.unmet_wh.get(key, 0.0),
                _waits_until(wait, following.begins_at(plan, key)),
                site_plan_words.wait(wait, names, wanted.tariff.currency, desk.language) if wait else "",
            )
        )
    return found


def _waits_until(wait: Wait | None, begins_at: datetime | None) -> datetime | None:
    """Return until when a car waits: what chargers can run begins at times later than what the program found."""
    if wait is None or wait.until is None or begins_at is None:
        return wait.until if wait is not None else None
    return max(wait.until, begins_at)


def _choices(wanted: Wanted | None) -> list[tuple[str, str]]:
    """Return the tariffs that can be chosen: what the site has, then the examples. Names are the operators' own."""
    known = {each.key: each.name for each in examples()}
    if wanted is not None:
        known = {wanted.tariff.key: wanted.tariff.name} | known
    return list(known.items())


def _values(wanted: Wanted) -> dict[str, str]:
    return {
        "tariff": wanted.tariff.key,
        "area": wanted.area,
        "added": f"{wanted.added_per_kwh:.4f}".rstrip("0").rstrip(".").replace(".", ","),
    }


@post(PLACE, opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def change_plan(desk: AtDesk, site_id: FromPath[str]) -> Response[Any]:
    """Switch a site's plan on, change what it follows, or switch it off."""
    form = await desk.form()
    async with desk.transaction() as tx:
        site = SiteId((await known_of(desk, tx, site_id)).site.id)
    try:
        async with desk.transaction() as tx:
            if form.get("what") == "off":
                await service.unwant(tx, desk.actor, site, desk.now, reason=form.get("reason", ""))
            else:
                before = next(iter(await store.wishes(tx, site)), None)
                wanted = Wanted(site, _tariff(form, before), form.get("area", ""), number(form, "added", 0.0))
                await service.want(tx, desk.actor, wanted, desk.now, reason=form.get("reason", ""))
    except Problem as problem:
        errors = desk.errors(problem)
        errors = {{"added_per_kwh": "added"}.get(field, field): text for field, text in errors.items()}
        return await _page(desk, site_id, form, errors, problem.status)
    desk.tell(f"site:{site}")
    is_off = form.get("what") == "off"
    done = desk.words("The plan is switched off.") if is_off else desk.words("The site is planned from now on.")
    return desk.go(f"{href(site)}/plan", done)


def _tariff(form: dict[str, str], before: Wanted | None) -> CapacityTariff:
    """Return the tariff that was chosen, or that was written as TOML. Raises `Invalid`."""
    if form.get("own"):
        try:
            return read(form["own"])
        except Invalid as problem:
            raise Invalid(problem.message, field=OWN, remedy=problem.remedy, **problem.params) from problem
    key = form.get("tariff", "")
    if before is not None and before.tariff.key == key:
        return before.tariff
    for each in examples():
        if each.key == key:
            return each
    raise Invalid("Choose from the list.", field="tariff")


ROUTES: Final = [show_plan, change_plan]
