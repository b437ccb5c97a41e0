"""Drugs as patients and doctors talk of them: without the name, by their use, at times of the day, given up, replaced."""

import pytest

from tests.app.notes.support import fact, facts, labels


@pytest.mark.parametrize(
    ("said", "label", "value", "unit", "sig"),
    [
        ("D: L'insuline, c'est combien ?\nP: Quatorze le matin, vingt le soir.", "insuline", None, None, "14 le matin, 20 le soir"),
        ("P: Je prends de la prégabaline, soixante-quinze le matin et cent cinquante le soir.\nD: Bien.", "prégabaline", None, None, "75 le matin, 150 le soir"),
        ("D: Le bisoprolol, à quelle dose ?\nP: Un vingt-cinq.", "bisoprolol", 1.25, "mg", None),
        ("D: Et le Levothyrox ?\nP: Quatre-vingt-sept et demi, à jeun.", "lévothyroxine", 87.5, "ug", None),
        ("D: La venlafaxine ?\nP: Trente-sept cinq, au petit-déjeuner.", "venlafaxine", 37.5, "mg", "le matin"),
        ("P: Le Seresta, je suis descendu de cinquante à dix, au coucher.\nD: Bien.", "oxazépam", 10.0, "mg", "le soir"),
        ("P: Je prends du Donormyl, un demi le soir.\nD: D'accord.", "doxylamine", None, None, "½ comprimé le soir"),
        ("D: La sertraline, quel dosage ?\nP: Cent par jour.", "sertraline", 100.0, "mg", None),
    ],
)  # fmt: skip
def test_amounts_as_they_are_spoken(
    said: str, label: str, value: float | None, unit: str | None, sig: str | None
) -> None:
    drug = fact(label, facts(said))
    assert (drug.value, drug.unit, drug.polarity) == (value, unit, "present")
    assert sig is None or sig in (drug.sig or "")


def test_drops_are_no_milligrams() -> None:
    assert fact("lévocétirizine", facts("P: Je prends du Xyzall, cinq gouttes le soir.\nD: Bien.")).value is None


@pytest.mark.parametrize(
    "said",
    [
        "D: Vous aviez du Kardégic.\nP: Oh, y a longtemps qu'on me l'a supprimé.",
        "D: Le Kardégic, c'est terminé ?\nP: Oui, terminé depuis le stent.",
        "D: Vous prenez du Kardégic ?\nP: On me l'a retiré à l'hôpital.",
        "P: Le Kardégic, je l'ai viré, ça me faisait saigner du nez.\nD: Ah.",
        "P: Du Kardégic, j'en mets plus dans mon pilulier.\nD: Ah.",
    ],
)
def test_a_drug_that_is_over(said: str) -> None:
    assert fact("aspirine", facts(said)).polarity == "absent"


@pytest.mark.parametrize(
    "said",
    [
        "P: J'ai arrêté de boire et je prends du Kardégic tous les matins.\nD: Bien.",
        "P: Le Kardégic, je le prends depuis que j'ai arrêté de travailler.\nD: Bien.",
        "D: Je ne vous arrête pas le Kardégic.\nP: Tant mieux, j'ai plus de dents à soigner.",
    ],
)
def test_a_habit_that_is_over_is_no_drug(said: str) -> None:
    assert all(f.polarity == "present" for f in facts(said) if f.label == "aspirine")


@pytest.mark.parametrize(
    "said",
    [
        "P: La gynéco voulait me mettre sous Lutényl.\nD: Ah oui ?",
        "P: On m'a prescrit du Lutényl mais j'ai jamais commencé.\nD: Ah oui ?",
        "P: Le Lutényl, j'ai pas osé.\nD: Ah oui ?",
    ],
)
def test_never_begun(said: str) -> None:
    assert not [f for f in facts(said) if f.type == "medication" and f.polarity == "present"]


def test_what_came_in_its_place_is_taken() -> None:
    found = facts("D: Le ramipril ?\nP: Je le prends plus, on me l'a remplacé par du candésartan, huit milligrammes.")
    assert fact("ramipril", found).polarity == "absent"
    assert (fact("candésartan", found).polarity, fact("candésartan", found).value) == ("present", 8.0)


@pytest.mark.parametrize(
    ("asked", "record", "label"),
    [
        ("D: Et pour la thyroïde ?\nP: Soixante-quinze.", "lévothyroxine 75 µg", "lévothyroxine"),
        ("D: Le médicament pour le cholestérol ?\nP: Tous les soirs.", "pravastatine 20 mg", "pravastatine"),
        ("D: Le diurétique, vous le prenez ?\nP: Oui, le matin.", "indapamide 1,5 mg", "indapamide"),
        ("P: Mon anticoagulant, je l'oublie jamais, matin et soir.\nD: Bien.", "apixaban 5 mg", "apixaban"),
    ],
)
def test_called_by_its_use(asked: str, record: str, label: str) -> None:
    drug = fact(label, facts(asked, record={"treatments": [record], "traitements": [record]}))
    assert drug.polarity == "present"


