"""Battery swapping (functional block S, 2.1)."""

from __future__ import annotations

from typing import Any, Final

from laddverk.ocpp import commands, facts
from laddverk.ocpp.facts import Battery, Fact
from laddverk.ocpp.translate.block import Readers, Speakers
from laddverk.ocpp.translate.origin import Origin, place, said, stamp, token, whole

BATTERIES_MAX: Final = 100  # slots of the largest swap station


def swapped_21(message: Any, origin: Origin) -> list[Fact]:
    """Return which batteries were put in or taken out."""
    return [
        facts.BatterySwapped(
            **stamp(origin),
            event=str(message.event_type),
            request_id=whole(message.request_id) or 0,
            token_uid=token(message.id_token.id_token) or "",
            token_type=str(message.id_token.type),
            batteries=tuple(map(_battery, (message.battery_data or ())[:BATTERIES_MAX])),
        )
    ]


def _battery(item: Any) -> Battery:
    return Battery(
        evse_number=place(item.evse_id)[0],
        serial=said(item.serial_number) or "",
        soc_percent=_percent(item.so_c),
        health_percent=_percent(item.so_h),
        produced_at=said(item.production_date),
        info=said(item.vendor_info),
    )


def _percent(number: object) -> float:
    return min(max(float(number), 0.0), 100.0) if isinstance(number, int | float) else 0.0


def request_21(command: commands.RequestSwap) -> tuple[str, dict[str, Any]]:
    """Return RequestBatterySwap."""
    return "RequestBatterySwap", {
        "requestId": command.request_id,
        "idToken": {"idToken": command.token_uid, "type": command.token_type},
    }


READERS_2X: Final[Readers] = {"BatterySwap": swapped_21}
SPEAKERS_2X: Final[Speakers] = {commands.RequestSwap: request_21}
