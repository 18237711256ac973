"""What vendors' libraries do in threads has an end, whatever the server does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.errors import UnknownOutcomeError
from connectors.hubspot.client import HubSpotClient
from connectors.mail.gmail import GmailMail
from tests.connectors.conftest import FaultyServer
from tests.connectors.google_kit import settings
from tests.connectors.mail.ews_kit import MIME, connect, send

SECONDS = 0.1

Write = Callable[[], Awaitable[object]]


@asynccontextmanager
async def gmail(server: FaultyServer) -> AsyncIterator[Write]:
    client = GmailMail(**{**settings(server), "timeout_seconds": SECONDS})
    yield lambda: client.send(MIME, mailbox="me", sender="a@example.com", recipients=[])
    await client.aclose()


@asynccontextmanager
async def hubspot(server: FaultyServer) -> AsyncIterator[Write]:
    client = HubSpotClient(
        base_url=server.url,
        access_token=SecretStr("pat-hunter2"),
        timeout_seconds=SECONDS,
        shared=Shared(),
        searches=Shared(),
    )
    yield lambda: client.create_object("contacts", {"email": "ann@example.com"})
    await client.aclose()


@asynccontextmanager
async def ews(server: FaultyServer) -> AsyncIterator[Write]:
    client = connect(server.url, timeout_seconds=SECONDS)
    yield lambda: send(client)
    await client.aclose()


Open = Callable[[FaultyServer], AbstractAsyncContextManager[Write]]


@pytest.mark.parametrize("open_", [gmail, hubspot, ews])
async def test_an_answer_that_drips_for_ever_is_cut_off(server: FaultyServer, open_: Open) -> None:
    async with open_(server) as write:
        server.drip()

        with pytest.raises(UnknownOutcomeError, match="TimeoutError"):
            await write()

        async with asyncio.timeout(5):
            await server.cut.wait()


@pytest.mark.parametrize("open_", [gmail, hubspot, ews])
async def test_a_call_that_is_cancelled_is_cut_off(server: FaultyServer, open_: Open) -> None:
    async with open_(server) as write:
        server.drip()
        call = asyncio.ensure_future(write())
        async with asyncio.timeout(5):
            await server.dripping.wait()
            call.cancel()
            await server.cut.wait()
        await asyncio.gather(call, return_exceptions=True)
