"""The way of life: what the patient smokes and drinks, works as, lives with."""

import re
from collections.abc import Iterator
from itertools import pairwise

from app.notes.facts import Evidence, Fact
from app.notes.language.cues import cue, cues
from app.notes.language.polarity import is_denied
from app.notes.language.timing import date_phrase
from app.notes.language.units import Exchange, Sentence, Visit
from app.notes.people.amounts import told_in_a_word
from app.notes.people.holders import PATIENT
from app.notes.people.people import relation_near
from app.notes.transcript import Language

TOBACCO = cues("background.tobacco")
VAPING = {"fr": re.compile(r"vapot|cigarette electronique|vape(?![a-z])|\bpuffs?(?![a-z])"), "en": re.compile(r"vap(?:e|ing)|e cigarette")}
ALCOHOL = cues("background.alcohol")
DRUG_USE = cues("background.drug_use")
COFFEE = {"fr": re.compile(r"(?<!a )cafes?(?![a-z])|cafeine"), "en": re.compile(r"coffees?(?![a-z])|caffeine")}
WORK = cues("background.work")
LIVING = cues("background.living")
PROJECT = cues("background.project")
QUIT = cues("background.quit")
NEVER = cues("background.never")
HABITS = (
    ("tabac", "tobacco", TOBACCO),
    ("vapotage", "vaping", VAPING),
    ("alcool", "alcohol", ALCOHOL),
    ("café", "coffee", COFFEE),
    ("cannabis ou autres substances", "recreational drugs", DRUG_USE),
)


def background(visit: Visit) -> Iterator[Fact]:
    """Facts about the way of life in the order of speech."""
    answered = {s: e for e in visit.exchanges for s in e.answer}
    for exchange in visit.exchanges:
        yield from _asked_habit(exchange, visit)
    for sentence in visit.sentences:
        if sentence.asks:
            yield from _job_before_question(sentence, visit.lang)
            continue
        if sentence.speaker != "doctor":
            yield from _stated_habit(sentence, visit, answered.get(sentence))
        yield from _life(sentence, visit)
    yield from _called_by_their_job(visit)
    yield from _project(visit)


def _asked_habit(exchange: Exchange, visit: Visit) -> Iterator[Fact]:
    lang = visit.lang
    answer = [
        s
        for s in exchange.answer
        if s.speaker != "doctor" and (visit.people(s, len(s.norm)) in ((), (PATIENT,)) or (s.speaker == "patient" and OPENS_WITH_I.match(s.norm)))
    ]
    if visit.is_child and any(s.speaker == "relative" for s in exchange.answer):
        return  # of a child it is asked who smokes around it
    for question in exchange.questions:
        for label, english, words in HABITS:
            if words[lang].search(question.norm) and not NOT_A_HABIT.search(question.norm):
                told = _answering(answer, label, lang)
                if told:
                    former = FORMER.search(question.norm) is not None
                    verdict = "quit" if former and exchange.verdict == "no" else exchange.verdict
                    habit = _habit(
                        label if lang == "fr" else english,
                        label,
                        told,
                        (question.evidence(), *(s.evidence() for s in told[:2])),
                        lang,
                        verdict,
                    )
                    yield from (f for f in habit if _says_something(f, question, told, lang))


OPENS_WITH_I = re.compile(r"\W*(?:(?:non|oui|ah|ben)\W+)*(?:moi|j|je)(?![a-z])(?!.*(?<![a-z])(?:fume|boit|vapote)(?![a-z]))")  # "J'ai jamais touché à ça, mon père en est mort"


def _answering(told: list[Sentence], label: str, lang: Language) -> list[Sentence]:
    """The sentences of an answer without those that tell only of another habit: "No drugs. I used to smoke"."""
    other = [words[lang] for habit, _, words in HABITS if habit != label]
    mine = next(words[lang] for habit, _, words in HABITS if habit == label)
    kept, of_another = [], False
    for sentence in told:  # what follows another habit is said of that one: "L'alcool, non. Le cannabis, avant. Plus depuis."
        of_mine, named = mine.search(sentence.norm), any(words.search(sentence.norm) for words in other)
        of_another = not of_mine and (named or of_another)
        kept += [] if of_another else [sentence]
    return kept or [s for s in told if YES_OR_NO.match(s.norm)]


