"""A telephone exchange for browsers: SIP over WebSocket (RFC 7118) on loopback, which can misbehave as real ones do."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

REALM = "laddverk"


@dataclass
class Message:
    """One message of SIP: its first line, its headers by their names in lower case, its body."""

    first: str
    headers: dict[str, list[str]] = field(default_factory=dict)
    body: str = ""

    @property
    def method(self) -> str:
        return "" if self.first.startswith("SIP/2.0") else self.first.split(" ")[0]

    @property
    def status(self) -> int:
        return int(self.first.split(" ")[1]) if self.first.startswith("SIP/2.0") else 0

    def one(self, name: str) -> str:
        """The first header of a name."""
        return (self.headers.get(name) or [""])[0]

    def text(self) -> str:
        lines = [f"{name}: {value}" for name, values in self.headers.items() for value in values]
        return "\r\n".join([self.first, *lines, f"content-length: {len(self.body.encode())}", "", self.body])


def read(text: str) -> Message:
    head, _, body = text.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    message = Message(first, {}, body)
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() != "content-length":
            message.headers.setdefault(name.strip().lower(), []).append(value.strip())
    return message


def answer_to(request: Message, status: int, reason: str = "x", **more: str) -> Message:
    made = Message(f"SIP/2.0 {status} {reason}")
    for name in ("via", "from", "call-id", "cseq"):
        made.headers[name] = list(request.headers[name])
    to = request.one("to")
    made.headers["to"] = [to if ";tag=" in to else f"{to};tag=exchange"]
    return Message(made.first, made.headers | {name.replace("_", "-"): [value] for name, value in more.items()})


class Call:
    """A call that the exchange makes to a browser."""

    def __init__(self, exchange: SipExchange, socket: ServerConnection, target: str, offer: str, number: str) -> None:
        self.exchange, self.socket, self.target, self.number = exchange, socket, target, number
        self.id = secrets.token_hex(8)
        self.heard: asyncio.Queue[Message] = asyncio.Queue()
        self.to = f"<{target}>"
        self.sequence = 100
        self.branch = "z9hG4bK" + secrets.token_hex(6)
        self.offer = offer

    def request(self, method: str, body: str = "", *, sequence: int | None = None, branch: str = "") -> Message:
        if sequence is None:
            self.sequence += method not in ("ACK", "CANCEL")
        made = Message(
            f"{method} {self.target} SIP/2.0",
            {
                "via": [f"SIP/2.0/WS 127.0.0.1;branch={branch or 'z9hG4bK' + secrets.token_hex(6)}"],
                "max-forwards": ["70"],
                "from": [f'"A \\"caller\\"" <sip:{self.number}@127.0.0.1>;tag=caller'],
                "to": [self.to],
                "call-id": [self.id],
                "cseq": [f"{self.sequence if sequence is None else sequence} {method}"],
                "contact": ["<sip:exchange@127.0.0.1;transport=ws>"],
            },
            body,
        )
        if body:
            made.headers["content-type"] = ["application/sdp"]
        return made

    async def send(self, message: Message) -> None:
        await self.socket.send(message.text())

    async def invite(self) -> None:
        self.sequence += 1
        await self.send(self.request("INVITE", self.offer, sequence=self.sequence, branch=self.branch))

    async def cancel(self) -> None:
        await self.send(self.request("CANCEL", sequence=self.sequence, branch=self.branch))

    async def acknowledge(self) -> None:
        await self.send(self.request("ACK", sequence=self.sequence))

    async def answered(self) -> Message:
        """Wait for the 200 to the INVITE, and confirm it."""
        response = await self.next(lambda each: each.status == 200 and "INVITE" in each.one("cseq"))
        self.to = response.one("to")
        await self.acknowledge()
        return response

    async def next(self, fits: Callable[[Message], bool]) -> Message:
        """Wait for a message that fits; others are passed over."""
        async with asyncio.timeout(20):
            while not fits(message := await self.heard.get()):
                pass
        return message


class SipExchange:
    """Browsers register here, with what `known` says of their digest, and are called."""

    def __init__(self, known: Callable[[str], str]) -> None:
        self.known = known
        self.contacts: dict[str, tuple[ServerConnection, str]] = {}
        self.sockets: set[ServerConnection] = set()
        self.registers: list[Message] = []
        self.refusals: list[tuple[int, dict[str, str]]] = []
        """What the next registrations are answered with, before anything is looked at."""
        self.nonces: set[str] = set()
        self.forgets_nonce = False
        """Whether the next proof is said to be of a nonce that is too old."""
        self.calls: dict[str, Call] = {}
        self.closed_for_s = 0.0
        self._server: Server | None = None

    async def __aenter__(self) -> SipExchange:
        self._server = await serve(self._serve, "127.0.0.1", 0, subprotocols=["sip"])  # type: ignore[list-item]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/ws"

    async def drop(self) -> None:
        """Lose every connection, as a restart does."""
        self.contacts.clear()
        for socket in list(self.sockets):
            socket.transport.abort()

    async def registered(self, user: str) -> None:
        async with asyncio.timeout(20):
            while user not in self.contacts:
                await asyncio.sleep(0.02)

    async def call(self, user: str, offer: str, number: str = "+46701234567") -> Call:
        socket, target = self.contacts[user]
        made = Call(self, socket, target, offer, number)
        self.calls[made.id] = made
        await made.invite()
        return made

    async def _serve(self, socket: ServerConnection) -> None:
        self.sockets.add(socket)
        try:
            async for text in socket:
                message = read(str(text))
                if message.method == "REGISTER":
                    self.registers.append(message)
                    await socket.send(self._register(socket, message).text())
                elif message.one("call-id") in self.calls:
                    call = self.calls[message.one("call-id")]
                    call.socket = socket
                    call.heard.put_nowait(message)
        except ConnectionClosed:
            pass
        finally:
            self.sockets.discard(socket)

    def _register(self, socket: ServerConnection, request: Message) -> Message:
        if self.refusals:
            status, more = self.refusals.pop(0)
            return answer_to(request, status, **more)
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', request.one("authorization")))
        if not given or given["nonce"] not in self.nonces or self.forgets_nonce:
            stale = ", stale=TRUE" if given else ""
            self.forgets_nonce = False
            nonce = secrets.token_hex(8)
            self.nonces.add(nonce)
            asked = f'Digest realm="{REALM}", nonce="{nonce}", opaque="0a,b", algorithm=MD5, qop="auth"{stale}'
            return answer_to(request, 401, www_authenticate=asked)
        first = self.known(given["username"])
        second = hashlib.md5(f"REGISTER:{given['uri']}".encode()).hexdigest()
        middle = f"{given['nonce']}:{given['nc']}:{given['cnonce']}:{given['qop']}"
        if hashlib.md5(f"{first}:{middle}:{second}".encode()).hexdigest() != given["response"]:
            return answer_to(request, 403)
        contact = re.search(r"<(sip:[^>]*)>", request.one("contact"))
        assert contact is not None
        if request.one("expires") == "0":
            self.contacts.pop(given["username"], None)
        else:
            self.contacts[given["username"]] = (socket, contact[1])
        return answer_to(request, 200, contact=request.one("contact"), expires=request.one("expires"))
