"""Messages onto displays and off them; templates for many chargers at once."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from laddverk.displays import capabilities, rules, store
from laddverk.displays.model import STATIONS_MAX, Wanted
from laddverk.kernel.actors import Actor, Permission, rule
from laddverk.kernel.ids import CommandId, StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound, Problem, TooMany
from laddverk.ocpp import quirks
from laddverk.ocpp.commands import ByData, ClearMessage, ReadMessages, ShowMessage
from laddverk.ocpp.facts import DisplayMessage
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.quirks import Registry
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations

REQUEST_ID_MAX: Final = 2**31 - 1
NAME_LENGTH_MAX: Final = 80
NO_WORDS: Final = "OCPP 1.6 has no messages for displays."
NO_WORDS_REMEDY: Final = 'If its maker has a DataTransfer for texts, set it under "Ways of its own".'
ENDS: Final = rule("the time of a text is over")


async def seen_station(tx: Transaction, actor: Actor, station_id: StationId) -> store.Addressee:
    """Return a station that `actor` sees and that has a display as far as OCPP goes. Raises `NotFound`, `Conflict`."""
    station = await _locked(tx, actor, station_id)
    if station.protocol == Protocol.V16.value:
        raise Conflict(NO_WORDS, remedy=NO_WORDS_REMEDY)
    return station


async def _locked(tx: Transaction, actor: Actor, station_id: StationId) -> store.Addressee:
    station = await store.lock_station(tx, station_id, actor.site_ids)
    if station is None:
        raise NotFound("There is no such station.", field="station_id")
    return station


async def _way(
    tx: Transaction, actor: Actor, station_id: StationId, known: Registry | None
) -> tuple[store.Addressee, ByData | None]:
    """Return a station, and how its display takes texts where OCPP has no words for it (1.6)."""
    station = await _locked(tx, actor, station_id)
    if station.protocol != Protocol.V16.value:
        return station, None
    way = by_data(station.vendor, station.model, station.firmware, station.quirks, known)
    if way is None:
        raise Conflict(NO_WORDS, remedy=NO_WORDS_REMEDY)
    return station, way


def by_data(
    vendor: str, model: str, firmware: str, own: Mapping[str, Any], known: Registry | None = None
) -> ByData | None:
    """Return how the display of a charger of 1.6 takes texts, as far as is known of its model or set for it."""
    treated = (known or quirks.registry_of()).known(vendor, model, firmware, quirks.read(own)).quirks
    if treated.text_vendor is None:
        return None
    return ByData(vendor_id=treated.text_vendor, message_id=treated.text_message, data=treated.text_data or "{text}")


async def show(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    wanted: Wanted,
    now: datetime,
    *,
    reason: str = "",
    known: Registry | None = None,
) -> CommandId:
    """Put a message on a charger's display; it gets a number of its own there.

    Needs commands:send. Raises `NotFound`, `Invalid` (what its display cannot do), `Conflict` (1.6 of no known way; no
    display; no session at the outlet), `TooMany`. `known` are the models of which something is known.
    """
    actor.require(Permission.COMMANDS_SEND)
    station, way = await _way(tx, actor, station_id, known)
    good = rules.checked(wanted, now)
    is_21 = station.protocol == Protocol.V21.value
    if way is None:
        display = await store.display(tx, station_id, is_21=is_21)
        there = await store.count_there(tx, station_id)
        if there >= display.messages_max:
            raise TooMany("The charger has %(count)s messages already.", remedy="Take one away.", count=there)
    else:
        display = capabilities.BY_DATA
        capabilities.require_plain(good)
        await store.replaced(tx, station_id, now)
    fit = capabilities.fitted(good, display, is_21=is_21)
    key = await _session_key(tx, station_id, good.evse_number)
    number = await store.next_number(tx, station_id)
    message = DisplayMessage(
        id=number,
        texts=fit.texts,
        priority=good.priority,
        state=good.state,
        starts_at=good.starts_at,
        ends_at=good.ends_at,
        transaction_key=key,
    )
    await store.insert(tx, station_id, number, fit, key, actor.name or actor.kind, now)
    command = ShowMessage(message=message, by_data=way)
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason, expires_at=good.ends_at)


async def _session_key(tx: Transaction, station_id: StationId, evse_number: int | None) -> str | None:
    if evse_number is None:
        return None
    session = await store.running(tx, station_id, evse_number)
    if session is None:
        raise Conflict("No session runs at this outlet.", field="evse_number")
    return session.transaction_key


async def clear_message(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    number: int,
    now: datetime,
    *,
    reason: str = "",
    known: Registry | None = None,
) -> CommandId:
    """Take a message off a display: one of ours, or one that the charger says it shows."""
    _, way = await _way(tx, actor, station_id, known)
    await store.became(tx, station_id, number, "leaving", "", now, ("wanted", "shown"))
    command = ClearMessage(message_id=number, by_data=way)
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason)


async def end_by_data(tx: Transaction, now: datetime, known: Registry | None = None) -> int:
    """Take texts off displays of 1.6 whose time is over, for these do not do it themselves; return how many."""
    taken = 0
    for one in await store.over_by_data(tx, now):
        with contextlib.suppress(Problem):
            async with tx.savepoint():
                await clear_message(tx, ENDS, one.station_id, one.number, now, known=known)
                taken += 1
    return taken


async def read_messages(
    tx: Transaction, actor: Actor, station_id: StationId, now: datetime, *, reason: str = ""
) -> CommandId:
    """Ask a charger what it shows."""
    await seen_station(tx, actor, station_id)
    command = ReadMessages(request_id=secrets.randbelow(REQUEST_ID_MAX))
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason)


async def add_template(tx: Transaction, actor: Actor, name: str, wanted: Wanted, now: datetime) -> UUID:
    """Keep a text for many chargers. Needs stations:write. Raises `Invalid`, `Conflict` when its name is taken."""
    actor.require(Permission.STATIONS_WRITE)
    if not 1 <= len(name.strip()) <= NAME_LENGTH_MAX:
        raise Invalid("A name has from 1 to %(max)s characters.", field="name", max=NAME_LENGTH_MAX)
    template_id = new_id()
    good = rules.checked(wanted, now)
    if not await store.save_template(tx, template_id, name.strip(), good, actor.name or actor.kind, now):
        raise Conflict("There is a text of that name already.", field="name", remedy="Choose another name.")
    detail = {"name": name, "texts": [text.text for text in good.texts]}
    await audit.write(tx, actor, "display_template.created", "display_template", template_id, at=now, detail=detail)
    return template_id


async def retire_template(tx: Transaction, actor: Actor, template_id: UUID, now: datetime, reason: str = "") -> None:
    """Take a text out of use. Where it is shown it stays until it is taken off."""
    actor.require(Permission.STATIONS_WRITE)
    if not await store.retire_template(tx, template_id, now):
        raise NotFound("There is no such text.", field="template_id")
    await audit.write(
        tx, actor, "display_template.retired", "display_template", template_id, at=now, reason=reason
    )  # fmt: skip


async def show_template(
    tx: Transaction, actor: Actor, template_id: UUID, station_ids: Sequence[StationId], now: datetime, *,
    ends_at: datetime | None = None, reason: str = "", known: Registry | None = None,
) -> tuple[int, list[tuple[StationId, str]]]:  # fmt: skip
    """Put a template on many displays; return how many take it, and why not, for each of the others.

    Needs commands:send and a reason, for it reaches many people. Raises `Invalid`, `NotFound`.
    """
    actor.require(Permission.COMMANDS_SEND)
    if len(reason.strip()) < 3:
        raise Invalid("Say why.", field="reason")
    if not 1 <= len(station_ids) <= STATIONS_MAX:
        raise Invalid("Choose from 1 to %(max)s chargers.", field="stations", max=STATIONS_MAX)
    template = await store.template(tx, template_id)
    if template is None:
        raise NotFound("There is no such text.", field="template_id")
    wanted = Wanted(
        texts=tuple(template.texts), priority=template.priority, state=template.state, ends_at=ends_at,
        template_id=template_id,
    )  # fmt: skip
    refused: list[tuple[StationId, str]] = []
    for station_id in sorted(set(station_ids)):
        try:
            async with tx.savepoint():
                await show(tx, actor, station_id, wanted, now, reason=reason, known=known)
        except Problem as problem:
            refused.append((station_id, str(problem)))
    return len(set(station_ids)) - len(refused), refused


async def clear_template(tx: Transaction, actor: Actor, template_id: UUID, now: datetime, *, reason: str = "") -> int:
    """Take a template off every display that shows it and that `actor` sees; return how many."""
    actor.require(Permission.COMMANDS_SEND)
    shown = await store.of_template(tx, template_id, actor.site_ids)
    for one in shown:
        await clear_message(tx, actor, one.station_id, one.number, now, reason=reason)
    return len(shown)
