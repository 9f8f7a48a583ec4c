"""What requests in a payer's app say of their payment, and Swish's codes in plain words. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.kernel.ids import PaymentId
from laddverk.kernel.problems import Invalid
from laddverk.payments.model import Card, Outside, Payment, Purpose, Snapshot, State, Wish
from laddverk.payments.swish.model import Attempt, Consent, ConsentPayment, Kind, Stage, SwishPayment
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.platform.settings import Secrets

PAGE_OPEN_FOR: Final = timedelta(minutes=60)  # as the hosted pages of cards
ATTEMPTS_MAX: Final = 8  # a person who fails that often needs another way to pay
ASKED_OF_PHONE_MAX: Final = 5  # requests to one number within the window: a stranger's phone is not ours to ring
ASKED_WITHIN: Final = timedelta(minutes=15)
ARRIVES_WITHIN: Final = timedelta(seconds=40)  # twice the patience of our client: later it is not on its way any more
LOOK_EVERY: Final = timedelta(seconds=4)  # while somebody watches the page; callbacks are quicker when they come
NEVER_ARRIVED: Final = "never_arrived"
NO_ANSWER: Final = "no_answer"
"""Of a request that is written down: the call about it is over, and nobody knows what became of it."""
CONSENT_ENDED: Final = "consent_gone"
TIME_RAN_OUT: Final = "page_closed"
NOT_APPROVED: Final = "TM01"
RAN_OUT: Final = frozenset({NOT_APPROVED, TIME_RAN_OUT})
"""Codes of payments that nobody refused and nobody approved in time."""

STAGES: Final[Mapping[str, Stage]] = {
    "CREATED": Stage.OPEN,
    "PAID": Stage.PAID,
    "ACTIVE": Stage.PAID,
    "DECLINED": Stage.DECLINED,
    "ERROR": Stage.FAILED,
    "CANCELLED": Stage.CANCELLED,
}
CANCELLED_IN_APP: Final = N_("The payment was cancelled in the app. Nothing was paid.")
TIMED_OUT: Final = N_("The time ran out before the payment was approved. Nothing was paid.")
NOT_ENROLLED: Final = N_("This phone number has no Swish, or it is blocked.")
OUR_FAULT: Final = N_(
    "Swish does not take this from us just now. Nothing was paid. Pay another way, and we look at it."
)
WORDS: Final[Mapping[str, str]] = {
    "RP06": N_("Another Swish is open in the app. Close it there, then try again."),
    "RF07": N_("The payment was declined in the app. Nothing was paid."),
    "BANKIDCL": CANCELLED_IN_APP,
    "BANKIDONGOING": N_("BankID is in use for something else. Finish that, then try again."),
    "BANKIDUNKN": N_("BankID could not approve the payment. Nothing was paid."),
    NOT_APPROVED: TIMED_OUT,
    "DS24": N_(
        "The bank did not answer in time, and Swish does not know whether you paid. "
        "Look at your bank account before you pay again."
    ),
    "BE18": N_("This is no phone number that Swish takes."),
    "ACMT01": N_("Your Swish cannot be used for this. Ask your bank."),
    "ACMT03": NOT_ENROLLED,
    "ACMT07": N_("The account of the receiver is closed. Nothing was paid."),
    "AM02": N_("The amount is larger than Swish allows you to pay. Choose a smaller one."),
    "AM04": N_("There is not enough money, or more than your bank lets you pay by Swish. Nothing was paid."),
    "AM06": N_("The amount is too small for Swish."),
    "VR01": N_("You are too young for this payment."),
    "VR02": N_("This Swish belongs to somebody else than the one who is to pay."),
    "FF10": N_("Your bank has a fault just now. Nothing was paid."),
    "RP03": OUR_FAULT,
    "RP01": OUR_FAULT,
    "RP02": OUR_FAULT,
    "PA02": OUR_FAULT,
    "AM03": OUR_FAULT,
    "FF08": OUR_FAULT,
    "RF02": N_("The payment is older than 13 months, so Swish cannot send it back."),
    "RF03": N_("Swish knows no such payment to send back."),
    "RF08": N_("More than was paid cannot be sent back."),
    "RP20": N_("The consent in Swish has ended."),
    NO_ANSWER: N_("Swish gives no answer. We look whether it has your request."),
    NEVER_ARRIVED: N_("Swish did not answer. Nothing was asked of you, and nothing was paid."),
    CONSENT_ENDED: N_("The consent in Swish has ended."),
    TIME_RAN_OUT: TIMED_OUT,
}
"""What Swish's codes mean to the person who is paying (msgids)."""
UNKNOWN_CODE: Final = N_("Swish could not do this (%(code)s). Nothing was paid.")
PHONE: Final = re.compile(r"46[0-9]{8,13}")


def words_for(code: str | None) -> str:
    """Return what `code` means (a msgid with the place `code` where it is not known)."""
    return WORDS.get(code or "", UNKNOWN_CODE)


def phone(text: str) -> str:
    """Return a phone number as Swish writes it: `46701234567`. Raises `Invalid` when it is none."""
    digits = re.sub(r"[\s()/.-]", "", text)
    digits = digits.removeprefix("+").removeprefix("00")
    if digits.startswith("0"):
        digits = "46" + digits[1:]
    if digits.startswith("460"):  # +46 (0)70 …
        digits = "46" + digits[3:]
    if not PHONE.fullmatch(digits):
        raise Invalid("This is no phone number that Swish takes.", field="phone", remedy="Write it like 070 123 45 67.")
    return digits


def fingerprint(secrets: Secrets, number: str) -> bytes:
    """Return what a phone number is known again by, and cannot be read back from without the installation's key."""
    return hashlib.blake2b(number.encode(), digest_size=16, key=secrets.link_key, person=b"swish payer").digest()


