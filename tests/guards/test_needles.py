"""The search of `bench leaks` finds what lies anywhere, however it is written; otherwise its zeros would mean nothing."""

import random

import pytest

from bench.needles import CHUNK, Needles, phrases, spellings, windows

SAID = "J’ai mal à l'oreille droite"
HAY = random.Random(1).randbytes(CHUNK + 100)


@pytest.fixture(scope="module")
def needles():
    found = Needles()
    found.add("audio", windows([HAY[-100:]]))  # what is sent, in a process that never had the rest
    found.add("text", spellings(SAID))
    return found


@pytest.mark.parametrize("at", [0, 3, CHUNK - 9, CHUNK - 1, CHUNK, CHUNK + 5])
def test_sixteen_bytes_of_sound_are_found_anywhere(needles, at):
    hay = bytearray(CHUNK + 64)
    hay[at : at + 16] = HAY[-50:-34]
    assert needles.within(bytes(hay)) == {"audio": 1}
    hay[at + 15] ^= 1
    assert not needles.within(bytes(hay))


@pytest.mark.parametrize("written", [
    SAID.encode(), SAID.encode("utf-16-le"), SAID.encode("utf-32-le"), b"J\\u2019ai mal \\u00e0 l'oreille droite",
    "J’ai mal à l&#39;oreille droite".encode()])
def test_text_is_found_however_it_is_written(needles, written):
    assert needles.within(b"abc" + written + b"def") == {"text": 1}
    assert not needles.within(b"abc" + written[:-1])


def test_python_s_own_strings_of_one_byte_are_known():
    found = Needles()
    found.add("text", spellings("mal à l'oreille droite"))
    assert found.within("très mal à l'oreille droite".encode("latin-1")) == {"text": 1}


def test_what_was_there_before_is_not_looked_for(needles):
    found = Needles()
    found.add("text", [b"Consultation de suivi", b"une douleur au ventre"])
    found.drop(b"...Consultation de suivi...")
    assert found.within(b"Consultation de suivi: une douleur au ventre") == {"text": 1}


def test_silence_is_no_evidence_and_short_words_no_phrase():
    assert not list(windows([bytes(200), b"\xf8\xff\xfe" * 20]))
    assert phrases(["oui", "oui je ne sais pas"]) == set()
    assert phrases(["une douleur dans la poitrine depuis hier"]) == {"une douleur dans la", "dans la poitrine depuis"}
