"""A granted token is renewed in time, by one, and a person is asked when the grant is over."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from connectors._http.client import ServiceClient
from connectors._http.errors import NeedsReauthError
from connectors._http.retry import RetryPolicy
from connectors._http.tokens import GrantedAuth, StoredToken

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Drawer:
    """A token store in memory, as several processes would share it."""

    def __init__(self, token: StoredToken | None) -> None:
        self._tokens = {"s": token} if token else {}
        self._turns = defaultdict[str, asyncio.Lock](asyncio.Lock)

    @property
    def token(self) -> StoredToken:
        return self._tokens["s"]

    async def read(self, account: str) -> StoredToken | None:
        return self._tokens.get(account)

    async def write(self, account: str, token: StoredToken) -> None:
        self._tokens[account] = token

    @asynccontextmanager
    async def renewing(self, account: str) -> AsyncIterator[None]:
        async with self._turns[account]:
            yield


def token(good_for: timedelta, access: str = "old") -> StoredToken:
    return StoredToken(
        access=SecretStr(access), refresh=SecretStr("right to renew"), good_until=NOW + good_for
    )


@pytest.fixture
async def login(server: Any, retry: RetryPolicy) -> AsyncIterator[ServiceClient]:
    client = ServiceClient(
        "s",
        server.url,
        timeout_seconds=5,
        table={400: NeedsReauthError},
        cures={NeedsReauthError: "Run `hotrod connectors authorize s`."},
        retry=retry,
    )
    yield client
    await client.aclose()


def auth(drawer: Drawer, login: ServiceClient) -> GrantedAuth:
    return GrantedAuth(
        "s",
        drawer,
        login,
        "/token",
        client_id="us",
        client_secret=SecretStr("proof"),
        clock=lambda: NOW,
    )


async def test_a_good_token_is_used_as_it_is(server: Any, login: ServiceClient) -> None:
    drawer = Drawer(token(timedelta(minutes=6)))
    assert (await auth(drawer, login).token()).get_secret_value() == "old"
    assert server.seen == []


async def test_of_two_processes_one_renews(server: Any, login: ServiceClient) -> None:
    server.answer(200, {"access_token": "new", "expires_in": 1800, "refresh_token": "next"})
    drawer = Drawer(token(timedelta(minutes=4)))
    ours, theirs = auth(drawer, login), auth(drawer, login)
    found = await asyncio.gather(ours.token(), theirs.token())
    assert [one.get_secret_value() for one in found] == ["new", "new"]
    assert b"refresh_token=right+to+renew" in server.seen[0].body
    assert drawer.token.refresh.get_secret_value() == "next"
    assert drawer.token.good_until == NOW + timedelta(minutes=30)


async def test_a_right_to_renew_that_does_not_change_is_kept(
    server: Any, login: ServiceClient
) -> None:
    server.answer(200, {"access_token": "new", "expires_in": 60})
    drawer = Drawer(token(timedelta(0)))
    await auth(drawer, login).token()
    assert drawer.token.refresh.get_secret_value() == "right to renew"


@pytest.mark.parametrize("stored", [None, token(timedelta(0))])
async def test_a_grant_that_is_over_needs_a_person(
    server: Any, login: ServiceClient, stored: StoredToken | None
) -> None:
    if stored is not None:
        server.answer(400, {"error": "invalid_grant"})
    with pytest.raises(NeedsReauthError, match="hotrod connectors authorize s"):
        await auth(Drawer(stored), login).token()


async def test_a_refused_token_is_renewed_and_the_request_sent_once_more(
    server: Any, login: ServiceClient
) -> None:
    server.answer(401)
    server.answer(200, {"access_token": "new", "expires_in": 1800})
    server.answer(200, {"fine": True})
    drawer = Drawer(token(timedelta(hours=1)))
    async with httpx.AsyncClient(auth=auth(drawer, login), trust_env=False) as client:
        response = await client.get(f"{server.url}/things")
    assert response.status_code == 200
    sent = [seen.headers.get("authorization") for seen in server.seen]
    assert sent == ["Bearer old", None, "Bearer new"]