def callback_secret(secrets: Secrets, payment_id: UUID) -> str:
    """Return what a callback about a payment must bring: 32 hexadecimal digits in capitals, as Swish wants them."""
    return _mac(secrets, b"swish callback ", payment_id)[:32].upper()


def page_key(secrets: Secrets, payment_id: UUID) -> str:
    """Return the last part of the address of a payment's page: not to be guessed from the payment's id."""
    return f"{payment_id.hex}{_mac(secrets, b'swish page ', payment_id)[:24]}"


def payment_of_page(secrets: Secrets, key: str) -> PaymentId | None:
    """Return which payment a page is of; None when the address was made up."""
    try:
        payment_id = UUID(hex=key[:32])
    except ValueError:
        return None
    known = hmac.compare_digest(page_key(secrets, payment_id).encode(), key.encode(errors="replace"))
    return PaymentId(payment_id) if known else None


def _mac(secrets: Secrets, purpose: bytes, payment_id: UUID) -> str:
    return hmac.new(secrets.link_key, purpose + payment_id.bytes, hashlib.sha256).hexdigest()


def told(attempt: Attempt, seen: SwishPayment | None, now: datetime) -> Attempt:
    """Return a request as Swish tells it now; one that Swish never heard of has failed when it cannot come any more."""
    if seen is None:
        return _unheard(attempt, now)
    return replace(
        attempt,
        state=STAGES.get(seen.status, attempt.state),
        error_code=seen.error_code,
        payment_reference=seen.payment_reference or attempt.payment_reference,
        payer_last4=attempt.payer_last4 or last4(seen.payer_alias),
        looked_at=now,
    )


def consent_told(attempt: Attempt, seen: Consent | None, now: datetime) -> Attempt:
    """Return a consent as Swish tells it now."""
    if seen is None:
        return _unheard(attempt, now)
    payer = seen.payer.alias if seen.payer else None
    return replace(
        attempt,
        state=STAGES.get(seen.status, attempt.state),
        error_code=seen.error_code,
        payer_last4=attempt.payer_last4 or last4(payer),
        looked_at=now,
    )


def is_on_its_way(attempt: Attempt, now: datetime) -> bool:
    """Return whether somebody is telling Swish of a request just now."""
    fresh = now - attempt.created_at < ARRIVES_WITHIN
    return attempt.state == Stage.ASKED and attempt.error_code is None and fresh


def _unheard(attempt: Attempt, now: datetime) -> Attempt:
    if attempt.state == Stage.ASKED and now - attempt.created_at < ARRIVES_WITHIN:
        return attempt
    return replace(attempt, state=Stage.FAILED, error_code=NEVER_ARRIVED, looked_at=now)


def last4(alias: str | None) -> str:
    """Return the last digits of a phone number."""
    return re.sub(r"[^0-9]", "", alias or "")[-4:]


def is_paid_at_once(payment: Payment) -> bool:
    """Return whether nothing remains to be decided once the money is here: all of it is for what is known already."""
    return payment.purpose in (Purpose.INVOICE, Purpose.TOP_UP) or payment.due_minor == payment.amount_minor


def paid(payment: Payment, reference: str | None) -> Snapshot:
    """Return how a payment stands whose money has come: Swish reserves nothing, it pays."""
    return Snapshot(
        status=Outside.CAPTURED if is_paid_at_once(payment) else Outside.AUTHORISED,
        provider_ref=reference,
        authorised_minor=payment.amount_minor,
        captured_minor=payment.amount_minor,
    )


def snapshot(payment: Payment, attempts: Sequence[Attempt], now: datetime) -> Snapshot:
    """Return how a payment stands by all that was asked of its payer. The order of `attempts` is of no account."""
    ordered = sorted(attempts, key=lambda each: each.number)
    done = next((each for each in ordered if each.state == Stage.PAID), None)
    if done is not None and done.kind == Kind.CONSENT:
        card = Card(payment.id.hex, done.id.hex, "Swish", done.payer_last4)
        return Snapshot(status=Outside.SAVED, provider_ref=done.id.hex, card=card)
    if done is not None:
        return paid(payment, done.payment_reference)
    if payment.state == State.SAVED:
        return Snapshot(status=Outside.CANCELLED, failure_code=CONSENT_ENDED)
    is_closed = payment.wish == Wish.CANCEL or now >= payment.created_at + PAGE_OPEN_FOR
    if is_closed and not any(each.is_open for each in ordered):
        return _closed(payment, (ordered[-1].error_code if ordered else None) or TIME_RAN_OUT)
    return Snapshot(status=Outside.OPEN)


def _closed(payment: Payment, code: str) -> Snapshot:
    """Return how a payment stands that nobody paid. Whoever goes back was not too late, and nobody refused either."""
    if code not in RAN_OUT:
        return Snapshot(status=Outside.CANCELLED, failure_code=code)
    if payment.wish == Wish.CANCEL:
        return Snapshot(status=Outside.CANCELLED)
    return Snapshot(status=Outside.CANCELLED, failure_code=code, has_run_out=True)


def debit_snapshot(payment: Payment, seen: ConsentPayment) -> Snapshot:
    """Return how a payment under a consent stands."""
    stage = STAGES.get(seen.status, Stage.OPEN)
    if stage == Stage.PAID:
        return paid(payment, seen.payment_reference)
    if stage == Stage.OPEN:
        return Snapshot(status=Outside.OPEN)
    return Snapshot(status=Outside.FAILED, failure_code=seen.error_code or seen.status, failure_text=seen.error_message)
