"""Requests, certificates, roots, questions and security events as Structs, and the events of this room."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.events import Event
from laddverk.kernel.ids import StationId
from laddverk.ocpp.commands import Use
from laddverk.ocpp.facts import Signing


class RequestState(StrEnum):
    """Where a charger's wish for a certificate is on its way."""

    TAKEN = "taken"
    SIGNED = "signed"
    DELIVERED = "delivered"
    REFUSED = "refused"
    """By us: it asked for what it may not have."""
    FAILED = "failed"
    """The authority refused, or the charger did not take the certificate."""
    REPLACED = "replaced"
    """The charger made another key before it had this certificate."""


class CertificateState(StrEnum):
    """What a station certificate is good for."""

    SIGNED = "signed"
    ACTIVE = "active"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    REVOKED = "revoked"


class Holder(Struct, frozen=True, kw_only=True):
    """The station that is authenticated on the socket on which a request came."""

    station_id: StationId
    identity: str
    serial: str = ""
    certificate_name: str = ""
    """The CN that is expected when it is neither identity nor serial number."""


class Request(Struct, frozen=True, kw_only=True):
    """A charger's wish for a certificate, as it is kept."""

    id: UUID
    station_id: StationId
    signing: Signing
    csr: str
    request_id: int | None
    received_at: datetime
    state: RequestState


class Issued(Struct, frozen=True, kw_only=True):
    """What an authority signed: PEM, the charger's certificate first, the root left out."""

    pem: str
    chain: tuple[str, ...] = ()
    """The authorities between, in order upwards."""

    @property
    def together(self) -> str:
        """The certificate and its chain, as CertificateSigned wants it."""
        return "".join((self.pem, *self.chain))


class StationCertificate(Struct, frozen=True, kw_only=True):
    """A charger's own certificate, as decisions see it."""

    id: UUID
    station_id: StationId
    kind: Signing
    request_id: UUID | None
    state: CertificateState
    not_before: datetime
    not_after: datetime
    chain: str
    attempts: int = 0
    asked: int = 0
    alarm_days: int | None = None


class Shown(Struct, frozen=True, kw_only=True):
    """A certificate that was issued here, as the door sees it."""

    fingerprint_sha256: bytes
    station_id: StationId
    kind: Signing
    state: CertificateState
    newer_used: bool
    """Its station has come in with a later one."""


class NewAnchor(Struct, frozen=True, kw_only=True):
    """A root as staff enter it."""

    use: Use
    pem: str
    """PEM of the root; further certificates in it are kept as authorities below it."""
    name: str = ""
    ecosystem: str = ""
    responders: tuple[str, ...] = ()
    provisioning_url: str = ""


class Anchor(Struct, frozen=True, kw_only=True):
    """A root that we know."""

    id: UUID
    use: Use
    name: str
    ecosystem: str
    pem: str
    intermediates: str = ""
    responders: tuple[str, ...] = ()
    provisioning_url: str = ""
    not_after: datetime


class NewEvent(Struct, frozen=True, kw_only=True):
    """Something that may be an attack."""

    station_id: StationId | None
    at: datetime
    received_at: datetime
    kind: str
    tech_info: str = ""
    source: str = "charger"
    """charger or house."""


class ContractRefused(Event, frozen=True, kw_only=True):
    """A car showed a contract whose certificate is not good, so that its token was refused, whatever it is worth."""

    station_id: StationId
    emaid: str
    received_at: datetime
    status: str
    """What the charger was told of the token: Invalid, Expired or Blocked."""
    why: str


class SecurityEventNoted(Event, frozen=True, kw_only=True):
    """A critical security event was noted for the first time."""

    station_id: StationId | None
    kind: str
    tech_info: str
    at: datetime
