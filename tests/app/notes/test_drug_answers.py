"""Drugs that the doctor asks for by their names, and those that the patient asks to have: what the answer makes of them."""

import pytest

from app.notes.drafting import draft
from tests.app.notes.support import fact, facts, transcript


def _drugs(text: str) -> list[tuple[str, str]]:
    return [(f.label, f.polarity) for f in facts(text) if f.type == "medication" and not f.doubt]


@pytest.mark.parametrize(
    ("asked", "answered", "denied"),
    [
        ("Des corticoïdes, de la cortisone en ce moment ?", "Ni l'un ni l'autre.", "cortisone"),
        ("Pas de maladie du rein, pas d'anticoagulant ?", "Non, rien.", "anticoagulant"),
        ("Un antidépresseur, des somnifères ?", "Jamais.", "antidépresseur"),
        ("De l'aspirine, un anticoagulant ?", "Ah non.", "anticoagulant"),
    ],
)
def test_drugs_asked_for_by_their_mere_names_are_denied(asked: str, answered: str, denied: str) -> None:
    assert (denied, "absent") in _drugs(f"D: {asked}\nP: {answered}")


def test_what_is_answered_to_a_class_is_taken_and_the_class_is_not() -> None:
    text = "D: Des antihistaminiques, un somnifère ?\nP: Un Stilnox une fois de temps en temps."
    assert _drugs(text) == [("zolpidem", "present")]


def test_names_asked_for_about_allergies_are_not_taken() -> None:
    text = "D: Vous êtes allergique à un médicament ?\nP: Non.\nD: De l'aspirine, de la codéine ?\nP: Non plus."
    assert _drugs(text) == []


@pytest.mark.parametrize("answered", ["Vous pouvez, un gramme, deux fois par jour.", "Si vous voulez. Un gramme matin et soir."])
def test_a_drug_that_the_patient_may_take(answered: str) -> None:
    drug = fact("paracétamol", facts(f"P: Je peux prendre du Doliprane ?\nD: {answered}"))
    assert (drug.value, drug.status) == (1.0, "prescribed")


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("Donc l'antibiotique…", "Inutile, c'est un virus."),
        ("Il me faudrait un antibiotique, non ?", "Pas cette fois, c'est viral."),
        ("Je voulais vous demander un antibiotique.", "Un antibiotique, je préfère pas."),
        ("Alors pas d'antibiotique ?", "Ce n'est pas utile."),
    ],
)
def test_a_drug_that_is_asked_for_and_refused_is_not_taken(asked: str, answered: str) -> None:
    found = [f for f in facts(f"P: {asked}\nD: {answered}") if f.label == "antibiotique" and not f.doubt]
    assert [f.status for f in found] == ["stop"]


def test_another_drug_in_its_place_ends_the_one_that_was_asked_about() -> None:
    found = facts("P: Je garde l'Advil ?\nD: Vous prenez du kétoprofène cent, matin et soir, à la place.")
    assert [(f.label, f.status) for f in found if f.code] == [("ibuprofène", "stop"), ("kétoprofène", "prescribed")]


def test_what_a_friend_gave_was_taken_though_more_is_asked_for() -> None:
    text = "P: Je voulais vous demander du Xanax, ma sœur m'en a filé un hier.\nD: Du Xanax, il vaut mieux éviter."
    assert [f.status for f in facts(text) if f.label == "alprazolam"] == ["taken", "stop"]


def test_whether_a_cream_is_cortisone_asks_for_none() -> None:
    text = "D: Je mets de la désonide en crème le soir.\nP: C'est de la cortisone ?\nD: Oui, une faible. Pas de crainte sur dix jours."
    assert all(f.label != "cortisone" for f in facts(text) if not f.doubt)


@pytest.mark.parametrize(
    ("said", "label", "value"),
    [
        ("D: Le ramipril cinq, vous ne le sautez pas ?\nP: Jamais, il est à côté du café.", "ramipril", 5.0),
        ("D: Et le Previscan, pas d'oubli ?\nP: Aucun, j'ai une alarme.", "fluindione", None),
        ("D: Le Plavix, il vous arrive de l'oublier ?\nP: Le dimanche, oui.", "clopidogrel", None),
        ("D: Le Lasilix, vous le prenez ?\nP: Oui et non. Je l'ai repris lundi, j'avais arrêté tout l'été.", "furosémide", None),
        ("D: La metformine, vous la prenez comment ?\nP: Deux fois. Celle du soir, je l'ai laissée tomber.", "metformine", None),
        ("D: La Lamictal, vous êtes à deux cents, non ?\nP: Ah non. Moi je suis à cent.", "lamotrigine", 100.0),
    ],
)  # fmt: skip
def test_what_is_missed_or_taken_up_again_is_taken(said: str, label: str, value: float | None) -> None:
    drug = fact(label, facts(said))
    assert (drug.polarity, drug.value) == ("present", value)


@pytest.mark.parametrize(
    "said",
    [
        "D: Le ramipril, vous ne l'oubliez pas ?\nP: Je l'ai arrêté au printemps.",
        "D: Le ramipril, vous le prenez ?\nP: Je l'ai arrêté en mai, le matin j'avais la tête qui tournait.",
    ],
)
def test_what_was_given_up_is_not(said: str) -> None:
    assert fact("ramipril", facts(said)).polarity == "absent"


