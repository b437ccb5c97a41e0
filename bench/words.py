"""Words of the notes' measure: without accents, and the stems that carry meaning."""

import re
import unicodedata


def plain(text: str) -> str:
    """Lower case without accents."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    return bare.replace("œ", "oe")


def stems(text: str, common: frozenset[str]) -> set[str]:
    """The first five letters of every word that carries meaning."""
    return {
        (word[:-1] if len(word) > 4 and word[-1] in "sx" else word)[:5]
        for word in re.findall(r"[a-z]{2,}|\d+", plain(text))
        if word not in common and (len(word) > 2 or word.isdigit() or word in ("pa",))
    }
