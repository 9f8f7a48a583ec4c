"""Who asks for their own data."""

from __future__ import annotations

from msgspec import Struct

from laddverk.support.codes import Way


class Person(Struct, frozen=True):
    """An address or a number, as it is compared."""

    way: Way
    key: str
