"""On which days a drug is taken, and the times that somebody names only to say that it was left out then."""

import re

from app.notes.language.corrections import MASK

DAY = r"(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|week ?end)s?"
ARTICLE = r"(?:(?:le|les|chaque|tous les|au) )"
DAYS_FR = re.compile(  # "le lundi et le jeudi", "du lundi au vendredi"
    rf"(?<![a-z])(?:du {DAY} au {DAY}|{ARTICLE}{DAY}(?![a-z]| \d| (?:soir|matin|prochain|dernier))(?:(?:, ?| et | ou )+{ARTICLE}?{DAY}(?![a-z]))*)"
)
TIME = rf"(?:(?:{ARTICLE}|a |a la )?(?:matin|midi|soir|coucher|nuit|{DAY}|vacances)(?![a-z]))"
TIMES = rf"{TIME}(?:(?:,| et| ni| ou)+ ?{TIME})*"
PAUSED = re.compile(  # "on me l'a arrêté deux jours pour la coloscopie": taken again since
    r"(?<![a-z])(?:arret|stopp|suspend|interromp)\w* (?:juste |pendant |seulement )*(?:\d+|une?|deux|trois|quelques) (?:jours?|semaines?)(?! (?:apres|avant|plus))"
)
LEFT_OUT = (
    PAUSED,
    re.compile(rf"(?<![a-z])(?:pas|jamais|sauf|ni|rien|excepte|hormis|(?:saut|oubli|zapp)\w*) {TIMES}"),  # "sauf le dimanche"
    re.compile(  # "le mardi il le saute", "le matin je prends pas", "celui du soir, je l'oublie"
        rf"(?<![a-z])(?:(?:celui|celle|cell?es|ceux|la prise|la dose) d[eu] (?:la )?)?{TIMES}(?! aussi),? (?:(?:je|j|il|elle|on|tu|vous|en general|par contre|la) )*(?:(?:ne |n |le |la |l |les |en |lui )*"
        r"(?:saut\w+|oubli\w+|zapp\w+|passe a la trappe|rien(?! d autre)|(?:pren\w*|mets|met|donne|avale|ai|a|fais|fait|pique)(?: \w+){0,2}? (?:pas|rien|jamais)(?! (?:plus|toujours|mal|d autre|que|tout)(?![a-z]))))"
    ),
)


def taken_only(norm: str) -> str:
    """The text without the times at which the drug is not taken; lengths are kept."""
    for pattern in LEFT_OUT:
        norm = pattern.sub(lambda m: MASK * len(m.group()), norm)
    return norm
