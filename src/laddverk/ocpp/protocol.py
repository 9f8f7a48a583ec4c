"""The versions of OCPP that are spoken, by the name of their WebSocket subprotocol."""

from __future__ import annotations

from enum import StrEnum

from laddverk.ocpp.structs import Message
from laddverk.ocpp.v16.messages import ACTIONS as ACTIONS_16
from laddverk.ocpp.v21.messages import ACTIONS as ACTIONS_21
from laddverk.ocpp.v201.messages import ACTIONS as ACTIONS_201


class Protocol(StrEnum):
    """A version of OCPP; its value is the subprotocol that the WebSocket handshake negotiates."""

    V16 = "ocpp1.6"
    V201 = "ocpp2.0.1"
    V21 = "ocpp2.1"

    @property
    def actions(self) -> dict[str, tuple[type[Message], type[Message] | None]]:
        """Every action of this version: the Structs of its request and of its answer."""
        return ACTIONS[self]

    @property
    def is_16(self) -> bool:
        """Whether this is the older family, with connectors instead of EVSEs and transaction ids that we give."""
        return self is Protocol.V16


ACTIONS = {Protocol.V16: ACTIONS_16, Protocol.V201: ACTIONS_201, Protocol.V21: ACTIONS_21}
