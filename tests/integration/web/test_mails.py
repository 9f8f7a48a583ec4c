"""Pages of mails: why one opened nothing, a case made of it by hand, the mail as it came, files, dead addresses."""

from __future__ import annotations

import re
from pathlib import Path

from laddverk.cli.demo import mails as demo_mails
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from laddverk.support.mail import service, store
from laddverk.support.mail.model import Envelope
from tests.integration.web.console.conftest import NOW, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world

MAILS = Path(__file__).parents[2] / "data" / "mail"
CASE = re.compile(r"/console/cases/cas_[0-9a-f]+")
MAIL = re.compile(r"/console/mails/eml_[0-9a-f]+")
FILE = re.compile(r"/console/cases/cas_[0-9a-f]+/files/att_[0-9a-f]+")


async def test_mails_are_looked_at_made_cases_of_and_handed_out(world: World, signed_in: SignedIn) -> None:
    await demo_mails.arrive(world.house)
    await demo_mails.arrive(world.house)
    await service.ingest(world.house, (MAILS / "html-attack.eml").read_bytes(), Envelope(inbox="lmtp"))
    desk = await signed_in(Role.SUPPORT)
    everything = (await desk.open("/console/mails")).text
    assert "Skärmen är svart" in everything
    assert everything.count("came 2 times") == 3, "the same mail again is the same mail"
    loose = (await desk.open("/console/mails?verdict=loose&q=news")).text
    assert "It went to a mailing list or to many" in loose
    assert "Skärmen" not in loose
    assert "No mail matches" in (await desk.open("/console/mails?q=nothing-like-that")).text
    assert "Kablar p" in (await desk.open("/console/mails.csv?verdict=ignored")).text
    (news,) = set(MAIL.findall(loose))
    assert "Make a case of it" in (await desk.open(news)).text
    made = await desk.send(f"{news}/case")
    assert made.status_code == 303
    assert "Alla kablar halva priset." in (await desk.open(made.headers["location"])).text
    assert (await desk.send(f"{news}/case")).status_code == 409
    raw = await desk.open(f"{news}/raw")
    assert raw.headers["content-type"].startswith("text/plain")
    assert raw.headers["content-disposition"].startswith("attachment")
    assert b"List-Id: <news.example.com>" in raw.content

    found = (await desk.open("/console/mails?q=maja")).text
    (stuck,) = set(CASE.findall(found))
    page = (await desk.open(stuck)).text
    assert "Sender not checked" in page
    assert "Tack för att du laddar hos oss." in page, "what was quoted is folded, not lost"
    (photo,) = set(FILE.findall(page))
    picture = await desk.open(photo)
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["x-content-type-options"] == "nosniff"
    async with world.house.database.transaction() as tx:
        attack = await tx.value("SELECT id FROM support_mail WHERE message_id = 'xss@example.se'")
    looked = (await desk.open(f"/console/mails/{shown('eml', attack)}")).text.partition("Its headers")[0]
    assert "över allt" in looked
    assert not re.search(r"<script>alert|onclick|javascript:|evil\.example", looked)


async def test_a_dead_address_is_shown_and_lives_again(world: World, signed_in: SignedIn) -> None:
    async with world.house.database.transaction() as tx:
        await store.mark_dead(tx, "gone@example.se", "5.1.1", "no such user", None, NOW)
    desk = await signed_in(Role.SUPPORT)
    assert "no such user" in (await desk.open("/console/mails/dead?q=gone")).text
    assert "No address matches" in (await desk.open("/console/mails/dead?q=else")).text
    assert (await desk.send("/console/mails/dead", address="gone@example.se")).status_code == 303
    assert "Every address works" in (await desk.open("/console/mails/dead")).text
    assert (await desk.send("/console/mails/dead", address="gone@example.se")).status_code == 404
    async with world.house.database.transaction() as tx:
        assert (
            await tx.value("SELECT detail->>'address' FROM audit_log WHERE action = 'mail.revived'")
            == "gone@example.se"
        )
