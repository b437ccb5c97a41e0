"""Allergies: what the patient does not tolerate, as told, as read from the record, as outgrown; and those of relatives."""

import re
from collections.abc import Iterator
from itertools import pairwise

from rapidfuzz import fuzz

from app.notes.allergens import BROAD, STRONG, USED, allergens
from app.notes.cues import cues
from app.notes.facts import Evidence, Fact, Temporality
from app.notes.lexicon import Drug, find_drugs, guess_drug
from app.notes.meaning import recorded_allergy, sounds_like_allergy
from app.notes.people import relation_near, uncle_side
from app.notes.polarity import is_denied
from app.notes.text import fold, normalise
from app.notes.transcript import Language
from app.notes.units import RECORDED, Exchange, Sentence, Visit

ALLERGY = {"fr": re.compile(r"allergi|intoleran"), "en": re.compile(r"allerg|intoleran")}
REACTION = cues("background.reaction")
MINE = re.compile(
    r"(?<![a-z])(?:(?:my|the) (?:\w+ )?allerg(?:y|ies)|(?:mon|mes) allergies?)(?![a-z])"
)  # said even in a question
CURED = cues("background.cured")
NOT_REALLY = cues("background.not_really")
NONE = cues("background.none")


def allergies(visit: Visit) -> Iterator[Fact]:
    """Facts about allergies in the order of speech."""
    found = [fact for fact in _told(visit) if not _taken_back(fact, visit)]
    yield from found
    known = {fact.label for fact in found if fact.type == "allergy" and fact.polarity == "present"}
    for exchange in visit.exchanges:
        yield from _asked_reaction(exchange, known, visit.lang)


def _told(visit: Visit) -> Iterator[Fact]:
    answered = {s: e for e in visit.exchanges for s in e.answer}
    for exchange in visit.exchanges:
        yield from _asked_allergy(exchange, visit)
    for place, sentence in enumerate(visit.sentences):
        if sentence.speaker != "doctor" and not sentence.asks and not ALLERGY[visit.lang].search(sentence.norm):
            yield from _by_reaction(sentence, visit, place)
        names_own = MINE.search(sentence.norm)
        told = sentence in answered and _about_allergy(answered[sentence], visit)
        if not ((sentence.asks and not names_own) or sentence.speaker == "doctor" or told):
            yield from _stated_allergy(sentence, visit.lang, ())


TALK_TURNS = 4


def _by_reaction(sentence: Sentence, visit: Visit, place: int) -> Iterator[Fact]:
    """ "Surtout l'amoxicilline, petite, une urticaire géante", while allergies are talked about."""
    lang = visit.lang
    talked = any(
        _names_allergy(s, visit) or TALKED.search(s.norm)
        for s in visit.sentences[max(0, place - TALK_TURNS * 2) : place]
        if s.speaker == "doctor" and sentence.turn - s.turn <= TALK_TURNS
    )
    for label, name, at in allergens(sentence.norm, lang) if talked else ():
        after = sentence.norm[at:]
        reaction = STRONG.search(after)
        own = relation_near(sentence.norm, at, lang) is None and not is_denied(sentence.norm, at, at + 3, lang)
        if reaction and own and label not in BROAD and not USED[lang].search(sentence.norm[:at]):
            yield _allergy(name, label, (sentence.evidence(),), sentence, reaction=_reaction(after, lang))


TALKED = re.compile(r"(?<![a-z])(?:allerg\w*|acariens?|pollens?|supporte\w*|toler\w*|intoleran\w*)")


def _taken_back(fact: Fact, visit: Visit) -> bool:
    """ "C'est une allergie, ça ?" - "Non, c'est un effet secondaire.": the doctor says that it is none."""
    last = fact.evidence[-1].turn
    said = [s.norm for s in visit.sentences if s.turn == last + 1 and s.speaker == "doctor"]
    return fact.polarity == "present" and any(NO_ALLERGY.search(norm) for norm in said)


NO_ALLERGY = re.compile(
    r"(?<![a-z])(?:c est (?:juste |plutot |seulement )?un effet (?:secondaire|indesirable)|(?:c est|ce n est|n est) pas une (?:vraie )?allergie|that s (?:just )?a side effect|not (?:really )?an allergy)(?!,? (?:mais|c est) (?:une )?(?:mauvaise|intoleran))"
)


