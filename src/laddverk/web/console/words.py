"""What the console calls things: each state as (kind of `ui.pill`, word). The standard's own word stands beside it."""

from __future__ import annotations

from typing import Final

from laddverk.kernel.actors import Permission, Role
from laddverk.platform.languages import marked
from laddverk.web.console.change_words import CHANGES as CHANGES
from laddverk.web.console.command_words import COMMAND_FILTERS as COMMAND_FILTERS
from laddverk.web.console.command_words import COMMAND_STATES as COMMAND_STATES
from laddverk.web.console.command_words import COMMANDS as COMMANDS
from laddverk.web.console.command_words import RESETS as RESETS
from laddverk.web.console.command_words import state_of as state_of
from laddverk.web.console.money_words import RAILS as RAILS

Words = dict[str, tuple[str, str]]

CONDITIONS: Final[Words] = {
    "free": ("free", marked("Can charge")),
    "busy": ("energy", marked("In use")),
    "partly": ("broken", marked("Partly out of order")),
    "broken": ("broken", marked("Out of order")),
    "silent": ("off", marked("No contact")),
    "closed": ("off", marked("Closed")),
    "new": ("info", marked("Never connected")),
    "retired": ("off", marked("Retired")),
}
"""A station in one word: can it charge?"""

CONDITION_ANSWERS: Final = {
    "free": marked("Yes. Every outlet is free."),
    "busy": marked("Yes. It is in use right now."),
    "partly": marked("Only partly: at least one outlet is out of order."),
    "broken": marked("No. Every outlet reports a fault."),
    "silent": marked("Nobody knows: it has no contact with us. A charger often goes on charging by itself."),
    "closed": marked("No. It has been taken out of service."),
    "new": marked("Not yet: it has never connected. Enter its address and key in the charger."),
    "retired": marked("No. It is retired and may not connect."),
}

STATUSES: Final[Words] = {
    "available": ("free", marked("Free")),
    "occupied": ("wait", marked("Occupied")),
    "preparing": ("wait", marked("Plugged in, not started")),
    "charging": ("energy", marked("Charging a car")),
    "suspended_ev": ("wait", marked("The car takes no current")),
    "suspended_evse": ("wait", marked("The charger gives no current")),
    "finishing": ("wait", marked("Done, cable still in")),
    "reserved": ("info", marked("Reserved")),
    "unavailable": ("off", marked("Closed")),
    "faulted": ("broken", marked("Out of order")),
    "unknown": ("off", marked("Unknown")),
}

KNOCK_REASONS: Final = {
    "unknown_station": marked("No station has this identity."),
    "wrong_key": marked("The key is wrong."),
    "wrong_user": marked("The user name is not that of the station."),
    "no_credentials": marked("It sent no key."),
    "no_subprotocol": marked("It speaks no OCPP version that we know."),
    "bad_identity": marked("The identity cannot be used."),
    "retired": marked("The station is retired."),
    "wrong_profile": marked("It came another way than its security profile says."),
    "not_private": marked("Without TLS it may only come from the listed networks."),
    "profile_ended": marked("The time for which nothing was asked of it is over."),
    "no_certificate": marked("It showed no certificate."),
    "wrong_certificate": marked("Its certificate is that of another station."),
    "expired_certificate": marked("Its certificate is not valid now."),
    "ended_certificate": marked("Its certificate was revoked, or replaced by a newer one."),
    "legacy_tls": marked("It may not use the listener with older cipher suites."),
    "tls_on_plain_port": marked("It speaks TLS on the port without TLS."),
    "plain_on_tls_port": marked("It speaks without TLS on the port with TLS."),
    "not_http": marked("What it speaks is no WebSocket."),
    "tls_too_old": marked("It knows no TLS that is offered here."),
    "tls_distrusts_us": marked("It does not trust our certificate."),
    "tls_foreign_certificate": marked("Its certificate is signed by nobody that we trust."),
    "tls_failed": marked("The TLS handshake failed."),
    "too_many_sockets": marked("Too many connections came from its address."),
}

SECURITY_PROFILES: Final = {
    0: ("broken", marked("nothing is asked")),
    1: ("wait", marked("key, without TLS")),
    2: ("done", marked("key over TLS")),
    3: ("done", marked("certificate over TLS")),
}

KEY_FORMS: Final = {
    "hex": marked("hexadecimal digits"),
    "raw": marked("raw bytes"),
    "text": marked("a password of its own"),
}

