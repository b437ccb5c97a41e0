"""Vital signs, scores and results: value and UCUM unit, whoever says them however."""

import pytest

from tests.app.notes.support import fact, facts, labels


@pytest.mark.parametrize(
    ("dialogue", "label", "value", "unit"),
    [
        ("D: De la fièvre ?\nP: Trente-huit cinq ce matin.", "température", 38.5, "Cel"),
        ("D: La tension ?\nP: À la pharmacie : quatorze huit.", "pression artérielle", "140/80", "mm[Hg]"),
        ("D: La tension ?\nP: Treize et demi sur huit.", "pression artérielle", "135/80", "mm[Hg]"),
        ("D: La tension ?\nP: 14/8.", "pression artérielle", "140/80", "mm[Hg]"),
        ("D: La moyenne ?\nP: Cent trente-quatre sur soixante-dix-neuf.", "pression artérielle", "134/79", "mm[Hg]"),
        ("D: Et le pouls ?\nP: Soixante-huit, soixante-dix.", "fréquence cardiaque", "68-70", "/min"),
        ("D: Le poids ?\nP: Quatre-vingt-onze.", "poids", 91.0, "kg"),
        ("D: Vous l'avez pesé ?\nR: Douze kilos huit.", "poids", 12.8, "kg"),
        ("D: L'hémoglobine glyquée est à huit virgule un.\nP: Ah.", "HbA1c", 8.1, "%"),
        ("D: Le LDL est à zéro quatre-vingt-quinze.\nP: Ah.", "LDL-cholestérol", 0.95, "g/L"),
        (
            "D: Vous avez la montre ?\nP: Elle dit quatre-vingt-dix-sept pour l'oxygène.",
            "saturation en oxygène",
            97.0,
            "%",
        ),
    ],
)
def test_french(dialogue: str, label: str, value: object, unit: str) -> None:
    assert [(f.value, f.unit) for f in facts(dialogue) if f.label == label] == [(value, unit)]


@pytest.mark.parametrize(
    ("dialogue", "label", "value", "unit"),
    [
        ("D: Any fever?\nP: Ninety-nine point five this morning. Fahrenheit.", "température", 99.5, "[degF]"),
        ("D: What is your blood pressure?\nP: One forty over ninety.", "pression artérielle", "140/90", "mm[Hg]"),
        ("D: What do you weigh?\nP: Eleven stone two.", "poids", "11 st 2", "[stone_av]"),
    ],
)
def test_english(dialogue: str, label: str, value: object, unit: str) -> None:
    assert [(f.value, f.unit) for f in facts(dialogue, "en") if f.label == label] == [(value, unit)]


def test_pain_scores_with_their_circumstance() -> None:
    found = facts("D: De zéro à dix, la douleur ?\nP: Là, couché, quatre. Quand je me lève, huit.")
    assert [(f.value, f.detail) for f in found] == [(4.0, "couché"), (8.0, "au lever")]


def test_goals_changes_and_other_peoples_are_no_values() -> None:
    assert not [
        f
        for f in facts("D: L'objectif c'est en dessous de cent trente-cinq sur quatre-vingt-cinq.\nP: D'accord.")
        if f.type == "vital"
    ]
    assert not [f for f in facts("D: Alors ?\nP: J'ai pris trois kilos.") if f.type == "vital"]
    assert not [
        f
        for f in facts("D: De la fièvre ?\nP: Trente-neuf deux, c'était ma coloc.")
        if f.type == "vital" and f.is_patients
    ]


def test_past_values() -> None:
    found = [
        f
        for f in facts("D: Le poids ?\nP: Quatre-vingt-onze. J'avais quatre-vingt-huit à Pâques.")
        if f.label == "poids"
    ]
    assert [(f.value, f.temporality) for f in found] == [(91.0, "current"), (88.0, "past")]


def test_a_temperature_transcribed_with_spaces() -> None:
    found = facts("D: You have a low-grade fever of a hundred . four right now , your pulse was eighty four .", "en")
    assert fact("température", found).value == 100.4
    assert fact("fréquence cardiaque", found).temporality == "current"
    assert fact("température", facts("D: Your temperature is 97 . 6 , pulse ox 98 percent .", "en")).value == 97.6


