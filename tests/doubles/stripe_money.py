"""The other half of our Stripe: charges, its balance, disputes with evidence, and payouts that may lack an item.

Object shapes after docs.stripe.com/api (2026-10-28): charge, balance_transaction, dispute, file, payout.
"""

from __future__ import annotations

from typing import Any

Thing = dict[str, Any]
CREATED = 1_793_000_000  # seconds since 1970: October 2026
DAY_S = 86_400
DISPUTE_FEE = 15_000  # 150 kr


def fee_of(amount: int) -> int:
    """What Stripe keeps of a European card: 1.5 % and 1.80 kr."""
    return amount * 15 // 1000 + 180


class StripeMoney:
    """What moves on the account's balance. Mixed into the simulator, which keeps the objects."""

    things: dict[str, Thing]

    def charge_of(self, intent: Thing, card: str) -> Thing:
        """Make the charge behind an intent that is authorised."""
        wallet = {"type": card, "dynamic_last4": "4242"} if card in ("apple_pay", "google_pay") else None
        details = {
            "brand": "visa",
            "last4": "4242",
            "wallet": wallet,
            "capture_before": CREATED + 7 * DAY_S if intent["capture_method"] == "manual" else None,
            "incremental_authorization": {"status": "unavailable" if card == "plain" else "available"},
            "extended_authorization": {"status": "disabled"},
        }
        charge = self._made(
            "ch_",
            object="charge",
            payment_intent=intent["id"],
            amount=intent["amount"],
            amount_captured=0,
            captured=False,
            currency=intent["currency"],
            metadata=intent["metadata"],
            created=CREATED,
            payment_method_details={"type": "card", "card": details},
        )
        intent["latest_charge"] = charge["id"]
        return charge

    def raise_intent(self, intent: Thing, params: Thing) -> Thing:
        """POST increment_authorization: the whole new amount is given, as Stripe wants it."""
        amount = int(params["amount"])
        charge = self.things[intent["latest_charge"]]
        if intent["status"] != "requires_capture" or amount <= intent["amount"]:
            raise self.refusal(400, "invalid_request_error", "payment_intent_unexpected_state")
        if charge["payment_method_details"]["card"]["incremental_authorization"]["status"] != "available":
            raise self.refusal(400, "invalid_request_error", "incremental_authorization_not_available")
        if intent.get("behaves") == "no_raise":
            raise self.refusal(402, "card_error", "card_declined", decline_code="insufficient_funds")
        intent |= {"amount": amount, "amount_capturable": amount}
        charge["amount"] = amount
        self._emit("payment_intent.amount_capturable_updated", intent)
        return intent

    def moved(self, kind: str, amount: int, fee: int, source: Thing, currency: str = "sek") -> Thing:
        """Book something on the balance."""
        return self._made(
            "txn_",
            object="balance_transaction",
            type=kind,
            amount=amount,
            fee=fee,
            net=amount - fee,
            currency=currency,
            source=source["id"],
            description=None,
            created=CREATED,
            payout=None,
        )

    # Disputes.

    def dispute(self, intent_id: str, *, amount: int | None = None, inquiry: bool = False) -> Thing:
        """A card holder disputes a payment; the money goes at once, unless their bank only asks."""
        intent = self.things[intent_id]
        made = self._made(
            "dp_",
            object="dispute",
            amount=amount or intent["amount_received"],
            currency=intent["currency"],
            charge=intent["latest_charge"],
            payment_intent=intent_id,
            reason="fraudulent",
            status="warning_needs_response" if inquiry else "needs_response",
            created=CREATED,
            metadata={},
            balance_transactions=[],
            evidence={},
            evidence_details={"due_by": CREATED + 14 * DAY_S, "has_evidence": False, "submission_count": 0},
        )
        self._emit("charge.dispute.created", made)
        if not inquiry:
            self._withdraw(made)
        return made

    def _withdraw(self, dispute: Thing) -> None:
        dispute["balance_transactions"].append(self.moved("adjustment", -dispute["amount"], DISPUTE_FEE, dispute))
        self._emit("charge.dispute.funds_withdrawn", dispute)

    def decide(self, dispute_id: str, outcome: str) -> None:
        """The bank decides: won gives the money back, and keeps the fee."""
        dispute = self.things[dispute_id]
        dispute["status"] = outcome
        if outcome == "won":
            dispute["balance_transactions"].append(self.moved("adjustment", dispute["amount"], 0, dispute))
            self._emit("charge.dispute.funds_reinstated", dispute)
        self._emit("charge.dispute.closed", dispute)

    def answer(self, dispute: Thing, params: Thing) -> Thing:
        """POST disputes/{id}: evidence, and with `submit` for good."""
        if dispute["status"] not in ("needs_response", "warning_needs_response"):
            raise self.refusal(400, "invalid_request_error", "dispute_already_submitted")
        given = params.get("evidence", {})
        document = given.get("service_documentation")
        if document is not None and document not in self.things:
            raise self.refusal(400, "invalid_request_error", "resource_missing")
        dispute["evidence"] |= given
        if params.get("submit") == "true":
            inquiry = dispute["status"].startswith("warning")
            dispute["status"] = "warning_under_review" if inquiry else "under_review"
            dispute["evidence_details"] |= {"has_evidence": True, "submission_count": 1}
        self._emit("charge.dispute.updated", dispute)
        return dispute

    def give_in(self, dispute: Thing, _params: Thing) -> Thing:
        """POST disputes/{id}/close."""
        self.decide(dispute["id"], "lost")
        return dispute

    def file(self, body: bytes) -> Thing:
        """POST files: a form of several parts, of which the document is kept."""
        start = body.find(b"%PDF-")
        return self._made(
            "file_", object="file", purpose="dispute_evidence", type="pdf", size=len(body), has_pdf=start >= 0
        )

    # Payouts.

    def pay_out(self, *, missing: str | None = None, extra: int = 0, status: str = "paid") -> Thing:
        """Pay out all that no payout took. `missing` leaves out one balance transaction from the list of it."""
        waiting = [one for one in self.of_kind("balance_transaction") if one["payout"] is None]
        amount = sum(one["net"] for one in waiting) + extra
        made = self._made(
            "po_",
            object="payout",
            amount=amount,
            currency="sek",
            status=status,
            arrival_date=CREATED + 2 * DAY_S,
            created=CREATED + DAY_S,
            failure_code=None,
            failure_message=None,
        )
        for one in waiting:
            one["payout"] = "hidden" if one["id"] == missing else made["id"]
        own = self.moved("payout", -amount, 0, made)
        own["payout"] = made["id"]
        self._emit(f"payout.{status}", made)
        return made

    def bounce(self, payout_id: str) -> None:
        """The bank sends a payout back; its amount is on the balance again."""
        payout = self.things[payout_id]
        payout |= {"status": "failed", "failure_code": "account_closed", "failure_message": "The account is closed."}
        self.moved("payout_failure", payout["amount"], 0, payout)
        self._emit("payout.failed", payout)

    # Kept by the simulator.

    def refusal(self, status: int, kind: str, code: str, **more: Any) -> Exception:
        """An error as Stripe answers it."""
        raise NotImplementedError

    def of_kind(self, kind: str) -> list[Thing]:
        """All objects of a kind."""
        raise NotImplementedError

    def _made(self, prefix: str, **values: Any) -> Thing:
        raise NotImplementedError

    def _emit(self, kind: str, thing: Thing) -> None:
        raise NotImplementedError
