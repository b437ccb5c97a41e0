"""Several visits at once: the same wall time every few weeks. Each is checked; all are booked, or those that can be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field
from sqlmodel import col, select

from app.access import guard
from app.access.policy import Action
from app.db import Tx, new_id
from app.errors import Conflict, NotFound
from app.scheduling import agenda, booking, resources
from app.scheduling.agenda import FreeSlot
from app.scheduling.booking import OFFERED, SlotTaken
from app.scheduling.intervals import Interval
from app.scheduling.tables import Appointment, Motif
from app.scheduling.wall import SkippedTime, boundary, exact

MOST = 12


class Repeat(BaseModel):
    """How a visit repeats (iCalendar RRULE, FREQ=WEEKLY): `count` visits, the first included, `weeks` apart."""

    count: int = Field(ge=2, le=MOST)
    weeks: int = Field(default=1, ge=1, le=13)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One visit of a series; with `alternatives`, the next free slots, where it cannot be booked at `start_at`."""

    start_at: datetime
    is_free: bool
    alternatives: Sequence[FreeSlot] = ()


@dataclass(frozen=True, slots=True)
class Booked:
    """What became of a series."""

    appointments: Sequence[Appointment]
    left_out: Sequence[Occurrence]


class SeriesTaken(Conflict):
    """Not every visit of a series can be booked: nothing was. `occurrences` tells which, with alternatives."""

    code = "series_taken"

    def __init__(self, occurrences: Sequence[Occurrence]) -> None:
        super().__init__("Not every visit of the series can be booked: nothing was booked.")
        self.occurrences = occurrences


def check(tx: Tx, start_at: datetime, repeat: Repeat, *, practitioner_id: str, motif_id: str,
          resource_ids: Sequence[str] = ()) -> list[Occurrence]:
    """Every occurrence: whether it can be booked, or when else. Raises NotFound, AccessDenied."""
    guard.permit(tx, Action.SLOTS_READ, entity="Schedule", quiet=True)
    motif = tx.session.get(Motif, motif_id)
    if motif is None:
        raise NotFound
    length, zone = timedelta(minutes=motif.duration_min), agenda.clinic(tx).zone

    def looked_at(at: datetime, *, exists: bool) -> Occurrence:
        free = exists and agenda.is_free(tx, practitioner_id, Interval(at, at + length), motif_id, resource_ids)
        others = () if free else agenda.next_slots(tx, practitioner_id, length, at, motif_id=motif_id, limit=OFFERED,
                                                   also=resource_ids)
        return Occurrence(at, free, others)

    return [looked_at(at, exists=exists) for at, exists in starts(start_at, repeat, zone)]


def book(tx: Tx, start_at: datetime, repeat: Repeat, *, all_or_none: bool, practitioner_id: str, motif_id: str,
         patient_id: str, language: str, reason: str = "", resource_ids: Sequence[str] = ()) -> Booked:
    """Book a series: all of it, or those visits that can be.

    Raises SeriesTaken when one is not free and all were wanted, or when none is free; all that `booking.book` raises.
    """
    resources.check(tx, resource_ids)
    place = {"practitioner_id": practitioner_id, "motif_id": motif_id, "resource_ids": resource_ids}
    looked_at = check(tx, start_at, repeat, **place)  # type: ignore[arg-type]
    free = [one for one in looked_at if one.is_free]
    if not free or (all_or_none and len(free) < len(looked_at)):
        raise SeriesTaken(looked_at)
    series_id, done, missed = new_id(), list[Appointment](), dict[datetime, SlotTaken]()
    for one in free:
        noted = len(tx.disclosures)
        try:
            done.append(booking.book(tx, start_at=one.start_at, patient_id=patient_id, language=language, reason=reason,
                                     series_id=series_id, **place))  # type: ignore[arg-type]
        except SlotTaken as taken:  # somebody was quicker, this very instant
            del tx.disclosures[noted:]
            missed[one.start_at] = taken
    now = [Occurrence(one.start_at, False, missed[one.start_at].alternatives) if one.start_at in missed else one
           for one in looked_at]
    if not done or (all_or_none and missed):
        raise SeriesTaken(now)
    return Booked(done, [one for one in now if not one.is_free])


def of(tx: Tx, series_id: str) -> list[Appointment]:
    """The visits of a series that are booked, in order; the caller was permitted to read one of them."""
    query = select(Appointment).where(Appointment.series_id == series_id, Appointment.status == "booked")
    return list(tx.session.exec(query.order_by(col(Appointment.start_at))).all())


def starts(first: datetime, repeat: Repeat, zone: ZoneInfo) -> list[tuple[datetime, bool]]:
    """Instants (UTC) of the same wall time every few weeks, and whether the clock shows it on that day at all."""
    local = first.astimezone(zone)
    found = [(first, True)]
    for n in range(1, repeat.count):
        on = local.date() + timedelta(weeks=n * repeat.weeks)
        try:
            found.append((exact(on, local.time(), zone), True))
        except SkippedTime:
            found.append((boundary(on, local.time(), zone), False))
    return found
