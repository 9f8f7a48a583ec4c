"""Certificates (functional blocks A and M): requests, roots, revocation, contracts of cars; and security events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from laddverk.ocpp import commands, times
from laddverk.ocpp.answers import Answer
from laddverk.ocpp.certificate_answers import (
    CertificateStatusAnswer,
    ChainStatusAnswer,
    EvCertificateAnswer,
    SigningAnswer,
)
from laddverk.ocpp.facts import Fact
from laddverk.ocpp.facts.certificates import (
    CertificateStatusAsked,
    ChainStatusAsked,
    ContractPresented,
    EvCertificateAsked,
    StatusTarget,
)
from laddverk.ocpp.facts.security import CertificateRequested, SecurityEventReported, Signing
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.translate import certificates_16
from laddverk.ocpp.translate.block import Answerers, Outcomes, Readers, Speakers, first
from laddverk.ocpp.translate.certificate_outcomes import deleted, given, installed, listed
from laddverk.ocpp.translate.certificate_words import SIGNINGS, USES, hash_fields, hash_of
from laddverk.ocpp.translate.origin import Origin, said, stamp, stamp_at, token, whole

REASON_MAX: Final = 20  # characters of reasonCode in statusInfo
ADDITIONAL_MAX: Final = 512  # of additionalInfo
ASK_AGAIN_AFTER: Final = timedelta(days=1)  # when nothing is known of a certificate
TARGETS_MAX: Final = 4  # certificates of one chain


def security_event(message: Any, origin: Origin) -> list[Fact]:
    """Return what a charger noticed. One that gives no type at all is kept as Unknown."""
    kind = said(message.type) or "Unknown"
    info = said(message.tech_info) or ""
    return [SecurityEventReported(**stamp_at(origin, message.timestamp), kind=kind, tech_info=info)]


def certificate_requested(message: Any, origin: Origin) -> list[Fact]:
    """Return the wish for a certificate. Without a type it is the station's own (A02, 2.0.1)."""
    root = getattr(message, "hash_root_certificate", None)
    return [
        CertificateRequested(
            **stamp(origin),
            csr=message.csr or "",
            signing=SIGNINGS.get(str(getattr(message, "certificate_type", None)), Signing.STATION),
            request_id=whole(getattr(message, "request_id", None)),
            root=hash_of(root) if root else None,
        )
    ]


def certificate_requested_16(message: Any, origin: Origin) -> list[Fact]:
    """Return the wish of a charger of 1.6 by Plug & Charge: for its own certificate it has the white paper."""
    word = str(getattr(message, "certificate_type", None))
    return [CertificateRequested(**stamp(origin), csr=message.csr or "", signing=SIGNINGS.get(word, Signing.V2G))]


def status_target(item: Any) -> StatusTarget:
    """Return the certificate in an OCSPRequestDataType, with its responder."""
    url = said(item.responder_url)
    return StatusTarget(certificate=hash_of(item), urls=(url,) if url else ())


def status_asked(message: Any, origin: Origin) -> list[Fact]:
    """Return a question about one certificate (M06)."""
    return [CertificateStatusAsked(**stamp(origin), target=status_target(message.ocsp_request_data))]


def chain_status_asked(message: Any, origin: Origin) -> list[Fact]:
    """Return a question about the certificates of a chain (2.1)."""
    targets = tuple(
        StatusTarget(certificate=hash_of(item.certificate_hash_data), urls=tuple(item.urls), source=str(item.source))
        for item in message.certificate_status_requests[:TARGETS_MAX]
    )
    return [ChainStatusAsked(**stamp(origin), targets=targets)]


def ev_certificate_asked(message: Any, origin: Origin) -> list[Fact]:
    """Return a car's wish for its contract certificate (M01, M02)."""
    return [
        EvCertificateAsked(
            **stamp(origin),
            action=str(message.action),
            schema_version=message.iso15118_schema_version or "",
            exi_request=message.exi_request or "",
            contracts_max=whole(getattr(message, "maximum_contract_certificate_chains", None)),
            emaids=tuple(getattr(message, "prioritized_emaids", None) or ()),
        )
    ]


def contract_presented(message: Any, origin: Origin) -> list[Fact]:
    """Return the contract of a car that an Authorize shows (C07); nothing when it shows none."""
    certificate = getattr(message, "certificate", None) or ""
    hashes = getattr(message, "iso15118_certificate_hash_data", None) or ()
    if not certificate and not hashes:
        return []
    emaid = token(message.id_token.id_token) or ""
    targets = tuple(status_target(item) for item in hashes[:TARGETS_MAX])
    return [ContractPresented(**stamp(origin), emaid=emaid, certificate=certificate, hashes=targets)]


def ask_for_request(command: commands.AskForRequest) -> tuple[str, dict[str, Any]]:
    """Return TriggerMessage of 2.x for a new certificate request."""
    wanted = "SignCombinedCertificate" if command.combined else certificates_16.TRIGGERS[command.signing]
    return "TriggerMessage", {"requestedMessage": wanted}


def give(command: commands.GiveCertificate) -> tuple[str, dict[str, Any]]:
    """Return CertificateSigned of 2.x; only 2.1 has a request id, which then came with the request."""
    fields: dict[str, Any] = {"certificateChain": command.chain, "certificateType": USED_FOR[command.signing]}
    if command.request_id is not None:
        fields["requestId"] = command.request_id
    return "CertificateSigned", fields


