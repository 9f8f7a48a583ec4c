"""How one charger proves who it is: its profile, its key and the change of it, its certificate, its connections."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, shown
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.stations import door_queries
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC, DOORS_TOPIC
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.registering import whole
from laddverk.web.console.stations import seen_station

ENTRIES_SHOWN: Final = 10
FINGERPRINT_DIGITS: Final = 64


@get("/console/stations/{station_id:str}/proof", opt={NEEDS: Permission.STATIONS_READ})
async def show_proof(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """How a charger is recognised, and how it came in lately."""
    return await _page(desk, station_id)


async def _page(
    desk: Desk,
    station_id: str,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        proof = await door_queries.proof(tx, station.id)
        entries = await door_queries.entries(tx, station.id, ENTRIES_SHOWN)
    stored = {
        "profile": str(proof.security_profile),
        "basic_user": proof.basic_user or "",
        "certificate_name": proof.certificate_name,
        "certificate_sha256": proof.certificate_sha256.hex() if proof.certificate_sha256 else "",
        "legacy_tls": "yes" if proof.legacy_tls else "",
        "may_step_down": "yes" if proof.may_step_down else "",
    }
    return desk.page(
        "console/proving/station.html",
        status=status,
        station=station,
        proof=proof,
        entries=entries,
        values=stored | (values or {}),
        errors=errors or {},
        tab="proof",
    )


@post("/console/stations/{station_id:str}/proof/{action:str}", opt={NEEDS: Permission.STATIONS_WRITE})
async def change_proof(desk: AtDesk, station_id: FromPath[str], action: FromPath[str]) -> Response[Any]:
    """Do what the pressed button says, and show the page again."""
    if action not in DEEDS:
        raise NotFound("There is no such page.")
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            station = await seen_station(desk, tx, station_id)
            await DEEDS[action](tx, desk, StationId(station.id), form)
    except Problem as problem:
        return await _page(desk, station_id, form, desk.errors(problem), problem.status)
    desk.tell(f"station:{station.id}", COMMANDS_TOPIC, DOORS_TOPIC)
    return desk.go(f"/console/stations/{shown('sta', station.id)}/proof", desk.words("The changes are saved."))


async def _change_key(tx: Transaction, desk: Desk, station_id: StationId, form: dict[str, str]) -> None:
    pepper = desk.house.secrets.charger_pepper
    await stations.change_key(tx, desk.actor, station_id, desk.now, pepper, reason=form.get("reason", ""))


async def _give_up(tx: Transaction, desk: Desk, station_id: StationId, form: dict[str, str]) -> None:
    await stations.give_up_key_change(tx, desk.actor, station_id, desk.now, reason=form.get("reason", ""))


async def _set_profile(tx: Transaction, desk: Desk, station_id: StationId, form: dict[str, str]) -> None:
    profile = whole(form.get("profile", ""), "profile", 0, 3)
    until = _until(form.get("until", ""), desk) if profile == 0 else None
    await stations.set_profile(
        tx, desk.actor, station_id, profile, desk.now, reason=form.get("reason", ""), until=until
    )


async def _set_proof(tx: Transaction, desk: Desk, station_id: StationId, form: dict[str, str]) -> None:
    proof = stations.Proof(
        basic_user=form.get("basic_user", "").strip() or None,
        certificate_name=form.get("certificate_name", "").strip(),
        certificate_sha256=_fingerprint(form.get("certificate_sha256", "")),
        legacy_tls=form.get("legacy_tls") == "yes",
        may_step_down=form.get("may_step_down") == "yes",
    )
    await stations.set_proof(tx, desk.actor, station_id, proof, desk.now, reason=form.get("reason", ""))


async def _release(tx: Transaction, desk: Desk, station_id: StationId, form: dict[str, str]) -> None:
    await stations.release_station(tx, desk.actor, station_id, desk.now, reason=form.get("reason", ""))


DEEDS: Final = {
    "key": _change_key,
    "keep-key": _give_up,
    "profile": _set_profile,
    "proof": _set_proof,
    "release": _release,
}
"""What each button of the page does."""


def _until(text: str, desk: Desk) -> datetime | None:
    """Return the instant of a local date and time as forms send it; None when the field is empty."""
    if not text.strip():
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Invalid("This is no date.", field="until", remedy="Write it like 2027-01-31.") from None
    local = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(desk.house.settings.timezone))
    return local.astimezone(UTC)


def _fingerprint(text: str) -> bytes | None:
    """Return the SHA-256 in `text`, with or without colons; None when the field is empty."""
    digits = text.replace(":", "").replace(" ", "")
    if not digits:
        return None
    try:
        if len(digits) != FINGERPRINT_DIGITS:
            raise ValueError
        return bytes.fromhex(digits)
    except ValueError:
        raise Invalid(
            "A fingerprint has 64 hexadecimal digits.", field="certificate_sha256", remedy="Give its SHA-256."
        ) from None


@post("/console/knocks/seen", opt={NEEDS: Permission.STATIONS_WRITE})
async def acknowledge_guesses(desk: AtDesk) -> Response[Any]:
    """Take the alarms about guessing as seen."""
    async with desk.transaction() as tx:
        await stations.acknowledge_guesses(tx, desk.actor, desk.now)
    return desk.go("/console/knocks", desk.words("The changes are saved."))


ROUTES: Final = [show_proof, change_proof, acknowledge_guesses]
