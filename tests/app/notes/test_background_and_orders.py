"""Allergies, habits, examinations, follow-up, certificates and advice."""

import pytest

from tests.app.notes.support import drafted, fact, facts, labels, told


def test_no_allergy() -> None:
    assert fact("allergie", facts("D: Des allergies ?\nP: Aucune.")).polarity == "absent"


def test_an_allergy_with_its_reaction() -> None:
    found = facts(
        "D: Des allergies, j'ai rien dans le dossier ?\nP: Ben, au latex. Les gants, j'ai les lèvres qui gonflent."
    )
    assert fact("latex", found, type="allergy").detail == "gonflement des lèvres"
    assert not labels(found, type="symptom")


def test_the_sisters_allergy() -> None:
    found = facts(
        "D: Des allergies aux antibiotiques ?\nP: Alors, le Bactrim, non, c'est ma sœur qui est allergique au Bactrim. Moi j'ai rien."
    )
    assert not labels(found, type="allergy", polarity="present")
    assert [f.experiencer for f in found if f.type == "family"] == ["sister"]


def test_an_allergy_outgrown() -> None:
    found = facts(
        "D: J'ai une allergie aux protéines de lait de vache dans son dossier, il en est où ?\nR: Ah non, c'est fini, ça. Il boit du lait tous les jours."
    )
    assert fact("protéines de lait de vache", found).temporality == "resolved"


def test_an_intolerance() -> None:
    found = facts(
        "D: And allergies? I have codeine.\nP: It's not really an allergy. It makes me violently sick, that's all. No rash.",
        "en",
    )
    assert fact("codéine", found).detail == "intolerance : sickness"


def test_habits() -> None:
    assert fact("tabac", facts("D: Vous fumez ?\nP: J'ai arrêté en deux mille neuf.")).temporality == "past"
    assert fact("tabac", facts("D: Et le tabac ?\nP: J'ai jamais fumé.")).polarity == "absent"
    found = facts(
        "D: Do you smoke or drink?\nP: I smoke about ten cigarettes a day. I have a few beers at the weekend.", "en"
    )
    assert fact("tabac", found).detail == "10 cigarettes a day"
    assert fact("alcool", found).detail == "a few beers at the weekend"


def test_orders_and_follow_up() -> None:
    found = facts(
        "D: Je vous fais une prise de sang : potassium, créatinine. On se revoit au cabinet dans trois mois.\nP: D'accord."
    )
    assert fact("prise de sang", found).type == "plan"
    again = fact("suivi", found)
    assert (again.value, again.unit, again.temporality) == (3.0, "mo", "future")


def test_a_wish_for_an_examination() -> None:
    found = facts(
        "D: Voilà.\nP: Et l'IRM, il en faut pas une ?\nD: Pas maintenant. Si ça dure au-delà de six semaines, là oui.\nP: OK."
    )
    assert fact("IRM", found).certainty == "conditional"


def test_an_examination_already_done_is_not_ordered() -> None:
    found = facts(
        "D: Vous l'avez eu quand, l'électrocardiogramme ?\nP: Chez le cardiologue, en mars. Il a dit que c'était bon."
    )
    assert fact("ECG (électrocardiogramme)", found).status == "done"


def test_alarms_and_advice() -> None:
    found = facts("D: Si vous pouvez plus avaler, c'est le quinze. Buvez un litre et demi par jour.\nP: D'accord.")
    assert fact("alerte", found).certainty == "conditional"
    assert fact("conseil", found).certainty == "certain"


def test_certificates() -> None:
    stoppage = fact(
        "arrêt ou certificat", facts("D: Je vous fais un certificat enfant malade de deux jours.\nP: Merci.")
    )
    assert (stoppage.type, stoppage.value, stoppage.unit) == ("work_stoppage", 2.0, "d")


def test_what_cannot_be_examined() -> None:
    found = facts("D: Les poumons, je peux pas les écouter en vidéo.\nP: OK.")
    assert [f.status for f in found] == ["not examined"]


@pytest.mark.parametrize(
    ("asked", "said", "lang", "written"),
    [
        (
            "Quelqu'un est malade autour de vous ?",
            "Ma mère est sous antibiotiques depuis hier. Moi je tousse depuis trois jours.",
            "fr",
            "Mère : sous antibiotique.",
        ),
        (
            "Is anyone ill at home?",
            "My husband takes methotrexate. I have had a cough for three days.",
            "en",
            "Husband: takes methotrexate.",
        ),
    ],
)
def test_what_a_relative_takes_is_told_as_taken(asked: str, said: str, lang: str, written: str) -> None:
    assert written in told(drafted(f"D: {asked}\nP: {said}", lang))


