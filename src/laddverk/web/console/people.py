"""Drivers and their tags: who may charge."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from laddverk.access import queries
from laddverk.access import service as access
from laddverk.access.model import DriverDetails, NewToken
from laddverk.invoicing import queries as invoicing_queries
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DriverId, TokenId, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.payments import queries as payments_queries
from laddverk.payments.wallet import service as wallets
from laddverk.platform import queries as platform_queries
from laddverk.platform.database import Transaction
from laddverk.sessions import queries as sessions_queries
from laddverk.web import spreadsheets
from laddverk.web.console import authorisation_words as own_words
from laddverk.web.console import paying, plan_panel
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.security import IMPORT_MAX_BYTES
from laddverk.web.visit import named

DRIVER_SORTS: Final = ("name", "email", "created")
TOKEN_SORTS: Final = ("uid", "driver", "used")
TOKENS_OF_ONE_MAX: Final = 200


@get("/console/drivers", opt={NEEDS: Permission.DRIVERS_READ})
async def list_drivers(desk: AtDesk) -> Response[str]:
    """Who has an account."""
    listing = desk.listing(*DRIVER_SORTS)
    state, group = desk.asked("state"), desk.asked("group")
    async with desk.transaction() as tx:
        rows = await queries.drivers(
            tx, listing.search, state, group, listing.sort, limit=PAGE_SIZE, offset=listing.offset
        )
        return desk.page(
            "console/drivers/list.html",
            rows=rows,
            listing=listing,
            total=await queries.count_drivers(tx, listing.search, state, group),
            groups=await queries.driver_groups(tx),
        )


@get("/console/drivers/{driver_id:str}", opt={NEEDS: Permission.DRIVERS_READ})
async def show_driver(desk: AtDesk, driver_id: FromPath[str]) -> Response[str]:
    """One driver with tags, sessions, invoices and payments."""
    async with desk.transaction() as tx:
        driver: queries.DriverRow = found(await queries.driver(tx, named("drv", driver_id)))
        chosen = sessions_queries.SessionFilter(driver_id=driver.id)
        return desk.page(
            "console/drivers/detail.html",
            driver=driver,
            tokens=await queries.tokens(tx, "", "", desk.now, driver_id=driver.id, limit=TOKENS_OF_ONE_MAX),
            sessions=await sessions_queries.sessions(tx, desk.sites, chosen, limit=12),
            totals=await sessions_queries.totals_of_driver(tx, desk.sites, driver.id),
            invoices=await invoicing_queries.invoices(tx, desk.today, driver_id=driver.id, limit=12)
            if desk.may(Permission.INVOICES_READ)
            else [],
            payments=await payments_queries.payments_of(tx, driver.id, driver=True)
            if desk.may(Permission.PAYMENTS_READ)
            else [],
            balance=await wallets.wallet(tx, DriverId(driver.id), desk.house.settings.currency, desk.now)
            if desk.may(Permission.PAYMENTS_READ)
            else None,
            paying=await paying.panel(tx, desk, DriverId(driver.id)) if desk.may(Permission.PAYMENTS_READ) else None,
            changes=await platform_queries.audit(tx, object_id=driver.id, limit=20),
            **await plan_panel.panel(tx, desk, driver.id),
        )


def _blank() -> dict[str, str]:
    return {"language": "sv", "settlement": "invoice"}


def details_of(form: dict[str, str]) -> DriverDetails:
    """Return the driver that a form describes."""
    return DriverDetails(
        email=form.get("email", ""),
        name=form.get("name", ""),
        phone=form.get("phone", ""),
        address=form.get("address", ""),
        language=form.get("language", "sv"),
        driver_group=form.get("driver_group", ""),
        settlement=form.get("settlement", "invoice"),
    )


@get("/console/drivers/new", opt={NEEDS: Permission.DRIVERS_WRITE})
async def new_driver(desk: AtDesk) -> Response[str]:
    """The form for a new driver."""
    return desk.page("console/drivers/form.html", driver=None, values=_blank(), errors={})


@post("/console/drivers/new", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def create_driver(desk: AtDesk) -> Response[Any]:
    """Add a driver."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            driver_id = await access.create_driver(tx, desk.actor, details_of(form), desk.now)
    except Problem as problem:
        return desk.page(
            "console/drivers/form.html", status=problem.status, driver=None, values=form, errors=desk.errors(problem)
        )
    return desk.go(
        f"/console/drivers/{shown('drv', driver_id)}", desk.words("The driver is added. Give them a tag next.")
    )


