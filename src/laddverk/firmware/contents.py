"""What is in a file that came from a charger: told by its first bytes, and read no further than a screen can show.

Everything in it is hostile. A packed file is unpacked as a stream that is cut off (a bomb goes off after
`SCAN_BYTES_MAX`), its directory is looked at before it is read whole, and no name in it is ever a path of ours.
"""

from __future__ import annotations

import gzip
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, Any, Final, TypeAlias, cast

from msgspec import Struct

from laddverk.firmware.levels import AT_LEAST, Level, level_of, may_be
from laddverk.firmware.model import FileKind
from laddverk.kernel.problems import Invalid

BEGINNING: Final = 4096  # bytes that tell what a file is, and that are shown of one that is no text
SCAN_BYTES_MAX: Final = 100_000_000  # unpacked; about a second of work
LINES_SHOWN: Final = 1000
LINE_BYTES_MAX: Final = 4000
MEMBERS_MAX: Final = 500
ZIP_DIRECTORY_MAX: Final = 2_000_000  # bytes: some ten thousand names, and all of them come into memory
CHUNK: Final = 65_536
HEX_WIDTH: Final = 16

MAGIC: Final = (
    (b"\x1f\x8b", FileKind.GZIP),
    (b"PK\x03\x04", FileKind.ZIP),
    (b"PK\x05\x06", FileKind.ZIP),
    (b"\xd4\xc3\xb2\xa1", FileKind.PCAP),
    (b"\xa1\xb2\xc3\xd4", FileKind.PCAP),
    (b"\x0a\x0d\x0d\x0a", FileKind.PCAP),
    (b"<?xml", FileKind.XML),
)
PROGRAMS: Final = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe")
TAR_MAGIC: Final = b"ustar"
TAR_MAGIC_AT: Final = 257
TEXTUAL: Final = frozenset({FileKind.TEXT, FileKind.JSON, FileKind.XML})
PACKED: Final = frozenset({FileKind.ZIP, FileKind.TAR})

Stream: TypeAlias = "BufferedReader[Limited]"

BROKEN: Final = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # a member under a password
    NotImplementedError,  # a way of packing that is not known
    KeyError,
    zlib.error,
    zipfile.BadZipFile,
    tarfile.TarError,
)


def sniffed(beginning: bytes) -> FileKind:
    """Return what a file is by its first bytes. Raises `Invalid` for a program, which no log is."""
    if beginning.startswith(PROGRAMS):
        raise Invalid("This is a program, and no log.", field="file")
    for magic, kind in MAGIC:
        if beginning.startswith(magic):
            return kind
    if beginning[TAR_MAGIC_AT : TAR_MAGIC_AT + len(TAR_MAGIC)] == TAR_MAGIC:
        return FileKind.TAR
    if b"\x00" in beginning or _odd_share(beginning) > 0.1:
        return FileKind.BINARY
    return FileKind.JSON if beginning.lstrip()[:1] in (b"{", b"[") else FileKind.TEXT


def _odd_share(data: bytes) -> float:
    """Return the share of control characters that no text has."""
    odd = sum(byte < 0x20 and byte not in b"\t\n\r\f\x1b" for byte in data)
    return odd / len(data) if data else 0.0


class Member(Struct, frozen=True):
    """A file within a packed file."""

    name: str
    size_bytes: int
    encrypted: bool = False


class Line(Struct, frozen=True):
    """A line of a text, counted from 1."""

    number: int
    text: str
    level: Level = Level.NONE


class Look(Struct, frozen=True, kw_only=True):
    """What a screen shows of a file."""

    kind: FileKind
    lines: tuple[Line, ...] = ()
    members: tuple[Member, ...] = ()
    dump: tuple[str, ...] = ()
    """Rows of a hexadecimal dump of its beginning."""
    next_line: int | None = None
    """Where the next page begins."""
    cut: bool = False
    """There is more than was looked at."""
    problem: str = ""
    """A key of words: `broken`, `no_member`, `directory_too_large`."""


class Limited(RawIOBase):
    """A stream that ends at its limit, and says so."""

    def __init__(self, inner: IO[bytes], limit: int = SCAN_BYTES_MAX) -> None:
        self._inner = inner
        self._left = limit
        self.cut = False

    def readable(self) -> bool:
        """It can be read, and nothing else."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with what comes next, and nothing once the limit is reached."""
        if self._left <= 0:
            self.cut = True
            return 0
        found = self._inner.read(min(len(buffer), self._left, CHUNK))
        self._left -= len(found)
        buffer[: len(found)] = found
        return len(found)


class Wish(Struct, frozen=True):
    """Which lines of a text are wanted: from one on, that hold a text in any case, and are as grave as a level."""

    search: str = ""
    from_line: int = 1
    level: Level = Level.NONE

    def taken(self, number: int, raw: bytes) -> Line | None:
        """Return a line as it is shown, or None when it is none of those. What costs least is looked at first."""
        if number < self.from_line or not may_be(self.level, raw):
            return None
        if self.search.isascii() and self.search.lower().encode() not in raw.lower():
            return None
        text = printable(raw)
        if self.search and self.search.casefold() not in text.casefold():
            return None
        level = level_of(text)
        return Line(number, text, level) if level in AT_LEAST.get(self.level, Level) else None


ALL: Final = Wish()


def look(path: Path, kind: FileKind, *, member: str = "", wish: Wish = ALL) -> Look:
    """Return what a screen shows of the file at `path`. Never raises for what is in it.

    A packed file shows what is in it, or one `member`. A text shows up to `LINES_SHOWN` lines that fit
    `wish`. Anything else shows its beginning.
    """
    try:
        with path.open("rb") as file:
            if kind is FileKind.ZIP:
                return _look_into_zip(file, member, wish)
            return _look_at(file, kind, member, wish)
    except BROKEN:
        return Look(kind=kind, problem="broken")


