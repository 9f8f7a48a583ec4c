"""Facts of certificates (block M): questions that only somebody outside can answer.

Each such fact is `ASKS`: the gateway has `wiring.ASKERS` find the answer before the fact is recorded, and puts it into
`found`. None there means that nobody answered in time.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from laddverk.ocpp.certificate_answers import (
    CertificateStatusAnswer,
    ChainStatusAnswer,
    ContractAnswer,
    EvCertificateAnswer,
)
from laddverk.ocpp.facts.base import Fact
from laddverk.ocpp.facts.security import HashData


class StatusTarget(Struct, frozen=True, kw_only=True):
    """A certificate whose state is asked for, and where to ask."""

    certificate: HashData
    urls: tuple[str, ...] = ()
    source: str = "OCSP"
    """OCSP or CRL (2.1)."""


class CertificateStatusAsked(Fact, frozen=True, kw_only=True):
    """Has this certificate been revoked? GetCertificateStatus. Needs `CertificateStatusAnswer`."""

    ASKS: ClassVar[bool] = True

    target: StatusTarget
    found: CertificateStatusAnswer | None = None


class ChainStatusAsked(Fact, frozen=True, kw_only=True):
    """Has one of these certificates been revoked? GetCertificateChainStatus (2.1). Needs `ChainStatusAnswer`."""

    ASKS: ClassVar[bool] = True

    targets: tuple[StatusTarget, ...]
    found: ChainStatusAnswer | None = None


class EvCertificateAsked(Fact, frozen=True, kw_only=True):
    """A car wants its contract certificate: Get15118EVCertificate. Needs `EvCertificateAnswer`."""

    ASKS: ClassVar[bool] = True

    action: str
    """Install or Update."""
    schema_version: str
    exi_request: str
    """EXI in base64; it is passed on and never read."""
    contracts_max: int | None = None
    emaids: tuple[str, ...] = ()
    found: EvCertificateAnswer | None = None


class ContractPresented(Fact, frozen=True, kw_only=True):
    """A car showed its contract: Authorize with a certificate or the hashes of one. Needs `ContractAnswer`."""

    ASKS: ClassVar[bool] = True

    emaid: str
    certificate: str = ""
    """The contract certificate and its chain, PEM; empty when the charger checked it and sends hashes only."""
    hashes: tuple[StatusTarget, ...] = ()
    found: ContractAnswer | None = None
