"""Recorders: what chargers say becomes observations, in the window that commits it: one INSERT, and no reading.

What cannot be known without asking (the session behind a number, whether a token was accepted) is made out later, by
the job that lets the detectors hear (`resolving`). Nothing here can fail on what a charger writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, cast

import msgspec
import structlog

from laddverk.certificates.rules_events import is_alarm
from laddverk.diagnostics import observations as seen
from laddverk.diagnostics.observations import Observation, Observed
from laddverk.kernel.ids import StationId
from laddverk.ocpp import facts
from laddverk.ocpp.facts import Fact, SessionFact
from laddverk.platform.database import Transaction
from laddverk.sessions.finding import start_key
from laddverk.sessions.tidy import bigint, int32, tidy, token

TEXT_LENGTH_MAX: Final = 200  # of a code or a word; what is longer says nothing more to a detector
QUEUED_AFTER_MS: Final = 10_000  # a session's message that is older than this may have waited in the charger
QUEUED_AT_MOST_MS: Final = 365 * 24 * 3_600_000  # no message waits for a year: that clock was reset
UNHURRIED: Final = (seen.Beat, seen.Metered)
"""What may wait for a minute until its station is heard; anything else makes it be heard at the next turn."""
BY_NUMBER: Final = "#"
"""Begins the key of a session that is known by our number only, until it is resolved."""

RECORD: Final = """
INSERT INTO observation (station_id, urgent, body)
SELECT station_id, urgent, body FROM unnest($1::uuid[], $2::boolean[], $3::bytea[])
    WITH ORDINALITY AS given (station_id, urgent, body, place) ORDER BY place
"""

log = structlog.get_logger()

encode: Final = msgspec.msgpack.Encoder().encode


async def record(tx: Transaction, given: Sequence[Fact]) -> None:
    """Keep what `given`, which are facts of one type, mean to the detectors; written with the rest of the window."""
    for fact in given:
        try:
            made = MAKERS[type(fact)](fact)
        except Exception as error:  # noqa: BLE001 - diagnosis must never cost a message its place
            log.warning("diagnostics.not_observed", fact=type(fact).__name__, error=repr(error))
            continue
        if made is not None:
            tx.later(_write, (fact.station_id, made))


async def observe(tx: Transaction, observed: Iterable[tuple[StationId, Observation]]) -> None:
    """Keep observations that no message of a charger made: links, commands, outcomes."""
    tx.later(_write, *observed)


async def _write(tx: Transaction, gathered: Sequence[Any]) -> None:
    pairs = cast("list[tuple[StationId, Observed]]", sorted(gathered, key=_received_at))
    await tx.execute(
        RECORD,
        [station_id for station_id, _ in pairs],
        [not isinstance(observed, UNHURRIED) for _, observed in pairs],
        [encode(observed) for _, observed in pairs],
    )


def _received_at(pair: tuple[StationId, Observed]) -> datetime:
    return pair[1].received_at


def short(text: str | None) -> str:
    """Return `text` as a detector needs it: bounded, without NUL."""
    return tidy(text[:TEXT_LENGTH_MAX]) if text else ""


def _times(fact: Fact) -> dict[str, Any]:
    return {"at": fact.at, "received_at": fact.received_at, "clock_off_ms": clock_off_ms(fact)}


def clock_off_ms(fact: Fact) -> int | None:
    """Return how far the charger's clock was ahead, in ms; None when it said no time or may have queued the message."""
    if fact.said_at is None:
        return None
    off = round((fact.said_at - fact.received_at).total_seconds() * 1000)
    if isinstance(fact, SessionFact) and -QUEUED_AT_MOST_MS < off < -QUEUED_AFTER_MS:
        return None
    return off


def _key(fact: SessionFact) -> str:
    if fact.transaction_key:
        return tidy(fact.transaction_key)
    return f"{BY_NUMBER}{fact.transaction_number}" if fact.transaction_number is not None else ""


def _evse(fact: Any) -> int:
    return max(0, int32(fact.evse_number) or 0)


def _booted(fact: facts.Booted) -> Observation:
    return seen.Restarted(**_times(fact), reason=short(fact.reason), firmware=short(fact.firmware))


def _beat(fact: facts.HeartbeatReceived) -> Observation:
    return seen.Beat(at=fact.at, received_at=fact.received_at)


