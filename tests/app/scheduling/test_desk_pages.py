"""The desk's holds through the real application: what the form asks for, what a colleague reads on page and planner."""

import html
import re
from datetime import timedelta

from app.access.accounts import Account, StaffSession, session_hash
from app.actor import Role
from app.scheduling import booking, desk
from tests.app.scheduling.conftest import SCHEDULER, SYSTEM, TEN
from tests.app.scheduling.test_desk import OTHER, everything
from tests.app.scheduling.test_pages import NEW, TEN_VALUE, booking_path, scheduler, slot_form, visitor

assert scheduler and visitor  # fixtures


def colleague(tx) -> None:
    """A second scheduler, signed in by "samuel"."""
    tx.session.add(Account(id="samuel", email="samuel@example.org", name="Samuel Roy", role=Role.SCHEDULER.value,
                           password_hash="-"))
    tx.session.flush()
    tx.session.add(StaffSession(id=session_hash("samuel"), account_id="samuel", second_factor_at=tx.now, created_at=tx.now,
                                expires_at=tx.now + timedelta(hours=9), ip="", user_agent=""))


def hold_id(page: str) -> str:
    return re.search(r'data-hold="([0-9a-f]{32})"', page)[1]


async def test_held_prolonged_shown_and_given_back(db, clinic, clock, visitor):
    db.write_sync(SYSTEM, colleague)
    sophie = visitor("scheduler")
    await sophie.get(booking_path(clinic, start=TEN_VALUE))
    assert '<desk-hold form="booking" action="/planner/holds"' in sophie.page
    await sophie.post("/planner/holds", **slot_form(clinic))
    assert sophie.status == 200 and 'data-left="300"' in sophie.page and "data-longer" in sophie.page
    assert "Monday 23 November, 10:00 is held for you." in html.unescape(sophie.page) and "until 08:20 at the latest" in sophie.page
    first = hold_id(sophie.page)
    await sophie.get(f"/planner?practitioner={clinic.doctors[0]}")
    assert "Held by" not in sophie.page and f"start={TEN_VALUE}" in sophie.page, "to oneself it is free"
    clock.forward(minutes=4)
    await sophie.post(f"/planner/holds/{first}/prolongation")
    assert hold_id(sophie.page) == first and 'data-left="300"' in sophie.page
    await sophie.post("/planner/holds", **(slot_form(clinic) | {"start": "2026-11-23T09:30Z", "hold": first}))
    second = hold_id(sophie.page)
    assert everything(db)[0] == {second}

    samuel = visitor("samuel")
    await samuel.get(f"/planner?practitioner={clinic.doctors[0]}&view=day")
    assert "Held by Sophie Perrin until 08:09" in samuel.page
    await samuel.post("/planner/holds", **(slot_form(clinic) | {"start": "2026-11-23T09:30Z"}))
    assert samuel.status == 409
    assert "Held by Sophie Perrin until 08:09. Choose another time, or wait." in samuel.page and "data-hold" not in samuel.page
    await samuel.post("/planner/booking", **(slot_form(clinic) | {"start": "2026-11-23T09:30Z"}), **NEW)
    assert samuel.status == 409 and "Held by Sophie Perrin until 08:09." in samuel.page and "elise@example.org" in samuel.page
    await samuel.post(f"/planner/holds/{second}/release")
    assert samuel.status == 204 and everything(db)[0] == {second}, "it is not theirs"

    sophie = visitor("scheduler")
    await sophie.get("/planner")
    await sophie.post(f"/planner/holds/{second}/release")
    assert sophie.status == 204 and everything(db) == (set(), [])


async def test_the_time_that_one_holds_is_offered_to_oneself_and_booked(db, clinic, scheduler):
    await scheduler.get(booking_path(clinic, start=TEN_VALUE))
    await scheduler.post("/planner/holds", **slot_form(clinic))
    await scheduler.get(booking_path(clinic, start=TEN_VALUE))
    assert re.search(rf'value="{TEN_VALUE}" checked', scheduler.page)
    await scheduler.post("/planner/booking", **slot_form(clinic), **NEW)
    assert scheduler.status == 303 and everything(db)[0] == set()


async def test_one_that_ran_out_says_so_and_can_be_had_again(db, clinic, clock, visitor):
    desk_ = visitor("scheduler", "fr")
    await desk_.get(booking_path(clinic))
    await desk_.post("/planner/holds", **slot_form(clinic))
    first = hold_id(desk_.page)
    clock.forward(minutes=5)
    await desk_.post(f"/planner/holds/{first}/prolongation")
    assert desk_.status == 409 and "Ce créneau n’est plus retenu." in desk_.page
    await desk_.post("/planner/holds", **(slot_form(clinic) | {"hold": first}))
    assert desk_.status == 200 and hold_id(desk_.page) != first
    for start, says in (("", "Veuillez choisir"), ("2026-11-23T06:00Z", "passé"), ("2026-11-23T22:00Z", "pas ouvert")):
        await desk_.post("/planner/holds", **(slot_form(clinic) | {"start": start}))
        assert desk_.status in (409, 422) and "data-said" in desk_.page, says
    clock.forward(minutes=-5)


async def test_the_form_that_moves_holds_too(db, clinic, scheduler):
    visit = db.write_sync(SCHEDULER, booking.book, **clinic.slot())
    await scheduler.get(f"/appointments/{visit.id}/time")
    assert f'<desk-hold form="moving" action="/planner/holds" appointment="{visit.id}"' in scheduler.page
    there = {"practitioner": clinic.doctors[1], "start": "2026-11-23T10:00Z"}
    await scheduler.post("/planner/holds", appointment=visit.id, **there)
    assert scheduler.status == 200 and hold_id(scheduler.page) in everything(db)[0]
    await scheduler.post(f"/appointments/{visit.id}/time", **there)
    assert scheduler.status == 303 and everything(db) == (set(), [(visit.id, clinic.doctors[1])])
    db.write_sync(OTHER, desk.hold, practitioner_id=clinic.doctors[0], motif_id=clinic.motif, start_at=TEN)
    await scheduler.post(f"/appointments/{visit.id}/time", practitioner=clinic.doctors[0], start=TEN_VALUE)
    assert scheduler.status == 409 and "Held by Samuel Roy until 08:05." in scheduler.page


async def test_holding_is_the_schedulers(db, clinic, visitor):
    for role, page in (("administrator", "/resources"), ("doctor", "/queue")):
        other = visitor(role)
        await other.get(page)
        assert other.status == 200 and 'name="csrf_token"' in other.page
        await other.post("/planner/holds", **slot_form(clinic))
        assert other.status == 403, role
    assert everything(db) == (set(), [])
