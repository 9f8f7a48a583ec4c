"""Somebody on the telephone network, played by SIPp: calls or is called, sounds in G.711, presses keys when told to."""

from __future__ import annotations

import asyncio
import contextlib
import math
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from laddverk.cli.replay.network import free_port

NETWORK = "127.0.0.2"
"""The address of the telephone network; Asterisk knows its trunk by it."""
RATE_HZ = 8000
SDP = """
v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [{port}] RTP/AVP 8 96
a=rtpmap:8 PCMA/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-15
"""
HEAD = """
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:{number}@[local_ip]>;tag=[pid]t[call_number]
To: <sip:{called}@[remote_ip]>{tag}
Call-ID: [call_id]
CSeq: {sequence} {method}
Contact: <sip:{number}@[local_ip]:[local_port]>
"""


def _message(
    first: str, method: str, sequence: int, number: str, called: str, tag: str, *, extra: str = "", body: str = ""
) -> str:
    head = HEAD.format(number=number, called=called, tag=tag, sequence=sequence, method=method).strip()
    kind = "Content-Type: application/sdp\n" if body and not extra else extra
    text = f"{first}\n{head}\n{kind}Content-Length: [len]\n\n{body.strip()}\n"
    return f"<send><![CDATA[\n{text}\n]]></send>"


def caller(number: str, called: str, keys: Sequence[str], sound: Path, *, by_info: bool) -> str:
    """The scenario of somebody who calls, presses each of `keys` when told to, and then hangs up when told to."""
    to = f"sip:{called}@[remote_ip]:[remote_port]"
    steps = [
        _message(f"INVITE {to} SIP/2.0", "INVITE", 1, number, called, "", body=_sdp(by_info=by_info)),
        '<recv response="100" optional="true"/><recv response="180" optional="true"/>'
        '<recv response="183" optional="true"/><recv response="200" rtd="true"/>',
        _message(f"ACK {to} SIP/2.0", "ACK", 1, number, called, "[peer_tag_param]"),
    ]
    if by_info:
        steps.append(f'<nop><action><exec rtp_stream="{sound},-1,8"/></action></nop>')
    for at, key in enumerate(keys, 2):
        steps.append("<recvCmd/>")
        if by_info:
            info = "Content-Type: application/dtmf-relay\n"
            body = f"Signal={key}\nDuration=160"
            first = f"INFO {to} SIP/2.0"
            steps.append(_message(first, "INFO", at, number, called, "[peer_tag_param]", extra=info, body=body))
            steps.append('<recv response="200"/>')
        else:
            steps.append(f'<nop><action><exec play_dtmf="{key}"/></action></nop>')
    steps.append("<recvCmd/>")
    steps.append(_message(f"BYE {to} SIP/2.0", "BYE", 90, number, called, "[peer_tag_param]"))
    steps.append('<recv response="200"/>')
    return _scenario(steps)


def _sdp(*, by_info: bool) -> str:
    """SIPp sends sounds and keys from two ports: who presses keys as events is otherwise silent."""
    return SDP.format(port="rtpstream_audio_port" if by_info else "media_port")


def _scenario(steps: Sequence[str]) -> str:
    inner = "\n".join(steps)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<scenario name="telephone">\n{inner}\n</scenario>\n'


def tone(path: Path, seconds: float = 5) -> Path:
    """Write somebody's voice as A-law: a tone that can be heard in a recording."""
    samples = (int(9000 * math.sin(2 * math.pi * 440 * at / RATE_HZ)) for at in range(int(seconds * RATE_HZ)))
    path.write_bytes(bytes(_a_law(sample) for sample in samples))
    return path


def _a_law(sample: int) -> int:
    """Return a 16-bit sample as A-law (ITU-T G.711)."""
    sign, value = (0x80, sample >> 3) if sample >= 0 else (0, (-sample - 1) >> 3)
    exponent = max(value.bit_length() - 5, 0)
    mantissa = (value >> (exponent if exponent > 1 else 1)) & 0x0F
    return ((exponent << 4) | mantissa | sign) ^ 0x55


class Phone:
    """A phone of the telephone network, while its SIPp runs."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, call_id: str, folder: Path) -> None:
        self.process, self._port, self._call_id, self._folder = process, port, call_id, folder
        self._told: asyncio.StreamWriter | None = None

    async def go_on(self) -> None:
        """Let it do the next thing: press a key, or hang up."""
        if self._told is None:
            async with asyncio.timeout(15):
                while self._told is None:
                    try:
                        _, self._told = await asyncio.open_connection(NETWORK, self._port)
                    except OSError:
                        await asyncio.sleep(0.1)
        self._told.write(f"Call-ID: {self._call_id}\r\n\r\n".encode() + b"\x1b")
        await self._told.drain()

    async def ended(self) -> int:
        """Wait until its call is over; 0 when all went as the scenario says."""
        async with asyncio.timeout(30):
            return await self.process.wait()

    def errors(self) -> str:
        return "\n".join(each.read_text(errors="replace") for each in self._folder.glob("*_errors.log"))


@asynccontextmanager
async def telephone(
    folder: Path, scenario: str, at: int, *, call_id: str = "call", port: int = 0
) -> AsyncIterator[Phone]:
    """Yield a phone that plays `scenario` against Asterisk's SIP port `at`."""
    if shutil.which("sipp") is None:
        pytest.skip("SIPp is not there: apt-get install sip-tester")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scenario.xml").write_text(scenario)
    told_at, port = free_port(), port or free_port()
    process = await asyncio.create_subprocess_exec(
        "sipp", f"127.0.0.1:{at}", "-sf", "scenario.xml", "-i", NETWORK, "-p", str(port), "-mi", NETWORK, "-m", "1",
        "-mp", str(free_port() // 4 * 4), "-cid_str", call_id, "-3pcc", f"{NETWORK}:{told_at}",
        "-nostdin", "-trace_err", "-timeout", "120",
        cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    phone = Phone(process, told_at, call_id, folder)
    try:
        yield phone
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if phone._told is not None:
            phone._told.close()
