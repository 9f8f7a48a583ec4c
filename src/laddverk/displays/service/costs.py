"""The price on the display while it runs, and that somebody pays on the web: told to chargers by the clock."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from laddverk.displays import costs_16, rules, store_money
from laddverk.displays.model import Cost
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import SessionId
from laddverk.kernel.money import major
from laddverk.kernel.problems import Problem
from laddverk.ocpp.commands import SendData, ShowCost, TellWebPayment
from laddverk.platform.database import Transaction
from laddverk.sessions.running import price_so_far
from laddverk.stations import service as stations

LOOKED_AT_MAX: Final = 300  # sessions in one round: each costs two small queries; the next round takes the others
NOT_AGAIN_WITHIN: Final = timedelta(seconds=20)  # a display that changes more often is not read
PAYING_WITHIN: Final = timedelta(minutes=30)  # a payment that began earlier was left
TIMEOUT_S_MAX: Final = 600  # for so long a charger keeps its outlet for who pays
SHOWS: Final = rule("price on the display")
TELLS: Final = rule("payment on the web")


async def show_costs(tx: Transaction, now: datetime) -> int:
    """Tell chargers what their running sessions cost by now, where it changed enough; return how many were told.

    What is told includes VAT and is what our own pricing says (CostUpdated, I02).
    """
    told = 0
    for one in await store_money.running_with_display(tx, now - NOT_AGAIN_WITHIN, LOOKED_AT_MAX):
        priced = await price_so_far(tx, SessionId(one.id), now)
        if priced is None:
            continue
        cost = Cost(priced.amount_minor, priced.currency, one.energy_wh)
        before = (
            Cost(one.shown_minor, priced.currency, one.shown_energy_wh or 0) if one.shown_minor is not None else None
        )
        if not rules.is_due(before, one.shown_at, cost, now):
            continue
        command = _command(one, cost, now)
        try:
            async with tx.savepoint():
                await stations.request_command(tx, SHOWS, one.station_id, command, now)
        except Problem:
            continue  # too many commands wait there already: the next round tries again
        await store_money.keep_cost(tx, one, cost.amount_minor, cost.currency, now)
        told += 1
    return told


def _command(one: store_money.Shown, cost: Cost, now: datetime) -> ShowCost | SendData:
    if one.is_16:
        return costs_16.running(
            one.number, cost.amount_minor, cost.currency, one.register_wh, now, is_charging=one.is_charging
        )
    return ShowCost(transaction_key=one.transaction_key, total=major(cost.amount_minor, cost.currency))


async def show_final_costs(tx: Transaction, session_ids: Sequence[UUID], now: datetime) -> int:
    """Tell chargers of 1.6 that show prices what sessions cost in the end; return how many.

    Chargers of 2.x have it in the answer to the end of their transaction.
    """
    told = 0
    for one in await store_money.ended_with_display(tx, session_ids):
        priced = await price_so_far(tx, SessionId(one.id), now)
        if priced is None:
            continue
        command = costs_16.final(one.number, priced.amount_minor, priced.currency)
        with contextlib.suppress(Problem):
            async with tx.savepoint():
                await stations.request_command(tx, SHOWS, one.station_id, command, now)
                told += 1
    return told


async def tell_of_payments(tx: Transaction, now: datetime) -> int:
    """Tell chargers of 2.1 that somebody pays on the web for one of their outlets (C25); return how many."""
    told = 0
    for one in await store_money.paying_now(tx, now, PAYING_WITHIN):
        if not await store_money.told_of_payment(tx, one.id, now):
            continue
        timeout_s = min(TIMEOUT_S_MAX, max(1, round((one.expires_at - now).total_seconds())))
        command = TellWebPayment(evse_number=one.evse_number, timeout_s=timeout_s)
        try:
            async with tx.savepoint():
                await stations.request_command(tx, TELLS, one.station_id, command, now)
        except Problem:
            continue
        told += 1
    return told
