"""The adapter to Stripe: hosted Checkout by full redirect, saved cards, manual capture, refunds, signed webhooks.

The official SDK does the HTTP, in threads. Every object that is made carries our payment's id in its metadata, so that
it can be found when an answer is lost; every call that moves money carries an idempotency key made from that id.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
import stripe

from laddverk.kernel.ids import PaymentId
from laddverk.payments.disputes.model import DisputeSeen, Evidence
from laddverk.payments.model import Card, Outside, Payment, Purpose, Refund, Snapshot, State, WebhookEvent
from laddverk.payments.payouts.model import ItemSeen, PayoutSeen
from laddverk.payments.providers import signatures
from laddverk.payments.providers.port import HostedPage, Order, RefundSeen, Refused, Unanswered
from laddverk.payments.providers.stripe_line import http_client
from laddverk.payments.providers.stripe_money import dispute_seen, item_seen, payout_seen
from laddverk.payments.providers.stripe_objects import (
    names_another,
    plain,
    reference_in,
    refund_seen,
    snapshot_of_checkout,
    snapshot_of_intent,
)
from laddverk.platform.errands import OUTSIDE_MAX
from laddverk.platform.settings import Settings

T = TypeVar("T")

API_VERSION: Final = "2026-10-28.endive"  # what stripe 16.1 is made for; a newer one is taken on together with the SDK
TIMEOUT_S: Final = 15.0  # Stripe answers a capture in under 5 s at its slowest; then it is asked what became of it
RETRIES: Final = 1  # by the SDK, with the same key: heals a lost connection; all else is for reconcile
SMALLEST_MINOR: Final = {"SEK": 300, "NOK": 300, "DKK": 250, "EUR": 50}  # docs.stripe.com/currencies, minimum amounts
LASTING: Final = {
    "request_incremental_authorization": "if_available",
    "request_extended_authorization": "if_available",
}
"""Of an authorisation: it may be raised while a car charges, and lasts longer, wherever the card network offers it."""
LISTED: Final = 100  # the most that Stripe lists at once
PAGES_MAX: Final = 200  # 20 000 items in one payout: more than one day's charges of any network here
EVIDENCE_TEXT_MAX: Final = 20_000  # docs.stripe.com/api/disputes: all fields together may have 150 000

NOTHING_DONE: Final = (stripe.CardError, stripe.InvalidRequestError)
"""Errors after which Stripe says for certain that nothing was done."""


class Stripe:
    """Fills `port.PaymentProvider`."""

    name = "stripe"

    def __init__(self, settings: Settings) -> None:
        own = settings.stripe_api_base
        base: Any = {"api": own, "files": own} if own else {}
        self._client = stripe.StripeClient(
            settings.stripe_api_key or "",
            stripe_version=API_VERSION,
            base_addresses=base,
            max_network_retries=RETRIES,
            http_client=http_client(TIMEOUT_S),
        )
        self._threads = ThreadPoolExecutor(OUTSIDE_MAX, thread_name_prefix="stripe")  # made as they are needed
        self._webhook_secret = settings.stripe_webhook_secret or ""

    def smallest_minor(self, currency: str) -> int:
        """Return Stripe's minimum charge."""
        return SMALLEST_MINOR.get(currency, 300)

    async def checkout(self, order: Order) -> HostedPage:
        """Return a Checkout page; the same order gives the same page."""
        made = await self._done(
            lambda: self._client.v1.checkout.sessions.create(_checkout(order), _key(f"{order.payment_id}:checkout"))
        )
        return HostedPage(made["url"], made["id"], made.get("payment_intent"))

    async def charge(self, order: Order, card: Card) -> Snapshot:
        """Charge a saved card off-session. One that needs its holder is declined."""
        params: Any = {
            "amount": order.amount_minor,
            "currency": order.currency.lower(),
            "customer": card.customer_ref,
            "payment_method": card.method_ref,
            "payment_method_types": ["card"],
            "capture_method": "automatic" if order.capture_at_once else "manual",
            "confirm": True,
            "off_session": True,
            "metadata": {"payment_id": str(order.payment_id), "off_session": "1"},
        }
        if not order.capture_at_once:
            params["payment_method_options"] = {"card": LASTING}
        try:
            made = await self._done(
                lambda: self._client.v1.payment_intents.create(params, _key(f"{order.payment_id}:charge"))
            )
        except Refused as refusal:
            return Snapshot(status=Outside.FAILED, failure_code=refusal.code, failure_text=refusal.text)
        return await self._intent_snapshot(made)

    async def raise_to(self, payment: Payment, amount_minor: int) -> Snapshot:
        """Raise the authorisation (incremental authorisation); a bank that declines leaves it as it was."""
        ref, key = payment.provider_ref or "", _key(f"{payment.id}:raise:{amount_minor}")
        params: Any = {"amount": amount_minor, "expand": ["latest_charge"]}
        return await self._intent_snapshot(
            await self._done(lambda: self._client.v1.payment_intents.increment_authorization(ref, params, key))
        )

    async def capture(self, payment: Payment, amount_minor: int) -> Snapshot:
        """Capture part or all; Stripe releases the rest."""
        key = _key(f"{payment.id}:capture:{amount_minor}")
        params: Any = {"amount_to_capture": amount_minor}
        ref = payment.provider_ref or ""
        made = await self._done(lambda: self._client.v1.payment_intents.capture(ref, params, key))
        return snapshot_of_intent(made, [])  # nothing was refunded yet of what is taken now

    async def cancel(self, payment: Payment) -> Snapshot:
        """Expire the page while it is open, or cancel what is authorised."""
        key = _key(f"{payment.id}:cancel")
        if payment.state == State.CHECKOUT and payment.checkout_ref:
            page = payment.checkout_ref
            return await self._checkout_snapshot(
                await self._done(lambda: self._client.v1.checkout.sessions.expire(page, {}, key))
            )
        ref = payment.provider_ref or ""
        return await self._intent_snapshot(
            await self._done(lambda: self._client.v1.payment_intents.cancel(ref, {}, key))
        )

    async def refund(self, payment: Payment, refund: Refund) -> RefundSeen:
        """Refund part or all of what was captured."""
        params: Any = {
            "payment_intent": payment.provider_ref,
            "amount": refund.amount_minor,
            "metadata": {"payment_id": str(payment.id), "refund_id": str(refund.id)},
        }
        return refund_seen(
            await self._done(lambda: self._client.v1.refunds.create(params, _key(f"{refund.id}:refund")))
        )

    async def refunded(self, payment: Payment, refund_id: UUID) -> RefundSeen | None:
        """Look for a refund of ours among those of the payment."""
        for made in await self._refunds(payment.provider_ref or ""):
            if (made.get("metadata") or {}).get("refund_id") == str(refund_id):
                return refund_seen(made)
        return None

    async def fetch(self, payment: Payment, customer_ref: str | None) -> Snapshot | None:
        """Look a payment up by Stripe's references; without any, among the newest of its customer or all pages."""
        try:
            if payment.provider_ref and payment.purpose != Purpose.SAVE_CARD:
                intent = await self._intent(payment.provider_ref)
                return None if names_another(intent, payment.id) else await self._intent_snapshot(intent)
            if payment.checkout_ref:
                page = await self._page(payment.checkout_ref)
                return None if names_another(page, payment.id) else await self._checkout_snapshot(page)
        except Refused as refusal:
            if refusal.code == "resource_missing":
                return None
            raise
        return await self._searched(payment, customer_ref)

    async def disputes(self, payment: Payment) -> list[DisputeSeen]:
        """List the disputes of a payment."""
        if not payment.provider_ref:
            return []
        params: Any = {"payment_intent": payment.provider_ref, "limit": LISTED}
        return [dispute_seen(one) for one in await self._all(self._client.v1.disputes.list, params)]

    async def answer_dispute(self, ref: str, evidence: Evidence) -> DisputeSeen:
        """Hand in the document and the words, for good."""
        key = hashlib.sha256(evidence.document + evidence.text.encode()).hexdigest()[:32]
        given: dict[str, Any] = {
            "uncategorized_text": evidence.text[:EVIDENCE_TEXT_MAX],
            "product_description": evidence.text[:EVIDENCE_TEXT_MAX],
            "service_date": evidence.service_date,
        }
        if evidence.customer_name:
            given["customer_name"] = evidence.customer_name
        if evidence.customer_email:
            given["customer_email_address"] = evidence.customer_email
        if evidence.document:
            file: Any = {
                "purpose": "dispute_evidence",
                "file": (evidence.document_name, evidence.document, "application/pdf"),
            }
            made = await self._done(lambda: self._client.v1.files.create(file, _key(f"{ref}:file:{key}")))
            given["service_documentation"] = made["id"]
        params: Any = {"evidence": given, "submit": True}
        return dispute_seen(
            await self._done(lambda: self._client.v1.disputes.update(ref, params, _key(f"{ref}:answer:{key}")))
        )

    async def accept_dispute(self, ref: str) -> DisputeSeen:
        """Close a dispute: it is lost."""
        return dispute_seen(await self._done(lambda: self._client.v1.disputes.close(ref, {}, _key(f"{ref}:accept"))))

    async def payouts(self, since: datetime) -> list[PayoutSeen]:
        """List the payouts that were made since an instant, the newest first."""
        params: Any = {"created": {"gte": int(since.timestamp())}, "limit": LISTED}
        return [payout_seen(one) for one in await self._all(self._client.v1.payouts.list, params)]

    async def payout_items(self, ref: str) -> list[ItemSeen]:
        """List what a payout is made of, without the line of the payout itself."""
        params: Any = {"payout": ref, "limit": LISTED, "expand": ["data.source"]}
        found = await self._all(self._client.v1.balance_transactions.list, params)
        return [item_seen(one) for one in found if one["type"] != "payout"]

    async def _all(self, listed: Callable[[Any], Any], params: dict[str, Any]) -> list[dict[str, Any]]:
        """Return all pages of a list."""
        found: list[dict[str, Any]] = []
        for _ in range(PAGES_MAX):
            wanted = params | ({"starting_after": found[-1]["id"]} if found else {})
            page = await self._done(partial(listed, wanted))
            found += page["data"]
            if not page["has_more"] or not page["data"]:
                break
        return found

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> WebhookEvent:
        """Check Stripe's signature and say which payment the event is about; events about nothing of ours name none."""
        signatures.check(self._webhook_secret, headers.get("stripe-signature", ""), body, now)
        event = msgspec.json.decode(body)
        about = event["data"]["object"]
        payment_id, intent, page = reference_in(about)
        return WebhookEvent(
            id=event["id"],
            kind=event["type"],
            payment_id=None if payment_id is None else PaymentId(payment_id),
            provider_ref=intent,
            checkout_ref=page,
            body=event,
            says=snapshot_of_intent(about, []) if about.get("object") == "payment_intent" else None,
        )

    async def _searched(self, payment: Payment, customer_ref: str | None) -> Snapshot | None:
        if customer_ref is not None:
            params: Any = {"customer": customer_ref, "limit": LISTED}
            for intent in (await self._done(lambda: self._client.v1.payment_intents.list(params)))["data"]:
                if (intent.get("metadata") or {}).get("payment_id") == str(payment.id):
                    return await self._intent_snapshot(await self._intent(intent["id"]))
            return None
        for page in (await self._done(lambda: self._client.v1.checkout.sessions.list({"limit": LISTED})))["data"]:
            if page.get("client_reference_id") == str(payment.id):
                return await self._checkout_snapshot(await self._page(page["id"]))
        return None

    async def _intent(self, ref: str) -> dict[str, Any]:
        expand: Any = {"expand": ["latest_charge"]}
        return await self._done(lambda: self._client.v1.payment_intents.retrieve(ref, expand))

    async def _page(self, ref: str) -> dict[str, Any]:
        expand: Any = {"expand": ["payment_intent.latest_charge", "setup_intent.payment_method"]}
        return await self._done(lambda: self._client.v1.checkout.sessions.retrieve(ref, expand))

    async def _refunds(self, intent: str) -> list[dict[str, Any]]:
        params: Any = {"payment_intent": intent, "limit": LISTED}
        found: list[dict[str, Any]] = (await self._done(lambda: self._client.v1.refunds.list(params)))["data"]
        return found

    async def _intent_snapshot(self, intent: dict[str, Any]) -> Snapshot:
        refunds = await self._refunds(intent["id"]) if intent["status"] == "succeeded" else []
        return snapshot_of_intent(intent, refunds)

    async def _checkout_snapshot(self, page: dict[str, Any]) -> Snapshot:
        intent = page.get("payment_intent")
        if isinstance(intent, str):
            intent = await self._intent(intent)
        paid = None if intent is None else await self._intent_snapshot(intent)
        return snapshot_of_checkout(page, paid)

    async def _done(self, call: Callable[[], Any]) -> dict[str, Any]:
        """Carry out an SDK call in a thread; return what came back as plain values.

        Raises `Refused` only where Stripe says that nothing was done. Wrong keys, limits on rate and its own errors
        are `Unanswered`: they say nothing about the payment, and are asked about later.
        """
        try:
            return plain(await asyncio.get_running_loop().run_in_executor(self._threads, call))
        except NOTHING_DONE as error:
            if error.code == "idempotency_key_in_use":
                raise Unanswered(str(error)) from error
            if error.http_status == 404:
                raise Refused("resource_missing", "Stripe knows no such object.") from error
            declined = getattr(error.error, "decline_code", None) if error.error else None
            raise Refused(declined or error.code or "invalid_request", error.user_message or str(error)) from error
        except stripe.StripeError as error:
            raise Unanswered(str(error)) from error