def _says_something(fact: Fact, question: Sentence, told: list[Sentence], lang: Language) -> bool:
    """Coffee without an amount says nothing; a no to a part of a habit does not deny it."""
    if fact.polarity == "present":
        return fact.label != "café" or bool(fact.detail)
    return _denies_all(question, told, lang)


def _denies_all(question: Sentence, told: list[Sentence], lang: Language) -> bool:
    """Whether a no to this question denies the habit: a no to "heavy drinking?" or "any other tobacco?" does not."""
    return not ONLY_SOME[lang].search(question.norm) or any(AT_ALL.search(s.norm) for s in told)


def _stated_habit(sentence: Sentence, visit: Visit, exchange: Exchange | None) -> Iterator[Fact]:
    norm, lang = sentence.norm, visit.lang
    for label, english, words in HABITS:
        match = words[lang].search(norm)
        if (
            not match
            or relation_near(norm, match.start(), lang)
            or visit.people(sentence, match.start()) not in ((), (PATIENT,))
            or SOMEBODYS.search(norm[: match.start()])
            or (exchange and any(words[lang].search(q.norm) for q in exchange.questions))
        ):
            continue
        if label == "café" and not _amount([sentence], label, lang):
            continue  # having one says nothing
        if label == "alcool" and match.group().startswith("drink"):
            continue  # "drinking" alone is more often water
        if label == "tabac" and (VAPING[lang].search(norm) or (DRUG_USE[lang].search(norm) and match.group().startswith("fume"))):
            continue
        if visit.lang == "fr" and label == "alcool" and _agrees_to_advice(sentence, words[lang], visit):
            continue
        if re.search(r"coca|eau|water|fumeur,", norm) and not DRINK.match(match.group()):
            continue
        yield from _habit(label if lang == "fr" else english, label, [sentence], (sentence.evidence(),), lang, None)


def _agrees_to_advice(sentence: Sentence, words: re.Pattern[str], visit: Visit) -> bool:
    """ "D'accord. Donc le car, pas de bière.": what the doctor has just forbidden, said again."""
    advised = (s for s in visit.sentences if s.speaker == "doctor" and not s.asks and sentence.turn - ADVICE_TURNS <= s.turn < sentence.turn)
    return not I_DO.search(sentence.norm) and any(words.search(s.norm) for s in advised)


ADVICE_TURNS = 20
I_DO = re.compile(r"(?<![a-z])(?:j|je|moi)(?![a-z])")


RARE = re.compile(  # an exception that does not make a no a yes: "Non, jamais. Enfin une coupe à Noël."
    r"(?<![a-z])(?:a noel|au (?:nouvel an|reveillon|jour de l an)|une fois (?:par an|l an)|deux fois (?:par an|l an)|aux? (?:mariages?|baptemes?|fetes|anniversaires?)|pour (?:un|les) (?:mariages?|anniversaires?|fetes)|"
    r"(?:tres )?(?:rarement|exceptionnel\w*)|(?:trois|quatre|2|3|4) fois (?:par an|l an|dans l annee))(?![a-z])"
)


