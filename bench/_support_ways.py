"""How a scripted driver reaches support, and what they read, hear and press there. They know what a driver knows."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from functools import cache
from typing import Final

from msgspec import Struct

from bench._support_troubles import Trouble
from bench._support_world import SITUATION, words_of
from laddverk.support.situations.book import PLACE, catalogue

ACTION: Final = re.compile(r'action="[^"]*/do/([a-z_]+)"')
TAP: Final = re.compile(r'name="tap" value="([^"]+)"')
START: Final = "/help/chat"
HELP: Final = re.compile(r'href="(/help[^"]*|tel:[^"]*|mailto:[^"]*)"')
SPOKEN: Final = ("says", "sms", "voice", "title")


class Answer(Struct, frozen=True, kw_only=True):
    """What the driver was told."""

    text: str
    situations: frozenset[str]
    buttons: frozenset[str]
    """What can be pressed there and then."""
    leads_on: bool
    """Whether a person can be reached from here, or something can be done."""


class Way(ABC):
    """One way to reach support."""

    name: str

    @abstractmethod
    async def ask(self, trouble: Trouble) -> Answer:
        """Say what is wrong; return what is told."""

    @abstractmethod
    async def press(self, trouble: Trouble, button: str) -> None:
        """Have something done."""


class Page(Way):
    """The page of the charge, or of the outlet for who has none."""

    name = "page"

    async def ask(self, trouble: Trouble) -> Answer:
        page = await trouble.visitor.get(self._path(trouble))
        told = SITUATION.findall(page)
        return Answer(
            text=words_of(page), situations=frozenset(told) or recognised(words_of(page)),
            buttons=frozenset(ACTION.findall(page)), leads_on=bool(HELP.search(page)),
        )  # fmt: skip

    async def press(self, trouble: Trouble, button: str) -> None:
        wrong = {"wrong": trouble.complaint} if trouble.complaint else {}
        await trouble.visitor.post(f"{trouble.visitor.charge}/do/{button}", **wrong)

    @staticmethod
    def _path(trouble: Trouble) -> str:
        if not trouble.visitor.charge:
            return f"/u/{trouble.code}"
        return trouble.visitor.charge + (f"?wrong={trouble.complaint}" if trouble.complaint else "")


class Chat(Way):
    """The chat on the drivers' pages, by its forms."""

    name = "chat"

    def __init__(self) -> None:
        self._path = ""

    async def ask(self, trouble: Trouble) -> Answer:
        came_from = trouble.visitor.charge or f"/u/{trouble.code}"
        page = await trouble.visitor.client.get(START, params={"from": came_from, "new": "1"})
        if trouble.complaint:
            page = await trouble.visitor.post(START, **{"from": came_from, "tap": f"say:{trouble.complaint}"})
            self._path = page.url.path
        return self._answer(page.text)

    async def press(self, trouble: Trouble, button: str) -> None:
        path = self._path or START
        page = await trouble.visitor.post(
            path, **{"from": trouble.visitor.charge or f"/u/{trouble.code}", "tap": f"do:{button}"}
        )
        self._path = page.url.path

    @staticmethod
    def _answer(page: str) -> Answer:
        log = page.partition('id="chat-log"')[2].partition("</ol>")[0]
        taps = frozenset(TAP.findall(page))
        return Answer(
            text=words_of(log), situations=recognised(words_of(log)),
            buttons=frozenset(tap.removeprefix("do:") for tap in taps if tap.startswith("do:")),
            leads_on="person" in taps,
        )  # fmt: skip


WAYS: Final[dict[str, type[Way]]] = {"page": Page, "chat": Chat}


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    made = []
    for situation in catalogue():
        for spoken in situation.texts["en"].values():
            for name in SPOKEN[:3]:
                text = getattr(spoken, name)
                parts = [re.escape(_flat(each)) for each in PLACE.split(text)[::2]]
                made.append((situation.key, re.compile(".{1,40}?".join(parts))))
    return tuple(made)


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def recognised(text: str) -> frozenset[str]:
    """Return the situations whose words stand in a text, in English, with any values."""
    found = {key: pattern for key, pattern in _patterns() if pattern.search(text)}
    return frozenset(found)
