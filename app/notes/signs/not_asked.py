"""What a question or a statement names without asking or telling of it: a date, a vaccine, what is known already."""

import re

from app.notes.language.cues import cue
from app.notes.language.lexicon import OF_TESTS, TESTED_FOR, Mention, find_concepts
from app.notes.language.text import fold
from app.notes.language.units import Sentence, Visit

VACCINATED = re.compile(r"vaccin|(?<![a-z])jabs?(?![a-z])|immuni[sz]|(?<![a-z])shots?(?![a-z])")
AT_WHAT_AGE = re.compile(  # asked of an illness that somebody was just said to have
    r"(?<![a-z])(?:a quel age|quel age avait|how old (?:was|were)|at what age|what age)(?![a-z])"
)


def is_not_asked(mention: Mention, norm: str) -> bool:
    """Whether a question names something that is known, vaccinated against or besides what it asks about."""
    of_illness = VACCINATED.search(norm) or AT_WHAT_AGE.search(norm)
    besides = BESIDES.search(norm[: mention.start]) or is_known(mention, norm) or only_dates(mention, norm) or _when(mention, norm)
    looked_after = mention.concept.kind == "problem" and KNOWN_AND.match(norm, mention.end)
    of_sting = mention.concept.fr == "piqûre d'insecte" and OF_STINGS.search(norm)
    dated = mention.concept.kind == "surgery" and AT_WHAT_AGE.search(norm)
    of_known = mention.concept.kind == "symptom" and (THIS.search(norm[: mention.start]) or OF_KNOWN.match(norm, mention.end))
    sought = mention.concept.kind == "problem" and SOUGHT_ONCE.search(norm)
    ill = sought or (mention.concept.kind == "problem" and of_illness)
    return bool(of_known or besides or looked_after or of_sting or dated or ill)


def _when(mention: Mention, norm: str) -> bool:
    """ "Des sueurs, quand ça serre ?": what is asked goes with it, and it is known."""
    before = norm[: mention.start]
    if mention.concept.kind != "symptom" or not WHENEVER.search(before):
        return False
    return HURTS.search(before) is not None or any(m.concept.kind == "symptom" for m in find_concepts(before, "fr"))


HURTS = re.compile(r"(?<![a-z])(?:(?:avez|as|a|fait) (?:\w+ )?mal|douleurs?|lance|tire|brule|elance|pire|augmente|revient) (?:\w+ ){0,4}?quand")


WHENEVER = re.compile(  # "quand ça", "au moment où vous avez"
    r"(?<![a-z])(?:quand|lorsqu[e ]?|pendant (?:que|la|le|les|l)|au moment (?:ou|de la|du|des)|des que|(?:chaque|a chaque) fois qu[e ]?|en meme temps que) ?"
    r"(?:(?:ca|vous|tu|il|elle|on|la|le|les|l|te|lui|avez|as|a|faites|fait|etes|est|une?|des|du|de|vos|votre|ses|son|sa|cette?|ces|mal) ?)*$"
)
THIS = re.compile(r"(?<![a-z])(?:ces|cette|cet|ce) (?:\w+ )?$")  # "ces plaques, elles restent ?": that there are some is known
OF_KNOWN = re.compile(
    r"\w*,? (?:elles?|ils?) (?:restent?|partent?|part|bouge\w*|change\w*|durent?|viennent|revienn\w*|grandi\w*|s (?:en vont|effac\w*|etend\w*)|se (?:deplac\w*|balad\w*|touch\w*)|(?:est|sont) (?:apparue?s?|venue?s?|toujours|partout|nouvelles?|nouveaux?|mobiles?))(?![a-z])"
)
KNOWN_AND = re.compile(  # "Et le diabète, la dernière glyquée ?": how a known illness is looked after is what is asked
    r"\w*,? (?:(?:la|le|votre|vos|les) (?:derniere?s?|suivi|traitement|controle|bilan|resultats?|chiffres)|vous etes (?:bien |toujours )?suivie?|c est suivi|qui (?:vous )?suit|vu quand)(?![a-z])"
)


def only_dates(mention: Mention, norm: str) -> bool:
    """ "J'ai arrêté à ma première grossesse", "avant la ménopause": when something was, and no finding."""
    before = norm[: mention.start]
    dates = mention.concept.fr in ("grossesse", "ménopause") and AS_A_DATE.search(before) is not None
    return dates or (mention.concept.fr == "grossesse" and BEFORE_BEING.search(before) is not None)


BEFORE_BEING = re.compile(r"(?<![a-z])(?:avant|quand j etais|depuis que je suis|before) (?:d etre |que je sois |de tomber |de retomber |being |getting )?$")  # "j'étais à 58 avant d'être enceinte"
SOUGHT_ONCE = re.compile(  # "la maladie cœliaque, on l'a cherchée ?": whether a test was done, and nobody has it
    r"(?<![a-z])(?:on|ils|elle|il|quelqu un|le \w+|on vous) (?:vous |te |lui |l |la |le |en )*(?:a|ont|avait) (?:deja )?(?:cherche|recherche|depiste|teste)e?s?(?![a-z])|"
    r"(?<![a-z])(?:fait|passe|eu) (?:le |un |des )?(?:test|depistage|bilan|recherche)s? (?:de|du|pour|d)(?![a-z])"
)

AS_A_DATE = re.compile(  # "j'ai arrêté à ma première grossesse"
    r"(?<![a-z])(?:a|pour|pendant|depuis|avant|apres|avec|lors de|durant|of|during|since|before|after|with) (?:ma|mes|sa|la|les|ses|my|her|the) (?:\w+ )?$"
)
OF_STINGS = re.compile(r"(?<![a-z])(?:deja|reagi|guepe|abeille|frelon|wasp|bee|ever|react\w*)(?![a-z])")  # whether allergic to them


def is_known(mention: Mention, norm: str) -> bool:
    """ "Les vitamines de la chirurgie": an operation that everybody knows of is not what is told."""
    if mention.concept.fr == "hospitalisation":
        return WORKS_THERE.search(norm[: mention.start]) is not None
    return mention.concept.fr == "opération" and re.search(r"(?<![a-z])(?:la|l|cette|de l|the) $", norm[: mention.start]) is not None


WORKS_THERE = re.compile(r"(?<![a-z])(?:travaill|boss|infirmier|soignant|medecin|psychiatre|chirurgien|brancardi|rendez vous|examens?|tests?|radio|consult)\w*[^.;,]{0,20}$")
BESIDES = cue("units.besides")  # "à part la toux, autre chose ?": what is known is not what is asked


def tested_for(sentence: Sentence, visit: Visit) -> set[str]:
    """ "On complète : VIH, syphilis." - "Le VIH aussi ?": what the doctor has just ordered a test for."""
    told = (s.norm for s in visit.sentences if s.speaker == "doctor" and sentence.turn - 2 <= s.turn < sentence.turn and OF_TESTS.search(s.norm))
    words = " ".join(told)
    return {name for name in TESTED_FOR if fold(name).split()[-1] in words}
