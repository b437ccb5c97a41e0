"""What a French doctor tells a patient to do, as a note writes it: short, in the infinitive."""

import re
from collections.abc import Callable

from app.notes.language.conjugation_fr import EZ, IN_TU, conjugated, infinitive, present
from app.notes.writing.wording_fr import capital, tidy

SUBJUNCTIVE = re.compile(
    r"\bque vous ((?:ne |n['’]|me |vous |le |la |les |l['’]|en |y |lui )*)(fassiez|puissiez|sachiez|soyez|ayez|(?!\w*(?:fi|bli|tri|cri|pri|pli|sci|udi|édi|opi)ez\b)\w+(?=iez\b)iez)\b",
    re.IGNORECASE,
)
INDICATIVE = {"fassiez": "faites", "puissiez": "pouvez", "sachiez": "savez", "soyez": "êtes", "ayez": "avez"}


ALARMS = (
    (r"\b(?:vous )?(?:re)?venez me (?:re)?voir\b", "revenir en consultation"),
    (r"\bc['’]est le 15 que vous appelez\b", "appeler le 15"),
    (r"\bvous me téléphonez\b", "téléphoner au médecin"),
    (r"\bvous m['’]écrivez\b", "écrire au médecin"),
    (r"\bvous m['’]envoyez\b", "envoyer au médecin"),
    (r"\bvous me (prévenez|contactez|recontactez|consultez|reconsultez)\b", r"vous \1 le médecin"),
    (r"\bvous me (?:r?appelez)\b", "rappeler le médecin"),
    (r"\b(donnez|montrez|envoyez|écrivez|apportez|ramenez|transmettez)-moi\b", r"\1 au médecin"),
    (r"\bvous me (le |la |les |l['’])?(montrez|envoyez|apportez|amenez|transmettez|donnez)\b", r"vous \1\2 au médecin"),
    (r"\bvous me (?=(?:le |la |les |l['’])?\w+ez\b)", "vous "),
    (r"\bvous nous (?=(?:r?appelez|(?:re)?contactez|prévenez)\b)", "vous "),
    (r"^vous, (?=vous )", ""),
    (r"\bvous-mêmes?\b", "soi-même"),
    (r"\bsur vous\b(?=\W*$|,)", "sur soi"),
    (r"\b(de|pour|à|sans) vous (?=\w+(?:er|ir|re)\b)", r"\1 se "),
    (r"\bvous me (?:le )?dites\b", "le dire au médecin"),
    (r"\btu m['’]appelles\b|\bappelle-moi\b|\bappelez-moi\b", "appeler le médecin"),
    (r"\brappelez-moi\b", "rappeler le médecin"),
    (r"\bsans (?:me demander|m['’]en parler|m['’]avoir appelé)\b", "sans avis du médecin"),
    (r"\b(?:là,? )?pas moi, (?=le 15)", ""),
    (r"\btu le dis\b", "le dire"),
    (r"\bta (?=mère|maman|sœur|prof|médecin)", "sa "),
    (r"\bton (?=père|papa|médecin|frère)", "son "),
    (r"\btes (?=parents)", "ses "),
    (r"\bautant (?:de fois )?que vous (?:le )?(?:voulez|souhaitez)\b", "à volonté"),
    (r"\b(?:c['’]est )?(?:les )?urgences? pédiatriques", "urgences pédiatriques"),
    (r"\bc['’]est les urgences tout de suite\b", "urgences"),
    (r"\bc['’]est les urgences\b", "urgences"),
    (r"[,:]? ?\b(?:c['’]est )?le 15 direct\b", " : appeler le 15"),
    (r"[,:]? ?\bc['’]est le 15\b", " : appeler le 15"),
    (r" : le 15\b", " : appeler le 15"),
    (r"\bvous m['’]appelez\b", "appeler le médecin"),
    (r"\bvous me rappelez\b", "rappeler le médecin"),
    (r"\bvous appelez\b", "appeler"),
    (r"\bil faut être examinée? en vrai\b", "examen en présentiel"),
    (r"\bvous voyez quelqu['’]un\b", "consulter"),
    (r"\bvous voyez un médecin\b", "voir un médecin"),
    (r", on attend pas\b", ""),
    (r"\bc['’]est plus une cystite, ", ""),
)


