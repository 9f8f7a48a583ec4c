"""Which security events are critical: they are an alarm until somebody has looked. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

KIND_MAX: Final = 50  # OCPP; longer words are cut
INFO_MAX: Final = 1_000  # 255 in OCPP; some chargers send more
SAME_WITHIN: Final = timedelta(hours=1)  # the same thing said again is counted with the first

CRITICAL: Final = frozenset({
    # OCPP 2.x, appendix 1, and the 1.6 white paper, those marked as critical there.
    "FirmwareUpdated", "SettingSystemTime", "StartupOfTheDevice", "ResetOrReboot", "SecurityLogWasCleared",
    "MemoryExhaustion", "TamperDetectionActivated",
})  # fmt: skip
"""What the standard calls critical: it must be told. Not all of it is a reason to get up."""

ROUTINE: Final = frozenset({"FirmwareUpdated", "SettingSystemTime", "StartupOfTheDevice", "ResetOrReboot"})
"""Critical in the standard, but a part of every day; they are kept, and no alarm."""

ATTACK: Final = frozenset({
    "FailedToAuthenticateAtCsms", "FailedToAuthenticateAtCentralSystem", "CsmsFailedToAuthenticate",
    "CentralSystemFailedToAuthenticate", "InvalidCsmsCertificate", "InvalidCentralSystemCertificate",
    "InvalidChargingStationCertificate", "InvalidChargePointCertificate", "InvalidFirmwareSignature",
    "InvalidFirmwareSigningCertificate", "InvalidMessages", "AttemptedReplayAttacks", "InvalidTLSVersion",
    "InvalidTLSCipherSuite", "TamperDetectionActivated", "SecurityLogWasCleared", "MaintenanceLoginFailed",
})  # fmt: skip
"""What may be an attack, whether the standard calls it critical or not."""

HOUSE: Final = frozenset({"IdentityShared", "GuessedKeys", "ForeignTransaction", "CertificateRequestRefused",
                          "CertificateExpiring", "CertificateRefused"})  # fmt: skip
"""What the house notices itself."""


def is_alarm(kind: str) -> bool:
    """Return whether a security event is an alarm until somebody has looked at it."""
    return kind in ATTACK or kind in HOUSE or (kind in CRITICAL and kind not in ROUTINE)