def _names_allergy(sentence: Sentence, visit: Visit) -> bool:
    """Whether a sentence is about an allergy; a badly heard one counts where it names an allergy of the record."""
    if ALLERGY[visit.lang].search(sentence.norm):
        return True
    named = [m.drug for m in find_drugs(sentence.norm)]
    known = any(recorded_allergy(drug.inn, drug.atc, visit) for drug in named)
    return known and (sounds_like_allergy(sentence.norm, visit.lang) or bool(RECORDED.search(sentence.norm)))


def _about_allergy(exchange: Exchange, visit: Visit) -> bool:
    asked = [s for s in exchange.questions if _names_allergy(s, visit)]
    if not asked and _goes_on(exchange, visit):
        return True
    read = [s for s in exchange.run if s not in exchange.questions and _names_allergy(s, visit)]
    return bool(asked or [s for s in read if not CONCLUDED.search(s.norm)])


def _goes_on(exchange: Exchange, visit: Visit) -> bool:
    """ "Des allergies ?" - ... - "Un antibiotique, un médicament ?": names of allergens only, right after."""
    first = exchange.questions[0]
    before = [e for e in visit.exchanges if e.questions[0].turn < first.turn][-1:]
    near = bool(before) and first.turn - before[0].questions[-1].turn <= TALK_TURNS - 2
    about = near and any(_names_allergy(q, visit) for q in before[0].questions)
    return about and bool(allergens(first.norm, visit.lang)) and ONLY_NOUNS.fullmatch(first.norm) is not None


ONLY_NOUNS = re.compile(r"\W*(?:(?:et|and|ou|or)\W+)?(?:(?:une?|des?|du|la|le|les|l|aux?|a|any|the) ?(?:[a-z]+ ?){1,2}[,.?]? ?)+\W*")
CONCLUDED = re.compile(r"(?<![a-z])(?:pas (?:d allergi|allergi|intoleran)|not allergic|no allerg)")  # nothing is asked with it
CLEARED = {  # suspected, then tested and found to be nothing
    "fr": re.compile(
        r"finalement (?:c etait |c est |y avait )?(?:rien|non|pas)|c etait (?:finalement )?(?:rien|pas (?:ca|une allergie))|"
        r"tests? (?:\w+ ){0,3}negatif|(?:on|il|elle) (?:l |m |nous )?a (?:re)?teste\w*,? (?:et )?(?:c est|c etait|finalement)|(?:je |j )(?:ne |n )?(?:les? |la |l )?aime (?:juste |simplement )?pas|innocente|ecartee?(?![a-z])"
    ),
    "en": re.compile(r"turned out (?:to be )?(?:nothing|fine|not)|tests? (?:was|were|came back) negative|ruled out|not allergic after all"),
}  # fmt: skip


def _asked_allergy(exchange: Exchange, visit: Visit) -> Iterator[Fact]:
    if not _about_allergy(exchange, visit):
        return
    lang = visit.lang
    about = [s for s in (*exchange.questions, *exchange.run) if _names_allergy(s, visit)]
    about = about or [exchange.questions[0]]
    question = next((s for s in about if not CONCLUDED.search(s.norm)), about[0])
    told = list(_told_allergens(exchange, question, lang))
    yield from told
    named = [
        item
        for s in (exchange.questions if _goes_on(exchange, visit) else exchange.run)
        for item in (allergens(s.norm, lang) or _of_record(s, visit))
        if item[0] not in BROAD
    ]
    if any(f.is_patients for f in told):
        return
    if named and not re.search(r"d autres gens|chez vous", question.norm):
        yield from _recorded_allergy(exchange, question, named[0], lang)
    elif not RECORDED.search(question.norm) and (
        exchange.verdict == "no"
        or NONE[lang].search(exchange.answer_text)
        or re.search(r"moi j ?ai rien|moi non|i m fine", exchange.answer_text)
    ):
        broad = sorted(allergens(question.norm, lang), key=lambda item: item[0] != "médicaments")
        what = broad[0][1] if broad else ("allergie" if lang == "fr" else "allergy")
        yield _allergy(
            what,
            broad[0][0] if broad else "allergie",
            (question.evidence(), exchange.answer[0].evidence()),
            exchange.answer[0],
            polarity="absent",
        )
    elif ALLERGY[lang].search(question.norm) and not told:
        yield from _not_understood(exchange, question, lang)


