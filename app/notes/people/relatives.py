"""What is said of relatives and belongs in no family history, or is told already by another fact of the same person."""

import re

from app.notes.facts import Fact


def same_illness(fact: Fact, others: list[Fact]) -> bool:
    """ "He had it too" beside what he had."""
    return fact.label == "mêmes symptômes" and any(
        f.type == "family"
        and f.label not in PASSING
        and f.experiencer == fact.experiencer
        and set(f.turns) & set(fact.turns)
        for f in others
    )


def of_no_kin(fact: Fact, _others: list[Fact]) -> bool:
    """What a neighbour, a colleague or a friend has is small talk, unless the patient may have caught it there."""
    if fact.type != "family" or fact.experiencer not in STRANGERS:
        return False
    return CATCHING.search(fact.label) is None


CATCHING = re.compile(
    r"mêmes symptômes|gastro|gripp|covid|varicell|rougeol|scarlatin|oreillons|coqueluch|tubercul|mening|méning|gale|angine|streptoc|impétigo|"
    r"conjonctiv|mononucl|rhume|rhinophar|bronch|pneumo|hépatite|herpès|zona|teigne|poux|infection sexuel|syphilis|gonoco|chlamyd|toux|fièvre|diarrhée|vomiss"
)
STRANGERS = ("colleague", "neighbour", "friend")


def others_remedy(fact: Fact, others: list[Fact]) -> bool:
    """ "Ma collègue prend du Lexomil": a drug that helps somebody who is no kin is no history, unless an illness is told."""
    if fact.type != "family" or fact.experiencer not in NO_KIN or not fact.code:
        return False
    told = (f for f in others if f.type == "family" and f.experiencer == fact.experiencer and not f.code)
    return not any(f.label not in (*PASSING, *WEIGHT) for f in told)


def passing_ill(fact: Fact, others: list[Fact]) -> bool:
    """What a relative felt beside what the relative had: "il a eu ça, il a vomi toute une journée". Their weight or their age is no history."""
    if fact.type != "family" or fact.code:
        return False
    if fact.label in (*WEIGHT, "ménopause"):
        return True
    return fact.label in PASSING and any(
        f is not fact and f.type == "family" and f.experiencer == fact.experiencer and set(f.turns) & set(fact.turns)
        for f in others
    )


WEIGHT = ("perte de poids", "prise de poids")
PASSING = ("vomissements", "nausées", "diarrhée", "fièvre", "toux", "fatigue", "douleur abdominale", "céphalées")
NO_KIN = ("colleague", "neighbour", "sister-in-law", "brother-in-law", "mother-in-law", "father-in-law")


COVERS = (same_illness, passing_ill, others_remedy, of_no_kin)