DOUBTS: Final = {
    "no_readings": marked("The meter was never read, so the energy is unknown."),
    "register_reset": marked("The meter began anew during the session; what it showed before and after was added up."),
    "register_went_back": marked("The meter went back a little during the session."),
    "more_than_possible": marked("More energy than the outlet can give in that time."),
    "relative_readings": marked("The charger told energy since the start instead of its meter's register."),
    "estimated_end": marked("The end had no reading of its own; the last one before it counts."),
    "no_start": marked("The start was never reported."),
    "no_end": marked("The end was never reported."),
    "end_before_start": marked("The end was reported as earlier than the start."),
    "clock_corrected": marked("The charger's clock was wrong, and its times were corrected."),
    "clock_unsure": marked("The charger's clock was wrong by an unknown amount, so the times may be too."),
    "no_payer": marked("Nobody is known who would pay for it."),
    "not_authorised": marked("The tag was not allowed to charge, and the charger started anyway."),
    "no_tariff": marked("No tariff applied when it started, so there is no price."),
    "changed_after_settlement": marked("Late readings changed the session after it was billed."),
}

STOP_REASONS: Final = {
    "Local": marked("stopped at the charger"),
    "Remote": marked("stopped from here or the app"),
    "EVDisconnected": marked("the cable was pulled"),
    "DeAuthorized": marked("the tag was not allowed"),
    "PowerLoss": marked("the charger lost power"),
    "Reboot": marked("the charger restarted"),
    "HardReset": marked("the charger was restarted hard"),
    "SoftReset": marked("the charger was restarted"),
    "EmergencyStop": marked("emergency stop"),
    "UnlockCommand": marked("the cable was released from here"),
    "StoppedByEV": marked("the car ended it"),
    "EnergyLimitReached": marked("the energy limit was reached"),
    "TimeLimitReached": marked("the time limit was reached"),
    "SOCLimitReached": marked("the battery level was reached"),
    "GroundFault": marked("ground fault"),
    "OvercurrentFault": marked("overcurrent"),
    "ReservationExpired": marked("nobody came for the reservation"),
    "Other": marked("another reason"),
}

SETTLEMENTS: Final[Words] = {
    "invoice": ("plain", marked("Invoice")),
    "payment": ("plain", marked("Card")),
    "free": ("plain", marked("Free of charge")),
    "review": ("wait", marked("To be reviewed")),
}

DRIVER_SETTLEMENTS: Final = {"invoice": marked("Monthly invoice"), "card": marked("Saved card")}

PAYMENT_STATES: Final[Words] = {
    "created": ("plain", marked("Created")),
    "checkout": ("wait", marked("Waiting for the payer")),
    "submitted": ("wait", marked("With the bank")),
    "authorised": ("info", marked("Reserved")),
    "capturing": ("wait", marked("Being taken")),
    "captured": ("done", marked("Paid to us")),
    "cancelled": ("off", marked("Released")),
    "failed": ("broken", marked("Refused")),
    "saved": ("done", marked("Card saved")),
    "unknown": ("wait", marked("Being asked about")),
}

PURPOSES: Final = {
    "session": marked("Session"),
    "invoice": marked("Invoice"),
    "save_card": marked("Saving a card"),
    "top_up": marked("Money paid in"),
}

PAYMENT_EVENTS: Final = {
    "created": marked("The payment was created"),
    "checkout": marked("The payer was led to the payment page"),
    "submitted": marked("The collection was written to a file for the bank"),
    "authorised": marked("The amount was reserved"),
    "deposited": marked("The amount was paid before the charge: it is owed until it is used"),
    "capturing": marked("The amount was asked for"),
    "captured": marked("The amount was taken"),
    "cancelled": marked("The reservation was released"),
    "failed": marked("The payment was refused"),
    "unknown": marked("The provider gave no answer and is asked again"),
    "charge_unanswered": marked("The provider gave no answer to the debit, and is asked what became of it"),
    "capture_unanswered": marked("The provider gave no answer when the amount was taken, and is asked again"),
    "cancel_unanswered": marked("The provider gave no answer to the release, and is asked again"),
    "refund_unanswered": marked("The provider gave no answer to the refund, and is asked what became of it"),
    "refund_requested": marked("A refund was asked for"),
    "refunded": marked("The refund was made"),
    "refund_failed": marked("The refund was refused"),
    "undone": marked("It was booked by mistake, and is undone"),
    "hold_grew": marked("More of the balance was kept for the charge"),
    "wallet_used_up": marked("The balance was used up"),
    "wallet_stopped": marked("The charger was asked to stop, for the balance was used up"),
    "kept_while_it_runs": marked("The charge began with a tag: money is kept for it"),
    "top_up_by_itself": marked("The balance was low: it fills itself up"),
    "bank_retries": marked("There was not enough money; the bank tries again by itself"),
    "saved": marked("The card was saved"),
    "raised": marked("More was reserved"),
    "raise_refused": marked("The bank reserved no more"),
    "raise_unanswered": marked("The provider gave no answer when more was to be reserved, and is asked again"),
    "spent": marked("The reserved amount was used up: the charger was asked to stop"),
    "reserve_ends": marked("The reservation ends soon: the charger was asked to stop, so that it can be paid"),
    "no_start": marked("Money was reserved and nothing started: it is given back"),
    "shortfall": marked("It cost more than was reserved: the rest is owed"),
    "uncollected": marked("It could not be taken: it is owed"),
    "left_to_invoice": marked("It is left to the monthly invoice"),
    "below_smallest": marked("Too little to take: it is given back"),
    "cost_rose": marked("The cost rose after it was paid"),
    "disputed": marked("The card holder's bank disputes it"),
    "corrected_disputed": marked("The cost changed while it is disputed: nothing goes back by itself"),
    "dispute_won": marked("The dispute was won"),
    "dispute_lost": marked("The dispute was lost"),
    "dispute_closed": marked("The dispute was closed"),
    "evidence_sent": marked("Evidence was sent to the bank"),
}

