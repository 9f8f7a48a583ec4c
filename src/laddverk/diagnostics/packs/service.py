"""Offering packs to a charger, and applying one when a person says so: through provisioning, never by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from laddverk.diagnostics.packs import offering
from laddverk.diagnostics.packs.offering import Charger, Offer, Watchable
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import StationId
from laddverk.kernel.problems import Conflict, NotFound
from laddverk.ocpp import quirks
from laddverk.ocpp.commands import NewValue, SetMonitors
from laddverk.ocpp.commands.monitoring import WantedMonitor
from laddverk.platform.database import Transaction
from laddverk.provisioning import service as provisioning
from laddverk.provisioning.model import TemplateDetails, TemplateId
from laddverk.stations import service as stations

CHARGER: Final = """
SELECT vendor, model, coalesce(protocol, 'ocpp1.6') AS protocol, firmware, quirks, site_id,
       EXISTS (SELECT FROM connector WHERE station_id = station.id AND power_type = 'dc') AS has_dc
FROM station WHERE id = $1 AND retired_at IS NULL
"""

VALUES: Final = """
SELECT component, variable, value, supports_monitoring FROM station_variable
WHERE station_id = $1 AND attribute = 'Actual'
"""

MONITORS: Final = "SELECT component, variable, kind FROM station_monitor WHERE station_id = $1"


async def offers(tx: Transaction, station_id: StationId, known: quirks.Registry) -> list[Offer]:
    """Return the packs that are meant for a charger, with what it lacks; none for one that is retired."""
    charger = await _charger(tx, station_id, known)
    return offering.offers(charger) if charger is not None else []


async def _charger(tx: Transaction, station_id: StationId, known: quirks.Registry) -> Charger | None:
    rows: list[Any] = await tx.rows(CHARGER, station_id)
    if not rows:
        return None
    row = rows[0]
    values: list[Any] = await tx.rows(VALUES, station_id)
    monitors: list[Any] = await tx.rows(MONITORS, station_id)
    own = quirks.read(row["quirks"])
    return Charger(
        vendor=row["vendor"],
        model=row["model"],
        protocol=row["protocol"],
        has_dc=row["has_dc"],
        present={(one["component"], one["variable"]): one["value"] or "" for one in values},
        watchable=frozenset(
            Watchable(one["component"], one["variable"]) for one in values if one["supports_monitoring"]
        ),
        watched=frozenset((one["component"], one["variable"], one["kind"]) for one in monitors),
        never_send=known.known(row["vendor"], row["model"], row["firmware"], own).quirks.never_send,
    )


async def _open_offer(tx: Transaction, station_id: StationId, key: str, known: quirks.Registry) -> Offer:
    for one in await offers(tx, station_id, known):
        if one.pack.key == key:
            if one.why_not is not None:
                raise Conflict("This pack must not be applied to this charger.", remedy="The page says why.")
            if one.is_done:
                raise Conflict("The charger is set up like that already.")
            return one
    raise NotFound("There is no such pack for this charger.")


async def apply(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    key: str,
    known: quirks.Registry,
    now: datetime,
    *,
    reason: str,
) -> int:
    """Queue the commands that set a charger up as a pack says; return how many. Needs commands:send.

    Raises `NotFound` for a pack that is not meant for it, `Conflict` when it must not be applied or nothing is lacking.
    """
    actor.require(Permission.COMMANDS_SEND)
    wanted = await _open_offer(tx, station_id, key, known)
    count = 0
    if wanted.values:
        count = len(await provisioning.write_values(tx, actor, station_id, _values(wanted), now, reason=reason))
    if wanted.monitors:
        monitors = tuple(
            WantedMonitor(
                component=one.component, variable=one.variable, kind=one.kind, value=one.value, severity=one.severity
            )
            for one in wanted.monitors
        )
        await stations.request_command(tx, actor, station_id, SetMonitors(monitors=monitors), now, reason=reason)
        count += 1
    return count


async def make_template(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    key: str,
    known: quirks.Registry,
    now: datetime,
    *,
    reason: str,
) -> TemplateId:
    """Make a configuration template of a pack's settings for all chargers of the model. Needs stations:write.

    It changes no charger by itself: templates are looked at and applied where templates are. Raises as `apply`.
    """
    wanted = await _open_offer(tx, station_id, key, known)
    row: Any = (await tx.rows(CHARGER, station_id))[0]
    details = TemplateDetails(
        name=f"{row['vendor']} {row['model']} {key}".strip()[:80],
        vendor=row["vendor"],
        model=row["model"],
        wanted=_values(wanted),
    )
    return await provisioning.create_template(tx, actor, details, now, reason=reason)


def _values(wanted: Offer) -> tuple[NewValue, ...]:
    return tuple(NewValue(component=one.component, variable=one.variable, value=one.value) for one in wanted.values)
