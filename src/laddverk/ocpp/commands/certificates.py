"""Commands about certificates (blocks A and M): asking for a request, handing out, installing, listing, deleting."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from laddverk.ocpp.commands.base import Command
from laddverk.ocpp.facts.security import HashData, Signing

KEPT_FOR: timedelta = timedelta(days=7)
"""A charger that is away for some days still needs its roots and its certificate when it is back."""


class Use(StrEnum):
    """What a certificate in a charger is trusted for."""

    V2G_ROOT = "v2g_root"
    """The root of charging infrastructure: cars are shown certificates under it."""
    MO_ROOT = "mo_root"
    """The root of those who give contracts to cars."""
    CSMS_ROOT = "csms_root"
    """The root of us: our server's certificate is under it."""
    MANUFACTURER_ROOT = "manufacturer_root"
    """The root under which firmware is signed."""
    OEM_ROOT = "oem_root"
    """The root of car makers (2.1)."""
    V2G_CHAIN = "v2g_chain"
    """The charger's own certificate for cars, with its chain: listed only, never installed as a root."""


class AskForRequest(Command, frozen=True, kw_only=True, tag="ask_for_certificate_request"):
    """Ask the charger to make a new key and to send a certificate request for it. Confirmed by the request."""

    SEND_WITHIN = timedelta(hours=1)  # the planner asks again
    CONFIRM_WITHIN = timedelta(minutes=10)  # a small box makes an RSA key for minutes

    signing: Signing = Signing.STATION
    combined: bool = False
    """One certificate for both uses (2.0.1 SignCombinedCertificate)."""


class GiveCertificate(Command, frozen=True, kw_only=True, tag="give_certificate"):
    """Hand a charger the certificate that it asked for: CertificateSigned."""

    SEND_WITHIN = KEPT_FOR

    chain: str
    """PEM: the charger's own certificate first, the root left out."""
    signing: Signing = Signing.STATION
    request_id: int | None = None


class InstallCertificate(Command, frozen=True, kw_only=True, tag="install_certificate"):
    """Make a charger trust a root."""

    SEND_WITHIN = KEPT_FOR

    use: Use
    certificate: str
    """PEM."""


class DeleteCertificate(Command, frozen=True, kw_only=True, tag="delete_certificate"):
    """Make a charger forget a certificate."""

    SEND_WITHIN = KEPT_FOR

    certificate: HashData
    use: Use | None = None


class ListCertificates(Command, frozen=True, kw_only=True, tag="list_certificates"):
    """Ask which certificates are installed: for some uses, or all. A charger of 1.6 is asked for one use at a time."""

    SEND_WITHIN = timedelta(hours=12)

    uses: tuple[Use, ...] = ()


AnyCertificate = AskForRequest | GiveCertificate | InstallCertificate | DeleteCertificate | ListCertificates
