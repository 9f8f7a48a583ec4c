"""What can be done about current: set, take away and read limits; grid controls; what chargers report of it."""

from __future__ import annotations

from laddverk.energy.service.controls import clear_controls, read_controls, set_control
from laddverk.energy.service.finishing import finish_commands, finish_sessions
from laddverk.energy.service.profiles import (
    allow_transfer,
    clear_profiles,
    limit_for_start,
    read_composite,
    read_profiles,
    set_limit,
    set_profile,
    signal_frequency,
    update_dynamic_limit,
    use_priority,
)
from laddverk.energy.service.recording import (
    plan_needs,
    record_cleared,
    record_controls,
    record_der_alarms,
    record_der_switches,
    record_dynamic_asks,
    record_limits,
    record_needs,
    record_plans,
    record_priorities,
    record_profiles,
)

__all__ = [
    "allow_transfer",
    "clear_controls",
    "clear_profiles",
    "finish_commands",
    "finish_sessions",
    "limit_for_start",
    "plan_needs",
    "read_composite",
    "read_controls",
    "read_profiles",
    "record_cleared",
    "record_controls",
    "record_der_alarms",
    "record_der_switches",
    "record_dynamic_asks",
    "record_limits",
    "record_needs",
    "record_plans",
    "record_priorities",
    "record_profiles",
    "set_control",
    "set_limit",
    "set_profile",
    "signal_frequency",
    "update_dynamic_limit",
    "use_priority",
]
