"""Drugs: dose, schedule and duration as spoken; taken, prescribed, stopped, refused, somebody else's."""

import pytest

from tests.app.notes.support import drafted, fact, facts, labels, told


def test_a_spoken_prescription() -> None:
    drug = fact("paracétamol", facts("D: Doliprane, un gramme trois fois par jour pendant six jours.\nP: D'accord."))
    assert (drug.value, drug.unit, drug.sig, drug.status) == (1.0, "g", "1 g x3/j, 6 jours", "prescribed")
    assert drug.code == "N02BE01"


@pytest.mark.parametrize(
    ("said", "label", "value", "unit"),
    [
        ("D: Je vous mets de l'amoxicilline, un gramme matin et soir, sept jours.", "amoxicilline", 1.0, "g"),
        ("D: Trulicity zéro soixante-quinze milligramme, une piqûre par semaine.", "dulaglutide", 0.75, "mg"),
        ("D: Désogestrel soixante-quinze microgrammes, un comprimé tous les jours.", "désogestrel", 75.0, "ug"),
        ("D: Je renouvelle : périndopril dix le matin.", "périndopril", 10.0, "mg"),
    ],
)
def test_doses(said: str, label: str, value: float, unit: str) -> None:
    drug = fact(label, facts(f"{said}\nP: Très bien."))
    assert (drug.value, drug.unit) == (value, unit)


def test_the_answer_corrects_the_dose() -> None:
    drug = fact(
        "périndopril",
        facts("D: Vos médicaments : j'ai périndopril cinq milligrammes…\nP: Ah non non, dix. C'est le cardiologue."),
    )
    assert drug.value == 10.0
    assert drug.turns == (0, 1)


def test_a_dose_that_is_taken_back() -> None:
    found = facts(
        "D: La metformine je vous la mets mille le matin et cinq cents le soir… attendez, non, je préfère cinq cents matin et soir.\nP: OK."
    )
    assert [f.value for f in found if f.label == "metformine"] == [500.0]


def test_taken_otherwise_than_prescribed() -> None:
    drug = fact(
        "atorvastatine", facts("D: Et l'atorvastatine vingt, tous les soirs ?\nP: Euh… j'en prends un jour sur deux.")
    )
    assert "un jour sur deux" in drug.text


def test_stopped_and_not_taken() -> None:
    assert (
        fact("oméprazole", facts("D: Un traitement ?\nP: De l'oméprazole, mais j'ai arrêté y a longtemps.")).polarity
        == "absent"
    )
    assert (
        fact("ofloxacine", facts("D: Autre chose ?\nP: De l'Oflocet, il m'a proposé, mais je l'ai pas pris.")).polarity
        == "absent"
    )


def test_somebody_elses() -> None:
    assert (
        fact(
            "méthotrexate", facts("D: No steroids?\nP: No. My husband has methotrexate, for his joints.", "en")
        ).experiencer
        == "husband"
    )


def test_stopped_by_a_pronoun() -> None:
    found = facts(
        "D: Vous prenez quoi ?\nP: Un Doliprane codéiné.\nD: La codéine, ça entretient. On l'arrête.\nP: D'accord."
    )
    assert "arrêt de codéine" in {f.text for f in found}


def test_conditional() -> None:
    found = facts(
        "D: Si le test est positif, le pharmacien vous donne du céfuroxime, deux cent cinquante milligrammes matin et soir, quatre jours.\nP: OK."
    )
    assert fact("céfuroxime", found).certainty == "conditional"


def test_a_wish_is_no_prescription() -> None:
    found = facts("D: Stop the ibuprofen.\nP: Gabapentin? My sister's on that.\nD: It is not prescribed today.", "en")
    assert "gabapentine" not in labels(found, status="prescribed")


def test_effects_under_a_drug_say_nothing_of_it() -> None:
    assert "périndopril" not in labels(
        facts("D: Est-ce que vous toussez, avec le périndopril ?\nP: De temps en temps, une fois par semaine.")
    )


