"""The configuration of a simulated charger: keys of 1.6, variables of 2.0.1, as common hardware has them."""

from __future__ import annotations

from laddverk.ocpp.protocol import Protocol
from laddverk.simulator import abilities
from laddverk.simulator.model import Hardware, Setting


class Configuration:
    """The settings of one charger, with what was written to them."""

    __slots__ = ("_hardware", "_written")

    def __init__(self, hardware: Hardware) -> None:
        self._hardware = hardware
        self._written: dict[tuple[str, str], str] = {}

    def all(self) -> list[Setting]:
        """Return all settings with their present values."""
        known = settings_of(self._hardware)
        for setting in known:
            setting.value = self._written.get((setting.component, setting.variable), setting.value)
        return known

    def one(self, component: str, variable: str) -> Setting | None:
        """Return one setting, or None when this charger has no such. Names differ by more than their case."""
        wanted = (component.lower(), variable.lower())
        return next((s for s in self.all() if (s.component.lower(), s.variable.lower()) == wanted), None)

    def written(self) -> list[tuple[str, str, str]]:
        """Return the component, variable and value of every setting that was written."""
        return [(component, variable, value) for (component, variable), value in self._written.items()]

    def write(self, component: str, variable: str, value: str) -> str:
        """Change a setting; return Accepted, Rejected or Unknown."""
        setting = self.one(component, variable)
        if setting is None:
            return "Unknown"
        if not setting.writable or (setting.data_type == "integer" and not value.lstrip("-").isdigit()):
            return "Rejected"
        self._written[setting.component, setting.variable] = value
        return "Accepted"


def settings_of(hardware: Hardware) -> list[Setting]:
    """Return the settings that a charger comes with."""
    is_16 = hardware.protocol.is_16
    return [*(_keys_16(hardware) if is_16 else _variables_2x(hardware)), *abilities.settings(is_16=is_16)]


def _keys_16(hardware: Hardware) -> list[Setting]:
    return [
        Setting("", "AuthorizeRemoteTxRequests", "false", data_type="boolean"),
        Setting("", "ClockAlignedDataInterval", "0", data_type="integer", unit="s"),
        Setting("", "ConnectionTimeOut", "60", data_type="integer", unit="s"),
        Setting("", "ConnectorPhaseRotation", "0.RST"),
        Setting("", "GetConfigurationMaxKeys", "50", writable=False, data_type="integer"),
        Setting("", "HeartbeatInterval", "300", data_type="integer", unit="s"),
        Setting("", "LocalAuthorizeOffline", "true", data_type="boolean"),
        Setting("", "LocalPreAuthorize", "false", data_type="boolean"),
        Setting("", "MeterValuesSampledData", "Energy.Active.Import.Register,Power.Active.Import,Current.Import"),
        Setting("", "MeterValueSampleInterval", "60", data_type="integer", unit="s"),
        Setting("", "NumberOfConnectors", str(len(hardware.outlets)), writable=False, data_type="integer"),
        Setting("", "ResetRetries", "3", data_type="integer"),
        Setting("", "StopTransactionOnEVSideDisconnect", "true", data_type="boolean"),
        Setting("", "StopTransactionOnInvalidId", "true", data_type="boolean"),
        Setting(
            "",
            "SupportedFeatureProfiles",
            "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger",
            writable=False,
        ),
        Setting("", "TransactionMessageAttempts", "3", data_type="integer"),
        Setting("", "TransactionMessageRetryInterval", "60", data_type="integer", unit="s"),
        Setting("", "UnlockConnectorOnEVSideDisconnect", "true", data_type="boolean"),
        Setting("", "WebSocketPingInterval", "60", data_type="integer", unit="s"),
    ]


def _variables_2x(hardware: Hardware) -> list[Setting]:
    station = [
        Setting("ChargingStation", "Available", "true", False, "boolean"),
        Setting("ChargingStation", "Model", hardware.model, False),
        Setting("ChargingStation", "VendorName", hardware.vendor, False),
        Setting("ChargingStation", "SerialNumber", hardware.serial, False),
        Setting("ChargingStation", "FirmwareVersion", hardware.firmware, False),
        Setting("AuthCtrlr", "AuthorizeRemoteStart", "false", True, "boolean"),
        Setting("AuthCtrlr", "LocalAuthorizeOffline", "true", True, "boolean"),
        Setting("DeviceDataCtrlr", "ItemsPerMessageGetReport", "20", False, "integer"),
        Setting("OCPPCommCtrlr", "HeartbeatInterval", "300", True, "integer", "s"),
        Setting("OCPPCommCtrlr", "MessageTimeoutDefault", "30", False, "integer", "s"),
        Setting("OCPPCommCtrlr", "OfflineThreshold", "600", True, "integer", "s"),
        Setting("OCPPCommCtrlr", "ResetRetries", "3", True, "integer"),
        Setting("OCPPCommCtrlr", "WebSocketPingInterval", "60", True, "integer", "s"),
        Setting("SampledDataCtrlr", "TxUpdatedInterval", "60", True, "integer", "s"),
        Setting("SampledDataCtrlr", "TxUpdatedMeasurands", "Energy.Active.Import.Register,Power.Active.Import"),
        Setting("SecurityCtrlr", "SecurityProfile", "1", False, "integer"),
        Setting("SecurityCtrlr", "OrganizationName", "Laddverk"),
        Setting("TxCtrlr", "EVConnectionTimeOut", "60", True, "integer", "s"),
        Setting("TxCtrlr", "StopTxOnInvalidId", "true", True, "boolean"),
        Setting("TxCtrlr", "TxStartPoint", "PowerPathClosed"),
        Setting("TxCtrlr", "TxStopPoint", "EVConnected,Authorized"),
    ]
    if hardware.protocol is Protocol.V21:
        station.append(Setting("SmartChargingCtrlr", "SupportsDynamicProfiles", "true", False, "boolean"))
    for number, supply in enumerate(hardware.outlets, start=1):
        where = f"EVSE@{number}"
        kind = "DC" if supply.phases == 0 else f"AC {supply.phases}"
        station += [
            Setting(where, "Available", "true", False, "boolean"),
            Setting(where, "Power", str(supply.power_max_w), False, "decimal", "W"),
            Setting(where, "SupplyPhases", str(supply.phases), False, "integer"),
            Setting(f"Connector@{number}.1", "ConnectorType", "cCCS2" if supply.phases == 0 else "sType2", False),
            Setting(f"Connector@{number}.1", "Description", kind, False),
        ]
    return station
