"""A word that was heard is no treatment until something says so; doubtful ones go to the doctor."""

from typing import Any

import pytest

from app.notes.drafting import Transcript, draft
from app.notes.language.meaning import recorded_allergy, sounds_like_allergy
from tests.app.notes.support import drafted, fact, facts, told, transcript, visit

TREATMENTS = "10160-0"


def treatments(text: str, lang: str = "fr", **patient: Any) -> str:
    made = drafted(text, lang, **patient)
    return "\n".join(s.text for s in made.sentences if s.section.code == TREATMENTS).lower()


@pytest.mark.parametrize(
    "heard", ["j'ai allergé pénicilline", "j'ai une lergie à la pénicilline", "j'ai allergies pénicilline", "allergique pénicilline"]
)
def test_what_may_be_an_allergy_is_no_treatment(heard: str) -> None:
    text = f"D: Bonjour.\nP: J'ai mal à la gorge depuis trois jours.\nD: Dans le dossier, {heard}.\nP: Oui, c'est ça."
    for record in ({}, {"record": {"allergies": ["Pénicilline"]}}):
        assert "nicilline" not in treatments(text, **record)


@pytest.mark.parametrize(
    "words", ["l'énergie", "Algérie", "alléger", "la lumière", "large", "allongé"]
)
def test_other_words_are_no_allergy(words: str) -> None:
    assert not sounds_like_allergy(words.lower().replace("é", "e").replace("è", "e").replace("'", " ").split(" ")[-1], "fr")


def test_a_drug_of_the_recorded_allergy_is_no_treatment_and_goes_to_the_doctor() -> None:
    made = drafted(
        "D: Bonjour.\nP: J'ai mal à la gorge depuis trois jours.\nD: Vous avez pénicilline, c'est ça ?\nP: Oui.",
        record={"allergies": ["Pénicilline"]},
    )
    assert "nicilline" not in "\n".join(s.text for s in made.sentences if s.section.code == TREATMENTS)
    beside = [*(o["text"] for o in made.omissions), *(s.text for s in made.sentences if s.section.code == "48765-2")]
    assert any("nicilline" in text for text in beside)


def test_a_drug_only_named_is_offered_and_not_written() -> None:
    made = drafted("D: Alors ?\nP: J'ai de la fièvre depuis hier. Le Doliprane, vous savez.\nD: Je vois.")
    assert "Doliprane" not in told(made)
    assert [o["type"] for o in made.omissions if "Doliprane" in o["text"]] == ["medication"]
    assert "à vérifier" in made.omissions[0]["text"]


@pytest.mark.parametrize(
    ("said", "lang"),
    [
        ("Je prends du Doliprane.", "fr"),
        ("Doliprane, un gramme.", "fr"),
        ("Du Doliprane, trois fois par jour.", "fr"),
        ("On m'a donné du Doliprane.", "fr"),
        ("I take Tylenol.", "en"),
        ("Tylenol, twice a day.", "en"),
    ],
)
def test_a_drug_that_is_taken_is_written(said: str, lang: str) -> None:
    symptom = "J'ai de la fièvre depuis hier." if lang == "fr" else "I have had a fever since yesterday."
    made = drafted(f"D: Oui ?\nP: {symptom} {said}\nD: Ok.", lang)
    assert ("Doliprane" if lang == "fr" else "Tylenol") in told(made)


def test_a_drug_of_the_record_needs_no_other_word() -> None:
    record = {"treatments": ["Ramipril 5 mg"]}
    assert "ramipril" in treatments("D: Le ramipril ?\nP: Oui, oui.\nD: Et la fièvre ?\nP: 38,5.", record=record)


def test_the_patient_is_not_under_what_somebody_else_takes() -> None:
    made = drafted(
        "D: Et votre colocataire ?\nP: Elle a fait le test à la pharmacie elle est sous antibiotique depuis hier et moi j'ai mal à la gorge."
    )
    patients = [f for f in made.facts if f.type == "medication" and f.is_patients]
    assert patients == []


def doubtful(text: str, place: int, **patient: Any) -> Transcript:
    """A dialogue of which the recogniser was not sure of one turn."""
    sure = transcript(text, **patient)
    dialogue = [
        {"speaker": t.speaker, "start": t.start, "end": t.end, "text": t.text, "low_confidence": t.index == place}
        for t in sure.turns
    ]
    return Transcript.from_json({"lang": "fr", "dialogue": dialogue})


