"""Files come and go by links: whole, in parts, once, within limits, and for nobody else."""

import gzip
import os

import pytest

from laddverk.firmware import jobs, service
from laddverk.firmware.model import LogWish
from laddverk.kernel.actors import Role
from tests.integration.firmware.world import staff

IMAGE = bytes(range(256)) * 3000
FORM = "multipart/form-data; boundary=xyz"


def form(data, name="../../diag.txt"):
    head = f'--xyz\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return head + data + b"\r\n--xyz--\r\n"


async def sent(world, content=IMAGE):
    """Return the path where a station may fetch an image."""
    station = await world.station()
    image = await world.image(content)
    async with world.database.transaction() as tx:
        await service.update_station(
            tx, staff(Role.ADMIN), station, image, world.reach, world.clock.now, reason="test", unsigned_reason="test"
        )
    return await world.location(station)


async def asked_for_log(world, protocol="ocpp2.0.1"):
    station = await world.station(protocol=protocol)
    async with world.database.transaction() as tx:
        await service.request_log(
            tx, staff(Role.SUPPORT), station, LogWish(reason="test"), world.reach, world.clock.now
        )
    return await world.location(station)


async def test_an_image_is_fetched_whole_and_in_parts(world):
    path = await sent(world)
    async with world.http() as http:
        whole = await http.get(path)
        assert (whole.status_code, whole.content) == (200, IMAGE)
        assert whole.headers["content-length"] == str(len(IMAGE))
        head = await http.head(path)
        assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(IMAGE)))
        part = await http.get(path, headers={"range": "bytes=1000-1999", "if-range": whole.headers["etag"]})
        assert (part.status_code, part.content) == (206, IMAGE[1000:2000])
        assert part.headers["content-range"] == f"bytes 1000-1999/{len(IMAGE)}"
        rest = await http.get(path, headers={"range": f"bytes={len(IMAGE) - 5}-"})
        assert rest.content == IMAGE[-5:]
        last = await http.get(path, headers={"range": "bytes=-7"})
        assert last.content == IMAGE[-7:]
        beyond = await http.get(path, headers={"range": f"bytes={len(IMAGE)}-"})
        assert beyond.status_code == 416
        other = await http.get(path, headers={"range": "bytes=0-1", "if-range": '"another"'})
        assert other.status_code == 200


async def test_a_link_opens_one_file_one_way_and_only_for_its_time(world):
    path = await sent(world, b"small")
    secret = path.split("/")[2]
    async with world.http() as http:
        assert (await http.get("/files/" + "A" * 43 + "/firmware.bin")).status_code == 404
        assert (await http.put(path, content=b"mine")).status_code == 404
        assert (await http.get(f"/files/{secret}/../../secrets.json")).status_code in (200, 404)
        assert (await http.get(f"/files/{secret}/%2e%2e/%2e%2e/secrets.json")).content == b"small"
        assert (await http.delete(path)).status_code == 405
        world.clock.pass_by(hours=49)
        assert (await http.get(path)).status_code == 404


async def test_what_is_over_can_be_fetched_no_more(world):
    path = await sent(world, b"small")
    station = await world.value("SELECT station_id FROM firmware_update")
    await world.says(station, "Installed", await world.value("SELECT request_id FROM firmware_update"))
    async with world.http() as http:
        assert (await http.get(path)).status_code == 404


@pytest.mark.parametrize(("method", "packed"), [("PUT", False), ("POST", True), ("POST", False)])
async def test_a_log_is_handed_in_once(world, method, packed):
    path = await asked_for_log(world)
    data = gzip.compress(b"line\n")
    body, headers = (form(data), {"content-type": FORM}) if packed else (data, {})
    async with world.http() as http:
        first = await http.request(method, path + "/diag.txt", content=body, headers=headers)
        assert first.status_code == 200
        again = await http.request(method, path, content=body, headers=headers)
        assert again.status_code == 404
    row = await world.value("SELECT to_jsonb(f) FROM log_file f")
    assert (row["name"], row["kind"], row["size_bytes"]) == ("diag.txt", "gzip", len(data))
    assert await world.value("SELECT state FROM log_request") == "received"
    (path_on_disk,) = (world.shelf.directory / "logs").glob("*")
    assert path_on_disk.read_bytes() == data
    assert not list((world.shelf.directory / "incoming").glob("*"))


async def test_what_is_too_large_or_a_program_or_empty_is_refused_and_leaves_nothing(world, monkeypatch):
    monkeypatch.setattr("laddverk.firmware.service.links.LOG_BYTES_MAX", 1000)
    path = await asked_for_log(world)

    async def endless():
        for _ in range(1000):
            yield b"x" * 500

    async with world.http() as http:
        assert (await http.put(path, content=endless())).status_code == 413
        assert (await http.put(path, content=b"", headers={"content-length": "5000000"})).status_code == 413
        assert (await http.put(path, content=b"\x7fELF....")).status_code == 422
        assert (await http.put(path, content=b"")).status_code == 422
        assert (await http.post(path, content=b"--xyz broken", headers={"content-type": FORM})).status_code == 422
        assert (await http.put(path, content=b"a log after all")).status_code == 200
    assert await world.value("SELECT count(*) FROM log_file") == 1
    assert not list((world.shelf.directory / "incoming").glob("*"))


async def test_a_link_is_good_for_a_few_tries_only(world):
    path = await asked_for_log(world)
    async with world.http() as http:
        words = [(await http.put(path, content=b"")).status_code for _ in range(12)]
    assert words == [422] * 10 + [404] * 2


async def test_old_logs_and_files_that_nobody_knows_are_cleared_away(world):
    path = await asked_for_log(world)
    async with world.http() as http:
        await http.put(path, content=b"a log")
    orphan = world.shelf.directory / "logs" / ("0" * 32)
    orphan.write_bytes(b"left behind")
    os.utime(orphan, (0, 0))
    handler = jobs.handlers(world.house)["firmware.clear_away"]
    async with world.database.transaction() as tx:
        await handler(tx, [{}])
    assert not orphan.exists()
    assert len(list((world.shelf.directory / "logs").glob("*"))) == 1
    world.clock.pass_by(days=91)
    async with world.database.transaction() as tx:
        await handler(tx, [{}])
    assert await world.value("SELECT count(*) FROM log_file") == 0
    assert not list((world.shelf.directory / "logs").glob("*"))
