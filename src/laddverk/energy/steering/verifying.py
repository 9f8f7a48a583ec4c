"""Does a charger do as it is told? Decided by what it measures, never by "Accepted". Pure."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from laddverk.energy.steering.envelope import is_surely_over, most_a
from laddverk.energy.steering.model import (
    OBEYS_WITHIN_S,
    OVER_MAX,
    SAMPLE_FRESH_S,
    SETTLES_S,
    TOLERANCE_A,
    TOLERANCE_SHARE,
    UNSEEN_S,
    Belief,
    Held,
    Outlet,
    Sample,
    Trust,
)

DRAWS_A: Final = 1.0  # less is a meter's noise or a car's ventilation, and proves nothing
REDEEMED_S: Final = 180.0  # a charger that was caught must obey so long before it is believed again
PHASE_A: Final = 3.0  # a phase that carries less while another carries much is not charged on
STEADY_A: Final = 1.0
TELLS_A: Final = 2.0  # a default nearer to what the charger gives by itself does not tell whether it stands
SAME_A: Final = 0.05  # OCPP 1.6 has one decimal


def newest(held: tuple[Held, ...]) -> Held | None:
    """Return what the charger was last told and has said yes to."""
    return next((one for one in reversed(held) if one.answered_at is not None), None)


def fits(current_a: float, limit_a: float) -> bool:
    """Return whether a measured current keeps to a limit, with what cars round up."""
    return current_a <= limit_a * (1.0 + TOLERANCE_SHARE) + TOLERANCE_A


def in_force(belief: Belief, at: float) -> tuple[Held | None, float | None]:
    """Return the limit that should hold, and from when a sample speaks of it; (None, None) where nothing was said."""
    limit = newest(tuple(one for one in belief.limits if one.until is None or at < one.until - 1.0))
    held = limit or newest(belief.standing)
    if held is None or held.answered_at is None:
        return None, None
    return held, max(held.answered_at, belief.session_since) + SETTLES_S


def judged(outlet: Outlet, belief: Belief, sample: Sample) -> Belief:
    """Return the belief with what a new sample says of it: confirmed, trusted, or caught."""
    belief = replace(belief, previous=belief.sample, sample=sample)
    if not belief.has_session:
        return belief
    belief = _phases(outlet, belief, sample)
    held, from_s = in_force(belief, sample.at)
    if held is None or from_s is None or sample.at < from_s:
        return belief
    if sample.most_a > _possible_a(outlet, belief, sample.at) * OVER_MAX + TOLERANCE_A:
        return _caught(belief, sample.at)
    if fits(sample.most_a, most_a(held, belief)):
        return _obeyed(outlet, _confirmed(belief, held), held, sample)
    return belief if fits(sample.most_a, _by_now_a(outlet, belief, sample.at)) else _caught(belief, sample.at)


def _by_now_a(outlet: Outlet, belief: Belief, at: float) -> float:
    """Return the highest limit that a charger may still hold which carries out what it said yes to within its time."""
    held = tuple(one for one in belief.limits if not is_surely_over(one, belief, at)) or belief.standing
    done = [
        place
        for place, one in enumerate(held)
        if one.answered_at is not None and one.answered_at <= at - OBEYS_WITHIN_S
    ]
    return max(most_a(one, belief) for one in held[done[-1] :]) if done else _possible_a(outlet, belief, at)


def _phases(outlet: Outlet, belief: Belief, sample: Sample) -> Belief:
    """A car that charges on one phase is seen to; one that charges on more is never one-phase again this session."""
    if outlet.phases != 3 or sample.most_a < PHASE_A:
        return belief
    used = sum(current > PHASE_A / 2 for current in sample.current_a)
    only_first = used == 1 and sample.current_a[0] == sample.most_a
    if belief.phases_seen is None:
        return replace(belief, phases_seen=1 if only_first else 3)
    return belief if only_first else replace(belief, phases_seen=3)


def _possible_a(outlet: Outlet, belief: Belief, at: float) -> float:
    if not any(one.confirmed for one in (*belief.limits, *belief.standing)):
        return outlet.current_max_a  # a limit that was just said may take its time, and nothing held before
    held = [most_a(one, belief) for one in belief.limits if not is_surely_over(one, belief, at)]
    standing = [most_a(one, belief) for one in belief.standing]
    return max([*held, *standing], default=outlet.current_max_a)


def _caught(belief: Belief, at: float) -> Belief:
    return replace(
        belief, trust=Trust.IGNORES, obeyed_since=None, disobeyed_since=belief.disobeyed_since or at,
        fails_dynamic=belief.fails_dynamic or any(one.is_dynamic for one in belief.limits),
    )  # fmt: skip


def _confirmed(belief: Belief, held: Held) -> Belief:
    """Nothing older than `held` holds any more."""
    return replace(belief, limits=_settled(belief.limits, held), standing=_settled(belief.standing, held))


def _settled(all_held: tuple[Held, ...], held: Held) -> tuple[Held, ...]:
    if held not in all_held:
        return all_held
    index = all_held.index(held)
    before = all_held[0]
    since = before.changed_at if abs(before.reach_a - held.reach_a) <= SAME_A else held.answered_at or held.sent_at
    return (replace(held, confirmed=True, changed_at=since), *all_held[index + 1 :])


def _obeyed(outlet: Outlet, belief: Belief, held: Held, sample: Sample) -> Belief:
    limit_a = most_a(held, belief)
    over = max(belief.over, min(OVER_MAX, sample.most_a / limit_a)) if limit_a >= DRAWS_A else belief.over
    belief = replace(belief, over=over)
    proves = sample.most_a >= DRAWS_A and limit_a < outlet.current_max_a - 2.0
    if belief.trust is Trust.OBEYS or not proves:
        return belief
    if belief.trust is Trust.UNKNOWN:
        return replace(belief, trust=Trust.OBEYS)
    since = belief.obeyed_since if belief.obeyed_since is not None else sample.at
    if sample.at - since >= REDEEMED_S:
        return replace(belief, trust=Trust.OBEYS, obeyed_since=None, disobeyed_since=None)
    return replace(belief, obeyed_since=since)


def aged(belief: Belief, now_s: float) -> Belief:
    """Return the belief after a time: ended limits are gone; what no sample can confirm is confirmed by its age."""
    limits = tuple(one for one in belief.limits if not is_surely_over(one, belief, now_s))
    belief = replace(belief, limits=limits)
    if not belief.is_online:
        return belief
    unseen = belief.sample is None or now_s - belief.sample.at > SAMPLE_FRESH_S
    if not unseen and _draws_beyond(belief):
        return belief
    for held in (newest(belief.standing), newest(belief.limits) if unseen else None):
        if held is None or held.confirmed or held.answered_at is None:
            continue
        if now_s - held.answered_at >= UNSEEN_S and belief.trust is not Trust.IGNORES:
            belief = _confirmed(belief, held)
    return belief


def _draws_beyond(belief: Belief) -> bool:
    """Return whether a car was last seen to draw more than everything that was said: then nothing is done yet."""
    sample, said = belief.sample, [most_a(one, belief) for one in (*belief.limits, *belief.standing)]
    if sample is None or not said or not belief.has_session or sample.at < belief.session_since:
        return False
    return not fits(sample.most_a, max(said) * belief.over)


def answered(belief: Belief, order_id: int, took: bool | None, at: float) -> Belief:
    """Return the belief after an answer to an order. A yes to a raise settles it: what is older is lower.

    A no leaves what was there; the limit counts on, for whoever refuses once may have taken it all the same. One that
    says no to a dynamic profile, or to a change of one, gets fixed ones from now on.
    """
    told = [one for one in (*belief.limits, *belief.standing) if one.order_id == order_id]
    for one in told[:1]:
        belief = _level(belief, one, took)
        if took is False and one.is_dynamic:
            belief = replace(belief, fails_dynamic=True)
    if not took:
        return belief
    limits, standing = (
        tuple(_said_yes(one, at) if one.order_id == order_id else one for one in held)
        for held in (belief.limits, belief.standing)
    )
    belief = replace(belief, limits=limits, standing=standing)
    for held in (newest(limits), newest(standing)):
        if held is not None and held.order_id == order_id and _is_highest(limits, standing, held):
            belief = _confirmed(belief, held)
    return belief


def _level(belief: Belief, held: Held, took: bool | None) -> Belief:
    """Note how it answers to a profile on a level: it may take none on this one, whatever it says."""
    if took is not False:
        return replace(belief, took_level=max(belief.took_level, held.stack_level))
    return replace(belief, refusals=belief.refusals + 1) if held.stack_level > belief.took_level else belief


def stack_level(outlet: Outlet, belief: Belief) -> int:
    """Return the level for the next profile: the highest that it takes; one less after a no; then the one on which it
    took some, or 0 (seen in the field: chargers that refuse the highest level that they say they take).
    """
    if belief.refusals == 0:
        return outlet.stack_level
    return max(0, belief.took_level, outlet.stack_level - 1 if belief.refusals == 1 else 0)


def looked(belief: Belief, limit_a: float | None, at: float) -> Belief:
    """Return the belief after a charger told which limit holds in it since its restart (None: none).

    The default of before still stands: it keeps it, and nobody must send it again. Another limit, or none: it forgets.
    """
    before = belief.had_standing
    if before is None:
        return belief
    if limit_a is None or limit_a > before.limit_a + SAME_A:
        return replace(belief, keeps_default=False, had_standing=None)
    return replace(belief, keeps_default=True, had_standing=None, standing=(replace(before, answered_at=at),))


def _said_yes(held: Held, at: float) -> Held:
    return held if held.answered_at is not None else replace(held, answered_at=at)


def _is_highest(limits: tuple[Held, ...], standing: tuple[Held, ...], held: Held) -> bool:
    own = limits if held in limits else standing
    known = standing if own is standing else (*limits, *standing)
    if not any(one.confirmed for one in known):
        return False  # anything may be in it from before
    return held.reach_a >= max(one.reach_a for one in own)


def changed_at(belief: Belief) -> float:
    """Return when what the charger holds last changed, or may yet: a limit that is sent again changes nothing."""
    held = belief.limits or belief.standing
    if not held:
        return belief.session_since
    first = held[0].reach_a
    later = [one for one in held[1:] if abs(one.reach_a - first) > SAME_A]
    if not later:
        return held[0].changed_at
    return max(one.sent_at if one.answered_at is None else one.answered_at for one in later)


def is_settled(belief: Belief, at: float) -> bool:
    """Return whether the last sample says what the car draws at an instant: fresh, steady, of the limit in force."""
    sample = belief.sample
    if sample is None or at - sample.at > SAMPLE_FRESH_S or sample.at < belief.session_since:
        return False
    if sample.at < max(belief.session_since, changed_at(belief)) + SETTLES_S:
        return False
    previous = belief.previous
    return previous is None or abs(previous.most_a - sample.most_a) <= STEADY_A or at - sample.at < SETTLES_S
