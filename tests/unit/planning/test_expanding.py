"""What a study stands on: the fees of the own grid, the reliefs that are tried, and the site with its own sources."""

from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from laddverk.energy.circuits.model import Circuit, CircuitKind, Place, Source, SourceKind, Tree
from laddverk.kernel.problems import Invalid
from laddverk.planning.expanding import fuses
from laddverk.planning.expanding.grounding import changed, ground_of, sun_w
from laddverk.planning.expanding.model import Asked, Change, Kind
from laddverk.planning.expanding.options import options_of

OWN = """
source = "Our grid"
vat_percent = 25
[year_kr]
160 = 12500
250 = 25000
400 = 50000
630 = 75000
"""
NOW = datetime(2026, 11, 1, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Stockholm")
GRID = UUID(int=5)
ASKED = Asked(site_id=UUID(int=1), first=date(2026, 9, 7), last=date(2026, 9, 13), connection_a=0.0)


def tree(*sources, limit_a=160.0):
    return Tree(
        site_id=UUID(int=1), version=1,
        circuits=(Circuit(id=GRID, name="Garage", kind=CircuitKind.GRID, limit_a=(limit_a,) * 3),),
        places=(Place(station_id=UUID(int=9), evse_number=1, circuit_id=GRID),), sources=sources,
    )  # fmt: skip


def source(kind, power_max_w, energy_wh=0.0):
    return Source(
        id=UUID(int=6), name="Roof", kind=kind, circuit_id=GRID, power_max_w=power_max_w, energy_wh=energy_wh
    )  # fmt: skip


def test_an_own_file_says_which_fuses_are_tried_beyond_two_hundred_amperes_and_what_they_cost(tmp_path):
    own = tmp_path / "fees.toml"
    own.write_text(OWN)
    fees = fuses.of(own)
    tried = [one for one in options_of(ground_of(tree(), (), NOW, ZONE), ASKED, fees) if one.kind is Kind.FUSE]
    assert fees.source == "Our grid"
    assert [(one.change.fuse_a, one.opex_year_minor) for one in tried] == [
        (250.0, 1_000_000), (400.0, 3_000_000), (630.0, 5_000_000),
    ]  # fmt: skip


@pytest.mark.parametrize("text", [None, "source = 1", OWN.replace("50000", "2"), "[year_kr]\n16 = 1", "not toml"])
def test_a_file_of_fees_that_cannot_be_read_is_named(tmp_path, text):
    own = tmp_path / "fees.toml"
    if text is not None:
        own.write_text(text)
    with pytest.raises(Invalid):
        fuses.of(own)


def test_a_sites_own_battery_and_panels_stand_in_it_and_those_of_a_relief_come_beside_them():
    has = tree(source(SourceKind.SOLAR, 10_000.0), source(SourceKind.BATTERY, 5_000.0, 12_000.0))
    ground = ground_of(has, (), NOW, ZONE)
    assert (ground.battery.power_w, ground.battery.energy_wh, ground.solar_w) == (5_000.0, 12_000.0, sun_w(10.0))
    more = changed(ground, Change(battery_kw=5.0, battery_kwh=8.0, solar_kwp=10.0), port_current_a=16.0)
    assert (more.battery.power_w, more.battery.energy_wh) == (10_000.0, 20_000.0)
    assert sum(more.solar_w) == pytest.approx(2 * sum(ground.solar_w))
    assert changed(ground, Change(), port_current_a=16.0) == ground
    bare = ground_of(tree(), (), NOW, ZONE)
    assert (bare.battery, bare.solar_w) == (None, ())
    assert changed(bare, Change(solar_kwp=10.0), port_current_a=16.0).solar_w == sun_w(10.0)


def test_only_what_hangs_on_a_circuit_is_steered():
    assert ground_of(tree(), (), NOW, ZONE).is_steered
    assert not ground_of(replace(tree(), places=()), (), NOW, ZONE).is_steered
    assert not ground_of(Tree(site_id=UUID(int=1)), (), NOW, ZONE, fuse_a=35.0).is_steered
