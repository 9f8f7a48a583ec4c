"""Articles on a real database: found by readers, offered for a situation, written with versions, never lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.platform.database import Database, Transaction
from laddverk.support.knowledge import queries, shipping, store, writing
from laddverk.support.knowledge.model import Given, State

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
EVA = Actor("operator", new_id(), "Eva", PERMISSIONS[Role.SUPPORT], None)
HOST = Actor("operator", new_id(), "Vera", PERMISSIONS[Role.SUPPORT], frozenset({new_id()}))
TECHNICIAN = Actor("operator", new_id(), "Tor", PERMISSIONS[Role.TECHNICIAN], None)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


async def titles(tx: Transaction, language: str, text: str) -> list[str]:
    return [each.slug for each in await queries.search(tx, language, text)]


async def test_shipped_articles_are_found_by_words_their_beginnings_and_their_forms(database: Database) -> None:
    async with database.transaction() as tx:
        assert await shipping.ship(tx, NOW) == len(shipping.files()) >= 24
        assert await shipping.ship(tx, NOW) == 0
        assert (await titles(tx, "sv", "kabeln fast"))[0] == "kabeln-sitter-fast"
        assert (await titles(tx, "sv", "kab"))[0] == "kabeln-sitter-fast"
        assert "kvitto" in await titles(tx, "sv", "fakturor")  # the article says faktura
        assert (await titles(tx, "en", "stuck"))[0] == "cable-is-stuck"
        assert await titles(tx, "en", "kabeln") == []
        for odd in ("'; DROP TABLE article; --", "!!! & | :*", "<->", "a:b:c & !", "\\", "%", ""):
            await queries.search(tx, "sv", odd)
            await queries.count(tx, "sv", odd)
        assert await queries.meant(tx, "sv", "kabell sitterfast") in ("", "kabel sitter", "kabeln sitter")
        assert await queries.meant(tx, "sv", "nödstop") == ""  # the beginning of a word that is there
        assert await queries.meant(tx, "sv", "kviito") == "kvitto"
        found = (await queries.search(tx, "sv", "swish"))[0]
        assert "[[" in found.headline
        assert "]]" in found.headline


async def a_station(tx: Transaction, vendor: str, model: str) -> UUID:
    """Return a charger of a model."""
    site, station = new_id(), new_id()
    await tx.execute("INSERT INTO site (id, name, code, created_at) VALUES ($1, 'Torget', 'TOR', $2)", site, NOW)
    await tx.execute(
        "INSERT INTO station (id, site_id, identity, name, vendor, model, registered_at)"
        " VALUES ($1, $2, 'x', 'x', $3, $4, $5)",
        station, site, vendor, model, NOW,
    )  # fmt: skip
    return station


async def test_what_is_suggested_fits_the_situation_then_the_words_and_never_another_charger(
    database: Database,
) -> None:
    async with database.transaction() as tx:
        await shipping.ship(tx, NOW)
        by_situation = await queries.suggest(tx, "en", situation="cable-stuck-in-car")
        assert [each.slug for each in by_situation] == ["cable-is-stuck"]
        by_words = await queries.suggest(tx, "sv", text="Hej! Kortet nekades när jag skulle betala, vad gör jag nu?")
        assert by_words[0].slug == "kortet-nekas"
        assert not await queries.suggest(tx, "sv", text="Har ni öppet på julafton?")
        assert not await queries.suggest(tx, "sv")
        given = Given(
            title="Screen of the Wallbox", body="Hold the logo.", models=("Acme Box",), situations=("no-reply",)
        )
        identity = await writing.create(tx, EVA, "en", given, NOW)
        await writing.publish(tx, EVA, identity, "en", "", NOW)
        fits = await queries.suggest(tx, "en", situation="no-reply", vendor="acme", model="BOX")
        assert fits[0].article_id == identity
        station = await a_station(tx, "Acme", "Box")
        there = await queries.suggest(tx, "en", situation="no-reply", station_id=station)
        assert there[0].article_id == identity
        others = await queries.suggest(tx, "en", situation="no-reply", vendor="Other", model="Box", limit=10)
        assert identity not in {each.article_id for each in others}


async def test_a_draft_is_not_read_publishing_makes_a_version_and_an_old_one_can_be_restored(
    database: Database,
) -> None:
    first = Given(title="Where to park", body="Between the lines.", slug="parking", tags=("parking",))
    async with database.transaction() as tx:
        article = await writing.create(tx, EVA, "en", first, NOW)
        assert await queries.read(tx, "parking") is None
        assert await titles(tx, "en", "lines") == []
        assert await writing.publish(tx, EVA, article, "en", "new", NOW) == 1
        second = Given(title="Where to park", body="Anywhere.", slug="where-to-park", tags=("parking",))
        await writing.save(tx, EVA, article, "en", second, 0, NOW)
        read = await queries.read(tx, "where-to-park")
        assert read is not None
        assert read.body == "Between the lines."
        assert read.version == 1
        await writing.publish(tx, EVA, article, "en", "shorter", NOW)
        read = await queries.read(tx, "parking")
        assert read is not None
        assert read.body == "Anywhere."
        assert await queries.leads_to(tx, "parking") == "where-to-park"
        await writing.restore(tx, EVA, article, "en", 1, NOW)
        await writing.publish(tx, EVA, article, "en", "", NOW)
        read = await queries.read(tx, "where-to-park")
        assert read is not None
        assert read.body == "Between the lines."
        assert read.version == 3
        states = [(each.version, each.state) for each in await store.versions(tx, article)]
        assert states == [(3, State.PUBLISHED), (2, State.PAST), (1, State.PAST)]
        await writing.retire(tx, EVA, article, "The car park is gone", NOW)
        assert await queries.read(tx, "parking") is None
        assert await titles(tx, "en", "lines") == []
        await writing.bring_back(tx, EVA, article, NOW)
        assert await titles(tx, "en", "lines") == ["where-to-park"]
        rows = await queries.listed(tx, "sv", "", "", "park", NOW.date(), "title", limit=10, offset=0)
        assert [(row.title, row.languages, row.drafts) for row in rows] == [("Where to park", ("en",), ())]


async def test_two_writers_notice_each_other_and_nobody_takes_anothers_address(database: Database) -> None:
    given = Given(title="Two writers", body="One.", slug="two-writers")
    async with database.transaction() as tx:
        article = await writing.create(tx, EVA, "en", given, NOW)
        await writing.save(tx, EVA, article, "en", given, 1, NOW)
        with pytest.raises(Conflict):
            await writing.save(tx, EVA, article, "en", given, 1, NOW)
        with pytest.raises(Conflict):
            await writing.create(tx, EVA, "sv", given, NOW)
        with pytest.raises(Conflict):  # nothing would be left
            await writing.discard(tx, EVA, article, "en", NOW)
        await writing.publish(tx, EVA, article, "en", "", NOW)
        await writing.save(tx, EVA, article, "sv", Given(title="Två", body="Ett.", slug="tva"), 0, NOW)
        await writing.discard(tx, EVA, article, "sv", NOW)
        assert await store.owner(tx, "tva") is None
        for refused in (HOST, TECHNICIAN):
            with pytest.raises((NotAllowed, NotFound)):
                await writing.create(tx, refused, "en", given, NOW)
        with pytest.raises(Invalid):
            await writing.save(tx, EVA, article, "en", Given(title="Hey", body="x", situations=("none-such",)), 0, NOW)


async def test_an_article_that_somebody_edited_is_not_overwritten_by_the_program(database: Database) -> None:
    async with database.transaction() as tx:
        await shipping.ship(tx, NOW)
        read = await queries.read(tx, "kvitto")
        assert read is not None
        await writing.save(
            tx, EVA, read.article_id, "sv", Given(title="Vårt kvitto", body="Nytt.", slug="kvitto"), 0, NOW
        )
        await writing.publish(tx, EVA, read.article_id, "sv", "", NOW)
        assert await shipping.ship(tx, NOW) == 0
        again = await queries.read(tx, "kvitto")
        assert again is not None
        assert again.title == "Vårt kvitto"
        # One that nobody edited is renewed when its file has changed.
        await tx.execute("UPDATE article_version SET body = 'as of old' WHERE title = 'Betala med Swish'")
        assert await shipping.ship(tx, NOW) == 1


async def test_readers_vote_once_are_counted_and_leave_no_name(database: Database) -> None:
    async with database.transaction() as tx:
        await shipping.ship(tx, NOW)
        read = await queries.read(tx, "kvitto")
        assert read is not None
        for helped in (True, False, True):
            await store.vote(tx, read.article_id, "sv", "somebody", 1, NOW, helped=helped)
        await store.vote(tx, read.article_id, "sv", "another", 1, NOW, helped=False)
        assert [(one.helped, one.did_not) for one in await queries.votes(tx, read.article_id)] == [(1, 1)]
        for _ in range(3):
            await store.count_read(tx, read.article_id, "sv", NOW)
        most = await queries.most_read(tx, "sv", (NOW - timedelta(days=30)).date(), limit=3)
        assert most[0].slug == "kvitto"
        assert most[0].rank == 3
        await store.count_search(tx, "sv", "laddkort byte", 0, NOW)
        assert [one.text for one in await queries.searches(tx)] == ["laddkort byte"]


async def test_only_pictures_are_kept_as_pictures(database: Database) -> None:
    async with database.transaction() as tx:
        article = await writing.create(tx, EVA, "en", Given(title="A picture", body="![x](y)"), NOW)
        with pytest.raises(Invalid):
            await writing.add_picture(tx, EVA, article, "x.svg", b"<svg onload=alert(1)>", NOW)
        with pytest.raises(Invalid):
            await writing.add_picture(tx, EVA, article, "x.png", PNG + b"\0" * writing.PICTURE_MAX, NOW)
        kept = await writing.add_picture(tx, EVA, article, "../../x<y>.png", PNG, NOW)
        found = await queries.picture(tx, kept)
        assert found is not None
        assert found.media_type == "image/png"
        assert [one.name for one in await queries.pictures(tx, article)] == ["....xy.png"]
        await writing.drop_picture(tx, EVA, article, kept, NOW)
        assert await queries.picture(tx, kept) is None
