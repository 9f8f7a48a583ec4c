"""One control connection of FTP (RFC 959): who it is, and the one file that it brings or fetches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import structlog

from laddverk.firmware import service
from laddverk.firmware.model import Link, Way
from laddverk.firmware.shelf import FIRMWARE, DirectoryShelf, TooLarge
from laddverk.kernel.problems import Problem
from laddverk.platform.database import Away
from laddverk.platform.house import House
from laddverk.web.files import kept, opened
from laddverk.web.ftp import addresses
from laddverk.web.ftp.data import CHUNK, Active, NoPort, Passive, Streams, finished

LINE_BYTES_MAX: Final = 1024  # the longest lines are a name of a file
COMMANDS_MAX: Final = 200  # a transfer takes about ten
TRIES_MAX: Final = 3  # to say who it is
WRONG_PAUSE_S: Final = 1.0
SILENCE_MAX_S: Final = 60.0
SESSION_MAX_S: Final = 6 * 3600.0  # 256 MiB over a mobile link at 100 kbit/s
HERE: Final = "/"

log = structlog.get_logger()


class Reply(Exception):
    """Ends a command with a code and a word."""

    def __init__(self, code: int, word: str) -> None:
        super().__init__(word)
        self.code = code
        self.word = word


class Ended(Exception):
    """The conversation is over."""


class Session:
    """Talks with one charger until it goes."""

    def __init__(
        self, house: House, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passive_ports: range
    ) -> None:
        self._house = house
        self._shelf = DirectoryShelf(house.settings.files_dir)
        self._reader, self._writer = reader, writer
        self._ports = passive_ports
        self._peer: str = writer.get_extra_info("peername")[0]
        self._local: str = addresses.plain(writer.get_extra_info("sockname")[0])
        self._user = ""
        self._tries = 0
        self._link_id: UUID | None = None
        self._from = 0
        self._data: Passive | Active | None = None

    async def run(self) -> None:
        """Talk. Never raises for what the charger does."""
        try:
            async with asyncio.timeout(SESSION_MAX_S):
                await self._say(220, "Ready.")
                for _ in range(COMMANDS_MAX):
                    await self._answer(await self._line())
        except (Ended, TimeoutError, OSError, ValueError):  # gone, silent, broken off, a line without end
            pass
        finally:
            self._drop_data()

    async def _line(self) -> str:
        async with asyncio.timeout(SILENCE_MAX_S):
            raw = await self._reader.readline()  # ValueError beyond LINE_BYTES_MAX
        if not raw.endswith(b"\n"):
            raise Ended
        return raw.decode("utf-8", "replace").strip("\r\n\0 ")

    async def _say(self, code: int, word: str) -> None:
        self._writer.write(f"{code} {word}\r\n".encode())
        async with asyncio.timeout(SILENCE_MAX_S):
            await self._writer.drain()

    async def _answer(self, line: str) -> None:
        verb, _, told = line.partition(" ")
        verb = verb.upper()
        try:
            if verb in OPEN:
                await OPEN[verb](self, told)
            elif verb not in MEMBERS:
                raise Reply(502, "Not here.")
            elif self._link_id is None:
                raise Reply(530, "Say who you are.")
            else:
                await MEMBERS[verb](self, told)
        except Reply as reply:
            await self._say(reply.code, reply.word)
        except TooLarge:
            await self._say(552, "The file is too large.")
        except Problem as problem:
            await self._say(550, str(problem).replace("\r", " ").replace("\n", " "))
        except Away as error:
            log.warning("ftp.database_away", error=repr(error))
            raise Ended from error

    # Who it is

    async def _takes_user(self, told: str) -> None:
        self._user, self._link_id = told.strip(), None
        raise Reply(331, "And the password?")

    async def _takes_password(self, told: str) -> None:
        """Let in who has the user and the password of a link that we made. Each session has a few tries, and slow."""
        self._link_id = service.ftp_link_behind(self._user, told, self._house.secrets.link_key)
        if self._link_id is not None:
            raise Reply(230, "Welcome.")
        self._tries += 1
        await asyncio.sleep(WRONG_PAUSE_S)
        await self._say(530, "That is wrong.")
        if self._tries >= TRIES_MAX:
            log.info("ftp.guessing", address=self._peer)
            raise Ended

    async def _quits(self, _: str) -> None:
        await self._say(221, "Goodbye.")
        raise Ended

    async def _tells_features(self, _: str) -> None:
        self._writer.write(b"211-What we know:\r\n EPSV\r\n EPRT\r\n REST STREAM\r\n SIZE\r\n")
        raise Reply(211, "End.")

    # Where the data goes

    async def _is_passive(self, _: str) -> None:
        told = self._house.settings.ftp_address
        address = told if addresses.passive_reply(told, 0) else self._local
        if addresses.passive_reply(address, 0) is None:
            raise Reply(425, "Use EPSV.")
        port = await self._listening()
        raise Reply(227, f"Entering Passive Mode ({addresses.passive_reply(address, port)}).")

    async def _is_passive_extended(self, told: str) -> None:
        if told.strip().upper() == "ALL":
            raise Reply(200, "Good.")
        raise Reply(229, f"Entering Extended Passive Mode (|||{await self._listening()}|)")

    async def _listening(self) -> int:
        self._drop_data()
        self._data = passive = Passive(self._peer)
        try:
            return await passive.listen(self._local, self._ports)
        except NoPort:
            raise Reply(425, "All ports are in use; try again later.") from None

    async def _is_active(self, told: str) -> None:
        self._goes_to(addresses.active_port(told, self._peer, extended=False))

    async def _is_active_extended(self, told: str) -> None:
        self._goes_to(addresses.active_port(told, self._peer, extended=True))

    def _goes_to(self, port: int | None) -> None:
        """Remember the port of its own that a charger names. Another address is refused: no bounce (RFC 2577)."""
        self._drop_data()
        if port is None:
            raise Reply(504, "Only to a port above 1023 of your own address.")
        self._data = Active(self._peer, port)
        raise Reply(200, "Good.")

    def _drop_data(self) -> None:
        if self._data is not None:
            self._data.close()
        self._data = None

    # The file

    async def _takes_mode(self, told: str) -> None:
        raise Reply(200, "Good.") if told.strip().upper() in ("S", "F") else Reply(504, "Streams of files only.")

    async def _stores(self, told: str) -> None:
        """Take the one log of an upload's link; what has come is known only when it came whole."""
        link = await self._opened(Way.UP)
        if self._from:
            raise Reply(554, "From the beginning, please.")
        with self._shelf.incoming(link.size_max_bytes) as incoming:
            async with self._transfer() as (reader, _):
                while chunk := await asyncio.wait_for(reader.read(CHUNK), SILENCE_MAX_S):
                    incoming.write(chunk)
            await kept(self._house, link, incoming, told, "ftp", self._peer)
        raise Reply(226, "Received.")

    async def _retrieves(self, _name: str) -> None:
        """Give the one image of a download's link, from where the charger goes on."""
        link = await self._opened(Way.DOWN)
        assert link.image_id is not None, "a link that gives is one to an image"
        path = self._shelf.path(FIRMWARE, link.image_id)
        if not path.is_file():
            raise Reply(550, "There is no such file.")
        with path.open("rb") as file:
            file.seek(self._from)
            self._from = 0
            async with self._transfer() as (_, writer):
                while chunk := await asyncio.to_thread(file.read, CHUNK):
                    writer.write(chunk)
                    await asyncio.wait_for(writer.drain(), SILENCE_MAX_S)
                await finished(writer)
        raise Reply(226, "Sent.")

    async def _opened(self, way: Way) -> Link:
        assert self._link_id is not None, "only members come here"
        link = await opened(self._house, self._link_id, way)
        if link is None:
            raise Reply(550, "There is no such file.")
        return link

    @asynccontextmanager
    async def _transfer(self) -> AsyncIterator[Streams]:
        """Yield a data connection, and close it. Raises `Reply` for one that is not made, or that breaks."""
        data = self._data
        if data is None:
            raise Reply(425, "Say PASV or PORT first.")
        try:
            await self._say(150, "Go on.")
            try:
                streams = await data.opened()
            except (OSError, TimeoutError):
                raise Reply(425, "There is no data connection.") from None
            try:
                yield streams
            except (OSError, TimeoutError):
                raise Reply(426, "The data connection broke off.") from None
        finally:
            self._drop_data()

    async def _tells_size(self, _: str) -> None:
        link = await self._opened(Way.DOWN)
        raise Reply(213, str(link.size_max_bytes))

    async def _restarts(self, told: str) -> None:
        if not (told.isascii() and told.isdigit() and len(told) <= 12):
            raise Reply(501, "That is no number.")
        self._from = int(told)
        raise Reply(350, "Good.")


