"""Turns as sentences, and questions with their answers: what is said counts only together with what was asked."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rapidfuzz import fuzz

from app.notes.facts import Evidence
from app.notes.language.boundaries import cuts
from app.notes.language.corrections import mask_corrections
from app.notes.language.cues import cue, cues
from app.notes.language.text import Line, fold, normalise
from app.notes.language.verdicts import NO, Verdict, judge, only_surprise
from app.notes.people.holders import FAMILY_ASKED, OF_A_PARENT, PATIENT, Role, Speaking, role_of, whose
from app.notes.people.names import ADULT_YEARS, first_names
from app.notes.people.people import SOMEBODY, relation_near, spoken_of
from app.notes.transcript import Language, Speaker, Transcript, Turn

SENTENCE = re.compile(  # a title's full stop ends nothing: "Dr. Howard"
    r"(?:[^.?!]|\.(?=\d)|\.\.+|(?<=(?<![a-z])[dm]r)\.(?= )|(?<=(?<![a-z])[dm]r )\.(?= )|(?<=(?<![a-z])mrs)\.(?= )|(?<=(?<![a-z])ms)\.(?= ))+[.?!]*"
)
TO_ALLERGIES = re.compile(  # "je prends de l'amlodipine et je suis allergique à l'aspirine": two things, two sentences
    r"(?<=[a-z0-9,] )(?:et|mais|and|but) (?:(?:puis|aussi|sinon|also|then) )?"
    r"(?=(?:moi )?(?:je suis|j ai|i m|i am|i have) (?:(?:une|tres|an|also|very) )?(?:allerg|intoleran))"
)
ASKS = cues("units.asks")
HOLDS = cue("units.holds")
ADDRESSES = re.compile(r"(?<![a-z])(?:vous|tu|you|your|votre|vos|dossier|file|chart|j ai|i have)(?![a-z])|…")
RECORDED = re.compile(
    r"(?<![a-z])(?:dossier|j ai note|j ai (?:(?:aussi|bien|encore|la|ecrit|marque|vu|toujours)\W+)*(?:une? )?\W?(?:allergie|intolerance)(?! (?:moi|aux? (?:gens|idiots)))|(?:je n|j) ai rien (?:de |d )?(?:note|inscrit|marque|ecrit)|j ai (?:\w+ ){1,3}(?:en rouge|d ecrit|d inscrit|de note|de marque)|alerte (?:rouge|allergie)|(?:s|me l) affiche|je lis|je vois (?:ici|marque|note|ecrit|que (?:vous|tu) (?:prenez|prends|etes|avez))|my file|your (?:chart|record)|i have (?:an? )?(?:allergy|\w+ine?|\w+cillin))(?![a-z])"
)
MAX_STATED_QUESTION = 90
BACKCHANNEL = re.compile(  # the doctor only shows to be listening: the answer goes on
    r"\W*(?:(?:ok|okay|m+|mhm|mm hmm|hmm|right|yeah|alright|sure|i see|d accord|hum|ouais|fine|uh huh|ah)\W*)+"
)
SHORT_QUESTION = 75  # characters; speech recognition often loses the question mark
UNMARKED = re.compile(
    r"\W*(?:(?:d accord|ok|okay|et|alors|bon|donc|and|so)\W+)*(?:vous|les?|la|l|des?|du|pas de|toujours|il|elle|you|any|no|the|your|has|have|do|did|are|is)(?![a-z])"
)
DIRECTS = re.compile(
    r"(?<![a-z])(?:si|s il|on|je|c est|il faut|prenez|arretez|appelez|allez|if|take|stop|call|we|i)(?![a-z])"
)
STRICT = re.compile(
    r"\W*(?:(?:ah|oh|moi|um|uh)\W+)*(?:oui|ouais|non|anon|unon|jamais|un peu|aucune?|yes|yeah|no|never|a little|not really)(?![a-z])"
)
MAX_QUESTIONS = 5
SPEAKING_YEARS = 8
THIRD_PERSON = re.compile(  # somebody else, even when the one who was named was not understood
    r"\W*(?:(?:et|mais|donc|parce que|du coup|oui|non|and|but|so|because|yes|yeah|no)\W+)*(?:(?:elles?|ils?) (?:est sous|sont sous|est (?:tombee )?enceinte|prend|prenait|a eu|ont eu|a fait une?|avait une?|a vomi|vomit|tousse|a (?:de la fievre|mal)|est malade)|"
    r"(?:she|he|they) (?:is on|are on|was on|takes?|had|has an?|(?:is|was|has been) (?:sick|vomiting|throwing|coughing)))(?![a-z])"
)
OF_ANOTHER = re.compile(  # asked of an adult patient: "Elle grossit ?", "Et il dort bien, lui ?"
    r"(?:^|[.,;!?…] ?)(?:(?:et|alors|donc|la nuit|d accord|bon)\W+)*(?:comment )?(?:il|elle) (?:va|dort|mange|boit|grossit|tete|pleure|tousse|vomit|fume|travaille|vous aide|"
    r"prend du poids|a (?:quel age|de la fievre|vu (?:un|le|quelqu)|pris du poids)|est (?:malade|suivie?|soignee?|vaccinee?|nee?))(?![a-z])"
)
GOES_ON = re.compile(r"\W*(?:c etait|une?|des) (?:les? |la |l |une? |des )?(?!vous|votre|vos|tu|toi)\w+(?: (?!vous|votre|vos|tu|toi|chez)[a-z]+){0,3} ?\?\W*")
CHILDREN = ("daughter", "son", "children", "granddaughter", "grandson")
CHILD_MOTIF = re.compile(
    r"(?<![a-z])(?:mon fils|ma fille|bebe|enfant|nourrisson|my (?:son|daughter|baby|child))(?![a-z])"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: norm[start:end] of its turn. `asks` tells a question."""

    turn: int
    speaker: Speaker
    line: Line
    start: int
    end: int
    asks: bool

    @property
    def norm(self) -> str:
        return self.line.norm[self.start : self.end]

    @property
    def shown(self) -> str:
        return self.line.shown[self.start : self.end].strip()

    def evidence(self, start: int = 0, end: int | None = None) -> Evidence:
        """Evidence for norm[start:end] of this sentence, in characters of the turn's text."""
        stop = self.end if end is None else self.start + end
        first, last = self.line.span(self.start + start, max(stop, self.start + start + 1))
        return Evidence(self.turn, first, last)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Questions of the doctor and the answer they got. `verdict` is what the answer says to a yes-or-no question."""

    questions: tuple[Sentence, ...]
    answer: tuple[Sentence, ...]
    verdict: Verdict
    run: tuple[Sentence, ...] = ()

    @property
    def answer_text(self) -> str:
        return " ".join(sentence.norm for sentence in self.answer)


@dataclass(frozen=True, slots=True)
class Visit:
    """A transcript made ready: sentences in order, and questions with answers."""

    transcript: Transcript
    lines: tuple[Line, ...]
    sentences: tuple[Sentence, ...]
    exchanges: tuple[Exchange, ...]
    names: tuple[tuple[str, str, str], ...] = ()  # first names of others: see people.names

    @property
    def lang(self) -> Language:
        return self.transcript.lang

    @property
    def motif(self) -> str:
        """The reason given at booking, without the marks that people end it with."""
        return self.transcript.motif.strip(" ?!.…")

    def other_person(self, sentence: Sentence, start: int) -> tuple[str, int] | None:
        """Who norm[start:] of a sentence is about when it is not the patient: (relation, where named), or None."""
        people = self.people(sentence, start)
        if people:
            return None if people == (PATIENT,) else (people[0], 0)
        named = relation_near(sentence.norm, start, self.lang)
        if named is None and sentence.speaker == "relative" and self.is_child:
            named = self._kin_of_speaker(sentence, start)
        if named is None and sentence.speaker == "patient" and self.lang == "en":
            named = spoken_of(self.said_before(sentence), sentence.norm, start, self.lang)
        if named is None and sentence.speaker == "patient" and not self.is_child and THIRD_PERSON.match(sentence.norm):
            named = ("other", 0)
        if named and self.is_child and sentence.speaker == "relative":
            named = _seen_by_the_child(named, sentence.norm)
        return None if named and self.is_the_patient(named[0]) else named

    def people(self, sentence: Sentence, start: int) -> tuple[str, ...]:
        """Who norm[start:] of a French statement is about, by name or pronoun: relations, ("patient",), or () when nothing tells."""
        if self.lang != "fr" or sentence.speaker == "doctor":
            return ()
        exchange = next((e for e in self.exchanges if sentence in e.answer), None)
        asked = exchange.questions[-1].norm if exchange else ""
        relative = sentence.speaker == "relative" or self.is_small_child
        speaking = Speaking(
            role=self.relatives_role[0] if relative else "patient",
            self_name=self.relatives_role[1] if relative else PATIENT,
            patient_sex=self.transcript.patient.sex,
            asked=" ".join(s.norm for s in exchange.run) if exchange else "",
            earlier=tuple(s.norm for s in self._said_of_them(sentence, asked)),
            family_asked=FAMILY_ASKED.search(asked) is not None,
            names=self.names,
        )
        people = whose(sentence.norm, start, speaking)
        asked_of_another = not relative and self.is_adult and OF_ANOTHER.search(asked)
        return people or ((SOMEBODY,) if asked_of_another else ())

    def asked_about(self, question: Sentence) -> str | None:
        """Whom else a doctor's question to an adult is about: "Elle grossit ?", or "Un AVC ?" after words about a relative."""
        if self.lang != "fr" or not self.is_adult or question.speaker != "doctor" or not question.asks:
            return None
        if any(s.speaker == "relative" for e in self.exchanges if question in e.questions for s in e.answer):
            return None  # "elle", asked of the daughter, is the patient
        if OF_ANOTHER.search(question.norm):
            return SOMEBODY
        if not GOES_ON.fullmatch(question.norm):
            return None
        before = [s for s in self.sentences if s.turn == question.turn - 1]
        people = self.people(before[-1], len(before[-1].norm)) if before and before[-1].speaker == "patient" else ()
        return people[0] if len(people) == 1 and people[0] != PATIENT else None

    def _said_of_them(self, sentence: Sentence, asked: str) -> Iterator[Sentence]:
        """The earlier sentences of a turn; before them those of the turn before, when the question goes on about "elle" or "il"."""
        goes_on = sentence.speaker == "patient" and re.search(r"(?<![a-z])(?:elles?|ils?|lui)(?![a-z])|^(?!.*vo(?:tre|s) ).*c etait |^\W*(?:une?|des) \w+(?: [a-z]+){0,2} ?\?\W*$", asked)
        for s in self.sentences:
            of_before = goes_on and s.turn == sentence.turn - 2 and s.speaker == sentence.speaker
            if of_before or (s.turn == sentence.turn and s.end <= sentence.start):
                yield s

    @property
    def relatives_role(self) -> tuple[Role, str]:
        """Who speaks for the patient, as a role and as a relation to the patient: ("parent", "mother")."""
        theirs = " ".join(s.norm for s in self.sentences if s.speaker == "relative" or (s.speaker != "doctor" and self.is_small_child))
        asked = " ".join(s.norm for s in self.sentences if s.speaker == "doctor")
        return role_of(theirs, asked, self.is_child, self.transcript.patient.sex)

    def _kin_of_speaker(self, sentence: Sentence, start: int) -> tuple[str, int] | None:
        """ "Ah, ma sœur. Elle est enceinte", said by the child's mother: a pronoun of the same sex, in the same turn."""
        before = " ".join(s.norm for s in self.sentences if s.turn == sentence.turn and s.end <= sentence.start)
        if not MINE_FR.search(before):
            return None
        found = spoken_of(before, sentence.norm, start, self.lang)
        woman = re.search(r"(?<![a-z])(?:elle|she|her)(?![a-z])", sentence.norm[:start]) is not None
        if found is None or (found[0] in ("sister", "mother")) != woman:
            return None
        return OF_A_PARENT.get(found[0], found[0]), found[1]

    def is_the_patient(self, relation: str) -> bool:
        """Whether a relation is the patient in person: the child of the parent who speaks."""
        return self.is_child and relation in CHILDREN

    @property
    def is_small_child(self) -> bool:
        """Whether whoever speaks for the patient is surely somebody else."""
        age = self.transcript.patient.age
        return age is not None and age < SPEAKING_YEARS

    @property
    def is_child(self) -> bool:
        """Whether the patient is a child whose parent speaks: "ma fille a de la fièvre" is the patient's fever."""
        age = self.transcript.patient.age
        if age is not None:
            return age < ADULT_YEARS
        return (
            bool(CHILD_MOTIF.search(fold(self.transcript.motif)))
            or sum(s.speaker == "relative" for s in self.sentences) > len(self.sentences) / 4
        )

    @property
    def is_adult(self) -> bool:
        """Whether the record says so: whom a question calls "elle" is then somebody else."""
        age = self.transcript.patient.age
        return age is not None and age >= ADULT_YEARS

    @property
    def told_sex(self) -> str | None:
        """The sex of the patient by the record, else as the doctor introduces or addresses the patient; for pronouns."""
        if self.transcript.patient.sex or self.lang == "fr":
            return self.transcript.patient.sex
        for s in self.sentences:
            if s.speaker == "doctor":
                for sex, pattern in INTRODUCED.items():
                    if pattern.search(s.norm):
                        return sex
        return None

    def question_of(self, sentence: Sentence) -> str:
        """What the doctor asked or said just before this answer, folded; empty when it answers nothing."""
        exchange = next((e for e in self.exchanges if sentence in e.answer), None)
        return " ".join(s.norm for s in (exchange.run or exchange.questions)) if exchange else ""

    def reply_to(self, place: int) -> tuple[Sentence, ...]:
        """The sentences of the doctor's turn that answers what the other side says in sentences[place]; empty when none does."""
        turn = self.sentences[place].turn
        after = [s for s in self.sentences[place + 1 :] if s.turn > turn]
        first = after[0] if after else None
        if first is None or first.speaker != "doctor":
            return ()
        return tuple(s for s in after if s.turn == first.turn)

    def said_before(self, sentence: Sentence) -> str:
        """The question and the earlier sentences of the same turn, folded."""
        earlier = [s.norm for s in self.sentences if s.turn == sentence.turn and s.end <= sentence.start]
        return " ".join([self.question_of(sentence), *earlier])


