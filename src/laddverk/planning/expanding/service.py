"""Asking for a study, stopping it, playing it again, forgetting it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from laddverk.energy.circuits import store as circuits
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import SiteId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.planning.expanding import store
from laddverk.planning.expanding.fuses import Fees
from laddverk.planning.expanding.grounding import ground_of
from laddverk.planning.expanding.model import (
    DAYS_MAX,
    DAYS_MIN,
    DRAWS_MAX,
    OPEN_MAX,
    PORTS_MAX,
    SCENARIOS_MAX,
    STAYS_MAX,
    TITLE_MAX,
    WORK_MAX,
    Asked,
    State,
    Study,
)
from laddverk.planning.expanding.options import options_of
from laddverk.planning.expanding.playing import again
from laddverk.planning.replaying.model import Ground
from laddverk.planning.traces import Stay, stays
from laddverk.platform import audit, jobs
from laddverk.platform.database import Transaction

STAYS_MIN: Final = 10  # fewer say nothing of a site
GROWTH_RANGE: Final = (-0.5, 4.0)
MONEY_MAX: Final = 10_000_000_000  # minor units: a hundred million kronor
FUSE_MAX_A: Final = 6_300.0


async def ask(tx: Transaction, actor: Actor, asked: Asked, title: str, fees: Fees, now: datetime) -> UUID:
    """Keep a study and let it be played; return its id. `fees` are those of fuses. Needs stations:write at the site."""
    actor.require(Permission.STATIONS_WRITE)
    actor.require_site(SiteId(asked.site_id))
    place = next((one for one in await store.sites(tx, None) if one.id == asked.site_id), None)
    if place is None:
        raise NotFound("There is no such site.", field="site_id")
    _check(asked, title, now, ZoneInfo(place.timezone))
    await _room_for_more(tx)
    asked, ground, played = await _site(tx, asked, ZoneInfo(place.timezone), now)
    asked = replace(asked, fees_source=fees.source)
    options = options_of(ground, asked, fees)
    units = len(options) * asked.replays
    if units * len(played) > WORK_MAX:
        raise Invalid(
            "This is too much to play: %(stays)s sessions %(units)s times.", field="draws", stays=len(played),
            units=units, remedy="Take a shorter period, fewer draws or fewer growths.",
        )  # fmt: skip
    return await _keep(tx, actor, _study(asked, ground, title or place.name, now, actor), played, now, options=options)


async def again_as(tx: Transaction, actor: Actor, identity: UUID, now: datetime) -> UUID:
    """Play a study once more, with the same stays, site and prices; return the new one's id."""
    actor.require(Permission.STATIONS_WRITE)
    before = await _visible(tx, actor, identity)
    await _room_for_more(tx)
    played = await store.stays(tx, identity)
    new = replace(before, id=new_id(), made_at=now, made_by=actor.name or actor.kind, state=State.QUEUED, parts=0)
    return await _keep(tx, actor, new, played, now, options=before.options)


async def cancel(tx: Transaction, actor: Actor, identity: UUID, now: datetime) -> None:
    """Stop a study: what was played stays, and no more is."""
    actor.require(Permission.STATIONS_WRITE)
    study = await _visible(tx, actor, identity)
    if not await store.end(tx, identity, State.CANCELLED, now):
        raise Conflict("This study has ended already.")
    await audit.write(tx, actor, "study.cancelled", "study", identity, at=now, detail={"title": study.title})


async def delete(tx: Transaction, actor: Actor, identity: UUID, now: datetime, *, reason: str) -> None:
    """Forget a study with all that was played."""
    actor.require(Permission.STATIONS_WRITE)
    study = await _visible(tx, actor, identity)
    await store.delete(tx, identity)
    await audit.write(
        tx, actor, "study.deleted", "study", identity, at=now, reason=reason, detail={"title": study.title}
    )  # fmt: skip


async def _visible(tx: Transaction, actor: Actor, identity: UUID) -> Study:
    study = await store.study(tx, actor.site_ids, identity)
    if study is None:
        raise NotFound("There is no such study.")
    return study


async def _room_for_more(tx: Transaction) -> None:
    if await store.count_open(tx) >= OPEN_MAX:
        raise Conflict(
            "%(most)s studies wait or run already.", most=OPEN_MAX, remedy="Wait for them, or stop one of them."
        )  # fmt: skip


