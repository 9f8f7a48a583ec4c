"""Things go wrong as often as they are told to, and what breaks is mended."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from laddverk.ocpp.facts import Status
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link
from laddverk.simulator.faults import FAULTS, Misfortune
from laddverk.simulator.model import Hardware, VendorData

AT = datetime(2026, 3, 2, 6, tzinfo=UTC)


def a_link():
    link = Link(Charger(Hardware("CP1")), "ws://nowhere", "")
    link.charger.connected(AT)
    return link


async def test_every_fault_strikes_about_as_often_as_it_says():
    misfortune = Misfortune(Random(3))
    link = a_link()
    days = 2000
    struck = [misfortune.pass_by(link, 86_400 / 4, AT) for _ in range(days * 4)]
    for fault in FAULTS:
        assert struck.count(fault.name) == pytest.approx(fault.per_day * days, rel=0.35)


async def test_without_intensity_nothing_happens():
    misfortune = Misfortune(Random(3), intensity=0.0)
    assert {misfortune.pass_by(a_link(), 86_400, AT) for _ in range(200)} == {None}


async def test_a_broken_part_is_reported_with_the_vendors_code_and_mended_later():
    misfortune, link = Misfortune(Random(3), intensity=5.0), a_link()
    at = AT
    while misfortune.pass_by(link, 3600, at) != "broken part":
        at += timedelta(hours=1)
    outlet = link.charger.outlets[1]
    assert outlet.status is Status.FAULTED
    assert outlet.error_code
    assert outlet.vendor_error_code
    misfortune.mend_due(at + timedelta(days=1))
    assert outlet.status is Status.AVAILABLE


async def test_vendor_data_is_said():
    misfortune, link = Misfortune(Random(3), intensity=5.0), a_link()
    while misfortune.pass_by(link, 3600, AT) != "vendor data":
        await asyncio.sleep(0)
    assert any(isinstance(item, VendorData) for item in link.charger.outbox)
