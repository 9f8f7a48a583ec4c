"""What certificates, requests, roots and questions are called on the screens."""

from __future__ import annotations

from typing import Final

from laddverk.certificates.event_words import EVENTS
from laddverk.platform.languages import marked

__all__ = ["EVENTS", "KINDS", "QUESTIONS", "REQUEST_STATES", "STATES", "UPGRADE_FAULTS", "UPGRADE_STEPS", "USES"]

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
UPGRADE_STEPS: Final = {
    "root": (marked("It gets the root of our server"), marked("so that it can tell us from others")),
    "name": (marked("It is told whose charger it is"), marked("the name belongs into its certificate")),
    "certificate": (marked("It makes a key and gets a certificate"), marked("the key never leaves it")),
    "read": (marked("It tells which network profiles it uses"), marked("so that the one that works is kept")),
    "tell": (marked("It is told the new profile"), marked("from now on both ways are open")),
    "order": (marked("The new network profile is put first"), marked("the one that works stays behind it")),
    "restart": (marked("It restarts"), marked("when no car charges")),
    "return": (marked("It comes in by the new way"), marked("then the old way is closed")),
}
UPGRADE_FAULTS: Final = {
    "Rejected": marked("The charger said no."),
    "NotSupported": marked("The charger does not know what was asked."),
    "timed_out": marked("The charger did not answer."),
    "expired": marked("The charger was not connected in time."),
    "no certificate came about": marked("No certificate came about. See what it asked for on the Security tab."),
    "it came back the old way": marked("It came back the old way. Does it trust our server, and is the address right?"),
    "it has not come by the new way": marked("It has not come by the new way in a quarter of an hour."),
    "it does not tell which network profile it uses": marked("It does not tell which network profile it uses."),
}
