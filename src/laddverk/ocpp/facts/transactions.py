"""Facts of transactions and their meter values (blocks E and J)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from laddverk.ocpp.facts.base import Fact


class Sample(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the meter showed at one instant. Registers in Wh, as shown, never differences."""

    energy_wh: int | None = None
    energy_export_wh: int | None = None
    power_w: int | None = None
    current_l1_a: float | None = None
    current_l2_a: float | None = None
    current_l3_a: float | None = None
    voltage_l1_v: float | None = None
    voltage_l2_v: float | None = None
    voltage_l3_v: float | None = None
    soc_percent: float | None = None
    temperature_c: float | None = None
    offered_a: float | None = None
    rest: dict[str, Any] | None = None
    """Measurands without a column, and signed data, by `measurand/phase/location`."""


class SessionFact(Fact, frozen=True, kw_only=True):
    """A fact about one charging session. At least one of key and number names it; if none does, it is the
    session that is open on that EVSE.
    """

    transaction_key: str | None = None
    """The charger's name for it: 2.x transactionId; for 1.6 the content key of StartTransaction (law 2)."""
    transaction_number: int | None = None
    """Our name for it: the 1.6 transactionId that `StartAnswer` gave."""
    evse_number: int | None = None
    connector_number: int | None = None
    content_key: str = ""
    """What makes this message itself and no other, within its session: 2.x seqNo, 1.6 a digest of its content."""
    offline: bool = False
    """The charger was offline when it happened."""


class SessionStarted(SessionFact, frozen=True, kw_only=True):
    """Charging began. Needs `StartAnswer`."""

    token_uid: str | None = None
    token_type: str = ""
    register_wh: int | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    trigger: str = ""
    charging_state: str | None = None
    """As in `SessionUpdated`; a 2.x session may start with energy already flowing."""


class SessionUpdated(SessionFact, frozen=True, kw_only=True):
    """Something about a running session changed: its charging state, its token, or only that it goes on.

    Needs `StartAnswer` when `token_uid` is given (2.x: the token may be shown after the cable).
    """

    charging_state: str | None = None
    """charging, ev_connected, suspended_ev, suspended_evse or idle."""
    token_uid: str | None = None
    token_type: str = ""
    remote_start_id: int | None = None
    trigger: str = ""


class EnergySampled(SessionFact, frozen=True, kw_only=True):
    """The meter was read."""

    context: str = "Sample.Periodic"
    """OCPP reading context: Transaction.Begin, Sample.Periodic, Transaction.End …"""
    sample: Sample


class SessionEnded(SessionFact, frozen=True, kw_only=True):
    """Charging ended. Needs `StartAnswer` when a token is given, else nothing."""

    register_wh: int | None = None
    reason: str = "Local"
    """The OCPP reason: Local, Remote, EVDisconnected, PowerLoss, DeAuthorized …"""
    token_uid: str | None = None
