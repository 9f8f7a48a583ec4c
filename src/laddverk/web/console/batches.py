"""The same command to many chargers: chosen from the list, followed as one, asked again where it failed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, shown
from laddverk.kernel.problems import Conflict, Invalid, Problem
from laddverk.ocpp.commands import AnyCommand
from laddverk.stations import command_queries as history
from laddverk.stations import queries
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.stations.service.batching import BATCH_MAX
from laddverk.web.console import commands
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.stations import wanted as stations_wanted
from laddverk.web.console.steering import STATES
from laddverk.web.visit import named

DEEDS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "status": ("trigger", {"message": "StatusNotification"}),
    "reset": ("reset", {}),
    "reset-hard": ("reset-hard", {}),
    "close": ("close", {}),
    "open": ("open", {}),
    "clear-cache": ("clear-cache", {}),
    "boot": ("trigger", {"message": "BootNotification"}),
    "read": ("read", {}),
    "write": ("write", {}),
}
"""What can be asked of many: which button of one charger it is, and its fields."""
WAITS: Final = {"60": timedelta(hours=1), "1440": timedelta(days=1), "10080": timedelta(days=7)}
"""How long it is worth sending to chargers that are away, by its minutes in the form; else as usual."""
CAME_TO_NOTHING: Final = frozenset({"refused", "timed_out", "expired", "failed"})


@get("/console/batches/new", opt={NEEDS: Permission.COMMANDS_SEND})
async def choose(desk: AtDesk) -> Response[str]:
    """Choose chargers and what is asked of them."""
    return await _page(desk)


async def _page(
    desk: Desk, *, problem: Problem | None = None, values: dict[str, str] | None = None, ticked: Any = ()
) -> Response[str]:
    listing = desk.listing("name")
    narrowed = stations_wanted(desk, listing.search)
    async with desk.transaction() as tx:
        rows = await queries.stations(tx, desk.sites, narrowed, "name", limit=BATCH_MAX)
        return desk.page(
            "console/steering/choose.html",
            status=problem.status if problem else 200,
            rows=rows,
            total=await queries.count_stations(tx, desk.sites, narrowed),
            counts=await queries.condition_counts(tx, desk.sites),
            protocols=await queries.protocols(tx),
            sites=await queries.sites(tx, desk.sites, ""),
            most=BATCH_MAX,
            ticked=frozenset(ticked),
            values=values or {},
            errors=desk.errors(problem) if problem else {},
        )


@post("/console/batches/new", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def begin(desk: AtDesk) -> Response[Any]:
    """Ask the chosen chargers."""
    form, ticked = await desk.form(), await desk.choices("station")
    try:
        chosen = [StationId(named("sta", text)) for text in ticked[: BATCH_MAX + 1]]
        async with desk.transaction() as tx:
            batch_id = await stations.request_of_many(
                tx,
                desk.actor,
                chosen,
                _command(form),
                desk.now,
                reason=form.get("reason", ""),
                wait=WAITS.get(form.get("wait", "")),
            )
    except (Invalid, Conflict) as problem:
        return await _page(desk, problem=problem, values=form, ticked=ticked)
    desk.tell(COMMANDS_TOPIC, *(f"station:{one}" for one in chosen))
    return desk.go(f"/console/batches/{shown('bat', batch_id)}", desk.words("The chargers are asked."))


def _command(form: dict[str, str]) -> AnyCommand:
    if form.get("do") not in DEEDS:
        raise Invalid("Choose what the chargers are asked.", field="do")
    action, fields = DEEDS[form["do"]]
    return commands.MAKERS[action]({**form, **fields})


@get("/console/batches/{batch_id:str}", opt={NEEDS: Permission.STATIONS_READ})
async def show_batch(desk: AtDesk, batch_id: FromPath[str]) -> Response[Any]:
    """How far it is, and what became of each; htmx asks for the first part again until all is over."""
    listing = desk.listing("latest")
    state = desk.asked("state") if desk.asked("state") in STATES else ""
    async with desk.transaction() as tx:
        batch = found(await history.batch(tx, desk.sites, named("bat", batch_id)))
        chosen = history.HistoryFilter(batch_id=batch.id, state=state, search=listing.search)
        known = {
            "batch": batch,
            "rows": await history.history(tx, desk.sites, chosen, limit=PAGE_SIZE, offset=listing.offset),
            "total": await history.count_history(tx, desk.sites, chosen),
            "left_out": await history.left_out(tx, desk.sites, batch.id),
            "listing": listing,
            "states": STATES,
            "with_station": True,
        }
    if desk.wants_part:
        return desk.part(desk.template("console/steering/progress.html", **known))
    return desk.page("console/steering/batch.html", **known)


@post("/console/batches/{batch_id:str}/again", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=303)
async def ask_again(desk: AtDesk, batch_id: FromPath[str]) -> Response[Any]:
    """Ask those again where it came to nothing."""
    form = await desk.form()
    async with desk.transaction() as tx:
        batch = found(await history.batch(tx, desk.sites, named("bat", batch_id)))
        rows = await history.history(tx, desk.sites, history.HistoryFilter(batch_id=batch.id), limit=BATCH_MAX)
        failed = [StationId(row.station_id) for row in rows if row.state in CAME_TO_NOTHING]
        command: Any = msgspec.convert(batch.command, AnyCommand)
        again = await stations.request_of_many(
            tx, desk.actor, failed, command, desk.now, reason=form.get("reason", ""), wait=WAITS["60"]
        )
    desk.tell(COMMANDS_TOPIC, *(f"station:{one}" for one in failed))
    return desk.go(f"/console/batches/{shown('bat', again)}", desk.words("The chargers are asked again."))


ROUTES: Final = [choose, begin, show_batch, ask_again]
