"""What is over, though nothing in its own clause says so: a stage of life, a date set apart, how long it lasted, how it ended.

"La grippe, en octobre, trois jours au lit", "une bronchiolite, bébé", "la tête qui tourne mercredi, le lendemain plus rien". French only.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from app.notes.facts import Fact, Temporality
from app.notes.language.lexicon import find_concepts, find_drugs
from app.notes.language.timing import DAY_FR, MONTH_FR
from app.notes.language.units import Sentence, Visit

CLINICAL = ("symptom", "problem", "surgery", "exam")
STAGE = (
    r"(?:bebe|nourrisson|gamine?|gosse|enfant|ado(?:lescente?)?|etudiante?|a la naissance|a la maternelle|en primaire|"
    r"au (?:college|lycee|service militaire)|a (?:la fac|l armee|l ecole|l epoque|l adolescence)|dans (?:ma|sa) jeunesse|de mon temps|pendant (?:ma|mes) (?:\w+ )?grossesses?)"
)
SMALL = r"(?:toute? )?(?:petite?|jeune)"  # only where commas set it apart: "de l'asthme, petite, mais"
DATE = (
    rf"(?:en (?:{MONTH_FR[3:-1]}|\d{{2}}|(?:19|20)\d\d)(?! ?(?:ans|jours|semaines|minutes|kilos|fois))(?! prochain)|a (?:paques|noel|la toussaint|la rentree|l automne)|au (?:printemps|nouvel an)|"
    rf"cet (?:ete|hiver|automne)|l (?:ete|hiver|automne|an(?:nee)?) (?:derniere?|passee?)|le (?:mois|printemps) dernier|(?:il )?y a (?:\d+|une?|quelques|deux|trois) (?:ans?|annees?|mois))"
)
DAY = rf"(?:{DAY_FR}(?: (?:dernier|matin|soir|apres midi))?|hier(?: (?:matin|soir))?|la semaine derniere|l autre jour|le week end dernier)"
LASTING = r"(?:\d+|une?|deux|trois|quelques) (?:secondes?|minutes?|heures?|quart d heure|demi heure|jours?|semaines?|mois)(?! de (?:plus|moins))"
EVENT = re.compile(  # a verb of what happened and is done
    r"(?<![a-z])(?:(?:j|tu|elle|il|on|vous|m|s|l)(?: en)? (?:ai |a |avez |avais |avait |est |suis )(?:deja )?(?:\w+ ){0,2}?(?:eue?|faite?|chope|attrape|pris|vomi|grelotte|tombee?|ressenti|saigne|developpe|declenche)|(?:la|le) (?:premiere?|1re|precedente?|derniere?) (?:fois )?c etait)(?![a-z])"
)
STILL_SO = re.compile(
    r"(?<![a-z])(?:depuis(?! plus| rien)|toujours|encore|ca (?:continue|dure|revient|recommence|s aggrave)|tous les|toutes les|chaque|souvent|maintenant|en ce moment|"
    r"(?:a|ont|ca a) (?:commence|debute|demarre)\w*|je (?:suis|me sens)(?! (?:tombe|rattrap|fait))|diagnosti\w*|decouvert\w*|ce matin|aujourd hui)(?![a-z])"
)
ENDED = re.compile(
    r"(?<![a-z])(?:(?:le lendemain|puis|ensuite|apres|depuis|et puis),? (?:c etait )?(?:plus rien|rien|fini|parti)(?! pendant)|depuis,? (?:non|plus|nickel)(?=\W*$|[,.])|plus (?:rien|une seule|jamais|aucune?) (?:depuis|apres)|plus rien(?=\W*$)|"
    r"(?:c est|c etait|ca s est|elles? s est|ils? s est|elles? se sont) (?:vite )?(?:passee?|arretee?s?|calmee?|resorbe\w*|soignee?s?|gueri\w*|disparu\w*|tasse)(?! par| de| l| mal| bien| comment)(?![a-z])|"
    r"(?:c est|ca est|c etait) (?:redescendu|retombe|degonfle|rentre dans l ordre|regle)|(?:c|ca|elles?|ils?) (?:est|sont) partie?s? (?:toute?s? seule?s?|en \d|d elle|comme (?:c|ca) (?:est|etait) venu)|ca (?:fait|date d) un bail|(?:ils?|elles?|ca) (?:ont|a) (?:degonfle|disparu|cicatrise|seche|cesse)|"
    r"jamais (?:revenue?s?|recommence|reeu|refait)|ca a (?:bien )?dure (?!encore|toujours))(?![a-z])"
)
COMES_BACK = re.compile(r"(?<![a-z])(?:mais|et) (?:\w+ ){0,3}(?:revien\w*|revenue?s?|recommenc\w*|repris|encore|toujours|reste)(?![a-z])")
OF_A_DRUG = re.compile(  # a treatment that was tried and given up
    r"(?<![a-z])(?:j (?:ai|avais) (?:teste|essaye?|tenu \d+|tenu une|arrete|stoppe|jete|vire)|je (?:l|les|la|le) ai (?:\w+ )?(?:arretee?|viree?|jetee?|stoppee?|prise?|finie?)|on (?:me |m )?l a (?:arrete|change|retire)\w*|poubelle|ca (?:me|lui) (?:donnait|faisait|mettait|rendait|collait)|ca (?:m|lui) a(?:vait)? (?:donne|fait|mis|colle|rendue?)|"
    r"(?:mal|pas) supporte)(?![a-z])"
)
HAD = re.compile(r"(?<![a-z])(?:j ai (?:eu|fait|vomi)|j avais|ca m a (?:donne|fait|mis|colle)|(?:il|elle) a (?:eu|fait|vomi))(?![a-z])")
AWAKE = re.compile(r"(?<![a-z])au reveil(?! (?:le|tous|j))(?![a-z])")
OPERATED = re.compile(r"(?<![a-z])(?:oper\w*|anesthesi\w*|endormi\w*|(?:appendic|chirurg)\w*)(?![a-z])")
ANSWER_OVER = re.compile(
    r"^\W*(?:(?:non|ah|oh|ben|euh|oui|la|alors|ca|c est|ce soit)\W+)*(?:plus (?:rien|une seule|du tout|jamais|aucune?|depuis|maintenant)|fini\w*|termine\w*|disparu\w*|envole\w*|rien (?:depuis|du tout|de plus)|(?:elles?|ils?) (?:(?:ont|a) (?:degonfle|disparu|cicatrise)|(?:est|sont) (?:re)?partie?s?)|c est (?:fini|passe|parti|de l histoire ancienne))(?![a-z])"
)
ASKS_STILL = re.compile(r"(?<![a-z])(?:encore|toujours|depuis|et (?:la|maintenant|aujourd hui))(?![a-z])")
NEXT_WORDS = 9  # of a question that only goes on


def in_their_time(facts: Iterable[Fact], visit: Visit) -> Iterator[Fact]:
    """The facts, those that the talk around them shows to be over told as past or resolved; others as they are."""
    for fact in facts:
        settle = _over if fact.polarity == "present" else _once
        over = settle(fact, visit) if visit.lang == "fr" and _is_open(fact) else None
        yield replace(fact, polarity="present", temporality=over) if over else fact


def _is_open(fact: Fact) -> bool:
    clinical = fact.type in ("symptom", "problem") and fact.is_patients
    return clinical and (fact.asserted_by != "doctor" or fact.type == "problem") and fact.temporality == "current" and fact.certainty == "certain"


def _told_in(fact: Fact, visit: Visit) -> tuple[Sentence, str, str] | None:
    """The sentence of a fact with what stands before and after the words that name it; an answer stands all after."""
    proof = fact.evidence[-1]
    said = next((s for s in visit.sentences if s.turn == proof.turn and s.evidence().start >= proof.start - 1 and s.speaker != "doctor"), None)
    said = next((s for s in visit.sentences if s.turn == proof.turn and s.shown == fact.sentence), said)
    if said is None:
        return None
    words = fact.said
    if words and words not in said.norm and len(words.split()[-1]) >= LEAST_WORD:  # the answer may name it in another sentence
        words = words.split()[-1]
        said = next((s for s in visit.sentences if s.turn == said.turn and re.search(rf"(?<![a-z]){words}(?![a-z])", s.norm)), said)
    place = said.norm.find(words) if words else -1
    return (said, "", said.norm) if place < 0 else (said, said.norm[:place], said.norm[place + len(words) :])


AS_A_DATE = re.compile(r"(?<![a-z])(?:depuis|avant|apres|pendant|jusqu a) (?:la|le|l|ma|mon|les|mes|sa|son) ?$")
WHEN_HAD = re.compile(r"(?<![a-z])c est (?:celle|celui|ceux|celles) (?:de|du|des) (?:la |l |ma |mon )?$|(?<![a-z])quand (?:j|il|elle|on) (?:ai|a|avais|avait) (?:eue?|fait|attrape|chope) (?:(?:le|la|l|les|une?|mon|ma|des|du) ?)?$")
THEIR_OWN = re.compile(r"(?<![a-z])(?:vos|votre|tes|ton|ta|ses) [^?]*\?")
NONE_LEFT = re.compile(r"(?<![a-z])plus (?:rien|une seule|aucune?|du tout)(?= ?[,.!…]|\W*$| depuis)")
LEAST_WORD = 4  # letters
RECORDED_THEN = re.compile(r"(?<![a-z])vous (?:avez|aviez) (?:deja |bien )?(?:eue?|fait) [^.;]*$")  # "vous avez fait un zona en mars"


NO_MORE = re.compile(r"(?<![a-z])(?:ai|a|as|fais|fait|suis|est) plus (?:du tout |jamais |aucune? )?(?:de |d |du |des )?$")
ONE_BEFORE = re.compile(r"(?<![a-z])j en (?:ai|avais) (?:deja |pourtant )?(?:fait|eue?) (?:une|un|deux|\d)(?![a-z])")


def _once(fact: Fact, visit: Visit) -> Temporality | None:
    """What is denied of today because it is over: "j'ai plus d'asthme", "toujours de l'épilepsie ?" - "non", "j'en ai fait une"."""
    told = _told_in(fact, visit)
    if told is None:
        return None
    said, before, after = told
    asked = visit.question_of(said)
    still = re.search(r"(?<![a-z])(?:encore|toujours)(?![a-z])", asked) and fact.said in asked
    if THEIR_OWN.search(asked) and fact.said in asked and NONE_LEFT.search(said.norm):
        return "resolved"  # "et vos migraines ?" - "plus rien"
    if still and (fact.type == "problem" or ANSWER_OVER.search(said.norm)):
        return "resolved"
    if fact.type == "problem" and (NO_MORE.search(before) or ONE_BEFORE.search(after)):
        return "past"
    return None


def _over(fact: Fact, visit: Visit) -> Temporality | None:
    """Whether what a fact tells is past or resolved; None when it may go on."""
    told = _told_in(fact, visit)
    if told is None:
        return None
    said, before, after = told
    own, later = _own(after, visit), _later(said, after, visit)
    if fact.asserted_by == "doctor":
        return "past" if RECORDED_THEN.search(before) and DATE_NEAR.search(own) else None
    if STAGE_APART.search(after[:STAGE_NEAR]):
        return "past"
    if AS_A_DATE.search(before):
        return None  # "depuis la ménopause, plus rien"
    if ENDED.search(own + later) and not COMES_BACK.search(own + later):
        return "resolved"
    if _still_asked(said, visit) and not COMES_BACK.search(said.norm):
        return "resolved"
    if STILL_SO.search(said.norm):
        return None
    return "past" if _past(fact, said, before, own, visit) else None


def _own(after: str, visit: Visit) -> str:
    """The words up to the next thing that is named."""
    stop = min((m.start for m in find_concepts(after, visit.lang) if m.concept.kind in CLINICAL), default=len(after))
    return after[:stop]


def _later(said: Sentence, after: str, visit: Visit) -> str:
    """The next sentence of the turn, until another thing is named."""
    if _own(after, visit) != after:
        return ""
    following = next((s for s in visit.sentences if s.turn == said.turn and s.start > said.start), None)
    return " " + _own(following.norm, visit) if following else ""


def _still_asked(said: Sentence, visit: Visit) -> bool:
    """ "Vous en avez encore ?" - "Plus une seule.": asked in the same breath, or after it, and answered that it is over."""
    if ASKS_STILL.search(visit.question_of(said)) and ANSWER_OVER.search(said.norm):
        return True
    asked = [s for s in visit.sentences if s.turn == said.turn + 1]
    answer = [s for s in visit.sentences if s.turn == said.turn + 2]
    goes_on = bool(asked) and len(" ".join(s.norm for s in asked).split()) <= NEXT_WORDS and asked[-1].asks
    named = any(m.concept.kind in CLINICAL for s in asked for m in find_concepts(s.norm, visit.lang))
    return goes_on and not named and ASKS_STILL.search(asked[-1].norm) is not None and bool(answer) and ANSWER_OVER.search(answer[0].norm) is not None


APART = rf"(?:quand (?:j|il|elle) etai[st] )?(?:{STAGE}|(?<=, ){SMALL}(?=,|\W*$| (?:oui|j|il|elle)(?![a-z])))"
STAGE_APART = re.compile(rf"^[a-z]*(?: \w+){{0,3}}(?:,? | ){APART}(?=\W|$)")
STAGE_NEAR = 48  # characters
STAGE_FIRST = re.compile(rf"(?:^|[,.;:] ?)\W*(?:(?:oui|si|non)\W+)?(?:{STAGE}|{SMALL}(?=,)),? (?:[a-z ]{{0,30}})$")
DATE_NEAR = re.compile(rf"(?<![a-z]){DATE}(?![a-z])")
DAY_NEAR = re.compile(rf"(?<![a-z]){DAY}(?![a-z])")
LASTED = re.compile(rf"(?<![a-z])(?:pendant |genre |peut etre |a peine |juste |environ )?{LASTING}(?![a-z])")
DATED_AFTER = re.compile(r"\W*(?:(?:mais|bon|enfin|ca)\W+)*(?:c etait (?:en|il y a|y a|au|avant|pendant|quand|l)|j avais \d+ ans|j etais (?:enceinte|etudiante?|petite?|jeune|ado)|ca (?:remonte|date)|ca fait (?:longtemps|des annees|\d+ ans))(?![a-z])")
ASKED_DONE = re.compile(r"(?<![a-z])(?:vous (?:vous etes|avez|etes)|(?:il|elle) (?:a|s est|est)) (?:deja |bien )?(?:eue?|fait|vomi|tombee?|cogne\w*|saigne|perdu|blesse\w*|coupe\w*|brule\w*|mordue?)(?![a-z])")
AGO = re.compile(rf"(?<![a-z])(?:{DAY}|(?:il )?y a (?:\d+|une?|quelques|deux|trois) (?:quinzaine|dizaine|jours|semaines|mois|ans)|le mois dernier)(?![a-z])")
TODAY = re.compile(r"(?<![a-z])(?:ce matin|aujourd hui|cette nuit|tout a l heure|depuis|ce soir|a l instant)(?![a-z])")


def place_in_time(norm: str) -> bool:
    """ "Hier, deux fois.", in answer to "vous avez vomi ?": then, and not today."""
    return AGO.search(norm) is not None and TODAY.search(norm) is None


CHRONIC = re.compile(
    r"diab|hypert|asthme|bpco|thyro|insuffisance|épilep|maladie|arthr|ostéop|sclérose|parkinson|glaucome|cancer|tumeur|dépend|apnée|reflux|allerg|psoria|grossesse|varice|cholest|dyslip|obés|hépatite|cirrhose|fibrom|endom"
)


def _past(fact: Fact, said: Sentence, before: str, own: str, visit: Visit) -> bool:
    if WHEN_HAD.search(before) or STAGE_FIRST.search(before) or DATED_AFTER.match(_later(said, own, visit)):
        return True
    if ONCE_THEN.match(said.norm) or (FOR_IT.search(before) and DATE_NEAR.search(own)):
        return True
    if ASKED_DONE.search(visit.question_of(said)) and place_in_time(said.norm):
        return True
    lasting_illness = fact.type == "problem" and CHRONIC.search(fact.label.lower())
    around = before[-60:] + " # " + own
    happened = EVENT.search(before) or EVENT.search(own[:40])
    verbless = not re.search(r"(?<![a-z])(?:j|je|c|ca|il|elle|on|y a)(?![a-z])", said.norm)
    if DATE_NEAR.search(around) and (happened or verbless) and not lasting_illness:
        return True
    if DAY_NEAR.search(around) and happened and LASTED.search(own):
        return True
    return _of_earlier_drug(said, before, own, visit) or (AWAKE.search(own) is not None and _of_operation(said, visit))


ONCE_THEN = re.compile(rf"(?!.*(?<![a-z])(?:ce (?:matin|midi|soir)|cette nuit|aujourd hui|tout a l heure)(?![a-z]))\W*(?:(?:oui|si|juste|seulement)\W+)*(?:une?|1) (?:seule )?fois(?: seulement)?,? (?:{DAY}|{DATE})(?![a-z])(?!.*(?:encore|ce matin|aujourd hui|depuis))")
FOR_IT = re.compile(r"(?<![a-z])(?:pour|contre) (?:l|la|le|les|une?|mon|ma|son|sa|cette) ?$")  # "de l'Orelox pour l'otite, à Pâques"
SO_STOPPED = re.compile(r"(?:du coup |alors |donc |et )?(?:j ai|on a) (?:tout )?(?:arrete|stoppe|jete)(?![a-z])")


def _of_earlier_drug(said: Sentence, before: str, own: str, visit: Visit) -> bool:
    """ "J'ai testé, j'ai fait des cauchemars", "De la colchicine. J'ai eu la diarrhée du siècle.": what a drug of before did."""
    earlier = [s for s in visit.sentences if s.turn == said.turn and s.end <= said.start]
    talk = " ".join(s.norm for s in earlier[-2:])
    if OF_A_DRUG.search(before) or (HAD.search(before) and (OF_A_DRUG.search(talk) or SO_STOPPED.search(own))):
        return True
    return bool(earlier) and bool(find_drugs(earlier[-1].norm)) and HAD.search(before) is not None


def _of_operation(said: Sentence, visit: Visit) -> bool:
    talk = " ".join(s.norm for s in visit.sentences if said.turn - 2 <= s.turn <= said.turn)
    return OPERATED.search(talk) is not None