@pytest.mark.parametrize(
    "answer",
    [
        "Yes, hives and his lips swelled up. We have an EpiPen at school and one at home.",
        "Yes, he gets hives. He carries epinephrine, and they gave him Benadryl.",
        "Hives, yes. We keep a Jext and some cetirizine in the kitchen.",
    ],
)
def test_a_drug_against_the_reaction_is_no_allergen(answer: str) -> None:
    found = facts(f"D: Still allergic to peanuts?\nR: {answer}", "en")
    assert labels(found, type="allergy") == {"arachide"}
    assert fact("arachide", found, type="allergy").detail.split(",")[0] == "hives"


def test_a_drug_against_reactions_can_be_an_allergen() -> None:
    assert labels(facts("D: Any allergies?\nP: Yes, prednisone gives me hives.", "en"), type="allergy") == {
        "prednisone"
    }
    assert labels(facts("P: Je suis allergique à l'adrénaline."), type="allergy") == {"adrénaline"}
    found = facts("D: Des allergies ?\nP: Oui, le Zyrtec, j'ai des plaques.")
    assert labels(found, type="allergy") == {"cétirizine"}


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("P: I take Zyrtec for my allergies.", "en"),
        ("D: Any allergies?\nP: In spring, I use Flonase for it.", "en"),
        ("D: Des allergies ?\nP: Au printemps, je prends de l'Aerius, et j'ai un stylo d'Anapen.", "fr"),
    ],
)
def test_what_is_taken_for_an_allergy_is_no_allergen(text: str, lang: str) -> None:
    assert not [f for f in facts(text, lang) if f.type == "allergy" and not f.doubt]


def test_a_no_to_some_of_a_habit_does_not_deny_it() -> None:
    for question in (
        "Any history of heavy alcohol use?",
        "No other alcohol, just the beer.",
        "Do you drink too much alcohol?",
    ):
        assert not labels(facts(f"D: {question}\nP: No.", "en"), type="social")
    assert not labels(facts("D: Vous buvez trop d'alcool ?\nP: Non."), type="social")
    assert fact("alcool", facts("D: Any heavy drinking?\nP: No, I never drink.", "en")).polarity == "absent"


def test_wine_beside_water_is_a_habit() -> None:
    found = facts("P: Besides a beer with dinner I only have water.", "en")
    assert fact("alcool", found).polarity == "present"


def test_to_want_to_quit_is_not_to_have_quit() -> None:
    assert (
        fact("tabac", facts("D: Do you smoke?\nP: Ten cigarettes a day, I'm trying to stop.", "en")).temporality
        == "current"
    )
    assert fact("tabac", facts("D: Vous fumez ?\nP: Oui, je voudrais arrêter.")).temporality == "current"
    assert fact("tabac", facts("D: How much do you smoke?\nP: It's quite a bit less.", "en")).temporality == "current"
    assert fact("tabac", facts("D: Do you smoke?\nP: I managed to quit in May.", "en")).temporality == "past"


def test_each_habit_by_its_own_sentence() -> None:
    found = facts(
        "D: Do you smoke, drink alcohol or use street drugs?\nP: No drugs. A glass of wine on Sundays. I quit smoking ten years ago.",
        "en",
    )
    assert fact("cannabis ou autres substances", found).polarity == "absent"
    assert fact("alcool", found).temporality == "current"
    assert fact("tabac", found).temporality == "past"


def test_other_peoples_smoke_is_not_the_patients() -> None:
    assert not labels(facts("P: I don't live with anybody who smokes.", "en"), type="social")


@pytest.mark.parametrize(
    ("text", "lang", "who"),
    [
        ("P: I have three young kids and they've always got a cough.", "en", "children"),
        ("P: We've got small children, so there is always a fever at home.", "en", "children"),
        ("P: J'ai deux enfants qui toussent.", "fr", "children"),
        ("P: My brother's daughter has a cough.", "en", "niece"),
        ("P: Le garçon de ma sœur tousse aussi.", "fr", "nephew"),
    ],
)
def test_what_the_family_has_is_theirs(text: str, lang: str, who: str) -> None:
    found = [f for f in facts(text, lang) if f.type in ("symptom", "family")]
    assert [f.experiencer for f in found] == [who]


