"""The tables of the bench of diagnosis: each mode, the figures beside their aims, and what was told without reason."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import datetime, timedelta

from bench import _plan as plans
from bench._scoring import Alert, Found, Score, found
from laddverk.simulator.physics.modes import Shape

WAYS = ("ours", "status codes", "fixed limits")
SHOWN = 30  # false alerts in full
SHARES = ("gradual", "worst", "all", "top", "heard")  # figures that are shown as percentages
GRADUAL = (Shape.GRADUAL, Shape.DOUBLE)


def table(scores: dict[str, Score], sessions: Sequence[int]) -> str:
    """Return the figures beside the aims."""
    rows = [
        ("right cause before hard failure, gradual, macro", "gradual", ">= 85 %"),
        ("  worst gradual mode", "worst", ">= 60 %"),
        ("right cause in time, all modes, macro", "all", ""),
        ("median lead of gradual faults, days", "lead", ">= 7"),
        ("top cause right", "top", ">= 80 %"),
        ("false work items / 1,000 charger-days", "work", "<= 3"),
        ("false pages / 1,000 charger-days", "pages", "<= 0.3"),
        ("outages of a site or carrier that were told of", "heard", "all"),
        ("  lines told of what was really so / outage", "outages", "1"),
        ("told again / fault", "again", ""),
    ]
    names = WAYS
    lines = [f"{'':<50}" + "".join(f"{name:>14}" for name in names) + f"{'aim':>10}"]
    figures = {name: figures_of(scores[name]) for name in names}
    for title, key, aim in rows:
        lines.append(
            f"{title:<50}" + "".join(f"{_shown(figures[name][key], key):>14}" for name in names) + f"{aim:>10}"
        )
    silent = statistics.median(sessions) if sessions else None
    lines.append(_line("sessions until silent no-energy is told, median", _shown(silent, ""), "<= 5"))
    unsafe = f"unsafe remote actions (of {scores['ours'].resets} resets)"
    lines.append(_line(unsafe, str(scores["ours"].unsafe), "0"))
    return "\n".join(lines)


def _line(title: str, ours: str, aim: str) -> str:
    return f"{title:<50}{ours:>14}{'':>28}{aim:>10}"


def figures_of(score: Score) -> dict[str, float | None]:
    """Return the figures of one way of watching."""
    gradual = score.by_mode(GRADUAL)
    leads = score.leads_days()
    return {
        "gradual": score.share(GRADUAL),
        "worst": min(gradual.values(), default=None),
        "all": score.share(),
        "lead": statistics.median(leads) if leads else None,
        "top": score.top_cause(),
        "work": score.per_1000(len(score.false_work)) if score.twin_days else None,
        "pages": score.per_1000(len(score.false_pages)) if score.twin_days else None,
        "heard": score.outages_told / score.outages if score.outages else None,
        "outages": score.true_outages / score.outages if score.outages else None,
        "again": sum(one.repeated for one in score.found) / len(score.found) if score.found else None,
    }


def _shown(value: float | None, key: str) -> str:
    if value is None:
        return "-"
    return f"{value:.0%}" if key in SHARES else f"{value:.2f}".rstrip("0").rstrip(".")


def by_mode(scores: dict[str, Score]) -> str:
    """Return what was found of each mode, and how soon."""
    heads = f"{'ours':>7}{'codes':>7}{'limits':>7}{'told after':>12}{'lead':>9}  surest cause told"
    lines = [f"{'fault mode':<48}{heads}"]
    shares = {name: score.by_mode() for name, score in scores.items()}
    for mode, share in shares["ours"].items():
        own = [one for one in scores["ours"].found if one.mode == mode]
        lines.append(
            f"{mode:<34}{own[0].shape.value:<14}{share:>7.0%}{_percent(shares['status codes'].get(mode)):>7}"
            f"{_percent(shares['fixed limits'].get(mode)):>7}{_after(own):>12}{_lead(own):>9}  {_causes(own)}"
        )
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _after(own: Sequence[Found]) -> str:
    told = [(one.told_at - one.onset) / timedelta(days=1) for one in own if one.told_at is not None]
    return f"{statistics.median(told):.1f} d" if told else "-"


def _lead(own: Sequence[Found]) -> str:
    leads = [one.lead / timedelta(days=1) for one in own if one.lead is not None]
    return f"{statistics.median(leads):.1f} d" if leads and own[0].shape in GRADUAL else "-"


def _causes(own: Sequence[Found]) -> str:
    return ", ".join(sorted({one.first_family or "nothing" for one in own}))


def false_ones(score: Score) -> str:
    """Return what was told of chargers that were well, by cause, and the first of them in full."""
    counted: dict[tuple[str, int], int] = {}
    for one in score.false_work:
        counted[one.family, one.severity] = counted.get((one.family, one.severity), 0) + 1
    told = [f"{count} x {family} (severity {severity})" for (family, severity), count in sorted(counted.items())]
    lines = ["Told of the twin without reason: " + (", ".join(told) or "nothing")]
    lines += [_full(one) for one in score.false_work[:SHOWN]]
    return "\n".join(lines)


def _full(one: Alert) -> str:
    return f"  {one.at:%d %b %H:%M} {one.family} {', '.join(sorted(one.stations))[:90]}: {one.why[:160]}"


def missed_of(plan: Sequence[plans.Placed], told: Sequence[Alert], until: datetime) -> str:
    """Return what was told of chargers whose fault was not found."""
    lines = []
    for one in found(plan, told, until):
        if one.told_at is None:
            here = [each for each in told if each.stations & one.stations]
            lines.append(f"missed {one.mode}: {one.onset:%d %b %H:%M} to {one.fails_at:%d %b %H:%M}; told were:")
            lines += [_full(each) for each in sorted(here, key=lambda each: each.at)[:SHOWN]]
    return "\n".join(lines)
