"""Objects are written, read, copied and deleted as S3 does it."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

import pytest

from tests.sandbox.objects.kit import S3, code, texts

DATA = b"0123456789"
ETAG = f'"{hashlib.md5(DATA, usedforsecurity=False).hexdigest()}"'


async def test_what_was_written_is_read_with_its_type_and_metadata(s3: S3) -> None:
    put = await s3("PUT", "/sandbox/a/b.txt", DATA, Content_Type="text/plain", x_amz_meta_who="Ann")
    got = await s3("GET", "/sandbox/a/b.txt")

    assert (put.status_code, put.headers["etag"]) == (200, ETAG)
    assert (got.content, got.headers["etag"]) == (DATA, ETAG)
    assert got.headers["content-type"] == "text/plain"
    assert got.headers["x-amz-meta-who"] == "Ann"
    assert got.headers["last-modified"].endswith("GMT")
    assert got.headers["x-amz-request-id"]


async def test_head_tells_what_get_tells_without_the_bytes(s3: S3) -> None:
    await s3("PUT", "/sandbox/a", DATA)

    head = await s3("HEAD", "/sandbox/a")

    assert (head.status_code, head.content) == (200, b"")
    assert (head.headers["content-length"], head.headers["etag"]) == ("10", ETAG)
    assert (await s3("HEAD", "/sandbox/none")).status_code == 404


@pytest.mark.parametrize("key", ["ü +#", "€/%/=&", "a//b", "a?b=c", "(a)'*!~", "a/", "sandbox"])
async def test_keys_are_taken_as_they_are(s3: S3, key: str) -> None:
    path = f"/sandbox/{quote(key)}"
    assert (await s3("PUT", path, DATA)).status_code == 200

    assert (await s3("GET", path)).content == DATA
    assert texts(await s3("GET", "/sandbox?list-type=2"), "Key") == [key]


@pytest.mark.parametrize(
    ("wanted", "content", "told"),
    [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=-99", DATA, "bytes 0-9/10"),
    ],
)
async def test_a_range_is_answered_in_part(s3: S3, wanted: str, content: bytes, told: str) -> None:
    await s3("PUT", "/sandbox/a", DATA)

    part = await s3("GET", "/sandbox/a", Range=wanted)

    assert (part.status_code, part.content) == (206, content)
    assert part.headers["content-range"] == told


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=5-4", "bytes=-0"])
async def test_a_range_of_nothing_is_refused(s3: S3, wanted: str) -> None:
    await s3("PUT", "/sandbox/a", DATA)

    answer = await s3("GET", "/sandbox/a", Range=wanted)

    assert code(answer) == (416, "InvalidRange")
    assert answer.headers["content-range"] == "bytes */10"


@pytest.mark.parametrize("wanted", ["pages=1-2", "bytes=a-b", "bytes=-", "bytes=0-1,3-4"])
async def test_a_range_that_cannot_be_read_is_not_one(s3: S3, wanted: str) -> None:
    await s3("PUT", "/sandbox/a", DATA)

    answer = await s3("GET", "/sandbox/a", Range=wanted)

    assert answer.content == DATA


async def test_an_unchanged_object_is_not_sent_again(s3: S3) -> None:
    await s3("PUT", "/sandbox/a", DATA)

    same = await s3("GET", "/sandbox/a", If_None_Match=ETAG)
    other = await s3("GET", "/sandbox/a", If_None_Match='"other"')

    assert (same.status_code, same.content) == (304, b"")
    assert other.content == DATA
    assert code(await s3("GET", "/sandbox/a", If_Match='"other"')) == (412, "PreconditionFailed")


async def test_a_write_can_ask_for_nothing_or_for_the_same_to_be_there(s3: S3) -> None:
    assert (await s3("PUT", "/sandbox/a", DATA, If_None_Match="*")).status_code == 200
    assert code(await s3("PUT", "/sandbox/a", b"", If_None_Match="*"))[0] == 412
    assert code(await s3("PUT", "/sandbox/a", b"", If_Match='"other"'))[0] == 412
    assert (await s3("PUT", "/sandbox/a", b"new", If_Match=ETAG)).status_code == 200
    assert code(await s3("PUT", "/sandbox/b", b"", If_Match=ETAG)) == (404, "NoSuchKey")
    assert (await s3("GET", "/sandbox/a")).content == b"new"


async def test_what_is_not_there_is_told_and_can_be_deleted(s3: S3) -> None:
    await s3("PUT", "/sandbox/a", DATA)

    assert code(await s3("GET", "/sandbox/b")) == (404, "NoSuchKey")
    assert code(await s3("GET", "/nobody/b")) == (404, "NoSuchBucket")
    assert (await s3("DELETE", "/sandbox/a")).status_code == 204
    assert (await s3("DELETE", "/sandbox/a")).status_code == 204
    assert code(await s3("GET", "/sandbox/a")) == (404, "NoSuchKey")


async def test_a_copy_keeps_the_metadata_or_gets_its_own(s3: S3) -> None:
    await s3("PUT", "/sandbox/a%20b", DATA, Content_Type="text/plain", x_amz_meta_who="Ann")
    source = {"x_amz_copy_source": "/sandbox/a%20b"}

    same = await s3("PUT", "/sandbox/same", **source)
    await s3(
        "PUT",
        "/sandbox/new",
        **source,
        Content_Type="text/csv",
        x_amz_metadata_directive="REPLACE",
    )

    assert texts(same, "ETag") == [ETAG]
    assert (await s3("GET", "/sandbox/same")).headers["x-amz-meta-who"] == "Ann"
    new = await s3("GET", "/sandbox/new")
    assert (new.content, new.headers["content-type"]) == (DATA, "text/csv")
    assert "x-amz-meta-who" not in new.headers


@pytest.mark.parametrize(
    ("source", "more", "refused"),
    [
        ("/sandbox/none", {}, (404, "NoSuchKey")),
        ("/nobody/a", {}, (404, "NoSuchBucket")),
        ("/sandbox/a", {}, (400, "InvalidRequest")),
        ("/sandbox/a", {"x_amz_metadata_directive": "MOVE"}, (400, "InvalidArgument")),
    ],
)
async def test_a_copy_of_nothing_is_refused(
    s3: S3, source: str, more: dict[str, str], refused: tuple[int, str]
) -> None:
    await s3("PUT", "/sandbox/a", DATA)

    assert code(await s3("PUT", "/sandbox/a", x_amz_copy_source=source, **more)) == refused


async def test_many_are_deleted_at_once(s3: S3) -> None:
    for key in "abc":
        await s3("PUT", f"/sandbox/{key}", DATA)
    named = "".join(f"<Object><Key>{key}</Key></Object>" for key in ("a", "b", "none"))

    loud = await s3("POST", "/sandbox?delete", f"<Delete>{named}</Delete>")
    quiet = await s3("POST", "/sandbox?delete", f"<Delete><Quiet>true</Quiet>{named}</Delete>")

    assert texts(loud, "Key") == ["a", "b", "none"]
    assert texts(quiet, "Key") == []
    assert texts(await s3("GET", "/sandbox?list-type=2"), "Key") == ["c"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<Delete>",
        "<Remove/>",
        "<Delete/>",
        "<Delete><Object/></Delete>",
        "<Delete>" + "<Object><Key>a</Key></Object>" * 1001 + "</Delete>",
    ],
)
async def test_a_list_to_delete_must_be_one(s3: S3, body: str) -> None:
    assert code(await s3("POST", "/sandbox?delete", body)) == (400, "MalformedXML")


async def test_a_key_may_be_as_long_as_s3_allows(s3: S3) -> None:
    assert (await s3("PUT", f"/sandbox/{'k' * 1024}", DATA)).status_code == 200
    assert code(await s3("PUT", f"/sandbox/{'k' * 1025}", DATA)) == (400, "KeyTooLongError")
