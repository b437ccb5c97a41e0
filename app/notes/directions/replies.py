"""What the patient asks to have, to do or to be spared, and what the doctor answers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from app.notes.directions.advising import directs
from app.notes.directions.alarms import ALARM, IF, conditional
from app.notes.directions.leave import LEAVE, WORK_STOP, leave_fact
from app.notes.directions.ordered import NOT_NOW, ORDERED, WHEN, needless, order
from app.notes.facts import Fact
from app.notes.language.conjugation_fr import of_the_patient
from app.notes.language.cues import cues
from app.notes.language.lexicon import Mention, find_concepts, find_drugs
from app.notes.language.text import fold
from app.notes.language.units import Sentence, Visit
from app.notes.transcript import Language

ASKS_FOR = cues("replies.asks_for")
MAY_I = cues("replies.may_i")
NO = cues("replies.no")
YES = cues("replies.yes")
ACTIVITY = cues("advising.activity")
FIRST_SENTENCES = 2  # of an answer, in which its yes or no stands
BARE_WORDS = 5


@dataclass(frozen=True, slots=True)
class Reply:
    """The doctor's answer: yes, no, only if or none of these, the sentence that says it, and all sentences of the turn."""

    verdict: Literal["yes", "no", "if", ""]
    sentence: Sentence
    turn: tuple[Sentence, ...]


def replies(visit: Visit) -> Iterator[tuple[Fact, Sentence]]:
    """Facts that an answer to the patient makes, each with the sentence of the doctor that needs no other reading."""
    for place, asked in enumerate(visit.sentences):
        if not _asks(asked, visit, place):
            continue
        reply = _reply(visit.reply_to(place), visit.lang)
        if reply is None:
            continue
        found = _answered(asked, reply, visit.lang)
        if found:
            yield found, reply.sentence


def _asks(sentence: Sentence, visit: Visit, place: int) -> bool:
    """Whether it is the last thing that the other side asks before the doctor answers."""
    if sentence.speaker == "doctor" or not (sentence.asks or ASKS_FOR[visit.lang].search(sentence.norm)):
        return False
    later = (s for s in visit.sentences[place + 1 : place + 6] if s.turn == sentence.turn)
    return not any(s.asks or ASKS_FOR[visit.lang].search(s.norm) for s in later)


def _reply(turn: Sequence[Sentence], lang: Language) -> Reply | None:
    for sentence in turn[:FIRST_SENTENCES]:
        if sentence.asks:
            return None
        if NO[lang].search(sentence.norm) or NOT_NOW[lang].search(sentence.norm):
            return Reply("no", sentence, tuple(turn))
        if IF[lang].search(sentence.norm) and conditional(sentence.norm, lang):
            return Reply("if", sentence, tuple(turn))
        if YES[lang].search(sentence.norm):
            return Reply("yes", sentence, tuple(turn))
    return Reply("", turn[0], tuple(turn)) if turn and not turn[0].asks else None


def _answered(asked: Sentence, reply: Reply, lang: Language) -> Fact | None:
    wanted = (
        []
        if TELLS_THEM.search(asked.norm)
        else [
            m
            for m in find_concepts(asked.norm, lang)
            if m.concept.kind in ORDERED and not ITSELF_ACTS.match(asked.norm, m.end) and not THEIR_JOB.search(asked.norm[: m.start])
        ]
    )
    if not reply.verdict and wanted and WHEN[lang].search(reply.sentence.norm):
        return order(wanted, asked, lang, proof=(asked.evidence(), reply.sentence.evidence()), said=reply.sentence)
    if not reply.verdict:
        told = _told_what_to_do(asked, reply.sentence)
        return _activity(asked, reply) if lang == "fr" and not wanted and told else None
    if LEAVE[lang].search(asked.norm):
        if reply.verdict == "no" and any(WORK_STOP[lang].search(s.norm) for s in reply.turn if s is not reply.sentence):
            return None  # "Un mois, je préfère pas. Je mets quinze jours.": another length is granted
        said_there = LEAVE[lang].search(reply.sentence.norm) and reply.verdict != "no"
        return None if said_there else leave_fact(asked, reply.sentence, lang, granted=reply.verdict != "no")
    if wanted:
        return _examination(wanted, asked, reply, lang)
    return _activity(asked, reply) if lang == "fr" and not find_drugs(asked.norm) else None


WITHOUT_VERB = re.compile(
    r"^\W*(?:(?:alors|ben|bon|la|ca|le|les)\W+)*(?:a |apres|avant|dans|matin|pas |jusqu|des que|quand|pendant|\d+ |une fois|doucement|progressivement|uniquement|seulement|le soir|le matin)"
)