CLAUSES = (
    (r"\bprès de chez vous\b", "près du domicile"),
    (r"\b(?:de|depuis) chez vous\b", "du domicile"),
    (r"\bchez vous\b", "à domicile"),
    (r"\bsi,? et seulement si,? ", "uniquement si "),
    (r"\bsi (?=ils?\b)", "s'"),
    (r"\bsi vous avez (encore )?(?:de la |de l['’]|du |des |un |une |le |la |les )?", r"si \1"),
    (r"\bs['’]il (?:a|y a) (?:de la |du |des )?", "si "),
    (r"\bsi vous aviez (?:de la |du |des |un |une )?", "si "),
    (r"\b(?:si |que )vous (?:ne )?pouvez plus (?:même )?(?=[aeiouhéèêy])", "si impossibilité d'"),
    (r"\b(?:si |que )vous (?:ne )?pouvez plus (?:même )?", "si impossibilité de "),
    (r"(?<!faut )(?<!faudrait )(?<!faudra )\b(?:si |que )vous perdez (?:de la |de l['’])?(?:du |la )?", "si perte de "),
    (r"\b(?:que|si) vous respirez mal\b", "si gêne respiratoire"),
    (r"\b(si|quand) ça vous (?=[a-zà-ÿ])", r"\1 ça "),
    (r"\bsi ça gonfle\b", "si gonflement"),
    (r"\bsi ça ne? va pas mieux\b", "en l'absence d'amélioration"),
    (r"\bsi ça va pas mieux\b", "en l'absence d'amélioration"),
    (r"\bsi c['’]est pas mieux\b", "en l'absence d'amélioration"),
    (r"\bsi vous êtes (plus |très |trop )?", r"si \1"),
    (r"\bsi vous dépassez\b", "si dépassement de"),
    (r"\bsi vous passez en dessous de\b", "si passage sous"),
    (r"\bsi ça dure\b", "si persistance"),
    (r"\bsi ça part d['’]un coup\b", "si début brutal"),
    (r"\bdu mal à respirer\b", "gêne respiratoire"),
    (r"\bsi (?:vous )?vous sentez\b", "si sensation"),
    (r"\bsi vous vomissez\b", "si vomissements"),
    (r"\bsi vous toussez\b", "si toux"),
    (r"\bsi vous saignez\b", "si saignement"),
)


