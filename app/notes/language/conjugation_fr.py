"""French verbs as a doctor says them to a patient ("buvez", "tu bois") in the forms of a note: "boire", "boit"."""

import re

EZ = r"((?!(?:chez|assez|nez|rez)\b)[a-zàâçéèêëîïôûùœ]{2,}ez|faites|dites|êtes)"
INFINITIVES = {
    "faites": "faire",
    "êtes": "être",
    "dites": "dire",
    "prenez": "prendre",
    "joignez": "joindre",
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


FIRST_TO_THIRD = {  # "je" and "tu" have most forms in common
    "as": "a",
    "es": "est",
    "vas": "va",
    "préviens": "prévient",
    "écris": "écrit",
    "prescris": "prescrit",
    "inscris": "inscrit",
    "remets": "remet",
    "ai": "a",
    "suis": "est",
    "vais": "va",
    "peux": "peut",
    "veux": "veut",
    "dois": "doit",
    "sais": "sait",
    "vois": "voit",
    "crois": "croit",
    "bois": "boit",
    "fais": "fait",
    "dis": "dit",
    "prends": "prend",
    "apprends": "apprend",
    "comprends": "comprend",
    "mets": "met",
    "viens": "vient",
    "tiens": "tient",
    "sens": "sent",
    "dors": "dort",
    "sors": "sort",
    "pars": "part",
    "cours": "court",
    "vis": "vit",
    "lis": "lit",
    "finis": "finit",
    "vomis": "vomit",
    "maigris": "maigrit",
    "grossis": "grossit",
    "perds": "perd",
    "entends": "entend",
    "attends": "attend",
    "descends": "descend",
    "rends": "rend",
    "connais": "connaît",
    "reviens": "revient",
    "deviens": "devient",
    "endors": "endort",
    "assois": "assoit",
    "ressens": "ressent",
    "meurs": "meurt",
    "reprends": "reprend",
    "conduis": "conduit",
    "ris": "rit",
    "reçois": "reçoit",
}
NOT_VERBS = {
    "jamais",
    "mais",
    "plus",
    "pas",
    "puis",
    "toujours",
    "parfois",
    "depuis",
    "mois",
    "trois",
    "fois",
    "français",
    "frais",
    "mauvais",
    "dos",
    "gros",
    "bas",
    "sous",
    "vers",
    "dans",
    "sans",
    "des",
    "les",
    "mes",
    "ses",
}


JE = re.compile(
    r"\b(?:[Jj]e (?:n['’]|ne )?|[Jj]['’](?:n['’])?)((?:(?:y|en|le|la|les|l['’]|lui|leur|me|m['’])\s?)*)([a-zàâçéèêëîïôûùœ]+)"
)


def conjugated(verb: str) -> str:
    """The third person of a verb in the first or second: "prends" -> "prend", "avais" -> "avait", "mettrai" -> "mettra"."""
    if verb in FIRST_TO_THIRD or verb in NOT_VERBS:
        return FIRST_TO_THIRD.get(verb, verb)
    if verb.endswith("ais"):
        return verb[:-1] + "t"
    return verb[:-1] if verb.endswith(("rai", "es", "ras")) else verb


def of_the_patient(words: str) -> str:
    """What a patient says of themselves, told of the patient: "je bois" -> "le patient boit"."""
    return JE.sub(lambda m: f"le patient {re.sub(r'm(?=e )|m(?=.)', 's', m[1])}{conjugated(m[2])}", words)
