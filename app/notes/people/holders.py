"""Whose a French statement is, followed from word to word: "Ma mère, le cœur. Mon frère, lui, rien. Moi, l'asthme."

A relative who is named, a pronoun that stands for one, or the speaker in person holds what is said until somebody else does.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

from app.notes.people.people import CALLED, PET, RELATIONS, SOMEBODY, TELLS, UNTOLD

PATIENT = "patient"
Role = Literal["patient", "parent", "grandparent", "child", "spouse"]  # who speaks, seen from the patient


@dataclass(frozen=True, slots=True)
class Speaking:
    """What a statement is understood by: who speaks of whom, what was asked, what was said before in the turn (folded)."""

    role: Role = "patient"
    self_name: str = PATIENT  # the speaker's relation to the patient
    patient_sex: str | None = None
    asked: str = ""
    earlier: tuple[str, ...] = field(default=())
    family_asked: bool = False
    names: tuple[tuple[str, str, str], ...] = ()  # first names (folded), whose they are, the words that told it


@dataclass(frozen=True, slots=True)
class Event:
    """From norm[start:] on, what is said is `who`'s; `adds` when it joins those named just before ("mon père et mon frère")."""

    start: int
    end: int
    who: str
    feminine: bool | None
    adds: bool = False
    named: bool = False  # by a relation, not by a pronoun