async def _site(tx: Transaction, asked: Asked, zone: ZoneInfo, now: datetime) -> tuple[Asked, Ground, list[Stay]]:
    """Return what a study stands on: the site as it is, and the stays of the period."""
    tree = await circuits.tree(tx, SiteId(asked.site_id))
    outlets = await store.outlets(tx, asked.site_id)
    ground = ground_of(tree, outlets, now, zone, fuse_a=asked.fuse_a, other_a=asked.other_load_a)
    if not 0 < len(ground.ports) <= PORTS_MAX:
        raise Invalid("A study needs from 1 to %(most)s outlets.", field="site_id", most=PORTS_MAX)
    since = datetime.combine(asked.first, time(), zone)
    until = datetime.combine(asked.last, time(), zone) + timedelta(days=1)
    seen = await store.sessions(tx, asked.site_id, since, until, STAYS_MAX + 1)
    if len(seen) > STAYS_MAX:
        raise Invalid(
            "More than %(most)s sessions are too many for a study.", field="first", most=STAYS_MAX,
            remedy="Take a shorter period.",
        )  # fmt: skip
    played = stays(seen, {one.key: (one.phases, one.current_max_a) for one in ground.ports})
    if len(played) < STAYS_MIN:
        raise Invalid(
            "In this period only %(count)s sessions took energy: too few to say anything.", field="first",
            count=len(played), remedy="Take a longer period.",
        )  # fmt: skip
    ground = replace(ground, shaves_peaks=asked.prices.peak_per_kw_year > 0)
    return replace(asked, tree_version=tree.version), ground, played


def _study(asked: Asked, ground: Ground, title: str, now: datetime, actor: Actor) -> Study:
    return Study(
        id=new_id(), site_id=asked.site_id, site_name="", timezone="", title=title.strip(), asked=asked, ground=ground,
        options=(), stays_count=0, units=0, state=State.QUEUED, why="", made_at=now,
        made_by=actor.name or actor.kind, ended_at=None, parts=0, cpu_s=0.0,
    )  # fmt: skip


async def _keep(
    tx: Transaction, actor: Actor, new: Study, played: list[Stay], now: datetime, *, options: tuple[object, ...]
) -> UUID:
    new = replace(new, options=options, units=len(options) * new.asked.replays + 1)
    await store.add(tx, new, played)
    await jobs.enqueue(tx, [again(new.id)])
    await audit.write(
        tx, actor, "study.asked", "study", new.id, at=now,
        detail={"title": new.title, "site_id": str(new.site_id), "sessions": len(played), "replays": new.units},
    )  # fmt: skip
    return new.id


def _check(asked: Asked, title: str, now: datetime, zone: ZoneInfo) -> None:
    if len(title) > TITLE_MAX or "\0" in title:
        raise Invalid("This is longer than %(most)s characters.", field="title", most=TITLE_MAX)
    days = (asked.last - asked.first).days + 1
    if not DAYS_MIN <= days <= DAYS_MAX or asked.last > now.astimezone(zone).date():
        raise Invalid(
            "A period has from %(least)s to %(most)s days, and has been.", field="first", least=DAYS_MIN, most=DAYS_MAX
        )  # fmt: skip
    low, high = GROWTH_RANGE
    _within("growth", asked.growth * 100, low * 100, high * 100)
    for growth in asked.scenarios:
        _within("scenarios", growth * 100, low * 100, high * 100)
    if len(asked.scenarios) > SCENARIOS_MAX or len(set(asked.growths)) < len(asked.growths):
        raise Invalid(
            "Write up to %(most)s other growths, each once, such as 0, 50.", field="scenarios", most=SCENARIOS_MAX
        )
    _within("draws", asked.draws, 1, DRAWS_MAX)
    _within("fuse", asked.fuse_a, 0, FUSE_MAX_A)
    _within("other", asked.other_load_a, 0, FUSE_MAX_A)
    _within("connection", asked.connection_a, 0, FUSE_MAX_A)
    _within("idle", asked.idle_cut * 100, 0, 100)
    _within("current", asked.port_current_a, 6, 80)
    _within("battery_kwh", asked.battery_kwh, 0, 100_000)
    _within("battery_kw", asked.battery_kw, 0, 100_000)
    _within("solar", asked.solar_kwp, 0, 100_000)
    _within("seed", asked.seed, 0, 2**31 - 1)
    _within("life_years", asked.prices.life_years, 1, 40)
    if not asked.ports_more or len(asked.ports_more) > 6 or not all(0 < one <= PORTS_MAX for one in asked.ports_more):
        raise Invalid("Write up to six numbers of outlets, such as 1, 2, 4.", field="ports")
    for name in asked.prices.__struct_fields__:
        if not 0 <= getattr(asked.prices, name) <= MONEY_MAX:
            raise Invalid("This is not from 0 to %(most)s.", field=name, most=MONEY_MAX // 100)


def _within(field: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise Invalid("This is not from %(low)s to %(high)s.", field=field, low=f"{low:g}", high=f"{high:g}")
