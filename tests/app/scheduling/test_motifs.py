"""What can be booked: its rules are kept, and count where they should."""

import json
import re
from datetime import timedelta

import pytest
from sqlmodel import select

from app.errors import AccessDenied, Invalid
from app.jobs import Job
from app.notifications import invitations, reminders
from app.notifications.invitations import Site
from app.notifications.messages import Message, MessageContent
from app.people import Organization
from app.scheduling import motifs, replies
from app.scheduling.motifs import MotifForm
from app.scheduling.occupancy import LONGEST
from app.scheduling.tables import Appointment, Motif
from tests.app.scheduling.conftest import SCHEDULER, SYSTEM, TEN
from tests.app.scheduling.test_pages import scheduler, visitor  # noqa: F401  fixtures

SITE = Site("https://colloque.test", "clinic@colloque.test", sms=False, reminder_hours=(168, 24, 1))
FORM = {"label_fr": "Pansement", "label_en": "Dressing", "duration_min": 15}
FAR = TEN + timedelta(days=14)


@pytest.fixture
def rule(db, clinic):
    def rule(**changes):
        return db.write_sync(SCHEDULER, motifs.change, clinic.motif, MotifForm(**(FORM | changes)), active=True)
    return rule


def sent(db, visit) -> MessageContent:
    db.write_sync(SYSTEM, invitations.invite, visit.id, SITE)

    def read(tx):
        message = tx.session.exec(select(Message).where(Message.appointment_id == visit.id)).one()
        return tx.open(message, MessageContent)
    return db.read_sync(SYSTEM, read)


def reminded(db, visit) -> set[int]:
    db.write_sync(SYSTEM, reminders.schedule, visit.id, SITE)
    jobs = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Job).where(Job.kind == "message.reminder")).all())
    return {round((FAR - job.run_at).total_seconds() / 3600) for job in jobs}


@pytest.mark.parametrize(("own", "hours"), [(None, {168, 24, 1}), ("24", {24}), ("", set()), ("168,1", {168, 1})])
def test_reminders_are_the_sites_or_the_motifs_own(db, clinic, rule, book, own, hours):
    rule(reminders_h=own)
    assert reminded(db, book(FAR)) == hours


def test_reminders_of_the_clinic_stand_where_the_motif_says_nothing(db, clinic, rule, book):
    before = book(FAR)
    assert reminded(db, before) == {168, 24, 1}
    db.write_sync(SCHEDULER, motifs.remind, [1, 168])
    later = book(FAR + timedelta(hours=1), patient=1)
    db.write_sync(SYSTEM, reminders.schedule, later.id, SITE)
    kept = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Job).where(Job.kind == "message.reminder")).all())
    told = [json.loads(job.payload) for job in kept]
    hours = sorted((each["appointment_id"] == later.id, int(each["hours"])) for each in told)
    assert hours == [(False, 1), (False, 24), (False, 168), (True, 1), (True, 168)]  # what was booked before keeps its own
    with pytest.raises(Invalid):
        db.write_sync(SCHEDULER, motifs.remind, [24, 9999])
    with pytest.raises(AccessDenied):
        db.write_sync(clinic.doctor(0), motifs.remind, [24])
    assert db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Organization)).one()).reminders_h == "168,1"


def test_a_visit_at_the_clinic_says_where_and_keeps_its_mode(db, clinic, rule, book):
    def settle_in(tx):
        tx.session.exec(select(Organization)).one().address = "3 place du Marché"
    db.write_sync(SYSTEM, settle_in)
    rule(mode="onsite", documents_fr="Ordonnance", documents_en="Prescription")
    visit = book(FAR)
    rule(mode="video")
    letter = sent(db, visit)
    assert "3 place du Marché" in letter.text and "vidéo" not in letter.text and "vidéo" not in letter.ics.casefold()
    assert "Ordonnance" not in letter.text  # documents may be clinical


def test_documents_are_announced_but_not_named(db, clinic, rule, book):
    rule(documents_fr="Bilan sanguin", documents_en="Blood test")
    letter = sent(db, book(FAR))
    assert "documents" in letter.text and "sanguin" not in letter.text + letter.html + letter.ics


def test_a_motif_by_phone_needs_a_number_and_says_so(db, clinic, rule, book):
    rule(mode="phone")
    visit = book(FAR)
    assert db.read_sync(SYSTEM, replies.by_phone, visit.id)
    letter = sent(db, visit)
    assert "·· 01" in letter.text and "+33639980101" not in letter.text
    with pytest.raises(Invalid, match="phone number"):  # the second patient has none
        book(FAR + timedelta(hours=1), patient=1)
    assert len(db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Appointment)).all())) == 1


@pytest.mark.parametrize("wrong", [{"documents_fr": "x"}, {"before_min": 7}, {"mode": "fax"}, {"after_min": 125},
                                   {"reminders_h": "soon"}, {"duration_min": 0}])
