from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors.hubspot.client import HubSpotClient

ANN = "ann@example.org"
TOKEN = "pat-hunter2"


def refused(category: str, message: str = "No.", **more: object) -> dict[str, object]:
    return {"status": "error", "category": category, "message": message, **more}


async def failure(call: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await call
    return caught.value


@pytest.mark.parametrize(
    ("status", "category", "kind"),
    [
        (400, "VALIDATION_ERROR", RejectedError),
        (401, "INVALID_AUTHENTICATION", NeedsReauthError),
        (401, "EXPIRED_AUTHENTICATION", NeedsReauthError),
        (403, "MISSING_SCOPES", NeedsReauthError),
        (404, "OBJECT_NOT_FOUND", ServiceNotFoundError),
        (409, "CONFLICT", RejectedError),
        (414, "", RejectedError),
        (423, "", RateLimitedError),
        (429, "RATE_LIMITS", RateLimitedError),
        (477, "", RateLimitedError),
        (500, "INTERNAL_ERROR", UnknownOutcomeError),
        (502, "", UnknownOutcomeError),
        (524, "", UnknownOutcomeError),
    ],
)
async def test_a_refused_write_has_its_class_and_a_cure(
    server: Any,
    hubspot: HubSpotClient,
    status: int,
    category: str,
    kind: type[ConnectorError],
) -> None:
    body = refused(category)
    server.answer(status, body, retry_after="120")

    error = await failure(hubspot.create_object("deals", {}))

    assert type(error) is kind
    assert error.message.startswith(f"answered {status}")
    assert error.retry_after_seconds == 120
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [521, 522, 523, 524])
async def test_what_stands_before_hubspot_may_come_back_soon(
    server: Any, hubspot: HubSpotClient, status: int
) -> None:
    server.answer(status, {}, retry_after="120")

    assert type(await failure(hubspot.get_object("contacts", "1"))) is TransientError


@pytest.mark.parametrize(
    ("status", "body", "wait"),
    [
        (429, {"policyName": "SECONDLY"}, 1.0),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, 10.0),
        (423, {}, 2.0),
    ],
)
async def test_a_wait_that_is_known_is_waited_out_by_writes_too(
    server: Any,
    hubspot: HubSpotClient,
    waits: list[float],
    status: int,
    body: dict[str, str],
    wait: float,
    shown: Any,
) -> None:
    server.answer(status, refused("RATE_LIMITS", **body))
    server.answer(201, shown())

    await hubspot.create_object("deals", {})

    assert waits == [wait]


async def test_a_limit_of_the_day_is_not_waited_out(server: Any, hubspot: HubSpotClient) -> None:
    server.answer(429, refused("RATE_LIMITS", policyName="DAILY"))

    error = await failure(hubspot.ping())

    assert type(error) is RateLimitedError
    assert error.retry_after_seconds == 3600


@pytest.mark.parametrize(
    "body",
    [
        refused(
            "VALIDATION_ERROR",
            f"Email address {ANN} is invalid",
            errors=[
                {
                    "code": "INVALID_EMAIL",
                    "message": f"Email address {ANN} is invalid",
                    "context": {"propertyName": ["email"]},
                }
            ],
        ),
        refused(
            "VALIDATION_ERROR",
            "Property values were not valid: "
            + json.dumps(
                [{"error": "INVALID_EMAIL", "name": "email", "message": "Email ann is invalid"}]
            ),
        ),
    ],
)
async def test_wrong_values_are_told_by_code_and_never_by_value(
    server: Any, hubspot: HubSpotClient, body: dict[str, object]
) -> None:
    server.answer(400, body)

    error = await failure(hubspot.create_object("contacts", {"email": "ann"}))

    assert error.message == "answered 400 VALIDATION_ERROR INVALID_EMAIL (email)"


