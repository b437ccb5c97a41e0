"""The relay as docs/turnserver.conf sets it up: whom it lets in, and where it leads."""

import asyncio
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from aioice import stun
from aioice.turn import TurnClientUdpProtocol

from app.clock import utc_now
from app.settings import Settings
from app.web.call import TURN_LIFE, ice_servers
from tests.coturn import Relay, coturn
from tests.trips.conftest import free_port

ELSEWHERE = ["127.0.0.2", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "8.8.8.8"]


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    server = Relay(free_port(), free_port(), secrets.token_urlsafe(24), tmp_path / "coturn.log")
    with coturn(tmp_path, server):
        yield server


async def client_of(relay: Relay, secret: str, ago: timedelta = timedelta()) -> TurnClientUdpProtocol:
    """A client with the credential that Colloque made from this secret, so long ago."""
    (made,) = ice_servers(Settings(_env_file=None, turn_urls=relay.urls[0], turn_secret=secret), "somebody", utc_now() - ago)
    server = ("127.0.0.1", relay.port)
    _, client = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: TurnClientUdpProtocol(server, username=made["username"], password=made["credential"], lifetime=600,
                                      channel_refresh_time=500), remote_addr=server)
    return client


async def test_it_leads_to_the_media_node_and_nowhere_else(relay: Relay) -> None:
    client = await client_of(relay, relay.secret)
    await client.connect()
    await client.channel_bind(0x4000, ("127.0.0.1", 50_000))
    for n, address in enumerate(ELSEWHERE, 1):
        with pytest.raises(stun.TransactionFailed, match="403"):
            await client.channel_bind(0x4000 + n, (address, 80))
    await client.delete()


@pytest.mark.parametrize(("secret", "ago"), [("guessed", timedelta()), (None, TURN_LIFE + timedelta(minutes=1))])
async def test_a_guessed_or_old_credential_opens_nothing(relay: Relay, secret: str | None, ago: timedelta) -> None:
    client = await client_of(relay, secret or relay.secret, ago)
    with pytest.raises(stun.TransactionFailed, match="401"):
        await client.connect()
    client.transport.close()
