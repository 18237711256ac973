from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from connectors._http.auth import BearerAuth, OAuthTokens
from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.client import ServiceClient
from connectors._http.errors import ConnectorError, NeedsReauthError, TransientError
from connectors._http.limits import MemoryLimiter, Rate
from connectors._http.retry import RetryPolicy

PATH = "/tenant/oauth2/v2.0/token"


NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


Make = Callable[..., OAuthTokens]


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def make(server: Any, retry: RetryPolicy, clock: Clock) -> AsyncIterator[Make]:
    made: list[OAuthTokens] = []

    def one(**more: Any) -> OAuthTokens:
        made.append(
            OAuthTokens(
                "things",
                server.url,
                PATH,
                client_id="us",
                client_secret=SecretStr("hunter2"),
                timeout_seconds=5.0,
                retry=retry,
                clock=clock,
                **more,
            )
        )
        return made[-1]

    yield one
    for tokens in made:
        await tokens.aclose()


@pytest.fixture
async def client(server: Any, retry: RetryPolicy, make: Make) -> AsyncIterator[ServiceClient]:
    tokens = make(scope="all")
    client = ServiceClient("things", server.url, timeout_seconds=5.0, tokens=tokens, retry=retry)
    yield client
    await client.aclose()


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
    clock.pass_(3481)
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


GRANTED = {"refresh_token": SecretStr("right to renew")}


async def asked(tokens: OAuthTokens) -> str:
    return (await tokens.token()).get_secret_value()


async def test_of_two_who_share_an_account_one_renews(
    server: Any, make: Make, clock: Clock
) -> None:
    grant(server, "new")
    shared = Shared()
    two = [make(shared=shared, **GRANTED) for _ in range(2)]

    assert await asyncio.gather(*map(asked, two)) == ["new", "new"]

    form = parse_qs(server.seen[0].body.decode())
    assert (form["grant_type"], form["refresh_token"]) == (["refresh_token"], ["right to renew"])


async def test_a_right_to_renew_that_changes_is_kept_and_used(
    server: Any, make: Make, clock: Clock
) -> None:
    tokens = make(**GRANTED)
    server.answer(200, {"access_token": "one", "expires_in": 60, "refresh_token": "next"})
    await tokens.token()
    clock.pass_(60)
    grant(server, "two")
    await tokens.token()
    clock.pass_(3600)
    grant(server, "three")

    assert await asked(tokens) == "three"

    used = [parse_qs(seen.body.decode())["refresh_token"] for seen in server.seen]
    assert used == [["right to renew"], ["next"], ["next"]]


async def test_a_new_grant_in_the_settings_replaces_what_is_stored(
    server: Any, make: Make, clock: Clock
) -> None:
    shared = Shared()
    grant(server, "of the old grant")
    await make(shared=shared, **GRANTED).token()
    grant(server, "of the new grant")
    again = make(shared=shared, refresh_token=SecretStr("granted anew"))

    assert await asked(again) == "of the new grant"


async def test_a_grant_that_is_over_needs_a_person(server: Any, make: Make, clock: Clock) -> None:
    server.answer(400, {"error": "invalid_grant"})
    cures = {NeedsReauthError: "Grant access again."}

    with pytest.raises(NeedsReauthError, match=r"invalid_grant\. Grant access again"):
        await make(cures=cures, **GRANTED).token()


async def test_who_we_are_may_go_into_a_header(server: Any, make: Make, clock: Clock) -> None:
    grant(server, "t1")

    await make(by_header=True).token()

    assert server.seen[0].headers["authorization"].startswith("Basic ")
    assert b"hunter2" not in server.seen[0].body


@pytest.fixture
def recorder() -> MemoryRecorder:
    return MemoryRecorder()


@pytest.fixture
async def paced(
    server: Any, retry: RetryPolicy, make: Make, recorder: MemoryRecorder
) -> AsyncIterator[ServiceClient]:
    """A client that has a turn every ten seconds, by a clock that stands still."""
    shared = Shared(MemoryLimiter(Rate(1, 10.0), clock=lambda: 0.0), recorder=recorder)
    client = ServiceClient(
        "things",
        server.url,
        timeout_seconds=5.0,
        tokens=make(shared=shared),
        shared=shared,
        retry=retry,
    )
    yield client
    await client.aclose()


def recorded(recorder: MemoryRecorder) -> list[tuple[str, str, int]]:
    return [(call.operation, call.outcome, call.attempts) for call in recorder.calls]


async def test_a_call_that_is_sent_again_with_a_new_token_has_a_turn_of_its_own_and_counts(
    server: Any, paced: ServiceClient, recorder: MemoryRecorder, waits: list[float]
) -> None:
    grant(server, "t1")
    server.answer(401)
    grant(server, "t2")
    server.answer(202)

    await paced.send("add_thing", "POST", "/a", content=b"body")

    assert waits == [pytest.approx(10.2)]
    assert recorded(recorder) == [("token", "ok", 1), ("token", "ok", 1), ("add_thing", "ok", 2)]


async def test_a_token_service_takes_no_turn_of_the_api(
    server: Any, paced: ServiceClient, waits: list[float]
) -> None:
    grant(server, "t1")
    server.answer(200)

    await paced.send("get_thing", "GET", "/a")

    assert sent(server) == [PATH, "/a Bearer t1"]
    assert waits == []


async def test_without_a_token_nothing_is_sent_and_no_turn_is_taken(
    server: Any, paced: ServiceClient, recorder: MemoryRecorder, waits: list[float]
) -> None:
    for _ in range(2):
        server.answer(400, {"error": "invalid_client"})

    for _ in range(2):
        await failure(paced)

    assert sent(server) == [PATH, PATH]
    assert waits == []
    assert recorded(recorder)[1] == ("get_thing", "NeedsReauthError", 0)


async def test_a_new_token_is_kept_when_the_call_fails_in_passing_afterwards(
    server: Any, client: ServiceClient, waits: list[float]
) -> None:
    grant(server, "t1")
    server.answer(401)
    grant(server, "t2")
    server.answer(503)
    server.answer(200)

    await client.send("get_thing", "GET", "/a")

    assert sent(server) == [PATH, "/a Bearer t1", PATH, "/a Bearer t2", "/a Bearer t2"]
