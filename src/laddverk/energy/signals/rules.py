"""Whether a setup makes sense, and what holds after an answer or without one. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from laddverk.energy.circuits.model import Circuit, LimitFrom, Signal
from laddverk.energy.signals.model import CLIENT_MAX, ID_MAX, NAME_MAX, TARGETS_MAX, URL_MAX, Heard, Limited, Setup, Vtn
from laddverk.kernel.problems import Invalid
from laddverk.platform import outgoing

EVERY_RANGE_S: Final = (10.0, 3_600.0)
SILENT_RANGE_S: Final = (60.0, 86_400.0)
SILENCE: Final = "silence"
SILENCE_LASTS: Final = timedelta(days=1)  # renewed while it lasts; should nobody look any more it ends by itself
SILENCE_EARLY: Final = timedelta(hours=1)
BACKOFF_MAX_S: Final = 600.0


def checked_name(name: str) -> str:
    """Return a program's name here. Raises `Invalid`."""
    text = name.strip()
    if not 1 <= len(text) <= NAME_MAX or not text.isprintable():
        raise Invalid("The name has 1 to 80 characters.", field="name")
    return text


def checked_setup(setup: Setup, circuit: Circuit, private_hosts: Collection[str]) -> Setup:
    """Return a setup that can be used. Raises `Invalid` naming the field."""
    _checked_url(setup.url, "url", private_hosts)
    if setup.token_url:
        _checked_url(setup.token_url, "token_url", private_hosts)
    if not 1 <= len(setup.program) <= ID_MAX or not setup.program.isprintable():
        raise Invalid("Give the name of the program, or its id.", field="program")
    if not 1 <= len(setup.client_id) <= CLIENT_MAX or not setup.client_id.isprintable():
        raise Invalid("Give the client id that you got from the server.", field="client_id")
    if len(setup.scope) > CLIENT_MAX or not setup.scope.isprintable():
        raise Invalid("This is too long, or holds what cannot be shown.", field="scope")
    if len(setup.targets) > TARGETS_MAX or any(len(one) > ID_MAX or not one.isprintable() for one in setup.targets):
        raise Invalid("At most 20 names, each of at most 128 characters.", field="targets")
    if not EVERY_RANGE_S[0] <= setup.every_s <= EVERY_RANGE_S[1]:
        raise Invalid("A server is asked every 10 seconds to every hour.", field="every")
    if not max(SILENT_RANGE_S[0], 2 * setup.every_s) <= setup.silent_after_s <= SILENT_RANGE_S[1]:
        raise Invalid(
            "Silence begins after two questions without an answer at the earliest, and after a day at the latest.",
            field="silent_after",
        )  # fmt: skip
    if setup.silent_a is not None and any(
        not 0 <= lower <= most for lower, most in zip(setup.silent_a, circuit.limit_a, strict=True)
    ):
        raise Invalid("Enter at most the limit of the circuit.", field="silent_limit_1")
    return setup


def _checked_url(url: str, field: str, private_hosts: Collection[str]) -> None:
    try:
        parts = outgoing.checked(url, None)
    except outgoing.NotAllowed:
        raise Invalid("This is no address of a server.", field=field, remedy="It begins with https://.") from None
    if len(url) > URL_MAX or parts.query or parts.fragment:
        raise Invalid("This is no address of a server.", field=field, remedy="It ends before any ? or #.")
    listed = {one.strip().lower() for one in private_hosts}
    if parts.scheme != "https" and not {parts.netloc.lower(), parts.hostname} & listed:
        raise Invalid(
            "The secret would travel in clear.", field=field,
            remedy="Use https://, or let the operator list the host in LADDVERK_PRIVATE_HOSTS.",
        )  # fmt: skip


def is_silent(vtn: Vtn, heard: Heard, now: datetime) -> bool:
    """Return whether nothing was heard for longer than people allowed."""
    last = heard.answered_at or vtn.changed_at
    return (now - last).total_seconds() > vtn.setup.silent_after_s


def wait_s(setup: Setup, failures: int, again_s: float) -> float:
    """Return when to ask again: after failures ever more seldom, and never before the server wants it."""
    return max(min(max(BACKOFF_MAX_S, setup.every_s), setup.every_s * float(2 ** min(failures, 6))), again_s)


def signals_of(vtn: Vtn, limits: Collection[Limited], before: Collection[Signal], now: datetime) -> list[Signal]:
    """Return an answer as signals of the program's circuit. One that has begun keeps its beginning."""
    begun = {one.key: one.starts_at for one in before if one.starts_at <= now}
    return [
        Signal(
            circuit_id=vtn.circuit_id, source=LimitFrom.OPENADR, key=(key := f"{prefix_of(vtn)}{limit.key}"),
            starts_at=begun.get(key, limit.starts_at) if limit.starts_at <= now else limit.starts_at,
            ends_at=limit.ends_at, limit_a=limit.limit_a, note=limit.note[:100],
        )
        for limit in limits
    ]  # fmt: skip


def silence_of(vtn: Vtn, before: Signal | None, now: datetime) -> Signal | None:
    """Return what holds while a program is silent; None where nothing was entered for that."""
    if vtn.setup.silent_a is None:
        return None
    if before is not None and before.ends_at - now > SILENCE_EARLY and before.limit_a == vtn.setup.silent_a:
        return before
    return Signal(
        circuit_id=vtn.circuit_id, source=LimitFrom.OPENADR, key=f"{prefix_of(vtn)}{SILENCE}",
        starts_at=before.starts_at if before is not None else now, ends_at=now + SILENCE_LASTS,
        limit_a=vtn.setup.silent_a, note=vtn.name,
    )  # fmt: skip


def prefix_of(vtn: Vtn) -> str:
    """Return what the keys of a program's limits begin with."""
    return f"{vtn.id.hex}:"
