"""`laddverk up` as people run it: it says where it is, answers there, and stops cleanly."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from laddverk.platform import embedded
from laddverk.platform.embedded.cluster import located
from laddverk.platform.embedded.server import is_locked

START_S = 60


class Up:
    """A running `laddverk up`, and what it has printed."""

    def __init__(self, state_dir, **settings):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LADDVERK_")}
        chosen = {"state_dir": state_dir, "web_port": 0, "ocpp_port": 0, **settings}
        environment |= {f"LADDVERK_{name.upper()}": str(value) for name, value in chosen.items()}
        self.printed = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "laddverk.cli.main", "up"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def until(self, words):
        """Read until `words` were printed, and return all of it."""
        deadline = time.monotonic() + START_S
        while words not in self.printed:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(self.process.stdout.fileno(), 65536).decode() if ready else ""
            assert chunk, f"never said {words!r}: {self.printed}"
            self.printed += chunk
        return self.printed

    def end(self, number=signal.SIGTERM):
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=START_S)
        self.printed += rest.decode()
        return self.process.returncode


@pytest.fixture
def state_dir():
    with embedded.throw_away() as path:
        yield path


@pytest.fixture
def start(state_dir):
    started = []

    def starting(**settings):
        started.append(Up(state_dir, **settings))
        return started[-1]

    yield starting
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate()


def test_it_says_where_it_is_answers_there_and_stops_cleanly(start, state_dir):
    up = start()
    address = re.search(r"http://127\.0\.0\.1:\d+", up.until("Ctrl-C stops it"))[0]
    assert urllib.request.urlopen(f"{address}/health", timeout=10).read() == b"ok"
    assert is_locked(state_dir)

    assert "laddverk admin" in up.printed
    made = subprocess.run(
        [sys.executable, "-m", "laddverk.cli.main", "admin", "Anna@example.com"],
        env={**os.environ, "LADDVERK_STATE_DIR": str(state_dir)},
        capture_output=True,
        text=True,
        timeout=START_S,
    )
    assert "anna@example.com is now an administrator" in made.stdout, made

    second = start()
    assert second.process.wait(START_S) == 1
    assert f"process {up.process.pid}" in second.until("Remedy")

    assert up.end(signal.SIGINT) == 0, up.printed
    assert "everything is saved" in up.printed
    assert not is_locked(state_dir)
    assert not (located(state_dir).data_dir / "postmaster.pid").exists()


@pytest.mark.parametrize("variable", ["web_port", "ocpp_port"])
def test_a_port_that_is_taken_is_told_and_the_database_does_not_stay_behind(start, state_dir, variable):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        up = start(**{variable: taken.getsockname()[1]})
        assert up.process.wait(START_S) == 1
    assert "Traceback" not in up.until("Remedy")
    assert not (located(state_dir).data_dir / "postmaster.pid").exists()


def test_it_runs_on_an_external_database(start, state_dir, empty_database_url):
    up = start(database_url=empty_database_url)
    address = re.search(r"http://127\.0\.0\.1:\d+", up.until("Ctrl-C stops it"))[0]
    assert urllib.request.urlopen(f"{address}/health", timeout=10).read() == b"ok"
    assert up.end() == 0, up.printed
    assert not (state_dir / "postgres").exists()
