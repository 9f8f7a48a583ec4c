"""The pages of firmware and logs, through the door, as staff see them."""

import io
import zipfile

import httpx
import pytest

from laddverk.access import service as access
from laddverk.access.model import StaffDetails
from laddverk.firmware import queries
from laddverk.kernel.actors import Actor, Permission, Role
from laddverk.kernel.ids import new_id, shown
from laddverk.web.app import create_app
from tests.integration.firmware.world import TESTS, signed

PASSWORD = "kaffe traktor molnfri"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
async def desk(world):
    """A browser of an administrator."""
    async with world.database.transaction() as tx:
        await access.create_staff(
            tx, TESTS, StaffDetails(email="admin@example.se", name="Admin", role=Role.ADMIN), PASSWORD,
            world.clock.now,
        )  # fmt: skip
    transport = httpx.ASGITransport(create_app(world.house))
    headers = {"origin": "https://csms.example", "sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(transport=transport, base_url="https://csms.example", headers=headers) as browser:
        browser.cookies.set("language", "en", domain="csms.example")
        answer = await browser.post("/console/login", data={"email": "admin@example.se", "password": PASSWORD})
        assert answer.status_code == 303
        yield browser


async def page(desk, path, status=200):
    answer = await desk.get(path)
    assert answer.status_code == status, answer.text[:500]
    return answer.text


async def test_from_the_empty_store_to_a_campaign_and_its_csv(world, desk):
    station = await world.station()
    assert "No firmware yet" in await page(desk, "/console/firmware")
    content = b"firmware" * 1000
    form = {"version": "2.0.0", "vendor": "Acme", "notes": HOSTILE, **signed(content)}
    answer = await desk.post("/console/firmware/new", data=form, files={"file": ("../wall.bin", content)})
    assert answer.status_code == 303
    image = await page(desk, answer.headers["location"])
    assert "Signature valid" in image
    assert HOSTILE not in image
    image_id = answer.headers["location"].rpartition("/")[2]
    again = await desk.post("/console/firmware/new", data=form, files={"file": ("wall.bin", content)})
    assert (again.status_code, "in the store already" in again.text) == (409, True)
    plan = {"image": image_id, "name": "Höst", "first": "1", "second": "10", "at_once": "5", "failed_percent": "2"}
    looked = await desk.get("/console/campaigns/new", params=plan | {"look": "yes"})
    assert "1 charger would be updated." in looked.text
    assert 'Stage 1 · 1 charger: <span class="quiet">CP1</span>' in looked.text
    other = await desk.get("/console/campaigns/new", params=plan | {"look": "yes", "from_version": "0.1"})
    assert "0 chargers would be updated." in other.text
    odd = await desk.get("/console/campaigns/new", params=plan | {"look": "yes", "first": "none"})
    assert odd.status_code == 422
    assert await world.value("SELECT count(*) FROM firmware_campaign") == 0
    refused = await desk.post("/console/campaigns/new", data=plan)
    assert (refused.status_code, "Say why." in refused.text) == (422, True)
    begun = await desk.post(
        "/console/campaigns/new", data=plan | {"reason": "ny version", "begin": "22:00", "end": "05:00"}
    )
    assert begun.status_code == 303, begun.text[:2000]
    campaign = begun.headers["location"]
    assert "0 of 1 chargers have version 2.0.0." in await page(desk, campaign)
    for action in ("pause", "resume", "cancel"):
        turned = await desk.post(f"{campaign}/{action}", data={"reason": "prov"})
        assert turned.status_code == 303
    assert "Cancelled" in await page(desk, campaign)
    csv = await page(desk, f"{campaign}/chargers.csv")
    assert shown("sta", station) in csv
    assert (await desk.post(f"{campaign}/explode", data={"reason": "prov"})).status_code == 404
    await page(desk, "/console/campaigns/cmp_" + "0" * 32, 404)


async def test_a_charger_is_updated_and_its_log_fetched_read_shared_and_deleted(world, desk):
    station = await world.station()
    image = await world.image(**signed(b"firmware 2.0.0"))
    tab = f"/console/stations/{shown('sta', station)}/software"
    assert "It was never updated from here." in await page(desk, tab)
    asked = await desk.post(f"{tab}/update", data={"image": shown("fmw", image), "reason": "prov"})
    assert asked.status_code == 303, asked.text[:2000]
    await world.says(station, "Downloading")
    assert "Downloading" in await page(desk, tab)
    again = await desk.post(f"{tab}/update", data={"image": shown("fmw", image), "reason": "prov"})
    assert again.status_code == 409

    wish = {"log": "diagnostics", "from": "2026-11-01", "until": "2026-11-20", "reason": "felsökning"}
    assert (await desk.post(f"{tab}/log", data=wish)).status_code == 303
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr("box.log", f"idTag=04A37F2C {HOSTILE}\nall is well\n")
    async with world.http() as charger:
        assert (await charger.put(await world.location(station), content=packed.getvalue())).status_code == 200
    file_id = shown("log", await world.value("SELECT id FROM log_file"))
    log = f"/console/logs/{file_id}"
    assert "box.log" in await page(desk, log)
    inside = await page(desk, f"{log}?member=box.log")
    assert "04A37F2C" in inside
    assert HOSTILE not in inside
    assert "04A37F2C" not in (await page(desk, f"{log}?member=box.log&q=well")).partition("<pre")[2]
    raw = await desk.get(f"{log}/download")
    assert raw.content == packed.getvalue()
    assert raw.headers["content-disposition"].startswith("attachment")
    assert (await desk.get(f"{log}/download?shared=yes")).status_code == 422
    assert (await desk.post(f"{log}/delete", data={"reason": "prov"})).status_code == 303
    await page(desk, log, 404)
    assert not list((world.shelf.directory / "logs").glob("*"))


async def test_unsigned_firmware_to_a_charger_that_checks_needs_an_administrators_reason(world, desk):
    station = await world.station()
    image = await world.image()
    tab = f"/console/stations/{shown('sta', station)}/software"
    form = {"image": shown("fmw", image), "reason": "prov"}
    refused = await desk.post(f"{tab}/update", data=form)
    assert (refused.status_code, "has no signature" in refused.text) == (409, True)
    allowed = await desk.post(f"{tab}/update", data=form | {"unsigned_reason": "tillverkaren signerar inte"})
    assert allowed.status_code == 303
    assert await world.value("SELECT count(*) FROM audit_log WHERE action = 'firmware.unsigned_allowed'") == 1


async def test_the_store_counts_the_chargers_that_have_a_version_and_are_of_its_models(world):
    await world.station("A", firmware="2.0.0")
    await world.station("B", firmware="2.0.0")
    await world.station("C", firmware="1.0.0")
    for number, (vendor, model, installed) in enumerate(
        [("", "", 2), ("acme", "W*", 2), ("Acme", "W", 0), ("A%", "", 0), ("Other", "", 0), ("A_me", "", 0)]
    ):
        image = await world.image(b"firmware %d" % number, vendor=vendor, model=model)
        async with world.database.transaction() as tx:
            row = await queries.image(tx, None, image)
        assert row.installed == installed, (vendor, model)


async def test_firmware_with_a_wrong_signature_goes_nowhere(world, desk):
    station = await world.station()
    image = await world.image(**signed(b"another file"))
    assert "Signature wrong" in await page(desk, f"/console/firmware/{shown('fmw', image)}")
    tab = f"/console/stations/{shown('sta', station)}/software"
    form = {"image": shown("fmw", image), "reason": "prov", "unsigned_reason": "försök"}
    assert (await desk.post(f"{tab}/update", data=form)).status_code == 409


async def test_a_program_adds_firmware_begins_a_campaign_and_asks_for_a_log(world):
    station = await world.station()
    admin = Actor("operator", new_id(), "admin", frozenset(Permission))
    async with world.database.transaction() as tx:
        wanted = frozenset({Permission.STATIONS_READ, Permission.STATIONS_WRITE, Permission.COMMANDS_SEND})
        key = await access.create_api_key(tx, admin, "campaigner", wanted, world.clock.now)
    async with world.http() as program:
        program.headers["authorization"] = f"Bearer {key.secret}"
        foreign = {"kind": "request_log", "request_id": 1, "location": "https://evil.example/take"}
        path = f"/api/v1/stations/{shown('sta', station)}/commands"
        assert (await program.post(path, json={"command": foreign})).status_code == 422
        content = b"firmware" * 10
        form = {"version": "2.0.0", "vendor": "Acme", **signed(content)}
        added = await program.post("/api/v1/firmware", data=form, files={"file": ("wall.bin", content)})
        assert (added.status_code, added.json()["signature_state"]) == (201, "valid")
        assert (added.json()["trust"], added.json()["signed_by"]) == ("unknown", "CN=Acme firmware")
        plan = {"image_id": added.json()["id"], "name": "Höst", "reason": "ny version"}
        begun = await program.post("/api/v1/campaigns", json=plan)
        assert (begun.status_code, begun.json()["total"]) == (201, 1)
        paused = await program.post(f"/api/v1/campaigns/{begun.json()['id']}/pause", json={"reason": "vänta"})
        assert paused.json()["state"] == "paused"
        wish = {"log": "security", "reason": "felsökning"}
        assert (await program.post(f"/api/v1/stations/{shown('sta', station)}/logs", json=wish)).status_code == 202
        async with world.http() as charger:
            await charger.put(await world.location(station), content=b"a log")
        (came,) = (await program.get(f"/api/v1/stations/{shown('sta', station)}/logs")).json()
        assert (await program.get(f"/api/v1/logs/{came['id']}/content")).content == b"a log"


async def test_a_charger_with_many_logs_shows_them_by_pages(world, desk):
    station = await world.station()
    async with world.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO log_file (id, station_id, log, name, kind, size_bytes, sha256, received_at, received_by)"
            " SELECT gen_random_uuid(), $1, 'diagnostics', 'log-' || n, 'text', 1, '', $2::timestamptz - n * interval"
            " '1 hour', 'http' FROM generate_series(1, 120) n",
            station, world.clock.now,
        )  # fmt: skip
    tab = f"/console/stations/{shown('sta', station)}/software"
    first = await page(desk, tab)
    assert "log-1<" in first
    assert "page=2" in first
    last = await page(desk, f"{tab}?page=3")
    assert "log-120<" in last
    assert "log-1<" not in last
