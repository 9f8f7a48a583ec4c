"""Who charges: tokens that were shown, made into payers for the sessions and answers for the chargers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from laddverk.access import service as access
from laddverk.access.model import Standing, TokenStanding
from laddverk.kernel.ids import DriverId, StationId, TokenId
from laddverk.ocpp.answers import Authorisation, AuthorisationAnswer
from laddverk.platform.database import Transaction
from laddverk.sessions import store_starts
from laddverk.sessions.model import Payer
from laddverk.sessions.store_starts import Asked
from laddverk.subscriptions import service as subscriptions

NUMBER_MAX: Final = 2**31 - 1
"""The greatest 1.6 transactionId and 2.x remoteStartId: OCPP integers of ours are int32."""
LIMIT_REACHED: Final = "the account's monthly limit is reached"
"""Why a token is refused whose account may spend no more this month."""


class Presented(Struct, frozen=True):
    """A token at a station, and the session it was shown for, if any."""

    station_id: StationId
    token_uid: str
    at: datetime
    remote_start_id: int | None = None
    transaction_key: str | None = None
    stops: bool = False
    """It was shown to end the session: a master tag may."""


class Judged(Struct, frozen=True):
    """What a token that was shown comes to."""

    payer: Payer
    answer: AuthorisationAnswer
    reason: str = ""


UNKNOWN: Final = Judged(
    Payer(accepted=False), AuthorisationAnswer(Authorisation.INVALID), "no such token or start request"
)


async def judged(tx: Transaction, presented: Sequence[Presented], now: datetime) -> list[Judged]:
    """Return what each token comes to: a one-time token is that of its start request, any other that of its holder.

    A one-time token is good for one session only: that which its start request became.
    """
    if not presented:
        return []
    uids = {shown.token_uid for shown in presented if shown.token_uid}
    numbers = {shown.remote_start_id for shown in presented if _is_number(shown.remote_start_id)}
    stations = {shown.station_id for shown in presented}
    asked = await store_starts.asked_for(tx, list(stations), list(uids), [n for n in numbers if n is not None])
    standing = await access.standing(tx, list(uids), now)
    claims = _claims(presented, asked)
    await access.used(tx, _last_shown(presented, standing))
    accounts = await _accounts(tx, presented, claims, standing)
    theirs = {
        number: _at_station(token, accounts.get(number))
        for number, shown in enumerate(presented)
        if (token := standing.get(shown.token_uid)) is not None
    }
    runs = await _running(tx, presented, theirs)
    return [
        _of_request(claims[number], accounts.get(number))
        if number in claims
        else _of_holder(theirs.get(number), shown, runs=number in runs)
        for number, shown in enumerate(presented)
    ]


async def _accounts(
    tx: Transaction,
    presented: Sequence[Presented],
    claims: Mapping[int, Asked],
    standing: Mapping[str, TokenStanding],
) -> dict[int, subscriptions.Standing]:
    """Return what subscriptions and accounts make of each driver, by the position of the token."""
    drivers: dict[int, DriverId] = {}
    for number, shown in enumerate(presented):
        token = standing.get(shown.token_uid)
        holder = claims[number].driver_id if number in claims else None if token is None else token.driver_id
        if holder is not None:
            drivers[number] = DriverId(holder)
    asking = [
        subscriptions.Asking(driver_id, presented[number].station_id, presented[number].at)
        for number, driver_id in drivers.items()
    ]
    return dict(zip(drivers, await subscriptions.standing(tx, asking), strict=True))


def _at_station(token: TokenStanding, account: subscriptions.Standing | None) -> TokenStanding:
    """Return a token's standing as the subscription and the account of its driver have it at one station."""
    if account is None:
        return token
    at_station = replace(
        token,
        driver_group=account.driver_group or token.driver_group,
        settlement=account.settlement or token.settlement,
    )
    if account.refused and token.authorisation is Standing.ACCEPTED and not token.is_master:
        held = {"authorisation": Standing.BLOCKED, "reason": LIMIT_REACHED}
        return replace(at_station, starts_held="limit", **held)
    return at_station


