"""Drugs: which, how much, how often, how long; taken, prescribed, stopped, refused, or somebody else's."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.drugs.dose_changes import CHANGES, changed, read_back, stepped
from app.notes.drugs.dosing import DOSE, is_limit, number
from app.notes.drugs.drug_answers import INSTEAD, QUIT, REFUSED, asked_about, drug_of_class
from app.notes.drugs.drug_topics import given_up, spoken_of_it
from app.notes.drugs.drug_uses import (
    CLASSES,
    IF_CLAUSE,
    Use,
    drug_fact,
    drug_name,
    known_drugs,
    only_heard,
    strength,
    uses_in,
    when_taken,
)
from app.notes.drugs.kept import KEEPS_IT, kept, untouched
from app.notes.drugs.permission import BARE_ASK, asks, granted
from app.notes.drugs.renewals import goes_with_order, is_renewed, with_duration
from app.notes.drugs.schedules import Schedule, find_schedule
from app.notes.drugs.stopping import KEPT, is_stopped, stop_fact, stopped, what_became_of_it
from app.notes.drugs.turned_down import given_up_again, without_refused
from app.notes.drugs.untaken import is_untaken
from app.notes.drugs.week_days import PAUSED
from app.notes.facts import Certainty, Evidence, Fact, Temporality
from app.notes.language.cues import cue, cues
from app.notes.language.lexicon import find_drugs
from app.notes.language.meaning import meant, sounds_like_allergy
from app.notes.language.polarity import is_denied
from app.notes.language.units import RECORDED, Exchange, Visit
from app.notes.transcript import Language

PRESCRIBES = cues("medications.prescribes")
MAYBE = cues("medications.maybe")
TOOK = cues("medications.took")
ASKS_FOR = cues("medications.asks_for")
ALLERGY = cue("medications.allergy")


def medications(visit: Visit) -> Iterator[Fact]:
    """Facts about drugs in the order of speech; duplicates are not yet merged."""
    yield from without_refused(_told(visit), visit, known_drugs(visit.transcript))


def _told(visit: Visit) -> Iterator[Fact]:
    lang, known = visit.lang, known_drugs(visit.transcript)
    asked = {
        s: e for e in visit.exchanges for s in (e.run if any(RECORDED.search(s.norm) for s in e.run) else e.questions)
    }
    topics: list[Use] = []
    for place, sentence in enumerate(visit.sentences):
        uses = list(uses_in(visit, place, known))
        if uses and not uses[-1].measured and asks(uses[-1]):
            yield from granted(uses[-1], visit, place)
        for use in (drug_of_class(use, visit) for use in uses if not use.measured):
            yield from _one(use, asked.get(sentence), lang, visit)
        stops = STOPS_IT[lang].search(sentence.norm) and not KEPT.search(sentence.norm)
        if sentence.speaker == "doctor" and not uses and not sentence.asks and stops:
            yield from _stopped_it(visit, place, known)
        elif sentence.speaker == "doctor" and not uses and not sentence.asks and lang == "fr" and KEEPS_IT.search(sentence.norm):
            yield from kept(visit, place, known)
        if uses and sentence.speaker == "doctor":
            topics.append(uses[-1])
        elif sentence.speaker == "doctor" and not sentence.asks and CHANGES[lang].search(sentence.norm):
            yield from changed(visit, place, topics)
        elif sentence.speaker == "doctor":
            yield from read_back(visit, place, topics)
            yield from stepped(visit, place, topics)
    yield from spoken_of_it(visit, known)


STOPS_IT = cues("medications.stops_it")
LOOK_BACK_TURNS = 3


def _stopped_it(visit: Visit, place: int, known: tuple[str, ...]) -> Iterator[Fact]:
    """ "La codéine entretient les maux de tête. On l'arrête.": stopped by a pronoun; the drug is the one just named."""
    sentence = visit.sentences[place]
    for back in range(place - 1, -1, -1):
        if sentence.turn - visit.sentences[back].turn > LOOK_BACK_TURNS:
            return
        uses = list(uses_in(visit, back, known))
        if uses:
            yield stop_fact(
                replace(uses[-1], sentence=sentence), visit.lang, (uses[-1].sentence.evidence(), sentence.evidence())
            )
            return


def _one(use: Use, exchange: Exchange | None, lang: Language, visit: Visit) -> Iterator[Fact]:
    norm = use.sentence.norm
    reacts = ALLERGY.search(norm) or (exchange is None and _asked_of_allergies(use, visit))
    if (reacts or sounds_like_allergy(norm, lang)) and not re.search(r"je vous (?:mets|remets|prescri)|creme", norm):
        if not reacts:
            yield only_heard(use, lang, "allergy")
        return
    if use.sentence.speaker == "doctor":
        if use.sentence.asks or (exchange and not _is_order(use, lang)):
            yield from asked_about(use, exchange, lang, visit)
        else:
            told = list(_ordered(use, lang, visit))
            yield from told or given_up(visit, use)
    elif not use.sentence.asks and not BARE_ASK.fullmatch(norm):
        yield from _reported(use, lang, visit)


def _is_order(use: Use, lang: Language) -> bool:
    """ "Je vous mets du tramadol cinquante, le soir." - "Ah non !": what is answered with no is still an order."""
    if FORBIDS.match(use.sentence.norm) and "?" not in use.sentence.norm and is_stopped(use, lang):
        return True  # "Pas de Nurofen, hein."
    return GIVES_SOME.search(use.before) is not None and bool(strength(use, lang) or find_schedule(use.words, lang).sig)


FORBIDS = re.compile(r"\W*(?:(?:et|donc|alors|mais|bon)\W+)*(?:pas|plus|jamais|surtout pas|plus jamais) (?:de|d)(?![a-z])")
GIVES_SOME = re.compile(r"(?<![a-z])(?:je (?:vous |lui )?(?:re)?(?:mets|prescris|donne|rajoute|ajoute)|on (?:ajoute|commence|rajoute))(?![a-z])")


def _asked_of_allergies(use: Use, visit: Visit) -> bool:
    """Whether a drug answers a question about allergies, and nothing in the answer says that it is taken."""
    answered = next((e for e in visit.exchanges if use.sentence in e.answer), None)
    asked = answered is not None and any(sounds_like_allergy(q.norm, visit.lang) for q in answered.questions)
    return asked and not TAKES[visit.lang].search(use.sentence.norm)


TAKES = {
    "fr": re.compile(r"(?<![a-z])(?:je prends|j ai pris|je suis sous|traitement)(?![a-z])"),
    "en": re.compile(r"(?<![a-z])(?:i take|i m (?:on|taking)|i am (?:on|taking)|i use)(?![a-z])"),
}


TAKEN_BACK = re.compile(  # "je rajoute du Codoliprane, non, pas du tout"
    r"[\s,.…]*(?:(?:euh|enfin|en fait|finalement|well|actually)[\s,]+)*(?:pas du tout|non(?! plus)|surtout pas|finalement pas|not at all|no(?= ?[,.]))(?![a-z])"
)


VAGUE = ("antidouleur", "laxatif", "vitamines", "compléments alimentaires")
def _ordered(use: Use, lang: Language, visit: Visit) -> Iterator[Fact]:
    """The doctor speaks of a drug: prescribes, stops, considers or only names it."""
    norm = use.sentence.norm
    evidence = tuple(s.evidence() for s in use.through)
    schedule = find_schedule(use.words, lang)
    as_it_is = untouched(use, visit)
    if as_it_is:
        yield as_it_is
        return
    if is_stopped(use, lang):
        yield from stopped(use, visit)
        return
    dose = strength(use, lang)
    if not dose and not schedule.sig and IS_ON.search(norm[: use.start]) and not IF_CLAUSE[lang].search(_leading(use)):
        yield drug_fact(use, lang, evidence, None, schedule, status="current", asserted_by="doctor")
        return
    if not dose and (OPTIONS.match(norm) or (not schedule.sig and TAKEN_BACK.match(norm[use.end :]))):
        return
    if MAYBE[lang].search(norm if not dose else use.before):
        if use.drug.inn not in VAGUE and not given_up_again(use, visit):
            yield _considered(use, lang, evidence)
    elif dose or schedule.sig or PRESCRIBES[lang].search(use.before[-70:]) or is_renewed(use) or goes_with_order(use, visit):
        if re.search(
            r"(?<![a-z])(?:on refait le point|vous etes (?:sous|a)|vous preniez|you re (?:on|taking)|you are (?:on|taking)|(?:we|i) (?:have|ve got|had) you on)(?![a-z])",
            norm,
        ) and not re.search(r"passe|pass|monte|baisse|continue", norm):
            yield drug_fact(use, lang, evidence, dose, schedule, status="current", asserted_by="doctor")
        elif not (use.drug.inn in CLASSES and not dose and not schedule.sig):
            condition = IF_CLAUSE[lang].search(_leading(use))
            schedule = _in_steps(use) or schedule
            certainty: Certainty = "conditional" if condition else "certain"
            yield drug_fact(
                use,
                lang,
                evidence,
                dose,
                with_duration(schedule, norm, use, lang),
                status="prescribed",
                asserted_by="doctor",
                certainty=certainty,
                temporality="future" if condition else "current",
            )


OPTIONS = re.compile(  # "Monter la prégabaline, ajouter la duloxétine, ou un patch": what could be done, before it is decided
    r"\W*(?:(?:soit|ou|alors|on peut|on pourrait|vous pouvez)\W+)*(?:passer|monter|augmenter|ajouter|garder|remplacer|mettre|changer|prendre|essayer|baisser|arreter|donner)(?![a-z]).* ou (?![a-z]* ?(?:3|4|trois|quatre))"
)
IS_ON = re.compile(  # what somebody takes, told by the doctor
    r"(?<!quand )(?<!when )(?<!comme )(?<![a-z])(?:vous etes (?:deja |toujours |actuellement |bien )?sous|vous prenez (?:deja|toujours|actuellement|bien)|(?:we|i) (?:(?:do|already) )?(?:have|ve got|had) you on|"
    r"you (?:re|are) (?:already |currently |still )?(?:on|taking)) (?:(?:the|some|your|du|de la|de l|le|la|l|votre) ?)?$"
)


def _in_steps(use: Use) -> Schedule | None:
    """ "10 milligrammes, en commençant par 5 pendant une semaine": two doses are told in the doctor's own words."""
    doses = {number(m.group(1)) for m in DOSE.finditer(use.words) if not is_limit(use.words, m)}
    if len(doses) < MIN_STEPS and not (THEN_ANOTHER.search(use.words) or THEN_OTHERWISE.search(use.words)):
        return None
    steps = next((s for s in use.through[1:] if THEN_ANOTHER.search(s.norm)), None)
    if len(use.through) > 1 and (steps is None or len(use.through) > MIN_STEPS):
        return None
    told = steps or use.sentence
    shown = told.line.shown[told.start + (0 if steps else use.end) : told.end]
    return Schedule((f": {shown.strip(' ,.;:')}",), shown.strip(" ,.;:"))


