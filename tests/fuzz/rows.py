"""Looks at every row after the storm: no column holds what its readers would stumble over, whatever was sent."""

from __future__ import annotations

from laddverk.platform.database import Transaction

COLUMNS = """
SELECT c.table_name, c.column_name, c.data_type, coalesce(c.column_default, '')
FROM information_schema.columns AS c
JOIN information_schema.tables AS t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
  AND c.data_type IN ('jsonb', 'numeric', 'double precision', 'real', 'timestamp with time zone')
ORDER BY 1, 2
"""
SAID = ("said", "basetime")  # what a charger's clock said is kept as it was said
LISTS = {"batteries", "price_lines", "schedules", "tariffs", "texts", "vat", "wanted"}  # and those that begin as one
ANYTHING = {"data"}  # of vendors
WRONG = {
    "numeric": "{0} IN ('NaN', 'Infinity', '-Infinity')",
    "double precision": "{0} IN ('NaN', 'Infinity', '-Infinity')",
    "real": "{0} IN ('NaN', 'Infinity', '-Infinity')",
    "timestamp with time zone": "NOT isfinite({0}) OR {0} < '2000-01-01' OR {0} > now() + interval '20 years'",
    "jsonb": "jsonb_typeof({0}) <> '{1}'",
}


async def wrong_rows(tx: Transaction) -> list[str]:
    """Return "table.column: so many rows" for each column that holds what does not belong there."""
    found: list[str] = []
    for table, column, kind, default in await tx.rows(COLUMNS):
        if column in ANYTHING or (kind.startswith("timestamp") and column.startswith(SAID)):
            continue
        wanted = WRONG[kind].format(f'"{column}"', "array" if "[]" in default or column in LISTS else "object")
        count = await tx.value(f'SELECT count(*) FROM "{table}" WHERE {wanted}')
        if count:
            found.append(f"{table}.{column}: {count} rows")
    return found
