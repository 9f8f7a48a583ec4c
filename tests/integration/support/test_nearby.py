"""What is free near by is named to whoever is sent elsewhere, by distance and with how many are free."""

from __future__ import annotations

from uuid import UUID

from laddverk.notices.sms.rules import checked_body, fits_one
from laddverk.platform.database import Database, Transaction
from laddverk.support.situations import choosing, nearby
from laddverk.support.situations.gathering import Subject, facts_of
from laddverk.support.situations.model import Texts
from tests.integration.support import field

AT = "UPDATE site SET latitude = $2, longitude = $3 WHERE id = (SELECT site_id FROM station WHERE id = $1)"
IN_CONTACT = "UPDATE station SET connected_at = registered_at"
BROKEN = "UPDATE connector SET status = 'faulted', error_code = $2 WHERE station_id = $1 AND evse_number = 1"
SECOND = """
INSERT INTO connector (station_id, evse_number, connector_number, code, public_evse_id, status, power_max_w)
VALUES ($1, 2, 1, $2, $2, 'available', 22000)
"""


async def told(tx: Transaction, station_id: UUID, language: str = "sv") -> Texts:
    """What somebody at the first outlet of a charger is told."""
    subject = Subject(station_id=station_id, evse_number=1)
    return await nearby.spoken(tx, subject, choosing.told(await facts_of(tx, subject, field.NOW)), language)


async def test_the_nearest_site_with_something_free_is_named_with_its_distance(database: Database) -> None:
    async with database.transaction() as tx:
        here, near, far = [await field.outlet(tx, code) for code in ("AAA-1", "BBB-1", "CCC-1")]
        await tx.execute(IN_CONTACT)
        await tx.execute(BROKEN, here, "InternalError")
        assert "BBB" not in (await told(tx, here)).says, "nobody knows how far that is"
        await tx.execute(AT, here, 57.70, 11.97)
        await tx.execute(AT, near, 57.71, 11.97)
        await tx.execute(AT, far, 57.80, 11.97)
        await tx.execute(SECOND, near, "BBB-2")

        texts = await told(tx, here)
        assert "Närmast ledigt: BBB-1, 1,1\xa0km bort, lediga uttag: 2, upp till 22\xa0kW." in texts.says
        assert "BBB-1" in texts.sms
        assert fits_one(texts.sms)
        assert "\xa0" not in checked_body(texts.sms)
        assert len(checked_body(texts.sms).encode("utf-16-be")) > 140, "as one with strange signs it would not fit"
        await tx.execute("UPDATE site SET name = '東' || name WHERE name = 'BBB-1'")
        assert "BBB-1" not in (await told(tx, here)).sms, "a name that does not fit is left to the page"
        await tx.execute("UPDATE site SET name = 'BBB-1' WHERE name LIKE '東%'")
        assert "Nearest free: BBB-1, 1,1\xa0km away, free outlets: 2" in (await told(tx, here, "en")).says

        await tx.execute(BROKEN, near, "InternalError")
        assert "BBB-1, 1,1\xa0km bort, lediga uttag: 1" in (await told(tx, here)).says, "its other outlet is free"
        await tx.execute("UPDATE station SET connected_at = NULL WHERE id = $1", near)
        assert "CCC-1" in (await told(tx, here)).says


async def test_the_outlet_beside_is_named_unless_the_charger_is_dangerous(database: Database) -> None:
    async with database.transaction() as tx:
        here = await field.outlet(tx, "AAA-1")
        await tx.execute(IN_CONTACT)
        await tx.execute(SECOND, here, "AAA-2")
        await tx.execute(BROKEN, here, "InternalError")
        assert "Ledigt här: uttag AAA-2" in (await told(tx, here)).says

        await tx.execute(BROKEN, here, "GroundFailure")
        texts = await told(tx, here)
        assert "AAA-2" not in texts.says + texts.sms
