"""The client of an OpenADR 3 server (VTN): a token by client credentials, the program, and all of its events.

Written to the API of 3.0.1 and 3.1.0. The address comes from people, so it is asked as strangers' are: public
addresses, and private ones that the operator lists (LADDVERK_PRIVATE_HOSTS).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from laddverk.energy.signals.events import IMPORT_LIMIT
from laddverk.energy.signals.model import Setup, Unheard, Why
from laddverk.kernel.time import Clock
from laddverk.platform import outgoing

TIMEOUT_S: Final = 10.0
BYTES_MAX: Final = 2 * 1024 * 1024  # a page of fifty events by quarters of two days has some 700 KB
PAGE: Final = 50  # the most that a server gives at a time (API, `limit`)
PAGES_MAX: Final = 10  # five hundred events; a program has a handful
PROGRAM_PAGES_MAX: Final = 20
TOKEN_EARLY_S: Final = 30.0  # a token is not used up to its last second
TOKEN_MAX: Final = 4_096  # characters (API, clientCredentialResponse)
TOKEN_USUAL_S: Final = 300.0  # where nothing is said
AGAIN_MAX_S: Final = 900.0  # no server keeps us away longer
OK: Final = 200
TOKEN_WRONG: Final = (401, 403)
BUSY: Final = (429, 503)


class Answer(Struct, frozen=True, kw_only=True):
    """What a server told."""

    program_id: str
    program_name: str
    units: str
    """Of the program's limits, where events do not say their own; kW unless it says."""
    events: list[Any]
    is_whole: bool
    """All events were read."""
    clock_ahead: timedelta


