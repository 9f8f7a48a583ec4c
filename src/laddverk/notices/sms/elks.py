"""Text messages by 46elks (Swedish carrier): `POST /a1/sms` with Basic authentication, form in, JSON out.

A message has no key of its own there: one that was not answered and is tried again may arrive twice, which is better
than not at all for what wakes somebody.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from laddverk.notices.sms.port import Refused, Unanswered
from laddverk.platform.outgoing import NoAnswer, NotAllowed, fetch

TIMEOUT_S: Final = 15.0
ANSWER_MAX: Final = 8_192  # it is a few hundred bytes
LATER: Final = frozenset({408, 425, 429})
SENDER_MAX: Final = 11  # letters of a sender's name, GSM 03.38


class Answer(Struct, frozen=True):
    """What we use of the answer."""

    id: str
    status: str = ""


class Elks:
    """The API of 46elks."""

    def __init__(self, url: str, user: str, password: str, sender: str, reports_to: str = "") -> None:
        self._url = url.rstrip("/") + "/a1/sms"
        self._authorization = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
        self._sender = sender if sender.startswith("+") else sender[:SENDER_MAX]
        self._reports_to = reports_to

    async def send(self, to: str, text: str) -> str:
        """Hand a text over. Raises `Refused` for 4xx other than overload, `Unanswered` for all that may pass."""
        headers = {"authorization": self._authorization, "content-type": "application/x-www-form-urlencoded"}
        asked = {"from": self._sender, "to": to, "message": text}
        if self._reports_to:
            asked["whendelivered"] = self._reports_to
        body = urlencode(asked).encode()
        try:
            answer = await fetch(
                "POST", self._url, body=body, headers=headers, timeout_s=TIMEOUT_S, bytes_max=ANSWER_MAX
            )  # fmt: skip
        except NotAllowed as problem:
            raise Refused(f"46elks cannot be asked: {problem}") from None
        except NoAnswer as problem:
            raise Unanswered(f"46elks does not answer: {problem}") from None
        if answer.status >= 500 or answer.status in LATER:
            raise Unanswered(f"46elks answered {answer.status}")
        if answer.status >= 300:
            raise Refused(f"46elks answered {answer.status}: {answer.body[:200].decode('utf-8', 'replace')}")
        try:
            taken = msgspec.json.decode(answer.body, type=Answer)
        except msgspec.DecodeError:
            raise Unanswered("46elks answered with something that is no message") from None
        if taken.status == "failed":
            raise Refused("46elks could not send it")
        return taken.id[:100]
