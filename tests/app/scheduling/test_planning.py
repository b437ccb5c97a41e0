"""Opening hours as the domain keeps them: what they make bookable, what they refuse, who may change them."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlmodel import select

from app.errors import AccessDenied, Conflict, Invalid, NotFound
from app.scheduling import agenda, booking, motifs, planning
from app.scheduling.booking import SlotTaken
from app.scheduling.intervals import Interval
from app.scheduling.motifs import MotifForm
from app.scheduling.planning import DayForm, HoursForm
from app.scheduling.tables import AvailabilityException, AvailabilityRule
from tests.app.scheduling.conftest import ADMINISTRATOR, SCHEDULER, SYSTEM, TEN, make_clinic

SATURDAY = date(2026, 11, 28)
SATURDAY_TEN = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


@pytest.fixture
def change(db):
    def change(function, *args, actor=SCHEDULER, **kwargs):
        return db.write_sync(actor, function, *args, **kwargs)
    return change


def free(db, clinic, on: date, motif_id=None, minutes: int = 15) -> list[datetime]:
    day = datetime(on.year, on.month, on.day, tzinfo=UTC)
    window = Interval(day, day + timedelta(days=1))
    slots = db.read_sync(SYSTEM, agenda.free_slots, [clinic.doctors[0]], timedelta(minutes=minutes), window, motif_id)
    return [slot.start_at for slot in slots]


def test_weekly_hours_for_one_motif(db, clinic, change):
    form = HoursForm(weekdays=[5], start=time(10), end=time(11), motif_id=clinic.long_motif)
    change(planning.open_weekly, clinic.doctors[0], form)
    assert free(db, clinic, SATURDAY, clinic.long_motif, 30) == [SATURDAY_TEN, SATURDAY_TEN + timedelta(minutes=30)]
    assert free(db, clinic, SATURDAY, clinic.motif) == []
    with pytest.raises(SlotTaken):
        change(booking.book, **clinic.slot(SATURDAY_TEN))
    change(booking.book, **clinic.slot(SATURDAY_TEN, motif_id=clinic.long_motif))


def test_closing_weekly_hours_keeps_what_is_booked_and_says_so(db, clinic, change):
    visit = change(booking.book, **clinic.slot())
    morning = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(AvailabilityRule).where(
        AvailabilityRule.practitioner_id == clinic.doctors[0], AvailabilityRule.weekday == 0,
        AvailabilityRule.start == time(8, 30))).one())
    change(planning.close_weekly, morning.id)
    held = db.read_sync(SCHEDULER, planning.hours, clinic.doctors[0])
    assert [entry.appointment.id for entry in held.outside] == [visit.id]
    with pytest.raises(NotFound):
        change(planning.close_weekly, morning.id)


def test_hours_that_end_are_no_longer_shown_nor_bookable(db, clinic, change, clock):
    form = HoursForm(weekdays=[5], start=time(10), end=time(11), valid_until=SATURDAY)
    change(planning.open_weekly, clinic.doctors[0], form)
    assert free(db, clinic, SATURDAY) and not free(db, clinic, SATURDAY + timedelta(days=7))
    clock.forward(days=8)
    rules = db.read_sync(SCHEDULER, planning.hours, clinic.doctors[0]).rules
    assert 5 not in {rule.weekday for rule in rules}


def test_the_same_hours_twice_are_refused_but_not_for_another_motif_or_time(clinic, change):
    twice = HoursForm(weekdays=[0, 5], start=time(9), end=time(10))
    with pytest.raises(Conflict, match="open already"):
        change(planning.open_weekly, clinic.doctors[0], twice)
    change(planning.open_weekly, clinic.doctors[0], twice.model_copy(update={"motif_id": clinic.motif}))
    change(planning.open_weekly, clinic.doctors[0], HoursForm(weekdays=[0], start=time(12, 30), end=time(13, 30)))


def test_a_leave_and_its_end(db, clinic, change):
    leave = DayForm(kind="closed", on=date(2026, 11, 23), until=date(2026, 11, 27))
    rows = change(planning.differ, clinic.doctors[0], leave)
    assert len(rows) == 5 and free(db, clinic, TEN.date()) == []
    assert change(planning.differ, clinic.doctors[0], leave) == []  # pressed twice
    change(planning.as_usual, rows[0].id)
    assert TEN in free(db, clinic, TEN.date())
    with pytest.raises(NotFound):
        change(planning.as_usual, rows[0].id)


def test_closed_and_extra_over_the_same_hours_are_refused(db, clinic, change):
    change(planning.differ, clinic.doctors[0], DayForm(kind="open", on=SATURDAY, start=time(9), end=time(11)))
    change(planning.differ, clinic.doctors[0], DayForm(kind="open", on=SATURDAY, start=time(10), end=time(12)))
    with pytest.raises(Conflict, match="another exception"):
        change(planning.differ, clinic.doctors[0], DayForm(kind="closed", on=SATURDAY))
    change(planning.differ, clinic.doctors[0], DayForm(kind="closed", on=SATURDAY, start=time(12), end=time(0)))
    assert len(free(db, clinic, SATURDAY)) == 12


def test_hours_up_to_midnight(db, clinic, change):
    change(planning.differ, clinic.doctors[0], DayForm(kind="open", on=SATURDAY, start=time(23), end=time(0)))
    assert [at.hour for at in free(db, clinic, SATURDAY)] == [22] * 4


def test_a_skipped_hour_is_refused_where_the_clinic_changes_clocks_only(db, clinic, change):
    night = DayForm(kind="open", on=date(2027, 3, 28), start=time(2, 30), end=time(4))
    with pytest.raises(Invalid) as refusal:
        change(planning.differ, clinic.doctors[0], night)
    assert "Clocks go forward" in refusal.value.fields["start"]


@pytest.mark.parametrize("zone", ["Indian/Reunion", "America/Guadeloupe", "America/Cayenne"])
def test_the_same_night_in_the_territories(db, change, zone):
    clinic = db.write_sync(SYSTEM, make_clinic, zone)
    night = DayForm(kind="open", on=date(2027, 3, 28), start=time(2, 30), end=time(4))
    [row] = change(planning.differ, clinic.doctors[0], night)
    assert (row.start, row.end) == (time(2, 30), time(4))


@pytest.mark.parametrize("actor_of", [lambda c: ADMINISTRATOR, lambda c: c.doctor(0)])
def test_only_the_scheduler_changes_hours(db, clinic, change, actor_of):
    actor = actor_of(clinic)
    tries = [
        (planning.open_weekly, clinic.doctors[0], HoursForm(weekdays=[5], start=time(9), end=time(10))),
        (planning.close_weekly, "x"), (planning.as_usual, "x"),
        (planning.differ, clinic.doctors[0], DayForm(kind="closed", on=SATURDAY)),
        (motifs.offer, MotifForm(label_fr="x", label_en="x", duration_min=15)),
    ]
    for function, *args in tries:
        with pytest.raises(AccessDenied):
            change(function, *args, actor=actor)
    with pytest.raises(AccessDenied):
        change(motifs.change, clinic.motif, tries[-1][1], actor=actor, active=False)
    assert db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(AvailabilityException)).all()) == []


def test_a_doctor_that_does_not_exist(clinic, change):
    with pytest.raises(NotFound):
        change(planning.open_weekly, "nobody", HoursForm(weekdays=[5], start=time(9), end=time(10)))
    with pytest.raises(NotFound):
        change(planning.hours, "nobody")


def test_a_new_length_counts_for_bookings_to_come(db, clinic, change):
    before = change(booking.book, **clinic.slot())
    change(motifs.change, clinic.motif, MotifForm(label_fr="a", label_en="b", duration_min=20), active=True)
    after = change(booking.book, **clinic.slot(TEN + timedelta(hours=1)))
    held = db.read_sync(SYSTEM, agenda.appointments, [clinic.doctors[0]], TEN, TEN + timedelta(hours=3))
    lengths = {e.appointment.id: e.appointment.end_at - e.appointment.start_at for e in held}
    assert lengths == {before.id: timedelta(minutes=15), after.id: timedelta(minutes=20)}
    moved = change(booking.move, before.id, TEN + timedelta(hours=2))
    assert moved.end_at - moved.start_at == timedelta(minutes=15)


def test_a_doctor_sees_names_of_their_own_schedule_only(db, clinic, change):
    change(booking.book, **clinic.slot())
    change(booking.book, **clinic.slot(doctor=1, patient=1))
    seen = db.read_sync(clinic.doctor(0), agenda.appointments, clinic.doctors, TEN, TEN + timedelta(hours=1))
    assert [e.identity.family for e in seen] == ["Lefèvre"]


def test_next_slots_go_on_over_closed_weeks(db, clinic, change):
    change(planning.differ, clinic.doctors[0], DayForm(kind="closed", on=TEN.date(), until=date(2026, 12, 14)))
    slots = db.read_sync(SYSTEM, agenda.next_slots, clinic.doctors[0], timedelta(minutes=15), TEN, limit=3)
    assert [s.start_at for s in slots] == [datetime(2026, 12, 15, 7, 30, tzinfo=UTC) + timedelta(minutes=15 * n)
                                           for n in range(3)]
    anybody = db.read_sync(SYSTEM, agenda.next_slots, None, timedelta(minutes=15), TEN, limit=2)
    assert {s.practitioner_id for s in anybody} == set(clinic.doctors[1:])
