"""Whatever order a bank's answers come in, and however often, a collection and a mandate end in the same state."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import reduce
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from laddverk.kernel.ids import CollectionId, DriverId, MandateId, PaymentId, new_id
from laddverk.payments.direct_debit.mandate_rules import COLLECTION_RANK, MANDATE_RANK, answered, told
from laddverk.payments.direct_debit.model import (
    Channel,
    Collection,
    CollectionKind,
    CollectionState,
    Mandate,
    MandateSaid,
    MandateState,
    MandateVerdict,
    PaymentSaid,
    Scheme,
    Verdict,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
COLLECTION = Collection(
    id=CollectionId(new_id()), kind=CollectionKind.COLLECT, scheme=Scheme.AUTOGIRO, mandate_id=MandateId(new_id()),
    payment_id=PaymentId(new_id()), reference="F2026-00001-1", amount_minor=500, currency="SEK",
    due_on=date(2026, 12, 1), state=CollectionState.SENT, created_at=NOW, updated_at=NOW,
)  # fmt: skip
MANDATE = Mandate(
    id=MandateId(new_id()), scheme=Scheme.AUTOGIRO, payer_number="1".zfill(16), driver_id=DriverId(new_id()),
    channel=Channel.PAPER, state=MandateState.SENT, created_at=NOW, updated_at=NOW,
)  # fmt: skip

answers = st.lists(
    st.sampled_from(
        [(Verdict.PAID, "0"), (Verdict.RETRYING, "9"), (Verdict.NO_FUNDS, "1"), (Verdict.ACCOUNT_CLOSED, "2"),
         (Verdict.REJECTED, "02"), (Verdict.CANCELLED, "25"), (Verdict.RETURNED, "01"), (Verdict.NOTED, "26")]
    ).map(
        lambda said: PaymentSaid(
            line=1, kind=CollectionKind.COLLECT, verdict=said[0], reference="F2026-00001-1", amount_minor=500,
            code=said[1], said=said[0],
        )
    ),
    max_size=8,
)  # fmt: skip
verdicts = st.lists(
    st.sampled_from(list(MandateVerdict)).map(
        lambda verdict: MandateSaid(line=1, verdict=verdict, payer_number="1".zfill(16), code=verdict, said=verdict)
    ),
    max_size=6,
)


def after_all(said: list[PaymentSaid]) -> Collection:
    return reduce(lambda known, each: answered(known, each, NOW), said, COLLECTION)


@given(answers, st.randoms())
def test_order_and_repetition_of_answers_change_nothing(said: list[PaymentSaid], random: Random) -> None:
    shuffled = said * 2
    random.shuffle(shuffled)
    assert after_all(shuffled) == after_all(said)


@given(answers)
def test_a_collection_never_goes_back_and_never_gives_back_more_than_it_took(said: list[PaymentSaid]) -> None:
    known = COLLECTION
    for each in said:
        after = answered(known, each, NOW)
        assert COLLECTION_RANK[after.state] >= COLLECTION_RANK[known.state]
        assert 0 <= after.returned_minor <= after.paid_minor <= after.amount_minor
        assert (after.paid_minor > 0) == (after.state == CollectionState.PAID)
        known = after


@given(verdicts, st.randoms())
def test_order_and_repetition_of_mandate_advice_change_nothing(said: list[MandateSaid], random: Random) -> None:
    shuffled = said * 2
    random.shuffle(shuffled)
    one = reduce(lambda known, each: told(known, each, NOW), said, MANDATE)
    other = reduce(lambda known, each: told(known, each, NOW), shuffled, MANDATE)
    assert one == other
    assert MANDATE_RANK[one.state] >= MANDATE_RANK[MANDATE.state]
