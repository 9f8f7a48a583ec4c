"""Which team a case belongs to, and whose turn it is. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from msgspec.structs import replace

from laddverk.kernel.problems import Invalid
from laddverk.support.model import KINDS, Case
from laddverk.support.teams.model import MEMBERS_MAX, Team


def checked(team: Team, staff: Collection[UUID]) -> Team:
    """Return a team of people of ours. Raises `Invalid` (fields name, members, lead, kinds)."""
    if not team.name.strip():
        raise Invalid("Give it a name.", field="name")
    if len(team.members) > MEMBERS_MAX or not set(team.members) <= set(staff):
        raise Invalid("Choose from the list.", field="members")
    if team.lead_id is not None and team.lead_id not in staff:
        raise Invalid("Choose from the list.", field="lead")
    if not set(team.kinds) <= set(KINDS):
        raise Invalid("Choose from the list.", field="kinds")
    return replace(team, name=team.name.strip()[:80], members=tuple(dict.fromkeys(team.members)))


def of_case(teams: Iterable[Team], case: Case) -> Team | None:
    """Return the team that a new case comes to: the one that names most of what it is about, and none that fits not.

    A team that names neither kinds nor sites is nobody's by itself.
    """
    fitting = [
        team
        for team in teams
        if (team.kinds or team.site_ids)
        and (not team.kinds or case.kind in team.kinds)
        and (not team.site_ids or case.site_id in team.site_ids)
    ]
    return max(fitting, key=lambda team: (bool(team.site_ids), bool(team.kinds), team.name), default=None)


def next_turn(team: Team, there: Collection[UUID]) -> UUID | None:
    """Return the member who comes after the one that got the last case, among those who can have one."""
    able = [member for member in team.members if member in there]
    if not team.takes_turns or not able:
        return None
    if team.last_given_id not in team.members:
        return able[0]
    place = team.members.index(team.last_given_id)
    round_ = team.members[place + 1 :] + team.members[: place + 1]
    return next(member for member in round_ if member in there)
