"""Access tokens for mail servers that take no passwords (OAuth 2.0, RFC 6749 4.4 and 6; used as XOAUTH2).

What an authority needs to know of us stands in a file of the operator's (TOML). A token is kept in memory until shortly
before it ends. An authority may give a new refresh token with each answer and forget the old one: the newest is kept in
the state directory, readable by us alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import tomllib
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
import structlog
from msgspec import Struct

from laddverk.platform.outgoing import Fetched, NoAnswer, NotAllowed, checked, fetch

TIMEOUT_S: Final = 20.0
EARLY_S: Final = 120.0  # a token that ends while it is shown to a server is none
USUAL_S: Final = 600.0  # where the authority does not say how long one lasts
LASTS_MAX_S: Final = 86_400.0
TOKEN_MAX: Final = 16_384  # characters; tokens of Microsoft's have about 2,000
FILE_MAX: Final = 20_000  # bytes
TOLD_MAX: Final = 200  # characters of what an authority says
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
REMEDIES: Final = {
    "invalid_client": "client_id or client_secret is wrong, or the secret has run out",
    "invalid_grant": "the refresh token has ended or was taken back: give consent anew and put its token into the file",
    "invalid_scope": "the scope is none that this program was given",
    "unauthorized_client": "the program may not get tokens in this way: an administrator must allow it",
    "unsupported_grant_type": "the authority gives no tokens in this way",
    "access_denied": "an administrator must allow the program first",
}
"""What an error of RFC 6749 5.2 means for whoever has to mend it."""

log = structlog.get_logger()


class NoToken(Exception):
    """There is no token; the message says why, and what to do, without secrets."""

    def __init__(self, message: str, *, is_refused: bool = False) -> None:
        super().__init__(message)
        self.is_refused = is_refused
        """Whether the grant itself was refused: asking again with it will not help."""


class Grant(Struct, frozen=True, kw_only=True):
    """What the operator's file says."""

    token_url: str
    client_id: str
    client_secret: str = ""
    refresh_token: str = ""
    """Empty: the program acts for itself (client credentials)."""
    scope: str = ""

    @property
    def key(self) -> str:
        """What it is kept by: another grant in the file is another key."""
        told = "\0".join((self.token_url, self.client_id, self.client_secret, self.refresh_token, self.scope))
        return blake2b(told.encode(), digest_size=16).hexdigest()

    def form(self, refresh_token: str) -> dict[str, str]:
        """Return what the authority is asked; with `refresh_token`, else for the program itself."""
        asked = {"grant_type": "refresh_token" if refresh_token else "client_credentials", "client_id": self.client_id}
        given = {"client_secret": self.client_secret, "refresh_token": refresh_token, "scope": self.scope}
        return asked | {name: value for name, value in given.items() if value}


class _Told(Struct, frozen=True):
    token: str
    lasts_s: float
    refresh_token: str


class Tokens:
    """Tokens that this process has, by grant. Several who ask at once wait for one answer."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, float]] = {}
        self._turn = asyncio.Lock()

    async def of(self, file: Path, state_dir: Path) -> str:
        """Return a token by the grant in `file`, asked for when there is none that lasts. Raises `NoToken`."""
        grant = await asyncio.to_thread(grant_in, file)
        async with self._turn:
            token, until = self._kept.get(grant.key, ("", 0.0))
            now = asyncio.get_running_loop().time()
            if not token or now >= until:
                told = await _asked(grant, state_dir / "mail-tokens" / grant.key)
                token, until = told.token, now + max(0.0, told.lasts_s - EARLY_S)
                self._kept[grant.key] = (token, until)
            return token

    def forget(self, token: str) -> None:
        """Forget a token that a server refused: the next one is asked for."""
        self._kept = {key: kept for key, kept in self._kept.items() if kept[0] != token}


def grant_in(file: Path) -> Grant:
    """Return what a file says. Raises `NoToken` for one that cannot be read, or would send secrets in clear."""
    try:
        with file.open("rb") as opened:
            content = opened.read(FILE_MAX)
    except OSError as error:
        raise NoToken(f"{file.name} cannot be read: {type(error).__name__}") from error
    try:
        grant = msgspec.convert(tomllib.loads(content.decode()), Grant)
        parts = checked(grant.token_url, None)
    except (tomllib.TOMLDecodeError, UnicodeError, msgspec.ValidationError) as error:
        wanted = f"{file.name} must hold token_url, client_id and what XOAUTH2 needs"
        raise NoToken(f"{wanted}: {_short(str(error))}") from error
    except NotAllowed as error:
        raise NoToken(f"token_url in {file.name} is no address: {error}") from error
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise NoToken(f"token_url in {file.name} must begin with https: the secret would go in clear")
    if not grant.client_secret and not grant.refresh_token:
        raise NoToken(f"{file.name} has neither a client_secret nor a refresh_token")
    return grant


async def _asked(grant: Grant, kept: Path) -> _Told:
    """Ask with the newest refresh token; where that one is refused, with the one in the operator's file."""
    newest = await asyncio.to_thread(_newest, kept) if grant.refresh_token else ""
    tries = list(dict.fromkeys(each for each in (newest, grant.refresh_token) if each)) or [""]
    refused: NoToken | None = None
    for refresh_token in tries:
        try:
            told = await _ask(grant, refresh_token)
        except NoToken as error:
            if not error.is_refused:
                raise
            refused = error
            continue
        if told.refresh_token and told.refresh_token != refresh_token:
            await asyncio.to_thread(_keep, kept, told.refresh_token)
        return told
    assert refused is not None
    raise refused


