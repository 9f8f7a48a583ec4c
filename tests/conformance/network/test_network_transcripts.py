"""Whole exchanges over a real socket against a whole network, with the compliance cases they cover in their names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from tests.cluster import TestCluster
from tests.conformance.network.player import Player
from tests.conformance.network.script import Case, read
from tests.conformance.network.world import TOKENS, furnished
from tests.network import Network

HERE = Path(__file__).parent
NUMBERS = count(1)
PLAYED = (("16", "16"), ("201", "201"), ("21", "201"), ("21", "21"))
"""What is so in 2.0.1 is so in 2.1: a version, and the folder whose files it plays."""
ONLY_IN_201 = {"frames"}


def cases() -> list[object]:
    """Return every case of every file, those of one file in one group: they share a network."""
    return [
        pytest.param(
            case,
            id=f"{case.version}-{path.stem}-{'+'.join(case.ids) or case.line}",
            marks=pytest.mark.xdist_group(f"transcripts-{case.version}"),
        )
        for version, folder in PLAYED
        for path in sorted((HERE / folder).glob("*.ocpp"))
        if version == folder or path.stem not in ONLY_IN_201
        for case in read(path, version)
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    async with furnished(cluster, tmp_path_factory.mktemp("state")) as found:
        yield found


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", cases())
async def test_the_exchange_is_as_it_was_written(network: Network, case: Case) -> None:
    identity = f"CP{case.version}-{next(NUMBERS)}"
    await network.add_station(identity)
    await Player(network, case, identity, dict(TOKENS)).play()
