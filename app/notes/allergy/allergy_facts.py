"""The facts that allergies make: what harms, what it does, whose it is; what was not understood is shown as it was heard."""

import re
from collections.abc import Iterator
from itertools import pairwise

from app.notes.facts import Evidence, Fact, Temporality
from app.notes.language.cues import cues
from app.notes.language.lexicon import Drug, guess_drug
from app.notes.language.polarity import is_denied
from app.notes.language.units import Exchange, Sentence
from app.notes.transcript import Language

REACTION = cues("background.reaction")


def not_understood(exchange: Exchange, question: Sentence, lang: Language) -> Iterator[Fact]:
    """An answer about allergies of which no allergen was understood is shown to the doctor as it was heard."""
    told = [s for s in exchange.answer if s.speaker != "doctor" and not s.asks][:2]
    heard = " ".join(s.shown for s in told).strip(" .")
    if not told or len(heard.split()) < LEAST_HEARD or exchange.verdict == "no":
        return
    guess = _sounds_like(" ".join(s.norm for s in told))
    words = f"« {heard} »" if lang == "fr" else f'"{heard}"'
    text = " ".join(filter(None, (words, f": {guess.name(lang)} ?" if guess else "")))
    yield Fact(
        "allergy",
        text,
        guess.inn if guess else "allergie non comprise",
        (question.evidence(), *(s.evidence() for s in told)),
        asserted_by=told[0].speaker,
        sentence=heard,
        extra=(text, ""),
        doubt="heard",
    )


LEAST_HEARD = 2  # words


def _sounds_like(norm: str) -> Drug | None:
    words = re.findall(r"[a-z]+", norm)
    heard = [*words, *(" ".join(pair) for pair in pairwise(words))]
    return next((drug for drug in (guess_drug(word, loose=True) for word in heard) if drug), None)


REACTIONS_FR = (
    ("plaques", "éruption (plaques)"),
    ("urticaire", "urticaire"),
    ("bouton", "éruption"),
    ("levres", "gonflement des lèvres"),
    ("visage", "gonflement du visage"),
    ("langue", "gonflement de la langue"),
    ("deme", "œdème"),
    ("gonfl", "gonflement"),
    ("malaise", "malaise"),
    ("choc", "choc"),
    ("vomi", "vomissements"),
    ("diarrhee", "diarrhée"),
    ("demange", "démangeaisons"),
    ("cloque", "cloques"),
    ("rougeur", "rougeurs"),
    ("eczema", "eczéma"),
    ("etouff", "gêne respiratoire"),
    ("crise d asthme", "crise d'asthme"),
    ("enfl", "gonflement"),
    ("gorge", "gêne de la gorge"),
    ("suint", "suintement"),
    ("eternu", "éternuements"),
    ("nause", "nausées"),
    ("hallucin", "hallucinations"),
    ("gratt", "démangeaisons"),
    ("irrit", "irritation"),
    ("picot", "picotements"),
    ("tourne de l", "malaise"),
    ("perdu connaissance", "malaise"),
    ("evanoui", "malaise"),
    ("mal au ventre", "douleurs abdominales"),
    ("maux de ventre", "douleurs abdominales"),
    ("respirer", "gêne respiratoire"),
    ("cauchemar", "cauchemars"),
    ("panique", "crises de panique"),
    ("bougeotte", "impatiences"),
    ("impatience", "impatiences"),
    ("siffl", "sifflements"),
    ("palpitation", "palpitations"),
    ("trembl", "tremblements"),
    ("confus", "confusion"),
    ("selles noires", "selles noires"),
)
REACTIONS_EN = (
    ("rash", "rash"),
    ("hives", "hives"),
    ("swell", "swelling"),
    ("anaphyla", "anaphylaxis"),
    ("sick", "sickness"),
    ("vomit", "vomiting"),
    ("nausea", "nausea"),
    ("itch", "itching"),
    ("breath", "breathing difficulty"),
)


def reaction_of(norm: str, lang: Language) -> str:
    """What an allergy does by a folded text, in the words of a note; empty when it does not say."""
    found = []
    for match in REACTION[lang].finditer(norm):
        inside = norm[: match.start()][-1:].isalpha()  # "kitchen" is no itch
        if not inside and not is_denied(norm, match.start(), match.end(), lang):
            table = REACTIONS_FR if lang == "fr" else REACTIONS_EN
            found.append(next((words for stem, words in table if stem in match.group()), ""))
    return ", ".join(list(dict.fromkeys(filter(None, found)))[:MOST_REACTIONS])


MOST_REACTIONS = 3


def allergy_fact(
    name: str,
    label: str,
    evidence: tuple[Evidence, ...],
    sentence: Sentence,
    *,
    polarity: str = "present",
    temporality: Temporality = "current",
    reaction: str = "",
    detail: str = "",
    doubtful: bool = False,
) -> Fact:
    """The fact that somebody bears a thing badly, or well (`polarity`); `name` as told, `label` as it is known."""
    more = " : ".join(filter(None, (detail, reaction)))
    none = label == "allergie" and polarity == "absent"
    return Fact(
        "allergy",
        f"aucune {name}" if none and name == label else f"{name} : {more}" if more else name,
        label,
        evidence,
        polarity="absent" if polarity == "absent" else "present",
        certainty="suspected" if doubtful else "certain",
        temporality=temporality,
        asserted_by=sentence.speaker,
        critical=True,
        detail=more,
        sentence=sentence.shown,
        extra=(name, reaction),
    )


def kin_allergy(label: str, name: str, relation: str, evidence: tuple[Evidence, ...], lang: Language) -> Fact:
    """The fact that a relative is allergic."""
    text = f"allergie : {name}" if lang == "fr" else f"allergy to {name}"
    return Fact("family", text, f"allergie {label}", evidence, experiencer=relation, extra=(text, ""))
