"""Help articles and what stands beside a case, by pages: written, read, quoted; a code that proves an account."""

from __future__ import annotations

import re

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from laddverk.support.knowledge import shipping
from tests.integration.web.console.conftest import NOW, Browser, SignedIn, World

TEXT = "## First\n\nHold **it** up.\n\n<script>alert(1)</script>"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


async def written(browser: Browser, **more: str) -> str:
    """Write and publish an article, and return its address in the console."""
    form = {"language": "en", "title": "The grey box", "body": TEXT, "tags": "boxes", "what": "publish"} | more
    answer = await browser.send("/console/articles", **form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("?")[0]


async def test_an_article_from_the_first_draft_to_its_readers(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)
    assert "No article yet" in (await browser.open("/console/articles")).text
    preview = await browser.send("/console/articles", language="en", title="x", body=TEXT, what="preview")
    assert "<h2>First</h2>" in preview.text
    assert "<script>alert" not in preview.text
    assert (await browser.send("/console/articles", language="en", title="", body="", what="save")).status_code == 422
    place = await written(browser)
    reader = await browser.open("/help/articles/the-grey-box")
    assert "<strong>it</strong>" in reader.text
    assert "<script>alert" not in reader.text
    draft = await browser.send(
        f"{place}/do", what="save", language="en", title="The grey box", body="Put it down.", slug="grey-box",
        revision="0",
    )  # fmt: skip
    assert draft.status_code == 303, draft.text
    crossed = await browser.send(
        f"{place}/do", what="save", language="en", title="The grey box", body="Mine.", slug="grey-box", revision="0"
    )
    assert crossed.status_code == 409
    assert "Mine." in crossed.text
    assert (await browser.open("/help/articles/the-grey-box")).headers["location"] == "/help/articles/grey-box"
    assert "Put it down" not in (await browser.open("/help/articles/grey-box")).text
    assert (await browser.send(f"{place}/do", what="publish", language="en")).status_code == 303
    assert "Put it down" in (await browser.open("/help/articles/grey-box")).text
    changes = (await browser.open(f"{place}/versions/en-2")).text
    assert "<del>Hold **it** up.</del>" in changes
    assert "<ins>Put it down.</ins>" in changes
    assert (await browser.open(f"{place}/versions/en-9")).status_code == 404
    assert (await browser.send(f"{place}/do", what="restore", language="en", version="1")).status_code == 303
    assert "You see the draft" in (await browser.open(f"{place}?language=en")).text
    assert (await browser.send(f"{place}/do", what="discard", language="en")).status_code == 303
    assert "The grey box" in (await browser.open("/console/articles.csv")).text
    assert (await browser.send(f"{place}/do", what="retire", language="en", reason="")).status_code == 422
    assert (await browser.send(f"{place}/do", what="retire", language="en", reason="old")).status_code == 303
    assert (await browser.open("/help/articles/grey-box")).status_code == 404
    assert (await (await signed_in(Role.TECHNICIAN)).open("/console/articles")).status_code == 403


async def test_readers_search_vote_and_are_understood(world: World, stranger: Browser, signed_in: SignedIn) -> None:
    async with world.house.database.transaction() as tx:
        await shipping.ship(tx, NOW)
    assert "The cable is stuck" in (await stranger.open("/help?q=stuck cab")).text
    misspelt = (await stranger.open("/help?q=recipt")).text
    assert "Did you mean this:" in misspelt
    assert "/help?q=receipt" in misspelt
    for odd in ("'", "%00", "<script>", "&", "a" * 3000, "((((", "🔌"):
        assert (await stranger.open(f"/help?q={odd}")).status_code == 200, odd
    assert (await stranger.open("/help?tag=payment&page=99999999")).status_code == 200
    assert (await stranger.open("/help/articles/none")).status_code == 404
    page = (await stranger.open("/help/articles/kvitto")).text
    assert 'lang="sv"' in page
    assert "/help/articles/receipts" in page
    assert (await stranger.send("/help/articles/receipts/helped", helped="no")).status_code == 303
    assert (await stranger.send("/help/articles/receipts/helped", helped="yes")).status_code == 303
    assert "/help/articles/receipts" in (await stranger.open("/sitemap.xml")).text
    assert "Disallow: /console" in (await stranger.open("/robots.txt")).text
    listed = (await (await signed_in(Role.SUPPORT)).open("/console/articles?q=receipts")).text
    assert "100" in re.sub(r"<[^>]+>", "", listed)
    assert "recipt" in listed  # what readers look for in vain


async def test_beside_a_case_a_code_proves_the_account_and_an_article_goes_into_the_answer(
    world: World, signed_in: SignedIn
) -> None:
    async with world.house.database.transaction() as tx:
        await shipping.ship(tx, NOW)
    browser = await signed_in(Role.SUPPORT)
    opened = await browser.send(
        "/console/cases", kind="cable", text="Kabeln sitter fast i bilen", driver=shown("drv", world.driver),
        email="somebody@example.se",
    )  # fmt: skip
    path = opened.headers["location"]
    page = (await browser.open(path)).text
    assert "Nobody knows who this is. Say nothing of any account" in page
    assert "which is not the address of the account" in page
    slug = re.search(r'value="([a-z-]+):link"', page)
    assert slug is not None
    answer = await browser.send(f"{path}/quote", reply="Dear you", quote=f"{slug[1]}:link")
    assert "Dear you" in answer.text
    assert f"/help/articles/{slug[1]}\n" in answer.text.replace("</textarea>", "\n")
    assert "Dear you" in (await browser.send(f"{path}/quote", reply="Dear you", article_words="swish")).text
    assert (await browser.send(f"{path}/identity", what="check", identity_code="1")).status_code == 422
    assert (await browser.send(f"{path}/identity", what="send", way="email")).status_code == 303
    async with world.house.database.transaction() as tx:
        body = str(await tx.value("SELECT body_text FROM mail WHERE template = 'case_code'"))
    code = re.search(r"\b\d{6}\b", body)
    assert code is not None
    wrong = await browser.send(f"{path}/identity", what="check", identity_code=f"{(int(code[0]) + 1) % 10**6:06}")
    assert wrong.status_code == 422
    assert "4 tries are left" in wrong.text
    assert (await browser.send(f"{path}/identity", what="check", identity_code=code[0])).status_code == 303
    page = (await browser.open(path)).text
    assert "Has read back the code" in page
    assert code[0] not in page
    assert (await (await signed_in(Role.TECHNICIAN)).send(f"{path}/identity", what="send")).status_code == 403