def _told_what_to_do(asked: Sentence, sentence: Sentence) -> bool:
    """ "À distance des repas.", "Attendez un mois.": an answer that is neither yes nor no, and still says what to do."""
    if len(sentence.norm.split()) > SHORT_ANSWER:
        return False
    if CASE.match(asked.norm) and (INSTRUCTS.match(sentence.norm) or ALARM["fr"].search(sentence.norm) or DOES.search(sentence.norm)):
        return True
    return bool(WITHOUT_VERB.match(sentence.norm) or directs(sentence.norm)) or _refers_back(asked, sentence)


def _refers_back(asked: Sentence, sentence: Sentence) -> bool:
    """ "Et ma belle-fille ?" - "Vous ne l'approchez pas.": what to do with what was asked about."""
    return bool(NAMED.match(asked.norm) and REFERS.search(sentence.norm))


INSTRUCTS = re.compile(r"\W*(?:(?:alors|bon|la|ben|dans ce cas|donc)\W+)*(?:vous|tu) (?:(?:le|la|les|l|en|y|lui|me|m) )*(?!avez|etes|aurez|serez|voyez|savez|pouvez|verrez)(?:\w+ez|faites|\w+es)(?![a-z])")
REFERS = re.compile(r"(?<![a-z])(?:vous|tu|ne|n|on) (?:ne |n )?(?:l|le|la|les|lui|leur|y) (?!avez|aurez|voyez|verrez|verra|a |aura|savez)(?:\w+ez|faites)(?![a-z])")
SHORT_ANSWER = 14  # words
THEIR_JOB = re.compile(r"(?<![a-z])(?:je suis|je travaille comme|suis) (?:une? |l |son |sa )?$")  # "je suis aide à domicile"
ITSELF_ACTS = re.compile(  # "la médecine du travail, elle va pas me mettre inapte ?": asked about, not asked for
    r"[a-z]*(?: [a-z]+)?,? (?:elle|il|ils|elles) (?!faut|faudra)(?:me |m |nous |ne |n )*(?:va|vont|a|ont|peut|peuvent|risque\w*|dit|disent|met|mettent|voudra|accepte\w*)(?![a-z])"
)
TELLS_THEM = re.compile(
    r"(?<![a-z])(?:je|on) (?:le |la |les |lui )?(?:previens|appelle|dis|demande a|contacte|previent|rappelle|montre|garde|apporte|ramene)(?![a-z])"
)


def _examination(wanted: Sequence[Mention], asked: Sentence, reply: Reply, lang: Language) -> Fact | None:
    """ "Et l'IRM, il en faut pas une ?" - "Pas maintenant. Si ça dure au-delà de six semaines, là oui." """
    later = next((s for s in reply.turn if _leaves_open(s, reply, lang)), None)
    proof = (asked.evidence(), (later or reply.sentence).evidence())
    if reply.verdict == "no" and later is None:
        return needless(wanted[-1], reply.sentence, lang, proof=proof)
    if later is None and any(m.concept.kind in ORDERED for m in find_concepts(reply.sentence.norm, lang)):
        return None  # the answer names what it orders
    return order(wanted, asked, lang, conditional=later is not None, proof=proof, said=later or reply.sentence)


ONLY_IF = re.compile(r"(?<![a-z])(?:sauf|seulement|uniquement|que|a moins|only|unless) (?:si|s il|if|que)?(?![a-z])")


def _leaves_open(sentence: Sentence, reply: Reply, lang: Language) -> bool:
    """ "Si ça dure au-delà de six semaines, là oui."; not the reason of a no, "non : s'il y a un polype il faudra l'enlever"."""
    if not IF[lang].search(sentence.norm) or ALARM[lang].search(sentence.norm):
        return False
    if sentence is reply.sentence:
        return reply.verdict != "no" or bool(ONLY_IF.search(sentence.norm))
    return bool(MEANS_IT.search(sentence.norm))


MEANS_IT = re.compile(  # "là oui", "alors on en fera une"
    r"(?<![a-z])(?:oui|alors|(?:on|je|vous) (?:vous )?(?:en|le|la|les|l) \w+|ce sera|(?:il )?faudra|radio\w*|scanner|irm|echo\w*|prise de sang|coloscop\w*|yes|then|we ll)(?![a-z])"
)


