"""The demo's desk: hours, teams, promises, canned answers, rules, an article, and what people asked lately."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from laddverk.kernel.actors import PERMISSIONS, Actor, Role, rule
from laddverk.kernel.ids import new_id
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support import rating, service, working
from laddverk.support.inbox import views
from laddverk.support.knowledge import shipping
from laddverk.support.macros import service as macros
from laddverk.support.macros.model import Deeds, Macro, Scope
from laddverk.support.model import Channel, Links, NewCase, Priority
from laddverk.support.opening import managing as rules
from laddverk.support.opening.model import Does, LooksAt, Rule
from laddverk.support.promising import managing as promises
from laddverk.support.promising.hours import Hours
from laddverk.support.promising.model import Promise
from laddverk.support.teams import managing as teams
from laddverk.support.teams.model import Team

DESK: Final = rule("demo")
ARTICLES: Final = Path(__file__).parent / "articles"
OFFICE: Final = ((480, 1020),)  # 08-17
STAFF: Final = "SELECT id, name, email FROM operator WHERE email LIKE '%@example.com' AND disabled_at IS NULL"
STATIONS: Final = "SELECT id FROM station WHERE retired_at IS NULL ORDER BY name LIMIT 12"
MONEY: Final = ("payment", "refund", "invoice", "account")


class Told(NamedTuple):
    """What somebody asked some time ago, and what became of it."""

    days: float
    kind: str
    text: str
    answered_min: int
    closed_min: int
    outcome: str
    is_good: bool | None
    place: int | None
    situation: str = ""


PAST: Final = (
    Told(41, "no_start", "Laddaren säger att taggen är okänd.", 12, 25, "explained", True, 0, "tag-refused"),
    Told(38, "cable", "Kabeln sitter fast i uttaget.", 6, 19, "solved", True, 1, "cable-stuck-at-charger"),
    Told(33, "payment", "Varför drogs 300 kr?", 70, 95, "explained", True, None, "reserve-not-released"),
    Told(30, "no_start", "Inget händer när jag betalat.", 9, 34, "solved", True, 2, "paid-no-plug"),
    Told(27, "invoice", "Jag behöver kvittot med momsen.", 130, 150, "solved", None, None, "receipt-wanted"),
    Told(22, "stops", "Laddningen slutade efter tio minuter.", 15, 300, "mended", False, 3, "stopped-early"),
    Told(19, "no_start", "Skärmen är svart.", 8, 2900, "mended", None, 3, "offline"),
    Told(15, "refund", "Jag betalade men bilen laddade aldrig.", 20, 48, "money_back", True, 4, "ended-without-energy"),
    Told(12, "slow", "Det går mycket långsammare än det står.", 35, 60, "explained", False, 5, "slow"),
    Told(9, "no_start", "Kortet nekas hela tiden.", 11, 30, "solved", True, 1, "card-declined"),
    Told(7, "cable", "Kabeln lossnar inte ur bilen.", 5, 16, "solved", True, 6, "cable-stuck-in-car"),
    Told(5, "question", "Kan jag boka en laddare i förväg?", 90, 110, "explained", None, None),
    Told(4, "no_start", "Det står upptaget men ingen bil är där.", 14, 45, "solved", True, 2, "taken"),
    Told(2, "payment", "Swish avbröts, har jag betalat?", 18, 40, "explained", True, 7, "swish-not-completed"),
)  # fmt: skip


async def furnish(house: House, now: datetime) -> None:
    """Let the desk have people, hours, promises, canned answers and rules, and a past. Each case is its own commit."""
    async with house.database.transaction() as tx:
        staff = {row["email"].partition("@")[0]: row for row in await tx.rows(STAFF)}
        stations = await tx.values(STATIONS)
        agent = _person(staff.get("support"))
        await _settings(tx, staff, now)
        await shipping.ship(tx, now, ARTICLES)
        if agent.id is not None:
            query = (("state", "all"), ("rated", "bad"))
            await views.save(tx, agent, "Inte nöjda", query, now, is_shared=True)
    for number, told in enumerate(PAST):
        async with house.database.transaction() as tx:
            await _tell(tx, house, agent, told, number, stations, now)


async def _settings(tx: Transaction, staff: dict[str, Any], now: datetime) -> None:
    hours = await promises.save_hours(tx, DESK, Hours(name="Kontorstid", days=(OFFICE,) * 5 + ((),) * 2), now)
    field, money = await _teams(tx, staff, now)
    for place, (name, kinds, ranks, answer, solve, when) in enumerate(
        (
            ("Fara", (), (int(Priority.URGENT),), 10, 120, None),
            ("Står vid laddaren", ("no_start", "cable", "stops"), (), 15, 240, None),
            ("Övrigt", (), (), 120, 960, hours),
        )
    ):
        promise = Promise(
            id=new_id(), name=name, position=place, kinds=kinds, priorities=ranks, answer_minutes=answer,
            solve_minutes=solve, hours_id=when,
        )  # fmt: skip
        await promises.save(tx, DESK, promise, now)
    await _macros(tx, money.id, now)
    await _rules(tx, field.id, now)


def _person(row: Any) -> Actor:
    return Actor("operator", row["id"], row["name"], PERMISSIONS[Role.SUPPORT]) if row else DESK


async def _teams(tx: Transaction, staff: dict[str, Any], now: datetime) -> tuple[Team, Team]:
    lead = staff["operator"]["id"] if "operator" in staff else None
    everybody = tuple(staff[name]["id"] for name in ("support", "operator", "admin") if name in staff)
    field = Team(
        id=new_id(), name="Laddning", lead_id=lead, members=everybody, kinds=("no_start", "cable", "stops", "slow")
    )
    money = Team(id=new_id(), name="Betalning", lead_id=lead, members=everybody[:2], kinds=MONEY)
    for team in (field, money):
        await teams.save(tx, DESK, team, now)
    return field, money


async def _macros(tx: Transaction, money: Any, now: datetime) -> None:
    for name, sv, en, deeds in (
        (
            "Reserverat belopp", "Hej {driver}! Bara det du laddade för dras. Banken släpper resten inom några dagar."
            "\n\nHälsningar {agent}", "Hello {driver}, only what you charged for is drawn. The bank lets go of the rest"
            " within some days.\n\nKind regards, {agent}", Deeds(tags=("reservation",), outcome="explained"),
        ),
        (
            "Kabeln sitter fast", "Hej {driver}! Lås och lås upp bilen, vänta tio sekunder och dra rakt ut. Vi ber "
            "{charger} att släppa kabeln nu.", "Hello {driver}, lock and unlock the car, wait ten seconds and pull "
            "straight out. We ask {charger} to let go of the cable now.", Deeds(button="unlock", tags=("kabel",)),
        ),
        (
            "Kvittot igen", "Hej {driver}! Kvittot för {energy} ({cost}) kommer strax igen.",
            "Hello {driver}, the receipt for {energy} ({cost}) comes again in a moment.",
            Deeds(button="receipt", outcome="solved"),
        ),
        (
            "Till Betalning", "", "", Deeds(team_id=money, snooze="tomorrow"),
        ),
    ):  # fmt: skip
        macro = Macro(id=new_id(), name=name, scope=Scope.ALL, texts={"sv": sv, "en": en}, deeds=deeds)
        await macros.save(tx, DESK, macro, now)


async def _rules(tx: Transaction, field: Any, now: datetime) -> None:
    for place, (name, looks_at, does) in enumerate(
        (
            ("Kvitton brådskar inte", LooksAt(words=("kvitto", "receipt")), Does(priority=4, tags=("kvitto",))),
            ("Fast kabel först", LooksAt(kinds=("cable",)), Does(priority=2, team_id=field, tags=("kabel",))),
        )
    ):
        await rules.save(tx, DESK, Rule(id=new_id(), name=name, position=place, looks_at=looks_at, does=does), now)


async def _tell(
    tx: Transaction, house: House, agent: Actor, told: Told, number: int, stations: list[Any], now: datetime
) -> None:
    begin = now - timedelta(days=told.days, minutes=number * 37 % 300)
    station = stations[told.place % len(stations)] if told.place is not None and stations else None
    given = NewCase(
        text=told.text, kind=told.kind, channel=Channel.SMS, contact_phone=f"+4670555{number:04}",
        links=Links(station_id=station, evse_number=1 if station else 0), situation=told.situation,
    )  # fmt: skip
    case = await service.open_by_driver(tx, house, Actor("anonymous"), given, begin)
    answered = begin + timedelta(minutes=told.answered_min)
    await working.take(tx, house, agent, case.id, answered)
    await service.note(tx, agent, case.id, "Ringde upp.", answered, is_call=True)
    closed = begin + timedelta(minutes=told.closed_min)
    await working.close(tx, house, agent, case.id, told.outcome, "", closed)
    if told.is_good is not None:
        await rating.give(tx, case.id, is_good=told.is_good, reason="", now=closed + timedelta(hours=1))
