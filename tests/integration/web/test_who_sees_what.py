"""Who sees what: every address of the program, taken from its own routes, asked by everybody who should not be told.

An address that is added later is in these tests by itself: it must need a sign-in unless it is listed here as public,
and what it shows of another's objects is looked for in the whole answer (T6, T8, T35, T37 of the security study).
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from pypdf import PdfReader

from laddverk.access import service as access
from laddverk.access.model import DriverDetails, StaffDetails
from laddverk.certificates import service as certificates
from laddverk.certificates.model import NewAnchor
from laddverk.firmware.shelf import LOGS, DirectoryShelf
from laddverk.kernel.actors import PERMISSIONS, Permission, Role
from laddverk.kernel.ids import new_id, shown
from laddverk.ocpp import facts
from laddverk.ocpp.commands import NewValue, Reset, Use
from laddverk.payments import sealing
from laddverk.payments.deposits import service as deposits
from laddverk.payments.deposits.model import NewDeposit, Way
from laddverk.platform.database import Transaction
from laddverk.provisioning import recording as provisioning_recording
from laddverk.provisioning import service as provisioning
from laddverk.provisioning.model import TemplateDetails
from laddverk.stations import service as stations
from laddverk.subscriptions import accounts, plans, subscribing
from laddverk.subscriptions.model import AccountDetails, Holder, Terms
from laddverk.tariffs import service as tariffs
from laddverk.web import security
from laddverk.web.app import create_app
from laddverk.web.console.door import NEEDS
from laddverk.web.live import STOPPING
from tests import pki
from tests.integration.web.console.conftest import ACTOR, NOW, PASSWORD, Browser, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world

PUBLIC: Final = {
    ("GET", "/"),
    ("GET", "/u"),
    ("GET", "/u/{code:str}"),
    ("POST", "/u/{code:str}/pay"),
    ("POST", "/u/{code:str}/start"),  # leads to the sign-in
    ("POST", "/u/{code:str}/reserve"),  # leads to the sign-in
    ("GET", "/prepaid"),  # the code of a scanned card is behind the # of its address
    ("GET", "/places.json"),
    ("GET", "/places/{site:str}"),
    ("GET", "/help"),
    ("GET", "/favicon.ico"),
    ("GET", "/health"),
    ("POST", "/preferences"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/{token:str}"),
    ("POST", "/sign-in/{token:str}"),
    ("POST", "/sign-out"),
    ("GET", "/console/login"),
    ("POST", "/console/login"),
}
"""What answers without a sign-in, and is meant to."""

BY_SECRET: Final = ("/s/", "/i/", "/join/", "/pay/swish/", "/webhooks/", "/demo/")
"""Addresses that hold a secret of their own, ask for a signature, or are there in the demo only."""

SIGNED_IN_IS_ENOUGH: Final = {"/console/logout", "/console/password"}
"""What every member of staff may do, whatever the role: it is about themselves."""

FOREIGN: Final[tuple[dict[str, str], ...]] = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {},
)
TOP_UP: Final = UUID("01999999-0000-7000-8000-000000000001")
IDENTITY: Final = re.compile(r"CP-[12]\b")
HIDDEN: Final = {403, 404}
IS_STREAM: Final = re.compile(r"/console/live/now$|/s/[^/]+/live$|/pay/swish/[^/]+/live$")

QUERIES: Final = {
    "{kind:str}": "?id={station_id}",
    "/configuration/variable": "?component=EVSE&variable=Power",
    "/current/chart.json": "?evse=2",
    "/monitoring/stream.json": "?stream=1",
}
"""What an address needs to be told beyond its path."""

TABLES: Final = """
SELECT tablename FROM pg_tables
WHERE schemaname = 'public' AND tablename NOT IN ('web_session', 'sign_in_failure') ORDER BY 1
"""
CONTENT: Final = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} AS t"


@dataclass(frozen=True)
class Address:
    """One method on one path of the program, and the permission that its handler names."""

    method: str
    path: str
    needs: Permission | None

    def filled(self, places: Mapping[str, str]) -> str:
        """Return the path with its places filled in; a place that nobody thought of is an error."""
        return re.sub(r"\{(\w+):\w+\}", lambda match: places[match[1]], self.path)

    @property
    def has_places(self) -> bool:
        return "{" in self.path


def addresses(app: Litestar, start: str = "/") -> Iterator[Address]:
    """Yield every address of the program that begins so, but for static files and what answers OPTIONS and HEAD."""
    for route in app.routes:
        for method, (handler, _) in getattr(route, "route_handler_map", {}).items():
            if method not in ("OPTIONS", "HEAD") and route.path.startswith(start) and "/static/" not in route.path:
                yield Address(method, route.path, handler.opt.get(NEEDS))


@dataclass
class Field:
    """The world, with things at the other site that nobody from this one may meet, and two drivers."""

    world: World
    app: Any
    foreign: dict[str, str]
    """An object of the other site (or of no site) for each place in an address of the console."""
    secrets: frozenset[str]
    """What would give the other site away, wherever it stood."""
    codes: tuple[str, ...]

    async def changes(self) -> dict[str, str]:
        """Return a digest of each table."""
        async with self.world.house.database.transaction() as tx:
            return {table: await tx.value(CONTENT.format(f'"{table}"')) for table in await tx.values(TABLES)}


@pytest.fixture
async def field(world: World) -> Field:
    """Let things happen at the other site, and collect what names them."""
    other = world.other_station
    async with world.house.database.transaction() as tx:
        command = await stations.request_command(tx, ACTOR, other, Reset(), NOW)
        batch = await stations.request_of_many(tx, ACTOR, [other], Reset(), NOW, reason="test")
        await stations.open_connection(tx, other, "ocpp1.6", "127.0.0.2", NOW - timedelta(hours=1))
        fault = facts.StatusReported(
            station_id=other, at=NOW, received_at=NOW, evse_number=2, connector_number=1,
            status=facts.Status.FAULTED, error_code="GroundFailure",
        )  # fmt: skip
        await stations.record_statuses(tx, [fault])
        power = facts.Variable(component="EVSE", variable="Power", value="11000")
        await stations.record_variables(
            tx, [facts.VariablesReported(station_id=other, at=NOW, received_at=NOW, variables=(power,))]
        )
        stream = facts.StreamOpened(station_id=other, at=NOW, received_at=NOW, stream_id=1, monitor_id=1)
        await provisioning_recording.record_opened_streams(tx, [stream])
        quarantined = new_id()
        await tx.execute(
            "INSERT INTO quarantine (id, station_id, received_at, body, reason) VALUES ($1, $2, $3, '', '')",
            quarantined, other, NOW,
        )  # fmt: skip
        local = await tariffs.create(tx, ACTOR, "Kajpriset", (await tariffs_of(tx, world)), NOW)
        await tariffs.choose(tx, ACTOR, local.tariff_id, NOW, site_id=world.other_site)
        await access.create_driver(tx, ACTOR, DriverDetails(email="bo@example.se", name="Bo Ek"), NOW)
        eva = StaffDetails(email="eva@example.se", name="Eva", role=Role.OPERATOR)
        member = await access.create_staff(tx, ACTOR, eva, PASSWORD, NOW)
        token = await tx.value("SELECT id FROM token LIMIT 1")
        key = await access.create_api_key(tx, ACTOR, "Rapporter", [Permission.STATIONS_READ], NOW)
        wanted = TemplateDetails(
            name="Kajens mall", site_id=world.other_site, wanted=(NewValue(variable="A", value="1"),)
        )
        template = await provisioning.create_template(tx, ACTOR, wanted, NOW)
        run = new_id()
        await tx.execute(
            "INSERT INTO configuration_run VALUES ($1, $2, 1, $3, 'Eva', 'som avtalat')", run, template, NOW
        )
        await tx.execute("INSERT INTO configuration_run_station (run_id, station_id) VALUES ($1, $2)", run, other)
        new_root = NewAnchor(use=Use.CSMS_ROOT, pem=pki.entity("Root", ca=True).pem)
        root = await certificates.add_anchor(tx, ACTOR, new_root, datetime.now(UTC))
        reservation, request = new_id(), new_id()
        await tx.execute(
            "INSERT INTO reservation (id, station_id, evse_number, token_uid, token_type, requested_by, created_at,"
            " expires_at) VALUES ($1, $2, 1, 'KAJTAGG', 'ISO14443', 'x', $3, $3)",
            reservation, other, NOW,
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO customer_request (id, driver_id, kind, requested_by, created_at)"
            " VALUES ($1, $2, 'read', 'x', $3)",
            request, world.driver, NOW,
        )  # fmt: skip
        image, campaign, log_file = await software_of(tx, world)
        mandate, collection, bank_file = await direct_debit_of(tx, world)
        money = NewDeposit(form_key=new_id(), way=Way.BANKGIRO, received_on=NOW.date(), amount_minor=100)
        deposit = await deposits.book(tx, ACTOR, money, NOW, settings=world.house.settings)
        dispute, payout = await cards_of(tx, world)
        plan = await plans.create(tx, ACTOR, "Kajplan", Terms(fee_minor=9_900), NOW)
        account = await accounts.open_account(tx, ACTOR, world.driver, AccountDetails(name="Familjen Ek"), NOW)
        holder = Holder(account_id=account)
        subscription = await subscribing.begin(tx, ACTOR, holder, plan.plan_id, NOW, zone="Europe/Stockholm")
        prepaid, wallet_refund = await balances_of(tx, world)
        codes = tuple(await tx.values("SELECT code FROM connector ORDER BY code"))
    foreign = {
        "station_id": shown("sta", other),
        "site_id": shown("sit", world.other_site),
        "session_id": world.other_session,
        "command_id": shown("cmd", command),
        "batch_id": shown("bat", batch),
        "quarantine_id": shown("qua", quarantined),
        "driver_id": shown("drv", world.driver),
        "token_id": shown("tok", token),
        "tariff_id": world.tariff,
        "payment_id": world.payment,
        "invoice_id": world.invoice,
        "operator_id": shown("opr", member),
        "key_id": shown("key", key.id),
        "template_id": shown("cfg", template),
        "run_id": shown("run", run),
        "reservation_id": shown("rsv", reservation),
        "request_id": shown("cus", request),
        "image_id": shown("fmw", image),
        "campaign_id": shown("cmp", campaign),
        "file_id": shown("log", log_file),
        "mandate_id": shown("man", mandate),
        "collection_id": shown("col", collection),
        "bank_file_id": shown("bnk", bank_file),
        "deposit_id": shown("dep", deposit),
        "dispute_id": shown("dsp", dispute),
        "payout_id": shown("pot", payout),
        "prepaid_id": shown("ppb", prepaid),
        "wallet_refund_id": shown("wre", wallet_refund),
        "deed": "account",
        "plan_id": shown("pln", plan.plan_id),
        "account_id": shown("acc", account),
        "subscription_id": shown("sub", subscription),
        "root": root.hex,
        "certificate": str(new_id()),
        "event": str(new_id()),
        "evse": "1",
        "action": "reset",
        "number": "1510",
        "kind": "station",
        "version": "2.2.1",
    }
    named = {other.hex, world.other_site.hex, world.other_session[4:], quarantined.hex}
    return Field(world, create_app(world.house), foreign, frozenset({"Kajen 2", "KAJ-", "CP-2", *named}), codes)


async def cards_of(tx: Transaction, world: World) -> tuple[UUID, UUID]:
    """A disputed payment of the other site's session, and a payout."""
    payment, dispute, payout = new_id(), new_id(), new_id()
    await tx.execute(
        "INSERT INTO payment (id, purpose, session_id, driver_id, provider, provider_ref, state, currency,"
        " amount_minor, authorised_minor, captured_minor, created_at, updated_at)"
        " VALUES ($1, 'session', $2, $3, 'sandbox', 'ref-2', 'captured', 'SEK', 4900, 4900, 4900, $4, $4)",
        payment, UUID(world.other_session[4:]), world.driver, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO payment_dispute (id, payment_id, provider, provider_ref, state, currency, amount_minor, opened_at,"
        " updated_at) VALUES ($1, $2, 'sandbox', 'dp_1', 'needs_response', 'SEK', 4900, $3, $3)",
        dispute, payment, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO payout (id, provider, provider_ref, state, currency, amount_minor, arrives_on, made_at)"
        " VALUES ($1, 'sandbox', 'po_1', 'paid', 'SEK', 4900, $2, $3)",
        payout, NOW.date(), NOW,
    )  # fmt: skip
    return dispute, payout


async def direct_debit_of(tx: Transaction, world: World) -> tuple[UUID, UUID, UUID]:
    """A mandate, a collection by it, and the file that it stands in."""
    mandate, collection, file = new_id(), new_id(), new_id()
    await tx.execute(
        "INSERT INTO mandate (id, scheme, payer_number, driver_id, channel, state, created_at, updated_at)"
        " VALUES ($1, 'autogiro', '0000000000010009', $2, 'paper', 'active', $3, $3)",
        mandate, world.driver, NOW,
    )  # fmt: skip
    content = b"01"
    digest = hashlib.sha256(content)
    await tx.execute(
        "INSERT INTO bank_file (id, scheme, direction, number, name, sha256, content_sealed, size, made_at)"
        " VALUES ($1, 'autogiro', 'out', 1, 'AG-1.txt', $2, $3, 2, $4)",
        file, digest.hexdigest(), sealing.sealed(world.house.secrets, content, digest.digest()), NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO collection (id, kind, scheme, mandate_id, payment_id, attempt, reference, amount_minor, currency,"
        " due_on, state, file_id, created_at, updated_at)"
        " SELECT $1, 'collect', 'autogiro', $2, id, 1, 'F2026-00001-1', 100, 'SEK',"
        " $3::timestamptz::date, 'sent', $4, $3, $3"
        " FROM payment LIMIT 1",
        collection, mandate, NOW, file,
    )  # fmt: skip
    return mandate, collection, file


async def software_of(tx: Any, world: World) -> tuple[UUID, UUID, UUID]:
    """Return a firmware image, a campaign and a log that concern the other site."""
    image, campaign, log_file = new_id(), new_id(), new_id()
    await tx.execute(
        "INSERT INTO firmware_image (id, version, file_name, size_bytes, sha256, sha512, md5, signature_state,"
        " uploaded_by, uploaded_at) VALUES ($1, '2.0.0', 'f', 1, '', '', '', 'none', 'x', $2)",
        image, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO firmware_campaign (id, image_id, name, state, plan, created_by, reason, created_at, changed_at)"
        " VALUES ($1, $2, 'x', 'paused', '{}', 'x', 'x', $3, $3)",
        campaign, image, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO firmware_update (id, station_id, image_id, campaign_id, state, queued_at, changed_at)"
        " VALUES ($1, $2, $3, $4, 'queued', $5, $5)",
        new_id(), world.other_station, image, campaign, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO log_file (id, station_id, log, name, kind, size_bytes, sha256, received_at, received_by)"
        " VALUES ($1, $2, 'diagnostics', 'x', 'text', 1, '', $3, 'http')",
        log_file, world.other_station, NOW,
    )  # fmt: skip
    path = DirectoryShelf(world.house.settings.files_dir).path(LOGS, log_file)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    return image, campaign, log_file


async def balances_of(tx: Any, world: World) -> tuple[UUID, UUID]:
    """A batch of prepaid cards, and a driver's wish to get a balance back; with it a payment into that balance."""
    batch, refund = new_id(), new_id()
    await tx.execute(
        "INSERT INTO prepaid_batch (id, name, cards, amount_minor, currency, purpose, vat_percent, created_at,"
        " created_by) VALUES ($1, 'Kiosken', 1, 100, 'SEK', 'multi', 25, $2, 'x')",
        batch, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO prepaid_card (id, batch_id, place, code_hash, code_end, state)"
        " VALUES ($1, $2, 1, 'x', 'ABCD', 'made')",
        new_id(), batch,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO wallet_refund (id, driver_id, state, currency, amount_minor, asked_at, closed_at)"
        " VALUES ($1, $2, 'withdrawn', 'SEK', 100, $3, $3)",
        refund, world.driver, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO payment (id, purpose, driver_id, provider, state, currency, amount_minor, authorised_minor,"
        " captured_minor, created_at, updated_at)"
        " VALUES ($1, 'top_up', $2, 'sandbox', 'captured', 'SEK', 100, 100, 100, $3, $3)",
        TOP_UP, world.driver, NOW,
    )  # fmt: skip
    return batch, refund


async def tariffs_of(tx: Any, world: World) -> Any:
    (version,) = await tariffs.chosen(tx, [(world.station, "")])
    assert version is not None
    return version.body


@asynccontextmanager
async def with_cookies(field: Field, cookies: Mapping[str, str], address: str = "127.0.0.1") -> AsyncIterator[Browser]:
    """Yield a browser with these cookies, and no others, at this network address."""
    transport = httpx.ASGITransport(field.app, raise_app_exceptions=False, client=(address, 1))
    url = field.world.house.settings.web_url
    async with httpx.AsyncClient(transport=transport, base_url=url, cookies=dict(cookies)) as client:
        yield Browser(client)


async def driver_cookie(field: Field, email: str) -> dict[str, str]:
    """Sign a driver in by a link, as they do, and return the cookie."""
    async with field.world.house.database.transaction() as tx:
        link = await access.make_sign_in_link(tx, email, NOW, "")
        assert link is not None
        token = await access.use_sign_in_link(tx, link.token, NOW)
        assert token is not None
    return {security.cookie_name("driver", field.world.house.settings): token}


async def opened(field: Field, browser: Browser, path: str) -> httpx.Response:
    """Open a page; a stream that would go on for ever is ended after its first message."""
    asking = asyncio.create_task(browser.open(path))
    while not asking.done() and IS_STREAM.search(path):
        field.world.house.hints.publish([STOPPING])
        await asyncio.sleep(0.05)
    return await asking


async def test_every_page_for_every_role_and_nothing_of_a_site_that_is_not_ones_own(
    field: Field, signed_in: SignedIn
) -> None:
    pages = [each for each in addresses(field.app, "/console") if each.method == "GET"]
    wrong: dict[tuple[str, str], object] = {}
    there: set[str] = set()
    shown_to_admin: set[str] = set()
    for role in Role:
        browser = await signed_in(role, *((field.world.site,) if role is Role.SITE_HOST else ()))
        for page in pages:
            path = page.filled(field.foreign)
            query = next((text for end, text in QUERIES.items() if page.path.endswith(end)), "")
            query = query.format(**field.foreign)
            if "{kind" in page.path and role is not Role.SITE_HOST:
                continue  # a stream that goes on; that it is refused is what counts here
            answer = await opened(field, browser, path + query)
            may = page.needs is None or page.needs in PERMISSIONS[role]
            if (not may and answer.status_code != 403) or answer.status_code >= 500:
                wrong[role, path] = answer.status_code
            elif role is Role.ADMIN and answer.status_code in (200, 303):
                there.add(page.path)
                shown_to_admin |= {secret for secret in field.secrets if secret in answer.text} - named_in(answer)
            elif role is Role.SITE_HOST and may:
                if page.has_places and "tariff_id" not in page.path and answer.status_code not in HIDDEN:
                    wrong[role, path] = answer.status_code
                if told := {secret for secret in field.secrets if secret in answer.text} - named_in(answer):
                    wrong[role, path] = told
    assert wrong == {}
    assert shown_to_admin == field.secrets, "what is not shown to an administrator either proves nothing"
    missing = {page.path for page in pages if page.path not in there}
    assert missing == {"/console/live/{kind:str}"}, "what an administrator does not find either proves nothing"


def named_in(answer: httpx.Response) -> set[str]:
    """Return the ids that stood in the address already: repeating them tells nothing."""
    return set(re.findall(r"[0-9a-f]{32}", str(answer.request.url)))


async def test_no_search_filter_or_stream_of_a_site_host_reaches_another_site(
    field: Field, signed_in: SignedIn
) -> None:
    world, foreign = field.world, field.foreign
    browser = await signed_in(Role.SITE_HOST, world.site)
    filters = [
        "q=Kajen", "q=CP", "q=KAJ", f"site={foreign['site_id']}", f"station={foreign['station_id']}",
        f"site_id={foreign['site_id']}", "state=faulted", "state=silent", "sort=-seen", "sort=site", "page=2",
    ]  # fmt: skip
    wrong = {}
    for page in addresses(field.app, "/console"):
        if page.method != "GET" or page.has_places or page.needs not in PERMISSIONS[Role.SITE_HOST]:
            continue
        if "/live/" in page.path or "/_parts" in page.path:
            continue
        for query in filters:
            answer = await browser.open(f"{page.path}?{query}")
            told = {secret for secret in field.secrets if secret in answer.text} - named_in(answer)
            if answer.status_code >= 500 or told:
                wrong[page.path, query] = told or answer.status_code
    for kind in ("station", "site", "session", "command"):
        for also in ("", f"&station={shown('sta', world.station)}", f"&station={foreign['station_id']}"):
            path = f"/console/live/{kind}?id={foreign[f'{kind}_id']}{also}"
            if (status := (await browser.open(path)).status_code) != 404:
                wrong[path, ""] = status
    assert wrong == {}
    assert "Hamngatan 1" in (await browser.open("/console/stations?q=Hamngatan")).text


async def test_no_form_works_for_a_role_without_the_permission_and_nothing_changes(
    field: Field, signed_in: SignedIn
) -> None:
    forms = [each for each in addresses(field.app, "/console") if each.method != "GET"]
    assert {form.path for form in forms if form.needs is None} - {"/console/login"} == SIGNED_IN_IS_ENOUGH
    wrong = {}
    refused = 0
    for role in Role:
        browser = await signed_in(role, *((field.world.site,) if role is Role.SITE_HOST else ()))
        before = await field.changes()
        for form in forms:
            if form.needs is None or form.needs in PERMISSIONS[role]:
                continue
            answer = await browser.send(form.filled(field.foreign), reason="x", name="x", email="x@example.se")
            refused += 1
            if answer.status_code != 403:
                wrong[role, form.path] = answer.status_code
        assert await field.changes() == before, role
    assert wrong == {}
    assert refused > 100


async def test_nothing_answers_without_a_sign_in_but_what_is_meant_to(field: Field) -> None:
    everything = list(addresses(field.app))
    assert {(each.method, each.path) for each in everything} >= PUBLIC, "a public address is gone"
    places = {place: "0" * 32 for each in everything for place in re.findall(r"\{(\w+):", each.path)}
    wrong = {}
    before = await field.changes()
    for number, each in enumerate(everything):
        if (each.method, each.path) in PUBLIC:
            continue
        path = each.filled(places)
        # From an address of its own: who fails often is told to wait, which would hide what an address answers.
        async with with_cookies(field, {}, f"10.0.{number // 250}.{number % 250}") as nobody:
            if each.method == "PUT":
                answer = await nobody.client.request(each.method, path, json={})
            else:
                answer = await (nobody.open(path) if each.method == "GET" else nobody.send(path))
        to_a_door = re.match(r"/sign-in|/console/login", answer.headers.get("location", ""))
        expected = (404, 401) if path.startswith(BY_SECRET) else (401,)
        if answer.status_code not in expected and not (answer.status_code == 303 and to_a_door):
            wrong[each.method, each.path] = answer.status_code
    assert wrong == {}
    assert await field.changes() == before


async def test_no_form_from_another_place_is_taken_from_anybody(field: Field, signed_in: SignedIn) -> None:
    staff = await signed_in()
    cookies = {cookie.name: str(cookie.value) for cookie in staff.client.cookies.jar}
    cookies |= await driver_cookie(field, "ada@example.se")
    places = {
        **field.foreign,
        "code": field.codes[0],
        "invoice": field.world.invoice,
        "session": field.world.session,
        "invite_id": "ivt_" + "0" * 32,
        "member_id": "drv_" + "0" * 32,
        "token": "x" * 20,
        "card": "0" * 32,
        "key": "0" * 56,
        "reservation": "0" * 32,
    }
    wrong = {}
    async with with_cookies(field, cookies) as browser:
        before = await field.changes()
        for each in addresses(field.app):
            if each.method == "GET" or each.path.startswith(security.WITHOUT_COOKIES):
                continue
            for headers in FOREIGN:
                answer = await browser.client.request(
                    each.method, each.filled(places), headers=headers, data={"a": "b"}
                )
                if answer.status_code != 403 or "set-cookie" in answer.headers:
                    wrong[each.method, each.path, str(headers)] = answer.status_code
        assert wrong == {}
        assert await field.changes() == before
        for path in ("/api/v1/me", "/api/v1/stations", "/api/v1/audit"):
            assert (await browser.open(path)).status_code == 401, "a cookie is no key: no other page can use the API"


async def test_a_driver_finds_nothing_of_another_drivers(field: Field) -> None:
    own = {
        "member_id": "mbr_" + "0" * 32,
        "invite_id": "ivt_" + "0" * 32,
        "session": field.world.session,
        "invoice": field.world.invoice,
        "card": "0" * 32,
        "reservation": "0" * 32,
    }
    own["top_up"] = shown("pay", TOP_UP)
    # Asking for the page that saves a card is everybody's right, and leaves a row; so does taking one's own data.
    pages = [each for each in addresses(field.app, "/my") if each.path not in ("/my/paying/add", "/my/data.json")]
    wrong: dict[tuple[str, str], object] = {}
    ada, bo = await driver_cookie(field, "ada@example.se"), await driver_cookie(field, "bo@example.se")
    paths = {page.filled(own): page for page in pages}
    paths |= {f"{path}.pdf": page for path, page in paths.items() if page.path.endswith("{invoice:str}")}
    before = await field.changes()
    async with with_cookies(field, bo) as other:
        for path, page in paths.items():
            answer = await (other.open(path) if page.method == "GET" else other.send(path))
            if page.has_places and answer.status_code != 404:
                wrong["Bo", path] = answer.status_code
            for told in ("Ada", "ada@", "04A37F2C", field.world.session[4:], field.world.invoice[4:]):
                if told in answer.text and told not in path:
                    wrong["Bo", path] = told
    assert await field.changes() == before
    async with with_cookies(field, ada) as owner:
        for path, page in paths.items():
            if page.method == "GET" and (status := (await owner.open(path)).status_code) != 200:
                wrong["Ada", path] = status
    assert wrong == {}
    (name,) = ada
    staff = security.cookie_name("operator", field.world.house.settings)
    async with with_cookies(field, {staff: ada[name]}) as impostor:
        assert (await impostor.open("/console")).status_code == 303
    assert len(pages) > 6


async def test_a_member_of_staff_is_no_driver(field: Field, signed_in: SignedIn) -> None:
    browser = await signed_in()
    (token,) = [str(cookie.value) for cookie in browser.client.cookies.jar if cookie.name == "laddverk_staff"]
    async with with_cookies(field, {security.cookie_name("driver", field.world.house.settings): token}) as impostor:
        for path in ("/my", f"/my/sessions/{field.world.session}", f"/my/invoices/{field.world.invoice}"):
            assert (await impostor.open(path)).status_code == 303, path


async def test_no_driver_ever_sees_what_chargers_call_themselves(field: Field) -> None:
    site, world = field.foreign["site_id"], field.world
    seen = {}
    async with with_cookies(field, await driver_cookie(field, "ada@example.se")) as ada:
        started = await ada.send(f"/u/{field.codes[0]}/start")
        assert started.status_code == 303, started.text
        charge = started.headers["location"]
        places = {
            "site": site, "token": charge.rsplit("/", 1)[1], "session": world.session, "invoice": world.invoice,
            "mail": "0" * 32, "key": "0" * 56, "top_up": shown("pay", TOP_UP),
        }  # fmt: skip
        for each in addresses(field.app):
            if each.method != "GET" or each.path.startswith(("/console", "/api/")):
                continue
            for code in field.codes if "{code" in each.path else ("",):
                path = each.filled({**places, "code": code})
                seen[path] = await opened(field, ada, path)
        pdf = f"/my/invoices/{world.invoice}.pdf"
        seen[pdf] = await ada.open(pdf)
    assert seen[charge].status_code == 200
    assert "Hamngatan 1" in seen[charge].text
    for path, answer in seen.items():
        assert not IDENTITY.search(text_of(answer)), path
        assert not IDENTITY.search(str(answer.headers)), path
    read = [path for path, answer in seen.items() if answer.status_code == 200]
    assert len(read) > 15
    assert sum(path.endswith(".pdf") for path in read) == 2


def text_of(answer: httpx.Response) -> str:
    """Return what can be read in an answer, also in a PDF."""
    if answer.content.startswith(b"%PDF-"):
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    return answer.text
