"""What Stripe's disputes, payouts and balance transactions say, in our words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from laddverk.kernel.ids import PaymentId
from laddverk.payments.disputes.model import DisputeSeen, DisputeState
from laddverk.payments.payouts.model import ItemKind, ItemSeen, PayoutSeen, PayoutState
from laddverk.payments.providers.stripe_objects import instant

DISPUTE_STATES: Final[Mapping[str, DisputeState]] = {
    "warning_needs_response": DisputeState.INQUIRY,
    "warning_under_review": DisputeState.INQUIRY,
    "warning_closed": DisputeState.CLOSED,
    "needs_response": DisputeState.NEEDS_RESPONSE,
    "under_review": DisputeState.UNDER_REVIEW,
    "prevented": DisputeState.CLOSED,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
}
ITEM_KINDS: Final[Mapping[str, ItemKind]] = {
    "charge": ItemKind.CHARGE,
    "payment": ItemKind.CHARGE,
    "refund": ItemKind.REFUND,
    "payment_refund": ItemKind.REFUND,
    "stripe_fee": ItemKind.FEE,
    "stripe_fx_fee": ItemKind.FEE,
    "network_cost": ItemKind.FEE,
    "tax_fee": ItemKind.FEE,
}
"""Types of balance transactions. An `adjustment` is a dispute when its source is one; all others are other things."""
TEXT_MAX: Final = 200


def dispute_seen(dispute: Mapping[str, Any]) -> DisputeSeen:
    """Return how a dispute stands. Its balance transactions are what it took and gave back, each with its fee."""
    moved = dispute.get("balance_transactions") or []
    details = dispute.get("evidence_details") or {}
    return DisputeSeen(
        provider_ref=dispute["id"],
        state=DISPUTE_STATES.get(dispute["status"], DisputeState.NEEDS_RESPONSE),
        reason=str(dispute.get("reason") or "")[:TEXT_MAX],
        currency=dispute["currency"].upper(),
        amount_minor=dispute["amount"],
        withdrawn_minor=sum(-one["amount"] for one in moved if one["amount"] < 0),
        returned_minor=sum(one["amount"] for one in moved if one["amount"] > 0),
        fee_minor=sum(one["fee"] for one in moved if one["fee"] > 0),
        fee_back_minor=sum(-one["fee"] for one in moved if one["fee"] < 0),
        due_at=instant(details.get("due_by")),
        evidence_sent=bool(details.get("submission_count")),
        opened_at=_at(dispute["created"]),
    )


def payout_seen(payout: Mapping[str, Any]) -> PayoutSeen:
    """Return how a payout stands."""
    return PayoutSeen(
        provider_ref=payout["id"],
        state=PayoutState(payout["status"]),
        currency=payout["currency"].upper(),
        amount_minor=payout["amount"],
        arrives_on=_at(payout["arrival_date"]).date(),
        made_at=_at(payout["created"]),
        failure_text=payout.get("failure_message") or payout.get("failure_code"),
    )


def item_seen(moved: Mapping[str, Any]) -> ItemSeen:
    """Return one balance transaction, with what its (expanded) source says of whose it is."""
    source: Mapping[str, Any] = moved["source"] if isinstance(moved.get("source"), Mapping) else {}
    metadata = source.get("metadata") or {}
    kind = ITEM_KINDS.get(moved["type"], ItemKind.OTHER)
    if source.get("object") == "dispute":
        kind = ItemKind.DISPUTE
    return ItemSeen(
        provider_ref=moved["id"],
        kind=kind,
        amount_minor=moved["amount"],
        fee_minor=moved["fee"],
        net_minor=moved["net"],
        source_ref=str(source.get("id") or moved.get("source") or ""),
        text=str(moved.get("description") or moved["type"])[:TEXT_MAX],
        at=_at(moved["created"]),
        payment_ref=source.get("payment_intent"),
        payment_id=None if (named := _uuid(metadata.get("payment_id"))) is None else PaymentId(named),
        refund_id=_uuid(metadata.get("refund_id")),
        dispute_ref=source.get("id") if kind == ItemKind.DISPUTE else None,
    )


def _at(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None
