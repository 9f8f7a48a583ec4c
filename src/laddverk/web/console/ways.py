"""The ways of one charger: what it bends, how it is treated for it, and how its start is answered."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.ocpp import quirks
from laddverk.ocpp.answers import Registration
from laddverk.stations import quirk_queries as queries
from laddverk.stations import service as stations
from laddverk.stations.queries import StationDetail
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.models import settings_of
from laddverk.web.console.registering import whole
from laddverk.web.console.stations import seen_station

NUMBERS: Final = {
    # The settings that are a whole number, with their least and most.
    "ping_interval_s": (1, 86_400),
    "ping_timeout_s": (1, 86_400),
    "heartbeat_interval_s": (10, 86_400),
    "call_timeout_s": (1, 600),
    "unanswered_calls_max": (1, 100),
    "boot_grace_s": (0, 600),
    "profile_stack_level": (0, 1_000),
    "frame_bytes_max": (quirks.settings.FRAME_BYTES_LEAST, quirks.settings.FRAME_BYTES_MOST),
}
WORDS: Final = (
    "strictness", "assume_protocol", "pin_protocol", "id_tag_form", "profile_unit", "time_zone", "note", "text_vendor",
    "text_message", "text_data",
)  # fmt: skip
TRUTHS: Final = ("no_ping", "call_before_boot")
SHOWN_MAX: Final = 200


def known_of(desk: Desk, station: StationDetail) -> quirks.Known:
    """Return what is known of a charger's model, and how it is treated with its own settings on top."""
    own = quirks.read(station.quirks)
    registry = quirks.registry_of(desk.house.settings.quirks_dir)
    return registry.known(station.vendor, station.model, station.firmware, own)


@get("/console/stations/{station_id:str}/ways", opt={NEEDS: Permission.STATIONS_READ})
async def show_ways(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """What a charger does in its own way."""
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
        bent = await queries.bent(tx, station.id, SHOWN_MAX)
        boot = await queries.boot(tx, station.id)
    known = known_of(desk, station)
    own = quirks.read(station.quirks)
    stored = {**_form_values(own), "boot_answer": boot.boot_answer, "boot_interval_s": str(boot.boot_interval_s or "")}
    return desk.page(
        "console/stations/ways.html",
        status=status,
        station=station,
        bent=bent,
        boot=boot,
        known=known,
        treated=settings_of(known.quirks),
        own=own,
        values=stored | (values or {}),
        errors=errors or {},
        tab="ways",
    )


def _form_values(own: quirks.Quirks) -> dict[str, str]:
    values = {name: str(getattr(own, name) or "") for name in (*WORDS, *NUMBERS)}
    if own.boot_grace_s == 0:
        values["boot_grace_s"] = "0"
    for name in TRUTHS:
        value = getattr(own, name)
        values[name] = "" if value is None else "yes" if value else "no"
    return values | {"never_send": "\n".join(own.never_send)}


def settings_in(form: dict[str, str], before: quirks.Quirks) -> dict[str, Any]:
    """Return the settings that a form describes; what it does not show stays. Raises `Invalid` naming the field."""
    given: dict[str, Any] = {name: form[name].strip() for name in WORDS if form.get(name, "").strip()}
    for name, (least, most) in NUMBERS.items():
        if form.get(name, "").strip():
            given[name] = whole(form[name].strip(), name, least, most)
    for name in TRUTHS:
        if form.get(name):
            given[name] = form[name] == "yes"
    never = [line.strip() for line in form.get("never_send", "").splitlines() if line.strip()]
    if len(never) > quirks.settings.ENTRIES_MAX:
        raise Invalid("These are too many.", field="never_send", remedy="Keep only what is needed.")
    return {**given, "never_send": never, "expects": list(before.expects)}


@post("/console/stations/{station_id:str}/ways/settings", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def save_settings(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Change how a charger is treated, from its next connection on."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            station = await seen_station(desk, tx, station_id)
            given = settings_in(form, quirks.read(station.quirks))
            await stations.set_quirks(
                tx, desk.actor, StationId(station.id), given, desk.now, reason=form.get("settings_reason", "")
            )
    except Problem as problem:
        return await _page(desk, station_id, form, desk.errors(problem), problem.status)
    return _back(desk, station, desk.words("The changes are saved. They count when the charger next connects."))


@post("/console/stations/{station_id:str}/ways/boot", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def save_boot_answer(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Decide how the next starts of a charger are answered."""
    form = await desk.form()
    try:
        registration = msgspec.convert(form.get("boot_answer", ""), Registration)
        seconds = form.get("boot_interval_s", "").strip()
        interval_s = whole(seconds, "boot_interval_s", 1, 86_400) if seconds else None
        async with desk.transaction() as tx:
            station = await seen_station(desk, tx, station_id)
            await stations.set_registration(
                tx,
                desk.actor,
                StationId(station.id),
                registration,
                desk.now,
                interval_s=interval_s,
                reason=form.get("reason", ""),
            )
    except msgspec.ValidationError:
        wrong = Invalid("Choose one of the answers.", field="boot_answer")
        return await _page(desk, station_id, form, desk.errors(wrong), wrong.status)
    except Problem as problem:
        return await _page(desk, station_id, form, desk.errors(problem), problem.status)
    return _back(desk, station, desk.words("The changes are saved."))


@post("/console/stations/{station_id:str}/ways/forget", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=303)
async def forget(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Begin to count anew what a charger bends."""
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        await stations.forget_bent(tx, desk.actor, StationId(station.id), desk.now)
    return _back(desk, station, desk.words("The count begins anew."))


def _back(desk: Desk, station: StationDetail, notice: str) -> Response[Any]:
    desk.tell(f"station:{station.id}")
    return desk.go(f"/console/stations/{shown('sta', station.id)}/ways", notice)


ROUTES: Final = [show_ways, save_settings, save_boot_answer, forget]
