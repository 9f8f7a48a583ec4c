"""Tariffs from partners, as they are and as they should not be; and ours as partners get them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.kernel.problems import Invalid
from laddverk.tariffs import ocpi
from laddverk.tariffs.model import Component, Dimension, Limit, Restriction, Spot, Tariff

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PRICE = {"type": "ENERGY", "price": 0.25, "vat": 10.0, "step_size": 1}


def wire(**more: Any) -> dict[str, Any]:
    return {"currency": "EUR", "elements": [{"price_components": [PRICE]}], **more}


def read(**more: Any) -> ocpi.Imported:
    return ocpi.read(json.dumps(wire(**more)).encode())


def written(tariff: Tariff, version: ocpi.Version) -> ocpi.Exported:
    return ocpi.written(
        tariff, version, country_code="SE", party_id="LAD", tariff_id="t1", last_updated=NOW, texts=[("sv", "Dag")]
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"\xff\xfe", "body"),
        (b"[" * 100_000, "body"),
        (b" " * (ocpi.BYTES_MAX + 1), "body"),
        (json.dumps({"currency": "EUR"}).encode(), "body"),
        (json.dumps(wire(elements=[])).encode(), "elements"),
        (json.dumps(wire(elements=[{"price_components": []}])).encode(), "elements[0].price_components"),
        (
            json.dumps(
                wire(elements=[{"price_components": [PRICE], "restrictions": {"day_of_week": ["FUNDAY"]}}])
            ).encode(),
            "elements[0].restrictions.day_of_week",
        ),
        (
            json.dumps(wire(elements=[{"price_components": [PRICE], "restrictions": {"max_kwh": 1e300}}])).encode(),
            "elements[0].restrictions.max_kwh",
        ),
        (
            json.dumps(
                wire(elements=[{"price_components": [PRICE], "restrictions": {"reservation": "MAYBE"}}])
            ).encode(),
            "elements[0].restrictions.reservation",
        ),
        (
            json.dumps(wire(elements=[{"price_components": [{**PRICE, "price": "cheap"}]}])).encode(),
            "elements[0].price_components[0].price",
        ),
    ],
)
def test_what_is_no_tariff_is_refused_with_its_field(body: bytes, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        ocpi.read(body)
    assert refused.value.field == field


def test_half_a_window_runs_from_or_until_midnight() -> None:
    half = {"price_components": [PRICE], "restrictions": {"start_time": "17:00"}}
    (component,) = read(elements=[half]).tariff.components
    assert (component.when.from_time, component.when.to_time) == ("17:00", "00:00")


def test_validity_and_what_we_do_not_keep_are_told() -> None:
    found = read(
        id="T9",
        start_date_time="2026-07-01T00:00:00",
        end_date_time="2026-08-01T02:00:00+02:00",
        tariff_alt_url="https://example.com",
        energy_mix={"is_green_energy": True},
    )
    assert (found.id, found.valid_from, found.valid_until) == (
        "T9", datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC),
    )  # fmt: skip
    assert found.lost == (ocpi.LOST_ALT_TEXT, ocpi.LOST_ENERGY_MIX)


def test_short_forms_are_written_out_and_what_partners_cannot_see_is_listed() -> None:
    tariff = Tariff(
        components=(
            Component(
                dimension=Dimension.ENERGY,
                price=Decimal(0),
                spot=Spot(area="SE3", markup=Decimal("0.80"), floor=Decimal(0)),
            ),
            Component(dimension=Dimension.IDLE, price=Decimal("0.50")),
        ),
        free_wh=5000,
        idle_grace_minutes=15,
        idle_max=Decimal(60),
        idle_free_from="22:00",
        idle_free_to="06:00",
        min_price=Limit(gross=Decimal(10)),
    )
    exported = written(tariff, "2.3.0")
    body = json.loads(exported.body)
    assert [element.get("restrictions") for element in body["elements"]] == [
        {"max_kwh": 5}, {"start_time": "22:00", "end_time": "06:00"}, None,
    ]  # fmt: skip
    assert body["min_price"] == {"before_taxes": 8, "after_taxes": 10}
    assert set(exported.lost) == {ocpi.LOST_GRACE, ocpi.LOST_IDLE_MAX, ocpi.LOST_SPOT}


def test_prices_that_do_not_come_out_even_without_tax_say_so() -> None:
    odd = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal("4.99999")),))
    assert written(odd, "2.2.1").lost == (ocpi.LOST_DIGITS,)


components = st.builds(
    Component,
    dimension=st.sampled_from([Dimension.ENERGY, Dimension.CHARGING, Dimension.IDLE]),
    price=st.decimals(0, 20, places=2),
    per_hour=st.just(False),
    step=st.integers(1, 900),
    when=st.builds(
        Restriction,
        weekdays=st.sampled_from([(), (0, 4)]),
        valid_from=st.sampled_from([None, date(2026, 1, 1)]),
        min_wh=st.sampled_from([None, 1500]),
        max_power_w=st.sampled_from([None, 22_000]),
        max_duration_s=st.sampled_from([None, 3600]),
    ),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(components, min_size=1, max_size=5))
def test_what_was_written_in_2_3_0_reads_back_the_same(parts: list[Component]) -> None:
    timed = (Dimension.CHARGING, Dimension.IDLE)
    per_hour = [
        Component(
            dimension=part.dimension, price=part.price, per_hour=part.dimension in timed, step=part.step, when=part.when
        )
        for part in parts
    ]
    tariff = Tariff(components=tuple(per_hour))
    if any(part.price for part in parts):
        assert ocpi.read(written(tariff, "2.3.0").body).tariff == tariff
    else:
        assert ocpi.read(written(tariff, "2.3.0").body).tariff.free


def test_a_tariff_says_whose_it_is_when_the_operator_has_said_so() -> None:
    tariff = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal(4)),))
    ours = ocpi.exported(tariff, "tar_1", "Day", NOW, "2.2.1", party="se-abc")
    nobody = ocpi.exported(tariff, "tar_1", "Day", NOW, "2.2.1", party="")
    assert [json.loads(ours.body)[name] for name in ("country_code", "party_id")] == ["SE", "ABC"]
    assert ("party_id" in json.loads(nobody.body), nobody.lost) == (False, (ocpi.LOST_PARTY,))
    with pytest.raises(Invalid):
        ocpi.exported(tariff, "tar_1", "Day", NOW, "2.2.1", party="Sweden")
