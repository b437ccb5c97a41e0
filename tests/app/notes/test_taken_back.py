"""Names, doses and lines of the record that the next words take back: the last word stands."""

import pytest

from tests.app.notes.support import facts


def drugs(text: str) -> dict[str, tuple[str, float | str | None]]:
    return {f.label: (f.polarity, f.value) for f in facts(text, age=60, sex="M") if f.type == "medication"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("D: Vous prenez quoi ?\nP: Du Coversyl, enfin non, du Triatec, cinq.", {"ramipril": ("present", 5.0)}),
        ("D: Vous prenez quoi ?\nP: Du Crestor, pardon, du Tahor.", {"atorvastatine": ("present", None)}),
        ("D: Et l'Imovane ?\nP: L'Imovane, oui, enfin non, c'est le Stilnox maintenant.", {"zopiclone": ("absent", None), "zolpidem": ("present", None)}),
        ("D: L'amlodipine, c'est dix ?\nP: Cinq. Enfin dix le soir, non attendez… cinq, c'est marqué cinq.", {"amlodipine": ("present", 5.0)}),
        ("D: Vous êtes sous Sintrom, je vois.\nP: C'était avant. Depuis cet été, du Xarelto.", {"acenocoumarol": ("absent", None), "rivaroxaban": ("present", None)}),
        ("D: Je lis Zocor vingt.\nP: Plus maintenant.", {"simvastatine": ("absent", None)}),
        ("D: Je lis Zocor vingt.\nP: Oui, le soir.", {"simvastatine": ("present", 20.0)}),
        ("D: Vous êtes à cinq de bisoprolol.\nP: On me l'a arrêté.", {"bisoprolol": ("absent", None)}),
        (
            "D: Dans mon dossier, j'ai du Micardis.\nP: Ah non, on me l'a changé. Maintenant c'est de l'Entresto.",
            {"telmisartan": ("absent", None), "sacubitril-valsartan": ("present", None)},
        ),
    ],
)  # fmt: skip
def test_the_last_word_stands(said: str, expected: dict[str, tuple[str, float | None]]) -> None:
    found = drugs(said)
    assert {label: found.get(label) for label in expected} == expected
    assert len(found) == len(expected)


def test_both_stand_where_nothing_is_taken_back() -> None:
    assert set(drugs("D: Vous prenez quoi ?\nP: Du Coversyl et du Tahor.")) == {"périndopril", "atorvastatine"}
    assert drugs("D: De l'aspirine ?\nP: Non, du Plavix.") == {"aspirine": ("absent", None), "clopidogrel": ("present", None)}


def told(text: str) -> set[tuple[str, str, str]]:
    return {(f.label, f.polarity, f.experiencer) for f in facts(text, age=60, sex="M")}


def test_no_further_allergy_is_not_no_allergy() -> None:
    assert not told("D: D'autres allergies ?\nP: Non, aucune.")
    assert ("allergie", "absent", "patient") in told("D: Des allergies ?\nP: À ma belle-mère. Non, sérieusement, aucune.")


def test_what_a_drug_did_is_no_symptom_of_today() -> None:
    found = told("D: Le tramadol, vous l'aviez mal supporté ?\nP: Oui, des vertiges, des nausées.")
    assert not {label for label, _, _ in found} & {"vertiges", "nausées"}


def test_a_relative_has_what_is_named_and_not_all_that_was_asked() -> None:
    found = told("D: Dans la famille, du diabète, de l'hypertension ?\nP: Mon frère, la tension.")
    assert {label for label, _, _ in found} == {"hypertension artérielle"}
    both = told("D: Dans la famille, du diabète, de l'hypertension ?\nP: Mon frère, les deux.")
    assert {label for label, _, _ in both} == {"hypertension artérielle", "diabète"}


@pytest.mark.parametrize("said", ["Non, jamais. Enfin une coupe au nouvel an.", "Non. Une coupe aux mariages."])
def test_a_rare_exception_leaves_a_no(said: str) -> None:
    (habit,) = facts(f"D: Vous buvez de l'alcool ?\nP: {said}")
    assert habit.polarity == "absent" and habit.detail.startswith("sauf une coupe")


def test_the_two_of_a_pressure_are_no_pulse() -> None:
    found = {f.label: f.value for f in facts("D: Pouls et tension ?\nP: Cent trente-deux sur soixante-dix-huit, et soixante-quatre.")}
    assert found == {"pression artérielle": "132/78", "fréquence cardiaque": 64.0}
