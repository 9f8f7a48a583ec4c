"""Swish Commerce over HTTPS: payment requests, refunds, and recurring consents with their payments.

Written to developer.swish.nu: payment requests and refunds v2 (read by v1), QR codes v1, recurring payments v1. A
merchant shows its own client certificate. Every instruction has an id that we choose (32 upper-case hexadecimal
digits), so the same one cannot be carried out twice: Swish refuses the second as RP09, and it is read instead.
"""

from __future__ import annotations

import ssl
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import httpx
import msgspec
from msgspec import Struct

from laddverk.payments.providers.port import Refused, Unanswered
from laddverk.payments.swish.model import Consent, ConsentPayment, SwishPayment

T = TypeVar("T")

TIMEOUT_S: Final = 15.0  # Swish answers an instruction in about a second; the rest happens in the payer's phone
MESSAGE_LENGTH_MAX: Final = 50
REFERENCE_LENGTH_MAX: Final = 35
ID_TAKEN: Final = "RP09"
UNKNOWN_ID: Final = "RP04"
CANCEL: Final = [{"op": "replace", "path": "/status", "value": "cancelled"}]
MESSAGE_SIGNS: Final = frozenset("abcdefghijklmnopqrstuvwxyzåäöABCDEFGHIJKLMNOPQRSTUVWXYZÅÄÖ0123456789 !?(),.-:;")
"""What Swish takes in a message to the payer; anything else is refused with FF08 or BE18."""


class Instruction(Struct, frozen=True, kw_only=True):
    """Money to be asked for. Without `payer_alias` the payer opens it by a token: a link or a QR code."""

    id: UUID
    amount_minor: int
    reference: str
    """Ours, on the payee's reports: letters and digits."""
    message: str
    callback_url: str
    callback_identifier: str
    """A secret of ours that comes back with the callback, which is not signed."""
    payer_alias: str | None = None


class RefundInstruction(Struct, frozen=True, kw_only=True):
    """Money to be sent back of a payment that was made."""

    id: UUID
    payment_reference: str
    """Swish's own reference of the payment, in capitals."""
    amount_minor: int
    reference: str
    message: str
    callback_url: str
    callback_identifier: str


class SwishError(Struct, frozen=True, rename="camel"):
    """One of the errors of a 422."""

    error_code: str = ""
    error_message: str | None = None


