"""What a charger's codes mean: lists split, bits told apart, each looked up. Pure; bears any text; drops nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Final

from laddverk.diagnostics.codes.book import Book, Chapter, in_use
from laddverk.diagnostics.codes.model import SEVERITIES, Code, Entry
from laddverk.diagnostics.model import Family, Severity

CODES_MAX: Final = 32  # in one message: a field holds fifty characters by the standard, techCode as well
CODE_MAX: Final = 100  # characters of one code that are kept
INFO_MAX: Final = 500  # characters of what stands beside it
BITS_MAX: Final = 64
HEX: Final = re.compile(r"0[xX][0-9a-fA-F]{1,16}|[0-9a-fA-F]{4,16}")
DECIMAL: Final = re.compile(r"[0-9]{1,20}")
SEPARATORS: Final = re.compile(r"[,;|\n\r\t]+")
NOTHING: Final = frozenset(
    {"", "0", "0x0", "0x00", "0x0000", "0x00000000", "00", "0000", "00000000", "none", "null", "n/a", "na", "-",
     "noerror", "no error", "no_error", "ok"}
)  # fmt: skip
"""What chargers write where they have nothing to say; a code of this name in a maker's own file goes before."""
NO_ERROR: Final = "NoError"
VAGUE: Final = frozenset({"othererror", "internalerror"})
"""Codes of the standard that say no more than the maker's own beside them."""
STANDARD: Final = "ocpp16.toml"
COMPONENTS: Final = "ocpp2.toml"
FALSE: Final = frozenset({"false", "0", "no", "off", "inactive"})


def decoded(
    vendor: str,
    model: str,
    error_code: str | None,
    vendor_error_code: str | None = None,
    vendor_id: str | None = None,
    info: str | None = None,
) -> tuple[Code, ...]:
    """Return what the codes of a StatusNotification mean, the most severe first; () when it complains of nothing.

    The maker's field may hold a list (`,`, `;`, `|`), whose n-th info belongs to its n-th code, or a mask of bits.
    The standard's code is left out where a maker's says the same or more. Never raises.
    """
    return _decoded(
        in_use(), vendor[:CODE_MAX], model[:CODE_MAX], (error_code or "").strip()[:CODE_MAX],
        (vendor_error_code or "").strip()[: CODES_MAX * CODE_MAX], (vendor_id or "").strip()[:CODE_MAX * 3],
        (info or "").strip()[:INFO_MAX],
    )  # fmt: skip


def decoded_event(
    vendor: str,
    model: str,
    component: str,
    variable: str,
    tech_code: str | None = None,
    tech_info: str | None = None,
    value: str = "",
) -> tuple[Code, ...]:
    """Return what an event of a device model (OCPP 2.x NotifyEvent) means; () when it complains of nothing.

    `techCode` is decoded like a maker's code. Without one, the component says what it is (`OverCurrentProtection`,
    `Tripped`), unless `value` says that it is no longer so; a component that no file knows says nothing.
    """
    found = _decoded(
        in_use(), vendor[:CODE_MAX], model[:CODE_MAX], "", (tech_code or "").strip()[: CODES_MAX * CODE_MAX], "",
        (tech_info or "").strip()[:INFO_MAX],
    )  # fmt: skip
    if found or value.strip().casefold() in FALSE:
        return found
    return _of_component(in_use(), component[:CODE_MAX], variable[:CODE_MAX], (tech_info or "").strip()[:INFO_MAX])


@lru_cache(maxsize=4_096)
def _decoded(
    book: Book, vendor: str, model: str, error_code: str, vendor_error_code: str, vendor_id: str, info: str
) -> tuple[Code, ...]:
    chapters = (*book.of_vendor_id(vendor_id), *book.fitting(vendor, model))
    found: list[Code] = []
    for raw, remark in _pairs(vendor_error_code, info):
        found += _looked_up(chapters, raw, remark)
    standard = _standard(chapters, error_code, info)
    if not any(one.is_known for one in found) and info:
        found += _recognised(chapters, info)
    if standard and not _says_nothing_more(standard, found):
        found.append(standard)
    if error_code == NO_ERROR or any(one.is_known for one in found):
        found = [one if one.is_known else _quiet(one) for one in found]
    return tuple(sorted(_distinct(found), key=lambda one: one.severity)[:CODES_MAX])


