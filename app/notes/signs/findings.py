"""Symptoms, problems and operations: what the patient has, had, denies, and what the doctor concludes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.notes.allergy.allergens import STRONG
from app.notes.facts import Certainty, Fact, Temporality
from app.notes.language.cues import cues
from app.notes.language.lexicon import Mention, find_concepts, find_drugs
from app.notes.language.meaning import sounds_like_allergy
from app.notes.language.polarity import CONDITIONS, ONSET, PAST, SUPPOSES, Stance, is_denied, stance
from app.notes.language.units import Sentence, Visit
from app.notes.measured.gestation import weeks_asked, weeks_told
from app.notes.people.holders import PATIENT
from app.notes.people.people import RELATIONS, SELF, relation_near, uncle_side
from app.notes.signs.answers import ASKS_BEFORE, FAMILY_QUESTION, OTHERWISE, answers
from app.notes.signs.asides import is_aside
from app.notes.signs.context import as_operation, in_context
from app.notes.signs.kin_answers import bare_illness_of
from app.notes.signs.mentions import detail_of, family_fact, mention_fact
from app.notes.signs.not_asked import SOUGHT_ONCE, VACCINATED, is_known, only_dates, tested_for
from app.notes.signs.proposed import not_done, of_operations_to_come
from app.notes.signs.reassurance import ruled_out
from app.notes.signs.taken_up import CLINICAL, taken_back
from app.notes.transcript import Language

CONCLUDES = cues("findings.concludes")
OPENS = re.compile(r"(?:(?:^|[.:] ?)\W*(?:alors|donc|voila|bon)|:)\W*(?:(?:des?|du|une?) )?$")
EXISTS = re.compile(  # left open, to be looked for
    r"[^.,]{0,25},? (?:ca existe|(?:c est|est|reste) (?:possible|probable)|(?:c est |est |reste )?a (?:eliminer|exclure|verifier)|reste dans la liste|"
    r"(?:(?:on|je) (?:ne )?(?:peut|peux|peuvent) pas|pas) (?:\w+ )?(?:exclu|elimin)\w*|on y pense|j y pense|(?:on|je|il) (?:doit|dois|faut) (?:d abord )?(?:y penser|la chercher|l eliminer|la redouter))"
)
NOT_LIKE = cues("findings.not_like")
HISTORY = cues("findings.history")
OTHER_PEOPLE = re.compile(
    r"y (?:en )?a (?:\w+ ){1,4}qui (?:(?:ont|sont|a)(?![a-z])|se )|there (?:are|were|is) (?:\w+ ){1,4}(?:with|who ha)"
)


def findings(visit: Visit) -> Iterator[Fact]:
    """Facts about symptoms, problems and operations, in the order of speech; duplicates are not yet merged."""
    yield from answers(visit)
    yield from weeks_asked(visit)
    yield from ruled_out(visit)
    for sentence in visit.sentences:
        yield from weeks_told(sentence, visit.lang)
        if sentence.asks:
            continue
        if sentence.speaker != "doctor":
            yield from of_operations_to_come(sentence, visit)
        if sentence.speaker == "doctor":
            yield from _concluded(sentence, visit)
        else:
            yield from _stated(sentence, visit)


def _read_back(sentence: Sentence, visit: Visit) -> set[str]:
    """The concepts that the doctor has just named as reasons to call: a patient who repeats them has none of them."""
    before = [
        s
        for s in visit.sentences
        if sentence.turn - 2 <= s.turn < sentence.turn and s.speaker == "doctor" and ALARM[visit.lang].search(s.norm)
    ]
    named = {m.concept.fr for s in before for m in find_concepts(s.norm, visit.lang)} | tested_for(sentence, visit)
    repeated = [m for m in find_concepts(sentence.norm, visit.lang) if m.concept.fr in named]
    whole = before and (len(sentence.norm.split()) < SHORT_REPLY or len(repeated) >= LEAST_REPEATED)
    return named | ({"*"} if whole else set())


REACTIONS = ("éruption cutanée", "urticaire", "gonflement du visage", "prurit (démangeaisons)", "malaise", "vomissements")
SHORT_REPLY = 8  # words
LEAST_REPEATED = 2
REACTION_TURNS = 4


def _of_reaction(sentence: Sentence, visit: Visit) -> bool:
    """Whether the talk is about an allergy: the rash told there is the reaction, long ago, and no symptom of today."""
    if find_drugs(sentence.norm) and STRONG.search(sentence.norm):
        return True
    near = (s for s in visit.sentences if sentence.turn - REACTION_TURNS <= s.turn <= sentence.turn)
    return any(sounds_like_allergy(s.norm, visit.lang) for s in near if s.speaker == "doctor")


ILL_BORNE = re.compile(  # "La codéine, vous l'aviez mal supportée ?": what is answered is what it did then
    r"(?<![a-z])(?:mal (?:support|toler)\w+|(?:pas|plus) (?:bien )?(?:support|toler)\w+|(?:vous|t) (?:avait|avez|as|a) (?:fait|donne) (?:quoi|quelque chose)|qu est ce (?:que ca|qu il|qu elle) (?:vous )?(?:a|avait) fait|reagi\w*)(?![a-z])"
)


def _of_family(sentence: Sentence, start: int, asked: str, lang: Language) -> tuple[str, int] | None:
    """ "Anything in the family?" - "The main one would be heart attacks.": a family's disease though nobody is named."""
    alone = not SELF[lang].search(sentence.norm[:start])
    whose = ASKED_OF.search(asked)
    if alone and whose:
        return next((name for name, words in RELATIONS[lang].items() if re.fullmatch(words, whose.group(1))), "family"), 0
    return ("family", 0) if alone and FAMILY_QUESTION[lang].search(asked) and ASKS_FAMILY.search(asked) else None


