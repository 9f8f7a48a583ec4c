"""Whatever the facts say, in whatever order: the timeline has no gaps, and no policy makes more of it than there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from laddverk.diagnostics.uptime.counting import by_state, count
from laddverk.diagnostics.uptime.model import NOTHING, Exempt, Facts, Reason, Said, Span
from laddverk.diagnostics.uptime.policies import REASONS, ours
from laddverk.diagnostics.uptime.timeline import timeline
from laddverk.ocpp.facts import Status

START = datetime(2026, 3, 28, tzinfo=UTC)
END = START + timedelta(days=3)

instants = st.integers(-1_440, 5_760).map(lambda minute: START + timedelta(minutes=minute))
spans = st.builds(Span, instants, st.none() | instants)
many = st.lists(spans, max_size=5).map(tuple)
said = st.lists(
    st.builds(Said, connector_number=st.integers(0, 2), span=spans, status=st.sampled_from(Status)), max_size=12
).map(tuple)
facts = st.builds(
    Facts, in_service=spans, said=said, station_said=said, linked=many, ordered=many, silent=many, planned=many,
    closed=many, proven=many,
    degraded=st.lists(st.builds(Reason, spans, st.sampled_from(["power", "payment"])), max_size=4).map(tuple),
)  # fmt: skip
exempt = st.lists(st.builds(Exempt, spans, st.sampled_from(REASONS)), max_size=4)


@settings(max_examples=60)
@given(facts, instants, exempt)
def test_the_timeline_has_no_gap_and_policies_count_no_minute_twice(
    known: Facts, now: datetime, excused: list[Exempt]
) -> None:
    found = timeline(known, START, END, now)
    assert all(one.start < one.end for one in found)
    assert all(one.end == other.start for one, other in pairwise(found))
    whole = sum((one.lasted for one in found), NOTHING)
    assert sum(by_state(found, START, END).values(), NOTHING) == whole
    for policy in ours():
        made = count(policy, found, excused, START, END)
        assert NOTHING <= made.excluded <= made.outage <= made.eligible <= whole
        assert made.uptime is None or 0 <= (made.raw or 0) <= made.uptime <= 1


@settings(max_examples=40)
@given(facts, st.randoms())
def test_the_order_in_which_facts_came_changes_nothing(known: Facts, random: object) -> None:
    def shuffled(some: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(random.sample(some, len(some)))  # type: ignore[attr-defined]  # what Hypothesis gives

    other = structs.replace(known, linked=shuffled(known.linked), silent=shuffled(known.silent))
    assert timeline(other, START, END, END) == timeline(known, START, END, END)
