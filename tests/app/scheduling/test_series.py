"""A series is checked visit by visit, and booked whole or as far as it can be; on both engines."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from sqlmodel import select

from app import audit
from app.errors import AccessDenied, Invalid, NotFound
from app.jobs import Job
from app.scheduling import occupancy, resources, series
from app.scheduling.resources import ResourceForm
from app.scheduling.series import Repeat, SeriesTaken
from app.scheduling.tables import Appointment
from tests.app.scheduling.conftest import SCHEDULER, SYSTEM, TEN

WEEK, QUARTER = timedelta(weeks=1), timedelta(minutes=15)
THREE = Repeat(count=3)


@pytest.fixture
def place(clinic):
    return {"practitioner_id": clinic.doctors[0], "motif_id": clinic.motif}


@pytest.fixture
def book_series(db, clinic, place):
    def book_series(repeat=THREE, actor=SCHEDULER, **changes):
        wanted = place | {"all_or_none": True, "patient_id": clinic.patients[0], "language": "fr"} | changes
        return db.write_sync(actor, series.book, TEN, repeat, **wanted)
    return book_series


def appointments(db):
    return db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Appointment)).all())


def test_all_are_booked_as_one_series_each_with_what_it_needs(db, place, book_series):
    room = db.write_sync(SCHEDULER, resources.add, ResourceForm(kind="room", name="Salle 2")).id
    booked = book_series(resource_ids=[room])
    assert [a.start_at for a in booked.appointments] == [TEN, TEN + WEEK, TEN + 2 * WEEK]
    assert len({a.series_id for a in booked.appointments}) == 1
    assert booked.left_out == []
    for appointment in booked.appointments:
        assert db.read_sync(SYSTEM, occupancy.needed, appointment) == [room]
    assert len(db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Job)).all())) == 3
    found = db.read_sync(SCHEDULER, series.of, booked.appointments[0].series_id)
    assert [a.id for a in found] == [a.id for a in booked.appointments]


def test_one_that_is_taken_is_named_with_alternatives_and_nothing_is_booked(db, place, book, book_series):
    book(TEN + WEEK, patient=1)
    looked_at = db.read_sync(SCHEDULER, series.check, TEN, THREE, **place)
    assert [one.is_free for one in looked_at] == [True, False, True]
    assert looked_at[1].alternatives[0].start_at == TEN + WEEK + QUARTER
    with pytest.raises(SeriesTaken) as refusal:
        book_series()
    assert [one.is_free for one in refusal.value.occurrences] == [True, False, True]
    assert refusal.value.occurrences[1].alternatives[0].start_at == TEN + WEEK + QUARTER
    assert len(appointments(db)) == 1


def test_those_that_can_be_are_booked_when_that_is_wanted(db, book, book_series):
    book(TEN + WEEK, patient=1)
    booked = book_series(all_or_none=False)
    assert [a.start_at for a in booked.appointments] == [TEN, TEN + 2 * WEEK]
    assert [one.start_at for one in booked.left_out] == [TEN + WEEK]
    entries = [e for e in db.read_sync(SYSTEM, audit.search) if e.action == "appointment:book"]
    assert {e.entity_id for e in entries} == {a.id for a in appointments(db)}


def test_who_is_quicker_in_between_is_found_by_the_constraint(db, clinic, book, book_series, monkeypatch):
    """What was free when it was looked at is taken when it is booked."""
    taken = book(TEN + WEEK, patient=1)
    monkeypatch.setattr("app.scheduling.agenda.is_free", lambda *_: True)
    with pytest.raises(SeriesTaken) as refusal:
        book_series()
    assert [one.is_free for one in refusal.value.occurrences] == [True, False, True]
    assert [a.id for a in appointments(db)] == [taken.id]
    booked = book_series(all_or_none=False)
    assert [one.start_at for one in booked.left_out] == [TEN + WEEK]
    entries = [e for e in db.read_sync(SYSTEM, audit.search) if e.action == "appointment:book"]
    assert {e.entity_id for e in entries} == {a.id for a in appointments(db)}  # none for what was not booked


def test_bad_input_changes_nothing(db, clinic, book_series):
    for bad in ({"count": 1}, {"count": 13}, {"count": 2, "weeks": 0}):
        with pytest.raises(ValidationError):
            Repeat(**bad)
    with pytest.raises(Invalid):
        book_series(resource_ids=["f" * 32])
    with pytest.raises(NotFound):
        book_series(motif_id="f" * 32)
    with pytest.raises(NotFound):
        book_series(patient_id="f" * 32)
    with pytest.raises(AccessDenied):
        book_series(actor=clinic.doctor())
    assert appointments(db) == []


def test_the_wall_time_stays_when_clocks_change():
    paris = ZoneInfo("Europe/Paris")
    first = datetime(2027, 3, 15, 9, 30, tzinfo=UTC)  # half past ten in winter
    found = series.starts(first, Repeat(count=4), paris)
    assert [at.astimezone(paris).strftime("%d/%m %H:%M") for at, _ in found] == [
        "15/03 10:30", "22/03 10:30", "29/03 10:30", "05/04 10:30"]
    assert found[2][0] == datetime(2027, 3, 29, 8, 30, tzinfo=UTC)
    night = datetime(2027, 3, 21, 1, 30, tzinfo=UTC)  # half past two, which the clock skips a week later
    assert [exists for _, exists in series.starts(night, Repeat(count=3), paris)] == [True, False, True]
    autumn = datetime(2026, 10, 18, 0, 30, tzinfo=UTC)  # half past two, which comes twice a week later: its first pass
    assert series.starts(autumn, Repeat(count=2), paris)[1] == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True)