def _habit(
    name: str, label: str, told: list[Sentence], evidence: tuple[Evidence, ...], lang: Language, verdict: str | None
) -> Iterator[Fact]:
    cue_words = next(words[lang] for habit, _, words in HABITS if habit == label)
    told = [s for s in told if not _of_somebody(s, cue_words, lang)] or told
    text = " ".join(s.norm for s in told[:3])
    told = [s for s in told if cue_words.search(s.norm)] or told
    ended = QUIT[lang].search(WISHED.sub("", text)) is not None and not AGAIN.search(text)
    quit_ = ended or verdict == "quit" or bool(SINCE_YEAR.search(text)) or bool(AT_THAT_AGE[lang].search(text))
    quit_ = quit_ or (label.startswith("cannabis") and ONLY_TRIED.search(text) is not None)
    in_a_word = told_in_a_word(told, label) if lang == "fr" and verdict is not None else ""
    usual = _amount(told, label, lang)
    amount = (usual or in_a_word) if label == "alcool" else (in_a_word or usual)
    named = cue_words.search(told[0].norm)
    if named:
        near = re.search(r"(?:\w+ ){0,3}$", told[0].norm[: named.start()])
        at = near.start() if near else 0
        denied = is_denied(told[0].norm[at:], named.start() - at, named.end() - at, lang)
    else:
        denied = verdict == "no" or bool(NEVER[lang].search(told[0].norm))
    if label in ("alcool", "tabac") and NOT_A_DROP.search(text) and not re.search(r"arret|depuis|(?<![a-z])plus(?![a-z])", text):
        denied, quit_, amount = True, False, ""
    but_rarely = RARE.search(text) if denied and amount and lang == "fr" else None
    never = denied and not quit_ and (not amount or but_rarely is not None)
    if label == "tabac" and re.search(r"jamais fume|never smoked", text):
        never, quit_, amount = True, False, ""
    detail = ", ".join(filter(None, (_quit_since(text, lang), amount))) if quit_ else "" if never else amount
    if never and but_rarely:
        detail = f"sauf {amount} ({but_rarely.group()})".replace("(a ", "(à ").replace("noel", "Noël")
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


NOT_A_DROP = re.compile(r"(?<![a-z])(?:pas une (?:goutte|seule)|j y touche pas|jamais (?:de la vie|touche)|jamais bu|^\W*zero|ca se faisait pas|(?:tres )?peu pour moi|ca m a jamais (?:tente|interesse|attire)\w*)(?![a-z])")
AT_THAT_AGE = {  # "à vingt ans, comme tout le monde"
    "fr": re.compile(r"(?<!depuis )(?<!y )(?<![a-z])a \d{2} ans(?![a-z])|(?<![a-z])(?:quand j etais (?:jeune|etudiante?|ado)|au lycee|a la fac|dans ma jeunesse)"),
    "en": re.compile(r"(?<![a-z])(?:in college|at (?:school|university)|when i was (?:young|younger|\d{2}|a student|a teenager))"),
}  # fmt: skip


ONLY_TRIED = re.compile(r"(?<![a-z])(?:une (?:seule )?fois(?! par)|(?:tire|fume) (?:\d|une|deux|quelques) (?:fois|taffes|lattes)|j ai (?:essaye|teste|goute)|pour (?:essayer|voir|gouter)|tried (?:it )?once)(?![a-z])")


def _of_somebody(sentence: Sentence, habit: re.Pattern[str], lang: Language) -> bool:
    """ "J'ai arrêté. Mon mari fume sur le balcon.": the second is no word about the patient."""
    named = habit.search(sentence.norm)
    return relation_near(sentence.norm, named.start() if named else len(sentence.norm), lang) is not None


def _quit_since(text: str, lang: Language) -> str:
    when = date_phrase(text, lang)
    return f"arrêté {when}".strip() if lang == "fr" else f"stopped {when}".strip()