def test_a_full_stop_with_spaces_stays_one() -> None:
    found = facts("P: My fever was 101 . Two days later it was gone .", "en")
    assert fact("température", found).value == 101.0


def test_a_value_is_not_given_to_the_measure_before() -> None:
    found = facts("D: Your heart rate was sixty eight and your pulse ox was ninety eight percent .", "en")
    assert fact("fréquence cardiaque", found).value == 68.0
    found = facts("D: I reviewed your vital signs . Heart rate is 98 and respirations are 16 .", "en")
    assert {f.label: f.value for f in found} == {"fréquence cardiaque": 98.0, "fréquence respiratoire": 16.0}


def test_the_number_of_a_name_or_a_goal_is_no_value() -> None:
    assert not labels(facts("D: I will order a hemoglobin a1c and a chem-12 .", "en"), type="lab")
    assert not labels(facts("D: The criteria is a BMI greater than 30.", "en"), type="vital")
    assert not labels(facts("D: How is your weight?\nP: Stable, I could lose about 25 pounds.", "en"), type="vital")


def test_the_dose_after_a_result_is_no_result() -> None:
    found = facts("D: Your ferritin was low . You take ferrous sulfate , three hundred a day . For 12 weeks .", "en")
    assert not [f for f in found if f.type == "lab" and f.value is not None]


def test_an_earlier_value_needs_no_name() -> None:
    found = facts("D: L'hémoglobine glyquée est à sept virgule neuf.\nP: C'est plus haut qu'avant ?\nD: Six huit, en juin.")
    assert [(f.value, f.temporality) for f in found if f.label == "HbA1c"] == [(7.9, "current"), (6.8, "past")]


def test_the_weight_of_before_as_it_is_spoken() -> None:
    found = facts("D: Elle pèse combien ?\nR: Neuf kilos deux.\nD: Et avant ?\nR: Il y a dix jours, neuf six.", age=1)
    assert [(f.value, f.temporality) for f in found if f.label == "poids"] == [(9.2, "current"), (9.6, "past")]


def test_a_number_near_a_value_may_count_something_else() -> None:
    found = facts("D: Votre poids ?\nP: Soixante-dix kilos.\nD: Et avant ?\nP: Avant, j'avais deux enfants et soixante poules.")
    assert [f.value for f in found if f.label == "poids"] == [70.0]


def test_the_third_value_of_a_glucose_test() -> None:
    found = facts("D: Le test au sucre. À jeun, zéro quatre-vingt-huit. À une heure, un soixante. À deux heures, un trente.")
    assert [f.value for f in found if f.type == "lab"] == [0.88, 1.6, 1.3]


@pytest.mark.parametrize("said", ["J'ai maigri, genre quatre kilos.", "J'en ai repris, je dirais six kilos.", "J'ai perdu bien vingt-cinq kilos."])
def test_a_change_of_weight_is_no_weight(said: str) -> None:
    assert not [f for f in facts(f"D: Le poids ?\nP: {said}") if f.label == "poids"]


def test_a_weight_beside_its_change() -> None:
    found = facts("D: Le poids ?\nP: J'ai perdu six kilos, je suis à soixante et onze kilos.")
    assert [f.value for f in found if f.label == "poids"] == [71.0]


@pytest.mark.parametrize(
    ("text", "lang", "told"),
    [
        ("D: La douleur, de zéro à dix ?\nP: Huit quand je tousse, trois assis.", "fr", [(8.0, "quand je tousse"), (3.0, "assis")]),
        ("D: Sur une échelle de zéro à dix ?\nP: Au repos, deux. En marchant, six.", "fr", [(2.0, "au repos"), (6.0, "en marchant")]),
        ("D: The pain, on a scale of 0 to 10?\nP: Nine when I walk, four lying down.", "en", [(9.0, "when I walk"), (4.0, "lying down")]),
    ],
)  # fmt: skip
def test_each_pain_score_has_its_own_place(text: str, lang: str, told: list[tuple[float, str]]) -> None:
    assert [(f.value, f.detail) for f in facts(text, lang) if f.unit == "/10"] == told


