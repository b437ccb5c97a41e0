from functools import partial

import pytest
from sqlmodel import select

from app.db import Tx
from app.errors import AccessDenied, Conflict, Invalid, NotFound
from app.jobs import Job
from app.record import compositions, editing, summaries
from tests.app.record.conftest import JOB, House, content

WORDS = "Vous toussez depuis trois jours.\n\nRappelez si la fièvre dépasse 39 °C."


def drafted(house: House) -> None:
    house.db.write_sync(JOB, compositions.draft_for, house.visit_id, content())
    house.db.write_sync(JOB, summaries.draft_for, house.visit_id, ["Première phrase."])


def signed(house: House) -> None:
    drafted(house)
    change = partial(editing.settle, conflict_id="c1", keep="said")
    house.db.write_sync(house.doctor, compositions.edit, house.visit_id, 1, change)
    house.db.write_sync(house.doctor, compositions.sign, house.visit_id, 2)


def messages(tx: Tx) -> list[str]:
    return [job.kind for job in tx.session.exec(select(Job)).all() if job.kind.startswith("message.")]


def test_the_doctor_edits_the_draft_and_a_later_draft_does_not_overwrite(house: House) -> None:
    drafted(house)
    assert house.db.read_sync(house.doctor, summaries.read, house.visit_id).paragraphs == ["Première phrase."]
    house.db.write_sync(house.doctor, summaries.edit, house.visit_id, WORDS)
    house.db.write_sync(JOB, summaries.draft_for, house.visit_id, ["Autre."])
    kept = house.db.read_sync(house.doctor, summaries.read, house.visit_id)
    assert kept.paragraphs == ["Vous toussez depuis trois jours.", "Rappelez si la fièvre dépasse 39 °C."]
    assert kept.text == WORDS


def test_nothing_reaches_the_patient_before_signature_and_release(house: House) -> None:
    drafted(house)
    with pytest.raises(Conflict, match="Sign the note"):
        house.db.write_sync(house.doctor, summaries.release, house.visit_id, WORDS)
    with pytest.raises(NotFound):
        house.db.read_sync(house.patient, summaries.released)
    assert house.db.read_sync(JOB, messages) == []


def test_a_released_summary_is_read_by_its_patient_and_announced(house: House) -> None:
    signed(house)
    house.db.write_sync(house.doctor, summaries.release, house.visit_id, WORDS)
    read = house.db.read_sync(house.patient, summaries.released)
    assert read.paragraphs[1].startswith("Rappelez")
    assert read.practitioner.name == "Dr Nadia Benali"
    assert house.db.read_sync(JOB, messages) == ["message.summary"]
    with pytest.raises(AccessDenied):
        house.db.read_sync(house.other_patient, summaries.released)


def test_a_released_summary_changes_only_by_another_release(house: House) -> None:
    signed(house)
    house.db.write_sync(house.doctor, summaries.release, house.visit_id, WORDS)
    with pytest.raises(Conflict, match="Release it again"):
        house.db.write_sync(house.doctor, summaries.edit, house.visit_id, "Autre.")
    house.db.write_sync(house.doctor, summaries.release, house.visit_id, "Corrigé.")
    assert house.db.read_sync(house.patient, summaries.released).paragraphs == ["Corrigé."]


@pytest.mark.parametrize("text", ["", " \n\n ", "x" * 2001, "a\n\n" * 41])
def test_unusable_text_is_refused(house: House, text: str) -> None:
    signed(house)
    with pytest.raises(Invalid):
        house.db.write_sync(house.doctor, summaries.release, house.visit_id, text)


def test_others_neither_read_nor_release(house: House) -> None:
    signed(house)
    for actor in (house.stranger, house.scheduler, house.administrator):
        with pytest.raises(AccessDenied):
            house.db.read_sync(actor, summaries.read, house.visit_id)
    for actor in (house.colleague, house.stranger, house.scheduler, house.administrator, house.patient):
        with pytest.raises(AccessDenied):
            house.db.write_sync(actor, summaries.release, house.visit_id, WORDS)
