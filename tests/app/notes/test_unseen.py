"""What four dialogues showed that nobody here had seen (tests/golden/fourth.jsonl), in other words than theirs."""

import pytest

from tests.app.notes.support import fact, facts, labels


@pytest.mark.parametrize("said", ["P: Je suis plus vite fatigué en ce moment.", "P: J'ai plus souvent des vertiges.", "P: Je suis plus facilement essoufflé."])
def test_more_of_it_is_no_denial(said: str) -> None:
    assert [f.polarity for f in facts(said) if f.type == "symptom"] == ["present"]


def test_no_more_of_it_is_one() -> None:
    assert [f.polarity for f in facts("P: J'ai plus de fièvre.") if f.type == "symptom"] == ["absent"]


@pytest.mark.parametrize(
    ("text", "lang", "absent", "open_"),
    [
        ("D: Des nausées, des vertiges ?\nP: Pas de nausées. Je vois un peu trouble.", "fr", "nausées", "vertiges"),
        ("D: Any nausea or dizziness?\nP: No nausea. I see a bit blurry.", "en", "nausées", "vertiges"),
    ],
)
def test_a_denial_that_names_one_leaves_the_other_open(text: str, lang: str, absent: str, open_: str) -> None:
    found = facts(text, lang)
    assert fact(absent, found).polarity == "absent"
    assert open_ not in labels(found)


@pytest.mark.parametrize("answer", ["Non.", "Pas de nausées non plus.", "Non, rien de tout ça.", "Pas de nausées, rien."])
def test_a_denial_of_all_denies_all(answer: str) -> None:
    assert labels(facts(f"D: Des nausées, des vertiges ?\nP: {answer}"), polarity="absent") == {"nausées", "vertiges"}


def test_whose_illness_is_named_after_them() -> None:
    found = facts("P: Le kiné passe pour ma femme, pour son arthrose.")
    assert [(f.type, f.experiencer) for f in found] == [("family", "wife")]


def test_an_apposition_is_not_who_has_it() -> None:
    found = facts("P: Mon oncle, le frère de ma mère, a fait un infarctus.")
    assert [f.experiencer for f in found if f.type == "family"] in (["uncle"], ["maternal uncle"])


def test_asking_at_what_age_a_relative_had_it_gives_it_to_nobody_else() -> None:
    found = facts("D: Des maladies dans la famille ?\nP: Ma tante a eu un cancer du sein.\nD: Un cancer du sein à quel âge ?\nP: Cinquante ans.")
    assert [f.experiencer for f in found if f.label == "cancer du sein"] == ["aunt"]


def test_a_parent_s_husband_is_the_child_s_father() -> None:
    said = "D: Des allergies dans la famille ?\nR: Mon mari est asthmatique. Sa sœur a de l'eczéma."
    assert {f.experiencer for f in facts(said, age=3) if f.type == "family"} == {"father", "sister"}


@pytest.mark.parametrize(
    "said",
    ["D: Vous avez grossi ?\nP: Six kilos.", "D: Et le sirop ?\nR: Dose douze kilos, à midi.", "P: J'ai fait trois kilos de moins en deux mois.",
     "D: Have you lost weight?\nP: Ten pounds."],
)  # fmt: skip
def test_a_change_or_a_dose_is_no_weight(said: str) -> None:
    assert not [f for f in facts(said, "en" if "Have" in said else "fr") if f.type == "vital"]


def test_each_result_has_its_own_figure() -> None:
    found = facts("D: L'hémoglobine est à onze virgule deux. La ferritine à huit. La TSH à deux.\nP: D'accord.")
    assert {f.label: f.value for f in found if f.type == "lab"} == {"hémoglobine": 11.2, "ferritine": 8.0, "TSH": 2.0}


@pytest.mark.parametrize(("record", "status"), [(["Bisoprolol 5 mg"], "prescribed"), ([], "mentioned")])
def test_what_is_left_alone_goes_on_when_it_is_taken(record: list[str], status: str) -> None:
    found = facts("D: Le bisoprolol, on n'y touche pas.\nP: Bien.", record={"treatments": record})
    assert [f.status for f in found if f.label == "bisoprolol"] == [status]


def test_a_dose_that_is_denied_is_not_told() -> None:
    found = facts("D: Le Lévothyrox, toujours soixante-quinze ?\nP: Non, il l'a changé. Le matin à jeun.")
    assert not [f for f in found if f.value == 75.0]


def test_a_drug_taken_again_without_trouble_is_no_allergy() -> None:
    found = facts("D: Vous êtes allergique à l'aspirine ?\nP: Non, c'est une erreur. J'en ai repris, de l'aspirine, sans souci.")
    assert [f.polarity for f in found if f.type == "allergy"] == ["absent"]


def test_not_sure_yet_is_no_refusal_of_the_exam() -> None:
    found = facts("D: Ce n'est pas encore certain, il faut un scanner.\nP: D'accord.")
    assert [f.polarity for f in found if f.type == "plan"] == ["present"]


def test_a_water_pipe_is_tobacco() -> None:
    assert fact("tabac", facts("D: Vous fumez, vous buvez ?\nP: Jamais d'alcool. Le narguilé, le samedi.")).polarity == "present"


def test_praise_is_no_advice() -> None:
    assert not facts("D: Vous faites bien d'en parler, vous faites bien.\nP: Oui.")


def test_who_is_spoken_to_is_nobodys_illness() -> None:
    found = facts("D: Bonjour Léo.\nP: Papi, ça gratte !\nR: Il a cinq ans, docteur.", age=5)
    assert not [f for f in found if f.type == "family"]


def test_the_father_named_first_and_taken_up_again() -> None:
    assert [f.experiencer for f in facts("D: Et vos parents ?\nP: Papa, lui, il a un glaucome.") if f.type == "family"] == ["father"]


def test_would_like_to_is_no() -> None:
    assert [f.polarity for f in facts("D: Vous avez maigri ?\nP: J'aimerais bien. Toujours 80 kilos.") if f.label == "perte de poids"] == ["absent"]


@pytest.mark.parametrize("said", ["Pour l'arrêt, on commence par des pastilles.", "L'arrêt peut réveiller l'angoisse.", "Vous le gardez jusqu'au bout."])
def test_giving_up_smoking_is_no_sick_leave(said: str) -> None:
    assert not [f for f in facts(f"D: Vous fumez ?\nP: Oui, dix cigarettes.\nD: {said}\nP: Bien.") if f.type == "work_stoppage"]


def test_a_box_in_the_cupboard_that_was_left_there_is_not_taken() -> None:
    found = facts("D: Il a pris quoi ?\nP: Il y avait de l'Advil dans le placard, j'ai hésité.")
    assert not [f for f in found if f.type == "medication" and not f.doubt]


def test_the_gall_bladder_is_no_blister() -> None:
    assert not [f for f in facts("D: Une radio ?\nP: Oui, pour l'opération de la vésicule.") if f.label == "vésicules ou ampoules"]
