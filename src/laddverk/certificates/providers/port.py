"""What this room needs of an authority, whoever it is."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from cryptography import x509

from laddverk.certificates.model import Issued
from laddverk.ocpp.facts import Signing


class AuthorityRefused(Exception):
    """The authority said no, for good: trying again does not help."""


class AuthorityAway(Exception):
    """The authority did not answer, or not with a certificate; trying later helps."""


class Authority(Protocol):
    """Signs certificates of chargers."""

    name: str
    """How it is called in records and on screens."""

    async def signed(
        self, request: x509.CertificateSigningRequest, *, name: str, signing: Signing, now: datetime
    ) -> Issued:
        """Return the certificate for the key in `request`, which was checked, in the name of `name`.

        Raises `AuthorityRefused` or `AuthorityAway`.
        """
        ...

    async def roots(self) -> list[x509.Certificate]:
        """Return the roots that this authority signs under. Raises `AuthorityAway`."""
        ...
