"""Wishes to charge, before the charger has said anything: made, carried out, given up; and stopping what runs."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from laddverk.access.rules import HELD
from laddverk.kernel.actors import Actor, Permission, rule
from laddverk.kernel.ids import CommandId, DriverId, PaymentId, SessionId, StationId, TariffVersionId
from laddverk.kernel.problems import Conflict, NotAllowed, NotFound
from laddverk.ocpp.commands import StartCharging, StopCharging
from laddverk.ocpp.facts import Profile
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.sessions import store, store_starts
from laddverk.sessions.model import LiveStart, PreparedStart, StartFailed, StartRequest, WhyFailed
from laddverk.stations import service as stations
from laddverk.subscriptions import service as subscriptions
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Wish
from laddverk.tariffs.spot import prices_now

TOKEN_BYTES: Final = 10  # 20 hexadecimal digits: what fits an idTag of 1.6, and some chargers take no other (quirk 53)
ACCESS_BYTES: Final = 20  # 160 bits: the link to a session is its only key
ACCESS_DIGEST_BYTES: Final = 32
PAY_WITHIN: Final = timedelta(minutes=15)  # a hosted payment page with bank identification takes a few minutes
FIRST_FOR: Final = timedelta(minutes=2)  # so long an unpaid wish keeps others off the connector
START_WITHIN: Final = timedelta(minutes=4)  # what the command may take, and a little more for the session to be told
LINK_FOR: Final = timedelta(days=90)  # a receipt is wanted for a while; a link in an old mail need not open for ever
EXPIRE_MAX: Final = 500  # bounds one run of the job
STARTABLE: Final = frozenset({"available", "occupied", "preparing", "finishing", "unknown"})
"""Connector states in which a charger may be asked to start; `occupied` and `finishing` have a cable in them."""


async def prepare_start(
    tx: Transaction,
    actor: Actor,
    *,
    station_id: StationId,
    evse_number: int,
    connector_number: int = 1,
    driver_id: DriverId | None = None,
    payment_id: PaymentId | None = None,
    reserved_for: str | None = None,
    now: datetime,
) -> PreparedStart:
    """Make a start request, with the tariff that its payer is shown, and a token for this one time.

    `reserved_for` is the uid that the charger keeps the connector for, when its driver is the one who reserved it: the
    charger then starts for that token and no other.

    The access token is the key to the page of the charge, and is not kept: without a driver there is no other. Raises
    `NotFound` for an unknown connector, `Conflict` when one cannot start there now or there is no price to be shown
    (AFIR article 5), `NotAllowed` when the driver is blocked or not the one who asks.
    """
    if actor.kind == "driver" and driver_id not in (actor.id, None):  # None: paid there and then, by nobody's account
        raise NotAllowed("You can only start charging for yourself.")
    group = await group_of(tx, driver_id, station_id, now)
    startable = STARTABLE if reserved_for is None else STARTABLE | {"reserved"}
    await _require_startable(tx, actor, station_id, evse_number, connector_number, now, startable)
    wish = Wish(station_id, group, evse_number, connector_number, driver_id)
    (version,) = await tariffs.chosen(tx, [wish], now=now)
    if version is None:
        raise Conflict("There is no price for charging here yet, so it cannot be started.", remedy="Choose a tariff.")
    if driver_id is None and await prices_now(tx, version.body, now) is None:
        raise Conflict("The price of electricity is not known just now, so charging cannot be started here.")
    access_token = secrets.token_urlsafe(ACCESS_BYTES)
    token_uid = reserved_for or secrets.token_hex(TOKEN_BYTES).upper()
    request_id, remote_start_id = await store_starts.insert(
        tx,
        station_id=station_id,
        evse_number=evse_number,
        connector_number=connector_number,
        driver_id=driver_id,
        token_uid=token_uid,
        payment_id=payment_id,
        tariff_version_id=TariffVersionId(version.id),
        access_hash=hashed(access_token),
        now=now,
        expires_at=now + PAY_WITHIN,
    )
    return PreparedStart(request_id, access_token, token_uid, remote_start_id, version.body.currency)


def hashed(access_token: str) -> bytes:
    """Return what is kept of an access token: a copy of the table opens no page."""
    return hashlib.blake2b(access_token.encode(), digest_size=ACCESS_DIGEST_BYTES).digest()


async def group_of(tx: Transaction, driver_id: DriverId | None, station_id: StationId, now: datetime) -> str:
    """Return whose tariffs count for a driver there. Raises `NotAllowed` when no new charge may begin."""
    if driver_id is None:
        return ""
    driver = await store_starts.driver(tx, driver_id)
    if driver is None:
        raise NotAllowed("This driver may not charge: the account is blocked.", remedy="Ask the operator why.")
    if driver.starts_held:
        raise NotAllowed(HELD[driver.starts_held])
    (account,) = await subscriptions.standing(tx, [subscriptions.Asking(driver_id, station_id, now)])
    if account.refused:
        raise NotAllowed(HELD["limit"])
    return account.driver_group or driver.driver_group


async def _require_startable(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    evse_number: int,
    connector_number: int,
    now: datetime,
    startable: frozenset[str],
) -> None:
    place = await store_starts.place(tx, station_id, evse_number, connector_number)
    if place is None or (actor.site_ids is not None and place.site_id not in actor.site_ids):
        raise NotFound("There is no such connector.", field="connector")
    if place.retired or not place.connected:
        raise Conflict("The charger is not connected just now.", remedy="Try another connector, or again in a minute.")
    if place.status not in startable:
        raise Conflict("Charging cannot start at this connector now.", remedy="Try another connector.")
    if await store_starts.is_busy(tx, station_id, evse_number, but=None, made_after=now - FIRST_FOR):
        raise Conflict("Somebody else is charging or about to start here.", remedy="Try another connector.")


async def begin_start(
    tx: Transaction,
    actor: Actor,
    start_request_id: UUID,
    now: datetime,
    *,
    cost_limit_minor: int | None = None,
    profile: Profile | None = None,
    reason: str = "",
) -> CommandId | None:
    """Ask the charger to start, once: a second call returns the command of the first.

    `cost_limit_minor` is what was reserved: a charger of 2.1 is told to stop there. `profile` limits the session from
    its start (`energy.limit_for_start`).

    None when nothing can start any more (given up meanwhile, or another payer was first): then `StartFailed` is
    published, so that what was paid is given back. Raises `NotFound`.
    """
    request = await store_starts.locked(tx, start_request_id)
    if request is None:
        raise NotFound("There is no such start request.", field="start_request_id")
    if request.command_id is not None:
        return CommandId(request.command_id)
    if cost_limit_minor:
        await store_starts.set_cost_limit(tx, request.id, cost_limit_minor)
    if not request.is_open:
        await _tell_failed(tx, [request.id], request.cancelled_why or WhyFailed.BUSY)
        return None
    await store_starts.place(tx, request.station_id, request.evse_number, request.connector_number)
    if await store_starts.is_busy(tx, request.station_id, request.evse_number, but=request.id, made_after=None):
        await _cancel(tx, [request.id], now, WhyFailed.BUSY)
        return None
    command = StartCharging(
        evse_number=request.evse_number,
        connector_number=request.connector_number,
        token_uid=request.token_uid,
        remote_start_id=request.remote_start_id,
        profile=profile,
    )
    sent_by, by = asker(actor)
    command_id = await stations.request_command(
        tx, sent_by, request.station_id, command, now, reason=reason, requested_by=by
    )
    await store_starts.set_command(tx, request.id, command_id, now + START_WITHIN)
    return command_id


def asker(actor: Actor) -> tuple[Actor, str]:
    """Drivers may not send commands to chargers; the house does it for them, and says for whom."""
    if actor.kind in ("driver", "anonymous"):
        return rule("driver's wish"), actor.name or actor.kind
    return actor, actor.name


async def cancel_start(tx: Transaction, start_request_id: UUID, why: str, now: datetime) -> bool:
    """Give a start request up, and publish `StartFailed`; False when it has become a session or was given up before."""
    return bool(await _cancel(tx, [start_request_id], now, why))


async def give_up_unpaid(
    tx: Transaction, start_request_id: UUID, now: datetime, *, has_run_out: bool, closed_at: datetime | None = None
) -> bool:  # fmt: skip
    """Give up a start that nothing will be paid for; False as `cancel_start`.

    `has_run_out`: nobody refused, the time for paying was over. `closed_at`: when a page on which to pay was closed
    that nobody refused on either: by the payer, or, after the time of the start, by the clock. Who did not pay in time
    is told so, whether the payment or the start is found to have run out first; by when that is found says nothing.
    Where the charger has been asked, the time for paying was kept, and what was reserved is gone.
    """
    request = await store_starts.locked(tx, start_request_id)
    if request is None:
        return False
    has_run_out = has_run_out or (closed_at is not None and request.expires_at <= closed_at)
    is_late = has_run_out and request.command_id is None
    return await cancel_start(tx, start_request_id, WhyFailed.EXPIRED if is_late else WhyFailed.PAYMENT_FAILED, now)


async def _cancel(tx: Transaction, request_ids: Sequence[UUID], now: datetime, why: str) -> list[UUID]:
    cancelled = await store_starts.cancel(tx, request_ids, now, why)
    await _tell_failed(tx, cancelled, why)
    return cancelled


async def _tell_failed(tx: Transaction, request_ids: Sequence[UUID], why: str) -> None:
    await outbox.publish(tx, [StartFailed(start_request_id=request_id, why=why) for request_id in request_ids])


async def expire_starts(tx: Transaction, now: datetime) -> list[UUID]:
    """Give up start requests that were not paid, or that no charger started, in time."""
    expired = await store_starts.locked_expired(tx, now, EXPIRE_MAX)
    unpaid = [request.id for request in expired if request.command_id is None]
    unstarted = [request.id for request in expired if request.command_id is not None]
    gone = await _cancel(tx, unpaid, now, WhyFailed.EXPIRED)
    return gone + await _cancel(tx, unstarted, now, WhyFailed.TIMED_OUT)


async def give_up_refused(tx: Transaction, refused: dict[UUID, WhyFailed], now: datetime) -> list[UUID]:
    """Give up start requests whose commands (by id, with the reason) came to nothing."""
    gone: list[UUID] = []
    for request in await store_starts.locked_by_commands(tx, list(refused)):
        assert request.command_id is not None
        gone += await _cancel(tx, [request.id], now, refused[request.command_id])
    return gone


async def request_stop(
    tx: Transaction, actor: Actor, session_id: SessionId, now: datetime, reason: str = ""
) -> CommandId:
    """Ask the charger to stop a session. Raises `NotFound`, or `Conflict` when it is over.

    Staff need the permission to send commands; drivers may stop what is theirs, which the caller has made sure of.
    """
    rows = await store.locked_by_ids(tx, [session_id])
    if not rows:
        raise NotFound("There is no such session.", field="session_id")
    row = rows[0]
    if actor.kind not in ("driver", "anonymous"):
        actor.require(Permission.COMMANDS_SEND)
    if row.ended_at is not None:
        raise Conflict("This session is already over.")
    sent_by, by = asker(actor)
    command = StopCharging(transaction_key=row.transaction_key, transaction_number=row.number)
    command_id = await stations.request_command(
        tx, sent_by, row.station_id, command, now, reason=reason, requested_by=by
    )
    await audit.write(tx, actor, "session.stop_requested", "session", row.id, at=now, reason=reason)
    return command_id


async def by_access_token(tx: Transaction, access_token: str, now: datetime) -> LiveStart | None:
    """Return what the link of an ad-hoc driver opens, or None when no link is like that, or no longer."""
    request = await store_starts.by_access(tx, hashed(access_token))
    return None if request is None or request.created_at + LINK_FOR < now else await _live(tx, request)


async def by_start_request(tx: Transaction, start_request_id: UUID) -> LiveStart | None:
    """Return a start request and its session, for the driver whose it is."""
    request = await store_starts.locked(tx, start_request_id)
    return None if request is None else await _live(tx, request)


async def _live(tx: Transaction, request: StartRequest) -> LiveStart:
    session = await store_starts.live(tx, request.session_id) if request.session_id else None
    return LiveStart(request, session)
