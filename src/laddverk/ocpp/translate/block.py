"""What a file of a functional block brings: how its messages are read and answered, and its commands are said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from laddverk.ocpp.answers import Answer
from laddverk.ocpp.commands import Command, CommandOutcome
from laddverk.ocpp.facts import Fact
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.translate.origin import Origin

OneAnswer = TypeVar("OneAnswer", bound=Answer)

Readers = dict[str, Callable[[Any, Origin], list[Fact]]]
"""`READERS_16`, `READERS_2X`: by action, what a charger's request states."""
Speakers = dict[type[Command], Callable[[Any], tuple[str, dict[str, Any]]]]
"""`SPEAKERS_16`, `SPEAKERS_2X`: by command, the action and the fields, as they go over the wire, that put it."""
Answerers = dict[str, Callable[[Protocol, Any, Sequence[Answer | None], datetime], dict[str, Any]]]
"""`ANSWERERS`: by action, the fields of the answer to a request, given what the rooms decided. Others get the
smallest valid answer."""
Outcomes = dict[type[Command], Callable[[Any, Any], CommandOutcome]]
"""`OUTCOMES`: by command, what the charger's answer means, where that is more than its status."""


def first(answers: Sequence[Answer | None], kind: type[OneAnswer]) -> OneAnswer | None:
    """Return the first answer of this kind among what the rooms decided; None when there is none."""
    return next((item for item in answers if isinstance(item, kind)), None)
