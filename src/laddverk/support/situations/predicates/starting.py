"""Before energy flows: the payment, the tag, the plug, and a charger that does not take the start. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from laddverk.diagnostics.model import Evidence
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.sessions.model import WhyFailed
from laddverk.support.situations.model import Facts, Match, OutletFacts, Rail, StartFacts, StartStage
from laddverk.support.situations.predicates.outlets import OFFLINE_AFTER

PLUG_PATIENCE: Final = timedelta(seconds=20)  # a cable takes as long; before it nobody needs to be told
UNAUTHORISED_AFTER: Final = timedelta(seconds=30)
NO_REPLY_AFTER: Final = timedelta(seconds=45)  # what a charger's answer to a call may take, and somewhat more
REFUSED_LATELY: Final = timedelta(minutes=10)
FAILED_LATELY: Final = timedelta(hours=2)  # somebody who writes later asks about money, not about the start
SWAPPED_WITHIN: Final = timedelta(seconds=60)
PLUGGED: Final = frozenset({"preparing", "occupied"})
HAS_CABLE: Final = PLUGGED | {"finishing"}
GIVEN_UP: Final = frozenset(
    {WhyFailed.BUSY, WhyFailed.EXPIRED, WhyFailed.PAYMENT_FAILED, WhyFailed.PAYMENT_UNAVAILABLE}
)
SAYS_FREE: Final = N_("The start is authorised, and the outlet says that nothing is plugged in.")
SAYS_NO_MORE: Final = N_("The start is authorised, and the charge does not begin: the cable is not in, or not firmly.")
WHY_REFUSED: Final = frozenset({"blocked", "expired", "unknown", "owes", "no_way", "limit"})
SWISH: Final = {"declined": "declined", "timed_out": "timed_out"}


def paid_no_plug(facts: Facts) -> Match | None:
    """The start is authorised, and no cable has been seen; `too_late` when the time for it ran out."""
    start, outlet = facts.start, facts.outlet
    if start is None or outlet is None or facts.session is not None:
        return None
    if _failed_lately(facts, start) and start.why == WhyFailed.TIMED_OUT and not _is_away(facts, outlet):
        if _had_cable(start, outlet):
            return None
        return Match(
            variant="too_late", evidence=(Evidence(text=N_("No cable was seen in time."), at=start.failed_at),)
        )
    if start.stage is not StartStage.ASKED or _is_away(facts, outlet) or not _waits_for_cable(start, outlet):
        return None
    if facts.now < max(start.asked_at, outlet.status_since) + PLUG_PATIENCE:
        return None
    left_s = max(0, round((start.expires_at - facts.now).total_seconds()))
    text = SAYS_FREE if outlet.status == "available" else SAYS_NO_MORE
    seen = Evidence(text=text, at=start.asked_at)
    return Match(values={"left_s": left_s, "until_at": start.expires_at}, evidence=(seen,))


def wrong_outlet(facts: Facts) -> Match | None:
    """The driver's own outlet waits, and another of the site saw a cable within a minute of the start."""
    start, outlet, other = facts.start, facts.outlet, facts.elsewhere
    if start is None or outlet is None or other is None or start.stage is not StartStage.ASKED:
        return None
    if facts.session is not None or not _waits_for_cable(start, outlet):
        return None
    if abs(other.plugged_at - start.asked_at) > SWAPPED_WITHIN:
        return None
    seen = Evidence(text=N_("Outlet %(code)s saw a cable."), values={"code": other.code}, at=other.plugged_at)
    return Match(values={"code": outlet.code, "other_code": other.code}, evidence=(seen,))


def plugged_not_authorised(facts: Facts) -> Match | None:
    """A cable is in, and nobody has shown a tag or paid."""
    outlet = facts.outlet
    if outlet is None or not outlet.is_connected or outlet.status not in PLUGGED or facts.session is not None:
        return None
    if facts.start is not None and facts.start.stage is not StartStage.FAILED:
        return None
    if facts.now < outlet.status_since + UNAUTHORISED_AFTER:
        return None
    seen = Evidence(text=N_("A cable is plugged in, and nobody has been authorised."), at=outlet.status_since)
    return Match(evidence=(seen,))


def tag_refused(facts: Facts) -> Match | None:
    """One of our tags was refused a moment ago; the variant says why."""
    token = facts.token
    if token is None or token.is_accepted or token.is_foreign or facts.now > token.at + REFUSED_LATELY:
        return None
    if facts.session is not None and facts.session.started_at >= token.at:
        return None
    variant = token.reason if token.reason in WHY_REFUSED else ""
    return Match(variant=variant, evidence=(Evidence(text=N_("A tag was refused."), at=token.at),))


def roaming_refused(facts: Facts) -> Match | None:
    """Another network's service said no, or did not answer."""
    token = facts.token
    if token is None or token.is_accepted or not token.is_foreign or facts.now > token.at + REFUSED_LATELY:
        return None
    if facts.session is not None and facts.session.started_at >= token.at:
        return None
    return Match(evidence=(Evidence(text=N_("The tag's own service did not allow the charge."), at=token.at),))


