"""An English question that was answered with a clear yes or no, as the statement that both make together."""

import re

from app.notes.writing.wording_en import PRONOUNS, capital, third_s, tidy

TAIL = re.compile(
    r"[,.]? (?:(?:or )?anything(?: like that| else)?|or|at all|(?:is that )?(?:right|correct|true)|at this (?:time|point)|today|or no|or not|though|with (?:that|this|it))$",
    re.IGNORECASE,
)
OPEN = re.compile(
    r"(?<![a-z])(?:what|how|which|why|who|whether|maybe|you know|let me|i|we|me|my|tell|questions?)(?![a-z])",
    re.IGNORECASE,
)
ASKED_AGAIN = re.compile(
    r"(?<![a-z])(?:do|did|have|are|were|is|does|has) (?:you|it|they|there|that)(?![a-z])", re.IGNORECASE
)
MOST_WORDS = 28
SHAPES = (  # a question, and the statement it makes when the answer is yes or no; {0} is the rest of it
    (r"(?:do you|you|have you|are you|is there|are there|was there|were there|have there been|did you)?(?: have| had| having| noticed| notice| get| experienced| experience)? ?any (.+)", "{S} reports {0}", "{S} denies any {0}"),
    (r"have you (?:ever )?(.+)", "{S} has {0}", "{S} has not {0}"),
    (r"(?:are you|you(?: a|['’])re) not (.+)", "", "{S} is not {0}"),
    (r"(?:are you|you(?: a|['’])re) (.+)", "{S} is {0}", "{S} is not {0}"),
    (r"were you (.+)", "{S} was {0}", "{S} was not {0}"),
    (r"(?:can|could) you (.+)", "{S} can {0}", "{S} cannot {0}"),
    (r"do you (?:ever )?(?:also )?(?:have|get) (.+)", "{S} has {0}", "{S} does not have {0}"),
    (r"do you (?:(still|also|usually|often) )?(?:ever )?([a-z]+)(.*)", "{S} {V}", "{S} does not {0}"),
    (r"did you (?:ever )?(.+)", "{S} did {0}", "{S} did not {0}"),
    (r"(?:does it|does that) ([a-z]+)(.*)", "It {V}", "It does not {0}"),
    (r"is (?:it|that) (.+)", "It is {0}", "It is not {0}"),
    (r"you(?: ha|['’])ve (.+)", "{S} has {0}", ""),
    (r"you (?:(still|also) )?(have|take|live|work|smoke|drink|use|feel|exercise) (.*)", "{S} {V}", ""),
    (r"you (had|were|felt|took|saw|said you were) (.+)", "{S} {0}", ""),
)  # fmt: skip
COMPILED = tuple((re.compile(shape, re.IGNORECASE), yes, no) for shape, yes, no in SHAPES)
LEAST_WORDS = 4


def answered(question: str, yes: bool, sex: str | None) -> str | None:
    """What a question and its answer say of the patient; None where that is not plain.

    A yes to "this or that" says neither, a yes to two questions in one says not which.
    """
    words = TAIL.sub("", TAIL.sub("", tidy(question).rstrip("?. ,")))
    if len(words.split()) > MOST_WORDS or (yes and re.search(r"(?<![a-z])or(?![a-z])", words)):
        return None
    for shape, when_yes, when_no in COMPILED:
        found = shape.fullmatch(words)
        if found:
            rest = " ".join(filter(None, (part.strip() for part in found.groups() if part)))
            template = when_yes if yes else when_no
            if not template or OPEN.search(rest) or ASKED_AGAIN.search(rest):
                return None
            told = template.replace("{S}", "The patient").replace("{0}", rest).replace("{V}", _conjugated(found))
            return _of_patient(told, sex)
    return None


def _conjugated(found: re.Match[str]) -> str:
    """The verb of "do you still take it" as "still takes it"."""
    parts = [part.strip() for part in found.groups() if part]
    verb = 1 if len(parts) > 1 and parts[0] in ("still", "also", "usually", "often") else 0
    return " ".join((*parts[:verb], third_s(parts[verb]), *parts[verb + 1 :]))


def _of_patient(told: str, sex: str | None) -> str | None:
    own = PRONOUNS.get(sex, PRONOUNS[None])
    told = re.sub(r"\byour\b", own["their"], told)
    told = re.sub(r"\byou(?:['’]re| are)\b", f"{own['they']} {'are' if sex is None else 'is'}", told)
    told = re.sub(r"\byourself\b", own["themself"], told)
    told = re.sub(
        r"\byou ([a-z]+)(?!['’a-z])", lambda m: f"{own['they']} {m[1] if sex is None else third_s(m[1])}", told
    )
    told = re.sub(r"\s+", " ", told).strip()
    return capital(told) if len(told.split()) >= LEAST_WORDS and "you" not in told.lower().split() else None
