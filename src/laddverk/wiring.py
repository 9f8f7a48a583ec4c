"""The one table that says who listens to what, and the one place where everything is put together.

What must flow upward between the floors flows as events; here is the whole list of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import date
from functools import partial
from typing import Any, Final

import structlog
import uvicorn
from msgspec import Struct, structs

from laddverk.access import jobs as access_jobs
from laddverk.access.model import TokensChanged
from laddverk.authorisation import jobs as authorisation_jobs
from laddverk.authorisation import service as authorisation
from laddverk.authorisation.model import ReservationLapsed
from laddverk.certificates import asking
from laddverk.certificates import jobs as certificates_jobs
from laddverk.certificates import service as certificates
from laddverk.certificates.model import ContractRefused, SecurityEventNoted
from laddverk.diagnostics import carriers, findings, observing
from laddverk.diagnostics import jobs as diagnostics_jobs
from laddverk.diagnostics import telling as diagnostics_telling
from laddverk.diagnostics.alerting import deadman
from laddverk.diagnostics.alerting import jobs as alerting_jobs
from laddverk.diagnostics.cohorts import jobs as cohorts_jobs
from laddverk.diagnostics.disobedience import limit_ignored
from laddverk.diagnostics.incidents.model import IncidentClosed, IncidentOpened
from laddverk.diagnostics.remedies.doing import WorkOrderNeeded
from laddverk.diagnostics.site_meters import meters_ill
from laddverk.diagnostics.upkeep import health_jobs
from laddverk.diagnostics.upkeep import jobs as upkeep_jobs
from laddverk.diagnostics.uptime import jobs as uptime_jobs
from laddverk.diagnostics.wrong_phase import rotation_contradicted
from laddverk.displays import jobs as displays_jobs
from laddverk.displays import service as displays
from laddverk.energy import jobs as energy_jobs
from laddverk.energy import service as energy
from laddverk.energy.circuits.model import CircuitsChanged
from laddverk.energy.meters import jobs as meters_jobs
from laddverk.energy.meters import listening as meters_listening
from laddverk.energy.meters.watching import MetersIll
from laddverk.energy.planning_ahead import jobs as plans_jobs
from laddverk.energy.signals import listening as signals_listening
from laddverk.energy.steering import jobs as steering_jobs
from laddverk.energy.steering.events import LimitIgnored, RotationContradicted
from laddverk.firmware import jobs as firmware_jobs
from laddverk.firmware import service as firmware
from laddverk.gateway.asking import AskerTable
from laddverk.gateway.server import Gateway
from laddverk.gateway.window import RecorderTable
from laddverk.invoicing import jobs as invoicing_jobs
from laddverk.invoicing.model import InvoiceIssued
from laddverk.kernel.actors import rule
from laddverk.kernel.events import Event
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import Invalid
from laddverk.kernel.time import Clock, system_clock
from laddverk.ledger import jobs as ledger_jobs
from laddverk.ledger.model import LedgerUnsound
from laddverk.notices import jobs as notices_jobs
from laddverk.notices import service as notices
from laddverk.notices.push import service as push
from laddverk.notices.push import wording as push_wording
from laddverk.notices.push.model import Owner, OwnerKind
from laddverk.ocpp import facts, quirks
from laddverk.payments import jobs as payments_jobs
from laddverk.payments.model import PaymentAuthorised, PaymentCaptured, PaymentFailed, PaymentRefunded, State
from laddverk.payments.reconciliation import jobs as reconciliation_jobs
from laddverk.payments.swish import rules as swish
from laddverk.payments.wallet import jobs as wallet_jobs
from laddverk.planning import jobs as planning_jobs
from laddverk.planning.expanding import playing as studies_jobs
from laddverk.platform import embedded, jobs, migrator, outbox
from laddverk.platform.database import Away, Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler, Work, Worker
from laddverk.platform.settings import Settings, secrets_in
from laddverk.provisioning import jobs as provisioning_jobs
from laddverk.provisioning import recording as provisioning
from laddverk.sessions import driver_queries
from laddverk.sessions import jobs as sessions_jobs
from laddverk.sessions import service as sessions
from laddverk.sessions.model import (
    ForeignTransactionNamed,
    SessionClosed,
    SessionOpened,
    SessionPriced,
    StartFailed,
)
from laddverk.stations import jobs as stations_jobs
from laddverk.stations import service as stations
from laddverk.stations.admission import Door
from laddverk.stations.model import (
    CommandFinished,
    IdentityShared,
    KeyGuessed,
    StationOffline,
    StationOnline,
    VariablesChanged,
)
from laddverk.stations.service.vendor_data import Hook as VendorHook
from laddverk.subscriptions import jobs as subscriptions_jobs
from laddverk.subscriptions.model import IncludedChanged, SubscriberToTell
from laddverk.support import forgetting as support_forgetting
from laddverk.support import jobs as support_jobs
from laddverk.support.chat import jobs as chat_jobs
from laddverk.support.inbox import jobs as inbox_jobs
from laddverk.support.knowledge import jobs as knowledge_jobs
from laddverk.support.mail import jobs as mail_jobs
from laddverk.support.mail import listening as mail_listening
from laddverk.support.phone import jobs as phone_jobs
from laddverk.support.phone import listening as phone_listening
from laddverk.support.phone.softphones import jobs as softphone_jobs
from laddverk.tariffs import jobs as tariffs_jobs
from laddverk.tariffs.model import SpotPricesCame
from laddverk.web.api import routes as api_routes
from laddverk.web.app import create_app
from laddverk.web.ftp.server import FtpReceiver
from laddverk.web.live import STOPPING

log = structlog.get_logger()

SCHEDULE_EVERY_S: Final = 1.0  # how often recurring jobs are looked at; the shortest period is five seconds
SHUTDOWN_S: Final = 10.0  # open pages and streams are cut after this

VENDOR_HOOKS: Final[Mapping[str, VendorHook]] = {}
"""Which room hears what a vendor's chargers say beside the standard (DataTransfer), by vendor id in lower case."""


