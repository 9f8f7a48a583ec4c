"""Transactions (functional block E): a session starts, goes on and ends; in 1.6 by three messages, in 2.x by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from laddverk.ocpp.answers import Answer, Authorisation, AuthorisationAnswer, CostAnswer, StartAnswer
from laddverk.ocpp.facts import EnergySampled, Fact, Sample, SessionEnded, SessionStarted, SessionUpdated
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.translate.authorization import tag_info, token_info
from laddverk.ocpp.translate.block import Answerers, Readers, first
from laddverk.ocpp.translate.meter_values import NUMBER_MAX_16, energy_sampled, instants, read_2x, samples_16
from laddverk.ocpp.translate.origin import BIGINT_MAX, Origin, digest, place, said, stamp, stamp_at, token, whole
from laddverk.ocpp.translate.tariff_cost import computed_21
from laddverk.ocpp.v16 import messages as v16
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

CHARGING_STATES: Final = {
    "charging": "charging",
    "evconnected": "ev_connected",
    "suspendedev": "suspended_ev",
    "suspendedevse": "suspended_evse",
    "idle": "idle",
}
ORPHAN_BASE: Final = 2**30  # numbers from here on are for sessions that could not be recorded; ours count from 1
DEFAULT_REASON: Final = "Local"  # what a missing reason means, in all versions

Timed = tuple[str, str, Sample]
"""When the charger says it was, the context, and what the meter showed."""
TransactionEvent = v201.TransactionEventRequest | v21.TransactionEventRequest


def started_16(message: v16.StartTransactionRequest, origin: Origin) -> list[Fact]:
    """Return the start of a session, named by its content, so that a repeated start is the same (law 2, quirk 31).

    reservationId 0 is none (quirk 45).
    """
    evse, oddity = place(message.connector_id)
    return [
        SessionStarted(
            **stamp_at(origin, message.timestamp, oddity),
            transaction_key=start_key(message),
            evse_number=evse,
            connector_number=1,
            content_key="start",
            token_uid=token(message.id_tag),
            register_wh=whole(message.meter_start, -BIGINT_MAX, BIGINT_MAX),
            reservation_id=whole(message.reservation_id, 1),
        )
    ]


def start_key(message: v16.StartTransactionRequest) -> str:
    """Return the name of a 1.6 session: a digest of connector, tag, time and register as the charger said them."""
    return digest(message.connector_id, message.id_tag, message.timestamp, message.meter_start)


def ended_16(message: v16.StopTransactionRequest, origin: Origin) -> list[Fact]:
    """Return the readings that came with the end, then the end.

    A number that we cannot have given names no session (quirks 56, 57): the end is recorded all the same.
    """
    number = whole(message.transaction_id, 1, NUMBER_MAX_16)
    oddity = None if number else f"transactionId {message.transaction_id!r} names no session"
    content = digest(message.transaction_id, message.timestamp, message.meter_stop)
    ended = SessionEnded(
        **stamp_at(origin, message.timestamp, oddity),
        transaction_number=number,
        content_key="stop" if number else f"stop {content}",
        register_wh=whole(message.meter_stop, -BIGINT_MAX, BIGINT_MAX),
        reason=str(message.reason or DEFAULT_REASON),
        token_uid=token(message.id_tag),
    )
    return [*energy_sampled(origin, samples_16(message.transaction_data), oddity, number=number), ended]


def start_answer_16(message: v16.StartTransactionRequest, answer: StartAnswer | None) -> dict[str, Any]:
    """Return the fields of StartTransactionResponse.

    A start that could not be recorded gets a number that is the same each time it is repeated, and is no session's
    of ours.
    """
    answer = answer or StartAnswer()
    number = answer.transaction_number
    if number <= 0:
        number = ORPHAN_BASE + int(start_key(message), 16) % ORPHAN_BASE
    accepted = AuthorisationAnswer(authorisation=Authorisation.ACCEPTED)
    return {"transactionId": number, "idTagInfo": tag_info(answer.authorisation or accepted)}


def stop_answer_16(answer: StartAnswer | None) -> dict[str, Any]:
    """Return the fields of StopTransactionResponse: what we say of the token, if one was given."""
    return {"idTagInfo": tag_info(answer.authorisation) if answer and answer.authorisation else None}


def with_cost(answer: StartAnswer | None, cost: CostAnswer | None) -> StartAnswer | None:
    """Return what is told with the cost by the message's own readings."""
    if answer is None or cost is None:
        return answer
    return replace(answer, total_cost=cost.total_cost, message=cost.message, message_language=cost.message_language)


def event_answer(protocol: Protocol, answer: StartAnswer | None) -> dict[str, Any]:
    """Return the fields of TransactionEventResponse: the cost so far, in words too, and what we say of the token.

    The most that it may cost has a place in 2.1 only.
    """
    if answer is None:
        return {}
    info = token_info(answer.authorisation) if answer.authorisation else None
    message = {"format": "UTF8", "language": answer.message_language or None, "content": answer.message[:512]}
    limited = answer.cost_limit is not None and protocol is Protocol.V21
    return {
        "totalCost": answer.total_cost,
        "idTokenInfo": info,
        "updatedPersonalMessage": {name: value for name, value in message.items() if value} if answer.message else None,
        "transactionLimit": {"maxCost": answer.cost_limit} if limited else None,
    }


