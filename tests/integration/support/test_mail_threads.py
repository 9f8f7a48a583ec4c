"""Which case a mail comes to: the ten ways in which mails are threaded, over a real LMTP socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from laddverk.platform.database import Database
from tests.integration.support.mail_desk import AUTHORITY, SUPPORT, Desk, desk_on

ADA = "ada@example.se"


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_on(database, tmp_path) as made:
        yield made


async def opened(desk: Desk, **given: Any) -> dict[str, Any]:
    await desk.write(message_id="<first@example.se>", **given)
    (case,) = await desk.cases()
    return case


async def test_a_new_mail_opens_a_case_and_its_sender_gets_a_receipt(desk: Desk) -> None:
    case = await opened(desk, subject="Sv: Kabeln sitter fast å", text="Hej,\nden lossnar inte från laddaren. Å")
    assert (case["channel"], case["contact_email"], case["subject"]) == ("email", ADA, "Kabeln sitter fast å")
    assert (case["kind"], case["language"], case["verified"]) == ("cable", "sv", "")
    assert await desk.said(case["id"]) == ["Hej,\nden lossnar inte från laddaren. Å"]
    (receipt,) = await desk.sent(ADA)
    assert receipt["In-Reply-To"] == "<first@example.se>"
    assert receipt["References"] == "<first@example.se>"
    assert receipt["Subject"].endswith(f"[#{case['number']}]")
    assert "lossnar" not in receipt.as_string()
    assert "Kabeln sitter" not in receipt.as_string()
    assert receipt["Reply-To"].startswith(f"support+{case['number']}-")
    assert (receipt["Auto-Submitted"], receipt["X-Auto-Response-Suppress"]) == ("auto-replied", "All")


async def test_an_answer_with_only_in_reply_to_joins(desk: Desk) -> None:
    case = await opened(desk)
    await desk.answer(case["id"], "Har du dragit i handtaget?")
    answer = (await desk.sent(ADA))[-1]
    assert answer["Auto-Submitted"] is None
    assert answer["Subject"] == f"Re: Laddaren [#{case['number']}]"
    assert answer["References"] == "<first@example.se>"
    await desk.write(text="Ja!\n\nDen sön 22 nov. 2026 kl 09:00 skrev Laddverk <x@y.se>:\n> Har du", subject="?",
                     sender="ada.privat@example.org", headers={"In-Reply-To": answer["Message-ID"]})  # fmt: skip
    assert (await desk.said(case["id"]))[-1] == "Ja!"
    (now,) = await desk.cases()
    assert (now["state"], now["contact_email"]) == ("open", ADA), "answers go where they went before"
    assert (await desk.mails())[-1]["how"] == "reference"
    assert "Har du" in (await desk.mails())[-1]["quoted"]
    entry = (await desk.rows("SELECT by_name FROM case_entry WHERE body = 'Ja!'"))[0]
    assert entry["by_name"] == "Ada Ek", "by whoever the mail says"
    assert await desk.rows("SELECT 1 FROM case_entry WHERE text LIKE 'This came from%'")


async def test_an_answer_with_only_references_joins(desk: Desk) -> None:
    case = await opened(desk)
    receipt = (await desk.sent(ADA))[0]
    await desk.write(subject="?", headers={"References": f"<unknown@example.org> {receipt['Message-ID']}"})
    assert [each["id"] for each in await desk.cases()] == [case["id"]]


async def test_an_answer_to_the_signed_address_alone_joins_whatever_it_is_called(desk: Desk) -> None:
    case = await opened(desk)
    reply_to = (await desk.sent(ADA))[0]["Reply-To"]
    await desk.write(subject="Något nytt", to=reply_to.upper(), sender="other@example.org")
    assert len(await desk.cases()) == 1
    assert (await desk.mails())[-1]["how"] == "address"
    await desk.write(
        subject="Gissat", to=f"support+{case['number']}-aaaaaaaaaaaaaaaa@laddverk.example", sender="x@example.org"
    )
    assert len(await desk.cases()) == 2, "a guessed signature opens nothing that is there"


async def test_a_number_in_the_subject_joins_for_the_drivers_own_vouched_mail(desk: Desk) -> None:
    case = await opened(desk)
    await desk.write(subject=f"SV: vad som helst [#{case['number']}]", vouched=True)
    assert len(await desk.cases()) == 1
    assert (await desk.mails())[-1]["how"] == "number"


async def test_a_strangers_forged_number_opens_a_new_case(desk: Desk) -> None:
    case = await opened(desk)
    tag = f"[#{case['number']}]"
    await desk.write(subject=tag, sender="mallory@example.org", vouched=True)
    await desk.write(subject=tag, sender=ADA)
    forged = {"Authentication-Results": "mx.evil.example; dmarc=pass header.from=example.se"}
    await desk.write(subject=tag, sender=ADA, headers=forged)
    other = {"Authentication-Results": f"{AUTHORITY}; dmarc=pass header.from=evil.example"}
    await desk.write(subject=tag, sender=ADA, headers=other)
    assert len(await desk.cases()) == 5, (
        "another's mail, one nobody vouches for, a forged word and one for another domain"
    )
    assert len(await desk.said(case["id"])) == 1


async def test_a_colleagues_answer_to_the_drivers_own_first_mail_joins(desk: Desk) -> None:
    case = await opened(desk)
    await desk.write(sender="bo@example.se", subject="Re: Laddaren", text="Jag såg det också.",
                     headers={"References": "<first@example.se>", "In-Reply-To": "<first@example.se>"})  # fmt: skip
    assert len(await desk.cases()) == 1
    assert (await desk.said(case["id"]))[-1] == "Jag såg det också."
    assert await desk.sent("bo@example.se") == [], "nobody answers by itself in a case that is there"


async def test_the_same_mail_twice_is_one(desk: Desk) -> None:
    case = await opened(desk)
    await desk.write(message_id="<first@example.se>")
    assert len(await desk.cases()) == 1
    assert len(await desk.said(case["id"])) == 1
    (kept,) = await desk.mails()
    assert kept["copies"] == 2
    assert len(await desk.sent(ADA)) == 1
    await desk.write(message_id="<first@example.se>", sender="carl@example.se", text="Another program with the same id")
    assert len(await desk.cases()) == 2, "an id that a program gives to all its mails makes them no copies"


async def test_an_absent_drivers_machine_wakes_nobody_and_is_answered_by_nobody(desk: Desk) -> None:
    case = await opened(desk)
    await desk.answer(case["id"], "Går det nu?")
    answer = (await desk.sent(ADA))[-1]
    away = {"In-Reply-To": answer["Message-ID"], "Auto-Submitted": "auto-replied"}
    await desk.write(text="Jag är på semester.", headers=away)
    (now,) = await desk.cases()
    assert now["state"] == "waiting"
    assert (await desk.said(case["id"]))[-1] == "Jag är på semester."
    assert (await desk.mails())[-1]["verdict"] == "stored"
    await desk.write(text="Semester!", sender="cleo@example.se", headers={"Auto-Submitted": "auto-replied"})
    await desk.write(
        text="Rea!", sender="shop@example.org", headers={"Precedence": "bulk", "List-Id": "<rea.example.org>"}
    )
    await desk.write(text="?", sender="robot@example.org", envelope="")
    await desk.write(text="Eko", sender=SUPPORT)
    assert [one["verdict"] for one in (await desk.mails())[-4:]] == ["ignored"] * 4
    assert len(await desk.cases()) == 1
    assert [
        await desk.sent(each) for each in ("cleo@example.se", "shop@example.org", "robot@example.org", SUPPORT)
    ] == [[]] * 4


async def test_one_subject_and_one_sender_alone_never_join(desk: Desk) -> None:
    await opened(desk)
    await desk.write(vouched=True)
    assert len(await desk.cases()) == 2, "the same person with the same subject may mean something else"
    for _ in range(5):
        await desk.write()
    assert [one["verdict"] for one in (await desk.mails())[-2:]] == ["refused"] * 2, (
        "five an hour, and the rest is kept"
    )
    assert len(await desk.sent(ADA)) == 3, "so many automatic answers an hour"