def _pairs(codes: str, info: str) -> Iterable[tuple[str, str]]:
    """Return each code of a list with its info: the n-th of the other list if both are as long, else all of it."""
    parts = [one.strip()[:CODE_MAX] for one in SEPARATORS.split(codes)][:CODES_MAX]
    remarks = [one.strip() for one in SEPARATORS.split(info)] if info and len(parts) > 1 else [info]
    if len(remarks) > len(parts):
        remarks = [info] * len(parts)
    return [(part, remark) for part, remark in zip_longest(parts, remarks, fillvalue="") if part]


def _looked_up(chapters: Sequence[Chapter], raw: str, info: str) -> Sequence[Code]:
    for chapter in chapters:
        if raw.casefold() in chapter.nothing:
            return ()
        if chapter.source.written != "words":
            bits = _bits(chapter, raw, info)
            if bits is not None:
                return bits
        word = chapter.by_word.get(raw.casefold()) or chapter.by_word.get(raw.rpartition("/")[2].casefold())
        if word:
            return (_code(chapter, word, raw, info),)
    if raw.casefold() in NOTHING:
        return ()
    return _recognised(chapters, raw, info) or (_unknown(raw, info),)


def _bits(chapter: Chapter, raw: str, info: str) -> Sequence[Code] | None:
    """Return a code for each bit; None when this is no number as the maker writes it."""
    is_hex = HEX.fullmatch(raw) and (chapter.source.written == "hex_bits" or raw[:2].lower() == "0x")
    if not is_hex and not (chapter.source.written == "decimal_bits" and DECIMAL.fullmatch(raw)):
        return None
    mask = int(raw, 16 if is_hex else 10)
    if mask >= 1 << BITS_MAX:
        return None
    set_bits = [bit for bit in range(BITS_MAX) if mask >> bit & 1][:CODES_MAX]
    return [
        _code(chapter, chapter.by_bit[bit], raw, info)
        if bit in chapter.by_bit
        else _unknown(f"{raw} (bit {bit})" if len(set_bits) > 1 else raw, info)
        for bit in set_bits
    ]


def _recognised(chapters: Iterable[Chapter], text: str, info: str | None = None) -> Sequence[Code]:
    """Return the codes that stand somewhere in `text` and whose source says how they look."""
    found: list[Code] = []
    for chapter in chapters:
        for match in chapter.pattern.findall(text) if chapter.pattern else ():
            entry = chapter.by_word.get(str(match).casefold())
            if entry:
                found.append(_code(chapter, entry, str(match), text if info is None else info))
    return found[:CODES_MAX]


def _standard(chapters: Iterable[Chapter], error_code: str, info: str) -> Code | None:
    if not error_code or error_code.casefold() in NOTHING:
        return None
    for chapter in sorted(chapters, key=lambda one: (not one.is_own, one.file != STANDARD)):
        entry = chapter.by_word.get(error_code.casefold())
        if entry:
            return _code(chapter, entry, error_code, info)
    return _unknown(error_code, info)


def _says_nothing_more(standard: Code, found: Sequence[Code]) -> bool:
    """Return whether the maker's own codes say what the standard's says, or what hides behind its vague word."""
    known = [one for one in found if one.is_known]
    if standard.raw.casefold() in VAGUE and found:
        return True
    return any(one.family is standard.family and one.severity <= standard.severity for one in known)


def _of_component(book: Book, component: str, variable: str, info: str) -> tuple[Code, ...]:
    for chapter in book.chapters:
        entry = chapter.by_word.get(f"{component}.{variable}".casefold())
        if entry:
            return (_code(chapter, entry, f"{component}.{variable}", info),)
    return ()


def _code(chapter: Chapter, entry: Entry, raw: str, info: str) -> Code:
    return Code(
        name=entry.name, family=entry.family, severity=SEVERITIES[entry.severity], safety=entry.safety,
        title=entry.en, title_sv=entry.sv, raw=raw, info=info, source=chapter.source.name,
    )  # fmt: skip


def _unknown(raw: str, info: str) -> Code:
    return Code(name=raw, family=Family.OTHER, severity=Severity.DEGRADED, raw=raw, info=info)


def _quiet(code: Code) -> Code:
    """Return a code that nobody knows as no more than to be seen: another says what is wrong, or that nothing is."""
    return Code(name=code.name, family=code.family, severity=Severity.INFO, raw=code.raw, info=code.info)


def _distinct(codes: Iterable[Code]) -> Iterable[Code]:
    first: dict[tuple[str, str], Code] = {}
    for one in codes:
        first.setdefault((one.source, one.name), one)
    return first.values()
