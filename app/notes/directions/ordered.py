"""Examinations, referrals, vaccines, aids and acts that the doctor orders, leaves open or does without."""

import re
from collections.abc import Sequence
from dataclasses import replace

from app.notes.directions.alarms import conditional
from app.notes.directions.follow_up import span
from app.notes.facts import Certainty, Evidence, Fact, Temporality
from app.notes.language.cues import cues
from app.notes.language.lexicon import Mention, find_concepts
from app.notes.language.text import fold
from app.notes.language.units import Sentence, Visit
from app.notes.people.people import relation_near
from app.notes.transcript import Language

ORDERED = ("exam", "referral", "vaccine", "aid", "act")
IF = cues("orders.if")
LATER = cues("orders.later")
MEETS = cues("orders.meets")
WHEN = cues("orders.when")
ORDERS = cues("orders.orders")
NOT_NOW = cues("orders.not_now")
ALREADY = cues("orders.already")
RESERVED = re.compile(r"(?<![a-z])(?:en reserve|pour plus tard|si besoin plus tard)(?![a-z])")
OPEN = re.compile(  # what stays open
    r"(?<![a-z])(?:en reserve|pour plus tard|pourra|pourrait|c est lui qui verra|que dans ce cas|seulement si|uniquement|on decide|peut etre|a discuter|a voir|on (?:verra|jugera|avisera)|eventuellement|selon|maybe|consider|might)"
)
AND_A = {
    "fr": re.compile(r"\W*(?:(?:et|plus|puis|ainsi que|avec|egalement|aussi)\W+)+(?:aussi )?(?:une?|des|la|le|les|l|du|de la)(?![a-z])"),
    "en": re.compile(r"\W*(?:(?:and|plus|also|as well as)\W+)+(?:an?|the|some|your)(?![a-z])"),
}  # fmt: skip
NEXT_WORD_TURNS = 2  # the other side says yes in between
FOR_A_VISIT = re.compile(
    r"\w*,? (?:hein,? )?si vous y (?:allez|retournez|passez)(?![a-z])"
)  # one that may come of itself
HAS_FIGURE = re.compile(r"\w*,? (?:est |etait |was |is )?(?:a |at )?\d(?!\d* (?:seances?|fois|jours?|semaines?|mois))")  # a result is read out
WILL = re.compile(
    r"(?<![a-z])(?:prescri\w*|refai\w*|refera|redemande|controle\w*|je demande|il faut|il faudra|vous fer\w*|vous allez|on (?:va|fera)|repeat|recheck|order)(?![a-z])"
)
EXPLAINS = re.compile(
    r"(?<![a-z])(?:(?:fait|font|peut faire|peuvent faire) (?:monter|baisser|augmenter|descendre|varier)|(?:il|elle|ca|qui) (?:divise|multiplie|fausse|perturbe|modifie) (?:le|la|les|l))(?![a-z])"
)
IS_TARGET = re.compile(  # "il faut la TSH en dessous de 2,5": what it should be
    r"\w*,? (?:soit |reste |(?:qui )?est )?(?:en dessous|au dessous|au dessus|en dessus|sous (?=\d)|entre \d|inferieure?|superieure?)"
)
NOT_THE_EXAM = re.compile(  # "le produit du scanner", "je le signale au gynécologue"
    r"(?<![a-z])(?:(?:produit|iode|injection|piqure) (?:de contraste )?(?:du|de la|de l|d un|pour le|pour la)|(?:signale|signalerai|dis|dirai|raconterai) (?:bien )?(?:au|a la|a l|a votre|aux)) ?$"
)
WHAT_FOR = re.compile(r"(?<![a-z])pour (?:voir|savoir|verifier|etre sure?s?|comprendre)(?![a-z])[^.;]*|, (?:et )?c est (?:pas |juste |simplement |uniquement )?(?:pour|histoire)(?![a-z])[^.;]*")
AS_PLACE = re.compile(r"(?<![a-z])(?:a l|au|a la|chez (?:le|la)|dans (?:le|la)) ?$")
WILL_DECIDE = re.compile(  # "le diabétologue proposera l'insuline": what another doctor may do is no referral
    r"\w*(?: [a-z]+ [a-z]+)?,? (?:lui |elle |il )?(?:vous |le |la |les |l |en )*(?:propos|decid|verr|dir|juger|choisir|prescrir|mettr|ajouter|augmenter|changer|baisser|monter|adapter|fer|montrer|apprendr|expliquer|appeller|aider|enlever|retirer|donner|examiner|regarder|prendr|recev|suivr)\w*(?:a|ait)(?![a-z])"
    r"|\w*,? (?:elle |il )?(?:(?:vient|viendra|passe|passera)(?![^.]*(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|demain|cette semaine|la semaine|dans \d|ce soir|cet apres midi))|vous (?:montre|apprend|explique|appelle)|est (?:la|disponible|present\w*|absent\w*)(?! pour))(?![a-z])"
    r"|\w*,? (?:will|would|may|might) (?:decide|suggest|offer|see|start|tell|choose)(?![a-z])"
)
WILL_SEE = re.compile(  # "il vous prendra d'ici trois semaines", "elle vous appellera pour une date": a referral all the same
    r"\w*(?: [a-z]+ [a-z]+)?,? (?:il |elle )?(?:vous |le |la |lui )?(?:(?:prendr|recevr|verr)\w* (?:d ici|dans|la semaine|cette semaine|lundi|mardi|mercredi|jeudi|vendredi|samedi|demain|en |le \d|avant|rapidement|vite)|(?:re)?(?:appeller|contacter)\w* pour (?:une|un|la|fixer|convenir|le) ?(?:date|rendez vous|rdv|creneau)?)"
)
SUBJECT = re.compile(  # who speaks of persons or of how things are orders nothing without a verb that orders
    r"(?<![a-z])(?<!pour )(?<!chez )(?<!avec )(?:je|j|vous|il|elle|ils|elles|on|ca|c|tu|nous|qui|est|sont|etait|etaient|ont|avait|montre\w*|sert|permet|a (?:ete|grimpe|augmente|baisse|monte|diminue|montre|donne|dit|vu|fait|eu|revele|change|bouge|double|chute|remonte|pris))(?![a-zœ])"
)
OF_A_CASE = re.compile(
    r"(?<![a-z])(?:si|s il|quand|selon|if) (?:le |la |l |les |votre |vos |the |your )?(?:resultats? d(?:e|u) (?:la |l )?)?$"
)  # "si l'INR est haut"
BROUGHT = re.compile(
    r"(?<![a-z])avec (?:la|le|les|l|vos|votre|ta|ton|son|sa)(?: [a-z]+ et (?:la|le|les|l))? ?$"
)  # "je vous revois avec la radio"
ITS_OWN = re.compile(
    r"(?<![a-z])(?:votre|vos|son|sa|ses|ta|ton|tes) (?:dernie\w+ |premie\w+ )?$"
)  # "votre prise de sang de lundi": one that is there
QUALIFIED = re.compile(  # what makes of a noun an order: how, where, when, how many
    r"(?<![a-z])(?:a jeun|a domicile|a la maison|au cabinet|en ville|au labo\w*|a l hopital|chez (?:le|la|un|une|votre)|avec|pour (?!l instant)|\d+ seances?|de (?:controle|face)|en urgence|par (?:jour|semaine|mois)|aussi|egalement|d abord|a (?:faire|refaire|prevoir)|tous les|toutes les|deux fois)(?![a-z])"
)


