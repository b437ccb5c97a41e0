"""What the body is asked to be able to do: "Vous arrivez à plier le genou ?" - "Jusque-là." Being able denies the difficulty.

The difficulty is named by the doctor's own verb: "difficulté à plier le genou". French only.
"""

import re
from collections.abc import Iterator

from app.notes.facts import Fact, Polarity
from app.notes.language.lexicon import find_concepts
from app.notes.language.units import Exchange, Sentence, Visit
from app.notes.signs.taken_up import CLINICAL

ABLE = re.compile(
    r"(?<![a-z])(?:(?:vous|tu|il|elle|on) (?:n )?(?:y )?|(?:est ce qu (?:il|elle) ))(?:(?:arriv|reuss|parvien|parven)\w+ (?:toujours |encore |bien |quand meme |a peu pres )*a|(?:peu[xt]|pouvez)(?: toujours| encore| bien| quand meme)*) "
    r"(?P<what>(?:vous |te |se |s |la |le |les |l )*(?P<verb>[a-z]+(?:er|ir|re|oir))(?![a-z])[^,.;?]{0,40})"
)
BODILY = re.compile(  # what a body does, and neither a camera nor a caller
    r"(?:(?:de|re)?pli|march|trott|avanc|lev|relev|couch|allong|asseoir|accroup|agenouill|pench|tourn|boug|remu|serr|ferm|ouvr|mach|croqu|mang|boi(?:re)?|aval|articul|respir|siffl|souffl|inspir|"
    r"urin|dorm|tend|etend|flech|mont|descend|port|soulev|attrap|teni|tenir|pos|appuy|sautill|saut|cour|ecri|habill|lav|coiff|boutonn|lir|conduir|concentr|fix|tir|souri|grimac|"
    r"froncer|gonfl|allait|tet|sucer|gripp|suivr|retenir|reteni|decaler|caler)"
)
NOT_BODILY = re.compile(
    r"(?<![a-z])(?:camera|telephone|ecran|dossier|ordonnance|photo|lumiere|document|compte|lien|application|rendez vous|adresse|numero|boite|tiroir|porte|fenetre|voix|moi|me|m|son)(?![a-z])|^(?:parler|monter|descendre|lire|tenir|ecrire|ouvrir|fermer|poser|tourner|tirer|porter)\W*$"
)
CAN = re.compile(
    r"^\W*(?:(?:oui|ouais|euh|ah|ben|bah|alors|la|ca|si|attendez|attends|voila|tenez|regardez|mais|oh)\W+)*(?:ca va(?! pas| mal)|(?:y |l |j y |il y |elle y )?arrive(?! pas| plus| a peine| mal| difficilement)|sans (?:probleme|souci|difficulte|forcer|mal)|facile\w*|nickel|impeccable|"
    r"comme (?:d habitude|avant|l autre)|normal\w*|tres bien|parfaitement|ca passe|pas de (?:souci|probleme)|aucun (?:souci|probleme)|tranquille\w*|les doigts dans le nez)(?![a-z])"
)
CANNOT = re.compile(
    r"(?<![a-z])(?:impossible|(?:j |je |il |elle |on )?(?:n )?y (?:arrive|arrivais) (?:pas|plus)|(?:je|il|elle) (?:ne )?peu[xt] (?:pas|plus)|pas moyen|a peine|difficile\w*|(?:a|avec) (?:du mal|peine)|pas (?:completement|jusqu au bout|tout a fait|bien|trop|longtemps)|c est mort|ca bloque|ca coince)(?![a-z])"
)
SHOWS_IT = re.compile(r"(?<![a-z])(?:attendez|attends|voila|tenez|regardez|une seconde)(?![a-z])")
YES_BUT = re.compile(r"(?<![a-z])(?:mais|sauf|enfin|par contre|seulement|juste|un peu|quand meme|en serrant|en forcant|plus (?:lentement|doucement))(?![a-z])")


def abilities(visit: Visit) -> Iterator[Fact]:
    """Difficulties that a question about an ability and its answer affirm or deny, in the order of speech."""
    for exchange in visit.exchanges if visit.lang == "fr" else ():
        asked = exchange.questions[-1]
        match = ABLE.search(asked.norm)
        first = exchange.answer[0]
        if match is None or not asked.asks or first.speaker == "doctor" or visit.other_person(first, len(first.norm)):
            continue
        if not _is_bodily(match) or any(m.concept.kind in CLINICAL for m in find_concepts(asked.norm, "fr")):
            continue
        polarity = _verdict(exchange)
        if polarity:
            yield _fact(_worded(asked, match), polarity, asked, first)


def _is_bodily(match: re.Match[str]) -> bool:
    return BODILY.match(match["verb"]) is not None and NOT_BODILY.search(match["what"]) is None


def _verdict(exchange: Exchange) -> Polarity | None:
    text = exchange.answer_text
    if CANNOT.search(text):
        return "present"
    if exchange.verdict == "no":
        return "present"
    if SHOWS_IT.search(text) and "pouv" in exchange.questions[-1].norm:
        return None  # "Vous pouvez vous lever ?" - "Attendez… voilà.": a movement to be seen
    if exchange.verdict == "yes" or CAN.match(text):
        return None if YES_BUT.search(exchange.answer[0].norm) else "absent"
    return None


def _worded(asked: Sentence, match: re.Match[str]) -> str:
    start, end = match.span("what")
    words = asked.line.shown[asked.start + start : asked.start + end].strip()
    words = re.sub(r"^(?:vous|te|t['’]) ?(?=[aeiouyhéèê])", "s'", re.sub(r"^(?:le|la|les) (?=\w+(?:er|ir|re|oir)\b)", "", words))
    words = re.sub(r"\bvous (?=[aeiouyhéèê]\w*(?:er|ir|re)\b)", "s'", re.sub(r"^(?:vous|te) ", "se ", words))
    return re.sub(r"\b(?:votre|ton)\b", "le", re.sub(r"\b(?:vos|tes)\b", "les", re.sub(r"\bta\b", "la", words)))


def _fact(what: str, polarity: Polarity, asked: Sentence, said: Sentence) -> Fact:
    name = f"difficulté à {what}"
    evidence = (asked.evidence(), said.evidence())
    return Fact("symptom", name, name, evidence, polarity=polarity, asserted_by=said.speaker, sentence=said.shown, extra=(name, ""))
