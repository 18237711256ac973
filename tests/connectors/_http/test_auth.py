from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from connectors._http.auth import BearerAuth, ClientCredentialsAuth
from connectors._http.client import ServiceClient
from connectors._http.errors import ConnectorError, NeedsReauthError, TransientError
from connectors._http.retry import RetryPolicy

PATH = "/tenant/oauth2/v2.0/token"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(server: Any, retry: RetryPolicy, clock: Clock) -> AsyncIterator[ServiceClient]:
    auth = ClientCredentialsAuth(
        "things",
        server.url,
        PATH,
        client_id="us",
        client_secret=SecretStr("hunter2"),
        scope="all",
        timeout_seconds=5.0,
        retry=retry,
        clock=clock,
    )
    client = ServiceClient("things", server.url, timeout_seconds=5.0, auth=auth, retry=retry)
    yield client
    await client.aclose()
    await auth.aclose()


def grant(server: Any, token: str, expires_in: int = 3600) -> None:
    server.answer(200, {"access_token": token, "expires_in": expires_in, "token_type": "Bearer"})


def sent(server: Any) -> list[str]:
    """Return the paths of the requests, with the token of those that carry one."""
    return [f"{s.target} {s.headers.get('authorization', '')}".strip() for s in server.seen]


async def failure(client: ServiceClient) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await client.send("get_thing", "GET", "/a")
    return caught.value


async def test_a_token_is_asked_for_once_and_kept(server: Any, client: ServiceClient) -> None:
    grant(server, "t1")
    server.answer(200)
    server.answer(200)

    await client.send("get_thing", "GET", "/a")
    await client.send("get_thing", "GET", "/b")

    assert sent(server) == [PATH, "/a Bearer t1", "/b Bearer t1"]
    assert parse_qs(server.seen[0].body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["us"],
        "client_secret": ["hunter2"],
        "scope": ["all"],
    }


async def test_a_token_is_renewed_before_it_expires(
    server: Any, client: ServiceClient, clock: Clock
) -> None:
    grant(server, "t1", expires_in=3600)
    server.answer(200)
    await client.send("get_thing", "GET", "/a")
    clock.now = 3481.0
    grant(server, "t2")
    server.answer(200)

    await client.send("get_thing", "GET", "/b")

    assert sent(server)[2:] == [PATH, "/b Bearer t2"]


async def test_a_refused_token_is_renewed_once_even_for_a_write(
    server: Any, client: ServiceClient
) -> None:
    grant(server, "t1")
    server.answer(401)
    grant(server, "t2")
    server.answer(202)

    await client.send("add_thing", "POST", "/a", content=b"body")

    assert sent(server) == [PATH, "/a Bearer t1", PATH, "/a Bearer t2"]
    assert server.seen[1].body == server.seen[3].body == b"body"


async def test_refused_twice_needs_a_person(server: Any, client: ServiceClient) -> None:
    grant(server, "t1")
    server.answer(401)
    grant(server, "t2")
    server.answer(401)

    assert type(await failure(client)) is NeedsReauthError
    assert len(server.seen) == 4


async def test_many_at_once_renew_once(server: Any, client: ServiceClient) -> None:
    grant(server, "t1")
    for _ in range(5):
        server.answer(200)

    await asyncio.gather(*(client.send("get_thing", "GET", f"/{n}") for n in range(5)))

    assert [line for line in sent(server) if PATH in line] == [PATH]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_refused_secret_needs_a_person(
    server: Any, client: ServiceClient, status: int
) -> None:
    server.answer(status, {"error": "invalid_client", "error_description": "tenant of ann@x.ca"})

    error = await failure(client)

    assert type(error) is NeedsReauthError
    assert error.message == f"answered {status} invalid_client"
    assert len(server.seen) == 1


@pytest.mark.parametrize("fault", [lambda s: s.answer(503, b"busy"), lambda s: s.reset()])
async def test_a_token_service_that_fails_is_tried_three_times_and_not_nine(
    server: Any, client: ServiceClient, fault: Callable[[Any], None]
) -> None:
    for _ in range(3):
        fault(server)

    error = await failure(client)

    assert type(error) is TransientError
    assert error.operation == "token"
    assert len(server.seen) == 3


async def test_a_fault_of_another_shape_is_still_classified(
    server: Any, client: ServiceClient
) -> None:
    server.answer(400, b"<html>")

    assert type(await failure(client)) is NeedsReauthError


async def test_a_fixed_token_is_put_on_each_request(server: Any) -> None:
    client = ServiceClient(
        "things", server.url, timeout_seconds=5.0, auth=BearerAuth(SecretStr("fixed"))
    )
    server.answer(200)

    await client.send("get_thing", "GET", "/a")
    await client.aclose()

    assert sent(server) == ["/a Bearer fixed"]