def test_what_is_refused(wrong):
    with pytest.raises(ValueError, match="validation error"):
        MotifForm(**(FORM | wrong))


async def test_the_page_of_motifs(db, clinic, scheduler):  # noqa: F811
    page = await scheduler.get("/motifs")
    assert page.count('action="/motifs/') == 2 and 'name="remind168"' in page
    form = FORM | {"duration_min": "20", "before_min": "5", "after_min": "10", "mode": "phone", "public": "yes", "active": "yes",
                   "remind24": "yes", "documents_fr": "Ordonnance", "documents_en": "Prescription"}
    await scheduler.post(f"/motifs/{clinic.motif}", **form)
    await scheduler.follow()
    assert "Saved: Dressing." in scheduler.text

    def kept():
        return db.read_sync(SYSTEM, lambda tx: tx.session.get_one(Motif, clinic.motif))
    row = kept()
    assert (row.duration_min, row.before_min, row.after_min, row.mode, row.public, row.reminders_h) == (20, 5, 10, "phone", True, "24")
    await scheduler.post(f"/motifs/{clinic.motif}", **(form | {"documents_en": "", "label_fr": "Autre <b>"}))
    assert scheduler.status == 422 and "both languages" in scheduler.text and "Autre &lt;b&gt;" in scheduler.page
    assert kept() == row
    await scheduler.post("/motifs", **FORM)
    assert scheduler.status == 422 and "There is one of this name already." in scheduler.text, "a form sent twice makes one"
    await scheduler.post("/motifs", **(FORM | {"label_fr": "Plâtre", "label_en": "Plaster", "remind168": "yes", "remind24": "yes", "remind1": "yes"}))
    await scheduler.follow()
    assert (await scheduler.get("/motifs")).count('action="/motifs/') == 3
    made = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Motif).where(Motif.label_en == "Plaster")).one())
    assert made.reminders_h is None


async def test_the_page_sets_when_the_clinic_reminds(db, clinic, scheduler):  # noqa: F811
    def clinics():
        return db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Organization)).one()).reminders_h
    assert 'name="remind24" value="yes" id="usual-24" checked' in await scheduler.get("/motifs")
    await scheduler.post("/reminders", remind168="yes", remind1="yes", remind9999="yes")
    page = await scheduler.follow()
    assert clinics() == "168,1" and "bookings to come are reminded so" in scheduler.text
    assert 'id="usual-24" checked' not in page and 'id="usual-168" checked' in page
    await scheduler.post(f"/motifs/{clinic.motif}", **(FORM | {"active": "yes", "remind168": "yes", "remind1": "yes"}))
    assert db.read_sync(SYSTEM, lambda tx: tx.session.get_one(Motif, clinic.motif)).reminders_h is None, "as usual here"
    await scheduler.post(f"/motifs/{clinic.motif}", **(FORM | {"active": "yes", "remind24": "yes"}))
    assert db.read_sync(SYSTEM, lambda tx: tx.session.get_one(Motif, clinic.motif)).reminders_h == "24"
    await scheduler.post("/reminders")
    await scheduler.follow()
    assert clinics() == "" and "checked" not in scheduler.page.split('id="reminders"')[1].split("</form>")[0]


def reminders_of(db, clinic) -> str | None:
    return db.read_sync(SYSTEM, lambda tx: tx.session.get_one(Motif, clinic.motif)).reminders_h


async def test_a_motifs_own_hours_are_ticks_of_its_form_and_are_kept(db, clinic, rule, scheduler):  # noqa: F811
    rule(reminders_h="72,5")
    await scheduler.get("/motifs")
    assert re.search(r'name="remind72"[^>]* checked', scheduler.page) and re.search(r'name="remind5"[^>]* checked', scheduler.page)
    as_shown = {"label_fr": "Suivi", "label_en": "Follow-up", "duration_min": "15", "active": "yes", "remind72": "yes"}
    await scheduler.post(f"/motifs/{clinic.motif}", **as_shown, remind5="yes")
    assert scheduler.status == 303 and reminders_of(db, clinic) == "72,5"
    await scheduler.post(f"/motifs/{clinic.motif}", **as_shown, remind24="yes")
    assert reminders_of(db, clinic) == "72,24"
    await scheduler.post(f"/motifs/{clinic.motif}", **as_shown, remind9999="yes")
    assert scheduler.status == 422 and reminders_of(db, clinic) == "72,24"


def test_no_visit_takes_longer_than_the_index_of_what_is_taken_looks_back():
    """`occupancy.LONGEST` bounds the look-up on both sides: a longer visit would be overlooked by searches for free times."""
    longest = {name: next(rule.le for rule in MotifForm.model_fields[name].metadata if hasattr(rule, "le"))
               for name in ("before_min", "duration_min", "after_min")}
    assert timedelta(minutes=sum(longest.values())) <= LONGEST
