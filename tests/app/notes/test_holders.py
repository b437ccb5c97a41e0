"""Whose a French statement is: relatives by name and pronoun, and what runs in a family."""

import pytest

from tests.app.notes.support import drafted, fact, facts, labels, told


def of_kin(text: str, **patient: object) -> set[tuple[str, str, str]]:
    return {(f.experiencer, f.label, f.polarity) for f in facts(text, **patient) if f.type == "family"}


@pytest.mark.parametrize(
    "said,expected",
    [
        ("Mon frère aîné est diabétique, ma cadette a une sclérose en plaques.", {("brother", "diabète"), ("sister", "sclérose en plaques")}),
        ("Maman a de l'arthrose. Sa sœur aussi, et en plus un glaucome.", {("mother", "arthrose"), ("aunt", "glaucome")}),
        ("Ma tante et mon oncle sont asthmatiques.", {("aunt", "asthme"), ("uncle", "asthme")}),
        ("L'épilepsie, c'est mon fils.", {("son", "épilepsie")}),
        ("Mon père, une crise cardiaque à cinquante ans, mais il s'en est remis.", {("father", "infarctus")}),
        ("Le fils de mon frère a un autisme.", {("nephew", "autisme")}),
        ("Mon oncle, le frère de mon père, est mort d'une leucémie.", {("paternal uncle", "leucémie")}),
    ],
)  # fmt: skip
def test_each_illness_has_its_own_relative(said: str, expected: set[tuple[str, str]]) -> None:
    found = of_kin(f"D: Il y a des maladies dans la famille ?\nP: {said}")
    assert {(who, what) for who, what, _ in found} == expected


def test_the_speaker_in_person_takes_the_floor_again() -> None:
    found = facts("D: Dans la famille ?\nP: Ma sœur a eu une phlébite. Moi, j'ai des palpitations.")
    assert fact("palpitations", found).experiencer == "patient"
    assert fact("phlébite", found).experiencer == "sister"


def test_who_is_only_with_somebody_is_not_spoken_about() -> None:
    found = facts("D: Alors ?\nP: En portant l'armoire avec mon beau-frère je me suis fait une entorse.")
    assert fact("entorse", found).experiencer == "patient"


def test_he_and_she_beside_a_sick_child() -> None:
    found = facts(
        "D: Vous êtes la maman ?\nR: Oui. Son petit frère a eu la varicelle. Lui il a de la fièvre. Moi j'ai eu un zona.",
        age=6,
        sex="M",
    )
    assert fact("varicelle", found).experiencer == "brother"
    assert fact("zona", found).experiencer == "mother"


def test_the_kin_of_a_daughter_who_speaks() -> None:
    found = of_kin("D: Bonjour.\nR: J'appelle pour maman. Papa avait un Parkinson, mon frère a un asthme.", age=80, sex="F")
    assert found == {("husband", "maladie de Parkinson", "present"), ("son", "asthme", "present")}


@pytest.mark.parametrize(
    "asked,said,expected",
    [
        ("Le cœur, dans votre famille ?", "Mon grand-père, le cœur, à soixante ans.", ("grandfather", "maladie cardiaque", "present")),
        ("Des cancers chez vos proches ?", "Ma marraine non, ma tante, oui, l'estomac.", ("aunt", "cancer de l'estomac", "present")),
        ("Et votre maman ?", "Elle a un peu de sucre.", ("mother", "diabète", "present")),
        ("Du glaucome dans la famille ?", "Maman. Mon frère, non.", ("mother", "glaucome", "present")),
        ("Il y a des phlébites dans votre famille ?", "Non, personne.", ("family", "phlébite", "absent")),
    ],
)  # fmt: skip
def test_a_family_history_in_plain_words(asked: str, said: str, expected: tuple[str, str, str]) -> None:
    assert expected in of_kin(f"D: {asked}\nP: {said}")


@pytest.mark.parametrize("said", ["J'ai mal au cœur quand je mange.", "Ma fille m'a dit que le cœur va bien.", "Le cœur, ça va, ma mère s'inquiète."])
def test_a_part_of_the_body_is_no_illness_of_a_relative(said: str) -> None:
    assert not of_kin(f"D: Comment ça va ?\nP: {said}")


