"""What the displays room speaks of: messages and templates, tariffs in a charger's words, prices shown, settlements."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.ocpp.facts import DisplayText, TariffShown

TEXT_LENGTH_MAX: Final = 512  # of one language: 2.0.1 allows 512, 2.1 allows 1024
TEXTS_MAX: Final = 5  # one, and four more in 2.1
MESSAGES_MAX: Final = 50  # of ours at one charger at a time; most hold some tens
STATIONS_MAX: Final = 500  # that a text goes to at once
PRIORITIES: Final = ("NormalCycle", "InFront", "AlwaysFront")
STATES: Final = ("Idle", "Charging", "Faulted", "Unavailable")
"""Those of 2.0.1; 2.1 knows Suspended and Discharging besides."""


class Condition(StrEnum):
    """Where a message or a tariff is on its way onto a display and off it."""

    WANTED = "wanted"
    SHOWN = "shown"
    REFUSED = "refused"
    LEAVING = "leaving"
    GONE = "gone"


class Wanted(Struct, frozen=True, kw_only=True):
    """A message as somebody wants it shown, before it has its number on a charger."""

    texts: tuple[DisplayText, ...]
    priority: str = "NormalCycle"
    state: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    evse_number: int | None = None
    """Only while the session that runs there now goes on."""
    template_id: UUID | None = None


class Lost(StrEnum):
    """What a charger's words cannot express of a tariff, or express otherwise."""

    IDLE_CAP = "idle_cap"
    """The most that idle time may cost: only the whole price can be capped there. The tariff is not sent."""
    INEXACT = "inexact"
    """A price that would change on its way. The tariff is not sent."""
    EMPTY = "empty"
    """There is no price in it. The tariff is not sent."""
    TOO_MANY = "too_many"
    """More prices than a charger can be expected to hold. The tariff is not sent."""
    PAUSES = "pauses"
    """The charger counts pauses in mid-charge as idle time, we as charging time: what it shows may differ."""
    TAX_WITHIN = "tax_within"
    """The price without tax has no end of digits; the price is told with it, and the tax is not shown apart."""


FATAL: Final = frozenset({Lost.IDLE_CAP, Lost.INEXACT, Lost.EMPTY, Lost.TOO_MANY})


class Translated(Struct, frozen=True):
    """A tariff in the charger's words, and what they lose."""

    tariff: TariffShown
    lost: tuple[Lost, ...] = ()

    @property
    def may_be_sent(self) -> bool:
        """Whether the charger would compute what we compute."""
        return not FATAL.intersection(self.lost)


class Cost(Struct, frozen=True):
    """What a session costs so far, with VAT."""

    amount_minor: int
    currency: str
    energy_wh: int
