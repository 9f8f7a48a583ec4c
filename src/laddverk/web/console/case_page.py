"""The page of a case: who, what is wrong, what to do about it, the charger now, and one timeline."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from laddverk.diagnostics.incidents import queries as incidents_queries
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import new_id, shown
from laddverk.platform.database import Transaction
from laddverk.support import happening, privacy, queries
from laddverk.support import identity as identities
from laddverk.support.agent import about, screen
from laddverk.support.agent.meanings import MEANINGS
from laddverk.support.agent.model import Meaning, Trouble
from laddverk.support.identity import Need
from laddverk.support.model import Verified
from laddverk.support.phone import queries as phone_queries
from laddverk.support.queries import CaseRow
from laddverk.support.situations import wording
from laddverk.support.situations.model import AgentButton
from laddverk.web.console import agent_words, calls, case_desk, case_side, cases, chats, incident_words, mails
from laddverk.web.console.cases import PLACE, READ
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.live import Parts
from laddverk.web.visit import named

LIVE_PARTS: Final = (
    "present", "state", "sentence", "identity", "situation", "wrong", "charger", "session", "payment", "actions",
    "deeds", "call", "chat", "timeline", "ring", "labels", "mail",
)  # fmt: skip
HELD: Final = {"identity": "identity_code", "actions": "button"}
"""Parts with a form, by the field that says that it has come back: with what was wrong, and what was typed."""
FIRST_MAX: Final = 4  # of what the situation offers; the rest is one click away
ALWAYS: Final = (
    AgentButton.START, AgentButton.STOP, AgentButton.UNLOCK, AgentButton.PAYMENT_LINK, AgentButton.NEAREST,
    AgentButton.EXTEND, AgentButton.SWAP, AgentButton.ALLOW_TOKEN, AgentButton.REFUND, AgentButton.GOODWILL,
    AgentButton.PAY_OWED, AgentButton.RECEIPT, AgentButton.TELL_OWNER, AgentButton.CLEAR_RESERVATION,
    AgentButton.BLOCK_TOKEN, AgentButton.UNBLOCK_TOKEN, AgentButton.CLEAR_CACHE, AgentButton.RESET,
    AgentButton.HARD_RESET, AgentButton.OUT_OF_SERVICE, AgentButton.IN_SERVICE, AgentButton.WORK_ORDER,
)  # fmt: skip
"""What can be done in any case, in the order in which it is mostly needed."""


class Action(Struct, frozen=True, kw_only=True):
    """One button as the page shows it."""

    button: AgentButton
    meaning: Meaning
    href: str = ""
    """Where it leads, for one that only leads somewhere."""
    is_known: bool = True
    """Whether we are sure enough of who asks."""
    tone: str = "plain"
    icon: str = ""
    key: str = ""
    """The single key that opens it."""


@get(f"{PLACE}/{{case_id:str}}", opt=READ)
async def show_case(desk: AtDesk, case_id: FromPath[str]) -> Response[str]:
    """One case: who, what is wrong, the charger now, and everything said and done on one timeline."""
    return await page(desk, named("cas", case_id), {}, {})


async def _facts(desk: Desk, tx: Transaction, identity: UUID) -> dict[str, Any]:
    row = found(await queries.case(tx, desk.sites, identity))
    incident = row.of_incident_id and await incidents_queries.incident(tx, desk.sites, row.of_incident_id)
    trouble = await about.trouble_of(tx, row, desk.now)
    key, station = trouble.told.situation.key, trouble.subject.station_id
    texts = wording.spoken(trouble.told, desk.language, desk.house.settings.timezone)
    zone = desk.house.settings.timezone
    actions = _actions(desk, row, trouble)
    return {
        "case": row,
        "entries": await happening.everything(tx, identity, _around(row, trouble)),
        "charger": await screen.charger(tx, station, key, identity, desk.now) if station else None,
        "deeds": await screen.deeds(tx, identity),
        "calls": await phone_queries.of_case(tx, identity),
        "chat": await chats.facts(desk, tx, row),
        "incident": incident,
        "affected": await incidents_queries.drivers_affected(tx, incident.id) if incident else 0,
        "place": cases.href(identity),
        "trouble": trouble,
        "told": texts,
        "evidence": [
            (incident_words.sentence(each, desk.language, zone), each.at) for each in trouble.told.match.evidence
        ],
        "first": actions[:FIRST_MAX],
        "more": actions[FIRST_MAX:],
        "once": new_id(),
        "aw": agent_words,
        **await mails.of_case(tx, row),
        **cases.words_of(desk),
    }


def _around(row: CaseRow, trouble: Trouble) -> happening.Around:
    start, charge = trouble.facts.start, trouble.facts.session
    if charge is not None and not charge.is_drivers:
        charge = None
    began_at = start.asked_at if start else charge.started_at if charge else None
    return happening.around(row, trouble.subject, began_at, charge.ended_at if charge else None)


def _actions(desk: Desk, case: CaseRow, trouble: Trouble) -> list[Action]:
    """Return what can be done, what the situation offers first; what this person may not do is left out."""
    offered = trouble.told.situation.agent
    made: list[Action] = []
    for button in (*offered, *(each for each in ALWAYS if each not in offered)):
        meaning = MEANINGS[button]
        href = _leads(meaning, trouble, case) if meaning.leads else ""
        if not desk.may(meaning.permission) or (meaning.leads and not href):
            continue
        made.append(
            Action(
                button=button, meaning=meaning, href=href, is_known=_is_known(case, meaning, trouble),
                tone=agent_words.TONES.get(button, "plain"), icon=agent_words.ICONS[button],
                key=agent_words.KEYS[len(made)] if len(made) < FIRST_MAX else "",
            )
        )  # fmt: skip
    return made


def _is_known(case: CaseRow, meaning: Meaning, trouble: Trouble) -> bool:
    if meaning.need is Need.MONEY and case.verified is Verified.CHARGE and "amount" in meaning.asks:
        return trouble.subject.start_request_id is not None
    return identities.may(case.verified, meaning.need)


def _leads(meaning: Meaning, trouble: Trouble, case: CaseRow) -> str:
    payment = trouble.subject.payment_id or case.payment_id
    if meaning.leads == "payment" and payment is not None:
        return f"/console/payments/{shown('pay', payment)}"
    if meaning.leads == "load" and case.site_id is not None:
        return f"/console/sites/{quote(shown('sit', case.site_id))}/load"
    return ""


async def page(
    desk: Desk, identity: UUID, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    """Return the page of a case, with what was entered and what is wrong with it. That it was read is logged."""
    async with desk.transaction() as tx:
        given = await _facts(desk, tx, identity)
        await privacy.note_read(tx, desk.actor, identity, desk.now)
        has_chat = given["chat"] is not None and not given["chat"].is_over
        given |= await case_desk.facts(desk, tx, given["case"], has_chat=has_chat)
        words, key = values.get("article_words", "")[:100], given["trouble"].told.situation.key
        given |= await case_side.facts_of(desk, tx, given["case"], given["charger"], key, words)
        staff = await queries.staff(tx)
    given |= await calls.of_case(desk, given["calls"])
    given["seen"] = next((entry.at for entry in given["entries"] if entry.source == "case"), None)
    held = ",".join(part for part, name in HELD.items() if name in errors or values.get(name))
    return desk.page(
        "console/cases/detail.html", status=status, staff=staff, values=values, errors=errors, held=held, **given
    )  # fmt: skip


async def live_parts(desk: Desk, shown_id: str) -> Parts:
    """Return the parts of a case's page that change by themselves, for who may read cases.

    Those that the page holds are left as they are: a form that came back says what was wrong until it is sent again.
    """
    desk.actor.require(Permission.CASES_READ)
    async with desk.transaction() as tx:
        given = await _facts(desk, tx, named("cas", shown_id))
        given |= await case_desk.live_facts(desk, tx, given["case"])
        given |= await case_side.identity_of(desk, tx, given["case"])
    given |= await calls.of_case(desk, given["calls"])
    given |= {"values": {}, "errors": {}}
    held = desk.asked("held").split(",")
    return {
        f"case-{name}": desk.template(f"console/cases/_{name}.html", **given) for name in LIVE_PARTS if name not in held
    }


async def topics_of(desk: Desk, shown_id: str) -> list[str]:
    """Return what is said when something happens to the problem that a case belongs to, or to its charger."""
    desk.actor.require(Permission.CASES_READ)
    async with desk.transaction() as tx:
        row = found(await queries.case(tx, desk.sites, named("cas", shown_id)))
        subject = await about.subject_of_case(tx, row, desk.now)
    topics = {"incident": row.of_incident_id, "station": subject.station_id or row.station_id}
    return [f"{topic}:{identity}" for topic, identity in topics.items() if identity]


ROUTES: Final = [show_case]
