"""A small network with a firmware store, and what tests need to make images and look at updates."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from laddverk import wiring
from laddverk.firmware import service
from laddverk.firmware.model import ImageDetails
from laddverk.firmware.shelf import FIRMWARE, DirectoryShelf
from laddverk.kernel.actors import PERMISSIONS, Actor, Role, rule
from laddverk.kernel.ids import FirmwareImageId, SiteId, StationId, new_id
from laddverk.ocpp import facts
from laddverk.ocpp.commands import AnyCommand
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import Worker
from laddverk.platform.settings import Settings, secrets_in
from laddverk.stations import service as stations
from laddverk.stations.model import NewConnector, NewStation, SiteDetails
from laddverk.web.app import create_app

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
TESTS = rule("tests")


def staff(role: Role, *sites: SiteId) -> Actor:
    return Actor("operator", new_id(), role.value, PERMISSIONS[role], frozenset(sites) if sites else None)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now


class World:
    """The house, its clock, and short names for what tests do."""

    def __init__(self, database: Database, directory: Path) -> None:
        settings = Settings(state_dir=directory, database_url=database.dsn, public_url="https://csms.example")
        self.clock = Clock()
        self.house = House(settings, secrets_in(directory), database, Hints(), self.clock, Worker(database, {}))
        wiring.subscribe_all()
        self.house.worker.handle(wiring.all_handlers(self.house))
        self.shelf = DirectoryShelf(settings.files_dir)
        self.reach = service.reach_of(settings)
        self.database = database
        self.sites: list[SiteId] = []

    async def site(self, code: str = "GBG") -> SiteId:
        async with self.database.transaction() as tx:
            self.sites.append(await stations.create_site(tx, TESTS, SiteDetails(name=code, code=code), NOW))
        return self.sites[-1]

    async def station(
        self, identity: str = "CP1", protocol: str = "ocpp2.0.1", firmware: str = "1.0.0", site: SiteId | None = None
    ) -> StationId:
        """Return a station that is connected, free and has booted."""
        new = NewStation(
            site_id=site or (self.sites[0] if self.sites else await self.site()),
            identity=identity,
            name=identity,
            connectors=(NewConnector(evse_number=1),),
        )
        async with self.database.transaction() as tx:
            made = await stations.create_station(tx, TESTS, new, NOW, self.house.secrets.charger_pepper)
            await tx.execute(
                "UPDATE station SET protocol = $2, connected_at = $3 WHERE id = $1", made.station_id, protocol, NOW
            )
            await self.boots(tx, made.station_id, firmware)
        return made.station_id

    async def boots(self, tx, station_id, firmware):
        boot = facts.Booted(
            station_id=station_id, at=self.clock.now, received_at=self.clock.now, vendor="Acme", model="Wall",
            firmware=firmware,
        )  # fmt: skip
        await stations.record_boots(tx, [boot])
        await service.record_boots(tx, [boot])

    async def image(self, content: bytes = b"firmware 2.0.0", **details: str) -> FirmwareImageId:
        given = ImageDetails(**{"version": "2.0.0", "vendor": "Acme", "file_name": "wall.bin", **details})
        async with self.database.transaction() as tx:
            with self.shelf.incoming(1_000_000) as incoming:
                incoming.write(content)
                image_id = await service.add_image(
                    tx, staff(Role.TECHNICIAN), given, incoming.digests(), self.clock.now
                )
                incoming.put(FIRMWARE, image_id)
        return image_id

    async def says(self, station_id, status, request_id=None):
        fact = facts.FirmwareStatusReported(
            station_id=station_id, at=self.clock.now, received_at=self.clock.now,
            status=facts.FirmwareStatus(status), request_id=request_id,
        )  # fmt: skip
        async with self.database.transaction() as tx:
            await service.record_firmware_statuses(tx, [fact])

    async def value(self, sql, *args):
        async with self.database.transaction() as tx:
            return await tx.value(sql, *args)

    async def values(self, sql, *args):
        async with self.database.transaction() as tx:
            return await tx.values(sql, *args)

    async def location(self, station_id) -> str:
        """Return the path of the link in the latest command to a station."""
        command = await self.value(
            "SELECT command FROM command WHERE station_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1", station_id
        )
        sent = service.with_secret(msgspec.convert(command, AnyCommand), self.house.secrets.link_key)
        location = sent.location
        assert location.startswith("https://csms.example/files/")
        return location.removeprefix("https://csms.example")

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(create_app(self.house)), base_url="http://charger")


def certificate_of(key, *, days: int = 30) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme firmware")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def signed(content: bytes, kind: str = "rsa_pss") -> dict[str, str]:
    """Return the signature and certificate of `content`."""
    if kind == "ecdsa":
        key = ec.generate_private_key(ec.SECP256R1())
        signature = key.sign(content, ec.ECDSA(hashes.SHA256()))
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pad = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if kind == "rsa_pss" else padding.PKCS1v15()
        signature = key.sign(content, pad, hashes.SHA256())
    return {"signature": base64.b64encode(signature).decode(), "signing_certificate": certificate_of(key)}


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
