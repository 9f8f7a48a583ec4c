"""`laddverk`: finds the command, carries it out, and says in plain words what went wrong."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, Protocol, cast

from laddverk import __version__
from laddverk.kernel.problems import Problem
from laddverk.platform import logs
from laddverk.platform.settings import Settings, from_environment

FAILED: Final = 1
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it

COMMANDS: Final = {
    "up": "start the network: database, chargers, web and background work",
    "demo": "start a living demo network, with simulated chargers and three months of history",
    "simulate": "be chargers: a fleet that speaks OCPP to a network, or a replay of real sessions",
    "admin": "make somebody an administrator, or let one who is locked out in again",
    "migrate": "bring the database to the schema of this version",
    "doctor": "say what is wrong with this installation, and the remedy",
    "backup": "write the database and its keys to one file, while all runs",
    "restore": "replace the database by a backup",
    "openapi": "print the description of the API",
}

EPILOGUE: Final = """
Settings come from the environment (LADDVERK_STATE_DIR, LADDVERK_DATABASE_URL, LADDVERK_WEB_PORT, ...);
docs/operations.md lists them. Without a database URL, Laddverk starts a PostgreSQL of its own.
"""


class Command(Protocol):
    """What a file of this package offers."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what the command takes to `parser`."""

    def run(self, given: argparse.Namespace, settings: Settings) -> int:
        """Do it, and return the exit code. Raises `Problem` for what a person can mend."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out the command in `arguments` (default: those of the process) and return the exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    given = parser_for(words).parse_args(words)
    try:
        settings = from_environment()
        logs.configure(settings.log_level)
        return command(given.command).run(given, settings)
    except Problem as problem:
        complain(str(problem), problem.remedy, problem.params)
    except OSError as error:
        complain(plain(error), "Run `laddverk doctor`: it looks at ports, disk, rights and the database.", {})
    except KeyboardInterrupt:
        return INTERRUPTED
    return FAILED


def parser_for(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser. Only the command that `words` name is imported: `laddverk --help` must feel instant."""
    parser = argparse.ArgumentParser(
        prog="laddverk",
        description="Laddverk runs an EV charging network.",
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"laddverk {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")
    named = next((word for word in words if word in COMMANDS), None)
    for name, help_text in COMMANDS.items():
        one = commands.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".")
        if name == named:
            command(name).arguments(one)
    return parser


def command(name: str) -> Command:
    """Return the file of command `name`."""
    return cast(Command, import_module(f"laddverk.cli.{name}"))


def complain(message: str, remedy: str | None, params: dict[str, object]) -> None:
    """Say on stderr what went wrong and how to mend it."""
    print(f"laddverk: {message}", file=sys.stderr)
    if remedy is not None:
        print(f"Remedy: {remedy % params if params else remedy}", file=sys.stderr)


def plain(error: OSError) -> str:
    """Return what the operating system refused, and for which file where it says that."""
    reason = error.strerror or str(error)
    return f"{reason}: {error.filename}" if error.filename else reason


if __name__ == "__main__":
    sys.exit(main())
