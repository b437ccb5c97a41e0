"""How often, when and how long a drug is taken, over questions and phases."""

import pytest

from tests.app.notes.support import fact, facts, labels


@pytest.mark.parametrize(
    ("said", "how"),
    [
        ("D: Combien de fois par semaine vous prenez le Spasfon ?\nP: En ce moment, quatre ou cinq. Avant c'était rare.", "4-5 fois/semaine"),
        ("D: Je vous mets de la mométasone en crème, une fois par jour le soir, dix jours.", "le soir, 10 jours"),
        ("D: La mométasone, une application le matin pendant huit jours, puis un jour sur deux pendant huit jours.", "puis un jour sur 2"),
    ],
)
def test_how_often_by_question_time_of_day_and_phase(said: str, how: str) -> None:
    (told,) = [f for f in facts(said) if f.type == "medication"]
    assert how in told.text and not labels(facts(said), type="advice")


def test_a_drug_of_the_record_that_closes_the_visit_is_ordered() -> None:
    end = "D: La Ventoline, deux bouffées si besoin. Si ça ne suffit pas, vous m'appelez.\nP: D'accord."
    found = facts(end, record={"treatments": ["Ventoline"]})
    assert fact("salbutamol", found).status == "prescribed"
    asked = facts("D: La Ventoline, deux bouffées.\nP: Oui, si besoin.", record={"treatments": ["Ventoline"]})
    assert fact("salbutamol", asked).status == "current"


def test_some_days_of_a_month_are_a_rhythm_and_no_length() -> None:
    found = fact("tramadol", facts("D: Vous prenez quoi ?\nP: Un tramadol. Ça calme. Là j'en ai pris neuf jours le mois dernier."))
    assert found.text == "tramadol 9 jours le mois dernier"
