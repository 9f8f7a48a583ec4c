"""What can be done with certificates and security events: the use cases of this room, each in its transaction."""

from __future__ import annotations

from laddverk.certificates.service.door import ended, issue, revoke, used
from laddverk.certificates.service.events import acknowledge, foreign_transaction, note, record_events
from laddverk.certificates.service.inventory import ask_inventory, delete, install, install_in_many
from laddverk.certificates.service.questions import (
    record_chain_status,
    record_contracts,
    record_ev_certificates,
    record_status,
)
from laddverk.certificates.service.renewal import ask_now, sound_alarms
from laddverk.certificates.service.requests import record_requests
from laddverk.certificates.service.roots import add_anchor, retire_anchor, update_anchor

__all__ = [
    "acknowledge",
    "add_anchor",
    "ask_inventory",
    "ask_now",
    "delete",
    "ended",
    "foreign_transaction",
    "install",
    "install_in_many",
    "issue",
    "note",
    "record_chain_status",
    "record_contracts",
    "record_ev_certificates",
    "record_events",
    "record_requests",
    "record_status",
    "retire_anchor",
    "revoke",
    "sound_alarms",
    "update_anchor",
    "used",
]