keeping = partial(authorisation.record_uses, keep=sessions.keep_reserved)
"""Which reservations were used; with each session since when its outlet was kept for it."""

RECORDERS: Final[RecorderTable] = (
    (facts.Booted, stations.record_boots),
    (facts.MessageBent, stations.record_bent),
    (facts.HeartbeatReceived, stations.record_heartbeats),
    (facts.TokenPresented, sessions.record_tokens),
    (facts.SessionStarted, sessions.record_starts),
    (facts.StatusReported, stations.record_statuses),
    (facts.SessionUpdated, sessions.record_updates),
    (facts.EnergySampled, sessions.record_samples),
    (facts.SessionEnded, sessions.record_ends),
    (facts.VariablesReported, stations.record_variables),
    (facts.Booted, provisioning.record_boots),
    (facts.StatusReported, provisioning.record_statuses),
    (facts.VariablesReported, provisioning.record_inventories),
    (facts.MonitorsReported, provisioning.record_monitors),
    (facts.EventNotified, provisioning.record_events),
    (facts.StreamOpened, provisioning.record_opened_streams),
    (facts.StreamReceived, provisioning.record_stream_values),
    (facts.StreamClosed, provisioning.record_closed_streams),
    (facts.TokenPresented, authorisation.record_presence),
    (facts.SessionStarted, authorisation.record_presence),
    (facts.SessionStarted, keeping),
    (facts.SessionUpdated, keeping),
    (facts.ReservationReleased, authorisation.record_releases),
    (facts.CustomerDataReported, authorisation.record_parts),
    (facts.VendorMessage, partial(stations.record_vendor_messages, hooks=VENDOR_HOOKS)),
    (facts.Booted, firmware.record_boots),
    (facts.FirmwareStatusReported, firmware.record_firmware_statuses),
    (facts.PublishStatusReported, firmware.record_publish_statuses),
    (facts.LogStatusReported, firmware.record_log_statuses),
    (facts.ProfilesReported, energy.record_profiles),
    (facts.LimitReported, energy.record_limits),
    (facts.LimitCleared, energy.record_cleared),
    (facts.NeedsReported, energy.record_needs),
    (facts.EvScheduleReported, energy.record_plans),
    (facts.PriorityReported, energy.record_priorities),
    (facts.DynamicLimitAsked, energy.record_dynamic_asks),
    (facts.DerControlsReported, energy.record_controls),
    (facts.DerAlarmed, energy.record_der_alarms),
    (facts.DerSwitched, energy.record_der_switches),
    (facts.SecurityEventReported, certificates.record_events),
    (facts.CertificateRequested, certificates.record_requests),
    (facts.CertificateStatusAsked, certificates.record_status),
    (facts.ChainStatusAsked, certificates.record_chain_status),
    (facts.ContractPresented, certificates.record_contracts),
    (facts.EvCertificateAsked, certificates.record_ev_certificates),
    (facts.MessagesReported, displays.record_messages),
    (facts.CostComputed, displays.record_costs),
    (facts.SettlementReported, displays.record_settlements),
    (facts.VatNumberEntered, displays.record_vat_numbers),
    (facts.BatterySwapped, displays.record_swaps),
    (facts.OtherReported, stations.record_others),
    (facts.Booted, carriers.record_boots),
    *((kind, observing.record) for kind in observing.MAKERS),
)
"""Which room records which fact, in the order in which one window calls them."""


