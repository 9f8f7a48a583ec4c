"""Templates: drift, versions, writing them, and network profiles."""

from __future__ import annotations

from typing import Any

import pytest

from laddverk.kernel.actors import Role
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.ocpp.commands import (
    CommandOutcome,
    NewValue,
    SetNetworkProfile,
    Verdict,
)
from laddverk.ocpp.facts import Variable
from laddverk.provisioning import recording, service
from laddverk.provisioning.model import TemplateDetails
from tests.integration.provisioning.room import REASON, Room, told
from tests.integration.provisioning.room import room as room
from tests.integration.stations.field import TESTS, at, boot, staff

# Templates


def template(**more: Any) -> TemplateDetails:
    wanted = tuple(
        NewValue(variable=key, value=value) for key, value in more.pop("wanted", {"A": "1", "B": "2"}).items()
    )
    return TemplateDetails(**{"name": "Standard", "vendor": "Acme", "wanted": wanted, **more})


STANDINGS = "SELECT state, version, differences FROM configuration_standing"


async def test_a_station_drifts_from_its_template_and_is_brought_back(room: Room) -> None:
    await room.speaks("ocpp1.6")
    async with room.database.transaction() as tx:
        template_id = await service.create_template(tx, TESTS, template(), at(1))
        await service.check_all(tx, None, at(1))
    assert [row[0] for row in await room.rows(STANDINGS)] == ["unknown"]
    await room.tells(told(room.station_id, 2, Variable(variable="A", value="1"), Variable(variable="b", value="9")))
    async with room.database.transaction() as tx:
        await service.check_stations(tx, [room.station_id], at(3))
    ((state, _, differences),) = await room.rows(STANDINGS)
    assert (state, [(one["variable"], one["value"], one["wanted"]) for one in differences]) == (
        "drifted", [("B", "9", "2")],
    )  # fmt: skip
    async with room.database.transaction() as tx:
        run_id = await service.apply_template(tx, TESTS, template_id, at(4), reason=REASON)
        assert await service.run_on(tx, run_id, at(4)) is False
    command = await room.answers(5, CommandOutcome(verdict=Verdict.DONE, word="Accepted"))
    assert (command.variable, command.value) == ("B", "2")
    # The charger calls it b, and we wrote B: they are the same key.
    await room.tells(told(room.station_id, 6, Variable(variable="b", value="2")))
    async with room.database.transaction() as tx:
        await service.check_stations(tx, [room.station_id], at(7))
        with pytest.raises(Conflict):
            await service.apply_template(tx, TESTS, template_id, at(8), reason=REASON)
    assert [row[0] for row in await room.rows(STANDINGS)] == ["in_step"]


async def test_a_revised_template_has_both_versions_and_stations_are_compared_with_the_new_one(room: Room) -> None:
    await room.speaks("ocpp1.6")
    await room.tells(told(room.station_id, 2, Variable(variable="A", value="1")))
    async with room.database.transaction() as tx:
        template_id = await service.create_template(tx, TESTS, template(wanted={"A": "1"}), at(1))
        number = await service.revise_template(
            tx, TESTS, template_id, template(wanted={"A": "3"}), at(9), reason=REASON
        )
        await service.check_all(tx, None, at(9))
    assert number == 2
    assert [row[:2] for row in await room.rows(STANDINGS)] == [("drifted", 2)]
    assert await room.rows("SELECT number, reason FROM configuration_template_version ORDER BY 1") == [
        (1, ""), (2, REASON),
    ]  # fmt: skip
    audited = await room.rows("SELECT action FROM audit_log WHERE object_kind = 'template' ORDER BY at")
    assert [action for (action,) in audited] == ["template.created", "template.revised"]


async def test_a_retired_template_is_compared_with_no_more_and_its_name_is_free(room: Room) -> None:
    await room.speaks("ocpp1.6")
    async with room.database.transaction() as tx:
        template_id = await service.create_template(tx, TESTS, template(), at(1))
        await service.check_all(tx, None, at(1))
        await service.retire_template(tx, TESTS, template_id, at(2), reason=REASON)
        await service.check_all(tx, None, at(2))
        await service.create_template(tx, TESTS, template(vendor="Other"), at(3))
    assert await room.rows(STANDINGS) == []


async def test_a_site_host_neither_makes_templates_nor_reaches_beyond_the_own_sites(room: Room) -> None:
    async with room.database.transaction() as tx:
        site_id = await tx.value("SELECT site_id FROM station")
        with pytest.raises(NotAllowed):
            await service.create_template(tx, staff(Role.SITE_HOST, site_id), template(), at(1))
        local = staff(Role.TECHNICIAN, site_id)
        with pytest.raises(Invalid):
            await service.create_template(tx, local, template(), at(1))
        await service.create_template(tx, local, template(site_id=site_id), at(1))
        other = await service.create_template(tx, TESTS, template(name="All"), at(1))
        with pytest.raises(NotFound):
            await service.revise_template(tx, local, other, template(site_id=site_id), at(2), reason=REASON)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"wanted": {}},
        {"wanted": {f"V{n}": "1" for n in range(41)}},
        {"wanted": {"A": "x" * 2501}},
        {"wanted": {"A": "\x00"}},
        {"wanted": {"A": "1", "a": "2"}},
        {"model": "m" * 101},
    ],
)
async def test_a_template_that_makes_no_sense_is_refused(room: Room, wrong: dict[str, Any]) -> None:
    async with room.database.transaction() as tx:
        with pytest.raises(Invalid):
            await service.create_template(tx, TESTS, template(**wrong), at(1))


async def test_a_charger_is_compared_after_a_start_when_the_template_says_so(room: Room) -> None:
    await room.speaks("ocpp1.6")
    async with room.database.transaction() as tx:
        await service.create_template(tx, TESTS, template(checks_at_start=True), at(1))
        await recording.record_boots(tx, [boot(room.station_id, 10)])
        assert await tx.value("SELECT count(*) FROM job WHERE kind = 'provisioning.after_start'") == 1
        await service.follow_start(tx, room.station_id, [], at(10))
    (read,) = await room.queued(11)
    assert sorted(one.variable for one in read.variables) == ["A", "B"]


# Network profiles


async def test_a_network_profile_that_was_taken_is_shown(room: Room) -> None:
    profile = SetNetworkProfile(slot=1, url="wss://ocpp.example.com/ocpp", security_profile=2)
    async with room.database.transaction() as tx:
        await service.set_network_profile(tx, TESTS, room.station_id, profile, at(1), reason=REASON)
    await room.answers(2, CommandOutcome(verdict=Verdict.DONE, word="Accepted"))
    assert await room.rows("SELECT slot, url, security_profile, set_at FROM network_profile") == [
        (1, "wss://ocpp.example.com/ocpp", 2, at(2))
    ]


@pytest.mark.parametrize(
    "url", ["", "https://x.example", "wss://user:pass@x.example", "wss://", "wss://x/" + "y" * 512]
)
async def test_an_address_that_no_charger_can_call_is_refused(room: Room, url: str) -> None:
    profile = SetNetworkProfile(slot=1, url=url, security_profile=2)
    async with room.database.transaction() as tx:
        with pytest.raises(Invalid):
            await service.set_network_profile(tx, TESTS, room.station_id, profile, at(1), reason=REASON)
