"""Remote control in the words of each version: what can be said is, and what cannot is not said otherwise."""

from __future__ import annotations

import pytest

from laddverk.ocpp import commands, translate
from laddverk.ocpp.errors import Untranslatable
from laddverk.ocpp.facts import Period, Profile, ProfileKind, Purpose, Schedule
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.translate import remote_control

LIMIT = Schedule(periods=(Period(limit=10.0),))


@pytest.mark.parametrize("protocol", list(Protocol))
def test_every_message_of_a_version_can_be_asked_for(protocol):
    wanted = remote_control.triggers(protocol)
    assert len(wanted) >= 7
    for message in wanted:
        spoken = translate.to_call(protocol, commands.Trigger(message=message, evse_number=1))
        assert message in str(spoken) or "LogStatusNotification" in str(spoken)


def test_one_evse_of_a_1_6_charger_is_not_restarted_by_restarting_all_of_it():
    for wish in (commands.Reset(evse_number=2), commands.Reset(reset=commands.ResetKind.RESUME)):
        with pytest.raises(Untranslatable):
            translate.to_call(Protocol.V16, wish)


def test_a_restart_that_sessions_survive_is_one_of_2_1():
    wish = commands.Reset(reset=commands.ResetKind.RESUME, evse_number=1)
    assert "ImmediateAndResume" in str(translate.to_call(Protocol.V21, wish))
    with pytest.raises(Untranslatable):
        translate.to_call(Protocol.V201, wish)


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize(
    "profile",
    [
        Profile(id=1, purpose=Purpose.TX_DEFAULT, kind=ProfileKind.RELATIVE, schedules=(LIMIT,)),
        Profile(id=1, purpose=Purpose.TX, kind=ProfileKind.RELATIVE, schedules=(LIMIT,), transaction_key="another"),
        Profile(id=1, purpose=Purpose.TX, kind=ProfileKind.RELATIVE, schedules=(LIMIT,), transaction_number=4),
    ],
    ids=["default", "of another session", "of another number"],
)
def test_a_start_carries_the_limit_of_its_own_session_alone(protocol, profile):
    wish = commands.StartCharging(evse_number=1, token_uid="A", remote_start_id=1, profile=profile)
    with pytest.raises(Untranslatable):
        translate.to_call(protocol, wish)