def card_declined(facts: Facts) -> Match | None:
    """The bank said no to the card, or the card is out of date."""
    payment = facts.payment
    if payment is None or payment.rail is not Rail.CARD or payment.failure not in ("declined", "expired"):
        return None
    if facts.session is not None and facts.session.is_drivers:
        return None
    return Match(
        variant=payment.failure if payment.failure == "expired" else "",
        evidence=(Evidence(text=N_("The card was declined.")),),
    )


def swish_not_completed(facts: Facts) -> Match | None:
    """The driver did not complete the payment in the Swish app; nothing was drawn."""
    payment = facts.payment
    if payment is None or payment.rail is not Rail.SWISH or not payment.failure or payment.captured_minor:
        return None
    return Match(
        variant=SWISH.get(payment.failure, ""), evidence=(Evidence(text=N_("The Swish payment was not completed.")),)
    )


def start_refused(facts: Facts) -> Match | None:
    """The charger answered, and said no."""
    start = facts.start
    if start is None or start.why != WhyFailed.REFUSED or not _failed_lately(facts, start):
        return None
    return Match(
        variant="paid" if _is_paid(facts) else "",
        evidence=(Evidence(text=N_("The charger refused the start."), at=start.failed_at),),
    )


def no_reply(facts: Facts) -> Match | None:
    """The charger was asked to start, and has not answered, or could not be asked."""
    start, outlet = facts.start, facts.outlet
    if start is None or facts.session is not None:
        return None
    gave_up = _failed_lately(facts, start) and (
        start.why == WhyFailed.UNREACHABLE
        or (start.why == WhyFailed.TIMED_OUT and outlet is not None and _is_away(facts, outlet))
    )
    waits = (
        start.stage is StartStage.ASKED
        and outlet is not None
        and _is_away(facts, outlet)
        and facts.now >= start.asked_at + NO_REPLY_AFTER
    )
    if not gave_up and not waits:
        return None
    at = start.failed_at or start.asked_at
    return Match(
        variant="paid" if _is_paid(facts) else "",
        evidence=(Evidence(text=N_("The charger was asked to start, and did not answer."), at=at),),
    )


def start_given_up(facts: Facts) -> Match | None:
    """The wish to charge came to nothing for another reason: somebody was first, or it was not paid in time.

    Without a variant: the charger took the start, and never began though the cable was in.
    """
    start = facts.start
    if start is None or not _failed_lately(facts, start) or start.why == WhyFailed.CANCELLED:
        return None
    variant = start.why if start.why in GIVEN_UP else ""
    return Match(variant=variant, evidence=(Evidence(text=N_("The charge did not start."), at=start.failed_at),))


def waiting_for_payment(facts: Facts) -> Match | None:
    """The payment is on its way: nothing has been asked of the charger yet."""
    start = facts.start
    if start is None or start.stage is not StartStage.PAYING:
        return None
    seen = Evidence(text=N_("The payment is not confirmed yet."), at=start.asked_at)
    return Match(values={"until_at": start.expires_at}, evidence=(seen,))


def asked_to_start(facts: Facts) -> Match | None:
    """The charger has been asked, and nothing is wrong yet; `plugged` when the cable was in before."""
    start, outlet = facts.start, facts.outlet
    if start is None or start.stage is not StartStage.ASKED or facts.session is not None:
        return None
    is_plugged = outlet is not None and _had_cable(start, outlet)
    seen = Evidence(text=N_("The charger has been asked to start."), at=start.asked_at)
    return Match(variant="plugged" if is_plugged else "", evidence=(seen,))


def _is_away(facts: Facts, outlet: OutletFacts) -> bool:
    """Whether we have no contact, and not only since a moment ago: that says nothing of how the start went."""
    since = outlet.connected_changed_at
    return not outlet.is_connected and (since is None or facts.now >= since + OFFLINE_AFTER)


def _had_cable(start: StartFacts, outlet: OutletFacts) -> bool:
    """Whether the outlet has said since before we asked that a cable is in it."""
    return outlet.status in HAS_CABLE and outlet.status_since < start.asked_at


def _waits_for_cable(start: StartFacts, outlet: OutletFacts) -> bool:
    """Whether nothing shows a cable that was in when we asked.

    Many chargers of 1.6 say Preparing once they have accepted a start, with a cable or without (table 4.8.1).
    """
    return outlet.status == "available" or (outlet.status in PLUGGED and outlet.status_since >= start.asked_at)


def _failed_lately(facts: Facts, start: StartFacts) -> bool:
    if start.stage is not StartStage.FAILED or start.failed_at is None or facts.now > start.failed_at + FAILED_LATELY:
        return False
    return facts.session is None or not facts.session.is_drivers or facts.session.started_at < start.failed_at


def _is_paid(facts: Facts) -> bool:
    payment = facts.payment
    return payment is not None and payment.captured_minor + payment.refunded_minor + payment.reserved_minor > 0


PREDICATES: Final = (
    paid_no_plug,
    wrong_outlet,
    plugged_not_authorised,
    tag_refused,
    roaming_refused,
    card_declined,
    swish_not_completed,
    start_refused,
    no_reply,
    start_given_up,
    waiting_for_payment,
    asked_to_start,
)
