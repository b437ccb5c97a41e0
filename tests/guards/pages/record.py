"""The note, the summary and the record."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.record import templates
from app.record.communications import Document, Message
from app.record.compositions import Addition, Note, NoteVersion
from app.record.drafts import Progress
from app.record.letters import Draft
from app.record.review import Review
from app.record.revisions import Revisions
from app.record.roster import CaredFor
from app.record.tables import (
    Evidence,
    LetterParagraph,
    NoteContent,
    Omission,
    Proposal,
    RecordConflict,
    Section,
    Sentence,
)
from app.record.templates import Template
from app.record.transcripts import Line
from app.web.record_pages import Chart
from tests.guards.pages.model import Page, always, at, dates
from tests.guards.pages.patient import SUMMARY
from tests.guards.pages.people import CLAIRE, DOCTOR, EMPTY_RECORD, HUGO, PAST, RECORD
from tests.guards.pages.visit import visit

SENT = [
    Message("m2", "v1", "patient", "p1", "", "", at(14, 25), Document("m2", "v1", "patient", "dos.jpg", "image/jpeg", 1, at(14, 25))),
    Message("m1", "v1", "doctor", "a1", DOCTOR.name, "Montrez-moi votre dos.", at(14, 24)),
]
SAID = [
    ("doctor", 341, "Vous l'avez prise ce matin, la tension ?"),
    ("patient", 344, "Oui, quatorze huit. Mais samedi j'étais à seize neuf, j'avais oublié mon amlodipine."),
    ("doctor", 352, "D'accord. Pas de maux de tête, pas de gêne quand vous montez ?"),
]
LINES = [
    Line(
        i,
        f"l{i}",
        f"stream-{role}",
        role,
        "speech",
        text,
        start,
        start + 4,
        at(14, 20) + timedelta(seconds=start),
        at(14, 20) + timedelta(seconds=start + 4),
        False,
    )
    for i, (role, start, text) in enumerate(SAID)
]
PROOF = [Evidence(segment=1, segment_id="l1", start=344, end=348)]


def section(code: str, title: str, *sentences: str, flag: str = "") -> Section:
    """A section whose sentences all come from one line."""
    return Section(
        code=code,
        title=title,
        sentences=[
            Sentence(id=f"{code}-{i}", text=text, evidence=PROOF, flag=flag) for i, text in enumerate(sentences)
        ],
    )


CONTENT = NoteContent(
    title="Compte-rendu de téléconsultation",
    sections=[
        section("10154-3", "Motif", "Renouvellement de traitement, contrôle tensionnel."),
        section(
            "10164-2",
            "Histoire",
            "Oubli de l'amlodipine samedi, avec une tension à 16/9 ce jour-là.",
            "Tension à 14/8 ce matin.",
            "Pas de céphalées, pas de dyspnée d'effort.",
            "Œdème des chevilles le soir depuis trois semaines.",
        ),
        section("10160-0", "Traitements", "Metformine 850 mg matin et soir.", flag="differs"),
        section("51848-0", "Conclusion", "Hypertension équilibrée hors oubli ; œdème probablement lié à l'amlodipine."),
        section(
            "18776-5",
            "Conduite à tenir",
            "Automesure trois jours de suite, matin et soir, avant le prochain rendez-vous.",
            "Contrôle dans un mois.",
        ),
    ],
    omissions=[
        Omission(text="ma mère a fait un AVC à soixante ans", evidence=PROOF),
        Omission(text="rappelez-moi si ça gonfle d'un seul côté", evidence=PROOF),
    ],
    conflicts=[
        RecordConflict(
            id="c1",
            text="Metformine : « huit cent cinquante » à 03:12 ; le dossier indique 1 000 mg.",
            said="850 mg",
            recorded="1 000 mg",
        )
    ],
    proposals=[Proposal(kind="problem", text="Œdème des chevilles", detail="depuis trois semaines", evidence=PROOF)],
)


def note(status: str, content: NoteContent = CONTENT) -> Note:
    """Claire's note."""
    signed = status != "preliminary"
    return Note(
        "n1",
        "v1",
        "p1",
        DOCTOR,
        status,
        "fr",
        3,
        False,
        at(14, 31),
        at(14, 35) if signed else None,
        content,
        [Addition(DOCTOR.name, at(14, 50), "Kaliémie reçue : 4,2 mmol/L.")] if status == "amended" else [],
        [] if signed else ["Something said differs from the record."],
        True,
        "9f2c41d07a33be55" if signed else "",
    )


def note_page(written: Note | None, state: str = "ready", **more: Any) -> Callable[[str], dict[str, Any]]:
    """The note page, or the page that waits for the draft."""
    progress = Progress(state, 42, 1, 3, 2.0, True)  # type: ignore[arg-type]
    review = Review(
        visit("finished").encounter,
        CLAIRE,
        DOCTOR,
        "Europe/Paris",
        progress,
        written,
        LINES,
        written is not None and written.status == "preliminary",
        tuple(replace(LINES[n], role=role, kind=kind) for n, role, kind in (
            (0, "patient", "connection_weak"), (1, "", "transcription_unavailable"), (2, "doctor", "connection_lost"))),
    )
    chosen = written.content.sections[1].sentences[1] if written and written.content.sections else None
    return lambda lang: (
        {
            "review": review,
            "note": written,
            "data": {},
            "typed": "",
            "selected": chosen,
            "editing_id": "",
            "undo": "",
            "section_choices": [("51848-0", "Conclusion")],
            "refusal": "",
            "exchangeable": {"c1"},
            "lines": {each.id: each for each in LINES},
            "clock": lambda s: f"{int(s) // 60:02d}:{int(s) % 60:02d}",
            "day": lambda when: "23 novembre",
            "time": "14:20",
            "moment": lambda when: "23 novembre, 14:35",
            "visit_id": "v1",
        }
        | {"day": "lundi 23 novembre 2026"}
        | more
    )


