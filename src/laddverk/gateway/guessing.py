"""The limit on guessing keys: by address, by address and station, and for all together. Pure; it is told the time.

Only who fails is held back, so that nobody can lock a genuine station out: one that has come in from an address
before is not held back by the failures of its neighbours there (many chargers share the address of a mobile network).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Final

from laddverk.gateway import limits
from laddverk.stations.service import Guesses

IPV6_SUBSCRIBER_BITS: Final = 64  # one subscriber has at least so many addresses
EVERYBODY: Final = ""


class Buckets:
    """Failures that leak away: each key may have `per_minute` of them at once, and as many again in a minute."""

    def __init__(self, per_minute: int, remembered: int = limits.FAILURES_REMEMBERED) -> None:
        self._per_minute = per_minute
        self._remembered = remembered
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def level(self, key: Hashable, now_s: float) -> float:
        """Return how many failures of `key` have not leaked away at `now_s`."""
        level, at_s = self._levels.get(key, (0.0, now_s))
        return max(0.0, level - (now_s - at_s) * self._per_minute / 60)

    def is_full(self, key: Hashable, now_s: float) -> bool:
        """Return whether `key` must wait."""
        return self.level(key, now_s) > self._per_minute - 1

    def fill(self, key: Hashable, now_s: float) -> None:
        """Add a failure of `key`. The key that has not failed for longest is forgotten when there are too many."""
        level = self.level(key, now_s) + 1
        self._levels.pop(key, None)
        self._levels[key] = (level, now_s)
        if len(self._levels) > self._remembered:
            self._levels.popitem(last=False)

    def empty(self, key: Hashable) -> None:
        """Forget the failures of `key`."""
        self._levels.pop(key, None)


@dataclass(slots=True)
class Tally:
    """What one address has tried since it was last told."""

    attempts: int = 0
    identities: set[str] = field(default_factory=set)
    was_held_back: bool = False


class Guard:
    """Says who may try a key now, how long a refusal takes, and who must be told of."""

    def __init__(
        self,
        per_address: int = limits.FAILED_HANDSHAKES_PER_MIN,
        per_pair: int = limits.FAILED_HANDSHAKES_OF_ONE_PER_MIN,
    ) -> None:
        self._addresses = Buckets(per_address)
        self._pairs = Buckets(per_pair)
        self._all = Buckets(int(limits.FAILURES_ALL_PER_S * 60), 1)
        self._homes: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._tallies: OrderedDict[str, Tally] = OrderedDict()

    def may_try(self, address: str, identity: str, now_s: float) -> bool:
        """Return whether `address` may show a key for `identity` now. One that may not is counted."""
        place = subscriber(address)
        pair = (place, identity)
        full = self._pairs.is_full(pair, now_s)
        if not full and pair not in self._homes:
            full = self._addresses.is_full(place, now_s)
        if full:
            self._count(place, identity).was_held_back = True
        return not full

    def failed(self, address: str, identity: str, now_s: float) -> None:
        """Note that `address` was refused."""
        place = subscriber(address)
        self._addresses.fill(place, now_s)
        self._pairs.fill((place, identity), now_s)
        self._all.fill(EVERYBODY, now_s)
        self._count(place, identity)

    def succeeded(self, address: str, identity: str) -> None:
        """Note that a station came in from `address`: it is at home there."""
        pair = (subscriber(address), identity)
        self._pairs.empty(pair)
        self.at_home([(address, identity)])

    def at_home(self, homes: Iterable[tuple[str, str]]) -> None:
        """Note from which addresses stations came in before, as (address, identity), the oldest first."""
        for address, identity in homes:
            pair = (subscriber(address), identity)
            self._homes.pop(pair, None)
            self._homes[pair] = None
        while len(self._homes) > limits.HOMES_REMEMBERED:
            self._homes.popitem(last=False)

    def refusal_s(self, now_s: float) -> float:
        """Return how long after it came a handshake is refused: longer when very many fail everywhere."""
        crowd = self._all.level(EVERYBODY, now_s) / (limits.FAILURES_ALL_PER_S * 10)
        return min(limits.REFUSAL_MAX_S, limits.REFUSAL_S * max(1.0, crowd))

    def told(self, now_s: float) -> list[Guesses]:
        """Return who has tried more than a charger would, since it was last asked; all together as address ''."""
        found = [
            Guesses(address, tally.attempts, len(tally.identities))
            for address, tally in self._tallies.items()
            if tally.was_held_back
        ]
        if self._all.level(EVERYBODY, now_s) > min(limits.FAILURES_ALL_ALARM, limits.FAILURES_ALL_PER_S * 60):
            attempts = sum(tally.attempts for tally in self._tallies.values())
            found.append(Guesses(EVERYBODY, attempts, len(self._tallies)))
        self._tallies.clear()
        return [each for each in found if each.attempts]

    def _count(self, place: str, identity: str) -> Tally:
        tally = self._tallies.setdefault(place, Tally())
        tally.attempts += 1
        if len(tally.identities) < limits.GUESSED_IDENTITIES_MAX:
            tally.identities.add(identity)
        if len(self._tallies) > limits.FAILURES_REMEMBERED:
            self._tallies.popitem(last=False)
        return tally


def subscriber(address: str) -> str:
    """Return what stands for whoever has `address`: of IPv6 the first 64 bits, else the address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    network = int(parsed) >> (128 - IPV6_SUBSCRIBER_BITS) << (128 - IPV6_SUBSCRIBER_BITS)
    return f"{IPv6Address(network)}/{IPV6_SUBSCRIBER_BITS}"
