"""Interpreters, rooms and series on the scheduler's pages, through the real application."""

from datetime import timedelta

from sqlmodel import col, select

from app.scheduling import resources
from app.scheduling.tables import Appointment
from tests.app.scheduling.conftest import SCHEDULER, SYSTEM, TEN
from tests.app.scheduling.test_pages import TEN_VALUE, scheduler, visitor

assert scheduler  # fixtures
assert visitor
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


def booked(db) -> list[Appointment]:
    return db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Appointment).order_by(col(Appointment.start_at))).all())


async def test_an_interpreter_is_added_booked_shown_and_no_longer_offered(db, clinic, scheduler):
    await scheduler.get("/resources")
    assert "No interpreter and no room yet" in scheduler.text
    await scheduler.post("/resources", kind="interpreter", name="Amina K.")
    assert scheduler.status == 422
    assert "Please choose at least one language." in scheduler.text
    assert 'value="Amina K."' in scheduler.page  # what was typed is kept
    await scheduler.post("/resources", **{"kind": "interpreter", "name": "Amina K.", "speaks-ar": "yes", "speaks-rcf": "yes"})
    await scheduler.follow()
    assert "Arabic, Réunion Creole" in scheduler.text
    await scheduler.post("/resources", kind="room", name="Salle 2")
    [interpreter, room] = db.read_sync(SYSTEM, lambda tx: tx.session.exec(
        select(resources.Resource).order_by(col(resources.Resource.kind))).all())
    place = {"practitioner": clinic.doctors[0], "motif": clinic.motif, "on": "2026-11-23", "start": TEN_VALUE,
             "interpreter": interpreter.id, "room": room.id}
    await scheduler.get("/planner/booking")
    assert "Amina K. (Arabic, Réunion Creole)" in scheduler.text
    await scheduler.post("/planner/booking", patient=clinic.patients[0], **place)
    [visit] = booked(db)
    await scheduler.get(f"/appointments/{visit.id}")
    assert "Amina K. (Arabic, Réunion Creole)" in scheduler.text
    assert "Salle 2" in scheduler.text
    await scheduler.get(f"/planner/booking?practitioner={clinic.doctors[1]}&on=2026-11-23&interpreter={interpreter.id}")
    assert f'value="{TEN_VALUE}"' not in scheduler.page  # free for that doctor, not for her
    await scheduler.post("/planner/booking", patient=clinic.patients[1], **(place | {"practitioner": clinic.doctors[1]}))
    assert scheduler.status == 409
    assert len(booked(db)) == 1
    await scheduler.post(f"/resources/{interpreter.id}", kind="interpreter", name="Amina K.", languages="ar", active="no")
    await scheduler.get("/planner/booking")
    assert "Amina K." not in scheduler.text


async def test_what_a_visit_needs_is_changed_on_its_page_and_it_moves_where_all_are_free(db, clinic, scheduler, book):
    room, other = (db.write_sync(SCHEDULER, resources.add, resources.ResourceForm(kind="room", name=name)).id
                   for name in ("Salle 2", "Salle 3"))
    visit = book(TEN)
    book(TEN, patient=1, doctor=1, resource_ids=[other])
    book(TEN + HOUR, patient=1, doctor=1, resource_ids=[room])
    page = f"/appointments/{visit.id}"
    await scheduler.get(page)
    assert "Taken at the time of this visit: Salle 3" in scheduler.text
    assert f'value="{other}"' not in scheduler.page
    await scheduler.post(f"{page}/resources", room=other)
    assert scheduler.status == 409
    assert "Taken at the time of this visit: Salle 3. Free then: Salle 2." in scheduler.text
    await scheduler.get(f"{page}/time")
    assert 'value="2026-11-23T10:00Z"' in scheduler.page  # without a room only the doctor is asked
    await scheduler.post(f"{page}/resources", room=room)
    await scheduler.follow()
    assert f'<option value="{room}" selected>' in scheduler.page
    assert "Interpreter and room are changed." in scheduler.text
    await scheduler.post(f"{page}/resources", interpreter="", room="")  # the band's Undo: as it was before
    await scheduler.follow()
    assert f'<option value="{room}" selected>' not in scheduler.page
    assert f'<input type="hidden" name="room" value="{room}">' in scheduler.page, "and back again"
    await scheduler.post(f"{page}/resources", room=room)
    await scheduler.get(f"{page}/time")
    assert 'value="2026-11-23T10:00Z"' not in scheduler.page
    assert 'value="2026-11-23T11:00Z"' in scheduler.page
    await scheduler.post(f"{page}/resources", room="f" * 32)
    assert scheduler.status == 422
    assert "This interpreter or room can no longer be booked." in scheduler.text
    await scheduler.post(f"{page}/resources")
    await scheduler.get(page)
    assert f'<option value="{room}" selected>' not in scheduler.page


async def test_a_series_is_listed_visit_by_visit_and_booked_as_far_as_it_goes(db, clinic, scheduler, book):
    book(TEN + WEEK, patient=1)
    wanted = {"practitioner": clinic.doctors[0], "motif": clinic.motif, "on": "2026-11-23", "start": TEN_VALUE,
              "patient": clinic.patients[0], "count": "3", "weeks": "1"}
    await scheduler.get("/planner/booking")
    await scheduler.post("/planner/booking", **(wanted | {"count": "40"}))
    assert scheduler.status == 422
    await scheduler.post("/planner/booking", **wanted)
    assert scheduler.status == 409
    assert "Not every visit of the series is free" in scheduler.text
    assert "the next free times: Mon 30" in scheduler.text
    assert len(booked(db)) == 1
    await scheduler.post("/planner/booking", **wanted, as_many="yes")
    assert scheduler.status == 303
    assert [a.start_at for a in booked(db) if a.patient_id == clinic.patients[0]] == [TEN, TEN + 2 * WEEK]
    await scheduler.follow()
    assert "Monday 23 November at 10:00; Monday 7 December at 10:00. The invitations are on their way." in scheduler.text
    new = {key: value for key, value in wanted.items() if key != "patient"} | {
        "start": "2026-11-24T09:00Z", "given": "Zoé", "family": "Roy", "birth_date": "1990-02-01", "email": "zoe@example.org",
        "sex": "female", "language": "fr"}
    await scheduler.post("/planner/booking", **new)
    assert scheduler.status == 303
    assert len({a.series_id for a in booked(db)[-3:]}) <= 2
    assert sum(a.patient_id not in clinic.patients for a in booked(db)) == 3


async def test_only_schedulers_and_administrators_see_the_list(visitor):
    for role, status in (("doctor", 403), ("administrator", 200)):
        somebody = visitor(role)
        await somebody.get("/resources")
        assert somebody.status == status
