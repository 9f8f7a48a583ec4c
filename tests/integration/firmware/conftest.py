"""The world of the tests of firmware."""

from pathlib import Path

import pytest

from laddverk.platform.database import Database
from tests.integration.firmware.world import World


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """A network on a fresh database, with a firmware store in a directory of its own."""
    return World(database, tmp_path)
