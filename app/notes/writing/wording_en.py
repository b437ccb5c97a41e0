"""Spoken English as a note writes it: fillers out, "I" to the third person, "you" to what was advised."""

import re

from app.notes.language.spoken_en import FALSE_START, ended

FILLER = re.compile(
    r"(?:^|(?<=[\s,.…]))(?:um+|uh+|erm|you know|i mean|like(?=,)|sort of|kind of|kinda|actually|basically|honestly|okay|ok|alright|all right|right(?=\s*[,.…!?]|\s*$)|well(?=,)|yeah|yes|yep|so|oh|gosh|mind(?=,)|righto|(?<=,\s)doctor|please|obviously|really|just|hey|please)(?=[\s,.…!?]|$)[,…]?\s*",
    re.IGNORECASE,
)
LEAD = re.compile(
    r"^(?:\W|(?:hey,? )?dragon,?\s|sure now\s|like\s|no(?=\s*,|\s+(?:i|it|he|she|we|they|that)\b)|(?:and|but|so|then|also|because|'cause|now|okay|in terms of that|again|hi|hello|hey|(?:good )?(?:morning|afternoon|evening)|well)\b[\s,:]*)+",
    re.IGNORECASE,
)
SPACED = (
    (r" n't\b", "n't"),
    (r"\bgon na\b", "going to"),
    (r"\bwan na\b", "want to"),
    (r"\bgot ta\b", "have to"),
    (r"\s+([,.?!;:])", r"\1"),
    (r"\s+%", "%"),
    (r"\bgonna\b", "going to"),
    (r"\bwanna\b", "want to"),
)
FIRST = (
    (r"\bI hurt\b", "hurt"),
    (r"\bI['’]ve\b", "has"),
    (r"\bI['’]m\b", "is"),
    (r"\bI['’]d\b", "had"),
    (r"\bI['’]ll\b", "will"),
    (r"\bI am\b", "is"),
    (r"\bI was\b", "was"),
    (r"\bI have\b", "has"),
    (r"\bI do\b", "does"),
    (r"\bI don['’]t\b", "does not"),
    (r"\bI haven['’]t\b", "has not"),
    (r"\bI didn['’]t\b", "did not"),
    (r"\bI can['’]t\b", "cannot"),
    (r"\bI couldn['’]t\b", "could not"),
    (r"\bI wasn['’]t\b", "was not"),
    (r"\bI go\b", "goes"),
    (r"\bI (can|could|would|will|should|might|did|had|may|must)\b", r"\1"),
    (
        r"\bI (?!(?:need|tell|sell|smell|feed|bleed)\b)((?:also|still|usually|always|never|often|only|sometimes|normally) )?([a-z]+(?:ed|lt|pt|ught|ell|oke|ook|ent|ade|aw|ame|ave|ot|ore|ran|an))\b",
        r"\1\2",
    ),
)
THIRD_S = re.compile(
    r"\bI ((?:also|still|usually|always|never|often|only|sometimes|normally|think|guess) )?([a-z]+)\b", re.IGNORECASE
)
OWN = (
    (r"\bmy\b", "{their}"),
    (r"\bmyself\b", "{themself}"),
    (r"\bmine\b", "{theirs}"),
    (r"\bme\b", "{them}"),
    (r"\bwe\b", "they"),
    (r"\bour\b", "their"),
    (r"\bus\b", "them"),
)
STILL = re.compile(r"\b(?:I|me|my|you|your|we)\b(?!['’]s)")
PRONOUNS = {
    "F": {"they": "she", "their": "her", "them": "her", "themself": "herself", "theirs": "hers"},
    "M": {"they": "he", "their": "his", "them": "him", "themself": "himself", "theirs": "his"},
    None: {"they": "they", "their": "their", "them": "them", "themself": "themself", "theirs": "theirs"},
}
DOCTOR = (
    (
        r"^(?:as )?(?:for|regarding|with) you(?:r)? (?:first|second|third|fourth|next|last|other|final)(?: (?:problem|issue|concern|thing|one))?(?:,| of| with| is)*\s+(?:you(?:r)? |the |this |is |it['’]s )*((?!(?:I|we|you|there|it|that|problem|issue|concern|thing|one)\b)[^,]{3,40}?),\s+(?=\w)",
        r"\1: ",
    ),
    (
        r"^(?:as )?(?:for|regarding|with) you(?:r)? (?:first|second|third|fourth|next|last|other|final)(?: (?:problem|issue|concern|thing|one))?(?:,| of| with| is)*\s+(?:you(?:r)? |the |this |is |it['’]s )*",
        "",
    ),
    (r"^(?:I|we) (?:do )?(?:know|saw|heard|understand|remember)(?: that)?,? (?=you)", ""),
    (r"\b(?:I|we) think (?:that )?(?=you|your|the|this|it)", "likely "),
    (
        r"^(?:then )?(?:i(?:['’]m| am) going to|i(?:['’]ll| will)|i(?:['’]d| would) like to|i(?: do| also|['’]m also)? want to|we(?:['’]ll| will|['’]re going to| are going to| can| should)|let['’]s|i(?:['’]m| am) gonna|i also want to|go ahead and) (?:go ahead and |also |(?:go ahead and )?do (?!an?\b|some\b|the\b|your\b))*(?:have you |get you |ask you to )?",
        "We will ",
    ),
    (
        r"\bi(?: do| would|['’]d)?(?: also)? (?:want|like|need|encourage|advise|recommend|would like|like for) (?:for )?you to\b",
        "the patient should",
    ),
    (r"\byou(?:['’]ll)? (?:should|need to|must|have to|ought to|will)\b", "the patient should"),
    (r"\b(?:i(?:['’]m| am)|we(?:['’]re| are)) going to (?:go ahead and )?", "we will "),
    (r"\bwe will go ahead and\b", "we will"),
    (r"\b(?:i|we) (?:do )?want to (?:go ahead and )?", "we will "),
    (r"\bi(?:['’]d| would) like to (?:go ahead and )?", "we will "),
    (r"\bi(?:['’]m| am) ordering\b", "we will order"),
    (r"\bi(?:['’]d| would| will|['’]ll) recommend\b", "recommended:"),
    (r"\bif you have\b", "if"),
    (r"\bif you(?:['’]re| are)\b", "if"),
    (r"\bif you\b", "if the patient"),
    (r"\byou call me\b", "call the doctor"),
    (r"\byou call\b", "call"),
    (r"\bgive me a (?:call|ring)\b", "call the doctor"),
    (r"\bcall me\b", "call the doctor"),
    (r"\blet me know\b", "tell the doctor"),
    (r"\bcome (?:back )?(?:and )?see me\b", "come back"),
    (r"\bi(?:['’]d| would) like you to\b", "the patient should"),
    (r"\bi see you\b", "review"),
    (r"\byou see someone\b", "see a doctor"),
    (r"\bi(?:['’]ll| will) see you\b", "review"),
    (r"\byou(?:['’]re| are)\b", "the patient is"),
    (r"\byou were\b", "the patient was"),
    (r"\byou do(?:n['’]t| not)\b", "the patient does not"),
    (r"\byou haven['’]t\b", "the patient has not"),
    (r"\byou(?:['’]ve| have)\b", "the patient has"),
    (r"\byour\b", "{their}"),
    (r"\byou\b", "the patient"),
    (r"\byourself\b", "{themself}"),
    (r"\bi do(?: n['’]t|n['’]t) see\b", "no"),
    (r"\bi (?:do )?(?:appreciate|see|hear|feel|note)\b", ""),
    (r"\bi think you(?:['’]ve| have) (?:probably )?", "likely "),
    (r"\bi(?:['’]ll| will)\b", "we will"),
    (r"\bi think\b", "likely"),
    (r"\bi(?:['’]m| am)\b", "we are"),
    (r"\bi(?:['’]ve| have)\b", "we have"),
    (r"\bi (?:do )?\b", "we "),
    (r"\bme\b", "us"),
    (r"\bmy\b", "our"),
    (r"\bwe will we will\b", "we will"),
)


