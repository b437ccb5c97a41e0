"""What the doctor decides: examinations, referrals, follow-up, certificates, advice and when to call."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.facts import Certainty, Fact, FactType, Temporality
from app.notes.lexicon import Mention, find_concepts, find_drugs
from app.notes.people import relation_near
from app.notes.polarity import is_denied
from app.notes.transcript import Language
from app.notes.units import Exchange, Sentence, Visit

ORDERED = ("exam", "referral", "vaccine")
IF = {"fr": re.compile(r"(?<![a-z])(?:si(?! (?:si|oui|non|besoin)(?![a-z]))|s il|s ils|en dessous de|au dela de|en cas d)(?![a-z])"), "en": re.compile(r"(?<![a-z])(?:if|unless|in case|should you)(?![a-z])")}
ALARM = {
    "fr": re.compile(r"(?<![a-z])(?:le 15(?!\d)|au 15(?!\d)|le 112|samu|31 14|3114|urgences?|(?:vous )?(?:r?appelez|m appelez|me rappelez|rappeler)|(?:vous )?consultez|voyez (?:quelqu un|un medecin)|vous revenez|le jour meme|"
                     r"la maternite|examinee? en vrai|on attend pas|vous arretez et|revenez)(?![a-z])"),
    "en": re.compile(r"(?<![a-z])(?:999|911|112|the 15|call 15|call the fifteen|emergency|a e|(?:call|ring|phone|contact|see|tell|let) (?:me|us|111|someone|the (?:surgery|office|clinic|practice)|your|a doctor)|come (?:back|in|and see|to the surgery)|seek|straight away|right away|immediately|go to the (?:hospital|er|ed)|give (?:me|us) a (?:call|ring))(?![a-z])"),
}
LATER = {
    "fr": re.compile(r"(?<![a-z])(?:on se (?:revoit|voit|reparle|rappelle)|je (?:vous )?(?:revois|rappelle|veux (?:vous )?revoir)|vous revenez|revenez|rendez vous|prochaine consultation|je vous appelle|on refait (?:le|un) point|on controle|controle|vous voyez|d ici|au cabinet)(?![a-z])"),
    "en": re.compile(r"(?<![a-z])(?:follow ?up|see you (?:again|back|in|next|by)|come back|return|back in|recheck|check back|check up|review (?:you|in)|appointment|touch base|call you|i ll call)(?![a-z])"),
}
MEETS = {"fr": re.compile(r"(?<![a-z])(?:on se (?:revoit|voit|rappelle)|je vous (?:revois|rappelle)|vous revenez|revenez)(?![a-z])"),
         "en": re.compile(r"(?<![a-z])(?:follow up|see you (?:again|back|in)|come back)(?![a-z])")}
WHEN = {
    "fr": re.compile(r"(?<![a-z])(?:dans (?:environ |les )?(?:\d+|une?|deux|trois|quinze|quelques)(?: (?:a|ou) \d+)? (?:jours?|semaines?|mois|ans?|heures?)|d ici (?:\d+ jours|quinze jours|\d+ semaines?|lundi|mardi|mercredi|jeudi|vendredi|samedi|la fin)|(?:le )?(?:lundi|mardi|mercredi|jeudi|vendredi) (?:\d+|prochain)|"
                     r"la semaine prochaine|cette semaine|demain|le mois prochain|a 28 semaines)(?![a-z])"),
    "en": re.compile(r"(?<![a-z])(?:in (?:about |around )?(?:\d+|a|one|a couple of|a few)(?:(?: to| or)? \d+)? (?:days?|weeks?|months?|years?)(?: time)?|next (?:week|month|year|monday|tuesday|wednesday|thursday|friday)|tomorrow|within \d+ (?:days|weeks)|\d+ (?:weeks|months|days) from now|(?:\d+|a|one) (?:week|month|year)s? (?:follow|from))(?![a-z])"),
}
UNIT_CODES = {"jour": "d", "semaine": "wk", "mois": "mo", "an": "a", "heure": "h", "day": "d", "week": "wk", "month": "mo", "year": "a"}
ORDERS = {
    "fr": re.compile(r"(?<![a-z])(?:je (?:vous |lui |la |le |les )*(?:mets|prescris|fais|rajoute|ajoute|adresse|envoie|oriente|demande|propose|note)|il faut|il faudra|faut (?:le |la )?faire|on (?:va )?(?:fait|faire|controle|recontrole|refait|reverra|demande|complete|verra)|vous (?:passez|ferez|faites|prenez|voyez|allez|pouvez demander|continuez|allez voir)|faites|"
                     r"demandez|prenez rendez vous|bilan|ordonnance|courrier|a faire|est a faire|la fait|je veux que|vient vous|on la fait|je recapitule|je preferer?ais|d ici|dans \d+|je prescris|bon pour)(?![a-z])"),
    "en": re.compile(r"(?<![a-z])(?:i (?:ll |will |would |m going to |m gon na |am going to |want to |wan na |d like to |also want to |also wan na |would like to |do want to |need to )+(?:get|order|refer|send|check|schedule|repeat|do|put|have|see|recommend|obtain|arrange|go ahead|book|request|set)?|we (?:ll |will |can |should |need to |are going to |re going to |re gon na )+(?:get|order|refer|send|check|schedule|repeat|do|have|arrange|book)?|"
                     r"let s (?:get|order|check|do|go|repeat|schedule)|order(?:ing)?|refer(?:ral)?|repeat|schedule|you (?:need|should|must|ll need|re due|are due)|i m ordering|i would recommend|get you|due for|set you up|must ask)(?![a-z])"),
}
NOT_NOW = {"fr": re.compile(r"(?<![a-z])(?:pas maintenant|pas besoin|pas la peine|inutile|pas necessaire|pas (?:pour l instant|tout de suite|encore|d emblee)|pas d |on decide apres|vous pensez qu|je peux pas|peux pas|ca se fait pas)(?![a-z])"),
           "en": re.compile(r"(?<![a-z])(?:no need|don t need|not necessary|do not need|no test|not today|not now|hold off|can t do|could not)(?![a-z])")}
ALREADY = {"fr": re.compile(r"(?<![a-z])(?:(?:ai|avez|a|avons|on a|avait|m a|l avez) (?:deja )?(?:fait|eu|recu|passe|pris)e?s?|etait|la derniere|vous l avez eu|qu on a fait|est (?:bon|bonne|negati|positi|revenu|normal)|sont (?:bon|negati|normal))(?![a-z])"),
           "en": re.compile(r"(?<![a-z])(?:was|were|showed|shows|you had|had (?:a|an|your)|came back|we did|last (?:year|time)|results? of|looks|reviewed|demonstrates)(?![a-z])")}
CERTIFICATE = {"fr": re.compile(r"(?<![a-z])(?:arret(?: de travail| maladie)?|certificat|prolong\w+|accident du travail|maladie professionnelle|mi temps therapeutique|reprise du travail)(?![a-z])"),
               "en": re.compile(r"(?<![a-z])(?:sick note|fit note|off work|time off|work note|doctor s note|sick leave|certificate)(?![a-z])")}
WORK_STOP = {"fr": re.compile(r"(?<![a-z])(?:l arret|un arret|arret (?:de travail|maladie|jusqu)|arreter\?|je prolonge|jusqu au|en maladie|d arret|certificat|limite a \d+ jours|aujourd hui, \w+ et)(?![a-z])"),
             "en": re.compile(r"(?<![a-z])(?:sick note|fit note|off work|time off work|work note|sick leave|certificate|keep you out of work|\w+ days? off)(?![a-z])")}
ADVISES = {
    "fr": re.compile(r"(?<![a-z])(?:buvez|boire|evitez|eviter|reposez|repos\b|marchez|vous marchez|ne vous retenez|lavez|vous lavez|rincez|se rince|mangez|manger|remange|surveillez|notez|pesez|le pesez|gardez|mettez|alternez|restez pas|vous restez|vous alternez|vous attendez|"
                     r"pas de (?!question|souci|probleme|risque|signe|paralysie|mal\b|douleur|fievre|gonflement|gene|plan|fuites|contact|traitement de fond|crainte|declaration|saignement)|ni de|jamais avec|surtout pas|une? au maximum|chaleur|bouillotte|glace|hydrat|compresses?|lavage|un masque|preservatif|"
                     r"vous (?:pouvez|devez|prenez \d+ sucres|evitez|faites|notez|buvez|continuez|reprenez|appliquez|souffle)|il faut|il reste a la maison|on souffle|alimentation|vous le dites|attendez le|pendant l aura|pas plus de|au moins)(?![a-z])"),
    "en": re.compile(r"(?<![a-z])(?:drink(?: well| plenty| lots)?|rest\b|get (?:some |plenty of )?rest|avoid|keep (?:it|the|your|an eye)|ice|elevate|apply|wash|stay (?:hydrated|home|away)|try to|make sure|monitor|push(?:ing)? fluids|hydrat\w+|cover|soap and water|you (?:should|can|need to|must)|i (?:want|would like|d like|encourage|recommend|advise|would advise|d advise) (?:you )?(?:to)?|"
                     r"nothing on it|do not|don t (?:lift|drive|scratch|take)|no contact|limit|quit smoking|cut (?:down|back)|diet|exercise|compression|brace|sling|pat dry|loose cotton|continue to|wear)(?![a-z])"),
}
EMPTY = {"fr": re.compile(r"il faut (?:le|la|les) (?:faire|refaire)|^\W*surtout pas\W|c est ca qui|il faut arreter\W*$|il faut pas que ca|je l inscris|^\W*surtout pas d un coup"),
         "en": re.compile(r"will write it|that s mainly|do not give it|we ll see|if you (?:want|have) (?:any )?questions")}
SMALL_TALK = {"fr": re.compile(r"(?<![a-z])(?:racontez|je vous ecoute|ecran|camera|micro|ecouteurs?|approchez|reculez|montrez|lampe|wifi|bonjour|au revoir|bonne (?:journee|soiree)|connexion|application|lien|tirez? la langue|prenez votre temps|allez y|attendez, je|tenez vous|mettez vous sur|passez vos doigts|appuyez|vous pouvez (?:parler|vous lever|vous recoucher|le peser)|lumiere|tout est dans votre espace|je recapitule|je me souviens|vous voyez\?|mettez la lumiere|respirez sans|restez dans le noir)(?![a-z])"),
              "en": re.compile(r"(?<![a-z])(?:can you (?:hear|see|show)|hello|goodbye|bye|nice to|dragon|how are you|camera|screen|microphone|lie (?:down|back)|deep breath|let me (?:know if i|take a look)|come closer|dax|told you|take care|have a (?:good|great|nice)|any questions|sounds good|follow my finger|push against|you did (?:well|great)|i m glad|good to see)(?![a-z])")}
CANNOT = {"fr": re.compile(r"(?<![a-z])(?:(?:je |on )?(?:ne )?(?:peux|peut|pouvons|pourrai) pas (?:(?:vous |le |la |les |te )?(?:\w+er|\w+ir|\w+re)(?![a-z])|en visio|a travers|d ici|en video)|(?:la|ici|en visio|en video|a l ecran|a la camera)[^.?!]{0,25}(?:je )?peux pas|ca se fait pas en (?:video|visio)|je (?:ferai|verrai) ca quand|on verra ca au cabinet|je peux pas)(?![a-z])"),
          "en": re.compile(r"(?<![a-z])(?:i (?:can t|cannot|could not|can not|couldn t|am not able to) (?:examine|touch|listen|feel|see|press|palpate|check)|not possible by video)(?![a-z])")}
EXAMINED = {"fr": re.compile(r"examin|palp|ecout|auscult|regard|touch|appuy|reflex|tension|peser|balance|jambe|gorge|\bcol\b|hauteur|c(?:oe|œ)ur|confirm|bandelette|\bpieds\b|poumon|ventre|oreille|visio|video|ecran|camera|physique|tympan|dents?|peau|fond d (?:oe|œ)il|equilibre"),
            "en": re.compile(r"examin|touch|listen|feel|press|palpat|check|video|see")}
SEES = {"fr": re.compile(r"(?<![a-z])(?:je vois (?!surtout|que vous|pas)|c est rouge|c est (?:tres |bien |un peu |dans )?(?:rouge|gonfle|propre|sec)|vous tenez|la force est la|elle est bien|il est pas cerne|il joue|vous parlez sans|de ce que je vois|ont l air|a l air|a la camera|au milieu|pas l air|bien (?:rose|mouillee|coloree?))"),
        "en": re.compile(r"(?<![a-z])(?:i see (?:groups|a |some|red|no |that the|an )|i (?:do )?(?:appreciate|hear|feel|note|notice|don t (?:see|hear|feel|appreciate))|on (?:your )?(?:physical )?exam(?:ination)?|your (?:heart|lungs?|belly|abdomen|neck|throat|ears?|knee|shoulder|back|skin|lymph nodes|eyes|pulses?|reflexes|strength|gait|incision|vital signs)[^.?!]{0,40}(?:is|are|look|sound|seem|feel)s?|there (?:is|are) (?:no |some |a |an |mild |any )|lungs? (?:are|sound)|heart (?:is|sounds)|tender(?:ness)?|range of motion|no (?:edema|swelling|redness|murmur|bruising)|clear (?:to|bilaterally))")}


def orders(visit: Visit) -> Iterator[Fact]:
    """Plans, advice, certificates, things seen and things that could not be examined, in the order of speech."""
    for exchange in visit.exchanges:
        yield from _past_exams(exchange, visit.lang)
    yield from _wished(visit)
    for place, sentence in enumerate(visit.sentences):
        if sentence.speaker == "doctor" and not sentence.asks and not SMALL_TALK[visit.lang].search(sentence.norm):
            yield from _of_sentence(sentence, visit, place)


def _of_sentence(sentence: Sentence, visit: Visit, place: int) -> Iterator[Fact]:
    norm, lang = sentence.norm, visit.lang
    if CANNOT[lang].search(norm) and EXAMINED[lang].search(norm):
        yield _plain("procedure", sentence, "non réalisable", polarity="absent", status="not examined")
        return
    if IF[lang].search(norm) and ALARM[lang].search(norm):
        yield _plain("advice", sentence, "alerte", certainty="conditional", temporality="future", status="alert", critical=True)
        return
    certificate = WORK_STOP[lang].search(norm)
    if certificate:
        yield from _certificate(sentence, lang)
        return
    if SEES[lang].search(norm) and not LATER[lang].search(norm) and not IF[lang].search(norm):
        yield _plain("procedure", sentence, "examen", status="seen")
        return
    if PRONOUN_ORDER.search(norm):
        yield from _pronoun_order(sentence, visit)
    results = list(_result(sentence, lang))
    yield from results
    ordered = [] if results and not ORDERS[lang].search(norm) else list(_ordered(sentence, lang))
    yield from ordered
    again = MEETS[lang].search(norm)
    if ordered and again and WHEN[lang].search(norm[again.start():]):
        yield _follow_up(replace(sentence, start=sentence.start + again.start()), lang)
    elif LATER[lang].search(norm) and WHEN[lang].search(norm) and not ordered:
        yield _follow_up(sentence, lang)
    elif not ordered and _advises(sentence, lang, visit, place):
        condition = bool(IF[lang].search(norm))
        yield _plain("advice", sentence, "conseil", certainty="conditional" if condition else "certain", temporality="future" if condition else "current",
                     status="advice")


def _wished(visit: Visit) -> Iterator[Fact]:
    """ "Et l'IRM, il en faut pas une ?" - "Pas maintenant. Si ça dure au-delà de six semaines, là oui." """
    lang = visit.lang
    for place, sentence in enumerate(visit.sentences):
        if sentence.speaker == "doctor" or not sentence.asks:
            continue
        wanted = [m for m in find_concepts(sentence.norm, lang) if m.concept.kind in ORDERED]
        reply = [s for s in visit.sentences[place + 1:place + 5] if s.speaker == "doctor"]
        if not wanted or not reply or reply[0] is not visit.sentences[place + 1]:
            continue
        name, label = wanted[0].concept.name(lang), wanted[0].concept.fr
        if NOT_NOW[lang].search(reply[0].norm) or re.match(r"\W*(?:non|no)(?![a-z])", reply[0].norm):
            later = next((s for s in reply if IF[lang].search(s.norm)), None)
            yield Fact("plan", name, label, (sentence.evidence(), (later or reply[0]).evidence()), polarity="present" if later else "absent",
                       certainty="conditional" if later else "certain", temporality="future" if later else "current", asserted_by="doctor", status="order",
                       sentence=f"{name} : {later.shown}" if later else reply[0].shown, extra=(name,))


PRONOUN_ORDER = re.compile(r"il faut (?:le|la|les) (?:faire|refaire|controler)")


def _pronoun_order(sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    """ "L'ophtalmo, le fond d'œil ?" - "Deux ans et demi." - "Il faut le faire." """
    for earlier in reversed([s for s in visit.sentences if sentence.turn - 4 <= s.turn < sentence.turn and s.speaker == "doctor"]):
        exams = [m for m in find_concepts(earlier.norm, visit.lang) if m.concept.kind in ("exam", "vaccine")]
        if exams:
            name = exams[-1].concept.name(visit.lang)
            yield Fact("plan", name, exams[-1].concept.fr, (earlier.evidence(), sentence.evidence()), temporality="future", asserted_by="doctor", critical=True,
                       status="order", sentence=sentence.shown, extra=(name,))
            return


RESULT = {"fr": re.compile(r"(?<![a-z])(normale?s?|negati(?:f|ve)s?|positi(?:f|ve)s?|anormale?s?|bonne?s?)(?![a-z])"), "en": re.compile(r"(?<![a-z])(normal|negative|positive|abnormal|unremarkable)(?![a-z])")}
RESULT_WORDS = {"negatif": "négatif", "negative": "négative", "negatifs": "négatifs", "negatives": "négatives", "bon": "normal", "bonne": "normale", "bons": "normaux", "bonnes": "normales"}


def _result(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    """ "Les anticorps sont négatifs", "la TSH était normale": a result without a figure. """
    norm = sentence.norm
    for mention in find_concepts(norm, lang):
        word = RESULT[lang].search(norm, mention.end)
        if mention.concept.kind == "exam" and word and word.start() - mention.end < 60 and not IF[lang].search(norm[:mention.start]) and not re.search(r"[.;]", norm[mention.end:word.start()]) \
                and not is_denied(norm, word.start(), word.end(), lang):
            shown = RESULT_WORDS.get(word.group(), word.group()) if lang == "fr" else word.group()
            name = mention.concept.name(lang)
            yield Fact("lab", f"{name} : {shown}" if lang == "fr" else f"{name}: {shown}", mention.concept.fr, (sentence.evidence(),), asserted_by="doctor", status="result",
                       sentence=sentence.shown, extra=(name, shown))


def _advises(sentence: Sentence, lang: Language, visit: Visit, place: int) -> bool:
    norm = sentence.norm
    words = norm.split()
    if not 3 <= len(words) <= 60 or EMPTY[lang].search(norm) or not ADVISES[lang].search(norm):
        return False
    mentions_drug_dose = any(re.search(r"\d", norm[m.end:m.end + 30]) for m in find_drugs(norm))
    return not mentions_drug_dose and not re.search(r"(?<![a-z])(?:je me suis|j imagine|c est frequent|ca va pas|je crois pas|probablement)(?![a-z])", norm)


def _plain(kind: FactType, sentence: Sentence, label: str, *, polarity: str = "present", certainty: Certainty = "certain",
           temporality: Temporality = "current", status: str, critical: bool = False) -> Fact:
    return Fact(kind, sentence.shown, label, (sentence.evidence(),), polarity="absent" if polarity == "absent" else "present", certainty=certainty,
                temporality=temporality, asserted_by="doctor", critical=critical, status=status, sentence=sentence.shown, extra=(sentence.shown, ""))


def _ordered(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    norm = sentence.norm
    wanted = [m for m in find_concepts(norm, lang) if m.concept.kind in ORDERED and not relation_near(norm, m.start, lang)]
    if not wanted:
        return
    already = ALREADY[lang].search(norm) and not WHEN[lang].search(norm)
    if already and not ORDERS[lang].search(norm):
        return
    if NOT_NOW[lang].search(norm):
        for mention in wanted[:1]:
            yield _order(mention, sentence, lang, "absent", "certain", "current")
        return
    if not ORDERS[lang].search(norm) and not LATER[lang].search(norm) and not IF[lang].search(norm):
        return
    condition = bool(IF[lang].search(norm)) or bool(re.search(r"(?<![a-z])(?:pourra|pourrait|c est lui qui verra|que dans ce cas|seulement si|uniquement|on decide|peut etre|maybe|consider|might)", norm))
    yield _orders(wanted, sentence, lang, condition)


def _orders(wanted: list[Mention], sentence: Sentence, lang: Language, condition: bool) -> Fact:
    names = list(dict.fromkeys(m.concept.name(lang) for m in wanted))
    names = [n for n in names if not any(other != n and other.startswith(n + " ") for other in names)]
    when = WHEN[lang].search(sentence.norm)
    shown = sentence.line.shown[sentence.start + when.start():sentence.start + when.end()] if when else ""
    text = " ".join(filter(None, (", ".join(names), shown)))
    value, unit = _span(shown, lang)
    return Fact("plan", text, wanted[0].concept.fr, (sentence.evidence(),), value=value, unit=unit, certainty="conditional" if condition else "certain",
                temporality="future", asserted_by="doctor", critical=not condition, detail=shown, status="order", sentence=sentence.shown, extra=tuple(names))


def _order(mention: Mention, sentence: Sentence, lang: Language, polarity: str, certainty: Certainty, temporality: Temporality) -> Fact:
    return Fact("plan", mention.concept.name(lang), mention.concept.fr, (sentence.evidence(),), polarity="absent" if polarity == "absent" else "present",
                certainty=certainty, temporality=temporality, asserted_by="doctor", status="order", sentence=sentence.shown, extra=(mention.concept.name(lang),))


def _follow_up(sentence: Sentence, lang: Language) -> Fact:
    match = WHEN[lang].search(sentence.norm)
    shown = sentence.line.shown[sentence.start + match.start():sentence.start + match.end()] if match else ""
    value, unit = _span(shown, lang)
    return Fact("plan", sentence.shown, "suivi", (sentence.evidence(),), value=value, unit=unit, temporality="future", asserted_by="doctor", critical=True,
                detail=shown, status="follow-up", sentence=sentence.shown, extra=(shown, ""))


def _span(shown: str, lang: Language) -> tuple[float | None, str | None]:
    match = re.search(r"(\d+|une?|a|one) (jour|semaine|mois|an|heure|day|week|month|year)", shown.lower())
    if not match:
        return None, None
    return (float(match.group(1)) if match.group(1).isdigit() else 1.0), UNIT_CODES[match.group(2)]


def _certificate(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    norm = sentence.norm
    days = re.search(r"(\d+) (?:jours?|days?)", norm)
    denied = bool(re.search(r"pas d arret|no sick|pas en accident", norm)) and not re.search(r"certificat|en maladie", norm)
    yield Fact("work_stoppage", sentence.shown, "arrêt ou certificat", (sentence.evidence(),), value=float(days.group(1)) if days else None, unit="d" if days else None,
               polarity="absent" if denied else "present", asserted_by="doctor", critical=True, status="certificate", sentence=sentence.shown, extra=(sentence.shown, ""))


ASKS_PAST = {"fr": re.compile(r"(?<![a-z])(?:(?:avez|as|a|l avez|les avez|a ete) (?:deja |vous )?(?:\w+ )?(?:fait|eu|passe|vu|rempli)e?s?|quand|a jour|dernier|derniere|recemment|il date|ophtalmo)(?![a-z])"),
             "en": re.compile(r"(?<![a-z])(?:have you (?:had|ever|been)|did you (?:have|get)|when|last|recent|up to date|had your)(?![a-z])")}


def _past_exams(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    """ "Vous l'avez eu quand, l'électrocardiogramme ?" - "En mars, il a dit que c'était bon." """
    for question in exchange.questions:
        for mention in find_concepts(question.norm, lang):
            kind = mention.concept.kind
            if kind not in ("exam", "vaccine") or not ASKS_PAST[lang].search(question.norm) or relation_near(exchange.answer_text, 0, lang):
                continue
            if exchange.verdict == "" and not re.search(r"quand|when", question.norm):
                continue
            named = {m.concept.fr for s in exchange.answer for m in find_concepts(s.norm, lang) if is_denied(s.norm, m.start, m.end, lang)}
            polarity = "absent" if exchange.verdict == "no" or mention.concept.fr in named else "present"
            if polarity == "absent" and kind == "exam":
                continue
            words = exchange.answer[0].shown
            yield Fact("procedure", mention.concept.name(lang), mention.concept.fr, (question.evidence(), exchange.answer[0].evidence()), polarity="absent" if polarity == "absent" else "present",
                       temporality="past" if polarity == "present" else "current", asserted_by=exchange.answer[0].speaker, status="done", sentence=words, extra=(mention.concept.name(lang), ""))
