"""Reading the schedule: who has whom when, which hours are open, which slots are free."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy import select as rows_of
from sqlmodel import col, select

from app.access import guard
from app.access.policy import Action
from app.actor import Role
from app.db import Tx
from app.errors import NotFound
from app.people import Organization, PatientIdentity, Practitioner, identities, identity_of
from app.prepared import Among, Prepared, Together
from app.scheduling import availability, busy, french_days, holds, occupancy, resources
from app.scheduling.intervals import Interval, subtract
from app.scheduling.soonest import soonest
from app.scheduling.tables import (
    ACTIVE,
    Appointment,
    AvailabilityException,
    AvailabilityRule,
    DeskHold,
    Motif,
    Resource,
)
from app.scheduling.wall import day_bounds

SEARCH_DAYS = 90  # how far the next free slots are looked for
DEFAULT_SLOT_MIN = 15

# Written once: every booking asks them, and building a statement costs more than SQLite's answer. Many doctors have
# the same hours: they come in one row, with commas between, and with whose public holidays suspend them.
_HOURS = (col(AvailabilityRule.weekday), col(AvailabilityRule.start), col(AvailabilityRule.end),
          col(AvailabilityRule.motif_id), col(AvailabilityRule.valid_from), col(AvailabilityRule.valid_until),
          col(Organization.holiday_place))
_DIFFERS = (col(AvailabilityException.on), col(AvailabilityException.closed), col(AvailabilityException.start),
            col(AvailabilityException.end), col(AvailabilityException.usual))
RULES = Prepared(rows_of(*_HOURS, Together(col(AvailabilityRule.practitioner_id))).join(
    Practitioner, col(Practitioner.id) == col(AvailabilityRule.practitioner_id)).join(
    Organization, col(Organization.id) == col(Practitioner.organization_id)).where(
    Among(col(AvailabilityRule.practitioner_id), "doctors"), Among(col(AvailabilityRule.weekday), "weekdays"),
    col(AvailabilityRule.valid_from) <= bindparam("last"),
    col(AvailabilityRule.valid_until).is_(None) | (col(AvailabilityRule.valid_until) >= bindparam("first")),
    ).group_by(*_HOURS))
EXCEPTIONS = Prepared(rows_of(*_DIFFERS, Together(col(AvailabilityException.practitioner_id))).where(
    Among(col(AvailabilityException.practitioner_id), "doctors"),
    col(AvailabilityException.on).between(bindparam("first"), bindparam("last"))).group_by(*_DIFFERS))


@dataclass(slots=True)
class _Weekly:
    weekday: int
    start: time
    end: time
    motif_id: str | None
    valid_from: date
    valid_until: date | None
    holiday_place: str
    doctors: str


@dataclass(slots=True)
class _Differing:
    on: date
    closed: bool
    start: time | None
    end: time | None
    usual: bool
    doctors: str


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A time that can be booked with a doctor."""

    practitioner_id: str
    start_at: datetime
    end_at: datetime


@dataclass(frozen=True, slots=True)
class AgendaEntry:
    """An appointment as a scheduler sees it: who and when, and what besides the doctor; no clinical word."""

    appointment: Appointment
    identity: PatientIdentity
    motif: Motif
    resources: Sequence[Resource] = ()


@dataclass(frozen=True, slots=True)
class Clinic:
    """What every page of scheduling starts from."""

    organization: Organization
    practitioners: list[Practitioner]
    motifs: list[Motif]

    @property
    def zone(self) -> ZoneInfo:
        """The wall clock of the clinic."""
        return ZoneInfo(self.organization.zone)