def _key(text: str) -> Any:
    return {"idempotency_key": text}


def _checkout(order: Order) -> Any:
    """Return the parameters of a Checkout page. The same order gives the same ones, or Stripe refuses the key."""
    metadata = {"payment_id": str(order.payment_id)}
    params: dict[str, Any] = {
        "client_reference_id": str(order.payment_id),
        "success_url": order.return_url,
        "cancel_url": order.return_url,
        "locale": order.language,
        "payment_method_types": ["card"],
        "metadata": metadata,
    }
    if order.customer_ref:
        params["customer"] = order.customer_ref
    elif order.email:
        params["customer_email"] = order.email
    if order.amount_minor == 0:
        params |= {"mode": "setup", "setup_intent_data": {"metadata": metadata}}
        return params if order.customer_ref else params | {"customer_creation": "always"}
    item = {
        "quantity": 1,
        "price_data": {
            "currency": order.currency.lower(),
            "unit_amount": order.amount_minor,
            "product_data": {"name": order.description},
        },
    }
    capture = "automatic" if order.capture_at_once else "manual"
    if not order.capture_at_once:
        params["payment_method_options"] = {"card": LASTING}
    return params | {
        "mode": "payment",
        "line_items": [item],
        "payment_intent_data": {"capture_method": capture, "metadata": metadata},
        "expires_at": int(order.page_until.timestamp()),
    }