def test_misheard_names_of_the_record() -> None:
    found = facts(
        "D: Vous prenez toujours le périn d'oprile 10 mg ?\nP: Oui.", record={"traitements": ["Périndopril 10 mg 1/j"]}
    )
    assert fact("périndopril", found).value == 10.0


def test_everyday_words_are_no_drugs() -> None:
    assert not labels(
        facts("D: La prochaine fois, ce sera plus calme. Vous mangez du fer et du calcium ?\nP: Le mois prochain."),
        type="medication",
    )


def test_a_slip_of_the_tongue() -> None:
    found = facts(
        "D: Vous prenez des médicaments ?\nP: De l'Eliquis… non qu'est-ce que je dis, de l'Aerius, en ce moment."
    )
    assert labels(found, type="medication") == {"desloratadine"}


def test_a_dose_in_steps_is_told_in_the_doctors_words() -> None:
    drug = fact(
        "escitalopram",
        facts(
            "D: Je vous mets du Seroplex, dix milligrammes le matin, en commençant par cinq milligrammes pendant une semaine.\nP: D'accord."
        ),
    )
    assert drug.value == 10.0
    assert "5 milligrammes pendant une semaine" in drug.detail


def test_a_patients_question_granted() -> None:
    drug = fact(
        "paracétamol",
        facts(
            "D: Voilà.\nP: Et le paracétamol, je peux ?\nD: Oui, un gramme, si ça fait mal, trois par jour maximum.\nP: OK."
        ),
    )
    assert (drug.value, drug.status) == (1.0, "prescribed")


def test_a_name_broken_beyond_sight_before_a_dose_is_asked_about() -> None:
    """What stands before a dose is a drug: the doctor is asked, the note does not hold it as said."""
    for said, lang, drug in [
        ("je vous presque y dispera cet amol un gramme trois fois par jour pendant cinq jours.", "fr", "paracétamol"),
        ("I will prescribe doxocyclin 100 milligrams twice a day for five days.", "en", "doxycycline"),
    ]:
        heard = fact(drug, facts(f"D: {said}", lang))
        assert (heard.doubt, heard.status) == ("heard", "prescribed")
        assert heard.sig
    for said in (
        "Mangez moins de six grammes de sel par jour.",
        "Il a pris vingt grammes par jour depuis la naissance.",
    ):
        assert "medication" not in {f.type for f in facts(f"D: {said}")}


@pytest.mark.parametrize(
    ("said", "lang", "taken", "allergen"),
    [
        (
            "Je prends de l'amlodipine, 5 mg le matin pour la tension et je suis allergique à l'aspirine.",
            "fr",
            "amlodipine",
            "aspirine",
        ),
        ("Je prends du Kardégic, mais j'ai une allergie à l'amoxicilline.", "fr", "aspirine", "amoxicilline"),
        ("I take amlodipine every day and I am allergic to ibuprofen.", "en", "amlodipine", "ibuprofène"),
    ],
)
def test_what_is_taken_is_no_allergen_because_an_allergy_follows(
    said: str, lang: str, taken: str, allergen: str
) -> None:
    asked = "Vous prenez des médicaments ?" if lang == "fr" else "Do you take any medicine?"
    found = facts(f"D: {asked}\nP: {said}", lang)
    assert labels(found, type="allergy") == {allergen}
    assert labels(found, type="medication") == {taken}


def test_a_drug_before_the_word_allergy_is_the_allergen() -> None:
    assert labels(facts("P: Quand je prends de la pénicilline je fais une allergie."), type="allergy") == {
        "pénicilline"
    }


def test_a_syrup_is_measured_in_kilograms_of_the_child() -> None:
    found = facts("D: Doliprane sirop, jusqu'à la graduation neuf kilos, toutes les six heures.")
    assert (fact("paracétamol", found).value, fact("paracétamol", found).unit) == (9.0, "kg")
    weighed = facts("D: Vous pesez combien ?\nP: Neuf kilos.\nD: Doliprane, un sachet trois fois par jour.")
    assert fact("paracétamol", weighed, type="medication").unit != "kg"


