"""Drives that are proposed, and the calendar file that technicians read: by a strict reader of RFC 5545."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.diagnostics.upkeep.bundling import Job, Skill, along_the_way, apart_km, bundles, due_of, skill_of
from laddverk.diagnostics.upkeep.calendars import Stop, calendar

ZONE = ZoneInfo("Europe/Stockholm")


def job(
    key: str, site: str, north_km: float = 0, *, due: int = 10, skill: Skill = Skill.SERVICE, part: str = ""
) -> Job:
    return Job(
        key=key, site=site, latitude=57.7 + north_km / 111.2, longitude=11.9, severity=2, due_on=date(2026, 12, due),
        skill=skill, part=part,
    )  # fmt: skip


def test_jobs_at_one_site_and_near_it_are_one_drive_and_the_far_one_another() -> None:
    near, far = job("c", "harbour", 9, due=2), job("d", "inland", 60, due=1)
    first, second = bundles([job("a", "garage"), job("b", "garage", due=4), near, far])
    assert [one.key for one in first.jobs] == ["d"]
    assert (second.saved, second.sites, second.due_on) == (2, 2, date(2026, 12, 2))
    assert [one.site for one in second.jobs] == ["harbour", "garage", "garage"]
    assert second.km == pytest.approx(9, abs=0.1)


def test_a_drive_needs_whoever_can_do_the_hardest_of_it_and_names_what_several_need() -> None:
    (one,) = bundles([job("a", "x", skill=Skill.ELECTRICIAN, part="lock"), job("b", "x", part="lock"), job("c", "x")])
    assert (one.skill, one.same_part) == (Skill.ELECTRICIAN, "lock")
    assert skill_of("Electrician with a torque wrench.") is Skill.ELECTRICIAN
    assert skill_of("Desk first; an electrician for load management.") is Skill.SERVICE


def test_a_site_that_is_on_no_map_is_near_itself_alone() -> None:
    lost = Job(key="x", site="lost", latitude=None, longitude=None, severity=2, due_on=date(2026, 12, 1))
    assert apart_km(lost, job("a", "garage")) is None
    assert [len(one.jobs) for one in bundles([lost, job("a", "garage")])] == [1, 1]


def test_what_nobody_gave_a_day_is_due_by_its_severity() -> None:
    assert due_of(0, None, date(2026, 12, 1)) == date(2026, 12, 2)
    assert due_of(2, None, date(2026, 12, 1)) == date(2026, 12, 8)
    assert due_of(0, date(2027, 1, 1), date(2026, 12, 1)) == date(2027, 1, 1)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(-80, 80), st.integers(1, 28), st.booleans()), max_size=25))
@settings(max_examples=60)
def test_every_job_is_in_exactly_one_drive_and_near_its_first(given_jobs: list[tuple[str, float, int, bool]]) -> None:
    jobs = [
        Job(
            key=str(number), site=f"{site}{north}", latitude=57 + north / 111.2 if placed else None,
            longitude=11.9 if placed else None, severity=2, due_on=date(2026, 12, due),
        )
        for number, (site, north, due, placed) in enumerate(given_jobs)
    ]  # fmt: skip
    found = bundles(jobs)
    assert sorted(one.key for drive in found for one in drive.jobs) == sorted(one.key for one in jobs)
    assert [drive.jobs[0].due_on for drive in found] == sorted(drive.jobs[0].due_on for drive in found)
    for drive in found:
        assert len(drive.jobs) <= 8
        assert all((apart_km(drive.jobs[0], one) or 0.0) <= 15.0001 for one in drive.jobs)
        assert set(along_the_way(drive.jobs).jobs) == set(drive.jobs)


def read(file: bytes) -> list[dict[str, str]]:
    """Return the events of a calendar, or fail: lines end in CRLF and have at most 75 octets, texts are escaped."""
    assert file.endswith(b"\r\n")
    lines = file[:-2].split(b"\r\n")
    assert all(0 < len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines)
    whole: list[str] = []
    for line in (one.decode() for one in lines):
        if line.startswith(" "):
            whole[-1] += line[1:]
        else:
            whole.append(line)
    assert whole[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert whole[-1] == "END:VCALENDAR"
    events: list[dict[str, str]] = []
    for line in whole:
        name, separator, value = line.partition(":")
        assert separator, line
        assert all(letter >= " " and letter != "\x7f" for letter in line)
        if line == "BEGIN:VEVENT":
            events.append({})
        elif events and name not in ("END", "BEGIN"):
            assert name not in events[-1], "no property twice"
            events[-1][name] = value
    assert whole.count("BEGIN:VEVENT") == whole.count("END:VEVENT") == len(events)
    return events


def plain(text: str) -> str:
    """Return what an escaped text says; fails on what RFC 5545 does not allow in one."""
    said, letters = "", iter(text)
    for letter in letters:
        assert letter not in ";,"
        if letter == "\\":
            escaped = next(letters)
            assert escaped in "\\;,nN"
            letter = "\n" if escaped in "nN" else escaped
        said += letter
    return said


def stop(**given: object) -> Stop:
    fields: dict[str, object] = {
        "uid": "vis_1@laddverk", "title": "P-hus; Mölndal, 2 jobb", "places": "Göteborgsvägen 1,\nMölndal",
        "text": "Låset\\kontakten " * 12, "href": "https://x/y", "on": date(2026, 11, 30), "starts_at": None, "jobs": 2,
        "changed_at": datetime(2026, 11, 22, 1, tzinfo=UTC), "revision": 3,
    }  # fmt: skip
    return Stop(**(fields | given))  # type: ignore[arg-type] # a dict of fields


def test_a_visit_without_an_hour_is_the_whole_day_and_says_all() -> None:
    (event,) = read(calendar("Asta", [stop(latitude=57.7, longitude=11.9)], ZONE))
    assert (event["DTSTART;VALUE=DATE"], event["DTEND;VALUE=DATE"]) == ("20261130", "20261201")
    assert plain(event["SUMMARY"]) == "P-hus; Mölndal, 2 jobb"
    assert plain(event["LOCATION"]) == "Göteborgsvägen 1,\nMölndal"
    assert plain(event["DESCRIPTION"]) == "Låset\\kontakten " * 12
    assert (event["SEQUENCE"], event["STATUS"], event["UID"]) == ("3", "CONFIRMED", "vis_1@laddverk")
    assert event["GEO"] == "57.700000;11.900000"


def test_an_hour_of_the_day_is_that_of_the_place_also_over_a_change_of_clocks() -> None:
    (winter,) = read(calendar("A", [stop(starts_at=time(8, 30))], ZONE))
    assert (winter["DTSTART"], winter["DTEND"]) == ("20261130T073000Z", "20261130T093000Z")
    (summer,) = read(calendar("A", [stop(on=date(2026, 7, 1), starts_at=time(8, 30), is_cancelled=True)], ZONE))
    assert (summer["DTSTART"], summer["STATUS"]) == ("20260701T063000Z", "CANCELLED")


@given(st.text(max_size=300))
@settings(max_examples=80)
def test_no_text_breaks_the_file(text: str) -> None:
    (event,) = read(calendar(text, [stop(title=text, places=text, text=text)], ZONE))
    kept = text.replace("\r\n", "\n").replace("\r", "\n")
    assert plain(event["SUMMARY"]) == "".join(one for one in kept if one == "\n" or (one >= " " and one != "\x7f"))
