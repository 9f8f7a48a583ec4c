"""What a charger of 1.6 says of Plug & Charge: messages of 2.0.1 as JSON within a DataTransfer.

The alliance's application note; the data of the answer is the JSON of the answer of 2.0.1, and the DataTransfer itself
is Accepted whenever the message within was understood.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from laddverk.ocpp.answers import Answer, AuthorisationAnswer
from laddverk.ocpp.facts import Fact, TokenPresented
from laddverk.ocpp.structs import Message
from laddverk.ocpp.translate import certificates
from laddverk.ocpp.translate.authorization import NOT_RECORDED, contract_fields, token_info
from laddverk.ocpp.translate.block import first
from laddverk.ocpp.translate.certificates_16 import PLUG_AND_CHARGE
from laddverk.ocpp.translate.origin import Origin, said, stamp, token
from laddverk.ocpp.v16 import messages as v16
from laddverk.ocpp.v201 import messages as v201


def is_meant(message: v16.DataTransferRequest) -> bool:
    """Return whether a DataTransfer holds a message of Plug & Charge."""
    return (said(message.vendor_id) or "").lower() == PLUG_AND_CHARGE


def facts(message: v16.DataTransferRequest, origin: Origin) -> list[Fact] | None:
    """Return what the message within states; None when it cannot be understood."""
    inner = _inner(message)
    return READ[str(message.message_id)](inner, origin) if inner is not None else None


def answer(message: v16.DataTransferRequest, answers: Sequence[Answer | None], _now: datetime) -> dict[str, Any]:
    """Return the fields of the answer, the answer of 2.0.1 within its data."""
    if message.message_id not in READ:
        return {"status": "UnknownMessageId"}
    if _inner(message) is None:
        return {"status": "Rejected"}
    fields = {name: value for name, value in SAY[str(message.message_id)](answers).items() if value is not None}
    return {"status": "Accepted", "data": msgspec.json.encode(fields).decode()}


def _inner(message: v16.DataTransferRequest) -> Message | None:
    kind = KINDS.get(str(message.message_id))
    if kind is None:
        return None
    try:
        data = message.data if isinstance(message.data, dict) else msgspec.json.decode(message.data or "")
        if isinstance(data, dict) and isinstance(data.get("idToken"), str):  # the note has the eMAID itself here
            data = data | {"idToken": {"idToken": data["idToken"], "type": "eMAID"}}
        return msgspec.convert(data, kind)
    except msgspec.MsgspecError:
        return None


def _authorize(message: v201.AuthorizeRequest, origin: Origin) -> list[Fact]:
    uid = token(message.id_token.id_token) or ""
    shown = TokenPresented(**stamp(origin), token_uid=uid, token_type="eMAID")  # noqa: S106 - a kind of token
    return [shown, *certificates.contract_presented(message, origin)]


def _say_authorize(answers: Sequence[Answer | None]) -> dict[str, Any]:
    standing = first(answers, AuthorisationAnswer) or NOT_RECORDED
    return contract_fields(token_info(standing), answers)


KINDS: Final[dict[str, type[Message]]] = {
    "Authorize": v201.AuthorizeRequest,
    "Get15118EVCertificate": v201.Get15118EVCertificateRequest,
    "GetCertificateStatus": v201.GetCertificateStatusRequest,
    "SignCertificate": v201.SignCertificateRequest,
}
READ: Final[dict[str, Callable[[Any, Origin], list[Fact]]]] = {
    "Authorize": _authorize,
    "Get15118EVCertificate": certificates.ev_certificate_asked,
    "GetCertificateStatus": certificates.status_asked,
    "SignCertificate": certificates.certificate_requested_16,
}
SAY: Final[dict[str, Callable[[Sequence[Answer | None]], dict[str, Any]]]] = {
    "Authorize": _say_authorize,
    "Get15118EVCertificate": lambda answers: _without_contracts(
        certificates.ev_certificate_answer(answers, with_reason=False)
    ),
    "GetCertificateStatus": lambda answers: certificates.certificate_status_answer(answers, with_reason=False),
    "SignCertificate": lambda answers: certificates.signing_answer(answers, with_reason=False),
}


def _without_contracts(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != "remainingContracts"}
