"""Real coturn with the repository's configuration: only the lines that it calls a site's own, and the ports, are changed."""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CONFIGURATION = Path(__file__).resolve().parents[1] / "docs" / "turnserver.conf"
START_S = 15.0


@dataclass(frozen=True)
class Relay:
    """A running TURN server, on loopback unless told otherwise, which relays to one peer alone."""

    port: int
    tls_port: int
    secret: str
    log: Path
    address: str = "127.0.0.1"
    peer: str = "127.0.0.1"

    @property
    def urls(self) -> list[str]:
        """UDP, TCP and TLS."""
        named = "localhost" if self.address == "127.0.0.1" else self.address  # as the certificate says
        return [f"turn:{self.address}:{self.port}?transport=udp", f"turn:{self.address}:{self.port}?transport=tcp",
                f"turns:{named}:{self.tls_port}?transport=tcp"]

    def carried(self) -> dict[str, int]:
        """Packets that each credential's sessions, once closed, had sent through it."""
        packets: dict[str, int] = {}
        for user, count in re.findall(r" usage: realm=<[^>]*>, username=<([^>]+)>, rp=(\d+)", self.log.read_text()):
            packets[user] = packets.get(user, 0) + int(count)
        return packets


@contextmanager
def coturn(folder: Path, relay: Relay, certificate: Path | None = None, key: Path | None = None) -> Iterator[None]:
    """Start it, with TLS when it has a certificate; wait until it answers."""
    ours = {"realm": "localhost", "static-auth-secret": relay.secret, "allowed-peer-ip": relay.peer, "cert": certificate,
            "pkey": key, "listening-port": relay.port, "tls-listening-port": relay.tls_port, "syslog": None,
            "no-stdout-log": None}
    text = CONFIGURATION.read_text()
    for name, value in ours.items():
        text, changed = re.subn(rf"^{name}(=.*)?$", "" if value is None else f"{name}={value}", text, flags=re.MULTILINE)
        assert changed == 1, f"{CONFIGURATION} has no line for {name}"
    text += (f"\nlistening-ip={relay.address}\nrelay-ip={relay.address}\nallow-loopback-peers\nlog-file={relay.log}\nsimple-log\nverbose\n"
             f"pidfile={folder}/coturn.pid\nuserdb={folder}/coturn.db\n")
    (folder / "turnserver.conf").write_text(text)
    process = subprocess.Popen(["turnserver", "-c", str(folder / "turnserver.conf")], cwd=folder,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + START_S
        while not _answers(relay):
            assert process.poll() is None and time.monotonic() < until, relay.log.read_text()[-3000:]
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _answers(relay: Relay) -> bool:
    try:
        with socket.create_connection((relay.address, relay.port), 5):
            return True
    except OSError:
        return False
