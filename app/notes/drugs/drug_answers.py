"""What is told of a drug in answer to the doctor who asked about it."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.drugs.dosing import DOSE
from app.notes.drugs.drug_uses import CLASSES, Use, drug_fact, only_heard, strength
from app.notes.drugs.lay_names import recorded
from app.notes.drugs.schedules import Schedule, find_schedule, told_often
from app.notes.drugs.week_days import PAUSED
from app.notes.facts import Fact
from app.notes.language.corrections import MASK as TAKEN_BACK
from app.notes.language.cues import cue, cues
from app.notes.language.lexicon import find_drugs
from app.notes.language.meaning import BEARS, SOME, meant
from app.notes.language.units import Exchange, Visit
from app.notes.people.people import relation_near
from app.notes.settling.generality import CLASS_CODES
from app.notes.transcript import Language

QUIT = cues("medications.quit")
REFUSED = cues("medications.refused")
ALLERGY = cue("medications.allergy")
UNDER = re.compile(r"(?<![a-z])(?:avec|(?<!etes )(?<!tu es )(?<!est )(?<!toujours )(?<!encore )(?<!bien )sous|par|with|on) (?:le |la |l |les |du |votre |ce |the |your )?$")
BESIDES = cue("units.besides")
EXAMPLE = re.compile(
    r"(?<![a-z])(?:genre|comme|type|style|par exemple|like|such as) (?:(?:le|la|l|les|du|de la|des|the) )?$"
)


BAD_WITH = re.compile(  # what is asked is how a drug was borne
    r"(?<![a-z])(?:qui (?:ne )?(?:vous )?(?:passe(?:nt)?|convien(?:t|nent)) pas|mal (?:support|toler)\w*|reactions?|allerg\w*|intoleran\w*|qu est ce qui s (?:est|etait) passe|en rouge|tous passent|problemes? avec (?:un|des|d autres) medicaments?)(?![a-z])"
)
TAKES_NOW = re.compile(r"(?<![a-z])(?:pren(?:ez|ds|d|drez)|pris|sous|mettez|mets|utilis\w+|traitements?|ordonnance|donne[zs]?)(?![a-z])")
TALK_TURNS = 4


def _of_tolerance(use: Use, exchange: Exchange | None, visit: Visit) -> bool:
    """ "Des allergies ?" - "Le latex." - "Les antibiotiques ?": a class asked about in that talk is not asked as a treatment."""
    denied = exchange is not None and exchange.verdict == "no"
    if visit.lang != "fr" or not (denied or use.drug.inn in CLASSES) or TAKES_NOW.search(use.sentence.norm) or strength(use, "fr"):
        return False
    near = [s for s in visit.sentences if use.sentence.turn - TALK_TURNS <= s.turn <= use.sentence.turn + 1]
    return exchange is not None and any(BAD_WITH.search(s.norm) for s in near)


def _only_read_back(use: Use, exchange: Exchange) -> bool:
    """ "L'hydrochlorothiazide, douze et demi. De l'aspirine ?": a drug read back before the question is not what is asked."""
    last = exchange.questions[-1]
    before = (
        last.turn == use.sentence.turn and last is not use.sentence and not use.sentence.norm.rstrip().endswith("?")
    )
    return before and DOSE.search(use.words) is not None


def _is_answered(exchange: Exchange, lang: Language) -> bool:
    said = exchange.answer[0].norm
    told = re.search(r"\d", said) or QUIT[lang].search(said)
    return exchange.verdict != "" or bool(told) or _takes_it(exchange, lang)


def _takes_it(exchange: Exchange, lang: Language) -> bool:
    """Whether the answer tells how the patient takes what was asked about: of somebody else it tells nothing."""
    said = exchange.answer[0].norm
    return bool(TAKES_IT[lang].search(said)) and relation_near(said, len(said), lang) is None


TAKES_IT = {  # how a drug is taken that was just asked about
    "fr": re.compile(
        r"(?<![a-z])(?:je (?:la |le |les |l |en )?(?:prends?|mets|garde|continue)|j en (?:prends|mets)|(?:elle|il) (?:la |le |l |en )?prend|le (?:matin|soir|midi)|"
        r"matin et soir|tous les (?:jours|matins|soirs)|toujours|chaque (?:jour|matin|soir))(?![a-z])"
    ),
    "en": re.compile(r"(?<![a-z])(?:i (?:still )?take (?:it|them|that)|(?:he|she) takes|every (?:day|morning|night)|at night|in the morning|still)(?![a-z])"),
}  # fmt: skip


def asked_about(use: Use, exchange: Exchange | None, lang: Language, visit: Visit) -> Iterator[Fact]:
    """The doctor asks about a drug: the answer decides. Asked about effects "under" a drug, it tells nothing of the drug."""
    about_allergy = exchange is not None and any(ALLERGY.search(s.norm) for s in exchange.questions)
    before = use.sentence.norm[: use.start]
    if about_allergy or _of_tolerance(use, exchange, visit) or any(cue.search(before) for cue in (UNDER, EXAMPLE)) or exchange is None:
        return
    if BESIDES.search(before):
        yield from _nothing_else(use, exchange, lang)
        return
    if _only_read_back(use, exchange):
        evidence, schedule = (use.sentence.evidence(),), find_schedule(use.words, lang)
        yield drug_fact(use, lang, evidence, strength(use, lang), schedule, status="current", asserted_by="doctor")
    elif OF_MISSING.search(use.sentence.norm) and not is_given_up(exchange.answer_text, lang):
        proofs = (use.sentence.evidence(), *(s.evidence() for s in exchange.answer[:3]))
        yield drug_fact(use, lang, proofs, strength(use, lang), find_schedule(use.words, lang), status="current")
    elif _is_answered(exchange, lang) and not (use.drug.inn in CLASSES and BEARS.search(use.sentence.norm)):
        yield from _as_answered(use, exchange, lang, visit)


def _nothing_else(use: Use, exchange: Exchange, lang: Language) -> Iterator[Fact]:
    """ "Rien d'autre que la Ventoline ?" - "Non.": that one is taken."""
    if exchange.verdict == "no" and not use.guessed:
        evidence = (use.sentence.evidence(), exchange.answer[0].evidence())
        yield drug_fact(use, lang, evidence, strength(use, lang), find_schedule(use.words, lang), status="current")


ABOUT_EFFECTS = re.compile(r"(?<![a-z])(?:tousse[zr]|tolerez|effets?|declench\w*|depuis|gene|mal(?= )|manque|signes? de|cough)")
ABOUT_PAIN = re.compile(r"(?<![a-z])(?:douleurs?|mal|tousse[zr]|depuis)(?![a-z])")


OF_MISSING = re.compile(  # "vous l'oubliez jamais ?", "Pas d'oubli ?": whatever is answered, it is a treatment of theirs
    r"(?<![a-z])(?:(?:vous|tu|il|elle) (?:n |ne |la |le |les |l |en )*(?:oubli|saut|rat)(?:e|es|ez)(?![a-z])|(?:pas|jamais|aucun) (?:d )?oublis?(?![a-z])|arrive (?:de |d )(?:la |le |les |l |en )?(?:oublier|sauter|rater))"
)
RESUMED = re.compile(r"(?<![a-z])(?:(?:l |les |en |j )?ai (?:bien |tout )?(?:repris|recommence)e?s?|on (?:l |les |en )?a (?:tout )?(?:repris|recommence|remis)e?s?|(?:je (?:l |la |le |les )?|on (?:me )?l a )(?:reprends?|remise?))(?![a-z])")
PART_OF_DAY = re.compile(  # "Celle de midi, je l'ai laissée tomber": the others are still taken
    r"(?<![a-z])(?:cell?e|celui|la prise|la dose|le comprime|le cachet|la gelule|le|la) (?:du |de |d |de l )(?:midi|matin|soir|gouter|apres midi|coucher|diner|dejeuner)(?![a-z])[^.;]*$"
)


INSTEAD = re.compile(  # "on me l'a remplacé par du candésartan", "plus maintenant, j'ai l'Anoro": this one is taken now
    r"(?:(?<![a-z])(?:(?:remplac|chang|switch)\w*(?: \w+)? (?:par|pour|contre)|(?:passee?|mise?) (?:a|sous)|(?:a|ont) (?:prefere|choisi)|a la place,?(?: \w+){0,4})|"
    r"(?:(?:[,.;] ?|(?<![a-z])mais )(?:la |maintenant |desormais |depuis )?|^\W*(?:maintenant|desormais|depuis|a present),? )(?:c est|j ai|je prends|je suis (?:a|sous))) (?:(?:de la|de l|du|des|le|la|l|un|une) ?)?$"
)
IN_ITS_PLACE = re.compile(r"(?<![a-z])(?:a la place|(?:remplac|chang|switch)\w*(?: \w+)? (?:par|pour|contre))(?![a-z])")


def is_given_up(text: str, lang: Language) -> bool:
    """Whether an answer about a drug says that it is no longer taken, or never was; one that was taken up again is."""
    over = QUIT[lang].search(text) or REFUSED[lang].search(text)
    if over is None or lang != "fr":
        return over is not None
    return not (RESUMED.search(text) or PAUSED.search(text) or PART_OF_DAY.search(text[: over.start()]))


def _before_another(text: str, other: int, lang: Language) -> str:
    """What an answer tells before it comes to another drug; nothing where it speaks of that one alone."""
    clauses = re.sub(r"[^.;,!?]*$", "", text[:other])
    if not clauses and REFUSED[lang].search(text[:other]):
        return ""  # "le dentiste voulait me mettre de la doxycycline"
    return clauses or text


def _answers_the_other(use: Use, text: str) -> bool:
    """ "La pilule, des hormones, des gouttes ?" - "Des hormones, j'en ai mis": one of several things asked about is answered."""
    items = [item for item in re.split(r",| ou ", use.sentence.norm) if LISTED.fullmatch(item) and not find_drugs(item)]
    name = use.sentence.norm[use.start : use.end]
    others = {word[:6] for item in items if name not in item for word in re.findall(r"[a-z]{5,}", item)}
    return bool(others & {word[:6] for word in re.findall(r"[a-z]{5,}", text)})


KIN_HAD_IT = re.compile(r"\W*(?:(?:euh|ben|bah|ah|oh|alors)\W+)*(?:ma|mon|mes|une|un) (?:\w+ )?(?:soeur|s(?:oe|œ)ur|frere|mere|pere|maman|papa|femme|mari|fille|fils|tante|oncle|cousine?|copine|copain|amie?|voisine?|collegue|belle s(?:oe|œ)ur|belle mere|beau pere|beau frere)s?,? (?:(?:elle|il) )?(?:(?:l|en|y|les) )?(?:a|ont|avait|prend|prenait|utilise|est sous|etait sous)(?![a-z])")
OWN = re.compile(r"(?<![a-z])(?:moi|j en|je (?:le|la|les|l|en)|j ai)(?![a-z])")
LISTED = re.compile(r"\W*(?:et |ou )?(?:du|de la|de l|des) [a-z ]{3,25}\W*")  # one of several things asked about
NOT_ALWAYS = re.compile(r"(?<![a-z])pas (?:toujours|tous les|chaque|regulierement|systematiquement|a chaque|assez|bien|comme il faut)(?![a-z])")


def _said_of_it(use: Use, exchange: Exchange, lang: Language) -> tuple[str, bool]:
    """What an answer tells of the drug asked about, and whether another takes its place; empty when it speaks of something else."""
    text = " ".join(s.norm for s in exchange.answer if s.turn == exchange.answer[0].turn)
    named = find_drugs(text)
    others = [m.start for m in named if m.drug.inn != use.drug.inn and m.drug.inn not in CLASSES]
    another = named and exchange.verdict in ("", "open") and SOME.search(use.sentence.norm[: use.start])
    if another or (others and use.drug.inn not in CLASSES and not re.search(r"[a-z]{3,}|\d", text[: others[0]])):
        return "", False  # "de l'aspirine ?" - "un Nurofen de temps en temps": told by its own name, which is no yes to what was asked
    replaced = bool(others) and exchange.verdict != "yes" and IN_ITS_PLACE.search(text) is not None
    if others and not replaced and use.drug.inn not in CLASSES and not use.drug.inn.startswith("insuline"):
        text = _before_another(text, others[0], lang)
    first = exchange.answer[0].norm
    if exchange.verdict == "no" and is_given_up(first, lang) and not find_drugs(first):
        text = first  # "Non, c'est fini depuis quinze jours. ... on descendait la Dépakine."
    of_kin = KIN_HAD_IT.match(text) and not OWN.search(text)  # "Ma sœur l'a eu, elle a saigné six mois"
    by_name = any(m.drug.inn == use.drug.inn for m in find_drugs(text))
    return ("" if of_kin or by_name or _answers_the_other(use, text) else text), replaced


def _as_answered(use: Use, exchange: Exchange, lang: Language, visit: Visit) -> Iterator[Fact]:
    text, replaced = _said_of_it(use, exchange, lang)
    if not text:
        return
    evidence = (use.sentence.evidence(), *(s.evidence() for s in exchange.answer[:3]))
    often = told_often(use.sentence.norm, text)
    own, asked = often if often.sig else find_schedule(text, lang), find_schedule(use.words, lang)
    dose = strength(use, lang)
    corrected = strength(use, lang, text, dose.unit if dose else "")
    if corrected is None and TAKEN_BACK in text:
        dose = None  # the answer gave another one and took it back
    told = corrected is not None or bool(own.sig) or bool(NOT_ALWAYS.search(text))
    dose = None if exchange.verdict == "no" and not corrected and not NOT_ALWAYS.search(text) else dose  # whatever was asked, it is not that
    sure = told or dose or (exchange.verdict == "no" and not use.guessed)
    if not sure and not meant(use.drug, use.sentence, use.words, exchange, visit):
        yield only_heard(use, lang, "unmeant")
    elif replaced or is_given_up(text, lang):
        yield drug_fact(use, lang, evidence, None, Schedule(), polarity="absent", status="stopped")
    elif exchange.verdict == "no" and not told:
        if re.search(r"\d", exchange.answer[0].norm):  # "non, dix-sept depuis janvier": it is taken
            yield drug_fact(use, lang, evidence, None, Schedule(), status="current")
        elif not ABOUT_PAIN.search(use.sentence.norm):
            yield drug_fact(use, lang, evidence, None, Schedule(), polarity="absent", status="not taken")
    elif not ABOUT_EFFECTS.search(use.sentence.norm) and (exchange.verdict or told or _takes_it(exchange, lang)):
        yield drug_fact(use, lang, evidence, corrected or dose, own if own.sig else asked, status="current")


QUALIFIED = re.compile(r" (?:a la|au|aux|a l|anti\w*)(?: |$)")  # "son collyre à la cortisone" is another one


def drug_of_class(use: Use, visit: Visit) -> Use:
    """ "Et l'atorvastatine ?" - "La statine, je l'ai laissée tomber.": the class stands for the drug asked about, or recorded."""
    code = CLASS_CODES.get(use.drug.inn)
    if code is None or QUALIFIED.match(use.words):
        return use
    exchange = next((e for e in visit.exchanges if use.sentence in e.answer), None)
    questions = [q.norm for q in exchange.questions] if exchange else []
    named = [m.drug for norm in questions for m in find_drugs(norm) if not EXAMPLE.search(norm[: m.start])]
    meant_one = [drug for drug in named if (drug.atc or "").startswith(code) and drug.inn not in CLASS_CODES]
    at_home = recorded((code,) if isinstance(code, str) else code, visit.transcript) if DEFINITE.search(use.before) else None
    if meant_one or at_home:
        return replace(use, drug=meant_one[-1] if meant_one else at_home or use.drug)
    return use


DEFINITE = re.compile(r"(?<![a-z])(?:le|la|l|les|votre|vos|mon|ma|mes|son|sa|ses|ton|ta|tes|my|your|the) $")
