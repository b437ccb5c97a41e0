"""Symptoms and problems: question and answer are one, and each keeps its polarity, time and person."""

import pytest

from tests.app.notes.support import drafted, fact, facts, labels


def test_question_and_answer_are_one() -> None:
    found = facts("D: Vous toussez ?\nP: Non. Ni toux, ni le nez qui coule.")
    assert fact("toux", found).polarity == "absent"
    assert fact("rhinorrhée", found).polarity == "absent"


def test_a_list_that_is_denied() -> None:
    found = facts("D: Des nausées, des vomissements ?\nP: Non plus.")
    assert labels(found, polarity="absent") == {"nausées", "vomissements"}
    assert all(f.turns == (0, 1) for f in found)


def test_an_answer_that_takes_up_one_of_several() -> None:
    found = facts("D: Elle tousse, elle a le nez qui coule ?\nP: Le nez oui, depuis une semaine.")
    assert fact("rhinorrhée", found).polarity == "present"
    assert "toux" not in labels(found)


def test_a_negative_question_answered_si() -> None:
    assert (
        fact("douleur thoracique", facts("D: Pas de douleur dans la poitrine ?\nP: Si, un peu.")).polarity == "present"
    )


def test_normal_function_denies_the_trouble() -> None:
    found = facts("D: Vous arrivez à ouvrir la bouche en grand ?\nP: Oui oui.")
    assert fact("trismus", found).polarity == "absent"


def test_since_when_and_how_often() -> None:
    found = facts("D: Racontez-moi.\nP: Depuis hier midi j'ai mal à la gorge, et je tousse.")
    assert fact("odynophagie", found).detail == "depuis hier midi"


def test_which_side() -> None:
    found = facts("D: Quelle jambe ?\nP: La gauche. Euh, non, la droite !")
    assert fact("localisation jambe", found).text == "localisation : jambe droite"


def test_the_family_disease_is_not_the_patients() -> None:
    found = facts("D: Vous avez déjà eu un cancer ?\nP: Moi non. Mon père, la prostate, à soixante-dix ans.")
    assert fact("cancer", found).polarity == "absent"
    assert fact("cancer de la prostate", found).experiencer == "father"


@pytest.mark.parametrize(
    ("said", "label", "relation"),
    [
        ("P: C'est mon frère, lui, l'infarctus, à cinquante-deux ans.", "infarctus", "brother"),
        ("P: C'est ma femme qui toussait avec le sien.", "toux", "wife"),
        ("P: C'est ma sœur ça, elle est bipolaire, elle est sous lithium.", "trouble bipolaire", "sister"),
    ],
)
def test_whose_it_is(said: str, label: str, relation: str) -> None:
    assert fact(label, facts(f"D: Et dans la famille ?\n{said}")).experiencer == relation


def test_a_parent_speaks_of_the_child() -> None:
    found = facts(
        "D: Qu'est-ce qui se passe ?\nR: Ma fille a mal à l'oreille depuis hier soir. Moi j'ai mal au ventre.",
        age=2,
        sex="F",
    )
    assert fact("otalgie", found).experiencer == "patient"
    assert fact("douleur abdominale", found).experiencer != "patient"


def test_a_guess_stays_a_guess() -> None:
    found = facts("D: Alors ?\nP: Je pense que c'est une hernie.")
    assert fact("hernie discale", found).certainty == "suspected"


def test_the_doctor_concludes() -> None:
    assert fact("cystite", facts("D: Bon, c'est une cystite simple.\nP: D'accord.")).status == "diagnosis"
    assert fact("otite", facts("D: C'est probablement une otite.\nP: D'accord.")).certainty == "suspected"


def test_a_condition_is_no_symptom() -> None:
    found = facts(
        "D: Si vous avez de la fièvre ou des frissons, vous allez aux urgences.\nP: D'accord. Fièvre, frissons : urgences."
    )
    assert not labels(found, type="symptom")


def test_hearsay_is_nobodys() -> None:
    assert "cancer de la thyroïde" not in labels(
        facts("D: Oui ?\nP: J'ai vu sur Facebook que ça donne le cancer de la thyroïde.")
    )


def test_past_and_resolved() -> None:
    found = facts("D: Et l'asthme ?\nP: Oh, ça c'était petite. Plus une crise depuis le collège.")
    assert fact("asthme", found).temporality in ("past", "resolved")


