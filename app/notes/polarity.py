"""Whether a mention is affirmed, denied, supposed, past or somebody else's: cues in the words around it."""

import re
from dataclasses import dataclass

from app.notes.facts import Certainty, Polarity, Temporality
from app.notes.transcript import Language

CLAUSE_END = {
    "fr": re.compile(r"[.;:!?…]|,(?! (?:ni|pas|sans|ou|de |d ))| mais | sauf | par contre | et (?=je |j |il |elle |on |vous |c est |ca |y a |la |le |les )"
                     r"|(?<=oui),| donc | parce qu| car | alors "),
    "en": re.compile(r"[.;:!?…]|(?<=yes),|(?<=no), (?=i |she |he |they |it )| but | except | however | although | though "
                     r"| and (?=i |she |he |it |they |we |you |my |the )| because | so (?=i |you |we )"),
}
DENIES_BEFORE = {
    "fr": re.compile(r"(?<![a-z])(?:pas(?! (?:mal|que|seulement|loin|sur))|jamais|aucune?s?|ni|sans(?! (?:arret|doute|cesse))|"
                     r"absence d|ne? \w+ plus|n \w+ plus|(?:ai|a|avait|avais|y a|suis|est|etait|fait|avez) plus|plus (?:de|d|une?|aucune?|trop)(?! plus)|"
                     r"rien|non|nie)(?![a-z])"),
    "en": re.compile(r"(?<![a-z])(?:no(?! doubt)|not(?! only| sure)|n t|don t|doesn t|didn t|haven t|hasn t|isn t|wasn t|aren t|won t|can t|"
                     r"never|without|none|nor|neither|den(?:y|ies|ied|ying)|negative for|free of|absence of|rule out|nothing like)(?![a-z])"),
}
DENIES_AFTER = {
    "fr": re.compile(r"^[\s,]*(?:\w+\s){0,2}?(?:,? ?non(?! plus que)|jamais|pas(?! mal)|aucune?|negati(?:f|ve))(?![a-z])"),
    "en": re.compile(r"^[\s,]*(?:\w+\s){0,2}?(?:no(?![a-z])|never|is not|isn t|was negative|not)(?![a-z])"),
}
AFTER_STOP = {"fr": re.compile(r"[.;:!?…]|, (?!non)|(?<![a-z])(?:qui|que|et|mais|depuis|quand|dans|dont)(?![a-z])"),
              "en": re.compile(r"[.;:!?…]|,|(?<![a-z])(?:and|but|that|which|in|when|since|with|for|so|or|because)(?![a-z])")}
