"""The messages of OCPP 2.1 as Structs. Written by tools/generate_messages.py: change that, not this.

Required fields, enumerations, lengths and bounds are those of the schemas of the Open Charge Alliance.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, field

from laddverk.ocpp.structs import CustomDataType, Message

Text3 = Annotated[str, Meta(max_length=3)]
Text6 = Annotated[str, Meta(max_length=6)]
Text8 = Annotated[str, Meta(max_length=8)]
Text16 = Annotated[str, Meta(max_length=16)]
Text20 = Annotated[str, Meta(max_length=20)]
Text25 = Annotated[str, Meta(max_length=25)]
Text32 = Annotated[str, Meta(max_length=32)]
Text36 = Annotated[str, Meta(max_length=36)]
Text40 = Annotated[str, Meta(max_length=40)]
Text48 = Annotated[str, Meta(max_length=48)]
Text50 = Annotated[str, Meta(max_length=50)]
Text60 = Annotated[str, Meta(max_length=60)]
Text64 = Annotated[str, Meta(max_length=64)]
Text80 = Annotated[str, Meta(max_length=80)]
Text88 = Annotated[str, Meta(max_length=88)]
Text100 = Annotated[str, Meta(max_length=100)]
Text128 = Annotated[str, Meta(max_length=128)]
Text160 = Annotated[str, Meta(max_length=160)]
Text200 = Annotated[str, Meta(max_length=200)]
Text255 = Annotated[str, Meta(max_length=255)]
Text256 = Annotated[str, Meta(max_length=256)]
Text500 = Annotated[str, Meta(max_length=500)]
Text512 = Annotated[str, Meta(max_length=512)]
Text800 = Annotated[str, Meta(max_length=800)]
Text1000 = Annotated[str, Meta(max_length=1000)]
Text1024 = Annotated[str, Meta(max_length=1024)]
Text2000 = Annotated[str, Meta(max_length=2000)]
Text2500 = Annotated[str, Meta(max_length=2500)]
Text5500 = Annotated[str, Meta(max_length=5500)]
Text10000 = Annotated[str, Meta(max_length=10000)]
Text11000 = Annotated[str, Meta(max_length=11000)]
Text17000 = Annotated[str, Meta(max_length=17000)]
Text18000 = Annotated[str, Meta(max_length=18000)]
Text32768 = Annotated[str, Meta(max_length=32768)]

GenericStatusEnumType = Literal["Accepted", "Rejected"]
HashAlgorithmEnumType = Literal["SHA256", "SHA384", "SHA512"]
AuthorizationStatusEnumType = Literal[
    "Accepted",
    "Blocked",
    "ConcurrentTx",
    "Expired",
    "Invalid",
    "NoCredit",
    "NotAllowedTypeEVSE",
    "NotAtThisLocation",
    "NotAtThisTime",
    "Unknown",
]
MessageFormatEnumType = Literal["ASCII", "HTML", "URI", "UTF8", "QRCODE"]
AuthorizeCertificateStatusEnumType = Literal[
    "Accepted",
    "SignatureError",
    "CertificateExpired",
    "CertificateRevoked",
    "NoCertificateAvailable",
    "CertChainError",
    "ContractCancelled",
]
EnergyTransferModeEnumType = Literal[
    "AC_single_phase",
    "AC_two_phase",
    "AC_three_phase",
    "DC",
    "AC_BPT",
    "AC_BPT_DER",
    "AC_DER",
    "DC_BPT",
    "DC_ACDP",
    "DC_ACDP_BPT",
    "WPT",
]
DayOfWeekEnumType = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
EvseKindEnumType = Literal["AC", "DC"]
BatterySwapEventEnumType = Literal["BatteryIn", "BatteryOut", "BatteryOutTimeout"]
BootReasonEnumType = Literal[
    "ApplicationReset",
    "FirmwareUpdate",
    "LocalReset",
    "PowerUp",
    "RemoteReset",
    "ScheduledReset",
    "Triggered",
    "Unknown",
    "Watchdog",
]
RegistrationStatusEnumType = Literal["Accepted", "Pending", "Rejected"]
CancelReservationStatusEnumType = Literal["Accepted", "Rejected"]
CertificateSigningUseEnumType = Literal["ChargingStationCertificate", "V2GCertificate", "V2G20Certificate"]
CertificateSignedStatusEnumType = Literal["Accepted", "Rejected"]
OperationalStatusEnumType = Literal["Inoperative", "Operative"]
ChangeAvailabilityStatusEnumType = Literal["Accepted", "Rejected", "Scheduled"]
TariffChangeStatusEnumType = Literal[
    "Accepted", "Rejected", "TooManyElements", "ConditionNotSupported", "TxNotFound", "NoCurrencyChange"
]
ClearCacheStatusEnumType = Literal["Accepted", "Rejected"]
ChargingProfilePurposeEnumType = Literal[
    "ChargingStationExternalConstraints",
    "ChargingStationMaxProfile",
    "TxDefaultProfile",
    "TxProfile",
    "PriorityCharging",
    "LocalGeneration",
]
ClearChargingProfileStatusEnumType = Literal["Accepted", "Unknown"]
DERControlEnumType = Literal[
    "EnterService",
    "FreqDroop",
    "FreqWatt",
    "FixedPFAbsorb",
    "FixedPFInject",
    "FixedVar",
    "Gradients",
    "HFMustTrip",
    "HFMayTrip",
    "HVMustTrip",
    "HVMomCess",
    "HVMayTrip",
    "LimitMaxDischarge",
    "LFMustTrip",
    "LVMustTrip",
    "LVMomCess",
    "LVMayTrip",
    "PowerMonitoringMustTrip",
    "VoltVar",
    "VoltWatt",
    "WattPF",
    "WattVar",
]
DERControlStatusEnumType = Literal["Accepted", "Rejected", "NotSupported", "NotFound"]
ClearMessageStatusEnumType = Literal["Accepted", "Unknown", "Rejected"]
TariffClearStatusEnumType = Literal["Accepted", "Rejected", "NoTariff"]
ClearMonitoringStatusEnumType = Literal["Accepted", "Rejected", "NotFound"]
CustomerInformationStatusEnumType = Literal["Accepted", "Rejected", "Invalid"]
DataTransferStatusEnumType = Literal["Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"]
DeleteCertificateStatusEnumType = Literal["Accepted", "Failed", "NotFound"]
FirmwareStatusEnumType = Literal[
    "Downloaded",
    "DownloadFailed",
    "Downloading",
    "DownloadScheduled",
    "DownloadPaused",
    "Idle",
    "InstallationFailed",
    "Installing",
    "Installed",
    "InstallRebooting",
    "InstallScheduled",
    "InstallVerificationFailed",
    "InvalidSignature",
    "SignatureVerified",
]
CertificateActionEnumType = Literal["Install", "Update"]
Iso15118EVCertificateStatusEnumType = Literal["Accepted", "Failed"]
ReportBaseEnumType = Literal["ConfigurationInventory", "FullInventory", "SummaryInventory"]
GenericDeviceModelStatusEnumType = Literal["Accepted", "Rejected", "NotSupported", "EmptyResultSet"]
CertificateStatusSourceEnumType = Literal["CRL", "OCSP"]
CertificateStatusEnumType = Literal["Good", "Revoked", "Unknown", "Failed"]
GetCertificateStatusEnumType = Literal["Accepted", "Failed"]
GetChargingProfileStatusEnumType = Literal["Accepted", "NoProfiles"]
ChargingRateUnitEnumType = Literal["W", "A"]
OperationModeEnumType = Literal[
    "Idle",
    "ChargingOnly",
    "CentralSetpoint",
    "ExternalSetpoint",
    "ExternalLimits",
    "CentralFrequency",
    "LocalFrequency",
    "LocalLoadBalancing",
]
MessagePriorityEnumType = Literal["AlwaysFront", "InFront", "NormalCycle"]
MessageStateEnumType = Literal["Charging", "Faulted", "Idle", "Unavailable", "Suspended", "Discharging"]
GetDisplayMessagesStatusEnumType = Literal["Accepted", "Unknown"]
GetCertificateIdUseEnumType = Literal[
    "V2GRootCertificate",
    "MORootCertificate",
    "CSMSRootCertificate",
    "V2GCertificateChain",
    "ManufacturerRootCertificate",
    "OEMRootCertificate",
]
GetInstalledCertificateStatusEnumType = Literal["Accepted", "NotFound"]
LogEnumType = Literal["DiagnosticsLog", "SecurityLog", "DataCollectorLog"]
LogStatusEnumType = Literal["Accepted", "Rejected", "AcceptedCanceled"]
MonitoringCriterionEnumType = Literal["ThresholdMonitoring", "DeltaMonitoring", "PeriodicMonitoring"]
ComponentCriterionEnumType = Literal["Active", "Available", "Enabled", "Problem"]
TariffGetStatusEnumType = Literal["Accepted", "Rejected", "NoTariff"]
TariffKindEnumType = Literal["DefaultTariff", "DriverTariff"]
AttributeEnumType = Literal["Actual", "Target", "MinSet", "MaxSet"]
GetVariableStatusEnumType = Literal[
    "Accepted", "Rejected", "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType"
]
InstallCertificateUseEnumType = Literal[
    "V2GRootCertificate",
    "MORootCertificate",
    "ManufacturerRootCertificate",
    "CSMSRootCertificate",
    "OEMRootCertificate",
]
InstallCertificateStatusEnumType = Literal["Accepted", "Rejected", "Failed"]
UploadLogStatusEnumType = Literal[
    "BadMessage",
    "Idle",
    "NotSupportedOperation",
    "PermissionDenied",
    "Uploaded",
    "UploadFailure",
    "Uploading",
    "AcceptedCanceled",
]
MeasurandEnumType = Literal[
    "Current.Export",
    "Current.Export.Offered",
    "Current.Export.Minimum",
    "Current.Import",
    "Current.Import.Offered",
    "Current.Import.Minimum",
    "Current.Offered",
    "Display.PresentSOC",
    "Display.MinimumSOC",
    "Display.TargetSOC",
    "Display.MaximumSOC",
    "Display.RemainingTimeToMinimumSOC",
    "Display.RemainingTimeToTargetSOC",
    "Display.RemainingTimeToMaximumSOC",
    "Display.ChargingComplete",
    "Display.BatteryEnergyCapacity",
    "Display.InletHot",
    "Energy.Active.Export.Interval",
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Interval",
    "Energy.Active.Import.Register",
    "Energy.Active.Import.CableLoss",
    "Energy.Active.Import.LocalGeneration.Register",
    "Energy.Active.Net",
    "Energy.Active.Setpoint.Interval",
    "Energy.Apparent.Export",
    "Energy.Apparent.Import",
    "Energy.Apparent.Net",
    "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Import.Interval",
    "Energy.Reactive.Import.Register",
    "Energy.Reactive.Net",
    "EnergyRequest.Target",
    "EnergyRequest.Minimum",
    "EnergyRequest.Maximum",
    "EnergyRequest.Minimum.V2X",
    "EnergyRequest.Maximum.V2X",
    "EnergyRequest.Bulk",
    "Frequency",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Active.Setpoint",
    "Power.Active.Residual",
    "Power.Export.Minimum",
    "Power.Export.Offered",
    "Power.Factor",
    "Power.Import.Offered",
    "Power.Import.Minimum",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "SoC",
    "Voltage",
    "Voltage.Minimum",
    "Voltage.Maximum",
]
ReadingContextEnumType = Literal[
    "Interruption.Begin",
    "Interruption.End",
    "Other",
    "Sample.Clock",
    "Sample.Periodic",
    "Transaction.Begin",
    "Transaction.End",
    "Trigger",
]
PhaseEnumType = Literal["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]
LocationEnumType = Literal["Body", "Cable", "EV", "Inlet", "Outlet", "Upstream"]
NotifyAllowedEnergyTransferStatusEnumType = Literal["Accepted", "Rejected"]
CostKindEnumType = Literal["CarbonDioxideEmission", "RelativePricePercentage", "RenewableGenerationPercentage"]
GridEventFaultEnumType = Literal[
    "CurrentImbalance",
    "LocalEmergency",
    "LowInputPower",
    "OverCurrent",
    "OverFrequency",
    "OverVoltage",
    "PhaseRotation",
    "RemoteEmergency",
    "UnderFrequency",
    "UnderVoltage",
    "VoltageImbalance",
]
IslandingDetectionEnumType = Literal[
    "NoAntiIslandingSupport",
    "RoCoF",
    "UVP_OVP",
    "UFP_OFP",
    "VoltageVectorShift",
    "ZeroCrossingDetection",
    "OtherPassive",
    "ImpedanceMeasurement",
    "ImpedanceAtFrequency",
    "SlipModeFrequencyShift",
    "SandiaFrequencyShift",
    "SandiaVoltageShift",
    "FrequencyJump",
    "RCLQFactor",
    "OtherActive",
]
ControlModeEnumType = Literal["ScheduledControl", "DynamicControl"]
MobilityNeedsModeEnumType = Literal["EVCC", "EVCC_SECC"]
NotifyEVChargingNeedsStatusEnumType = Literal["Accepted", "Rejected", "Processing", "NoChargingProfile"]
EventTriggerEnumType = Literal["Alerting", "Delta", "Periodic"]
EventNotificationEnumType = Literal[
    "HardWiredNotification", "HardWiredMonitor", "PreconfiguredMonitor", "CustomMonitor"
]
MonitorEnumType = Literal[
    "UpperThreshold",
    "LowerThreshold",
    "Delta",
    "Periodic",
    "PeriodicClockAligned",
    "TargetDelta",
    "TargetDeltaRelative",
]
MutabilityEnumType = Literal["ReadOnly", "WriteOnly", "ReadWrite"]
DataEnumType = Literal[
    "string", "decimal", "integer", "dateTime", "boolean", "OptionList", "SequenceList", "MemberList"
]
PaymentStatusEnumType = Literal["Settled", "Canceled", "Rejected", "Failed"]
PublishFirmwareStatusEnumType = Literal[
    "Idle",
    "DownloadScheduled",
    "Downloading",
    "Downloaded",
    "Published",
    "DownloadFailed",
    "DownloadPaused",
    "InvalidChecksum",
    "ChecksumVerified",
    "PublishFailed",
]
ChargingProfileStatusEnumType = Literal["Accepted", "Rejected"]
ChargingProfileKindEnumType = Literal["Absolute", "Recurring", "Relative", "Dynamic"]
RecurrencyKindEnumType = Literal["Daily", "Weekly"]
DERUnitEnumType = Literal["Not_Applicable", "PctMaxW", "PctMaxVar", "PctWAvail", "PctVarAvail", "PctEffectiveV"]
PowerDuringCessationEnumType = Literal["Active", "Reactive"]
RequestStartStopStatusEnumType = Literal["Accepted", "Rejected"]
ReservationUpdateStatusEnumType = Literal["Expired", "Removed", "NoTransaction"]
ReserveNowStatusEnumType = Literal["Accepted", "Faulted", "Occupied", "Rejected", "Unavailable"]
ResetEnumType = Literal["Immediate", "OnIdle", "ImmediateAndResume"]
ResetStatusEnumType = Literal["Accepted", "Rejected", "Scheduled"]
UpdateEnumType = Literal["Differential", "Full"]
SendLocalListStatusEnumType = Literal["Accepted", "Failed", "VersionMismatch"]
TariffSetStatusEnumType = Literal[
    "Accepted", "Rejected", "TooManyElements", "ConditionNotSupported", "DuplicateTariffId"
]
DisplayMessageStatusEnumType = Literal[
    "Accepted",
    "NotSupportedMessageFormat",
    "Rejected",
    "NotSupportedPriority",
    "NotSupportedState",
    "UnknownTransaction",
    "LanguageNotSupported",
]
MonitoringBaseEnumType = Literal["All", "FactoryDefault", "HardWiredOnly"]
OCPPInterfaceEnumType = Literal[
    "Wired0", "Wired1", "Wired2", "Wired3", "Wireless0", "Wireless1", "Wireless2", "Wireless3", "Any"
]
OCPPTransportEnumType = Literal["SOAP", "JSON"]
APNAuthenticationEnumType = Literal["PAP", "CHAP", "NONE", "AUTO"]
OCPPVersionEnumType = Literal["OCPP12", "OCPP15", "OCPP16", "OCPP20", "OCPP201", "OCPP21"]
VPNEnumType = Literal["IKEv2", "IPSec", "L2TP", "PPTP"]
SetNetworkProfileStatusEnumType = Literal["Accepted", "Rejected", "Failed"]
SetMonitoringStatusEnumType = Literal[
    "Accepted", "UnknownComponent", "UnknownVariable", "UnsupportedMonitorType", "Rejected", "Duplicate"
]
SetVariableStatusEnumType = Literal[
    "Accepted", "Rejected", "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType", "RebootRequired"
]
ConnectorStatusEnumType = Literal["Available", "Occupied", "Reserved", "Unavailable", "Faulted"]
TransactionEventEnumType = Literal["Ended", "Started", "Updated"]
TriggerReasonEnumType = Literal[
    "AbnormalCondition",
    "Authorized",
    "CablePluggedIn",
    "ChargingRateChanged",
    "ChargingStateChanged",
    "CostLimitReached",
    "Deauthorized",
    "EnergyLimitReached",
    "EVCommunicationLost",
    "EVConnectTimeout",
    "EVDeparted",
    "EVDetected",
    "LimitSet",
    "MeterValueClock",
    "MeterValuePeriodic",
    "OperationModeChanged",
    "RemoteStart",
    "RemoteStop",
    "ResetCommand",
    "RunningCost",
    "SignedDataReceived",
    "SoCLimitReached",
    "StopAuthorized",
    "TariffChanged",
    "TariffNotAccepted",
    "TimeLimitReached",
    "Trigger",
    "TxResumed",
    "UnlockCommand",
]
ChargingStateEnumType = Literal["EVConnected", "Charging", "SuspendedEV", "SuspendedEVSE", "Idle"]
ReasonEnumType = Literal[
    "DeAuthorized",
    "EmergencyStop",
    "EnergyLimitReached",
    "EVDisconnected",
    "GroundFault",
    "ImmediateReset",
    "MasterPass",
    "Local",
    "LocalOutOfCredit",
    "Other",
    "OvercurrentFault",
    "PowerLoss",
    "PowerQuality",
    "Reboot",
    "Remote",
    "SOCLimitReached",
    "StoppedByEV",
    "TimeLimitReached",
    "Timeout",
    "ReqEnergyTransferRejected",
]
TariffCostEnumType = Literal["NormalCost", "MinCost", "MaxCost"]
CostDimensionEnumType = Literal[
    "Energy", "MaxCurrent", "MinCurrent", "MaxPower", "MinPower", "IdleTIme", "ChargingTime"
]
PreconditioningStatusEnumType = Literal["Unknown", "Ready", "NotReady", "Preconditioning"]
MessageTriggerEnumType = Literal[
    "BootNotification",
    "LogStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "SignChargingStationCertificate",
    "SignV2GCertificate",
    "SignV2G20Certificate",
    "StatusNotification",
    "TransactionEvent",
    "SignCombinedCertificate",
    "PublishFirmwareStatusNotification",
    "CustomTrigger",
]
TriggerMessageStatusEnumType = Literal["Accepted", "Rejected", "NotImplemented"]
UnlockStatusEnumType = Literal["Unlocked", "UnlockFailed", "OngoingAuthorizedTransaction", "UnknownConnector"]
UnpublishFirmwareStatusEnumType = Literal["DownloadOngoing", "NoFirmware", "Unpublished"]
UpdateFirmwareStatusEnumType = Literal[
    "Accepted", "Rejected", "AcceptedCanceled", "InvalidCertificate", "RevokedCertificate"
]
PriorityChargingStatusEnumType = Literal["Accepted", "Rejected", "NoProfile"]


class AFRRSignalRequest(Message, frozen=True, kw_only=True):
    """`AFRRSignal`: the request."""

    timestamp: str
    signal: int
    custom_data: CustomDataType | None = None


class StatusInfoType(Message, frozen=True, kw_only=True):
    """Part of AFRRSignalResponse, AdjustPeriodicEventStreamResponse and 59 more."""

    reason_code: Text20
    additional_info: Text1024 | None = None
    custom_data: CustomDataType | None = None


class AFRRSignalResponse(Message, frozen=True, kw_only=True):
    """`AFRRSignal`: the answer."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class PeriodicEventStreamParamsType(Message, frozen=True, kw_only=True):
    """Part of AdjustPeriodicEventStreamRequest, GetPeriodicEventStreamResponse and 2 more."""

    interval: Annotated[int, Meta(ge=0)] | None = None
    values: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


