"""The tap: speech of consenting participants reaches the spool sealed, in order, timed; and nothing else does."""

import base64
import errno
import itertools
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.webrtc.conftest import RunningNode, until
from tests.webrtc.house import House
from tests.webrtc.test_call import seated
from transcription.protocol import StreamHeader
from transcription.sealing import FrameOpener, StreamEnd, new_node_keypair, new_visit_key, seal_key
from transcription.spool import SpoolReader, stream_path
from webrtc.control import MediaRefused
from webrtc.signaling import TapEvent
from webrtc.tap import AHEAD_MS, CaptureClock, Ordering, Tap, TapFailed, flush


def opened(path: Path, key: bytes) -> list:
    """Every record of a spool file, in clear."""
    reader = SpoolReader(path)
    opener = FrameOpener(key, reader.header)
    try:
        return [opener.open(frame) for frame in reader.read(10_000_000)]
    finally:
        reader.close()


def taps(house: House) -> list[tuple[str, str]]:
    return [(e.state, e.reason) for e in house.events if isinstance(e, TapEvent)]


async def test_speech_is_sealed_with_its_time_and_ends_with_the_withdrawal(
    house: House, node: RunningNode, short_dir: Path,
) -> None:
    key = new_visit_key()
    sealed = base64.b64encode(seal_key(node.public, key, visit_id="visit-1")).decode()
    async with seated(house, "d1", "doctor"), seated(house, "p1", "patient") as patient:
        await until(lambda: patient._frames.get("audio", 0) > 10)
        began_ms = time.time() * 1_000
        stream_id = await house.link.tap("visit-1", "p1", on=True, sealed_key=sealed, language="fr")
        again = await house.link.tap("visit-1", "p1", on=True, sealed_key=sealed, language="fr")
        assert again == stream_id  # asked twice, tapped once
        path = stream_path(short_dir / "spool", "visit-1", stream_id)
        await until(lambda: len(opened(path, key)) > 75)
        assert [p["tap"] for p in [s.model_dump() for s in node.rooms.report()[0].participants]] == [None, stream_id]

        other = await house.link.tap("visit-1", "d1", on=True, sealed_key=sealed, language="fr")
        portuguese = await house.link.tap("visit-1", "d1", on=True, sealed_key=sealed, language="pt")
        assert portuguese not in (other, None)
        await until(lambda: ("stopped", "closed") in taps(house))
        await house.link.tap("visit-1", "d1", on=False)

        await house.link.tap("visit-1", "p1", on=False, reason="withdrawn")
        withdrawn_ms = time.time() * 1_000
        await until(lambda: ("stopped", "withdrawn") in taps(house))
        frames = opened(path, key)
        end = frames.pop()
        assert isinstance(end, StreamEnd)
        assert end.reason == "withdrawn"
        assert [f.sequence for f in frames] == list(range(len(frames)))
        steps = [b.at_ms - a.at_ms for a, b in itertools.pairwise(frames)]
        assert sorted(steps)[len(steps) // 2] == 20
        assert min(steps) >= 0
        assert sum(step > 60 for step in steps) <= len(steps) / 20, steps  # a stall of this very process is a gap
        assert began_ms - 100 < frames[0].at_ms < began_ms + 500
        assert frames[-1].at_ms <= withdrawn_ms + AHEAD_MS  # the first packet may have been late, and all times with it
        await until(lambda: patient._frames["audio"] > 0)
        theirs = {path, *(stream_path(short_dir / "spool", "visit-1", stream) for stream in (other, portuguese))}
        assert set((short_dir / "spool" / "visit-1").glob("*")) == theirs  # nobody else's speech


async def test_a_rejoin_keeps_the_stream_and_its_numbers(house: House, node: RunningNode, short_dir: Path) -> None:
    key = new_visit_key()
    sealed = base64.b64encode(seal_key(node.public, key, visit_id="visit-1")).decode()
    async with seated(house, "d1", "doctor") as doctor, seated(house, "p1", "patient"):
        await until(lambda: doctor._frames.get("audio", 0) > 10)
        stream_id = await house.link.tap("visit-1", "p1", on=True, sealed_key=sealed)
        path = stream_path(short_dir / "spool", "visit-1", stream_id)
        await until(lambda: len(opened(path, key)) > 25)
        async with seated(house, "p1", "patient"):
            count = len(opened(path, key))
            await until(lambda: len(opened(path, key)) > count + 50)
        frames = opened(path, key)
        assert [f.sequence for f in frames] == list(range(len(frames)))
        times = [f.at_ms for f in frames]
        assert times == sorted(times)
        assert times[-1] - times[0] == pytest.approx(time.time() * 1_000 - times[0], abs=1_500)
        await house.link.close("visit-1")
        await until(lambda: ("stopped", "closed") in taps(house))
        assert opened(path, key)[-1].reason == "closed"


async def test_a_key_for_another_node_or_visit_is_refused_and_the_call_goes_on(
    house: House, node: RunningNode, short_dir: Path,
) -> None:
    _, other = new_node_keypair()
    foreign = base64.b64encode(seal_key(other, new_visit_key(), visit_id="visit-1")).decode()
    swapped = base64.b64encode(seal_key(node.public, new_visit_key(), visit_id="visit-2")).decode()
    async with seated(house, "d1", "doctor") as doctor, seated(house, "p1", "patient"):
        await until(lambda: doctor._frames.get("audio", 0) > 10)
        for sealed in (foreign, swapped, "", "!!!"):
            with pytest.raises(MediaRefused) as refused:
                await house.link.tap("visit-1", "p1", on=True, sealed_key=sealed)
            assert refused.value.code == "key-refused"
        assert not (short_dir / "spool").exists()
        before = doctor._frames["audio"]
        await until(lambda: doctor._frames["audio"] > before + 25)


async def test_the_end_of_the_node_ends_its_streams(house: House, node: RunningNode, short_dir: Path) -> None:
    key = new_visit_key()
    sealed = base64.b64encode(seal_key(node.public, key, visit_id="visit-1")).decode()
    async with seated(house, "p1", "patient"):
        await until(lambda: house.link and "p1" in str(node.rooms.report()))
        stream_id = await house.link.tap("visit-1", "p1", on=True, sealed_key=sealed)
        await node.stop()
    assert opened(stream_path(short_dir / "spool", "visit-1", stream_id), key)[-1].reason == "lost"


async def test_a_full_disk_ends_the_tap_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private, public = new_node_keypair()
    header = StreamHeader(visit_id="v", stream_id="s", participant_id="p", role="patient", language="fr",
                          started_at_ms=0)
    failures: list[str] = []
    with ThreadPoolExecutor(1) as executor:
        tap = Tap(header, executor, lambda _, reason: failures.append(reason))
        await tap.open(private, seal_key(public, new_visit_key(), visit_id="v"), tmp_path)
        tap.take(1, 0, 0, b"speech", time.monotonic())
        flush([tap], executor)
        real = os.write

        def full(descriptor: int, data: bytes) -> int:
            if descriptor > 2:
                raise OSError(errno.ENOSPC, "full")
            return real(descriptor, data)

        monkeypatch.setattr(os, "write", full)
        tap.take(1, 1, 960, b"speech", time.monotonic())
        flush([tap], executor)
        await until(lambda: failures == ["disk-full"], 2)
        tap.take(1, 2, 1_920, b"speech", time.monotonic())  # nothing more is copied
        flush([tap], executor)
        await tap.stop("lost")
    assert failures == ["disk-full"]


async def test_a_tap_that_cannot_write_leaves_the_others_theirs(tmp_path: Path) -> None:
    private, public = new_node_keypair()
    key, failures, taps = new_visit_key(), [], []
    with ThreadPoolExecutor(1) as executor:
        for name in ("broken", "sound"):
            header = StreamHeader(visit_id="v", stream_id=name, participant_id="p", role="patient", language="fr",
                                  started_at_ms=0)
            taps.append(Tap(header, executor, lambda tap, reason: failures.append((tap.header.stream_id, reason))))
            await taps[-1].open(private, seal_key(public, key, visit_id="v"), tmp_path)
        os.close(taps[0]._writer._descriptor)
        for tap in taps:
            tap.take(1, 0, 0, b"speech", time.monotonic())
        flush(taps, executor)
        await until(lambda: failures == [("broken", "spool")], 2)
        await taps[1].stop("closed")
    assert [f.opus for f in opened(stream_path(tmp_path, "v", "sound"), key)[:-1]] == [b"speech"]


async def test_an_unusable_spool_refuses_to_start(tmp_path: Path) -> None:
    private, public = new_node_keypair()
    blocked = tmp_path / "file"
    blocked.write_text("")
    header = StreamHeader(visit_id="v", stream_id="s", participant_id="p", role="patient", language="fr",
                          started_at_ms=0)
    with ThreadPoolExecutor(1) as executor, pytest.raises(TapFailed) as failed:
        await Tap(header, executor, print).open(private, seal_key(public, new_visit_key(), visit_id="v"), blocked)
    assert failed.value.reason == "spool"


def test_time_follows_the_sender_and_is_anchored_anew_after_a_pause() -> None:
    clock = CaptureClock()
    assert clock.at_ms(2**32 - 960, 1_000) == 1_000
    assert clock.at_ms(0, 1_055) == 1_020  # late by the network, timed by the sender, over the wrap
    assert clock.at_ms(960, 1_041) == 1_040
    assert clock.at_ms(1_920, 9_000) == 9_000  # eight seconds without speech that timestamps do not show
    assert clock.at_ms(2_880, 9_021) == 9_020
    clock.restart()
    assert clock.at_ms(77, 8_900) == 9_020  # never back


def test_packets_come_out_in_order_without_waiting_for_ever() -> None:
    ordering = Ordering()

    def numbers(*incoming: int) -> list[int]:
        return [ts for n in incoming for ts, _, _ in ordering.add(n, n, b"x", 0.0)]

    assert numbers(10, 12) == [10]
    assert numbers(11) == [11, 12]
    assert numbers(11, 9) == []  # late and repeated ones
    assert numbers(14, 15, 16, 17, 18) == []
    assert numbers(19) == [14, 15, 16, 17, 18, 19]
    assert numbers(13) == []
    assert numbers(21) == []
    assert [ts for ts, _, _ in ordering.restart()] == [21]
    assert numbers(3) == [3]
