"""Commands of customer information (block N): what a charger remembers of somebody, and its erasure."""

from __future__ import annotations

from datetime import timedelta

from laddverk.ocpp.commands.base import Command


class ReadCustomer(Command, frozen=True, kw_only=True, tag="read_customer"):
    """CustomerInformation that asks for a report. Confirmed by its last part. 1.6 has no such message."""

    SEND_WITHIN = timedelta(days=7)  # a request of a customer is answered within a month; chargers come back
    CONFIRM_WITHIN = timedelta(minutes=10)

    request_id: int
    token_uid: str
    token_type: str = "ISO14443"  # noqa: S105 - a kind of token, not a secret


class ForgetCustomer(Command, frozen=True, kw_only=True, tag="forget_customer"):
    """CustomerInformation that asks to forget, without a report: what is erased is not told either."""

    SEND_WITHIN = timedelta(days=7)

    request_id: int
    token_uid: str
    token_type: str = "ISO14443"  # noqa: S105 - a kind of token, not a secret


AnyCustomer = ReadCustomer | ForgetCustomer