LIKE = re.compile(  # said while searching for a word
    r"\b(is|are|was|were|be|been|for|about|just|had|have|has|got|and|of|maybe|probably) like (?=(?:\d|an?\b|the\b|really\b|all\b|maybe\b|more\b|two\b|three\b|about\b))",
    re.IGNORECASE,
)


HESITANT = re.compile(  # the comma that a filler leaves where nobody would write one
    r"\b(has|have|is|was|had|are|the|his|her|their|your|my|an?|to|of|and|that|with|for|in|on|this|some), (?=[a-z])",
    re.IGNORECASE,
)
RESTART = re.compile(r"\b(I|you) (?:felt|was|am|had|have|went|got|do|can|just),? (?=\1 [a-z])", re.IGNORECASE)
TAKEN_BACK = re.compile(  # "in two weeks, or, I'm sorry, two months"
    r"(?:(?:an?|\d+|two|three|four|six) )?(?:couple (?:of )?)?(?:days?|weeks?|months?|years?),? (?:or,? |no,? |uh,? )*(?:I['’]m |I am )?sorry,? ",
    re.IGNORECASE,
)
WRITTEN = (  # amounts as a note writes them
    (r"\bmilligrams?\b", "mg"),
    (r"\bmicrograms?\b", "mcg"),
    (r"\b(\d) (?:out of|over) (\d)\b(?=[ ,.]|$)", r"\1/\2"),
    (r"\b(\d{2,3}) over (\d{2,3})\b", r"\1/\2"),
    (r"\b(once|twice|3 times|three times) a day\b", r"\1 daily"),
    (r"\b(\d+) year old\b", r"\1-year-old"),
    (r"\bcovid\b", "COVID"),
    (r"\bx ray", "x-ray"),
    (r",? (?:or|and|if|because|but)$", ""),
)