@get("/console/drivers/{driver_id:str}/edit", opt={NEEDS: Permission.DRIVERS_WRITE})
async def edit_driver(desk: AtDesk, driver_id: FromPath[str]) -> Response[str]:
    """The form for a driver."""
    async with desk.transaction() as tx:
        driver: queries.DriverRow = found(await queries.driver(tx, named("drv", driver_id)))
    values = {name: str(getattr(driver, name)) for name in DriverDetails.__struct_fields__}
    return desk.page("console/drivers/form.html", driver=driver, values=values, errors={})


@post("/console/drivers/{driver_id:str}/edit", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def save_driver(desk: AtDesk, driver_id: FromPath[str]) -> Response[Any]:
    """Change a driver."""
    form = await desk.form()
    async with desk.transaction() as tx:
        driver: queries.DriverRow = found(await queries.driver(tx, named("drv", driver_id)))
    try:
        async with desk.transaction() as tx:
            await access.update_driver(tx, desk.actor, DriverId(driver.id), details_of(form), desk.now)
    except Problem as problem:
        return desk.page(
            "console/drivers/form.html", status=problem.status, driver=driver, values=form, errors=desk.errors(problem)
        )
    return desk.go(f"/console/drivers/{shown('drv', driver.id)}", desk.words("The changes are saved."))


@post("/console/drivers/{driver_id:str}/block", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=303)
async def block_driver(desk: AtDesk, driver_id: FromPath[str]) -> Response[Any]:
    """Keep a driver from charging, with a reason."""
    form = await desk.form()
    identity = DriverId(named("drv", driver_id))
    async with desk.transaction() as tx:
        await access.block_driver(tx, desk.actor, identity, form.get("reason", ""), desk.now)
    return desk.go(f"/console/drivers/{shown('drv', identity)}", desk.words("The driver is blocked."))


@post("/console/drivers/{driver_id:str}/unblock", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=303)
async def unblock_driver(desk: AtDesk, driver_id: FromPath[str]) -> Response[Any]:
    """Let a driver charge again."""
    form = await desk.form()
    identity = DriverId(named("drv", driver_id))
    async with desk.transaction() as tx:
        await access.unblock_driver(tx, desk.actor, identity, form.get("reason", ""), desk.now)
    return desk.go(f"/console/drivers/{shown('drv', identity)}", desk.words("The driver may charge again."))


@get("/console/tokens", opt={NEEDS: Permission.DRIVERS_READ})
async def list_tokens(desk: AtDesk) -> Response[str]:
    """The tags."""
    listing = desk.listing(*TOKEN_SORTS)
    state = desk.asked("state")
    async with desk.transaction() as tx:
        rows = await queries.tokens(
            tx, listing.search, state, desk.now, sort=listing.sort, limit=PAGE_SIZE, offset=listing.offset
        )
        total = await queries.count_tokens(tx, listing.search, state, desk.now)
    return desk.page("console/tokens/list.html", rows=rows, listing=listing, total=total)


@get("/console/tokens.csv", opt={NEEDS: Permission.DRIVERS_READ})
async def export_tokens(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV, in the form that the import takes."""
    listing = desk.listing(*TOKEN_SORTS)
    async with desk.transaction() as tx:
        rows = await queries.tokens(
            tx, listing.search, desk.asked("state"), desk.now, sort=listing.sort, limit=spreadsheets.ROWS_MAX
        )
    return spreadsheets.answer(
        "tags",
        ("uid", "label", "driver", "valid_until", "blocked_why", "group", "last_used_at"),
        [
            (row.uid, row.label, row.driver_name, row.valid_until, row.blocked_why, row.group_code, row.last_used_at)
            for row in rows
        ],
    )


@get("/console/tokens/new", opt={NEEDS: Permission.DRIVERS_WRITE})
async def new_token(desk: AtDesk) -> Response[str]:
    """The form for a new tag."""
    return desk.page("console/tokens/new.html", values={"driver": desk.asked("driver")}, errors={}, own_words=own_words)


@post("/console/tokens/new", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def create_token(desk: AtDesk) -> Response[Any]:
    """Add a tag, to a driver or loose."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            driver_id = await driver_meant(tx, form.get("driver", ""))
            new = NewToken(
                uid=form.get("uid", ""),
                label=form.get("label", ""),
                driver_id=driver_id,
                kind=form.get("kind", "rfid"),
                group_code=form.get("group_code", ""),
                is_master=bool(form.get("is_master")),
            )
            await access.create_token(tx, desk.actor, new, desk.now)
    except Problem as problem:
        return desk.page(
            "console/tokens/new.html",
            status=problem.status,
            values=form,
            errors=desk.errors(problem),
            own_words=own_words,
        )
    back = f"/console/drivers/{shown('drv', driver_id)}" if driver_id else "/console/tokens"
    return desk.go(back, desk.words("The tag is added and works from now on."))


async def driver_meant(tx: Transaction, text: str) -> DriverId | None:
    """Return the driver that somebody wrote down as an id or an e-mail address. Raises `Invalid`."""
    if not text:
        return None
    if text.startswith("drv_"):
        return DriverId(found(await queries.driver(tx, named("drv", text))).id)
    rows = await queries.drivers(tx, text, "", "", "name", limit=20)
    exact = [row for row in rows if row.email == text.lower()]
    if len(exact) != 1:
        raise Invalid(
            "No driver has this e-mail address.", field="driver", remedy="Add the driver first, or leave it empty."
        )
    return DriverId(exact[0].id)


@post("/console/tokens/{token_id:str}/block", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=303)
async def block_token(desk: AtDesk, token_id: FromPath[str]) -> Response[Any]:
    """Keep a tag from charging, with a reason."""
    form = await desk.form()
    identity = TokenId(named("tok", token_id))
    async with desk.transaction() as tx:
        await access.block_token(tx, desk.actor, identity, form.get("reason", ""), desk.now)
    return desk.go(_back(form), desk.words("The tag is blocked."))


@post("/console/tokens/{token_id:str}/unblock", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=303)
async def unblock_token(desk: AtDesk, token_id: FromPath[str]) -> Response[Any]:
    """Let a tag charge again."""
    form = await desk.form()
    identity = TokenId(named("tok", token_id))
    async with desk.transaction() as tx:
        await access.unblock_token(tx, desk.actor, identity, form.get("reason", ""), desk.now)
    return desk.go(_back(form), desk.words("The tag works again."))


def _back(form: dict[str, str]) -> str:
    driver = form.get("driver", "")
    return f"/console/drivers/{shown('drv', named('drv', driver))}" if driver else "/console/tokens"


@get("/console/tokens/import", opt={NEEDS: Permission.DRIVERS_WRITE})
async def import_form(desk: AtDesk) -> Response[str]:
    """The form for a list of tags."""
    return desk.page("console/tokens/import.html", report=None, errors={})


@post(
    "/console/tokens/import",
    opt={NEEDS: Permission.DRIVERS_WRITE},
    status_code=200,
    request_max_body_size=IMPORT_MAX_BYTES,
)
async def import_tokens(desk: AtDesk, request: Request[Any, Any, Any]) -> Response[Any]:
    """Add a list of tags from CSV; what is wrong with a line is said beside its number, and nothing is added then."""
    data = await request.form()
    file = data.get("file")
    raw = await file.read() if isinstance(file, UploadFile) else str(data.get("text", "")).encode()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")  # what older Excel writes; letters of names may be wrong, UIDs are ASCII
    try:
        async with desk.transaction() as tx:
            report = await access.import_tokens(tx, desk.actor, text, desk.now)
    except Problem as problem:
        return desk.page("console/tokens/import.html", status=problem.status, report=None, errors=desk.errors(problem))
    return desk.page("console/tokens/import.html", report=report, errors={})


ROUTES: Final = [
    list_drivers,
    new_driver,
    create_driver,
    show_driver,
    edit_driver,
    save_driver,
    block_driver,
    unblock_driver,
    list_tokens,
    export_tokens,
    new_token,
    create_token,
    block_token,
    unblock_token,
    import_form,
    import_tokens,
]
