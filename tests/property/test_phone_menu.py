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
