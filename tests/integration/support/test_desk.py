"""The desk's work on a real database: placing, promises, putting aside, merging, macros, ratings, reports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from laddverk.access import service as access
from laddverk.access.model import StaffDetails
from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed
from laddverk.notices import queries as notice_queries
from laddverk.platform.database import Database
from laddverk.support import listing, queries, rating, service, settling, working
from laddverk.support.chat import deciding
from laddverk.support.chat import service as chats
from laddverk.support.chat.model import Come
from laddverk.support.inbox import jobs, looking, merging, sending
from laddverk.support.inbox import store as inbox
from laddverk.support.macros import service as macros
from laddverk.support.macros.model import Deeds, Macro, Scope
from laddverk.support.model import Case, NewCase, State, WaitsFor
from laddverk.support.opening import managing as rules
from laddverk.support.opening.model import Does, LooksAt, Rule
from laddverk.support.promising import managing as promises
from laddverk.support.promising.hours import Hours
from laddverk.support.promising.model import Promise
from laddverk.support.reporting import queries as reports
from laddverk.support.reporting.model import By, Span
from laddverk.support.teams import managing as teams
from laddverk.support.teams.model import Team
from tests.network import ACTOR, Network, network_on

ANYBODY = Actor("anonymous")
BO = NewCase(text="The cable is stuck", kind="cable", contact_email="bo@example.se", language="en")


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


async def staff(network: Network, name: str) -> Actor:
    details = StaffDetails(email=f"{name.lower()}@example.com", name=name, role=Role.SUPPORT)
    async with network.house.database.transaction() as tx:
        identity = await access.create_staff(tx, ACTOR, details, "kaffe traktor molnfri", network.house.clock())
    return Actor("operator", identity, name, PERMISSIONS[Role.SUPPORT], None)


async def written(network: Network, given: NewCase = BO) -> Case:
    async with network.house.database.transaction() as tx:
        return await service.open_by_driver(tx, network.house, ANYBODY, given, network.house.clock())


async def now_of(network: Network, case: Case) -> queries.CaseRow:
    async with network.house.database.transaction() as tx:
        found = await queries.case(tx, None, case.id)
    assert found is not None
    return found


async def lines(network: Network, case: Case) -> list[str]:
    async with network.house.database.transaction() as tx:
        return [one.body or one.text for one in reversed(await queries.timeline(tx, case.id))]


async def test_a_new_case_is_placed_and_a_broken_promise_is_told_once(network: Network) -> None:
    eva, ulf = await staff(network, "Eva"), await staff(network, "Ulf")
    assert eva.id is not None
    assert ulf.id is not None
    house, now = network.house, network.house.clock()
    team = Team(
        id=new_id(), name="Cables", kinds=("cable",), members=(eva.id, ulf.id), lead_id=ulf.id, takes_turns=True
    )
    async with house.database.transaction() as tx:
        with pytest.raises(NotAllowed):
            await teams.save(tx, eva, team, now)
        await teams.save(tx, ACTOR, team, now)
        rule = Rule(
            id=new_id(), name="Stuck", looks_at=LooksAt(words=("stuck",)), does=Does(priority=2, tags=("cable",))
        )
        await rules.save(tx, ACTOR, rule, now)
        promise = Promise(id=new_id(), name="Fast", answer_minutes=10, solve_minutes=60)
        await promises.save(tx, ACTOR, promise, now)
    first, second = await written(network), await written(network)
    assert (first.assignee_name, second.assignee_name) == ("Eva", "Ulf"), "turns go round"
    assert (first.team_id, first.tags, int(first.priority)) == (team.id, ("cable",), 2)
    assert first.answer_due_at is not None
    assert abs(first.answer_due_at - now - timedelta(minutes=10)) < timedelta(seconds=5)
    late = first.answer_due_at + timedelta(minutes=1)
    async with house.database.transaction() as tx:
        assert await jobs.tell_late(tx, house, late) == 2
        assert await jobs.tell_late(tx, house, late) == 0
        mails = [(one.recipient, one.subject) for one in await notice_queries.mails(tx, limit=50)]
        wanted = listing.CaseFilter(state="late", now=late)
        assert await listing.count(tx, None, wanted) == 2
        assert (await listing.counts(tx, None, eva.id, late)).late == 2
    told = [to for to, subject in mails if "longer than we promised" in subject or "längre" in subject]
    assert sorted(told) == ["eva@example.com", "ulf@example.com", "ulf@example.com"]
    async with house.database.transaction() as tx:
        replied = await service.reply(tx, house, eva, first.id, "Lock and unlock the car", now)
        assert replied.paused_at == now, "the clock stands still while we wait for the driver"
        back = await service.write_by_driver(tx, first.id, "No", now + timedelta(minutes=30))
    assert (back.paused_at, back.paused_s) == (None, 1800)
    assert back.solve_due_at is not None
    assert first.solve_due_at is not None
    assert back.solve_due_at - first.solve_due_at == timedelta(minutes=30)


async def test_a_case_is_put_aside_and_comes_back_by_itself_or_by_its_driver(network: Network) -> None:
    eva, case, house = await staff(network, "Eva"), await written(network), network.house
    now = house.clock()
    async with house.database.transaction() as tx:
        with pytest.raises(Invalid):
            await working.snooze(tx, house, eva, case.id, now, now)
        await working.snooze(tx, house, eva, case.id, now + timedelta(hours=3), now)
        assert await listing.count(tx, None, listing.CaseFilter(state="open")) == 0
        assert await listing.count(tx, None, listing.CaseFilter(state="snoozed")) == 1
        assert await jobs.wake(tx, house, now + timedelta(hours=2)) == 0
        assert await jobs.wake(tx, house, now + timedelta(hours=3)) == 1
        await working.snooze(tx, house, eva, case.id, now + timedelta(hours=9), now)
        await service.write_by_driver(tx, case.id, "still there?", now)
    assert (await now_of(network, case)).snoozed_until is None
    assert "It comes back by itself, as was asked for" in await lines(network, case)


async def test_merged_cases_read_as_one_lead_on_and_can_be_taken_apart(network: Network) -> None:
    eva, house = await staff(network, "Eva"), network.house
    now = house.clock()
    one, two = (
        await written(network),
        await written(network, NewCase(text="And the receipt", contact_email="bo@example.se")),
    )
    other = await written(network, NewCase(text="Mine", contact_email="ada@example.se"))
    async with house.database.transaction() as tx:
        for number in (other.number, 999_999, two.number):
            with pytest.raises((Conflict, Invalid)):
                await merging.merge(tx, house, eva, two.id, number, now)
        await merging.merge(tx, house, eva, two.id, one.number, now)
    part = await now_of(network, two)
    assert (part.state, part.merged_into_id) == (State.CLOSED, one.id)
    async with house.database.transaction() as tx:
        await service.write_by_driver(tx, two.id, "By the old link", house.clock())
        assert [line.body for line in await queries.messages(tx, one.id)] == [
            "The cable is stuck", "And the receipt", "By the old link",
        ]  # fmt: skip
        with pytest.raises(Conflict):
            await merging.undo(tx, house, eva, two.id, now + timedelta(days=2))
        await merging.undo(tx, house, eva, two.id, now + timedelta(hours=20))
    apart = await now_of(network, two)
    assert (apart.state, apart.merged_into_id) == (State.OPEN, None)
    async with house.database.transaction() as tx:
        assert [line.body for line in await queries.messages(tx, two.id)] == ["And the receipt"]
        newest = next(line.id for line in await queries.messages(tx, one.id) if line.body == "By the old link")
        assert newest is not None
        made = await merging.split(tx, house, eva, one.id, [newest], now)
        with pytest.raises(Invalid):
            await merging.split(tx, house, eva, two.id, [line.id for line in await queries.messages(tx, two.id)], now)  # type: ignore[misc]
    assert made.subject == "By the old link"
    async with house.database.transaction() as tx:
        assert [other.number for other in await inbox.related(tx, None, one.id)] == [made.number]
        await merging.unrelate(tx, house, eva, one.id, made.number, now)
        assert await inbox.related(tx, None, made.id) == []


async def test_who_else_looks_is_seen_and_an_answer_that_crosses_another_is_asked_again(network: Network) -> None:
    eva, ulf, case = await staff(network, "Eva"), await staff(network, "Ulf"), await written(network)
    house, now = network.house, network.house.clock()
    async with house.database.transaction() as tx:
        assert await looking.looked(tx, eva, case.id, now) == []
        await looking.writes(tx, eva, case.id, now)
        assert await looking.looked(tx, ulf, case.id, now) == [looking.Looks("Eva", True)]
        assert await looking.looked(tx, ulf, case.id, now + timedelta(minutes=1)) == []
    read = now + timedelta(seconds=1)
    async with house.database.transaction() as tx:
        await service.reply(tx, house, eva, case.id, "Mine", read + timedelta(seconds=1), seen=read)
        with pytest.raises(Conflict) as caught:
            await service.reply(tx, house, ulf, case.id, "Mine too", read + timedelta(seconds=2), seen=read)
        assert caught.value.field == "crossing"
        after = read + timedelta(seconds=3)
        await service.reply(tx, house, ulf, case.id, "Mine too", after, seen=after)


async def test_a_macro_does_all_of_it_or_nothing(network: Network) -> None:
    eva, house = await staff(network, "Eva"), network.house
    now = house.clock()
    named = NewCase(text="x", contact_name="Bo Ek", contact_email="bo@example.se", language="en")
    case = await written(network, named)
    deeds = Deeds(tags=("reserve",), takes=True, outcome="explained")
    good = Macro(id=new_id(), name="Reserve", texts={"en": "Hello {driver}, case {number}. {agent}"}, deeds=deeds)
    bad = Macro(id=new_id(), name="Receipt", texts={"en": "{energy} for {cost}"}, deeds=deeds)
    async with house.database.transaction() as tx:
        for macro in (good, bad):
            await macros.save(tx, eva, macro, now)
        with pytest.raises(NotAllowed):
            await macros.save(tx, eva, Macro(id=new_id(), name="a", scope=Scope.ALL, texts={"en": "x"}), now)
        assert (await macros.preview(tx, house, eva, case.id, bad.id))[1].missing == ("energy", "cost")
    with pytest.raises(Invalid):
        async with house.database.transaction() as tx:
            await macros.use(tx, house, eva, case.id, bad.id, None, now)
    assert (await now_of(network, case)).tags == ()
    async with house.database.transaction() as tx:
        await macros.use(tx, house, eva, case.id, good.id, None, now)
    done = await now_of(network, case)
    assert (done.state, done.tags, done.assignee_name, done.outcome) == (State.CLOSED, ("reserve",), "Eva", "explained")
    assert f"Hello Bo, case {case.number}. Eva" in await lines(network, case)


async def test_an_answer_leaves_at_its_time_or_is_taken_back(network: Network) -> None:
    eva, case, house = await staff(network, "Eva"), await written(network), network.house
    now = house.clock()
    async with house.database.transaction() as tx:
        with pytest.raises(Invalid):
            await sending.schedule(tx, house, eva, case.id, "x", now, now)
        await sending.schedule(tx, house, eva, case.id, "Not this", now + sending.UNDO_FOR, now)
        (waiting,) = await sending.waiting(tx, case.id)
        assert await sending.withdraw(tx, house, eva, case.id, waiting.id, now) == "Not this"
        await sending.schedule(tx, house, eva, case.id, "In the morning", now + timedelta(hours=9), now)
        assert await sending.send_due(tx, house, now + timedelta(hours=8)) == 0
        assert await sending.send_due(tx, house, now + timedelta(hours=9)) == 1
        assert await sending.send_due(tx, house, now + timedelta(hours=9)) == 0
    row = await now_of(network, case)
    assert (row.state, row.waits_for) == (State.WAITING, WaitsFor.DRIVER)
    assert [line for line in await lines(network, case) if line in ("In the morning", "Not this")] == ["In the morning"]


async def test_one_tap_counts_once_and_stands_in_the_report(network: Network) -> None:
    eva, case, house = await staff(network, "Eva"), await written(network), network.house
    now = house.clock()
    async with house.database.transaction() as tx:
        await service.reply(tx, house, eva, case.id, "Lock the car", now + timedelta(minutes=10))
        await working.close(tx, house, eva, case.id, "solved", "", now + timedelta(minutes=40))
    body = str(await network.value("SELECT body_text FROM mail WHERE template = 'case_closed'"))
    assert rating.path_of(house, case.id) in body
    async with house.database.transaction() as tx:
        await rating.give(tx, case.id, is_good=False, reason="", now=now + timedelta(hours=1))
        given = await rating.give(tx, case.id, is_good=True, reason=" too  slow", now=now + timedelta(hours=1))
        assert (given.is_good, given.reason) == (False, "too slow"), "the first tap stands; a reason may follow"
        with pytest.raises(Conflict):
            await rating.give(tx, case.id, is_good=True, reason="again", now=now + timedelta(hours=1))
        span = Span(now - timedelta(days=1), now + timedelta(days=1))
        found = await reports.read(tx, span, now + timedelta(hours=2))
        assert (found.thought.good, found.thought.bad, found.times.opened) == (0, 1, 1)
        assert round(found.times.answer_median_s or 0) == 600
        assert found.contacts.contacts == 1
        assert [(one.key, one.cases) for one in await reports.groups(tx, span, By.KIND, now - timedelta(days=3))] == [
            ("cable", 1)
        ]
        assert sum(day.cases for day in await reports.volume(tx, span, "Europe/Stockholm", timedelta(days=1))) == 1
        for wanted in (
            listing.CaseFilter(state="all", rated="bad"),
            listing.CaseFilter(state="all", search="unlock OR lock"),
        ):
            assert await listing.count(tx, None, wanted) == (1 if wanted.rated else 0)
        (hit,) = await listing.cases(tx, None, listing.CaseFilter(state="all", search="lock"))
        assert hit.excerpt is not None
        assert ("Lock", True) in listing.hits_in(hit.excerpt)


async def test_who_has_left_only_a_number_is_asked_by_text_and_who_chats_by_one_tap_there(network: Network) -> None:
    eva, house = await staff(network, "Eva"), network.house
    now = house.clock()
    by_number = await written(network, NewCase(text="x", contact_name="Bo", contact_phone="070-123 45 67"))
    async with house.database.transaction() as tx:
        chat = await chats.begin(tx, house, ANYBODY, Come(), "en", now)
        await chats.tap(tx, house, ANYBODY, chat.id, deciding.PERSON, now)
        chat = await chats.leave_address(tx, house, ANYBODY, chat.id, "Cia", "", "+46705556677", now)
        assert chat.case_id is not None
        for case_id in (by_number.id, chat.case_id):
            await service.reply(tx, house, eva, case_id, "Lock the car", now)
            await working.close(tx, house, eva, case_id, "solved", "", now)
        texts = await tx.rows("SELECT phone, body FROM text_message WHERE unique_key LIKE 'case-closed:%'")
        assert [row["phone"] for row in texts] == ["+46701234567"], "who is in the chat is asked there"
        assert rating.path_of(house, by_number.id) in texts[0]["body"]
        await chats.tap(tx, house, ANYBODY, chat.id, deciding.GOOD, now)
        given = await rating.of_case(tx, chat.case_id)
        assert given is not None
        assert given.is_good
        with pytest.raises(Conflict):  # once
            await chats.tap(tx, house, ANYBODY, chat.id, deciding.BAD, now)
        # Who has left the chat since gets a text as well.
        await working.reopen(tx, house, eva, chat.case_id, now)
        await tx.execute("DELETE FROM support_rating")
        await working.close(tx, house, eva, chat.case_id, "solved", "", now + timedelta(minutes=10))
        assert await tx.value("SELECT count(*) FROM text_message WHERE unique_key LIKE 'case-closed:%'") == 2


async def test_settings_that_are_used_are_not_taken_away(network: Network) -> None:
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        with pytest.raises(NotAllowed):
            settling.require(Actor("operator", new_id(), "x", PERMISSIONS[Role.SUPPORT]))

        hours = await promises.save_hours(tx, ACTOR, Hours(name="Office", days=(((480, 1020),),) * 7), now)
        promise = Promise(id=new_id(), name="x", answer_minutes=5, hours_id=hours)
        await promises.save(tx, ACTOR, promise, now)
        with pytest.raises(Conflict):
            await promises.remove_hours(tx, ACTOR, hours, now)
        await promises.remove(tx, ACTOR, promise.id, now)
        await promises.remove_hours(tx, ACTOR, hours, now)
        await promises.restore_hours(tx, ACTOR, hours, now)
    actions = "SELECT array_agg(action ORDER BY id) FROM audit_log WHERE action LIKE 'support_%'"
    assert "support_hours.restored" in (await network.value(actions))
