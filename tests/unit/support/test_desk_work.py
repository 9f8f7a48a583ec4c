"""Teams, rules at opening, tags, putting aside, canned answers and the figures of reports: decided purely."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.kernel.problems import Invalid
from laddverk.support.inbox import snoozing, tags
from laddverk.support.listing import HIT_BEGINS, HIT_ENDS, hits_in
from laddverk.support.macros import filling
from laddverk.support.macros.model import EXAMPLE, VARIABLES, Deeds, Macro
from laddverk.support.model import Case, CaseId, Channel, Priority
from laddverk.support.opening import rules as opening
from laddverk.support.opening.model import Does, LooksAt, Rule
from laddverk.support.promising.hours import ALWAYS
from laddverk.support.reporting import figures
from laddverk.support.reporting.model import CaseTimes
from laddverk.support.teams import rules as teams
from laddverk.support.teams.model import Team

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)  # a Friday
HOME = ZoneInfo("Europe/Stockholm")
SITE = uuid4()
CASE = Case(
    id=CaseId(uuid4()), subject="Kvitto saknas", kind="invoice", channel=Channel.EMAIL, site_id=SITE, created_at=NOW,
    created_by="driver", changed_at=NOW,
)  # fmt: skip
ADA, BO, EVA = uuid4(), uuid4(), uuid4()


def test_a_case_comes_to_the_team_that_names_most_of_it() -> None:
    money = Team(id=uuid4(), name="Money", kinds=("invoice",))
    place = Team(id=uuid4(), name="Place", site_ids=(SITE,))
    both = Team(id=uuid4(), name="Both", kinds=("invoice",), site_ids=(SITE,))
    nobody = Team(id=uuid4(), name="Nobody's")
    other = Team(id=uuid4(), name="Other", kinds=("cable",), site_ids=(SITE,))
    assert teams.of_case([money, place, nobody, other], CASE) == place
    assert teams.of_case([money, both, place], CASE) == both
    assert teams.of_case([nobody, other], CASE) is None


def test_turns_go_round_those_who_are_there() -> None:
    team = Team(id=uuid4(), name="T", members=(ADA, BO, EVA), takes_turns=True)
    assert teams.next_turn(team, {ADA, BO, EVA}) == ADA
    assert teams.next_turn(replace(team, last_given_id=ADA), {ADA, BO, EVA}) == BO
    assert teams.next_turn(replace(team, last_given_id=ADA), {ADA, EVA}) == EVA
    assert teams.next_turn(replace(team, last_given_id=EVA), {ADA, BO}) == ADA
    assert teams.next_turn(replace(team, last_given_id=uuid4()), {BO}) == BO
    assert teams.next_turn(team, set()) is None
    assert teams.next_turn(replace(team, takes_turns=False), {ADA}) is None


def test_the_first_rule_that_speaks_decides_and_tags_add_up() -> None:
    low, more = Does(priority=4, tags=("b",)), Does(priority=1, team_id=ADA, tags=("a",))
    first = Rule(id=uuid4(), name="a", position=1, looks_at=LooksAt(words=("kvitto",)), does=low)
    second = Rule(id=uuid4(), name="b", position=2, looks_at=LooksAt(kinds=("invoice",)), does=more)
    third = Rule(id=uuid4(), name="c", position=0, looks_at=LooksAt(channels=("phone",)), does=Does(priority=2))
    found, followed = opening.applied(CASE, [second, first, third], "")
    assert (found.priority, found.team_id, found.tags) == (Priority.LOW, ADA, ("a", "b"))
    assert [rule.name for rule in followed] == ["a", "b"]
    danger, _ = opening.applied(replace(CASE, priority=Priority.URGENT), [first], "")
    assert danger.priority is Priority.URGENT, "no rule makes danger wait"
    with pytest.raises(Invalid):
        opening.checked(replace(first, does=Does()), ())
    with pytest.raises(Invalid):
        opening.checked(replace(first, looks_at=LooksAt(situations=("nonsense",))), {"offline"})


def test_tags_are_short_words_once_each() -> None:
    assert tags.typed(" Kabel, kabel,Två ord ,") == ("kabel", "två ord")
    for wrong in ("<script>", "x" * 31, ",".join(f"t{n}" for n in range(21))):
        with pytest.raises(Invalid):
            tags.typed(wrong)


def test_a_case_comes_back_in_the_morning() -> None:
    assert snoozing.until("tomorrow", None, NOW, HOME) == datetime(2026, 11, 21, 7, tzinfo=UTC)
    assert snoozing.until("monday", None, NOW, HOME) == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert snoozing.until("", date(2026, 6, 1) + timedelta(days=365), NOW, HOME) == datetime(2027, 6, 1, 6, tzinfo=UTC)
    monday = datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert snoozing.until("monday", None, monday, HOME) == datetime(2026, 11, 30, 7, tzinfo=UTC)
    for day in (None, NOW.date(), date(2028, 1, 1)):
        with pytest.raises(Invalid):
            snoozing.until("", day, NOW, HOME)


def test_an_unknown_place_is_refused_with_its_field_and_name() -> None:
    macro = Macro(id=uuid4(), name="x", texts={"sv": "Hej {driver}", "en": "Hello {drvier}"})
    with pytest.raises(Invalid) as caught:
        filling.checked(macro)
    assert caught.value.field == "text_en"
    assert "drvier" in str(caught.value)
    for text in ("a { b", "} x", "{a\nb}"):
        with pytest.raises(Invalid):
            filling.checked_places(text, "text_sv")
    for wrong in (Deeds(outcome="nonsense"), Deeds(button="refund"), Deeds(snooze="later", outcome="solved")):
        with pytest.raises(Invalid):
            filling.checked(replace(macro, texts={"sv": "x"}, deeds=wrong))
    with pytest.raises(Invalid):
        filling.checked(replace(macro, texts={}))


def test_places_are_filled_in_and_what_is_missing_is_said() -> None:
    filled = filling.filled("Hej {driver}! {energy} för {cost}.", {"driver": "", "energy": "3 kWh"})
    assert filled == filling.Filled("Hej! 3 kWh för {cost}.", ("cost",))
    assert filling.filled("{driver}", {"driver": "{cost}"}).text == "{cost}", "a value is no text of ours"
    everything = " ".join(f"{{{name}}}" for name in VARIABLES)
    assert filling.filled(everything, EXAMPLE).missing == ()


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60), st.dictionaries(st.sampled_from(list(VARIABLES)), st.text(max_size=10)))
def test_whatever_may_be_kept_can_be_filled_in(text: str, values: dict[str, str]) -> None:
    try:
        filling.checked_places(text, "text_sv")
    except Invalid:
        return
    filling.filled(text, values)


def test_where_words_stand_is_told_in_pieces() -> None:
    assert hits_in(f"the {HIT_BEGINS}cable{HIT_ENDS} is <b>") == [("the ", False), ("cable", True), (" is <b>", False)]
    assert hits_in("") == []


def times(minutes: int | None, *, due: int | None = None, closed: int | None = None) -> CaseTimes:
    return CaseTimes(
        created_at=NOW, answered_at=None if minutes is None else NOW + timedelta(minutes=minutes),
        closed_at=None if closed is None else NOW + timedelta(minutes=closed),
        answer_due_at=None if due is None else NOW + timedelta(minutes=due), solve_due_at=None, paused_at=None,
        paused_s=60 if closed else 0, promise_id=None, is_drivers=True,
    )  # fmt: skip


def test_figures_of_a_few_cases_by_hand() -> None:
    later = NOW + timedelta(minutes=45)
    found = figures.times_of(
        [times(10, due=20, closed=40), times(30, due=20), times(None, due=20), times(None, due=60)], {}, ALWAYS, later
    )
    assert (found.opened, found.closed) == (4, 1)
    assert (found.answer_median_s, found.answer_p90_s) == (600, 1800)
    assert (found.answers_kept, found.answers_promised) == (1, 3), "what is not due yet is neither kept nor broken"
    assert (found.solve_median_s, found.solve_work_s) == (2400, 2340)
    empty = figures.times_of([], {}, ALWAYS, later)
    assert (empty.answer_median_s, figures.ratio(0, 0)) == (None, None)
