"""Keeping macros, and using one in a case: its words are shown filled in first, then everything is one commit."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform import formats
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support import identity as identities
from laddverk.support import links, service, settling, words, working
from laddverk.support import store as cases
from laddverk.support.agent import service as agent
from laddverk.support.agent.model import Given
from laddverk.support.identity import Need
from laddverk.support.inbox import snoozing
from laddverk.support.macros import filling, store
from laddverk.support.macros.filling import Filled
from laddverk.support.macros.model import Macro, Scope
from laddverk.support.model import Case, Entry, EntryKind
from laddverk.support.situations.model import AgentButton
from laddverk.support.teams import store as teams

SUGGESTED_MAX: Final = 8  # what is seen at a glance
OF_CHARGE: Final = frozenset({"session", "energy", "cost"})
"""Places that say what a charge came to."""


class Known(Struct, frozen=True):
    """What may stand in the places of a text, and the places that are secret to whoever it goes to."""

    values: dict[str, str]
    withheld: frozenset[str]


async def save(tx: Transaction, actor: Actor, given: Macro, now: datetime) -> None:
    """Write a macro: one's own, or, for those who may change the desk, a team's or all's. Raises `Invalid`."""
    actor.require(Permission.CASES_WRITE)
    before = await store.macro(tx, given.id)
    if given.scope is not Scope.OWN or (before is not None and before.scope is not Scope.OWN):
        settling.require(actor)
    elif before is not None and before.owner_id != actor.id:
        raise NotFound("There is nothing like that.")
    if given.scope is Scope.TEAM and await teams.team(tx, given.team_id) is None:
        raise Invalid("Choose from the list.", field="team")
    checked = filling.checked(given)
    kept = replace(checked, owner_id=actor.id, team_id=checked.team_id if checked.scope is Scope.TEAM else None)
    await store.save(tx, kept, now)
    await settling.noted(tx, actor, "macro.saved", kept.id, now, msgspec.to_builtins(kept))


async def remove(tx: Transaction, actor: Actor, identity: UUID, now: datetime) -> None:
    """Take a macro away. Raises `NotFound` for another's own."""
    await _switch(tx, actor, identity, "macro.removed", store.REMOVE, now)


async def restore(tx: Transaction, actor: Actor, identity: UUID, now: datetime) -> None:
    """Put a macro back."""
    await _switch(tx, actor, identity, "macro.restored", store.RESTORE, now)


async def _switch(tx: Transaction, actor: Actor, identity: UUID, action: str, sql: str, now: datetime) -> None:
    actor.require(Permission.CASES_WRITE)
    if await tx.value(store.OWNER, identity) == actor.id and actor.id is not None:
        await tx.execute(sql, identity, *((now,) if "$2" in sql else ()))
        await settling.noted(tx, actor, action, identity, now)
        return
    await settling.switched(tx, actor, action, sql, identity, now)


async def _usable(tx: Transaction, actor: Actor, identity: UUID) -> Macro:
    found = next((one for one in await store.usable(tx, actor.id, limit=1000) if one.id == identity), None)
    if found is None:
        raise NotFound("There is no such canned answer.", field="macro")
    return found


async def preview(tx: Transaction, house: House, actor: Actor, case_id: UUID, identity: UUID) -> tuple[Macro, Filled]:
    """Return a macro, and its words for a case as they would be sent. Raises `NotFound`."""
    case = await service.worked_on(tx, actor, case_id)
    macro = await _usable(tx, actor, identity)
    known = await known_of(tx, house, actor, case)
    return macro, filling.filled(macro.text(case.language), known.values, known.withheld)


async def suggested(
    tx: Transaction, house: House, actor: Actor, case_id: UUID, search: str
) -> list[tuple[Macro, Filled]]:
    """Return the macros with words that fit `search`, each filled in for a case, the most used first."""
    case = await service.worked_on(tx, actor, case_id)
    known = await known_of(tx, house, actor, case)
    fitting = [one for one in await store.usable(tx, actor.id, search.strip()) if one.text(case.language)]
    return [
        (one, filling.filled(one.text(case.language), known.values, known.withheld))
        for one in fitting[:SUGGESTED_MAX]
    ]  # fmt: skip


