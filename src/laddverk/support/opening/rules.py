"""What rules make of a new case. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from msgspec.structs import replace

from laddverk.kernel.problems import Invalid
from laddverk.support.inbox import tags
from laddverk.support.model import KINDS, Case, Channel, Priority
from laddverk.support.opening.model import Does, Rule

WORDS_MAX: Final = 20


def checked(rule: Rule, situations: Collection[str]) -> Rule:
    """Return a rule that can be followed. Raises `Invalid` (fields name, kinds, channels, situations, words, does)."""
    looks_at = rule.looks_at
    if not rule.name.strip():
        raise Invalid("Give it a name.", field="name")
    for field, given, known in (
        ("kinds", looks_at.kinds, KINDS), ("channels", looks_at.channels, {each.value for each in Channel}),
        ("situations", looks_at.situations, situations),
    ):  # fmt: skip
        if not set(given) <= set(known):
            raise Invalid("Choose from the list.", field=field)
    words = tuple(dict.fromkeys(word.strip().lower()[:40] for word in looks_at.words if word.strip()))
    if len(words) > WORDS_MAX:
        raise Invalid("These are too many words.", field="words")
    if rule.does == Does():
        raise Invalid("Say what it does.", field="priority")
    does = replace(rule.does, tags=tags.checked(rule.does.tags))
    return replace(rule, name=rule.name.strip()[:80], looks_at=replace(looks_at, words=words), does=does)


def fits(rule: Rule, case: Case, text: str) -> bool:
    """Return whether a rule is for a new case, `text` being what was written first."""
    looks_at, lowered = rule.looks_at, f"{case.subject}\n{text}".lower()
    return (
        (not looks_at.kinds or case.kind in looks_at.kinds)
        and (not looks_at.channels or case.channel.value in looks_at.channels)
        and (not looks_at.situations or case.situation in looks_at.situations)
        and (not looks_at.site_ids or case.site_id in looks_at.site_ids)
        and (not looks_at.words or any(word in lowered for word in looks_at.words))
    )


def applied(case: Case, rules: Iterable[Rule], text: str) -> tuple[Case, tuple[Rule, ...]]:
    """Return `case` after all rules that fit it, and which these are. What is urgent already stays so."""
    fitting = tuple(rule for rule in sorted(rules, key=lambda each: each.position) if fits(rule, case, text))
    does = [rule.does for rule in fitting]
    team = next((each.team_id for each in does if each.team_id is not None), case.team_id)
    promise = next((each.promise_id for each in does if each.promise_id is not None), case.promise_id)
    priority = next((each.priority for each in does if each.priority is not None), int(case.priority))
    if case.priority is Priority.URGENT:
        priority = int(case.priority)
    named = {tag for each in does for tag in each.tags} | set(case.tags)
    return replace(
        case, team_id=team, promise_id=promise, priority=Priority(priority), tags=tuple(sorted(named))[: tags.COUNT_MAX]
    ), fitting  # fmt: skip
