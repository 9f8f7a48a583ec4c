"""What each side says in the end: the simulators' own ledger, and the database of the network. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from laddverk.cli.replay.reconcile import Invoices, LedgerTotals, Metered, Step
from laddverk.platform.database import Transaction
from laddverk.simulator.ledger import accounts, entries_in


class Wire(Struct, frozen=True):
    """What the simulated meters showed, of all that was acknowledged."""

    step: Step
    sessions: frozenset[Metered]


def wire(ledger: Path) -> Wire:
    """Return what the stations' own books say was metered and acknowledged."""
    told = [
        Metered(
            account.station,
            _written(account.started_at),
            _written(account.ended_at),
            account.register_start_wh,
            account.register_end_wh,
            account.energy_wh,
        )
        for account in accounts(entries_in(ledger)).values()
        if account.is_acknowledged and account.started_at and account.ended_at and account.register_end_wh is not None
    ]
    return Wire(Step(len(told), sum(one.energy_wh for one in told)), frozenset(told))


def _written(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""


RECORDED = """
SELECT station.identity AS station,
       to_char(started_at, 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') AS started_at,
       to_char(ended_at, 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') AS ended_at,
       register_start_wh, register_end_wh, energy_wh
FROM session JOIN station ON station.id = session.station_id
WHERE ended_at IS NOT NULL
"""


async def recorded(tx: Transaction) -> list[Metered]:
    """Return every ended session of the network. The connection's time zone is UTC."""
    return await tx.fetch(Metered, RECORDED)


SESSIONS = "SELECT count(*)::int AS sessions, coalesce(sum(energy_wh), 0)::bigint AS energy_wh FROM session"
PRICED = """
SELECT count(*)::int AS sessions, coalesce(sum(energy_wh), 0)::bigint AS energy_wh,
       coalesce(sum(price_minor), 0)::bigint AS amount_minor
FROM session WHERE price_minor IS NOT NULL
"""
INVOICED = """
SELECT count(*)::int AS sessions, coalesce(sum(energy_wh), 0)::bigint AS energy_wh,
       coalesce(sum(gross_minor), 0)::bigint AS amount_minor
FROM invoice_line
"""


async def steps(tx: Transaction) -> tuple[Step, Step, Step]:
    """Return what there is in sessions, priced, and on invoices."""
    found = [await tx.fetch_one(Step, sql) for sql in (SESSIONS, PRICED, INVOICED)]
    session, priced, invoiced = (step or Step(0, 0) for step in found)
    return session, priced, invoiced


INVOICES = """
WITH per_invoice AS (
    SELECT invoice.id, invoice.gross_minor, invoice.net_minor, invoice.vat_minor,
           coalesce(sum(session.price_minor), 0) AS sessions_minor, coalesce(sum(line.gross_minor), 0) AS lines_minor,
           count(*) FILTER (WHERE line.gross_minor IS DISTINCT FROM session.price_minor
                               OR line.energy_wh IS DISTINCT FROM session.energy_wh
                               OR line.net_minor + line.vat_minor IS DISTINCT FROM line.gross_minor) AS odd_lines
    FROM invoice
    LEFT JOIN invoice_line AS line ON line.invoice_id = invoice.id
    LEFT JOIN session ON session.id = line.session_id
    GROUP BY invoice.id
)
SELECT count(*)::int AS count, coalesce(sum(gross_minor), 0)::bigint AS gross_minor,
       count(*) FILTER (WHERE gross_minor <> sessions_minor OR gross_minor <> lines_minor)::int AS unequal_to_lines,
       coalesce(sum(odd_lines), 0)::int AS lines_unequal_to_sessions,
       count(*) FILTER (WHERE net_minor + vat_minor <> gross_minor)::int AS vat_unequal,
       (SELECT coalesce(sum(highest - numbers), 0)::int
        FROM (SELECT max(number) AS highest, count(*) AS numbers FROM invoice GROUP BY series) AS series) AS number_gaps
FROM per_invoice
"""


async def invoices(tx: Transaction) -> Invoices:
    """Return what the invoices are and where they differ from their sessions."""
    found = await tx.fetch_one(Invoices, INVOICES)
    assert found is not None, "an aggregate always has a row"
    return found


LEDGER = """
SELECT (SELECT count(*)::int FROM ledger_transaction WHERE kind = 'invoice') AS transactions,
       (SELECT coalesce(sum(amount_minor), 0)::bigint FROM posting) AS sum_minor,
       (SELECT count(*)::int FROM (SELECT 1 FROM posting GROUP BY transaction_id, currency
                                   HAVING sum(amount_minor) <> 0) AS odd) AS unbalanced,
       (SELECT count(*)::int FROM account LEFT JOIN account_balance ON account_id = account.id
        WHERE coalesce(account_balance.amount_minor, 0) <>
              (SELECT coalesce(sum(posting.amount_minor), 0) FROM posting WHERE posting.account_id = account.id)
       ) AS stale_balances,
       (SELECT coalesce(sum(amount_minor), 0)::bigint FROM posting JOIN account ON account.id = account_id
        WHERE account.number = '1510') AS receivable_minor
"""


async def ledger(tx: Transaction) -> LedgerTotals:
    """Return what the double-entry ledger says, added up here and not by it."""
    found = await tx.fetch_one(LedgerTotals, LEDGER)
    assert found is not None, "an aggregate always has a row"
    return found


FINGERPRINT = """
SELECT (SELECT count(*) FROM invoice)::bigint, (SELECT count(*) FROM invoice_line)::bigint,
       (SELECT coalesce(sum(gross_minor), 0) FROM invoice)::bigint, (SELECT count(*) FROM posting)::bigint,
       (SELECT count(*) FROM ledger_transaction)::bigint, (SELECT count(*) FROM invoiced_session)::bigint,
       (SELECT coalesce(sum(next_number), 0) FROM invoice_series)::bigint
"""


async def fingerprint(tx: Transaction) -> list[int]:
    """Return figures that differ as soon as an invoicing has changed anything."""
    return list((await tx.rows(FINGERPRINT))[0])


UNSETTLED = "SELECT count(*) FROM session WHERE ended_at IS NULL OR price_minor IS NULL"
DOUBTFUL = "SELECT count(*) FROM session WHERE settlement = 'review'"
DOUBTS = "SELECT DISTINCT unnest(doubts) FROM session WHERE settlement = 'review' LIMIT 20"
MONTHS = """
SELECT DISTINCT date_trunc('month', ended_at AT TIME ZONE timezone)::date FROM session
WHERE ended_at IS NOT NULL ORDER BY 1
"""


async def unsettled(tx: Transaction) -> int:
    """Return how many sessions still wait for their end or their price."""
    return int(await tx.value(UNSETTLED))


async def doubtful(tx: Transaction) -> tuple[int, Iterable[str]]:
    """Return how many sessions are held for review, and for which reasons."""
    return int(await tx.value(DOUBTFUL)), await tx.values(DOUBTS)