OF_THEMSELVES = re.compile(r"(?<![a-z])moi (?:j|je)(?![a-z])")
OWN_STATE = re.compile(r"(?<![a-z])(?:je(?: (?:suis|me sens|ne|n|me|m))*|j(?: ai)?|moi qui(?: (?:suis|ai|me|m))*)(?: (?:tres|trop|tellement|vraiment|un peu|completement|moi|aussi|de la|du|des|une?))* $")
THEIRS = re.compile(r"(?<![a-z])(?:son|sa|ses) $")


def _by_speaker(sentence: Sentence, mention: Mention, asked: str, visit: Visit) -> tuple[str, int] | None:
    """ "Je suis épuisée", said by who looks after the patient; "son cancer", said by the patient: somebody else's."""
    before = sentence.norm[: mention.start]
    beside = sentence.speaker == "relative" or visit.is_small_child
    if beside and (OF_THEMSELVES.search(before) or (sentence.speaker == "relative" and OWN_STATE.search(before))):
        return _role_of_relative(visit), 0
    if not beside and visit.lang == "fr" and THEIRS.search(before):
        return relation_near(asked, len(asked), visit.lang) or relation_near(asked, 0, visit.lang) or ("other", 0)
    return None


def _is_aside(sentence: Sentence, before: str) -> bool:
    """ "Je suis épuisée", of a relative who speaks: no family history, unless set against the patient's, "moi j'ai mal"."""
    return sentence.speaker == "relative" and bool(OWN_STATE.search(before)) and not OF_THEMSELVES.search(before)


ASKED_OF = re.compile(r"(?<![a-z])(?:votre|your) (mere|pere|s(?:oe|œ)ur|frere|mother|father|sister|brother),? [^?]*\?\W*$")
ASKS_FAMILY = re.compile(
    r"dans (?:la|votre) famille|antecedents? familia|chez vous quelqu|family (?:history|members?)|in (?:the|your) family|runs? in"
)


