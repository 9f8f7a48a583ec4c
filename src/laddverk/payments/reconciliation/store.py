"""Payments as four sides see them, and differences, in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import PaymentId
from laddverk.ledger.model import PROVIDER, RECEIVABLES
from laddverk.payments.model import Payment
from laddverk.payments.reconciliation.model import Difference, DifferenceRow, Flow, RunRow, SideBySide
from laddverk.payments.rules import BY_HAND, MONEY_ACCOUNTS
from laddverk.platform.database import Transaction

# The four sides of each payment that moved money. What a person booked by hand settles the receivable (1510) by the
# amount of the payment; the bank account has rounding and surplus too. Disputes are books of their own.
_SIDES_SHOWN: Final = """
WITH chosen AS (
    SELECT payment.*, coalesce(taken.at, payment.created_at) AS taken_at
    FROM payment
    LEFT JOIN LATERAL (
        SELECT min(at) AS at FROM payment_event
        WHERE payment_id = payment.id AND kind IN ('captured', 'deposited')) AS taken ON true
    LEFT JOIN payment_seen AS said ON said.payment_id = payment.id
    WHERE (payment.captured_minor > 0 OR coalesce(said.captured_minor, 0) > 0)
      AND ((coalesce(taken.at, payment.created_at) >= $1 AND coalesce(taken.at, payment.created_at) < $2)
           OR payment.id = ANY($3::uuid[]))
), sides AS (
    SELECT chosen.id, chosen.provider AS rail, chosen.currency, chosen.taken_at, chosen.captured_minor,
           chosen.refunded_minor,
           CASE WHEN chosen.provider = ANY($4::text[]) THEN -booked.receivable_minor ELSE booked.money_minor END
               AS ledger_minor,
           CASE WHEN said.asked_at >= chosen.updated_at THEN said.is_known END AS is_known,
           CASE WHEN said.asked_at >= chosen.updated_at THEN said.captured_minor END AS seen_captured_minor,
           CASE WHEN said.asked_at >= chosen.updated_at THEN said.refunded_minor END AS seen_refunded_minor,
           CASE WHEN chosen.provider = ANY($4::text[]) THEN booked.bank_minor
                WHEN chosen.provider IN ('autogiro', 'sepa') THEN lines.bank_minor
                ELSE paid_out.bank_minor END AS bank_minor,
           coalesce(paid_out.fee_minor, 0) AS fee_minor,
           NOT EXISTS (SELECT FROM payment_dispute WHERE payment_dispute.payment_id = chosen.id) AS undisputed
    FROM chosen
    LEFT JOIN payment_seen AS said ON said.payment_id = chosen.id
    LEFT JOIN LATERAL (
        SELECT coalesce(sum(posting.amount_minor) FILTER (WHERE account.number = coalesce(
                   (SELECT number FROM unnest($5::text[], $6::text[]) AS money (rail, number)
                    WHERE money.rail = chosen.provider), $7)
                   AND (chosen.provider <> 'wallet' OR account.owner_id IS NOT NULL)), 0)::bigint AS money_minor,
               coalesce(sum(posting.amount_minor) FILTER (WHERE account.number = $8), 0)::bigint AS receivable_minor,
               coalesce(sum(posting.amount_minor) FILTER (WHERE account.number = '1930'), 0)::bigint AS bank_minor
        FROM ledger_transaction AS entry
        JOIN posting ON posting.transaction_id = entry.id
        JOIN account ON account.id = posting.account_id
        WHERE entry.source_id = ANY (
                  ARRAY[chosen.id] || ARRAY(SELECT deposit.id FROM deposit WHERE deposit.payment_id = chosen.id))
          AND entry.kind NOT LIKE 'dispute%'
    ) AS booked ON true
    LEFT JOIN LATERAL (
        SELECT sum(CASE bank_record.what WHEN 'paid' THEN bank_record.amount_minor ELSE -bank_record.amount_minor END
                   * CASE collection.kind WHEN 'collect' THEN 1 ELSE -1 END)::bigint AS bank_minor
        FROM bank_record JOIN collection ON collection.id = bank_record.collection_id
        WHERE collection.payment_id = chosen.id AND bank_record.outcome = 'applied'
          AND bank_record.what IN ('paid', 'returned')
    ) AS lines ON true
    LEFT JOIN LATERAL (
        SELECT sum(payout_item.net_minor)::bigint AS bank_minor, sum(payout_item.fee_minor)::bigint AS fee_minor
        FROM payout_item JOIN payout ON payout.id = payout_item.payout_id
        WHERE payout_item.payment_id = chosen.id AND payout.state = 'paid' AND payout_item.kind <> 'dispute'
    ) AS paid_out ON true
)
"""
SIDES: Final = _SIDES_SHOWN + "SELECT * FROM sides ORDER BY taken_at, id LIMIT $9 OFFSET $10"  # noqa: S608 - constant text
FLOWS: Final = (
    _SIDES_SHOWN
    + """
