"""Which PostgreSQL serves which data, and which dumps which server."""

from pathlib import Path

import pytest

from laddverk.kernel.problems import Unavailable
from laddverk.platform.backup import tools_for
from laddverk.platform.embedded.binaries import Binaries, chosen

OURS = Binaries(Path("/venv"), "17.10")
SYSTEM = Binaries(Path("/usr"), "15.18")


def test_new_data_is_made_by_ours():
    assert chosen([OURS, SYSTEM], None) == OURS


def test_data_is_served_by_the_version_that_wrote_it():
    assert chosen([OURS, SYSTEM], 15) == SYSTEM


@pytest.mark.parametrize("available", [[], [OURS, SYSTEM]])
def test_data_that_nobody_can_serve_is_told_with_the_remedy(available):
    with pytest.raises(Unavailable) as raised:
        chosen(available, 16)
    assert raised.value.remedy


def test_a_server_is_dumped_by_the_nearest_version_that_is_not_older():
    assert tools_for(15, [OURS, SYSTEM]) == SYSTEM
    assert tools_for(16, [OURS, SYSTEM]) == OURS
    with pytest.raises(Unavailable, match="PostgreSQL 18"):
        tools_for(18, [OURS, SYSTEM])
