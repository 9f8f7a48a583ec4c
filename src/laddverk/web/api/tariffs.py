"""The API's prices: previews with their explanation, what if, which tariff applies and why, and OCPI both ways."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import available_timezones

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SessionId, StationId, TariffId, parsed, shown
from laddverk.kernel.money import VatTotal
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform.database import Transaction
from laddverk.sessions import pricing
from laddverk.sessions import queries as session_queries
from laddverk.stations import queries as station_queries
from laddverk.tariffs import explaining, lint, ocpi, queries, rules, spot
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Charge, Priced, PriceLine, Severity, Tariff, Wish
from laddverk.web.api.keys import needs
from laddverk.web.api.request import Asked, Asking

LANGUAGES: Final = ("sv", "en")
POWER_MAX_W: Final = 10_000_000  # 10 MW: more than any charger gives
ENERGY_MAX_WH: Final = 10_000_000
IDLE_MAX_MINUTES: Final = 100 * 1440


class PriceShown(Struct, frozen=True, kw_only=True):
    """A price with its lines, and in words: one sentence for each line and one for the sum."""

    amount_minor: int
    vat_minor: int
    vat: tuple[VatTotal, ...]
    """What of it is at each VAT rate."""
    currency: str
    lines: tuple[PriceLine, ...]
    explanation: dict[str, list[str]]


class Imagined(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A charge that nobody has made: so much energy at a steady power, and then staying."""

    tariff: Tariff
    started_at: datetime
    power_w: int
    energy_wh: int
    idle_minutes: int = 0
    timezone: str = ""


class OtherPrice(Struct, frozen=True, kw_only=True):
    """What a session would have cost under a tariff."""

    tariff_id: str
    name: str
    price: PriceShown | None
    """None where the exchange's price of that time is not known."""


class Reason(Struct, frozen=True, kw_only=True):
    """A tariff that fits, and for whom and when it was chosen."""

    tariff_id: str
    name: str
    site_id: str | None
    station_id: str | None
    evse_number: int | None
    connector_number: int | None
    driver_group: str | None
    driver_id: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    label: str


class OcpiTariff(Struct, frozen=True, forbid_unknown_fields=True):
    """A new tariff, as a partner has it: a Tariff object of OCPI 2.2.1 or 2.3.0."""

    name: str
    tariff: dict[str, Any]


class Read(Struct, frozen=True):
    """A tariff that was read from OCPI, and what of it is not kept."""

    id: str
    name: str
    tariff: Tariff
    not_kept: tuple[str, ...]


def price_shown(priced: Priced, timezone: str) -> PriceShown:
    """Return a price as the API shows it."""
    return PriceShown(
        amount_minor=priced.amount_minor,
        vat_minor=priced.vat_minor,
        vat=priced.vat,
        currency=priced.currency,
        lines=priced.lines,
        explanation={language: explaining.told(priced, language, timezone) for language in LANGUAGES},
    )


@post("/tariffs/preview", opt=needs(Permission.TARIFFS_READ), status_code=200)
async def preview_price(asked: Asking, data: JSONBody[Imagined]) -> PriceShown:
    """Price a charge that nobody has made, under a tariff that need not be kept."""
    for finding in lint.findings(data.tariff):
        if finding.severity is Severity.ERROR:
            raise Invalid(finding.message, field="tariff", **finding.params)
    if not 1 <= data.power_w <= POWER_MAX_W or not 0 <= data.energy_wh <= ENERGY_MAX_WH:
        raise Invalid("Power and energy must be those of a charge.", field="energy_wh")
    if not 0 <= data.idle_minutes <= IDLE_MAX_MINUTES or data.started_at.tzinfo is None:
        raise Invalid("The time must be that of a charge, with its zone.", field="started_at")
    if data.energy_wh * 60 / data.power_w > IDLE_MAX_MINUTES:
        raise Invalid("Power and energy must be those of a charge.", field="power_w")
    timezone = data.timezone or asked.house.settings.timezone
    if timezone not in available_timezones():
        raise Invalid("There is no such time zone.", field="timezone")
    idle = timedelta(minutes=data.idle_minutes)
    ended_at = data.started_at + timedelta(hours=data.energy_wh / data.power_w) + idle
    async with asked.transaction() as tx:
        (spots,) = await spot.spots_for(tx, [(data.tariff, data.started_at, ended_at)])
    try:
        priced = rules.preview(
            data.tariff,
            started_at=data.started_at,
            power_w=data.power_w,
            energy_wh=data.energy_wh,
            idle=idle,
            timezone=timezone,
            spots=spots,
        )
    except rules.SpotMissing as missing:
        raise Conflict("The exchange's prices of %(area)s are not known for that time.", area=missing.area) from None
    return price_shown(priced, timezone)


