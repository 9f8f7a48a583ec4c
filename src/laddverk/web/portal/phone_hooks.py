"""Where 46elks turns to: calls that ring, keys, recordings, text messages. And the sounds that it plays."""

from __future__ import annotations

import hmac
import re
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath

from laddverk.kernel.problems import NotFound
from laddverk.notices.sms import links
from laddverk.notices.sms import service as sms
from laddverk.platform.database import Transaction
from laddverk.support.phone import logging_calls, service, store, texting, voices
from laddverk.support.phone.model import Act, Call, Then
from laddverk.support.phone.providers import cti, elks
from laddverk.support.phone.providers.elks import Addresses
from laddverk.support.phone.service import Ringing, key_of
from laddverk.web import security
from laddverk.web.visit import Visit, Visiting

FIELDS_MAX: Final = 40
VALUE_MAX: Final = 4_000
VOICE: Final = re.compile(r"([0-9a-f]{32})\.(wav|txt)")
TURN_MAX: Final = 10_000
MADE: Final = {"x-robots-tag": "noindex"}


async def _told(visit: Visit, secret: str) -> dict[str, str]:
    """Return what 46elks says. Raises `NotFound` for a stranger: the address is a secret, and so is its being there."""
    settings = visit.house.settings
    address = security.remote_address(visit.request)
    if not links.is_ours(visit.house.secrets, secret) or not elks.comes_from_46elks(address, settings):
        raise NotFound("There is no such page.")
    form = await visit.request.form()
    return {
        name[:40]: value.replace("\x00", "")[:VALUE_MAX]
        for name, value in list(form.items())[:FIELDS_MAX]
        if isinstance(value, str)
    }


async def _answer(visit: Visit, tx: Transaction, call: Call, act: Act) -> dict[str, Any]:
    """Return 46elks's next action of a call."""
    house = visit.house
    can_speak = bool(house.settings.speech_command) or house.settings.demo
    name = await voices.named(tx, house, act.text, act.language, visit.now) if act.text and can_speak else ""
    at = Addresses(
        voice=voices.address(house, name) if name else "",
        following=links.address(house, f"next/{call.turn}"),
        hung_up=links.address(house, "hangup"),
        recorded_call=links.address(house, "recorded/call"),
        recorded_message=links.address(house, "recorded/message"),
    )
    return elks.action_of(act, at)


@post("/webhooks/46elks/{secret:str}/call", status_code=200)
async def call_rings(visit: Visiting, secret: FromPath[str]) -> dict[str, Any]:
    """Somebody calls: say what they hear first."""
    told = await _told(visit, secret)
    ringing = Ringing("46elks", told.get("callid", "")[:100], told.get("from", ""), told.get("to", ""))
    if not told.get("callid"):
        raise NotFound("There is no such call.")
    async with visit.transaction() as tx:
        call, act = await service.ring(tx, visit.house, ringing, visit.now)
        return await _answer(visit, tx, call, act)


@post("/webhooks/46elks/{secret:str}/next/{turn:str}", status_code=200)
async def call_goes_on(visit: Visiting, secret: FromPath[str], turn: FromPath[str]) -> dict[str, Any]:
    """A sound has ended, keys were pressed, or a line is over: say what comes next."""
    told = await _told(visit, secret)
    number = int(turn) if turn.isascii() and turn.isdigit() and len(turn) < 6 else TURN_MAX
    key = key_of("46elks", told.get("callid", "")[:100])
    async with visit.transaction() as tx:
        call, act = await service.press(tx, visit.house, key, number, elks.keys_in(told), visit.now)
        return await _answer(visit, tx, call, act)


@post("/webhooks/46elks/{secret:str}/hangup", status_code=200, media_type=MediaType.TEXT)
async def call_ends(visit: Visiting, secret: FromPath[str]) -> str:
    """A call is over."""
    told = await _told(visit, secret)
    reference = told.get("callid") or told.get("id", "")
    async with visit.transaction() as tx:
        await service.hang_up(tx, visit.house, key_of("46elks", reference[:100]), visit.now)
    return "ok"


@post("/webhooks/46elks/{secret:str}/recorded/{kind:str}", status_code=200, media_type=MediaType.TEXT)
async def call_was_recorded(visit: Visiting, secret: FromPath[str], kind: FromPath[str]) -> str:
    """There is a recording to fetch."""
    told = await _told(visit, secret)
    url = told.get("wav", "")
    if kind in ("call", "message") and url:
        async with visit.transaction() as tx:
            key = key_of("46elks", told.get("callid", "")[:100])
            await service.record(tx, visit.house, key, url[:500], kind, visit.now)
    return "ok"