def _answers(code: int, word: str) -> Callable[[Session, str], Awaitable[None]]:
    async def says(_session: Session, _told: str) -> None:
        raise Reply(code, word)

    return says


Verb = Callable[[Session, str], Awaitable[None]]

OPEN: Final[dict[str, Verb]] = {
    "USER": Session._takes_user,
    "PASS": Session._takes_password,
    "QUIT": Session._quits,
    "FEAT": Session._tells_features,
    "SYST": _answers(215, "UNIX Type: L8"),
    "NOOP": _answers(200, "Good."),
    "OPTS": _answers(200, "Good."),
}
"""What anybody may say."""
MEMBERS: Final[dict[str, Verb]] = {
    "PASV": Session._is_passive,
    "EPSV": Session._is_passive_extended,
    "PORT": Session._is_active,
    "EPRT": Session._is_active_extended,
    "STOR": Session._stores,
    "RETR": Session._retrieves,
    "SIZE": Session._tells_size,
    "REST": Session._restarts,
    "TYPE": _answers(200, "Good."),  # bytes go as they are, whatever it is called
    "MODE": Session._takes_mode,
    "STRU": Session._takes_mode,
    "ALLO": _answers(202, "No need."),
    "PWD": _answers(257, f'"{HERE}"'),
    "CWD": _answers(250, "Good."),  # every place is the same
    "CDUP": _answers(250, "Good."),
    "ABOR": _answers(226, "Nothing is under way."),
}
"""What one may say that has the user and the password of a link."""