INVOICE_STATES: Final[Words] = {
    "open": ("wait", marked("Open")),
    "overdue": ("broken", marked("Overdue")),
    "paid": ("done", marked("Paid")),
    "credited": ("off", marked("Credited")),
    "credit_note": ("plain", marked("Credit note")),
}

DIMENSIONS: Final = {
    "energy": marked("Energy"),
    "charging": marked("Charging time"),
    "idle": marked("Idle fee"),
    "session": marked("Start fee"),
    "minimum": marked("Up to the lowest price"),
    "maximum": marked("Down to the highest price"),
}

LEDGER_ACCOUNTS: Final = {
    "1510": marked("Receivables from customers"),
    "1515": marked("Disputed payments"),
    "1580": marked("Receivables from payment providers"),
    "1589": marked("Differences with payment providers"),
    "1930": marked("Bank"),
    "2420": marked("Advances from customers"),
    "2421": marked("Prepaid cards not redeemed"),
    "2611": marked("Output VAT 25 %"),
    "2618": marked("VAT paid on vouchers not used"),
    "2621": marked("Output VAT 12 %"),
    "2631": marked("Output VAT 6 %"),
    "2999": marked("Money whose owner is not known yet"),
    "3001": marked("Sales of charging, VAT 25 %"),
    "3002": marked("Sales of charging, VAT 12 %"),
    "3003": marked("Sales of charging, VAT 6 %"),
    "3004": marked("Sales of charging without VAT"),
    "3730": marked("Goodwill given to drivers"),
    "3740": marked("Rounding"),
    "3990": marked("Prepaid cards that became too old"),
    "6351": marked("Losses on receivables"),
    "6570": marked("Bank and provider fees"),
}
"""The accounts of the Swedish BAS chart that the ledger posts to."""

ROLES: Final = {
    Role.ADMIN: marked("Administrator"),
    Role.OPERATOR: marked("Operator"),
    Role.TECHNICIAN: marked("Technician"),
    Role.SUPPORT: marked("Support"),
    Role.FINANCE: marked("Finance"),
    Role.SITE_HOST: marked("Site host"),
}

ROLE_HELP: Final = {
    Role.ADMIN: marked("May do everything, also add staff and API keys."),
    Role.OPERATOR: marked("Runs the network: everything but staff and invoices."),
    Role.TECHNICIAN: marked("Installs and mends chargers, and sends them commands."),
    Role.SUPPORT: marked("Helps drivers: sees their sessions and payments, refunds, restarts chargers."),
    Role.FINANCE: marked("Tariffs, payments, invoices and the ledger."),
    Role.SITE_HOST: marked("Sees the chargers and sessions of the sites below, and nothing else."),
}

SCOPES: Final = {
    Permission.STATIONS_READ: marked("See chargers and sites"),
    Permission.STATIONS_WRITE: marked("Change chargers and sites"),
    Permission.COMMANDS_SEND: marked("Send commands to chargers"),
    Permission.METERS_WRITE: marked("Push readings of meters"),
    Permission.SESSIONS_READ: marked("See sessions"),
    Permission.DRIVERS_READ: marked("See drivers and tags"),
    Permission.DRIVERS_WRITE: marked("Change drivers and tags"),
    Permission.TARIFFS_READ: marked("See tariffs"),
    Permission.TARIFFS_WRITE: marked("Change tariffs"),
    Permission.PAYMENTS_READ: marked("See payments"),
    Permission.PAYMENTS_REFUND: marked("Refund payments"),
    Permission.INVOICES_READ: marked("See invoices and the ledger"),
    Permission.INVOICES_WRITE: marked("Make and credit invoices"),
    Permission.CASES_READ: marked("See support cases"),
    Permission.CASES_WRITE: marked("Work on support cases"),
    Permission.AUDIT_READ: marked("See the audit log"),
    Permission.STAFF_WRITE: marked("Manage staff and API keys"),
}

