"""Personal data taken out of a log before it is shared: tags, addresses, numbers and names of people, keys.

It errs on the side of taking out too much: eight hexadecimal digits may be a tag or an address in memory.
"""

from __future__ import annotations

import re
from typing import Final

NAMED: Final = re.compile(
    r"""(?P<name>["']?(?:parent)?(?:id_?tag|id_?token|token|uid|rfid|card(?:no|number|id)?|emaid|evcc_?id|mac|vin|
         iccid|imsi|msisdn|phone|e?mail|user(?:name)?|first_?name|last_?name|customer(?:id|identifier)?|vat_?number|
         password|passwd|secret|authorization(?:key)?|api_?key|cookie)["']?\s*[:=]\s*)
        (?P<value>"[^"]*"|'[^']*'|(?:Basic|Bearer)\s+\S+|[^\s,;}\])]+)""",
    re.IGNORECASE | re.VERBOSE,
)
"""`idTag: 04A3…`, `"password": "…"`: whatever stands after such a name."""

PATTERNS: Final = (
    (re.compile(r"(?i)\b(?:basic|bearer)\s+[A-Za-z0-9+/=_.-]{6,}"), "[key]"),
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"), "[key]"),
    (re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"(?i)\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b"), "[mac]"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), "[ip]"),
    (re.compile(r"(?<![\w.])\+\d{8,15}\b"), "[phone]"),
    (re.compile(r"\b(?:19|20)?\d{6}[-+]\d{4}\b"), "[person]"),
    (re.compile(r"(?i)\b[A-Z]{2}-?[A-Z0-9]{3}-?C[A-Z0-9]{8}(?:-?[A-Z0-9])?\b"), "[contract]"),
    (re.compile(r"(?i)\b(?=[0-9a-f]*\d)(?:[0-9a-f]{8}|[0-9a-f]{14}|[0-9a-f]{20})\b"), "[tag]"),
)


def redacted(line: str) -> str:
    """Return a line of a log without what may be about a person, or a key."""
    line = NAMED.sub(r"\g<name>[…]", line)
    for pattern, word in PATTERNS:
        line = pattern.sub(word, line)
    return line
