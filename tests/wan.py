"""A patient's way to the server on one machine: a network namespace, and a bad network between it and us.

Packets pass a process of our own between two TUN devices, which loses, delays and squeezes them (root and /dev/net/tun are
needed). A second way, as when a telephone goes from Wi-Fi to 4G, is another Wan into the same namespace.
"""

import contextlib
import ctypes
import fcntl
import heapq
import json
import os
import random
import secrets
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

SERVER = "10.77.0.1"  # as patients' browsers reach it, whichever way they take
QUEUE_S = 0.4  # what a router keeps before it drops
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI, _CLONE_NEWNET = 0x400454CA, 1, 0x1000, 0x40000000


def permitted() -> bool:
    """Whether this process may make namespaces and TUN devices."""
    return os.geteuid() == 0 and Path("/dev/net/tun").exists()


@dataclass(frozen=True)
class Condition:
    """Of each direction: bits a second (0: any), delay, share lost; up: whether anything passes."""

    bits_per_s: int = 0
    delay_ms: float = 0
    loss: float = 0
    up: bool = True


def ip(*words: str) -> None:
    """Run iproute2."""
    subprocess.run(["ip", *words], check=True)


class Wan:
    """One way between the patient's namespace and this one. subnet: the third octet of its addresses."""

    def __init__(self, namespace: str, subnet: int) -> None:
        self.on_leave: Callable[[], None] = lambda: None
        self.namespace, self.here, self.there = namespace, f"wan{subnet}s", f"wan{subnet}p"
        self._own, self._peer = f"10.{subnet}.0.1", f"10.{subnet}.0.2"
        self._process = subprocess.Popen([sys.executable, __file__, namespace, self.here, self.there],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None and self._process.stdout.readline() == "ready\n"
        ip("addr", "add", self._own, "peer", self._peer, "dev", self.here)
        ip("link", "set", self.here, "up")
        self.condition = Condition()

    def take(self) -> None:
        """The patient's device is on this way from now on, with its own address."""
        inside = ("-n", self.namespace)
        ip(*inside, "addr", "add", self._peer, "peer", self._own, "dev", self.there)
        ip(*inside, "link", "set", self.there, "up")
        ip(*inside, "route", "replace", "default", "dev", self.there, "src", self._peer)

    def leave(self) -> None:
        """The device has lost this way, and its address there."""
        ip("-n", self.namespace, "link", "set", self.there, "down")
        ip("-n", self.namespace, "addr", "flush", "dev", self.there)
        self.on_leave()

    def set(self, **changed: float) -> None:
        """From now on so."""
        self.condition = replace(self.condition, **changed)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(self.condition)) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        with self._process:  # which closes its pipes and waits
            self._process.terminate()


@contextlib.contextmanager
def patients_place(
    port: int, home: Callable[[str], contextlib.AbstractContextManager[str]] = contextlib.nullcontext,
) -> Iterator[tuple[Wan, Wan, str]]:
    """A namespace with two ways to us, the first taken; the third: a command that starts Chromium there.

    `localhost:port` there is the web server's port here, so that pages are a secure context. home: what stands between
    that namespace and where the browser is, if anything does (nat.behind).
    """
    namespace = f"patient-{secrets.token_hex(3)}"
    with contextlib.ExitStack() as stack:
        ip("netns", "add", namespace)
        stack.callback(ip, "netns", "del", namespace)
        ip("-n", namespace, "link", "set", "lo", "up")
        first, second = (stack.enter_context(contextlib.closing(Wan(namespace, subnet))) for subnet in (77, 78))
        first.take()
        inside = stack.enter_context(home(namespace))
        door = subprocess.Popen(["ip", "netns", "exec", inside, sys.executable, __file__, "door", str(port)])
        # A browser ends what it had open when its address goes; here the door has those connections.
        first.on_leave = second.on_leave = lambda: door.send_signal(signal.SIGUSR1)
        stack.callback(door.wait)
        stack.callback(door.terminate)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wan-")))
        command = folder / "chromium"
        command.write_text(f'#!/bin/sh\nexec ip netns exec {inside} /usr/bin/chromium "$@"\n')
        command.chmod(0o755)
        yield first, second, str(command)


# --- in processes of their own ----------------------------------------------------------------------------------------

class _Direction:
    """Packets on their way from one device to the other."""

    def __init__(self, source: int, sink: int) -> None:
        self.source, self.sink = source, sink
        self.free_s = 0.0
        self.waiting: list[tuple[float, int, bytes]] = []
        self._count = 0

    def take(self, condition: Condition, now_s: float) -> None:
        packet = os.read(self.source, 2_048)
        if not condition.up or random.random() < condition.loss:
            return
        self.free_s = max(self.free_s, now_s)
        if condition.bits_per_s:
            if self.free_s - now_s > QUEUE_S:
                return
            self.free_s += 8 * len(packet) / condition.bits_per_s
        else:
            self.free_s = now_s
        self._count += 1
        heapq.heappush(self.waiting, (self.free_s + condition.delay_ms / 1_000, self._count, packet))

    def deliver(self, now_s: float) -> float:
        """Hand over what is due; when the next is."""
        while self.waiting and self.waiting[0][0] <= now_s:
            with contextlib.suppress(OSError):  # that end is down
                os.write(self.sink, heapq.heappop(self.waiting)[2])
        return self.waiting[0][0] if self.waiting else now_s + 1


def _tun(name: str) -> int:
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return fd


def _carry(namespace: str, here: str, there: str) -> None:
    ours = _tun(here)
    with open(f"/var/run/netns/{namespace}") as inside:
        assert ctypes.CDLL(None).setns(inside.fileno(), _CLONE_NEWNET) == 0
    theirs, condition = _tun(there), Condition()
    directions = [_Direction(ours, theirs), _Direction(theirs, ours)]
    print("ready", flush=True)
    due_s = 0.0
    while True:
        now_s = time.monotonic()
        ready, _, _ = select.select([sys.stdin, ours, theirs], [], [], max(0.0, due_s - now_s))
        now_s = time.monotonic()
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if not line:
                return
            condition = Condition(**json.loads(line))
        for direction in directions:
            if direction.source in ready:
                direction.take(condition, now_s)
        due_s = min(direction.deliver(now_s) for direction in directions)


def _door(port: int) -> None:
    """Hand connections to localhost on to the server; SIGUSR1 ends all of them."""
    listening = socket.create_server(("127.0.0.1", port))
    pairs: dict[socket.socket, socket.socket] = {}

    def end_all(*_: object) -> None:
        for end in pairs:
            end.close()
        pairs.clear()

    signal.signal(signal.SIGUSR1, end_all)
    while True:
        with contextlib.suppress(OSError, ValueError):  # it was ended in between
            _pass_on(listening, port, pairs)


def _pass_on(listening: socket.socket, port: int, pairs: dict[socket.socket, socket.socket]) -> None:
    while True:
        for ready in select.select([listening, *pairs], [], [])[0]:
            if ready is listening:
                inner, _ = listening.accept()
                try:
                    outer = socket.create_connection((SERVER, port), timeout=5)
                except OSError:
                    inner.close()
                    continue
                outer.settimeout(None)
                pairs |= {inner: outer, outer: inner}
                continue
            other = pairs.get(ready)
            if other is None:
                continue
            try:
                data = ready.recv(65_536)
                if data:
                    other.sendall(data)
            except OSError:
                data = b""
            if not data:
                for end in (ready, other):
                    pairs.pop(end, None)
                    end.close()


if __name__ == "__main__":
    if sys.argv[1] == "door":
        _door(int(sys.argv[2]))
    else:
        _carry(*sys.argv[1:4])
