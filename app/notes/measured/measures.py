"""Vital signs, scores and laboratory results: values with their units, as they are spoken."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from app.notes.facts import Fact
from app.notes.language.corrections import MASK
from app.notes.language.text import fold
from app.notes.language.units import Sentence, Visit
from app.notes.measured.assays import bone_scores, drug_levels
from app.notes.measured.earlier_values import EARLIER, compared, earlier_value, moved
from app.notes.measured.glucose import glycaemias, is_sugar
from app.notes.measured.named_values import named_values
from app.notes.measured.pain_scores import pain_scores
from app.notes.measured.pressures import pressures
from app.notes.measured.readings import MEASURES, Said, measured
from app.notes.measured.temperatures import repeats_a_dose, temperatures
from app.notes.measured.topics import Topic


def measures(visit: Visit) -> Iterator[Fact]:
    """Vital signs, pain scores and lab values of the patient in the order of speech; the question gives the name."""
    asked: dict[int, tuple[Sentence, ...]] = {a.turn: e.questions for e in visit.exchanges for a in e.answer}
    before: Sentence | None = None
    last: Fact | None = None
    topic = Topic(visit)
    age = visit.transcript.patient.age
    told: list[Fact] = []
    for heard in visit.sentences:
        topic.hear(heard)
        told = _as_retained(told, heard)
        sentence = _without_others(heard, visit)
        if not sentence.asks and re.search(r"\d", sentence.norm):
            said = _said(sentence, asked.get(sentence.turn, ()), before, topic, visit)
            found = [fact for reader in READERS for fact in reader(said) if not _too_light(fact, age)]
            both = [fact for fact in moved(said) if not _too_light(fact, age)]
            found = [*both, *(f for f in found if not both or f.label != both[0].label)]
            found = found or list(earlier_value(said, last))
            found += [fact for one in found[-1:] for fact in compared(said, one)]
            found = [_at_birth(_dated(fact, said, sentence), sentence) for fact in found]
            found = [f for f in found if not (last and last.label == f.label and DRESSED.search(sentence.norm)) and not repeats_a_dose(f, heard, visit)]
            told = _more_exactly(told, found)
            if found:
                last = found[-1] if found[-1].unit != "/10" else last
                topic.told(found[-1], sentence)
        before = heard
    yield from told


def _said(sentence: Sentence, questions: tuple[Sentence, ...], before: Sentence | None, topic: Topic, visit: Visit) -> Said:
    """The sentence with what tells its measure: the question, the sentence before it, else what is spoken of."""
    context = " ".join(q.norm for q in questions)
    context += " " + before.norm if before and before.turn == sentence.turn else ""
    context = TREATED.sub(" ", _with_series(sentence, context, visit))
    context += " glycemie" if is_sugar(sentence, visit) else ""
    asked = asked_back(sentence, visit)
    if asked is not None:
        return Said(sentence, f"{asked.norm} {context}", (asked,), visit.lang)
    named = topic.of(sentence)
    if named is not None and topic.measure is not None and not re.search(topic.measure.cue(visit.lang), context):
        return Said(sentence, f"{context} {topic.name}", (named,), visit.lang)
    return Said(sentence, context, questions, visit.lang)


DRESSED = re.compile(r"avec (?:la|le|les|mes|ses|mon|son|ma|sa) (?:robe|manteau|chaussures?|bottes|vetements|habits|sac|platre|couche|pyjama)")
TREATED = re.compile(r"(?:pour|contre|(?:cachets?|comprimes?|medicaments?|traitement|truc|pilule) de) (?:la |ma |votre |sa )tension")


ANSWERS_FIRST = re.compile(r"\W*(?:(?:ah|alors|oui|euh|bon|oh|la|le|il|elle|est|a|un peu|basse?|haute?|elevee?|bien|bonne?|normale?|limite|correcte?|c est)\W+)*\d")


def asked_back(sentence: Sentence, visit: Visit) -> Sentence | None:
    """ "Et le potassium ?" - "Quatre virgule six.": what the patient asks for, where the doctor's answer begins with the figure."""
    if sentence.speaker != "doctor" or visit.lang != "fr" or not ANSWERS_FIRST.match(sentence.norm):
        return None
    first = next(s for s in visit.sentences if s.turn == sentence.turn)
    asked = [s for s in visit.sentences if s.turn == sentence.turn - 1 and s.speaker != "doctor" and "?" in s.norm]
    named = [s for s in asked for m in MEASURES if m.type == "lab" and re.search(m.cue_fr, s.norm)]
    own = any(re.search(m.cue_fr, sentence.norm) for m in MEASURES)
    return named[-1] if named and first is sentence and not own else None


def _dated(fact: Fact, said: Said, sentence: Sentence) -> Fact:
    """ "6,8, en juin", told when its measure was named in another turn: a value of before."""
    elsewhere = bool(said.questions) and said.questions[-1].turn != sentence.turn - 1 and fact.type in ("vital", "lab")
    over = elsewhere and said.lang == "fr" and EARLIER.search(sentence.norm) and not re.search(r"maintenant|ce matin|la,", sentence.norm)
    return replace(fact, temporality="past", critical=False) if over else fact


BIRTH = r"(?<![a-z])(?:a terme|(?:de |a la )naissance|nee?|prematuree?|at birth|born)(?![a-z])[^\d.;]{0,24}"


