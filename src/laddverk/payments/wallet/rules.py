"""VAT of a balance, what of it may be paid back and which way, and what is kept for a charge. Pure, property-tested."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import PaymentId
from laddverk.kernel.money import vat_within
from laddverk.kernel.problems import Invalid
from laddverk.ledger.model import VAT_25, VAT_WAITING, Line
from laddverk.payments.wallet.model import Policy, TopUp, Used, Wallet

VAT_PERCENT: Final = Decimal(25)
"""Of charging in Sweden: the one rate that a single-purpose balance can be used at."""

AMOUNT_MAX_MINOR: Final = 500_000  # 5 000 kr at a time, as for cards and top-ups: e-money rules ask questions above
CHOICES_MAX: Final = 6
TIMES_A_DAY_MAX: Final = 10

GROW_FROM_PERCENT: Final = 80
"""A hold grows when this much of it is used: at 11 kW and 5 kr a kWh a fifth of 50 kr lasts ten minutes."""
GROW_STEP_MINOR: Final = 50_00
"""What is kept beyond the cost so far: the work of the next rounds, so that holds do not grow with each reading."""


def share(waiting_minor: int, balance_minor: int, amount_minor: int) -> int:
    """Return the part of the waiting VAT that goes with `amount_minor` of a balance: all of it with the last öre.

    Rounded half up; over any number of steps the parts sum to what waited.
    """
    if amount_minor >= balance_minor:
        return waiting_minor
    return (2 * waiting_minor * amount_minor + balance_minor) // (2 * balance_minor)


def kept(vat_minor: int, amount_minor: int, balance_before_minor: int) -> int:
    """Return how much of the VAT in `amount_minor` that comes in has to wait: none for what fills an overrun.

    What an overrun paid for was sold, with its VAT, when it was used.
    """
    filling = min(amount_minor, max(0, -balance_before_minor))
    return vat_minor - share(vat_minor, amount_minor, filling) if filling else vat_minor


def waits(vat_minor: int, currency: str, owner: UUID) -> tuple[Line, Line]:
    """Return the lines of VAT that is due now and waits, with its driver, to be set off."""
    return Line(VAT_WAITING, vat_minor, currency, owner), Line(VAT_25, -vat_minor, currency)


def set_off(vat_minor: int, currency: str, owner: UUID) -> tuple[Line, Line]:
    """Return the lines of VAT that waited and is set off: against that of a charge, or of a balance paid back."""
    return Line(VAT_25, vat_minor, currency), Line(VAT_WAITING, -vat_minor, currency, owner)


def paid_in_vat(amount_minor: int, balance_before_minor: int) -> int:
    """Return the VAT that falls due when `amount_minor` is paid into a single-purpose balance."""
    return kept(vat_within(amount_minor, VAT_PERCENT), amount_minor, balance_before_minor)


def refundable(wallet: Wallet, used: Used) -> int:
    """Return what a driver can get back: what is available less goodwill that was not used. Goodwill is used first."""
    unused = max(0, used.goodwill_minor - max(0, used.spent_minor))
    return max(0, min(wallet.available_minor, wallet.balance_minor - unused))


def way_back(amount_minor: int, top_ups: Sequence[TopUp]) -> tuple[list[tuple[PaymentId, int]], int]:
    """Return which payments take which part of `amount_minor` back, in the order given, and what is left for a bank."""
    parts: list[tuple[PaymentId, int]] = []
    for each in top_ups:
        part = min(amount_minor, each.left_minor)
        if part > 0:
            parts.append((each.payment_id, part))
            amount_minor -= part
    return parts, amount_minor


def held_at_start(policy: Policy, available_minor: int, wanted_minor: int) -> int:
    """Return what to keep for a charge that begins: what is wanted, or what is there; 0 when that is too little."""
    return 0 if available_minor < min(policy.start_minimum_minor, wanted_minor) else min(available_minor, wanted_minor)


def held_while(held_minor: int, cost_minor: int, available_minor: int) -> int:
    """Return what to keep for a charge that has cost `cost_minor`: more when it nears the hold, as far as there is.

    `available_minor` is what is there beside this hold. Never less than before (failure modes 13 and 51).
    """
    if cost_minor * 100 < held_minor * GROW_FROM_PERCENT:
        return held_minor
    wanted = max(held_minor, cost_minor + max(GROW_STEP_MINOR, held_minor * (100 - GROW_FROM_PERCENT) // 100))
    return max(held_minor, min(wanted, held_minor + max(0, available_minor)))


def check_policy(policy: Policy, smallest_minor: int) -> None:
    """Raise `Invalid`, by field, for rules that make no sense. `smallest_minor` is what the card provider can take."""
    if not 1 <= policy.start_minimum_minor <= AMOUNT_MAX_MINOR:
        raise Invalid("This amount makes no sense.", field="start_minimum")
    amounts = policy.top_up_amounts
    if not 1 <= len(amounts) <= CHOICES_MAX or len(set(amounts)) != len(amounts):
        raise Invalid("Give one to six different amounts.", field="top_up_amounts", remedy="Write 100, 200, 500.")
    if not all(smallest_minor <= amount <= AMOUNT_MAX_MINOR for amount in amounts):
        raise Invalid("An amount is too small or too large.", field="top_up_amounts", remedy="5000 is the most.")
    if not 0 <= policy.auto_times_a_day <= TIMES_A_DAY_MAX:
        raise Invalid("Give 0 to 10 times a day.", field="auto_times_a_day")
    for name in ("goodwill_max_minor", "goodwill_books_minor"):
        if not 0 <= getattr(policy, name) <= AMOUNT_MAX_MINOR:
            raise Invalid("This amount makes no sense.", field=name.removesuffix("_minor"))
