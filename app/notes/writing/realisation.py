"""From facts to the sentences of a note, section by section; every sentence carries the evidence of its facts."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from app.notes.facts import Fact, proofs
from app.notes.language.spoken_en import is_broken
from app.notes.people.people import NAMES_FR
from app.notes.sections import (
    ADVICE,
    ALLERGIES,
    ASSESSMENT,
    EXAMINATION,
    FAMILY,
    HISTORY,
    PAST,
    PLAN,
    RESULTS,
    SOCIAL,
    SYSTEMS,
    TREATMENTS,
    VITALS,
    SectionKind,
    place,
)
from app.notes.signs import examined_fr
from app.notes.signs.proposed import TURNED
from app.notes.writing import wording_en, wording_fr
from app.notes.writing.sentences import Voice, Written, shown_value

RELATIONS_EN = {"sister-in-law": "Sister-in-law", "brother-in-law": "Brother-in-law"}


def realise(facts: Sequence[Fact], voice: Voice) -> list[Written]:
    """The sentences that tell `facts`, in the order of the sections."""
    by_section: dict[SectionKind, list[Fact]] = {}
    for fact in facts:
        by_section.setdefault(place(fact), []).append(fact)
    sentences = (
        sentence
        for section, write in WRITERS.items()
        if section in by_section
        for sentence in write(section, by_section[section], voice)
    )
    written = _once(sentences)
    return [replace(s, text=DECIMAL.sub(r"\1,\2", s.text)) for s in written] if voice.lang == "fr" else written


DECIMAL = re.compile(r"(\d)\.(\d)")


def _once(sentences: Iterable[Written]) -> list[Written]:
    """Sentences that read the same become one, with the evidence of all."""
    kept: dict[tuple[SectionKind, str], Written] = {}
    for sentence in sentences:
        key = (sentence.section, sentence.text)
        old = kept.get(key)
        kept[key] = (
            replace(
                old, evidence=tuple(sorted({*old.evidence, *sentence.evidence})), facts=(*old.facts, *sentence.facts)
            )
            if old
            else sentence
        )
    return list(kept.values())


def _sentence(section: SectionKind, text: str, facts: Sequence[Fact]) -> Written:
    words = re.sub(r"\s+", " ", text).strip().rstrip(".")
    return Written(section, f"{wording_fr.capital(words)}.", proofs(facts), tuple(facts))


def _by_turn(facts: Sequence[Fact]) -> Iterator[list[Fact]]:
    groups: dict[int, list[Fact]] = {}
    for fact in facts:
        groups.setdefault(fact.evidence[-1].turn, []).append(fact)
    yield from groups.values()


def _history(section: SectionKind, facts: Sequence[Fact], voice: Voice) -> Iterator[Written]:
    for group in _by_turn(facts):
        drugs = [f for f in group if f.type == "medication"]
        guesses = [f for f in group if f.type == "problem"]
        scores = [f for f in group if f.value is not None and f.type == "symptom"]
        symptoms = [f for f in group if f not in drugs and f not in guesses and f not in scores]
        if symptoms:
            yield _sentence(section, _symptoms(symptoms, voice), symptoms)
        if scores:
            parts = [f"{f.value:g}/10{_bracket(f.detail)}" for f in scores]
            yield _sentence(section, voice.say("Douleur cotée à ", "Pain rated ") + voice.listing(parts), scores)
        if guesses:
            names = voice.listing([f.extra[0] for f in guesses])
            yield _sentence(
                section,
                voice.say(
                    f"Évoqué par {_speaker(guesses[0], voice)} : {names}",
                    f"Raised by {_speaker(guesses[0], voice)}: {names}",
                ),
                guesses,
            )
        if drugs:
            yield _sentence(
                section, voice.say("A pris ", "Has taken ") + voice.listing([_drug(f) for f in drugs]), drugs
            )


def _speaker(fact: Fact, voice: Voice) -> str:
    return voice.say("l'accompagnant", "the relative") if fact.asserted_by == "relative" else voice.patient


def _bracket(words: str) -> str:
    return f" ({words})" if words else ""


def _symptoms(facts: Sequence[Fact], voice: Voice) -> str:
    """Symptoms of one turn; what they share in time is said once; what is over is told as over."""
    details = {f.detail for f in facts}
    shared = details.pop() if len(details) == 1 else ""
    names = []
    for fact in facts:
        over = {
            "resolved": voice.say(" (résolu)", " (resolved)"),
            "past": voice.say(" (dans le passé)", " (in the past)"),
        }.get(fact.temporality, "")
        names.append(f"{fact.extra[0]}{over}" + (f" {fact.detail}" if fact.detail and not shared else ""))
    return f"{voice.listing(list(dict.fromkeys(names)))} {shared}".strip()


def _drug(fact: Fact) -> str:
    words = " ".join(filter(None, (*fact.extra[:2], fact.detail))).replace(" ,", ",")
    return BARE_HALF.sub("la moitié d'un comprimé", words)


BARE_HALF = re.compile(  # "puis un demi une semaine": beside a strength in mg a bare 0,5 would be read as one
    r"(?<=puis )0[.,]5(?= (?:le |au |un|une|pendant|par|matin|midi|soir|tous|\d))"
)


def _systems(section: SectionKind, facts: Sequence[Fact], voice: Voice) -> Iterator[Written]:
    for group in _by_turn(facts):
        names = list(dict.fromkeys(f.extra[0] for f in group))
        text = wording_fr.denial(names) if voice.lang == "fr" else wording_en.denial(names)
        yield _sentence(section, text, group)


def _past(section: SectionKind, facts: Sequence[Fact], voice: Voice) -> Iterator[Written]:
    absent = [f for f in facts if f.polarity == "absent" and f.status != TURNED]
    for fact in facts:
        if fact not in absent:
            over = voice.say(" (guéri)", " (resolved)") if fact.temporality == "resolved" else ""
            recorded = voice.say(" (au dossier)", " (on file)") if fact.status == "history" else ""
            yield _sentence(section, " ".join(filter(None, fact.extra[:2])) + over + recorded, [fact])
    for group in _by_turn(absent):
        names = list(dict.fromkeys(f.extra[0] for f in group))
        if voice.lang == "fr":
            yield _sentence(section, wording_fr.denial(names).replace("Pas ", "Pas d'antécédent déclaré ", 1), group)
        else:
            yield _sentence(
                section,
                "No reported history of "
                + (names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]),
                group,
            )


def _family(section: SectionKind, facts: Sequence[Fact], voice: Voice) -> Iterator[Written]:
    people: dict[str, list[Fact]] = {}
    for fact in facts:
        people.setdefault(fact.experiencer, []).append(fact)
    for person, told in people.items():
        who = NAMES_FR.get(person, "Proche") if voice.lang == "fr" else RELATIONS_EN.get(person, person.capitalize())
        names = list(dict.fromkeys(_of_kin(f, voice) for f in told))
        yield _sentence(section, f"{who}{voice.say(' :', ':')} {', '.join(names)}", told)


def _of_kin(fact: Fact, voice: Voice) -> str:
    """What a relative has, or has not."""
    name = " ".join(filter(None, fact.extra[:2]))
    return name if fact.polarity == "present" else voice.say(f"pas de {name}".replace("de a", "d'a"), f"no {name}")


def _social(section: SectionKind, facts: Sequence[Fact], voice: Voice) -> Iterator[Written]:
    for fact in facts:
        name = fact.extra[0]
        if fact.label == "profession":
            text = voice.say(f"Profession : {name}", f"Occupation: {name}")
        elif fact.label in ("mode de vie", "allaitement"):
            text = name if fact.polarity == "present" else f"Pas d'{name}"
        elif fact.polarity == "absent":
            text = voice.say(f"Pas de {name} déclaré".replace("de alcool", "d'alcool"), f"No {name} reported")
            text = f"{text}, {fact.detail}" if fact.detail.startswith("sauf ") else text
        else:
            text = (
                f"{name}{voice.say(' :', ':')} {fact.detail}"
                if fact.detail
                else voice.say(f"{name} : oui, quantité non précisée", f"{name}: yes, amount not stated")
            )
        yield _sentence(section, text, [fact])


def _treatments(section: SectionKind, facts: Sequence[Fact], voice: Voice) -> Iterator[Written]:
    for fact in facts:
        if fact.polarity == "absent":
            state = (
                voice.say(" : arrêté", ": stopped")
                if fact.status == "stopped"
                else voice.say(" : non pris", ": not taken")
            )
            yield _sentence(section, fact.extra[0] + state, [fact])
        else:
            yield _sentence(section, _drug(fact), [fact])


def _allergies(section: SectionKind, facts: Sequence[Fact], voice: Voice) -> Iterator[Written]:
    for fact in facts:
        name = fact.extra[0]
        if fact.polarity == "absent":
            text = (
                voice.say("Pas d'allergie déclarée", "No allergy reported")
                if fact.label in ("allergie",)
                else voice.say(f"Pas d'allergie déclarée : {name}", f"No allergy reported to: {name}")
            )
        else:
            doubt = voice.say(" (à vérifier)", " (to be verified)") if fact.certainty == "suspected" else ""
            text = (
                f"{name}{voice.say(' :', ':')} {fact.detail}"
                if fact.detail
                else voice.say(f"Allergie déclarée : {name}", f"Reported allergy: {name}")
            ) + doubt
        yield _sentence(section, text, [fact])


def _reported(told: Sequence[Fact], voice: Voice) -> str:
    who = (
        "l'accompagnant"
        if told[0].asserted_by == "relative"
        else {"F": "la patiente"}.get(voice.sex or "", "le patient")
    )
    return voice.say(f" (dire de {who})".replace("de le patient", "du patient"), " (reported)")


def _values(section: SectionKind, facts: Sequence[Fact], voice: Voice) -> Iterator[Written]:
    names: dict[str, list[Fact]] = {}
    done = [f for f in facts if f.type == "procedure"]
    for fact in (f for f in facts if f.status == "result"):
        yield _sentence(section, fact.text, [fact])
    for fact in (f for f in facts if f.type in ("vital", "lab") and f.status != "result"):
        names.setdefault(fact.extra[0], []).append(fact)
    for name, told in names.items():
        said = _reported(told, voice) if section is VITALS and all(f.asserted_by != "doctor" for f in told) else ""
        before = voice.say("antérieur", "previous")
        parts = [
            f"{shown_value(f, voice.lang)}{_bracket(f.detail or (before if f.temporality == 'past' else ''))}"
            for f in told
        ]
        yield _sentence(section, f"{name}{said}{voice.say(' :', ':')} {', '.join(parts)}", told)
    for fact in done:
        absent = fact.polarity == "absent"
        yield _sentence(
            section,
            f"{fact.extra[0]}{voice.say(' : non fait', ': not done') if absent else voice.say(' : déjà fait', ': already done')}",
            [fact],
        )


def _examination(section: SectionKind, facts: Sequence[Fact], voice: Voice) -> Iterator[Written]:
    for fact in facts:
        if fact.status == "seen":
            words = (
                examined_fr.observed(fact.sentence)
                if voice.lang == "fr"
                else wording_en.directive(fact.sentence, voice.sex) or voice.tidy(fact.sentence)
            )
            if len(words.split()) > 1 and not (voice.lang == "en" and is_broken(words)):  # "tient." tells a reader nothing
                yield _sentence(section, voice.say(f"À la vidéo : {words}", words), [fact])
        else:
            yield _sentence(
                section,
                voice.say("Non réalisable à distance : ", "Not possible by video: ") + _not_examined(fact, voice),
                [fact],
            )


CANNOT_WORDS = re.compile(
    r"(?:,? ?(?:là|ici|ça|à l['’]écran|en visio|en vidéo)?,? ?(?:je|on) (?:ne )?(?:peux|peut) pas(?: vous| le| la| les)?(?: en visio| le faire| à travers l['’]écran| d['’]ici)?|ça se fait pas en (?:vidéo|visio)|,? ?on verra ça au cabinet|mais je préfère vous examiner|je ferai ça quand vous viendrez|là je peux pas|si besoin|"
    r"\bpar contre\b|,? donc ça c['’]est pas vérifié|et il faudra que je vous|que je|I (?:could not|can't|cannot|can not|couldn't)|by video|so if something changes, you see someone|d['’]ici|ici|le reste,)",
    re.IGNORECASE,
)


def _not_examined(fact: Fact, voice: Voice) -> str:
    if voice.lang == "fr":
        return examined_fr.not_examined(fact.sentence) or "examen physique"
    words = CANNOT_WORDS.sub(" ", voice.tidy(fact.sentence))
    words = re.sub(r"\s+", " ", re.sub(r"\s+,", ",", words)).strip(" ,.;")
    return (words[:1].lower() + words[1:]) if len(words) > 3 else voice.say("examen physique", "physical examination")


def _assessment(section: SectionKind, facts: Sequence[Fact], voice: Voice) -> Iterator[Written]:
    for fact in facts:
        name = fact.extra[0]
        suspected = voice.say(f"Diagnostic évoqué : {name}", f"Suspected: {name}")
        text = suspected if fact.certainty == "suspected" else name
        told = voice.directive(fact.sentence) if voice.lang == "en" else None
        whole = told and len(told.split()) <= MAX_TOLD_WORDS and not is_broken(told)
        yield _sentence(section, told if told and whole else text, [fact])


MAX_TOLD_WORDS = 45


def _plan(section: SectionKind, facts: Sequence[Fact], voice: Voice) -> Iterator[Written]:
    for fact in sorted(facts, key=_plan_rank):
        yield _sentence(section, _planned(fact, voice), [fact])


def _plan_rank(fact: Fact) -> int:
    return {"prescribed": 0, "stop": 1, "order": 2, "considered": 3, "declined": 3, "certificate": 4, "follow-up": 5}.get(
        fact.status, 3
    )


def _planned(fact: Fact, voice: Voice) -> str:
    if fact.status == "prescribed":
        words = _drug(fact)
        if fact.certainty == "conditional":
            condition = _condition(fact, voice)
            return f"{words}{voice.say(', sous condition', ', conditional')}{_bracket(condition)}"
        return words
    if fact.status in ("stop", "considered", "declined"):
        return fact.text
    if fact.status == "order":
        names = voice.listing(list(fact.extra))
        if fact.polarity == "absent":
            return voice.say(f"{names} : pas à ce stade", f"{names}: not at this stage")
        if fact.certainty == "conditional":
            return voice.directive(fact.sentence) or voice.say(
                f"{names} à envisager selon l'évolution", f"{names} to be considered"
            )
        if voice.lang == "en":
            return voice.directive(fact.sentence) or f"{names} {fact.detail}".strip()
        return f"{names} {fact.detail}".strip()
    return voice.directive(fact.sentence) or _quoted(fact, voice)


def _condition(fact: Fact, voice: Voice) -> str:
    match = re.search(
        r"\b(?:uniquement si|seulement si|et seulement si|si|s['’]il|if|unless|in case)\b[^.,;:]*(?:, le test est positif)?",
        fact.sentence,
        re.IGNORECASE,
    )
    if not match:
        return ""
    words = match.group().strip()
    if voice.lang == "fr" and re.search(r"\b(?:vous|je|ça)\b", words):
        words = voice.directive(words + " .") or ""
    return words[:1].lower() + words[1:]


def _quoted(fact: Fact, voice: Voice) -> str:
    return voice.say(
        f"Le médecin précise : « {voice.tidy(fact.sentence)} »", f'The doctor said: "{voice.tidy(fact.sentence)}"'
    )


def _advice(section: SectionKind, facts: Sequence[Fact], voice: Voice) -> Iterator[Written]:
    for fact in sorted(facts, key=lambda f: f.status == "alert"):
        if fact.status == "stop":
            yield _sentence(section, fact.text, [fact])
            continue
        yield _sentence(section, voice.directive(fact.sentence) or _quoted(fact, voice), [fact])


Writer = Callable[[SectionKind, Sequence[Fact], Voice], Iterator[Written]]
WRITERS: dict[SectionKind, Writer] = {
    HISTORY: _history,
    PAST: _past,
    FAMILY: _family,
    SOCIAL: _social,
    TREATMENTS: _treatments,
    ALLERGIES: _allergies,
    SYSTEMS: _systems,
    VITALS: _values,
    EXAMINATION: _examination,
    RESULTS: _values,
    ASSESSMENT: _assessment,
    PLAN: _plan,
    ADVICE: _advice,
}
