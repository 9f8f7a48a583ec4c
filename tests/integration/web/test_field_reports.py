"""A driver reports a fault from the outlet's page: with a photo, with a way to be told, without JavaScript."""

from __future__ import annotations

from uuid import UUID

from laddverk.access import service as access
from laddverk.diagnostics.incidents import reporting
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id
from laddverk.sessions.starting import hashed
from laddverk.support import links
from laddverk.web import security
from tests.integration.web.console.conftest import NOW, Browser, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 4000


async def test_a_report_with_a_photo_is_seen_in_the_case_and_its_driver_is_told(
    world: World, stranger: Browser, signed_in: SignedIn
) -> None:
    async with world.house.database.transaction() as tx:
        code = str(await tx.value("SELECT code FROM connector WHERE station_id = $1 LIMIT 1", world.station))
    place = f"/u/{code}/report"
    assert "data-shrink" in (await stranger.open(place)).text
    form = {"kind": "no_start", "text": "It smells", "tell": "yes"}
    wrong = await stranger.send(place, **form, contact="nobody")
    assert wrong.status_code == 422
    assert "It smells" in wrong.text
    answer = await stranger.client.post(
        place, data=form | {"contact": "Bo@Example.se"}, files={"photo": ("x.png", PNG, "image/png")},
        headers={"sec-fetch-site": "same-origin", "accept-language": "en"},
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    thanks = (await stranger.open(answer.headers["location"])).text
    assert "When it works again we tell you: bo@example.se" in thanks
    assert links.PATH in thanks
    forged = answer.headers["location"][:-3] + "aaa"
    assert (await stranger.open(forged)).status_code == 404
    browser = await signed_in(Role.SUPPORT)
    inbox = (await browser.open("/console/cases")).text
    path = next(part for part in inbox.split('"') if part.startswith("/console/cases/cas_"))
    page = (await browser.open(path)).text
    photo = next(part for part in page.split('"') if part.startswith("/console/reports/rep_"))
    seen = await browser.open(photo)
    assert seen.content == PNG
    # Somebody else without a wish to be told: the same problem, and no case.
    assert (await stranger.send(place, kind="no_start", text="me too")).status_code == 303
    async with world.house.database.transaction() as tx:
        assert await tx.value("SELECT count(DISTINCT incident_id) FROM driver_report") == 1
        assert await tx.value("SELECT count(*) FROM support_case") == 1
    too_large = await stranger.client.post(
        place, data=form, files={"photo": ("x.png", PNG + b"\0" * reporting.PHOTO_BYTES_MAX, "image/png")},
        headers={"sec-fetch-site": "same-origin", "accept-language": "en"},
    )  # fmt: skip
    assert too_large.status_code in (413, 422)


async def test_a_report_from_the_page_of_a_charge_is_about_that_charge_and_a_made_up_page_is_about_none(
    world: World, stranger: Browser
) -> None:
    secret = "k" * 22
    async with world.house.database.transaction() as tx:
        code = str(await tx.value("SELECT code FROM connector WHERE station_id = $1 LIMIT 1", world.station))
        await tx.execute(
            "INSERT INTO start_request (id, station_id, evse_number, token_uid, access_hash, created_at, expires_at,"
            " session_id) VALUES ($1, $2, 1, 'X', $3, $4, $4, $5)",
            new_id(), world.station, hashed(secret), NOW, UUID(world.session[4:]),
        )  # fmt: skip
        await tx.execute("UPDATE session SET driver_id = NULL WHERE id = $1", UUID(world.session[4:]))
    for contact, back, expected in (
        ("bo@example.se", f"/s/{secret}", (UUID(world.session[4:]), "charge")),
        ("cy@example.se", "/s/madeup", (None, "")),
    ):
        form = {"kind": "no_start", "tell": "yes", "contact": contact, "back": back}
        assert (await stranger.send(f"/u/{code}/report", **form)).status_code == 303
        async with world.house.database.transaction() as tx:
            row = await tx.connection.fetchrow(
                "SELECT session_id, verified FROM support_case WHERE contact_email = $1", contact
            )
        assert tuple(row) == expected


async def test_a_report_from_the_page_of_an_accounts_charge_tells_nobody_how_the_account_is_reached(
    world: World, stranger: Browser
) -> None:
    secret = "k" * 22
    async with world.house.database.transaction() as tx:
        code = str(await tx.value("SELECT code FROM connector WHERE station_id = $1 LIMIT 1", world.station))
        await tx.execute("UPDATE session SET driver_id = $2 WHERE id = $1", UUID(world.session[4:]), world.driver)
        await tx.execute(
            "INSERT INTO start_request (id, station_id, evse_number, token_uid, access_hash, created_at, expires_at,"
            " session_id, driver_id) VALUES ($1, $2, 1, 'X', $3, $4, $4, $5, $6)",
            new_id(), world.station, hashed(secret), NOW, UUID(world.session[4:]), world.driver,
        )  # fmt: skip
    form = {"kind": "no_start", "tell": "yes", "back": f"/s/{secret}"}
    answer = await stranger.send(f"/u/{code}/report", **form, contact="070-123 45 67")
    assert answer.status_code == 303, answer.text
    thanks = (await stranger.open(answer.headers["location"])).text
    assert "When it works again we tell you: +46701234567" in thanks
    assert "ada@example.se" not in thanks
    async with world.house.database.transaction() as tx:
        row = await tx.connection.fetchrow(
            "SELECT driver_id, session_id, verified, contact_email, contact_name FROM support_case"
        )
        told = await tx.value("SELECT count(*) FROM mail WHERE template LIKE 'case%'")
    assert tuple(row) == (None, None, "", "", "")
    assert told == 0, "nothing goes to an account for what somebody else wrote"

    async with world.house.database.transaction() as tx:
        link = await access.make_sign_in_link(tx, "ada@example.se", NOW, "127.0.0.1")
        assert link is not None
        cookie = await access.use_sign_in_link(tx, link.token, NOW, remote_address="127.0.0.1", user_agent="test")
        assert cookie is not None
    settings = world.house.settings
    given = security.sign_in_cookie("driver", cookie, settings).value
    stranger.client.cookies.set(security.cookie_name("driver", settings), given or "")
    assert (await stranger.send(f"/u/{code}/report", **form)).status_code == 303
    async with world.house.database.transaction() as tx:
        row = await tx.connection.fetchrow(
            "SELECT session_id, verified, contact_email FROM support_case WHERE driver_id = $1", world.driver
        )
    assert tuple(row) == (UUID(world.session[4:]), "account", "ada@example.se"), "it is their own"
