"""Spoken words as a note writes them, and the summary for the patient."""

import pytest

from app.notes.directions import directives_fr
from app.notes.drafting import draft
from app.notes.language import conjugation_fr
from app.notes.signs import examined_fr
from app.notes.writing import wording_en, wording_fr
from app.notes.writing.summary import patient_summary
from tests.app.notes.support import drafted, told, transcript


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (
            "Buvez un litre et demi dans la journée, ne vous retenez pas.",
            "Boire un litre et demi dans la journée, ne pas se retenir",
        ),
        (
            "Si vous pouvez plus avaler votre salive ou que vous respirez mal, c'est le 15 direct.",
            "Si impossibilité d'avaler sa salive ou si gêne respiratoire : appeler le 15",
        ),
        ("Et lavez-vous bien les mains.", "Se laver bien les mains"),
        ("Vous le pesez ce soir et demain matin.", "Le peser ce soir et demain matin"),
        (
            "Si vous perdez de la force dans le pied, c'est les urgences tout de suite, on attend pas.",
            "Si perte de force dans le pied, urgences",
        ),
        (
            "Si elle est négative, vous le prenez pas et vous me rappelez.",
            "Si elle est négative, ne pas le prendre et rappeler le médecin",
        ),
        ("On se revoit au cabinet dans 3 mois.", "Revoir en consultation au cabinet dans 3 mois"),
        ("Écoutez madame, je préfère que vous alliez à la clinique.", "Aller à la clinique"),
        ("Vous allez consulter dès ce soir.", "Consulter dès ce soir"),
        ("S'il y a un souci, si il saigne, vous nous rappelez.", "Si un souci, s'il saigne, rappeler"),
        ("Votre glycémie, vous me la mesurez au réveil.", "Sa glycémie, la mesurer au réveil"),
        ("Si ça ne passe pas, vous me recontactez.", "Si ça ne passe pas, recontacter le médecin"),
        ("Vous me l'envoyez par le portail.", "L'envoyer au médecin par le portail"),
        ("Couchez-vous une heure avant de vous lever.", "Se coucher une heure avant de se lever"),
        ("Asseyez-vous pour l'enfiler.", "S'asseoir pour l'enfiler"),
        ("Vous ne le reprenez pas sans avis.", "Ne pas le reprendre sans avis"),
        ("Vous n'en mettez plus.", "Ne plus en mettre"),
        ("Si tu as de la fièvre, tu le dis à ta mère.", "Si le patient a de la fièvre, le dire à sa mère"),
        ("Si ça vous inquiète, vous m'écrivez.", "Si ça inquiète, écrire au médecin"),
        ("Je veux la voir demain au cabinet.", "La voir demain au cabinet"),
        ("Pour l'école, je fais un mot de deux jours.", "Pour l'école, le médecin fait un mot de deux jours"),
        ("Pas de port de charges, je vous fais un mot.", "Pas de port de charges, un mot"),
    ],
)
def test_french_directives(said: str, written: str) -> None:
    assert directives_fr.directive(said) == written


@pytest.mark.parametrize(("said", "written"), [
    ("If you cough blood or cannot catch your breath, call emergency services.",
     "If the patient coughs blood or cannot catch their breath, call emergency services"),
    ("If you can't sleep, take one more.", "If the patient can't sleep, take one more"),
    ("If you vomited, take it again.", "If the patient vomited, take it again"),
    ("If you pass out, call an ambulance.", "If the patient passes out, call an ambulance"),
    ("If you still have a fever on Friday, come back.", "If the patient still has a fever on Friday, come back"),
])
def test_english_directives(said: str, written: str) -> None:
    assert wording_en.directive(said, None) == written


def test_a_directive_that_stays_personal_is_given_up() -> None:
    assert directives_fr.directive("Moi je vous dis ce que je pense de votre projet.") is None


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("si je bois un verre", "si le patient boit un verre"),
        ("quand je m'allonge", "quand le patient s'allonge"),
        ("si j'avais mal", "si le patient avait mal"),
    ],
)
def test_a_case_that_the_patient_asks_about_is_told_of_the_patient(said: str, written: str) -> None:
    assert conjugation_fr.of_the_patient(said) == written


def test_english_third_person() -> None:
    assert (
        wording_en.third_person("Um, I've been taking my medication.", "F")
        == "The patient has been taking her medication"
    )
    assert wording_en.third_person("you know what you did", None) is None


def test_denials_and_lists() -> None:
    assert wording_fr.denial(["toux", "nausées", "otalgie"]) == "Pas de toux, de nausées ni d'otalgie"
    assert wording_en.denial(["cough", "fever"]) == "Denies cough or fever"


