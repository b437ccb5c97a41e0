"""What is no instruction though it sounds like one, and instructions that name no verb of a list."""

import pytest

from app.notes.facts import Fact
from tests.app.notes.support import drafted, facts

ILL = "P: J'ai mal à la gorge et de la fièvre.\n"


def of(found: list[Fact], *types: str) -> list[Fact]:
    return [f for f in found if f.type in types]


def listed(said: str, *types: str) -> list[str]:
    """The facts of these types that stand beside the note."""
    return [f.text for f in of(list(drafted(ILL + said).facts), *types)]


@pytest.mark.parametrize(
    "said",
    [
        "D: Allez, bon courage pour le déménagement.\nP: Merci.",
        "D: Racontez-la moi depuis le début, votre chute.\nP: Oui.",
        "D: C'est mal remboursé, je préfère vous le dire.\nP: Ah.",
        "D: Monsieur, vous pouvez rentrer.\nP: Me voilà.",
        "D: Au repos, les mains sont calmes.\nP: Oui.",
        "D: Alors, vous voulez arrêter de fumer.\nP: Oui.",
        "D: La dose, il faut monter.\nP: D'accord.",
        "D: Rangez-le dans la salle de bain.\nP: D'accord.",
        "D: Vous pouvez le couper en quatre.\nP: D'accord.",
        "D: Le médicament, deux heures d'écart au moins.\nP: D'accord.",
        "D: Faites bien attention à vous.\nP: Merci.",
        "D: Il faut bien compter deux semaines avant d'être tranquille.\nP: Ah.",
        "D: Continuez comme ça, c'est très bien.\nP: Merci.",
    ],
)
def test_no_advice(said: str) -> None:
    assert listed(said, "advice", "plan") == []


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("D: Relevez-vous doucement, et asseyez-vous une minute avant.\nP: D'accord.", "asseoir"),
        ("D: La tablette, Jules, dehors de la chambre à neuf heures.\nP: OK.", "tablette"),
        ("D: Rien après vingt heures.\nP: D'accord.", "20"),
        ("D: Il y a aussi le trente dix-huit, c'est anonyme.\nP: D'accord.", "3018"),
        ("D: Pas d'écran après le dîner, coucher à heure fixe.\nP: D'accord.", "écran"),
        ("D: On n'arrête jamais ce traitement-là pour une extraction.\nP: D'accord.", "extraction"),
        ("D: Contre les crampes, des étirements, de l'eau avant de dormir.\nP: Oui.", "étirements"),
        ("D: Il faudrait que vous perdiez un peu de poids avant l'opération.\nP: Oui.", "Perdre"),
        ("D: Indice cinquante, même quand c'est nuageux.\nP: D'accord.", "50"),
    ],
)
def test_advice_without_a_common_verb(said: str, word: str) -> None:
    (told,) = listed(said, "advice")
    assert word in told


def test_a_remedy_that_is_dropped_is_absent() -> None:
    (told,) = of(facts(ILL + "P: Et le spray de ma fille ?\nD: Le spray, on oublie.\nP: Bon."), "advice")
    assert told.polarity == "absent"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Je vous adresse au centre de la douleur, le docteur Prieur.", "centre de la douleur"),
        ("Je peux vous orienter vers un groupe de parole, c'est gratuit.", "groupe de parole"),
        ("Je vous envoie à la consultation mémoire, et on verra après.", "consultation mémoire"),
    ],
)
def test_where_one_is_sent_in_the_words_that_were_said(said: str, words: str) -> None:
    (plan,) = of(facts(f"{ILL}D: {said}\nP: D'accord."), "plan")
    assert words in plan.text
    assert plan.certainty in ("certain", "conditional")


@pytest.mark.parametrize(
    "said",
    ["Je vous envoie au labo d'en bas.", "Je l'envoie à la pharmacie.", "Je vous adresse la copie par mail.", "Je ne vous adresse pas à un centre pour ça."],
)
def test_a_paper_that_is_sent_is_no_referral(said: str) -> None:
    assert not [p for p in of(facts(f"{ILL}D: {said}\nP: D'accord."), "plan") if "orientation" in p.text]


