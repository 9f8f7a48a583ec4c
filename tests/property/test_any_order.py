"""Law 2 on the real database: any order, repetition and grouping of a session's messages gives the same session."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.kernel.ids import StationId, new_id
from laddverk.ocpp.facts import EnergySampled, Fact, SessionFact
from laddverk.platform.database import Database
from tests.integration.sessions.world import CARD, World, built, ended, record, rows, sampled, started, station, updated

EXAMPLES = 60  # each is two sessions on PostgreSQL, about 60 ms
OF_THE_ROW = """
SELECT evse_number, connector_number, transaction_key, token_uid, token_id, driver_id, settlement, started_at, ended_at,
       charging_ended_at, said_start_at, said_end_at, register_start_wh, register_end_wh, energy_wh, power_w,
       soc_percent, charging_state, stop_reason, stop_token_uid, doubts, tariff_version_id, tariff, timezone
FROM session WHERE station_id = $1
"""
NOBODY = World(None, StationId(new_id()), None)  # type: ignore[arg-type]

registers = st.lists(
    st.one_of(st.integers(0, 12_000), st.none()), min_size=0, max_size=6
)  # in any order: resets and falls are among them


@st.composite
def told_in_1_6(draw: st.DrawFn) -> list[Fact]:
    """A start, readings that name the session or only its connector, and one or two ends."""
    facts: list[Fact] = [started(NOBODY, register_wh=draw(st.integers(0, 5_000_000)))]
    for number, register_wh in enumerate(draw(registers)):
        key = draw(st.sampled_from(["tx-1", None]))
        context = draw(st.sampled_from(["Sample.Periodic", "Sample.Clock"]))
        facts.append(
            sampled(NOBODY, register_wh, key, 5 * number, context=context, power_w=draw(st.integers(0, 11_000)))
        )
    facts.append(ended(NOBODY, minutes=draw(st.sampled_from([20, 60])), register_wh=draw(st.integers(0, 5_020_000))))
    if draw(st.booleans()):
        facts.append(ended(NOBODY, minutes=40, register_wh=9000, content_key="again", reason="PowerLoss"))
    return facts


@st.composite
def told_in_2_x(draw: st.DrawFn) -> list[Fact]:
    """Updates that may carry the token, a start that may be missing, offline flags, numbers that begin again."""
    facts: list[Fact] = []
    late_token = draw(st.booleans())
    if draw(st.sampled_from([True, True, True, False])):
        token = None if late_token else CARD
        facts.append(started(NOBODY, token_uid=token, charging_state="ev_connected", offline=draw(st.booleans())))
    for number, register_wh in enumerate(draw(registers)):
        state = draw(st.sampled_from([None, "charging", "suspended_ev", "suspended_evse"]))
        token = CARD if late_token and number == 1 else None
        minutes = 5 * number + 1
        evse: dict[str, Any] = draw(st.sampled_from([{}, {"evse_number": None}]))
        facts.append(
            updated(NOBODY, minutes=minutes, charging_state=state, token_uid=token, content_key=str(number % 3), **evse)
        )
        facts.append(sampled(NOBODY, register_wh, "tx-1", minutes, soc_percent=draw(st.integers(0, 100)), **evse))
    if draw(st.sampled_from([True, True, True, False])):
        facts.append(
            ended(NOBODY, minutes=60, offline=draw(st.booleans()), token_uid=draw(st.sampled_from([None, CARD])))
        )
    if not any(isinstance(fact, SessionFact) and not isinstance(fact, EnergySampled) for fact in facts):
        facts.append(updated(NOBODY))
    return facts


@st.composite
def windows(draw: st.DrawFn, facts: list[Fact]) -> list[list[Fact]]:
    """The facts in any order, some twice (the copy received later), parted into windows."""
    copies = draw(st.lists(st.sampled_from(facts), max_size=4))
    order = draw(
        st.permutations(
            [*facts, *(replace(fact, received_at=fact.received_at + timedelta(hours=3)) for fact in copies)]
        )
    )
    cuts = sorted(draw(st.sets(st.integers(1, max(len(order) - 1, 1)), max_size=len(order))))
    return [list(order[start:end]) for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(told=st.one_of(told_in_1_6(), told_in_2_x()), data=st.data())
async def test_any_order_and_repetition_gives_the_same_session(
    database: Database, told: list[Fact], data: st.DataObject
) -> None:
    world = await _world(database)
    in_order = await _station(database, world)
    shuffled = await _station(database, world)
    for fact in told:
        await record(database, [replace(fact, station_id=in_order)])
    for window in data.draw(windows(told)):
        await record(database, [replace(fact, station_id=shuffled) for fact in window])
    assert await rows(database, OF_THE_ROW, shuffled) == await rows(database, OF_THE_ROW, in_order)


async def _world(database: Database) -> World:
    found = await rows(database, "SELECT id FROM site")
    if not found:
        return await built(database)
    return World(found[0]["id"], NOBODY.station_id, NOBODY.driver_id)


async def _station(database: Database, world: World) -> StationId:
    async with database.transaction() as tx:
        return await station(tx, world.site_id, StationId(new_id()))
