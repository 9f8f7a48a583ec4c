"""The replay of real sessions: what it reads, what it calls a row, and what the detectors find in it."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench._dundee import RealSession, read
from bench.real_sessions import Score, measure, table
from laddverk.diagnostics.detectors.registry import DETECTORS

START = datetime(2018, 5, 1, 8, tzinfo=UTC)
HEAD = "_id,Charging event,CP ID,Connector,Start Date,Start Time,End Date,End Time,Total kWh,Cost,Site,Group,Model\n"
KINDS = [kind for kind in DETECTORS if kind.ABOUT.id in ("D07", "D08")]


def sessions(pattern: str, *, users: str = "", connector: int = 1) -> list[RealSession]:
    """Return a session every four hours: `.` charged, `0` got nothing; each by the user of that letter, if any."""
    return [
        RealSession(
            charger="C1", connector=connector, key=f"{connector}-{n}", began_at=START + timedelta(hours=4 * n),
            ended_at=START + timedelta(hours=4 * n, minutes=20), energy_wh=7_000 if sign == "." else 0,
            user=users[n % len(users)] if users else "",
        )
        for n, sign in enumerate(pattern)
    ]  # fmt: skip


def scores(given: list[RealSession]) -> dict[str, Score]:
    return {score.name.strip(): score for score in measure(given, KINDS)[1]}


def test_days_that_were_taken_for_months_are_put_right(tmp_path: Path) -> None:
    path = tmp_path / "dundee_2017.csv.gz"
    rows = (
        "1,10,50,2,2017-03-11T00:00:00,15:22,2017-13-11T00:00:00,10:08,1.5,0,A,B,APT Triple Rapid Charger\n",
        "2,11,50,2,2017-03-11T00:00:00,15:22,2017-04-11T00:00:00,10:08,1.5,0,A,B,APT Triple Rapid Charger\n",
        "3,12,50,2,2017-09-14T00:00:00,23:50,2017-09-15T00:00:00,00:20,0,0,A,B,APT 7kW Dual Outlet\n",
        "4,13,,2,2017-09-14T00:00:00,23:50,2017-09-15T00:00:00,00:20,0,0,A,B,APT 7kW Dual Outlet\n",
        "5,14,50,2,2017-09-14T00:00:00,23:50,,,,0,A,B,APT 7kW Dual Outlet\n",
    )
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(HEAD + "".join(rows))
    found, unusable = read([path, path])
    assert unusable == 6
    assert [(one.began_at, one.energy_wh, one.is_dc) for one in found] == [
        (datetime(2017, 9, 14, 22, 50, tzinfo=UTC), 0, False),
        (datetime(2017, 11, 3, 15, 22, tzinfo=UTC), 1_500, True),
    ]


def test_a_row_of_four_is_found_at_its_fourth_session_and_codes_of_status_never_see_it() -> None:
    found = scores(sessions("...........0000...", users="abc"))
    assert found["D07 alone"].delays == [4]
    assert found["D07 alone"].false == 0
    assert found["status codes only"].found == 0
    assert found["status codes only"].rows == 1


def test_three_are_no_row_and_neither_are_many_of_one_user() -> None:
    assert scores(sessions(".....000......", users="abc"))["detectors together"].rows == 0
    stubborn = scores(sessions("..000000..", users="a"))["D07 alone"]
    assert (stubborn.rows, stubborn.false) == (0, 0)


def test_what_is_raised_outside_of_a_row_is_counted_as_false() -> None:
    found = scores(sessions("........." + "0.00.00.0" * 6, users="abcdefgh"))
    assert found["D08 alone"].false == 1
    assert found["D08 alone"].per_1000 > 50


def test_the_fixed_rule_needs_seven_of_ten() -> None:
    assert scores(sessions("..........000000..", users="ab"))["fixed rule, 7 of 10"].found == 0
    assert scores(sessions("..........0000000..", users="ab"))["fixed rule, 7 of 10"].delays == [7]


def test_the_table_says_what_was_measured() -> None:
    given = sessions("....0000....", users="ab") + sessions("......", connector=2)
    rows, all_scores, days = measure(given, KINDS)
    assert "1/1" in table(rows, all_scores, len(given), 0, days)
