"""How much a French patient smokes or drinks, told in a word: "j'en suis à six", "le matin, deux", "le porto du dimanche"."""

import re

from app.notes.language.units import Sentence

A_NUMBER = r"(?P<n>[1-9]\d*(?:[.,]5)?(?:,? (?:ou |a )?\d+)?)(?![\d.,]*\d)"
OF_NO_HABIT = r"(?! ?(?:%|mg|milligr|ans?(?![a-z])|heures?|h(?![a-z])|mois|semaines?|jours?|fois|minutes?|kilos?|euros?|paquets?|mg))"
OPENING = r"\W*(?:(?:oui|ben|bah|oh|ah|euh|pff+|alors|la|bon|enfin|facile|le cafe|du cafe|le tabac|la cigarette|le matin|le soir|par jour|j en (?:bois|prends)|je (?:fume|suis a|tourne a)|ca depend|dans les|environ|peut etre|a peu pres)(?![a-z])\W*)*"
BARE = re.compile(rf"^{OPENING}{A_NUMBER}{OF_NO_HABIT}(?=\W|$)")
NOW = re.compile(rf"(?<![a-z])(?:(?:j en |je )(?:suis|reste|tourne)|descendue?|redescendue?|passee?|tombee?|remontee?|montee?) (?:\w+ )?a {A_NUMBER}{OF_NO_HABIT}")
DRINKS = r"portos?|kirs?|pastis|ricards?|champagne|calva|cidre|rhum|rose|rouge|blanc|vin|whiskys?|vodka|bieres?|verres?|coupes?|canettes?|digestifs?|aperos?|martinis?"
DRINK = re.compile(
    rf"(?<![a-z\d])(?:une?|le|la|les|du|\d+(?: (?:ou|a) \d+)?) (?:(?:petite?|grande?|larme|doigt|fond|goutte|verre|coupe|de|d)s? )*(?:{DRINKS})(?![a-z])"
    r"(?:,? (?:du|le|au|aux|en|a|tous|par|chaque|avec|pour|avant|dans) (?:(?:les?|la|l|un|une) )?[a-z]+(?: (?:soirs?|jours?|repas|semaine|mois|an|week end))?)?"
)
UNIT = {"tabac": "cigarettes", "café": "cafés"}


def told_in_a_word(told: list[Sentence], label: str) -> str:
    """The amount of a habit that was asked about, as the note words it; empty when none is told."""
    for sentence in reversed(told) if label == "tabac" else told:
        for pattern in (NOW, BARE) if label in UNIT else ():
            found = list(pattern.finditer(sentence.norm))
            if found:
                return f"{_shown(sentence, found[-1].span('n'))} {UNIT[label]}"
    drinks = [(s, m) for s in told if label == "alcool" for m in [DRINK.search(s.norm)] if m]
    return _shown(drinks[0][0], drinks[0][1].span()) if drinks else ""


def _shown(sentence: Sentence, span: tuple[int, int]) -> str:
    words = re.sub(r"\s+", " ", sentence.line.shown[sentence.start + span[0] : sentence.start + span[1]]).strip(" ,")
    return words[:1].lower() + words[1:]
