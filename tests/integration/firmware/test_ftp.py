"""FTP for old chargers: one file by one link, and nothing else, whatever somebody says."""

import asyncio
import dataclasses
import ftplib
import io
import socket
from contextlib import asynccontextmanager, closing

import pytest
from msgspec.structs import replace

from laddverk.firmware import service
from laddverk.firmware.model import By, LogWish
from laddverk.firmware.service.links import NeedsFtp, ftp_password_of
from laddverk.kernel.actors import Role
from laddverk.ocpp.protocol import Protocol
from laddverk.web.ftp import session
from laddverk.web.ftp.server import FtpReceiver
from tests.integration.firmware.world import staff

IMAGE = bytes(range(256)) * 3000
ADMIN = staff(Role.ADMIN)


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(session, "WRONG_PAUSE_S", 0.0)


@asynccontextmanager
async def receiver(world, **chosen):
    """Open the FTP receiver of a network on a free port, and let the network know of it."""
    given = {"ftp_port": 0, "ftp_passive_ports": "0-0", **chosen}
    receiver = FtpReceiver(dataclasses.replace(world.house, settings=replace(world.house.settings, **given)))
    await receiver.start()
    world.reach = service.Reach("https://csms.example", f"127.0.0.1:{receiver.port}")
    try:
        yield receiver.port
    finally:
        await receiver.stop()


async def asked(world, what, by=By.FTP):
    """Ask a new station for a log, or to fetch an image; return the user and the password of the link."""
    station = await world.station(identity=f"CP{len(world.sites)}{what}", protocol="ocpp1.6")
    if what == "log":
        async with world.database.transaction() as tx:
            wish = LogWish(reason="test", by=by)
            await service.request_log(tx, ADMIN, station, wish, world.reach, world.clock.now)
    else:
        image = await world.image(IMAGE)
        async with world.database.transaction() as tx:
            await service.update_station(tx, ADMIN, station, image, world.reach, world.clock.now, reason="t", by=by)
    link = await world.value("SELECT id FROM file_link WHERE station_id = $1", station)
    return link.hex, ftp_password_of(link, world.house.secrets.link_key)


def talk(port, user, password, *, passive=True):
    """Return a client that has said who it is."""
    client = ftplib.FTP(timeout=10)
    client.connect("127.0.0.1", port)
    client.login(user, password)
    client.set_pasv(passive)
    return client


async def said(call, *args):
    """Return what the receiver answers, its refusals too."""
    try:
        return str(await asyncio.to_thread(call, *args))
    except ftplib.Error as refusal:
        return str(refusal)


@pytest.mark.parametrize("passive", [True, False])
async def test_a_log_is_handed_in_once(world, passive):
    async with receiver(world) as port:
        user, password = await asked(world, "log")
        client = await asyncio.to_thread(lambda: talk(port, user, password, passive=passive))
        upload = "STOR ../../etc/diag 1.txt"
        assert (await said(client.storbinary, upload, io.BytesIO(b"line\n" * 50_000))).startswith("226")
        assert (await said(client.storbinary, upload, io.BytesIO(b"more"))).startswith("550")
        await said(client.quit)
    row = await world.value("SELECT to_jsonb(f) FROM log_file f")
    assert (row["name"], row["size_bytes"], row["received_by"]) == ("diag 1.txt", 250_000, "ftp")
    assert await world.value("SELECT state FROM log_request") == "received"
    (kept,) = (world.shelf.directory / "logs").glob("*")
    assert kept.read_bytes() == b"line\n" * 50_000
    assert not list((world.shelf.directory / "incoming").glob("*"))


async def test_an_image_is_fetched_and_a_broken_download_goes_on(world):
    async with receiver(world) as port:
        user, password = await asked(world, "image")
        client = await asyncio.to_thread(talk, port, user, password)
        came = io.BytesIO()
        assert (await said(client.retrbinary, "RETR firmware-2.0.0.bin", came.write)).startswith("226")
        assert came.getvalue() == IMAGE
        rest = io.BytesIO()
        await asyncio.to_thread(lambda: client.retrbinary("RETR firmware-2.0.0.bin", rest.write, rest=1000))
        assert rest.getvalue() == IMAGE[1000:]
        assert await asyncio.to_thread(client.size, "firmware-2.0.0.bin") == len(IMAGE)
        for path in ("../secrets.json", "/etc/passwd", "..\\..\\secrets.json", "x" * 800):
            other = io.BytesIO()
            await said(client.retrbinary, f"RETR {path}", other.write)
            assert other.getvalue() == IMAGE, "whatever it is called, it is the one file of the link"
        assert (await said(client.storbinary, "STOR mine", io.BytesIO(b"evil"))).startswith("550")
        client.close()


