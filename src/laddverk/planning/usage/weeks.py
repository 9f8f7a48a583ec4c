"""Pools by hour of the local week: who came, and how long there was no room, over any period."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
from msgspec import Struct

from laddverk.planning.usage.censoring import HOURS, WEEK_HOURS
from laddverk.planning.usage.periods import Cover
from laddverk.planning.usage.queries import Numbers
from laddverk.platform.database import Transaction

Pool = tuple[UUID, str]
"""A site and a plug."""
HEADER: Final = 20  # bytes before the numbers of an array that PostgreSQL sends; each number follows its length
DAY_BYTES: Final = HEADER + 8 * HOURS
MONTH_BYTES: Final = 4 * WEEK_HOURS
SHUT: Final = ("began", "closed_ms")
"""Who came, and how long there was no room."""
MEASURES: Final = (*SHUT, "full_ms", "full_busy_ms", "full_charging_ms")
"""All that is known."""


def _statement(names: tuple[str, ...]) -> str:
    """Return the SQL of some measures: months as they lie packed, and days at the ends as PostgreSQL sends arrays."""
    return f"""
        -- Months by hour of the week, and the days at the ends by hour of the day; weekday 0 is Monday.
        WITH pool AS (SELECT * FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS p (site_id, plug, pool))
        SELECT pool::int - 1 AS pool, 0 AS weekday, {", ".join(names)}
        FROM pool JOIN usage_pool_month m USING (site_id, plug) WHERE month >= $3 AND month < $4
        UNION ALL
        SELECT pool::int - 1, extract(isodow FROM day)::int - 1, {", ".join(f"array_send({name})" for name in names)}
        FROM pool JOIN usage_pool_day d USING (site_id, plug) WHERE day >= $5 AND day <= $6 OR day >= $7 AND day <= $8
    """  # noqa: S608 - made of constants


WEEKS_SHUT: Final = _statement(SHUT)
WEEKS: Final = _statement(MEASURES)
STATEMENTS: Final = {SHUT: WEEKS_SHUT, MEASURES: WEEKS}


class Weeks(Struct, frozen=True, kw_only=True):
    """Pools by hour of the local week, Monday midnight first: a row of each array is a pool."""

    began: Numbers
    closed_s: Numbers
    """Full, or all of it out of order."""
    full_s: Numbers
    full_busy_s: Numbers
    full_charging_s: Numbers

    @property
    def dark_s(self) -> Numbers:
        """All of it out of order."""
        return self.closed_s - self.full_s


async def weeks(
    tx: Transaction, pools: Sequence[Pool], cover: Cover, measures: tuple[str, ...] = MEASURES
) -> Weeks:  # fmt: skip
    """Return these pools, in their order, over a period. What is not among `measures` is zero."""
    sites, plugs = [site for site, _ in pools], [plug for _, plug in pools]
    rows = await tx.rows(STATEMENTS[measures], sites, plugs, *cover.args) if pools else []
    began, *ms = (added_up(len(pools), rows if name in measures else (), name) for name in MEASURES)
    return Weeks(
        began=began, closed_s=ms[0] / 1e3, full_s=ms[1] / 1e3, full_busy_s=ms[2] / 1e3, full_charging_s=ms[3] / 1e3
    )


def added_up(pools: int, rows: Iterable[Any], name: str) -> Numbers:
    """Return the sums of one measure, `pools` × hours of the week, of rows of months and of days."""
    total = np.zeros((pools, WEEK_HOURS))
    there = [row for row in rows if row[name] is not None]
    months = [row for row in there if len(row[name]) == MONTH_BYTES]
    days = [row for row in there if len(row[name]) == DAY_BYTES]
    if months:
        packed = np.frombuffer(b"".join(row[name] for row in months), dtype=">i4")
        np.add.at(total, [row["pool"] for row in months], packed.reshape(len(months), WEEK_HOURS).astype(np.float64))
    if days:
        sent = np.frombuffer(b"".join(row[name][HEADER:] for row in days), dtype=">i4")
        numbers = sent.reshape(len(days), HOURS, 2)[:, :, 1].astype(np.float64)
        np.add.at(total.reshape(pools * 7, HOURS), [row["pool"] * 7 + row["weekday"] for row in days], numbers)
    return total
