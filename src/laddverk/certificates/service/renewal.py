"""The planner: chargers are asked to renew their certificates in time, and what was not renewed is an alarm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from laddverk.certificates import rules_renewal, store
from laddverk.certificates.model import NewEvent
from laddverk.certificates.service import events
from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import CommandId, StationId
from laddverk.kernel.problems import Conflict, TooMany
from laddverk.ocpp.commands import AskForRequest
from laddverk.ocpp.facts import Signing
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations

AT_ONCE: Final = 100  # chargers that are asked in one run: a fleet that was away does not drown the authority
ALARMS_AT_ONCE: Final = 500
PLANNER: Final = rule("certificate renewal")


async def plan(tx: Transaction, now: datetime) -> int:
    """Ask chargers whose certificates are due to renew them; return how many were asked.

    Each is asked again until its request comes. A question waits for the charger until the next one takes its place,
    so that one that is seldom connected is asked whenever it comes.
    """
    await store.end_retired(tx)
    asked = 0
    for certificate in await store.due(tx, now, AT_ONCE):
        again_at = rules_renewal.ask_again_at(now, certificate.not_after, certificate.station_id)
        try:
            async with tx.savepoint():
                await stations.request_command(
                    tx, PLANNER, certificate.station_id, AskForRequest(signing=certificate.kind), now,
                    expires_at=again_at,
                )  # fmt: skip
        except (Conflict, TooMany):
            await store.plan_next(tx, certificate.id, asked=False, now=now, again_at=again_at)
        else:
            await store.plan_next(tx, certificate.id, asked=True, now=now, again_at=again_at)
            asked += 1
    return asked


async def sound_alarms(tx: Transaction, now: datetime) -> int:
    """Note certificates in use that end within 30, 14, 7 and 0 days; return how many alarms were given."""
    given = 0
    before = now + timedelta(days=max(rules_renewal.ALARM_DAYS))
    for certificate in await store.ending(tx, before, ALARMS_AT_ONCE):
        days = rules_renewal.alarm_due(certificate.not_after, now, certificate.alarm_days)
        if days is None:
            continue
        await store.set_alarm(tx, certificate.id, days)
        await events.note(
            tx,
            NewEvent(
                station_id=certificate.station_id, at=now, received_at=now, kind="CertificateExpiring",
                tech_info=f"{certificate.kind.value}: valid until {certificate.not_after:%Y-%m-%d %H:%M} UTC",
                source="house",
            ),
        )  # fmt: skip
        given += 1
    return given


async def ask_now(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    signing: Signing,
    now: datetime,
    *,
    combined: bool = False,
    reason: str = "",
) -> CommandId:
    """Ask a charger for a certificate request at once. Needs commands:send."""
    command = AskForRequest(signing=signing, combined=combined)
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason)