def test_analyses_are_told_as_they_were_asked_for() -> None:
    (plan,) = of(facts(f"{ILL}D: Je vous fais une prise de sang : ferritine, vitamine D, calcium.\nP: D'accord."), "plan")
    assert plan.text == "prise de sang : ferritine, vitamine D, calcium"


@pytest.mark.parametrize(
    "said",
    [
        "Il faut la TSH en dessous de trois pour un bébé.",
        "Et ça divise le PSA par deux.",
        "C'est marqué nulle part, la coloscopie. Je l'ajoute à la fiche.",
    ],
)
def test_an_exam_that_is_spoken_of_is_not_ordered(said: str) -> None:
    assert of(facts(f"{ILL}D: {said}\nP: D'accord."), "plan") == []


def test_orders_said_once_more_at_the_end_are_told_once() -> None:
    found = facts(
        f"{ILL}D: Je vous fais une radio du poignet.\nP: Oui.\nD: Et je vous adresse au dentiste.\nP: Oui.\nD: Donc, pour mémoire : la radio, le dentiste.\nP: Noté."
    )
    assert [p.turns[-1] for p in of(found, "plan")] == [1, 3]


def test_no_exam_for_one_thing_beside_the_exam_for_another() -> None:
    found = facts(
        f"{ILL}P: Pas de prise de sang pour les hormones ?\nD: Ça n'apporte rien.\nP: Ah.\nD: Par contre, prise de sang à jeun : ferritine, calcium.\nP: Oui."
    )
    assert [p.polarity for p in of(found, "plan")] == ["present"]


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("P: Et si j'en fume une avec ?\nD: Non, c'est des histoires.", 0),
        ("P: Et si mercredi ça brûle encore ?\nD: On refait l'analyse, tout simplement.", 1),
        ("P: Le médecin-conseil, il va pas me convoquer ?\nD: On n'en parle pas encore.", 0),
    ],
)
def test_what_if(said: str, count: int) -> None:
    assert len(of(facts(ILL + said), "advice", "plan")) == count


def test_a_treatment_that_is_prolonged_is_no_leave() -> None:
    found = facts(f"{ILL}D: Finalement je prolonge les injections, une semaine de plus.\nP: Bon.\nD: L'amlodipine, je l'arrête pour de bon.\nP: Bien.")
    assert of(found, "work_stoppage") == []


def test_leave_is_still_prolonged() -> None:
    (leave,) = of(facts(f"{ILL}D: Je prolonge d'une semaine, jusqu'au dix-huit.\nP: Merci."), "work_stoppage")
    assert leave.polarity == "present"


def test_a_meeting_is_told_though_the_screen_is_named() -> None:
    (plan,) = of(facts(f"{ILL}D: Je vous revois mardi en vrai, à l'écran j'entends que les voitures.\nP: D'accord."), "plan")
    assert plan.status == "follow-up"


def test_a_measure_to_be_taken_again() -> None:
    (plan,) = of(facts(f"{ILL}D: Le poids, vous l'avez ?\nP: Soixante-dix.\nD: Vous le referez dans dix jours.\nP: Oui."), "plan")
    assert "poids" in plan.text
    assert plan.unit == "d"


@pytest.mark.parametrize("said", ["Ah oui, je vois les étagères derrière vous.", "Montrez. Le reste du temps, vous marchez normalement, ne restez pas assis."])
def test_not_seen_on_the_patient(said: str) -> None:
    assert [p for p in of(facts(f"{ILL}D: {said}\nP: Oui."), "procedure") if p.status == "seen"] == []


@pytest.mark.parametrize(
    "said", ["Je vois des marques rouges sur le front.", "Je vous regarde. Vous ne penchez pas d'un côté, vous avez les lèvres roses."]
)
def test_seen_on_the_patient(said: str) -> None:
    found = facts(f"{ILL}D: {said}\nP: Oui.")
    assert [p.status for p in of(found, "procedure")][:1] == ["seen"]
    assert of(found, "advice") == []


