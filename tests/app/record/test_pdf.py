import subprocess
from functools import partial
from pathlib import Path

import pytest

from app.errors import AccessDenied
from app.people import Patient, PatientIdentity
from app.record import compositions, editing, pdf
from app.record.tables import NoteContent, Section, Sentence
from tests.app.record.conftest import JOB, NOON, House, content

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the rows are tested on both


def text_of(document: bytes, tmp_path: Path) -> str:
    file = tmp_path / "note.pdf"
    file.write_bytes(document)
    return subprocess.run(["pdftotext", "-layout", file, "-"], check=True, capture_output=True, text=True).stdout


def facts_of(document: bytes, tmp_path: Path) -> str:
    file = tmp_path / "facts.pdf"
    file.write_bytes(document)
    return subprocess.run(["pdfinfo", file], check=True, capture_output=True, text=True).stdout


def draft(house: House, note: NoteContent | None = None) -> pdf.Sheet:
    house.db.write_sync(JOB, compositions.draft_for, house.visit_id, note or content())
    return house.db.read_sync(house.doctor, pdf.sheet, house.visit_id)


def sign(house: House) -> pdf.Sheet:
    house.db.write_sync(house.doctor, compositions.edit, house.visit_id, 1,
                        partial(editing.settle, conflict_id="c1", keep="recorded"))
    house.db.write_sync(house.doctor, compositions.sign, house.visit_id, 2)
    return house.db.read_sync(house.doctor, pdf.sheet, house.visit_id)


def test_a_signed_note_reads_back_as_a_tagged_document(house: House, tmp_path: Path) -> None:
    draft(house)
    document = pdf.render(sign(house))
    text = text_of(document, tmp_path)
    for expected in ("Dr Nadia Benali", "RPPS 10101234567", "Claire Lefèvre", "Compte-rendu de téléconsultation",
                     "Toux depuis trois jours.", "Metformine 1 000 mg matin et soir.", "Clinique des Tilleuls"):
        assert expected in text
    assert "Tagged:          yes" in facts_of(document, tmp_path)
    assert "BROUILLON" not in text
    assert b"pdfaid" in document


def test_a_draft_says_that_it_is_one(house: House, tmp_path: Path) -> None:
    document = pdf.render(draft(house))
    text = text_of(document, tmp_path)
    assert "SHA-256" not in text
    assert "non signé" in text or "not signed" in text


def test_addenda_are_part_of_the_document(house: House, tmp_path: Path) -> None:
    draft(house)
    sign(house)
    house.db.write_sync(house.doctor, compositions.amend, house.visit_id, "Résultat reçu : normal.")
    assert "Résultat reçu : normal." in text_of(
        pdf.render(house.db.read_sync(house.doctor, pdf.sheet, house.visit_id)), tmp_path)


def test_the_file_name_tells_nothing(house: House) -> None:
    assert draft(house).filename == f"colloque-2026-11-23-{house.visit_id[:8]}.pdf"


@pytest.mark.parametrize("name", [
    "<b>#x [\\ \"O'Brien\" $1$ *a* _b_ `c` @d", "مرحبا \u202eabc", "🙂 家 𝔛 \u0301", "a" * 300,
    "\x01\x08\x0b\x1b[31m\x7f\x9f", "\ufffe\uffff\U0010fffe\u2028\u2029", "\u200b\u2066x\u2069",
])
def test_awkward_names_do_not_cost_the_document(house: House, name: str) -> None:
    def rename(tx: object) -> None:
        row = tx.session.get(Patient, house.patient_id)  # type: ignore[attr-defined]
        tx.seal(row, PatientIdentity(family=name, given="É", birth_date=NOON.date()))  # type: ignore[attr-defined]
        tx.session.add(row)  # type: ignore[attr-defined]

    house.db.write_sync(JOB, rename)
    sentence = Sentence(text=f"Texte {name}.")
    document = pdf.render(draft(house, NoteContent(title=name, sections=[Section(code="10154-3", title="Motif",
                                                                                 sentences=[sentence])])))
    assert document.startswith(b"%PDF-1.7")
    assert b"pdfaid" in document


def test_typst_in_a_sentence_is_text(house: House, tmp_path: Path) -> None:
    written = '#read("/etc/passwd") #panic("x") #eval("1") #image("x.png") $ a^2 $ = Titre @ref <label> // rien'
    note = NoteContent(title="#title", sections=[Section(code="10154-3", title="#section", sentences=[
        Sentence(text=written)])])
    text = " ".join(text_of(pdf.render(draft(house, note)), tmp_path).split())
    assert written in text
    assert "root:" not in text


def test_a_long_note_runs_over_several_pages(house: House, tmp_path: Path) -> None:
    sentences = [Sentence(text=f"Phrase numéro {n} de la consultation, assez longue pour remplir.") for n in range(300)]
    long = NoteContent(title="Note", sections=[Section(code="10154-3", title="Motif", sentences=sentences)])
    assert "Phrase numéro 299" in text_of(pdf.render(draft(house, long)), tmp_path)


def test_others_get_no_document(house: House) -> None:
    draft(house)
    for actor in (house.stranger, house.scheduler, house.administrator, house.patient):
        with pytest.raises(AccessDenied):
            house.db.read_sync(actor, pdf.sheet, house.visit_id)
