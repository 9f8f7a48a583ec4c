"""What screens read about displays: messages, tariffs, prices, settlements, swaps. SQL only; nothing is changed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.displays.model import Condition
from laddverk.ocpp.facts import Battery, Company, DisplayMessage, DisplayText, TariffAssigned, TariffShown
from laddverk.platform.database import Transaction

ROWS_MAX: Final = 100
Sites = Collection[UUID] | None


class MessageRow(Struct, frozen=True, kw_only=True):
    """A message of ours on a charger, and whether the charger says that it shows it."""

    number: int
    texts: list[DisplayText]
    priority: str
    state: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    transaction_key: str | None
    session_id: UUID | None
    template_name: str | None
    condition: Condition
    word: str
    created_at: datetime
    created_by: str
    told: bool


MESSAGES = """
SELECT m.*, t.name AS template_name, s.id AS session_id,
       EXISTS (SELECT FROM display_inventory i WHERE i.station_id = m.station_id AND i.number = m.number) AS told
FROM display_message m LEFT JOIN display_template t ON t.id = m.template_id
LEFT JOIN session s ON s.station_id = m.station_id AND s.transaction_key = m.transaction_key
WHERE m.station_id = $1
  AND (m.condition NOT IN ('gone', 'refused') OR m.changed_at > $2::timestamptz - interval '1 day')
ORDER BY m.condition IN ('gone', 'refused'), m.number DESC LIMIT $3
"""


async def messages(tx: Transaction, station_id: UUID, now: datetime) -> list[MessageRow]:
    """Return our messages on a charger: those that are there, and what went or was refused within a day."""
    return await tx.fetch(MessageRow, MESSAGES, station_id, now, ROWS_MAX)


class ToldRow(Struct, frozen=True):
    """A message that a charger says it shows, and that is none of ours."""

    number: int
    message: DisplayMessage
    reported_at: datetime


FOREIGN = """
SELECT i.number, i.message, i.reported_at FROM display_inventory i
WHERE i.station_id = $1 AND NOT EXISTS (SELECT FROM display_message m WHERE m.station_id = i.station_id
                                        AND m.number = i.number AND m.condition <> 'gone')
ORDER BY i.number LIMIT $2
"""
READ_AT = "SELECT read_at FROM display_read WHERE station_id = $1"


async def foreign(tx: Transaction, station_id: UUID) -> list[ToldRow]:
    """Return what a charger shows that is none of ours."""
    return await tx.fetch(ToldRow, FOREIGN, station_id, ROWS_MAX)


async def read_at(tx: Transaction, station_id: UUID) -> datetime | None:
    """Return when a charger last told all that it shows."""
    found: datetime | None = await tx.value(READ_AT, station_id)
    return found


class TariffRow(Struct, frozen=True, kw_only=True):
    """A tariff that a charger was told."""

    evse_number: int
    tariff_id: str
    version_id: UUID | None
    body: TariffShown
    condition: Condition
    word: str
    changed_at: datetime
    name: str | None
    number: int | None


TARIFFS = """
SELECT shown.*, tariff.name, version.number
FROM tariff_shown AS shown LEFT JOIN tariff_version AS version ON version.id = shown.version_id
LEFT JOIN tariff ON tariff.id = version.tariff_id
WHERE shown.station_id = $1 AND shown.condition <> 'gone' ORDER BY shown.evse_number LIMIT $2
"""


async def tariffs(tx: Transaction, station_id: UUID) -> list[TariffRow]:
    """Return the tariffs that a charger was told."""
    return await tx.fetch(TariffRow, TARIFFS, station_id, ROWS_MAX)


class TariffsTold(Struct, frozen=True):
    """Which tariffs a charger says it has."""

    tariffs: list[TariffAssigned]
    told_at: datetime


TOLD = "SELECT tariffs, told_at FROM tariff_told WHERE station_id = $1 ORDER BY evse_number LIMIT 1"


async def tariffs_told(tx: Transaction, station_id: UUID) -> TariffsTold | None:
    """Return which tariffs a charger says it has; None when it never told."""
    return await tx.fetch_one(TariffsTold, TOLD, station_id)


class CostRow(Struct, frozen=True, kw_only=True):
    """The price that a charger was last told to show for a session that runs."""

    session_id: UUID
    session_number: int
    evse_number: int
    amount_minor: int
    currency: str
    energy_wh: int
    shown_at: datetime


COSTS = """
SELECT session.id AS session_id, session.number AS session_number, session.evse_number, cost.amount_minor,
       cost.currency, cost.energy_wh, cost.shown_at
