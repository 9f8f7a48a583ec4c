"""What the console calls the states of updates, campaigns and logs, and why something failed."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import marked

Words = dict[str, tuple[str, str]]

UPDATES: Final[Words] = {
    "queued": ("plain", marked("Waits its turn")),
    "asked": ("wait", marked("Asked")),
    "downloading": ("wait", marked("Downloading")),
    "downloaded": ("wait", marked("Downloaded")),
    "installing": ("wait", marked("Installing")),
    "rebooting": ("wait", marked("Restarting")),
    "verified": ("done", marked("Updated")),
    "failed": ("broken", marked("Failed")),
    "skipped": ("off", marked("Skipped")),
    "in_hand": ("wait", marked("Under way")),
}
CAMPAIGNS: Final[Words] = {
    "running": ("energy", marked("Running")),
    "paused": ("wait", marked("Paused")),
    "aborted": ("broken", marked("Stopped by itself")),
    "cancelled": ("off", marked("Cancelled")),
    "done": ("done", marked("Finished")),
}
SIGNATURES: Final[Words] = {
    "none": ("wait", marked("Not signed")),
    "valid": ("done", marked("Signature valid")),
    "invalid": ("broken", marked("Signature wrong")),
}
TRUST: Final[Words] = {
    "trusted": ("done", marked("Manufacturer's root")),
    "unknown": ("wait", marked("Root unknown")),
    "foreign": ("broken", marked("Not the manufacturer's root")),
}
SIGNATURE_NOTES: Final = {
    "half_a_signature": marked("A signature needs its certificate, and the other way round."),
    "too_long": marked("It is longer than a charger takes."),
    "unreadable": marked("Signature or certificate cannot be read, or the key is too weak."),
    "wrong": marked("The file was not signed with this certificate."),
    "certificate_expired": marked("The certificate is not valid now; a charger may refuse it."),
    "rsa_pss": "RSA-PSS, SHA-256",
    "rsa_pkcs1": "RSA PKCS #1, SHA-256",
    "ecdsa": "ECDSA, SHA-256",
}
REASONS: Final = {
    "booted": marked("it started with the new version"),
    "installed": marked("it says that it is installed"),
    "silent": marked("it said nothing more"),
    "other_version": marked("it started with another version"),
    "has_it": marked("it has this version already"),
    "retired": marked("the charger is retired"),
    "in_use": marked("it was always in use"),
    "no_contact": marked("it had no contact"),
    "cancelled": marked("the campaign was cancelled"),
    "waits_campaign": marked("the campaign stands still"),
    "waits_stage": marked("the stage before is not over"),
    "waits_contact": marked("it has no contact"),
    "waits_use": marked("it is in use"),
    "waits_turn": marked("soon, as the plan allows"),
    "other_campaign": marked("another campaign updates it"),
    "needs_signature": marked("it checks signatures, and there is none"),
    "needs_ftp": marked("it knows only FTP, which is off here"),
    "timed_out": marked("it did not answer"),
    "expired": marked("it had no contact"),
    "failed_share": marked("Too large a share of a stage has failed."),
    "failed_count": marked("Too many chargers have failed."),
    "foreign_signature": marked("The signature does not lead to the manufacturer's root."),
    "image_gone": marked("The firmware is out of use."),
    "DownloadFailed": marked("the download failed"),
    "InvalidSignature": marked("it finds the signature wrong"),
    "InstallationFailed": marked("the installation failed"),
    "InstallVerificationFailed": marked("the installed firmware did not prove right"),
    "Rejected": marked("it refused"),
    "InvalidCertificate": marked("it does not accept the certificate"),
    "RevokedCertificate": marked("the certificate is revoked"),
}
LOGS: Final = {
    "diagnostics": marked("Diagnostics"),
    "security": marked("Security log"),
    "data_collector": marked("Data collector"),
}
LOG_STATES: Final[Words] = {
    "asked": ("wait", marked("Asked")),
    "uploading": ("wait", marked("Coming in")),
    "uploaded": ("wait", marked("Sent, not yet here")),
    "received": ("done", marked("Received")),
    "failed": ("broken", marked("Failed")),
}
PUBLICATIONS: Final[Words] = {
    "asked": ("wait", marked("Asked")),
    "working": ("wait", marked("Under way")),
    "published": ("done", marked("Published")),
    "failed": ("broken", marked("Failed")),
    "unpublished": ("off", marked("Taken back")),
}
LOOKS: Final = {
    "broken": marked("The file is broken, locked by a password, or packed in a way that is not known here."),
    "no_member": marked("There is no such file in it."),
    "directory_too_large": marked("It holds too many files to be listed here."),
}
