"""Examinations and vaccines that were done before, and results that are told without a figure."""

import re
from collections.abc import Iterator

from app.notes.facts import Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import Mention, find_concepts
from app.notes.language.polarity import is_denied
from app.notes.language.timing import date_phrase
from app.notes.language.units import Exchange, Sentence, Visit
from app.notes.people.people import relation_near
from app.notes.transcript import Language

IF = cues("orders.if")
YES = cues("units.yes")
RESULT = cues("orders.result")
NOT_IMMUNE = {
    "fr": re.compile(r"(?:pas|non) (?:protegee?|immunisee?)|pas d (?:immunite|anticorps)"),
    "en": re.compile(r"(?:not|n t|non) (?:protected|immune)|no (?:immunity|antibodies)"),
}
RESULT_WORDS = {
    "negatif": "négatif",
    "negative": "négative",
    "negatifs": "négatifs",
    "negatives": "négatives",
    "bon": "normal",
    "bonne": "normale",
    "bons": "normaux",
    "bonnes": "normales",
}


FIGURE = re.compile(r"[ ,:]*(?:(?:a|c est|il est|elle est|on est|avec) )*\d")  # "basse, à 8": the figure is the result


def result(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    """ "Les anticorps sont négatifs", "la TSH était normale": a result without a figure."""
    norm = sentence.norm
    for mention in find_concepts(norm, lang):
        word = RESULT[lang].search(norm, mention.end)
        if (
            mention.concept.kind == "exam"
            and word
            and word.start() - mention.end < 60
            and not IF[lang].search(norm[: mention.start])
            and not OF_THE_REST.search(norm[mention.end : word.start()])
            and not is_denied(norm, word.start(), word.end(), lang)
            and not FIGURE.match(norm, word.end())
        ):
            shown = RESULT_WORDS.get(word.group(), word.group()) if lang == "fr" else word.group()
            name = mention.concept.name(lang)
            open_to_it = NOT_IMMUNE[lang].search(norm, word.end()) is not None
            if open_to_it:
                shown += ", pas d'immunité" if lang == "fr" else ", not immune"
            yield Fact(
                "lab",
                f"{name} : {shown}" if lang == "fr" else f"{name}: {shown}",
                mention.concept.fr,
                (sentence.evidence(),),
                polarity="absent" if open_to_it else "present",
                asserted_by=sentence.speaker,
                status="result",
                sentence=sentence.shown,
                extra=(name, shown),
            )


OF_THE_REST = re.compile(  # "a low TSH, all other results were normal": the word is about something else
    r"[.;]|(?<![a-z])(?:le reste|les? autres?|tout le reste|sinon|the (?:rest|others?)|all (?:the )?others?|everything else|otherwise)(?![a-z])"
)


def told_result(sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    """ "Le test est revenu positif.", said by the patient of an own test that needs no figure."""
    if visit.lang != "fr" or TO_COME.search(sentence.norm):
        return
    for mention in find_concepts(sentence.norm, visit.lang):
        if mention.concept.kind == "exam" and not _lasting(mention.concept.fr) and not visit.other_person(sentence, mention.start):
            yield from (fact for fact in result(sentence, visit.lang) if fact.label == mention.concept.fr)


TO_COME = re.compile(
    r"(?<![a-z])(?:je dois|faut|on doit|rendez vous|rdv|je vais|on va|prevue?s?|prochain\w*|demain|j attends|on attend|en attente|je voulais|je voudrais|normalement|j espere|j avais peur)(?![a-z])"
)
GENERIC_VACCINES = ("vaccin", "vaccins à jour")
NOT_DONE = re.compile(r"(?<![a-z])(?:rien|pas|jamais|aucun|non|not|never|no|nothing)(?![a-z])")


def _vaccines(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    """ "Vos vaccins ?" - "Fièvre jaune, 2010. Hépatite A, je vois rien." """
    for sentence in exchange.answer:
        if lang == "fr" and sentence.speaker != "doctor":
            yield from _against(sentence, exchange)
        for mention in find_concepts(sentence.norm, lang) if sentence.speaker != "doctor" else ():
            if mention.concept.kind == "vaccine" and mention.concept.fr not in GENERIC_VACCINES:
                absent = bool(NOT_DONE.search(sentence.norm))
                name, when = mention.concept.name(lang), "" if absent else date_phrase(sentence.norm, lang)
                yield Fact(
                    "procedure",
                    f"{name} {when}".strip(),
                    mention.concept.fr,
                    (exchange.questions[-1].evidence(), sentence.evidence()),
                    polarity="absent" if absent else "present",
                    temporality="current" if absent else "past",
                    asserted_by=sentence.speaker,
                    status="done",
                    sentence=sentence.shown,
                    extra=(f"{name} {when}".strip(), ""),
                )


OF_AGE = re.compile(r"(?<![a-z])(?:vaccins?|ceux|celui) (?:des |de |a )(?P<age>\d+|deux|trois|quatre|cinq|onze|douze)(?P<unit> (?:mois|ans))?(?![a-z])")
MADE = re.compile(r"(?<![a-z])(?:faite?s?|oui|a jour|eus?|recus?)(?![a-z])")
NOT_MADE = re.compile(r"(?<![a-z])(?:loupe|rate|manque|zappe|saute|oublie|pas (?:faits?|eus?)|jamais|reporte)(?![a-z]{3})")


def _of_an_age(exchange: Exchange) -> Iterator[Fact]:
    """ "Les vaccins des deux mois ?" - "Faits. Ceux des quatre, on les a loupés.": the round of vaccines of an age."""
    asked = OF_AGE.search(exchange.questions[-1].norm)
    for sentence in exchange.answer if asked else ():
        named = OF_AGE.search(sentence.norm) or (asked if sentence is exchange.answer[0] else None)
        missed = NOT_MADE.search(sentence.norm) is not None
        if named is None or asked is None or sentence.speaker == "doctor" or not (missed or MADE.search(sentence.norm)):
            continue
        name = f"vaccins des {named['age']}{named['unit'] or asked['unit'] or ' mois'}"
        yield _vaccine(name, exchange, sentence, missed=missed)


def _vaccine(name: str, exchange: Exchange, sentence: Sentence, *, missed: bool) -> Fact:
    """A vaccine that the answer says was had, or was not."""
    return Fact(
        "procedure",
        name,
        name,
        (exchange.questions[-1].evidence(), sentence.evidence()),
        polarity="absent" if missed else "present",
        temporality="current" if missed else "past",
        asserted_by=sentence.speaker,
        status="done",
        sentence=sentence.shown,
        extra=(name, ""),
    )


AGAINST = re.compile(r"^\W*(?:(?:oui|ben|ah|alors|et|pour|euh|donc)\W+)*(?:la |le |l |celui de la |celui du )(grippe|covid|tetanos|coqueluche|rage|zona|pneumocoque|rougeole|bronchiolite)(?![a-z])")
DONE = re.compile(r"(?<![a-z])(?:oui|fait|faite|eue?|debut|fin|en|l an|cet|il y a|y a|\d+|mois|semaine|automne|ecole|pharmacie|travail)(?![a-z])")


def _against(sentence: Sentence, exchange: Exchange) -> Iterator[Fact]:
    """ "Vos vaccins ?" - "La grippe, début octobre.": the illness stands for the vaccine, and for whether it was done."""
    told = AGAINST.match(sentence.norm)
    if told is None or any(m.concept.kind == "vaccine" for m in find_concepts(sentence.norm, "fr")):
        return
    absent = bool(NOT_DONE.search(sentence.norm))
    if not absent and not DONE.search(sentence.norm, told.end()):
        return
    name = {"grippe": "vaccin antigrippal", "tetanos": "vaccin tétanos"}.get(told[1], f"vaccin {told[1]}")
    yield _vaccine(name, exchange, sentence, missed=absent)


STATED = re.compile(
    r"(?<![a-z])(?:je l ai|(?:me|m) l (?:a|ont|avait)|j ai|j avais|on l a|on m avait|ils (?:m |me )?(?:l )?(?:ont|avaient)|il l a|elle l a|on m a|je me suis|i (?:had|got|have had)) (?:deja )?(?:fait|faite|eue?|fais|recue?|passee?|(?:my|the|a))(?![a-z])"
)
LASTING = (  # what stays of interest when it was done before: pictures and looks inside, not a blood test
    "mammographie", "IRM", "scanner", "coloscopie", "fibroscopie", "ECG (électrocardiogramme)", "frottis", "biopsie", "fond d'œil", "densitométrie osseuse",
    "doppler", "holter tensionnel", "exploration fonctionnelle respiratoire", "polygraphie du sommeil", "épreuve d'effort", "coloscanner", "scintigraphie",
)  # fmt: skip
PICTURES = ("radiographie", "échographie")


def _lasting(label: str) -> bool:
    return label in LASTING or label.startswith(PICTURES)


NEXT_TO = 16  # characters: "j'ai fait | une petite | radio"


def _object_of(stated: re.Match[str], mention: Mention, sentence: Sentence) -> bool:
    """Whether the examination is what was done: "j'ai fait la mammo", "la mammo, je l'ai faite"; not "une réaction au scanner"."""
    if mention.start < stated.start() and " l " not in stated.group():
        return False  # "le produit du scanner, j'ai eu des plaques"
    between = (
        sentence.norm[stated.end() : mention.start]
        if mention.start >= stated.end()
        else sentence.norm[mention.end : stated.start()]
    )
    return len(between) <= NEXT_TO and not re.search(
        r"(?<![a-z])(?:au|aux|avec|pendant|apres|a cause|pour|sans)(?![a-z])", between
    )


def stated_vaccines(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    """ "Et le vaccin de la grippe, je l'ai fait la semaine dernière.": a vaccine or a look inside, told without a question."""
    stated = STATED.search(sentence.norm)
    for mention in find_concepts(sentence.norm, lang):
        if not stated:
            continue
        own = relation_near(sentence.norm, mention.start, lang) is None
        kind, label = mention.concept.kind, mention.concept.fr
        vaccine = kind == "vaccine" and label not in GENERIC_VACCINES
        looked = lang == "fr" and kind == "exam" and _lasting(label) and _object_of(stated, mention, sentence)
        if (vaccine or looked) and own:
            if is_denied(sentence.norm, mention.start, mention.end, lang):
                continue
            yield Fact(
                "procedure",
                mention.concept.name(lang),
                mention.concept.fr,
                (sentence.evidence(),),
                temporality="past",
                asserted_by=sentence.speaker,
                status="done",
                sentence=sentence.shown,
                extra=(mention.concept.name(lang), ""),
            )


ASKS_PAST = cues("orders.asks_past")


NEVER = re.compile(r"\W*(?:(?:ah|non|oh|ben|bah|alors)\W+)*jamais(?![a-z])")


def _told_of_another(asked: Mention, exchange: Exchange, lang: Language) -> bool:
    """ "Une mammographie, un jour ?" - "Une échographie, à trente ans.": only what the answer names was done."""
    told = {m.concept.fr for s in exchange.answer[:1] for m in find_concepts(s.norm, lang) if _lasting(m.concept.fr)}
    return bool(told) and asked.concept.fr not in told and not YES["fr"].match(exchange.answer[0].norm)


ONLY_INVITED = re.compile(r"^(?!.*(?<![a-z])(?:normale?|faite?|passee?|bonne?|nickel)(?![a-z])).*(?<![a-z])(?:courrier|lettre|convocation|invitation|ordonnance|enveloppe|relance)s?(?![a-z])")  # "j'ai reçu la lettre": that is no examination


def past_exams(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    """ "Vous l'avez eu quand, l'électrocardiogramme ?" - "En mars, il a dit que c'était bon." """
    if any("vaccin" in question.norm for question in exchange.questions):
        yield from _vaccines(exchange, lang)
        yield from _of_an_age(exchange) if lang == "fr" else ()
    for question in exchange.questions:
        for mention in find_concepts(question.norm, lang):
            kind = mention.concept.kind
            if (
                kind not in ("exam", "vaccine")
                or not ASKS_PAST[lang].search(question.norm)
                or relation_near(exchange.answer_text, 0, lang)
            ):
                continue
            if _told_of_another(mention, exchange, lang):
                continue
            dated = lang == "fr" and exchange.answer[0].speaker != "doctor" and date_phrase(exchange.answer[0].norm, lang)
            if (exchange.verdict == "" and not (dated or re.search(r"quand|when", question.norm))) or (not dated and ONLY_INVITED.search(exchange.answer_text)):
                continue
            named = {
                m.concept.fr
                for s in exchange.answer
                for m in find_concepts(s.norm, lang)
                if is_denied(s.norm, m.start, m.end, lang)
            }
            polarity = "absent" if exchange.verdict == "no" or mention.concept.fr in named else "present"
            if polarity == "absent" and kind == "exam" and not (_lasting(mention.concept.fr) and NEVER.match(exchange.answer[0].norm)):
                continue
            words = exchange.answer[0].shown
            yield Fact(
                "procedure",
                mention.concept.name(lang),
                mention.concept.fr,
                (question.evidence(), exchange.answer[0].evidence()),
                polarity="absent" if polarity == "absent" else "present",
                temporality="past" if polarity == "present" else "current",
                asserted_by=exchange.answer[0].speaker,
                status="done",
                sentence=words,
                extra=(mention.concept.name(lang), ""),
            )