AT_START = r"(^|[,:;] (?:et )?|\bet )"
OPENERS = (
    (r"\bdès que j['’](?:ai|aurai) (?:reçu )?(?:les|vos) ", "dès réception des "),
    (r"\bdès que j['’](?:ai|aurai) (?:reçu )?le ", "dès réception du "),
    (r"\bdès que j['’](?:ai|aurai) (?:reçu )?(?:la|votre) ", "dès réception de la "),
    (
        r"^je (?:vous |te )?(?:fixe|bloque|note|réserve|garde|cale) (?:un (?:rendez-vous|créneau) |une place )?(?=le |la |lundi|mardi|mercredi|jeudi|vendredi|samedi|à |dans )",
        "rendez-vous ",
    ),
    (r"^je (?:vous |te )?(?:fixe|bloque|donne|réserve|garde|cale|propose) (?=un rendez-vous|un créneau|une place)", ""),
    (r"^je (?:le |la |l['’])?prolonge\b", "prolongation"),
    (
        r"^je (?:vous|te|la|le|les) (?:examine|ausculte|vois)\b(?= (?:au cabinet|en visio|à |demain|lundi|mardi|mercredi|jeudi|vendredi|samedi|dans ))",
        "consultation",
    ),
    (r"^je (?:passe|repasse|viens)\b", "visite du médecin"),
    (r"^on se (?:rappelle|téléphone)\b", "rappel"),
    (r"^on (?:refait|fait) le point\b", "faire le point"),
    (r", que je vous \w+\b.*$", ""),
    (r"\bje vous (?:rappelle|appelle)\b", "appel du médecin"),
    (r"(?<=\w) je vous (?:fais|mets|donne|prescris) (?=un|une|le|la|l['’]|des)", " : "),
    (r"^je vous (?:fais|mets|prescris|donne|prépare)(?: donc| aussi)? (?:un |une |le |la |les |des |du |l['’])?", ""),
    (r"^je vous adresse (?:à un |à une |au |à la |chez le |chez la |aux |à l['’])", "adressé(e) : "),
    (r"^je vous oriente vers (?:un |une |le |la )?", "orientation : "),
    (r"\bje (?:veux|voudrais|préfère) (?:vous )?(?=(?:la |le |les |l['’])?(?:re)?(?:voir|examiner|ausculter|vérifier))", ""),
    (
        rf"{AT_START}(?:on se revoit|on se voit|je vous revois|je veux vous revoir|vous revenez)\b(?= en (?:visio|vidéo|téléconsultation))",
        r"\1revoir",
    ),
    (rf"{AT_START}(?:on se revoit|on se voit|je vous revois|je veux vous revoir|vous revenez)\b", r"\1revoir en consultation"),
    (r"^je vous (?:r?appelle)\b", "appel du médecin"),
    (r"^on (?:contrôle|recontrôle|vérifie)\b", "contrôler"),
    (r"^on (?:refait|refera)\b", "refaire"),
    (r"^on (?:fait|fera|va faire)\b", "faire"),
    (r"^on (?:garde|continue)\b", "poursuivre"),
    (rf"{AT_START}je vous arrête\b", r"\1arrêt de travail :"),
    (r"^arrêt de travail : arrêt de travail :", "arrêt de travail :"),
    (r"(?<=,) (?:et )?je vous (?:fais|donne|prescris) (?=un|une|le|la|l['’]|des)", " "),
    (r"^on arrête\b", "arrêter"),
    (rf"{AT_START}on (?:vous |te |lui )envoie (?=le |la |les |l['’]|une? )", r"\1envoi : "),
    (r"\b(?:vous allez|tu vas) (?=(?:l[ea] |les |l['’]|vous |te )?\w+(?:er|ir|re|oir)\b)", ""),
    (r"^((?:(?!\b(?:si|quand|lorsque)\b).)*)\b(et|ou) que (?=vous )", r"\1\2 "),
    (r"^(?:il faut|il faudra|il faudrait|faut|faudrait|il vous faut)(?! qu(?:e |['’])(?!vous))(?: que vous)? (?:bien )?", ""),
    (r"^je (?:rajoute|ajoute|demande)\b", "ajouter"),
    (r"^je (?:préfère|veux|voudrais|souhaite) que (?=vous )", ""),
    (r"^je préfère (?:vous )?", "préférer "),
    (r"^je veux que votre médecin vous examine\b", "examen par le médecin traitant"),
    (r"^ça sera |^ce sera |^c['’]est (?!lui|elle|eux)", ""),
)


MORE = ("boire", "manger", "marcher", "bouger", "dormir", "respirer", "sortir")  # "vous buvez plus": more, not no more


def _not_or_more(joined: str, verb: str, word: str) -> str:
    return f"{joined}{verb} plus" if word.lower() == "plus" and verb in MORE else f"ne {word} {verb}"


def _done_by_doctor(match: re.Match[str]) -> str:
    """ "Pour l'instant, je prolonge": what the doctor does is told of the doctor."""
    return f"{match[1]}le médecin {match[2]}{conjugated(match[3])}"


