"""Meter values (functional block J): what the meter showed, as one fact for each instant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from laddverk.ocpp.facts import EnergySampled, Fact, Sample
from laddverk.ocpp.translate import plain
from laddverk.ocpp.translate.block import Readers
from laddverk.ocpp.translate.origin import Origin, digest, place, stamp_at, whole
from laddverk.ocpp.translate.readings import (
    DEFAULT_CONTEXT,
    Read,
    Reading,
    Value2x,
    Value16,
    readings_2x,
    readings_16,
)
from laddverk.ocpp.translate.wide import sample_of
from laddverk.ocpp.v16 import messages as v16
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

NUMBER_MAX_16: Final = 2**31 - 1  # our numbers for 1.6 sessions are int32: what is beyond is not ours (quirk 57)
CONTEXT: Final = attrgetter("context")

MeterValues = (
    Sequence[v16.MeterValue]
    | Sequence[v16.TransactionData]
    | Sequence[v201.MeterValueType]
    | Sequence[v21.MeterValueType]
)
Instant = tuple[str, str, list[Any]]
"""When the charger says it was, the context, and its sampled values."""
Sampled = tuple[str, str, Sample, str]
"""When the charger says it was, the context, what the meter showed, and what makes this itself and no other: a digest
of time and context, and of name, value and unit of each value, as they were said."""


def sampled_16(message: v16.MeterValuesRequest, origin: Origin) -> list[Fact]:
    """Return one fact for each instant; without a usable transactionId it is the connector's session (quirk 65)."""
    evse, oddity = place(message.connector_id)
    number = whole(message.transaction_id, 1, NUMBER_MAX_16)
    samples = samples_16(message.meter_value)
    return energy_sampled(origin, samples, oddity, number=number, evse=evse, connector=1 if evse else 0)


def sampled_2x(message: v201.MeterValuesRequest | v21.MeterValuesRequest, origin: Origin) -> list[Fact]:
    """Return one fact for each instant: readings outside of any session; EVSE 0 is the main meter."""
    evse, oddity = place(message.evse_id)
    return energy_sampled(origin, samples_2x(message.meter_value), oddity, evse=evse)


def energy_sampled(
    origin: Origin,
    samples: Iterable[Sampled],
    oddity: str | None,
    *,
    number: int | None = None,
    evse: int | None = None,
    connector: int | None = None,
) -> list[Fact]:
    """Return one fact for each of `samples`, of the session with this number, else the one at this place."""
    facts: list[Fact] = []
    for said_at, context, sample, key in samples:
        stamp = stamp_at(origin, said_at, oddity)
        facts.append(
            EnergySampled(  # written out: to unpack the stamp would double the time that this takes
                station_id=stamp["station_id"],
                at=stamp["at"],
                received_at=stamp["received_at"],
                said_at=stamp["said_at"],
                flags=stamp["flags"],
                transaction_number=number,
                evse_number=evse,
                connector_number=connector,
                content_key=key,
                context=context,
                sample=sample,
            )
        )
    return facts


def samples_16(entries: MeterValues | None) -> Iterator[Sampled]:
    """Yield what the meter showed at each instant, in 1.6."""
    for said_at, context, values in instants(entries):
        read = read_16(values)
        contents = [(name, value.value, value.unit) for name, value in zip(read.names, values, strict=True)]
        yield said_at, context, read.sample, digest(said_at, context, contents)


def samples_2x(entries: MeterValues | None) -> Iterator[Sampled]:
    """Yield what the meter showed at each instant, in 2.x."""
    for said_at, context, values in instants(entries):
        read = read_2x(values)
        contents = [
            (name, str(value.value), value.unit_of_measure.unit if value.unit_of_measure else None)
            for name, value in zip(read.names, values, strict=True)
        ]
        yield said_at, context, read.sample, digest(said_at, context, contents)


def read_16(values: Sequence[Value16]) -> Read:
    """Return what the values of one instant make in 1.6."""
    return plain.read_16(values) or _weighed(readings_16(values))


def read_2x(values: Sequence[Value2x]) -> Read:
    """Return what the values of one instant make in 2.x."""
    return plain.read_2x(values) or _weighed(readings_2x(values))


def _weighed(readings: Sequence[Reading]) -> Read:
    return Read(sample_of(readings), [reading.name for reading in readings])


def instants(entries: MeterValues | None) -> list[Instant]:
    """Return the values by instant and context, in the order in which these first occur.

    A charger may split one instant over several entries, or put the begin and the end of a session into one.
    """
    found: dict[tuple[str, str], list[Any]] = {}
    for entry in entries or ():
        for context, values in groupby(entry.sampled_value, CONTEXT):
            found.setdefault((entry.timestamp, context or DEFAULT_CONTEXT), []).extend(values)
    return [(said_at, context, values) for (said_at, context), values in found.items()]


READERS_16: Final[Readers] = {"MeterValues": sampled_16}
READERS_2X: Final[Readers] = {"MeterValues": sampled_2x}
