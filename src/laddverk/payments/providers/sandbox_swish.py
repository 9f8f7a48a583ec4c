"""The built-in Swish's own side: what Swish, its app and the payers' banks do, over the HTTP API of developer.swish.nu.

It plays an outside system and moves no money. It shows Swish's shapes and codes, refuses an instruction id twice, calls
back once, twice, late or never, and loses answers after the work is done. The demo reaches it without a socket, tests
over TLS with certificates on both sides; foreign clients of Swish are served by it too.
"""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec

Thing = dict[str, Any]
Answer = tuple[int, bytes, dict[str, str]]
"""Status, body and headers of one HTTP answer."""

NUMBER: Final = "1231181189"  # the merchant of Swish's own test environment
PAYER: Final = "46701234567"
ENDED_BY: Final[Mapping[str, str]] = {
    "RF07": "DECLINED",
    "BANKIDCL": "ERROR",
    "BANKIDONGOING": "ERROR",
    "BANKIDUNKN": "ERROR",
    "TM01": "ERROR",
    "ACMT01": "ERROR",
    "ACMT03": "ERROR",
    "ACMT07": "ERROR",
    "FF10": "ERROR",
    "DS24": "ERROR",
    "VR01": "ERROR",
    "VR02": "ERROR",
    "AM04": "ERROR",
}
"""Codes that end a request in the payer's phone, and the state they end it in."""
LARGEST: Final = Decimal("999999999999.99")
BODY_MAX: Final = 16_384


class Mood(StrEnum):
    """How it behaves after a payer has approved."""

    GOOD = "good"
    TWICE = "twice"
    """Each callback comes twice."""
    LATE = "late"
    """Callbacks come 20 seconds late."""
    NEVER = "never"
    """No callback comes."""
    LOST = "lost"
    """The answer to each later instruction about it is lost once, after the work is done."""
    NO_REFUND = "no_refund"
    """What is sent back comes back: the payer's account is closed."""


class Refusal(Exception):
    """An error as Swish answers it at once."""

    def __init__(self, code: str, status: int = 422) -> None:
        self.status = status
        self.body = [{"errorCode": code, "errorMessage": f"{code}.", "additionalInformation": None}]


class AnswerLost(Exception):
    """The connection breaks: before the work when `done` is false, else after it."""


class Books(Protocol):
    """Where Swish keeps what it knows: payments, refunds, consents and debits by their id."""

    async def get(self, kind: str, identity: str) -> Thing | None:
        """Return one thing, as it may be changed and put back."""
        ...

    async def put(self, kind: str, identity: str, thing: Thing) -> None:
        """Keep a thing."""
        ...

    async def where(self, kind: str, name: str, value: str) -> list[Thing]:
        """Return the things of a kind whose field `name` is `value`."""
        ...


