"""A tree goes out as lines of a spreadsheet and comes back as it was; what a file does not speak of stays."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from laddverk.energy.circuits import sheets
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Place, Tree
from laddverk.energy.circuits.queries import OutletRow
from laddverk.kernel.ids import SiteId, StationId, new_id
from laddverk.kernel.problems import Invalid

SITE, STATION = SiteId(new_id()), StationId(new_id())
GRID = Circuit(id=CircuitId(new_id()), name="Servis", kind=CircuitKind.GRID, limit_a=(35.0,) * 3)
OUTLETS = [
    OutletRow(
        site_id=SITE, station_id=STATION, station_name="Norr", identity="CP1", is_connected=True, evse_number=number,
        code="", power_max_w=11_000, current_max_a=16, phases=3, status="available", session_id=None, power_w=None,
        charging_state=None, sampled_at=None, current_l1_a=None, current_l2_a=None, current_l3_a=None,
        sampled_power_w=None, has_fallback=True,
    )
    for number in (1, 2)
]  # fmt: skip
TREE = Tree(
    site_id=SITE, version=1, circuits=(GRID,),
    places=tuple(
        Place(
            station_id=STATION, evse_number=number, circuit_id=GRID.id, current_max_a=16.0, power_max_w=11_000.0,
            weight=weight,
        )
        for number, weight in ((1, 2.5), (2, 1.0))
    ),
)  # fmt: skip


def file_of(tree: Tree, without: str = "", **first_outlet: str) -> bytes:
    """Return the export of a tree, without a column, and with other fields in the line of the first outlet."""
    identities = {place.key: "CP1" for place in tree.places}
    rows = [dict(zip(sheets.HEADING, line, strict=True)) for line in sheets.lines(tree, identities)]
    next(row for row in rows if row["what"] == "outlet").update(first_outlet)
    text = StringIO()
    names = [name for name in sheets.HEADING if name != without]
    writer = csv.DictWriter(text, names, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def shares(content: bytes) -> list[float]:
    return [place.weight for place in sheets.read(content, TREE, OUTLETS).places]


def test_what_was_exported_is_the_same_tree() -> None:
    assert sheets.read(file_of(TREE), TREE, OUTLETS) == TREE


def test_a_file_from_before_there_were_shares_leaves_them_and_an_empty_field_is_one() -> None:
    assert shares(file_of(TREE, without="share")) == [2.5, 1.0]
    assert shares(file_of(TREE, share="")) == [1.0, 1.0]
    assert shares(file_of(TREE, share="0,25")) == [0.25, 1.0]


@pytest.mark.parametrize("share", ["0", "0,0", "11"])
def test_a_share_that_cannot_be_is_refused_and_nothing_else_is_taken_for_it(share: str) -> None:
    with pytest.raises(Invalid) as refused:
        shares(file_of(TREE, share=share))
    assert refused.value.field == "weight"
