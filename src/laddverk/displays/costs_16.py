"""Prices on displays of OCPP 1.6, by the DataTransfer messages of the OCA's paper on Californian pricing. All pure.

Chargers that follow it have the configuration key `CustomDisplayCostAndPrice`, set to true while they show prices.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from laddverk.kernel.money import major
from laddverk.ocpp import times
from laddverk.ocpp.commands import SendData
from laddverk.platform import formats

VENDOR: Final = "org.openchargealliance.costmsg"
RUNNING: Final = "RunningCost"
FINAL: Final = "FinalCost"
LANGUAGE: Final = "sv"
NOTHING_MORE: Final = {"kWhPrice": 0, "hourPrice": 0, "flatFee": 0}
"""What the charger shall add by itself until the next message: nothing, for its sums would not be ours to the öre."""


def running(
    number: int, amount_minor: int, currency: str, register_wh: int, now: datetime, *, is_charging: bool
) -> SendData:
    """Return what tells a charger the price of the session with this number (its transactionId) so far."""
    return _said(
        RUNNING,
        {
            "transactionId": number,
            "timestamp": times.written(now),
            "meterValue": register_wh,
            "cost": _number(major(amount_minor, currency)),
            "state": "Charging" if is_charging else "Idle",
            "chargingPrice": NOTHING_MORE,
        },
    )


def final(number: int, amount_minor: int, currency: str) -> SendData:
    """Return what tells a charger the price of a session that has ended, with its text."""
    text = formats.money(amount_minor, currency, LANGUAGE)
    cost = _number(major(amount_minor, currency))
    return _said(FINAL, {"transactionId": number, "cost": cost, "priceText": text})


def _said(message_id: str, fields: dict[str, object]) -> SendData:
    return SendData(vendor_id=VENDOR, message_id=message_id, data=msgspec.json.encode(fields).decode())


def _number(amount: Decimal) -> float:
    return float(amount)
