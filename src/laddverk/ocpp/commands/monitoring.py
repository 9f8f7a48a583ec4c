"""Commands of monitoring (block N): monitors, the base set, the level from which they tell, and streams."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from laddverk.ocpp.commands.base import Command
from laddverk.ocpp.commands.provisioning import Selected


class WantedMonitor(Struct, frozen=True, kw_only=True):
    """A monitor as we want it. With `monitor_id` it replaces that one."""

    component: str
    variable: str
    kind: str
    value: float
    severity: int
    transaction: bool = False
    monitor_id: int | None = None
    stream_interval_s: int | None = None
    """2.1: tell its values in a stream, at least this often."""
    stream_values: int | None = None
    """2.1: tell them at the latest when there are so many."""


class SetMonitors(Command, frozen=True, kw_only=True, tag="set_monitors"):
    """SetVariableMonitoring. The answer says for each which number it got, or why it was refused."""

    monitors: tuple[WantedMonitor, ...]


class ClearMonitors(Command, frozen=True, kw_only=True, tag="clear_monitors"):
    """ClearVariableMonitoring."""

    monitor_ids: tuple[int, ...]


class RequestMonitoringReport(Command, frozen=True, kw_only=True, tag="request_monitoring_report"):
    """GetMonitoringReport; the monitors follow in NotifyMonitoringReport. Without criteria and names: all of them."""

    CONFIRM_WITHIN = timedelta(minutes=10)

    request_id: int
    criteria: tuple[str, ...] = ()
    """ThresholdMonitoring, DeltaMonitoring, PeriodicMonitoring."""
    selected: tuple[Selected, ...] = ()


class SetMonitoringBase(Command, frozen=True, kw_only=True, tag="set_monitoring_base"):
    """Which of the built-in monitors are active: All, FactoryDefault (custom ones go) or HardWiredOnly."""

    base: str


class SetMonitoringLevel(Command, frozen=True, kw_only=True, tag="set_monitoring_level"):
    """Tell only what is at least so severe: 0 (danger) to 9 (everything)."""

    severity: int


class AdjustStream(Command, frozen=True, kw_only=True, tag="adjust_stream"):
    """Change how often a stream tells (2.1)."""

    stream_id: int
    interval_s: int | None = None
    values_max: int | None = None


class ReadStreams(Command, frozen=True, kw_only=True, tag="read_streams"):
    """Ask which streams are open (2.1)."""


AnyMonitoring = (
    SetMonitors
    | ClearMonitors
    | RequestMonitoringReport
    | SetMonitoringBase
    | SetMonitoringLevel
    | AdjustStream
    | ReadStreams
)
