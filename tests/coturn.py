"""Real coturn with the repository's configuration: only the lines that it calls a site's own, and the ports, are changed."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.started import until_it_answers

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
        """Packets that the sessions of each name (a browser's socket), once closed, had sent through it.

        A credential is a name and a time: who joins again over the same socket gets another of the same name.
        """
        packets: dict[str, int] = {}
        for user, count in re.findall(r" usage: realm=<[^>]*>, username=<\d+:([^>]+)>, rp=(\d+)", self.log.read_text()):
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
        until_it_answers(process, relay.log, relay.address, relay.port, within_s=START_S)
        yield
    finally:
        process.terminate()
        process.wait(10)
