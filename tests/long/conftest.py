"""The long tier: real programs of others, minutes rather than seconds. It runs when it is asked for.

`LADDVERK_LONG=1 make test ARGS="-n 0 tests/long"`; without it nothing here is collected. What cannot be had on a
machine is skipped with a line that says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.long.asterisk import Asterisk, NotHere, root

collect_ignore_glob = [] if os.environ.get("LADDVERK_LONG") == "1" else ["test_*.py"]


@pytest.fixture(scope="session")
def asterisk() -> Iterator[Asterisk]:
    """A running Asterisk, with the configuration of docs/asterisk."""
    try:
        with Asterisk(root()).running() as started:
            yield started
    except NotHere as reason:
        pytest.skip(str(reason))
