"""A push service with the browser behind it: it checks who sends, decrypts as a browser does, and can misbehave.

Written from RFC 8030 (the service), RFC 8188 and 8291 (what is encrypted) and RFC 8292 (who sends); nothing of the
library that sends is used.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.doubles.http import Answer, HttpDouble, Request

MESSAGE_MAX = 4096  # RFC 8030, 7.2


def decoded(text: str) -> bytes:
    """Return what base64url without padding says."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(content: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(content).decode().rstrip("=")


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


@dataclass
class Browser:
    """One browser that has subscribed: its keys, and the notifications it has shown."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    shown: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    """What its push service says to the next messages instead of taking them."""
    slow_s: float = 0.0

    @property
    def point(self) -> bytes:
        """Its public key."""
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def opened(self, body: bytes) -> dict[str, Any]:
        """Return what a message says (RFC 8291, 3.4; one record of RFC 8188)."""
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size <= MESSAGE_MAX
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        secret = _derived(self.auth, shared, b"WebPush: info\0" + self.point + sender, 32)
        key = _derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _derived(salt, secret, b"Content-Encoding: nonce\0", 12)
        padded = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        assert padded[-1:] == b"\2", "the last record ends with 2"
        found: dict[str, Any] = json.loads(padded[:-1])
        return found


class PushService:
    """Serves its browsers on 127.0.0.1."""

    def __init__(self, application_key: str) -> None:
        self.application_key = application_key
        self.browsers: dict[str, Browser] = {}
        self.asked: list[Request] = []
        self._http = HttpDouble(self._answer)

    async def __aenter__(self) -> PushService:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._http.__aexit__()

    @property
    def host(self) -> str:
        """Its host and port."""
        return self._http.url.partition("//")[2]

    def subscribed(self, name: str) -> tuple[Browser, str]:
        """Return a browser that subscribes, and the JSON that it gives to the page."""
        browser = self.browsers[name] = Browser(name)
        keys = {"p256dh": encoded(browser.point), "auth": encoded(browser.auth)}
        return browser, json.dumps({"endpoint": f"{self._http.url}/push/{name}", "expirationTime": None, "keys": keys})

    async def _answer(self, request: Request) -> Answer:
        self.asked.append(request)
        browser = self.browsers.get(request.path.removeprefix("/push/"))
        if browser is None:
            return 404, b""
        if browser.slow_s:
            await asyncio.sleep(browser.slow_s)
        if browser.answers:
            return browser.answers.pop(0)
        self._check_sender(request.headers["authorization"])
        assert request.headers["content-encoding"] == "aes128gcm"
        assert 0 < int(request.headers["ttl"]) <= 2_419_200
        assert request.headers["urgency"] in ("very-low", "low", "normal", "high")
        if len(request.body) > MESSAGE_MAX:
            return 413, b""
        browser.shown.append(browser.opened(request.body))
        return 201, b"", {"location": "/message/1"}

    def _check_sender(self, header: str) -> None:
        """Check the token of RFC 8292: made for us, not for long, signed by the key that browsers were given."""
        scheme, _, rest = header.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert scheme == "vapid"
        assert parts["k"] == self.application_key, "another sender than the one the browser subscribed to"
        head, claims, signature = parts["t"].split(".")
        raw = decoded(signature)
        der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(parts["k"]))
        try:
            key.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise AssertionError("the token is not signed by that key") from None
        said = json.loads(decoded(claims))
        assert said["aud"] == "http://127.0.0.1", said
        assert 0 < said["exp"] - datetime.now(UTC).timestamp() <= 86_400
        assert said["sub"].startswith("mailto:")