@dataclass(frozen=True)
class Board:
    """Some days of some doctors: what is booked, open and free. `now` is the instant it was read."""

    clinic: Clinic
    entries: list[AgendaEntry]
    opened: dict[str, list[Interval]]
    free: list[FreeSlot]
    now: datetime
    holds: list[DeskHold] = field(default_factory=list)  # of other schedulers, while they type

    def entries_of(self, practitioner_id: str) -> list[AgendaEntry]:
        """One doctor's appointments, in order."""
        return self._by_doctor[0].get(practitioner_id, [])

    def free_of(self, practitioner_id: str) -> list[FreeSlot]:
        """One doctor's free times, in order."""
        return self._by_doctor[1].get(practitioner_id, [])

    @cached_property
    def _by_doctor(self) -> tuple[dict[str, list[AgendaEntry]], dict[str, list[FreeSlot]]]:
        entries: dict[str, list[AgendaEntry]] = {}
        free: dict[str, list[FreeSlot]] = {}
        for entry in self.entries:
            entries.setdefault(entry.appointment.practitioner_id, []).append(entry)
        for slot in self.free:
            free.setdefault(slot.practitioner_id, []).append(slot)
        return entries, free


def clinic(tx: Tx) -> Clinic:
    """The clinic with its active doctors and motifs, by name. Raises NotFound before it is set up."""
    guard.permit(tx, Action.SLOTS_READ, entity="Schedule", quiet=True)
    organization = tx.session.exec(select(Organization)).first()
    if organization is None:
        raise NotFound
    doctors = tx.session.exec(select(Practitioner).where(col(Practitioner.active))
                              .order_by(col(Practitioner.family), col(Practitioner.given))).all()
    motifs = tx.session.exec(select(Motif).order_by(col(Motif.duration_min), col(Motif.label_en))).all()
    return Clinic(organization, list(doctors), list(motifs))


def appointments(tx: Tx, practitioner_ids: Sequence[str], from_at: datetime, to_at: datetime) -> list[AgendaEntry]:
    """Appointments that hold time between two instants, in order.

    One entry in the trail says whose schedule was read for which time (IHE BALP records a query as
    the query); opening or changing one appointment is recorded for its patient.
    """
    guard.permit(tx, Action.SCHEDULE_READ, entity="Schedule", practitioners=",".join(sorted(practitioner_ids)),
                 from_at=from_at.isoformat(), to_at=to_at.isoformat())
    if tx.actor.role is Role.DOCTOR:  # names of a colleague's patients are not theirs to read
        practitioner_ids = [doctor for doctor in practitioner_ids if doctor == tx.actor.practitioner_id]
    found = select(Appointment).where(*_taken(practitioner_ids, Interval(from_at, to_at), tx.now))
    rows = tx.session.exec(found.order_by(col(Appointment.start_at))).all()
    motifs = {motif.id: motif for motif in tx.session.exec(select(Motif)).all()}  # few; a week's rows are a thousand
    known = identities(tx, (row.patient_id for row in rows))
    needed = resources.of_appointments(tx, [row.id for row in rows])
    return [AgendaEntry(row, known[row.patient_id], motifs[row.motif_id], needed.get(row.id, ())) for row in rows]


def board(tx: Tx, practitioner_ids: Sequence[str] | None, first: date, last: date,
          motif_id: str | None = None, also: Sequence[str] = ()) -> Board:
    """The days from `first` to `last` of some doctors, or of all when None.

    Free slots have the length of the motif, or of the shortest one that is offered; then all of `also` are free too.
    """
    known = clinic(tx)
    ids = [p.id for p in known.practitioners if practitioner_ids is None or p.id in practitioner_ids]
    window = Interval(day_bounds(first, known.zone)[0], day_bounds(last, known.zone)[1])
    offered = [m for m in known.motifs if m.active and motif_id in (None, m.id)]
    length = timedelta(minutes=min((m.duration_min for m in offered), default=DEFAULT_SLOT_MIN))
    free = free_slots(tx, ids, length, window, motif_id, also)
    return Board(known, appointments(tx, ids, window.start, window.end), open_times(tx, ids, window), free, tx.now,
                 holds.of_doctors(tx, ids, window))


def appointment(tx: Tx, appointment_id: str) -> AgendaEntry:
    """One appointment, whatever its status. Raises NotFound, AccessDenied."""
    row = tx.session.get(Appointment, appointment_id)
    guard.permit(tx, Action.APPOINTMENT_READ, entity="Appointment", entity_id=appointment_id,
                 patient_id=row.patient_id if row else None)
    motif = tx.session.get(Motif, row.motif_id) if row else None
    if row is None or motif is None:
        raise NotFound
    needed = resources.of_appointments(tx, [row.id]).get(row.id, ())
    return AgendaEntry(row, identity_of(tx, row.patient_id), motif, needed)


