"""The network that attackers meet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from laddverk.platform.database import Database
from tests.network import Network, network_on


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    """A gateway with two known stations, A and B."""
    async with network_on(database, tmp_path) as found:
        await found.add_station("A")
        await found.add_station("B")
        yield found
