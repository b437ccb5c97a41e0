"""The words of medicine: each idea stands once, and says what it means."""

import pytest

from app.notes.lexicon import concepts, find_concepts
from app.notes.transcript import Language


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_concept_has_one_line(lang: Language) -> None:
    named = [(concept.kind, concept.fr) for concept in concepts(lang)]
    assert len(named) == len(set(named))


@pytest.mark.parametrize(("words", "lang", "label"), [
    ("mon pere a eu un cancer du rein", "fr", "cancer du rein"),
    ("ne a 32 semaines", "fr", "prématurité"),
    ("la toxoplasmose, toujours negative", "fr", "sérologie toxoplasmose"),
    ("il a ete opere du canal carpien", "fr", "opération du canal carpien"),
    ("my brother has sickle cell", "en", "drépanocytose"),
])  # fmt: skip
def test_what_words_mean(words: str, lang: Language, label: str) -> None:
    assert label in [mention.concept.fr for mention in find_concepts(words, lang)]
