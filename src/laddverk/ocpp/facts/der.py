"""Facts about distributed energy resources (block R, 2.1): controls as a charger has them, alarms, starts and stops."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from laddverk.ocpp.facts.base import Fact


class DerControl(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A control function: which, and its settings by the names of the wire."""

    id: str
    control: str
    """DERControlEnumType: EnterService, FreqDroop, FixedVar, LimitMaxDischarge, VoltVar …"""
    is_default: bool = False
    is_superseded: bool = False
    body: dict[str, Any] = {}


class DerControlsReported(Fact, frozen=True, kw_only=True):
    """A part of the controls that a charger has."""

    request_id: int
    controls: tuple[DerControl, ...] = ()
    more_follows: bool = False


class DerAlarmed(Fact, frozen=True, kw_only=True):
    """The grid left its bounds, or came back within them."""

    control: str
    fault: str | None = None
    ended: bool = False
    info: str | None = None


class DerSwitched(Fact, frozen=True, kw_only=True):
    """A scheduled control began or ended."""

    control_id: str
    started: bool
    superseded_ids: tuple[str, ...] = ()
