"""The bench of the desk counts as right what is told in words that tell what happened, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from bench._support_troubles import EVENTS
from bench._support_ways import Answer, Chat, Page, Phone
from bench.support import MONEY_WITHIN_S, WRONG_MONEY, is_right, lasting


def answered(told: str, *spoken: str) -> Answer:
    return Answer(text="", situations=frozenset({told}), buttons=frozenset(), leads_on=True, spoken=spoken or ("says",))


def test_the_usual_text_is_right_only_where_the_variant_is_told_by_the_same_words() -> None:
    earth = next(each for each in EVENTS.values() if each.told == "safety earth")
    assert is_right(answered("safety earth"), earth, Page())
    assert not is_right(answered("safety"), earth, Chat()), "on a screen it says more than that"
    assert is_right(answered("safety", "voice"), earth, Phone())
    until = next(each for each in EVENTS.values() if each.told == "held-back until")
    assert is_right(answered("held-back", "voice"), until, Phone())
    assert not is_right(answered("held-back", "voice", "sms"), until, Phone())
    assert not is_right(answered("held-back"), until, Page())


class Minutes:
    """A world in which money that is wrong goes back by itself after so long."""

    def __init__(self, back_after_s: float) -> None:
        self.back_after_s, self.passed_s = back_after_s, 0.0
        self.station_id = None

    async def value(self, _sql: str, _station_id: Any) -> int:
        return 500 if self.passed_s < self.back_after_s else 0

    async def pass_time(self, seconds: float, step_s: float) -> None:
        self.passed_s += seconds


@pytest.mark.parametrize(
    ("back_after_s", "wrong_minor", "passed_s"),
    [(0, 0, 0), (60, 0, 60), (MONEY_WITHIN_S, 0, MONEY_WITHIN_S), (MONEY_WITHIN_S + 1, 500, MONEY_WITHIN_S)],
)
async def test_money_is_counted_as_wrong_once_half_an_hour_has_passed_and_not_before(
    back_after_s: float, wrong_minor: int, passed_s: float
) -> None:
    world: Any = Minutes(back_after_s)
    assert await lasting(world, WRONG_MONEY, world) == wrong_minor
    assert world.passed_s == passed_s
    assert MONEY_WITHIN_S == 30 * 60, "as docs/support.md says"
