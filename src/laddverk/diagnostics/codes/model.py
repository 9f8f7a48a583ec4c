"""What a code of a fault is: the entry in a file, the file it stands in, and what is made of it when it comes."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from laddverk.diagnostics.model import Family, Severity

Written = Literal["words", "decimal_bits", "hex_bits"]
"""How a maker writes its codes: as words, or as the sum of bits in a decimal or hexadecimal number."""

SEVERITIES = {one.name.lower(): one for one in Severity}


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One code in a file."""

    code: str
    """As the charger writes it; in a file of bits `bit3`, or the number with that one bit: `0x0008`."""
    name: str
    """What the source calls it; one word."""
    family: Family
    severity: Literal["safety", "down", "degraded", "plan", "info"] = "degraded"
    safety: bool = False
    """Nobody may clear it from afar: no reset while it stands."""
    en: str
    sv: str = ""
    note: str = ""
    """What else to know, for people who read the file."""


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file's head: whose codes these are, how they are written, and where the facts are from."""

    name: str
    facts_from: str = ""
    vendor: str = "*"
    """Pattern with `*` and `?`, whatever the case, for what the charger says in its boot."""
    model: str = "*"
    vendor_ids: tuple[str, ...] = ()
    """The `vendorId` that goes with these codes, where there is one."""
    pattern: str = ""
    """A regular expression by which these codes are recognised wherever they stand, in `info` too."""
    written: Written = "words"
    nothing: tuple[str, ...] = ()
    """What this maker writes where it has nothing to say."""


class FileFault(Struct, frozen=True, kw_only=True):
    """Why a file of the operator's is not used."""

    name: str
    line: int
    reason: str


class Code(Struct, frozen=True, kw_only=True):
    """What one code that a charger wrote means."""

    name: str
    family: Family
    severity: Severity
    safety: bool = False
    title: str = ""
    """In English; '' for a code that no file knows."""
    title_sv: str = ""
    raw: str
    """As the charger wrote it."""
    info: str = ""
    """The reading or remark that came with it."""
    source: str = ""
    """The name of the file's source; '' for a code that no file knows."""

    @property
    def is_known(self) -> bool:
        """Whether a file says what it means."""
        return bool(self.source)

    def titled(self, language: str) -> str:
        """Return what it means in `language`, in English where there is no other, and the code itself at the last."""
        return (self.title_sv if language == "sv" else "") or self.title or self.raw