async def require_filled(tx: Transaction, house: House, actor: Actor, case_id: UUID, text: str) -> None:
    """Raise `Invalid` (field reply) for an answer with a place in it that nothing was filled into."""
    if name := filling.left_in(text):
        known = await known_of(tx, house, actor, await service.worked_on(tx, actor, case_id))
        raise _nothing_for(name, known.withheld)


def _nothing_for(name: str, withheld: Collection[str]) -> Invalid:
    if name in withheld:
        return Invalid(
            "We do not know well enough who this is to say {%(name)s}.", field="reply",
            remedy="Send a code to the number or address of the account.", name=name,
        )  # fmt: skip
    return Invalid(
        "This case has nothing for {%(name)s}.", field="reply", remedy="Write it by hand, or say what it is about.",
        name=name,
    )  # fmt: skip


async def known_of(tx: Transaction, house: House, actor: Actor, case: Case) -> Known:
    """Return what may stand in the places of a text for a case, in its driver's language.

    What a charge came to is said to who proved the account, or holds that charge's own page. The name in an account is
    said to who proved it; a name that somebody gave themselves is theirs.
    """
    facts, language, settings = await store.facts(tx, case.id), case.language, house.settings
    assert facts is not None
    is_proved = identities.may(case.verified, Need.SAY_PERSONAL)
    named_self = "" if case.contact_name == facts.account_name else case.contact_name
    name = (facts.account_name if is_proved else "") or named_self
    values = {
        "driver": name.split(" ")[0], "number": str(case.number), "charger": facts.charger or "",
        "outlet": facts.outlet or "", "site": facts.site or "", "session": str(facts.session or ""),
        "energy": formats.energy_kwh(facts.energy_wh, language=language) if facts.energy_wh is not None else "",
        "cost": formats.money(facts.price_minor, facts.currency, language)
        if facts.price_minor is not None and facts.currency else "",
        "link": settings.web_url + links.path_of(house.secrets, case.id), "agent": actor.name,
        "operator": settings.operator_name, "phone": settings.operator_phone,
    }  # fmt: skip
    secret = frozenset() if identities.may_of_charge(case.verified, Need.SAY_PERSONAL) else OF_CHARGE
    withheld = {place for place in secret if values[place]}
    return Known(values, frozenset(withheld | ({"driver"} if facts.account_name and not name else set())))


async def use(
    tx: Transaction, house: House, actor: Actor, case_id: UUID, identity: UUID, text: str | None, now: datetime,
    *, seen: datetime | None = None,
) -> None:  # fmt: skip
    """Send a macro's words, or `text` where they were changed, and do what it does: all of it or nothing.

    Raises `Invalid` (field reply) where a place has nothing to stand in it, and whatever its deeds raise.
    """
    macro, words_ = await preview(tx, house, actor, case_id, identity)
    said = words_.text if text is None else text
    left = [name for name in (*words_.withheld, *words_.missing) if f"{{{name}}}" in said]
    if left:
        raise _nothing_for(left[0], words_.withheld)
    used = Entry(
        case_id=case_id, at=now, kind=EntryKind.DEED, by_kind="person", by_name=actor.name, text=words.MACRO,
        params={"who": actor.name or actor.kind, "macro": macro.name},
    )  # fmt: skip
    await cases.add(tx, [used])
    deeds = macro.deeds
    if deeds.button:
        because = Given(reason=f"“{macro.name}”")
        await agent.do(tx, house, actor, case_id, AgentButton(deeds.button), because, now)
    if said.strip():
        await service.reply(tx, house, actor, case_id, said, now, seen=seen)
    if deeds.tags:
        await working.set_tags(tx, house, actor, case_id, deeds.tags, now, add=True)
    if deeds.team_id is not None:
        await working.give_to_team(tx, house, actor, case_id, deeds.team_id, now)
    if deeds.takes:
        await working.take(tx, house, actor, case_id, now)
    if deeds.snooze:
        until = snoozing.until(deeds.snooze, None, now, ZoneInfo(house.settings.timezone))
        await working.snooze(tx, house, actor, case_id, until, now)
    if deeds.outcome:
        await working.close(tx, house, actor, case_id, deeds.outcome, "", now)
    await store.note_used(tx, macro.id)
