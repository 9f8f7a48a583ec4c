"""The one table that says who listens to what.

What must flow upward between the floors flows as events; here is the whole list of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from laddverk import joints
from laddverk.access import jobs as access_jobs
from laddverk.access.model import TokensChanged
from laddverk.authorisation import jobs as authorisation_jobs
from laddverk.authorisation import service as authorisation
from laddverk.authorisation.model import ReservationLapsed
from laddverk.certificates import asking
from laddverk.certificates import jobs as certificates_jobs
from laddverk.certificates import service as certificates
from laddverk.certificates.model import ContractRefused, SecurityEventNoted
from laddverk.diagnostics import carriers, observing
from laddverk.diagnostics import jobs as diagnostics_jobs
from laddverk.diagnostics import telling as diagnostics_telling
from laddverk.diagnostics.alerting import jobs as alerting_jobs
from laddverk.diagnostics.cohorts import jobs as cohorts_jobs
from laddverk.diagnostics.incidents.model import IncidentClosed, IncidentOpened
from laddverk.diagnostics.remedies.doing import WorkOrderNeeded
from laddverk.diagnostics.upkeep import health_jobs
from laddverk.diagnostics.upkeep import jobs as upkeep_jobs
from laddverk.diagnostics.uptime import jobs as uptime_jobs
from laddverk.displays import jobs as displays_jobs
from laddverk.displays import service as displays
from laddverk.energy import jobs as energy_jobs
from laddverk.energy import service as energy
from laddverk.energy.circuits.model import CircuitsChanged
from laddverk.energy.meters import jobs as meters_jobs
from laddverk.energy.meters.watching import MetersIll
from laddverk.energy.planning_ahead import jobs as plans_jobs
from laddverk.energy.steering import jobs as steering_jobs
from laddverk.energy.steering.events import LimitIgnored, RotationContradicted
from laddverk.firmware import jobs as firmware_jobs
from laddverk.firmware import service as firmware
from laddverk.gateway.asking import AskerTable
from laddverk.gateway.window import RecorderTable
from laddverk.invoicing import jobs as invoicing_jobs
from laddverk.invoicing.model import InvoiceIssued
from laddverk.kernel.events import Event
from laddverk.ledger import jobs as ledger_jobs
from laddverk.ledger.model import LedgerUnsound
from laddverk.notices import jobs as notices_jobs
from laddverk.ocpp import facts, quirks
from laddverk.payments import jobs as payments_jobs
from laddverk.payments.model import PaymentAuthorised, PaymentCaptured, PaymentFailed, PaymentRefunded
from laddverk.payments.reconciliation import jobs as reconciliation_jobs
from laddverk.payments.wallet import jobs as wallet_jobs
from laddverk.planning import jobs as planning_jobs
from laddverk.planning.expanding import playing as studies_jobs
from laddverk.platform import outbox
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Work
from laddverk.platform.settings import Settings
from laddverk.provisioning import jobs as provisioning_jobs
from laddverk.provisioning import recording as provisioning
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
from laddverk.support.phone import jobs as phone_jobs
from laddverk.support.phone.softphones import jobs as softphone_jobs
from laddverk.tariffs import jobs as tariffs_jobs
from laddverk.tariffs.model import SpotPricesCame
from laddverk.web.api import routes as api_routes

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
"""Which jobs an event causes. Those named `wiring.…` are in `joints`: they join rooms that do not know each other."""


def openapi_schema(_settings: Settings) -> dict[str, Any]:
    """Return the description of the API (OpenAPI 3.1)."""
    return api_routes.description()


def all_handlers(house: House) -> dict[str, Work]:
    """Return every job of the house by its kind."""
    collected: dict[str, Work] = dict(joints.handlers(house))
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