MINE_FR = re.compile(r"(?<![a-z])(?:ma|mon|my) (?:soeur|sœur|frere|mere|pere|sister|brother|mother|mum|mom|father|dad)(?![a-z])")
INTRODUCED = {
    "F": re.compile(r"year old (?:[a-z]+ ){0,4}(?:female|woman|lady|girl)(?![a-z])|(?<![a-z])(?:mrs|ma am|maam|(?:hi|hello|hey|morning|afternoon|evening|for|on|to),? (?:ms|miss))(?![a-z])"),
    "M": re.compile(r"year old (?:[a-z]+ ){0,4}(?:male|man|gentleman|boy)(?![a-z])|(?<![a-z])(?:mr|mister)(?![a-z])"),
}  # fmt: skip


def prepare(transcript: Transcript) -> Visit:
    """Normalise, take back what was corrected, split into sentences, pair questions with answers."""
    lang = transcript.lang
    lines = tuple(mask_corrections(normalise(turn.text, lang), lang) for turn in transcript.turns)
    known = tuple(re.split(r"[ (]", fold(line))[0] for line in (*transcript.patient.treatments, *transcript.patient.allergies))
    split = [s for turn, line in zip(transcript.turns, lines, strict=True) for s in _split(turn, line, lang)]
    sentences = tuple(_gone_through(split, known))
    return Visit(transcript, lines, sentences, tuple(_exchanges(sentences, lang)), first_names(transcript))


