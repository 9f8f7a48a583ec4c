"""Facts: what a charger told us, in one vocabulary for OCPP 1.6, 2.0.1 and 2.1.

`translate` makes facts of messages; the rooms above record them. Each fact carries three times (law 5): what the
charger said, when we received it, and the corrected time `at`. One message may state several facts, in order.
"""

from __future__ import annotations

from laddverk.ocpp.facts.authorization import TokenPresented
from laddverk.ocpp.facts.availability import Status, StatusReported
from laddverk.ocpp.facts.base import Fact
from laddverk.ocpp.facts.data_transfer import VendorMessage
from laddverk.ocpp.facts.firmware import (
    FirmwareStatus,
    FirmwareStatusReported,
    LogStatus,
    LogStatusReported,
    PublishStatus,
    PublishStatusReported,
)
from laddverk.ocpp.facts.monitoring import (
    EventNotified,
    Monitor,
    MonitorsReported,
    StreamClosed,
    StreamOpened,
    StreamReceived,
    StreamValue,
)
from laddverk.ocpp.facts.other import OtherReported
from laddverk.ocpp.facts.provisioning import Booted, HeartbeatReceived, Variable, VariablesReported
from laddverk.ocpp.facts.tolerance import MessageBent
from laddverk.ocpp.facts.transactions import (
    EnergySampled,
    Sample,
    SessionEnded,
    SessionFact,
    SessionStarted,
    SessionUpdated,
)

__all__ = [
    "Booted",
    "EnergySampled",
    "EventNotified",
    "Fact",
    "FirmwareStatus",
    "FirmwareStatusReported",
    "HeartbeatReceived",
    "LogStatus",
    "LogStatusReported",
    "MessageBent",
    "Monitor",
    "MonitorsReported",
    "OtherReported",
    "PublishStatus",
    "PublishStatusReported",
    "Sample",
    "SessionEnded",
    "SessionFact",
    "SessionStarted",
    "SessionUpdated",
    "Status",
    "StatusReported",
    "StreamClosed",
    "StreamOpened",
    "StreamReceived",
    "StreamValue",
    "TokenPresented",
    "Variable",
    "VariablesReported",
    "VendorMessage",
]
