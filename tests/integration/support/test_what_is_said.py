"""What is said to drivers and agents is true, and goes to nobody who did not prove to be the one it is about."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import pytest

from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid
from laddverk.platform.languages import SUPPORTED
from laddverk.support import working
from laddverk.support.macros import service as macros
from laddverk.support.macros.filling import Filled
from laddverk.support.macros.model import Macro
from laddverk.support.model import Case, Links, Verified
from laddverk.support.situations import book
from tests.integration.support.test_agent import EVA, Bench, bench

__all__ = ["bench"]


async def charged(bench: Bench) -> UUID:
    """A charge of nobody's account that is over and priced."""
    made = uuid4()
    async with bench.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO session (id, station_id, evse_number, transaction_key, started_at, ended_at, received_at,"
            " energy_wh, price_minor, currency)"
            " VALUES ($1, $2, 1, $3, now() - interval '1 hour', now(), now(), 2500, 1149, 'SEK')",
            made, bench.station, str(made),
        )  # fmt: skip
    return made


async def test_a_canned_answer_says_what_a_charge_came_to_only_to_whose_it_proved_to_be(bench: Bench) -> None:
    """A number is forged and a mail forwarded: neither is told a sum, a session or the account's name."""
    session = await charged(bench)
    macro = Macro(id=new_id(), name="Sum", texts={"sv": "Hej {driver}! {session}: {energy}, {cost}. {charger}"})
    async with bench.house.database.transaction() as tx:
        await macros.save(tx, EVA, macro, bench.house.clock())

    async def said(verified: Verified) -> tuple[Case, Filled]:
        case = await bench.case(verified, session_id=session)
        async with bench.house.database.transaction() as tx:
            ((_, suggested),) = await macros.suggested(tx, bench.house, EVA, case.id, "Sum")
            previewed = (await macros.preview(tx, bench.house, EVA, case.id, macro.id))[1]
        assert suggested == previewed
        return case, previewed

    for verified in (Verified.NOT, Verified.NUMBER, Verified.MAIL):
        case, filled = await said(verified)
        assert filled.text == "Hej! {session}: {energy}, {cost}. TST-1"
        assert (filled.missing, filled.withheld) == ((), ("driver", "session", "energy", "cost"))
        with pytest.raises(Invalid, match="well enough"):
            async with bench.house.database.transaction() as tx:
                await macros.use(tx, bench.house, EVA, case.id, macro.id, None, bench.house.clock())
        with pytest.raises(Invalid, match="well enough"):
            async with bench.house.database.transaction() as tx:
                await macros.require_filled(tx, bench.house, EVA, case.id, filled.text)
    case, filled = await said(Verified.CHARGE)
    assert filled.withheld == ("driver",)
    assert "{" not in filled.text
    assert "Ada" not in filled.text
    assert (await said(Verified.CODE))[1].text.startswith("Hej Ada! ")

    other = await charged(bench)
    async with bench.house.database.transaction() as tx:
        await working.link(tx, bench.house, EVA, case.id, Links(session_id=other), bench.house.clock())
        assert await tx.value("SELECT verified FROM support_case WHERE id = $1", case.id) == "", "another charge"


def test_no_situation_tells_of_a_deed_that_may_not_have_been_done() -> None:
    """A situation is what is seen. What was done about it is told by whatever did it."""
    claims = re.compile(
        r"\bwe (have |will )?(ask|tell|told|called|sent|send)|\bvi (har )?(ber|bett|bad|meddelar|ringer|skickar)"
        r"|\b(ber|bad|meddelar|ringer|skickar) vi\b",
        re.IGNORECASE,
    )
    on_their_word = re.compile(r"Tell us, and we ask|Säg till oss, så ber vi")
    known = {("stopped-early", "paid_for")}  # that we stopped it is what is seen
    assert claims.search("If its driver can be reached, we ask them to move it.")
    assert claims.search("Om föraren går att nå ber vi dem flytta den.")
    for situation in book.catalogue():
        for language in SUPPORTED:
            for variant in situation.texts[language]:
                texts = situation.text(language, variant)
                for words in (texts.says, texts.sms, texts.voice):
                    is_claim = claims.search(on_their_word.sub("", words)) is not None
                    assert not is_claim or (situation.key, variant) in known, (situation.key, variant, words)
