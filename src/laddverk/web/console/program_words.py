"""What the console calls limits from outside, programs of OpenADR, and what is wrong with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from laddverk.energy.signals.model import Heard, Oddity, Why
from laddverk.platform.languages import marked

STATES: Final = {
    "now": ("energy", marked("Holds now")),
    "coming": ("info", marked("To come")),
    "taken": ("off", marked("Taken away")),
    "over": ("plain", marked("Over")),
}
PROGRAM_STATES: Final = {
    "answers": ("energy", marked("Answers")),
    "waiting": ("plain", marked("Not asked yet")),
    "trouble": ("wait", marked("Does not answer")),
    "silent": ("broken", marked("Silent: its limit of silence holds")),
    "silent_free": ("broken", marked("Silent: nothing limits in its place")),
}
TROUBLES: Final[dict[str, tuple[str, str]]] = {
    Why.NOT_ALLOWED: (
        marked("The address is none that may be asked."),
        marked("The setting LADDVERK_PRIVATE_HOSTS lists private ones that may be asked. A token is fetched "
               "from the server's own host alone, or from the address that was entered."),
    ),
    Why.NO_ANSWER: (
        marked("Nobody answers at this address."),
        marked("Look whether it is spelled right, and whether the server works."),
    ),
    Why.BUSY: (marked("It asks us to wait."), marked("It is asked again when it wants; ask more seldom if it lasts.")),
    Why.REFUSED: (
        marked("It refuses the question."),
        marked("Look whether the address ends where the API begins, with its version."),
    ),
    Why.NOT_LET_IN: (
        marked("It does not let us in."),
        marked("Look whether client id and secret are right, and whether they may read events."),
    ),
    Why.NO_PROGRAM: (
        marked("It has no such program, or we may not see it."),
        marked("Ask now shows the programs that we may see."),
    ),
    Why.FAILED: (marked("Something failed at the server."), marked("It is asked again by itself. Tell who runs it.")),
    Why.NOT_READABLE: (
        marked("What it says is no OpenADR 3."),
        marked("Look whether the address ends where the API begins, with its version."),
    ),
    Why.SEAL_BROKEN: (
        marked("The secret cannot be opened: the secrets of this installation are others."),
        marked("Enter the client's secret again."),
    ),
}  # fmt: skip
ODDITIES: Final = {
    Oddity.UNITS: marked("A limit in units of neither power nor current. For its time the limit of silence holds."),
    Oddity.NO_NUMBER: marked("A limit that is no number. For its time the limit of silence holds."),
    Oddity.NO_TIMES: marked("Its times cannot be understood: it is left out."),
    Oddity.OTHER_PAYLOAD: marked("It says something else than how much may be taken: it limits nothing."),
    Oddity.TOO_MANY: marked("There is more than is read: what comes last is left out."),
    Oddity.CLOCK: marked("The server's clock is wrong, by so many seconds. Limits hold by its clock and by ours."),
}


def state_of(heard: Heard, has_fallback: bool) -> str:
    """Return how a program does, as a key of `PROGRAM_STATES`."""
    if heard.is_silent:
        return "silent" if has_fallback else "silent_free"
    if heard.trouble is not None:
        return "trouble"
    return "answers" if heard.answered_at is not None else "waiting"


def silent_at(heard: Heard, changed_at: datetime, silent_after_s: float) -> datetime:
    """Return when silence begins, should nothing be heard until then."""
    return (heard.answered_at or changed_at) + timedelta(seconds=silent_after_s)
