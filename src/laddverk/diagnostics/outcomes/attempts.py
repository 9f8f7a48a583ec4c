"""Attempts to charge at one station, made out of all that is known of a stretch of time. Pure.

An attempt is a session, a token shown, a start asked for from afar, or a cable plugged in for a minute and taken out
again; what belongs to a session is one attempt with it. Neither order nor repetition of what was told matters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from laddverk.diagnostics.model import OutcomeClass
from laddverk.diagnostics.outcomes import limits, rules
from laddverk.diagnostics.outcomes.model import Attempt, SessionTold, StartTold, StateTold, TokenTold, Told, Why
from laddverk.ocpp.facts import Status

PLUGGED: Final = frozenset({
    Status.OCCUPIED, Status.PREPARING, Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE, Status.FINISHING,
})  # fmt: skip
FREE: Final = frozenset({Status.AVAILABLE, Status.RESERVED, Status.UNAVAILABLE})
BEFORE: Final = timedelta(minutes=10)  # a token is shown, or a cable plugged in, at most so long before the other
SETTLES: Final = timedelta(minutes=3)  # a session that comes of a token has begun by then
SAME_WITHIN: Final = timedelta(minutes=2)  # the same card held to the reader again is one attempt
PLUGGED_MIN: Final = timedelta(seconds=60)
CODES_BEFORE: Final = timedelta(seconds=60)
CODES_AFTER: Final = timedelta(seconds=120)
CODES_MAX: Final = 10

FAILED_STARTS: Final = {
    "payment_failed": (OutcomeClass.PAYMENT_FAIL, Why.PAYMENT),
    "payment_unavailable": (OutcomeClass.PAYMENT_FAIL, Why.PAYMENT),
    "refused": (OutcomeClass.PLUG_NO_START, Why.CHARGER_REFUSED),
    "unreachable": (OutcomeClass.PLUG_NO_START, Why.UNREACHABLE),
    "timed_out": (OutcomeClass.PLUG_NO_START, Why.NO_SESSION),
    "expired": (OutcomeClass.EXCLUDED, Why.NOT_PAID),
    "cancelled": (OutcomeClass.EXCLUDED, Why.GIVEN_UP),
}
"""What it means that a start from afar was given up, by `sessions.WhyFailed`; another was first: no attempt at all."""


class Plugging(Struct, frozen=True):
    """A cable was in an outlet from when to when; `ended_at` None: still, or nobody told."""

    evse_number: int
    began_at: datetime
    ended_at: datetime | None

    def covers(self, at: datetime) -> bool:
        """Whether a token shown at `at` may be meant for this car."""
        return self.began_at - SETTLES <= at and (self.ended_at is None or at <= self.ended_at)


def made_out(told: Told) -> list[Attempt]:
    """Return the attempts that began at or after `told.since`, in order."""
    pluggings = tuple(_pluggings(told.states))
    attempts = {attempt.key: attempt for attempt in _of_sessions(told)}
    shown = list(_of_tokens(told, pluggings))
    asked = list(_of_starts(told, pluggings))
    attempts |= {attempt.key: attempt for attempt in (*shown, *asked)}
    attempts |= {attempt.key: attempt for attempt in _of_cables(told, pluggings, (*shown, *asked))}
    return sorted(attempt for attempt in attempts.values() if attempt.began_at >= told.since)


def _pluggings(states: Sequence[StateTold]) -> Iterator[Plugging]:
    for number in sorted({state.evse_number for state in states} - {0}):
        began_at: datetime | None = None
        for state in sorted((one for one in states if one.evse_number == number), key=_at):
            if state.status in PLUGGED and began_at is None:
                began_at = state.at
            elif state.status in FREE and began_at is not None:
                yield Plugging(number, began_at, state.at)
                began_at = None
        if began_at is not None:
            yield Plugging(number, began_at, None)


def _at(state: StateTold) -> tuple[datetime, bool, str]:
    return state.at, state.status in FREE, state.status.value


def _of_sessions(told: Told) -> Iterator[Attempt]:
    for session in told.sessions:
        codes = _codes(told.states, session.evse_number, session.started_at, session.ended_at)
        limit_a = limits.lowest_a(told.orders, session.evse_number, session.started_at, session.ended_at)
        outcome, why = rules.judged(session, codes, limit_a, dc=session.evse_number in told.dc)
        yield Attempt(
            evse_number=session.evse_number,
            began_at=session.started_at,
            key=session.transaction_key,
            ended_at=session.ended_at,
            outcome=outcome,
            why=tuple(str(one) for one in why),
            session_id=session.session_id,
            energy_wh=session.energy_wh,
            person=session.person,
            car_key=session.car_key,
            car_make=session.car_make,
            stop_reason=session.stop_reason,
            codes=codes,
            limit_a=limit_a,
        )


def _codes(states: Sequence[StateTold], evse_number: int, began_at: datetime, ended_at: datetime) -> tuple[str, ...]:
    found = {
        code
        for state in states
        if state.evse_number in (0, evse_number) and began_at - CODES_BEFORE <= state.at <= ended_at + CODES_AFTER
        for code in state.codes
    }
    return tuple(sorted(found)[:CODES_MAX])


def _of_tokens(told: Told, pluggings: Sequence[Plugging]) -> Iterator[Attempt]:
    every = (*told.sessions, *told.running)
    last: dict[tuple[str, bool], datetime] = {}
    for shown in sorted(set_of(told.tokens), key=_shown_at):
        before = last.get((shown.token, shown.accepted))
        last[shown.token, shown.accepted] = shown.at
        if before is not None and shown.at - before < SAME_WITHIN:
            continue
        if told.now - shown.at < SETTLES or any(_explains(session, shown) for session in every):
            continue
        busy = {one.evse_number for one in every if one.started_at <= shown.at <= one.ended_at}
        if busy and busy >= set(told.evses):
            continue  # every outlet charges: somebody wanted to stop one
        attempt = _of_token(told, shown, pluggings, busy)
        yield attempt


def set_of(tokens: Sequence[TokenTold]) -> set[TokenTold]:
    """Return each showing once."""
    return set(tokens)


def _shown_at(shown: TokenTold) -> tuple[datetime, str, bool, bool, str]:
    return shown.at, shown.token, shown.accepted, shown.technician, shown.person


def _explains(session: SessionTold, shown: TokenTold) -> bool:
    """Whether a token was shown to begin or end this session."""
    if shown.token not in (session.token, session.stop_token):
        return False
    if not shown.accepted:
        return session.started_at <= shown.at <= session.ended_at + SETTLES
    return session.started_at - BEFORE <= shown.at <= session.ended_at + SETTLES


def _of_token(told: Told, shown: TokenTold, pluggings: Sequence[Plugging], busy: set[int]) -> Attempt:
    plugged = sorted(one.evse_number for one in pluggings if one.covers(shown.at) and one.evse_number not in busy)
    free = [number for number in told.evses if number not in busy]
    evse_number = plugged[0] if plugged else (free[0] if len(free) == 1 else 0)
    outcome, why = OutcomeClass.PLUG_NO_START, Why.NO_SESSION
    if shown.technician:
        outcome, why = OutcomeClass.EXCLUDED, Why.TECHNICIAN
    elif not shown.accepted:
        outcome, why = OutcomeClass.AUTH_FAIL, Why.REFUSED
    elif not plugged:
        outcome, why = OutcomeClass.EXCLUDED, Why.NEVER_PLUGGED
    ended_at = shown.at + (SETTLES if shown.accepted else timedelta(0))
    return Attempt(
        evse_number=evse_number,
        began_at=shown.at,
        key=_key("token", shown.token, shown.at, accepted=shown.accepted),
        ended_at=ended_at,
        outcome=outcome,
        why=(str(why),),
        person=shown.person,
        codes=_codes(told.states, evse_number, shown.at, ended_at) if evse_number else (),
    )


def _of_starts(told: Told, pluggings: Sequence[Plugging]) -> Iterator[Attempt]:
    for start in told.starts:
        meaning = FAILED_STARTS.get(start.why)
        if meaning is None:
            continue
        outcome, why = meaning
        if start.why == "timed_out" and not any(_meant(start, plugging) for plugging in pluggings):
            outcome, why = OutcomeClass.EXCLUDED, Why.NEVER_PLUGGED
        yield Attempt(
            evse_number=start.evse_number,
            began_at=start.created_at,
            key=f"start {start.id}",
            ended_at=max(start.cancelled_at, start.created_at),
            outcome=outcome,
            why=(str(why),),
            person=start.person,
            codes=_codes(told.states, start.evse_number, start.created_at, start.cancelled_at),
        )


def _meant(start: StartTold, plugging: Plugging) -> bool:
    return (
        plugging.evse_number == start.evse_number
        and plugging.began_at <= start.cancelled_at + SETTLES
        and (plugging.ended_at is None or plugging.ended_at >= start.created_at)
    )


def _of_cables(told: Told, pluggings: Sequence[Plugging], others: Sequence[Attempt]) -> Iterator[Attempt]:
    """Plugged in, and left, and nobody showed anything."""
    for plugging in pluggings:
        ended_at = plugging.ended_at
        if ended_at is None or ended_at - plugging.began_at < PLUGGED_MIN:
            continue
        charged = any(
            one.evse_number == plugging.evse_number
            and one.started_at <= ended_at + SETTLES
            and one.ended_at >= plugging.began_at - SETTLES
            for one in (*told.sessions, *told.running)
        )
        tried = any(
            one.evse_number in (0, plugging.evse_number)
            and plugging.began_at - BEFORE <= one.began_at <= ended_at + SETTLES
            for one in others
        )
        if not charged and not tried:
            yield Attempt(
                evse_number=plugging.evse_number,
                began_at=plugging.began_at,
                key=_key("cable", str(plugging.evse_number), plugging.began_at),
                ended_at=ended_at,
                outcome=OutcomeClass.NO_AUTH,
                why=(str(Why.NO_TOKEN),),
                codes=_codes(told.states, plugging.evse_number, plugging.began_at, ended_at),
            )


def _key(kind: str, what: str, at: datetime, *, accepted: bool = True) -> str:
    content = f"{kind} {what} {at.isoformat()} {accepted}"
    return f"{kind} {hashlib.blake2b(content.encode(), digest_size=9).hexdigest()}"