ADJECTIVE = r"(?:(?:petite?s?|grande?s?|vieille|vieux|jeunes?|pauvre|propre|autres?|deux|2|3|trois|4|premiere?|deuxieme|plus) )*"
OWNERS = r"(?:ma|mon|mes|ta|ton|tes|sa|son|ses|notre|nos|leurs?|une?|des|deux|2|3|4|trois|quatre|plusieurs)"
ARTICLES = r"(?:la|le|les|l)"
SPEAKERS_OWN = re.compile(r"(?:ma|mon|mes|notre|nos) ")
NO_HEAD_BEFORE = re.compile(  # a complement, not who is spoken of
    r"(?<![a-z])(?:avec|chez|pour|contre|sans|de|d|du|des|a|au|aux|par|voir|appele[rz]?|demenage|enceinte de|garde|que|comme|cote d[eu]?|sauf|moi|toi|remplace|accompagne|apres|avant|entre|envers) $"
)
HOLDS_THOUGH = re.compile(r"(?:,? ?(?:c est|c etait|surtout|chez|cote|du cote de|pour)) $")
AND_ALSO = re.compile(r"\s*,? (?:et|ou|ainsi que) ")
OF_ANOTHER = re.compile(r" (?:de|d) (?:ma|mon|mes|sa|son|ses|ta|ton|leur|notre|votre)(?![a-z])")  # "la mère de mon amie": not ours
OF_SOMEBODY = re.compile(r" (?:de|d) (?!moi|nous|l |la |les )[a-z]")  # "le fils de Jeanne"
AND = re.compile(r"\s*,?\s*(?:et|ou|puis|ainsi que)?(?: aussi)? ")
COMPOSED = (  # "le fils de ma tante"
    (r"(?:fils|garcon) (?:de|a) (?:ma|mon) (?:s(?:oe|œ)ur|frere)", "nephew", False),
    (r"fille (?:de|a) (?:ma|mon) (?:s(?:oe|œ)ur|frere)", "niece", True),
    (r"(?:fils|garcon) (?:de|a) (?:ma|mon|sa|ta) (?:tante|oncle)|fils (?:de|a) (?:mon|ma|ta|sa) (?:tante|oncle)", "cousin", False),
    (r"fille (?:de|a) (?:ma|mon|sa|ta) (?:tante|oncle)", "cousin", True),
    (r"cousine?s? (?:germaine?s? )?de (?:ma mere|mon pere|maman|papa)", "cousin", None),
    (r"s(?:oe|œ)urs? (?:de|a) (?:(?:ma|sa|ta) mere|maman|(?:mon|son|ton) pere|papa)", "aunt", True),
    (r"freres? (?:de|a) (?:(?:ma|sa|ta) mere|maman)", "maternal uncle", False),
    (r"freres? (?:de|a) (?:(?:mon|son|ton) pere|papa)", "paternal uncle", False),
    (r"(?:mere|maman) (?:de|a) (?:(?:ma|sa) mere|maman|(?:mon|son) pere|papa)", "grandmother", True),
    (r"(?:pere|papa) (?:de|a) (?:(?:ma|sa) mere|maman|(?:mon|son) pere|papa)", "grandfather", False),
    (r"(?:mere|maman) (?:de|a) (?:mon (?:mari|copain|conjoint|compagnon)|ma (?:femme|copine|conjointe|compagne))", "mother-in-law", True),
    (r"(?:pere|papa) (?:de|a) (?:mon (?:mari|copain|conjoint|compagnon)|ma (?:femme|copine|conjointe|compagne))", "father-in-law", False),
    (r"s(?:oe|œ)urs? (?:de|a) (?:mon (?:mari|copain|conjoint|compagnon)|ma (?:femme|copine|conjointe|compagne))", "sister-in-law", True),
    (r"freres? (?:de|a) (?:mon (?:mari|copain|conjoint|compagnon)|ma (?:femme|copine|conjointe|compagne))", "brother-in-law", False),
)  # fmt: skip
BARE = r"maman|papa|mamie|mamy|papi|papy|tata|tatie|tonton"  # named without "ma" or "mon"
FEMININE = frozenset({
    "mother", "sister", "wife", "daughter", "grandmother", "aunt", "niece", "sister-in-law", "mother-in-law", "granddaughter",
    "daughter-in-law",
})  # fmt: skip
EITHER = frozenset({"partner", "cousin", "roommate", "colleague", "neighbour", "friend", "parents", "children", "grandchildren", *UNTOLD})
SELF = re.compile(r"(?<![a-z])(?<!a )(?:(?P<stressed>(?<!de )(?<!avec )(?<!chez )(?<!pour )(?<!sans )(?<!par )(?<!comme )(?<!selon )moi(?:,? (?:aussi|pareil|non plus|je|j|c est))*)|je|j)(?![a-z])")
THEIRS = re.compile(  # "son cancer": of whoever was just spoken about
    r"(?<![a-z])(?P<theirs>son|sa|ses) (?!(?:cote|tour|avis|mere|pere|frere|fils|fille|mari|femme)(?![a-z]))"
)
PRONOUN = re.compile(
    r"(?<![a-z])(?:(?P<woman>elles?)|(?P<man>ils?|lui)|(?P<they>eux))(?! (?:y (?:en )?a|faut|fait (?:froid|chaud|beau)|parait|m en reste|me (?:faut|reste)|reste|suffit|s agit|manque|arrive que))(?![a-z])"
)
OF_KIN = {  # "maman ... et son frère": whose frère that is
    ("mother", "brother"): "maternal uncle", ("father", "brother"): "paternal uncle",
    ("mother", "sister"): "aunt", ("father", "sister"): "aunt",
    ("mother", "mother"): "grandmother", ("father", "mother"): "grandmother",
    ("mother", "father"): "grandfather", ("father", "father"): "grandfather",
    ("sister", "son"): "nephew", ("brother", "son"): "nephew", ("sister", "daughter"): "niece", ("brother", "daughter"): "niece",
    ("aunt", "son"): "cousin", ("aunt", "daughter"): "cousin", ("uncle", "son"): "cousin", ("uncle", "daughter"): "cousin",
    ("partner", "mother"): "mother-in-law", ("husband", "mother"): "mother-in-law", ("wife", "mother"): "mother-in-law",
    ("partner", "father"): "father-in-law", ("husband", "father"): "father-in-law", ("wife", "father"): "father-in-law",
    ("partner", "sister"): "sister-in-law", ("husband", "sister"): "sister-in-law", ("wife", "sister"): "sister-in-law",
    ("partner", "brother"): "brother-in-law", ("husband", "brother"): "brother-in-law", ("wife", "brother"): "brother-in-law",
}  # fmt: skip
OF_A_PARENT = {  # who the kin of the patient's mother or father are to the patient
    "husband": "father", "wife": "mother", "partner": "parents", "mother": "grandmother", "father": "grandfather",
    "sister": "aunt", "brother": "uncle",
}  # fmt: skip
OF_A_CHILD = {  # ... of the patient's son or daughter
    "sister": "daughter", "brother": "son", "aunt": "sister", "uncle": "brother", "cousin": "nephew", "grandmother": "mother",
    "grandfather": "father", "husband": "son-in-law", "wife": "daughter-in-law", "son": "grandson", "daughter": "granddaughter",
    "children": "grandchildren",
}  # fmt: skip
OF_A_SPOUSE = {"mother": "mother-in-law", "father": "father-in-law", "sister": "sister-in-law", "brother": "brother-in-law",
               "husband": PATIENT, "wife": PATIENT, "partner": PATIENT}  # fmt: skip
