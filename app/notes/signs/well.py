"""What works well denies its trouble: "il respire normalement", "je m'endors bien", "il marche droit" - "oui"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.notes.facts import Evidence, Fact
from app.notes.language.units import Exchange, Visit
from app.notes.transcript import Language

WELL = r"(?:tres |plutot )?(?:bien|normal(?:ement)?|correctement|sans (?:probleme|gene|difficulte|souci))"
WORKS = {  # trouble in French and English, what the question is about, the words that say that there is none
    "fr": (
        ("dyspnée (gêne respiratoire)", "shortness of breath", r"respir|souffl", rf"respir\w+ {WELL}"),
        ("difficulté d'endormissement", "trouble falling asleep", r"sommeil|dor[mst]", rf"(?:m |s |vous )?endor\w+ {WELL}"),
        ("insomnie", "insomnia", r"dor[mst]|sommeil", rf"dor\w+ {WELL}"),
        ("troubles de la marche", "trouble walking", r"march", rf"march\w+ (?:{WELL}|droit)"),
        ("perte d'appétit", "loss of appetite", r"mang|appetit", rf"mang\w+ {WELL}|(?:bon|tres bon) appetit"),
        ("tristesse de l'humeur", "low mood", r"moral|humeur", rf"(?:ca )?va(?: {WELL})?(?! (?:pas|plus|mal|moyen|couci|mieux|fort)| ?,? (?:mais|sauf|a part|enfin))|nickel|impeccable|au top|(?:tres )?bon|super|au beau fixe"),
        ("trouble urinaire", "urinary problems", r"urin|pipi", rf"urin\w+ {WELL}|(?:fait|fais) pipi {WELL}"),
        ("vidange incomplète de la vessie", "incomplete bladder emptying", r"vid|vessie|urin", r"(?:bien |completement )?vide[rz]? (?:bien|completement|jusqu au bout|la vessie)|bien vide[rz]?|vide[rz]? bien"),
        ("baisse d'audition", "hearing loss", r"entend|oreille|audition", rf"(?<!m )(?<!me )(?<!je vous )(?<!t )entend\w* {WELL}|entend\w* pareil"),
        ("trouble visuel", "visual disturbance", r"voyez|voit|vue|vision", rf"(?:voi[ts]|voyez) {WELL}(?! (?:a l|l|l image|a la camera))"),
        ("cyanose", "cyanosis", r"levre|couleur|bleu|rose", r"(?:reste\w*|toutes?|bien|est|sont) roses?"),
        ("ne reconnaît pas ses proches", "does not recognise relatives", r"reconna", r"reconnai\w* (?:bien |encore |toujours )?(?:tout le monde|sa famille|ses (?:enfants|proches)|les gens|vous)"),
    ),
    "en": (
        ("dyspnée", "shortness of breath", r"breath", r"breath\w* (?:fine|normally|ok(?:ay)?|well)"),
        ("troubles de la marche", "trouble walking", r"walk", r"walk\w* (?:fine|normally|ok(?:ay)?|straight)"),
        ("perte d'appétit", "loss of appetite", r"eat|appetite", r"eat\w* (?:fine|normally|ok(?:ay)?|well)"),
    ),
}
MOODS = ("tristesse de l'humeur",)
SHADED = re.compile(  # a mood that is only said to hold, beside what weighs on it
    r"(?<![a-z])(?:mais|juste|bof|sauf|enfin|pleur\w*|a cran|creve\w*|claque\w*|fatigue\w*|boules|revenu|invivable|soupe au lait|tient|tiens)(?![a-z])"
)
POORLY = {  # the same asked, and answered with less: "Il mange ?" - "Bof, pas grand-chose."
    "fr": re.compile(r"(?<![a-z])(?:bof|pas (?:grand chose|beaucoup|terrible|trop|tellement|des masses)|(?:tres )?peu|moins|du bout des (?:dents|levres)|presque (?:rien|plus))(?![a-z])"),
    "en": re.compile(r"(?<![a-z])(?:not (?:much|really|a lot|great)|hardly|barely|very little)(?![a-z])"),
}  # fmt: skip
EATS = {"fr": re.compile(r"mang\w+|appetit"), "en": re.compile(r"(?<![a-z])eat\w*|appetite")}
NOT_WELL = re.compile(r"(?<![a-z])(?:pas|plus|moins|mal|not|n t|less)(?![a-z])[^,.]*$")


@dataclass(frozen=True, slots=True)
class _Told:
    evidence: tuple[Evidence, ...]
    speaker: str
    shown: str


def well(visit: Visit) -> Iterator[Fact]:
    """Troubles that an answer denies by saying what works, and an appetite that is less, in the order of speech."""
    for exchange in visit.exchanges:
        first = exchange.answer[0]
        if first.speaker == "doctor" or visit.other_person(first, len(first.norm)):
            continue
        yield from _working(exchange, visit)
        yield from _eating(exchange, visit.lang)


def _working(exchange: Exchange, visit: Visit) -> Iterator[Fact]:
    lang = visit.lang
    for label, english, about, words in WORKS[lang]:
        for said in exchange.answer:
            match = re.search(rf"(?<![a-z])(?:{words})(?![a-z])", said.norm)
            asked_of = any(re.search(about, q.norm) for q in exchange.questions)
            if label in MOODS and any(SHADED.search(s.norm) for s in exchange.answer if not visit.other_person(s, len(s.norm))):
                continue
            if match and asked_of and said.speaker != "doctor" and not NOT_WELL.search(said.norm[: match.start()]):
                told = _Told((exchange.questions[-1].evidence(), said.evidence()), said.speaker, said.shown)
                yield _fact(label, english, lang, told)
        asks = re.compile(rf"(?<![a-z])(?:{words})(?![a-z])")
        asked = next((q for q in exchange.questions if asks.search(q.norm) and re.search(about, q.norm)), None)
        if asked is not None and exchange.verdict in ("yes", "no") and asked is exchange.questions[-1]:
            first, missing = exchange.answer[0], exchange.verdict == "no"
            named = asks.search(asked.norm)
            if missing and named and "," in asked.norm[named.end() :].strip(" ,?"):
                continue  # the no is to what was asked last
            told = _Told((asked.evidence(), first.evidence()), first.speaker, first.shown)
            yield _fact(label, english, lang, told, present=missing)


def _eating(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    for said in exchange.answer[:3]:
        asked = next((q for q in exchange.questions if EATS[lang].search(q.norm)), None)
        other = len(exchange.questions) > 1 or said is not exchange.answer[0]
        named = EATS[lang].search(said.norm) is not None
        if asked and said.speaker != "doctor" and POORLY[lang].search(said.norm) and (named or not other):
            told = _Told((asked.evidence(), said.evidence()), said.speaker, said.shown)
            yield _fact("perte d'appétit", "loss of appetite", lang, told, present=True)
            return


def _fact(label: str, english: str, lang: Language, told: _Told, *, present: bool = False) -> Fact:
    name = label if lang == "fr" else english
    return Fact(
        "symptom",
        name,
        label,
        told.evidence,
        polarity="present" if present else "absent",
        asserted_by=told.speaker,
        sentence=told.shown,
        extra=(name, ""),
    )
