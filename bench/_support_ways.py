"""How a scripted driver reaches support, and what they read, hear and press there. They know what a driver knows."""

from __future__ import annotations

import asyncio
import re
import smtplib
import time
from abc import ABC, abstractmethod
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from functools import cache
from typing import Final

from msgspec import Struct

from bench._support_acts import Trouble
from bench._support_world import AUTHORITY, OURS, SITUATION, SUPPORT, Unsaid, words_of
from laddverk.notices.sms import links
from laddverk.simulator.elks import Call, SimulatedElks
from laddverk.support.situations.book import PLACE, catalogue

ACTION: Final = re.compile(r'action="[^"]*/do/([a-z_]+)"')
TEXTED: Final = "SELECT coalesce(string_agg(body, ' '), '') FROM text_message WHERE phone = $1"
ANSWERED: Final = (
    "SELECT body_text FROM mail WHERE recipient = $1 AND template <> 'sign_in' ORDER BY created_at DESC LIMIT 1"
)
LINK: Final = re.compile(r"https?://\S+/(?:help|s|u)/\S+")
MAIL_WORDS: Final = {
    "": "It does not work, what is wrong?", "cable": "The cable is stuck, it does not come loose.",
    "money": "You reserved too much money, I want it back.", "receipt": "I need a receipt.",
}  # fmt: skip
PACE: Final = 1.0  # of a voice: keys interrupt it, and who is slow on a busy machine is not taken for silent
SILENT_PACE: Final = 0.02
HEARS_S: Final = 20.0
MONEY_KEY: Final = "6"
COMPLAINT_KEYS: Final = {"cable": "5", "money": MONEY_KEY, "receipt": MONEY_KEY}
SPOKEN_BUTTONS: Final = {
    "If you need more time": "wait_more",
    "To charge at the outlet where the cable is": "swap",
    "To let go of the cable and try again": "unlock",
    "To start again": "try_again",
    "To stop charging": "stop",
    "To pay in another way": "pay",
}
DIGITS: Final = {"one": "1", "two": "2", "three": "3", "four": "4"}
KEYPAD: Final = {
    sign: str(key)
    for key, signs in enumerate(("", "", "ABCÅÄ", "DEF", "GHI", "JKL", "MNOÖ", "PQRS", "TUV", "WXYZ"))
    for sign in signs
}
ITS_NUMBER: Final = re.compile(r"number on the phone is (\d{3}) (\d{3})")
TAP: Final = re.compile(r'name="tap" value="([^"]+)"')
START: Final = "/help/chat"
HELP: Final = re.compile(r'href="(/help[^"]*|tel:[^"]*|mailto:[^"]*)"')
PROMISES_A_PERSON: Final = frozenset({"nothing-seen"})
"""What a receipt of a mail says that explains nothing."""
SPOKEN: Final = ("says", "sms", "voice", "title")


class Answer(Struct, frozen=True, kw_only=True):
    """What the driver was told."""

    text: str
    situations: frozenset[str]
    buttons: frozenset[str]
    """What can be pressed there and then."""
    leads_on: bool
    """Whether a person can be reached from here, or something can be done."""
    spoken: tuple[str, ...] = ("says",)
    """Which of a situation's texts it was told by."""


class Way(ABC):
    """One way to reach support."""

    name: str
    needs_account: bool = False
    """Whether nothing is known of somebody who comes this way without an account."""
    tells_money_together: bool = False
    """Whether it answers whatever somebody may ask about money at once, receipts too."""

    @abstractmethod
    async def ask(self, trouble: Trouble) -> Answer:
        """Say what is wrong; return what is told."""

    @abstractmethod
    async def press(self, trouble: Trouble, button: str) -> None:
        """Have something done."""

    async def close(self) -> None:  # noqa: B027 - most ways just go
        """Go."""


class Page(Way):
    """The page of the charge, or of the outlet for who has none."""

    name = "page"

    async def ask(self, trouble: Trouble) -> Answer:
        page = await trouble.visitor.get(self.path(trouble))
        told = SITUATION.findall(page)
        read = frozenset(each for each in recognised(words_of(page)) if not told or each.split()[0] in told)
        return Answer(
            text=words_of(page), situations=read or frozenset(told) or _silent(page),
            buttons=frozenset(ACTION.findall(page)), leads_on=bool(HELP.search(page)),
        )  # fmt: skip

    async def press(self, trouble: Trouble, button: str) -> None:
        wrong = {"wrong": trouble.complaint} if trouble.complaint else {}
        await trouble.visitor.post(f"{trouble.visitor.charge}/do/{button}", **wrong)

    @staticmethod
    def path(trouble: Trouble) -> str:
        """Return the address that the driver has."""
        if not trouble.visitor.charge:
            return f"/u/{trouble.code}"
        return trouble.visitor.charge + (f"?wrong={trouble.complaint}" if trouble.complaint else "")


