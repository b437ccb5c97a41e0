"""Fixtures of the front door: a clinic with a booked visit, and browsers in front of the real application."""

import pytest

from app.settings import Settings
from app.web import links, signin
from tests.app.front_door import Visitor, open_clinic


@pytest.fixture
def settings(tmp_path):
    # An address of the unroutable test net: nothing of these tests leaves the machine.
    return Settings(_env_file=None, mode="demo", data_dir=tmp_path, base_url="http://colloque.test")


@pytest.fixture
def front(db, clock, settings):
    return open_clinic(db, clock, settings)


@pytest.fixture(autouse=True)
def forget_tries():
    """Rate limits live as long as the process: each test starts fresh."""
    for limit in (signin.TRIES, signin.TRIES_OF_ONE_ACCOUNT, signin.TRIES_OF_KNOWN_BROWSER, links.OPENINGS, links.CODES):
        limit.forget()


@pytest.fixture
async def browser(front, aiohttp_client):
    """Opens a new browser in front of the application."""
    from app.application import build  # the whole house: only tests of pages need it

    client = await aiohttp_client(build(front.settings, front.db))
    visitors = []

    def another(language="fr"):
        visitor = Visitor(client)
        visitor.client.session.headers["Accept-Language"] = language
        visitor.client.session.cookie_jar.clear()
        visitors.append(visitor)
        return visitor

    return another
