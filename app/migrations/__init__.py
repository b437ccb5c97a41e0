"""The database's schema, step by step (Alembic). `migrate` brings any database to the newest step."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from app import attendance, audit, calendars, consent, encounters, guests, jobs, people, tasks
from app.access import accounts, guard, links
from app.crypto import keyring
from app.forecasting import learnt
from app.notifications import messages, ready
from app.record import revisions, templates
from app.record import tables as record_tables
from app.scheduling import absence, busy, occupancy, replies, waitlist
from app.scheduling import tables as scheduling_tables

# Every module that declares tables: the metadata is whole once they are imported.
TABLES = (absence, attendance, audit, busy, calendars, consent, encounters, guests, jobs, people, accounts, guard, learnt,
          links, keyring, messages, occupancy, ready, record_tables, replies, revisions, scheduling_tables, tasks, templates, waitlist)


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest step; does nothing when it is there already."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
