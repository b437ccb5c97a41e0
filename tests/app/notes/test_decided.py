"""The second half of a visit: care told without a verb, treatments that go on or stop, tests in a list, papers, what is no order."""

import pytest

from app.notes.facts import Fact
from tests.app.notes.support import fact, facts, labels

BEFORE = "D: Qu'est-ce qui vous arrive ?\nP: J'ai le genou qui me lance depuis avant-hier.\n"


def said(text: str) -> list[Fact]:
    return [f for f in facts(BEFORE + text) if min(f.turns) > 1]


@pytest.mark.parametrize(
    "words",
    [
        "De la glace, un quart d'heure, sans contact direct avec la peau.",
        "Du bouillon, à petites gorgées, toutes les dix minutes.",
        "Chacun sa serviette, et pas le même oreiller.",
        "Des chaussures plates, et pas de talons avant un mois.",
        "La voix au repos, surtout.",
        "Le miel, ça calme un peu.",
    ],
)
def test_care_told_without_a_verb(words: str) -> None:
    assert labels(said(f"D: {words}\nP: D'accord."), type="advice") == {"conseil"}


@pytest.mark.parametrize(
    "words",
    [
        "Le pied droit, sur le dessus, tout gonflé.",
        "Alors du tabac, dix par jour, depuis vingt ans.",
        "L'eau de la piscine, dans l'oreille, oui.",
        "Y a pas de mal.",
        "Si ça suffit pas après deux jours, une de plus le matin.",
    ],
)
def test_things_named_that_are_no_care(words: str) -> None:
    assert labels(said(f"D: {words}\nP: D'accord."), status="advice") == set()


def test_what_the_patient_keeps_down_and_what_has_no_sense_as_advice() -> None:
    found = said("D: Deux kilos en moins, c'est limite, mais vous gardez l'eau, donc on reste calmes.\nP: Oui.\nD: Ne cherchez pas d'où ça vient.")
    assert labels(found, type="advice") == set()


@pytest.mark.parametrize(
    ("asked", "reply"),
    [
        ("Le bisoprolol, j'y touche pas ?", "On ne change rien."),
        ("Et la metformine, je continue ?", "Oui, on ne change rien."),
        ("L'Eliquis, je l'arrête ?", "Non non, vous le gardez."),
    ],
)
def test_a_treatment_asked_about_goes_on(asked: str, reply: str) -> None:
    (told,) = [f for f in said(f"P: {asked}\nD: {reply}") if f.type == "medication"]
    assert (told.status, told.polarity) == ("prescribed", "present")


def test_a_treatment_asked_about_stops() -> None:
    found = said("P: L'Eliquis, je l'arrête ?\nD: Oui, deux jours avant.")
    assert [(f.label, f.status) for f in found if f.code] == [("apixaban", "stop")]
    found = said("P: Je garde l'Advil ?\nD: Non, vous gardez seulement le Doliprane.")
    assert fact("ibuprofène", found).status == "stop"


def test_the_end_of_a_course() -> None:
    found = said("D: Le Miorel, vous en êtes à dix jours, terminé.\nP: Ah bon.")
    assert [(f.label, f.status) for f in found if f.code] == [("thiocolchicoside", "stop")]


@pytest.mark.parametrize("words", ["La mélatonine, je ne vous en mets pas.", "Le Stilnox, par contre, j'en veux pas."])
def test_not_prescribed(words: str) -> None:
    assert [f.status for f in said(f"D: {words}\nP: Tant pis.") if f.code] == ["stop"]


def test_what_would_be_added_is_not_prescribed() -> None:
    found = said("D: Et j'ajouterais de l'ézétimibe… on attend le bilan.\nP: D'accord.")
    assert fact("ézétimibe", found).certainty == "conditional"


def test_steps_of_the_same_dose_are_told_in_order() -> None:
    found = said("D: On essaie la gabapentine. Cent milligrammes le soir cinq jours, puis cent matin et soir.\nP: Bien.")
    assert "puis 100 matin et soir" in (fact("gabapentine", found).sig or "")


def test_the_most_that_may_be_taken_is_no_rhythm() -> None:
    assert fact("paracétamol", said("D: Doliprane, un gramme, trois maximum par jour.\nP: OK.")).sig == "1 g max 3/j"


def test_infections_in_a_list_of_tests_are_tests() -> None:
    found = said("D: Et on complète : VIH, syphilis, hépatite B.\nP: D'accord.")
    assert not labels(found, type="problem")
    assert [f.label for f in found if f.type == "plan"] == ["sérologie VIH"]
    assert labels(facts("D: Des maladies chez vous ?\nP: Mon frère a une hépatite C."), type="family") == {"hépatite"}