def appointments_of(tx: Tx, patient_id: str) -> list[Appointment]:
    """A patient's appointments, newest first."""
    guard.permit(tx, Action.APPOINTMENT_READ, entity="Appointment", patient_id=patient_id)
    query = select(Appointment).where(Appointment.patient_id == patient_id).order_by(col(Appointment.start_at).desc())
    return list(tx.session.exec(query).all())


def open_time(tx: Tx, practitioner_id: str, window: Interval, motif_id: str | None = None,
              zone: ZoneInfo | None = None) -> list[Interval]:
    """Open hours of a doctor that touch the window, for one motif or for any."""
    return open_times(tx, [practitioner_id], window, motif_id, zone)[practitioner_id]


def open_times(tx: Tx, practitioner_ids: Sequence[str], window: Interval, motif_id: str | None = None,
               zone: ZoneInfo | None = None) -> dict[str, list[Interval]]:
    """Open hours of several doctors on the days that the window touches, but for what their own calendars block.

    `zone` is the clinic's, if known.
    """
    guard.permit(tx, Action.SLOTS_READ, entity="Schedule", quiet=True)
    zone = zone or _zone(tx)
    days, doctors = _days(window, zone), tuple(practitioner_ids)
    return tx.once(("open_times", doctors, days, motif_id), partial(_open_times, tx, doctors, *days, motif_id, zone))


def _open_times(tx: Tx, doctors: Sequence[str], first: date, last: date, motif_id: str | None, zone: ZoneInfo
                ) -> dict[str, list[Interval]]:
    asked = {"doctors": doctors, "first": first, "last": last}
    weekdays = {(first + timedelta(days=n)).weekday() for n in range(min((last - first).days + 1, 7))}
    rules = [_Weekly(*row) for row in tx.run(RULES, **asked, weekdays=weekdays)]
    exceptions = [_Differing(*row) for row in tx.run(EXCEPTIONS, **asked)]
    holidays = french_days.public(next((row.holiday_place for row in rules), ""), first, last)
    elsewhere = busy.times(tx, doctors, Interval(day_bounds(first, zone)[0], day_bounds(last, zone)[1]))
    told: dict[str, list[int]] = {}  # of each doctor, by number
    for n, alike in enumerate([row.doctors for row in rules] + [row.doctors for row in exceptions]):
        for doctor in alike.split(","):
            told.setdefault(doctor, []).append(n)
    usual: dict[tuple[int, ...], list[Interval]] = {}
    opened: dict[str, list[Interval]] = {}
    for doctor in doctors:
        same = tuple(told.get(doctor, ()))
        if same not in usual:
            usual[same] = availability.open_hours(
                [rules[n] for n in same if n < len(rules)],
                [exceptions[n - len(rules)] for n in same if n >= len(rules)], zone, first, last, motif_id, holidays)
        opened[doctor] = subtract(usual[same], elsewhere[doctor]) if doctor in elsewhere else usual[same]
    return opened


def free_slots(tx: Tx, practitioner_ids: Sequence[str], length: timedelta, window: Interval,
               motif_id: str | None = None, also: Sequence[str] = ()) -> list[FreeSlot]:
    """Slots of a length that can be booked from now on inside the window, by time, then doctor.

    With a motif its buffers are free as well; all of `also` (interpreter, room) are free then too.
    """
    window = Interval(max(window.start, tx.now), window.end)
    if window.length <= timedelta():
        return []
    zone = _zone(tx)
    opened = open_times(tx, practitioner_ids, window, motif_id, zone)
    first, last = _days(window, zone)
    whole_days = Interval(day_bounds(first, zone)[0], day_bounds(last, zone)[1])
    blocked = _taken_for_all(tx, practitioner_ids, whole_days, buffers=_buffers(tx, motif_id), also=also)
    return sorted(
        (FreeSlot(doctor, slot.start, slot.end) for doctor in practitioner_ids for slot in availability.free_slots(
            opened[doctor], blocked.get(doctor, []), length, window)),
        key=lambda slot: (slot.start_at, slot.practitioner_id),
    )


