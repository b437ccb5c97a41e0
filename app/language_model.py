"""An OpenAI-compatible language model on the site's own network, where one is set. Nothing clinical goes anywhere else.

The address is checked at every call, after its name was resolved and before anything is sent: loopback or private only,
unless the site said otherwise. No proxy is used and no redirect followed.
"""

import asyncio
import ipaddress
import json
import socket
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from app.settings import Settings

ANSWER_BYTES = 512 * 1024

log = structlog.get_logger(__name__)


class AddressRefused(OSError):
    """The model's address is not on the site's own network."""


def is_own(address: str) -> bool:
    """Whether an IP address is this machine's or a private network's; not link-local, where cloud metadata lives."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.is_loopback:
        return True
    return ip.is_private and not (ip.is_link_local or ip.is_unspecified or ip.is_multicast or ip.is_reserved)


class OwnNetwork(AbstractResolver):
    """Resolves names to addresses of the site's own network alone."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
                      ) -> list[ResolveResult]:
        """All addresses of the name. Raises AddressRefused when one of them is not ours."""
        found = await self._inner.resolve(host, port, family)
        if not found or not all(is_own(each["host"]) for each in found):
            raise AddressRefused
        return found

    async def close(self) -> None:
        """Nothing is held."""


class LanguageModel:
    """The model of these settings; `name` is what the note says worded it."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.llm_url.rstrip("/") + "/chat/completions"
        self._key, self._anywhere = settings.llm_key.get_secret_value(), settings.llm_anywhere
        self._seconds, self.name = settings.llm_seconds, settings.llm_model

    async def ask(self, messages: list[dict[str, str]]) -> str | None:
        """What the model answers; None when nothing usable came in time. No word of either is logged."""
        try:
            self._refuse_foreign()
            async with asyncio.timeout(self._seconds):
                return _content(await self._post(messages))
        except (ClientError, TimeoutError, OSError, ValueError, LookupError, TypeError) as failure:
            refused = isinstance(failure.__cause__ or failure, AddressRefused)
            log.warning("language model not used", error="AddressRefused" if refused else type(failure).__name__)
            return None

    def _refuse_foreign(self) -> None:
        """An address that needs no resolving is checked here."""
        host = urlsplit(self._url).hostname or ""
        try:
            own = is_own(host)
        except ValueError:  # a name: OwnNetwork looks at what it stands for
            return
        if not (own or self._anywhere):
            raise AddressRefused

    async def _post(self, messages: list[dict[str, str]]) -> bytes:
        asked = {"model": self.name, "messages": messages, "temperature": 0, "stream": False,
                 "response_format": {"type": "json_object"}}
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        connector = TCPConnector(resolver=None if self._anywhere else OwnNetwork(), use_dns_cache=False)
        async with (
            ClientSession(connector=connector, timeout=ClientTimeout(total=self._seconds), trust_env=False) as session,
            session.post(self._url, json=asked, headers=headers, allow_redirects=False) as answer,
        ):
            if answer.status != HTTPStatus.OK:
                raise ValueError
            held = bytearray()
            async for piece in answer.content.iter_any():
                held += piece
                if len(held) > ANSWER_BYTES:
                    raise ValueError
            return bytes(held)


def of_settings(settings: Settings) -> LanguageModel | None:
    """The site's model; None while none is set, as it is from the start."""
    return LanguageModel(settings) if settings.llm_url else None


def _content(answer: bytes) -> str:
    given: Any = json.loads(answer)
    content = given["choices"][0]["message"]["content"]
    if not isinstance(content, str):
        raise TypeError
    return content