def test_a_dose_that_was_wrong_gives_way() -> None:
    said = "D: Et le Levothyrox ?\nP: Je suis à cent. Euh non, je dis n'importe quoi, c'est ma mère. Moi c'est soixante-quinze."
    assert fact("lévothyroxine", facts(said)).value == 75.0
    said = "D: Je vous passe l'Aprovel à trois cents… attendez, vous êtes à jeun. Non, on garde cent cinquante, le matin.\nP: Bien."
    assert fact("irbésartan", facts(said)).value == 150.0


def test_a_list_after_what_is_stopped_goes_on() -> None:
    found = facts("D: Donc plus de Plavix, Kardégic soixante-quinze, Tahor dix le soir.\nP: Noté.")
    assert [f.label for f in found if f.status == "stop"] == ["clopidogrel"]
    found = facts("D: Plus de Nurofen, ni de Voltarène.\nP: Noté.")
    assert {f.label for f in found if f.status == "stop"} == {"ibuprofène", "diclofénac"}


def test_a_vitamin_in_the_blood_is_no_dose_of_it() -> None:
    found = facts("D: La vitamine D, elle est à quinze, c'est peu.\nP: Ah.\nD: Une ampoule de cent mille tous les trois mois.")
    assert [f.value for f in found if f.label == "colécalciférol"] == [100000.0]


def test_the_next_drugs_dose_is_its_own() -> None:
    found = facts("D: Je vous mets du Spasfon, trois par jour, et un gramme de paracétamol le soir.\nP: Bien.")
    assert (fact("phloroglucinol", found).value, fact("paracétamol", found).value) == (None, 1.0)


def test_what_is_only_named_is_listed_once() -> None:
    said = "D: Vous prenez quoi ?\nP: Du Kardégic.\nD: À quelle dose ?\nP: Le Kardégic, soixante-quinze le midi.\nD: Vous toussez ?\nP: Oui."
    listed = [f for f in draft(transcript(said)).facts if f.label == "aspirine"]
    assert [f.value for f in listed] == [75.0]


@pytest.mark.parametrize(
    ("said", "label", "told"),
    [
        ("D: Le Circadin, on peut l'essayer, deux milligrammes au coucher.\nP: J'en ai déjà eu, ça m'a rien fait. Non merci.\nD: Bon, on laisse.", "mélatonine", ["absent"]),
        ("D: On pourrait mettre un peu de duloxétine. Vous seriez d'accord ?\nP: Sûrement pas, mon frère était dans le gaz avec.\nD: Comme vous préférez.", "duloxétine", ["absent"]),
        ("D: Je vous mets du tramadol cinquante, le soir.\nP: Ah non, j'en veux pas.\nD: Essayez quand même deux soirs.", "tramadol", ["present"]),
        ("D: Je vous mets de l'ibuprofène, quatre cents, matin et soir.\nP: Et je veux pas d'arrêt.\nD: D'accord.", "ibuprofène", ["present"]),
    ],
)  # fmt: skip
def test_an_offer_that_is_turned_down(said: str, label: str, told: list[str]) -> None:
    assert [f.polarity for f in facts(said) if f.label == label and not f.doubt and f.type == "medication"] == told


@pytest.mark.parametrize(
    "question",
    [
        "Vous ne prenez rien d'autre que l'insuline ?",
        "Pas d'autre traitement que de l'insuline ?",
        "À part votre insuline, pas de médicament ?",
        "Hormis l'insuline, d'autres médicaments ?",
    ],
)
def test_what_is_taken_besides_nothing_else_is_taken(question: str) -> None:
    found = [f for f in facts(f"D: {question}\nP: Non, rien.") if f.type == "medication"]
    assert [(f.label, f.polarity, f.status) for f in found] == [("insuline", "present", "current")]


def test_a_drug_asked_about_besides_another_is_asked_about() -> None:
    found = fact("ibuprofène", facts("D: En plus du Doliprane, vous prenez de l'ibuprofène ?\nP: Non, jamais."))
    assert found.polarity == "absent"


@pytest.mark.parametrize(
    ("dialogue", "old", "new"),
    [
        ("D: Vous prenez toujours le Ramipril 5 ?\nP: Non, on l'a remplacé par du candésartan 8 en mars.", "ramipril", "candésartan"),
        ("D: Vous êtes toujours sous Eliquis ?\nP: Non, le cardiologue a changé pour du Xarelto 20.", "apixaban", "rivaroxaban"),
        ("D: Je lis du tiotropium dans votre dossier.\nP: Plus maintenant, j'ai l'Anoro à la place.", "tiotropium", "uméclidinium-vilantérol"),
        ("P: J'ai arrêté le Crestor, maintenant je prends du Tahor 10.", "rosuvastatine", "atorvastatine"),
    ],
)
def test_a_drug_that_another_replaces_is_stopped_and_the_other_taken(dialogue: str, old: str, new: str) -> None:
    found = {f.label: f.polarity for f in facts(dialogue) if f.type == "medication"}
    assert found == {old: "absent", new: "present"}
