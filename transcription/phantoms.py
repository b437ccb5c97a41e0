"""Sentences that Whisper learnt from subtitles and says of silence and noise; nobody says them in a consultation."""

import re
import unicodedata

# Whole utterances, as _plain() spells them.
_PHRASES = re.compile(
    "|".join(
        (
            r"sous titr(e|es|age|eur)( realises?)?( (par|para|de|fait|st|societe)\b.*)?",
            r"((merci|merci a tous|merci beaucoup) )?d avoir (regarde|visionne|ecoute) (cette|la|ma) video.*",
            r"(n oubliez pas de vous )?abonnez?( vous)?( a (la|ma|notre) chaine)?",
            r"(a )?(tres )?bientot pour une (nouvelle|prochaine) video.*",
            r"thank(s| you)( so much| very much)? for watching.*",
            r"(please )?(like and )?subscribe( to (my|our|the) channel)?",
            r"(subtitles?|transcribed|transcription|translated|captions?|captioned) by .*",
            r"i ?m going to get you a little bit more",
            r"(.* )?(amara org|soustitreur com|otter ai|castingwords)( .*)?",
        )
    )
)
LOOP_WORDS = 3  # so many words four times over are a loop; "non non non non" is an answer
_REPEATED = re.compile(r"(.{1,60}?)(?: \1){3,}")


def phantom(text: str) -> bool:
    """Whether an utterance is nothing but a learnt phrase, one phrase over and over, or no word at all."""
    plain = _plain(text)
    repeated = _REPEATED.fullmatch(plain)
    phrase = repeated.group(1) if repeated else plain
    loops = bool(repeated) and len(phrase.split()) >= LOOP_WORDS
    return not plain or loops or bool(_PHRASES.fullmatch(phrase))


def doubled(text: str) -> bool:
    """Whether one longer phrase stands there twice and nothing else: people rarely do that, Whisper now and then."""
    spoken = _plain(text).split()
    half = len(spoken) // 2
    return half > LOOP_WORDS and spoken[:half] == spoken[half:]


def stammers(text: str) -> bool:
    """Whether it ends with the same two or more words twice: a person may, so may Whisper that has read a list."""
    spoken = _plain(text).split()
    return any(spoken[-size:] == spoken[-2 * size : -size] for size in range(2, len(spoken) // 2 + 1))


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.lower())
    return " ".join(re.findall(r"[a-z0-9]+", "".join(c for c in letters if not unicodedata.combining(c))))
