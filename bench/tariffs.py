"""How many sessions are priced per second and core: the sum, with every line, and with reading the stored record.

Beside them a plain pricer in decimals, as one would write it without an engine, for the tariff that it can do; its sums
must be the same. Each step is timed in short turns and the best turn counts, so that noise disturbs all alike.
Usage: make bench-tariffs [ARGS="--sessions 2000"].
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import msgspec

from laddverk.tariffs.day import quarters
from laddverk.tariffs.lint import findings
from laddverk.tariffs.model import Charge, Component, Dimension, Limit, Restriction, Spot, SpotPrice, Tariff
from laddverk.tariffs.rules import Spots, preview, price, rated, spots_of
from laddverk.web.portal.outlets import price_rows

TURNS = 7
ZONE = "Europe/Stockholm"
STOCKHOLM = ZoneInfo(ZONE)
FIRST = datetime(2026, 1, 5, tzinfo=UTC)
NIGHT = Restriction(from_time="22:00", to_time="06:00")

BY_CLOCK = Tariff(
    components=(
        Component(dimension=Dimension.ENERGY, price=Decimal("2.90"), when=NIGHT),
        Component(dimension=Dimension.ENERGY, price=Decimal("4.90")),
        Component(dimension=Dimension.IDLE, price=Decimal("0.50")),
        Component(dimension=Dimension.SESSION, price=Decimal("3.00")),
    ),
    idle_grace_minutes=15,
    idle_max=Decimal(60),
)
TARIFFS = {
    "per kWh": Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal("3.49")),)),
    "by time of day": BY_CLOCK,
    "free kWh, blocks, limits": Tariff(
        components=(
            Component(dimension=Dimension.ENERGY, price=Decimal("3.90"), when=Restriction(max_wh=20_000), step=100),
            Component(dimension=Dimension.ENERGY, price=Decimal("4.90"), step=100),
            Component(dimension=Dimension.CHARGING, price=Decimal("6.00"), per_hour=True, step=300),
        ),
        free_wh=2000,
        min_price=Limit(gross=Decimal(10)),
        max_price=Limit(gross=Decimal(200)),
    ),
    "spot by quarters": Tariff(
        components=(
            Component(
                dimension=Dimension.ENERGY,
                price=Decimal(0),
                spot=Spot(area="SE3", markup=Decimal("0.85"), floor=Decimal("0.50"), ceiling=Decimal(6)),
            ),
        )
    ),
}


def charges(count: int) -> list[Charge]:
    """Return different sessions with a reading each quarter of an hour: one to six hours, half of them stay on."""
    dice = random.Random(4)
    found = []
    for _ in range(count):
        start = FIRST + timedelta(minutes=dice.randrange(300 * 1440), seconds=dice.randrange(60))
        quarters = dice.randrange(4, 24)
        power_w = dice.choice([3680, 7360, 11_000, 22_000])
        readings = tuple((start + timedelta(minutes=15 * n), power_w * n // 4) for n in range(quarters + 1))
        stopped = readings[-1][0]
        found.append(
            Charge(
                started_at=start,
                ended_at=stopped + timedelta(minutes=dice.choice([0, 0, 10, 90])),
                charging_ended_at=stopped,
                readings=readings,
                energy_wh=readings[-1][1],
                timezone=ZONE,
            )
        )
    return found


def exchange() -> list[SpotPrice]:
    """Return a year of made-up prices by quarters of an hour."""
    quarter = timedelta(minutes=15)
    dice = random.Random(5)
    return [
        SpotPrice(
            "SE3", FIRST + quarter * n, FIRST + quarter * (n + 1), Decimal(dice.randrange(-20_000, 300_000)) / 100_000
        )
        for n in range(310 * 96)
    ]


def plainly(charge: Charge) -> int:
    """Price `BY_CLOCK` in decimals, minute by minute of the readings: what many systems do."""
    total = Decimal(0)
    for (earlier, from_wh), (later, to_wh) in zip(charge.readings, charge.readings[1:], strict=False):
        at, left = earlier, Decimal(to_wh - from_wh)
        while at < later:
            local = at.astimezone(STOCKHOLM)
            is_night = local.hour >= 22 or local.hour < 6
            edge = local.replace(hour=6 if is_night else 22, minute=0, second=0, microsecond=0)
            if edge <= local:
                edge += timedelta(days=1)
            until = min(later, edge.astimezone(UTC))
            share = left * ((until - at) // timedelta(microseconds=1)) / ((later - at) // timedelta(microseconds=1))
            total += share / 1000 * (Decimal("2.90") if is_night else Decimal("4.90"))
            left -= share
            at = until
    assert charge.charging_ended_at is not None
    idle = max(charge.ended_at - charge.charging_ended_at - timedelta(minutes=15), timedelta())
    total += min(Decimal(idle // timedelta(microseconds=1)) / 60_000_000 * Decimal("0.50"), Decimal(60))
    return int(((total + 3) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def best(work: Callable[[], object]) -> float:
    """Return the CPU seconds of the best of some turns."""
    found = []
    for _ in range(TURNS):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found)


def measured(count: int) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Return sessions per second for each tariff and step, and the milliseconds of what each page shows."""
    given = charges(count)
    spots = spots_of(exchange())
    stored = [msgspec.json.encode(charge) for charge in given]
    decoder = msgspec.json.Decoder(Charge)
    rates: dict[str, dict[str, float]] = {}
    for name, tariff in TARIFFS.items():
        steps: dict[str, Callable[[], object]] = {
            "sum": lambda tariff=tariff: [rated(tariff, charge, spots).amount_minor for charge in given],
            "with lines": lambda tariff=tariff: [price(tariff, charge, spots) for charge in given],
            "read and sum": lambda tariff=tariff: [rated(tariff, decoder.decode(text), spots) for text in stored],
        }
        if tariff is BY_CLOCK:
            steps["in decimals"] = lambda: [plainly(charge) for charge in given]
            # The plain one shares energy out without rounding to watt-hours: that may be worth one öre.
            assert all(abs(rated(tariff, charge).amount_minor - plainly(charge)) <= 1 for charge in given)
        rates[name] = {step: count / best(work) for step, work in steps.items()}
    pages: dict[str, Callable[[], object]] = {
        "editor, by time of day": lambda: editor(BY_CLOCK, spots),
        "editor, spot by quarters": lambda: editor(TARIFFS["spot by quarters"], spots),
        "what if, 30 tariffs": lambda: what_if(given[0], spots),
        "outlet": lambda: price_rows(BY_CLOCK, "sv"),
    }
    return rates, {name: best(page) * 1000 for name, page in pages.items()}


