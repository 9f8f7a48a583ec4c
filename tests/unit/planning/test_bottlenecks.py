"""What holds a site back follows from what was seen: each hour without room counts once, each loss has its evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import numpy as np
import pytest

from laddverk.planning.bottlenecks.erlang import blocked
from laddverk.planning.bottlenecks.model import Circuit, Found, Held, Kind, Observed, PoolWeek
from laddverk.planning.bottlenecks.rules import judged, refused
from laddverk.planning.usage.censoring import Slot

UNTIL = datetime(2026, 11, 20, tzinfo=UTC)
SEEN = Observed(
    site_id=UUID(int=1), name="Kajen", since=UNTIL - timedelta(days=365.25), until=UNTIL, pools=(), session_wh=10_000,
    began=1_000, given_up=0, failed=0, held=(), circuits={}, unpaid=0, price_minor=None, network_price_minor=None,
)  # fmt: skip


def seen(**changes: object) -> dict[Kind, Found]:
    return {one.kind: one for one in judged(msgspec.structs.replace(SEEN, **changes)).found}


def morning(full_h: float, busy_h: float, charging_h: float, dark_h: float = 0) -> PoolWeek:
    """A pool that had room for forty hours of Monday at eight, in which twenty came."""
    slot = Slot(stood_h=40 + full_h + dark_h, full_h=full_h + dark_h, began=20)
    hours = {"full_s": full_h, "full_busy_s": busy_h, "full_charging_s": charging_h, "dark_s": dark_h}
    parts = {name: {8: value * 3_600} for name, value in hours.items()}
    return PoolWeek(plug="type2", ports=2, slots={8: slot}, stay_s=3_600, **parts)


def test_time_without_room_is_divided_once_among_outlets_overstay_and_reliability() -> None:
    found = seen(pools=(morning(full_h=10, busy_h=7, charging_h=4, dark_h=2),))
    assert {kind: one.hours for kind, one in found.items()} == {
        Kind.PORTS: pytest.approx(4), Kind.OVERSTAY: pytest.approx(3), Kind.RELIABILITY: pytest.approx(5),
    }  # fmt: skip
    assert sum(one.sessions for one in found.values()) == pytest.approx(12 * 0.5)
    assert found[Kind.PORTS].energy_wh == pytest.approx(4 * 0.5 * 10_000)
    assert all(one.proofs for one in found.values())


def test_an_hour_in_which_all_are_out_of_order_belongs_to_reliability_though_no_car_was_there() -> None:
    pool = msgspec.structs.replace(morning(full_h=10, busy_h=10, charging_h=10), dark_s={9: 3 * 3_600})
    assert seen(pools=(pool,))[Kind.RELIABILITY].hours == pytest.approx(3)


def test_what_power_costs_is_as_many_sessions_as_the_lost_energy_would_have_filled() -> None:
    board = Circuit(key="board", name="Central B", on_phase=(4, 4, 4), unknown=0)
    power = seen(held=(held(2),), circuits={"board": board})[Kind.POWER]
    assert power.hours == pytest.approx(10)
    assert power.sessions == pytest.approx(power.energy_wh / 10_000)
    assert power.sessions > 0


def test_what_cannot_be_told_is_not_said_to_be_nothing() -> None:
    board = Circuit(key="board", name="Central B", on_phase=(4, 4, 4), unknown=0)
    assert seen(unpaid=3)[Kind.PRICE].hours is None
    told = msgspec.structs.replace(SEEN, held=(held(2),), circuits={"board": board}, session_wh=None)
    verdict = judged(told)
    assert (verdict.sessions, verdict.knows_sessions, verdict.knows_hours, verdict.is_managed) == (0, False, True, True)
    assert not judged(SEEN).is_managed


def test_a_site_with_circuits_that_no_outlet_hangs_on_is_not_managed() -> None:
    bare = Circuit(key="board", name="Central B", on_phase=(0, 0, 0), unknown=0)
    for until in (SEEN.until, SEEN.since):
        drawn = msgspec.structs.replace(SEEN, circuits={"board": bare}, until=until)
        assert not judged(drawn).is_managed
        on_one_phase = msgspec.structs.replace(bare, on_phase=(0, 1, 0))
        assert judged(msgspec.structs.replace(drawn, circuits={"board": on_one_phase})).is_managed


def test_starts_given_up_are_lost_to_reliability() -> None:
    found = seen(failed=9, given_up=4)
    assert found[Kind.RELIABILITY].sessions == pytest.approx(4)
    assert found[Kind.RELIABILITY].energy_wh == pytest.approx(40_000)


def held(phase: int) -> Held:
    return Held(branch="board", phase=phase, limited_s=36_000, cars=5, cars_short=2, short_wh=3_000)


@pytest.mark.parametrize(
    ("on_phase", "unknown", "kind"),
    [((4, 4, 4), 0, Kind.POWER), ((2, 6, 2), 0, Kind.PHASE), ((6, 2, 2), 0, Kind.POWER), ((4, 4, 4), 1, Kind.PHASE)],
)
def test_a_full_circuit_is_a_matter_of_phases_only_where_the_full_one_is_heavier_or_nobody_knows(
    on_phase: tuple[int, int, int], unknown: int, kind: Kind
) -> None:
    board = Circuit(key="board", name="Central B", on_phase=on_phase, unknown=unknown)
    found = seen(held=(held(2),), circuits={"board": board})
    assert set(found) == {kind}
    assert found[kind].hours == pytest.approx(10)
    assert found[kind].energy_wh == pytest.approx(3_000)


def test_a_price_like_that_of_others_keeps_nobody_away() -> None:
    assert not seen(price_minor=420.0, network_price_minor=400.0)
    assert seen(price_minor=500.0, network_price_minor=400.0)[Kind.PRICE].sessions == pytest.approx(1_000 * 0.25 * 0.5)
    assert seen(unpaid=3)[Kind.PRICE].sessions == pytest.approx(3)


def test_less_than_four_weeks_say_nothing() -> None:
    verdict = judged(msgspec.structs.replace(SEEN, since=UNTIL - timedelta(days=27), given_up=50, failed=50))
    assert verdict.is_too_soon
    assert verdict.found == ()


def test_what_is_seen_in_half_a_year_counts_twice_in_a_year() -> None:
    found = seen(since=UNTIL - timedelta(days=365.25 / 2), failed=4, given_up=4)
    assert found[Kind.RELIABILITY].sessions == pytest.approx(8)


def test_one_more_outlet_turns_fewer_away() -> None:
    verdict = judged(msgspec.structs.replace(SEEN, pools=(morning(10, 10, 10),)))
    (plug, ports, away), *_ = verdict.more_ports
    assert (plug, ports) == ("type2", 2)
    assert list(away) == sorted(away, reverse=True)


def test_erlang_b_agrees_with_its_tables() -> None:
    assert blocked(1, np.array([1.0, 3.0])).tolist() == pytest.approx([0.5, 0.75])
    assert blocked(5, np.array([3.0]))[0] == pytest.approx(0.11005, abs=1e-5)
    assert blocked(10, np.array([0.0]))[0] == 0


def test_who_is_refused_is_who_finds_no_room_whatever_else_holds_a_site_back() -> None:
    pool = morning(full_h=10, busy_h=7, charging_h=4, dark_h=2)
    busy = msgspec.structs.replace(SEEN, pools=(pool,), given_up=3, unpaid=50)
    assert refused(busy) == pytest.approx(12 * 0.5 + 3)
    assert refused(msgspec.structs.replace(busy, since=UNTIL - timedelta(weeks=3))) == 0.0
