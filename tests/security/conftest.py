"""The network that attackers meet."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from laddverk.platform.database import Database
from tests.network import Network, network_on
from tests.security.authority import make_server_files


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    """A gateway with two known stations, A and B."""
    async with network_on(database, tmp_path) as found:
        await found.add_station("A")
        await found.add_station("B")
        yield found


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with server certificates, made once: finding a prime takes its time."""
    directory = tmp_path_factory.mktemp("tls-made-once")
    make_server_files(directory)
    return directory


@pytest.fixture
def tls_dir(tls_files: Path, tmp_path: Path) -> Path:
    """A folder of this test's own with server certificates in it, where a network looks for them."""
    return Path(shutil.copytree(tls_files, tmp_path / "tls"))
