"""Our tariffs on chargers that compute prices themselves (2.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from laddverk.displays import rules, store, store_money
from laddverk.displays.model import FATAL, Lost, Translated
from laddverk.displays.service.messages import seen_station
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import CommandId, StationId
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.ocpp.commands import ChangeSessionTariff, ClearTariffs, ReadTariffs, SetDefaultTariff
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import TariffVersion

WHY_NOT: Final = {
    Lost.IDLE_CAP: "A charger cannot cap what idle time costs.",
    Lost.INEXACT: "A price would change on its way to the charger.",
    Lost.EMPTY: "The tariff has no prices.",
    Lost.TOO_MANY: "The tariff has more prices than a charger holds.",
}


async def meant_for(tx: Transaction, station_id: StationId, now: datetime) -> tuple[TariffVersion, Translated] | None:
    """Return the tariff that applies to everybody at a station, and it in the charger's words; None without one."""
    (version,) = await tariffs.chosen(tx, [(station_id, "")], now=now)
    if version is None:
        return None
    names = [(language, version.name) for language in ("sv", "en")]
    return version, rules.translated(version.body, rules.tariff_name(version.id.hex), names)


async def _sendable(
    tx: Transaction, actor: Actor, station_id: StationId, now: datetime
) -> tuple[TariffVersion, Translated]:
    actor.require(Permission.COMMANDS_SEND)
    station = await seen_station(tx, actor, station_id)
    if station.protocol != Protocol.V21.value:
        raise Conflict("Only chargers of OCPP 2.1 compute prices themselves.")
    meant = await meant_for(tx, station_id, now)
    if meant is None:
        raise Conflict("No tariff applies to this charger.", remedy="Choose one on the tariff's page.")
    if not meant[1].may_be_sent:
        why = next(WHY_NOT[lost] for lost in meant[1].lost if lost in FATAL)
        raise Invalid(why, field="tariff")
    return meant


async def send_tariff(
    tx: Transaction, actor: Actor, station_id: StationId, now: datetime, *, evse_number: int = 0, reason: str = ""
) -> CommandId:
    """Send the tariff that applies to a charger (EVSE 0: to all of it), to be computed and shown there.

    Raises `Conflict` where there is none, or the charger does not compute; `Invalid` where it would show a wrong price.
    """
    version, meant = await _sendable(tx, actor, station_id, now)
    await store_money.save_tariff(tx, station_id, evse_number, version.id, meant.tariff, now)
    command = SetDefaultTariff(evse_number=evse_number, tariff=meant.tariff)
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason)


async def change_session_tariff(
    tx: Transaction, actor: Actor, station_id: StationId, evse_number: int, now: datetime, *, reason: str = ""
) -> CommandId:
    """Let the charger go on with the tariff that applies now, for the session that runs at an outlet.

    It changes what is shown. What is billed stays the tariff under which the session started.
    """
    _, meant = await _sendable(tx, actor, station_id, now)
    session = await store.running(tx, station_id, evse_number)
    if session is None:
        raise Conflict("No session runs at this outlet.", field="evse_number")
    command = ChangeSessionTariff(transaction_key=session.transaction_key, tariff=meant.tariff)
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason)


async def read_tariffs(
    tx: Transaction, actor: Actor, station_id: StationId, now: datetime, *, reason: str = ""
) -> CommandId:
    """Ask a charger which tariffs it has."""
    await seen_station(tx, actor, station_id)
    return await stations.request_command(tx, actor, station_id, ReadTariffs(), now, reason=reason)


async def clear_tariffs(
    tx: Transaction, actor: Actor, station_id: StationId, now: datetime, *, reason: str = ""
) -> CommandId:
    """Take every tariff off a charger: it shows no prices of its own any more."""
    await seen_station(tx, actor, station_id)
    await store_money.tariff_became(tx, station_id, None, "leaving", "", now)
    return await stations.request_command(tx, actor, station_id, ClearTariffs(), now, reason=reason)
