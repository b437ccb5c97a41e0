"""What a function of the body is like, asked for by its name alone: "Le transit ?" - "Tous les trois jours, et encore."

The answer seldom names a symptom: it is told in the patient's words under the name of the function, or as no trouble of it. French only.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from app.notes.facts import Fact
from app.notes.language.lexicon import find_drugs
from app.notes.language.units import Exchange, Sentence, Visit

ASKING = r"(?:et|alors|sinon|bon|ok|d accord|parfait|bien|du cote|cote|niveau|pour|est ce que|la nuit|en ce moment|a cote de ca|ces jours ci)"
YOU = r"(?:vous|tu|il|elle|ca)"


@dataclass(frozen=True, slots=True)
class _Function:
    """Its name in a note, how its trouble is called, how it is asked for, and the labels of symptoms that tell it already."""

    name: str
    trouble: str
    english: str
    asked: str
    told_by: tuple[str, ...]


FUNCTIONS = (
    _Function("sommeil", "troubles du sommeil", "sleep problems", rf"(?:le |du |de |votre |son )?sommeil|(?:comment )?{YOU} (?:en )?(?:dormez|dors|dort)(?: comment| bien| mieux)?|les nuits", ("insomnie", "réveils précoces", "réveils nocturnes", "difficulté d'endormissement", "fatigue", "cauchemars")),
    _Function("nuits", "troubles du sommeil", "sleep problems", r"la nuit", ("insomnie", "réveils précoces", "réveils nocturnes", "difficulté d'endormissement", "cauchemars", "sueurs", "nycturie")),
    _Function("appétit", "perte d'appétit", "loss of appetite", rf"(?:l |de l |d )?appetit|(?:comment )?{YOU} (?:mangez|manges|mange)(?: comment| bien| un peu)?", ("perte d'appétit", "perte de poids")),
    _Function("transit", "troubles du transit", "bowel problems", r"(?:le |du )?transit|les selles|a la selle|pour aller a la selle", ("diarrhée", "constipation", "sang dans les selles")),
    _Function("urines", "troubles urinaires", "urinary problems", rf"(?:comment )?{YOU} (?:urinez|urines|urine)(?: bien| normalement| comment)?|les urines|(?:et )?pour (?:uriner|faire pipi)", ("trouble urinaire", "pollakiurie", "hématurie", "brûlures mictionnelles", "nycturie")),
    _Function("jet urinaire", "faiblesse du jet urinaire", "weak stream", r"le jet", ("jet faible",)),
    _Function("règles", "troubles des règles", "menstrual problems", r"(?:les |vos )?(?:dernieres )?regles", ("règles abondantes", "règles irrégulières", "aménorrhée", "dysménorrhée")),
    _Function("souffle", "dyspnée", "shortness of breath", r"le souffle|la respiration|(?:cote )?souffle", ("dyspnée (gêne respiratoire)", "dyspnée", "toux")),
    _Function("moral", "tristesse de l'humeur", "low mood", r"(?:le |du |votre )?moral|l humeur", ("tristesse de l'humeur", "anxiété", "anhédonie", "irritabilité")),
    _Function("libido", "baisse de libido", "low libido", r"(?:la |votre )?libido", ()),
)  # fmt: skip
TAIL = r"(?: (?:comment|ca va|c est comment|ca donne quoi|avec tout ca|dans tout ca|en dehors de ca|depuis|en ce moment|la|toujours|aussi|maintenant|quand meme|a cote))*"
QUESTIONS = tuple((f, re.compile(rf"\W*(?:{ASKING}\W+)*(?:{f.asked}),?{TAIL}(?:,? (?:{YOU}|c est|est ce que|elles?|ils?) (?:\w+ ?){{1,3}})?\W*")) for f in FUNCTIONS)
WELL = re.compile(
    r"\W*(?:(?:ben|bah|alors|euh|oh|ah|ca|la|oui|ouais|non|mais|franchement)\W+)*(?:(?:le|la|les|l) \w+,? (?:(?:non|oui|ca),? )?)?(?:ca va|(?:trop |tres |plutot )?bon(?:ne)?(?: appetit)?(?![a-z])|ca roule|(?:tres )?bien|(?:c est |elles sont |il est )?(?:tout a fait )?normal\w*|impeccable|nickel|parfait|"
    r"comme d habitude|comme avant|pareil|pas de (?:souci|probleme|changement)|aucun (?:souci|probleme)|rien (?:a (?:signaler|dire)|de (?:special|change|particulier))|regulier\w*|comme une horloge|sans (?:souci|probleme))(?! (?:mieux|pas|moyen|plus))"
)
SHADED = re.compile(r"(?<![a-z])(?:mais|sauf|enfin|juste|quand meme|par contre|moins|trop|plus)(?![a-z])")
NOT_TOLD = re.compile(r"\W*(?:(?:ben|euh|oh|ah|alors)\W+)*(?:je (?:ne )?sais pas|ca depend|comment ca|pourquoi|quoi|c est a dire)(?![a-z])")
SAYS_SOMETHING = re.compile(r"[a-z0-9]{2,}")
FILLERS = re.compile(r"^(?:\s*(?:oui|non|ouais|ben|bah|euh|oh|ah|alors|bof|pff+|eh bien|franchement|oh là là|mais)(?![\w'’])[\s,.…!]*)*", re.IGNORECASE)
MOST_WORDS = 24
MOST_ASKED = 9


def functions(facts: Iterable[Fact], visit: Visit) -> Iterator[Fact]:
    """The facts, a bare one with the words that were answered, and what was answered about functions that none of them tells."""
    told = list(facts)
    added: list[Fact] = []
    for exchange in visit.exchanges if visit.lang == "fr" else ():
        asked = exchange.questions[-1]
        function = _asked_for(asked)
        if function is None or exchange.answer[0].speaker == "doctor":
            continue
        fact = _answered(function, asked, exchange, visit)
        already = _told_already(function, exchange, told)
        if fact and not already:
            added.append(fact)
        elif fact and len(already) == 1 and fact.detail and not told[already[0]].detail and told[already[0]].polarity == "present":
            bare = told[already[0]]
            told[already[0]] = replace(bare, text=f"{bare.text} {fact.detail}", detail=fact.detail, evidence=fact.evidence)
    yield from told
    yield from added


def _asked_for(question: Sentence) -> _Function | None:
    norm = question.norm
    if len(norm.split()) > MOST_ASKED:
        return None
    return next((function for function, asks in QUESTIONS if asks.fullmatch(norm)), None)


def _told_already(function: _Function, exchange: Exchange, facts: list[Fact]) -> list[int]:
    """The places of the facts that tell it already."""
    turns = {s.turn for s in exchange.answer}
    return [
        place
        for place, fact in enumerate(facts)
        if fact.type in ("symptom", "problem") and turns & set(fact.turns) and fact.label in (function.trouble, *function.told_by)
    ]


def _answered(function: _Function, asked: Sentence, exchange: Exchange, visit: Visit) -> Fact | None:
    said = _words_of(exchange, visit)
    if not said or NOT_TOLD.match(said[0].norm):
        return None
    norm = " ".join(s.norm for s in said)
    drugs = find_drugs(norm)
    if drugs and not SLEEPS.search(norm) and not (len(drugs) == 1 and UNDER.search(norm[: drugs[0].start])):
        return None  # what is taken for it
    if function.name == "nuits" and not SLEEPS_NOW.search(norm):
        return None
    evidence = (asked.evidence(), *(s.evidence() for s in said))
    base = Fact(
        "symptom", function.trouble, function.trouble, evidence, asserted_by=said[0].speaker, sentence=said[0].shown, extra=(function.trouble, "")
    )
    if WELL.match(norm) and not SHADED.search(norm):
        return replace(base, polarity="absent")
    words = FILLERS.sub("", " ".join(s.shown for s in said)).strip(" .,;:…")
    if not SAYS_SOMETHING.search(words) or WELL.match(norm):
        return None
    quoted = f"« {words[:1].lower()}{words[1:]} »"
    name = f"{function.name} :"
    return replace(base, text=f"{name} {quoted}", label=f"fonction {function.name}", detail=quoted, extra=(name, ""))


UNDER = re.compile(r"(?<![a-z])(?:depuis|avec|sous|sans) (?:(?:la|le|les|l|ce) )?$")
SLEEPS_NOW = re.compile(r"(?<![a-z])(?:je|me|m|se|s) (?:\w+ )?(?:re)?(?:dor|endor|reveil)[a-z]+")
SLEEPS = re.compile(r"(?<![a-z])(?:re)?(?:dor|endor|reveil)[a-z]+")


OF_A_RESULT = re.compile(r"(?<![a-z])(?:creat\w*|potassium|sodium|hemoglobine|crp|bnp|glycemie|tension|pouls|saturation|temperature|prise de sang|labo\w*|bilan)(?![a-z])")


def _words_of(exchange: Exchange, visit: Visit) -> list[Sentence]:
    """The statements of the answer that come first, as many as are read at a glance."""
    words = 0
    said: list[Sentence] = []
    for sentence in exchange.answer:
        words += len(sentence.norm.split())
        if sentence.asks or sentence.speaker == "doctor" or sentence.turn != exchange.answer[0].turn or (said and words > MOST_WORDS):
            break
        if visit.other_person(sentence, len(sentence.norm)) or (said and OF_A_RESULT.search(sentence.norm)):
            break
        said.append(sentence)
    return said if words <= MOST_WORDS or len(said) > 1 or (said and len(said[0].norm.split()) <= MOST_WORDS) else []
