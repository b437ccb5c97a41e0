"""A real Firefox, spoken to in WebDriver BiDi (https://w3c.github.io/webdriver-bidi/): just what a test of a call needs."""

import asyncio
import itertools
import json
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

FIREFOX = "firefox-esr"
PREFERENCES = {
    "media.navigator.streams.fake": True, "media.navigator.permission.disabled": True, "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": True, "media.peerconnection.ice.obfuscate_host_addresses": False,
    # No H.264 plugin to fetch, no first page, nothing asked of the world.
    "media.gmp-gmpopenh264.enabled": False, "browser.startup.page": 0, "datareporting.policy.dataSubmissionEnabled": False,
    "app.normandy.enabled": False, "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False, "services.settings.server": "data:,",
}
START_S = 60.0


class FirefoxPage:
    """One page. `evaluate` takes a function's text and one argument, and gives what it returns, as JSON."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._numbers, self._context = socket, itertools.count(1), ""

    async def command(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            answer = json.loads((await self._socket.receive(timeout=30)).data)
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]

    async def open(self, url: str) -> None:
        await self.command("session.new", capabilities={})
        self._context = (await self.command("browsingContext.create", type="tab"))["context"]
        await self.command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def evaluate(self, function: str, argument: Any = None) -> Any:
        told = await self.command(
            "script.callFunction", target={"context": self._context}, awaitPromise=True,
            functionDeclaration=f"async (given) => JSON.stringify(await ({function})(JSON.parse(given)) ?? null)",
            arguments=[{"type": "string", "value": json.dumps(argument)}])
        assert told["type"] == "success", told
        return json.loads(told["result"]["value"])

    async def wait_for(self, condition: str, within_s: float = 20) -> None:
        async with asyncio.timeout(within_s):
            while not await self.evaluate(condition):
                await asyncio.sleep(0.1)


@asynccontextmanager
async def firefox(profile: Path) -> AsyncIterator[FirefoxPage]:
    """Start it, with a camera and a microphone that are made up."""
    profile.mkdir()
    (profile / "user.js").write_text("".join(
        f'user_pref("{name}", {json.dumps(value)});\n' for name, value in PREFERENCES.items()))
    process = await asyncio.create_subprocess_exec(
        FIREFOX, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port=0",
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        address = await asyncio.wait_for(_address(process), START_S)
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{address}/session", max_msg_size=0) as socket:
            yield FirefoxPage(socket)
    finally:
        process.terminate()
        await process.communicate()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode():
        if found := re.search(r"ws://\S+", line):
            return found[0]
    raise TimeoutError("Firefox did not start")
