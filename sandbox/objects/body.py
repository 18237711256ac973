"""A request's body: taken out of its chunks, and compared with what was said about it.

Source: Amazon S3 API Reference, "Signature Calculations for the Authorization Header:
Transferring Payload in Multiple Chunks".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator, Mapping

from sandbox.credentials import same
from sandbox.objects.errors import S3Error
from sandbox.objects.signature import Asked, Signed, check_payload

_EMPTY = hashlib.sha256(b"").hexdigest()
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?")

_DIGESTS: Mapping[str, Callable[[bytes], bytes]] = {
    "content-md5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
    "x-amz-checksum-crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda data: hashlib.sha256(data).digest(),
}
"""What can be checked; S3 knows CRC32C and CRC64NVME, too, which are taken as they come."""


def read_body(asked: Asked, signed: Signed, sent: bytes) -> bytes:
    """Return what a request uploads.

    Raises:
        S3Error: it isn't what was signed or announced.
    """
    check_payload(signed, sent)
    said = dict(asked.headers)
    if signed.payload.startswith("STREAMING-"):
        sent, trailer = _unchunk(signed, sent)
        said |= trailer
        if said.get("x-amz-decoded-content-length") != str(len(sent)):
            raise S3Error("IncompleteBody")
    for name, digest in _DIGESTS.items():
        if name in said:
            _compare(said[name], digest(sent))
    return sent


def _compare(said: str, found: bytes) -> None:
    try:
        expected = base64.b64decode(said, validate=True)
    except (binascii.Error, ValueError):
        raise S3Error("InvalidDigest") from None
    if len(expected) != len(found):
        raise S3Error("InvalidDigest")
    if expected != found:
        raise S3Error("BadDigest")


def _unchunk(signed: Signed, sent: bytes) -> tuple[bytes, dict[str, str]]:
    """Return a body without the frames of its chunks, and the headers behind it."""
    is_signed = signed.payload.startswith("STREAMING-AWS4")
    before, body, place = signed.signature, bytearray(), 0
    while True:
        frame, place = _line(sent, place)
        found = _CHUNK.fullmatch(frame)
        if found is None:
            raise S3Error("IncompleteBody")
        size = int(found[1], 16)
        chunk = sent[place : place + size]
        if is_signed:
            hashed = hashlib.sha256(chunk).hexdigest()
            before = _next(signed, "PAYLOAD", found[2], before, _EMPTY, hashed)
        if not size:
            break
        if sent[place + size : place + size + 2] != b"\r\n":
            raise S3Error("IncompleteBody")
        body += chunk
        place += size + 2
    trailer = dict(_trailer(sent[place:]))
    if is_signed and signed.payload.endswith("-TRAILER"):
        shown = trailer.pop("x-amz-trailer-signature", "").encode()
        text = "".join(f"{name}:{value}\n" for name, value in trailer.items())
        _next(signed, "TRAILER", shown, before, hashlib.sha256(text.encode()).hexdigest())
    return bytes(body), trailer


def _next(signed: Signed, kind: str, shown: bytes | None, *lines: str) -> str:
    """Return the signature of the next piece of a stream, if it is the one that was shown."""
    expected = signed.sign(kind, *lines)
    if not same(shown or b"", expected):
        raise S3Error("SignatureDoesNotMatch")
    return expected


def _line(sent: bytes, place: int) -> tuple[bytes, int]:
    end = sent.find(b"\r\n", place)
    if end < 0:
        raise S3Error("IncompleteBody")
    return sent[place:end], end + 2


def _trailer(rest: bytes) -> Iterator[tuple[str, str]]:
    for line in rest.decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()
