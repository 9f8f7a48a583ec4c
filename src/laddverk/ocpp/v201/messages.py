"""The messages of OCPP 2.0.1 as Structs. Written by tools/generate_messages.py: change that, not this.

Required fields, enumerations, lengths and bounds are those of the schemas of the Open Charge Alliance.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, field

from laddverk.ocpp.structs import CustomDataType, Message

Text6 = Annotated[str, Meta(max_length=6)]
Text8 = Annotated[str, Meta(max_length=8)]
Text16 = Annotated[str, Meta(max_length=16)]
Text20 = Annotated[str, Meta(max_length=20)]
Text25 = Annotated[str, Meta(max_length=25)]
Text32 = Annotated[str, Meta(max_length=32)]
Text36 = Annotated[str, Meta(max_length=36)]
Text40 = Annotated[str, Meta(max_length=40)]
Text50 = Annotated[str, Meta(max_length=50)]
Text64 = Annotated[str, Meta(max_length=64)]
Text128 = Annotated[str, Meta(max_length=128)]
Text255 = Annotated[str, Meta(max_length=255)]
Text500 = Annotated[str, Meta(max_length=500)]
Text512 = Annotated[str, Meta(max_length=512)]
Text800 = Annotated[str, Meta(max_length=800)]
Text1000 = Annotated[str, Meta(max_length=1000)]
Text2500 = Annotated[str, Meta(max_length=2500)]
Text5500 = Annotated[str, Meta(max_length=5500)]
Text5600 = Annotated[str, Meta(max_length=5600)]
Text7500 = Annotated[str, Meta(max_length=7500)]
Text10000 = Annotated[str, Meta(max_length=10000)]

IdTokenEnumType = Literal[
    "Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "NoAuthorization"
]
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
MessageFormatEnumType = Literal["ASCII", "HTML", "URI", "UTF8"]
AuthorizeCertificateStatusEnumType = Literal[
    "Accepted",
    "SignatureError",
    "CertificateExpired",
    "CertificateRevoked",
    "NoCertificateAvailable",
    "CertChainError",
    "ContractCancelled",
]
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
CertificateSigningUseEnumType = Literal["ChargingStationCertificate", "V2GCertificate"]
CertificateSignedStatusEnumType = Literal["Accepted", "Rejected"]
OperationalStatusEnumType = Literal["Inoperative", "Operative"]
ChangeAvailabilityStatusEnumType = Literal["Accepted", "Rejected", "Scheduled"]
ClearCacheStatusEnumType = Literal["Accepted", "Rejected"]
ChargingProfilePurposeEnumType = Literal[
    "ChargingStationExternalConstraints", "ChargingStationMaxProfile", "TxDefaultProfile", "TxProfile"
]
ClearChargingProfileStatusEnumType = Literal["Accepted", "Unknown"]
ClearMessageStatusEnumType = Literal["Accepted", "Unknown"]
ClearMonitoringStatusEnumType = Literal["Accepted", "Rejected", "NotFound"]
ChargingLimitSourceEnumType = Literal["EMS", "Other", "SO", "CSO"]
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
GetCertificateStatusEnumType = Literal["Accepted", "Failed"]
GetChargingProfileStatusEnumType = Literal["Accepted", "NoProfiles"]
ChargingRateUnitEnumType = Literal["W", "A"]
GenericStatusEnumType = Literal["Accepted", "Rejected"]
MessagePriorityEnumType = Literal["AlwaysFront", "InFront", "NormalCycle"]
MessageStateEnumType = Literal["Charging", "Faulted", "Idle", "Unavailable"]
GetDisplayMessagesStatusEnumType = Literal["Accepted", "Unknown"]
GetCertificateIdUseEnumType = Literal[
    "V2GRootCertificate",
    "MORootCertificate",
    "CSMSRootCertificate",
    "V2GCertificateChain",
    "ManufacturerRootCertificate",
]
GetInstalledCertificateStatusEnumType = Literal["Accepted", "NotFound"]
LogEnumType = Literal["DiagnosticsLog", "SecurityLog"]
LogStatusEnumType = Literal["Accepted", "Rejected", "AcceptedCanceled"]
MonitoringCriterionEnumType = Literal["ThresholdMonitoring", "DeltaMonitoring", "PeriodicMonitoring"]
ComponentCriterionEnumType = Literal["Active", "Available", "Enabled", "Problem"]
AttributeEnumType = Literal["Actual", "Target", "MinSet", "MaxSet"]
GetVariableStatusEnumType = Literal[
    "Accepted", "Rejected", "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType"
]
InstallCertificateUseEnumType = Literal[
    "V2GRootCertificate", "MORootCertificate", "CSMSRootCertificate", "ManufacturerRootCertificate"
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
MeasurandEnumType = Literal[
    "Current.Export",
    "Current.Import",
    "Current.Offered",
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Register",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Import.Register",
    "Energy.Active.Export.Interval",
    "Energy.Active.Import.Interval",
    "Energy.Active.Net",
    "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Import.Interval",
    "Energy.Reactive.Net",
    "Energy.Apparent.Net",
    "Energy.Apparent.Import",
    "Energy.Apparent.Export",
    "Frequency",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Factor",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "SoC",
    "Voltage",
]
PhaseEnumType = Literal["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]
LocationEnumType = Literal["Body", "Cable", "EV", "Inlet", "Outlet"]
CostKindEnumType = Literal["CarbonDioxideEmission", "RelativePricePercentage", "RenewableGenerationPercentage"]
EnergyTransferModeEnumType = Literal["DC", "AC_single_phase", "AC_two_phase", "AC_three_phase"]
NotifyEVChargingNeedsStatusEnumType = Literal["Accepted", "Rejected", "Processing"]
EventTriggerEnumType = Literal["Alerting", "Delta", "Periodic"]
EventNotificationEnumType = Literal[
    "HardWiredNotification", "HardWiredMonitor", "PreconfiguredMonitor", "CustomMonitor"
]
MonitorEnumType = Literal["UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned"]
MutabilityEnumType = Literal["ReadOnly", "WriteOnly", "ReadWrite"]
DataEnumType = Literal[
    "string", "decimal", "integer", "dateTime", "boolean", "OptionList", "SequenceList", "MemberList"
]
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
ChargingProfileKindEnumType = Literal["Absolute", "Recurring", "Relative"]
RecurrencyKindEnumType = Literal["Daily", "Weekly"]
RequestStartStopStatusEnumType = Literal["Accepted", "Rejected"]
ReservationUpdateStatusEnumType = Literal["Expired", "Removed"]
ConnectorEnumType = Literal[
    "cCCS1",
    "cCCS2",
    "cG105",
    "cTesla",
    "cType1",
    "cType2",
    "s309-1P-16A",
    "s309-1P-32A",
    "s309-3P-16A",
    "s309-3P-32A",
    "sBS1361",
    "sCEE-7-7",
    "sType2",
    "sType3",
    "Other1PhMax16A",
    "Other1PhOver16A",
    "Other3Ph",
    "Pan",
    "wInductive",
    "wResonant",
    "Undetermined",
    "Unknown",
]
ReserveNowStatusEnumType = Literal["Accepted", "Faulted", "Occupied", "Rejected", "Unavailable"]
ResetEnumType = Literal["Immediate", "OnIdle"]
ResetStatusEnumType = Literal["Accepted", "Rejected", "Scheduled"]
UpdateEnumType = Literal["Differential", "Full"]
SendLocalListStatusEnumType = Literal["Accepted", "Failed", "VersionMismatch"]
ChargingProfileStatusEnumType = Literal["Accepted", "Rejected"]
DisplayMessageStatusEnumType = Literal[
    "Accepted",
    "NotSupportedMessageFormat",
    "Rejected",
    "NotSupportedPriority",
    "NotSupportedState",
    "UnknownTransaction",
]
MonitoringBaseEnumType = Literal["All", "FactoryDefault", "HardWiredOnly"]
OCPPVersionEnumType = Literal["OCPP12", "OCPP15", "OCPP16", "OCPP20"]
OCPPTransportEnumType = Literal["JSON", "SOAP"]
OCPPInterfaceEnumType = Literal[
    "Wired0", "Wired1", "Wired2", "Wired3", "Wireless0", "Wireless1", "Wireless2", "Wireless3"
]
APNAuthenticationEnumType = Literal["CHAP", "NONE", "PAP", "AUTO"]
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
    "Authorized",
    "CablePluggedIn",
    "ChargingRateChanged",
    "ChargingStateChanged",
    "Deauthorized",
    "EnergyLimitReached",
    "EVCommunicationLost",
    "EVConnectTimeout",
    "MeterValueClock",
    "MeterValuePeriodic",
    "TimeLimitReached",
    "Trigger",
    "UnlockCommand",
    "StopAuthorized",
    "EVDeparted",
    "EVDetected",
    "RemoteStop",
    "RemoteStart",
    "AbnormalCondition",
    "SignedDataReceived",
    "ResetCommand",
]
ChargingStateEnumType = Literal["Charging", "EVConnected", "SuspendedEV", "SuspendedEVSE", "Idle"]
ReasonEnumType = Literal[
    "DeAuthorized",
    "EmergencyStop",
    "EnergyLimitReached",
    "EVDisconnected",
    "GroundFault",
    "ImmediateReset",
    "Local",
    "LocalOutOfCredit",
    "MasterPass",
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
]
MessageTriggerEnumType = Literal[
    "BootNotification",
    "LogStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "SignChargingStationCertificate",
    "SignV2GCertificate",
    "StatusNotification",
    "TransactionEvent",
    "SignCombinedCertificate",
    "PublishFirmwareStatusNotification",
]
TriggerMessageStatusEnumType = Literal["Accepted", "Rejected", "NotImplemented"]
UnlockStatusEnumType = Literal["Unlocked", "UnlockFailed", "OngoingAuthorizedTransaction", "UnknownConnector"]
UnpublishFirmwareStatusEnumType = Literal["DownloadOngoing", "NoFirmware", "Unpublished"]
UpdateFirmwareStatusEnumType = Literal[
    "Accepted", "Rejected", "AcceptedCanceled", "InvalidCertificate", "RevokedCertificate"
]


class AdditionalInfoType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeRequest, AuthorizeResponse and 6 more."""

    additional_id_token: Text36
    type: Text50
    custom_data: CustomDataType | None = None