class AdjustPeriodicEventStreamRequest(Message, frozen=True, kw_only=True):
    """`AdjustPeriodicEventStream`: the request."""

    id: Annotated[int, Meta(ge=0)]
    params: PeriodicEventStreamParamsType
    custom_data: CustomDataType | None = None


class AdjustPeriodicEventStreamResponse(Message, frozen=True, kw_only=True):
    """`AdjustPeriodicEventStream`: the answer."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class AdditionalInfoType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeRequest, AuthorizeResponse and 8 more."""

    additional_id_token: Text255
    type: Text50
    custom_data: CustomDataType | None = None


class IdTokenType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeRequest, AuthorizeResponse and 8 more."""

    id_token: Text255
    type: Text20
    additional_info: Annotated[list[AdditionalInfoType], Meta(min_length=1)] | None = None
    custom_data: CustomDataType | None = None


class OCSPRequestDataType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeRequest, GetCertificateStatusRequest."""

    hash_algorithm: HashAlgorithmEnumType
    issuer_name_hash: Text128
    issuer_key_hash: Text128
    serial_number: Text40
    responder_url: Text2000 = field(name="responderURL")
    custom_data: CustomDataType | None = None


class AuthorizeRequest(Message, frozen=True, kw_only=True):
    """`Authorize`: the request."""

    id_token: IdTokenType
    certificate: Text10000 | None = None
    iso15118_certificate_hash_data: Annotated[list[OCSPRequestDataType], Meta(min_length=1, max_length=4)] | None = None
    custom_data: CustomDataType | None = None


class MessageContentType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, ChangeTransactionTariffRequest and 5 more."""

    format: MessageFormatEnumType
    content: Text1024
    language: Text8 | None = None
    custom_data: CustomDataType | None = None


class IdTokenInfoType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, SendLocalListRequest and 1 more."""

    status: AuthorizationStatusEnumType
    cache_expiry_date_time: str | None = None
    charging_priority: int | None = None
    group_id_token: IdTokenType | None = None
    language1: Text8 | None = None
    language2: Text8 | None = None
    evse_id: Annotated[list[Annotated[int, Meta(ge=0)]], Meta(min_length=1)] | None = None
    personal_message: MessageContentType | None = None
    custom_data: CustomDataType | None = None


class TariffConditionsType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, ChangeTransactionTariffRequest and 1 more."""

    start_time_of_day: str | None = None
    end_time_of_day: str | None = None
    day_of_week: Annotated[list[DayOfWeekEnumType], Meta(min_length=1, max_length=7)] | None = None
    valid_from_date: str | None = None
    valid_to_date: str | None = None
    evse_kind: EvseKindEnumType | None = None
    min_energy: float | None = None
    max_energy: float | None = None
    min_current: float | None = None
    max_current: float | None = None
    min_power: float | None = None
    max_power: float | None = None
    min_time: int | None = None
    max_time: int | None = None
    min_charging_time: int | None = None
    max_charging_time: int | None = None
    min_idle_time: int | None = None
    max_idle_time: int | None = None
    custom_data: CustomDataType | None = None


class TariffEnergyPriceType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, ChangeTransactionTariffRequest and 1 more."""

    price_kwh: float
    conditions: TariffConditionsType | None = None
    custom_data: CustomDataType | None = None


class TaxRateType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, ChangeTransactionTariffRequest and 2 more."""

    type: Text20
    tax: float
    stack: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


class TariffEnergyType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, ChangeTransactionTariffRequest and 1 more."""

    prices: Annotated[list[TariffEnergyPriceType], Meta(min_length=1)]
    tax_rates: Annotated[list[TaxRateType], Meta(min_length=1, max_length=5)] | None = None
    custom_data: CustomDataType | None = None


class TariffTimePriceType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, ChangeTransactionTariffRequest and 1 more."""

    price_minute: float
    conditions: TariffConditionsType | None = None
    custom_data: CustomDataType | None = None


class TariffTimeType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, ChangeTransactionTariffRequest and 1 more."""

    prices: Annotated[list[TariffTimePriceType], Meta(min_length=1)]
    tax_rates: Annotated[list[TaxRateType], Meta(min_length=1, max_length=5)] | None = None
    custom_data: CustomDataType | None = None


class TariffConditionsFixedType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, ChangeTransactionTariffRequest and 1 more."""

    start_time_of_day: str | None = None
    end_time_of_day: str | None = None
    day_of_week: Annotated[list[DayOfWeekEnumType], Meta(min_length=1, max_length=7)] | None = None
    valid_from_date: str | None = None
    valid_to_date: str | None = None
    evse_kind: EvseKindEnumType | None = None
    payment_brand: Text20 | None = None
    payment_recognition: Text20 | None = None
    custom_data: CustomDataType | None = None


class TariffFixedPriceType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, ChangeTransactionTariffRequest and 1 more."""

    price_fixed: float
    conditions: TariffConditionsFixedType | None = None
    custom_data: CustomDataType | None = None


class TariffFixedType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, ChangeTransactionTariffRequest and 1 more."""

    prices: Annotated[list[TariffFixedPriceType], Meta(min_length=1)]
    tax_rates: Annotated[list[TaxRateType], Meta(min_length=1, max_length=5)] | None = None
    custom_data: CustomDataType | None = None


class PriceType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, ChangeTransactionTariffRequest and 2 more."""

    excl_tax: float | None = None
    incl_tax: float | None = None
    tax_rates: Annotated[list[TaxRateType], Meta(min_length=1, max_length=5)] | None = None
    custom_data: CustomDataType | None = None