FROM cost_shown AS cost
JOIN session ON session.station_id = cost.station_id AND session.transaction_key = cost.transaction_key
WHERE cost.station_id = $1 AND session.ended_at IS NULL ORDER BY session.evse_number LIMIT $2
"""


async def costs(tx: Transaction, station_id: UUID) -> list[CostRow]:
    """Return the prices that a charger shows now."""
    return await tx.fetch(CostRow, COSTS, station_id, ROWS_MAX)


class ComputedRow(Struct, frozen=True, kw_only=True):
    """What a charger computed for a session, beside our price."""

    session_id: UUID
    session_number: int
    evse_number: int
    amount_minor: int
    currency: str
    has_tax: bool
    is_final: bool
    failure: str | None
    price_minor: int | None
    at: datetime

    @property
    def differs(self) -> bool:
        """Whether the charger came to another price than we, in the end."""
        return self.is_final and self.has_tax and self.price_minor not in (None, self.amount_minor)


COMPUTED = """
SELECT session.id AS session_id, session.number AS session_number, session.evse_number, told.amount_minor,
       told.currency, told.has_tax, told.is_final, told.failure, session.price_minor, told.at
FROM cost_told AS told
JOIN session ON session.station_id = told.station_id AND session.transaction_key = told.transaction_key
WHERE told.station_id = $1 ORDER BY told.at DESC LIMIT $2
"""


async def computed(tx: Transaction, station_id: UUID, limit: int = 5) -> list[ComputedRow]:
    """Return what a charger computed for its latest sessions."""
    return await tx.fetch(ComputedRow, COMPUTED, station_id, limit)


class SettlementRow(Struct, frozen=True, kw_only=True):
    """What a terminal in a charger took."""

    id: UUID
    station_id: UUID
    station_name: str
    session_id: UUID | None
    session_number: int | None
    reference: str
    status: str
    amount_minor: int
    currency: str
    info: str | None
    receipt_id: str | None
    vat_number: str | None
    company: Company | None
    settled_at: datetime


_SETTLEMENTS = """
SELECT settlement.*, station.name AS station_name, session.id AS session_id, session.number AS session_number
FROM settlement JOIN station ON station.id = settlement.station_id
LEFT JOIN session ON session.station_id = settlement.station_id
                 AND session.transaction_key = settlement.transaction_key
"""
SETTLEMENTS_AT = _SETTLEMENTS + "WHERE settlement.station_id = $1 ORDER BY settled_at DESC, settlement.id LIMIT $2"
SETTLEMENTS_OF = _SETTLEMENTS + "WHERE session.id = $1 ORDER BY settled_at, settlement.id LIMIT $2"
SETTLEMENTS_ALL = (
    _SETTLEMENTS
    + """
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1))
  AND ($2 = '' OR concat_ws(' ', station.name, settlement.reference, settlement.receipt_id, settlement.vat_number)
       ILIKE '%' || $2 || '%')
  AND ($3 = '' OR settlement.status = $3)
ORDER BY settled_at DESC, settlement.id LIMIT $4 OFFSET $5
"""
)


async def settlements_at(tx: Transaction, station_id: UUID, limit: int = 10) -> list[SettlementRow]:
    """Return the latest settlements of a charger's terminal."""
    return await tx.fetch(SettlementRow, SETTLEMENTS_AT, station_id, limit)


