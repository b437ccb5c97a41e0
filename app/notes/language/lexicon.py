"""The words of medicine: concepts by pattern, drugs by name. Loaded once from the small files beside this module."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from rapidfuzz import fuzz, process

from app.notes.language.complaints import complaints, parts
from app.notes.language.text import fold, normalise
from app.notes.transcript import Language

DENYING = "(?:pas|plus|jamais|ni|sans|non|aucune?) "  # no word that stands between the parts of a complaint
APART = "(?: |, (?=(?:elles?|ils?|c|ca|j|je|y) ))"  # a part named first and taken up again: "les fesses, elles sont rouges"
INFLECTED = re.compile(r"(?<![\\\[({?!<=a-z])([a-z]{4,})(?=$|[ |)])")
SENTENCES_KEPT = 4096
FUZZY_CUTOFF = 86.0
LOOSE_CUTOFF = 76.0
JOINED_CUTOFF = 95.0  # words that only together sound like a drug: "doli-prane"
BROKEN_CUTOFF = 84.0
FUZZY_MIN_LETTERS = 8
TOO_COMMON = {  # names of preparations that are everyday words
    "daily",
    "acariens",
    "electrolytes",
    "diane",
    "calcium",
    "fer",
    "iode",
    "potassium",
    "sodium",
    "oxygene",
    "alcool",
    "eau",
    "testosterone level",
    "magnesium citrate",
    "lait",
}


@dataclass(frozen=True, slots=True)
class Concept:
    """A clinical idea and how it is named in each language."""

    kind: str
    fr: str
    en: str
    pattern: re.Pattern[str]

    def name(self, lang: Language) -> str:
        return self.fr if lang == "fr" else self.en


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept found at start..end of a folded text."""

    concept: Concept
    start: int
    end: int


NSAIDS = "M01A"  # ATC: who forbids one means its class


@dataclass(frozen=True, slots=True)
class Drug:
    """A medicine: INN in both languages, ATC where known. `said` is the name that was used, `brand` if it is one."""

    inn: str
    english: str
    atc: str | None
    brand: str = ""

    def name(self, lang: Language) -> str:
        return self.inn if lang == "fr" else self.english


@dataclass(frozen=True, slots=True)
class DrugMention:
    """A drug found at start..end of a folded text; `guessed` from words so far from its name that a doctor must be asked."""

    drug: Drug
    start: int
    end: int
    guessed: bool = False


def _rows(name: str) -> Iterator[list[str]]:
    text = (resources.files("app.notes") / "data" / name).read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def compile_pattern(pattern: str, lang: Language) -> re.Pattern[str]:
    """A pattern over folded text: spaces stretch, œ may be two letters, French words take their endings."""
    if lang == "fr":
        pattern = pattern.replace(r",? (?:\w+ )", rf"{APART}(?:\w+ )").replace(r"(?:\w+ )", r"(?:(?!DENY)\w+ )".replace("DENY", DENYING))
        pattern = INFLECTED.sub(r"\1(?:es|e|s|x)?", pattern)
    pattern = re.sub(r"(?<!\\) ", r"\\s+", pattern.replace(" ?", r"\s?"))
    return re.compile(
        rf"(?<![a-zœ])(?:{pattern.replace('oe', '(?:oe|œ)')})(?![a-zœ])"
        if lang == "en"
        else rf"(?<![a-zœ])(?:{pattern.replace('oe', '(?:oe|œ)')})"
    )


@cache
def concepts(lang: Language) -> tuple[Concept, ...]:
    """All concepts with their patterns of `lang`."""
    rows = [[kind, fr, en, french if lang == "fr" else english] for kind, fr, en, french, english in _rows("concepts.tsv")]
    known = {(kind, fr): row for row in rows for kind, fr in [row[:2]]}
    for fr, en, pattern in complaints(_rows("parts.tsv")) if lang == "fr" else ():
        row = known.setdefault(("symptom", fr), ["symptom", fr, en, ""])
        row[3] = "|".join(filter(None, (row[3], pattern)))
    return tuple(Concept(kind, fr, en, compile_pattern(pattern, lang)) for kind, fr, en, pattern in known.values())


@cache
def body_part() -> re.Pattern[str]:
    """A part of the body named with its article or possessive, in folded French; group 1 is the part."""
    return re.compile(rf"(?<![a-z])(?:l|la|le|les|ma|mon|mes|sa|son|ses|votre|vos|au|aux|du|un|une|ce|cet|cette|ces) ((?:{parts(_rows('parts.tsv'))})s?)(?![a-z])".replace("oe", "(?:oe|œ)"))


@cache
def _named_parts() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = ((name, part.replace("oe", "(?:oe|œ)")) for name, _, part, _ in _rows("parts.tsv"))
    return tuple((name, re.compile(rf"(?<![a-z])(?:{part})s?(?![a-z])")) for name, part in rows)


