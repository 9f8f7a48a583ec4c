"""What payments do in the background."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from laddverk.payments import asking, charging, refunding, settling
from laddverk.payments.asking import Asks
from laddverk.payments.calling import Calls, Gate
from laddverk.payments.card_jobs import EVERY_OF_CARDS, card_handlers
from laddverk.payments.deposits import service as deposits
from laddverk.payments.deposits import telling
from laddverk.payments.direct_debit import answering
from laddverk.payments.direct_debit import jobs as bank_jobs
from laddverk.payments.inbox import WEBHOOK, receive_webhook
from laddverk.payments.providers import sandbox_bank, signatures
from laddverk.payments.providers.sandbox import SIGNATURE_HEADER
from laddverk.payments.providers.sandbox_web import key_of
from laddverk.payments.returning import Returns
from laddverk.payments.swish import jobs as swish_jobs
from laddverk.payments.ways import jobs as ways_jobs
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Work
from laddverk.sessions.model import SessionPriced

RECONCILE: Final = "payments.reconcile"
BANK: Final = "payments.bank"

EVERY: Final = (
    Every(RECONCILE, timedelta(seconds=15)),
    Every(BANK, timedelta(minutes=5)),
    *EVERY_OF_CARDS,
    *ways_jobs.EVERY,
)

Payloads = Sequence[dict[str, Any]]


def handlers(house: House) -> dict[str, Work]:
    """Return the jobs of this room, and that of the built-in provider when it is used."""
    jobs, gate = _Jobs(house), Gate()
    found: dict[str, Work] = {
        charging.CAPTURE: jobs.capture,
        "payments.void": jobs.void,
        settling.CALL: Calls(house, gate),
        asking.ASK: Asks(house, gate),
        refunding.REFUND: Returns(house, gate),
        WEBHOOK: jobs.webhook,
        RECONCILE: jobs.reconcile,
        BANK: jobs.bank,
        answering.TELL: jobs.tell_refused,
        deposits.TELL_OVERPAID: jobs.tell_overpaid,
        **card_handlers(house, gate),
        **ways_jobs.handlers(house),
    }
    if house.settings.payment_provider == "sandbox":
        found[sandbox_bank.DELIVER] = jobs.deliver
    return found | swish_jobs.handlers(house)


class _Jobs:
    def __init__(self, house: House) -> None:
        self._house = house

    async def capture(self, tx: Transaction, payloads: Payloads) -> None:
        """`SessionPriced`: take, charge or release."""
        priced = [outbox.decoded(SessionPriced, payload) for payload in payloads]
        await charging.sessions_priced(tx, self._house, priced, self._house.clock())

    async def void(self, tx: Transaction, payloads: Payloads) -> None:
        """`StartFailed`: give back what was reserved."""
        ids = [UUID(payload["start_request_id"]) for payload in payloads]
        await charging.release(tx, self._house, ids, self._house.clock())

    async def webhook(self, tx: Transaction, payloads: Payloads) -> None:
        """Look at what webhooks are about."""
        wanted = [(payload["provider"], payload["event_id"]) for payload in payloads]
        await asking.act_on(tx, wanted, self._house.clock())

    async def reconcile(self, tx: Transaction, payloads: Payloads) -> None:
        """By the clock: ask about what should have moved on."""
        await asking.ask_overdue(tx, self._house.clock())

    async def bank(self, tx: Transaction, payloads: Payloads) -> None:
        """By the clock: files to and from banks."""
        await bank_jobs.round_of(tx, self._house, self._house.clock())

    async def tell_refused(self, tx: Transaction, payloads: Payloads) -> None:
        """Mail to drivers whose account was not debited."""
        for payload in payloads:
            await bank_jobs.tell_refused(tx, self._house, UUID(payload["collection_id"]), self._house.clock())

    async def tell_overpaid(self, tx: Transaction, payloads: Payloads) -> None:
        """Mail to those who paid more than their invoice."""
        for payload in payloads:
            await telling.overpaid(tx, self._house, UUID(payload["deposit_id"]), self._house.clock())

    async def deliver(self, tx: Transaction, payloads: Payloads) -> None:
        """The built-in provider's own post: sign its messages and bring them to our door."""
        for event in payloads:
            body = msgspec.json.encode(event)
            header = signatures.signed(key_of(self._house.secrets, "webhook"), body, self._house.clock())
            await receive_webhook(self._house, "sandbox", {SIGNATURE_HEADER: header}, body)
