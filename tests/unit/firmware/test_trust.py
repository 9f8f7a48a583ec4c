"""Whose signature it is: paths from the signer to a root of its manufacturer, and everything that is none."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from laddverk.firmware.trust import Root, Trust, is_for, signer_of, trust_in

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def made(name, above=None, *, ca=True, days=100):
    """Return a key and its certificate, signed by `above` (such a pair) or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer_key, issuer = above or (key, None)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(issuer.subject if issuer else called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=200))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
    return key, certificate


def pem(*pairs):
    return "".join(pair[1].public_bytes(serialization.Encoding.PEM).decode() for pair in pairs)


ACME = made("Acme root")
BETWEEN = made("Acme issuing", ACME)
SIGNER = made("Acme firmware", BETWEEN, ca=False)
DIRECT = made("Acme firmware", ACME, ca=False)
FALSE_ACME = made("Acme root")
FALSE = made("Acme firmware", FALSE_ACME, ca=False)


def roots(*pairs, vendor="Acme"):
    return [Root(vendor=vendor, certificate=pem(pair)) for pair in pairs]


@pytest.mark.parametrize(
    ("chain", "held", "trust"),
    [
        (pem(DIRECT), roots(ACME), Trust.TRUSTED),
        (pem(SIGNER, BETWEEN), roots(ACME), Trust.TRUSTED),
        (pem(SIGNER), roots(BETWEEN), Trust.TRUSTED),
        (pem(SIGNER), roots(FALSE_ACME, BETWEEN), Trust.TRUSTED),
        (pem(ACME), roots(ACME), Trust.TRUSTED),
        (pem(SIGNER), roots(ACME), Trust.FOREIGN),
        (pem(FALSE), roots(ACME), Trust.FOREIGN),
        (pem(FALSE, FALSE_ACME), roots(ACME), Trust.FOREIGN),
        (pem(FALSE, DIRECT, ACME), roots(ACME), Trust.FOREIGN),
        (pem(made("x", DIRECT, ca=False), DIRECT), roots(ACME), Trust.FOREIGN),
        ("no certificate", roots(ACME), Trust.FOREIGN),
        (pem(DIRECT), roots(made("Acme root", days=-1)), Trust.FOREIGN),
        (pem(made("x", made("old", ACME, days=-1), ca=False)), roots(ACME), Trust.FOREIGN),
        (pem(DIRECT), [], Trust.UNKNOWN),
        (pem(DIRECT), roots(ACME, vendor="Other"), Trust.UNKNOWN),
        (pem(DIRECT), roots(ACME, vendor=""), Trust.TRUSTED),
    ],
)
def test_a_signature_is_trusted_only_if_it_leads_to_a_root_of_its_manufacturer(chain, held, trust):
    assert trust_in(chain, "Acme", held, NOW) is trust


def test_an_expired_root_proves_nothing():
    old = made("Acme root", days=-1)
    assert trust_in(pem(made("x", old, ca=False)), "Acme", roots(old), NOW) is Trust.FOREIGN


def test_a_circle_of_certificates_ends():
    one, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def signed(name, key, by, by_key):
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)]))
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(NOW - timedelta(days=1))
            .not_valid_after(NOW + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(by_key, hashes.SHA256())
        )

    circle = [(one, signed("a", one, "b", other)), (other, signed("b", other, "a", one))]
    assert trust_in(pem(*circle), "Acme", roots(ACME), NOW) is Trust.FOREIGN


@pytest.mark.parametrize(
    ("pattern", "vendor", "fits"),
    [("Acme", "ACME ", True), ("Acme*", "Acme AB", True), ("Acme", "Acme*", True), ("", "", True), ("Acme", "", False),
     ("Acme", "Other", False)],
)  # fmt: skip
def test_a_root_is_for_the_manufacturer_that_it_names(pattern, vendor, fits):
    assert is_for(Root(vendor=pattern, certificate=""), vendor) is fits


def test_a_signer_is_told_in_one_harmless_line():
    assert signer_of(pem(SIGNER, BETWEEN)).name == "CN=Acme firmware"
    assert signer_of(pem(SIGNER)).issuer == "CN=Acme issuing"
    assert signer_of("nonsense") is None
    assert "\n" not in signer_of(pem(made("a\nb\x00"))).name
