"""The stand-ins, running for all of these tests, empty for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage

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


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as client:
        yield client


@pytest.fixture
async def graph(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """A client of Graph that is logged in."""
    url = sandbox.url + "/graph/v1.0"
    async with httpx.AsyncClient(base_url=url, trust_env=False) as graph:
        login = await graph.post(sandbox.url + LOGIN, data=CREDENTIALS)
        graph.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
        yield graph


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
