"""Packs are offered to the chargers they are meant for, add to what is set, and say what forbids them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from laddverk.diagnostics.packs.offering import Charger, Watchable, offers, packs

AC16 = Charger(vendor="Test", model="One", protocol="ocpp1.6", has_dc=False, present={})
DC21 = Charger(vendor="Test", model="Two", protocol="ocpp2.1", has_dc=True, present={})


def test_a_charger_is_offered_what_fits_its_version_and_current() -> None:
    assert [one.pack.key for one in offers(AC16)] == ["keys-ac"]
    assert [one.pack.key for one in offers(DC21)] == ["device-dc", "device-watch"]


def test_what_is_set_stays_and_what_lacks_is_added() -> None:
    present = {
        ("", "MeterValuesSampledData"): "SoC, Voltage",
        ("", "MeterValueSampleInterval"): "30",
        ("", "ClockAlignedDataInterval"): "0",
    }
    offer = offers(replace(AC16, present=present))[0]
    values = {one.variable: one.value for one in offer.values}
    assert values["MeterValuesSampledData"].startswith("SoC,Voltage,Energy.Active.Import.Register,")
    assert values["MeterValuesSampledData"].count("Voltage") == 1
    assert "MeterValueSampleInterval" not in values
    assert values["ClockAlignedDataInterval"] == "900"
    assert "HeartbeatInterval" not in values, "a charger that told its keys and not this one does not have it"


def test_a_charger_that_has_all_of_it_needs_nothing() -> None:
    wanted = {(one.component, one.variable): one.value for one in packs()[0].value}
    done = [offer for offer in offers(replace(DC21, present=wanted)) if offer.pack.key == packs()[0].key]
    assert all(offer.is_done for offer in done)


@pytest.mark.parametrize(
    "charger",
    [
        replace(AC16, vendor="ABB", model="Terra AC W22"),
        replace(AC16, never_send=("ChangeConfiguration",)),
        replace(AC16, never_send=("ChangeConfiguration:MeterValuesSampledData",)),
    ],
)
def test_what_a_model_must_not_be_told_is_not_offered_but_explained(charger: Charger) -> None:
    why = offers(charger)[0].why_not
    assert why is not None
    assert set(why) == {"en", "sv"}


def test_monitors_are_offered_where_the_charger_can_watch_and_does_not() -> None:
    watchable = frozenset({Watchable("Connector@1.1", "Temperature"), Watchable("Connector@2.1", "Temperature")})
    charger = replace(
        DC21, watchable=watchable, watched=frozenset({("Connector@1.1", "Temperature", "UpperThreshold")})
    )
    monitors = [one for offer in offers(charger) for one in offer.monitors]
    assert [(one.component, one.kind, one.value) for one in monitors] == [("Connector@2.1", "UpperThreshold", 85.0)]


def test_every_pack_speaks_both_languages() -> None:
    assert all(set(pack.title) == {"en", "sv"} for pack in packs())