async def settlements_of(tx: Transaction, session_id: UUID) -> list[SettlementRow]:
    """Return what a terminal took for a session."""
    return await tx.fetch(SettlementRow, SETTLEMENTS_OF, session_id, 20)


async def settlements(
    tx: Transaction, sites: Sites, search: str, status: str, *, limit: int, offset: int
) -> list[SettlementRow]:
    """Return a page of all settlements, the latest first."""
    found = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return await tx.fetch(
        SettlementRow, SETTLEMENTS_ALL, None if sites is None else list(sites), found, status, limit, offset
    )


class SwapRow(Struct, frozen=True, kw_only=True):
    """Batteries that went in or out."""

    request_id: int
    event: str
    token_uid: str
    batteries: list[Battery]
    at: datetime


SWAPS = """
SELECT request_id, event, token_uid, batteries, at FROM battery_swap WHERE station_id = $1
ORDER BY at DESC, request_id, event LIMIT $2
"""


async def swaps(tx: Transaction, station_id: UUID, limit: int = 20) -> list[SwapRow]:
    """Return the latest swaps of a charger."""
    return await tx.fetch(SwapRow, SWAPS, station_id, limit)


class QuestionRow(Struct, frozen=True, kw_only=True):
    """A VAT number that was entered at a charger."""

    received_at: datetime
    number: str
    accepted: bool
    company: Company | None


QUESTIONS = """
SELECT q.received_at, q.number, q.accepted, n.company FROM vat_question q LEFT JOIN vat_number n ON n.number = q.number
WHERE q.station_id = $1 ORDER BY q.received_at DESC LIMIT $2
"""


async def questions(tx: Transaction, station_id: UUID, limit: int = 5) -> list[QuestionRow]:
    """Return the VAT numbers that were last entered at a charger."""
    return await tx.fetch(QuestionRow, QUESTIONS, station_id, limit)


class TemplateRow(Struct, frozen=True, kw_only=True):
    """A text for many chargers, and on how many of those one may see it is."""

    id: UUID
    name: str
    texts: list[DisplayText]
    priority: str
    state: str | None
    created_at: datetime
    created_by: str
    shown: int
    waiting: int


TEMPLATES = """
SELECT t.*, count(station.id) FILTER (WHERE m.condition = 'shown') AS shown,
       count(station.id) FILTER (WHERE m.condition IN ('wanted', 'leaving')) AS waiting
FROM display_template t
LEFT JOIN display_message m ON m.template_id = t.id AND m.condition IN ('wanted', 'shown', 'leaving')
LEFT JOIN station ON station.id = m.station_id AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
WHERE t.retired_at IS NULL AND ($2 = '' OR concat_ws(' ', t.name, t.texts::text) ILIKE '%' || $2 || '%')
GROUP BY t.id ORDER BY t.name LIMIT $3
"""


async def templates(tx: Transaction, sites: Sites, search: str = "") -> list[TemplateRow]:
    """Return the texts for many chargers."""
    found = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return await tx.fetch(TemplateRow, TEMPLATES, None if sites is None else list(sites), found, ROWS_MAX)


class DisplayStation(Struct, frozen=True):
    """A charger that may have a display: one that speaks 2.x, or takes texts as data of its maker's."""

    id: UUID
    name: str
    site_id: UUID
    site_name: str
    protocol: str


DISPLAY_STATIONS = """
SELECT station.id, station.name, site.id AS site_id, site.name AS site_name, station.protocol
FROM station JOIN site ON site.id = station.site_id
WHERE station.retired_at IS NULL
  AND (station.protocol IN ('ocpp2.0.1', 'ocpp2.1') OR station.quirks ? 'text_vendor')
  AND ($1::uuid[] IS NULL OR site.id = ANY($1))
ORDER BY site.name, station.name LIMIT $2
"""


async def display_stations(tx: Transaction, sites: Sites) -> list[DisplayStation]:
    """Return the chargers that a text can be sent to."""
    return await tx.fetch(DisplayStation, DISPLAY_STATIONS, None if sites is None else list(sites), 500)
