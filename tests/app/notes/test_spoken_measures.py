"""Measures as French patients and doctors say them: figures alone, in lists, compared, corrected; and what is no measure."""

import pytest

from tests.app.notes.support import fact, facts


def told(dialogue: str, label: str, age: int | None = 50) -> list[object]:
    return [f.value for f in facts(dialogue, age=age) if f.label == label and f.is_patients]


PRESSURE, WEIGHT, HEAT = "pression artérielle", "poids", "température"


@pytest.mark.parametrize(
    ("dialogue", "values"),
    [
        ("D: Et la tension ?\nP: Quatorze et demi sur huit et demi.", ["145/85"]),
        ("D: La tension ?\nP: Douze deux sur sept huit, je lis ce qui est marqué.", ["122/78"]),
        ("D: La tension ?\nP: Lundi cent vingt-huit, quatre-vingt-un.", ["128/81"]),
        ("D: Votre tension ?\nP: Quinze en haut, neuf en bas.", ["150/90"]),
        ("D: La tension ?\nP: Entre douze et treize, sur sept.", ["120-130/70"]),
        ("D: Vous avez mal, et la tension ?\nP: Malgré la douleur, douze huit.", ["120/80"]),
        ("D: Vous avez un tensiomètre ?\nP: Attendez, je vais le chercher.\nD: Prenez votre temps.\nP: Onze sept.", ["110/70"]),
        ("D: Couché et debout, la tension ?\nP: Debout douze six, couché quatorze sept.", ["120/60", "140/70"]),
        ("D: La tension, on veut moins de treize huit, hein.\nP: D'accord.", []),
        ("D: La tension ?\nP: Mon frère lui il est à dix-sept dix, moi douze sept.", ["120/70"]),
        ("D: Vous habitez où ?\nP: Au douze, huit rue des Roses.", []),
        ("D: Vous prenez quoi pour la tension ?\nP: Le cachet pour la tension. Douze cinq.", []),
    ],
)
def test_pressures(dialogue: str, values: list[str]) -> None:
    assert told(dialogue, PRESSURE) == values


@pytest.mark.parametrize(
    ("dialogue", "values"),
    [
        ("D: Elle est montée à combien ?\nR: Quarante et deux dixièmes, hier.\nD: Et au réveil ?\nR: Trente-neuf et demi.", [40.2, 39.5]),
        ("D: De la fièvre ?\nP: Trente-huit degrés et demi.", [38.5]),
        ("D: La température ?\nP: Trente-six cinq, trente-six neuf.", ["36.5-36.9"]),
        ("D: De la température ?\nP: À peine plus de trente-huit.", [38.0]),
        ("D: Si elle passe au-dessus de trente-neuf, appelez.\nR: Trente-neuf, d'accord.", []),
        ("D: On reste à soixante-quinze un mois, ensuite trente-sept et demi.\nP: Trente-sept et demi, noté.", []),
        ("D: De la fièvre ?\nP: Le thermomètre marchait pas.", []),
    ],
)  # fmt: skip
def test_temperatures(dialogue: str, values: list[object]) -> None:
    assert told(dialogue, HEAT) == values


@pytest.mark.parametrize(
    ("dialogue", "values"),
    [
        ("D: Le poids ?\nP: Soixante-dix et des brouettes. Disons soixante-dix quatre.", [70.4]),
        ("D: Vous avez minci ?\nP: Oui, de quatre-vingt-dix à quatre-vingt-deux kilos.", [82.0, 90.0]),
        ("D: Le poids ?\nP: Soixante-quatre, au lieu de soixante-neuf en mai.", [64.0, 69.0]),
        ("D: Vous avez maigri ?\nP: Non, je fais toujours soixante-six.", [66.0]),
        ("D: Vous pesez ?\nP: Cinquante kilos et demi.", [50.5]),
        ("D: Je dois peser combien ?\nD: L'idéal serait de descendre à quatre-vingt-dix.", []),
        ("D: Le poids ?\nP: Stable.\nD: Votre âge ?\nP: Soixante-deux.", []),
        ("D: Le poids ?\nP: J'ai deux kilos de trop.", []),
    ],
)
def test_weights(dialogue: str, values: list[float]) -> None:
    assert told(dialogue, WEIGHT) == values


