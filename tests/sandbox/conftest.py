"""The stand-ins, running for all of these tests, empty for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

from sandbox import Sandbox, running_sandbox

LOGIN = "/graph/login/sandbox/oauth2/v2.0/token"
CREDENTIALS = {
    "grant_type": "client_credentials",
    "client_id": "sandbox",
    "client_secret": "sandbox-secret",
    "scope": "https://graph.microsoft.com/.default",
}
SHOP = "repairs@shop.example.com"


@pytest.fixture(scope="session")
async def running() -> AsyncIterator[Sandbox]:
    async with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.state.reset()
    return running


@pytest.fixture(scope="session")
async def http(running: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """One client for all tests: making one reads the certificate store, which is slow."""
    async with httpx.AsyncClient(base_url=running.url, trust_env=False) as http:
        yield http


@pytest.fixture
def client(sandbox: Sandbox, http: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of the stand-ins, which have forgotten what was before."""
    return http


Headers = dict[str, str] | None


def _whole(url: str) -> str:
    return url if url.startswith("http") else f"/graph/v1.0{url}"


class GraphClient:
    """Graph's mail endpoints, logged in."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, url: str, headers: Headers = None, **more: Any) -> httpx.Response:
        return await self._client.get(
            _whole(url), headers={**self._headers, **(headers or {})}, **more
        )

    async def post(self, url: str, headers: Headers = None, **more: Any) -> httpx.Response:
        return await self._client.post(
            _whole(url), headers={**self._headers, **(headers or {})}, **more
        )


@pytest.fixture
async def graph(client: httpx.AsyncClient) -> GraphClient:
    login = await client.post(LOGIN, data=CREDENTIALS)
    return GraphClient(client, login.json()["access_token"])


@pytest.fixture
def order_fault(client: httpx.AsyncClient) -> Callable[..., Awaitable[None]]:
    async def order(service: str, kind: str, **more: object) -> None:
        fault = {"service": service, "kind": kind, **more}
        (await client.post("/_control/faults", json=fault)).raise_for_status()

    return order


@pytest.fixture
def write_mail() -> Callable[..., EmailMessage]:
    def write(message_id: str = "<one@shop.example.com>", **headers: str) -> EmailMessage:
        mail = EmailMessage()
        given = {
            "From": f"Shop <{SHOP}>",
            "To": "Ann <ann@example.org>",
            "Subject": "Your repair",
            "Message-ID": message_id,
            **headers,
        }
        for name, value in given.items():
            if value:
                mail[name] = value
        mail.set_content("Hello, it's ready.")
        mail.add_alternative("<p>Hello, it's <b>ready</b>.</p>", subtype="html")
        return mail

    return write
