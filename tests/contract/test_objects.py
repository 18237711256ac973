"""What the connector promises, against the stand-in; and Amazon's own client against it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import boto3
import httpx
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
from pydantic import SecretStr

from connectors._http.errors import (
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
)
from connectors._http.retry import RetryPolicy
from connectors.objects.client import ObjectsClient
from sandbox.objects.store import Buckets

KEY = "photos/ü & b.jpg"


SECRET = "sandbox-secret"


def client(stand_ins: Any, url: str = "s3://sandbox/shop", secret: str = SECRET) -> ObjectsClient:
    return ObjectsClient(
        url,
        endpoint=f"{stand_ins.url}/s3",
        access_key_id="sandbox",
        secret_access_key=SecretStr(secret),
        timeout_seconds=5.0,
        retry=RetryPolicy(tries=1),
    )


@pytest.fixture
async def objects(stand_ins: Any) -> AsyncIterator[ObjectsClient]:
    objects = client(stand_ins)
    yield objects
    await objects.aclose()


@pytest.fixture
async def boto(stand_ins: Any) -> AsyncIterator[Any]:
    """Amazon's client; but for the URL, it signs links by version 4 and doesn't try again."""
    boto = await asyncio.to_thread(
        boto3.client,
        "s3",
        endpoint_url=f"{stand_ins.url}/s3",
        aws_access_key_id="sandbox",
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
        config=Config(signature_version="s3v4", retries={"total_max_attempts": 1}),
    )
    yield boto
    boto.close()


async def test_what_was_written_is_read(objects: ObjectsClient) -> None:
    await objects.put(KEY, b"first", "image/png")
    await objects.put(KEY, b"12345", "image/jpeg")

    assert await objects.get(KEY) == b"12345"
    assert await objects.get_range(KEY, 1, 2) == b"23"
    head = await objects.head(KEY)
    assert (head.key, head.size_bytes, head.content_type) == (KEY, 5, "image/jpeg")
    await objects.delete(KEY)
    await objects.delete(KEY)
    with pytest.raises(ServiceNotFoundError, match="NoSuchKey"):
        await objects.get(KEY)


async def test_a_list_holds_what_lies_below_the_prefix(
    stand_ins: Any, objects: ObjectsClient
) -> None:
    await client(stand_ins, "s3://sandbox").put("shopping", b"1")
    for key in ("b/2", "ab/1", "b/10", "a/1"):
        await objects.put(key, b"1")

    everything = [one.key async for one in objects.list_objects()]
    below = [one.key async for one in objects.list_objects("b")]

    assert everything == ["a/1", "ab/1", "b/10", "b/2"]
    assert below == ["b/10", "b/2"]


async def test_more_than_a_page_is_listed_to_its_end(
    stand_ins: Any, objects: ObjectsClient
) -> None:
    keys = [f"{number:05}" for number in range(2500)]
    bucket = stand_ins.sandbox.state.store(Buckets).get("sandbox")
    for key in keys:
        bucket.put(f"shop/{key}", b"1", {})

    assert [one.key async for one in objects.list_objects()] == keys


async def test_a_link_is_good_for_what_it_says(objects: ObjectsClient) -> None:
    put = await objects.link(KEY, timedelta(minutes=1), "PUT")
    get = await objects.link(KEY, timedelta(minutes=1))

    async with httpx.AsyncClient(trust_env=False) as anybody:
        assert (await anybody.put(put, content=b"12345")).status_code == 200
        assert (await anybody.get(get)).content == b"12345"
        assert (await anybody.put(get, content=b"")).status_code == 403


async def test_wrong_credentials_need_a_person(stand_ins: Any) -> None:
    objects = client(stand_ins, secret="wrong")

    for call in (objects.ping(), objects.get("a"), objects.put("a", b"")):
        with pytest.raises(NeedsReauthError, match="SignatureDoesNotMatch"):
            await call


async def test_a_bucket_that_is_not_there_is_told(stand_ins: Any) -> None:
    with pytest.raises(ServiceNotFoundError, match="NoSuchBucket"):
        await client(stand_ins, "s3://nobody").ping()


async def test_too_often_is_told(stand_ins: Any, objects: ObjectsClient) -> None:
    await stand_ins.fault("s3", "rate_limit")

    with pytest.raises(RateLimitedError, match="SlowDown"):
        await objects.put("a", b"1")


async def test_ping(objects: ObjectsClient) -> None:
    await objects.ping()


async def test_a_large_object_is_refused(objects: ObjectsClient) -> None:
    await objects.put("a", b"12345")

    with pytest.raises(RejectedError, match="5 bytes"):
        await objects.get("a", at_most_bytes=4)


async def test_boto3_finds_buckets_and_objects(boto: Any) -> None:
    def use() -> None:
        assert [one["Name"] for one in boto.list_buckets()["Buckets"]] == ["sandbox"]
        boto.create_bucket(Bucket="photos")
        boto.put_object(
            Bucket="photos", Key=KEY, Body=b"12345", ContentType="text/plain", Metadata={"who": "A"}
        )
        got = boto.get_object(Bucket="photos", Key=KEY)
        assert (got["Body"].read(), got["ContentType"]) == (b"12345", "text/plain")
        assert got["Metadata"] == {"who": "A"}
        part = boto.get_object(Bucket="photos", Key=KEY, Range="bytes=1-2")
        assert part["Body"].read() == b"23"
        assert boto.head_object(Bucket="photos", Key=KEY)["ContentLength"] == 5
        boto.copy_object(Bucket="sandbox", Key="copy", CopySource={"Bucket": "photos", "Key": KEY})
        assert boto.get_object(Bucket="sandbox", Key="copy")["Metadata"] == {"who": "A"}
        boto.delete_object(Bucket="photos", Key=KEY)
        boto.delete_bucket(Bucket="photos")
        boto.head_bucket(Bucket="sandbox")

    await asyncio.to_thread(use)


async def test_boto3_lists_page_by_page_and_deletes_many(boto: Any) -> None:
    def use() -> None:
        keys = [f"a b/{number}" for number in range(5)]
        for key in keys:
            boto.put_object(Bucket="sandbox", Key=key, Body=b"1")
        pages = boto.get_paginator("list_objects_v2").paginate(
            Bucket="sandbox", Prefix="a b/", PaginationConfig={"PageSize": 2}
        )
        sizes = [[one["Key"] for one in page["Contents"]] for page in pages]
        assert sizes == [keys[:2], keys[2:4], keys[4:]]
        found = boto.list_objects_v2(Bucket="sandbox", Delimiter="/")
        assert [one["Prefix"] for one in found["CommonPrefixes"]] == ["a b/"]
        named = [{"Key": key} for key in keys]
        done = boto.delete_objects(Bucket="sandbox", Delete={"Objects": named})
        assert [one["Key"] for one in done["Deleted"]] == keys
        assert boto.list_objects_v2(Bucket="sandbox")["KeyCount"] == 0

    await asyncio.to_thread(use)


async def test_boto3_sends_large_files_in_parts(boto: Any) -> None:
    def use() -> None:
        data = bytes(range(256)) * 50_000  # 12.8 MB: three parts
        at_once = TransferConfig(multipart_threshold=5_242_880, multipart_chunksize=5_242_880)
        boto.upload_fileobj(io.BytesIO(data), "sandbox", "film", Config=at_once)
        got = boto.get_object(Bucket="sandbox", Key="film")
        assert got["Body"].read() == data
        assert got["ETag"].endswith('-3"')
        begun = boto.create_multipart_upload(Bucket="sandbox", Key="other")["UploadId"]
        boto.abort_multipart_upload(Bucket="sandbox", Key="other", UploadId=begun)

    await asyncio.to_thread(use)


async def test_boto3_reads_refusals_and_signs_links(boto: Any) -> None:
    def use() -> str:
        with pytest.raises(boto.exceptions.NoSuchKey):
            boto.get_object(Bucket="sandbox", Key="none")
        with pytest.raises(boto.exceptions.NoSuchBucket):
            boto.list_objects_v2(Bucket="nobody")
        boto.put_object(Bucket="sandbox", Key="a", Body=b"1")
        with pytest.raises(ClientError, match="InvalidRange"):
            boto.get_object(Bucket="sandbox", Key="a", Range="bytes=9-")
        return str(
            boto.generate_presigned_url("get_object", Params={"Bucket": "sandbox", "Key": "a"})
        )

    link = await asyncio.to_thread(use)

    async with httpx.AsyncClient(trust_env=False) as anybody:
        assert (await anybody.get(link)).content == b"1"
