"""What can be done with the configuration and the monitors of chargers, each in the transaction it is given."""

from __future__ import annotations

from laddverk.provisioning.service.alarms import acknowledge_alarm
from laddverk.provisioning.service.asking import (
    read_variables,
    request_custom_report,
    request_monitors,
    request_report,
    set_network_profile,
    write_values,
)
from laddverk.provisioning.service.following import follow_commands, follow_start
from laddverk.provisioning.service.previews import Preview, preview_template
from laddverk.provisioning.service.templates import (
    apply_template,
    check_all,
    check_stations,
    create_template,
    retire_template,
    revise_template,
    run_on,
)

__all__ = [
    "Preview",
    "acknowledge_alarm",
    "apply_template",
    "check_all",
    "check_stations",
    "create_template",
    "follow_commands",
    "follow_start",
    "preview_template",
    "read_variables",
    "request_custom_report",
    "request_monitors",
    "request_report",
    "retire_template",
    "revise_template",
    "run_on",
    "set_network_profile",
    "write_values",
]
