"""Question marks that speech recognition lost, put back by the words of the doctor's sentence and of the answer.

A recogniser often ends "De la fièvre ?" with a full stop, and what was asked would then be told as said. The weights
(data/questions_fr.tsv) are learnt from written dialogues by `python -m scripts.learn_questions`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from app.notes.language.lexicon import find_drugs
from app.notes.language.linear import linear
from app.notes.language.text import fold
from app.notes.transcript import Transcript, Turn

SENTENCE = re.compile(r"(?:[^.!?…]|[.](?=\d))+(?P<mark>[.!?…]*)")
WORD = re.compile(r"[A-Z_]+|[a-z0-9œ]+")
DRUG, NUMBER = "A_DRUG", "A_NUMBER"
TAKES = re.compile(  # the reply says how it stands with a drug: who is told to take one says nothing of the kind
    r"(?:(?:ah|alors|ben|euh|non|oui|ca) )*(?:il faut que je vous dise )?(?:je|j) (?:ne |n )?(?:l|le|la|les|en) (?:ai (?:arrete|eu|plus|pris|jamais)|(?:ai |avais )?(?:prends|prenais|mets|oublie|pris)|saute)"
)
AGREES = re.compile(
    r"(?:(?:ah|alors|ben|euh|oui|bon|ah) )*(?:d accord|ok|entendu|tres bien|parfait|compris|note|je note|ca marche|bien docteur|merci|super|c est (?:compris|note)|je (?:le |la |les )?ferai)(?![a-z])"
)
ASKS = 0.5  # log-odds; in dialogues not learnt from 94 of 100 found are questions, and 90 of 100 questions are found
DOUBTED = -1.0  # enough where the reply says how the drug is taken
LIKELY = 0.0
LOST = 0.45  # share of the likely questions without their mark, from which it is the recogniser that left them out
FEWEST = 4  # likely questions, to judge by
OPENING, REPLY, MOST_COUNTED = 3, 12, 12  # words


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of the doctor: its turn, where its closing mark stands in the turn's text, what it says, what follows."""

    turn: int
    mark: tuple[int, int]
    words: tuple[str, ...]
    reply: tuple[str, ...] | None  # of the other side; None when the doctor goes on

    @property
    def of_a_drug_taken(self) -> bool:
        """ "Et le Seresta, un le soir." - "Je l'ai arrêté.": what is taken already was asked about and not ordered."""
        return DRUG in self.words and bool(TAKES.match(" ".join(self.reply or ())))

    def features(self) -> Iterator[str]:
        """What the model looks at: how the sentence opens, its words and pairs, how the reply begins."""
        words = self.words
        yield f"words {min(len(words), MOST_COUNTED)}"
        yield from (f"opens {' '.join(words[:n])}" for n in range(1, min(OPENING, len(words)) + 1))
        yield f"ends {words[-1]}"
        yield from {f"has {word}" for word in words}
        yield from {f"has {' '.join(pair)}" for pair in pairwise(words)}
        if self.reply is None:
            yield "goes on"
            return
        if AGREES.match(" ".join(self.reply)):
            yield "reply agrees"
        yield f"reply words {min(len(self.reply), MOST_COUNTED)}"
        yield from (f"reply opens {' '.join(self.reply[:n])}" for n in range(1, min(2, len(self.reply)) + 1))
        yield from {f"reply has {word}" for word in self.reply[:REPLY]}
        yield from {f"reply has {' '.join(pair)}" for pair in pairwise(self.reply[:REPLY])}


def sentences(turns: Sequence[Turn]) -> Iterator[Said]:
    """Every sentence of the doctor that holds words."""
    for place, turn in enumerate(turns):
        if turn.speaker != "doctor":
            continue
        found = [m for m in SENTENCE.finditer(turn.text) if WORD.search(fold(m.group()))]
        after = turns[place + 1] if place + 1 < len(turns) else None
        reply = _words(after.text) if after and after.speaker != "doctor" else ()
        for m in found:
            yield Said(place, m.span("mark"), _words(m.group()), reply if m is found[-1] else None)


def _words(text: str) -> tuple[str, ...]:
    """Folded words, every drug and every number as one: which it is says nothing of who asks."""
    norm = fold(text)
    for drug in reversed(find_drugs(norm)):
        norm = norm[: drug.start] + DRUG + norm[drug.end :]
    return tuple(NUMBER if word[0].isdigit() else word for word in WORD.findall(norm))


def marked(transcript: Transcript) -> Transcript:
    """The same transcript with the doctor's lost question marks in the place of full stops; as it was where none are lost."""
    if transcript.lang != "fr":
        return transcript
    model = linear("questions_fr")
    odds = [(said, model.scores(said.features())[0]) for said in sentences(transcript.turns)]
    likely = [said for said, score in odds if score > LIKELY]
    bare = [said for said in likely if "?" not in transcript.turns[said.turn].text[slice(*said.mark)]]
    if len(likely) < FEWEST or len(bare) < LOST * len(likely):
        return transcript
    texts = {said.turn: list(transcript.turns[said.turn].text) for said, _ in odds}
    for said, score in odds:
        if score > (DOUBTED if said.of_a_drug_taken else ASKS) and said.mark[0] < said.mark[1]:
            texts[said.turn][said.mark[0]] = "?"
    turns = (replace(turn, text="".join(texts.get(place, turn.text))) for place, turn in enumerate(transcript.turns))
    return replace(transcript, turns=tuple(turns))
