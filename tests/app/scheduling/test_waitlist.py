"""The waiting list that books: who is asked, in which order, one at a time; accepting, declining, silence, races."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, time, timedelta

import pytest
from sqlmodel import select

from app import audit, people, tasks
from app.actor import Actor, Role
from app.errors import AccessDenied, Conflict
from app.people import PatientIdentity, Practitioner
from app.scheduling import booking, waitlist, waitlist_figures
from app.scheduling.booking import SlotTaken
from app.scheduling.tables import Appointment, AvailabilityRule
from app.scheduling.waitlist import WaitOffer, Wish
from tests.app.front_door import START_AT, SYSTEM, later

CLERK = Actor(Role.SCHEDULER, "clerk")
FREED = START_AT + timedelta(days=3, hours=2)  # Thursday, a quarter past ten in Paris
FAR = START_AT + timedelta(days=20)


def somebody(front, name, at, doctor=None, **who):
    """A new patient with an appointment; the actor behind its link."""
    def both(tx):
        who_ = {"birth_date": date(1980, 1, 1), "email": f"{name}@x.example"} | who
        patient = people.register(tx, PatientIdentity(family=name, given="X", **who_))
        return booking.book(tx, practitioner_id=doctor or front.doctor_id, motif_id=front.motif_id, start_at=at,
                            patient_id=patient.id, language="fr")

    row = front.db.write_sync(SYSTEM, both)
    return Actor(Role.PATIENT, row.patient_id, patient_id=row.patient_id, appointment_id=row.id)


def join(front, who, **wish):
    later(front, seconds=1)  # who comes later waits shorter
    return front.db.write_sync(who, waitlist.join, who.appointment_id, Wish(**wish))


def waiters(front, *names, **wish):
    found = [somebody(front, name, FAR + timedelta(minutes=15 * n)) for n, name in enumerate(names)]
    for who in found:
        join(front, who, **wish)
    return found


def offers(front, state=""):
    rows = front.db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(WaitOffer).order_by(WaitOffer.offered_at)).all())
    return [row for row in rows if state in ("", row.state)]


def row(front, appointment_id):
    return front.db.read_sync(SYSTEM, lambda tx: tx.session.get(Appointment, appointment_id))


def behind(front, offer):
    """Who acts behind the link of an offer."""
    patient_id = row(front, offer.appointment_id).patient_id
    return Actor(Role.PATIENT, patient_id, patient_id=patient_id, appointment_id=offer.appointment_id)


async def freed(front, at=FREED):
    """Somebody had this time and gives it back."""
    who = somebody(front, f"giver{at:%d%H%M}", at)
    front.db.write_sync(CLERK, booking.cancel, who.appointment_id)
    await front.work()


async def test_a_freed_time_is_offered_at_once_and_held(front):
    (waiter,) = waiters(front, "Petit")
    await freed(front)
    (offer,) = offers(front)
    held = row(front, offer.appointment_id)
    assert (offer.start_at, held.status, held.patient_id) == (FREED, "pending", waiter.patient_id)
    assert held.held_until == front.clock() + waitlist.OFFER_LIFE
    with pytest.raises(SlotTaken):
        somebody(front, "Quick", FREED)
    (mail,) = front.mails("offer")
    assert mail.to == "petit@x.example" or mail.to == "Petit@x.example"
    assert not [word for word in ("diab", "suivi", "petit") if word in mail.text.lower()]
    assert mail.link


async def test_accepting_moves_the_appointment_and_its_old_time_goes_to_the_next(front):
    first, second = waiters(front, "First", "Second")
    await freed(front)
    old = row(front, first.appointment_id).start_at
    moved = front.db.write_sync(behind(front, offers(front)[0]), waitlist.accept)
    assert (moved.id, moved.start_at, moved.status) == (first.appointment_id, FREED, "booked")
    assert offers(front)[0].state == "accepted"
    assert front.db.read_sync(SYSTEM, waitlist.waiting, first.appointment_id) is None
    await front.work()
    assert [mail.kind for mail in front.mails() if mail.to.lower() == "first@x.example"].count("moved") == 1, "told once"
    assert old < row(front, second.appointment_id).start_at, "a quarter of an hour is no gain worth a message"
    assert len(offers(front)) == 1


async def test_declined_and_unanswered_offers_go_to_the_next_and_nobody_is_asked_twice(front):
    first, second, third = waiters(front, "First", "Second", "Third")
    await freed(front)
    front.db.write_sync(behind(front, offers(front)[0]), waitlist.decline)
    await front.work()
    assert [o.state for o in offers(front)] == ["declined", "open"]
    later(front, minutes=121)
    await front.work()
    assert [o.state for o in offers(front)] == ["declined", "expired", "open"]
    asked = [behind(front, offer).patient_id for offer in offers(front)]
    assert asked == [first.patient_id, second.patient_id, third.patient_id]
    front.db.write_sync(behind(front, offers(front)[2]), waitlist.decline)
    await front.work()
    assert len(offers(front)) == 3, "everybody was asked"
    assert somebody(front, "Anybody", FREED), "the time is free for all"
    assert all(row(front, who.appointment_id).status == "booked" for who in (first, second, third))


async def test_the_rule_is_urgent_first_then_who_waits_longest_and_is_in_the_trail(front):
    long, short = waiters(front, "Long", "Short")
    urgent = somebody(front, "Urgent", FAR + timedelta(hours=3))
    join(front, urgent, urgent=True)
    order = []
    for _ in range(3):
        if not order:
            await freed(front)
        order.append(behind(front, offers(front, "open")[0]).patient_id)
        front.db.write_sync(behind(front, offers(front, "open")[0]), waitlist.decline)
        await front.work()
    assert order == [urgent.patient_id, long.patient_id, short.patient_id]
    entries = front.db.read_sync(SYSTEM, audit.search, action="waitlist:offer")
    assert [f'"rank": "{n}"' in e.detail for n, e in zip((3, 2, 1), entries, strict=True)] == [True] * 3


@pytest.mark.parametrize(("wish", "fits"), [
    ({"from_hour": 8, "to_hour": 12}, True), ({"from_hour": 11, "to_hour": 18}, False), ({"from_hour": 10, "to_hour": 11}, True),
    ({"to_hour": 10}, False)])
async def test_hours_are_those_of_the_clinics_clock(front, wish, fits):
    waiters(front, "Petit", **wish)
    await freed(front)
    assert bool(offers(front)) == fits


@pytest.mark.parametrize("any_doctor", [True, False])
async def test_another_doctor_only_for_who_said_so(front, any_doctor):
    def second(tx):
        other = Practitioner(organization_id=tx.session.get(Practitioner, front.doctor_id).organization_id, prefix="Dr",
                             given="Paul", family="Girard", speciality="Cardiology", rpps="10101234568")
        tx.session.add(other)
        tx.session.flush()
        tx.session.add_all(AvailabilityRule(practitioner_id=other.id, weekday=day, start=time(8), end=time(18),
                                            valid_from=date(2026, 1, 1)) for day in range(7))
        return other.id

    other = front.db.write_sync(SYSTEM, second)
    (waiter,) = waiters(front, "Petit", any_doctor=any_doctor)
    giver = somebody(front, "Giver", FREED, other)
    front.db.write_sync(CLERK, booking.cancel, giver.appointment_id)
    await front.work()
    assert bool(offers(front)) == any_doctor
    if any_doctor:
        front.db.write_sync(behind(front, offers(front)[0]), waitlist.accept)
        assert row(front, waiter.appointment_id).practitioner_id == other


async def test_times_too_near_are_offered_to_nobody(front):
    waiters(front, "Petit")
    await freed(front, START_AT + timedelta(minutes=30))
    assert offers(front) == []


async def test_a_moved_appointment_frees_its_old_time_too(front):
    waiters(front, "Petit")
    mover = somebody(front, "Mover", FREED)
    front.db.write_sync(CLERK, booking.move, mover.appointment_id, FREED + timedelta(hours=1))
    await front.work()
    assert [offer.start_at for offer in offers(front)] == [FREED]


async def test_who_left_the_list_or_was_cancelled_is_not_asked(front):
    left, cancelled = waiters(front, "Left", "Cancelled")
    front.db.write_sync(left, waitlist.leave, left.appointment_id)
    front.db.write_sync(CLERK, booking.cancel, cancelled.appointment_id)
    await front.work()
    await freed(front)
    assert offers(front) == []


async def test_an_offer_is_answered_once_even_by_two_at_once(front):
    waiters(front, "Petit")
    await freed(front)
    me = behind(front, offers(front)[0])

    def answer(n):
        try:
            (front.db.write_sync(me, waitlist.accept) if n % 2 else front.db.write_sync(me, waitlist.decline))
        except Conflict:
            return "late"
        return "yes" if n % 2 else "no"

    with ThreadPoolExecutor(4) as pool:  # the same answer again is heard, the other one is not
        assert sorted(pool.map(answer, range(6))) in (["late"] * 3 + ["yes"] * 3, ["late"] * 3 + ["no"] * 3)
    assert sum(offer.state in ("accepted", "declined") for offer in offers(front)) == 1


async def test_an_offer_that_ran_out_or_whose_appointment_changed_cannot_be_taken(front):
    first, second = waiters(front, "First", "Second")
    await freed(front)
    stale = behind(front, offers(front)[0])
    later(front, minutes=121)
    await front.work()
    with pytest.raises(Conflict):
        front.db.write_sync(stale, waitlist.accept)
    front.db.write_sync(CLERK, booking.cancel, second.appointment_id)
    with pytest.raises(Conflict):
        front.db.write_sync(behind(front, offers(front, "open")[0]), waitlist.accept)
    assert row(front, first.appointment_id).status == "booked"


def test_joining_twice_keeps_the_place_and_changes_the_wish(front):
    (waiter,) = waiters(front, "Petit")
    before = front.db.read_sync(SYSTEM, waitlist.waiting, waiter.appointment_id)
    join(front, waiter, any_doctor=True)
    after = front.db.read_sync(SYSTEM, waitlist.waiting, waiter.appointment_id)
    assert (after.id, after.joined_at, after.any_doctor) == (before.id, before.joined_at, True)


def test_nobody_joins_or_answers_for_somebody_else(front):
    one, other = somebody(front, "One", FAR), somebody(front, "Other", FAR + timedelta(hours=1))
    for function in (waitlist.join, waitlist.leave):
        arguments = (other.appointment_id, Wish()) if function is waitlist.join else (other.appointment_id,)
        with pytest.raises(AccessDenied):
            front.db.write_sync(one, function, *arguments)
    for actor in (one, Actor(Role.DOCTOR, "d", practitioner_id=front.doctor_id), Actor(Role.ADMINISTRATOR, "a")):
        with pytest.raises(AccessDenied):
            front.db.read_sync(actor, waitlist.listed)


def test_what_has_begun_or_is_cancelled_waits_for_nothing_earlier(front):
    who = somebody(front, "One", FAR)
    front.db.write_sync(CLERK, booking.cancel, who.appointment_id)
    with pytest.raises(Conflict):
        front.db.write_sync(CLERK, waitlist.join, who.appointment_id, Wish())


async def test_figures_count_what_became_of_the_offers(front):
    waiters(front, "First", "Second")
    await freed(front)
    front.db.write_sync(behind(front, offers(front)[0]), waitlist.decline)
    await front.work()
    front.db.write_sync(behind(front, offers(front, "open")[0]), waitlist.accept)
    figures = front.db.read_sync(CLERK, waitlist.figures)
    assert (figures["declined"], figures["accepted"], figures["open"]) == (1, 1, 0)
    assert figures["gained_h"] == round((FAR + timedelta(minutes=15) - FREED).total_seconds() / 3600)
    lines = front.db.read_sync(CLERK, waitlist.listed)
    assert [line.identity.family for line in lines] == ["First"]


async def test_who_the_list_serves_shows_by_age_and_by_how_they_are_reached(front):
    young = somebody(front, "Young", FAR, phone="+33639980111", birth_date=date(2000, 1, 1))
    old = somebody(front, "Old", FAR + timedelta(minutes=15), email="", birth_date=date(1940, 1, 1))
    for who in (old, young):
        join(front, who)
    await freed(front)
    (offer,) = offers(front)
    assert row(front, offer.appointment_id).patient_id == old.patient_id, "who waits longest is asked, phone or not"
    listed = front.db.read_sync(CLERK, tasks.listed)
    (task,) = [each for each in listed if each.about.startswith("offer:")]
    assert task.kind == "delivery-failed", "somebody has to tell them"
    assert task.due_at == front.clock() + waitlist.OFFER_LIFE
    front.db.write_sync(behind(front, offer), waitlist.decline)
    await front.work()
    front.db.write_sync(behind(front, offers(front, "open")[0]), waitlist.accept)
    found = {group.name: group for group in front.db.read_sync(CLERK, waitlist_figures.groups)}
    assert set(found) == {"18-39", "80+", "sms", "none"}
    for name in ("80+", "none"):
        assert (found[name].waiting, found[name].offers, found[name].accepted, found[name].gained_h) == (1, 1, 0, 0)
    for name in ("18-39", "sms"):
        assert (found[name].waiting, found[name].offers, found[name].accepted) == (0, 1, 1)
        assert found[name].gained_h == round((FAR - FREED).total_seconds() / 3600)
    with pytest.raises(AccessDenied):
        front.db.read_sync(young, waitlist_figures.groups)


@pytest.mark.parametrize(("age", "name"), [(0, "0-17"), (17, "0-17"), (18, "18-39"), (64, "40-64"), (65, "65-79"), (103, "80+")])
def test_the_bands_of_age(age, name):
    assert waitlist_figures.band(age) == name
