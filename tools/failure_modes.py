"""Derive docs/failure-modes.md: what may go wrong with money, what must happen then, and the tests that prove it.

    python tools/failure_modes.py write      # write the page;   `check` says whether it is up to date

The modes are numbered as in the study that the house was designed by. A test names the mode it proves in its name
(`test_f51_…`, or `test_25_…` in a file `test_failure_modes.py`), by the marker `failure_mode(13, 14)`, or by the words
"Failure mode 51" in its docstring. Nothing else is claimed by hand but what is not there yet, with its reason.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "failure-modes.md"
TESTS: Final = ROOT / "tests"

MODES: Final[dict[str, dict[int, str]]] = {
    "Double effects": {
        1: "A start with payment is sent twice: the same payment; other content under the same key is refused.",
        2: "No answer although the provider has done it: unknown, asked about by our own id, then retried.",
        3: "A webhook comes again: answered, no effect.",
        4: "Webhooks out of order: states only go forward; the object is fetched and its state applied, not a change.",
        5: "A webhook with a bad or old signature: refused, no effect. One that cannot be signed is read again.",
        6: "Two workers run the same invoice run: the second one does nothing.",
        7: "The same session on two invoices: impossible.",
        8: "The end of a session is delivered twice, or from a charger's queue: it closes and is priced once.",
        9: "A bank file is imported twice: the second time it brings nothing new.",
        10: "A file is sent to the bank twice: references are unique, and it is noticed in the answer.",
        11: "Somebody presses Swish twice: one request is open at a time.",
        12: "Paid by card and by bankgiro: the overpayment is kept for its owner, told, and can go back.",
    },
    "Authorisation and capture": {
        13: "Too little was reserved: raised or stopped at the limit; captured up to it, the rest is a receivable.",
        14: "A reserve ends before the capture: captured in time; what is gone becomes a debit or a receivable.",
        15: "A session never starts: the money is given back within minutes, and old reserves raise an alarm.",
        16: "It cost nothing, or less than the provider moves: released, never captured as zero.",
        17: "The meter is corrected after payment: downwards is refunded, upwards never taken by itself.",
        18: "Captured, and our commit failed: reconciliation finds it at the provider and books it once.",
        19: "The bank wants the card's owner, who is not there: told, with a link to pay; a running charge goes on.",
        20: "More is refunded than was captured, or twice: refused under a lock, whatever the provider would say.",
        21: "A refund fails: the debt stays, and somebody is told.",
        22: "A dispute: booked with its fee, the card is frozen, evidence is sent; won and lost; no refund meanwhile.",
        23: "A collection is refused: retried, told or ended as the bank says; a refund weeks later is booked back.",
        24: "A mandate ends between invoice and collection: another way to pay, with a new due date.",
    },
    "Metering": {
        25: "The register runs backwards: never a negative charge.",
        26: "The meter rolls over or is replaced in mid-session: its parts are added up.",
        27: "No end value: priced to the last one trusted, marked; the truth corrects it later.",
        28: "More energy than is possible: held back from automatic debits.",
        29: "A charger's clock is wrong: both times are kept, and the corrected one counts.",
        30: "Meter values out of order or twice: the same price.",
        31: "A night in which the clock changes has its real hours.",
        32: "A session over a change of price, day or month is cut there; it is invoiced in the month of its end.",
        33: "Idle fee: grace, free at night, a cap, and nothing while the outlet is out of order.",
        34: "A reservation and the charge after it: lines of their own.",
    },
    "Tariffs and VAT": {
        35: "A tariff is changed in mid-session: the frozen version counts, and is kept for ever.",
        36: "No tariff fits: no start that must be paid for; never a price by default.",
        37: "The rate of VAT changes: the rate of the delivery counts, and of the original for a credit note.",
        38: "Reverse charge for a foreign company.",
        39: "VAT of a voucher: when it is sold or when it is used, by kind; a lapsed one is income.",
        40: "Rounding: the prices that were shown add up to the invoice, to the öre.",
        41: "No öre are rounded away on what is paid by card.",
        42: "Currencies are never added up.",
        43: "A price per kWh with many decimals: in full on the line, rounded once.",
        44: "A price of the exchange that is missing, late or negative.",
    },
    "Invoices and ledger": {
        45: "A gap or a double in a number series: the number is taken in the transaction that finishes the invoice.",
        46: "A credit note over the original, or again: refused; it names its original.",
        47: "A person is forgotten: the invoices stay, with what the law wants.",
        48: "Paid too much, too little, or with a wrong reference: kept aside, proposed, confirmed by a person.",
        49: "Reminders while money is on its way: a grace of bank days, one fee.",
        50: "A subscription changes in mid-period: to the day; included energy in the order of sessions.",
        51: "Two sessions spend the last money of a wallet: each has its hold.",
        52: "A payout is not the sum of its payments: the difference stands on an account of its own, with an alarm.",
        53: "An unbalanced or edited ledger: the database refuses it, and the nightly look would find it.",
        54: "A document cannot be made: the invoice stays final, a job tries again, never with other content.",
        55: "Money of one operator never meets another's: one operator is one database.",
    },
}

NOT_YET: Final = {
    38: "comes with roaming: today nothing is sold to a foreign company without VAT",
    47: "comes with the erasure of personal data; invoices are kept as first made (ADR 11)",
    49: "comes with reminders: today no fee and no interest is charged",
}
"""What is not there yet, and why."""

BY_NAME: Final = re.compile(r"test_f(\d\d)_")
BY_NUMBER: Final = re.compile(r"test_(\d\d)_")
BY_WORDS: Final = re.compile(r"[Ff]ailure modes? (\d+(?:(?:, | and )\d+)*)")


def proofs() -> dict[int, list[str]]:
    """Return the tests by the number of the mode they prove, as `path::name`."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for name, numbers in named_in(path.read_text(), path.name):
            for number in numbers:
                found[number].append(f"{path.relative_to(ROOT).as_posix()}::{name}")
    return found


