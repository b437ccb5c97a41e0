"""Where rooms live, agreed by compare and set over a real NATS server: never on two nodes, and never by a stranger's word."""

import asyncio
import json
import secrets

import pytest

from app.machines import placement, server
from app.machines.placement import NODES, ROOMS, Bucket, Placement, Presence
from tests.app.machines.conftest import KEY
from webrtc.signaling import Hello, Load

HELLO = Hello(node="media-far", public_key="A" * 43 + "=", rooms=[]).model_dump_json()


@pytest.fixture
async def webs(nats):
    """Two web processes' placements, connected."""
    made = [Placement(nats.url, KEY) for _ in range(2)]
    running = [web.connected() for web in made]
    for lives in running:
        await anext(lives)
    async with asyncio.timeout(10):
        while any(not web._reaches() for web in made):
            await asyncio.sleep(0.02)
    yield made
    for lives in running:
        await anext(lives, None)


@pytest.fixture
async def client(nats):
    async with server.connected(nats.url, "test") as connected:
        yield connected


async def test_two_web_processes_never_place_a_room_on_two_nodes(webs):
    one, other = webs
    for n in range(50):
        agreed = await asyncio.gather(one.settle(f"visit{n}", "media-a", connected=["media-a", "media-b"]),
                                      other.settle(f"visit{n}", "media-b", connected=["media-a", "media-b"]))
        assert len(set(agreed)) == 1, agreed


async def test_a_dead_node_s_room_moves_once_whoever_notices(webs):
    for n in range(50):
        await webs[0].settle(f"visit{n}", "media-dead", connected=["media-dead"])
        agreed = await asyncio.gather(*(
            web.settle(f"visit{n}", new, connected=["media-a", "media-b"], instead_of="media-dead")
            for web, new in zip(webs, ("media-a", "media-b"), strict=True)))
        assert len(set(agreed)) == 1, agreed
        assert agreed[0] != "media-dead"


async def test_a_web_process_that_knows_nothing_waits_for_a_node_that_lives(webs, client, monkeypatch):
    monkeypatch.setattr(placement, "NODE_LIVES_S", 2.0)
    await webs[0].settle("visit", "media-far", connected=["media-far"])
    presence = Presence(client, KEY)
    telling = asyncio.create_task(presence.run())
    hear = presence.overhear()
    hear(HELLO)
    hear(Load(participants=2, loop_lag_ms=0.1, admitting=False).model_dump_json())
    hear("no JSON")
    nodes = await Bucket.opened(client, NODES, KEY)
    async with asyncio.timeout(10):
        while not (said := (await nodes.get("media-far"))[0]) or json.loads(said)["participants"] != 2:
            await asyncio.sleep(0.02)
    assert json.loads(said)["admitting"] is False
    assert await webs[1].settle("visit", "media-b", connected=["media-b"]) == "media-far"
    telling.cancel()  # its machine dies
    await asyncio.gather(telling, return_exceptions=True)
    await nodes.forget("media-far")
    assert await webs[1].settle("visit", "media-b", connected=["media-b"]) == "media-b"


async def test_what_a_node_s_machine_says_is_forgotten_when_it_says_no_more(client, monkeypatch):
    monkeypatch.setattr(placement, "NODE_LIVES_S", 1.0)
    nodes = await Bucket.opened(client, NODES, KEY)
    await nodes.put("media-far", "{}")
    assert (await nodes.get("media-far"))[0]
    async with asyncio.timeout(10):
        while (await nodes.get("media-far"))[0]:
            await asyncio.sleep(0.1)


async def test_while_the_server_is_away_web_places_by_itself_and_tells_it_afterwards(webs, nats):
    one, other = webs
    nats.kill()
    async with asyncio.timeout(10):
        while one._reaches():
            await asyncio.sleep(0.02)
    assert one.away()
    async with asyncio.timeout(0.5):  # nobody waits for it
        assert await one.settle("visit", "media-a", connected=["media-a"]) == "media-a"
        await one.settle("ended", "media-a", connected=["media-a"])
        await one.forget("ended")
    nats.start()
    async with asyncio.timeout(20):
        while not (one._reaches() and other._reaches()):
            await asyncio.sleep(0.02)
        while await other.settle("visit", "media-b", connected=["media-a", "media-b"]) != "media-a":
            await asyncio.sleep(0.1)
            await other.forget("visit")
            await one.settle("visit", "media-a", connected=["media-a"])


async def test_a_room_that_ended_is_forgotten(webs, client):
    await webs[0].settle("visit", "media-a", connected=["media-a"])
    await webs[0].forget("visit")
    assert (await (await Bucket.opened(client, ROOMS, KEY)).get("visit"))[0] == ""
    assert await webs[1].settle("visit", "media-b", connected=["media-a", "media-b"]) == "media-b"


async def test_who_lacks_the_machines_key_places_nothing_and_reads_nothing(webs, client):
    jetstream = client.jetstream()
    await webs[0].settle("visit", "media-a", connected=["media-a"])
    kept = await jetstream.key_value(ROOMS)
    sealed = (await kept.get("visit")).value
    assert b"media-a" not in sealed
    forged = await Bucket.opened(client, ROOMS, secrets.token_bytes(32))
    await forged.put("visit", "media-evil")
    await forged.put("another", "media-evil")
    await kept.put("elsewhere", sealed)  # ours, under another name
    for room in ("visit", "another", "elsewhere"):
        assert await webs[1].settle(room, "media-b", connected=["media-a", "media-b", "media-evil"]) == "media-b"
    nodes = await Bucket.opened(client, NODES, secrets.token_bytes(32))
    await nodes.put("media-ghost", "{}")  # a dead node that somebody says lives
    await webs[0].settle("held", "media-ghost", connected=["media-ghost"])
    assert await webs[1].settle("held", "media-b", connected=["media-b"]) == "media-b"
