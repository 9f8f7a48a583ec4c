"""Listens to Asterisk: its events over a WebSocket become calls in the menu, and acts become requests to it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from laddverk.kernel.problems import Problem
from laddverk.notices.sms.port import Refused, Unanswered
from laddverk.platform.database import Away
from laddverk.platform.house import House
from laddverk.support.phone import queries, service, store, voices
from laddverk.support.phone.model import Act, Call, Then
from laddverk.support.phone.providers import ari_calls
from laddverk.support.phone.providers.ari import Heard, Kind, Lines
from laddverk.support.phone.service import Ringing, key_of

AGAIN_S: Final = 5.0  # Asterisk is restarted, or not there yet
EVENT_MAX: Final = 256 * 1024
SECONDS_A_LETTER: Final = 0.07  # how long a voice takes; the while to answer begins after it

log = structlog.get_logger()


async def listen(house: House) -> None:
    """Listen for as long as the house runs; without Asterisk there is nothing to listen to."""
    if not house.settings.ari_url:
        await asyncio.Event().wait()
    while True:
        try:
            await Listener(house).run()
        except (OSError, WebSocketException, InvalidHandshake, *Away) as error:
            log.warning("ari.away", error=repr(error))
        await asyncio.sleep(AGAIN_S)


class Listener:
    """One connection to Asterisk."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.lines = Lines(house.settings)
        self._later: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Read events until the connection ends."""
        settings = self._house.settings
        query = urlencode({"app": settings.ari_app, "api_key": f"{settings.ari_user}:{settings.ari_password}"})
        url = settings.ari_url.rstrip("/").replace("http", "ws", 1) + f"/ari/events?{query}"
        try:
            async with connect(url, max_size=EVENT_MAX, proxy=None) as socket:
                log.info("ari.connected")
                await self._ask((ari_calls.quieter(settings),))
                self._keep(self._take_at_once())
                async for message in socket:
                    await self.hear(message)
        finally:
            for task in list(self._later):
                task.cancel()

    async def hear(self, message: str | bytes) -> None:
        """Take in one event; what is wrong with one call leaves the others alone."""
        try:
            event: Any = msgspec.json.decode(message)
        except (msgspec.DecodeError, RecursionError):
            return
        if isinstance(event, dict):
            await self.act_on(self.lines.hear(event))

    async def act_on(self, heard: Heard) -> None:
        """Do what an event asks for, and tell Asterisk what comes next."""
        await self._ask(heard.requests)
        if heard.kind is None:
            return
        try:
            async with self._house.database.transaction() as tx:
                next_act = await self._hear(tx, heard)
        except Problem as problem:
            log.warning("ari.not_done", kind=heard.kind.value, error=str(problem))
            return
        self._house.worker.wake()
        if next_act is not None:
            call, act, voice = next_act
            is_done = await self._ask(self.lines.told(heard.channel, act, call.turn, voice))
            if act.then is Then.CONNECT and not is_done:  # nobody is registered there: the next of ours is asked
                await self.act_on(self.lines.unanswered(heard.channel, call.turn))
            elif act.then in (Then.GATHER, Then.CONNECT):
                self._wait(heard.channel, call.turn, act)

    async def _hear(self, tx: Any, heard: Heard) -> tuple[Call, Act, str] | None:
        house, now, key = self._house, self._house.clock(), key_of("ari", heard.channel)
        if heard.kind is Kind.OUT:
            return await self._ring_other(tx, heard)
        if heard.kind is Kind.RINGS:
            call, act = await service.ring(tx, house, Ringing("ari", heard.channel, heard.phone, heard.our_number), now)
        elif heard.kind in (Kind.PRESSED, Kind.NOT_ANSWERED):
            known = await store.by_key(tx, key)
            keys = heard.keys if heard.kind is Kind.PRESSED else "failed"
            call, act = await service.press(tx, house, key, known.turn if known else 0, keys, now)
        elif heard.kind is Kind.ANSWERED:
            await service.answered(tx, house, key, now)
            return None
        elif heard.kind is Kind.RECORDED:
            await service.record(tx, house, key, heard.url, heard.keys, now)
            return None
        else:
            await service.hang_up(tx, house, key, now)
            return None
        can_speak = bool(house.settings.speech_command)
        name = await voices.named(tx, house, act.text, act.language, now) if act.text and can_speak else ""
        return call, act, voices.address(house, name) if name else ""

    async def _ring_other(self, tx: Any, heard: Heard) -> tuple[Call, Act, str] | None:
        """One of ours has picked up: the call gets the name of their channel, and the other side is rung."""
        try:
            call = await store.by_id(tx, UUID(heard.call_id))
        except ValueError:
            return None
        if call is None or call.direction != "out" or call.ended_at is not None:
            return None
        await store.rename(tx, call.id, key_of("ari", heard.channel))
        return call, Act(then=Then.CONNECT, number=call.phone, timeout_s=service.CONNECT_TIMEOUT_S), ""

    async def _ask(self, requests: Iterable[ari_calls.Request]) -> bool:
        """Ask for all of `requests`; return whether the last one was granted."""
        is_done = True
        for request in requests:
            try:
                await ari_calls.asked(self._house.settings, request)
                is_done = True
            except (Refused, Unanswered) as problem:  # the caller has hung up meanwhile: its end is told
                log.debug("ari.refused", path=request.path, error=str(problem))
                is_done = False
        return is_done

    async def _take_at_once(self) -> None:
        """Put callers through as soon as one of ours takes them, rather than at the next turn of the queue."""
        house = self._house
        with house.hints.listening([service.TOPIC]) as told:
            async for _topic in told:
                told.waiting()
                try:
                    async with house.database.transaction() as tx:
                        rows = await queries.under_way(tx, None, house.clock())
                except Away as error:
                    log.warning("ari.not_looked", error=repr(error))
                    continue
                for row in rows:
                    line = self.lines.of.get(row.reference) if row.provider == "ari" else None
                    if line is not None and row.place == "queue" and row.taken_by is not None:
                        await self.act_on(self.lines.silent(row.reference, line.turn))

    def _wait(self, channel: str, turn: int, act: Act) -> None:
        async def waited() -> None:
            await asyncio.sleep(act.timeout_s + len(act.text) * SECONDS_A_LETTER * (act.then is Then.GATHER))
            await self.act_on(self.lines.silent(channel, turn))

        self._keep(waited())

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)
