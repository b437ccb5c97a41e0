"""The letter to the patient's own doctor: from the signed note alone, each paragraph with its source, kept as released."""

from functools import partial

import pytest
from sqlmodel import select

from app import audit
from app.errors import AccessDenied, Conflict, Invalid, NotFound
from app.notes.writing.letter import Told, letter, opening
from app.record import compositions, editing, letters
from app.record.tables import Letter, LetterContent, LetterVersion
from tests.app.record.conftest import JOB, House, content
from tests.app.record.test_pages import browse, page  # noqa: F401  # a fixture
from tests.app.record.test_pdf import text_of

TO = "Dr Paul Renard\n2 rue du Port\n26000 Valence"


def signed(house: House) -> None:
    house.db.write_sync(JOB, compositions.draft_for, house.visit_id, content())
    house.db.write_sync(house.doctor, compositions.edit, house.visit_id, 1,
                        partial(editing.settle, conflict_id="c1", keep="said"))
    house.db.write_sync(house.doctor, compositions.edit, house.visit_id, 2,
                        partial(editing.append, code="51848-0", text="Bronchite aiguë."))
    house.db.write_sync(house.doctor, compositions.sign, house.visit_id, 3)


def read(house: House) -> letters.Draft:
    return house.db.read_sync(house.doctor, letters.read, house.visit_id).letter


def test_it_repeats_the_signed_sentences_and_nothing_else(house: House) -> None:
    signed(house)
    made = read(house)
    assert [p.text for p in made.paragraphs] == [
        "Chère consœur, cher confrère,",
        "J'ai reçu en téléconsultation, le lundi 23 novembre 2026, votre patiente Claire Lefèvre, née le 23 novembre 1961.",
        "Conclusion\u00a0: Bronchite aiguë.",
        "Histoire de la maladie\u00a0: Toux depuis trois jours.",
        "Traitements\u00a0: Metformine 850 mg matin et soir.",
        "Bien confraternellement,",
    ]
    assert [p.sentence_ids for p in made.paragraphs][3:5] == [["s1"], ["s2"]]
    assert (made.version, made.signed, made.mine) == (0, True, True)


def test_home_and_family_stay_out_and_the_reason_comes_in() -> None:
    told = [Told("1", "10154-3", "Chief complaint", "Cough."), Told("2", "29762-2", "Social history", "Lives alone."),
            Told("3", "51848-0", "Assessment", "Bronchitis.")]
    first = opening("Ann Lee", "female", "1 May 1980", "23 November 2026", "en")
    assert [(p.text, p.sources) for p in letter(told, first, "en")][1:3] == [
        ("I saw your patient Ann Lee, born on 1 May 1980, by video on 23 November 2026: cough.", ("1",)),
        ("Assessment: Bronchitis.", ("3",))]


def test_there_is_none_before_the_signature(house: House) -> None:
    with pytest.raises(NotFound):
        read(house)
    house.db.write_sync(JOB, compositions.draft_for, house.visit_id, content())
    assert (read(house).signed, read(house).paragraphs) == (False, [])
    for act in (letters.edit, letters.release):
        with pytest.raises(Conflict, match="Sign the note first"):
            house.db.write_sync(house.doctor, act, house.visit_id, 0, TO, "Bonjour.")
    with pytest.raises(Conflict, match="Sign the note first"):
        house.db.read_sync(house.doctor, letters.printed, house.visit_id)


def test_an_edit_tells_drafted_edited_and_typed_apart_and_keeps_both_texts(house: House) -> None:
    signed(house)
    text = read(house).text.replace("Bronchite aiguë.", "Bronchite aiguë, sans gravité.") + "\n\nMerci de contrôler la CRP."
    house.db.write_sync(house.doctor, letters.edit, house.visit_id, 0, TO, text)
    kept = read(house)
    assert (kept.text, kept.version, kept.recipient) == (text, 1, TO)
    assert [p.origin for p in kept.paragraphs] == ["drafted", "drafted", "edited", "drafted", "drafted", "drafted", "typed"]
    stored = house.db.read_sync(JOB, lambda tx: tx.open(tx.session.exec(select(Letter)).one(), LetterContent))
    assert stored.drafted[2].text == "Conclusion\u00a0: Bronchite aiguë."
    assert stored.note_sha256
    with pytest.raises(Conflict, match="changed meanwhile"):
        house.db.write_sync(house.doctor, letters.edit, house.visit_id, 0, TO, "Autre.")
    assert read(house).text == text


