"""Late or never: who may say so and when, what it changes, how often it was; a probability that changes nothing."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from app import attendance, encounters
from app.actor import Actor, Role
from app.errors import AccessDenied, Conflict, NotFound
from app.forecasting import learnt
from app.people import PatientIdentity, update_identity
from app.scheduling.tables import Appointment
from tests.app.visit.conftest import NINE, SYSTEM

SCHEDULER = Actor(Role.SCHEDULER, "scheduler-1", "Some Scheduler")


def status(db, visit):
    return db.read_sync(SYSTEM, lambda tx: tx.session.get(Appointment, visit).status)


def mark(db, who, visit, kind="never", reason="forgot"):
    db.write_sync(who, attendance.mark, visit, kind, reason)


def test_never_is_said_ten_minutes_after_the_time_and_can_be_taken_back(clinic, db, clock) -> None:
    visit = clinic.visits[0]
    clock.at = NINE + timedelta(minutes=9)
    with pytest.raises(Conflict):
        mark(db, clinic.doctor, visit)
    clock.at = NINE + timedelta(minutes=10)
    mark(db, clinic.doctor, visit)
    assert status(db, visit) == "noshow"
    mark(db, SCHEDULER, visit, reason="technical")
    assert db.read_sync(SCHEDULER, attendance.figures).reasons == {"technical": 1}
    db.write_sync(SCHEDULER, attendance.unmark, visit)
    assert status(db, visit) == "booked"
    db.write_sync(SCHEDULER, attendance.unmark, visit)
    assert db.read_sync(SCHEDULER, attendance.figures).reasons == {}


def test_who_is_there_cannot_be_missed_but_late(clinic, db, clock) -> None:
    visit = clinic.visits[0]
    clock.at = NINE + timedelta(minutes=12)
    clinic.consent(0)
    db.write_sync(clinic.patient(0), encounters.arrive, visit)
    with pytest.raises(Conflict):
        mark(db, clinic.doctor, visit)
    mark(db, clinic.doctor, visit, "late", "technical")
    assert status(db, visit) == "arrived"


def test_a_time_given_away_meanwhile_is_not_taken_back(clinic, db, clock) -> None:
    clock.at = NINE + timedelta(minutes=12)
    mark(db, SCHEDULER, clinic.visits[0])

    def give_away(tx):
        gone, other = (tx.session.get(Appointment, v) for v in clinic.visits[:2])
        other.start_at, other.end_at = gone.start_at + timedelta(minutes=1), gone.end_at

    db.write_sync(SYSTEM, give_away)
    with pytest.raises(Conflict):
        db.write_sync(SCHEDULER, attendance.unmark, clinic.visits[0])
    assert status(db, clinic.visits[0]) == "noshow"


def test_nobody_else_marks_or_reads(clinic, db, clock) -> None:
    clock.at = NINE + timedelta(minutes=30)
    for actor in (clinic.other_doctor, clinic.patient(0), Actor(Role.ADMINISTRATOR, "a")):
        with pytest.raises(AccessDenied):
            mark(db, actor, clinic.visits[0])
        with pytest.raises(AccessDenied):
            db.read_sync(actor, attendance.figures)
    with pytest.raises(NotFound):
        mark(db, SCHEDULER, "0" * 32)


def test_rates_by_motif_and_by_how_people_are_reached(clinic, db, clock) -> None:
    for n, contact in enumerate(({"phone": "+33639980101"}, {"email": "a@x.example"}, {})):
        who = PatientIdentity(family="X", given=str(n), birth_date=NINE.date().replace(year=1970), **contact)
        db.write_sync(SYSTEM, update_identity, clinic.patients[n], who)
    clock.at = NINE + timedelta(minutes=8)
    clinic.consent(0)
    db.write_sync(clinic.patient(0), encounters.arrive, clinic.visits[0])
    clock.at = NINE + timedelta(hours=2)
    mark(db, SCHEDULER, clinic.visits[2], reason="not-told")
    seen = db.read_sync(SCHEDULER, attendance.figures)
    assert (seen.total.visits, seen.total.missed, seen.total.late, seen.unmarked) == (2, 1, 1, 1)
    assert [(r.name, r.visits, r.missed) for r in seen.by_channel] == [("sms", 1, 0), ("none", 1, 1)]
    assert [(m.label_en, r.missed) for m, r in seen.by_motif] == [("Consultation", 1)]
    assert seen.study is None


def history(clinic, db, count=240):
    """Two patients' many visits: one comes, the other misses every other one."""
    def write(tx):
        motif = tx.session.get(Appointment, clinic.visits[0]).motif_id
        for n in range(count):
            who, start_at = n % 2, NINE - timedelta(days=n + 1)
            tx.session.add(Appointment(practitioner_id=clinic.doctor.practitioner_id, patient_id=clinic.patients[who],
                                       motif_id=motif, status="noshow" if who and n % 4 == 1 else "fulfilled",
                                       start_at=start_at, end_at=start_at + timedelta(minutes=15),
                                       created_at=start_at - timedelta(days=3)))
    db.write_sync(SYSTEM, write)


def test_what_was_learnt_stands_beside_the_appointment_and_changes_nothing(clinic, db) -> None:
    assert db.read_sync(SCHEDULER, attendance.likelihood, clinic.visits[0]) is None, "nothing was learnt yet"
    history(clinic, db)
    asyncio.run(attendance.handlers(db)["attendance.learn"]({}))
    steady, unsteady = (db.read_sync(SCHEDULER, attendance.likelihood, clinic.visits[n]) for n in (0, 1))
    assert steady.base == unsteady.base == pytest.approx(0.25, abs=0.01)
    assert steady.probability < 0.1 < 0.35 < unsteady.probability
    assert {status(db, v) for v in clinic.visits} == {"booked"}
    assert len(db.read_sync(SCHEDULER, attendance.figures).study.bins) == 5
    with pytest.raises(AccessDenied):
        db.read_sync(clinic.doctor, attendance.likelihood, clinic.visits[0])
    (row,) = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(learnt.Learnt)).all())
    assert not [p for p in clinic.patients if p in row.content], "nothing of one patient is kept"


async def test_the_doctor_marks_from_the_queue_and_takes_it_back(house, clinic, db, clock) -> None:
    doctor = house.doctor()
    clock.at = NINE + timedelta(minutes=11)
    answer = await doctor.post(f"/appointments/{clinic.visits[0]}/attendance")
    page = await (await doctor.get(answer.headers["Location"])).text()
    assert "Noted that the patient did not come." in page
    assert "Claire Lefèvre" not in page
    await doctor.post(f"/appointments/{clinic.visits[0]}/attendance", undo="yes")
    assert "Claire Lefèvre" in await (await doctor.get("/queue?missed=<b>")).text()
    assert (await doctor.post(f"/appointments/{clinic.visits[0]}/attendance", kind="sometimes")).status == 422
    assert (await house.other_doctor().post(f"/appointments/{clinic.visits[0]}/attendance")).status == 403
    assert (await doctor.get("/attendance")).status == 403
