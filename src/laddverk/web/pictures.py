"""Photos that people sent: answered as a picture and nothing else, whatever they hold."""

from __future__ import annotations

from litestar import Response


def answer(content: bytes, kind: str) -> Response[bytes]:
    """Return a photo of the media type `kind`, so that no browser makes a page or a script of it, and none keeps it."""
    headers = {
        "x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": "inline", "cache-control": "private, no-store",
    }  # fmt: skip
    return Response(content, media_type=kind, headers=headers)
