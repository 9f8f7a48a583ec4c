"""Files that one of us sends with an answer: in the mail, in the chat, on the driver's page and with the case."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from laddverk.notices import smtp, store
from laddverk.support import attachments, privacy
from laddverk.support.chat import speaking
from laddverk.support.inbox import sending
from tests.integration.web.console.conftest import Browser, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world
from tests.integration.web.console.test_cases import watched
from tests.integration.web.journey import plain
from tests.integration.web.test_paying_pages import value
from tests.integration.web.test_situations_page import turn

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 400
PDF = b"%PDF-1.7\n" + b"x" * 3000
FILES = [("files", ("uttaget.png", PNG, "image/png")), ("files", ("Så gör du.pdf", PDF, "text/html"))]
CASE = "SELECT id FROM support_case ORDER BY number DESC LIMIT 1"


async def of_mail(world: World, stranger: Browser) -> str:
    """Open a case by the form; its path for its driver."""
    answer = await stranger.send("/help/write", kind="cable", text="The cable is stuck", email="bo@example.se")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def replied(world: World, desk: Browser, *files: tuple[str, Any], **fields: str) -> Any:
    case = await value(world, CASE)
    return await desk.client.post(
        f"/console/cases/{shown('cas', case)}/do", data={"what": "reply", "reply": "As in the picture.", **fields},
        files=list(files), headers={"sec-fetch-site": "same-origin", "accept-language": "en"},
    )  # fmt: skip


async def mail_of(world: World) -> Any:
    """Return the newest mail as it goes out."""
    async with world.house.database.transaction() as tx:
        (mail,) = await store.unsent(
            tx, [await tx.value("SELECT id FROM mail ORDER BY created_at DESC, id DESC LIMIT 1")]
        )
        return smtp.message_of(await store.with_files(tx, mail), world.house.settings)


async def test_files_go_with_the_mail_and_stand_with_the_case_and_on_its_drivers_page(
    world: World, stranger: Browser, signed_in: SignedIn
) -> None:
    path = await of_mail(world, stranger)
    desk = await signed_in(Role.SUPPORT)
    assert (await replied(world, desk, *FILES)).status_code == 303
    message = await mail_of(world)
    sent = [(part.get_filename(), part.get_content_type(), part.get_content()) for part in message.iter_attachments()]
    assert sent == [("uttaget.png", "image/png", PNG), ("Så gör du.pdf", "application/pdf", PDF)]
    assert "As in the picture." in message.get_body(("plain",)).get_content()
    encoded = message.as_bytes().split(b"base64")[-1].splitlines()
    assert max(len(line) for line in encoded if b":" not in line) <= 76
    page = (await stranger.open(path)).text
    image, other = re.findall(rf'href="({path}/files/[^"]+)"', page)
    assert (await stranger.open(image)).headers["content-type"] == "image/png"
    answer = await stranger.open(other)
    assert (answer.content, answer.headers["content-type"]) == (PDF, "application/pdf")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await stranger.open(other[:-4] + "0000")).status_code == 404
    case = await value(world, CASE)
    page = (await desk.open(f"/console/cases/{shown('cas', case)}")).text
    event = next(part for part in page.split("<li ") if "As in the picture." in part)
    assert event.count("/files/att_") == 3, "a picture that can be seen, and two links"
    image, other = dict.fromkeys(re.findall(r"/console/cases/[^\"]+/files/att_[^\"]+", event))
    for address, way, name in ((image, "inline", "uttaget.png"), (other, "attachment", "S%C3%A5%20g%C3%B6r%20du.pdf")):
        headers = (await desk.open(address)).headers
        assert headers["content-disposition"].startswith(way)
        assert headers["content-disposition"].endswith(f"filename*=UTF-8''{name}"), "as it was named by who sent it"
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
    async with world.house.database.transaction() as tx:
        await privacy.remove_cases(tx, [case])
    for table in ("support_attachment", "mail_file"):
        assert await value(world, f"SELECT count(*) FROM {table}") == 0


async def test_files_stand_in_the_chat_and_follow_a_driver_who_left(
    world: World, stranger: Browser, signed_in: SignedIn
) -> None:
    answer = await stranger.send("/help/chat", **{"from": ""}, text="nowhere at all")
    chat = answer.headers["location"]
    await stranger.send(chat, tap="person")
    assert (await stranger.send(chat, what="reach", email="ada@example.se")).status_code == 303
    desk = await signed_in(Role.SUPPORT)
    assert (await replied(world, desk, *FILES, channel="chat")).status_code == 303
    page = (await stranger.open(chat)).text
    image, other = re.findall(rf'href="({chat}/files/[^"]+)"', page)
    assert (await stranger.open(image)).headers["content-type"] == "image/png"
    assert (await stranger.open(other)).content == PDF
    case = await value(world, CASE)
    seen = (await desk.open(f"/console/cases/{shown('cas', case)}")).text
    assert seen.split('id="case-chat"')[1].split("</ol>")[0].count("/files/att_") == 3
    note = await value(world, "SELECT id FROM support_attachment ORDER BY at, id LIMIT 1")
    second = await stranger.client.post("/help/chat", data={"from": "", "text": "I am somebody else"})
    other_chat = second.headers.get("location", "/help/chat/none")
    assert (await stranger.open(f"{other_chat}/files/{note}")).status_code == 404, "it is of another chat"
    turn(world, 60)
    assert (await replied(world, desk, FILES[1], channel="chat")).status_code == 303
    turn(world, 300)
    async with world.house.database.transaction() as tx:
        assert await speaking.carry_on(tx, world.house, world.house.clock()) == 1
    followed = [part.get_filename() for part in (await mail_of(world)).iter_attachments()]
    assert followed == ["Så gör du.pdf"], "what was seen in the chat is not sent again"


async def test_a_file_that_does_not_fit_into_the_mail_keeps_no_later_one_out(
    world: World, stranger: Browser, signed_in: SignedIn
) -> None:
    """Several answers together hold more than a mail carries: what is left out takes no room in it."""
    chat = (await stranger.send("/help/chat", **{"from": ""}, text="nowhere at all")).headers["location"]
    await stranger.send(chat, tap="person")
    assert (await stranger.send(chat, what="reach", email="ada@example.se")).status_code == 303
    desk = await signed_in(Role.SUPPORT)
    turn(world, 60)
    for name, size in (("one.pdf", 9_000_000), ("too-much.pdf", 9_500_000), ("two.pdf", 6_000_000)):
        content = b"%PDF-1.7\n" + b"x" * size
        assert (
            await replied(world, desk, ("files", (name, content, "application/pdf")), channel="chat")
        ).status_code == 303
    turn(world, 300)
    async with world.house.database.transaction() as tx:
        assert await speaking.carry_on(tx, world.house, world.house.clock()) == 1
    followed = [part.get_filename() for part in (await mail_of(world)).iter_attachments()]
    assert followed == ["one.pdf", "two.pdf"]


async def test_files_wait_with_an_answer_that_waits(world: World, stranger: Browser, signed_in: SignedIn) -> None:
    await of_mail(world, stranger)
    desk = await signed_in(Role.SUPPORT)
    case = await value(world, CASE)
    assert (await replied(world, desk, FILES[0], undo="yes")).status_code == 303
    assert "uttaget.png" in plain((await desk.open(f"/console/cases/{shown('cas', case)}")).text)
    outgoing = UUID(str(await value(world, "SELECT id FROM support_outgoing")))
    await desk.send(f"/console/cases/{shown('cas', case)}/do", what="withdraw", outgoing=shown("ent", outgoing))
    assert await value(world, "SELECT count(*) FROM support_outgoing_file") == 0
    assert (await replied(world, desk, FILES[1], undo="yes")).status_code == 303
    async with world.house.database.transaction() as tx:
        assert await sending.send_due(tx, world.house, world.house.clock() + timedelta(minutes=1)) == 1
    assert [part.get_filename() for part in (await mail_of(world)).iter_attachments()] == ["Så gör du.pdf"]
    assert await value(world, "SELECT count(*) FROM support_outgoing_file") == 0
    assert await value(world, "SELECT string_agg(name, ',') FROM support_attachment") == "Så gör du.pdf"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("files", ("x.pdf", b"MZ\x90\x00", "application/pdf"))], "is no picture and no PDF."),
        ([("files", ("x.svg", b"<svg onload=alert(1)>", "image/svg+xml"))], "is no picture and no PDF."),
        ([("files", ("x.png", b"", "image/png"))], "The file is empty or too large."),
        ([("files", (f"{n}.png", PNG, "image/png")) for n in range(6)], "These are too many files."),
        (
            [("files", (f"{n}.pdf", b"%PDF-" + b"x" * 8_000_000, "application/pdf")) for n in range(2)],
            "The files are too large together.",
        ),
    ],
)
async def test_what_may_not_be_sent_is_refused_and_nothing_goes(
    world: World, stranger: Browser, signed_in: SignedIn, files: list[Any], said: str
) -> None:
    await of_mail(world, stranger)
    desk = await signed_in(Role.SUPPORT)
    answer = await replied(world, desk, *files)
    assert answer.status_code == 422
    assert said in plain(answer.text)
    assert "As in the picture." in answer.text, "the words are not lost"
    assert await value(world, "SELECT count(*) FROM support_attachment") == 0
    assert await value(world, "SELECT count(*) FROM case_entry WHERE kind = 'message_out'") == 0


async def test_a_text_message_carries_no_files(world: World, stranger: Browser, signed_in: SignedIn) -> None:
    await stranger.send("/help/write", kind="cable", text="The cable is stuck", phone="0701234567")
    desk = await signed_in(Role.SUPPORT)
    answer = await replied(world, desk, FILES[0])
    assert answer.status_code == 409
    assert "A text message carries no files." in plain(answer.text)
    assert (await replied(world, desk)).status_code == 303, "without files it goes"


async def test_labels_and_files_of_an_open_case_are_live(world: World, stranger: Browser, signed_in: SignedIn) -> None:
    await of_mail(world, stranger)
    desk = await signed_in(Role.SUPPORT)
    case = shown("cas", await value(world, CASE))
    await desk.send(f"/console/cases/{case}/do", what="tags", tags="vip")
    assert (await replied(world, desk, FILES[1])).status_code == 303
    sent = await watched(world, desk, f"/console/live/case?id={case}")
    parts = {part.split('"')[0]: part for part in sent.split('hx-target="#')[1:]}
    assert ">vip</a>" in parts["case-labels"]
    assert "Så gör du.pdf" in parts["case-mail"]
    assert "Så gör du.pdf" in parts["case-timeline"]
    page = (await desk.open(f"/console/cases/{case}")).text
    for name in ("case-labels", "case-mail", "case-timeline"):
        assert f'id="{name}"' in page
    assert attachments.ANSWER_FILES_MAX == 5, "as the form says"
