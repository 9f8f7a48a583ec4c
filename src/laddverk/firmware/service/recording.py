"""What chargers say of their updates, and what became of the commands that asked for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from laddverk.firmware import rules
from laddverk.firmware.model import FINAL, UpdateState
from laddverk.firmware.service.logs import log_commands_finished
from laddverk.firmware.service.publishing import publish_commands_finished
from laddverk.firmware.store import links, updates
from laddverk.firmware.store.updates import Said, Update
from laddverk.kernel.ids import FirmwareUpdateId
from laddverk.ocpp import facts
from laddverk.ocpp.facts import Fact, FirmwareStatus
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations
from laddverk.stations.model import CommandFinished, CommandState, Deed

WORD_MAX: Final = 200
UPDATE: Final = "update_firmware"


async def record_firmware_statuses(tx: Transaction, statuses: Sequence[facts.FirmwareStatusReported]) -> None:
    """Keep what chargers say of their updates, and let the updates in hand go on with it.

    A status with the number of another request is about an older update (TC_L_10, TC_L_11): kept, and nothing more.
    """
    ordered = sorted(statuses, key=lambda status: (status.received_at, status.at))
    hands = {one.station_id: one for one in await updates.in_hand(tx, sorted({one.station_id for one in ordered}))}
    states: dict[FirmwareUpdateId, tuple[UpdateState, str]] = {}
    deeds = [_triggered(status) for status in ordered]
    for status in ordered:
        await updates.say(tx, _said(status))
        update = hands.get(status.station_id)
        if update is None or not _is_about(status, update):
            continue
        before, _ = states.get(update.id, (update.state, ""))
        after = rules.after_status(before, status.status)
        if after is not before:
            states[update.id] = after, _reason(after, status)
        if status.status is not FirmwareStatus.IDLE:
            deeds.append(_begun(update, status))
    await _move(tx, hands.values(), states, ordered)
    await stations.confirm(tx, deeds, _latest(ordered))


def _is_about(status: facts.FirmwareStatusReported, update: Update) -> bool:
    return status.request_id is None or status.request_id == update.request_id


def _reason(after: UpdateState, status: facts.FirmwareStatusReported) -> str:
    if after is not UpdateState.FAILED:
        return "installed" if after is UpdateState.VERIFIED else ""
    return f"{status.status.value}: {status.info}"[:WORD_MAX] if status.info else status.status.value


async def record_boots(tx: Transaction, boots: Sequence[facts.Booted]) -> None:
    """Let updates succeed whose stations boot with the version that was wanted."""
    ordered = sorted(boots, key=lambda boot: boot.received_at)
    hands = {one.station_id: one for one in await updates.in_hand(tx, sorted({one.station_id for one in ordered}))}
    states: dict[FirmwareUpdateId, tuple[UpdateState, str]] = {}
    deeds = []
    for boot in ordered:
        update = hands.get(boot.station_id)
        if update is None:
            continue
        await updates.booted(tx, update.id, boot.firmware[:WORD_MAX])
        if rules.after_boot(update.state, update.version, boot.firmware) is UpdateState.VERIFIED:
            states[update.id] = UpdateState.VERIFIED, "booted"
            deeds.append(_begun(update, boot))
    await _move(tx, hands.values(), states, ordered)
    await stations.confirm(tx, deeds, _latest(ordered))


async def _move(
    tx: Transaction,
    hands: Iterable[Update],
    states: Mapping[FirmwareUpdateId, tuple[UpdateState, str]],
    told: Sequence[Fact],
) -> None:
    """Give updates the states that were told; what is over can fetch nothing more."""
    if not states:
        return
    now = _latest(told)
    await updates.move(tx, [(update_id, *after) for update_id, after in states.items()], now)
    over = [one.station_id for one in hands if one.id in states and states[one.id][0] in FINAL]
    await links.end_downloads(tx, over, now)


async def commands_finished(tx: Transaction, finished: Sequence[CommandFinished], now: datetime) -> list[str]:
    """Let updates, logs and publications know what became of their commands; return the topics that changed.

    A charger that refused or never answered fails. One that could not be reached in time is queued again when a
    campaign waits for it; else the update has failed. One that was confirmed goes on by what it says.
    """
    asked = [one for one in finished if one.kind == UPDATE and one.state is not CommandState.CONFIRMED]
    words = {one.command_id: _word(one) for one in asked}
    expired = {one.command_id for one in asked if one.state is CommandState.EXPIRED}
    moves = []
    concerned = await updates.of_commands(tx, list(words))
    for update in concerned:
        if update.command_id is None or update.state is not UpdateState.ASKED:
            continue
        again = update.command_id in expired and update.campaign_id is not None
        state = UpdateState.QUEUED if again else UpdateState.FAILED
        moves.append((update.id, state, "" if again else words[update.command_id]))
    await updates.move(tx, moves, now)
    await links.end_downloads(tx, [one.station_id for one in concerned], now)
    topics = {f"station:{one.station_id}" for one in concerned}
    topics |= {f"campaign:{one.campaign_id}" for one in concerned if one.campaign_id}
    topics |= await log_commands_finished(tx, finished, now)
    topics |= await publish_commands_finished(tx, finished, now)
    return sorted(topics)


def _word(finished: CommandFinished) -> str:
    """Return why a command came to nothing: the charger's own word where it said one."""
    return (finished.word or finished.state.value)[:WORD_MAX]


def _said(status: facts.FirmwareStatusReported) -> Said:
    return Said(
        station_id=status.station_id,
        kind="firmware",
        at=status.received_at,
        status=status.status.value,
        request_id=status.request_id,
        info=status.info[:WORD_MAX],
    )


def _begun(update: Update, fact: Fact) -> Deed:
    match: dict[str, Any] = {"request_id": update.request_id}
    return Deed(station_id=fact.station_id, kind=UPDATE, at=fact.received_at, match=match)


def _triggered(fact: Fact) -> Deed:
    match = {"message": "FirmwareStatusNotification"}
    return Deed(station_id=fact.station_id, kind="trigger", at=fact.received_at, match=match)


def _latest(told: Sequence[Fact]) -> datetime:
    return max(fact.received_at for fact in told)