def named_in(source: str, file_name: str) -> Iterator[tuple[str, set[int]]]:
    """Yield each test of a file that proves something, with the numbers."""
    if "failure" not in source.lower() and BY_NAME.search(source) is None:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            numbers = numbers_of(node, file_name)
            if numbers:
                yield node.name, numbers


def numbers_of(test: ast.FunctionDef | ast.AsyncFunctionDef, file_name: str) -> set[int]:
    """Return the modes that a test says it proves."""
    patterns = [BY_NAME] + ([BY_NUMBER] if file_name == "test_failure_modes.py" else [])
    found = {int(match[1]) for pattern in patterns if (match := pattern.match(test.name))}
    for words in BY_WORDS.findall(ast.get_docstring(test) or ""):
        found |= {int(number) for number in re.findall(r"\d+", words)}
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr == "failure_mode":
            found |= {
                each.value for each in mark.args if isinstance(each, ast.Constant) and isinstance(each.value, int)
            }
    return found


def missing(found: dict[int, list[str]]) -> list[int]:
    """Return the modes that no test proves and that nobody gave a reason for."""
    return [number for modes in MODES.values() for number in modes if not found.get(number) and number not in NOT_YET]


def unknown(found: dict[int, list[str]]) -> list[int]:
    """Return numbers that tests name and that are no modes."""
    return sorted(set(found) - {number for modes in MODES.values() for number in modes})


def page(found: dict[int, list[str]]) -> str:
    """Return the page."""
    lines = [
        "# What may go wrong with money",
        "",
        "Written by `tools/failure_modes.py`; a test keeps it up to date. Each mode has its number from the study that",
        "the house was designed by, what must happen, and the tests that prove it.",
        "",
    ]
    for title, modes in MODES.items():
        lines += [f"## {title}", "", "| no. | what happens, and what must follow | proved by |", "| ---: | --- | --- |"]
        lines += [f"| {number} | {text} | {shown(number, found.get(number, []))} |" for number, text in modes.items()]
        lines.append("")
    return "\n".join(lines)


def shown(number: int, tests: list[str]) -> str:
    """Return the tests of a mode for the table: each once, by its file and name."""
    if not tests:
        return f"— {NOT_YET[number]}" if number in NOT_YET else "**nothing**"
    return "<br>".join(f"`{path.removeprefix('tests/')}`" for path in sorted(set(tests)))


def main(verb: str) -> int:
    """Write the page, or say whether it is up to date."""
    found = proofs()
    if verb == "write":
        PAGE.write_text(page(found))
    elif not PAGE.exists() or PAGE.read_text() != page(found):
        print("docs/failure-modes.md is not up to date: run python tools/failure_modes.py write")
        return 1
    for number in missing(found):
        print(f"Nothing proves failure mode {number}.")
    return 1 if missing(found) and verb == "check" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
