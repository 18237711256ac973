"""A person sees and changes what is stored; faults come in S3's words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from sandbox import Sandbox
from sandbox.objects.store import Buckets
from tests.sandbox.objects.kit import S3, code

EVIL = "<script>alert(1)</script>"
ELSEWHERE = {"Sec-Fetch-Site": "cross-site"}


async def test_the_page_shows_what_clients_stored(s3: S3, client: httpx.AsyncClient) -> None:
    await s3("PUT", "/sandbox/photos/%3Cscript%3Ealert%281%29%3C/script%3E", b"12345")

    page = (await client.get("/objects")).text

    assert "photos/&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "5 Bytes" in page
    assert EVIL not in page
    assert "No files under this prefix" in (await client.get("/objects?prefix=none")).text
    assert (await client.get("/objects?bucket=nobody")).status_code == 404


async def test_a_person_uploads_downloads_and_deletes(s3: S3, client: httpx.AsyncClient) -> None:
    file = {"file": ("a b.txt", b"hello", "text/plain")}
    sent = await client.post("/objects/sandbox", files=file)
    await client.post("/objects/sandbox", files=file, data={"key": "texts/b.txt"})

    assert (sent.status_code, sent.headers["location"]) == (303, "/objects?bucket=sandbox")
    assert (await s3("GET", "/sandbox/a%20b.txt")).headers["content-type"] == "text/plain"
    down = await client.get("/objects/sandbox/file", params={"key": "texts/b.txt"})
    assert down.content == b"hello"
    assert down.headers["content-disposition"] == "attachment; filename*=UTF-8''b.txt"
    await client.post("/objects/sandbox/delete", data={"key": "texts/b.txt"})
    assert code(await s3("GET", "/sandbox/texts/b.txt")) == (404, "NoSuchKey")
    assert (
        await client.get("/objects/sandbox/file", params={"key": "texts/b.txt"})
    ).status_code == 404


async def test_a_person_makes_a_bucket(s3: S3, client: httpx.AsyncClient) -> None:
    made = await client.post("/objects", data={"name": "photos"})

    assert made.headers["location"] == "/objects?bucket=photos"
    assert (await s3("HEAD", "/photos")).status_code == 200
    assert (await client.post("/objects", data={"name": "NO"})).status_code == 422


@pytest.mark.parametrize("path", ["/objects", "/objects/sandbox", "/objects/sandbox/delete"])
async def test_forms_of_other_sites_are_refused(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(
        path, data={"name": "abc", "key": "a"}, files={"file": b"x"}, headers=ELSEWHERE
    )

    assert answer.status_code == 403


async def test_a_seed_puts_files_into_the_first_bucket(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    told = (await client.post("/_control/seed")).json()

    assert told["objects"] == "3 files in 1 buckets"
    bucket = sandbox.state.store(Buckets).get("sandbox")
    assert bucket is not None
    assert all(key.startswith("leads/") for key in bucket.objects)


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("rate_limit", {}, (503, "SlowDown")),
        ("error", {}, (500, "InternalError")),
        ("error", {"status": 503}, (503, "ServiceUnavailable")),
        ("error", {"status": 403}, (403, "AccessDenied")),
        ("error", {"status": 409, "code": "Whatever"}, (409, "Whatever")),
    ],
)
async def test_faults_come_in_the_words_of_s3(
    s3: S3,
    order_fault: Callable[..., Awaitable[None]],
    kind: str,
    more: dict[str, object],
    expected: tuple[int, str],
) -> None:
    await order_fault("s3", kind, **more)

    answer = await s3("PUT", "/sandbox/a", b"1")

    assert code(answer) == expected
    assert answer.headers["content-type"].startswith("application/xml")


async def test_more_than_the_stand_in_takes_is_too_large(s3: S3) -> None:
    assert code(await s3("PUT", "/sandbox/a", bytes(32_000_001))) == (400, "EntityTooLarge")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE"])
@pytest.mark.parametrize(
    "path", ["", "/", "/%FF", "/sandbox/%FF%00", "/sandbox?%FF", "/a/b?uploadId", "/?delete"]
)
async def test_whatever_comes_is_answered_in_s3s_words(s3: S3, method: str, path: str) -> None:
    answer = await s3(method, path, b"\xff<")

    assert answer.status_code < 500 or answer.status_code == 501