def _asked_reaction(exchange: Exchange, known: set[str], lang: Language) -> Iterator[Fact]:
    """ "You get a rash with sulfa, is that right?" - "Yeah.": what an allergy that was told before does."""
    for question in exchange.questions if exchange.verdict == "yes" else ():
        reaction = _reaction(question.norm, lang)
        for label, name, _ in allergens(question.norm, lang):
            if reaction and label in known:
                evidence = (question.evidence(), exchange.answer[0].evidence())
                yield _allergy(name, label, evidence, exchange.answer[0], reaction=reaction)


def _of_record(sentence: Sentence, visit: Visit) -> list[tuple[str, str, int]]:
    """An allergy of the record that a badly heard sentence about allergies sounds like."""
    if not ALLERGY[visit.lang].search(sentence.norm):
        return []
    lines = visit.transcript.patient.allergies
    alike = [line for line in lines if fuzz.partial_ratio(fold(line), sentence.norm) >= SOUNDS_LIKE]
    return [item for line in alike for item in allergens(normalise(line, visit.lang).norm, visit.lang)]


SOUNDS_LIKE = 70.0


def _not_understood(exchange: Exchange, question: Sentence, lang: Language) -> Iterator[Fact]:
    """An answer about allergies of which no allergen was understood is shown to the doctor as it was heard."""
    told = [s for s in exchange.answer if s.speaker != "doctor" and not s.asks][:2]
    heard = " ".join(s.shown for s in told).strip(" .")
    if not told or len(heard.split()) < LEAST_HEARD or exchange.verdict == "no":
        return
    guess = _sounds_like(" ".join(s.norm for s in told))
    words = f"« {heard} »" if lang == "fr" else f'"{heard}"'
    text = " ".join(filter(None, (words, f": {guess.name(lang)} ?" if guess else "")))
    yield Fact(
        "allergy",
        text,
        guess.inn if guess else "allergie non comprise",
        (question.evidence(), *(s.evidence() for s in told)),
        asserted_by=told[0].speaker,
        sentence=heard,
        extra=(text, ""),
        doubt="heard",
    )


LEAST_HEARD = 2  # words


def _sounds_like(norm: str) -> Drug | None:
    words = re.findall(r"[a-z]+", norm)
    heard = [*words, *(" ".join(pair) for pair in pairwise(words))]
    return next((drug for drug in (guess_drug(word, loose=True) for word in heard) if drug), None)


def _told_allergens(exchange: Exchange, question: Sentence, lang: Language) -> Iterator[Fact]:
    whole = " ".join(s.norm for s in exchange.answer)
    for sentence in exchange.answer:
        if sentence.speaker == "doctor":
            break
        evidence = (question.evidence(), sentence.evidence())
        for label, name, at in allergens(sentence.norm, lang):
            relative, after = relation_near(sentence.norm, at, lang), sentence.norm[at:]
            if relative:
                yield _relatives(label, name, uncle_side(sentence.norm, relative[0]), evidence, lang)
            elif CURED[lang].search(after):
                over = "guérie" if lang == "fr" else "outgrown"
                yield _allergy(name, label, evidence, sentence, temporality="resolved", detail=over)
            elif CLEARED[lang].search(after):
                yield _allergy(name, label, evidence, sentence, polarity="absent")
            elif _said_no(name, at, sentence.norm, lang):
                if label in BROAD:
                    yield _allergy(name, label, evidence, sentence, polarity="absent")
            elif not TOLERATED.search(sentence.norm):
                yield _allergy(name, label, evidence, sentence, reaction=_reaction(whole, lang))


def _said_no(name: str, at: int, norm: str, lang: Language) -> bool:
    """Whether the allergen at norm[at] is denied, before it or after: "l'aspirine, on m'a dit non"."""
    after = re.search(rf"{re.escape(fold(name))[:12]}\w*,? (?:on m a dit )?non", norm)
    return is_denied(norm, at, at + 3, lang) or after is not None


TOLERATED = re.compile(
    r"j en ai (?:re)?pris|je prends|i take|sans (?:aucun )?(?:probleme|souci|reaction)|bien (?:tolere|supporte)|aucun (?:probleme|souci)|"
    r"(?:no|without an?y?) (?:problems?|reactions?|trouble)|(?:had|took|taken) it (?:since|again)"
)


