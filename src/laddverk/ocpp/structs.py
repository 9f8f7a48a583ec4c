"""What all generated OCPP messages share: one strict base, and the one open object of the standard.

A field that may be absent is None. Field names are snake_case here and as the standard spells them on the wire.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Message(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, rename="camel", gc=False):
    """Base of every message and data type. Decoding it refuses unknown properties; encoding leaves out what is None.

    `gc=False`: messages are trees, and a gateway makes thousands of them a second.
    """


class CustomDataType(dict[str, Any]):
    """A vendor's own properties, kept whole. The standard asks for a `vendorId` of at most 255 characters."""

    VENDOR_ID_MAX = 255

    @property
    def vendor_id(self) -> str:
        """The vendor's reverse domain name, or "" where a charger left it out."""
        return str(self.get("vendorId", ""))
