"""The inbox shows what a plain walk over all cases shows: each view, each filter, each word, page by page."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from laddverk.kernel.ids import new_id
from laddverk.platform.database import Database, Transaction
from laddverk.support import listing, searching
from laddverk.support.listing import CaseFilter

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ME = UUID(int=7)
STATES = ("open", "waiting", "closed", "closed", "closed")
KINDS = ("no_start", "refund", "question")
WORDS = ("kabeln", "lampan", "swish", "kvittot", "regn")
MANY = 90
CASE = """
INSERT INTO support_case (id, subject, kind, state, channel, priority, driver_id, assignee_id, tags, snoozed_until,
                          answer_due_at, created_at, created_by, answered_at, closed_at, changed_at, contact_name)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'bench', $13, $14, $15, $16) RETURNING *
"""
RATED = "INSERT INTO support_rating (case_id, is_good, at) VALUES ($1, $2, $3)"
ENTRY = """
INSERT INTO case_entry (case_id, id, at, kind, by_kind, body) VALUES ($1, $2, $3, 'message_in', 'driver', $4)
"""


def id_at(at: datetime, n: int) -> UUID:
    """Return an id as one of that instant: in order of time (UUIDv7)."""
    return UUID(int=int(at.timestamp() * 1000) << 80 | 0x7 << 76 | 0x2 << 62 | n)


async def filled(tx: Transaction) -> list[dict[str, Any]]:
    """Write cases of two years, drawn with a seed, and return them with what was said in each."""
    draws = random.Random(3)
    drivers = [new_id() for _ in range(4)]
    for n, driver in enumerate(drivers):
        await tx.execute(
            "INSERT INTO driver (id, email, name, created_at) VALUES ($1, $2, $3, $4)",
            driver, f"d{n}@example.se", ("Ada Berg", "Bo Bergman", "Cy Öst", "Di Dal")[n], NOW,
        )  # fmt: skip
    made = []
    for n in range(MANY):
        at = NOW - timedelta(days=(MANY - n) * 7, minutes=draws.randint(0, 500))
        state = draws.choice(STATES)
        over_at = at + timedelta(hours=draws.randint(1, 90)) if state == "closed" else None
        said = [" ".join(draws.choices(WORDS, k=2)) for _ in range(draws.randint(0, 2))]
        row = await tx.connection.fetchrow(
            CASE, id_at(at, n), draws.choice(WORDS), draws.choice(KINDS), state, draws.choice(("phone", "email")),
            draws.randint(1, 4), draws.choice([*drivers, None]), draws.choice((ME, None)),
            draws.choice(([], ["vip"], ["vip", "åter"])),
            NOW + timedelta(days=1) if state != "closed" and n % 5 == 0 else None, at + timedelta(hours=2), at,
            at if n % 3 else None, over_at, over_at or at, f"Person {n % 9}",
        )  # fmt: skip
        for place, body in enumerate(said):
            await tx.execute(ENTRY, row["id"], id_at(at, 1000 + n * 10 + place), at, body)
        names = {driver: ("Ada Berg", "Bo Bergman", "Cy Öst", "Di Dal")[place] for place, driver in enumerate(drivers)}
        made.append({**row, "said": said, "driver_name": names.get(row["driver_id"], "")})
    return made


def walked(made: list[dict[str, Any]], view: str) -> list[int]:
    """Return the numbers of a view in its order, found by a walk over all."""
    shown = {
        "all": lambda one: True,
        "closed": lambda one: one["state"] == "closed",
        "waiting": lambda one: one["state"] == "waiting",
        "open": lambda one: one["state"] == "open" and one["snoozed_until"] is None,
        "mine": lambda one: one["state"] != "closed" and one["assignee_id"] == ME,
        "unassigned": lambda one: (
            one["state"] == "open" and one["assignee_id"] is None and one["snoozed_until"] is None
        ),
        "snoozed": lambda one: one["state"] != "closed" and one["snoozed_until"] is not None,
        "late": lambda one: one["state"] != "closed" and one["answered_at"] is None and one["answer_due_at"] < NOW,
    }[view]
    return [one["number"] for one in ordered(one for one in made if shown(one))]


def ordered(rows: Any) -> list[dict[str, Any]]:
    return sorted(
        rows,
        key=lambda one: (
            -one["closed_at"].timestamp() if one["closed_at"] else float("-inf"),
            one["priority"], one["changed_at"], one["number"],
        ),
    )  # fmt: skip


def has(one: dict[str, Any], word: str) -> bool:
    """Return whether a case is found by the beginning of a word."""
    texts = [one["subject"], one["contact_name"], one["driver_name"], *one["said"]]
    return any(each.lower().startswith(word) for text in texts for each in text.split()) or word in one["tags"]


async def pages(tx: Transaction, wanted: CaseFilter, limit: int) -> tuple[list[int], int]:
    """Return all numbers of a filter, turned page by page, and the last total."""
    numbers: list[int] = []
    while True:
        shown = await listing.page(tx, None, wanted, limit=limit, offset=len(numbers))
        numbers += [row.number for row in shown.rows]
        if len(shown.rows) < limit:
            return numbers, shown.total


async def test_every_view_filter_and_word_finds_what_a_walk_over_all_finds(database: Database) -> None:
    async with database.transaction() as tx:
        made = await filled(tx)
        for view in ("all", "closed", "waiting", "open", "mine", "unassigned", "snoozed", "late"):
            wanted = CaseFilter(state=view, me=ME, now=NOW)
            numbers = walked(made, view)
            assert numbers, view
            assert await pages(tx, wanted, 20) == (numbers, len(numbers)), view
            for name, value in (("kind", "refund"), ("channel", "email"), ("tag", "åter"), ("priority", 2)):
                fits = {one["number"] for one in made if value in (one.get(name), *one["tags"])}
                narrowed = CaseFilter(state=view, me=ME, now=NOW, **{name: value})
                kept = [number for number in numbers if number in fits]
                assert await pages(tx, narrowed, 20) == (kept, len(kept)), (view, name)
            for word in ("kabeln", "lam", "ada", "berg", "person", "vip", "öst"):
                fits = {one["number"] for one in made if has(one, word)}
                found = CaseFilter(state=view, me=ME, now=NOW, search=word)
                kept = [number for number in numbers if number in fits]
                assert await pages(tx, found, 20) == (kept, len(kept)), (view, word)
                assert await listing.count(tx, None, found) == len(kept)
        nothing = await listing.page(tx, frozenset({new_id()}), CaseFilter(state="all", now=NOW), limit=5)
        assert (nothing.rows, nothing.total) == ([], 0), "who sees other sites sees none of these"


async def test_a_common_word_is_looked_for_among_the_newest_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[bool] = []
    ever = searching.ever

    async def watched(tx: Transaction, search: str, *, is_common: bool) -> tuple[list[UUID], bool]:
        looked.append(is_common)
        return await ever(tx, search, is_common=is_common)

    monkeypatch.setattr(searching, "ever", watched)
    monkeypatch.setattr(searching, "NEWEST", 12)
    monkeypatch.setattr(searching, "COMMON", 5)
    async with database.transaction() as tx:
        made = await filled(tx)
        newest = [
            number for number in walked(made, "all") if number in {one["number"] for one in made if has(one, "p")}
        ]
        common = CaseFilter(state="all", search="p", now=NOW)
        first = await listing.page(tx, None, common, limit=2)
        assert [row.number for row in first.rows] == newest[:2]
        assert first.has_more
        assert looked == [], "a page is full with what is new"
        assert await pages(tx, common, 30) == (newest, len(newest))
        assert set(looked) == {True}, "who turns pages gets to what is old, from the newest back"
        looked.clear()
        monkeypatch.setattr(searching, "COMMON", 1_000)
        assert await pages(tx, common, 30) == (newest, len(newest))
        assert set(looked) == {False}, "and a word that is rare by the index of words: the same is found"
        looked.clear()
        await listing.page(tx, None, CaseFilter(state="open", search="p", now=NOW), limit=30)
        assert looked == [], "what is not over is looked through whole"


async def test_of_a_common_word_only_so_much_is_read_back_and_the_page_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "NEWEST", 0)
    monkeypatch.setattr(searching, "COMMON", 0)
    async with database.transaction() as tx:
        made = await filled(tx)
        fits = {one["number"] for one in made if has(one, "p")}
        wanted = CaseFilter(state="closed", search="p", now=NOW)
        whole = await listing.page(tx, None, wanted, limit=200)
        assert {row.number for row in whole.rows} == {one for one in walked(made, "closed") if one in fits}
        assert not whole.has_more
        monkeypatch.setattr(searching, "BACK_MAX", 10)
        some = await listing.page(tx, None, wanted, limit=200)
        assert 0 < len(some.rows) < len(whole.rows)
        assert some.has_more


async def test_words_ratings_models_and_days_find_what_a_walk_over_all_finds(database: Database) -> None:
    async with database.transaction() as tx:
        made = await filled(tx)
        drivers = {one["driver_id"] for one in made if one["driver_id"] is not None}
        for driver_id in drivers:
            for word in ("kabeln", "ada", "p"):
                wanted = CaseFilter(state="all", search=word, driver_id=driver_id, now=NOW)
                fits = [one["number"] for one in ordered(made) if one["driver_id"] == driver_id and has(one, word)]
                assert await pages(tx, wanted, 20) == (fits, len(fits)), word
        for number, one in enumerate(made):
            if number % 3 == 0:
                await tx.execute(RATED, one["id"], number % 2 == 0, NOW)
        rated = {one["number"]: number % 2 == 0 for number, one in enumerate(made) if number % 3 == 0}
        for asked, fit in (("good", {True}), ("bad", {False}), ("any", {True, False})):
            fits = [number for number in walked(made, "all") if rated.get(number) in fit]
            assert await pages(tx, CaseFilter(state="all", rated=asked, now=NOW), 20) == (fits, len(fits)), asked
        begins = sorted(one["created_at"] for one in made)[len(made) // 3]
        for days in (1, 3, 90):
            until = begins + timedelta(days=days)
            fits = [one["number"] for one in ordered(made) if begins <= one["created_at"] < until]
            wanted = CaseFilter(state="all", opened_from=begins, opened_until=until, now=NOW)
            assert await pages(tx, wanted, 20) == (fits, len(fits)), days
        nowhere = CaseFilter(state="all", model="No such model", now=NOW)
        assert await pages(tx, nowhere, 20) == ([], 0)


async def test_a_list_says_when_it_was_cut_at_a_site(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "NEWEST", 0)
    async with database.transaction() as tx:
        made = await filled(tx)
        site = new_id()
        await tx.execute(
            "INSERT INTO site (id, name, code, created_at) VALUES ($1, 'Trollhamnen', 'TRO', $2)", site, NOW
        )
        wanted = CaseFilter(state="closed", search="trollhamnen", now=NOW)
        closed = [one["id"] for one in made if one["state"] == "closed"]
        await tx.execute("UPDATE support_case SET site_id = $1 WHERE id = ANY($2)", site, closed)
        some = await listing.page(tx, None, wanted, limit=500)
        assert (len(some.rows), some.has_more) == (len(closed), False)
        more = [id_at(NOW - timedelta(days=1), 900_000 + n) for n in range(searching.OF_SITE_MAX)]
        await tx.execute(
            "INSERT INTO support_case (id, subject, kind, state, channel, created_at, created_by, changed_at,"
            " closed_at, site_id) SELECT id, 'x', 'other', 'closed', 'phone', $2, 'bench', $2, $2, $3"
            " FROM unnest($1::uuid[]) AS id",
            more, NOW - timedelta(days=1), site,
        )  # fmt: skip
        shown = await listing.page(tx, None, wanted, limit=500)
        assert len(shown.rows) == searching.OF_SITE_MAX
        assert shown.has_more, "not all of the site were looked at"


async def test_a_list_says_when_it_was_cut_at_what_was_said_often_in_a_few_cases(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "NEWEST", 0)
    monkeypatch.setattr(searching, "EVER_MAX", 20)
    async with database.transaction() as tx:
        made = await filled(tx)
        closed = [one["id"] for one in made if one["state"] == "closed"]
        for n in range(24):
            await tx.execute(ENTRY, closed[n // 8], id_at(NOW, 5_000 + n), NOW, "ljusbågen")
        shown = await listing.page(tx, None, CaseFilter(state="closed", search="ljusbågen", now=NOW), limit=50)
        assert len(shown.rows) < 20
        assert shown.has_more, "what was said in them was cut before the cases were counted"


async def test_drivers_who_share_a_name_leave_out_no_case_and_a_cut_is_said(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.transaction() as tx:
        made = await filled(tx)
        # Namesakes without a case, before and after the one who has some.
        await tx.execute(
            "INSERT INTO driver (id, email, name, created_at) SELECT gen_random_uuid(), 'n' || n || '@example.se',"
            " 'Ada Sak', $1 FROM generate_series(1, 1500) AS n",
            NOW,
        )  # fmt: skip
        fits = [one["number"] for one in ordered(made) if one["driver_name"] == "Ada Berg"]
        wanted = CaseFilter(state="all", driver="ada", now=NOW)
        assert await pages(tx, wanted, 20) == (fits, len(fits))
        whole = await listing.page(tx, None, CaseFilter(state="all", driver="berg", now=NOW), limit=200)
        assert not whole.has_more
        monkeypatch.setattr(listing, "DRIVERS_MAX", 1)
        assert (await listing.page(tx, None, CaseFilter(state="all", driver="b", now=NOW), limit=200)).has_more
