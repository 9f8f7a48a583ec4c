"""A small Swish on a real socket: payment requests, refunds and recurring consents, with the manners that hurt.

It shows the shapes and codes of developer.swish.nu, wants a client certificate, refuses an instruction id twice, calls
back once, twice or never, and loses answers after the work is done.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import count
from typing import Any

from tests.doubles.http import Answer, BreakConnection, HttpDouble, Request

Thing = dict[str, Any]
NUMBER = "1231181189"
ENDED_BY = {"RF07": "DECLINED", "BANKIDCL": "ERROR", "TM01": "ERROR", "ACMT03": "ERROR", "FF10": "ERROR"}
"""Codes that end a request in the payer's phone, and the state they end it in."""


class SwishRefusal(Exception):
    """An error as Swish answers it at once."""

    def __init__(self, code: str, status: int = 422) -> None:
        self.status = status
        self.body = [{"errorCode": code, "errorMessage": f"{code}.", "additionalInformation": None}]


@dataclass
class Fault:
    """What goes wrong with the next calls whose "METHOD /path" matches."""

    matches: str
    does: str
    """drop_before, drop_after, error_before, error_after or garbage."""
    times: int = 1


@dataclass
class SwishSimulator:
    """Swish, as one merchant sees it."""

    payments: dict[str, Thing] = field(default_factory=dict)
    refunds: dict[str, Thing] = field(default_factory=dict)
    consents: dict[str, Thing] = field(default_factory=dict)
    debits: dict[str, Thing] = field(default_factory=dict)
    callbacks: list[tuple[str, Thing]] = field(default_factory=list)
    """Where it calls back and with what, in order; whoever tests delivers them, or not."""
    faults: list[Fault] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))

    def serving(self, tls: ssl.SSLContext | None = None) -> HttpDouble:
        """Return the server, to be entered."""
        return HttpDouble(self._answer, tls)

    # What payers do in their phones.

    def pay(self, payment_id: str, alias: str = "46701234567") -> None:
        """Approve a payment request with BankID."""
        self._end(payment_id, "PAID", payerAlias=alias, datePaid="2026-11-21T12:00:00.000Z",
                  paymentReference=f"{next(self.numbers):032X}")  # fmt: skip

    def end(self, payment_id: str, code: str) -> None:
        """A payment request comes to nothing, for the reason of `code`."""
        self._end(payment_id, ENDED_BY[code], errorCode=code, errorMessage=f"{code}.")

    def approve(self, consent_id: str, alias: str = "46701234567") -> None:
        """Approve a consent with BankID."""
        consent = self.consents[consent_id]
        assert consent["status"] == "CREATED"
        consent |= {"status": "ACTIVE", "payer": {"alias": alias}}
        self._call_back(consent)

    def withdraw(self, consent_id: str) -> None:
        """The payer ends a consent in the app."""
        self.consents[consent_id]["status"] = "CANCELLED"
        self._call_back(self.consents[consent_id])

    # What the banks do in their time.

    def settle_refund(self, refund_id: str, code: str = "") -> None:
        """A refund reaches the payer, or comes back for the reason of `code`."""
        refund = self.refunds[refund_id]
        assert refund["status"] in ("VALIDATED", "DEBITED")
        refund |= {"status": "ERROR", "errorCode": code} if code else {"status": "PAID"}
        self._call_back(refund)

    def settle_debit(self, payment_id: str, code: str = "") -> None:
        """A debit under a consent goes through, or is refused by the payer's bank."""
        debit = self.debits[payment_id]
        assert debit["status"] == "CREATED"
        if code:
            debit |= {"status": "ERROR", "errorCode": code}
        else:
            debit |= {"status": "PAID", "paymentReference": f"{next(self.numbers):032X}"}
        self._call_back(debit)

    def _end(self, payment_id: str, status: str, **more: Any) -> None:
        payment = self.payments[payment_id]
        assert payment["status"] == "CREATED"
        payment |= {"status": status, **more}
        self._call_back(payment)

    def _call_back(self, thing: Thing) -> None:
        self.callbacks.append((thing["callbackUrl"], json.loads(json.dumps(thing))))

    # HTTP.

    async def _answer(self, request: Request) -> Answer:
        call = f"{request.method} {request.path}"
        self.calls.append(call)
        fault = next((each for each in self.faults if each.times and re.search(each.matches, call)), None)
        does = ""
        if fault is not None:
            fault.times -= 1
            does = fault.does
        await asyncio.sleep(0)
        if does == "drop_before":
            raise BreakConnection
        if does == "error_before":
            return 504, b""
        try:
            status, body, headers = self._carried_out(request)
        except SwishRefusal as refusal:
            status, body, headers = refusal.status, refusal.body, {}
        if does == "drop_after":
            raise BreakConnection
        if does == "error_after":
            return 500, b"<html>"
        if does == "garbage":
            return 200, b'{"id": '
        return status, b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode(), headers

    def _carried_out(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        routes: tuple[tuple[str, Callable[..., tuple[int, Any, dict[str, str]]]], ...] = (
            (r"PUT /swish-cpcapi/api/v2/paymentrequests/(\w+)", self._request_payment),
            (r"PUT /swish-cpcapi/api/v2/refunds/(\w+)", self._request_refund),
            (r"PATCH /swish-cpcapi/api/v1/paymentrequests/(\w+)", self._cancel),
            (r"GET /swish-cpcapi/api/v1/paymentrequests/(\w+)", lambda i, _: self._told(self.payments, i)),
            (r"GET /swish-cpcapi/api/v1/refunds/(\w+)", lambda i, _: self._told(self.refunds, i)),
            (r"POST /qrg-swish/api/v1/(commerce)", lambda _, body: (200, b"<svg>" + body["token"].encode(), {})),
            (r"POST /recurring/merchant/v1/consents/(\w+)/token", self._open_consent),
            (r"POST /recurring/merchant/v1/consents/(\w+)", self._open_consent),
            (r"GET /recurring/merchant/v1/consents/(\w+)", lambda i, _: self._told(self.consents, i)),
            (r"DELETE /recurring/merchant/v1/consents/(\w+)", self._end_consent),
            (r"PUT /recurring/merchant/v1/consent/(\w+)/callback", self._move_callback),
            (r"POST /recurring/merchant/v1/payments/single/(\w+)", self._debit),
            (r"GET /recurring/merchant/v1/payments/single/(\w+)/status", lambda i, _: self._told(self.debits, i)),
            (r"POST /recurring/merchant/v1/recurring/(\w+)", lambda _, __: (200, {"recurringIsOffered": True}, {})),
        )
        body = json.loads(request.body) if request.body else {}
        for pattern, does in routes:
            found = re.fullmatch(pattern, f"{request.method} {request.path}")
            if found:
                return does(found[1], body)
        raise SwishRefusal("404", 404)

    # What the calls do.

    def _request_payment(self, payment_id: str, body: Thing) -> tuple[int, Any, dict[str, str]]:
        self._check(payment_id, self.payments, body, "payeeAlias")
        payer = body.get("payerAlias")
        if payer is not None and not re.fullmatch(r"46[0-9]{8,13}", payer):
            raise SwishRefusal("BE18")
        if payer is not None and any(
            other["status"] == "CREATED" and other.get("payerAlias") == payer for other in self.payments.values()
        ):
            raise SwishRefusal("RP06")
        self.payments[payment_id] = {
            **body, "id": payment_id, "status": "CREATED", "amount": float(body["amount"]),
            "dateCreated": "2026-11-21T12:00:00.000Z",
        }  # fmt: skip
        wanted_code = (body.get("message") or "").strip()
        if wanted_code in ENDED_BY:  # as the Merchant Swish Simulator does
            self.end(payment_id, wanted_code)
        token = {} if payer else {"PaymentRequestToken": f"T{payment_id[:20]}"}
        return 201, None, {"Location": f"https://swish.example/api/v1/paymentrequests/{payment_id}", **token}

    def _request_refund(self, refund_id: str, body: Thing) -> tuple[int, Any, dict[str, str]]:
        self._check(refund_id, self.refunds, body, "payerAlias")
        paid = next(
            (each for each in self.payments.values()
             if each.get("paymentReference") == body["originalPaymentReference"]),
            None,
        )  # fmt: skip
        if paid is None:
            raise SwishRefusal("RF03")
        if self.refunded(paid["paymentReference"]) + Decimal(str(body["amount"])) > Decimal(str(paid["amount"])):
            raise SwishRefusal("AM04")
        self.refunds[refund_id] = {**body, "id": refund_id, "status": "VALIDATED", "amount": float(body["amount"])}
        return 201, None, {"Location": f"https://swish.example/api/v1/refunds/{refund_id}"}

    def refunded(self, reference: str) -> Decimal:
        """Return what was sent back, or is on its way, of a payment."""
        return sum(
            (Decimal(str(each["amount"])) for each in self.refunds.values()
             if each["originalPaymentReference"] == reference and each["status"] != "ERROR"),
            Decimal(0),
        )  # fmt: skip

    def _cancel(self, payment_id: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        payment = self._known(self.payments, payment_id)
        if body != [{"op": "replace", "path": "/status", "value": "cancelled"}]:
            raise SwishRefusal("FF08")
        if payment["status"] != "CREATED":
            raise SwishRefusal("RP07")
        self._end(payment_id, "CANCELLED")
        return 200, self._public(payment), {}

    def _open_consent(self, consent_id: str, body: Thing) -> tuple[int, Any, dict[str, str]]:
        if consent_id in self.consents:
            raise SwishRefusal("RP09")
        self._check_callback(body)
        self.consents[consent_id] = {**body, "consentId": consent_id, "status": "CREATED"}
        token = {} if "payer" in body else {"PaymentRequestToken": f"C{consent_id[:20]}"}
        return 201, None, {"Location": f"https://swish.example/consents/{consent_id}", **token}

    def _end_consent(self, consent_id: str, _: Thing) -> tuple[int, Any, dict[str, str]]:
        self._known(self.consents, consent_id)["status"] = "CANCELLED"
        return 204, None, {}

    def _move_callback(self, consent_id: str, body: Thing) -> tuple[int, Any, dict[str, str]]:
        self._known(self.consents, consent_id)["callbackUrl"] = body["callbackUrl"]
        return 204, None, {}

    def _debit(self, payment_id: str, body: Thing) -> tuple[int, Any, dict[str, str]]:
        if payment_id in self.debits:
            raise SwishRefusal("RP09")
        self._check_callback(body)
        if self._known(self.consents, body["consentId"])["status"] != "ACTIVE":
            raise SwishRefusal("RP20")
        self._check_amount(body["amount"]["value"], body["amount"]["currency"])
        self.debits[payment_id] = {**body, "paymentId": payment_id, "status": "CREATED"}
        return 201, None, {"Location": f"https://swish.example/payments/{payment_id}"}

    def _check(self, identity: str, known: dict[str, Thing], body: Thing, own: str) -> None:
        if not re.fullmatch(r"[0-9A-F]{32}", identity):
            raise SwishRefusal("FF08", 400)
        if identity in known:
            raise SwishRefusal("RP09")
        if body.get(own) != NUMBER:
            raise SwishRefusal("PA02", 403)
        self._check_callback(body)
        self._check_amount(body["amount"], body["currency"])
        if not re.fullmatch(r"[a-zA-Z0-9åäöÅÄÖ !?(),.:;\"-]{0,50}", body.get("message") or ""):
            raise SwishRefusal("FF08")

    def _check_callback(self, body: Thing) -> None:
        if not str(body.get("callbackUrl", "")).startswith("https://"):
            raise SwishRefusal("RP03")

    def _check_amount(self, amount: Any, currency: str) -> None:
        if currency != "SEK":
            raise SwishRefusal("AM03")
        try:
            value = Decimal(str(amount))
        except InvalidOperation:
            raise SwishRefusal("AM01", 400) from None
        if value < 1:
            raise SwishRefusal("AM06")
        if value > Decimal("999999999999.99") or -int(value.as_tuple().exponent) > 2:
            raise SwishRefusal("AM02")

    def _told(self, known: dict[str, Thing], identity: str) -> tuple[int, Any, dict[str, str]]:
        return 200, self._public(self._known(known, identity)), {}

    def _public(self, thing: Thing) -> Thing:
        return json.loads(json.dumps(thing))

    def _known(self, known: dict[str, Thing], identity: str) -> Thing:
        if identity not in known:
            raise SwishRefusal("RP04", 404)
        return known[identity]
