"""How much of which strength, on which days, and what a drug did that is never taken again."""

import pytest

from app.notes.facts import Fact
from tests.app.notes.support import drafted, fact, facts, told


def drug(label: str, said: str, **patient: object) -> Fact:
    return next(f for f in facts(said, **patient) if f.type == "medication" and f.label == label)


@pytest.mark.parametrize(
    ("said", "label", "value", "words"),
    [
        ("D: Je vous remets du Burinex, trois comprimés de un milligramme le matin.\nP: Bien.", "bumétanide", 3.0, "3 comprimés de 1 mg"),
        ("D: Et le Cozaar ?\nP: Un demi-comprimé de cent, au lever.", "losartan", 50.0, "0,5 comprimé de 100 mg"),
        ("P: Du Dafalgan, deux comprimés de cinq cents, à midi.\nD: Bien.", "paracétamol", 1000.0, "2 comprimés de 500 mg"),
        ("P: Je prends du Novatrex, quatre comprimés de deux et demi le lundi.\nD: Bien.", "méthotrexate", 10.0, "4 comprimés de 2,5 mg"),
        ("D: Le Levothyrox ?\nP: Un de cinquante et un de vingt-cinq, tous les matins.", "lévothyroxine", 75.0, "50 + 25 µg"),
        ("P: J'ai le patch de fentanyl, un de cinquante et un petit de douze.\nD: D'accord.", "fentanyl", 62.0, "50 + 12 µg"),
        ("D: Vous passez à quinze milligrammes d'Imeth, donc six comprimés, le jeudi.\nP: Bien.", "méthotrexate", 15.0, "15 mg"),
    ],
)  # fmt: skip
def test_how_many_of_which_strength_make_the_dose(said: str, label: str, value: float, words: str) -> None:
    told_of = drug(label, said)
    assert told_of.value == value
    assert words in told_of.text


@pytest.mark.parametrize(
    "said",
    [
        "D: Le Zyrtec ?\nP: Un par jour depuis le cinq.",
        "D: Le Kardégic ?\nP: Je le prends plus à partir du vingt, avant l'opération.",
        "D: Le Seroplex, vous l'avez eu ?\nP: Oui, commencé le dix.",
    ],
)
def test_a_day_of_the_month_is_no_dose(said: str) -> None:
    assert [f.value for f in facts(said) if f.type == "medication" and f.value] == []


@pytest.mark.parametrize(
    ("said", "wanted", "unwanted"),
    [
        ("P: Je prends de l'Orocal, le lundi et le vendredi.\nD: Bien.", "le lundi et le vendredi", ""),
        ("P: J'ai du Concerta cinquante-quatre, du lundi au vendredi.\nD: Bien.", "du lundi au vendredi", ""),
        ("D: Et le Fludex ?\nP: Un virgule cinq, mais le samedi je le saute.", "1,5 mg", "samedi"),
        ("D: Le Diamicron ?\nP: Soixante, pas le soir.", "60 mg", "soir"),
        ("D: Et le Sectral ?\nP: Deux cents, matin et midi.", "matin et midi", ""),
    ],
)
def test_the_days_it_is_taken_and_not_those_it_is_left_out(said: str, wanted: str, unwanted: str) -> None:
    text = next(f.text for f in facts(said) if f.type == "medication")
    assert wanted in text
    assert not unwanted or unwanted not in text


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("P: On m'a donné du Zophren, j'avais des palpitations, plus jamais.\nD: D'accord.", "ondansétron"),
        ("P: Le Champix, j'en veux plus, des cauchemars toutes les nuits.\nD: Je comprends.", "varénicline"),
        ("D: Du Voltarène ?\nP: Une fois. J'ai gonflé du visage. On m'a dit plus jamais ça.\nD: Bien.", "diclofénac"),
        ("P: J'ai pris de l'Acupan, j'ai cru mourir, le cœur à deux cents, je tremblais de partout.\nD: Ça c'est une vraie réaction, je le note en rouge.", "néfopam"),
        ("P: L'érythromycine, j'ai vidé mes tripes. C'est une allergie ?\nD: Non, c'est une mauvaise tolérance.", "érythromycine"),
    ],
)  # fmt: skip
def test_a_drug_that_did_harm_and_is_sworn_off(said: str, label: str) -> None:
    assert fact(label, [f for f in facts(said) if f.type == "allergy"]).polarity == "present"
    assert not [f for f in facts(said) if f.type == "medication" and f.polarity == "present" and not f.doubt]


@pytest.mark.parametrize(
    "said",
    [
        "P: Avec le Doliprane j'ai plus de fièvre, plus jamais ça, une nuit pareille.\nD: Bien.",
        "P: Mon mari a pris du tramadol, il a vomi, plus jamais.\nD: D'accord.",
        "P: J'ai eu des plaques avec les fraises. On m'a donné de l'Aerius. Plus jamais de fraises.\nD: Bien.",
        "P: J'ai pris du Nurofen, aucun problème, pas de plaques.\nD: Je le note en rouge quand même.",
    ],
)
def test_what_is_no_harm_of_a_drug_of_theirs(said: str) -> None:
    assert not [f for f in facts(said) if f.type == "allergy" and f.polarity == "present" and f.code is None and f.label != "fraises"]


def test_what_a_test_for_allergies_showed() -> None:
    found = facts("D: Vous avez vu l'allergologue ?\nP: Oui. Sur les tests, j'avais les graminées et l'ambroisie, pas les acariens.")
    assert {f.label for f in found if f.type == "allergy" and f.polarity == "present"} == {"graminées", "ambroisie"}


