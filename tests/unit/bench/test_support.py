"""The bench of the desk counts as right what is told in words that tell what happened, and nothing else."""

from __future__ import annotations

from bench._support_troubles import EVENTS
from bench._support_ways import Answer, Chat, Page, Phone
from bench.support import is_right


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
