import os
import resource
import signal
import stat
import subprocess
import sys
import textwrap
import threading

import pytest

from transcription import position, spool
from transcription.protocol import RECORD_LENGTH, StreamHeader
from transcription.sealing import FrameOpener, FrameSealer, StreamEnd
from transcription.spool import SpoolDamaged, SpoolFull, SpoolReader, SpoolWriter

KEY = bytes(range(32))
START_MS = 1_760_000_000_000


def header(stream_id: str = "s1", visit_id: str = "v1") -> StreamHeader:
    return StreamHeader(visit_id=visit_id, stream_id=stream_id, participant_id="p1", role="doctor", language="en",
                        started_at_ms=START_MS)


def writer(root, stream_id: str = "s1", visit_id: str = "v1") -> SpoolWriter:
    head = header(stream_id, visit_id)
    return SpoolWriter(root, head, FrameSealer(KEY, head))


def opened(path) -> list:
    reader = SpoolReader(path)
    opener = FrameOpener(KEY, reader.header)
    frames = [opener.open(frame) for frame in reader.read()]
    reader.close()
    return frames


def fill(tap: SpoolWriter, count: int, begin: int = 0) -> None:
    for n in range(begin, begin + count):
        tap.append(START_MS + 20 * n, b"packet %d" % n)


def test_what_is_written_is_read_in_order_with_its_end(tmp_path):
    tap = writer(tmp_path)
    fill(tap, 100)
    tap.close("withdrawn")
    frames = opened(tap.path)
    assert [(f.sequence, f.at_ms, f.opus) for f in frames[:-1]] == [
        (n, START_MS + 20 * n, b"packet %d" % n) for n in range(100)]
    assert frames[-1] == StreamEnd(100, START_MS + 20 * 99, "withdrawn")


def test_disk_holds_ciphertext_for_the_owner_only(tmp_path):
    tap = writer(tmp_path)
    fill(tap, 5)
    tap.close("closed")
    content = tap.path.read_bytes()
    assert b"packet" not in content
    assert b"closed" not in content
    assert stat.S_IMODE(tap.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(tap.path.parent.stat().st_mode) == 0o700


def test_a_reader_follows_while_the_file_grows(tmp_path):
    tap = writer(tmp_path)
    reader = SpoolReader(tap.path)
    assert reader.read() == []
    fill(tap, 3)
    tap.flush()
    assert len(reader.read()) == 3
    fill(tap, 2, begin=3)
    tap.flush()
    assert len(reader.read()) == 2
    assert reader.read() == []
    tap.close("closed")
    reader.close()


def test_records_wait_at_most_100_ms(tmp_path, monkeypatch):
    now = [50.0]
    monkeypatch.setattr(spool.time, "monotonic", lambda: now[0])
    tap = writer(tmp_path)
    reader = SpoolReader(tap.path)
    fill(tap, 5)
    assert reader.read() == []
    now[0] += 0.1
    fill(tap, 1, begin=5)
    assert len(reader.read()) == 6
    tap.close("closed")
    reader.close()


def test_small_reads_lose_nothing(tmp_path):
    tap = writer(tmp_path)
    fill(tap, 50)
    tap.close("closed")
    reader = SpoolReader(tap.path)
    frames = []
    while batch := reader.read(limit_bytes=100):
        frames += batch
    reader.close()
    assert len(frames) == 51


@pytest.mark.parametrize("torn", [1, 2, 10, 30])
def test_a_torn_tail_is_not_there_yet(tmp_path, torn):
    tap = writer(tmp_path)
    fill(tap, 4)
    tap.close("closed")
    whole = tap.path.read_bytes()
    end_record = RECORD_LENGTH.size + 17 + 16 + len(b"closed")
    tap.path.write_bytes(whole[:-end_record] + whole[-end_record:][:torn])
    reader = SpoolReader(tap.path)
    assert len(reader.read()) == 4
    tap.path.write_bytes(whole)
    assert len(reader.read()) == 1
    reader.close()


def test_an_abandoned_file_is_told_from_a_growing_one(tmp_path):
    tap = writer(tmp_path)
    reader = SpoolReader(tap.path)
    assert not reader.abandoned()
    tap.close("closed")
    assert reader.abandoned()
    reader.close()


def test_a_killed_writer_leaves_an_abandoned_readable_file(tmp_path):
    script = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from tests.transcription.test_spool import fill, writer
        tap = writer(Path(sys.argv[1]))
        fill(tap, 10)
        tap.flush()
        fill(tap, 3, begin=10)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)])
    assert done.returncode == -signal.SIGKILL
    (path,) = spool.streams(tmp_path)
    reader = SpoolReader(path)
    assert reader.abandoned()
    assert len(reader.read()) == 10
    reader.close()