LETTER = Draft("v1", "fr", 2, "Dr Paul Renard\n2 rue du Port\n26000 Valence", [
    LetterParagraph(text="Chère consœur, cher confrère,"),
    LetterParagraph(text="Conclusion : Hypertension équilibrée hors oubli.", origin="edited", sentence_ids=["51848-0-0"]),
    LetterParagraph(text="Conduite à tenir : Automesure trois jours de suite. Contrôle dans un mois.",
                    sentence_ids=["18776-5-0", "18776-5-1"]),
    LetterParagraph(text="Merci de contrôler la kaliémie.", origin="typed"),
    LetterParagraph(text="Bien confraternellement,"),
], at(14, 55), signed=True, outdated=True, mine=True)


def template_page(**more: Any) -> Callable[[str], dict[str, Any]]:
    """The doctor's own template."""
    shaped = Template(left_out=["29762-2"], headings={"10164-2": "Histoire"},
                      standing={"29545-1": "Examen limité à ce que la vidéo laisse voir."})
    return lambda lang: {
        "layout": shaped, "titles": templates.titles(lang), "essential": templates.ESSENTIAL,
        "specialities": [("Cardiology", "Cardiologie")], "sample": templates.preview(shaped, lang),
        "figures": Revisions(12, 140, 12, 9, 6, 2100, 170), "errors": {}, "refusal": "", "saved": False, "unsaved": False,
    } | more


def letter_page(letter: Draft) -> Callable[[str], dict[str, Any]]:
    """The letter to Claire's own doctor."""
    sentences = {s.id: s for each in CONTENT.sections for s in each.sentences}
    return lambda lang: {"letter": letter, "note": note("final"), "patient": CLAIRE, "sentences": sentences,
                         "typed": None, "errors": {}, "refusal": "", "visit_id": "v1"}


PAGES = [
    Page("note", "doctor/note.html", "doctor", "queue", note_page(note("preliminary"))),
    Page("note-signed", "doctor/note.html", "doctor", "queue", note_page(note("amended"))),
    Page(
        "note-editing",
        "doctor/note.html",
        "doctor",
        "queue",
        note_page(note("preliminary"), editing_id="10164-2-1", undo="2"),
    ),
    Page("note-waiting", "doctor/note.html", "doctor", "queue", note_page(None, "drafting")),
    Page(
        "note-nothing",
        "doctor/note.html",
        "doctor",
        "queue",
        note_page(note("preliminary", NoteContent(title="Compte-rendu", reason="Rien de clinique n'a été dit."))),
    ),
    Page(
        "note-version",
        "doctor/note_version.html",
        "doctor",
        "queue",
        always(
            content=CONTENT,
            versions=[NoteVersion(1, "Colloque", at(14, 31)), NoteVersion(2, DOCTOR.name, at(14, 33))],
            now=note("preliminary"),
            number=1,
            visit_id="v1",
        ),
    ),
    Page(
        "summary",
        "doctor/summary.html",
        "doctor",
        "queue",
        lambda lang: (
            {"summary": SUMMARY, "note": note("final"), "patient": CLAIRE, "typed": None, "error": "", "visit_id": "v1"}
            | dates(lang)
        ),
    ),
    Page("template", "doctor/template.html", "doctor", "note-template", template_page()),
    Page("template-refused", "doctor/template.html", "doctor", "note-template", template_page(
        errors={"standing-29545-1": "This is too long."}, refusal="Please check the highlighted fields.", unsaved=True)),
    Page("letter", "doctor/letter.html", "doctor", "queue", letter_page(LETTER)),
    Page("letter-unsigned", "doctor/letter.html", "doctor", "queue",
         letter_page(Draft("v1", "fr", 0, "", [], None, signed=False, outdated=False, mine=True))),
    Page(
        "records",
        "doctor/patients.html",
        "doctor",
        "records",
        lambda lang: (
            {"query": "", "patients": [CaredFor("p1", CLAIRE, at(14, 15)), CaredFor("p2", HUGO, None)]} | dates(lang)
        ),
    ),
    Page(
        "record",
        "doctor/patient.html",
        "doctor",
        "records",
        lambda lang: (
            {"chart": Chart("p1", CLAIRE, 54, RECORD, PAST, SENT), "errors": {}, "typed": {}, "ended": ""} | dates(lang)
        ),
    ),
    Page(
        "record-empty",
        "doctor/patient.html",
        "doctor",
        "records",
        lambda lang: (
            {
                "chart": Chart("p1", HUGO, 6, EMPTY_RECORD, [], []),
                "errors": {"text": "Please fill in this field."},
                "typed": {},
                "ended": "e1",
            }
            | dates(lang)
        ),
    ),
]
