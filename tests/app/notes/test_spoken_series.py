"""Figures told one after the other, asked back by the patient, of another kind than their neighbours, or of nobody."""

import pytest

from tests.app.notes.support import facts


def values(text: str, label: str, **patient: object) -> list[object]:
    return [f.value for f in facts(text, **patient) if f.label == label]


@pytest.mark.parametrize(
    ("text", "label", "told"),
    [
        ("D: La ferritine est à vingt-deux.\nP: Ah.\nD: Quarante en avril, trente et un l'an passé.", "ferritine", [22, 40, 31]),
        ("P: Et la CRP ?\nD: Douze, elle a bien baissé.", "CRP", [12]),
        ("D: Le potassium est nickel, quatre virgule deux.", "potassium", [4.2]),
        ("D: Respirez. Vous respirez à vingt-quatre par minute.", "fréquence respiratoire", [24]),
        ("D: Votre rein ?\nP: Hm.\nD: Le débit du rein, vous étiez à cinquante-cinq, là vous êtes à quarante-huit.", "débit de filtration glomérulaire", [55, 48]),
        ("D: Carbamazépine à sept virgule deux milligrammes par litre.", "dosage carbamazépine", [7.2]),
        ("D: À la hanche, moins deux virgule trois.", "T-score fémoral", [-2.3]),
        ("D: Votre diabète, alors ?\nP: Un gramme trente-deux ce matin.", "glycémie", [1.32]),
        ("P: Au doigt j'ai quatre-vingt-huit.\nD: Réchauffez-vous.\nP: Voilà, saturation quatre-vingt-quinze.\nD: On retient quatre-vingt-quinze.", "saturation en oxygène", [95]),
    ],
)  # fmt: skip
def test_told(text: str, label: str, told: list[float]) -> None:
    assert sorted(values(text, label)) == sorted(told)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("P: Je passe de deux à trois verres.", "poids"),
        ("P: Je porte des cartons de trente kilos.", "poids"),
        ("P: Lui, il pèse quatre-vingt-dix kilos, je peux pas le lever.", "poids"),
        ("P: Je suis arrivée à cinquante pompes.", "poids"),
        ("D: Avec les triglycérides, on reste à vingt.", "triglycérides"),
        ("P: Et les reins ?\nD: Je le monte à quatre-vingts, prudent avec le rein, soixante le matin.", "débit de filtration glomérulaire"),
        ("D: Diabétique ?\nP: Oui, et du Doliprane, un gramme cinquante.", "glycémie"),
        ("P: Le cœur à deux cents à l'heure.", "fréquence cardiaque"),
    ],
)
def test_counts_something_else(text: str, label: str) -> None:
    assert not values(text, label, age=50)


def test_the_level_of_a_drug_is_no_dose() -> None:
    found = facts("D: Lithium à zéro virgule huit milligrammes par litre.")
    assert not [f for f in found if f.type == "medication" and f.value is not None]


@pytest.mark.parametrize(
    ("text", "label", "told"),
    [
        ("D: L'INR ?\nP: Deux virgule cinq mardi, et trois deux la semaine d'avant.", "INR", [(2.5, "current"), (3.2, "past")]),
        ("D: Les plaquettes sont à cent mille, elles étaient à cent trente mille il y a un an.", "plaquettes", [(100000, "current"), (130000, "past")]),
        ("D: La créatinine est à quatre-vingt-dix, comme en avril.", "créatinine", [(90, "current")]),
        ("D: Le pouls ?\nP: Soixante-deux. Avant le cachet j'étais à quatre-vingt-dix.", "poids", []),
        ("D: Le tour de cuisse, vous avez mesuré ?\nP: Trente-huit à gauche, trente-six à droite.", "température", []),
    ],
)
def test_each_value_has_its_own_time(text: str, label: str, told: list[tuple[float, str]]) -> None:
    found = facts(f"P: J'ai eu de la fièvre.\n{text}", age=50)
    assert sorted((f.value, f.temporality) for f in found if f.label == label) == sorted(told)
