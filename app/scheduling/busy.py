"""Times at which a doctor is busy elsewhere, as their own calendar said: no title, nothing but when."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete
from sqlalchemy import select as rows_of
from sqlmodel import Field, SQLModel, col

from app.db import Tx, UTCInstant, new_id
from app.prepared import Among, Prepared
from app.scheduling.intervals import Interval, union


class BusyTime(SQLModel, table=True):
    """A stretch of one doctor's time that is taken elsewhere."""

    __tablename__ = "busy_time"
    id: str = Field(default_factory=new_id, primary_key=True)
    practitioner_id: str = Field(foreign_key="practitioner.id", index=True)
    start_at: datetime = Field(sa_type=UTCInstant)
    end_at: datetime = Field(sa_type=UTCInstant)


# Written once: every booking asks it.
BUSY = Prepared(rows_of(col(BusyTime.practitioner_id), col(BusyTime.start_at), col(BusyTime.end_at)).where(
    Among(col(BusyTime.practitioner_id), "doctors"),
    col(BusyTime.start_at) < bindparam("end"), col(BusyTime.end_at) > bindparam("start")))


def times(tx: Tx, practitioner_ids: Sequence[str], window: Interval) -> dict[str, list[Interval]]:
    """When each of these doctors is busy elsewhere in the window; the caller was permitted to read slots."""
    found: dict[str, list[Interval]] = {}
    for doctor, start, end in tx.run(BUSY, doctors=practitioner_ids, start=window.start, end=window.end):
        found.setdefault(doctor, []).append(Interval(start, end))
    return found


def replace(tx: Tx, practitioner_id: str, intervals: Iterable[Interval]) -> None:
    """From now on the doctor is busy at these times and no others; the caller was permitted."""
    tx.session.execute(delete(BusyTime).where(col(BusyTime.practitioner_id) == practitioner_id))
    tx.session.add_all(BusyTime(practitioner_id=practitioner_id, start_at=start, end_at=end)
                       for start, end in union(intervals))
