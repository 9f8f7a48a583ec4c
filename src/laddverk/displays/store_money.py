"""Tariffs and prices on chargers, what terminals settled, VAT numbers, swaps. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.ocpp import facts
from laddverk.ocpp.answers import VatAnswer
from laddverk.ocpp.facts import Company, TariffAssigned, TariffShown
from laddverk.platform.database import Transaction

SAVE_TARIFF = """
INSERT INTO tariff_shown AS kept (station_id, evse_number, tariff_id, version_id, body, condition, changed_at)
VALUES ($1, $2, $3, $4, $5, 'wanted', $6)
ON CONFLICT (station_id, evse_number) DO UPDATE
SET tariff_id = excluded.tariff_id, version_id = excluded.version_id, body = excluded.body, condition = 'wanted',
    word = '', changed_at = excluded.changed_at
"""
TARIFF_BECAME = """
UPDATE tariff_shown SET condition = $3, word = $4, changed_at = $5
WHERE station_id = $1 AND ($2::int IS NULL OR evse_number = $2) AND ($6::text IS NULL OR tariff_id = $6)
"""
KEEP_TOLD = """
INSERT INTO tariff_told (station_id, evse_number, tariffs, told_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (station_id, evse_number) DO UPDATE SET tariffs = excluded.tariffs, told_at = excluded.told_at
"""


async def save_tariff(
    tx: Transaction, station_id: UUID, evse_number: int, version_id: UUID, tariff: TariffShown, now: datetime
) -> None:
    """Keep a tariff that is on its way to a charger."""
    await tx.execute(SAVE_TARIFF, station_id, evse_number, tariff.id, version_id, tariff, now)


async def tariff_became(
    tx: Transaction, station_id: UUID, evse_number: int | None, condition: str, word: str, now: datetime,
    tariff_id: str | None = None,
) -> None:  # fmt: skip
    """A tariff on a charger (at all outlets with None) is now in another condition."""
    await tx.execute(TARIFF_BECAME, station_id, evse_number, condition, word, now, tariff_id)


async def keep_told(
    tx: Transaction, station_id: UUID, evse_number: int, tariffs: Sequence[TariffAssigned], now: datetime
) -> None:
    """Keep which tariffs a charger says it has."""
    await tx.execute(KEEP_TOLD, station_id, evse_number, list(tariffs), now)


class Shown(Struct, frozen=True):
    """A running session at a charger that shows prices, and what it was last told."""

    id: UUID
    station_id: StationId
    transaction_key: str
    number: int
    is_16: bool
    is_charging: bool
    register_wh: int
    energy_wh: int
    shown_minor: int | None
    shown_energy_wh: int | None
    shown_at: datetime | None


RUNNING_WITH_DISPLAY = """
-- Chargers that say that they show prices; one that never told its variables is not bothered.
SELECT session.id, session.station_id, session.transaction_key, session.number, session.energy_wh,
       station.protocol = 'ocpp1.6' AS is_16, session.charging_ended_at IS NULL AS is_charging,
       coalesce(session.register_start_wh, 0) + session.energy_wh AS register_wh,
       cost.amount_minor AS shown_minor, cost.energy_wh AS shown_energy_wh, cost.shown_at
FROM session
JOIN station ON station.id = session.station_id
LEFT JOIN cost_shown AS cost
  ON cost.station_id = session.station_id AND cost.transaction_key = session.transaction_key
WHERE session.ended_at IS NULL AND session.tariff IS NOT NULL AND station.connected_at IS NOT NULL
  AND EXISTS (SELECT FROM station_variable v
              WHERE v.station_id = session.station_id AND lower(v.value) = 'true'
                AND (v.component, v.variable) IN (VALUES
                    ('TariffCostCtrlr', 'Enabled[Cost]'), ('TariffCostCtrlr', 'Enabled'),
                    ('TariffCostCtrlr[Cost]', 'Enabled'), ('', 'CustomDisplayCostAndPrice')))
  AND (cost.shown_at IS NULL OR cost.shown_at < $1)
ORDER BY cost.shown_at NULLS FIRST, session.started_at LIMIT $2
"""
KEEP_COST = """
INSERT INTO cost_shown (station_id, transaction_key, amount_minor, currency, energy_wh, shown_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (station_id, transaction_key) DO UPDATE
SET amount_minor = excluded.amount_minor, energy_wh = excluded.energy_wh, shown_at = excluded.shown_at
"""
ENDED_WITH_DISPLAY = """
-- Sessions that ended at chargers of 1.6 that show prices.
SELECT session.id, session.station_id, session.number FROM session JOIN station ON station.id = session.station_id
WHERE session.id = ANY($1) AND session.ended_at IS NOT NULL AND session.tariff IS NOT NULL
  AND station.protocol = 'ocpp1.6' AND station.connected_at IS NOT NULL
  AND EXISTS (SELECT FROM station_variable v
              WHERE v.station_id = session.station_id AND v.component = ''
                AND v.variable = 'CustomDisplayCostAndPrice' AND lower(v.value) = 'true')
"""
DROP_COSTS = "DELETE FROM cost_shown WHERE shown_at < $1"


async def running_with_display(tx: Transaction, before: datetime, limit: int) -> list[Shown]:
    """Return running sessions whose price is shown at the charger and was last told before `before`."""
    return await tx.fetch(Shown, RUNNING_WITH_DISPLAY, before, limit)


class Ended(Struct, frozen=True):
    """A session that ended at a charger of 1.6 that shows prices."""

    id: UUID
    station_id: StationId
    number: int


async def ended_with_display(tx: Transaction, session_ids: Sequence[UUID]) -> list[Ended]:
    """Return those of these sessions whose charger of 1.6 shows what they cost."""
    return await tx.fetch(Ended, ENDED_WITH_DISPLAY, list(session_ids))


async def keep_cost(tx: Transaction, one: Shown, amount_minor: int, currency: str, now: datetime) -> None:
    """Keep the price that a charger is told."""
    await tx.execute(KEEP_COST, one.station_id, one.transaction_key, amount_minor, currency, one.energy_wh, now)


async def drop_costs(tx: Transaction, before: datetime) -> None:
    """Forget prices that were shown long ago."""
    await tx.execute(DROP_COSTS, before)


KEEP_TOLD_COST = """
INSERT INTO cost_told AS kept (station_id, transaction_key, amount_minor, currency, has_tax, is_final, failure, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (station_id, transaction_key) DO UPDATE
SET amount_minor = excluded.amount_minor, currency = excluded.currency, has_tax = excluded.has_tax,
    is_final = excluded.is_final, failure = excluded.failure, at = excluded.at
WHERE (excluded.is_final, excluded.at) >= (kept.is_final, kept.at)
"""
DROP_TOLD_COSTS = "DELETE FROM cost_told WHERE at < $1"


async def keep_told_cost(tx: Transaction, fact: facts.CostComputed, amount_minor: int, currency: str) -> None:
    """Keep what a charger computed; a later word stands before an earlier one, and the last one before all."""
    await tx.execute(
        KEEP_TOLD_COST, fact.station_id, fact.transaction_key, amount_minor, currency, fact.has_tax, fact.is_final,
        fact.failure[:500] if fact.failure else None, fact.at,
    )  # fmt: skip


async def drop_told_costs(tx: Transaction, before: datetime) -> None:
    """Forget what chargers computed long ago."""
    await tx.execute(DROP_TOLD_COSTS, before)


KEEP_SETTLEMENT = """
INSERT INTO settlement (id, station_id, reference, status, amount_minor, currency, transaction_key, info, receipt_id,
    receipt_url, company, vat_number, settled_at, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (station_id, reference, status) DO NOTHING
"""


async def keep_settlement(
    tx: Transaction, settlement_id: UUID, fact: facts.SettlementReported, amount_minor: int, currency: str
) -> None:
    """Keep what a terminal settled, once for each reference and status."""
    await tx.execute(
        KEEP_SETTLEMENT, settlement_id, fact.station_id, fact.reference[:255], fact.status[:20], amount_minor, currency,
        fact.transaction_key, fact.info, fact.receipt_id, fact.receipt_url, fact.company, fact.vat_number, fact.at,
        fact.received_at,
    )  # fmt: skip


class KnownNumber(Struct, frozen=True):
    """What is known of a VAT number."""

    accepted: bool
    company: Company | None


KNOWN_NUMBER = "SELECT accepted, company FROM vat_number WHERE number = $1 AND checked_at > $2"
KEEP_NUMBER = """
INSERT INTO vat_number (number, accepted, company, source, checked_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (number) DO UPDATE
SET accepted = excluded.accepted, company = excluded.company, source = excluded.source,
    checked_at = excluded.checked_at
"""
KEEP_QUESTION = """
INSERT INTO vat_question (station_id, received_at, number, evse_number, accepted, why) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (station_id, received_at, number) DO NOTHING
"""
DROP_QUESTIONS = "DELETE FROM vat_question WHERE received_at < $1"


async def known_number(tx: Transaction, number: str, since: datetime) -> KnownNumber | None:
    """Return what a register said of a number since an instant."""
    return await tx.fetch_one(KnownNumber, KNOWN_NUMBER, number, since)


async def keep_number(tx: Transaction, number: str, answer: VatAnswer, source: str, now: datetime) -> None:
    """Keep what a register says of a number."""
    await tx.execute(KEEP_NUMBER, number, answer.accepted, answer.company, source, now)


async def keep_question(tx: Transaction, fact: facts.VatNumberEntered, accepted: bool, why: str) -> None:
    """Keep that a number was entered at a charger."""
    await tx.execute(
        KEEP_QUESTION, fact.station_id, fact.received_at, fact.vat_number[:20], fact.evse_number, accepted, why
    )


async def drop_questions(tx: Transaction, before: datetime) -> None:
    """Forget who entered a number long ago."""
    await tx.execute(DROP_QUESTIONS, before)


KEEP_SWAP = """
INSERT INTO battery_swap (station_id, request_id, event, content_key, token_uid, batteries, at, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (station_id, request_id, event, content_key) DO NOTHING
"""


async def keep_swap(tx: Transaction, fact: facts.BatterySwapped, content_key: str) -> None:
    """Keep which batteries went in or out, once."""
    await tx.execute(
        KEEP_SWAP, fact.station_id, fact.request_id, fact.event[:40], content_key, fact.token_uid,
        list(fact.batteries), fact.at, fact.received_at,
    )  # fmt: skip


class PayingNow(Struct, frozen=True):
    """Somebody pays on the web for an outlet of a charger that can show it."""

    id: UUID
    station_id: StationId
    evse_number: int
    expires_at: datetime


PAYING_NOW = """
SELECT start.id, start.station_id, start.evse_number, start.expires_at
FROM start_request AS start JOIN station ON station.id = start.station_id
WHERE start.session_id IS NULL AND start.cancelled_at IS NULL AND start.command_id IS NULL
  AND start.payment_id IS NOT NULL AND start.expires_at > $1 AND start.created_at > $1 - $2::interval
  AND station.protocol = 'ocpp2.1' AND station.connected_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM web_payment_told AS told WHERE told.start_request_id = start.id)
ORDER BY start.created_at LIMIT 200
"""
KEEP_TOLD_PAYMENT = "INSERT INTO web_payment_told (start_request_id, told_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"
DROP_TOLD_PAYMENTS = "DELETE FROM web_payment_told WHERE told_at < $1"


async def paying_now(tx: Transaction, now: datetime, within: timedelta) -> list[PayingNow]:
    """Return payments on the web that began lately and of which the charger does not know yet."""
    return await tx.fetch(PayingNow, PAYING_NOW, now, within)


async def told_of_payment(tx: Transaction, start_request_id: UUID, now: datetime) -> bool:
    """Remember that a charger is told of a payment; False when it was."""
    return await tx.execute(KEEP_TOLD_PAYMENT, start_request_id, now) > 0


async def drop_told(tx: Transaction, before: datetime) -> None:
    """Forget payments of long ago."""
    await tx.execute(DROP_TOLD_PAYMENTS, before)


class _Of(Struct, frozen=True):
    currency: str | None


CURRENCY_OF = """
SELECT coalesce(session.currency, session.tariff->>'currency') AS currency FROM session
WHERE station_id = $1 AND transaction_key = $2
"""


async def currency_of(tx: Transaction, station_id: UUID, transaction_key: str | None) -> str | None:
    """Return the currency of a session; None when there is none such."""
    found = await tx.fetch_one(_Of, CURRENCY_OF, station_id, transaction_key) if transaction_key else None
    return found.currency if found else None
