"""Who asks is really checked: by header, by link, chunk by chunk."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.credentials import Credentials

from sandbox.credentials import CREDENTIALS
from sandbox.objects import signature
from sandbox.objects.body import read_body
from sandbox.objects.errors import S3Error
from sandbox.objects.signature import Asked, Signed, check_signature
from tests.sandbox.objects.kit import S3, code, link, signed

DATA = b"0123456789"
NOW = datetime(2013, 5, 24, tzinfo=UTC)
SCOPE = "20130524/us-east-1/s3/aws4_request"
EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def amazons_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key pair of the examples in Amazon's documentation."""
    pair = replace(
        CREDENTIALS,
        s3_access_key_id="AKIAIOSFODNN7EXAMPLE",
        s3_secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    )
    monkeypatch.setattr(signature, "CREDENTIALS", pair)


@pytest.mark.usefixtures("amazons_example")
def test_amazons_own_header_is_right() -> None:
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "range": "bytes=0-9",
        "x-amz-content-sha256": EMPTY,
        "x-amz-date": "20130524T000000Z",
        "authorization": f"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/{SCOPE},"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    }

    assert check_signature(Asked("GET", "/test.txt", [], list(headers.items())), NOW)


@pytest.mark.usefixtures("amazons_example")
def test_amazons_own_link_is_right() -> None:
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"AKIAIOSFODNN7EXAMPLE/{SCOPE}",
        "X-Amz-Date": "20130524T000000Z",
        "X-Amz-Expires": "86400",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    }
    asked = Asked(
        "GET", "/test.txt", list(query.items()), [("host", "examplebucket.s3.amazonaws.com")]
    )

    assert check_signature(asked, NOW + timedelta(hours=24))
    with pytest.raises(S3Error, match="AccessDenied"):
        check_signature(asked, NOW + timedelta(hours=24, seconds=1))


CHUNKED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
AMAZONS_CHUNKS = (
    ("10000", "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648", b"a" * 65536),
    ("400", "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", b"a" * 1024),
    ("0", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9", b""),
)


def streamed(kind: str, length: int) -> tuple[Asked, Signed]:
    seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    headers = [("x-amz-decoded-content-length", str(length))]
    return Asked("PUT", "/", [], headers), Signed(kind, seed, SCOPE, "20130524T000000Z")


def framed(*chunks: tuple[str, str, bytes]) -> bytes:
    return b"".join(
        f"{size};chunk-signature={shown}\r\n".encode() + data + b"\r\n"
        for size, shown, data in chunks
    )


@pytest.mark.usefixtures("amazons_example")
def test_amazons_own_chunks_are_right() -> None:
    body = read_body(*streamed(CHUNKED, 66560), framed(*AMAZONS_CHUNKS))

    assert body == b"a" * 66560


@pytest.mark.usefixtures("amazons_example")
@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (framed(*AMAZONS_CHUNKS).replace(b"aaaa", b"baaa", 1), "SignatureDoesNotMatch"),
        (framed(*AMAZONS_CHUNKS[1:]), "SignatureDoesNotMatch"),
        (framed(*AMAZONS_CHUNKS[:1]), "IncompleteBody"),
        (b"10000\r\n" + b"a" * 65536 + b"\r\n0\r\n\r\n", "SignatureDoesNotMatch"),
        (b"no chunk", "IncompleteBody"),
        (b"zz\r\n\r\n", "IncompleteBody"),
    ],
)
def test_changed_chunks_are_refused(body: bytes, refused: str) -> None:
    with pytest.raises(S3Error, match=refused):
        read_body(*streamed(CHUNKED, 66560), body)


def test_a_signed_trailer_is_checked() -> None:
    kind = f"{CHUNKED}-TRAILER"
    asked, begin = streamed(kind, 0)
    last = begin.sign("PAYLOAD", begin.signature, EMPTY, EMPTY)
    text = f"x-amz-checksum-sha256:{base64.b64encode(hashlib.sha256(b'').digest()).decode()}"
    shown = begin.sign("TRAILER", last, hashlib.sha256(f"{text}\n".encode()).hexdigest())
    frame = f"0;chunk-signature={last}\r\n{text}\r\nx-amz-trailer-signature:"

    assert read_body(asked, begin, f"{frame}{shown}\r\n\r\n".encode()) == b""
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        read_body(asked, begin, f"{frame}{'0' * 64}\r\n\r\n".encode())


async def send_chunks(s3: S3, body: bytes, **more: str) -> tuple[int, str]:
    headers = {"x-amz-decoded-content-length": "5", "content-encoding": "aws-chunked", **more}
    kind = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    named = signed(f"{s3.root}/sandbox/a", "PUT", body, headers, payload=kind)
    answer = await s3.raw("PUT", "/sandbox/a", body, named)
    return code(answer) if answer.content else (answer.status_code, "")


async def test_unsigned_chunks_are_taken_out_of_their_frames(s3: S3) -> None:
    checksum = base64.b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode()
    right = f"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n".encode()

    assert await send_chunks(s3, right) == (200, "")
    got = await s3("GET", "/sandbox/a")
    assert got.content == b"hello"
    assert "content-encoding" not in got.headers
    assert await send_chunks(s3, right.replace(b"hello", b"jelly")) == (400, "BadDigest")
    assert await send_chunks(s3, right.replace(b"5", b"4", 1)) == (400, "IncompleteBody")
    short = {"x-amz-decoded-content-length": "4"}
    assert await send_chunks(s3, right, **short) == (400, "IncompleteBody")