def test_two_of_a_use_are_not_told_apart() -> None:
    record = {"traitements": ["amlodipine 5 mg", "ramipril 5 mg"]}
    assert not labels(facts("D: Et pour la tension ?\nP: Toujours pareil, le matin.", record=record)) & {
        "amlodipine",
        "ramipril",
    }


@pytest.mark.parametrize(
    ("said", "value", "sig"),
    [
        (
            "P: J'ai pris un Dafalgan ce matin.\nD: Continuez ça, un gramme trois fois par jour, quatre jours.",
            1.0,
            "x3/j",
        ),
        ("P: Je prends du Dafalgan.\nD: Combien par jour ?\nP: Trois fois un gramme.", 1.0, None),
    ],
)
def test_told_without_its_name(said: str, value: float, sig: str | None) -> None:
    told_so = [f for f in facts(said) if f.label == "paracétamol" and f.value == value]
    assert told_so and (sig is None or any(sig in (f.sig or "") for f in told_so))


def test_what_was_only_in_the_house_was_not_given() -> None:
    said = "R: J'avais de l'Advil à la maison.\nD: Vous lui en avez donné ?\nR: Non non, j'ai attendu."
    assert all(f.polarity == "absent" for f in facts(said) if f.label == "ibuprofène" and not f.doubt)


def test_another_subject_takes_no_dose() -> None:
    said = "D: On verra pour l'insuline avec le diabétologue.\nP: Et le café, j'ai le droit ?\nD: Deux par jour, ça va."
    assert all(f.value is None and not f.sig for f in facts(said) if f.label == "insuline")


def test_at_most_is_not_how_often() -> None:
    drug = fact(
        "paracétamol",
        facts(
            "D: Doliprane sirop, la pipette jusqu'à quinze kilos, toutes les six heures, quatre par jour au plus.\nP: OK."
        ),
    )
    assert (drug.value, drug.unit) == (15.0, "kg")
    assert "4/j maximum" in drug.detail


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("D: Et le ramipril, toujours un cinq ?\nP: Oui, jamais oublié. Et le Crestor le soir, le dix.", "ramipril"),
        ("D: Le Lasilix, un vingt ?\nP: Un comprimé le matin. Et le Zyloric deux cents.", "furosémide"),
    ],
)
def test_what_follows_is_told_of_another_drug(said: str, label: str) -> None:
    drug = fact(label, facts(said))
    assert (drug.value, drug.polarity) == (5.0 if label == "ramipril" else 20.0, "present")


def test_an_hour_and_a_temperature_are_no_dose() -> None:
    said = "D: La température ?\nP: Avec un Efferalgan à six heures, trente-huit cinq."
    assert all(f.value is None for f in facts(said) if f.label == "paracétamol")


def test_puffs_a_day_are_not_once_a_day() -> None:
    drug = fact("salbutamol", facts("D: La Ventoline, combien ?\nP: Six bouffées par jour."))
    assert "6 bouffées par jour" in drug.text
    assert "1/j" not in (drug.sig or "")


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("D: Des allergies ?\nP: Au latex.\nD: Les antibiotiques ?\nP: Ça passe.", "antibiotique"),
        ("D: Des médicaments qui ne passent pas ?\nP: Non.\nD: Les anti-inflammatoires ?\nP: Ça va, j'en ai eu souvent.", "anti-inflammatoire"),
    ],
)  # fmt: skip
def test_a_class_asked_about_among_allergies_is_not_taken(said: str, label: str) -> None:
    assert not [f for f in facts(said) if f.type == "medication" and f.label == label and not f.doubt]


def test_another_drug_in_answer_says_nothing_of_the_first() -> None:
    said = "D: Vous prenez de l'aspirine ?\nP: Un Spedifen de temps à autre."
    found = [f for f in facts(said) if f.type == "medication" and not f.doubt]
    assert {f.label for f in found} == {"ibuprofène"}


def test_not_always_is_taken_all_the_same() -> None:
    drug = fact(
        "furosémide", facts("D: Le furosémide quarante ?\nP: Je le prends pas tous les jours, ça me fait courir.")
    )
    assert (drug.value, drug.polarity) == (40.0, "present")


def test_the_total_and_its_parts() -> None:
    drug = fact(
        "furosémide", facts("D: Le furosémide, on le passe à soixante : quarante le matin et vingt à midi.\nP: Bien.")
    )
    assert (drug.value, "40 le matin, 20 à midi" in drug.detail) == (60.0, True)


@pytest.mark.parametrize(
    "said",
    [
        "D: Vous êtes sous Previscan…\nP: Plus maintenant. Coumadine, depuis l'hiver.",
        "D: Je vois du Previscan.\nP: On me l'a arrêté, c'est Coumadine maintenant.",
    ],
)
def test_given_up_for_another(said: str) -> None:
    assert fact("fluindione", facts(said)).polarity == "absent"


def test_permission_without_yes() -> None:
    drug = fact(
        "mélatonine", facts("P: Et de la mélatonine ?\nD: Vous pouvez, deux milligrammes, une heure avant le coucher.")
    )
    assert (drug.value, drug.status) == (2.0, "prescribed")


