"""An IMAP server that can misbehave, on loopback: one account, a few folders, as much of RFC 3501 as a reader needs."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

LINE_MAX: Final = 64 * 1024
RANGE: Final = re.compile(r"(\d+)(?::(\d+|\*))?")


@dataclass
class Kept:
    """A mail in a folder."""

    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Folder:
    """A folder; its numbering may begin anew."""

    uid_validity: int = 1
    uid_next: int = 1
    mails: list[Kept] = field(default_factory=list)

    def add(self, raw: bytes) -> Kept:
        """Put a mail into it."""
        kept = Kept(self.uid_next, raw)
        self.uid_next += 1
        self.mails.append(kept)
        return kept

    def renumber(self) -> None:
        """Give all mails other numbers, as a server does that was set up anew."""
        self.uid_validity += 1
        for number, kept in enumerate(self.mails, start=1):
            kept.uid = number
        self.uid_next = len(self.mails) + 1


@dataclass
class Account:
    """What the server holds, and how it behaves."""

    user: str = "support"
    password: str = "secret"  # noqa: S105 - of a simulator
    folders: dict[str, Folder] = field(default_factory=lambda: {"INBOX": Folder(), "Done": Folder()})
    capabilities: str = "IMAP4rev1 IDLE MOVE UIDPLUS AUTH=XOAUTH2"
    takes_token: Callable[[str], bool] = lambda _token: True
    """Whether a token lets somebody in (XOAUTH2)."""
    makes_folders: bool = True
    """Whether its user may make folders."""
    drops_after: int | None = None
    """It hangs up after so many commands of a connection."""
    drops_before: str = ""
    """It hangs up when this command comes, once."""
    connections: int = 0
    log_ins: list[str] = field(default_factory=list)
    port: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def deliver(self, raw: bytes, folder: str = "INBOX") -> Kept:
        """Let a mail arrive, and tell those who idle."""
        kept = self.folders[folder].add(raw)
        self._changed.set()
        self._changed = asyncio.Event()
        return kept

    @property
    def changed(self) -> asyncio.Event:
        """What is set when the next mail arrives."""
        return self._changed


@asynccontextmanager
async def serving(account: Account) -> AsyncIterator[Account]:
    """Serve `account` on a free port of loopback, which it then names."""
    tasks: set[asyncio.Task[None]] = set()

    def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_Connection(account, reader, writer).serve())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(met, "127.0.0.1", account.port, limit=LINE_MAX)
    account.port = server.sockets[0].getsockname()[1]
    try:
        yield account
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Connection:
    def __init__(self, account: Account, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._account = account
        self._reader = reader
        self._writer = writer
        self._folder: Folder | None = None
        self._count = 0

    async def serve(self) -> None:
        """Answer commands until the other side, or the account's manners, end it."""
        self._account.connections += 1
        self._say("* OK simulator ready")
        try:
            while await self._command():
                await self._writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            self._writer.close()

    async def _command(self) -> bool:
        line = (await self._reader.readline()).decode("utf-8", "replace").strip()
        tag, _, rest = line.partition(" ")
        name, _, args = rest.partition(" ")
        if name.upper() == "UID":
            sub, _, args = args.partition(" ")
            name = f"UID {sub}"
        name = name.upper()
        self._count += 1
        account = self._account
        if not line or (account.drops_after is not None and self._count > account.drops_after):
            return False
        if account.drops_before and name == account.drops_before:
            account.drops_before = ""
            return False
        answer = await self._answered(name, args)
        self._say(f"{tag} {answer}")
        return name != "LOGOUT"

    async def _answered(self, name: str, args: str) -> str:
        match name:
            case "LOGIN":
                return self._log_in(*[part.strip('"') for part in args.split(" ", 1)])
            case "AUTHENTICATE":
                return await self._authenticate(args)
            case "SELECT":
                return self._select(args.strip('"'))
            case "IDLE":
                await self._idle()
            case "CAPABILITY":
                self._say(f"* CAPABILITY {self._account.capabilities}")
            case "NOOP" | "LOGOUT":
                pass
            case _:
                return self._work(name, args)
        return "OK done"

    def _work(self, name: str, args: str) -> str:
        """Do something with the mails of the folder that was chosen."""
        if self._folder is None:
            return "BAD choose a folder first"
        match name:
            case "UID SEARCH":
                found = " ".join(str(kept.uid) for kept in self._found(args))
                self._say(f"* SEARCH {found}".rstrip())
            case "UID FETCH":
                self._fetch(args)
            case "UID STORE":
                self._store(args)
            case "UID MOVE" | "UID COPY":
                if args.partition(" ")[2].strip('"') not in self._account.folders:
                    return "NO [TRYCREATE] there is no such folder"
                self._copy(args, is_move=name == "UID MOVE")
            case "CREATE":
                if not self._account.makes_folders:
                    return "NO [NOPERM] you may not"
                self._account.folders.setdefault(args.strip('"'), Folder())
            case "UID EXPUNGE" | "EXPUNGE":
                self._folder.mails = [kept for kept in self._folder.mails if "\\Deleted" not in kept.flags]
            case _:
                return "BAD unknown"
        return "OK done"

    def _log_in(self, user: str, password: str) -> str:
        self._account.log_ins.append("LOGIN")
        is_right = (user, password) == (self._account.user, self._account.password)
        return "OK in" if is_right else "NO [AUTHENTICATIONFAILED] wrong name or password"

    async def _authenticate(self, args: str) -> str:
        self._account.log_ins.append(args.partition(" ")[0])
        self._say("+ ")
        await self._writer.drain()
        shown = base64.b64decode(await self._reader.readline()).decode().split("\x01")
        user, token = shown[0].removeprefix("user="), shown[1].removeprefix("auth=Bearer ")
        if user == self._account.user and self._account.takes_token(token):
            return "OK in"
        self._say("+ " + base64.b64encode(b'{"status":"400","schemes":"Bearer"}').decode())
        await self._writer.drain()
        is_empty = (await self._reader.readline()).strip() == b""
        return "NO [AUTHENTICATIONFAILED] the token is not taken" if is_empty else "BAD an empty line was waited for"

    def _select(self, name: str) -> str:
        self._folder = self._account.folders.get(name)
        if self._folder is None:
            return "NO there is no such folder"
        self._say(f"* {len(self._folder.mails)} EXISTS")
        self._say("* 0 RECENT")
        self._say("* FLAGS (\\Seen \\Deleted)")
        self._say(f"* OK [UIDVALIDITY {self._folder.uid_validity}] valid")
        self._say(f"* OK [UIDNEXT {self._folder.uid_next}] next")
        return "OK [READ-WRITE] selected"

    def _found(self, args: str) -> list[Kept]:
        assert self._folder is not None
        if "UNSEEN" in args.upper():
            return [kept for kept in self._folder.mails if "\\Seen" not in kept.flags]
        return self._named(args.upper().replace("UID", "").strip())

    def _named(self, text: str) -> list[Kept]:
        """Return the mails in a range; `*` is the last one, also where the range begins beyond it."""
        assert self._folder is not None
        found = RANGE.search(text)
        if found is None or not self._folder.mails:
            return []
        last = self._folder.mails[-1].uid
        first = int(found[1])
        end = last if found[2] == "*" else int(found[2] or first)
        low, high = min(first, end), max(first, end)
        return [kept for kept in self._folder.mails if low <= kept.uid <= high]

    def _fetch(self, args: str) -> None:
        assert self._folder is not None
        for kept in self._named(args.partition(" ")[0]):
            number = self._folder.mails.index(kept) + 1
            if "BODY" in args.upper():
                self._writer.write(f"* {number} FETCH (UID {kept.uid} BODY[] {{{len(kept.raw)}}}\r\n".encode())
                self._writer.write(kept.raw + b")\r\n")
            else:
                self._say(f"* {number} FETCH (UID {kept.uid} RFC822.SIZE {len(kept.raw)})")

    def _store(self, args: str) -> None:
        uids, _, what = args.partition(" ")
        for kept in self._named(uids):
            kept.flags |= set(re.findall(r"\\\w+", what))

    def _copy(self, args: str, *, is_move: bool) -> None:
        assert self._folder is not None
        uids, _, target = args.partition(" ")
        for kept in self._named(uids):
            self._account.folders[target.strip('"')].add(kept.raw)
            if is_move:
                self._folder.mails.remove(kept)

    async def _idle(self) -> None:
        """Tell of what arrives until the other side says DONE."""
        assert self._folder is not None
        known = len(self._folder.mails)
        self._say("+ idling")
        await self._writer.drain()
        done = asyncio.create_task(self._reader.readline())
        try:
            while not done.done():
                arrives = asyncio.create_task(self._account.changed.wait())
                await asyncio.wait({done, arrives}, return_when=asyncio.FIRST_COMPLETED)
                arrives.cancel()
                if len(self._folder.mails) != known:
                    known = len(self._folder.mails)
                    self._say(f"* {known} EXISTS")
                    await self._writer.drain()
        finally:
            done.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await done

    def _say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())