MIN_STEPS = 2
THEN_OTHERWISE = re.compile(  # "le soir pendant dix jours, puis un soir sur deux"
    r"(?:pendant|durant) (?:\d+|une?) (?:jours?|semaines?|mois),? (?:et )?(?:puis|ensuite|apres),? (?:(?:une?|\d+) (?:jour|soir|matin|fois)|tous les|toutes les|le (?:soir|matin)|matin et soir)(?![a-z])"
)
THEN_ANOTHER = re.compile(r"(?<![a-z])(?:puis|then) (?:a |to )?(?:un demi|une demie|un quart|la moitie|half)(?![a-z])|(?<![a-z])(?:puis|then) (?:a |to )?\d+(?:\.\d+)?(?! ?(?:jours?|semaines?|mois|fois|days?|weeks?|months?|times))(?!\d|\.\d)")


def _leading(use: Use) -> str:
    """The words before a drug that can put it under a condition, and those right after it."""
    start = max(use.sentence.norm.rfind(mark, 0, use.start) for mark in (".", ";", ":"))
    after = re.match(r"[^.,;]{0,60}", use.words)
    return use.sentence.norm[start + 1 : use.start] + " " + (after.group() if after else "")


def _considered(use: Use, lang: Language, evidence: tuple[Evidence, ...]) -> Fact:
    name = drug_name(use, lang)
    text = f"{name} à discuter" if lang == "fr" else f"{name} to be discussed"
    return Fact(
        "plan",
        text,
        use.drug.inn,
        evidence[:1],
        certainty="conditional",
        temporality="future",
        asserted_by="doctor",
        code=use.drug.atc,
        status="considered",
        sentence=use.sentence.shown,
        extra=(name, ""),
    )