class Client:
    """Asks one server. Keeps the token while it is good. Raises `Unheard` alone."""

    def __init__(self, setup: Setup, secret: str, clock: Clock, private_hosts: tuple[str, ...] = ()) -> None:
        self._setup, self._secret, self._clock, self._private = setup, secret, clock, private_hosts
        self._base = setup.url.rstrip("/")
        self._token, self._until = "", 0.0
        self._ahead = timedelta()

    async def ask(self) -> Answer:
        """Return the program and its events as they are now."""
        program = await self._program()
        query = {"programID": str(program.get("id", ""))}
        events, is_whole = await self._all("/events", query, PAGES_MAX)
        return Answer(
            program_id=query["programID"], program_name=str(program.get("programName") or ""), units=_units(program),
            events=events, is_whole=is_whole, clock_ahead=self._ahead,
        )  # fmt: skip

    async def programs(self) -> list[tuple[str, str]]:
        """Return the programs that we may see: id and name."""
        found, _whole = await self._all("/programs", {}, PROGRAM_PAGES_MAX)
        return [(str(one.get("id", "")), str(one.get("programName") or "")) for one in found if isinstance(one, dict)]

    async def _program(self) -> dict[str, Any]:
        wanted = self._setup.program
        found, _whole = await self._all("/programs", {}, PROGRAM_PAGES_MAX)
        for key in ("id", "programName"):
            for one in found:
                if isinstance(one, dict) and one.get(key) == wanted and one.get("id"):
                    return one
        raise Unheard(Why.NO_PROGRAM, wanted)

    async def _all(self, path: str, query: Mapping[str, str], pages_max: int) -> tuple[list[Any], bool]:
        """Return all of a list, page by page, and whether that was all."""
        found: list[Any] = []
        for page in range(pages_max):
            asked = urlencode({**query, "skip": page * PAGE, "limit": PAGE})
            told = await self._get(f"{path}?{asked}")
            if not isinstance(told, list):
                raise Unheard(Why.NOT_READABLE, f"{path}: {type(told).__name__}")
            found += told
            if len(told) < PAGE:
                return found, True
        return found, False

    async def _get(self, path: str) -> Any:
        """Return the JSON at a path. A token that is refused is asked for anew, once."""
        for attempt in (1, 2):
            headers = {"authorization": f"Bearer {await self._bearer()}", "accept": "application/json"}
            fetched = await self._fetch("GET", self._base + path, headers=headers)
            if fetched.status in TOKEN_WRONG and attempt == 1:
                self._token = ""
                continue
            return self._read(fetched, path)
        raise Unheard(Why.NOT_LET_IN, path)

    async def _bearer(self) -> str:
        loop = asyncio.get_running_loop()
        if self._token and loop.time() < self._until:
            return self._token
        form = {
            "grant_type": "client_credentials", "client_id": self._setup.client_id, "client_secret": self._secret,
        } | ({"scope": self._setup.scope} if self._setup.scope else {})  # fmt: skip
        fetched = await self._fetch(
            "POST", await self._token_url(), body=urlencode(form).encode(),
            headers={"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
        )  # fmt: skip
        if fetched.status in (400, *TOKEN_WRONG):
            raise Unheard(Why.NOT_LET_IN, f"token: {fetched.status}")
        told = self._read(fetched, "token")
        token = told.get("access_token") if isinstance(told, dict) else None
        if not isinstance(token, str) or not 0 < len(token) <= TOKEN_MAX or not token.isascii() or " " in token:
            raise Unheard(Why.NOT_READABLE, "token")
        lasts = told.get("expires_in")
        is_said = isinstance(lasts, int | float) and not isinstance(lasts, bool)
        lasts_s = float(lasts) if is_said else TOKEN_USUAL_S
        self._token, self._until = token, loop.time() + max(0.0, min(lasts_s, 86_400.0) - TOKEN_EARLY_S)
        return token

    async def _token_url(self) -> str:
        """Return where tokens come from. What a server says counts for its own host alone: we send our secret there."""
        if self._setup.token_url:
            return self._setup.token_url
        fetched = await self._fetch("GET", f"{self._base}/auth/server", headers={"accept": "application/json"})
        if fetched.status == OK:
            told = self._read(fetched, "auth/server")
            url = str(told.get("tokenURL") or "") if isinstance(told, dict) else ""
            if url and urlsplit(url)[:2] == urlsplit(self._base)[:2]:
                return url
            if url:
                raise Unheard(Why.NOT_ALLOWED, url)
        return f"{self._base}/auth/token"

    async def _fetch(self, method: str, url: str, *, headers: dict[str, str], body: bytes = b"") -> outgoing.Fetched:
        host = urlsplit(url).netloc
        try:
            fetched = await outgoing.fetch(
                method, url, body=body, headers=headers, hosts=(host if ":" in host else _with_port(url),),
                private_hosts=self._private, timeout_s=TIMEOUT_S, bytes_max=BYTES_MAX,
            )  # fmt: skip
        except outgoing.NotAllowed as error:
            raise Unheard(Why.NOT_ALLOWED, str(error)) from None
        except outgoing.NoAnswer as error:
            raise Unheard(Why.NO_ANSWER, str(error)) from None
        if fetched.date:
            self._ahead = ahead_of(fetched.date, self._clock())
        return fetched

    def _read(self, fetched: outgoing.Fetched, path: str) -> Any:
        if fetched.status in BUSY:
            raise Unheard(Why.BUSY, f"{path}: {fetched.status}", again_s(fetched.retry_after, self._clock()))
        if fetched.status in TOKEN_WRONG:
            raise Unheard(Why.NOT_LET_IN, f"{path}: {fetched.status}")
        if fetched.status >= 500:
            raise Unheard(Why.FAILED, f"{path}: {fetched.status}")
        if fetched.status != OK:
            raise Unheard(Why.REFUSED, f"{path}: {fetched.status}")
        try:
            return msgspec.json.decode(fetched.body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Unheard(Why.NOT_READABLE, f"{path}: {error}") from None


def _with_port(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{outgoing.PORTS.get(parts.scheme, 443)}"


def _units(program: Mapping[str, Any]) -> str:
    for one in program.get("payloadDescriptors") or []:
        if isinstance(one, dict) and one.get("payloadType") == IMPORT_LIMIT and one.get("units"):
            return str(one["units"])[:20]
    return "KW"


def ahead_of(date: str, now: datetime) -> timedelta:
    """Return how far a server's clock is ahead of ours; zero where it cannot be read. Pure."""
    try:
        said = parsedate_to_datetime(date)
        return said - now if said.tzinfo is not None else timedelta()
    except (ValueError, TypeError, OverflowError):
        return timedelta()


def again_s(retry_after: str, now: datetime) -> float:
    """Return how long a server wants to be left alone (RFC 9110, 10.2.3), at most a quarter of an hour. Pure."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(AGAIN_MAX_S, float(retry_after[:9]))
    ahead = ahead_of(retry_after, now).total_seconds() if retry_after else 0.0
    return min(AGAIN_MAX_S, max(0.0, ahead))
