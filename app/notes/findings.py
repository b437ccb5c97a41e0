"""Symptoms, problems and operations: what the patient has, had, denies, and what the doctor concludes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.notes.cues import cue, cues
from app.notes.facts import Certainty, Fact, Polarity, Temporality
from app.notes.lexicon import Mention, find_concepts
from app.notes.mentions import detail_of, family_fact, mention_fact, named_side
from app.notes.people import SELF, relation_near, uncle_side
from app.notes.polarity import CONDITIONS, SUPPOSES, is_denied, stance
from app.notes.transcript import Language
from app.notes.units import Exchange, Sentence, Visit

UNMARKED = "unmarked"  # status of what was denied though nothing marked a question: weaker than a statement
CLINICAL = ("symptom", "problem", "surgery")
INVERSE = {"trismus", "limitation de la rotation du cou", "aphagie"}  # "can you open your mouth?" "yes" is no trismus
NORMALLY = cue("findings.normally")
CONCLUDES = cues("findings.concludes")
OPENS = re.compile(r"(?:^|[.:] ?)\W*(?:alors|donc|voila|bon)\W*$")
EXISTS = re.compile(r"[^.,]{0,25},? (?:ca existe|(?:c est|est) possible)")
NOT_LIKE = cues("findings.not_like")
HISTORY = cues("findings.history")
FAMILY_QUESTION = cues("findings.family_question")
ECHO = cues("findings.echo")
CAUSE = cues("findings.cause")
SINCE_WHEN = cues("findings.since_when")
ASIDE = re.compile(r"(?:vous|tu) (?:savez|voyez)|comment dire")
BEFORE_EN = cue("findings.before_en")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a mention stands and who said it."""

    sentence: Sentence
    mention: Mention
    asserted_by: str


def findings(visit: Visit) -> Iterator[Fact]:
    """Facts about symptoms, problems and operations, in the order of speech; duplicates are not yet merged."""
    for exchange in visit.exchanges:
        yield from _from_exchange(exchange, visit.lang)
        yield from _same_illness(exchange, visit.lang)
        yield from _which_side(exchange, visit.lang)
    for sentence in visit.sentences:
        yield from _gestation(sentence, visit.lang)
        if sentence.asks:
            continue
        if sentence.speaker == "doctor":
            yield from _concluded(sentence, visit.lang)
        else:
            yield from _stated(sentence, visit)


