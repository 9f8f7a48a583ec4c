"""Placing a new case: what rules say of it, the team that it comes to, and whose turn it is there."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from laddverk.platform.database import Transaction
from laddverk.support import words
from laddverk.support.model import Case, Entry, EntryKind
from laddverk.support.opening import rules, store
from laddverk.support.teams import rules as team_rules
from laddverk.support.teams import store as teams


async def placed(tx: Transaction, case: Case, text: str, now: datetime) -> tuple[Case, list[Entry]]:
    """Return a new case where it belongs, and what its timeline tells of that."""
    found, fitting = rules.applied(case, await store.rules(tx), text)
    entries = [_said(case, words.RULE, now, rule=rule.name) for rule in fitting]
    known = await teams.teams(tx)
    team = next((one for one in known if one.id == found.team_id), None) or team_rules.of_case(known, found)
    if team is None:
        return replace(found, team_id=None), entries
    entries.append(_said(case, words.TO_TEAM, now, name=team.name))
    found = replace(found, team_id=team.id)
    if not team.takes_turns or found.assignee_id is not None:
        return found, entries
    people = {person.id: person.name for person in await teams.people(tx)}
    turn = team_rules.next_turn(team, people)
    if turn is None:
        return found, entries
    await teams.note_given(tx, team.id, turn)
    entries.append(_said(case, words.TURN, now, name=people[turn]))
    return replace(found, assignee_id=turn, assignee_name=people[turn]), entries


def _said(case: Case, text: str, now: datetime, **params: object) -> Entry:
    return Entry(case_id=case.id, at=now, kind=EntryKind.MACHINE, by_kind="rule", text=text, params=params)
