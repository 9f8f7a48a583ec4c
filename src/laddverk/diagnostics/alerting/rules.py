"""When somebody is called about an incident, and who. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from laddverk.diagnostics.alerting.model import Channel, Person, Step, What
from laddverk.diagnostics.incidents.holding import BUSY_DRIVERS, LONELY_DRIVERS
from laddverk.diagnostics.incidents.model import Hidden, Incident, State
from laddverk.diagnostics.model import Severity

PAGE_AFTER: Final = timedelta(minutes=60)  # what lasts so long lasts on: one in five more than a day (study, section 3)
AGED: Final = ((timedelta(hours=4), 2), (timedelta(hours=24), 3))
"""How long a charger may be down, also with somebody at it, before the next level hears of it."""
CALLS_MAX: Final = 12  # then everybody has heard of it
REPEAT: Final = timedelta(minutes=30)  # at the end of the chain, where it is dangerous


class Call(Struct, frozen=True):
    """Who is to be told of an incident now. `loud`: also by SMS; `urgent`: whatever the hour."""

    level: int
    what: What
    loud: bool
    urgent: bool


def ways_of(person: Person, *, has_device: bool, loud: bool) -> list[Channel]:
    """Return by which ways somebody is told. What is loud is told by all; what is not, by the one that disturbs least.

    A notification takes the place of a mail only: when no device takes it, `way_instead` says what does.
    """
    push = [Channel.PUSH] if has_device else []
    mail, text = [Channel.EMAIL] if person.email else [], [Channel.SMS] if person.phone else []
    if loud:
        return push + mail + text
    return push or mail


def way_instead(person: Person, told: Collection[Channel]) -> Channel | None:
    """Return by which way somebody is told when no device took a notification; None when they were told already."""
    if {Channel.EMAIL, Channel.SMS} & set(told):
        return None
    if person.email:
        return Channel.EMAIL
    return Channel.SMS if person.phone else None


def is_busy(incident: Incident) -> bool:
    """Return whether drivers are about to stand there in vain."""
    return incident.drivers_day >= BUSY_DRIVERS or (
        not incident.has_alternative and incident.drivers_day >= LONELY_DRIVERS
    )


def page_at(incident: Incident) -> datetime | None:
    """Return when somebody is first told of an incident; None for what waits in the inbox."""
    if incident.raised_at is None or incident.severity > Severity.DEGRADED:
        return None
    if incident.severity is Severity.DOWN and not is_busy(incident):
        return max(incident.raised_at, incident.since + PAGE_AFTER)
    return incident.raised_at


def call_due(incident: Incident, steps: tuple[Step, ...], now: datetime) -> Call | None:
    """Return who is to be told now, or None. `incident.level` and `called_at` say what has been done."""
    if incident.hidden_by is not Hidden.NOT or not steps or incident.level >= CALLS_MAX:
        return None
    if incident.state is State.NEW:
        return _unanswered(incident, steps, now)
    if incident.state in (State.ACKNOWLEDGED, State.IN_WORK):
        return _aged(incident, steps, now)
    return None


def _unanswered(incident: Incident, steps: tuple[Step, ...], now: datetime) -> Call | None:
    first = page_at(incident)
    if first is None or now < first or incident.quiet_since is not None:
        return None
    is_safety = incident.severity is Severity.SAFETY
    if incident.level == 0 or incident.called_at is None:
        loud = incident.severity <= Severity.DOWN
        return Call(steps[0].level, What.OPENED, loud, is_safety)
    if incident.severity > Severity.DOWN:
        return None
    reached = min(incident.level, len(steps))
    waited = timedelta(minutes=steps[reached - 1].wait_minutes)
    if incident.level >= len(steps):
        if not is_safety:
            return _aged(incident, steps, now)
        waited = max(waited, REPEAT)
    if now < incident.called_at + waited:
        return None
    following = steps[min(incident.level, len(steps) - 1)]
    return Call(following.level, What.ESCALATED, loud=True, urgent=is_safety)


def _aged(incident: Incident, steps: tuple[Step, ...], now: datetime) -> Call | None:
    if incident.severity > Severity.DOWN or incident.quiet_since is not None:
        return None
    for age, level in reversed(AGED):
        if now >= incident.since + age and incident.level < level <= len(steps):
            return Call(steps[level - 1].level, What.ESCALATED, loud=False, urgent=False)
    return None


def level_after(incident: Incident, call: Call, steps: tuple[Step, ...]) -> int:
    """Return how far an incident is escalated once `call` was made."""
    place = next((place for place, step in enumerate(steps, start=1) if step.level == call.level), 1)
    return max(incident.level + 1, place) if incident.state is State.NEW else max(incident.level, place)