def test_positive_for_one_and_negative_for_the_other() -> None:
    found = said("D: Le test est positif pour le chlamydia, négatif pour le gonocoque.\nP: Mince.")
    assert labels(found, type="problem") == {"infection à chlamydia"}


def test_people_out_of_ten_are_no_score_of_pain() -> None:
    assert not labels(said("D: Ça fait tousser une personne sur dix, et la douleur aussi.\nP: Ah."), label="douleur")


def test_another_length_of_leave_is_granted() -> None:
    found = said("P: Et pour l'arrêt ? Un mois, ça me rassurerait.\nD: Un mois, je préfère pas. Je mets dix jours, jusqu'au dix-neuf.")
    assert [(f.polarity, f.value) for f in found if f.type == "work_stoppage"] == [("present", 10.0)]


def test_an_invitation_is_no_examination() -> None:
    found = said("D: Et la mammographie, elle date de quand ?\nP: Oh, le courrier, je l'ai mis sur le frigo.\nD: Bon.")
    assert not [f for f in found if f.type == "procedure"]


def test_who_asks_says_their_job() -> None:
    found = said("P: Je suis menuisier, je peux remonter sur l'échelle ?\nD: Pas avant lundi.")
    assert fact("profession", found).text == "menuisier"


def test_not_waiting_is_an_alarm() -> None:
    (alert,) = [f for f in said("D: Si ça devient tout blanc, vous n'attendez pas vendredi.\nP: OK.") if f.status == "alert"]
    assert alert.certainty == "conditional"


def test_a_recap_orders_what_it_repeats() -> None:
    found = said("D: Je récapitule : Augmentin un gramme matin et soir, sept jours, et la radio demain.\nP: Oui.")
    assert labels(found, type="plan") == {"radiographie"}


def test_who_will_see_the_patient_is_a_referral() -> None:
    found = said("D: Je vous adresse au docteur Kerjean, l'endocrinologue, il vous prendra d'ici trois semaines.\nP: Bien.")
    assert fact("endocrinologue", found).unit == "wk"
    assert not labels(said("D: Le cardiologue verra ça avec vous.\nP: Bien."), type="plan")


def test_when_to_meet_in_about_so_many_days() -> None:
    found = said("P: Vous me revoyez quand ?\nD: Disons dix jours.")
    assert labels(found, type="plan") == {"suivi"}


@pytest.mark.parametrize(
    ("words", "label", "dose"),
    [
        ("C'est la metformine, à la longue. On ne l'enlève pas pour autant.", "metformine", None),
        ("Le Spiriva, comme avant.", "tiotropium", None),
        ("L'Atarax, vous le gardez, vingt-cinq le soir si besoin.", "hydroxyzine", 25.0),
    ],
)
def test_a_treatment_that_is_kept(words: str, label: str, dose: float | None) -> None:
    kept = fact(label, said(f"D: {words}\nP: Bien."), type="medication")
    assert (kept.polarity, kept.value) == ("present", dose)


def test_an_allergy_kept_on_record_is_no_treatment() -> None:
    assert not labels(said("D: L'allergie à l'Augmentin, on la garde notée.\nP: Bien."), status="prescribed")


@pytest.mark.parametrize(
    "words",
    [
        "La metformine, pause.",
        "La metformine, ça ne va pas avec la fièvre, je vous la supprime et on mettra autre chose.",
        "La metformine, c'est incompatible. On la suspend trois jours.",
    ],
)
def test_a_treatment_that_is_paused(words: str) -> None:
    assert {f.status for f in said(f"D: {words}\nP: Bien.") if f.code} == {"stop"}


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("La maladie de Lyme… Ma belle-mère en a eu pour deux ans.", "mother-in-law"),
        ("J'ai vu ce que ça fait chez mon père. L'Alzheimer, à soixante-dix.", "father"),
        ("Je voulais pas finir comme ma tante. Une phlébite, un matin.", "aunt"),
        ("Le fils de ma voisine a la varicelle.", "neighbour"),
    ],
)
def test_a_mere_illness_beside_a_relative(words: str, who: str) -> None:
    found = said(f"D: Bon.\nP: {words}")
    assert {f.experiencer for f in found if f.type in ("family", "problem")} == {who}


def test_what_the_patient_felt_while_the_cat_was_away() -> None:
    found = said("D: Bon.\nP: Et le chat était chez ma mère, hein. Et lundi, paf, le nez qui coule.")
    assert {f.experiencer for f in found} == {"patient"}