def test_a_release_is_kept_named_in_the_trail_and_changed_only_by_another(house: House) -> None:
    signed(house)
    house.db.write_sync(house.doctor, letters.release, house.visit_id, 0, TO, "Première lettre.")
    with pytest.raises(Conflict, match="Release it again"):
        house.db.write_sync(house.doctor, letters.edit, house.visit_id, 1, TO, "Autre.")
    house.db.write_sync(house.doctor, letters.release, house.visit_id, 1, TO, "Deuxième lettre.")

    def versions(tx):
        rows = tx.session.exec(select(LetterVersion).order_by(LetterVersion.version)).all()
        return [tx.open(row, LetterContent).paragraphs[0].text for row in rows], [row.sealed for row in rows]

    texts, sealed = house.db.read_sync(JOB, versions)
    assert texts == ["Première lettre.", "Deuxième lettre."]
    assert not any(b"lettre" in each or b"Renard" in each for each in sealed)
    trail = [e for e in house.db.read_sync(JOB, audit.search) if e.action == "letter:released"]
    assert len(trail) == 2
    assert "lettre." not in str(trail)


@pytest.mark.parametrize(("to", "text"), [("", "Bonjour."), (TO, " \n\n "), ("x" * 301, "Bonjour."), (TO, "x" * 2001)])
def test_unusable_words_change_nothing(house: House, to: str, text: str) -> None:
    signed(house)
    with pytest.raises(Invalid):
        house.db.write_sync(house.doctor, letters.release, house.visit_id, 0, to, text)
    assert read(house).version == 0


def test_others_neither_read_nor_write(house: House) -> None:
    signed(house)
    for actor in (house.stranger, house.scheduler, house.administrator, house.patient):
        with pytest.raises(AccessDenied):
            house.db.read_sync(actor, letters.read, house.visit_id)
        with pytest.raises(AccessDenied):
            house.db.read_sync(actor, letters.printed, house.visit_id)
    assert house.db.read_sync(house.colleague, letters.read, house.visit_id).letter.mine is False
    for actor in (house.colleague, house.stranger, house.scheduler, house.administrator, house.patient):
        with pytest.raises(AccessDenied):
            house.db.write_sync(actor, letters.release, house.visit_id, 0, TO, "Bonjour.")


def test_an_addendum_after_the_letter_is_told(house: House, clock) -> None:
    signed(house)
    house.db.write_sync(house.doctor, letters.edit, house.visit_id, 0, TO, "Bonjour.")
    assert not read(house).outdated
    clock.forward(minutes=5)
    house.db.write_sync(house.doctor, compositions.amend, house.visit_id, "CRP normale.")
    assert read(house).outdated


def test_the_document_says_draft_until_it_is_released(house: House, tmp_path) -> None:
    signed(house)
    draft = text_of(letters.render(house.db.read_sync(house.doctor, letters.printed, house.visit_id)), tmp_path)
    assert "Brouillon non validé" in draft
    house.db.write_sync(house.doctor, letters.release, house.visit_id, 0, TO, read(house).text)
    printed = house.db.read_sync(house.doctor, letters.printed, house.visit_id)
    told = text_of(letters.render(printed), tmp_path)
    for words in ("Dr Paul Renard", "26000 Valence", "Bronchite aiguë.", "Validée par Dr Nadia Benali", printed.sha256[:20]):
        assert words in told
    assert printed.filename == f"colloque-letter-2026-11-23-{house.visit_id[:8]}.pdf"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_page_edits_releases_and_prints(browse, house: House) -> None:  # noqa: F811
    doctor, path = browse("doctor"), f"/visits/{house.visit_id}/letter"
    house.db.write_sync(JOB, compositions.draft_for, house.visit_id, content())
    assert "Sign the note first" in await page(doctor, path)
    house.db.write_sync(house.doctor, compositions.edit, house.visit_id, 1,
                        partial(editing.settle, conflict_id="c1", keep="said"))
    house.db.write_sync(house.doctor, compositions.sign, house.visit_id, 2)
    assert path in await page(doctor, f"/visits/{house.visit_id}/note")
    assert "Toux depuis trois jours." in await page(doctor, path)
    refused = await doctor.post(f"{path}/release", version="0", text="Mes <b>mots</b>.")
    assert refused.status == 422
    assert "Mes &lt;b&gt;mots&lt;/b&gt;." in await refused.text()
    assert (await doctor.post(path, version="0", recipient=TO, text="Mes <b>mots</b>.")).status == 303
    assert (await doctor.post(path, version="x", text="y")).status == 422
    assert (await doctor.post(f"{path}/release", version="1", recipient=TO, text="Mes mots.")).status == 303
    assert "typed by you" in await page(doctor, path)
    document = await doctor.get(f"{path}/document")
    assert (document.content_type, (await document.read())[:4]) == ("application/pdf", b"%PDF")
    for who, status in (("colleague", 200), ("stranger", 403), ("scheduler", 403), ("administrator", 403)):
        assert (await browse(who).get(path)).status == status
        assert (await browse(who).post(f"{path}/release", version="2", recipient=TO, text="x")).status == 403
