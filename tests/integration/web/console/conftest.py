"""A small network with everything a console page can show, and browsers that are signed in to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
import structlog

from laddverk import wiring
from laddverk.access import service as access
from laddverk.access.model import DriverDetails, NewToken, StaffDetails
from laddverk.invoicing import service as invoicing
from laddverk.kernel.actors import Role, rule
from laddverk.kernel.ids import DriverId, InvoiceId, SiteId, StationId, new_id, shown
from laddverk.ocpp import commands, facts
from laddverk.platform import journal
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import Worker
from laddverk.platform.settings import Settings, secrets_in
from laddverk.sessions import service as sessions
from laddverk.stations import service as stations
from laddverk.stations.model import Knock, NewConnector, NewStation, SiteDetails
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Tariff
from laddverk.web.app import create_app

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ACTOR = rule("tests")
PASSWORD = "kaffe traktor molnfri"
HOSTILE = "<script>alert(1)</script>"
FORMULA = "=HYPERLINK(1)"


@dataclass
class World:
    """What there is, by the ids that pages have in their addresses."""

    house: House
    site: SiteId
    other_site: SiteId
    station: StationId
    other_station: StationId
    driver: DriverId
    session: str
    other_session: str
    tariff: str
    payment: str
    invoice: str

    def pages(self) -> list[str]:
        """Return every page that shows one of these things, and every list."""
        station, other = shown("sta", self.station), shown("sta", self.other_station)
        return [
            "/console",
            "/console/stations",
            "/console/stations?state=silent&sort=-seen&q=a",
            "/console/stations/new",
            f"/console/stations/{station}",
            f"/console/stations/{station}/frames",
            f"/console/stations/{station}/frames?action=BootNotification",
            f"/console/stations/{station}/configuration",
            f"/console/stations/{station}/proof",
            f"/console/stations/{station}/ways",
            f"/console/stations/{station}/commands?state=open",
            "/console/commands",
            "/console/batches/new",
            f"/console/stations/{station}/edit",
            f"/console/stations/{other}",
            f"/console/stickers?station={station}",
            "/console/models",
            "/console/knocks",
            "/console/trouble",
            "/console/vendor-data",
            "/console/sites",
            "/console/sites/new",
            f"/console/sites/{shown('sit', self.site)}",
            f"/console/sites/{shown('sit', self.site)}/edit",
            "/console/sessions",
            "/console/sessions?sort=-energy&state=ended&from=2026-01-01&to=2026-12-31",
            f"/console/sessions/{self.session}",
            f"/console/sessions/{self.other_session}",
            "/console/drivers",
            "/console/drivers/new",
            f"/console/drivers/{shown('drv', self.driver)}",
            f"/console/drivers/{shown('drv', self.driver)}/edit",
            "/console/accounts",
            "/console/accounts/new",
            "/console/plans",
            "/console/plans/new",
            "/console/tokens",
            "/console/tokens/new",
            "/console/tokens/import",
            "/console/tariffs",
            "/console/tariffs/new",
            f"/console/tariffs/{self.tariff}",
            f"/console/tariffs/{self.tariff}/edit",
            "/console/tariffs/which",
            "/console/tariffs/import",
            f"/console/sessions/{self.session}/what-if",
            "/console/payments",
            f"/console/payments/{self.payment}",
            "/console/invoices",
            f"/console/invoices/{self.invoice}",
            "/console/deposits",
            "/console/deposits/new",
            f"/console/deposits/new?invoice={self.invoice}",
            "/console/reconciliation",
            "/console/receivables",
            f"/console/drivers/{shown('drv', self.driver)}/buyer",
            "/console/wallets",
            "/console/wallets/refunds",
            "/console/wallets/rules",
            f"/console/drivers/{shown('drv', self.driver)}/wallet",
            "/console/prepaid",
            "/console/prepaid/new",
            "/console/ledger",
            "/console/ledger/1510",
            "/console/ledger/chart",
            "/console/diagnosis/versions",
            "/console/diagnosis/outlets?sort=-failed",
            "/console/diagnosis/cars?state=open",
            "/console/audit",
            "/console/staff",
            "/console/staff/new",
            "/console/keys",
            "/console/password",
            "/console/search?q=Hamngatan",
            "/console/search",
        ]


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> World:
    """A network with two sites, one charger each, sessions, money, and things that went wrong."""
    settings = Settings(state_dir=tmp_path, database_url=database.dsn, operator_name="Testverk")
    house = House(settings, secrets_in(tmp_path), database, Hints(), lambda: NOW, Worker(database, {}))
    wiring.subscribe_all()
    house.worker.handle(wiring.all_handlers(house))
    async with database.transaction() as tx:
        sites = [
            await stations.create_site(tx, ACTOR, SiteDetails(name=name, code=code, latitude=57.7, longitude=12.0), NOW)
            for name, code in (("Hamngatan", "HAM"), ("Kajen", "KAJ"))
        ]
        made = [
            await stations.create_station(
                tx,
                ACTOR,
                NewStation(
                    site_id=site,
                    identity=f"CP-{number}",
                    name=f"{'Hamngatan' if number == 1 else 'Kajen'} {number}",
                    connectors=(NewConnector(evse_number=1), NewConnector(evse_number=2)),
                ),
                NOW - timedelta(days=90),
                house.secrets.charger_pepper,
            )
            for number, site in enumerate(sites, start=1)
        ]
        station, other = made[0].station_id, made[1].station_id
        version = await tariffs.create(
            tx,
            ACTOR,
            "Vardag",
            Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal("4.90")),)),
            NOW - timedelta(days=90),
        )
        await tariffs.choose(tx, ACTOR, version.tariff_id, NOW - timedelta(days=90))
        driver = await access.create_driver(
            tx, ACTOR, DriverDetails(email="ada@example.se", name="Ada Öberg"), NOW - timedelta(days=80)
        )
        token = NewToken(uid="04A37F2C", driver_id=driver, label=FORMULA)
        await access.create_token(tx, ACTOR, token, NOW - timedelta(days=80))
    await happened(house, station, other)
    await house.worker.run_until_idle()
    async with database.transaction() as tx:
        await invoicing.run(tx, datetime(2026, 10, 1, tzinfo=UTC).date(), ACTOR, NOW, settings=settings)
        payment = await paid(tx)
        found = await tx.values("SELECT id FROM session ORDER BY number")
        return World(
            house,
            sites[0],
            sites[1],
            station,
            other,
            driver,
            shown("ses", found[0]),
            shown("ses", found[-1]),
            shown("tar", version.tariff_id),
            payment,
            shown("inv", InvoiceId(await tx.value("SELECT id FROM invoice"))),
        )


async def happened(house: House, station: StationId, other: StationId) -> None:
    """Let the chargers have told their story: an ended session each, a fault, frames, knocks, odd messages."""
    at = datetime(2026, 10, 14, 15, 0, tzinfo=UTC)
    async with house.database.transaction() as tx:
        await stations.open_connection(tx, station, "ocpp1.6", "127.0.0.1", NOW - timedelta(hours=1))
        await stations.record_boots(
            tx, [facts.Booted(station_id=station, at=NOW, received_at=NOW, vendor=HOSTILE, model="One", firmware="1.2")]
        )
        states = ((1, "available"), (2, "faulted"))
        await stations.record_statuses(
            tx,
            [
                facts.StatusReported(
                    station_id=station,
                    at=NOW,
                    received_at=NOW,
                    evse_number=evse,
                    connector_number=1,
                    status=facts.Status(word),
                    error_code="GroundFailure" if word == "faulted" else None,
                    info=HOSTILE,
                )
                for evse, word in states
            ],
        )
        variable = facts.Variable(variable="HeartbeatInterval", value="300")
        await stations.record_variables(
            tx, [facts.VariablesReported(station_id=station, at=NOW, received_at=NOW, variables=(variable,))]
        )
        for where in (station, other):
            await charged(tx, where, at)
        frame = b'[2,"1","BootNotification",{"chargePointVendor":"<script>"}]'
        await journal.write(
            tx,
            [
                journal.Frame(station, NOW - timedelta(minutes=1), 1, 1, ">", frame),
                journal.Frame(station, NOW - timedelta(minutes=1), 1, 2, "<", b'[3,"1",{"status":"Accepted"}]'),
                journal.Frame(station, NOW - timedelta(minutes=1), 1, 3, ">", b"\xff not a frame"),
            ],
        )
        for command in (
            commands.Reset(),
            commands.UnlockConnector(evse_number=1),
            commands.WriteVariable(variable="HeartbeatInterval", value="60"),
        ):
            await stations.request_command(tx, ACTOR, station, command, NOW, reason=HOSTILE)
        await stations.record_knocks(tx, [Knock(HOSTILE, "10.0.0.9", "unknown_station", NOW)])
        await tx.execute(
            "INSERT INTO quarantine (id, station_id, received_at, action, body, reason)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            new_id(), station, NOW, "MeterValues", b"\x00\xff" + HOSTILE.encode(), "cannot be read",
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO job (id, kind, payload, attempts, last_error, failed_at) VALUES ($1, 'x', '{}', 12, 'no', $2)",
            new_id(), NOW,
        )  # fmt: skip


async def charged(tx: object, station: StationId, at: datetime) -> None:
    """Record one session of 10 kWh in an hour."""
    key = {"station_id": station, "transaction_key": f"t-{station.hex[:6]}", "evse_number": 1, "connector_number": 1}
    end = at + timedelta(hours=1)
    await sessions.record_starts(  # type: ignore[arg-type]
        tx,
        [
            facts.SessionStarted(
                **key, at=at, received_at=at, said_at=at, content_key="start", token_uid="04A37F2C", register_wh=1000
            )
        ],
    )
    await sessions.record_samples(
        tx,
        [
            facts.EnergySampled(
                **key,
                at=at + timedelta(minutes=minute),
                received_at=at + timedelta(minutes=minute),
                content_key=f"m{minute}",
                sample=facts.Sample(energy_wh=1000 + minute * 150, power_w=9000, current_l1_a=13.0),
            )
            for minute in (15, 30, 45)
        ],
    )
    await sessions.record_ends(
        tx, [facts.SessionEnded(**key, at=end, received_at=end, said_at=end, content_key="stop", register_wh=11_000)]
    )


async def paid(tx: object) -> str:
    """Write down a payment that was captured, and return its id as shown."""
    payment = new_id()
    await tx.execute(  # type: ignore[attr-defined]
        "INSERT INTO payment (id, purpose, provider, provider_ref, state, currency, amount_minor, authorised_minor,"
        " captured_minor, created_at, updated_at)"
        " VALUES ($1, 'session', 'sandbox', 'ref-1', 'captured', 'SEK', 30000, 30000, 4900, $2, $2)",
        payment,
        NOW,
    )
    return shown("pay", payment)


class Browser:
    """Somebody at the console: keeps cookies, and says like a browser where its forms come from."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def open(self, path: str, **headers: str) -> httpx.Response:
        """Open a page."""
        return await self.client.get(path, headers={"accept-language": "en", **headers})

    async def send(self, path: str, **fields: object) -> httpx.Response:
        """Send a form of ours."""
        return await self.client.post(
            path, data=fields, headers={"sec-fetch-site": "same-origin", "accept-language": "en"}
        )


SignedIn = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def stranger(world: World) -> AsyncIterator[Browser]:
    """Somebody who is not signed in."""
    transport = httpx.ASGITransport(create_app(world.house), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=world.house.settings.web_url) as client:
        yield Browser(client)


@pytest.fixture
async def signed_in(world: World, stranger: Browser) -> SignedIn:
    """Return a function that signs the browser in as a new member of staff with a role."""

    async def sign_in(role: Role = Role.ADMIN, *sites: SiteId, language: str = "en") -> Browser:
        email = f"{role.value}@example.se"
        details = StaffDetails(email=email, name=role.value, role=role, language=language, site_ids=tuple(sites))
        async with world.house.database.transaction() as tx:
            await access.create_staff(tx, ACTOR, details, PASSWORD, NOW)
        answer = await stranger.send("/console/login", email=email, password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return stranger

    return sign_in


@pytest.fixture(autouse=True)
def plain_log() -> None:
    """Log failures in plain text: drawing every local variable of a failure takes seconds."""
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])