def goes_on(visit: Visit, place: int) -> bool:
    """ "Je veux une radio du bassin. Et un ECBU, avant tout antibiotique.": one more thing ordered, without a verb."""
    sentence = visit.sentences[place]
    before = next((s for s in reversed(visit.sentences[:place]) if s.speaker == "doctor"), None)
    near = before is not None and sentence.turn - before.turn <= NEXT_WORD_TURNS and not before.asks
    if before is None or not near or not AND_A[visit.lang].match(sentence.norm):
        return False
    return ORDERS[visit.lang].search(before.norm) is not None and bool(ordered(before, visit.lang))


def ordered(sentence: Sentence, lang: Language, *, more: bool = False) -> list[Fact]:
    """What a sentence of the doctor orders, or says to be needless; `more` when it goes on with an order."""
    norm = sentence.norm
    wanted = [m for m in find_concepts(norm, lang) if m.concept.kind in ORDERED and not _only_named(m, norm, lang)]
    read = any(HAS_FIGURE.match(norm[m.end :]) for m in wanted) and not WILL.search(norm)
    if not wanted or read or EXPLAINS.search(norm) or CHOICES.search(norm):
        return []
    orders = ORDERS[lang].search(norm)
    if ALREADY[lang].search(norm) and not WHEN[lang].search(norm) and not orders:
        return []
    if NOT_NOW[lang].search(norm):
        return [needless(wanted[0], sentence, lang)]
    in_case = bool(IF[lang].search(norm) or OPEN.search(norm))
    told = (
        more
        or RESERVED.search(norm)
        or orders
        or LATER[lang].search(norm)
        or IF[lang].search(norm)
        or (lang == "fr" and _named_alone(wanted, norm))
    )
    plan = order(wanted, sentence, lang, conditional=in_case) if told else None
    if plan and MOVED.search(norm):
        plan = replace(plan, text=sentence.shown, status="moved")
    return [plan] if plan else []