def test_what_is_excluded_makes_place_for_another() -> None:
    found = facts(
        "D: Comme la pénicilline est exclue, ce sera la doxycycline. Cent milligrammes matin et soir.\nP: Bien."
    )
    assert (fact("doxycycline", found).status, fact("doxycycline", found).value) == ("prescribed", 100.0)
    assert not [f for f in found if f.label == "pénicilline" and f.status == "prescribed"]


def test_one_more_drug_goes_with_the_order() -> None:
    found = facts("D: Amoxicilline, un gramme matin et soir, six jours. Et du Spasfon en plus.\nP: D'accord.")
    assert fact("phloroglucinol", found).status == "prescribed"


def test_an_order_said_again_is_no_home_treatment() -> None:
    found = facts("D: Doliprane, un gramme trois fois par jour.\nP: Doliprane un gramme. Entendu.")
    assert [f.status for f in found if f.label == "paracétamol"] == ["prescribed"]


def test_taken_from_somebody_elses_box() -> None:
    found = facts("D: Vous avez pris quelque chose ?\nP: Deux Nurofen quatre cents, ceux de ma sœur.")
    assert fact("ibuprofène", found).experiencer == "patient"


def test_what_a_relative_gave_is_the_patients() -> None:
    found = facts("R: Mon frère lui a donné du Voltarène.\nD: Ah.", age=9)
    assert fact("diclofénac", found).experiencer == "patient"


@pytest.mark.parametrize(
    "said",
    [
        "P: J'ai failli donner de la digoxine à une cliente, ce matin, à l'officine.\nD: Ah.",
        "D: Vous prenez quelque chose ?\nP: La Ventoline, c'est pour elle.",
        "P: À vingt ans, j'avais dix-neuf ans, sous pilule, j'ai fait une phlébite.\nD: Bien.",
        "P: J'ai encore de l'Augmentin de ma sœur.\nD: Laissez-le.",
        "D: Remplacer la statine, ajouter l'ézétimibe, ou un régime.\nP: Ah.",
    ],
)
def test_what_is_only_spoken_of_is_not_taken(said: str) -> None:
    assert [f.label for f in facts(said) if f.type == "medication" and f.is_patients and not f.doubt] == []


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("D: Le Seroplex, ça vous aide ?\nP: Ça me coupait la faim. J'ai laissé tomber en juin.", "escitalopram"),
        ("D: Vous aviez de l'Oméprazole, non ?\nP: Je l'ai arrêté, ça me donnait mal à la tête.", "oméprazole"),
    ],
)
def test_the_drug_under_discussion_was_given_up(said: str, label: str) -> None:
    assert fact(label, facts(said)).polarity == "absent"


def test_a_new_dose_without_the_name() -> None:
    found = facts("D: L'Aprovel, trois cents. J'ai hésité à l'arrêter. Je préfère le descendre à cent cinquante, un par jour.\nP: Bien.")
    assert 150.0 in [f.value for f in found if f.label == "irbésartan" and f.status == "prescribed"]


def test_summing_up_is_no_second_order() -> None:
    said = "D: Je vous mets de la prednisolone, quarante milligrammes le matin.\nP: D'accord.\nD: Donc je résume : prednisolone le matin, repos, à vendredi.\nP: Oui."
    assert [f.value for f in facts(said) if f.label == "prednisolone"] == [40.0]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("P: Le matin je prends l'Esidrex, le midi rien, et au coucher le Zocor.\nD: Bien.", {("hydrochlorothiazide", "le matin"), ("simvastatine", "le soir")}),
        ("P: J'ai le Pradaxa matin et soir, le Zocor le soir.\nD: Bien.", {("dabigatran", "matin et soir"), ("simvastatine", "le soir")}),
    ],
)  # fmt: skip
def test_the_time_that_is_told_before_a_drug_is_its_own(said: str, told: set[tuple[str, str]]) -> None:
    assert {(f.label, f.sig) for f in facts(said) if f.type == "medication"} == told


def test_one_drug_in_the_place_of_another() -> None:
    found = facts("D: Je vous remets la Bricanyl et je remplace le Pulmicort par du Seretide, une bouffée matin et soir.\nP: Bien.")
    assert {f.label for f in found if f.status == "stop"} == {"budésonide"}
    found = facts("P: On m'avait mis sous Sintrom, puis le cardiologue a préféré le Xarelto.\nD: Bien.")
    assert (fact("acenocoumarol", found).temporality, fact("rivaroxaban", found).temporality) == ("past", "current")


def test_what_others_advise_is_not_taken() -> None:
    found = facts("P: Mon frère dit que je devrais prendre du zinc et de la mélatonine.\nD: Si vous voulez.")
    assert not [f for f in found if f.type == "medication" and not f.doubt]


def test_a_dose_that_goes_down_is_no_pain() -> None:
    found = facts("D: Le Seroplex, on va passer de vingt à dix pendant un mois.\nP: D'accord.")
    assert [f.label for f in found if f.type == "symptom"] == []