class TariffType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, ChangeTransactionTariffRequest and 1 more."""

    tariff_id: Text60
    currency: Text3
    description: Annotated[list[MessageContentType], Meta(min_length=1, max_length=10)] | None = None
    energy: TariffEnergyType | None = None
    valid_from: str | None = None
    charging_time: TariffTimeType | None = None
    idle_time: TariffTimeType | None = None
    fixed_fee: TariffFixedType | None = None
    reservation_time: TariffTimeType | None = None
    reservation_fixed: TariffFixedType | None = None
    min_cost: PriceType | None = None
    max_cost: PriceType | None = None
    custom_data: CustomDataType | None = None


class AuthorizeResponse(Message, frozen=True, kw_only=True):
    """`Authorize`: the answer."""

    id_token_info: IdTokenInfoType
    certificate_status: AuthorizeCertificateStatusEnumType | None = None
    allowed_energy_transfer: Annotated[list[EnergyTransferModeEnumType], Meta(min_length=1)] | None = None
    tariff: TariffType | None = None
    custom_data: CustomDataType | None = None


class BatteryDataType(Message, frozen=True, kw_only=True):
    """Part of BatterySwapRequest."""

    evse_id: Annotated[int, Meta(ge=0)]
    serial_number: Text50
    so_c: Annotated[float, Meta(ge=0.0, le=100.0)]
    so_h: Annotated[float, Meta(ge=0.0, le=100.0)]
    production_date: str | None = None
    vendor_info: Text500 | None = None
    custom_data: CustomDataType | None = None


class BatterySwapRequest(Message, frozen=True, kw_only=True):
    """`BatterySwap`: the request."""

    battery_data: Annotated[list[BatteryDataType], Meta(min_length=1)]
    event_type: BatterySwapEventEnumType
    id_token: IdTokenType
    request_id: int
    custom_data: CustomDataType | None = None


class BatterySwapResponse(Message, frozen=True, kw_only=True):
    """`BatterySwap`: the answer."""

    custom_data: CustomDataType | None = None


class ModemType(Message, frozen=True, kw_only=True):
    """Part of BootNotificationRequest."""

    iccid: Text20 | None = None
    imsi: Text20 | None = None
    custom_data: CustomDataType | None = None


class ChargingStationType(Message, frozen=True, kw_only=True):
    """Part of BootNotificationRequest."""

    model: Text20
    vendor_name: Text50
    serial_number: Text25 | None = None
    modem: ModemType | None = None
    firmware_version: Text50 | None = None
    custom_data: CustomDataType | None = None


class BootNotificationRequest(Message, frozen=True, kw_only=True):
    """`BootNotification`: the request."""

    charging_station: ChargingStationType
    reason: BootReasonEnumType
    custom_data: CustomDataType | None = None


class BootNotificationResponse(Message, frozen=True, kw_only=True):
    """`BootNotification`: the answer."""

    current_time: str
    interval: int
    status: RegistrationStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class CancelReservationRequest(Message, frozen=True, kw_only=True):
    """`CancelReservation`: the request."""

    reservation_id: Annotated[int, Meta(ge=0)]
    custom_data: CustomDataType | None = None


class CancelReservationResponse(Message, frozen=True, kw_only=True):
    """`CancelReservation`: the answer."""

    status: CancelReservationStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class CertificateSignedRequest(Message, frozen=True, kw_only=True):
    """`CertificateSigned`: the request."""

    certificate_chain: Text10000
    certificate_type: CertificateSigningUseEnumType | None = None
    request_id: int | None = None
    custom_data: CustomDataType | None = None


class CertificateSignedResponse(Message, frozen=True, kw_only=True):
    """`CertificateSigned`: the answer."""

    status: CertificateSignedStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class EVSEType(Message, frozen=True, kw_only=True):
    """Part of ChangeAvailabilityRequest, GetMonitoringReportRequest and 14 more."""

    id: Annotated[int, Meta(ge=0)]
    connector_id: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


class ChangeAvailabilityRequest(Message, frozen=True, kw_only=True):
    """`ChangeAvailability`: the request."""

    operational_status: OperationalStatusEnumType
    evse: EVSEType | None = None
    custom_data: CustomDataType | None = None


class ChangeAvailabilityResponse(Message, frozen=True, kw_only=True):
    """`ChangeAvailability`: the answer."""

    status: ChangeAvailabilityStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class ChangeTransactionTariffRequest(Message, frozen=True, kw_only=True):
    """`ChangeTransactionTariff`: the request."""

    tariff: TariffType
    transaction_id: Text36
    custom_data: CustomDataType | None = None


class ChangeTransactionTariffResponse(Message, frozen=True, kw_only=True):
    """`ChangeTransactionTariff`: the answer."""

    status: TariffChangeStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class ClearCacheRequest(Message, frozen=True, kw_only=True):
    """`ClearCache`: the request."""

    custom_data: CustomDataType | None = None


class ClearCacheResponse(Message, frozen=True, kw_only=True):
    """`ClearCache`: the answer."""

    status: ClearCacheStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class ClearChargingProfileType(Message, frozen=True, kw_only=True):
    """Part of ClearChargingProfileRequest."""

    evse_id: Annotated[int, Meta(ge=0)] | None = None
    charging_profile_purpose: ChargingProfilePurposeEnumType | None = None
    stack_level: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


class ClearChargingProfileRequest(Message, frozen=True, kw_only=True):
    """`ClearChargingProfile`: the request."""

    charging_profile_id: int | None = None
    charging_profile_criteria: ClearChargingProfileType | None = None
    custom_data: CustomDataType | None = None


class ClearChargingProfileResponse(Message, frozen=True, kw_only=True):
    """`ClearChargingProfile`: the answer."""

    status: ClearChargingProfileStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class ClearDERControlRequest(Message, frozen=True, kw_only=True):
    """`ClearDERControl`: the request."""

    is_default: bool
    control_type: DERControlEnumType | None = None
    control_id: Text36 | None = None
    custom_data: CustomDataType | None = None


class ClearDERControlResponse(Message, frozen=True, kw_only=True):
    """`ClearDERControl`: the answer."""

    status: DERControlStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class ClearDisplayMessageRequest(Message, frozen=True, kw_only=True):
    """`ClearDisplayMessage`: the request."""

    id: Annotated[int, Meta(ge=0)]
    custom_data: CustomDataType | None = None


class ClearDisplayMessageResponse(Message, frozen=True, kw_only=True):
    """`ClearDisplayMessage`: the answer."""

    status: ClearMessageStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class ClearTariffsRequest(Message, frozen=True, kw_only=True):
    """`ClearTariffs`: the request."""

    tariff_ids: Annotated[list[Text60], Meta(min_length=1)] | None = None
    evse_id: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


class ClearTariffsResultType(Message, frozen=True, kw_only=True):
    """Part of ClearTariffsResponse."""

    status: TariffClearStatusEnumType
    status_info: StatusInfoType | None = None
    tariff_id: Text60 | None = None
    custom_data: CustomDataType | None = None


class ClearTariffsResponse(Message, frozen=True, kw_only=True):
    """`ClearTariffs`: the answer."""

    clear_tariffs_result: Annotated[list[ClearTariffsResultType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class ClearVariableMonitoringRequest(Message, frozen=True, kw_only=True):
    """`ClearVariableMonitoring`: the request."""

    id: Annotated[list[Annotated[int, Meta(ge=0)]], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class ClearMonitoringResultType(Message, frozen=True, kw_only=True):
    """Part of ClearVariableMonitoringResponse."""

    status: ClearMonitoringStatusEnumType
    id: Annotated[int, Meta(ge=0)]
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class ClearVariableMonitoringResponse(Message, frozen=True, kw_only=True):
    """`ClearVariableMonitoring`: the answer."""

    clear_monitoring_result: Annotated[list[ClearMonitoringResultType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class ClearedChargingLimitRequest(Message, frozen=True, kw_only=True):
    """`ClearedChargingLimit`: the request."""

    charging_limit_source: Text20
    evse_id: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


class ClearedChargingLimitResponse(Message, frozen=True, kw_only=True):
    """`ClearedChargingLimit`: the answer."""

    custom_data: CustomDataType | None = None


class ClosePeriodicEventStreamRequest(Message, frozen=True, kw_only=True):
    """`ClosePeriodicEventStream`: the request."""

    id: Annotated[int, Meta(ge=0)]
    custom_data: CustomDataType | None = None


class ClosePeriodicEventStreamResponse(Message, frozen=True, kw_only=True):
    """`ClosePeriodicEventStream`: the answer."""

    custom_data: CustomDataType | None = None


class CostUpdatedRequest(Message, frozen=True, kw_only=True):
    """`CostUpdated`: the request."""

    total_cost: float
    transaction_id: Text36
    custom_data: CustomDataType | None = None


class CostUpdatedResponse(Message, frozen=True, kw_only=True):
    """`CostUpdated`: the answer."""

    custom_data: CustomDataType | None = None


class CertificateHashDataType(Message, frozen=True, kw_only=True):
    """Part of CustomerInformationRequest, DeleteCertificateRequest and 4 more."""

    hash_algorithm: HashAlgorithmEnumType
    issuer_name_hash: Text128
    issuer_key_hash: Text128
    serial_number: Text40
    custom_data: CustomDataType | None = None


class CustomerInformationRequest(Message, frozen=True, kw_only=True):
    """`CustomerInformation`: the request."""

    request_id: Annotated[int, Meta(ge=0)]
    report: bool
    clear: bool
    customer_certificate: CertificateHashDataType | None = None
    id_token: IdTokenType | None = None
    customer_identifier: Text64 | None = None
    custom_data: CustomDataType | None = None


class CustomerInformationResponse(Message, frozen=True, kw_only=True):
    """`CustomerInformation`: the answer."""

    status: CustomerInformationStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class DataTransferRequest(Message, frozen=True, kw_only=True):
    """`DataTransfer`: the request."""

    vendor_id: Text255
    message_id: Text50 | None = None
    data: Any = None
    custom_data: CustomDataType | None = None


class DataTransferResponse(Message, frozen=True, kw_only=True):
    """`DataTransfer`: the answer."""

    status: DataTransferStatusEnumType
    status_info: StatusInfoType | None = None
    data: Any = None
    custom_data: CustomDataType | None = None


class DeleteCertificateRequest(Message, frozen=True, kw_only=True):
    """`DeleteCertificate`: the request."""

    certificate_hash_data: CertificateHashDataType
    custom_data: CustomDataType | None = None


class DeleteCertificateResponse(Message, frozen=True, kw_only=True):
    """`DeleteCertificate`: the answer."""

    status: DeleteCertificateStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class FirmwareStatusNotificationRequest(Message, frozen=True, kw_only=True):
    """`FirmwareStatusNotification`: the request."""

    status: FirmwareStatusEnumType
    request_id: int | None = None
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class FirmwareStatusNotificationResponse(Message, frozen=True, kw_only=True):
    """`FirmwareStatusNotification`: the answer."""

    custom_data: CustomDataType | None = None


class Get15118EVCertificateRequest(Message, frozen=True, kw_only=True):
    """`Get15118EVCertificate`: the request."""

    iso15118_schema_version: Text50
    action: CertificateActionEnumType
    exi_request: Text11000
    maximum_contract_certificate_chains: Annotated[int, Meta(ge=0)] | None = None
    prioritized_emaids: Annotated[list[Text255], Meta(min_length=1, max_length=8)] | None = field(
        default=None, name="prioritizedEMAIDs"
    )
    custom_data: CustomDataType | None = None


class Get15118EVCertificateResponse(Message, frozen=True, kw_only=True):
    """`Get15118EVCertificate`: the answer."""

    status: Iso15118EVCertificateStatusEnumType
    exi_response: Text17000
    status_info: StatusInfoType | None = None
    remaining_contracts: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


class GetBaseReportRequest(Message, frozen=True, kw_only=True):
    """`GetBaseReport`: the request."""

    request_id: int
    report_base: ReportBaseEnumType
    custom_data: CustomDataType | None = None


class GetBaseReportResponse(Message, frozen=True, kw_only=True):
    """`GetBaseReport`: the answer."""

    status: GenericDeviceModelStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class CertificateStatusRequestInfoType(Message, frozen=True, kw_only=True):
    """Part of GetCertificateChainStatusRequest."""

    certificate_hash_data: CertificateHashDataType
    source: CertificateStatusSourceEnumType
    urls: Annotated[list[Text2000], Meta(min_length=1, max_length=5)]
    custom_data: CustomDataType | None = None


class GetCertificateChainStatusRequest(Message, frozen=True, kw_only=True):
    """`GetCertificateChainStatus`: the request."""

    certificate_status_requests: Annotated[list[CertificateStatusRequestInfoType], Meta(min_length=1, max_length=4)]
    custom_data: CustomDataType | None = None


class CertificateStatusType(Message, frozen=True, kw_only=True):
    """Part of GetCertificateChainStatusResponse."""

    certificate_hash_data: CertificateHashDataType
    source: CertificateStatusSourceEnumType
    status: CertificateStatusEnumType
    next_update: str
    custom_data: CustomDataType | None = None


class GetCertificateChainStatusResponse(Message, frozen=True, kw_only=True):
    """`GetCertificateChainStatus`: the answer."""

    certificate_status: Annotated[list[CertificateStatusType], Meta(min_length=1, max_length=4)]
    custom_data: CustomDataType | None = None


class GetCertificateStatusRequest(Message, frozen=True, kw_only=True):
    """`GetCertificateStatus`: the request."""

    ocsp_request_data: OCSPRequestDataType
    custom_data: CustomDataType | None = None


class GetCertificateStatusResponse(Message, frozen=True, kw_only=True):
    """`GetCertificateStatus`: the answer."""

    status: GetCertificateStatusEnumType
    status_info: StatusInfoType | None = None
    ocsp_result: Text18000 | None = None
    custom_data: CustomDataType | None = None


class ChargingProfileCriterionType(Message, frozen=True, kw_only=True):
    """Part of GetChargingProfilesRequest."""

    charging_profile_purpose: ChargingProfilePurposeEnumType | None = None
    stack_level: Annotated[int, Meta(ge=0)] | None = None
    charging_profile_id: Annotated[list[int], Meta(min_length=1)] | None = None
    charging_limit_source: Annotated[list[Text20], Meta(min_length=1, max_length=4)] | None = None
    custom_data: CustomDataType | None = None


class GetChargingProfilesRequest(Message, frozen=True, kw_only=True):
    """`GetChargingProfiles`: the request."""

    request_id: int
    charging_profile: ChargingProfileCriterionType
    evse_id: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


class GetChargingProfilesResponse(Message, frozen=True, kw_only=True):
    """`GetChargingProfiles`: the answer."""

    status: GetChargingProfileStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class GetCompositeScheduleRequest(Message, frozen=True, kw_only=True):
    """`GetCompositeSchedule`: the request."""

    duration: int
    evse_id: Annotated[int, Meta(ge=0)]
    charging_rate_unit: ChargingRateUnitEnumType | None = None
    custom_data: CustomDataType | None = None


class V2XFreqWattPointType(Message, frozen=True, kw_only=True):
    """Part of GetCompositeScheduleResponse, NotifyChargingLimitRequest and 4 more."""

    frequency: float
    power: float
    custom_data: CustomDataType | None = None


class V2XSignalWattPointType(Message, frozen=True, kw_only=True):
    """Part of GetCompositeScheduleResponse, NotifyChargingLimitRequest and 4 more."""

    signal: int
    power: float
    custom_data: CustomDataType | None = None


class ChargingSchedulePeriodType(Message, frozen=True, kw_only=True):
    """Part of GetCompositeScheduleResponse, NotifyChargingLimitRequest and 4 more."""

    start_period: int
    limit: float | None = None
    limit_l2: float | None = field(default=None, name="limit_L2")
    limit_l3: float | None = field(default=None, name="limit_L3")
    number_phases: Annotated[int, Meta(ge=0, le=3)] | None = None
    phase_to_use: Annotated[int, Meta(ge=0, le=3)] | None = None
    discharge_limit: Annotated[float, Meta(le=0.0)] | None = None
    discharge_limit_l2: Annotated[float, Meta(le=0.0)] | None = field(default=None, name="dischargeLimit_L2")
    discharge_limit_l3: Annotated[float, Meta(le=0.0)] | None = field(default=None, name="dischargeLimit_L3")
    setpoint: float | None = None
    setpoint_l2: float | None = field(default=None, name="setpoint_L2")
    setpoint_l3: float | None = field(default=None, name="setpoint_L3")
    setpoint_reactive: float | None = None
    setpoint_reactive_l2: float | None = field(default=None, name="setpointReactive_L2")
    setpoint_reactive_l3: float | None = field(default=None, name="setpointReactive_L3")
    preconditioning_request: bool | None = None
    evse_sleep: bool | None = None
    v2x_baseline: float | None = None
    operation_mode: OperationModeEnumType | None = None
    v2x_freq_watt_curve: Annotated[list[V2XFreqWattPointType], Meta(min_length=1, max_length=20)] | None = None
    v2x_signal_watt_curve: Annotated[list[V2XSignalWattPointType], Meta(min_length=1, max_length=20)] | None = None
    custom_data: CustomDataType | None = None


class CompositeScheduleType(Message, frozen=True, kw_only=True):
    """Part of GetCompositeScheduleResponse."""

    evse_id: Annotated[int, Meta(ge=0)]
    duration: int
    schedule_start: str
    charging_rate_unit: ChargingRateUnitEnumType
    charging_schedule_period: Annotated[list[ChargingSchedulePeriodType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class GetCompositeScheduleResponse(Message, frozen=True, kw_only=True):
    """`GetCompositeSchedule`: the answer."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    schedule: CompositeScheduleType | None = None
    custom_data: CustomDataType | None = None


