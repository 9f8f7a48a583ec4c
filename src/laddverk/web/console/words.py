"""What the console calls things: each state as (kind of `ui.pill`, word). The standard's own word stands beside it."""

from __future__ import annotations

from typing import Final

from laddverk.kernel.actors import Permission, Role
from laddverk.platform.languages import marked as N_

Words = dict[str, tuple[str, str]]

CONDITIONS: Final[Words] = {
    "free": ("free", N_("Can charge")),
    "busy": ("energy", N_("In use")),
    "partly": ("broken", N_("Partly out of order")),
    "broken": ("broken", N_("Out of order")),
    "silent": ("off", N_("No contact")),
    "closed": ("off", N_("Closed")),
    "new": ("info", N_("Never connected")),
    "retired": ("off", N_("Retired")),
}
"""A station in one word: can it charge?"""

CONDITION_ANSWERS: Final = {
    "free": N_("Yes. Every outlet is free."),
    "busy": N_("Yes. It is in use right now."),
    "partly": N_("Only partly: at least one outlet is out of order."),
    "broken": N_("No. Every outlet reports a fault."),
    "silent": N_("Nobody knows: it has no contact with us. A charger often goes on charging by itself."),
    "closed": N_("No. It has been taken out of service."),
    "new": N_("Not yet: it has never connected. Enter its address and key in the charger."),
    "retired": N_("No. It is retired and may not connect."),
}

STATUSES: Final[Words] = {
    "available": ("free", N_("Free")),
    "occupied": ("wait", N_("Occupied")),
    "preparing": ("wait", N_("Plugged in, not started")),
    "charging": ("energy", N_("Charging")),
    "suspended_ev": ("wait", N_("The car takes no current")),
    "suspended_evse": ("wait", N_("The charger gives no current")),
    "finishing": ("wait", N_("Done, cable still in")),
    "reserved": ("info", N_("Reserved")),
    "unavailable": ("off", N_("Closed")),
    "faulted": ("broken", N_("Out of order")),
    "unknown": ("off", N_("Unknown")),
}

COMMANDS: Final = {
    "start_charging": N_("Start charging"),
    "stop_charging": N_("Stop charging"),
    "unlock_connector": N_("Release the cable"),
    "reset": N_("Restart"),
    "change_availability": N_("Change availability"),
    "trigger": N_("Ask for a message"),
    "read_variables": N_("Read the configuration"),
    "write_variable": N_("Change a setting"),
    "request_report": N_("Read the configuration"),
    "send_data": N_("Send vendor data"),
}

COMMAND_STATES: Final[Words] = {
    "queued": ("plain", N_("waiting for contact")),
    "sent": ("plain", N_("sent")),
    "accepted": ("info", N_("accepted")),
    "confirmed": ("done", N_("confirmed")),
    "refused": ("broken", N_("refused")),
    "timed_out": ("broken", N_("not confirmed in time")),
    "expired": ("broken", N_("expired before it was sent")),
    "failed": ("broken", N_("failed")),
}

KNOCK_REASONS: Final = {
    "unknown_station": N_("No station has this identity."),
    "wrong_key": N_("The key is wrong."),
    "no_credentials": N_("It sent no key."),
    "no_subprotocol": N_("It speaks no OCPP version that we know."),
    "bad_identity": N_("The identity cannot be used."),
    "retired": N_("The station is retired."),
}

DOUBTS: Final = {
    "no_readings": N_("The meter was never read, so the energy is unknown."),
    "register_reset": N_("The meter began anew during the session; what it showed before and after was added up."),
    "register_went_back": N_("The meter went back a little during the session."),
    "more_than_possible": N_("More energy than the outlet can give in that time."),
    "relative_readings": N_("The charger told energy since the start instead of its meter's register."),
    "estimated_end": N_("The end had no reading of its own; the last one before it counts."),
    "no_start": N_("The start was never reported."),
    "no_end": N_("The end was never reported."),
    "end_before_start": N_("The end was reported as earlier than the start."),
    "clock_corrected": N_("The charger's clock was wrong, and its times were corrected."),
    "clock_unsure": N_("The charger's clock was wrong by an unknown amount, so the times may be too."),
    "no_payer": N_("Nobody is known who would pay for it."),
    "not_authorised": N_("The tag was not allowed to charge, and the charger started anyway."),
    "no_tariff": N_("No tariff applied when it started, so there is no price."),
    "changed_after_settlement": N_("Late readings changed the session after it was billed."),
}

STOP_REASONS: Final = {
    "Local": N_("stopped at the charger"),
    "Remote": N_("stopped from here or the app"),
    "EVDisconnected": N_("the cable was pulled"),
    "DeAuthorized": N_("the tag was not allowed"),
    "PowerLoss": N_("the charger lost power"),
    "Reboot": N_("the charger restarted"),
    "HardReset": N_("the charger was restarted hard"),
    "SoftReset": N_("the charger was restarted"),
    "EmergencyStop": N_("emergency stop"),
    "UnlockCommand": N_("the cable was released from here"),
    "StoppedByEV": N_("the car ended it"),
    "EnergyLimitReached": N_("the energy limit was reached"),
    "TimeLimitReached": N_("the time limit was reached"),
    "SOCLimitReached": N_("the battery level was reached"),
    "GroundFault": N_("ground fault"),
    "OvercurrentFault": N_("overcurrent"),
    "Other": N_("another reason"),
}

SETTLEMENTS: Final[Words] = {
    "invoice": ("plain", N_("Invoice")),
    "payment": ("plain", N_("Card")),
    "free": ("plain", N_("Free of charge")),
    "review": ("wait", N_("To be reviewed")),
}

