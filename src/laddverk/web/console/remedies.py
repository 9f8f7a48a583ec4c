"""Self-healing: what it may do, what it did or would have done, how much of that helped, and what harm it did."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from litestar import Response, get, post

from laddverk.diagnostics.remedies import queries, rules, service, switching
from laddverk.diagnostics.remedies.model import Action
from laddverk.diagnostics.remedies.queries import RateRow, RemedyFilter, SettingRow
from laddverk.diagnostics.remedies.store import Rate
from laddverk.kernel.actors import Permission
from laddverk.kernel.problems import Problem
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.web import spreadsheets
from laddverk.web.console import incident_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.words import Words
from laddverk.web.live import Parts

PLACE: Final = "/console/remedies"
FIGURES_FOR: Final = timedelta(days=90)
WHATS: Final = ("", "done", "dry", "cured", "failed")

ACTIONS: Final = {
    Action.ASK_STATE: marked("Ask for its state"),
    Action.MAKE_OPERATIVE: marked("Put into service"),
    Action.CLEAR_CACHE: marked("Forget cards"),
    Action.SEND_LIST: marked("Send the list of cards"),
    Action.CLEAR_LIMIT: marked("Take limits away"),
    Action.APPLY_TEMPLATE: marked("Write the template"),
    Action.STOP_SESSION: marked("End the session"),
    Action.UNLOCK: marked("Unlock the cable"),
    Action.RESET_SOFT: marked("Start the program again"),
    Action.RESET_HARD: marked("Switch off and on"),
    Action.TAKE_OUT_OF_SERVICE: marked("Take out of service"),
    Action.WORK_ORDER: marked("Somebody goes there"),
}

STATES: Final[Words] = {
    "dry": ("plain", marked("Only said")),
    "queued": ("wait", marked("Waiting")),
    "sent": ("wait", marked("Sent")),
    "accepted": ("wait", marked("Accepted")),
    "confirmed": ("done", marked("Done")),
    "refused": ("broken", marked("Refused")),
    "timed_out": ("broken", marked("Not confirmed")),
    "expired": ("off", marked("Not sent in time")),
    "failed": ("broken", marked("Failed")),
}

VERDICTS: Final[Words] = {
    "": ("plain", marked("Not known yet")),
    "cured": ("done", marked("Helped")),
    "failed": ("off", marked("Did not help")),
}


def _wanted(desk: Desk) -> RemedyFilter:
    what = desk.asked("what")
    return RemedyFilter(search=desk.asked("q").strip()[:100], what=what if what in WHATS else "")


async def _steps(desk: Desk, tx: Transaction) -> dict[str, Any]:
    """Return the steps that are shown, and their words."""
    listing, wanted = desk.listing("when"), _wanted(desk)
    return {
        "rows": await queries.history(tx, desk.sites, wanted, limit=PAGE_SIZE, offset=listing.offset),
        "total": await queries.count(tx, desk.sites, wanted),
        "wanted": wanted,
        "listing": listing,
        "actions": ACTIONS,
        "states": STATES,
        "verdicts": VERDICTS,
        "inc": incident_words,
        "why_of": lambda why: incident_words.told(why.text, why.values, desk.language, desk.house.settings.timezone),
    }


async def live_steps(desk: Desk) -> Parts:
    """Return the part of the page that changes."""
    desk.kept_live = PLACE
    async with desk.transaction() as tx:
        return {"remedies-rows": desk.template("console/remedies/rows.html", **await _steps(desk, tx))}


async def _page(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    async with desk.transaction() as tx:
        setting = await queries.setting(tx)
        models = await queries.models(tx) if desk.sites is None else []
        return desk.page(
            "console/remedies/list.html",
            status=status,
            setting=setting,
            dry_until=_dry_until(setting),
            dry_models=[one for one in models if desk.now < one.began_at + service.DRY_FOR],
            dry_for=service.DRY_FOR,
            models=models,
            figures=await queries.figures(tx, desk.sites, desk.now - FIGURES_FOR),
            rates=[(rate, _is_dropped(rate)) for rate in await queries.rates(tx)] if desk.sites is None else [],
            **await _steps(desk, tx),
            rules=rules,
            service=service,
            everywhere=desk.sites is None,
            values=values,
            errors=errors,
        )


def _dry_until(setting: SettingRow | None) -> datetime | None:
    return None if setting is None else setting.began_at + service.DRY_FOR


def _is_dropped(rate: RateRow) -> bool:
    return bool(service.useless([Rate(rate.action, rate.tries, rate.cured)]))


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def list_remedies(desk: AtDesk) -> Response[str]:
    """The page of self-healing."""
    return await _page(desk, {}, {})


@get(f"{PLACE}.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_remedies(desk: AtDesk) -> Response[bytes]:
    """What it did, as CSV."""
    async with desk.transaction() as tx:
        rows = await queries.history(tx, desk.sites, _wanted(desk), limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer(
        "remedies",
        (
            "decided_at", "incident", "charger", "evse", "family", "vendor", "model", "firmware", "action", "dry",
            "state", "word", "finished_at", "verdict", "sessions_cut",
        ),
        [
            (
                row.decided_at, row.incident_number, row.station_name, row.evse_number or None, row.family.value,
                row.vendor, row.model, row.firmware, row.action.value, row.dry, row.state, row.word, row.finished_at,
                row.verdict, row.sessions_cut,
            )
            for row in rows
        ],
    )  # fmt: skip


@post(f"{PLACE}/switch", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def switch(desk: AtDesk) -> Response[Any]:
    """The kill switch."""
    form = await desk.form()
    on = form.get("to") == "on"
    try:
        async with desk.transaction() as tx:
            await switching.switch(tx, desk.actor, desk.now, on=on, reason=form.get("reason", ""))
    except Problem as problem:
        return await _page(desk, form, desk.errors(problem), problem.status)
    if on:
        return desk.go(PLACE, desk.words("Self-healing acts again."))
    return desk.go(PLACE, desk.words("Self-healing does nothing more."))


@post(f"{PLACE}/models", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def choose_model(desk: AtDesk) -> Response[Any]:
    """Leave a model alone, or let it be mended again."""
    form = await desk.form()
    vendor, _, model = form.get("model", "").partition("\n")
    on = form.get("to") == "excluded"
    try:
        async with desk.transaction() as tx:
            await switching.exclude(
                tx, desk.actor, vendor.strip(), model.strip(), desk.now, on=on, reason=form.get("model_reason", "")
            )
    except Problem as problem:
        errors = {("model_reason" if name == "reason" else name): text for name, text in desk.errors(problem).items()}
        return await _page(desk, form, errors, problem.status)
    return desk.go(PLACE, desk.words("Noted."))


ROUTES: Final = [list_remedies, export_remedies, switch, choose_model]
