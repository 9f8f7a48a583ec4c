"""Beside the tariffs: which one applies and why, what a session would have cost under another, and OCPI both ways."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, get_args
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from laddverk.access import queries as access_queries
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SessionId, StationId, shown
from laddverk.kernel.problems import NotFound, Problem
from laddverk.sessions import pricing
from laddverk.sessions import queries as sessions_queries
from laddverk.stations import queries as stations_queries
from laddverk.tariffs import ocpi, queries, rules, spot
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Charge, Priced, Tariff, Wish
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

NAME_MAX: Final = 80


class WhatIf(Struct, frozen=True):
    """What a session would have cost under one tariff."""

    tariff_id: UUID
    name: str
    priced: Priced | None
    """None where a price of the exchange is not known."""
    difference_minor: int


async def what_ifs(desk: Desk, tx: Any, charge: Charge, paid: Priced | None) -> list[WhatIf]:
    """Return what `charge` would cost under each tariff in use, the cheapest first."""
    rows = [
        row
        for row in await queries.tariffs(tx, desk.sites)
        if row.body is not None and row.retired_at is None and (paid is None or row.body.currency == paid.currency)
    ]
    bodies = [row.body for row in rows if row.body is not None]
    spots = await spot.spots_for(tx, [(body, charge.started_at, charge.ended_at) for body in bodies])
    results = []
    for row, body, its in zip(rows, bodies, spots, strict=True):
        priced = priced_or_none(body, charge, its)
        difference = priced.amount_minor - paid.amount_minor if priced and paid else 0
        results.append(WhatIf(row.id, row.name, priced, difference))
    return sorted(results, key=lambda each: (each.priced is None, each.priced.amount_minor if each.priced else 0))


def priced_or_none(tariff: Tariff, charge: Charge, spots: rules.Spots) -> Priced | None:
    """Return the price, or None where the exchange's is not known."""
    try:
        return rules.price(tariff, charge, spots)
    except rules.SpotMissing:
        return None


@get("/console/sessions/{session_id:str}/what-if", opt={NEEDS: Permission.TARIFFS_READ})
async def what_if(desk: AtDesk, session_id: FromPath[str]) -> Response[str]:
    """What a session would have cost under every other tariff."""
    async with desk.transaction() as tx:
        session = found(await sessions_queries.session(tx, desk.sites, named("ses", session_id)))
        charge = await pricing.charge_of(tx, SessionId(session.id))
        if charge is None:
            raise NotFound("This session still runs.", remedy="Come back when it has ended.")
        own = await queries.version_body(tx, session.tariff_version_id)
        paid = None
        if own is not None:
            (spots,) = await spot.spots_for(tx, [(own, charge.started_at, charge.ended_at)])
            paid = priced_or_none(own, charge, spots)
        rows = await what_ifs(desk, tx, charge, paid)
    chosen = desk.asked("tariff")
    shown_row = next((row for row in rows if shown("tar", row.tariff_id) == chosen), rows[0] if rows else None)
    return desk.page("console/tariffs/what_if.html", session=session, paid=paid, rows=rows, chosen=shown_row)


@get("/console/tariffs/which", opt={NEEDS: Permission.TARIFFS_READ})
async def which(desk: AtDesk) -> Response[str]:
    """Which tariff applies at an outlet, to somebody, at a time; and why."""
    async with desk.transaction() as tx:
        rows = await stations_queries.stations(tx, desk.sites, stations_queries.StationFilter(), "site", limit=1000)
        stations = [(shown("sta", row.id), f"{row.site_name} · {row.name}") for row in rows]
        station, at, found_rows, problem = desk.asked("station"), _instant(desk), [], ""
        if station:
            station_id = named("sta", station)
            if station_id not in {row.id for row in rows}:
                raise NotFound("There is no such page.")
            driver = desk.asked("driver").strip()[:100] if desk.may(Permission.DRIVERS_READ) else ""
            drivers = await access_queries.drivers(tx, driver, "", "", "name", limit=2) if driver else []
            if driver and len(drivers) != 1:
                problem = desk.words("No single driver is found by that.")
            else:
                person = drivers[0] if drivers else None
                group = person.driver_group if person else desk.asked("group").strip()[:40]
                wish = Wish(
                    StationId(station_id),
                    group,
                    _small(desk.asked("evse")),
                    _small(desk.asked("connector")),
                    person.id if person else None,
                )
                found_rows = await tariffs.candidates(tx, desk.actor, wish, at)
        return desk.page(
            "console/tariffs/which.html",
            stations=stations,
            groups=await access_queries.driver_groups(tx),
            rows=found_rows,
            asked=bool(station),
            at=at,
            problem=problem,
            values={name: desk.asked(name) for name in ("station", "evse", "connector", "group", "driver", "at")},
        )


def _small(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _instant(desk: Desk) -> datetime:
    """The local time that was asked for, or now."""
    try:
        local = datetime.fromisoformat(desk.asked("at"))
    except ValueError:
        return desk.now
    if local.tzinfo is not None:
        return local
    return desk.midnight(local.date()) + (local - local.replace(hour=0, minute=0, second=0, microsecond=0))


@get("/console/tariffs/{tariff_id:str}/ocpi/{version:str}", opt={NEEDS: Permission.TARIFFS_READ})
async def export_tariff(desk: AtDesk, tariff_id: FromPath[str], version: FromPath[str]) -> Response[bytes]:
    """A tariff as a partner gets it, as a file."""
    if version not in get_args(ocpi.Version):
        raise NotFound("There is no such page.")
    async with desk.transaction() as tx:
        row: queries.TariffRow = found(await queries.tariff(tx, desk.sites, named("tar", tariff_id)))
    exported = ocpi.exported(
        row.body, shown("tar", row.id), row.name, row.changed_at or row.created_at, version,
        party=desk.house.settings.ocpi_party,
    )  # fmt: skip
    name = f"{shown('tar', row.id)}-ocpi-{version}.json"
    return Response(
        exported.body,
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@get("/console/tariffs/import", opt={NEEDS: Permission.TARIFFS_WRITE})
async def import_form(desk: AtDesk) -> Response[str]:
    """The form for a tariff in OCPI's JSON."""
    return desk.page("console/tariffs/import.html", values={}, errors={})


@post("/console/tariffs/import", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=200)
async def import_tariff(desk: AtDesk) -> Response[Any]:
    """Make a tariff from OCPI's JSON, of 2.2.1 or 2.3.0."""
    form = await desk.form()
    try:
        imported = ocpi.read(form.get("body", "").encode())
        name = form.get("name", "").strip() or imported.id
        async with desk.transaction() as tx:
            version = await tariffs.create(tx, desk.actor, name, imported.tariff, desk.now)
    except Problem as problem:
        return desk.page(
            "console/tariffs/import.html", status=problem.status, values=dict(form), errors=desk.errors(problem),
            field=problem.field,
        )  # fmt: skip
    lost = " ".join(desk.words(text) for text in imported.lost)
    notice = desk.words("The tariff was read. Look at it, and say where it applies.")
    return desk.go(
        f"/console/tariffs/{shown('tar', version.tariff_id)}",
        f"{notice} {desk.words('Not kept:')} {lost}" if lost else notice,
    )


ROUTES: Final = [what_if, which, export_tariff, import_form, import_tariff]