def _from_exchange(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    answered = {
        m.concept.fr
        for s in exchange.answer
        for m in find_concepts(s.norm, lang)
        if not relation_near(s.norm, m.start, lang) and not OTHERWISE[lang].match(s.norm[m.end :])
    }
    about_family = any(FAMILY_QUESTION[lang].search(q.norm) for q in exchange.questions)
    for question in exchange.questions:
        mentions = [m for m in find_concepts(question.norm, lang) if m.concept.kind in CLINICAL]
        about_disease = any(m.concept.kind == "problem" for m in mentions)
        for mention in mentions:
            if about_disease and mention.concept.kind == "symptom" and exchange.verdict != "no":
                continue
            if mention.concept.kind == "problem" and VACCINATED.search(question.norm):
                continue
            relative = _relative_in_answer(exchange, lang)
            if relative and mention.concept.fr not in answered:
                yield family_fact(
                    mention, relative[0], (question.evidence(), relative[1].evidence()), relative[1].norm, lang
                )
            if about_family or mention.concept.fr in answered:
                continue
            fact = _answered(exchange, question, mention, lang)
            if fact:
                yield fact


def _relative_in_answer(exchange: Exchange, lang: Language) -> tuple[str, Sentence] | None:
    """ "Moi non. Ma mère en a eu": who in the answer has what was asked about."""
    for sentence in exchange.answer:
        if sentence.speaker == "doctor" or sentence.asks or find_concepts(sentence.norm, lang):
            continue
        near = relation_near(sentence.norm, 0, lang) or relation_near(sentence.norm, len(sentence.norm), lang)
        if near and re.search(r"en a|l a|oui|aussi|yes|had it|has it|does|did", sentence.norm[near[1] :]):
            return uncle_side(sentence.norm, near[0]), sentence
    return None


def _answered(exchange: Exchange, question: Sentence, mention: Mention, lang: Language) -> Fact | None:
    polarity = _echoed(exchange, question, mention, lang) or _asked_polarity(exchange, question, mention, lang)
    if mention.concept.fr == "fièvre" and TEMPERATURE.search(exchange.answer_text):
        return None  # the figure tells more
    if polarity is None or (polarity == "absent" and CAUSE[lang].search(question.norm[: mention.start])):
        return None
    first = exchange.answer[0]
    detail, sentence = "", ""
    if polarity == "present":
        detail = detail_of(first, lang, mention)
        sentence = first.shown
    past = stance(question.norm, mention.start, mention.end, lang).temporality if polarity == "present" else "current"
    temporality: Temporality = (
        "past"
        if past != "current"
        or (mention.concept.kind != "symptom" and polarity == "present" and re.search(r"deja|ever", question.norm))
        else "current"
    )
    if polarity == "present" and stance(first.norm, 0, 0, lang).temporality != "current":
        temporality = stance(first.norm, 0, 0, lang).temporality
    return mention_fact(
        mention,
        lang,
        polarity,
        "certain",
        temporality,
        first.speaker,
        (question.evidence(mention.start, mention.end), first.evidence()),
        detail,
        sentence,
        question.norm,
        status=UNMARKED if polarity == "absent" and not question.asks else "",
    )


ECHOED = {"fr": ("oui", "non"), "en": ("yes", "no")}


def _echoed(exchange: Exchange, question: Sentence, mention: Mention, lang: Language) -> Polarity | None:
    """ "Elle tousse, elle a le nez qui coule ?" - "Le nez oui.": an answer that takes up one of several questions."""
    yes, no = ECHOED[lang]
    for word in re.findall(r"[a-z]{3,}", question.norm[mention.start : mention.end]):
        found = re.search(rf"(?<![a-z]){word[:6]}[a-z]*,? ({yes}|{no})(?! plus)(?![a-z])", exchange.answer_text)
        if found and word not in ("mal", "des", "les", "pain", "the"):
            return "present" if found.group(1) == yes else "absent"
    return None


def _asked_polarity(exchange: Exchange, question: Sentence, mention: Mention, lang: Language) -> Polarity | None:
    verdict, text = exchange.verdict, exchange.answer_text
    if SINCE_WHEN[lang].search(question.norm) and verdict != "no":
        return "present"
    inverse = mention.concept.fr in INVERSE or bool(
        NORMALLY.search(question.norm) and mention.concept.fr in ("trouble urinaire",)
    )
    if verdict == "":
        return None
    if inverse:
        return "absent" if verdict == "yes" or NORMALLY.search(text) or re.match(r"si si", text) else None
    denied_in_question = is_denied(question.norm, mention.start, mention.end, lang)
    if verdict == "no":
        return "absent"
    if denied_in_question:
        return "present" if re.match(r"\W*(?:ah )?si\b", text) else None
    if verdict == "open" and (len(exchange.questions) > 1 and exchange.questions[-1] is not question):
        return None
    several = sum(m.concept.kind in CLINICAL for q in exchange.questions for m in find_concepts(q.norm, lang))
    if verdict == "open" and several > 1:
        return None
    return "present" if several <= 2 and not CONDITIONS[lang].search(question.norm[: mention.start]) else None


def _read_back(sentence: Sentence, visit: Visit) -> set[str]:
    """The concepts that the doctor has just named as reasons to call: a patient who repeats them has none of them."""
    before = [
        s
        for s in visit.sentences
        if sentence.turn - 2 <= s.turn < sentence.turn and s.speaker == "doctor" and ALARM[visit.lang].search(s.norm)
    ]
    return {m.concept.fr for s in before for m in find_concepts(s.norm, visit.lang)} | (
        {"*"} if before and len(sentence.norm.split()) < 8 else set()
    )


def _of_family(sentence: Sentence, start: int, asked: str, lang: Language) -> tuple[str, int] | None:
    """ "Anything in the family?" - "The main one would be heart attacks.": a family's disease though nobody is named."""
    alone = not SELF[lang].search(sentence.norm[:start])
    return ("family", 0) if alone and FAMILY_QUESTION[lang].search(asked) and ASKS_FAMILY.search(asked) else None


ASKS_FAMILY = re.compile(
    r"dans (?:la|votre) famille|antecedents? familia|chez vous quelqu|family (?:history|members?)|in (?:the|your) family|runs? in"
)


def _stated(sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    lang, norm = visit.lang, sentence.norm
    asked = visit.question_of(sentence)
    if re.search(r"allerg", asked + " " + norm) and not FAMILY_QUESTION[lang].search(asked):
        return
    repeated = _read_back(sentence, visit)
    for mention in find_concepts(norm, lang):
        if (
            mention.concept.kind not in CLINICAL
            or mention.concept.fr in repeated
            or "*" in repeated
            or "vaccin" in asked
        ):
            continue
        if mention.concept.kind == "problem" and VACCINATED.search(norm):
            continue
        relative = visit.other_person(sentence, mention.start) or _of_family(sentence, mention.start, asked, lang)
        if (
            relative is None
            and (sentence.speaker == "relative" or visit.is_small_child)
            and re.search(r"(?<![a-z])moi (?:j|je)(?![a-z])", norm[: mention.start])
        ):
            relative = (_role_of_relative(visit), 0)
        if relative:
            if not is_denied(norm, mention.start, mention.end, lang):
                yield family_fact(mention, uncle_side(norm, relative[0]), (sentence.evidence(),), norm, lang)
            continue
        meant = stance(norm, mention.start, mention.end, lang)
        if (
            WISHES.search(norm[: mention.start])
            or HEARSAY[lang].search(norm[: mention.start])
            or HABITUAL[lang].search(norm[: mention.start])
        ):
            continue
        if meant.certainty == "conditional" or OTHERWISE[lang].match(norm[mention.end :]):
            continue
        guessed = (
            mention.concept.kind == "problem" and bool(SUPPOSES[lang].search(norm)) and meant.temporality == "current"
        )
        certainty: Certainty = "suspected" if guessed else "certain"
        yield mention_fact(
            mention,
            lang,
            meant.polarity,
            certainty,
            meant.temporality,
            sentence.speaker,
            (sentence.evidence(),),
            detail_of(sentence, lang, mention),
            sentence.shown,
            norm,
        )


TEMPERATURE = re.compile(r"(?<!\d)(?:3[5-9]|4[01])(?:\.\d| \d)?(?!\d)|(?<!\d)(?:9[5-9]|10[0-5])\.\d")
ALARM = cues("findings.alarm")
HEARSAY = cues("findings.hearsay")
VACCINATED = re.compile(r"vaccin|(?<![a-z])jabs?(?![a-z])|immuni[sz]|(?<![a-z])shots?(?![a-z])")
WISHES = re.compile(r"(?:trying to|want to|would like to|need to|essaie de|veux|voudrais|aimerais) $")
HABITUAL = cues("findings.habitual")
OTHERWISE = cues("findings.otherwise")


GESTATION = cues("findings.gestation")


def _gestation(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    """ "Vingt-six semaines d'aménorrhée": the pregnancy and how far it is."""
    match = GESTATION[lang].search(sentence.norm)
    if match:
        name = f"grossesse de {match.group(1)} SA" if lang == "fr" else f"pregnancy, {match.group(1)} weeks"
        yield Fact(
            "problem",
            name,
            "grossesse",
            (sentence.evidence(),),
            value=float(match.group(1)),
            unit="wk",
            asserted_by=sentence.speaker,
            critical=True,
            status="diagnosis",
            detail=match.group(1),
            sentence=sentence.shown,
            extra=(name, ""),
        )


SAME_ILLNESS = cues("findings.same_illness")


def _same_illness(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    """ "Quelqu'un d'autre malade ?" - "Son frère, il a eu ça lundi." """
    for sentence in exchange.answer:
        near = relation_near(sentence.norm, len(sentence.norm), lang) or relation_near(sentence.norm, 0, lang)
        if (
            near
            and sentence.speaker != "doctor"
            and SAME_ILLNESS[lang].search(sentence.norm)
            and any(re.search(r"malade|quelqu un|sick|ill\b|anyone", q.norm) for q in exchange.questions)
        ):
            name = "mêmes symptômes" if lang == "fr" else "same illness"
            yield Fact(
                "family",
                name,
                "mêmes symptômes",
                (exchange.questions[-1].evidence(), sentence.evidence()),
                experiencer=near[0],
                temporality="past",
                extra=(name, ""),
            )


def _role_of_relative(visit: Visit) -> str:
    text = " ".join(s.norm for s in visit.sentences if s.speaker != "doctor")[:2000]
    if re.search(r"maman|la mere|sa mere|\bmum\b|\bmom\b|mother", text):
        return "mother"
    return "father" if re.search(r"papa|le pere|\bdad\b|father", text) else "other"


def _concluded(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    """What the doctor says the patient has, or reads out from the record."""
    norm = sentence.norm
    for mention in find_concepts(norm, lang):
        kind = mention.concept.kind
        before = norm[: mention.start]
        if (
            kind not in ("problem", "surgery")
            or CONDITIONS[lang].search(before)
            or relation_near(norm, mention.start, lang)
        ):
            continue
        if is_denied(norm, mention.start, mention.end, lang) or NOT_LIKE[lang].search(before[-40:]):
            continue
        history = HISTORY[lang].search(norm)
        if (
            not history
            and not CONCLUDES[lang].search(before)
            and not OPENS.search(before)
            and not EXISTS.match(norm[mention.end :])
        ):
            continue
        meant = stance(norm, mention.start, mention.end, lang)
        certainty: Certainty = (
            "suspected"
            if meant.certainty != "certain" or re.search(r"suspicion|je pense|peut etre|possible|ca existe", norm)
            else "certain"
        )
        yield mention_fact(
            mention,
            lang,
            "present",
            certainty,
            "past" if history and meant.temporality != "current" else "current",
            "doctor",
            (sentence.evidence(),),
            "",
            sentence.shown,
            norm,
            status="history" if history else "diagnosis",
        )


WHICH_SIDE = cues("findings.which_side")
FEMININE = ("jambe", "oreille", "main", "epaule", "hanche", "cheville")


def _which_side(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    """ "Quelle jambe ?" - "La droite." """
    for question in exchange.questions:
        asked = WHICH_SIDE[lang].search(question.norm)
        side = named_side(exchange.answer_text, lang)
        if not asked or not side:
            continue
        part = question.line.shown[question.start + asked.start(1) : question.start + asked.end(1)]
        if lang == "en":
            text = f"location: {side.removeprefix('on the ')} {part}"
        else:
            word = {"à gauche": "gauche", "à droite": "droite" if asked.group(1) in FEMININE else "droit"}[side]
            text = f"localisation : {part} {word}"
        yield Fact(
            "symptom",
            text,
            f"localisation {part}",
            (question.evidence(), *(s.evidence() for s in exchange.answer[:3])),
            asserted_by=exchange.answer[0].speaker,
            sentence=exchange.answer[0].shown,
            extra=(text, ""),
        )