def _split(turn: Turn, line: Line, lang: Language) -> Iterator[Sentence]:
    for match in SENTENCE.finditer(line.norm):
        turns = TO_ALLERGIES.finditer(line.norm, match.start(), match.end())
        ends = [match.start() + at for at in cuts(match.group())] if lang == "en" else []
        inner = sorted({*(t.start() for t in turns), *ends} - {match.start()})
        for start, end in pairwise([match.start(), *inner, match.end()]):
            text = line.norm[start:end]
            if not re.search(r"[a-z0-9œ]", text):
                continue
            asks = text.rstrip().endswith("?") or (turn.speaker == "doctor" and bool(ASKS[lang].search(text)))
            asks = asks or (turn.speaker == "doctor" and bool(TAG.match(line.norm, end)))
            yield Sentence(turn.index, turn.speaker, line, end - len(text.lstrip()), end, asks)


REVIEWED = re.compile(
    r"\W*(?:(?:et|alors|donc|ensuite|puis|and|so|then)\W+)*(?:le|la|l|les|du|votre|the|your) [^.;:]{3,50}\W*"
)
SOUNDS_LIKE = 80.0


def _gone_through(sentences: Sequence[Sentence], known: Sequence[str]) -> list[Sentence]:
    """The same sentences; drugs of the record named at the end of a doctor's turn, where an answer is waited for, ask."""
    found = list[Sentence]()
    for s in reversed(sentences):
        waits = not found or found[-1].turn != s.turn or found[-1].asks
        found.append(replace(s, asks=s.asks or (waits and _reviews(s, known))))
    return found[::-1]


