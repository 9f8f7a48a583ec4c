"""The recorders of what chargers say about displays, payments at them, and batteries."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec
import structlog

from laddverk.displays import rules, store, store_money
from laddverk.displays.providers import chosen_register
from laddverk.displays.providers.port import Unreachable
from laddverk.kernel.ids import new_id
from laddverk.kernel.money import MINOR_DIGITS
from laddverk.ocpp import facts
from laddverk.ocpp.answers import SettlementAnswer, VatAnswer
from laddverk.ocpp.facts import Fact
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.stations import service as stations
from laddverk.stations.model import Deed

VAT_HOLDS: Final = timedelta(days=30)  # companies do not appear and vanish within days; VIES asks not to be asked often
CURRENCY: Final = "SEK"
"""Of a settlement whose session is not known: a terminal in Sweden. Settlements carry no currency of their own."""

log = structlog.get_logger()


async def record_messages(tx: Transaction, reports: Sequence[facts.MessagesReported]) -> None:
    """Keep what chargers say they show. The last part of a report of everything settles what is there."""
    for report in sorted(reports, key=lambda one: one.received_at):
        await store.keep_told(tx, report)
        if not report.more_follows:
            if await store.asked_for_all(tx, report.station_id, report.request_id):
                await store.complete(tx, report.station_id, report.request_id, report.received_at)
            await _confirm(tx, report, "read_messages", request_id=report.request_id)


async def record_costs(tx: Transaction, computed: Sequence[facts.CostComputed]) -> None:
    """Keep what chargers compute for their sessions, beside what we do. What is billed is ours."""
    for one in computed:
        if one.transaction_key:
            currency = one.currency if one.currency in MINOR_DIGITS else CURRENCY
            await store_money.keep_told_cost(tx, one, rules.settled_minor(one.amount, currency), currency)


async def record_settlements(tx: Transaction, settled: Sequence[facts.SettlementReported]) -> list[SettlementAnswer]:
    """Keep what terminals in chargers took, once each. It books nothing: the terminal's provider pays out and tells."""
    for one in settled:
        currency = await store_money.currency_of(tx, one.station_id, one.transaction_key) or CURRENCY
        amount_minor = rules.settled_minor(one.amount, currency)
        await store_money.keep_settlement(tx, new_id(), one, amount_minor, currency)
    return [SettlementAnswer() for _ in settled]


async def find_vat_number(house: House, entered: facts.VatNumberEntered) -> VatAnswer | None:
    """Return whether a VAT number exists, and whose it is: known from before, by a register, else by its form alone.

    A register that does not answer says nothing against a number that has the right form.
    """
    number = rules.vat_number(entered.vat_number)
    if number is None:
        return VatAnswer(accepted=False)
    now = house.clock()
    async with house.database.transaction() as tx:
        known = await store_money.known_number(tx, number, now - VAT_HOLDS)
    if known is not None:
        return VatAnswer(known.accepted, known.company)
    register = chosen_register(house.settings)
    if register is None:
        return VatAnswer(accepted=True)
    try:
        said = await register.look_up(number)
    except Unreachable as error:
        log.warning("displays.vat_register_silent", register=register.name, error=str(error))
        return VatAnswer(accepted=True)
    answer = VatAnswer(said.exists, said.company)
    async with house.database.transaction() as tx:
        await store_money.keep_number(tx, number, answer, register.name, now)
    return answer


async def record_vat_numbers(tx: Transaction, entered: Sequence[facts.VatNumberEntered]) -> list[VatAnswer]:
    """Keep which numbers were entered at chargers, and pass on what was found. Nobody asked: only the form counts."""
    answers = []
    for one in entered:
        right_form = rules.vat_number(one.vat_number) is not None
        answer = one.found if isinstance(one.found, VatAnswer) else VatAnswer(accepted=right_form)
        why = "" if answer.accepted else ("unknown" if right_form else "form")
        await store_money.keep_question(tx, one, answer.accepted, why)
        answers.append(answer)
    return answers


async def record_swaps(tx: Transaction, swaps: Sequence[facts.BatterySwapped]) -> None:
    """Keep which batteries went in or out; the first one confirms that a swap was let through."""
    for swap in swaps:
        content = hashlib.blake2b(msgspec.json.encode(swap.batteries), digest_size=8).hexdigest()
        await store_money.keep_swap(tx, swap, content)
        if swap.event == "BatteryIn":
            await _confirm(tx, swap, "request_swap", request_id=swap.request_id)


async def _confirm(tx: Transaction, fact: Fact, kind: str, **match: Any) -> None:
    deed = Deed(station_id=fact.station_id, kind=kind, at=fact.received_at, match=match)
    await stations.confirm(tx, [deed], fact.received_at)
