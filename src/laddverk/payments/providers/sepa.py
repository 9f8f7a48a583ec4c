"""SEPA direct debit: collections as pain.008, repayments as pain.001; the bank's pain.002 and camt.05x read.

The files to the bank are made by `sepaxml` and checked against the schemas of ISO 20022; ids and times in them are
ours, so that the same orders make the same bytes. What comes in is foreign XML: no document types, no entities, and
no more than fits.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from laddverk.kernel.problems import Invalid
from laddverk.payments.direct_debit.model import Collection, CollectionKind, DepositSaid, PaymentSaid, Said, Verdict
from laddverk.payments.providers.bank_orders import Orders, Payer
from laddverk.payments.providers.bankgirot.fields import BadFile
from laddverk.payments.providers.bankgirot.lines import BYTES_MAX
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.platform.settings import Settings

DEBIT: Final = "pain.008.001.08"
TRANSFER: Final = "pain.001.001.09"
CURRENCY: Final = "EUR"
RECURRING: Final = "RCUR"  # allowed for the first one too since 2016 (EPC016-06)
CENT: Final = 100

NOT_XML: Final = N_("Line %(line)s: this is not a file of a bank in XML.")
NOT_KNOWN: Final = N_("Line %(line)s: this kind of file is not read here: %(found)s.")
BAD_AMOUNT: Final = N_("Line %(line)s: “%(found)s” is no amount.")
OTHER_CURRENCY: Final = N_("Line %(line)s: the currency %(found)s is not that of the agreement.")
REMEDY: Final = N_("Choose a status report (pain.002) or a statement (camt.052, camt.053, camt.054) from the bank.")

PAID: Final = N_("Paid")
PAID_OUT: Final = N_("Paid out")
ACCEPTED: Final = N_("The bank has taken it in")
REASONS: Final = {
    "AC01": N_("The account number is wrong"),
    "AC04": N_("The account is closed"),
    "AC06": N_("The account is blocked"),
    "AG01": N_("The account does not allow direct debit"),
    "AM04": N_("There was not enough money on the account"),
    "AM05": N_("The bank takes it for a double"),
    "FF01": N_("The bank does not understand the file"),
    "MD01": N_("There is no mandate"),
    "MD06": N_("The payer wants the money back"),
    "MD07": N_("The payer has died"),
    "MS02": N_("The payer refused"),
    "MS03": N_("The bank gives no reason"),
    "SL01": N_("The payer's bank does not allow it"),
}
OTHER: Final = N_("The bank gave the code %(code)s, which its manual does not explain")
NO_FUNDS: Final = "AM04"
ACCOUNT_GONE: Final = "AC04"


def written(settings: Settings, orders: Orders) -> tuple[str, bytes]:
    """Return name and bytes of a file to the bank: collections or repayments, never both. Raises `Invalid`."""
    kinds = {each.kind for each in orders.collections}
    if len(kinds) != 1:
        raise Invalid("A SEPA file holds collections or repayments, not both.", field="file")
    debit = kinds == {CollectionKind.COLLECT}
    content = _debits(settings, orders) if debit else _transfers(settings, orders)
    return f"{'DD' if debit else 'CT'}-{orders.at:%Y%m%d}-{orders.number:05d}.xml", content


def _debits(settings: Settings, orders: Orders) -> bytes:
    from sepaxml import SepaDD  # loads its schemas; most installations never need it

    config = {**_creditor(settings), "creditor_id": _compact(settings.sepa_creditor_id), "instrument": "CORE"}
    document = SepaDD(config, schema=DEBIT, clean=True)
    for each in orders.collections:
        payer = _payer(orders, each)
        document.add_payment(
            {
                **_party(payer),
                "amount": each.amount_minor,
                "type": RECURRING,
                "collection_date": each.due_on,
                "mandate_id": payer.mandate.payer_number,
                "mandate_date": payer.mandate.signed_on or payer.mandate.created_at.date(),
                "description": each.reference,
                "endtoend_id": each.reference,
            }
        )
    return _finished(document, DEBIT, orders)


def _transfers(settings: Settings, orders: Orders) -> bytes:
    from sepaxml import SepaTransfer  # as above

    document = SepaTransfer(_creditor(settings), schema=TRANSFER, clean=True)
    for each in orders.collections:
        document.add_payment(
            {
                **_party(_payer(orders, each)),
                "amount": each.amount_minor,
                "execution_date": each.due_on,
                "description": each.reference,
                "endtoend_id": each.reference,
            }
        )
    return _finished(document, TRANSFER, orders)


def _creditor(settings: Settings) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": settings.operator_name,
        "IBAN": _compact(settings.sepa_iban),
        "batch": False,  # booked one by one: the statement names each
        "currency": CURRENCY,
    }
    return given | ({"BIC": _compact(settings.sepa_bic)} if settings.sepa_bic else {})


def _payer(orders: Orders, collection: Collection) -> Payer:
    payer = orders.payers[collection.mandate_id]
    if payer.account is None:
        raise Invalid("The account of a mandate cannot be read.", remedy="Restore secrets.json from a backup.")
    return payer


def _party(payer: Payer) -> dict[str, Any]:
    assert payer.account is not None
    given = {"name": payer.mandate.holder, "IBAN": payer.account.account}
    return given | ({"BIC": payer.account.person} if payer.account.person else {})


def _finished(document: Any, schema: str, orders: Orders) -> bytes:
    """Return the document with our ids and time in place of those by chance, checked against its schema."""
    from sepaxml.validation import ValidationError, try_valid_xml

    root = ET.fromstring(document.export(validate=False).decode())  # noqa: S314 - our own
    name = f"{{urn:iso:std:iso:20022:tech:xsd:{schema}}}"
    message = f"LADDVERK-{orders.number:05d}"
    for element in root.iter(name + "MsgId"):
        element.text = message
    for element in root.iter(name + "CreDtTm"):
        element.text = f"{orders.at:%Y-%m-%dT%H:%M:%S}"
    for number, element in enumerate(root.iter(name + "PmtInfId"), start=1):
        element.text = f"{message}-{number}"
    ET.register_namespace("", name[1:-1])
    content: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    try:
        try_valid_xml(content, schema)
    except ValidationError as error:
        reason = str(error.__cause__ or error).split("\n")[0]
        raise Invalid("The SEPA file would not be valid: %(reason)s", field="file", reason=reason) from error
    return content


def _compact(text: str) -> str:
    return "".join(text.split()).upper()


def read(content: bytes) -> Sequence[Said]:
    """Return what a file from the bank says, payment by payment. Raises `BadFile` when it is not one that is read here.

    There are no lines in XML that mean anything: payments are counted from 1.
    """
    root = _parsed(content)
    body = next(iter(root), root)
    kind = _local(body)
    if kind == "CstmrPmtStsRpt":
        found: Iterator[Said] = _statuses(body)
    elif kind in ("BkToCstmrStmt", "BkToCstmrAcctRpt", "BkToCstmrDbtCdtNtfctn"):
        found = _entries(body)
    else:
        raise BadFile(NOT_KNOWN, 1, remedy=REMEDY, params={"found": kind[:40]})
    return list(found)


def _parsed(content: bytes) -> ET.Element:
    try:
        text = content[: BYTES_MAX + 1].decode("utf-8-sig")
        if len(content) > BYTES_MAX or "<!" in text.replace("<!--", ""):
            raise ValueError("document types and entities are not read, nor is more than fits")
        return ET.fromstring(text)  # noqa: S314 - UTF-8 only, without document type or entities: checked above
    except (ValueError, ET.ParseError) as error:
        raise BadFile(NOT_XML, 1, remedy=REMEDY) from error


def _statuses(report: ET.Element) -> Iterator[Said]:
    """pain.002: what the bank thinks of each payment before money moves."""
    for number, status in enumerate(_all(report, "TxInfAndSts"), start=1):
        code = _text(status, "StsRsnInf", "Rsn", "Cd")
        word = _text(status, "TxSts")
        amount = _amount(_first(status, "OrgnlTxRef", "Amt", "InstdAmt"), number)
        refused = word == "RJCT"
        yield PaymentSaid(
            line=number,
            kind=CollectionKind.COLLECT,
            verdict=_refusal(code) if refused else Verdict.NOTED,
            reference=_text(status, "OrgnlEndToEndId"),
            amount_minor=amount,
            code=code if refused else word,
            said=REASONS.get(code, OTHER) if refused else ACCEPTED,
        )


def _refusal(code: str) -> Verdict:
    return Verdict.NO_FUNDS if code == NO_FUNDS else Verdict.REJECTED


def _entries(statement: ET.Element) -> Iterator[Said]:
    """camt.052/053/054: what was booked. A return is money out that names the collection it gives back."""
    number = 0
    for entry in _all(statement, "Ntry"):
        if _text(entry, "Sts", "Cd") not in ("", "BOOK") or _text(entry, "Sts") in ("PDNG", "INFO"):
            continue
        for details in _all(entry, "TxDtls"):
            number += 1
            into = (_text(details, "CdtDbtInd") or _text(entry, "CdtDbtInd")) == "CRDT"
            amount = _amount(_amount_of(details, entry), number)
            payment = _booked(details, entry, number, into, amount)
            if payment is not None:
                yield payment
                yield DepositSaid(line=number, amount_minor=amount if into else -amount, payments=1)


def _booked(details: ET.Element, entry: ET.Element, number: int, into: bool, amount: int) -> PaymentSaid | None:
    reference = _text(details, "Refs", "EndToEndId")
    if reference in ("", "NOTPROVIDED"):
        return None
    code = _text(details, "RtrInf", "Rsn", "Cd")
    returned = not into and (bool(code) or _text(entry, "RvslInd") == "true" or _first(details, "RtrInf") is not None)
    verdict = Verdict.RETURNED if returned else Verdict.PAID
    out = not into and not returned
    return PaymentSaid(
        line=number,
        kind=CollectionKind.PAYOUT if out else CollectionKind.COLLECT,
        verdict=verdict,
        reference=reference,
        amount_minor=amount,
        code=code,
        said=REASONS.get(code, OTHER) if returned else PAID_OUT if out else PAID,
    )


def _amount_of(details: ET.Element, entry: ET.Element) -> ET.Element | None:
    for path in (("Amt",), ("AmtDtls", "TxAmt", "Amt")):
        found = _first(details, *path)
        if found is not None:
            return found
    return _first(entry, "Amt")


def _amount(element: ET.Element | None, number: int) -> int:
    """Return cents. Raises `BadFile` for what is no amount in euro."""
    text = "" if element is None or element.text is None else element.text.strip()
    currency = "" if element is None else element.get("Ccy", "")
    try:
        cents = Decimal(text) * CENT
    except InvalidOperation:
        cents = Decimal("NaN")
    if not cents.is_finite() or cents != cents.to_integral_value() or not 0 <= cents < 10**15:
        raise BadFile(BAD_AMOUNT, number, remedy=REMEDY, params={"found": text[:40]})
    if currency != CURRENCY:
        raise BadFile(OTHER_CURRENCY, number, remedy=REMEDY, params={"found": currency[:10]})
    return int(cents)


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _all(element: ET.Element, name: str) -> Iterator[ET.Element]:
    return (each for each in element.iter() if _local(each) == name)


def _first(element: ET.Element, *path: str) -> ET.Element | None:
    """Return the element at the end of a path of names, whatever their namespaces."""
    found: ET.Element | None = element
    for name in path:
        found = next((each for each in found if _local(each) == name), None) if found is not None else None
    return found


def _text(element: ET.Element, *path: str) -> str:
    found = _first(element, *path)
    return "" if found is None or found.text is None else found.text.strip()
