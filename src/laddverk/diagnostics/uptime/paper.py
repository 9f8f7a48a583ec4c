"""The report on paper: its words and numbers, ready for the template. No reading, no deciding."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, Final

from msgspec import Struct

from laddverk.diagnostics.uptime import words
from laddverk.diagnostics.uptime.model import Count, Policy
from laddverk.diagnostics.uptime.reports import Line, Report
from laddverk.platform import formats, typesetting
from laddverk.platform.languages import gettext_for, ngettext_for

LINES_MAX: Final = 300  # on paper; the CSV has all
OUTAGES_MAX: Final = 60


class Heading(Struct, frozen=True):
    """Whose report it is, and how it is written."""

    operator: str
    currency: str
    language: str
    now: datetime


def pdf(document: dict[str, Any], at: datetime) -> bytes:
    """Return a document as PDF. Takes a quarter of a second of a core: call it in a thread."""
    template = files("laddverk.diagnostics.uptime").joinpath("report.typ").read_bytes()
    return typesetting.typeset(template, document, at)


def document(report: Report, heading: Heading, families: Mapping[str, str]) -> dict[str, Any]:
    """Return the report in words and numbers. `families` says what kinds of faults are called."""
    _ = gettext_for(heading.language)
    zone, language = report.place.timezone, heading.language
    return {
        "language": language,
        "operator": heading.operator,
        "title": _("Uptime"),
        "subject": report.place.station_name or report.place.site_name,
        "place": report.place.site_name if report.place.station_name else "",
        "period": period_in_words(report, language),
        "issued": [heading.now.year, heading.now.month, heading.now.day],
        "footer": _("Worked out %(at)s") % {"at": formats.local_datetime(heading.now, zone, language=language)},
        "figures": _figures(report, heading),
        "policies_title": _("By policy"),
        "policies_head": [_("Policy"), _("Before exclusions"), _("Excluded"), _("Uptime"), _("Target")],
        "policies": [_policy(policy, report.totals.get(policy.name), language) for policy in report.policies],
        "lines_title": _("Each outlet"),
        "lines_head": [_("Outlet"), *(policy.titled(language) for policy in report.policies), _("Outages")],
        "lines": [_line(line, report, language) for line in report.lines[:LINES_MAX]],
        "codes_title": _("Codes when charging failed"),
        "codes_head": [_("Code"), _("Times"), _("Chargers")],
        "codes": [[one.code, str(one.times), str(one.stations)] for one in report.codes],
        "causes_title": _("What it was"),
        "causes_head": [_("Kind of fault"), _("Incidents"), _("Lasted")],
        "causes": [
            [families.get(one.family.value, one.family.value), str(one.incidents), _hours(one.lasted_s, language)]
            for one in report.causes
        ],
        "outages_title": _("Outages, the latest first"),
        "outages_head": [_("Outlet"), _("From"), _("Lasted"), _("What")],
        "outages": _outages(report, language),
        "outages_note": _outages_note(report, language),
        "exclusions_title": _("Excluded outages"),
        "exclusions_head": [_("From"), _("Until"), _("Reason"), _("Evidence"), _("By")],
        "exclusions": [
            [
                formats.local_datetime(one.from_at, zone, language=language),
                formats.local_datetime(one.until_at, zone, language=language),
                _(words.REASONS.get(one.reason, one.reason)), one.evidence, f"{one.author} / {one.decided_by}",
            ]
            for one in report.exclusions
            if one.state == "approved"
        ],
        "sources": [f"{policy.titled(language)}: {policy.source}, v{policy.version}" for policy in report.policies],
    }  # fmt: skip


def period_in_words(report: Report, language: str) -> str:
    """Return the period as people write it: October 2026, the fourth quarter as 2026-Q4, a year as its number."""
    period = report.period
    return formats.month(period.first, language) if period.length.value == "month" else period.key


def _figures(report: Report, heading: Heading) -> list[list[str]]:
    _, ngettext, language = gettext_for(heading.language), ngettext_for(heading.language), heading.language
    tried = report.attempts
    attempts = tried.attempts if tried else 0
    honest = report.totals.get("honest")
    found = [
        [_("Uptime as drivers see it"), percent(honest.uptime if honest else None, language), ""],
        [_("Attempts that succeeded"), percent(tried.success if tried else None, language),
         ngettext("%(num)d attempt", "%(num)d attempts", attempts) % {"num": attempts}],
        [_("At the first try"), percent(tried.first_time if tried else None, language), ""],
        [_("Visits that succeeded"), percent(tried.visit_success if tried else None, language), ""],
        [_("Between failures"), length(report.between_failures, language), ""],
        [_("To mend"), length(report.to_mend, language), ""],
        [_("To notice"), length(report.to_notice, language), ""],
        [_("To take on"), length(report.to_take_on, language), ""],
        [_("Again within 7 days"), percent(report.repeat_share, language), ""],
        [_("Mended from here"), percent(report.fixes.remote_share, language), ""],
        [_("Mended at the first visit"), percent(report.fixes.first_time_share, language), ""],
        [_("Energy not sold"), formats.energy_kwh(report.lost_wh, None, language), ""],
    ]  # fmt: skip
    if report.lost_minor is not None:
        found.append([_("Lost margin"), formats.money(report.lost_minor, heading.currency, language), ""])
    if report.repair_minor:
        found.append([_("Repairs"), formats.money(report.repair_minor, heading.currency, language), ""])
    return found


def percent(share: float | None, language: str) -> str:
    """Return a share with two digits, or a dash."""
    return "–" if share is None else formats.percent(share, 2, language)


def length(lasted: timedelta | None, language: str) -> str:
    """Return how long, or a dash."""
    return "–" if lasted is None else formats.duration(lasted, language)


def _hours(seconds: float, language: str) -> str:
    return formats.duration(timedelta(seconds=max(seconds, 0)), language)


def _policy(policy: Policy, count: Count | None, language: str) -> list[str]:
    if count is None or not count.eligible:
        return [policy.titled(language), "–", "–", "–", percent(policy.target, language)]
    return [
        policy.titled(language), percent(count.raw, language), length(count.excluded, language),
        percent(count.uptime, language), percent(policy.target, language),
    ]  # fmt: skip


def _line(line: Line, report: Report, language: str) -> list[str]:
    counts = [line.counts.get(policy.name) for policy in report.policies]
    name = f"{line.outlet.station_name} / {line.outlet.evse_number}"
    return [name, *(percent(one.uptime if one else None, language) for one in counts), str(line.outages)]


def _outages_note(report: Report, language: str) -> str:
    """Return what is said of outages that are not on the paper; '' where all are."""
    _ = gettext_for(language)
    if report.outages is None:
        return _("These are too many to list here: all of them are in the CSV.")
    if len(report.outages) > OUTAGES_MAX:
        return _("These are the latest; all %(total)s are in the CSV.") % {"total": len(report.outages)}
    return ""


def _outages(report: Report, language: str) -> list[list[str]]:
    _ = gettext_for(language)
    return [
        [
            f"{one.outlet.station_name} / {one.outlet.evse_number}",
            formats.local_datetime(one.outage.start, report.place.timezone, language=language),
            formats.duration(one.outage.lasted, language),
            " · ".join(
                part for part in (_(words.STATES[one.outage.state][1]),
                                  _(words.WHYS[one.outage.why]) if one.outage.why in words.WHYS else one.outage.why)
                if part
            ),
        ]
        for one in (report.outages or ())[:OUTAGES_MAX]
    ]  # fmt: skip