def _of_kin(use: Use, relative: str, evidence: tuple[Evidence, ...], lang: Language) -> Iterator[Fact]:
    """What somebody else takes."""
    norm, name = use.sentence.norm, drug_name(use, lang)
    text = f"sous {name}" if lang == "fr" else f"takes {name}"
    if not REFUSED[lang].search(norm) and not is_denied(norm, use.start, use.end, lang):
        told = use.sentence.shown
        yield Fact("family", text, use.drug.inn, evidence, experiencer=relative, code=use.drug.atc, sentence=told, extra=(text, ""))


def _reported(use: Use, lang: Language, visit: Visit) -> Iterator[Fact]:
    """The patient or a relative speaks of a drug."""
    norm = use.sentence.norm
    evidence = (*_question_before(use, visit), use.sentence.evidence())
    relative = None if OPINES.search(norm) else visit.other_person(use.sentence, use.start) or _theirs(use, visit)
    if ASKS_FOR[lang].search(norm) and not TOOK[lang].search(norm):
        return
    if _repeats_order(use, visit):
        return
    given = (FOR_ME if use.sentence.speaker == "patient" and not visit.is_child else FOR_THE_PATIENT).search(norm)
    if relative and not given and not _borrowed(use, visit):
        yield from _of_kin(use, relative[0], evidence, lang)
        return
    tail = use.words[:90] + what_became_of_it(use, visit)
    dose = strength(use, lang)
    quit_it = QUIT[lang].search(("" if INSTEAD.search(use.before) else use.before) + " " + tail)
    if is_untaken(use, tail):
        yield only_heard(use, lang, "unmeant")
    elif REFUSED[lang].search(use.before[-REFUSAL_REACH:] + " " + ANOTHER.split(use.words[:REFUSAL_REACH])[0]):
        yield drug_fact(use, lang, evidence, None, Schedule(), polarity="absent", status="not taken")
    elif _is_replaced(use) or (quit_it and not (FINISHED.search(use.before + " " + tail) or PAUSED.search(tail))):
        yield drug_fact(use, lang, evidence, None, Schedule(), polarity="absent", status="stopped")
    elif is_denied(norm, use.start, use.end, lang):
        yield drug_fact(use, lang, evidence, None, Schedule(), polarity="absent", status="not taken")
    else:
        if dose is None and not (INSTEAD.search(use.before) or meant(use.drug, use.sentence, use.words, None, visit)):
            yield only_heard(use, lang, "unmeant")
            return
        past = not CHOSEN.search(use.before) and (TOOK[lang].search(norm) or FINISHED.search(norm) or _asks_what_was_taken(use, visit))
        temporality: Temporality = (
            "past"
            if past and not re.search(r"tous les|toutes les|par semaine|every day|daily|je prends|i take", norm)
            else "current"
        )
        own = find_schedule(use.words, lang)
        fact = drug_fact(
            use,
            lang,
            evidence,
            dose,
            own if own.sig else find_schedule(f"{OF_ANOTHER.split(use.before[-28:])[-1]} {use.words}", lang),
            temporality=temporality,
            status="taken" if temporality == "past" else "current",
        )
        when = when_taken(use, visit) if temporality == "past" else ""
        yield replace(fact, detail=" ".join(filter(None, (fact.detail, when)))) if when else fact


