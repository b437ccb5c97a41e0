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
LOOSE_END = re.compile(  # how a next statement begins
    r"(?:,? (?:and|or|but|if|because|which|who|whether|unless|until|otherwise|although|and then|and so|and also))+$", re.IGNORECASE
)
HALF = re.compile(  # words after which something is missing, where the speech has no full stop
    r"(?<![a-z])(?:the|an?|of|from|into|onto|than|your|my|our|their|his|these|every|very|to|is|are|was|were|be|seems?|on the|for|in|with|at|by|what|when|where)$",
    re.IGNORECASE,
)


def is_chatter(norm: str, *, doctor: bool) -> bool:
    """Whether a folded sentence is small talk, a saying, a command of an examination or a question without its mark."""
    if doctor:
        return bool(ASKS_ON.search(norm) or MOVES.match(norm) or SMALL.search(norm))
    return bool(ASKS_ON.search(norm) or SAYING.match(norm))


def ended(words: str) -> str:
    """A statement without the words of a next one that it ends with: "lungs are clear and otherwise"."""
    return LOOSE_END.sub("", words).rstrip(" ,;:")


def is_half(told: str, heard: str) -> bool:
    """Whether a statement was cut off: it ends on a word that asks for more, and no full stop was heard there."""
    return not heard.rstrip().endswith((".", "!", "?")) and HALF.search(told.rstrip(" .")) is not None