ACTOR_KINDS: Final = {
    "operator": marked("Staff"),
    "driver": marked("Driver"),
    "api_key": marked("API key"),
    "station": marked("Charger"),
    "rule": marked("Rule"),
    "anonymous": marked("Anybody"),
}

PLUGS: Final = {"type2": marked("Type 2"), "ccs2": "CCS", "chademo": "CHAdeMO"}

POWER_TYPES: Final = {"ac1": marked("AC, one phase"), "ac3": marked("AC, three phases"), "dc": "DC"}

BROKEN_FIRST: Final = ("broken", "partly", "silent", "closed", "new", "busy", "free")
"""In which order conditions are named."""


def word(table: Words, key: str) -> tuple[str, str]:
    """Return (kind, word) of `key`; what is not in the table is shown as it is."""
    return table.get(key, ("plain", key))


ODDITIES: Final = {
    "unknown_property": marked("fields that OCPP does not have"),
    "object_in_list": marked("a list where one object belongs"),
    "single_for_list": marked("a single value where a list belongs"),
    "bad_characters": marked("characters that no text may hold"),
    "number_as_text": marked("numbers as text"),
    "not_text": marked("something else where text belongs"),
    "truth_as_text": marked("yes and no as text or numbers"),
    "spelling": marked("words in another spelling"),
    "not_whole": marked("numbers with a fraction where whole ones belong"),
    "custom_data": marked("data of its vendor without the vendor's name"),
    "repeated_name": marked("the same field twice"),
    "not_usable": marked("values that cannot be used"),
    "missing": marked("messages without a field that they must have"),
    "empty_list": marked("empty lists"),
    "too_many": marked("more items than a list may hold"),
    "too_long": marked("texts that are too long"),
    "unknown_word": marked("words that OCPP does not have"),
    "out_of_bounds": marked("numbers out of their bounds"),
    "bad_string": marked("control characters within texts"),
    "stray_comma": marked("commas where none belong"),
    "not_a_number": marked("NaN or Infinity for a number"),
    "cut_short": marked("messages whose last brackets are missing"),
    "malformed": marked("frames that are no messages"),
    "long_id": marked("message numbers that are too long"),
    "wrong_frame": marked("messages in the wrong kind of frame"),
    "refused_answer": marked("refusals of our answers"),
    "no_time": marked("messages without their time"),
    "odd_time": marked("times that cannot be read"),
    "no_zone": marked("times without a time zone"),
    "clock_future": marked("times that are days ahead"),
    "clock_unset": marked("times of a clock that was never set"),
    "clock_ahead": marked("times of a clock that is ahead"),
    "odd_place": marked("numbers of outlets that cannot be"),
    "odd_transaction": marked("transaction numbers that are not ours"),
    "unknown_event": marked("transaction events of an unknown kind"),
    "identity_shared": marked("its key from several addresses in turn"),
    "other": marked("something else that is odd"),
}
"""What a charger bends, as the end of the sentence "This charger sends …"."""

WAYS: Final = {
    "strictness": marked("Reading"),
    "assume_protocol": marked("Version, when it offers none"),
    "pin_protocol": marked("Only this version"),
    "ping_interval_s": marked("Seconds of silence before it is pinged"),
    "ping_timeout_s": marked("Seconds that a ping may take"),
    "no_ping": marked("Is never pinged"),
    "call_timeout_s": marked("Seconds that an answer may take"),
    "unanswered_calls_max": marked("Unanswered questions before its link is closed"),
    "boot_grace_s": marked("Seconds that it is left alone after it connects"),
    "call_before_boot": marked("May be asked before its start is answered"),
    "heartbeat_interval_s": marked("Seconds between signs of life"),
    "frame_bytes_max": marked("Largest message, in bytes"),
    "time_zone": marked("Time zone of times without one"),
    "id_tag_form": marked("Letters of tags that are sent to it"),
    "profile_unit": marked("Unit of charging profiles"),
    "profile_stack_level": marked("Highest stack level of charging profiles"),
    "text_vendor": marked("Vendor of texts for its display"),
    "text_message": marked("Message id of these texts"),
    "text_data": marked("Data of these texts"),
    "never_send": marked("Never sent to it"),
}
"""How a charger is treated where that differs from the rule, by the name of the setting."""

WAY_VALUES: Final = {
    "strict": marked("strict: what OCPP refuses is refused"),
    "tolerant": marked("tolerant"),
    "upper": marked("capitals"),
    "lower": marked("small letters"),
    "True": marked("yes"),
    "False": marked("no"),
}

BOOT_ANSWERS: Final[Words] = {
    "Accepted": ("free", marked("Accepted")),
    "Pending": ("wait", marked("Held back: to be set up first")),
    "Rejected": ("broken", marked("Rejected")),
}
