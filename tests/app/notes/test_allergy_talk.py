"""Talks about allergies in French: what is asked, named, read out, taken back, and how it is borne."""

import pytest

from tests.app.notes.support import facts


def borne(text: str, **patient: object) -> set[tuple[str, str, str]]:
    return {(f.label, f.polarity, f.temporality) for f in facts(text, **patient) if f.type == "allergy"}


HARMS = "present", "current"


@pytest.mark.parametrize(
    "said,expected",
    [
        ("La moutarde, ça m'a fait tripler les lèvres.", {("moutarde", *HARMS)}),
        ("Les acariens et les plumes.", {("acariens", *HARMS), ("plumes", *HARMS)}),
        ("Rien, enfin si, le melon, la bouche qui gratte.", {("melon", *HARMS)}),
        ("Le céleri cru me pique la langue, la banane j'en mange tous les jours.", {("céleri", *HARMS)}),
        ("J'en ai pas.", {("allergie", "absent", "current")}),
        ("Pas à ma connaissance.", {("allergie", "absent", "current")}),
    ],
)  # fmt: skip
def test_what_is_named(said: str, expected: set[tuple[str, str, str]]) -> None:
    assert borne(f"D: Des allergies ?\nP: {said}") == expected


@pytest.mark.parametrize(
    "asked,said,expected",
    [
        ("Le soja ?", "J'en bois tous les matins.", {("soja", "absent", "current")}),
        ("Et les fruits de mer, ça passe ?", "Sans aucun souci.", {("fruits de mer", "absent", "current")}),
        ("Une piqûre de frelon ?", "Oui, la main a doublé.", {("frelons", *HARMS)}),
        ("Une piqûre d'abeille ?", "Jamais été piqué, je saurais pas dire.", set()),
        ("Le sésame ?", "Jamais goûté.", set()),
    ],
)  # fmt: skip
def test_what_is_asked_next(asked: str, said: str, expected: set[tuple[str, str, str]]) -> None:
    found = borne(f"D: Des allergies ?\nP: Le kiwi.\nD: {asked}\nP: {said}")
    assert found == {("kiwi", *HARMS)} | expected


def test_what_is_asked_besides_is_no_allergen() -> None:
    found = borne("D: Des allergies ?\nP: Le kiwi.\nD: Vous avez un chat à la maison ?\nP: Oui, deux chats.\nD: Et du poisson, vous en mangez souvent, avec votre tension ?\nP: Deux fois par semaine.")
    assert found <= {("kiwi", *HARMS), ("poisson", "absent", "current")}


@pytest.mark.parametrize(
    "said,expected",
    [
        ("C'est de l'histoire ancienne, elle en remange depuis deux ans.", ("arachide", "present", "resolved")),
        ("Oui, le visage qui gonfle en cinq minutes.", ("arachide", "present", "current")),
        ("Les tests étaient négatifs finalement.", ("arachide", "absent", "current")),
    ],
)  # fmt: skip
def test_what_the_doctor_reads_out(said: str, expected: tuple[str, str, str]) -> None:
    found = borne(f"D: J'ai une allergie à l'arachide dans son dossier, c'est toujours vrai ?\nR: {said}", age=7)
    assert expected in found


def test_who_was_always_told_so_is_in_doubt() -> None:
    found = facts("D: Et les sulfamides ?\nP: On m'a toujours dit de pas en prendre.", record={"allergies": ["Sulfamides"]})
    assert not [f for f in found if f.type == "allergy" and f.certainty == "certain"]


def test_a_drug_of_the_same_family_that_is_borne() -> None:
    found = borne("D: Allergique à la pénicilline ?\nP: De l'amoxicilline, j'en ai eu l'hiver dernier, tranquille.")
    assert ("pénicilline", "absent", "current") in found
    assert not [one for one in found if one[1] == "present"]


