"""A mail that carries the address of a charge's page is about that charge; a forged one proves nothing."""

from __future__ import annotations

import asyncio
import smtplib
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid
from pathlib import Path
from typing import Any

from bench._support_world import AUTHORITY, SUPPORT, Visitor, World, world_on
from laddverk.platform.database import Database

CASE = """
SELECT row_to_json(support_case)::jsonb || jsonb_build_object('of', (SELECT email FROM driver WHERE id = driver_id))
FROM support_case WHERE contact_email = $1
"""
ANSWERS = "SELECT string_agg(body_text, ' ') FROM mail WHERE recipient = $1"


async def mailed(world: World, sender: str, text: str, *, answers: str = "", vouched: bool = False) -> str:
    """Hand over a mail as a mail server does; its id."""
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"], letter["Subject"] = sender, SUPPORT, "Charging"
    letter["Message-ID"] = made = make_msgid(domain="example.com")
    if answers:
        letter["In-Reply-To"] = answers
    if vouched:
        letter["Authentication-Results"] = f"{AUTHORITY}; dmarc=pass header.from=example.com"
    letter.set_content(text)

    def handed_over() -> None:
        with smtplib.LMTP("127.0.0.1", world.house.settings.support_lmtp_port or 0, timeout=20) as server:
            server.send_message(letter)

    await asyncio.to_thread(handed_over)
    await world.rest()
    return made


async def case_of(world: World, sender: str) -> dict[str, Any]:
    found: dict[str, Any] = await world.value(CASE, sender)
    return found


async def test_whoever_has_the_address_of_a_charges_page_is_told_of_it_by_mail_and_nobody_else(
    database: Database, tmp_path: Path
) -> None:
    async with world_on(tmp_path, database_url=database.dsn) as world:
        bay, payer, owner = await world.bay(), Visitor(world), Visitor(world)
        await payer.pay(bay.codes[0], card="declined")
        page = f"{world.house.settings.web_url}{payer.charge}"
        payment = str(await world.value("SELECT id FROM payment ORDER BY created_at DESC LIMIT 1"))

        await mailed(world, "has@example.com", f"It does not start, what is wrong?\n\n> {page}?wrong=money")
        proved = await case_of(world, "has@example.com")
        assert (proved["verified"], proved["payment_id"], proved["situation"]) == ("charge", payment, "card-declined")
        assert proved["of"] is None
        assert "Your bank declined the card" in await world.value(ANSWERS, "has@example.com")

        forged = page[:-4] + ("AAAA" if not page.endswith("AAAA") else "BBBB")
        await mailed(world, "forges@example.com", f"It does not start. {forged} {page[:-1]}", vouched=True)
        guessed = await case_of(world, "forges@example.com")
        assert (guessed["verified"], guessed["payment_id"], guessed["station_id"]) == ("", None, None)
        assert "declined" not in await world.value(ANSWERS, "forges@example.com")

        # The address comes later: the case is then about that charge, for the same sender only.
        begun = await mailed(world, "later@example.com", "It does not start.")
        await mailed(world, "colleague@example.com", f"Here: {page}", answers=begun)
        assert (await case_of(world, "later@example.com"))["verified"] == ""
        await mailed(world, "later@example.com", f"Here: {page}", answers=begun)
        later = await case_of(world, "later@example.com")
        assert (later["verified"], later["payment_id"]) == ("charge", payment)

        # Another account's charge proves that charge, and nothing of the account that its sender has.
        await payer.post(f"{payer.charge}/do/pay")
        owner.sender, owner.phone = "owner@example.com", "+46701112233"
        await owner.sign_in()
        await world.account("friend@example.com", "+46704445566")
        await owner.pay(bay.codes[1])
        theirs = f"{world.house.settings.web_url}{owner.charge}"
        await mailed(world, "friend@example.com", f"My friend's car does not charge: {theirs}", vouched=True)
        friend = await case_of(world, "friend@example.com")
        assert friend["verified"] == "charge", "enough to help with the charge, not for money or an account"
        assert friend["of"] != "friend@example.com"
        for each in (payer, owner):
            await each.close()
