"""Paying at the charger (2.1): settlements of its terminal, VAT numbers, and the start of a payment on the web."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from laddverk.ocpp import commands, facts
from laddverk.ocpp.answers import Answer, SettlementAnswer, VatAnswer
from laddverk.ocpp.commands import CommandOutcome, Verdict
from laddverk.ocpp.facts import Company, Fact
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.translate.block import Answerers, Outcomes, Readers, Speakers, first
from laddverk.ocpp.translate.origin import Origin, place, said, stamp, stamp_at

AMOUNT_MAX: Final = Decimal(10_000_000)  # nobody pays more for charging a car; beyond it is a fault


def settled_21(message: Any, origin: Origin) -> list[Fact]:
    """Return what a terminal took. An amount beyond all sense becomes 0 and is flagged."""
    amount = Decimal(repr(message.settlement_amount)) if isinstance(message.settlement_amount, int | float) else None
    odd = None if amount is not None and abs(amount) <= AMOUNT_MAX else "settlementAmount is no amount"
    return [
        facts.SettlementReported(
            **stamp_at(origin, message.settlement_time, odd),
            reference=said(message.psp_ref) or "",
            status=str(message.status),
            amount=amount if amount is not None and odd is None else Decimal(0),
            transaction_key=said(message.transaction_id),
            info=said(message.status_info),
            receipt_id=said(message.receipt_id),
            receipt_url=said(message.receipt_url),
            company=_company(message.vat_company),
            vat_number=said(message.vat_number),
        )
    ]


def _company(address: Any) -> Company | None:
    if address is None:
        return None
    street = ", ".join(filter(None, (said(address.address1), said(address.address2))))
    return Company(
        name=said(address.name) or "",
        address=street,
        postal_code=said(address.postal_code) or "",
        city=said(address.city) or "",
        country=said(address.country) or "",
    )


def vat_21(message: Any, origin: Origin) -> list[Fact]:
    """Return the VAT number that somebody entered."""
    evse = place(message.evse_id)[0] if message.evse_id is not None else None
    return [facts.VatNumberEntered(**stamp(origin), vat_number=said(message.vat_number) or "", evse_number=evse)]


def _settlement_answer(
    _protocol: Protocol, _message: Any, answers: Sequence[Answer | None], _now: datetime
) -> dict[str, Any]:
    found = first(answers, SettlementAnswer)
    return {"receiptUrl": found.receipt_url, "receiptId": found.receipt_id} if found else {}


def _vat_answer(_protocol: Protocol, message: Any, answers: Sequence[Answer | None], _now: datetime) -> dict[str, Any]:
    """Without a decision the number is not confirmed."""
    found = first(answers, VatAnswer)
    accepted = found is not None and found.accepted
    return {
        "vatNumber": message.vat_number,
        "evseId": message.evse_id,
        "status": "Accepted" if accepted else "Rejected",
        "company": _address(found.company) if accepted and found and found.company else None,
    }


def _address(company: Company) -> dict[str, Any]:
    """Return a company as AddressType, cut to its lengths; what is not known is a dash, for the fields are required."""
    return {
        "name": company.name[:50] or "-",
        "address1": company.address[:100] or "-",
        "city": company.city[:100] or "-",
        "country": company.country[:50] or "-",
        **({"postalCode": company.postal_code[:20]} if company.postal_code else {}),
    }


def web_21(command: commands.TellWebPayment) -> tuple[str, dict[str, Any]]:
    """Return NotifyWebPaymentStarted."""
    return "NotifyWebPaymentStarted", {"evseId": command.evse_number, "timeout": command.timeout_s}


def _told(_command: commands.Command, _response: Any) -> CommandOutcome:
    return CommandOutcome(verdict=Verdict.DONE, word="Accepted")


READERS_2X: Final[Readers] = {"NotifySettlement": settled_21, "VatNumberValidation": vat_21}
SPEAKERS_2X: Final[Speakers] = {commands.TellWebPayment: web_21}
ANSWERERS: Final[Answerers] = {"NotifySettlement": _settlement_answer, "VatNumberValidation": _vat_answer}
OUTCOMES: Final[Outcomes] = {commands.TellWebPayment: _told}