ASKERS: Final[AskerTable] = {
    facts.CertificateStatusAsked: asking.certificate_status,
    facts.ChainStatusAsked: asking.chain_status,
    facts.ContractPresented: asking.contract,
    facts.EvCertificateAsked: asking.ev_certificate,
    facts.VatNumberEntered: displays.find_vat_number,
}
"""Who finds the answer to a fact that only somebody outside can answer, before it is recorded."""


def recorders(settings: Settings) -> RecorderTable:
    """Return the table as a network with `settings` uses it: its chargers get its own heartbeat interval."""
    known = quirks.registry_of(settings.quirks_dir)
    boots = partial(stations.record_boots, interval_s=settings.heartbeat_interval_s, known=known)
    requests = partial(certificates.record_requests, organisation=settings.operator_name)
    needs = partial(energy.record_needs, known=known)
    own: dict[Any, Any] = {
        stations.record_boots: boots, certificates.record_requests: requests, energy.record_needs: needs,
    }  # fmt: skip
    return tuple((kind, own.get(recorder, recorder)) for kind, recorder in RECORDERS)


ROOM_JOBS: Final = (
    access_jobs,
    stations_jobs,
    ledger_jobs,
    firmware_jobs,
    provisioning_jobs,
    sessions_jobs,
    authorisation_jobs,
    certificates_jobs,
    payments_jobs,
    wallet_jobs,
    invoicing_jobs,
    reconciliation_jobs,
    notices_jobs,
    energy_jobs,
    steering_jobs,
    plans_jobs,
    meters_jobs,
    displays_jobs,
    tariffs_jobs,
    subscriptions_jobs,
    diagnostics_jobs,
    diagnostics_telling,
    cohorts_jobs,
    alerting_jobs,
    uptime_jobs,
    upkeep_jobs,
    health_jobs,
    support_jobs,
    inbox_jobs,
    phone_jobs,
    softphone_jobs,
    support_forgetting,
    mail_jobs,
    chat_jobs,
    knowledge_jobs,
    planning_jobs,
    studies_jobs,
)
"""The rooms that work in the background: each module has `handlers(house)` and `EVERY`."""

