"""What security events are called where people read of them; a word that is not here stays the charger's own."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import gettext_for, marked

EVENTS: Final = {
    # OCPP 2.x, appendix 1, and the 1.6 security white paper
    "FirmwareUpdated": marked("The firmware was updated"),
    "FailedToAuthenticateAtCsms": marked("It was not let in by a server"),
    "FailedToAuthenticateAtCentralSystem": marked("It was not let in by a server"),
    "CsmsFailedToAuthenticate": marked("A server could not prove who it is"),
    "CentralSystemFailedToAuthenticate": marked("A server could not prove who it is"),
    "SettingSystemTime": marked("The clock was set"),
    "StartupOfTheDevice": marked("The charger started"),
    "ResetOrReboot": marked("The charger restarted"),
    "SecurityLogWasCleared": marked("The security log was cleared"),
    "ReconfigurationOfSecurityParameters": marked("Security settings were changed"),
    "MemoryExhaustion": marked("The memory is full"),
    "InvalidMessages": marked("It got messages that make no sense"),
    "AttemptedReplayAttacks": marked("Old messages were sent to it again"),
    "TamperDetectionActivated": marked("Somebody has opened the charger"),
    "InvalidFirmwareSignature": marked("The signature of a firmware is wrong"),
    "InvalidFirmwareSigningCertificate": marked("The certificate of a firmware is wrong"),
    "InvalidCsmsCertificate": marked("The certificate of a server is wrong"),
    "InvalidCentralSystemCertificate": marked("The certificate of a server is wrong"),
    "InvalidChargingStationCertificate": marked("The certificate for the charger is wrong"),
    "InvalidChargePointCertificate": marked("The certificate for the charger is wrong"),
    "InvalidTLSVersion": marked("A server spoke a TLS that is too old"),
    "InvalidTLSCipherSuite": marked("A server spoke a TLS that is too weak"),
    "MaintenanceLoginAccepted": marked("A technician signed in at the charger"),
    "MaintenanceLoginFailed": marked("Somebody failed to sign in at the charger"),
    # What the house notices itself
    "IdentityShared": marked("Two use the key of this charger"),
    "GuessedKeys": marked("Somebody tries keys"),
    "ForeignTransaction": marked("It tried to end another charger's charge"),
    "CertificateRequestRefused": marked("It asked for a certificate that it may not have"),
    "CertificateExpiring": marked("A certificate ends and was not renewed"),
    "CertificateRefused": marked("It did not get its certificate"),
}


def said(kind: str, language: str) -> str:
    """Return a kind of event in words; what a charger made up is returned as it is."""
    word = EVENTS.get(kind)
    return gettext_for(language)(word) if word else kind
