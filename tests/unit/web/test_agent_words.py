"""Every button that an agent can be offered has what the page of a case needs to draw it."""

import re

from laddverk.support.situations.model import AgentButton
from laddverk.web import rendering
from laddverk.web.console.agent_words import ICONS


def test_every_button_has_an_icon_that_there_is():
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (rendering.STATIC / "vendor" / "icons.svg").read_text("utf-8")))
    assert set(ICONS) == set(AgentButton)
    assert set(ICONS.values()) <= sprite
