"""What chargers asked about certificates, and what came of it: kept for the screens, and given back as the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from laddverk.certificates import store_events
from laddverk.certificates.model import ContractRefused
from laddverk.certificates.store_events import Question
from laddverk.ocpp.answers import Answer
from laddverk.ocpp.certificate_answers import (
    CertificateStatusAnswer,
    ChainStatusAnswer,
    ContractAnswer,
    ContractStanding,
    EvCertificateAnswer,
)
from laddverk.ocpp.facts import (
    CertificateStatusAsked,
    ChainStatusAsked,
    ContractPresented,
    EvCertificateAsked,
    Fact,
)
from laddverk.ocpp.tolerance import storable
from laddverk.ocpp.translate.authorization import of_contract
from laddverk.platform import outbox
from laddverk.platform.database import Transaction

SUBJECT_MAX: Final = 100
WHY_MAX: Final = 300
LATE: Final = "nobody answered in time"


async def record_status(tx: Transaction, facts: Sequence[CertificateStatusAsked]) -> list[Answer | None]:
    """Keep questions about one certificate; return what was found."""
    found = [fact.found or CertificateStatusAnswer(why=LATE) for fact in facts]
    await store_events.keep_questions(
        tx,
        [
            _question(fact, "status", fact.target.certificate.serial_number, _word(bool(one.ocsp_result)), one.why)
            for fact, one in zip(facts, found, strict=True)
        ],
    )
    return list(found)


async def record_chain_status(tx: Transaction, facts: Sequence[ChainStatusAsked]) -> list[Answer | None]:
    """Keep questions about chains; return what was found."""
    found = [fact.found or ChainStatusAnswer() for fact in facts]
    rows = []
    for fact, answer in zip(facts, found, strict=True):
        serials = ", ".join(target.certificate.serial_number for target in fact.targets)
        outcome = ", ".join(one.status for one in answer.statuses) or "Failed"
        why = next((one.why for one in answer.statuses if one.why), "" if answer.statuses else LATE)
        rows.append(_question(fact, "chain_status", serials, outcome, why))
    await store_events.keep_questions(tx, rows)
    return list(found)


async def record_ev_certificates(tx: Transaction, facts: Sequence[EvCertificateAsked]) -> list[Answer | None]:
    """Keep wishes of cars for their contract certificates; return what the provisioning service gave."""
    found = [fact.found or EvCertificateAnswer(why=LATE) for fact in facts]
    await store_events.keep_questions(
        tx,
        [
            _question(fact, "ev_certificate", ", ".join(fact.emaids) or fact.action, _word(one.accepted), one.why)
            for fact, one in zip(facts, found, strict=True)
        ],
    )
    return list(found)


async def record_contracts(tx: Transaction, facts: Sequence[ContractPresented]) -> list[Answer | None]:
    """Keep what contracts of cars came to; one that nobody could judge in time is not good."""
    found = [fact.found or ContractAnswer(ContractStanding.CHAIN_ERROR, LATE) for fact in facts]
    await store_events.keep_questions(
        tx,
        [
            _question(fact, "contract", fact.emaid, one.standing.value, one.why, one.root)
            for fact, one in zip(facts, found, strict=True)
        ],
    )
    refused = [
        _refused(fact, one)
        for fact, one in zip(facts, found, strict=True)
        if one.standing is not ContractStanding.ACCEPTED
    ]
    await outbox.publish(tx, refused)
    return list(found)


def _refused(fact: ContractPresented, answer: ContractAnswer) -> ContractRefused:
    return ContractRefused(
        station_id=fact.station_id,
        emaid=fact.emaid,
        received_at=fact.received_at,
        status=of_contract(answer.standing).value,
        why=storable(answer.why or answer.standing.value)[:WHY_MAX],
    )


def _word(accepted: bool) -> str:
    return "Accepted" if accepted else "Failed"


def _question(fact: Fact, kind: str, subject: str, outcome: str, why: str, root: str = "") -> Question:
    subject, why = storable(subject)[:SUBJECT_MAX], storable(why)[:WHY_MAX]
    content = f"{fact.station_id} {kind} {subject} {fact.received_at.isoformat()}"
    same_each_time = UUID(bytes=hashlib.blake2b(content.encode(), digest_size=16).digest())
    return Question(
        id=same_each_time, station_id=fact.station_id, at=fact.received_at, kind=kind, subject=subject,
        outcome=storable(outcome)[:SUBJECT_MAX], why=why, root=root,
    )  # fmt: skip
