"""What the doctor makes of settings, facts and the machine."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from laddverk.cli.doctor import choices, database, line, machine, summary
from laddverk.cli.doctor.finding import Level, fail, ok, warn
from laddverk.platform.settings import Settings

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SENSIBLE = Settings(
    operator_org_number="556000-0000",
    operator_address="Gatan 1, Göteborg",
    smtp_url="smtp://localhost:25",
)
FACTS = database.Facts(
    version="17.10",
    has_checksums=True,
    is_durable=True,
    encoding="UTF8",
    may_create=True,
    knows_timezone=True,
    size="9 MB",
    now=NOW,
)


def messages(settings, environment=()):
    return [(finding.level, finding.message) for finding in choices.look_at(settings, dict(environment))]


def test_sensible_settings_have_one_line():
    assert messages(SENSIBLE) == [(Level.OK, "make sense")]


@pytest.mark.parametrize(
    ("changed", "level", "words"),
    [
        ({"host": "0.0.0.0", "public_url": "https://a.example", "demo": True}, Level.FAIL, "known passwords"),
        ({"host": "0.0.0.0"}, Level.WARN, "TLS proxy"),
        ({"host": "laddverk.example"}, Level.WARN, "TLS proxy"),
        ({"web_port": 9000}, Level.FAIL, "share one port"),
        ({"public_url": "ladda.example"}, Level.FAIL, "no web address"),
        ({"currency": "SKE"}, Level.FAIL, "no currency"),
        ({"payment_provider": "paypal"}, Level.FAIL, "no payment provider"),
        ({"payment_provider": "stripe", "stripe_api_key": "sk_test_1"}, Level.FAIL, "webhook secret is missing"),
        ({"demo": True, "stripe_api_key": "sk_live_1"}, Level.FAIL, "live Stripe key"),
        ({"operator_org_number": ""}, Level.WARN, "who sends them"),
        ({"timezone": "Europe/Goteborg"}, Level.FAIL, "no time zone"),
        ({"timezone": "../../etc/passwd"}, Level.FAIL, "no time zone"),
        ({"log_level": "loud"}, Level.WARN, "no log level"),
        ({"heartbeat_interval_s": 0}, Level.FAIL, "heartbeat"),
        ({"smtp_url": None}, Level.WARN, "sign-in links"),
    ],
)
def test_a_setting_that_makes_no_sense_is_told(changed, level, words):
    found = messages(replace(SENSIBLE, **changed))
    assert len(found) == 1, found
    assert found[0][0] is level
    assert words in found[0][1]


def test_a_misspelt_variable_gets_the_name_that_was_meant():
    findings = list(choices.look_at(SENSIBLE, {"LADDVERK_WEBPORT": "80", "LADDVERK_CI": "1", "PATH": "/bin"}))
    assert [finding.remedy for finding in findings] == ["Did you mean LADDVERK_WEB_PORT?"]


def test_both_ports_may_be_any_free_one():
    assert messages(replace(SENSIBLE, web_port=0, ocpp_port=0)) == [(Level.OK, "make sense")]


def test_a_good_database_has_one_line():
    assert [finding.level for finding in database.judged(FACTS, SENSIBLE, NOW)] == [Level.OK]


@pytest.mark.parametrize(
    ("changed", "level", "words"),
    [
        ({"encoding": "SQL_ASCII"}, Level.FAIL, "SQL_ASCII"),
        ({"may_create": False}, Level.FAIL, "create tables"),
        ({"knows_timezone": False}, Level.FAIL, "Europe/Stockholm"),
        ({"is_durable": False}, Level.FAIL, "power cut"),
        ({"has_checksums": False}, Level.WARN, "unnoticed"),
        ({"now": NOW - timedelta(seconds=3)}, Level.WARN, "3 s"),
    ],
)
def test_a_database_that_is_not_as_it_should_be_is_told(changed, level, words):
    found = database.judged(replace(FACTS, **changed), SENSIBLE, NOW)[1:]
    assert [finding.level for finding in found] == [level]
    assert words in found[0].message


def test_a_migration_to_come_is_a_warning_and_one_unknown_is_a_failure():
    assert database.schema({}).level is Level.WARN
    assert database.schema({"9999_pre_future.sql": ""}).level is Level.FAIL


def test_a_taken_port_is_told_with_the_variable_to_change(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        finding = machine.port(replace(SENSIBLE, state_dir=tmp_path), number, "web", "LADDVERK_WEB_PORT")
    assert finding.level is Level.FAIL
    assert "LADDVERK_WEB_PORT" in finding.remedy


def test_keys_that_others_can_read_are_a_failure(tmp_path):
    keys = tmp_path / "secrets.json"
    assert machine.secret_file(keys).level is Level.OK
    keys.write_text("{}")
    keys.chmod(0o644)
    assert machine.secret_file(keys).level is Level.FAIL
    keys.chmod(0o600)
    assert machine.secret_file(keys).level is Level.OK


def test_a_state_directory_yet_to_be_made_is_judged_by_the_one_above(tmp_path):
    assert machine.existing(tmp_path / "a" / "b") == tmp_path
    assert machine.rights(tmp_path / "a").level is Level.OK


def test_the_machine_of_the_tests_is_fit():
    findings = [machine.python(), machine.packages(), machine.disk(Path(".")), machine.documents()]
    assert [finding.level for finding in findings] == [Level.OK] * 4


def test_lines_and_the_last_line_say_what_to_do():
    assert line(fail("Disk", "full.", "Free some.")) == "FAIL  Disk: full.\n      Remedy: Free some."
    assert "1 must be mended" in summary([fail("a", "b", "c"), ok("a", "b")])
    assert "1 deserve a look" in summary([warn("a", "b", "c")])
    assert summary([ok("a", "b")]).strip() == "All is in order."
