"""The words of medicine: each idea stands once, and says what it means."""

from importlib import resources

import pytest

from app.notes.language.lexicon import find_concepts
from app.notes.transcript import Language


def test_a_concept_has_one_line() -> None:
    lines = (resources.files("app.notes") / "data" / "concepts.tsv").read_text(encoding="utf-8").splitlines()
    named = [tuple(line.split("\t")[:2]) for line in lines]
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
