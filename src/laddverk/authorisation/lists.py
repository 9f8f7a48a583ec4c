"""Local lists: chosen, sent in small steps, and kept right as tokens change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
import structlog

from laddverk.access.rules import MASTER_GROUP
from laddverk.authorisation import list_rules as rules
from laddverk.authorisation import store_lists as store
from laddverk.authorisation.model import Difference, Keeper, ListChoice, ListState, Scope
from laddverk.kernel.actors import Actor, Permission, rule
from laddverk.kernel.ids import CommandId, StationId
from laddverk.kernel.problems import Conflict, Invalid, NotFound, TooMany
from laddverk.ocpp import quirks
from laddverk.ocpp.commands import ClearCache, SendLocalList
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.stations import service as stations
from laddverk.stations.model import CommandState

log = structlog.get_logger()

BY: Final = rule("local lists")
SEEN_WITHIN: Final = timedelta(days=365)  # who was at the site within a year belongs to it
CACHED_WITHIN: Final = timedelta(days=365)  # caches drop the least recently used; nobody says when
CACHES_MAX: Final = 1_000  # stations that one event clears; a tag is shown at some dozens
GROUPS_MAX: Final = 50
GROUP_LENGTH_MAX: Final = 100
CACHE_HOURS_MAX: Final = 8_760  # a year


async def sync(tx: Transaction, station_id: StationId, now: datetime) -> CommandId | None:
    """Send the next step of a station's list, if there is one and it can be sent now; return its command.

    Called again after each outcome until nothing is different. The caller publishes the hint `commands`.
    """
    keeper = await store.keeper(tx, station_id)
    if keeper is None or not rules.is_to_be_asked(keeper, now):
        return None
    chosen = _filter(keeper, now)
    wanted = await store.wanted_count(tx, keeper, chosen)
    differences = await _differences(tx, keeper, chosen) if keeper.known_at is not None else []
    command = rules.next_command(keeper, differences)
    if command is None:
        await store.resting(tx, station_id, ListState.CURRENT, wanted)
        return None
    try:
        async with tx.savepoint():
            command_id = await stations.request_command(tx, BY, station_id, command, now)
    except (Conflict, TooMany) as problem:
        log.info("authorisation.list_waits", station=str(station_id), why=str(problem))
        return None
    await store.sending(tx, station_id, command_id, wanted, now)
    return command_id


def _filter(keeper: Keeper, now: datetime) -> store.Filter:
    known = quirks.registry_of().known(keeper.vendor, keeper.model, keeper.firmware, quirks.read(keeper.quirks))
    return store.Filter(
        now=now,
        seen_since=now - SEEN_WITHIN,
        tag_length_max=rules.tag_length_max(keeper),
        hex_only=known.quirks.id_tag_form is not None,
        master_group=MASTER_GROUP,
    )


async def _differences(tx: Transaction, keeper: Keeper, chosen: store.Filter) -> list[Difference]:
    length_max, limit = rules.length_max(keeper), rules.per_message_max(keeper)
    return await store.differences(tx, keeper, chosen, length_max, limit, rules.TOKEN_TYPES)


async def finished(tx: Transaction, command_id: UUID, now: datetime) -> CommandId | None:
    """Take the outcome of a command about a list, and send the next step; return its command."""
    station_id = await store.under_way(tx, command_id)
    keeper = await store.keeper(tx, station_id) if station_id is not None else None
    outcome = await store.outcome(tx, command_id)
    if keeper is None or outcome is None or keeper.command_id != command_id:
        return None
    state = CommandState(outcome.state)
    if outcome.command.get("kind") == "send_local_list":
        sent = msgspec.convert(outcome.command, SendLocalList)
        change = rules.list_taken(keeper, sent, state, outcome.word, now)
        if change.takes_entries:
            await _take(tx, keeper.station_id, sent)
    else:
        change = rules.version_told(keeper, state, outcome.word, outcome.detail, now)
    await store.change(tx, keeper.station_id, change, now)
    return await sync(tx, keeper.station_id, now) if change.goes_on else None


async def _take(tx: Transaction, station_id: StationId, sent: SendLocalList) -> None:
    if sent.is_full:
        await store.empty(tx, station_id)
    await store.take_off(tx, station_id, [entry.token_uid for entry in sent.entries if entry.authorisation is None])
    await store.put_on(
        tx,
        station_id,
        [
            Difference(
                token_uid=entry.token_uid,
                token_type=entry.token_type,
                valid_until=entry.valid_until,
                group_code=entry.group_token,
                is_gone=False,
            )
            for entry in sent.entries
            if entry.authorisation is not None
        ],
    )


async def choose(tx: Transaction, actor: Actor, choice: ListChoice, now: datetime, *, reason: str = "") -> None:
    """Choose which tokens the network's, a site's or a station's lists hold. Needs stations:write there.

    The caller has made sure that the site or station is one that `actor` sees.
    """
    actor.require(Permission.STATIONS_WRITE)
    if choice.site_id is None and choice.station_id is None and actor.site_ids is not None:
        raise NotFound("There is no such page.")
    groups = tuple(sorted({group.strip() for group in choice.driver_groups if group.strip()}))
    if choice.scope is Scope.GROUPS and not groups:
        raise Invalid("Name at least one group.", field="driver_groups", remedy="Groups are set on drivers' pages.")
    if len(groups) > GROUPS_MAX or any(len(group) > GROUP_LENGTH_MAX or "\x00" in group for group in groups):
        raise Invalid("These are too many groups, or their names are too long.", field="driver_groups")
    choice = msgspec.structs.replace(choice, driver_groups=groups if choice.scope is Scope.GROUPS else ())
    await store.choose(tx, choice, now)
    detail = {"scope": choice.scope, "driver_groups": groups}
    kind = "station" if choice.station_id else "site"
    about = choice.station_id or choice.site_id
    await audit.write(tx, actor, "local_list.chosen", kind, about, at=now, reason=reason, detail=detail)


async def plan_all(tx: Transaction) -> None:
    """Let every list be compared with the tokens, now."""
    await enqueue(tx, [NewJob("authorisation.plan_lists", {})])


async def begin_again(tx: Transaction, actor: Actor, station_id: StationId, now: datetime) -> CommandId | None:
    """Ask a station for its list's version and send the whole list anew, whatever it answered before."""
    actor.require(Permission.COMMANDS_SEND)
    await store.keeper(tx, station_id)
    await store.begin_again(tx, station_id)
    await audit.write(tx, actor, "local_list.sent_anew", "station", station_id, at=now)
    return await sync(tx, station_id, now)


