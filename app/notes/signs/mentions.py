"""A clinical mention as a fact: its name with qualifiers, since when, how often, on which side."""

import re

from app.notes.facts import Certainty, Evidence, Fact, FactType, Polarity, Temporality
from app.notes.language.cues import cues
from app.notes.language.lexicon import Mention, find_concepts
from app.notes.language.polarity import clause_of, stance
from app.notes.language.timing import date_phrase, frequency_phrase, time_phrase
from app.notes.language.units import Sentence
from app.notes.people.people import BLOOD
from app.notes.transcript import Language

QUALIFIER = cues("findings.qualifier")


def date_of(mention: Mention, norm: str, lang: Language) -> str:
    """The year or age told of a mention: after it, else before it, up to the next thing that is named; else of the sentence."""
    around = [m for m in find_concepts(norm, lang) if m.concept.fr != mention.concept.fr]
    if not around or not mention.concept.pattern.match(norm, mention.start):
        return date_phrase(norm, lang)
    stop = min((m.start for m in around if m.start >= mention.end), default=len(norm))
    begin = max((m.end for m in around if m.end <= mention.start), default=0)
    after, before = norm[mention.start : stop], norm[begin : mention.start]
    opening = norm[: min(mention.start, *(m.start for m in around))]  # "à dix-neuf ans, oui, ..." dates all that follows
    parts = (after.split(",")[0], before.split(",")[-1], after, before, opening)  # the clause's own words first
    return next(filter(None, (date_phrase(part, lang) for part in parts)), "")


def mention_fact(
    mention: Mention,
    lang: Language,
    polarity: Polarity,
    certainty: Certainty,
    temporality: Temporality,
    asserted_by: str,
    evidence: tuple[Evidence, ...],
    detail: str,
    sentence: str,
    norm: str,
    status: str = "",
) -> Fact:
    """The fact that a mention makes; `sentence` and `norm` are what was said, shown and folded."""
    kind: FactType = (
        "symptom"
        if mention.concept.kind == "symptom"
        else "procedure"
        if mention.concept.kind == "surgery"
        else "problem"
    )
    name = mention.concept.name(lang) + (_qualifier(norm, mention, lang) if evidence else "")
    side = SIDE_AFTER.match(norm[mention.end :])
    if side and lang == "fr" and mention.concept.fr.startswith(SIDED):
        name = f"{name} {side.group(1)}"
    when = date_of(mention, norm, lang) if polarity == "present" and (status or sentence) else ""
    if kind == "procedure" and polarity == "present":
        temporality = "past"
    if when and kind == "problem" and temporality == "current" and not status:
        temporality = "past"
    text = " ".join(filter(None, (name, when, detail if polarity == "present" and detail != when else "")))
    if mention.concept.fr == "allaitement":
        kind = "social"
    return Fact(
        kind,
        text,
        mention.concept.fr,
        evidence,
        polarity=polarity,
        certainty=certainty,
        temporality=temporality,
        asserted_by=asserted_by,
        critical=status == "diagnosis",
        detail=detail,
        status=status,
        sentence=sentence,
        extra=(name, when),
        said=norm[mention.start : mention.end],
    )


def _qualifier(norm: str, mention: Mention, lang: Language) -> str:
    match = QUALIFIER[lang].match(norm[mention.end :])
    if match and mention.concept.kind == "problem":
        return " " + _accented(match.group().strip(" ,"))
    return ""


def _accented(words: str) -> str:
    """The qualifiers that lose an accent when folded."""
    for plain, right in (
        ("aigue", "aiguë"),
        ("bacterienne", "bactérienne"),
        ("legere", "légère"),
        ("moderee", "modérée"),
        ("severe", "sévère"),
        ("controlee", "contrôlée"),
        ("controle", "contrôlé"),
        ("saisonniere", "saisonnière"),
        ("genitale", "génitale"),
        ("benigne", "bénigne"),
        ("cotes", "côtés"),
        ("debutante", "débutante"),
        ("equilibree", "équilibrée"),
        ("mecanique", "mécanique"),
        ("tres ", "très "),
        ("plutot ", "plutôt "),
        (" d effort", " d'effort"),
        (" s1", " S1"),
        (" l5", " L5"),
    ):
        words = re.sub(rf"{plain}(?![éèô])", right, words)
    return words


def detail_of(sentence: Sentence, lang: Language, mention: Mention) -> str:
    """Since when and how often, in the speaker's own figures."""
    norm = sentence.norm
    beside = SIDE_AFTER.match(norm[mention.end :])  # then the name has it
    side = named_side(norm, lang) if mention.concept.fr.startswith(SIDED) and not beside else ""
    since = time_phrase(norm, lang)
    if since and since[0] > mention.end and OWN_VERB.match(norm[since[1] :]):
        since = None  # "il a soif, ... là depuis neuf heures il a gardé"
    told = _worded_since(_shown(sentence, since), lang) if since else _how_often(sentence, lang, mention)
    return ", ".join(filter(None, (" ".join(filter(None, (side, told))), _circumstance(sentence, lang, mention))))