def editor(tariff: Tariff, spots: Spots) -> None:
    """Make what the editor shows of prices: what is wrong with them, a day of 96 quarters, and four examples."""
    findings(tariff, 11_000)
    quarters(tariff, FIRST.date() + timedelta(days=30), ZONE, 11_000, spots)
    for number in range(4):
        preview(
            tariff,
            started_at=FIRST + timedelta(days=20, hours=5 * number),
            power_w=11_000,
            energy_wh=30_000,
            idle=timedelta(hours=1),
            timezone=ZONE,
            spots=spots,
        )


def what_if(charge: Charge, spots: Spots) -> None:
    """Price one session under thirty tariffs, with every line: what the page of a session shows."""
    for number in range(30):
        price(list(TARIFFS.values())[number % len(TARIFFS)], charge, spots)


def main() -> None:
    """Measure and print a table and, as the last line, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=2000)
    rates, pages = measured(parser.parse_args().sessions)
    columns = ("sum", "with lines", "read and sum", "in decimals")
    print(f"{'sessions a second and core':28}" + "".join(f"{column:>14}" for column in columns))
    for name, row in rates.items():
        print(f"{name:28}" + "".join(f"{row[column]:14,.0f}" if column in row else f"{'':14}" for column in columns))
    print("milliseconds that a page waits for its prices (at most 20)")
    for name, page_ms in pages.items():
        print(f"{name:28}{page_ms:14.1f}")
    mean = {column: round(len(rates) / sum(1 / row[column] for row in rates.values())) for column in columns[:3]}
    by_tariff = {name: {column: round(value) for column, value in row.items()} for name, row in rates.items()}
    found = {"bench": "tariffs", "sessions_per_s": mean, "preview_ms": round(max(pages.values()), 2)}
    print(json.dumps(found | {"by_tariff": by_tariff}))


if __name__ == "__main__":
    main()
