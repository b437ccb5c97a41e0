import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription.protocol import ProtocolError, StreamHeader
from transcription.sealing import (
    Frame,
    FrameOpener,
    FrameRefused,
    FrameSealer,
    KeyRefused,
    StreamEnd,
    load_node_keypair,
    new_node_keypair,
    new_visit_key,
    open_key,
    open_words,
    seal_key,
    seal_words,
    stream_key,
)

KEY = bytes(range(32))
SPEECH = b"\x78an opus packet"


def header(**changes: object) -> StreamHeader:
    values = {"visit_id": "visit-1", "stream_id": "stream-1", "participant_id": "p1", "role": "patient",
              "language": "fr", "started_at_ms": 1_760_000_000_000}
    return StreamHeader.model_validate(values | changes)


def refusal(opener: FrameOpener, frame: bytes) -> str:
    with pytest.raises(FrameRefused) as caught:
        opener.open(frame)
    return caught.value.reason


def test_a_frame_comes_back_as_it_was_said():
    frame = FrameSealer(KEY, header()).seal(7, 1_760_000_000_020, SPEECH)
    assert SPEECH not in frame
    assert FrameOpener(KEY, header()).open(frame) == Frame(7, 1_760_000_000_020, SPEECH)


@pytest.mark.parametrize("reason", ["closed", "withdrawn", "lost"])
def test_the_end_and_its_reason_are_sealed_too(reason):
    frame = FrameSealer(KEY, header()).seal_end(3, 99, reason)
    assert reason.encode() not in frame
    assert FrameOpener(KEY, header()).open(frame) == StreamEnd(3, 99, reason)


@given(st.integers(min_value=0), st.integers(0, 7))
def test_any_flipped_bit_is_refused(position, bit):
    frame = bytearray(FrameSealer(KEY, header()).seal(0, 1, SPEECH))
    frame[position % len(frame)] ^= 1 << bit
    assert refusal(FrameOpener(KEY, header()), bytes(frame)) == "altered"


@given(st.binary(max_size=64))
def test_noise_is_refused(noise):
    assert refusal(FrameOpener(KEY, header()), noise) in {"malformed", "altered"}


@pytest.mark.parametrize("change", [{"visit_id": "visit-2"}, {"stream_id": "stream-2"}, {"participant_id": "p2"},
                                    {"role": "doctor"}, {"language": "en"}, {"started_at_ms": 0}])
def test_a_frame_belongs_to_its_header(change):
    """Speech moved to another visit, stream or speaker does not open, even under the same visit key."""
    frame = FrameSealer(KEY, header(**change)).seal(0, 1, SPEECH)
    assert refusal(FrameOpener(KEY, header()), frame) == "altered"


def test_a_frame_does_not_open_with_another_visits_key():
    assert refusal(FrameOpener(new_visit_key(), header()), FrameSealer(KEY, header()).seal(0, 1, SPEECH)) == "altered"


def test_replayed_and_reordered_frames_are_refused():
    sealer, opener = FrameSealer(KEY, header()), FrameOpener(KEY, header())
    first, second = sealer.seal(0, 1, SPEECH), sealer.seal(1, 21, SPEECH)
    opener.open(second)
    assert refusal(opener, second) == "replayed"
    assert refusal(opener, first) == "replayed"


def test_a_refused_frame_does_not_stop_the_next_one():
    sealer, opener = FrameSealer(KEY, header()), FrameOpener(KEY, header())
    frames = [sealer.seal(n, n * 20, SPEECH) for n in range(3)]
    opener.open(frames[0])
    refusal(opener, frames[1][:-1] + b"\0")
    assert opener.open(frames[2]) == Frame(2, 40, SPEECH)


def test_a_frame_cannot_become_an_end_record():
    frame = bytearray(FrameSealer(KEY, header()).seal(0, 1, b"closed"))
    frame[0] = 1
    assert refusal(FrameOpener(KEY, header()), bytes(frame)) == "altered"


def test_a_nonce_is_never_used_twice():
    sealer = FrameSealer(KEY, header())
    sealer.seal(4, 1, SPEECH)
    for sequence in (4, 3):
        with pytest.raises(ValueError, match="must grow"):
            sealer.seal(sequence, 1, SPEECH)


def test_streams_of_one_visit_have_different_keys():
    assert stream_key(KEY, "stream-1") != stream_key(KEY, "stream-2")


def test_stream_key_follows_its_published_derivation():
    import hashlib
    import hmac

    extracted = hmac.digest(b"stream-1", KEY, "sha256")
    expanded = hmac.digest(extracted, b"colloque audio stream v1\x01", "sha256")
    assert stream_key(KEY, "stream-1") == expanded
    assert header().digest() == hashlib.sha256(header().line()).digest()


def test_a_visit_key_reaches_only_its_node_and_visit():
    private, public = new_node_keypair()
    sealed = seal_key(public, KEY, visit_id="visit-1")
    assert KEY not in sealed
    assert open_key(private, sealed, visit_id="visit-1") == KEY
    with pytest.raises(KeyRefused):
        open_key(private, sealed, visit_id="visit-2")
    with pytest.raises(KeyRefused):
        open_key(new_node_keypair()[0], sealed, visit_id="visit-1")


@pytest.mark.parametrize("damage", [b"", b"short", bytes(32), bytes(200)])
def test_a_damaged_sealed_key_is_refused(damage):
    with pytest.raises(KeyRefused):
        open_key(new_node_keypair()[0], damage, visit_id="visit-1")


@pytest.mark.parametrize("public", [b"", b"short", bytes(32), bytes(64)])
def test_a_key_is_not_sealed_to_nonsense(public):
    """bytes(32) is the low-order point: its shared secret would be all zeros."""
    with pytest.raises(KeyRefused):
        seal_key(public, KEY, visit_id="visit-1")


def test_expected_words_reach_only_their_node_and_visit_and_are_no_key():
    private, public = new_node_keypair()
    sealed = seal_words(public, ["périndopril", "pénicilline"], visit_id="v1")
    assert "périndopril".encode() not in sealed
    assert open_words(private, sealed, visit_id="v1") == ["périndopril", "pénicilline"]
    for opens in (
        lambda: open_words(new_node_keypair()[0], sealed, visit_id="v1"), lambda: open_words(private, sealed, visit_id="v2"),
        lambda: open_words(private, sealed[:-1], visit_id="v1"), lambda: open_key(private, sealed, visit_id="v1"),
        lambda: open_words(private, seal_key(public, KEY, visit_id="v1"), visit_id="v1"),
    ):  # fmt: skip
        with pytest.raises(KeyRefused):
            opens()


def test_the_nodes_private_key_is_its_owners_and_lasts(tmp_path):
    path = tmp_path / "keys" / "worker.key"
    private, public = load_node_keypair(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["worker.key"]
    again, public_again = load_node_keypair(path)
    assert public_again == public
    assert open_key(again, seal_key(public, KEY, visit_id="v"), visit_id="v") == KEY
    assert private.private_bytes_raw() == path.read_bytes()


@pytest.mark.parametrize("line", [b"", b"\n", b"[]\n", b"{}\n", header().line()[:-1], header().line() + b" ",
                                  header().line().replace(b'"fr"', b'"FR"'), b" " + header().line(),
                                  header().line().replace(b"visit-1", b"../../x")])
def test_a_header_we_did_not_write_is_refused(line):
    with pytest.raises(ProtocolError):
        StreamHeader.parse(line)
    assert StreamHeader.parse(header().line()) == header()