def _look_at(file: IO[bytes], kind: FileKind, member: str, wish: Wish) -> Look:
    limited = Limited(_unpacked(file) if kind is FileKind.GZIP else file)
    stream = BufferedReader(limited, CHUNK)
    inner = _kind_of(stream.peek(BEGINNING)) if kind is FileKind.GZIP else kind
    if inner is FileKind.TAR:
        return _look_into_tar(stream, member, wish)
    if inner in TEXTUAL:
        return _text(stream, limited, inner, wish)
    return Look(kind=inner, dump=dumped(stream.read(BEGINNING)), cut=bool(stream.read(1)))


def _unpacked(file: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], gzip.GzipFile(fileobj=file, mode="rb"))


def _kind_of(beginning: bytes) -> FileKind:
    try:
        return sniffed(beginning[:BEGINNING])
    except Invalid:
        return FileKind.BINARY


def _look_into_zip(file: IO[bytes], member: str, wish: Wish) -> Look:
    if zip_directory_bytes(file) > ZIP_DIRECTORY_MAX:
        return Look(kind=FileKind.ZIP, problem="directory_too_large")
    with zipfile.ZipFile(file) as packed:
        known = [info for info in packed.infolist() if not info.is_dir()]
        if not member:
            listed = tuple(Member(one.filename, one.file_size, bool(one.flag_bits & 1)) for one in known[:MEMBERS_MAX])
            return Look(kind=FileKind.ZIP, members=listed, cut=len(known) > MEMBERS_MAX)
        found = next((info for info in known if info.filename == member), None)
        if found is None:
            return Look(kind=FileKind.ZIP, problem="no_member")
        with packed.open(found) as inner:
            return _look_at_member(inner, wish)


def zip_directory_bytes(file: IO[bytes]) -> int:
    """Return how large a zip file says that its directory is; more than any limit when it cannot be told."""
    end = file.seek(0, 2)
    file.seek(max(0, end - CHUNK - 22))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile("it has no end")
    entries, size = struct.unpack("<HI", tail[at + 10 : at + 16])
    is_64 = entries == 0xFFFF or size == 0xFFFFFFFF
    return ZIP_DIRECTORY_MAX + 1 if is_64 else int(size)


def _look_into_tar(stream: Stream, member: str, wish: Wish) -> Look:
    listed: list[Member] = []
    with tarfile.open(fileobj=stream, mode="r|") as packed:
        for info in packed:
            if not info.isfile():
                continue
            if member and info.name == member:
                inner = packed.extractfile(info)
                return _look_at_member(inner, wish) if inner else Look(kind=FileKind.TAR, problem="broken")
            if len(listed) >= MEMBERS_MAX:
                return Look(kind=FileKind.TAR, members=tuple(listed), cut=True)
            listed.append(Member(info.name, info.size))
    if member:
        return Look(kind=FileKind.TAR, problem="no_member")
    return Look(kind=FileKind.TAR, members=tuple(listed))


def _look_at_member(inner: IO[bytes], wish: Wish) -> Look:
    """Return what is in a member: a text, or a packed text (rotated logs), else its beginning."""
    stream = BufferedReader(Limited(inner), CHUNK)
    kind = _kind_of(stream.peek(BEGINNING))
    if kind in PACKED:
        return Look(kind=kind, dump=dumped(stream.read(BEGINNING)), cut=True)
    return _look_at(cast(IO[bytes], stream), kind, "", wish)


def _text(stream: Stream, limited: Limited, kind: FileKind, wish: Wish) -> Look:
    shown: list[Line] = []
    for number, raw in enumerate(_lines(stream), start=1):
        line = wish.taken(number, raw)
        if line is None:
            continue
        if len(shown) == LINES_SHOWN:
            return Look(kind=kind, lines=tuple(shown), next_line=number)
        shown.append(line)
    return Look(kind=kind, lines=tuple(shown), cut=limited.cut)


def _lines(stream: Stream) -> Iterator[bytes]:
    """Yield the lines of a text; one without end comes in pieces."""
    while line := stream.readline(LINE_BYTES_MAX):
        yield line


def printable(raw: bytes) -> str:
    """Return a line as text: what is no UTF-8 and what cannot be seen is shown as a replacement character."""
    text = raw.rstrip(b"\r\n").decode("utf-8", "replace")
    if text.replace("\t", "").isprintable():  # nearly all lines, and twenty times as fast
        return text
    return "".join(char if char.isprintable() or char == "\t" else "\ufffd" for char in text)


def dumped(data: bytes) -> tuple[str, ...]:
    """Return rows of a hexadecimal dump: where, the bytes, what of them can be read."""
    rows = []
    for at in range(0, len(data), HEX_WIDTH):
        part = data[at : at + HEX_WIDTH]
        readable = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
        rows.append(f"{at:08x}  {part.hex(' '):<{HEX_WIDTH * 3 - 1}}  {readable}")
    return tuple(rows)


@contextmanager
def plain_lines(path: Path, kind: FileKind) -> Iterator[Iterator[str]]:
    """Yield the lines of a text or of a packed text, for a copy that is shared. Raises `Invalid` for anything else."""
    with path.open("rb") as file:
        stream = BufferedReader(Limited(_unpacked(file) if kind is FileKind.GZIP else file), CHUNK)
        try:
            inner = _kind_of(stream.peek(BEGINNING)) if kind is FileKind.GZIP else kind
        except BROKEN:
            inner = FileKind.BINARY
        if inner not in TEXTUAL:
            raise Invalid(
                "Only texts can be shared without personal data.",
                remedy="Download the file as it is, or look into it here.",
            )
        yield (printable(line) for line in _lines(stream))
