"""Allergies and the way of life: what the patient does not tolerate, smokes, drinks, works as."""

import re
from collections.abc import Iterator
from importlib import resources

from app.notes.cues import cue, cues
from app.notes.facts import Evidence, Fact, Temporality
from app.notes.lexicon import find_drugs
from app.notes.people import relation_near, uncle_side
from app.notes.polarity import is_denied
from app.notes.text import fold
from app.notes.timing import date_phrase
from app.notes.transcript import Language
from app.notes.units import RECORDED, Exchange, Sentence, Visit

ALLERGENS = tuple(
    tuple(line.split("\t"))
    for line in (resources.files("app.notes") / "data" / "allergens.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
)
ALLERGY = {"fr": re.compile(r"allergi|intoleran"), "en": re.compile(r"allerg|intoleran")}
REACTION = cues("background.reaction")
CURED = cues("background.cured")
NOT_REALLY = cues("background.not_really")
NONE = cues("background.none")

TOBACCO = cues("background.tobacco")
VAPING = {"fr": re.compile(r"vapot|cigarette electronique|vape"), "en": re.compile(r"vap(?:e|ing)|e cigarette")}
ALCOHOL = cues("background.alcohol")
DRUG_USE = cues("background.drug_use")
WORK = cues("background.work")
LIVING = cues("background.living")
PROJECT = cues("background.project")
QUIT = cues("background.quit")
NEVER = cues("background.never")
HABITS = (
    ("tabac", "tobacco", TOBACCO),
    ("vapotage", "vaping", VAPING),
    ("alcool", "alcohol", ALCOHOL),
    ("cannabis ou autres substances", "recreational drugs", DRUG_USE),
)


def background(visit: Visit) -> Iterator[Fact]:
    """Facts about allergies and way of life in the order of speech."""
    answered = {s: e for e in visit.exchanges for s in e.answer}
    for exchange in visit.exchanges:
        yield from _asked_allergy(exchange, visit.lang)
        yield from _asked_habit(exchange, visit.lang)
    for sentence in visit.sentences:
        if sentence.asks:
            continue
        if sentence.speaker != "doctor":
            if sentence not in answered or not _about_allergy(answered[sentence], visit.lang):
                yield from _stated_allergy(sentence, visit.lang, ())
            yield from _stated_habit(sentence, visit.lang, answered.get(sentence))
        yield from _life(sentence, visit.lang, answered.get(sentence))


def _about_allergy(exchange: Exchange, lang: Language) -> bool:
    return any(ALLERGY[lang].search(s.norm) for s in (*exchange.questions, *exchange.run))


def allergens(norm: str, lang: Language) -> list[tuple[str, str, int]]:
    """Allergens named in a folded text: (French name, name in `lang`, place)."""
    found = [
        (m.drug.inn, m.drug.name(lang) + (f" ({m.drug.brand})" if m.drug.brand else ""), m.start)
        for m in find_drugs(norm)
        if m.drug.inn != "antibiotique"
    ]
    for fr, en, pattern_fr, pattern_en in ALLERGENS:
        match = re.search(rf"(?<![a-z])(?:{pattern_fr if lang == 'fr' else pattern_en})", norm)
        if match and not any(name == fr for name, _, _ in found):
            found.append((fr, fr if lang == "fr" else en, match.start()))
    return found


def _asked_allergy(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    if not _about_allergy(exchange, lang):
        return
    question = next(s for s in (*exchange.questions, *exchange.run) if ALLERGY[lang].search(s.norm))
    told = list(_told_allergens(exchange, question, lang))
    yield from told
    named = [
        item
        for s in exchange.run
        for item in allergens(s.norm, lang)
        if item[0] not in ("antibiotiques", "médicaments")
    ]
    if any(fact.is_patients for fact in told):
        return
    if named and not re.search(r"d autres gens|chez vous", question.norm):
        yield from _recorded_allergy(exchange, question, named[0], lang)
    elif not RECORDED.search(question.norm) and (
        exchange.verdict == "no"
        or NONE[lang].search(exchange.answer_text)
        or re.search(r"moi j ?ai rien|moi non|i m fine", exchange.answer_text)
    ):
        broad = allergens(question.norm, lang)
        what = broad[0][1] if broad else ("allergie" if lang == "fr" else "allergy")
        yield _allergy(
            what,
            broad[0][0] if broad else "allergie",
            (question.evidence(), exchange.answer[0].evidence()),
            exchange.answer[0],
            polarity="absent",
        )


def _told_allergens(exchange: Exchange, question: Sentence, lang: Language) -> Iterator[Fact]:
    whole = " ".join(s.norm for s in exchange.answer)
    for sentence in exchange.answer:
        if sentence.speaker == "doctor":
            break
        for label, name, at in allergens(sentence.norm, lang):
            relative = relation_near(sentence.norm, at, lang)
            if relative:
                yield _relatives(
                    label,
                    name,
                    uncle_side(sentence.norm, relative[0]),
                    (question.evidence(), sentence.evidence()),
                    lang,
                )
            elif is_denied(sentence.norm, at, at + 3, lang) or re.search(
                rf"{re.escape(fold(name))[:12]}\w*,? (?:on m a dit )?non", sentence.norm
            ):
                continue
            elif not re.search(r"j en ai pris|je prends|i take", sentence.norm):
                yield _allergy(
                    name, label, (question.evidence(), sentence.evidence()), sentence, reaction=_reaction(whole, lang)
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
    ("respirer", "gêne respiratoire"),
)
REACTIONS_EN = (
    ("rash", "rash"),
    ("hives", "hives"),
    ("swell", "swelling"),
    ("anaphyla", "anaphylaxis"),
    ("sick", "vomiting"),
    ("vomit", "vomiting"),
    ("nausea", "nausea"),
    ("itch", "itching"),
    ("breath", "breathing difficulty"),
)


def _reaction(norm: str, lang: Language) -> str:
    for match in REACTION[lang].finditer(norm):
        if not is_denied(norm, match.start(), match.end(), lang):
            return next(
                (words for stem, words in (REACTIONS_FR if lang == "fr" else REACTIONS_EN) if stem in match.group()), ""
            )
    return ""


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
    return Fact(
        "allergy",
        f"{name} : {more}" if more else name,
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


def _asked_habit(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    for question in exchange.questions:
        for label, english, words in HABITS:
            if words[lang].search(question.norm) and not re.search(r"bien boire|water|fluids|il boit", question.norm):
                told = [s for s in exchange.answer if s.speaker != "doctor"]
                if told:
                    yield from _habit(
                        label if lang == "fr" else english,
                        label,
                        told,
                        (question.evidence(), *(s.evidence() for s in told[:2])),
                        lang,
                        exchange.verdict,
                    )


def _stated_habit(sentence: Sentence, lang: Language, exchange: Exchange | None) -> Iterator[Fact]:
    norm = sentence.norm
    for label, english, words in HABITS:
        match = words[lang].search(norm)
        if (
            not match
            or relation_near(norm, match.start(), lang)
            or (exchange and any(words[lang].search(q.norm) for q in exchange.questions))
        ):
            continue
        if label == "alcool" and match.group().startswith("drink"):
            continue  # "drinking" alone is more often water
        if (label == "tabac" and VAPING[lang].search(norm)) or re.search(r"coca|eau|water|fumeur,", norm):
            continue
        yield from _habit(label if lang == "fr" else english, label, [sentence], (sentence.evidence(),), lang, "")


def _habit(
    name: str, label: str, told: list[Sentence], evidence: tuple[Evidence, ...], lang: Language, verdict: str
) -> Iterator[Fact]:
    cue_words = next(words[lang] for habit, _, words in HABITS if habit == label)
    told = [s for s in told if cue_words.search(s.norm)] or told
    text = " ".join(s.norm for s in told[:3])
    quit_, amount = QUIT[lang].search(text), _amount(told, label, lang)
    named = cue_words.search(told[0].norm)
    if named:
        denied = is_denied(told[0].norm, named.start(), named.end(), lang)
    else:
        denied = verdict == "no" or bool(NEVER[lang].search(told[0].norm))
    never = denied and not amount and not quit_
    if label == "tabac" and re.search(r"jamais fume|never smoked", text):
        never, quit_, amount = True, None, ""
    detail = _quit_since(text, lang) if quit_ else "" if never else amount
    words = " ".join(filter(None, (name, detail)))
    yield Fact(
        "social",
        words,
        label,
        evidence,
        polarity="absent" if never else "present",
        temporality="past" if quit_ else "current",
        asserted_by=told[0].speaker,
        detail=detail,
        sentence=told[0].shown,
        extra=(name, "quit" if quit_ else ""),
    )


def _quit_since(text: str, lang: Language) -> str:
    when = date_phrase(text, lang)
    return f"arrêté {when}".strip() if lang == "fr" else f"stopped {when}".strip()


AMOUNTS = {"tabac": cue("background.amount_tobacco"), "alcool": cue("background.amount_alcohol")}


def _amount(told: list[Sentence], label: str, lang: Language) -> str:
    pattern = AMOUNTS.get(label)
    if pattern is None:
        return ""
    found = []
    for sentence in told[:3]:
        restated = re.search(
            r"¤+ ((?:bieres?|verres?|cigarettes?|clopes?|beers?|glasses|drinks?)[^…,.]*)\W+(?:enfin|non|plutot|no|i mean|or)\W+(\d+)",
            sentence.norm,
        )
        if restated:
            shown = sentence.line.shown[sentence.start + restated.start(1) : sentence.start + restated.end(1)].strip()
            found.append(f"{restated.group(2)} {shown}")
        for match in pattern.finditer(sentence.norm):
            shown = sentence.line.shown[sentence.start + match.start() : sentence.start + match.end()]
            shown = re.sub(r"\s+", " ", shown).strip()
            found.append(shown[:1].lower() + shown[1:])
    if not found and re.search(
        r"occasion|en soiree|de temps en temps|socially|rarely|parfois", " ".join(s.norm for s in told[:2])
    ):
        return "occasionnel" if lang == "fr" else "occasional"
    return ", ".join(found[:2])


def _life(sentence: Sentence, lang: Language, exchange: Exchange | None) -> Iterator[Fact]:
    norm = sentence.norm
    work = WORK[lang].search(norm)
    shown = sentence.line.shown[sentence.start : sentence.end]
    confirmed = sentence.speaker != "doctor"
    if work and confirmed and not relation_near(norm, work.start(), lang):
        group = next(i for i in (1, 2) if work.lastindex and work.group(i))
        job = shown[work.start(group) : work.end(group)]
        yield Fact(
            "social",
            job,
            "profession",
            (sentence.evidence(),),
            asserted_by=sentence.speaker,
            sentence=sentence.shown,
            extra=(job, ""),
        )
    living = LIVING[lang].search(norm)
    if living and confirmed:
        words = re.sub(
            r"^(?:je |j['’]|I |on a |we |got )", "", shown[living.start() : living.end()].strip(), flags=re.IGNORECASE
        )
        words = re.sub(r"^(?:pris|ai) un", "un", words) if lang == "fr" else re.sub(r"^(?:have a|a)", "a", words)
        words = re.sub(r"^(?:vis|habite)", "vit", re.sub(r"^live ", "lives ", words))
        yield Fact(
            "social",
            _spell(words),
            "mode de vie",
            (sentence.evidence(),),
            asserted_by=sentence.speaker,
            sentence=sentence.shown,
            extra=(_spell(words), ""),
        )


def _spell(words: str) -> str:
    return re.sub(
        r"\bma\b", "sa", re.sub(r"\bmon\b", "son", re.sub(r"\bmes\b", "ses", re.sub(r"\bmy\b", "their", words)))
    )
