"""S3's REST API, path style: what is asked for is told by method, path and a word in the query.

S3 states how many calls a second it takes at least, not at most; so SlowDown, its 503, is answered
only when ordered.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from sandbox.objects import buckets, objects, uploads
from sandbox.objects.ask import Ask
from sandbox.objects.body import read_body
from sandbox.objects.errors import S3Error
from sandbox.objects.signature import Asked, check_signature
from sandbox.objects.store import Buckets
from sandbox.state import State

Answering = Callable[[Ask], Response]

_METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE"]
# fmt: off
_WORDS = frozenset({
    "accelerate", "acl", "analytics", "attributes", "cors", "delete", "encryption",
    "intelligent-tiering", "inventory", "legal-hold", "lifecycle", "list-type", "location",
    "logging", "metrics", "notification", "object-lock", "ownershipControls", "partNumber",
    "policy", "policyStatus", "publicAccessBlock", "replication", "requestPayment", "restore",
    "retention", "select", "tagging", "torrent", "uploadId", "uploads", "versionId",
    "versioning", "versions", "website",
})
# fmt: on
"""Words in the query by which something else than the bucket or object itself is asked for."""

_ACCOUNT: dict[tuple[str, str], Answering] = {("GET", ""): buckets.list_buckets}
_BUCKET: dict[tuple[str, str], Answering] = {
    ("GET", "list-type"): buckets.list_objects,
    ("GET", "location"): buckets.get_location,
    ("HEAD", ""): buckets.head_bucket,
    ("PUT", ""): buckets.create_bucket,
    ("DELETE", ""): buckets.delete_bucket,
    ("POST", "delete"): buckets.delete_objects,
}
_OBJECT: dict[tuple[str, str], Answering] = {
    ("GET", ""): objects.get_object,
    ("HEAD", ""): objects.get_object,
    ("PUT", ""): objects.put_object,
    ("DELETE", ""): objects.delete_object,
    ("POST", "uploads"): uploads.create_upload,
    ("PUT", "partNumber uploadId"): uploads.upload_part,
    ("POST", "uploadId"): uploads.complete_upload,
    ("DELETE", "uploadId"): uploads.abort_upload,
}

router = APIRouter()


@router.api_route("", methods=_METHODS)
@router.api_route("/{path:anything}", methods=_METHODS)
async def answer(request: Request, state: State, path: str = "") -> Response:
    """Answer any request."""
    asked = _asked(request)
    signed = check_signature(asked, datetime.now(UTC))
    body = read_body(asked, signed, await request.body())
    name, _, key = path.partition("/")
    ask = Ask(state.store(Buckets), name, key, dict(asked.query), dict(asked.headers), body)
    return _found(asked.method, ask)(ask)


def _found(method: str, ask: Ask) -> Answering:
    table = _OBJECT if ask.key else _BUCKET if ask.name else _ACCOUNT
    word = " ".join(sorted(ask.query.keys() & _WORDS))
    found = table.get((method, word))
    if found is not None:
        return found
    if word or (method, word) == ("GET", ""):  # of S3, but not played here
        raise S3Error("NotImplemented")
    raise S3Error("MethodNotAllowed")


def _asked(request: Request) -> Asked:
    scope: dict[str, Any] = dict(request.scope)
    query = scope["query_string"].decode("latin-1").replace("+", "%2B")
    return Asked(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=parse_qsl(query, keep_blank_values=True),
        headers=[
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in scope["headers"]
        ],
    )
