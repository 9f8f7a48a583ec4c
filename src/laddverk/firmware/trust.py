"""Whether a signature leads to its manufacturer: from the certificate that came with it up to a root that we hold.

Pure. A signature that is right proves only that the owner of the certificate signed; the root says who that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Struct

PATH_MAX: Final = 5  # certificates from the signer to the root, as certificates of PKIs in the field have at most
CHAIN_MAX: Final = 10  # in one text
BROKEN: Final = (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm)


class Trust(StrEnum):
    """What the roots that we hold say of a signature."""

    TRUSTED = "trusted"
    UNKNOWN = "unknown"
    """There is no root of this manufacturer here."""
    FOREIGN = "foreign"
    """There is one, and the signature does not lead to it: somebody else signed."""


class Root(Struct, frozen=True, kw_only=True):
    """A certificate of a manufacturer. `vendor` is a pattern with `*`; empty means any."""

    vendor: str
    certificate: str


class Signer(Struct, frozen=True, kw_only=True):
    """Who signed, as the certificate says, and what our roots say of it."""

    name: str
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: bytes


def signer_of(pem: str) -> Signer | None:
    """Return the first certificate of a text in words, or None when there is none that can be read."""
    chain = chain_in(pem)
    return _signer(chain[0]) if chain else None


def _signer(certificate: x509.Certificate) -> Signer:
    return Signer(
        name=_name(certificate.subject),
        issuer=_name(certificate.issuer),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        sha256=certificate.fingerprint(SHA256()),
    )


def _name(name: x509.Name) -> str:
    """Return a name in one line. What cannot be seen in it is shown as a replacement character."""
    return "".join(char if char.isprintable() else "\ufffd" for char in name.rfc4514_string())[:200]


def chain_in(pem: str) -> list[x509.Certificate]:
    """Return the certificates in a text, the signer's first; empty when it cannot be read."""
    try:
        return x509.load_pem_x509_certificates(pem.encode())[:CHAIN_MAX]
    except BROKEN:
        return []


def is_for(root: Root, vendor: str) -> bool:
    """Return whether a root is that of a manufacturer as an image names it. Images of no named one have their own."""
    pattern, name = root.vendor.strip().casefold(), vendor.strip().casefold()
    return not pattern or (bool(name) and (fnmatchcase(name, pattern) or fnmatchcase(pattern, name)))


def trust_in(pem: str, vendor: str, roots: Sequence[Root], now: datetime) -> Trust:
    """Return whether the signer leads to a root for `vendor`. Never raises: what cannot be read leads nowhere."""
    own = [root for root in roots if is_for(root, vendor)]
    anchors = [found[0] for root in own if (found := chain_in(root.certificate))]
    if not anchors:
        return Trust.UNKNOWN
    chain = chain_in(pem)
    if chain and _leads(chain[0], chain[1:], anchors, now):
        return Trust.TRUSTED
    return Trust.FOREIGN


def _leads(
    signer: x509.Certificate, between: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], now: datetime
) -> bool:
    """Return whether a path of valid issuers goes from `signer` to one of `anchors`."""
    at = signer
    for _ in range(PATH_MAX):
        if at in anchors:
            return _is_valid(at, now)
        if any(_issued(anchor, at) and _is_valid(anchor, now) for anchor in anchors):
            return True
        above = next((each for each in between if each != at and _issued(each, at) and _is_valid(each, now)), None)
        if above is None:
            return False
        at = above
    return False


def _is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Return whether `issuer`, which must be an authority, signed `certificate`."""
    try:
        if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(issuer)
    except (*BROKEN, x509.ExtensionNotFound):
        return False
    return True
