"""Buckets are made, listed page by page, and removed when they are empty."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.objects.listing import Wanted, list_keys
from tests.sandbox.objects.kit import S3, code, texts

LIST = "/sandbox?list-type=2"


async def test_one_bucket_is_there_from_the_start(s3: S3) -> None:
    assert texts(await s3("GET", ""), "Name") == ["sandbox"]
    assert texts(await s3("GET", "/"), "Name") == ["sandbox"]
    assert (await s3("HEAD", "/sandbox")).status_code == 200
    assert (await s3("HEAD", "/nobody")).status_code == 404
    assert (await s3("GET", "/sandbox?location")).status_code == 200


async def test_a_bucket_is_made_once_and_removed_when_it_is_empty(s3: S3) -> None:
    made = await s3("PUT", "/photos")
    assert (made.status_code, made.headers["location"]) == (200, "/photos")
    assert code(await s3("PUT", "/photos")) == (409, "BucketAlreadyOwnedByYou")
    await s3("PUT", "/photos/a", b"1")
    assert code(await s3("DELETE", "/photos")) == (409, "BucketNotEmpty")
    await s3("DELETE", "/photos/a")
    assert (await s3("DELETE", "/photos")).status_code == 204
    assert code(await s3("GET", "/photos?list-type=2")) == (404, "NoSuchBucket")


@pytest.mark.parametrize("name", ["ab", "Photos", "-ab", "ab.", "a_b", "x" * 64])
async def test_names_of_buckets_are_checked(s3: S3, name: str) -> None:
    assert code(await s3("PUT", f"/{name}")) == (400, "InvalidBucketName")


async def test_a_list_goes_by_prefix_and_shows_folders(s3: S3) -> None:
    for key in ("a/1", "a/2", "a/b/3", "ab", "c"):
        await s3("PUT", f"/sandbox/{key}", b"1")

    assert texts(await s3("GET", LIST), "Key") == ["a/1", "a/2", "a/b/3", "ab", "c"]
    assert texts(await s3("GET", f"{LIST}&prefix=a%2F"), "Key") == ["a/1", "a/2", "a/b/3"]
    folders = await s3("GET", f"{LIST}&delimiter=%2F&prefix=a")
    assert texts(folders, "Key") == ["ab"]
    assert texts(folders, "Prefix") == ["a", "a/"]
    assert texts(await s3("GET", f"{LIST}&start-after=a%2F2"), "Key") == ["a/b/3", "ab", "c"]
    assert texts(await s3("GET", f"{LIST}&prefix=none"), "KeyCount") == ["0"]


async def test_a_list_is_read_page_by_page(s3: S3) -> None:
    for number in range(5):
        await s3("PUT", f"/sandbox/{number}", b"1")
    found, token = list[str](), ""

    for _ in range(3):
        page = await s3("GET", f"{LIST}&max-keys=2{token}")
        found += texts(page, "Key")
        next_one = map(quote, texts(page, "NextContinuationToken"))
        token = "".join(f"&continuation-token={one}" for one in next_one)

    assert found == list("01234")
    assert token == ""
    assert texts(page, "IsTruncated") == ["false"]


async def test_a_page_holds_a_thousand_keys_whatever_is_asked(s3: S3) -> None:
    page = await s3("GET", f"{LIST}&max-keys=5000")

    assert texts(page, "MaxKeys") == ["1000"]


async def test_keys_are_encoded_on_demand(s3: S3) -> None:
    await s3("PUT", "/sandbox/a%20%2B%26%C3%BC", b"1")

    assert texts(await s3("GET", LIST), "Key") == ["a +&ü"]
    assert texts(await s3("GET", f"{LIST}&encoding-type=url"), "Key") == ["a%20%2B%26%C3%BC"]


@pytest.mark.parametrize(
    "query",
    ["max-keys=x", "max-keys=-1", "max-keys=9999999999", "continuation-token=x", "encoding-type=a"],
)
async def test_a_list_that_cannot_be_is_refused(s3: S3, query: str) -> None:
    assert code(await s3("GET", f"{LIST}&{query}")) == (400, "InvalidArgument")


@pytest.mark.parametrize(
    ("method", "path", "refused"),
    [
        ("GET", "/sandbox", (501, "NotImplemented")),
        ("GET", "/sandbox?acl", (501, "NotImplemented")),
        ("GET", "/sandbox/a?tagging", (501, "NotImplemented")),
        ("POST", "/sandbox", (405, "MethodNotAllowed")),
        ("POST", "/sandbox/a", (405, "MethodNotAllowed")),
        ("DELETE", "/", (405, "MethodNotAllowed")),
    ],
)
async def test_what_is_not_played_is_said_so(
    s3: S3, method: str, path: str, refused: tuple[int, str]
) -> None:
    assert code(await s3(method, path)) == refused


keys = st.sets(st.text(alphabet="ab/é€", min_size=1, max_size=6), max_size=30)


@given(
    keys=keys,
    prefix=st.text("ab/", max_size=2),
    most=st.integers(1, 4),
    by=st.sampled_from(["/", ""]),
)
def test_pages_together_hold_each_key_once_in_order(
    keys: set[str], prefix: str, most: int, by: str
) -> None:
    found, folders, token = list[str](), list[str](), ""
    for _ in range(len(keys) + 1):
        listed = list_keys(keys, Wanted(prefix=prefix, delimiter=by, token=token, most=most))
        assert len(listed.keys) + len(listed.prefixes) <= most
        found, folders, token = found + listed.keys, folders + listed.prefixes, listed.token
        if not token:
            break

    wanted = sorted((k for k in keys if k.startswith(prefix)), key=str.encode)
    shared = [k[: k.find("/", len(prefix)) + 1] for k in wanted] if by else [""] * len(wanted)
    assert token == ""
    assert found == [k for k, one in zip(wanted, shared, strict=True) if not one]
    assert folders == list(dict.fromkeys(filter(None, shared)))
