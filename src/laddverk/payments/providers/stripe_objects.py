"""What Stripe's objects say, in our words. Pure: plain dictionaries in, Structs out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.payments.model import Card, CardUsed, Outside, RefundState, Snapshot
from laddverk.payments.providers.port import RefundSeen

INTENT_STATES: Final[Mapping[str, Outside]] = {
    "requires_capture": Outside.AUTHORISED,
    "succeeded": Outside.CAPTURED,
    "canceled": Outside.CANCELLED,
}
"""All others wait for a person on the hosted page, or for Stripe itself."""

REFUND_STATES: Final[Mapping[str, RefundState]] = {
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
"""All others are on their way."""


def plain(made: Any) -> dict[str, Any]:
    """Return an SDK object as plain values."""
    values: dict[str, Any] = made if isinstance(made, dict) and type(made) is dict else made.to_dict(recursive=True)
    return values


def snapshot_of_intent(intent: Mapping[str, Any], refunds: Sequence[Mapping[str, Any]]) -> Snapshot:
    """Return how a PaymentIntent stands, with the refunds made of it.

    An off-session one that waits for a person waits in vain: it failed.
    """
    status = INTENT_STATES.get(intent["status"], Outside.OPEN)
    metadata = intent.get("metadata") or {}
    error = intent.get("last_payment_error") or {}
    if status == Outside.OPEN and metadata.get("off_session") and intent["status"] != "processing":
        status = Outside.FAILED
    refunded = sum(refund["amount"] for refund in refunds if counts(refund, intent["id"]))
    held = status in (Outside.AUTHORISED, Outside.CAPTURED)
    card = _charged_card(intent)
    return Snapshot(
        status=status,
        provider_ref=intent["id"],
        authorised_minor=intent["amount"] if held else 0,
        captured_minor=captured_of(intent, refunded) if status == Outside.CAPTURED else 0,
        refunded_minor=refunded,
        used=None if card is None else _used(card),
        capture_before=None if card is None else instant(card.get("capture_before")),
        can_raise=card is not None and (card.get("incremental_authorization") or {}).get("status") == "available",
        failure_code=error.get("decline_code") or error.get("code") or _needs(intent, status),
        failure_text=error.get("message"),
    )


def instant(epoch_s: Any) -> datetime | None:
    """Return the instant that Stripe writes as seconds since 1970; None for nothing."""
    return datetime.fromtimestamp(epoch_s, UTC) if isinstance(epoch_s, int) else None


def _charged_card(intent: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the card as the newest charge of an intent describes it, where that came along."""
    charge = intent.get("latest_charge")
    details = charge.get("payment_method_details") if isinstance(charge, Mapping) else None
    card = details.get("card") if isinstance(details, Mapping) else None
    return card if isinstance(card, Mapping) else None


def _used(card: Mapping[str, Any]) -> CardUsed:
    wallet = card.get("wallet") or {}
    return CardUsed(card.get("brand") or "", card.get("last4") or "", wallet.get("type") or "")


def captured_of(intent: Mapping[str, Any], refunded_minor: int) -> int:
    """Return what was captured of an intent.

    Where `amount_received` is missing, the charge says it: of its amount, what was not captured counts as given back.
    """
    if intent.get("amount_received") is not None:
        return int(intent["amount_received"])
    charge = intent.get("latest_charge")
    if not isinstance(charge, Mapping):
        return int(intent["amount"])
    if charge.get("amount_captured") is not None:
        return int(charge["amount_captured"])
    return int(charge["amount"] - charge.get("amount_refunded", 0) + refunded_minor)


def counts(refund: Mapping[str, Any], intent: str) -> bool:
    """Return whether a refund gave captured money back: not one that failed, nor the release of what was not taken."""
    return refund.get("payment_intent") == intent and REFUND_STATES.get(refund["status"]) == RefundState.SUCCEEDED


def snapshot_of_checkout(page: Mapping[str, Any], paid: Snapshot | None) -> Snapshot:
    """Return how a Checkout page stands; `paid` is its PaymentIntent, when it has one."""
    if page["mode"] == "setup":
        done = page["status"] == "complete"
        card = _card(page) if done else None
        status = Outside.SAVED if done else (Outside.CANCELLED if page["status"] == "expired" else Outside.OPEN)
        return Snapshot(status=status, checkout_ref=page["id"], card=card)
    if paid is None or (paid.status == Outside.OPEN and page["status"] == "expired"):
        status = Outside.CANCELLED if page["status"] == "expired" else Outside.OPEN
        return Snapshot(status=status, checkout_ref=page["id"], provider_ref=paid.provider_ref if paid else None)
    return replace(paid, checkout_ref=page["id"])


def refund_seen(refund: Mapping[str, Any]) -> RefundSeen:
    """Return how a refund stands; one on its way is not known yet."""
    state = REFUND_STATES.get(refund["status"], RefundState.UNKNOWN)
    return RefundSeen(state, refund["id"], refund.get("failure_reason"))


def names_another(made: Mapping[str, Any], payment_id: UUID) -> bool:
    """Return whether an object carries the id of another payment than ours: then it must not be joined to it."""
    named = (made.get("metadata") or {}).get("payment_id")
    return named is not None and named != str(payment_id)


def reference_in(thing: Mapping[str, Any]) -> tuple[UUID | None, str | None, str | None]:
    """Return (our payment id, PaymentIntent, Checkout page) that an event is about; None where it says nothing."""
    payment_id = _uuid((thing.get("metadata") or {}).get("payment_id"))
    kind = thing.get("object")
    if kind == "payment_intent":
        return payment_id, thing["id"], None
    if kind == "checkout.session":
        return payment_id or _uuid(thing.get("client_reference_id")), _text(thing.get("payment_intent")), thing["id"]
    if kind in ("charge", "refund", "dispute"):
        return payment_id, _text(thing.get("payment_intent")), None
    return None, None, None


def _card(page: Mapping[str, Any]) -> Card | None:
    setup = page.get("setup_intent") or {}
    method = setup.get("payment_method") if isinstance(setup, Mapping) else None
    customer = page.get("customer") or (setup.get("customer") if isinstance(setup, Mapping) else None)
    if not isinstance(method, Mapping) or not customer:
        return None
    card = method.get("card") or {}
    expires = f"{card['exp_month']:02d}/{card['exp_year']}" if card.get("exp_month") else ""
    return Card(str(customer), method["id"], card.get("brand") or "", card.get("last4") or "", expires)


def _needs(intent: Mapping[str, Any], status: Outside) -> str | None:
    return "authentication_required" if status == Outside.FAILED and intent["status"] == "requires_action" else None


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
