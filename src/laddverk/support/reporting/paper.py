"""The helpline report on paper, for a quarter or any period: its words and numbers, ready for the template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

from msgspec import Struct

from laddverk.platform import formats, typesetting
from laddverk.platform.languages import gettext_for
from laddverk.support.reporting.model import GROUPS, By, Figures, Group
from laddverk.support.reporting.words import FIGURES, shown

ROWS_MAX: Final = 25  # of each listing on paper; the CSV has all


class Heading(Struct, frozen=True, kw_only=True):
    """Whose report it is, about what, and how it is written."""

    operator: str
    subject: str
    period: str
    zone: str
    language: str
    now: datetime


def pdf(document: dict[str, Any], at: datetime) -> bytes:
    """Return a document as PDF. Takes a quarter of a second of a core: call it in a thread."""
    template = files("laddverk.support.reporting").joinpath("helpline.typ").read_bytes()
    return typesetting.typeset(template, document, at)


def document(
    heading: Heading, here: Figures, before: Figures, groups: Mapping[By, Sequence[Group]],
    names: Mapping[By, Mapping[str, str]],
) -> dict[str, Any]:  # fmt: skip
    """Return the report in words and numbers; `names` are the words of groups that are known by a key."""
    _, language = gettext_for(heading.language), heading.language
    return {
        "language": language, "operator": heading.operator, "title": _("The helpline"), "subject": heading.subject,
        "period": heading.period, "issued": [heading.now.year, heading.now.month, heading.now.day],
        "footer": _("Worked out %(at)s")
        % {"at": formats.local_datetime(heading.now, heading.zone, language=language)},
        "figures": [
            [_(one.word), shown(one, here, language), _("before: %(value)s") % {"value": shown(one, before, language)}]
            for one in FIGURES
        ],
        "listings": [
            {
                "title": _(GROUPS[by]), "head": [_(GROUPS[by]), _("Cases"), _("Before"), _("Without a case")],
                "rows": [
                    [
                        one.name or _(names.get(by, {}).get(one.key, one.key)), str(one.cases), str(one.before),
                        str(one.alone),
                    ]
                    for one in rows[:ROWS_MAX]
                ],
            }
            for by, rows in groups.items()
        ],
    }  # fmt: skip