MOVED = re.compile(r"(?<![a-z])(?:decale|reporte|repousse|avance)\w*(?![a-z])")


def _only_named(mention: Mention, norm: str, lang: Language) -> bool:
    """Whether an examination or a colleague is only spoken of: one that may come of itself, a relative's, who will decide."""
    return bool(
        OF_A_CASE.search(norm[: mention.start])
        or NOT_THE_EXAM.search(norm[: mention.start])
        or IS_TARGET.match(norm, mention.end)
        or _brought(mention, norm, lang)
        or FOR_A_VISIT.match(norm, mention.end)
        or relation_near(norm.replace("sage femme", "sage_femme"), mention.start, lang)
        or (WILL_DECIDE.match(norm, mention.end) and not WILL_SEE.match(norm, mention.end))
    )


def _brought(mention: Mention, norm: str, lang: Language) -> bool:
    """ "Je vous revois dans deux semaines, avec la radio": what is brought to a meeting was ordered before."""
    meets = MEETS[lang].search(norm) and WHEN[lang].search(norm) and mention.concept.kind == "exam"
    return bool(meets and BROUGHT.search(norm[: mention.start]))


def _named_alone(wanted: Sequence[Mention], norm: str) -> bool:
    """ "Prise de sang à jeun : potassium, créatinine.": an order without a verb says how, when, or several things."""
    after = norm.rfind(":", 0, wanted[0].start) + 1  # "je ne m'arrête pas là : coloscopie, et une fibroscopie"
    before = norm[after : wanted[0].start]
    if SUBJECT.search(WHAT_FOR.sub("", norm[after:])) or ITS_OWN.search(before) or (wanted[0].concept.kind in ("referral", "act") and AS_PLACE.search(before)):
        return False
    return len(wanted) > 1 or bool(QUALIFIED.search(norm) or WHEN["fr"].search(norm))


MOST_INITIALS, MOST_WORDS = 4, 4


def as_said(mention: Mention, sentence: Sentence, lang: Language) -> str:
    """An examination with the word that was used for it: "exploration fonctionnelle respiratoire (spirométrie)"."""
    name, said = mention.concept.name(lang), sentence.norm[mention.start : mention.end]
    if mention.concept.fr == "courrier" and lang == "fr":
        return _addressed(sentence.line.shown[sentence.start + mention.start : sentence.end])
    alike = {w[:4] for w in re.findall(r"[a-z]{4,}", fold(name))} & {w[:4] for w in re.findall(r"[a-z]{4,}", said)}
    initials = len(said) <= MOST_INITIALS or said.replace(" ", "") in fold(name).replace(" ", "")
    if alike or initials or lang == "en" or len(said.split()) > MOST_WORDS or re.search(r"\d", said):
        return name
    shown = sentence.line.shown[sentence.start + mention.start : sentence.start + mention.end]
    rest = re.match(r"\w*", sentence.line.shown[sentence.start + mention.end :])
    return f"{name} ({(shown + (rest.group() if rest else '')).lower()})"


def _addressed(words: str) -> str:
    """A letter with whom it is for: "compte rendu à votre généraliste" -> "compte rendu au généraliste"."""
    told = " ".join(re.split(r"[,;:.!?]", words)[0].split()[:MOST_ADDRESS])
    return re.sub(r"\bvotre\b", "son", re.sub(r"\bà votre\b", "au", re.sub(r"^ecris\b|^écris\b", "courrier", told)))


MOST_ADDRESS = 8  # words


def order(
    wanted: Sequence[Mention],
    sentence: Sentence,
    lang: Language,
    *,
    conditional: bool = False,
    proof: tuple[Evidence, ...] = (),
    said: Sentence | None = None,
) -> Fact:
    """The plan of what is named in `sentence`, at the time that it tells; `said` is what the doctor says of it elsewhere."""
    names = _analyses(wanted, sentence, lang) or list(dict.fromkeys(as_said(m, sentence, lang) for m in wanted))
    names = [n for n in names if not any(other != n and other.startswith(n + " ") for other in names)]
    telling = said or sentence
    when = WHEN[lang].search(telling.norm)
    shown = telling.line.shown[telling.start + when.start() : telling.start + when.end()] if when else ""
    many = SESSIONS.search(telling.norm) if wanted[0].concept.kind in ("referral", "act") and len(names) == 1 else None
    names = [f"{names[0]}, {many.group()}".replace("seance", "séance")] if many else names
    text = " ".join(filter(None, (", ".join(names), shown if shown not in names[0] else "")))
    value, unit = span(shown, lang)
    return Fact(
        "plan",
        text,
        wanted[0].concept.fr,
        proof or (sentence.evidence(),),
        value=value,
        unit=unit,
        certainty="conditional" if conditional else "certain",
        temporality="future",
        asserted_by="doctor",
        critical=not conditional,
        detail=shown,
        status="order",
        sentence=f"{', '.join(names)} : {said.shown}" if said else sentence.shown,
        extra=tuple(names),
    )


