"""Identities: UUIDv7, sortable by creation, shown to people with a prefix that says what they name (`ses_…`).

Inside the program an identity is a plain `UUID`; the `NewType`s keep them apart for the type checker.
"""

from __future__ import annotations

import secrets
from typing import Final, NewType
from uuid import UUID

import uuid_utils.compat

from laddverk.kernel.problems import Invalid

SiteId = NewType("SiteId", UUID)
StationId = NewType("StationId", UUID)
DriverId = NewType("DriverId", UUID)
TokenId = NewType("TokenId", UUID)
OperatorId = NewType("OperatorId", UUID)
ApiKeyId = NewType("ApiKeyId", UUID)
TariffId = NewType("TariffId", UUID)
TariffVersionId = NewType("TariffVersionId", UUID)
SessionId = NewType("SessionId", UUID)
CommandId = NewType("CommandId", UUID)
AccountId = NewType("AccountId", UUID)
LedgerTransactionId = NewType("LedgerTransactionId", UUID)
HoldId = NewType("HoldId", UUID)
PaymentId = NewType("PaymentId", UUID)
PaymentMethodId = NewType("PaymentMethodId", UUID)
InvoiceId = NewType("InvoiceId", UUID)
MailId = NewType("MailId", UUID)
JobId = NewType("JobId", UUID)
FirmwareImageId = NewType("FirmwareImageId", UUID)
CampaignId = NewType("CampaignId", UUID)
FirmwareUpdateId = NewType("FirmwareUpdateId", UUID)
LogRequestId = NewType("LogRequestId", UUID)
LogFileId = NewType("LogFileId", UUID)
ReservationId = NewType("ReservationId", UUID)
CustomerRequestId = NewType("CustomerRequestId", UUID)
MandateId = NewType("MandateId", UUID)
CollectionId = NewType("CollectionId", UUID)
BankFileId = NewType("BankFileId", UUID)
BatchId = NewType("BatchId", UUID)
PlanId = NewType("PlanId", UUID)
PlanVersionId = NewType("PlanVersionId", UUID)
SubscriptionId = NewType("SubscriptionId", UUID)
CustomerAccountId = NewType("CustomerAccountId", UUID)
DisputeId = NewType("DisputeId", UUID)
PayoutId = NewType("PayoutId", UUID)
DepositId = NewType("DepositId", UUID)

PREFIXES: Final = {
    "sit": "site",
    "sta": "station",
    "drv": "driver",
    "tok": "token",
    "opr": "operator",
    "key": "API key",
    "tar": "tariff",
    "ses": "session",
    "cmd": "command",
    "bat": "commands to many",
    "pay": "payment",
    "crd": "card",
    "inv": "invoice",
    "mai": "mail",
    "txt": "text for displays",
    "cfg": "configuration template",
    "rsv": "reservation",
    "exc": "excluded outage",
    "cus": "customer request",
    "fmw": "firmware image",
    "cmp": "campaign",
    "upd": "update",
    "lrq": "log request",
    "log": "log file",
    "man": "mandate",
    "col": "collection",
    "bnk": "bank file",
    "pln": "plan",
    "sub": "subscription",
    "acc": "account",
    "mbr": "member",
    "ivt": "invitation",
    "dsp": "dispute",
    "pot": "payout",
    "dep": "deposit",
    "ppb": "batch of prepaid cards",
    "wre": "refund of a balance",
    "wor": "work order",
    "wph": "photo of a visit",
    "vis": "visit",
    "cal": "calendar of visits",
    "inc": "incident",
    "fnd": "finding",
    "rem": "step of self-healing",
    "qui": "quiet time",
    "rep": "driver's report",
    "onc": "person on call",
    "alt": "alert",
    "whk": "webhook",
    "cir": "circuit",
    "src": "source of current",
    "mtr": "meter",
    "vtn": "program of OpenADR",
    "psh": "device that is notified",
    "cas": "case",
    "rat": "rating of a case",
    "tea": "team",
    "prm": "promise",
    "hrs": "hours of work",
    "mac": "canned answer",
    "rul": "rule",
    "viw": "saved view",
    "ent": "entry of a case",
    "art": "article",
    "apc": "picture of an article",
    "eml": "mail that came in",
    "att": "file of a case",
    "cht": "chat",
    "cll": "call",
    "rcd": "recording",
    "stu": "study",
    "wsh": "wish for a charger",
}

PUBLIC_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0/O, 1/I: people type these from a sticker


def new_id() -> UUID:
    """Return a new UUIDv7: unique, and sortable by the millisecond it was made in."""
    return UUID(int=uuid_utils.compat.uuid7().int)


def shown(prefix: str, identity: UUID) -> str:
    """Return `identity` as people and APIs see it: `ses_0198c1f2…` (prefix, underscore, 32 hex digits)."""
    return f"{prefix}_{identity.hex}"


def parsed(prefix: str, text: str, *, field: str = "id") -> UUID:
    """Return the UUID in `text`, with or without its prefix.

    Raises `Invalid` naming `field` when it is another kind of id or no id at all.
    """
    body = text.removeprefix(f"{prefix}_")
    try:
        return UUID(body)
    except ValueError:
        raise Invalid(
            "This is not the id of a %(kind)s.",
            field=field,
            remedy="Use the id as it is shown, for example %(example)s.",
            kind=PREFIXES.get(prefix, prefix),
            example=f"{prefix}_01890a5d…",
        ) from None


def public_code(length: int = 6) -> str:
    """Return a random code that people can read out and type, for a sticker or a voucher."""
    return "".join(secrets.choice(PUBLIC_ALPHABET) for _ in range(length))
