"""Hostile inputs, the same for the same seed: messages bent by their schema, bytes bent blindly, frames bent by hand.

`Generator.text()` gives what stands in one WebSocket text message; `Generator.wire()` gives raw bytes of the WebSocket
protocol itself, for a socket that will not survive them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final, cast

from msgspec import inspect

from laddverk.ocpp.protocol import Protocol

TRANSCRIPTS: Final = Path(__file__).parents[1] / "conformance" / "ocpp" / "transcripts"
VERSIONS: Final = {"16": Protocol.V16, "201": Protocol.V201, "21": Protocol.V21}
NOW: Final = datetime(2026, 10, 24, 20, tzinfo=UTC)
PLACES: Final = (0, 1, 1, 1, 2, 3, 7, 2**31 - 1)
NASTY_TEXTS: Final = (
    "", " ", "\x00", "a\x00b", "'", "'; DROP TABLE session; --", "<script>alert(1)</script>", "=HYPERLINK(1)", "${x}",
    "{{7*7}}", "%s%n", "../../etc/passwd", "\u202egnp", "🔌" * 40, "\ud800", "null", "NaN", "A" * 300, "é" * 5000,
    "2026-13-45T99:99:99Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "1e400", "-0", "0x10", "１２",
)  # fmt: skip
NASTY_NUMBERS: Final = (
    0, -1, 1, 2**31 - 1, 2**31, -(2**31), 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**40, 0.1, -0.0, 1e308, 1e-320,
)  # fmt: skip
NASTY_VALUES: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [{}],
    {"a": {"b": []}},
    *NASTY_NUMBERS,
    *NASTY_TEXTS,
)
LITERALLY: Final = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999999",
    "01",
    "1.",
    "'x'",
    "undefined",
    "{",
    "]",
    '"\\ud800"',
    '"\\u0000"',
)
DEEP: Final = 200
LONG: Final = 20_000  # characters of a text that is only long; the gateway's frames hold 64 KiB
CHANCE_ABSENT: Final = 0.4  # that an optional property is left out
LIST_MAX: Final = 3


@cache
def corpus(version: str) -> tuple[str, ...]:
    """Return what chargers say in the transcripts of a version, as texts."""
    found: list[str] = []
    for path in sorted(TRANSCRIPTS.glob(f"{version}_*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            said = json.loads(line).get("says")
            if said is not None:
                found.append(said if isinstance(said, str) else json.dumps(said))
    return tuple(found)


@cache
def shape_of(message: type[Any]) -> inspect.StructType:
    """Return how the messages of a type are built: to find it out takes longer than to make and to send one."""
    return cast(inspect.StructType, inspect.type_info(message))


class Generator:
    """A stream of inputs for one version. `tokens` are identifiers that the network knows, to get past the door."""

    def __init__(self, version: str, seed: int, tokens: tuple[str, ...] = ()) -> None:
        self.version = version
        self.protocol = VERSIONS[version]
        self.random = Random(f"{version}-{seed}")
        self._tokens = tokens
        self._actions = sorted(self.protocol.from_charger)
        self._all = sorted(self.protocol.actions)
        self._ways: list[tuple[float, Callable[[], str]]] = [
            (0.15, self.valid),
            (0.45, self.bent),
            (0.20, self.blind),
            (0.08, self.odd_frame),
            (0.08, self.answer),
            (0.04, self.monster),
        ]

    def text(self) -> str:
        """Return the next text message."""
        ways = [way for _, way in self._ways]
        return self.random.choices(ways, [weight for weight, _ in self._ways])[0]()

    # Messages by their schema

    def valid(self) -> str:
        """Return a call as the schema wants it, with random content."""
        action = self.random.choice(self._actions)
        return json.dumps([self._call_type(action), self._id(), action, self._payload(action)])

    def bent(self) -> str:
        """Return a call with one to four faults in its payload."""
        action = self.random.choice(self._actions if self.random.random() < 0.95 else self._all)
        payload = self._payload(action)
        for _ in range(self.random.randint(1, 4)):
            payload = self._bend(payload)
        text = json.dumps(
            [self._call_type(action), self._id(), action, payload], ensure_ascii=self.random.random() < 0.5
        )
        if self.random.random() < 0.1:
            text = self._literally(text)
        return _sendable(text)

    def _call_type(self, action: str) -> int:
        is_send = action == "NotifyPeriodicEventStream" or (
            self.protocol is Protocol.V21 and self.random.random() < 0.02
        )
        return 6 if is_send else 2

    def _id(self) -> Any:
        chosen = self.random.random()
        if chosen < 0.94:
            return f"{self.random.getrandbits(64):x}"
        return self.random.choice([7, "", "é", "x" * 36, "x" * 37, "x" * 300, -1, 1.5, "-1", "null"])

    def _payload(self, action: str) -> Any:
        return self._struct(shape_of(self.protocol.actions[action][0]))

    def _struct(self, kind: inspect.StructType) -> dict[str, Any]:
        return {
            item.encode_name: self._value(item.type, item.encode_name)
            for item in kind.fields
            if item.required or self.random.random() > CHANCE_ABSENT
        }

    def _value(self, kind: inspect.Type, name: str) -> Any:
        match kind:
            case inspect.StructType():
                return self._struct(kind)
            case inspect.ListType():
                least = max(kind.min_length or 0, 0)
                most = min(kind.max_length or LIST_MAX, LIST_MAX)
                return [self._value(kind.item_type, name) for _ in range(self.random.randint(least, max(least, most)))]
            case inspect.LiteralType():
                return self.random.choice(kind.values)
            case inspect.StrType():
                return self._text(kind, name)
            case inspect.IntType():
                least = kind.ge if kind.ge is not None else 0
                most = kind.le if kind.le is not None else least + 5
                return self.random.choice([*PLACES, self.random.randint(int(least), int(most))])
            case inspect.FloatType():
                return self.random.choice([0.0, 1.5, self.random.uniform(0, 1e6), float(self.random.randint(0, 10**7))])
            case inspect.BoolType():
                return self.random.random() < 0.5
            case inspect.CustomType():
                return {"vendorId": "com.example", "more": [1, {"a": None}]}
            case inspect.UnionType():
                inner = next(item for item in kind.types if not isinstance(item, inspect.NoneType))
                return self._value(inner, name)
        return self.random.choice(NASTY_VALUES)

    def _text(self, kind: inspect.StrType, name: str) -> str:
        lower = name.lower()
        if "time" in lower or lower.endswith(("date", "at", "from", "until")):
            moment = NOW + timedelta(seconds=self.random.randint(-400_000, 400_000))
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        if "token" in lower or "tag" in lower:
            return self.random.choice(self._tokens) if self._tokens else "04A1B2C3D4"
        if "transactionid" in lower:
            return f"tx-{self.random.randint(0, 20)}"
        if lower == "value":
            return self.random.choice(["0", "12.5", str(self.random.randint(0, 10**7)), "-3", "NaN"])
        length = min(kind.max_length or 20, 20)
        return "".join(self.random.choice("abcXYZ0189-_ .åß") for _ in range(self.random.randint(1, length)))

    def _bend(self, value: Any) -> Any:
        """Return `value` with one fault somewhere within."""
        if isinstance(value, dict) and value and self.random.random() < 0.75:
            key = self.random.choice(sorted(value))
            if self.random.random() < 0.6:
                return {**value, key: self._bend(value[key])}
            return self._bend_object(value, key)
        if isinstance(value, list) and value and self.random.random() < 0.75:
            at = self.random.randrange(len(value))
            if self.random.random() < 0.7:
                return [*value[:at], self._bend(value[at]), *value[at + 1 :]]
            return value * self.random.choice([0, 2, 50])
        return self._worse(value)

    def _bend_object(self, value: dict[str, Any], key: str) -> dict[str, Any]:
        without = {name: item for name, item in value.items() if name != key}
        match self.random.randrange(5):
            case 0:
                return without
            case 1:
                return {**without, key.upper(): value[key]}
            case 2:
                return {**value, self.random.choice(NASTY_TEXTS): self.random.choice(NASTY_VALUES)}
            case 3:
                return {**value, key: [value[key]]}
        return {**value, key: {key: value[key]}}

    def _worse(self, value: Any) -> Any:
        chosen = self.random.randrange(5)
        if chosen == 0 and isinstance(value, str):
            return value + self.random.choice(NASTY_TEXTS)
        if chosen == 1 and isinstance(value, int | float) and not isinstance(value, bool):
            return str(value).replace(".", ",")
        if chosen == 2 and isinstance(value, str):
            return value.swapcase()
        return self.random.choice(NASTY_VALUES)

    def _literally(self, text: str) -> str:
        """Put something in the place of a value that JSON does not have."""
        at = text.find(":", self.random.randrange(len(text)))
        if at < 0:
            return text
        end = min((found for found in (text.find(",", at), text.find("}", at)) if found > 0), default=len(text))
        return text[: at + 1] + self.random.choice(LITERALLY) + text[end:]

    # Bytes, without knowing what they mean

    def blind(self) -> str:
        """Return a frame of a transcript with bytes flipped, cut out, doubled or put in."""
        raw = bytearray(self.random.choice(corpus(self.version)), "utf-8", "replace")
        for _ in range(self.random.choice([1, 1, 2, 4, 16])):
            at = self.random.randrange(len(raw)) if raw else 0
            match self.random.randrange(5):
                case 0 if raw:
                    raw[at] ^= 1 << self.random.randrange(8)
                case 1:
                    del raw[at : at + self.random.randint(1, 20)]
                case 2:
                    raw[at:at] = self.random.randbytes(self.random.randint(1, 8))
                case 3:
                    raw[at:at] = raw[at : at + self.random.randint(1, 60)]
                case 4:
                    raw[at:at] = self.random.choice(b'{}[]",:\\0-.eEtfn').to_bytes()
        return bytes(raw).decode("utf-8", "replace")

    # Frames of OCPP-J

    def odd_frame(self) -> str:
        """Return what is nearly a frame: a wrong number of elements, or of the wrong kind."""
        parts: list[Any] = [2, self._id(), self.random.choice(self._actions), {}]
        match self.random.randrange(6):
            case 0:
                parts = parts[: self.random.randrange(4)]
            case 1:
                parts += [self.random.choice(NASTY_VALUES)] * self.random.randint(1, 3)
            case 2:
                parts[self.random.randrange(4)] = self.random.choice(NASTY_VALUES)
            case 3:
                parts[0] = self.random.choice([0, 1, 3, 4, 5, 6, 7, 99, "2", 2.0, -2, None])
            case 4:
                self.random.shuffle(parts)
            case 5:
                return self.random.choice(["", " ", "null", "[]", "{}", '"2"', "[[[[", "}{", "[2,", "\ufeff[]"])
        return _sendable(json.dumps(parts))

    def answer(self) -> str:
        """Return an answer to a call that was never made, or an error of any kind."""
        unique_id = self.random.choice(["-1", "", "nothing", 7, f"{self.random.getrandbits(64):x}"])
        number = self.random.choice([3, 4, 4, 5])
        rest: list[Any] = [self.random.choice(NASTY_VALUES) for _ in range(self.random.randint(0, 4))]
        return _sendable(json.dumps([number, unique_id, *rest]))

    def monster(self) -> str:
        """Return what is large, deep or repeated without end."""
        action = self.random.choice(self._actions)
        match self.random.randrange(5):
            case 0:
                return f'[2,"m","{action}",' + '{"a":' * DEEP + "1" + "}" * DEEP + "]"
            case 1:
                return f'[2,"m","{action}",' + "[" * DEEP + "]" * DEEP + "]"
            case 2:
                return json.dumps([2, "m", action, {"customData": {"vendorId": "x", "data": "x" * LONG}}])
            case 3:
                return f'[2,"m","{action}",{{' + ",".join(f'"k{n % 7}":{n}' for n in range(1000)) + "}]"
        return "[" * LONG


def _sendable(text: str) -> str:
    """Return `text` as UTF-8 can carry it: a lone surrogate is sent as its escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


