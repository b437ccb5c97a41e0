"""`python -m scripts.recorded SHARE FOLDER`: real voices from Debian's sound packages as `bench speech --audio` takes them.

SHARE is usr/share of the unpacked packages asterisk-core-sounds-fr and -en (the texts), the same with -g722 (the voices:
CC BY-SA 3.0) and pocketsphinx-testdata (LibriVox, public domain). FOLDER/fr and FOLDER/en get 16 kHz WAV files with
same-named .txt. Only sentences: single words and menus of keys say little about talk.
"""

import gzip
import re
import sys
import wave
from pathlib import Path

import av

RATE_HZ = 16_000
WORDS = 12  # at least
VOICES = {"fr": "fr_CA_f_June", "en": "en_US_f_Allison"}
SPOKEN_AS_WRITTEN = re.compile(r"[^\W\d_][^\d\[\]<>()/*#\"]*")  # digits and stage directions are read in many ways


def asterisk(share: Path, language: str) -> dict[Path, str]:
    """Voice files with what they say."""
    listed = share / "doc" / f"asterisk-core-sounds-{language}" / f"core-sounds-{language}.txt.gz"
    folder = share / "asterisk" / "sounds" / VOICES[language]
    found = {}
    for line in gzip.decompress(listed.read_bytes()).decode().splitlines():
        name, _, text = line.partition(": ")
        path = folder / f"{name}.g722"
        if not line.startswith(";") and SPOKEN_AS_WRITTEN.fullmatch(text.strip()) and path.exists():
            found[path] = text.strip()
    return found


def librivox(share: Path) -> dict[Path, str]:
    """Sentences of an English novel."""
    folder = share / "pocketsphinx" / "test" / "data" / "librivox"
    found = {}
    for line in (folder / "transcription").read_text().splitlines():
        if said := re.fullmatch(r"<s> (.*) </s> \((.*)\)", line):
            found[folder / f"{said[2]}.wav"] = said[1]
    return found


def write(source: Path, text: str, into: Path, language: str) -> None:
    """One recording and its text."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    with av.open(str(source), format="g722" if source.suffix == ".g722" else None) as container:
        pieces = [piece for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
    path = into / f"{language}-{source.stem}.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(b"".join(piece.to_ndarray().tobytes() for piece in pieces))
    path.with_suffix(".txt").write_text(text + "\n")


def main() -> None:
    """Write both languages."""
    share, folder = map(Path, sys.argv[1:3])
    for language in VOICES:
        into = folder / language
        into.mkdir(parents=True, exist_ok=True)
        spoken = asterisk(share, language) | (librivox(share) if language == "en" else {})
        sentences = {path: text for path, text in spoken.items() if len(text.split()) >= WORDS}
        for path, text in sentences.items():
            write(path, text, into, language)
        print(f"{language}: {len(sentences)} sentences")


if __name__ == "__main__":
    main()
