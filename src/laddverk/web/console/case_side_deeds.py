"""What is done beside a case: proving who somebody is, and putting an article into the answer."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from laddverk.kernel.problems import NotFound, Problem
from laddverk.platform.languages import gettext_for, marked
from laddverk.support import proving
from laddverk.support import queries as case_queries
from laddverk.support.codes import Way
from laddverk.support.knowledge import queries, rules, showing
from laddverk.web.console import case_page
from laddverk.web.console.cases import PLACE, WRITE, href
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.visit import named

LINK_TEXT: Final = marked("Read more: %(address)s")


@post(f"{PLACE}/{{case_id:str}}/identity", opt=WRITE, status_code=200)
async def prove(desk: AtDesk, case_id: FromPath[str]) -> Response[Any]:
    """Send a code to the account, or compare what somebody reads back."""
    identity_of_case, form = named("cas", case_id), await desk.form()
    try:
        async with desk.transaction() as tx:  # a wrong code is counted: nothing is raised for it in here
            if form.get("what") == "check":
                checked = await proving.check_code(
                    tx, desk.house, desk.actor, identity_of_case, form.get("identity_code", ""), desk.now
                )
            else:
                checked = None
                way = Way(form["way"]) if form.get("way") in set(Way) else None
                await proving.send_code(tx, desk.house, desk.actor, identity_of_case, desk.now, way)
    except NotFound:
        raise
    except Problem as problem:
        return await _again(desk, identity_of_case, {"identity_code": " ".join(desk.errors(problem).values())})
    if checked is None:
        return desk.go(f"{href(identity_of_case)}#identity", desk.words("The code is on its way. Ask for it."))
    if checked.is_right:
        return desk.go(f"{href(identity_of_case)}#identity", desk.words("It is right: the account is theirs."))
    wrong = desk.words("This is not the code. %(left)s tries are left.", left=checked.tries_left)
    return await _again(desk, identity_of_case, {"identity_code": wrong})


@post(f"{PLACE}/{{case_id:str}}/quote", opt=WRITE, status_code=200)
async def quote(desk: AtDesk, case_id: FromPath[str]) -> Response[Any]:
    """Put an article into the answer that is being written, or look for others. Nothing is sent, nothing is lost."""
    identity_of_case, form = named("cas", case_id), await desk.form()
    slug, _, kind = form.get("quote", "").partition(":")
    async with desk.transaction() as tx:
        row = found(await case_queries.case(tx, desk.sites, identity_of_case))
        article = await queries.read(tx, slug[: rules.SLUG_MAX]) if slug else None
    values = dict(form)
    if article is not None:
        address = f"{desk.house.settings.web_url}/help/articles/{article.slug}"
        link = gettext_for(row.language)(LINK_TEXT) % {"address": address}
        said = showing.plain_of(article.body) if kind == "text" else f"{article.title}\n{link}"
        values["reply"] = "\n\n".join(part for part in (form.get("reply", "").rstrip(), said) if part)
    return await _again(desk, identity_of_case, {}, values, 200)


async def _again(
    desk: Desk, identity_of_case: UUID, errors: dict[str, str], values: dict[str, str] | None = None, status: int = 422
) -> Response[str]:
    return await case_page.page(desk, identity_of_case, values or {}, errors, status)


ROUTES: Final = [prove, quote]