LISTENERS: Final[Mapping[type[Event], Sequence[str]]] = {
    SpotPricesCame: ("sessions.price_waiting",),
    IncludedChanged: ("sessions.price_again",),
    SubscriberToTell: ("wiring.tell_subscriber",),
    SessionOpened: ("energy.steer_session",),
    CircuitsChanged: ("energy.steer_site",),
    SessionClosed: (
        "sessions.price",
        "energy.session_closed",
        "energy.steer_session",
        "displays.session_closed",
        "diagnostics.session_closed",
    ),
    SessionPriced: ("payments.capture", "wiring.notify_driver"),
    StartFailed: ("payments.void", "diagnostics.start_failed"),
    CommandFinished: (
        "sessions.command_finished",
        "authorisation.command_finished",
        "certificates.command_finished",
        "stations.key_command_finished",
        "firmware.command_finished",
        "provisioning.command_finished",
        "energy.command_finished",
        "energy.steer_command",
        "displays.command_finished",
        "diagnostics.command_finished",
    ),
    VariablesChanged: ("provisioning.variables_changed",),
    TokensChanged: ("authorisation.tokens_changed",),
    IdentityShared: ("certificates.identity_shared", "diagnostics.identity_shared"),
    KeyGuessed: ("certificates.key_guessed",),
    ForeignTransactionNamed: ("wiring.note_foreign_transaction",),
    SecurityEventNoted: ("certificates.tell", "diagnostics.security_noted"),
    ContractRefused: ("wiring.refuse_token",),
    ReservationLapsed: ("wiring.charge_no_show",),
    StationOnline: (
        "authorisation.station_online",
        "certificates.station_online",
        "diagnostics.linked",
        "energy.steer_station",
    ),
    StationOffline: ("diagnostics.unlinked", "energy.steer_station"),
    LimitIgnored: ("wiring.note_ignored_limit",),
    RotationContradicted: ("wiring.note_wrong_phase",),
    MetersIll: ("wiring.note_ill_meters",),
    WorkOrderNeeded: ("diagnostics.work_order_needed",),
    InvoiceIssued: ("payments.debit_invoices",),
    PaymentAuthorised: ("wiring.begin_start",),
    PaymentCaptured: ("payments.wallet_told", "invoicing.mark_paid", "payments.way_paid"),
    PaymentRefunded: ("invoicing.mark_paid",),
    PaymentFailed: ("wiring.give_up_start",),
    LedgerUnsound: ("reconciliation.unsound",),
    IncidentOpened: ("alerting.opened",),
    IncidentClosed: ("alerting.closed", "support.incident_closed"),
}
"""Which jobs an event causes. Jobs named `wiring.…` are below: they join two rooms that do not know each other."""

NOT_PAID_IN_TIME: Final = frozenset({State.CANCELLED.value}) | swish.RAN_OUT
"""Why nothing will be paid, where nobody refused: the page on which to pay was closed."""


class Addresses(Struct, frozen=True):
    """Where the faces of a running Laddverk are."""

    web_url: str
    ocpp_url: str
    ocpp_tls_url: str | None = None


def own_handlers(house: House) -> dict[str, Handler]:
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
                has_run_out = event.why in NOT_PAID_IN_TIME
                await sessions.give_up_unpaid(tx, event.start_request_id, house.clock(), has_run_out=has_run_out)

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


def openapi_schema(_settings: Settings) -> dict[str, Any]:
    """Return the description of the API (OpenAPI 3.1)."""
    return api_routes.description()


def all_handlers(house: House) -> dict[str, Work]:
    """Return every job of the house by its kind."""
    collected: dict[str, Work] = dict(own_handlers(house))
    for room in ROOM_JOBS:
        collected.update(room.handlers(house))
    return collected


def recurring() -> list[Every]:
    """Return what happens by the clock."""
    return [every for room in ROOM_JOBS for every in room.EVERY]


def subscribe_all() -> None:
    """Tell the outbox who listens; may be called again."""
    for event, kinds in LISTENERS.items():
        for kind in kinds:
            outbox.subscribe(event, kind)


@asynccontextmanager
async def opened(settings: Settings, *, clock: Clock = system_clock) -> AsyncIterator[House]:
    """Yield the house on a migrated database, with no face open and no job running yet.

    Uses `settings.database_url`, or the embedded PostgreSQL in `settings.state_dir`.
    """
    async with AsyncExitStack() as stack:
        dsn = settings.database_url
        if dsn is None:
            dsn = await stack.enter_async_context(embedded.running(settings.state_dir))
        database = await Database.connected(dsn)
        stack.push_async_callback(database.close)
        async with database.pool.acquire() as connection:
            await migrator.migrate(connection)
        subscribe_all()
        house = House(settings, secrets_in(settings.state_dir), database, Hints(), clock, Worker(database, {}))
        house.worker.handle(all_handlers(house))
        yield house


