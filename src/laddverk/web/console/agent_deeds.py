"""What agents do for a driver from the page of a case: one address for each button, and a second person's word."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.support.agent import service
from laddverk.support.agent.model import Given
from laddverk.support.situations.model import AgentButton
from laddverk.web.amounts import minor_of
from laddverk.web.console import case_page, cases
from laddverk.web.console.cases import PLACE, WRITE
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.visit import named

REASON_MAX: Final = 1000  # longer is refused by the service with a word; beyond this it is not even shown again
BUTTON: Final = "button"


@post(f"{PLACE}/{{case_id:str}}/deeds/{{button:str}}", opt=WRITE, status_code=200)
async def do_deed(desk: AtDesk, case_id: FromPath[str], button: FromPath[str]) -> Response[Any]:
    """Do what a button says; its result is on the page and comes by itself."""
    identity, form = named("cas", case_id), await desk.form()
    if button not in set(AgentButton):
        raise NotFound("There is nothing like that to do.")
    try:
        given = _given(desk, form)
        async with desk.transaction() as tx:
            await service.do(tx, desk.house, desk.actor, identity, AgentButton(button), given, desk.now)
    except NotFound as problem:
        if problem.field is None:
            raise
        return await _refused(desk, identity, button, form, problem)
    except Problem as problem:
        return await _refused(desk, identity, button, form, problem)
    return desk.go(f"{cases.href(identity)}#case-deeds", desk.words("It is on its way: see what comes of it."))


@post(f"{PLACE}/{{case_id:str}}/decide/{{deed_id:str}}", opt=WRITE, status_code=200)
async def decide_deed(desk: AtDesk, case_id: FromPath[str], deed_id: FromPath[str]) -> Response[Any]:
    """Agree, or not, to what somebody else asked for."""
    identity, form = named("cas", case_id), await desk.form()
    agrees = form.get("agrees", "")
    if agrees not in ("yes", "no"):
        raise Invalid("Choose from the list.", field="agrees")
    try:
        async with desk.transaction() as tx:
            await service.decide(
                tx, desk.house, desk.actor, identity, _uuid(deed_id), desk.now, agrees=agrees == "yes"
            )  # fmt: skip
    except NotFound:
        raise
    except Problem as problem:
        return await _refused(desk, identity, "", form, problem)
    return desk.go(cases.href(identity), desk.words("Noted."))


@post(f"{PLACE}/{{case_id:str}}/plate", opt=WRITE, status_code=200)
async def keep_plate(desk: AtDesk, case_id: FromPath[str]) -> Response[Any]:
    """Keep the number plate of the driver."""
    identity, form = named("cas", case_id), await desk.form()
    try:
        async with desk.transaction() as tx:
            await service.keep_plate(tx, desk.house, desk.actor, identity, form.get("plate", ""), desk.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _refused(desk, identity, "", form, problem)
    return desk.go(cases.href(identity), desk.words("Noted."))


async def _refused(
    desk: Desk, identity: UUID, button: str, form: dict[str, str], problem: Problem
) -> Response[Any]:  # fmt: skip
    kept = {**form, "reason": form.get("reason", "")[:REASON_MAX], BUTTON: button}
    return await case_page.page(desk, identity, kept, desk.errors(problem), problem.status)


def _given(desk: Desk, form: dict[str, str]) -> Given:
    amount = form.get("amount", "").strip()
    once = form.get("once", "")
    currency = form.get("currency", "") or desk.house.settings.currency
    if currency not in desk.house.settings.currencies:
        raise Invalid("This must be an amount above zero.", field="amount", remedy="Write it like 12,50.")
    return Given(
        reason=form.get("reason", ""), code=form.get("code", ""), tag=form.get("tag", ""),
        once=_uuid(once) if once else None,
        amount_minor=minor_of(amount, currency, "amount") if amount else None,
    )  # fmt: skip


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is nothing like that to do.") from None


ROUTES: Final = [do_deed, decide_deed, keep_plate]
