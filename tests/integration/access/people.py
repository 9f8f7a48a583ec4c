"""People for tests of access."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from laddverk.access import service
from laddverk.access.model import DriverDetails, StaffDetails
from laddverk.kernel.actors import PERMISSIONS, Actor, Role, rule
from laddverk.kernel.ids import DriverId, OperatorId, SiteId, new_id
from laddverk.platform.database import Database

NOW = datetime(2026, 10, 24, 12, tzinfo=UTC)
TESTS = rule("tests")
PASSWORD = "fyra ord utan samband"
HERE = "10.0.0.1"


def after(**span: float) -> datetime:
    return NOW + timedelta(**span)


def acting(role: Role) -> Actor:
    return Actor("operator", new_id(), role.value, PERMISSIONS[role])


def member(email: str = "astrid@example.com", role: Role = Role.ADMIN, sites: tuple[SiteId, ...] = ()) -> StaffDetails:
    return StaffDetails(email=email, name=email.partition("@")[0].title(), role=role, site_ids=sites)


def driver(email: str = "anna@example.com", name: str = "Anna Berg", **more: str) -> DriverDetails:
    return DriverDetails(email=email, name=name, **more)


async def with_member(database: Database, email: str = "astrid@example.com", role: Role = Role.ADMIN) -> OperatorId:
    async with database.transaction() as tx:
        return await service.create_staff(tx, TESTS, member(email, role), PASSWORD, NOW)


async def with_driver(database: Database, email: str = "anna@example.com", name: str = "Anna Berg") -> DriverId:
    async with database.transaction() as tx:
        return await service.create_driver(tx, TESTS, driver(email, name), NOW)
