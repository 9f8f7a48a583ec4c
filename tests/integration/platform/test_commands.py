"""The commands as people run them: programs of their own, on the embedded and on an external PostgreSQL."""

import json
import os
import subprocess
import sys

import pytest

from laddverk.platform import embedded

MIGRATION = "0001_pre_platform.sql"


def laddverk(*words, **settings):
    """Run a command with only `settings` in the environment, and return what came of it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LADDVERK_")}
    environment |= {f"LADDVERK_{name.upper()}": str(value) for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "laddverk.cli.main", *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def state_dir():
    with embedded.throw_away() as path:
        yield path


def test_an_embedded_network_from_nothing_to_a_restored_backup(state_dir):
    at = {"state_dir": state_dir}
    assert laddverk("doctor", **at).stdout
    assert not (state_dir / "postgres").exists(), "the doctor changes nothing"

    dry = laddverk("migrate", "--dry-run", **at)
    assert f"would apply {MIGRATION}" in dry.stdout, dry
    assert f"applied {MIGRATION}" in laddverk("migrate", **at).stdout
    assert laddverk("migrate", **at).stdout == "the schema is up to date\n"

    file = state_dir / "one.backup"
    made = laddverk("backup", file, **at)
    assert made.returncode == 0, made
    assert "rows in" in made.stdout
    assert laddverk("backup", file, **at).returncode == 1, "an older backup is not overwritten"

    refused = laddverk("restore", file, **at)
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    restored = laddverk("restore", file, "--force", **at)
    assert restored.returncode == 0, restored
    assert "all were counted" in restored.stdout

    found = json.loads(laddverk("doctor", "--json", **at).stdout)
    assert {"level": "ok", "subject": "Schema", "message": "up to date", "remedy": ""} in found


def test_the_same_on_an_external_server(empty_database_url, tmp_path):
    at = {"database_url": empty_database_url, "state_dir": tmp_path}
    assert f"applied {MIGRATION}" in laddverk("migrate", **at).stdout
    assert laddverk("backup", tmp_path / "one.backup", **at).returncode == 0
    assert laddverk("restore", tmp_path / "one.backup", "--force", **at).returncode == 0
    assert not (tmp_path / "postgres").exists()


def test_a_database_that_does_not_answer_is_told_without_its_password(tmp_path):
    url = "postgresql://somebody:se%2Fcret@127.0.0.1:1/network"
    answer = laddverk("migrate", database_url=url, state_dir=tmp_path)
    assert answer.returncode == 1
    assert "somebody@127.0.0.1:1/network" in answer.stderr
    assert "LADDVERK_DATABASE_URL" in answer.stderr
    assert "cret" not in answer.stderr
    assert "Traceback" not in answer.stderr
    assert laddverk("doctor", database_url=url, state_dir=tmp_path).returncode == 1


def test_a_file_that_is_no_backup_is_told_before_anything_is_started(tmp_path):
    answer = laddverk("restore", tmp_path / "nowhere", state_dir=tmp_path / "state")
    assert answer.returncode == 1
    assert "There is no file" in answer.stderr
    assert not (tmp_path / "state").exists()


def test_the_description_of_the_api_is_printed_or_written(tmp_path):
    printed = laddverk("openapi", state_dir=tmp_path / "state")
    assert printed.returncode == 0, printed
    described = json.loads(printed.stdout)
    assert described["openapi"].startswith("3.1")
    assert "/api/v1/me" in described["paths"]
    laddverk("openapi", "--output", tmp_path / "api.json", state_dir=tmp_path / "state")
    assert json.loads((tmp_path / "api.json").read_text()) == described
    assert not (tmp_path / "state").exists()
