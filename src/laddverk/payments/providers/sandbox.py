"""The adapter to the built-in provider: HTTP requests to its face, signed webhooks from it. It moves no money.

In one process the requests reach the bank's ASGI application without a socket, still as HTTP; nothing else is shared.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import msgspec

from laddverk.kernel.ids import PaymentId
from laddverk.payments.disputes.model import DisputeSeen, DisputeState, Evidence
from laddverk.payments.model import Card, CardUsed, Outside, Payment, Refund, RefundState, Snapshot, WebhookEvent
from laddverk.payments.payouts.model import ItemKind, ItemSeen, PayoutSeen, PayoutState
from laddverk.payments.providers import signatures
from laddverk.payments.providers.port import HostedPage, Order, RefundSeen, Refused, Unanswered
from laddverk.payments.providers.sandbox_bank import MOUNT, AnswerLost
from laddverk.payments.providers.sandbox_money import Dispute as BankDispute
from laddverk.payments.providers.sandbox_money import Entry
from laddverk.payments.providers.sandbox_money import Payout as BankPayout
from laddverk.payments.providers.sandbox_web import Application, application, key_of
from laddverk.platform.house import House

Transport = Callable[[str, str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]
"""Carries (method, path, headers, body) and returns (status, body); raises `Unanswered` when no answer comes."""

SIGNATURE_HEADER: Final = "sandbox-signature"
TEXT_MAX: Final = 4_000  # the bank takes requests of up to 16 KB
SMALLEST_MINOR: Final = 300  # as Stripe in SEK: three kronor


class Sandbox:
    """Fills `port.PaymentProvider` by speaking to the bank over `transport`."""

    name = "sandbox"

    def __init__(self, transport: Transport, *, page_base: str, api_key: str, webhook_key: str) -> None:
        self._transport = transport
        self._page_base = page_base
        self._api_key = api_key
        self._webhook_key = webhook_key

    @classmethod
    def inside(cls, house: House) -> Sandbox:
        """Return the adapter to the bank that runs in this very process."""
        return cls(
            in_process(application(house)),
            page_base=house.settings.public_url or "",
            api_key=key_of(house.secrets, "api"),
            webhook_key=key_of(house.secrets, "webhook"),
        )

    def smallest_minor(self, currency: str) -> int:
        """Return three kronor, whatever the currency."""
        return SMALLEST_MINOR

    async def checkout(self, order: Order) -> HostedPage:
        """Return the page with the test cards. Its address has no host when the house knows no public one."""
        shown = await self._call("POST", "payments", _order(order))
        return HostedPage(f"{self._page_base}{MOUNT}/pay/{shown['ref']}", shown["ref"], shown["ref"])

    async def charge(self, order: Order, card: Card) -> Snapshot:
        """Charge a saved test card."""
        try:
            return _snapshot(await self._call("POST", "payments", {**_order(order), "card_ref": card.method_ref}))
        except Refused as refusal:
            return Snapshot(status=Outside.FAILED, failure_code=refusal.code, failure_text=refusal.text)

    async def raise_to(self, payment: Payment, amount_minor: int) -> Snapshot:
        """Reserve more, unless the test card refuses."""
        path = f"payments/{payment.provider_ref}/raise"
        return _snapshot(await self._call("POST", path, {"amount_minor": amount_minor}))

    async def capture(self, payment: Payment, amount_minor: int) -> Snapshot:
        """Take part or all of what is reserved."""
        path = f"payments/{payment.provider_ref}/capture"
        return _snapshot(await self._call("POST", path, {"amount_minor": amount_minor}))

    async def cancel(self, payment: Payment) -> Snapshot:
        """Release what is reserved, or close the page."""
        return _snapshot(await self._call("POST", f"payments/{payment.provider_ref}/cancel", {}))

    async def refund(self, payment: Payment, refund: Refund) -> RefundSeen:
        """Give back; the bank does it at once."""
        given = {"amount_minor": refund.amount_minor, "refund_id": str(refund.id)}
        await self._call("POST", f"payments/{payment.provider_ref}/refund", given)
        return RefundSeen(RefundState.SUCCEEDED, f"re_{refund.id.hex}")

    async def refunded(self, payment: Payment, refund_id: UUID) -> RefundSeen | None:
        """Look for a refund of ours in the bank's books."""
        shown = await self._call("GET", f"payments/{payment.provider_ref}", None)
        if str(refund_id) in shown["refunds"]:
            return RefundSeen(RefundState.SUCCEEDED, f"re_{refund_id.hex}")
        return None

    async def fetch(self, payment: Payment, customer_ref: str | None) -> Snapshot | None:
        """Look a payment up by the bank's reference, or by our id when we never got one."""
        try:
            path = f"payments/{payment.provider_ref}" if payment.provider_ref else f"orders/{payment.id}"
            return _snapshot(await self._call("GET", path, None))
        except Refused as refusal:
            if refusal.code == "not_found":
                return None
            raise

    async def disputes(self, payment: Payment) -> list[DisputeSeen]:
        """Return the disputes of a payment."""
        found = await self._call("GET", f"disputes-of/{payment.provider_ref}", None)
        return [_dispute(each, payment.currency) for each in msgspec.convert(found, list[BankDispute])]

    async def answer_dispute(self, ref: str, evidence: Evidence) -> DisputeSeen:
        """Hand in the words, and the size of the document: the bank reads no PDF."""
        given = {"text": evidence.text[:TEXT_MAX], "document_bytes": len(evidence.document)}
        answer = await self._call("POST", f"disputes/{ref}/answer", given)
        return _dispute(msgspec.convert(answer, BankDispute), "")

    async def accept_dispute(self, ref: str) -> DisputeSeen:
        """Give in."""
        answer = await self._call("POST", f"disputes/{ref}/accept", {})
        return _dispute(msgspec.convert(answer, BankDispute), "")

    async def payouts(self, since: datetime) -> list[PayoutSeen]:
        """Return what the bank pretends to have paid out since an instant."""
        found = msgspec.convert(await self._call("GET", f"payouts/{int(since.timestamp())}", None), list[BankPayout])
        return [
            PayoutSeen(
                provider_ref=each.ref,
                state=PayoutState.PAID,
                currency=each.currency,
                amount_minor=each.amount_minor,
                arrives_on=each.made_at.date(),
                made_at=each.made_at,
            )
            for each in found
        ]

    async def payout_items(self, ref: str) -> list[ItemSeen]:
        """Return what a payout is made of, as far as the bank lists it."""
        found = msgspec.convert(await self._call("GET", f"payout-items/{ref}", None), list[Entry])
        return [
            ItemSeen(
                provider_ref=each.ref,
                kind=ItemKind(each.kind),
                amount_minor=each.amount_minor,
                fee_minor=each.fee_minor,
                net_minor=each.amount_minor - each.fee_minor,
                source_ref=each.source_ref,
                at=each.at,
                payment_ref=each.payment_ref,
                payment_id=PaymentId(UUID(each.order_id)),
                refund_id=UUID(each.source_ref) if each.kind == ItemKind.REFUND else None,
                dispute_ref=each.source_ref if each.kind == ItemKind.DISPUTE else None,
            )
            for each in found
        ]

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> WebhookEvent:
        """Check the signature and say which payment to look at."""
        signatures.check(self._webhook_key, headers.get(SIGNATURE_HEADER, ""), body, now)
        event = msgspec.json.decode(body)
        if event["type"].startswith("payout."):
            return WebhookEvent(event["id"], event["type"], None, None, None, event)
        return WebhookEvent(
            id=event["id"],
            kind=event["type"],
            payment_id=PaymentId(UUID(event["payment"]["order_id"])),
            provider_ref=event["payment"]["ref"],
            checkout_ref=event["payment"]["ref"],
            body=event,
        )

    async def _call(self, method: str, path: str, given: Mapping[str, Any] | None) -> Any:
        headers = {"authorization": f"Bearer {self._api_key}", "content-type": "application/json"}
        body = b"" if given is None else msgspec.json.encode(given)
        status, answer = await self._transport(method, f"{MOUNT}/api/{quote(path)}", headers, body)
        if status == 404:
            raise Refused("not_found", "The provider knows no such payment.")
        if status == 402:
            code = msgspec.json.decode(answer)["error"]
            raise Refused(code, f"The provider refused: {code}.")
        if status != 200:
            raise Unanswered(f"the sandbox answered {status}")
        return msgspec.json.decode(answer)


