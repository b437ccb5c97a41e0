"""Segments cut where somebody breathed: read together, cited one by one."""

from typing import Any

from app.notes.drafting import Transcript, draft
from app.notes.facts import Evidence
from app.notes.language.stretches import MAX_CHARACTERS, MAX_PAUSE_S, join
from tests.app.notes.support import told


def recognised(*segments: tuple[str, float, float, str], lang: str = "fr", **more: Any) -> Transcript:
    dialogue = [{"speaker": who, "start": start, "end": end, "text": text} for who, start, end, text in segments]
    return Transcript.from_json({"lang": lang, "dialogue": dialogue, **more})


ORDER = recognised(
    ("patient", 0, 2, "J'ai mal à la gorge depuis trois jours"),
    ("doctor", 3, 5, "Je vous mets du Doliprane, un gramme"),
    ("doctor", 5.6, 7, "trois fois par jour pendant cinq jours."),
    ("patient", 8, 9, "Merci."),
)


def test_what_one_says_in_one_go_is_joined() -> None:
    joined = join(ORDER).joined
    assert [t.text for t in joined.turns] == [
        "J'ai mal à la gorge depuis trois jours",
        "Je vous mets du Doliprane, un gramme, trois fois par jour pendant cinq jours.",
        "Merci.",
    ]
    assert [t.index for t in joined.turns] == [0, 1, 2]
    assert (joined.turns[1].start, joined.turns[1].end) == (3, 7)


def test_an_order_in_two_segments_is_one_order_with_both_as_proof() -> None:
    made = draft(ORDER)
    sentence = next(s for s in made.sentences if "Doliprane" in s.text)
    assert "1 g × 3/j, 5 jours" in sentence.text
    assert {e.turn for e in sentence.evidence} == {1, 2}
    fact = next(f for f in made.facts if f.type == "medication")
    assert fact.turns == (1, 2)


def test_evidence_names_characters_of_the_segments() -> None:
    made = draft(ORDER)
    for fact in made.facts:
        for proof in fact.evidence:
            assert 0 <= proof.start < proof.end <= len(ORDER.turns[proof.turn].text)


def test_a_long_pause_and_another_speaker_part_stretches() -> None:
    parted = recognised(("doctor", 0, 1, "Alors."), ("doctor", 1 + MAX_PAUSE_S + 0.1, 5, "Voyons."), ("patient", 5, 6, "Oui."))
    assert len(join(parted).joined.turns) == 3


def test_a_stretch_stays_short() -> None:
    many = recognised(*(("patient", i * 3.0, i * 3.0 + 2.5, "bla " * 30 + ".") for i in range(8)))
    assert all(len(t.text) <= MAX_CHARACTERS + 1 for t in join(many).joined.turns)


def test_the_way_back_finds_every_segment_that_evidence_touches() -> None:
    stretches = join(ORDER)
    text = stretches.joined.turns[1].text
    across = Evidence(1, text.index("un gramme"), text.index("par jour"))
    assert list(stretches.traced(across)) == [Evidence(1, 27, 36), Evidence(2, 0, 11)]
    assert stretches.whole([across]) == (Evidence(1, 0, 36), Evidence(2, 0, 39))


def test_doubt_stays_with_its_words() -> None:
    segments = [
        {"speaker": "doctor", "start": 0, "end": 1, "text": "Prenez du Doliprane."},
        {"speaker": "doctor", "start": 1.2, "end": 2, "text": "Quatre grammes.", "low_confidence": True},
    ]
    turn = join(Transcript.from_json({"dialogue": segments})).joined.turns[0]
    assert turn.doubted(0, len(turn.text)) == "Quatre grammes."
    assert turn.doubted(0, 20) == ""


def test_a_written_dialogue_stays_as_it_is() -> None:
    written = recognised(("doctor", 0, 1, "Bonjour."), ("patient", 2, 3, "Bonjour."))
    assert join(written).joined == written
    assert told(draft(written)) == ""