async def run(
    settings: Settings,
    *,
    ready: Callable[[House, Addresses], Awaitable[None]],
    stop: asyncio.Event,
    clock: Clock = system_clock,
) -> None:
    """Run gateway, web and worker in this process until `stop` is set; `ready` is awaited once all of them listen."""
    async with opened(settings, clock=clock) as house:
        await serve(house, ready=ready, stop=stop)


async def serve(house: House, *, ready: Callable[[House, Addresses], Awaitable[None]], stop: asyncio.Event) -> None:
    """Open the faces of `house`, work until `stop` is set, and close everything in order: faces first."""
    await certificates_jobs.prepare(house)
    await deadman.begin(house)
    gateway = Gateway(house, recorders(house.settings), ASKERS)
    web, ftp = _web_server(house), FtpReceiver(house)
    stopping = asyncio.Event()
    await gateway.start()
    await ftp.start()
    background = [
        asyncio.create_task(web.serve()),
        asyncio.create_task(house.worker.run(stopping)),
        asyncio.create_task(_keep_schedule(house)),
        asyncio.create_task(deadman.watch(house)),
        asyncio.create_task(meters_listening.listen(house)),
        asyncio.create_task(mail_listening.listen(house)),
        asyncio.create_task(signals_listening.listen(house)),
        asyncio.create_task(phone_listening.listen(house)),
    ]
    try:
        await _until_started(web, background[0])
        await ready(house, _addresses(house, gateway, web))
        await _first_of(stop.wait(), *background)
    finally:
        stopping.set()
        house.hints.publish([STOPPING])
        web.should_exit = True
        await ftp.stop()
        await gateway.stop()
        for endless in background[2:]:
            endless.cancel()
        await asyncio.gather(*background, return_exceptions=True)


class _WebServer(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals alone: they are the command's business, which stops all parts in order."""
        yield


def _web_server(house: House) -> uvicorn.Server:
    settings = house.settings
    config = uvicorn.Config(
        create_app(house),
        host=settings.host,
        port=settings.web_port,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(SHUTDOWN_S),
        timeout_keep_alive=30,
    )
    return _WebServer(config)


async def _until_started(web: uvicorn.Server, task: asyncio.Task[None]) -> None:
    while not web.started:
        if task.done():
            task.result()
            raise RuntimeError("the web server ended before it had started; is its port taken?")
        await asyncio.sleep(0.01)


def _addresses(house: House, gateway: Gateway, web: uvicorn.Server) -> Addresses:
    host = house.settings.host
    tls_port = gateway.port_of(Door.TLS)
    web_port = web.servers[0].sockets[0].getsockname()[1]
    return Addresses(
        web_url=house.settings.public_url or f"http://{host}:{web_port}",
        ocpp_url=f"ws://{host}:{gateway.port}/ocpp",
        ocpp_tls_url=f"wss://{host}:{tls_port}/ocpp" if tls_port is not None else None,
    )


async def _keep_schedule(house: House) -> None:
    every = recurring()
    while True:
        try:
            async with house.database.transaction() as tx:
                await jobs.schedule(tx, every, house.clock())
        except Away as error:
            log.warning("wiring.schedule_waits_for_database", error=repr(error))
        await asyncio.sleep(SCHEDULE_EVERY_S)


async def _first_of(stop: Awaitable[Any], *tasks: asyncio.Task[Any]) -> None:
    """Wait until `stop`, or until one of `tasks` ends, which it must not: then raise what ended it."""
    waiting = asyncio.ensure_future(stop)
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for task in done - {waiting}:
        task.result()
        raise RuntimeError("a part of the program ended by itself")
