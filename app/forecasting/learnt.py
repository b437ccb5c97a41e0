"""Keeps what was learnt from past visits until it is learnt again: numbers and identifiers, nothing of one patient."""

from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from app.db import Tx, UTCInstant

M = TypeVar("M", bound=BaseModel)


class Learnt(SQLModel, table=True):
    """One thing that was learnt; `id` says which, such as no-show or queue:<practitioner>."""

    __tablename__ = "learnt"
    id: str = Field(primary_key=True)
    learnt_at: datetime = Field(sa_type=UTCInstant)
    content: str = ""  # JSON; empty when there is too little to learn from


def keep(tx: Tx, name: str, content: BaseModel | None) -> None:
    """Replace what was known."""
    row = tx.session.get(Learnt, name) or Learnt(id=name, learnt_at=tx.now)
    row.learnt_at, row.content = tx.now, content.model_dump_json() if content else ""
    tx.session.add(row)


def recall(tx: Tx, name: str, model: type[M]) -> M | None:
    """What is known, if anything."""
    row = tx.session.get(Learnt, name)
    return model.model_validate_json(row.content) if row and row.content else None
