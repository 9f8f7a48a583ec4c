"""What can be done with stations: the use cases of this room, each in the transaction it is given."""

from __future__ import annotations

from laddverk.stations.service.commanding import (
    confirm,
    expire_commands,
    record_no_answer,
    record_outcome,
    request_command,
    take_queued,
)
from laddverk.stations.service.connections import (
    close_connection,
    credential,
    disconnect_all,
    forget_knocks,
    open_connection,
    record_knocks,
    seen,
)
from laddverk.stations.service.quirks import (
    flagged,
    forget_bent,
    record_bent,
    set_quirks,
    set_registration,
)
from laddverk.stations.service.recording import (
    record_boots,
    record_heartbeats,
    record_others,
    record_statuses,
    record_variables,
)
from laddverk.stations.service.registry import (
    add_connector,
    create_site,
    create_station,
    create_stations,
    remove_connector,
    retire_site,
    retire_station,
    rotate_key,
    update_connector,
    update_site,
    update_station,
)
from laddverk.stations.service.reviewing import review_quarantined
from laddverk.stations.service.vendor_data import (
    delete_vendor_rule,
    record_vendor_messages,
    set_vendor_rule,
)

__all__ = [
    "add_connector",
    "close_connection",
    "confirm",
    "create_site",
    "create_station",
    "create_stations",
    "credential",
    "delete_vendor_rule",
    "disconnect_all",
    "expire_commands",
    "flagged",
    "forget_bent",
    "forget_knocks",
    "open_connection",
    "record_bent",
    "record_boots",
    "record_heartbeats",
    "record_knocks",
    "record_no_answer",
    "record_others",
    "record_outcome",
    "record_statuses",
    "record_variables",
    "record_vendor_messages",
    "remove_connector",
    "request_command",
    "retire_site",
    "retire_station",
    "review_quarantined",
    "rotate_key",
    "seen",
    "set_quirks",
    "set_registration",
    "set_vendor_rule",
    "take_queued",
    "update_connector",
    "update_site",
    "update_station",
]
