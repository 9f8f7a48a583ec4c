"""Jobs that join two rooms which do not know each other: what an event of one means to the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

import structlog
from msgspec import structs

from laddverk.authorisation.model import ReservationLapsed
from laddverk.certificates import service as certificates
from laddverk.certificates.model import ContractRefused
from laddverk.diagnostics import findings
from laddverk.diagnostics.disobedience import limit_ignored
from laddverk.diagnostics.site_meters import meters_ill
from laddverk.diagnostics.wrong_phase import rotation_contradicted
from laddverk.energy.meters.watching import MetersIll
from laddverk.energy.steering.events import LimitIgnored, RotationContradicted
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import Invalid
from laddverk.notices import service as notices
from laddverk.notices.push import service as push
from laddverk.notices.push import wording as push_wording
from laddverk.notices.push.model import Owner, OwnerKind
from laddverk.payments.model import PaymentAuthorised, PaymentFailed
from laddverk.platform import outbox
from laddverk.platform.house import House
from laddverk.platform.jobs import Handler
from laddverk.sessions import driver_queries
from laddverk.sessions import service as sessions
from laddverk.sessions.model import (
    ForeignTransactionNamed,
    SessionPriced,
)
from laddverk.subscriptions.model import SubscriberToTell

log = structlog.get_logger()


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs that belong to no single room."""

    async def begin_start(tx: Any, payloads: Sequence[dict[str, Any]]) -> None:
        """A payment was authorised: the charger may start."""
        for event in (outbox.decoded(PaymentAuthorised, payload) for payload in payloads):
            if event.start_request_id is not None:
                await sessions.begin_start(
                    tx,
                    rule("payment authorised"),
                    event.start_request_id,
                    house.clock(),
                    cost_limit_minor=event.amount_minor,
                )
        tx.after_commit(lambda: house.hints.publish(["commands", "now"]))

    async def give_up_start(tx: Any, payloads: Sequence[dict[str, Any]]) -> None:
        """Nothing will be paid: a charge that waits for the money is given up, and its outlet is free again."""
        for event in (outbox.decoded(PaymentFailed, payload) for payload in payloads):
            if event.start_request_id is not None:
                await sessions.give_up_unpaid(
                    tx, event.start_request_id, house.clock(),
                    has_run_out=event.has_run_out, closed_at=event.closed_at,
                )  # fmt: skip

    async def charge_no_show(tx: Any, payloads: Sequence[dict[str, Any]]) -> None:
        """Nobody came for a reservation: where waiting has a price, it is charged."""
        lapsed = [outbox.decoded(ReservationLapsed, payload) for payload in payloads]
        no_shows = [sessions.NoShow(**structs.asdict(event)) for event in lapsed]
        await sessions.record_no_shows(tx, no_shows, house.clock())

    return {
        "wiring.begin_start": begin_start,
        "wiring.give_up_start": give_up_start,
        "wiring.note_foreign_transaction": _note_foreign_transaction,
        "wiring.note_ignored_limit": partial(_note_ignored_limit, house),
        "wiring.note_ill_meters": partial(_note_ill_meters, house),
        "wiring.note_wrong_phase": partial(_note_wrong_phase, house),
        "wiring.refuse_token": _refuse_token,
        "wiring.tell_subscriber": partial(_tell_subscribers, house),
        "wiring.charge_no_show": charge_no_show,
        "wiring.notify_driver": partial(_notify_drivers, house),
    }


async def _notify_drivers(house: House, tx: Any, payloads: Sequence[dict[str, Any]]) -> None:
    """A charge has its first price: its driver's browsers say so, where they asked for it."""
    for event in (outbox.decoded(SessionPriced, payload) for payload in payloads):
        if event.driver_id is None or event.version > 1:
            continue
        charge = await driver_queries.session(tx, event.session_id)
        if charge is not None:
            said = partial(
                push_wording.charging_finished, place=charge.station_name, energy_wh=charge.energy_wh,
                price_minor=event.price_minor, currency=event.currency, path=f"/my/sessions/{shown('ses', charge.id)}",
            )  # fmt: skip
            await push.tell(tx, Owner(OwnerKind.DRIVER, event.driver_id), said, house.clock())


async def _note_foreign_transaction(tx: Any, payloads: Sequence[dict[str, Any]]) -> None:
    """A charger spoke of another one's transaction: somebody should look at it."""
    for event in (outbox.decoded(ForeignTransactionNamed, payload) for payload in payloads):
        await certificates.foreign_transaction(tx, event.station_id, event.number, event.at)


async def _note_ignored_limit(house: House, tx: Any, payloads: Sequence[dict[str, Any]]) -> None:
    """Load management caught a charger that draws more than it may, or believes it again: a finding."""
    for event in (outbox.decoded(LimitIgnored, payload) for payload in payloads):
        signal = limit_ignored(event.evse_number, event.at, event.limit_a, event.measured_a, is_over=event.is_over)
        await findings.raise_for(tx, [signal], event.station_id, house.clock())


async def _note_wrong_phase(house: House, tx: Any, payloads: Sequence[dict[str, Any]]) -> None:
    """Steps in a site's meter show an outlet on another phase than people entered, or not any more: a finding."""
    for event in (outbox.decoded(RotationContradicted, payload) for payload in payloads):
        signal = rotation_contradicted(
            event.evse_number, event.at, event.entered, event.phase, event.steps, is_over=event.is_over
        )
        await findings.raise_for(tx, [signal], event.station_id, house.clock())


async def _note_ill_meters(house: House, tx: Any, payloads: Sequence[dict[str, Any]]) -> None:
    """Meters that load management counts on are silent or wrong, or all are well again: a finding of the site."""
    for event in (outbox.decoded(MetersIll, payload) for payload in payloads):
        signal = meters_ill(event.at, [structs.asdict(one) for one in event.meters])
        await findings.raise_for(tx, [signal], event.station_id, house.clock())


async def _refuse_token(tx: Any, payloads: Sequence[dict[str, Any]]) -> None:
    """A car's contract is no good: its token was refused, also where the token by itself would do."""
    for event in (outbox.decoded(ContractRefused, payload) for payload in payloads):
        await sessions.refuse_token(tx, event.station_id, event.emaid, event.received_at, event.status, event.why)


async def _tell_subscribers(house: House, tx: Any, payloads: Sequence[dict[str, Any]]) -> None:
    """Somebody who subscribes, or pays for others, is told something by mail, once."""
    for event in (outbox.decoded(SubscriberToTell, payload) for payload in payloads):
        dates = {name: date.fromisoformat(text) for name, text in event.params.items() if name.endswith("_on")}
        link = f"{house.settings.web_url}{event.params.get('path', '/my/plan')}"
        try:
            await notices.send(
                tx,
                recipient=event.recipient,
                language=event.language,
                template=event.template,
                params=event.params | dates | {"link": link, "operator": house.settings.operator_name},
                now=house.clock(),
                unique_key=event.unique_key,
            )
        except Invalid as problem:
            log.warning("subscriptions.not_mailed", template=event.template, error=str(problem))
