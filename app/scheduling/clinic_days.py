"""The clinic's own calendar: whose public holidays close its days, and the doctors who work on one all the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, field_validator
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.access import guard
from app.access.policy import Action
from app.db import Tx
from app.errors import Conflict, NotFound
from app.people import Organization, Practitioner
from app.scheduling import agenda, french_days
from app.scheduling.tables import AvailabilityException

AHEAD = timedelta(days=365)


class CalendarForm(BaseModel):
    """Whose holidays a clinic keeps; empty: none."""

    holiday_place: str = ""
    school_zone: Literal["", "A", "B", "C"] = ""

    @field_validator("holiday_place")
    @classmethod
    def known(cls, value: str) -> str:
        """A place of french_days."""
        if value and value not in french_days.PLACES:
            raise ValueError("This is not valid.")
        return value


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday to come; `open`: the doctor keeps their weekly hours on it."""

    on: date
    name: str
    open: bool


def keep(tx: Tx, form: CalendarForm) -> Organization:
    """Keep the holidays of a place from now on; what is booked on them stays booked. Raises NotFound, AccessDenied."""
    guard.permit(tx, Action.SCHEDULE_WRITE, entity="Schedule", step="calendar", place=form.holiday_place)
    clinic = agenda.clinic(tx).organization
    clinic.holiday_place, clinic.school_zone = form.holiday_place, form.school_zone
    tx.session.add(clinic)
    return clinic


def work_on(tx: Tx, practitioner_id: str, on: date, *, open: bool) -> None:
    """Have a doctor's weekly hours hold on a public holiday, or no longer; twice is once.

    Raises Conflict when that day is no public holiday ahead, NotFound, AccessDenied.
    """
    guard.permit(tx, Action.SCHEDULE_WRITE, entity="Schedule", entity_id=practitioner_id, step="holiday",
                 on=on.isoformat())
    if tx.session.get(Practitioner, practitioner_id) is None:
        raise NotFound
    if on not in {on for on, _ in _ahead(tx, "fr")}:
        raise Conflict("This day is no public holiday to come.")
    held = tx.session.exec(_opened(practitioner_id).where(AvailabilityException.on == on)).all()
    if open and not held:
        tx.session.add(AvailabilityException(practitioner_id=practitioner_id, on=on, closed=False, usual=True))
    for row in [] if open else held:
        tx.session.delete(row)


def ahead(tx: Tx, practitioner_id: str, lang: str) -> list[Holiday]:
    """Public holidays of a year to come, and whether the doctor works on them; the caller was permitted."""
    opened = {row.on for row in tx.session.exec(_opened(practitioner_id)).all()}
    return [Holiday(on, name, on in opened) for on, name in _ahead(tx, lang)]


def _ahead(tx: Tx, lang: str) -> Iterator[tuple[date, str]]:
    clinic = agenda.clinic(tx)
    today = tx.now.astimezone(clinic.zone).date()
    yield from french_days.public(clinic.organization.holiday_place, today, today + AHEAD, lang).items()


def _opened(practitioner_id: str) -> SelectOfScalar[AvailabilityException]:
    return select(AvailabilityException).where(AvailabilityException.practitioner_id == practitioner_id,
                                               col(AvailabilityException.usual))
