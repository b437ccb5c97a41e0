"""French verbs as a doctor says them to a patient ("buvez", "tu bois") in the forms of a note: "boire", "boit"."""

import re

EZ = r"((?!(?:chez|assez|nez|rez)\b)[a-zàâçéèêëîïôûùœ]{2,}ez|faites|dites|êtes)"
INFINITIVES = {
    "faites": "faire",
    "êtes": "être",
    "dites": "dire",
    "prenez": "prendre",
    "reprenez": "reprendre",
    "buvez": "boire",
    "mettez": "mettre",
    "remettez": "remettre",
    "venez": "venir",
    "revenez": "revenir",
    "voyez": "voir",
    "avez": "avoir",
    "allez": "aller",
    "pouvez": "pouvoir",
    "dormez": "dormir",
    "sortez": "sortir",
    "sentez": "sentir",
    "tenez": "tenir",
    "perdez": "perdre",
    "attendez": "attendre",
    "rendez": "rendre",
    "suivez": "suivre",
    "devez": "devoir",
    "savez": "savoir",
    "lisez": "lire",
    "écrivez": "écrire",
    "vivez": "vivre",
    "courez": "courir",
    "étendez": "étendre",
    "descendez": "descendre",
    "maintenez": "maintenir",
    "conduisez": "conduire",
    "ouvrez": "ouvrir",
    "entendez": "entendre",
    "répondez": "répondre",
    "servez": "servir",
    "mordez": "mordre",
    "prévenez": "prévenir",
    "ferez": "faire",
    "verrez": "voir",
    "aurez": "avoir",
    "serez": "être",
    "prendrez": "prendre",
    "irez": "aller",
    "voulez": "vouloir",
    "asseyez": "asseoir",
    "partez": "partir",
    "repartez": "repartir",
    "appelez": "appeler",
    "rappelez": "rappeler",
    "achetez": "acheter",
    "pesez": "peser",
    "levez": "lever",
    "relevez": "relever",
    "amenez": "amener",
    "jetez": "jeter",
    "gelez": "geler",
    "répétez": "répéter",
    "surveillez": "surveiller",
    "vomissez": "vomir",
    "choisissez": "choisir",
    "finissez": "finir",
    "maigrissez": "maigrir",
    "ralentissez": "ralentir",
    "connaissez": "connaître",
    "reconnaissez": "reconnaître",
}


def infinitive(verb: str) -> str:
    """The infinitive of a verb in -ez: "buvez" -> "boire"."""
    known = INFINITIVES.get(verb.lower())
    if known:
        return known
    stem = verb.lower()
    if stem.endswith(("tenez", "venez")):
        return stem[:-4] + "enir"
    if stem.endswith("issez") and not IN_ISSER.search(stem):
        return stem[:-5] + "ir"
    return stem[:-2] + "er"


IN_ISSER = re.compile(
    r"(?:(?<!n)aissez|glissez|tissez|vissez|\b(?:plissez|hissez|pissez|lissez))$"
)  # "laissez", "baissez"


IN_TU = {
    "fais": "faire", "prends": "prendre", "mets": "mettre", "bois": "boire", "dors": "dormir", "viens": "venir", "reviens": "revenir", "vas": "aller",
    "dois": "devoir", "peux": "pouvoir", "dis": "dire", "reprends": "reprendre", "finis": "finir", "tiens": "tenir", "attends": "attendre",
}  # fmt: skip


PRESENTS = {
    "tenez": "tient",
    "avez": "a",
    "êtes": "est",
    "faites": "fait",
    "pouvez": "peut",
    "dormez": "dort",
    "voyez": "voit",
    "prenez": "prend",
    "buvez": "boit",
    "sentez": "sent",
    "mettez": "met",
    "devez": "doit",
    "allez": "va",
    "venez": "vient",
    "revenez": "revient",
    "sortez": "sort",
    "courez": "court",
    "voulez": "veut",
    "savez": "sait",
    "dites": "dit",
    "mordez": "mord",
    "vomissez": "vomit",
    "maigrissez": "maigrit",
    "finissez": "finit",
    "servez": "sert",
    "vivez": "vit",
    "suivez": "suit",
    "conduisez": "conduit",
    "tombez": "tombe",
    "appelez": "appelle",
    "rappelez": "rappelle",
    "jetez": "jette",
    "levez": "lève",
    "pesez": "pèse",
    "répétez": "répète",
    "achetez": "achète",
    "ressentez": "ressent",
    "recevez": "reçoit",
    "partez": "part",
    "devenez": "devient",
}
IN_DRE = re.compile(
    r"(?:scend|(?<![a-z])[eé]?tend|[dr][eé]tend|rend|ntend|ttend|perd|r[eé]pond|mord|tord|vend|fend)(?=ez$)"
)


def present(verb: str) -> str:
    """ "descendez" -> "descend", "parlez" -> "parle"."""
    return PRESENTS.get(verb, verb[:-2] if IN_DRE.search(verb) else verb[:-2] + "e")


OF_TU = {
    "as": "a", "es": "est", "fais": "fait", "prends": "prend", "mets": "met", "bois": "boit", "dors": "dort", "viens": "vient", "reviens": "revient",
    "vas": "va", "dois": "doit", "peux": "peut", "veux": "veut", "dis": "dit", "sens": "sent", "ressens": "ressent", "tiens": "tient", "attends": "attend",
    "vois": "voit", "sais": "sait", "sors": "sort", "perds": "perd", "vomis": "vomit", "finis": "finit", "reprends": "reprend",
}  # fmt: skip


def told_of_tu(verb: str) -> str:
    """ "bois" -> "boit", "tousses" -> "tousse"."""
    return OF_TU.get(verb.lower(), verb[:-1])


OF_JE = OF_TU | {"ai": "a", "suis": "est", "vais": "va", "préviens": "prévient", "écris": "écrit", "prescris": "prescrit", "inscris": "inscrit", "remets": "remet"}  # fmt: skip


def told_of_je(verb: str) -> str:
    """ "prolonge" -> "prolonge", "mettrai" -> "mettra"; empty for a word that is no such form."""
    known = OF_JE.get(verb.lower(), "")
    future = verb[:-1] if verb.endswith(("rai", "rais")) else ""
    return known or (future + "t" if verb.endswith("rais") else future) or (verb if verb.endswith("e") else "")
