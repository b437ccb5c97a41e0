"""A doctor's own template: order, headings, what is left out, standing wording; never what was said."""

from functools import partial

import pytest
from sqlmodel import select

from app.errors import AccessDenied, Invalid
from app.record import compositions, drafts, editing, revisions, templates
from app.record.revisions import NoteRevision
from app.record.tables import NoteContent, Section
from app.record.templates import CODES, Template
from tests.app.record.conftest import JOB, House, content, say
from tests.app.record.test_pages import browse, page  # noqa: F401  # a fixture

HISTORY, TREATMENTS, SOCIAL, EXAM = "10164-2", "10160-0", "29762-2", "29545-1"


def sentences(note: NoteContent) -> list[str]:
    return sorted([s.text for section in note.sections for s in section.sentences if s.origin != "standing"]
                  + [o.text for o in note.omissions])


def test_order_and_headings_move_sentences_and_change_none() -> None:
    before, after = content(), templates.applied(content(), Template(
        order=[TREATMENTS, HISTORY], headings={HISTORY: "Anamnèse"}))
    assert [(s.code, s.title) for s in after.sections] == [(TREATMENTS, "Traitements"), (HISTORY, "Anamnèse")]
    assert sentences(after) == sentences(before)
    assert [s.evidence for section in after.sections for s in section.sentences] == [
        s.evidence for section in reversed(before.sections) for s in section.sentences]


def test_what_is_left_out_waits_beside_the_note_with_its_evidence() -> None:
    after = templates.applied(content(), Template(left_out=[HISTORY]))
    assert HISTORY not in [s.code for s in after.sections]
    moved = after.omissions[-1]
    assert (moved.text, moved.section, moved.kind) == ("Toux depuis trois jours.", HISTORY, "template")
    assert moved.evidence
    editing.add_omission(after, moved.id)
    assert "Toux depuis trois jours." in [s.text for section in after.sections for s in section.sentences]


def test_a_section_with_a_doubt_in_it_is_always_shown() -> None:
    note = content()
    note.sections[0].sentences[0].flag = "heard badly"
    assert HISTORY in [s.code for s in templates.applied(note, Template(left_out=[HISTORY])).sections]


def test_the_essential_cannot_be_left_out() -> None:
    assert templates.check(Template(left_out=[*templates.ESSENTIAL, SOCIAL])).left_out == [SOCIAL]


def test_standing_wording_is_told_apart_and_an_edit_makes_it_typed() -> None:
    after = templates.applied(content(), Template(standing={EXAM: "Examen limité à ce que la vidéo laisse voir."}))
    (section,) = [s for s in after.sections if s.code == EXAM]
    assert [(s.origin, s.evidence) for s in section.sentences] == [("standing", [])]
    editing.rewrite(after, section.sentences[0].id, "Examen à la caméra.")
    assert section.sentences[0].origin == "typed"


def test_no_draft_gets_no_standing_wording() -> None:
    nothing = NoteContent(title="x", reason="Rien de clinique n'a été dit.")
    assert templates.applied(nothing, Template(standing={EXAM: "Par vidéo."})).sections == []


def test_a_section_added_later_takes_its_place_and_heading() -> None:
    after = templates.applied(content(), templates.check(Template(order=[EXAM], headings={EXAM: "À la caméra"})))
    editing.append(after, EXAM, "Gorge rouge.")
    assert (after.sections[0].code, after.sections[0].title) == (EXAM, "À la caméra")


@pytest.mark.parametrize("text", [
    "Examen normal.", "Auscultation sans particularité.", "Pas de fièvre.", "Toux.", "Paracétamol si besoin.",
    "Tension 12/8.", "Aucune allergie.", "No fever.", "Chest clear.", "x" * 301,
])
def test_standing_wording_that_states_anything_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        templates.check(Template(standing={EXAM: text}))
    assert set(refusal.value.fields) == {f"standing-{EXAM}"}


@pytest.mark.parametrize("text", ["Examen limité à ce que la vidéo laisse voir.", "Consultation à distance, avec l'accord du patient."])
def test_standing_wording_about_the_visit_is_taken(text: str) -> None:
    assert templates.check(Template(standing={EXAM: f"  {text}\n"})).standing == {EXAM: text}


def test_an_order_names_each_section_once_and_no_other() -> None:
    checked = templates.check(Template(order=["18776-5", "x", "18776-5"], headings={"x": "y", "18776-5": " "}))
    assert checked.order[0] == "18776-5"
    assert sorted(checked.order) == sorted(CODES)
    assert checked.headings == {}


