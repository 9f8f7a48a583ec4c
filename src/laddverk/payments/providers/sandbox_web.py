"""The HTTP face of the built-in provider: an ASGI application with its interface for us and its page for people.

Mounted under `/sandbox`: `/sandbox/api/…` is called by the adapter with a bearer key, `/sandbox/pay/{ref}` is where a
person chooses a test card. It answers 404 to everything when the operator uses another provider.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import msgspec
from jinja2 import PackageLoader
from msgspec import Struct

from laddverk.payments.providers import sandbox_bank as bank
from laddverk.payments.providers import sandbox_money as money
from laddverk.payments.providers import sandbox_swish_web
from laddverk.payments.providers.sandbox_bank import MOUNT, URL_SAFE, Account, AnswerLost, Declined, TestCard
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import DEFAULT, SUPPORTED, gettext_for
from laddverk.platform.settings import Secrets
from laddverk.platform.templating import environment

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_MAX: Final = 16_384  # an order or a form has under 1 KB
LANGUAGE_COOKIE: Final = "language"  # the one that the pages of the web set
ABOUT_MONEY: Final = frozenset({"payouts", "payout-items", "disputes-of", "disputes"})
ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?")
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
PAGE_HEADERS: Final = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


class Answer(Struct, frozen=True):
    """One HTTP answer."""

    status: int
    body: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = {}


class Request(Struct, frozen=True):
    """One HTTP request, with its path below the mount."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: str = ""


def key_of(secrets: Secrets, purpose: str) -> str:
    """Return the key for `purpose` (`api` or `webhook`) that both sides know, derived from the installation's own."""
    return hmac.new(secrets.link_key, f"sandbox {purpose}".encode(), hashlib.sha256).hexdigest()


def application(house: House) -> Application:
    """Return the ASGI application of the bank."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        answer = await _answer(house, await _read(scope, receive))
        headers = {"content-type": answer.kind, "content-length": str(len(answer.body))} | answer.headers
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": answer.body})

    return handle


async def _read(scope: Scope, receive: Receive) -> Request:
    body = b""
    while len(body) <= BODY_MAX:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    path = str(scope["path"]).removeprefix(MOUNT)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], path, headers, body, scope.get("query_string", b"").decode("latin-1"))


async def _answer(house: House, request: Request) -> Answer:
    if house.settings.payment_provider != "sandbox":
        return Answer(404)
    if len(request.body) > BODY_MAX:
        return Answer(413)
    first, _, rest = request.path.strip("/").partition("/")
    if first == "style.css" and request.method == "GET":
        return Answer(200, STYLE, "text/css; charset=utf-8", {"cache-control": "max-age=3600"})
    if first == "pay":
        return await _page(house, request, rest)
    if first == "swish":
        return await _swish_app(house, request, rest)
    if first == "api":
        return await _api(house, request, rest)
    return Answer(404)


async def _swish_app(house: House, request: Request, token: str) -> Answer:
    """The page that plays the Swish app."""
    form = parse_qs(request.body.decode("utf-8", errors="replace")) if request.method == "POST" else {}
    shown = await sandbox_swish_web.screen(house, token, request.query, form, _language(request))
    if shown is None:
        return Answer(404, b"There is no such request.", "text/plain; charset=utf-8", PAGE_HEADERS)
    headers = PAGE_HEADERS | {"content-security-policy": POLICY}
    if shown.location:
        return Answer(303, headers=headers | {"location": shown.location})
    return Answer(200, shown.page.encode(), "text/html; charset=utf-8", headers)


async def _api(house: House, request: Request, path: str) -> Answer:
    wanted = f"Bearer {key_of(house.secrets, 'api')}".encode()
    if not hmac.compare_digest(wanted, request.headers.get("authorization", "").encode()):
        return Answer(401)
    given: dict[str, Any] = msgspec.json.decode(request.body) if request.body else {}
    if path.split("/")[0] in ABOUT_MONEY:
        return await _about_money(house, request.method, path.split("/"), given)
    lost = None
    async with house.database.transaction() as tx:
        try:
            account = await _called(tx, house, request.method, path.split("/"), given)
        except Declined as refusal:
            return Answer(402, msgspec.json.encode({"error": refusal.code}))
        if account is None:
            return Answer(404)
        key = f"{request.method} {path} {given.get('refund_id', '')}"
        if request.method == "POST" and "/" in path and bank.loses_answer(account, key):
            await bank.lose_answer(tx, account, key)
            lost = AnswerLost(key)
    house.worker.wake()
    if lost is not None:
        raise lost
    return Answer(200, msgspec.json.encode(bank.shown(account)))


async def _about_money(house: House, method: str, path: list[str], given: Mapping[str, Any]) -> Answer:
    async with house.database.transaction() as tx:
        found = await money.called(tx, method, path, given)
    house.worker.wake()
    return Answer(404) if found is None else Answer(200, msgspec.json.encode(found))


async def _called(
    tx: Transaction, house: House, method: str, path: list[str], given: Mapping[str, Any]
) -> Account | None:
    now = house.clock()
    match method, path:
        case "POST", ["payments"]:
            account = await bank.opened(tx, given, now)
            card = _card_of(given.get("card_ref"))
            return account if card is None else await _charged(tx, account, card, house)
        case "GET", ["orders", order_id]:
            return await bank.found(tx, now, order_id=order_id)
        case "GET", ["payments", ref]:
            return await bank.found(tx, now, ref=ref)
    account_or_none = await bank.found(tx, now, ref=path[1]) if len(path) == 3 and method == "POST" else None
    if account_or_none is None:
        return None
    match path[2]:
        case "raise":
            return await bank.raised(tx, account_or_none, int(given["amount_minor"]), now)
        case "capture":
            return await bank.captured(tx, account_or_none, int(given["amount_minor"]), now)
        case "cancel":
            return await bank.given_up(tx, account_or_none, now)
        case "refund":
            return await bank.refunded(tx, account_or_none, given["refund_id"], int(given["amount_minor"]), now)
    return None


async def _charged(tx: Transaction, account: Account, card: TestCard, house: House) -> Account:
    """Charge a saved card: a decline, or a bank that wants to ask the holder, ends it there and then."""
    if card == TestCard.CONFIRM:
        raise Declined("authentication_required")
    after = await bank.paid(tx, account, card, house.clock())
    if after.failure_code:
        raise Declined(after.failure_code)
    return after


def _card_of(card_ref: str | None) -> TestCard | None:
    if not card_ref:
        return None
    name = card_ref.removeprefix("card_").partition("_pi_sandbox_")[0]
    return TestCard(name) if name in set(TestCard) else TestCard.DECLINED


async def _page(house: House, request: Request, ref: str) -> Answer:
    form = parse_qs(request.body.decode("utf-8", errors="replace")) if request.method == "POST" else {}
    async with house.database.transaction() as tx:
        account = await bank.found(tx, house.clock(), ref=ref)
        if account is None:
            return Answer(404, b"There is no such payment.", "text/plain; charset=utf-8", PAGE_HEADERS)
        asks = False
        if request.method == "POST" and account.status == "open":
            account, asks = await _chosen(tx, house, account, form)
    house.worker.wake()
    headers = _headers(account)
    if account.status != "open":
        # Beside the house itself the path is enough: it also holds when people come by another name of the machine.
        back = account.return_url.removeprefix(house.settings.web_url)
        return Answer(303, headers=headers | {"location": quote(back, safe=URL_SAFE)})
    page = _rendered(account, _language(request), asks)
    return Answer(200, page.encode(), "text/html; charset=utf-8", headers)


def _headers(account: Account) -> dict[str, str]:
    """Return the headers of an account's page: its form may lead back to where the person came from, and only there."""
    back = urlsplit(account.return_url)
    origin = f"{back.scheme}://{back.netloc}"
    allowed = f" {origin}" if ORIGIN.fullmatch(origin) else ""
    return PAGE_HEADERS | {"content-security-policy": POLICY + allowed}