SIBLINGS = re.compile(r"(?<![a-z])(?:freres?|s(?:oe|œ)urs?|fratrie)(?![a-z])")
OFFSPRING = re.compile(r"(?<![a-z])(?:enfants?|petits|gosses|gamins)(?![a-z])")
ONE_OF_THEM = re.compile(  # "l'aîné a deux stents, la deuxième rien"
    r"(?<![a-z])(?:(?:la|une|ma) (?:petite derniere|petite|grande|premiere|deuxieme|seconde|troisieme|derniere|cadette|ainee)|"
    r"(?:le|un|mon) (?:petit dernier|petit|grand|premier|deuxieme|second|troisieme|dernier|cadet|aine)|l ainee?|les filles|les garcons|la fille|le fils|le garcon)"
    r"(?=,|\W*$|[.;:!?…]| (?:a|ont|est|sont|etait|etaient|avait|avaient|fait|font|faisait|qui|elles?|ils?|lui|prend|tousse|vient|va|vomit|en|ne?|y|rien|aussi|non|oui|c|se|s|me?|l|pareil|pas|est|et|ou|decedee?|morte?)(?![a-z]))"
)
ALONE = re.compile(  # "mon grand a de l'asthme", "ma petite dernière"
    r"(?<![a-z])(?:ma (?:petite derniere|petite|grande|derniere|cadette|ainee)|mon (?:petit dernier|petit|grand|dernier|cadet|aine))"
    r"(?=,| (?:a|est|fait|qui|elle|il|lui|prend|tousse|avait|vient)(?![a-z])|\W*$)"
)


@cache
def _heads() -> tuple[tuple[re.Pattern[str], str, bool | None], ...]:
    """Patterns of relatives with whom they name and their sex, the longest names first."""
    found = [(rf"(?<![a-z])(?:{OWNERS}|{ARTICLES}) {ADJECTIVE}(?:{words})(?![a-z])", who, sex) for words, who, sex in COMPOSED]
    for who, words in sorted(RELATIONS["fr"].items(), key=lambda item: not re.search(r"grand|in-law", item[0])):
        sex = None if who in EITHER else who in FEMININE
        owned = rf"(?<![a-z])(?:{OWNERS} {ADJECTIVE}(?:{words})|{ARTICLES} {ADJECTIVE}(?:{words})(?= |,|\.|$))"
        bare = [w for w in words.split("|") if w in BARE.split("|")]
        pattern = rf"(?:{owned}{''.join(rf'|(?<![a-z]){w}' for w in bare)})(?![a-z])"
        found.append((words if who == PET else pattern, who, sex))
    return tuple((re.compile(pattern), who, sex) for pattern, who, sex in found)


