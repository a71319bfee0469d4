"""What a migration of ours does to those who go on working while it runs."""

from itertools import dropwhile

import pytest
from django.db.migrations import AddIndex, RemoveIndex
from django.db.migrations.loader import MigrationLoader

OURS = {"clients", "outbox", "promises", "staff"}


@pytest.fixture(scope="module")
def migrations():
    # Names and operations alone: no database is asked.
    return {name: one for name, one in MigrationLoader(None).disk_migrations.items() if name[0] in OURS}


def test_indexes_are_built_before_old_ones_go(migrations):
    """PostgreSQL lets nobody read the table from a removal to the end of the migration; to build, they read on."""
    built_late = [
        name
        for name, migration in migrations.items()
        if any(
            isinstance(later, AddIndex)
            for later in dropwhile(lambda one: not isinstance(one, RemoveIndex), migration.operations)
        )
    ]

    assert migrations.keys() >= {("promises", "0009_board_indexes")}
    assert built_late == []
