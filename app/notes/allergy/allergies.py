"""Allergies: what the patient does not tolerate, as told, as read from the record, as outgrown; and those of relatives."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.allergy.allergens import STRONG, USED, allergens
from app.notes.allergy.allergies_en import about_allergy, asked_allergy
from app.notes.allergy.allergy_facts import allergy_fact, kin_allergy, not_understood, reaction_of
from app.notes.allergy.allergy_talk import Bears, borne, is_broad, talks
from app.notes.allergy.bad_effects import bad_effects
from app.notes.allergy.tolerance import DENIES, TOLERATED
from app.notes.facts import Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_drugs
from app.notes.language.polarity import is_denied
from app.notes.language.text import fold
from app.notes.language.units import RECORDED, Exchange, Sentence, Visit
from app.notes.people.holders import FAMILY_ASKED, PATIENT
from app.notes.people.people import UNTOLD, relation_near, uncle_side
from app.notes.transcript import Language

ALLERGY = {"fr": re.compile(r"allergi|intoleran|allergolog\w+ (?:\w+ ){0,3}(?:dit|trouve|parle|vu|note)(?![a-z])"), "en": re.compile(r"allerg|intoleran")}
MINE = re.compile(
    r"(?<![a-z])(?:(?:my|the) (?:\w+ )?allerg(?:y|ies)|(?:mon|mes) allergies?|(?:je suis|(?:il|elle) est) (?:\w+ )?allergique)(?![a-z])"
)  # said even in a question
NONE = cues("background.none")


def allergies(visit: Visit) -> Iterator[Fact]:
    """Facts about allergies in the order of speech."""
    names = _own_names(visit)
    found = [_by_its_own_name(fact, names) for fact in _told(visit) if not _taken_back(fact, visit)]
    if visit.lang == "fr":
        denied = list(_denied_by_doctor(visit))
        wrong = {fact.label for fact in denied}
        found = [_lifted(fact, visit) for fact in (*found, *bad_effects(visit)) if not (fact.type == "allergy" and fact.label in wrong)] + denied
    yield from found
    known = {fact.label for fact in found if fact.type == "allergy" and fact.polarity == "present"}
    for exchange in visit.exchanges:
        yield from _asked_reaction(exchange, known, visit.lang)


NO_SUCH = re.compile(  # "l'allergie à l'iode, ça n'existe pas", "vous n'êtes pas allergique à l'iode"
    r"(?<![a-z])(?:(?:l |une )?allergies? (?:a|au|aux) (?P<one>[^.;,]{2,30}),? (?:ca )?(?:n |ne )?(?:existe pas|est pas une (?:vraie )?allergie|en est pas une|a jamais existe)|vous n etes (?:donc )?pas allergique (?:a|au|aux) (?P<two>[^.;,]{2,30}))(?![a-z])"
)


def _denied_by_doctor(visit: Visit) -> Iterator[Fact]:
    """What the doctor says to be no allergy of the patient's."""
    for sentence in visit.sentences:
        said = NO_SUCH.search(sentence.norm) if sentence.speaker == "doctor" and not sentence.asks else None
        for label, name, _ in allergens(said.group("one") or said.group("two"), "fr") if said else ():
            yield allergy_fact(name, label, (sentence.evidence(),), sentence, polarity="absent")


LIFTS = re.compile(  # "on peut l'enlever, cette alerte", "vous n'êtes plus allergique"
    r"(?<![a-z])(?:(?:on|je) (?:peut |peux |vais |va |vous )*(?:l|la|le) (?:enlev|retir|supprim|effac|ray|barr|lev)\w*(?! (?:pas|jamais))|(?:on|je) (?:enlev|retir|supprim|effac|lev)\w* (?:donc |cette |l |la |votre )+(?:alerte|allergie|etiquette|mention)|vous n etes (?:plus|donc plus|pas) allergique)(?![a-z])"
)
OF_TREATMENT = re.compile(r"(?<![a-z])(?:ordonnances?|traitements?|prescription|pilulier)(?![a-z])")
OF_RECORD = re.compile(r"(?<![a-z])(?:alertes?|allergies?|allergique|etiquette|mention)(?![a-z])")
LIFTED_TURNS = 3