def whose(norm: str, start: int, speaking: Speaking) -> tuple[str, ...]:
    """Who norm[start:] is about: relations, ("patient",), or () when nothing tells."""
    state: tuple[Event, ...] = ()
    known: list[Event] = []
    for text in speaking.earlier:
        state = _after(list(_events(text, speaking, known)), state, known)
    inherited = state
    events = list(_events(norm, speaking, known))
    before = [e for e in events if e.start <= start]
    state = _after(before, state, known)
    if not before:
        later = _topic_told_later(norm, start, events)
        if later:
            return later
        if inherited and not (speaking.family_asked or inherited[-1].who == PATIENT):
            return ()  # a new statement without a person, when nobody asked about the family
    return tuple(dict.fromkeys(event.who for event in state))


def _after(events: Sequence[Event], state: tuple[Event, ...], known: list[Event]) -> tuple[Event, ...]:
    for event in events:
        state = (*state, event) if event.adds and state else (event,)
        known.append(event)
    return state


def _topic_told_later(norm: str, start: int, events: Sequence[Event]) -> tuple[str, ...]:
    """ "Le cancer, c'est mon père", "de l'asthme chez ma sœur", "l'eczéma, elle et ses sœurs": those right after what is theirs."""
    for place, event in enumerate(events):
        between = norm[start : event.start]
        if re.search(r"[.;!?]", between) or len(between.split()) > TOPIC_WORDS:
            break
        group = [event]
        for other in events[place + 1 :]:
            if not other.adds:
                break
            group.append(other)
        ends = re.match(r"\W*(?:$|[.;])", norm[group[-1].end :]) is not None  # "le diabète, ma mère"
        if TOPIC.search(between) or (ends and between.endswith(", ") and BARE_TOPIC.fullmatch(norm[: event.start])):
            return tuple(e.who for e in group)
    return ()


BARE_TOPIC = re.compile(  # what stands alone before a person
    r"\W*(?:(?:et|oui|ben|alors|euh|du cote de ma \w+,|c est)\W+)*(?:le|la|l|les|du|de la|des|de l|d|une?)? ?[a-z]+(?: [a-z]+){0,2}, "
)
TOPIC_WORDS = 9
TOPIC = re.compile(r"(?<![a-z])(?:c est|c etait|chez|surtout|du cote de)(?: (?:surtout|plutot|aussi))? $")


def _events(norm: str, speaking: Speaking, known: list[Event]) -> Iterator[Event]:
    norm = OWNED.sub(lambda m: m.group(1) + " " * (len(m.group()) - len(m.group(1))), norm)
    named, everybody = _named(norm, speaking, known)
    taken = [(e.start, e.end) for e in everybody]
    selfs = [
        Event(m.start(), m.end(), speaking.self_name if m.lastgroup else PATIENT, None)
        for m in SELF.finditer(norm)
        if not any(a <= m.start() < b for a, b in taken)
    ]
    found = sorted([*named, *selfs], key=lambda e: e.start)
    for match in (*PRONOUN.finditer(norm), *(THEIRS.finditer(norm) if speaking.role == PATIENT else ())):
        if any(a <= match.start() < b for a, b in taken):
            continue
        aside = [e for e in everybody if speaking.role == PATIENT or e.feminine != (speaking.patient_sex == "F")]
        earlier = sorted((e for e in (*found, *aside) if e.start < match.start()), key=lambda e: e.start)
        who = _stands_for(match, earlier, known, speaking)
        if who:
            found.append(Event(match.start(), match.end(), who, match.lastgroup == "woman" or None))
    found.sort(key=lambda e: e.start)
    yield from _joined(found, norm)
    known += [e for e in everybody if e not in found]


OWNED = re.compile(r"((?<![a-z])(?:son|sa|ses) [a-z]+) a (?:elle|lui|eux)(?![a-z])")  # "son frère à elle"


def _joined(found: Sequence[Event], norm: str) -> Iterator[Event]:
    """The events in order, those of one list marked: "mon père et mon frère"; an apposition makes the one before precise."""
    last: Event | None = None
    for event in found:
        between = norm[last.end : event.start] if last else ""
        apposed = event.named and re.fullmatch(r"(?: [a-z]+)?, ", between) and re.match(rf"{ARTICLES} ", norm[event.start :])
        if last and last.who != PATIENT and apposed:  # "mon oncle, le frère de mon père"
            last = replace(last, end=event.end, who=event.who if last.who in event.who else last.who)
        else:
            joins = (AND if event.named else AND_ALSO).fullmatch(between) is not None
            adds = last is not None and PATIENT not in (last.who, event.who) and joins
            last = replace(event, adds=adds)
        yield last


