"""Lists of tokens, brought in as a whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from laddverk.access import csv_tokens
from laddverk.access.csv_tokens import FAULTS_MAX, Line
from laddverk.access.model import ImportFault, NewToken, TokenDetails, TokenImport, TokensChanged
from laddverk.access.store import drivers as store
from laddverk.access.store.drivers import WITHDRAWN_MAX, KnownToken
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, TokenId, new_id
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked

UNKNOWN: Final = marked("There is no driver %(driver)s.")
SEVERAL: Final = marked("Several drivers are called %(driver)s; write the e-mail address instead.")


async def import_tokens(tx: Transaction, actor: Actor, text: str, now: datetime) -> TokenImport:
    """Bring in a list of tokens as CSV (see `csv_tokens.read`): new ones are added, known ones changed.

    A second import of the same list changes nothing. With any fault in the list nothing is done. Needs drivers:write.
    """
    actor.require(Permission.DRIVERS_WRITE)
    given = csv_tokens.read(text)
    holders = await _holders(tx, given.lines)
    faults = list(given.faults)
    for line in given.lines:
        if line.driver and not isinstance(holders[line.driver], list):
            continue
        if line.driver:
            message = SEVERAL if holders[line.driver] else UNKNOWN
            faults.append(ImportFault(line.number, message, {"driver": line.driver}))
    if faults:
        return TokenImport(faults=tuple(sorted(faults, key=lambda fault: fault.line)[:FAULTS_MAX]))
    known = await store.tokens_by_uid(tx, [line.uid for line in given.lines])
    wanted = [(line, known.get(line.uid), _details(line, known.get(line.uid), holders)) for line in given.lines]
    added = await _add(tx, [(line, details) for line, token, details in wanted if token is None], now)
    changed = [(token, line, details) for line, token, details in wanted if token and _differs(token, line, details)]
    await store.update_tokens(tx, [(token.id, details) for token, _, details in changed])
    await _block(tx, [(token.id, line) for token, line, _ in changed] + added, now)
    blocked = [line.uid for _, line, _ in changed if line.blocked_why][:WITHDRAWN_MAX]
    await outbox.publish(tx, [TokensChanged(withdrawn=tuple(blocked))])
    done = TokenImport(len(added), len(changed), len(wanted) - len(added) - len(changed))
    detail = {"added": done.added, "changed": done.changed}
    await audit.write(tx, actor, "tokens.imported", "token", None, at=now, detail=detail)
    return done


async def _holders(tx: Transaction, lines: Sequence[Line]) -> dict[str, DriverId | list[DriverId]]:
    """Return the driver that each word in the list means; a list where there are none or several."""
    words = sorted({line.driver for line in lines if line.driver})
    found = await store.drivers_named(tx, words) if words else []
    holders: dict[str, DriverId | list[DriverId]] = {}
    for word in words:
        by_email = [driver.id for driver in found if driver.email == word]
        by_name = [driver.id for driver in found if driver.name.lower() == word]
        meant = by_email or by_name
        holders[word] = meant[0] if len(meant) == 1 else meant
    return holders


def _details(line: Line, token: KnownToken | None, holders: dict[str, DriverId | list[DriverId]]) -> TokenDetails:
    """Return what a token is to be: what the line says, and as it was where the file has no such column."""
    holder = holders.get(line.driver) if line.driver else None
    driver_id = holder if not isinstance(holder, list) else None
    return TokenDetails(
        driver_id=driver_id if line.driver is not None or token is None else token.driver_id,
        label=line.label if line.label is not None else (token.label if token else ""),
        valid_until=line.valid_until if line.has_valid_until or token is None else token.valid_until,
        group_code=line.group_code if line.group_code is not None else (token.group_code if token else ""),
        is_master=token.is_master if token else False,
    )


def _differs(token: KnownToken, line: Line, details: TokenDetails) -> bool:
    is_blocked = token.blocked_at is not None
    block_differs = line.blocked_why is not None and (
        bool(line.blocked_why) != is_blocked or (is_blocked and line.blocked_why != token.blocked_why)
    )
    before = TokenDetails(
        driver_id=token.driver_id,
        label=token.label,
        valid_until=token.valid_until,
        group_code=token.group_code,
        is_master=token.is_master,
    )
    return before != details or block_differs


async def _add(tx: Transaction, new: Sequence[tuple[Line, TokenDetails]], now: datetime) -> list[tuple[TokenId, Line]]:
    made = [
        (TokenId(new_id()), line, NewToken(uid=line.uid, **msgspec.structs.asdict(details))) for line, details in new
    ]
    if made:
        await store.insert_tokens(tx, [(token_id, token) for token_id, _, token in made], now)
    return [(token_id, line) for token_id, line, _ in made]


async def _block(tx: Transaction, tokens: Sequence[tuple[TokenId, Line]], now: datetime) -> None:
    for token_id, line in tokens:
        if line.blocked_why is not None:
            await store.block_token(tx, token_id, line.blocked_why or None, now)
