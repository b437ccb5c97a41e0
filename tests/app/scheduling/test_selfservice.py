"""What patients do by themselves: hold, confirm, move and cancel, by the motif's rules; holds that run out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlmodel import func, select

from app.access import links
from app.actor import ANONYMOUS, Actor, Role, system
from app.crypto.keyring import KeyDestroyed
from app.errors import AccessDenied, Conflict, Invalid, NotFound
from app.jobs import Job
from app.people import Patient, PatientIdentity, PatientToken, directory, identity_of
from app.scheduling import agenda, booking, selfservice
from app.scheduling.agenda import FreeSlot
from app.scheduling.booking import SlotTaken
from app.scheduling.tables import Appointment, Motif
from tests.app.front_door import EMAIL, FAMILY, PHONE, START_AT, SYSTEM, later

BOOKING = system("booking")
AT = START_AT + timedelta(days=2, hours=2)  # a quarter past ten in Paris, two days later
NINA = PatientIdentity(family="Okafor", given="Nina", birth_date=date(1990, 2, 3), email="nina@patients.example")
CLAIRE = PatientIdentity(family=FAMILY, given="Claire", birth_date=date(1972, 4, 3), phone=PHONE)


@pytest.fixture
def public(front):
    front.db.write_sync(SYSTEM, rules, front.motif_id, public=True)
    return front


def rules(tx, motif_id, **values):
    motif = tx.session.get(Motif, motif_id)
    for name, value in values.items():
        setattr(motif, name, value)
    tx.session.add(motif)


def hold(front, identity=NINA, at=AT, **more):
    slot = {"practitioner_id": front.doctor_id, "motif_id": front.motif_id, "start_at": at} | more
    return front.db.write_sync(BOOKING, selfservice.hold, identity, **slot)


def patient(row) -> Actor:
    return Actor(Role.PATIENT, row.patient_id, patient_id=row.patient_id, appointment_id=row.id)


def row(front, appointment_id):
    return front.db.read_sync(SYSTEM, lambda tx: tx.session.get(Appointment, appointment_id))


def count(front, table):
    return front.db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(func.count()).select_from(table)).one())


def kinds(front, appointment_id):
    found = front.db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Job)).all())
    return sorted(job.kind for job in found if appointment_id in job.payload)


def free(front):
    slots = front.db.read_sync(ANONYMOUS, selfservice.offer, front.motif_id, front.doctor_id, AT).slots
    return [slot.start_at for slot in slots]


# --- holding and confirming -------------------------------------------------------------------------------


def test_a_held_time_is_booked_once_its_code_was_typed(public):
    held = hold(public)
    assert (held.status, held.held_until) == ("pending", public.clock() + selfservice.HOLD)
    assert AT not in free(public)
    assert kinds(public, held.id) == ["hold.end"], "nobody is invited yet"
    assert public.db.write_sync(patient(held), selfservice.confirm) is True
    assert (row(public, held.id).status, row(public, held.id).held_until) == ("booked", None)
    assert kinds(public, held.id) == ["hold.end", "message.invitation"]
    assert public.db.write_sync(patient(held), selfservice.confirm) is False, "once"
    assert public.db.write_sync(BOOKING, selfservice.end_hold, held.id) is False, "confirmed holds do not end"
    doctor = Actor(Role.DOCTOR, "a", practitioner_id=public.doctor_id)
    assert public.db.read_sync(doctor, identity_of, held.patient_id).family == "Okafor", "care began"


def test_a_hold_that_runs_out_frees_the_time_and_forgets_who_never_confirmed(public):
    before = count(public, PatientToken)
    held = hold(public)
    later(public, minutes=11)
    assert AT in free(public), "free for others at once, before any job ran"
    assert public.db.write_sync(BOOKING, selfservice.end_hold, held.id) is True
    assert row(public, held.id).status == "cancelled"
    assert count(public, PatientToken) == before
    with pytest.raises(KeyDestroyed):
        public.db.read_sync(SYSTEM, identity_of, held.patient_id)
    with pytest.raises(Conflict):
        public.db.write_sync(patient(held), selfservice.confirm)


def test_a_hold_still_there_after_its_time_is_confirmed_when_nobody_else_came(public):
    held = hold(public)
    later(public, minutes=10, seconds=30)
    assert public.db.write_sync(patient(held), selfservice.confirm) is True


def test_somebody_else_takes_the_time_of_a_hold_that_ran_out_and_not_a_second_before(public):
    held = hold(public)
    later(public, minutes=9, seconds=59)
    with pytest.raises(SlotTaken) as taken:
        hold(public, CLAIRE)
    assert AT not in [slot.start_at for slot in taken.value.alternatives]
    later(public, seconds=1)
    other = hold(public, CLAIRE)
    assert (row(public, held.id).status, other.status) == ("cancelled", "pending")
    with pytest.raises(Conflict):
        public.db.write_sync(patient(held), selfservice.confirm)


def test_a_scheduler_moves_an_appointment_to_where_a_hold_ran_out(public):
    held = hold(public)
    clerk = Actor(Role.SCHEDULER, "s")
    with pytest.raises(SlotTaken):
        public.db.write_sync(clerk, booking.move, public.visit_id, AT)
    later(public, minutes=10)
    public.db.write_sync(clerk, booking.move, public.visit_id, AT)
    assert row(public, held.id).status == "cancelled"


def test_of_many_who_hold_one_time_at_once_one_gets_it(public):
    people = [NINA.model_copy(update={"given": f"Nina{n}", "email": f"n{n}@x.example"}) for n in range(8)]

    def attempt(who):
        try:
            return hold(public, who).status
        except SlotTaken:
            return "taken"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, people)) == ["pending"] + ["taken"] * 7


# --- who ---------------------------------------------------------------------------------------------------


def test_who_is_known_is_not_registered_twice(public):
    before = count(public, Patient)
    assert hold(public, CLAIRE).patient_id == public.patient_id
    typed = CLAIRE.model_copy(update={"given": "claire", "family": FAMILY.upper(), "phone": "", "email": EMAIL.upper()})
    assert hold(public, typed, AT + timedelta(minutes=15)).patient_id == public.patient_id
    assert count(public, Patient) == before


@pytest.mark.parametrize("change", [{"given": "Clara"}, {"birth_date": date(1972, 4, 4)}, {"phone": "+33639980143"}])
def test_who_only_resembles_somebody_is_somebody_else(public, change):
    assert hold(public, CLAIRE.model_copy(update=change)).patient_id != public.patient_id


def test_a_known_patient_is_never_forgotten_with_a_hold(public):
    held = hold(public, CLAIRE)
    later(public, minutes=11)
    public.db.write_sync(BOOKING, selfservice.end_hold, held.id)
    assert public.db.read_sync(SYSTEM, identity_of, public.patient_id).family == FAMILY


def test_one_person_books_a_few_ahead_and_no_more(public):
    for n in range(selfservice.MOST_AHEAD - 1):  # one was booked at the desk
        hold(public, CLAIRE, AT + timedelta(minutes=15 * n))
    with pytest.raises(Conflict):
        hold(public, CLAIRE, AT + timedelta(hours=2))


# --- what ---------------------------------------------------------------------------------------------------


def test_what_is_not_public_is_neither_offered_nor_held(front):
    assert front.db.read_sync(ANONYMOUS, selfservice.offer, front.motif_id, "", None).slots == []
    assert front.db.read_sync(ANONYMOUS, selfservice.open_to_public) is False
    with pytest.raises(NotFound):
        hold(front)
    with pytest.raises(NotFound):
        hold(front, motif_id="nothing")
    assert count(front, Patient) == 1


def test_with_anybody_each_time_is_offered_once_and_doctors_take_turns():
    slots = [FreeSlot(doctor, AT + timedelta(minutes=15 * n), AT + timedelta(minutes=15 * n + 15))
             for n in range(4) for doctor in ("a", "b", "c")[: 3 - n % 2]]
    offered = selfservice._each_time_once(slots)
    assert [slot.start_at for slot in offered] == [AT + timedelta(minutes=15 * n) for n in range(4)]
    assert [slot.practitioner_id for slot in offered] == ["a", "b", "c", "b"]


def test_lead_time_is_kept_and_the_next_times_are_offered(public):
    public.db.write_sync(SYSTEM, rules, public.motif_id, lead_h=72)
    assert AT not in free(public)
    assert free(public)[0] >= public.clock() + timedelta(hours=72)
    with pytest.raises(SlotTaken) as close:
        hold(public)
    assert close.value.alternatives


@pytest.mark.parametrize("at", [AT.replace(hour=3), AT + timedelta(days=400)])
def test_times_without_open_hours_are_refused_and_change_nothing(public, at):
    with pytest.raises((SlotTaken, Invalid)):
        hold(public, at=at)
    assert count(public, Patient) == 1


# --- one's own appointment ----------------------------------------------------------------------------------


def test_a_patient_moves_their_own_appointment_and_keeps_its_link(public):
    public.db.write_sync(SYSTEM, rules, public.motif_id, cutoff_h=0, lead_h=0)
    token = public.db.write_sync(SYSTEM, links.issue, public.visit_id, links.VISIT)
    me = public.patient()
    slots = public.db.read_sync(me, selfservice.other_times, AT)
    assert AT in [slot.start_at for slot in slots]
    moved = public.db.write_sync(me, selfservice.move, AT)
    assert (moved.start_at, moved.sequence) == (AT, 1)
    assert public.db.read_sync(ANONYMOUS, links.open_link, token).appointment_id == public.visit_id
    assert kinds(public, public.visit_id).count("message.moved") == 1


def test_until_the_cutoff_and_not_after_it(public):
    public.db.write_sync(SYSTEM, rules, public.motif_id, cutoff_h=24)
    seen = public.db.read_sync(public.patient(), selfservice.own)
    assert not seen.changeable, "the visit is within the hour"
    for change in (lambda: public.db.write_sync(public.patient(), selfservice.move, AT),
                   lambda: public.db.write_sync(public.patient(), selfservice.cancel)):
        with pytest.raises(Conflict, match="too late"):
            change()
    public.db.write_sync(Actor(Role.SCHEDULER, "s"), booking.move, public.visit_id, AT)
    assert public.db.read_sync(public.patient(), selfservice.own).changeable
    public.db.write_sync(public.patient(), selfservice.cancel)
    assert row(public, public.visit_id).status == "cancelled"


def test_nobody_changes_another_patients_appointment(public):
    held = hold(public)
    stranger = Actor(Role.PATIENT, held.patient_id, patient_id=held.patient_id, appointment_id=public.visit_id)
    for function, *arguments in ((selfservice.own,), (selfservice.other_times, None)):
        with pytest.raises(AccessDenied):
            public.db.read_sync(stranger, function, *arguments)
    for function, *arguments in ((selfservice.confirm,), (selfservice.cancel,), (selfservice.move, AT)):
        with pytest.raises(AccessDenied):
            public.db.write_sync(stranger, function, *arguments)


@pytest.mark.parametrize("at", [START_AT - timedelta(days=1), AT.replace(hour=3)])
def test_a_time_that_cannot_be_taken_leaves_the_appointment_where_it_is(public, at):
    public.db.write_sync(SYSTEM, rules, public.motif_id, cutoff_h=0)
    with pytest.raises((Invalid, SlotTaken)):
        public.db.write_sync(public.patient(), selfservice.move, at)
    assert row(public, public.visit_id).start_at == START_AT


def test_strangers_read_free_times_and_nothing_else(public):
    assert public.db.read_sync(ANONYMOUS, agenda.clinic).motifs
    for function, *arguments in ((agenda.appointments, [public.doctor_id], START_AT, AT), (directory.search, "le"),
                                 (directory.known_person, CLAIRE), (agenda.appointment, public.visit_id)):
        with pytest.raises(AccessDenied):
            public.db.read_sync(ANONYMOUS, function, *arguments)
