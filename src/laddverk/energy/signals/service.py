"""Adding, changing and removing programs of OpenADR, and keeping what they say. Every change by a person is audited."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.energy.circuits import editing, senders
from laddverk.energy.circuits import service as changing
from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.limits import lowest
from laddverk.energy.circuits.model import LimitFrom, Signal
from laddverk.energy.signals import events, rules, store
from laddverk.energy.signals.asking import Answer
from laddverk.energy.signals.model import VTNS_MAX, Heard, Oddity, Remark, Setup, Trouble, Unheard, Vtn, VtnId
from laddverk.kernel.actors import Actor, Permission, rule
from laddverk.kernel.ids import SiteId, new_id
from laddverk.kernel.problems import Invalid, NotFound, TooMany
from laddverk.platform import audit
from laddverk.platform.database import Transaction

ACTOR: Final = rule("OpenADR")
REMARKS_MAX: Final = 30  # a page of them says enough
KEPT_MIN: Final = 20  # of a program's limits where a site has too many: those of the next hours


async def add(
    tx: Transaction, actor: Actor, site_id: SiteId, circuit_id: UUID, name: str, setup: Setup, now: datetime, *,
    reason: str, private_hosts: Collection[str] = (), secret: bytes | None = None, vtn_id: VtnId | None = None,
) -> Vtn:  # fmt: skip
    """Let a program limit a circuit, and return it. Raises `NotAllowed`, `NotFound`, `Invalid`, `TooMany`."""
    actor.require(Permission.STATIONS_WRITE)
    actor.require_site(site_id)
    if not await store.lock_site(tx, site_id):
        raise NotFound("There is no such site.", field="site_id")
    if await store.count(tx, site_id) >= VTNS_MAX:
        raise TooMany("At most %(max)s programs limit a site.", max=VTNS_MAX)
    if secret is None:
        raise Invalid("Give the secret that you got from the server.", field="secret")
    circuit = editing.circuit_in(await circuits.tree(tx, site_id), circuit_id)
    made = Vtn(
        id=vtn_id or VtnId(new_id()), site_id=site_id, circuit_id=circuit.id, name=rules.checked_name(name),
        setup=rules.checked_setup(setup, circuit, private_hosts), secret=secret, made_at=now, changed_at=now,
    )  # fmt: skip
    why = changing.checked_reason(reason)
    await store.put(tx, made)
    await _audited(tx, actor, "vtn.added", made, why, now)
    return made


async def change(
    tx: Transaction, actor: Actor, vtn_id: UUID, circuit_id: UUID, name: str, setup: Setup, now: datetime, *,
    reason: str, private_hosts: Collection[str] = (), secret: bytes | None = None,
) -> Vtn:  # fmt: skip
    """Change how a program is asked. Without `secret` it keeps the one it has. What it said before is over."""
    before = await seen(tx, actor, vtn_id, Permission.STATIONS_WRITE)
    circuit = editing.circuit_in(await circuits.tree(tx, before.site_id), circuit_id)
    if secret is None and (before.setup.url, before.setup.token_url) != (setup.url, setup.token_url):
        raise Invalid(
            "The secret is for another server.", field="secret", remedy="Enter the secret that this server knows."
        )
    after = replace(
        before, circuit_id=circuit.id, name=rules.checked_name(name),
        setup=rules.checked_setup(setup, circuit, private_hosts), secret=secret or before.secret, changed_at=now,
    )  # fmt: skip
    why = changing.checked_reason(reason)
    await _ended(tx, actor, before, now)
    await store.put(tx, after)
    await _audited(tx, actor, "vtn.changed", after, why, now)
    return after


async def remove(tx: Transaction, actor: Actor, vtn_id: UUID, now: datetime, *, reason: str) -> Vtn:
    """Ask a program no more; what it limited is free again."""
    vtn = await seen(tx, actor, vtn_id, Permission.STATIONS_WRITE)
    why = changing.checked_reason(reason)
    await _ended(tx, actor, vtn, now)
    await store.retire(tx, vtn.id, now)
    await _audited(tx, actor, "vtn.removed", vtn, why, now)
    return vtn


async def seen(tx: Transaction, actor: Actor, vtn_id: UUID, needed: Permission) -> Vtn:
    """Return a program that `actor` may use so. Raises `NotAllowed`, `NotFound`."""
    actor.require(needed)
    vtn = await store.vtn(tx, vtn_id)
    if vtn is None or (actor.site_ids is not None and vtn.site_id not in actor.site_ids):
        raise NotFound("There is no such program.", field="vtn_id")
    return vtn


async def answered(tx: Transaction, vtn: Vtn, answer: Answer, now: datetime) -> Heard | None:
    """Keep what a program answered: its limits hold, what it does not say any more is over, silence ends.

    Return what was heard; None when the program was changed or removed meanwhile: then nothing is kept.
    """
    tree = await circuits.locked(tx, vtn.site_id)
    circuit = next((one for one in tree.circuits if one.id == vtn.circuit_id), None) if tree is not None else None
    if tree is None or circuit is None:
        return await _left(tx, vtn, answer, now)
    found, unreadable = events.decoded(answer.events)
    read = events.read(found, events.Frame(
        circuit=circuit, wiring=tree.wiring, now=now, silent_a=vtn.setup.silent_a, targets=vtn.setup.targets,
        units=answer.units, clock_ahead=answer.clock_ahead,
    ))  # fmt: skip
    too_many = () if answer.is_whole else (Remark(oddity=Oddity.TOO_MANY, detail=str(len(answer.events))),)
    heard = _heard(answer, len(found), len(read.limits), (*too_many, *unreadable, *read.remarks), now)
    if not await store.keep_heard(tx, vtn, heard):
        return None
    before = await circuits.of_sender(tx, vtn.circuit_id, LimitFrom.OPENADR, rules.prefix_of(vtn), now)
    await _say(tx, vtn, rules.signals_of(vtn, read.limits, before, now), now)
    return heard


def _heard(answer: Answer, count: int, limits: int, remarks: tuple[Remark, ...], now: datetime) -> Heard:
    return Heard(
        asked_at=now, answered_at=now, events=count, limits=limits, remarks=remarks[:REMARKS_MAX],
        program_id=answer.program_id[:200], program_name=_shown(answer.program_name),
        clock_ahead_s=answer.clock_ahead.total_seconds(),
    )  # fmt: skip


def _shown(text: str) -> str:
    return "".join(character for character in text[:200] if character.isprintable())


async def _left(tx: Transaction, vtn: Vtn, answer: Answer, now: datetime) -> Heard | None:
    """The circuit is gone: there is nothing to limit."""
    heard = _heard(answer, len(answer.events), 0, (), now)
    return heard if await store.keep_heard(tx, vtn, heard) else None


async def unanswered(tx: Transaction, vtn: Vtn, trouble: Unheard, now: datetime) -> Heard | None:
    """Keep why nothing came. After too long the limit of silence holds; what was heard before holds to its end."""
    before = (await store.heard(tx, [vtn.id])).get(vtn.id, Heard())
    is_same = before.trouble is not None and before.trouble.why is trouble.why
    since = before.trouble.since if is_same and before.trouble is not None else now
    silent = rules.is_silent(vtn, before, now)
    heard = replace(
        before, asked_at=now, trouble=Trouble(why=trouble.why, detail=trouble.detail, since=since), is_silent=silent,
        again_at=now + timedelta(seconds=trouble.again_s) if trouble.again_s else None,
    )  # fmt: skip
    if not await store.keep_heard(tx, vtn, heard):
        return None
    if silent:
        await _silence(tx, vtn, now)
    return heard


async def _silence(tx: Transaction, vtn: Vtn, now: datetime) -> None:
    before = await circuits.of_sender(tx, vtn.circuit_id, LimitFrom.OPENADR, rules.prefix_of(vtn), now)
    held = next((one for one in before if one.key.endswith(rules.SILENCE)), None)
    silence = rules.silence_of(vtn, held, now)
    rest = [one for one in before if one is not held]
    if silence is not None and silence != held:
        await _say(tx, vtn, [*rest, silence], now)


async def _say(tx: Transaction, vtn: Vtn, signals: Collection[Signal], now: datetime) -> None:
    """Keep limits, none above the fuse; where the site cannot hold so many, those that begin first."""
    tree = await circuits.tree(tx, vtn.site_id)
    circuit = next((one for one in tree.circuits if one.id == vtn.circuit_id), None)
    if circuit is None:
        return  # there is nothing to limit any more
    given = [
        replace(one, limit_a=lowest(one.limit_a, circuit.limit_a))
        for one in sorted(signals, key=lambda one: one.starts_at)
    ]
    whose = (vtn.site_id, circuit.id, LimitFrom.OPENADR, rules.prefix_of(vtn))
    try:
        async with tx.savepoint():
            await senders.said(tx, ACTOR, *whose, given, now)
    except TooMany:
        await senders.said(tx, ACTOR, *whose, given[:KEPT_MIN], now)


async def _ended(tx: Transaction, actor: Actor, vtn: Vtn, now: datetime) -> None:
    try:
        await senders.said(tx, actor, vtn.site_id, vtn.circuit_id, LimitFrom.OPENADR, rules.prefix_of(vtn), (), now)
    except NotFound:
        return  # its circuit is gone, and what limited it with it


async def _audited(tx: Transaction, actor: Actor, action: str, vtn: Vtn, why: str, now: datetime) -> None:
    detail = {
        "vtn": str(vtn.id), "name": vtn.name, "url": vtn.setup.url, "program": vtn.setup.program,
        "circuit_id": str(vtn.circuit_id), "silent_a": vtn.setup.silent_a, "silent_after_s": vtn.setup.silent_after_s,
    }  # fmt: skip
    await audit.write(tx, actor, action, "site", vtn.site_id, at=now, reason=why, detail=detail)
