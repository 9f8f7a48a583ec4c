"""What certificates, requests, roots and questions are called on the screens."""

from __future__ import annotations

from typing import Final

from laddverk.certificates.event_words import EVENTS
from laddverk.platform.languages import marked

__all__ = ["EVENTS", "KINDS", "QUESTIONS", "REQUEST_STATES", "STATES", "USES"]

KINDS: Final = {
    "station": marked("towards us"),
    "v2g": marked("towards cars"),
    "v2g20": marked("towards cars (ISO 15118-20)"),
}
STATES: Final = {
    "signed": ("wait", marked("On its way to the charger")),
    "active": ("free", marked("In use")),
    "superseded": ("off", marked("Replaced")),
    "refused": ("broken", marked("Not taken")),
    "revoked": ("off", marked("Withdrawn")),
}
REQUEST_STATES: Final = {
    "taken": ("wait", marked("Waits for the authority")),
    "signed": ("wait", marked("On its way to the charger")),
    "delivered": ("done", marked("Done")),
    "refused": ("broken", marked("Refused")),
    "failed": ("broken", marked("Failed")),
    "replaced": ("off", marked("Replaced")),
}
USES: Final = {
    "csms_root": marked("Our server"),
    "manufacturer_root": marked("Firmware of the manufacturer"),
    "v2g_root": marked("Charging infrastructure towards cars"),
    "mo_root": marked("Contracts of cars"),
    "oem_root": marked("Car makers"),
    "v2g_chain": marked("The charger itself, towards cars"),
}
QUESTIONS: Final = {
    "status": marked("Is it revoked?"),
    "chain_status": marked("Is the chain revoked?"),
    "contract": marked("Contract of a car"),
    "ev_certificate": marked("Certificate for a car"),
}
