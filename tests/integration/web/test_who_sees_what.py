"""Who sees what: every address of the program, taken from its own routes, asked by everybody who should not be told.

An address that is added later is in these tests by itself: it must need a sign-in unless it is listed here as public,
and what it shows of another's objects is looked for in the whole answer (T6, T8, T35, T37 of the security study).
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx
from litestar import Litestar
from pypdf import PdfReader

from laddverk.access import service as access
from laddverk.kernel.actors import PERMISSIONS, Permission, Role
from laddverk.kernel.ids import shown
from laddverk.web import security
from laddverk.web.console.door import NEEDS
from laddverk.web.live import STOPPING
from tests.integration.web.console.conftest import NOW, Browser, SignedIn
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world
from tests.integration.web.others import Field
from tests.integration.web.others import field as field
from tests.integration.web.others_money import TOP_UP

PUBLIC: Final = {
    ("GET", "/"),
    ("GET", "/u"),
    ("GET", "/u/{code:str}"),
    ("POST", "/u/{code:str}/pay"),
    ("POST", "/u/{code:str}/start"),  # leads to the sign-in
    ("POST", "/u/{code:str}/reserve"),  # leads to the sign-in
    ("GET", "/u/{code:str}/report"),
    ("POST", "/u/{code:str}/report"),  # whoever stands there may say that something is wrong
    ("GET", "/prepaid"),  # the code of a scanned card is behind the # of its address
    ("GET", "/places.json"),
    ("GET", "/places/{site:str}"),
    ("GET", "/help"),
    ("GET", "/help/articles/{slug:str}"),
    ("POST", "/help/articles/{slug:str}/helped"),  # counted once each reader
    ("GET", "/help/pictures/{picture:str}"),
    ("GET", "/robots.txt"),
    ("GET", "/sitemap.xml"),
    ("GET", "/u/{code:str}/report/thanks"),
    ("GET", "/help/write"),
    ("POST", "/help/write"),  # whoever is stuck may write
    ("GET", "/help/my-data"),
    ("POST", "/help/my-data"),  # shows and removes what a code from that address opens; counted by address
    ("GET", "/help/chat"),
    ("POST", "/help/chat"),  # whoever is stuck may chat; counted by address
    ("GET", "/chat-embed.js"),  # a script, where the operator names web sites for it
    ("GET", "/wish"),
    ("POST", "/wish"),  # anybody may say where a charger is missing; counted by address
    ("GET", "/favicon.ico"),
    ("GET", "/service-worker.js"),
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

BY_SECRET: Final = (
    "/s/", "/i/", "/join/", "/pay/swish/", "/webhooks/", "/demo/", "/phone", "/on-call/", "/visits/", "/help/cases/",
    "/help/chat/", "/help/rate/", "/receipts/",
)  # fmt: skip
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
IDENTITY: Final = re.compile(r"CP-[12]\b")
HIDDEN: Final = {403, 404}
IS_STREAM: Final = re.compile(
    r"/console/live/(now|incidents|fleet|remedies)$|/s/[^/]+/live$|/pay/swish/[^/]+/live$|/help/chat/[^/]+/live$"
)

QUERIES: Final = {
    "{kind:str}": "?id={station_id}",
    "/configuration/variable": "?component=EVSE&variable=Power",
    "/current/chart.json": "?evse=2",
    "/monitoring/stream.json": "?stream=1",
    "/cases/{case_id:str}/macro": "?macro={macro_id}",
    "/diagnosis/versions/one": "?vendor=Acme&model=Two&firmware=9",
}
"""What an address needs to be told beyond its path."""


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
                of_a_site = page.has_places and not re.search(r"\{(tariff_id|detector):", page.path)
                if of_a_site and answer.status_code not in HIDDEN:
                    wrong[role, path] = answer.status_code
                if told := {secret for secret in field.secrets if secret in answer.text} - named_in(answer):
                    wrong[role, path] = told
    assert wrong == {}
    assert shown_to_admin == field.secrets, "what is not shown to an administrator either proves nothing"
    missing = {page.path for page in pages if page.path not in there}
    assert missing == {"/console/live/{kind:str}", "/console/live/lists/{kind:str}"}, (
        "what an administrator does not find either proves nothing"
    )


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
        "button": "unlock",
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
        "device": "psh_" + "0" * 32,
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
            "mail": "0" * 32, "key": "0" * 56, "top_up": shown("pay", TOP_UP), "slug": "none",
            "picture": "0" * 32, "file_id": "0" * 32, "voice_name": f"{'0' * 32}.wav",
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
