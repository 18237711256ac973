"""Large objects arrive in parts, and are there when they are complete."""

from __future__ import annotations

import hashlib
from functools import partial

import pytest

from sandbox.objects.uploads import SMALLEST_PART_BYTES
from tests.sandbox.objects.kit import S3, code, texts

LARGE = b"x" * SMALLEST_PART_BYTES
KEY = "/sandbox/film.mp4"
md5 = partial(hashlib.md5, usedforsecurity=False)


async def begun(s3: S3) -> str:
    (upload,) = texts(await s3("POST", f"{KEY}?uploads", Content_Type="video/mp4"), "UploadId")
    return upload


async def part(s3: S3, upload: str, number: int, data: bytes) -> str:
    answer = await s3("PUT", f"{KEY}?partNumber={number}&uploadId={upload}", data)
    assert answer.status_code == 200
    return answer.headers["etag"]


def named(*parts: tuple[int, str]) -> str:
    rows = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
        for number, etag in parts
    )
    return f"<CompleteMultipartUpload>{rows}</CompleteMultipartUpload>"


async def test_parts_are_put_together(s3: S3) -> None:
    upload = await begun(s3)
    second = await part(s3, upload, 2, b"end")
    first = await part(s3, upload, 1, LARGE)
    assert code(await s3("GET", KEY)) == (404, "NoSuchKey")

    done = await s3("POST", f"{KEY}?uploadId={upload}", named((1, first), (2, second)))

    got = await s3("GET", KEY)
    etag = f'"{md5(md5(LARGE).digest() + md5(b"end").digest()).hexdigest()}-2"'
    assert texts(done, "ETag") == [etag] == [got.headers["etag"]]
    assert got.content == LARGE + b"end"
    assert got.headers["content-type"] == "video/mp4"
    assert (
        code(await s3("POST", f"{KEY}?uploadId={upload}", named((1, first))))[1] == "NoSuchUpload"
    )


async def test_what_does_not_fit_together_is_refused(s3: S3) -> None:
    upload = await begun(s3)
    small, end = await part(s3, upload, 1, b"small"), await part(s3, upload, 2, b"end")
    refused = {
        "EntityTooSmall": named((1, small), (2, end)),
        "InvalidPartOrder": named((2, end), (1, small)),
        "InvalidPart": named((1, end)),
        "MalformedXML": named(),
    }

    for expected, body in refused.items():
        answer = await s3("POST", f"{KEY}?uploadId={upload}", body)
        assert code(answer) == (400, expected)
    assert code(await s3("POST", f"{KEY}?uploadId={upload}", named((3, end))))[1] == "InvalidPart"


async def test_an_upload_can_be_given_up(s3: S3) -> None:
    upload = await begun(s3)
    await part(s3, upload, 1, b"1")

    assert (await s3("DELETE", f"{KEY}?uploadId={upload}")).status_code == 204
    assert code(await s3("DELETE", f"{KEY}?uploadId={upload}")) == (404, "NoSuchUpload")


@pytest.mark.parametrize("number", ["0", "10001", "x", ""])
async def test_parts_are_numbered_from_one_to_ten_thousand(s3: S3, number: str) -> None:
    upload = await begun(s3)

    answer = await s3("PUT", f"{KEY}?partNumber={number}&uploadId={upload}", b"1")

    assert code(answer) == (400, "InvalidArgument")
