"""A form of a case that came back with what was wrong is left alone by the page's own stream."""

from __future__ import annotations

import re

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from tests.integration.web.console.conftest import SignedIn, World
from tests.integration.web.console.test_cases import opened, watched

STREAM = re.compile(r'hx-sse:connect="(/console/live/case[^"]*)"')
PARTS = {"identity", "actions", "timeline"}


async def test_what_was_wrong_with_a_form_of_a_case_is_not_swept_away_by_the_stream(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.ADMIN)
    path = await opened(browser, station=shown("sta", world.station), evse="1", driver=shown("drv", world.driver))
    plain = await browser.open(path)
    wrong_code = await browser.send(f"{path}/identity", what="check", identity_code="1")
    refused = await browser.send(f"{path}/deeds/goodwill", amount="a lot", reason="waited for an hour")
    assert (wrong_code.status_code, refused.status_code) == (422, 422)
    assert 'value="waited for an hour"' in refused.text
    for page, held in ((plain, set()), (wrong_code, {"identity"}), (refused, {"actions"})):
        stream = STREAM.search(page.text)
        assert stream is not None
        sent = await watched(world, browser, stream[1].replace("&amp;", "&"))
        assert {name for name in PARTS if f'hx-target="#case-{name}"' in sent} == PARTS - held