def test_the_smoke_of_the_husband_is_not_the_patients() -> None:
    tobacco = fact("tabac", facts("D: Vous fumez ?\nP: J'ai arrêté il y a six ans. Ma femme fume encore à la maison."))
    assert tobacco.temporality == "past"
    tobacco = fact("tabac", facts("D: Vous fumez ?\nP: J'ai arrêté en deux mille quinze. Avant, dix cigarettes par jour."))
    assert (tobacco.temporality, "10 cigarettes" in tobacco.text) == ("past", True)


def test_one_more_order_without_a_verb() -> None:
    found = facts("P: Je suis tombée.\nD: Je veux une radio du bassin aujourd'hui.\nP: D'accord.\nD: Et une prise de sang, avant la fin de la semaine.")
    assert {"radiographie", "prise de sang"} <= labels(found, status="order")


def test_a_smear_that_was_never_done() -> None:
    found = facts("D: Le frottis, vous en avez déjà fait ?\nP: J'en ai jamais eu.")
    assert "frottis" not in labels(found, polarity="present")


def test_nothing_of_something_is_advice() -> None:
    assert [f.text for f in facts("P: Ça brûle.\nD: Pas de savon parfumé, de l'eau claire.") if f.type == "advice"]
    assert not [f.text for f in facts("P: Ça brûle.\nD: Pas de fièvre, donc, c'est bien.") if f.type == "advice"]


@pytest.mark.parametrize(
    ("text", "lang", "told"),
    [
        ("D: La sérologie est négative, vous n'êtes pas immunisée.\nP: Ah.", "fr", "sérologie : négative, pas d'immunité"),
        ("D: The serology is negative, so you're not protected.\nP: Oh.", "en", "serology: negative, not immune"),
    ],
)
def test_a_serology_of_somebody_who_is_not_immune(text: str, lang: str, told: str) -> None:
    assert [(f.text, f.polarity) for f in facts(text, lang) if f.type == "lab"] == [(told, "absent")]


def test_a_negative_test_alone_says_nothing_of_immunity() -> None:
    assert [f.polarity for f in facts("D: La sérologie est négative.\nP: Ah.") if f.type == "lab"] == ["present"]


@pytest.mark.parametrize(
    ("text", "lang", "told"),
    [
        ("D: Quelqu'un est malade autour de vous ?\nP: Ma fille, elle a eu ça mardi dernier.", "fr", "mêmes symptômes mardi dernier"),
        ("D: Anyone else sick?\nP: My husband had the same thing last week.", "en", "same illness last week"),
        ("D: Quelqu'un est malade autour de vous ?\nP: Ma fille, elle a eu la même chose.", "fr", "mêmes symptômes"),
    ],
)
def test_when_a_relative_had_the_same(text: str, lang: str, told: str) -> None:
    assert [f.text for f in facts(text, lang) if f.label == "mêmes symptômes"] == [told]


@pytest.mark.parametrize(
    ("text", "lang", "label", "reaction"),
    [
        ("P: Je suis allergique à la pénicilline.\nD: La pénicilline, ça vous donne des plaques, c'est ça ?\nP: Oui, des plaques partout.",
         "fr", "pénicilline", "éruption (plaques)"),
        ("P: I'm allergic to latex.\nD: You swell up with latex, is that right?\nP: Yes, swelling all over my hands, years ago.",
         "en", "latex", "swelling"),
    ],
)  # fmt: skip
def test_what_a_known_allergy_does_may_be_asked(text: str, lang: str, label: str, reaction: str) -> None:
    found = facts(text, lang)
    assert fact(label, found).detail == reaction
    assert not labels(found, type="symptom")


def test_a_test_with_its_figure_is_not_told_as_done_besides() -> None:
    found = facts("D: When was your last A1c?\nP: In May, it was 6.9.", "en")
    assert [(f.type, f.value) for f in found if f.label == "HbA1c"] == [("lab", 6.9)]


def test_an_allergy_that_was_tested_away() -> None:
    found = facts("D: Une allergie à un médicament ?\nR: Non. Enfin, on m'avait dit peut-être l'amoxicilline, mais il a été testé, finalement c'était rien.", age=5)
    assert fact("amoxicilline", found, type="allergy").polarity == "absent"


def test_what_follows_a_conclusion_on_allergies_is_no_allergen() -> None:
    found = facts("D: Des allergies ?\nR: Non.\nD: Donc pas allergique. Il a de l'eczéma, non ?\nR: Petit, oui. On met juste du Dexeryl.", age=5)
    assert labels(found, type="allergy", polarity="present") == set()


