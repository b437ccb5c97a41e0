"""What became of an appointment is told from the trail: each change once, with whose hand and why."""

from datetime import timedelta

import pytest

from app.access import links
from app.actor import Actor, Role, system
from app.errors import AccessDenied, Invalid
from app.scheduling import booking, history, replies
from tests.app.scheduling.conftest import SCHEDULER, TEN

QUARTER = timedelta(minutes=15)


def told(db, actor, appointment_id):
    return db.read_sync(actor, history.of_appointment, appointment_id)


def test_each_change_with_who_and_why(db, clinic, book):
    visit, desk = book(), SCHEDULER
    db.write_sync(desk, booking.move, visit.id, TEN + QUARTER, None, "doctor")
    db.write_sync(desk, booking.cancel, visit.id, "patient")
    changes = told(db, desk, visit.id)
    assert [(c.action, c.role, c.why) for c in changes] == [
        ("appointment:book", "scheduler", ""), ("appointment:move", "scheduler", "doctor"),
        ("appointment:cancel", "scheduler", "patient")]
    assert (changes[1].from_at, changes[1].to_at) == (TEN, TEN + QUARTER)


def test_what_changed_nothing_is_no_change(db, clinic, book):
    visit, other = book(), book(start_at=TEN + QUARTER)
    db.write_sync(SCHEDULER, booking.move, visit.id, TEN)
    with pytest.raises(booking.SlotTaken):
        db.write_sync(SCHEDULER, booking.move, visit.id, other.start_at)
    assert [c.action for c in told(db, SCHEDULER, visit.id)] == ["appointment:book"]


def test_a_reason_of_ones_own_words_is_refused_and_changes_nothing(db, clinic, book):
    visit = book()
    with pytest.raises(Invalid):
        db.write_sync(SCHEDULER, booking.cancel, visit.id, "angine")
    assert [c.action for c in told(db, SCHEDULER, visit.id)] == ["appointment:book"]


def test_another_patient_reads_nothing_of_it(db, clinic, book):
    visit = book()
    with pytest.raises(AccessDenied):
        told(db, Actor(Role.PATIENT, clinic.patients[1], patient_id=clinic.patients[1]), visit.id)


def test_from_where_each_change_came(db, clinic, book):
    visit = book(actor=system("booking").at("198.51.100.7", "r1"))  # on the public page
    token = db.write_sync(system("messages"), links.issue, visit.id, links.VISIT)
    holder = db.read_sync(system("web"), links.bearer, token)
    db.write_sync(holder, replies.confirm)
    patient = Actor(Role.PATIENT, clinic.patients[0], patient_id=clinic.patients[0], appointment_id=visit.id)
    db.write_sync(patient, replies.confirm)
    db.write_sync(SCHEDULER, booking.move, visit.id, TEN + QUARTER)
    assert [(c.action.partition(":")[2], c.place) for c in told(db, SCHEDULER, visit.id)] == [
        ("book", "public"), ("confirm", "message"), ("confirm", "link"), ("move", "desk")]
    seeded = book(start_at=TEN + QUARTER * 4, actor=system("seed"))
    assert [c.place for c in told(db, SCHEDULER, seeded.id)] == ["command"]
    assert history.place_of("system", "waiting list", "") == "itself" and {c.place for c in told(db, SCHEDULER, visit.id)} < {*history.PLACES}
