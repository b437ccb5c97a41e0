"""Whether a heard drug, dose or number can stand in a note, or must be shown to the doctor as doubtful.

A recogniser turns "j'ai une allergie à la pénicilline" into "j'ai à l'énergie pénicilline": that the word was heard proves no
treatment. A drug counts as taken only where something says so; what stands near an allergy, or in words that the
recogniser was not sure of, is for the doctor to judge.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from rapidfuzz import fuzz, process

from app.notes.facts import Doubt, Fact
from app.notes.language.cues import cue, cues
from app.notes.language.lexicon import Drug, find_drugs
from app.notes.language.text import fold, normalise
from app.notes.language.units import Exchange, Sentence, Visit
from app.notes.transcript import Language

TREATS = cues("meaning.treats")
ALLERGY = cue("meaning.allergy")
ALLERGY_WORDS = {"fr": ("allergie", "allergique", "allergies"), "en": ("allergy", "allergic", "allergies")}
NEAR_MISS = 75.0
LEAST_LETTERS = 6
OTHER_WORDS = {
    "algerie",
    "allege",
    "allegee",
    "alleges",
    "alleger",
    "algeria",
    "allegra",
}  # near an allergy by letters only
FAMILIES = {  # words of an allergy that stand for a whole class, by ATC prefix
    "J01C": r"penicill|amoxi|augmentin|clamoxyl|oracillin",
    "J01D": r"cephalospo|cefa|cefu|ceft",
    "M01A": r"anti inflammatoire|ains|nsaid|ibuprof|ketoprof|diclofe|naprox",
    "J01E": r"sulfa|cotrimox|bactrim|trimetho",
    "N02A": r"opiace|opioid|codein|morphin",
}


def drug_family(folded: str) -> set[str]:
    """The classes (ATC prefixes) that a folded name of a drug or of a class belongs to."""
    return {prefix for prefix, words in FAMILIES.items() if re.search(words, folded)}


def sounds_like_allergy(norm: str, lang: Language) -> bool:
    """Whether folded words hold an allergy, or something that speech recognition may have made of one."""
    if ALLERGY.search(norm):
        return True
    words = re.findall(r"[a-z]+", norm)
    heard = [*words, *(a + b for a, b in pairwise(words))]
    likely = [word for word in heard if len(word) >= LEAST_LETTERS and "l" in word and word not in OTHER_WORDS]
    return any(process.extractOne(w, ALLERGY_WORDS[lang], scorer=fuzz.ratio, score_cutoff=NEAR_MISS) for w in likely)


def on_record(drug: Drug, lines: Iterable[str], visit: Visit) -> bool:
    """Whether lines of the record name this drug."""
    return any(m.drug.inn == drug.inn for line in lines for m in find_drugs(normalise(line, visit.lang).norm))


def recorded_allergy(label: str, code: str | None, visit: Visit) -> str:
    """The line of the record that has an allergy to a drug (INN, ATC code) or to its family; empty when none has."""
    for line in visit.transcript.patient.allergies:
        folded = fold(line)
        if any(m.drug.inn == label for m in find_drugs(folded)):
            return line
        names = f"{fold(label)} {code or ''}"
        for prefix, words in FAMILIES.items():
            if re.search(words, folded) and ((code or "").startswith(prefix) or re.search(words, names)):
                return line
    return ""


def meant(drug: Drug, sentence: Sentence, words: str, exchange: Exchange | None, visit: Visit) -> bool:
    """Whether a drug that the patient names, or is asked about, is meant as a treatment and not only heard."""
    if on_record(drug, visit.transcript.patient.treatments, visit):
        return True
    asked = " ".join(s.norm for s in (*exchange.run, *exchange.questions, *exchange.answer)) if exchange else ""
    near = " ".join((visit.said_before(sentence), sentence.norm, words, asked))
    exchange = exchange or next((e for e in visit.exchanges if sentence in e.answer), None)
    if TREATS[visit.lang].search(near):
        return True
    return exchange is not None and (_goes_on(exchange, visit) or _asks_for_some(exchange, visit))


def _goes_on(exchange: Exchange, visit: Visit) -> bool:
    """ "What medicines do you take?" - "It begins with a d." - "Digoxin?" - "That's it.": a bare name, while treatments are asked about."""
    question = exchange.questions[-1]
    if not BARE.fullmatch(question.norm):
        return False
    before = [s.norm for s in visit.sentences if s.speaker == "doctor" and question.turn - TALK_TURNS <= s.turn < question.turn]
    return any(TREATS[visit.lang].search(norm) for norm in before)


def _asks_for_some(exchange: Exchange, visit: Visit) -> bool:
    """ "Des anti-inflammatoires, de l'aspirine ?": asked for by mere names, while no allergy is the subject."""
    asked = exchange.questions
    some = any(SOME.search(q.norm[: m.start]) for q in asked for m in find_drugs(q.norm))
    first, last = asked[0].turn - TALK_TURNS, asked[-1].turn
    talk = (s.norm for s in visit.sentences if s.speaker == "doctor" and first <= s.turn <= last)
    return some and not any(ALLERGY.search(norm) or BEARS.search(norm) for norm in talk)


SOME = re.compile(r"(?:^|[,.;:?!] ?|(?<![a-z])(?:et|ou|ni|pas|or|any) )\W*(?:de l|de la|du|des|de|d|un|une|any|some|an?) ?$")
BEARS = re.compile(r"(?<![a-z])(?:support\w*|toler\w*|ne pass\w* pas|reaction\w*|reagi\w*)(?![a-z])")
BARE = re.compile(r"\W*(?:(?:et|and|ou|or|sinon|uh|um|euh|maybe|peut etre|also|aussi|alors)\W+)*(?:(?:du|de la|de l|des|le|la|les|l|un|une|any|the|some) ?)?[a-z]+(?: [a-z]+)? ?\?\s*")
TALK_TURNS = 4  # in which the treatments are still the subject


def weighed(facts: Iterable[Fact], visit: Visit) -> Iterator[Fact]:
    """The same facts, with a doubt on those that must not stand in the note as they are."""
    for fact in facts:
        doubt = _doubt(fact, visit) or fact.doubt
        yield replace(fact, doubt=doubt) if doubt else fact


def _doubt(fact: Fact, visit: Visit) -> Doubt:
    if fact.type == "medication" and fact.is_patients and fact.status != "prescribed" and fact.value is None:
        sure = fact.polarity == "absent" or fact.sig
        if not sure and recorded_allergy(fact.label, fact.code, visit):
            return "allergy"
    if fact.type in ("medication", "vital", "lab") or fact.status == "stop":
        return "heard" if _badly_heard(fact, visit) else ""
    return ""


def _badly_heard(fact: Fact, visit: Visit) -> bool:
    """Whether the recogniser was not sure of the words that name the drug or hold the figure."""
    named = False
    for proof in fact.evidence:
        turn = visit.transcript.turns[proof.turn]
        norm = normalise(turn.doubted(proof.start, proof.end), visit.lang).norm
        figure = (fact.value is not None or bool(fact.sig)) and re.search(r"\d", norm)
        if figure or _names(fact, norm):
            return True
        named = named or _names(fact, normalise(turn.text, visit.lang).norm)
    drug = fact.type == "medication" or fact.status == "stop"
    unsure = any(visit.transcript.turns[p.turn].doubted(p.start, p.end) for p in fact.evidence)
    return drug and unsure and not named  # a name that was guessed, from words that are in doubt


def _names(fact: Fact, norm: str) -> bool:
    return any(mention.drug.inn == fact.label for mention in find_drugs(norm))


def settled(facts: Iterable[Fact]) -> list[Fact]:
    """Without the doubtful facts of which there is a clear one: what was said again and understood is not in doubt."""
    kept = list(facts)
    clear = {(f.type, f.label) for f in kept if not f.doubt} | {
        ("allergy", f.label) for f in kept if f.type == "allergy" and not f.doubt
    }
    return [f for f in kept if not f.doubt or not ({(f.type, f.label), ("allergy", f.label)} & clear)]
