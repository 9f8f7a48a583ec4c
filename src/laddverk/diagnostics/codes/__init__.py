"""Codes of faults: what chargers write, in one taxonomy of families. Open files, which an operator extends.

Each `.toml` beside this file is one source: the standard, a list that several makers share, or one maker. A folder
`codes` in the state directory holds the operator's own, which go before ours. Nothing that a charger writes is
dropped: what no file knows comes back as it was written, in the family `OTHER`, and is counted.
"""

from __future__ import annotations

from laddverk.diagnostics.codes.book import Book, book_of, in_use, use
from laddverk.diagnostics.codes.decoding import decoded, decoded_event
from laddverk.diagnostics.codes.model import Code, Entry, FileFault, Source

__all__ = ["Book", "Code", "Entry", "FileFault", "Source", "book_of", "decoded", "decoded_event", "in_use", "use"]
