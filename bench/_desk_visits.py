"""What an agent asks for, many times over: the addresses of each kind of visit, drawn from the rows of a database."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

import asyncpg

from laddverk.kernel.ids import shown

SEED: Final = 5
VIEWS: Final = ("open", "mine", "team", "unassigned", "late", "waiting", "snoozed", "closed", "all")
COMMON_WORDS: Final = ("kabeln", "betalningen", "swish", "laddaren", "tillbaka", "faktura", "lampa")
NAMES: Final = ("anna", "erik lind", "karin", "ek", "johansson", "fatima", "örjan berg")
CASE: Final = "SELECT id, number, contact_phone, contact_email FROM support_case WHERE number = ANY($1)"
# Cases of those who have the most of them.
MANY: Final = """
SELECT support_case.id FROM support_case JOIN (
    SELECT driver_id FROM support_case WHERE driver_id IS NOT NULL GROUP BY driver_id ORDER BY count(*) DESC LIMIT 20
) AS often ON often.driver_id = support_case.driver_id ORDER BY support_case.created_at DESC LIMIT 200
"""
WAITING: Final = """
SELECT id FROM support_case WHERE state <> 'closed' AND station_id IS NOT NULL ORDER BY changed_at DESC LIMIT 200
"""
SESSION: Final = """
SELECT session.id, session.number, session.token_uid, session.payment_id, payment.captured_minor, payment.provider_ref,
       payment.created_at, payment_card.last4, swish_attempt.payment_reference AS swish, session.driver_id
