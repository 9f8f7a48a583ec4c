"""What the console calls outcomes of attempts, why they are called so, inputs of detectors, and verdicts."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import marked
from laddverk.web.console.words import Words

OUTCOMES: Final[Words] = {
    "ok": ("free", marked("Went well")),
    "no_auth": ("plain", marked("Plugged in, nobody asked to charge")),
    "auth_fail": ("broken", marked("Not let in")),
    "payment_fail": ("broken", marked("Payment failed")),
    "plug_no_start": ("broken", marked("Did not start")),
    "zero_energy": ("broken", marked("No energy came")),
    "early_abort": ("broken", marked("Broke off early")),
    "abnormal_end": ("wait", marked("Ended by a fault")),
    "excluded": ("off", marked("Says nothing of the charger")),
}

WHYS: Final = {
    "technician": marked("a technician's test"),
    "refused": marked("the card was refused"),
    "not_paid": marked("nobody paid"),
    "payment": marked("the payment did not come about"),
    "given_up": marked("the driver gave it up"),
    "never_plugged": marked("no cable was plugged in"),
    "no_token": marked("nobody showed a card"),
    "no_session": marked("let in, and no charge began"),
    "unreachable": marked("the charger could not be reached"),
    "charger_refused": marked("the charger said no"),
    "never_charged": marked("the car never got current"),
    "no_energy": marked("under 0.1 kWh"),
    "full": marked("the car was full"),
    "changed_mind": marked("ended within a minute by the driver"),
    "own_limit": marked("our own limit held it at zero"),
    "little_energy": marked("under two minutes or 0.5 kWh"),
    "stop_reason": marked("the reason it gave for the end"),
    "fault": marked("it complained meanwhile"),
}

INPUTS: Final = {
    "link": marked("Contact"),
    "heartbeat": marked("Heartbeats"),
    "boot": marked("Starts"),
    "status": marked("States of outlets"),
    "error_codes": marked("Fault codes"),
    "events": marked("Events of monitors"),
    "tokens": marked("Cards shown"),
    "sessions": marked("Charges"),
    "energy": marked("Energy while charging"),
    "idle_energy": marked("Energy by the clock"),
    "power": marked("Power"),
    "current": marked("Current by phase"),
    "voltage": marked("Voltage"),
    "offered": marked("Current offered to the car"),
    "temperature": marked("Temperature"),
    "soc": marked("Battery level of the car"),
    "security": marked("Security events"),
    "variables": marked("Configuration"),
}

VERDICTS: Final[Words] = {
    "yes": ("free", marked("Charging works")),
    "doubtful": ("wait", marked("Charges badly")),
    "no": ("broken", marked("Does not charge")),
    "silent": ("off", marked("No contact")),
    "unproven": ("plain", marked("Nobody has charged lately")),
}

KINDS: Final = {
    "state": marked("States"),
    "outcome": marked("Attempts"),
    "link": marked("Contact"),
    "boot": marked("Starts and firmware"),
    "command": marked("Commands"),
    "problem": marked("Problems"),
    "mending": marked("Mending"),
    "report": marked("Drivers' reports"),
    "case": marked("Support cases"),
    "security": marked("Security"),
    "change": marked("Changes"),
}

SCALES: Final = {"day": marked("A day"), "week": marked("A week"), "month": marked("A month")}

MEASURED: Final = {
    "power": (marked("Power"), "kW", 1000.0),
    "current": (marked("Current"), "A", 1.0),
    "voltage": (marked("Voltage"), "V", 1.0),
    "temperature": (marked("Temperature"), "°C", 1.0),
}
"""What can be drawn: its word, its unit, and by what the readings are divided."""

DRIFTS: Final = {
    "D16": (marked("How much the plug would warm at full load"), "°C", 1.0),
    "D17": (marked("How much the cabinet would warm at full load"), "°C", 1.0),
    "D24": (marked("What the meter counts, beside its own power"), "%", 0.01),
}
"""What detectors follow, by detector: its word, its unit, and by what it is divided."""
