"""What cards need in the background: reserves, disputes, payouts. No transaction waits for a provider."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog

from laddverk.payments import claims, settling
from laddverk.payments.calling import Gate, Step
from laddverk.payments.disputes import service as disputes
from laddverk.payments.model import Payment
from laddverk.payments.payouts import service as payouts
from laddverk.payments.providers import chosen_provider, provider_named, sandbox_money
from laddverk.payments.providers.port import Disputes, PaysOut, Refused, Unanswered
from laddverk.payments.reserved import service as reserved
from laddverk.platform.database import Transaction
from laddverk.platform.errands import LEASE, Later
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Work

log = structlog.get_logger()

EVERY_OF_CARDS: Final = (
    Every(reserved.WATCH, timedelta(seconds=reserved.EVERY_S)),
    Every(disputes.ASK, timedelta(hours=1)),
    Every(payouts.READ, timedelta(hours=1)),
    Every(sandbox_money.NIGHT, timedelta(minutes=10)),
)

Payloads = Sequence[dict[str, Any]]


def card_handlers(house: House, gate: Gate) -> dict[str, Work]:
    """Return the jobs about cards by their kind."""

    async def watch_reserved(tx: Transaction, _payloads: Payloads) -> None:
        """By the clock: sessions that outgrow what is reserved, and reserves that lead nowhere."""
        await reserved.watch(tx, house, house.clock())

    async def ask_about_disputes(tx: Transaction, _payloads: Payloads) -> None:
        """By the clock: disputes that nobody spoke of for hours."""
        await disputes.ask_about_open(tx, house.clock())

    async def find_disputed(tx: Transaction, payloads: Payloads) -> None:
        """Look again for payments that disputes speak of."""
        for payload in payloads:
            await disputes.told(tx, **payload)

    async def sandbox_night(tx: Transaction, _payloads: Payloads) -> None:
        """By the clock: the built-in bank's own night, when it is used."""
        if house.settings.payment_provider == "sandbox":
            await sandbox_money.night(tx, house.clock(), house.settings.timezone)

    return {
        sandbox_money.NIGHT: sandbox_night,
        reserved.WATCH: watch_reserved,
        reserved.RAISE: Raisings(house, gate),
        disputes.ASK: ask_about_disputes,
        disputes.FIND: find_disputed,
        disputes.LOOK: Looks(house, gate),
        payouts.READ: Readings(house, gate),
    }


class Raisings:
    """The errand `reserved.RAISE`: ask for more to be reserved. A refusal is final."""

    def __init__(self, house: House, gate: Gate) -> None:
        self._house = house
        self._gate = gate

    async def begin(self, tx: Transaction, payloads: Payloads) -> list[Step]:
        """Claim the payments that may still be raised, and return the calls."""
        now = self._house.clock()
        known = await claims.locked(tx, [settling.decoded_id(payload) for payload in payloads])
        steps: list[Step] = []
        for payload in payloads:
            payment = known.get(settling.decoded_id(payload))
            if payment is None or not reserved.may_raise(payment, int(payload["to_minor"])):
                steps.append(None)
            elif payment.is_called(now):
                steps.append(Later())
            else:
                known[payment.id] = await claims.claim(tx, payment, now + LEASE)
                call = reserved.raising(self._house, payment, int(payload["to_minor"]))
                steps.append(self._gate.through(payment.provider, call))
        return steps

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Join the answers to the payments."""
        known = await claims.locked(tx, [settling.decoded_id(payload) for payload, _ in came])
        await claims.release(tx, list(known))
        for payload, answer in came:
            payment = known[settling.decoded_id(payload)]
            await reserved.record(tx, payment, int(payload["to_minor"]), answer, self._house.clock())


class Looks:
    """The errand `disputes.LOOK`: how do the disputes of a payment stand?"""

    def __init__(self, house: House, gate: Gate) -> None:
        self._house = house
        self._gate = gate

    async def begin(self, tx: Transaction, payloads: Payloads) -> list[Step]:
        """Return the questions."""
        known = await claims.locked(tx, [settling.decoded_id(payload) for payload in payloads])
        steps: list[Step] = []
        for payload in payloads:
            payment = known.get(settling.decoded_id(payload))
            steps.append(None if payment is None else self._question(payment))
        return steps

    def _question(self, payment: Payment) -> Step:
        provider = provider_named(self._house, payment.provider)
        if not isinstance(provider, Disputes):
            return None
        return self._gate.through(payment.provider, partial(provider.disputes, payment))

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Apply what is shown. Silence is asked again by the clock."""
        known = await claims.locked(tx, [settling.decoded_id(payload) for payload, _ in came])
        for payload, answer in came:
            payment = known[settling.decoded_id(payload)]
            if isinstance(answer, Unanswered | Refused):
                log.warning("payments.dispute_not_told", payment=str(payment.id), error=str(answer))
                await disputes.want_look(tx, payment.id, later=True)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                await disputes.apply(tx, payment, answer, self._house.clock())


class Readings:
    """The errand `payouts.READ`: what did the provider pay to our bank account, and what is it made of?"""

    def __init__(self, house: House, gate: Gate) -> None:
        self._house = house
        self._gate = gate

    async def begin(self, tx: Transaction, payloads: Payloads) -> list[Step]:
        """Return one question, however often it was asked for."""
        provider = chosen_provider(self._house)
        if not isinstance(provider, PaysOut):
            return [None for _ in payloads]
        now = self._house.clock()
        known = await payouts.settled(tx, provider.name, _since(payloads, now), now)
        call = self._gate.through(provider.name, lambda: payouts.read(provider, known, now))
        return [call, *(None for _ in payloads[1:])]

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Keep what was read. Silence is asked again by the clock."""
        for payload, answer in came:
            if isinstance(answer, Unanswered | Refused | TimeoutError):
                log.warning("payments.payouts_not_told", error=str(answer))
            elif isinstance(answer, BaseException):
                raise answer
            else:
                await self._keep(tx, payload, answer)

    async def _keep(self, tx: Transaction, payload: dict[str, Any], reading: payouts.Reading) -> None:
        began = self._house.clock()
        for seen, items in reading.payouts:
            await payouts.keep(tx, self._house.settings.payment_provider, seen, items, self._house.clock())
        if reading.more:
            await payouts.want_read(tx, _since([payload], began))


def _since(payloads: Payloads, now: datetime) -> datetime:
    """Return when the round began that these payloads go on with: now, when none says otherwise."""
    said = [datetime.fromisoformat(payload["since"]) for payload in payloads if "since" in payload]
    return min(said, default=now)
