"""The API's displays: messages, the tariff in a charger, texts for many, what terminals took, swapped batteries."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from laddverk.displays import queries
from laddverk.displays import service as displays
from laddverk.displays.model import STATIONS_MAX, TEXTS_MAX, Condition, Lost, Wanted
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, parsed, shown
from laddverk.ocpp import quirks
from laddverk.ocpp.facts import DisplayText, TariffAssigned
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.web.api.current import Command, Instant, Reason, queued
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, checked_limit, station_id_of


class Text(Struct, frozen=True, forbid_unknown_fields=True):
    """A text in one language (`sv`, `en`)."""

    text: str
    language: str = ""


class Message(Struct, frozen=True, kw_only=True):
    """A message of ours on a charger's display."""

    number: int
    texts: list[Text]
    priority: str
    shown_when: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    session_id: str | None
    state: Condition
    word: str
    """The charger's own word about it."""
    created_at: datetime


class ToldMessage(Struct, frozen=True):
    """A message that a charger says it shows, and that is none of ours."""

    number: int
    texts: list[Text]
    told_at: datetime


class Messages(Struct, frozen=True):
    """What is on a display."""

    messages: list[Message]
    others: list[ToldMessage]
    read_at: datetime | None


class MessageWanted(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A message for a display. With `evse_number` only while the session there goes on."""

    texts: Annotated[list[Text], Meta(min_length=1, max_length=TEXTS_MAX)]
    priority: str = "NormalCycle"
    shown_when: str | None = None
    """Only while the charger is Idle, Charging, Faulted or Unavailable."""
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    evse_number: int | None = None
    reason: Reason = ""


class Number(Struct, frozen=True, forbid_unknown_fields=True):
    """A message, by its number on the charger."""

    number: int
    reason: Reason = ""


class TariffInCharger(Struct, frozen=True):
    """The tariff that applies at a station and what is lost of it in the charger's words; what the charger has."""

    tariff_id: str | None
    version: int | None
    name: str | None
    is_sendable: bool
    lost: list[Lost]
    charger_says: list[TariffAssigned]
    told_at: datetime | None


class Why(Struct, frozen=True, forbid_unknown_fields=True):
    """Why something is done; it is kept in the audit log."""

    reason: Reason = ""


class SessionTariff(Struct, frozen=True, forbid_unknown_fields=True):
    """An outlet whose session shall go on with the tariff that applies now."""

    evse_number: int
    reason: Reason = ""


class TextForMany(Struct, frozen=True):
    """A text for many chargers, and on how many it is."""

    id: str
    name: str
    texts: list[Text]
    shown: int
    waiting: int


class Spread(Struct, frozen=True, forbid_unknown_fields=True):
    """On which chargers a text shall stand, and until when."""

    station_ids: Annotated[list[str], Meta(min_length=1, max_length=STATIONS_MAX)]
    ends_at: Instant | None = None
    reason: Reason = ""


class Refusal(Struct, frozen=True):
    """A charger that cannot show a text, and why."""

    station_id: str
    why: str


class Sent(Struct, frozen=True):
    """To how many chargers a text is on its way, and which ones cannot show it."""

    sent: int
    refused: list[Refusal]


class Settlement(Struct, frozen=True, kw_only=True):
    """What a terminal in a charger took."""

    id: str
    station_id: str
    session_id: str | None
    reference: str
    status: str
    amount_minor: int
    currency: str
    receipt_id: str | None
    vat_number: str | None
    settled_at: datetime


class Swap(Struct, frozen=True):
    """Batteries that went in or out of a battery station."""

    request_id: int
    event: str
    serial_numbers: list[str]
    at: datetime


@get("/stations/{station:str}/messages", opt=needs(Permission.STATIONS_READ))
async def list_messages(asked: Asking, station: FromPath[str]) -> Messages:
    """List what is on a charger's display."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        ours = await queries.messages(tx, station_id, asked.now)
        others = await queries.foreign(tx, station_id)
        read_at = await queries.read_at(tx, station_id)
    return Messages(
        [
            Message(
                number=row.number, texts=_texts(row.texts), priority=row.priority, shown_when=row.state,
                starts_at=row.starts_at, ends_at=row.ends_at,
                session_id=shown("ses", row.session_id) if row.session_id else None, state=row.condition,
                word=row.word, created_at=row.created_at,
            )
            for row in ours
        ],
        [ToldMessage(row.number, _texts(row.message.texts), row.reported_at) for row in others],
        read_at,
    )  # fmt: skip


def _texts(texts: list[DisplayText] | tuple[DisplayText, ...]) -> list[Text]:
    return [Text(one.text, one.language) for one in texts]


@post("/stations/{station:str}/messages", opt=needs(Permission.COMMANDS_SEND))
async def show_message(asked: Asking, station: FromPath[str], data: JSONBody[MessageWanted]) -> Command:
    """Put a message on a charger's display."""
    wanted = Wanted(
        texts=tuple(DisplayText(one.text, one.language) for one in data.texts), priority=data.priority,
        state=data.shown_when, starts_at=data.starts_at, ends_at=data.ends_at, evse_number=data.evse_number,
    )  # fmt: skip
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await displays.show(
            tx, asked.actor, station_id, wanted, asked.now, reason=data.reason, known=_models(asked)
        )
    return queued(asked, sent)


@post("/stations/{station:str}/messages/clear", opt=needs(Permission.COMMANDS_SEND))
async def clear_message(asked: Asking, station: FromPath[str], data: JSONBody[Number]) -> Command:
    """Take a message off a display."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await displays.clear_message(
            tx, asked.actor, station_id, data.number, asked.now, reason=data.reason, known=_models(asked)
        )
    return queued(asked, sent)


@post("/stations/{station:str}/messages/read", opt=needs(Permission.COMMANDS_SEND))
async def read_messages(asked: Asking, station: FromPath[str]) -> Command:
    """Ask a charger what it shows."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await displays.read_messages(tx, asked.actor, station_id, asked.now)
    return queued(asked, sent)


@get("/stations/{station:str}/tariff", opt=needs(Permission.STATIONS_READ))
async def show_tariff(asked: Asking, station: FromPath[str]) -> TariffInCharger:
    """Show the tariff that applies at a station, and which one the charger (2.1) says it computes with."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        meant = await displays.meant_for(tx, station_id, asked.now)
        told = await queries.tariffs_told(tx, station_id)
    return TariffInCharger(
        shown("tar", meant[0].tariff_id) if meant else None,
        meant[0].number if meant else None,
        meant[0].name if meant else None,
        bool(meant and meant[1].may_be_sent),
        list(meant[1].lost) if meant else [],
        told.tariffs if told else [],
        told.told_at if told else None,
    )


@post("/stations/{station:str}/tariff/send", opt=needs(Permission.COMMANDS_SEND))
async def send_tariff(asked: Asking, station: FromPath[str], data: JSONBody[Why]) -> Command:
    """Send the tariff that applies to a charger (2.1) that computes prices itself."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await displays.send_tariff(tx, asked.actor, station_id, asked.now, reason=data.reason)
    return queued(asked, sent)


@post("/stations/{station:str}/tariff/session", opt=needs(Permission.COMMANDS_SEND))
async def change_session_tariff(asked: Asking, station: FromPath[str], data: JSONBody[SessionTariff]) -> Command:
    """Let the session at an outlet show the tariff that applies now. What is billed does not change."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await displays.change_session_tariff(
            tx, asked.actor, station_id, data.evse_number, asked.now, reason=data.reason
        )
    return queued(asked, sent)


@post("/stations/{station:str}/tariff/read", opt=needs(Permission.COMMANDS_SEND))
async def read_tariffs(asked: Asking, station: FromPath[str]) -> Command:
    """Ask a charger (2.1) which tariffs it has."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await displays.read_tariffs(tx, asked.actor, station_id, asked.now)
    return queued(asked, sent)


@post("/stations/{station:str}/tariff/clear", opt=needs(Permission.COMMANDS_SEND))
async def clear_tariffs(asked: Asking, station: FromPath[str], data: JSONBody[Why]) -> Command:
    """Take every tariff off a charger (2.1)."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await displays.clear_tariffs(tx, asked.actor, station_id, asked.now, reason=data.reason)
    return queued(asked, sent)


@get("/display-texts", opt=needs(Permission.STATIONS_READ))
async def list_texts(asked: Asking, search: FromQuery[str] = "") -> list[TextForMany]:
    """List the texts for many chargers."""
    async with asked.transaction() as tx:
        rows = await queries.templates(tx, asked.actor.site_ids, search)
    return [TextForMany(shown("txt", row.id), row.name, _texts(row.texts), row.shown, row.waiting) for row in rows]


@post("/display-texts/{text:str}/show", opt=needs(Permission.COMMANDS_SEND))
async def spread_text(asked: Asking, text: FromPath[str], data: JSONBody[Spread]) -> Sent:
    """Put a text on many displays. Needs a reason."""
    stations = [StationId(parsed("sta", one)) for one in data.station_ids]
    async with asked.transaction() as tx:
        sent, refused = await displays.show_template(
            tx, asked.actor, _text_id(text), stations, asked.now, ends_at=data.ends_at, reason=data.reason,
            known=_models(asked),
        )  # fmt: skip
    asked.house.hints.publish([COMMANDS_TOPIC])
    return Sent(sent, [Refusal(shown("sta", station), why) for station, why in refused])


@post("/display-texts/{text:str}/clear", opt=needs(Permission.COMMANDS_SEND))
async def clear_text(asked: Asking, text: FromPath[str], data: JSONBody[Why]) -> Sent:
    """Take a text off every display that shows it."""
    async with asked.transaction() as tx:
        count = await displays.clear_template(tx, asked.actor, _text_id(text), asked.now, reason=data.reason)
    asked.house.hints.publish([COMMANDS_TOPIC])
    return Sent(count, [])


def _models(asked: Asked) -> quirks.Registry:
    return quirks.registry_of(asked.house.settings.quirks_dir)


def _text_id(text: str) -> UUID:
    return parsed("txt", text)


@get("/settlements", opt=needs(Permission.PAYMENTS_READ))
async def list_settlements(
    asked: Asking,
    search: FromQuery[str] = "",
    status: FromQuery[str] = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> list[Settlement]:
    """List what terminals in chargers took, the latest first."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await queries.settlements(tx, asked.actor.site_ids, search, status, limit=limit, offset=offset)
    return [
        Settlement(
            id=row.id.hex, station_id=shown("sta", row.station_id),
            session_id=shown("ses", row.session_id) if row.session_id else None, reference=row.reference,
            status=row.status, amount_minor=row.amount_minor, currency=row.currency, receipt_id=row.receipt_id,
            vat_number=row.vat_number, settled_at=row.settled_at,
        )
        for row in rows
    ]  # fmt: skip


@get("/stations/{station:str}/swaps", opt=needs(Permission.SESSIONS_READ))
async def list_swaps(asked: Asking, station: FromPath[str]) -> list[Swap]:
    """List the latest battery swaps at a station."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        rows = await queries.swaps(tx, station_id)
    return [Swap(row.request_id, row.event, [one.serial for one in row.batteries], row.at) for row in rows]


HANDLERS: Final = [
    list_messages,
    show_message,
    clear_message,
    read_messages,
    show_tariff,
    send_tariff,
    change_session_tariff,
    read_tariffs,
    clear_tariffs,
    list_texts,
    spread_text,
    clear_text,
    list_settlements,
    list_swaps,
]