def _order(order: Order) -> dict[str, Any]:
    return {
        "order_id": str(order.payment_id),
        "currency": order.currency,
        "amount_minor": order.amount_minor,
        "capture_at_once": order.capture_at_once,
        "return_url": order.return_url,
        "description": order.description,
    }


def _snapshot(shown: Mapping[str, Any]) -> Snapshot:
    card = shown["card"]
    return Snapshot(
        status=Outside(shown["status"]),
        provider_ref=shown["ref"],
        checkout_ref=shown["ref"],
        authorised_minor=shown["authorised_minor"],
        captured_minor=shown["captured_minor"],
        refunded_minor=shown["refunded_minor"],
        card=None if card is None else Card("sandbox", card["ref"], f"Test ({card['name']})"),
        used=None if shown["used"] is None else CardUsed("Test", "", shown["wallet"]),
        capture_before=msgspec.convert(shown["capture_before"], datetime | None),
        can_raise=shown["used"] is not None,
        failure_code=shown["failure_code"],
    )


def _dispute(seen: BankDispute, currency: str) -> DisputeSeen:
    return DisputeSeen(
        provider_ref=seen.ref,
        state=DisputeState(seen.status),
        reason=seen.reason,
        currency=currency,
        amount_minor=seen.amount_minor,
        withdrawn_minor=seen.amount_minor,
        returned_minor=seen.returned_minor,
        fee_minor=seen.fee_minor,
        due_at=seen.due_at,
        evidence_sent=seen.evidence is not None,
        opened_at=seen.made_at,
    )


def in_process(app: Application) -> Transport:
    """Return a transport that hands each HTTP request to `app` without a socket."""

    async def carry(method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": raw, "query_string": b""}
        sent: list[Mapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        try:
            await app(scope, receive, send)
        except AnswerLost as lost:
            raise Unanswered(f"the connection broke: {lost}") from None
        return int(sent[0]["status"]), b"".join(message.get("body", b"") for message in sent[1:])

    return carry