SUPPOSES = {
    "fr": re.compile(r"(?<![a-z])(?:peut etre|possible|probable(?:ment)?|sans doute|je (?:pense|crois|me dis|me disais|dirais|suppose|soupconne)|"
                     r"on dirait|suspicion|suspect|evoque|pourrait etre|doit etre|ca ressemble|plutot|j hesit|semble|l impression|je me (?:suis )?demand)"),
    "en": re.compile(r"(?<![a-z])(?:maybe|perhaps|possib(?:le|ly)|probab(?:le|ly)|likely|suspect(?:ed)?|fe(?:els?|lt) like|might|may be|could be|i (?:think|guess|wonder(?:ed)?|suppose)|"
                     r"consistent with|suggestive|looks like|sounds like|seems?|concern(?:ed)? (?:for|about)|worried (?:about|it))(?![a-z])"),
}
CONDITIONS = {
    "fr": re.compile(r"(?<![a-z])(?:si (?!si|oui|non)|s il|s ils|des que|en cas d|au cas ou|tant qu|a condition|sinon|uniquement si|pourrait|pourra|on verra)"),
    "en": re.compile(r"(?<![a-z])(?:if|unless|in case|should you|whether|otherwise|until|when you get)(?![a-z])"),
}
PAST = {
    "fr": re.compile(r"(?<![a-z])(?:en (?:19|20)\d\d|a \d+ ans|il y a (?:\d+|longtemps|quelques|une?) ?(?:ans?|mois|annees?)?|y a (?:\d+ ans|longtemps)|"
                     r"l an(?:nee)? (?:dernier|passe)|(?:le mois|la semaine|l hiver|l ete) (?:dernier|passe)|dernier(?:e)? fois|"
                     r"dans l enfance|quand j (?:etais|avais)|j avais eu|avais fait|j etais petit|c etait petit|enfant\b|autrefois|avant,|"
                     r"(?:j|vous) (?:ai |avez )?deja (?:eu|fait)|\ben terminale|au college|au lycee|a l epoque|antecedent|jadis|au debut)"),
    "en": re.compile(r"(?<![a-z])(?:in (?:19|20)\d\d|(?:\d+|a few|several|couple of|many|some) (?:years?|months?) (?:ago|back)|years ago|last (?:year|month|winter|summer)|"
                     r"as a (?:child|kid|boy|girl|teenager)|in (?:childhood|high school|college)|history of|had (?:a |an |my |some )?(?!been)|"
                     r"used to|when i was|previous(?:ly)?|in the past|back in|at the age of|ages ago)(?![a-z])"),
}
RESOLVED = {
    "fr": re.compile(r"(?<![a-z])(?:gueri|c est (?:passe|fini|parti)|ca a passe|est passe|a disparu|plus maintenant|plus depuis|plus une crise depuis|resolu|est parti|c etait petit|pas recommence)"),
    "en": re.compile(r"(?<![a-z])(?:resolved|went away|gone(?: away)? now|gone away|has gone|cleared up|all clear|better now|stopped now|settled|grew out of)(?![a-z])"),
}


@dataclass(frozen=True, slots=True)
class Stance:
    """How a mention is meant."""

    polarity: Polarity
    certainty: Certainty
    temporality: Temporality


def clause_of(norm: str, start: int, end: int, lang: Language) -> tuple[int, int]:
    """The clause around norm[start:end]."""
    left, right = 0, len(norm)
    for mark in CLAUSE_END[lang].finditer(norm):
        if mark.end() <= start:
            left = mark.end()
        elif mark.start() >= end:
            right = mark.start()
            break
    return left, right


def is_denied(norm: str, start: int, end: int, lang: Language) -> bool:
    """Whether the words around norm[start:end] deny it."""
    left, right = clause_of(norm, start, end, lang)
    before, after = norm[left:start], norm[end:right]
    denials = list(DENIES_BEFORE[lang].finditer(before))
    if denials and len(before[denials[-1].end():].split()) <= (9 if lang == "en" else 6):
        return not _double(before, lang)
    stop = AFTER_STOP[lang].search(norm[end:])
    tail = norm[end:end + stop.start()] if stop else after
    return bool(DENIES_AFTER[lang].search(tail)) or bool(re.match(r",? non(?! plus que)(?![a-z])", norm[end:]))


def _double(before: str, lang: Language) -> bool:
    """Denials that deny nothing: "pas d'autre", "ce n'est pas rien"."""
    return lang == "fr" and bool(re.search(r"pas (?:d autre|rien|sans)|non,? si\b", before))


def stance(norm: str, start: int, end: int, lang: Language) -> Stance:
    """Polarity, certainty and time of the mention at norm[start:end] of a sentence."""
    left, right = clause_of(norm, start, end, lang)
    clause, before = norm[left:right], norm[:start]
    certainty: Certainty = "certain"
    if CONDITIONS[lang].search(before):
        certainty = "conditional"
    elif SUPPOSES[lang].search(clause):
        certainty = "suspected"
    temporality: Temporality = "current"
    if RESOLVED[lang].search(norm[left:]):
        temporality = "resolved"
    elif PAST[lang].search(clause):
        temporality = "past"
    return Stance("absent" if is_denied(norm, start, end, lang) else "present", certainty, temporality)
