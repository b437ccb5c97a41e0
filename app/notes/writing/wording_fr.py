"""Spoken French as a note writes it: fillers out, "je" to the third person, "vous" to the infinitive."""

import re

FILLER = re.compile(
    r"(?:^|(?<=[\s,.…]))(?:euh|heu|hein|bah|ben|bon|quoi|voilà|alors|enfin|donc|du coup|genre|en fait|justement|franchement|ok|(?<!est )(?<!êtes )(?<!sont )(?<!être )(?<!suis )d['’]accord|ah|oh|voyez(?=\s?[,…]|$)|vous voyez(?=\s?[,….?!]|$)|vous savez|comment dire|docteur|attendez(?=\s?[,…!])|oui|ouais|si si|et puis|par contre|attention|si vous voulez)(?=[\s,.…!?]|$)[,…]?\s*",
    re.IGNORECASE,
)
LEAD = re.compile(
    r"^(?:\W|(?:et|mais|donc|alors|bon|sinon|puis|aussi|parce que|non|oui|moi|là|ok|ah|au début,)\b[\s,:]*)+",
    re.IGNORECASE,
)
FIRST_TO_THIRD = {
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
    "souffre": "souffre",
    "tiens pas": "ne tient pas",
    "meurs": "meurt",
    "reprends": "reprend",
    "conduis": "conduit",
    "ris": "rit",
    "reçois": "reçoit",
    "souffrais": "souffrait",
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
OWN = (
    (r"\bmon\b", "son"),
    (r"\bma\b", "sa"),
    (r"\bmes\b", "ses"),
    (r"\bm['’]a\b", "lui a"),
    (r"\bm['’]ont\b", "lui ont"),
    (r"\bm['’]avait\b", "lui avait"),
    (r"\bça me\b", "cela"),
    (r"\bme\b", "se"),
    (r"\bm['’]", "s'"),
    (r"\by a\b", "il y a"),
    (r"\bil il y a\b", "il y a"),
    (r"\bmoi,? ", ""),
    (r"\bnotre\b", "leur"),
    (r"\bnos\b", "leurs"),
)
STILL_FIRST = re.compile(r"\b(?:je|j['’]|moi|nous|tu|vous|t['’]|me|ton|ta|tes|votre|vos)(?![a-zà-ÿ])", re.IGNORECASE)


def tidy(text: str) -> str:
    """Spoken words without fillers, hesitations and openings; one space between words."""
    words = re.sub(r"\s+", " ", text.replace("«", "").replace("»", "")).strip()
    words = re.sub(r"[a-zà-ÿ]*… ?(?=[,.])|\s?…\s?", ", ", words)
    for _ in range(3):
        words = FILLER.sub("", words)
    words = LEAD.sub("", words)
    words = re.sub(r"\s+([,.])", r"\1", re.sub(r"(?:,\s*){2,}", ", ", words))
    return re.sub(r"\b(?!vous\b|nous\b)(\w+),? \1\b", r"\1", words).strip(" ,:;.!?")


def third_person(text: str) -> str | None:
    """What a patient says in the first person, told of the patient without a subject; None when that fails."""
    words = tidy(text)
    words = JE.sub(_je, words)
    for pattern, right in OWN:
        words = re.sub(pattern, right, words, flags=re.IGNORECASE)
    if STILL_FIRST.search(words) or "?" in words or len(words.split()) < 3:
        return None
    return capital(_negate(words))


def _je(match: re.Match[str]) -> str:
    pronouns, verb = match.group(1), match.group(2)
    pronouns = re.sub(r"\bme\b", "se", re.sub(r"m['’]", "s'", pronouns))
    return pronouns + conjugated(verb)


def conjugated(verb: str) -> str:
    """The third person of a verb in the first: "prends" -> "prend", "avais" -> "avait"."""
    if verb in FIRST_TO_THIRD:
        return FIRST_TO_THIRD[verb]
    if verb in NOT_VERBS:
        return verb
    if verb.endswith("ais"):
        return verb[:-1] + "t"
    if verb.endswith("rai"):
        return verb[:-1]
    return verb


def _negate(words: str) -> str:
    """Give spoken negation its "ne": "a pas de fièvre" -> "n'a pas de fièvre"."""
    words = re.sub(
        r"^((?:y|en) )?(a|est|avait|était|arrive|entend|ose|urine|aime|utilise)( \w+)? (pas|plus|jamais)\b",
        r"n'\1\2\3 \4",
        words,
        flags=re.IGNORECASE,
    )
    return re.sub(
        r"^(peut|veut|prend|dort|mange|fume|boit|sent|voit|tient|supporte|sait|tousse|respire|fait|met|va|se \w+)( \w+)? (pas|plus|jamais)\b",
        r"ne \1\2 \3",
        words,
        flags=re.IGNORECASE,
    )


def capital(words: str) -> str:
    """With a capital first letter."""
    return words[:1].upper() + words[1:]


def denial(names: list[str]) -> str:
    """ "Pas de toux, de nausées ni de vomissements"."""
    parts = [
        f"d'{n}"
        if re.match(r"[aeiouhéèêœâîôû]", n, re.IGNORECASE) and not re.match(r"hernie|hoquet|hanche", n)
        else f"de {n}"
        for n in names
    ]
    return "Pas " + (parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " ni " + parts[-1])


def listing(names: list[str]) -> str:
    """ "toux, fièvre et frissons"."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " et " + names[-1]
