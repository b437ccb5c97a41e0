"""Answers that take up one of several things that were asked, name another thing, or leave the rest: "le nez oui", "le reste, non"."""

import re
from collections.abc import Sequence

from app.notes.facts import Polarity
from app.notes.language.lexicon import Mention, find_concepts
from app.notes.language.units import Exchange, Sentence
from app.notes.language.verdicts import NO
from app.notes.people.people import relation_near
from app.notes.transcript import Language

CLINICAL = ("symptom", "problem", "surgery")
PART = re.compile(
    r"\W*(?:(?:un|petit|peu|surtout|plutot|juste|seulement|oui|que|ah|euh|just|mainly|only|mostly|a|bit|yes)\W+)*"
    r"(?:les|le|la|l|the|my) ([a-z]{4,})(?:\W+(?:oui|yes))?\W*$"
)


def takes_up_another(exchange: Exchange, question: Sentence, mention: Mention) -> bool:
    """ "Vous éternuez ? Les yeux qui piquent ?" - "Un peu les yeux.": an answer to one of several questions only."""
    part = PART.match(exchange.answer_text)
    if not part or exchange.verdict == "no":
        return False
    word = re.compile(rf"(?<![a-z]){part.group(1)[:6]}")
    taken_up = any(word.search(asked.norm) for asked in exchange.questions)
    return taken_up and not word.search(question.norm[mention.start : mention.end])


OF_ANOTHER = re.compile(
    r"\W*(?:(?:ah|ben|bah|euh|oui|well|yes|um|uh)\W+)*(?:un (?:petit )?peu|a (?:little )?bit) (?=[a-z])"
)


def names_another(exchange: Exchange, mention: Mention, lang: Language) -> bool:
    """ "Des contractions ?" - "Un peu dur le ventre.": a little of something else is no yes to what was asked."""
    first = exchange.answer[0].norm
    little = OF_ANOTHER.match(first)
    named = [m for m in find_concepts(first, lang) if little and m.start - little.end() < NEXT_WORD]
    named = named or [m for s in exchange.answer[:2] for m in find_concepts(s.norm, lang) if _alone_affirmed(s.norm, m)]
    if not named and exchange.verdict == "open" and relation_near(first, 0, lang):
        return any(m.concept.fr != mention.concept.fr for m in find_concepts(first, lang))
    return bool(named) and all(m.concept.fr != mention.concept.fr for m in named)


NEXT_WORD = 4  # characters: "de la", "d'"
ALONE_YES = re.compile(r"[a-z]*,? (?:(?:ca|la|par contre|alors),? )?(?:oui|ouais|si)(?![a-z])")


def _alone_affirmed(norm: str, mention: Mention) -> bool:
    """ "Fatiguée, ça, oui.": the one thing that is said yes to."""
    return not norm[: mention.start].strip(" ,") and ALONE_YES.match(norm, mention.end) is not None


ECHOED = {  # what follows the word that an answer takes up
    "fr": (
        "oui|si|un peu|une (?:petite )?(?:trace|goutte|fois)|toute l annee|parfois|souvent|aussi|beaucoup|tout le temps|des fois|de temps en temps|(?:ca )?m arrive|quand|le (?:soir|matin)|la nuit",
        "non(?: plus)?|jamais|aucune?|rien|zero|nulle part|que dalle|nada|du tout|je (?:ne )?dirais pas|pas (?:trop|vraiment|du tout|tellement|specialement|particulierement|plus|que je sache|remarque|encore|vu|eu|senti|entendu|note|d )|c est bon|impeccable|nickel",
    ),
    "en": ("yes|a little|sometimes", "no|never"),
}


def echoed(exchange: Exchange, question: Sentence, mention: Mention, lang: Language) -> Polarity | None:
    """ "Elle tousse, elle a le nez qui coule ?" - "Le nez oui.": an answer that takes up one of several questions."""
    yes, no = ECHOED[lang]
    for word in re.findall(r"[a-z]{3,}", question.norm[mention.start : mention.end]):
        found = re.search(
            rf"(?<![a-z]){word[:6]}[a-z]*,? (?:(?:ca|moi|euh|alors|bien),? )?({yes}|{no})(?! plus que)(?![a-z]| \?)",
            exchange.answer_text,
        )
        if found and word not in ("mal", "des", "les", "pain", "the", "une", "qui"):
            return "present" if re.fullmatch(yes, found.group(1)) else "absent"
    return "absent" if _several_asked(exchange) and THE_REST[lang].search(exchange.answer_text) else None


THE_REST = {  # "Trembler, un peu. Le reste, non."
    "fr": re.compile(r"(?<![a-z])(?:(?:tout )?le reste|les autres|pour le reste|sinon),? (?:non|rien|jamais|ca va|pas du tout)(?![a-z])"),
    "en": re.compile(r"(?<![a-z])(?:the rest|the others|otherwise),? (?:no|nothing|never|fine)(?![a-z])"),
}  # fmt: skip


def _several_asked(exchange: Exchange) -> bool:
    """Whether a run of questions asks more than one thing."""
    return len(exchange.questions) > 1 or any("," in q.norm for q in exchange.questions)


