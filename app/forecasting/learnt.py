"""Keeps what was learnt from past visits until it is learnt again: numbers and identifiers, nothing of one patient."""

from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from app import jobs
from app.db import Tx, UTCInstant

M = TypeVar("M", bound=BaseModel)


NIGHT_HOUR = 1  # UTC: while hardly anybody asks for a page


class Learnt(SQLModel, table=True):
    """One thing that was learnt; `id` says which, such as no-show or queue:<practitioner>."""

    __tablename__ = "learnt"
    id: str = Field(primary_key=True)
    learnt_at: datetime = Field(sa_type=UTCInstant)
    content: str = ""  # JSON; empty when there is too little to learn from


def have_learnt(tx: Tx, kind: str, *, at_once: bool) -> None:
    """Have a job of this kind learn at once, or in the next night, when it disturbs nobody."""
    tonight = tx.now.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    at = tx.now if at_once else tonight if tonight > tx.now else tonight + timedelta(days=1)
    jobs.enqueue(tx, kind, delay_s=(at - tx.now).total_seconds(), key=f"{kind}:{at:%Y-%m-%dT%H}")


def known(tx: Tx, name: str) -> bool:
    """Whether it was tried to learn this."""
    return tx.session.get(Learnt, name) is not None


def keep(tx: Tx, name: str, content: BaseModel | None) -> None:
    """Replace what was known."""
    row = tx.session.get(Learnt, name) or Learnt(id=name, learnt_at=tx.now)
    row.learnt_at, row.content = tx.now, content.model_dump_json() if content else ""
    tx.session.add(row)


def recall(tx: Tx, name: str, model: type[M]) -> M | None:
    """What is known, if anything."""
    row = tx.session.get(Learnt, name)
    return model.model_validate_json(row.content) if row and row.content else None
