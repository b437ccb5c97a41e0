"""What is said in an English visit and belongs in no note: questions without their mark, small talk, half sentences."""

import re

ASKS_ON = re.compile(  # a question that follows in the same breath and lost its mark
    r"\?|(?<!what )(?<!how )(?<!where )(?<!when )(?<![a-z])(?:are|were|do|did|have) you(?![a-z])|(?<![a-z])(?:any questions|how (?:does|do|is|are)|what s your|does this)(?![a-z])|"
    r"(?<![a-z])(?:(?:has|have|is|was|does|did) (?:any(?:one|body|thing)|this|that) (?:else )?(?:hurt|help|feel|sick|ill|bother\w*|sound|make sense)|what s (?:going on|up|happening)|"
    r"would (?:that be|you say)|or what$|how many|which \w+ is it)(?![a-z])"
)
MOVES = re.compile(  # commands of an examination: "squeeze my fingers", "go ahead and turn your head"
    r"\W*(?:(?:and|now|okay|ok|so|just|please|then|alright|go ahead and|(?:i want|i d like|i m gon na have|can) you to?|let s have you|if you (?:could|can|would))(?: |,)+)*"
    r"(?:turn(?! it| in)|squeeze|tilt|bend|lean|push (?:up|down|against|back|on|my|out)|pull (?:up|down|back|toward|my|in)|wiggle|clench|follow my|touch your|open (?:up )?(?:your|wide)|"
    r"hold (?:out|up) your|raise (?:your|that|this)|lift (?:your|that|this|up)|look (?:up|down|straight|at my|to (?:the|your))|sit up|stand up|hop (?:up|down)|say ah|go the other way|point your|shrug)(?![a-z])"
)
SMALL = re.compile(  # what a doctor likes, and what neither side would write
    r"(?<![a-z])(?:(?:i|we) (?:(?:do|also|really|just) )*(?:like|love|enjoy)(?! (?:to|for|you|that|your|how|the way)(?![a-z]))|"
    r"record (?:this|our) conversation|with this app|go(?:ing)? (?:golfing|fishing)|did you (?:see|watch|catch) the)(?![a-z])"
)
SAYING = re.compile(  # proverbs, and words about words: the patient's language is no complaint
    r"\W*(?:(?:and|but|well|oh|so|still|doctor)\W+)*(?:better \w+ than|easier said|touch wood|knock on wood|fingers crossed|i tell a lie|so far so good|no pain no gain|rather \w+ than|"
    r"(?:you know )?what they say|(?:my|your|his|her) (?:french|english|spanish|accent|language) (?:is|s|was))(?![a-z])"
)
TOLD_A_LIE = re.compile(r"(?<![a-z])i tell a lie(?![a-z])")
IDENTIFIES = re.compile(  # who the patient is stands on the page already, and an address in no note
    r"(?<![a-z])(?:your|full|first|last) (?:\w+ ){0,2}(?:name|date of birth|birthday|address|post ?code|zip code|phone|telephone|email|number)(?![a-z])"
)
FALSE_START = re.compile(  # "there is no, uh, there is a little bit", "i do, i have"
    r"\b(?:there(?: is|['’]s| are) (?:no|an?|some)|it(?: is|['’]s) (?:not )?|(?:you|they|we|he|she) (?:do|have|are|is|has)|(?:your|his|her|their|the)),? (?=(?:there(?: is|['’]s| are)|it(?: is|['’]s)|you|they|we|he|she|your|his|her|their)\b)",
    re.IGNORECASE,
)
LOOSE_END = re.compile(  # how a next statement begins
    r"(?:,? (?:and|or|but|if|because|which|who|whether|unless|until|otherwise|although|and then|and so|and also))+$", re.IGNORECASE
)
HALF = re.compile(  # words after which something is missing, where the speech has no full stop
    r"(?<![a-z])(?:the|an?|of|from|into|onto|than|your|my|our|their|his|these|every|very|to|is|are|was|were|be|seems?|on the|for|in|with|at|by|what|when|where)$",
    re.IGNORECASE,
)


BROKEN = re.compile(  # what a false start, or a sentence cut in the wrong place, leaves
    r"^The patient (?:did|does|has|is|was|can)[,.]|^(?:On|For|In|At|From|As|With) [^,]{0,30}$|\b(?:or|and|the|an?|is|was|of|to|their|his|her),?$|, (?:I|we|they),|(?:do|does) the patient has|"
    r"^(?:I|we|you|it|his|her|their|there|the patient|(?:on|for|in|at|from|as|with) (?:an?|the|his|her|their)),|\bno, (?:there|it)\b|\bno$|\bi,|^(?:If|When|Looking) [^,]{0,60}$|^(?:To about|The like) |\bnot not\b|\bwelcome to\b|^We are (?:doctor|dr)\b|\b(?:tell us|thank the patient|does not believe at this)\b|^(?:Why|That the patient|It also)\b",
    re.IGNORECASE,
)
ANNOUNCES = re.compile(  # what the doctor does next in the visit is no plan
    r"^We know (?:that )?the nurse|^We will (?:talk|look at|go over|review|get started|do (?:a|your|his|her|their|the) (?:quick )?(?:physical )?exam)\b(?!.*\b(?:days?|weeks?|months?|once|when|after)\b)"
)


def is_broken(told: str) -> bool:
    """Whether a statement as the note would tell it is a fragment, or only announces what comes next."""
    return bool(BROKEN.search(told.rstrip(" .")) or ANNOUNCES.search(told))


def is_chatter(norm: str, *, doctor: bool) -> bool:
    """Whether a folded sentence is small talk, a saying, a command of an examination or a question without its mark."""
    if doctor and (MOVES.match(norm) or SMALL.search(norm)):
        return True
    return bool(ASKS_ON.search(norm) or SAYING.match(norm) or TOLD_A_LIE.search(norm))


def ended(words: str) -> str:
    """A statement without the words of a next one that it ends with: "lungs are clear and otherwise"."""
    return LOOSE_END.sub("", words).rstrip(" ,;:")


def is_half(told: str, heard: str) -> bool:
    """Whether a statement was cut off: it ends on a word that asks for more, and no full stop was heard there."""
    return not heard.rstrip().endswith((".", "!", "?")) and HALF.search(told.rstrip(" .")) is not None