def _reviews(sentence: Sentence, known: Sequence[str]) -> bool:
    """ "Et l'amlodipine, toujours cinq.": a drug of the record named without a verb is gone through, whatever the mark."""
    if sentence.speaker != "doctor" or not REVIEWED.fullmatch(sentence.norm) or ORDERS_IT.search(sentence.norm):
        return False
    words = sentence.norm.replace(" ", "")
    return any(len(name) >= LEAST_NAME and fuzz.partial_ratio(name, words) >= SOUNDS_LIKE for name in known)


LEAST_NAME = 6  # letters
ORDERS_IT = re.compile(
    r"(?<![a-z])(?:je|on|vous|j|arret\w*|stop\w*|continu\w*|augment\w*|baiss\w*|renouvel\w*|i|we|you|take|keep|pendant|for)(?![a-z])"
)
TAG = re.compile(  # "You have had trouble with your asthma. Is that right?": the statement before it asks
    r"\s*(?:(?:is|isn t) (?:that|it) (?:right|correct|so)|(?:am i )?right|correct|c est (?:bien )?ca|n est ce pas|hein)\s?\?"
)


def _exchanges(sentences: Sequence[Sentence], lang: Language) -> Iterator[Exchange]:
    """Walk runs of the doctor and runs of the others; a run of the doctor that asks is answered by the next run."""
    runs = list(_runs([s for s in sentences if s.speaker != "doctor" or not BACKCHANNEL.fullmatch(s.norm.strip())]))
    for place, (run, reply) in enumerate(pairwise(runs)):
        if run[0].speaker != "doctor":
            continue
        reply = reply[1:] if len(reply) > 1 and only_surprise([r.norm for r in reply]) else reply
        questions = tuple(s for s in run if s.asks)[-MAX_QUESTIONS:]
        if questions:
            answer = reply
            if HOLDS.search(" ".join(s.norm for s in reply)) and len(runs) > place + 3:
                answer = [*reply, *runs[place + 3]]
            yield Exchange(questions, tuple(answer), judge([a.norm for a in answer], lang), tuple(run))
        elif _confirms(run, reply, lang):
            yield Exchange((run[-1],), tuple(reply), judge([r.norm for r in reply], lang), tuple(run))