def test_no_drug_allergy_beside_another() -> None:
    found = facts("D: Des allergies ?\nP: Le latex, j'ai des rougeurs. Les médicaments, non.")
    assert {(f.label, f.polarity) for f in found if f.type == "allergy"} == {("latex", "present"), ("médicaments", "absent")}


def test_all_reactions_are_told() -> None:
    found = facts("D: Vous êtes allergique à la codéine ?\nP: Oui, j'ai vomi deux jours et j'avais des plaques partout.")
    assert fact("codéine", found).detail == "vomissements, éruption (plaques)"


def test_cannabis_of_youth_is_over() -> None:
    assert fact("cannabis ou autres substances", facts("D: Le cannabis ?\nP: Le cannabis, à vingt ans, comme tout le monde.")).temporality == "past"


def test_an_allergy_told_by_its_reaction() -> None:
    found = facts("D: Les acariens, c'est noté. Autre chose ?\nP: Surtout l'amoxicilline, petite, une urticaire géante.")
    assert fact("amoxicilline", found, type="allergy").detail == "urticaire"


def test_a_side_effect_is_no_allergy() -> None:
    found = facts("D: Des allergies ?\nP: Le Tardyferon, j'avais mal au ventre. C'est une allergie ?\nD: Non, c'est un effet secondaire.")
    assert labels(found, type="allergy", polarity="present") == set()


def test_a_sick_leave_that_is_declined() -> None:
    found = facts("P: Je tousse.\nD: Je vous arrête une semaine.\nP: Non, je préfère travailler.\nD: Comme vous voulez, alors pas d'arrêt.")
    assert [f.polarity for f in found if f.type == "work_stoppage"] == ["absent"]


def test_beers_that_are_not_counted_are_not_denied() -> None:
    assert "alcool" not in labels(facts("D: Un bon repas ?\nP: Samedi, et je vous fais pas le compte des bières."), polarity="absent")


def test_a_vaccine_told_unasked() -> None:
    assert fact("vaccin antigrippal", facts("D: Bien.\nP: Et le vaccin de la grippe, je l'ai fait à la pharmacie.")).status == "done"


def test_an_allergy_that_is_eaten_again() -> None:
    found = facts("D: Des allergies ?\nR: À l'œuf, oui, bébé, mais maintenant elle en mange.", age=2)
    assert fact("œufs", found).temporality == "resolved"


def test_results_read_out_are_no_orders() -> None:
    found = facts("P: Alors ?\nD: Le bilan du mois dernier, je l'ai : CRP à huit, la créatinine à soixante et onze.")
    assert not [f for f in found if f.status == "order"]


def test_whose_heart_attack_the_question_names() -> None:
    found = facts("D: Dans la famille, votre père, c'était quoi ?\nP: Infarctus à cinquante-cinq ans.")
    assert fact("infarctus", found).experiencer == "father"


def test_who_did_not_begin_again_has_stopped() -> None:
    assert fact("tabac", facts("D: Vous fumez ?\nP: J'ai arrêté pendant la grossesse, et j'ai pas repris.")).temporality == "past"


@pytest.mark.parametrize(
    ("text", "label", "polarity"),
    [
        ("D: Le tabac ?\nP: Zéro.", "tabac", "absent"),
        ("D: Vous fumez ?\nP: Pas une seule.", "tabac", "absent"),
        ("D: Du cannabis, autre chose ?\nP: Rien de tout cela.", "cannabis ou autres substances", "absent"),
        ("P: Je bois jamais une goutte.", "alcool", "absent"),
        ("D: Vous fumez ?\nP: Je vapote un peu.", "vapotage", "present"),
    ],
)
def test_habits_denied_without_a_no(text: str, label: str, polarity: str) -> None:
    found = [f for f in facts(text) if f.type == "social"]
    assert [(f.label, f.polarity) for f in found] == [(label, polarity)]


def test_not_one_drop_any_more_is_an_end() -> None:
    assert fact("alcool", facts("P: Je touche plus une goutte.")).temporality == "past"


def test_a_drop_is_no_gout() -> None:
    assert not [f for f in facts("P: Je bois pas une goutte d'eau le matin.") if f.type in ("problem", "social")]


def test_sport_and_hours_of_work_are_a_way_of_life() -> None:
    assert "fait du tennis le jeudi" in [f.text for f in facts("P: Je fais du tennis le jeudi.")]
    assert next(f.text for f in facts("P: Je bosse de nuit, à l'usine.") if f.type == "social") == "bosse de nuit"
    assert not [f for f in facts("P: Je fais plus de judo.") if f.type == "social"]