def test_english() -> None:
    found = facts(
        "D: Any headaches, any stiff neck?\nP: No, nothing like that.\nD: Anything else?\nP: I have a cough since Monday.",
        "en",
    )
    assert labels(found, polarity="absent") == {"céphalées", "raideur de la nuque"}
    assert fact("toux", found).detail == "since Monday"


def test_fear_is_no_finding() -> None:
    assert "infarctus" not in labels(facts("D: Des crises ?\nP: Deux fois, j'ai cru que je faisais un infarctus."))


def test_a_parent_on_the_patients_channel() -> None:
    found = facts("D: Et vous ?\nP: Je suis la mère. Moi j'ai un peu mal au ventre mais ça va.", age=2, sex="M")
    assert fact("douleur abdominale", found).experiencer == "mother"


def test_a_statement_outweighs_a_denial_that_no_question_marks() -> None:
    found = facts(
        "D: Vous sentez quelque chose ?\nP: Oui, à droite, un ganglion.\nD: Alors, vous avez un ganglion des grosses amygdales.\nP: Là non, j'y ai pas touché."
    )
    assert labels(found, type="symptom", polarity="present") >= {"ganglion"}


def test_there_is_a_lump_is_not_past() -> None:
    assert fact("ganglion", facts("D: Alors ?\nP: À droite il y a une boule qui fait mal.")).temporality == "current"


def test_a_pain_whose_place_was_not_understood_is_told_when_it_is_all_there_is() -> None:
    """The complaint must not vanish because the recogniser broke the name of where it hurts."""
    broken = "P: Depuis quatre jours j'ai très mal au badusene dose fleu du côté droit."
    assert fact("douleur", facts(f"D: Qu'est-ce qui vous amène ?\n{broken}")).text == "douleur à droite depuis 4 jours"
    assert "douleur" not in labels(facts(f"{broken}\nP: Et je tousse."))
    spreads = f"{broken}\nD: Est-ce que la douleur descend dans la jambe ?\nP: Non."
    assert fact("douleur", facts(spreads)).polarity == "present", "that it does not spread is no word against the pain"
    assert "douleur" not in labels(facts("D: Des douleurs ?\nP: Non."))
    assert labels(facts("P: J'ai mal dormi et j'ai très mal au dos."), polarity="present") == {"lombalgie"}


def test_what_must_not_happen_has_not_happened() -> None:
    assert "éternuements" not in labels(facts("D: Ça fait mal ?\nP: Oui. Faut pas que j'éternue."))
    assert "éternuements" in labels(facts("D: Alors ?\nP: J'éternue toute la journée."))


def test_more_the_one_than_the_other() -> None:
    found = facts("D: Alors ?\nP: C'est plus de la fatigue que de la tristesse.")
    assert "tristesse de l'humeur" not in labels(found)


def test_an_answer_about_the_eyes_says_nothing_of_sneezing() -> None:
    found = facts("D: Vous éternuez ? Les yeux qui piquent ?\nP: Un peu les yeux, oui.")
    assert "éternuements" not in labels(found)


def test_numbness_is_no_tingling() -> None:
    assert labels(facts("D: Alors ?\nP: J'ai la jambe engourdie.")) == {"engourdissement"}


def test_a_hard_belly_is_not_called_contractions() -> None:
    assert "contractions" not in labels(facts("D: Alors ?\nP: J'ai le ventre un peu dur le soir."))


def test_what_had_been_is_no_complaint_of_today() -> None:
    assert fact("perte de poids", facts("P: J'avais beaucoup maigri, j'ai tout repris.")).temporality == "past"
    assert fact("perte de poids", facts("P: J'ai maigri de trois kilos.")).temporality == "current"


def test_not_too_bad_denies_nothing() -> None:
    assert fact("obstruction nasale", facts("P: I have a stuffy nose, not too bad.", "en")).polarity == "present"
    assert fact("céphalées", facts("P: Headache not anymore.", "en")).polarity == "absent"


def test_an_answer_tells_its_time_after_its_fillers() -> None:
    found = facts("D: Vous avez fait des malaises ?\nP: Alors… l'hiver dernier, une fois dans le métro.")
    assert fact("malaise", found).temporality == "past"


def test_what_began_long_ago_is_not_over() -> None:
    found = facts("D: Vous avez mal à la tête ?\nP: Oui, ça a commencé l'an dernier.")
    assert fact("céphalées", found).temporality == "current"


def test_a_count_of_last_week_is_of_today() -> None:
    found = facts("D: Des vertiges ?\nP: Deux fois la semaine dernière.")
    assert fact("vertiges", found).temporality == "current"