async def test_a_body_is_compared_with_its_hash(s3: S3) -> None:
    headers = signed(f"{s3.root}/sandbox/a", "PUT", DATA)

    answer = await s3.raw("PUT", "/sandbox/a", b"changed", headers)

    assert code(answer) == (400, "XAmzContentSHA256Mismatch")


async def test_an_unsigned_body_is_taken_as_it_comes(s3: S3) -> None:
    headers = signed(f"{s3.root}/sandbox/a", "PUT", payload="UNSIGNED-PAYLOAD")

    assert (await s3.raw("PUT", "/sandbox/a", DATA, headers)).status_code == 200


@pytest.mark.parametrize(
    ("digest", "refused"),
    [
        ({"Content_MD5": base64.b64encode(b"0" * 16).decode()}, "BadDigest"),
        ({"Content_MD5": "x"}, "InvalidDigest"),
        ({"Content_MD5": base64.b64encode(b"0").decode()}, "InvalidDigest"),
        ({"x_amz_checksum_sha256": base64.b64encode(b"0" * 32).decode()}, "BadDigest"),
    ],
)
async def test_a_digest_that_is_said_is_checked(
    s3: S3, digest: dict[str, str], refused: str
) -> None:
    assert code(await s3("PUT", "/sandbox/a", DATA, **digest)) == (400, refused)


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"Authorization": ""}, (403, "AccessDenied")),
        ({"Authorization": "Basic x"}, (400, "AuthorizationHeaderMalformed")),
        ({"Authorization": "AWS sandbox:x"}, (400, "AuthorizationHeaderMalformed")),
        ({"X-Amz-Date": "today"}, (403, "AccessDenied")),
        ({"X-Amz-Content-SHA256": "x"}, (403, "SignatureDoesNotMatch")),
        ({"x-amz-meta-more": "x"}, (403, "AccessDenied")),
        ({"X-Amz-Content-SHA256": ""}, (400, "InvalidRequest")),
    ],
)
async def test_a_changed_header_is_refused(
    s3: S3, changed: dict[str, str], refused: tuple[int, str]
) -> None:
    headers = {**signed(f"{s3.root}/sandbox/a"), **changed}

    assert code(await s3.raw("GET", "/sandbox/a", b"", headers)) == refused


@pytest.mark.parametrize(
    ("pair", "refused"),
    [
        (Credentials("nobody", "sandbox-secret"), "InvalidAccessKeyId"),
        (Credentials("sandbox", "wrong"), "SignatureDoesNotMatch"),
    ],
)
async def test_nobody_else_is_let_in(s3: S3, pair: Credentials, refused: str) -> None:
    headers = signed(f"{s3.root}/sandbox/a", credentials=pair)

    assert code(await s3.raw("GET", "/sandbox/a", b"", headers)) == (403, refused)
    assert code(await s3.http.get(link(f"{s3.root}/sandbox/a", credentials=pair))) == (403, refused)


async def test_a_signature_is_good_for_one_path_and_method(s3: S3) -> None:
    headers = signed(f"{s3.root}/sandbox/a")

    assert code(await s3.raw("GET", "/sandbox/b", b"", headers))[1] == "SignatureDoesNotMatch"
    assert code(await s3.raw("PUT", "/sandbox/a", b"", headers))[1] == "SignatureDoesNotMatch"
    assert code(await s3.raw("GET", "/sandbox/a?x=1", b"", headers))[1] == "SignatureDoesNotMatch"


async def test_a_link_reads_and_writes_without_headers(s3: S3) -> None:
    put = await s3.http.put(link(f"{s3.root}/sandbox/a%20b", "PUT"), content=DATA)
    got = await s3.http.get(link(f"{s3.root}/sandbox/a%20b"))

    assert put.status_code == 200
    assert got.content == DATA
    assert code(await s3.http.put(link(f"{s3.root}/sandbox/a%20b"), content=b""))[0] == 403


@pytest.mark.parametrize("seconds", [0, -1, 604801])
async def test_a_link_lasts_seven_days_at_most(s3: S3, seconds: int) -> None:
    answer = await s3.http.get(link(f"{s3.root}/sandbox/a", seconds=seconds))

    assert code(answer) == (400, "AuthorizationQueryParametersError")


@pytest.mark.parametrize(
    "changed",
    [
        ("X-Amz-Date=2", "X-Amz-Date=x"),
        ("X-Amz-Algorithm=AWS4", "X-Amz-Algorithm=AWS5"),
        ("aws4_request", "aws5_request"),
        ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders="),
    ],
)
async def test_a_link_that_is_none_is_refused(s3: S3, changed: tuple[str, str]) -> None:
    url = link(f"{s3.root}/sandbox/a").replace(*changed)

    assert code(await s3.http.get(url)) == (400, "AuthorizationQueryParametersError")


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_clock_that_is_wrong_is_told(minutes: int) -> None:
    headers = [(k.lower(), v) for k, v in signed("http://127.0.0.1/s3/sandbox").items()]
    asked = Asked("GET", "/s3/sandbox", [], headers)
    now = datetime.now(UTC)

    assert check_signature(asked, now)
    with pytest.raises(S3Error, match="RequestTimeTooSkewed"):
        check_signature(asked, now + timedelta(minutes=minutes))