def test_what_nobody_in_the_family_has_is_told_as_denied() -> None:
    made = drafted("D: Des glaucomes dans la famille ?\nP: Non, aucun.\nD: Vous toussez ?\nP: Oui, depuis lundi, j'ai de la fièvre.")
    assert "Famille : pas de glaucome" in told(made)


def test_a_house_without_sick_people_is_no_family_history() -> None:
    assert not labels(facts("D: Quelqu'un est malade à la maison, une gastro ?\nP: Non, personne."), type="family")


@pytest.mark.parametrize(
    "asked,answered,expected",
    [
        ("D'autres malades à la maison ?", "Le grand a une bronchite.", {("brother", "bronchite", "present")}),
        ("Quelqu'un d'autre est malade chez vous ?", "L'aînée a fait une otite.", {("sister", "otite", "present")}),
        ("Quelqu'un d'autre est malade ?", "Non. La petite a juste une otite.", set()),
    ],
)
def test_the_other_children_at_home_are_not_the_patient(asked: str, answered: str, expected: set[tuple[str, str, str]]) -> None:
    text = f"R: C'est ma fille, elle tousse.\nD: {asked}\nR: {answered}"
    assert of_kin(text, age=2, sex="F") == expected


@pytest.mark.parametrize(
    "asked,answered,expected",
    [
        ("Vous avez déjà fait une embolie pulmonaire ?", "Moi, non. Ma tante, une, l'an passé.", {("aunt", "embolie pulmonaire", "present")}),
        ("Il y a une femme enceinte autour de vous ?", "Ma sœur, de six mois.", {("sister", "grossesse", "present")}),
        ("Qui est diabétique chez vous ?", "Mon père, ma tante, et ma sœur qui est suivie à l'hôpital.", {("father", "diabète", "present"), ("aunt", "diabète", "present")}),
        ("Du glaucome, de l'asthme chez vos proches ?", "Ma mère, de l'asthme. Un glaucome, personne.", {("mother", "asthme", "present"), ("family", "glaucome", "absent")}),
    ],
)  # fmt: skip
def test_who_of_the_family_has_what_was_asked(asked: str, answered: str, expected: set[tuple[str, str, str]]) -> None:
    assert of_kin(f"D: {asked}\nP: {answered}") == expected


def test_a_pregnant_relative_makes_no_pregnant_patient() -> None:
    found = facts("D: Une femme enceinte dans votre entourage ?\nP: Ma collègue de bureau.")
    assert not [f for f in found if f.label == "grossesse" and f.experiencer == "patient"]


def test_somebody_who_had_the_same() -> None:
    found = facts("P: J'ai des vertiges.\nD: Évitez de conduire.\nP: Ma sœur a eu exactement la même chose l'an dernier.")
    assert fact("mêmes symptômes", found).experiencer == "sister"
    assert fact("mêmes symptômes", found).text == "mêmes symptômes l'an dernier"


def test_who_stands_beside_a_relative_is_the_patient() -> None:
    found = facts("R: Bonjour, je suis sa fille. Papa est assis avec moi, il entend mal.\nD: Bonjour.", age=80, sex="M")
    assert fact("baisse d'audition", found).experiencer == "patient"


def test_what_somebody_would_say_of_the_patient_is_the_patients() -> None:
    found = facts("D: Le moral ?\nP: Ça va. Ma femme vous dirait irritable.")
    assert not [f for f in found if f.type == "family"]


