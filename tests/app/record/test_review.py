"""What stands beside a note: the lines behind a sentence, and the one before them."""

from datetime import UTC, datetime, timedelta

from app.encounters import Encounter
from app.people import PatientIdentity, Practitioner
from app.record.drafts import Progress
from app.record.review import Review
from app.record.tables import Evidence, Sentence
from app.record.transcripts import Line

BEGAN = datetime(2026, 11, 23, 13, 20, tzinfo=UTC)
LINES = [Line(n, f"l{n}", "s", "patient", "speech", text, 4.0 * n, 4.0 * n + 3, BEGAN + timedelta(seconds=4 * n),
              BEGAN + timedelta(seconds=4 * n + 3), False) for n, text in enumerate(("Bonjour.", "Je tousse.", "Depuis lundi."))]
REVIEW = Review(
    Encounter(id="v", patient_id="p", practitioner_id="d", language="fr", status="finished", started_at=BEGAN,
              finished_at=BEGAN + timedelta(minutes=11)),
    PatientIdentity(given="Claire", family="Lefèvre", birth_date="1972-04-03"),
    Practitioner(organization_id="o", prefix="Dr", given="Nadia", family="Benali", speciality="x", rpps="1"),
    "Europe/Paris", Progress("ready", 3, 0, 1, 2.0, True), None, LINES, True)


def proven(*places: int) -> Sentence:
    return Sentence(text="Toux.", evidence=[Evidence(segment=n, segment_id=f"l{n}", start=0, end=1) for n in places])


def shown(sentence: Sentence) -> list[tuple[str, bool]]:
    return [(line.text, lit) for line, lit in REVIEW.around(sentence)]


def test_the_line_before_gives_the_context() -> None:
    assert shown(proven(1)) == [("Bonjour.", False), ("Je tousse.", True)]


def test_the_first_line_has_none_before_it() -> None:
    assert shown(proven(0)) == [("Bonjour.", True)]


def test_several_lines_stand_in_the_order_of_speech() -> None:
    assert shown(proven(2, 1)) == [("Bonjour.", False), ("Je tousse.", True), ("Depuis lundi.", True)]


def test_a_sentence_without_evidence_or_with_a_line_that_is_gone_shows_nothing() -> None:
    assert shown(proven()) == shown(proven(9)) == []


def test_how_long_it_took_and_who_speaks() -> None:
    assert REVIEW.minutes == 11
    assert [REVIEW.speaker(role) for role in ("doctor", "patient", "interpreter")] == [
        "Dr Nadia Benali", "Claire Lefèvre", "interpreter"]
