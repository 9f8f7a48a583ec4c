"""What a newcomer waits for: install from a clean clone in an empty home, first page, memory of the idle demo.

Usage: make bench-startup. Clones the committed state of this repository beside it, installs and runs it there, and
takes everything away again. Aims: install under two minutes, first page within 15 s, under 300 MB resident.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
PAGE_TIMEOUT_S = 120.0
HISTORY_TIMEOUT_S = 180.0
IDLE_S = 20.0  # after the history is told and the fleet has connected, memory settles


def main() -> None:
    """Measure and report."""
    with tempfile.TemporaryDirectory(prefix="laddverk-startup-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        clone, home = Path(folder) / "clone", Path(folder) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "-q", str(REPOSITORY), str(clone)], check=True)
        environment = {**os.environ, "HOME": str(home), "PYTHONUNBUFFERED": "1"}
        for name in ("VIRTUAL_ENV", "PYTHONPATH"):
            environment.pop(name, None)

        began = time.perf_counter()
        subprocess.run(["make", "install-run"], cwd=clone, env=environment, check=True, stdout=sys.stderr)
        install_s = time.perf_counter() - began

        first = run_demo(clone, environment)
        again = run_demo(clone, environment)
        report(install_s, first, again)


def run_demo(clone: Path, environment: dict[str, str]) -> dict[str, float]:
    """Run the demo until it is idle; return the seconds to its first page and its memory."""
    web_port, ocpp_port = free_port(), free_port()
    settings = {"LADDVERK_WEB_PORT": str(web_port), "LADDVERK_OCPP_PORT": str(ocpp_port)}
    log = clone / "demo.log"
    began = time.perf_counter()
    with log.open("w") as output:
        process = subprocess.Popen(
            ["make", "run"], cwd=clone, env=environment | settings, stdout=output, stderr=output, start_new_session=True
        )
    try:
        page_s = wait_for_page(f"http://127.0.0.1:{web_port}/", process, began)
        fleet_s = wait_for_words(log, "simulated chargers connect", process, began)
        time.sleep(IDLE_S)
        program_mb, database_mb = memory_mb(process.pid)
        cpu = cpu_share(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
    return {
        "first_page_s": page_s,
        "fleet_connected_s": fleet_s,
        "program_mb": program_mb,
        "database_mb": database_mb,
        "idle_cpu_share": cpu,
    }


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def wait_for_page(url: str, process: subprocess.Popen[bytes], began: float) -> float:
    """Return the seconds until `url` answers."""
    while time.perf_counter() - began < PAGE_TIMEOUT_S and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return time.perf_counter() - began
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise SystemExit("the demo did not show its first page")


def wait_for_words(log: Path, words: str, process: subprocess.Popen[bytes], began: float) -> float:
    """Return the seconds until the demo has said `words`."""
    while time.perf_counter() - began < HISTORY_TIMEOUT_S and process.poll() is None:
        if words in log.read_text():
            return time.perf_counter() - began
        time.sleep(0.1)
    raise SystemExit(f"the demo did not get so far: {log.read_text()[-2000:]}")


def tree(pid: int) -> list[int]:
    """Return `pid` and all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in tree(int(child)))]


def memory_mb(pid: int) -> tuple[float, float]:
    """Return the memory of our program and of PostgreSQL below `pid`, in MB, shared pages counted once (PSS)."""
    program = database = 0
    for each in tree(pid):
        name = Path(f"/proc/{each}/comm").read_text().strip()
        kib = next(
            int(line.split()[1])
            for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            if line.startswith("Pss:")
        )
        if name.startswith("postgres"):
            database += kib
        else:
            program += kib
    return program * 1024 / 1e6, database * 1024 / 1e6


def cpu_share(pid: int, for_s: float = 10.0) -> float:
    """Return the share of one core that the tree below `pid` uses."""
    ticks_per_s = os.sysconf("SC_CLK_TCK")

    def used() -> int:
        total = 0
        for each in tree(pid):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total

    before = used()
    time.sleep(for_s)
    return (used() - before) / ticks_per_s / for_s


def report(install_s: float, first: dict[str, float], again: dict[str, float]) -> None:
    """Print the table for people and the line for machines."""
    total = first["program_mb"] + first["database_mb"]
    print("From a clean clone in an empty home, two commands:\n")
    rows = [
        ("install", f"{install_s:.1f} s", "aim 120 s"),
        ("first page, first start (initdb, schema, demo network)", f"{first['first_page_s']:.1f} s", "aim 15 s"),
        ("first page, second start", f"{again['first_page_s']:.1f} s", ""),
        ("three months of history told, fleet connected", f"{first['fleet_connected_s']:.1f} s", ""),
        ("memory of the idle demo, first start", f"{total:.0f} MB", "aim 300 MB"),
        ("    of it Laddverk with gateway, web, worker, fleet", f"{first['program_mb']:.0f} MB", ""),
        ("    of it PostgreSQL", f"{first['database_mb']:.0f} MB", ""),
        ("memory, second start", f"{again['program_mb'] + again['database_mb']:.0f} MB", ""),
        ("CPU of the idle demo, with 59 simulated chargers", f"{again['idle_cpu_share']:.1%} of a core", ""),
    ]
    for what, value, aim in rows:
        print(f"{what:<58}{value:>16}   {aim}")
    print(
        json.dumps({"bench": "startup", "install_s": round(install_s, 1), "first_start": first, "second_start": again})
    )


if __name__ == "__main__":
    main()
