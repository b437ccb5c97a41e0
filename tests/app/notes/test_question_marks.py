"""Question marks that the recogniser lost are put back, in French, where many are missing."""

import json
from pathlib import Path

import pytest

from app.notes.drafting import Transcript, draft
from app.notes.language.question_marks import marked
from bench.notes import unmarked
from tests.app.notes.support import told, transcript

GOLDEN = Path(__file__).parents[2] / "golden"
TALK = (
    "D: Et la toux, elle est grasse.|P: Plutôt sèche, depuis mardi.",
    "D: De la fièvre.|P: Non, aucune.",
    "D: Vous avez mal aux oreilles.|P: Non plus.",
    "D: Et le Seresta, un le soir.|P: Je l'ai arrêté, ça fait deux mois.",
    "D: Est-ce que vous fumez.|P: Non.",
)
ORDERS = (
    "D: Bon. Paracétamol, un gramme trois fois par jour, pendant cinq jours.|P: D'accord.",
    "D: On fait une radio du genou, je vous envoie l'ordonnance.|P: Merci docteur.",
    "D: Vous buvez beaucoup d'eau.|P: Entendu.",
)


def visit(*parts: str, lang: str = "fr") -> Transcript:
    return transcript("\n".join(parts).replace("|", "\n"), lang)


def asked(transcript: Transcript) -> list[str]:
    return [turn.text for turn in marked(transcript).turns if "?" in turn.text]


@pytest.mark.parametrize("exchange", TALK)
def test_what_is_answered_like_a_question_is_one(exchange: str) -> None:
    question = exchange.split("|")[0][3:]
    assert question[:-1] + "?" in asked(visit(*TALK))
    assert len(marked(visit(*TALK)).turns[0].text) == len(TALK[0].split("|")[0][3:])


@pytest.mark.parametrize("exchange", ORDERS)
def test_an_order_that_is_agreed_to_is_none(exchange: str) -> None:
    assert asked(visit(*TALK, exchange)) == asked(visit(*TALK))


def test_speech_with_its_marks_and_english_speech_are_left_alone() -> None:
    with_marks = visit(*(part.replace(".|", " ?|") for part in TALK), "D: Et l'appétit, bon.|P: Oui, ça va.")
    assert marked(with_marks) == with_marks
    english = visit(
        "D: Any fever.|P: No.", "D: Do you smoke.|P: No.", "D: Any cough.|P: Yes.", "D: And pain.|P: No.", lang="en"
    )
    assert marked(english) == english


def test_a_drug_that_is_only_asked_about_is_not_prescribed() -> None:
    note = told(draft(visit(*TALK)))
    assert "Pas de fièvre" in note
    assert note.count("Seresta") == 1 and "Oxazépam (Seresta) : arrêté" in note, note


def test_the_drafts_of_a_visit_without_marks_say_nearly_what_those_with_marks_say() -> None:
    items = [json.loads(line) for line in (GOLDEN / "held_out.jsonl").read_text(encoding="utf-8").splitlines()]
    items = [item for item in items if item.get("lang", "fr") == "fr" and item["facts"]]
    kept = total = 0
    for item in items:
        whole = {f.text for f in draft(Transcript.from_json(item)).facts}
        bare = {f.text for f in draft(Transcript.from_json(unmarked(item))).facts}
        kept, total = kept + len(whole & bare), total + len(whole)
    assert kept > 0.9 * total