class SwishApi:
    """Speaks for one Swish number. All verbs raise `Unanswered` when nobody knows what became of the call, and
    `Refused` with Swish's own code when nothing was done.
    """

    def __init__(self, client: httpx.AsyncClient, number: str, qr_client: httpx.AsyncClient | None = None) -> None:
        self._client = client
        self._number = number
        self._qr_client = qr_client or client

    async def request_payment(self, wanted: Instruction) -> str | None:
        """Ask for money; return the token by which a payer without alias opens it, or None.

        The same id again is done once; then None is returned as well: the payment has to be read.
        """
        body = {
            "payeePaymentReference": wanted.reference[:REFERENCE_LENGTH_MAX],
            "callbackUrl": wanted.callback_url,
            "callbackIdentifier": wanted.callback_identifier,
            "payeeAlias": self._number,
            "amount": in_kronor(wanted.amount_minor),
            "currency": "SEK",
            "message": spoken(wanted.message),
        }
        if wanted.payer_alias is not None:
            body["payerAlias"] = wanted.payer_alias
        answer = await self._once("PUT", f"/swish-cpcapi/api/v2/paymentrequests/{instruction_id(wanted.id)}", body)
        return None if answer is None else answer.headers.get("PaymentRequestToken")

    async def payment(self, instruction: UUID) -> SwishPayment | None:
        """Return how Swish sees a payment request; None when it knows none by this id."""
        return await self._read(f"/swish-cpcapi/api/v1/paymentrequests/{instruction_id(instruction)}", SwishPayment)

    async def cancel(self, instruction: UUID) -> SwishPayment:
        """Take back a request that nobody has paid. Raises `Refused` (RP07, RP08 …) when that is too late."""
        path = f"/swish-cpcapi/api/v1/paymentrequests/{instruction_id(instruction)}"
        headers = {"content-type": "application/json-patch+json"}
        return _decoded(await self._sent("PATCH", path, CANCEL, headers), SwishPayment)

    async def refund(self, wanted: RefundInstruction) -> None:
        """Send money back. The same id again is done once."""
        body = {
            "originalPaymentReference": wanted.payment_reference,
            "payerPaymentReference": wanted.reference[:REFERENCE_LENGTH_MAX],
            "callbackUrl": wanted.callback_url,
            "callbackIdentifier": wanted.callback_identifier,
            "payerAlias": self._number,
            "amount": in_kronor(wanted.amount_minor),
            "currency": "SEK",
            "message": spoken(wanted.message),
        }
        await self._once("PUT", f"/swish-cpcapi/api/v2/refunds/{instruction_id(wanted.id)}", body)

    async def refunded(self, instruction: UUID) -> SwishPayment | None:
        """Return how Swish sees a refund; None when it knows none by this id."""
        return await self._read(f"/swish-cpcapi/api/v1/refunds/{instruction_id(instruction)}", SwishPayment)

    async def qr_code(self, token: str) -> bytes:
        """Return the QR code of a token, as SVG."""
        try:
            answer = await self._qr_client.post(
                "/qrg-swish/api/v1/commerce", json={"token": token, "format": "svg", "border": 0, "transparent": True}
            )
        except httpx.HTTPError as silence:
            raise Unanswered(str(silence) or type(silence).__name__) from silence
        return _checked(answer).content

    async def open_consent(self, consent: UUID, callback_url: str, payer_alias: str | None = None) -> str | None:
        """Ask a payer to be debited from now on; return the token that opens it when no alias is given."""
        body: dict[str, Any] = {"callbackUrl": callback_url, "payee": {"alias": self._number}}
        path = f"/recurring/merchant/v1/consents/{instruction_id(consent)}"
        if payer_alias is not None:
            body["payer"] = {"alias": payer_alias}
        else:
            path += "/token"
        answer = await self._once("POST", path, body)
        return None if answer is None else answer.headers.get("PaymentRequestToken")

    async def consent(self, consent: UUID) -> Consent | None:
        """Return how a consent stands; None when Swish knows none by this id."""
        return await self._read(f"/recurring/merchant/v1/consents/{instruction_id(consent)}", Consent)

    async def end_consent(self, consent: UUID) -> None:
        """Give a consent back: nothing can be debited by it any more. One that is gone already is fine."""
        path = f"/recurring/merchant/v1/consents/{instruction_id(consent)}"
        try:
            await self._sent("DELETE", path)
        except Refused as refusal:
            if refusal.code != UNKNOWN_ID:
                raise

    async def debit(
        self, payment: UUID, consent: UUID, amount_minor: int, reference: str, message: str, callback_url: str
    ) -> None:
        """Debit the payer of a consent, who is not asked. The same id again is done once."""
        body = {
            "consentId": instruction_id(consent),
            "payee": {"alias": self._number},
            "amount": {"value": in_kronor(amount_minor), "currency": "SEK"},
            "payeePaymentReference": reference[:REFERENCE_LENGTH_MAX],
            "message": spoken(message),
            "callbackUrl": callback_url,
        }
        await self._once("POST", f"/recurring/merchant/v1/payments/single/{instruction_id(payment)}", body)

    async def debited(self, payment: UUID) -> ConsentPayment | None:
        """Return what became of a debit; None when Swish knows none by this id."""
        path = f"/recurring/merchant/v1/payments/single/{instruction_id(payment)}/status"
        return await self._read(path, ConsentPayment)

    async def _once(self, method: str, path: str, body: Any) -> httpx.Response | None:
        try:
            return await self._sent(method, path, body)
        except Refused as refusal:
            if refusal.code == ID_TAKEN:
                return None
            raise

    async def _read(self, path: str, shape: type[T]) -> T | None:
        try:
            return _decoded(await self._sent("GET", path), shape)
        except Refused as refusal:
            if refusal.code == UNKNOWN_ID:
                return None
            raise

    async def _sent(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        content = None if body is None else msgspec.json.encode(body)
        try:
            answer = await self._client.request(
                method, path, content=content, headers={"content-type": "application/json"} | (headers or {})
            )
        except httpx.HTTPError as silence:
            raise Unanswered(str(silence) or type(silence).__name__) from silence
        return _checked(answer)


def client_for(
    base_url: str, certificate: Path, key: Path, authority: Path | None = None, password_file: Path | None = None
) -> httpx.AsyncClient:
    """Return a client that shows the merchant's certificate, and trusts `authority` alone when one is given.

    Raises `OSError` and `ssl.SSLError` when the files are missing or do not belong together.
    """
    context = ssl.create_default_context(cafile=str(authority) if authority else None)
    password = password_file.read_text().strip() if password_file else None
    context.load_cert_chain(certificate, key, password)
    return httpx.AsyncClient(base_url=base_url, verify=context, timeout=TIMEOUT_S)


def instruction_id(identity: UUID) -> str:
    """Return an id as Swish wants it: 32 hexadecimal digits in capitals."""
    return identity.hex.upper()


def in_kronor(amount_minor: int) -> str:
    """Return öre as Swish writes an amount: `123.45`."""
    return f"{amount_minor // 100}.{amount_minor % 100:02}"


def in_minor(amount: Decimal) -> int:
    """Return kronor as öre. Swish has two decimals at the most."""
    return int(amount * 100)


def spoken(message: str) -> str:
    """Return a message that Swish takes: its letters only, 50 at the most."""
    return "".join(sign if sign in MESSAGE_SIGNS else " " for sign in message)[:MESSAGE_LENGTH_MAX].strip()


def _decoded(answer: httpx.Response, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.content, type=shape, strict=False)
    except (msgspec.ValidationError, msgspec.DecodeError) as garbage:
        raise Unanswered(f"Swish's answer cannot be understood: {garbage}") from garbage


def _checked(answer: httpx.Response) -> httpx.Response:
    """Return a good answer. Raises `Refused` for what Swish has not done, `Unanswered` for what may have been."""
    if answer.status_code < 300:
        return answer
    if answer.status_code == 404:
        raise Refused(UNKNOWN_ID, "Swish knows nothing by this id.")
    if answer.status_code in (400, 403, 415, 422):
        first = _errors(answer.content)[0]
        raise Refused(first.error_code or str(answer.status_code), first.error_message or "Swish refuses it.")
    # 401 is a matter of our certificate, 429 of our haste, 5xx of Swish itself: none says what became of the money.
    raise Unanswered(f"Swish answers {answer.status_code}.")


def _errors(content: bytes) -> list[SwishError]:
    try:
        return msgspec.json.decode(content, type=list[SwishError]) or [SwishError()]
    except (msgspec.ValidationError, msgspec.DecodeError):
        return [SwishError()]
