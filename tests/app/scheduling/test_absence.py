"""A doctor who cannot come: the whole day goes elsewhere at once or stays, and comes back as it was."""

import json
from datetime import timedelta

import pytest
from sqlmodel import col, select

from app.actor import Actor, Role
from app.errors import AccessDenied, Conflict, Invalid
from app.jobs import Job
from app.scheduling import absence, agenda, booking
from app.scheduling.tables import Appointment
from tests.app.scheduling.conftest import SCHEDULER, SYSTEM, TEN

QUARTER = timedelta(minutes=15)
TODAY = TEN.date()


def proposed(db, clinic, doctor=0):
    return db.read_sync(SCHEDULER, absence.proposals, clinic.doctors[doctor], TODAY)


def first_choices(proposals):
    return {p.entry.appointment.id: f"{p.options[0].practitioner_id}@{p.options[0].start_at.isoformat()}" for p in proposals}


def rebook(db, clinic, choices):
    return db.write_sync(SCHEDULER, absence.carry_out, clinic.doctors[0], TODAY, choices)


def place(db, appointment_id):
    row = db.read_sync(SYSTEM, lambda tx: tx.session.get(Appointment, appointment_id))
    return row.status, row.practitioner_id, row.start_at


def told(db):
    query = select(Job).where(col(Job.kind).in_(["message.moved", "message.cancelled"]))
    return sorted((job.kind, json.loads(job.payload)["appointment_id"])
                  for job in db.read_sync(SYSTEM, lambda tx: tx.session.exec(query).all()))


@pytest.fixture
def day(book):
    """Three visits of the first doctor, in a row."""
    return [book(), book(TEN + QUARTER, patient=1), book(TEN + 2 * QUARTER)]


def test_colleagues_at_the_same_time_are_proposed_and_nothing_twice(db, clinic, day):
    proposals = proposed(db, clinic)
    assert [p.entry.appointment.id for p in proposals] == [visit.id for visit in day]
    firsts = [(p.options[0].practitioner_id, p.options[0].start_at) for p in proposals]
    assert len(set(firsts)) == 3
    assert all(doctor != clinic.doctors[0] and at == p.entry.appointment.start_at
               for (doctor, at), p in zip(firsts, proposals, strict=True))
    later = [o for p in proposals for o in p.options if o.practitioner_id == clinic.doctors[0]]
    assert later and all(o.start_at.date() > TODAY for o in later)


def test_the_day_moves_closes_and_everybody_is_told_once(db, clinic, day):
    choices = first_choices(proposed(db, clinic)) | {day[1].id: "cancel", day[2].id: "keep"}
    rebook(db, clinic, choices)
    assert place(db, day[0].id) == ("booked", choices[day[0].id].partition("@")[0], TEN)
    assert place(db, day[1].id)[0] == "cancelled"
    assert place(db, day[2].id) == ("booked", clinic.doctors[0], day[2].start_at)
    assert told(db) == [("message.cancelled", day[1].id), ("message.moved", day[0].id)]
    board = db.read_sync(SCHEDULER, agenda.board, [clinic.doctors[0]], TODAY, TODAY)
    assert board.free == []


@pytest.mark.parametrize("wrong", ["", "yesterday", "nobody@2026-11-23T09:00", "@2026-11-23T09:00Z"])
def test_an_unreadable_choice_changes_nothing(db, clinic, day, wrong):
    choices = first_choices(proposed(db, clinic)) | {day[2].id: wrong}
    with pytest.raises(Invalid):
        rebook(db, clinic, choices)
    assert [place(db, v.id) for v in day] == [("booked", clinic.doctors[0], v.start_at) for v in day]
    assert told(db) == []


def test_one_time_taken_meanwhile_leaves_the_whole_day(db, clinic, day, book):
    choices = first_choices(proposed(db, clinic))
    doctor, _, _ = choices[day[2].id].partition("@")
    book(day[2].start_at, patient=1, doctor=clinic.doctors.index(doctor))
    with pytest.raises(booking.SlotTaken):
        rebook(db, clinic, choices)
    assert [place(db, v.id) for v in day] == [("booked", clinic.doctors[0], v.start_at) for v in day]
    assert told(db) == []
    assert db.read_sync(SCHEDULER, agenda.board, [clinic.doctors[0]], TODAY, TODAY).free


def test_a_visit_booked_meanwhile_is_not_forgotten(db, clinic, day, book):
    choices = first_choices(proposed(db, clinic))
    book(TEN + 4 * QUARTER, patient=1)
    with pytest.raises(Conflict):
        rebook(db, clinic, choices)
    assert told(db) == []


def test_all_of_it_comes_back(db, clinic, day):
    done = rebook(db, clinic, first_choices(proposed(db, clinic)) | {day[1].id: "cancel"})
    db.write_sync(SCHEDULER, absence.undo, done.id)
    assert [place(db, v.id) for v in day] == [("booked", clinic.doctors[0], v.start_at) for v in day]
    assert db.read_sync(SCHEDULER, agenda.board, [clinic.doctors[0]], TODAY, TODAY).free
    with pytest.raises(Conflict):
        db.write_sync(SCHEDULER, absence.undo, done.id)


def test_what_was_changed_since_is_not_taken_back(db, clinic, day):
    done = rebook(db, clinic, first_choices(proposed(db, clinic)))
    db.write_sync(SCHEDULER, booking.cancel, day[0].id)
    before = [place(db, v.id) for v in day]
    with pytest.raises(Conflict):
        db.write_sync(SCHEDULER, absence.undo, done.id)
    assert [place(db, v.id) for v in day] == before
    assert db.read_sync(SCHEDULER, agenda.board, [clinic.doctors[0]], TODAY, TODAY).free == []


def test_after_a_quarter_of_an_hour_it_stands(db, clinic, day, clock):
    done = rebook(db, clinic, first_choices(proposed(db, clinic)))
    clock.forward(minutes=16)
    assert db.read_sync(SCHEDULER, absence.undoable, done.id) is None
    with pytest.raises(Conflict):
        db.write_sync(SCHEDULER, absence.undo, done.id)


def test_a_patient_rebooks_nobody(db, clinic, day):
    patient = Actor(Role.PATIENT, clinic.patients[0], patient_id=clinic.patients[0])
    with pytest.raises(AccessDenied):
        db.write_sync(patient, absence.carry_out, clinic.doctors[0], TODAY, {v.id: "cancel" for v in day})
    assert told(db) == []
