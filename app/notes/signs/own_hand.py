"""What the patient's own hand or movement shows on the doctor's word: "Appuyez sur le ventre. Ça fait mal ?" - "Non."

The doctor cannot touch: the patient, or who is beside, presses a place or makes a movement and tells whether it hurts. French only.
"""

import re
from collections.abc import Iterator, Sequence

from app.notes.facts import Fact, Polarity
from app.notes.language.lexicon import find_concepts, part_names
from app.notes.language.units import Sentence, Visit
from app.notes.language.verdicts import judge
from app.notes.signs.taken_up import CLINICAL

YOU = r"(?:vous|tu|il|elle)"
ORDER = r"(?:^|[.,;:!?…] ?)\W*(?:(?:et|puis|alors|maintenant|bon|bien|ok|d accord|maman|papa|monsieur|madame|doucement|vas y|allez y|tenez|attendez|essayez de|si)\W+)*"
PRESS = re.compile(
    rf"{ORDER}(?:(?:r?appuy|press|palp|enfonc|touch|tapot|tap|pinc)(?:ez|e)(?![a-z])|(?:mettez|mets|posez|pose|passez|passe|glissez|glisse) (?:\w+ )?(?:doigts?|mains?|pouces?|paume)(?![a-z]))|"
    rf"(?<![a-z])(?:a la|en) (?:pression|palpation|touchant|appuyant|palpant|pressant)(?![a-z])|(?<![a-z])(?:si|quand) {YOU} (?:y |l |le |la |les |lui )?(?:appuy|press|palp|touch)\w+"
)
OF_THINGS = re.compile(  # a button of the telephone, an inhaler; spots that are pressed to see whether they fade
    r"(?<![a-z])(?:boutons?|touches? (?:pas|plus|du|de|etoile)|ecran|micro|camera|icone|liens?|telephone|pompe|inhalateur|spray|flacon|stylo|verre|taches?|plaques?|rien|sein)(?![a-z])"
)
HURTS = re.compile(
    r"(?<![a-z])(?:douloureu\w*|douleurs?|mal|sensibles?|aie|reveille\w*|declenche\w*|grimac\w*|pleure|rale|crie|bronche|sursaute|reagit|se plaint|tire|lance|coince|bloque|gene|pareil|"
    r"(?:ca|c est|il|elle|ca te|ca vous|ca lui) (?:\w+ )?(?:fait|dit|comment)(?: quoi| quelque chose| comment)?(?= ?\?)|quelque chose|vient|declench\w+|augmente|change|pire)(?![a-z])"
)
YES = re.compile(
    r"^\W*(?:(?:attendez|attends|alors|euh|bah|ben|la|ah|oh|oui|hum|pff|ouh)\W+)*(?:aie|ouille|aille|ouh|oula|houla|oh la|ah la|oh|punaise|puree|ca fait mal|douloureu|sensible|tres|c est (?:la|exactement|pile|sensible|douloureu)|exactement|ca (?:tire|pique|reveille|lance|cogne|coince|bloque|pince|brule|me fait)|(?:il|elle) (?:crie|pleure|grimace|rale|retire|sursaute|se tortille)|mal)(?![a-z])"
)
NO = re.compile(
    r"(?<![a-z])(?:(?:il|elle) (?:rigole|rit|sourit|s en fiche|dort|continue|me regarde|joue|(?:ne )?(?:bronche|reagit|bouge|dit|pleure) (?:pas|rien))|indolore|ca va(?! pas)|sans (?:probleme|souci|douleur)|normal|meme pas|je sens rien|que dalle|pas la(?![a-z]))(?![a-z])"
)
CANNOT = re.compile(r"(?<![a-z])(?:impossible|(?:j y|je n y) arrive (?:pas|plus)|je (?:ne )?peux (?:pas|plus)|c est mort|pas moyen|(?:il|elle) (?:ne )?veut pas)(?![a-z])")
ALL_THE_SAME = re.compile(r"(?<!pas )(?<!pas de )(?<!ni )(?:ca (?:me |lui )?fait (?:\w+ )?mal|trop mal)(?! (?:dans|au|a la|quand|si|ailleurs))(?![a-z])")
SAYS_YES = re.compile(r"^[^.!?]{0,40}(?<![a-z])(?:oui|si)(?![a-z])(?! (?:je|on|c est|j))")
RELEASED = re.compile(r"(?<![a-z])(?:lach|relach)\w*")
MOVES = (  # the stem of what is done, its object, and how a note names pain on it
    (r"(?:touss|eternu)", r"", "impulsive à la toux"),
    (r"(?:inspir|respir|gonfl)", r"", "à l'inspiration profonde"),
    (r"(?:saut|sautill)", r"", "au saut"),
    (r"(?:pench|baiss)", r"(?:\w+ ){0,2}(?:en avant|la tete)(?![a-z])", "penché en avant"),
    (r"(?:pli|flech)", r"", "à la flexion"),
    (r"(?:tend|etend|allong)", r"(?!moi)", "à l'extension"),
    (r"(?:lev|mont|soulev)", r"(?:\w+ ){0,2}bras(?![a-z])", "à l'élévation du bras"),
    (r"tourn", r"(?:la tete|le cou)(?![a-z])", "à la rotation du cou"),
    (r"(?:mach|croqu|mord)", r"", "à la mastication"),
    (r"(?:march|mont|cour|forc)", r"", "à l'effort"),
)  # fmt: skip
MOVED = tuple(
    (re.compile(rf"(?:{ORDER}{stem}(?:ez|e|s)(?: vous| toi| moi| le| la| les)?|(?<![a-z])(?:(?:quand|si) {YOU} (?:y |l |le |la |les |vous |te |se )?{stem}\w+|en {stem}ant))(?![a-z]) ?{of}"), name)
    for stem, of, name in MOVES
)
ON_EFFORT = re.compile(r"(?<![a-z])(?:a l effort|a la marche|dans les (?:escaliers|cotes))(?![a-z])")
IF_MOVED = re.compile(r"(?<![a-z])(?:quand|si|en|a l|a la|des que|lorsque)(?![a-z])")
TALKS_OF_PAIN = re.compile(r"(?<![a-z])(?:mal|douleurs?|douloureu\w*|souffr\w*|lance|tire|elance|pique|point|coince|bloque|aie|appuie|cogne|crampes?|enfl\w*|gonfl\w*|tordue?|entorse|craque|cogne\w*)(?![a-z])")
REACH_TURNS = 4
MOST_WORDS_ASKED, MOST_WORDS_IF = 16, 13


