"""How mandates and collections go forward, and what is a bank account. Pure: the same files in any order, any number of
times, end in the same state.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from msgspec.structs import replace

from laddverk.kernel.problems import Invalid
from laddverk.payments.direct_debit.model import (
    BankAccount,
    Collection,
    CollectionState,
    Mandate,
    MandateSaid,
    MandateState,
    MandateVerdict,
    PaymentSaid,
    Verdict,
)

MANDATE_RANK: Final = {state: rank for rank, state in enumerate(MandateState)}
COLLECTION_RANK: Final = {state: rank for rank, state in enumerate(CollectionState)}

_MANDATE_SAID: Final = {
    MandateVerdict.STANDS: MandateState.ACTIVE,
    MandateVerdict.REFUSED: MandateState.REFUSED,
    MandateVerdict.ENDED: MandateState.CANCELLED,
}
_PAYMENT_SAID: Final = {
    Verdict.RETRYING: CollectionState.RETRYING,
    Verdict.NO_FUNDS: CollectionState.REFUSED,
    Verdict.ACCOUNT_CLOSED: CollectionState.REFUSED,
    Verdict.REJECTED: CollectionState.REFUSED,
    Verdict.CANCELLED: CollectionState.CANCELLED,
    Verdict.PAID: CollectionState.PAID,
    Verdict.RETURNED: CollectionState.PAID,
}

CLEARING_DIGITS: Final = 4
SWEDBANK: Final = "8"  # its five-digit clearing numbers carry a check digit that Bankgirot does not want
ACCOUNT_DIGITS_MIN: Final = 5
ACCOUNT_DIGITS_MAX: Final = 12
PERSON_DIGITS: Final = 10
ORGANISATION: Final = "00"
MONTH_OF_ORGANISATION: Final = 20  # the third and fourth digit of an organisation number are 20 or more
IBAN_MIN, IBAN_MAX = 15, 34


def told(mandate: Mandate, said: MandateSaid, now: datetime) -> Mandate:
    """Return `mandate` after the bank said something of it. It never goes back; what is over stays over."""
    target = _MANDATE_SAID.get(said.verdict)
    if target is None or MANDATE_RANK[target] <= MANDATE_RANK[mandate.state]:
        return mandate
    return replace(mandate, state=target, answer_code=said.code, answer=said.said, updated_at=now)


def answered(collection: Collection, said: PaymentSaid, now: datetime) -> Collection:
    """Return `collection` after the bank said something of it: the furthest of all that was ever said of it.

    A payment that was taken back must have been paid before, whichever of the two files came first.
    """
    target = _PAYMENT_SAID.get(said.verdict)
    if target is None:
        return collection
    paid = said.amount_minor if said.verdict == Verdict.PAID else 0
    returned = said.amount_minor if said.verdict == Verdict.RETURNED else 0
    if returned and not collection.paid_minor:
        paid = collection.amount_minor
    words = (COLLECTION_RANK[target], said.code)
    newer = words > (COLLECTION_RANK[collection.state], collection.answer_code)
    after = replace(
        collection,
        state=target if COLLECTION_RANK[target] > COLLECTION_RANK[collection.state] else collection.state,
        paid_minor=max(collection.paid_minor, paid),
        returned_minor=max(collection.returned_minor, returned),
        answer_code=said.code if newer else collection.answer_code,
        answer=said.said if newer else collection.answer,
    )
    return after if after == collection else replace(after, updated_at=now)


def swedish_account(clearing: str, account: str, person: str, today: date) -> BankAccount:
    """Return a Swedish bank account as Bankgirot writes it: 4 + 12 digits, and the payer's number with 12 digits.

    Raises `Invalid` naming the field that cannot be right.
    """
    return BankAccount(_clearing(clearing) + _account(account), _person(person, today))


def _clearing(text: str) -> str:
    digits = _digits(text)
    if len(digits) == CLEARING_DIGITS + 1 and digits.startswith(SWEDBANK):
        return digits[:CLEARING_DIGITS]
    if len(digits) != CLEARING_DIGITS or digits < "1000":
        remedy = "It is the first four digits of the account; for Swedbank, five that begin with 8."
        raise Invalid("The clearing number has four digits.", field="clearing", remedy=remedy)
    return digits


def _account(text: str) -> str:
    digits = _digits(text)
    if not ACCOUNT_DIGITS_MIN <= len(digits) <= ACCOUNT_DIGITS_MAX:
        remedy = "Write the digits after the clearing number."
        raise Invalid("This is not the number of a Swedish bank account.", field="account", remedy=remedy)
    return digits.zfill(ACCOUNT_DIGITS_MAX)


def _person(text: str, today: date) -> str:
    digits = _digits(text)
    short = digits[-PERSON_DIGITS:]
    if len(digits) not in (PERSON_DIGITS, PERSON_DIGITS + 2) or not luhn_holds(short):
        remedy = "Write the ten or twelve digits of the person or company that owns the account."
        raise Invalid("This is no personal or organisation number.", field="person", remedy=remedy)
    if int(short[2:4]) >= MONTH_OF_ORGANISATION:
        return ORGANISATION + short
    if len(digits) > PERSON_DIGITS:
        return digits
    hundred = "+" in text  # written so from the age of hundred on
    year = int(short[:2]) + 100 * (today.year // 100)
    year -= 100 if year > today.year else 0
    return f"{year - (100 if hundred else 0):04d}{short[2:]}"


def luhn_holds(digits: str) -> bool:
    """Return whether the last digit is the check digit of those before it (modulus 10)."""
    return digits[-1:] == check_digit(digits[:-1])


def check_digit(digits: str) -> str:
    """Return the check digit (modulus 10) to put behind `digits`."""
    doubled = (int(digit) * (2 - index % 2) for index, digit in enumerate(reversed(digits)))
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def payer_number(number: int) -> str:
    """Return the payer number that is the `number`th given out: 16 digits, the last of them a check digit."""
    return (str(number) + check_digit(str(number))).zfill(16)


def euro_account(iban: str, bic: str) -> BankAccount:
    """Return an account in the euro area. Raises `Invalid` for an IBAN whose check digits are wrong (ISO 13616)."""
    compact = "".join(iban.split()).upper()
    if not (IBAN_MIN <= len(compact) <= IBAN_MAX and compact.isascii() and compact.isalnum() and _mod_97(compact)):
        raise Invalid(
            "This IBAN is not right.",
            field="account",
            remedy="Copy it from your internet bank: two letters, then digits.",
        )
    short = "".join(bic.split()).upper()
    if short and not (len(short) in (8, 11) and short.isascii() and short.isalnum() and short[:6].isalpha()):
        raise Invalid(
            "This BIC is not right.", field="bic", remedy="It has eight or eleven letters, or leave it empty."
        )
    return BankAccount(compact, short)


def _mod_97(iban: str) -> bool:
    if not (iban[:2].isalpha() and iban[2:4].isdigit()):
        return False
    return int("".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])) % 97 == 1


def _digits(text: str) -> str:
    kept = "".join(letter for letter in text if letter not in " -+.\u00a0")
    return kept if kept.isascii() and kept.isdigit() else ""