def _activity(asked: Sentence, reply: Reply) -> Fact | None:
    """ "Et le vélo ?" - "Attendez un mois.": told with what was asked."""
    topic = _topic(asked, referred=bool(REFERS.search(reply.sentence.norm)))
    if CASE.match(asked.norm) and not _instructs(reply):
        return None
    told_itself = IF["fr"].search(reply.sentence.norm) and CASE.match(asked.norm)
    if not topic or told_itself:
        return None
    urgent = ALARM["fr"].search(reply.sentence.norm) is not None
    if urgent and not CASE.match(asked.norm):
        return None
    bare = len(reply.sentence.norm.split()) < BARE_WORDS
    after = [s for s in reply.turn if s.start > reply.sentence.start]
    if bare and after and ACTIVITY["fr"].search(after[0].norm):
        return None  # "Hors de question. Pas de sport pendant six semaines."
    answer = re.sub(rf"^(?:l[ea]s? |l['’]){re.escape(topic)},? ", "", reply.sentence.shown, flags=re.IGNORECASE)
    words = f"{topic} : {answer[:1].lower()}{answer[1:]}"
    conditional = reply.verdict == "if" or bool(CASE.match(asked.norm))
    return Fact(
        "advice",
        words,
        "conseil",
        (asked.evidence(), reply.sentence.evidence()),
        certainty="conditional" if conditional else "certain",
        temporality="future" if conditional else "current",
        asserted_by="doctor",
        critical=urgent,
        status="alert" if urgent else "answered",
        sentence=words,
        extra=(words, ""),
    )


def _instructs(reply: Reply) -> bool:
    """Whether the answer to "et si ... ?" says what to do then, and does not only explain or reassure."""
    norm = reply.sentence.norm
    return bool(INSTRUCTS.match(norm) or ALARM["fr"].search(norm) or DOES.search(norm)) or directs(norm)


DOES = re.compile(r"(?<![a-z])(?:on|je|vous) (?:(?:le|la|les|l|en|vous|me|m|lui) )*(?!peut|peux|verra|verrez|saurez|serez|aurez|ira|avez|etes|fera doucement)(?:\w+ez|\w+era|\w+erai|prolonge|arrete|garde|reprend|reprends|continue|refait|appelle|change|diminue|augmente|passe|redonne|attend)(?![a-z])")
NAMED = re.compile(  # "et pour le sport ?", "et mon avion ?"
    r"(?:et|mais|sinon|du coup|donc|alors|bon|ok|d accord)?[ ,]*(?:pour )?(?:(?:le|la|les|l|mon|ma|mes|un|une|du|de la|des) |pour (?=\w+(?:er|ir|re)(?![a-z])))([^?,.]{3,60}?)(?:,? (?:alors|docteur|du coup|dans tout ca))?\s*\?"
)


TOPIC_FIRST = re.compile(  # "et le handball, je peux reprendre ?"
    r"\W*(?:(?:et|mais|sinon|du coup|donc|alors|bon|ok|d accord)\W+)*(?:pour )?(?:le|la|les|l|mon|ma|mes|du|de la|des) ([^?,.]{3,40}),? (?:(?:je|on|il|elle) (?:(?:m en|l en|le|la|les|l|en) )?(?:peux|peut|pourrai|pourra|continue|reprends?|arrete|garde|dois|doit|sers|mesure|surveille)|c est (?:bon|possible|ok|autorise|interdit)|j ai (?:le )?droit)(?![a-z])[^?]*\?"
)
CASE = re.compile(  # "et si ça saigne après ?"
    r"\W*(?:(?:et|mais|sinon|d accord|ok)\W+)*((?:si|s il|s ils|quand|en cas d[e ]?)(?! (?:je|j|on) (?:peux|peut|reviens|revient|vous)) ?[^?,]{4,60})[^?]*\?"
)


TIME_OF_DAY = re.compile(r"\W*(?:le |la |ce )?(?:soir|matin|midi|nuit|coucher|semaine|week end|mois|jour)s?\W*")  # when, and no topic


def _topic(asked: Sentence, *, referred: bool = False) -> str:
    """What may the patient do: "je peux aller au sport ce soir ?" -> "Aller au sport ce soir"; empty when it is not that."""
    may, first, case = MAY_I["fr"].search(asked.norm), TOPIC_FIRST.match(asked.norm), CASE.match(asked.norm)
    if case:
        start, end = case.span(1)
    elif first:
        start, end = first.span(1)
    elif may:
        start, end = may.end(), len(asked.norm.rstrip(" ?.!"))
    else:
        named = NAMED.match(asked.norm)
        if named is None or not (referred or ACTIVITY["fr"].search(asked.norm)):
            return ""
        start, end = named.start(1), named.end(1)
    words = asked.line.shown[asked.start + start : asked.start + end].strip(" ,?")
    words = re.sub(r"\bm(?:on|a|es)\b ", "", words.split(",")[0])
    words = of_the_patient(words) if case else words
    if not words or TIME_OF_DAY.fullmatch(fold(words)) or (not case and re.search(r"\b(?:je|j['’]|moi|me|m['’]|nous|vous)(?![a-zà-ÿ])", words)):
        return ""
    return words[:1].upper() + words[1:]