JABS_DONE = re.compile(r"(?:grippe|pneumocoque|tetanos|covid|zona|coqueluche|flu|shingles)[^?]{0,30},? (?:c est |vous etes |ils sont |are you |is it )?(?:fait|a jour|done|up to date)")
REMEDY = re.compile(  # "de la crème à hémorroïdes": what it is sold for
    r"(?<![a-z])(?:creme|pommade|gouttes|suppositoires?|medicaments?|cachets?|produit|sirop|spray|bain de bouche|patchs?|tisane|huile) (?:a |aux |anti |pour |contre )+(?:les |la |le |l )?$"
)


def _is_no_finding(mention: Mention, norm: str) -> bool:
    """No clinical word, other people's, a vaccine's, or only a date."""
    if mention.concept.kind not in CLINICAL or REMEDY.search(norm[: mention.start]) or OTHER_PEOPLE.search(norm[: mention.start]):
        return True
    if mention.concept.kind == "problem" and VACCINATED.search(norm):
        return True
    if is_known(mention, norm) or (mention.concept.kind == "surgery" and not_done(mention, norm)):
        return True
    return only_dates(mention, norm)


def _named(sentence: Sentence, visit: Visit, asked: str) -> Iterator[Mention]:
    """What a sentence names that is neither read back, a reaction to something, nor asked of a vaccine."""
    repeated, reaction = _read_back(sentence, visit), _of_reaction(sentence, visit)
    ill_borne = ILL_BORNE.search(asked) is not None and bool(find_drugs(asked))
    if "*" in repeated or "vaccin" in asked or JABS_DONE.search(asked):
        return
    for plain in find_concepts(sentence.norm, visit.lang):
        mention = as_operation(in_context(plain, sentence, visit), asked, visit.lang)
        label = mention.concept.fr
        of_drug = (reaction and label in REACTIONS) or (ill_borne and mention.concept.kind == "symptom")
        if not (label in repeated or of_drug or _is_no_finding(mention, sentence.norm)):
            yield mention


def _theirs(relatives: Sequence[str], mention: Mention, sentence: Sentence, lang: Language) -> Iterator[Fact]:
    """What relatives have; a passing sign of theirs tells nothing."""
    norm = sentence.norm
    passing = mention.concept.kind == "symptom" and _is_aside(sentence, norm[: mention.start])
    passing = passing or mention.concept.fr == "allaitement"
    if not passing and not is_denied(norm, mention.start, mention.end, lang):
        for person in relatives:
            yield family_fact(mention, person, (sentence.evidence(),), norm, lang)


def _only_spoken_of(mention: Mention, norm: str, lang: Language) -> bool:
    """Whether a thing is wished, heard of, compared with or would be otherwise: the patient does not have it."""
    before, kind = norm[: mention.start], mention.concept.kind
    if (kind == "surgery" and CONSIDERS.search(before)) or (kind == "problem" and SIMILE.search(before)):
        return True
    if OTHERWISE[lang].match(norm[mention.end :]):
        return True
    return any(cue.search(before) for cue in (WISHES, RATHER_THAN, HEARSAY[lang], HABITUAL[lang]))


