"""How a doctor wants their drafts laid out: sections, their order and headings, standing wording. Never what was said.

A section that is left out gives its sentences to "said, but missing from the note", where one click brings each back.
Standing wording may state no finding: what nobody said is never written as if it had been.
"""

import re
from datetime import datetime
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from app.access import guard
from app.access.policy import Action
from app.db import Tx, UTCInstant
from app.errors import AccessDenied, Invalid
from app.notes.drafting import Transcript, draft
from app.notes.language.lexicon import find_concepts, find_drugs, forget
from app.notes.language.text import fold
from app.notes.sections import ALLERGIES, ASSESSMENT, ORDER, PLAN, REASON, TREATMENTS
from app.record.tables import NoteContent, Omission, Section, Sentence

HEADING_CHARS, STANDING_CHARS = 60, 300
CODES = tuple(kind.code for kind in ORDER)
ESSENTIAL = frozenset(kind.code for kind in (REASON, TREATMENTS, ALLERGIES, ASSESSMENT, PLAN))
# "Normal", "none" and figures are findings even where the lexicon knows no word of them.
STATES = re.compile(
    r"\d|(?<![a-z])(?:norma\w*|aucune?|sans|absence|negati\w*|pas d\w*|no|none|denies|unremarkable|clear)(?![a-z])")
STATES_A_FINDING = ("This would stand in every note, whatever was said: no finding, drug or figure, and nothing that "
                    "is called normal or absent.")
# What each speciality reads first; the rest follows in the usual order.
FIRST: dict[str, tuple[str, ...]] = {
    "Cardiology": ("10154-3", "11348-0", "10157-6", "10160-0", "48765-2", "10164-2", "8716-3"),
    "Paediatrics": ("10154-3", "11348-0", "48765-2", "10160-0", "8716-3"),
    "Psychiatry": ("10154-3", "10164-2", "29762-2", "10157-6", "11348-0"),
    "Diabetology": ("10154-3", "30954-2", "8716-3", "10160-0", "10164-2"),
    "Dermatology": ("10154-3", "10164-2", "29545-1", "48765-2"),
}


class Template(BaseModel):
    """Sections by LOINC code: their order, which are left out, headings and standing wording."""

    order: list[str] = list(CODES)
    left_out: list[str] = []
    headings: dict[str, str] = {}
    standing: dict[str, str] = {}


class NoteTemplate(SQLModel, table=True):
    """A doctor's template; `content` is a Template and holds nothing about any patient."""

    __tablename__ = "note_template"
    id: str = Field(primary_key=True, foreign_key="practitioner.id")
    updated_at: datetime = Field(sa_type=UTCInstant)
    content: str


def own(tx: Tx) -> Template:
    """The acting doctor's template. Raises AccessDenied."""
    return of(tx, _doctor(tx))


def of(tx: Tx, practitioner_id: str) -> Template:
    """A doctor's template, or the usual one; for what drafts their notes."""
    row = tx.session.get(NoteTemplate, practitioner_id)
    return Template.model_validate_json(row.content) if row else Template()


def save(tx: Tx, template: Template) -> None:
    """Keep the acting doctor's template. Raises AccessDenied, Invalid with a message for each field."""
    practitioner_id = _doctor(tx, "save")
    checked = check(template)
    known = tx.session.get(NoteTemplate, practitioner_id)
    row = known or NoteTemplate(id=practitioner_id, updated_at=tx.now, content="")
    row.updated_at, row.content = tx.now, checked.model_dump_json()
    tx.session.add(row)


def check(template: Template) -> Template:
    """The template with every section once, or Invalid: {"heading-<code>" or "standing-<code>": why}."""
    order = [code for code in dict.fromkeys(template.order) if code in CODES]
    given = {"heading": _tidy(template.headings), "standing": _tidy(template.standing)}
    faults = {}
    for name, limit in (("heading", HEADING_CHARS), ("standing", STANDING_CHARS)):
        for code, text in given[name].items():
            if len(text) > limit:
                faults[f"{name}-{code}"] = "This is too long."
            elif _states(text, of_heading=name == "heading"):
                faults[f"{name}-{code}"] = STATES_A_FINDING
    if faults:
        raise Invalid(fields=faults)
    left_out = [code for code in CODES if code in template.left_out and code not in ESSENTIAL]
    return Template(order=order + [code for code in CODES if code not in order], left_out=left_out,
                    headings=given["heading"], standing=given["standing"])


def for_speciality(speciality: str, template: Template) -> Template:
    """The template with the sections in the order that a speciality reads them."""
    first = list(FIRST.get(speciality, ()))
    return template.model_copy(update={"order": first + [code for code in CODES if code not in first]})