DRIVER_SETTLEMENTS: Final = {"invoice": N_("Monthly invoice"), "card": N_("Saved card")}

PAYMENT_STATES: Final[Words] = {
    "created": ("plain", N_("Created")),
    "checkout": ("wait", N_("Waiting for the payer")),
    "authorised": ("info", N_("Reserved")),
    "capturing": ("wait", N_("Being taken")),
    "captured": ("done", N_("Paid")),
    "cancelled": ("off", N_("Released")),
    "failed": ("broken", N_("Refused")),
    "saved": ("done", N_("Card saved")),
    "unknown": ("wait", N_("Being asked about")),
}

PURPOSES: Final = {"session": N_("Session"), "invoice": N_("Invoice"), "save_card": N_("Saving a card")}

PAYMENT_EVENTS: Final = {
    "created": N_("The payment was created"),
    "checkout": N_("The payer was led to the payment page"),
    "authorised": N_("The amount was reserved"),
    "capturing": N_("The amount was asked for"),
    "captured": N_("The amount was taken"),
    "cancelled": N_("The reservation was released"),
    "failed": N_("The payment was refused"),
    "unknown": N_("The provider gave no answer and is asked again"),
    "refund_requested": N_("A refund was asked for"),
    "refunded": N_("The refund was made"),
    "refund_failed": N_("The refund was refused"),
    "saved": N_("The card was saved"),
}

INVOICE_STATES: Final[Words] = {
    "open": ("wait", N_("Open")),
    "overdue": ("broken", N_("Overdue")),
    "paid": ("done", N_("Paid")),
    "credited": ("off", N_("Credited")),
    "credit_note": ("plain", N_("Credit note")),
}

DIMENSIONS: Final = {
    "energy": N_("Energy"),
    "charging": N_("Charging time"),
    "idle": N_("Idle fee"),
    "session": N_("Start fee"),
}

DIMENSION_UNITS: Final = {"energy": "kWh", "charging": "min", "idle": "min", "session": N_("session")}

LEDGER_ACCOUNTS: Final = {
    "1510": N_("Receivables from customers"),
    "1580": N_("Receivables from payment providers"),
    "1930": N_("Bank"),
    "2420": N_("Advances from customers"),
    "2611": N_("Output VAT 25 %"),
    "2621": N_("Output VAT 12 %"),
    "2631": N_("Output VAT 6 %"),
    "3001": N_("Sales of charging, VAT 25 %"),
    "3002": N_("Sales of charging, VAT 12 %"),
    "3003": N_("Sales of charging, VAT 6 %"),
    "3004": N_("Sales of charging without VAT"),
    "3740": N_("Rounding"),
    "6570": N_("Bank and provider fees"),
}
"""The accounts of the Swedish BAS chart that the ledger posts to."""

ROLES: Final = {
    Role.ADMIN: N_("Administrator"),
    Role.OPERATOR: N_("Operator"),
    Role.TECHNICIAN: N_("Technician"),
    Role.SUPPORT: N_("Support"),
    Role.FINANCE: N_("Finance"),
    Role.SITE_HOST: N_("Site host"),
}

ROLE_HELP: Final = {
    Role.ADMIN: N_("May do everything, also add staff and API keys."),
    Role.OPERATOR: N_("Runs the network: everything but staff and invoices."),
    Role.TECHNICIAN: N_("Installs and mends chargers, and sends them commands."),
    Role.SUPPORT: N_("Helps drivers: sees their sessions and payments, refunds, restarts chargers."),
    Role.FINANCE: N_("Tariffs, payments, invoices and the ledger."),
    Role.SITE_HOST: N_("Sees the chargers and sessions of the sites below, and nothing else."),
}

SCOPES: Final = {
    Permission.STATIONS_READ: N_("See chargers and sites"),
    Permission.STATIONS_WRITE: N_("Change chargers and sites"),
    Permission.COMMANDS_SEND: N_("Send commands to chargers"),
    Permission.SESSIONS_READ: N_("See sessions"),
    Permission.DRIVERS_READ: N_("See drivers and tags"),
    Permission.DRIVERS_WRITE: N_("Change drivers and tags"),
    Permission.TARIFFS_READ: N_("See tariffs"),
    Permission.TARIFFS_WRITE: N_("Change tariffs"),
    Permission.PAYMENTS_READ: N_("See payments"),
    Permission.PAYMENTS_REFUND: N_("Refund payments"),
    Permission.INVOICES_READ: N_("See invoices and the ledger"),
    Permission.INVOICES_WRITE: N_("Make and credit invoices"),
    Permission.AUDIT_READ: N_("See the audit log"),
    Permission.STAFF_WRITE: N_("Manage staff and API keys"),
}

ACTOR_KINDS: Final = {
    "operator": N_("Staff"),
    "driver": N_("Driver"),
    "api_key": N_("API key"),
    "station": N_("Charger"),
    "rule": N_("Rule"),
    "anonymous": N_("Anybody"),
}

PLUGS: Final = {"type2": N_("Type 2"), "ccs2": "CCS", "chademo": "CHAdeMO"}

POWER_TYPES: Final = {"ac1": N_("AC, one phase"), "ac3": N_("AC, three phases"), "dc": "DC"}

BROKEN_FIRST: Final = ("broken", "partly", "silent", "closed", "new", "busy", "free")
"""In which order conditions are named."""


def word(table: Words, key: str) -> tuple[str, str]:
    """Return (kind, word) of `key`; what is not in the table is shown as it is."""
    return table.get(key, ("plain", key))