def test_a_reaction_told_unasked() -> None:
    found = borne("D: Vous mettez quoi dessus ?\nP: Rien, le pansement ça me fait des cloques.")
    assert found == {("sparadrap (adhésifs)", *HARMS)}


def test_the_allergies_of_a_relative_are_theirs() -> None:
    found = facts("D: Des allergies dans l'entourage ?\nP: Ma fille, les noisettes. Mon père, l'aspirine.")
    assert {(f.experiencer, f.label) for f in found if f.type == "family"} == {("daughter", "allergie noisettes"), ("father", "allergie aspirine")}
    assert not [f for f in found if f.type == "allergy"]


def test_an_effect_that_the_doctor_calls_none() -> None:
    found = borne("D: Un médicament qui ne passe pas ?\nP: Le Tramadol, j'ai vomi.\nD: C'est un effet secondaire, pas une allergie.\nP: D'accord.")
    assert not [one for one in found if one[1] == "present"]


def test_what_was_never_given_again_is_not_outgrown() -> None:
    found = facts("D: Des allergies ?\nP: Le Clamoxyl, j'ai eu des plaques à six ans. Depuis, on m'en a jamais redonné.")
    assert [(f.polarity, f.temporality) for f in found if f.type == "allergy"] == [("present", "current")]


@pytest.mark.parametrize(
    ("said", "label", "temporality"),
    [
        ("D: J'ai aussi une intolérance au tramadol.\nP: Oui, je vomis pendant deux jours.", "tramadol", "current"),
        ("D: J'ai marqué « allergie céphalosporine » dans la fiche. Dites-moi.\nP: Le visage tout gonflé, au bout d'une heure.", "céphalosporine", "current"),
        ("D: Des allergies, je n'ai rien d'inscrit.\nP: Les noisettes ! J'ai les lèvres qui gonflent.", "noisettes", "current"),
        ("D: Le Zyloric, je l'inscris dans vos allergies.\nP: D'accord.", "allopurinol", "current"),
        ("D: Dans le dossier, il y a une allergie à l'arachide.\nP: Quand j'étais petit. J'en mange à l'apéro depuis mes quinze ans.", "arachide", "resolved"),
        ("P: On m'avait donné du Nurofen pour une entorse. Une heure après j'avais les paupières gonflées.\nD: Ah.", "ibuprofène", "current"),
        ("D: C'est le sirop qui vous avait donné des boutons ?\nP: Le Clamoxyl, oui, j'étais couvert.", "amoxicilline", "current"),
    ],
)  # fmt: skip
def test_an_allergy_that_is_read_out_noted_or_told_as_it_happened(said: str, label: str, temporality: str) -> None:
    told = next(f for f in facts(said) if f.type == "allergy" and label in f.label)
    assert (told.polarity, told.temporality) == ("present", temporality)


def test_a_fever_that_falls_after_a_drug_is_no_reaction() -> None:
    found = facts("P: J'avais pris un Doliprane. Une heure après la fièvre était tombée.\nD: Bien.")
    assert all(f.type != "allergy" for f in found)


@pytest.mark.parametrize(
    ("question", "polarity"),
    [
        ("Pas d'autre allergie que le latex ?", "present"),
        ("À part le latex, pas d'allergie ?", "present"),
        ("Toujours allergique au latex, rien d'autre ?", "present"),
        ("Le latex, c'est tout comme allergie ?", "present"),
        ("J'ai le latex dans les allergies, il y en a d'autres ?", "present"),
        ("Vous êtes allergique au latex ?", "absent"),
        ("Allergique au latex ou autre chose ?", "absent"),
    ],
)
def test_a_no_to_other_allergies_leaves_the_one_that_is_known(question: str, polarity: str) -> None:
    found = [f for f in facts(f"P: Je tousse depuis hier.\nD: {question}\nP: Non.\nD: Bien.") if f.type == "allergy" and f.label == "latex"]
    assert [f.polarity for f in found] == [polarity]
