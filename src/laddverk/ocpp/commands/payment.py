"""Commands of payment (2.1): that somebody pays on the web for an outlet."""

from __future__ import annotations

from datetime import timedelta

from laddverk.ocpp.commands.base import Command


class TellWebPayment(Command, frozen=True, kw_only=True, tag="tell_web_payment"):
    """NotifyWebPaymentStarted (2.1): the charger shows that its code was scanned, and waits so long for the payment."""

    SEND_WITHIN = timedelta(seconds=30)

    evse_number: int
    timeout_s: int


AnyPayment = TellWebPayment
