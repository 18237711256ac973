"""Every call may be repeated, so a fault that passes is not seen by whoever calls."""

from __future__ import annotations

import uuid
from typing import Any

from pydantic import SecretStr

from connectors._http.retry import RetryPolicy
from connectors.objects.client import ObjectsClient
from sandbox.objects.store import FIRST_BUCKET, Buckets
from tests.contract.cases import Case

PASSING = ("429 with Retry-After", "429 without", "500", "503", "time-out", "reset")
PASSING_ON_WRITES = (*PASSING, "dropped after the act", "another content type")


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> ObjectsClient:
    return ObjectsClient(
        f"s3://{FIRST_BUCKET}",
        endpoint=f"{stand_ins.url}/s3",
        access_key_id="sandbox",
        secret_access_key=SecretStr("sandbox-secret"),
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def prepare(objects: ObjectsClient) -> None:
    await objects.put("kept", b"12345")


async def written(stand_ins: Any) -> int:
    bucket = stand_ins.sandbox.state.store(Buckets).get(FIRST_BUCKET)
    return sum(key.startswith("new/") for key in bucket.objects)


CASES = {
    "objects": Case(
        service="s3",
        make=make,
        prepare=prepare,
        read=lambda objects: objects.get("kept"),
        read_path="/kept",
        # Retry-After is lost in obstore's errors.
        read_tries={"429 with Retry-After": 3, "another content type": 3},
        write=lambda objects: objects.put(f"new/{uuid.uuid4()}", b"12345"),
        write_path="/new/",
        written=written,
        # The answer to a write has no body that could be cut.
        write_fails={**dict.fromkeys(PASSING_ON_WRITES), "truncated": None},
        write_tries=dict.fromkeys(PASSING_ON_WRITES, 2),
    )
}