def test_sections_move_by_one_and_stop_at_the_ends() -> None:
    template = templates.moved(Template(), CODES[1], -1)
    assert template.order[:2] == [CODES[1], CODES[0]]
    assert templates.moved(template, CODES[1], -1).order == template.order
    assert templates.moved(template, "x", 1).order == template.order
    assert templates.for_speciality("Cardiology", template).order[1] == "11348-0"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_preview_is_a_real_draft_in_this_layout(language: str) -> None:
    usual = templates.preview(Template(), language)
    assert len(usual.sections) >= 5
    shaped = templates.preview(Template(order=list(reversed(CODES)), left_out=[SOCIAL]), language)
    assert sentences(shaped) == sentences(usual)
    assert shaped.sections[0].code != usual.sections[0].code


def test_a_doctors_drafts_follow_their_own_template_alone(house: House) -> None:
    house.db.write_sync(house.doctor, templates.save, Template(headings={HISTORY: "Anamnèse"}))
    house.db.write_sync(house.colleague, templates.save, Template(headings={HISTORY: "Autre"}))
    say(house, "Je tousse depuis trois jours.", 5.0, 0)
    told = house.db.read_sync(JOB, drafts.material, house.visit_id)
    answer = {"sections": [{"code": HISTORY, "title": "Histoire", "sentences": [{"text": "Toux.", "evidence": [{"segment": 0}]}]}]}
    assert [s.title for s in drafts.content(answer, told).sections] == ["Anamnèse"]
    assert house.db.read_sync(house.doctor, templates.own).headings == {HISTORY: "Anamnèse"}


def test_others_have_no_template(house: House) -> None:
    for actor in (house.scheduler, house.administrator, house.patient, JOB):
        with pytest.raises(AccessDenied):
            house.db.write_sync(actor, templates.save, Template())
        with pytest.raises(AccessDenied):
            house.db.read_sync(actor, revisions.own)


def test_signing_counts_what_was_changed_and_keeps_no_word(house: House) -> None:
    note = content()
    note.conflicts = []
    note.sections.append(Section(code="51848-0", title="Conclusion", sentences=[
        note.sections[0].sentences[0].model_copy(update={"id": "s3", "text": "Bronchite."})]))
    house.db.write_sync(JOB, compositions.draft_for, house.visit_id, note)
    for version, change in enumerate((
        partial(editing.rewrite, sentence_id="s1", text="Toux sèche depuis trois jours."),
        partial(editing.remove, sentence_id="s3"), partial(editing.append, code="18776-5", text="Repos deux jours.")), 1):
        house.db.write_sync(house.doctor, compositions.edit, house.visit_id, version, change)
    house.db.write_sync(house.doctor, compositions.sign, house.visit_id, 4)
    (row,) = house.db.read_sync(JOB, lambda tx: tx.session.exec(select(NoteRevision)).all())
    assert (row.drafted, row.edited, row.typed, row.removed) == (1, 1, 1, 1)
    assert (row.words, row.distance) == (14, 4), "sèche, Bronchite → Repos, deux, jours"
    assert "oux" not in str(row.model_dump())
    figures = house.db.read_sync(house.doctor, revisions.own)
    assert (figures.notes, figures.kept_percent, figures.changed_percent) == (1, 33, 29)
    assert house.db.read_sync(house.colleague, revisions.own).notes == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_page_shapes_shows_and_keeps(browse, house: House) -> None:  # noqa: F811
    doctor, shown = browse("doctor"), {f"shown-{code}": "yes" for code in CODES}
    assert "Nothing to count yet" in await page(doctor, "/note-template")
    fields = {"order": ",".join(CODES), f"heading-{HISTORY}": "My <history>"} | shown
    looked = await doctor.post("/note-template", act="preview", **fields)
    assert "My &lt;history&gt;" in await looked.text()
    assert "not saved yet" in await looked.text()
    assert house.db.read_sync(house.doctor, templates.own) == Template()
    moved = await (await doctor.post("/note-template", move=f"up:{CODES[1]}", **fields)).text()
    assert f'value="{CODES[1]},{CODES[0]},' in moved
    refused = await doctor.post("/note-template", act="save", **fields | {f"standing-{EXAM}": "Examen normal."})
    assert refused.status == 422
    assert "Examen normal." in await refused.text()
    assert (await doctor.post("/note-template", act="save", **fields)).status == 303
    assert "My &lt;history&gt;" in await page(doctor, "/note-template?saved=1")
    for who in ("scheduler", "administrator"):
        await page(browse(who), "/note-template", 403)
