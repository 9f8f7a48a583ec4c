"""Bodies of requests that are too large for memory: streamed to where they go, within limits.

A form with a file (multipart) is read piece by piece; a plain body is the file itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from msgspec import Struct
from multipart import (  # type: ignore[import-untyped]  # it has no stubs; Litestar brings it
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from laddverk.firmware.shelf import Incoming
from laddverk.kernel.problems import Invalid

FIELD_BYTES_MAX: Final = 20_000  # as the fields of other forms
SEGMENTS_MAX: Final = 30  # the largest form with a file has ten fields
FORM_OVERHEAD_BYTES: Final = 200_000  # what a form may have beside its file


class Arrived(Struct, frozen=True):
    """What came beside the bytes of the file."""

    file_name: str = ""
    fields: dict[str, str] = {}


async def taken_in(chunks: AsyncIterator[bytes], content_type: str, incoming: Incoming) -> Arrived:
    """Write the file of a request into `incoming`, and return what came beside it.

    Raises `TooLarge` when the limit of `incoming` is passed, and `Invalid` for a form that cannot be read or that has
    several files.
    """
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data":
        async for chunk in chunks:
            await asyncio.to_thread(incoming.write, chunk)
        return Arrived()
    if not options.get("boundary"):
        raise Invalid("This form cannot be read.")
    try:
        return await _form(chunks, options["boundary"], incoming)
    except MultipartError:
        raise Invalid("This form cannot be read.") from None


async def _form(chunks: AsyncIterator[bytes], boundary: str, incoming: Incoming) -> Arrived:
    reader = _Reader()
    with PushMultipartParser(boundary, max_segment_count=SEGMENTS_MAX, header_charset="utf-8") as parser:
        async for chunk in chunks:
            parts = [part for event in parser.parse(chunk) if (part := reader.taken(event))]
            if parts:
                await asyncio.to_thread(incoming.write, b"".join(parts))
    return reader.arrived()


class _Reader:
    """Sorts the events of a form: bytes of the file are handed on, the rest is kept."""

    def __init__(self) -> None:
        self._segment: MultipartSegment | None = None
        self._file: MultipartSegment | None = None
        self._values: dict[str, bytearray] = {}

    def taken(self, event: MultipartSegment | bytearray | bytes | None) -> bytes:
        """Take one event; return what of it belongs to the file."""
        if isinstance(event, MultipartSegment):
            self._begun(event)
        elif event is None or self._segment is None:
            self._segment = None
        elif self._segment is self._file:
            return bytes(event)
        else:
            value = self._values.setdefault(self._segment.name, bytearray())
            value += event
            if len(value) > FIELD_BYTES_MAX:
                raise Invalid("This text is too long, or holds characters that no text has.", field=self._segment.name)
        return b""

    def _begun(self, segment: MultipartSegment) -> None:
        self._segment = segment
        if segment.filename is None:
            return
        if self._file is not None:
            raise Invalid("Only one file can be taken at a time.", field="file")
        self._file = segment

    def arrived(self) -> Arrived:
        """Return what came beside the file. Raises `Invalid` for text that is none."""
        fields = {}
        for name, value in self._values.items():
            text = value.decode("utf-8", "replace").strip()
            if "\x00" in text:
                raise Invalid("This text is too long, or holds characters that no text has.", field=name)
            fields[name] = text
        return Arrived((self._file.filename or "") if self._file else "", fields)