class IdTokenType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeRequest, AuthorizeResponse and 6 more."""

    id_token: Text36
    type: IdTokenEnumType
    custom_data: CustomDataType | None = None
    additional_info: Annotated[list[AdditionalInfoType], Meta(min_length=1)] | None = None


class OCSPRequestDataType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeRequest, GetCertificateStatusRequest."""

    hash_algorithm: HashAlgorithmEnumType
    issuer_name_hash: Text128
    issuer_key_hash: Text128
    serial_number: Text40
    responder_url: Text512 = field(name="responderURL")
    custom_data: CustomDataType | None = None


class AuthorizeRequest(Message, frozen=True, kw_only=True):
    """`Authorize`: the request."""

    id_token: IdTokenType
    custom_data: CustomDataType | None = None
    certificate: Text5500 | None = None
    iso15118_certificate_hash_data: Annotated[list[OCSPRequestDataType], Meta(min_length=1, max_length=4)] | None = None


class MessageContentType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, NotifyDisplayMessagesRequest and 3 more."""

    format: MessageFormatEnumType
    content: Text512
    custom_data: CustomDataType | None = None
    language: Text8 | None = None


class IdTokenInfoType(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, SendLocalListRequest and 1 more."""

    status: AuthorizationStatusEnumType
    custom_data: CustomDataType | None = None
    cache_expiry_date_time: str | None = None
    charging_priority: int | None = None
    language1: Text8 | None = None
    evse_id: Annotated[list[int], Meta(min_length=1)] | None = None
    group_id_token: IdTokenType | None = None
    language2: Text8 | None = None
    personal_message: MessageContentType | None = None


class AuthorizeResponse(Message, frozen=True, kw_only=True):
    """`Authorize`: the answer."""

    id_token_info: IdTokenInfoType
    custom_data: CustomDataType | None = None
    certificate_status: AuthorizeCertificateStatusEnumType | None = None


class ModemType(Message, frozen=True, kw_only=True):
    """Part of BootNotificationRequest."""

    custom_data: CustomDataType | None = None
    iccid: Text20 | None = None
    imsi: Text20 | None = None


class ChargingStationType(Message, frozen=True, kw_only=True):
    """Part of BootNotificationRequest."""

    model: Text20
    vendor_name: Text50
    custom_data: CustomDataType | None = None
    serial_number: Text25 | None = None
    modem: ModemType | None = None
    firmware_version: Text50 | None = None


class BootNotificationRequest(Message, frozen=True, kw_only=True):
    """`BootNotification`: the request."""

    charging_station: ChargingStationType
    reason: BootReasonEnumType
    custom_data: CustomDataType | None = None


class StatusInfoType(Message, frozen=True, kw_only=True):
    """Part of BootNotificationResponse, CancelReservationResponse and 40 more."""

    reason_code: Text20
    custom_data: CustomDataType | None = None
    additional_info: Text512 | None = None


class BootNotificationResponse(Message, frozen=True, kw_only=True):
    """`BootNotification`: the answer."""

    current_time: str
    interval: int
    status: RegistrationStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class CancelReservationRequest(Message, frozen=True, kw_only=True):
    """`CancelReservation`: the request."""

    reservation_id: int
    custom_data: CustomDataType | None = None


class CancelReservationResponse(Message, frozen=True, kw_only=True):
    """`CancelReservation`: the answer."""

    status: CancelReservationStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class CertificateSignedRequest(Message, frozen=True, kw_only=True):
    """`CertificateSigned`: the request."""

    certificate_chain: Text10000
    custom_data: CustomDataType | None = None
    certificate_type: CertificateSigningUseEnumType | None = None


class CertificateSignedResponse(Message, frozen=True, kw_only=True):
    """`CertificateSigned`: the answer."""

    status: CertificateSignedStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class EVSEType(Message, frozen=True, kw_only=True):
    """Part of ChangeAvailabilityRequest, GetMonitoringReportRequest and 14 more."""

    id: int
    custom_data: CustomDataType | None = None
    connector_id: int | None = None


class ChangeAvailabilityRequest(Message, frozen=True, kw_only=True):
    """`ChangeAvailability`: the request."""

    operational_status: OperationalStatusEnumType
    custom_data: CustomDataType | None = None
    evse: EVSEType | None = None


