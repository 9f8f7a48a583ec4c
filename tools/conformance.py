"""Run the conformance tests and print which compliance cases of the Open Charge Alliance they cover, block by block.

A case is covered by a test or transcript that names its id; what no test names is printed as missing, and why.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
TESTS: Final = ROOT / "tests"
LIST: Final = TESTS / "conformance" / "oca_cases.toml"
CASE_ID: Final = re.compile(r"\bTC_\w+?_CSMS\b|\btc_\w+?_csms\b")
SUFFIXES: Final = {".py", ".jsonl", ".ocpp"}
VERSIONS: Final = ("1.6", "2.0.1")


def cases() -> dict[str, Any]:
    """Return the list: by version, by block, the ids with their names; and `withdrawn`, `not_covered` with reasons."""
    return tomllib.loads(LIST.read_text(encoding="utf-8"))


def named() -> dict[str, set[Path]]:
    """Return which files name which ids, in capitals: a test's own name may have its id in small letters."""
    found: dict[str, set[Path]] = {}
    for path in sorted(TESTS.rglob("*")):
        if path.suffix in SUFFIXES:
            for each in CASE_ID.findall(path.read_text(encoding="utf-8").replace("test_tc_", "test tc_")):
                found.setdefault(each.upper(), set()).add(path.relative_to(ROOT))
    for case, where in cases().get("proved_elsewhere", {}).items():
        name, _, test = where.partition("::")
        if f"def {test}(" in (ROOT / name).read_text(encoding="utf-8"):
            found.setdefault(case, set()).add(Path(name))
    return found


def table(listed: Mapping[str, Any], found: Mapping[str, set[Path]]) -> str:
    """Return the table, and under it what is missing."""
    lines = ["version  block                            covered", "-------  -------------------------------  -------"]
    missing: list[str] = []
    reasons = {**listed.get("withdrawn", {}), **listed.get("not_covered", {})}
    for version in VERSIONS:
        total = covered = 0
        for block, members in listed[version].items():
            have = [case for case in members if case in found]
            covered, total = covered + len(have), total + len(members)
            lines.append(f"{version:7}  {block:31}  {len(have):3} of {len(members)}")
            missing += [
                f"  {case:14} {title}: {reasons.get(case, 'no test names it')}"
                for case, title in members.items()
                if case not in found
            ]
        lines.append(f"{version:7}  {'all':31}  {covered:3} of {total}")
    return "\n".join([*lines, "", f"Not covered: {len(missing)}", *missing])


def unknown(listed: Mapping[str, Any], found: Mapping[str, set[Path]]) -> list[str]:
    """Return ids that tests name and that are in no list: a slip of the pen."""
    known = {case for version in VERSIONS for members in listed[version].values() for case in members}
    return sorted(set(found) - known)


def main(arguments: Sequence[str]) -> int:
    """Run the tests that name ids, unless told `table`; print the table. Return the tests' exit code."""
    listed, found = cases(), named()
    code = 0
    if "table" not in arguments:
        files = sorted({str(path) for paths in found.values() for path in paths if path.suffix == ".py"})
        outside = [path for path in files if not path.startswith("tests/conformance/")]
        options = ["-q", "-n", "2", "--dist", "loadgroup"]
        command = [sys.executable, "-m", "pytest", "tests/conformance", *outside, *options, *arguments]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
    print("\n" + table(listed, found))
    for case in unknown(listed, found):
        print(f"{case} is in no list; see tests/conformance/oca_cases.toml")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
