"""What the console calls things about current: purposes, conditions, what cars ask for, what a grid does."""

from __future__ import annotations

from typing import Final

from laddverk.energy.model import Note
from laddverk.platform.languages import marked

Words = dict[str, tuple[str, str]]

PURPOSES: Final = {
    "ChargingStationMaxProfile": marked("The whole charger"),
    "TxDefaultProfile": marked("Every session"),
    "TxProfile": marked("This session"),
    "ChargingStationExternalConstraints": marked("Limit from outside"),
    "PriorityCharging": marked("Priority charging"),
    "LocalGeneration": marked("Local generation"),
}
CONDITIONS: Final[Words] = {
    "wanted": ("wait", marked("on its way")),
    "installed": ("done", marked("in the charger")),
    "shown": ("done", marked("on the display")),
    "refused": ("broken", marked("refused")),
    "leaving": ("wait", marked("being taken away")),
    "gone": ("off", marked("gone")),
}
NOTES: Final = {
    Note.PAUSED: marked("No car charges with less than 6 A, so charging is paused."),
    Note.CONVERTED: marked("The charger takes the other unit; the limit was converted."),
    Note.ROUNDED: marked("OCPP 1.6 has one decimal; the limit was rounded down."),
}
GONE_WORDS: Final = {
    "over": marked("its time was over"),
    "replaced": marked("another one took its place"),
    "session ended": marked("the session ended"),
    "not reported": marked("the charger does not report it"),
    "reported": marked("the charger reports it"),
}
SOURCES: Final = {
    "EMS": marked("Local energy manager"),
    "SO": marked("Grid operator"),
    "CSO": marked("This network"),
    "Other": marked("Somebody else"),
}
TRANSFERS: Final = {
    "AC_single_phase": marked("AC, one phase"),
    "AC_two_phase": marked("AC, two phases"),
    "AC_three_phase": marked("AC, three phases"),
    "DC": "DC",
    "AC_BPT": marked("AC, both ways"),
    "DC_BPT": marked("DC, both ways"),
}
TRANSFER_CHOICES: Final = {
    "charge": ("AC_single_phase", "AC_three_phase", "DC"),
    "both": ("AC_single_phase", "AC_three_phase", "DC", "AC_BPT", "DC_BPT"),
}
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WHENS: Final = {
    "": marked("from a time on"),
    "daily": marked("every day, between two times"),
    "mon": marked("every Monday"),
    "tue": marked("every Tuesday"),
    "wed": marked("every Wednesday"),
    "thu": marked("every Thursday"),
    "fri": marked("every Friday"),
    "sat": marked("every Saturday"),
    "sun": marked("every Sunday"),
}
KINDS: Final = {
    "Relative": marked("from the start of the session"),
    "Dynamic": marked("changes while it holds"),
}
DAYS: Final = (
    marked("Mondays"), marked("Tuesdays"), marked("Wednesdays"), marked("Thursdays"), marked("Fridays"),
    marked("Saturdays"), marked("Sundays"),
)  # fmt: skip
ANSWERS: Final[Words] = {
    "Accepted": ("done", marked("a schedule was sent")),
    "Processing": ("wait", marked("waits for its session")),
    "Rejected": ("plain", marked("charges by the limits that hold")),
}
DER_EVENTS: Final[Words] = {
    "alarm": ("broken", marked("Grid alarm")),
    "alarm_ended": ("done", marked("Grid alarm over")),
    "started": ("info", marked("Grid function began")),
    "stopped": ("plain", marked("Grid function ended")),
}
FAULTS: Final = {
    "CurrentImbalance": marked("the currents of the phases differ"),
    "LocalEmergency": marked("emergency on the site"),
    "LowInputPower": marked("too little power comes in"),
    "OverCurrent": marked("too much current"),
    "OverFrequency": marked("the frequency is too high"),
    "OverVoltage": marked("the voltage is too high"),
    "PhaseRotation": marked("the phases are in the wrong order"),
    "RemoteEmergency": marked("emergency in the grid"),
    "UnderFrequency": marked("the frequency is too low"),
    "UnderVoltage": marked("the voltage is too low"),
    "VoltageImbalance": marked("the voltages of the phases differ"),
}
CONTROLS: Final = (
    "EnterService", "FreqDroop", "FreqWatt", "FixedPFAbsorb", "FixedPFInject", "FixedVar", "Gradients", "HFMustTrip",
    "HFMayTrip", "HVMustTrip", "HVMomCess", "HVMayTrip", "LimitMaxDischarge", "LFMustTrip", "LVMustTrip", "LVMomCess",
    "LVMayTrip", "PowerMonitoringMustTrip", "VoltVar", "VoltWatt", "WattPF", "WattVar",
)  # fmt: skip
"""The grid functions of the standard, by its own names: who sets them knows these."""
TRUSTS: Final[Words] = {
    "obeys": ("done", marked("yes, measured")),
    "unknown": ("wait", marked("not seen yet")),
    "ignores": ("broken", marked("no, it was measured above its limit")),
}
KEEPS: Final[Words] = {
    "True": ("done", marked("yes, seen")),
    "False": ("broken", marked("no, it forgets it")),
    "None": ("wait", marked("not seen yet")),
}
"""Whether a charger's standing default was still there after its last restart."""

BY_ITSELF: Final = {
    "load management": marked("load management"),
    "load management: the site's fuses": marked("the site's fuses"),
    "load management: does the standing default stand after the restart?": marked(
        "does the standing default stand after the restart?"
    ),
    "taken out of the circuits: nothing steers this outlet any more": marked(
        "taken out of the circuits: nothing steers this outlet any more"
    ),
}
"""Who set a limit and why, where nobody did: what is kept is English, what people wrote stays as it is."""
