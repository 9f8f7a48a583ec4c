"""A small Stripe on a real socket: Checkout, PaymentIntents, refunds, idempotency, events, and faults on demand.

It has the object shapes and the manners that our adapter relies on (docs.stripe.com/api), and those that hurt: answers
lost after the work is done, its own errors kept under an idempotency key, events twice and in any order.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

from laddverk.payments.providers.signatures import signed
from tests.doubles.http import Answer, BreakConnection, HttpDouble, Request
from tests.doubles.stripe_money import StripeMoney, fee_of

Thing = dict[str, Any]
WEBHOOK_SECRET = "whsec_test"


class StripeError(Exception):
    """An error as Stripe answers it."""

    def __init__(self, status: int, kind: str, code: str, **more: Any) -> None:
        self.status = status
        self.body = {"error": {"type": kind, "code": code, "message": f"{code}.", **more}}


@dataclass
class Fault:
    """What goes wrong with the next calls whose "METHOD /path" matches."""

    matches: str
    does: str
    """drop_before, drop_after, error_before, error_after, refuse or slow."""
    times: int = 1
    seconds: float = 0.0


@dataclass
class StripeSimulator(StripeMoney):
    """One account at Stripe."""

    key: str = "sk_test_simulated"
    things: dict[str, Thing] = field(default_factory=dict)
    kept: dict[str, tuple[bytes, int, Thing]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    events: list[Thing] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))
    page_max: int = 100
    """How many objects a page of a list has: small, where paging is to be seen."""

    def serving(self) -> HttpDouble:
        """Return the server, to be entered."""
        return HttpDouble(self._answer)

    def of_kind(self, kind: str) -> list[Thing]:
        """Return all objects of a kind, oldest first."""
        return [thing for thing in self.things.values() if thing["object"] == kind]

    def signed_event(self, event: Thing, at: datetime) -> tuple[dict[str, str], bytes]:
        """Return an event as it is posted to a webhook."""
        body = json.dumps(event).encode()
        return {"Stripe-Signature": signed(WEBHOOK_SECRET, body, at)}, body

    # What people do on the hosted page, and Stripe by itself.

    def pay(self, page_id: str, card: str = "good") -> None:
        """Pay on a Checkout page; a declined card leaves it open."""
        page = self.things[page_id]
        assert page["status"] == "open"
        if page["mode"] == "setup":
            customer = page["customer"] or self._made("cus_", object="customer")["id"]
            method = self._made(
                "pm_", object="payment_method", customer=customer,
                card={"brand": "visa", "last4": "4242", "exp_month": 4, "exp_year": 2030}, behaves=card,
            )  # fmt: skip
            setup = self._made(
                "seti_", object="setup_intent", status="succeeded", customer=customer, payment_method=method["id"]
            )
            page |= {"status": "complete", "customer": customer, "setup_intent": setup["id"]}
            self._emit("checkout.session.completed", page)
            return
        wanted = page["payment_intent_data"]
        if page["payment_intent"] is None:
            intent = self._intent(page["amount_total"], page["currency"], wanted["capture_method"], wanted["metadata"])
            page["payment_intent"] = intent["id"]
        intent = self.things[page["payment_intent"]]
        if card == "declined":
            intent["last_payment_error"] = {
                "code": "card_declined",
                "decline_code": "generic_decline",
                "message": "No.",
            }
            self._emit("payment_intent.payment_failed", intent)
            return
        page["status"] = "complete"
        intent["behaves"] = card
        self._authorise(intent, card)
        self._emit("checkout.session.completed", page)

    def expire_authorisation(self, intent_id: str) -> None:
        """After seven days Stripe lets go of what nobody captured."""
        intent = self.things[intent_id]
        intent |= {"status": "canceled", "cancellation_reason": "automatic", "amount_capturable": 0}
        self._emit("payment_intent.canceled", intent)

    def refund_by_hand(self, intent_id: str, amount: int) -> None:
        """Somebody refunds in Stripe's dashboard."""
        self._refund({"payment_intent": intent_id, "amount": str(amount)})

    # HTTP.

    async def _answer(self, request: Request) -> Answer:
        call = f"{request.method} {request.path}"
        self.calls.append(call)
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return self._said(StripeError(401, "invalid_request_error", "api_key_invalid"))
        fault = next((each for each in self.faults if each.times and re.search(each.matches, call)), None)
        does = ""
        if fault is not None:
            fault.times -= 1
            does = fault.does
            await asyncio.sleep(fault.seconds)
        if does == "drop_before":
            raise BreakConnection
        if does == "refuse":
            return self._said(StripeError(400, "invalid_request_error", "parameter_invalid"))
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        status, body = self._once(key, request, broken=does.startswith("error"), after=does == "error_after")
        if does == "drop_after":
            raise BreakConnection
        return status, json.dumps(body).encode()

    def _once(self, key: str | None, request: Request, *, broken: bool, after: bool) -> tuple[int, Thing]:
        """Carry out a request once per key: the first answer is kept, also when it is an error of Stripe's own."""
        if key is not None and key in self.kept:
            body, status, kept = self.kept[key]
            if body != request.body and request.path != "/v1/files":  # the borders of a form's parts are new each time
                wrong = StripeError(400, "idempotency_error", "idempotency_error")
                return wrong.status, wrong.body
            return status, json.loads(json.dumps(kept))
        try:
            if broken and not after:
                raise StripeError(500, "api_error", "api_error")
            status, made = 200, self._carried_out(request)
            if after:
                raise StripeError(500, "api_error", "api_error")
        except StripeError as error:
            status, made = error.status, error.body
        if key is not None and status != 400:
            self.kept[key] = (request.body, status, json.loads(json.dumps(made)))
        return status, made

    def _said(self, error: StripeError) -> Answer:
        return error.status, json.dumps(error.body).encode()

    def _carried_out(self, request: Request) -> Thing:
        if request.path == "/v1/files":
            return self.file(request.body)
        params = nested(parse_qsl(request.query if request.method == "GET" else request.body.decode()))
        parts = request.path.removeprefix("/v1/").split("/")
        routes: dict[tuple[str, str], Callable[..., Thing]] = {
            ("POST", "checkout/sessions"): self._open_page,
            ("POST", "payment_intents"): self._charge,
            ("POST", "refunds"): self._refund,
            ("GET", "refunds"): lambda p: self._listed("refund", payment_intent=p["payment_intent"]),
            ("GET", "payment_intents"): lambda p: self._listed("payment_intent", customer=p["customer"]),
            ("GET", "checkout/sessions"): lambda _: self._listed("checkout.session"),
            ("GET", "disputes"): lambda p: self._listed("dispute", payment_intent=p["payment_intent"]),
            ("GET", "payouts"): lambda p: self._paged(self._listed("payout"), p),
            ("GET", "balance_transactions"): lambda p: self._paged(self._sourced(payout=p["payout"]), p),
        }
        simple = routes.get((request.method, "/".join(parts)))
        if simple is not None:
            return simple(params)
        if parts[0] == "checkout":
            parts = parts[1:]
        thing = self.things.get(parts[1]) if len(parts) > 1 else None
        if thing is None:
            raise StripeError(404, "invalid_request_error", "resource_missing")
        if request.method == "GET":
            return self._expanded(thing)
        verbs = {
            "capture": self._capture,
            "cancel": self._cancel,
            "expire": self._expire,
            "increment_authorization": self.raise_intent,
            "close": self.give_in,
        }
        made = self.answer(thing, params) if len(parts) == 2 else verbs[parts[2]](thing, params)
        return self._expanded(made)

    # What the calls do.

    def _open_page(self, params: Thing) -> Thing:
        if params["mode"] == "payment" and int(params["line_items"]["0"]["price_data"]["unit_amount"]) < 300:
            raise StripeError(400, "invalid_request_error", "amount_too_small")
        amount = int(params["line_items"]["0"]["price_data"]["unit_amount"]) if params["mode"] == "payment" else None
        page = self._made(
            "cs_test_",
            object="checkout.session",
            mode=params["mode"],
            status="open",
            amount_total=amount,
            currency=params["line_items"]["0"]["price_data"]["currency"] if amount else None,
            client_reference_id=params["client_reference_id"],
            metadata=params["metadata"],
            payment_intent=None,
            setup_intent=None,
            customer=params.get("customer"),
            payment_intent_data=params.get("payment_intent_data"),
            payment_method_types=params.get("payment_method_types"),
            payment_method_options=params.get("payment_method_options"),
            success_url=params["success_url"],
        )
        page["url"] = f"https://checkout.stripe.example/c/pay/{page['id']}"
        return page

    def _charge(self, params: Thing) -> Thing:
        method = self.things[params["payment_method"]]
        intent = self._intent(
            int(params["amount"]), params["currency"], params["capture_method"], params["metadata"], params["customer"]
        )
        if method["behaves"] == "declined":
            raise StripeError(402, "card_error", "card_declined", decline_code="insufficient_funds")
        if method["behaves"] == "confirm":
            raise StripeError(402, "card_error", "authentication_required", decline_code="authentication_required")
        self._authorise(intent, method["behaves"])
        return self._expanded(intent)

    def _capture(self, intent: Thing, params: Thing) -> Thing:
        amount = int(params["amount_to_capture"])
        if intent["status"] != "requires_capture":
            raise StripeError(400, "invalid_request_error", "payment_intent_unexpected_state")
        if amount > intent["amount_capturable"]:
            raise StripeError(400, "invalid_request_error", "amount_too_large")
        self._take(intent, amount)
        return intent

    def _cancel(self, intent: Thing, params: Thing) -> Thing:
        if intent["status"] in ("succeeded", "canceled"):
            raise StripeError(400, "invalid_request_error", "payment_intent_unexpected_state")
        intent |= {"status": "canceled", "amount_capturable": 0}
        self._emit("payment_intent.canceled", intent)
        return intent

    def _expire(self, page: Thing, params: Thing) -> Thing:
        if page["status"] != "open":
            raise StripeError(400, "invalid_request_error", "checkout_session_not_open")
        page["status"] = "expired"
        self._emit("checkout.session.expired", page)
        return page

    def _refund(self, params: Thing) -> Thing:
        intent = self.things[params["payment_intent"]]
        amount = int(params["amount"])
        if self.refunded(intent["id"]) + amount > intent["amount_received"]:
            raise StripeError(400, "invalid_request_error", "charge_already_refunded")
        made = self._made(
            "re_", object="refund", payment_intent=intent["id"], amount=amount, status="succeeded",
            metadata=params.get("metadata", {}),
        )  # fmt: skip
        self.moved("refund", -amount, 0, made)
        self._emit("refund.created", made)
        return made

    def refunded(self, intent_id: str) -> int:
        """Return what was refunded of an intent."""
        return sum(each["amount"] for each in self.of_kind("refund") if each["payment_intent"] == intent_id)

    def _intent(self, amount: int, currency: str, capture: str, metadata: Thing, customer: str | None = None) -> Thing:
        return self._made(
            "pi_",
            object="payment_intent",
            amount=amount,
            currency=currency,
            capture_method=capture,
            metadata=metadata,
            customer=customer,
            status="requires_payment_method",
            amount_capturable=0,
            amount_received=0,
            latest_charge=None,
            last_payment_error=None,
        )

    def _authorise(self, intent: Thing, card: str = "good") -> None:
        self.charge_of(intent, card)
        if intent["capture_method"] == "manual":
            intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
            self._emit("payment_intent.amount_capturable_updated", intent)
        else:
            self._take(intent, intent["amount"])

    def _take(self, intent: Thing, amount: int) -> None:
        intent |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount}
        charge = self.things[intent["latest_charge"]]
        charge |= {"captured": True, "amount_captured": amount}
        self.moved("charge", amount, fee_of(amount), charge, intent["currency"])
        self._emit("payment_intent.succeeded", intent)

    def _made(self, prefix: str, **values: Any) -> Thing:
        made = {"id": f"{prefix}{next(self.numbers):06d}", **values}
        self.things[made["id"]] = made
        return made

    def _emit(self, kind: str, thing: Thing) -> None:
        self.events.append(
            {"id": f"evt_{next(self.numbers):06d}", "type": kind, "data": {"object": json.loads(json.dumps(thing))}}
        )

    def _expanded(self, thing: Thing) -> Thing:
        shown = dict(thing)
        for name in ("payment_intent", "setup_intent", "payment_method"):
            if thing["object"] in ("checkout.session", "setup_intent") and isinstance(thing.get(name), str):
                shown[name] = self._expanded(self.things[thing[name]])
        if thing["object"] == "payment_intent" and isinstance(thing["latest_charge"], str):
            shown["latest_charge"] = self.things[thing["latest_charge"]]
        return shown

    def _listed(self, kind: str, **wanted: str) -> Thing:
        found = [each for each in self.of_kind(kind) if all(each[name] == value for name, value in wanted.items())]
        return {"object": "list", "has_more": False, "data": found[::-1]}

    def _sourced(self, payout: str) -> Thing:
        """Return the balance transactions of a payout with their sources, as they are expanded."""
        found = self._listed("balance_transaction", payout=payout)
        found["data"] = [one | {"source": self.things[one["source"]]} for one in found["data"]]
        return found

    def _paged(self, found: Thing, params: Thing) -> Thing:
        """Cut a list as `starting_after` and `page_max` (of this simulator) want it."""
        rows = found["data"]
        after = params.get("starting_after")
        if after is not None:
            rows = rows[[row["id"] for row in rows].index(after) + 1 :]
        return found | {"data": rows[: self.page_max], "has_more": len(rows) > self.page_max}

    def refusal(self, status: int, kind: str, code: str, **more: Any) -> Exception:
        """An error as Stripe answers it."""
        return StripeError(status, kind, code, **more)


def nested(pairs: list[tuple[str, str]]) -> Thing:
    """Return form parameters as nested values: `a[b][0]=c` becomes `{"a": {"b": {"0": "c"}}}`."""
    found: Thing = {}
    for name, value in pairs:
        *path, last = re.findall(r"[^\[\]]+", name)
        place = found
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return found