def test_the_summary_says_what_to_do_and_when_to_call() -> None:
    made = draft(
        transcript(
            "D: Alors ?\nP: J'ai mal à la gorge depuis trois jours, et de la fièvre, trente-huit cinq.\nD: C'est une angine. Doliprane, un gramme trois fois par jour, cinq jours. "
            "Si vous respirez mal, c'est le quinze. Buvez beaucoup d'eau.\nP: Merci docteur."
        )
    )
    paragraphs = patient_summary(made, "fr")
    assert any(p.startswith("Vos médicaments : Paracétamol (Doliprane) 1 g") for p in paragraphs)
    assert any("Quand rappeler" in p and "15" in p for p in paragraphs)


def test_no_summary_without_a_draft() -> None:
    assert patient_summary(draft(transcript("D: Bonjour.\nP: Bonjour.")), "fr") == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("I have pain in my right shoulder", "The patient has pain in their right shoulder"),
        ("I'm not feeling well at all", "The patient is not feeling well at all"),
        ("I saw a doctor last week about it", "The patient saw a doctor last week about it"),
        ("Well, I fell on my right side, right", "The patient fell on their right side"),
    ],
)
def test_words_that_are_no_fillers_stay(said: str, told: str) -> None:
    assert wording_en.third_person(said, None) == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("J'ai mal au coude gauche depuis deux semaines, surtout en portant des sacs.", "Douleur du coude gauche depuis 2 semaines, surtout en portant des sacs"),
        ("J'ai mal à la hanche droite depuis hier.", "Douleur de hanche droite depuis hier"),
        ("J'ai mal au ventre du côté droit depuis hier.", "Douleur abdominale à droite depuis hier"),
    ],
)
def test_side_and_circumstance_stay_with_the_symptom(said: str, told: str) -> None:
    made = drafted(f"D: Alors ?\nP: {said}\nD: Je vois, on en parle au cabinet.")
    assert told in "\n".join(s.text for s in made.sentences)


def test_what_is_seen_is_told_of_the_patient_from_the_first_word() -> None:
    assert examined_fr.observed("Vous parlez sans vous arrêter, ça c'est bien.") == "parle sans s'arrêter"


@pytest.mark.parametrize(
    ("seen", "told"),
    [("Vous descendez jusqu'aux genoux", "descend jusqu'aux genoux"), ("vous répondez bien", "répond bien"),
     ("vous demandez à voir", "demande à voir"), ("vous tendez le bras", "tend le bras"), ("vous mettez du temps", "met du temps")],
)  # fmt: skip
def test_verbs_of_what_is_seen(seen: str, told: str) -> None:
    assert examined_fr.observed(seen) == told


def test_what_the_patient_shall_say_elsewhere_stays_theirs() -> None:
    said = directives_fr.directive("Vous consultez en urgence en disant que vous revenez d'une zone à risque.")
    assert said == "Consulter en urgence en disant que le patient revient d'une zone à risque"


def test_what_was_shown_is_told_without_the_request() -> None:
    made = drafted("P: J'ai mal au pied.\nD: Penchez l'écran… Oui, l'orteil est rouge et gonflé.")
    assert "À la vidéo : l'orteil est rouge et gonflé" in told(made)


@pytest.mark.parametrize(("said", "told"), [
    ("Il faut que vous alliez aux urgences les plus proches de chez vous.", "Aller aux urgences les plus proches du domicile"),
    ("Vous restez chez vous, assez au calme.", "Rester à domicile, assez au calme"),
    ("Il faudrait que vous fassiez une radio et que vous buviez plus.", "Faire une radio et boire plus"),
    ("Il faut que vous vérifiiez la tension.", "Vérifier la tension"),
    ("Il faut que vous soyez à jeun.", "Être à jeun"),
    ("Vous ne fumez plus.", "Ne plus fumer"),
])  # fmt: skip
def test_a_wish_is_told_in_the_infinitive(said: str, told: str) -> None:
    assert directives_fr.directive(said) == told


@pytest.mark.parametrize(("verb", "told"), [("laissez", "laisser"), ("baissez", "baisser"), ("réfléchissez", "réfléchir"), ("remplissez", "remplir"), ("glissez", "glisser")])
def test_verbs_in_issez(verb: str, told: str) -> None:
    assert directives_fr.infinitive(verb) == told


@pytest.mark.parametrize(
    ("said", "told_as"),
    [
        ("Depuis mardi ça me réveille deux fois par nuit, c'est pire couché.", "Le patient : « Depuis mardi ça me réveille 2 fois par nuit, c'est pire couché »"),
        ("C'est pi- pire le soir, ça me pren- réveille depuis mardi.", None),
    ],
)
def test_what_no_fact_tells_is_quoted_as_it_was_said_unless_it_stumbles(said: str, told_as: str | None) -> None:
    note = told(drafted(f"D: Qu'est-ce qui vous amène ?\nP: J'ai de la fièvre.\nD: Et avant ?\nP: {said}"))
    assert ("Le patient :" in note) == (told_as is not None)
    assert told_as is None or told_as in note