def test_a_stream_is_never_written_twice(tmp_path):
    writer(tmp_path).close("closed")
    again = writer(tmp_path, "s2")
    with pytest.raises(spool.SpoolError):
        writer(tmp_path)
    again.close("closed")


def test_a_full_disk_is_said_and_recovered_from(tmp_path):
    """RLIMIT_FSIZE makes the kernel refuse real writes half way, as a full disk does."""
    previous_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    tap = writer(tmp_path)
    reader = SpoolReader(tap.path)
    try:
        fill(tap, 10)
        tap.flush()
        resource.setrlimit(resource.RLIMIT_FSIZE, (tap.path.stat().st_size + 70, limits[1]))
        fill(tap, 10, begin=10)
        with pytest.raises(SpoolFull):
            tap.flush()
        reader.read()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous_handler)
    fill(tap, 5, begin=20)
    tap.close("closed")
    sequences = [f.sequence for f in opened(tap.path)]
    assert sequences == [*range(10), *range(20, 26)]
    assert len(reader.read()) == 6
    reader.close()


def test_no_space_at_the_start_leaves_nothing_behind(tmp_path):
    previous_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, limits[1]))
        with pytest.raises(SpoolFull):
            writer(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous_handler)
    assert os.listdir(tmp_path / "v1") == []


def test_playback_gets_the_ciphertext_of_a_time_range(tmp_path):
    tap = writer(tmp_path)
    fill(tap, 100)
    tap.close("closed")
    frames = spool.frames_between(tap.path, START_MS + 200, START_MS + 400)
    opener = FrameOpener(KEY, header())
    assert [opener.open(frame).at_ms - START_MS for frame in frames] == list(range(200, 401, 20))


def test_a_file_moved_to_another_visit_is_refused(tmp_path):
    tap = writer(tmp_path)
    tap.close("closed")
    other = tmp_path / "v2" / tap.path.name
    other.parent.mkdir()
    tap.path.rename(other)
    with pytest.raises(SpoolDamaged):
        SpoolReader(other)
    with pytest.raises(SpoolDamaged):
        spool.read_header(other)


def test_rubbish_is_refused(tmp_path):
    path = tmp_path / "v1" / "s1.sealed"
    path.parent.mkdir()
    path.write_bytes(os.urandom(5_000))
    with pytest.raises(SpoolDamaged):
        SpoolReader(path)


def test_shredding_takes_one_visit_only(tmp_path):
    for visit_id, stream_id in [("v1", "s1"), ("v1", "s2"), ("v2", "s3")]:
        writer(tmp_path, stream_id, visit_id).close("closed")
    assert spool.shred(tmp_path, "v1") == 2
    assert [path.stem for path in spool.streams(tmp_path)] == ["s3"]
    assert spool.shred(tmp_path, "v1") == 0


def test_shredding_wins_against_a_worker_that_saves_its_position(tmp_path):
    writer(tmp_path).close("closed")
    stop = threading.Event()

    def save() -> None:
        while not stop.is_set():
            position.save(tmp_path / "v1" / "s1.sealed", position.Position(1))

    saving = threading.Thread(target=save)
    saving.start()
    try:
        assert spool.shred(tmp_path, "v1") == 1
    finally:
        stop.set()
        saving.join()
    assert not (tmp_path / "v1").exists()


@pytest.mark.parametrize("visit_id", ["..", "../v1", "a/b", "", "é", "a\0"])
def test_no_path_leads_out_of_the_spool(tmp_path, visit_id):
    with pytest.raises(ValueError, match="identifier"):
        spool.shred(tmp_path, visit_id)
