"""What is asked of S3, and how its answers are understood."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from obstore.exceptions import BaseError
from pydantic import SecretStr

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
)
from connectors._http.retry import RetryPolicy
from connectors.objects.client import ObjectsClient
from connectors.objects.errors import read_failure
from tests.connectors.conftest import FaultyServer

SECRET = "very-secret"
KEY = "tickets/ann@example.org.jpg"
ETAG = {"ETag": '"abc"', "Last_Modified": "Sat, 21 Nov 2026 12:00:00 GMT"}
Act = Callable[[ObjectsClient], Awaitable[object]]


def client(server: FaultyServer, retry: RetryPolicy, **more: Any) -> ObjectsClient:
    given: dict[str, Any] = {
        "endpoint": server.url,
        "access_key_id": "AKID",
        "secret_access_key": SecretStr(SECRET),
        "timeout_seconds": 5.0,
        "retry": retry,
        **more,
    }
    return ObjectsClient("s3://shop/photos", **given)


@pytest.fixture
async def objects(server: FaultyServer, retry: RetryPolicy) -> AsyncIterator[ObjectsClient]:
    objects = client(server, retry)
    yield objects
    await objects.aclose()


async def listed(objects: ObjectsClient) -> list[str]:
    return [one.key async for one in objects.list_objects()]


CALLS: dict[str, Act] = {
    "put": lambda objects: objects.put(KEY, b"12345"),
    "get": lambda objects: objects.get(KEY),
    "get_range": lambda objects: objects.get_range(KEY, 1, 2),
    "delete": lambda objects: objects.delete(KEY),
    "list_objects": listed,
    "ping": lambda objects: objects.ping(),
}
each_call = pytest.mark.parametrize("act", CALLS.values(), ids=CALLS)


def refusal(code: str) -> bytes:
    return (
        f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>No, {KEY}: {SECRET}</Message>"
        "<RequestId>R-1</RequestId></Error>"
    ).encode()


def page(*keys: str) -> bytes:
    rows = "".join(
        f"<Contents><Key>photos/{key}</Key><Size>5</Size><ETag>&quot;abc&quot;</ETag>"
        "<LastModified>2026-11-21T12:00:00.000Z</LastModified></Contents>"
        for key in keys
    )
    return f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()


async def test_a_write_is_one_signed_request_with_its_type(
    server: FaultyServer, objects: ObjectsClient
) -> None:
    server.answer(200, b"", **ETAG)

    await objects.put("a b/ü.jpg", b"12345" * 2_000_000, "image/jpeg")

    (put,) = server.seen
    assert (put.method, put.target) == ("PUT", "/shop/photos/a%20b/%C3%BC.jpg")
    assert put.headers["content-type"] == "image/jpeg"
    assert "Credential=AKID/" in put.headers["authorization"]
    assert "/us-east-1/s3/aws4_request" in put.headers["authorization"]
    assert len(put.body) == 10_000_000


async def test_a_range_is_asked_for_by_its_last_byte(
    server: FaultyServer, objects: ObjectsClient
) -> None:
    server.answer(206, b"23", Content_Range="bytes 1-2/5", **ETAG)

    assert await objects.get_range(KEY, 1, 2) == b"23"

    assert server.seen[0].headers["range"] == "bytes=1-2"


async def test_a_head_is_read_from_headers(server: FaultyServer, objects: ObjectsClient) -> None:
    server.answer(200, b"", Content_Length="5", Content_Type="image/jpeg", **ETAG)

    head = await objects.head(KEY)

    assert (head.key, head.size_bytes, head.etag) == (KEY, 5, "abc")
    assert head.content_type == "image/jpeg"
    assert head.modified_at.isoformat() == "2026-11-21T12:00:00+00:00"
    assert server.seen[0].method == "HEAD"


async def test_what_is_too_large_is_refused_before_it_is_read(
    server: FaultyServer, objects: ObjectsClient
) -> None:
    server.answer(200, b"", Content_Length="1000", **ETAG)  # of which nothing ever comes

    with pytest.raises(RejectedError, match="1000 bytes, more than 999"):
        await objects.get(KEY, at_most_bytes=999)


async def test_a_list_goes_on_after_a_thousand_keys(
    server: FaultyServer, objects: ObjectsClient
) -> None:
    first = [f"{number:04}" for number in range(1000)]
    server.answer(200, page(*first))
    server.answer(200, page("1000"))

    found = await listed(objects)

    assert found == [*first, "1000"]
    assert server.seen[0].target == "/shop?list-type=2&prefix=photos%2F"
    assert server.seen[1].target.endswith("&start-after=photos%2F0999")


async def test_a_page_of_a_list_is_tried_again_by_itself(
    server: FaultyServer, objects: ObjectsClient
) -> None:
    first = [f"{number:04}" for number in range(1000)]
    server.answer(200, page(*first))
    server.answer(500, refusal("InternalError"))
    server.answer(200, page("1000"))

    assert len(await listed(objects)) == 1001


async def test_a_list_is_empty_if_the_store_itself_says_so(
    server: FaultyServer, objects: ObjectsClient
) -> None:
    server.answer(200, page())
    server.answer(404, refusal("NoSuchKey"))

    assert await listed(objects) == []

    for _ in range(6):
        server.answer(200, b"<!doctype html><title>Sign in</title>", Content_Type="text/html")
    with pytest.raises(TransientError, match="without an ETag"):
        await listed(objects)


@pytest.mark.parametrize("key", ["b//c", "../ann@example.org", "b/./c", "b&#1;c"])
async def test_a_key_that_the_library_cannot_read_is_told_once_with_its_cure(
    server: FaultyServer, objects: ObjectsClient, key: str
) -> None:
    server.answer(200, page("a", key))

    with pytest.raises(RejectedError, match="Rename or delete") as caught:
        await listed(objects)

    assert len(server.seen) == 1
    assert "ann@" not in str(caught.value)


def test_of_failures_without_an_answer_only_those_that_are_known_to_pass_are_tried_again() -> None:
    def kind(name: str) -> type[ConnectorError]:
        return read_failure(BaseError(f"Generic S3 error\nkind: {name}")).kind

    assert kind("Connect") is TransientError
    assert kind("StorageFull") is TransientError
    assert kind("SomethingNew") is RejectedError


async def test_a_list_that_never_ends_is_ended(
    server: FaultyServer, objects: ObjectsClient
) -> None:
    same = page(*(f"{number:04}" for number in range(1000)))
    server.answer(200, same)
    server.answer(200, same)

    with pytest.raises(ConnectorError, match="same cursor twice"):
        await listed(objects)


@pytest.mark.parametrize(
    ("status", "code", "kind", "tries"),
    [
        (403, "AccessDenied", NeedsReauthError, 1),
        (403, "InvalidAccessKeyId", NeedsReauthError, 1),
        (403, "SignatureDoesNotMatch", NeedsReauthError, 1),
        (401, "Unauthorized", NeedsReauthError, 1),
        (400, "ExpiredToken", NeedsReauthError, 1),
        (403, "RequestTimeTooSkewed", RejectedError, 1),
        (404, "NoSuchBucket", ServiceNotFoundError, 1),
        (400, "InvalidRequest", RejectedError, 1),
        (501, "NotImplemented", RejectedError, 1),
        (400, "RequestTimeout", TransientError, 3),
        (503, "SlowDown", RateLimitedError, 3),
        (429, "TooManyRequests", RateLimitedError, 3),
        (500, "InternalError", TransientError, 3),
        (503, "ServiceUnavailable", TransientError, 3),
    ],
)
@each_call
async def test_refusals_are_classified_and_tell_nothing_secret(
    server: FaultyServer,
    objects: ObjectsClient,
    act: Act,
    status: int,
    code: str,
    kind: type[ConnectorError],
    tries: int,
) -> None:
    for _ in range(tries):
        server.answer(status, refusal(code))

    with pytest.raises(kind, match=f"answered {status} {code}") as caught:
        await act(objects)

    assert type(caught.value) is kind
    assert len(server.seen) == tries
    assert len(caught.value.cure) > 20
    assert SECRET not in str(caught.value)
    assert "ann@" not in str(caught.value)


async def test_a_bucket_of_another_region_is_told(
    server: FaultyServer, objects: ObjectsClient
) -> None:
    server.answer(301, refusal("PermanentRedirect"))

    with pytest.raises(RejectedError, match="HOTROD_OBJECTS__REGION"):
        await objects.get(KEY)


async def test_what_is_missing_is_told(server: FaultyServer, objects: ObjectsClient) -> None:
    server.answer(404, refusal("NoSuchKey"))
    with pytest.raises(ServiceNotFoundError):
        await objects.get(KEY)

    server.answer(404, b"")
    with pytest.raises(ServiceNotFoundError):
        await objects.head(KEY)


@each_call
async def test_a_lost_connection_is_tried_again(
    server: FaultyServer, objects: ObjectsClient, waits: list[float], act: Act
) -> None:
    for _ in range(3):
        server.reset()

    with pytest.raises(TransientError):
        await act(objects)

    assert len(server.seen) == 3
    assert waits == [1.0, 2.0]


@each_call
async def test_silence_has_an_end(server: FaultyServer, retry: RetryPolicy, act: Act) -> None:
    for _ in range(3):
        server.hold()

    with pytest.raises(TransientError, match="Timeout"):
        await act(client(server, retry, timeout_seconds=0.1))


async def test_nobody_at_the_endpoint_is_transient(closed_port: int, retry: RetryPolicy) -> None:
    with pytest.raises(TransientError, match="Connect"):
        await client(FaultyServer(closed_port), retry).ping()


@pytest.mark.parametrize("name", ["put", "get", "get_range", "delete", "ping"])
async def test_a_page_that_is_put_in_the_way_is_no_answer(
    server: FaultyServer, objects: ObjectsClient, name: str
) -> None:
    for _ in range(3):
        server.answer(200, b"<!doctype html><p>Sign in", Content_Type="text/html")

    with pytest.raises(TransientError):
        await CALLS[name](objects)


async def test_half_of_an_object_is_none(server: FaultyServer, objects: ObjectsClient) -> None:
    server.answer(200, b"12345", **ETAG)
    server.plan[0] = (server.plan[0] or b"").replace(b"Length: 5", b"Length: 500")
    server.answer(200, b"12345", **ETAG)

    assert await objects.get(KEY) == b"12345"
    assert len(server.seen) == 2


async def test_a_ping_is_answered_by_what_is_not_there(
    server: FaultyServer, objects: ObjectsClient
) -> None:
    server.answer(404, refusal("NoSuchKey"))

    await objects.ping()

    assert (server.seen[0].method, server.seen[0].target) == ("GET", "/shop/photos/.ping")


async def test_calls_are_recorded_with_the_request_that_failed(
    server: FaultyServer, retry: RetryPolicy
) -> None:
    recorder = MemoryRecorder()
    objects = client(server, retry, shared=Shared(recorder=recorder))
    server.answer(403, refusal("AccessDenied"))

    with pytest.raises(NeedsReauthError):
        await objects.get(KEY)

    (call,) = recorder.calls
    assert (call.service, call.operation, call.outcome) == ("objects", "get", "NeedsReauthError")
    assert call.request_id == "R-1"


async def test_a_link_is_signed_without_asking(
    server: FaultyServer, objects: ObjectsClient
) -> None:
    link = await objects.link("a b.jpg", timedelta(minutes=5), "PUT")

    assert link.startswith(f"{server.url}/shop/photos/a%20b.jpg?X-Amz-Algorithm=AWS4-HMAC-SHA256")
    assert "X-Amz-Expires=300" in link
    assert not server.seen


async def test_a_link_that_a_role_may_not_sign_is_classified(
    server: FaultyServer, retry: RetryPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", server.url)
    server.answer(403, b"")
    by_role = client(server, retry, access_key_id="", secret_access_key=SecretStr(""))

    with pytest.raises(NeedsReauthError, match="answered 403"):
        await by_role.link("a", timedelta(minutes=5))


@pytest.mark.parametrize("lasts", [timedelta(0), timedelta(days=7, seconds=1)])
async def test_a_link_lasts_seven_days_at_most(objects: ObjectsClient, lasts: timedelta) -> None:
    with pytest.raises(RejectedError, match="seven days"):
        await objects.link("a", lasts)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("", ""),
        ("http://shop", ""),
        ("s3:///photos", ""),
        ("file://server/folder", ""),
        ("s3://shop", "http://storage.example.com"),
        ("s3://shop", "storage.example.com"),
    ],
)
def test_other_places_are_refused(url: str, endpoint: str) -> None:
    with pytest.raises(RejectedError):
        ObjectsClient(
            url, endpoint=endpoint, secret_access_key=SecretStr(SECRET), timeout_seconds=1.0
        )
