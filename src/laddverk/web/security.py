"""What guards every page: cookies, same-origin checks and headers.

Nothing here knows a business rule. A request that changes something must come from our own pages: the browser says so
in `Sec-Fetch-Site` or `Origin`, which a foreign page cannot forge. Callers without cookies (`/api`, `/webhooks`) prove
themselves by key or signature instead.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.handlers import BaseRouteHandler
from litestar.types import Message, Scope

from laddverk.kernel.problems import NotAllowed, TooMany
from laddverk.platform.house import House
from laddverk.platform.settings import Settings

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
WITHOUT_COOKIES: Final = ("/api/", "/webhooks/")  # callers that no browser sends on somebody else's behalf
NO_COOKIES: Final = "no_cookies"  # the same, as an option of a handler: a mounted one does not see its whole path
STATIC: Final = "/static/"
CHAT: Final = "/help/chat"
SOFTPHONE: Final = "/console/softphone"
CHAT_SCRIPT: Final = "/chat-embed.js"
ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
STATIC_CACHING: Final = "public, max-age=31536000, immutable"  # the address changes when the content does

COOKIE_NAMES: Final = {"operator": "laddverk_staff", "driver": "laddverk_driver"}
"""Two names, so that one browser can be signed in as staff and as a driver at once."""

STAFF_COOKIE_S: Final = 7 * 86_400  # the database ends it earlier when it is not used
DRIVER_COOKIE_S: Final = 90 * 86_400
PREFERENCE_COOKIE_S: Final = 365 * 86_400

BODY_MAX_BYTES: Final = 1_000_000  # the largest form is a page of text; imports ask for more by themselves
IMPORT_MAX_BYTES: Final = 5_000_000  # about 100 000 lines of a tag list

ATTEMPTS_MAX: Final = 20  # failures of one address within the window; one address may be a whole office
ATTEMPT_WINDOW_S: Final = 300.0
ATTEMPT_ADDRESSES_MAX: Final = 10_000  # bounds the memory that a flood of addresses can take

PAYMENT_PAGES: Final = {"stripe": "https://checkout.stripe.com"}
"""Where a payment form may lead: Chromium holds `form-action` against redirects too."""


def is_https(settings: Settings) -> bool:
    """Return whether people reach us over TLS."""
    return settings.web_url.startswith("https://")


def cookie_name(kind: str, settings: Settings) -> str:
    """Return the name of the sign-in cookie of `kind` (operator, driver): `__Host-` where the browser allows it."""
    return ("__Host-" if is_https(settings) else "") + COOKIE_NAMES[kind]


def sign_in_cookie(kind: str, token: str, settings: Settings) -> Cookie:
    """Return the cookie that carries `token`; an empty token takes it away."""
    lasts_s = STAFF_COOKIE_S if kind == "operator" else DRIVER_COOKIE_S
    return Cookie(
        key=cookie_name(kind, settings),
        value=token,
        max_age=lasts_s if token else 0,
        path="/",
        httponly=True,
        secure=is_https(settings),
        samesite="lax",
    )


def preference_cookie(key: str, value: str, settings: Settings) -> Cookie:
    """Return a cookie that remembers a choice of language or theme."""
    return Cookie(
        key=key, value=value, max_age=PREFERENCE_COOKIE_S, httponly=True, secure=is_https(settings), samesite="lax"
    )


def comes_from_us(method: str, path: str, headers: dict[str, str], settings: Settings) -> bool:
    """Return whether a request may change something: it reads only, carries no cookie, or comes from our own pages.

    `headers` are in lower case. A browser always sends `Sec-Fetch-Site` or `Origin` with such a request; one that
    sends neither is not a browser, and has no business with our forms.
    """
    if method in SAFE_METHODS or path.startswith(WITHOUT_COOKIES):
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(headers.get("origin", ""))
    ours = {headers.get("host", ""), urlsplit(settings.web_url).netloc}
    return bool(origin.netloc) and origin.netloc in ours


def content_security_policy(settings: Settings, path: str = "") -> str:
    """Return the policy of the page `path`: everything from us, nothing inline, framed by nobody.

    The drivers' chat alone may be framed, by the operator's own web sites and nobody else.
    """
    frames = " ".join(framed_by(settings, path)) or "'none'"
    payment_page = PAYMENT_PAGES.get(settings.payment_provider, "")
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "media-src 'self'",
            f"connect-src 'self' {_telephone_exchange(settings, path)}".strip(),
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "base-uri 'none'",
            f"frame-ancestors {frames}",
            f"form-action 'self' {payment_page}".strip(),
        )
    )


def _telephone_exchange(settings: Settings, path: str) -> str:
    """Return the origin that the phone in the browser speaks to, for its own page alone; '' for any other."""
    given = urlsplit(settings.softphone_url)
    return f"{given.scheme}://{given.netloc}" if path == SOFTPHONE and given.scheme in ("ws", "wss") else ""


def framed_by(settings: Settings, path: str) -> tuple[str, ...]:
    """Return the origins that may show the page `path` in a frame. What is no origin of a web site is none."""
    if not (path == CHAT or path.startswith(f"{CHAT}/")):
        return ()
    given = (origin.strip().rstrip("/") for origin in settings.chat_origins.split(","))
    return tuple(origin for origin in given if ORIGIN.fullmatch(origin))


def headers_for(path: str, settings: Settings) -> dict[str, str]:
    """Return the headers that every answer to `path` carries."""
    microphone = "self" if settings.softphone_url and path == SOFTPHONE else ""
    headers = {
        "content-security-policy": content_security_policy(settings, path),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": f"camera=(), microphone=({microphone}), geolocation=(), payment=()",
    }
    if is_https(settings):
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    if path == CHAT_SCRIPT and settings.chat_origins:
        headers["cross-origin-resource-policy"] = "cross-origin"  # that other sites load it is what it is for
    headers["cache-control"] = STATIC_CACHING if path.startswith(STATIC) else "no-store"
    return headers


def headers_on_everything(settings: Settings) -> Callable[[Message, Scope], Awaitable[None]]:
    """Return the hook that puts the headers on every answer, also on those that no handler made."""

    async def put_headers(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            for name, value in headers_for(scope["path"], settings).items():
                headers[name] = value

    return put_headers


async def refuse_foreign(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard everything: raises `NotAllowed` when a change does not come from our own pages."""
    if handler.opt.get(NO_COOKIES):
        return
    house: House = connection.app.state["house"]
    scope = connection.scope
    given = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if not comes_from_us(str(scope.get("method", "GET")), scope["path"], given, house.settings):
        raise NotAllowed(
            "This form was not sent from our own pages, so nothing was done.",
            remedy="Open the page anew and try again.",
        )


