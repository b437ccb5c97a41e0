import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlmodel import SQLModel

from app.engines import open_engine
from app.migrations import migrate
from app.record.tables import IMMUTABLE
from app.scheduling.occupancy import CONSTRAINTS


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/migrated.db")
    migrate(engine)
    yield engine
    engine.dispose()


def triggers(engine) -> dict[str, str]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        return {name: " ".join(sql.split()) for name, sql in rows}


def test_the_migrated_schema_is_the_one_the_tables_declare(engine):
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    assert differences == []


def test_the_migrated_triggers_are_the_declared_ones(engine, tmp_path):
    declared = create_engine(f"sqlite:///{tmp_path}/declared.db")
    SQLModel.metadata.create_all(declared)
    assert triggers(engine) == triggers(declared)
    assert len(triggers(engine)) == len(CONSTRAINTS["sqlite"]) + len(IMMUTABLE["sqlite"])
    declared.dispose()


def test_migrating_again_changes_nothing(engine):
    before = inspect(engine).get_table_names()
    migrate(engine)
    assert inspect(engine).get_table_names() == before