class GetDERControlRequest(Message, frozen=True, kw_only=True):
    """`GetDERControl`: the request."""

    request_id: int
    is_default: bool | None = None
    control_type: DERControlEnumType | None = None
    control_id: Text36 | None = None
    custom_data: CustomDataType | None = None


class GetDERControlResponse(Message, frozen=True, kw_only=True):
    """`GetDERControl`: the answer."""

    status: DERControlStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class GetDisplayMessagesRequest(Message, frozen=True, kw_only=True):
    """`GetDisplayMessages`: the request."""

    request_id: int
    id: Annotated[list[Annotated[int, Meta(ge=0)]], Meta(min_length=1)] | None = None
    priority: MessagePriorityEnumType | None = None
    state: MessageStateEnumType | None = None
    custom_data: CustomDataType | None = None


class GetDisplayMessagesResponse(Message, frozen=True, kw_only=True):
    """`GetDisplayMessages`: the answer."""

    status: GetDisplayMessagesStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class GetInstalledCertificateIdsRequest(Message, frozen=True, kw_only=True):
    """`GetInstalledCertificateIds`: the request."""

    certificate_type: Annotated[list[GetCertificateIdUseEnumType], Meta(min_length=1)] | None = None
    custom_data: CustomDataType | None = None


class CertificateHashDataChainType(Message, frozen=True, kw_only=True):
    """Part of GetInstalledCertificateIdsResponse."""

    certificate_hash_data: CertificateHashDataType
    certificate_type: GetCertificateIdUseEnumType
    child_certificate_hash_data: Annotated[list[CertificateHashDataType], Meta(min_length=1, max_length=4)] | None = (
        None
    )
    custom_data: CustomDataType | None = None


class GetInstalledCertificateIdsResponse(Message, frozen=True, kw_only=True):
    """`GetInstalledCertificateIds`: the answer."""

    status: GetInstalledCertificateStatusEnumType
    status_info: StatusInfoType | None = None
    certificate_hash_data_chain: Annotated[list[CertificateHashDataChainType], Meta(min_length=1)] | None = None
    custom_data: CustomDataType | None = None


class GetLocalListVersionRequest(Message, frozen=True, kw_only=True):
    """`GetLocalListVersion`: the request."""

    custom_data: CustomDataType | None = None


class GetLocalListVersionResponse(Message, frozen=True, kw_only=True):
    """`GetLocalListVersion`: the answer."""

    version_number: int
    custom_data: CustomDataType | None = None


class LogParametersType(Message, frozen=True, kw_only=True):
    """Part of GetLogRequest."""

    remote_location: Text2000
    oldest_timestamp: str | None = None
    latest_timestamp: str | None = None
    custom_data: CustomDataType | None = None


class GetLogRequest(Message, frozen=True, kw_only=True):
    """`GetLog`: the request."""

    log: LogParametersType
    log_type: LogEnumType
    request_id: int
    retries: Annotated[int, Meta(ge=0)] | None = None
    retry_interval: int | None = None
    custom_data: CustomDataType | None = None


class GetLogResponse(Message, frozen=True, kw_only=True):
    """`GetLog`: the answer."""

    status: LogStatusEnumType
    status_info: StatusInfoType | None = None
    filename: Text255 | None = None
    custom_data: CustomDataType | None = None


class ComponentType(Message, frozen=True, kw_only=True):
    """Part of GetMonitoringReportRequest, GetReportRequest and 11 more."""

    name: Text50
    evse: EVSEType | None = None
    instance: Text50 | None = None
    custom_data: CustomDataType | None = None


class VariableType(Message, frozen=True, kw_only=True):
    """Part of GetMonitoringReportRequest, GetReportRequest and 9 more."""

    name: Text50
    instance: Text50 | None = None
    custom_data: CustomDataType | None = None


class ComponentVariableType(Message, frozen=True, kw_only=True):
    """Part of GetMonitoringReportRequest, GetReportRequest."""

    component: ComponentType
    variable: VariableType | None = None
    custom_data: CustomDataType | None = None


class GetMonitoringReportRequest(Message, frozen=True, kw_only=True):
    """`GetMonitoringReport`: the request."""

    request_id: int
    component_variable: Annotated[list[ComponentVariableType], Meta(min_length=1)] | None = None
    monitoring_criteria: Annotated[list[MonitoringCriterionEnumType], Meta(min_length=1, max_length=3)] | None = None
    custom_data: CustomDataType | None = None


class GetMonitoringReportResponse(Message, frozen=True, kw_only=True):
    """`GetMonitoringReport`: the answer."""

    status: GenericDeviceModelStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class GetPeriodicEventStreamRequest(Message, frozen=True, kw_only=True):
    """`GetPeriodicEventStream`: the request."""

    custom_data: CustomDataType | None = None


class ConstantStreamDataType(Message, frozen=True, kw_only=True):
    """Part of GetPeriodicEventStreamResponse, OpenPeriodicEventStreamRequest."""

    id: Annotated[int, Meta(ge=0)]
    params: PeriodicEventStreamParamsType
    variable_monitoring_id: Annotated[int, Meta(ge=0)]
    custom_data: CustomDataType | None = None


class GetPeriodicEventStreamResponse(Message, frozen=True, kw_only=True):
    """`GetPeriodicEventStream`: the answer."""

    constant_stream_data: Annotated[list[ConstantStreamDataType], Meta(min_length=1)] | None = None
    custom_data: CustomDataType | None = None


class GetReportRequest(Message, frozen=True, kw_only=True):
    """`GetReport`: the request."""

    request_id: int
    component_variable: Annotated[list[ComponentVariableType], Meta(min_length=1)] | None = None
    component_criteria: Annotated[list[ComponentCriterionEnumType], Meta(min_length=1, max_length=4)] | None = None
    custom_data: CustomDataType | None = None


class GetReportResponse(Message, frozen=True, kw_only=True):
    """`GetReport`: the answer."""

    status: GenericDeviceModelStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class GetTariffsRequest(Message, frozen=True, kw_only=True):
    """`GetTariffs`: the request."""

    evse_id: Annotated[int, Meta(ge=0)]
    custom_data: CustomDataType | None = None


class TariffAssignmentType(Message, frozen=True, kw_only=True):
    """Part of GetTariffsResponse."""

    tariff_id: Text60
    tariff_kind: TariffKindEnumType
    valid_from: str | None = None
    evse_ids: Annotated[list[Annotated[int, Meta(ge=0)]], Meta(min_length=1)] | None = None
    id_tokens: Annotated[list[Text255], Meta(min_length=1)] | None = None
    custom_data: CustomDataType | None = None


class GetTariffsResponse(Message, frozen=True, kw_only=True):
    """`GetTariffs`: the answer."""

    status: TariffGetStatusEnumType
    status_info: StatusInfoType | None = None
    tariff_assignments: Annotated[list[TariffAssignmentType], Meta(min_length=1)] | None = None
    custom_data: CustomDataType | None = None


class GetTransactionStatusRequest(Message, frozen=True, kw_only=True):
    """`GetTransactionStatus`: the request."""

    transaction_id: Text36 | None = None
    custom_data: CustomDataType | None = None


class GetTransactionStatusResponse(Message, frozen=True, kw_only=True):
    """`GetTransactionStatus`: the answer."""

    messages_in_queue: bool
    ongoing_indicator: bool | None = None
    custom_data: CustomDataType | None = None


class GetVariableDataType(Message, frozen=True, kw_only=True):
    """Part of GetVariablesRequest."""

    component: ComponentType
    variable: VariableType
    attribute_type: AttributeEnumType | None = None
    custom_data: CustomDataType | None = None