def own_hand(visit: Visit) -> Iterator[Fact]:
    """Pain that pressing a place or a movement brings on, or does not, in the order of speech."""
    if visit.lang != "fr":
        return
    for place, command in enumerate(visit.sentences):
        if command.speaker != "doctor":
            continue
        name = _pressed(command, visit) or _moved(command, visit)
        answer = _answer(place, visit) if name else ()
        if not name or not answer:
            continue
        polarity = _verdict(answer)
        if name.startswith("douleur à la pression") and any(RELEASED.search(s.norm) for s in answer):
            name, polarity = name.replace("pression", "décompression", 1), "present"
        if polarity:
            yield _fact(name, polarity, command, answer, visit)


def _pressed(command: Sentence, visit: Visit) -> str:
    """How a note names pain on what is to be pressed; empty when nothing is."""
    press = PRESS.search(command.norm)
    if press is None or OF_THINGS.search(command.norm):
        return ""
    part = _part(command, visit)
    return f"douleur à la pression {part}".strip()


def _part(command: Sentence, visit: Visit) -> str:
    """The part of the body that is named in the command, else the last one named before it: "du ventre"."""
    earlier = [s for s in visit.sentences if (s.turn, s.start) < (command.turn, command.start) and s.turn >= command.turn - REACH_TURNS]
    before = [s for s in earlier if s.speaker != "doctor" or TALKS_OF_PAIN.search(s.norm)]
    for said in (command, *reversed(before)):
        norm = WITH.sub(" ", said.norm) if said is command else said.norm
        place = next((name for pattern, name in PLACES if pattern.search(norm)), "")
        named = [place] if place else part_names(norm)
        if named:
            return named[-1] if said is not command else named[0]
    return ""