def test_the_imperfect_goes_on_without_its_verb() -> None:
    found = facts("D: Racontez-moi.\nP: Je tremblais, les palpitations, et puis c'est passé.")
    assert {f.temporality for f in found if f.type == "symptom"} <= {"past", "resolved"}


def test_what_a_drug_did_before_is_no_symptom_of_today() -> None:
    dialogue = "D: Vous aviez eu de l'amoxicilline, vous l'aviez supportée ?\nP: Ça m'avait donné la diarrhée."
    made = drafted(dialogue)
    assert "diarrhée" not in {f.label for f in made.facts}
    assert fact("diarrhée", facts(dialogue)).temporality == "past"


def test_a_little_of_something_else_is_no_yes() -> None:
    found = facts("D: Des palpitations ?\nP: Un peu mal à la tête, plutôt.")
    assert "palpitations" not in labels(found, polarity="present")
    assert fact("palpitations", facts("D: Des palpitations ?\nP: Un peu, le soir.")).polarity == "present"


def test_the_same_illness_with_its_day() -> None:
    found = facts("D: Quelqu'un d'autre est malade ?\nP: Oui, ma fille a eu ça mardi.")
    assert fact("mêmes symptômes", found).text == "mêmes symptômes mardi"


@pytest.mark.parametrize(
    "said",
    [
        "Comme vous avez un nouveau partenaire, je vous prescris un dépistage, chlamydia et gonocoque.",
        "Vous avez quarante ans, on va faire une sérologie VIH et hépatite.",
        "Vous avez mal depuis longtemps, il faut éliminer une fracture.",
        "Vous avez de la fièvre, on cherche à exclure une pyélonéphrite.",
    ],
)
def test_what_is_only_looked_for_is_no_diagnosis(said: str) -> None:
    assert not [f for f in facts(f"D: Alors.\nP: J'ai mal au ventre.\nD: {said}") if f.type == "problem"]


def test_a_diagnosis_said_to_be_suggested() -> None:
    found = facts("D: Alors.\nP: Ça me gratte.\nD: C'est évocateur d'une gale.")
    assert fact("gale", found).status == "diagnosis"


@pytest.mark.parametrize("besides", ["à part la toux", "en dehors de la toux", "en plus de la toux"])
def test_what_is_known_already_is_not_denied(besides: str) -> None:
    found = facts(f"D: Dites-moi.\nP: Je tousse depuis hier.\nD: D'autres symptômes, {besides} ?\nP: Non, rien.")
    assert fact("toux", found).polarity == "present"


def test_a_subjunctive_is_no_stroke() -> None:
    assert "AVC" not in labels(facts("D: Alors ?\nP: J'ai mal à la tête, c'est possible qu'il en ait repris."))


def test_an_old_episode_is_not_the_one_of_today() -> None:
    found = facts("P: J'ai mal au bas du dos depuis lundi.\nD: Vous aviez déjà eu un lumbago ?\nP: Il y a trois ans, oui.")
    assert sorted(f.temporality for f in found if f.label == "lombalgie") == ["current", "past"]


@pytest.mark.parametrize("forbidden", ["Pas de sport pendant quinze jours.", "Pas de piscine avant la cicatrisation."])
def test_what_is_forbidden_is_advice(forbidden: str) -> None:
    assert [f.type for f in facts(f"D: {forbidden}\nP: D'accord.")] == ["advice"]


def test_an_allergy_to_one_nut_is_to_that_one() -> None:
    assert labels(facts("D: Des allergies ?\nP: Aux noix de cajou."), type="allergy") == {"noix de cajou"}
    assert labels(facts("D: Any allergies?\nP: Cashew nuts.", "en"), type="allergy") == {"noix de cajou"}


@pytest.mark.parametrize(
    ("text", "lang", "who"),
    [
        ("D: Il y a des migraineux chez vous ?\nP: Ma mère, depuis toujours.", "fr", ["mother"]),
        ("D: Un glaucome dans la famille ?\nP: Oui, mon grand-père.", "fr", ["grandfather"]),
        ("D: Any diabetes in the family?\nP: Yes, my brother, for years.", "en", ["brother"]),
        ("D: Du diabète dans la famille ?\nP: Ma mère, non. Mon père, oui.", "fr", ["father"]),
        ("D: Any cancer in the family?\nP: My father, I don't know.", "en", []),
        ("D: Du cholestérol dans la famille ?\nP: Mon mari m'attend dans la voiture.", "fr", []),
    ],
)
def test_who_is_named_when_the_family_is_asked_about_has_it(text: str, lang: str, who: list[str]) -> None:
    assert [f.experiencer for f in facts(text, lang) if f.type == "family"] == who


