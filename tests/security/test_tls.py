"""TLS for chargers: which suites, which certificates, how they change, and what happens to who speaks otherwise."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from structlog.testing import capture_logs
from websockets.asyncio.client import connect

from laddverk.gateway.entrance import PLAIN_ON_TLS, TLS_NOT_HERE
from laddverk.platform.database import Database
from laddverk.stations import service as stations
from laddverk.stations.admission import Door
from tests.network import ACTOR, BOOT_16, Network, ask, network_on
from tests.security.authority import context_of_charger, make_server_files
from tests.security.door import knock, until

Opened = Callable[..., AbstractAsyncContextManager[Network]]


@pytest.fixture
def opened(database: Database, tmp_path: Path, tls_dir: Path) -> Opened:
    """How to open a network with TLS and station A of profile 2, which may use both TLS listeners."""

    @asynccontextmanager
    async def open_network(**chosen: object) -> AsyncIterator[Network]:
        settings = {"ocpp_tls_port": 0, "ocpp_legacy_tls_port": 0, "tls_names": "localhost,127.0.0.1"} | chosen
        async with network_on(database, tmp_path, **settings) as network:
            station_id = await network.add_station("A")
            async with network.house.database.transaction() as tx:
                now = network.house.clock()
                await stations.set_profile(tx, ACTOR, station_id, 2, now)
                await stations.set_proof(tx, ACTOR, station_id, stations.Proof(legacy_tls=True), now)
            yield network

    assert (tls_dir / "authority.pem").exists()
    return open_network


def shaken(port: int | None, context: ssl.SSLContext) -> tuple[str, str, x509.Certificate]:
    """Return TLS version, cipher suite and the certificate of the server. Blocking, as a small charger does it."""
    plain = socket.create_connection(("127.0.0.1", port or 0), timeout=15)
    with plain, context.wrap_socket(plain, server_hostname="localhost") as layer:
        certificate = x509.load_der_x509_certificate(layer.getpeercert(binary_form=True) or b"")
        return str(layer.version()), str((layer.cipher() or ("",))[0]), certificate


async def spoken(network: Network, door: Door, context: ssl.SSLContext) -> tuple[str, str, type]:
    """Return TLS version, cipher suite and kind of the server's key that a handshake ends with."""
    version, suite, certificate = await asyncio.to_thread(shaken, network.gateway.port_of(door), context)
    key = certificate.public_key()
    return version, suite, ec.EllipticCurvePublicKey if isinstance(key, ec.EllipticCurvePublicKey) else type(key)


RSA = type(rsa.generate_private_key(65537, 2048).public_key())
SUITES = {
    "ECDHE-ECDSA-AES128-GCM-SHA256": ec.EllipticCurvePublicKey,
    "ECDHE-ECDSA-AES256-GCM-SHA384": ec.EllipticCurvePublicKey,
    "ECDHE-RSA-AES128-GCM-SHA256": RSA,
    "AES128-GCM-SHA256": RSA,
    "AES256-GCM-SHA384": RSA,
}


@pytest.mark.parametrize("suite", SUITES)
async def test_every_suite_that_ocpp_asks_for_is_spoken_with_its_kind_of_certificate(
    opened: Opened, tls_dir: Path, suite: str
) -> None:
    """A00.FR.317 and A00.FR.318: ECDSA and RSA, with and without forward secrecy; the last on the second listener."""
    async with opened() as network:
        context = context_of_charger(tls_dir / "authority.pem", ciphers=suite)
        assert await spoken(network, Door.LEGACY_TLS, context) == ("TLSv1.2", suite, SUITES[suite])
        if suite.startswith("ECDHE"):
            assert await spoken(network, Door.TLS, context) == ("TLSv1.2", suite, SUITES[suite])
        else:
            with pytest.raises(ssl.SSLError):
                await spoken(network, Door.TLS, context)
            found = "SELECT reason FROM knock"
            assert await until(lambda: network.value(found)) == "tls_too_old"


async def test_the_newest_tls_is_spoken_with_who_knows_it(opened: Opened, tls_dir: Path) -> None:
    async with opened() as network:
        version, _, _ = await spoken(network, Door.TLS, context_of_charger(tls_dir / "authority.pem"))
        assert version == "TLSv1.3"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(("oldest", "version"), [("1.2", None), ("1.0", "TLSv1"), ("1.1", "TLSv1.1")])