def test_numbers_that_are_none() -> None:
    assert not labels(said("D: Cinq comprimés ce soir.\nP: Ce soir cinq, le dix-huit cinq."), type="vital")
    found = said("D: La TSH est à huit virgule six, vos soixante-quinze ne suffisent plus.\nP: Ah.")
    assert [f.value for f in found if f.type == "lab"] == [8.6]
    assert not labels(said("D: En dessous de quatre-vingt-douze, le quinze.\nP: Quatre-vingt-douze. Là je suis à quatre-vingt-quinze."), label="poids")


def test_a_patch_told_by_its_strength() -> None:
    found = said("D: Alors le patch vingt et un milligrammes, un le matin, six semaines.\nP: D'accord.")
    assert fact("nicotine", found).value == 21


def test_nails_swallowed_only_in_a_saying() -> None:
    assert not labels(said("D: L'estomac, ça va ?\nP: Moi, j'avale des clous !"), label="odynophagie")


def test_a_test_that_the_patient_repeats_is_no_illness() -> None:
    found = said("D: On complète : VIH, syphilis.\nP: Le VIH aussi, vous me faites peur.\nD: C'est la règle.")
    assert not labels(found, type="problem")
    assert labels(said("D: Des maladies ?\nP: J'ai le VIH depuis dix ans."), type="problem") == {"VIH"}


@pytest.mark.parametrize(
    ("asked", "reply", "days"),
    [("Je bosse ce soir ?", "En salle, non. Quatre jours, et c'est un accident du travail.", 4.0), ("Et le travail ?", "Trois jours à la maison.", 3.0)],
)
def test_leave_told_as_days(asked: str, reply: str, days: float) -> None:
    assert [f.value for f in said(f"P: {asked}\nD: {reply}") if f.type == "work_stoppage"] == [days]


def test_days_that_are_no_leave() -> None:
    assert not labels(said("P: Et le travail, je reprends quand ?\nD: Deux semaines, on verra."), type="work_stoppage")
    assert not labels(said("P: Je reprends le volley ?\nD: Trois semaines sans."), type="work_stoppage")


@pytest.mark.parametrize(
    "words",
    [
        "Un masque quand vous sortez de la chambre, et la fenêtre dix minutes par heure.",
        "Le linge : machine, soixante degrés, demain matin.",
        "On perce pas, et on se lave avec un savon doux.",
    ],
)
def test_care_told_for_all(words: str) -> None:
    assert labels(said(f"D: {words}\nP: D'accord."), type="advice") == {"conseil"}


def test_what_is_not_touched_is_no_advice() -> None:
    assert not labels(said("D: Le reste, on n'y touche pas.\nP: D'accord."), type="advice")


def test_what_a_test_would_show_in_any_case_is_no_condition() -> None:
    found = said("P: La prise de sang, on la fait pas ?\nD: Elle serait négative même si vous l'aviez attrapée. Donc ça sert à rien.")
    assert [f.polarity for f in found if f.type == "plan"] == ["absent"]


@pytest.mark.parametrize(
    "said",
    ["Bon courage pour la suite, et gardez le moral.", "Posez le téléphone contre un verre.", "Tenez le bras comme ça.", "On évite, hein.", "Vous faites comme vous voulez.", "Prenez un stylo, notez."],
)
def test_wishes_the_camera_and_what_has_no_object_are_no_advice(said: str) -> None:
    assert not [f for f in facts(f"D: {said}\nP: D'accord.") if f.type == "advice"]


def test_what_is_given_instead_is_not_forbidden() -> None:
    stops = {f.label for f in facts("D: Pas d'ibuprofène, du paracétamol.\nP: Bien.") if f.status == "stop"}
    assert stops == {"ibuprofène"}
    assert {f.label for f in facts("D: Pas d'ibuprofène, pas d'aspirine.\nP: Bien.") if f.status == "stop"} == {"ibuprofène", "aspirine"}


def test_a_drug_goes_on_or_ends_in_few_words() -> None:
    assert [(f.type, f.status) for f in facts("D: Poursuivez le Xarelto.\nP: Bien.")] == [("medication", "prescribed")]
    assert [f.status for f in facts("D: Le Voltarène, terminé.\nP: Bien.")] == ["stop"]


def test_what_a_neighbour_recommends_is_not_taken_and_what_is_given_up_again_not_considered() -> None:
    assert not [f for f in facts("P: Ma voisine me dit de prendre de l'arnica.") if f.status == "current"]
    assert [f for f in facts("P: Le pharmacien m'a conseillé de l'arnica, j'en prends depuis lundi.") if f.status == "current"]
    assert not facts("D: On pourrait mettre de la cortisone. Mais avec votre diabète, non, on va s'en passer.")
