"""A talk about allergies in French: each thing that is asked about, read out or named in it, and whether it harms."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz

from app.notes.allergy.allergens import BROAD, TO_IT, USED, allergens
from app.notes.allergy.tolerance import Bearing, bearing
from app.notes.facts import Evidence
from app.notes.language.cues import cue
from app.notes.language.lexicon import find_drugs
from app.notes.language.meaning import drug_family, recorded_allergy, sounds_like_allergy
from app.notes.language.polarity import is_denied
from app.notes.language.text import fold, normalise
from app.notes.language.units import RECORDED, Exchange, Sentence, Visit
from app.notes.people.holders import PATIENT

ALLERGY = re.compile(r"allergi|intoleran")
EITHER = re.compile(r"allerg|intoleran")  # in French or English
OPENS = re.compile(  # besides the word itself
    r"(?<![a-z])(?:qui vous (?:a|avait) (?:fait (?:mal|du mal|gonfler|une|des)|donne (?:des|une)|rendue?)|reagi\w*|reactions?(?! (?:cutanee|de la peau))|intoleran\w*|(?:supporte\w*|toler\w*) (?:pas|mal)|ne (?:passe|reussit|convient) pas|vous (?:est|sont) interdits?|contre indique\w*|piqures? de (?:guepe|abeille|frelon)|ca (?:vous|te|lui) (?:gratte|demange|pique(?! du nez)|fait (?:gonfler|gratter|des (?:plaques|boutons))|donne des (?:plaques|boutons)))"
)
GOES_ON = re.compile(  # what is asked next, of the same
    r"\W*(?:(?:et|alors|ah|d accord|ok|bon|tres bien|bien|parfait)\W+)*(?:(?:c etait |ca fait |depuis )?(?:quand|longtemps|combien)|qu est ce qu|comment|ca (?:vous|lui) (?:fait|faisait|a fait|donne)|quel (?:genre|type)|"
    r"(?:et )?rien d autre|(?:et )?autre chose|pas d autres?|d autres|et (?:l |la |le |les |un |une |des |du )?\w+ ?\?|quoi comme|vous (?:aviez|avez) (?:eu|fait) quoi|il s etait passe|c est toujours|toujours)"
)
TALK_TURNS = 2
LEAVES = re.compile(r"(?<![a-z])(?:fume\w*|tabac|alcool|famille|travail\w*|metier|grossesse|enceinte|tension|poids|pese\w*|traitements?|prenez|prend|toujours (?:sous|le|la)|a jour|operations?|opere\w*|vaccine\w*|dort|dormez)(?![a-z])")


@dataclass(frozen=True, slots=True)
class Named:
    """A thing at norm[at:] of a sentence: what is said of it, and that part from its name on."""

    label: str
    name: str
    at: int
    said: str
    after: str


@dataclass(frozen=True, slots=True)
class Bears:
    """How a person bears a thing: the evidence, who speaks, whose it is."""

    label: str
    name: str
    bearing: Bearing
    said: str
    evidence: tuple[Evidence, ...]
    sentence: Sentence
    people: tuple[str, ...]
    asked: bool
    named: bool = False  # by the one who answers


NOUNS_ONLY = re.compile(  # "Le latex ?", "Un antibiotique, un médicament ?", "Et les fruits de mer, ça passe ?"
    r"(?!.*(?<![a-z])(?:vous|tu|il|elle|avez|est|avec|c)(?![a-z]))\W*(?:(?:et|alors|ou|ni|ensuite|puis|ok|bon|d accord|parfait|tres bien|passons|sinon)\W+)*"
    r"(?:(?:(?:pas (?:de|d)|une?|des?|du|la|les?|l|d|aux?|a|avec|cote|piqures? de) ?)?[a-z]+(?: (?:de|d|du|des|a|au) [a-z]+)?(?:\W+|$)){1,5}"
)
OF_BEARING = re.compile(
    r"(?<![a-z])(?:support\w*|toler\w*|pass\w*|reagi\w*|reactions?|repris|redonne\w*|remange\w*|reussit|convient|problemes?|soucis?|mange\w*|pique\w*)(?![a-z])"
)
TREATS = re.compile(r"(?<![a-z])(?:soigne\w*|traite\w*|avec quoi|prenez quoi|contre (?:l|les|vos) allergie)")
CONCLUDED = re.compile(r"(?<![a-z])(?:pas (?:d allergi|allergi|intoleran)|pas une allergie)")


def names_allergy(norm: str, visit: Visit) -> bool:
    """Whether a French sentence is about an allergy; a badly heard one counts where it names an allergy of the record."""
    if ALLERGY.search(norm):
        return True
    known = any(recorded_allergy(m.drug.inn, m.drug.atc, visit) for m in find_drugs(norm))
    return known and (sounds_like_allergy(norm, visit.lang) or bool(RECORDED.search(norm)))


STILL_TRUE = re.compile(r"(?<![a-z])(?:toujours (?:vrai|valable|d actualite|le cas)|c etait quoi|c est quoi|confirme)(?![a-z])")


def _on_record(sentence: Sentence, visit: Visit) -> bool:
    """Whether a sentence names an allergy of the record: "L'amoxicilline, c'est toujours vrai ?"."""
    lines = (normalise(line, "fr").norm for line in visit.transcript.patient.allergies)
    recorded = {label for line in lines for label, _, _ in allergens(line, "fr")}
    return any(thing.label in recorded for thing in things(sentence.norm))


def _opens(exchange: Exchange, visit: Visit) -> bool:
    for s in exchange.run:
        about = names_allergy(s.norm, visit) or OPENS.search(s.norm) or (STILL_TRUE.search(s.norm) and _on_record(s, visit))
        if about and (s in exchange.questions or not CONCLUDED.search(s.norm)) and not TREATS.search(s.norm):
            return True
    return False


def talks(visit: Visit) -> Iterator[tuple[Exchange, bool]]:
    """The exchanges about allergies, and whether the question names them itself rather than going on about them."""
    last = -TALK_TURNS - 1
    for exchange in visit.exchanges:
        opens = _opens(exchange, visit)
        near = exchange.questions[0].turn - last <= TALK_TURNS
        question = exchange.questions[-1].norm
        named = any(things(q.norm) for q in exchange.questions) and not LEAVES.search(question)
        goes_on = named and (NOUNS_ONLY.fullmatch(question) or OF_BEARING.search(question))
        if opens or (near and (goes_on or GOES_ON.match(question))):
            yield exchange, opens
            last = max(s.turn for s in exchange.answer)


def borne(exchange: Exchange, visit: Visit) -> Iterator[Bears]:
    """How each thing that an exchange about allergies names is borne."""
    read = [s for s in exchange.run if s in exchange.questions or RECORDED.search(s.norm) or ALLERGY.search(s.norm)]
    asked = [(item, s) for s in read if not (CONCLUDED.search(s.norm) and s not in exchange.questions) for item in things(s.norm) or _recorded(s, visit)]
    answered: set[str] = set()
    told, kept = False, any(item.label == "animaux" for item, _ in asked) and not _opens(exchange, visit)
    for sentence in exchange.answer:
        if sentence.speaker == "doctor":
            break
        for thing in things(sentence.norm):
            was_asked = any(item.label == thing.label for item, _ in asked)
            proof = (exchange.questions[-1].evidence(), sentence.evidence())
            people = visit.people(sentence, thing.at)
            said = _said(thing, sentence, exchange)
            how: Bearing = bearing(said, thing.after)
            if how == "named" and (_is_had_or_dosed(thing, sentence.norm) or (kept and thing.label in PETS)):
                continue
            if how in ("named", "harms") and is_denied(sentence.norm, thing.at, thing.at + 3, "fr"):
                how = "tolerated"
            if people in ((), (PATIENT,)):
                how = "outgrown" if how in ("named", "harms", "doubtful") and _borne_since(thing, sentence, exchange) else how
                answered.add(thing.label)
                told = told or how in ("cleared", "harms", "doubtful", "intolerance")
            yield Bears(thing.label, thing.name, how, said, proof, sentence, people, was_asked, named=True)
    rest = [(item, s) for item, s in asked if item.label not in answered]
    recorded = any(RECORDED.search(s.norm) for s in exchange.run)
    outgrown = [(item, s) for item, s in rest if recorded and exchange.verdict != "no" and _borne_since(item, s, exchange)]
    for item, asking in outgrown:
        proofs = (asking.evidence(), *(s.evidence() for s in exchange.answer[:3]))
        yield Bears(item.label, item.name, "outgrown", "", proofs, exchange.answer[0], (), True)
    rest = [one for one in rest if one not in outgrown]
    if rest and exchange.answer[0].speaker != "doctor":
        yield from _asked_only(exchange, rest, told, visit)
        yield from _by_another_name(exchange, rest)


def _how_answered(text: str, exchange: Exchange) -> Bearing:
    how = bearing(text)
    if how == "named":
        return "tolerated" if exchange.verdict == "no" else "harms" if exchange.verdict == "yes" else how
    if how == "harms" and exchange.verdict == "no" and not re.search(r"(?<![a-z])(?:si|mais|sauf)(?![a-z])", text):
        return "tolerated"
    return "harms" if how == "unknown" and exchange.verdict == "yes" else how  # "Oui. J'en prends plus jamais."


PETS = ("chats", "chiens", "rongeurs", "chevaux")  # "Des animaux ?" - "Un lapin.": kept, and nothing is said of harm
AT_IT = re.compile(r"(?<![a-z])(?:a|au|aux) (?:la |l |les )?$")  # "à la morphine"


def _is_had_or_dosed(thing: Named, norm: str) -> bool:
    """ "J'ai deux lapins", "le Kardégic soixante-quinze": told as had or taken, not as harming."""
    before = norm[: thing.at]
    owned = USED["fr"].search(before) is not None and not TO_IT["fr"].search(before) and not AT_IT.search(before)
    return owned or re.match(r"[a-z]+ \d", thing.after) is not None


def _asked_only(exchange: Exchange, rest: list[tuple[Named, Sentence]], others: bool, visit: Visit) -> Iterator[Bears]:
    """What an answer says of what was asked and that it does not name itself: "Aucun souci", "Le visage qui gonfle"."""
    mine: list[Sentence] = []
    for s in exchange.answer:
        if things(s.norm) and mine:
            break  # what follows is of the other thing
        if s.speaker != "doctor" and not things(s.norm) and visit.people(s, len(s.norm)) in ((), (PATIENT,)):
            mine.append(s)
    if not mine:
        yield from _handed_on(exchange, rest, visit)
        return
    text = " ".join(s.norm for s in mine)
    how = _how_answered(text, exchange)
    generic = [q for q in exchange.questions if ALLERGY.search(q.norm) and not things(q.norm)]
    if generic and how == "tolerated":
        return  # "Des allergies ? La pénicilline, le latex ?" - "Non.": there is none at all
    labels = {item.label for item, _ in rest}
    for item, sentence in rest:
        if (item.label == "antibiotiques" and "médicaments" in labels) or (is_broad(item.label) and others):
            continue
        proof = (sentence.evidence(), *(s.evidence() for s in mine[:3]))
        if how == "tolerated" and exchange.verdict == "no" and _is_the_only_one(item, sentence):
            yield Bears(item.label, item.name, "harms", "", proof, mine[0], (), True)
            continue
        yield Bears(item.label, item.name, how, text, proof, mine[0], (), True)


HANDED_ON = re.compile(r"(?<![a-z])(?:c est|c etait|ca c est) (?:pas moi,? )?(?:plutot |surement |c est )?(?:mon|ma) [a-z]+")


def _handed_on(exchange: Exchange, rest: list[tuple[Named, Sentence]], visit: Visit) -> Iterator[Bears]:
    """ "J'ai noté une allergie à l'aspirine." - "Non, c'est mon frère, ça.": the relative's, and none of the patient's."""
    first = exchange.answer[0]
    people = visit.people(first, len(first.norm))
    if HANDED_ON.search(first.norm) and people not in ((), (PATIENT,)):
        for item, sentence in rest:
            proof = (sentence.evidence(), first.evidence())
            yield Bears(item.label, item.name, "harms", "", proof, first, people, True)
            yield Bears(item.label, item.name, "cleared", "", proof, first, (), True)


TAKEN_AGAIN = re.compile(r"(?<![a-z])(?:repris|redonne\w*|remis|eu|pris|donne|prescrit|reprends|prends)(?![a-z])")


def _borne_since(thing: Named, sentence: Sentence, exchange: Exchange) -> bool:
    """ "La pénicilline, bébé. Mais j'ai repris de l'Augmentin en mars, aucun souci.": a drug of its family was borne since."""
    family = drug_family(fold(thing.name))
    later = [s.norm for s in exchange.answer if (s.turn, s.start) > (sentence.turn, sentence.start)]
    return any(
        TAKEN_AGAIN.search(norm) and bearing(norm) == "tolerated" and any(family & drug_family(fold(m.drug.inn)) for m in find_drugs(norm)) for norm in later
    )


def _is_the_only_one(thing: Named, asked: Sentence) -> bool:
    """ "À part la pénicilline, pas d'allergie ?", "la pénicilline, rien d'autre ?": a no denies the others."""
    before = asked.norm[: thing.at]
    return BESIDES.search(before) is not None or NOTHING_ELSE.search(asked.norm, thing.at) is not None


BESIDES = cue("units.besides")
NOTHING_ELSE = re.compile(r"(?<![a-z])(?:(?:rien|pas|aucune?|quelque chose|vous en avez|y en a|en avez vous) (?:d |de )?(?:autres?|plus)|(?:c est|ce sera) (?:bien )?(?:tout|la seule)|a part (?:ca|cela|elle)|seulement|uniquement)(?![a-z])")


def _by_another_name(exchange: Exchange, rest: list[tuple[Named, Sentence]]) -> Iterator[Bears]:
    """ "La pénicilline, vous en avez repris ?" - "Du Clamoxyl, oui, sans souci.": a drug asked about, answered by one of its family."""
    first = exchange.answer[0]
    named = [m.drug for m in find_drugs(first.norm)]
    for item, sentence in rest:
        if named and drug_family(fold(item.name)) & drug_family(fold(named[0].inn)) and bearing(first.norm) == "tolerated":
            yield Bears(item.label, item.name, "tolerated", first.norm, (sentence.evidence(), first.evidence()), first, (), True)


def things(norm: str) -> list[Named]:
    """The things that a sentence names which may be borne or not, each with what is said of it: its own stretch of clauses."""
    found = sorted(allergens(norm, "fr"), key=lambda item: item[2])
    cuts = [0]
    for (_, _, one), (_, _, other) in pairwise(found):
        marks = [m.end() for m in BETWEEN.finditer(norm, one, other)]
        cuts.append(marks[-1] if marks else other)
    ends = [*cuts[1:], len(norm)]
    return [
        Named(label, name, at, norm[start:end], norm[at:end])
        for (label, name, at), start, end in zip(found, cuts, ends, strict=False)
    ]


BETWEEN = re.compile(r"[,.;:!?…]+ ?| (?:et|mais|ni|ou|puis) ")


def _said(thing: Named, sentence: Sentence, exchange: Exchange) -> str:
    """What is said of a thing: its stretch, and the next sentences of the answer that name nothing else when it comes last."""
    said, others = thing.said, things(sentence.norm)
    if others and others[-1].at == thing.at:
        for later in exchange.answer:
            if later.turn == sentence.turn and later.start > sentence.start:
                if things(later.norm) or later.asks or OF_ELSE.match(later.norm):
                    break
                said += " . " + later.norm
    return said


OF_ELSE = re.compile(r"\W*(?:(?:mais|par contre|et)\W+)*(?:la|le|les|l) [a-z]+(?: [a-z]+)?,? (?:ca|elle|il|ils|elles|non|oui)(?![a-z])")  # "La compote, ça passe."


def is_broad(label: str) -> bool:
    """Whether a name stands for a whole class of things."""
    return label in BROAD


def _recorded(sentence: Sentence, visit: Visit) -> list[Named]:
    """An allergy of the record that a badly heard question names."""
    return [Named(label, name, 0, sentence.norm, sentence.norm) for label, name, _ in of_record(sentence, visit)]


def of_record(sentence: Sentence, visit: Visit) -> list[tuple[str, str, int]]:
    """An allergy of the record that a badly heard sentence about allergies sounds like."""
    if not EITHER.search(sentence.norm):
        return []
    lines = visit.transcript.patient.allergies
    alike = [line for line in lines if fuzz.partial_ratio(fold(line), sentence.norm) >= SOUNDS_LIKE]
    return [item for line in alike for item in allergens(normalise(line, visit.lang).norm, visit.lang)]


SOUNDS_LIKE = 70.0
