"""Facts of monitoring (block N): which monitors a charger has, what they noticed, and streams of values."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from laddverk.ocpp.facts.base import Fact


class Monitor(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One monitor on one variable, as the charger has it."""

    monitor_id: int
    component: str
    variable: str
    kind: str
    """UpperThreshold, LowerThreshold, Delta, Periodic, PeriodicClockAligned, TargetDelta, TargetDeltaRelative."""
    value: float
    """The threshold or step in the variable's unit; seconds for the periodic kinds."""
    severity: int | None = None
    """0 (danger) to 9 (debug)."""
    transaction: bool = False
    """Active only while a transaction runs."""
    notification: str = "CustomMonitor"
    """Who made it: HardWiredMonitor, PreconfiguredMonitor or CustomMonitor. 2.0.1 does not say."""


class MonitorsReported(Fact, frozen=True, kw_only=True):
    """One part of a report of monitors (NotifyMonitoringReport)."""

    monitors: tuple[Monitor, ...]
    request_id: int | None = None
    seq: int = 0
    more_follows: bool = False


class EventNotified(Fact, frozen=True, kw_only=True):
    """Something that a monitor, or the hardware by itself, noticed (one element of NotifyEvent)."""

    event_id: int
    trigger: str
    """Alerting, Delta or Periodic."""
    component: str
    variable: str
    value: str
    notification: str = "HardWiredNotification"
    monitor_id: int | None = None
    severity: int | None = None
    """Only 2.1 says it; before, it is the monitor's."""
    cause: int | None = None
    """The event id that this one follows from."""
    tech_code: str | None = None
    tech_info: str | None = None
    cleared: bool = False
    transaction_key: str | None = None


class StreamOpened(Fact, frozen=True, kw_only=True):
    """The charger wants to stream the values of a monitor (2.1). Needs `StreamAnswer`."""

    stream_id: int
    monitor_id: int
    interval_s: int | None = None
    values_max: int | None = None


class StreamClosed(Fact, frozen=True, kw_only=True):
    """The charger streams no more."""

    stream_id: int


class StreamValue(Struct, frozen=True):
    """One value of a stream, with its corrected time."""

    at: datetime
    value: str


class StreamReceived(Fact, frozen=True, kw_only=True):
    """Some values of a stream (NotifyPeriodicEventStream, which nobody answers)."""

    stream_id: int
    values: tuple[StreamValue, ...]
    pending: int = 0
    """How many more the charger had at that moment."""
