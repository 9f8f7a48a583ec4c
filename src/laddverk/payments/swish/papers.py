"""The merchant's certificate for Swish: what is wrong with it, and when it ends. Reads files; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import NameOID
from msgspec import Struct

from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.platform.settings import Settings

WARN_BEFORE: Final = timedelta(days=30)  # a new one is fetched in Swish's portal by a person with the right to
FILE_MAX: Final = 100_000  # bytes; a chain and a key have some ten thousand


class Fault(Struct, frozen=True):
    """Something wrong, and its remedy (msgids with places for `names`)."""

    message: str
    remedy: str
    stops: bool = True
    """Whether nobody can pay by Swish like this."""
    day: str = ""


def faults(settings: Settings, now: datetime) -> Iterator[Fault]:
    """Yield what stands in the way of Swish; nothing where it is not used in earnest, or all is well."""
    if not settings.swish_number:
        return
    if settings.currency != "SEK":
        yield Fault(N_("Swish pays in kronor only."), N_("Set LADDVERK_CURRENCY=SEK, or take the Swish number away."))
    if not settings.web_url.startswith("https://"):
        yield Fault(
            N_("Swish calls back by https only, and LADDVERK_PUBLIC_URL is not https."),
            N_("Set LADDVERK_PUBLIC_URL=https://…; until then each payment is asked for by the clock."),
            stops=False,
        )
    if settings.swish_certificate is None:
        yield Fault(
            N_("A Swish number is set, and no certificate."),
            N_("Set LADDVERK_SWISH_CERTIFICATE to the file from Swish's certificate portal."),
        )
        return
    certificate = _certificate(settings.swish_certificate)
    if certificate is None:
        yield Fault(
            N_("The certificate for Swish cannot be read."),
            N_("LADDVERK_SWISH_CERTIFICATE names a PEM file that this user may read."),
        )
        return
    yield from _about(certificate, settings, now)


def _about(certificate: x509.Certificate, settings: Settings, now: datetime) -> Iterator[Fault]:
    key = _key(settings)
    if key is None:
        yield Fault(
            N_("The key for Swish cannot be read."),
            N_("LADDVERK_SWISH_KEY names its PEM file, LADDVERK_SWISH_KEY_PASSWORD_FILE one with its password."),
        )
    elif _public(key.public_key()) != _public(certificate.public_key()):
        yield Fault(
            N_("The key and the certificate for Swish do not belong together."),
            N_("Take the key that the request for this certificate was made with."),
        )
    day = certificate.not_valid_after_utc.date().isoformat()
    renew = N_("Fetch a new one in Swish's certificate portal, and put it in place of the old.")
    if now >= certificate.not_valid_after_utc:
        yield Fault(N_("The certificate for Swish ended on %(day)s: nobody can pay by Swish."), renew, day=day)
    elif now >= certificate.not_valid_after_utc - WARN_BEFORE:
        yield Fault(N_("The certificate for Swish ends on %(day)s."), renew, stops=False, day=day)
    if now < certificate.not_valid_before_utc:
        begins = certificate.not_valid_before_utc.date().isoformat()
        yield Fault(
            N_("The certificate for Swish holds from %(day)s on only."), N_("Look at this machine's clock."), day=begins
        )
    names = [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if settings.swish_number not in names:
        yield Fault(
            N_("The certificate for Swish is for another number than LADDVERK_SWISH_NUMBER."),
            N_("Each Swish number has its own certificate."),
            stops=False,
        )


def _certificate(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificates(_content(path))[0]
    except (OSError, ValueError, IndexError):
        return None


def _key(settings: Settings) -> PrivateKeyTypes | None:
    path = settings.swish_key or settings.swish_certificate
    assert path is not None
    password_file = settings.swish_key_password_file
    try:
        password = _content(password_file).strip() if password_file else None
        return serialization.load_pem_private_key(_content(path), password)
    except (OSError, ValueError, TypeError):
        return None


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(FILE_MAX)


def _public(key: object) -> bytes:
    encoded: bytes = key.public_bytes(  # type: ignore[attr-defined] # every public key has it
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded
