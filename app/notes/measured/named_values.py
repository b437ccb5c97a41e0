"""Vital signs and results that a word announces, with what only looks like one: goals, changes, dates, doses."""

import re
from collections.abc import Iterator
from itertools import pairwise

from app.notes.drugs.dosing import BY_WEIGHT
from app.notes.facts import Fact
from app.notes.language.cues import cue
from app.notes.language.lexicon import find_drugs
from app.notes.language.polarity import CONDITIONS
from app.notes.measured.readings import MAX_TO_VALUE, MEASURES, Measure, Said, measured, names_another
from app.notes.transcript import Language

NUM = r"(\d+(?:\.\d+)?)"
FOREIGN_UNIT = cue("measures.foreign_unit")


def named_values(said: Said) -> Iterator[Fact]:
    """Values that a word announces: in the sentence before the number, or in the question."""
    norm, lang = said.sentence.norm, said.lang
    if not re.search(r"\d", norm) and not IN_GRAMS.search(norm):
        return  # no figure, no value
    names_lab = any(re.search(measure.cue(lang), norm) for measure in MEASURES if measure.type == "lab")
    may_answer = not names_lab and len(norm) < MOST_OF_ANSWER and not find_drugs(norm)
    for measure in MEASURES:
        cue = re.compile(measure.cue(lang))
        cues = list(cue.finditer(norm))
        bare = cues and all(BARE_WEIGHT.match(m.group()) for m in cues) and _of_something_else(said)
        if measure.fr == "poids" and (bare or _of_a_dose(said)):
            continue  # "le pouls ?" - "58. Avant le bêtabloquant j'étais à 80"; "la cortisone ?" - "j'étais à vingt"
        change = measure.fr == "poids" and ASKS_CHANGE.search(said.context) is not None
        asked = may_answer and not (cues and measure.fr != "poids") and (change or _spoken_of(measure, said))
        passed = 0
        norm = _in_figures(norm, measure) if lang == "fr" else norm
        listed = _in_order(measure, said, cues)
        for at, match in [(listed.start(), listed)] if listed else _values(norm, cues, asked):
            mine = max((m.end() for m in cues if m.end() <= match.start()), default=0)
            if cues and not listed and measure.type == "lab" and _another_named(measure, norm[mine : match.start()], lang):
                continue  # "transaminases normales, les globules blancs à 4500"
            if at < passed:
                continue  # the tenths of the value before
            value, found = _metres(norm, match) if measure.fr == "taille" else (float(match.group(1)), True)
            changed = change and value < MOST_CHANGED_KG  # "vous avez maigri ?" - "trois kilos"
            if (
                found
                and measure.low <= value <= measure.high
                and not changed
                and not _means_else(measure, value, norm, match, lang, asked=asked)
                and (listed or not names_another(measure, norm[: match.start()], lang))
            ):
                unit = _lab_unit(measure, value, norm + " " + said.context, lang)
                told = measured(said, measure, _precise(measure, value, norm, match), at, unit)
                yield told
                if measure.fr not in ("poids", PEAK_FLOW) and (lang == "en" or told.temporality == "current"):
                    break  # "je pesais 82, je suis à 77", "vous étiez à 61, là on est à 52" tell two
                grams = KILOS_AND.match(norm, match.end())
                passed = max(match.end() + len(" 55"), grams.end() if grams else 0)


def _of_a_dose(said: Said) -> bool:
    """ "Orelox, toujours quatorze kilos, matin et soir": the mark on the pipette, in an order of the doctor's."""
    norm = said.sentence.norm
    order = said.sentence.speaker == "doctor" and BY_WEIGHT.search(norm) and not re.search(r"(?<![a-z])(?:pes|poids)", norm)
    return bool(order) and bool(find_drugs(said.sentence.line.norm))


def _in_figures(norm: str, measure: Measure) -> str:
    """The words with the values that are said in two parts as one figure of the same length."""
    if measure.unit == "g/L":
        return IN_GRAMS.sub(lambda m: f"{m.group(1).replace('un', '1')}.{m.group(2)}".ljust(len(m.group())), norm)
    return HUNDREDS_AND.sub(r"\1\2 ", norm) if measure.fr == PEAK_FLOW else norm


PEAK_FLOW = "débit expiratoire de pointe"
HUNDREDS_AND = re.compile(r"(?<![\d.])([1-8]) (\d0)(?![\d.])")  # "deux soixante", said of a breath


def _of_something_else(said: Said) -> bool:
    """Whether "j'étais à ..." is said where another measure or a drug is spoken of, and no weight."""
    if OF_WEIGHT.search(f"{said.context} {said.sentence.line.norm}"):
        return False
    read_back = READ_BACK.search(said.sentence.line.norm) is not None
    return read_back or OTHER_VITAL.search(said.context) is not None or bool(find_drugs(f"{said.context} {said.sentence.norm}"))


def _another_named(measure: Measure, words: str, lang: Language) -> bool:
    return any(re.search(one.cue(lang), words) for one in MEASURES if one is not measure)


def _spoken_of(measure: Measure, said: Said) -> bool:
    """Whether the question or the words before name this measure, and in French no other result after it."""
    named = list(re.finditer(measure.cue(said.lang), said.context))
    if not named or measure.type != "lab" or said.lang == "en":
        return bool(named)
    others = (m for one in MEASURES if one is not measure and one.type == "lab" for m in re.finditer(one.cue_fr, said.context))
    return not any(m.start() >= named[-1].end() for m in others)


MOST_OF_ANSWER = 110  # characters: who says more answers something else too
LISTING = re.compile(r"\W*(?:(?:et|puis|ou|ainsi que|le|la|les|l|votre|vos|and|the|your)\W+)*")


def _in_order(measure: Measure, said: Said, cues: list[re.Match[str]]) -> re.Match[str] | None:
    """ "Pouls et saturation ?" - "72 et 97", "les ASAT et ALAT, 52 et 67": the figures stand in the order of the names."""
    question = said.questions[-1].norm if said.questions else ""
    names = said.sentence.norm if cues else question
    if not re.search(measure.cue(said.lang), names):
        return None
    numbers = list(re.finditer(rf"(?<![\d./]){NUM}(?!\d|\.\d|/)", said.sentence.norm))
    named = sorted((m.start(), m.end(), one.fr) for one in MEASURES for m in [re.search(one.cue(said.lang), names)] if m)
    place = next((i for i, (_, _, name) in enumerate(named) if name == measure.fr), None)
    adjacent = all(LISTING.fullmatch(names[one[1] : two[0]]) for one, two in pairwise(named))
    if place is None or len(named) < FEWEST_LISTED or len(numbers) != len(named) or not adjacent:
        return None
    if any(not LISTING.fullmatch(said.sentence.norm[a.end() : b.start()]) for a, b in pairwise(numbers)):
        return None
    return numbers[place] if not cues or named[-1][1] <= numbers[0].start() else None


