"""Leading one charger to a higher security profile: what it has, what is missing, the steps, and how far it is."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.certificates import queries, rules_upgrade, store_upgrades
from laddverk.certificates.rules_upgrade import CERTIFICATE_PROFILE, Situation, State, Step, Upgrade
from laddverk.certificates.service import upgrades
from laddverk.certificates.service.upgrades import SLOT_MAX, Plan
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, shown
from laddverk.kernel.problems import Conflict, Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.stations.queries import StationDetail
from laddverk.web.console import certificate_words
from laddverk.web.console.certificates import identity
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.registering import whole
from laddverk.web.console.stations import seen_station
from laddverk.web.live import Parts

PROFILE_MAX: Final = CERTIFICATE_PROFILE
TRUSTS_ALREADY: Final = "none"
INTERFACES: Final = ("Wired0", "Wired1", "Wireless0", "Wireless1")


def address(desk: Desk) -> str:
    """Return where chargers reach our TLS listener, as far as the settings tell; empty when there is none."""
    settings = desk.house.settings
    if not settings.speaks_tls:
        return ""
    names = [name.strip() for name in settings.tls_names.split(",") if name.strip()]
    host = names[0] if names else urlsplit(settings.web_url).hostname or "localhost"
    return f"wss://{host}:{settings.ocpp_tls_port}/ocpp"


def standing_of(step: Step, upgrade: Upgrade | None, situation: Situation, whole_way: tuple[Step, ...]) -> str:
    """Return how a step stands: done, wait (is done now), broken (failed here), or plain (to come)."""
    if upgrade is not None and upgrade.state is State.DONE:
        return "done"
    if upgrade is not None and upgrade.state in (State.UNDER_WAY, State.FAILED):
        # A charger of 1.6 may ask to be restarted, which is not among its usual steps: it is about to return.
        at = whole_way.index(upgrade.step) if upgrade.step in whole_way else len(whole_way) - 1
        if whole_way.index(step) == at:
            return "wait" if upgrade.state is State.UNDER_WAY else "broken"
        if whole_way.index(step) < at:
            return "done"
    return "done" if rules_upgrade.is_there_already(step, situation) else "plain"


async def _known(desk: Desk, tx: Transaction, station: StationDetail) -> dict[str, Any]:
    upgrade = await store_upgrades.upgrade(tx, station.id)
    anchors = [row for row in await queries.anchors(tx) if row.use == "csms_root"]
    under_way = upgrade is not None and upgrade.state in (State.UNDER_WAY, State.FAILED)
    own = next((row.id for row in anchors if row.own), None)
    anchor_id = upgrade.anchor_id if upgrade is not None and under_way else own
    situation = await store_upgrades.situation(tx, station.id, anchor_id, desk.now)
    if situation is None:
        raise NotFound("There is no such page.")
    wanted = min(situation.profile + 1 if situation.profile else 2, PROFILE_MAX)
    target = upgrade.target if upgrade is not None and under_way else wanted
    way = rules_upgrade.steps(situation.protocol, target)
    return {
        "station": station,
        "own": certificate_words,
        "upgrade": upgrade,
        "under_way": under_way,
        "situation": situation,
        "target": target,
        "steps": [(step.value, standing_of(step, upgrade if under_way else None, situation, way)) for step in way],
        "anchors": anchors,
    }


@get("/console/stations/{station_id:str}/upgrade", opt={NEEDS: Permission.STATIONS_READ})
async def show_upgrade(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """The steps to a higher profile, and how far the charger is."""
    return await _page(desk, station_id)


async def _page(desk: Desk, station_id: str, values: Any = None, problem: Problem | None = None) -> Response[str]:
    async with desk.transaction() as tx:
        known = await _known(desk, tx, await seen_station(desk, tx, station_id))
    mine = next((row.id.hex for row in known["anchors"] if row.own), TRUSTS_ALREADY)
    usual = {"target": str(known["target"]), "url": address(desk), "root": mine, "slot": "", "interface": "Wired0"}
    return desk.page(
        "console/certificates/upgrade.html",
        status=problem.status if problem else 200,
        tab="proof",
        has_tls=bool(address(desk)),
        interfaces=[(one, one) for one in INTERFACES],
        trusts_already=TRUSTS_ALREADY,
        values=usual | dict(values or {}),
        errors=desk.errors(problem) if problem else {},
        **known,
    )


async def live_upgrade(desk: Desk, station_id: str) -> Parts:
    """Return the part of the page that changes while an upgrade is under way."""
    async with desk.transaction() as tx:
        known = await _known(desk, tx, await seen_station(desk, tx, station_id))
    return {"upgrade-steps": desk.template("console/certificates/_steps.html", **known)}


@post("/console/stations/{station_id:str}/upgrade/{action:str}", opt={NEEDS: Permission.STATIONS_WRITE})
async def act_on_upgrade(desk: AtDesk, station_id: FromPath[str], action: FromPath[str]) -> Response[Any]:
    """Begin, try again, or give up."""
    if action not in ("begin", "retry", "give-up"):
        raise NotFound("There is no such page.")
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            station = await seen_station(desk, tx, station_id)
            await _act(desk, tx, StationId(station.id), action, form)
    except (Invalid, Conflict) as problem:
        return await _page(desk, station_id, form, problem)
    desk.tell(COMMANDS_TOPIC, f"station:{station.id}")
    return desk.go(f"/console/stations/{shown('sta', station.id)}/upgrade", desk.words("The changes are saved."))


async def _act(desk: Desk, tx: Transaction, station_id: StationId, action: str, form: dict[str, str]) -> None:
    reason = form.get("reason", "")
    match action:
        case "begin":
            await upgrades.begin(
                tx, desk.actor, station_id, _plan(form, desk.house.settings.operator_name), desk.now, reason=reason
            )
        case "retry":
            await upgrades.retry(tx, desk.actor, station_id, desk.now, reason=reason)
        case _:
            await upgrades.give_up(tx, desk.actor, station_id, desk.now, reason=reason)


def _plan(form: dict[str, str], organisation: str) -> Plan:
    root, slot = form.get("root", ""), form.get("slot", "").strip()
    anchor: UUID | None = None if root == TRUSTS_ALREADY else identity(root)
    return Plan(
        target=whole(form.get("target", ""), "target", 2, PROFILE_MAX),
        url=form.get("url", ""),
        anchor_id=anchor,
        slot=whole(slot, "slot", 0, SLOT_MAX) if slot else None,
        interface=form.get("interface", "Wired0"),
        organisation=organisation,
    )


ROUTES: Final = [show_upgrade, act_on_upgrade]