def _stated(sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    lang, norm = visit.lang, sentence.norm
    asked = visit.question_of(sentence)
    if re.search(r"allerg", asked + " " + norm) and not FAMILY_QUESTION[lang].search(asked):
        return
    told = _told_then(sentence, visit)
    for mention in _named(sentence, visit, asked):
        relatives = _relatives_of(mention, sentence, asked, visit)
        if relatives:
            yield from _theirs(relatives, mention, sentence, lang)
            continue
        if mention.concept.kind == "problem" and SOUGHT_ONCE.search(asked):
            continue
        if is_aside(mention, sentence, visit):
            continue
        meant = _not_taken_back(stance(norm, mention.start, mention.end, lang), sentence, visit)
        meant = _in_its_time(meant, sentence, mention, asked, told, lang)
        told = (mention.end, meant.temporality)
        if _only_spoken_of(mention, norm, lang) or meant.certainty == "conditional":
            continue
        guessed = (
            mention.concept.kind == "problem" and bool(SUPPOSES[lang].search(norm)) and meant.temporality == "current"
        )
        certainty: Certainty = "suspected" if guessed else "certain"
        yield mention_fact(
            mention,
            lang,
            meant.polarity,
            certainty,
            meant.temporality,
            sentence.speaker,
            (sentence.evidence(),),
            detail_of(sentence, lang, mention) if mention.concept.kind != "surgery" else "",
            sentence.shown,
            norm,
            status=EFFECT if mention.concept.kind == "symptom" and _of_earlier_drug(asked, lang) else "",
        )


def _not_taken_back(meant: Stance, sentence: Sentence, visit: Visit) -> Stance:
    """ "Des palpitations, non. Enfin si, le soir.": a denial that the next statement takes back is none."""
    from_here = [s for s in visit.sentences if s.turn == sentence.turn and s.start >= sentence.start]
    return replace(meant, polarity="present") if meant.polarity == "absent" and taken_back(from_here) else meant


def _relatives_of(mention: Mention, sentence: Sentence, asked: str, visit: Visit) -> tuple[str, ...]:
    """The relatives who have what is mentioned; empty when it is the patient's."""
    people = visit.people(sentence, mention.start)
    theirs = tuple(person for person in people if person != PATIENT and not visit.is_the_patient(person))
    if visit.lang == "fr" and mention.concept.kind == "problem" and not theirs and (bare := bare_illness_of(sentence, mention.end, visit)):
        return (bare[0],)
    if people and (theirs or not OWN_STATE.search(sentence.norm[: mention.start]) or sentence.speaker != "relative"):
        return theirs
    near = visit.other_person(sentence, mention.start) or _of_family(sentence, mention.start, asked, visit.lang)
    near = near or _by_speaker(sentence, mention, asked, visit)
    return (uncle_side(sentence.norm, near[0]),) if near else ()


EFFECT = "effect"  # status of what a drug did when it was taken before


def _of_earlier_drug(asked: str, lang: Language) -> bool:
    return bool(ASKS_BEFORE[lang].search(asked) and TOLERATED.search(asked))


TOLERATED = re.compile(r"support|toler|effets? (?:secondaire|indesirable)|passe bien|bien passe|side effect|agree with")
STILL = {
    "fr": re.compile(
        r"(?<![a-z])(?:maintenant|aujourd hui|actuellement|en ce moment|encore|toujours|depuis|je suis|ca (?:me|fait)|"
        r"(?:j ai|(?:il|elle) a) (?:mal|de|du|des|la|le|les|l|un|une)|(?:il|elle) est)(?![a-z])"
    ),
    "en": re.compile(r"(?<![a-z])(?:now|today|still|currently|these days|since|i have|i ve got|i m|it s)(?![a-z])"),
}


OF_SLEEP = ("insomnie", "réveils précoces", "réveils nocturnes")
VERB = re.compile(r"(?<![a-z])(?:j|je|il|elle|on|ca|c|i|he|she|it) (?!qui)[a-z]")


def _told_then(sentence: Sentence, visit: Visit) -> tuple[int, Temporality]:
    """ "J'en ai fait une début mai. Le cœur qui tape.": a sentence without a verb has the time of the one before it."""
    before = [s for s in visit.sentences if s.turn == sentence.turn and s.end <= sentence.start]
    over = bool(before) and PAST[visit.lang].search(before[-1].norm) and not ONSET[visit.lang].search(before[-1].norm)
    return 0, "past" if over and not VERB.search(sentence.norm) else "current"


def _in_its_time(
    meant: Stance, sentence: Sentence, mention: Mention, asked: str, told: tuple[int, Temporality], lang: Language
) -> Stance:
    """The time of what was told or asked just before: "je tremblais, la sueur"; "vous l'aviez supporté ?"."""
    norm, (end, before) = sentence.norm, told
    if mention.concept.fr in OF_SLEEP and meant.temporality == "resolved" and "c est fini" in norm:
        return replace(meant, temporality="current")  # "et là c'est fini": the night is
    if meant.temporality != "current" or mention.concept.kind != "symptom":
        return meant
    goes_on = before == "past" and not STILL[lang].search(norm[end : mention.start])
    of_then = ASKS_BEFORE[lang].search(asked) and not STILL[lang].search(norm[: mention.end])
    return replace(meant, temporality="past") if goes_on or of_then else meant


ALARM = cues("findings.alarm")
HEARSAY = cues("findings.hearsay")
WISHES = re.compile(
    r"(?:trying to|want to|would like to|need to|essaie de|veux|voudrais|aimerais) $|(?:faut|faudrait|evite|eviter|peur|must not|mustn t|avoid|afraid) (?:(?:pas|surtout|plus|que|je|j|d|de|to|of) ?)*$"
)
SIMILE = re.compile(r"(?<![a-z])(?:comme|like) (?:(?:si|une?|des|du|les?|la|a|an|the) )(?:\w+ ){0,2}$")  # "comme une femme enceinte"
CONSIDERS = re.compile(
    r"(?<![a-z])(?:pens|song|reflech)\w+ (?:\w+ ){0,2}a (?:l |la |une |faire (?:l |la |une ))?$|(?<![a-z])(?:envisag|parl)\w+ (?:\w+ )?(?:de |d )?(?:l |la |une )$"
)
RATHER_THAN = re.compile(
    r"(?<![a-z])(?<!ni )(?:plus|plutot|davantage|more|rather) [^.;]{2,40} (?:que|qu|than) (?:(?:de|du|des|d|la|le|les|l|un|une|the|a) ?)*$"
)
HABITUAL = cues("findings.habitual")


def _role_of_relative(visit: Visit) -> str:
    if visit.lang == "fr" and visit.relatives_role[1] != "other":
        return visit.relatives_role[1]
    text = " ".join(s.norm for s in visit.sentences if s.speaker != "doctor")[:2000]
    if re.search(r"maman|la mere|sa mere|\bmum\b|\bmom\b|mother", text):
        return "mother"
    return "father" if re.search(r"papa|le pere|\bdad\b|father", text) else "other"


SOUGHT = {  # a test for it, a guard against it, a treatment of it: nobody has said that it is there
    "fr": re.compile(
        r"(?<![a-z])(?:depist\w*|serologies?|recherch\w*|tests?|prelevements?|vaccin\w*|elimin\w*|exclu\w*|risque|preven\w*|eviter|evite|"
        r"peur|verifi\w*|confirm\w*|surveill\w*|bilan|controle (?:de|du|des)|pourrait|peut (?:aussi )?(?:donner|faire)|(?:ca|cela|qui|il|elle) peut (?:aussi )?etre)(?![a-z])[^.;:]*$"
    ),
    "en": re.compile(
        r"(?<![a-z])(?:screen\w*|test(?:s|ed|ing)? (?:for|you)|serolog\w*|swabs?|vaccin\w*|exclude|rule out|risk of|prevent\w*|to avoid|"
        r"check(?:ed|ing)? for|look(?:ing)? for|worr(?:y|ied) about)(?![a-z])[^.;:]*$"
    ),
}
REMINDS = re.compile(r"(?<![a-z])(?:parce que|vu que|puisque|comme) vous (?:avez|faites)(?: (?:aussi|deja|toujours))?(?: (?:un|une|du|de la|de l|des|le|la|l))? $")  # a known illness as a reason


def _opened(sentence: Sentence, visit: Visit) -> str:
    """ "Bon." before the sentence where the doctor concludes, in the same turn, without its full stop."""
    before = [s.norm for s in visit.sentences if s.turn == sentence.turn and s.end <= sentence.start]
    alone = before and re.fullmatch(r"\W*(?:(?:alors|donc|bon|bien|voila|ok|d accord)\W*)+", before[-1])
    return "donc " if alone and UNDEFINED.match(sentence.norm) else ""


UNDEFINED = re.compile(r"\W*(?:des?|une?|du|de la|de l) ")
IS_A = re.compile(
    r"(?:(?:ce qu on appelle|l air d(?: etre)?|il s agit d|je (?:dirais|pencherais pour|parlerais d)) (?:une?|un)|c est (?:donc |bien |surement )?(?:une?|de la|de l|du|des)|vous (?:avez|faites) une?|this is|it s an?|you have an?) $"
)


POSITIVE_FOR = re.compile(r"(?<![a-z])positi(?:f|fs|ve|ves) (?:a|au|aux|pour|en) ?(?:la |le |les |l )?$")
CLEFT = re.compile(r"(?<![a-z])c est (?:la|le|les|l) (?:\w+ )?$")
WHICH = re.compile(r"\w*(?: \w+){0,2} (?:qui|qu|que|dont)(?! (?:est|a|se|s|debute|demarre|commence|traine|revient|recidive|couve)(?![a-z]))(?![a-z])")  # "c'est le diabète qui m'inquiète": known
CHILD_HAS = re.compile(r"(?:^|[.,;:!…] ?)\W*(?:(?:alors|donc|bon|voila|et|oui|pour moi|la)\W+)*(?:il|elle) (?:a|fait|nous fait|a attrape|a chope) (?:donc |bien |surement |sans doute )?(?:une?|la|le|l|les|de l|de la|du|des) (?:\w+ )?$")


def _concluded(sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    """What the doctor says the patient has, or reads out from the record."""
    norm, lang, opened = sentence.norm, visit.lang, _opened(sentence, visit)
    for mention in find_concepts(norm, lang):
        kind = mention.concept.kind
        article = re.match(r"(?:une?|la|le|un|an?|the) ", norm[mention.start : mention.end])
        before = norm[: mention.start + (article.end() if article else 0)]
        named = kind == "symptom" and IS_A.search(before)
        if (
            not (named or kind in ("problem", "surgery"))
            or CONDITIONS[lang].search(before)
            or relation_near(norm, mention.start, lang)
        ):
            continue
        if is_denied(norm, mention.start, mention.end, lang) or NOT_LIKE[lang].search(before[-40:]):
            continue
        if (CLEFT.search(before) and WHICH.match(norm, mention.end)) or RATHER_THAN.search(before):
            continue
        history = HISTORY[lang].search(norm)
        if (SOUGHT[lang].search(before) and not POSITIVE_FOR.search(before)) or (not history and REMINDS.search(before)):
            continue
        concludes = CONCLUDES[lang].search(before) or (visit.is_child and CHILD_HAS.search(before))
        if not (history or concludes or OPENS.search(opened + before) or EXISTS.match(norm[mention.end :])):
            continue
        meant = stance(norm, mention.start, mention.end, lang)
        certainty: Certainty = (
            "suspected"
            if meant.certainty != "certain" or re.search(r"suspicion|je crains|suspect|soupconn|redout|pas sur(?![a-z])|je pense|peut etre|possible|probable|ca existe|elimin|exclu|verifi|dans la liste|y pense", norm)
            else "certain"
        )
        fact = mention_fact(
            mention,
            lang,
            "present",
            certainty,
            "past" if history and meant.temporality != "current" else "current",
            "doctor",
            (sentence.evidence(),),
            "",
            sentence.shown,
            norm,
            status="history" if history else "diagnosis",
        )
        yield replace(fact, type="problem") if named else fact
