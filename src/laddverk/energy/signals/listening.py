"""Asks all programs of OpenADR beside the worker: a task for each; every answer is kept in a commit of its own."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

import structlog
from msgspec import Struct

from laddverk.energy.signals import rules, sealing, service, store
from laddverk.energy.signals.asking import Answer, Client
from laddverk.energy.signals.model import Heard, Unheard, Vtn, VtnId, Why
from laddverk.platform.database import Away, Transaction
from laddverk.platform.house import House

LOOK_EVERY_S: Final = 5.0  # how soon a new or changed program is asked
STAGGER_S: Final = 0.2  # between the first questions after a start

log = structlog.get_logger()


class _Asked(Struct):
    vtn: Vtn
    task: asyncio.Task[None]


class Listener:
    """Tasks by program."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._asked: dict[VtnId, _Asked] = {}

    async def run(self) -> None:
        """Ask until cancelled. Whatever one server does, the others are asked."""
        try:
            while True:
                try:
                    await self._look()
                except Away as error:
                    log.warning("signals.database_away", error=repr(error))
                except Exception as error:
                    # Asking others must not end the network; limits that were heard hold to their ends.
                    log.error("signals.failed", exc_info=error)
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            await self._end(list(self._asked))

    async def _look(self) -> None:
        """Begin to ask what is new, and end what has changed or is gone."""
        async with self._house.database.transaction() as tx:
            wanted = {vtn.id: vtn for vtn in await store.vtns(tx)}
        await self._end([key for key, one in self._asked.items() if one.vtn != wanted.get(key)])
        for turn, (key, vtn) in enumerate(wanted.items()):
            if key not in self._asked:
                self._asked[key] = _Asked(vtn, asyncio.create_task(self._ask(vtn, STAGGER_S * turn)))

    async def _end(self, keys: list[VtnId]) -> None:
        ended = [self._asked.pop(key).task for key in keys]
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)

    async def _ask(self, vtn: Vtn, after_s: float) -> None:
        """Ask one program for as long as it is wanted; after trouble ever more seldom."""
        await asyncio.sleep(after_s)
        client = client_of(self._house, vtn)
        failures = 0
        while True:
            again_s = 0.0
            try:
                answer = await _answer(client)
            except Unheard as trouble:
                failures, again_s = failures + 1, trouble.again_s
                if failures == 1:
                    log.info("signals.trouble", vtn=str(vtn.id), why=trouble.why.value, detail=trouble.detail)
                await self._keep(vtn, trouble)
            else:
                failures = 0
                await self._keep(vtn, answer)
            # Silence is to be noticed in time, however seldom a server is asked.
            await asyncio.sleep(min(rules.wait_s(vtn.setup, failures, again_s), vtn.setup.silent_after_s))

    async def _keep(self, vtn: Vtn, came: Answer | Unheard) -> None:
        try:
            async with self._house.database.transaction() as tx:
                await kept(tx, vtn, came, self._house.clock())
        except Away as error:
            log.warning("signals.database_away", error=repr(error))
        except Exception as error:
            log.error("signals.not_kept", vtn=str(vtn.id), exc_info=error)


async def _answer(client: Client | None) -> Answer:
    if client is None:
        raise Unheard(Why.SEAL_BROKEN)
    try:
        return await client.ask()
    except Unheard:
        raise
    except Exception as error:
        log.error("signals.adapter_failed", exc_info=error)
        raise Unheard(Why.NOT_READABLE, type(error).__name__) from None


async def kept(tx: Transaction, vtn: Vtn, came: Answer | Unheard, now: datetime) -> Heard | None:
    """Keep what came of a program, or why nothing came."""
    if isinstance(came, Unheard):
        return await service.unanswered(tx, vtn, came, now)
    return await service.answered(tx, vtn, came, now)


async def once(house: House, vtn: Vtn) -> Answer | Unheard:
    """Ask a program now, for somebody who looks at it."""
    try:
        return await _answer(client_of(house, vtn))
    except Unheard as trouble:
        return trouble


def client_of(house: House, vtn: Vtn) -> Client | None:
    """Return who asks a program; None when its secret cannot be opened."""
    secret = sealing.unsealed(house.secrets, vtn.secret, vtn.id) if vtn.secret is not None else None
    if secret is None:
        return None
    return Client(vtn.setup, secret, house.clock, private_hosts(house))


def private_hosts(house: House) -> tuple[str, ...]:
    """Return the hosts at private addresses that the operator lets us ask."""
    return tuple(one.strip() for one in house.settings.private_hosts.split(",") if one.strip())


async def listen(house: House) -> None:
    """Ask all programs as long as the process lives. Never raises but for being cancelled."""
    await Listener(house).run()
