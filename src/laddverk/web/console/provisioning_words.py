"""What the console calls things of the device model and of monitors. The standard's own word stands beside it."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import marked

Words = dict[str, tuple[str, str]]

STANDINGS: Final[Words] = {
    "in_step": ("done", marked("In step")),
    "drifted": ("wait", marked("Drifted")),
    "unknown": ("off", marked("Not read yet")),
}

RUN_OUTCOMES: Final[Words] = {
    "failed": ("broken", marked("Not taken")),
    "skipped": ("off", marked("Left out")),
    "waiting": ("wait", marked("Under way")),
    "restart": ("wait", marked("Written, in force after a restart")),
    "done": ("done", marked("Written")),
}

REPORTS: Final = {
    "FullInventory": marked("Everything"),
    "ConfigurationInventory": marked("Everything that can be set"),
    "SummaryInventory": marked("What is out of order"),
}

CRITERIA: Final = {
    "Active": marked("Active components"),
    "Available": marked("Available components"),
    "Enabled": marked("Enabled components"),
    "Problem": marked("Components with a problem"),
}

PROGRESS: Final[Words] = {
    "waiting": ("wait", marked("asked for")),
    "coming": ("info", marked("coming in")),
    "complete": ("done", marked("complete")),
    "incomplete": ("broken", marked("incomplete")),
    "absent": ("off", marked("never came")),
}

CAUSES: Final = {
    "report": marked("the charger reported it"),
    "command": marked("we set it"),
    "event": marked("a monitor told it"),
}

SEVERITIES: Final[Words] = {
    "0": ("broken", marked("Danger")),
    "1": ("broken", marked("Hardware failure")),
    "2": ("broken", marked("System failure")),
    "3": ("broken", marked("Critical")),
    "4": ("wait", marked("Error")),
    "5": ("wait", marked("Alert")),
    "6": ("wait", marked("Warning")),
    "7": ("info", marked("Notice")),
    "8": ("plain", marked("Informational")),
    "9": ("plain", marked("Debug")),
}
"""The ten severities of OCPP 2.x, the worst first."""

MONITOR_KINDS: Final = {
    "UpperThreshold": marked("above"),
    "LowerThreshold": marked("below"),
    "Delta": marked("changes by"),
    "Periodic": marked("every (s)"),
    "PeriodicClockAligned": marked("by the clock, every (s)"),
    "TargetDelta": marked("differs from its target by"),
    "TargetDeltaRelative": marked("differs from its target by the share"),
}

NOTIFICATIONS: Final = {
    "HardWiredNotification": marked("built in"),
    "HardWiredMonitor": marked("built in"),
    "PreconfiguredMonitor": marked("from the maker"),
    "CustomMonitor": marked("our own"),
}

TRIGGERS: Final[Words] = {
    "Alerting": ("wait", marked("Alerts")),
    "Delta": ("info", marked("Changed")),
    "Periodic": ("plain", marked("Periodic")),
}

BASES: Final = {
    "All": marked("All that are built in"),
    "FactoryDefault": marked("As from the factory"),
    "HardWiredOnly": marked("Only those that cannot be switched off"),
}

FAMILIES: Final = {"1.6": marked("OCPP 1.6 keys"), "2.x": marked("OCPP 2 variables")}

INTERFACES: Final = (
    "Wired0", "Wired1", "Wired2", "Wired3", "Wireless0", "Wireless1", "Wireless2", "Wireless3", "Any",
)  # fmt: skip
