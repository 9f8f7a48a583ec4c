"""What certificates need in the background: signing, renewal, alarms, our own files, and the ends of commands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog

from laddverk.certificates import listener, store, store_events
from laddverk.certificates.providers import authority_for, builtin_of
from laddverk.certificates.providers.port import AuthorityAway
from laddverk.certificates.service import alarms, events, inventory, renewal, requests, roots, upgrades
from laddverk.ocpp.facts import Signing
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler
from laddverk.stations.model import COMMANDS_TOPIC, CommandFinished, IdentityShared, KeyGuessed, StationOnline

log = structlog.get_logger()

KEPT: Final = timedelta(days=400)  # security events and questions: a year is looked back on

EVERY: Final = (
    Every("certificates.plan", timedelta(minutes=5)),
    Every("certificates.alarm", timedelta(hours=1)),
    Every("certificates.tell", timedelta(minutes=2)),
    Every("certificates.upgrades", timedelta(seconds=30)),
    Every("certificates.keep_house", timedelta(hours=6)),
    Every("certificates.drop_old", timedelta(days=1)),
)


Payloads = Sequence[dict[str, Any]]


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room by their kind."""
    jobs = {
        requests.SIGN: _sign,
        "certificates.command_finished": _command_finished,
        "certificates.identity_shared": _identity_shared,
        "certificates.key_guessed": _key_guessed,
        "certificates.station_online": _station_online,
        "certificates.upgrades": _upgrades,
        "certificates.tell": _tell,
        "certificates.plan": _plan,
        "certificates.alarm": _alarm,
        "certificates.keep_house": _keep_house,
        "certificates.drop_old": _drop_old,
    }
    return {kind: partial(job, house) for kind, job in jobs.items()}


def _send_soon(house: House, tx: Transaction) -> None:
    tx.after_commit(lambda: house.hints.publish([COMMANDS_TOPIC]))


async def _sign(house: House, _: Transaction, payloads: Payloads) -> None:
    """Each request in transactions of its own: the authority may take its time. One that fails is tried later."""
    away: AuthorityAway | None = None
    for payload in payloads:
        try:
            await _sign_one(house, UUID(payload["request_id"]))
        except AuthorityAway as error:
            away = error
    house.hints.publish([COMMANDS_TOPIC])
    if away is not None:
        raise away


async def _command_finished(house: House, tx: Transaction, payloads: Payloads) -> None:
    """Take what became of commands about certificates; others are none of this room's."""
    finished = [outbox.decoded(CommandFinished, payload) for payload in payloads]
    ours = [one for one in finished if one.kind in FINISHED]
    for one in ours:
        await FINISHED[one.kind](house, tx, one)
    moved = [await upgrades.command_finished(tx, one, house.clock()) for one in finished if one.kind in STEPS]
    if any(moved):
        _send_soon(house, tx)
    topics = [f"station:{one.station_id}" for one in finished if one.kind in FINISHED or one.kind in STEPS]
    tx.after_commit(lambda: house.hints.publish(topics))


async def _given(house: House, tx: Transaction, finished: CommandFinished) -> None:
    again = await requests.given(tx, finished, house.clock())
    if again or await upgrades.look(tx, finished.station_id, house.clock()):
        _send_soon(house, tx)


async def _listed(house: House, tx: Transaction, finished: CommandFinished) -> None:
    await inventory.listed(tx, finished, house.clock())


async def _installed(house: House, tx: Transaction, finished: CommandFinished) -> None:
    await inventory.installed(tx, finished, house.clock())


async def _deleted(_house: House, tx: Transaction, finished: CommandFinished) -> None:
    await inventory.deleted(tx, finished)


FINISHED: Final[dict[str, Callable[[House, Transaction, CommandFinished], Awaitable[None]]]] = {
    "give_certificate": _given,
    "list_certificates": _listed,
    "install_certificate": _installed,
    "delete_certificate": _deleted,
}


STEPS: Final = frozenset(
    {
        "install_certificate",
        "ask_for_certificate_request",
        "read_variables",
        "set_network_profile",
        "write_variable",
        "reset",
    }
)
"""Commands that can be a step of an upgrade."""


async def _station_online(house: House, tx: Transaction, payloads: Payloads) -> None:
    """A charger has come: perhaps by the way that it was told to take."""
    for payload in payloads:
        station_id = outbox.decoded(StationOnline, payload).station_id
        if await upgrades.look(tx, station_id, house.clock()):
            tx.after_commit(partial(house.hints.publish, [f"station:{station_id}", COMMANDS_TOPIC]))


async def _upgrades(house: House, tx: Transaction, _: Payloads) -> None:
    if await upgrades.look_at_all(tx, house.clock()):
        _send_soon(house, tx)


async def _identity_shared(_house: House, tx: Transaction, payloads: Payloads) -> None:
    for payload in payloads:
        await events.identity_shared(tx, outbox.decoded(IdentityShared, payload))


async def _key_guessed(_house: House, tx: Transaction, payloads: Payloads) -> None:
    for payload in payloads:
        await events.key_guessed(tx, outbox.decoded(KeyGuessed, payload))


async def _tell(house: House, tx: Transaction, _: Payloads) -> None:
    """Tell staff of alarms: as soon as one was noted, and of those that had to wait for a mail before."""
    settings = house.settings
    await alarms.tell(tx, settings.web_url, settings.operator_name, settings.timezone, house.clock())
    tx.after_commit(lambda: house.hints.publish(["now"]))


async def _plan(house: House, tx: Transaction, _: Payloads) -> None:
    if await renewal.plan(tx, house.clock()):
        _send_soon(house, tx)


async def _alarm(house: House, tx: Transaction, _: Payloads) -> None:
    if await renewal.sound_alarms(tx, house.clock()):
        tx.after_commit(lambda: house.hints.publish(["now"]))


async def _keep_house(house: House, tx: Transaction, _: Payloads) -> None:
    await keep_own_root(house, tx)
    await prepare(house)


async def _drop_old(house: House, tx: Transaction, _: Payloads) -> None:
    now = house.clock()
    await store_events.drop_old(tx, now, now - KEPT)


async def _sign_one(house: House, request_id: UUID) -> None:
    async with house.database.transaction() as tx:
        request = await store.lock_request(tx, request_id)
    if request is not None:
        authority = authority_for(house, request.signing)
        await requests.sign(house.database, authority, request_id, house.settings.operator_name, house.clock())


async def keep_own_root(house: House, tx: Transaction) -> None:
    """Have our own root among the trust anchors, and those of an outside authority that signs for chargers."""
    root = (await builtin_of(house).roots())[0]
    await roots.keep_own_root(tx, root, f"{house.settings.operator_name} root for chargers", house.clock())


async def prepare(house: House) -> None:
    """Write the files of the TLS listener, before the gateway opens it and whenever they are due."""
    if not house.settings.speaks_tls:
        return
    others = []
    if house.settings.est_url:
        try:
            others = await authority_for(house, Signing.STATION).roots()
        except AuthorityAway as error:
            log.warning("certificates.outside_roots_unknown", error=str(error))
    folder = house.settings.tls_dir or house.settings.state_dir / "tls"
    names = [name.strip() for name in house.settings.tls_names.split(",") if name.strip()]
    names = names or list(dict.fromkeys((urlsplit(house.settings.web_url).hostname or "localhost", "localhost")))
    await asyncio.to_thread(listener.keep_files, folder, builtin_of(house), others, names, house.clock())