def _at_birth(fact: Fact, sentence: Sentence) -> Fact:
    """ "À terme, trois kilos quatre" is no weight of today."""
    weighs = fact.label == "poids" and isinstance(fact.value, float)
    if not weighs or not re.search(rf"{BIRTH}{int(float(str(fact.value)))}(?!\d)", sentence.norm):
        return fact
    name = f"{fact.extra[0]} de naissance" if fact.extra[0] == "poids" else f"birth {fact.extra[0]}"
    return replace(fact, text=name, extra=(name, ""), detail="", temporality="past", critical=False)


def _without_others(sentence: Sentence, visit: Visit) -> Sentence:
    """The sentence without the figures of somebody else: "lui il est à seize neuf, moi à douze sept"."""
    if sentence.speaker == "doctor":
        return sentence
    norm = sentence.norm
    theirs = [
        m for m in re.finditer(r"\d+(?:\.\d+)?", norm) if visit.other_person(sentence, m.start()) or SET_AGAINST.search(norm[: m.start()])
    ]
    if not theirs:
        return sentence
    whole = sentence.line.norm
    for number in theirs:
        start = sentence.start + number.start()
        whole = whole[:start] + MASK * len(number.group()) + whole[start + len(number.group()) :]
    return replace(sentence, line=replace(sentence.line, norm=whole))


RETAINS = re.compile(r"(?<![a-z])(?:on|je) (?:retiens?|retient|garde|prends?|note)(?: (?:le meilleur|la meilleure|le dernier|la derniere|plutot|donc))*,? (\d+(?:\.\d+)?)(?![\d/]| ?(?:mg|comprim|fois|jours|rendez))")
RETAINED_TURNS = 6


def _as_retained(told: list[Fact], heard: Sentence) -> list[Fact]:
    """ "On retient quatre-vingt-treize.": of the readings just told, the doctor keeps one."""
    keeps = RETAINS.search(heard.norm) if heard.speaker == "doctor" else None
    near = [f for f in told if heard.turn - f.evidence[-1].turn <= RETAINED_TURNS]
    kept = next((f for f in reversed(near) if keeps and isinstance(f.value, float) and f.value == float(keeps.group(1))), None)
    if kept is None:
        return told
    return [f for f in told if f is kept or f.label != kept.label or f.temporality != kept.temporality or f not in near]


SET_AGAINST = re.compile(r"(?<![a-z])(?:lui|elle),? (?:il|elle) (?:pese|fait|est a|etait a|faisait)(?: (?:ses?|bien|dans les|facile))* $")


def _more_exactly(told: list[Fact], found: list[Fact]) -> list[Fact]:
    """ "Soixante-huit et des poussières. Disons soixante-huit deux.": the value that is said again more exactly stays."""
    for fact in found:
        told = [old for old in told if not (_rounds(old, fact) or _settles(old, fact))]
    return [*told, *found]


SETTLES = re.compile(r"(?<![a-z])(?:ca|il|elle) (?:re)?(?:change|bouge|monte|descend|grimpe|baisse|hesite|se stabilise|s est stabilise)(?! (?:pas|le|la|les|l))(?![a-z])")
ON_A_DISPLAY = ("saturation en oxygène", "fréquence cardiaque")


def _settles(old: Fact, fact: Fact) -> bool:
    """ "Quatre-vingt-onze. Ah, ça bouge… quatre-vingt-treize.": on a display the last reading stands."""
    same = (old.label, old.evidence[-1].turn) == (fact.label, fact.evidence[-1].turn)
    return same and fact.label in ON_A_DISPLAY and SETTLES.search(fold(fact.sentence)) is not None


TURNS_TO_SAY_AGAIN = 2  # "quarante de fièvre" - "Mesurée ?" - "Oui, quarante virgule un."


def _rounds(old: Fact, fact: Fact) -> bool:
    near = 0 <= fact.evidence[-1].turn - old.evidence[-1].turn <= TURNS_TO_SAY_AGAIN
    same = (old.label, old.unit) == (fact.label, fact.unit) and near and old.detail == (fact.detail or old.detail)
    if not same or not isinstance(old.value, float) or not isinstance(fact.value, float):
        return False
    return old.value == int(old.value) == int(fact.value) < fact.value and fact.temporality == old.temporality


LEAST_KG = ((16, 25.0), (6, 12.0), (2, 8.0))  # from this age on, years


def _too_light(fact: Fact, age: float | None) -> bool:
    """Three kilos are no weight of an adult, whatever the words around them."""
    least = next((kg for years, kg in LEAST_KG if (age or 0) >= years), 0.0)
    return fact.label == "poids" and isinstance(fact.value, float) and fact.unit == "kg" and fact.value < least


NEXT_HOUR = re.compile(r"\W*(?:et |puis )?(?:a|apres) (?:une|\d) heures?(?![a-z])")


def _with_series(sentence: Sentence, context: str, visit: Visit) -> str:
    """ "À jeun, 0,94. À une heure, 1,71. À deux heures, 1,42": what began the series names all of it."""
    if not NEXT_HOUR.match(sentence.norm):
        return context
    return " ".join([context, *(s.norm for s in visit.sentences if s.turn == sentence.turn and s.end <= sentence.start)])


def _stones(said: Said) -> Iterator[Fact]:
    match = re.search(r"(\d{1,2}) stone(?: (\d{1,2}))?", said.sentence.norm) if said.lang == "en" else None
    if match:
        pounds = f" {match.group(2)}" if match.group(2) else ""
        weight = next(m for m in MEASURES if m.fr == "poids")
        yield measured(said, weight, f"{match.group(1)} st{pounds}", match.start(), "[stone_av]")


READERS: tuple[Callable[[Said], Iterator[Fact]], ...] = (temperatures, pressures, pain_scores, named_values, glycaemias, drug_levels, bone_scores, _stones)