async def _chosen(
    tx: Transaction, house: House, account: Account, form: Mapping[str, list[str]]
) -> tuple[Account, bool]:
    """Return the account after what a person chose on the page, and whether the bank now asks for confirmation."""
    name, does = form.get("card", [""])[0], form.get("do", [""])[0]
    if does == "cancel":
        return await bank.given_up(tx, account, house.clock()), False
    if name not in set(TestCard):
        return account, False
    card = TestCard(name)
    if card == TestCard.CONFIRM and does == "refuse":
        card = TestCard.DECLINED
    if card == TestCard.CONFIRM and does != "confirm":
        return account, True
    return await bank.paid(tx, account, card, house.clock()), False


def _rendered(account: Account, language: str, asks: bool) -> str:
    words = gettext_for(language)
    cards = [(card.value, words(bank.CARD_TEXTS[card])) for card in TestCard]
    template = environment(PackageLoader("laddverk.payments"), language).get_template("sandbox.html")
    return template.render(payment=account, cards=cards, asks=asks, language=language, mount=MOUNT)


def _language(request: Request) -> str:
    """Return the language that was chosen in this browser, else the one it asks for."""
    cookies = (cookie.strip().partition("=") for cookie in request.headers.get("cookie", "").split(";"))
    chosen = [value for name, _, value in cookies if name == LANGUAGE_COOKIE]
    wishes = [*chosen, request.headers.get("accept-language", "")[:2].lower()]
    return next((wish for wish in wishes if wish in SUPPORTED), DEFAULT)


STYLE: Final = b"""
:root { color-scheme: light dark; --ink: light-dark(#1b1e23, #e8eaee); --soft: light-dark(#5b6472, #9aa4b2);
  --paper: light-dark(#f4f5f7, #14171b); --sheet: light-dark(#ffffff, #1d2126); --line: light-dark(#d9dde3, #353b44);
  --go: light-dark(#15693f, #4fc98a); --on-go: light-dark(#ffffff, #08140d); --warn: light-dark(#8a5a00, #f0b84a); }
* { box-sizing: border-box; margin: 0 }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); padding: 24px 16px }
main { max-width: 440px; margin: 0 auto; background: var(--sheet); border: 1px solid var(--line); border-radius: 6px;
  padding: 24px }
.note { color: var(--warn); font-size: 14px; margin-bottom: 20px }
h1 { font-size: 16px; font-weight: 500; color: var(--soft) }
.sum { font-size: 40px; line-height: 1.2; font-variant-numeric: tabular-nums; margin-bottom: 20px }
fieldset { border: 0; padding: 0 }
form + form { margin-top: 24px }
legend { font-size: 14px; color: var(--soft); padding: 0 0 4px }
label { display: flex; gap: 12px; align-items: center; min-height: 48px; padding: 6px 0;
  border-top: 1px solid var(--line) }
input { width: 20px; height: 20px; accent-color: var(--go); flex: none }
button { width: 100%; min-height: 48px; border-radius: 6px; font: inherit; font-weight: 600; margin-top: 16px;
  cursor: pointer; border: 1px solid var(--go); background: var(--go); color: var(--on-go) }
button.quiet { background: none; border-color: var(--line); color: var(--ink); font-weight: 400; margin-top: 8px }
button:focus-visible, input:focus-visible { outline: 2px solid var(--ink); outline-offset: 2px }
.refused { border-left: 3px solid var(--warn); padding-left: 12px; margin-bottom: 16px }
"""
