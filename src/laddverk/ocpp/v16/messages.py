"""The messages of OCPP 1.6 as Structs. Written by tools/generate_messages.py: change that, not this.

Required fields, enumerations, lengths and bounds are those of the schemas of the Open Charge Alliance.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from laddverk.ocpp.structs import Message

Text20 = Annotated[str, Meta(max_length=20)]
Text25 = Annotated[str, Meta(max_length=25)]
Text40 = Annotated[str, Meta(max_length=40)]
Text50 = Annotated[str, Meta(max_length=50)]
Text128 = Annotated[str, Meta(max_length=128)]
Text255 = Annotated[str, Meta(max_length=255)]
Text500 = Annotated[str, Meta(max_length=500)]
Text512 = Annotated[str, Meta(max_length=512)]
Text800 = Annotated[str, Meta(max_length=800)]
Text5500 = Annotated[str, Meta(max_length=5500)]
Text10000 = Annotated[str, Meta(max_length=10000)]

IdTagInfoStatus = Literal["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"]
BootNotificationStatus = Literal["Accepted", "Pending", "Rejected"]
CancelReservationStatus = Literal["Accepted", "Rejected"]
CertificateSignedStatusEnumType = Literal["Accepted", "Rejected"]
ChangeAvailabilityType = Literal["Inoperative", "Operative"]
ChangeAvailabilityStatus = Literal["Accepted", "Rejected", "Scheduled"]
ChangeConfigurationStatus = Literal["Accepted", "Rejected", "RebootRequired", "NotSupported"]
ClearCacheStatus = Literal["Accepted", "Rejected"]
ChargingProfilePurpose = Literal["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]
ClearChargingProfileStatus = Literal["Accepted", "Unknown"]
DataTransferStatus = Literal["Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"]
HashAlgorithmEnumType = Literal["SHA256", "SHA384", "SHA512"]
DeleteCertificateStatusEnumType = Literal["Accepted", "Failed", "NotFound"]
DiagnosticsStatusNotificationStatus = Literal["Idle", "Uploaded", "UploadFailed", "Uploading"]
MessageTriggerEnumType = Literal[
    "BootNotification",
    "LogStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "SignChargePointCertificate",
    "StatusNotification",
]
TriggerMessageStatusEnumType = Literal["Accepted", "Rejected", "NotImplemented"]
FirmwareStatusNotificationStatus = Literal[
    "Downloaded", "DownloadFailed", "Downloading", "Idle", "InstallationFailed", "Installing", "Installed"
]
ChargingRateUnit = Literal["A", "W"]
GetCompositeScheduleStatus = Literal["Accepted", "Rejected"]
CertificateUseEnumType = Literal["CentralSystemRootCertificate", "ManufacturerRootCertificate"]
GetInstalledCertificateStatusEnumType = Literal["Accepted", "NotFound"]
LogEnumType = Literal["DiagnosticsLog", "SecurityLog"]
LogStatusEnumType = Literal["Accepted", "Rejected", "AcceptedCanceled"]
InstallCertificateStatusEnumType = Literal["Accepted", "Failed", "Rejected"]
UploadLogStatusEnumType = Literal[
    "BadMessage", "Idle", "NotSupportedOperation", "PermissionDenied", "Uploaded", "UploadFailure", "Uploading"
]
Context = Literal[
    "Interruption.Begin",
    "Interruption.End",
    "Sample.Clock",
    "Sample.Periodic",
    "Transaction.Begin",
    "Transaction.End",
    "Trigger",
    "Other",
]
Format = Literal["Raw", "SignedData"]
Measurand = Literal[
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Register",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Import.Register",
    "Energy.Active.Export.Interval",
    "Energy.Active.Import.Interval",
    "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Import.Interval",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "Power.Factor",
    "Current.Import",
    "Current.Export",
    "Current.Offered",
    "Voltage",
    "Frequency",
    "Temperature",
    "SoC",
    "RPM",
]
Phase = Literal["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]
Location = Literal["Cable", "EV", "Inlet", "Outlet", "Body"]
Unit = Literal[
    "Wh",
    "kWh",
    "varh",
    "kvarh",
    "W",
    "kW",
    "VA",
    "kVA",
    "var",
    "kvar",
    "A",
    "V",
    "K",
    "Celcius",
    "Celsius",
    "Fahrenheit",
    "Percent",
    "Hertz",
]
ChargingProfileKind = Literal["Absolute", "Recurring", "Relative"]
RecurrencyKind = Literal["Daily", "Weekly"]
RemoteStartTransactionStatus = Literal["Accepted", "Rejected"]
RemoteStopTransactionStatus = Literal["Accepted", "Rejected"]
ReserveNowStatus = Literal["Accepted", "Faulted", "Occupied", "Rejected", "Unavailable"]
ResetType = Literal["Hard", "Soft"]
ResetStatus = Literal["Accepted", "Rejected"]
UpdateType = Literal["Differential", "Full"]
SendLocalListStatus = Literal["Accepted", "Failed", "NotSupported", "VersionMismatch"]
SetChargingProfileStatus = Literal["Accepted", "Rejected", "NotSupported"]
GenericStatusEnumType = Literal["Accepted", "Rejected"]
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
UpdateFirmwareStatusEnumType = Literal[
    "Accepted", "Rejected", "AcceptedCanceled", "InvalidCertificate", "RevokedCertificate"
]
ErrorCode = Literal[
    "ConnectorLockFailure",
    "EVCommunicationError",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "LocalListConflict",
    "NoError",
    "OtherError",
    "OverCurrentFailure",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "ReaderFailure",
    "ResetFailure",
    "UnderVoltage",
    "OverVoltage",
    "WeakSignal",
]
StatusNotificationStatus = Literal[
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEVSE",
    "SuspendedEV",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
]
Reason = Literal[
    "EmergencyStop",
    "EVDisconnected",
    "HardReset",
    "Local",
    "Other",
    "PowerLoss",
    "Reboot",
    "Remote",
    "SoftReset",
    "UnlockCommand",
    "DeAuthorized",
]
TransactionDataSampledValueUnit = Literal[
    "Wh",
    "kWh",
    "varh",
    "kvarh",
    "W",
    "kW",
    "VA",
    "kVA",
    "var",
    "kvar",
    "A",
    "V",
    "K",
    "Celcius",
    "Celsius",
    "Fahrenheit",
    "Percent",
]
RequestedMessage = Literal[
    "BootNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
]
TriggerMessageStatus = Literal["Accepted", "Rejected", "NotImplemented"]
UnlockConnectorStatus = Literal["Unlocked", "UnlockFailed", "NotSupported"]


class AuthorizeRequest(Message, frozen=True, kw_only=True):
    """`Authorize`: the request."""

    id_tag: Text20


class IdTagInfo(Message, frozen=True, kw_only=True):
    """Part of AuthorizeResponse, SendLocalListRequest and 2 more."""

    status: IdTagInfoStatus
    expiry_date: str | None = None
    parent_id_tag: Text20 | None = None


class AuthorizeResponse(Message, frozen=True, kw_only=True):
    """`Authorize`: the answer."""

    id_tag_info: IdTagInfo


class BootNotificationRequest(Message, frozen=True, kw_only=True):
    """`BootNotification`: the request."""

    charge_point_vendor: Text20
    charge_point_model: Text20
    charge_point_serial_number: Text25 | None = None
    charge_box_serial_number: Text25 | None = None
    firmware_version: Text50 | None = None
    iccid: Text20 | None = None
    imsi: Text20 | None = None
    meter_type: Text25 | None = None
    meter_serial_number: Text25 | None = None


class BootNotificationResponse(Message, frozen=True, kw_only=True):
    """`BootNotification`: the answer."""

    status: BootNotificationStatus
    current_time: str
    interval: int


class CancelReservationRequest(Message, frozen=True, kw_only=True):
    """`CancelReservation`: the request."""

    reservation_id: int


class CancelReservationResponse(Message, frozen=True, kw_only=True):
    """`CancelReservation`: the answer."""

    status: CancelReservationStatus


class CertificateSignedRequest(Message, frozen=True, kw_only=True):
    """`CertificateSigned`: the request."""

    certificate_chain: Text10000


class CertificateSignedResponse(Message, frozen=True, kw_only=True):
    """`CertificateSigned`: the answer."""

    status: CertificateSignedStatusEnumType


class ChangeAvailabilityRequest(Message, frozen=True, kw_only=True):
    """`ChangeAvailability`: the request."""

    connector_id: int
    type: ChangeAvailabilityType


class ChangeAvailabilityResponse(Message, frozen=True, kw_only=True):
    """`ChangeAvailability`: the answer."""

    status: ChangeAvailabilityStatus


class ChangeConfigurationRequest(Message, frozen=True, kw_only=True):
    """`ChangeConfiguration`: the request."""

    key: Text50
    value: Text500


class ChangeConfigurationResponse(Message, frozen=True, kw_only=True):
    """`ChangeConfiguration`: the answer."""

    status: ChangeConfigurationStatus


class ClearCacheRequest(Message, frozen=True, kw_only=True):
    """`ClearCache`: the request."""


class ClearCacheResponse(Message, frozen=True, kw_only=True):
    """`ClearCache`: the answer."""

    status: ClearCacheStatus


class ClearChargingProfileRequest(Message, frozen=True, kw_only=True):
    """`ClearChargingProfile`: the request."""

    id: int | None = None
    connector_id: int | None = None
    charging_profile_purpose: ChargingProfilePurpose | None = None
    stack_level: int | None = None


class ClearChargingProfileResponse(Message, frozen=True, kw_only=True):
    """`ClearChargingProfile`: the answer."""

    status: ClearChargingProfileStatus


class DataTransferRequest(Message, frozen=True, kw_only=True):
    """`DataTransfer`: the request."""

    vendor_id: Text255
    message_id: Text50 | None = None
    data: str | None = None


class DataTransferResponse(Message, frozen=True, kw_only=True):
    """`DataTransfer`: the answer."""

    status: DataTransferStatus
    data: str | None = None


class CertificateHashDataType(Message, frozen=True, kw_only=True):
    """Part of DeleteCertificateRequest."""

    hash_algorithm: HashAlgorithmEnumType
    issuer_name_hash: Text128
    issuer_key_hash: Text128
    serial_number: Text40


class DeleteCertificateRequest(Message, frozen=True, kw_only=True):
    """`DeleteCertificate`: the request."""

    certificate_hash_data: CertificateHashDataType


class DeleteCertificateResponse(Message, frozen=True, kw_only=True):
    """`DeleteCertificate`: the answer."""

    status: DeleteCertificateStatusEnumType


class DiagnosticsStatusNotificationRequest(Message, frozen=True, kw_only=True):
    """`DiagnosticsStatusNotification`: the request."""

    status: DiagnosticsStatusNotificationStatus


class DiagnosticsStatusNotificationResponse(Message, frozen=True, kw_only=True):
    """`DiagnosticsStatusNotification`: the answer."""


class ExtendedTriggerMessageRequest(Message, frozen=True, kw_only=True):
    """`ExtendedTriggerMessage`: the request."""

    requested_message: MessageTriggerEnumType
    connector_id: int | None = None


class ExtendedTriggerMessageResponse(Message, frozen=True, kw_only=True):
    """`ExtendedTriggerMessage`: the answer."""

    status: TriggerMessageStatusEnumType


class FirmwareStatusNotificationRequest(Message, frozen=True, kw_only=True):
    """`FirmwareStatusNotification`: the request."""

    status: FirmwareStatusNotificationStatus


class FirmwareStatusNotificationResponse(Message, frozen=True, kw_only=True):
    """`FirmwareStatusNotification`: the answer."""


class GetCompositeScheduleRequest(Message, frozen=True, kw_only=True):
    """`GetCompositeSchedule`: the request."""

    connector_id: int
    duration: int
    charging_rate_unit: ChargingRateUnit | None = None


class ChargingSchedulePeriod(Message, frozen=True, kw_only=True):
    """Part of GetCompositeScheduleResponse, RemoteStartTransactionRequest and 1 more."""

    start_period: int
    limit: float
    number_phases: int | None = None


class ChargingSchedule(Message, frozen=True, kw_only=True):
    """Part of GetCompositeScheduleResponse, RemoteStartTransactionRequest and 1 more."""

    charging_rate_unit: ChargingRateUnit
    charging_schedule_period: list[ChargingSchedulePeriod]
    duration: int | None = None
    start_schedule: str | None = None
    min_charging_rate: float | None = None


class GetCompositeScheduleResponse(Message, frozen=True, kw_only=True):
    """`GetCompositeSchedule`: the answer."""

    status: GetCompositeScheduleStatus
    connector_id: int | None = None
    schedule_start: str | None = None
    charging_schedule: ChargingSchedule | None = None


class GetConfigurationRequest(Message, frozen=True, kw_only=True):
    """`GetConfiguration`: the request."""

    key: list[Text50] | None = None


class ConfigurationKey(Message, frozen=True, kw_only=True):
    """Part of GetConfigurationResponse."""

    key: Text50
    readonly: bool
    value: Text500 | None = None


class GetConfigurationResponse(Message, frozen=True, kw_only=True):
    """`GetConfiguration`: the answer."""

    configuration_key: list[ConfigurationKey] | None = None
    unknown_key: list[Text50] | None = None


class GetDiagnosticsRequest(Message, frozen=True, kw_only=True):
    """`GetDiagnostics`: the request."""

    location: str
    retries: int | None = None
    retry_interval: int | None = None
    start_time: str | None = None
    stop_time: str | None = None


class GetDiagnosticsResponse(Message, frozen=True, kw_only=True):
    """`GetDiagnostics`: the answer."""

    file_name: Text255 | None = None


class GetInstalledCertificateIdsRequest(Message, frozen=True, kw_only=True):
    """`GetInstalledCertificateIds`: the request."""

    certificate_type: CertificateUseEnumType


class GetInstalledCertificateIdsResponseCertificateHashDataType(Message, frozen=True, kw_only=True):
    """Part of GetInstalledCertificateIdsResponse."""

    hash_algorithm: HashAlgorithmEnumType
    issuer_name_hash: Text128
    issuer_key_hash: Text128
    serial_number: Text40


class GetInstalledCertificateIdsResponse(Message, frozen=True, kw_only=True):
    """`GetInstalledCertificateIds`: the answer."""

    status: GetInstalledCertificateStatusEnumType
    certificate_hash_data: (
        Annotated[list[GetInstalledCertificateIdsResponseCertificateHashDataType], Meta(min_length=1)] | None
    ) = None


class GetLocalListVersionRequest(Message, frozen=True, kw_only=True):
    """`GetLocalListVersion`: the request."""


class GetLocalListVersionResponse(Message, frozen=True, kw_only=True):
    """`GetLocalListVersion`: the answer."""

    list_version: int


class LogParametersType(Message, frozen=True, kw_only=True):
    """Part of GetLogRequest."""

    remote_location: Text512
    oldest_timestamp: str | None = None
    latest_timestamp: str | None = None


class GetLogRequest(Message, frozen=True, kw_only=True):
    """`GetLog`: the request."""

    log: LogParametersType
    log_type: LogEnumType
    request_id: int
    retries: int | None = None
    retry_interval: int | None = None


class GetLogResponse(Message, frozen=True, kw_only=True):
    """`GetLog`: the answer."""

    status: LogStatusEnumType
    filename: Text255 | None = None


class HeartbeatRequest(Message, frozen=True, kw_only=True):
    """`Heartbeat`: the request."""


class HeartbeatResponse(Message, frozen=True, kw_only=True):
    """`Heartbeat`: the answer."""

    current_time: str


class InstallCertificateRequest(Message, frozen=True, kw_only=True):
    """`InstallCertificate`: the request."""

    certificate_type: CertificateUseEnumType
    certificate: Text5500


class InstallCertificateResponse(Message, frozen=True, kw_only=True):
    """`InstallCertificate`: the answer."""

    status: InstallCertificateStatusEnumType


class LogStatusNotificationRequest(Message, frozen=True, kw_only=True):
    """`LogStatusNotification`: the request."""

    status: UploadLogStatusEnumType
    request_id: int | None = None


class LogStatusNotificationResponse(Message, frozen=True, kw_only=True):
    """`LogStatusNotification`: the answer."""


class SampledValue(Message, frozen=True, kw_only=True):
    """Part of MeterValuesRequest."""

    value: str
    context: Context | None = None
    format: Format | None = None
    measurand: Measurand | None = None
    phase: Phase | None = None
    location: Location | None = None
    unit: Unit | None = None


class MeterValue(Message, frozen=True, kw_only=True):
    """Part of MeterValuesRequest."""

    timestamp: str
    sampled_value: Annotated[list[SampledValue], Meta(min_length=1)]


class MeterValuesRequest(Message, frozen=True, kw_only=True):
    """`MeterValues`: the request."""

    connector_id: int
    meter_value: Annotated[list[MeterValue], Meta(min_length=1)]
    transaction_id: int | None = None


class MeterValuesResponse(Message, frozen=True, kw_only=True):
    """`MeterValues`: the answer."""


class ChargingProfile(Message, frozen=True, kw_only=True):
    """Part of RemoteStartTransactionRequest, SetChargingProfileRequest."""

    charging_profile_id: int
    stack_level: int
    charging_profile_purpose: ChargingProfilePurpose
    charging_profile_kind: ChargingProfileKind
    charging_schedule: ChargingSchedule
    transaction_id: int | None = None
    recurrency_kind: RecurrencyKind | None = None
    valid_from: str | None = None
    valid_to: str | None = None


class RemoteStartTransactionRequest(Message, frozen=True, kw_only=True):
    """`RemoteStartTransaction`: the request."""

    id_tag: Text20
    connector_id: int | None = None
    charging_profile: ChargingProfile | None = None


class RemoteStartTransactionResponse(Message, frozen=True, kw_only=True):
    """`RemoteStartTransaction`: the answer."""

    status: RemoteStartTransactionStatus


class RemoteStopTransactionRequest(Message, frozen=True, kw_only=True):
    """`RemoteStopTransaction`: the request."""

    transaction_id: int


class RemoteStopTransactionResponse(Message, frozen=True, kw_only=True):
    """`RemoteStopTransaction`: the answer."""

    status: RemoteStopTransactionStatus


class ReserveNowRequest(Message, frozen=True, kw_only=True):
    """`ReserveNow`: the request."""

    connector_id: int
    expiry_date: str
    id_tag: Text20
    reservation_id: int
    parent_id_tag: Text20 | None = None


class ReserveNowResponse(Message, frozen=True, kw_only=True):
    """`ReserveNow`: the answer."""

    status: ReserveNowStatus


class ResetRequest(Message, frozen=True, kw_only=True):
    """`Reset`: the request."""

    type: ResetType


class ResetResponse(Message, frozen=True, kw_only=True):
    """`Reset`: the answer."""

    status: ResetStatus


class SecurityEventNotificationRequest(Message, frozen=True, kw_only=True):
    """`SecurityEventNotification`: the request."""

    type: Text50
    timestamp: str
    tech_info: Text255 | None = None


class SecurityEventNotificationResponse(Message, frozen=True, kw_only=True):
    """`SecurityEventNotification`: the answer."""


class LocalAuthorizationList(Message, frozen=True, kw_only=True):
    """Part of SendLocalListRequest."""

    id_tag: Text20
    id_tag_info: IdTagInfo | None = None


class SendLocalListRequest(Message, frozen=True, kw_only=True):
    """`SendLocalList`: the request."""

    list_version: int
    update_type: UpdateType
    local_authorization_list: list[LocalAuthorizationList] | None = None


class SendLocalListResponse(Message, frozen=True, kw_only=True):
    """`SendLocalList`: the answer."""

    status: SendLocalListStatus


class SetChargingProfileRequest(Message, frozen=True, kw_only=True):
    """`SetChargingProfile`: the request."""

    connector_id: int
    cs_charging_profiles: ChargingProfile


class SetChargingProfileResponse(Message, frozen=True, kw_only=True):
    """`SetChargingProfile`: the answer."""

    status: SetChargingProfileStatus


class SignCertificateRequest(Message, frozen=True, kw_only=True):
    """`SignCertificate`: the request."""

    csr: Text5500


class SignCertificateResponse(Message, frozen=True, kw_only=True):
    """`SignCertificate`: the answer."""

    status: GenericStatusEnumType


class SignedFirmwareStatusNotificationRequest(Message, frozen=True, kw_only=True):
    """`SignedFirmwareStatusNotification`: the request."""

    status: FirmwareStatusEnumType
    request_id: int | None = None


class SignedFirmwareStatusNotificationResponse(Message, frozen=True, kw_only=True):
    """`SignedFirmwareStatusNotification`: the answer."""


class FirmwareType(Message, frozen=True, kw_only=True):
    """Part of SignedUpdateFirmwareRequest."""

    location: Text512
    retrieve_date_time: str
    signing_certificate: Text5500
    signature: Text800
    install_date_time: str | None = None


class SignedUpdateFirmwareRequest(Message, frozen=True, kw_only=True):
    """`SignedUpdateFirmware`: the request."""

    request_id: int
    firmware: FirmwareType
    retries: int | None = None
    retry_interval: int | None = None


class SignedUpdateFirmwareResponse(Message, frozen=True, kw_only=True):
    """`SignedUpdateFirmware`: the answer."""

    status: UpdateFirmwareStatusEnumType


class StartTransactionRequest(Message, frozen=True, kw_only=True):
    """`StartTransaction`: the request."""

    connector_id: int
    id_tag: Text20
    meter_start: int
    timestamp: str
    reservation_id: int | None = None


class StartTransactionResponse(Message, frozen=True, kw_only=True):
    """`StartTransaction`: the answer."""

    id_tag_info: IdTagInfo
    transaction_id: int


class StatusNotificationRequest(Message, frozen=True, kw_only=True):
    """`StatusNotification`: the request."""

    connector_id: int
    error_code: ErrorCode
    status: StatusNotificationStatus
    info: Text50 | None = None
    timestamp: str | None = None
    vendor_id: Text255 | None = None
    vendor_error_code: Text50 | None = None


class StatusNotificationResponse(Message, frozen=True, kw_only=True):
    """`StatusNotification`: the answer."""


class TransactionDataSampledValue(Message, frozen=True, kw_only=True):
    """Part of StopTransactionRequest."""

    value: str
    context: Context | None = None
    format: Format | None = None
    measurand: Measurand | None = None
    phase: Phase | None = None
    location: Location | None = None
    unit: TransactionDataSampledValueUnit | None = None


class TransactionData(Message, frozen=True, kw_only=True):
    """Part of StopTransactionRequest."""

    timestamp: str
    sampled_value: list[TransactionDataSampledValue]


class StopTransactionRequest(Message, frozen=True, kw_only=True):
    """`StopTransaction`: the request."""

    meter_stop: int
    timestamp: str
    transaction_id: int
    id_tag: Text20 | None = None
    reason: Reason | None = None
    transaction_data: list[TransactionData] | None = None


class StopTransactionResponse(Message, frozen=True, kw_only=True):
    """`StopTransaction`: the answer."""

    id_tag_info: IdTagInfo | None = None


class TriggerMessageRequest(Message, frozen=True, kw_only=True):
    """`TriggerMessage`: the request."""

    requested_message: RequestedMessage
    connector_id: int | None = None


class TriggerMessageResponse(Message, frozen=True, kw_only=True):
    """`TriggerMessage`: the answer."""

    status: TriggerMessageStatus


class UnlockConnectorRequest(Message, frozen=True, kw_only=True):
    """`UnlockConnector`: the request."""

    connector_id: int


class UnlockConnectorResponse(Message, frozen=True, kw_only=True):
    """`UnlockConnector`: the answer."""

    status: UnlockConnectorStatus


class UpdateFirmwareRequest(Message, frozen=True, kw_only=True):
    """`UpdateFirmware`: the request."""

    location: str
    retrieve_date: str
    retries: int | None = None
    retry_interval: int | None = None


class UpdateFirmwareResponse(Message, frozen=True, kw_only=True):
    """`UpdateFirmware`: the answer."""


ACTIONS: Final[dict[str, tuple[type[Message], type[Message] | None]]] = {
    "Authorize": (AuthorizeRequest, AuthorizeResponse),
    "BootNotification": (BootNotificationRequest, BootNotificationResponse),
    "CancelReservation": (CancelReservationRequest, CancelReservationResponse),
    "CertificateSigned": (CertificateSignedRequest, CertificateSignedResponse),
    "ChangeAvailability": (ChangeAvailabilityRequest, ChangeAvailabilityResponse),
    "ChangeConfiguration": (ChangeConfigurationRequest, ChangeConfigurationResponse),
    "ClearCache": (ClearCacheRequest, ClearCacheResponse),
    "ClearChargingProfile": (ClearChargingProfileRequest, ClearChargingProfileResponse),
    "DataTransfer": (DataTransferRequest, DataTransferResponse),
    "DeleteCertificate": (DeleteCertificateRequest, DeleteCertificateResponse),
    "DiagnosticsStatusNotification": (DiagnosticsStatusNotificationRequest, DiagnosticsStatusNotificationResponse),
    "ExtendedTriggerMessage": (ExtendedTriggerMessageRequest, ExtendedTriggerMessageResponse),
    "FirmwareStatusNotification": (FirmwareStatusNotificationRequest, FirmwareStatusNotificationResponse),
    "GetCompositeSchedule": (GetCompositeScheduleRequest, GetCompositeScheduleResponse),
    "GetConfiguration": (GetConfigurationRequest, GetConfigurationResponse),
    "GetDiagnostics": (GetDiagnosticsRequest, GetDiagnosticsResponse),
    "GetInstalledCertificateIds": (GetInstalledCertificateIdsRequest, GetInstalledCertificateIdsResponse),
    "GetLocalListVersion": (GetLocalListVersionRequest, GetLocalListVersionResponse),
    "GetLog": (GetLogRequest, GetLogResponse),
    "Heartbeat": (HeartbeatRequest, HeartbeatResponse),
    "InstallCertificate": (InstallCertificateRequest, InstallCertificateResponse),
    "LogStatusNotification": (LogStatusNotificationRequest, LogStatusNotificationResponse),
    "MeterValues": (MeterValuesRequest, MeterValuesResponse),
    "RemoteStartTransaction": (RemoteStartTransactionRequest, RemoteStartTransactionResponse),
    "RemoteStopTransaction": (RemoteStopTransactionRequest, RemoteStopTransactionResponse),
    "ReserveNow": (ReserveNowRequest, ReserveNowResponse),
    "Reset": (ResetRequest, ResetResponse),
    "SecurityEventNotification": (SecurityEventNotificationRequest, SecurityEventNotificationResponse),
    "SendLocalList": (SendLocalListRequest, SendLocalListResponse),
    "SetChargingProfile": (SetChargingProfileRequest, SetChargingProfileResponse),
    "SignCertificate": (SignCertificateRequest, SignCertificateResponse),
    "SignedFirmwareStatusNotification": (
        SignedFirmwareStatusNotificationRequest,
        SignedFirmwareStatusNotificationResponse,
    ),
    "SignedUpdateFirmware": (SignedUpdateFirmwareRequest, SignedUpdateFirmwareResponse),
    "StartTransaction": (StartTransactionRequest, StartTransactionResponse),
    "StatusNotification": (StatusNotificationRequest, StatusNotificationResponse),
    "StopTransaction": (StopTransactionRequest, StopTransactionResponse),
    "TriggerMessage": (TriggerMessageRequest, TriggerMessageResponse),
    "UnlockConnector": (UnlockConnectorRequest, UnlockConnectorResponse),
    "UpdateFirmware": (UpdateFirmwareRequest, UpdateFirmwareResponse),
}
"""Every action of OCPP 1.6, with the Struct of its request and of its answer, if it has one."""
