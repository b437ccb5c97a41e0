"""Holds of the desk: the time that somebody types for is nobody else's, for a while and no longer; on both engines."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app import audit
from app.actor import Actor, PurposeOfUse, Role
from app.errors import AccessDenied, Conflict, Invalid, NotFound
from app.jobs import Job
from app.scheduling import agenda, booking, desk, resources, series, waitlist
from app.scheduling.booking import SlotTaken
from app.scheduling.occupancy import Occupancy
from app.scheduling.resources import ResourceForm
from app.scheduling.series import Repeat
from app.scheduling.tables import DeskHold, Motif
from tests.app.scheduling.conftest import ADMINISTRATOR, SCHEDULER, SYSTEM, TEN

OTHER = Actor(Role.SCHEDULER, "samuel", "Samuel Roy", purpose=PurposeOfUse.OPERATIONS)
QUARTER = timedelta(minutes=15)


@pytest.fixture
def room(db, clinic):
    return db.write_sync(ADMINISTRATOR, resources.add, ResourceForm(kind="room", name="Salle 2")).id


@pytest.fixture
def hold(db, clinic):
    def hold(at=TEN, who=SCHEDULER, doctor=0, **more) -> DeskHold:
        return db.write_sync(who, desk.hold, practitioner_id=clinic.doctors[doctor], start_at=at,
                             **{"motif_id": clinic.motif} | more)
    return hold


def free(db, clinic, who, also=(), motif="", doctor=0):
    board = db.read_sync(who, agenda.board, [clinic.doctors[doctor]], TEN.date(), TEN.date(), motif or clinic.motif, also)
    return [slot.start_at for slot in board.free]


def everything(db):
    """Holds, and what is occupied by whom."""
    def read(tx):
        taken = tx.session.exec(select(Occupancy.appointment_id, Occupancy.resource_id).where(col(Occupancy.active)))
        return {row.id for row in tx.session.exec(select(DeskHold))}, sorted(map(tuple, taken))
    return db.read_sync(SYSTEM, read)


def test_a_held_time_is_its_holders_and_nobody_elses(db, clinic, book, hold):
    held = hold()
    assert TEN in free(db, clinic, SCHEDULER) and TEN not in free(db, clinic, OTHER)
    for attempt in (lambda: book(actor=OTHER), lambda: hold(who=OTHER), lambda: book(actor=SYSTEM)):
        with pytest.raises(SlotTaken) as refusal:
            attempt()
        assert (refusal.value.held.holder_name, refusal.value.held.held_until) == ("Sophie Perrin", held.held_until)
        assert TEN not in [slot.start_at for slot in refusal.value.alternatives]
    visit = book()
    assert everything(db) == (set(), [(visit.id, clinic.doctors[0])]), "the hold became the appointment"


def test_buffers_interpreter_and_room_are_held_too(db, clinic, book, hold, room):
    def buffered(tx):
        tx.session.get_one(Motif, clinic.motif).after_min = 15

    db.write_sync(SYSTEM, buffered)
    held = hold(resource_ids=[room])
    assert everything(db) == ({held.id}, sorted((held.id, what) for what in (clinic.doctors[0], room)))
    with pytest.raises(SlotTaken):
        book(TEN + QUARTER, actor=OTHER, motif_id=clinic.long_motif)
    with pytest.raises(SlotTaken) as refusal:
        book(TEN + QUARTER, actor=OTHER, doctor=1, motif_id=clinic.long_motif, resource_ids=[room])
    assert refusal.value.held.id == held.id
    assert TEN not in free(db, clinic, OTHER, also=[room], doctor=1) and TEN in free(db, clinic, OTHER, doctor=1)
    visit = book(resource_ids=[room])
    assert everything(db)[1] == sorted((visit.id, what) for what in (clinic.doctors[0], room))


def test_the_database_itself_refuses_what_is_held(db, clinic, hold):
    held = hold()

    def smuggle(tx):
        tx.insert(Occupancy, appointment_id="f" * 32, resource_id=clinic.doctors[0], start_at=TEN + QUARTER / 3,
                  end_at=TEN + QUARTER, active=True)

    with pytest.raises(IntegrityError, match="appointment_overlap"):
        db.write_sync(SYSTEM, smuggle)
    assert everything(db)[0] == {held.id}


def test_it_ends_by_itself_and_not_a_second_before(db, clinic, clock, book, hold):
    held = hold()
    assert held.held_until == clock() + desk.HOLD
    clock.forward(minutes=4, seconds=59)
    with pytest.raises(SlotTaken):
        book(actor=OTHER)
    clock.forward(seconds=1)
    assert TEN in free(db, clinic, OTHER), "at once, before anybody looked"
    with pytest.raises(Conflict, match="no longer held"):
        db.write_sync(SCHEDULER, desk.prolong, held.id)
    visit = book(actor=OTHER)
    assert everything(db) == (set(), [(visit.id, clinic.doctors[0])])
    with pytest.raises(SlotTaken) as refusal:
        book(patient=1)
    assert refusal.value.held is None


def test_who_held_too_long_still_books_when_nobody_else_came(clock, book, hold):
    hold()
    clock.forward(minutes=6)
    assert book().start_at == TEN


def test_it_lasts_while_somebody_types_and_never_longer_than_the_limit(db, clock, hold):
    held, began = hold(), clock()
    for _ in range(4):
        clock.forward(minutes=4)
        until = db.write_sync(SCHEDULER, desk.prolong, held.id).held_until
    assert until == began + desk.AT_MOST
    again = hold()  # the same form, loaded again
    assert (again.began_at, again.held_until) == (began, began + desk.AT_MOST)
    clock.forward(minutes=4)
    with pytest.raises(Conflict):
        db.write_sync(SCHEDULER, desk.prolong, again.id)
    assert hold(who=OTHER).began_at == clock()


def test_leaving_frees_it_at_once_and_only_ones_own(db, clinic, hold):
    held = hold()
    assert db.write_sync(OTHER, desk.let_go, held.id) is False
    assert db.write_sync(SCHEDULER, desk.let_go, held.id) is True
    assert everything(db) == (set(), [])
    assert db.write_sync(SCHEDULER, desk.let_go, held.id) is False, "once"
    assert hold(who=OTHER).holder_name == "Samuel Roy"
    with pytest.raises(Conflict):
        db.write_sync(SCHEDULER, desk.prolong, held.id)


def test_another_time_in_the_same_form_gives_the_first_back(db, clinic, hold):
    first = hold()
    second = hold(TEN + QUARTER, instead_of=first.id)
    assert everything(db)[0] == {second.id} and TEN in free(db, clinic, OTHER)
    theirs = hold(TEN, OTHER)
    with pytest.raises(SlotTaken):
        hold(TEN, instead_of=second.id)
    assert everything(db)[0] == {second.id, theirs.id}, "what was held stays when another cannot be had"
    hold(TEN + 2 * QUARTER, instead_of=theirs.id)
    assert theirs.id in everything(db)[0], "nobody takes another's hold away by its name"


def test_forgotten_forms_do_not_close_a_day(clock, hold):
    for n in range(desk.AT_ONCE):
        hold(TEN + n * QUARTER)
    with pytest.raises(Conflict, match="times already"):
        hold(TEN + desk.AT_ONCE * QUARTER)
    assert hold(TEN + desk.AT_ONCE * QUARTER, OTHER)
    clock.forward(minutes=5)
    assert hold(TEN)


def test_moving_holds_where_it_goes_with_all_that_it_needs(db, clinic, book, hold, room):
    visit, there = book(resource_ids=[room]), TEN + 4 * QUARTER
    held = db.write_sync(SCHEDULER, desk.hold_elsewhere, visit.id, clinic.doctors[1], there)
    assert everything(db)[1] == sorted([(visit.id, clinic.doctors[0]), (visit.id, room), (held.id, clinic.doctors[1]),
                                        (held.id, room)])
    with pytest.raises(SlotTaken) as refusal:
        book(there, patient=1, doctor=1, actor=OTHER)
    assert refusal.value.held.id == held.id
    db.write_sync(SCHEDULER, booking.move, visit.id, there, clinic.doctors[1])
    assert everything(db) == (set(), sorted([(visit.id, clinic.doctors[1]), (visit.id, room)]))
    hold(TEN, OTHER)
    with pytest.raises(SlotTaken) as refusal:
        db.write_sync(SCHEDULER, booking.move, visit.id, TEN, clinic.doctors[0])
    assert refusal.value.held.holder_name == "Samuel Roy"
    db.write_sync(SCHEDULER, booking.cancel, visit.id)
    with pytest.raises(Conflict):
        db.write_sync(SCHEDULER, desk.hold_elsewhere, visit.id, "", there)
    with pytest.raises(NotFound):
        db.write_sync(SCHEDULER, desk.hold_elsewhere, "f" * 32, "", there)


def test_a_series_is_booked_from_the_time_that_one_holds(db, clinic, hold):
    hold()
    done = db.write_sync(SCHEDULER, series.book, TEN, Repeat(count=2, weeks=1), all_or_none=True, language="fr",
                         practitioner_id=clinic.doctors[0], motif_id=clinic.motif, patient_id=clinic.patients[0])
    assert len(done.appointments) == 2 and everything(db)[0] == set()


def test_what_cannot_be_booked_is_not_held(db, clinic, book, hold):
    book()
    with pytest.raises(SlotTaken) as refusal:
        hold()
    assert refusal.value.held is None
    for at, error in ((TEN.replace(hour=3), Invalid), (TEN.replace(hour=22), SlotTaken)):
        with pytest.raises(error):
            hold(at)
    with pytest.raises(NotFound):
        hold(motif_id="f" * 32)
    with pytest.raises(Invalid):
        hold(TEN + QUARTER, resource_ids=["f" * 32])
    assert everything(db)[0] == set()


def test_only_schedulers_hold(db, clinic, hold):
    held = hold()
    for who in (clinic.doctor(0), ADMINISTRATOR, Actor(Role.PATIENT, "p", patient_id=clinic.patients[0])):
        with pytest.raises(AccessDenied):
            hold(TEN + QUARTER, who)
        with pytest.raises(AccessDenied):
            db.write_sync(who, desk.let_go, held.id)
    trail = [(e.action, e.outcome) for e in db.read_sync(SYSTEM, audit.search)]
    assert trail.count(("slots:hold", "success")) == 1 and trail.count(("slots:hold", "refused")) == 6


async def test_of_many_who_hold_or_book_one_time_at_once_one_gets_it(db, clinic, hold):
    people = [Actor(Role.SCHEDULER, f"s{n}", f"S {n}", purpose=PurposeOfUse.OPERATIONS) for n in range(8)]
    holding = {"practitioner_id": clinic.doctors[0], "start_at": TEN, "motif_id": clinic.motif}
    calls = [db.write(who, desk.hold, **holding) if n % 2 else db.write(who, booking.book, **clinic.slot())
             for n, who in enumerate(people)]
    got = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(one, SlotTaken) for one in got) == 7
    await asyncio.to_thread(_beside_each_other, people, hold)
    assert len(everything(db)[1]) == 2


def _beside_each_other(people, hold):
    def attempt(who):
        try:
            return hold(TEN + QUARTER, who).id
        except SlotTaken:
            return ""

    with ThreadPoolExecutor(4) as pool:
        assert sum(bool(one) for one in pool.map(attempt, people)) == 1


def test_the_waiting_list_is_asked_again_once_a_freed_time_is_no_longer_held(db, clinic, clock, book, hold):
    waiting = book(TEN + timedelta(days=7), patient=1)
    db.write_sync(SCHEDULER, waitlist.join, waiting.id, waitlist.Wish())
    late = TEN + timedelta(hours=6)
    held = hold(late)
    assert db.write_sync(SYSTEM, waitlist.offer, clinic.doctors[0], late, late + QUARTER) is None
    [job] = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Job).where(Job.kind == "slot.freed")).all())
    assert job.run_at == held.held_until
    clock.forward(minutes=5)
    assert db.write_sync(SYSTEM, waitlist.offer, clinic.doctors[0], late, late + QUARTER).start_at == late
