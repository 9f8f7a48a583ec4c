"""What documents say, read back from the PDF itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from msgspec.structs import replace
from pypdf import PdfReader

from laddverk.invoicing.model import Buyer, Invoice, InvoiceLine, Receipt, Seller, VatTotal
from laddverk.invoicing.typesetting import typeset
from laddverk.invoicing.wording import invoice_document, receipt_document
from laddverk.kernel.ids import DriverId, InvoiceId, SessionId, new_id

ISSUED = datetime(2026, 11, 2, 9, tzinfo=UTC)
STARTED = datetime(2026, 10, 24, 20, tzinfo=UTC)  # the night in which Sweden puts the clocks back
SELLER = Seller(
    name="Västkustens Laddnät AB", org_number="559123-4567", vat_number="SE559123456701", address="Göteborg"
)
PARTS: list[dict[str, Any]] = [
    {
        "dimension": "energy",
        "from_at": "2026-10-24T20:00:00Z",
        "to_at": "2026-10-25T02:00:00Z",
        "quantity": "23.417",
        "unit": "kWh",
        "unit_price": "4.90",
        "amount_minor": 11_474,
    },
    {
        "dimension": "idle",
        "from_at": "2026-10-25T02:00:00Z",
        "to_at": "2026-10-25T04:00:00Z",
        "quantity": "120",
        "unit": "min",
        "unit_price": "0.50",
        "amount_minor": 5_000,
        "seconds": 7_200,
        "capped": True,
    },
]
GROSS = 16_474


def invoice(kind: str = "invoice", sessions: int = 1) -> tuple[Invoice, list[InvoiceLine]]:
    sign = 1 if kind == "invoice" else -1
    gross = sign * GROSS * sessions
    vat = VatTotal(Decimal(25), gross - gross // 5, gross // 5, gross)
    made = Invoice(
        id=InvoiceId(new_id()),
        series="F2026" if sign == 1 else "K2026",
        number=42,
        kind=kind,
        credits_invoice_id=None,
        driver_id=DriverId(new_id()),
        period=date(2026, 10, 1),
        run=1,
        currency="SEK",
        gross_minor=gross,
        net_minor=vat.net_minor,
        vat_minor=vat.vat_minor,
        paid_minor=0,
        credited_minor=0,
        vat=(vat,),
        seller=SELLER,
        buyer=Buyer(name="Ada Öberg #[<&", address="Storgatan 1, 411 01 Göteborg"),
        reference="12600004217",
        issued_at=ISSUED,
        due_on=date(2026, 12, 2),
        reason="" if sign == 1 else "Fel pris $x$ *nej*",
        pdf_sha256={},
    )
    line = InvoiceLine(
        number=1,
        session_id=SessionId(new_id()),
        sign=sign,
        text="Hamngatan 3 · HAM-002-1",
        started_at=STARTED,
        ended_at=STARTED + timedelta(hours=8),
        energy_wh=sign * 23_417,
        gross_minor=sign * GROSS,
        net_minor=sign * 13_179,
        vat_minor=sign * 3_295,
        vat_percent=Decimal(25),
        price_lines=PARTS,
    )
    return made, [line] * sessions


def read(document: dict[str, Any]) -> tuple[PdfReader, str]:
    reader = PdfReader(BytesIO(typeset(document, ISSUED)))
    text = " ".join(page.extract_text() for page in reader.pages)
    return reader, " ".join(text.replace("\u00a0", " ").split())


def test_an_invoice_says_what_how_much_when_and_how_in_swedish() -> None:
    _, text = read(invoice_document(*invoice(), "sv", pay_url="https://ladda.example/my/invoices/inv_1"))
    for words in (
        "Faktura F2026-00042",
        "164,74 kr",
        "att betala senast 2 dec. 2026",
        "12600004217",
        "Momsreg.nr SE559123456701",
        "23,417 kWh × 4,90 kr · 2 h × 0,50 kr",
        "24 okt. 2026 22:00",
        "8 h",
        "Ada Öberg #[<&",
        "Betala med mobilen",
    ):
        assert words in text


def test_the_same_invoice_reads_in_english() -> None:
    _, text = read(invoice_document(*invoice(), "en"))
    for words in ("Invoice F2026-00042", "to be paid by 2 Dec 2026", "Without VAT", "Your charging"):
        assert words in text


def test_a_company_reads_net_first_and_finds_its_own_names() -> None:
    made, lines = invoice()
    buyer = Buyer(
        kind="company", name="Brf Hamnen 3", address="Storgatan 1", org_number="769612-3455",
        vat_number="SE769612345501", reference="Karin Svensson", order_number="PO 4711",
    )  # fmt: skip
    _, text = read(invoice_document(replace(made, buyer=buyer), lines, "sv"))
    for words in ("Brf Hamnen 3", "769612-3455", "Karin Svensson", "PO 4711", "Totalt utan moms 23,4 kWh 131,80 kr"):
        assert words in text


def test_f41_the_bank_slip_asks_for_whole_kronor_and_says_so_while_the_invoice_keeps_its_oere() -> None:
    made, lines = invoice()
    seller = replace(SELLER, bankgiro="5050-1055", swish_number="1231181189", whole_kronor=True)
    document = invoice_document(replace(made, seller=seller), lines, "sv", pay_url="https://ladda.example/i/abc")
    _, text = read(document)
    for words in ("Bankgiro 5050-1055", "12600004217", "165,00 kr", "Avrundat med 0,26 kr", "164,74 kr"):
        assert words in text
    assert [code["note"] for code in document["codes"]] == ["Betala med mobilen", "Bankens app", "Swish"]


def test_a_credit_note_names_the_invoice_and_the_reason_word_for_word() -> None:
    _, text = read(invoice_document(*invoice("credit_note"), "sv", credited="F2026-00041"))
    for words in ("Kreditfaktura K2026-00042", "F2026-00041", "Fel pris $x$ *nej*", "krediteras dig"):
        assert words in text
    assert "Betala med mobilen" not in text


def test_a_long_invoice_keeps_its_first_page_calm_and_counts_its_pages() -> None:
    reader, text = read(invoice_document(*invoice(sessions=40), "sv"))
    assert len(reader.pages) >= 3
    assert "Dina laddningar" not in reader.pages[0].extract_text()
    assert f"1 / {len(reader.pages)}" in text


def test_documents_are_tagged_for_screen_readers_and_archives() -> None:
    reader, _ = read(invoice_document(*invoice(), "sv", pay_url="https://ladda.example/1"))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "sv"
    metadata = root["/Metadata"].get_data()
    assert b"<pdfaid:part>3</pdfaid:part>" in metadata
    assert b"pdfuaid:part" in metadata


def test_the_same_document_gives_the_same_bytes() -> None:
    document = invoice_document(*invoice(), "sv")
    assert typeset(document, ISSUED) == typeset(document, ISSUED)


@pytest.mark.parametrize(
    ("paid", "words"),
    [
        ({"paid_at": ISSUED, "captured_minor": GROSS}, "betalt med kort 2 nov. 2026"),
        ({"paid_at": ISSUED, "captured_minor": 10_000}, "64,74 kr av det täcktes inte"),
        (
            {"paid_at": ISSUED, "captured_minor": GROSS, "refunded_minor": 5_000},
            "50,00 kr av det har betalats tillbaka",
        ),
        ({}, "kommer på din månadsfaktura"),
    ],
)
def test_a_receipt_explains_every_part_and_what_was_paid(paid: dict[str, Any], words: str) -> None:
    receipt = Receipt(
        number=1234,
        place="Hamngatan 3",
        started_at=STARTED,
        ended_at=STARTED + timedelta(hours=8),
        energy_wh=23_417,
        price_minor=GROSS,
        vat_minor=3_295,
        vat_percent=Decimal(25),
        currency="SEK",
        price_lines=PARTS,
        timezone="Europe/Stockholm",
        **paid,
    )
    _, text = read(receipt_document(receipt, SELLER, "sv"))
    for each in ("Kvitto 1234", "23,417 kWh", "upp till högsta belopp", "32,95 kr", words):
        assert each in text
