"""What the console calls meters, what is thought of their readings, and why nothing comes."""

from __future__ import annotations

from typing import Final

from laddverk.energy.meters.model import Quality, Way, Why
from laddverk.platform.languages import marked

WAYS: Final = {
    Way.MODBUS: marked("Modbus TCP: we ask it"),
    Way.MQTT: marked("MQTT: a broker tells us"),
    Way.PUSH: marked("A program pushes readings"),
    Way.OCPP: marked("OCPP: a charger measures at the grid"),
}
QUALITIES: Final = {
    Quality.FRESH: ("energy", marked("Measures")),
    Quality.STALE: ("wait", marked("Late")),
    Quality.FROZEN: ("wait", marked("Says the same all the time")),
    Quality.SILENT: ("broken", marked("Silent")),
}
TROUBLES: Final[dict[str, tuple[str, str]]] = {
    Why.NAME_UNKNOWN: (
        marked("Nobody knows this name."),
        marked("Look whether it is spelled right, or give the address in numbers."),
    ),
    Why.NOT_ALLOWED: (
        marked("The address is outside the networks in which meters may be asked."),
        marked("The setting LADDVERK_METER_NETWORKS names them."),
    ),
    Why.NO_CONNECTION: (
        marked("Nothing answers at this address and port."),
        marked("Look whether it has power and network, and whether a firewall is between."),
    ),
    Why.NO_ANSWER: (
        marked("It is connected, but says nothing."),
        marked("Look whether the unit or the topic is right, and whether the cable behind a gateway is."),
    ),
    Why.REFUSED: (
        marked("It refuses."),
        marked("Look whether the model, or the user and the password, are right."),
    ),
    Why.IMPLAUSIBLE: (
        marked("What it says cannot be."),
        marked("Look whether the model and the factor are right."),
    ),
    Why.MODEL_UNKNOWN: (
        marked("There is no map of registers for this model any more."),
        marked("Choose another model, or put its file back."),
    ),
    Why.NOT_READABLE: (
        marked("What it says cannot be read."),
        marked("Look whether the model, or the paths in its messages, are right."),
    ),
    Why.SEAL_BROKEN: (
        marked("The password cannot be opened: the secrets of this installation are others."),
        marked("Enter the password again."),
    ),
}
