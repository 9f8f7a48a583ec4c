"""One search box: every handle leads to the person, charge, payment or case, of what one may see, by an index."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.platform.database import Database, Transaction
from laddverk.support.finding import looking
from laddverk.support.finding.looking import Hit
from tests.integration.support.field import NOW, driver, outlet, session

EVA = Actor("operator", uuid4(), "Eva", PERMISSIONS[Role.SUPPORT], None)
HOST = Actor("operator", uuid4(), "Host", PERMISSIONS[Role.SITE_HOST], frozenset({uuid4()}))


async def found(tx: Transaction, text: str, actor: Actor = EVA) -> list[Hit]:
    return await looking.find(tx, actor, text, NOW, "Europe/Stockholm")


async def test_every_handle_leads_to_who_and_what_is_meant(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")
        ada = await driver(tx, "ada@example.se", "070-123 45 67", "Ada Öberg")
        here = await outlet(tx, "GBG-014-2")
        await tx.execute("INSERT INTO driver_plate VALUES ('ABC12D', $1, $2, 'Eva')", ada, NOW)
        await tx.execute(
            "INSERT INTO token (id, driver_id, uid, created_at) VALUES ($1, $2, '04A37F2C', $3)", uuid4(), ada, NOW
        )
        charge = await session(tx, here, ada, NOW - timedelta(days=1), NOW - timedelta(hours=20), 20_000)
        number = await tx.value("UPDATE session SET token_uid = '04A37F2C' WHERE id = $1 RETURNING number", charge)
        card, swish = await payment(tx, charge, 9850), await payment(tx, None, 12000)
        await tx.execute("INSERT INTO payment_card (payment_id, brand, last4) VALUES ($1, 'visa', '4242')", card)
        await tx.execute(
            "INSERT INTO swish_attempt (id, payment_id, number, kind, state, payment_reference, created_at, looked_at)"
            " VALUES ($1, $2, 1, 'phone', 'paid', '1E2D3C4B5A69788796A5B4C3D2E1F001', $3, $3)",
            uuid4(),
            swish,
            NOW,
        )
        case = uuid4()
        case_number = await tx.value(
            "INSERT INTO support_case (id, subject, kind, state, channel, contact_phone, created_at, created_by,"
            " changed_at) VALUES ($1, 'Hi', 'question', 'open', 'phone', '+46701234567', $2, 'Eva', $2)"
            " RETURNING number",
            case,
            NOW,
        )
        for text, wanted in (
            ("0701234567", {ada, case}), ("+46 (0)70-123 45 67", {ada, case}), ("abc 12d", {ada}),
            ("gbg 014 2", {here}), ("04:a3:7f:2c", {ada, charge}), ("4242 98,50", {card}),
            ("4242 98,50 20 nov", {card}), ("98,50 20 nov", {card}), ("4242 idag", {card}),
            ("1e2d3c4b5a69788796a5b4c3d2e1f001", {swish}), (f"ref-{swish.hex}", {swish}), (str(number), {charge}),
            (f"#{case_number}", {case}), ("ADA@example.se", {ada}), ("öberg a", {ada}), ("4242 99,50", set()),
            ("4242 98,50 1 nov", set()), ("", set()), ("\x00", set()), ("' OR 1=1 --", set()), ("x" * 500, set()),
        ):  # fmt: skip
            hits = await found(tx, text)
            assert {hit.id for hit in hits} == wanted, (text, hits)
        (hit,) = await found(tx, "4242 98,50")
        assert (hit.driver_id, hit.session_id, hit.station_id, hit.last4) == (ada, charge, here, "4242")
        for text in ("0701234567", "gbg 014 2", "04a37f2c", "4242 98,50", str(number), "ada@example.se", "öberg"):
            assert await found(tx, text, HOST) == [], "a host sees their own sites only"

        plans = [
            (looking.DRIVER_BY_PHONE, "$1", "'0701234567'"), (looking.DRIVER_BY_NAME, "$1", "'ada'"),
            (looking.PAYMENT_BY_CARD, "$1", "'4242'"), (looking.CASE_BY_PHONE, "$1", "'0701234567'"),
            (looking.PAYMENT_BY_SWISH, "$1", "'X'"), (looking.PAYMENT_BY_REFERENCE, "$1", "'X'"),
        ]  # fmt: skip
        for sql, place, value in plans:
            filled = sql.replace("$3::bigint", "NULL::bigint").replace("$3::uuid[]", "NULL::uuid[]")
            filled = filled.replace("ANY($3)", "ANY(NULL::uuid[])").replace("$3", "NULL::bigint").replace("$2", "5")
            filled = filled.replace("$4", "NULL").replace("$5", "NULL").replace(place, value)
            plan = "\n".join(await tx.values("EXPLAIN " + filled))
            for table in ("driver", "payment", "support_case"):
                assert f"Seq Scan on {table} " not in plan, plan


async def payment(tx: Transaction, session_id: UUID | None, captured_minor: int) -> UUID:
    made = uuid4()
    await tx.execute(
        "INSERT INTO payment (id, purpose, session_id, provider, provider_ref, state, currency, amount_minor,"
        " authorised_minor, captured_minor, created_at, updated_at)"
        " VALUES ($1, 'session', $2, 'sandbox', $4, 'captured', 'SEK', 30000, 30000, $3, $5, $5)",
        made, session_id, captured_minor, f"ref-{made.hex}", NOW - timedelta(hours=20),
    )  # fmt: skip
    return made