def test_each_value_is_its_own_measures() -> None:
    found = facts("D: La créatinine est à quatre-vingt-dix, le potassium à quatre virgule un. L'hémoglobine à douze sept.")
    assert {(f.label, f.value) for f in found if f.type == "lab"} == {("créatinine", 90.0), ("potassium", 4.1), ("hémoglobine", 12.7)}


@pytest.mark.parametrize(("said", "kilos"), [("Ce matin, soixante-dix-huit cinq.", 78.5), ("Neuf et demi.", 9.5)])
def test_a_weight_as_it_is_spoken(said: str, kilos: float) -> None:
    assert fact("poids", facts(f"D: Vous pesez combien ?\nP: {said}")).value == kilos


def test_a_dose_by_weight_and_a_change_are_no_weights() -> None:
    found = facts("D: Le traitement ?\nR: Le sirop, une dose quatorze kilos.\nD: Ça fait deux kilos de pris.", age=40)
    assert "poids" not in labels(found)


def test_a_pulse_after_a_pressure() -> None:
    found = facts("D: Cent trente sur quatre-vingts, soixante-douze de fréquence.")
    assert fact("fréquence cardiaque", found).value == 72.0


def test_hundredths_of_a_glucose() -> None:
    found = facts("D: Le diabète ?\nP: La glycémie à jeun, un gramme zéro quatre.")
    assert [f.value for f in found if f.type == "lab"] == [1.04]


def test_two_figures_of_a_lab_are_no_blood_pressure() -> None:
    found = facts("D: Votre prise de sang de lundi. L'hémoglobine glyquée, huit quatre. En mai, vous étiez à sept un.")
    assert [(f.label, f.value) for f in found] == [("HbA1c", 8.4), ("HbA1c", 7.1)]


def test_a_ldl_in_grams() -> None:
    assert fact("LDL-cholestérol", facts("D: Le LDL est monté à un gramme soixante-deux.")).value == 1.62


def test_the_value_of_a_lab_that_the_patient_named() -> None:
    found = facts("D: La thyroïde ?\nP: Vous m'aviez fait faire la TSH, c'était bon.\nD: Oui, un virgule huit, en juin.")
    assert fact("TSH", found).value == 1.8


def test_the_weight_of_now_beside_the_one_before() -> None:
    for said in ("Je suis à cinquante-six, j'étais à soixante.", "J'étais à soixante, là je suis à cinquante-six."):
        found = facts(f"D: L'appétit ?\nP: {said}")
        assert {(f.value, f.temporality) for f in found if f.label == "poids"} == {(56.0, "current"), (60.0, "past")}


def test_the_day_belongs_to_the_value_nearest_to_it() -> None:
    found = facts("D: Elle mange ?\nR: Elle pesait cinquante-deux kilos, l'infirmière l'a pesée jeudi, quarante-neuf kilos.", age=80)
    assert [(f.value, f.detail) for f in found if f.label == "poids"] == [(52.0, ""), (49.0, "jeudi")]


def test_lying_and_standing() -> None:
    found = facts("D: Et la tension ?\nR: Treize sept couchée, et dix six debout.", age=80)
    assert [(f.value, f.detail) for f in found if f.label == "pression artérielle"] == [("130/70", "couchée"), ("100/60", "debout")]


def test_a_figure_is_of_the_lab_named_last() -> None:
    found = facts("D: Le bilan : CRP à douze, transaminases normales, les globules blancs à quatre mille cinq cents.")
    assert {(f.label, f.value) for f in found if f.value is not None} == {("CRP", 12.0), ("leucocytes", 4500.0)}


def test_a_pipette_by_weight_is_no_weight() -> None:
    found = facts("D: Vous avez donné quoi ?\nR: De l'Efferalgan, une pipette douze kilos.\nD: Elle pèse combien ?\nR: Douze kilos trois.", age=2)
    assert [f.value for f in found if f.label == "poids"] == [12.3]


def test_a_weight_at_birth_is_no_weight_of_today() -> None:
    found = facts("R: Il est né à deux kilos neuf, il en fait six kilos deux maintenant.\nD: Très bien.", age=0)
    assert [(f.text, f.value, f.temporality) for f in found if f.label == "poids"] == [
        ("poids de naissance", 2.9, "past"),
        ("poids", 6.2, "current"),
    ]