FROM session LEFT JOIN payment ON payment.id = session.payment_id
LEFT JOIN payment_card ON payment_card.payment_id = payment.id
LEFT JOIN swish_attempt ON swish_attempt.payment_id = payment.id
WHERE session.number = ANY($1) AND session.ended_at IS NOT NULL
"""
DRIVER: Final = """
SELECT driver.id, driver.email, driver.phone, driver_plate.plate, token.uid FROM driver
JOIN token ON token.driver_id = driver.id LEFT JOIN driver_plate ON driver_plate.driver_id = driver.id
ORDER BY md5(driver.id::text) LIMIT $1
"""
OFTEN: Final = """
SELECT driver_id AS id FROM session WHERE driver_id IS NOT NULL AND started_at > now() - interval '30 days'
GROUP BY driver_id ORDER BY count(*) DESC LIMIT 30
"""
OUTLET: Final = "SELECT station_id AS id, code FROM connector ORDER BY md5(code) LIMIT $1"
INVOICE: Final = "SELECT number, series, reference FROM invoice ORDER BY md5(reference) LIMIT $1"
PLACE: Final = "SELECT id FROM site ORDER BY md5(id::text) LIMIT $1"


def inbox(**asked: object) -> str:
    """Return an address of the inbox."""
    return f"/console/cases?{urlencode(asked)}"


def box(text: str) -> str:
    """Return the address that the search box asks while somebody types."""
    return f"/console/search?{urlencode({'q': text})}"


async def drawn(connection: asyncpg.Connection[Any], count: int) -> Mapping[str, list[str]]:
    """Return for each kind of visit its addresses, about `count` of each; those of one kind as different as may be.

    A kind whose name begins with "box" is what the box shows while one types; the others are whole pages.
    """
    draws = random.Random(SEED)
    cases_max, sessions_max = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM support_case), (SELECT count(*) FROM session)"
    )
    numbers = [2_000 + draws.randint(1, cases_max) for _ in range(count * 8)]
    cases = await connection.fetch(CASE, numbers)
    charged = await connection.fetch(SESSION, [draws.randint(1, sessions_max) for _ in range(count * 12)])
    drivers = await connection.fetch(DRIVER, count)
    often, many = await connection.fetch(OFTEN), await connection.fetch(MANY)
    outlets, invoices = await connection.fetch(OUTLET, count), await connection.fetch(INVOICE, count)
    places, waiting = await connection.fetch(PLACE, count), await connection.fetch(WAITING)
    phones = [one["phone"] for one in drivers] + [one["contact_phone"] for one in cases if one["contact_phone"]]
    emails = [one["email"] for one in drivers] + [one["contact_email"] for one in cases if one["contact_email"]]
    by_card = [one for one in charged if one["last4"]]
    by_swish = [one for one in charged if one["swish"]]
    made = {f"inbox {view}": [inbox(state=view)] for view in VIEWS}
    made |= {
        "inbox closed, page 40": [inbox(state="closed", page=40)],
        "inbox by kind": [inbox(state="all", kind=each) for each in ("no_start", "refund", "danger", "account")],
        "inbox by tag": [inbox(state="all", tag=f"tag{n}") for n in (0, 3, 20, 59, 99)],
        "inbox by driver": [inbox(state="all", driver=shown("drv", one["id"])) for one in (*drivers, *often)],
        "inbox by charger": [inbox(state="all", station=shown("sta", one["id"])) for one in outlets],
        "inbox by site": [inbox(state="all", site=shown("sit", one["id"])) for one in places],
        "inbox closed by site": [inbox(state="closed", site=shown("sit", one["id"])) for one in places],
        "inbox by situation": [inbox(state="all", situation=each) for each in ("start_rejected", "stuck_cable", "x")],
        "inbox by rating": [inbox(state="all", rated=each) for each in ("good", "bad")],
        "inbox by model": [inbox(state="all", model=f"Maker {n % 7} Model {n % 20}") for n in range(count)],
        "inbox by days": [
            inbox(state="closed", opened_from=f"2026-{m:02}-01", opened_to=f"2026-{m:02}-02") for m in range(1, 11)
        ],
        "search number": [inbox(state="all", q=f"#{one['number']}") for one in cases[:count]],
        "search rare word": [inbox(state="all", q=f"ref{one['number'] - 2000}") for one in cases[:count]],
        "search common word": [inbox(state="all", q=word) for word in COMMON_WORDS],
        "search two words": [inbox(state="all", q=f"{draws.choice(COMMON_WORDS)} {word}") for word in COMMON_WORDS],
        "search open, common": [inbox(state="open", q=word) for word in COMMON_WORDS],
        "search prefix": [inbox(state="all", q=word[:3]) for word in COMMON_WORDS],
        "search driver": [inbox(state="all", q=name) for name in NAMES],
        "search charger": [inbox(state="all", q=f"Laddare {draws.randint(1, 19)}") for _ in range(count)],
        "search nothing": [inbox(state="all", q=f"zzq{n}") for n in range(count)],
        "case, closed": [f"/console/cases/{shown('cas', one['id'])}" for one in cases[:count]],
        "case, not closed": [f"/console/cases/{shown('cas', one['id'])}" for one in waiting],
        "case of who has many": [f"/console/cases/{shown('cas', one['id'])}" for one in many],
        "box phone": [box(phone) for phone in phones],
        "box plate": [box(one["plate"]) for one in drivers if one["plate"]],
        "box sticker": [box(one["code"]) for one in outlets],
        "box tag": [box(one["uid"]) for one in drivers],
        "box card, amount, day": [box(f"{one['last4']} {_amount(one)} {_day(one)}") for one in by_card],
        "box card, amount": [box(f"{one['last4']} {_amount(one)}") for one in by_card],
        "box amount, day": [box(f"{_amount(one)} kr {_day(one)}") for one in by_card],
        "box Swish": [box(one["swish"]) for one in by_swish],
        "box reference": [box(one["provider_ref"]) for one in by_card],
        "box invoice": [box(f"{one['series']}-{one['number']}") for one in invoices],
        "box OCR": [box(one["reference"]) for one in invoices],
        "box e-mail": [box(email) for email in emails],
        "box number": [box(str(one["number"])) for one in charged],
        "box name": [box(name) for name in NAMES],
        "page: phone": [box(one["phone"]) for one in drivers],
        "page: sticker": [box(one["code"]) for one in outlets],
        "page: name": [box(name) for name in NAMES],
        "page: e-mail": [box(one["email"]) for one in drivers],
        "page: nothing": [box(f"zzq{n}") for n in range(count)],
        "charger now": [f"/console/stations/{shown('sta', one['id'])}" for one in outlets],
        "person": [f"/console/drivers/{shown('drv', one['id'])}" for one in drivers],
        "person who charges most": [f"/console/drivers/{shown('drv', one['id'])}" for one in often],
        "session": [f"/console/sessions/{shown('ses', one['id'])}" for one in charged[:count]],
        "payment": [f"/console/payments/{shown('pay', one['payment_id'])}" for one in by_card],
    }  # fmt: skip
    return made


def _amount(one: Any) -> str:
    return f"{one['captured_minor'] / 100:.2f}".replace(".", ",")


def _day(one: Any) -> date:
    at: date = one["created_at"].date()
    return at