def _recorded_allergy(
    exchange: Exchange, question: Sentence, named: tuple[str, str, int], lang: Language
) -> Iterator[Fact]:
    """The doctor reads an allergy from the record; the answer keeps, weakens or ends it."""
    label, name, _ = named
    text = exchange.answer_text
    evidence = (question.evidence(), *(s.evidence() for s in exchange.answer[:3]))
    if CURED[lang].search(text):
        yield _allergy(
            name,
            label,
            evidence,
            exchange.answer[0],
            temporality="resolved",
            detail="guérie" if lang == "fr" else "outgrown",
        )
    elif NOT_REALLY[lang].search(text):
        yield _allergy(
            name,
            label,
            evidence,
            exchange.answer[0],
            reaction=_reaction(text, lang),
            detail="intolérance" if lang == "fr" else "intolerance",
        )
    else:
        yield _allergy(
            name,
            label,
            evidence,
            exchange.answer[0],
            reaction=_reaction(text, lang),
            polarity="absent" if exchange.verdict == "no" and not _reaction(text, lang) else "present",
            doubtful=bool(re.search(r"plaques|ma mere qui le dit|je crois|i think", text)),
        )


def _stated_allergy(sentence: Sentence, lang: Language, before: tuple[Evidence, ...]) -> Iterator[Fact]:
    norm = sentence.norm
    if not ALLERGY[lang].search(norm):
        return
    for label, name, at in allergens(norm, lang):
        relative = relation_near(norm, at, lang)
        if relative:
            yield _relatives(label, name, uncle_side(norm, relative[0]), (*before, sentence.evidence()), lang)
        else:
            denied = is_denied(norm, at, at + 3, lang)
            yield _allergy(
                name,
                label,
                (*before, sentence.evidence()),
                sentence,
                polarity="absent" if denied else "present",
                reaction=_reaction(norm, lang),
            )


REACTIONS_FR = (
    ("plaques", "éruption (plaques)"),
    ("urticaire", "urticaire"),
    ("bouton", "éruption"),
    ("levres", "gonflement des lèvres"),
    ("visage", "gonflement du visage"),
    ("langue", "gonflement de la langue"),
    ("deme", "œdème"),
    ("gonfl", "gonflement"),
    ("malaise", "malaise"),
    ("choc", "choc"),
    ("vomi", "vomissements"),
    ("diarrhee", "diarrhée"),
    ("demange", "démangeaisons"),
    ("cloque", "cloques"),
    ("rougeur", "rougeurs"),
    ("eczema", "eczéma"),
    ("etouff", "gêne respiratoire"),
    ("mal au ventre", "douleurs abdominales"),
    ("maux de ventre", "douleurs abdominales"),
    ("respirer", "gêne respiratoire"),
)
REACTIONS_EN = (
    ("rash", "rash"),
    ("hives", "hives"),
    ("swell", "swelling"),
    ("anaphyla", "anaphylaxis"),
    ("sick", "sickness"),
    ("vomit", "vomiting"),
    ("nausea", "nausea"),
    ("itch", "itching"),
    ("breath", "breathing difficulty"),
)


def _reaction(norm: str, lang: Language) -> str:
    found = []
    for match in REACTION[lang].finditer(norm):
        inside = norm[: match.start()][-1:].isalpha()  # "kitchen" is no itch
        if not inside and not is_denied(norm, match.start(), match.end(), lang):
            table = REACTIONS_FR if lang == "fr" else REACTIONS_EN
            found.append(next((words for stem, words in table if stem in match.group()), ""))
    return ", ".join(list(dict.fromkeys(filter(None, found)))[:MOST_REACTIONS])


MOST_REACTIONS = 3


def _allergy(
    name: str,
    label: str,
    evidence: tuple[Evidence, ...],
    sentence: Sentence,
    *,
    polarity: str = "present",
    temporality: Temporality = "current",
    reaction: str = "",
    detail: str = "",
    doubtful: bool = False,
) -> Fact:
    more = " : ".join(filter(None, (detail, reaction)))
    none = label == "allergie" and polarity == "absent"
    return Fact(
        "allergy",
        f"aucune {name}" if none and name == label else f"{name} : {more}" if more else name,
        label,
        evidence,
        polarity="absent" if polarity == "absent" else "present",
        certainty="suspected" if doubtful else "certain",
        temporality=temporality,
        asserted_by=sentence.speaker,
        critical=True,
        detail=more,
        sentence=sentence.shown,
        extra=(name, reaction),
    )


def _relatives(label: str, name: str, relation: str, evidence: tuple[Evidence, ...], lang: Language) -> Fact:
    text = f"allergie : {name}" if lang == "fr" else f"allergy to {name}"
    return Fact("family", text, f"allergie {label}", evidence, experiencer=relation, extra=(text, ""))