def is_free(tx: Tx, practitioner_id: str, place: Interval, motif_id: str, also: Sequence[str] = ()) -> bool:
    """Whether a time can be booked that need not be one of those offered: open, ahead and free for all."""
    if place.start <= tx.now:
        return False
    opened = open_time(tx, practitioner_id, place, motif_id)
    blocked = occupancy.times(tx, [practitioner_id, *also], place, _buffers(tx, motif_id))
    return any(place.within(hours) for hours in opened) and not any(
        place.overlaps(one) for intervals in blocked.values() for one in intervals)


def next_slots(tx: Tx, practitioner_id: str | None, length: timedelta, from_at: datetime, *,
               motif_id: str | None = None, limit: int, also: Sequence[str] = ()) -> list[FreeSlot]:
    """The first free slots from an instant on, with one doctor or with anybody; none after SEARCH_DAYS."""
    doctors = [practitioner_id] if practitioner_id else _receiving(tx)
    zone, found = _zone(tx), list[FreeSlot]()
    taken = partial(_taken_for_all, tx, buffers=_buffers(tx, motif_id), also=also)
    day, until, days = from_at.astimezone(zone).date(), from_at + timedelta(days=SEARCH_DAYS), 1
    while len(found) < limit and (whole := Interval(day_bounds(day, zone)[0],
                                                    day_bounds(day + timedelta(days=days - 1), zone)[1])).start < until:
        window = Interval(max(from_at, tx.now, whole.start), min(until, whole.end))
        opened = open_times(tx, doctors, Interval(whole.start, whole.end - timedelta(seconds=1)), motif_id, zone)
        found += (FreeSlot(doctor, start, end) for start, doctor, end in soonest(
            opened, length, window, whole, taken, limit - len(found)))
        day, days = day + timedelta(days=days), 2 * days
    return found


def _receiving(tx: Tx) -> list[str]:
    guard.permit(tx, Action.SLOTS_READ, entity="Schedule", quiet=True)
    return list(tx.session.exec(select(Practitioner.id).where(col(Practitioner.active))).all())


def _buffers(tx: Tx, motif_id: str | None) -> tuple[timedelta, timedelta]:
    """What a visit of this motif needs before and after itself."""
    motif = tx.session.get(Motif, motif_id) if motif_id else None
    return (timedelta(minutes=motif.before_min), timedelta(minutes=motif.after_min)) if motif else occupancy.UNBUFFERED


def _taken_for_all(tx: Tx, doctors: Sequence[str], window: Interval, *, buffers: tuple[timedelta, timedelta],
                   also: Sequence[str]) -> dict[str, list[Interval]]:
    """What is not free for each of these doctors, where all of `also` must be free as well."""
    blocked = occupancy.times(tx, [*doctors, *also], window, buffers)
    elsewhere = [one for resource in also for one in blocked.get(resource, [])]
    return {doctor: [*blocked.get(doctor, []), *elsewhere] for doctor in doctors} if also else blocked


def _taken(practitioner_ids: Sequence[str], window: Interval, now: datetime) -> list[ColumnElement[bool]]:
    return [col(Appointment.practitioner_id).in_(practitioner_ids), col(Appointment.status).in_(ACTIVE),
            col(Appointment.held_until).is_(None) | (col(Appointment.held_until) > now),  # a hold ends by itself
            col(Appointment.start_at) < window.end, col(Appointment.end_at) > window.start]


def _zone(tx: Tx) -> ZoneInfo:
    organization = tx.session.exec(select(Organization)).first()
    return ZoneInfo(organization.zone if organization else "UTC")


def _days(window: Interval, zone: ZoneInfo) -> tuple[date, date]:
    # Wall-clock hours belong to a day of the clinic, not of UTC.
    return window.start.astimezone(zone).date(), window.end.astimezone(zone).date()
