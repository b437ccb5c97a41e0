"""A drug where it is named, with the words that belong to it: strength, schedule, and the fact they make."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.notes.drugs.dosing import DOSE, UCUM, Dose, find_dose
from app.notes.drugs.lay_names import lay_mentions
from app.notes.drugs.schedules import Schedule
from app.notes.facts import Certainty, Doubt, Evidence, Fact, Temporality
from app.notes.language.corrections import NONSENSE
from app.notes.language.cues import cues
from app.notes.language.lexicon import Drug, DrugMention, drug_at_the_end, find_drugs, guess_drug
from app.notes.language.text import fold
from app.notes.language.timing import DAY_OF, date_phrase
from app.notes.language.units import Sentence, Visit
from app.notes.settling.generality import CLASS_CODES
from app.notes.transcript import Language, Transcript

MICROGRAMS = {
    "désogestrel",
    "lévothyroxine",
    "digoxine",
    "immunoglobuline anti-D",
    "fluticasone",
    "fluticasone-salmétérol",
    "budésonide",
    "béclométasone",
    "salbutamol",
    "mométasone",
    "ciclésonide",
    "fentanyl",
    "adrénaline",
    "desmopressine",
    "clonidine",
}


NOT_MG = {
    "insuline",
    "insuline glargine",
    "insuline aspart",
    "insuline lispro",
    "formotérol-budésonide",
    "pilule",
    "stérilet",
    "stérilet au cuivre",
    "vitamine B12",
    "soluté de réhydratation",
    "colécalciférol",
    "lévonorgestrel-éthinylestradiol",
    "drospirénone-éthinylestradiol",
    "antibiotique",
}


IF_CLAUSE = cues("medications.if_clause")


CLASSES = {
    "anti-inflammatoire",
    "antibiotique",
    "antihistaminique",
    "cortisone",
    "bêta-bloquant",
    "statine",
    "triptan",
    "gliflozine",
    "antidépresseur",
    "anticoagulant",
    "somnifère",
    "antiviral",
    "antidouleur",
    "antiépileptique",
    "antifongique",
    "antihypertenseur",
    "anti-nauséeux",
    "anxiolytique",
    "bronchodilatateur",
    "compléments alimentaires",
    "corticoïde inhalé",
    "cycline",
    "diurétique",
    "laxatif",
    "macrolide",
    "neuroleptique",
    "vitamines",
}


TAKEN_BACK = re.compile(  # "de l'Eliquis… non, de l'Aerius": the drug named first was a slip
    r"(?: \d+(?:\.\d+)?(?: ?[a-z]+)?)?\s?(?:…|\.\.+|,)\s?(?:(?:euh|ah|attendez)\W+)*(?:non(?! plus| ?\?)|pardon|no,|sorry|i mean)(?![a-z])"
)
MEASURED = ("colécalciférol", "vitamine B12", "calcium", "potassium", "acide folique", "magnésium", "fer")
IN_BLOOD = re.compile(  # a vitamin that is measured is not taken
    r"(?<![a-z])(?:prise de sang|bilan|dosages?|analyses?|dans le sang|nanogrammes?|basse?|carence|manque|tsh|numeration|ferritine|blood test|levels?|deficien\w+)(?![a-z])"
)
VACCINES = "J07"  # ATC; a vaccine is no treatment
IS_AT = re.compile(r",? (?:elle|il) (?:est|etait|reste) (?:(?:a|encore|un peu|trop|tres|bien|toujours) )*(?:\d|bas|faible|insuffisant)")  # "la vitamine D, elle est à 18"
NO_DRUG = re.compile(r"(?<![a-z])(?:implant (?:dentaire|mammaire|cochleaire|au sein)|sans nicotine|nicotine free)")
GIVES = re.compile(  # the dose of the drug named before, after a remark about it
    r"\W*(?:(?:et|puis|donc|alors|euh|non|uh|um|and|so|then|now|okay)\W+)*(?:j allais (?:vous )?(?:en )?(?:mettre|donner|prescrire) \d+(?:\.\d+)?[^.,;]*,? mais )?(?:(?:i|we)(?: ll| will| m| re| am| are)?(?: gon na| gonna| going to| want to| also| just| probably)* (?:give|start|put|have) (?:you|him|her)(?: on| at| with)? (?:about )?\d|"
    r"(?:je (?:vous |lui )?(?:en |le |la |les )?(?:mets|donne|fais|prescris)|on (?:en |le |la )?(?:met|donne|fait|garde|part sur|reste a|commence (?:a|par))|ce sera|vous en (?:prenez|prendrez)|elle en prend|il en prend) (?:du |a )?\d)"
)
GOES_ON = re.compile(  # how a sentence begins that still tells how to take the drug named before
    r"\W*(?:(?:et|puis|donc|ensuite|and|then|so)\W+)*(?:(?:aujourd hui|ce soir|maintenant|demain|d abord|d emblee|tout de suite|au debut|pour commencer),? (?=\d|une?(?![a-z]))|\d|moi,? (?:c est|je suis a) \d|c est (?:le|du|la|un) \d|toujours \d|une?(?![a-z])|matin|le (?:matin|soir|midi|prendre)|pendant|tous|toutes|vous (?:le|la|les|en|prenez|commencez|mettez)|"
    r"a (?:distance|jeun|prendre|heure)|jusqu|pas plus|au |si besoin|en cas|maximum|prenez|start|for|take|one|twice|once|three|every|with|in france|you |up to|maximum|use)"
)


@dataclass(frozen=True, slots=True)
class Use:
    """A drug where it is named, with the words that belong to it."""

    drug: Drug
    sentence: Sentence
    start: int
    end: int
    before: str
    words: str
    through: tuple[Sentence, ...]
    guessed: bool
    measured: bool = False  # told of the blood: no treatment, but what is then ordered is


def known_drugs(transcript: Transcript) -> tuple[str, ...]:
    """The first words of the treatments on record, folded: names that a misheard word may stand for."""
    return tuple(re.split(r"[ (]", fold(line))[0] for line in transcript.patient.treatments)


def uses_in(visit: Visit, place: int, known: tuple[str, ...]) -> Iterator[Use]:
    """The drugs named in a sentence of the visit, each with its words up to the next drug or the end of the turn."""
    sentence = visit.sentences[place]
    norm = sentence.norm
    mentions = _named(visit, norm) or list(_misheard(norm, known)) or list(_before_a_dose(norm))
    for i, mention in enumerate(mentions):
        if (mention.drug.atc or "").startswith(VACCINES):
            continue
        if TAKEN_BACK.match(sentence.norm[mention.end :]) or NO_DRUG.search(sentence.norm[: mention.end + 14]):
            continue
        last = i + 1 == len(mentions)
        words = sentence.norm[mention.end :] if last else _own_words(sentence.norm[mention.end : mentions[i + 1].start])
        more = _told_on(visit, place) if last else []
        measured = mention.drug.inn in MEASURED and bool(IN_BLOOD.search(sentence.norm) or IS_AT.match(sentence.norm[mention.end :]))
        if measured and more:  # "elle est à 15. Une ampoule de 100 000": what is then ordered
            words, measured = "", False
        earlier = mentions[i - 1].end if i else 0
        yield Use(
            mention.drug,
            sentence,
            mention.start,
            mention.end,
            sentence.norm[earlier : mention.start],
            " ".join((words, *(s.norm for s in more))),
            (sentence, *more),
            mention.guessed,
            measured,
        )


def _told_on(visit: Visit, place: int) -> list[Sentence]:
    """The sentences of the same turn that still tell how to take the drug named last, up to what is told of another."""
    sentence, more, waits = visit.sentences[place], list[Sentence](), False
    for later in visit.sentences[place + 1 : place + 5]:
        if later.turn != sentence.turn or later.asks or _names_another(later.norm):
            break
        goes_on = not waits and GOES_ON.match(later.norm) and not IF_CLAUSE[visit.lang].match(later.norm.strip())
        if goes_on or HOW_I_TAKE.match(later.norm) or GIVES.match(later.norm) or (NONSENSE.search(later.norm) and not find_drugs(later.norm)):
            more, waits = [*more, later], False
        elif re.search(r"\d", later.norm):
            break
        else:
            waits = True  # a remark; the dose may still come
    return more


def _own_words(words: str) -> str:
    """The words up to the next drug, without its dose or time: "le Lasilix, et le soir le Tahor"."""
    return TIME_OF_NEXT.sub("", OF_THE_NEXT.sub("", words))


TIME_OF_NEXT = re.compile(
    r"(?:,|…|\.| et| puis)+ ?(?:(?:le|a) (?:midi|matin|soir) rien,? ?)?(?:(?:et|puis|alors) )?(?:le (?:matin|soir|midi)|au (?:coucher|reveil)|a midi)(?:,? (?:c est|j ai|je prends|il y a|y a|vous (?:prenez|avez)))?(?: (?:le|la|l|les|du|de la|de l|mon|ma|un|une|votre))? ?$"
)
HOW_I_TAKE = re.compile(r"\W*(?:(?:et|mais|donc|bon|enfin)\W+)*je (?:le|la|les|l|en) (?:prends?|mets?)(?![a-z])")
OF_THE_NEXT = re.compile(rf"{DOSE.pattern} (?:de la|de l|de|d|du) ?$")  # "et un gramme de paracétamol" is no dose of the drug before


def _names_another(norm: str) -> bool:
    """Whether words name a drug, and not only what kind of drug the one before is."""
    return any(mention.drug.inn not in CLASSES for mention in find_drugs(norm))


def _named(visit: Visit, norm: str) -> list[DrugMention]:
    """The drugs of a sentence by name; those called by their use or look where no name stands in their place."""
    named = find_drugs(norm)
    if visit.lang != "fr":
        return named
    lay = [m for m in lay_mentions(norm, visit.transcript) if all(m.end <= n.start or m.start >= n.end or n.drug.inn in CLASS_CODES for n in named)]
    kept = [n for n in named if all(m.end <= n.start or m.start >= n.end for m in lay)]
    return sorted([*kept, *lay], key=lambda mention: mention.start)


def _misheard(norm: str, known: tuple[str, ...]) -> Iterator[DrugMention]:
    """Names that speech recognition broke: "périn d'oprile"."""
    words = list(re.finditer(r"[a-zœ]+", norm))
    for size in (3, 2, 1):
        for i in range(len(words) - size + 1):
            start, end = words[i].start(), words[i + size - 1].end()
            drug = guess_drug(norm[start:end], known)
            if drug:
                yield DrugMention(drug, start, end)
                return


def _before_a_dose(norm: str) -> Iterator[DrugMention]:
    """What stands right before a dose is a drug, however broken: "y dispera cet amol un gramme"."""
    dose = DOSE.search(norm)
    if dose is None:
        return
    words = list(re.finditer(r"[a-zœ]+", norm[: dose.start()]))[-BROKEN_INTO:]
    found = drug_at_the_end("".join(word.group() for word in words))
    if found:
        yield DrugMention(found, words[0].start(), words[-1].end(), guessed=True)


BROKEN_INTO = 4  # words at most


QUARTERED = ("bisoprolol", "ramipril", "nébivolol", "trandolapril")  # tablets of 1.25 mg, spoken "un vingt-cinq"
ONE_QUARTER = re.compile(r"(?<![\d.])(?:1|un) 25(?!\d|\.\d)")


HEPARIN = "B01AB"  # ATC; told in units by the thousand


def unit_of(drug: Drug) -> str:
    """The unit that a number told of a drug without one is in; empty when it is no dose."""
    if drug.inn.startswith(("insuline", "colécalciférol")) or (drug.atc or "").startswith(HEPARIN):
        return "UI"
    if drug.inn in NOT_MG or drug.inn in CLASSES:
        return ""
    return "µg" if drug.inn in MICROGRAMS else "mg"


def strength(use: Use, lang: Language, words: str | None = None, unit: str = "") -> Dose | None:
    """The dose that `words` (those of the use when not given) tell; a bare number is in `unit`, else in that of the drug."""
    text = use.words if words is None else words
    if lang == "fr" and CHANGED_TO.search(use.sentence.norm):
        text = FORMER_DOSE.sub("", text)
    if use.drug.inn in QUARTERED:
        text = ONE_QUARTER.sub("1.25", text)
    found = find_dose(text, bare_unit=unit or unit_of(use.drug), lang=lang)
    if found is None and words is None:
        before = find_dose(use.before[-32:], lang=lang)
        return before[0] if before else None
    return found[0] if found else None


CHANGED_TO = re.compile(r"(?<![a-z])(?:(?:re)?(?:pass|mont|descend|baiss)|augment|diminu|rédui|redui|double)\w*(?![a-z])")
FORMER_DOSE = re.compile(r"(?<![a-z])de \d+(?:\.\d+)?(?: ?(?:mg|milligrammes?|microgrammes?|unites?))? (?=(?:a|vers) \d)")  # "de 40 à 20"


THEN_TOOK = {  # at the time that was just told
    "fr": re.compile(r"(?<![a-z])(?:je prenais|prenait|j etais sous|j avais pris)(?![a-z])"),
    "en": re.compile(r"(?<![a-z])(?:was (?:taking|on)|used to take|had taken)(?![a-z])"),
}


def when_taken(use: Use, visit: Visit) -> str:
    """The time told with a drug or after it: what the turn tells before is about something else."""
    sentence, lang = use.sentence, visit.lang
    turn = visit.lines[sentence.turn].norm
    of_it = date_phrase(turn if THEN_TOOK[lang].search(sentence.norm) else turn[sentence.start :], lang)
    day = DAY_OF[lang].search(sentence.norm)
    return of_it or (sentence.line.shown[sentence.start + day.start() : sentence.start + day.end()] if day else "")


def is_home(use: Use, visit: Visit) -> bool:
    """Whether the record has this treatment."""
    return any(m.drug.inn == use.drug.inn for line in visit.transcript.patient.treatments for m in find_drugs(fold(line)))


def drug_name(use: Use, lang: Language) -> str:
    """The INN in `lang`, with the brand that was said: "paracétamol (Doliprane)"."""
    name = use.drug.name(lang)
    brand = use.drug.brand.replace("Vitamine d", "vitamine D")
    return f"{name} ({brand})" if use.drug.brand and use.drug.brand.lower() != fold(name) else name


def drug_fact(
    use: Use,
    lang: Language,
    evidence: tuple[Evidence, ...],
    dose: Dose | None,
    schedule: Schedule,
    *,
    polarity: str = "present",
    status: str,
    asserted_by: str = "patient",
    certainty: Certainty = "certain",
    temporality: Temporality = "current",
) -> Fact:
    """The fact that a use makes; `status` tells prescribed, current, taken, stopped and not taken apart."""
    name = drug_name(use, lang)
    speaker = (
        asserted_by if asserted_by == "doctor" else ("relative" if use.sentence.speaker == "relative" else "patient")
    )
    if dose and dose.times != 1 and schedule.words:
        dose, schedule = _by_count(dose, schedule, lang)
    if dose and dose.told:  # of two strengths, one each
        schedule = replace(schedule, words=tuple(w for w in schedule.words if not COUNTED_WORDS.fullmatch(w)), sig=SINGLE.sub("", schedule.sig))
    amount = dose.written(lang) if dose and dose.times == 1 else ""
    detail = ", ".join(schedule.words)
    sig = f"{dose.told or format(dose.value, 'g')} {dose.unit} {schedule.sig}".strip() if dose and dose.times == 1 else schedule.sig
    return Fact(
        "medication",
        " ".join(filter(None, (name, amount, detail))),
        use.drug.inn,
        evidence,
        value=dose.value * dose.times if dose else None,
        unit=UCUM.get(dose.unit, dose.unit) if dose else None,
        sig=sig or None,
        polarity="absent" if polarity == "absent" else "present",
        certainty=certainty,
        temporality=temporality,
        asserted_by=speaker,
        critical=status in ("prescribed", "stopped"),
        code=use.drug.atc,
        detail=detail,
        status=status,
        sentence=use.sentence.shown,
        extra=(name, amount),
        doubt="heard" if use.guessed else "",
    )


def _by_count(dose: Dose, schedule: Schedule, lang: Language) -> tuple[Dose, Schedule]:
    """ "Deux comprimés de quarante le matin": how many of which strength; the dose is what they make together."""
    count, *often = schedule.words
    many = COUNTED_WORDS.fullmatch(count)
    if many is None or float(many.group(1).replace(",", ".")) != dose.times:
        return replace(dose, times=1.0), schedule
    told = f"{count} {'de' if lang == 'fr' else 'of'} {dose.written(lang)}"
    return dose, replace(schedule, words=(told, *often), sig=schedule.sig.replace(count, told, 1))


SINGLE = re.compile(r"^1 [a-zé]+ ?")
COUNTED_WORDS = re.compile(r"(\d+(?:[.,]\d+)?) [a-zé]+")


def only_heard(use: Use, lang: Language, doubt: Doubt) -> Fact:
    """A drug that was named, while nothing shows what for."""
    fact = drug_fact(
        use, lang, (use.sentence.evidence(),), None, Schedule(), status="mentioned", asserted_by=use.sentence.speaker
    )
    return replace(fact, doubt=doubt)