class ChangeAvailabilityResponse(Message, frozen=True, kw_only=True):
    """`ChangeAvailability`: the answer."""

    status: ChangeAvailabilityStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class ClearCacheRequest(Message, frozen=True, kw_only=True):
    """`ClearCache`: the request."""

    custom_data: CustomDataType | None = None


class ClearCacheResponse(Message, frozen=True, kw_only=True):
    """`ClearCache`: the answer."""

    status: ClearCacheStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class ClearChargingProfileType(Message, frozen=True, kw_only=True):
    """Part of ClearChargingProfileRequest."""

    custom_data: CustomDataType | None = None
    evse_id: int | None = None
    charging_profile_purpose: ChargingProfilePurposeEnumType | None = None
    stack_level: int | None = None


class ClearChargingProfileRequest(Message, frozen=True, kw_only=True):
    """`ClearChargingProfile`: the request."""

    custom_data: CustomDataType | None = None
    charging_profile_id: int | None = None
    charging_profile_criteria: ClearChargingProfileType | None = None


class ClearChargingProfileResponse(Message, frozen=True, kw_only=True):
    """`ClearChargingProfile`: the answer."""

    status: ClearChargingProfileStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class ClearDisplayMessageRequest(Message, frozen=True, kw_only=True):
    """`ClearDisplayMessage`: the request."""

    id: int
    custom_data: CustomDataType | None = None


