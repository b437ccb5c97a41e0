"""Interpreters, rooms and buffers: a visit has all that it needs, or nothing; on both engines."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app.errors import AccessDenied, Conflict, Invalid, NotFound
from app.scheduling import agenda, booking, history, occupancy, resources, selfservice
from app.scheduling.booking import NotFree, SlotTaken
from app.scheduling.intervals import Interval
from app.scheduling.occupancy import Occupancy
from app.scheduling.resources import ResourceForm
from app.scheduling.tables import Appointment, Motif
from tests.app.scheduling.conftest import ADMINISTRATOR, SCHEDULER, SYSTEM, TEN

QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)


@pytest.fixture
def interpreter(db, clinic):
    return db.write_sync(SCHEDULER, resources.add, ResourceForm(kind="interpreter", name="Amina K.", languages=["ar"])).id


@pytest.fixture
def room(db, clinic):
    return db.write_sync(ADMINISTRATOR, resources.add, ResourceForm(kind="room", name="Salle 2")).id


def active(db) -> list[tuple[str, str]]:
    """Who and what is occupied, by appointment."""
    query = select(Occupancy.appointment_id, Occupancy.resource_id).where(col(Occupancy.active))
    return sorted(db.read_sync(SYSTEM, lambda tx: tx.session.exec(query).all()))


def buffers(db, clinic, before_min, after_min):
    def change(tx):
        motif = tx.session.get(Motif, clinic.motif)
        motif.before_min, motif.after_min = before_min, after_min
        tx.session.add(motif)

    db.write_sync(SYSTEM, change)


def test_a_visit_occupies_all_it_needs_and_shows_it(db, clinic, book, interpreter, room):
    visit = book(resource_ids=[interpreter, room])
    assert active(db) == sorted((visit.id, who) for who in (clinic.doctors[0], interpreter, room))
    [entry] = db.read_sync(SCHEDULER, agenda.appointments, [clinic.doctors[0]], TEN, TEN + QUARTER)
    assert [r.name for r in entry.resources] == ["Amina K.", "Salle 2"]


def test_all_or_none_when_one_is_taken(db, clinic, book, interpreter, room):
    first = book(resource_ids=[interpreter])
    before = active(db)
    with pytest.raises(SlotTaken) as refusal:
        book(patient=1, doctor=1, resource_ids=[interpreter, room])
    assert active(db) == before
    offered = refusal.value.alternatives
    assert offered[0].start_at == TEN + QUARTER  # when doctor, interpreter and room are all free
    book(offered[0].start_at, patient=1, doctor=1, resource_ids=[interpreter, room])
    book(patient=1, doctor=1)  # without them the doctor's own time is free
    db.write_sync(SCHEDULER, booking.cancel, first.id)
    book(patient=0, doctor=2, resource_ids=[interpreter])


def test_moved_and_brought_back_for_all_or_none(db, clinic, book, interpreter, room):
    visit = book(resource_ids=[interpreter, room])
    other = book(TEN + HOUR, patient=1, doctor=1, resource_ids=[room])
    before = active(db)
    with pytest.raises(SlotTaken):
        db.write_sync(SCHEDULER, booking.move, visit.id, TEN + HOUR)  # the doctor is free then, the room is not
    assert active(db) == before
    db.write_sync(SCHEDULER, booking.move, visit.id, TEN + QUARTER, clinic.doctors[2])
    assert {(visit.id, who) for who in (clinic.doctors[2], interpreter, room)} <= set(active(db))
    db.write_sync(SCHEDULER, booking.cancel, visit.id)
    assert active(db) == sorted([(other.id, clinic.doctors[1]), (other.id, room)])
    stranger = book(TEN + QUARTER, patient=1, doctor=0, resource_ids=[interpreter])
    with pytest.raises(SlotTaken):
        db.write_sync(SCHEDULER, booking.undo_cancel, visit.id)
    assert visit.id not in {appointment for appointment, _ in active(db)}
    db.write_sync(SCHEDULER, booking.cancel, stranger.id)
    db.write_sync(SCHEDULER, booking.undo_cancel, visit.id)
    assert {(visit.id, who) for who in (clinic.doctors[2], interpreter, room)} <= set(active(db))


def test_what_a_visit_needs_is_changed_for_all_or_none(db, clinic, book, interpreter, room):
    visit = book(resource_ids=[interpreter])
    book(patient=1, doctor=1, resource_ids=[room])
    with pytest.raises(NotFree) as refusal:
        db.write_sync(SCHEDULER, booking.equip, visit.id, [room])
    assert refusal.value.message == "Taken at the time of this visit: %(taken)s. Nothing else of that kind is free."
    other = db.write_sync(ADMINISTRATOR, resources.add, ResourceForm(kind="room", name="Salle 3"))
    with pytest.raises(NotFree) as refusal:
        db.write_sync(SCHEDULER, booking.equip, visit.id, [room])
    assert refusal.value.values == {"taken": "Salle 2", "free": other.name}
    assert (visit.id, interpreter) in active(db)
    db.write_sync(SCHEDULER, booking.equip, visit.id, [])
    assert [who for appointment, who in active(db) if appointment == visit.id] == [clinic.doctors[0]]
    changes = db.read_sync(SCHEDULER, history.of_appointment, visit.id)
    assert [change.action for change in changes] == ["appointment:book", "appointment:equip"]
    with pytest.raises(NotFound):
        db.write_sync(SCHEDULER, booking.equip, "f" * 32, [room])
    with pytest.raises(AccessDenied):
        db.write_sync(clinic.doctor(0), booking.equip, visit.id, [])
    db.write_sync(SCHEDULER, booking.cancel, visit.id)
    with pytest.raises(Conflict):
        db.write_sync(SCHEDULER, booking.equip, visit.id, [interpreter])


def test_the_database_itself_refuses_a_room_twice_whatever_code_runs(db, clinic, book, room):
    visit, other = book(resource_ids=[room]), book(patient=1, doctor=1)

    def smuggle(tx):
        tx.session.add(Occupancy(appointment_id=other.id, resource_id=room, start_at=TEN + QUARTER / 3,
                                 end_at=TEN + QUARTER, active=True))

    with pytest.raises(IntegrityError, match="appointment_overlap"):
        db.write_sync(SYSTEM, smuggle)
    later = book(TEN + QUARTER, patient=1, doctor=1, resource_ids=[room])

    def shift(tx):  # without a word about rooms
        row = tx.session.get(Appointment, later.id)
        row.start_at, row.end_at = visit.start_at, visit.end_at
        tx.session.add(row)

    db.write_sync(SCHEDULER, booking.cancel, other.id)
    with pytest.raises(IntegrityError, match="appointment_overlap"):
        db.write_sync(SYSTEM, shift)


def test_buffers_are_kept_free_on_both_sides_and_for_the_room(db, clinic, book, room):
    buffers(db, clinic, 5, 10)
    visit = book(resource_ids=[room])
    during = db.read_sync(SYSTEM, lambda tx: occupancy.times(tx, [room], Interval(TEN - HOUR, TEN + HOUR)))
    assert during == {room: [Interval(TEN - timedelta(minutes=5), TEN + timedelta(minutes=25))]}
    for at in (TEN + QUARTER, TEN + timedelta(minutes=29), TEN - timedelta(minutes=29)):
        with pytest.raises(SlotTaken):
            book(at, patient=1)
        with pytest.raises(SlotTaken):
            book(at, patient=1, doctor=1, resource_ids=[room])
    after, before = book(TEN + timedelta(minutes=30), patient=1), book(TEN - timedelta(minutes=30), patient=1)
    buffers(db, clinic, 0, 0)  # what is booked keeps its own
    with pytest.raises(SlotTaken):
        book(TEN + QUARTER, patient=1)
    db.write_sync(SCHEDULER, booking.cancel, after.id)
    db.write_sync(SCHEDULER, booking.cancel, before.id)
    db.write_sync(SCHEDULER, booking.move, visit.id, TEN + HOUR)
    with pytest.raises(SlotTaken):
        book(TEN + HOUR - QUARTER, patient=1)  # it moved with its buffers
    book(TEN, patient=1)


def test_offered_times_leave_room_for_buffers(db, clinic, book):
    buffers(db, clinic, 5, 10)
    book()
    [doctor], window = clinic.doctors[:1], Interval(TEN - HOUR, TEN + HOUR)
    slots = db.read_sync(SCHEDULER, agenda.free_slots, [doctor], QUARTER, window, clinic.motif)
    assert slots and all(slot.end_at <= TEN - QUARTER or slot.start_at >= TEN + timedelta(minutes=30) for slot in slots)
    for slot in slots:
        assert db.read_sync(SCHEDULER, agenda.is_free, doctor, Interval(slot.start_at, slot.end_at), clinic.motif)
    book(slots[-1].start_at, patient=1)
    assert not db.read_sync(SCHEDULER, agenda.is_free, doctor, Interval(TEN, TEN + QUARTER), clinic.motif)


def test_a_hold_that_ran_out_frees_the_interpreter_too(db, clinic, clock, book, interpreter):
    held = book(held_until=clock() + selfservice.HOLD, resource_ids=[interpreter])
    with pytest.raises(SlotTaken):
        book(patient=1, doctor=1, resource_ids=[interpreter])
    clock.forward(minutes=11)
    visit = book(patient=1, doctor=1, resource_ids=[interpreter])
    assert active(db) == sorted((visit.id, who) for who in (clinic.doctors[1], interpreter))
    assert held.id != visit.id


def test_two_hundred_racing_for_two_doctors_one_interpreter_and_one_room(db, clinic, interpreter, room):
    """Every combination in every order, at the same quarter of an hour: none waits in a circle, nothing is had twice."""
    needs = [[interpreter], [room], [room, interpreter], [interpreter, room], []]
    start = threading.Barrier(8)

    def attempt(n: int) -> str:
        if n < 8:
            start.wait()
        try:
            return db.write_sync(SCHEDULER, booking.book, **clinic.slot(
                TEN + QUARTER * (n % 4), patient=n % 2, doctor=n % 2, resource_ids=needs[n % 5])).id
        except SlotTaken:
            return ""

    with ThreadPoolExecutor(8) as threads:
        won = [one for one in threads.map(attempt, range(200)) if one]
    rows = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Occupancy).order_by(col(Occupancy.start_at))).all())
    assert {row.appointment_id for row in rows} == set(won)
    for row in rows:
        assert not any(row.resource_id == other.resource_id and row.appointment_id != other.appointment_id
                       and row.start_at < other.end_at and other.start_at < row.end_at for other in rows)


def test_the_list_of_interpreters_and_rooms(db, clinic, book, interpreter, room):
    with pytest.raises(Conflict, match="of this name"):
        db.write_sync(SCHEDULER, resources.add, ResourceForm(kind="room", name="Salle 2"))
    with pytest.raises(Invalid) as refusal:
        db.write_sync(SCHEDULER, resources.add, ResourceForm(kind="interpreter", name="Nobody"))
    assert "languages" in refusal.value.fields
    with pytest.raises(AccessDenied):
        db.write_sync(clinic.doctor(0), resources.add, ResourceForm(kind="room", name="Salle 3"))
    visit = book(resource_ids=[room])
    db.write_sync(SCHEDULER, resources.change, room, ResourceForm(kind="room", name="Salle bleue"), active=False)
    assert [r.id for r in db.read_sync(SCHEDULER, resources.listed)] == [interpreter]
    with pytest.raises(Invalid) as refusal:
        book(TEN + QUARTER, patient=1, resource_ids=[room])
    assert "resource" in refusal.value.fields
    assert (visit.id, room) in active(db)  # what is booked stays, and moves
    db.write_sync(SCHEDULER, booking.move, visit.id, TEN + HOUR)
    with pytest.raises(NotFound):
        db.write_sync(SCHEDULER, resources.change, interpreter, ResourceForm(kind="room", name="X"), active=True)
