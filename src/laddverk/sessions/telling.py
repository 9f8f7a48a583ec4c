"""What a charger is told of a session's money in the answer to its messages: the cost, in words too, and a limit.

The cost while it runs goes only to chargers that say that they show it (TariffCostCtrlr); the cost at the end to every
charger of 2.x. Both include VAT and come from the tariff that the session started under.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.ids import SessionId
from laddverk.kernel.money import major
from laddverk.ocpp.answers import CostAnswer, StartAnswer
from laddverk.ocpp.facts import EnergySampled
from laddverk.platform import formats
from laddverk.platform.database import Transaction
from laddverk.platform.languages import gettext_for
from laddverk.sessions.model import OpenRow
from laddverk.sessions.running import price_so_far

LANGUAGE: Final = "sv"
"""Of the words on the display: that of the country, for nobody knows the driver's at a charger."""


class _Told(Struct, frozen=True):
    id: UUID
    shows_cost: bool
    cost_limit_minor: int | None
    currency: str


TOLD = """
-- Chargers of 2.x only: 1.6 has no words for money.
SELECT session.id, coalesce(session.tariff->>'currency', 'SEK') AS currency, start_request.cost_limit_minor,
       session.tariff IS NOT NULL AND (session.ended_at IS NOT NULL OR EXISTS (
           SELECT FROM station_variable v
           WHERE v.station_id = session.station_id AND v.component = 'TariffCostCtrlr'
             AND v.variable IN ('Enabled[Cost]', 'Enabled') AND lower(v.value) = 'true')) AS shows_cost
FROM session JOIN station ON station.id = session.station_id
LEFT JOIN start_request ON start_request.id = session.start_request_id
WHERE session.id = ANY($1) AND station.protocol IN ('ocpp2.0.1', 'ocpp2.1')
"""


async def told(tx: Transaction, rows: Iterable[OpenRow], now: datetime) -> dict[SessionId, StartAnswer]:
    """Return what is to be told of the money of these sessions, by their id; those of which nothing is are missing."""
    ids = [row.id for row in rows]
    if not ids:
        return {}
    found: dict[SessionId, StartAnswer] = {}
    for one in await tx.fetch(_Told, TOLD, ids):
        session_id = SessionId(one.id)
        limit = float(major(one.cost_limit_minor, one.currency)) if one.cost_limit_minor else None
        priced = await price_so_far(tx, session_id, now) if one.shows_cost else None
        if priced is not None:
            found[session_id] = StartAnswer(
                total_cost=float(major(priced.amount_minor, priced.currency)),
                message=words(priced.amount_minor, priced.currency),
                message_language=LANGUAGE,
                cost_limit=limit,
            )
        elif limit is not None:
            found[session_id] = StartAnswer(cost_limit=limit)
    return found


async def told_by_readings(
    tx: Transaction, facts: Sequence[EnergySampled], rows: Sequence[OpenRow | None], now: datetime
) -> list[CostAnswer | None]:
    """Return the cost so far for each of these readings, kept already, of the sessions in `rows`; None where none is
    shown. Only chargers of 2.x name their transaction by a key, and only they have words for money.
    """
    shown = {row.id: row for row, fact in zip(rows, facts, strict=True) if row is not None and fact.transaction_key}
    money = await told(tx, shown.values(), now)
    costs = {
        session_id: CostAnswer(answer.total_cost, answer.message, answer.message_language)
        for session_id, answer in money.items()
        if answer.total_cost is not None
    }
    return [costs.get(row.id) if row is not None else None for row in rows]


def words(amount_minor: int, currency: str) -> str:
    """Return a price as the display shows it."""
    return gettext_for(LANGUAGE)("%(price)s incl. VAT") % {"price": formats.money(amount_minor, currency, LANGUAGE)}


def with_money(answer: StartAnswer, row: OpenRow | None, money: Mapping[SessionId, StartAnswer]) -> StartAnswer:
    """Return an answer with what is told of the money of its session."""
    told_of = money.get(row.id) if row else None
    if told_of is None:
        return answer
    return replace(told_of, transaction_number=answer.transaction_number, authorisation=answer.authorisation)
