"""The book of codes: read from `.toml` files, ours and the operator's own, and asked for each code that comes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import structlog

from laddverk.diagnostics.codes.model import Entry, FileFault, Source

log = structlog.get_logger()

HERE: Final = Path(__file__).parent
FILES_MAX: Final = 200  # of an operator's own folder
BYTES_MAX: Final = 500_000  # of one file: some thousand codes
PATTERN_MAX: Final = 100  # characters of a regular expression: it is tried on what chargers write
REPEATS: Final = re.compile(r"[*+}]\s*\)|\([^)]*[*+}]")  # a repeat inside a group: could take for ever on hostile text
AT_LINE: Final = re.compile(r"\(at line (\d+)")
IN_CODE: Final = re.compile(r"\$\.code\[(\d+)\]")


class Faulty(Exception):
    """A file cannot be used: at which line, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: Source
    code: tuple[Entry, ...] = ()


class Chapter:
    """One file: its head, and its codes by how they are written."""

    __slots__ = ("by_bit", "by_word", "entries", "file", "is_own", "nothing", "pattern", "source")

    def __init__(self, file: str, source: Source, entries: Sequence[Entry], *, is_own: bool) -> None:
        self.file = file
        self.is_own = is_own
        self.source = source
        self.entries = tuple(entries)
        self.nothing = frozenset(one.casefold() for one in source.nothing)
        self.pattern = re.compile(source.pattern, re.IGNORECASE) if source.pattern else None
        bits = source.written != "words"
        self.by_bit: Mapping[int, Entry] = {bit_of(one.code): one for one in entries} if bits else {}
        self.by_word: Mapping[str, Entry] = {} if bits else words_of(entries)

    def fits(self, vendor: str, model: str) -> bool:
        """Return whether a charger that says this of itself writes these codes."""
        return fnmatchcase(vendor, self.source.vendor.lower()) and fnmatchcase(model, self.source.model.lower())

    @property
    def is_for_all(self) -> bool:
        """Whether its codes mean the same whoever made the charger."""
        return self.source.vendor == "*" and self.source.model == "*" and not self.source.vendor_ids


class Book:
    """All chapters, the operator's own first, and what was wrong with files of his that are left out."""

    def __init__(self, chapters: Sequence[Chapter], faults: Sequence[FileFault] = ()) -> None:
        self.chapters = tuple(sorted(chapters, key=lambda one: not one.is_own))
        self.faults = tuple(faults)
        self._fitting = cache(self._find_fitting)

    def fitting(self, vendor: str, model: str) -> tuple[Chapter, ...]:
        """Return the chapters of this maker, most precise first, then those that hold for all."""
        return self._fitting(vendor.strip().lower()[:100], model.strip().lower()[:100])

    def _find_fitting(self, vendor: str, model: str) -> tuple[Chapter, ...]:
        found = [one for one in self.chapters if not one.source.vendor_ids and one.fits(vendor, model)]
        return tuple(sorted(found, key=lambda one: (not one.is_own, one.is_for_all)))

    def of_vendor_id(self, vendor_id: str) -> tuple[Chapter, ...]:
        """Return the chapters whose codes go with this `vendorId`."""
        wanted = vendor_id.strip().lower()
        return tuple(one for one in self.chapters if wanted in (known.lower() for known in one.source.vendor_ids))