FEWEST_LISTED = 2
NAME_NUMBER = re.compile(  # "chem-12", "b12" are names
    r"(?:(?<![a-z])(?:chem|covid|type|stage|grade|phase|vitamin b|b|hpv|class|room) |[a-z])$"
)
GOAL = re.compile(
    r"dessous de|descendre a|redescendre|remonter a|arriver a|atteindre|viser?|ideal|il faudrait|devrai[st] (?:en )?(?:faire|peser|etre)|la normale?|la norme|la limite|le seuil|la fourchette|la cible|le but|s arrete a|plafond|entre les |(?<!suis pas )pas plus de|au dessus|objectif|moins de|(?<!peu )(?<!pas )(?<!poil )plus de|perd(?:u|re)(?! du poids[,:.])|repris|pris \d(?! kilos? (?:en|depuis) (?:\d+ )?[a-z]+, $)|doses? (?:de|pour)|graduation|passez|below|goal|los[te]|losing|gain|"
    r"(?:greater|more|less|lower|higher|over|under) than|criteri"
)
VAGUE = re.compile(r" ?(?:%|kilos?|grammes?)? ?(?:et (?:quelques?|un peu)|virgule quelque|(?:et )?des brouettes)")
DATE = re.compile(r"(?<!de )(?<!dit )(?<!est )(?<!affiche )(?<!dans )(?<!vers )(?<!de )(?<![a-z])(?:le|du|au|les|numero) $")  # "le quinze", "du douze"
STATED = re.compile(r" (?:je suis|je pese|je fais|(?:il|elle) (?:est|pese|fait)|i am|i m|i weigh) ")
LEAST_BARE_WEIGHT_KG = 20
MOST_CHANGED_KG = 30
CHANGE_REACH = 45  # characters
CHANGED = re.compile(  # "j'ai maigri, genre quatre kilos"
    r"(?<![a-z])(?:maigri|grossi|perdu(?! du poids[,:.])|perd(?! du poids[,:.])|repris|(?:ai|a|avez|avais) pris|perte|prise|en moins|en plus|gained|lost|put on)(?![a-z])"
    r"(?!.*(?<![a-z])(?:suis|est|pese|fais|fait|descendue? a|montee? a|passee? (?:de|a)|contre|now|weigh)|.*(?<![a-z])(?:jours?|semaines?|mois|ans?), $)"
)
CHANGED_BY = re.compile(r" ?(?:kilos?|kg|pounds|lbs?) (?:de (?:plus|moins|trop|difference|mieux|mois)|en (?:trop|plus|moins)|d (?:ecart|eau)|pris|perdus?|pres|en (?:\d+|une?|trois|quelques) \w+|(?:more|less)(?! than)|in (?:\d+|an?|the last) )")
ASKS_CHANGE = re.compile(r"maigri|grossi|pris du poids|perdu du poids|perte de poids|prise de poids|(?:lost|gained|losing|gaining) (?:any )?weight|weight (?:loss|gain)")


READ_BACK = re.compile(r"^\W*\d{2}(?: pour cent)?\W+(?:et )?(?:(?:la|moi|aujourd hui|maintenant|en ce moment),? )?(?:je suis|j en suis) a(?![a-z])")  # "92. Là je suis à 95.": the threshold just told
BARE_WEIGHT = re.compile(r"(?:j |je )?(?:etais|suis) (?:\w+ )?(?:jusqu )?a")
OTHER_VITAL = re.compile(r"(?<![a-z])(?:pouls|tension|saturation|sat|temperature|fievre|frequence|glycemie|debitmetre|hemoglobine|oxymetre|oxygene|saturometre|(?:en dessous|au dessus) de \d+)(?![a-z])")
OF_WEIGHT = re.compile(r"(?<![a-z])(?:poids|kilos?|kg|balance|pes\w+|maigri\w*|grossi\w*|regime|imc|weigh\w*|pounds|scales)(?![a-z])")
OF_THE_NORM = re.compile(r" de \d|[^.;]{0,24},? c est (?:le |la |deja le )?(?:maximum|max|minimum|seuil|plafond|norme|limite)(?![a-z])|,? ?a l heure(?![a-z])")
KEEPS_DOSE = re.compile(  # "avec les triglycérides, on reste à quarante": a dose
    r"(?<![a-z])(?:on|je|vous) (?:(?:le|la|les|l|vous|me|nous) )*(?:reste|restez|remonte|monte|descend|redescend|passe|garde|gardez|prend|prenez|mets?|baisse)\w* (?:a )?$"
)
OF_YOURS = re.compile(r"(?<![a-z])(?:vos|mes|tes|ses) $")  # "vos soixante-quinze ne suffisent plus": a dose
OF_A_LOAD = re.compile(r"(?<![a-z])(?:sacs?|cartons?|colis|packs?|charges?|palettes?|caisses?|valises?|bidons?|halteres?|port(?:e|er|ais|es)|soulev\w+|poids de) (?:\w+ ){0,2}(?:de |d |a |jusqu a )?$")
OF_ELSE = re.compile(r" ?(?:cm|centimetres?|de (?:pouls|tension|saturation|fievre|moyenne)|levers?|marches?|etages?|pages?|reprises?|longueurs?|pompes?|unites?)(?![a-z])")


