"""The console's pages about certificates and security: they render, filter, and do what their buttons say."""

from __future__ import annotations

from datetime import UTC, datetime

from laddverk.certificates import service as certificates
from laddverk.certificates.model import NewEvent
from laddverk.certificates.rules_upgrade import Step
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from laddverk.web.console import certificate_words
from tests import pki
from tests.integration.web.console.conftest import HOSTILE, NOW, SignedIn, World

PAGES = (
    "/console/certificates",
    "/console/certificates/roots",
    "/console/certificates/contracts",
    "/console/security-events",
)


async def value(world: World, sql: str, *args: object) -> object:
    async with world.house.database.transaction() as tx:
        return await tx.value(sql, *args)


async def test_a_root_is_trusted_and_then_no_longer(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    root = pki.entity("Root of contracts", ca=True)
    answer = await browser.send(
        "/console/certificates/roots", use="mo_root", pem=root.pem, responders="OCSP.example.com\nocsp.example.com"
    )
    assert answer.status_code == 303, answer.text
    page = await browser.open("/console/certificates/roots")
    assert "Root of contracts" in page.text
    assert await value(world, "SELECT responders::text FROM trust_anchor WHERE use = 'mo_root'") == "{ocsp.example.com}"
    anchor = await value(world, "SELECT id FROM trust_anchor WHERE use = 'mo_root'")
    file = await browser.open(f"/console/certificates/roots/{anchor}/file")
    assert file.text == root.pem
    assert file.headers["content-disposition"].startswith("attachment")
    await browser.send(f"/console/certificates/roots/{anchor}/retire", reason="a test")
    assert await value(world, "SELECT count(*) FROM trust_anchor WHERE retired_at IS NULL AND use = 'mo_root'") == 0


async def test_what_is_no_root_is_refused_in_words(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    for pem in ("no certificate", pki.entity("Leaf").pem, pki.entity("Old", ca=True, begins=-2 * pki.YEAR).pem):
        answer = await browser.send("/console/certificates/roots", use="mo_root", pem=pem)
        assert answer.status_code == 422
    assert await value(world, "SELECT count(*) FROM trust_anchor") == 0


async def test_an_event_is_shown_without_harm_and_looked_at_with_a_reason(world: World, signed_in: SignedIn) -> None:
    async with world.house.database.transaction() as tx:
        await certificates.note(
            tx,
            NewEvent(
                station_id=world.station, at=NOW, received_at=datetime.now(UTC), kind="TamperDetectionActivated",
                tech_info=HOSTILE,
            ),
        )  # fmt: skip
    browser = await signed_in()
    for path in (*PAGES, f"/console/stations/{shown('sta', world.station)}/security"):
        answer = await browser.open(path)
        assert answer.status_code == 200, path
        assert HOSTILE not in answer.text
    assert "TamperDetectionActivated" in (await browser.open("/console/security-events?only=open")).text
    event = await value(world, "SELECT id FROM security_event")
    await browser.send(f"/console/security-events/{event}/seen", reason="the technician was there")
    assert "TamperDetectionActivated" not in (await browser.open("/console/security-events?only=open")).text
    assert await value(world, "SELECT reason FROM audit_log WHERE action = 'security_event.seen'") == (
        "the technician was there"
    )


async def test_the_buttons_of_a_charger_leave_commands(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    here = f"/console/stations/{shown('sta', world.station)}/security"
    assert (await browser.send(f"{here}/ask", signing="station")).status_code == 303
    assert (await browser.send(f"{here}/list")).status_code == 303
    assert (await browser.send(f"{here}/ask", signing="nonsense")).status_code == 422
    assert (await browser.send(f"{here}/nonsense")).status_code == 404
    kinds = "SELECT count(DISTINCT kind) FROM command WHERE kind LIKE '%certificate%'"
    assert await value(world, kinds) == 2


async def test_who_sees_some_sites_only_sees_nothing_of_the_others(world: World, signed_in: SignedIn) -> None:
    async with world.house.database.transaction() as tx:
        await certificates.note(
            tx, NewEvent(station_id=world.other_station, at=NOW, received_at=NOW, kind="TamperDetectionActivated")
        )
    browser = await signed_in(Role.SITE_HOST, world.site)
    assert "TamperDetectionActivated" not in (await browser.open("/console/security-events")).text
    other = f"/console/stations/{shown('sta', world.other_station)}/security"
    assert (await browser.open(other)).status_code == 404
    assert (await browser.open("/console/certificates/roots")).status_code in (403, 404)


async def test_a_certificate_is_withdrawn_with_a_reason_that_is_shown(world: World, signed_in: SignedIn) -> None:
    made = """
    INSERT INTO station_certificate (id, station_id, kind, fingerprint_sha256, subject_cn, issuer, serial_number,
                                     not_before, not_after, state, pem, chain, authority, made_at, used_at)
    VALUES (gen_random_uuid(), $1, 'station', sha256('x'), $2, 'CA', 'abc', now(), now() + interval '1 year',
            'active', '', '', 'builtin', now(), now()) RETURNING id
    """
    held = await value(world, made, world.station, HOSTILE)
    browser = await signed_in()
    here = f"/console/stations/{shown('sta', world.station)}/security"
    other = f"/console/stations/{shown('sta', world.other_station)}/security"
    assert (await browser.send(f"{other}/certificates/{held}/revoke", reason="lost")).status_code == 404
    assert (await browser.send(f"{here}/certificates/nonsense/revoke", reason="lost")).status_code == 404
    assert (await browser.send(f"{here}/certificates/{held}/revoke", reason="lost in a ditch")).status_code == 303
    page = (await browser.open(here)).text
    assert "lost in a ditch" in page
    assert HOSTILE not in page


async def test_what_waits_for_a_look_is_on_the_first_page(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    assert "/console/security-events?only=open" not in (await browser.open("/console")).text
    async with world.house.database.transaction() as tx:
        await certificates.note(
            tx, NewEvent(station_id=world.station, at=NOW, received_at=NOW, kind="TamperDetectionActivated")
        )
    assert "/console/security-events?only=open" in (await browser.open("/console")).text


async def test_a_root_is_installed_in_chosen_chargers_from_its_page(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    await browser.send(
        "/console/certificates/roots", use="csms_root", pem=pki.entity("Root", ca=True).pem, name=HOSTILE
    )
    root = await value(world, "SELECT id FROM trust_anchor")
    here = f"/console/certificates/roots/{root}/install"
    page = await browser.open(here)
    assert page.status_code == 200
    assert HOSTILE not in page.text
    station = shown("sta", world.station)
    assert (await browser.send(here, station=station, reason="")).status_code == 422
    assert (await browser.send(here, reason="new root")).status_code == 422
    assert (await browser.send(f"/console/certificates/roots/{world.station}/install", reason="x")).status_code == 404
    answer = await browser.send(here, station=station, reason="new root")
    assert answer.status_code == 303, answer.text
    assert (await browser.open(answer.headers["location"])).status_code == 200
    assert await value(world, "SELECT count(*) FROM command WHERE kind = 'install_certificate'") == 1
    host = await signed_in(Role.SITE_HOST, world.site)
    assert (await host.open(here)).status_code == 403


async def test_a_charger_is_led_to_a_higher_profile_from_its_page(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    here = f"/console/stations/{shown('sta', world.station)}/upgrade"
    assert (await browser.open(here)).status_code == 200
    assert f'href="{here}"' in (await browser.open(here.replace("/upgrade", "/proof"))).text
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET protocol = 'ocpp2.0.1' WHERE id = $1", world.station)
    wanted = {"target": "2", "url": "wss://ladda.example/ocpp", "root": "none", "reason": HOSTILE[:60]}
    for wrong in ({"url": "ws://x"}, {"target": "9"}, {"reason": ""}, {"slot": "x"}, {"target": ""}):
        answer = await browser.send(f"{here}/begin", **(wanted | wrong))
        assert answer.status_code == 422, wrong
    assert (await browser.send(f"{here}/begin", **(wanted | {"root": str(world.site)}))).status_code == 404
    assert (await browser.send(f"{here}/nonsense", **wanted)).status_code == 404
    assert (await browser.send(f"{here}/begin", **wanted)).status_code == 303
    asked = "SELECT count(*) FROM command WHERE kind = 'read_variables'"
    assert await value(world, asked) == 1, "it must not lose the way that works"
    page = (await browser.open(here)).text
    assert HOSTILE not in page
    assert f'action="{here}/give-up"' in page
    assert (await browser.send(f"{here}/begin", **wanted)).status_code == 409
    assert (await browser.send(f"{here}/retry", reason="now")).status_code == 409
    assert (await browser.send(f"{here}/give-up", reason="another day")).status_code == 303
    host = await signed_in(Role.SITE_HOST, world.site)
    assert f'action="{here}/begin"' not in (await host.open(here)).text
    assert (await host.send(f"{here}/begin", **wanted)).status_code == 403
    assert (
        await host.open(here.replace(shown("sta", world.station), shown("sta", world.other_station)))
    ).status_code == 404


def test_every_step_of_an_upgrade_has_its_words() -> None:
    assert set(certificate_words.UPGRADE_STEPS) == set(Step)


async def test_odd_addresses_and_texts_are_answered_and_never_break_a_page(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    await browser.send("/console/certificates/roots", use="csms_root", pem=pki.entity("Root", ca=True).pem)
    root = await value(world, "SELECT id FROM trust_anchor")
    station = f"/console/stations/{shown('sta', world.station)}"
    odd = ("%00", "%ff", "'%22%3C", "x" * 3_000, "-1", "99999999999999999999")
    for path in (
        "/console/certificates?state=", "/console/certificates?q=", "/console/certificates?page=",
        "/console/security-events?only=", "/console/security-events?q=",
        f"/console/certificates/roots/{root}/install?model=", f"/console/certificates/roots/{root}/install?site=",
        f"/console/certificates/roots/{root}/install?which=", f"/console/certificates/roots/{root}/install?q=",
        "/console/certificates/roots/", f"{station}/upgrade?", f"{station}/security?",
    ):  # fmt: skip
        for text in odd:
            status = (await browser.open(path + text)).status_code
            assert status in (200, 400, 404, 405, 422), (path, text, status)
    for path, form in (
        (f"/console/certificates/roots/{root}/retire", {"reason": "a\x00b"}),
        (f"/console/certificates/roots/{root}/install", {"station": "x\x00", "reason": "why"}),
        ("/console/certificates/roots", {"use": "csms_root", "pem": "\x00", "name": "\x00", "reason": "\x00"}),
        (f"{station}/security/ask", {"reason": "\x00" * 9}),
        (f"{station}/security/install", {"root": str(root), "reason": "x" * 100_000}),
        (f"{station}/security/delete", {"algorithm": "SHA256", "serial_number": "\x00", "reason": "\x00"}),
        (f"{station}/upgrade/begin", {"target": "2", "root": "none", "url": "wss://\x00", "reason": "\x00\x00\x00"}),
        (f"{station}/upgrade/give-up", {"reason": "\x00"}),
    ):  # fmt: skip
        status = (await browser.send(path, **form)).status_code
        assert status in (303, 400, 404, 409, 413, 422), (path, status)