HAD_ONE = re.compile(r"\W*(?:(?:oui|ouais|ben|ah|euh)\W+)*(?:j en ai (?:re)?(?:fait|eu)|i (?:had|ve had) (?:one|two|another|a few))(?![a-z])")


INVITES = re.compile(r"\W*(?:(?:alors|bon|et|donc|allez y|euh)\W+)*(?:racontez|dites|expliquez|parlez)(?:\W(?:moi|m en|nous))*(?: un peu| ca)?\W*")  # "allergie amoxicilline, j'ai écrit. Racontez-moi."


def _confirms(run: Sequence[Sentence], reply: Sequence[Sentence], lang: Language) -> bool:
    """A statement of the doctor that the other side answers at once with yes or no works as a question."""
    last = run[-2].norm if len(run) > 1 and INVITES.fullmatch(run[-1].norm) else run[-1].norm
    if HAD_ONE.match(reply[0].norm):
        return True
    from_record = bool(RECORDED.search(last))
    if len(last) < SHORT_QUESTION and UNMARKED.match(last) and not DIRECTS.search(last) and STRICT.match(reply[0].norm):
        return True
    return len(last) < MAX_STATED_QUESTION and (
        from_record or (bool(ADDRESSES.search(last)) and bool(NO[lang].search(reply[0].norm) or OVER.match(reply[0].norm)))
    )


OVER = re.compile(  # "Vous êtes sous Previscan." - "C'était avant.", "On me l'a changé."
    r"\W*(?:(?:ah|oh|ben|euh|alors|mais|oui)\W+)*(?:c etait avant(?! (?:de|d|que|le|la|l))|plus (?:maintenant|du tout)|on (?:me |m )?l a |je (?:l|les) ai (?:arrete|plus)|j en (?:prends|ai) plus|je (?:le|la|les) prends plus)"
)


def _runs(sentences: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    run: list[Sentence] = []
    for sentence in sentences:
        if run and (sentence.speaker == "doctor") != (run[0].speaker == "doctor"):
            yield run
            run = []
        run.append(sentence)
    if run:
        yield run


def _seen_by_the_child(named: tuple[str, int], norm: str) -> tuple[str, int]:
    """ "Mon mari est asthmatique", says the mother: the patient's father; "sa sœur" is the patient's own."""
    own = re.match(r"(?:mon|ma|my) ", norm[named[1] :])
    return (OF_A_PARENT.get(named[0], named[0]), named[1]) if own else named
