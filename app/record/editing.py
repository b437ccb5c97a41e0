"""Changes to a note's content, pure: each takes the content and alters it in place.

Unknown ids raise NotFound, unusable text Invalid. What keeps a doctor from signing is `blockers`.
"""

import re
from typing import TypeVar

from app import i18n
from app.errors import Invalid, NotFound
from app.notes.sections import HISTORY, ORDER
from app.record.tables import NoteContent, Omission, Proposal, RecordConflict, Section, Sentence

T = TypeVar("T", Omission, RecordConflict, Proposal)

SENTENCE_CHARS = 2000
AMOUNT = re.compile(r"\d[\d\s.,]*\s*\w{1,4}")  # 850 mg, 1 000 mg

SECTIONS = {kind.code: kind for kind in ORDER}  # by LOINC code, in reading order


def rewrite(content: NoteContent, sentence_id: str, text: str) -> None:
    """Give a sentence the doctor's words; its evidence stays for comparison, its flag goes."""
    _, sentence = _find(content, sentence_id)
    text = _checked(text)
    if text == sentence.text and not sentence.flag:
        return
    sentence.text, sentence.flag = text, ""
    sentence.origin = "typed" if sentence.origin in ("typed", "standing") else "edited"


def confirm(content: NoteContent, sentence_id: str) -> None:
    """The doctor keeps a flagged sentence as it stands."""
    _find(content, sentence_id)[1].flag = ""


def remove(content: NoteContent, sentence_id: str) -> None:
    """Take a sentence out; a section left empty goes with it."""
    section, sentence = _find(content, sentence_id)
    section.sentences.remove(sentence)
    if not section.sentences:
        content.sections.remove(section)


def append(content: NoteContent, code: str, text: str) -> None:
    """Add a sentence the doctor typed to a section, which is made when it is not there yet."""
    _section(content, code).sentences.append(Sentence(text=_checked(text), origin="typed"))


def add_omission(content: NoteContent, omission_id: str) -> None:
    """Put what was said but missing into its section, with its evidence."""
    omission = omission_of(content, omission_id)
    if omission.state == "added":
        return
    sentence = Sentence(text=omission.text, evidence=omission.evidence, origin="edited")
    _section(content, omission.section if omission.section in SECTIONS else HISTORY.code).sentences.append(sentence)
    omission.state = "added"


def dismiss_omission(content: NoteContent, omission_id: str) -> None:
    """What was said stays out of the note."""
    omission_of(content, omission_id).state = "dismissed"


def settle(content: NoteContent, conflict_id: str, *, keep: str) -> None:
    """Decide between what was said ("said") and what the record holds ("recorded").

    Keeping the record changes a plain amount in the sentence that told it ("850 mg" to "1 000 mg");
    anything else is marked for the doctor to put right, never rewritten by rule.
    """
    conflict = conflict_of(content, conflict_id)
    if keep not in ("said", "recorded"):
        raise Invalid("Please choose one of the two.")
    conflict.state = "said" if keep == "said" else "recorded"
    about = [s for section in content.sections for s in section.sentences if s.id in conflict.sentence_ids]
    for sentence in about:
        sentence.flag = ""
        if keep == "recorded":
            _keep_record(content, sentence, conflict)


def is_about_amounts(conflict: RecordConflict) -> bool:
    """Whether both sides are plain amounts ("850 mg", "1 000 mg"), so that one can stand for the other."""
    return bool(AMOUNT.fullmatch(conflict.said) and AMOUNT.fullmatch(conflict.recorded))


def _keep_record(content: NoteContent, sentence: Sentence, conflict: RecordConflict) -> None:
    amount = re.compile(rf"(?<![\d.,]){re.escape(conflict.said)}(?!\w)")
    if is_about_amounts(conflict) and len(amount.findall(sentence.text)) == 1:
        sentence.text = amount.sub(conflict.recorded, sentence.text)
        sentence.origin = "edited"
    else:
        say = i18n.translator(content.language).gettext
        sentence.flag = say("The record says: %(recorded)s. Please correct this sentence.") % {
            "recorded": conflict.recorded}


def dismiss_proposal(content: NoteContent, proposal_id: str) -> None:
    """The record stays as it is."""
    proposal_of(content, proposal_id).state = "dismissed"


def restore(content: NoteContent, earlier: NoteContent) -> None:
    """Go back to an earlier text. Proposals keep their state: the record's lines are not undone here."""
    content.sections, content.omissions = earlier.sections, earlier.omissions
    content.conflicts = earlier.conflicts


def blockers(content: NoteContent) -> list[str]:
    """What must be decided before signing, as English catalogue texts."""
    found = []
    if not any(section.sentences for section in content.sections):
        found.append("The note is empty.")
    found += ["A difference from the record is undecided."] * sum(c.state == "open" for c in content.conflicts)
    flagged = sum(bool(s.flag) for section in content.sections for s in section.sentences)
    return found + ["A sentence is marked as unsure."] * flagged


def section_title(code: str, language: str) -> str:
    """A section's title in the note's language."""
    return SECTIONS[code].title("en" if language == "en" else "fr")


def omission_of(content: NoteContent, omission_id: str) -> Omission:
    """The omission with this id. Raises NotFound."""
    return _one(content.omissions, omission_id)


def conflict_of(content: NoteContent, conflict_id: str) -> RecordConflict:
    """The conflict with this id. Raises NotFound."""
    return _one(content.conflicts, conflict_id)


def proposal_of(content: NoteContent, proposal_id: str) -> Proposal:
    """The proposal with this id. Raises NotFound."""
    return _one(content.proposals, proposal_id)


def _one(items: list[T], item_id: str) -> T:
    found = next((item for item in items if item.id == item_id), None)
    if found is None:
        raise NotFound
    return found


def _find(content: NoteContent, sentence_id: str) -> tuple[Section, Sentence]:
    for section in content.sections:
        for sentence in section.sentences:
            if sentence.id == sentence_id:
                return section, sentence
    raise NotFound


def _section(content: NoteContent, code: str) -> Section:
    if code not in SECTIONS:
        raise Invalid("This section does not exist.")
    found = next((section for section in content.sections if section.code == code), None)
    if found is None:
        found = Section(code=code, title=content.headings.get(code) or section_title(code, content.language))
        content.sections.append(found)
        ranks = {known: rank for rank, known in enumerate(content.order or SECTIONS)}
        content.sections.sort(key=lambda section: ranks.get(section.code, len(ranks)))
    return found


def _checked(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise Invalid("A sentence cannot be empty; remove it instead.", fields={"text": "Please fill in this field."})
    if len(text) > SENTENCE_CHARS:
        raise Invalid(fields={"text": "This is too long."})
    return text
