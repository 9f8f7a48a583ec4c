"""A charger that is asked for its meter while nobody charges tells it, in the words of its version."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.charger import Charger
from laddverk.simulator.model import Hardware, Told

AT = datetime(2026, 3, 2, 6, tzinfo=UTC)


@pytest.mark.parametrize(("protocol", "place"), [(Protocol.V16, "connectorId"), (Protocol.V21, "evseId")])
def test_an_idle_outlet_tells_its_register_when_it_is_asked(protocol, place):
    charger = Charger(Hardware("CP1", protocol))
    charger.connected(AT)
    charger.outlets[1].register_wh = 4_711.4
    assert charger.trigger("MeterValues", 1, AT)
    (told,) = [item for item in charger.outbox if isinstance(item, Told)]
    assert told.action == "MeterValues"
    assert told.fields[place] == 1
    (value,) = told.fields["meterValue"][0]["sampledValue"]
    assert float(value["value"]) == 4_711
    assert value["context"] == "Trigger"


def test_an_outlet_that_charges_tells_it_within_its_session():
    charger = Charger(Hardware("CP1", Protocol.V16))
    charger.begin(1, "04A2B3C4", AT)
    charger.outbox.clear()
    assert charger.trigger("MeterValues", 1, AT)
    assert [type(item).__name__ for item in charger.outbox] == ["Sampled"]
