"""The list of chats shows what a plain walk over all of them shows: each filter, each word, page by page."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from laddverk.kernel.ids import new_id
from laddverk.platform.database import Database, Transaction
from laddverk.support.chat import listing
from laddverk.support.chat.listing import ChatFilter
from laddverk.support.listing import HIT_BEGINS, HIT_ENDS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WORDS = ("kabeln", "lampan", "swish", "kvittot", "regn")
NAMES = ("Ada Berg", "Bo Bergman", "Cy Öst")
MANY = 120
RARE = "blixtlås"
CHAT = """
INSERT INTO chat (id, opened_at, changed_at, language, driver_id, station_id, evse_number, session_id, case_id, seen_at,
                  read_at)
VALUES ($1, $2, $2, 'sv', $3, $4, $5, $6, $7, $2, $2)
"""
LINE = "INSERT INTO chat_line (id, chat_id, at, who, params, body) VALUES ($1, $2, $3, $4, $5, $6)"
CASE = """
INSERT INTO support_case (id, subject, kind, state, channel, site_id, created_at, created_by, changed_at)
VALUES ($1, 'x', 'question', 'open', 'chat', $2, $3, 'x', $3)
"""


async def ground(tx: Transaction) -> dict[str, list[UUID]]:
    """Write sites, chargers and drivers; return their ids."""
    sites, stations, drivers = [new_id(), new_id()], [new_id() for _ in range(4)], [new_id() for _ in NAMES]
    for n, site in enumerate(sites):
        await tx.execute(
            "INSERT INTO site (id, name, code, latitude, longitude, created_at) VALUES ($1, $2, $3, 57, 12, $4)",
            site, ("Hamngatan", "Kajen")[n], ("HAM", "KAJ")[n], NOW,
        )  # fmt: skip
    for n, station in enumerate(stations):
        await tx.execute(
            "INSERT INTO station (id, site_id, identity, name, registered_at) VALUES ($1, $2, $3, $4, $5)",
            station, sites[n % 2], f"CP-{n}", f"Laddare {n}", NOW,
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO connector (station_id, evse_number, connector_number, code, public_evse_id)"
            " VALUES ($1, 1, 1, $2, $2)",
            station, f"LAD-{n}-1",
        )  # fmt: skip
    for n, driver in enumerate(drivers):
        await tx.execute(
            "INSERT INTO driver (id, email, name, phone, created_at) VALUES ($1, $2, $3, $4, $5)",
            driver, f"d{n}@example.se", NAMES[n], f"+4670123450{n}", NOW,
        )  # fmt: skip
    return {"sites": sites, "stations": stations, "drivers": drivers}


async def filled(tx: Transaction) -> tuple[dict[str, list[UUID]], list[dict[str, Any]]]:
    """Write chats of two years, drawn with a seed; return the ground, and the chats with their words, newest first."""
    draws, made, there = random.Random(5), list[dict[str, Any]](), await ground(tx)
    for n in range(MANY):
        at = NOW - timedelta(days=(MANY - n) * 6, minutes=draws.randint(0, 500))
        chat = {
            "id": new_id(), "at": at, "driver": draws.choice([None, 0, 1, 2]), "evse": draws.choice([0, 1]),
            "station": draws.choice([None, 0, 1, 2, 3]), "said": [" ".join(draws.choices(WORDS, k=2))], "case": None,
        }  # fmt: skip
        chat["said"] += [RARE] if n in (3, 77) else []
        site = None if chat["station"] is None else there["sites"][chat["station"] % 2]
        if n % 4 == 0:
            chat["case"] = new_id()
            await tx.execute(CASE, chat["case"], site, at)
        await tx.execute(
            CHAT, chat["id"], at, None if chat["driver"] is None else there["drivers"][chat["driver"]],
            None if chat["station"] is None else there["stations"][chat["station"]], chat["evse"], None, chat["case"],
        )  # fmt: skip
        told = {"title": "Laddaren svarar inte", "situation": "offline"} if n % 10 == 0 else {}
        await tx.execute(LINE, new_id(), chat["id"], at, "machine", told, "Vi ser det." if told else "")
        for body in chat["said"]:
            await tx.execute(LINE, new_id(), chat["id"], at + timedelta(seconds=5), "driver", {}, body)
        chat["words"] = " ".join([*chat["said"], *(["Laddaren svarar inte Vi ser det."] if told else [])]).lower()
        made.append(chat)
    return there, made[::-1]


def walked(made: list[dict[str, Any]], search: str) -> list[UUID]:
    """Return the chats that a search means, found by a walk over all."""
    text, named = search.lower(), dict(enumerate(NAMES))

    def is_meant(one: dict[str, Any]) -> bool:
        driver, station = one["driver"], one["station"]
        words = one["words"].split()
        *whole, begun = text.split()
        name = named.get(driver, "").lower().split()
        return (
            (all(word in words for word in whole) and any(word.startswith(begun) for word in words))
            or (all(word in name for word in whole) and any(word.startswith(begun) for word in name))
            or (driver is not None and text in (f"d{driver}@example.se", f"070-123 45 0{driver}"))
            or (station is not None and text in f"laddare {station}")
            or (station is not None and text in ("hamngatan", "kajen")[station % 2])
            or (station is not None and one["evse"] == 1 and text == f"lad-{station}-1")
        )

    return [one["id"] for one in made if is_meant(one)]


SEARCHES = (
    "kabeln", "kab", "kabeln swish", RARE, "svarar", "nothing", "ada", "bo bergman", "d1@example.se", "070-123 45 02",
    "laddare 2", "Hamn", "kajen", "LAD-3-1", "%", "_", "'",
)  # fmt: skip


@pytest.mark.parametrize(("newest", "common", "back"), [(1_000, 10, 10_000), (20, 4, 60), (20, 4, 1_000), (3, 99, 9)])
async def test_a_search_finds_what_a_walk_over_all_chats_finds(
    database: Database, monkeypatch: pytest.MonkeyPatch, newest: int, common: int, back: int
) -> None:
    """However far it has to look: among the newest, further back, or by the index."""
    for name, value in (("NEWEST", newest), ("COMMON", common), ("BACK_MAX", back)):
        monkeypatch.setattr(listing, name, value)
    async with database.transaction() as tx:
        _, made = await filled(tx)
        for search in SEARCHES:
            expected, shown = walked(made, search), list[UUID]()
            for offset in range(0, MANY, 7):
                page = await listing.page(tx, None, ChatFilter(search=search), limit=7, offset=offset)
                shown += [row.id for row in page.rows]
                if not page.rows:
                    break
            # Of a common word as far back as is read; and then it says that there may be more.
            if back < MANY and len(shown) < len(expected):
                assert shown == expected[: len(shown)], search
                assert page.has_more, search
            else:
                assert shown == expected, search


async def test_filters_leave_what_a_walk_leaves_and_say_how_many(database: Database) -> None:
    async with database.transaction() as tx:
        there, made = await filled(tx)
        since, until = NOW - timedelta(days=300), NOW - timedelta(days=100)
        for wanted, is_left in (
            (ChatFilter(), lambda one: True),
            (ChatFilter(case="none"), lambda one: one["case"] is None),
            (ChatFilter(case="made"), lambda one: one["case"] is not None),
            (ChatFilter(opened_from=since, opened_until=until), lambda one: since <= one["at"] < until),
            (ChatFilter(site_id=there["sites"][1]), lambda one: one["station"] in (1, 3)),
            (ChatFilter(search="kabeln", case="none"), lambda one: "kabeln" in one["words"] and one["case"] is None),
        ):
            expected = [one["id"] for one in made if is_left(one)]
            first = await listing.page(tx, None, wanted, limit=10)
            second = await listing.page(tx, None, wanted, limit=10, offset=10)
            assert [row.id for row in (*first.rows, *second.rows)] == expected[:20], wanted
            assert (first.total, first.has_more) == (len(expected), False), wanted


async def test_who_sees_some_sites_sees_the_chats_of_their_chargers_alone(database: Database) -> None:
    """As of cases: what is of no charger is of no site, and seen by those who see all."""
    async with database.transaction() as tx:
        there, made = await filled(tx)
        sites = frozenset(there["sites"][:1])
        own = [one["id"] for one in made if one["station"] in (0, 2)]
        assert [row.id for row in (await listing.page(tx, sites, ChatFilter(), limit=MANY)).rows] == own
        found = await listing.page(tx, sites, ChatFilter(search="kabeln"), limit=MANY)
        assert {row.id for row in found.rows} == set(walked(made, "kabeln")) & set(own)
        other = await listing.page(tx, sites, ChatFilter(site_id=there["sites"][1]), limit=MANY)
        assert (other.rows, other.total) == ([], 0)
        for one in made[:30]:
            seen = await listing.one(tx, sites, one["id"])
            assert (seen is not None) == (one["station"] in (0, 2))
        assert (await listing.page(tx, frozenset(), ChatFilter(), limit=5)).rows == []


async def test_a_chat_is_seen_where_its_case_is_and_where_that_was_merged_into(database: Database) -> None:
    """A case may be moved to another charger, or be merged into one elsewhere: its chat goes with it."""
    async with database.transaction() as tx:
        there, made = await filled(tx)
        here, other = (frozenset({site}) for site in there["sites"])
        one = next(one for one in made if one["case"] and one["station"] == 0)
        await tx.execute("UPDATE support_case SET site_id = $2 WHERE id = $1", one["case"], there["sites"][1])
        for wanted in (ChatFilter(), ChatFilter(search=one["said"][0]), ChatFilter(case="made")):
            left = {row.id for row in (await listing.page(tx, here, wanted, limit=MANY)).rows}
            found = {row.id for row in (await listing.page(tx, other, wanted, limit=MANY)).rows}
            assert (one["id"] in left, one["id"] in found) == (False, True), wanted
        at_site = await listing.page(tx, None, ChatFilter(site_id=there["sites"][0]), limit=MANY)
        assert one["id"] not in {row.id for row in at_site.rows}
        assert await listing.one(tx, here, one["id"]) is None
        seen = await listing.one(tx, other, one["id"])
        assert seen is not None
        assert seen.case_id == one["case"]

        target = new_id()
        await tx.execute(CASE, target, there["sites"][0], NOW)
        await tx.execute("UPDATE support_case SET merged_into_id = $2 WHERE id = $1", one["case"], target)
        assert await listing.one(tx, other, one["id"]) is None
        joined = await listing.one(tx, here, one["id"])
        assert joined is not None
        assert joined.case_id == target


async def test_a_row_shows_what_the_driver_said_and_where_the_word_stands(database: Database) -> None:
    async with database.transaction() as tx:
        await filled(tx)
        (first, second) = (await listing.page(tx, None, ChatFilter(search=RARE))).rows
        assert first.opened_at > second.opened_at
        assert first.excerpt == f"{HIT_BEGINS}{RARE}{HIT_ENDS}"
        assert set((first.said or "").split()) <= set(WORDS)
        told = (await listing.page(tx, None, ChatFilter(search="svarar"))).rows[0]
        assert f"Laddaren {HIT_BEGINS}svarar{HIT_ENDS} inte" in (told.excerpt or "")


async def test_nothing_of_a_driver_who_was_erased_is_listed(database: Database) -> None:
    """Erasure takes their chats away; one that it had not come to would not be shown either."""
    async with database.transaction() as tx:
        there, made = await filled(tx)
        await tx.execute("UPDATE driver SET erased_at = now() WHERE id = $1", there["drivers"][0])
        left = [one["id"] for one in made if one["driver"] != 0]
        assert [row.id for row in (await listing.page(tx, None, ChatFilter(), limit=MANY)).rows] == left
        gone = next(one for one in made if one["driver"] == 0)
        assert await listing.one(tx, None, gone["id"]) is None
        found = await listing.page(tx, None, ChatFilter(search=gone["said"][0]), limit=MANY)
        assert gone["id"] not in {row.id for row in found.rows}
