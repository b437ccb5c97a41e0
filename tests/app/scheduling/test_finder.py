"""The finder: what is typed, with whom, in which language, when; and its page without script."""

from datetime import UTC, datetime

import pytest

from app.actor import Actor, Role
from app.errors import AccessDenied
from app.people import Practitioner
from app.scheduling import booking, finder, planning
from app.scheduling.finder import Wanted, fitting
from app.scheduling.planning import LanguagesForm
from app.scheduling.tables import Motif
from tests.app.scheduling.conftest import SCHEDULER, SYSTEM
from tests.app.scheduling.test_pages import scheduler, visitor  # noqa: F401  fixtures


def found(db, **wanted):
    return [(one.slot.start_at, one.practitioner.family, one.motif.label_en)
            for one in db.read_sync(SCHEDULER, finder.find, Wanted(**wanted)).found]


def test_the_next_free_times_each_once(db, clinic, clock):
    times = found(db, words="follow")
    assert len(times) == finder.TIMES == len({at for at, _, _ in times}) and times == sorted(times)
    assert {motif for _, _, motif in times} == {"Follow-up"} and times[0][0] > clock()
    assert {motif for _, _, motif in found(db)} == {"Follow-up", "First visit"}


def test_a_time_that_is_taken_is_offered_with_a_colleague_or_not_at_all(db, clinic):
    first = found(db, words="suivi")[0][0]
    for n in range(3):
        assert found(db, words="suivi")[0][0] == first
        open_ = db.read_sync(SCHEDULER, finder.find, Wanted("suivi")).found[0].practitioner.id
        db.write_sync(SCHEDULER, booking.book, **clinic.slot(first, patient=n % 2, practitioner_id=open_))
    assert found(db, words="suivi")[0][0] > first


@pytest.mark.parametrize(("wanted", "check"), [
    ({"from_hour": 17}, lambda at, who: at.hour >= 16),  # UTC; Paris is an hour ahead
    ({"words": "okonkwo"}, lambda at, who: who == "Okonkwo"),
    ({"words": "SUIVI girard"}, lambda at, who: who == "Girard"),
    ({"this_week": True}, lambda at, who: at < datetime(2026, 11, 29, 23, tzinfo=UTC)),
])
def test_filters(db, clinic, wanted, check):
    times = found(db, **wanted)
    assert times and all(check(at, who) for at, who, _ in times)


def test_languages_and_a_week_that_is_over(db, clinic, clock):
    def speak(tx):
        tx.session.get_one(Practitioner, clinic.doctors[2]).languages = "fr,ar"
    db.write_sync(SYSTEM, speak)
    assert {who for _, who, _ in found(db, language="ar")} == {"Okonkwo"} and found(db, language="pt") == []
    clock.forward(days=5)  # Saturday
    assert found(db, this_week=True) == [] and found(db)


def test_words_that_fit_nothing_and_reasons_no_longer_offered(db, clinic):
    assert found(db, words="zzz") == [] == found(db, words="suivi zzz") == found(db, practitioner_id="nobody")
    def off(tx):
        tx.session.get_one(Motif, clinic.motif).active = False
    db.write_sync(SYSTEM, off)
    assert {motif for _, _, motif in found(db)} == {"First visit"}


def test_a_word_of_a_reason_says_nothing_of_doctors():
    reasons = [Motif(id="m", organization_id="o", label_fr="Suivi", label_en="Check", duration_min=15)]
    doctors = [Practitioner(id=name, organization_id="o", prefix="Dr", given="A", family=name, rpps="", speciality="")
               for name in ("Suivier", "Noël")]
    assert fitting(Wanted("suivi"), reasons, doctors) == (reasons, doctors)
    assert fitting(Wanted("noel check"), reasons, doctors) == (reasons, doctors[1:])


async def test_the_page_without_script(db, clinic, scheduler):  # noqa: F811
    page = await scheduler.get("/planner/finder?q=follow")
    assert page.count("/planner/booking?") == finder.TIMES and "4 free times" in scheduler.text
    page = await scheduler.get("/planner/finder?q=follow&evening=yes&week=yes&language=en")
    assert "17:00" in scheduler.text and 'name="evening" value="yes" checked' in page
    await scheduler.get("/planner/finder?q=follow&book=first")
    assert scheduler.status == 303
    page = await scheduler.follow()
    assert "checked" in page and "Book an appointment" in scheduler.text
    for wrong in ("q=%3Cscript%3E&book=first", "q=zzz", "practitioner=nobody", "language=%00", f"q={'x' * 500}"):
        await scheduler.get(f"/planner/finder?{wrong}")
        assert scheduler.status == 200 and "<script>" not in scheduler.page.split("<main")[1]
    page = await scheduler.get("/planner")
    assert 'id="find-a-time"' in page


async def test_only_who_books_finds(visitor, db, clinic):  # noqa: F811
    refused = visitor("administrator")
    await refused.get("/planner/finder")
    assert refused.status == 403
    with pytest.raises(AccessDenied):
        db.read_sync(Actor(Role.GUEST, "g"), finder.find, Wanted())


async def test_a_doctors_languages_are_changed_on_a_page_and_found_by(db, clinic, scheduler):  # noqa: F811
    doctor = clinic.doctors[2]

    def spoken():
        return db.read_sync(SYSTEM, lambda tx: tx.session.get_one(Practitioner, doctor).languages)
    page = await scheduler.get(f"/availability?practitioner={doctor}")
    assert 'name="speaks-fr" value="yes" checked' in page and 'name="speaks-ar" value="yes" checked' not in page
    form = {"form": "languages", "practitioner": doctor}
    await scheduler.post("/availability/languages", **form, **{"speaks-fr": "yes", "speaks-fsl": "yes"})
    await scheduler.follow()
    assert spoken() == "fr,fsl" and "found by these languages" in scheduler.text
    assert "French Sign Language" in await scheduler.get("/planner/finder?language=fsl")
    assert {who for _, who, _ in found(db, language="fsl")} == {"Okonkwo"}
    for wrong, says in (({}, "at least one language"), ({"speaks-xx": "yes"}, "This is not valid.")):
        await scheduler.post("/availability/languages", **form, **wrong)
        assert scheduler.status == 422 and says in scheduler.text and spoken() == "fr,fsl"
    await scheduler.post("/availability/languages", form="languages", practitioner="0" * 32, **{"speaks-fr": "yes"})
    assert scheduler.status == 404
    with pytest.raises(AccessDenied):
        db.write_sync(clinic.doctor(2), planning.speaks, doctor, LanguagesForm(languages="fr"))
