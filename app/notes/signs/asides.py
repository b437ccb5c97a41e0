"""Words that name a symptom and tell none that the patient has: somebody else's, an advice said after the doctor, a reaction."""

import re

from app.notes.allergy.allergens import allergens
from app.notes.language.lexicon import Mention, find_concepts
from app.notes.language.units import Sentence, Visit

PERSONAL = (  # what people have, and never a part of the body or a thing
    "chutes", "pleurs", "perte de poids", "prise de poids", "vomissements", "fièvre", "toux", "anxiété", "fatigue", "insomnie",
    "somnolence", "perte d'appétit", "ronflements", "irritabilité", "perte de connaissance", "malaise", "tristesse de l'humeur",
)  # fmt: skip
THEY = r"(?:ils?|elles?)"
THEY_DO = re.compile(rf"(?<![a-z])(?:{THEY}|lui)(?: (?:se|s|me|m|en|y|a|ont|est|avait|etait|arrete|arretait|pas|de))* $")
THEY_HAVE = re.compile(
    rf"(?<![a-z]){THEY} (?:a|ont|avait|avaient|garde|fait|faisait)(?: (?:eu|garde|fait|toujours|souvent|aussi))? "
    r"(?:(?:des?|du|un|une|la|le|les|l|d|mal|de la|ses|son|sa) )+(?:\w+ ){0,2}$"
)
THEY_SCRATCH = re.compile(rf"(?<![a-z]){THEY} (?:n )?(?:arrete(?:nt)? pas de )?se gratt\w*$")
OPENS_WITH_THEM = re.compile(rf"{THEY} ")
NAMED = re.compile(r"\w*,? (?:ça )?(?:c['’]est|c['’]était)(?: (?:surtout|plutôt))? [A-ZÉ][a-zéèêïô]+(?![a-z])")
VERB = re.compile(r"(?<![a-z])(?:j|je|ca|c|il|elle|on|y|qui|me|m) (?!y a)[a-z]")
SKIN = ("éruption cutanée", "urticaire", "vésicules ou ampoules", "prurit (démangeaisons)", "rougeur", "eczéma", "gonflement du visage")
SETS_OFF = re.compile(
    r"(?<![a-z])(?:me|m|lui|nous|leur) (?:fait|font|faisait|donne|donnent|donnait|colle|met|(?:a|avait|ont) (?:fait|donne|colle|mis))"
    r" (?:des|une?|plein de|de la|du) (?:\w+ )?$|(?<![a-z])j (?:avais|ai eu) (?:des|une?) (?:\w+ ){1,3}avec (?:des|une?) $"
)
CONTACT = re.compile(r"(?<![a-z])(?:patchs?|timbres?|sparadrap|adhesifs?|pansements?|creme|pommade|gel|lessive|parfum|deodorant|boucles?|bijoux?|montre)(?![a-z])")


def is_aside(mention: Mention, sentence: Sentence, visit: Visit) -> bool:
    """Whether a mention in a statement of the patient's side is no symptom of the patient's own."""
    if visit.lang != "fr":
        return False
    spoken_of = _pretended(mention, sentence) or ON_A_PART.search(sentence.norm[: mention.start])
    return bool(spoken_of) or any(told(mention, sentence, visit) for told in (_another_persons, _repeats_advice, _set_off))


def _pretended(mention: Mention, sentence: Sentence) -> bool:
    """ "J'ai raconté que j'avais mal au dos, c'était pas vrai": an excuse that was made, and no pain."""
    before, after = sentence.norm[: mention.start], sentence.norm[mention.end :]
    return CLAIMS.search(before) is not None and UNTRUE.search(after) is not None


CLAIMS = re.compile(r"(?<![a-z])(?:dit|dis|raconte|pretexte|invente|pretendu|simule|fait (?:croire|semblant)|repondu)(?: [a-z]+){0,4} (?:qu|que|d|une?|de) ")
UNTRUE = re.compile(r"(?<![a-z])(?:(?:pas|meme pas) vrai|c (?:est|etait) faux|menti|mensonge|une excuse|un pretexte|du cinema|du pipeau|pour (?:ne )?pas (?:y )?aller|pour eviter)(?![a-z])")
ON_A_PART = re.compile(r"(?<![a-z])(?:ceux|celles?|celui) (?:du|de la|de l|des|sur (?:le|la|les)|dans le|au) ?$")  # "ceux du dos": of what was told before


def _another_persons(mention: Mention, sentence: Sentence, visit: Visit) -> bool:
    """ "Il a gardé la main raide", "les sifflements c'est Gérard": of somebody, where patients say "je" of themselves."""
    if NAMED.match(sentence.line.shown[sentence.start + mention.end : sentence.end]):
        return True
    if sentence.speaker != "patient" or visit.is_child:
        return False
    before, said = sentence.norm[: mention.start], sentence.norm[mention.start :]
    if mention.concept.fr.startswith("prurit") and THEY_SCRATCH.search(sentence.norm[: mention.end]):
        return True
    personal = mention.concept.fr in PERSONAL and (THEY_DO.search(before) or OPENS_WITH_THEM.match(said))
    return bool(personal or THEY_HAVE.search(before))


def asks_of_another(mention: Mention, question: Sentence) -> bool:
    """ "Elle grossit ?", asked of a grown-up: somebody else."""
    return mention.concept.fr in PERSONAL and ASKED_FIRST.fullmatch(question.norm[: mention.start + 5]) is not None


ASKED_FIRST = re.compile(rf"\W*(?:(?:et|alors|sinon|bon)\W+)*{THEY} .{{0,12}}")


def _repeats_advice(mention: Mention, sentence: Sentence, visit: Visit) -> bool:
    """ "Deux oreillers." after the doctor has said so: a statement without a verb that names what the doctor's statement named."""
    if VERB.search(sentence.norm) or ANSWERS.match(sentence.norm):
        return False
    before = [s for s in visit.sentences if s.turn == sentence.turn - 1]
    if not before or before[0].speaker != "doctor" or any(s.asks for s in before[-1:]):
        return False
    return any(m.concept.fr == mention.concept.fr for s in before if not s.asks for m in find_concepts(s.norm, "fr"))


ANSWERS = re.compile(r"\W*(?:non|oui|ouais|aucune?|jamais)(?![a-z])")  # a question whose mark was not heard


def _set_off(mention: Mention, sentence: Sentence, visit: Visit) -> bool:
    """ "Au sparadrap, ça me fait des cloques": what something did to the skin belongs to that thing."""
    if mention.concept.fr not in SKIN or not SETS_OFF.search(sentence.norm[: mention.start]):
        return False
    said = f"{visit.said_before(sentence)} {sentence.norm}"
    return CONTACT.search(said) is not None or bool(allergens(said, "fr"))
