"""Who sits at the patient's end and speaks for the patient: a daughter on her old father's link, a wife beside her husband's bed.

The call has one channel for the patient's end, whoever talks into it. Who says at the start to call for somebody else is
read as a relative, until the patient is put on.
"""

import re
from dataclasses import replace
from itertools import zip_longest

from app.notes.language.text import fold
from app.notes.transcript import Transcript, Turn

GREETING_TURNS = 8  # in which one says for whom one calls
KIN = (
    r"(?:(?:grand[e]? |arriere |petite? |belle |beau )*(?:mere|pere|maman|papa|mari|epoux|femme|epouse|compagnon|compagne|conjointe?|fils|fille|frere|soeur|"
    r"mamie|papi|tante|oncle|tata|tonton|niece|neveu)|voisine?|copine|copain|amie?|enfant|bebe|petite?|collegue)"
)
FOR_ANOTHER = re.compile(
    rf"(?<![a-z])(?:(?:(?:je |on |j )?(?:vous |t )?(?:r?appelle|consulte|contacte|ai pris (?:le |ce |un )?rendez vous|prends|viens|suis la|me permets)(?: [a-z]+)?|c est|ce serait|rendez vous)(?:,? docteur)?,? "
    rf"(?:pour|a propos d[eu]|au sujet d[eu]|parce que) (?:ma|mon|notre) {KIN}(?![a-z])(?! (?:a|ont|avait|m a|est malade|dit|veut|insiste|voulait|m ?oblige|trouve)(?![a-z])))"
)
I_AM = re.compile(
    rf"(?<![a-z])(?:je suis|c est|ici|moi c est|moi je suis) (?:(?:la|le|l|sa|son) {KIN}(?: (?:de|d|du) (?:madame|monsieur|mme|m|votre|la|[a-z]+)|(?=\W*(?:,|\.|!|qui (?:parle|appelle)|je|il|elle))))"
)
YOU_ARE = re.compile(
    rf"(?<![a-z])(?:vous etes|c est) (?:bien )?(?:la|le|l|sa|son) {KIN}(?! (?:qui|de (?:qui|quoi)))[^.?!]*\?"
)
CALLS_FOR = re.compile(
    rf"(?<![a-z])(?:vous (?:vous )?(?:m |nous )?(?:r?appel(?:ez|iez)|consult(?:ez|iez)|venez)(?: (?:euh|heu|donc))* (?:pour|parce que|a propos de|au sujet de)|y a|alors|c est (?:pour)?)(?: (?:euh|heu))* "
    rf"votre (?:(?:euh|heu) )*{KIN} (?!est|sont)"
)
ASSENT = re.compile(
    r"\W*(?:(?:bonjour|allo|docteur|euh|ah)\W+)*(?:oui|ouais|c est (?:ca|moi)|tout a fait|exact\w*|voila|sa |son |la |le )"
)
A_WOMAN = re.compile(
    r"mere|maman|femme|epouse|compagne|conjointe|fille|soeur|mamie|tante|tata|niece|voisine|copine|amie(?![a-z])"
)
OF_A_CALLER = re.compile(r"(?<![a-z])(?:il|elle|lui)(?![a-z])")
OF_ONESELF = re.compile(r"(?<![a-z])(?:je|j)(?![a-z])")
SHARE = 0.5  # of "il" and "elle" to "je", from which it is somebody else who is told about
PUT_ON = re.compile(
    r"(?<![a-z])(?:je (?:vous |te )?(?:le|la|l) (?:passe|mets|appelle|laisse)|(?:il|elle) (?:arrive|est la,? je vous l)|je vais (?:la|le) chercher|"
    r"passez (?:le|la) moi|(?:il|elle) peut (?:me )?parler)(?![a-z])"
)


def by_who_speaks(transcript: Transcript) -> Transcript:
    """The same visit, the turns of the patient's end being a relative's where one calls for the patient."""
    turns = transcript.turns
    if transcript.lang != "fr" or any(turn.speaker == "relative" for turn in turns):
        return transcript
    if not (_calls_for_another(turns, transcript.patient.sex) and _tells_of_another(turns)):
        return transcript
    handed = next((n for n, turn in enumerate(turns) if PUT_ON.search(fold(turn.text))), len(turns))
    return replace(
        transcript,
        turns=tuple(
            replace(turn, speaker="relative") if turn.speaker == "patient" and n <= handed else turn
            for n, turn in enumerate(turns)
        ),
    )


def _calls_for_another(turns: tuple[Turn, ...], sex: str | None) -> bool:
    """Whether somebody says at the start to be, or is taken by the doctor for, a relative of the patient."""
    for turn, after in zip_longest(turns[:GREETING_TURNS], turns[1:GREETING_TURNS]):
        norm = fold(turn.text)
        if turn.speaker == "doctor":
            if CALLS_FOR.search(norm):
                return True
            if YOU_ARE.search(norm) and after and after.speaker != "doctor" and ASSENT.match(fold(after.text)):
                return True
        elif I_AM.search(norm):
            return True
        elif called := FOR_ANOTHER.search(norm):
            return sex in (None, "F" if A_WOMAN.search(called.group()) else "M")
    return False


def _tells_of_another(turns: tuple[Turn, ...]) -> bool:
    said = " ".join(fold(turn.text) for turn in turns if turn.speaker != "doctor")
    return len(OF_A_CALLER.findall(said)) > SHARE * len(OF_ONESELF.findall(said))