def _means_else(
    measure: Measure, value: float, norm: str, match: re.Match[str], lang: Language, *, asked: bool = False
) -> bool:
    """Whether a number near the name of a measure is something else: days, a goal, a change, a height."""
    at, after = match.start(), norm[match.end() :]
    if NAME_NUMBER.search(re.sub(r"\W", " ", norm[:at])):
        return True
    if re.search(r"(?<![a-z])grammes? $|\d (?:kilos?|kg) (?:et )?$", norm[:at]):
        return True  # the hundredths of "un gramme soixante-quatre", the grams of "quatre kilos cent"
    if measure.type == "vital" and (re.match(r" (?:sur|over) \d", after) or re.search(r"\d (?:sur|over) $", norm[:at])):
        return True  # the two of a pressure
    if lang == "fr" and (VAGUE.match(after) or DATE.search(norm[:at]) or OF_THE_NORM.match(after)):
        return True
    if measure.fr == "fréquence cardiaque" and IN_AIR.match(after):
        return True  # "93 à l'air"
    if measure.unit not in ("%", "") and re.match(r" ?%", after):
        return True  # a share of something: of the best peak flow, of the blood that the heart throws out
    if measure.type == "lab" and lang == "fr" and (KEEPS_DOSE.search(norm[:at]) or OF_YOURS.search(norm[:at])):
        return True
    if measure.fr != "taille" and FOREIGN_UNIT.match(after):
        return True
    if CONDITIONS[lang].search(norm[:at]) or GOAL.search(STATED.split(norm[max(0, at - 25) : at + 1])[-1]):
        return True
    return measure.fr == "poids" and (
        bool(re.search(r"metre $", norm[:at]) or OF_A_LOAD.search(norm[:at]) or OF_ELSE.match(after))
        or bool(CHANGED.search(norm[max(0, at - CHANGE_REACH) : at]))
        or bool(re.search(r"(?<![a-z])(?:doses?|graduation|pipettes?|seringue|dosette|sirop)(?: (?:de|pour|a|jusqu a|des))? $", norm[:at]) or CHANGED_BY.match(after))
        or (value < LEAST_BARE_WEIGHT_KG and not (asked and lang == "fr") and not re.search(r"kilo|kg", after[:8]))
    )


def _precise(measure: Measure, value: float, norm: str, match: re.Match[str]) -> str | float:
    """The value with what follows it: "68, 70" is a range, "douze kilos huit" is 12.8."""
    after = norm[match.end() :]
    pair = PAIRED.match(after)
    if measure.fr in IN_RANGES and pair and 0 < float(pair.group(1)) - value <= MOST_APART * value:
        return f"{value:g}-{pair.group(1)}"
    if measure.fr == "poids" and pair and value < float(pair.group(1)) <= value + MOST_APART_KG and ENDS.match(after, pair.end()):
        return f"{value:g}-{pair.group(1)}"
    grams = KILOS_AND.match(after)
    if measure.fr == "poids" and grams and "." not in match.group(1):
        return float(f"{value:g}.{(grams.group(1) or '5').replace('00', '')}")
    if measure.fr == "leucocytes" and value > LEAST_THOUSANDS and 0 < value % 1000 < HUNDREDS:
        return value // 1000 * 1000 + value % 1000 * 100  # "dix-huit mille quatre"
    tenths = SPOKEN_TENTHS.match(after) if measure.fr in WITH_TENTHS and "." not in match.group(1) else None
    digits = tenths.group(1).replace("un", "1") if tenths else ""
    if digits and measure.low <= float(f"{value:g}.{digits}") <= measure.high:
        return float(f"{value:g}.{digits}")
    return value