def _named(norm: str, speaking: Speaking, known: Sequence[Event], *, asked: bool = False) -> tuple[list[Event], list[Event]]:
    """The relatives that a text names: those that it is about, and all of them; both in order."""
    found: list[tuple[re.Match[str], str, bool | None, bool]] = []
    of_siblings = any(SIBLINGS.search(text) for text in (speaking.asked, *speaking.earlier))
    of_children = not of_siblings and OFFSPRING.search(speaking.asked) is not None
    among = ONE_OF_THEM if of_siblings or of_children or speaking.role == "parent" else ALONE
    for match in among.finditer(norm):
        woman = re.match(r"(?:la|une|ma|les filles)(?![a-z])|l ainee", match.group()) is not None
        found.append((match, _one_of_them(match, norm, woman, of_siblings, speaking), woman, True))
    for pattern, who, sex in _heads():
        for match in pattern.finditer(norm):
            if not any(other.start() < match.end() and match.start() < other.end() for other, *_ in found):
                found.append((match, who, sex, asked or _is_head(norm, match, speaking)))
    for name, who, _ in speaking.names:
        for match in re.finditer(rf"(?<![a-z]){re.escape(name)}(?![a-z])", norm):
            if not any(other.start() <= match.end() + 1 and match.start() <= other.end() + 1 for other, *_ in found):
                found.append((match, who, None, asked or _is_head(norm, match, speaking)))
    heads, everybody = list[Event](), list[Event]()
    last = known[-1].who if known else ""
    for match, who, sex, head in sorted(found, key=lambda item: item[0].start()):
        last = _who_is_named(who, match, last, speaking)
        everybody.append(Event(*match.span(), last, sex, named=True))
        heads += everybody[-1:] if head else []
    return heads, everybody


def _who_is_named(who: str, match: re.Match[str], last: str, speaking: Speaking) -> str:
    """Who a relation or a first name stands for, as the patient would say it, after `last` was named."""
    words = next((told for name, _, told in speaking.names if name == match.group()), match.group())
    if speaking.role == PATIENT:
        born = re.match(r"(?:une?|deux|des) ", words) and HAD_A_CHILD.search(match.string[: match.start()])
        child = {"granddaughter": "daughter", "grandson": "son"}.get(who, who) if born else who
        if born or re.match(r"(?:son|sa|ses) ", words):
            return OF_KIN.get((last, child), who)
        friend = who == "partner" and re.search(r"copine" if speaking.patient_sex == "F" else r"copain(?!e)", words)
        return "friend" if friend else who
    if who == "partner" and speaking.role == "parent" and re.match(r"(?:son|sa|ses|un|une) (?:\w+ )?cop", words):
        return "friend"  # of the child
    return who if who == PATIENT else _seen(who, words, speaking)


HAD_A_CHILD = re.compile(r"(?:s(?:oe|œ)ur|frere|tante|oncle)(?: [a-z]+)?,? (?:(?:elle|il|qui) )?(?:a|avait|a eu|avait eu|vient d avoir) $")


def _one_of_them(match: re.Match[str], norm: str, woman: bool, of_siblings: bool, speaking: Speaking) -> str:
    """Which child or brother or sister "l'aîné", "la petite" is."""
    if speaking.role == "parent":
        small = re.search(r"petite?(?![a-z])", match.group()) is not None and speaking.patient_sex in (None, "F" if woman else "M")
        return PATIENT if small else "sister" if woman else "brother"
    beside = of_siblings or SIBLINGS.search(norm, 0, match.start()) is not None
    who = ("sister" if woman else "brother") if beside else ("daughter" if woman else "son")
    return _seen(who, match.group(), speaking)


