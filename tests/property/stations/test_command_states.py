"""A command has exactly one final outcome, whatever happens to it and in which order (law 7)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from laddverk.stations.model import CommandState
from laddverk.stations.rules import FINAL, may_follow

states = st.sampled_from(CommandState)


@given(st.lists(states, max_size=12))
def test_whatever_is_tried_there_is_at_most_one_final_state(tried: list[CommandState]) -> None:
    now, finals = CommandState.QUEUED, 0
    for wish in tried:
        if may_follow(now, wish):
            now = wish
            finals += wish in FINAL
    assert finals <= 1


@given(states)
def test_every_open_state_has_a_way_to_an_end(state: CommandState) -> None:
    ways = {after for after in CommandState if may_follow(state, after)}
    assert bool(ways & FINAL) == (state not in FINAL)


@given(states, states)
def test_there_is_no_way_back(before: CommandState, after: CommandState) -> None:
    assert not (may_follow(before, after) and may_follow(after, before))


@given(states)
def test_only_what_was_never_sent_expires(state: CommandState) -> None:
    assert may_follow(state, CommandState.EXPIRED) == (state is CommandState.QUEUED)
