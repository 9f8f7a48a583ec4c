"""Disputes and payouts: any order and repetition of what a provider shows ends in the same books, which sum to zero."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.kernel.ids import DisputeId, InvoiceId, PaymentId, PayoutId, new_id
from laddverk.kernel.money import VatTotal, vat_portion, vat_total
from laddverk.ledger.model import DISPUTED, LOSSES, PROVIDER, PROVIDER_DIFFERENCES, RECEIVABLES
from laddverk.payments.disputes import rules as dispute_rules
from laddverk.payments.disputes.model import OVER, Dispute, DisputeSeen, DisputeState
from laddverk.payments.model import Payment, Purpose, State
from laddverk.payments.payouts import rules as payout_rules
from laddverk.payments.payouts.model import Item, ItemKind, Payout, PayoutState, Wrong

AT = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
PAYMENT = Payment(
    id=PaymentId(new_id()), purpose=Purpose.SESSION, state=State.CAPTURED, currency="SEK", amount_minor=10_000,
    captured_minor=10_000, authorised_minor=10_000, provider="stripe", created_at=AT, updated_at=AT,
)  # fmt: skip
BEGUN = Dispute(
    id=DisputeId(new_id()), payment_id=PAYMENT.id, provider="stripe", provider_ref="dp_1", state=DisputeState.INQUIRY,
    reason="fraudulent", currency="SEK", amount_minor=10_000, opened_at=AT, updated_at=AT,
)  # fmt: skip


def seen(state: DisputeState, withdrawn: int = 0, returned: int = 0, fee: int = 0) -> DisputeSeen:
    return DisputeSeen(
        provider_ref="dp_1", state=state, reason="fraudulent", currency="SEK", amount_minor=10_000,
        withdrawn_minor=withdrawn, returned_minor=returned, fee_minor=fee, opened_at=AT,
    )  # fmt: skip


sales = st.lists(
    st.tuples(st.integers(1, 10_000), st.sampled_from([25, 12, 6, 0])), max_size=3, unique_by=lambda part: part[1]
).map(lambda parts: [vat_total(gross, Decimal(percent)) for gross, percent in parts])
"""What a payment paid for, at each VAT rate; nothing, where it was for no sale."""


@st.composite
def lives(draw: st.DrawFn) -> list[DisputeSeen]:
    """What a provider may show of one dispute from its beginning to its end."""
    fee = draw(st.integers(0, 20_000))
    taken = draw(st.integers(1, 10_000))
    shown = [seen(DisputeState.INQUIRY)] if draw(st.booleans()) else []
    shown += [
        seen(DisputeState.NEEDS_RESPONSE, taken, 0, fee),
        seen(DisputeState.UNDER_REVIEW, taken, 0, fee),
    ]
    end = draw(st.sampled_from(["won", "lost", "open", "lost then won"]))
    if "lost" in end:
        shown.append(seen(DisputeState.LOST, taken, 0, fee))
    if "won" in end:
        shown.append(seen(DisputeState.WON, taken, taken, fee))
    return shown


def booked(
    shown: list[DisputeSeen], sold: Sequence[VatTotal], payment: Payment = PAYMENT
) -> tuple[Dispute, Counter[str]]:
    """Apply what is shown, step by step; return the end and what stands on each account."""
    dispute, books, keys = BEGUN, Counter[str](), set[str]()
    for one in shown:
        after = dispute_rules.applied(dispute, one, AT)
        for entry in dispute_rules.entries(dispute, after, payment, sold, AT):
            assert sum(line.amount_minor for line in entry.lines) == 0
            assert entry.idempotency_key not in keys
            keys.add(entry.idempotency_key)
            for line in entry.lines:
                books[line.account] += line.amount_minor
        dispute = after
    return dispute, Counter({account: sum_ for account, sum_ in books.items() if sum_})


@pytest.mark.failure_mode(4, 22)
@given(lives(), st.randoms(), sales, st.booleans())
def test_any_order_of_what_is_shown_of_a_dispute_gives_the_same_books(
    shown: list[DisputeSeen], random: Random, sold: list[VatTotal], is_invoice: bool
) -> None:
    payment = replace(PAYMENT, invoice_id=InvoiceId(new_id()), purpose=Purpose.INVOICE) if is_invoice else PAYMENT
    shuffled = shown * 2
    random.shuffle(shuffled)
    dispute, books = booked(shuffled, sold, payment)
    expected, wanted = booked(shown, sold, payment)
    assert (dispute.state, dispute.withdrawn_minor, dispute.returned_minor) == (
        expected.state, expected.withdrawn_minor, expected.returned_minor,
    )  # fmt: skip
    assert books == wanted
    assert books[DISPUTED] == dispute.held_minor
    assert dispute.state not in OVER or books[DISPUTED] == 0
    claimed = sum(amount for account, amount in books.items() if account.startswith("26"))
    of_sale = min(dispute.lost_minor, sum(part.gross_minor for part in sold))
    assert claimed == sum(part.vat_minor for part in vat_portion(sold, of_sale)), "no more VAT than was sold"
    assert claimed + books[LOSSES] + books[RECEIVABLES] == dispute.lost_minor


@st.composite
def items(draw: st.DrawFn) -> list[Item]:
    """Items of a payout, some of which are not in our books."""
    made = []
    for number in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(list(ItemKind)))
        amount = draw(st.integers(-50_000, 50_000))
        fee = 0 if kind == ItemKind.FEE else draw(st.integers(0, 2_000))
        wrong = Wrong.NOTHING if kind == ItemKind.FEE else draw(st.sampled_from(list(Wrong)))
        made.append(
            Item(
                provider_ref=f"txn_{number}", kind=kind, source_ref="", text="", amount_minor=amount, fee_minor=fee,
                net_minor=amount - fee, at=AT, problem=wrong,
            )
        )  # fmt: skip
    return made


@pytest.mark.failure_mode(52)
@given(st.lists(st.tuples(items(), st.integers(-100_000, 100_000), st.sampled_from(list(PayoutState))), max_size=6))
def test_whatever_is_read_of_a_payout_the_books_have_what_was_read_last(
    readings: list[tuple[list[Item], int, PayoutState]],
) -> None:
    payout = Payout(
        id=PayoutId(new_id()), provider="stripe", provider_ref="po_1", state=PayoutState.PENDING, currency="SEK",
        amount_minor=0, arrives_on=date(2026, 11, 21), made_at=AT,
    )  # fmt: skip
    books, sums, order = Counter[str](), None, list(PayoutState)
    for listed, amount, state in readings:
        if order.index(state) < order.index(payout.state):
            state = payout.state
        sums = payout_rules.sums(state, amount, listed)
        assert sums.bank in (0, amount)
        payout = replace(payout, state=state, amount_minor=amount)
        entry = payout_rules.booking(payout, sums, AT)
        if entry is None:
            continue
        assert sum(line.amount_minor for line in entry.lines) == 0
        for line in entry.lines:
            books[line.account] += line.amount_minor
        payout = replace(
            payout,
            booked_bank=books["1930"],
            booked_fees=books["6570"],
            booked_difference=-books[PROVIDER_DIFFERENCES],
            bookings=payout.bookings + 1,
        )
    assert sum(books.values()) == 0
    if sums is not None:
        assert books["1930"] == sums.bank
        assert books[PROVIDER] == -sums.claims
        assert -books[PROVIDER_DIFFERENCES] == (sums.difference if payout.state == PayoutState.PAID else 0)