OPINES = re.compile(  # "un Voltarène, une fois, ma mère savait pas": she took none
    r"(?<![a-z])(?:ma|mon) (?:mere|pere|femme|mari|soeur|frere|belle mere|fille|fils|voisine?|copine|copain|compagne|compagnon) (?:(?:ne |n |me |m |l |le |la |en )*(?:sav\w+|sait|disait|pensait|croit|croyait|veut|voulait|trouve|trouvait|insist\w+|ral\w+|l ignor\w+))(?![a-z])"
)
OF_ANOTHER = re.compile(r",? (?:et|puis|plus) (?=(?:une?|\d+|du|de la|de l|des|le|la|l) ?$)")  # "deux Spasfon à midi, et un Antadys": midday is of the other
REPLACED = re.compile(r"(?<![a-z])(?:m |nous |lui )?(?:a|ont|ai|avons) (?:change|remplace) (?:le |la |l |mon |ma |les |son |sa )?$")
CHOSEN = re.compile(r"(?<![a-z])(?:(?:remplac|chang|switch)\w*(?: \w+)? (?:par|pour|contre)|(?:a|ont) (?:prefere|choisi)) (?:(?:de la|de l|du|des|le|la|l|un|une) ?)?$")  # the later of two drugs
FOR_THE_PATIENT = re.compile(r"(?:(?:m|me|lui|nous) (?:l |en )?(?:a|ont|avait) |gave me|j ai pris|je prends|i took)")
FOR_ME = re.compile(FOR_THE_PATIENT.pattern.replace("|lui", ""))  # "ils lui ont donné trois antibiotiques": to somebody else
BORROWED = re.compile(  # "deux Nurofen, ceux de ma femme": whose box it was
    r"(?:\W*[\w.]+){0,3}\W+(?:ceux|celui|celle|celles|la boite|une boite|un reste|(?:un|une) )?(?:de|d|a) (?:ma|mon|mes)(?![a-z])(?! \w+ (?:qui|en prend|prend|est|a ))"
)