def part_names(norm: str) -> list[str]:
    """The parts of the body named in folded French, as a French name ends ("du genou"), in order."""
    found = ((m.start(), name) for name, pattern in _named_parts() for m in pattern.finditer(norm))
    return [name for _, name in sorted(found)]


def _matches(norm: str, lang: Language) -> Iterator[Mention]:
    for concept in concepts(lang):
        for m in concept.pattern.finditer(norm):
            if m.end() > m.start():
                yield Mention(concept, m.start(), m.end())


WITHIN = re.compile(r"(?<= )(?:pas|jamais)(?= (?!de |d |du |des |mal |que ))")


def _denied_within(norm: str, lang: Language) -> Iterator[Mention]:
    """ "Les chevilles sont pas enflées": the complaint from after the denial on, which then stands before it."""
    denial = WITHIN.search(norm) if lang == "fr" else None
    if denial is None:
        return
    without = f"{norm[: denial.start()]}{'est'.ljust(len(denial.group()), 't')}{norm[denial.end() :]}"
    for mention in _matches(without, lang):
        if mention.start < denial.start() and mention.end > denial.end() + 1:
            yield Mention(mention.concept, denial.end() + 1, mention.end)


@lru_cache(maxsize=SENTENCES_KEPT)
def find_concepts(norm: str, lang: Language) -> tuple[Mention, ...]:
    """Concepts in a folded text, the longest of those that overlap, in order. Call `forget` when a draft is done."""
    found = [m for m in (*_matches(norm, lang), *_denied_within(norm, lang)) if not _is_illness_only(m, norm)]
    found.sort(key=lambda mention: (mention.start - mention.end, mention.start))
    kept: list[Mention] = []
    for mention in found:
        if all(mention.end <= other.start or mention.start >= other.end for other in kept):
            kept.append(mention)
    return tuple(sorted(kept, key=lambda mention: mention.start))


def _is_illness_only(mention: Mention, norm: str) -> bool:
    """ "Mon frère a une hépatite B": the illness, where nobody speaks of its vaccine; its test, where tests are listed;
    "le docteur de la douleur" is no pain.
    """
    if mention.concept.fr == "douleur" and OF_WHOM.search(norm[: mention.start]):
        return True
    if PREVENTED.match(norm, mention.start) and AGAINST.search(norm[: mention.start]):
        return True  # "contre le palu, vous prenez quelque chose ?"
    if mention.concept.kind == "exam":
        return mention.concept.fr in TESTS_ONLY and OF_TESTS.search(norm) is None
    if mention.concept.kind == "problem":
        return mention.concept.fr in TESTED_FOR and OF_TESTS.search(norm) is not None
    named = mention.concept.kind == "vaccine" and norm.startswith("hepatite", mention.start)
    return named and OF_VACCINES.search(norm) is None


OF_WHOM = re.compile(r"(?<![a-z])(?:(?:docteur|medecin|centre|clinique|consultation|infirmiere?|equipe|unite|service|specialiste) (?:de la |anti ?|du centre de la )|anti ?)$")
AGAINST = re.compile(r"(?<![a-z])(?:contre|prevenir|eviter) (?:le |la |l |les )?$")
PREVENTED = re.compile(r"palu\w*|fievre jaune|rage(?![a-z])|tetanos|grippe|coqueluche|hepatite|meningite|rougeole|zona|covid|pneumo\w*|typhoide|varicelle|rougeole|dengue")
TESTED_FOR = frozenset(("VIH", "syphilis", "hépatite", "infection à chlamydia", "infection à gonocoque", "gonococcie", "rubéole", "toxoplasmose"))
TESTS_ONLY = frozenset(("sérologies hépatites", "recherche de chlamydia et gonocoque", "sérologie rubéole"))
OF_TESTS = re.compile(  # "on complète : VIH, syphilis, hépatite B", "je rajoute la syphilis"
    r"(?<![a-z])(?:(?:on|je) (?:vous |le |la )?(?:complete|rajoute|ajoute|dose|recherche|cherche|controle|recontrole|verifie|depiste|demande)|depistage|serologies?|bilan (?:des )?(?:ist|mst)|prise de sang|prelevement|(?:re)?faire (?:le|un|les) tests?)(?![a-z])(?![^.]*(?:positi|traite|gueri))"
)


OF_VACCINES = re.compile(r"vaccin|rappel|(?<![a-z])(?:doses?|injections?|piqures?|immunis\w*|protegee?s?|a jour|dtp|ror)(?![a-z])")


def forget() -> None:
    """Drop what was remembered of the words of a visit: nothing clinical stays in memory between drafts."""
    find_concepts.cache_clear()
    normalise.cache_clear()


@cache
def _atc_by_name() -> Mapping[str, str]:
    codes: dict[str, str] = {}
    for code, inn, names in _rows("drugs_atc.tsv"):
        for name in (inn, *names.split(", ")):
            if name:
                codes.setdefault(name, code)
    return codes