def _silent(page: str) -> frozenset[str]:
    """Return what a page says by saying nothing: where one can pay, all is well."""
    return frozenset({"outlet-well"}) if 'name="provider"' in page else frozenset()


class Chat(Way):
    """The chat on the drivers' pages, by its forms."""

    name = "chat"

    def __init__(self) -> None:
        self.path = ""
        """Of the conversation, once there is one."""

    async def ask(self, trouble: Trouble) -> Answer:
        came_from = trouble.visitor.charge or f"/u/{trouble.code}"
        page = await trouble.visitor.client.get(START, params={"from": came_from, "new": "1"})
        if trouble.complaint:
            page = await trouble.visitor.post(START, **{"from": came_from, "tap": f"say:{trouble.complaint}"})
            self.path = page.url.path
        return self._answer(page.text)

    async def press(self, trouble: Trouble, button: str) -> None:
        path = self.path or START
        page = await trouble.visitor.post(
            path, **{"from": trouble.visitor.charge or f"/u/{trouble.code}", "tap": f"do:{button}"}
        )
        self.path = page.url.path

    @staticmethod
    def _answer(page: str) -> Answer:
        log = page.partition('id="chat-log"')[2].partition("</ol>")[0]
        taps = frozenset(TAP.findall(page))
        newest = (recognised(words_of(line)) for line in reversed(log.split("<li")))
        return Answer(
            text=words_of(log), situations=next(filter(None, newest), frozenset()),
            buttons=frozenset(tap.removeprefix("do:") for tap in taps if tap.startswith("do:")),
            leads_on="person" in taps,
        )  # fmt: skip


class Phone(Way):
    """A call from the number of the account, by the protocol of 46elks, with the keys of a telephone."""

    name = "phone"
    needs_account = True
    tells_money_together = True

    def __init__(self) -> None:
        self._carrier: SimulatedElks | None = None
        self._call: Call | None = None

    async def ask(self, trouble: Trouble) -> Answer:
        house, client = trouble.bay.world.house, trouble.visitor.client

        async def post(url: str, form: dict[str, str]) -> tuple[int, bytes]:
            answer = await client.post(url, data=form)
            return answer.status_code, answer.content

        async def get(url: str) -> tuple[int, bytes]:
            answer = await client.get(url)
            return answer.status_code, answer.content

        addresses = [links.address(house, what) for what in ("call", "text")]
        self._carrier = SimulatedElks(addresses[0], addresses[1], OURS, post, get, PACE)
        call = self._call = self._carrier.dial(trouble.visitor.phone)
        said = await self._heard(0)
        if "For English, press nine" in said:
            said = await self.key_in("9")
        complains = COMPLAINT_KEYS.get(trouble.complaint, "")
        if "About a charger, press one" in said and complains != MONEY_KEY:
            said = await self.key_in("1")
        if "number on the outlet" in said:
            said = await self.key_in(f"{keyed(trouble.code)}#")
        if "If this is right, press one" in said:
            said = await self.key_in("1")
        if "If you have paid here or charge here, press one" in said and trouble.visitor.charge:
            said = await self._proved(trouble)
        if complains:
            said = await self.key_in(complains)
        if "Of that we do not speak" in said:  # but the owner of the number may read it
            said = await self.key_in("8")
        texts = str(await trouble.bay.world.value(TEXTED, trouble.visitor.phone))
        whole = " ".join(line.text for line in call.lines if line.who == "voice")
        return Answer(
            text=whole, situations=recognised(f"{said} {texts}") or recognised(whole),
            buttons=frozenset(self._offered(said)), leads_on="press zero" in whole or "person" in whole,
            spoken=("voice", "sms") if recognised(texts) else ("voice",),
        )  # fmt: skip

    async def _proved(self, trouble: Trouble) -> str:
        """Say by the number on the page of the charge that it is theirs; return what is said then."""
        number = ITS_NUMBER.search(words_of(await trouble.visitor.get(trouble.visitor.charge)))
        if number is None:
            raise Unsaid("the page of the charge has no number for the phone")
        await self.key_in("1")
        return await self.key_in(number[1] + number[2])

    async def key_in(self, keys: str) -> str:
        """Press keys; return what is said then."""
        assert self._carrier is not None
        assert self._call is not None
        before = len(self._call.lines)
        for key in keys:
            self._carrier.press(self._call, key)
        return await self._heard(before)

    async def say_nothing(self) -> str:
        """Let silences pass, fifty times as fast, until something else is said; return it."""
        assert self._carrier is not None
        assert self._call is not None
        usual, self._carrier.pace = self._carrier.pace, SILENT_PACE
        last = said = self._call.lines[-1].text
        while said == last:
            said = await self.key_in("")
        self._carrier.pace = usual
        return said

    async def press(self, trouble: Trouble, button: str) -> None:
        assert self._carrier is not None
        assert self._call is not None
        key = self._offered(" ".join(line.text for line in self._call.lines)).get(button)
        if key is None:
            raise Unsaid(f"no key for {button}")
        await self.key_in(key)
        await trouble.bay.world.rest()

    async def close(self) -> None:
        if self._carrier is not None and self._call is not None:
            self._carrier.hang_up(self._call)
            await self._carrier.close()

    async def _heard(self, before: int) -> str:
        """Return what is said from a line on, once keys are awaited or the call is over."""
        assert self._call is not None
        end = time.monotonic() + HEARS_S
        while time.monotonic() < end:
            await asyncio.sleep(0.05)
            lines = self._call.lines[before:]
            if any(line.who == "voice" for line in lines) and (self._call.is_asked or self._call.state == "over"):
                return " ".join(line.text for line in lines if line.who == "voice")
        raise Unsaid(f"nothing is said: {[(line.who, line.text) for line in self._call.lines]}")

    @staticmethod
    def _offered(said: str) -> dict[str, str]:
        """Return the keys that were named, by the buttons that they stand for."""
        found: dict[str, str] = {}
        for words, button in SPOKEN_BUTTONS.items():
            if named := re.search(rf"{words}, press (\w+)\.", said):
                found[button] = DIGITS.get(named[1], str(named[1]))
        return found


