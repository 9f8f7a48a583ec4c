"""Inventories, templates, network profiles, monitors and events as Structs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import SiteId, StationId
from laddverk.ocpp.commands import NewValue

TemplateId = NewType("TemplateId", UUID)
RunId = NewType("RunId", UUID)

SEVERE_MAX: Final = 3
"""Danger, hardware failure, system failure, critical: what somebody must look at now."""


class Family(StrEnum):
    """Which way of configuring a template speaks: the keys of 1.6, or the device model of 2.x."""

    KEYS = "1.6"
    DEVICE_MODEL = "2.x"


class TemplateDetails(Struct, frozen=True, kw_only=True):
    """A template as staff enter it."""

    name: str
    vendor: str = ""
    """Pattern with `*` for any text; empty for all."""
    model: str = ""
    site_id: SiteId | None = None
    checks_at_start: bool = False
    wanted: tuple[NewValue, ...]


class Template(Struct, frozen=True, kw_only=True):
    """A template with its present version."""

    id: TemplateId
    name: str
    vendor: str
    model: str
    site_id: SiteId | None
    family: Family
    checks_at_start: bool
    version: int
    version_at: datetime
    wanted: tuple[NewValue, ...]
    retired_at: datetime | None = None


class StandingState(StrEnum):
    """How a station stands to a template."""

    IN_STEP = "in_step"
    DRIFTED = "drifted"
    UNKNOWN = "unknown"
    """Something that the template names has never been read."""


class Difference(Struct, frozen=True, kw_only=True):
    """One variable that is not as the template wants it."""

    component: str
    variable: str
    attribute: str
    wanted: str
    value: str | None
    is_known: bool
    since: datetime
    pending: bool = False
    """Written and taken; in force from the next start."""


class Standing(Struct, frozen=True, kw_only=True):
    """How one station stands to one template, and what differs."""

    station_id: StationId
    template_id: TemplateId
    version: int
    state: StandingState
    differences: tuple[Difference, ...]


class StationTraits(Struct, frozen=True, kw_only=True):
    """What decides which templates are meant for a station."""

    station_id: StationId
    site_id: SiteId
    vendor: str
    model: str
    protocol: str | None


class Present(Struct, frozen=True, kw_only=True):
    """A variable's present value, as far as comparing needs it."""

    value: str | None
    data_type: str | None = None
    changed_at: datetime
    pending_value: str | None = None


Key = tuple[str, str, str]
"""Component, variable, attribute."""
