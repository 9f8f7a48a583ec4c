"""Every page of the console, behind one door; and the streams that keep them live."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from litestar import Request, Router, get
from litestar.di import Provide
from litestar.params import FromPath
from litestar.response import Stream

from laddverk.diagnostics.cohorts import jobs as cohort_jobs
from laddverk.diagnostics.upkeep import health_jobs
from laddverk.diagnostics.uptime import jobs as uptime_jobs
from laddverk.kernel.actors import Permission
from laddverk.kernel.problems import NotAuthenticated
from laddverk.web.console import (
    accounts,
    agent_deeds,
    articles,
    authorisation,
    authorisation_people,
    authorisation_reservations,
    batches,
    bottlenecks,
    buyers,
    calls,
    case_bulk,
    case_deeds,
    case_desk,
    case_page,
    case_side_deeds,
    cases,
    certificates,
    chats,
    circuit_sheets,
    circuits,
    codes,
    collections,
    commands,
    comparing,
    deposits,
    detectors,
    diagnosis,
    displays,
    disputes,
    door,
    energy,
    exclusions,
    finding,
    firmware,
    firmware_makers,
    fleet,
    frames,
    gallery,
    health,
    incidents,
    ledger,
    load,
    load_curves,
    load_limits,
    load_programs,
    mails,
    mandates,
    meters,
    model_facts,
    models,
    money,
    now,
    office,
    on_call,
    paying,
    payouts,
    people,
    plans,
    prepaid,
    proving,
    provisioning,
    provisioning_monitoring,
    provisioning_templates,
    quiet,
    reconciliation,
    registering,
    remedies,
    replacing,
    security,
    seeking,
    sessions,
    site_days,
    site_plans,
    sites,
    softphone,
    software,
    spares,
    stations,
    steering,
    stickers,
    studies,
    subscriptions,
    support_macros,
    support_reports,
    support_settings,
    tariff_compare,
    tariff_more,
    tariffs,
    upgrading,
    uptime,
    uptime_reports,
    usage,
    vendor_data,
    visits,
    wallets,
    ways,
    work_orders,
)
from laddverk.web.console.desk import AtDesk, Desk, desk_of, found
from laddverk.web.console.door import NEEDS
from laddverk.web.live import BESIDE_MAX, GATHER_ALL_S, GATHER_S, REFRESH_SLOW_S, Parts, Streams, once, stream
from laddverk.web.visit import named

PAGES: Final = (
    door, now, finding, registering, stations, provisioning, provisioning_monitoring, provisioning_templates,
    models, ways, proving,
    frames, commands, steering, batches, stickers,
    authorisation, authorisation_reservations, authorisation_people,
    sites, sessions, people, accounts, plans, subscriptions,
    paying, tariffs, tariff_compare, tariff_more, money, mandates, collections, wallets,
    prepaid, ledger, deposits, buyers, reconciliation,
    office, vendor_data, certificates, security, upgrading, gallery,
    firmware, firmware_makers, software,
    displays, energy, load, load_curves, load_limits, load_programs, circuits, circuit_sheets, meters,
    site_days, site_plans, disputes, payouts,
    fleet, incidents, quiet, on_call, diagnosis, detectors, comparing, uptime, uptime_reports, exclusions, codes,
    remedies, work_orders, visits, model_facts, health, spares, replacing, cases, case_page, chats, case_deeds, calls,
    softphone,
    articles, case_side_deeds, agent_deeds, case_bulk, case_desk, support_macros, support_settings, support_reports,
    mails, usage, bottlenecks, studies, seeking,
)  # fmt: skip

LIVE: Final[dict[str, tuple[str, str, Callable[[Desk, str], Awaitable[Parts]]]]] = {
    "station": ("sta", "station", stations.live_parts),
    "commands": ("sta", "station", steering.live_parts),
    "configuration": ("sta", "station", provisioning.live_parts),
    "monitoring": ("sta", "station", provisioning_monitoring.live_parts),
    "template": ("cfg", "template", provisioning_templates.live_parts),
    "security": ("sta", "station", security.live_security),
    "upgrade": ("sta", "station", upgrading.live_upgrade),
    "access": ("sta", "station", authorisation.live_parts),
    "campaign": ("cmp", "campaign", firmware.live_campaign),
    "software": ("sta", "station", software.live_software),
    "current": ("sta", "station", energy.live_parts),
    "display": ("sta", "station", displays.live_parts),
    "site": ("sit", "site", sites.live_parts),
    "load": ("sit", "site", load.live_parts),
    "session": ("ses", "session", sessions.live_parts),
    "diagnosis": ("sta", "station", diagnosis.live_parts),
    "incident": ("inc", "incident", incidents.live_parts),
    "case": ("cas", "case", case_page.live_parts),
    "call": ("cll", "call", calls.live_call),
    "study": ("stu", "study", studies.live_parts),
}
"""What a page can watch: the prefix of its ids, the word of its topic, what makes its parts. `now` has no id."""

LIVE_LISTS: Final[dict[str, tuple[tuple[str, ...], Callable[[Desk], Awaitable[Parts]]]]] = {
    "health": ((health_jobs.TOPIC,), health.live_health),
    "uptime": ((uptime_jobs.TOPIC, "incidents"), uptime.live_overview),
    "versions": ((cohort_jobs.TOPIC,), comparing.live_versions),
    "cars": ((cohort_jobs.TOPIC,), comparing.live_cars),
    "outlets": ((cohort_jobs.TOPIC,), comparing.live_outlets),
    "cases": (("cases",), cases.live_inbox),
    "calls": (("calls",), calls.live_calls),
    "softphone": (("calls",), softphone.live_softphone),
    "desk": (("calls",), calls.live_desk),
}
"""Lists of what seldom changes: the topics on which jobs or people at work say that it has, what makes the parts."""

streams: Final = Streams()
beside: Final = Streams(BESIDE_MAX)
"""Of calls, beside the stream of the page that one is on: many pages leave none of them out."""


@get("/console/live/now", opt={NEEDS: Permission.STATIONS_READ})
async def watch_now(desk: AtDesk) -> Stream:
    """The changing parts of the start page."""
    return stream(streams, desk.house.hints, ["now"], partial(_still_allowed, desk, now.live_parts(desk)), GATHER_ALL_S)


@get("/console/live/incidents", opt={NEEDS: Permission.STATIONS_READ})
async def watch_incidents(desk: AtDesk) -> Stream:
    """The lines of the inbox, as it is filtered."""
    return stream(
        streams,
        desk.house.hints,
        ["incidents"],
        partial(_still_allowed, desk, partial(incidents.live_inbox, desk)),
        GATHER_ALL_S,
    )


@get("/console/live/fleet", opt={NEEDS: Permission.STATIONS_READ})
async def watch_fleet(desk: AtDesk) -> Stream:
    """The lines of the fleet, as they are filtered."""
    parts = partial(_still_allowed, desk, partial(fleet.live_fleet, desk))
    return stream(streams, desk.house.hints, ["now", "incidents"], parts, GATHER_ALL_S)


@get("/console/live/remedies", opt={NEEDS: Permission.STATIONS_READ})
async def watch_remedies(desk: AtDesk) -> Stream:
    """The steps of self-healing, as they are filtered."""
    parts = partial(_still_allowed, desk, partial(remedies.live_steps, desk))
    return stream(streams, desk.house.hints, ["incidents"], parts, GATHER_ALL_S)


@get("/console/live/lists/{kind:str}", opt={NEEDS: Permission.STATIONS_READ})
async def watch_list(desk: AtDesk, kind: FromPath[str]) -> Stream:
    """The lines of a list of what seldom changes, as it is filtered, made anew when it has."""
    topics, parts = found(LIVE_LISTS.get(kind))
    if kind in ("cases", "calls", "softphone", "desk"):
        desk.actor.require(Permission.CASES_READ)
    render = partial(_still_allowed, desk, partial(parts, desk))
    if kind not in ("desk", "softphone"):
        return stream(streams, desk.house.hints, topics, render, GATHER_ALL_S, REFRESH_SLOW_S)
    if beside.is_full:
        return await once(render)
    gather_s = GATHER_S if kind == "desk" else GATHER_ALL_S  # somebody waits on the phone
    return stream(beside, desk.house.hints, topics, render, gather_s, REFRESH_SLOW_S)


@get("/console/live/{kind:str}", opt={NEEDS: Permission.STATIONS_READ})
async def watch(desk: AtDesk, kind: FromPath[str]) -> Stream:
    """The changing parts of one thing's page. Whether it may be seen is looked at each time they are made."""
    prefix, topic, parts = found(LIVE.get(kind))
    shown_id = desk.asked("id")
    topics = [f"{topic}:{named(prefix, shown_id)}"]
    if kind == "session":
        topics.append(f"station:{named('sta', desk.asked('station'))}")
    if kind == "case":
        topics += await case_page.topics_of(desk, shown_id)
    if kind in ("site", "load"):
        topics.append("now")
    if kind == "call":
        topics.append("calls")
    await parts(desk, shown_id)  # a thing that is not there is answered as such, before the stream begins
    render = partial(_still_allowed, desk, partial(parts, desk, shown_id))
    return stream(beside if kind == "call" else streams, desk.house.hints, topics, render)


async def _still_allowed(desk: Desk, parts: Callable[[], Awaitable[Parts]]) -> Parts:
    """Return the parts, if the person is still signed in and may still see chargers: a long stream outlives a role."""
    account = await door.account_of(desk.house, desk.request)
    if account is None:
        raise NotAuthenticated("You have to sign in first.")
    account.actor.require(Permission.STATIONS_READ)
    desk.account = account
    desk.now = desk.house.clock()
    return await parts()


async def desk(request: Request[Any, Any, Any]) -> Desk:
    """Return what a handler of the console needs of `request`, which the door has let in."""
    return desk_of(request.app.state["house"], request)


ROUTES: Final = [
    Router(
        "/",
        route_handlers=[handler for page in PAGES for handler in page.ROUTES]
        + [watch_now, watch_incidents, watch_fleet, watch_remedies, watch_list, watch],
        guards=[door.staff_only],
        dependencies={"desk": Provide(desk)},
        signature_namespace={"Desk": Desk},
    )
]