CHOICES = re.compile(r"(?<![a-z])(?:plusieurs|deux|trois|differentes?) (?:possibilites|options|solutions|facons|choix)(?![a-z])")  # nothing is chosen yet
SESSIONS = re.compile(r"(?<![\w.])(?:\d+|une dizaine de|quelques) (?:seances|sessions)(?! (?:par|a|per))")
BLOOD = ("prise de sang", "bilan sanguin", "analyse de sang")
LISTS = re.compile(r"\w*(?:,| :| avec (?:la|le|les|l|un|une|du|des)(?![a-z])| pour (?:la|le|les|l)(?![a-z]))")
MOST_ANALYSES = 16  # words


def _analyses(wanted: Sequence[Mention], sentence: Sentence, lang: Language) -> list[str]:
    """ "Prise de sang : TSH, vitamine D, cholestérol": all that is asked for, in the words that were said."""
    blood = wanted[0]
    if lang != "fr" or blood.concept.fr not in BLOOD or not LISTS.match(sentence.norm, blood.end):
        return []
    tail = sentence.line.shown[sentence.start + blood.end : sentence.end]
    words = re.sub(r"^\w*", "", tail).strip(" .…")
    if SUBJECT.search(fold(words)) or not 0 < len(words.split()) <= MOST_ANALYSES:
        return []
    return [f"{blood.concept.name(lang)}{' ' if words[0] in ':' else ' ' if words[0].isalpha() else ''}{words}"]


def needless(
    mention: Mention,
    sentence: Sentence,
    lang: Language,
    *,
    proof: tuple[Evidence, ...] = (),
    certainty: Certainty = "certain",
    temporality: Temporality = "current",
    text: str = "",
) -> Fact:
    """The plan that something is not to be done."""
    name = mention.concept.name(lang)
    return Fact(
        "plan",
        text or name,
        mention.concept.fr,
        proof or (sentence.evidence(),),
        polarity="absent",
        certainty=certainty,
        temporality=temporality,
        asserted_by="doctor",
        status="order",
        sentence=sentence.shown,
        extra=(name,),
    )


DECIDES = cues("ordered.decides")
PRONOUN = re.compile(
    r"je (?:vous |te )?(?:le|la|les) (?:conseille|recommande)(?! pas)(?![a-z])|il faut (?:le|la|les) (?:faire|refaire|controler)|je (?:vous )?l ajoute|(?:on|vous) (?:le|la|les) (?:(?:re)?fait|(?:re)?faites|(?:re)?ferez|(?:re)?fera|programme|controle)(?! pas)(?![a-z])|"
    r"^\W*a (?:re)?faire(?![a-z])|(?:on|vous|j|je) en (?:re)?(?:fait|faites|fera|ferai|ferez|demande|prescris) (?:une?|\d)(?! pas)"
)
PRONOUN_NEEDLESS = re.compile(
    r"(?:inutile|pas (?:la peine|besoin|necessaire|utile)) (?:de|d) (?:le |la |les |en )(?:re)?(?:faire|doser|controler)|"
    r"(?:on|je) (?:ne )?(?:le|la|les) (?:re)?(?:fait|fais|controle|dose|programme) pas(?![a-z])|ca (?:ne )?se (?:re)?fait (?:pas(?! en)|plus)(?![a-z])|"
    r"(?:je|on) (?:l|le|la|les) (?:annule|decommande|laisse tomber|supprime)(?![a-z])|on (?:peut )?s en passe(?:r)?(?![a-z])"
)
WRITES_TO = re.compile(
    r"(?<![a-z])je (?:lui|leur) (?:envoie|ecris|fais|adresse|telephone|passe|laisse) (?:un |une |le |la )?(?:mot|courrier|lettre|message|mail|coup de fil)"
)
EARLIER_TURNS = 4
PUT_DOWN = re.compile(  # "c'est pas noté chez moi, je l'ajoute": to the record
    r"(?<![a-z])(?:note|notee|marque|marquee|ecrit|ecrite|inscrit|inscrite|connaissais|(?:dans|sur) (?:le|votre|mon|la) (?:dossier|fiche))(?![a-z])[^?]*(?<![a-z])(?:je|on) (?:vous )?(?:l |le |la )(?:ajoute|rajoute|note|inscris|marque|mets)"
)


