"""Markdown of articles as HTML: headings, lists, tables, links and pictures of our own; nothing that runs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

PICTURES: Final = "/help/pictures/"
PICTURE_PATH: Final = re.compile(r"/help/pictures/apc_[0-9a-f]{32}")
TAGS: Final = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "hr", "img", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES: Final = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
SCHEMES: Final = {"https", "mailto", "tel"}
CACHED: Final = 256  # texts; an article is rendered in about 2 ms, and read far more often than written

_markdown: Final = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Leave out pictures from elsewhere: whoever holds them would learn who reads."""
    if tag == "img" and name == "src":
        return value if PICTURE_PATH.fullmatch(value) else None
    return value


@lru_cache(CACHED)
def html_of(body: str) -> Markup:
    """Return Markdown as HTML that may stand on a page of ours.

    The title of a page is its only `h1`: a heading of the first level becomes one of the second.
    """
    made = _markdown.render(body).replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    clean = nh3.clean(
        made, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, attribute_filter=_attribute,
        link_rel="noopener nofollow ugc",
    )  # fmt: skip
    return Markup(clean)  # noqa: S704 - cleaned on the line above; what is left is the list of tags


def plain_of(body: str) -> str:
    """Return Markdown as text to be put into an answer: without marks, with addresses behind their words."""
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", body)
    text = re.sub(r"\[([^\]]+)\]\(([^)]+)\)", r"\1 (\2)", text)
    text = re.sub(r"^#{1,6}\s*", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"(\*\*|__|`)", "", text)).strip()


def headline_of(found: str) -> Markup:
    """Return what matched a search, its `[[` and `]]` as marks, and no Markdown."""
    text = re.sub(r"[#*`>|_]+", "", re.sub(r"\]\([^)\s]*\)?", " ", found))
    text = re.sub(r"(?m)^\s*(-|\d+\.|-{3,})\s", " ", text)
    marked = str(escape(f"… {' '.join(text.split())} …")).replace("[[", "<mark>").replace("]]", "</mark>")
    balanced = marked if marked.count("<mark>") == marked.count("</mark>") else str(escape(text))
    return Markup(balanced)  # noqa: S704 - escaped above; the only tags in it are ours
