"""Facts: what a charger told us, in one vocabulary for OCPP 1.6, 2.0.1 and 2.1.

`translate` makes facts of messages; the rooms above record them. Each fact carries three times (law 5): what the
charger said, when we received it, and the corrected time `at`. One message may state several facts, in order.
"""

from __future__ import annotations

from laddverk.ocpp.facts.authorization import TokenPresented
from laddverk.ocpp.facts.availability import Status, StatusReported
from laddverk.ocpp.facts.base import Fact
from laddverk.ocpp.facts.battery_swap import (
    Battery,
    BatterySwapped,
)
from laddverk.ocpp.facts.certificates import (
    CertificateStatusAsked,
    ChainStatusAsked,
    ContractPresented,
    EvCertificateAsked,
    StatusTarget,
)
from laddverk.ocpp.facts.customers import CustomerDataReported
from laddverk.ocpp.facts.data_transfer import VendorMessage
from laddverk.ocpp.facts.der import (
    DerAlarmed,
    DerControl,
    DerControlsReported,
    DerSwitched,
)
from laddverk.ocpp.facts.display import (
    DisplayMessage,
    DisplayText,
    MessagesReported,
)
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
from laddverk.ocpp.facts.payment import (
    Company,
    SettlementReported,
    VatNumberEntered,
)
from laddverk.ocpp.facts.provisioning import Booted, HeartbeatReceived, Variable, VariablesReported
from laddverk.ocpp.facts.reservations import ReservationReleased
from laddverk.ocpp.facts.security import CertificateRequested, HashData, SecurityEventReported, Signing
from laddverk.ocpp.facts.smart_charging import (
    CSO,
    Composite,
    DynamicLimitAsked,
    EvScheduleReported,
    LimitCleared,
    LimitReported,
    NeedsReported,
    Period,
    PriorityReported,
    Profile,
    ProfileKind,
    ProfilesReported,
    Purpose,
    RateUnit,
    Schedule,
    ScheduleUpdate,
)
from laddverk.ocpp.facts.tariff_cost import (
    CostComputed,
    PriceShown,
    PriceWhen,
    TariffAssigned,
    TariffShown,
)
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
    "CSO",
    "Battery",
    "BatterySwapped",
    "Booted",
    "CertificateRequested",
    "CertificateStatusAsked",
    "ChainStatusAsked",
    "Company",
    "Composite",
    "ContractPresented",
    "CostComputed",
    "CustomerDataReported",
    "DerAlarmed",
    "DerControl",
    "DerControlsReported",
    "DerSwitched",
    "DisplayMessage",
    "DisplayText",
    "DynamicLimitAsked",
    "EnergySampled",
    "EvCertificateAsked",
    "EvScheduleReported",
    "EventNotified",
    "Fact",
    "FirmwareStatus",
    "FirmwareStatusReported",
    "HashData",
    "HeartbeatReceived",
    "LimitCleared",
    "LimitReported",
    "LogStatus",
    "LogStatusReported",
    "MessageBent",
    "MessagesReported",
    "Monitor",
    "MonitorsReported",
    "NeedsReported",
    "OtherReported",
    "Period",
    "PriceShown",
    "PriceWhen",
    "PriorityReported",
    "Profile",
    "ProfileKind",
    "ProfilesReported",
    "PublishStatus",
    "PublishStatusReported",
    "Purpose",
    "RateUnit",
    "ReservationReleased",
    "Sample",
    "Schedule",
    "ScheduleUpdate",
    "SecurityEventReported",
    "SessionEnded",
    "SessionFact",
    "SessionStarted",
    "SessionUpdated",
    "SettlementReported",
    "Signing",
    "Status",
    "StatusReported",
    "StatusTarget",
    "StreamClosed",
    "StreamOpened",
    "StreamReceived",
    "StreamValue",
    "TariffAssigned",
    "TariffShown",
    "TokenPresented",
    "Variable",
    "VariablesReported",
    "VatNumberEntered",
    "VendorMessage",
]
