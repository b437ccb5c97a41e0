"""The pages of note, record and trail through the real application, as a browser without script sees them."""

import csv
import hmac
import io
import re
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text

from app.access.accounts import Account, StaffSession, session_hash
from app.access.links import Link, PatientSession
from app.application import build
from app.db import Database, Tx
from app.record import compositions, editing, entries, summaries, transcripts
from app.settings import Settings
from app.web.keys import CSRF_SECRET
from tests.app.record.conftest import JOB, House, content, say
from tests.app.visit.conftest import Browser

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the rows are tested on both
STAFF = ("doctor", "colleague", "stranger", "scheduler", "administrator")


def sessions(tx: Tx, house: House) -> None:
    for who in STAFF:
        actor = getattr(house, who)
        tx.session.add(Account(id=actor.id, email=f"{who}@example.org", name=actor.name, role=actor.role.value,
                               practitioner_id=actor.practitioner_id, password_hash="-"))
        tx.session.flush()
        tx.session.add(StaffSession(id=session_hash(who), account_id=actor.id, second_factor_at=tx.now,
                                    created_at=tx.now, expires_at=tx.now + timedelta(hours=9), ip="", user_agent=""))
    link = Link(token_hash="hash", purpose="summary", appointment_id=house.visit_id, patient_id=house.patient_id,
                created_at=tx.now, expires_at=tx.now + timedelta(days=1))
    tx.session.add(link)
    tx.session.flush()
    tx.session.add(PatientSession(id=session_hash("patient"), link_id=link.id, appointment_id=house.visit_id,
                                  patient_id=house.patient_id, purpose="summary", created_at=tx.now,
                                  expires_at=tx.now + timedelta(hours=9)))


@pytest.fixture
async def browse(aiohttp_client, db: Database, house: House, tmp_path):
    """browse("doctor") is a signed-in browser."""
    db.write_sync(JOB, sessions, house)
    say(house, "Je tousse depuis trois jours.", 5.0, 0)
    app = build(Settings(data_dir=tmp_path, base_url="http://localhost:8080", _env_file=None), db)
    client = await aiohttp_client(app)
    nonce = "0" * 16
    csrf = nonce + hmac.new(app[CSRF_SECRET], f"browser:{nonce}".encode(), "sha256").hexdigest()[:32]
    return lambda who: Browser(client, "visit" if who == "patient" else "staff", who, csrf)


def draft(house: House) -> None:
    lines = house.db.read_sync(JOB, transcript_ids, house.visit_id)
    note = content()
    for section in note.sections:
        for sentence in section.sentences:
            sentence.evidence[0].segment_id = lines[0]
    house.db.write_sync(JOB, compositions.draft_for, house.visit_id, note)


def transcript_ids(tx: Tx, visit: str) -> list[str]:
    return [line.id for line in transcripts.read(tx, visit)]


def sign(house: House) -> None:
    house.db.write_sync(house.doctor, compositions.edit, house.visit_id, 1,
                        partial(editing.settle, conflict_id="c1", keep="said"))
    house.db.write_sync(house.doctor, compositions.sign, house.visit_id, 2)


async def page(browser: Browser, path: str, status: int = 200) -> str:
    answer = await browser.get(path)
    body = await answer.text()
    assert answer.status == status, body
    return body


async def test_the_page_waits_for_the_draft_then_shows_it(browse, house: House) -> None:
    doctor, path = browse("doctor"), f"/visits/{house.visit_id}/note"
    assert "is being prepared" in await page(doctor, path)
    now = await (await doctor.get(f"{path}/progress")).json()
    assert now["state"] == "listening"
    assert now["lines"] == 1
    draft(house)
    shown = await page(doctor, path)
    assert "Toux depuis trois jours." in shown
    assert "Je tousse depuis trois jours." in shown
    assert (await (await doctor.get(f"{path}/progress")).json())["state"] == "ready"


async def test_a_sentence_is_edited_removed_and_brought_back_without_script(browse, house: House) -> None:
    draft(house)
    doctor, path = browse("doctor"), f"/visits/{house.visit_id}/note"
    assert "<textarea" in await page(doctor, f"{path}?sentence=s1&edit=1")
    answer = await doctor.post(f"{path}/sentences/s1", version="1", text="Toux sèche.")
    assert answer.status == 303
    assert answer.headers["Location"].endswith("?sentence=s1#s-s1")
    assert "Toux sèche." in await page(doctor, path)
    answer = await doctor.post(f"{path}/sentences/s1/removal", version="2")
    shown = await page(doctor, answer.headers["Location"])
    assert "Toux sèche." not in shown
    assert "Undo" in shown
    earlier = re.search(r'name="earlier" value="(\d+)"', shown)
    assert earlier
    await doctor.post(f"{path}/restoration", version="3", earlier=earlier[1])
    assert "Toux sèche." in await page(doctor, path)