def _last_shown(
    presented: Sequence[Presented], standing: Mapping[str, TokenStanding]
) -> list[tuple[TokenId, datetime]]:
    """Return when each known token among `presented` was shown last."""
    last: dict[TokenId, datetime] = {}
    for shown in presented:
        token = standing.get(shown.token_uid or "")
        if token is not None and token.token_id is not None:
            last[token.token_id] = max(shown.at, last.get(token.token_id, shown.at))
    return sorted(last.items())


async def _running(
    tx: Transaction, presented: Sequence[Presented], theirs: Mapping[int, TokenStanding]
) -> frozenset[int]:
    """Return the positions of tokens whose starts are held back, and which are shown at a charge of theirs that runs.

    Without a transaction it may be to end the charge: then any that runs at the station counts.
    """
    held = {
        number: (shown, token.driver_id)
        for number, shown in enumerate(presented)
        if (token := theirs.get(number)) is not None and token.starts_held and token.driver_id is not None
    }
    if not held:
        return frozenset()
    stations = [shown.station_id for shown, _ in held.values()]
    going = set(await store_starts.running_of(tx, stations, [driver_id for _, driver_id in held.values()]))
    places = {(one.station_id, one.driver_id) for one in going}
    keys = {(one.station_id, one.driver_id, one.transaction_key) for one in going}
    return frozenset(
        number
        for number, (shown, driver_id) in held.items()
        if shown.stops
        or (shown.transaction_key is None and (shown.station_id, driver_id) in places)
        or (shown.station_id, driver_id, shown.transaction_key) in keys
    )


def _is_number(number: int | None) -> bool:
    return number is not None and 0 < number <= NUMBER_MAX


def _claims(presented: Sequence[Presented], asked: Sequence[Asked]) -> dict[int, Asked]:
    """Return, by position in `presented`, the start request that a token answers.

    Of several transactions that show one token, the first in time gets it, however they arrived.
    """
    by_word: dict[tuple[StationId, str | int], Asked] = {}
    for request in asked:
        by_word[(request.station_id, request.token_uid)] = request
        by_word[(request.station_id, request.remote_start_id)] = request
    taken = {request.id: request.transaction_key for request in asked if request.transaction_key is not None}
    claims: dict[int, Asked] = {}
    for number, shown in sorted(enumerate(presented), key=lambda pair: pair[1].at):
        found = _first(by_word, shown)
        if found is None or found.cancelled_at is not None:
            continue
        if shown.transaction_key is None:
            if found.is_open:
                claims[number] = found
        elif taken.setdefault(found.id, shown.transaction_key) == shown.transaction_key:
            claims[number] = found
    return claims


def _first(by_word: dict[tuple[StationId, str | int], Asked], shown: Presented) -> Asked | None:
    words: Iterable[str | int | None] = (shown.token_uid, shown.remote_start_id)
    return next(
        (by_word[shown.station_id, word] for word in words if word and (shown.station_id, word) in by_word), None
    )


def _of_request(request: Asked, account: subscriptions.Standing | None) -> Judged:
    payer = Payer(
        accepted=True,
        driver_id=request.driver_id,
        driver_group=(account.driver_group if account else "") or request.driver_group,
        settlement=(account.settlement if account else None) or request.settlement,
        start_request_id=request.id,
        payment_id=request.payment_id,
    )
    return Judged(payer, AuthorisationAnswer(Authorisation.ACCEPTED), "asked for")


def _of_holder(standing: TokenStanding | None, shown: Presented, *, runs: bool = False) -> Judged:
    if standing is None:
        return UNKNOWN
    authorisation, reason = Authorisation(standing.authorisation.capitalize()), standing.reason
    if runs:
        authorisation, reason = Authorisation.ACCEPTED, "new starts are held back, and this charge runs"
    if standing.is_master and shown.transaction_key is not None and not shown.stops:
        authorisation, reason = Authorisation.INVALID, "a master tag stops sessions and starts none"
    payer = Payer(
        accepted=authorisation is Authorisation.ACCEPTED,
        token_id=standing.token_id,
        driver_id=standing.driver_id,
        driver_group=standing.driver_group or "",
        settlement=standing.settlement or "",
    )
    is_held = standing.driver_id is not None
    answer = AuthorisationAnswer(
        authorisation,
        standing.cache_until,
        group_token=standing.group_code or None,
        language=standing.language if is_held else None,
        message=access.refusal(standing) if is_held and not runs else None,
    )
    return Judged(payer, answer, reason)