def _is_head(norm: str, match: re.Match[str], speaking: Speaking) -> bool:
    """Whether a relative who is named is who is spoken about."""
    before, after = norm[: match.start()], norm[match.end() :]
    of_another = OF_ANOTHER if SPEAKERS_OWN.match(match.group()) else OF_SOMEBODY
    it_is = re.search(r"c (?:est|etait) $", before)  # "c'était papa, le diabète"
    called = not (speaking.family_asked or it_is) and re.fullmatch(BARE, match.group()) and CALLED.match(after)
    if called or TELLS["fr"].search(after) or of_another.match(after):
        return False
    if HOLDS_THOUGH.search(before):
        return True
    return NO_HEAD_BEFORE.search(before) is None


def _seen(who: str, words: str, speaking: Speaking) -> str:
    """A relation as the patient would name it: the kin of a parent, a child or a spouse who speaks."""
    if speaking.role == "patient":
        return who
    bare = re.fullmatch(BARE, words) is not None
    if not (SPEAKERS_OWN.match(words) or bare):
        return who
    if speaking.role == "spouse":
        return OF_A_SPOUSE.get(who, who)
    if speaking.role == "grandparent":
        return {"daughter": "mother", "son": "father", "granddaughter": PATIENT, "grandson": PATIENT}.get(who, who)
    if speaking.role == "parent":
        if who in ("son", "daughter"):
            same = speaking.patient_sex in (None, "F" if who == "daughter" else "M")
            return PATIENT if same else {"son": "brother", "daughter": "sister"}[who]
        return PATIENT if who == "children" else OF_A_PARENT.get(who, who)
    if who in ("mother", "father"):
        same = speaking.patient_sex in (None, "F" if who == "mother" else "M")
        return PATIENT if same else {"mother": "wife", "father": "husband"}[who]
    return OF_A_CHILD.get(who, who)


def _stands_for(match: re.Match[str], here: Sequence[Event], known: Sequence[Event], speaking: Speaking) -> str:
    """Who a pronoun stands for: the last of that sex in the statement, then the patient of whom a relative speaks, then earlier."""
    woman = {"woman": True, "theirs": None}.get(match.lastgroup or "", False)
    near = _last_of(here, woman, speaking)
    last = known[-1] if known else None
    if not near and last is not None and last.who in KIN_OF_A_PARENT:
        near = _last_of((last,), woman, speaking)  # "Ma sœur. Elle est enceinte", said by the child's mother
    if not near and last is not None and TAKES_STILL.match(match.string) and last.who not in (PATIENT, speaking.self_name):
        near = _last_of((last,), woman, speaking)  # "Son père a été suivi. Il prend toujours du Deroxat"
    if near:
        return near
    if speaking.role != PATIENT and speaking.patient_sex in (None, "F" if woman else "M"):
        return PATIENT
    named, _ = _named(MINE.sub(_mine, speaking.asked), Speaking(), (), asked=True)
    elsewhere = SOMEBODY if OTHERS.match(match.string, match.start()) else ""
    return _last_of(known, woman, speaking) or _last_of(named, woman, speaking) or (elsewhere if speaking.role == PATIENT else PATIENT)


def _last_of(events: Sequence[Event], woman: bool | None, speaking: Speaking) -> str:
    """The last relative of that sex (None: of any) in `events`, who does not speak; empty when there is none."""
    others = [e for e in reversed(events) if e.who not in (PATIENT, speaking.self_name)]
    fitting = (e.who for e in others if woman is None or e.feminine in (None, woman))
    return next(fitting, "")


OTHERS = re.compile(r"lui,? il (?!y |m |me |voulait|veut|a dit|disait|pense)|elle,? elle (?!m |me |voulait|veut|a dit|disait|pense)|(?:ils|elles) (?:l |en )?(?:ont|sont|etaient|avaient) (?:presque )?(?:tous|toutes)(?![a-z])")  # whom nobody named: "lui, il pèse lourd"
TAKES_STILL = re.compile(r"\W*(?:et )?(?:il|elle) (?:en )?(?:prend|est sous|est suivie?)(?: (?:toujours|encore|aussi))")
KIN_OF_A_PARENT = frozenset({"grandmother", "grandfather", "aunt", "uncle", "parents"})
MINE = re.compile(r"(?<![a-z])(votre|vos)(?= )")


