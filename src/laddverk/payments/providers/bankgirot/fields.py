"""Columns of a record: how each kind of field is read from a line and written back to the same characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Final, TypeVar

from msgspec import Struct

from laddverk.kernel.problems import Invalid
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

WIDTH: Final = 80  # every record of Bankgirot
DATE_WIDTH: Final = 8
NONE: Final[Mapping[str, object]] = {}
AT_ONCE: Final = "GENAST"  # in place of a date: on the next bank day

SHORT: Final = N_("Ask the bank for the whole file, and do not edit it by hand.")
WRONG: Final = N_("Compare the line with the bank's description of the file. A file must never be edited by hand.")

WANTED: Final = N_("Line %(line)s, column %(column)s: expected “%(wanted)s”, found “%(found)s”.")
NOT_BLANK: Final = N_("Line %(line)s, column %(column)s: expected blanks, found “%(found)s”.")
TOO_LONG: Final = N_("Line %(line)s, column %(column)s: “%(found)s” is longer than %(width)s characters.")
LETTERS: Final = N_("Line %(line)s, column %(column)s: “%(found)s” has characters that the bank does not take.")
NO_DIGITS: Final = N_("Line %(line)s, column %(column)s: expected %(width)s digits, found “%(found)s”.")
TOO_LARGE: Final = N_("Line %(line)s, column %(column)s: the number %(found)s does not fit in %(width)s digits.")
BAD_DATE: Final = N_("Line %(line)s, column %(column)s: expected a date (YYYYMMDD), found “%(found)s”.")
NO_DATE: Final = N_("Line %(line)s, column %(column)s: a date is missing.")


class BadFile(Invalid):
    """A file that cannot be taken in; nothing of it was. Line and column count from 1; column 0 is the whole line."""

    code = "bad_file"

    def __init__(
        self, message: str, line: int, column: int = 0, *, remedy: str = WRONG, params: Mapping[str, object] = NONE
    ) -> None:
        super().__init__(message, field="file", remedy=remedy, **{**params, "line": line, "column": column})
        self.line = line
        self.column = column


class Unreadable(Exception):
    """Characters that are not what their field may hold. The text is a msgid; `params` go into it."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params = params


class Kind:
    """How one field is read and written. `read` gets exactly `width` characters, `write` gives exactly so many."""

    width: int

    def read(self, text: str) -> Any:
        """Return the value in `text`. Raises `Unreadable`."""
        raise NotImplementedError

    def write(self, value: Any) -> str:
        """Return `value` as it stands in a line. Raises `Unreadable` when it has no place there."""
        raise NotImplementedError


class Literal(Kind):
    """Characters that are always the same; they carry no value."""

    def __init__(self, text: str, width: int = 0) -> None:
        self.text = text.ljust(width)
        self.width = len(self.text)

    def read(self, text: str) -> Any:
        """Return nothing, if `text` is as it must be."""
        if text != self.text:
            if self.text.strip():
                raise Unreadable(
                    WANTED,
                    wanted=self.text,
                    found=text,
                )
            raise Unreadable(NOT_BLANK, found=text)
        return None

    def write(self, value: Any) -> str:
        """Return the characters."""
        return self.text


class Text(Kind):
    """Free text, blanks at its end do not count. ISO 8859-1 without control characters."""

    def __init__(self, width: int) -> None:
        self.width = width

    def read(self, text: str) -> Any:
        """Return the text without the blanks at its end."""
        return text.rstrip(" ")

    def write(self, value: Any) -> str:
        """Return the text with blanks up to its width. Raises `Unreadable` when it is longer, or of other letters."""
        if len(value) > self.width:
            raise Unreadable(
                TOO_LONG,
                found=value,
                width=self.width,
            )
        if not printable(value):
            raise Unreadable(
                LETTERS,
                found=value,
            )
        return str(value).ljust(self.width)


class Digits(Kind):
    """A number as it is written, with its leading zeros: an identity, not an amount. With `empty`, blanks mean none."""

    def __init__(self, width: int, *, empty: bool = False) -> None:
        self.width = width
        self.empty = empty

    def read(self, text: str) -> Any:
        """Return the digits; nothing for blanks where there may be none."""
        if self.empty and not text.strip(" "):
            return ""
        if not is_digits(text):
            raise Unreadable(
                NO_DIGITS,
                width=self.width,
                found=text,
            )
        return text

    def write(self, value: Any) -> str:
        """Return the digits with zeros before them."""
        if self.empty and value == "":
            return " " * self.width
        if not is_digits(value) or len(value) > self.width:
            raise Unreadable(
                NO_DIGITS,
                width=self.width,
                found=value,
            )
        return str(value).zfill(self.width)


