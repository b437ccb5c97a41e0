"""The doctor's pages and the patient's call as pages: with and without script, for the right people only."""

import io

import pytest

from app import encounters
from app.people import Patient, PatientIdentity
from tests.app.visit.conftest import SYSTEM
from tests.app.visit.test_encounters import admitted, arrived

NASTY = "<script>alert(1)</script> \"'&‮ 🩺"


async def text(answer):
    assert answer.content_type == "text/html", answer
    return await answer.text()


async def test_the_queue_shows_the_day(house, clinic, clock):
    arrived(clinic, 1)
    clock.forward(hours=1, minutes=30)
    page = await text(await house.doctor().get("/queue"))
    assert "Hugo Martin" in page
    assert 'data-status="arrived"' in page
    assert "page closed" in page, "nobody has been seen for a while"
    assert "Hugo Martin" not in await text(await house.other_doctor().get("/queue"))


async def test_the_visit_page_holds_queue_record_and_facts(house, clinic):
    admitted(clinic)
    page = await text(await house.doctor().get(f"/visits/{clinic.visits[0]}"))
    for words in ("Claire Lefèvre", "Hugo Martin", "reason 0", "To note for every video visit", "No allergy noted"):
        assert words in page
    assert f'data-socket="/visits/{clinic.visits[0]}/socket"' in page


@pytest.mark.parametrize("step", ["", "/admission", "/facts", "/end"])
async def test_nobody_else_opens_or_moves_a_visit(house, clinic, db, step):
    arrived(clinic)
    for browser in (house.other_doctor(), house.patient()):
        path = f"/visits/{clinic.visits[0]}{step}"
        answer = await (browser.post(path, location="x") if step else browser.get(path))
        assert answer.status in (303, 401, 403)
        assert "Lefèvre" not in await answer.text()
    assert db.read_sync(SYSTEM, encounters.status_of, clinic.visits[0]).status == "arrived"


async def test_a_visit_that_does_not_exist_looks_like_a_foreign_one(house, clinic):
    unknown = await house.doctor().get(f"/visits/{'0' * 32}")
    foreign = await house.other_doctor().get(f"/visits/{clinic.visits[0]}")
    assert (unknown.status, foreign.status) == (403, 403)


async def test_names_and_reasons_are_shown_as_text(house, clinic, db):
    def rename(tx):
        patient = tx.session.get(Patient, clinic.patients[0])
        tx.seal(patient, PatientIdentity(given=NASTY, family="O'Neil", birth_date="1990-01-01"))
        tx.session.add(patient)

    db.write_sync(SYSTEM, rename)
    arrived(clinic)
    for path in ("/queue", f"/visits/{clinic.visits[0]}"):
        page = await text(await house.doctor().get(path))
        assert "<script>alert" not in page
        assert "🩺" in page
    told = await (await house.doctor().socket("/queue/socket")).hear("queue")
    assert "<script>alert" not in told["html"]


async def test_admission_without_script_leads_back_to_the_visit(house, clinic, db):
    arrived(clinic)
    answer = await house.doctor().post(f"/visits/{clinic.visits[0]}/admission")
    assert (answer.status, answer.headers["Location"]) == (303, f"/visits/{clinic.visits[0]}")
    assert db.read_sync(SYSTEM, encounters.status_of, clinic.visits[0]).status == "in-progress"


async def test_admission_too_early_is_a_sentence_on_the_page_and_for_the_script(house, clinic):
    answer = await house.doctor().post(f"/visits/{clinic.visits[0]}/admission")
    assert answer.status == 409
    assert "The patient has not arrived yet." in await text(answer)
    answer = await house.doctor().post(f"/visits/{clinic.visits[0]}/admission", script=True)
    assert (await answer.json())["error"]["message"] == "The patient has not arrived yet."


async def test_facts_are_saved_without_leaving_the_page(house, clinic, db):
    admitted(clinic)
    answer = await house.doctor().post(f"/visits/{clinic.visits[0]}/facts", script=True, identity_seen="true",
                                       location=f"Valence {NASTY}", callback_phone="0612345678")
    assert (await answer.json())["saved"]["callback_phone"] == "+33 6 12 34 56 78"
    visit = db.read_sync(clinic.doctor, encounters.visit, clinic.visits[0])
    assert visit.facts.location == f"Valence {NASTY}"
    assert visit.encounter.identity_seen_at is not None


async def test_facts_that_cannot_be_are_refused_with_what_was_typed(house, clinic):
    admitted(clinic)
    path = f"/visits/{clinic.visits[0]}/facts"
    answer = await house.doctor().post(path, callback_phone="call me", location="Valence")
    page = await text(answer)
    assert answer.status == 422
    assert 'value="call me"' in page
    assert "Please give a phone number" in page
    answer = await house.doctor().post(path, script=True, location="x" * 300)
    assert list((await answer.json())["error"]["fields"]) == ["location"]


async def test_a_form_of_ten_megabytes_is_refused(house, clinic):
    admitted(clinic)
    doctor, form = house.doctor(), io.BytesIO(b"location=" + b"x" * 10_000_000)
    headers = doctor.headers | {"X-CSRF-Token": doctor.csrf, "Content-Type": "application/x-www-form-urlencoded"}
    answer = await doctor.client.post(f"/visits/{clinic.visits[0]}/facts", data=form, headers=headers)
    assert answer.status == 413


async def test_the_end_leads_to_the_note_and_giving_up_to_the_queue(house, clinic, db):
    admitted(clinic)
    answer = await house.doctor().post(f"/visits/{clinic.visits[0]}/end", outcome="completed")
    assert answer.headers["Location"] == f"/visits/{clinic.visits[0]}/note"
    arrived(clinic, 1)
    answer = await house.doctor().post(f"/visits/{clinic.visits[1]}/end", outcome="in_person")
    assert answer.headers["Location"] == "/queue"
    assert db.read_sync(SYSTEM, encounters.status_of, clinic.visits[1]).outcome == "in_person"
    answer = await house.doctor().get(f"/visits/{clinic.visits[0]}")
    assert answer.headers["Location"] == f"/visits/{clinic.visits[0]}/note"
    arrived(clinic, 2)
    assert (await house.doctor().post(f"/visits/{clinic.visits[2]}/end", outcome="bored")).status == 422


async def test_the_call_page_is_for_admitted_patients(house, clinic, db):
    arrived(clinic)
    answer = await house.patient().get("/visit/call")
    assert answer.headers["Location"] == "/visit/waiting"
    db.write_sync(clinic.doctor, encounters.admit, clinic.visits[0])
    page = await text(await house.patient().get("/visit/call"))
    assert "Dr Nadia Benali" in page
    assert "Lefèvre" not in page, "nothing about the patient that the call does not need"
    assert "Back to the call" in await text(await house.patient().get("/visit/ended"))
    db.write_sync(clinic.doctor, encounters.finish, clinic.visits[0])
    assert (await house.patient().get("/visit/call")).headers["Location"] == "/visit/ended"
    assert "Your visit is over" in await text(await house.patient().get("/visit/ended"))


async def test_pages_speak_french(house, clinic):
    admitted(clinic)
    browser = house.doctor()
    browser.headers["Cookie"] = browser.headers["Cookie"].replace("lang=en", "lang=fr")
    page = await text(await browser.get(f"/visits/{clinic.visits[0]}"))
    assert "À noter à chaque téléconsultation" in page
    answer = await browser.post(f"/visits/{clinic.visits[1]}/admission", script=True)
    assert "arrivé" in (await answer.json())["error"]["message"]
