"""A browser without a screen: keeps cookies, reads forms, submits them; what the rehearsal signs in with."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import aiohttp
from yarl import URL

TIMEOUT = aiohttp.ClientTimeout(total=30)


class RehearsalFailed(Exception):
    """The rehearsal met something that a visit may not meet; the text says what."""


@dataclass
class Form:
    """A form of a page: where it goes and the values it holds."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class _FormReader(HTMLParser):
    """Collects forms with their input values, as a browser would send them untouched."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self._at = at
        self.forms: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        if tag == "form":
            self._open = Form(urljoin(self._at, values.get("action") or self._at), values.get("method", "get").lower())
            self.forms.append(self._open)
        elif self._open is not None and tag in ("input", "textarea", "select", "button") and values.get("name"):
            self._add(self._open, values)

    def _add(self, form: Form, values: dict[str, str]) -> None:
        form.names.add(values["name"])
        ticked = values.get("type") not in ("checkbox", "radio") or "checked" in values
        if ticked and values.get("type") not in ("submit", "button"):
            form.values.setdefault(values["name"], values.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was answered: its address, text and forms."""

    url: str
    text: str
    forms: list[Form]

    @property
    def path(self) -> str:
        """The path of its address."""
        return urlsplit(self.url).path


class Browser:
    """One person's cookies and the pages they see. Raises RehearsalFailed on any error page."""

    def __init__(self, base_url: str, language: str) -> None:
        self._base = base_url
        # unsafe: a cookie jar keeps no cookies of IP addresses otherwise
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=TIMEOUT,
            headers={"Accept-Language": language, "User-Agent": "colloque-rehearsal"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        await self._session.close()

    async def get(self, path: str) -> Page:
        """Open a page."""
        async with self._session.get(urljoin(self._base, path)) as answer:
            return await self._page(answer)

    async def json(self, path: str) -> dict[str, object]:
        """Ask for JSON."""
        async with self._session.get(urljoin(self._base, path), headers={"Accept": "application/json"}) as answer:
            if answer.status >= 400:
                raise RehearsalFailed(f"{urlsplit(path).path} answered {answer.status}")
            body: dict[str, object] = await answer.json()
            return body

    async def submit(self, page: Page, *, to: str = "", **fields: str) -> Page:
        """Submit the page's form whose action ends with `to` and that has all these fields."""
        form = next((f for f in page.forms if f.method == "post" and urlsplit(f.action).path.endswith(to)
                     and f.names >= fields.keys()), None)
        if form is None:
            raise RehearsalFailed(f"{page.path} has no form to {to or 'post'} with {', '.join(fields) or 'no field'}")
        headers = {"Origin": str(URL(self._base).origin())}
        async with self._session.post(form.action, data=form.values | fields, headers=headers) as answer:
            return await self._page(answer)

    async def socket(self, path: str) -> aiohttp.ClientWebSocketResponse:
        """Open a WebSocket as this page's script would."""
        headers = {"Origin": str(URL(self._base).origin())}
        return await self._session.ws_connect(urljoin(self._base, path), headers=headers, heartbeat=15)

    async def _page(self, answer: aiohttp.ClientResponse) -> Page:
        text = await answer.text()
        path = answer.url.path if answer.url.path.count("/") < 2 else "/" + answer.url.path.split("/")[1] + "/…"
        if answer.status >= 400:
            raise RehearsalFailed(f"{path} answered {answer.status}")
        reader = _FormReader(str(answer.url))
        reader.feed(text)
        return Page(str(answer.url), text, reader.forms)