async def test_nobody_comes_in_without_the_password_of_a_link(world):
    async with receiver(world) as port:
        user, password = await asked(world, "log")
        wrong = [(user, password[:-1] + "A"), ("anonymous", "me@example.com"), (user, ""), ("0" * 32, password)]
        for name, word in wrong:
            client = ftplib.FTP(timeout=10)
            await asyncio.to_thread(client.connect, "127.0.0.1", port)
            assert (await said(client.login, name, word)).startswith("530"), (name, word)
            assert (await said(client.sendcmd, "PASV")).startswith("530")
            assert (await said(client.sendcmd, "STOR x")).startswith("530")
            client.close()
        client = ftplib.FTP(timeout=10)
        await asyncio.to_thread(client.connect, "127.0.0.1", port)
        for _ in range(3):
            await said(client.login, user, "guess")
        with pytest.raises((EOFError, OSError)):
            await asyncio.to_thread(client.sendcmd, "NOOP")
        client.close()


async def test_a_link_is_good_for_its_way_and_its_time_only(world):
    async with receiver(world) as port:
        user, password = await asked(world, "log")
        client = await asyncio.to_thread(talk, port, user, password)
        assert (await said(client.retrbinary, "RETR log", print)).startswith("550")
        assert (await said(client.sendcmd, "SIZE log")).startswith("550")
        world.clock.pass_by(hours=49)
        assert (await said(client.storbinary, "STOR log", io.BytesIO(b"late"))).startswith("550")
        client.close()


async def test_there_is_nothing_else_to_do(world):
    async with receiver(world) as port:
        client = await asyncio.to_thread(talk, port, *await asked(world, "log"))
        for command in ("LIST", "NLST", "MLSD", "DELE x", "RNFR x", "MKD x", "RMD x", "APPE x", "STOU", "SITE CHMOD",
                        "AUTH TLS", "ACCT x", "\x00\x00", "STAT /", ""):  # fmt: skip
            assert (await said(client.sendcmd, command)).startswith("502"), command
        assert await said(client.pwd) == "/"
        assert (await said(client.cwd, "../../../etc")).startswith("250")
        assert await said(client.pwd) == "/"
        client.close()


@pytest.mark.parametrize(
    "command",
    [
        "PORT 10,0,0,1,31,144",
        "PORT 127,0,0,1,0,25",
        "PORT 127,0,0,1,3,255",
        "PORT 127,0,0,1,300,1",
        "PORT 127.0.0.1:8000",
        "EPRT |1|192.168.1.1|8080|",
        "EPRT |2|::1|8080|",
        "EPRT |1|127.0.0.1|22|",
        "EPRT |1|not an address|8080|",
    ],
)
async def test_no_data_goes_to_another_address_or_a_service(world, command):
    async with receiver(world) as port:
        client = await asyncio.to_thread(talk, port, *await asked(world, "log"))
        assert (await said(client.sendcmd, command)).startswith("504")
        assert (await said(client.sendcmd, "STOR x")).startswith("425")
        client.close()


async def test_what_is_too_large_or_a_program_or_empty_leaves_nothing(world, monkeypatch):
    monkeypatch.setattr("laddverk.firmware.service.links.LOG_BYTES_MAX", 100_000)
    async with receiver(world) as port:
        client = await asyncio.to_thread(talk, port, *await asked(world, "log"))
        assert (await said(client.storbinary, "STOR x", io.BytesIO(b"\x7fELF...."))).startswith("550")
        assert (await said(client.storbinary, "STOR x", io.BytesIO(b""))).startswith("550")
        await said(client.voidcmd, "TYPE I")
        with closing(await asyncio.to_thread(client.transfercmd, "STOR x")) as data, pytest.raises(OSError):
            await asyncio.to_thread(lambda: [data.sendall(b"x" * 50_000) for _ in range(1000)])
        assert (await said(client.voidresp)).startswith("552")
        assert (await said(client.storbinary, "STOR x", io.BytesIO(b"a log after all"))).startswith("226")
        client.close()
    assert await world.value("SELECT count(*) FROM log_file") == 1
    assert not list((world.shelf.directory / "incoming").glob("*"))