VISIT = (
    "D: Bonjour, que se passe-t-il ?\nP: J'ai mal à la gorge depuis trois jours.\nD: Combien de température ?\n"
    "P: 38,9 ce matin.\nD: Je vous prescris du paracétamol, un gramme trois fois par jour pendant cinq jours.\nP: Merci."
)


def test_a_dose_badly_heard_is_offered_and_not_written() -> None:
    made = draft(doubtful(VISIT, 4))
    assert "aracétamol" not in told(made)
    assert any("aracétamol" in o["text"] and "mal entendu" in o["text"] for o in made.omissions)
    assert made.proposals == ()
    assert [f for f in made.facts if f.type == "medication"] == []
    assert "aracétamol 1 g" in told(draft(doubtful(VISIT, 5)))


def test_a_figure_badly_heard_is_offered_and_not_written() -> None:
    made = draft(doubtful(VISIT, 3))
    assert "38,9" not in told(made)
    assert any("38,9" in o["text"] for o in made.omissions)


def test_a_duration_badly_heard_is_written_with_a_flag() -> None:
    made = draft(doubtful(VISIT, 1))
    flagged = [s for s in made.sentences if s.flag]
    assert [s.text for s in flagged] == ["Odynophagie depuis 3 jours."]
    assert "pas sûre" in flagged[0].flag


def test_what_is_said_again_and_understood_is_not_in_doubt() -> None:
    text = VISIT + "\nD: Donc paracétamol, un gramme trois fois par jour pendant cinq jours.\nP: D'accord."
    made = draft(doubtful(text, 4))
    assert "aracétamol 1 g" in told(made)
    assert not any("aracétamol" in o["text"] for o in made.omissions)


@pytest.mark.parametrize("low", [{"avg_logprob": -0.9}, {"low_confidence": True}])
def test_low_confidence_is_read_from_the_segment(low: dict[str, Any]) -> None:
    made = Transcript.from_json({"lang": "fr", "dialogue": [{"speaker": "doctor", "text": "un deux", **low}]})
    assert made.turns[0].doubtful == ((0, 7),)
    assert made.turns[0].doubted(3, 7) == "deux"


def test_a_sure_segment_has_no_doubt() -> None:
    segment = {"speaker": "doctor", "text": "un", "avg_logprob": -0.2, "low_confidence": False}
    assert Transcript.from_json({"dialogue": [segment]}).turns[0].doubtful == ()


@pytest.mark.parametrize(
    ("label", "code", "line"),
    [
        ("amoxicilline", "J01CA04", "Pénicilline"),
        ("ibuprofène", "M01AE01", "AINS"),
        ("codéine", "R05DA04", "Codéine (vomissements)"),
        ("cotrimoxazole", "J01EE01", "Sulfamides"),
    ],
)
def test_an_allergy_covers_its_family(label: str, code: str, line: str) -> None:
    known = visit("D: Bonjour.", record={"allergies": [line]})
    assert recorded_allergy(label, code, known) == line
    assert recorded_allergy("paracétamol", "N02BE01", known) == ""


def test_a_prescription_against_an_allergy_is_flagged_and_a_conflict() -> None:
    made = drafted(
        "D: Oui ?\nP: J'ai mal à la gorge depuis trois jours.\nD: Je vous prescris de l'amoxicilline, un gramme deux fois par jour, six jours.",
        record={"allergies": ["Pénicilline"]},
    )
    flagged = next(s for s in made.sentences if "moxicilline" in s.text)
    assert "Allergie" in flagged.flag
    assert any("moxicilline" in c["said"] and c["recorded"] == "Pénicilline" for c in made.conflicts)


def test_no_allergies_said_against_the_record_is_a_conflict_and_not_a_sentence() -> None:
    made = drafted(
        "D: Oui ?\nP: J'ai mal à la gorge depuis trois jours.\nD: Des allergies ?\nP: Non, aucune.",
        record={"allergies": ["Latex"]},
    )
    assert "llergie" not in told(made)
    assert [c["type"] for c in made.conflicts] == ["allergy"]


@pytest.mark.parametrize(
    "order",
    [
        "Si le Seretide ne suffit pas, vous appelez le dix-huit.",
        "Si la Ventoline ne marche pas au bout de vingt minutes, c'est le quinze.",
        "Avec l'amlodipine, si ça gonfle, vous faites le cent douze.",
    ],
)
def test_a_number_to_call_is_no_dose(order: str) -> None:
    made = drafted(f"D: Oui ?\nP: J'ai le souffle court depuis trois jours.\nD: {order}\nP: D'accord.")
    assert " mg" not in told(made)
    assert not [f for f in made.facts if f.type == "medication" and f.value is not None]


