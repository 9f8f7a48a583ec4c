"""Real sessions become real traffic, and every Wh and öre is found again; or the command says what is missing."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from laddverk.cli.replay import accounts
from laddverk.cli.replay.command import Order, replay
from laddverk.cli.replay.reconcile import Step

NORWAY = Path(__file__).resolve().parents[3] / "shared" / "data" / "sessions" / "norway_12_sites.csv.gz"
HEADER = "location;user_id;session_id;plugin_time;plugout_time;connection_time;energy_session\n"


def a_file(place: Path) -> Path:
    """Sessions of six users over four months, two nights of changing clocks among them, and four wrong rows."""
    chance = random.Random(11)
    lines = []
    for user in range(6):
        at = datetime(2019, 10, 20, 15)
        for number in range(9):
            at += timedelta(hours=chance.uniform(20, 260))
            stay = timedelta(minutes=chance.randint(30, 1200))
            energy = min(chance.uniform(0.4, 60), 10 * stay.total_seconds() / 3600)
            begun, ended = (when.replace(second=0, microsecond=0) for when in (at, at + stay))
            lines.append(f"S{user % 2};U{user};S{user}_{number};{begun};{ended};1;{energy:.2f}".replace(".", ","))
            at += stay
    lines += [
        "S0;U8;NIGHT1;2019-10-27 01:30:00;2019-10-27 04:30:00;4;12,5",
        "S1;U7;NIGHT2;2020-03-29 00:30:00;2020-03-29 06:30:00;5;12,5",
        "S0;U0;BAD1;2019-12-01 12:00:00;NA;NA;3",
        "S0;U0;BAD2;2019-12-01 12:00:00;2019-12-01 11:00:00;-1;3",
        "S0;U0;BAD3;2029-12-01 12:00:00;2029-12-01 13:00:00;1;-3",
        "S1;U7;NIGHT2;2020-05-29 00:30:00;2020-05-29 06:30:00;5;12,5",
    ]
    file = place / "sessions.csv"
    file.write_text(HEADER + "\n".join(lines) + "\n")
    return file


async def replayed(order):
    lines = []
    code = await replay(order, lines.append)
    return code, json.loads(lines[-1]), lines


@pytest.mark.slow
async def test_every_session_of_a_file_is_charged_priced_and_invoiced(tmp_path):
    code, told, lines = await replayed(Order(a_file(tmp_path), None))
    assert told["disagreements"] == [], "\n".join(lines)
    assert code == 0
    assert told["agrees"] is True
    assert told["bad_rows"]["plugout_time is no time"] == 1
    assert told["bad_rows"]["the same session_id again"] == 1
    assert told["file"]["sessions"] == told["invoiced"]["sessions"] >= 50
    assert told["file"]["energy_wh"] == told["wire"]["energy_wh"] == told["invoiced"]["energy_wh"]
    assert told["ledger"]["sum_minor"] == 0
    assert told["second_run_changes"] == 0


@pytest.mark.slow
async def test_a_tampered_meter_makes_the_command_fail(tmp_path, monkeypatch):
    honest = accounts.wire

    def tampered(ledger):
        told = honest(ledger)
        one, *others = sorted(told.sessions)
        changed = msgspec.structs.replace(one, register_end_wh=one.register_end_wh + 1, energy_wh=one.energy_wh + 1)
        return accounts.Wire(Step(told.step.sessions, told.step.energy_wh + 1), frozenset([changed, *others]))

    monkeypatch.setattr(accounts, "wire", tampered)
    code, told, _ = await replayed(Order(a_file(tmp_path), 12))
    assert code == 1
    assert any("on the wire" in words for words in told["disagreements"])
    assert any("metered, not recorded" in words for words in told["disagreements"])


@pytest.mark.slow
@pytest.mark.skipif(not NORWAY.exists(), reason="the Norwegian charging data is not here; see README")
async def test_real_norwegian_sessions_are_replayed():
    code, told, lines = await replayed(Order(NORWAY, 250, "NOK", ZoneInfo("Europe/Oslo")))
    assert told["disagreements"] == [], "\n".join(lines)
    assert code == 0
    assert told["file"]["sessions"] == 250