def _lifted(fact: Fact, visit: Visit) -> Fact:
    """ "Depuis j'en ai repris deux fois, rien." - "Alors on peut l'enlever.": the doctor takes an allergy off the record."""
    last = fact.evidence[-1].turn
    said = next((s for s in visit.sentences if s.speaker == "doctor" and not s.asks and 0 < s.turn - last <= LIFTED_TURNS and LIFTS.search(s.norm)), None)
    names = {label for label, _, _ in allergens(said.norm, "fr")} if said else set()
    before = [s.norm for s in visit.sentences if said and said.turn - LIFTED_TURNS <= s.turn < said.turn and s.speaker != "doctor"]
    if said and (OF_TREATMENT.search(said.norm) or not (OF_RECORD.search(said.norm) or any(TOLERATED.search(norm) for norm in before))):
        return fact
    if fact.type != "allergy" or fact.polarity != "present" or said is None or (names and fact.label not in names):
        return fact
    return replace(fact, temporality="resolved", evidence=(*fact.evidence, said.evidence()))


def _own_names(visit: Visit) -> set[str]:
    """The allergens that somebody calls by their name: "latex" where gants are spoken of too."""
    return {label for s in visit.sentences for label, name, _ in allergens(s.norm, visit.lang) if label == name}


def _by_its_own_name(fact: Fact, names: set[str]) -> Fact:
    if fact.type != "allergy" or fact.label not in names or not fact.extra[0].startswith(f"{fact.label} ("):
        return fact
    plain = fact.label
    return replace(fact, text=fact.text.replace(fact.extra[0], plain, 1), extra=(plain, *fact.extra[1:]))


def _told(visit: Visit) -> Iterator[Fact]:
    answered = {s: e for e in visit.exchanges for s in e.answer}
    talked = {exchange for exchange, _ in talks(visit)} if visit.lang == "fr" else set[Exchange]()
    if visit.lang == "fr":
        yield from _talked(visit)
    else:
        for exchange in visit.exchanges:
            yield from asked_allergy(exchange, visit)
    for place, sentence in enumerate(visit.sentences):
        yield from (*_concluded(sentence, visit.lang), *_tested(sentence, visit)) if visit.lang == "fr" else ()
        in_talk = sentence in answered and answered[sentence] in talked
        if sentence.speaker != "doctor" and not sentence.asks and not ALLERGY[visit.lang].search(sentence.norm) and not in_talk:
            yield from _by_reaction(sentence, visit, place)
        names_own = MINE.search(sentence.norm)
        told = sentence in answered and (in_talk or (visit.lang == "en" and about_allergy(answered[sentence], visit)))
        if not ((sentence.asks and not names_own) or sentence.speaker == "doctor" or told):
            yield from _stated_allergy(sentence, visit)


CONCLUDES = re.compile(
    r"(?<![a-z])(?:c est|c etait|ca fait|vous (?:faites|avez)|il (?:fait|a)|elle (?:fait|a)) (?:donc |bien |surement |plutot )?une? (?:vraie )?(?:allergie|eczema)(?: de contact)? (?:a |au |aux )"
)


CORRECTS = re.compile(r"\W*(?:(?:bon|alors|donc|ok|et)\W+)*(?:je (?:vous )?(?:corrige|note|marque|mets|inscris|ecris)|on (?:note|marque|corrige))\W")  # "Je corrige : Bétadine, eczéma de contact."
NOTES_IT = re.compile(r"(?<![a-z])je (?:vous )?(?:l|le|la|les) (?:mets|note|rajoute|ajoute|inscris|range|marque)(?: (?:donc|aussi|en rouge))? (?:dans|parmi|en|comme|a) (?:(?:les|vos|ses|tes|une) )?allergies?(?![a-z])")


