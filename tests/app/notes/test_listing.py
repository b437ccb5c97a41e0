"""The list of facts beside a note: each once, as a doctor would count them, and readable alone."""

from typing import Any

from tests.app.notes.support import drafted


def texts(dialogue: str, lang: str = "fr", **wanted: Any) -> list[str]:
    """The texts of the listed facts with these attributes."""
    made = drafted(dialogue, lang)
    return [f.text for f in made.facts if all(getattr(f, key) == value for key, value in wanted.items())]


def test_a_name_that_was_not_said_shows_the_words() -> None:
    (text,) = texts("D: Du mal à respirer ?\nP: Oui, je suis vite essoufflée dans l'escalier.", label="dyspnée")
    assert text == "dyspnée (je suis vite essoufflée dans l'escalier)"


def test_a_name_that_was_said_stands_alone() -> None:
    assert texts("D: Bonjour.\nP: J'ai de la fièvre depuis hier.", label="fièvre") == ["fièvre depuis hier"]


def test_readings_one_after_the_other_are_one_series() -> None:
    made = drafted("D: Vos glycémies à jeun ?\nP: Un gramme quarante-cinq, un cinquante. Un quarante-huit.")
    assert [f.value for f in made.facts if f.type == "lab"] == ["1.45, 1.50, 1.48"]


def test_readings_at_other_times_stay_apart() -> None:
    made = drafted("D: Vos glycémies ?\nP: À jeun, un gramme dix. Deux heures après, un gramme soixante.")
    assert len([f for f in made.facts if f.type == "lab"]) == 2


def test_what_the_patient_only_supposes_is_told_and_not_listed() -> None:
    made = drafted("D: Dites-moi.\nP: J'ai mal au ventre. Je pense que c'est une gastrite.")
    assert not [f for f in made.facts if f.type == "problem"]
    assert "Évoqué par" in "\n".join(s.text for s in made.sentences)


def test_a_forbidden_drug_is_listed_as_absent() -> None:
    made = drafted("D: Vous avez de la fièvre ?\nP: Oui, trente-neuf.\nD: Surtout pas d'ibuprofène.")
    (fact,) = [f for f in made.facts if f.label == "ibuprofène"]
    assert fact.polarity == "absent"


def test_an_operation_of_a_relative_is_told_with_what_it_was_for() -> None:
    found = texts("D: Et dans la famille ?\nP: Mon père s'est fait opérer d'une hernie il y a dix ans. Moi j'ai mal au dos.", type="family")
    assert len(found) == 1
    assert "hernie" in found[0]


def test_the_weight_a_relative_lost_is_no_family_history() -> None:
    assert texts("D: Alors ?\nP: J'ai de la fièvre. Ma tante, elle a perdu dix kilos avec l'Ozempic.", type="family", label="perte de poids") == []


def test_the_old_dose_is_not_listed_beside_the_one_that_replaces_it() -> None:
    made = drafted("D: Le ramipril cinq milligrammes, toujours un le matin ?\nP: Oui.\nD: Votre tension est haute, je monte le ramipril à dix milligrammes.")
    assert [f.value for f in made.facts if f.label == "ramipril"] == [10.0]


def test_a_dose_that_stays_is_listed() -> None:
    made = drafted("D: Le ramipril cinq milligrammes, toujours un le matin ?\nP: Oui.\nD: On garde le ramipril comme ça.")
    assert 5.0 in [f.value for f in made.facts if f.label == "ramipril"]


def test_what_followed_a_dose_is_told_with_the_dose() -> None:
    dialogue = "D: Vous avez pris quelque chose ?\nP: Hier ma femme m'a donné un tramadol à elle. J'ai vomi une heure après.\nD: On évite alors."
    assert texts(dialogue, label="vomissements") == []
    assert "Vomissements" in "\n".join(s.text for s in drafted(dialogue).sentences)


def test_advice_that_leans_on_the_question_is_not_listed_and_a_prohibition_is() -> None:
    before = "D: Bonjour.\nP: J'ai une entorse à la cheville depuis hier. {asked} ?\nD: {answer}\nP: D'accord."
    assert texts(before.format(asked="Je la mets de quel côté", answer="Vous alternez, un jour sur l'autre."), status="advice") == []
    assert texts(before.format(asked="Je peux courir", answer="Non, évitez le sport, jamais de course."), status="advice")


def test_what_another_doctor_may_propose_is_no_referral() -> None:
    assert texts("D: Si ça reste haut, le diabétologue proposera l'insuline.\nP: J'ai du diabète.", type="plan", label="diabétologue") == []
    assert texts("D: Vous prenez rendez-vous avec le diabétologue.\nP: J'ai du diabète.", type="plan", label="diabétologue")


def test_a_relative_who_had_the_illness_that_was_asked_about_had_that_illness() -> None:
    made = drafted("D: Il y a la varicelle à l'école ?\nP: Oui, et ma sœur l'a eue il y a quinze jours, elle avait vomi aussi. Moi ça gratte.")
    assert [(f.label, f.experiencer) for f in made.facts if f.type == "family"] == [("varicelle", "sister")]


def test_a_doctor_who_stops_work_writes_a_certificate() -> None:
    assert [f.value for f in drafted("D: Alors ?\nP: J'ai mal au dos.\nD: Je vous arrête quatre jours.").facts if f.type == "work_stoppage"] == [4.0]


def test_no_more_of_a_drug_is_no_drug() -> None:
    made = drafted("D: Alors ?\nP: J'ai de la fièvre, trente-neuf.\nD: Surtout plus d'ibuprofène avec la varicelle.")
    assert [f.polarity for f in made.facts if f.label == "ibuprofène"] == ["absent"]


def test_the_signs_of_an_attack_that_is_over_are_not_listed() -> None:
    dialogue = "D: Vous avez fait des hypos ?\nP: Le mois dernier, une. Je transpirais, des tremblements."
    made = drafted(dialogue)
    assert "hypoglycémies" in {f.label for f in made.facts}
    assert not {"sueurs", "tremblements"} & {f.label for f in made.facts}
    assert "ueurs" in "\n".join(s.text for s in made.sentences)


def test_a_drug_without_for_long_is_told_and_not_listed() -> None:
    made = drafted("D: Et l'asthme ?\nP: J'ai mal à la gorge. La Ventoline, j'en ai plus depuis douze ans.")
    assert "salbutamol" not in {f.label for f in made.facts}
    made = drafted("D: Et l'asthme ?\nP: J'ai mal à la gorge. La Ventoline, j'en ai plus depuis deux mois.")
    assert "salbutamol" in {f.label for f in made.facts}


def test_how_often_is_the_figure_of_a_drug_without_strength() -> None:
    made = drafted("D: La Ventoline, vous en prenez souvent ?\nP: Trois fois par semaine.")
    (puff,) = [f for f in made.facts if f.label == "salbutamol"]
    assert (puff.value, puff.unit) == (3.0, "/wk")
