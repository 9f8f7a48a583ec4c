"""A Bankgirot in memory: takes our files, answers with files of its own, keeps the truth of what money moved. Pure.

It answers as the real one does: mandates the next day, payments on their day, some again after "no money", some taken
back weeks later. What chance decides comes from the `Random` that it is given. Files that come late, twice, in another
order or in half are for those who carry them (`carried`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Final

from msgspec.structs import replace

from laddverk.payments.providers.bankgirot import records as r
from laddverk.payments.providers.bankgirot.codes import ACCOUNT_CLOSED, CANCELLED, NO_FUNDS, PAID, TRIED_AGAIN
from laddverk.payments.providers.bankgirot.fields import Record
from laddverk.payments.providers.bankgirot.files import Content, File, Section, read, written

OUR_ACCOUNT: Final = "89010032323232".zfill(35)
FATES: Final = (
    ("paid", 70),
    ("returned", 4),
    ("no_funds", 8),
    ("late_paid", 6),
    ("late_no_funds", 4),
    ("closed", 4),
    ("rejected", 4),
)
"""What becomes of a collection, and how often in a hundred."""
REFUSED_MANDATES: Final = 5  # in a hundred
RETRY_DAYS: Final = 2
RETURN_DAYS_MAX: Final = 50  # a payer has eight weeks


@dataclass(slots=True)
class Bankgirot:
    """One agreement at the bank."""

    bankgiro: str
    customer: str
    random: Random
    mandates: dict[str, str] = field(default_factory=dict)
    """By payer number: `new`, `active` or `gone`."""
    waiting: list[tuple[date, r.PaymentOrder, str]] = field(default_factory=list)
    """Payments with the day on which something happens to them, and what."""
    balance_minor: int = 0
    """What is on our account because of all this."""
    orders: Counter[str] = field(default_factory=Counter)
    """How often each reference was ordered: never more than once."""
    advice: list[r.MandateAdvice] = field(default_factory=list)
    rejected: list[r.Rejection] = field(default_factory=list)
    changes: list[r.Change] = field(default_factory=list)
    serial: int = 0

    def receive(self, content: bytes, today: date) -> None:
        """Take a file of ours. Raises `BadFile` when it is not as Bankgirot wants it."""
        for section in read(content).sections:
            for record in section.records:
                self._take(record, today)

    def _take(self, record: Record, today: date) -> None:
        match record:
            case r.MandateRequest():
                if record.answer != "AV":
                    self._requested(record, today)
            case r.MandateDeletion():
                self.mandates[record.payer_number] = "gone"
                self.advice.append(self._said(record.payer_number, "03", "33", today))
            case r.PaymentOrder():
                self._ordered(record, today)
            case r.ChangeOrder():
                self._cancelled(record)

    def _requested(self, record: r.MandateRequest, today: date) -> None:
        good = self.random.randrange(100) >= REFUSED_MANDATES
        self.mandates[record.payer_number] = "active" if good else "gone"
        said = self._said(record.payer_number, "04", "32" if good else "05", today)
        self.advice.append(replace(said, account=record.account, person=record.person))

    def _said(self, payer_number: str, info: str, status: str, today: date) -> r.MandateAdvice:
        return r.MandateAdvice(
            bankgiro=self.bankgiro.zfill(10), payer_number=payer_number, account="", person="", filler="",
            info=info, status=status, on=today,
        )  # fmt: skip

    def _ordered(self, order: r.PaymentOrder, today: date) -> None:
        self.orders[f"{order.code} {order.reference}"] += 1
        names, weights = zip(*FATES, strict=True)
        fate = self.random.choices(names, weights)[0] if order.code == "82" else "paid"
        if fate == "rejected" or self.mandates.get(order.payer_number) != "active":
            self.rejected.append(
                r.Rejection(
                    code=order.code, day=f"{order.day or today:%Y%m%d}", period="0", repeats="",
                    payer_number=order.payer_number, amount_minor=order.amount_minor, reference=order.reference,
                    reason="02",
                )
            )  # fmt: skip
        else:
            self.waiting.append((order.day or today, order, fate))

    def _cancelled(self, change: r.ChangeOrder) -> None:
        for entry in list(self.waiting):
            day, order, _ = entry
            if order.reference == change.reference and order.code == change.kind:
                self.waiting.remove(entry)
                self.changes.append(
                    r.Change(
                        code=change.code, day=day, payer_number=order.payer_number, kind=order.code,
                        amount_minor=order.amount_minor, word="REFERENS", new_day=None, reference=order.reference,
                        comment=CANCELLED,
                    )
                )  # fmt: skip

    def day(self, today: date) -> list[bytes]:
        """Return the files of one day: mandate advice, rejections, changes and what became of payments."""
        made = [self._advised(today), self._rejections(today), self._changes(today), self._specified(today)]
        return [each for each in made if each is not None]

    def _head(self, content: str, today: date, time: str = "") -> r.ReportHead:
        return r.ReportHead(
            on=today, time=time, content=content, customer=self.customer.zfill(6), bankgiro=self.bankgiro.zfill(10)
        )

    def _advised(self, today: date) -> bytes | None:
        if not self.advice:
            return None
        records = (self._head("AG-MEDAVI", today), *self.advice, r.CountEnd(on=today, records=len(self.advice)))
        self.advice = []
        return written(File((Section(Content.MANDATES, records),)))

    def _rejections(self, today: date) -> bytes | None:
        if not self.rejected:
            return None
        out, into = _split(self.rejected)
        end = r.RejectionEnd(
            on=today, payments_out=len(out), amount_out_minor=sum(out), payments_in=len(into), amount_in_minor=sum(into)
        )
        records = (self._head("AVVISADE BET UPPDR", today), *self.rejected, end)
        self.rejected = []
        return written(File((Section(Content.REJECTIONS, records),)))

    def _changes(self, today: date) -> bytes | None:
        if not self.changes:
            return None
        end = r.SumsEnd(
            on=today, amount_out_minor=0, payments_out=0, payments_in=len(self.changes),
            amount_in_minor=sum(each.amount_minor for each in self.changes),
        )  # fmt: skip
        records = (self._head("MAKULERING/ÄNDRING", today), *self.changes, end)
        self.changes = []
        return written(File((Section(Content.CHANGES, records),)))

    def _specified(self, today: date) -> bytes | None:
        """Move the money of today, and say so."""
        due = [entry for entry in self.waiting if entry[0] <= today]
        self.waiting = [entry for entry in self.waiting if entry[0] > today]
        reports = [self._settled(order, fate, today) for _, order, fate in due]
        into = [each for each in reports if isinstance(each, r.PaymentReport) and each.code == "82"]
        out = [each for each in reports if isinstance(each, r.PaymentReport) and each.code == "32"]
        back = [each for each in reports if isinstance(each, r.RefundReport)]
        if not reports:
            return None
        sections = [
            self._section(code, each, today) for code, each in (("15", into), ("16", out), ("17", back)) if each
        ]
        paid_in, paid_out = _paid(into), _paid(out)
        self.balance_minor += sum(paid_in) - sum(paid_out) - sum(each.amount_minor for each in back)
        end = r.ReportEnd(
            on=today, sections_in=int(bool(into)), payments_in=len(paid_in), sections_out=int(bool(out)),
            payments_out=len(paid_out), sections_refunded=int(bool(back)), payments_refunded=len(back),
        )  # fmt: skip
        self.serial += 1
        head = self._head("BET. SPEC & STOPP TK", today, f"{self.serial:012d}")
        records = (head, *(record for section in sections for record in section), end)
        return written(File((Section(Content.PAYMENTS, records),)))

    def _section(self, code: str, payments: Sequence[Record], today: date) -> list[Record]:
        amounts = _paid(payments) + [each.amount_minor for each in payments if isinstance(each, r.RefundReport)]
        head = r.Deposit(
            code=code, account=OUR_ACCOUNT, on=today, serial="00001", amount_minor=sum(amounts), payments=len(amounts)
        )
        return [head, *payments]

    def _settled(self, order: r.PaymentOrder, fate: str, today: date) -> Record:
        """Return what is said of a payment today, and keep what is to come of it."""
        status = {"no_funds": NO_FUNDS, "closed": ACCOUNT_CLOSED}.get(fate, PAID)
        if fate == "taken_back":
            return r.RefundReport(
                on=order.day or today, period="0", repeats="", payer_number=order.payer_number,
                amount_minor=order.amount_minor, bankgiro=order.bankgiro, reference=order.reference.rjust(16, "0"),
                refunded_on=today, reason=self.random.choice(("01", "02", "03")),
            )  # fmt: skip
        if fate.startswith("late_"):
            status = TRIED_AGAIN
            self.waiting.append((today + timedelta(days=RETRY_DAYS), order, fate.removeprefix("late_")))
        elif fate == "returned":
            later = today + timedelta(days=self.random.randint(1, RETURN_DAYS_MAX))
            self.waiting.append((later, order, "taken_back"))
        return r.PaymentReport(
            code=order.code, on=today, period="0", repeats="", payer_number=order.payer_number,
            amount_minor=order.amount_minor, bankgiro=order.bankgiro, reference=order.reference.rjust(16, "0"),
            status=status,
        )  # fmt: skip


def carried(files: Iterable[bytes], random: Random) -> list[bytes]:
    """Return what arrives of `files` when the carrier misbehaves: in another order, doubled, in half, with garbage.

    Everything arrives whole at least once: what comes broken comes again.
    """
    arriving: list[bytes] = []
    for content in files:
        arriving.append(content)
        if random.randrange(4) == 0:
            arriving.append(content)
        if random.randrange(6) == 0:
            arriving.append(content[: random.randrange(len(content))])
        if random.randrange(12) == 0:
            arriving.append(random.randbytes(random.randrange(300)))
    random.shuffle(arriving)
    return arriving


def _split(payments: Sequence[r.Rejection]) -> tuple[list[int], list[int]]:
    out = [each.amount_minor for each in payments if each.code == "32"]
    return out, [each.amount_minor for each in payments if each.code == "82"]


def _paid(payments: Iterable[Record]) -> list[int]:
    return [each.amount_minor for each in payments if isinstance(each, r.PaymentReport) and each.status == PAID]