def denies_others_only(exchange: Exchange, mention: Mention, lang: Language) -> bool:
    """ "De la fièvre, de la toux ?" - "Pas de fièvre. Je toussote.": a denial that names one leaves the others open."""
    first = exchange.answer[0].norm
    if not NAMES_WHAT_IS_NOT[lang].match(first) or NOTHING_ELSE[lang].search(exchange.answer_text):
        return False
    named = {m.concept.fr for m in find_concepts(first, lang)}
    asked = {m.concept.fr for q in exchange.questions for m in find_concepts(q.norm, lang) if m.concept.kind in CLINICAL}
    return bool(named & asked) and mention.concept.fr not in named


NAMES_WHAT_IS_NOT = {"fr": re.compile(r"\W*(?:(?:ben|alors|euh|bah)\W+)*(?:pas (?:de|d)|jamais (?:de|d)) "), "en": re.compile(r"\W*(?:(?:well|um|uh)\W+)*no (?=[a-z])")}
NOTHING_ELSE = {"fr": re.compile(r"non plus|(?<![a-z])(?:ni|rien|aucune?)(?![a-z])|rien de tout"), "en": re.compile(r"(?<![a-z])(?:either|neither|nor|none|nothing|(?:is|are|s|re|been) (?:all )?(?:fine|ok|okay|good|normal))(?![a-z])")}


def no_goes_with_names(exchange: Exchange, mention: Mention, lang: Language) -> bool:
    """ "Le cœur qui s'emballe, des malaises ?" - "Des malaises, non. Par contre...": each no stands beside the thing it denies."""
    if lang != "fr":
        return False
    asked = {m.concept.fr for q in exchange.questions for m in find_concepts(q.norm, lang) if m.concept.kind in CLINICAL}
    left, named = [], set()
    for said in exchange.answer:
        norm = said.norm
        for m in reversed(find_concepts(norm, lang)):
            beside = m.concept.fr in asked and BESIDE_NO.match(norm, m.end)
            if beside:
                named.add(m.concept.fr)
                norm = norm[: m.start] + norm[beside.end() :]
        left.append(norm)
    return bool(named) and mention.concept.fr not in named and not ANY_NO.search(" ".join(left))


BESIDE_NO = re.compile(r"[a-zœ]*,? (?:(?:ca|la|moi|alors),? )?non(?! plus)(?![a-z])")
ANY_NO = re.compile(r"(?<![a-z])(?:non|rien|ni|aucune?|jamais|pas|plus|normal\w*|bien|pareil)(?![a-z])")


def affirms_another(exchange: Exchange, question: Sentence, mention: Mention, lang: Language) -> bool:
    """ "Vous toussez ? Du sang ?" - "Oui, je tousse.": the yes is to the one that it names."""
    others = {
        m.concept.fr for q in exchange.questions if q is not question for m in find_concepts(q.norm, lang) if m.concept.kind in CLINICAL
    }
    said = {m.concept.fr for m in find_concepts(exchange.answer[0].norm, lang)}
    return bool(said & others) and mention.concept.fr not in said


def taken_back(told: Sequence[Sentence]) -> bool:
    """ "Non. Enfin si, la semaine avant les règles": a denial taken back at once, in the second of two statements."""
    if len(told) < 2 or len(told[0].norm.split()) > SHORT_DENIAL or AFTER_ALL.match(told[1].norm) is None:
        return False
    return not any(m.concept.kind in CLINICAL for m in find_concepts(told[1].norm, "fr"))  # "Ah si, des vertiges": another


def tells_of_another(exchange: Exchange, lang: Language) -> bool:
    """ "De la diarrhée ?" - "J'ai mal au ventre depuis hier.": how long something else lasts is no yes to what was asked."""
    first = exchange.answer[0].norm
    said = {m.concept.fr for m in find_concepts(first, lang) if m.concept.kind in CLINICAL}
    asked = {m.concept.fr for q in exchange.questions for m in find_concepts(q.norm, lang)}
    return bool(said) and not said & asked and I_HAVE[lang].match(first) is not None


I_HAVE = {
    "fr": re.compile(r"\W*(?:(?:ben|bah|alors|euh|heu|et|mais|pourtant|la|moi|en fait)\W+)*(?:j ai|je (?:suis|me)|ca (?:me )?(?:fait|gratte|brule|tire)|c est (?:plutot|surtout))(?![a-z])"),
    "en": re.compile(r"\W*(?:(?:well|um|uh|and|but|so)\W+)*(?:i (?:have|ve|am|m|feel)|it (?:hurts|itches|burns)|it s (?:more|mostly))(?![a-z])"),
}  # fmt: skip


SHORT_DENIAL = 6  # words
AFTER_ALL = re.compile(r"(?:^|[.!…,;] ?)\W*(?:(?:enfin|ah|attendez|euh|mais|en fait)\W+)+(?:si(?! (?:je|on|c est|ca|vous|jamais)(?![a-z]))|oui)(?![a-z])")


def another_after_all(exchange: Exchange, mention: Mention, lang: Language) -> bool:
    """ "Les yeux qui piquent ?" - "Non. Ah si, des vertiges.": what is there after all is not what was asked."""
    if lang != "fr" or not NO["fr"].search(exchange.answer[0].norm) or mention.concept.kind == "surgery":
        return False
    said = next((s for s in exchange.answer if AFTER_ALL.search(s.norm)), None)
    named = {m.concept.fr for m in find_concepts(said.norm, lang) if m.concept.kind in CLINICAL} if said else set()
    return bool(named) and mention.concept.fr not in named
