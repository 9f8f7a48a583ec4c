"""The figures of a report in words: each with its msgid, how it is read, its unit, and which way is better."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from laddverk.platform import formats
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support.reporting.figures import ratio
from laddverk.support.reporting.model import Figures


class Figure(Struct, frozen=True, kw_only=True):
    """One number of a report."""

    key: str
    word: str
    unit: str
    """`s`, `share`, `count` or `per_100`."""
    of: Callable[[Figures], float | int | None]
    why: str = ""
    query: str = ""
    """The part of the inbox's address that lists what was counted; '' where it is no list of cases."""


FIGURES: Final = (
    Figure(key="cases", word=N_("Cases opened"), unit="count", of=lambda of: of.times.opened, query="state=all"),
    Figure(
        key="answer", word=N_("First answer"), unit="s", of=lambda of: of.times.answer_median_s,
        why=N_("by the clock, median"), query="state=all",
    ),
    Figure(key="answer_p90", word=N_("First answer, nine of ten"), unit="s", of=lambda of: of.times.answer_p90_s),
    Figure(
        key="answer_work", word=N_("First answer, in hours of work"), unit="s", of=lambda of: of.times.answer_work_s,
        why=N_("median"),
    ),
    Figure(
        key="solve", word=N_("Solved"), unit="s", of=lambda of: of.times.solve_median_s,
        why=N_("by the clock, median"), query="state=closed",
    ),
    Figure(key="solve_p90", word=N_("Solved, nine of ten"), unit="s", of=lambda of: of.times.solve_p90_s),
    Figure(
        key="solve_work", word=N_("Solved, in hours of work"), unit="s", of=lambda of: of.times.solve_work_s,
        why=N_("median, without what we waited for drivers"),
    ),
    Figure(
        key="answers_kept", word=N_("First answers in time"), unit="share",
        of=lambda of: ratio(of.times.answers_kept, of.times.answers_promised), query="state=late",
    ),
    Figure(
        key="solutions_kept", word=N_("Solutions in time"), unit="share",
        of=lambda of: ratio(of.times.solutions_kept, of.times.solutions_promised), query="state=late",
    ),
    Figure(key="contacts", word=N_("Times somebody wanted help"), unit="count", of=lambda of: of.contacts.contacts),
    Figure(
        key="alone", word=N_("Helped without a person of ours"), unit="share",
        of=lambda of: ratio(of.contacts.alone, of.contacts.settled),
    ),
    Figure(
        key="energy", word=N_("From asking to energy"), unit="s", of=lambda of: of.contacts.energy_median_s,
        why=N_("median"),
    ),
    Figure(
        key="energy_p90", word=N_("From asking to energy, nine of ten"), unit="s",
        of=lambda of: of.contacts.energy_p90_s,
    ),
    Figure(
        key="again", word=N_("Came again within seven days"), unit="share",
        of=lambda of: ratio(of.contacts.again, of.contacts.known), why=N_("of drivers whom we know"),
    ),
    Figure(
        key="per_100", word=N_("Contacts per 100 charges"), unit="per_100",
        of=lambda of: 100 * of.contacts.contacts / of.contacts.sessions if of.contacts.sessions else None,
    ),
    Figure(key="calls", word=N_("Calls"), unit="count", of=lambda of: of.calls.calls),
    Figure(
        key="abandoned", word=N_("Hung up in the queue"), unit="share",
        of=lambda of: ratio(of.calls.abandoned, of.calls.queued), why=N_("without being called back"),
    ),
    Figure(key="wait", word=N_("Wait in the queue"), unit="s", of=lambda of: of.calls.wait_median_s, why=N_("median")),
    Figure(
        key="refunds_alone", word=N_("Refunds without a person of ours"), unit="share",
        of=lambda of: ratio(of.refunds.by_rule, of.refunds.refunds),
    ),
    Figure(
        key="content", word=N_("Content drivers"), unit="share",
        of=lambda of: ratio(of.thought.good, of.thought.good + of.thought.bad), query="state=all&rated=any",
    ),
)  # fmt: skip


def shown(figure: Figure, of: Figures, language: str) -> str:
    """Return a figure as people write it, or a dash."""
    value = figure.of(of)
    if value is None:
        return "–"
    if figure.unit == "s":
        return formats.duration(value, language)
    if figure.unit == "share":
        return formats.percent(value, 1, language)
    return formats.number(value, 0 if figure.unit == "count" else 1, language)