class GetVariablesRequest(Message, frozen=True, kw_only=True):
    """`GetVariables`: the request."""

    get_variable_data: Annotated[list[GetVariableDataType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class GetVariableResultType(Message, frozen=True, kw_only=True):
    """Part of GetVariablesResponse."""

    attribute_status: GetVariableStatusEnumType
    component: ComponentType
    variable: VariableType
    attribute_status_info: StatusInfoType | None = None
    attribute_type: AttributeEnumType | None = None
    attribute_value: Text2500 | None = None
    custom_data: CustomDataType | None = None


class GetVariablesResponse(Message, frozen=True, kw_only=True):
    """`GetVariables`: the answer."""

    get_variable_result: Annotated[list[GetVariableResultType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class HeartbeatRequest(Message, frozen=True, kw_only=True):
    """`Heartbeat`: the request."""

    custom_data: CustomDataType | None = None


class HeartbeatResponse(Message, frozen=True, kw_only=True):
    """`Heartbeat`: the answer."""

    current_time: str
    custom_data: CustomDataType | None = None


class InstallCertificateRequest(Message, frozen=True, kw_only=True):
    """`InstallCertificate`: the request."""

    certificate_type: InstallCertificateUseEnumType
    certificate: Text10000
    custom_data: CustomDataType | None = None


class InstallCertificateResponse(Message, frozen=True, kw_only=True):
    """`InstallCertificate`: the answer."""

    status: InstallCertificateStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class LogStatusNotificationRequest(Message, frozen=True, kw_only=True):
    """`LogStatusNotification`: the request."""

    status: UploadLogStatusEnumType
    request_id: int | None = None
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class LogStatusNotificationResponse(Message, frozen=True, kw_only=True):
    """`LogStatusNotification`: the answer."""

    custom_data: CustomDataType | None = None


class SignedMeterValueType(Message, frozen=True, kw_only=True):
    """Part of MeterValuesRequest, TransactionEventRequest."""

    signed_meter_data: Text32768
    encoding_method: Text50
    signing_method: Text50 | None = None
    public_key: Text2500 | None = None
    custom_data: CustomDataType | None = None


class UnitOfMeasureType(Message, frozen=True, kw_only=True):
    """Part of MeterValuesRequest, TransactionEventRequest."""

    unit: Text20 | None = None
    multiplier: int | None = None
    custom_data: CustomDataType | None = None


class SampledValueType(Message, frozen=True, kw_only=True):
    """Part of MeterValuesRequest, TransactionEventRequest."""

    value: float
    measurand: MeasurandEnumType | None = None
    context: ReadingContextEnumType | None = None
    phase: PhaseEnumType | None = None
    location: LocationEnumType | None = None
    signed_meter_value: SignedMeterValueType | None = None
    unit_of_measure: UnitOfMeasureType | None = None
    custom_data: CustomDataType | None = None


class MeterValueType(Message, frozen=True, kw_only=True):
    """Part of MeterValuesRequest, TransactionEventRequest."""

    sampled_value: Annotated[list[SampledValueType], Meta(min_length=1)]
    timestamp: str
    custom_data: CustomDataType | None = None


class MeterValuesRequest(Message, frozen=True, kw_only=True):
    """`MeterValues`: the request."""

    evse_id: Annotated[int, Meta(ge=0)]
    meter_value: Annotated[list[MeterValueType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class MeterValuesResponse(Message, frozen=True, kw_only=True):
    """`MeterValues`: the answer."""

    custom_data: CustomDataType | None = None


class NotifyAllowedEnergyTransferRequest(Message, frozen=True, kw_only=True):
    """`NotifyAllowedEnergyTransfer`: the request."""

    transaction_id: Text36
    allowed_energy_transfer: Annotated[list[EnergyTransferModeEnumType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class NotifyAllowedEnergyTransferResponse(Message, frozen=True, kw_only=True):
    """`NotifyAllowedEnergyTransfer`: the answer."""

    status: NotifyAllowedEnergyTransferStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class ChargingLimitType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest."""

    charging_limit_source: Text20
    is_local_generation: bool | None = None
    is_grid_critical: bool | None = None
    custom_data: CustomDataType | None = None


class LimitAtSoCType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    soc: Annotated[int, Meta(ge=0, le=100)]
    limit: float
    custom_data: CustomDataType | None = None


class RelativeTimeIntervalType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    start: int
    duration: int | None = None
    custom_data: CustomDataType | None = None


class CostType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    cost_kind: CostKindEnumType
    amount: int
    amount_multiplier: int | None = None
    custom_data: CustomDataType | None = None


class ConsumptionCostType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    start_value: float
    cost: Annotated[list[CostType], Meta(min_length=1, max_length=3)]
    custom_data: CustomDataType | None = None


class SalesTariffEntryType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    relative_time_interval: RelativeTimeIntervalType
    e_price_level: Annotated[int, Meta(ge=0)] | None = None
    consumption_cost: Annotated[list[ConsumptionCostType], Meta(min_length=1, max_length=3)] | None = None
    custom_data: CustomDataType | None = None


class SalesTariffType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    id: Annotated[int, Meta(ge=0)]
    sales_tariff_entry: Annotated[list[SalesTariffEntryType], Meta(min_length=1, max_length=1024)]
    sales_tariff_description: Text32 | None = None
    num_e_price_levels: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


class RationalNumberType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    exponent: int
    value: int
    custom_data: CustomDataType | None = None


class PriceRuleType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    energy_fee: RationalNumberType
    power_range_start: RationalNumberType
    parking_fee_period: int | None = None
    carbon_dioxide_emission: Annotated[int, Meta(ge=0)] | None = None
    renewable_generation_percentage: Annotated[int, Meta(ge=0, le=100)] | None = None
    parking_fee: RationalNumberType | None = None
    custom_data: CustomDataType | None = None


class PriceRuleStackType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    duration: int
    price_rule: Annotated[list[PriceRuleType], Meta(min_length=1, max_length=8)]
    custom_data: CustomDataType | None = None


class TaxRuleType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    tax_rule_id: Annotated[int, Meta(ge=0)] = field(name="taxRuleID")
    applies_to_energy_fee: bool
    applies_to_parking_fee: bool
    applies_to_overstay_fee: bool
    applies_to_minimum_maximum_cost: bool
    tax_rate: RationalNumberType
    tax_rule_name: Text100 | None = None
    tax_included_in_price: bool | None = None
    custom_data: CustomDataType | None = None


class OverstayRuleType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    overstay_fee: RationalNumberType
    start_time: int
    overstay_fee_period: int
    overstay_rule_description: Text32 | None = None
    custom_data: CustomDataType | None = None


class OverstayRuleListType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    overstay_rule: Annotated[list[OverstayRuleType], Meta(min_length=1, max_length=5)]
    overstay_power_threshold: RationalNumberType | None = None
    overstay_time_threshold: int | None = None
    custom_data: CustomDataType | None = None


class AdditionalSelectedServicesType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    service_fee: RationalNumberType
    service_name: Text80
    custom_data: CustomDataType | None = None


class AbsolutePriceScheduleType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    time_anchor: str
    price_schedule_id: Annotated[int, Meta(ge=0)] = field(name="priceScheduleID")
    currency: Text3
    language: Text8
    price_algorithm: Text2000
    price_rule_stacks: Annotated[list[PriceRuleStackType], Meta(min_length=1, max_length=1024)]
    price_schedule_description: Text160 | None = None
    minimum_cost: RationalNumberType | None = None
    maximum_cost: RationalNumberType | None = None
    tax_rules: Annotated[list[TaxRuleType], Meta(min_length=1, max_length=10)] | None = None
    overstay_rule_list: OverstayRuleListType | None = None
    additional_selected_services: (
        Annotated[list[AdditionalSelectedServicesType], Meta(min_length=1, max_length=5)] | None
    ) = None
    custom_data: CustomDataType | None = None


class PriceLevelScheduleEntryType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    duration: int
    price_level: Annotated[int, Meta(ge=0)]
    custom_data: CustomDataType | None = None


class PriceLevelScheduleType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    price_level_schedule_entries: Annotated[list[PriceLevelScheduleEntryType], Meta(min_length=1, max_length=100)]
    time_anchor: str
    price_schedule_id: Annotated[int, Meta(ge=0)]
    number_of_price_levels: Annotated[int, Meta(ge=0)]
    price_schedule_description: Text32 | None = None
    custom_data: CustomDataType | None = None


class ChargingScheduleType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    id: int
    charging_rate_unit: ChargingRateUnitEnumType
    charging_schedule_period: Annotated[list[ChargingSchedulePeriodType], Meta(min_length=1, max_length=1024)]
    limit_at_so_c: LimitAtSoCType | None = None
    start_schedule: str | None = None
    duration: int | None = None
    min_charging_rate: float | None = None
    power_tolerance: float | None = None
    signature_id: Annotated[int, Meta(ge=0)] | None = None
    digest_value: Text88 | None = None
    use_local_time: bool | None = None
    randomized_delay: Annotated[int, Meta(ge=0)] | None = None
    sales_tariff: SalesTariffType | None = None
    absolute_price_schedule: AbsolutePriceScheduleType | None = None
    price_level_schedule: PriceLevelScheduleType | None = None
    custom_data: CustomDataType | None = None


class NotifyChargingLimitRequest(Message, frozen=True, kw_only=True):
    """`NotifyChargingLimit`: the request."""

    charging_limit: ChargingLimitType
    charging_schedule: Annotated[list[ChargingScheduleType], Meta(min_length=1)] | None = None
    evse_id: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


class NotifyChargingLimitResponse(Message, frozen=True, kw_only=True):
    """`NotifyChargingLimit`: the answer."""

    custom_data: CustomDataType | None = None


class NotifyCustomerInformationRequest(Message, frozen=True, kw_only=True):
    """`NotifyCustomerInformation`: the request."""

    data: Text512
    seq_no: Annotated[int, Meta(ge=0)]
    generated_at: str
    request_id: Annotated[int, Meta(ge=0)]
    tbc: bool | None = None
    custom_data: CustomDataType | None = None


class NotifyCustomerInformationResponse(Message, frozen=True, kw_only=True):
    """`NotifyCustomerInformation`: the answer."""

    custom_data: CustomDataType | None = None


class NotifyDERAlarmRequest(Message, frozen=True, kw_only=True):
    """`NotifyDERAlarm`: the request."""

    control_type: DERControlEnumType
    timestamp: str
    grid_event_fault: GridEventFaultEnumType | None = None
    alarm_ended: bool | None = None
    extra_info: Text200 | None = None
    custom_data: CustomDataType | None = None


class NotifyDERAlarmResponse(Message, frozen=True, kw_only=True):
    """`NotifyDERAlarm`: the answer."""

    custom_data: CustomDataType | None = None


class NotifyDERStartStopRequest(Message, frozen=True, kw_only=True):
    """`NotifyDERStartStop`: the request."""

    control_id: Text36
    started: bool
    timestamp: str
    superseded_ids: Annotated[list[Text36], Meta(min_length=1, max_length=24)] | None = None
    custom_data: CustomDataType | None = None


class NotifyDERStartStopResponse(Message, frozen=True, kw_only=True):
    """`NotifyDERStartStop`: the answer."""

    custom_data: CustomDataType | None = None


class MessageInfoType(Message, frozen=True, kw_only=True):
    """Part of NotifyDisplayMessagesRequest, SetDisplayMessageRequest."""

    id: Annotated[int, Meta(ge=0)]
    priority: MessagePriorityEnumType
    message: MessageContentType
    display: ComponentType | None = None
    state: MessageStateEnumType | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None
    transaction_id: Text36 | None = None
    message_extra: Annotated[list[MessageContentType], Meta(min_length=1, max_length=4)] | None = None
    custom_data: CustomDataType | None = None


class NotifyDisplayMessagesRequest(Message, frozen=True, kw_only=True):
    """`NotifyDisplayMessages`: the request."""

    request_id: int
    message_info: Annotated[list[MessageInfoType], Meta(min_length=1)] | None = None
    tbc: bool | None = None
    custom_data: CustomDataType | None = None


class NotifyDisplayMessagesResponse(Message, frozen=True, kw_only=True):
    """`NotifyDisplayMessages`: the answer."""

    custom_data: CustomDataType | None = None


class ACChargingParametersType(Message, frozen=True, kw_only=True):
    """Part of NotifyEVChargingNeedsRequest."""

    energy_amount: float
    ev_min_current: float
    ev_max_current: float
    ev_max_voltage: float
    custom_data: CustomDataType | None = None


class DERChargingParametersType(Message, frozen=True, kw_only=True):
    """Part of NotifyEVChargingNeedsRequest."""

    ev_supported_der_control: Annotated[list[DERControlEnumType], Meta(min_length=1)] | None = field(
        default=None, name="evSupportedDERControl"
    )
    ev_over_excited_max_discharge_power: float | None = None
    ev_over_excited_power_factor: float | None = None
    ev_under_excited_max_discharge_power: float | None = None
    ev_under_excited_power_factor: float | None = None
    max_apparent_power: float | None = None
    max_charge_apparent_power: float | None = None
    max_charge_apparent_power_l2: float | None = field(default=None, name="maxChargeApparentPower_L2")
    max_charge_apparent_power_l3: float | None = field(default=None, name="maxChargeApparentPower_L3")
    max_discharge_apparent_power: float | None = None
    max_discharge_apparent_power_l2: float | None = field(default=None, name="maxDischargeApparentPower_L2")
    max_discharge_apparent_power_l3: float | None = field(default=None, name="maxDischargeApparentPower_L3")
    max_charge_reactive_power: float | None = None
    max_charge_reactive_power_l2: float | None = field(default=None, name="maxChargeReactivePower_L2")
    max_charge_reactive_power_l3: float | None = field(default=None, name="maxChargeReactivePower_L3")
    min_charge_reactive_power: float | None = None
    min_charge_reactive_power_l2: float | None = field(default=None, name="minChargeReactivePower_L2")
    min_charge_reactive_power_l3: float | None = field(default=None, name="minChargeReactivePower_L3")
    max_discharge_reactive_power: float | None = None
    max_discharge_reactive_power_l2: float | None = field(default=None, name="maxDischargeReactivePower_L2")
    max_discharge_reactive_power_l3: float | None = field(default=None, name="maxDischargeReactivePower_L3")
    min_discharge_reactive_power: float | None = None
    min_discharge_reactive_power_l2: float | None = field(default=None, name="minDischargeReactivePower_L2")
    min_discharge_reactive_power_l3: float | None = field(default=None, name="minDischargeReactivePower_L3")
    nominal_voltage: float | None = None
    nominal_voltage_offset: float | None = None
    max_nominal_voltage: float | None = None
    min_nominal_voltage: float | None = None
    ev_inverter_manufacturer: Text50 | None = None
    ev_inverter_model: Text50 | None = None
    ev_inverter_serial_number: Text50 | None = None
    ev_inverter_sw_version: Text50 | None = None
    ev_inverter_hw_version: Text50 | None = None
    ev_islanding_detection_method: Annotated[list[IslandingDetectionEnumType], Meta(min_length=1)] | None = None
    ev_islanding_trip_time: float | None = None
    ev_maximum_level1_dc_injection: float | None = field(default=None, name="evMaximumLevel1DCInjection")
    ev_duration_level1_dc_injection: float | None = field(default=None, name="evDurationLevel1DCInjection")
    ev_maximum_level2_dc_injection: float | None = field(default=None, name="evMaximumLevel2DCInjection")
    ev_duration_level2_dc_injection: float | None = field(default=None, name="evDurationLevel2DCInjection")
    ev_reactive_susceptance: float | None = None
    ev_session_total_discharge_energy_available: float | None = None
    custom_data: CustomDataType | None = None


class EVPowerScheduleEntryType(Message, frozen=True, kw_only=True):
    """Part of NotifyEVChargingNeedsRequest."""

    duration: int
    power: float
    custom_data: CustomDataType | None = None


class EVPowerScheduleType(Message, frozen=True, kw_only=True):
    """Part of NotifyEVChargingNeedsRequest."""

    ev_power_schedule_entries: Annotated[list[EVPowerScheduleEntryType], Meta(min_length=1, max_length=1024)]
    time_anchor: str
    custom_data: CustomDataType | None = None


class EVPriceRuleType(Message, frozen=True, kw_only=True):
    """Part of NotifyEVChargingNeedsRequest."""

    energy_fee: float
    power_range_start: float
    custom_data: CustomDataType | None = None


class EVAbsolutePriceScheduleEntryType(Message, frozen=True, kw_only=True):
    """Part of NotifyEVChargingNeedsRequest."""

    duration: int
    ev_price_rule: Annotated[list[EVPriceRuleType], Meta(min_length=1, max_length=8)]
    custom_data: CustomDataType | None = None


class EVAbsolutePriceScheduleType(Message, frozen=True, kw_only=True):
    """Part of NotifyEVChargingNeedsRequest."""

    time_anchor: str
    currency: Text3
    ev_absolute_price_schedule_entries: Annotated[
        list[EVAbsolutePriceScheduleEntryType], Meta(min_length=1, max_length=1024)
    ]
    price_algorithm: Text2000
    custom_data: CustomDataType | None = None


class EVEnergyOfferType(Message, frozen=True, kw_only=True):
    """Part of NotifyEVChargingNeedsRequest."""

    ev_power_schedule: EVPowerScheduleType
    ev_absolute_price_schedule: EVAbsolutePriceScheduleType | None = None
    custom_data: CustomDataType | None = None


class DCChargingParametersType(Message, frozen=True, kw_only=True):
    """Part of NotifyEVChargingNeedsRequest."""

    ev_max_current: float
    ev_max_voltage: float
    ev_max_power: float | None = None
    ev_energy_capacity: float | None = None
    energy_amount: float | None = None
    state_of_charge: Annotated[int, Meta(ge=0, le=100)] | None = None
    full_so_c: Annotated[int, Meta(ge=0, le=100)] | None = None
    bulk_so_c: Annotated[int, Meta(ge=0, le=100)] | None = None
    custom_data: CustomDataType | None = None


class V2XChargingParametersType(Message, frozen=True, kw_only=True):
    """Part of NotifyEVChargingNeedsRequest."""

    min_charge_power: float | None = None
    min_charge_power_l2: float | None = field(default=None, name="minChargePower_L2")
    min_charge_power_l3: float | None = field(default=None, name="minChargePower_L3")
    max_charge_power: float | None = None
    max_charge_power_l2: float | None = field(default=None, name="maxChargePower_L2")
    max_charge_power_l3: float | None = field(default=None, name="maxChargePower_L3")
    min_discharge_power: float | None = None
    min_discharge_power_l2: float | None = field(default=None, name="minDischargePower_L2")
    min_discharge_power_l3: float | None = field(default=None, name="minDischargePower_L3")
    max_discharge_power: float | None = None
    max_discharge_power_l2: float | None = field(default=None, name="maxDischargePower_L2")
    max_discharge_power_l3: float | None = field(default=None, name="maxDischargePower_L3")
    min_charge_current: float | None = None
    max_charge_current: float | None = None
    min_discharge_current: float | None = None
    max_discharge_current: float | None = None
    min_voltage: float | None = None
    max_voltage: float | None = None
    ev_target_energy_request: float | None = None
    ev_min_energy_request: float | None = None
    ev_max_energy_request: float | None = None
    ev_min_v2_x_energy_request: float | None = None
    ev_max_v2_x_energy_request: float | None = None
    target_so_c: Annotated[int, Meta(ge=0, le=100)] | None = None
    custom_data: CustomDataType | None = None


class ChargingNeedsType(Message, frozen=True, kw_only=True):
    """Part of NotifyEVChargingNeedsRequest."""

    requested_energy_transfer: EnergyTransferModeEnumType
    ac_charging_parameters: ACChargingParametersType | None = None
    der_charging_parameters: DERChargingParametersType | None = None
    ev_energy_offer: EVEnergyOfferType | None = None
    dc_charging_parameters: DCChargingParametersType | None = None
    v2x_charging_parameters: V2XChargingParametersType | None = None
    available_energy_transfer: Annotated[list[EnergyTransferModeEnumType], Meta(min_length=1)] | None = None
    control_mode: ControlModeEnumType | None = None
    mobility_needs_mode: MobilityNeedsModeEnumType | None = None
    departure_time: str | None = None
    custom_data: CustomDataType | None = None


class NotifyEVChargingNeedsRequest(Message, frozen=True, kw_only=True):
    """`NotifyEVChargingNeeds`: the request."""

    evse_id: Annotated[int, Meta(ge=1)]
    charging_needs: ChargingNeedsType
    max_schedule_tuples: Annotated[int, Meta(ge=0)] | None = None
    timestamp: str | None = None
    custom_data: CustomDataType | None = None


class NotifyEVChargingNeedsResponse(Message, frozen=True, kw_only=True):
    """`NotifyEVChargingNeeds`: the answer."""

    status: NotifyEVChargingNeedsStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class NotifyEVChargingScheduleRequest(Message, frozen=True, kw_only=True):
    """`NotifyEVChargingSchedule`: the request."""

    time_base: str
    charging_schedule: ChargingScheduleType
    evse_id: Annotated[int, Meta(ge=1)]
    selected_charging_schedule_id: Annotated[int, Meta(ge=0)] | None = None
    power_tolerance_acceptance: bool | None = None
    custom_data: CustomDataType | None = None


class NotifyEVChargingScheduleResponse(Message, frozen=True, kw_only=True):
    """`NotifyEVChargingSchedule`: the answer."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class EventDataType(Message, frozen=True, kw_only=True):
    """Part of NotifyEventRequest."""

    event_id: Annotated[int, Meta(ge=0)]
    timestamp: str
    trigger: EventTriggerEnumType
    actual_value: Text2500
    component: ComponentType
    event_notification_type: EventNotificationEnumType
    variable: VariableType
    cause: Annotated[int, Meta(ge=0)] | None = None
    tech_code: Text50 | None = None
    tech_info: Text500 | None = None
    cleared: bool | None = None
    transaction_id: Text36 | None = None
    variable_monitoring_id: Annotated[int, Meta(ge=0)] | None = None
    severity: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


class NotifyEventRequest(Message, frozen=True, kw_only=True):
    """`NotifyEvent`: the request."""

    generated_at: str
    seq_no: Annotated[int, Meta(ge=0)]
    event_data: Annotated[list[EventDataType], Meta(min_length=1)]
    tbc: bool | None = None
    custom_data: CustomDataType | None = None


class NotifyEventResponse(Message, frozen=True, kw_only=True):
    """`NotifyEvent`: the answer."""

    custom_data: CustomDataType | None = None


class VariableMonitoringType(Message, frozen=True, kw_only=True):
    """Part of NotifyMonitoringReportRequest."""

    id: Annotated[int, Meta(ge=0)]
    transaction: bool
    value: float
    type: MonitorEnumType
    severity: Annotated[int, Meta(ge=0)]
    event_notification_type: EventNotificationEnumType
    custom_data: CustomDataType | None = None


class MonitoringDataType(Message, frozen=True, kw_only=True):
    """Part of NotifyMonitoringReportRequest."""

    component: ComponentType
    variable: VariableType
    variable_monitoring: Annotated[list[VariableMonitoringType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class NotifyMonitoringReportRequest(Message, frozen=True, kw_only=True):
    """`NotifyMonitoringReport`: the request."""

    request_id: int
    seq_no: Annotated[int, Meta(ge=0)]
    generated_at: str
    monitor: Annotated[list[MonitoringDataType], Meta(min_length=1)] | None = None
    tbc: bool | None = None
    custom_data: CustomDataType | None = None


class NotifyMonitoringReportResponse(Message, frozen=True, kw_only=True):
    """`NotifyMonitoringReport`: the answer."""

    custom_data: CustomDataType | None = None


class StreamDataElementType(Message, frozen=True, kw_only=True):
    """Part of NotifyPeriodicEventStreamRequest."""

    t: float
    v: Text2500
    custom_data: CustomDataType | None = None


class NotifyPeriodicEventStreamRequest(Message, frozen=True, kw_only=True):
    """`NotifyPeriodicEventStream`: the request."""

    data: Annotated[list[StreamDataElementType], Meta(min_length=1)]
    id: Annotated[int, Meta(ge=0)]
    pending: Annotated[int, Meta(ge=0)]
    basetime: str
    custom_data: CustomDataType | None = None


class NotifyPriorityChargingRequest(Message, frozen=True, kw_only=True):
    """`NotifyPriorityCharging`: the request."""

    transaction_id: Text36
    activated: bool
    custom_data: CustomDataType | None = None


class NotifyPriorityChargingResponse(Message, frozen=True, kw_only=True):
    """`NotifyPriorityCharging`: the answer."""

    custom_data: CustomDataType | None = None


class VariableAttributeType(Message, frozen=True, kw_only=True):
    """Part of NotifyReportRequest."""

    type: AttributeEnumType | None = None
    value: Text2500 | None = None
    mutability: MutabilityEnumType | None = None
    persistent: bool | None = None
    constant: bool | None = None
    custom_data: CustomDataType | None = None


class VariableCharacteristicsType(Message, frozen=True, kw_only=True):
    """Part of NotifyReportRequest."""

    data_type: DataEnumType
    supports_monitoring: bool
    unit: Text16 | None = None
    min_limit: float | None = None
    max_limit: float | None = None
    max_elements: Annotated[int, Meta(ge=1)] | None = None
    values_list: Text1000 | None = None
    custom_data: CustomDataType | None = None


class ReportDataType(Message, frozen=True, kw_only=True):
    """Part of NotifyReportRequest."""

    component: ComponentType
    variable: VariableType
    variable_attribute: Annotated[list[VariableAttributeType], Meta(min_length=1, max_length=4)]
    variable_characteristics: VariableCharacteristicsType | None = None
    custom_data: CustomDataType | None = None


class NotifyReportRequest(Message, frozen=True, kw_only=True):
    """`NotifyReport`: the request."""

    request_id: int
    generated_at: str
    seq_no: Annotated[int, Meta(ge=0)]
    report_data: Annotated[list[ReportDataType], Meta(min_length=1)] | None = None
    tbc: bool | None = None
    custom_data: CustomDataType | None = None


class NotifyReportResponse(Message, frozen=True, kw_only=True):
    """`NotifyReport`: the answer."""

    custom_data: CustomDataType | None = None


class AddressType(Message, frozen=True, kw_only=True):
    """Part of NotifySettlementRequest, VatNumberValidationResponse."""

    name: Text50
    address1: Text100
    city: Text100
    country: Text50
    address2: Text100 | None = None
    postal_code: Text20 | None = None
    custom_data: CustomDataType | None = None


class NotifySettlementRequest(Message, frozen=True, kw_only=True):
    """`NotifySettlement`: the request."""

    psp_ref: Text255
    status: PaymentStatusEnumType
    settlement_amount: float
    settlement_time: str
    transaction_id: Text36 | None = None
    status_info: Text500 | None = None
    receipt_id: Text50 | None = None
    receipt_url: Text2000 | None = None
    vat_company: AddressType | None = None
    vat_number: Text20 | None = None
    custom_data: CustomDataType | None = None


class NotifySettlementResponse(Message, frozen=True, kw_only=True):
    """`NotifySettlement`: the answer."""

    receipt_url: Text2000 | None = None
    receipt_id: Text50 | None = None
    custom_data: CustomDataType | None = None


class NotifyWebPaymentStartedRequest(Message, frozen=True, kw_only=True):
    """`NotifyWebPaymentStarted`: the request."""

    evse_id: Annotated[int, Meta(ge=0)]
    timeout: int
    custom_data: CustomDataType | None = None


class NotifyWebPaymentStartedResponse(Message, frozen=True, kw_only=True):
    """`NotifyWebPaymentStarted`: the answer."""

    custom_data: CustomDataType | None = None


class OpenPeriodicEventStreamRequest(Message, frozen=True, kw_only=True):
    """`OpenPeriodicEventStream`: the request."""

    constant_stream_data: ConstantStreamDataType
    custom_data: CustomDataType | None = None


class OpenPeriodicEventStreamResponse(Message, frozen=True, kw_only=True):
    """`OpenPeriodicEventStream`: the answer."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class PublishFirmwareRequest(Message, frozen=True, kw_only=True):
    """`PublishFirmware`: the request."""

    location: Text2000
    checksum: Text32
    request_id: Annotated[int, Meta(ge=0)]
    retries: Annotated[int, Meta(ge=0)] | None = None
    retry_interval: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


class PublishFirmwareResponse(Message, frozen=True, kw_only=True):
    """`PublishFirmware`: the answer."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class PublishFirmwareStatusNotificationRequest(Message, frozen=True, kw_only=True):
    """`PublishFirmwareStatusNotification`: the request."""

    status: PublishFirmwareStatusEnumType
    location: Annotated[list[Text2000], Meta(min_length=1)] | None = None
    request_id: Annotated[int, Meta(ge=0)] | None = None
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class PublishFirmwareStatusNotificationResponse(Message, frozen=True, kw_only=True):
    """`PublishFirmwareStatusNotification`: the answer."""

    custom_data: CustomDataType | None = None


class PullDynamicScheduleUpdateRequest(Message, frozen=True, kw_only=True):
    """`PullDynamicScheduleUpdate`: the request."""

    charging_profile_id: int
    custom_data: CustomDataType | None = None


class ChargingScheduleUpdateType(Message, frozen=True, kw_only=True):
    """Part of PullDynamicScheduleUpdateResponse, UpdateDynamicScheduleRequest."""

    limit: float | None = None
    limit_l2: float | None = field(default=None, name="limit_L2")
    limit_l3: float | None = field(default=None, name="limit_L3")
    discharge_limit: Annotated[float, Meta(le=0.0)] | None = None
    discharge_limit_l2: Annotated[float, Meta(le=0.0)] | None = field(default=None, name="dischargeLimit_L2")
    discharge_limit_l3: Annotated[float, Meta(le=0.0)] | None = field(default=None, name="dischargeLimit_L3")
    setpoint: float | None = None
    setpoint_l2: float | None = field(default=None, name="setpoint_L2")
    setpoint_l3: float | None = field(default=None, name="setpoint_L3")
    setpoint_reactive: float | None = None
    setpoint_reactive_l2: float | None = field(default=None, name="setpointReactive_L2")
    setpoint_reactive_l3: float | None = field(default=None, name="setpointReactive_L3")
    custom_data: CustomDataType | None = None


class PullDynamicScheduleUpdateResponse(Message, frozen=True, kw_only=True):
    """`PullDynamicScheduleUpdate`: the answer."""

    status: ChargingProfileStatusEnumType
    schedule_update: ChargingScheduleUpdateType | None = None
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class ChargingProfileType(Message, frozen=True, kw_only=True):
    """Part of ReportChargingProfilesRequest, RequestStartTransactionRequest and 1 more."""

    id: int
    stack_level: Annotated[int, Meta(ge=0)]
    charging_profile_purpose: ChargingProfilePurposeEnumType
    charging_profile_kind: ChargingProfileKindEnumType
    charging_schedule: Annotated[list[ChargingScheduleType], Meta(min_length=1, max_length=3)]
    recurrency_kind: RecurrencyKindEnumType | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    transaction_id: Text36 | None = None
    max_offline_duration: int | None = None
    invalid_after_offline_duration: bool | None = None
    dyn_update_interval: int | None = None
    dyn_update_time: str | None = None
    price_schedule_signature: Text256 | None = None
    custom_data: CustomDataType | None = None


class ReportChargingProfilesRequest(Message, frozen=True, kw_only=True):
    """`ReportChargingProfiles`: the request."""

    request_id: int
    charging_limit_source: Text20
    charging_profile: Annotated[list[ChargingProfileType], Meta(min_length=1)]
    evse_id: Annotated[int, Meta(ge=0)]
    tbc: bool | None = None
    custom_data: CustomDataType | None = None


class ReportChargingProfilesResponse(Message, frozen=True, kw_only=True):
    """`ReportChargingProfiles`: the answer."""

    custom_data: CustomDataType | None = None


class DERCurvePointsType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest, SetDERControlRequest."""

    x: float
    y: float
    custom_data: CustomDataType | None = None


class HysteresisType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest, SetDERControlRequest."""

    hysteresis_high: float | None = None
    hysteresis_low: float | None = None
    hysteresis_delay: float | None = None
    hysteresis_gradient: float | None = None
    custom_data: CustomDataType | None = None


class ReactivePowerParamsType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest, SetDERControlRequest."""

    v_ref: float | None = None
    autonomous_v_ref_enable: bool | None = None
    autonomous_v_ref_time_constant: float | None = None
    custom_data: CustomDataType | None = None


class VoltageParamsType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest, SetDERControlRequest."""

    hv10_min_mean_value: float | None = None
    hv10_min_mean_trip_delay: float | None = None
    power_during_cessation: PowerDuringCessationEnumType | None = None
    custom_data: CustomDataType | None = None


class DERCurveType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest, SetDERControlRequest."""

    curve_data: Annotated[list[DERCurvePointsType], Meta(min_length=1, max_length=10)]
    priority: Annotated[int, Meta(ge=0)]
    y_unit: DERUnitEnumType
    hysteresis: HysteresisType | None = None
    reactive_power_params: ReactivePowerParamsType | None = None
    voltage_params: VoltageParamsType | None = None
    response_time: float | None = None
    start_time: str | None = None
    duration: float | None = None
    custom_data: CustomDataType | None = None


class DERCurveGetType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest."""

    curve: DERCurveType
    id: Text36
    curve_type: DERControlEnumType
    is_default: bool
    is_superseded: bool
    custom_data: CustomDataType | None = None


class EnterServiceType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest, SetDERControlRequest."""

    priority: Annotated[int, Meta(ge=0)]
    high_voltage: float
    low_voltage: float
    high_freq: float
    low_freq: float
    delay: float | None = None
    random_delay: float | None = None
    ramp_rate: float | None = None
    custom_data: CustomDataType | None = None


class EnterServiceGetType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest."""

    enter_service: EnterServiceType
    id: Text36
    custom_data: CustomDataType | None = None


class FixedPFType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest, SetDERControlRequest."""

    priority: Annotated[int, Meta(ge=0)]
    displacement: float
    excitation: bool
    start_time: str | None = None
    duration: float | None = None
    custom_data: CustomDataType | None = None


class FixedPFGetType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest."""

    fixed_pf: FixedPFType = field(name="fixedPF")
    id: Text36
    is_default: bool
    is_superseded: bool
    custom_data: CustomDataType | None = None


class FixedVarType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest, SetDERControlRequest."""

    priority: Annotated[int, Meta(ge=0)]
    setpoint: float
    unit: DERUnitEnumType
    start_time: str | None = None
    duration: float | None = None
    custom_data: CustomDataType | None = None


class FixedVarGetType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest."""

    fixed_var: FixedVarType
    id: Text36
    is_default: bool
    is_superseded: bool
    custom_data: CustomDataType | None = None


class FreqDroopType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest, SetDERControlRequest."""

    priority: Annotated[int, Meta(ge=0)]
    over_freq: float
    under_freq: float
    over_droop: float
    under_droop: float
    response_time: float
    start_time: str | None = None
    duration: float | None = None
    custom_data: CustomDataType | None = None


class FreqDroopGetType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest."""

    freq_droop: FreqDroopType
    id: Text36
    is_default: bool
    is_superseded: bool
    custom_data: CustomDataType | None = None


class GradientType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest, SetDERControlRequest."""

    priority: Annotated[int, Meta(ge=0)]
    gradient: float
    soft_gradient: float
    custom_data: CustomDataType | None = None


class GradientGetType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest."""

    gradient: GradientType
    id: Text36
    custom_data: CustomDataType | None = None


class LimitMaxDischargeType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest, SetDERControlRequest."""

    priority: Annotated[int, Meta(ge=0)]
    pct_max_discharge_power: float | None = None
    power_monitoring_must_trip: DERCurveType | None = None
    start_time: str | None = None
    duration: float | None = None
    custom_data: CustomDataType | None = None


class LimitMaxDischargeGetType(Message, frozen=True, kw_only=True):
    """Part of ReportDERControlRequest."""

    id: Text36
    is_default: bool
    is_superseded: bool
    limit_max_discharge: LimitMaxDischargeType
    custom_data: CustomDataType | None = None


class ReportDERControlRequest(Message, frozen=True, kw_only=True):
    """`ReportDERControl`: the request."""

    request_id: int
    curve: Annotated[list[DERCurveGetType], Meta(min_length=1, max_length=24)] | None = None
    enter_service: Annotated[list[EnterServiceGetType], Meta(min_length=1, max_length=24)] | None = None
    fixed_pf_absorb: Annotated[list[FixedPFGetType], Meta(min_length=1, max_length=24)] | None = field(
        default=None, name="fixedPFAbsorb"
    )
    fixed_pf_inject: Annotated[list[FixedPFGetType], Meta(min_length=1, max_length=24)] | None = field(
        default=None, name="fixedPFInject"
    )
    fixed_var: Annotated[list[FixedVarGetType], Meta(min_length=1, max_length=24)] | None = None
    freq_droop: Annotated[list[FreqDroopGetType], Meta(min_length=1, max_length=24)] | None = None
    gradient: Annotated[list[GradientGetType], Meta(min_length=1, max_length=24)] | None = None
    limit_max_discharge: Annotated[list[LimitMaxDischargeGetType], Meta(min_length=1, max_length=24)] | None = None
    tbc: bool | None = None
    custom_data: CustomDataType | None = None


class ReportDERControlResponse(Message, frozen=True, kw_only=True):
    """`ReportDERControl`: the answer."""

    custom_data: CustomDataType | None = None


class RequestBatterySwapRequest(Message, frozen=True, kw_only=True):
    """`RequestBatterySwap`: the request."""

    id_token: IdTokenType
    request_id: int
    custom_data: CustomDataType | None = None


class RequestBatterySwapResponse(Message, frozen=True, kw_only=True):
    """`RequestBatterySwap`: the answer."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class RequestStartTransactionRequest(Message, frozen=True, kw_only=True):
    """`RequestStartTransaction`: the request."""

    id_token: IdTokenType
    remote_start_id: int
    evse_id: Annotated[int, Meta(ge=1)] | None = None
    group_id_token: IdTokenType | None = None
    charging_profile: ChargingProfileType | None = None
    custom_data: CustomDataType | None = None


class RequestStartTransactionResponse(Message, frozen=True, kw_only=True):
    """`RequestStartTransaction`: the answer."""

    status: RequestStartStopStatusEnumType
    status_info: StatusInfoType | None = None
    transaction_id: Text36 | None = None
    custom_data: CustomDataType | None = None


class RequestStopTransactionRequest(Message, frozen=True, kw_only=True):
    """`RequestStopTransaction`: the request."""

    transaction_id: Text36
    custom_data: CustomDataType | None = None


class RequestStopTransactionResponse(Message, frozen=True, kw_only=True):
    """`RequestStopTransaction`: the answer."""

    status: RequestStartStopStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class ReservationStatusUpdateRequest(Message, frozen=True, kw_only=True):
    """`ReservationStatusUpdate`: the request."""

    reservation_id: Annotated[int, Meta(ge=0)]
    reservation_update_status: ReservationUpdateStatusEnumType
    custom_data: CustomDataType | None = None


class ReservationStatusUpdateResponse(Message, frozen=True, kw_only=True):
    """`ReservationStatusUpdate`: the answer."""

    custom_data: CustomDataType | None = None


class ReserveNowRequest(Message, frozen=True, kw_only=True):
    """`ReserveNow`: the request."""

    id: Annotated[int, Meta(ge=0)]
    expiry_date_time: str
    id_token: IdTokenType
    connector_type: Text20 | None = None
    evse_id: Annotated[int, Meta(ge=0)] | None = None
    group_id_token: IdTokenType | None = None
    custom_data: CustomDataType | None = None


class ReserveNowResponse(Message, frozen=True, kw_only=True):
    """`ReserveNow`: the answer."""

    status: ReserveNowStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class ResetRequest(Message, frozen=True, kw_only=True):
    """`Reset`: the request."""

    type: ResetEnumType
    evse_id: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


class ResetResponse(Message, frozen=True, kw_only=True):
    """`Reset`: the answer."""

    status: ResetStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class SecurityEventNotificationRequest(Message, frozen=True, kw_only=True):
    """`SecurityEventNotification`: the request."""

    type: Text50
    timestamp: str
    tech_info: Text255 | None = None
    custom_data: CustomDataType | None = None


class SecurityEventNotificationResponse(Message, frozen=True, kw_only=True):
    """`SecurityEventNotification`: the answer."""

    custom_data: CustomDataType | None = None


class AuthorizationData(Message, frozen=True, kw_only=True):
    """Part of SendLocalListRequest."""

    id_token: IdTokenType
    id_token_info: IdTokenInfoType | None = None
    custom_data: CustomDataType | None = None


class SendLocalListRequest(Message, frozen=True, kw_only=True):
    """`SendLocalList`: the request."""

    version_number: int
    update_type: UpdateEnumType
    local_authorization_list: Annotated[list[AuthorizationData], Meta(min_length=1)] | None = None
    custom_data: CustomDataType | None = None


class SendLocalListResponse(Message, frozen=True, kw_only=True):
    """`SendLocalList`: the answer."""

    status: SendLocalListStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class SetChargingProfileRequest(Message, frozen=True, kw_only=True):
    """`SetChargingProfile`: the request."""

    evse_id: Annotated[int, Meta(ge=0)]
    charging_profile: ChargingProfileType
    custom_data: CustomDataType | None = None


class SetChargingProfileResponse(Message, frozen=True, kw_only=True):
    """`SetChargingProfile`: the answer."""

    status: ChargingProfileStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class SetDERControlRequest(Message, frozen=True, kw_only=True):
    """`SetDERControl`: the request."""

    is_default: bool
    control_id: Text36
    control_type: DERControlEnumType
    curve: DERCurveType | None = None
    enter_service: EnterServiceType | None = None
    fixed_pf_absorb: FixedPFType | None = field(default=None, name="fixedPFAbsorb")
    fixed_pf_inject: FixedPFType | None = field(default=None, name="fixedPFInject")
    fixed_var: FixedVarType | None = None
    freq_droop: FreqDroopType | None = None
    gradient: GradientType | None = None
    limit_max_discharge: LimitMaxDischargeType | None = None
    custom_data: CustomDataType | None = None


class SetDERControlResponse(Message, frozen=True, kw_only=True):
    """`SetDERControl`: the answer."""

    status: DERControlStatusEnumType
    status_info: StatusInfoType | None = None
    superseded_ids: Annotated[list[Text36], Meta(min_length=1, max_length=24)] | None = None
    custom_data: CustomDataType | None = None


class SetDefaultTariffRequest(Message, frozen=True, kw_only=True):
    """`SetDefaultTariff`: the request."""

    evse_id: Annotated[int, Meta(ge=0)]
    tariff: TariffType
    custom_data: CustomDataType | None = None


class SetDefaultTariffResponse(Message, frozen=True, kw_only=True):
    """`SetDefaultTariff`: the answer."""

    status: TariffSetStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class SetDisplayMessageRequest(Message, frozen=True, kw_only=True):
    """`SetDisplayMessage`: the request."""

    message: MessageInfoType
    custom_data: CustomDataType | None = None


class SetDisplayMessageResponse(Message, frozen=True, kw_only=True):
    """`SetDisplayMessage`: the answer."""

    status: DisplayMessageStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class SetMonitoringBaseRequest(Message, frozen=True, kw_only=True):
    """`SetMonitoringBase`: the request."""

    monitoring_base: MonitoringBaseEnumType
    custom_data: CustomDataType | None = None


class SetMonitoringBaseResponse(Message, frozen=True, kw_only=True):
    """`SetMonitoringBase`: the answer."""

    status: GenericDeviceModelStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class SetMonitoringLevelRequest(Message, frozen=True, kw_only=True):
    """`SetMonitoringLevel`: the request."""

    severity: Annotated[int, Meta(ge=0)]
    custom_data: CustomDataType | None = None


class SetMonitoringLevelResponse(Message, frozen=True, kw_only=True):
    """`SetMonitoringLevel`: the answer."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class APNType(Message, frozen=True, kw_only=True):
    """Part of SetNetworkProfileRequest."""

    apn: Text2000
    apn_authentication: APNAuthenticationEnumType
    apn_user_name: Text50 | None = None
    apn_password: Text64 | None = None
    sim_pin: int | None = None
    preferred_network: Text6 | None = None
    use_only_preferred_network: bool | None = None
    custom_data: CustomDataType | None = None


class VPNType(Message, frozen=True, kw_only=True):
    """Part of SetNetworkProfileRequest."""

    server: Text2000
    user: Text50
    password: Text64
    key: Text255
    type: VPNEnumType
    group: Text50 | None = None
    custom_data: CustomDataType | None = None


class NetworkConnectionProfileType(Message, frozen=True, kw_only=True):
    """Part of SetNetworkProfileRequest."""

    ocpp_interface: OCPPInterfaceEnumType
    ocpp_transport: OCPPTransportEnumType
    message_timeout: int
    ocpp_csms_url: Text2000
    security_profile: Annotated[int, Meta(ge=0)]
    apn: APNType | None = None
    ocpp_version: OCPPVersionEnumType | None = None
    identity: Text48 | None = None
    basic_auth_password: Text64 | None = None
    vpn: VPNType | None = None
    custom_data: CustomDataType | None = None


class SetNetworkProfileRequest(Message, frozen=True, kw_only=True):
    """`SetNetworkProfile`: the request."""

    configuration_slot: int
    connection_data: NetworkConnectionProfileType
    custom_data: CustomDataType | None = None


class SetNetworkProfileResponse(Message, frozen=True, kw_only=True):
    """`SetNetworkProfile`: the answer."""

    status: SetNetworkProfileStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class SetMonitoringDataType(Message, frozen=True, kw_only=True):
    """Part of SetVariableMonitoringRequest."""

    value: float
    type: MonitorEnumType
    severity: Annotated[int, Meta(ge=0)]
    component: ComponentType
    variable: VariableType
    id: Annotated[int, Meta(ge=0)] | None = None
    periodic_event_stream: PeriodicEventStreamParamsType | None = None
    transaction: bool | None = None
    custom_data: CustomDataType | None = None


class SetVariableMonitoringRequest(Message, frozen=True, kw_only=True):
    """`SetVariableMonitoring`: the request."""

    set_monitoring_data: Annotated[list[SetMonitoringDataType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class SetMonitoringResultType(Message, frozen=True, kw_only=True):
    """Part of SetVariableMonitoringResponse."""

    status: SetMonitoringStatusEnumType
    type: MonitorEnumType
    component: ComponentType
    variable: VariableType
    severity: Annotated[int, Meta(ge=0)]
    id: Annotated[int, Meta(ge=0)] | None = None
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class SetVariableMonitoringResponse(Message, frozen=True, kw_only=True):
    """`SetVariableMonitoring`: the answer."""

    set_monitoring_result: Annotated[list[SetMonitoringResultType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class SetVariableDataType(Message, frozen=True, kw_only=True):
    """Part of SetVariablesRequest."""

    attribute_value: Text2500
    component: ComponentType
    variable: VariableType
    attribute_type: AttributeEnumType | None = None
    custom_data: CustomDataType | None = None


class SetVariablesRequest(Message, frozen=True, kw_only=True):
    """`SetVariables`: the request."""

    set_variable_data: Annotated[list[SetVariableDataType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class SetVariableResultType(Message, frozen=True, kw_only=True):
    """Part of SetVariablesResponse."""

    attribute_status: SetVariableStatusEnumType
    component: ComponentType
    variable: VariableType
    attribute_type: AttributeEnumType | None = None
    attribute_status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class SetVariablesResponse(Message, frozen=True, kw_only=True):
    """`SetVariables`: the answer."""

    set_variable_result: Annotated[list[SetVariableResultType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class SignCertificateRequest(Message, frozen=True, kw_only=True):
    """`SignCertificate`: the request."""

    csr: Text5500
    certificate_type: CertificateSigningUseEnumType | None = None
    hash_root_certificate: CertificateHashDataType | None = None
    request_id: int | None = None
    custom_data: CustomDataType | None = None


class SignCertificateResponse(Message, frozen=True, kw_only=True):
    """`SignCertificate`: the answer."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class StatusNotificationRequest(Message, frozen=True, kw_only=True):
    """`StatusNotification`: the request."""

    timestamp: str
    connector_status: ConnectorStatusEnumType
    evse_id: Annotated[int, Meta(ge=0)]
    connector_id: Annotated[int, Meta(ge=0)]
    custom_data: CustomDataType | None = None


class StatusNotificationResponse(Message, frozen=True, kw_only=True):
    """`StatusNotification`: the answer."""

    custom_data: CustomDataType | None = None


class TransactionLimitType(Message, frozen=True, kw_only=True):
    """Part of TransactionEventRequest, TransactionEventResponse."""

    max_cost: float | None = None
    max_energy: float | None = None
    max_time: int | None = None
    max_so_c: Annotated[int, Meta(ge=0, le=100)] | None = None
    custom_data: CustomDataType | None = None


class TransactionType(Message, frozen=True, kw_only=True):
    """Part of TransactionEventRequest."""

    transaction_id: Text36
    charging_state: ChargingStateEnumType | None = None
    time_spent_charging: int | None = None
    stopped_reason: ReasonEnumType | None = None
    remote_start_id: int | None = None
    operation_mode: OperationModeEnumType | None = None
    tariff_id: Text60 | None = None
    transaction_limit: TransactionLimitType | None = None
    custom_data: CustomDataType | None = None


class TotalPriceType(Message, frozen=True, kw_only=True):
    """Part of TransactionEventRequest."""

    excl_tax: float | None = None
    incl_tax: float | None = None
    custom_data: CustomDataType | None = None


class TotalCostType(Message, frozen=True, kw_only=True):
    """Part of TransactionEventRequest."""

    currency: Text3
    type_of_cost: TariffCostEnumType
    total: TotalPriceType
    fixed: PriceType | None = None
    energy: PriceType | None = None
    charging_time: PriceType | None = None
    idle_time: PriceType | None = None
    reservation_time: PriceType | None = None
    reservation_fixed: PriceType | None = None
    custom_data: CustomDataType | None = None


class TotalUsageType(Message, frozen=True, kw_only=True):
    """Part of TransactionEventRequest."""

    energy: float
    charging_time: int
    idle_time: int
    reservation_time: int | None = None
    custom_data: CustomDataType | None = None


class CostDimensionType(Message, frozen=True, kw_only=True):
    """Part of TransactionEventRequest."""

    type: CostDimensionEnumType
    volume: float
    custom_data: CustomDataType | None = None


class ChargingPeriodType(Message, frozen=True, kw_only=True):
    """Part of TransactionEventRequest."""

    start_period: str
    dimensions: Annotated[list[CostDimensionType], Meta(min_length=1)] | None = None
    tariff_id: Text60 | None = None
    custom_data: CustomDataType | None = None


class CostDetailsType(Message, frozen=True, kw_only=True):
    """Part of TransactionEventRequest."""

    total_cost: TotalCostType
    total_usage: TotalUsageType
    charging_periods: Annotated[list[ChargingPeriodType], Meta(min_length=1)] | None = None
    failure_to_calculate: bool | None = None
    failure_reason: Text500 | None = None
    custom_data: CustomDataType | None = None


class TransactionEventRequest(Message, frozen=True, kw_only=True):
    """`TransactionEvent`: the request."""

    event_type: TransactionEventEnumType
    timestamp: str
    trigger_reason: TriggerReasonEnumType
    seq_no: Annotated[int, Meta(ge=0)]
    transaction_info: TransactionType
    cost_details: CostDetailsType | None = None
    meter_value: Annotated[list[MeterValueType], Meta(min_length=1)] | None = None
    offline: bool | None = None
    number_of_phases_used: Annotated[int, Meta(ge=0, le=3)] | None = None
    cable_max_current: int | None = None
    reservation_id: Annotated[int, Meta(ge=0)] | None = None
    preconditioning_status: PreconditioningStatusEnumType | None = None
    evse_sleep: bool | None = None
    evse: EVSEType | None = None
    id_token: IdTokenType | None = None
    custom_data: CustomDataType | None = None


class TransactionEventResponse(Message, frozen=True, kw_only=True):
    """`TransactionEvent`: the answer."""

    total_cost: float | None = None
    charging_priority: int | None = None
    id_token_info: IdTokenInfoType | None = None
    transaction_limit: TransactionLimitType | None = None
    updated_personal_message: MessageContentType | None = None
    updated_personal_message_extra: Annotated[list[MessageContentType], Meta(min_length=1, max_length=4)] | None = None
    custom_data: CustomDataType | None = None


class TriggerMessageRequest(Message, frozen=True, kw_only=True):
    """`TriggerMessage`: the request."""

    requested_message: MessageTriggerEnumType
    evse: EVSEType | None = None
    custom_trigger: Text50 | None = None
    custom_data: CustomDataType | None = None


class TriggerMessageResponse(Message, frozen=True, kw_only=True):
    """`TriggerMessage`: the answer."""

    status: TriggerMessageStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class UnlockConnectorRequest(Message, frozen=True, kw_only=True):
    """`UnlockConnector`: the request."""

    evse_id: Annotated[int, Meta(ge=0)]
    connector_id: Annotated[int, Meta(ge=0)]
    custom_data: CustomDataType | None = None


class UnlockConnectorResponse(Message, frozen=True, kw_only=True):
    """`UnlockConnector`: the answer."""

    status: UnlockStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class UnpublishFirmwareRequest(Message, frozen=True, kw_only=True):
    """`UnpublishFirmware`: the request."""

    checksum: Text32
    custom_data: CustomDataType | None = None


class UnpublishFirmwareResponse(Message, frozen=True, kw_only=True):
    """`UnpublishFirmware`: the answer."""

    status: UnpublishFirmwareStatusEnumType
    custom_data: CustomDataType | None = None


class UpdateDynamicScheduleRequest(Message, frozen=True, kw_only=True):
    """`UpdateDynamicSchedule`: the request."""

    charging_profile_id: int
    schedule_update: ChargingScheduleUpdateType
    custom_data: CustomDataType | None = None


class UpdateDynamicScheduleResponse(Message, frozen=True, kw_only=True):
    """`UpdateDynamicSchedule`: the answer."""

    status: ChargingProfileStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class FirmwareType(Message, frozen=True, kw_only=True):
    """Part of UpdateFirmwareRequest."""

    location: Text2000
    retrieve_date_time: str
    install_date_time: str | None = None
    signing_certificate: Text5500 | None = None
    signature: Text800 | None = None
    custom_data: CustomDataType | None = None


class UpdateFirmwareRequest(Message, frozen=True, kw_only=True):
    """`UpdateFirmware`: the request."""

    request_id: int
    firmware: FirmwareType
    retries: Annotated[int, Meta(ge=0)] | None = None
    retry_interval: int | None = None
    custom_data: CustomDataType | None = None


class UpdateFirmwareResponse(Message, frozen=True, kw_only=True):
    """`UpdateFirmware`: the answer."""

    status: UpdateFirmwareStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class UsePriorityChargingRequest(Message, frozen=True, kw_only=True):
    """`UsePriorityCharging`: the request."""

    transaction_id: Text36
    activate: bool
    custom_data: CustomDataType | None = None


class UsePriorityChargingResponse(Message, frozen=True, kw_only=True):
    """`UsePriorityCharging`: the answer."""

    status: PriorityChargingStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomDataType | None = None


class VatNumberValidationRequest(Message, frozen=True, kw_only=True):
    """`VatNumberValidation`: the request."""

    vat_number: Text20
    evse_id: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


class VatNumberValidationResponse(Message, frozen=True, kw_only=True):
    """`VatNumberValidation`: the answer."""

    vat_number: Text20
    status: GenericStatusEnumType
    company: AddressType | None = None
    status_info: StatusInfoType | None = None
    evse_id: Annotated[int, Meta(ge=0)] | None = None
    custom_data: CustomDataType | None = None


ACTIONS: Final[dict[str, tuple[type[Message], type[Message] | None]]] = {
    "AFRRSignal": (AFRRSignalRequest, AFRRSignalResponse),
    "AdjustPeriodicEventStream": (AdjustPeriodicEventStreamRequest, AdjustPeriodicEventStreamResponse),
    "Authorize": (AuthorizeRequest, AuthorizeResponse),
    "BatterySwap": (BatterySwapRequest, BatterySwapResponse),
    "BootNotification": (BootNotificationRequest, BootNotificationResponse),
    "CancelReservation": (CancelReservationRequest, CancelReservationResponse),
    "CertificateSigned": (CertificateSignedRequest, CertificateSignedResponse),
    "ChangeAvailability": (ChangeAvailabilityRequest, ChangeAvailabilityResponse),
    "ChangeTransactionTariff": (ChangeTransactionTariffRequest, ChangeTransactionTariffResponse),
    "ClearCache": (ClearCacheRequest, ClearCacheResponse),
    "ClearChargingProfile": (ClearChargingProfileRequest, ClearChargingProfileResponse),
    "ClearDERControl": (ClearDERControlRequest, ClearDERControlResponse),
    "ClearDisplayMessage": (ClearDisplayMessageRequest, ClearDisplayMessageResponse),
    "ClearTariffs": (ClearTariffsRequest, ClearTariffsResponse),
    "ClearVariableMonitoring": (ClearVariableMonitoringRequest, ClearVariableMonitoringResponse),
    "ClearedChargingLimit": (ClearedChargingLimitRequest, ClearedChargingLimitResponse),
    "ClosePeriodicEventStream": (ClosePeriodicEventStreamRequest, ClosePeriodicEventStreamResponse),
    "CostUpdated": (CostUpdatedRequest, CostUpdatedResponse),
    "CustomerInformation": (CustomerInformationRequest, CustomerInformationResponse),
    "DataTransfer": (DataTransferRequest, DataTransferResponse),
    "DeleteCertificate": (DeleteCertificateRequest, DeleteCertificateResponse),
    "FirmwareStatusNotification": (FirmwareStatusNotificationRequest, FirmwareStatusNotificationResponse),
    "Get15118EVCertificate": (Get15118EVCertificateRequest, Get15118EVCertificateResponse),
    "GetBaseReport": (GetBaseReportRequest, GetBaseReportResponse),
    "GetCertificateChainStatus": (GetCertificateChainStatusRequest, GetCertificateChainStatusResponse),
    "GetCertificateStatus": (GetCertificateStatusRequest, GetCertificateStatusResponse),
    "GetChargingProfiles": (GetChargingProfilesRequest, GetChargingProfilesResponse),
    "GetCompositeSchedule": (GetCompositeScheduleRequest, GetCompositeScheduleResponse),
    "GetDERControl": (GetDERControlRequest, GetDERControlResponse),
    "GetDisplayMessages": (GetDisplayMessagesRequest, GetDisplayMessagesResponse),
    "GetInstalledCertificateIds": (GetInstalledCertificateIdsRequest, GetInstalledCertificateIdsResponse),
    "GetLocalListVersion": (GetLocalListVersionRequest, GetLocalListVersionResponse),
    "GetLog": (GetLogRequest, GetLogResponse),
    "GetMonitoringReport": (GetMonitoringReportRequest, GetMonitoringReportResponse),
    "GetPeriodicEventStream": (GetPeriodicEventStreamRequest, GetPeriodicEventStreamResponse),
    "GetReport": (GetReportRequest, GetReportResponse),
    "GetTariffs": (GetTariffsRequest, GetTariffsResponse),
    "GetTransactionStatus": (GetTransactionStatusRequest, GetTransactionStatusResponse),
    "GetVariables": (GetVariablesRequest, GetVariablesResponse),
    "Heartbeat": (HeartbeatRequest, HeartbeatResponse),
    "InstallCertificate": (InstallCertificateRequest, InstallCertificateResponse),
    "LogStatusNotification": (LogStatusNotificationRequest, LogStatusNotificationResponse),
    "MeterValues": (MeterValuesRequest, MeterValuesResponse),
    "NotifyAllowedEnergyTransfer": (NotifyAllowedEnergyTransferRequest, NotifyAllowedEnergyTransferResponse),
    "NotifyChargingLimit": (NotifyChargingLimitRequest, NotifyChargingLimitResponse),
    "NotifyCustomerInformation": (NotifyCustomerInformationRequest, NotifyCustomerInformationResponse),
    "NotifyDERAlarm": (NotifyDERAlarmRequest, NotifyDERAlarmResponse),
    "NotifyDERStartStop": (NotifyDERStartStopRequest, NotifyDERStartStopResponse),
    "NotifyDisplayMessages": (NotifyDisplayMessagesRequest, NotifyDisplayMessagesResponse),
    "NotifyEVChargingNeeds": (NotifyEVChargingNeedsRequest, NotifyEVChargingNeedsResponse),
    "NotifyEVChargingSchedule": (NotifyEVChargingScheduleRequest, NotifyEVChargingScheduleResponse),
    "NotifyEvent": (NotifyEventRequest, NotifyEventResponse),
    "NotifyMonitoringReport": (NotifyMonitoringReportRequest, NotifyMonitoringReportResponse),
    "NotifyPeriodicEventStream": (NotifyPeriodicEventStreamRequest, None),
    "NotifyPriorityCharging": (NotifyPriorityChargingRequest, NotifyPriorityChargingResponse),
    "NotifyReport": (NotifyReportRequest, NotifyReportResponse),
    "NotifySettlement": (NotifySettlementRequest, NotifySettlementResponse),
    "NotifyWebPaymentStarted": (NotifyWebPaymentStartedRequest, NotifyWebPaymentStartedResponse),
    "OpenPeriodicEventStream": (OpenPeriodicEventStreamRequest, OpenPeriodicEventStreamResponse),
    "PublishFirmware": (PublishFirmwareRequest, PublishFirmwareResponse),
    "PublishFirmwareStatusNotification": (
        PublishFirmwareStatusNotificationRequest,
        PublishFirmwareStatusNotificationResponse,
    ),
    "PullDynamicScheduleUpdate": (PullDynamicScheduleUpdateRequest, PullDynamicScheduleUpdateResponse),
    "ReportChargingProfiles": (ReportChargingProfilesRequest, ReportChargingProfilesResponse),
    "ReportDERControl": (ReportDERControlRequest, ReportDERControlResponse),
    "RequestBatterySwap": (RequestBatterySwapRequest, RequestBatterySwapResponse),
    "RequestStartTransaction": (RequestStartTransactionRequest, RequestStartTransactionResponse),
    "RequestStopTransaction": (RequestStopTransactionRequest, RequestStopTransactionResponse),
    "ReservationStatusUpdate": (ReservationStatusUpdateRequest, ReservationStatusUpdateResponse),
    "ReserveNow": (ReserveNowRequest, ReserveNowResponse),
    "Reset": (ResetRequest, ResetResponse),
    "SecurityEventNotification": (SecurityEventNotificationRequest, SecurityEventNotificationResponse),
    "SendLocalList": (SendLocalListRequest, SendLocalListResponse),
    "SetChargingProfile": (SetChargingProfileRequest, SetChargingProfileResponse),
    "SetDERControl": (SetDERControlRequest, SetDERControlResponse),
    "SetDefaultTariff": (SetDefaultTariffRequest, SetDefaultTariffResponse),
    "SetDisplayMessage": (SetDisplayMessageRequest, SetDisplayMessageResponse),
    "SetMonitoringBase": (SetMonitoringBaseRequest, SetMonitoringBaseResponse),
    "SetMonitoringLevel": (SetMonitoringLevelRequest, SetMonitoringLevelResponse),
    "SetNetworkProfile": (SetNetworkProfileRequest, SetNetworkProfileResponse),
    "SetVariableMonitoring": (SetVariableMonitoringRequest, SetVariableMonitoringResponse),
    "SetVariables": (SetVariablesRequest, SetVariablesResponse),
    "SignCertificate": (SignCertificateRequest, SignCertificateResponse),
    "StatusNotification": (StatusNotificationRequest, StatusNotificationResponse),
    "TransactionEvent": (TransactionEventRequest, TransactionEventResponse),
    "TriggerMessage": (TriggerMessageRequest, TriggerMessageResponse),
    "UnlockConnector": (UnlockConnectorRequest, UnlockConnectorResponse),
    "UnpublishFirmware": (UnpublishFirmwareRequest, UnpublishFirmwareResponse),
    "UpdateDynamicSchedule": (UpdateDynamicScheduleRequest, UpdateDynamicScheduleResponse),
    "UpdateFirmware": (UpdateFirmwareRequest, UpdateFirmwareResponse),
    "UsePriorityCharging": (UsePriorityChargingRequest, UsePriorityChargingResponse),
    "VatNumberValidation": (VatNumberValidationRequest, VatNumberValidationResponse),
}
"""Every action of OCPP 2.1, with the Struct of its request and of its answer, if it has one."""
