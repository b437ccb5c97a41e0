"""Operations that were only spoken of: proposed, wished for, planned, turned down: "ils voulaient me poser un stent, j'ai dit non"."""

import re
from collections.abc import Iterator

from app.notes.facts import Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import Mention, find_concepts
from app.notes.language.units import Sentence, Visit
from app.notes.people.people import relation_near

WHEN = cues("orders.when")
TO_COME = re.compile(
    r"\w*(?: \w+){0,2} (?:est |qui est |is )?(?:prevue?|programmee?|planifiee?|planned|scheduled|booked)(?![a-z])|"
    r"\w* (?:dans|in) \d+ (?:jours|semaines|mois|days|weeks|months)(?! j ai)"
)
ONLY_THOUGHT = re.compile(  # "il pense à la vasectomie", "le chirurgien veut me mettre une prothèse", "on m'a proposé un stent"
    r"(?<![a-z])(?:(?:pens|song|parl)\w*(?: \w+)? (?:a|d)|envisag\w*|hesit\w* (?:a|pour)|voudrai\w*|aimerai\w*|refus\w*|peur d|"
    r"propos\w*|conseill\w*|recommand\w*|sugger\w*|(?:veu[tx]|veulent|voulai\w*|comptai\w*|compte|faudrait|faudra|devrai\w*|risqu\w*|(?:va|vais|vont) (?:me |se |lui |nous |vous )?(?:faire|subir|avoir|passer|mettre|poser|remettre)|prochaine?|date (?:pour|de|d))(?: (?!pas)[a-z]+){0,3}?) ?"
    r"(?:(?:la|le|l|les|une?|e|es|u|de|d|du|des|ma|mon|sa|son|pour|faire|se faire|me faire) ?)*$"
)
OFFERED_AFTER = re.compile(  # "la conisation, on me l'a proposée"
    r"\w*(?: \w+){0,2},? (?:on|ils|il|elle|le \w+|la \w+) (?:me |m |lui )?(?:l |la |en )?(?:a|ont|avait|avaient) (?:deja )?(?:propos|conseill|recommand|parl)\w*"
)
TURNED_DOWN = re.compile(
    r"(?<![a-z])(?:j ai (?:dit (?:non|niet|stop)|refuse|pas voulu|decline|(?:prefere|choisi) pas)|(?:il|elle) (?:a refuse|a pas voulu|veut pas|n a pas voulu)|j (?:en )?(?:veux|voulais) (?:pas|plus)|je (?:n )?(?:veux|voulais) (?:pas|plus)|"
    r"j ai eu (?:la trouille|peur)|pas question|hors de question|refuse(?:es?)?)(?![a-z])"
)
NEXT_WORDS = 12
TURNED = "turned down"


def not_done(mention: Mention, norm: str) -> bool:
    """Whether an operation is only spoken of where it is named."""
    clause = re.split(r"[.;!?…]", norm[: mention.start])[-1]
    after = norm[mention.end :]
    return bool(TO_COME.match(after) or ONLY_THOUGHT.search(clause) or OFFERED_AFTER.match(after))


def of_operations_to_come(sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    """ "Opération de la cataracte prévue le douze janvier"; "on m'a proposé un pontage, j'ai refusé"."""
    for mention in find_concepts(sentence.norm, visit.lang):
        if mention.concept.kind != "surgery" or relation_near(sentence.norm, mention.start, visit.lang) is not None:
            continue
        if TO_COME.match(sentence.norm[mention.end :]):
            yield _planned(mention, sentence, visit)
        elif visit.lang == "fr" and not_done(mention, sentence.norm) and not visit.other_person(sentence, mention.start):
            yield from _turned_down(mention, sentence, visit)


def _planned(mention: Mention, sentence: Sentence, visit: Visit) -> Fact:
    name = mention.concept.name(visit.lang)
    when = WHEN[visit.lang].search(sentence.norm, mention.end)
    shown = sentence.line.shown[sentence.start + when.start() : sentence.start + when.end()] if when else ""
    return Fact(
        "plan",
        f"{name} {shown}".strip(),
        mention.concept.fr,
        (sentence.evidence(),),
        temporality="future",
        asserted_by=sentence.speaker,
        detail=shown,
        status="order",
        sentence=sentence.shown,
        extra=(name,),
    )


def _turned_down(mention: Mention, sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    after = [s for s in visit.sentences if s.turn == sentence.turn and s.start > sentence.start][:1]
    following = [s for s in after if len(s.norm.split()) <= NEXT_WORDS]
    said = next((s for s in (sentence, *following) if TURNED_DOWN.search(s.norm, mention.end if s is sentence else 0)), None)
    if said is not None:
        name = mention.concept.name(visit.lang)
        evidence = (sentence.evidence(),) if said is sentence else (sentence.evidence(), said.evidence())
        outcome = ": proposé, refusé"
        yield Fact(
            "procedure",
            f"{name} {outcome}",
            mention.concept.fr,
            evidence,
            polarity="absent",
            asserted_by=sentence.speaker,
            status=TURNED,
            sentence=sentence.shown,
            extra=(name, outcome),
        )