OF_ONESELF = re.compile(r"\bt(?=e |['’])")
Rewrite = tuple[str, Callable[[re.Match[str]], str]]
TO_INFINITIVE: tuple[Rewrite, ...] = (
    (
        r"\b(si|quand|lorsque|que|tant que|dès que) tu (ne |n['’])?((?:te |t['’]|le |la |les |l['’]|lui |en |y )*)([a-zà-ÿ]{1,}[sx])\b",
        lambda m: f"{m[1]} le patient {m[2] or ''}{OF_ONESELF.sub('s', m[3])}{conjugated(m[4])}",
    ),
    (
        rf"\b(disant|dire|dites|précisant|signalant|ce) que vous {EZ}\b",
        lambda m: f"{m.group(1)} que le patient {present(m.group(2))}",
    ),
    (
        rf"\b(si|quand|lorsque|que|tant que|dès que|où|dont) vous (ne |n['’])?((?:vous |le |la |les |l['’]|lui |en |y )*){EZ}\b",
        lambda m: (
            f"{m.group(1)} le patient {m.group(2) or ''}{re.sub('vous ', 'se ', m.group(3))}{present(m.group(4))}"
        ),
    ),
    (
        rf"\bvous ne (le |la |les |l['’]|en |y |lui ){EZ} (?:surtout |vraiment )?(pas|plus|jamais)\b",
        lambda m: f"ne {m[3]} {m[1]}{infinitive(m[2])}",
    ),
    (rf"\bvous n['’]en {EZ} (pas|plus|jamais)\b", lambda m: f"ne {m[2]} en {infinitive(m[1])}"),
    (rf"\bne vous {EZ} pas\b", lambda m: f"ne pas se {infinitive(m.group(1))}"),
    (
        rf"\bvous (le |la |les |l['’]|en |y ){EZ} (pas|plus|jamais)\b",
        lambda m: f"ne {m.group(3)} {m.group(1)}{infinitive(m.group(2))}",
    ),
    (r"\bvous pouvez (\w+(?:er|ir|re))\b", lambda m: f"possible de {m.group(1)}"),
    (
        rf"\b(?:vous )?(?:ne |n['’])(?:vous )?{EZ} (pas|plus|jamais|rien)\b",
        lambda m: f"ne {m.group(2)} {infinitive(m.group(1))}",
    ),
    (rf"\b(et )?vous {EZ} (pas|plus|jamais)\b", lambda m: _not_or_more(m[1] or "", infinitive(m[2]), m[3])),
    (
        rf"\bvous (le |la |les |l['’]|en |y |lui )?vous {EZ}\b",
        lambda m: f"se {m.group(1) or ''}{infinitive(m.group(2))}",
    ),
    (
        rf"\bvous (le |la |les |l['’]|en |y |lui |leur |me )?{EZ}\b",
        lambda m: f"{m.group(1) or ''}{infinitive(m.group(2))}",
    ),
    (rf"\b(?!rendez[- ]){EZ}[- ]vous\b", lambda m: f"se {infinitive(m.group(1))}"),
    (rf"\b{EZ}-(le|la|les|leur|lui|moi|en|y)\b", lambda m: f"{m.group(2)} {infinitive(m.group(1))}"),
    (rf"(^|[,:;] (?:et )?|et ){EZ}\b", lambda m: f"{m.group(1)}{infinitive(m.group(2))}"),
    (
        r"\btu (ne |n['’])?((?:le |la |les |l['’]|lui |en |y |te )*)([a-zà-ÿ]{2,}s)( pas| plus| jamais| rien)?\b",
        lambda m: (
            f"{'ne' + m[4] + ' ' if m[4] else ''}{m[2].replace('te ', 'se ')}{IN_TU.get(m[3].lower(), m[3][:-1] + 'r')}"
        ),
    ),
    (rf"{AT_START}je ((?:ne |n['’])?(?:le |la |les |l['’]|lui |en |y )*)([a-zà-ÿ]+)\b", _done_by_doctor),
    (r"\b([Ll])[ea] (?=[aeiouéèê]\w*(?:er|ir|re|oir)\b)", lambda m: f"{m.group(1)}'"),
    (r"\b([Ss])e (?=[aeiouhéèêy]\w*(?:er|ir|re|oir)\b)", lambda m: f"{m.group(1)}'"),
    (r"\bne pas (?:se )?pouvoir\b", lambda _: "impossibilité de"),
    (r"\bvotre (\w+)", lambda m: f"{_possessive(m.group(1))} {m.group(1)}"),
    (r"\bvos\b", lambda _: "ses"),
    (r"\bma femme\b|\bc['’]est moi\b", lambda _: ""),
)
STILL_PERSONAL = re.compile(
    r"\b(?<!rendez-)(?:vous|je|tu|te|toi|moi|ton|ta|tes|nous|me)(?![a-zà-ÿ])|\b[jmt]['’](?=[a-zà-ÿ])", re.IGNORECASE
)


