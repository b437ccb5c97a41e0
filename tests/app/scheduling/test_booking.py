"""Booking, moving, cancelling: on both engines, with the constraint that decides."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from app import audit, encounters, waiting
from app.access import guard, links
from app.actor import Actor, Role
from app.consent import VISIT, Consent
from app.errors import AccessDenied, Conflict, Invalid, NotFound
from app.jobs import Job
from app.scheduling import agenda, booking
from app.scheduling.booking import SlotTaken
from app.scheduling.tables import Appointment, AvailabilityException, AvailabilityRule, BookingNote, Motif
from tests.app.scheduling.conftest import ADMINISTRATOR, SCHEDULER, SYSTEM, TEN

QUARTER = timedelta(minutes=15)


def jobs_of(db) -> list[tuple[str, dict]]:
    rows = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Job)).all())
    return [(job.kind, json.loads(job.payload)) for job in rows]


def trail_of(db, action) -> list:
    return db.read_sync(SYSTEM, audit.search, action=action)


def stored(db, appointment_id) -> Appointment:
    return db.read_sync(SYSTEM, lambda tx: tx.session.get(Appointment, appointment_id))


def test_a_booking_invites_the_patient_begins_care_and_is_in_the_trail(db, clinic, book):
    visit = book()
    assert (visit.status, visit.start_at, visit.end_at, visit.sequence) == ("booked", TEN, TEN + QUARTER, 0)
    assert jobs_of(db) == [("message.invitation", {"appointment_id": visit.id})]
    assert db.read_sync(clinic.doctor(0), guard.in_care, clinic.patients[0])
    assert not db.read_sync(clinic.doctor(1), guard.in_care, clinic.patients[0])
    [entry] = trail_of(db, "appointment:book")
    assert (entry.outcome, entry.actor_id, entry.entity_id, entry.patient_id) == (
        "success", "sophie", visit.id, clinic.patients[0])


def test_the_motif_gives_the_length(clinic, book):
    visit = book(motif_id=clinic.long_motif)
    assert visit.end_at - visit.start_at == timedelta(minutes=30)


def test_the_reason_is_sealed(db, clinic, book):
    visit = book(reason="douleur thoracique")
    assert b"thoracique" not in stored(db, visit.id).sealed
    assert db.read_sync(SYSTEM, lambda tx: tx.open(stored(db, visit.id), BookingNote)).reason == "douleur thoracique"


@pytest.mark.parametrize("shift_min", [-10, 0, 10])
def test_an_overlapping_booking_is_refused_with_the_next_free_slots(db, clinic, book, shift_min):
    book()
    with pytest.raises(SlotTaken) as refusal:
        book(TEN + timedelta(minutes=shift_min), patient=1)
    offered = refusal.value.alternatives
    assert len(offered) == booking.OFFERED
    for slot in offered:
        assert slot.practitioner_id == clinic.doctors[0]
        assert slot.start_at >= TEN + QUARTER or slot.end_at <= TEN
    book(offered[0].start_at, patient=1)  # what is offered can be had
    assert len(jobs_of(db)) == 2


def test_neighbouring_slots_and_other_doctors_are_no_overlap(book):
    book()
    book(TEN + QUARTER)
    book(TEN - QUARTER)
    book(patient=1, doctor=1)


def test_the_database_itself_refuses_an_overlap_whatever_code_runs(db, clinic, book):
    first = book()

    def smuggle(tx):
        tx.session.add(Appointment(practitioner_id=clinic.doctors[0], patient_id=clinic.patients[1],
                                   motif_id=clinic.motif, start_at=TEN + timedelta(minutes=14),
                                   end_at=TEN + timedelta(minutes=29), created_at=tx.now))

    def shift_onto(tx):
        other = tx.session.get(Appointment, second.id)
        other.start_at, other.end_at = first.start_at, first.end_at
        tx.session.add(other)

    with pytest.raises(IntegrityError, match="appointment_overlap"):
        db.write_sync(SYSTEM, smuggle)
    second = book(TEN + QUARTER)
    with pytest.raises(IntegrityError, match="appointment_overlap"):
        db.write_sync(SYSTEM, shift_onto)


def test_a_cancelled_appointment_frees_its_slot(db, book):
    first = book()
    db.write_sync(SCHEDULER, booking.cancel, first.id)
    book(patient=1)


@pytest.mark.parametrize(("start_at", "field"), [
    (datetime(2026, 11, 23, 7, 0, tzinfo=UTC), "start_at"),   # this very minute
    (datetime(2020, 1, 6, 9, 0, tzinfo=UTC), "start_at"),
    (datetime(9999, 12, 27, 9, 0, tzinfo=UTC), "start_at"),
])
def test_the_past_and_the_far_future_are_refused(db, book, start_at, field):
    with pytest.raises(Invalid) as refusal:
        book(start_at)
    assert field in refusal.value.fields
    assert jobs_of(db) == []


def test_a_doctor_without_hours_then_is_said_and_others_offered(clinic, book):
    with pytest.raises(SlotTaken, match="no open hours") as refusal:
        book(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))  # 13:00, lunch
    assert refusal.value.alternatives[0].start_at == datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
    with pytest.raises(SlotTaken):
        book(datetime(2026, 11, 23, 11, 15, tzinfo=UTC), motif_id=clinic.long_motif)  # 30 minutes before 12:30


def test_hours_closed_meanwhile_are_respected(db, clinic, book):
    db.write_sync(SYSTEM, lambda tx: tx.session.add(
        AvailabilityException(practitioner_id=clinic.doctors[0], on=TEN.date(), closed=True)))
    with pytest.raises(SlotTaken) as refusal:
        book()
    assert refusal.value.alternatives[0].start_at.date() > TEN.date()


def test_nothing_to_offer_is_an_empty_list_not_an_error(db, clinic, book):
    def close_for_good(tx):
        for rule in tx.session.exec(select(AvailabilityRule)).all():
            tx.session.delete(rule)

    db.write_sync(SYSTEM, close_for_good)
    with pytest.raises(SlotTaken) as refusal:
        book()
    assert refusal.value.alternatives == []


@pytest.mark.parametrize("what", ["practitioner_id", "motif_id", "patient_id"])
def test_what_does_not_exist_cannot_be_booked(book, what):
    with pytest.raises(NotFound):
        book(**{what: "f" * 32})


def test_a_motif_no_longer_offered_and_an_unknown_language(db, clinic, book):
    with pytest.raises(Invalid):
        book(language="tlh")
    db.write_sync(SYSTEM, lambda tx: tx.session.add(_retired(tx.session.get(Motif, clinic.motif))))
    with pytest.raises(Invalid) as refusal:
        book()
    assert "motif_id" in refusal.value.fields


def _retired(motif: Motif) -> Motif:
    motif.active = False
    return motif


def test_only_schedulers_and_the_house_book_move_and_cancel(db, clinic, book):
    visit = book()
    for actor in (ADMINISTRATOR, clinic.doctor(0)):
        with pytest.raises(AccessDenied):
            book(TEN + QUARTER, actor=actor)
        with pytest.raises(AccessDenied):
            db.write_sync(actor, booking.move, visit.id, TEN + QUARTER)
        with pytest.raises(AccessDenied):
            db.write_sync(actor, booking.cancel, visit.id)
        with pytest.raises(AccessDenied):
            db.write_sync(actor, booking.cancel, "unknown")
    assert {e.outcome for e in trail_of(db, "appointment:cancel")} == {"refused"}


def test_moving_keeps_link_consent_and_id_and_counts_up(db, clinic, book):
    visit = book()

    def promise(tx):
        tx.session.add(links.Link(token_hash="h", purpose=links.VISIT, appointment_id=visit.id,
                                  patient_id=visit.patient_id, created_at=tx.now, expires_at=tx.now))
        tx.session.add(Consent(encounter_id=visit.id, patient_id=visit.patient_id, purpose=VISIT, language="fr",
                               granted_at=tx.now))

    db.write_sync(SYSTEM, promise)
    moved = db.write_sync(SCHEDULER, booking.move, visit.id, TEN + timedelta(days=1))
    assert (moved.id, moved.start_at, moved.sequence) == (visit.id, TEN + timedelta(days=1), 1)
    assert moved.end_at - moved.start_at == QUARTER
    kept = db.read_sync(SYSTEM, lambda tx: (tx.session.exec(select(links.Link)).one(), tx.session.exec(select(Consent)).one()))
    assert kept[0].revoked_at is None and kept[0].appointment_id == visit.id
    assert kept[1].withdrawn_at is None and kept[1].encounter_id == visit.id
    before = {"practitioner_id": visit.practitioner_id, "start_at": TEN.isoformat(), "end_at": (TEN + QUARTER).isoformat()}
    assert jobs_of(db)[-2:] == [("message.moved", {"appointment_id": visit.id}), ("slot.freed", before)]
    assert [e.entity_id for e in trail_of(db, "appointment:move")] == [visit.id]


def test_moving_by_less_than_its_own_length_is_possible(db, clinic, book):
    visit = book(motif_id=clinic.long_motif)
    moved = db.write_sync(SCHEDULER, booking.move, visit.id, TEN + QUARTER)
    assert moved.start_at == TEN + QUARTER


def test_moving_to_another_doctor_hands_over_the_care(db, clinic, book):
    visit = book()
    db.write_sync(SCHEDULER, booking.move, visit.id, TEN, clinic.doctors[1])
    assert not db.read_sync(clinic.doctor(0), guard.in_care, clinic.patients[0])
    assert db.read_sync(clinic.doctor(1), guard.in_care, clinic.patients[0])
    book(patient=1)  # the first doctor's slot is free again


def test_a_visit_prepared_with_one_doctor_waits_for_the_doctor_it_moved_to(db, clinic, book):
    visit = book()
    patient = Actor(Role.PATIENT, clinic.patients[0], patient_id=clinic.patients[0], appointment_id=visit.id)
    db.write_sync(patient, encounters.open_for, visit.id)  # as the device test does, days before
    db.write_sync(SCHEDULER, booking.move, visit.id, TEN, clinic.doctors[1])
    assert db.read_sync(patient, waiting.place, visit.id).practitioner.id == clinic.doctors[1]
    assert db.write_sync(patient, encounters.arrive, visit.id).practitioner_id == clinic.doctors[1]
    assert [e.id for e in db.read_sync(clinic.doctor(1), waiting.queue)] == [visit.id]


def test_moving_onto_a_taken_slot_changes_nothing(db, clinic, book):
    book()
    visit = book(TEN + timedelta(hours=1), patient=1)
    with pytest.raises(SlotTaken) as refusal:
        db.write_sync(SCHEDULER, booking.move, visit.id, TEN)
    assert refusal.value.alternatives
    assert (stored(db, visit.id).start_at, stored(db, visit.id).sequence) == (TEN + timedelta(hours=1), 0)
    assert [kind for kind, _ in jobs_of(db)].count("message.moved") == 0


def test_moving_to_the_same_place_tells_nobody(db, book):
    visit = book()
    assert db.write_sync(SCHEDULER, booking.move, visit.id, TEN).sequence == 0
    assert [kind for kind, _ in jobs_of(db)] == ["message.invitation"]


def test_only_a_booked_appointment_moves(db, clinic, book):
    visit = book()
    db.write_sync(SCHEDULER, booking.cancel, visit.id)
    with pytest.raises(Conflict):
        db.write_sync(SCHEDULER, booking.move, visit.id, TEN + QUARTER)
    with pytest.raises(NotFound):
        db.write_sync(SCHEDULER, booking.move, "unknown", TEN)


def test_cancelling_tells_the_patient_ends_care_and_can_be_taken_back(db, clinic, book):
    visit = book()
    cancelled = db.write_sync(SCHEDULER, booking.cancel, visit.id)
    assert (cancelled.status, cancelled.sequence) == ("cancelled", 1)
    assert not db.read_sync(clinic.doctor(0), guard.in_care, clinic.patients[0])
    db.write_sync(SCHEDULER, booking.cancel, visit.id)  # twice is once
    again = db.write_sync(SCHEDULER, booking.undo_cancel, visit.id)
    assert (again.status, again.sequence, again.cancelled_at) == ("booked", 2, None)
    assert db.read_sync(clinic.doctor(0), guard.in_care, clinic.patients[0])
    assert [kind for kind, _ in jobs_of(db)] == ["message.invitation", "message.cancelled", "slot.freed",
                                               "message.invitation"]
    assert db.write_sync(SCHEDULER, booking.undo_cancel, visit.id).sequence == 2


def test_a_cancellation_cannot_be_taken_back_once_the_slot_or_the_time_is_gone(db, clinic, clock, book):
    first, later = book(), book(TEN + timedelta(hours=1))
    db.write_sync(SCHEDULER, booking.cancel, first.id)
    db.write_sync(SCHEDULER, booking.cancel, later.id)
    book(patient=1)
    with pytest.raises(SlotTaken):
        db.write_sync(SCHEDULER, booking.undo_cancel, first.id)
    assert stored(db, first.id).status == "cancelled"
    clock.forward(hours=4)
    with pytest.raises(Invalid):
        db.write_sync(SCHEDULER, booking.undo_cancel, later.id)


def test_a_patient_who_has_arrived_is_not_cancelled_nor_undone_after_a_visit(db, book):
    visit = book()

    def arrive(tx, status):
        row = tx.session.get(Appointment, visit.id)
        row.status = status
        tx.session.add(row)

    db.write_sync(SYSTEM, arrive, "arrived")
    with pytest.raises(Conflict, match="already arrived"):
        db.write_sync(SCHEDULER, booking.cancel, visit.id)
    db.write_sync(SYSTEM, arrive, "cancelled")  # as a visit given up by its doctor: not ours to take back
    with pytest.raises(Conflict, match="over"):
        db.write_sync(SCHEDULER, booking.undo_cancel, visit.id)


def test_of_two_hundred_at_once_one_gets_the_slot(db, clinic):
    """Sixteen threads, two hundred tries: one success, the rest told and offered others."""
    start = threading.Barrier(16)

    def attempt(n: int) -> str:
        if n < 16:
            start.wait()
        try:
            return db.write_sync(SCHEDULER, booking.book, **clinic.slot(patient=n % 2)).id
        except SlotTaken as refusal:
            assert len(refusal.alternatives) == booking.OFFERED
            return "taken"

    with ThreadPoolExecutor(16) as threads:
        outcomes = list(threads.map(attempt, range(200)))
    assert outcomes.count("taken") == 199
    held = db.read_sync(SYSTEM, agenda.appointments, [clinic.doctors[0]], TEN, TEN + QUARTER)
    assert [e.appointment.id for e in held] == [o for o in outcomes if o != "taken"]
    assert len(jobs_of(db)) == 1


def test_two_moves_onto_one_slot_at_once(db, clinic, book):
    visits = [book(TEN + timedelta(hours=1), patient=0), book(TEN + timedelta(hours=2), patient=1)]

    def attempt(visit) -> bool:
        try:
            db.write_sync(SCHEDULER, booking.move, visit.id, TEN)
        except SlotTaken:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(attempt, visits)) == [False, True]
