"""How the demo's chargers are trusted: roots and certificates, one that ends soon, and what was noticed.

Chargers that are there get theirs as real ones do, by commands. The one that has been silent for long has had its
certificate for almost a year, and cannot be asked to renew it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from laddverk.certificates import jobs, store
from laddverk.certificates import service as certificates
from laddverk.certificates.model import RequestState
from laddverk.certificates.providers import builtin_of
from laddverk.certificates.service import requests
from laddverk.cli.demo.founding import ACTOR, Placed
from laddverk.cli.demo.places import SILENT
from laddverk.kernel.ids import StationId
from laddverk.ocpp.commands import AnyCommand, AskForRequest, ListCertificates, WriteVariable
from laddverk.ocpp.facts import CertificateRequested, SecurityEventReported, Signing
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC

SENT_WITHIN: Final = timedelta(hours=6)  # the history is told first, and a charger may come late
WITH_ROOT: Final = ("LIND-01", "LIND-02", "LIND-03", "GAML-01", "KUNG-02", "KBAC-01", "KBAC-02")
WITH_CERTIFICATE: Final = ("LIND-01", "LIND-02", "KUNG-02", "KBAC-02")
FOR_CARS: Final = "KBAC-02"
ALMOST_A_YEAR: Final = timedelta(days=354)  # of the year that a certificate lasts
NOTICED: Final = (
    ("KUNG-03", timedelta(hours=5), "TamperDetectionActivated", "Service door open for 4 min"),
    ("LIND-02", timedelta(days=2, hours=3), "MaintenanceLoginFailed", "3 attempts on the local port"),
    ("KBAC-01", timedelta(hours=30), "SettingSystemTime", "+00:00:07"),
    ("GAML-01", timedelta(days=4), "ReconfigurationOfSecurityParameters", ""),
)
IS_EQUIPPED: Final = "SELECT EXISTS (SELECT FROM station_certificate)"
REQUEST: Final = "SELECT id FROM certificate_request WHERE station_id = $1"
CERTIFICATE: Final = "SELECT id FROM station_certificate WHERE station_id = $1"


async def equip(house: House, placed: Placed) -> None:
    """Give some chargers our root and certificates, and tell what was noticed before the demo began; once."""
    by_identity = {stand.identity: station_id for stand, station_id in placed}
    now = house.clock()
    async with house.database.transaction() as tx:
        if await tx.value(IS_EQUIPPED):
            return
        await jobs.keep_own_root(house, tx)
        await certificates.record_events(tx, noticed(by_identity, now))
        await _ask(house, tx, by_identity, now)
    await _hold_old(house, by_identity[SILENT], SILENT, now - ALMOST_A_YEAR)
    async with house.database.transaction() as tx:
        await certificates.sound_alarms(tx, now)
    house.hints.publish([COMMANDS_TOPIC])


async def _ask(house: House, tx: Transaction, by_identity: dict[str, StationId], now: datetime) -> None:
    root = await tx.value("SELECT id FROM trust_anchor WHERE own")
    await certificates.install_in_many(
        tx, ACTOR, root, [by_identity[one] for one in WITH_ROOT], now, reason="inför TLS"
    )
    for identity in WITH_CERTIFICATE:
        name = WriteVariable(component="SecurityCtrlr", variable="OrganizationName", value=house.settings.operator_name)
        await _command(tx, by_identity[identity], name, now, "inför säkerhetsprofil 3")
        uses = (Signing.STATION, Signing.V2G) if identity == FOR_CARS else (Signing.STATION,)
        for signing in uses:
            command = AskForRequest(signing=signing)
            await _command(tx, by_identity[identity], command, now, "inför säkerhetsprofil 3")
    await _command(tx, by_identity[FOR_CARS], ListCertificates(), now, "vad finns i den?")


async def _command(tx: Transaction, station_id: StationId, command: AnyCommand, now: datetime, reason: str) -> None:
    await stations.request_command(tx, ACTOR, station_id, command, now, reason=reason, expires_at=now + SENT_WITHIN)


async def _hold_old(house: House, station_id: StationId, identity: str, then: datetime) -> None:
    """Let a charger have got its certificate long ago, through the same steps as any other."""
    fact = CertificateRequested(station_id=station_id, at=then, received_at=then, csr=_request(house, identity))
    async with house.database.transaction() as tx:
        await requests.record_requests(tx, [fact], house.settings.operator_name)
        request_id = UUID(str(await tx.value(REQUEST, station_id)))
    await requests.sign(house.database, builtin_of(house), request_id, house.settings.operator_name, then)
    async with house.database.transaction() as tx:
        held = await store.lock_certificate(tx, await tx.value(CERTIFICATE, station_id))
        if held is not None:
            await store.activate(tx, held, then, house.clock())
            await store.set_request(tx, request_id, RequestState.DELIVERED, "", then)


def _request(house: House, identity: str) -> str:
    names = (
        x509.NameAttribute(NameOID.COMMON_NAME, identity),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, house.settings.operator_name),
    )
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    made = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def noticed(by_identity: dict[str, StationId], now: datetime) -> list[SecurityEventReported]:
    """Return what chargers noticed in the last days."""
    return [
        SecurityEventReported(
            station_id=by_identity[identity], at=now - before, received_at=now - before, kind=kind, tech_info=info
        )
        for identity, before, kind, info in NOTICED
        if identity in by_identity
    ]
