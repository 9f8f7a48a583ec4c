"""Questions that only somebody outside can answer: is it revoked, is this contract good, a certificate for this car.

Each asker opens short transactions of its own and holds none while it waits. What a responder said is kept until it is
old, so that the next car does not wait. The gateway calls these before the fact is recorded.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog
from cryptography import x509

from laddverk.access import service as access
from laddverk.certificates import reading, rules_contract, store_events, store_roots
from laddverk.certificates.model import Anchor
from laddverk.certificates.providers import ocsp, provisioning
from laddverk.certificates.providers.port import AuthorityAway, AuthorityRefused
from laddverk.certificates.rules_contract import Fault, Path
from laddverk.certificates.store_events import Known
from laddverk.ocpp.certificate_answers import (
    CertificateStatusAnswer,
    ChainStatusAnswer,
    ContractAnswer,
    ContractStanding,
    EvCertificateAnswer,
    OneStatus,
)
from laddverk.ocpp.commands import Use
from laddverk.ocpp.facts import (
    CertificateStatusAsked,
    ChainStatusAsked,
    ContractPresented,
    EvCertificateAsked,
    HashData,
    StatusTarget,
)
from laddverk.platform import outgoing
from laddverk.platform.house import House

log = structlog.get_logger()

AGAIN_AFTER: Final = timedelta(hours=1)  # when nothing could be learnt
OCSP_TYPE: Final = {"content-type": "application/ocsp-request", "accept": "application/ocsp-response"}
RESULT_LENGTH_MAX: Final = 5_500  # ocspResult in base64 of 2.0.1; an answer with a responder's chain has about 3,000


class Unknown(Exception):
    """Nobody said anything about a certificate that can be believed."""


async def certificate_status(house: House, fact: CertificateStatusAsked) -> CertificateStatusAnswer:
    """Return what the responder says of a certificate, as it says it (M06)."""
    trusted = await _anchors(house)
    try:
        known = await _known(house, fact.target, trusted, hosts=_hosts(trusted), passed_on=True)
    except Unknown as error:
        return CertificateStatusAnswer(why=str(error))
    result = base64.b64encode(known.response).decode()
    if len(result) > RESULT_LENGTH_MAX:
        return CertificateStatusAnswer(why=f"the responder's answer has {len(result)} characters: it does not fit")
    return CertificateStatusAnswer(ocsp_result=result)


async def chain_status(house: House, fact: ChainStatusAsked) -> ChainStatusAnswer:
    """Return what is known of each certificate of a chain (2.1). Lists of revocation (CRL) are not fetched."""
    trusted = await _anchors(house)
    statuses = [await _one_status(house, target, trusted) for target in fact.targets]
    return ChainStatusAnswer(tuple(statuses))


async def _one_status(house: House, target: StatusTarget, trusted: Sequence[Anchor]) -> OneStatus:
    again = house.clock() + AGAIN_AFTER
    if target.source != "OCSP":
        return OneStatus("Failed", again, "lists of revocation are not fetched; ask by OCSP")
    try:
        known = await _known(house, target, trusted, hosts=_hosts(trusted))
    except Unknown as error:
        return OneStatus("Failed", again, str(error))
    return OneStatus(known.status, known.next_update)


async def ev_certificate(house: House, fact: EvCertificateAsked) -> EvCertificateAnswer:
    """Return what a provisioning service gives for a car: the first that knows it, of all ecosystems that have one."""
    trusted = await _anchors(house)
    why = "no provisioning service is set up"
    services = dict.fromkeys(anchor.provisioning_url for anchor in trusted if anchor.provisioning_url)
    for url in services:
        host = outgoing.checked(url, None).netloc
        try:
            return await provisioning.signed_contract(
                url, house.settings.pnc_token or "", fact, hosts=(host,), private_hosts=_private(house)
            )
        except (AuthorityAway, AuthorityRefused) as error:
            why = f"{host}: {error}"
            log.info("certificates.not_provisioned", service=host, why=str(error))
    return EvCertificateAnswer(why=why)


async def contract(house: House, fact: ContractPresented) -> ContractAnswer:
    """Return whether the contract of a car is good: its way to a root, its name, revocation, and the driver's account.

    A charger that has checked the chain itself sends hashes only; then revocation is what is left to ask.
    """
    try:
        if fact.certificate:
            answer = await _by_chain(house, fact)
        else:
            answer = await _by_hashes(house, fact)
        await _check_account(house, fact.emaid)
    except Fault as fault:
        return ContractAnswer(fault.standing, fault.why)
    return answer


async def _by_chain(house: House, fact: ContractPresented) -> ContractAnswer:
    try:
        chain = reading.certificates_in(fact.certificate)
    except ValueError as error:
        raise Fault(ContractStanding.NONE_AVAILABLE, f"the certificate cannot be read: {error}") from None
    trusted = [anchor for anchor in await _anchors(house) if anchor.use in (Use.MO_ROOT, Use.V2G_ROOT)]
    roots = [x509.load_pem_x509_certificate(anchor.pem.encode()) for anchor in trusted]
    way = rules_contract.path_of(chain, roots, _below(trusted), house.clock())
    rules_contract.check_emaid(way.certificates[0], fact.emaid)
    root = next(anchor for anchor, one in zip(trusted, roots, strict=True) if one == way.root)
    statuses = await _revocation(house, way, trusted)
    standing, why = rules_contract.judged(statuses, refuses_unknown=house.settings.pnc_refuses_unknown)
    return ContractAnswer(standing, why, root.name)


async def _revocation(house: House, way: Path, trusted: Sequence[Anchor]) -> dict[str, str]:
    """Return Good, Revoked, Unknown or Failed for each certificate on the way below the root, by common name.

    The responders that the certificates themselves name are asked too: the authority that we trust has signed them.
    """
    statuses: dict[str, str] = {}
    for certificate, issuer in way.below_root():
        urls = rules_contract.responders_in(certificate)
        target = StatusTarget(certificate=reading.named(certificate, issuer), urls=urls)
        hosts = {*_hosts(trusted), *(_host(url) for url in urls)}
        name = reading.common_name(certificate.subject) or f"{certificate.serial_number:x}"
        try:
            statuses[name] = (await _known(house, target, trusted, hosts=hosts, issuers=[issuer])).status
        except Unknown as error:
            log.info("certificates.revocation_unknown", certificate=name, why=str(error))
            statuses[name] = "Failed"
    return statuses


async def _by_hashes(house: House, fact: ContractPresented) -> ContractAnswer:
    trusted = await _anchors(house)
    statuses: dict[str, str] = {}
    for target in fact.hashes:
        try:
            known = await _known(house, target, trusted, hosts=_hosts(trusted))
            statuses[target.certificate.serial_number] = known.status
        except Unknown:
            statuses[target.certificate.serial_number] = "Failed"
    standing, why = rules_contract.judged(statuses, refuses_unknown=house.settings.pnc_refuses_unknown)
    return ContractAnswer(standing, why)


async def _check_account(house: House, emaid: str) -> None:
    """Raise `Fault` when the contract is one that was ended here."""
    async with house.database.transaction() as tx:
        standing = (await access.standing(tx, [emaid], house.clock())).get(emaid)
    if standing is not None and standing.authorisation == "blocked":
        raise Fault(ContractStanding.CANCELLED, standing.reason)


async def _known(
    house: House,
    target: StatusTarget,
    trusted: Sequence[Anchor],
    *,
    hosts: set[str],
    issuers: Sequence[x509.Certificate] = (),
    passed_on: bool = False,
) -> Known:
    """Return what is known of a certificate: what was said before and still holds, or what a responder says now.

    What we act on ourselves must be proven: signed under an authority that we know, or at least said over TLS by a
    responder that is listed. What is `passed_on` whole is checked by the charger. Raises `Unknown` when none of its
    responders is listed, answers, or can be believed.
    """
    now = house.clock()
    async with house.database.transaction() as tx:
        kept = await store_events.ocsp_known(tx, target.certificate, now)
    if kept is not None:
        return kept
    try:
        question = ocsp.question(target.certificate)
    except ValueError as error:
        raise Unknown(f"the hashes cannot be read: {error}") from None
    why = "no responder is named"
    for url in target.urls:
        try:
            said = await _asked(house, url, question, target.certificate, [*issuers, *_authorities(trusted)], hosts)
        except (outgoing.NoAnswer, outgoing.NotAllowed, ocsp.NotBelieved) as error:
            why = str(error)
            continue
        if not (passed_on or said.is_proven or url.lower().startswith("https:")):
            why = "its authority is not known here, so that the answer cannot be checked"
            continue
        known = Known(said.status, said.response, said.next_update)
        if said.is_proven:
            async with house.database.transaction() as tx:
                await store_events.keep_ocsp(tx, target.certificate, known, _host(url), now)
        return known
    raise Unknown(why)


async def _asked(
    house: House,
    url: str,
    question: bytes,
    certificate: HashData,
    issuers: Sequence[x509.Certificate],
    hosts: set[str],
) -> ocsp.Said:
    answer = await outgoing.fetch(
        "POST", url, body=question, headers=OCSP_TYPE, hosts=hosts, private_hosts=_private(house)
    )
    if answer.status != 200:
        raise outgoing.NoAnswer(f"the responder answered {answer.status}")
    return ocsp.said(answer.body, certificate, issuers, house.clock())


async def _anchors(house: House) -> list[Anchor]:
    async with house.database.transaction() as tx:
        return await store_roots.anchors(tx)


def _below(trusted: Sequence[Anchor]) -> list[x509.Certificate]:
    return [one for anchor in trusted if anchor.intermediates for one in reading.certificates_in(anchor.intermediates)]


def _authorities(trusted: Sequence[Anchor]) -> list[x509.Certificate]:
    """Return the roots and the authorities below them that we know: who signs may say what is revoked."""
    return [*(x509.load_pem_x509_certificate(anchor.pem.encode()) for anchor in trusted), *_below(trusted)]


def _hosts(trusted: Sequence[Anchor]) -> set[str]:
    """Return the responders that may be asked: those listed with roots that we trust (T19)."""
    return {host for anchor in trusted for host in anchor.responders}


def _host(url: str) -> str:
    try:
        return outgoing.checked(url, None).netloc.lower()
    except outgoing.NotAllowed:
        return ""


def _private(house: House) -> tuple[str, ...]:
    return tuple(host.strip() for host in house.settings.private_hosts.split(",") if host.strip())
