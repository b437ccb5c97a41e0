"""The cue patterns of every stage, read once from data/cues.tsv: they are vocabulary, not code."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def _rows() -> Mapping[str, tuple[str, str]]:
    text = (resources.files("app.notes") / "data" / "cues.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: (french, english) for name, french, english in rows}


def cues(name: str) -> Mapping[str, re.Pattern[str]]:
    """The patterns of `name` ("module.name") by language. Raises KeyError for an unknown name."""
    french, english = _rows()[name]
    return {"fr": re.compile(french), "en": re.compile(english or french)}


def cue(name: str) -> re.Pattern[str]:
    """The one pattern of `name` that serves both languages. Raises KeyError for an unknown name."""
    return re.compile(_rows()[name][0])
