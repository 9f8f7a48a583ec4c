"""The API's self-healing: what it did or would have done, how much of that helped, its switch, models left alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from litestar import get, post
from litestar.params import FromQuery, JSONBody
from msgspec import Struct

from laddverk.diagnostics.remedies import queries, service, switching
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import parsed, shown
from laddverk.kernel.problems import Invalid
from laddverk.platform.database import Transaction
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, page

FIGURES_FOR: Final = timedelta(days=90)
STATES: Final = ("all", "done", "dry", "cured", "failed")


class Because(Struct, frozen=True):
    """The reason of a step or of a pause: an English sentence, and the values in its places."""

    text: str
    values: dict[str, Any]


class Remedy(Struct, frozen=True):
    """One step of self-healing. `dry`: it was only said. `evse` 0: the station.

    `state`: dry, queued, sent, accepted, confirmed, refused, timed_out, expired or failed. `verdict`: cured, failed,
    or null while it is not known. `sessions_cut`: charges that its restart ended.
    """

    id: str
    incident: str
    station: str
    evse: int
    family: str
    vendor: str
    model: str
    firmware: str
    action: str
    why: Because
    dry: bool
    decided_at: datetime
    state: str
    word: str
    finished_at: datetime | None
    verdict: str | None
    verdict_at: datetime | None
    verdict_why: str
    sessions_cut: int


class HealedModel(Struct, frozen=True):
    """A model that self-healing has met; only watched until `dry_until`."""

    vendor: str
    model: str
    stations: int
    dry_until: datetime
    excluded_at: datetime | None
    excluded_by: str
    excluded_why: str


class SelfHealing(Struct, frozen=True):
    """Self-healing as it stands. Figures are of 90 days, at the sites that the key sees.

    `dry_until` is null before it has looked for the first time; `models` are for keys that see the whole network.
    """

    is_on: bool
    switched_off_at: datetime | None
    switched_off_by: str
    switched_off_why: str
    dry_until: datetime | None
    incidents: int
    incidents_cured: int
    steps_judged: int
    steps_cured: int
    restarts: int
    sessions_cut: int
    models: list[HealedModel]


class Switch(Struct, frozen=True, forbid_unknown_fields=True):
    """The switch, and why it is turned."""

    on: bool
    reason: str


class ModelSwitch(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether chargers of a model are left alone, and why."""

    vendor: str
    model: str
    excluded: bool
    reason: str


def _remedy(row: queries.RemedyRow) -> Remedy:
    return Remedy(
        id=shown("rem", row.id), incident=shown("inc", row.incident_id), station=shown("sta", row.station_id),
        evse=row.evse_number, family=row.family.value, vendor=row.vendor, model=row.model, firmware=row.firmware,
        action=row.action.value, why=Because(row.why.text, row.why.values), dry=row.dry, decided_at=row.decided_at,
        state=row.state, word=row.word, finished_at=row.finished_at, verdict=row.verdict or None,
        verdict_at=row.verdict_at, verdict_why=row.verdict_why, sessions_cut=row.sessions_cut,
    )  # fmt: skip


@get("/remedies", opt=needs(Permission.STATIONS_READ))
async def list_remedies(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "all",
    incident: FromQuery[str | None] = None,
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Remedy]:
    """List what self-healing did or would have done, the newest first. `state`: all, done, dry, cured or failed."""
    checked_limit(limit, offset)
    if in_state not in STATES:
        raise Invalid("There is no such state.", field="state")
    wanted = queries.RemedyFilter(
        search=search.strip()[:100],
        what="" if in_state == "all" else in_state,
        incident_id=parsed("inc", incident, field="incident") if incident else None,
    )
    async with asked.transaction() as tx:
        rows = await queries.history(tx, asked.actor.site_ids, wanted, limit=limit, offset=offset)
        total = await queries.count(tx, asked.actor.site_ids, wanted)
    return page([_remedy(row) for row in rows], limit=limit, offset=offset, total=total)


@get("/self-healing", opt=needs(Permission.STATIONS_READ))
async def show_self_healing(asked: Asking) -> SelfHealing:
    """Show whether self-healing acts, and what came of it."""
    async with asked.transaction() as tx:
        return await _standing(tx, asked)


@post("/self-healing", opt=needs(Permission.STATIONS_WRITE), status_code=200)
async def switch_self_healing(asked: Asking, data: JSONBody[Switch]) -> SelfHealing:
    """Stop self-healing everywhere at once, or let it act again. For keys that see the whole network."""
    async with asked.transaction() as tx:
        await switching.switch(tx, asked.actor, asked.now, on=data.on, reason=data.reason)
        return await _standing(tx, asked)


@post("/self-healing/models", opt=needs(Permission.STATIONS_WRITE), status_code=200)
async def choose_model(asked: Asking, data: JSONBody[ModelSwitch]) -> SelfHealing:
    """Leave chargers of a model alone, or let them be mended again, after another dry run."""
    async with asked.transaction() as tx:
        await switching.exclude(
            tx, asked.actor, data.vendor, data.model, asked.now, on=data.excluded, reason=data.reason
        )  # fmt: skip
        return await _standing(tx, asked)


async def _standing(tx: Transaction, asked: Asked) -> SelfHealing:
    setting, sites = await queries.setting(tx), asked.actor.site_ids
    figures = await queries.figures(tx, sites, asked.now - FIGURES_FOR)
    models = await queries.models(tx) if sites is None else []
    return SelfHealing(
        is_on=setting is None or setting.switched_off_at is None,
        switched_off_at=setting.switched_off_at if setting else None,
        switched_off_by=setting.switched_off_by if setting else "",
        switched_off_why=setting.switched_off_why if setting else "",
        dry_until=setting.began_at + service.DRY_FOR if setting else None,
        incidents=figures.incidents, incidents_cured=figures.incidents_cured, steps_judged=figures.judged,
        steps_cured=figures.cured, restarts=figures.resets, sessions_cut=figures.sessions_cut,
        models=[
            HealedModel(one.vendor, one.model, one.stations, one.began_at + service.DRY_FOR, one.excluded_at,
                        one.excluded_by, one.excluded_why)
            for one in models
        ],
    )  # fmt: skip


HANDLERS: Final = [list_remedies, show_self_healing, switch_self_healing, choose_model]
