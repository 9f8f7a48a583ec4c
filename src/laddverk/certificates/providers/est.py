"""An outside authority by EST (RFC 7030): `simpleenroll` and `cacerts`, as charging ecosystems offer it.

Answers are PKCS#7 bags without order; the chain is put in order here, leaf first, the root left out.
"""

from __future__ import annotations

import base64
import binascii
import ssl
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from laddverk.certificates import reading
from laddverk.certificates.model import Issued
from laddverk.certificates.providers.port import AuthorityAway, AuthorityRefused
from laddverk.ocpp.facts import Signing
from laddverk.platform import outgoing

TIMEOUT_S: Final = 15.0  # an authority may ask an HSM, and nobody stands at a charger and waits
CHAIN_MAX: Final = 8
RETRY_LATER: Final = frozenset({202, 401, 403, 408, 425, 429})
"""Answers that trying again can mend: it thinks, or our account there is not set up yet."""


class Est:
    """Fills `port.Authority`."""

    name = "est"

    def __init__(self, url: str, user: str = "", password: str = "", tls: ssl.SSLContext | None = None) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": _basic(user, password)} if user else {}
        self._tls = tls

    async def signed(
        self, request: x509.CertificateSigningRequest, *, name: str, signing: Signing, now: datetime
    ) -> Issued:
        """Return what the authority makes of the request. It has its own rules for the name; the key must be ours."""
        der = request.public_bytes(serialization.Encoding.DER)
        answer = await self._ask("POST", "simpleenroll", base64.encodebytes(der), "application/pkcs10")
        found = bag(answer)
        leaf = next((one for one in found if _same_key(one, request)), None)
        if leaf is None:
            raise AuthorityRefused("the authority answered with a certificate for another key")
        if reading.is_authority(leaf):
            raise AuthorityRefused("the authority answered with a certificate that can sign others")
        if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
            raise AuthorityAway("the authority answered with a certificate that is not valid now")
        chain = ordered(leaf, found) or ordered(leaf, await self._authorities())
        return Issued(pem=reading.pem(leaf), chain=tuple(map(reading.pem, chain)))

    async def roots(self) -> list[x509.Certificate]:
        """Return the roots among what `cacerts` gives."""
        return [one for one in await self._authorities() if reading.is_self_signed(one)]

    async def _authorities(self) -> list[x509.Certificate]:
        return bag(await self._ask("GET", "cacerts", b"", ""))

    async def _ask(self, method: str, operation: str, body: bytes, kind: str) -> bytes:
        headers = self._headers | ({"content-type": kind, "content-transfer-encoding": "base64"} if body else {})
        try:
            answer = await outgoing.fetch(
                method, f"{self._url}/{operation}", body=body, headers=headers, tls=self._tls, timeout_s=TIMEOUT_S
            )
        except (outgoing.NoAnswer, outgoing.NotAllowed) as error:
            raise AuthorityAway(f"{operation}: {error}") from None
        if answer.status == 200:
            return answer.body
        if answer.status in RETRY_LATER or answer.status >= 500 or answer.status < 400:
            raise AuthorityAway(f"{operation}: the authority answered {answer.status}")
        raise AuthorityRefused(f"{operation}: the authority answered {answer.status}: {_text(answer.body)}")


def bag(body: bytes) -> list[x509.Certificate]:
    """Return the certificates in an answer: PKCS#7 in base64, or as it is. Raises `AuthorityAway`."""
    try:
        der = body if body[:1] == b"\x30" else base64.b64decode(b"".join(body.split()), validate=True)
        found = pkcs7.load_der_pkcs7_certificates(der)
    except (ValueError, binascii.Error, UnsupportedAlgorithm) as error:
        raise AuthorityAway(f"the authority's answer cannot be read: {error}") from None
    if not found or len(found) > CHAIN_MAX:
        raise AuthorityAway(f"the authority answered with {len(found)} certificates")
    return found


def ordered(leaf: x509.Certificate, others: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return the authorities above `leaf` that are among `others`, in order upwards, without the root."""
    chain: list[x509.Certificate] = []
    below = leaf
    while len(chain) < CHAIN_MAX:
        above = next((one for one in others if one != below and reading.signed_by(below, one)), None)
        if above is None or reading.is_self_signed(above):
            return chain
        chain.append(above)
        below = above
    return chain


def _same_key(certificate: x509.Certificate, request: x509.CertificateSigningRequest) -> bool:
    try:
        return bool(certificate.public_key() == request.public_key())
    except (UnsupportedAlgorithm, ValueError):
        return False


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _text(body: bytes) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in body[:200].decode("utf-8", "replace"))
