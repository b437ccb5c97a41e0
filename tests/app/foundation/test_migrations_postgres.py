"""The migrations on PostgreSQL give the schema that the tables declare, constraints and triggers included."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

from app.migrations import migrate
from tests.conftest import ENGINES

CONSTRAINTS = text("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'x' ORDER BY 1")
TRIGGERS = text("SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1")


@pytest.mark.parametrize("engine", [name for name in ENGINES if name == "postgresql"])
def test_the_migrated_schema_is_the_declared_one(engine, request):
    cluster = request.getfixturevalue("postgres_cluster")
    with cluster.database("bare") as migrated_url, cluster.database() as declared_url:
        migrated, declared = create_engine(migrated_url), create_engine(declared_url)
        migrate(migrated)
        migrate(migrated)  # again changes nothing
        with migrated.connect() as ours, declared.connect() as theirs:
            assert compare_metadata(MigrationContext.configure(ours), SQLModel.metadata) == []
            for query in (CONSTRAINTS, TRIGGERS):
                assert ours.execute(query).all() == theirs.execute(query).all()
            assert "appointment_overlap" in dict(ours.execute(CONSTRAINTS).all())
        migrated.dispose()
        declared.dispose()
