"""A local folder does what a bucket does; keys stay within both."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors._http.errors import (
    ConnectorError,
    RejectedError,
    ServiceNotFoundError,
)
from connectors._http.retry import RetryPolicy
from connectors.objects.client import ObjectsClient


def client(folder: Path, retry: RetryPolicy) -> ObjectsClient:
    return ObjectsClient(
        folder.as_uri(), secret_access_key=SecretStr(""), timeout_seconds=5.0, retry=retry
    )


@pytest.fixture
def objects(tmp_path: Path, retry: RetryPolicy) -> ObjectsClient:
    return client(tmp_path / "the folder" / "ü", retry)


async def listed(objects: ObjectsClient, folder: str = "") -> list[str]:
    return [one.key async for one in objects.list_objects(folder)]


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_the_folder_is_made(tmp_path: Path, objects: ObjectsClient) -> None:
    await objects.put("photos/a.jpg", b"12345", "image/png")

    assert (tmp_path / "the folder" / "ü" / "photos" / "a.jpg").read_bytes() == b"12345"


@pytest.mark.parametrize("key", ["a", "a/b.jpg", "ü %+#?&.jpg", "a.b/..c", "~"])
async def test_what_was_written_is_read(objects: ObjectsClient, key: str) -> None:
    await objects.put(key, b"first")
    await objects.put(key, b"12345")

    assert await objects.get(key) == b"12345"
    assert await objects.get_range(key, 1, 2) == b"23"
    assert await objects.get_range(key, 4, 9) == b"5"
    assert (await objects.head(key)).size_bytes == 5
    assert await listed(objects) == [key]
    await objects.delete(key)
    assert await listed(objects) == []


async def test_a_head_tells_the_type_by_the_end_of_the_key(objects: ObjectsClient) -> None:
    for key in ("a.jpg", "a"):
        await objects.put(key, b"12345", "text/plain")

    assert (await objects.head("a.jpg")).content_type == "image/jpeg"
    assert (await objects.head("a")).content_type == "application/octet-stream"


async def test_a_list_is_ordered_and_goes_by_folders(objects: ObjectsClient) -> None:
    for key in ("b/2", "ab/1", "b/10", "a/1", "c"):
        await objects.put(key, b"1")

    assert await listed(objects) == ["a/1", "ab/1", "b/10", "b/2", "c"]
    assert await listed(objects, "a") == ["a/1"]
    assert await listed(objects, "none") == []


async def test_what_is_missing_is_told_and_can_be_deleted(objects: ObjectsClient) -> None:
    for read in (objects.get, objects.head):
        with pytest.raises(ServiceNotFoundError):
            await read("none")
    await objects.delete("none")


async def test_a_read_has_its_bounds(objects: ObjectsClient) -> None:
    await objects.put("a", b"12345")

    assert await objects.get("a", at_most_bytes=5) == b"12345"
    with pytest.raises(RejectedError, match="5 bytes, more than 4"):
        await objects.get("a", at_most_bytes=4)
    for begin, length in ((5, 1), (-1, 2), (0, 0)):
        with pytest.raises(RejectedError):
            await objects.get_range("a", begin, length)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "..",
        "../x",
        "a/../../x",
        "./a",
        "a//b",
        "a/",
        "a\\..\\b",
        "a\x00",
        "\ud800",
        "x" * 1025,
        "y" * 300,
    ],
)
async def test_a_key_stays_within_the_folder(
    tmp_path: Path, objects: ObjectsClient, key: str
) -> None:
    for call in (objects.put(key, b"1"), objects.get(key), objects.head(key), objects.delete(key)):
        with pytest.raises(RejectedError):
            await call
    assert files(tmp_path) == []


@pytest.mark.parametrize("folder", ["..", "/", "a/../.."])
async def test_a_list_stays_within_the_folder(objects: ObjectsClient, folder: str) -> None:
    with pytest.raises(RejectedError):
        await listed(objects, folder)


async def test_a_key_is_a_file_or_a_folder(objects: ObjectsClient, waits: list[float]) -> None:
    await objects.put("a/b", b"1")

    for key in ("a", "a/b/c"):
        with pytest.raises(RejectedError):
            await objects.put(key, b"1")
    with pytest.raises(ServiceNotFoundError):
        await objects.get("a")
    assert waits == []


async def test_a_folder_has_no_links(objects: ObjectsClient) -> None:
    with pytest.raises(RejectedError, match="no links"):
        await objects.link("a", timedelta(minutes=1))


async def test_a_ping_looks_for_the_folder(tmp_path: Path, objects: ObjectsClient) -> None:
    await objects.ping()
    (tmp_path / "the folder" / "ü").rmdir()

    with pytest.raises(ServiceNotFoundError, match="gone"):
        await objects.ping()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, retry: RetryPolicy) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(ConnectorError, match="can't be made"):
        client(tmp_path / "file" / "folder", retry)