def tidy(text: str) -> str:
    """Spoken words without fillers and openings; one space between words."""
    words = re.sub(r"\s+", " ", text).strip()
    for pattern, right in SPACED:
        words = re.sub(pattern, right, words)
    words = re.sub(r"\b[a-z]{1,5}- (?=\w)", "", words)
    words = re.sub(r"\bi\b(?=[ ,'’])", "I", words)
    words = re.sub(r"\s?…\s?|\.\.\.", ", ", words)
    for _ in range(3):
        words = FILLER.sub("", words)
    words = LEAD.sub("", words)
    words = re.sub(r",? (?:okay|ok|all right|alright|right|you know)\s*\?$", "", words)
    words = re.sub(r"\b(\w+(?: \w+){0,2})(?:,? \1\b)+", r"\1", words)
    words = LIKE.sub(r"\1 ", words)
    words = TAKEN_BACK.sub("", words)
    words = FALSE_START.sub("", RESTART.sub("", words))
    words = re.sub(r"\b(?:mri|ct|ekg|ecg|er|copd|gerd|bmi|iv)\b", lambda found: found[0].upper(), words)
    words = HESITANT.sub(r"\1 ", words)
    for pattern, right in WRITTEN:
        words = re.sub(pattern, right, words, flags=re.IGNORECASE)
    return ended(re.sub(r"(?:,\s*){2,}", ", ", words).strip(" ,:;.!?-"))


DISFLUENT = re.compile(
    r"\b(\w+) \1\b|not it['’]s not|^(?:not|hmm|ooo|it['’]s, it['’]s|that it['’]s|get )|(?:had|would) say|think has|and the and|not that has|when (?:did|had|gets|need|started)\b|, ,|\bto from\b",
    re.IGNORECASE,
)


SELF = "\x00"  # where the patient said "I"


def third_person(text: str, sex: str | None) -> str | None:
    """What a patient says in the first person, told of the patient; None when that fails."""
    words = re.sub(r"\bi\b", "I", tidy(text))
    for pattern, right in FIRST:
        words = re.sub(pattern, f"{SELF} {right}", words)
    words = THIRD_S.sub(
        lambda m: f"{SELF} {m.group(1) or ''}{third_s(m.group(2))}" if m.group(2) in VERBS else m.group(), words
    )
    words = re.sub(rf"^{SELF}", "The patient", words)
    words = re.sub(rf"(?<=The patient )(.*\b(?:and|or)) {SELF}", r"\1", words)
    words = words.replace(SELF, {"F": "she", "M": "he"}.get(sex or "", "the patient"))
    for pattern, right in OWN:
        words = re.sub(pattern, right.format(**PRONOUNS.get(sex, PRONOUNS[None])), words, flags=re.IGNORECASE)
    if DISFLUENT.search(words) or STILL.search(words) or "?" in words or len(words.split()) < 3:
        return None
    return capital(words)


