"""Advice: what the doctor tells a patient to do or to leave, by the grammar of telling and by the things it is about."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.directions.alarms import conditional
from app.notes.drugs.schedules import find_schedule
from app.notes.facts import Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_concepts, find_drugs
from app.notes.language.units import Sentence
from app.notes.transcript import Language

IF = cues("orders.if")
ADVISES = cues("orders.advises")
EMPTY = cues("orders.empty")
VERBS = cues("advising.verbs")["fr"].pattern
INFINITIVES = cues("advising.infinitives")["fr"].pattern
ACTIVITY = cues("advising.activity")["fr"]
ALLOWS = cues("advising.allows")["fr"]
AMOUNT = cues("advising.amount")["fr"]
FRONTED = cues("advising.fronted")["fr"]  # "les tapis, à la cave", "la charcuterie, on freine"
NEGATIONS = r"(?:(?:ne|n|surtout|bien|donc|plutot|aussi|vraiment) )*"
PRONOUNS = r"(?:(?:me|m|vous|le|la|les|l|lui|leur|en|y) )*"
COMMANDS = re.compile(  # "roulez les tapis", "..., puis humidifiez la chambre"
    rf"(?:^\W*|[,:;.] ?|(?<![a-z])(?:et|mais|puis|alors|donc|sinon|surtout|aussi|ensuite|apres|simplement|plutot|autrement) ){NEGATIONS}{PRONOUNS}(?:{VERBS})(?![a-z])"
)
TELLS = re.compile(
    rf"(?<!si )(?<!quand )(?<!que )(?<!qu )(?<![a-z])vous {NEGATIONS}{PRONOUNS}(?:{VERBS})(?![a-z])"
)  # "vous comprimez dix minutes"
TELLS_THE_YOUNG = re.compile(
    rf"(?<!si )(?<!quand )(?<!que )(?<![a-z])tu {NEGATIONS}{PRONOUNS}(?:{VERBS.replace('ez', 'es')})(?![a-z])"
)
BARE = re.compile(  # "se lever à heure fixe"
    r"^\W*(?:(?:et|puis|ensuite|surtout|bien|ne pas|donc)\W+)*(?:se |s )?(?:eviter|boire|manger|dormir|marcher|lever|coucher|limiter|reduire|garder|rester|surveiller|noter|laver|rincer|hydrater|appliquer|porter|bouger|reprendre|"
    r"aerer|surelever|respecter|prendre (?:une douche|le temps|l air)|proteger|couper|enlever|mettre (?:une?|des|de la|du|la|les)|arreter (?:le|la|les|l|de)|faire (?:du|des|une|attention))(?![a-z])"
)
ABOUT = re.compile(  # "pour la maison : douche et cheveux le soir"
    r"^\W*(?:(?:et|alors|ensuite|apres|sinon|maintenant)\W+)*(?:pour|cote|contre|au niveau d[eu]) (?!l instant)[a-z ]{3,40}\s?(?::|,(?= (?:des|du|de la|de l)(?![a-z]))) \w"
)
STATES = re.compile(r"(?<![a-z])(?:est|sont|revient|reviennent|etait|etaient|reste|restent|a ete)(?![a-zœ])")
DROPPED = re.compile(  # "les moules, on arrête"
    r"(?<![a-z])(?:le|la|les|l|cette?|ces|un|une) [a-z ]{3,30}(?:, (?:le|la|les|l) [a-z ]{3,20})?(?:, ?(?:alors )?| (?=c est (?:non|interdit|exclu|fini|termine)))"
    r"(?:on (?:arrete|evite|oublie|limite|reduit|supprime|freine|ralentit|enleve|range|jette|y va doucement|leve le pied)|c est (?:fini|termine|interdit|exclu|non|a eviter)|a la (?:cave|poubelle)|au placard|avec moderation|mollo)(?![a-z])"
)
IN_DOSES = re.compile(
    r"\d (?:milligr\w*|mg|microgr\w*|millil\w*|ml|comprimes?|gelules?|sachets?|bouffees?|gouttes?|unites?|ampoules?|pulverisations?)(?![a-z])"
)
CASE_FIRST = re.compile(r"\W*(?:(?:et|mais|donc|alors)\W+)*(?:si|s il|quand) ")  # "si ... deux matins de suite, vous enlevez deux unités"
MUST = re.compile(
    rf"(?<!si vous )(?<!quand vous )(?<!s )(?<![a-z])(?:{INFINITIVES}) ?{NEGATIONS}{PRONOUNS}(?:pas |plus |jamais |rien )?(?:\w+(?:er|ir|re)|que)(?![a-z])"
)
NO_MORE = re.compile(  # "pas de piscine ni de jogging", "plus de charges lourdes"
    rf"(?:^\W*|[,:;.] ?|(?<![a-z])(?:et|mais|puis|surtout|donc|aussi|alors|non) )(?:surtout )?(?:pas|plus|zero|jamais|aucune?|ni|moins|eviter|evitez) (?:(?:de|d|du|la|le|les|l) )*(?:{ACTIVITY.pattern})"
)
YES_OR_NO = re.compile(r"[a-z ]{0,20}(?:, pas|,? (?:oui|non|d accord)(?=\W*[,.]|\W*$))(?![a-z])")  # "la douche, oui"
TOLD_BEFORE = re.compile(r"(?<![a-z])vous (?:avez |faites )(?:bien|raison)(?! de)")
OF_THE_PAST = re.compile(
    r"(?<![a-z])(?:vous (?:avez|aviez|etiez|faisiez|preniez)|vous n (?:avez|aviez)|c etait)(?![a-z])"
)
GUESSES = re.compile(r"(?<![a-z])(?:vous gardez (?:bien |quand meme )?(?:l eau|les liquides|tout|ce que|rien)|(?:ca|cela) (?:ressemble|evoque|m evoque|fait penser)|pas (?:l |vous l |le )?(?:affirmer|assurer|garantir|promettre)|je me suis|j imagine|c est frequent|ca va pas|je crois pas|probablement)(?![a-z])")
CHATTER = re.compile(  # wishes, what holds for the call or the examination on camera, what leaves it to the patient
    r"(?<![a-z])(?:(?:gardez|garde) (?:le (?:moral|sourire)|espoir|la peche|confiance)|bon(?:ne)?s? (?:vacances|journee|soiree|route|continuation|fetes|annee|week end|nuit|chance|courage|retour|appetit|voyage|dimanche|match)|"
    r"(?:mett|pos|approch|recul|tourn|orient|inclin|baiss|mont|rapproch|tene|tien|garde|cal|allum|branch|coup|enlev|retir)\w*(?: moi| bien| un peu| plus)* (?:le|la|l|votre|vos|ton|tes|les) ?(?:telephone|portable|tablette|camera|ecran|ordinateur|appareil|lampe|torche|lumiere|lunettes|micro|son|casque|ecouteurs|masque|pull|chemise|t shirt|manteau|echarpe|bonnet)|"
    r"(?:prenez|prends|attrapez|cherchez) (?:de quoi|un (?:stylo|crayon|papier|bout))|je reviens|ne (?:quittez|bougez|bouge) (?:pas|plus)|(?:comme|quand|ce que|ou) (?:vous|tu) (?:voulez|veux|preferez|preferes|le sentez)|"
    r"(?:vous|tu) (?:faites|fais|avez|as) (?:bien|raison|tres bien|bien fait|eu raison) (?:de|d)|(?:garde|tene|tien|reste|continue)\w*(?: \w+){0,3} comme ca\W*$)(?![a-z])"
)
OF_NOTHING = re.compile(  # "On évite, hein.", "Oui, gardez-le.": what it is about was said before
    r"\W*(?:(?:et|oui|non|alors|donc|mais|bon|voila|ah|ok|d accord|parfait)\W+)*(?:(?:on|vous|tu|il faut|faut) )?(?:ne |n )?(?:(?:le|la|les|l|y|en|lui) )?(?:evite|garde|arrete|continue|oublie|laisse|attend|prend|pren|surveille|eviter|garder|continuer)[a-z]{0,3}(?: (?:pas|plus))?"
    r"(?:\W(?:le|la|les|ca))?(?:\W+(?:hein|d accord|quand meme|bien|alors|pour l instant|surtout|oui|non|s il vous plait))*\W*"
)
NEXT_WORD = 4  # characters
LEAST_WORDS, MOST_WORDS = 3, 60


def advice(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    """The advice that a statement of the doctor gives, if any; beside a dose, the part of it that is no prescription."""
    part = _beside_dose(sentence, lang) if _doses(sentence.norm) else sentence
    in_doses = part is not None and lang == "fr" and IN_DOSES.search(part.norm) and not CASE_FIRST.match(part.norm)
    if part and _advises(part.norm, lang) and not in_doses:
        yield _advice(part, lang)


def _doses(norm: str) -> bool:
    told = find_drugs(norm)
    how = (norm[m.end : m.end + DOSE_REACH] for m in told)
    return any(re.search(r"\d", after[:30]) or find_schedule(after, "fr").sig for after in how) or bool(told and STRENGTH.search(norm))


DOSE_REACH = 50  # characters after a drug's name
STRENGTH = re.compile(r"(?<![a-z])(?:\d+|une?|demi) (?:grammes?|milligrammes?|comprimes?|gelules?|sachets?)(?![a-z])")


def _beside_dose(sentence: Sentence, lang: Language) -> Sentence | None:
    """ "Lavage de nez trois fois par jour, et Doliprane un gramme": up to the comma before the drug."""
    first = find_drugs(sentence.norm)[0].start
    cut = sentence.norm.rfind(",", 0, first)
    return replace(sentence, end=sentence.start + cut) if lang == "fr" and cut > 0 else None


def _advises(norm: str, lang: Language) -> bool:
    if norm.rstrip().endswith(("…", "...")) or IN_THIS_VISIT.search(norm):
        return False  # broken off, or to be done while the doctor looks on
    if not LEAST_WORDS <= len(norm.split()) <= MOST_WORDS or EMPTY[lang].search(norm):
        return False
    if not (ADVISES[lang].search(norm) or (lang == "fr" and directs(norm))):
        return False
    if lang == "fr" and _only_stops(norm):
        return False  # told as the drug's own line
    nothing = re.match(r"\W*(?:pas de|no) ", norm)
    if nothing and (find_drugs(norm) or any(m.start - nothing.end() < NEXT_WORD for m in find_concepts(norm, lang))):
        return False  # a drug is told as stopped; "pas de fièvre" is no advice
    chatter = lang == "fr" and (CHATTER.search(norm) or OF_NOTHING.fullmatch(norm))
    return not (chatter or TOLD_BEFORE.search(norm) or GUESSES.search(norm))


IN_THIS_VISIT = re.compile(r"(?<![a-z])(?:mesure|montre|compte|pese|palpe|appuie|appuye|li|di|tire|donne|tourne|redonne|refai|remontre|rappele)[sz]?(?:ez|tes)? (?:la |le |les )?moi(?![a-z])")


def _only_stops(norm: str) -> bool:
    """ "Ne prenez surtout pas d'ibuprofène.": nothing but a drug and that it goes on or is not to be taken."""
    rest = norm
    for drug in reversed(find_drugs(norm)):
        rest = rest[: drug.start] + "¤" + rest[drug.end :]
    return STOP_ALONE.fullmatch(rest) is not None or GOES_ON_ALONE.fullmatch(rest) is not None


GOES_ON_ALONE = re.compile(r"\W*(?:(?:et|donc|alors|mais|bon) )*(?:le |la |l |les |votre |vos )?¤,? (?:vous|tu|on) (?:l |le |la |les )?(?:continue|garde|poursui)[a-z]{0,3}\W*")
STOP_ALONE = re.compile(
    r"\W*(?:(?:et|donc|alors|surtout|vous|tu|on|la|bon|mais|ne|n) )*(?:(?:arrete|stoppe|cesse|evite|oublie|continue|garde)[sz]?|(?:poursui|mainten|repren)[a-z]{2,4}|(?:prene[zs]|donne[zs]|mette[zs]|utilise[zs]|prends|mets) (?:\w+ )?(?:pas|plus|jamais))"
    r"(?: (?:surtout|jamais|aussi|bien))*(?: (?:de|du|d|le|la|l|les|de la|de l|votre|ni|et|ou|cette?)| ?[¤,]\w*)+\W*"
)


CARE = cues("advising.care")["fr"]
FINITE = re.compile(  # whoever does or is something is told of, not told what to do
    r"(?<![a-z])(?:je|j|vous|il|elle|ils|elles|on|tu|nous|qui|est|sont|etait|etaient|ont|avait|depuis|hier|avez|aviez|fait|font|donne|donnent|votre (?:mari|femme|fils|fille|mere|pere))(?![a-zœ])"
)
WHY = re.compile(r",? (?:(?:et )?[a-z]+er,? c est [^.]*|(?:ca|c est|cela) [^,.]*|(?:pour|afin d[e]?|histoire d[e]?|sinon|comme ca|parce que?|car) [^.]*)$")
HOW = re.compile(  # what makes of a thing an instruction: how long, how often, where, when, how much
    r"(?<![a-z])(?:\d+ (?:minutes?|heures?|fois|litres?|pas|seances?|verres?)|une? (?:demi heure|quart d heure|heure)|fois par jour|par jour|dans (?:la journee|un)|tous les|toutes les|chaque|chacune?|avant|apres|entre|pendant|le (?:soir|matin)|la nuit|au (?:repos|calme|lit|coucher|frais|sec)|a (?:la|l|plat|volonte|petites? gorgees|tiede)|"
    r"sans|rien (?:de|d|dessus)|pas (?:de|d|trop)|plus (?:de|d|haut|bas)|moins (?:de|d)|beaucoup d|un peu d|tiede|fraiche?|large|surelevee?s?|en l air|jusqu|des que|seulement|surtout|doucement|regulierement)(?![a-z])"
)
HELPS = re.compile(r"(?<![a-z])ca (?:vous |lui |te )?(?:adouci|soulage|calme|aide|marche|degonfle|apaise|fait du bien|detend|dégage|degage)")
IN_WHICH_CASE = re.compile(r" (?:quand|des que|chaque fois que|lorsque|avant que|apres que) (?:vous|tu|il|elle|on) [^,.;]*")  # "un masque quand vous sortez"
LED_IN = re.compile(r"\W*(?:(?:et|puis|alors|donc|bon|ensuite|sinon|aussi|parfait|voila|oui|surtout|en attendant|d ici la|apres|la journee|la nuit|le soir|le matin)\W+)*")
NEAR_START = 45  # characters in which the thing is named


def names_care(norm: str) -> bool:
    """ "Vingt minutes, dans un torchon, quatre fois dans la journée", "La voix au repos": what to do, told without a verb."""
    begins = LED_IN.match(norm)
    rest = IN_WHICH_CASE.sub(" avant", WHY.sub("", norm[begins.end() if begins else 0 :]))
    care = CARE.search(rest[:NEAR_START])
    if care is None or FINITE.search(rest) or find_drugs(norm) or "?" in norm:
        return False
    ill = any(m.concept.kind in ("symptom", "problem") for m in find_concepts(rest, "fr"))
    return bool(HOW.search(rest) or HELPS.search(norm)) and not ill and not DENIES_FIRST.match(rest)


DENIES_FIRST = re.compile(r"(?:pas|aucune?|ni) (?:mal|douleur|fievre|gene)|(?:si|s il|quand|ca|a jeun)(?![a-z])")


def directs(norm: str) -> bool:
    """Whether French words tell somebody what to do, by their grammar or by what they allow."""
    told = (COMMANDS, TELLS, TELLS_THE_YOUNG, MUST, NO_MORE, BARE, AMOUNT)
    if (
        any(p.search(norm) for p in told)
        or (ABOUT.search(norm) and not STATES.search(norm) and not find_drugs(norm))
        or (DROPPED.search(norm) and not find_drugs(norm))
    ):
        return True
    if FRONTED.search(norm) and not OF_THE_PAST.search(norm) and not find_drugs(norm):
        return True
    if names_care(norm):
        return True
    about = ACTIVITY.search(norm)
    allowed = about is not None and (ALLOWS.search(norm) or YES_OR_NO.match(norm, about.end()))
    return bool(allowed) and not OF_THE_PAST.search(norm)


REMEDY_DROPPED = re.compile(  # "les gouttes, on oublie": a remedy that is not to be used
    r"(?:^\W*|[.,] )(?:(?:et|mais|donc|alors)\W+)*(?:les?|la|l|votre|vos|ces?|cette) (?:gouttes?|pommades?|cremes?|sirops?|sprays?|patchs?|plantes?|tisanes?|gelules?|complements?|comprimes?|huiles? essentielles?)(?: [a-z]+)?,? "
    r"(?:on |vous |tu )(?:les |la |le |l )?(?:oublie|arrete|laisse|jette|stoppe|evite|supprime)(?:z|s)?(?! pas)(?![a-z])"
)


def _advice(sentence: Sentence, lang: Language) -> Fact:
    condition = bool(IF[lang].search(sentence.norm)) and conditional(sentence.norm, lang)
    return Fact(
        "advice",
        sentence.shown,
        "conseil",
        (sentence.evidence(),),
        polarity="absent" if REMEDY_DROPPED.search(sentence.norm) else "present",
        certainty="conditional" if condition else "certain",
        temporality="future" if condition else "current",
        asserted_by="doctor",
        status="advice",
        sentence=sentence.shown,
        extra=(sentence.shown, ""),
    )
