"""What a French doctor sees or cannot examine, as a note writes it: short, in the third person."""

import re

from app.notes.language.conjugation_fr import EZ, present
from app.notes.writing.wording_fr import tidy


def observed(text: str) -> str:
    """What the doctor sees, told of the patient: "vous parlez sans vous arrêter" -> "parle sans s'arrêter"."""
    words = re.sub(
        r"^(?:[Jj]e vous vois|(?:[Mm]ontrez|[Tt]ournez|[Pp]enchez|[Aa]pprochez|[Ss]oulevez|[Ll]evez|[Bb]aissez|[Ff]ermez|[Oo]uvrez|[Aa]sseyez|[Rr]egardez|[Ff]ilmez|[Ff]aites|[Mm]ettez|[Tt]irez|[Rr]espirez|[Ss]oulève|[Ll]ève|[Oo]uvre|[Tt]ourne|[Mm]ontre)(?: [^,…]*|-[^,…]*|(?=,|…)))(?:,|…|\.\.\.)? ",
        "",
        tidy(text),
    )
    words = re.sub(r"^(?:[Cc]['’]est|[Jj]e vois|[Dd]e ce que je vois,?(?: c['’]est)?)\s+", "", words)
    words = re.sub(rf"\b[Vv]ous {EZ}\b", lambda m: present(m.group(1)), words)
    words = re.sub(
        r"\bvous (?=[aeiouhéè])",
        "s'",
        re.sub(
            r"\bvous (\w+(?:er|ir|re))\b",
            lambda m: ("s'" if m.group(1)[0] in "aeiouhéè" else "se ") + m.group(1),
            words,
        ),
    )
    words = re.sub(
        r",? (?:ça )?c['’]est bien$|^(?:(?:oui|non|bon|bien|ok|d['’]accord|très bien|parfait),? )+|\b[Jj]e (?:ne )?vois (?=pas |aucune? )",
        "",
        words,
        flags=re.IGNORECASE,
    )
    return words[:1].lower() + words[1:]


CANNOT = re.compile(
    r"(?:peux|peut|pouvons|pourrai) pas (?:vous |le |la |les |te |l['’])?(\w+(?:er|ir|re)\b[^.,;]*)", re.IGNORECASE
)


PERSONAL = re.compile(
    r"\b(?:je|j['’]|on|vous|tu|moi|c['’]est|ça|là|ici|le reste|peux|peut|que)(?![a-zà-ÿ])", re.IGNORECASE
)


def not_examined(text: str) -> str:
    """What could not be examined: the things named, or what the doctor could not do; empty when neither is told apart."""
    words = re.sub(
        r"\b(?:si besoin|par contre|d['’]ici|en (?:vidéo|visio)|à travers l['’]écran|ni)\b",
        lambda m: "ni" if m.group() == "ni" else "",
        tidy(text),
        flags=re.IGNORECASE,
    )
    named = [part.strip() for part in re.split(r"[,;:]", words) if part.strip() and not PERSONAL.search(part)]
    verb = CANNOT.search(words)
    done = re.sub(r"\s+", " ", verb.group(1)).strip() if verb else ""
    parts = [part for part in named if part not in done] + ([f"({done})" if named else done] if done else [])
    told = re.sub(r"\s+", " ", ", ".join(parts).replace(", (", " (")).strip(" ,")
    return told[:1].lower() + told[1:]
