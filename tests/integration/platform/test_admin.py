"""`laddverk admin`: the first administrator, and the one who is locked out."""

from datetime import UTC, datetime

from laddverk.access import queries
from laddverk.access.model import StaffDetails
from laddverk.cli.admin import make_administrator
from laddverk.kernel.actors import Role

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANNA = StaffDetails(email="anna@example.com", name="Anna", role=Role.ADMIN)


async def test_the_first_administrator_comes_to_be_and_is_let_in_again(database):
    async with database.transaction() as tx:
        assert await make_administrator(tx, ANNA, "correct horse battery staple", NOW)
    async with database.transaction() as tx:
        await tx.execute("UPDATE operator SET disabled_at = now(), role = 'support'")
        assert not await make_administrator(tx, ANNA, "four other words here", NOW)
        (person,) = await queries.staff(tx)
        assert (person.email, person.role, person.disabled_at) == ("anna@example.com", Role.ADMIN, None)
        actions = await tx.values("SELECT action FROM audit_log ORDER BY id")
    assert "staff.created" in actions
    assert "staff.password_changed" in actions
