"""Objects that arrive in parts."""

from __future__ import annotations

import hashlib
from http import HTTPStatus

from fastapi import Response

from sandbox.objects.ask import Ask
from sandbox.objects.errors import S3Error
from sandbox.objects.store import StoredObject, Upload, etag_of
from sandbox.objects.xml_form import answer, read, text

SMALLEST_PART_BYTES = 5 * 1024 * 1024
_MOST_PARTS = 10_000


def create_upload(ask: Ask) -> Response:
    """CreateMultipartUpload."""
    upload_id = ask.buckets.new_upload_id()
    ask.bucket.uploads[upload_id] = Upload(ask.new_key, ask.kept_headers)
    fields = [("Bucket", ask.name), ("Key", ask.key), ("UploadId", upload_id)]
    return answer("InitiateMultipartUploadResult", fields)


def upload_part(ask: Ask) -> Response:
    """UploadPart; a part of the same number is replaced."""
    if "x-amz-copy-source" in ask.headers:
        raise S3Error("NotImplemented")
    upload = _upload(ask)
    number = ask.number("partNumber", 0, _MOST_PARTS)
    if not number:
        raise S3Error("InvalidArgument", f"partNumber must be 1 to {_MOST_PARTS}.")
    upload.parts[number] = ask.body
    return Response(headers={"ETag": f'"{etag_of(ask.body)}"'})


def complete_upload(ask: Ask) -> Response:
    """CompleteMultipartUpload: put the named parts together."""
    upload = _upload(ask)
    root = read(ask.body, "CompleteMultipartUpload")
    named = [(text(one, "PartNumber"), text(one, "ETag")) for one in root.iterfind("{*}Part")]
    parts = _chosen(upload, named)
    if any(len(part) < SMALLEST_PART_BYTES for part in parts[:-1]):
        raise S3Error("EntityTooSmall")
    digests = b"".join(hashlib.md5(part, usedforsecurity=False).digest() for part in parts)
    etag = f"{etag_of(digests)}-{len(parts)}"
    ask.bucket.objects[ask.key] = StoredObject(b"".join(parts), upload.headers, etag)
    del ask.bucket.uploads[ask.query["uploadId"]]
    fields = [
        ("Location", f"/{ask.name}/{ask.key}"),
        ("Bucket", ask.name),
        ("Key", ask.key),
        ("ETag", f'"{etag}"'),
    ]
    return answer("CompleteMultipartUploadResult", fields)


def abort_upload(ask: Ask) -> Response:
    """AbortMultipartUpload: forget what has arrived."""
    _upload(ask)
    del ask.bucket.uploads[ask.query["uploadId"]]
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _upload(ask: Ask) -> Upload:
    upload = ask.bucket.uploads.get(ask.query["uploadId"])
    if upload is None or upload.key != ask.key:
        raise S3Error("NoSuchUpload")
    return upload


def _chosen(upload: Upload, named: list[tuple[str, str]]) -> list[bytes]:
    """Return the parts that are named, which are in order and as they arrived."""
    if not named or not all(number.isascii() and number.isdecimal() for number, _ in named):
        raise S3Error("MalformedXML")
    numbers = [int(number[:9]) for number, _ in named]
    if sorted(set(numbers)) != numbers:
        raise S3Error("InvalidPartOrder")
    for number, (_, etag) in zip(numbers, named, strict=True):
        if number not in upload.parts or etag_of(upload.parts[number]) != etag.strip('"'):
            raise S3Error("InvalidPart")
    return [upload.parts[number] for number in numbers]
