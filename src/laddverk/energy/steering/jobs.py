"""When the loop takes a step: every ten seconds for each site with circuits, and when something happened there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from laddverk.energy.steering import questions, service, store
from laddverk.kernel.ids import SiteId
from laddverk.ocpp import quirks
from laddverk.platform import jobs
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler, NewJob
from laddverk.stations.model import COMMANDS_TOPIC

KEPT: Final = timedelta(days=400)  # as long as the frames that carried the limits
EVERY: Final = (
    Every("energy.steer", timedelta(seconds=10)),
    Every("energy.forget_steering", timedelta(days=1)),
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of the loop by their kind."""

    async def steer(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await soon(tx, await store.sites(tx))

    async def session_changed(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        await soon(tx, await store.sites(tx, (), [UUID(one["session_id"]) for one in payloads]))

    async def station_changed(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        await soon(tx, await store.sites(tx, [UUID(one["station_id"]) for one in payloads], ()))

    async def command_finished(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        await soon(tx, await store.sites_of_commands(tx, [UUID(one["command_id"]) for one in payloads]))

    async def steer_site(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        known = quirks.registry_of(house.settings.quirks_dir)
        sent = 0
        for payload in payloads:
            sent += await service.steer(tx, SiteId(UUID(payload["site_id"])), house.clock(), known)
        if sent:
            tx.after_commit(lambda: house.hints.publish([COMMANDS_TOPIC]))

    async def forget(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await store.drop_old(tx, house.clock() - KEPT)
        await questions.drop_old(tx, house.clock())

    return {
        "energy.steer": steer,
        "energy.steer_session": session_changed,
        "energy.steer_station": station_changed,
        "energy.steer_command": command_finished,
        "energy.steer_site": steer_site,
        "energy.forget_steering": forget,
    }


async def soon(tx: Transaction, sites: Iterable[UUID]) -> None:
    """Let each site take its step in a job of its own: what is wrong at one holds up no other."""
    await jobs.enqueue(
        tx,
        [NewJob("energy.steer_site", {"site_id": str(site)}, unique_key=f"energy.steer_site:{site}") for site in sites],
    )
