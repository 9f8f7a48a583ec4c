"""The files of the schema's history."""

from laddverk.platform.migrator import NAME, known_migrations


def test_every_migration_has_a_number_of_its_own_and_a_phase():
    names = [migration.name for migration in known_migrations()]
    numbers = [NAME.fullmatch(name)["number"] for name in names]
    assert names
    assert numbers == sorted(set(numbers))
