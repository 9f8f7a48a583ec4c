"""Mail of support: what came in and what became of it, one mail as it came, addresses that are dead; files of cases."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath
from markupsafe import Markup

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import Problem
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.platform.settings import Settings
from laddverk.support import attachments
from laddverk.support import queries as case_queries
from laddverk.support.mail import queries, store, working
from laddverk.support.mail.model import Dmarc, Verdict
from laddverk.support.mail.queries import LOOSE, MailFilter
from laddverk.support.queries import CaseRow
from laddverk.web import pictures, spreadsheets
from laddverk.web.console import cases
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

PLACE: Final = "/console/mails"
READ: Final = {NEEDS: Permission.CASES_READ}
WRITE: Final = {NEEDS: Permission.CASES_WRITE}
VERDICTS: Final = {
    Verdict.OPENED: ("done", marked("Opened a case")),
    Verdict.JOINED: ("done", marked("Joined its case")),
    Verdict.STORED: ("plain", marked("Stored in its case")),
    Verdict.BOUNCED: ("wait", marked("Says that ours did not arrive")),
    Verdict.IGNORED: ("off", marked("Ignored")),
    Verdict.REFUSED: ("wait", marked("Refused")),
    Verdict.BROKEN: ("broken", marked("Could not be read")),
    Verdict.TAKEN: ("plain", marked("Being read")),
}
OPENED_NOTHING: Final = marked("Opened nothing")
DMARC: Final = {
    Dmarc.PASS: ("done", marked("Sender vouched for")),
    Dmarc.FAIL: ("wait", marked("Sender not vouched for")),
    Dmarc.UNKNOWN: ("off", marked("Sender not checked")),
}
AS_TEXT: Final = "text/plain; charset=utf-8"


def _wanted(desk: Desk) -> MailFilter:
    asked = desk.asked("verdict")
    known = asked == LOOSE or asked in set(Verdict)
    return MailFilter(search=desk.asked("q").strip()[:100], verdict=asked if known else "")


def _words() -> dict[str, Any]:
    return {"verdicts": VERDICTS, "dmarcs": DMARC, "opens_nothing": working.OPENS_NOTHING}


def inboxes(settings: Settings) -> list[str]:
    """Return by which ways mail comes in, as they are set."""
    if not settings.support_address:
        return []
    return [
        name
        for name, is_set in (
            ("LMTP", settings.support_lmtp_port is not None),
            ("IMAP", bool(settings.support_imap_url)),
        )
        if is_set
    ]


@get(PLACE, opt=READ)
async def list_mails(desk: AtDesk) -> Response[str]:
    """Mails that came in, the newest first."""
    listing, wanted = desk.listing("-at"), _wanted(desk)
    async with desk.transaction() as tx:
        return desk.page(
            "console/mails/list.html",
            rows=await queries.mails(tx, desk.sites, wanted, limit=PAGE_SIZE, offset=listing.offset),
            total=await queries.count(tx, desk.sites, wanted),
            dead_total=await queries.count_dead(tx, desk.sites, ""),
            mailboxes=await queries.mailboxes(tx) if desk.sites is None else [],
            inboxes=inboxes(desk.house.settings), address=desk.house.settings.support_address,
            listing=listing, wanted=wanted, loose=(LOOSE, OPENED_NOTHING), **_words(),
        )  # fmt: skip


@get(f"{PLACE}.csv", opt=READ)
async def export_mails(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    async with desk.transaction() as tx:
        rows = await queries.mails(tx, desk.sites, _wanted(desk), limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer(
        "mails",
        ("at", "inbox", "sender", "name", "subject", "verdict", "why", "dmarc", "copies", "case", "bytes"),
        [
            (
                row.at, row.inbox, row.sender, row.sender_name, row.subject, row.verdict.value, row.why,
                row.dmarc.value, row.copies, row.case_number, row.raw_size,
            )
            for row in rows
        ],
    )  # fmt: skip


@get(f"{PLACE}/dead", opt=READ)
async def list_dead(desk: AtDesk) -> Response[str]:
    """Addresses that mail does not arrive at, and what a mail server said of them."""
    listing = desk.listing("-at")
    async with desk.transaction() as tx:
        return desk.page(
            "console/mails/dead.html",
            rows=await queries.dead(tx, desk.sites, listing.search, limit=PAGE_SIZE, offset=listing.offset),
            total=await queries.count_dead(tx, desk.sites, listing.search),
            listing=listing,
        )


@post(f"{PLACE}/dead", opt=WRITE, status_code=200)
async def revive_address(desk: AtDesk) -> Response[Any]:
    """Write to an address again."""
    form = await desk.form()
    async with desk.transaction() as tx:
        await working.revive(tx, desk.actor, form.get("address", "")[:254], desk.now)
    return desk.go(f"{PLACE}/dead", desk.words("We write to this address again."))


@get(f"{PLACE}/{{mail_id:str}}", opt=READ)
async def show_mail(desk: AtDesk, mail_id: FromPath[str]) -> Response[str]:
    """One mail: what became of it and why, and how it looked."""
    return await _page(desk, mail_id, {})


async def _page(desk: Desk, mail_id: str, errors: dict[str, str], status: int = 200) -> Response[str]:
    identity = named("eml", mail_id)
    async with desk.transaction() as tx:
        mail = found(await queries.mail(tx, desk.sites, identity))
        raw = await store.raw(tx, identity) or b""
    return desk.page(
        "console/mails/detail.html", status=status, mail=mail, looks=looks_of(mail), errors=errors,
        head=raw[:4_000].decode("utf-8", "replace").replace("\r", "").partition("\n\n")[0], **_words(),
    )  # fmt: skip


def looks_of(mail: queries.MailPage) -> Markup:
    """Return how a mail looked. `support.mail.bodies` cleaned it when it came."""
    return Markup(mail.html)  # noqa: S704 - cleaned by nh3: no scripts, styles, forms or pictures


@get(f"{PLACE}/{{mail_id:str}}/raw", opt=READ)
async def download_raw(desk: AtDesk, mail_id: FromPath[str]) -> Response[bytes]:
    """The mail as it came, as a text to be kept or looked at."""
    identity = named("eml", mail_id)
    async with desk.transaction() as tx:
        found(await queries.mail(tx, desk.sites, identity))
        raw = found(await store.raw(tx, identity))
    name = f'attachment; filename="{shown("eml", identity)}.eml"'
    headers = {"cache-control": "no-store", "content-disposition": name}  # what is theirs stays in no cache
    return Response(raw, media_type=AS_TEXT, headers=headers)


@post(f"{PLACE}/{{mail_id:str}}/case", opt=WRITE, status_code=200)
async def make_case(desk: AtDesk, mail_id: FromPath[str]) -> Response[Any]:
    """Make a case of a mail that opened none."""
    identity = named("eml", mail_id)
    try:
        async with desk.transaction() as tx:
            case = await working.make_case(tx, desk.house, desk.actor, identity, desk.now)
    except Problem as problem:
        if problem.status == 404:
            raise
        return await _page(desk, mail_id, desk.errors(problem), problem.status)
    return desk.go(cases.href(case.id), desk.words("Case %(number)s is open.", number=case.number))


@get(f"{cases.PLACE}/{{case_id:str}}/files/{{attachment_id:str}}", opt=READ)
async def show_file(desk: AtDesk, case_id: FromPath[str], attachment_id: FromPath[str]) -> Response[bytes]:
    """A file that somebody sent: a picture is shown, all else handed out."""
    case, identity = named("cas", case_id), named("att", attachment_id)
    async with desk.transaction() as tx:
        found(await case_queries.case(tx, desk.sites, case))
        file = found(await attachments.one(tx, case, identity))
    return pictures.handed_out(file.content, file.media_type, file.name)


async def of_case(tx: Transaction, row: CaseRow) -> dict[str, Any]:
    """Return what the panel of mails and files of a case shows."""
    return {
        "mails": [(mail, looks_of(mail)) for mail in await queries.of_case(tx, row.id)],
        "files": await attachments.of_case(tx, row.id),
        "dead": await queries.dead_address(tx, row.contact_email),
        **_words(),
    }


ROUTES: Final = [
    list_mails, export_mails, list_dead, revive_address, show_mail, download_raw, make_case, show_file,
]  # fmt: skip