@pytest.mark.parametrize(
    ("dialogue", "label", "values"),
    [
        ("D: L'hémoglobine glyquée revient à six pour cent neuf.", "HbA1c", [6.9]),
        ("D: La TSH passe de six virgule deux à trois virgule un.", "TSH", [3.1, 6.2]),
        ("D: Glyquée à huit deux, contre sept cinq en mars.", "HbA1c", [8.2, 7.5]),
        ("D: L'INR, je l'ai.\nP: Alors ?\nD: Trois virgule deux.", "INR", [3.2]),
        ("D: La TSH est à deux. La norme s'arrête à quatre.", "TSH", [2.0]),
        ("D: Les leucocytes sont à onze mille six.", "leucocytes", [11600.0]),
        ("D: Les ASAT et les ALAT, quarante et cinquante-cinq.", "ALAT", [55.0]),
        ("D: Le mauvais cholestérol est à un gramme quarante-huit.", "LDL-cholestérol", [1.48]),
        ("D: L'urée, douze.", "urée", [12.0]),
        ("D: L'indice de masse corporelle frôle trente-cinq, trente-quatre huit.", "IMC", [34.8]),
        ("D: On refera une TSH.\nP: D'accord.\nD: Sinon c'est le quinze.", "TSH", []),
        ("D: Pouls et saturation ?\nP: Quatre-vingts et quatre-vingt-dix-huit.", "saturation en oxygène", [98.0]),
        ("D: Et l'oxymètre ?\nP: Il clignote.\nD: Et là ?\nP: Quatre-vingt-quatorze.", "saturation en oxygène", [94.0]),
        ("D: Votre cœur, il bat à combien ?\nP: Cinquante-huit, soixante.", "fréquence cardiaque", ["58-60"]),
        ("D: Le capteur a sonné ?\nP: J'étais à zéro cinquante et un.", "glycémie", [0.51]),
        ("D: Les glycémies ?\nP: J'ai trois chats et deux chiens.", "glycémie", []),
    ],
)
def test_results_and_other_signs(dialogue: str, label: str, values: list[object]) -> None:
    assert told(dialogue, label) == values


def test_the_score_is_told_with_when_it_was() -> None:
    found = facts("D: Si dix c'est le pire, la douleur ?\nP: Cette nuit sept. Maintenant trois.")
    assert [(f.value, f.temporality) for f in found if f.unit == "/10"] == [(7.0, "past"), (3.0, "current")]


@pytest.mark.parametrize(
    ("dialogue", "read"),
    [
        ("D: Vous avez fait une bandelette ?\nP: Oui, leucocytes deux croix, nitrites négatifs.", "leucocytes ++, nitrites négatif"),
        ("D: La bandelette montre trois croix de sang.", "sang +++"),
        ("D: Faites une bandelette. Si les nitrites sont positifs, vous m'appelez.", None),
        ("D: La bandelette ?\nP: J'ai pas eu le temps.", None),
    ],
)
def test_a_dipstick_is_one_result(dialogue: str, read: str | None) -> None:
    assert [f.extra[1] for f in facts(dialogue) if f.type == "lab"] == ([read] if read else [])


def test_a_result_is_told_by_the_patient_when_it_is_an_own_one() -> None:
    assert [f.text for f in facts("P: J'ai eu le courrier, le test du côlon est négatif.") if f.type == "lab"] == ["test immunologique des selles : négatif"]
    assert not [f for f in facts("P: Ma coloc a fait le test Covid, il était positif.") if f.type == "lab" and f.is_patients]
    assert not [f for f in facts("P: J'attends, j'espère que le test Covid sera négatif.") if f.type == "lab"]


@pytest.mark.parametrize("said", ["Le haut treize, le bas huit.", "En haut treize, en bas huit.", "Haute : treize, basse : huit."])
def test_a_pressure_told_by_its_high_and_its_low(said: str) -> None:
    assert fact("pression artérielle", facts(f"D: La tension ?\nP: {said}")).value == "130/80"


def test_where_one_was_and_is_at_is_a_weight_only_where_weight_is_spoken_of() -> None:
    assert not [f for f in facts("D: La cortisone, combien maintenant ?\nP: J'étais à vingt, là je suis à dix.") if f.type == "vital"]
    told = facts("D: Le poids ?\nP: J'étais à quatre-vingt-deux, là je suis à soixante-dix-sept.")
    assert [(f.value, f.temporality) for f in told if f.type == "vital"] == [(82, "past"), (77, "current")]