WITH = re.compile(r"(?<!sur )(?:avec |de )?(?<!sur )(?:la|les|votre|vos|ta|tes|le|2|un|ton|ses|sa) (?:mains?|doigts?|pouces?|paumes?|index|bout des doigts)(?![a-z])")
PLACES = tuple(
    (re.compile(rf"(?<![a-z])(?:{words})(?![a-z])"), name)
    for words, name in (
        ("tragus|cartilage devant (?:le|l|son) \\w+|cartilage", "du tragus"), ("sinus", "des sinus"), ("tempes?", "de la tempe"), ("malleoles?", "de la malléole"),
        ("creux de l estomac|estomac|au dessus du nombril", "de l'épigastre"), ("sous les cotes|foie", "sous les côtes"), ("reins?|lombes", "des lombes"),
        ("rotules?", "de la rotule"), ("vertebres?|colonne", "de la colonne"), ("mastoide|derriere l oreille", "de la mastoïde"),
    )
)  # fmt: skip


def _move(norm: str) -> str:
    return next((name for pattern, name in MOVED if pattern.search(norm)), "")


def _moved(command: Sentence, visit: Visit) -> str:
    name = _move(command.norm) or ("à l'effort" if ON_EFFORT.search(command.norm) else "")
    if not name or any(m.concept.kind in CLINICAL and not TALKS_OF_PAIN.search(command.norm[m.start : m.end]) for m in find_concepts(command.norm, "fr")):
        return ""
    pain = any(TALKS_OF_PAIN.search(s.norm) for s in visit.sentences if command.turn - 2 * REACH_TURNS <= s.turn < command.turn)
    return f"douleur {name}" if pain else ""


def _answer(place: int, visit: Visit) -> tuple[Sentence, ...]:
    """The statements that answer a command, when nothing else was asked after it."""
    command = visit.sentences[place]
    rest = [s for s in visit.sentences[place + 1 :] if s.turn == command.turn]
    asked = [s for s in (command, *rest) if s.asks]
    if len(rest) > 2 or any(PRESS.search(s.norm) or _move(s.norm) for s in rest if not s.asks and len(s.norm.split()) <= MOST_WORDS_IF):
        return ()
    if asked and not _asks_pain(asked, command):
        return ()
    reply = [s for s in visit.sentences[place + 1 :] if s.turn == command.turn + 1]
    return tuple(s for s in reply if not s.asks) if reply and reply[0].speaker != "doctor" else ()


def _asks_pain(asked: Sequence[Sentence], command: Sentence) -> bool:
    last = asked[-1]
    if len(last.norm.split()) > MOST_WORDS_ASKED:
        return False
    if HURTS.search(last.norm):
        return True
    return last is command and bool(IF_MOVED.search(last.norm)) and len(last.norm.split()) <= MOST_WORDS_IF


def _verdict(answer: Sequence[Sentence]) -> Polarity | None:
    text = " ".join(s.norm for s in answer)
    if YES.search(answer[0].norm) or CANNOT.search(text) or ALL_THE_SAME.search(text):
        return "present"
    verdict = judge([s.norm for s in answer], "fr")
    if verdict in ("yes", "no"):
        return "present" if verdict == "yes" else "absent"
    if NO.search(text):
        return "absent"
    if SAYS_YES.search(text):
        return "present"
    return "present" if any(YES.search(s.norm) for s in answer) else None


BY = {"mother": "par la mère", "father": "par le père", "other": "par un proche"}


def _fact(name: str, polarity: Polarity, command: Sentence, answer: Sequence[Sentence], visit: Visit) -> Fact:
    first = answer[0]
    pressed = "pression" in name
    who = BY.get(visit.relatives_role[1], BY["other"]) if first.speaker == "relative" else "autopalpation"
    text = f"{name} ({who})" if pressed else name
    evidence = (command.evidence(), *(s.evidence() for s in answer[:2]))
    return Fact(
        "symptom", text, name, evidence, polarity=polarity, asserted_by=first.speaker, sentence=first.shown, extra=(text, "")
    )
