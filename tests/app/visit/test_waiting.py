"""The waiting room: order, delay, presence, and what the trail says about looking at it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import audit, encounters, waiting
from app.errors import AccessDenied
from app.scheduling.tables import Appointment
from app.waiting import Turn, expected_starts
from tests.app.visit.conftest import NINE, SYSTEM


def turn(id_, minute, status="planned", started=None, length=15):
    start_at = NINE + timedelta(minutes=minute)
    started_at = None if started is None else NINE + timedelta(minutes=started)
    return Turn(id_, start_at, start_at + timedelta(minutes=length), status, started_at)


def minutes(expected):
    return {id_: (at - NINE) / timedelta(minutes=1) for id_, at in expected.items()}


def at(minute):
    return NINE + timedelta(minutes=minute)


def test_on_time_everybody_begins_as_booked():
    assert minutes(expected_starts([turn("a", 0), turn("b", 15)], at(-5))) == {"a": 0, "b": 15}


def test_a_visit_that_began_late_delays_those_after():
    turns = [turn("a", 0, "in-progress", started=10), turn("b", 15, "arrived"), turn("c", 30)]
    assert minutes(expected_starts(turns, at(12))) == {"a": 10, "b": 25, "c": 40}


def test_an_overrunning_visit_may_end_any_moment():
    turns = [turn("a", 0, "in-progress", started=0), turn("b", 15, "arrived")]
    assert minutes(expected_starts(turns, at(40)))["b"] == 40


def test_who_does_not_come_holds_up_nobody_after_a_while():
    turns = [turn("a", 0), turn("b", 15, "arrived")]
    assert minutes(expected_starts(turns, at(9)))["b"] == 24
    assert minutes(expected_starts(turns, at(16)))["b"] == 16


statuses = st.sampled_from(["planned", "arrived", "in-progress", "finished"])


@given(st.lists(st.tuples(st.integers(0, 600), statuses, st.integers(5, 60)), max_size=12), st.integers(-60, 700))
def test_nobody_is_promised_a_time_in_the_past_or_before_their_own(rows, now):
    turns = [turn(str(n), minute, status, minute if status in ("in-progress", "finished") else None, length)
             for n, (minute, status, length) in enumerate(rows)]
    expected = expected_starts(turns, at(now))
    assert set(expected) == {t.id for t in turns}
    for t in turns:
        if t.status in ("planned", "arrived"):
            assert expected[t.id] >= max(t.start_at, at(now))


def queue(clinic, actor=None, **kwargs):
    return clinic.db.read_sync(actor or clinic.doctor, waiting.queue, **kwargs)


def test_the_queue_shows_arrivals_presence_and_delay(clinic, db, clock):
    clock.at = at(20)
    clinic.consent(1)
    db.write_sync(clinic.patient(1), encounters.arrive, clinic.visits[1])
    entries = queue(clinic)
    assert [e.id for e in entries] == clinic.visits
    assert [e.status for e in entries] == ["planned", "arrived", "planned"]
    assert (entries[1].name, entries[1].age, entries[1].reason) == ("Hugo Martin", 54, "reason 1")
    assert entries[1].present
    assert entries[1].transcription
    assert waiting.delay_min(entries) == 5
    clock.forward(seconds=waiting.PRESENT_S + 1)
    assert not queue(clinic)[1].present
    db.write_sync(clinic.patient(1), encounters.seen, clinic.visits[1])
    assert queue(clinic)[1].present


def test_the_queue_is_the_doctors_own(clinic):
    assert queue(clinic, clinic.other_doctor) == []
    for actor in (clinic.patient(), SYSTEM):
        with pytest.raises(AccessDenied):
            queue(clinic, actor)


def test_a_day_is_a_day_of_the_clinic_not_of_utc(clinic, db, clock):
    clock.at = datetime(2026, 11, 22, 23, 5, tzinfo=UTC)  # already Monday in Paris
    assert len(queue(clinic)) == 3
    clock.at = datetime(2026, 11, 23, 23, 5, tzinfo=UTC)  # already Tuesday
    assert queue(clinic) == []


def test_who_works_through_midnight_sees_both_sides_of_it(clinic, db, clock):
    before = datetime(2026, 11, 23, 22, 50, tzinfo=UTC)  # ten to midnight in Paris

    def move(tx):
        for n, visit in enumerate(clinic.visits):
            row = tx.session.get(Appointment, visit)
            row.start_at, row.end_at = before + timedelta(minutes=15 * n), before + timedelta(minutes=15 * n + 15)
            tx.session.add(row)

    db.write_sync(SYSTEM, move)
    for minute in (0, 20):
        clock.at = before + timedelta(minutes=minute)
        assert [entry.id for entry in queue(clinic)] == clinic.visits
    clinic.consent(0)
    clinic.consent(1)
    for n in (0, 1):
        db.write_sync(clinic.patient(n), encounters.arrive, clinic.visits[n])
    assert db.read_sync(clinic.patient(1), waiting.place, clinic.visits[1]).ahead == 1


def test_each_patient_shown_is_in_the_trail_once_however_often_the_screen_refreshes(clinic, db):
    shown = set()
    for _ in range(3):
        queue(clinic, shown=shown)
    events = [e for e in db.read_sync(SYSTEM, audit.search) if e.action == "patient:read"]
    assert sorted(e.patient_id for e in events) == sorted(clinic.patients)


def test_a_patients_place_counts_who_is_before(clinic, db, clock):
    clock.at = at(16)
    for n in (0, 1, 2):
        clinic.consent(n)
        db.write_sync(clinic.patient(n), encounters.arrive, clinic.visits[n])
    place = db.read_sync(clinic.patient(2), waiting.place, clinic.visits[2])
    assert (place.status, place.ahead, place.delay_min) == ("arrived", 2, 16)
    assert place.practitioner.name == "Dr Nadia Benali"
    db.write_sync(clinic.doctor, encounters.admit, clinic.visits[0])
    db.write_sync(clinic.doctor, encounters.finish, clinic.visits[0])
    place = db.read_sync(clinic.patient(2), waiting.place, clinic.visits[2])
    assert (place.ahead, place.delay_min) == (1, 1)
    with pytest.raises(AccessDenied):
        db.read_sync(clinic.patient(1), waiting.place, clinic.visits[2])
