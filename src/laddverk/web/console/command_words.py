"""What the console calls commands: what each orders, and what became of it as (kind of `ui.pill`, word)."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import marked

COMMANDS: Final = {
    "start_charging": marked("Start charging"),
    "stop_charging": marked("Stop charging"),
    "unlock_connector": marked("Release the cable"),
    "reset": marked("Restart"),
    "change_availability": marked("Change availability"),
    "trigger": marked("Ask for a message"),
    "read_variables": marked("Read the configuration"),
    "write_variable": marked("Change a setting"),
    "request_report": marked("Read the configuration"),
    "send_data": marked("Send vendor data"),
    "set_station_key": marked("Change the key"),
    "update_firmware": marked("Update the firmware"),
    "publish_firmware": marked("Publish firmware"),
    "unpublish_firmware": marked("Take published firmware back"),
    "request_log": marked("Fetch a log"),
    "raw_call": marked("A call of a tool"),
    "set_profile": marked("Set a limit"),
    "clear_profiles": marked("Take limits away"),
    "read_profiles": marked("Read the limits"),
    "read_composite": marked("Ask what the limits add up to"),
    "update_dynamic_limit": marked("Change a moving limit"),
    "use_priority": marked("Charge with priority"),
    "allow_transfer": marked("Tell how energy may flow"),
    "signal_frequency": marked("Pass on a signal of the grid"),
    "set_der_control": marked("Set a grid function"),
    "read_der_controls": marked("Read the grid functions"),
    "clear_der_controls": marked("Take grid functions away"),
    "show_message": marked("Show a message"),
    "read_messages": marked("Read the display"),
    "clear_message": marked("Take a message off"),
    "show_cost": marked("Show the price"),
    "set_default_tariff": marked("Send the tariff"),
    "read_tariffs": marked("Read the tariffs"),
    "clear_tariffs": marked("Take tariffs away"),
    "change_session_tariff": marked("Change the tariff of a session"),
    "tell_web_payment": marked("Tell of a payment on the web"),
    "request_swap": marked("Let batteries be swapped"),
    "send_local_list": marked("Send the local list"),
    "read_local_list_version": marked("Ask for the list's version"),
    "clear_cache": marked("Forget remembered tags"),
    "reserve_now": marked("Reserve an outlet"),
    "cancel_reservation": marked("Cancel a reservation"),
    "read_customer": marked("Ask what it knows of a customer"),
    "forget_customer": marked("Forget a customer"),
    "read_transaction_status": marked("Ask about a session"),
    "ask_for_certificate_request": marked("Ask for a new certificate request"),
    "give_certificate": marked("Hand out a certificate"),
    "install_certificate": marked("Install a root"),
    "delete_certificate": marked("Delete a certificate"),
    "list_certificates": marked("List the certificates"),
    "write_variables": marked("Change settings"),
    "request_custom_report": marked("Read a part of the configuration"),
    "set_network_profile": marked("Write a network profile"),
    "set_monitors": marked("Set a monitor"),
    "clear_monitors": marked("Take a monitor away"),
    "request_monitoring_report": marked("Read the monitors"),
    "set_monitoring_base": marked("Choose the built-in monitors"),
    "set_monitoring_level": marked("Choose what it tells"),
    "adjust_stream": marked("Adjust a stream"),
    "read_streams": marked("Ask which streams are open"),
}

TAKEN_BACK: Final = ("off", marked("taken back"))

RESETS: Final = {
    "soft": marked("when no session runs"),
    "hard": marked("at once, and sessions end"),
    "resume": marked("at once, and sessions go on afterwards"),
}

COMMAND_FILTERS: Final = {
    "open": marked("under way"),
    "confirmed": marked("confirmed"),
    "refused": marked("refused"),
    "timed_out": marked("not confirmed in time"),
    "expired": marked("expired before it was sent"),
    "cancelled": marked("taken back"),
    "failed": marked("failed"),
}


def state_of(state: str, outcome: str | None) -> tuple[str, str]:
    """Return (kind, word) of a command's state; one that somebody took back has expired by their will."""
    return TAKEN_BACK if state == "expired" and outcome == "Cancelled" else COMMAND_STATES[state]


COMMAND_STATES: Final[dict[str, tuple[str, str]]] = {
    "queued": ("plain", marked("waiting for contact")),
    "sent": ("plain", marked("sent")),
    "accepted": ("info", marked("accepted")),
    "confirmed": ("done", marked("confirmed")),
    "refused": ("broken", marked("refused")),
    "timed_out": ("broken", marked("not confirmed in time")),
    "expired": ("broken", marked("expired before it was sent")),
    "failed": ("broken", marked("failed")),
}
