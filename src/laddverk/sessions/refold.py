"""Writing sessions anew from everything that is known of them, and telling who must know.

This is the one place where a session row gets its meaning: at its start, at its end, and whenever something arrives
late or odd. In between, readings of running sessions only touch a few columns (`recording`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.events import Event
from laddverk.kernel.ids import SessionId, TariffVersionId
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.sessions import rules, store_fold, store_starts
from laddverk.sessions.fold import fold, span
from laddverk.sessions.model import (
    STICKY,
    Doubt,
    Folded,
    OpenRow,
    SessionClosed,
    SessionOpened,
    Settlement,
    StoredEvent,
)
from laddverk.sessions.store_fold import SavedRow, Span, Surroundings
from laddverk.stations import service as stations
from laddverk.stations.model import Deed
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import TariffVersion, Wish

EXPECTED_WH: Final = 1  # of a running session nobody knows; that there will be some is what doubts are about


class Anew(Struct, frozen=True):
    """A session as it was and as all that is known makes it."""

    row: OpenRow
    around: Surroundings
    folded: Folded

    @property
    def wants_tariff(self) -> bool:
        """Whether its tariff must be (re)chosen: it has none, or what chose it turned out otherwise."""
        if self.around.settled:
            return False
        token_is_new = self.folded.token_uid is not None and self.folded.token_uid != self.row.token_uid
        moved = self.folded.started_at != self.row.started_at
        return self.around.tariff_version_id is None or token_is_new or moved


async def refold(tx: Transaction, rows: Sequence[OpenRow], created: frozenset[SessionId] = frozenset()) -> None:
    """Fold `rows` (locked) from their messages and readings, write what changed, publish what happened.

    A session whose money has moved is left as it is, and doubted when the truth has become another.
    """
    anew = await _folded(tx, rows)
    if not anew:
        return
    chosen = await _tariffs(tx, anew)
    saved = [_saved(each, chosen) for each in anew]
    settled = [each.row.id for each in anew if each.around.settled and _moved(each, None)]
    kept = [(each, row) for each, row in zip(anew, saved, strict=True) if not each.around.settled]
    await store_fold.save(tx, [row for _, row in kept])
    await store_fold.doubt(tx, settled, Doubt.CHANGED_AFTER_SETTLEMENT)
    await store_starts.link(tx, [(row.start_request_id, row.id) for _, row in kept if row.start_request_id])
    await outbox.publish(tx, _events(kept, created))
    await _confirm(tx, [each for each, _ in kept], created)


async def _folded(tx: Transaction, rows: Sequence[OpenRow]) -> list[Anew]:
    if not rows:
        return []
    events = await store_fold.events_of(tx, rows)
    told = [
        (row, events[row.station_id, row.transaction_key])
        for row in rows
        if (row.station_id, row.transaction_key) in events
    ]
    spans = [_span(row, its_events) for row, its_events in told]
    around = await store_fold.surroundings_of(tx, spans)
    samples = await store_fold.samples_of(tx, spans)
    return [
        Anew(row, around[row.id], fold(its_events, samples.get(row.id, ()), around[row.id].power_max_w))
        for row, its_events in told
    ]


def _span(row: OpenRow, events: Sequence[StoredEvent]) -> Span:
    evse_number, connector_number, started_at, ended_at = span(events)
    return Span(row.id, row.station_id, row.transaction_key, evse_number, connector_number, started_at, ended_at)


async def _tariffs(tx: Transaction, anew: Sequence[Anew]) -> dict[SessionId, TariffVersion | None]:
    """Choose tariffs where they are wanted: that which the payer was shown, else that in force at the start."""
    wanting = [each for each in anew if each.wants_tariff]
    shown = await store_starts.shown_tariffs(
        tx, [payer.start_request_id for each in wanting if (payer := each.folded.payer) and payer.start_request_id]
    )
    versions = await tariffs.versions(tx, [TariffVersionId(version) for version in set(shown.values())])
    in_force = await tariffs.chosen(
        tx,
        [_wish(each) for each in wanting],
        [each.folded.started_at for each in wanting],
    )
    chosen: dict[SessionId, TariffVersion | None] = {}
    for each, otherwise in zip(wanting, in_force, strict=True):
        request_id = each.folded.payer.start_request_id if each.folded.payer else None
        was_shown = shown.get(request_id) if request_id else None
        chosen[each.row.id] = versions.get(was_shown, otherwise) if was_shown else otherwise
    return chosen


def _wish(each: Anew) -> Wish:
    payer = each.folded.payer
    return Wish(
        each.row.station_id,
        payer.driver_group if payer else "",
        each.folded.evse_number,
        each.folded.connector_number,
        payer.driver_id if payer else None,
    )


def _saved(each: Anew, chosen: dict[SessionId, TariffVersion | None]) -> SavedRow:
    folded, around, payer = each.folded, each.around, each.folded.payer
    rechosen = each.row.id in chosen
    version = chosen.get(each.row.id)
    has_tariff = version is not None if rechosen else around.tariff_version_id is not None
    free = version.tariff.free if version is not None else (not rechosen and around.free)
    sticky = STICKY & {Doubt(word) for word in around.doubts if word in STICKY}
    energy_wh = folded.energy_wh if folded.ended_at is not None else EXPECTED_WH
    doubts = folded.doubts | rules.payer_doubts(payer, energy_wh, free=free) | sticky
    if not has_tariff:
        doubts |= {Doubt.NO_TARIFF}
    approved = around.approved_version == around.version and not _moved(each, version)
    settlement = rules.settlement_of(payer, energy_wh, doubts, free=free, approved=approved)
    if each.row.ended_at is not None and around.settlement == Settlement.INVOICE and settlement is Settlement.PAYMENT:
        settlement = Settlement.INVOICE  # the payment failed, and an invoice takes its place
    row = _row(each, settlement, doubts, version, rechosen=rechosen)
    other = _moved(each, version) or (row.settlement != around.settlement and not approved)
    if each.row.ended_at is not None and other and Doubt.WRITTEN_OFF not in doubts:
        return replace(row, version=row.version + 1, unpriced=True)
    return row


def _row(
    each: Anew, settlement: Settlement, doubts: frozenset[Doubt], version: TariffVersion | None, *, rechosen: bool
) -> SavedRow:
    folded, payer = each.folded, each.folded.payer
    shared: dict[str, Any] = {name: getattr(folded, name) for name in SHARED}
    return SavedRow(
        **shared,
        id=each.row.id,
        token_id=payer.token_id if payer else None,
        driver_id=payer.driver_id if payer else None,
        start_request_id=payer.start_request_id if payer else None,
        payment_id=payer.payment_id if payer else None,
        settlement=settlement,
        doubts=tuple(sorted(doubts)),
        tariff_version_id=version.id if version else None,
        tariff=version.tariff if version else None,
        timezone=each.around.timezone,
        version=each.around.version,
        rechosen=rechosen,
        unpriced=False,
    )


SHARED = tuple(name for name in SavedRow.__struct_fields__ if name in Folded.__struct_fields__ and name != "doubts")


def _moved(each: Anew, version: TariffVersion | None) -> bool:
    """Whether anything that money depends on is other than before: the times, the energy, the payer or the prices."""
    before = (each.row.started_at, each.row.ended_at, each.row.energy_wh, each.around.charging_ended_at)
    folded = each.folded
    after = (folded.started_at, folded.ended_at, folded.energy_wh, folded.charging_ended_at)
    tariff_moved = version is not None and version.id != each.around.tariff_version_id
    return before != after or tariff_moved or folded.token_uid != each.row.token_uid


def _events(kept: Sequence[tuple[Anew, SavedRow]], created: frozenset[SessionId]) -> list[Event]:
    opened: list[Event] = [
        SessionOpened(session_id=row.id, start_request_id=row.start_request_id) for _, row in kept if row.id in created
    ]
    closed: list[Event] = [
        SessionClosed(session_id=row.id, version=row.version)
        for each, row in kept
        if row.ended_at is not None and (each.row.ended_at is None or row.version != each.around.version)
    ]
    return opened + closed


async def _confirm(tx: Transaction, anew: Sequence[Anew], created: frozenset[SessionId]) -> None:
    """Tell the commands that asked for it that a session started or ended (law 7)."""
    deeds = [deed for each in anew for deed in _deeds(each, is_new=each.row.id in created)]
    if deeds:
        await stations.confirm(tx, deeds, max(deed.at for deed in deeds))


def _deeds(each: Anew, *, is_new: bool) -> Iterator[Deed]:
    station_id, folded = each.row.station_id, each.folded
    token_is_new = folded.token_uid != each.row.token_uid
    if (is_new or token_is_new) and folded.payer is not None and folded.payer.start_request_id is not None:
        by_number = folded.remote_start_id is not None
        match: dict[str, Any] = (
            {"remote_start_id": folded.remote_start_id} if by_number else {"token_uid": folded.token_uid}
        )
        yield Deed(station_id=station_id, kind="start_charging", at=folded.told_at, match=match)
    if folded.ended_at is not None and each.row.ended_at is None:
        number = {"transaction_number": each.row.number}
        yield Deed(station_id=station_id, kind="stop_charging", at=folded.told_at, match=number)