async def test_lines_sessions_and_networks_have_limits(world):
    async with receiver(world) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"USER " + b"x" * 100_000 + b"\r\n")
        assert (await asyncio.wait_for(reader.read(), 10)).startswith(b"220")
        writer.close()
        crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(12)]
        greetings = [(await asyncio.wait_for(one.readline(), 10))[:3] for one, _ in crowd]
        assert greetings == [b"220"] * 10 + [b"421"] * 2
        for _, each in crowd:
            each.close()
    async with receiver(world, station_networks="10.0.0.0/8") as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await asyncio.wait_for(reader.readline(), 10)).startswith(b"421")
        writer.close()


async def test_a_stranger_cannot_take_the_data_connection_of_another(world):
    """The passive port is open to the address of the charger alone."""
    async with receiver(world) as port:
        client = await asyncio.to_thread(talk, port, *await asked(world, "log"))
        _, data_port = await asyncio.to_thread(client.makepasv)
        await asyncio.to_thread(client.putcmd, "STOR x")
        assert (await asyncio.to_thread(client.getresp)).startswith("150")
        stranger = socket.create_connection(("127.0.0.1", data_port), timeout=10, source_address=("127.0.0.2", 0))
        assert await asyncio.to_thread(stranger.recv, 10) == b""
        own = socket.create_connection(("127.0.0.1", data_port), timeout=10)
        own.sendall(b"mine")
        own.close()
        stranger.close()
        assert (await said(client.voidresp)).startswith("226")
        client.close()
    assert await world.value("SELECT size_bytes FROM log_file") == 4


async def test_chargers_that_name_only_ftp_get_it_by_themselves_and_others_do_not(world):
    station = await world.station(protocol="ocpp1.6")
    wish, now = LogWish(reason="test"), world.clock.now
    known = "INSERT INTO station_variable (station_id, component, variable, value, changed_at, reported_at) VALUES "
    async with world.database.transaction() as tx:
        await tx.execute(known + "($1, '', 'SupportedFileTransferProtocols', 'FTP,FTPS', $2, $2)", station, now)
    with pytest.raises(NeedsFtp):
        async with world.database.transaction() as tx:
            await service.request_log(tx, ADMIN, station, wish, world.reach, now)
    async with receiver(world), world.database.transaction() as tx:
        await service.request_log(tx, ADMIN, station, wish, world.reach, now)
        await service.request_log(tx, ADMIN, station, replace(wish, by=By.HTTP), world.reach, now)
        await tx.execute("UPDATE station_variable SET value = 'HTTPS, FTP' WHERE variable LIKE 'Supported%'")
        await service.request_log(tx, ADMIN, station, wish, world.reach, now)
        kept = await tx.values("SELECT command->>'location' FROM command ORDER BY created_at, id")
    assert [one.partition("://")[0] for one in kept] == ["ftp", "https", "https"]
    assert kept[0].endswith(f"{'*' * 16}@{world.reach.ftp}/log")


async def test_an_old_charger_is_updated_and_hands_in_its_log_by_ftp_over_a_real_socket(field):
    house = field.network.house
    settings = replace(house.settings, ftp_port=0, ftp_passive_ports="0-0")
    receiver = FtpReceiver(dataclasses.replace(house, settings=settings))
    await receiver.start()
    try:
        field.reach = service.Reach(field.reach.url, f"127.0.0.1:{receiver.port}")
        await field.charger("OLD", Protocol.V16)
        await field.all_connected()
        station, image = field.network.station_ids["OLD"], await field.image()
        async with house.database.transaction() as tx:
            wish = LogWish(reason="test", by=By.FTP)
            await service.request_log(tx, ADMIN, station, wish, field.reach, house.clock())
            await service.update_station(
                tx, ADMIN, station, image, field.reach, house.clock(), reason="test", by=By.FTP
            )
        house.hints.publish(["commands"])
        await field.until("SELECT state FROM log_request", "received")
        await field.until("SELECT state FROM firmware_update", "verified")
        assert await field.network.value("SELECT received_by FROM log_file") == "ftp"
        secrets = [
            ftp_password_of(
                await field.network.value("SELECT id FROM file_link WHERE way = $1", way), house.secrets.link_key
            )
            for way in ("up", "down")
        ]
        frames = await field.network.value("SELECT string_agg(encode(f.body, 'escape'), ' ') FROM frame f")
        assert f":{'*' * 16}@127.0.0.1" in frames
        assert not [secret for secret in secrets if secret in frames]
    finally:
        await receiver.stop()