@pytest.mark.parametrize(
    "talk,expected",
    [
        ("D: Et chez vous ?\nP: Mon frère Paul a un pacemaker.", {("brother", "pacemaker", "present")}),
        ("D: Des maladies dans la famille ?\nP: Mon frère a eu un fils avec une hémophilie.", {("nephew", "hémophilie", "present")}),
        ("D: Des rhumatismes dans la famille ?\nP: La mère. Une arthrite, elle a les mains déformées.", {("mother", "arthrite", "present")}),
        ("D: D'accord.\nP: Mon père a fait une attaque.\nD: Un AVC ?\nP: Oui, il y a deux ans.", {("father", "AVC", "present")}),
        ("D: Vous avez déjà eu des calculs ?\nP: Moi non. C'est maman qui en a fait trois.", {("mother", "calculs urinaires", "present")}),
    ],
)
def test_whom_a_name_or_a_short_question_is_about(talk: str, expected: set[tuple[str, str, str]]) -> None:
    assert expected <= of_kin(talk, age=50, sex="M")


@pytest.mark.parametrize(
    "talk",
    [
        "D: Vous fumez ?\nP: Moi non. Bruno, il vapote dans la cuisine.",
        "D: Elle dort bien ?\nP: Elle a de la fièvre depuis hier.",
        "D: Alors ?\nP: Au bureau ils ont tous eu la grippe.",
        "D: Alors ?\nP: C'est de le porter, lui, il pèse quatre-vingt-dix kilos.",
        "D: Alors ?\nP: Ma voisine a fait une dépression.",
        "D: Et le Plaquenil ?\nP: Une amie en a eu. Elle a un lupus.",
    ],
)
def test_what_others_have_is_neither_the_patients_nor_a_family_history(talk: str) -> None:
    found = [f for f in facts(talk, age=40, sex="F") if f.label != "tabac"]
    assert [f for f in found if f.type in ("family", "symptom", "problem", "vital", "social")] == []


def test_a_noun_is_no_first_name() -> None:
    found = facts("D: Alors ?\nP: Jambes, elles ont gonflé. Césarienne, il était en siège. J'ai un Parkinson, mon frère aussi.", age=50, sex="F")
    assert {f.experiencer for f in found if f.type == "family"} <= {"brother"}


def test_the_mother_of_a_grown_boy_speaks_of_her_own_kin() -> None:
    found = of_kin("R: Je suis la maman de Théo.\nD: Dans la famille ?\nR: Mon père est bipolaire. Son père a fait une dépression. Il prend encore du Prozac.", age=17, sex="M")
    assert {("grandfather", "trouble bipolaire", "present"), ("father", "dépression", "present")} <= found
    assert ("father", "fluoxétine", "present") in found


def test_a_daughter_who_speaks_has_her_own_illness() -> None:
    assert ("daughter", "sinusite", "present") in of_kin("D: Elle tousse ?\nR: Non. C'est moi qui tousse, j'ai une sinusite.", age=80, sex="F")


def test_a_big_glass_and_a_last_meal_are_no_brother() -> None:
    found = facts(
        "D: Son frère est malade aussi ?\nR: Oui, depuis lundi.\nD: Il boit ?\nR: Un grand verre d'eau d'un coup, et hop, il vomit.\n"
        "D: Il mange ?\nR: Le dernier repas, il l'a gardé, mais il a mal au ventre.",
        age=3,
        sex="M",
    )
    assert {"vomissements", "douleur abdominale"} <= labels(found, type="symptom", experiencer="patient")


def test_a_baby_that_is_weighed_and_a_man_who_vapes_are_not_the_patient() -> None:
    talk = (
        "D: Bonjour madame.\nP: Bonjour, je pleure tout le temps depuis l'accouchement.\nD: L'allaitement ?\nP: Ça marche.\n"
        "D: Elle grossit ?\nP: Pesée jeudi, cinq kilos deux cents.\nD: Vous fumez ?\nP: Non. Kevin, il vapote à la fenêtre.\n"
        "D: Des allergies ?\nP: Non.\nD: D'accord. Bonjour Kevin, on vous voit."
    )
    found = facts(talk, age=30, sex="F")
    assert not labels(found, type="vital", experiencer="patient")
    assert "vapotage" not in labels(found, experiencer="patient")


def test_what_a_brother_was_given_is_the_brothers() -> None:
    found = facts("D: On vous l'a cherché, ce microbe ?\nP: Non, c'est mon frère. Ils lui ont donné trois antibiotiques.", age=40, sex="M")
    assert not labels(found, type="medication")
