"""Roots of manufacturers: which firmware is really theirs. Added and taken out of use by people, with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography import x509

from laddverk.firmware import trust
from laddverk.firmware.model import Image
from laddverk.firmware.signatures import CERTIFICATE_LENGTH_MAX
from laddverk.firmware.store import roots as store
from laddverk.firmware.trust import Root, Trust
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction

VENDOR_MAX: Final = 100
REASON_MAX: Final = 500


async def add_root(tx: Transaction, actor: Actor, root: Root, now: datetime, *, reason: str) -> UUID:
    """Keep a certificate of a manufacturer, to which the signatures of its firmware must lead from now on.

    Needs stations:write and a reason. Raises `Invalid` for what is no certificate of an authority that is valid now,
    and `Conflict` for one that is there already.
    """
    actor.require(Permission.STATIONS_WRITE)
    root = Root(vendor=root.vendor.strip(), certificate=root.certificate.strip())
    if len(root.vendor) > VENDOR_MAX or not root.vendor.isprintable():
        raise Invalid("This may have at most %(max)s characters.", field="vendor", max=VENDOR_MAX)
    read = _checked(root.certificate, now)
    if not 0 < len(reason.strip()) <= REASON_MAX:
        raise Invalid("Say why.", field="reason")
    root_id = new_id()
    if not await store.insert(tx, root_id, root, read, by=actor.name or actor.kind, reason=reason.strip(), now=now):
        raise Conflict("This certificate is here already.", field="certificate")
    detail = {"vendor": root.vendor, "subject": read.name, "sha256": read.sha256.hex()}
    await audit.write(tx, actor, "maker_root.added", "maker_root", root_id, at=now, reason=reason, detail=detail)
    return root_id


def _checked(pem: str, now: datetime) -> trust.Signer:
    """Return who a root is of. Raises `Invalid` for what nothing can lead to."""
    if len(pem) > CERTIFICATE_LENGTH_MAX:
        raise Invalid("This may have at most %(max)s characters.", field="certificate", max=CERTIFICATE_LENGTH_MAX)
    found, read = trust.chain_in(pem), trust.signer_of(pem)
    if read is None or len(found) != 1:
        raise Invalid(
            "This is not one certificate.",
            field="certificate",
            remedy="Paste the text from BEGIN CERTIFICATE to END CERTIFICATE.",
        )
    if not read.not_before <= now <= read.not_after:
        raise Invalid("The certificate is not valid now.", field="certificate")
    if not _is_authority(found[0]):
        raise Invalid(
            "This certificate may not sign others.",
            field="certificate",
            remedy="Ask the manufacturer for the certificate of the authority that issues those of its signatures.",
        )
    return read


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


async def retire_root(tx: Transaction, actor: Actor, root_id: UUID, now: datetime, *, reason: str) -> None:
    """Take a root out of use. Needs stations:write and a reason."""
    actor.require(Permission.STATIONS_WRITE)
    if not reason.strip():
        raise Invalid("Say why.", field="reason")
    if not await store.retire(tx, root_id, now):
        raise NotFound("There is no such certificate.")
    await audit.write(tx, actor, "maker_root.retired", "maker_root", root_id, at=now, reason=reason)


async def trust_of(tx: Transaction, vendor: str, signing_certificate: str | None, now: datetime) -> Trust | None:
    """Return what our roots say of the signer of an image for `vendor`; None for an image without a signature."""
    if not signing_certificate:
        return None
    return trust.trust_in(signing_certificate, vendor, await store.in_use(tx), now)


async def is_foreign(tx: Transaction, image: Image, now: datetime) -> bool:
    """Return whether somebody else than its manufacturer signed an image."""
    return await trust_of(tx, image.vendor, image.signing_certificate, now) is Trust.FOREIGN
