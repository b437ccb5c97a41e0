"""Allergies as English speakers answer about them: asked, read from the record, denied, outgrown."""

import re
from collections.abc import Iterator

from app.notes.allergy.allergens import BROAD, allergens
from app.notes.allergy.allergy_facts import allergy_fact, kin_allergy, not_understood, reaction_of
from app.notes.allergy.allergy_talk import of_record
from app.notes.facts import Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_drugs
from app.notes.language.meaning import recorded_allergy, sounds_like_allergy
from app.notes.language.polarity import is_denied
from app.notes.language.text import fold
from app.notes.language.units import RECORDED, Exchange, Sentence, Visit
from app.notes.people.people import relation_near, uncle_side
from app.notes.transcript import Language

ALLERGY = re.compile(r"allerg|intoleran")
CURED = cues("background.cured")
NOT_REALLY = cues("background.not_really")
NONE = cues("background.none")
TALK_TURNS = 2


def _names_allergy(sentence: Sentence, visit: Visit) -> bool:
    """Whether a sentence is about an allergy; a badly heard one counts where it names an allergy of the record."""
    if ALLERGY.search(sentence.norm):
        return True
    named = [m.drug for m in find_drugs(sentence.norm)]
    known = any(recorded_allergy(drug.inn, drug.atc, visit) for drug in named)
    return known and (sounds_like_allergy(sentence.norm, visit.lang) or bool(RECORDED.search(sentence.norm)))


def about_allergy(exchange: Exchange, visit: Visit) -> bool:
    """Whether an exchange asks about allergies, or reads one out."""
    asked = [s for s in exchange.questions if _names_allergy(s, visit)]
    if not asked and _goes_on(exchange, visit):
        return True
    read = [s for s in exchange.run if s not in exchange.questions and _names_allergy(s, visit)]
    return bool(asked or [s for s in read if not CONCLUDED.search(s.norm)])


def _goes_on(exchange: Exchange, visit: Visit) -> bool:
    """ "Des allergies ?" - ... - "Un antibiotique, un médicament ?": names of allergens only, right after."""
    first = exchange.questions[0]
    before = [e for e in visit.exchanges if e.questions[0].turn < first.turn][-1:]
    near = bool(before) and first.turn - before[0].questions[-1].turn <= TALK_TURNS
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


def asked_allergy(exchange: Exchange, visit: Visit) -> Iterator[Fact]:
    """What a question about allergies and its answer make known."""
    if not about_allergy(exchange, visit):
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
        for item in (allergens(s.norm, lang) or of_record(s, visit))
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
        yield allergy_fact(
            what,
            broad[0][0] if broad else "allergie",
            (question.evidence(), exchange.answer[0].evidence()),
            exchange.answer[0],
            polarity="absent",
        )
    elif ALLERGY.search(question.norm) and not told:
        yield from not_understood(exchange, question, lang)


def _told_allergens(exchange: Exchange, question: Sentence, lang: Language) -> Iterator[Fact]:
    whole = " ".join(s.norm for s in exchange.answer)
    for sentence in exchange.answer:
        if sentence.speaker == "doctor":
            break
        evidence = (question.evidence(), sentence.evidence())
        for label, name, at in allergens(sentence.norm, lang):
            relative, after = relation_near(sentence.norm, at, lang), sentence.norm[at:]
            if relative:
                yield kin_allergy(label, name, uncle_side(sentence.norm, relative[0]), evidence, lang)
            elif CURED[lang].search(after):
                over = "guérie" if lang == "fr" else "outgrown"
                yield allergy_fact(name, label, evidence, sentence, temporality="resolved", detail=over)
            elif CLEARED[lang].search(after):
                yield allergy_fact(name, label, evidence, sentence, polarity="absent")
            elif _said_no(name, at, sentence.norm, lang):
                if label in BROAD:
                    yield allergy_fact(name, label, evidence, sentence, polarity="absent")
            elif not TOLERATED.search(sentence.norm):
                yield allergy_fact(name, label, evidence, sentence, reaction=reaction_of(whole, lang))


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
        yield allergy_fact(
            name,
            label,
            evidence,
            exchange.answer[0],
            temporality="resolved",
            detail="guérie" if lang == "fr" else "outgrown",
        )
    elif NOT_REALLY[lang].search(text):
        yield allergy_fact(
            name,
            label,
            evidence,
            exchange.answer[0],
            reaction=reaction_of(text, lang),
            detail="intolérance" if lang == "fr" else "intolerance",
        )
    else:
        yield allergy_fact(
            name,
            label,
            evidence,
            exchange.answer[0],
            reaction=reaction_of(text, lang),
            polarity="absent" if exchange.verdict == "no" and not reaction_of(text, lang) else "present",
            doubtful=bool(re.search(r"plaques|ma mere qui le dit|je crois|i think", text)),
        )