def event_2x(message: TransactionEvent, origin: Origin) -> list[Fact]:
    """Return what one TransactionEvent states: a start before its readings, an end after them.

    An event of an unknown type is taken for an update: it says that the session goes on.
    """
    kind = str(message.event_type)
    about = {**_stamped(message, origin), **_named(message)}
    timed = [(said_at, context, read_2x(values).sample) for said_at, context, values in instants(message.meter_value)]
    samples = [_sampled(message, about, index, each, origin) for index, each in enumerate(timed)]
    costs = computed_21(message, origin)
    match kind:
        case "Started":
            return [_started(message, about, timed), *samples, *costs]
        case "Ended":
            return [*samples, _ended(message, about, timed), *costs]
        case "Updated":
            return [_updated(message, about), *samples, *costs]
    odd = {**about, **_stamped(message, origin, f"unknown eventType {kind!r}")}
    return [_updated(message, odd), *samples, *costs]


def _named(message: TransactionEvent) -> dict[str, Any]:
    """Return which session the event is about, and what makes the event itself: its seqNo, else its content."""
    number = whole(message.seq_no)
    evse = message.evse
    evse_number = place(evse.id)[0] if evse else 0
    return {
        "transaction_key": said(message.transaction_info.transaction_id),
        "evse_number": evse_number or None,
        "connector_number": whole(evse.connector_id, 1, NUMBER_MAX_16) if evse and evse_number else None,
        "content_key": digest(str(message.event_type), message.timestamp) if number is None else str(number),
        "offline": bool(message.offline),
    }


def _sampled(message: TransactionEvent, about: dict[str, Any], index: int, timed: Timed, origin: Origin) -> Fact:
    """Return one of an event's readings: they share its seqNo, and mostly its time, and differ by their place in it."""
    said_at, context, sample = timed
    stamp = about if said_at and said_at == message.timestamp else stamp_at(origin, said_at)
    return EnergySampled(  # written out: to unpack the names would double the time that this takes
        station_id=stamp["station_id"],
        at=stamp["at"],
        received_at=stamp["received_at"],
        said_at=stamp["said_at"],
        flags=stamp["flags"],
        transaction_key=about["transaction_key"],
        evse_number=about["evse_number"],
        connector_number=about["connector_number"],
        content_key=f"{about['content_key']}/{index}",
        offline=about["offline"],
        context=context,
        sample=sample,
    )


def _started(message: TransactionEvent, about: dict[str, Any], timed: list[Timed]) -> SessionStarted:
    return SessionStarted(
        **about,
        **_token(message),
        register_wh=_register(timed, "Transaction.Begin"),
        remote_start_id=message.transaction_info.remote_start_id,
        reservation_id=message.reservation_id,
        trigger=str(message.trigger_reason),
        charging_state=_state(message),
    )


def _updated(message: TransactionEvent, about: dict[str, Any]) -> SessionUpdated:
    return SessionUpdated(
        **about,
        **_token(message),
        charging_state=_state(message),
        remote_start_id=message.transaction_info.remote_start_id,
        trigger=str(message.trigger_reason),
    )


def _ended(message: TransactionEvent, about: dict[str, Any], timed: list[Timed]) -> SessionEnded:
    return SessionEnded(
        **about,
        token_uid=_token(message)["token_uid"],
        register_wh=_register(timed, "Transaction.End"),
        reason=str(message.transaction_info.stopped_reason or DEFAULT_REASON),
    )


def _stamped(message: TransactionEvent, origin: Origin, oddity: str | None = None) -> Any:
    return stamp_at(origin, message.timestamp, oddity) if message.timestamp else stamp(origin, oddity)


def _token(message: TransactionEvent) -> dict[str, Any]:
    """Return the token of an event. `NoAuthorization` comes with an empty one, legally (quirk 80)."""
    if message.id_token is None:
        return {"token_uid": None, "token_type": ""}
    return {"token_uid": token(message.id_token.id_token), "token_type": str(message.id_token.type)}


def _state(message: TransactionEvent) -> str | None:
    return CHARGING_STATES.get(str(message.transaction_info.charging_state or "").lower())


def _register(timed: list[Timed], context: str) -> int | None:
    """Return the import register at the beginning or end: that of the context, else the nearest one in the event."""
    ordered = timed if context == "Transaction.Begin" else timed[::-1]
    found = [(said, sample.energy_wh) for _, said, sample in ordered]
    exact = [register for said, register in found if said == context and register is not None]
    return next(iter([*exact, *(register for _, register in found if register is not None)]), None)


def _start_answer(
    _protocol: Protocol, message: Any, answers: Sequence[Answer | None], _now: datetime
) -> dict[str, Any]:
    return start_answer_16(message, first(answers, StartAnswer))


def _stop_answer(
    _protocol: Protocol, _message: Any, answers: Sequence[Answer | None], _now: datetime
) -> dict[str, Any]:
    return stop_answer_16(first(answers, StartAnswer))


def _event_answer(protocol: Protocol, message: Any, answers: Sequence[Answer | None], _now: datetime) -> dict[str, Any]:
    """At the end the cost is that of the whole session, which was reckoned after its readings were kept."""
    has_ended = str(message.event_type) == "Ended"
    cost = None if has_ended else first(answers, CostAnswer)
    return event_answer(protocol, with_cost(first(answers, StartAnswer), cost))


READERS_16: Final[Readers] = {"StartTransaction": started_16, "StopTransaction": ended_16}
READERS_2X: Final[Readers] = {"TransactionEvent": event_2x}
ANSWERERS: Final[Answerers] = {
    "StartTransaction": _start_answer,
    "StopTransaction": _stop_answer,
    "TransactionEvent": _event_answer,
}