def _with_before(sentence: Sentence, visit: Visit) -> str:
    """The words of the doctor's turn up to and with a sentence."""
    return " ".join(s.norm for s in visit.sentences if s.turn == sentence.turn and s.start <= sentence.start)




def meant_by_pronoun(sentence: Sentence, visit: Visit) -> Fact | None:
    """ "L'ophtalmo, le fond d'œil ?" - "Deux ans et demi." - "Il faut le faire.": or to do without, or only if."""
    norm, lang = sentence.norm, visit.lang
    without, writes = PRONOUN_NEEDLESS.search(norm), WRITES_TO.search(norm)
    if PUT_DOWN.search(_with_before(sentence, visit)) or not (without or writes or PRONOUN.search(norm)) or any(
        m.concept.kind in ORDERED for m in find_concepts(norm, lang)
    ):
        return None
    near = [s for s in visit.sentences if sentence.turn - EARLIER_TURNS <= s.turn <= sentence.turn]
    again = AGAIN.search(norm) if lang == "fr" and WHEN[lang].search(norm) else None
    if again and not without:
        return _measured_again(sentence, [s for s in near if (s.turn, s.start) < (sentence.turn, sentence.start)])
    for earlier in reversed([s for s in near if (s.turn, s.start) < (sentence.turn, sentence.start)]):
        named = [
            m
            for m in find_concepts(earlier.norm, lang)
            if m.concept.kind in (("referral",) if writes else ("exam", "vaccine", "act"))
        ]
        if named:
            proof = (earlier.evidence(), sentence.evidence())
            if without:
                return needless(named[-1], sentence, lang, proof=proof)
            open_yet = bool(IF[lang].search(norm))
            return order(named[-1:], earlier, lang, conditional=open_yet, proof=proof, said=sentence)
    return None


AGAIN = re.compile(
    r"(?<![a-z])(?:vous|on|tu) (?:la|le|les) (?:reprenez|reprendrez|referez|refaites|remesurez|recontrolez|reprend|refera|recontrole)(?![a-z])"
)
MEASURES = re.compile(r"(?<![a-z])(?:la |le |les |votre )?(tension|poids|temperature|glycemies?|pouls|saturation)(?![a-z])")


def _measured_again(sentence: Sentence, before: Sequence[Sentence]) -> Fact | None:
    """ "La tension ? Vous la referez dans 15 jours.": what is to be measured again, and when."""
    for earlier in reversed(before):
        named = MEASURES.search(earlier.norm)
        when = WHEN["fr"].search(sentence.norm)
        if named and when:
            shown = sentence.line.shown[sentence.start + when.start() : sentence.start + when.end()]
            text = f"contrôle : {earlier.line.shown[earlier.start + named.start(1) : earlier.start + named.end(1)]} {shown}"
            value, unit = span(shown, "fr")
            return Fact(
                "plan",
                text,
                "contrôle",
                (earlier.evidence(), sentence.evidence()),
                value=value,
                unit=unit,
                temporality="future",
                asserted_by="doctor",
                critical=False,
                detail=shown,
                status="order",
                sentence=sentence.shown,
                extra=(text,),
            )
    return None


def decided_if(sentence: Sentence, lang: Language) -> Fact | None:
    """ "Si ça augmentait, on pourrait la remplacer.": what is to be done in a case that may come."""
    norm = sentence.norm
    condition, decided = IF[lang].search(norm), DECIDES[lang].search(norm)
    if not condition or not decided or len(norm.split()) > MOST_SAID or not conditional(norm, lang) or DOSED.search(norm):
        return None
    return Fact(
        "plan",
        sentence.shown,
        "conduite conditionnelle",
        (sentence.evidence(),),
        certainty="conditional",
        temporality="future",
        asserted_by="doctor",
        status="if",
        sentence=sentence.shown,
        extra=(sentence.shown, ""),
    )


MOST_SAID = 40  # words
DOSED = re.compile(r"(?<![a-z\d])(?:(?:\d+|une?) (?:milligr\w*|mg|comprimes?|gelules?|gouttes?|toutes les)|(?:fois )?par jour)(?![a-z])")  # a drug's own rule
