"""The comparison: what the file, the wire, the sessions, the prices, the invoices and the ledger say. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

SHOWN_MAX: Final = 20  # single sessions that disagree, before the rest is only counted


class Step(Struct, frozen=True):
    """How many sessions, and how much energy and money, there are at one step of the way."""

    sessions: int
    energy_wh: int
    amount_minor: int | None = None


class Metered(Struct, frozen=True, order=True):
    """One session as a meter shows it: what both sides must agree on, to the Wh and the second."""

    station: str
    started_at: str
    ended_at: str
    register_start_wh: int
    register_end_wh: int
    energy_wh: int


class Invoices(Struct, frozen=True):
    """What the invoices are, as far as they can disagree with themselves."""

    count: int
    gross_minor: int
    unequal_to_lines: int
    """Invoices whose total is not the sum of their lines."""
    lines_unequal_to_sessions: int
    """Lines whose amount, VAT or Wh is not that of the session."""
    vat_unequal: int
    """Invoices whose net and VAT do not add up to their total."""
    number_gaps: int


class LedgerTotals(Struct, frozen=True):
    """What the ledger says."""

    transactions: int
    sum_minor: int
    unbalanced: int
    """Transactions that do not sum to zero."""
    stale_balances: int
    """Accounts whose balance is not the sum of their postings."""
    receivable_minor: int


class Figures(Struct, frozen=True):
    """Everything the replay ends with; becomes the last printed line."""

    rows: int
    bad_rows: dict[str, int]
    file: Step
    wire: Step
    sessions: Step
    priced: Step
    invoiced: Step
    ledger: LedgerTotals
    invoices: Invoices
    messages_said: int
    messages_acknowledged: int
    messages_refused: int
    second_run_changes: int
    doubtful_sessions: int
    currency: str
    seconds: float
    messages_per_s: float


def disagreements(figures: Figures, metered: frozenset[Metered], recorded: list[Metered]) -> list[str]:
    """Return what does not agree, in words; an empty list when all is well.

    `metered` is what the simulated meters showed and the network acknowledged; `recorded` what its database holds.
    """
    return [*_of_steps(figures), *_of_money(figures), *_of_sessions(metered, recorded)]


def _of_steps(figures: Figures) -> list[str]:
    steps = {
        "on the wire": figures.wire,
        "in sessions": figures.sessions,
        "priced": figures.priced,
        "invoiced": figures.invoiced,
    }
    found = []
    for name, step in steps.items():
        if step.sessions != figures.file.sessions:
            found.append(f"{figures.file.sessions} sessions were to be replayed, {step.sessions} are {name}")
        if step.energy_wh != figures.file.energy_wh:
            found.append(f"{figures.file.energy_wh} Wh were to be replayed, {step.energy_wh} are {name}")
    if figures.messages_refused:
        found.append(f"{figures.messages_refused} messages were refused")
    if figures.doubtful_sessions:
        found.append(f"{figures.doubtful_sessions} sessions are held for review")
    return found


def _of_money(figures: Figures) -> list[str]:
    invoices, ledger = figures.invoices, figures.ledger
    checks = (
        (
            figures.priced.amount_minor == figures.invoiced.amount_minor,
            "invoice lines do not sum to the priced sessions",
        ),
        (figures.invoiced.amount_minor == invoices.gross_minor, "invoices do not sum to their lines"),
        (invoices.gross_minor == ledger.receivable_minor, "the ledger's receivables are not what was invoiced"),
        (not invoices.unequal_to_lines, f"{invoices.unequal_to_lines} invoices differ from the sum of their sessions"),
        (
            not invoices.lines_unequal_to_sessions,
            f"{invoices.lines_unequal_to_sessions} lines differ from their session",
        ),
        (not invoices.vat_unequal, f"{invoices.vat_unequal} invoices whose net and VAT do not give the total"),
        (not invoices.number_gaps, f"{invoices.number_gaps} invoice numbers are missing"),
        (ledger.sum_minor == 0, f"the ledger sums to {ledger.sum_minor}, not zero"),
        (not ledger.unbalanced, f"{ledger.unbalanced} ledger transactions do not sum to zero"),
        (not ledger.stale_balances, f"{ledger.stale_balances} account balances are not the sum of their postings"),
        (ledger.transactions == invoices.count, "not every invoice is in the ledger exactly once"),
        (not figures.second_run_changes, f"a second run of the invoicing changed {figures.second_run_changes} things"),
    )
    return [words for holds, words in checks if not holds]


def _of_sessions(metered: frozenset[Metered], recorded: list[Metered]) -> list[str]:
    kept = set(recorded)
    lost = sorted(metered - kept)
    invented = sorted(kept - metered)
    found = [f"metered, not recorded: {_shown(one)}" for one in lost[:SHOWN_MAX]]
    found += [f"recorded, not metered: {_shown(one)}" for one in invented[:SHOWN_MAX]]
    beyond = max(0, len(lost) - SHOWN_MAX) + max(0, len(invented) - SHOWN_MAX)
    if beyond:
        found.append(f"and {beyond} sessions more")
    if len(recorded) != len(kept):
        found.append(f"{len(recorded) - len(kept)} sessions are recorded twice")
    return found


def _shown(one: Metered) -> str:
    return f"{one.station} {one.started_at} {one.register_start_wh}..{one.register_end_wh} ({one.energy_wh} Wh)"


def table(figures: Figures) -> str:
    """Return the reconciliation as people read it."""
    lines = [f"{'':<14}{'sessions':>10}{'Wh':>16}{'amount':>18}"]
    for name in ("file", "wire", "sessions", "priced", "invoiced"):
        step: Step = getattr(figures, name)
        lines.append(
            f"{name:<14}{step.sessions:>10}{step.energy_wh:>16}{_money(step.amount_minor, figures.currency):>18}"
        )
    receivable = _money(figures.ledger.receivable_minor, figures.currency)
    lines.append(f"{'ledger':<14}{figures.ledger.transactions:>10} entries{'':>8}{receivable:>18}")
    lines.append(f"\n{figures.invoices.count} invoices; the ledger sums to {figures.ledger.sum_minor}")
    lines.append("The energy in the file was rounded to whole Wh once, when it was read.")
    return "\n".join(lines)


def _money(amount_minor: int | None, currency: str) -> str:
    return "" if amount_minor is None else f"{amount_minor // 100}.{amount_minor % 100:02d} {currency}"