@cache
def drugs() -> Mapping[str, Drug]:
    """Every known drug by folded name, French and English, INN and brand."""
    atc, known = _atc_by_name(), dict[str, Drug]()
    for inn, english, brands in ((*row, "", "")[:3] for row in _rows("drugs_common.tsv")):
        names = [fold(inn), *(fold(name.strip()) for name in english.split(","))]
        code = next((atc[name] for name in (*names, *brands.split(", ")) if name in atc), None)
        plain = Drug(inn, english.split(",")[0].strip(), code)
        for name in names:
            known.setdefault(name, plain)
        for brand in filter(None, (fold(b.strip()) for b in brands.split(","))):
            known.setdefault(brand, Drug(plain.inn, plain.english, code, brand.capitalize()))
    _add_rare(known)
    return {name: drug for name, drug in known.items() if name not in TOO_COMMON and not name.isdigit()}


def _add_rare(known: dict[str, Drug]) -> None:
    for code, inn, names in _rows("drugs_atc.tsv"):
        same = known.get(inn) or next((known[n] for n in names.split(", ") if n in known), None)
        plain = Drug(same.inn, same.english, code) if same else Drug(inn, inn, code)
        if inn and len(inn) >= 6:
            known.setdefault(inn, plain)
        for brand in filter(None, names.split(", ")):
            known.setdefault(
                brand,
                Drug(plain.inn or brand.capitalize(), plain.english or brand.capitalize(), code, brand.capitalize()),
            )


@cache
def _drug_index() -> Mapping[str, tuple[str, ...]]:
    """Names by their first word, longest first."""
    index: dict[str, list[str]] = {}
    for name in drugs():
        index.setdefault(name.split()[0], []).append(name)
    return {first: tuple(sorted(names, key=len, reverse=True)) for first, names in index.items()}


WORD = re.compile(r"[a-zœ0-9]+")


def find_drugs(norm: str) -> list[DrugMention]:
    """Drugs named in a folded text, in order."""
    index, found, free = _drug_index(), list[DrugMention](), 0
    for word in WORD.finditer(norm):
        if word.start() < free:
            continue
        singular = word.group().rstrip("s")
        for name in index.get(word.group()) or index.get(singular) or ():
            end = word.start() + len(name)
            if " " not in name:
                end = word.end()
            elif not norm.startswith(name, word.start()):
                continue
            end += norm[end : end + 1] == "s" and " " in name
            if norm[end : end + 1].isalnum():
                continue
            found.append(DrugMention(drugs()[name], word.start(), end))
            free = end
            break
    return found


@cache
def common_names() -> frozenset[str]:
    """Folded names of the drugs in common use, brands and both languages included."""
    return frozenset(fold(name.strip()) for row in _rows("drugs_common.tsv") for name in ",".join(row).split(","))


def _one_word(name: str) -> str:
    return name.replace(" ", "")


@cache
def _names_by_letter() -> Mapping[str, tuple[str, ...]]:
    letters: dict[str, list[str]] = {}
    for name in drugs():
        if len(name.replace(" ", "")) >= FUZZY_MIN_LETTERS and name in common_names():
            letters.setdefault(name[0], []).append(name)
    return {letter: tuple(names) for letter, names in letters.items()}


ORDINARY = re.compile(r"contracep|contracti")  # words that are cut in speech and stand near a brand by letters only


def guess_drug(word: str, likely: tuple[str, ...] = (), *, loose: bool = False) -> Drug | None:
    """The drug that a misheard name sounds like; `likely` are folded names already in play, taken more readily.

    `loose` takes words that are only rather like a name: to ask about, not to write down.
    """
    joined = word.replace(" ", "")
    if len(joined) < FUZZY_MIN_LETTERS - 1 or ORDINARY.match(joined):
        return None
    near = process.extractOne(joined, likely, scorer=fuzz.ratio, score_cutoff=78.0) if likely else None
    if near is None and len(joined) >= FUZZY_MIN_LETTERS:
        names, cutoff = (
            _names_by_letter().get(joined[0], ()),
            LOOSE_CUTOFF if loose else JOINED_CUTOFF if " " in word else FUZZY_CUTOFF,
        )
        near = process.extractOne(joined, names, scorer=fuzz.ratio, processor=_one_word, score_cutoff=cutoff)
    return drugs().get(near[0]) if near else None


def drug_at_the_end(letters: str) -> Drug | None:
    """The drug whose name is most like the last of these letters, words run together: to ask about, not to write down."""
    names = (name for group in _names_by_letter().values() for name in group)
    near = [
        (found.score, name)
        for name in names
        if (found := fuzz.partial_ratio_alignment(_one_word(name), letters, score_cutoff=BROKEN_CUTOFF))
        and found.dest_end == len(letters)
        and found.dest_end - found.dest_start >= FUZZY_MIN_LETTERS
    ]
    return drugs()[max(near)[1]] if near else None