class GuestPhone(Phone):
    """A call from a number that no account has, by somebody who has the page of their charge."""

    name = "guest-phone"
    needs_account = False


class Mail(Way):
    """A mail from the address of the account, handed over by LMTP by a mail server that vouches for it."""

    name = "mail"
    needs_account = True

    async def ask(self, trouble: Trouble) -> Answer:
        world, sender = trouble.bay.world, trouble.visitor.sender
        letter = EmailMessage(policy=SMTP)
        letter["From"], letter["To"], letter["Subject"] = sender, SUPPORT, "Charging"
        letter["Message-ID"] = make_msgid(domain="example.com")
        letter["Date"] = format_datetime(world.clock())
        letter["Authentication-Results"] = f"{AUTHORITY}; dmarc=pass header.from=example.com"
        # Who has no account has the page of their charge open, and says which it is.
        page = f"\n\n{world.house.settings.web_url}{trouble.visitor.charge}" if not trouble.visitor.email else ""
        letter.set_content(
            f"{MAIL_WORDS[trouble.complaint]} Outlet {trouble.code}.{page if trouble.visitor.charge else ''}"
        )

        def handed_over() -> None:
            with smtplib.LMTP("127.0.0.1", world.house.settings.support_lmtp_port or 0, timeout=20) as server:
                server.send_message(letter)

        await asyncio.to_thread(handed_over)
        await world.rest()
        answer = str(await world.until("an answer is written", ANSWERED, sender))
        page = LINK.search(answer)
        return Answer(
            text=answer,
            situations=recognised(words_of(answer)) or PROMISES_A_PERSON, buttons=await self._buttons(trouble),
            leads_on=page is not None,
        )  # fmt: skip

    async def _buttons(self, trouble: Trouble) -> frozenset[str]:
        """Return what the page of the charge offers, whose address the driver has."""
        if not trouble.visitor.charge:
            return frozenset()
        page = await trouble.visitor.get(Page.path(trouble))
        return frozenset(ACTION.findall(page))

    async def press(self, trouble: Trouble, button: str) -> None:
        await Page().press(trouble, button)


class GuestMail(Mail):
    """A mail from an address that no account has, with the address of the page of their charge in it."""

    name = "guest-mail"
    needs_account = False


WAYS: Final[dict[str, type[Way]]] = {each.name: each for each in (Page, Chat, Phone, Mail, GuestPhone, GuestMail)}
MOST: Final = "page,chat,phone,mail"
"""The ways as most come by them: on the phone and by mail from the number and the address of an account."""


def keyed(code: str) -> str:
    """Return an outlet's code as it is keyed in."""
    return "".join(KEYPAD.get(sign, sign) for sign in code.upper() if sign.isalnum())


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    made = []
    for situation in catalogue():
        usual = situation.text("en")
        for variant, spoken in situation.texts["en"].items():
            for name in SPOKEN[:3]:
                text = getattr(spoken, name)
                if variant and text == getattr(usual, name):
                    continue  # it is told as usual
                parts = [re.escape(_flat(each)) for each in PLACE.split(text)[::2]]
                made.append((f"{situation.key} {variant}".strip(), re.compile(".{1,40}?".join(parts))))
    return tuple(made)


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def recognised(text: str) -> frozenset[str]:
    """Return what is told by a text in English, with any values: names of situations, with the variant."""
    return frozenset(name for name, pattern in _patterns() if pattern.search(text))
