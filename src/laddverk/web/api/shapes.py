"""What the API shows: one Struct for each thing, independent of how screens and tables name it inside.

Ids are strings with a prefix (`ses_…`), instants RFC 3339 in UTC, energy in Wh, power in W, money in minor units.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import shown
from laddverk.kernel.money import VatTotal

T = TypeVar("T")
S = TypeVar("S", bound=Struct)

PREFIX_OF_FIELD: Final = {
    "site_id": "sit",
    "station_id": "sta",
    "driver_id": "drv",
    "token_id": "tok",
    "tariff_id": "tar",
    "session_id": "ses",
    "subscription_id": "sub",
    "command_id": "cmd",
    "payment_id": "pay",
    "invoice_id": "inv",
    "credits_invoice_id": "inv",
}


class Page(Struct, Generic[T], frozen=True):
    """A part of a list. `next_offset` is null on the last page."""

    items: list[T]
    total: int | None
    next_offset: int | None


class Site(Struct, frozen=True):
    """A place with stations."""

    id: str
    name: str
    code: str
    address: str
    municipality: str
    latitude: float | None
    longitude: float | None
    timezone: str
    stations: int
    outlets: int


class Connector(Struct, frozen=True):
    """One outlet. `code` stands on its sticker; `public_evse_id` is what the world may know."""

    evse_number: int
    connector_number: int
    code: str
    public_evse_id: str
    plug: str
    power_type: str
    power_max_w: int
    current_max_a: int
    status: str
    status_since: datetime | None
    error_code: str | None
    vendor_error_code: str | None


class Station(Struct, frozen=True):
    """One charging station."""

    id: str
    name: str
    identity: str
    site_id: str
    site_name: str
    vendor: str
    model: str
    firmware: str
    protocol: str | None
    power_max_w: int
    connected_at: datetime | None
    disconnected_at: datetime | None
    last_seen_at: datetime | None
    condition: str


class StationKey(Struct, frozen=True):
    """A new station's key. It is shown this once; only its hash is kept."""

    station_id: str
    identity: str
    password: str


class Knock(Struct, frozen=True):
    """Somebody who tried to connect and was not let in, and why."""

    identity: str
    remote_address: str
    reason: str
    first_at: datetime
    last_at: datetime
    count: int


class Variable(Struct, frozen=True):
    """A configuration key (1.6) or variable (2.x) as the charger last told it."""

    component: str
    variable: str
    attribute: str
    value: str | None
    mutability: str
    unit: str | None
    reported_at: datetime


class Command(Struct, frozen=True):
    """A command and what became of it.

    State: queued, sent, accepted, confirmed, refused, timed_out, expired or failed.
    """

    id: str
    station_id: str
    kind: str
    command: dict[str, Any]
    state: str
    requested_by: str
    reason: str
    created_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    detail: dict[str, Any]


class Frame(Struct, frozen=True):
    """One frame of the journal: direction `>` from the charger, `<` to it."""

    received_at: datetime
    direction: str
    body: str


class Session(Struct, frozen=True):
    """One charging session."""

    id: str
    number: int
    station_id: str
    station_name: str
    site_id: str
    evse_number: int
    connector_number: int
    driver_id: str | None
    token_uid: str | None
    settlement: str
    started_at: datetime
    ended_at: datetime | None
    charging_ended_at: datetime | None
    energy_wh: int
    power_w: int | None
    soc_percent: int | None
    charging_state: str | None
    stop_reason: str | None
    doubts: list[str]
    price_minor: int | None
    currency: str | None
    timezone: str


class SessionInFull(Session, frozen=True, kw_only=True):
    """One charging session with its meter evidence and its price, line by line."""

    transaction_key: str
    payment_id: str | None
    invoice_id: str | None
    said_start_at: datetime | None
    said_end_at: datetime | None
    received_at: datetime
    register_start_wh: int | None
    register_end_wh: int | None
    vat_minor: int | None
    vat_percent: Decimal | None
    vat: list[VatTotal] | None
    """At each rate, where there are several."""
    price_lines: list[dict[str, Any]] | None
    priced_at: datetime | None
    version: int


class Sample(Struct, frozen=True):
    """What the meter showed at one instant."""

    at: datetime
    context: str
    energy_wh: int | None
    power_w: int | None
    current_l1_a: float | None
    current_l2_a: float | None
    current_l3_a: float | None
    soc_percent: float | None


class Driver(Struct, frozen=True):
    """A person who charges."""

    id: str
    email: str
    name: str
    phone: str
    address: str
    language: str
    driver_group: str
    settlement: str
    created_at: datetime
    blocked_at: datetime | None
    blocked_why: str


class Token(Struct, frozen=True):
    """What a driver shows to a charger."""

    id: str
    uid: str
    label: str
    kind: str
    driver_id: str | None
    valid_until: datetime | None
    blocked_at: datetime | None
    blocked_why: str
    created_at: datetime
    last_used_at: datetime | None


class Payment(Struct, frozen=True):
    """One intent to move money."""

    id: str
    purpose: str
    state: str
    provider: str
    currency: str
    amount_minor: int
    authorised_minor: int
    captured_minor: int
    refunded_minor: int
    session_id: str | None
    invoice_id: str | None
    driver_id: str | None
    failure_code: str | None
    created_at: datetime


class Invoice(Struct, frozen=True):
    """An invoice or credit note."""

    id: str
    series: str
    number: int
    kind: str
    driver_id: str
    period: date
    currency: str
    gross_minor: int
    net_minor: int
    vat_minor: int
    vat: list[VatTotal]
    """At each rate."""
    paid_minor: int
    credited_minor: int
    state: str
    issued_at: datetime
    due_on: date


class InvoiceLine(Struct, frozen=True):
    """One session, or one fee of a subscription, on an invoice."""

    number: int
    session_id: str | None
    subscription_id: str | None
    driver_name: str
    text: str
    started_at: datetime
    ended_at: datetime
    energy_wh: int
    gross_minor: int
    net_minor: int
    vat_minor: int
    vat_percent: Decimal
    vat: list[VatTotal] | None
    """At each rate, where there are several."""


class Account(Struct, frozen=True):
    """An account of the ledger with all its sub-accounts: debit positive."""

    number: str
    name: str
    currency: str
    debit_minor: int
    credit_minor: int
    balance_minor: int


class AuditEntry(Struct, frozen=True):
    """Who did what, when and why."""

    at: datetime
    actor_kind: str
    actor_name: str
    action: str
    object_kind: str
    object_id: UUID | None
    reason: str


def of(shape: type[S], row: Struct, prefix: str | None = None, **more: object) -> S:
    """Return `row` as `shape`: its fields of the same name, with ids made strings.

    `prefix` is that of the field `id`; `more` are fields that the row does not have.
    """
    fields: dict[str, object] = {}
    for name in shape.__struct_fields__:
        value = more[name] if name in more else getattr(row, name)
        kind = prefix if name == "id" else PREFIX_OF_FIELD.get(name)
        fields[name] = shown(kind, value) if kind and isinstance(value, UUID) else value
    return shape(**fields)


def page(items: list[T], *, limit: int, offset: int, total: int | None = None) -> Page[T]:
    """Return one page of a list that was asked for with one item more than `limit`, or whose `total` is known."""
    more = len(items) > limit if total is None else offset + limit < total
    return Page(items[:limit], total, offset + limit if more else None)
