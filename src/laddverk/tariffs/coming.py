"""What will change: the next day on which the prices that apply somewhere become others. Pure but for `coming`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from laddverk.platform.database import Transaction
from laddverk.tariffs import store
from laddverk.tariffs.model import Tariff, Wish

AHEAD: Final = timedelta(days=60)  # what is further away helps nobody to decide when to charge
CHANGES_MAX: Final = 20  # instants that are looked at; a place has a few


class Coming(Struct, frozen=True, kw_only=True):
    """That prices become others."""

    at: datetime
    label: str
    """What the operator calls it: the name of a campaign; '' without one."""
    before: Tariff
    """As it stands until then: only the prices that count now."""
    after: Tariff | None
    """As it stands from then on; None where no tariff applies any more."""


def standing(tariff: Tariff, day: date) -> Tariff:
    """Return a tariff with the prices alone that count on a day, their dates taken away."""
    return replace(
        tariff,
        components=tuple(
            replace(each, when=replace(each.when, valid_from=None, valid_until=None))
            for each in tariff.components
            if (each.when.valid_from is None or each.when.valid_from <= day)
            and (each.when.valid_until is None or day < each.when.valid_until)
        ),
    )


def turning_days(tariff: Tariff) -> set[date]:
    """Return the days on which prices of a tariff begin or cease to count."""
    bounds = {bound for each in tariff.components for bound in (each.when.valid_from, each.when.valid_until)}
    return {day for day in bounds if day is not None}


def instants(tariffs: Sequence[Tariff], choices: Sequence[datetime], now: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the instants after `now` at which prices may become others, in order, as far ahead as one looks."""
    days = set().union(*(turning_days(each) for each in tariffs))
    found = {datetime.combine(day, time(), zone).astimezone(UTC) for day in days} | set(choices)
    return sorted(at for at in found if now < at <= now + AHEAD)[:CHANGES_MAX]


async def coming(tx: Transaction, wish: Wish, now: datetime, timezone: str) -> Coming | None:
    """Return the next change of the prices that apply to `wish`; None when none is known of in the next sixty days."""
    zone = ZoneInfo(timezone)
    choices = await store.choice_instants(tx, wish, now, now + AHEAD)
    (current,) = await store.chosen(tx, [wish], [now])
    if current is None:
        return None
    before = standing(current.body, now.astimezone(zone).date())
    known = [current.body]
    later = await store.chosen(tx, [wish] * len(choices), choices) if choices else []
    known += [version.body for version in later if version is not None]
    for at in instants(known, choices, now, zone):
        (version,) = await store.chosen(tx, [wish], [at])
        after = standing(version.body, at.astimezone(zone).date()) if version else None
        if after != before:
            return Coming(at=at, label=await store.label_at(tx, wish, at), before=before, after=after)
    return None