SELECT rail, currency, count(*) AS payments, sum(captured_minor)::bigint AS captured_minor,
       sum(refunded_minor)::bigint AS refunded_minor, sum(ledger_minor)::bigint AS ledger_minor,
       count(*) FILTER (WHERE is_known IS NOT NULL) AS asked,
       coalesce(sum(seen_captured_minor - seen_refunded_minor), 0)::bigint AS seen_minor,
       coalesce(sum(captured_minor - refunded_minor) FILTER (WHERE is_known IS NOT NULL), 0)::bigint AS asked_minor,
       count(*) FILTER (WHERE bank_minor IS NOT NULL) AS arrived, coalesce(sum(bank_minor), 0)::bigint AS bank_minor,
       sum(fee_minor)::bigint AS fee_minor
FROM sides GROUP BY rail, currency ORDER BY sum(captured_minor) DESC, rail
"""
)
# What does not agree and is no single payment of ours.
OTHERS: Final = """
SELECT 'payout' AS kind, provider AS rail, 'payout' AS subject_kind, id AS subject_id, NULL::uuid AS payment_id,
       provider_ref AS label, currency, amount_minor - difference_minor AS ours_minor, amount_minor AS theirs_minor
FROM payout WHERE difference_minor <> 0 AND state = 'paid' AND seen_at IS NULL
UNION ALL
SELECT 'bank_line', bank_file.scheme, 'bank_file', bank_file.id, NULL, 'line ' || bank_record.line,
       CASE bank_file.scheme WHEN 'sepa' THEN 'EUR' ELSE 'SEK' END, 0, coalesce(bank_record.amount_minor, 0)
FROM bank_record JOIN bank_file ON bank_file.id = bank_record.file_id
WHERE bank_record.outcome = 'unmatched' AND coalesce(bank_record.amount_minor, 0) > 0
UNION ALL
SELECT 'aside', way, 'deposit', id, NULL, reference, currency, 0, amount_minor FROM deposit WHERE state = 'aside'
UNION ALL
SELECT 'overpaid', 'invoice', 'invoice', id, NULL,
       series || '-' || lpad(number::text, greatest(5, length(number::text)), '0'), currency,
       gross_minor - credited_minor, paid_minor
FROM invoice WHERE kind = 'invoice' AND paid_minor > gross_minor - credited_minor
LIMIT 5000
"""
PAYS_OUT: Final = "SELECT DISTINCT provider FROM payout"
OPEN_PAYMENTS: Final = """
SELECT DISTINCT payment_id FROM reconciliation_difference WHERE gone_at IS NULL AND payment_id IS NOT NULL
"""
KEEP: Final = """
INSERT INTO reconciliation_difference AS kept (key, kind, rail, subject_kind, subject_id, payment_id, label, currency,
                                               ours_minor, theirs_minor, first_seen_at, last_seen_at)
SELECT *, $11, $11 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::text[],
                               $8::text[], $9::bigint[], $10::bigint[])
ON CONFLICT (key) DO UPDATE SET
    last_seen_at = excluded.last_seen_at, gone_at = NULL,
    first_seen_at = CASE WHEN kept.gone_at IS NULL THEN kept.first_seen_at ELSE excluded.first_seen_at END,
    -- Another amount is another story: it is told, and has to be explained, anew.
    told_at = CASE WHEN kept.gone_at IS NULL AND kept.ours_minor = excluded.ours_minor
                        AND kept.theirs_minor = excluded.theirs_minor THEN kept.told_at END,
    explained_at = CASE WHEN kept.ours_minor = excluded.ours_minor AND kept.theirs_minor = excluded.theirs_minor
                        THEN kept.explained_at END,
    ours_minor = excluded.ours_minor, theirs_minor = excluded.theirs_minor
"""
GONE: Final = """
UPDATE reconciliation_difference SET gone_at = $2 WHERE gone_at IS NULL AND key <> ALL($1::text[])
"""
UNTOLD: Final = """
SELECT * FROM reconciliation_difference
WHERE gone_at IS NULL AND explained_at IS NULL AND told_at IS NULL ORDER BY first_seen_at, key LIMIT $1
"""
TOLD: Final = """
UPDATE reconciliation_difference SET told_at = $1
WHERE gone_at IS NULL AND explained_at IS NULL AND told_at IS NULL
"""
EXPLAIN: Final = """
UPDATE reconciliation_difference SET explained_at = $2, explained_by = $3, explained_why = $4
WHERE key = $1 AND gone_at IS NULL AND explained_at IS NULL RETURNING subject_id
"""
INSERT_RUN: Final = """
INSERT INTO reconciliation_run (id, made_at, made_by, payments, differences, fresh) VALUES ($1, $2, $3, $4, $5, $6)
"""
LAST_RUN: Final = "SELECT * FROM reconciliation_run ORDER BY made_at DESC LIMIT 1"
# Only rails that answer calls; a payment is asked about once after it came to rest, and once more when it is old.
TO_ASK: Final = """
SELECT payment.* FROM payment LEFT JOIN payment_seen AS said ON said.payment_id = payment.id
WHERE payment.provider = ANY($1::text[]) AND payment.captured_minor > 0
  AND payment.updated_at > $2::timestamptz - interval '60 days'
  AND payment.updated_at < $2::timestamptz - interval '10 minutes'
  AND (said.asked_at IS NULL OR said.asked_at < payment.updated_at
       OR said.asked_at < $2::timestamptz - interval '14 days')