ONLY_SOME = {
    "fr": re.compile(
        r"(?<![a-z])(?:exces\w*|trop|beaucoup|autres?|plus de|abus\w*|gros(?:se)?|tous les jours|juste|seulement|depend\w*)(?![a-z])"
    ),
    "en": re.compile(
        r"(?<![a-z])(?:heav\w+|excess\w*|too much|a lot|much|other|else|more than|abus\w*|binge\w*|every ?day|just|only|depend\w*|problems? with)(?![a-z])"
    ),
}
YES_OR_NO = re.compile(r"\W*(?:(?:ah|euh|ben|bah|oh|well)\W+)*(?:oui|non|si|ouais|jamais|plus|yes|yeah|no|never|nope)(?![a-z])")
AT_ALL = re.compile(r"(?<![a-z])(?:jamais|du tout|de tout (?:ca|cela)|ni l une?|never|at all|none|teetotal)(?![a-z])")
SOMEBODYS = re.compile(
    r"(?<![a-z])(?:anyone|anybody|someone|somebody|nobody|people|quelqu un|personne|des gens)(?: \w+){0,3} (?:\w+ )?$"
)
DRINK = re.compile(r"wine|beer|whisky|vodka|biere|verres? de (?:vin|rouge|blanc|rose)")
NOT_A_HABIT = re.compile(  # drinking water, somebody else's smoke, or the advice to have less
    r"(?<![a-z])(?:cut (?:down|back)|avoid|stay away|try not to|limit|evite[rz]|reduire|reduisez|diminue[rz]|limite[rz])(?![a-z])|"
    r"bien boire|(?:il|elle) boit|manger|biberon|water|fluids|eat|(?:anyone|anybody|someone|people|quelqu un|on) (?:\w+ )*(?:smok|fum)"
)
WISHED = re.compile(  # "I want to quit" is no end
    r"(?<!managed )(?<!able )(?<![a-z])(?:to|of|about|hard|help me|should|must|can t|could) (?:quit|stop)\w*|(?<!viens d )(?<![a-z])arreter(?![a-z])"
)
AGAIN = re.compile(
    r"(?<![a-z])(?:up again|again since|started (?:back|again)|back (?:at|on) it|relapsed|(?<!pas )(?<!jamais )(?<!rien )(?:repris|recommence|rechute|(?:re)?craque|replonge))"
)
FORMER = re.compile(
    r"refum|pas (?:repris|recommence|(?:re)?craque|retouche)|(?:tenez|tient|tiens) (?:bon|toujours)|(?:fumez|fumes|buvez) (?:toujours|encore)|toujours pas|toujours arrete|plus du tout|still (?:not|off)|quit(?!e)"
)  # asks one who has stopped
SINCE_YEAR = re.compile(r"(?:non|no)\W+(?:¤|\W)*(?:not )?(?:depuis|since) (?:19|20)\d\d")
AMOUNTS = {
    "tabac": cue("background.amount_tobacco"),
    "alcool": cue("background.amount_alcohol"),
    "café": re.compile(r"\d+(?:,? (?:ou |a |to |or )?\d+)?(?: (?:tasses?|cups?))?(?: (?:par|a|per) (?:jour|day))"),
}


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


def _called_by_their_job(visit: Visit) -> Iterator[Fact]:
    """ "Vous êtes pharmacienne, c'est vrai.", said by the doctor, and the patient does not say no."""
    for sentence, reply in pairwise(visit.sentences):
        called = CALLED.search(sentence.norm) if sentence.speaker == "doctor" and visit.lang == "fr" else None
        work = WORK["fr"].search(sentence.norm, called.start()) if called else None
        if called and work and work.start() == called.start() and not NEVER["fr"].match(reply.norm.lstrip(" ,.")):
            yield from _job(sentence, work)


CALLED = re.compile(r"(?<![a-z])(?<!si )(?<!quand )vous etes (?=[a-z])")


def _project(visit: Visit) -> Iterator[Fact]:
    """ "On essaie d'avoir un bébé, depuis l'été.", "Un projet de bébé ?" - "Peut-être au printemps." """
    asked = {e.answer[0]: e for e in visit.exchanges if PROJECT["fr"].search(e.questions[-1].norm) and PLANS.search(e.answer[0].norm)}
    for sentence in visit.sentences if visit.lang == "fr" else ():
        exchange = asked.get(sentence)
        told = PROJECT["fr"].search(sentence.norm)
        denied = exchange.verdict == "no" if exchange else bool(told and is_denied(sentence.norm, told.start(), told.end(), "fr"))
        if sentence.speaker != "patient" or denied or not (told or exchange) or IF.search(sentence.norm[: told.start() if told else 0]):
            continue
        evidence = (*((exchange.questions[-1].evidence(),) if exchange else ()), sentence.evidence())
        when = date_phrase(sentence.norm, "fr")
        text = " ".join(filter(None, ("projet de grossesse", when)))
        yield Fact("social", text, "mode de vie", evidence, temporality="future", asserted_by="patient", sentence=sentence.shown, extra=(text, ""))


