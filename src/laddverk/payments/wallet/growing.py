"""While a charge runs, what its wallet keeps for it grows with what it costs, as far as the balance goes (F13, F51)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from laddverk.kernel.actors import rule
from laddverk.kernel.ids import SessionId
from laddverk.kernel.problems import Conflict
from laddverk.ledger import holds
from laddverk.ledger.model import ADVANCES, Hold, HoldState, NotEnough
from laddverk.payments import store as payment_store
from laddverk.payments.model import Payment, State
from laddverk.payments.wallet import rules, store
from laddverk.payments.wallet.books import hold_of
from laddverk.payments.wallet.model import Policy
from laddverk.payments.wallet.store import RunningCharge
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.sessions import service as sessions
from laddverk.sessions import store_starts
from laddverk.sessions.running import price_ahead
from laddverk.stations.model import COMMANDS_TOPIC

CHARGES_MAX: Final = 500  # bounds one round; the next comes in half a minute
AHEAD: Final = timedelta(minutes=1)  # until the next round, and until a charger has stopped
KEPT_ALIVE: Final = timedelta(days=7)
GREW: Final = "hold_grew"
USED_UP: Final = "wallet_used_up"
"""Noted once about a payment: the charge costs as much as there is."""
STOPPED: Final = "wallet_stopped"
"""The charger was asked to stop because of it."""


async def grow(tx: Transaction, house: House, now: datetime) -> None:
    """Look at every running charge that a wallet pays: keep more for it, or see that there is no more."""
    running = await store.running(tx, CHARGES_MAX)
    if not running:
        return
    policy = await store.policy(tx)
    for charge in running:
        cost_minor = await price_ahead(tx, SessionId(charge.session_id), now, AHEAD)
        if cost_minor is not None:
            await _look(tx, house, policy, charge, cost_minor, now)


async def _look(
    tx: Transaction, house: House, policy: Policy, charge: RunningCharge, cost_minor: int, now: datetime
) -> None:
    payment = await payment_store.locked(tx, charge.payment_id)
    hold = await hold_of(tx, charge.payment_id)
    if payment is None or payment.state != State.AUTHORISED or hold is None or hold.state is not HoldState.ACTIVE:
        return
    available = await holds.available(tx, ADVANCES, charge.driver_id, charge.currency, now)
    held = rules.held_while(hold.amount_minor, cost_minor, available)
    if held > hold.amount_minor or hold.expires_at - now < KEPT_ALIVE / 2:
        await _keep(tx, payment, hold, charge, held, now)
    if cost_minor >= held:
        await _used_up(tx, house, policy, charge, cost_minor, now)


async def _keep(
    tx: Transaction, payment: Payment, hold: Hold, charge: RunningCharge, held_minor: int, now: datetime
) -> None:
    try:
        await holds.change(tx, hold.id, now, amount_minor=held_minor, expires_at=now + KEPT_ALIVE)
    except NotEnough:  # after an overrun elsewhere even what is held is not covered: it stays as it is
        return
    if held_minor > hold.amount_minor:
        grown = replace(payment, authorised_minor=held_minor, updated_at=now)
        await payment_store.save(tx, grown)
        await payment_store.note(tx, payment.id, GREW, now, amount_minor=held_minor)
        if charge.start_request_id is not None:
            # A charger of 2.1 was told to stop at the old amount: its next answer carries the new one.
            await store_starts.set_cost_limit(tx, charge.start_request_id, held_minor)


async def _used_up(
    tx: Transaction, house: House, policy: Policy, charge: RunningCharge, cost_minor: int, now: datetime
) -> None:
    """The balance is used up: the charge is asked to stop if the operator wants it so, else it runs on and overruns."""
    if await store.happened(tx, charge.payment_id, USED_UP):
        return
    await payment_store.note(tx, charge.payment_id, USED_UP, now, amount_minor=cost_minor)
    if not policy.stop_at_limit:
        return
    try:
        await sessions.request_stop(
            tx, rule("wallet used up"), SessionId(charge.session_id), now, "the wallet is used up"
        )
    except Conflict:  # it ended meanwhile
        return
    await payment_store.note(tx, charge.payment_id, STOPPED, now, amount_minor=cost_minor)
    tx.after_commit(lambda: house.hints.publish([COMMANDS_TOPIC]))
