"""How full the days of a month are: what is booked of what is open. Figures only, no name is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import col, select

from app.access import guard
from app.access.policy import Action
from app.db import Tx
from app.scheduling import agenda
from app.scheduling.intervals import Interval
from app.scheduling.tables import ACTIVE, Appointment
from app.scheduling.wall import day_bounds


@dataclass(frozen=True, slots=True)
class Load:
    """One day of some doctors: appointments, and minutes booked and open. Booked outside the hours counts too."""

    booked: int
    booked_min: int
    open_min: int

    @property
    def share(self) -> float:
        """How much of the open time is taken, from 0 to 1; all of it where nothing is open and something booked."""
        return min(1.0, self.booked_min / self.open_min) if self.open_min else float(self.booked > 0)


def loads(tx: Tx, practitioner_ids: Sequence[str], first: date, last: date) -> dict[date, Load]:
    """Each day from `first` to `last`, both included. Raises AccessDenied."""
    guard.permit(tx, Action.SCHEDULE_READ, entity="Schedule", quiet=True)
    zone = agenda.clinic(tx).zone
    window = Interval(day_bounds(first, zone)[0], day_bounds(last, zone)[1])
    minute = timedelta(minutes=1)
    opened: dict[date, float] = {}
    for hours in agenda.open_times(tx, practitioner_ids, window).values():
        for part in hours:
            on = part.start.astimezone(zone).date()
            opened[on] = opened.get(on, 0) + part.length / minute
    taken: dict[date, list[float]] = {}
    rows = select(Appointment.start_at, Appointment.end_at).where(
        col(Appointment.practitioner_id).in_(practitioner_ids), col(Appointment.status).in_(ACTIVE),
        col(Appointment.held_until).is_(None) | (col(Appointment.held_until) > tx.now),
        col(Appointment.start_at) >= window.start, col(Appointment.start_at) < window.end)
    for start, end in tx.session.exec(rows).all():
        taken.setdefault(start.astimezone(zone).date(), []).append((end - start) / minute)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {on: Load(len(taken.get(on, [])), round(sum(taken.get(on, []))), round(opened.get(on, 0))) for on in days}