def test_who_does_not_know_denies_nothing() -> None:
    found = facts("D: Vous avez eu la varicelle ?\nP: J'en sais rien. Peut-être.")
    assert "varicelle" not in labels(found)


def test_a_no_that_is_taken_back() -> None:
    found = facts("D: Des boutons dans la bouche ?\nR: J'ai pas regardé. Attendez… Ah oui, y en a trois.", age=5)
    assert fact("éruption cutanée", found).polarity == "present"


def test_a_part_that_itches() -> None:
    found = facts("D: Ça gratte ?\nP: Les mains non. Le cou, oui, le soir.")
    assert fact("prurit (démangeaisons)", found).polarity == "present"


def test_the_answer_says_what_the_part_is_like() -> None:
    assert fact("œdème des chevilles", facts("D: Et les chevilles ?\nP: Gonflées, le soir.")).polarity == "present"


def test_a_qualified_question_denies_its_quality_only() -> None:
    found = facts("D: Un bouton qui est très rouge, qui coule jaune ?\nR: Non.", age=5)
    assert "éruption cutanée" not in labels(found)


def test_the_sister_of_who_speaks_is_the_childs_aunt() -> None:
    found = facts("D: Quelqu'un d'enceinte à la maison ?\nR: Ah. Ma sœur. Elle est enceinte de six mois.", age=4)
    assert fact("grossesse", found, type="family").experiencer == "aunt"


def test_it_was_and_is_no_more() -> None:
    found = facts("D: Vous avez eu des idées noires ?\nP: En mars, oui. Là non, plus depuis quinze jours.")
    assert {(f.polarity, f.temporality) for f in found if f.label == "idées suicidaires"} == {("present", "resolved"), ("absent", "current")}


def test_one_attack_is_over_with_its_signs() -> None:
    found = facts("D: Vous m'aviez parlé de crises d'angoisse.\nP: J'en ai fait une en mai. Le cœur qui tape, les mains qui tremblent.")
    assert fact("crises d'angoisse", found).temporality == "past"
    assert fact("palpitations", found).temporality == "past"


def test_a_pregnancy_as_a_date_is_no_pregnancy() -> None:
    assert "grossesse" not in labels(facts("D: Vous fumez ?\nP: Non, j'ai arrêté à ma deuxième grossesse."))


def test_a_diagnosis_stands_whatever_was_denied() -> None:
    found = facts("D: Déjà eu la varicelle ?\nR: Non, jamais.\nD: Montrez. C'est une varicelle.\nR: Ah.\nD: La varicelle, votre fils l'a eue ?\nR: Non.", age=4)
    assert fact("varicelle", found, status="diagnosis").polarity == "present"


def test_what_works_well_denies_its_trouble() -> None:
    found = facts("D: Il respire bien ? Et le sommeil ?\nR: Il respire normalement. Il s'endort bien.", age=6)
    assert {"dyspnée (gêne respiratoire)", "difficulté d'endormissement"} == labels(found, polarity="absent")


def test_less_appetite() -> None:
    assert fact("perte d'appétit", facts("D: Il mange ?\nR: Bof, pas grand-chose.", age=6)).polarity == "present"


def test_a_cousin_who_had_what_was_named() -> None:
    found = facts("D: Ce n'est pas une leucémie.\nP: Ma cousine en a eu une, à douze ans.")
    assert fact("leucémie", found, type="family").experiencer == "cousin"


def test_somebodys_cousin_when_the_family_is_asked_about() -> None:
    found = facts("D: Dans la famille, des AVC ?\nP: Non.\nD: Et des cancers du sein ?\nP: Une tante. Ma mère, non.")
    assert fact("cancer du sein", found).experiencer == "aunt"


def test_a_crisis_of_gout_is_a_diagnosis() -> None:
    assert fact("goutte", facts("P: J'ai mal au pied.\nD: C'est une crise de goutte.")).status == "diagnosis"


def test_since_when_is_told_after_the_complaint() -> None:
    found = facts("D: Qu'est-ce qui vous amène ?\nP: J'ai des vertiges.\nD: Racontez.\nP: Ça fait depuis l'été, deux fois par mois.")
    assert "depuis l'été" in fact("vertiges", found).text


def test_an_operation_to_come_is_no_history() -> None:
    found = facts("D: La vue ?\nR: Elle attend sa cataracte, opération prévue le douze janvier.", age=80)
    assert not [f for f in found if f.type == "procedure"]
    assert fact("opération", found).type == "plan"