async def test_words_refused_stay_on_the_page(browse, house: House) -> None:
    draft(house)
    doctor, path = browse("doctor"), f"/visits/{house.visit_id}/note"
    await doctor.post(f"{path}/sentences/s1", version="1", text="Premier.")
    late = await doctor.post(f"{path}/sentences/s1", version="1", text="Mes <b>derniers</b> mots.")
    assert late.status == 409
    shown = await late.text()
    assert "Mes &lt;b&gt;derniers&lt;/b&gt; mots." in shown
    assert "changed meanwhile" in shown
    by_script = await doctor.post(f"{path}/sentences/s1", script=True, version="1", text="Autre.")
    assert (by_script.status, (await by_script.json())["error"]["code"]) == (409, "conflict")
    assert (await doctor.post(f"{path}/sentences/s1", version="2", text="  ")).status == 422
    assert (await doctor.post(f"{path}/sentences/nowhere", version="2", text="x")).status == 404


async def test_omissions_conflicts_and_proposals_wait_for_a_click(browse, house: House) -> None:
    draft(house)
    doctor, path = browse("doctor"), f"/visits/{house.visit_id}/note"
    shown = await page(doctor, path)
    for words in ("AVC chez la mère", "Differs from the record", "Pénicilline", "A difference from the record is undecided",
                  "Keep 850 mg", "Correct: 1 000 mg"):
        assert words in shown
    await doctor.post(f"{path}/omissions/o1", version="1", choice="add")
    await doctor.post(f"{path}/conflicts/c1", version="2", choice="recorded")
    await doctor.post(f"{path}/proposals/p1", version="3", choice="accept")
    shown = await page(doctor, path)
    assert "Metformine 1 000 mg matin et soir." in shown
    assert "Differs from the record" not in shown
    assert "is undecided" not in shown
    record = house.db.read_sync(house.doctor, entries.read, house.patient_id)
    assert [line.text for line in record.allergies] == ["Pénicilline"]


async def test_sign_then_amend_then_print(browse, house: House) -> None:
    draft(house)
    doctor, path = browse("doctor"), f"/visits/{house.visit_id}/note"
    assert (await doctor.post(f"{path}/signature", version="1")).status == 409
    await doctor.post(f"{path}/conflicts/c1", version="1", choice="said")
    assert (await doctor.post(f"{path}/signature", version="2")).status == 303
    shown = await page(doctor, path)
    assert "Signed by Dr Nadia Benali" in shown
    assert f"{path}/sentences/s1" not in shown
    assert (await doctor.post(f"{path}/sentences/s1", version="2", text="Autre.")).status == 409
    assert (await doctor.post(f"{path}/addenda", version="2", text="Résultat normal.")).status == 303
    assert "Résultat normal." in await page(doctor, path)
    document = await doctor.get(f"{path}/document")
    assert document.content_type == "application/pdf"
    assert document.headers["Content-Disposition"] == (
        f'inline; filename="colloque-2026-11-23-{house.visit_id[:8]}.pdf"')
    assert (await document.read()).startswith(b"%PDF")


async def test_versions_are_read_and_restored(browse, house: House) -> None:
    draft(house)
    doctor, path = browse("doctor"), f"/visits/{house.visit_id}/note"
    await doctor.post(f"{path}/sentences", version="1", section="51848-0", text="Bronchite.")
    assert "Bronchite." in await page(doctor, f"{path}/versions/2")
    first = await page(doctor, f"{path}/versions/1")
    assert "Bronchite." not in first
    assert "Colloque" in first
    for number in ("9", "x", "1" * 40, "-1"):
        await page(doctor, f"{path}/versions/{number}", 404)


async def test_a_note_by_hand_when_there_is_no_draft(browse, house: House) -> None:
    house.db.write_sync(JOB, compositions.draft_for, house.visit_id, compositions.NoteContent(
        title="Note", reason="Rien de clinique n'a été dit."))
    doctor, path = browse("doctor"), f"/visits/{house.visit_id}/note"
    assert "Rien de clinique" in await page(doctor, path)
    await doctor.post(f"{path}/sentences", version="1", section="10164-2", text="Appel d'information.")
    assert "Appel d&#39;information." in await page(doctor, path)
    assert (await doctor.post(f"{path}/sentences", version="2", section="99999-9", text="x")).status == 422


@pytest.mark.parametrize("who", ["stranger", "scheduler", "administrator", "colleague"])
async def test_others_change_nothing(browse, house: House, who: str) -> None:
    draft(house)
    other, path = browse(who), f"/visits/{house.visit_id}/note"
    for target in ("sentences/s1", "sentences/s1/removal", "signature", "addenda", "proposals/p1", "restoration"):
        answer = await other.post(f"{path}/{target}", version="1", text="x", choice="accept", earlier="1")
        assert answer.status == 403, target
    assert (await other.get(path)).status == (200 if who == "colleague" else 403)
    assert (await other.get(f"{path}/document")).status == (200 if who == "colleague" else 403)