@get("/sessions/{session:str}/what-if", opt=needs(Permission.TARIFFS_READ))
async def what_if(asked: Asking, session: FromPath[str], tariff_id: FromQuery[str | None] = None) -> list[OtherPrice]:
    """Say what an ended session would have cost under each tariff as it is today, or under one; nothing is changed."""
    asked.actor.require(Permission.SESSIONS_READ)
    async with asked.transaction() as tx:
        row = await session_queries.session(tx, asked.actor.site_ids, parsed("ses", session))
        if row is None:
            raise NotFound("There is no such session.")
        charge = await pricing.charge_of(tx, SessionId(row.id))
        if charge is None:
            raise Conflict("This session still runs.", remedy="Ask again when it has ended.")
        wanted = parsed("tar", tariff_id, field="tariff_id") if tariff_id else None
        rows = await queries.tariffs(tx, asked.actor.site_ids)
        chosen = [
            each
            for each in rows
            if each.body is not None and (each.id == wanted if wanted else each.retired_at is None)
        ]
        if wanted and not chosen:
            raise NotFound("There is no such tariff.", field="tariff_id")
        return [await _other(tx, each, each.body, charge) for each in chosen if each.body is not None]


async def _other(tx: Transaction, row: queries.TariffRow, body: Tariff, charge: Charge) -> OtherPrice:
    (spots,) = await spot.spots_for(tx, [(body, charge.started_at, charge.ended_at)])
    try:
        found = price_shown(rules.price(body, charge, spots), charge.timezone)
    except rules.SpotMissing:
        found = None
    return OtherPrice(tariff_id=shown("tar", row.id), name=row.name, price=found)


@get("/stations/{station:str}/tariffs", opt=needs(Permission.TARIFFS_READ))
async def which_tariff(
    asked: Asking,
    station: FromPath[str],
    evse_number: FromQuery[int] = 0,
    connector_number: FromQuery[int] = 0,
    driver_group: FromQuery[str] = "",
    driver_id: FromQuery[str | None] = None,
    at: FromQuery[datetime | None] = None,
) -> list[Reason]:
    """Say which tariffs fit at a station (outlet, connector), for somebody, at a time: the first one applies."""
    station_id = StationId(parsed("sta", station))
    driver = parsed("drv", driver_id, field="driver_id") if driver_id else None
    if not (0 <= evse_number < 1000 and 0 <= connector_number < 1000) or (at is not None and at.tzinfo is None):
        raise Invalid("This must be a number, and a time with its zone.", field="at")
    async with asked.transaction() as tx:
        if await station_queries.station(tx, asked.actor.site_ids, station_id) is None:
            raise NotFound("There is no such station.")
        wish = Wish(station_id, driver_group[:40], evse_number, connector_number, driver)
        found = await tariffs.candidates(tx, asked.actor, wish, at or asked.now)
    return [
        Reason(
            tariff_id=shown("tar", each.tariff_id),
            name=each.tariff_name,
            site_id=shown("sit", each.site_id) if each.site_id else None,
            station_id=shown("sta", each.station_id) if each.station_id else None,
            evse_number=each.evse_number,
            connector_number=each.connector_number,
            driver_group=each.driver_group,
            driver_id=shown("drv", each.driver_id) if each.driver_id else None,
            valid_from=each.valid_from,
            valid_until=each.valid_until,
            label=each.label,
        )
        for each in found
    ]


@get("/tariffs/{tariff:str}/ocpi", opt=needs(Permission.TARIFFS_READ))
async def show_ocpi(asked: Asking, tariff: FromPath[str], ocpi_version: FromQuery[str] = "2.2.1") -> Response[bytes]:
    """Show a tariff as OCPI has it, in version 2.2.1 or 2.3.0."""
    if ocpi_version not in ("2.2.1", "2.3.0"):
        raise Invalid("The version is 2.2.1 or 2.3.0.", field="ocpi_version")
    async with asked.transaction() as tx:
        row = await _seen(tx, asked, TariffId(parsed("tar", tariff)))
    exported = ocpi.exported(
        row.body, shown("tar", row.id), row.name, row.changed_at or row.created_at, ocpi_version,
        party=asked.house.settings.ocpi_party,
    )  # fmt: skip
    return Response(exported.body, media_type="application/json")


@post("/tariffs/ocpi", opt=needs(Permission.TARIFFS_WRITE))
async def read_ocpi(asked: Asking, data: JSONBody[OcpiTariff]) -> Read:
    """Make a tariff from one of OCPI, 2.2.1 (prices without VAT) or 2.3.0 (`tax_included` says)."""
    imported = ocpi.read(msgspec.json.encode(data.tariff))
    async with asked.transaction() as tx:
        made = await tariffs.create(tx, asked.actor, data.name, imported.tariff, asked.now)
    return Read(shown("tar", made.tariff_id), made.name, made.tariff, imported.lost)


async def _seen(tx: Transaction, asked: Asked, tariff_id: TariffId) -> queries.TariffRow:
    row = await queries.tariff(tx, asked.actor.site_ids, tariff_id)
    if row is None:
        raise NotFound("There is no such tariff.")
    return row


HANDLERS: Final = [preview_price, what_if, which_tariff, show_ocpi, read_ocpi]
