"""Certificates for chargers (A02, A03): requests are taken on, signed after the commit, handed out, put into use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography import x509

from laddverk.certificates import reading, rules_events, rules_renewal, rules_requests, store, variables
from laddverk.certificates.model import (
    CertificateState,
    Holder,
    Issued,
    NewEvent,
    Request,
    RequestState,
    StationCertificate,
)
from laddverk.certificates.providers.port import Authority, AuthorityRefused
from laddverk.certificates.rules_requests import RequestRefused
from laddverk.certificates.service import events
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, TooMany
from laddverk.ocpp.certificate_answers import SigningAnswer
from laddverk.ocpp.commands import GiveCertificate
from laddverk.ocpp.facts import CertificateRequested
from laddverk.ocpp.tolerance import storable
from laddverk.platform.database import Database, Transaction
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.platform.settings import Settings
from laddverk.stations import service as stations
from laddverk.stations.model import CommandFinished, CommandState, Deed

SIGN: Final = "certificates.sign"
"""The job that has a request signed: payload `{request_id}`."""

ORGANISATION: Final = Settings().operator_name
"""Whose chargers they are, until the operator says so."""

DAY: Final = timedelta(days=1)
ATTEMPTS_MAX: Final = 3  # to hand a certificate out; each waits a week for the charger
GIVER: Final = rule("certificate signed")
LOST: Final = (CommandState.TIMED_OUT, CommandState.EXPIRED)
CSR_KEPT_MAX: Final = 6_000  # characters of a request that was refused


async def record_requests(
    tx: Transaction, facts: Sequence[CertificateRequested], organisation: str = ORGANISATION
) -> list[SigningAnswer]:
    """Take on requests for certificates, or refuse them with the reason. They are signed after the commit.

    The same request once more changes nothing; another one replaces the first, for the charger has a new key now.
    Confirms the command that asked for it.
    """
    holders = await store.holders(tx, [fact.station_id for fact in facts])
    answers = [await _decide(tx, fact, holders[fact.station_id], organisation) for fact in facts]
    deeds = [
        Deed(
            station_id=fact.station_id,
            kind="ask_for_certificate_request",
            at=fact.received_at,
            match={"signing": fact.signing.value},
        )
        for fact in facts
    ]
    await stations.confirm(tx, deeds, max(fact.received_at for fact in facts))
    return answers


async def _decide(tx: Transaction, fact: CertificateRequested, holder: Holder, organisation: str) -> SigningAnswer:
    now = fact.received_at
    csr = storable(fact.csr)[:CSR_KEPT_MAX]
    open_request = await store.open_request(tx, fact.station_id, fact.signing)
    if open_request is not None and open_request.csr == csr:
        return SigningAnswer(accepted=True)
    try:
        if await store.count_since(tx, fact.station_id, now - DAY) >= rules_requests.PER_DAY_MAX:
            raise RequestRefused(f"it asked more than {rules_requests.PER_DAY_MAX} times within a day")
        rules_requests.checked_request(fact.csr, holder, organisation)
    except RequestRefused as refusal:
        why = storable(str(refusal))
        await store.insert_request(tx, _request(fact, csr, RequestState.REFUSED), why)
        await events.note(tx, _noted(fact, why))
        return SigningAnswer(accepted=False, reason=why)
    if open_request is not None:
        await store.set_request(tx, open_request.id, RequestState.REPLACED, "the charger made another key", now)
        await store.refuse_signed(tx, open_request.id)
    request = _request(fact, csr, RequestState.TAKEN)
    await store.insert_request(tx, request)
    await enqueue(tx, [NewJob(SIGN, {"request_id": str(request.id)})])
    return SigningAnswer(accepted=True)


def _request(fact: CertificateRequested, csr: str, state: RequestState) -> Request:
    return Request(
        id=new_id(),
        station_id=fact.station_id,
        signing=fact.signing,
        csr=csr,
        request_id=fact.request_id,
        received_at=fact.received_at,
        state=state,
    )


def _noted(fact: CertificateRequested, why: str) -> NewEvent:
    return NewEvent(
        station_id=fact.station_id,
        at=fact.received_at,
        received_at=fact.received_at,
        kind="CertificateRequestRefused",
        tech_info=why,
        source="house",
    )


async def sign(database: Database, authority: Authority, request_id: UUID, organisation: str, now: datetime) -> bool:
    """Have a request signed and hand the certificate out; return whether a command was queued.

    The authority is asked between two short transactions: it may take its time, and a request that was replaced
    meanwhile is left alone. Raises `AuthorityAway`; a refusal ends the request.
    """
    async with database.transaction() as tx:
        request = await store.lock_request(tx, request_id)
        holder = (await store.holders(tx, [request.station_id])).get(request.station_id) if request else None
    if request is None or holder is None or request.state is not RequestState.TAKEN:
        return False
    csr = rules_requests.checked_request(request.csr, holder, organisation)
    try:
        issued = await authority.signed(csr, name=reading.common_name(csr.subject), signing=request.signing, now=now)
    except AuthorityRefused as refusal:
        async with database.transaction() as tx:
            await _fail(tx, request, str(refusal), now)
        return False
    async with database.transaction() as tx:
        still = await store.lock_request(tx, request_id)
        if still is None or still.state is not RequestState.TAKEN:
            return False
        return await _keep(tx, request, issued, authority.name, now)


async def _keep(tx: Transaction, request: Request, issued: Issued, authority: str, now: datetime) -> bool:
    certificate_id = new_id()
    read = reading.read(x509.load_pem_x509_certificate(issued.pem.encode()))
    await store.insert_certificate(tx, certificate_id, request, read, issued.together, authority, now)
    await store.set_request(tx, request.id, RequestState.SIGNED, "", now)
    certificate = await store.lock_certificate(tx, certificate_id)
    return certificate is not None and await _hand_out(tx, certificate, request, now)


async def _hand_out(tx: Transaction, certificate: StationCertificate, request: Request, now: datetime) -> bool:
    """Queue the command that gives a charger its certificate, with as much of the chain as it has room for."""
    room = await variables.chain_room(tx, certificate.station_id)
    command = GiveCertificate(
        chain=fitting(certificate.chain, room), signing=certificate.kind, request_id=request.request_id
    )
    try:
        command_id = await stations.request_command(tx, GIVER, certificate.station_id, command, now)
    except (Conflict, TooMany) as problem:
        await store.set_state(tx, certificate.id, CertificateState.REFUSED)
        await _fail(tx, request, str(problem), now)
        return False
    await store.handed_out(tx, certificate.id, command_id)
    return True


def fitting(chain: str, room: int) -> str:
    """Return the beginning of a PEM chain that fits into `room` characters: the certificate itself in any case."""
    mark = "-----END CERTIFICATE-----\n"
    blocks = [block + mark for block in chain.split(mark) if block.strip()]
    kept = blocks[0]
    for block in blocks[1:]:
        if len(kept) + len(block) > room:
            break
        kept += block
    return kept


async def _fail(tx: Transaction, request: Request, why: str, now: datetime) -> None:
    await store.set_request(tx, request.id, RequestState.FAILED, storable(why), now)
    event = NewEvent(
        station_id=request.station_id, at=now, received_at=now, kind="CertificateRefused",
        tech_info=why[: rules_events.INFO_MAX], source="house",
    )  # fmt: skip
    await events.note(tx, event)


async def given(tx: Transaction, finished: CommandFinished, now: datetime) -> bool:
    """Take what became of handing a certificate out; return whether it is tried again.

    Taken: it is the one in use, and the planner knows when to renew it. Lost: tried again. Refused: the request has
    failed, and the charger will be asked for a new one by the planner, or makes one by itself.
    """
    certificate = await store.by_command(tx, finished.command_id)
    if certificate is None or certificate.state is not CertificateState.SIGNED or certificate.request_id is None:
        return False
    request = await store.lock_request(tx, certificate.request_id)
    if request is None:
        return False
    if finished.state is CommandState.CONFIRMED:
        next_step_at = rules_renewal.renew_at(certificate.not_before, certificate.not_after, certificate.station_id)
        await store.activate(tx, certificate, now, next_step_at)
        await store.set_request(tx, request.id, RequestState.DELIVERED, "", now)
        return False
    if finished.state in LOST and certificate.attempts < ATTEMPTS_MAX and certificate.not_after > now:
        return await _hand_out(tx, certificate, request, now)
    if finished.state is not CommandState.TIMED_OUT:  # without an answer it may have it: then its first use says so
        await store.set_state(tx, certificate.id, CertificateState.REFUSED)
    await _fail(tx, request, f"the charger did not take the certificate: {finished.word or finished.state.value}", now)
    return False
