"""Sets the demo network up, once, through the rooms' own services: sites, stations, people, tariffs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken, StaffDetails
from laddverk.cli.demo import living, people
from laddverk.cli.demo.people import Person
from laddverk.cli.demo.places import SPOTS, Spot, Stand, stands
from laddverk.cli.demo.prices import CAMPAIGN, CAMPAIGN_FOR, CAMPAIGN_IN, GROUPS, TARIFFS
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import SiteId, StationId
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.settings import Settings
from laddverk.simulator.car import Supply
from laddverk.simulator.places import Rhythm
from laddverk.stations import service as stations
from laddverk.stations.model import NewConnector, NewStation, SiteDetails
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Place

ACTOR: Final = rule("demo")
FOUNDED_BEFORE: Final = timedelta(days=40)  # before its past begins: people and prices are there when it does
FICTION_FIRST: Final = 701_740_605  # mobile numbers that nobody gets: PTS keeps them for films and examples
FICTION_COUNT: Final = 95
EXAMPLE_CODE: Final = "GAML-001-1"  # on the sticker of an outlet that no simulated car uses by itself
NETWORK_TARIFF: Final = "home"

Placed = list[tuple[Stand, StationId]]

STATIONS = "SELECT identity, id FROM station"


BANKGIRO: Final = "5050-1055"  # invented; its check digit is right
CUSTOMER: Final = "471117"


def operated(settings: Settings) -> Settings:
    """Return `settings` with the name and address of the operator whose network the demo is. All invented."""
    return msgspec.structs.replace(
        settings,
        operator_name="Västkraft Laddning AB",
        operator_org_number="556000-0000",
        operator_vat_number="SE556000000001",
        operator_address="Stenpiren 2, 411 17 Göteborg",
        operator_email="hej@example.com",
        operator_phone="031-000 00 00",
        autogiro_bankgiro=BANKGIRO,
        autogiro_customer=CUSTOMER,
        invoice_bankgiro=settings.invoice_bankgiro or BANKGIRO,
        invoice_whole_kronor=True,
    )


def example_driver() -> str:
    """Return the address of a driver to try the portal with."""
    return people.drivers(Random(people.SEED))[0].email


async def found(house: House, drivers: Sequence[Person], since: datetime) -> Placed:
    """Set everything up unless it is there; return each charger of the demo with its station."""
    placed = await _placed(house)
    if placed:
        return placed
    before = since - FOUNDED_BEFORE
    async with house.database.transaction() as tx:
        sites = await _build(tx, house, before)
        await _enrol(tx, drivers, before)
        await _price(tx, sites, before)
        await _campaign(tx, sites, before, midnight(house))
        for colleague in people.STAFF:
            staff = StaffDetails(
                email=colleague.email,
                name=colleague.name,
                role=colleague.role,
                language=colleague.language,
                site_ids=tuple(sites[code] for code in colleague.site_codes),
            )
            await access.create_staff(tx, ACTOR, staff, people.PASSWORD, before)
    return await _placed(house)


async def _placed(house: House) -> Placed:
    async with house.database.transaction() as tx:
        known = {row["identity"]: StationId(row["id"]) for row in await tx.rows(STATIONS)}
    return [(stand, known[stand.identity]) for stand in stands() if stand.identity in known]


async def _build(tx: Transaction, house: House, at: datetime) -> dict[str, SiteId]:
    """Build the sites and their stations; return the sites by their codes."""
    sites = {spot.code: await stations.create_site(tx, ACTOR, _site(spot), at) for spot in SPOTS}
    new = [
        NewStation(
            site_id=sites[stand.spot.code],
            identity=stand.identity,
            name=stand.name,
            connectors=tuple(_connector(number, supply) for number, supply in enumerate(stand.kind.outlets, start=1)),
            power_max_w=max(supply.power_max_w for supply in stand.kind.outlets),
            vendor=stand.kind.vendor,
            model=stand.kind.model,
            key=living.key_of(house.secrets, stand.identity),
        )
        for stand in stands()
    ]
    await stations.create_stations(tx, ACTOR, new, at, pepper=house.secrets.charger_pepper)
    return sites


def _site(spot: Spot) -> SiteDetails:
    return SiteDetails(
        name=spot.name,
        code=spot.code,
        address=spot.address,
        municipality=spot.municipality,
        latitude=spot.latitude,
        longitude=spot.longitude,
    )


def _connector(number: int, supply: Supply) -> NewConnector:
    kind = {0: "dc", 1: "ac1", 3: "ac3"}[supply.phases]
    return NewConnector(
        evse_number=number,
        plug="ccs2" if kind == "dc" else "type2",
        power_type=kind,
        power_max_w=supply.power_max_w,
        current_max_a=int(supply.current_max_a),
    )


async def _enrol(tx: Transaction, drivers: Sequence[Person], at: datetime) -> None:
    """Enrol the drivers with their cards; a few cards are blocked."""
    ids = await access.create_drivers(
        tx,
        ACTOR,
        [
            NewDriver(
                email=person.email,
                name=person.name,
                language=person.language,
                driver_group=person.group,
                settlement=person.settlement,
                address=person.home.address if person.home.rhythm is Rhythm.HOME else "",
                phone=f"+46{FICTION_FIRST + index}" if index < FICTION_COUNT else "",
            )
            for index, person in enumerate(drivers)
        ],
        at,
    )
    tokens = [
        NewToken(uid=card, driver_id=driver, label="Laddbricka")
        for person, driver in zip(drivers, ids, strict=True)
        for card in person.cards
    ]
    tokens += [
        NewToken(uid=card, driver_id=driver, label="Laddbricka")
        for card, driver in zip(people.LOST_CARDS, ids, strict=False)
    ]
    made = await access.create_tokens(tx, ACTOR, tokens, at)
    for token in made[-len(people.LOST_CARDS) :]:
        await access.block_token(tx, ACTOR, token, "reported lost", at)


def midnight(house: House) -> datetime:
    """Return when this day began at home."""
    now = house.clock().astimezone(ZoneInfo(house.settings.timezone))
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


async def _campaign(tx: Transaction, sites: dict[str, SiteId], at: datetime, today: datetime) -> None:
    name, body = CAMPAIGN
    version = await tariffs.create(tx, ACTOR, name, body, at)
    begins = today + CAMPAIGN_IN
    for spot in SPOTS:
        if spot.tariff == "public":
            place = Place(
                site_id=sites[spot.code], valid_from=begins, valid_until=begins + CAMPAIGN_FOR, label="Adventsladdning"
            )
            await tariffs.choose(tx, ACTOR, version.tariff_id, at, place=place)


async def _price(tx: Transaction, sites: dict[str, SiteId], at: datetime) -> None:
    for key, (name, body) in TARIFFS.items():
        version = await tariffs.create(tx, ACTOR, name, body, at)
        if key == NETWORK_TARIFF:
            await tariffs.choose(tx, ACTOR, version.tariff_id, at)
        if key in GROUPS:
            await tariffs.choose(tx, ACTOR, version.tariff_id, at, driver_group=GROUPS[key])
        for spot in SPOTS:
            if spot.tariff == key != NETWORK_TARIFF:
                await tariffs.choose(tx, ACTOR, version.tariff_id, at, site_id=sites[spot.code])
