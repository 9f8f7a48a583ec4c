"""Facts of provisioning (block B): boots, heartbeats, and what a charger tells of its configuration."""

from __future__ import annotations

from msgspec import Struct

from laddverk.ocpp.facts.base import Fact


class Booted(Fact, frozen=True, kw_only=True):
    """The charger started, or asks to be accepted. Needs `BootAnswer`."""

    vendor: str
    model: str
    serial: str = ""
    firmware: str = ""
    reason: str = ""
    iccid: str = ""
    imsi: str = ""


class HeartbeatReceived(Fact, frozen=True, kw_only=True):
    """The charger is alive."""


class Variable(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One configuration key (1.6, component '') or variable attribute (2.x)."""

    component: str = ""
    """With instance and EVSE as OCPP people write them: `Connector[x]@1.2`."""
    variable: str
    attribute: str = "Actual"
    value: str | None = None
    mutability: str = "ReadWrite"
    """ReadOnly, WriteOnly or ReadWrite; empty when the message does not say."""
    unit: str | None = None
    data_type: str | None = None
    min_limit: float | None = None
    max_limit: float | None = None
    values_list: str | None = None
    """What may be chosen, with commas between, for the types that are lists."""
    supports_monitoring: bool | None = None
    persistent: bool | None = None
    constant: bool | None = None


class VariablesReported(Fact, frozen=True, kw_only=True):
    """The charger told its configuration: a report of 2.x, or an answer to a command that reads."""

    variables: tuple[Variable, ...]
    unknown: tuple[str, ...] = ()
    request_id: int | None = None
    seq: int = 0
    """Which part of the report this is, counted from 0."""
    more_follows: bool = False