def moved(template: Template, code: str, step: int) -> Template:
    """The template with one section a place further up (-1) or down (1)."""
    order = list(template.order)
    if code in order and 0 <= order.index(code) + step < len(order):
        at = order.index(code)
        order[at], order[at + step] = order[at + step], order[at]
    return template.model_copy(update={"order": order})


def applied(content: NoteContent, template: Template) -> NoteContent:
    """A draft in a doctor's layout: each sentence as it was, in the note or beside it."""
    if content.reason:
        return content
    kept, beside = [], []
    for section in content.sections:
        flagged = any(sentence.flag for sentence in section.sentences)
        if section.code in template.left_out and not flagged:
            beside += [Omission(text=s.text, kind="template", section=section.code, evidence=s.evidence)
                       for s in section.sentences]
        else:
            kept.append(section)
    content.order, content.headings = template.order, template.headings
    for code, text in template.standing.items():
        wording = Sentence(text=text, origin="standing")
        found = next((section for section in kept if section.code == code), None)
        if found:
            found.sentences.append(wording)
        elif code not in template.left_out:
            kept.append(Section(code=code, title=titles(content.language)[code], sentences=[wording]))
    ranks = {code: rank for rank, code in enumerate(template.order)}
    for section in kept:
        section.title = template.headings.get(section.code, section.title)
    content.sections = sorted(kept, key=lambda section: ranks.get(section.code, len(ranks)))
    content.omissions = content.omissions + beside
    return content


@lru_cache(maxsize=2)
def _sample(language: Literal["fr", "en"]) -> str:
    told = [("doctor", "patient")[n % 2] for n in range(len(SAMPLE[language]))]
    dialogue = [{"speaker": who, "text": text, "start": 5.0 * n, "end": 5.0 * n + 4}
                for n, (who, text) in enumerate(zip(told, SAMPLE[language], strict=True))]
    answer = draft(Transcript.from_json({"lang": language, "motif": "", "dialogue": dialogue})).to_json()
    sections = [Section(code=s["code"], title=s["title"], sentences=[Sentence(text=x["text"]) for x in s["sentences"]])
                for s in answer["sections"]]
    return NoteContent(title="", language=language, sections=sections).model_dump_json()


def preview(template: Template, language: str) -> NoteContent:
    """An invented visit, drafted now, in this layout."""
    return applied(NoteContent.model_validate_json(_sample("en" if language == "en" else "fr")), template)


SAMPLE = {  # the doctor and the patient in turn
    "fr": (
        "Qu'est-ce qui vous amène ?", "Je tousse depuis trois jours et j'ai de la fièvre, trente-huit cinq hier soir.",
        "Vous avez mal à la gorge ?", "Non, pas mal à la gorge.",
        "Vous prenez un traitement ?", "Je prends de l'amlodipine cinq milligrammes le matin.",
        "Et des allergies ?", "Je suis allergique à la pénicilline. Mon père a fait un infarctus.",
        "Vous fumez ?", "Oui, dix cigarettes par jour.",
        "Je vous prescris du paracétamol un gramme trois fois par jour pendant cinq jours.", "D'accord.",
        "Rappelez-moi si la fièvre dure plus de trois jours.", "Merci docteur."),
    "en": (
        "What brings you in today?", "I've had a cough for three days and a fever.",
        "Any chest pain?", "No, no chest pain.",
        "Do you take any medication?", "I take amlodipine five milligrams in the morning.",
        "Any allergies?", "I'm allergic to penicillin. My father had a heart attack.",
        "Do you smoke?", "Yes, ten cigarettes a day.",
        "I'll prescribe paracetamol one gram three times a day for five days.", "Okay.",
        "Call me if the fever lasts more than three days.", "Thank you doctor."),
}


def titles(language: str) -> dict[str, str]:
    """The usual title of each section, in usual order."""
    return {kind.code: kind.title("en" if language == "en" else "fr") for kind in ORDER}


def _doctor(tx: Tx, step: str = "read") -> str:
    guard.permit(tx, Action.TEMPLATE_OWN, entity="Questionnaire", entity_id=tx.actor.practitioner_id or "", step=step)
    if tx.actor.practitioner_id is None:
        raise AccessDenied
    return tx.actor.practitioner_id


def _tidy(texts: dict[str, str]) -> dict[str, str]:
    return {code: " ".join(text.split()) for code, text in texts.items() if code in CODES and text.strip()}


def _states(text: str, *, of_heading: bool) -> bool:
    folded = fold(text)
    try:
        found = any(find_concepts(folded, lang) for lang in ("fr", "en")) and not of_heading
        return bool(found or find_drugs(folded) or STATES.search(folded))
    finally:
        forget()

