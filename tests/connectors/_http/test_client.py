"""The fault matrix: which class of error, how many requests, and never a second write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import structlog
from pydantic import BaseModel, SecretStr

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.client import ServiceClient
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    Problem,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.limits import MemoryLimiter, Rate
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy


class Thing(BaseModel):
    name: str


@pytest.fixture
async def make(retry: RetryPolicy) -> AsyncIterator[Callable[..., ServiceClient]]:
    made: list[ServiceClient] = []

    def make(url: str, **options: Any) -> ServiceClient:
        options = {"timeout_seconds": 5.0, "retry": retry, **options}
        made.append(ServiceClient("things", url, **options))
        return made[-1]

    yield make
    for client in made:
        await client.aclose()


@pytest.fixture
def client(server: Any, make: Callable[..., ServiceClient]) -> ServiceClient:
    return make(server.url)


async def failure(client: ServiceClient, method: str) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await client.fetch(Thing, "get_thing", method, "/things/1")
    return caught.value


async def test_an_answer_comes_as_a_model(server: Any, make: Callable[..., ServiceClient]) -> None:
    server.answer(200, {"name": "lamp"})

    thing = await make(f"{server.url}/v1").fetch(
        Thing,
        "get_thing",
        "GET",
        "/things/1",
        params={"$filter": "name eq 'a b'"},
        headers={"X-Test": "1"},
    )

    assert thing == Thing(name="lamp")
    assert server.seen[0].target.startswith("/v1/things/1?%24filter=name")
    assert server.seen[0].headers["x-test"] == "1"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_read_is_tried_three_times(
    server: Any, client: ServiceClient, waits: list[float], status: int
) -> None:
    for _ in range(3):
        server.answer(status)

    error = await failure(client, "GET")

    assert type(error) is (RateLimitedError if status == 429 else TransientError)
    assert len(server.seen) == 3
    assert waits == [1.0, 2.0]


@pytest.mark.parametrize("fault", ["reset", "truncate"])
async def test_a_read_survives_a_lost_connection(
    server: Any, client: ServiceClient, fault: str
) -> None:
    getattr(server, fault)()
    server.answer(200, {"name": "lamp"})

    assert await client.fetch(Thing, "get_thing", "GET", "/things/1") == Thing(name="lamp")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, UnknownOutcomeError),
        (503, UnknownOutcomeError),
        (408, UnknownOutcomeError),
        (429, RateLimitedError),
        (400, RejectedError),
        (302, RejectedError),
        (401, NeedsReauthError),
        (404, ServiceNotFoundError),
    ],
)
async def test_a_write_is_sent_once(
    server: Any, client: ServiceClient, waits: list[float], status: int, kind: type[ConnectorError]
) -> None:
    server.answer(status)

    assert type(await failure(client, "POST")) is kind
    assert len(server.seen) == 1
    assert waits == []


@pytest.mark.parametrize("fault", ["reset", "truncate"])
async def test_a_write_whose_answer_is_lost_is_unknown_and_not_repeated(
    server: Any, client: ServiceClient, fault: str
) -> None:
    getattr(server, fault)()

    assert type(await failure(client, "POST")) is UnknownOutcomeError
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("method", "kind", "requests"), [("GET", TransientError, 3), ("POST", UnknownOutcomeError, 1)]
)
async def test_no_answer_in_time(
    server: Any,
    make: Callable[..., ServiceClient],
    method: str,
    kind: type[ConnectorError],
    requests: int,
) -> None:
    for _ in range(requests):
        server.hold()

    error = await failure(make(server.url, timeout_seconds=0.1), method)

    assert type(error) is kind
    assert "ReadTimeout" in error.message
    assert len(server.seen) == requests


async def test_a_write_that_was_never_sent_is_transient(
    make: Callable[..., ServiceClient], closed_port: int, waits: list[float]
) -> None:
    error = await failure(make(f"http://127.0.0.1:{closed_port}"), "POST")

    assert type(error) is TransientError
    assert waits == []


async def test_a_short_retry_after_is_waited_out_even_for_a_write(
    server: Any, client: ServiceClient, waits: list[float]
) -> None:
    server.answer(429, retry_after="7")
    server.answer(200, {"name": "lamp"})

    assert await client.fetch(Thing, "add_thing", "POST", "/things", json={"a": 1})
    assert waits == [7.0]
    assert server.seen[0].body == server.seen[1].body == b'{"a":1}'


async def test_a_long_retry_after_is_left_to_the_caller(
    server: Any, client: ServiceClient, waits: list[float]
) -> None:
    server.answer(429, retry_after="120")

    error = await failure(client, "GET")

    assert error.retry_after_seconds == 120.0
    assert waits == []


async def test_a_post_marked_safe_is_tried_again(server: Any, client: ServiceClient) -> None:
    server.answer(503, retry_after="3")
    server.answer(200, {"name": "lamp"})

    assert await client.fetch(Thing, "find_things", "POST", "/search", safe=True)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b'{"name": "la', "application/json"), (b"<html>busy</html>", "text/html"), (b"[]", "x/y")],
)
@pytest.mark.parametrize(
    ("method", "kind"), [("GET", TransientError), ("PUT", UnknownOutcomeError)]
)
async def test_an_answer_that_cannot_be_read(
    server: Any,
    client: ServiceClient,
    body: bytes,
    content_type: str,
    method: str,
    kind: type[ConnectorError],
) -> None:
    tries = 3 if kind is TransientError else 1
    for _ in range(tries):
        server.answer(200, body, Content_Type=content_type)

    error = await failure(client, method)

    assert type(error) is kind
    assert content_type in error.message
    assert "busy" not in error.message
    assert len(server.seen) == tries


async def test_an_answer_that_says_what_went_wrong_is_a_failure_of_the_call(
    server: Any, make: Callable[..., ServiceClient]
) -> None:
    recorder = MemoryRecorder()
    client = make(server.url, shared=Shared(recorder=recorder))

    def check(thing: Thing) -> None:
        raise RejectedError("things", "get_thing", f"no {thing.name}")

    server.answer(200, {"name": "lamp"})
    with pytest.raises(RejectedError, match="no lamp"):
        await client.fetch(Thing, "get_thing", "GET", "/things/1", check=check)

    assert [call.outcome for call in recorder.calls] == ["RejectedError"]


async def test_an_answer_that_drips_for_ever_ends(
    make: Callable[..., ServiceClient], unused_tcp_port: int
) -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.01)

    async with await asyncio.start_server(drip, "127.0.0.1", unused_tcp_port):
        client = make(f"http://127.0.0.1:{unused_tcp_port}", timeout_seconds=0.1)
        error = await failure(client, "PUT")
        await client.aclose()

    assert type(error) is UnknownOutcomeError


async def test_a_url_that_is_none_is_rejected(make: Callable[..., ServiceClient]) -> None:
    assert type(await failure(make("graph.example.com"), "GET")) is RejectedError


async def test_the_vendors_words_are_told_without_secrets(
    server: Any, make: Callable[..., ServiceClient]
) -> None:
    def read_problem(response: httpx.Response) -> Problem:
        return Problem("bad_user", response.text)

    client = make(
        server.url,
        read_problem=read_problem,
        table={"bad_user": ServiceNotFoundError},
        cures={ServiceNotFoundError: "Check the user."},
        redact=Redactor([SecretStr("hunter2")]),
    )
    server.answer(400, b"no ann@example.com with hunter2")

    error = await failure(client, "GET")

    assert str(error) == (
        "things.get_thing: answered 400 bad_user no [address] with [secret]. Check the user."
    )
    assert error.__cause__ is error.__context__ is None


async def test_a_retry_is_logged(server: Any, client: ServiceClient) -> None:
    server.answer(500)
    server.answer(200, {"name": "lamp"})

    with structlog.testing.capture_logs() as logs:
        await client.fetch(Thing, "get_thing", "GET", "/things/1")

    assert logs == [
        {
            "event": "service.retried",
            "log_level": "info",
            "service": "things",
            "operation": "get_thing",
            "tried": 1,
            "wait_seconds": 1.0,
            "error": "TransientError",
        }
    ]


async def test_a_limit_that_the_service_tells_is_learned(
    server: Any, make: Callable[..., ServiceClient]
) -> None:
    limiter = MemoryLimiter(Rate(100, 10.0), clock=lambda: 0.0)

    def read_limit(headers: httpx.Headers) -> Rate | None:
        told = headers.get("x-limit")
        return Rate(int(told), 10.0) if told else None

    client = make(server.url, shared=Shared(limiter=limiter), read_limit=read_limit)
    server.answer(200, None, X_Limit="1")
    await client.send("get_thing", "GET", "/things/1")

    assert await limiter.reserve(at_most=0) > 9