def test_a_drug_that_a_result_decides_is_conditional() -> None:
    found = facts("D: Négatif, c'est viral, donc pas d'antibiotique.")
    (stopped,) = [f for f in found if f.status == "stop"]
    assert stopped.certainty == "conditional"
    assert stopped.text.startswith("si négatif")


def test_the_most_that_may_be_taken_joins_the_dose() -> None:
    found = facts(
        "D: Je vous mets du sumatriptan, cinquante milligrammes au début de la crise.\n"
        "P: D'accord.\nD: Le sumatriptan, pas plus de deux par jour."
    )
    drug = fact("sumatriptan", found, type="medication")
    assert drug.value == 50
    assert "maximum" in drug.text
    assert drug.turns == (0, 2)


def test_a_colleagues_drug_is_no_history() -> None:
    assert not [f for f in facts("D: Alors ?\nP: Ma collègue prend du Lexomil.") if f.type == "family"]
    assert [f for f in facts("D: Alors ?\nP: Ma mère prend du Lexomil.") if f.type == "family"]


def test_a_drug_taken_back_in_the_same_breath_is_not_prescribed() -> None:
    found = facts(
        "P: J'ai mal au dos.\nD: Je vous mets du paracétamol un gramme trois fois par jour, et "
        "je rajoute du tramadol, non, pas du tout, du repos."
    )
    assert labels(found, type="medication", status="prescribed") == {"paracétamol"}


def test_days_after_an_event_are_not_how_long_a_drug_is_taken() -> None:
    found = facts(
        "D: Je vous prescris de la doxycycline, un comprimé par jour, à poursuivre "
        "dix jours après votre retour.\nP: Oui."
    )
    assert "10" not in fact("doxycycline", found, status="prescribed").detail


def test_a_tablet_of_one_and_a_quarter() -> None:
    found = facts("D: Le ramipril, on le baisse à un vingt-cinq le matin.\nP: D'accord.")
    assert fact("ramipril", found, status="prescribed").value == 1.25
    made = drafted("D: Vous avez des vertiges ?\nP: Oui, le matin.\nD: Le ramipril, on le baisse à un vingt-cinq le matin.")
    assert "1,25 mg" in told(made)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("Je peux prendre du Voltarène ?", "Surtout pas, avec votre anticoagulant."),
        ("Et l'aspirine, j'ai le droit ?", "Non, évitez."),
        ("Je peux lui donner de l'ibuprofène ?", "Je préfère pas, avec la varicelle."),
    ],
)
def test_a_drug_that_the_doctor_refuses(asked: str, answered: str) -> None:
    made = drafted(f"D: De la fièvre ?\nP: Oui, trente-neuf.\nD: D'accord.\nP: {asked}\nD: {answered}")
    (drug,) = [f for f in made.facts if f.status == "stop"]
    assert drug.polarity == "absent"


def test_a_drug_not_to_be_given_up_is_not_forbidden() -> None:
    made = drafted("D: De la fièvre ?\nP: Oui, trente-neuf.\nD: D'accord.\nP: Je peux arrêter le Kardégic ?\nD: Non, surtout pas.")
    assert not [f for f in made.facts if f.status == "stop"]


def test_a_course_that_is_over_was_taken() -> None:
    found = facts("D: Des antibiotiques récemment ?\nP: Oui, de l'amoxicilline, j'ai fini mardi.")
    assert fact("amoxicilline", found).status == "taken"


def test_an_implant_that_changed_the_periods_is_there() -> None:
    found = facts("D: Vous avez une contraception ?\nP: L'implant, posé en mars.\nD: Les règles ?\nP: J'en ai plus depuis l'implant.")
    assert fact("implant contraceptif", found).polarity == "present"


