"""A message is made to fit the display that a charger says it has."""

from __future__ import annotations

import pytest

from laddverk.displays.capabilities import Display, display_of, fitted, plain
from laddverk.displays.model import MESSAGES_MAX, Wanted
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.ocpp.facts import DisplayText

BOTH = (DisplayText("Stängt för service", "sv"), DisplayText("Closed", "en"))


def test_a_charger_that_says_nothing_is_taken_to_follow_the_standard():
    found = display_of({}, messages_limit=None, is_21=False)
    assert found == Display()
    assert "Suspended" in display_of({}, messages_limit=None, is_21=True).states


def test_what_it_says_counts():
    found = display_of(
        {"supportedformats": "ASCII, HTML", "supportedpriorities": "NormalCycle", "language": "en-GB",
         "supportedstates": "Idle,Charging"},
        messages_limit=8.0, is_21=False,
    )  # fmt: skip
    assert (found.formats, found.priorities) == (frozenset({"ASCII"}), frozenset({"NormalCycle"}))
    assert (found.states, found.messages_max, found.language) == (frozenset({"Idle", "Charging"}), 8, "en")


def test_a_charger_that_names_nothing_we_know_and_one_that_holds_thousands_are_taken_sensibly():
    found = display_of({"supportedformats": "BRAILLE"}, messages_limit=99_999.0, is_21=False)
    assert (found.formats, found.messages_max) == (frozenset({"UTF8", "ASCII"}), MESSAGES_MAX)


def test_one_language_goes_to_a_charger_that_shows_one():
    assert fitted(Wanted(texts=BOTH), Display(language="en"), is_21=False).texts[0].text == "Closed"
    assert fitted(Wanted(texts=BOTH), Display(language="de"), is_21=False).texts[0].language == "sv"
    assert len(fitted(Wanted(texts=BOTH), Display(), is_21=True).texts) == 2


def test_swedish_letters_become_plain_ones_where_only_ascii_is_shown():
    (text,) = fitted(Wanted(texts=BOTH), Display(formats=frozenset({"ASCII"})), is_21=False).texts
    assert (text.format, text.text) == ("ASCII", "Stangt for service")
    assert plain("Åäö – 10 € 充") == "Aao - 10 EUR ?"


def test_what_the_display_cannot_do_is_refused_before_it_is_sent():
    with pytest.raises(Conflict):
        fitted(Wanted(texts=BOTH), display_of({"available": "false"}, messages_limit=None, is_21=False), is_21=False)
    with pytest.raises(Invalid) as refused:
        fitted(Wanted(texts=BOTH, priority="AlwaysFront"), Display(priorities=frozenset({"InFront"})), is_21=False)
    assert refused.value.field == "priority"
    with pytest.raises(Invalid) as refused:
        fitted(Wanted(texts=BOTH, state="Suspended"), Display(), is_21=False)
    assert refused.value.field == "state"
