"""docs/operations.md lists every setting there is."""

import re
from pathlib import Path

from laddverk.platform.settings import PREFIX, Settings

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"


def documented():
    """Names in the table of settings; `_VAT_NUMBER` after `LADDVERK_OPERATOR_NAME` shares its beginning."""
    rows = [line.split("|")[1] for line in OPERATIONS.read_text().splitlines() if line.startswith("| `LADDVERK_")]
    for row in rows:
        names = re.findall(r"`([A-Z0-9_]+)`", row)
        beginning = names[0].rpartition("_")[0]
        yield from (name if name.startswith(PREFIX) else beginning + name for name in names)


def test_the_operations_page_names_every_setting_and_no_other():
    assert sorted(documented()) == sorted(PREFIX + name.upper() for name in Settings.__struct_fields__)
