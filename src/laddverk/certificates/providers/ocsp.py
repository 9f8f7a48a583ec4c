"""OCSP (RFC 6960): a question made from hashes alone, and an answer that is believed only when it is signed rightly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from msgspec import Struct

from laddverk.certificates import reading
from laddverk.ocpp.facts import HashData

CLOCK_SLACK: Final = timedelta(minutes=5)  # a responder's clock may be ahead
KEPT_WITHOUT_END: Final = timedelta(hours=1)  # an answer that does not say until when it holds
KEPT_MOST: Final = timedelta(days=7)
HASH_LENGTHS: Final = {"SHA256": 32, "SHA384": 48, "SHA512": 64}
WORDS: Final = {
    ocsp.OCSPCertStatus.GOOD: "Good",
    ocsp.OCSPCertStatus.REVOKED: "Revoked",
    ocsp.OCSPCertStatus.UNKNOWN: "Unknown",
}


class NotBelieved(Exception):
    """What came is no answer to our question, is old, or was signed by nobody who may."""


class Said(Struct, frozen=True, kw_only=True):
    """What a responder said of one certificate."""

    status: str
    """Good, Revoked or Unknown."""
    next_update: datetime
    response: bytes
    is_proven: bool
    """Its signature was checked against the issuer, which we know."""


def question(named: HashData) -> bytes:
    """Return the DER of a question about `named`. Raises `ValueError` when the hashes cannot be right."""
    wanted = named.normal()
    length = HASH_LENGTHS.get(wanted.algorithm)
    name, key = bytes.fromhex(wanted.issuer_name_hash), bytes.fromhex(wanted.issuer_key_hash)
    if length is None or len(name) != length or len(key) != length:
        raise ValueError(f"the hashes are not {wanted.algorithm}")
    algorithm = reading.ALGORITHMS[wanted.algorithm]
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(name, key, int(wanted.serial_number, 16), algorithm)
    return builder.build().public_bytes(serialization.Encoding.DER)


def said(body: bytes, named: HashData, issuers: Sequence[x509.Certificate], now: datetime) -> Said:
    """Return what `body` says of `named`. Raises `NotBelieved`.

    `issuers` are the authorities that we trust. When the issuer of the certificate is among them, the answer must be
    signed by it or by a responder that it named; else the answer is passed on, and `is_proven` says no.
    """
    try:
        answer = ocsp.load_der_ocsp_response(body)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise NotBelieved(f"the responder answered {answer.response_status.name.lower()}")
        single = next((one for one in answer.responses if _is_about(one, named)), None)
        if single is None:
            raise NotBelieved("the answer is about another certificate")
        status, this_update, next_update = single.certificate_status, single.this_update_utc, single.next_update_utc
    except (ValueError, UnsupportedAlgorithm, TypeError) as error:
        raise NotBelieved(f"this is no OCSP answer: {error}") from None
    if this_update > now + CLOCK_SLACK:
        raise NotBelieved("the answer is from the future")
    until = next_update or now + KEPT_WITHOUT_END
    if until <= now:
        raise NotBelieved("the answer is old")
    issuer = next((one for one in issuers if _is_issuer(one, named)), None)
    if issuer is not None and not _is_signed(answer, issuer, now):
        raise NotBelieved("the answer is not signed by whoever may")
    return Said(
        status=WORDS[status], next_update=min(until, now + KEPT_MOST), response=body, is_proven=issuer is not None
    )


def _is_about(single: ocsp.OCSPSingleResponse, named: HashData) -> bool:
    wanted = named.normal()
    return (
        f"{single.serial_number:x}" == wanted.serial_number
        and single.issuer_key_hash.hex() == wanted.issuer_key_hash
        and single.issuer_name_hash.hex() == wanted.issuer_name_hash
    )


def _is_issuer(certificate: x509.Certificate, named: HashData) -> bool:
    digest = hashes.Hash(reading.ALGORITHMS[named.algorithm.upper()])
    digest.update(reading.key_bits_of(certificate))
    return digest.finalize().hex() == named.issuer_key_hash.lower()


def _is_signed(answer: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> bool:
    delegated = (one for one in answer.certificates if _may_answer(one, issuer, now))
    return any(_verifies(answer, signer) for signer in (issuer, *delegated))


def _may_answer(certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    """Return whether `issuer` named this certificate as its responder (RFC 6960, 4.2.2.2)."""
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    is_valid = certificate.not_valid_before_utc <= now + CLOCK_SLACK and now < certificate.not_valid_after_utc
    return is_valid and ExtendedKeyUsageOID.OCSP_SIGNING in usages and reading.signed_by(certificate, issuer)


def _verifies(answer: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    algorithm, key = answer.signature_hash_algorithm, signer.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), algorithm)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
