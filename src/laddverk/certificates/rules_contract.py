"""Whether a car's contract certificate is good: the way from it to a root that we trust for contracts. Pure.

Several roots are trusted side by side, one or more for each ecosystem. Revocation is asked elsewhere, for the
certificates on the way that is found here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID
from msgspec import Struct

from laddverk.certificates import reading
from laddverk.ocpp.certificate_answers import ContractStanding

LENGTH_MAX: Final = 5  # certificates from the contract to the root: ISO 15118-2 has two authorities between
SEPARATORS: Final = re.compile(r"[\s\-]")
EMAID_WITHOUT_CHECK: Final = 14  # characters; the fifteenth is a check digit, which many leave out
URLS_MAX: Final = 4

Certificate = x509.Certificate


class Path(Struct, frozen=True):
    """The way from a certificate to the root, both included."""

    certificates: tuple[Certificate, ...]

    @property
    def root(self) -> Certificate:
        """The root at its end."""
        return self.certificates[-1]

    def below_root(self) -> list[tuple[Certificate, Certificate]]:
        """Return each certificate but the root with its issuer: these can be revoked."""
        return list(zip(self.certificates, self.certificates[1:], strict=False))


class Fault(Exception):
    """Why a contract certificate is not good, in the word of OCPP and in ours."""

    def __init__(self, standing: ContractStanding, why: str) -> None:
        super().__init__(why)
        self.standing = standing
        self.why = why


def path_of(
    chain: Sequence[Certificate], roots: Sequence[Certificate], known: Sequence[Certificate], now: datetime
) -> Path:
    """Return the way from the first of `chain` to one of `roots`, over the rest of `chain` and over `known`.

    Raises `Fault`: SignatureError when an issuer is there but did not sign, CertificateExpired when the only way goes
    over what has ended or not yet begun, CertChainError when there is none.
    """
    leaf = chain[0]
    if reading.is_authority(leaf):
        raise Fault(ContractStanding.CHAIN_ERROR, "the first certificate is an authority, not a contract")
    between = [one for one in (*chain[1:], *known) if reading.is_authority(one)]
    found = _ways(leaf, roots, between, (leaf,))
    valid = [way for way in found if _is_valid(way, now)]
    if valid:
        return Path(min(valid, key=len))
    if found:
        raise Fault(ContractStanding.EXPIRED, _expired(found[0], now))
    above = [one for one in (*roots, *between) if one.subject == leaf.issuer]
    if above and not any(reading.signed_by(leaf, one) for one in above):
        raise Fault(ContractStanding.SIGNATURE_ERROR, "it is not signed by the authority that it names")
    raise Fault(ContractStanding.CHAIN_ERROR, "it leads to no root that is trusted for contracts")


def _ways(
    below: Certificate, roots: Sequence[Certificate], between: Sequence[Certificate], so_far: tuple[Certificate, ...]
) -> list[tuple[Certificate, ...]]:
    ways = [(*so_far, root) for root in roots if root.subject == below.issuer and _signed(below, root, len(so_far))]
    if ways or len(so_far) >= LENGTH_MAX - 1:
        return ways
    for one in between:
        if one not in so_far and one.subject == below.issuer and _signed(below, one, len(so_far)):
            ways += _ways(one, roots, between, (*so_far, one))
    return ways


def _signed(below: Certificate, above: Certificate, depth: int) -> bool:
    """Return whether `above` signed `below`, and may: `depth` certificates lie under it."""
    try:
        constraints = above.extensions.get_extension_for_class(x509.BasicConstraints).value
        if not constraints.ca or (constraints.path_length is not None and constraints.path_length < depth - 1):
            return False
        usage = above.extensions.get_extension_for_class(x509.KeyUsage).value
        if not usage.key_cert_sign:
            return False
    except x509.ExtensionNotFound as missing:
        if missing.oid != x509.KeyUsage.oid:
            return False
    except ValueError:
        return False
    return reading.signed_by(below, above)


def _is_valid(way: Sequence[Certificate], now: datetime) -> bool:
    return all(one.not_valid_before_utc <= now < one.not_valid_after_utc for one in way)


def _expired(way: Sequence[Certificate], now: datetime) -> str:
    ended = next(one for one in way if not one.not_valid_before_utc <= now < one.not_valid_after_utc)
    name = reading.common_name(ended.subject)
    return f"{name} is valid from {ended.not_valid_before_utc:%Y-%m-%d} to {ended.not_valid_after_utc:%Y-%m-%d}"


def check_emaid(leaf: Certificate, emaid: str) -> None:
    """Check that the contract in `leaf` is the one that the charger names. Raises `Fault`."""
    given, certified = normal_emaid(emaid), normal_emaid(reading.common_name(leaf.subject))
    if not certified or given[:EMAID_WITHOUT_CHECK] != certified[:EMAID_WITHOUT_CHECK]:
        raise Fault(ContractStanding.CHAIN_ERROR, f"the certificate is for {certified or 'nobody'}, not for {given}")


def normal_emaid(text: str) -> str:
    """Return an eMAID without separators, in capitals."""
    return SEPARATORS.sub("", text).upper()


def responders_in(certificate: Certificate) -> tuple[str, ...]:
    """Return the addresses of the OCSP responders that a certificate names."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    found = [
        item.access_location.value
        for item in access
        if item.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(item.access_location, x509.UniformResourceIdentifier)
    ]
    return tuple(found[:URLS_MAX])


def judged(statuses: Mapping[str, str], *, refuses_unknown: bool) -> tuple[ContractStanding, str]:
    """Return what revocation says of a way, by common name Good, Revoked, Unknown or Failed.

    What nobody could tell us is refused or let pass as the operator chose; revoked is revoked.
    """
    for name, status in statuses.items():
        if status == "Revoked":
            return ContractStanding.REVOKED, f"{name} is revoked"
    unknown = [name for name, status in statuses.items() if status != "Good"]
    if unknown and refuses_unknown:
        return ContractStanding.CHAIN_ERROR, f"nobody could tell whether {unknown[0]} is revoked"
    return ContractStanding.ACCEPTED, f"whether {unknown[0]} is revoked is not known" if unknown else ""
