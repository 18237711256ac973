"""What is asked of objects: written, read, copied, deleted."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import format_datetime
from http import HTTPStatus
from urllib.parse import unquote

from fastapi import Response

from sandbox.objects.ask import Ask
from sandbox.objects.errors import S3Error
from sandbox.objects.store import StoredObject
from sandbox.objects.xml_form import answer, moment

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def put_object(ask: Ask) -> Response:
    """PutObject, or CopyObject when a source is named."""
    if "x-amz-copy-source" in ask.headers:
        return _copy_object(ask)
    bucket, key = ask.bucket, ask.new_key
    there = bucket.objects.get(key)
    _check_write(ask, there)
    stored = bucket.put(key, ask.body, ask.kept_headers)
    return Response(headers={"ETag": f'"{stored.etag}"'})


def get_object(ask: Ask) -> Response:
    """GetObject, all of it or a range; HeadObject."""
    stored = ask.bucket.objects.get(ask.key)
    if stored is None:
        raise S3Error("NoSuchKey")
    headers = {
        **stored.headers,
        "content-type": stored.content_type,
        "etag": f'"{stored.etag}"',
        "last-modified": format_datetime(stored.modified_at.astimezone(UTC), usegmt=True),
        "accept-ranges": "bytes",
    }
    if not _matches(ask.headers.get("if-match", "*"), stored):
        raise S3Error("PreconditionFailed")
    if "if-none-match" in ask.headers and _matches(ask.headers["if-none-match"], stored):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    size = len(stored.content)
    begin, end = _range(ask.headers.get("range", ""), size)
    if (begin, end) == (0, size) and "range" not in ask.headers:
        return Response(stored.content, headers=headers)
    headers["content-range"] = f"bytes {begin}-{end - 1}/{size}"
    return Response(stored.content[begin:end], HTTPStatus.PARTIAL_CONTENT, headers)


def delete_object(ask: Ask) -> Response:
    """DeleteObject; one that isn't there counts as deleted."""
    ask.bucket.objects.pop(ask.key, None)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _copy_object(ask: Ask) -> Response:
    """CopyObject, with the headers of the source or with new ones."""
    bucket, key = ask.bucket, ask.new_key
    source = unquote(ask.headers["x-amz-copy-source"]).removeprefix("/")
    from_bucket, _, from_key = source.partition("/")
    stored = ask.bucket_of(from_bucket).objects.get(from_key)
    if stored is None:
        raise S3Error("NoSuchKey")
    directive = ask.headers.get("x-amz-metadata-directive", "COPY")
    if directive not in ("COPY", "REPLACE"):
        raise S3Error("InvalidArgument", "Unknown metadata directive.")
    if directive == "COPY" and stored is bucket.objects.get(key):
        raise S3Error("InvalidRequest", "This copy of an object to itself changes nothing.")
    headers = ask.kept_headers if directive == "REPLACE" else stored.headers
    copied = bucket.put(key, stored.content, headers)
    fields = [("LastModified", moment(copied.modified_at)), ("ETag", f'"{copied.etag}"')]
    return answer("CopyObjectResult", fields)


def _check_write(ask: Ask, there: StoredObject | None) -> None:
    """Check the conditions of a write: nothing there yet, or still the same."""
    if there is not None and ask.headers.get("if-none-match") == "*":
        raise S3Error("PreconditionFailed")
    if "if-match" in ask.headers:
        if there is None:
            raise S3Error("NoSuchKey")
        if not _matches(ask.headers["if-match"], there):
            raise S3Error("PreconditionFailed")


def _matches(condition: str, stored: StoredObject) -> bool:
    """Tell whether an If-Match or If-None-Match names the object (RFC 9110, 13.1)."""
    named = [one.strip().removeprefix("W/").strip('"') for one in condition.split(",")]
    return "*" in named or stored.etag in named


def _range(header: str, size: int) -> tuple[int, int]:
    """Return begin and end of what a Range header wants; of all, when it can't be read.

    Raises:
        S3Error: it begins behind the end.
    """
    found = _RANGE.fullmatch(header)
    if found is None or found.groups() == ("", ""):
        return 0, size
    first, last = found.groups()
    if first:
        begin, end = int(first), min(int(last) + 1, size) if last else size
    else:
        begin, end = max(size - int(last), 0), size
    if begin >= end:
        raise S3Error("InvalidRange", headers={"content-range": f"bytes */{size}"})
    return begin, end
