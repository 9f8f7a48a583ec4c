"""The adapter to Swish: money that is paid at once, sent back in part, or debited by a consent.

Swish reserves nothing. A payment for a charge is therefore paid in advance: "authorised" with the money captured
already, which the books hold as owed to the payer; at the end the charge takes its part and the rest is sent back.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote
from uuid import UUID

import msgspec

from laddverk.kernel.ids import PaymentId
from laddverk.payments.model import (
    Card,
    Outside,
    Payment,
    Purpose,
    Refund,
    RefundState,
    Snapshot,
    State,
    WebhookEvent,
)
from laddverk.payments.providers.port import Forged, HostedPage, Order, RefundSeen, Refused, Unanswered
from laddverk.payments.providers.swish_api import RefundInstruction, SwishApi
from laddverk.payments.swish import asking, rules, store
from laddverk.payments.swish.model import Attempt, Kind, SwishPayment
from laddverk.platform.house import House

SMALLEST_MINOR: Final = 100  # Swish takes no less than one krona (AM06)
APART: Final = timedelta(seconds=1)  # Swish's rule for refunds that are sent one after the other
PATIENCE: Final = timedelta(seconds=10)  # beyond, the refund is tried again later
PAGE: Final = "/pay/swish/"
WEBHOOK: Final = "/webhooks/swish/"
ABOUT_HEADER: Final = "laddverk-about"  # the end of the address that a callback came to
IDENTIFIER_HEADER: Final = "callbackidentifier"
REFUND_STATES: Final = {"PAID": RefundState.SUCCEEDED, "ERROR": RefundState.FAILED}
TOLD_MAX: Final = 64  # characters; ids have 32
BAD: Final = "This callback does not name what it is about as we asked it to."


class App:
    """How a token gets into the Swish app."""

    def link(self, token: str, back: str) -> str:
        """Return the link that opens it on the phone, and leads back to `back` afterwards."""
        return f"swish://paymentrequest?token={quote(token, safe='')}&callbackurl={quote(back, safe='')}"

    def code(self, token: str, _back: str) -> str:
        """Return what its QR code says."""
        return f"D{token}"


class Swish:
    """Fills `port.PaymentProvider`."""

    name = "swish"

    def __init__(self, house: House, api: SwishApi, *, callback_base: str, app: App | None = None) -> None:
        self.house = house
        self.api = api
        self.app = app or App()
        self._callback_base = callback_base.rstrip("/")

    def smallest_minor(self, currency: str) -> int:
        """Return one krona."""
        return SMALLEST_MINOR

    def page_of(self, payment_id: UUID) -> str:
        """Return the address of our own page where a payment is made."""
        return f"{self.house.settings.web_url}{PAGE}{rules.page_key(self.house.secrets, payment_id)}"

    async def checkout(self, order: Order) -> HostedPage:
        """Return our own page, with a request open that a phone can take up by a link or by its QR code."""
        if order.currency != "SEK":
            raise Refused("AM03", "Swish pays in kronor only.")
        kind = Kind.CONSENT if order.amount_minor == 0 else Kind.TOKEN
        await self.ask(order.payment_id, kind, order.description)
        key = rules.page_key(self.house.secrets, order.payment_id)
        return HostedPage(self.page_of(order.payment_id), key)

    async def ask(self, payment_id: PaymentId, kind: Kind, message: str, phone: str | None = None) -> Attempt:
        """Return the request that is open in the payer's app (`asking.ask`)."""
        wanted = asking.Wanted(
            payment_id=payment_id, kind=kind, message=message, callback_url=self.callback(payment_id), phone=phone
        )
        return await asking.ask(self.house, self.api, wanted)

    def callback(self, payment_id: UUID) -> str:
        """Return where Swish calls back about a payment; the address itself proves that it is from whom we told it."""
        secret = rules.callback_secret(self.house.secrets, payment_id)
        return f"{self._callback_base}{WEBHOOK}{payment_id.hex}{secret}"

    async def charge(self, order: Order, card: Card) -> Snapshot:
        """Debit the payer of a consent. What is being done is open; a callback tells the end."""
        consent = UUID(hex=card.method_ref)
        try:
            await self.api.debit(
                order.payment_id, consent, order.amount_minor, order.payment_id.hex, order.description,
                self.callback(order.payment_id),
            )  # fmt: skip
        except Refused as refusal:
            ended = await self._has_ended(consent)
            code = rules.CONSENT_ENDED if ended else refusal.code
            return Snapshot(status=Outside.FAILED, failure_code=code, failure_text=refusal.text)
        return Snapshot(status=Outside.OPEN)

    async def capture(self, payment: Payment, amount_minor: int) -> Snapshot:
        """Take what the charge cost of what was paid: Swish has nothing to do, the books have."""
        return Snapshot(
            status=Outside.CAPTURED,
            authorised_minor=payment.authorised_minor,
            captured_minor=payment.captured_minor,
        )

    async def cancel(self, payment: Payment) -> Snapshot:
        """Take back what is open. What was paid already is let go, and sent back as a refund."""
        if payment.state == State.AUTHORISED:
            return Snapshot(status=Outside.CANCELLED)
        if not _is_debit(payment):
            for attempt in await self.house.database.run(lambda tx: store.of_payment(tx, payment.id)):
                if attempt.is_open:
                    await asking.close(self.house, self.api, attempt)
        return await self.fetch(payment, None) or Snapshot(status=Outside.CANCELLED)

    async def refund(self, payment: Payment, refund: Refund) -> RefundSeen:
        """Send money back; it is on its way until the payer's bank has it."""
        await self._wait_for_turn()
        await self.api.refund(
            RefundInstruction(
                id=refund.id,
                payment_reference=payment.provider_ref or "",
                amount_minor=refund.amount_minor,
                reference=refund.id.hex,
                message="Refund",
                callback_url=self.callback(payment.id),
                callback_identifier=rules.callback_secret(self.house.secrets, payment.id),
            )
        )
        return RefundSeen(RefundState.UNKNOWN)

    async def refunded(self, payment: Payment, refund_id: UUID) -> RefundSeen | None:
        """Ask what became of a refund."""
        seen = await self.api.refunded(refund_id)
        return None if seen is None else _refund_seen(seen)

    async def fetch(self, payment: Payment, customer_ref: str | None) -> Snapshot | None:
        """Ask Swish about all that was asked of a payment's payer; None when it knows nothing of a debit."""
        if _is_debit(payment):
            seen = await self.api.debited(payment.id)
            return None if seen is None else rules.debit_snapshot(payment, seen)
        attempts = await asking.look_at_all(self.house, self.api, payment.id)
        return rules.snapshot(payment, attempts, self.house.clock())

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> WebhookEvent:
        """Say which payment to look at. Callbacks are not signed: they must come to the address that we gave for it,
        and bring the identifier that we gave. What they say besides is asked for again before it is booked.
        """
        about = headers.get(ABOUT_HEADER, "")
        payment_id = PaymentId(_uuid(about[:32]))
        wanted = rules.callback_secret(self.house.secrets, payment_id).encode()
        told = msgspec.json.decode(body)
        given = str(told.get("callbackIdentifier") or headers.get(IDENTIFIER_HEADER) or about[32:])
        if not all(hmac.compare_digest(wanted, each.encode(errors="replace")) for each in (about[32:], given)):
            raise Forged(BAD)
        instruction = _plain(told.get("id") or told.get("paymentId") or told.get("consentId"))
        kind = "refund" if "originalPaymentReference" in told else "consent" if "consentId" in told else "payment"
        kept = {name: _plain(told[name]) for name in ("status", "errorCode", "paymentReference") if name in told}
        return WebhookEvent(
            id=f"{instruction}:{_plain(told.get('status'))}",
            kind=kind,
            payment_id=payment_id,
            provider_ref=None,
            checkout_ref=None,
            body=kept,
        )

    async def _has_ended(self, consent: UUID) -> bool:
        try:
            seen = await self.api.consent(consent)
        except (Refused, Unanswered):
            return False
        return seen is None or seen.status != "ACTIVE"

    async def _wait_for_turn(self) -> None:
        """Wait until a second has passed since the refund before, whichever process sent it."""
        now = self.house.clock()
        turn = await self.house.database.run(lambda tx: store.turn(tx, now, APART, PATIENCE))
        if turn is None:
            raise Unanswered("many refunds wait for their turn")
        await asyncio.sleep(max(0.0, (turn - now).total_seconds()))


def _is_debit(payment: Payment) -> bool:
    return payment.method_id is not None and payment.purpose != Purpose.SAVE_CARD


def _refund_seen(seen: SwishPayment) -> RefundSeen:
    state = REFUND_STATES.get(seen.status, RefundState.UNKNOWN)
    text = f"{seen.error_code}: {seen.error_message or ''}".strip(": ") if seen.error_code else None
    return RefundSeen(state, seen.payment_reference, text)


def _uuid(text: str) -> UUID:
    try:
        return UUID(hex=text)
    except ValueError:
        raise Forged(BAD) from None


def _plain(told: object) -> str:
    """Return letters and digits of what a callback says: nothing else belongs into our books."""
    return re.sub(r"[^A-Za-z0-9_-]", "", str(told or ""))[:TOLD_MAX]