async def _ask(grant: Grant, refresh_token: str) -> _Told:
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    body = urlencode(grant.form(refresh_token)).encode()
    try:
        fetched = await fetch("POST", grant.token_url, body=body, headers=headers, timeout_s=TIMEOUT_S)
    except (NoAnswer, NotAllowed) as error:
        raise NoToken(f"The authority of tokens does not answer: {_short(str(error))}") from error
    told = _object_in(fetched)
    if fetched.status != 200:
        raise _refusal(grant, refresh_token, fetched, told)
    token = told.get("access_token")
    if not isinstance(token, str) or not 0 < len(token) <= TOKEN_MAX or not _is_plain(token):
        raise NoToken("The authority of tokens answered with something that holds no token")
    new = told.get("refresh_token")
    is_new = grant.refresh_token and isinstance(new, str) and 0 < len(new) <= TOKEN_MAX and _is_plain(new)
    return _Told(token, _lasts_s(told.get("expires_in")), str(new) if is_new else "")


def _object_in(fetched: Fetched) -> dict[str, Any]:
    try:
        told = json.loads(fetched.body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _refusal(grant: Grant, refresh_token: str, fetched: Fetched, told: Mapping[str, Any]) -> NoToken:
    """Return what is wrong, in words: the error of RFC 6749 5.2 with its remedy, else the bare status."""
    error, said = told.get("error"), told.get("error_description")
    if fetched.status >= 500 or fetched.status == 429 or not isinstance(error, str):
        return NoToken(f"The authority of tokens answered {fetched.status}: it is asked again later")
    text = f"The authority of tokens refuses ({_short(error)}): {REMEDIES.get(error, 'see what it says')}"
    if isinstance(said, str) and said.strip():
        text += f". It says: {_short(_without(said, grant, refresh_token))}"
    return NoToken(text, is_refused=error == "invalid_grant")


def _without(text: str, grant: Grant, refresh_token: str) -> str:
    for secret in (grant.client_secret, grant.refresh_token, refresh_token):
        text = text.replace(secret, "…") if secret else text
    return text


def _lasts_s(told: object) -> float:
    """Return for how long a token lasts: seconds, also where an authority writes the number as text."""
    text = str(told) if isinstance(told, int | float | str) and not isinstance(told, bool) else ""
    try:
        lasts_s = float(text)
    except ValueError:
        return USUAL_S
    return min(lasts_s, LASTS_MAX_S) if lasts_s > 0 else USUAL_S


def _is_plain(text: str) -> bool:
    """Whether a token holds nothing that could end the line it is sent on (RFC 6750 2.1)."""
    return text.isascii() and text.isprintable() and " " not in text


def _short(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:TOLD_MAX]


def _newest(kept: Path) -> str:
    try:
        return kept.read_text(encoding="ascii")[:TOKEN_MAX].strip()
    except (OSError, UnicodeError):
        return ""


def _keep(kept: Path, refresh_token: str) -> None:
    """Write the newest refresh token so that there is always a whole one."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = kept.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            opened.write(refresh_token)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(kept)
    except OSError as error:
        # The token at hand still works; the one in the operator's file may not when it has ended.
        log.error("mail_tokens.not_kept", error=str(error))


TOKENS: Final = Tokens()
"""Those of this process: what mails go out by, and what the mailbox is read by."""
