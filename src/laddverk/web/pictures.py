"""Photos and files that people sent: answered as a picture or to be kept, and nothing else, whatever they hold."""

from __future__ import annotations

from urllib.parse import quote

from litestar import Response


def answer(content: bytes, kind: str) -> Response[bytes]:
    """Return a photo of the media type `kind`, so that no browser makes a page or a script of it, and none keeps it."""
    headers = {
        "x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": "inline", "cache-control": "private, no-store",
    }  # fmt: skip
    return Response(content, media_type=kind, headers=headers)


def handed_out(content: bytes, kind: str, name: str) -> Response[bytes]:
    """Return a file of the media type `kind`: a picture to be seen, anything else to be kept under its name."""
    shown = answer(content, kind)
    plain = "".join(each for each in name if each.isascii() and (each.isalnum() or each in "-_. ")) or "file"
    way = "inline" if kind.startswith("image/") else "attachment"
    shown.headers["content-disposition"] = f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    return shown
