"""The judge of S3's exchanges finds what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.calls import Exchange
from tests.contract.contracts.objects import CONTRACTS

LIST = (
    b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>sandbox</Name>'
    b"<KeyCount>1</KeyCount><Contents><Key>a</Key><LastModified>2026-11-21T12:00:00.000Z"
    b"</LastModified><Size>5</Size></Contents></ListBucketResult>"
)
RIGHT: dict[str, Any] = {
    "service": "s3",
    "method": "GET",
    "path": "/sandbox",
    "query": "list-type=2&prefix=a&X-Amz-Date=x",
    "headers": [("x-amz-date", "x")],
    "body": b"",
    "status": 200,
    "answer_headers": [("x-amz-request-id", "x")],
    "answer_body": LIST,
}


def judged(**changed: Any) -> tuple[list[str], list[str]]:
    found = CONTRACTS["s3"].violations(Exchange(**{**RIGHT, **changed}))
    return found.request, found.answer


def test_what_is_right_passes() -> None:
    assert judged() == ([], [])
    assert judged(status=404, answer_body=b"<Error><Code>a</Code><Message>b</Message></Error>") == (
        [],
        [],
    )


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"query": "list-type=2&prefiks=a"}, "ListObjectsV2 has no parameter prefiks"),
        ({"headers": [("x-amz-acl", "x")]}, "ListObjectsV2 has no header x-amz-acl"),
        ({"method": "PATCH"}, "there is no such operation"),
    ],
)
def test_a_wrong_request_is_found(changed: dict[str, Any], found: str) -> None:
    assert judged(**changed)[0] == [found]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"status": 201}, "ListObjectsV2 answers 200"),
        ({"answer_headers": [("x-amz-etag", "x")]}, "ListObjectsV2 has no header x-amz-etag"),
        (
            {"answer_body": LIST.replace(b"Size>", b"Length>")},
            "ListObjectsV2/Contents has no Length",
        ),
        ({"answer_body": LIST.replace(b">5<", b">big<")}, "Size is no long: 'big'"),
        ({"answer_body": LIST.replace(b"T12", b" 12")}, "LastModified is no timestamp"),
    ],
)
def test_a_wrong_answer_is_found(changed: dict[str, Any], found: str) -> None:
    (sentence,) = judged(**changed)[1]
    assert found in sentence