@post("/webhooks/46elks/{secret:str}/out/{own_call:uuid}", status_code=200)
async def agent_answers(visit: Visiting, secret: FromPath[str], own_call: FromPath[UUID]) -> dict[str, Any]:
    """One of ours has picked up a call of their own: now the other side is rung."""
    await _told(visit, secret)
    async with visit.transaction() as tx:
        found = await store.by_id(tx, own_call)
        if found is None or found.direction != "out" or found.ended_at is not None:
            return elks.action_of(Act(then=Then.HANG_UP), _nowhere())
        await service.answered(tx, visit.house, found.key, visit.now)
    return {"connect": found.phone, "callerid": found.our_number, "timeout": service.CONNECT_TIMEOUT_S}


@post("/webhooks/46elks/{secret:str}/out/{own_call:uuid}/hangup", status_code=200, media_type=MediaType.TEXT)
async def own_call_ends(visit: Visiting, secret: FromPath[str], own_call: FromPath[UUID]) -> str:
    """A call that we made is over."""
    await _told(visit, secret)
    async with visit.transaction() as tx:
        found = await store.by_id(tx, own_call)
        if found is not None and found.direction == "out":
            await service.hang_up(tx, visit.house, found.key, visit.now)
    return "ok"


def _nowhere() -> Addresses:
    return Addresses(voice="", following="", hung_up="", recorded_call="", recorded_message="")


@post("/webhooks/46elks/{secret:str}/text", status_code=200, media_type=MediaType.TEXT)
async def text_comes(visit: Visiting, secret: FromPath[str]) -> str:
    """A text message has come. An empty answer: 46elks would send what stands in it back."""
    told = await _told(visit, secret)
    async with visit.transaction() as tx:
        await texting.take_in(
            tx, visit.house, sender=told.get("from", ""), text=told.get("message", ""),
            reference=told.get("id", "")[:100], now=visit.now,
        )  # fmt: skip
    return ""


@post("/webhooks/46elks/{secret:str}/delivered", status_code=200, media_type=MediaType.TEXT)
async def text_arrives(visit: Visiting, secret: FromPath[str]) -> str:
    """A text message has arrived, or never will."""
    told = await _told(visit, secret)
    async with visit.transaction() as tx:
        await sms.record_delivery(tx, told.get("id", "")[:100], told.get("status", ""), visit.now)
    return ""


@post("/webhooks/telephone/{secret:str}/event", status_code=200, media_type=MediaType.TEXT)
async def pbx_tells(visit: Visiting, secret: FromPath[str]) -> str:
    """Any PBX tells of a call: rings, answered, over."""
    wanted = visit.house.settings.cti_secret
    if not wanted or not hmac.compare_digest(secret.encode(), wanted.encode()):
        raise NotFound("There is no such page.")
    media_type = visit.request.headers.get("content-type", "")
    form = {} if "json" in media_type else await visit.form()
    fields = cti.fields_in(await visit.request.body(), media_type, form)
    async with visit.transaction() as tx:
        await logging_calls.hear(tx, visit.house, cti.told_in(fields), visit.now)
    return "ok"


@get("/phone/voice/{voice_name:str}")
async def hear_voice(visit: Visiting, voice_name: FromPath[str]) -> Response[Any]:
    """Give a sound to whoever knows its name, or its words."""
    wanted = VOICE.fullmatch(voice_name)
    if wanted is None:
        raise NotFound("There is no such sound.")
    async with visit.transaction() as tx:
        voice = await store.voice(tx, wanted[1])
    if voice is None:
        raise NotFound("There is no such sound.")
    if wanted[2] == "txt":
        return Response(
            voice.body, media_type="text/plain; charset=utf-8", headers=MADE | {"content-language": voice.language}
        )
    sound = await voices.sound(visit.house, wanted[1], voice)
    if sound is None:
        raise NotFound("There is no such sound.")
    return Response(sound, media_type="audio/wav", headers=MADE)


HANDLERS: Final = [
    call_rings, call_goes_on, call_ends, call_was_recorded, agent_answers, own_call_ends, text_comes, text_arrives,
    hear_voice,
    pbx_tells,
]  # fmt: skip
