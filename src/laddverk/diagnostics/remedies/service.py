"""Self-healing by the clock: look at what is wrong, decide, carry out, and see whether it helped."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from laddverk.diagnostics.incidents import store as incidents
from laddverk.diagnostics.incidents.model import TimelineEvent
from laddverk.diagnostics.remedies import doing, rules, store, words
from laddverk.diagnostics.remedies.model import Action, Decision, Network, Patient, Step, Stop, Wait, Why
from laddverk.diagnostics.remedies.store import Busy, Due, Rate
from laddverk.kernel.ids import StationId
from laddverk.kernel.problems import Problem
from laddverk.ocpp import quirks
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

log = structlog.get_logger()

AT_ONCE: Final = 50  # incidents a turn: bounds the transaction; the worst come first
DRY_FOR: Final = timedelta(days=14)  # at first it only says what it would do: people must learn to trust it
TOKEN_COUNTS: Final = timedelta(minutes=3)  # ConnectionTimeOut is mostly 60-120 s: time to plug in
PLUG_COUNTS: Final = timedelta(minutes=30)  # a car that is plugged in for longer without a session is not starting
BUSY_FROM: Final = 0.5  # attempts in this hour on a usual day: more than every other day somebody would be in the way
DROP_TRIES: Final = 20  # so many tries say enough of a step
DROP_BELOW: Final = 0.2  # cured less often than this: it only wears the charger and people's patience


async def heal(tx: Transaction, known: quirks.Registry, now: datetime) -> list[StationId]:
    """Take the next step for each incident that may have one; return the stations that were sent something.

    Each step, its reason and its command are written by the same commit: a restart of ours neither doubles nor loses
    one.
    """
    await store.lock(tx)
    setting = await store.setting(tx, now)
    await store.forget_holds(tx)
    reached: list[StationId] = []
    for one in await store.due(tx, now, AT_ONCE, rules.HANDS_OFF):
        of_model = await store.model_setting(tx, one.vendor, one.model, now)
        dry_until = max(setting.began_at, of_model.began_at) + DRY_FOR
        dry = now < dry_until
        busy = await store.busy(tx, one.station_id, one.evse_number, now, TOKEN_COUNTS, PLUG_COUNTS)
        decision = rules.next_step(
            await _patient(tx, one, busy, known, now, dry=dry),
            await _network(
                tx, one, now, dry_until=dry_until,
                switched_off=setting.switched_off_at is not None, excluded=of_model.excluded_at is not None,
            ),
            now,
        )  # fmt: skip
        if await _acted(tx, one, decision, now, dry_until=dry_until if dry else None):
            reached.append(one.station_id)
    return reached


async def _patient(
    tx: Transaction, one: Due, busy: Busy, known: quirks.Registry, now: datetime, *, dry: bool
) -> Patient:
    treatment = known.known(one.vendor, one.model, one.firmware, quirks.read(one.quirks)).quirks
    unwanted = {Action.MAKE_OPERATIVE} if busy.ordered_out else set()
    if busy.limits_ours:
        unwanted.add(Action.CLEAR_LIMIT)  # it clears every limit of the outlet, and one of ours may guard a fuse
    told_at = [at for at in (one.came_at, await store.queued_at(tx, one.station_id, now)) if at is not None]
    return Patient(
        incident_id=one.incident_id,
        family=one.family,
        severity=one.severity,
        is_safety=one.is_safety,
        opened_at=one.opened_at,
        station_id=one.station_id,
        site_id=one.site_id,
        evse_number=one.evse_number,
        vendor=one.vendor,
        model=one.model,
        connected=one.connected,
        sessions_open=max(busy.sessions, busy.charging),
        starts_pending=busy.starts,
        in_hand=busy.in_hand > 0,
        last_queued_at=max(told_at, default=None),
        zombie_session=one.zombie_id is not None,
        attempts=await store.attempts(tx, one.incident_id, dry=dry),
        resets=await store.resets(tx, one.station_id, now - timedelta(days=7), dry=dry),
        busy_hour=await store.usual(tx, one.station_id, now) >= BUSY_FROM,
        forbidden=doing.never(treatment) | useless(await store.rates(tx, one)) | unwanted,
    )


def useless(rates: Collection[Rate]) -> frozenset[Action]:
    """Return the steps that were tried often and seldom helped. Going there is never one of them."""
    return frozenset(
        rate.action
        for rate in rates
        if rate.tries >= DROP_TRIES and rate.cured < DROP_BELOW * rate.tries and rate.action is not Action.WORK_ORDER
    )


async def _network(
    tx: Transaction, one: Due, now: datetime, *, dry_until: datetime, switched_off: bool, excluded: bool
) -> Network:
    wave = await store.wave(tx, one.station_id, one.site_id, now - rules.TOGETHER, dry=now < dry_until)
    return Network(
        switched_off=switched_off,
        dry_until=dry_until,
        model_excluded=excluded,
        stations=wave.stations,
        reached_of_site=wave.of_site,
        reached_of_fleet=wave.of_fleet,
    )


async def _acted(tx: Transaction, one: Due, decision: Decision, now: datetime, *, dry_until: datetime | None) -> bool:
    """Do what was decided; return whether the charger was sent something."""
    if isinstance(decision, Step):
        return await _take(tx, one, decision, now)
    until = decision.until if isinstance(decision, Wait) else dry_until
    await store.hold(tx, one.incident_id, until, decision.why, now)
    if isinstance(decision, Stop):
        await _tell(tx, one, decision.why.text, now, values=decision.why.values)
    return False


async def _take(tx: Transaction, one: Due, step: Step, now: datetime) -> bool:
    if step.dry:
        await store.write(tx, one, step.action, step.why, now, dry=True, command_id=None)
        await _tell(tx, one, words.WOULD[step.action], now)
        await store.hold(tx, one.incident_id, now + rules.SETTLE, step.why, now)
        return False
    try:
        async with tx.savepoint():
            command_id = await doing.carry_out(tx, one, step.action, step.why.text, now)
            await store.write(tx, one, step.action, step.why, now, dry=False, command_id=command_id)
    except Problem as problem:
        log.warning("remedies.not_carried_out", action=step.action, error=str(problem))
        why = Why(text=N_("It could not be sent: %(error)s"), values={"error": str(problem)[:200]})
        await store.hold(tx, one.incident_id, now + rules.TOGETHER, why, now)
        return False
    await _tell(tx, one, words.DONE[step.action], now, is_remedy=True)
    await store.hold(tx, one.incident_id, now + rules.LOOK_AGAIN, step.why, now)
    return command_id is not None


async def _tell(
    tx: Transaction,
    one: Due,
    text: str,
    now: datetime,
    *,
    values: dict[str, Any] | None = None,
    is_remedy: bool = False,
) -> None:
    """Write it on the incident's timeline."""
    event = TimelineEvent(
        incident_id=one.incident_id, at=now, by_name="self-healing", text=text, params=values or {},
        is_remedy=is_remedy,
    )  # fmt: skip
    await incidents.write_events(tx, [event])


async def follow(tx: Transaction, command_ids: Sequence[UUID], now: datetime) -> None:
    """Take over what became of commands, where they were steps of self-healing."""
    await store.follow(tx, command_ids, now)
