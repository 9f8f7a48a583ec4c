"""The office: who did what (audit), who may do what (staff, API keys), and what could not be understood."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.access import queries as access_queries
from laddverk.access import service as access
from laddverk.access.model import StaffDetails
from laddverk.kernel.actors import Permission, Role
from laddverk.kernel.ids import ApiKeyId, OperatorId, SiteId
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform import queries as platform_queries
from laddverk.sessions import queries as sessions_queries
from laddverk.stations import queries as stations_queries
from laddverk.stations import service as stations
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

LINKS: Final = {
    "station": ("sta", "/console/stations/"),
    "site": ("sit", "/console/sites/"),
    "driver": ("drv", "/console/drivers/"),
    "session": ("ses", "/console/sessions/"),
    "tariff": ("tar", "/console/tariffs/"),
    "payment": ("pay", "/console/payments/"),
    "invoice": ("inv", "/console/invoices/"),
}
"""Where a thing of the audit log has its page."""


@get("/console/audit", opt={NEEDS: Permission.AUDIT_READ})
async def show_audit(desk: AtDesk) -> Response[str]:
    """Who did what, and why."""
    listing = desk.listing("latest")
    actor_kind, object_kind = desk.asked("who"), desk.asked("what")
    async with desk.transaction() as tx:
        rows = await platform_queries.audit(
            tx, listing.search, actor_kind, object_kind, limit=PAGE_SIZE + 1, offset=listing.offset
        )
        kinds = await platform_queries.audited_kinds(tx)
    return desk.page(
        "console/audit.html",
        rows=rows[:PAGE_SIZE],
        has_next=len(rows) > PAGE_SIZE,
        listing=listing,
        kinds=kinds,
        links=LINKS,
    )


@get("/console/staff", opt={NEEDS: Permission.STAFF_WRITE})
async def list_staff(desk: AtDesk) -> Response[str]:
    """Who may sign in here."""
    async with desk.transaction() as tx:
        rows = await access_queries.staff(tx)
    return desk.page("console/staff/list.html", rows=rows)


async def _form_page(
    desk: Desk,
    member: access_queries.StaffRow | None,
    values: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
) -> Response[str]:
    async with desk.transaction() as tx:
        sites = await stations_queries.sites(tx, desk.sites)
    return desk.page("console/staff/form.html", status=status, member=member, values=values, sites=sites, errors=errors)


@get("/console/staff/new", opt={NEEDS: Permission.STAFF_WRITE})
async def new_member(desk: AtDesk) -> Response[str]:
    """The form for a new member of staff."""
    return await _form_page(desk, None, {"role": "operator", "language": "sv", "sites": []}, {})


async def _given(desk: Desk) -> dict[str, Any]:
    return {**await desk.form(), "sites": await desk.choices("sites")}


def details_of(values: dict[str, Any]) -> StaffDetails:
    """Return the member of staff that a form describes. Raises `Invalid` naming the field."""
    if values.get("role") not in set(Role):
        raise Invalid("Choose a role.", field="role")
    return StaffDetails(
        email=values.get("email", ""),
        name=values.get("name", ""),
        role=Role(values["role"]),
        language=values.get("language", "sv"),
        site_ids=tuple(SiteId(named("sit", site)) for site in values["sites"]),
    )


@post("/console/staff/new", opt={NEEDS: Permission.STAFF_WRITE}, status_code=200)
async def create_member(desk: AtDesk) -> Response[Any]:
    """Add a member of staff."""
    values = await _given(desk)
    try:
        async with desk.transaction() as tx:
            await access.create_staff(tx, desk.actor, details_of(values), values.get("password", ""), desk.now)
    except Problem as problem:
        return await _form_page(desk, None, values, desk.errors(problem), problem.status)
    return desk.go("/console/staff", desk.words("%(name)s may sign in from now on.", name=values["name"]))


@get("/console/staff/{operator_id:str}/edit", opt={NEEDS: Permission.STAFF_WRITE})
async def edit_member(desk: AtDesk, operator_id: FromPath[str]) -> Response[str]:
    """The form for a member of staff."""
    async with desk.transaction() as tx:
        member: access_queries.StaffRow = found(await access_queries.member(tx, named("opr", operator_id)))
    values = {
        "email": member.email,
        "name": member.name,
        "role": member.role,
        "language": member.language,
        "sites": [f"sit_{site_id.hex}" for site_id in member.site_ids],
    }
    return await _form_page(desk, member, values, {})


@post("/console/staff/{operator_id:str}/edit", opt={NEEDS: Permission.STAFF_WRITE}, status_code=200)
async def save_member(desk: AtDesk, operator_id: FromPath[str]) -> Response[Any]:
    """Change a member of staff, and the password when one is given."""
    values = await _given(desk)
    identity = OperatorId(named("opr", operator_id))
    async with desk.transaction() as tx:
        member: access_queries.StaffRow = found(await access_queries.member(tx, identity))
    try:
        async with desk.transaction() as tx:
            await access.update_staff(tx, desk.actor, identity, details_of(values), desk.now)
            if values.get("password"):
                await access.set_password(tx, desk.actor, identity, values["password"], desk.now)
    except Problem as problem:
        return await _form_page(desk, member, values, desk.errors(problem), problem.status)
    return desk.go("/console/staff", desk.words("The changes are saved."))


@post("/console/staff/{operator_id:str}/disable", opt={NEEDS: Permission.STAFF_WRITE}, status_code=303)
async def disable_member(desk: AtDesk, operator_id: FromPath[str]) -> Response[Any]:
    """Keep somebody from signing in, and end where they are signed in."""
    form = await desk.form()
    async with desk.transaction() as tx:
        await access.disable_staff(
            tx, desk.actor, OperatorId(named("opr", operator_id)), desk.now, reason=form.get("reason", "")
        )
    return desk.go("/console/staff", desk.words("This person can no longer sign in."))


@post("/console/staff/{operator_id:str}/enable", opt={NEEDS: Permission.STAFF_WRITE}, status_code=303)
async def enable_member(desk: AtDesk, operator_id: FromPath[str]) -> Response[Any]:
    """Let somebody sign in again."""
    form = await desk.form()
    async with desk.transaction() as tx:
        await access.enable_staff(
            tx, desk.actor, OperatorId(named("opr", operator_id)), desk.now, reason=form.get("reason", "")
        )
    return desk.go("/console/staff", desk.words("This person may sign in again."))


@get("/console/keys", opt={NEEDS: Permission.STAFF_WRITE})
async def list_keys(desk: AtDesk) -> Response[str]:
    """The API keys."""
    return await _keys_page(desk, {"scopes": []}, {})


async def _keys_page(
    desk: Desk, values: dict[str, Any], errors: dict[str, str], status: int = 200, secret: str = ""
) -> Response[str]:
    async with desk.transaction() as tx:
        rows = await access_queries.api_keys(tx)
    return desk.page("console/staff/keys.html", status=status, rows=rows, values=values, errors=errors, secret=secret)


@post("/console/keys", opt={NEEDS: Permission.STAFF_WRITE}, status_code=200)
async def create_key(desk: AtDesk) -> Response[Any]:
    """Make an API key and show it: once."""
    form = await desk.form()
    scopes = await desk.choices("scopes")
    values = {**form, "scopes": scopes}
    try:
        if not scopes or set(scopes) - set(Permission):
            raise Invalid("Choose what the key may do.", field="scopes")
        allowed = frozenset(Permission(scope) for scope in scopes)
        async with desk.transaction() as tx:
            made = await access.create_api_key(tx, desk.actor, form.get("name", ""), allowed, desk.now)
    except Problem as problem:
        return await _keys_page(desk, values, desk.errors(problem), problem.status)
    return await _keys_page(desk, {"scopes": []}, {}, secret=made.secret)


@post("/console/keys/{key_id:str}/revoke", opt={NEEDS: Permission.STAFF_WRITE}, status_code=303)
async def revoke_key(desk: AtDesk, key_id: FromPath[str]) -> Response[Any]:
    """Make a key open nothing any more."""
    form = await desk.form()
    async with desk.transaction() as tx:
        await access.revoke_api_key(tx, desk.actor, ApiKeyId(named("key", key_id)), desk.now, form.get("reason", ""))
    return desk.go("/console/keys", desk.words("The key opens nothing any more."))


@get("/console/trouble", opt={NEEDS: Permission.STATIONS_WRITE})
async def show_trouble(desk: AtDesk) -> Response[str]:
    """What could not be understood or carried out: messages, orphans, jobs."""
    async with desk.transaction() as tx:
        return desk.page(
            "console/trouble.html",
            quarantined=await stations_queries.quarantined(tx, desk.sites),
            orphans=await sessions_queries.orphans(tx, desk.sites),
            jobs=await platform_queries.failed_jobs(tx) if desk.sites is None else [],
            knocks=await stations_queries.count_knocks(tx),
        )


@post("/console/trouble/{quarantine_id:str}/reviewed", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=303)
async def review_quarantined(desk: AtDesk, quarantine_id: FromPath[str]) -> Response[Any]:
    """Say that somebody has looked at a message."""
    async with desk.transaction() as tx:
        await stations.review_quarantined(tx, desk.actor, [named("qua", quarantine_id)], desk.now)
    desk.tell()
    return desk.go("/console/trouble", desk.words("Marked as seen."))


ROUTES: Final = [
    show_audit,
    list_staff,
    new_member,
    create_member,
    edit_member,
    save_member,
    disable_member,
    enable_member,
    list_keys,
    create_key,
    revoke_key,
    show_trouble,
    review_quarantined,
]
