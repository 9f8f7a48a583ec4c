"""The command line itself: help, exit codes, and problems in plain words."""

import sys
import types

import pytest

from laddverk.cli import main as cli
from laddverk.kernel.problems import Conflict


@pytest.fixture
def failing(monkeypatch):
    """Make `laddverk doctor` raise what the test says."""

    def with_error(error):
        def run(given, settings):
            raise error

        command = types.SimpleNamespace(arguments=lambda parser: None, run=run)
        monkeypatch.setattr(cli, "command", lambda name: command)

    return with_error


def test_every_command_is_in_the_help(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert all(
        name in printed
        for name in ("up", "demo", "simulate", "admin", "migrate", "doctor", "backup", "restore", "openapi")
    )


def test_an_unknown_command_is_a_wrong_call():
    with pytest.raises(SystemExit) as ended:
        cli.main(["fly"])
    assert ended.value.code == 2


def test_the_help_imports_no_command(monkeypatch):
    monkeypatch.setattr(cli, "import_module", lambda name: pytest.fail(f"{name} was imported"))
    cli.parser_for(["--help"])


def test_a_problem_is_told_with_its_remedy_and_without_a_traceback(failing, capsys):
    failing(Conflict("Port %(port)s is taken.", remedy="Free port %(port)s.", port=80))
    assert cli.main(["doctor"]) == 1
    assert capsys.readouterr().err == "laddverk: Port 80 is taken.\nRemedy: Free port 80.\n"


def test_a_remedy_without_places_may_hold_a_percent_sign(failing, capsys):
    failing(Conflict("The disk is full.", remedy="Free 10 % of it."))
    assert cli.main(["doctor"]) == 1
    assert "Free 10 % of it." in capsys.readouterr().err


def test_what_the_system_refuses_names_the_file(failing, capsys):
    failing(PermissionError(13, "Permission denied", "/data/postgres.lock"))
    assert cli.main(["doctor"]) == 1
    assert "Permission denied: /data/postgres.lock" in capsys.readouterr().err


def test_ctrl_c_has_the_exit_code_that_shells_expect(failing):
    failing(KeyboardInterrupt())
    assert cli.main(["doctor"]) == 130


def test_a_setting_that_cannot_be_read_is_named(monkeypatch, capsys):
    monkeypatch.setenv("LADDVERK_WEB_PORT", "eighty")
    assert cli.main(["doctor"]) == 1
    assert "LADDVERK_WEB_PORT" in capsys.readouterr().err


def test_a_light_command_does_not_pay_for_the_network():
    loaded = set(sys.modules)
    cli.parser_for(["--version"])
    assert not {name for name in set(sys.modules) - loaded if name.startswith(("litestar", "stripe", "typst"))}