VERBS = frozenset(
    {
        "feel",
        "get",
        "take",
        "go",
        "know",
        "want",
        "need",
        "notice",
        "work",
        "live",
        "eat",
        "drink",
        "sleep",
        "smoke",
        "use",
        "walk",
        "run",
        "try",
        "keep",
        "start",
        "stop",
        "hurt",
        "like",
        "play",
        "see",
        "wake",
        "cough",
        "hear",
        "breathe",
        "struggle",
        "move",
        "lift",
        "stand",
        "sit",
        "bend",
        "cry",
        "worry",
        "forget",
        "remember",
        "watch",
        "exercise",
        "swim",
        "drive",
        "travel",
        "weigh",
        "check",
        "sneeze",
        "vomit",
        "itch",
        "sweat",
        "snore",
        "hike",
        "bike",
        "cook",
        "clean",
        "believe",
        "hope",
        "stay",
        "come",
        "put",
        "look",
        "find",
        "tend",
        "seem",
        "do",
        "have",
        "say",
        "tell",
        "show",
        "call",
        "smell",
        "bleed",
    }
)


IRREGULAR = {"have": "has", "do": "does", "are": "is", "am": "is", "go": "goes"} | {
    w: w
    for w in [
        "was",
        "has",
        "is",
        "had",
        "did",
        "does",
        "can",
        "could",
        "will",
        "would",
        "may",
        "might",
        "must",
        "should",
        "never",
        "felt",
        "took",
        "went",
        "got",
        "came",
        "saw",
        "said",
        "ate",
        "woke",
        "told",
        "thought",
        "knew",
        "began",
        "fell",
        "broke",
        "ran",
        "drove",
        "left",
        "made",
        "kept",
        "slept",
        "stood",
        "sat",
        "lost",
        "found",
        "heard",
        "still",
        "also",
    ]
}


def third_s(verb: str) -> str:
    """The third person of a verb: "take" is "takes"; what is past or third already stays."""
    if verb in IRREGULAR:
        return IRREGULAR[verb]
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "o")) else "s")


def _conjugated(found: re.Match[str]) -> str:
    return f"{found[1]} {'has' if found[2] == 'have' else third_s(found[2])}"


IF_THEY = re.compile(  # what follows "if you" is a verb in the present, but for these; a past ("vomited") ends in -ed
    r"\b(if the patient(?: (?:ever|still|also|really|suddenly|[a-z]+ly))?) (?!(?:is|are|was|were|has|had|can|cannot|could|do|does|did|should|will|would|may|might|must|"
    r"ever|still|also|really|suddenly|[a-z]+ly|[a-z]+ed|[a-z]*[^s]s|got|felt|took|came)\b)([a-z]+)(?!['’a-z])"
)


def directive(text: str, sex: str | None) -> str | None:
    """What a doctor plans or advises, told of the patient."""
    words = tidy(text)
    for pattern, right in DOCTOR:
        words = re.sub(
            pattern,
            right.replace("{their}", PRONOUNS.get(sex, PRONOUNS[None])["their"]).replace(
                "{themself}", PRONOUNS.get(sex, PRONOUNS[None])["themself"]
            ),
            words,
            flags=re.IGNORECASE,
        )
    words = re.sub(
        r"(?<!help )(?<!let )(?<!have )(?<!make )\b(the patient(?: (?:also|still|really|probably|now|just|currently))?) (have|want|come|cover|feel|get|need|take|notice|see|do|start|stop|keep|use|look|seem|work|sound|smoke|drink|appear|say|show|tell)\b",
        _conjugated,
        words,
    )
    words = IF_THEY.sub(_conjugated, words)
    words = re.sub(r"\s+", " ", words).strip(" ,;:.")
    return capital(words) if len(words.split()) >= 2 else None


def capital(words: str) -> str:
    """With a capital first letter."""
    return words[:1].upper() + words[1:]


def denial(names: list[str]) -> str:
    """ "Denies cough, nausea or vomiting"."""
    return "Denies " + (names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1])


def listing(names: list[str]) -> str:
    """ "cough, fever and chills"."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
