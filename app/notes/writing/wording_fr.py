"""Spoken French as a note writes it: without fillers; denials and lists."""

import re

FILLER = re.compile(
    r"(?:^|(?<=[\s,.…]))(?:(?:bonjour|bonsoir|écoutez),? (?:madame|monsieur)|écoutez(?=,)|je vous en prie|(?<!bonjour )(?:madame|monsieur)(?=,)|euh|heu|hein|bah|ben|bon|quoi|voilà|alors|enfin|donc|du coup|genre|en fait|justement|franchement|ok|(?<!est )(?<!êtes )(?<!sont )(?<!être )(?<!suis )d['’]accord|ah|oh|voyez(?=\s?[,…]|$)|vous voyez(?=\s?[,….?!]|$)|vous savez|comment dire|docteur|attendez(?=\s?[,…!])|oui|ouais|si si|et puis|par contre|attention|si vous voulez)(?=[\s,.…!?]|$)[,…]?\s*",
    re.IGNORECASE,
)
LEAD = re.compile(
    r"^(?:\W|(?:et|mais|donc|alors|bon|sinon|puis|aussi|parce que|non|oui|moi|là|ok|ah|au début,)\b[\s,:]*)+",
    re.IGNORECASE,
)
def tidy(text: str) -> str:
    """Spoken words without fillers, hesitations and openings; one space between words."""
    words = re.sub(r"\s+", " ", text.replace("«", "").replace("»", "")).strip()
    words = re.sub(r"[a-zà-ÿ]*… ?(?=[,.])|\s?…\s?", ", ", words)
    for _ in range(3):
        words = FILLER.sub("", words)
    words = LEAD.sub("", words)
    words = re.sub(r"\s+([,.])", r"\1", re.sub(r"(?:,\s*){2,}", ", ", words))
    return re.sub(r"\b(?!vous\b|nous\b)(\w+),? \1\b", r"\1", words).strip(" ,:;.!?")


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
