"""Recorders on PostgreSQL: what chargers tell becomes sessions, whole windows at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from laddverk.kernel.ids import StationId, new_id
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.ocpp.answers import Authorisation
from laddverk.ocpp.facts import TokenPresented
from laddverk.platform.database import Database
from laddverk.sessions import service as sessions
from laddverk.sessions.superseding import KNOWN_FOR
from tests.integration.sessions.world import (
    CARD,
    RULE,
    World,
    at,
    built,
    ended,
    record,
    row,
    rows,
    sampled,
    started,
    station,
    times,
    updated,
)


async def test_a_session_of_1_6_is_recorded_from_start_to_end(database: Database) -> None:
    world = await built(database)
    (answer,) = await record(database, [started(world, register_wh=1000)])
    assert answer.transaction_number > 0
    assert answer.authorisation.authorisation is Authorisation.ACCEPTED
    number = answer.transaction_number
    await record(
        database, [sampled(world, 3000, None, 20, transaction_number=number, power_w=10_500, soc_percent=40.4)]
    )
    running = await row(database)
    assert (running["energy_wh"], running["power_w"], running["soc_percent"]) == (2000, 10_500, 40)
    await record(database, [ended(world, None, 60, transaction_number=number, register_wh=9000, reason="Local")])
    closed = await row(database)
    assert (closed["energy_wh"], closed["started_at"], closed["ended_at"]) == (8000, at(0), at(60))
    assert (closed["driver_id"], closed["settlement"], closed["doubts"]) == (world.driver_id, "invoice", [])
    assert (closed["power_w"], closed["stop_reason"], closed["tariff"]["currency"]) == (None, "Local", "SEK")


async def test_a_session_of_2_x_is_recorded_in_one_window(database: Database) -> None:
    world = await built(database)
    facts = [
        started(world, charging_state="charging"),
        sampled(world, 500, minutes=0, context="Transaction.Begin"),
        updated(world, minutes=30, charging_state="suspended_ev"),
        sampled(world, 5500, minutes=30),
        sampled(world, 5500, minutes=60, context="Transaction.End"),
        ended(world, reason="EVDisconnected"),
    ]
    await record(database, facts)
    closed = await row(database)
    assert (closed["energy_wh"], closed["charging_ended_at"], closed["doubts"]) == (5000, at(30), [])
    assert closed["charging_state"] is None


async def test_a_repeated_start_gets_the_same_number_and_makes_no_second_session(database: Database) -> None:
    world = await built(database)
    first = started(world, register_wh=1000)
    again = replace(first, received_at=at(3))
    (one,) = await record(database, [first])
    two, three = await record(database, [again, again])
    assert one.transaction_number == two.transaction_number == three.transaction_number
    assert (await row(database))["energy_wh"] == 0


async def test_two_hundred_chargers_in_one_window_cost_no_more_statements_than_one(database: Database) -> None:
    world = await built(database)
    async with database.transaction() as tx:
        many = [
            World(world.site_id, await station(tx, world.site_id, StationId(new_id())), world.driver_id)
            for _ in range(200)
        ]
    counts: list[int] = []
    for worlds in (many[:1], many[1:2], many[2:]):
        async with database.transaction() as tx:
            await sessions.record_starts(tx, [started(each, register_wh=0) for each in worlds])
            statements: list[str] = []
            listen: Any = lambda query, kept=statements: kept.append(query.query)  # noqa: E731
            tx.connection.add_query_logger(listen)
            await sessions.record_updates(tx, [updated(each, charging_state="charging") for each in worlds])
            await sessions.record_samples(tx, [sampled(each, 100) for each in worlds])
            tx.connection.remove_query_logger(listen)
            counts.append(len(statements))
    assert counts[1] == counts[2] <= 6


async def test_readings_of_another_station_cannot_be_told_by_its_number(database: Database) -> None:
    world = await built(database)
    async with database.transaction() as tx:
        other = World(world.site_id, await station(tx, world.site_id, StationId(new_id())), world.driver_id)
    (answer,) = await record(database, [started(world, register_wh=0)])
    number = answer.transaction_number
    await record(database, [sampled(other, 9000, None, 10, transaction_number=number)])
    (told,) = await record(database, [ended(other, None, 20, transaction_number=number, register_wh=9000)])
    assert told.transaction_number == 0
    untouched = await row(database)
    assert (untouched["energy_wh"], untouched["ended_at"]) == (0, None)
    (orphan,) = await rows(database, "SELECT * FROM session_orphan")
    assert (orphan["station_id"], orphan["transaction_ref"]) == (other.station_id, str(number))


async def test_an_end_that_nobody_knows_is_answered_and_kept_once(database: Database) -> None:
    world = await built(database)
    lost = ended(world, None, 5, transaction_number=987_654, register_wh=12_000, token_uid=CARD)
    for _ in range(2):
        (answer,) = await record(database, [lost])
        assert answer.authorisation.authorisation is Authorisation.ACCEPTED
    assert len(await rows(database, "SELECT * FROM session_orphan")) == 1
    assert await rows(database) == []


async def test_an_end_without_a_number_closes_the_only_session_that_fits(database: Database) -> None:
    world = await built(database)
    await record(database, [started(world, register_wh=0)])
    await record(database, [ended(world, None, 30, register_wh=2000, token_uid=CARD)])
    assert (await row(database))["energy_wh"] == 2000


async def test_an_end_without_a_number_is_not_guessed_between_two_sessions(database: Database) -> None:
    world = await built(database)
    await record(database, [started(world, "one", register_wh=0), started(world, "two", evse_number=2, register_wh=0)])
    await record(database, [ended(world, None, 30, register_wh=2000)])
    assert [each["ended_at"] for each in await rows(database)] == [None, None]
    assert len(await rows(database, "SELECT * FROM session_orphan")) == 1


async def test_readings_that_name_no_session_belong_to_what_runs_on_their_evse(database: Database) -> None:
    world = await built(database)
    (answer,) = await record(database, [started(world, register_wh=0)])
    await record(database, [sampled(world, 1500, None, 30, transaction_number=1_000_000)])
    assert (await row(database))["energy_wh"] == 1500
    await record(database, [ended(world, None, 60, transaction_number=answer.transaction_number)])
    closed = await row(database)
    assert (closed["energy_wh"], closed["doubts"]) == (1500, ["estimated_end"])


async def test_a_late_reading_after_the_end_makes_a_new_version_without_a_price(database: Database) -> None:
    world = await built(database)
    await record(database, [started(world, register_wh=0), sampled(world, 3000, minutes=30), ended(world)])
    async with database.transaction() as tx:
        await tx.execute("UPDATE session SET price_minor = 1, priced_at = now()")
    await record(database, [sampled(world, 5000, minutes=55)])
    closed = await row(database)
    assert (closed["energy_wh"], closed["version"], closed["price_minor"]) == (5000, 2, None)


async def test_truth_that_comes_after_the_money_moved_only_raises_a_doubt(database: Database) -> None:
    world = await built(database)
    await record(database, [started(world, register_wh=0), sampled(world, 3000, minutes=30), ended(world)])
    async with database.transaction() as tx:
        await tx.execute(
            "INSERT INTO payment (id, purpose, session_id, provider, state, currency, amount_minor, authorised_minor,"
            " captured_minor, created_at, updated_at)"
            " SELECT $1, 'session', id, 'sandbox', 'captured', 'SEK', 1200, 1200, 1200, now(), now() FROM session",
            new_id(),
        )
    late = sampled(world, 5000, minutes=55)
    await record(database, [late])
    await record(database, [late])
    kept = await row(database)
    assert (kept["energy_wh"], kept["version"]) == (3000, 1)
    assert kept["doubts"] == ["estimated_end", "changed_after_settlement"]


async def test_an_unknown_token_charges_for_review_only(database: Database) -> None:
    world = await built(database)
    (answer,) = await record(database, [started(world, token_uid="FFFF0000", register_wh=0)])
    assert answer.authorisation.authorisation is Authorisation.INVALID
    await record(database, [ended(world, register_wh=500)])
    closed = await row(database)
    assert (closed["settlement"], closed["doubts"]) == ("review", ["no_payer", "not_authorised"])


async def test_without_a_tariff_a_session_waits_for_review(database: Database) -> None:
    world = await built(database, tariff=None)
    await record(database, [started(world, register_wh=0), ended(world, register_wh=500)])
    closed = await row(database)
    assert (closed["settlement"], closed["doubts"], closed["tariff"]) == ("review", ["no_tariff"], None)
    await record(database, [ended(world, register_wh=500)])
    assert (await row(database))["version"] == 1


async def test_a_token_that_is_shown_is_judged_and_kept(database: Database) -> None:
    world = await built(database)
    shown = TokenPresented(station_id=world.station_id, token_uid="04:a1:b2:c3", **times(0))
    stranger = TokenPresented(station_id=world.station_id, token_uid="nobody\x00", **times(1))
    for _ in range(2):
        async with database.transaction() as tx:
            answers = await sessions.record_tokens(tx, [shown, stranger])
    assert [answer.authorisation for answer in answers] == [Authorisation.ACCEPTED, Authorisation.INVALID]
    kept = await rows(database, "SELECT token_uid, status, driver_id FROM authorisation ORDER BY at")
    assert kept == [
        {"token_uid": CARD, "status": "Accepted", "driver_id": world.driver_id},
        {"token_uid": "NOBODY", "status": "Invalid", "driver_id": None},
    ]


async def test_hostile_content_is_kept_within_bounds(database: Database) -> None:
    world = await built(database)
    facts = [
        started(
            world, "k\x00" * 900, token_uid="\x00" * 50, register_wh=2**200, trigger="\x00", remote_start_id=-(2**40)
        ),
        sampled(
            world, 2**70, "k\x00" * 900, 5, power_w=2**40, voltage_l1_v=1e300, rest={"a\x00": "\x00", "b": float("nan")}
        ),
        ended(world, "k\x00" * 900, 9, register_wh=-5, reason="\x00" * 5000, flags=("odd\x00",)),
        ended(world, None, 10, transaction_number=2**63, content_key="x\x00"),
    ]
    await record(database, facts)
    kept = await row(database)
    assert kept["transaction_key"] == "k" * 500
    assert kept["energy_wh"] == 0
    assert len(await rows(database, "SELECT * FROM session_orphan")) == 1


async def test_a_session_that_was_overtaken_is_closed_as_an_estimate_until_its_end_arrives(database: Database) -> None:
    world = await built(database)
    await record(database, [started(world, "one", register_wh=0), sampled(world, 2000, "one", 30)])
    await record(database, [started(world, "two", 90, register_wh=2500)])
    for now, closed in ((at(91), 0), (at(91) + KNOWN_FOR, 1), (at(92) + KNOWN_FOR, 0)):
        async with database.transaction() as tx:
            assert await sessions.close_overtaken(tx, now) == closed
    first = (await rows(database))[0]
    assert (first["ended_at"], first["energy_wh"], first["doubts"]) == (at(90), 2000, ["estimated_end", "no_end"])
    assert first["settlement"] == "review"
    await record(database, [ended(world, "one", 80, register_wh=2500)])
    first = (await rows(database))[0]
    assert (first["ended_at"], first["energy_wh"], first["doubts"], first["version"]) == (at(80), 2500, [], 2)
    assert first["settlement"] == "invoice"


async def test_ten_thousand_old_facts_are_recorded_at_once(database: Database) -> None:
    world = await built(database)
    starts = [started(world, f"old-{n}", minutes=-n * 100, register_wh=n) for n in range(2000)]
    readings = [sampled(world, n + 500, f"old-{n}", minutes=-n * 100 + 30) for n in range(2000)]
    ends = [ended(world, f"old-{n}", minutes=-n * 100 + 60, register_wh=n + 1000) for n in range(2000)]
    now = at(0) + timedelta(days=1)
    await record(database, [replace(fact, received_at=now) for fact in (*starts, *readings, *ends)])
    (sums,) = await rows(
        database,
        "SELECT count(*) AS sessions, sum(energy_wh)::bigint AS wh, count(*) FILTER (WHERE doubts = '{}') AS sure,"
        " count(*) FILTER (WHERE version = 1 AND ended_at IS NOT NULL) AS closed FROM session",
    )
    assert sums == {"sessions": 2000, "wh": 2_000_000, "sure": 2000, "closed": 2000}


async def test_an_orphan_is_resolved_once_and_with_a_reason(database: Database) -> None:
    world = await built(database)
    await record(database, [ended(world, None, 5, transaction_number=987_654)])
    (orphan,) = await rows(database, "SELECT id FROM session_orphan")
    async with database.transaction() as tx:
        with pytest.raises(Invalid):
            await sessions.resolve_orphan(tx, RULE, orphan["id"], at(9), "")
        await sessions.resolve_orphan(tx, RULE, orphan["id"], at(9), "the charger was tested in the workshop")
        with pytest.raises(NotFound):
            await sessions.resolve_orphan(tx, RULE, orphan["id"], at(9), "again")
