"""The page that says what is done with each message of OCPP is what code and transcripts say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tools"))

import conformance  # noqa: E402
import ocpp_coverage as coverage  # noqa: E402


def test_the_page_of_coverage_is_up_to_date() -> None:
    told = subprocess.run(
        [sys.executable, "tools/ocpp_coverage.py", "check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_every_action_of_every_version_is_in_the_tables() -> None:
    known = coverage.addresses()
    for version, count in (("16", 39), ("201", 64), ("21", 91)):
        assert len({row.action for row in coverage.rows(version, known)}) == count


def test_every_action_has_its_own_fact_or_command_and_a_transcript() -> None:
    for version in coverage.VERSIONS:
        lacking = [row.action for row in coverage.rows(version, set()) if not (row.by and row.proof)]
        assert lacking == [], version


def test_no_test_names_a_compliance_case_that_is_in_no_list() -> None:
    assert conformance.unknown(conformance.cases(), conformance.named()) == []
