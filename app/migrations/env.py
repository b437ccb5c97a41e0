"""Alembic's environment: runs on the connection that app.migrations.migrate hands over."""

from alembic import context
from sqlmodel import SQLModel

from app.migrations import TABLES  # noqa: F401  importing them fills the metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
