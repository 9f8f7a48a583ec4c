"""The security of one charger: its certificates, what it trusts, its requests, and what it noticed."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.certificates import queries
from laddverk.certificates import service as certificates
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.ocpp.commands import Use
from laddverk.ocpp.facts import HashData, Signing
from laddverk.platform.database import Transaction
from laddverk.stations.model import COMMANDS_TOPIC, DOORS_TOPIC
from laddverk.web.console import certificate_words
from laddverk.web.console.certificates import identity
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.stations import seen_station
from laddverk.web.live import Parts

EVENTS_SHOWN: Final = 20
SIGNINGS: Final = {signing.value for signing in Signing}


async def _known(desk: Desk, tx: Transaction, station_id: str) -> dict[str, Any]:
    station = await seen_station(desk, tx, station_id)
    installed, told = await queries.installed(tx, station.id)
    return {
        "station": station,
        "own": certificate_words,
        "certificates": await queries.certificates(tx, desk.sites, station.id, limit=10),
        "requests": await queries.requests(tx, station.id),
        "installed": installed,
        "told": told,
        "anchors": [(row.id.hex, row.name) for row in await queries.anchors(tx)] if desk.sites is None else [],
        "events": await queries.events(tx, desk.sites, station.id, limit=EVENTS_SHOWN),
    }


@get("/console/stations/{station_id:str}/security", opt={NEEDS: Permission.STATIONS_READ})
async def show_security(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """How a charger proves who it is, what it trusts, and what it noticed."""
    async with desk.transaction() as tx:
        known = await _known(desk, tx, station_id)
    return desk.page("console/certificates/station.html", tab="security", **known)


async def live_security(desk: Desk, station_id: str) -> Parts:
    """Return the parts of the page that change while commands are carried out."""
    async with desk.transaction() as tx:
        known = await _known(desk, tx, station_id)
    return {
        f"security-{name}": desk.template(f"console/certificates/_{name}.html", **known)
        for name in ("certificates", "installed", "events")
    }


@post(
    "/console/stations/{station_id:str}/security/{action:str}", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=303
)
async def act(desk: AtDesk, station_id: FromPath[str], action: FromPath[str]) -> Response[Any]:
    """Ask for a new certificate or for the inventory, install a root, delete a certificate."""
    form = await desk.form()
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        await _command(desk, tx, StationId(station.id), action, form)
    desk.tell(COMMANDS_TOPIC, f"station:{station.id}")
    here = f"/console/stations/{shown('sta', station.id)}/security"
    return desk.go(here, desk.words("The charger is asked; what it answers appears here."))


async def _command(desk: Desk, tx: Transaction, station_id: StationId, action: str, form: dict[str, str]) -> None:
    reason = form.get("reason", "")
    match action:
        case "ask":
            signing = form.get("signing", Signing.STATION.value)
            if signing not in SIGNINGS:
                raise Invalid("There is no such certificate.", field="signing")
            await certificates.ask_now(tx, desk.actor, station_id, Signing(signing), desk.now, reason=reason)
        case "list":
            await certificates.ask_inventory(tx, desk.actor, station_id, desk.now, reason=reason)
        case "install":
            root = identity(form.get("root", ""))
            await certificates.install(tx, desk.actor, root, station_id, desk.now, reason=reason)
        case "delete":
            named = HashData(
                algorithm=form.get("algorithm", ""),
                issuer_name_hash=form.get("issuer_name_hash", ""),
                issuer_key_hash=form.get("issuer_key_hash", ""),
                serial_number=form.get("serial_number", ""),
            )
            use = Use(form["use"]) if form.get("use") in set(Use) else None
            await certificates.delete(tx, desk.actor, station_id, named, use, desk.now, reason=reason)
        case _:
            raise NotFound("There is no such command.")


@post(
    "/console/stations/{station_id:str}/security/certificates/{certificate:str}/revoke",
    opt={NEEDS: Permission.STATIONS_WRITE},
    status_code=303,
)
async def revoke(desk: AtDesk, station_id: FromPath[str], certificate: FromPath[str]) -> Response[Any]:
    """Withdraw a certificate: it opens no more."""
    form = await desk.form()
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        await certificates.revoke(
            tx, desk.actor, StationId(station.id), identity(certificate), desk.now, reason=form.get("reason", "")
        )
    desk.tell(DOORS_TOPIC, f"station:{station.id}")
    here = f"/console/stations/{shown('sta', station.id)}/security"
    return desk.go(here, desk.words("The certificate is withdrawn: it opens no more."))


ROUTES: Final = [show_security, act, revoke]