class Memory:
    """Books for as long as a test lasts."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Thing]] = defaultdict(dict)

    async def get(self, kind: str, identity: str) -> Thing | None:
        """Return one thing."""
        return self.kept[kind].get(identity)

    async def put(self, kind: str, identity: str, thing: Thing) -> None:
        """Keep a thing."""
        self.kept[kind][identity] = thing

    async def where(self, kind: str, name: str, value: str) -> list[Thing]:
        """Return the things of a kind whose field `name` is `value`."""
        return [thing for thing in self.kept[kind].values() if thing.get(name) == value]


@dataclass
class Fault:
    """What goes wrong with the next calls whose "METHOD /path" matches."""

    matches: str
    does: str
    """drop_before, drop_after, error_before, error_after or garbage."""
    times: int = 1


async def _nobody(_url: str, _thing: Thing, _mood: Mood) -> None:
    """Nobody is called back."""


async def _in_their_time(_kind: str, _identity: str) -> None:
    """Refunds and debits wait until somebody settles them."""


@dataclass
class Swish:
    """Swish, as one merchant sees it."""

    books: Books = field(default_factory=Memory)
    number: str = NUMBER
    call_back: Callable[[str, Thing, Mood], Awaitable[None]] = _nobody
    """Carries (URL, body, mood) to the merchant."""
    made: Callable[[str, str], Awaitable[None]] = _in_their_time
    """Told of each new refund and debit (kind, id): the banks settle them."""
    faults: list[Fault] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    # What payers do in their phones.

    async def pay(self, payment_id: str, alias: str = PAYER, mood: Mood = Mood.GOOD) -> None:
        """Approve a payment request with BankID."""
        await self._end(
            payment_id, "PAID", payerAlias=alias, datePaid="2026-11-21T12:00:00.000Z",
            paymentReference=secrets.token_hex(16).upper(), mood=mood,
        )  # fmt: skip

    async def end(self, payment_id: str, code: str) -> None:
        """A payment request comes to nothing, for the reason of `code`."""
        await self._end(payment_id, ENDED_BY[code], errorCode=code, errorMessage=f"{code}.")

    async def approve(self, consent_id: str, alias: str = PAYER, mood: Mood = Mood.GOOD) -> None:
        """Approve a consent with BankID."""
        await self._change("consent", consent_id, ("CREATED",), status="ACTIVE", payer={"alias": alias}, mood=mood)

    async def refuse(self, consent_id: str) -> None:
        """Say no to a consent."""
        await self._change("consent", consent_id, ("CREATED",), status="DECLINED", errorCode="RF07")

    async def withdraw(self, consent_id: str) -> None:
        """The payer ends a consent in the app."""
        await self._change("consent", consent_id, ("ACTIVE",), status="CANCELLED")

    # What the banks do in their time.

    async def settle_refund(self, refund_id: str, code: str = "") -> None:
        """A refund reaches the payer, or comes back for the reason of `code`."""
        ends: Thing = {"status": "ERROR", "errorCode": code} if code else {"status": "PAID"}
        await self._change("refund", refund_id, ("VALIDATED", "DEBITED"), **ends)

    async def settle_debit(self, debit_id: str, code: str = "") -> None:
        """A debit under a consent goes through, or is refused by the payer's bank."""
        reference = secrets.token_hex(16).upper()
        ends: Thing = {"status": "ERROR", "errorCode": code} if code else {"status": "PAID"}
        await self._change("debit", debit_id, ("CREATED",), **ends, **({} if code else {"paymentReference": reference}))

    async def _end(self, payment_id: str, status: str, **more: Any) -> None:
        await self._change("payment", payment_id, ("CREATED",), status=status, **more)

    async def _change(self, kind: str, identity: str, before: tuple[str, ...], **changes: Any) -> None:
        thing = await self.books.get(kind, identity)
        assert thing is not None and thing["status"] in before, f"a {kind} in this state cannot change so"  # noqa: PT018
        thing |= changes
        await self.books.put(kind, identity, thing)
        await self.call_back(thing["callbackUrl"], public(thing), Mood(thing.get("mood", Mood.GOOD)))

    # HTTP.

    async def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Answer one request. Raises `AnswerLost` when no answer is to come."""
        call = f"{method} {path}"
        self.calls.append(call)
        does = self._fault(call)
        if does == "drop_before":
            raise AnswerLost(call)
        if does == "error_before":
            return 504, b"", {}
        try:
            status, shown, headers = await self._carried_out(call, body)
        except Refusal as refusal:
            status, shown, headers = refusal.status, refusal.body, {}
        if does == "drop_after":
            raise AnswerLost(call)
        if does == "error_after":
            return 500, b"<html>", {}
        if does == "garbage":
            return 200, b'{"id": ', {}
        return (
            status,
            b"" if shown is None else shown if isinstance(shown, bytes) else msgspec.json.encode(shown),
            headers,
        )

    def _fault(self, call: str) -> str:
        fault = next((each for each in self.faults if each.times and re.search(each.matches, call)), None)
        if fault is None:
            return ""
        fault.times -= 1
        return fault.does

    async def _carried_out(self, call: str, content: bytes) -> tuple[int, Any, dict[str, str]]:
        try:
            body = msgspec.json.decode(content[:BODY_MAX]) if content else {}
        except msgspec.DecodeError:
            raise Refusal("FF08", 400) from None
        for pattern, does in ROUTES:
            found = re.fullmatch(pattern, call)
            if found:
                return await does(self, found[1], body)
        raise Refusal("404", 404)

    # What the calls do.

    async def _request_payment(self, payment_id: str, body: Thing) -> tuple[int, Any, dict[str, str]]:
        await self._check(payment_id, "payment", body, "payeeAlias")
        payer = body.get("payerAlias")
        if payer is not None and not re.fullmatch(r"46[0-9]{8,13}", payer):
            raise Refusal("BE18")
        if payer is not None and any(
            other["status"] == "CREATED" for other in await self.books.where("payment", "payerAlias", payer)
        ):
            raise Refusal("RP06")
        token = "" if payer else secrets.token_hex(16)
        thing = {
            **body, "id": payment_id, "status": "CREATED", "amount": float(body["amount"]), "token": token,
            "dateCreated": "2026-11-21T12:00:00.000Z",
        }  # fmt: skip
        await self.books.put("payment", payment_id, thing)
        code = (body.get("message") or "").strip()
        if code in ENDED_BY:  # as the Merchant Swish Simulator does
            await self.end(payment_id, code)
        shown = {"PaymentRequestToken": token} if token else {}
        return 201, None, {"Location": f"https://swish.example/api/v1/paymentrequests/{payment_id}", **shown}

    async def _request_refund(self, refund_id: str, body: Thing) -> tuple[int, Any, dict[str, str]]:
        await self._check(refund_id, "refund", body, "payerAlias")
        reference = body["originalPaymentReference"]
        paid = [
            thing
            for kind in ("payment", "debit")
            for thing in await self.books.where(kind, "paymentReference", reference)
        ]
        if not paid:
            raise Refusal("RF03")
        amount = paid[0]["amount"]["value"] if isinstance(paid[0]["amount"], dict) else paid[0]["amount"]
        if await self.refunded(reference) + Decimal(str(body["amount"])) > Decimal(str(amount)):
            raise Refusal("AM04")
        mood = paid[0].get("mood", Mood.GOOD)
        thing = {**body, "id": refund_id, "status": "VALIDATED", "amount": float(body["amount"]), "mood": mood}
        await self.books.put("refund", refund_id, thing)
        await self.made("refund", refund_id)
        if mood == Mood.LOST:
            raise AnswerLost(refund_id)
        return 201, None, {"Location": f"https://swish.example/api/v1/refunds/{refund_id}"}

    async def refunded(self, reference: str) -> Decimal:
        """Return what was sent back, or is on its way, of a payment: kronor."""
        made = await self.books.where("refund", "originalPaymentReference", reference)
        return sum((Decimal(str(each["amount"])) for each in made if each["status"] != "ERROR"), Decimal(0))

    async def _cancel(self, payment_id: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        payment = await self._known("payment", payment_id)
        if body != [{"op": "replace", "path": "/status", "value": "cancelled"}]:
            raise Refusal("FF08")
        if payment["status"] != "CREATED":
            raise Refusal("RP07")
        await self._end(payment_id, "CANCELLED")
        return 200, public(await self._known("payment", payment_id)), {}

    async def tell(self, kind: str, identity: str) -> tuple[int, Any, dict[str, str]]:
        """Answer how a thing stands."""
        return 200, public(await self._known(kind, identity)), {}

    async def _draw(self, _: str, body: Thing) -> tuple[int, Any, dict[str, str]]:
        return 200, b"<svg>" + str(body["token"]).encode(), {}

    async def _offer(self, _: str, __: Any) -> tuple[int, Any, dict[str, str]]:
        return 200, {"recurringIsOffered": True}, {}

    async def _open_consent(self, consent_id: str, body: Thing) -> tuple[int, Any, dict[str, str]]:
        if await self.books.get("consent", consent_id) is not None:
            raise Refusal("RP09")
        _check_callback(body)
        token = "" if "payer" in body else secrets.token_hex(16)
        thing = {**body, "consentId": consent_id, "status": "CREATED", "token": token}
        await self.books.put("consent", consent_id, thing)
        shown = {"PaymentRequestToken": token} if token else {}
        return 201, None, {"Location": f"https://swish.example/consents/{consent_id}", **shown}

    async def _end_consent(self, consent_id: str, _: Any) -> tuple[int, Any, dict[str, str]]:
        thing = await self._known("consent", consent_id)
        await self.books.put("consent", consent_id, thing | {"status": "CANCELLED"})
        return 204, None, {}

    async def _move_callback(self, consent_id: str, body: Thing) -> tuple[int, Any, dict[str, str]]:
        thing = await self._known("consent", consent_id)
        await self.books.put("consent", consent_id, thing | {"callbackUrl": body["callbackUrl"]})
        return 204, None, {}

    async def _debit(self, debit_id: str, body: Thing) -> tuple[int, Any, dict[str, str]]:
        if await self.books.get("debit", debit_id) is not None:
            raise Refusal("RP09")
        _check_callback(body)
        consent = await self._known("consent", body["consentId"])
        if consent["status"] != "ACTIVE":
            raise Refusal("RP20")
        _check_amount(body["amount"]["value"], body["amount"]["currency"])
        mood = consent.get("mood", Mood.GOOD)
        thing = {**body, "paymentId": debit_id, "status": "CREATED", "mood": mood}
        await self.books.put("debit", debit_id, thing)
        await self.made("debit", debit_id)
        if mood == Mood.LOST:
            raise AnswerLost(debit_id)
        return 201, None, {"Location": f"https://swish.example/payments/{debit_id}"}

    async def _check(self, identity: str, kind: str, body: Thing, own: str) -> None:
        if not re.fullmatch(r"[0-9A-F]{32}", identity):
            raise Refusal("FF08", 400)
        if await self.books.get(kind, identity) is not None:
            raise Refusal("RP09")
        if body.get(own) != self.number:
            raise Refusal("PA02", 403)
        _check_callback(body)
        _check_amount(body["amount"], body["currency"])
        if not re.fullmatch(r"[a-zA-Z0-9åäöÅÄÖ !?(),.:;\"-]{0,50}", body.get("message") or ""):
            raise Refusal("FF08")

    async def _known(self, kind: str, identity: str) -> Thing:
        thing = await self.books.get(kind, identity)
        if thing is None:
            raise Refusal("RP04", 404)
        return thing


def public(thing: Thing) -> Thing:
    """Return a thing as merchants are told of it: a copy without what is Swish's own."""
    told = {name: value for name, value in thing.items() if name not in ("token", "mood")}
    return dict(msgspec.json.decode(msgspec.json.encode(told)))