def test_a_bare_number_right_after_a_drug_is_its_dose() -> None:
    found = facts("D: Vous prenez le bisoprolol ?\nP: Oui, cinq, le matin.\nD: Et le ramipril dix ?\nP: Tous les soirs.")
    assert fact("bisoprolol", found).value == 5.0
    assert fact("ramipril", found).value == 10.0


@pytest.mark.parametrize(
    ("answer", "lang"),
    [
        ("Naproxen makes me throw up.", "en"),
        ("Amoxicillin, it gave me hives.", "en"),
        ("Le kétoprofène me fait vomir.", "fr"),
        ("L'aspirine, ça m'a fait de l'urticaire.", "fr"),
        ("Codeine.", "en"),
    ],
)
def test_what_one_reacts_to_is_no_treatment(answer: str, lang: str) -> None:
    asked = "Are you allergic to anything?" if lang == "en" else "Vous êtes allergique à quelque chose ?"
    symptom = "I have had a cough for a week." if lang == "en" else "Je tousse depuis une semaine."
    made = drafted(f"D: Yes?\nP: {symptom}\nD: {asked}\nP: {answer}\nD: Ok.", lang)
    assert [f for f in made.facts if f.type == "medication"] == []
    assert [f for f in made.facts if f.type == "allergy" and f.polarity == "present"]


def test_the_most_that_may_be_taken_is_no_dose() -> None:
    found = facts("D: Doliprane mille si besoin, quatre grammes par jour maximum… non, pardon, trois grammes.\nP: Trois, d'accord.")
    drug = fact("paracétamol", found)
    assert (drug.value, drug.unit) == (1000.0, "mg")
    assert "4" not in drug.text


def test_how_long_stays_with_the_drug() -> None:
    found = facts("D: Je vous mets de la prednisone, vingt milligrammes le matin pendant trois jours.\nP: OK.")
    assert fact("prednisone", found).detail == "le matin, 3 jours"


def test_a_range_of_times_stays_a_range() -> None:
    found = facts("D: Le salbutamol, vous le prenez souvent ?\nP: Deux ou trois fois par jour.")
    assert fact("salbutamol", found).sig == "x2-3/j"


def test_an_answer_about_allergies_that_was_not_understood_is_shown_as_heard() -> None:
    made = drafted(
        "D: What brings you in?\nP: I have had a cough for a week.\nD: Are you allergic to anything?\nP: Amoxy silin gives me a rash.", "en"
    )
    assert [o["text"] for o in made.omissions if o["type"] == "allergy"] == [
        '"Amoxy silin gives me a rash" : amoxicillin ? (badly heard: please check)'
    ]
    assert not [f for f in made.facts if f.type in ("allergy", "medication")]


def test_a_badly_heard_allergy_of_the_record_is_understood_by_the_record() -> None:
    made = drafted(
        "D: Oui ?\nP: Il a de la fièvre depuis hier.\nD: J'ai une allergie au protéin de l'aide vache dans son dossier.\nP: Ah non, c'est fini, ça.",
        age=2,
        record={"allergies": ["Protéines de lait de vache"]},
    )
    assert [(f.label, f.temporality) for f in made.facts if f.type == "allergy"] == [("protéines de lait de vache", "resolved")]


def test_a_guessed_name_is_flagged() -> None:
    made = drafted(
        "D: Vous prenez toujours le périn d'oprile, cinq milligrammes ?\nP: Oui, tous les matins. Et je tousse.",
        record={"treatments": ["Périndopril 5 mg"]},
    )
    flagged = next(s for s in made.sentences if "érindopril" in s.text)
    assert "deviné" in flagged.flag


def test_a_drug_gone_through_without_a_question_mark_is_no_order() -> None:
    made = drafted(
        "D: Et l'atorvastatine vingt, tous les soirs.\nP: Alors, j'en prends un jour sur deux, et j'ai des crampes.",
        record={"treatments": ["Atorvastatine 20 mg le soir"]},
    )
    assert not [f for f in made.facts if f.status == "prescribed"]


def test_a_statement_with_a_tag_is_a_question() -> None:
    made = drafted(
        "D: You've been having some problems with your asthma. Is that right?\nP: Sorry, say that again?\nD: How can I help?\nP: I have had pins and needles for a month.", "en"
    )
    assert "asthma" not in told(made)
