"""Commands of customer information (block N): what a charger remembers of somebody, and its erasure."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from laddverk.ocpp.commands.base import Command


class CertificateHash(Struct, frozen=True, kw_only=True):
    """A certificate of a customer, by its hashes."""

    algorithm: str = "SHA256"
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


class AboutCustomer(Command, frozen=True, kw_only=True):
    """Who is meant: a token, the name that a charger knows somebody by, or a certificate. One of them."""

    SEND_WITHIN = timedelta(days=7)  # a request of a customer is answered within a month; chargers come back

    request_id: int
    token_uid: str = ""
    token_type: str = "ISO14443"  # noqa: S105 - a kind of token, not a secret
    customer_identifier: str = ""
    certificate: CertificateHash | None = None


class ReadCustomer(AboutCustomer, frozen=True, kw_only=True, tag="read_customer"):
    """CustomerInformation that asks for a report. Confirmed by its last part. 1.6 has no such message."""

    CONFIRM_WITHIN = timedelta(minutes=10)

    and_forget: bool = False
    """What is told is erased in the charger as well."""


class ForgetCustomer(AboutCustomer, frozen=True, kw_only=True, tag="forget_customer"):
    """CustomerInformation that asks to forget, without a report: what is erased is not told either."""


AnyCustomer = ReadCustomer | ForgetCustomer