@pytest.mark.parametrize("message", [f"Token {TOKEN} of {ANN}", f"Bearer {TOKEN} for <{ANN}>"])
async def test_secrets_and_addresses_stay_out_of_errors(
    server: Any, hubspot: HubSpotClient, message: str
) -> None:
    server.answer(401, refused("INVALID_AUTHENTICATION", message))

    error = await failure(hubspot.ping())

    assert TOKEN not in str(error)
    assert ANN not in str(error)
    assert "HOTROD_HUBSPOT__ACCESS_TOKEN" in str(error)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"<html>", b"[1]", b'{"category": 5}'])
async def test_a_refusal_that_can_not_be_read_goes_by_its_status(
    server: Any, hubspot: HubSpotClient, body: bytes
) -> None:
    server.answer(404, body)

    assert type(await failure(hubspot.get_object("deals", "1"))) is ServiceNotFoundError


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"id": "1"}', b"\xff"])
async def test_an_answer_that_can_not_be_read_is_no_success(
    server: Any, hubspot: HubSpotClient, body: bytes
) -> None:
    for status in (200, 200, 200, 201):
        server.answer(status, body)

    read = await failure(hubspot.get_object("deals", "1"))
    written = await failure(hubspot.create_object("deals", {}))

    assert type(read) is TransientError
    assert type(written) is UnknownOutcomeError


async def test_an_answer_that_can_not_be_read_is_a_failure_on_record(
    server: Any, retry: RetryPolicy, shown: Any
) -> None:
    recorder = MemoryRecorder()
    hubspot = HubSpotClient(
        base_url=server.url,
        access_token=SecretStr(TOKEN),
        timeout_seconds=5.0,
        shared=Shared(recorder=recorder),
        retry=retry,
    )
    for status, body in [(201, b"<html>"), (200, b"<html>"), (200, shown())]:
        server.answer(status, body)

    await failure(hubspot.create_object("deals", {}))
    await hubspot.get_object("deals", "1")

    await hubspot.aclose()
    assert [(call.outcome, call.attempts) for call in recorder.calls] == [
        ("UnknownOutcomeError", 1),
        ("ok", 2),
    ]


@pytest.mark.parametrize("fault", ["reset", "truncate"])
async def test_a_lost_answer_leaves_the_outcome_unknown(
    server: Any, hubspot: HubSpotClient, fault: str
) -> None:
    getattr(server, fault)()

    error = await failure(hubspot.create_object("deals", {}))

    assert type(error) is UnknownOutcomeError
    assert len(server.seen) == 1


async def test_a_wait_without_end_has_one(server: Any, make: Callable[..., HubSpotClient]) -> None:
    server.hold()

    error = await failure(make(server.url, timeout_seconds=0.2).create_object("deals", {}))

    assert type(error) is UnknownOutcomeError


async def test_nobody_there_means_that_nothing_was_done(
    make: Callable[..., HubSpotClient], closed_port: Callable[[], int]
) -> None:
    hubspot = make(f"http://127.0.0.1:{closed_port}")

    assert type(await failure(hubspot.create_object("deals", {}))) is TransientError


async def test_tls_that_fails_is_a_failure_of_the_call(make: Callable[..., HubSpotClient]) -> None:
    async def speak_plainly(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(speak_plainly, "127.0.0.1", 0) as plain:
        port = plain.sockets[0].getsockname()[1]
        error = await failure(make(f"https://127.0.0.1:{port}").ping())

    assert type(error) is TransientError
    assert "SSLError" in error.message


async def test_a_base_url_that_is_none_is_refused(make: Callable[..., HubSpotClient]) -> None:
    assert type(await failure(make("gopher://127.0.0.1").ping())) is RejectedError


async def test_a_redirect_is_not_followed(server: Any, hubspot: HubSpotClient) -> None:
    server.answer(302, {}, location=f"{server.url}/elsewhere")

    assert type(await failure(hubspot.ping())) is RejectedError
    assert len(server.seen) == 1