# The WebSocket protocol itself (RFC 6455)


def wire(random: Random) -> bytes:
    """Return bytes that a WebSocket client must not send, or only seldom."""
    text = random.choice([b"", b'[2,"w","Heartbeat",{}]', b"\xff\xfe", random.randbytes(40), b"x" * 70_000])
    match random.randrange(11):
        case 0:
            return ws_frame(text, masked=False)
        case 1:
            return ws_frame(text, opcode=random.choice([3, 4, 7, 11, 15]))
        case 2:
            return ws_frame(text, reserved=random.randint(1, 7))
        case 3:
            return ws_frame(text[:125], opcode=0)  # goes on with nothing
        case 4:
            return ws_frame(b"[2,", final=False) + ws_frame(b'"w"', opcode=1, final=False)  # begins anew in the middle
        case 5:
            return ws_frame(b"x" * 200, opcode=9)  # a ping may have 125 bytes
        case 6:
            return ws_frame(struct.pack("!H", random.choice([0, 999, 1005, 1006, 1015, 5000, 65535])) + b"x", opcode=8)
        case 7:
            return b"\x81\xff" + struct.pack("!Q", random.choice([2**63, 2**62, 10**9, 70_000])) + random.randbytes(40)
        case 8:
            return ws_frame(text, opcode=2)
        case 9:
            return b"".join(
                ws_frame(bytes([one]), opcode=0 if at else 1, final=False) for at, one in enumerate(b'[2,"w"')
            )
    return random.randbytes(random.randint(1, 400))


def ws_frame(payload: bytes, *, opcode: int = 1, final: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """Return one WebSocket frame, as wrong as it is asked to be."""
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    mask = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([mask | len(payload)])
    elif len(payload) < 2**16:
        head += bytes([mask | 126]) + struct.pack("!H", len(payload))
    else:
        head += bytes([mask | 127]) + struct.pack("!Q", len(payload))
    return head + (bytes(4) + payload if masked else payload)  # a mask of zeros leaves the payload as it is
