"""Which certificate requests are signed: those in the station's own name with a strong key, and no other (T33)."""

from __future__ import annotations

import base64
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from laddverk.certificates.model import Holder
from laddverk.certificates.rules_requests import RequestRefused, checked_request
from tests import pki

HOLDER = Holder(station_id=uuid4(), identity="CP1", serial="SN-7")
GOOD = pki.csr("CP1")
CA = (x509.BasicConstraints(ca=True, path_length=None), True)
SIGNS = (x509.KeyUsage(True, False, False, False, False, True, False, False, False), True)
LISTS = (x509.KeyUsage(True, False, False, False, False, False, True, False, False), True)
UNKNOWN = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)


def san(*names):
    return (x509.SubjectAlternativeName(list(names)), False)


def tampered():
    der = bytearray(base64.b64decode("".join(GOOD.splitlines()[1:-1])))
    der[-5] ^= 0xFF
    return "-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(bytes(der)).decode() + (
        "-----END CERTIFICATE REQUEST-----\n"
    )  # fmt: skip


BAD = {
    "nothing": "",
    "blanks": "   ",
    "text": "please",
    "a certificate": pki.entity("CP1").pem,
    "half a request": GOOD[:200],
    "not base64": GOOD.replace("M", "*"),
    "too long": GOOD + "x" * 5_500,
    "a NUL": GOOD.replace("\n", "\x00", 1),
    "wrong signature": tampered(),
    "another station": pki.csr("CP2"),
    "no name": pki.csr(None),
    "an empty organisation's station": pki.csr("CP1", organisation="Somebody else"),
    "two names": pki.csr("CP1", names=["CP2"]),
    "the same name twice": pki.csr("CP1", names=["CP1"]),
    "a name with a blank": pki.csr("CP1 "),
    "the name in other letters": pki.csr("cp1"),
    "a name that only begins so": pki.csr("CP10"),
    "a name with a path": pki.csr("CP1/../CP2"),
    "a wildcard": pki.csr("*"),
    "RSA 1024": pki.csr("CP1", key=rsa.generate_private_key(65_537, 1_024)),
    "RSA with exponent 3": pki.csr("CP1", key=rsa.generate_private_key(3, 2_048)),
    "P-192": pki.csr("CP1", key=ec.generate_private_key(ec.SECP192R1())),
    "P-224": pki.csr("CP1", key=ec.generate_private_key(ec.SECP224R1())),
    "secp256k1": pki.csr("CP1", key=ec.generate_private_key(ec.SECP256K1())),
    "DSA": pki.csr("CP1", key=dsa.generate_private_key(2_048)),
    "wants to be an authority": pki.csr("CP1", extensions=[CA]),
    "wants to sign certificates": pki.csr("CP1", extensions=[SIGNS]),
    "wants to sign lists": pki.csr("CP1", extensions=[LISTS]),
    "wants what nobody knows": pki.csr("CP1", extensions=[UNKNOWN]),
    "wants the server's name": pki.csr("CP1", extensions=[san(x509.DNSName("csms.example.com"))]),
    "wants a wildcard": pki.csr("CP1", extensions=[san(x509.DNSName("CP1"), x509.DNSName("*.example.com"))]),
    "wants a mail address": pki.csr("CP1", extensions=[san(x509.RFC822Name("a@example.com"))]),
}


@pytest.mark.parametrize("request_text", BAD.values(), ids=BAD.keys())
def test_a_bad_request_is_refused_in_words(request_text):
    with pytest.raises(RequestRefused) as refused:
        checked_request(request_text, HOLDER, "Laddverk")
    assert 5 < len(str(refused.value)) < 300


def test_there_are_thirty_bad_requests():
    assert len(BAD) >= 30


@pytest.mark.parametrize(
    "request_text",
    [
        GOOD,
        pki.csr("SN-7"),
        pki.csr("CP1", organisation=None),
        pki.csr("CP1", organisation=" laddverk "),
        pki.csr("CP1", key=rsa.generate_private_key(65_537, 2_048)),
        pki.csr("CP1", key=ec.generate_private_key(ec.SECP384R1())),
        pki.csr("CP1", extensions=[san(x509.DNSName("CP1"))]),
        GOOD.replace("\n", "\\n"),
        "".join(GOOD.splitlines()[1:-1]),
    ],
)
def test_the_stations_own_request_is_good_in_whatever_shape_it_comes(request_text):
    assert checked_request(request_text, HOLDER, "Laddverk").is_signature_valid


def test_a_key_that_the_standard_does_not_name_is_refused():
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CP1")])
    odd = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, None)
    with pytest.raises(RequestRefused):
        checked_request(odd.public_bytes(pki.serialization.Encoding.PEM).decode(), HOLDER, "Laddverk")
