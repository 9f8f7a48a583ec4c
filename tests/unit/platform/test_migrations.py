"""The files of the schema's history."""

import pytest

from laddverk.kernel.problems import Invalid
from laddverk.platform.migrator import NAME, Migration, known_migrations


def test_every_migration_has_a_number_of_its_own_and_a_phase():
    names = [migration.name for migration in known_migrations()]
    numbers = [NAME.fullmatch(name)["number"] for name in names]
    assert names
    assert numbers == sorted(set(numbers))


def test_what_runs_outside_a_transaction_can_be_begun_anew():
    for migration in known_migrations():
        if migration.is_outside:
            assert migration.statements(), migration.name


def test_statements_end_where_a_line_ends_with_a_semicolon():
    text = "-- outside a transaction: why;\n\nUPDATE a SET b = ';'\nWHERE c;  \n-- a word;\nANALYZE a;\n"
    migration = Migration("0001_post_filled.sql", text)
    assert migration.is_outside
    assert migration.statements() == ["UPDATE a SET b = ';'\nWHERE c", "ANALYZE a"]


@pytest.mark.parametrize(
    "statement", ["CREATE INDEX a ON b (c);", "CREATE UNIQUE INDEX CONCURRENTLY a ON b (c);", "CREATE INDEX ON b (c);"]
)
def test_an_index_that_keeps_others_waiting_or_cannot_be_begun_anew_is_refused(statement):
    with pytest.raises(Invalid, match="CONCURRENTLY IF NOT EXISTS"):
        Migration("0001_pre_a.sql", f"-- outside a transaction: x\n{statement}").statements()
