"""What vendors' chargers say beside the standard is answered as a hook or a rule says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from laddverk.kernel.problems import Invalid, NotFound
from laddverk.ocpp import facts
from laddverk.ocpp.answers import VendorAnswer
from laddverk.platform.database import Database
from laddverk.stations import service, vendor_queries
from laddverk.stations.model import VendorRule
from tests.integration.stations.field import NOW, TESTS, with_station


def message(station_id, vendor_id: str, message_id: str | None = None, data: object = None) -> facts.VendorMessage:
    return facts.VendorMessage(
        station_id=station_id, at=NOW, received_at=NOW, vendor_id=vendor_id, message_id=message_id, data=data
    )


async def test_the_rule_of_one_message_goes_before_that_of_the_whole_vendor(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        await service.set_vendor_rule(tx, TESTS, VendorRule(vendor_id="com.Acme", status="Rejected"), NOW)
        await service.set_vendor_rule(
            tx, TESTS, VendorRule(vendor_id="com.Acme", message_id="price", data={"kWh": "3.20"}), NOW
        )
        answers = await service.record_vendor_messages(
            tx, [message(key.station_id, "COM.acme", "price"), message(key.station_id, "com.acme", "other")]
        )
    assert answers == [VendorAnswer("Accepted", {"kWh": "3.20"}), VendorAnswer("Rejected")]


async def test_a_hook_goes_before_a_rule_and_hears_its_own_vendor_alone(database: Database) -> None:
    key = await with_station(database)
    heard: list[object] = []

    async def hook(tx, messages):
        heard.extend(one.data for one in messages)
        return [VendorAnswer("Accepted", f"heard {one.data}") for one in messages]

    async with database.transaction() as tx:
        await service.set_vendor_rule(tx, TESTS, VendorRule(vendor_id="org.hooked", status="Rejected"), NOW)
        answers = await service.record_vendor_messages(
            tx,
            [
                message(key.station_id, "else", data=1),
                message(key.station_id, "Org.Hooked", data=2),
                message(key.station_id, "org.hooked", data=3),
            ],
            hooks={"org.hooked": hook},
        )
    assert heard == [2, 3]
    assert [answer.data for answer in answers] == [None, "heard 2", "heard 3"]


async def test_a_rule_that_is_deleted_answers_no_more(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        await service.set_vendor_rule(tx, TESTS, VendorRule(vendor_id="v"), NOW)
        await service.delete_vendor_rule(tx, TESTS, "v", "", NOW, reason="a test")
        assert await service.record_vendor_messages(tx, [message(key.station_id, "v")]) == [VendorAnswer()]
        assert await tx.values("SELECT action FROM audit_log WHERE object_kind = 'vendor_rule' ORDER BY id") == [
            "vendor_rule.set",
            "vendor_rule.deleted",
        ]
        with pytest.raises(NotFound):
            await service.delete_vendor_rule(tx, TESTS, "v", "", NOW)


@pytest.mark.parametrize(
    ("field", "rule"),
    [
        ("vendor_id", VendorRule(vendor_id=" ")),
        ("vendor_id", VendorRule(vendor_id="x" * 256)),
        ("vendor_id", VendorRule(vendor_id="a\x00b")),
        ("message_id", VendorRule(vendor_id="v", message_id="m" * 51)),
        ("status", VendorRule(vendor_id="v", status="Maybe")),
        ("data", VendorRule(vendor_id="v", data="x" * 6_000)),
    ],
)
async def test_a_rule_that_cannot_be_is_refused_by_field(database: Database, field: str, rule: VendorRule) -> None:
    async with database.transaction() as tx:
        with pytest.raises(Invalid) as refused:
            await service.set_vendor_rule(tx, TESTS, rule, NOW)
    assert refused.value.field == field


async def test_what_came_stands_beside_its_rule(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        await service.record_vendor_messages(tx, [message(key.station_id, "v", "m", {"n": n}) for n in range(3)])
        await service.set_vendor_rule(tx, TESTS, VendorRule(vendor_id="v", message_id="m", note="why"), NOW)
        await service.set_vendor_rule(tx, TESTS, VendorRule(vendor_id="w"), NOW)
        rows = await vendor_queries.vendor_messages(tx, NOW - timedelta(days=1), "")
        assert [(row.vendor_id, row.message_id, row.count, row.stations, row.status) for row in rows] == [
            ("v", "m", 3, 1, "Accepted"),
            ("w", "", 0, 0, "Accepted"),
        ]
        assert await vendor_queries.vendor_messages(tx, NOW - timedelta(days=1), "no such") == []