def worded_time(sentence: Sentence, lang: Language) -> str:
    """Since when and how often a sentence says, worded for a note; empty when neither."""
    since, often = time_phrase(sentence.norm, lang), frequency_phrase(sentence.norm, lang)
    words = [_worded_since(_shown(sentence, since), lang)] if since else []
    if often and not (since and since[0] <= often[0] < since[1]):
        shown = _shown(sentence, often).strip()
        words.append(shown[:1].lower() + shown[1:])
    return ", ".join(words)


SIDE_AFTER = re.compile(r" (droite?s?|gauches?)(?![a-z])")
CIRCUMSTANCE = {
    "fr": re.compile(
        r"(?:surtout|plutot|seulement|principalement) (?:en [a-z]+ant(?: [^,.;!?]{3,40})?|le (?:soir|matin)|la nuit|a l effort|"
        r"au (?:repos|lever|coucher)|(?:avant|apres) (?:les|le|la|l) [a-z]+)"
    ),
    "en": re.compile(
        r"(?:especially|mostly|mainly|worse) (?:at (?:night|rest)|in the (?:morning|evening)s?|(?:when |while )?[a-z]+ing(?: [^,.;!?]{3,40})?|"
        r"after (?:meals|eating|exercise)|with (?:exercise|exertion|food|movement))"
    ),
}
FIRST_PERSON = re.compile(r"(?<![a-z])(?:je|j|me|m|mon|ma|mes|i|my|we|our|vous|you)(?![a-z])")


def _circumstance(sentence: Sentence, lang: Language, mention: Mention) -> str:
    """ "surtout en descendant les escaliers": when it is worst, in the speaker's words."""
    match = CIRCUMSTANCE[lang].search(sentence.norm, mention.end)
    if not match or FIRST_PERSON.search(match.group()):
        return ""
    shown = _shown(sentence, match.span()).strip()
    return shown[:1].lower() + shown[1:]


OWN_VERB = re.compile(r" (?:il|elle|je|j|on|ca|c|i|it|he|she) ")


def _how_often(sentence: Sentence, lang: Language, mention: Mention) -> str:
    left, right = clause_of(sentence.norm, mention.start, mention.end, lang)
    often = frequency_phrase(sentence.norm, lang)
    if not often or not (left <= often[0] < right) or (often[0] < mention.end and often[1] > mention.start):
        return ""
    shown = _shown(sentence, often).strip()
    return shown[:1].lower() + shown[1:]


def _shown(sentence: Sentence, span: tuple[int, int]) -> str:
    return sentence.line.shown[sentence.start + span[0] : sentence.start + span[1]]


SIDED = (
    "douleur",
    "ganglion",
    "céphalées",
    "fourmillements",
    "otalgie",
    "lombalgie",
    "irradiation",
    "œdème",
    "œil",
    "baisse d'audition",
    "écoulement",
)


SIDE = cues("findings.side")


def named_side(norm: str, lang: Language) -> str:
    """The one side that a sentence names; empty when it names none or both."""
    sides = {m.group(1).rstrip("e") if lang == "fr" else m.group(1) for m in SIDE[lang].finditer(norm)}
    if len(sides) != 1:
        return ""
    side = sides.pop()
    return {"gauch": "à gauche", "droit": "à droite"}[side] if lang == "fr" else f"on the {side}"


def _worded_since(shown: str, lang: Language) -> str:
    words = re.sub(r"\s+", " ", shown).strip()
    words = words[:1].lower() + words[1:]
    if lang == "fr":
        words = re.sub(r"^(?:[Çç]a|[Cc]ela) fait ", "depuis ", words)
        words = re.sub(r"^(?:il )?y a ", "il y a ", words, flags=re.IGNORECASE)
        words = re.sub(
            r"^(?:a |ont |est )?(?:commenc|démarr|début|venu|arriv)\w* .*?(?=hier|\b(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)|ce matin|cette nuit|il y a)(?!.*…)",
            "depuis ",
            words,
        )
        words = re.sub(r"^(?:a )?commenc\w+ .*(?:non|euh)\W+", "depuis ", words)
        return words.replace("depuis il y a", "il y a")
    words = re.sub(r"^(?:started|began|came on) (?:on |last )?", "since ", words)
    return re.sub(r"^(?:the )?(last|past) ", r"for the \1 ", words)


def family_fact(mention: Mention, relation: str, evidence: tuple[Evidence, ...], norm: str, lang: Language) -> Fact:
    """The fact that a mention makes when it is `relation`'s and not the patient's."""
    name, when = mention.concept.name(lang), date_of(mention, norm, lang)
    past = stance(norm, mention.start, mention.end, lang).temporality if mention.end <= len(norm) else "current"
    return Fact(
        "family",
        " ".join(filter(None, (name, when))),
        mention.concept.fr,
        evidence,
        experiencer=relation,
        temporality="past" if when or past == "past" else "current",
        asserted_by="patient",
        critical=relation in BLOOD and mention.concept.kind == "problem",
        sentence=norm,
        extra=(name, when),
        said=norm[mention.start : mention.end] if mention.end <= len(norm) else "",
    )
