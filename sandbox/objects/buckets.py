"""What is asked of buckets, and of the account that owns them."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import quote

from fastapi import Response

from sandbox.objects.ask import Ask
from sandbox.objects.errors import S3Error
from sandbox.objects.listing import MOST_KEYS, Wanted, list_keys
from sandbox.objects.store import Bucket
from sandbox.objects.xml_form import Fields, answer, moment, read, text

_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])")
_LARGEST_PAGE = 2**31 - 1


def list_buckets(ask: Ask) -> Response:
    """ListBuckets."""
    found: Fields = [
        ("Bucket", [("Name", one.name), ("CreationDate", moment(one.created_at))])
        for one in ask.buckets.all()
    ]
    owner = [("ID", "sandbox"), ("DisplayName", "sandbox")]
    return answer("ListAllMyBucketsResult", [("Owner", owner), ("Buckets", found)])


def create_bucket(ask: Ask) -> Response:
    """CreateBucket; the name is taken by its owner only."""
    check_name(ask.name)
    if ask.buckets.get(ask.name) is not None:
        raise S3Error("BucketAlreadyOwnedByYou")
    ask.buckets.create(ask.name)
    return Response(headers={"Location": f"/{ask.name}"})


def check_name(name: str) -> None:
    """Check the name of a bucket that is to be made.

    Raises:
        S3Error: it isn't a valid one.
    """
    if not _NAME.fullmatch(name):
        raise S3Error("InvalidBucketName")


def head_bucket(ask: Ask) -> Response:
    """HeadBucket."""
    return Response(headers={"x-amz-bucket-region": "us-east-1", "Location": f"/{ask.bucket.name}"})


def get_location(ask: Ask) -> Response:
    """GetBucketLocation; empty means us-east-1."""
    _ = ask.bucket
    return answer("LocationConstraint", [])


def delete_bucket(ask: Ask) -> Response:
    """DeleteBucket; only an empty one."""
    if ask.bucket.objects:
        raise S3Error("BucketNotEmpty")
    ask.buckets.remove(ask.name)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def list_objects(ask: Ask) -> Response:
    """ListObjectsV2."""
    if ask.query["list-type"] != "2":
        raise S3Error("InvalidArgument", "list-type must be 2.")
    encoding = ask.query.get("encoding-type", "")
    if encoding not in ("", "url"):
        raise S3Error("InvalidArgument", "Invalid Encoding Method specified in Request")
    token = ask.query.get("continuation-token", "")
    wanted = Wanted(
        prefix=ask.query.get("prefix", ""),
        delimiter=ask.query.get("delimiter", ""),
        start_after="" if token else ask.query.get("start-after", ""),
        token=token,
        most=min(ask.number("max-keys", MOST_KEYS, _LARGEST_PAGE), MOST_KEYS),
    )
    listed = list_keys(ask.bucket.objects, wanted)

    def shown(key: str) -> str:
        return quote(key, safe="/-_.~") if encoding else key

    optional = [
        ("Delimiter", shown(wanted.delimiter)),
        ("EncodingType", encoding),
        ("ContinuationToken", token),
        ("StartAfter", shown(wanted.start_after)),
        ("NextContinuationToken", listed.token),
    ]
    fields: Fields = [
        ("Name", ask.name),
        ("Prefix", shown(wanted.prefix)),
        ("MaxKeys", str(wanted.most)),
        ("KeyCount", str(len(listed.keys) + len(listed.prefixes))),
        ("IsTruncated", str(bool(listed.token)).lower()),
        *((name, value) for name, value in optional if value),
        *(("Contents", _contents(ask.bucket, key, shown(key))) for key in listed.keys),
        *(("CommonPrefixes", [("Prefix", shown(prefix))]) for prefix in listed.prefixes),
    ]
    return answer("ListBucketResult", fields)


def delete_objects(ask: Ask) -> Response:
    """DeleteObjects; a key that isn't there counts as deleted."""
    bucket = ask.bucket
    root = read(ask.body, "Delete")
    keys = [text(one, "Key") for one in root.iterfind("{*}Object")]
    if not 0 < len(keys) <= MOST_KEYS or not all(keys):
        raise S3Error("MalformedXML")
    for key in keys:
        bucket.objects.pop(key, None)
    is_quiet = text(root, "Quiet") == "true"
    deleted: Fields = [] if is_quiet else [("Deleted", [("Key", key)]) for key in keys]
    return answer("DeleteResult", deleted)


def _contents(bucket: Bucket, key: str, shown: str) -> Fields:
    stored = bucket.objects[key]
    return [
        ("Key", shown),
        ("LastModified", moment(stored.modified_at)),
        ("ETag", f'"{stored.etag}"'),
        ("Size", str(len(stored.content))),
        ("StorageClass", "STANDARD"),
    ]