async def test_what_is_not_there_looks_like_what_is_not_yours(browse, house: House) -> None:
    draft(house)
    stranger = browse("stranger")
    foreign = await stranger.get(f"/visits/{house.visit_id}/note")
    missing = await stranger.get(f"/visits/{'0' * 32}/note")
    hide = partial(re.sub, r"[0-9a-f]{16,48}", "·")
    assert (foreign.status, hide(await foreign.text())) == (missing.status, hide(await missing.text()))


async def test_the_summary_is_edited_released_and_read(browse, house: House) -> None:
    draft(house)
    house.db.write_sync(JOB, summaries.draft_for, house.visit_id, ["Vous toussez."])
    doctor, patient, path = browse("doctor"), browse("patient"), f"/visits/{house.visit_id}/summary"
    assert "Vous toussez." in await page(doctor, path)
    await page(patient, "/visit/summary", 404)
    assert "/visit/summary" not in await page(patient, "/visit/ended")
    assert (await doctor.post(f"{path}/release", text="Bonjour.")).status == 409
    sign(house)
    await doctor.post(path, text="Vous toussez.\n\nReposez-vous.")
    assert (await doctor.post(f"{path}/release", text="")).status == 422
    assert (await doctor.post(f"{path}/release", text="Vous toussez.\n\nReposez-vous <3.")).status == 303
    read = await page(patient, "/visit/summary")
    assert "Reposez-vous &lt;3." in read
    assert "/visit/summary" in await page(patient, "/visit/ended"), "whoever comes back by an older link finds it too"
    assert "Dr Nadia Benali" in await page(patient, "/visit/accesses")


async def test_the_record_is_read_and_kept(browse, house: House) -> None:
    doctor, path = browse("doctor"), f"/records/{house.patient_id}"
    assert "Claire" in await page(doctor, "/records")
    assert (await doctor.post(f"{path}/entries", kind="allergy", text="")).status == 422
    assert (await doctor.post(f"{path}/entries", kind="allergy", text="Pénicilline")).status == 303
    shown = await page(doctor, path)
    entry = re.search(r"/entries/([0-9a-f]{32})/end", shown)
    assert entry
    ended = await doctor.post(f"/entries/{entry[1]}/end")
    assert "Undo" in await page(doctor, ended.headers["Location"])
    await doctor.post(f"/entries/{entry[1]}/resumption")
    assert "Pénicilline" in await page(doctor, path)
    await page(browse("stranger"), path, 403)
    assert "Claire" not in await page(browse("stranger"), "/records")
    for who, found in (("doctor", True), ("stranger", False)):
        answer = await browse(who).post("/records", q="lefev")
        assert ("Claire" in await answer.text()) == found
    assert "Nobody by that name" in await (await doctor.post("/records", q="<b>'\" 🙂")).text()


async def test_the_trail_is_searched_verified_and_exported(browse, house: House) -> None:
    draft(house)
    await page(browse("doctor"), f"/records/{house.patient_id}")
    admin = browse("administrator")
    words = await page(admin, "/audit?action=record:read")
    assert "Opened a record<br>" in words
    assert '<option value="record:read" selected>Opened a record</option>' in words
    shown = await page(admin, "/audit?who=benali&action=record&since=2026-11-01&until=2026-11-30")
    assert "record:read" in shown
    assert "Lefèvre" not in shown
    assert "whole" in await page(admin, "/audit/verification")
    answer = await admin.get("/audit/export?action=record")
    rows = list(csv.DictReader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    assert {row["action"] for row in rows} == {"record:read"}
    for query in ("since=yesterday", "until=9999-12-31", "outcome=x", "before=0", "before=x", f"who={'x' * 200}"):
        assert (await admin.get(f"/audit?{query}")).status == 422
        assert (await admin.get(f"/audit/export?{query}")).status == 422
    await page(browse("doctor"), "/audit", 403)


async def test_a_tampered_trail_is_named_on_the_page(browse, house: House) -> None:
    draft(house)
    with house.db.engine.begin() as connection:
        connection.execute(text("UPDATE audit_event SET outcome = 'refused' WHERE seq = 2"))
    assert "An entry was changed or moved" in await page(browse("administrator"), "/audit/verification")


async def test_the_doctor_takes_the_transcript_along_as_text(browse, house):
    answer = await browse("doctor").get(f"/visits/{house.visit_id}/transcript")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="transcript-\d{4}-\d\d-\d\d\.txt"', answer.headers["Content-Disposition"])
    assert re.search(r"(?m)^00:05  .+: Je tousse depuis trois jours\.$", await answer.text())
    for who in ("stranger", "scheduler", "administrator"):
        refused = await browse(who).get(f"/visits/{house.visit_id}/transcript")
        assert refused.status in (403, 404)
        assert "tousse" not in await refused.text()