def test_a_class_and_then_its_drug_are_one() -> None:
    found = facts("D: Un traitement ?\nP: Je prends un anticoagulant tous les jours.\nD: L'Eliquis, cinq milligrammes deux fois par jour ?\nP: Oui.")
    assert labels(found, type="medication") == {"apixaban"}


@pytest.mark.parametrize(
    ("text", "lang", "label", "value", "sig"),
    [
        ("D: La mirtazapine, vous en prenez combien ?\nP: Le soir, j'en prends trois.\nD: Trois comprimés de quinze le soir. Et vous dormez ?\nP: Oui.",
         "fr", "mirtazapine", 45.0, "3 comprimés de 15 mg le soir"),
        ("D: The gabapentin, then.\nP: I take two at night.\nD: Two capsules of 300, every night. Any dizziness?\nP: No.",
         "en", "gabapentine", 600.0, "2 capsules of 300 mg at night"),
    ],
)  # fmt: skip
def test_a_dose_that_the_doctor_reads_back(text: str, lang: str, label: str, value: float, sig: str) -> None:
    drug = next(f for f in facts(text, lang) if f.label == label and f.value is not None)
    assert (drug.value, drug.unit, drug.sig, drug.status) == (value, "mg", sig, "current")


def test_a_count_that_nobody_told_is_not_read_back() -> None:
    found = facts("D: La mirtazapine, vous en prenez combien ?\nP: Ça dépend.\nD: Trois comprimés de quinze, c'est trop.\nP: Ah.")
    assert not [f for f in found if f.value == 45.0]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("P: Opéré une fois à neuf ans. Et le mois dernier j'ai pris du Solupred, quatre jours.", "4 jours le mois dernier"),
        ("P: J'ai pris du Solupred, quatre jours. C'était en 2019.", "4 jours en 2019"),
    ],
)
def test_when_a_drug_was_taken_is_told_with_it_or_after_it(said: str, told: str) -> None:
    assert [f.detail for f in facts(said) if f.type == "medication"] == [told]


@pytest.mark.parametrize("said", ["Je ne vous arrête pas l'Eliquis pour le dentiste.", "L'Eliquis, vous ne l'arrêtez surtout pas."])
def test_a_drug_that_stays_is_not_stopped(said: str) -> None:
    assert not [f for f in facts(f"P: J'ai mal aux dents.\nD: {said}") if f.status == "stop"]


def test_a_strength_called_by_its_number() -> None:
    found = facts("D: L'Eliquis ?\nP: Matin et soir. Le cinq.")
    assert fact("apixaban", found).value == 5.0


def test_asked_how_it_is_taken() -> None:
    found = facts("D: La sertraline cinquante, vous la prenez comment ?\nP: Alors je la prends le matin, avec le café.")
    assert fact("sertraline", found).value == 50.0


def test_a_box_at_home_is_not_taken() -> None:
    made = drafted("D: Vous lui avez donné quelque chose ?\nR: J'avais de l'Advil au frigo, mais j'ai préféré attendre. Il a de la fièvre.", age=5)
    assert "ibuprofène" not in {f.label for f in made.facts}


def test_a_class_in_the_answer_is_the_drug_that_was_asked_about() -> None:
    found = facts("D: Et la rosuvastatine ?\nP: Ah, la statine, je l'ai laissée tomber.")
    assert fact("rosuvastatine", found).polarity == "absent"


def test_an_example_in_a_question_is_not_what_is_denied() -> None:
    found = facts("D: Pas d'antibiotique en ce moment, genre amoxicilline ?\nP: Non, pas d'antibiotique.")
    assert labels(found, type="medication") == {"antibiotique"}


def test_a_forbidden_drug_is_not_taken() -> None:
    found = facts("D: L'estomac ?\nP: J'ai eu un ulcère. Depuis, on m'interdit le Voltarène.")
    assert fact("diclofénac", found).polarity == "absent"


