"""What all tests share: a real PostgreSQL, one per run, and a fresh migrated database for each test that asks.

`LADDVERK_TEST_DATABASE_URL` names an external server to run the same suite against; its account must be allowed to
create databases. `LADDVERK_CI=1` turns every skip into an error: what is not tested there is not tested at all.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

from laddverk.platform import outbox
from laddverk.platform.database import Database
from tests.cluster import TestCluster

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
CLUSTER = pytest.StashKey[TestCluster]()
SOURCES = Path(__file__).parents[1] / "src"
NAME_MAX = 60  # more nobody reads
IN_CI = os.environ.get("LADDVERK_CI") == "1"

# A busy machine is no fault of what is tested: how long drawing an input or looking at it takes is not judged.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Name the place of this run's server; under xdist the workers are told by the controller."""
    os.environ["PYTHONPATH"] = str(SOURCES)  # for the programs that tests start
    workerinput: dict[str, str] | None = getattr(config, "workerinput", None)
    if workerinput is not None:
        config.stash[CLUSTER] = TestCluster(Path(workerinput["laddverk_cluster"]), workerinput["workerid"])
    else:
        config.stash[CLUSTER] = TestCluster(TestCluster.place_for(os.getpid()), "main")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell an xdist worker where the server is, or will be."""
    node.workerinput["laddverk_cluster"] = str(node.config.stash[CLUSTER].directory)  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the server, once all workers are done, and what killed runs left behind."""
    if CLUSTER in config.stash and not hasattr(config, "workerinput"):
        config.stash[CLUSTER].remove()
        TestCluster.remove_abandoned()


def pytest_collection_finish() -> None:
    """Leave what is loaded out of garbage collection, so that what tests leave behind is found soon and cheaply."""
    gc.collect()
    gc.freeze()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long texts do not name a test: a certificate or an archive is made anew in each worker."""
    return argname if isinstance(val, str | bytes) and len(val) > NAME_MAX else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failure."""
    return refused((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """In CI a skipped file is a failure."""
    return refused((yield))


def refused(report: Report) -> Report:
    """Return `report`, in CI as a failure when it says that something was skipped."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"Nothing may be skipped in CI: {reason}"
    return report


@pytest.fixture(autouse=True)
def _listeners(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test subscribes to ends with it: a job nobody does any more would stay for ever in the next one."""
    monkeypatch.setattr(outbox, "_listeners", {event: list(kinds) for event, kinds in outbox._listeners.items()})


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> TestCluster:
    """The running test server, with a migrated template database in it."""
    found = pytestconfig.stash[CLUSTER]
    found.ensure_started()
    return found


@pytest.fixture
def database_url(cluster: TestCluster) -> Iterator[str]:
    """The DSN of a fresh migrated database, dropped after the test."""
    name = asyncio.run(cluster.cloned())
    yield cluster.dsn_of(name)
    asyncio.run(cluster.dropped(name))


@pytest.fixture
def empty_database_url(cluster: TestCluster) -> Iterator[str]:
    """The DSN of a database with nothing in it, dropped after the test."""
    name = asyncio.run(cluster.cloned(template="template0"))
    yield cluster.dsn_of(name)
    asyncio.run(cluster.dropped(name))


@pytest.fixture
async def database(cluster: TestCluster) -> AsyncIterator[Database]:
    """A `Database` on a fresh migrated database."""
    name = await cluster.cloned()
    connected = await Database.connected(cluster.dsn_of(name), size_max=4)
    yield connected
    await connected.close()
    await cluster.dropped(name)