def install(command: commands.InstallCertificate) -> tuple[str, dict[str, Any]]:
    """Return InstallCertificate of 2.x."""
    return "InstallCertificate", {"certificateType": USES[command.use], "certificate": command.certificate}


def delete(command: commands.DeleteCertificate) -> tuple[str, dict[str, Any]]:
    """Return DeleteCertificate of 2.x."""
    return "DeleteCertificate", {"certificateHashData": hash_fields(command.certificate)}


def listing(command: commands.ListCertificates) -> tuple[str, dict[str, Any]]:
    """Return GetInstalledCertificateIds of 2.x; without a use it asks for all."""
    return "GetInstalledCertificateIds", {"certificateType": [USES[use] for use in command.uses] or None}


def signing_answer(answers: Sequence[Answer | None], *, with_reason: bool) -> dict[str, Any]:
    """Return the answer to SignCertificate; one that was not recorded is refused, and the charger tries again."""
    answer = first(answers, SigningAnswer) or SigningAnswer(reason="not recorded")
    fields: dict[str, Any] = {"status": "Accepted" if answer.accepted else "Rejected"}
    if with_reason and not answer.accepted:
        fields["statusInfo"] = status_info("CSRRefused", answer.reason)
    return fields


def status_info(reason: str, additional: str) -> dict[str, Any]:
    """Return a statusInfo of 2.x."""
    info = {"reasonCode": reason[:REASON_MAX]}
    return info | ({"additionalInfo": additional[:ADDITIONAL_MAX]} if additional else {})


def certificate_status_answer(answers: Sequence[Answer | None], *, with_reason: bool) -> dict[str, Any]:
    """Return the answer to GetCertificateStatus."""
    answer = first(answers, CertificateStatusAnswer) or CertificateStatusAnswer(why="nobody answered in time")
    if answer.ocsp_result:
        return {"status": "Accepted", "ocspResult": answer.ocsp_result}
    return {"status": "Failed"} | ({"statusInfo": status_info("OCSPFailed", answer.why)} if with_reason else {})


def ev_certificate_answer(answers: Sequence[Answer | None], *, with_reason: bool) -> dict[str, Any]:
    """Return the answer to Get15118EVCertificate."""
    answer = first(answers, EvCertificateAnswer) or EvCertificateAnswer(why="nobody answered in time")
    fields: dict[str, Any] = {
        "status": "Accepted" if answer.accepted else "Failed",
        "exiResponse": answer.exi_response if answer.accepted else "",
        "remainingContracts": answer.remaining_contracts,
    }
    if with_reason and not answer.accepted:
        fields["statusInfo"] = status_info("ProvisioningFailed", answer.why)
    return fields


def _sign(protocol: Protocol, _message: object, answers: Sequence[Answer | None], _now: datetime) -> dict[str, Any]:
    return signing_answer(answers, with_reason=not protocol.is_16)


def _status(_protocol: Protocol, _message: object, answers: Sequence[Answer | None], _now: datetime) -> dict[str, Any]:
    return certificate_status_answer(answers, with_reason=True)


def _ev(protocol: Protocol, _message: object, answers: Sequence[Answer | None], _now: datetime) -> dict[str, Any]:
    fields = ev_certificate_answer(answers, with_reason=True)
    if protocol is not Protocol.V21:
        fields.pop("remainingContracts")
    return fields


def _chain(_protocol: Protocol, message: Any, answers: Sequence[Answer | None], now: datetime) -> dict[str, Any]:
    answer = first(answers, ChainStatusAnswer) or ChainStatusAnswer()
    told = []
    for number, item in enumerate(message.certificate_status_requests[:TARGETS_MAX]):
        known = answer.statuses[number] if number < len(answer.statuses) else None
        told.append(
            {
                "certificateHashData": hash_fields(hash_of(item.certificate_hash_data)),
                "source": str(item.source),
                "status": known.status if known else "Failed",
                "nextUpdate": times.written(known.next_update if known else now + ASK_AGAIN_AFTER),
            }
        )
    return {"certificateStatus": told}


USED_FOR: Final = {signing: word for word, signing in SIGNINGS.items()}

READERS_16: Final[Readers] = {
    "SecurityEventNotification": security_event,
    "SignCertificate": certificate_requested,
}
READERS_2X: Final[Readers] = READERS_16 | {
    "Get15118EVCertificate": ev_certificate_asked,
    "GetCertificateChainStatus": chain_status_asked,
    "GetCertificateStatus": status_asked,
}
SPEAKERS_16: Final[Speakers] = {
    commands.AskForRequest: certificates_16.ask_for_request,
    commands.GiveCertificate: certificates_16.give,
    commands.InstallCertificate: certificates_16.install,
    commands.DeleteCertificate: certificates_16.delete,
    commands.ListCertificates: certificates_16.listing,
}
SPEAKERS_2X: Final[Speakers] = {
    commands.AskForRequest: ask_for_request,
    commands.GiveCertificate: give,
    commands.InstallCertificate: install,
    commands.DeleteCertificate: delete,
    commands.ListCertificates: listing,
}
ANSWERERS: Final[Answerers] = {
    "Get15118EVCertificate": _ev,
    "GetCertificateChainStatus": _chain,
    "GetCertificateStatus": _status,
    "SignCertificate": _sign,
}
OUTCOMES: Final[Outcomes] = {
    commands.AskForRequest: given,
    commands.GiveCertificate: given,
    commands.InstallCertificate: installed,
    commands.DeleteCertificate: deleted,
    commands.ListCertificates: listed,
}
