"""Which measure a bare number belongs to: the one that was spoken of last, while nothing else was asked or told."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from app.notes.facts import Fact
from app.notes.language.polarity import CONDITIONS
from app.notes.language.text import fold
from app.notes.language.units import Sentence, Visit
from app.notes.measured.readings import MEASURES, PRESSURE, TEMPERATURE, Measure

TOPIC_TURNS = 4  # a measure that was named longer ago is no longer spoken of
def _bare_words() -> frozenset[str]:
    text = (resources.files("app.notes") / "data" / "bare_words.tsv").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split("\t")[1].split())


BARE_WORDS = _bare_words()
FOLLOWS_UP = re.compile(  # a question that asks for more of the same
    r"\W*(?:(?:et|alors|donc|ok|d accord|bon|ah|tres bien|parfait|bien)\W+)*(?:ce matin|ce soir|hier|cette nuit|le (?:matin|soir|midi)|les (?:matins|soirs)|avant|maintenant|la(?= ?\?)|aujourd hui|d habitude|habituellement|la (?:derniere|precedente|fois d avant)|l autre fois|"
    r"c est (?:combien|a combien|quoi)|c etait (?:combien|a combien|quoi|quand)|combien(?! de (?:temps|fois|jours|semaines|mois|comprim\w*|verres|cigarettes))|(?:ce qui |ca )(?:vous |te |lui )?(?:fait|donne|dit)(?! combien de temps)(?! (?:longtemps|mal))|(?:il|elle) (?:dit|affiche|marque|indique|est a|etait a|fait|donne)|vous (?:etes|etiez|avez) (?:a|combien|pris)|il y a|y a |"
    r"son chiffre|(?:a|au|apres|debout|couche|au repos|en|chez|depuis|quand|(?:vous )?(?:l |la |les )?(?:avez|a) (?:vous )?(?:re)?(?:prise?|mesuree?|faite?|notee?)s?(?=\W*$|\W*[?,…]| (?:hier|ce|cette|avant|quand|comment|combien|a|au|le (?:matin|soir)|les (?:matins|soirs)|chez|en|sur|plusieurs|souvent))|plutot|a peu pres|exactement|(?:vous )?(?:etes|es) sure?))(?![a-z])"
)
MAX_FOLLOW_UP = 70  # characters
PLAIN_NAMES = {  # measures named by a word that names nothing else
    "fr": {
        "température": r"fievre|temperature|thermometre|de la temp",
        "pression artérielle": r"(?<!pour la )(?<!contre la )(?<!nt de la )(?<!cachet de la )(?<!truc de la )tension(?!s| nerv)|tensiometre|brassard|pression arterielle",
        "fréquence cardiaque": r"pouls|frequence cardiaque|c(?:oe|œ)ur (?:bat|tape)|le c(?:oe|œ)ur,? (?:il )?(?:bat )?(?:a combien|ca donne|il est a)|pulsations|battements",
        "saturation en oxygène": r"saturation|la sat|oxymetre|oxygene|saturometre|(?:pince|machin|truc|appareil|engin|bidule) (?:au|sur le|du|pour le|dans le) doigt",
        "poids": r"(?<!pris du )(?<!perdu du )(?:le|un) poids|votre poids|son poids|pes(?:ez|es|e|er|ee)|balance|combien de kilos",
        "débit expiratoire de pointe": r"debitmetre|debit de pointe|peak ?flow",
        "taille": r"votre taille|sa taille|mesurez|mesure combien",
    },
    "en": {},
}


GLUCOSE = Measure("lab", "glycémie", "blood glucose", "g/L", 0.2, 6, r"glycemies?|dextros?|a jeun|le sucre(?! dans)|les sucres", "glucose")
MAX_NAMING = 100  # characters of a doctor's statement that names what is spoken of
MAX_ASIDE_WORDS = 8  # a longer statement of the doctor is about something else


PLANNED = re.compile(r"(?<![a-z])(?:on (?:fait|dose|refait|controle|recontrole|va|verra|surveille)|je (?:vous )?(?:mets|fais|prescris|rajoute|referai|ferai)|refaire|(?<!vous )(?:faites|prenez|pesez|mesurez|surveillez)|controle|prochain\w*|dans \d+)(?![a-z])")


@dataclass(slots=True)
class Topic:
    """The measure that is spoken of, and the sentence that named it. `hear` every sentence in order."""

    visit: Visit
    measure: Measure | None = None
    name: str = ""
    named: Sentence | None = None
    turn: int = -TOPIC_TURNS

    def hear(self, sentence: Sentence) -> None:
        """Note what a sentence speaks of; another question or statement of the doctor ends the topic."""
        said = list(self._measures_of(sentence)) if self._may_name(sentence) else []
        if said:
            _, self.measure, self.name = said[-1]
            self.named, self.turn = sentence, sentence.turn
        elif sentence.speaker == "doctor" and not self._goes_on(sentence):
            self.measure = None

    def of(self, sentence: Sentence) -> Sentence | None:
        """The sentence that named what the bare numbers of this one measure; None when it says anything else."""
        if self.measure is None or self.named is None or sentence.turn - self.turn > TOPIC_TURNS:
            return None
        if self.visit.lang != "fr" or not _is_bare(sentence.norm) or COUNTS_ELSE.search(sentence.norm):
            return None
        return self.named

    def told(self, fact: Fact, sentence: Sentence) -> None:
        """A value of it was told: it lasts, or becomes what is spoken of."""
        told = next((m for m in (TEMPERATURE, PRESSURE, *MEASURES, GLUCOSE) if m.fr == fact.label.rstrip("s")), None)
        if told is not None and told is not self.measure:
            self.measure, self.name, self.named = told, fold(told.fr), sentence
        self.turn = sentence.turn

    def _may_name(self, sentence: Sentence) -> bool:
        """An order or a condition names no measure that was taken: "pesez-le ce soir, et si vous passez sous douze"."""
        stated = sentence.speaker == "doctor" and not sentence.asks
        to_come = CONDITIONS[self.visit.lang].search(sentence.norm) or PLANNED.search(sentence.norm)
        return not stated or (len(sentence.norm) < MAX_NAMING and not to_come)

    def _goes_on(self, sentence: Sentence) -> bool:
        if sentence.asks and not _is_bare(sentence.norm):
            return len(sentence.norm) < MAX_FOLLOW_UP and FOLLOWS_UP.match(sentence.norm) is not None
        return _is_bare(sentence.norm) or len(sentence.norm.split()) < MAX_ASIDE_WORDS

    def _measures_of(self, sentence: Sentence) -> Iterator[tuple[int, Measure, str]]:
        plain = PLAIN_NAMES[self.visit.lang]
        found = []
        for measure in (TEMPERATURE, PRESSURE, *MEASURES, GLUCOSE):
            name = plain.get(measure.fr, "" if measure.type == "vital" else measure.cue(self.visit.lang))
            found += [(m.start(), measure, m.group()) for m in re.finditer(name, sentence.norm)] if name else []
        return iter(sorted(found, key=lambda one: one[0]))


WHILE = re.compile(r"(?<![a-z])(?:pendant|quand|lorsque|apres|avant (?:de|que)|juste apres|sans|avec|malgre|au moment|parce que|mais) [^\d.!?]*")
COUNTS_ELSE = re.compile(  # "trois mois", "vingt minutes": a length of time, not of the measure
    r"(?<!y a )(?<!depuis )(?<!vers )(?<!apres )(?<! a )\d+ (?:jours?|mois|semaines?|ans?|heures?|fois)(?![a-z])|3114"
)


def _is_bare(norm: str) -> bool:
    """Whether a sentence says nothing but figures, and when, where and how surely they were read."""
    return bool(re.search(r"\d", norm)) and all(word in BARE_WORDS for word in re.findall(r"[a-zœ]+", WHILE.sub(" ", norm)))
