"""Changes to a note, pure: each does one thing, and nothing is ever rewritten by rule where a rule could be wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid, NotFound
from app.record import editing
from app.record.tables import NoteContent, RecordConflict, Section, Sentence
from tests.app.record.conftest import content


def texts(note: NoteContent) -> list[str]:
    return [s.text for section in note.sections for s in section.sentences]


def test_a_section_made_by_hand_stands_where_it_belongs() -> None:
    note = content()
    editing.append(note, "51848-0", "Bronchite.")
    editing.append(note, "10154-3", "Toux.")
    assert [s.code for s in note.sections] == ["10154-3", "10164-2", "10160-0", "51848-0"]
    assert note.sections[-1].title == "Conclusion"
    assert note.sections[-1].sentences[0].origin == "typed"


def test_an_omission_is_added_once_with_its_evidence() -> None:
    note = content()
    editing.add_omission(note, "o1")
    editing.add_omission(note, "o1")
    family = [s for s in note.sections if s.code == "10157-6"]
    assert [s.text for s in family[0].sentences] == ["AVC chez la mère à soixante ans."]
    assert family[0].sentences[0].evidence


def test_an_amount_is_corrected_to_the_record() -> None:
    note = content()
    editing.settle(note, "c1", keep="recorded")
    assert "Metformine 1 000 mg matin et soir." in texts(note)
    assert editing.blockers(note) == []


@pytest.mark.parametrize("text", ["Metformine 850 mg matin, 850 mg soir.", "Metformine 1850 mg.", "Metformine 0,850 mg."])
def test_an_amount_that_is_not_there_exactly_once_is_left_to_the_doctor(text: str) -> None:
    note = content()
    sentence = next(s for section in note.sections for s in section.sentences if s.id == "s2")
    sentence.text = text
    editing.settle(note, "c1", keep="recorded")
    assert text in texts(note)
    assert "1 000 mg" in sentence.flag


def test_what_is_no_plain_amount_is_left_to_the_doctor() -> None:
    note = content()
    note.conflicts = [RecordConflict(id="c1", text="x", said="Metformine", recorded="Metformine 500 mg 2/j",
                                     sentence_ids=["s2"])]
    editing.settle(note, "c1", keep="recorded")
    assert "Metformine 850 mg matin et soir." in texts(note)
    assert "Metformine 500 mg 2/j" in note.sections[1].sentences[0].flag
    assert editing.blockers(note) == ["A sentence is marked as unsure."]
    editing.rewrite(note, "s2", "Metformine 500 mg matin et soir.")
    assert editing.blockers(note) == []


def test_a_flag_goes_by_confirming() -> None:
    note = content()
    note.sections[0].sentences[0].flag = "L'unité n'a pas été dite."
    editing.confirm(note, "s1")
    assert note.sections[0].sentences[0].origin == "drafted"
    assert "A sentence is marked as unsure." not in editing.blockers(note)


def test_removing_the_last_sentence_removes_its_section() -> None:
    note = content()
    editing.remove(note, "s2")
    assert [s.code for s in note.sections] == ["10164-2"]


@pytest.mark.parametrize("change", [
    lambda n: editing.rewrite(n, "s9", "x"), lambda n: editing.remove(n, "s9"), lambda n: editing.confirm(n, "s9"),
    lambda n: editing.add_omission(n, "o9"), lambda n: editing.settle(n, "c9", keep="said"),
    lambda n: editing.dismiss_proposal(n, "p9"),
])
def test_what_is_not_there_is_not_found(change) -> None:
    with pytest.raises(NotFound):
        change(content())


@pytest.mark.parametrize("change", [
    lambda n: editing.rewrite(n, "s1", " \n "), lambda n: editing.rewrite(n, "s1", "x" * 2001),
    lambda n: editing.append(n, "00000-0", "x"), lambda n: editing.settle(n, "c1", keep="maybe"),
])
def test_unusable_input_changes_nothing(change) -> None:
    note = content()
    with pytest.raises(Invalid):
        change(note)
    assert note == content()


@given(st.text(min_size=1, max_size=300).filter(lambda t: t.split()))
def test_any_words_come_back_as_one_line(words: str) -> None:
    note = NoteContent(title="Note", sections=[Section(code="10154-3", title="Motif", sentences=[Sentence(
        id="s1", text="Avant.")])])
    editing.rewrite(note, "s1", words)
    assert texts(NoteContent.model_validate_json(note.model_dump_json())) == [" ".join(words.split())]
