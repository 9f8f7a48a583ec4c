"""What stations say of themselves is kept once, newest first, within limits."""

from __future__ import annotations

import random

from msgspec.structs import replace

from laddverk.ocpp import facts
from laddverk.ocpp.answers import Registration
from laddverk.ocpp.facts import Variable
from laddverk.platform.database import Database
from laddverk.stations import service
from laddverk.stations.model import StationDetails
from laddverk.stations.service.quirks import spread
from tests.integration.stations.field import TESTS, at, boot, with_station


def told(station_id: object, seconds: float, **values: str | None) -> facts.VariablesReported:
    return facts.VariablesReported(
        station_id=station_id,
        at=at(seconds),
        received_at=at(seconds),
        variables=tuple(Variable(variable=name, value=value) for name, value in values.items()),
    )


async def test_boots_are_accepted_and_the_newest_counts_whatever_the_order(database: Database) -> None:
    key = await with_station(database)
    boots = [boot(key.station_id, seconds, firmware=f"1.{seconds}") for seconds in (10, 30, 20)]
    async with database.transaction() as tx:
        answers = await service.record_boots(tx, boots[:2])
        answers += await service.record_boots(tx, boots[2:])
        row = (await tx.rows("SELECT vendor, firmware, booted_at, last_seen_at FROM station"))[0]
    assert [answer.registration for answer in answers] == [Registration.ACCEPTED] * 3
    assert tuple(row) == ("Acme", "1.30", at(30), at(30))


async def test_a_station_may_have_its_own_heartbeat_interval(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        site_id = await tx.value("SELECT site_id FROM station")
        details = StationDetails(site_id=site_id, name="x", power_max_w=1, quirks={"heartbeat_interval_s": 60})
        await service.update_station(tx, TESTS, key.station_id, details, at(0))
        assert [answer.interval_s for answer in await service.record_boots(tx, [boot(key.station_id, 1)])] == [
            spread(key.station_id, 60)
        ]


async def test_a_boot_with_over_long_words_is_shown_cut(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        await service.record_boots(tx, [boot(key.station_id, 1, serial="9" * 50_000)])
        assert await tx.value("SELECT length(serial) FROM station") == 100


async def test_variables_keep_the_newest_value_in_any_order_and_repetition(database: Database) -> None:
    for seed in range(4):
        key = await with_station(database, f"CP {seed}", f"S{seed}")
        reports = [
            told(key.station_id, 1, A="1", B="x"),
            told(key.station_id, 3, A="3"),
            told(key.station_id, 3, A="2"),
            told(key.station_id, 2, A="9", B=None),
        ]
        arriving = reports + reports[:2]
        random.Random(seed).shuffle(arriving)
        async with database.transaction() as tx:
            for report in arriving:
                await service.record_variables(tx, [report])
            rows = await tx.rows(
                "SELECT variable, value, reported_at FROM station_variable WHERE station_id = $1 ORDER BY variable",
                key.station_id,
            )
        assert [tuple(row) for row in rows] == [("A", "3", at(3)), ("B", None, at(2))]


async def test_a_secret_that_a_charger_tells_is_not_kept(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        await service.record_variables(tx, [told(key.station_id, 1, authorizationkey="hunter2", BasicAuthPassword="x")])
        assert await tx.values("SELECT value FROM station_variable") == [None, None]


async def test_over_long_names_and_values_are_cut(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        await service.record_variables(tx, [told(key.station_id, 1, **{"é" * 9000: "v" * 60_000})])
        assert await tx.value("SELECT length(value) FROM station_variable") == 10_000


async def test_the_same_report_is_kept_once_and_a_flood_of_it_once_a_minute(database: Database) -> None:
    key = await with_station(database)
    upload = facts.OtherReported(
        station_id=key.station_id,
        at=at(0),
        received_at=at(0),
        action="DiagnosticsStatusNotification",
        payload={"status": "Uploading"},
    )
    flood = [replace(upload, received_at=at(seconds), at=at(seconds)) for seconds in range(0, 100, 2)]
    async with database.transaction() as tx:
        await service.record_others(tx, flood[:10])
        await service.record_others(tx, flood[5:])
        await service.record_others(tx, [replace(flood[3], payload={"status": "Uploaded"})])
        assert await tx.value("SELECT count(*) FROM station_report") == 3


async def test_vendor_messages_are_kept_and_answered(database: Database) -> None:
    key = await with_station(database)
    message = facts.VendorMessage(
        station_id=key.station_id, at=at(0), received_at=at(0), vendor_id="com.acme", data={"a": "<script>"}
    )
    async with database.transaction() as tx:
        answers = await service.record_vendor_messages(tx, [message, message])
        assert await tx.values("SELECT payload->'data'->>'a' FROM station_report") == ["<script>"]
    assert [answer.status for answer in answers] == ["UnknownVendorId"] * 2


async def test_a_huge_report_leaves_only_its_size(database: Database) -> None:
    key = await with_station(database)
    message = facts.VendorMessage(
        station_id=key.station_id, at=at(0), received_at=at(0), vendor_id="v", data="x" * 60_000
    )
    async with database.transaction() as tx:
        await service.record_vendor_messages(tx, [message])
        assert await tx.value("SELECT (payload->>'too_large_bytes')::int > 60000 FROM station_report")


async def test_nothing_given_is_nothing_done(database: Database) -> None:
    async with database.transaction() as tx:
        assert await service.record_boots(tx, []) == []
        assert await service.record_vendor_messages(tx, []) == []
        for recorder in (
            service.record_heartbeats,
            service.record_statuses,
            service.record_variables,
            service.record_others,
        ):
            await recorder(tx, [])


async def test_what_was_tolerated_is_counted_by_kind_and_place(database: Database) -> None:
    key = await with_station(database)
    bent = [
        facts.MessageBent(
            station_id=key.station_id, at=at(second), received_at=at(second), action="MeterValues", flags=(flag,)
        )
        for second, flag in (
            (5, "meterValue[0].x: '5' instead of a number"),
            (9, "meterValue[3].x: '7' instead of a number"),
        )
    ]
    async with database.transaction() as tx:
        await service.record_bent(tx, bent)
        await service.record_bent(tx, bent[:1])
        rows = await tx.rows("SELECT kind, place, count, first_at, last_at, example FROM station_quirk")
    assert [tuple(row) for row in rows] == [
        ("number_as_text", "MeterValues.meterValue[].x", 3, at(9), at(9), "meterValue[0].x: '5' instead of a number")
    ]


async def test_names_without_end_do_not_fill_the_table(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        for number in range(30):
            flags = tuple(f"payload: unknown property 'p{number}-{each}'" for each in range(20))
            bent = facts.MessageBent(
                station_id=key.station_id, at=at(1), received_at=at(1), action="Heartbeat", flags=flags
            )
            await service.record_bent(tx, [bent])
        assert await tx.value("SELECT count(*) FROM station_quirk") == 200