def _state(fact: facts.StatusReported) -> Observation:
    return seen.StateSeen(
        **_times(fact),
        evse_number=_evse(fact),
        connector_number=int32(fact.connector_number) or 0,
        status=fact.status,
        error_code=short(fact.error_code) or None,
        vendor_error_code=short(fact.vendor_error_code) or None,
        vendor_id=short(fact.vendor_id) or None,
        info=short(fact.info) or None,
    )


def _event(fact: facts.EventNotified) -> Observation:
    return seen.EventSeen(
        **_times(fact),
        evse_number=evse_of(fact.component),
        component=short(fact.component),
        variable=short(fact.variable),
        value=short(fact.value),
        trigger=short(fact.trigger),
        severity=int32(fact.severity),
        tech_code=short(fact.tech_code) or None,
        tech_info=short(fact.tech_info) or None,
        cleared=fact.cleared,
    )


def evse_of(component: str) -> int:
    """Return the EVSE in the name of a component as OCPP people write it (`Connector[x]@1.2`); 0 when it has none."""
    number = component.rpartition("@")[2].partition(".")[0] if "@" in component else ""
    return int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 0


def _token(fact: facts.TokenPresented) -> Observation:
    return seen.TokenSeen(
        **_times(fact), token_key=token(fact.token_uid) or "", accepted=False, local=is_shown(fact.token_type)
    )


def is_shown(token_type: str) -> bool:
    """Whether a token of this type comes from a reader; 1.6 says no type, and is resolved later."""
    return token_type not in ("Central", "eMAID", "MacAddress", "NoAuthorization")


def _began(fact: facts.SessionStarted) -> Observation:
    return seen.SessionBegan(
        **_times(fact),
        evse_number=_evse(fact),
        session_key=start_key(fact),
        token_key=token(fact.token_uid) or "",
        local=is_shown(fact.token_type) and fact.remote_start_id is None,
        register_wh=bigint(fact.register_wh),
        offline=fact.offline,
    )


def _changed(fact: facts.SessionUpdated) -> Observation | None:
    if fact.charging_state is None:
        return None
    return seen.SessionChanged(
        **_times(fact), evse_number=_evse(fact), session_key=_key(fact), charging_state=short(fact.charging_state)
    )


def _metered(fact: facts.EnergySampled) -> Observation:
    sample = fact.sample
    rest = sample.rest or {}
    return seen.Metered(
        **_times(fact),
        evse_number=_evse(fact),
        session_key=_key(fact),
        energy_wh=bigint(sample.energy_wh),
        power_w=sample.power_w,
        current_a=_phases(sample.current_l1_a, sample.current_l2_a, sample.current_l3_a),
        voltage_v=_phases(sample.voltage_l1_v, sample.voltage_l2_v, sample.voltage_l3_v),
        soc_percent=sample.soc_percent,
        offered_a=sample.offered_a,
        temperature_c=sample.temperature_c,
        cabinet_c=_number(rest, "Temperature/Body", "Temperature/Inlet") if rest else None,
    )


def _phases(*values: float | None) -> tuple[float | None, float | None, float | None] | None:
    if values[0] is None and values[1] is None and values[2] is None:
        return None
    return values[0], values[1], values[2]


def _number(rest: dict[str, Any], *names: str) -> float | None:
    for name in names:
        kept = rest.get(name)
        value = kept.get("value") if isinstance(kept, dict) else kept
        if isinstance(value, int | float):
            return float(value)
    return None


def _over(fact: facts.SessionEnded) -> Observation:
    return seen.SessionOver(
        **_times(fact),
        evse_number=_evse(fact),
        session_key=_key(fact),
        reason=short(fact.reason),
        register_wh=bigint(fact.register_wh),
    )


def _security(fact: facts.SecurityEventReported) -> Observation:
    return seen.SecuritySeen(
        **_times(fact), kind=short(fact.kind), tech_info=short(fact.tech_info), critical=is_alarm(fact.kind)
    )


MAKERS: Final[dict[type[Fact], Callable[[Any], Observation | None]]] = {
    facts.Booted: _booted,
    facts.HeartbeatReceived: _beat,
    facts.StatusReported: _state,
    facts.EventNotified: _event,
    facts.TokenPresented: _token,
    facts.SessionStarted: _began,
    facts.SessionUpdated: _changed,
    facts.EnergySampled: _metered,
    facts.SessionEnded: _over,
    facts.SecurityEventReported: _security,
}
"""What each fact means to the detectors; facts that are not here mean nothing to them."""