def _check_callback(body: Thing) -> None:
    if not str(body.get("callbackUrl", "")).startswith("https://"):
        raise Refusal("RP03")


def _check_amount(amount: Any, currency: str) -> None:
    if currency != "SEK":
        raise Refusal("AM03")
    try:
        value = Decimal(str(amount))
    except InvalidOperation:
        raise Refusal("AM01", 400) from None
    if value < 1:
        raise Refusal("AM06")
    if value > LARGEST or -int(value.as_tuple().exponent) > 2:
        raise Refusal("AM02")


Does = Callable[[Swish, str, Any], Awaitable[tuple[int, Any, dict[str, str]]]]


def _telling(kind: str) -> Does:
    return lambda swish, identity, _: swish.tell(kind, identity)


# The table of the API: what is called, and the method that does it.
ROUTES: Final[tuple[tuple[str, Does], ...]] = (
    (r"PUT /swish-cpcapi/api/v2/paymentrequests/(\w+)", Swish._request_payment),
    (r"PUT /swish-cpcapi/api/v2/refunds/(\w+)", Swish._request_refund),
    (r"PATCH /swish-cpcapi/api/v1/paymentrequests/(\w+)", Swish._cancel),
    (r"GET /swish-cpcapi/api/v1/paymentrequests/(\w+)", _telling("payment")),
    (r"GET /swish-cpcapi/api/v1/refunds/(\w+)", _telling("refund")),
    (r"POST /qrg-swish/api/v1/(commerce)", Swish._draw),
    (r"POST /recurring/merchant/v1/consents/(\w+)/token", Swish._open_consent),
    (r"POST /recurring/merchant/v1/consents/(\w+)", Swish._open_consent),
    (r"GET /recurring/merchant/v1/consents/(\w+)", _telling("consent")),
    (r"DELETE /recurring/merchant/v1/consents/(\w+)", Swish._end_consent),
    (r"PUT /recurring/merchant/v1/consent/(\w+)/callback", Swish._move_callback),
    (r"POST /recurring/merchant/v1/payments/single/(\w+)", Swish._debit),
    (r"GET /recurring/merchant/v1/payments/single/(\w+)/status", _telling("debit")),
    (r"POST /recurring/merchant/v1/recurring/(\w+)", Swish._offer),
)