def _mine(match: re.Match[str]) -> str:
    """ "votre père", asked, is "mon père"."""
    return "mon" if match.group() == "votre" else "mes"


FAMILY_ASKED = re.compile(
    r"famill|chez vous|parents|proches|entourage|quelqu un|(?:votre|sa|son) (?:grand )?(?:mere|pere|maman|papa|mari|femme|partenaire|conjointe?|"
    r"s(?:oe|œ)ur|frere|fils|fille)|freres|s(?:oe|œ)urs|vos enfants|autour de (?:vous|lui|elle)|cote (?:du |de |d )?(?:votre |sa |son )?(?:papa|maman|pere|mere|maternel|paternel)|hereditaire|genealog"
)
I_AM = re.compile(r"(?:je suis|c est|oui,?|moi,?|vous etes) (?:la |le |sa |son |ta )?(maman|mere|papa|pere)(?![a-z])")
THE_FATHER = re.compile(r"(?<![a-z])(?:son|le) (?:pere|papa)(?![a-z])|(?<![a-z])mon (?:mari|conjoint|compagnon|copain)(?![a-z])")
THE_MOTHER = re.compile(r"(?<![a-z])(?:sa|la) (?:mere|maman)(?![a-z])|(?<![a-z])ma (?:femme|compagne|copine|conjointe)(?![a-z])")
A_GRANDPARENT = re.compile(
    r"(?:je suis|vous etes|c est) (?:la |le |sa |son )?(?:grand mere|grand pere|mamie|mamy|papi|papy)(?![a-z])|(?<![a-z])(?:ma petite fille|mon petit fils)(?![a-z])"
)
A_PARENT = re.compile(r"(?<![a-z])(?:maman|ma mere|papa|mon pere)(?![a-z])")
I_AM_A_PARENT = re.compile(r"(?:je suis|c est) (?:la|le|sa|son) (?:maman|mere|papa|pere)(?! (?:de ma|de mon|a (?:moi|lui|elle)|qui))(?![a-z])")
MY_CHILD = re.compile(r"(?<![a-z])(?:mon (?:grand )?fils|ma (?:grande )?fille)(?![a-z])")
A_SPOUSE = re.compile(r"(?<![a-z])(?:mon (?:mari|homme|epoux|compagnon)|ma (?:femme|compagne|epouse))(?![a-z])")


def role_of(theirs: str, asked: str, is_child: bool, sex: str | None) -> tuple[Role, str]:
    """Who a relative is that speaks, by what they and the doctor say (folded): a role, and the relation to the patient."""
    if is_child:
        elder = A_GRANDPARENT.search(theirs) or A_GRANDPARENT.search(asked)
        if elder:
            return "grandparent", "grandfather" if re.search(r"pere|papi|papy", elder.group()) else "grandmother"
        named = I_AM.search(theirs) or I_AM.search(asked)
        if named:
            return "parent", "mother" if named.group(1) in ("maman", "mere") else "father"
        if "maman" in asked or THE_FATHER.search(theirs):
            return "parent", "mother"
        return "parent", "father" if "papa" in asked or THE_MOTHER.search(theirs) else "other"
    if I_AM_A_PARENT.search(theirs) or (MY_CHILD.search(theirs) and not (A_PARENT.search(theirs) or A_SPOUSE.search(theirs))):
        woman = re.search(r"(?:la|sa) (?:maman|mere)", theirs) or THE_FATHER.search(theirs)
        return "parent", "mother" if woman else "father"
    if len(A_SPOUSE.findall(theirs)) > len(A_PARENT.findall(theirs)):
        return "spouse", "wife" if sex == "M" else "husband"
    return "child", "daughter"
