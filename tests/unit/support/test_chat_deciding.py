"""What the machine says next in a chat."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.support.chat import deciding, rules, saying
from laddverk.support.chat.deciding import Step, What
from laddverk.support.chat.model import Asks, Chat, ChatId, ChatState, Line, Speaker, Trouble
from laddverk.support.chat.words import label_of
from laddverk.support.model import Verified
from laddverk.support.situations import wording
from laddverk.support.situations.book import catalogue
from laddverk.support.situations.model import DriverButton, Match, Told

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
ID = UUID(int=1)


def chat(**known: Any) -> Chat:
    return Chat(id=ChatId(ID), opened_at=NOW, changed_at=NOW, language="sv", seen_at=NOW, read_at=NOW, **known)


AT_OUTLET = {"station_id": ID, "evse_number": 1}


@pytest.mark.parametrize(
    ("words", "known", "what", "complaint"),
    [
        ("Kabeln sitter fast!", AT_OUTLET, What.TELL, Trouble.CABLE),
        ("kabeln sitter fast", {}, What.ASK_OUTLET, Trouble.CABLE),
        ("it won't start", AT_OUTLET, What.TELL, Trouble.NO_START),
        ("Varför går det så långsamt?", AT_OUTLET, What.TELL, Trouble.SLOW),
        ("I want a refund", {}, What.ASK_CHARGE, Trouble.MONEY),
        ("Behöver kvitto", {"session_id": ID}, What.TELL, Trouble.RECEIPT),
        ("GBG-014-2", {}, What.FIND_OUTLET, ""),
        ("jag står vid gbg-014-2 och den startar inte", AT_OUTLET, What.FIND_OUTLET, ""),
        ("Hamngatan", {"asks": Asks.OUTLET}, What.FIND_OUTLET, ""),
        ("kabel-tv", AT_OUTLET, What.TELL, Trouble.CABLE),
        ("får jag prata med en människa", AT_OUTLET, What.ASK_REACH, ""),
        ("talk to a human", {"contact_phone": "+46701234567"}, What.HAND_OVER, ""),
        ("Det ryker om laddaren", AT_OUTLET, What.DANGER, ""),
        ("Vad tycker ni om vädret?", AT_OUTLET, What.SUGGEST, ""),
        ("startar inte", {**AT_OUTLET, "asks": Asks.WORDS}, What.SUGGEST, ""),
    ],
)
def test_own_words_lead_to_what_they_most_likely_mean(
    words: str, known: dict[str, Any], what: What, complaint: str
) -> None:
    step = deciding.on_words(chat(**known), words)
    assert (step.what, step.complaint) == (what, complaint)


def test_who_wants_a_person_is_asked_for_an_address_before_they_wait_and_never_twice() -> None:
    assert deciding.on_tap(chat(), "person").what is What.ASK_REACH
    assert deciding.on_tap(chat(driver_id=ID), "person").what is What.HAND_OVER
    assert deciding.on_tap(chat(asks=Asks.REACH), "stay").what is What.HAND_OVER
    assert deciding.on_tap(chat(state=ChatState.WITH_US, case_id=ID), "person").what is What.NOTHING


@given(st.text(max_size=200))
def test_any_words_lead_somewhere(words: str) -> None:
    for known in ({}, AT_OUTLET):
        step = deciding.on_words(chat(**known), words)
        assert step.what is not What.NOTHING
        assert len(step.codes) <= deciding.CODES_MAX


@pytest.mark.parametrize("situation", catalogue(), ids=lambda each: each.key)
def test_every_situation_leads_on_and_offers_deeds_only_to_whose_charge_it_is(situation: Any) -> None:
    told = Told(situation=situation, match=Match())
    texts = wording.spoken(told, "sv")
    strangers = saying.situation(chat(**AT_OUTLET), told, texts, NOW)
    own = saying.situation(chat(**AT_OUTLET, proof=Verified.CHARGE, complaint="no_start"), told, texts, NOW)
    assert not [key for key in strangers.offers if key.startswith(deciding.DO)]
    assert {key for key in own.offers if key.startswith(deciding.DO)} <= {f"do:{each}" for each in situation.driver}
    for line in (strangers, own):
        assert deciding.PERSON in line.offers, "nobody is left without a person"
        assert len(line.offers) == len(set(line.offers))
        for key in line.offers:
            if not key.startswith(saying.GO):
                assert label_of(key), key
                assert deciding.on_tap(chat(**AT_OUTLET), key) != Step(what=What.NOTHING)


def test_every_trouble_has_a_name_and_every_button_a_way() -> None:
    assert all(label_of(each) for each in Trouble)
    assert {DriverButton.WRITE} == {
        each for each in DriverButton if each not in saying.LINKS and not label_of(f"do:{each}")
    }, "writing is talking to a person"


def test_the_longest_of_ones_own_words_opens_the_case_and_taps_are_none() -> None:
    said = [
        Line(chat_id=ID, at=NOW, who=Speaker.MACHINE, body="a long text of the machine"),
        Line(chat_id=ID, at=NOW, who=Speaker.DRIVER, params={"key": "say:other"}),
        Line(chat_id=ID, at=NOW, who=Speaker.DRIVER, body="hej"),
        Line(chat_id=ID, at=NOW, who=Speaker.DRIVER, body="det blinkar rött"),
    ]
    found = rules.own_words(said)
    assert found is not None
    assert found.body == "det blinkar rött"
    assert rules.own_words(said[:2]) is None