def test_what_the_doctor_asked_to_be_shown() -> None:
    found = facts("P: J'ai mal au pied.\nD: Montrez-le. Penchez l'écran… Oui, la base de l'orteil est rouge et gonflée, la peau est luisante.")
    assert [f.status for f in found if f.type == "procedure"] == ["seen"]


def test_who_breast_feeds_is_not_pregnant() -> None:
    found = facts("D: Vous êtes enceinte, vous allaitez ?\nP: J'allaite, ma fille a quatre mois.")
    assert "grossesse" not in labels(found, polarity="present")
    assert "allaitement" in labels(found)


@pytest.mark.parametrize(("said", "wanted"), [
    ("Un infarctus en 2011, et un cancer du sein en 2018.", {"infarctus en 2011", "cancer du sein en 2018"}),
    ("En 2003 une phlébite, et en 2015 une embolie pulmonaire.", {"phlébite en 2003", "embolie pulmonaire en 2015"}),
])  # fmt: skip
def test_each_illness_has_its_own_year(said: str, wanted: set[str]) -> None:
    assert wanted <= {f.text for f in facts(f"D: Des antécédents ?\nP: {said}")}


def test_whether_a_husband_had_it_is_told_of_him() -> None:
    found = facts("D: Hello. Has he had chickenpox, your husband?\nP: Oh yes, as a boy.", "en")
    assert [(f.type, f.experiencer) for f in found] == [("family", "husband")]


@pytest.mark.parametrize(("text", "label"), [
    ("D: Des nausées ?\nP: J'ai mal au dos depuis deux jours.", "nausées"),
    ("D: Il a avalé quoi ?\nP: Un savon. Il faut le faire vomir ?\nD: Non, surtout ne pas le faire vomir.", "vomissements"),
    ("D: Qu'y a-t-il ?\nP: Je répète trois fois la même chose, j'ai mal au dos.", "trouble de mémoire"),
])  # fmt: skip
def test_what_is_told_of_something_else_is_no_sign(text: str, label: str) -> None:
    assert label not in [f.label for f in facts(text)]


def test_a_word_that_was_cut_is_no_brand() -> None:
    assert not [f for f in facts("D: Elle prend une contracep...\nP: Non, j'ai mal au dos.") if f.type == "medication"]


def test_surprise_is_no_answer() -> None:
    found = facts("D: Le café et le calcium empêchent la lévothyroxine de passer.\nP: Non ? Et moi qui croyais bien faire.", record={"treatments": ["Lévothyroxine 100 µg"]})
    assert not [f for f in found if f.polarity == "absent"]


@pytest.mark.parametrize("said", ["J'étais parti sur une fracture.", "Je m'imaginais une phlébite."])
def test_what_the_patient_had_in_mind_is_supposed(said: str) -> None:
    assert {f.certainty for f in facts(f"D: Non, ce n'est pas ça.\nP: {said}") if f.type == "problem"} == {"suspected"}


@pytest.mark.parametrize(
    "talk,label",
    [
        ("D: Et l'hypothyroïdie, le dernier bilan ?\nP: En mars.", "hypothyroïdie"),
        ("D: Votre poids ?\nP: J'ai pris du ventre depuis la ménopause.", "ménopause"),
        ("D: Vous preniez du fer pendant la grossesse ?\nP: Oui.", "grossesse"),
        ("D: Qu'est-ce qui vous inquiète ?\nP: J'ai peur qu'on me trouve un cancer.", "cancer"),
        ("P: J'ai mal.\nD: Parce que vous avez de l'asthme, on évite l'aspirine.\nP: D'accord.", "asthme"),
        ("P: Je suis infirmière, je travaille de jour à l'hôpital, en pédiatrie.\nD: D'accord.", "hospitalisation"),
    ],
)
def test_what_is_named_and_not_told(talk: str, label: str) -> None:
    assert label not in labels(facts(talk, age=55, sex="F"))


@pytest.mark.parametrize(
    "said,label",
    [
        ("Il y a peut-être une phlébite là-dessous.", "phlébite"),
        ("Et puis peut-être une anémie.", "anémie"),
        ("Je crains une appendicite, c'est pas sûr.", "appendicite"),
    ],
)
def test_what_the_doctor_only_suspects(said: str, label: str) -> None:
    assert fact(label, facts(f"P: J'ai mal.\nD: {said}\nP: Ah.")).certainty == "suspected"