async def test_tls_1_0_and_1_1_are_spoken_only_where_the_operator_says_so(
    opened: Opened, tls_dir: Path, oldest: str, version: str | None
) -> None:
    async with opened(ocpp_legacy_tls_oldest=oldest) as network:
        context = context_of_charger(tls_dir / "authority.pem", ciphers="AES128-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1 if oldest == "1.1" else ssl.TLSVersion.TLSv1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await spoken(network, Door.TLS, context)
        if version is None:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await spoken(network, Door.LEGACY_TLS, context)
        else:
            assert (await spoken(network, Door.LEGACY_TLS, context))[0] == version


async def test_a_new_certificate_is_shown_at_once_and_the_sockets_of_the_old_one_stay_open(
    opened: Opened, tls_dir: Path
) -> None:
    def serial() -> int:
        return x509.load_pem_x509_certificates((tls_dir / "server-ecdsa.pem").read_bytes())[0].serial_number

    async with opened() as network:
        port = network.gateway.port_of(Door.TLS)
        context = context_of_charger(tls_dir / "authority.pem")
        async with connect(
            f"wss://127.0.0.1:{port}/ocpp/A",
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]
            additional_headers=network.headers("A"),
            ssl=context,
            server_hostname="localhost",
            compression=None,
        ) as charger:
            await ask(charger, "BootNotification", BOOT_16)
            before = serial()
            for path in tls_dir.glob("server-*"):
                path.unlink()
            make_server_files(tls_dir)
            network.gateway.take_new_certificates()
            async with asyncio.timeout(15):
                while await _shown_serial(port, context) == before:
                    await asyncio.sleep(0.05)
            assert await _shown_serial(port, context) == serial() != before
            assert (await ask(charger, "Heartbeat", {}))[0] == 3


async def _shown_serial(port: int | None, context: ssl.SSLContext) -> int:
    return (await asyncio.to_thread(shaken, port, context))[2].serial_number


async def test_a_file_that_is_no_certificate_leaves_the_one_in_use(opened: Opened, tls_dir: Path) -> None:
    async with opened() as network:
        context = context_of_charger(tls_dir / "authority.pem")
        before = await _shown_serial(network.gateway.port_of(Door.TLS), context)
        (tls_dir / "clients.pem").write_text("this is no certificate")
        with capture_logs() as logs:
            network.gateway.take_new_certificates()
            async with asyncio.timeout(15):
                while not any(line["event"] == "tls.certificates_unusable" for line in logs):
                    await asyncio.sleep(0.05)
        assert await _shown_serial(network.gateway.port_of(Door.TLS), context) == before


# Who speaks otherwise


async def said(port: int | None, sent: bytes) -> bytes:
    """Return what comes back for `sent` until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await writer.drain()
    async with asyncio.timeout(15):
        answer = await reader.read()
    writer.close()
    return answer


HELLO = bytes.fromhex("16030100c5010000c10303") + os.urandom(32)


@pytest.mark.parametrize(
    ("door", "sent", "reason", "answer"),
    [
        (Door.PLAIN, HELLO, "tls_on_plain_port", TLS_NOT_HERE),
        (Door.PLAIN, b"SSH-2.0-scanner\r\n", "not_http", b""),
        (Door.PLAIN, b"\x00\x00\x00\x00", "not_http", b""),
        (Door.TLS, b"GET /ocpp/A HTTP/1.1\r\nHost: x\r\n\r\n", "plain_on_tls_port", PLAIN_ON_TLS),
        (Door.TLS, b"\x16\x03\x01\x00\x05hello", "tls_failed", None),
    ],
    ids=["hello on plain", "ssh", "zeros", "http on tls", "broken hello"],
)
async def test_who_speaks_otherwise_than_the_port_gets_one_line_in_the_log_and_a_knock(
    opened: Opened, door: Door, sent: bytes, reason: str, answer: bytes | None
) -> None:
    """Quirk 5: a TLS hello on the plain port, HTTP on the TLS port, and what is neither."""
    async with opened() as network:
        with capture_logs() as logs:
            got = await said(network.gateway.port_of(door), sent)
            assert await until(lambda: network.value("SELECT reason FROM knock WHERE identity = ''")) == reason
        assert answer is None or got == answer
        assert [line["event"] for line in logs] == [f"gateway.{reason}"]
        assert not any("exc_info" in line for line in logs)


async def test_a_charger_that_does_not_trust_us_is_told_of_as_such(opened: Opened, tmp_path: Path) -> None:
    async with opened() as network:
        with pytest.raises(ssl.SSLCertVerificationError):
            await spoken(network, Door.TLS, context_of_charger(None))
        found = "SELECT reason FROM knock"
        assert await until(lambda: network.value(found)) == "tls_distrusts_us"


async def test_without_tls_settings_there_is_no_such_listener_and_no_file(database: Database, tmp_path: Path) -> None:
    async with network_on(database, tmp_path) as network:
        assert network.gateway.port_of(Door.TLS) is None
        assert network.gateway.port_of(Door.LEGACY_TLS) is None
        assert not (tmp_path / "tls").exists()
        await network.add_station("A")
        assert await knock(network, "/ocpp/A", network.headers("A")) == 101