def test_a_drug_read_back_is_not_denied_with_the_next_question() -> None:
    found = facts(
        "D: Le traitement ?\nP: Le truc pour la tension.\nD: L'hydrochlorothiazide, douze milligrammes et demi. De l'aspirine ?\nP: Non.",
        record={"traitements": ["Hydrochlorothiazide 12,5 mg"]},
    )
    assert fact("hydrochlorothiazide", found).value == 12.5


def test_units_of_insulin_that_were_raised() -> None:
    found = facts("D: La Lantus, vous en êtes à combien ?\nP: Seize… non, j'ai monté toute seule à vingt-deux, la semaine dernière.")
    insulin = fact("insuline glargine", found)
    assert (insulin.value, insulin.polarity) == (22.0, "present")


def test_a_drug_had_long_ago_and_asked_for_again() -> None:
    found = facts("D: D'accord.\nP: Et le Singulair ? On me l'avait donné, petit.\nD: On n'y revient pas.")
    assert fact("montélukast", found, status="taken").temporality == "past"


def test_a_vitamin_that_is_measured_is_not_prescribed() -> None:
    found = facts("P: Je suis fatigué.\nD: Je vous fais une prise de sang : sodium, TSH, vitamine D, albumine.")
    assert not [f for f in found if f.type == "medication"]


def test_a_box_that_was_thrown_away() -> None:
    found = facts("D: Autre chose, sans ordonnance ?\nR: Du Donormyl. Ma tante lui en a donné. J'ai jeté la boîte hier.", age=80)
    assert fact("doxylamine", found).polarity == "absent"


def test_a_drug_that_is_tapered_is_told_with_its_steps() -> None:
    made = drafted("D: Elle dort ?\nR: Mal.\nD: Le Stilnox, on l'arrête doucement. Un demi-comprimé le soir pendant dix jours, puis plus rien.")
    (drug,) = [f for f in made.facts if f.label == "zolpidem"]
    assert drug.status == "prescribed" and "puis plus rien" in drug.text


def test_a_correction_of_the_dose_is_no_denial() -> None:
    found = facts("D: Le méthotrexate, c'est bien le vendredi, quinze milligrammes ?\nP: Non, dix-sept et demi depuis janvier. Le vendredi, oui.")
    drug = fact("méthotrexate", found)
    assert (drug.value, drug.polarity, "le vendredi" in drug.detail) == (17.5, "present", True)


def test_a_stop_under_a_condition_is_no_stop() -> None:
    made = drafted("D: Ça va ?\nP: J'ai mal aux mains.\nD: Si vous avez de la fièvre, vous arrêtez le méthotrexate et vous m'appelez.")
    assert not [f for f in made.facts if f.status == "stop"]
    assert "arrêter le méthotrexate" in told(made)


def test_a_dose_that_steps_down_keeps_its_steps() -> None:
    made = drafted("D: Ça va ?\nP: J'ai mal aux mains.\nD: On reprend la prednisone à cinq milligrammes pendant un mois puis deux et demi.")
    assert "puis 2,5" in told(made)


def test_a_monthly_ampoule() -> None:
    found = facts("P: Bon.\nD: Je vous prescris de la vitamine D, une ampoule de cinquante mille tous les mois.")
    drug = fact("colécalciférol", found)
    assert (drug.value, drug.unit, "tous les mois" in drug.detail) == (50000.0, "[iU]", True)


def test_a_drug_asked_about_taken_and_forbidden() -> None:
    found = facts("D: Bien.\nP: Et le Viagra, docteur ? J'en prends de temps en temps.\nD: Ah non. Jamais avec la trinitrine.")
    assert {f.status for f in found if f.label == "sildénafil"} == {"current", "stop"}


