"""One mailbox of support, read by IMAP in a thread of its own (RFC 3501, IDLE RFC 2177, MOVE RFC 6851).

A mail counts as taken once it is kept here; only then is it moved or marked there. How far a mailbox was read is kept
in the database, so that neither a restart of ours nor a new numbering of theirs (UIDVALIDITY) loses a mail: what comes
twice is known by its id.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import structlog
from imapclient import IMAPClient  # type: ignore[import-untyped]  # it carries no types
from imapclient.exceptions import IMAPClientError, LoginError  # type: ignore[import-untyped]  # it carries no types
from msgspec import Struct

from laddverk.support.mail.service import SIZE_MAX

TIMEOUT_S: Final = 30.0  # a server that says nothing for so long has gone
IDLE_LOOK_S: Final = 2.0  # how soon an end is noticed
IDLE_MAX_S: Final = 60.0  # what comes between a search and IDLE is told to nobody: it is looked for after this
POLL_S: Final = 30.0  # where the server knows no IDLE
SEEN: Final = rb"\Seen"
FAULTS: Final = (IMAPClientError, OSError, ssl.SSLError, ValueError, KeyError, EOFError, AssertionError)
"""What the library raises for servers that go, lie, or speak nonsense."""

log = structlog.get_logger()


class Trouble(Exception):
    """A mailbox cannot be read; the message says why, without secrets."""


class Place(Struct, frozen=True, kw_only=True):
    """Where a mailbox is and how one gets in."""

    host: str
    port: int
    is_tls: bool
    user: str
    folder: str
    done: str = ""

    @property
    def name(self) -> str:
        """What it is called on our pages."""
        return f"{self.user}/{self.folder}"


class Progress(Struct, frozen=True):
    """How far a mailbox was read; zeros for one that never was."""

    uid_validity: int = 0
    last_uid: int = 0


class Hands(Struct, frozen=True, kw_only=True):
    """What a reader needs of the house. Each waits until it is done, and may raise `Trouble`."""

    secret: Callable[[], tuple[str, bool]]
    """The password, or a token (True)."""
    forget: Callable[[str], None]
    """Forget a token that the server refused."""
    progress: Callable[[], Progress]
    take: Callable[[bytes], None]
    """Keep a mail; it is kept when this returns."""
    note: Callable[[Progress], None]
    tell: Callable[[str], None]
    """Show what is wrong, though mail is read."""


def place_of(url: str, done: str) -> Place:
    """Return the mailbox that a setting names. Raises `Trouble` for one that would send secrets in clear."""
    parts = urlsplit(url)
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username:
        raise Trouble("LADDVERK_SUPPORT_IMAP_URL must be like imaps://name@host/INBOX")
    is_tls = parts.scheme == "imaps"
    if not is_tls and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise Trouble("imap:// is in clear, and for this machine alone: use imaps://")
    return Place(
        host=parts.hostname, port=parts.port or (993 if is_tls else 143), is_tls=is_tls, user=unquote(parts.username),
        folder=unquote(parts.path.strip("/")) or "INBOX", done=done,
    )  # fmt: skip


class Reader:
    """Reads one mailbox until it is told to stop, or something goes wrong."""

    def __init__(self, place: Place, hands: Hands, stop: threading.Event) -> None:
        self._place = place
        self._hands = hands
        self._stop = stop
        self._progress = Progress()
        self._not_moved = ""
        """Why the last mail could not be moved away; it is marked as seen where it is."""

    def run(self) -> None:
        """Take what is there, then what comes. Raises `Trouble`."""
        try:
            client = self._connected()
        except FAULTS as error:
            raise Trouble(_plain(error)) from error
        try:
            self._read(client)
        except FAULTS as error:
            raise Trouble(_plain(error)) from error
        finally:
            _close(client)

    def _connected(self) -> IMAPClient:
        place = self._place
        secret, is_token = self._hands.secret()
        client = IMAPClient(place.host, port=place.port, ssl=place.is_tls, timeout=TIMEOUT_S)
        try:
            if is_token:
                self._show_token(client, secret)
            else:
                client.login(place.user, secret)
        except (*FAULTS, Trouble):
            _close(client)
            raise
        return client

    def _show_token(self, client: IMAPClient, token: str) -> None:
        """Log in with a token (XOAUTH2). What is wrong with it the server says first, and waits for an empty line."""
        answers = iter([f"user={self._place.user}\x01auth=Bearer {token}\x01\x01".encode()])
        said: list[bytes] = []

        def answered(challenge: bytes) -> bytes:
            said.append(challenge)
            return next(answers, b"")

        try:
            client.sasl_login("XOAUTH2", answered)
        except LoginError as error:
            self._hands.forget(token)
            why = _line(b" ".join(said[1:]).decode("utf-8", "replace"))
            raise Trouble(f"The mail server does not take the token: {_plain(error)} {why}".strip()) from error

    def _read(self, client: IMAPClient) -> None:
        can_idle = client.has_capability("IDLE")
        chosen = client.select_folder(self._place.folder)
        validity = int(chosen[b"UIDVALIDITY"])
        known = self._hands.progress()
        self._progress = known if known.uid_validity == validity else Progress(validity, 0)
        is_first = known.uid_validity != validity
        while not self._stop.is_set():
            self._take_new(client, is_first=is_first)
            is_first = False
            if can_idle:
                self._idle(client)
            else:
                self._stop.wait(POLL_S)
                client.noop()

    def _take_new(self, client: IMAPClient, *, is_first: bool) -> None:
        """Take all mails that are new. After a new numbering all are, and are known again by their ids."""
        last = self._progress.last_uid
        # A range beyond the end names the last mail (RFC 3501 6.4.8): what is not above is left out.
        found = sorted(uid for uid in client.search(["UNSEEN"] if is_first else ["UID", f"{last + 1}:*"]) if uid > last)
        for uid in found:
            if self._stop.is_set():
                return
            self._take(client, uid)
        self._note(max([last, *found]))

    def _take(self, client: IMAPClient, uid: int) -> None:
        size = client.fetch([uid], ["RFC822.SIZE"]).get(uid, {}).get(b"RFC822.SIZE", 0)
        if int(size) > SIZE_MAX:
            log.warning("mail.too_large", mailbox=self._place.name, uid=uid, size=int(size))
            return
        # PEEK: it is not read until it is kept here.
        answer = client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {})
        raw = answer.get(b"BODY[]")
        if not isinstance(raw, bytes):
            return  # taken away meanwhile, by somebody else
        self._hands.take(raw)
        self._put_away(client, uid)
        self._note(uid)

    def _put_away(self, client: IMAPClient, uid: int) -> None:
        """Mark a mail and move it, making the folder where there is none. What cannot be moved holds nobody else up."""
        client.add_flags([uid], [SEEN], silent=True)
        if not self._place.done:
            return
        try:
            try:
                self._move(client, uid)
            except IMAPClientError:
                client.create_folder(self._place.done)
                self._move(client, uid)
            self._not_moved = ""
        except IMAPClientError as error:
            self._not_moved = f"Mails are taken, but not moved to {self._place.done}: {_plain(error)}"

    def _move(self, client: IMAPClient, uid: int) -> None:
        if client.has_capability("MOVE"):
            client.move([uid], self._place.done)
            return
        client.copy([uid], self._place.done)
        client.delete_messages([uid], silent=True)
        client.expunge([uid] if client.has_capability("UIDPLUS") else None)

    def _note(self, uid: int) -> None:
        self._progress = Progress(self._progress.uid_validity, max(uid, self._progress.last_uid))
        self._hands.note(self._progress)
        if self._not_moved:
            self._hands.tell(self._not_moved)

    def _idle(self, client: IMAPClient) -> None:
        """Wait until the server tells of something, a minute at most."""
        client.idle()
        try:
            waited_s = 0.0
            while not self._stop.is_set() and waited_s < IDLE_MAX_S:
                if any(_is_new(line) for line in client.idle_check(timeout=IDLE_LOOK_S)):
                    break
                waited_s += IDLE_LOOK_S
        finally:
            client.idle_done()


def _is_new(line: Any) -> bool:
    """Return whether a line of the server may mean a new mail; `BYE` ends the line."""
    if isinstance(line, tuple) and line and line[0] == b"BYE":
        raise Trouble("The server says good-bye")
    return isinstance(line, tuple) and len(line) > 1 and line[1] in (b"EXISTS", b"RECENT")


def _plain(error: BaseException) -> str:
    text = str(error)
    if text.startswith(("b'", 'b"')):  # the library shows what servers say as Python writes bytes
        text = text[2:-1]
    return _line(text) or type(error).__name__


def _line(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())[:200]


def _close(client: IMAPClient) -> None:
    try:
        client.shutdown()
    except FAULTS:
        return