PLANS = re.compile(r"(?<![a-z])(?:oui|ouais|si|peut etre|pourquoi pas|on (?:y pense|voudrait|voulait|essaie|se dit|attend|commence)|j (?:y pense|aimerais)|l annee prochaine|d ici|dans \d)(?![a-z])")
IF = re.compile(r"(?<![a-z])(?:si|elle|il|ils|ma fille|mon fils)(?![a-z])")


def _job(sentence: Sentence, work: re.Match[str]) -> Iterator[Fact]:
    group = next(i for i in (1, 2) if work.lastindex and work.group(i))
    shown = sentence.line.shown[sentence.start : sentence.end]
    job = shown[work.start(group) : work.end(group)].strip(" ,.")
    over = work.group().startswith("j etais")
    text = f"{job} (auparavant)" if over else job
    yield Fact(
        "social", text, "profession", (sentence.evidence(),), temporality="past" if over else "current",
        asserted_by=sentence.speaker, sentence=sentence.shown, extra=(text, ""),
    )  # fmt: skip


def _job_before_question(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    """ "Je suis menuisier, je peux remonter sur l'échelle ?": who asks says what they do."""
    work = WORK[lang].search(sentence.norm)
    told = work is not None and sentence.speaker != "doctor" and CLAUSE_ENDS.match(sentence.norm, work.end()) is not None
    if work and told and work.group().startswith("je ") and not relation_near(sentence.norm, work.start(), lang):
        yield from _job(sentence, work)


CLAUSE_ENDS = re.compile(r"[a-z]*(?: (?:a|en|dans|de|d|du|chez) [a-z ]{2,20})?, ")


def _life(sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    norm, lang = sentence.norm, visit.lang
    work = WORK[lang].search(norm)
    shown = sentence.line.shown[sentence.start : sentence.end]
    confirmed = sentence.speaker != "doctor"
    own = sentence.speaker == "patient" or not FIRST_PERSON.match(work.group()) if work else False
    if work and own and confirmed and not relation_near(norm, work.start(), lang):
        yield from _job(sentence, work)
    living = LIVING[lang].search(norm)
    if living and confirmed and not is_denied(norm, living.start(), living.end(), lang):
        words = re.sub(
            r"^(?:je |j['’]|I |on a |we |got )", "", shown[living.start() : living.end()].strip(), flags=re.IGNORECASE
        )
        words = re.sub(r"^(?:pris|ai) un", "un", words) if lang == "fr" else re.sub(r"^(?:have a|a)", "a", words)
        words = re.sub(r"^(?:vis|habite)(?![a-z])", "vit", re.sub(r"^live ", "lives ", words))
        words = re.sub(r"^cours(?![a-z])", "court", re.sub(r"^fais(?![a-z])", "fait", words))
        words = re.sub(r"^(?:suis |ai |on a |j['’]ai )", "", re.sub(r"^(?:j['’])?ai perdu", "a perdu", words))
        words = re.sub(r"^m['’]occupe", "s'occupe", re.sub(r"^(?:vais|(?:il|elle) va) plus", "ne va plus", words, flags=re.IGNORECASE))
        words = re.sub(r"(?<!\d)([235])[-.\s]8(?!\d)", lambda m: f"{SHIFTS[m.group(1)]}-huit", words)
        words = words[:1].lower() + words[1:] if lang == "fr" else words
        yield Fact(
            "social",
            _spell(words),
            "mode de vie",
            (sentence.evidence(),),
            asserted_by=sentence.speaker,
            sentence=sentence.shown,
            extra=(_spell(words), ""),
        )


FIRST_PERSON = re.compile(r"j |je ")  # a relative's own job is not the patient's


SHIFTS = {"2": "deux", "3": "trois", "5": "cinq"}


def _spell(words: str) -> str:
    return re.sub(
        r"\bma\b", "sa", re.sub(r"\bmon\b", "son", re.sub(r"\bmes\b", "ses", re.sub(r"\bmy\b", "their", words)))
    )
