"""The worlds of the tests of firmware."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from laddverk.platform.database import Database
from tests.integration.firmware.field import Field, field_on
from tests.integration.firmware.world import World


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """A network on a fresh database, with a firmware store in a directory of its own."""
    return World(database, tmp_path)


@pytest.fixture
async def field(database: Database, tmp_path: Path) -> AsyncIterator[Field]:
    """A network with a receiver of files on a port, and simulated chargers."""
    async with field_on(database, tmp_path) as made:
        yield made