async def clear_caches(tx: Transaction, uids: Sequence[str], now: datetime) -> list[StationId]:
    """Let every station that may remember one of these tokens forget all it remembers; return which."""
    cleared: list[StationId] = []
    for station_id in await store.caching(tx, uids, CACHED_WITHIN, now, CACHES_MAX) if uids else []:
        try:
            async with tx.savepoint():
                await stations.request_command(tx, BY, station_id, ClearCache(), now, reason="a tag was blocked")
        except (Conflict, TooMany) as problem:
            log.info("authorisation.cache_waits", station=str(station_id), why=str(problem))
        else:
            cleared.append(station_id)
    return cleared


async def set_cache_hours(tx: Transaction, actor: Actor, hours: int | None, now: datetime, *, reason: str = "") -> None:
    """Decide for how many hours chargers may remember an answer of ours; None: as they like. For the whole network."""
    actor.require(Permission.STATIONS_WRITE)
    if actor.site_ids is not None:
        raise NotFound("There is no such page.")
    if hours is not None and not 1 <= hours <= CACHE_HOURS_MAX:
        raise Invalid("This must be from 1 to %(max)s hours.", field="cache_hours", max=CACHE_HOURS_MAX)
    await store.set_cache_hours(tx, hours)
    await audit.write(
        tx, actor, "access_policy.changed", "network", None, at=now, reason=reason, detail={"hours": hours}
    )
