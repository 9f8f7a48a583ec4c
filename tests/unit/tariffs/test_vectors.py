"""Prices worked out by hand, one file for each rule in `vectors/`, with the arithmetic beside each sum.

A tariff stands there as OCPI has it (2.2.1 without `tax_included`, 2.3.0 with it), a charge in minutes and kWh since
its start. `net` and `gross` are exact; `minor` is what is paid; `vat` is what is sold at each rate, as rate, net, VAT
and gross in minor units; `lines` are what the price is made of, as dimension, rate and amount.
"""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest

from laddverk.tariffs import ocpi
from laddverk.tariffs.model import Charge, Tariff
from laddverk.tariffs.rules import price, rated

FILES = sorted(Path(__file__).with_name("vectors").glob("*.toml"))
LIMIT = Fraction(5, 1000)  # the specification prints two decimals


def cases() -> list[Any]:
    found = []
    for path in FILES:
        vector = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        for case in vector["case"]:
            given = case.get("tariff") or vector["tariff"]
            found.append(pytest.param(vector, given, case, id=f"{path.stem}: {case['name']}"))
    return found


def tariff_of(vector: dict[str, Any], given: dict[str, Any]) -> Tariff:
    wire = {"currency": "EUR", **given}
    for element in wire["elements"]:
        for component in element["price_components"]:
            component.setdefault("step_size", 1)
    encoder = msgspec.json.Encoder(decimal_format="number")
    tariff = ocpi.read(encoder.encode(wire)).tariff
    own = vector.get("own", {})
    return msgspec.structs.replace(tariff, **own) if own else tariff


def charge_of(vector: dict[str, Any], case: dict[str, Any]) -> Charge:
    start: datetime = case["start"]

    def at(minutes: Decimal) -> datetime:
        return start + timedelta(seconds=float(minutes) * 60)

    charging, idle = Decimal(case.get("charging", 60)), Decimal(case.get("idle", 0))
    energy_wh = int(Decimal(case.get("kwh", 0)) * 1000)
    readings = case.get("readings", [[0, 0], [charging, Decimal(case.get("kwh", 0))]])
    reserved = case.get("reserved")
    return Charge(
        started_at=start,
        charging_ended_at=at(charging),
        ended_at=at(charging + idle),
        readings=tuple((at(Decimal(minute)), int(Decimal(kwh) * 1000)) for minute, kwh in readings),
        energy_wh=energy_wh,
        timezone=case.get("timezone", vector.get("timezone", "Europe/Stockholm")),
        currents=tuple((at(Decimal(minute)), Decimal(ampere)) for minute, ampere in case.get("currents", [])),
        powers=tuple((at(Decimal(minute)), int(Decimal(kw) * 1000)) for minute, kw in case.get("powers", [])),
        included_wh=int(Decimal(case.get("included_kwh", 0)) * 1000),
        reserved_from=None if reserved is None else start - timedelta(minutes=float(reserved)),
        reservation_expired=case.get("expired", False),
    )


@pytest.mark.parametrize(("vector", "given", "case"), cases())
def test_a_price_is_what_the_hand_worked_out(
    vector: dict[str, Any], given: dict[str, Any], case: dict[str, Any]
) -> None:
    tariff, charge = tariff_of(vector, given), charge_of(vector, case)
    found = rated(tariff, charge)
    for name in ("net", "gross"):
        if name in case:
            assert abs(getattr(found.exact, name) - Fraction(case[name])) < LIMIT, (name, case["sum"])
    priced = price(tariff, charge)
    if "minor" in case:
        assert found.amount_minor == case["minor"], case["sum"]
    assert priced.amount_minor == found.amount_minor == sum(line.amount_minor for line in priced.lines)
    if "vat" in case:
        at_rates = [(str(part.percent), part.net_minor, part.vat_minor, part.gross_minor) for part in priced.vat]
        assert at_rates == [tuple(row) for row in case["vat"]], case["sum"]
    if "lines" in case:
        lines = [[line.dimension, str(line.vat_percent), line.amount_minor] for line in priced.lines]
        assert lines == case["lines"], case["sum"]