ALLOWED = re.compile(r"^(\W*[^,]{3,40}), oui\W*$", re.IGNORECASE)  # "la douche, oui"
IN_CASE = re.compile(r"^((?:si|quand|lorsque|au cas où|tant que|dès que)\b[^,:;]*?)\bvous (?!(?:avez|aviez|êtes|pouvez|perdez|dépassez|passez|vous|vomissez|toussez|saignez|respirez|sentez|ne)\b)((?:le |la |les |l['’]|en |y |lui )*)"
                     rf"{EZ}\b", re.IGNORECASE)  # fmt: skip


def _told_of_the_patient(match: re.Match[str]) -> str:
    """ "Si à la prochaine fois vous en êtes là, ...": a case is told of the patient, what to do then in the infinitive."""
    return f"{match[1]}le patient {match[2]}{present(match[3])}"


def directive(text: str) -> str | None:
    """What a doctor tells a patient to do, in the infinitive and short; None when persons remain that do not fit."""
    words = SUBJUNCTIVE.sub(
        lambda m: f"que vous {m[1]}{INDICATIVE.get(m[2].lower(), m[2].replace('iez', 'ez'))}",
        tidy(ALLOWED.sub(r"\1 : possible", text)),
    )
    words = IN_CASE.sub(_told_of_the_patient, words)
    for pattern, right in (*ALARMS, *CLAUSES, *OPENERS):
        words = re.sub(pattern, right, words, flags=re.IGNORECASE)
    for pattern, rewrite in TO_INFINITIVE:
        words = re.sub(pattern, rewrite, words, flags=re.IGNORECASE)
    if words.lower().startswith(("si ", "s'il", "s’il")):
        words = re.sub(r", (?:des |du |de la |de l['’])(?=\w)", ", ", words)
    words = re.sub(r"\s+", " ", words).strip(" ,;:.")
    if STILL_PERSONAL.search(words) or len(words.split()) < SHORTEST_WORDS:
        return None
    return capital(re.sub(r"\s+:", " :", words))


SHORTEST_WORDS = 2


FEMININE_ENDINGS = ("e", "ion", "té", "eur")
MASCULINE = {
    "genou",
    "ventre",
    "foie",
    "pouce",
    "coude",
    "crâne",
    "torse",
    "organisme",
    "verre",
    "régime",
    "rythme",
    "cœur",
    "problème",
    "sucre",
    "docteur",
    "employeur",
}


def _possessive(noun: str) -> str:
    """ "sa" before most nouns in -e, -ion, -té; "son" before the others and before a vowel."""
    feminine = noun.lower().endswith(FEMININE_ENDINGS) and noun.lower() not in MASCULINE
    return "sa" if feminine and not re.match(r"[aeiouyhéèêœ]", noun, re.IGNORECASE) else "son"