ORDER BY said.asked_at NULLS FIRST, payment.updated_at LIMIT $3
"""
SEEN: Final = """
INSERT INTO payment_seen (payment_id, is_known, captured_minor, refunded_minor, asked_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (payment_id) DO UPDATE SET is_known = excluded.is_known, captured_minor = excluded.captured_minor,
    refunded_minor = excluded.refunded_minor, asked_at = excluded.asked_at
"""
ROWS_MAX: Final = 1_000_000


def _given(since: datetime, until: datetime, also: Sequence[UUID]) -> tuple[object, ...]:
    by_hand, rails = sorted(BY_HAND), list(MONEY_ACCOUNTS)
    return (since, until, list(also), by_hand, rails, [MONEY_ACCOUNTS[rail] for rail in rails], PROVIDER, RECEIVABLES)


async def sides(
    tx: Transaction,
    since: datetime,
    until: datetime,
    also: Sequence[UUID] = (),
    *,
    limit: int = ROWS_MAX,
    offset: int = 0,
) -> list[SideBySide]:
    """Return the payments that were taken between two instants, and those in `also`, as each side sees them."""
    return await tx.fetch(SideBySide, SIDES, *_given(since, until, also), limit, offset)


async def flows(tx: Transaction, since: datetime, until: datetime) -> list[Flow]:
    """Return the same, summed by rail and currency; the rail with most money first."""
    return await tx.fetch(Flow, FLOWS, *_given(since, until, ()))


async def others(tx: Transaction) -> list[Difference]:
    """Return what does not agree and is no single payment of ours."""
    return await tx.fetch(Difference, OTHERS)


async def pays_out(tx: Transaction) -> frozenset[str]:
    """Return the rails that have made payouts at all."""
    return frozenset(await tx.values(PAYS_OUT))


async def open_payments(tx: Transaction) -> list[UUID]:
    """Return the payments whose sides disagreed when they were last looked at."""
    return await tx.values(OPEN_PAYMENTS)


async def keep(tx: Transaction, found: Sequence[Difference], now: datetime) -> None:
    """Keep what was found; what was kept and is not among it agrees by now."""
    if found:
        await tx.execute(
            KEEP,
            [each.key for each in found],
            [each.kind for each in found],
            [each.rail for each in found],
            [each.subject_kind for each in found],
            [each.subject_id for each in found],
            [each.payment_id for each in found],
            [each.label for each in found],
            [each.currency for each in found],
            [each.ours_minor for each in found],
            [each.theirs_minor for each in found],
            now,
        )
    await tx.execute(GONE, [each.key for each in found], now)


async def untold(tx: Transaction, limit: int) -> list[DifferenceRow]:
    """Return differences that nobody was told of, the oldest first."""
    return await tx.fetch(DifferenceRow, UNTOLD, limit)


async def set_told(tx: Transaction, now: datetime) -> int:
    """Note that staff was told of all that is open; return how many were new to them."""
    return await tx.execute(TOLD, now)


async def explain(tx: Transaction, key: str, now: datetime, by: str, why: str) -> UUID | None:
    """Write why a difference may stay; None when there is no such open one."""
    found: UUID | None = await tx.value(EXPLAIN, key, now, by, why)
    return found


async def keep_run(tx: Transaction, run_id: UUID, row: RunRow) -> None:
    """Write down that a comparison was made."""
    await tx.execute(INSERT_RUN, run_id, row.made_at, row.made_by, row.payments, row.differences, row.fresh)


async def last_run(tx: Transaction) -> RunRow | None:
    """Return the latest comparison."""
    return await tx.fetch_one(RunRow, LAST_RUN)


async def to_ask(tx: Transaction, rails: Sequence[str], now: datetime, limit: int) -> list[Payment]:
    """Return payments that providers are to be asked about, those first that never were."""
    return await tx.fetch(Payment, TO_ASK, list(rails), now, limit)


async def save_seen(
    tx: Transaction, payment_id: PaymentId, now: datetime, *, is_known: bool, captured_minor: int, refunded_minor: int
) -> None:
    """Write what a provider says of a payment."""
    await tx.execute(SEEN, payment_id, is_known, captured_minor, refunded_minor, now)
