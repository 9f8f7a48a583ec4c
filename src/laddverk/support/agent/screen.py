"""What the page of a case shows beside its conversation: the charger now, and what agents asked for. Reads only.

One statement for each panel: the page is looked at while somebody waits on the phone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction

TODAY: Final = timedelta(hours=24)
DEEDS_MAX: Final = 20  # the newest; older ones stand on the timeline

CHARGER: Final = """
SELECT station.id, station.name, station.vendor, station.model, station.firmware, station.protocol,
       station.connected_at, station.disconnected_at, station.last_seen_at, site.id AS site_id, site.name AS site_name,
       (SELECT jsonb_agg(jsonb_build_object('evse_number', evse_number, 'connector_number', connector_number,
                'code', code, 'status', status, 'status_since', status_since, 'error_code', error_code,
                'vendor_error_code', vendor_error_code, 'error_info', error_info)
                ORDER BY evse_number, connector_number)
        FROM connector WHERE connector.station_id = station.id) AS outlets,
       (SELECT jsonb_agg(jsonb_build_object('id', id, 'number', number, 'title', title) ORDER BY created_at DESC)
        FROM work_order WHERE work_order.station_id = station.id
          AND work_order.state IN ('planned', 'assigned', 'on_site')) AS orders,
       (SELECT count(*) FROM support_contact JOIN station AS near ON near.id = support_contact.station_id
        WHERE near.site_id = station.site_id AND support_contact.at > $2 AND $3 <> ''
          AND support_contact.situation = $3 AND support_contact.case_id IS DISTINCT FROM $4)::int AS same_today
FROM station JOIN site ON site.id = station.site_id WHERE station.id = $1
"""
DEEDS: Final = """
SELECT deed.id, deed.at, deed.by_id, deed.by_name, deed.deed, deed.reason, deed.amount_minor, deed.currency,
       deed.payment_id, deed.detail, deed.state AS agreement, deed.decided_by, deed.work_order_id, deed.station_id,
       command.id AS command_id, command.state, command.outcome, command.created_at, command.sent_at,
       command.answered_at, command.finished_at, command.confirm_by, refund.state AS refund_state,
       coalesce(sent.sent_at, text.sent_at) AS said_at, coalesce(dead.at, text.delivered_at) AS heard_at,
       CASE WHEN dead.address IS NOT NULL THEN 'came_back'
            WHEN text.error <> '' OR sent.error <> '' THEN
                -- While it will be tried again it is on its way: who reads otherwise sends it twice.
                CASE WHEN EXISTS (SELECT FROM job WHERE job.failed_at IS NULL
                                    AND ((job.kind = 'notices.sms' AND job.payload->>'text_id' = text.id::text)
                                         OR (job.kind = 'notices.deliver' AND job.payload->>'mail_id' = sent.id::text)))
                     THEN 'waits' ELSE 'failed' END
            WHEN text.delivered_at IS NOT NULL THEN 'arrived'
            WHEN coalesce(sent.sent_at, text.sent_at) IS NOT NULL THEN 'sent'
            WHEN sent.id IS NOT NULL OR text.id IS NOT NULL THEN 'waits' END AS message
FROM case_deed AS deed
LEFT JOIN mail AS sent ON sent.id = deed.mail_id
LEFT JOIN support_dead_address AS dead ON dead.address = lower(sent.recipient) AND dead.at >= sent.created_at
LEFT JOIN text_message AS text ON text.id = deed.text_id
LEFT JOIN command ON command.id = deed.command_id
LEFT JOIN payment_refund AS refund ON refund.id = deed.refund_id
WHERE deed.case_id = $1 ORDER BY deed.at DESC, deed.id DESC LIMIT $2
"""


class OutletNow(Struct, frozen=True, kw_only=True):
    """How an outlet of the charger is now."""

    evse_number: int
    connector_number: int
    code: str
    status: str
    status_since: datetime | None = None
    error_code: str | None = None
    vendor_error_code: str | None = None
    error_info: str | None = None


class OpenOrder(Struct, frozen=True, kw_only=True):
    """A work order of the charger that is not over."""

    id: UUID
    number: int
    title: str


class ChargerNow(Struct, frozen=True, kw_only=True):
    """How the charger of a case is now."""

    id: UUID
    name: str
    vendor: str
    model: str
    firmware: str
    protocol: str | None
    connected_at: datetime | None
    disconnected_at: datetime | None
    last_seen_at: datetime | None
    site_id: UUID
    site_name: str
    outlets: tuple[OutletNow, ...] | None
    orders: tuple[OpenOrder, ...] | None
    same_today: int
    """How many others at the site have turned to us within a day with the same."""


class DeedRow(Struct, frozen=True, kw_only=True):
    """Something an agent asked for, with what became of it."""

    id: UUID
    at: datetime
    by_id: UUID | None
    by_name: str
    deed: str
    reason: str
    amount_minor: int | None
    currency: str | None
    payment_id: UUID | None
    detail: str
    agreement: str
    """done, waits or declined: of a second person where one is needed."""
    decided_by: str
    work_order_id: UUID | None
    station_id: UUID | None
    command_id: UUID | None
    state: str | None
    """Of its command."""
    outcome: str | None
    created_at: datetime | None
    sent_at: datetime | None
    answered_at: datetime | None
    finished_at: datetime | None
    confirm_by: datetime | None
    refund_state: str | None
    message: str | None
    """Of the mail or text message that it sent: waits, sent, arrived, failed (no try is left) or came_back."""
    said_at: datetime | None
    """When the carrier or the mail server took it."""
    heard_at: datetime | None
    """When the phone had it, or the mail came back."""


async def charger(
    tx: Transaction, station_id: UUID, situation: str, case_id: UUID, now: datetime
) -> ChargerNow | None:  # fmt: skip
    """Return how a charger is now, and how many at its site had the same today."""
    return await tx.fetch_one(ChargerNow, CHARGER, station_id, now - TODAY, situation, case_id)


async def deeds(tx: Transaction, case_id: UUID) -> list[DeedRow]:
    """Return what agents asked for in a case, the newest first, with what became of it."""
    return await tx.fetch(DeedRow, DEEDS, case_id, DEEDS_MAX)
