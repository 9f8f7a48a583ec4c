"""A question that is kept is the same when it is read again; what is none is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laddverk.energy.allocating import Branch, Demand, Policy, Situation, Wish, allocated
from laddverk.energy.steering.questions import Asking, Question, packed, unpacked

NOW = datetime(2026, 11, 22, 16, 0, 0, 123_457, tzinfo=UTC)
SITUATION = Situation(
    branches=(Branch(key="grid", limit_a=(25.3, 16.1, 0.1 + 0.2), until=NOW + timedelta(hours=1)),),
    demands=(
        Demand(key="a", branch=0, use_a=(1.0, 0.0, 0.0), ceiling_a=16.0, since=NOW, switched_at=NOW, is_on=True),
        Demand(
            key="b", branch=0, use_a=(1.0, 1.0, 1.0), ceiling_a=32.0, since=NOW, angle_deg=(30.0, -30.0, 0.0),
            wish=Wish(energy_wh=8_000.0, departs_at=NOW + timedelta(hours=2)), target_a=7.5, rank=1,
        ),
    ),
    policy=Policy(quantum_wh=1_000.0, on_for=timedelta(minutes=5)),
)  # fmt: skip


def test_a_question_is_the_same_after_it_was_kept():
    assert unpacked(packed(SITUATION)) == SITUATION
    assert Question(NOW, unpacked(packed(SITUATION))).answer() == allocated(SITUATION, NOW)


@pytest.mark.parametrize("data", [b"", b"nothing", packed(SITUATION)[:-9], packed(SITUATION)[:20]])
def test_bytes_that_are_no_question_are_refused(data):
    with pytest.raises(ValueError, match="no situation"):
        unpacked(data)


def test_what_is_remembered_is_what_was_answered_plans_and_wishes_included():
    asking = Asking(lambda situation, _now: Situation(branches=situation.branches, demands=situation.demands[:1]))
    grants = asking(SITUATION, NOW)
    assert [grant.key for grant in grants] == ["a"]
    assert asking.asked is not None
    assert allocated(asking.asked, NOW) == grants
