"""A home's router on the patient's way (see wan): a namespace of its own behind it, nftables' masquerade, nothing let in.

Root and the `nft` command are needed.
"""

import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests import wan

RELAY = "10.79.0.1"  # where coturn listens, beside the server
_HERE, _INSIDE = "192.168.77.1", "192.168.77.2"
_RULES = """table ip home {{}}
delete table ip home
table ip home {{
  chain out {{ type nat hook postrouting priority srcnat; oifname "wan*" masquerade; }}
  chain through {{
    type filter hook forward priority filter;
    {more}; iifname "wan*" ct state established accept; iifname "wan*" drop;
  }}
}}
"""


def permitted() -> bool:
    """Whether this process may make routers."""
    return wan.permitted() and shutil.which("nft") is not None


def let_through(namespace: str, more: str = "") -> None:
    """What the router of this namespace lets out from now on. more: nftables' rules for what is dropped."""
    subprocess.run(["ip", "netns", "exec", namespace, "nft", "-f", "-"], input=_RULES.format(more=more), text=True, check=True)


@contextmanager
def behind(namespace: str) -> Iterator[str]:
    """A namespace whose only way is through that one."""
    inside, near, far = f"{namespace}-in", f"home{secrets.token_hex(2)}", f"in{secrets.token_hex(2)}"
    with ExitStack() as stack:
        wan.ip("netns", "add", inside)
        stack.callback(wan.ip, "netns", "del", inside)
        wan.ip("-n", inside, "link", "set", "lo", "up")
        wan.ip("-n", namespace, "link", "add", near, "type", "veth", "peer", "name", far, "netns", inside)
        for where, device, own in ((namespace, near, _HERE), (inside, far, _INSIDE)):
            wan.ip("-n", where, "addr", "add", f"{own}/30", "dev", device)
            wan.ip("-n", where, "link", "set", device, "up")
        wan.ip("-n", inside, "route", "add", "default", "via", _HERE)
        subprocess.run(["ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)
        let_through(namespace)
        yield inside


@contextmanager
def address(own: str) -> Iterator[None]:
    """One more address of this machine."""
    wan.ip("addr", "add", f"{own}/32", "dev", "lo")
    try:
        yield
    finally:
        wan.ip("addr", "del", f"{own}/32", "dev", "lo")


def certificate(folder: Path, own: str) -> tuple[Path, Path]:
    """A certificate for an address, signed by itself, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, own)])
    now = datetime.now(UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(own))]), critical=False)
            .sign(key, hashes.SHA256()))
    paths = folder / "relay.pem", folder / "relay.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
    return paths
