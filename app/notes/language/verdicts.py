"""What an answer says to a yes-or-no question: yes, no, more than was asked, or nothing; from the folded words alone."""

import re
from collections.abc import Sequence
from typing import Literal

from app.notes.language.cues import cue, cues
from app.notes.transcript import Language

Verdict = Literal["yes", "no", "open", ""]
YES = cues("units.yes")
NO = cues("units.no")
LATER_NO = cues("units.later_no")
WHEN_YES = cues("units.when_yes")  # when it comes tells that it comes
QUANTITY = cue("units.quantity")
MAX_LATER_NO = 60  # characters: a longer answer that says no somewhere answers something else too

UNKNOWN = {  # who does not know denies nothing: "j'en sais rien"
    "fr": re.compile(
        r"\W*(?:(?:euh|ah|oh|ben|bah|ouh la|alors|la|bof|mais|heu|pff+|hum|ca|non mais)\W+)*(?:j en sais (?:rien|trop rien)|(?:je )?(?:ne )?sais (?:pas|plus)(?: du tout)?|(?:ca )?aucune idee|allez savoir|je pourrais pas (?:vous )?dire|j (?:ai )?(?:n )?(?:ai )?(?:pas|jamais) (?:regarde|fait attention|verifie|compte|mesure|demande)|(?:je )?(?:m en |me )?souviens? (?:pas|plus))(?![a-z])"
    ),
    "en": re.compile(r"\W*(?:(?:um|uh|oh|well)\W+)*(?:i (?:don t|do not) (?:know|remember)|no idea|i (?:haven t|didn t) (?:checked|looked|check|look)|not sure|i m not sure)(?![a-z])"),
}  # fmt: skip
NOT_ME = {  # "Moi non. Ma mère, si.": whatever is said of others
    "fr": re.compile(r"\W*(?:(?:ah|ben|euh|alors|pour)\W+)*moi,? (?:personnellement,? )?(?:non|jamais|rien|pas)(?![a-z])(?!.*(?<![a-z])(?:moi,? si|enfin si|si si|ah si|ah oui)(?![a-z]))"),
    "en": re.compile(r"\W*(?:(?:well|um|uh)\W+)*not (?:me|myself)(?![a-z])"),
}  # fmt: skip
AFTER_ALL = {  # a no that is taken back: "Non. Ah si !", "J'ai pas regardé. Ah oui, y en a deux"
    "fr": re.compile(
        r"^.{2,160}[.!…,] ?(?:(?:enfin|ah|attendez|euh|mais)\W+)*(?:ah (?:si|oui)|si si|enfin si|si,)(?![a-z])|"
        r"^\W*(?:non|pas (?:vraiment|trop|tellement|specialement|souvent))\W+enfin,? (?:parfois|des fois|de temps en temps|tous les|toutes les|un (?:petit )?peu|quand|le (?:soir|matin|dimanche|week end)|(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) )"
    ),
    "en": re.compile(r"^\W*no.{2,120}[.!,] ?(?:(?:oh|well|actually|wait)\W+)+(?:yes|yeah|i do|i did|i have)(?![a-z])"),
}  # fmt: skip
PART_YES = {  # "les coudes non. la tête, oui": a part of it is there
    "fr": re.compile(r"^\W*(?!non)(?:les?|la|l|des?|du) [a-z ]{2,30},? non\b.{0,40}?(?:les?|la|l|des?|du) [a-z ]{2,30},? oui(?![a-z])"),
    "en": re.compile(r"^\W*(?!no)(?:the|my) [a-z ]{2,30},? no\b.{0,40}?(?:the|my) [a-z ]{2,30},? yes(?![a-z])"),
}  # fmt: skip


BUT_NO = {  # "Des fois je me dis que ce serait plus calme. Mais non, me tuer, non.": no yes after all
    "fr": re.compile(r"\W*(?:mais|enfin|bon|apres)\W+(?:(?:euh|en fait|franchement),? )?non(?! plus)(?![a-z])"),
    "en": re.compile(r"\W*(?:but|well|actually)\W+no(?![a-z])"),
}  # fmt: skip


YES_THEN = {
    "fr": re.compile(r"\W*(?:quand|avant|petite?|enfant|bebe|dans l enfance|plus jeune|ado)(?![a-z])[a-z ]{0,30},? oui(?![a-z])"),
    "en": re.compile(r"\W*(?:when|before|as a)(?![a-z])[a-z ]{0,30},? yes(?![a-z])"),
}  # fmt: skip
TAKES_NONE = {
    "fr": re.compile(r"(?<![a-z])je (?:n |ne )?(?:en )?prends? (?:rien|jamais)(?![a-z])"),
    "en": re.compile(r"(?<![a-z])i (?:don t|never) take (?:any|anything|those|them)(?![a-z])"),
}
MAX_EXCLAIMED = 32  # characters


def _exclaims_no(answer: Sequence[str], lang: Language) -> bool:
    """ "Avec qui, grand Dieu ! Non, aucune chance.": a short exclamation, and then the answer."""
    first = answer[0] if answer else ""
    short = len(first) < MAX_EXCLAIMED and first.rstrip()[-1:] in "!…" and len(answer) > 1
    return short and bool(NO[lang].search(answer[1]))


def _echoes(reply: Sequence[str]) -> bool:
    """ "Un zona ? Non, c'est une première.": the question said again before its answer."""
    first, *rest = reply
    asked = first.rstrip().endswith("?") and len(first.split()) <= MOST_ECHOED
    return asked and any(NO["fr"].search(s) or YES["fr"].search(s) for s in rest[:2])


MOST_ECHOED = 8  # words
SURPRISED = re.compile(r"\W*(?:(?:ah|oh|euh)\W+)*(?:non|oui|ah bon|no|really|yes)\s?\?+\s*")  # "Non ? Et moi qui croyais...": no answer


def only_surprise(reply: Sequence[str]) -> bool:
    """Whether the first of several sentences of a reply only says the question again: the answer is in the next."""
    return len(reply) > 1 and (SURPRISED.fullmatch(reply[0]) is not None or _echoes(reply))


def judge(answer: Sequence[str], lang: Language) -> Verdict:
    """What an answer says to a yes-or-no question: yes, no, open (it tells more instead) or nothing."""
    text = " ".join(answer).strip()
    if AFTER_ALL[lang].search(text) and not NOT_ME[lang].match(text):
        return "yes"
    if UNKNOWN[lang].match(text):
        return ""
    if NO[lang].search(text):
        return "no"
    if YES[lang].search(text):
        return "" if any(BUT_NO[lang].match(said) for said in answer[1:3]) else "yes"
    first = answer[0] if answer else ""
    if PART_YES[lang].search(text) or YES_THEN[lang].match(text):
        return "yes"
    if TAKES_NONE[lang].search(text) or _exclaims_no(answer, lang):
        return "no"
    if len(first) < MAX_LATER_NO and LATER_NO[lang].search(first) and not re.search(r"\d", first):
        return "no"
    if WHEN_YES[lang].match(first):
        return "yes"
    return "open" if QUANTITY.search(text) else ""
