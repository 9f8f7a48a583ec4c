"""What can be done with displays, tariffs on chargers, and what people do at them; what chargers report of it."""

from __future__ import annotations

from laddverk.displays.service.costs import show_costs, show_final_costs, tell_of_payments
from laddverk.displays.service.finishing import finish_commands, finish_sessions
from laddverk.displays.service.messages import (
    add_template,
    by_data,
    clear_message,
    clear_template,
    end_by_data,
    read_messages,
    retire_template,
    show,
    show_template,
)
from laddverk.displays.service.recording import (
    find_vat_number,
    record_costs,
    record_messages,
    record_settlements,
    record_swaps,
    record_vat_numbers,
)
from laddverk.displays.service.swaps import request_swap
from laddverk.displays.service.tariffs import (
    change_session_tariff,
    clear_tariffs,
    meant_for,
    read_tariffs,
    send_tariff,
)

__all__ = [
    "add_template",
    "by_data",
    "change_session_tariff",
    "clear_message",
    "clear_tariffs",
    "clear_template",
    "end_by_data",
    "find_vat_number",
    "finish_commands",
    "finish_sessions",
    "meant_for",
    "read_messages",
    "read_tariffs",
    "record_costs",
    "record_messages",
    "record_settlements",
    "record_swaps",
    "record_vat_numbers",
    "request_swap",
    "retire_template",
    "send_tariff",
    "show",
    "show_costs",
    "show_final_costs",
    "show_template",
    "tell_of_payments",
]