def test_the_steps_to_a_dose_are_told() -> None:
    made = drafted("D: Le moral ?\nP: Je suis triste.\nD: On passe l'escitalopram à vingt milligrammes.\nP: D'un coup ?\nD: On fait quinze pendant dix jours, puis vingt.")
    assert "15 pendant 10 jours, puis 20" in told(made)


def test_a_weekly_limit_is_no_schedule() -> None:
    found = facts("P: J'ai mal.\nD: Vous prenez l'ibuprofène quatre cents, un seul, pas plus de deux jours par semaine.")
    assert fact("ibuprofène", found).detail == "pas plus de 2 jours par semaine"


def test_a_cream_lent_for_some_days_is_over() -> None:
    found = facts("D: Vous avez mis quoi ?\nP: Mon frère m'a passé son Diprosone, j'en ai mis quatre jours.")
    assert fact("bétaméthasone", found).status == "taken"


def test_a_drug_that_somebody_stopped_is_not_taken() -> None:
    found = facts("D: Et le Crestor ?\nP: Arrêté par le cardiologue en mai.")
    assert fact("rosuvastatine", found).polarity == "absent"


def test_each_drug_of_a_list_is_renewed() -> None:
    found = facts("P: Voilà.\nD: Je vous renouvelle la metformine huit cent cinquante, deux fois par jour, le périndopril et la tamsulosine pour trois mois.")
    assert {(f.label, "3 mois" in f.detail) for f in found if f.status == "prescribed"} == {
        ("metformine", True),
        ("périndopril", True),
        ("tamsulosine", True),
    }


def test_how_often_before_is_not_how_often_now() -> None:
    found = facts("D: La Ventoline ?\nP: Là, deux bouffées. Avant, c'était une fois tous les quinze jours.")
    assert "15" not in (fact("salbutamol", found).sig or "")


def test_english_what_they_have_you_on_and_what_to_avoid() -> None:
    found = facts("P: I feel low.\nD: I know we have you on Prozac 20 mg a day.\nP: Right.\nD: Try not to take any ibuprofen.", "en")
    assert fact("fluoxétine", found).status == "current"
    assert fact("ibuprofène", found).status == "stop"


@pytest.mark.parametrize(("text", "lang", "wanted"), [
    ("D: I'm gonna prescribe prednisone, and that calms it down. I'm gonna give you forty milligrams daily for five days.\nP: Fine.", "en", ("prednisone", 40.0)),
    ("D: We'll get you some Motrin. We'll give you six hundred milligrams every six hours.\nP: Fine.", "en", ("ibuprofène", 600.0)),
    ("D: Je vous mets du Solupred. C'est de la cortisone, ça dégonfle vite. Je vous en mets quarante milligrammes le matin.\nP: Bien.", "fr", ("prednisolone", 40.0)),
])  # fmt: skip
def test_the_dose_comes_after_a_remark_about_the_drug(text: str, lang: str, wanted: tuple[str, float]) -> None:
    assert fact(wanted[0], facts(text, lang), status="prescribed").value == wanted[1]


def test_a_figure_that_is_no_dose_is_left_alone_after_a_remark() -> None:
    found = facts("D: Je vous mets du Solupred. Ça dégonfle vite. Vous avez perdu 3 kilos, je vois.\nP: Oui.")
    assert fact("prednisolone", found).value is None


def test_what_i_do_is_no_question() -> None:
    found = facts("D: What I'm going to do is start you on lisinopril, ten milligrams a day\nP: Okay.", "en")
    assert fact("lisinopril", found).status == "prescribed"


@pytest.mark.parametrize(
    ("order", "dose"),
    [
        ("On passe le Lasilix de quarante à vingt.", 20),
        ("Je descends le Lasilix de quarante à vingt milligrammes.", 20),
        ("On monte le Lasilix de vingt à quarante.", 40),
    ],
)
def test_a_dose_that_is_left_is_not_the_one_ordered(order: str, dose: int) -> None:
    assert fact("furosémide", facts(f"D: {order}\nP: D'accord.")).value == dose