def test_the_brands_of_a_class_that_is_forbidden() -> None:
    found = facts(f"{ILL}D: Pas d'anti-inflammatoires, hein, ni Nurofen ni rien.\nP: Bon.")
    assert [f.text for f in of(found, "advice")] == ["pas d'anti-inflammatoires (AINS)"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("D: Et le rendez-vous avec l'anesthésiste, il est pris ?\nP: Le trois mars à dix heures.", ("anesthésiste", "3 mars")),
        ("P: Je dois revoir mon cardiologue le douze.", ("cardiologue", "12")),
        ("P: J'ai rendez-vous chez la dermatologue mardi.", ("dermatologue", "mardi")),
    ],
)
def test_an_appointment_that_the_patient_has(said: str, words: tuple[str, ...]) -> None:
    (plan,) = of(facts(ILL + said), "plan")
    assert all(word in plan.text for word in words)


@pytest.mark.parametrize(
    "said",
    [
        "P: J'ai rendez-vous au garage mardi.",
        "P: Ma fille a rendez-vous chez le dentiste lundi.",
        "P: J'avais rendez-vous chez l'ORL jeudi, je l'ai raté.",
        "P: Je vois la différence depuis mardi.",
    ],
)
def test_no_appointment_of_the_patient(said: str) -> None:
    assert of(facts(ILL + said), "plan") == []


def test_the_same_in_another_case() -> None:
    found = facts(f"{ILL}D: Si la plaie gonfle, vous m'appelez. Pareil si elle se rouvre.\nP: D'accord.")
    alarms = [f.text for f in of(found, "advice")]
    assert len(alarms) == 2
    assert "rouvre" in alarms[1]
    assert "appel" in alarms[1]


def test_an_old_examination_that_the_doctor_reads_out() -> None:
    (told,) = of(facts(f"{ILL}D: Le scanner de deux mille vingt montrait un kyste.\nP: Ah."), "procedure")
    assert (told.text.split()[0], told.temporality) == ("scanner", "past")


@pytest.mark.parametrize(
    ("said", "polarity"),
    [
        ("D: Vous voulez que je vous arrête quelques jours ?\nP: Non, je préfère travailler.", "absent"),
        ("D: Je vous refais l'arrêt, du douze au vingt.\nP: Merci.", "present"),
    ],
)
def test_leave_in_other_words(said: str, polarity: str) -> None:
    (leave,) = of(facts(ILL + said), "work_stoppage")
    assert leave.polarity == polarity


def test_an_exam_that_the_doctor_sees_no_use_in() -> None:
    (plan,) = of(facts(f"{ILL}D: Un scanner pour ça, je vois pas l'utilité.\nP: Bon."), "plan")
    assert plan.polarity == "absent"


def test_come_and_show_me() -> None:
    (alarm,) = of(facts(f"{ILL}D: La brûlure, si ça cloque ou si ça sent mauvais, vous venez me la montrer.\nP: Oui."), "advice")
    assert alarm.status == "alert"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("D: J'appelle la sage-femme, elle passe chez vous la semaine prochaine.\nP: D'accord.", "sage-femme"),
        ("D: Et de la kiné, douze séances.\nP: D'accord.", "kinésithérapeute"),
        ("P: Et le vaccin de la rage, ils en parlent.\nD: Avec les chauves-souris là-bas, je vous le recommande.\nP: Bon.", "rage"),
        ("D: L'ORL de l'hôpital vous prend jeudi.\nP: Très bien.", "ORL"),
        ("D: Vous me rappelez mardi pour me raconter.\nP: Très bien.", "mardi"),
    ],
)
def test_orders_in_other_words(said: str, words: str) -> None:
    (plan,) = of(facts(ILL + said), "plan")
    assert words in plan.text


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ("Le Xarelto, on le suspend trois jours avant l'extraction.", "Arrêt de rivaroxaban (Xarelto) 3 jours avant l'extraction."),
        ("Vous arrêtez la metformine deux jours avant le scanner.", "Arrêt de metformine 2 jours avant le scanner."),
        ("Le Kardégic, stop cinq jours avant l'opération.", "Arrêt d'aspirine (Kardegic) 5 jours avant l'opération."),
        ("Vous arrêtez l'Advil.", "Arrêt d'ibuprofène (Advil)."),
    ],
)
def test_a_stop_is_told_once_with_how_long_it_lasts(order: str, text: str) -> None:
    made = drafted(f"P: J'ai mal à la gorge.\nD: {order}\nP: D'accord.")
    assert [s.text for s in made.sentences if any(f.status in ("stop", "advice") for f in s.facts)] == [text]
    assert not made.omissions
