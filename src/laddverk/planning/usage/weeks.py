"""Pools by hour of the local week: who came, and how long there was no room, over any period."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

import numpy as np
from msgspec import Struct

from laddverk.planning.usage.censoring import HOURS, WEEK_HOURS, Numbers
from laddverk.planning.usage.periods import Cover
from laddverk.platform.database import Transaction

Pool = tuple[UUID, str]
"""A site and a plug."""
BIG_ENDIAN: Final = np.dtype(">i4")  # as PostgreSQL sends it
DAY_NUMBERS: Final = 1 + 5 + 2 * HOURS
"""A day: its weekday, five of an array's header, and each hour after its length."""
SHUT: Final = ("began", "closed_ms")
"""Who came, and how long there was no room."""
MEASURES: Final = (*SHUT, "full_ms", "full_busy_ms", "full_charging_ms")
"""All that is known."""


def _statement(names: tuple[str, ...]) -> str:
    """Return the SQL of some measures: all months of a pool as one value, and the days at the ends as another.

    Months lie packed by hour of the week. Of days it is the weekday, 0 Monday, and the array as PostgreSQL sends it.
    """
    days = (f"string_agg(int4send(extract(isodow FROM day)::int - 1) || array_send({name}), '')" for name in names)
    return f"""
        -- Each pool by itself, in the order that is asked for: rows of all at once would be sorted on disk.
        SELECT {", ".join(f"m.{name} AS {name}, d.{name} AS {name}_of_days" for name in names)}
        FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS p (site_id, plug, place),
            LATERAL (
                SELECT {", ".join(f"string_agg({name}, '') AS {name}" for name in names)} FROM usage_pool_month m
                WHERE m.site_id = p.site_id AND m.plug = p.plug AND month >= $3 AND month < $4
            ) m,
            LATERAL (
                SELECT {", ".join(f"{day} AS {name}" for day, name in zip(days, names, strict=True))}
                FROM usage_pool_day d
                WHERE d.site_id = p.site_id AND d.plug = p.plug AND (day >= $5 AND day <= $6 OR day >= $7 AND day <= $8)
            ) d
        ORDER BY place
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


async def weeks(
    tx: Transaction, pools: Sequence[Pool], cover: Cover, measures: tuple[str, ...] = MEASURES
) -> Weeks:  # fmt: skip
    """Return these pools, in their order, over a period. What is not among `measures` is zero."""
    sites, plugs = [site for site, _ in pools], [plug for _, plug in pools]
    rows = await tx.rows(STATEMENTS[measures], sites, plugs, *cover.args) if pools else []
    began, *ms = (
        added_up([row[name] for row in rows], [row[f"{name}_of_days"] for row in rows])
        if name in measures
        else np.zeros((len(pools), WEEK_HOURS))
        for name in MEASURES
    )
    return Weeks(
        began=began, closed_s=ms[0] / 1e3, full_s=ms[1] / 1e3, full_busy_s=ms[2] / 1e3, full_charging_s=ms[3] / 1e3
    )


def added_up(months: Sequence[bytes | None], days: Sequence[bytes | None]) -> Numbers:
    """Return the sums of one measure, pools × hours of the week, of each pool's months and days; None: nothing."""
    total = np.zeros((len(months), WEEK_HOURS))
    packed, pool = _numbers(months, WEEK_HOURS)
    if len(pool):
        there, first = np.unique(pool, return_index=True)
        total[there] = np.add.reduceat(packed.astype(np.float64), first, axis=0)
    sent, pool = _numbers(days, DAY_NUMBERS)
    if len(pool):
        place, hours = pool * 7 + sent[:, 0], sent[:, 7::2]
        order = np.argsort(place, kind="stable")
        there, first = np.unique(place[order], return_index=True)
        total.reshape(-1, HOURS)[there] += np.add.reduceat(hours[order].astype(np.float64), first, axis=0)
    return total


def _numbers(of_pools: Iterable[bytes | None], wide: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all numbers in rows of so many, and of which pool each row is."""
    there = [sent or b"" for sent in of_pools]
    rows = np.array([len(sent) // (wide * BIG_ENDIAN.itemsize) for sent in there], dtype=np.int64)
    numbers = np.frombuffer(b"".join(there), dtype=BIG_ENDIAN).reshape(-1, wide)
    return numbers, np.repeat(np.arange(len(there)), rows)