PAIRED = re.compile(r"(?:, ?|,? (?:a |ou |et |voire )?|…\s?)(\d{2,3})(?!\d|\.\d| ?(?:kilos? \d|ans|fois|jours|mois|heures|minutes|mg|euros))")
IN_RANGES = ("fréquence cardiaque", "saturation en oxygène", "fréquence respiratoire")
MOST_APART_KG = 2  # "52, 53 kilos"
ENDS = re.compile(r" ?(?:kilos?|kg)?\W*(?:$|[.;!?])")
MOST_APART = 0.2  # of the value, between the ends of a range
LEAST_THOUSANDS, HUNDREDS = 2000, 10
KILOS_AND = re.compile(r" ?(?:kilos?|kg) (?:et )?(?:(\d{1,3})(?: grammes?)?(?!\d| ?(?:ans|jours|mois|fois|par|heures|times))|demie?(?![a-z]))")
IN_GRAMS = re.compile(r"(?<![a-z\d])(un|\d) grammes? (\d{2})(?!\d)")
WITH_TENTHS = (
    "poids", "hémoglobine", "HbA1c", "potassium", "TSH", "INR", "LDL-cholestérol", "HDL-cholestérol", "triglycérides", "cholestérol total", "calcium", "IMC", "T4 libre", "T3 libre",
    "phosphore", "lithium", "urée", "acide urique", "créatinine", "PSA", "magnésium", "albumine", "fibrinogène",
)  # fmt: skip
SPOKEN_TENTHS = re.compile(
    r"%? (\d{1,2}|un(?=\W*$|[,.;:!?]))(?=\W*$|[,.;:!?…]| [:;!?]| (?:et|ce|cette|cet|hier|en|au|a|chez|le|la|donc|c est|c etait|kilos?|kg|%|contre|avant|mais|alors|depuis|habille|tout nu|apres|pour|quand|sur|avec|aujourd|maintenant|il y a|y a|"
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|docteur|exactement|pile|environ|milli\w*|micro\w*|grammes?|nano\w*|sans)(?![a-z]))"
)


IN_AIR = re.compile(r" ?%? (?:a l air|en air|sous (?:\d|un|une|deux|trois) litres?)(?![a-z])")
NEARLY = re.compile(r"(?:frole|approche|presque|a la limite de|tout pres de) (?:les? )?$")


def _values(norm: str, announced: list[re.Match[str]], asked: bool) -> Iterator[tuple[int, re.Match[str]]]:
    number = re.compile(rf"(?<![\d./]){NUM}(?!\d|\.\d|/)")
    if asked:
        for match in list(number.finditer(norm))[:3]:
            yield match.start(), match
        return
    for word in announced[:2]:
        after = number.search(norm, word.end())
        if after and NEARLY.search(norm[word.end() : after.start()]):
            after = number.search(norm, after.end()) or after
        if after and after.start() - word.end() < MAX_TO_VALUE:
            yield after.start(), after
        for match in reversed(list(number.finditer(norm, max(0, word.start() - 16), word.start()))):
            yield match.start(), match
        yield from ((m.start(1), m) for m in NOW_AT.finditer(norm, word.end()))


NOW_AT = re.compile(rf"(?<![a-z])(?:la|maintenant|aujourd hui),? (?:je (?:frole|approche|tourne|flirte|stagne|suis|fais|pese|plafonne)(?: (?:avec|vers|autour))?(?: (?:de|des|les|aux|a))?|vous (?:etes|en etes)|on (?:est|en est)|c est|j en suis|je suis|il est|elle est) (?:a )?(?:presque )?{NUM}(?!\d|\.\d|/)")


def _metres(norm: str, match: re.Match[str]) -> tuple[float, bool]:
    metres = re.search(r"(?<![a-z\d])(?:un|1|2) metres? (\d{1,2})(?!\d)|(1\.\d{2}) ?m", norm)
    if metres:
        return (100 + float(metres.group(1)), True) if metres.group(1) else (float(metres.group(2)) * 100, True)
    told = SHORT_HEIGHT.match(norm)
    if told:
        return 100 + float(told.group(1)), True
    return float(match.group(1)), bool(re.match(r" ?(?:cm|centimet)", norm[match.end() :]))


SHORT_HEIGHT = re.compile(  # "votre taille ?" - "Un soixante-douze."
    r"\W*(?:(?:euh|alors|oh|ben|bah|la|je|fais|mesure|faisais|il|elle|fait) ?,? ?)*(?:un|1) (\d{2})(?=\W*$|[,.;…]| (?:a peu|et|je|au|en|avant|pieds|comme|maintenant))"
)


def _lab_unit(measure: Measure, value: float, words: str, lang: Language) -> str:
    if measure.unit == "g/L":
        if re.search(r"gramme? par litre|g/l", words):
            return "g/L"
        return "mg/dL" if lang == "en" and value > 20 else "g/L" if lang == "fr" and value < 8 else ""
    if measure.fr == "débit de filtration glomérulaire" and lang == "en":
        return "mL/min" if "ml" in words else ""
    if measure.fr == "poids" and re.search(r"pounds|\blbs?\b", words):
        return "[lb_av]"
    return measure.unit
