"""A mail's HTML as people may see it, without pictures from elsewhere; and its words where it has no text. Pure."""

from __future__ import annotations

import html as entities
import re
from typing import Final

import nh3

HTML_MAX: Final = 200_000  # characters; more is newsletters
TAGS: Final = frozenset(
    {"a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "li", "ol", "p",
     "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"}
)  # fmt: skip
"""What may stand on a page of ours. No pictures: they would tell the sender who reads it, and when."""
SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
DROPPED: Final = frozenset({"script", "style", "title", "head", "template", "noscript", "svg", "math"})
TOKEN: Final = re.compile(r"<(/?)([a-z0-9]+)[^>]*>|([^<]+)")
BREAKS: Final = frozenset(
    {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "hr", "pre", "table", "ul", "ol", "blockquote"}
)
BLANK_LINES: Final = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


def shown_html(html: str) -> str:
    """Return `html` as it may stand on a page of ours: no scripts, styles, forms, pictures or odd addresses.

    Links open without telling where from, and search engines do not follow them.
    """
    return nh3.clean(
        html[:HTML_MAX],
        tags=set(TAGS),
        clean_content_tags=set(DROPPED),
        attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    ).strip()


def text_of_html(html: str) -> str:
    """Return the words of `html` in lines; what is quoted has `>` before it, as in a mail of plain text."""
    lines: list[str] = [""]
    depth = 0
    for slash, tag, words in TOKEN.findall(shown_html(html)):
        if words:
            lines[-1] += re.sub(r"\s+", " ", entities.unescape(words))
            continue
        if tag == "blockquote":
            depth = max(0, depth - 1) if slash else min(depth + 1, 5)
        if tag in BREAKS and (lines[-1].strip("> ") or tag == "br"):
            lines.append("")
        if depth and not lines[-1]:
            lines[-1] = "> " * depth
    text = "\n".join("" if not line.strip("> ") else line.strip() for line in lines)
    return BLANK_LINES.sub("\n\n", text).strip()
