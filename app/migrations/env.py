"""Alembic's environment: runs on the connection that app.migrations.migrate hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import AutoString, SQLModel

from app.db import Sealed, UTCInstant
from app.migrations import TABLES

assert TABLES  # importing them fills the metadata

PLAIN = {AutoString: "sa.String()", UTCInstant: "sa.DateTime(timezone=True)", Sealed: "sa.LargeBinary()"}


def render_plainly(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our column types as what they are in the database: a migration outlives the code it was made from."""
    return PLAIN.get(type(item), False) if kind == "type" else False


context.configure(
    connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata, render_as_batch=True,
    render_item=render_plainly, transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