def _is_replaced(use: Use) -> bool:
    """ "On m'a remplacé le Kardégic par du Plavix": of the two the first."""
    return REPLACED.search(use.before) is not None and re.match(r"[^.;,]{0,12}(?<![a-z])(?:par|pour|contre) ", use.words) is not None


def _borrowed(use: Use, visit: Visit) -> bool:
    """Whether a drug told in answer to what the patient took was only somebody else's box."""
    return bool(BORROWED.match(use.words)) and (_asks_what_was_taken(use, visit) or bool(ASKS_TAKEN.search(visit.question_of(use.sentence))))


ASKS_TAKEN = re.compile(r"(?<![a-z])(?:(?:avez|as) (?:\w+ )?(?:pris|avale|essaye|mis|utilise)|(?:prenez|prends) (?:vous |tu )?(?:quoi|quelque chose|autre chose))(?![a-z])")
VERBS = re.compile(r"(?<![a-z])(?:j|je|on|il|elle|avais|prends|pris|mets|suis|sous|prend)(?![a-z])")


def _repeats_order(use: Use, visit: Visit) -> bool:
    """ "Doliprane un gramme, trois jours." - "Un gramme de Doliprane.": the patient says the order again."""
    if VERBS.search(use.sentence.norm) or use.sentence.speaker == "doctor":
        return False
    before = (s for s in visit.sentences if s.turn == use.sentence.turn - 1 and s.speaker == "doctor" and not s.asks)
    return any(m.drug.inn == use.drug.inn for s in before for m in find_drugs(s.norm)) and not visit.question_of(use.sentence)


FINISHED = re.compile(  # a course that is over was taken, not given up
    r"(?<![a-z])(?:j (?:l )?ai|je l ai|on a|c est|i|i ve|just) (?:fini|termin|finished|completed)"
)
ANOTHER = re.compile(r", (?:mon|ma|mes|son|sa|le|la|my|his|her|the) [a-z]+ ")
REFUSAL_REACH = 60  # characters after the name
THEIRS = cues("medications.theirs")


def _theirs(use: Use, visit: Visit) -> tuple[str, int] | None:
    """ "Elle est sous antibiotiques": an adult who speaks of herself never says "she"."""
    if use.sentence.speaker != "patient" or visit.is_child:
        return None
    return ("other", 0) if THEIRS[visit.lang].search(use.sentence.norm[: use.start]) else None


def _question_before(use: Use, visit: Visit) -> tuple[Evidence, ...]:
    exchange = next((e for e in visit.exchanges if use.sentence in e.answer), None)
    return (exchange.questions[-1].evidence(),) if exchange else ()


def _asks_what_was_taken(use: Use, visit: Visit) -> bool:
    exchange = next((e for e in visit.exchanges if use.sentence in e.answer), None)
    return bool(
        exchange
        and re.search(
            r"avez (?:deja )?pris|donne quelque chose|have you taken|did you take|have you tried",
            exchange.questions[-1].norm,
        )
    )
