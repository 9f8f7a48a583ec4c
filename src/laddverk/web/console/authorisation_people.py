"""What chargers know of a driver, told or forgotten; and one tag with its group."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath

from laddverk.access import queries as access_queries
from laddverk.access import service as access
from laddverk.access.model import TokenDetails
from laddverk.authorisation import queries
from laddverk.authorisation import service as authorisation
from laddverk.authorisation.model import Kind
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DriverId, StationId, TokenId, shown
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.sessions import queries as sessions_queries
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.support import privacy as support_privacy
from laddverk.support.erasure import service as erasure
from laddverk.support.erasure.model import STAFF_WORDS
from laddverk.web import driver_data
from laddverk.web.console import authorisation_words as own_words
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.people import driver_meant
from laddverk.web.visit import named

SESSIONS_LOOKED_AT: Final = 500  # where a driver charged without a tag


@get("/console/drivers/{driver_id:str}/chargers", opt={NEEDS: Permission.DRIVERS_READ})
async def show_memory(desk: AtDesk, driver_id: FromPath[str]) -> Response[str]:
    """What chargers know of a driver, as far as they were asked."""
    return await _memory_page(desk, driver_id)


async def _memory_page(desk: Desk, driver_id: str, *, problem: Problem | None = None) -> Response[str]:
    async with desk.transaction() as tx:
        driver: access_queries.DriverRow = found(await access_queries.driver(tx, named("drv", driver_id)))
        return desk.page(
            "console/authorisation/memory.html",
            status=problem.status if problem else 200,
            driver=driver,
            knowing=await queries.count_knowing(tx, driver.id),
            requests=await queries.requests(tx, driver.id),
            no_shows=await queries.count_no_shows(tx, driver.id),
            erasure=await _erasure(desk, tx, DriverId(driver.id)),
            own_words=own_words,
            errors=desk.errors(problem) if problem else {},
        )


async def _erasure(desk: Desk, tx: Transaction, driver_id: DriverId) -> dict[str, Any] | None:
    """Return where it stands to forget a driver, for who may ask for it."""
    if desk.sites is not None or not desk.may(Permission.DRIVERS_WRITE):
        return None
    last, found = await erasure.standing(tx, desk.house, driver_id, desk.now)
    return {"last": last, "obstacles": [desk.words(STAFF_WORDS[each]) for each in found]}


@post("/console/drivers/{driver_id:str}/chargers", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def ask_chargers(desk: AtDesk, driver_id: FromPath[str]) -> Response[Any]:
    """Ask every charger that may know a driver what it knows, or to forget it."""
    form = await desk.form()
    identity = DriverId(named("drv", driver_id))
    try:
        if form.get("kind") not in set(Kind):
            raise Invalid("Choose what the chargers are asked.", field="kind")
        async with desk.transaction() as tx:
            wanted = sessions_queries.SessionFilter(driver_id=identity)
            charged = await sessions_queries.sessions(tx, desk.sites, wanted, limit=SESSIONS_LOOKED_AT)
            request_id = await authorisation.request_customer(
                tx,
                desk.actor,
                identity,
                Kind(form["kind"]),
                desk.now,
                reason=form.get("reason", ""),
                also_at=sorted({StationId(session.station_id) for session in charged}),
            )
    except Problem as problem:
        return await _memory_page(desk, driver_id, problem=problem)
    desk.tell(COMMANDS_TOPIC)
    return desk.go(f"/console/customer-requests/{shown('cus', request_id)}", desk.words("The chargers are asked."))


@get("/console/customer-requests/{request_id:str}", opt={NEEDS: Permission.DRIVERS_READ})
async def show_request(desk: AtDesk, request_id: FromPath[str]) -> Response[str]:
    """What each charger answered."""
    async with desk.transaction() as tx:
        request: queries.RequestRow = found(await queries.request(tx, named("cus", request_id)))
        return desk.page(
            "console/authorisation/request.html",
            request=request,
            driver=found(await access_queries.driver(tx, request.driver_id)),
            answers=await queries.answers(tx, desk.sites, request.id),
            own_words=own_words,
        )


@get("/console/customer-requests/{request_id:str}/answers.txt", opt={NEEDS: Permission.DRIVERS_READ})
async def download_answers(desk: AtDesk, request_id: FromPath[str]) -> Response[str]:
    """What the chargers told, as a text to be handed out."""
    async with desk.transaction() as tx:
        request: queries.RequestRow = found(await queries.request(tx, named("cus", request_id)))
        answers = await queries.answers(tx, desk.sites, request.id)
    parts = [
        f"{answer.site_name}, {answer.station_name}, {answer.token_uid}: {answer.state} {answer.word}".strip()
        + (f"\n{answer.data}" if answer.data else "")
        for answer in answers
    ]
    return Response(
        "\n\n".join(parts) + "\n",
        media_type=MediaType.TEXT,
        headers={"content-disposition": f'attachment; filename="{shown("cus", request.id)}.txt"'},
    )


@post("/console/drivers/{driver_id:str}/data.json", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def download_data(desk: AtDesk, driver_id: FromPath[str]) -> Response[bytes]:
    """All that is known of a driver, to be handed out. That it was is audited."""
    if desk.sites is not None:
        raise NotFound("There is no such page.")
    identity = DriverId(named("drv", driver_id))
    async with desk.transaction() as tx:
        content = await driver_data.all_of(tx, desk.actor, identity, desk.now, desk.today)
    name = f'attachment; filename="{shown("drv", identity)}.json"'
    return Response(content, media_type=MediaType.JSON, headers={"content-disposition": name})


@post("/console/drivers/{driver_id:str}/support-data", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def remove_support_data(desk: AtDesk, driver_id: FromPath[str]) -> Response[Any]:
    """Remove what support knows of a driver: cases, mails, chats, calls, texts, photos."""
    identity, form = DriverId(named("drv", driver_id)), await desk.form()
    page = f"/console/drivers/{shown('drv', identity)}"
    try:
        async with desk.transaction() as tx:
            count = await support_privacy.remove(tx, desk.actor, identity, form.get("reason", ""), desk.now)
    except NotFound:
        raise
    except Problem as problem:
        return desk.go(page, " ".join(desk.errors(problem).values()))
    return desk.go(page, desk.words("Support knows nothing of them any more: %(count)s cases.", count=count))


@post("/console/drivers/{driver_id:str}/erase", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def erase_driver(desk: AtDesk, driver_id: FromPath[str]) -> Response[Any]:
    """Ask that a driver is forgotten, with a reason; or take that back."""
    identity, form = DriverId(named("drv", driver_id)), await desk.form()
    page = f"/console/drivers/{shown('drv', identity)}/chargers"
    try:
        async with desk.transaction() as tx:
            if form.get("what") == "withdraw":
                await erasure.withdraw(tx, desk.actor, identity, desk.now)
                return desk.go(page, desk.words("The account stays."))
            waits = await erasure.ask(tx, desk.house, desk.actor, identity, desk.now, reason=form.get("reason", ""))
    except NotFound:
        raise
    except Problem as problem:
        return await _memory_page(desk, driver_id, problem=problem)
    if waits:
        return desk.go(page, desk.words("It waits: see what is in the way."))
    return desk.go(page, desk.words("It is done within a minute."))


def _values(row: access_queries.TokenRow, email: str) -> dict[str, str]:
    return {
        "label": row.label,
        "driver": email,
        "valid_until": row.valid_until.date().isoformat() if row.valid_until else "",
        "group_code": row.group_code,
        "is_master": "yes" if row.is_master else "",
    }


@get("/console/tokens/{token_id:str}/edit", opt={NEEDS: Permission.DRIVERS_WRITE})
async def edit_token(desk: AtDesk, token_id: FromPath[str]) -> Response[str]:
    """The form for a tag."""
    async with desk.transaction() as tx:
        row: access_queries.TokenRow = found(await access_queries.token(tx, named("tok", token_id)))
        driver = await access_queries.driver(tx, row.driver_id) if row.driver_id else None
    values = _values(row, driver.email if driver else "")
    return desk.page("console/authorisation/token.html", token=row, values=values, errors={}, own_words=own_words)


@post("/console/tokens/{token_id:str}/edit", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def save_token(desk: AtDesk, token_id: FromPath[str]) -> Response[Any]:
    """Change whose a tag is, its label, group and how long it is valid."""
    form = await desk.form()
    async with desk.transaction() as tx:
        row: access_queries.TokenRow = found(await access_queries.token(tx, named("tok", token_id)))
    try:
        async with desk.transaction() as tx:
            details = TokenDetails(
                driver_id=await driver_meant(tx, form.get("driver", "")),
                label=form.get("label", ""),
                valid_until=_end_of(form.get("valid_until", "")),
                group_code=form.get("group_code", ""),
                is_master=bool(form.get("is_master")),
            )
            await access.update_token(tx, desk.actor, TokenId(row.id), details, desk.now)
    except Problem as problem:
        return desk.page(
            "console/authorisation/token.html",
            status=problem.status,
            token=row,
            values=form,
            errors=desk.errors(problem),
            own_words=own_words,
        )
    return desk.go("/console/tokens", desk.words("The changes are saved."))


def _end_of(text: str) -> datetime | None:
    """Return the end of the day that is written, in UTC. Raises `Invalid`."""
    if not text:
        return None
    try:
        day = datetime.fromisoformat(text).date()
        return datetime.combine(day + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        raise Invalid("The date cannot be read; write it like 2027-12-31.", field="valid_until") from None


ROUTES: Final = [
    show_memory,
    ask_chargers,
    show_request,
    download_answers,
    download_data,
    remove_support_data,
    erase_driver,
    edit_token,
    save_token,
]
