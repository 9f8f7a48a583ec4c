"""Authorization (functional block C): somebody shows a token, and is told whether it may charge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from laddverk.ocpp import times
from laddverk.ocpp.answers import Answer, Authorisation, AuthorisationAnswer
from laddverk.ocpp.certificate_answers import ContractAnswer, ContractStanding
from laddverk.ocpp.facts import Fact, TokenPresented
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.translate.block import Answerers, Readers, first
from laddverk.ocpp.translate.certificates import contract_presented
from laddverk.ocpp.translate.origin import Origin, stamp, token
from laddverk.ocpp.v16 import messages as v16
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

TAG_MAX_16: Final = 20  # characters of an idTag
TOKEN_MAX_201: Final = 36
MESSAGE_MAX: Final = 512  # characters of a personalMessage
CONTRACT_WORDS: Final = {
    ContractStanding.EXPIRED: Authorisation.EXPIRED,
    ContractStanding.CANCELLED: Authorisation.BLOCKED,
}
NOT_RECORDED: Final = AuthorisationAnswer(authorisation=Authorisation.INVALID)
"""What a token is told that could not be looked up: who may not be billed does not charge."""


def of_contract(standing: ContractStanding) -> Authorisation:
    """Return what a token is told whose contract certificate is not good."""
    return CONTRACT_WORDS.get(standing, Authorisation.INVALID)


def presented_16(message: v16.AuthorizeRequest, origin: Origin) -> list[Fact]:
    """Return the token of an Authorize of 1.6."""
    return [TokenPresented(**stamp(origin), token_uid=token(message.id_tag) or "")]


def presented_2x(message: v201.AuthorizeRequest | v21.AuthorizeRequest, origin: Origin) -> list[Fact]:
    """Return the token of an Authorize of 2.x, with the kind of token that it is."""
    uid = token(message.id_token.id_token) or ""
    shown = TokenPresented(**stamp(origin), token_uid=uid, token_type=str(message.id_token.type))
    return [shown, *contract_presented(message, origin)]


def tag_info(answer: AuthorisationAnswer) -> dict[str, Any]:
    """Return an idTagInfo of 1.6. A group that does not fit is left out: it only widens who may stop a session."""
    info = {"status": answer.authorisation.value}
    if answer.valid_until:
        info["expiryDate"] = times.written(answer.valid_until)
    if answer.group_token and len(answer.group_token) <= TAG_MAX_16:
        info["parentIdTag"] = answer.group_token
    return info


def token_info(answer: AuthorisationAnswer) -> dict[str, Any]:
    """Return an idTokenInfo of 2.x, with what the display says to the driver in their language."""
    info: dict[str, Any] = {"status": answer.authorisation.value}
    if answer.valid_until:
        info["cacheExpiryDateTime"] = times.written(answer.valid_until)
    if answer.group_token and len(answer.group_token) <= TOKEN_MAX_201:
        info["groupIdToken"] = {"idToken": answer.group_token, "type": "Central"}
    if answer.language:
        info["language1"] = answer.language
    if answer.evse_numbers:
        info["evseId"] = list(answer.evse_numbers)
    if answer.message:
        said = {"format": "UTF8", "content": answer.message[:MESSAGE_MAX]}
        info["personalMessage"] = {**said, "language": answer.language} if answer.language else said
    return info


def contract_fields(info: dict[str, Any], answers: Sequence[Answer | None]) -> dict[str, Any]:
    """Return an AuthorizeResponse of 2.x. A contract certificate that is not good makes its token worth nothing."""
    contract = first(answers, ContractAnswer)
    if contract is None:
        return {"idTokenInfo": info}
    if contract.standing is not ContractStanding.ACCEPTED and info["status"] == Authorisation.ACCEPTED.value:
        info = info | {"status": of_contract(contract.standing).value}
        info.pop("cacheExpiryDateTime", None)
    return {"idTokenInfo": info, "certificateStatus": contract.standing.value}


def _answer(protocol: Protocol, _message: object, answers: Sequence[Answer | None], _now: datetime) -> dict[str, Any]:
    standing = first(answers, AuthorisationAnswer) or NOT_RECORDED
    return {"idTagInfo": tag_info(standing)} if protocol.is_16 else contract_fields(token_info(standing), answers)


READERS_16: Final[Readers] = {"Authorize": presented_16}
READERS_2X: Final[Readers] = {"Authorize": presented_2x}
ANSWERERS: Final[Answerers] = {"Authorize": _answer}