def _concluded(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    """ "C'est une allergie de contact à l'adhésif.": the doctor says what it was."""
    said = CONCLUDES.search(sentence.norm)
    noted = NOTES_IT.search(sentence.norm)
    corrected = CORRECTS.match(sentence.norm) if sentence.speaker == "doctor" else None
    for label, name, at in allergens(sentence.norm, lang) if corrected else ():
        reaction = reaction_of(sentence.norm[at:], lang)
        if reaction:
            yield allergy_fact(name, label, (sentence.evidence(),), sentence, reaction=reaction)
    if sentence.speaker == "doctor" and noted:
        for label, name, at in allergens(sentence.norm, lang):
            if at < noted.start():
                yield allergy_fact(name, label, (sentence.evidence(),), sentence)
    if sentence.speaker == "doctor" and said and not sentence.asks and not is_denied(sentence.norm, said.start(), said.end(), lang):
        for label, name, at in allergens(sentence.norm, lang):
            if at >= said.end() - 1:
                yield allergy_fact(name, label, (sentence.evidence(),), sentence)


TESTED = re.compile(  # "sur les tests j'avais bouleau et graminées", "j'ai fait les tests, c'est sorti positif aux acariens"
    r"(?<![a-z])(?:tests?(?! (?:de grossesse|urinaire|pcr|antigen))|prick|allergolog\w+)(?![a-z])[^.;!?]{0,50}(?<![a-z])(?:j (?:avais|ai|etais|suis)|il avait|elle avait|positi\w+|sorti\w*|trouve\w*|montre\w*|dit|y avait|reagi\w*)(?![a-z])"
)


def _tested(sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    """What a test for allergies showed, as who was tested tells it."""
    said = TESTED.search(sentence.norm)
    if said is None or sentence.speaker == "doctor" or sentence.asks:
        return
    for label, name, at in allergens(sentence.norm, "fr"):
        denied = is_denied(sentence.norm, at, at + 3, "fr")
        if at >= said.end() and not denied and not is_broad(label) and visit.people(sentence, at) in ((), (PATIENT,)):
            yield allergy_fact(name, label, (sentence.evidence(),), sentence)


def _talked(visit: Visit) -> Iterator[Fact]:
    """Allergies that a French talk about them makes known."""
    for exchange, opens in talks(visit):
        heard = list(borne(exchange, visit))
        borne_well = {one.label for one in heard if one.bearing == "tolerated" and one.people in ((), (PATIENT,))}
        heard = [one for one in heard if not (one.bearing == "named" and one.label in borne_well)]
        found = [fact for one in heard for fact in _as_borne(one, exchange)]
        yield from found
        asked = {label for q in exchange.questions for label, _, _ in allergens(q.norm, visit.lang)}
        own = [f for f in found if f.is_patients]
        settled = any(f.polarity == "present" or f.label in asked or (asked and find_drugs(fold(f.label))) for f in own)
        general = not heard or (exchange.verdict == "no" and not settled and not any(one.bearing == "unknown" for one in heard))
        if opens and general and not FAMILY_ASKED.search(exchange.questions[-1].norm):
            yield from _none_at_all(exchange, visit.lang)


def _as_borne(one: Bears, exchange: Exchange) -> Iterator[Fact]:
    reaction = reaction_of(one.said, "fr")
    recorded = any(RECORDED.search(s.norm) for s in exchange.run)
    if one.people not in ((), (PATIENT,)):
        if one.bearing not in ("tolerated", "unknown", "cleared") and not UNTOLD & set(one.people) and not is_broad(one.label):
            for person in one.people:
                yield kin_allergy(one.label, one.name, person, one.evidence, "fr")
        return
    proof, said = one.evidence, one.sentence
    if one.bearing == "outgrown":
        yield allergy_fact(one.name, one.label, proof, said, temporality="resolved", detail="guérie")
    elif one.bearing in ("tolerated", "cleared"):
        if one.asked or one.bearing == "cleared" or is_broad(one.label) or (DENIES.search(one.said) and find_drugs(fold(one.name))):
            yield allergy_fact(one.name, one.label, proof, said, polarity="absent")
    elif is_broad(one.label) or one.bearing == "unknown":
        return
    elif one.named or recorded or one.bearing != "named":
        doubt = one.bearing == "doubtful" or (recorded and "plaques" in one.said)
        detail = "intolérance" if one.bearing == "intolerance" else ""
        yield allergy_fact(one.name, one.label, proof, said, reaction=reaction, detail=detail, doubtful=doubt)


FURTHER = re.compile(r"(?<![a-z])(?:d autres? (?:allerg|intoler|reaction)|autre (?:allerg|intoler)|other (?:allerg|reaction|intoler))")


def _none_at_all(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    """ "Des allergies ?" - "Aucune."; an answer that was not understood is shown to the doctor."""
    generic = [q for q in exchange.questions if ALLERGY[lang].search(q.norm) and not allergens(q.norm, lang)]
    question = (generic or exchange.questions)[-1]
    text, first = exchange.answer_text, exchange.answer[0]
    none = exchange.verdict == "no" or NONE[lang].search(text) or re.search(r"moi j ?ai rien|moi non", text)
    if FURTHER.search(question.norm):
        return  # no other ones is not none at all
    if none and not RECORDED.search(question.norm):
        broad = sorted(allergens(question.norm, lang), key=lambda item: item[0] != "médicaments")
        label, name = broad[0][:2] if broad else ("allergie", "allergie")
        yield allergy_fact(name, label, (question.evidence(), first.evidence()), first, polarity="absent")
    elif ALLERGY[lang].search(question.norm) and not none:
        yield from not_understood(exchange, question, lang)


TALK_TURNS = 4


def _by_reaction(sentence: Sentence, visit: Visit, place: int) -> Iterator[Fact]:
    """ "Surtout l'amoxicilline, petite, une urticaire géante", while allergies are talked about."""
    lang = visit.lang
    talked = any(
        ALLERGY[lang].search(s.norm) or TALKED.search(s.norm)
        for s in visit.sentences[max(0, place - TALK_TURNS * 2) : place]
        if s.speaker == "doctor" and sentence.turn - s.turn <= TALK_TURNS
    )
    if lang == "fr":
        yield from _soon_after(sentence, visit, place)
    for label, name, at in allergens(sentence.norm, lang):
        if not (talked or (lang == "fr" and DOES.search(sentence.norm[at:]))):
            continue
        after = sentence.norm[at:]
        reaction = STRONG.search(after) or (lang == "fr" and DOES.search(after))
        own = relation_near(sentence.norm, at, lang) is None and not is_denied(sentence.norm, at, at + 3, lang)
        unmeant = USED[lang].search(sentence.norm[:at]) and not (lang == "fr" and DOES.search(sentence.norm[at:]))
        if reaction and own and not is_broad(label) and not unmeant:
            yield allergy_fact(name, label, (sentence.evidence(),), sentence, reaction=reaction_of(after, lang))


def _soon_after(sentence: Sentence, visit: Visit, place: int) -> Iterator[Fact]:
    """ "J'avais pris une aspirine. Une demi-heure après j'étouffais.": what a drug did, told in the next words."""
    then = next((s for s in visit.sentences[place + 1 : place + 2] if s.turn == sentence.turn), None)
    if then is None or not TOOK.search(sentence.norm) or not SOON.search(then.norm) or relation_near(sentence.norm, len(sentence.norm), "fr"):
        return
    for label, name, _ in allergens(sentence.norm, "fr"):
        if find_drugs(fold(name)) and not is_broad(label) and visit.people(sentence, len(sentence.norm)) in ((), (PATIENT,)):
            proof = (sentence.evidence(), then.evidence())
            yield allergy_fact(name, label, proof, then, reaction=reaction_of(then.norm, "fr"))


TOOK = re.compile(r"(?<![a-z])(?:j (?:ai|avais) (?:pris|avale)|on m (?:a|avait) (?:donne|mis|fait)|m (?:a|avait) (?:donne|prescrit))(?![a-z])")
SOON = re.compile(
    r"(?:heures?|minutes?|quart d heure|le soir meme|tout de suite|aussitot) (?:apres|plus tard)?,? ?(?:j|je|ca|la|le|les) ?[^.]{0,40}(?:etouff\w*|gonfl\w*|plaques|urticaire|(?:oe|œ)deme|boutons|plus respirer|enfle\w*|gorge (?:qui )?se (?:ferm|serr)\w*)"
)
DOES = re.compile(  # "le patch, ça me colle des rougeurs": outside of any talk about allergies
    r"^[^.;!?]{0,40}(?<![a-z])(?:ca|il|elle|ils|elles|qui)? ?(?:me|m|lui|l) (?:a|avait|ont|fait|faisait|donne|donnait|colle|collait|sort|file|declenche)\w* ?(?:fait |donne |couverte? |file |declenche |colle )?"
    r"(?:de |des |d |une |un |plein de |toute? )*(?:plaques?|boutons?|urticaire|cloques?|rougeurs?|(?:oe|œ)deme|eruption|allergie)"
)
TALKED = re.compile(r"(?<![a-z])(?:allerg\w*|acariens?|pollens?|supporte\w*|toler\w*|intoleran\w*)")


def _taken_back(fact: Fact, visit: Visit) -> bool:
    """ "C'est une allergie, ça ?" - "Non, c'est un effet secondaire.": the doctor says that it is none."""
    last = fact.evidence[-1].turn
    said = [s.norm for s in visit.sentences if s.turn == last + 1 and s.speaker == "doctor"]
    return fact.polarity == "present" and any(NO_ALLERGY.search(norm) for norm in said)


NO_ALLERGY = re.compile(
    r"(?<![a-z])(?:c est de la digestion|pas (?:\w+ ){0,3}comme une allergie|c est (?:juste |plutot |seulement )?un effet (?:secondaire|indesirable)|(?:c est|ce n est|n est) pas une (?:vraie )?allergie|that s (?:just )?a side effect|not (?:really )?an allergy)(?!,? (?:mais|c est) (?:une )?(?:mauvaise|intoleran))"
)


def _asked_reaction(exchange: Exchange, known: set[str], lang: Language) -> Iterator[Fact]:
    """ "You get a rash with sulfa, is that right?" - "Yeah.": what an allergy that was told before does."""
    for question in exchange.questions if exchange.verdict == "yes" else ():
        reaction = reaction_of(question.norm, lang)
        for label, name, _ in allergens(question.norm, lang):
            if reaction and label in known:
                evidence = (question.evidence(), exchange.answer[0].evidence())
                yield allergy_fact(name, label, evidence, exchange.answer[0], reaction=reaction)


NOT_OF_IT = re.compile(r"(?<![a-z])(?:les?|des?|ses|d|l) (?:\w+ )?allergies?(?![a-z])")
OF_IT = re.compile(r"allergi\w* (?:a|au|aux|de|d|du)(?![a-z])|allergique|(?:mes|mon|une) allergies?|allergolog")


def _stated_allergy(sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    norm, lang, before = sentence.norm, visit.lang, ()
    if lang == "fr" and NOT_OF_IT.search(norm) and not OF_IT.search(norm):
        return  # "ce qu'on disait du Previscan, les allergies"
    if not ALLERGY[lang].search(norm):
        return
    for label, name, at in allergens(norm, lang):
        relative = relation_near(norm, at, lang)
        if relative:
            yield kin_allergy(label, name, uncle_side(norm, relative[0]), (*before, sentence.evidence()), lang)
        else:
            denied = is_denied(norm, at, at + 3, lang)
            yield allergy_fact(
                name,
                label,
                (*before, sentence.evidence()),
                sentence,
                polarity="absent" if denied else "present",
                reaction=reaction_of(norm, lang),
            )
