"""`laddverk admin EMAIL`: makes somebody an administrator, or lets one who is locked out in again.

Whoever can run this can read the database anyway. It is how the first administrator of a new network comes to be.
"""

from __future__ import annotations

import argparse
import secrets
from datetime import datetime
from typing import Final

from laddverk.access import queries
from laddverk.access import service as access
from laddverk.access.model import StaffDetails
from laddverk.cli.network import prepared_database, run_in_loop
from laddverk.kernel.actors import Role, rule
from laddverk.kernel.ids import OperatorId
from laddverk.kernel.time import system_clock
from laddverk.platform.database import Database, Transaction
from laddverk.platform.settings import Settings

ACTOR: Final = rule("command line")
REASON: Final = "laddverk admin"
PASSWORD_BYTES: Final = 15  # 120 bits, 20 characters: it is pasted once and changed


def arguments(parser: argparse.ArgumentParser) -> None:
    """Say what it takes."""
    parser.add_argument("email", help="what they sign in with")
    parser.add_argument("--name", help="what they are called (default: the address)")
    parser.add_argument("--language", choices=["sv", "en"], default="sv", help="of their screens (default: sv)")


def run(given: argparse.Namespace, settings: Settings) -> int:
    """Make or mend the administrator, and print the new password."""
    details = StaffDetails(
        email=given.email.strip().lower(), name=given.name or given.email, role=Role.ADMIN, language=given.language
    )
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    is_new = run_in_loop(_open_door(settings, details, password))
    print(f"{details.email} is {'now' if is_new else 'again'} an administrator. The password, shown only here:")
    print(f"\n  {password}\n\nSign in at {settings.web_url}/console and change it.")
    return 0


async def _open_door(settings: Settings, details: StaffDetails, password: str) -> bool:
    async with prepared_database(settings, alone=False) as prepared:
        database = await Database.connected(prepared.database_url or "", size_max=1)
        try:
            async with database.transaction() as tx:
                return await make_administrator(tx, details, password, system_clock())
        finally:
            await database.close()


async def make_administrator(tx: Transaction, details: StaffDetails, password: str, now: datetime) -> bool:
    """Give the person in `details` the role of an administrator and `password`. Return whether they are new."""
    person = next((each for each in await queries.staff(tx) if each.email == details.email), None)
    if person is None:
        await access.create_staff(tx, ACTOR, details, password, now)
        return True
    operator_id = OperatorId(person.id)
    await access.enable_staff(tx, ACTOR, operator_id, now, reason=REASON)
    await access.update_staff(tx, ACTOR, operator_id, details, now)
    await access.set_password(tx, ACTOR, operator_id, password, now)
    return False
