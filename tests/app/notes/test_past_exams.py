"""Examinations and pregnancies dated by the patient, what the doctor sees on demand; in other words than the golden dialogues'."""

import pytest

from tests.app.notes.support import fact, facts, labels


@pytest.mark.parametrize(
    ("dialogue", "label", "text"),
    [
        ("D: La coloscopie ?\nP: En janvier, rien de spécial.", "coloscopie", "coloscopie en janvier : rien de spécial"),
        ("P: IRM en 2021, nickel.", "IRM", "IRM en 2021 : normal"),
        ("D: Et le cœur, l'épreuve d'effort ?\nP: Faite en mars.", "épreuve d'effort", "épreuve d'effort en mars"),
        ("D: Votre dernière radio ?\nP: L'an dernier, de l'arthrose.", "radiographie", "radiographie l'an dernier : arthrose"),
    ],
)
def test_an_exam_is_told_with_its_date_and_what_it_showed(dialogue: str, label: str, text: str) -> None:
    found = fact(label, facts(dialogue), type="procedure")
    assert (found.text, found.temporality) == (text, "past")


@pytest.mark.parametrize(
    "dialogue",
    [
        "D: Et la coloscopie ?\nP: Prévue en mars.",
        "D: La coloscopie ?\nP: Mon frère en a fait une en mai.",
        "D: La coloscopie ?\nP: Pas encore.",
        "D: Une coloscopie ?\nP: La semaine dernière j'ai vu le chirurgien.",
        "D: Vous avez déjà eu une coloscopie ?\nP: Une fibroscopie, en 2015.",
        "P: Ma femme a fait une coloscopie en juin, rien de spécial.",
    ],
)
def test_an_exam_that_was_not_done_is_none(dialogue: str) -> None:
    assert "coloscopie" not in labels(facts(dialogue), type="procedure")


@pytest.mark.parametrize(
    ("dialogue", "text"),
    [
        ("D: Le bébé bouge ?\nP: Oui.\nD: Vous êtes à combien de semaines ?\nP: Vingt-sept et deux jours.", "grossesse de 27 SA + 2 jours"),
        ("D: Félicitations pour cette grossesse ! Vous en êtes à dix semaines ?\nP: Oui.", "grossesse de 10 SA"),
    ],
)
def test_the_weeks_of_a_pregnancy_are_asked_for(dialogue: str, text: str) -> None:
    assert text in {f.text for f in facts(dialogue)}


@pytest.mark.parametrize(
    "dialogue",
    [
        "P: Je suis enceinte.\nD: Vous toussez depuis combien de semaines ?\nP: Trois semaines.",
        "P: J'ai été opéré du genou.\nD: Vous en êtes à combien de semaines ?\nP: Six semaines.",
    ],
)
def test_other_weeks_are_no_pregnancy(dialogue: str) -> None:
    assert not [f for f in facts(dialogue) if f.value and f.label == "grossesse"]


@pytest.mark.parametrize(
    "said",
    ["Levez son pyjama… Il ne tire pas, il respire calmement.", "Penchez la tête… Bonne ouverture de la bouche.", "Montrez la plaie… je ne vois pas de rougeur autour."],
)
def test_what_is_seen_on_demand_is_an_inspection(said: str) -> None:
    assert [f.status for f in facts(f"D: {said}") if f.type == "procedure"] == ["seen"]


@pytest.mark.parametrize("said", ["Je vois marqué asthme dans le dossier.", "Je vois une CRP à douze, en mai.", "Je vois votre courrier."])
def test_what_is_read_is_not_seen(said: str) -> None:
    assert not [f for f in facts(f"D: {said}") if f.status == "seen"]


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("P: Il a une hernie à l'aine depuis un mois.", "hernie discale"),
        ("P: On m'a trouvé une gastrite.", "ulcère gastroduodénal"),
        ("P: J'ai changé de lessive.", "fatigue"),
    ],
)
def test_a_word_that_names_something_else(said: str, label: str) -> None:
    assert label not in labels(facts(said))
