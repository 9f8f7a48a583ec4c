"""Which certificate requests of chargers are signed: the name, the key, and nothing else that is asked for. Pure."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID, NameOID

from laddverk.certificates.model import Holder

CSR_LENGTH_MAX: Final = 5_500  # OCPP; a request with an RSA-4096 key is about 1,700
RSA_BITS_MIN: Final = 2_048  # A00.FR.510 and the 1.6 white paper
RSA_BITS_MAX: Final = 8_192  # larger keys only cost whoever checks them
RSA_EXPONENT_MIN: Final = 65_537
CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")
WEAK_HASHES: Final = (hashes.MD5, hashes.SHA1)
PER_DAY_MAX: Final = 10  # requests of one station and use; a charger makes one or two a year
NAME_MAX: Final = 64  # characters of a CN, RFC 5280


class RequestRefused(Exception):
    """A request that is not signed, with the reason in words for the charger's log and for staff."""


def checked_request(text: str, holder: Holder, organisation: str) -> x509.CertificateSigningRequest:
    """Return the request if `holder` may have a certificate for it. Raises `RequestRefused` (T33).

    The name must be the station's identity, its serial number or the name that staff gave; the organisation, where one
    is given, ours (chargers that nobody told theirs leave it out; what we sign always has it). Nothing else of the
    request goes into the certificate, but wishes that would be dangerous are refused and not just ignored.
    """
    request = _parsed(text)
    _check_signature(request)
    _check_key(request.public_key())
    _check_name(request.subject, holder, organisation)
    _check_extensions(request, holder)
    return request


def _parsed(text: str) -> x509.CertificateSigningRequest:
    """Return the request in PEM, or in base64 without its frame, as some chargers send it."""
    if not text.strip():
        raise RequestRefused("the request is empty")
    if len(text) > CSR_LENGTH_MAX:
        raise RequestRefused(f"the request is longer than {CSR_LENGTH_MAX} characters")
    try:
        if "-----BEGIN" in text:
            return x509.load_pem_x509_csr(text.replace("\\n", "\n").encode("ascii"))
        return x509.load_der_x509_csr(base64.b64decode("".join(text.split()), validate=True))
    except (ValueError, UnicodeError, binascii.Error, UnsupportedAlgorithm, TypeError):
        raise RequestRefused("this is no certificate request (PKCS#10)") from None


def _check_signature(request: x509.CertificateSigningRequest) -> None:
    try:
        algorithm = request.signature_hash_algorithm
        is_valid = request.is_signature_valid
    except (UnsupportedAlgorithm, ValueError):
        raise RequestRefused("its signature cannot be checked") from None
    if isinstance(algorithm, WEAK_HASHES):
        raise RequestRefused(f"it is signed with {algorithm.name}")
    if not is_valid:
        raise RequestRefused("its signature is wrong: whoever sent it does not have the key")


def _check_key(key: object) -> None:
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in CURVES:
            raise RequestRefused(f"the curve {key.curve.name} is too weak or not known; use P-256")
    elif isinstance(key, rsa.RSAPublicKey):
        if not RSA_BITS_MIN <= key.key_size <= RSA_BITS_MAX:
            raise RequestRefused(f"the RSA key has {key.key_size} bits; use {RSA_BITS_MIN}")
        if key.public_numbers().e < RSA_EXPONENT_MIN:
            raise RequestRefused("the exponent of the RSA key is too small")
    else:
        raise RequestRefused("the kind of key is not allowed; use ECDSA P-256 or RSA 2048")


def _check_name(subject: x509.Name, holder: Holder, organisation: str) -> None:
    common = [str(part.value) for part in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if len(common) != 1:
        raise RequestRefused("it needs one common name (CN)")
    allowed = {name for name in (holder.identity, holder.serial, holder.certificate_name) if name}
    if common[0] not in allowed or len(common[0]) > NAME_MAX:
        raise RequestRefused(f"the common name {common[0][:NAME_MAX]!r} is not that of this station")
    organisations = [str(part.value) for part in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    if any(name.strip().casefold() != organisation.strip().casefold() for name in organisations):
        raise RequestRefused(f"the organisation {organisations[0][:NAME_MAX]!r} is not {organisation!r}")


def _check_extensions(request: x509.CertificateSigningRequest, holder: Holder) -> None:
    try:
        extensions = request.extensions
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension):
        raise RequestRefused("its extensions cannot be read") from None
    for extension in extensions:
        value = extension.value
        if isinstance(value, x509.BasicConstraints) and value.ca:
            raise RequestRefused("it asks to be an authority")
        if isinstance(value, x509.KeyUsage) and (value.key_cert_sign or value.crl_sign):
            raise RequestRefused("it asks to sign certificates")
        if isinstance(value, x509.SubjectAlternativeName):
            _check_names(value, holder)
        elif extension.critical and extension.oid not in KNOWN_EXTENSIONS:
            raise RequestRefused(f"it asks for the critical extension {extension.oid.dotted_string}")


KNOWN_EXTENSIONS: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    }
)


def _check_names(names: x509.SubjectAlternativeName, holder: Holder) -> None:
    allowed = {name.casefold() for name in (holder.identity, holder.serial, holder.certificate_name) if name}
    for name in names:
        if not isinstance(name, x509.DNSName) or name.value.casefold() not in allowed:
            raise RequestRefused("it asks for names that are not those of this station")
