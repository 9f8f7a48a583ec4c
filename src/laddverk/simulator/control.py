"""One charger driven by hand, in words: for tests, demonstrations and `laddverk simulate --control`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from laddverk.kernel.time import Clock
from laddverk.simulator import garage
from laddverk.simulator.abilities import display
from laddverk.simulator.abilities.firmware import Mishap, Software
from laddverk.simulator.connection import Link

HELP: Final = """IDENTITY plug OUTLET             a car takes the cable
IDENTITY unplug OUTLET           the cable comes out
IDENTITY tag OUTLET UID          a card is shown
IDENTITY lose SECONDS            the link is cut, and comes back after a while
IDENTITY reboot                  the charger restarts
IDENTITY fail OUTLET CODE [VENDOR-CODE]   something breaks (GroundFailure, OtherError ...)
IDENTITY mend OUTLET             and is repaired
IDENTITY stick OUTLET            the cable is stuck; unlocking fails
IDENTITY firmware MISHAP         what its next updates meet: none, bad-signature, fails, silent, old-version, refuses
IDENTITY state                   how it is"""


class Control:
    """Carries out commands in words on the chargers it was given."""

    def __init__(self, links: Mapping[str, Link], *, clock: Clock, random: Random) -> None:
        self._links = links
        self._clock = clock
        self._random = random
        self._verbs: dict[str, Callable[[Link, list[str]], str]] = {
            "plug": self._plug,
            "unplug": self._unplug,
            "tag": self._tag,
            "lose": self._lose,
            "reboot": self._reboot,
            "fail": self._fail,
            "mend": self._mend,
            "stick": self._stick,
            "firmware": self._firmware,
            "state": self._state,
        }

    def do(self, line: str) -> str:
        """Carry out one line and return what came of it, in words. Never raises."""
        words = line.split()
        if len(words) < 2 or words[0] not in self._links or words[1] not in self._verbs:
            return f"Not understood: {line.strip()}\n{HELP}"
        link = self._links[words[0]]
        try:
            said = self._verbs[words[1]](link, words[2:])
        except (IndexError, ValueError, KeyError) as error:
            return f"Not understood: {line.strip()} ({error})\n{HELP}"
        link.wake()
        return said

    def _plug(self, link: Link, words: list[str]) -> str:
        number = int(words[0])
        dc = link.charger.outlets[number].supply.phases == 0
        done = link.charger.plug(number, garage.arriving(self._random, dc=dc), self._clock())
        return "plugged in" if done else "the outlet is not free"

    def _unplug(self, link: Link, words: list[str]) -> str:
        return "unplugged" if link.charger.unplug(int(words[0]), self._clock()) else "the cable is stuck"

    def _tag(self, link: Link, words: list[str]) -> str:
        link.charger.present(int(words[0]), words[1], self._clock())
        return "shown"

    def _lose(self, link: Link, words: list[str]) -> str:
        link.lose(float(words[0]))
        return f"the link is cut for {words[0]} s"

    def _reboot(self, link: Link, words: list[str]) -> str:
        link.charger.restart("PowerUp")
        return "restarts"

    def _fail(self, link: Link, words: list[str]) -> str:
        link.charger.fail(int(words[0]), self._clock(), words[1], words[2] if len(words) > 2 else "")
        return "broken"

    def _mend(self, link: Link, words: list[str]) -> str:
        link.charger.mend(int(words[0]), self._clock())
        return "mended"

    def _stick(self, link: Link, words: list[str]) -> str:
        link.charger.outlets[int(words[0])].stuck = True
        return "the cable is stuck"

    def _firmware(self, link: Link, words: list[str]) -> str:
        link.charger.of(Software).mishap = Mishap(words[0])
        return f"updates: {words[0]}"

    def _state(self, link: Link, words: list[str]) -> str:
        outlets = ", ".join(
            f"{number} {outlet.status} {int(outlet.register_wh)} Wh" for number, outlet in link.charger.outlets.items()
        )
        shown = " | ".join(display.shows(link.charger, self._clock()))
        state = f"{'online' if link.is_connected else 'offline'}: {outlets}; {len(link.charger.outbox)} to say"
        return f"{state}; display: {shown}" if shown else state