def remote_address(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Return the address that the request came from, as the web server tells it (behind a proxy: set there)."""
    return connection.client.host if connection.client else ""


def safe_next(wanted: str, fallback: str) -> str:
    """Return `wanted` when it is a path of ours, else `fallback`: a sign-in never leads to another host."""
    if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable():
        return wanted
    return fallback


class Attempts:
    """How often each address failed lately. In memory: forgetting it at a restart does no harm."""

    def __init__(self, attempts_max: int = ATTEMPTS_MAX, window_s: float = ATTEMPT_WINDOW_S) -> None:
        self._attempts_max = attempts_max
        self._window_s = window_s
        self._seen: dict[str, deque[float]] = {}

    def count(self, address: str, now: datetime) -> None:
        """Count one more failure of `address`. Raises `TooMany` when there were too many in the window."""
        at = now.timestamp()
        if len(self._seen) >= ATTEMPT_ADDRESSES_MAX:
            self._forget(at)
        times = self._seen.setdefault(address, deque())
        _drop(times, at - self._window_s)
        if len(times) >= self._attempts_max:
            raise TooMany(
                "There were too many attempts from your network.",
                remedy="Wait %(minutes)s minutes and try again.",
                minutes=int(self._window_s // 60),
            )
        times.append(at)

    def _forget(self, at: float) -> None:
        for times in self._seen.values():
            _drop(times, at - self._window_s)
        self._seen = {address: times for address, times in self._seen.items() if times}
        while len(self._seen) >= ATTEMPT_ADDRESSES_MAX:
            self._seen.pop(next(iter(self._seen)))


def _drop(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
