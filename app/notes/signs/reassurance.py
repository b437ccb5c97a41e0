"""Illnesses that the doctor rules out: asked about by the patient ("Un AVC ?" - "Non, aucun signe"), or of the doctor's own accord."""

import re
from collections.abc import Iterator
from itertools import pairwise

from app.notes.facts import Fact
from app.notes.language.lexicon import find_concepts
from app.notes.language.units import Sentence, Visit
from app.notes.people.people import relation_near
from app.notes.signs.mentions import mention_fact

ASKS_IF = {
    "fr": re.compile(
        r"(?<![a-z])(?:c est(?! quoi| grave)|ca (?:peut|pourrait)|est ce que c|je (?:fais|suis|ai)|j ai|en train de faire|vous (?:pensez|croyez)|ce serait|et si c)(?![a-z])"
    ),
    "en": re.compile(
        r"(?<![a-z])(?:is it|could it be|can it be|is this|am i having|do i have|it s not|could this be)(?![a-z])"
    ),
}
IF = re.compile(r"(?<![a-z])(?:si|s il|if)(?![a-z])")
RULES_OUT = {
    "fr": re.compile(
        r"\W*(?:(?:ah|oh|mais|alors|ecoutez|rassurez vous|bien sur que)\W+)*(?:non(?! plus)|pas du tout|absolument pas|aucun signe|rien (?:a voir|de tout ca)|certainement pas|surtout pas)(?![a-z])(?!.*(?:exclu|possible|sais pas|verifi|peut etre|on va voir))"
    ),
    "en": re.compile(r"\W*(?:(?:oh|well|but)\W+)*(?:no|not at all|absolutely not|nothing like that)(?![a-z])(?!.*(?:rule|possible|don t know|check|maybe))"),
}  # fmt: skip


IS_NOT = re.compile(  # before an illness
    r"(?:(?<!elle, )(?<!lui, )(?:ce n est|c est|ca n est|on n est|c etait)(?: \w+)? pas (?:du tout |vraiment |encore |non plus |dans |sur )?(?:ce qu on appelle )?(?:une?|la|le|les|l|des|de la|de l|du|d|de)|"
    r"(?:n a|a|n ont|ont) rien (?:a voir avec|d|de|du) ?(?:une?|la|le|les|l|des)?|(?:pas d argument|aucun argument|aucun signe|pas de signes?|rien en faveur|rien qui evoque|rien qui fasse penser a) (?:\w+ ){0,2}(?:une?|la|le|les|l|des|d|de)|"
    r"(?:je|on) (?:ne |n )?(?:crois|pense|peut) (?:vraiment |absolument )?pas (?:du tout )?(?:a|que ce soit|que ca soit|dire que c est) (?:une?|la|le|les|l|des|de la|du)|"
    r"(?:j|on) (?:ecarte|elimine|exclus?|peut (?:ecarter|eliminer|exclure)|a (?:ecarte|elimine|exclu))(?: donc| tout de suite| deja| d emblee| d office| d entree)? (?:une?|la|le|les|l|des)|(?<![a-z])ni (?:une?|la|le|d|de)?) ?(?:(?:vraie?|simple|nouvelle|autre|fichue) )?$"
)
NOT_AFTER = re.compile(  # after it: "L'embolie, je n'y crois pas"
    r"\w*(?: \w+){0,2}(?:, [^,]{3,50})?,? (?:honnetement |franchement |la |ca |donc )?(?:(?:je|on) (?:n )?y (?:crois|pense|croit)(?: vraiment)? (?:pas|plus|guere)|j y crois (?:peu|pas|guere|moyennement)|n y pensons plus|j en doute(?: fort| beaucoup)?|on (?:n )?y pense plus|(?:on|je) (?:peut |peux )?(?:l |la |le |les )?(?:ecarte|elimine|exclus?|oublie|raye|barre)[rtsz]?(?![a-z])|"
    r"(?:c est|est|elle est|il est) (?:ecarte|elimine|exclu|hors de cause)e?|(?:je|on) (?:ne )?(?:la|le) voi[st] (?:pas|mal)|c est non|(?:n a|a) rien a faire la|(?:il|elle) (?:ne )?(?:boug|march|pos|parl|respir|mang|jou|dorm|sour)\w*rait pas)"
)
WHICH = re.compile(r"\w*(?: \w+){0,2} (?:qui|qu|que)(?![a-z])")  # "ce n'est pas le diabète qui donne ça"
HEDGED = re.compile(r"(?<![a-z])(?:pas forcement|peut etre pas|pas sur(?:e|s)?|(?:pas|impossible) (?:de |d )?(?:l )?(?:exclu|ecart|elimin)\w*|seulement|juste|que)(?![a-z])|(?<![a-z])(?:si|quand|parce que|s il) ")


def ruled_out(visit: Visit) -> Iterator[Fact]:
    """Illnesses that the doctor excludes, with what proves it."""
    yield from _asked_and_excluded(visit)
    yield from _said_not_to_be(visit)


def _said_not_to_be(visit: Visit) -> Iterator[Fact]:
    """ "Ce n'est pas une phlébite.", "L'embolie, je n'y crois pas." """
    for said in visit.sentences if visit.lang == "fr" else ():
        if said.speaker != "doctor" or said.asks:
            continue
        named = [m for m in find_concepts(said.norm, "fr") if m.concept.kind == "problem"]
        for mention in named:
            before = said.norm[: mention.start + _article(said.norm[mention.start : mention.end])]
            excluded = IS_NOT.search(before) or NOT_AFTER.match(said.norm, mention.end)
            if excluded and not WHICH.match(said.norm, mention.end) and not HEDGED.search(said.norm) and relation_near(said.norm, mention.start, "fr") is None:
                evidence = (said.evidence(),)
                yield mention_fact(mention, "fr", "absent", "certain", "current", "doctor", evidence, "", said.shown, said.norm)


def _article(words: str) -> int:
    """The length of an article that the name of an illness begins with."""
    article = re.match(r"(?:une?|la|le|les|l|des) ", words)
    return article.end() if article else 0


def _asked_and_excluded(visit: Visit) -> Iterator[Fact]:
    """Illnesses that the doctor's answer excludes, with the question and the answer as evidence."""
    lang = visit.lang
    for asked, answer in pairwise(visit.sentences):
        if not _is_answer(asked, answer, visit) or not ASKS_IF[lang].search(asked.norm):
            continue
        named = [m for m in find_concepts(asked.norm, lang) if m.concept.kind == "problem"]
        if len(named) == 1 and not IF.search(asked.norm) and relation_near(asked.norm, named[0].start, lang) is None:
            evidence = (asked.evidence(), answer.evidence())
            yield mention_fact(
                named[0], lang, "absent", "certain", "current", "doctor", evidence, "", answer.shown, asked.norm
            )


def _is_answer(asked: Sentence, answer: Sentence, visit: Visit) -> bool:
    """Whether a question of the other side is answered at once by the doctor with a plain no."""
    sides = asked.speaker != "doctor" and answer.speaker == "doctor"
    return sides and asked.asks and RULES_OUT[visit.lang].match(answer.norm) is not None
