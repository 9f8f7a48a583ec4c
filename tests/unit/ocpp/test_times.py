"""Time as chargers tell it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from laddverk.ocpp import times

NOON = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-10-24T12:00:00Z", NOON),
        ("2026-10-24T12:00:00.000Z", NOON),
        ("2026-10-24T12:00:00.1234567890Z", NOON.replace(microsecond=123456)),
        ("2026-10-24T12:00:00,5z", NOON.replace(microsecond=500000)),
        ("2026-10-24 12:00:00Z", NOON),
        ("2026-10-24T14:00:00+02:00", NOON),
        ("2026-10-24T14:00:00+0200", NOON),
        ("2026-10-24T14:00:00+02", NOON),
        ("2026-10-24T09:30:00-2:30", NOON),
        ("2026-10-24T12:00Z", NOON),
        (" 2026-10-24T12:00:00 UTC ", NOON),
        ("2026-10-24T11:59:60Z", NOON - timedelta(seconds=1)),
    ],
)
def test_an_instant_is_read_however_it_is_written(text, instant):
    assert times.parsed(text) == (instant, None)


def test_a_time_without_zone_is_utc_and_told():
    assert times.parsed("2026-10-24T12:00:00") == (NOON, "the time has no zone and is taken as UTC")


@pytest.mark.parametrize(
    "text",
    ["", None, "yesterday", "2026-13-01T00:00:00Z", "2026-10-24T12:00:00+99:00", "0001-01-01T00:00:00+10:00", "9" * 500,
     "2026-10-24T25:00:00Z", "２０２６-10-24T12:00:00"],
)  # fmt: skip
def test_what_is_no_time_is_none_and_says_why(text):
    instant, oddity = times.parsed(text)
    assert instant is None
    assert oddity


def test_a_known_clock_error_is_corrected():
    assert times.corrected(NOON, NOON, timedelta(minutes=-2)) == (NOON - timedelta(minutes=2), None)


def test_an_unset_clock_is_replaced_by_the_time_of_receipt():
    at, doubt = times.corrected(datetime(1970, 1, 1, tzinfo=UTC), NOON, timedelta(0))
    assert at == NOON
    assert "1970" in doubt


def test_what_is_to_come_is_replaced_by_the_time_of_receipt_and_drift_is_not():
    assert times.corrected(NOON + timedelta(hours=25), NOON, timedelta(0))[0] == NOON
    at, doubt = times.corrected(NOON + timedelta(hours=2), NOON, timedelta(0))
    assert at == NOON
    assert doubt == "the clock is 7200 s ahead; the time of receipt counts"
    assert times.corrected(NOON + timedelta(minutes=4), NOON, timedelta(0)) == (NOON + timedelta(minutes=4), None)


def test_a_time_without_zone_is_that_of_the_place():
    summer, doubt = times.parsed("2026-07-01T12:00:00", ZoneInfo("Europe/Stockholm"))
    assert summer == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert doubt == "the time has no zone and is taken as Europe/Stockholm"


def test_an_old_time_is_an_offline_queue():
    old = NOON - timedelta(days=400)
    assert times.corrected(old, NOON, timedelta(0)) == (old, None)


def test_a_correction_that_leaves_the_calendar_does_not_fail():
    assert times.corrected(datetime.max.replace(tzinfo=UTC), NOON, timedelta(hours=1))[0] == NOON


def test_we_write_whole_seconds_in_utc():
    instant = datetime(2026, 10, 24, 14, 0, 0, 223_456, tzinfo=timezone(timedelta(hours=2)))
    assert times.written(instant) == "2026-10-24T12:00:00Z"
