"""Every page of the console renders, for everybody who may see it and nobody else, in both languages."""

from __future__ import annotations

import re

import pytest

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from tests.integration.web.console.conftest import FORMULA, HOSTILE, Browser, SignedIn, World


async def test_every_page_renders_for_an_administrator(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    wrong = {}
    for path in world.pages():
        answer = await browser.open(path)
        if answer.status_code != 200:
            wrong[path] = answer.status_code
    assert wrong == {}


@pytest.mark.parametrize("path", ["/console", "/console/stations", "/console/audit", "/console/staff"])
async def test_nobody_gets_in_without_signing_in(stranger: Browser, path: str) -> None:
    answer = await stranger.open(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/login")