class Whole(Kind):
    """A count, or an amount in öre, with leading zeros. With `empty`, blanks mean none."""

    def __init__(self, width: int, *, empty: bool = False) -> None:
        self.width = width
        self.empty = empty

    def read(self, text: str) -> Any:
        """Return the number; None for blanks where there may be none."""
        if self.empty and not text.strip(" "):
            return None
        if not is_digits(text):
            raise Unreadable(
                NO_DIGITS,
                width=self.width,
                found=text,
            )
        return int(text)

    def write(self, value: Any) -> str:
        """Return the number with zeros before it."""
        if value is None and self.empty:
            return " " * self.width
        if type(value) is not int or not 0 <= value < 10**self.width:
            raise Unreadable(
                TOO_LARGE,
                found=value,
                width=self.width,
            )
        return str(value).zfill(self.width)


class Day(Kind):
    """A date as YYYYMMDD. `none` are the characters that stand for no date, if there may be none."""

    width: int = DATE_WIDTH

    def __init__(self, none: str | None = None) -> None:
        self.none = None if none is None else none.ljust(DATE_WIDTH)

    def read(self, text: str) -> Any:
        """Return the date, or None for the characters that stand for none."""
        if text == self.none:
            return None
        try:
            if not is_digits(text):
                raise ValueError
            return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            raise Unreadable(BAD_DATE, found=text) from None

    def write(self, value: Any) -> str:
        """Return the date."""
        if value is None and self.none is not None:
            return self.none
        if not isinstance(value, date):
            raise Unreadable(NO_DATE)
        return f"{value.year:04d}{value.month:02d}{value.day:02d}"


class Field(Struct, frozen=True):
    """One field of a record: its name in the Struct, or none for fixed characters, and its kind."""

    name: str
    kind: Kind


class Record(Struct, frozen=True, kw_only=True):
    """One line. `width` is how wide it came: senders may cut the blanks at the end of a line."""

    layout: ClassVar[tuple[Field, ...]]
    width: int = WIDTH


R = TypeVar("R", bound=Record)


def fixed(text: str, width: int = 0) -> Field:
    """Return fixed characters, filled up with blanks to `width`."""
    return Field("", Literal(text, width))


def blank(width: int) -> Field:
    """Return columns that are kept free."""
    return Field("", Literal("", width))


def laid_out(*fields: Field) -> tuple[Field, ...]:
    """Return `fields` with blanks behind them up to the width of a record."""
    used = sum(field.kind.width for field in fields)
    assert used <= WIDTH, f"{used} columns"
    return (*fields, blank(WIDTH - used)) if used < WIDTH else fields


def read_record(kind: type[R], text: str, line: int) -> R:
    """Return the record in one line. Raises `BadFile` with the line, the column and what was expected there."""
    if len(text.rstrip(" ")) > WIDTH:
        raise BadFile(N_("Line %(line)s is longer than %(width)s columns."), line, WIDTH + 1, params={"width": WIDTH})
    padded = text.ljust(WIDTH)
    values: dict[str, Any] = {"width": len(text)}
    column = 0
    for field in kind.layout:
        part = padded[column : column + field.kind.width]
        try:
            value = field.kind.read(part)
        except Unreadable as error:
            raise _unreadable(error, line, column + 1) from None
        if field.name:
            values[field.name] = value
        column += field.kind.width
    return kind(**values)


def write_record(record: Record, line: int = 0) -> str:
    """Return the line of `record`. Raises `BadFile` when a value has no place in its columns."""
    parts = []
    column = 0
    for field in record.layout:
        value = getattr(record, field.name) if field.name else None
        try:
            parts.append(field.kind.write(value))
        except Unreadable as error:
            raise _unreadable(error, line, column + 1) from None
        column += field.kind.width
    text = "".join(parts)
    return text.ljust(record.width) if record.width > WIDTH else text[: max(record.width, len(text.rstrip(" ")))]


def _unreadable(error: Unreadable, line: int, column: int) -> BadFile:
    return BadFile(error.message, line, column, params=error.params)


def is_digits(text: str) -> bool:
    """Return whether `text` is one or more of 0 to 9: not the digits of other scripts."""
    return text.isascii() and text.isdigit()


def printable(text: str) -> bool:
    """Return whether `text` can stand in a file: ISO 8859-1 without control characters."""
    return all(" " <= letter <= "~" or "\xa0" <= letter <= "\xff" for letter in text)


def named(layouts: Mapping[str, type[Record]], code: str, line: int, allowed: Sequence[str]) -> type[Record]:
    """Return the record of a transaction code. Raises `BadFile` when this file has no such record."""
    found = layouts.get(code)
    if found is None:
        message = N_("Line %(line)s begins with “%(found)s”; this kind of file has only %(allowed)s.")
        raise BadFile(message, line, 1, params={"found": code, "allowed": ", ".join(allowed)})
    return found