class ClearDisplayMessageResponse(Message, frozen=True, kw_only=True):
    """`ClearDisplayMessage`: the answer."""

    status: ClearMessageStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class ClearVariableMonitoringRequest(Message, frozen=True, kw_only=True):
    """`ClearVariableMonitoring`: the request."""

    id: Annotated[list[int], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class ClearMonitoringResultType(Message, frozen=True, kw_only=True):
    """Part of ClearVariableMonitoringResponse."""

    status: ClearMonitoringStatusEnumType
    id: int
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class ClearVariableMonitoringResponse(Message, frozen=True, kw_only=True):
    """`ClearVariableMonitoring`: the answer."""

    clear_monitoring_result: Annotated[list[ClearMonitoringResultType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class ClearedChargingLimitRequest(Message, frozen=True, kw_only=True):
    """`ClearedChargingLimit`: the request."""

    charging_limit_source: ChargingLimitSourceEnumType
    custom_data: CustomDataType | None = None
    evse_id: int | None = None


class ClearedChargingLimitResponse(Message, frozen=True, kw_only=True):
    """`ClearedChargingLimit`: the answer."""

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
    """Part of CustomerInformationRequest, DeleteCertificateRequest and 1 more."""

    hash_algorithm: HashAlgorithmEnumType
    issuer_name_hash: Text128
    issuer_key_hash: Text128
    serial_number: Text40
    custom_data: CustomDataType | None = None


class CustomerInformationRequest(Message, frozen=True, kw_only=True):
    """`CustomerInformation`: the request."""

    request_id: int
    report: bool
    clear: bool
    custom_data: CustomDataType | None = None
    customer_certificate: CertificateHashDataType | None = None
    id_token: IdTokenType | None = None
    customer_identifier: Text64 | None = None


class CustomerInformationResponse(Message, frozen=True, kw_only=True):
    """`CustomerInformation`: the answer."""

    status: CustomerInformationStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class DataTransferRequest(Message, frozen=True, kw_only=True):
    """`DataTransfer`: the request."""

    vendor_id: Text255
    custom_data: CustomDataType | None = None
    message_id: Text50 | None = None
    data: Any = None


class DataTransferResponse(Message, frozen=True, kw_only=True):
    """`DataTransfer`: the answer."""

    status: DataTransferStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None
    data: Any = None


class DeleteCertificateRequest(Message, frozen=True, kw_only=True):
    """`DeleteCertificate`: the request."""

    certificate_hash_data: CertificateHashDataType
    custom_data: CustomDataType | None = None


class DeleteCertificateResponse(Message, frozen=True, kw_only=True):
    """`DeleteCertificate`: the answer."""

    status: DeleteCertificateStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class FirmwareStatusNotificationRequest(Message, frozen=True, kw_only=True):
    """`FirmwareStatusNotification`: the request."""

    status: FirmwareStatusEnumType
    custom_data: CustomDataType | None = None
    request_id: int | None = None


class FirmwareStatusNotificationResponse(Message, frozen=True, kw_only=True):
    """`FirmwareStatusNotification`: the answer."""

    custom_data: CustomDataType | None = None


class Get15118EVCertificateRequest(Message, frozen=True, kw_only=True):
    """`Get15118EVCertificate`: the request."""

    iso15118_schema_version: Text50
    action: CertificateActionEnumType
    exi_request: Text5600
    custom_data: CustomDataType | None = None


class Get15118EVCertificateResponse(Message, frozen=True, kw_only=True):
    """`Get15118EVCertificate`: the answer."""

    status: Iso15118EVCertificateStatusEnumType
    exi_response: Text7500
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class GetBaseReportRequest(Message, frozen=True, kw_only=True):
    """`GetBaseReport`: the request."""

    request_id: int
    report_base: ReportBaseEnumType
    custom_data: CustomDataType | None = None


class GetBaseReportResponse(Message, frozen=True, kw_only=True):
    """`GetBaseReport`: the answer."""

    status: GenericDeviceModelStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class GetCertificateStatusRequest(Message, frozen=True, kw_only=True):
    """`GetCertificateStatus`: the request."""

    ocsp_request_data: OCSPRequestDataType
    custom_data: CustomDataType | None = None


class GetCertificateStatusResponse(Message, frozen=True, kw_only=True):
    """`GetCertificateStatus`: the answer."""

    status: GetCertificateStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None
    ocsp_result: Text5500 | None = None


class ChargingProfileCriterionType(Message, frozen=True, kw_only=True):
    """Part of GetChargingProfilesRequest."""

    custom_data: CustomDataType | None = None
    charging_profile_purpose: ChargingProfilePurposeEnumType | None = None
    stack_level: int | None = None
    charging_profile_id: Annotated[list[int], Meta(min_length=1)] | None = None
    charging_limit_source: Annotated[list[ChargingLimitSourceEnumType], Meta(min_length=1, max_length=4)] | None = None


class GetChargingProfilesRequest(Message, frozen=True, kw_only=True):
    """`GetChargingProfiles`: the request."""

    request_id: int
    charging_profile: ChargingProfileCriterionType
    custom_data: CustomDataType | None = None
    evse_id: int | None = None


class GetChargingProfilesResponse(Message, frozen=True, kw_only=True):
    """`GetChargingProfiles`: the answer."""

    status: GetChargingProfileStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class GetCompositeScheduleRequest(Message, frozen=True, kw_only=True):
    """`GetCompositeSchedule`: the request."""

    duration: int
    evse_id: int
    custom_data: CustomDataType | None = None
    charging_rate_unit: ChargingRateUnitEnumType | None = None


class ChargingSchedulePeriodType(Message, frozen=True, kw_only=True):
    """Part of GetCompositeScheduleResponse, NotifyChargingLimitRequest and 4 more."""

    start_period: int
    limit: float
    custom_data: CustomDataType | None = None
    number_phases: int | None = None
    phase_to_use: int | None = None


class CompositeScheduleType(Message, frozen=True, kw_only=True):
    """Part of GetCompositeScheduleResponse."""

    charging_schedule_period: Annotated[list[ChargingSchedulePeriodType], Meta(min_length=1)]
    evse_id: int
    duration: int
    schedule_start: str
    charging_rate_unit: ChargingRateUnitEnumType
    custom_data: CustomDataType | None = None


class GetCompositeScheduleResponse(Message, frozen=True, kw_only=True):
    """`GetCompositeSchedule`: the answer."""

    status: GenericStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None
    schedule: CompositeScheduleType | None = None


class GetDisplayMessagesRequest(Message, frozen=True, kw_only=True):
    """`GetDisplayMessages`: the request."""

    request_id: int
    custom_data: CustomDataType | None = None
    id: Annotated[list[int], Meta(min_length=1)] | None = None
    priority: MessagePriorityEnumType | None = None
    state: MessageStateEnumType | None = None


class GetDisplayMessagesResponse(Message, frozen=True, kw_only=True):
    """`GetDisplayMessages`: the answer."""

    status: GetDisplayMessagesStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class GetInstalledCertificateIdsRequest(Message, frozen=True, kw_only=True):
    """`GetInstalledCertificateIds`: the request."""

    custom_data: CustomDataType | None = None
    certificate_type: Annotated[list[GetCertificateIdUseEnumType], Meta(min_length=1)] | None = None


class CertificateHashDataChainType(Message, frozen=True, kw_only=True):
    """Part of GetInstalledCertificateIdsResponse."""

    certificate_hash_data: CertificateHashDataType
    certificate_type: GetCertificateIdUseEnumType
    custom_data: CustomDataType | None = None
    child_certificate_hash_data: Annotated[list[CertificateHashDataType], Meta(min_length=1, max_length=4)] | None = (
        None
    )


class GetInstalledCertificateIdsResponse(Message, frozen=True, kw_only=True):
    """`GetInstalledCertificateIds`: the answer."""

    status: GetInstalledCertificateStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None
    certificate_hash_data_chain: Annotated[list[CertificateHashDataChainType], Meta(min_length=1)] | None = None


class GetLocalListVersionRequest(Message, frozen=True, kw_only=True):
    """`GetLocalListVersion`: the request."""

    custom_data: CustomDataType | None = None


class GetLocalListVersionResponse(Message, frozen=True, kw_only=True):
    """`GetLocalListVersion`: the answer."""

    version_number: int
    custom_data: CustomDataType | None = None


class LogParametersType(Message, frozen=True, kw_only=True):
    """Part of GetLogRequest."""

    remote_location: Text512
    custom_data: CustomDataType | None = None
    oldest_timestamp: str | None = None
    latest_timestamp: str | None = None


class GetLogRequest(Message, frozen=True, kw_only=True):
    """`GetLog`: the request."""

    log: LogParametersType
    log_type: LogEnumType
    request_id: int
    custom_data: CustomDataType | None = None
    retries: int | None = None
    retry_interval: int | None = None


class GetLogResponse(Message, frozen=True, kw_only=True):
    """`GetLog`: the answer."""

    status: LogStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None
    filename: Text255 | None = None


class ComponentType(Message, frozen=True, kw_only=True):
    """Part of GetMonitoringReportRequest, GetReportRequest and 11 more."""

    name: Text50
    custom_data: CustomDataType | None = None
    evse: EVSEType | None = None
    instance: Text50 | None = None


class VariableType(Message, frozen=True, kw_only=True):
    """Part of GetMonitoringReportRequest, GetReportRequest and 9 more."""

    name: Text50
    custom_data: CustomDataType | None = None
    instance: Text50 | None = None


class ComponentVariableType(Message, frozen=True, kw_only=True):
    """Part of GetMonitoringReportRequest, GetReportRequest."""

    component: ComponentType
    custom_data: CustomDataType | None = None
    variable: VariableType | None = None


class GetMonitoringReportRequest(Message, frozen=True, kw_only=True):
    """`GetMonitoringReport`: the request."""

    request_id: int
    custom_data: CustomDataType | None = None
    component_variable: Annotated[list[ComponentVariableType], Meta(min_length=1)] | None = None
    monitoring_criteria: Annotated[list[MonitoringCriterionEnumType], Meta(min_length=1, max_length=3)] | None = None


class GetMonitoringReportResponse(Message, frozen=True, kw_only=True):
    """`GetMonitoringReport`: the answer."""

    status: GenericDeviceModelStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class GetReportRequest(Message, frozen=True, kw_only=True):
    """`GetReport`: the request."""

    request_id: int
    custom_data: CustomDataType | None = None
    component_variable: Annotated[list[ComponentVariableType], Meta(min_length=1)] | None = None
    component_criteria: Annotated[list[ComponentCriterionEnumType], Meta(min_length=1, max_length=4)] | None = None


class GetReportResponse(Message, frozen=True, kw_only=True):
    """`GetReport`: the answer."""

    status: GenericDeviceModelStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class GetTransactionStatusRequest(Message, frozen=True, kw_only=True):
    """`GetTransactionStatus`: the request."""

    custom_data: CustomDataType | None = None
    transaction_id: Text36 | None = None


class GetTransactionStatusResponse(Message, frozen=True, kw_only=True):
    """`GetTransactionStatus`: the answer."""

    messages_in_queue: bool
    custom_data: CustomDataType | None = None
    ongoing_indicator: bool | None = None


class GetVariableDataType(Message, frozen=True, kw_only=True):
    """Part of GetVariablesRequest."""

    component: ComponentType
    variable: VariableType
    custom_data: CustomDataType | None = None
    attribute_type: AttributeEnumType | None = None


class GetVariablesRequest(Message, frozen=True, kw_only=True):
    """`GetVariables`: the request."""

    get_variable_data: Annotated[list[GetVariableDataType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class GetVariableResultType(Message, frozen=True, kw_only=True):
    """Part of GetVariablesResponse."""

    attribute_status: GetVariableStatusEnumType
    component: ComponentType
    variable: VariableType
    custom_data: CustomDataType | None = None
    attribute_status_info: StatusInfoType | None = None
    attribute_type: AttributeEnumType | None = None
    attribute_value: Text2500 | None = None


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
    certificate: Text5500
    custom_data: CustomDataType | None = None


class InstallCertificateResponse(Message, frozen=True, kw_only=True):
    """`InstallCertificate`: the answer."""

    status: InstallCertificateStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class LogStatusNotificationRequest(Message, frozen=True, kw_only=True):
    """`LogStatusNotification`: the request."""

    status: UploadLogStatusEnumType
    custom_data: CustomDataType | None = None
    request_id: int | None = None


class LogStatusNotificationResponse(Message, frozen=True, kw_only=True):
    """`LogStatusNotification`: the answer."""

    custom_data: CustomDataType | None = None


class SignedMeterValueType(Message, frozen=True, kw_only=True):
    """Part of MeterValuesRequest, TransactionEventRequest."""

    signed_meter_data: Text2500
    signing_method: Text50
    encoding_method: Text50
    public_key: Text2500
    custom_data: CustomDataType | None = None


class UnitOfMeasureType(Message, frozen=True, kw_only=True):
    """Part of MeterValuesRequest, TransactionEventRequest."""

    custom_data: CustomDataType | None = None
    unit: Text20 | None = None
    multiplier: int | None = None


class SampledValueType(Message, frozen=True, kw_only=True):
    """Part of MeterValuesRequest, TransactionEventRequest."""

    value: float
    custom_data: CustomDataType | None = None
    context: ReadingContextEnumType | None = None
    measurand: MeasurandEnumType | None = None
    phase: PhaseEnumType | None = None
    location: LocationEnumType | None = None
    signed_meter_value: SignedMeterValueType | None = None
    unit_of_measure: UnitOfMeasureType | None = None


class MeterValueType(Message, frozen=True, kw_only=True):
    """Part of MeterValuesRequest, TransactionEventRequest."""

    sampled_value: Annotated[list[SampledValueType], Meta(min_length=1)]
    timestamp: str
    custom_data: CustomDataType | None = None


class MeterValuesRequest(Message, frozen=True, kw_only=True):
    """`MeterValues`: the request."""

    evse_id: int
    meter_value: Annotated[list[MeterValueType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class MeterValuesResponse(Message, frozen=True, kw_only=True):
    """`MeterValues`: the answer."""

    custom_data: CustomDataType | None = None


class ChargingLimitType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest."""

    charging_limit_source: ChargingLimitSourceEnumType
    custom_data: CustomDataType | None = None
    is_grid_critical: bool | None = None


class RelativeTimeIntervalType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    start: int
    custom_data: CustomDataType | None = None
    duration: int | None = None


class CostType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    cost_kind: CostKindEnumType
    amount: int
    custom_data: CustomDataType | None = None
    amount_multiplier: int | None = None


class ConsumptionCostType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    start_value: float
    cost: Annotated[list[CostType], Meta(min_length=1, max_length=3)]
    custom_data: CustomDataType | None = None


class SalesTariffEntryType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    relative_time_interval: RelativeTimeIntervalType
    custom_data: CustomDataType | None = None
    e_price_level: Annotated[int, Meta(ge=0)] | None = None
    consumption_cost: Annotated[list[ConsumptionCostType], Meta(min_length=1, max_length=3)] | None = None


class SalesTariffType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    id: int
    sales_tariff_entry: Annotated[list[SalesTariffEntryType], Meta(min_length=1, max_length=1024)]
    custom_data: CustomDataType | None = None
    sales_tariff_description: Text32 | None = None
    num_e_price_levels: int | None = None


class ChargingScheduleType(Message, frozen=True, kw_only=True):
    """Part of NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest and 3 more."""

    id: int
    charging_rate_unit: ChargingRateUnitEnumType
    charging_schedule_period: Annotated[list[ChargingSchedulePeriodType], Meta(min_length=1, max_length=1024)]
    custom_data: CustomDataType | None = None
    start_schedule: str | None = None
    duration: int | None = None
    min_charging_rate: float | None = None
    sales_tariff: SalesTariffType | None = None


class NotifyChargingLimitRequest(Message, frozen=True, kw_only=True):
    """`NotifyChargingLimit`: the request."""

    charging_limit: ChargingLimitType
    custom_data: CustomDataType | None = None
    charging_schedule: Annotated[list[ChargingScheduleType], Meta(min_length=1)] | None = None
    evse_id: int | None = None


class NotifyChargingLimitResponse(Message, frozen=True, kw_only=True):
    """`NotifyChargingLimit`: the answer."""

    custom_data: CustomDataType | None = None


class NotifyCustomerInformationRequest(Message, frozen=True, kw_only=True):
    """`NotifyCustomerInformation`: the request."""

    data: Text512
    seq_no: int
    generated_at: str
    request_id: int
    custom_data: CustomDataType | None = None
    tbc: bool | None = None


class NotifyCustomerInformationResponse(Message, frozen=True, kw_only=True):
    """`NotifyCustomerInformation`: the answer."""

    custom_data: CustomDataType | None = None


class MessageInfoType(Message, frozen=True, kw_only=True):
    """Part of NotifyDisplayMessagesRequest, SetDisplayMessageRequest."""

    id: int
    priority: MessagePriorityEnumType
    message: MessageContentType
    custom_data: CustomDataType | None = None
    display: ComponentType | None = None
    state: MessageStateEnumType | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None
    transaction_id: Text36 | None = None


class NotifyDisplayMessagesRequest(Message, frozen=True, kw_only=True):
    """`NotifyDisplayMessages`: the request."""

    request_id: int
    custom_data: CustomDataType | None = None
    message_info: Annotated[list[MessageInfoType], Meta(min_length=1)] | None = None
    tbc: bool | None = None


class NotifyDisplayMessagesResponse(Message, frozen=True, kw_only=True):
    """`NotifyDisplayMessages`: the answer."""

    custom_data: CustomDataType | None = None


class ACChargingParametersType(Message, frozen=True, kw_only=True):
    """Part of NotifyEVChargingNeedsRequest."""

    energy_amount: int
    ev_min_current: int
    ev_max_current: int
    ev_max_voltage: int
    custom_data: CustomDataType | None = None


class DCChargingParametersType(Message, frozen=True, kw_only=True):
    """Part of NotifyEVChargingNeedsRequest."""

    ev_max_current: int
    ev_max_voltage: int
    custom_data: CustomDataType | None = None
    energy_amount: int | None = None
    ev_max_power: int | None = None
    state_of_charge: Annotated[int, Meta(ge=0, le=100)] | None = None
    ev_energy_capacity: int | None = None
    full_so_c: Annotated[int, Meta(ge=0, le=100)] | None = None
    bulk_so_c: Annotated[int, Meta(ge=0, le=100)] | None = None


class ChargingNeedsType(Message, frozen=True, kw_only=True):
    """Part of NotifyEVChargingNeedsRequest."""

    requested_energy_transfer: EnergyTransferModeEnumType
    custom_data: CustomDataType | None = None
    ac_charging_parameters: ACChargingParametersType | None = None
    dc_charging_parameters: DCChargingParametersType | None = None
    departure_time: str | None = None


class NotifyEVChargingNeedsRequest(Message, frozen=True, kw_only=True):
    """`NotifyEVChargingNeeds`: the request."""

    charging_needs: ChargingNeedsType
    evse_id: int
    custom_data: CustomDataType | None = None
    max_schedule_tuples: int | None = None


class NotifyEVChargingNeedsResponse(Message, frozen=True, kw_only=True):
    """`NotifyEVChargingNeeds`: the answer."""

    status: NotifyEVChargingNeedsStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class NotifyEVChargingScheduleRequest(Message, frozen=True, kw_only=True):
    """`NotifyEVChargingSchedule`: the request."""

    time_base: str
    charging_schedule: ChargingScheduleType
    evse_id: int
    custom_data: CustomDataType | None = None


class NotifyEVChargingScheduleResponse(Message, frozen=True, kw_only=True):
    """`NotifyEVChargingSchedule`: the answer."""

    status: GenericStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class EventDataType(Message, frozen=True, kw_only=True):
    """Part of NotifyEventRequest."""

    event_id: int
    timestamp: str
    trigger: EventTriggerEnumType
    actual_value: Text2500
    component: ComponentType
    event_notification_type: EventNotificationEnumType
    variable: VariableType
    custom_data: CustomDataType | None = None
    cause: int | None = None
    tech_code: Text50 | None = None
    tech_info: Text500 | None = None
    cleared: bool | None = None
    transaction_id: Text36 | None = None
    variable_monitoring_id: int | None = None


class NotifyEventRequest(Message, frozen=True, kw_only=True):
    """`NotifyEvent`: the request."""

    generated_at: str
    seq_no: int
    event_data: Annotated[list[EventDataType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None
    tbc: bool | None = None


class NotifyEventResponse(Message, frozen=True, kw_only=True):
    """`NotifyEvent`: the answer."""

    custom_data: CustomDataType | None = None


class VariableMonitoringType(Message, frozen=True, kw_only=True):
    """Part of NotifyMonitoringReportRequest."""

    id: int
    transaction: bool
    value: float
    type: MonitorEnumType
    severity: int
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
    seq_no: int
    generated_at: str
    custom_data: CustomDataType | None = None
    monitor: Annotated[list[MonitoringDataType], Meta(min_length=1)] | None = None
    tbc: bool | None = None


class NotifyMonitoringReportResponse(Message, frozen=True, kw_only=True):
    """`NotifyMonitoringReport`: the answer."""

    custom_data: CustomDataType | None = None


class VariableAttributeType(Message, frozen=True, kw_only=True):
    """Part of NotifyReportRequest."""

    custom_data: CustomDataType | None = None
    type: AttributeEnumType | None = None
    value: Text2500 | None = None
    mutability: MutabilityEnumType | None = None
    persistent: bool | None = None
    constant: bool | None = None


class VariableCharacteristicsType(Message, frozen=True, kw_only=True):
    """Part of NotifyReportRequest."""

    data_type: DataEnumType
    supports_monitoring: bool
    custom_data: CustomDataType | None = None
    unit: Text16 | None = None
    min_limit: float | None = None
    max_limit: float | None = None
    values_list: Text1000 | None = None


class ReportDataType(Message, frozen=True, kw_only=True):
    """Part of NotifyReportRequest."""

    component: ComponentType
    variable: VariableType
    variable_attribute: Annotated[list[VariableAttributeType], Meta(min_length=1, max_length=4)]
    custom_data: CustomDataType | None = None
    variable_characteristics: VariableCharacteristicsType | None = None


class NotifyReportRequest(Message, frozen=True, kw_only=True):
    """`NotifyReport`: the request."""

    request_id: int
    generated_at: str
    seq_no: int
    custom_data: CustomDataType | None = None
    report_data: Annotated[list[ReportDataType], Meta(min_length=1)] | None = None
    tbc: bool | None = None


class NotifyReportResponse(Message, frozen=True, kw_only=True):
    """`NotifyReport`: the answer."""

    custom_data: CustomDataType | None = None


class PublishFirmwareRequest(Message, frozen=True, kw_only=True):
    """`PublishFirmware`: the request."""

    location: Text512
    checksum: Text32
    request_id: int
    custom_data: CustomDataType | None = None
    retries: int | None = None
    retry_interval: int | None = None


class PublishFirmwareResponse(Message, frozen=True, kw_only=True):
    """`PublishFirmware`: the answer."""

    status: GenericStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class PublishFirmwareStatusNotificationRequest(Message, frozen=True, kw_only=True):
    """`PublishFirmwareStatusNotification`: the request."""

    status: PublishFirmwareStatusEnumType
    custom_data: CustomDataType | None = None
    location: Annotated[list[Text512], Meta(min_length=1)] | None = None
    request_id: int | None = None


class PublishFirmwareStatusNotificationResponse(Message, frozen=True, kw_only=True):
    """`PublishFirmwareStatusNotification`: the answer."""

    custom_data: CustomDataType | None = None


class ChargingProfileType(Message, frozen=True, kw_only=True):
    """Part of ReportChargingProfilesRequest, RequestStartTransactionRequest and 1 more."""

    id: int
    stack_level: int
    charging_profile_purpose: ChargingProfilePurposeEnumType
    charging_profile_kind: ChargingProfileKindEnumType
    charging_schedule: Annotated[list[ChargingScheduleType], Meta(min_length=1, max_length=3)]
    custom_data: CustomDataType | None = None
    recurrency_kind: RecurrencyKindEnumType | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    transaction_id: Text36 | None = None


class ReportChargingProfilesRequest(Message, frozen=True, kw_only=True):
    """`ReportChargingProfiles`: the request."""

    request_id: int
    charging_limit_source: ChargingLimitSourceEnumType
    charging_profile: Annotated[list[ChargingProfileType], Meta(min_length=1)]
    evse_id: int
    custom_data: CustomDataType | None = None
    tbc: bool | None = None


class ReportChargingProfilesResponse(Message, frozen=True, kw_only=True):
    """`ReportChargingProfiles`: the answer."""

    custom_data: CustomDataType | None = None


class RequestStartTransactionRequest(Message, frozen=True, kw_only=True):
    """`RequestStartTransaction`: the request."""

    id_token: IdTokenType
    remote_start_id: int
    custom_data: CustomDataType | None = None
    evse_id: int | None = None
    group_id_token: IdTokenType | None = None
    charging_profile: ChargingProfileType | None = None


class RequestStartTransactionResponse(Message, frozen=True, kw_only=True):
    """`RequestStartTransaction`: the answer."""

    status: RequestStartStopStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None
    transaction_id: Text36 | None = None


class RequestStopTransactionRequest(Message, frozen=True, kw_only=True):
    """`RequestStopTransaction`: the request."""

    transaction_id: Text36
    custom_data: CustomDataType | None = None


class RequestStopTransactionResponse(Message, frozen=True, kw_only=True):
    """`RequestStopTransaction`: the answer."""

    status: RequestStartStopStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class ReservationStatusUpdateRequest(Message, frozen=True, kw_only=True):
    """`ReservationStatusUpdate`: the request."""

    reservation_id: int
    reservation_update_status: ReservationUpdateStatusEnumType
    custom_data: CustomDataType | None = None


class ReservationStatusUpdateResponse(Message, frozen=True, kw_only=True):
    """`ReservationStatusUpdate`: the answer."""

    custom_data: CustomDataType | None = None


class ReserveNowRequest(Message, frozen=True, kw_only=True):
    """`ReserveNow`: the request."""

    id: int
    expiry_date_time: str
    id_token: IdTokenType
    custom_data: CustomDataType | None = None
    connector_type: ConnectorEnumType | None = None
    evse_id: int | None = None
    group_id_token: IdTokenType | None = None


class ReserveNowResponse(Message, frozen=True, kw_only=True):
    """`ReserveNow`: the answer."""

    status: ReserveNowStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class ResetRequest(Message, frozen=True, kw_only=True):
    """`Reset`: the request."""

    type: ResetEnumType
    custom_data: CustomDataType | None = None
    evse_id: int | None = None


class ResetResponse(Message, frozen=True, kw_only=True):
    """`Reset`: the answer."""

    status: ResetStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class SecurityEventNotificationRequest(Message, frozen=True, kw_only=True):
    """`SecurityEventNotification`: the request."""

    type: Text50
    timestamp: str
    custom_data: CustomDataType | None = None
    tech_info: Text255 | None = None


class SecurityEventNotificationResponse(Message, frozen=True, kw_only=True):
    """`SecurityEventNotification`: the answer."""

    custom_data: CustomDataType | None = None


class AuthorizationData(Message, frozen=True, kw_only=True):
    """Part of SendLocalListRequest."""

    id_token: IdTokenType
    custom_data: CustomDataType | None = None
    id_token_info: IdTokenInfoType | None = None


class SendLocalListRequest(Message, frozen=True, kw_only=True):
    """`SendLocalList`: the request."""

    version_number: int
    update_type: UpdateEnumType
    custom_data: CustomDataType | None = None
    local_authorization_list: Annotated[list[AuthorizationData], Meta(min_length=1)] | None = None


class SendLocalListResponse(Message, frozen=True, kw_only=True):
    """`SendLocalList`: the answer."""

    status: SendLocalListStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class SetChargingProfileRequest(Message, frozen=True, kw_only=True):
    """`SetChargingProfile`: the request."""

    evse_id: int
    charging_profile: ChargingProfileType
    custom_data: CustomDataType | None = None


class SetChargingProfileResponse(Message, frozen=True, kw_only=True):
    """`SetChargingProfile`: the answer."""

    status: ChargingProfileStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class SetDisplayMessageRequest(Message, frozen=True, kw_only=True):
    """`SetDisplayMessage`: the request."""

    message: MessageInfoType
    custom_data: CustomDataType | None = None


class SetDisplayMessageResponse(Message, frozen=True, kw_only=True):
    """`SetDisplayMessage`: the answer."""

    status: DisplayMessageStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class SetMonitoringBaseRequest(Message, frozen=True, kw_only=True):
    """`SetMonitoringBase`: the request."""

    monitoring_base: MonitoringBaseEnumType
    custom_data: CustomDataType | None = None


class SetMonitoringBaseResponse(Message, frozen=True, kw_only=True):
    """`SetMonitoringBase`: the answer."""

    status: GenericDeviceModelStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class SetMonitoringLevelRequest(Message, frozen=True, kw_only=True):
    """`SetMonitoringLevel`: the request."""

    severity: int
    custom_data: CustomDataType | None = None


class SetMonitoringLevelResponse(Message, frozen=True, kw_only=True):
    """`SetMonitoringLevel`: the answer."""

    status: GenericStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class APNType(Message, frozen=True, kw_only=True):
    """Part of SetNetworkProfileRequest."""

    apn: Text512
    apn_authentication: APNAuthenticationEnumType
    custom_data: CustomDataType | None = None
    apn_user_name: Text20 | None = None
    apn_password: Text20 | None = None
    sim_pin: int | None = None
    preferred_network: Text6 | None = None
    use_only_preferred_network: bool | None = None


class VPNType(Message, frozen=True, kw_only=True):
    """Part of SetNetworkProfileRequest."""

    server: Text512
    user: Text20
    password: Text20
    key: Text255
    type: VPNEnumType
    custom_data: CustomDataType | None = None
    group: Text20 | None = None


class NetworkConnectionProfileType(Message, frozen=True, kw_only=True):
    """Part of SetNetworkProfileRequest."""

    ocpp_version: OCPPVersionEnumType
    ocpp_transport: OCPPTransportEnumType
    ocpp_csms_url: Text512
    message_timeout: int
    security_profile: int
    ocpp_interface: OCPPInterfaceEnumType
    custom_data: CustomDataType | None = None
    apn: APNType | None = None
    vpn: VPNType | None = None


class SetNetworkProfileRequest(Message, frozen=True, kw_only=True):
    """`SetNetworkProfile`: the request."""

    configuration_slot: int
    connection_data: NetworkConnectionProfileType
    custom_data: CustomDataType | None = None


class SetNetworkProfileResponse(Message, frozen=True, kw_only=True):
    """`SetNetworkProfile`: the answer."""

    status: SetNetworkProfileStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class SetMonitoringDataType(Message, frozen=True, kw_only=True):
    """Part of SetVariableMonitoringRequest."""

    value: float
    type: MonitorEnumType
    severity: int
    component: ComponentType
    variable: VariableType
    custom_data: CustomDataType | None = None
    id: int | None = None
    transaction: bool | None = None


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
    severity: int
    custom_data: CustomDataType | None = None
    id: int | None = None
    status_info: StatusInfoType | None = None


class SetVariableMonitoringResponse(Message, frozen=True, kw_only=True):
    """`SetVariableMonitoring`: the answer."""

    set_monitoring_result: Annotated[list[SetMonitoringResultType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class SetVariableDataType(Message, frozen=True, kw_only=True):
    """Part of SetVariablesRequest."""

    attribute_value: Text1000
    component: ComponentType
    variable: VariableType
    custom_data: CustomDataType | None = None
    attribute_type: AttributeEnumType | None = None


class SetVariablesRequest(Message, frozen=True, kw_only=True):
    """`SetVariables`: the request."""

    set_variable_data: Annotated[list[SetVariableDataType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class SetVariableResultType(Message, frozen=True, kw_only=True):
    """Part of SetVariablesResponse."""

    attribute_status: SetVariableStatusEnumType
    component: ComponentType
    variable: VariableType
    custom_data: CustomDataType | None = None
    attribute_type: AttributeEnumType | None = None
    attribute_status_info: StatusInfoType | None = None


class SetVariablesResponse(Message, frozen=True, kw_only=True):
    """`SetVariables`: the answer."""

    set_variable_result: Annotated[list[SetVariableResultType], Meta(min_length=1)]
    custom_data: CustomDataType | None = None


class SignCertificateRequest(Message, frozen=True, kw_only=True):
    """`SignCertificate`: the request."""

    csr: Text5500
    custom_data: CustomDataType | None = None
    certificate_type: CertificateSigningUseEnumType | None = None


class SignCertificateResponse(Message, frozen=True, kw_only=True):
    """`SignCertificate`: the answer."""

    status: GenericStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class StatusNotificationRequest(Message, frozen=True, kw_only=True):
    """`StatusNotification`: the request."""

    timestamp: str
    connector_status: ConnectorStatusEnumType
    evse_id: int
    connector_id: int
    custom_data: CustomDataType | None = None


class StatusNotificationResponse(Message, frozen=True, kw_only=True):
    """`StatusNotification`: the answer."""

    custom_data: CustomDataType | None = None


class TransactionType(Message, frozen=True, kw_only=True):
    """Part of TransactionEventRequest."""

    transaction_id: Text36
    custom_data: CustomDataType | None = None
    charging_state: ChargingStateEnumType | None = None
    time_spent_charging: int | None = None
    stopped_reason: ReasonEnumType | None = None
    remote_start_id: int | None = None


class TransactionEventRequest(Message, frozen=True, kw_only=True):
    """`TransactionEvent`: the request."""

    event_type: TransactionEventEnumType
    timestamp: str
    trigger_reason: TriggerReasonEnumType
    seq_no: int
    transaction_info: TransactionType
    custom_data: CustomDataType | None = None
    meter_value: Annotated[list[MeterValueType], Meta(min_length=1)] | None = None
    offline: bool | None = None
    number_of_phases_used: int | None = None
    cable_max_current: int | None = None
    reservation_id: int | None = None
    evse: EVSEType | None = None
    id_token: IdTokenType | None = None


class TransactionEventResponse(Message, frozen=True, kw_only=True):
    """`TransactionEvent`: the answer."""

    custom_data: CustomDataType | None = None
    total_cost: float | None = None
    charging_priority: int | None = None
    id_token_info: IdTokenInfoType | None = None
    updated_personal_message: MessageContentType | None = None


class TriggerMessageRequest(Message, frozen=True, kw_only=True):
    """`TriggerMessage`: the request."""

    requested_message: MessageTriggerEnumType
    custom_data: CustomDataType | None = None
    evse: EVSEType | None = None


class TriggerMessageResponse(Message, frozen=True, kw_only=True):
    """`TriggerMessage`: the answer."""

    status: TriggerMessageStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class UnlockConnectorRequest(Message, frozen=True, kw_only=True):
    """`UnlockConnector`: the request."""

    evse_id: int
    connector_id: int
    custom_data: CustomDataType | None = None


class UnlockConnectorResponse(Message, frozen=True, kw_only=True):
    """`UnlockConnector`: the answer."""

    status: UnlockStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


class UnpublishFirmwareRequest(Message, frozen=True, kw_only=True):
    """`UnpublishFirmware`: the request."""

    checksum: Text32
    custom_data: CustomDataType | None = None


class UnpublishFirmwareResponse(Message, frozen=True, kw_only=True):
    """`UnpublishFirmware`: the answer."""

    status: UnpublishFirmwareStatusEnumType
    custom_data: CustomDataType | None = None


class FirmwareType(Message, frozen=True, kw_only=True):
    """Part of UpdateFirmwareRequest."""

    location: Text512
    retrieve_date_time: str
    custom_data: CustomDataType | None = None
    install_date_time: str | None = None
    signing_certificate: Text5500 | None = None
    signature: Text800 | None = None


class UpdateFirmwareRequest(Message, frozen=True, kw_only=True):
    """`UpdateFirmware`: the request."""

    request_id: int
    firmware: FirmwareType
    custom_data: CustomDataType | None = None
    retries: int | None = None
    retry_interval: int | None = None


class UpdateFirmwareResponse(Message, frozen=True, kw_only=True):
    """`UpdateFirmware`: the answer."""

    status: UpdateFirmwareStatusEnumType
    custom_data: CustomDataType | None = None
    status_info: StatusInfoType | None = None


ACTIONS: Final[dict[str, tuple[type[Message], type[Message] | None]]] = {
    "Authorize": (AuthorizeRequest, AuthorizeResponse),
    "BootNotification": (BootNotificationRequest, BootNotificationResponse),
    "CancelReservation": (CancelReservationRequest, CancelReservationResponse),
    "CertificateSigned": (CertificateSignedRequest, CertificateSignedResponse),
    "ChangeAvailability": (ChangeAvailabilityRequest, ChangeAvailabilityResponse),
    "ClearCache": (ClearCacheRequest, ClearCacheResponse),
    "ClearChargingProfile": (ClearChargingProfileRequest, ClearChargingProfileResponse),
    "ClearDisplayMessage": (ClearDisplayMessageRequest, ClearDisplayMessageResponse),
    "ClearVariableMonitoring": (ClearVariableMonitoringRequest, ClearVariableMonitoringResponse),
    "ClearedChargingLimit": (ClearedChargingLimitRequest, ClearedChargingLimitResponse),
    "CostUpdated": (CostUpdatedRequest, CostUpdatedResponse),
    "CustomerInformation": (CustomerInformationRequest, CustomerInformationResponse),
    "DataTransfer": (DataTransferRequest, DataTransferResponse),
    "DeleteCertificate": (DeleteCertificateRequest, DeleteCertificateResponse),
    "FirmwareStatusNotification": (FirmwareStatusNotificationRequest, FirmwareStatusNotificationResponse),
    "Get15118EVCertificate": (Get15118EVCertificateRequest, Get15118EVCertificateResponse),
    "GetBaseReport": (GetBaseReportRequest, GetBaseReportResponse),
    "GetCertificateStatus": (GetCertificateStatusRequest, GetCertificateStatusResponse),
    "GetChargingProfiles": (GetChargingProfilesRequest, GetChargingProfilesResponse),
    "GetCompositeSchedule": (GetCompositeScheduleRequest, GetCompositeScheduleResponse),
    "GetDisplayMessages": (GetDisplayMessagesRequest, GetDisplayMessagesResponse),
    "GetInstalledCertificateIds": (GetInstalledCertificateIdsRequest, GetInstalledCertificateIdsResponse),
    "GetLocalListVersion": (GetLocalListVersionRequest, GetLocalListVersionResponse),
    "GetLog": (GetLogRequest, GetLogResponse),
    "GetMonitoringReport": (GetMonitoringReportRequest, GetMonitoringReportResponse),
    "GetReport": (GetReportRequest, GetReportResponse),
    "GetTransactionStatus": (GetTransactionStatusRequest, GetTransactionStatusResponse),
    "GetVariables": (GetVariablesRequest, GetVariablesResponse),
    "Heartbeat": (HeartbeatRequest, HeartbeatResponse),
    "InstallCertificate": (InstallCertificateRequest, InstallCertificateResponse),
    "LogStatusNotification": (LogStatusNotificationRequest, LogStatusNotificationResponse),
    "MeterValues": (MeterValuesRequest, MeterValuesResponse),
    "NotifyChargingLimit": (NotifyChargingLimitRequest, NotifyChargingLimitResponse),
    "NotifyCustomerInformation": (NotifyCustomerInformationRequest, NotifyCustomerInformationResponse),
    "NotifyDisplayMessages": (NotifyDisplayMessagesRequest, NotifyDisplayMessagesResponse),
    "NotifyEVChargingNeeds": (NotifyEVChargingNeedsRequest, NotifyEVChargingNeedsResponse),
    "NotifyEVChargingSchedule": (NotifyEVChargingScheduleRequest, NotifyEVChargingScheduleResponse),
    "NotifyEvent": (NotifyEventRequest, NotifyEventResponse),
    "NotifyMonitoringReport": (NotifyMonitoringReportRequest, NotifyMonitoringReportResponse),
    "NotifyReport": (NotifyReportRequest, NotifyReportResponse),
    "PublishFirmware": (PublishFirmwareRequest, PublishFirmwareResponse),
    "PublishFirmwareStatusNotification": (
        PublishFirmwareStatusNotificationRequest,
        PublishFirmwareStatusNotificationResponse,
    ),
    "ReportChargingProfiles": (ReportChargingProfilesRequest, ReportChargingProfilesResponse),
    "RequestStartTransaction": (RequestStartTransactionRequest, RequestStartTransactionResponse),
    "RequestStopTransaction": (RequestStopTransactionRequest, RequestStopTransactionResponse),
    "ReservationStatusUpdate": (ReservationStatusUpdateRequest, ReservationStatusUpdateResponse),
    "ReserveNow": (ReserveNowRequest, ReserveNowResponse),
    "Reset": (ResetRequest, ResetResponse),
    "SecurityEventNotification": (SecurityEventNotificationRequest, SecurityEventNotificationResponse),
    "SendLocalList": (SendLocalListRequest, SendLocalListResponse),
    "SetChargingProfile": (SetChargingProfileRequest, SetChargingProfileResponse),
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
    "UpdateFirmware": (UpdateFirmwareRequest, UpdateFirmwareResponse),
}
"""Every action of OCPP 2.0.1, with the Struct of its request and of its answer, if it has one."""
