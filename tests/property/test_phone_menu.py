"""Whatever a caller presses, the menu ends with a deed, a person, or a promise; and offers nothing that it may not."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.support.phone import lines, menu
from laddverk.support.phone.model import Deed, Menu, Place, Seen, Then

KEYS = st.one_of(st.sampled_from(["", *"0123456789", "#", "*", "0142#", "4265*0142#", "١", "x" * 40]))
SEEN = st.builds(
    Seen,
    operator=st.just("Net"),
    is_open=st.booleans(),
    can_text=st.booleans(),
    has_number=st.booleans(),
    may_record=st.booleans(),
    code=st.sampled_from(["", "GBG-014-2"]),
    situation=st.sampled_from(["", "offline", "safety"]),
    is_danger=st.booleans(),
    voice=st.just("It is broken."),
    buttons=st.sampled_from([(), ("unlock",), ("wait_more", "swap", "stop")]),
    is_own=st.booleans(),
    can_prove=st.booleans(),
    places=st.sampled_from([(), (("A-1", "Here"),), (("A-1", "Here"), ("B-1", "There"))]),
    position=st.integers(0, 9),
)
ENDS = (Place.GOODBYE, Place.QUEUE, Place.MESSAGE)
STEPS_MAX = menu.TURNS_MAX + 6


@given(st.lists(st.tuples(KEYS, SEEN), min_size=1, max_size=12), SEEN)
@settings(max_examples=150, deadline=None)
def test_every_way_through_the_menu_ends_and_says_how_to_go_on(pressed: list[tuple[str, Seen]], first: Seen) -> None:
    at = menu.begun(first)
    pressed = (pressed * STEPS_MAX)[:STEPS_MAX]
    for keys, seen in pressed:
        act = lines.act_of(at, seen, "en")
        assert act.text
        if act.then is Then.GATHER and at.place is not Place.QUEUE:
            assert "press" in act.text or "hash" in act.text, "a question says how to answer it"
        if at.place in ENDS:
            break
        at, deed, which = menu.heard(at, keys, seen)
        if deed is Deed.PRESS:
            assert not seen.is_danger
            assert seen.buttons[which]
        at = menu.went(at, deed, seen)
    assert at.place in ENDS, "nobody goes in circles for ever"


@given(st.sampled_from(list(Place)), SEEN, st.sampled_from(["failed", "busy", "#", "*", "x" * 40, "١"]))
@settings(max_examples=200, deadline=None)
def test_what_no_key_says_is_heard_as_a_silence(place: Place, seen: Seen, said: str) -> None:
    """Carriers have words of their own for a silence."""
    at = Menu(place=place)
    assert menu.heard(at, said, seen) == menu.heard(at, "", seen)


def test_the_number_of_a_charge_may_be_tried_three_times_in_a_call_whatever_lies_between() -> None:
    """Three wrong ones in a row, or with silences and another outlet between them; then a person, and no fourth."""
    seen = Seen(operator="Net", situation="offline", code="A-1", voice="It is broken.", can_prove=True)
    for between in ((), ("",)):
        at = Menu(place=Place.SITUATION)
        at, _deed, _which = menu.heard(at, menu.OWN_CHARGE, seen)
        for number in range(1, menu.TRIES_MAX + 1):
            for keys in between:
                at, _deed, _which = menu.heard(at, keys, seen)
            assert at.place is Place.PROVE, f"try {number}"
            at, deed, _which = menu.heard(at, "000000", seen)
            assert deed is Deed.PROVE
            at = menu.went(at, deed, seen)
        assert at.place is Place.CLOSED, "nobody of ours is there"
    again = Menu(place=Place.SITUATION, tries=menu.TRIES_MAX)
    assert menu.heard(again, menu.OWN_CHARGE, seen).menu.place is Place.SITUATION
    assert lines.OWN_CHARGE not in lines.said(again, seen, "en")


def test_where_no_more_tries_are_given_a_wrong_number_leads_to_a_person() -> None:
    """An outlet has so many in all calls: nobody is asked to look again for a number that is not looked at."""
    at = Menu(place=Place.PROVE, tries=1)
    gone = Seen(operator="Net", situation="offline", code="A-1", voice="It is broken.", is_open=True)
    assert menu.went(at, Deed.PROVE, gone).place is Place.QUEUE


@given(SEEN, st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_who_says_nothing_at_all_is_not_left_alone(seen: Seen, misses: int) -> None:
    at = Menu(place=Place.CODE, misses=misses)
    deeds = []
    for _silence in range(8):
        at, deed, _which = menu.heard(at, "", seen)
        deeds.append(deed)
        at = menu.went(at, deed, seen)
    assert at.place in ENDS
    if at.place is Place.GOODBYE and seen.has_number:
        assert Deed.CALL_BACK in deeds