def words_of(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Return the codes by what may be written for them: the code, or the name that its source gives it."""
    named = {one.name.casefold(): one for one in entries}
    return named | {one.code.casefold(): one for one in entries}


def bit_of(code: str) -> int:
    """Return which bit `bit3` or `0x0008` is. Raises `ValueError` for what is not one bit."""
    if code.startswith("bit"):
        return int(code.removeprefix("bit"))
    mask = int(code, 0)
    if mask <= 0 or mask & (mask - 1):
        raise ValueError(f"{code} is not one bit")
    return mask.bit_length() - 1


def chapter_of(content: bytes, name: str, *, is_own: bool) -> Chapter:
    """Return one file as a chapter. Raises `Faulty` with the line and the reason."""
    if len(content) > BYTES_MAX:
        raise Faulty(1, f"it has more than {BYTES_MAX} bytes")
    try:
        read = tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        raise Faulty(content[: error.start].count(b"\n") + 1, "it is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        found = AT_LINE.search(str(error))
        raise Faulty(int(found[1]) if found else content.count(b"\n") + 1, str(error)) from None
    try:
        file = msgspec.convert(read, _File)
    except msgspec.ValidationError as error:
        raise Faulty(_line_of(content, str(error)), str(error)) from None
    _check(content, file)
    return Chapter(name, file.source, file.code, is_own=is_own)


def _check(content: bytes, file: _File) -> None:
    pattern = file.source.pattern
    if len(pattern) > PATTERN_MAX or REPEATS.search(pattern):
        raise Faulty(1, "the pattern is too long, or repeats a group")
    try:
        re.compile(pattern)
    except re.error as error:
        raise Faulty(1, f"the pattern is not a regular expression: {error}") from None
    seen: set[str] = set()
    for number, one in enumerate(file.code):
        problem = _problem_of(one, file.source, seen)
        if problem:
            raise Faulty(_line_of(content, f"$.code[{number}]"), problem)
        seen.add(one.code.casefold())


def _problem_of(entry: Entry, source: Source, seen: set[str]) -> str:
    if not entry.code.strip() or len(entry.code) > 100:
        return "a code is empty or longer than 100 characters"
    if entry.code.casefold() in seen:
        return f"{entry.code} stands there twice"
    if source.written != "words":
        try:
            bit = bit_of(entry.code)
        except ValueError:
            bit = -1
        if not 0 <= bit < 64:
            return f"{entry.code} is not a bit: write bit3, or 0x0008"
    return ""


def _line_of(content: bytes, where: str) -> int:
    """Return the line of the n-th `[[code]]` that an error names; of `[source]` when it names none."""
    found = IN_CODE.search(where)
    heads = [
        number for number, line in enumerate(content.splitlines(), start=1)
        if line.strip().startswith(b"[[code]]" if found else b"[source]")
    ]  # fmt: skip
    nth = int(found[1]) if found else 0
    return heads[nth] if nth < len(heads) else 1


def book_of(own_folder: Path | None = None) -> Book:
    """Return the codes that come with Laddverk and those in `own_folder`; faulty files there are left out and named."""
    own, faults = _own(own_folder) if own_folder is not None and own_folder.is_dir() else ([], [])
    return Book([*own, *ours()], faults)


@cache
def ours() -> tuple[Chapter, ...]:
    """Return the chapters that come with Laddverk."""
    return tuple(chapter_of(path.read_bytes(), path.name, is_own=False) for path in sorted(HERE.glob("*.toml")))


def _own(folder: Path) -> tuple[list[Chapter], list[FileFault]]:
    chapters: list[Chapter] = []
    faults: list[FileFault] = []
    for path in sorted(folder.glob("*.toml"))[:FILES_MAX]:
        try:
            chapters.append(chapter_of(path.read_bytes()[: BYTES_MAX + 1], path.name, is_own=True))
        except Faulty as error:
            faults.append(FileFault(name=path.name, line=error.line, reason=error.reason[:300]))
        except OSError as error:
            faults.append(FileFault(name=path.name, line=1, reason=str(error.strerror)))
    for fault in faults:
        log.warning("codes_file_left_out", file=fault.name, line=fault.line, reason=fault.reason)
    return chapters, faults


class Shelf:
    """The operator's folder, read again when a file in it has changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen: object = None

    def refresh(self) -> None:
        """Use what the folder holds now. A look at it costs nothing when nothing has changed."""
        seen = _marks(self.folder)
        if seen != self._seen:
            self._seen = seen
            use(book_of(self.folder))


def _marks(folder: Path) -> object:
    """Return what changes when a file in the folder does."""
    try:
        return tuple(
            sorted((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in folder.glob("*.toml"))
        )
    except OSError:
        return None


class _Used:
    """Which book detectors ask. One a process: they are pure, and what a code means is no argument of theirs."""

    book: Book | None = None


def in_use() -> Book:
    """Return the book that `decoded` looks in: ours alone, until `use` said otherwise."""
    if _Used.book is None:
        _Used.book = book_of()
    return _Used.book


def use(book: Book) -> None:
    """Let `decoded` look in `book` from now on."""
    _Used.book = book
