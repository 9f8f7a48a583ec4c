"""What chargers say in their vendors' own language (DataTransfer), and what they are told in return.

A program hears a vendor's messages through a hook, which `wiring` lists; an operator decides an answer by a rule. A
hook goes before a rule, and the rule of one message before that of the whole vendor.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.problems import Invalid, NotFound, TooMany
from laddverk.ocpp.answers import VendorAnswer
from laddverk.ocpp.facts import VendorMessage
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.stations.model import VendorRule
from laddverk.stations.service.reporting import keep, report_of, said
from laddverk.stations.store import vendor_data as store

STATUSES: Final = ("Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId")
VENDOR_ID_MAX: Final = 255  # OCPP
MESSAGE_ID_MAX: Final = 50
NOTE_MAX: Final = 200
DATA_BYTES_MAX: Final = 5_000
RULES_MAX: Final = 500  # a network meets some dozens of vendors

Hook = Callable[[Transaction, Sequence[VendorMessage]], Awaitable[Sequence[VendorAnswer]]]
"""Hears all messages of one vendor in a window and returns an answer for each. Must not raise for odd content."""


async def record_vendor_messages(
    tx: Transaction, messages: Sequence[VendorMessage], hooks: Mapping[str, Hook] | None = None
) -> list[VendorAnswer]:
    """Keep what chargers send in their vendors' own language, and answer as a hook or a rule says.

    `hooks` are by vendor id in lower case. Without hook and rule the vendor is unknown to us, and we say so.
    """
    if not messages:
        return []
    await keep(tx, [report_of(message, "DataTransfer", said(message)) for message in messages])
    rules = {
        (rule.vendor_id.lower(), rule.message_id): rule
        for rule in await store.rules_for(tx, sorted({message.vendor_id.lower() for message in messages}))
    }
    answers = [_by_rule(rules, message) for message in messages]
    for vendor_id, hook in (hooks or {}).items():
        places = [place for place, message in enumerate(messages) if message.vendor_id.lower() == vendor_id]
        if places:
            given = await hook(tx, [messages[place] for place in places])
            for place, answer in zip(places, given, strict=True):
                answers[place] = answer
    return answers


def _by_rule(rules: Mapping[tuple[str, str], VendorRule], message: VendorMessage) -> VendorAnswer:
    vendor_id = message.vendor_id.lower()
    rule = rules.get((vendor_id, message.message_id or "")) or rules.get((vendor_id, ""))
    return VendorAnswer(rule.status, rule.data) if rule else VendorAnswer()


async def set_vendor_rule(tx: Transaction, actor: Actor, rule: VendorRule, now: datetime, *, reason: str = "") -> None:
    """Decide what a vendor's message is answered. Needs stations:write at all sites. Raises `Invalid`, `TooMany`."""
    _require_everywhere(actor)
    rule = _checked(rule)
    if await store.count_rules(tx) >= RULES_MAX:
        raise TooMany("There are %(max)s rules already.", remedy="Delete those that are not needed.", max=RULES_MAX)
    await store.keep_rule(tx, rule, actor.name or actor.kind, now)
    detail = msgspec.to_builtins(rule)
    await audit.write(tx, actor, "vendor_rule.set", "vendor_rule", None, at=now, reason=reason, detail=detail)


async def delete_vendor_rule(
    tx: Transaction, actor: Actor, vendor_id: str, message_id: str, now: datetime, *, reason: str = ""
) -> None:
    """Answer a vendor's message as unknown again. Raises `NotFound`."""
    _require_everywhere(actor)
    if not await store.drop_rule(tx, vendor_id, message_id):
        raise NotFound("There is no such rule.", field="vendor_id")
    detail = {"vendor_id": vendor_id, "message_id": message_id}
    await audit.write(tx, actor, "vendor_rule.deleted", "vendor_rule", None, at=now, reason=reason, detail=detail)


def _require_everywhere(actor: Actor) -> None:
    actor.require(Permission.STATIONS_WRITE)
    if actor.site_ids is not None:
        raise NotFound("There is no such rule.", field="vendor_id")


def _checked(rule: VendorRule) -> VendorRule:
    vendor_id, message_id = rule.vendor_id.strip(), rule.message_id.strip()
    if not vendor_id or len(vendor_id) > VENDOR_ID_MAX or not vendor_id.isprintable():
        raise Invalid(
            "A vendor's id has 1 to 255 characters.", field="vendor_id", remedy="Copy it from a message that came."
        )
    if len(message_id) > MESSAGE_ID_MAX or not (message_id.isprintable() or not message_id):
        raise Invalid("A message id has at most 50 characters.", field="message_id", remedy="Leave it empty for all.")
    if rule.status not in STATUSES:
        raise Invalid("This is no answer to vendor data.", field="status", remedy="Choose one of the list.")
    if len(msgspec.json.encode(rule.data)) > DATA_BYTES_MAX:
        raise Invalid("The data is too long.", field="data", remedy="At most 5,000 bytes go with an answer.")
    return msgspec.structs.replace(rule, vendor_id=vendor_id, message_id=message_id, note=rule.note.strip()[:NOTE_MAX])
