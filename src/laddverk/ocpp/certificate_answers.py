"""Answers about certificates. Apart from the others, for the facts that are answered from outside hold them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class SigningAnswer(Struct, frozen=True):
    """Whether a charger's wish for a certificate was taken on; the certificate itself comes later."""

    accepted: bool = False
    reason: str = ""
    """Why not, for the charger's log: at most 500 characters."""


class CertificateStatusAnswer(Struct, frozen=True):
    """What an OCSP responder said, as it said it."""

    ocsp_result: str | None = None
    """DER in base64; None when nobody said anything that can be believed."""
    why: str = ""


class OneStatus(Struct, frozen=True):
    """What is known of one certificate: Good, Revoked, Unknown or Failed, and when to ask again."""

    status: str
    next_update: datetime
    why: str = ""


class ChainStatusAnswer(Struct, frozen=True):
    """What is known of each certificate that was asked about, in the same order."""

    statuses: tuple[OneStatus, ...] = ()


class EvCertificateAnswer(Struct, frozen=True):
    """What the provisioning service gave for a car."""

    accepted: bool = False
    exi_response: str = ""
    """EXI in base64, passed on unread."""
    remaining_contracts: int | None = None
    why: str = ""


class ContractStanding(StrEnum):
    """What becomes of a contract certificate: the words of OCPP 2.x."""

    ACCEPTED = "Accepted"
    SIGNATURE_ERROR = "SignatureError"
    EXPIRED = "CertificateExpired"
    REVOKED = "CertificateRevoked"
    NONE_AVAILABLE = "NoCertificateAvailable"
    CHAIN_ERROR = "CertChainError"
    CANCELLED = "ContractCancelled"


class ContractAnswer(Struct, frozen=True):
    """What becomes of a contract certificate, and why."""

    standing: ContractStanding
    why: str = ""
    root: str = ""
    """The name of the root that it was traced to."""