def test_the_part_that_itches_is_harm_and_another_dish_is_not_it() -> None:
    found = facts("D: Les fruits crus, la pomme, ça vous gratte ?\nP: La pomme, la langue. La tarte, ça passe.")
    assert fact("pomme", [f for f in found if f.type == "allergy"]).polarity == "present"


def test_whoever_did_not_know_took_none() -> None:
    found = facts("P: Un Profénid, une fois, mon père voulait pas.\nD: Ah bon.")
    assert not [f for f in found if f.type == "family"]


def test_an_offer_is_not_refused_by_the_refusal_of_another_drug() -> None:
    found = facts("D: On passe le Movicol à deux sachets le matin.\nP: D'accord. Le tramadol, j'en veux plus.\nD: Non non, on n'y revient pas.")
    assert not [f for f in found if f.status == "declined"]
    assert fact("macrogol", [f for f in found if f.status == "prescribed"])


def test_a_class_with_its_name_is_one_drug() -> None:
    found = facts("P: Le bêtabloquant, le Sectral, j'en peux plus.\nD: Vous l'avez arrêté ?\nP: Oui, depuis huit jours.")
    assert fact("acebutolol", [f for f in found if f.type == "medication"]).polarity == "absent"


def test_a_clinic_for_pain_is_no_pain() -> None:
    assert "Douleur" not in told(drafted("P: Le médecin de la douleur m'a revu, je tousse un peu.\nD: Bien."))


def test_what_was_only_so_at_first() -> None:
    found = facts("D: Des vertiges, avec le Lyrica ?\nP: Un peu les premiers jours. Après, plus rien.")
    assert ("present", "current") not in {(f.polarity, f.temporality) for f in found if f.type == "symptom"}


def test_a_pause_that_is_over_and_a_drug_taken_up_again() -> None:
    found = facts("P: Je prends du Xarelto, on me l'a arrêté trois jours pour la dent.\nD: Vous l'avez repris ?\nP: Oui, lundi.")
    assert fact("rivaroxaban", [f for f in found if f.type == "medication"]).polarity == "present"
    found = facts("D: Et le Plaquenil ?\nP: Je l'ai arrêté, hier.\nD: Vous le reprenez dès ce soir, deux cents.", record={"treatments": ["Plaquenil 200 mg"]})
    assert {f.polarity for f in found if f.type == "medication"} == {"present"}


@pytest.mark.parametrize(
    ("said", "polarity", "temporality"),
    [
        ("D: J'ai noté une allergie à la codéine.\nP: Non, c'est ma sœur ça, pas moi.", "absent", "current"),
        ("D: J'ai pénicilline en rouge.\nP: J'étais petit. Mais j'ai repris du Clamoxyl l'an dernier, aucun souci.", "present", "resolved"),
        ("D: C'est noté, allergie au latex.\nP: À cause des gants, j'avais eu des plaques.\nD: Vous n'êtes pas allergique au latex.", "absent", "current"),
        ("D: Une allergie au latex ?\nP: Oui, des plaques. Mais depuis j'en ai remis sans problème.\nD: Bon, on enlève cette alerte.", "present", "resolved"),
    ],
)  # fmt: skip
def test_an_allergy_of_the_record_that_is_handed_on_borne_since_or_lifted(said: str, polarity: str, temporality: str) -> None:
    found = facts(said, record={"allergies": ["Codéine", "Pénicilline", "Latex"]})
    told_of = {(f.polarity, f.temporality) for f in found if f.type == "allergy"}
    assert told_of == {(polarity, temporality)}


def test_what_is_taken_off_a_prescription_stays_an_allergy() -> None:
    found = facts("D: Des allergies ?\nP: Le Bactrim, des plaques partout.\nD: Je l'enlève de votre ordonnance alors.")
    assert [(f.polarity, f.temporality) for f in found if f.type == "allergy"] == [("present", "current")]


def test_a_dose_said_again_is_no_fever() -> None:
    found = facts("D: Une gélule de trente-sept cinq un jour sur deux.\nP: Oui, trente-sept cinq, j'ai compris.")
    assert not [f for f in found if f.type == "vital"]
    assert fact("température", facts("D: Vous avez de la fièvre ?\nP: Trente-sept cinq ce matin.")).value == 37.5


def test_the_weight_on_the_pipette_is_a_dose() -> None:
    found = facts("D: On change pour de l'Oroken. Toujours onze kilos, matin et soir, cinq jours.\nR: D'accord.")
    assert [(f.type, f.value) for f in found if f.value] == [("medication", 11.0)]


def test_the_amounts_of_the_day_keep_their_times() -> None:
    found = facts("P: La rapide, le matin j'en fais sept, à midi neuf, le soir cinq.\nD: Bien.", record={"treatments": ["Humalog aux repas"]})
    assert "7 le matin, 9 à midi, 5 le soir" in fact("insuline lispro", found).text


def test_steps_of_before_are_no_dose() -> None:
    found = facts("P: Elle a monté le Lamictal tout doucement, vingt-cinq, cinquante, cent.\nD: Bien.")
    assert not [f.value for f in found if f.value]


def test_what_somebody_takes_against_an_illness_is_not_the_illness() -> None:
    assert not [f for f in facts("D: Contre le palu, vous avez pris quelque chose ?\nP: Oui, la Malarone.") if f.type == "problem"]


def test_a_drug_that_a_sister_had() -> None:
    found = facts("D: Et la pilule, vous y avez pensé ?\nP: Ma sœur l'a prise, elle a grossi de dix kilos en six mois.")
    assert not [f for f in found if f.type == "medication" and f.is_patients and f.polarity == "present"]
