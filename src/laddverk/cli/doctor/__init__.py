"""`laddverk doctor`: says in plain words what is wrong with this installation, and the remedy.

It changes nothing: no database is made, no secret, no file. It works beside a running network.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator

import msgspec

from laddverk.cli.doctor import choices, database, machine
from laddverk.cli.doctor.finding import Finding, Level
from laddverk.cli.network import run_in_loop
from laddverk.kernel.time import system_clock
from laddverk.platform.settings import Settings

MARKS = {Level.OK: "ok  ", Level.WARN: "WARN", Level.FAIL: "FAIL"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Say what it takes."""
    parser.add_argument("--json", action="store_true", help="print the findings as one JSON list")
    parser.epilog = "Exits with 1 when a line says FAIL."


def run(given: argparse.Namespace, settings: Settings) -> int:
    """Print every finding, and what to do about those that are not in order."""
    findings = list(look_at(settings))
    if given.json:
        print(msgspec.json.encode(findings).decode())
    else:
        for finding in findings:
            print(line(finding))
        print(summary(findings))
    return 1 if any(finding.level is Level.FAIL for finding in findings) else 0


def look_at(settings: Settings) -> Iterator[Finding]:
    """Yield what is found, from the ground up."""
    yield from machine.look_at(settings)
    yield from choices.look_at(settings, os.environ)
    yield from run_in_loop(database.look_at(settings, system_clock))


def line(finding: Finding) -> str:
    """Return `finding` for people."""
    text = f"{MARKS[finding.level]}  {finding.subject}: {finding.message}"
    return f"{text}\n      Remedy: {finding.remedy}" if finding.remedy else text


def summary(findings: list[Finding]) -> str:
    """Return the last line."""
    failed = sum(finding.level is Level.FAIL for finding in findings)
    warned = sum(finding.level is Level.WARN for finding in findings)
    if failed:
        return f"\n{failed} must be mended before Laddverk can run; {warned} more deserve a look."
    return f"\nLaddverk can run; {warned} deserve a look." if warned else "\nAll is in order."
