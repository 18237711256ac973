"""Who asks: signatures of version 4, in a header or in a link.

Source: Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from sandbox.credentials import CREDENTIALS, same
from sandbox.objects.errors import S3Error

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"

_LONGEST_LINK = timedelta(days=7)
_LARGEST_SKEW = timedelta(minutes=15)
_MOMENT = "%Y%m%dT%H%M%SZ"
_HEADER = re.compile(
    rf"{ALGORITHM} +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]+)"
)
_HASH = re.compile(r"[0-9a-f]{64}")
_IN_LINKS = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")


@dataclass(frozen=True)
class Asked:
    """A request as it was sent.

    Args:
        method: of HTTP.
        path: percent-encoded.
        query: names and values, decoded.
        headers: names in lower case.
    """

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    headers: Sequence[tuple[str, str]]

    def header(self, name: str) -> str:
        """Return a header; empty: it isn't there."""
        return dict(self.headers).get(name, "")


@dataclass(frozen=True)
class Signed:
    """What a request's signature was found to be good for.

    Args:
        payload: the body's SHA-256 in hex, ``UNSIGNED-PAYLOAD``, or ``STREAMING-...``.
        signature: with which the chain of a stream's chunks begins.
        scope: day, region, service.
        moment: when it was signed, as written in the request.
    """

    payload: str
    signature: str
    scope: str
    moment: str

    def sign(self, kind: str, *lines: str) -> str:
        """Sign more that belongs to this request, e.g. a chunk of its body."""
        text = "\n".join((f"{ALGORITHM}-{kind}", self.moment, self.scope, *lines))
        return _signature(self.scope, text)


def check_signature(asked: Asked, now: datetime) -> Signed:
    """Check who asks.

    Raises:
        S3Error: nobody we know, or not what they signed, or too late.
    """
    query = dict(asked.query)
    if asked.header("authorization"):
        return _check_header(asked, now)
    if "X-Amz-Signature" in query or "X-Amz-Algorithm" in query:
        return _check_link(asked, query, now)
    raise S3Error("AccessDenied")


def check_payload(signed: Signed, body: bytes) -> None:
    """Check that a body is the one that was signed.

    Raises:
        S3Error: it is another one.
    """
    if _HASH.fullmatch(signed.payload):
        if not same(_sha256(body), signed.payload):
            raise S3Error("XAmzContentSHA256Mismatch")
    elif signed.payload != UNSIGNED and not signed.payload.startswith("STREAMING-"):
        raise S3Error("InvalidArgument", "x-amz-content-sha256 must be a hash or a known word.")


def _check_header(asked: Asked, now: datetime) -> Signed:
    found = _HEADER.fullmatch(asked.header("authorization"))
    if found is None:
        raise S3Error("AuthorizationHeaderMalformed")
    credential, names, signature = found.groups()
    scope = _scope(credential, "AuthorizationHeaderMalformed")
    written = asked.header("x-amz-date")
    at = _moment(written)
    if at is None:
        raise S3Error("AccessDenied", "AWS authentication requires a valid x-amz-date header.")
    if abs(now - at) > _LARGEST_SKEW:
        raise S3Error("RequestTimeTooSkewed")
    payload = asked.header("x-amz-content-sha256")
    if not payload:
        raise S3Error("InvalidRequest", "Missing required header: x-amz-content-sha256.")
    signed = Signed(payload, signature, scope, written)
    _check(asked, signed, names.split(";"))
    return signed


def _check_link(asked: Asked, query: dict[str, str], now: datetime) -> Signed:
    given = {name: query.get(f"X-Amz-{name}", "") for name in _IN_LINKS}
    at, seconds = _moment(given["Date"]), given["Expires"]
    if not all(given.values()) or given["Algorithm"] != ALGORITHM or at is None:
        raise S3Error("AuthorizationQueryParametersError")
    if not seconds.isdecimal() or not 0 < int(seconds) <= _LONGEST_LINK.total_seconds():
        raise S3Error("AuthorizationQueryParametersError", "X-Amz-Expires must be 1 to 604800.")
    if at - now > _LARGEST_SKEW:
        raise S3Error("AccessDenied", "Request is not valid yet")
    if now > at + timedelta(seconds=int(seconds)):
        raise S3Error("AccessDenied", "Request has expired")
    scope = _scope(given["Credential"], "AuthorizationQueryParametersError")
    signed = Signed(UNSIGNED, given["Signature"], scope, given["Date"])
    _check(asked, signed, given["SignedHeaders"].split(";"))
    return signed


def _check(asked: Asked, signed: Signed, names: Sequence[str]) -> None:
    sent = {name for name, _ in asked.headers if name.startswith("x-amz-")} | {"host"}
    if not sent <= set(names):
        raise S3Error("AccessDenied", "There were headers present which were not signed")
    canonical = "\n".join(
        (
            asked.method,
            quote(unquote(asked.path), safe="/-_.~"),
            "&".join(_pairs(asked.query)),
            *(f"{name}:{_joined(asked, name)}" for name in names),
            "",
            ";".join(names),
            signed.payload,
        )
    )
    text = "\n".join((ALGORITHM, signed.moment, signed.scope, _sha256(canonical.encode())))
    if not same(signed.signature, _signature(signed.scope, text)):
        raise S3Error("SignatureDoesNotMatch")


def _scope(credential: str, malformed: str) -> str:
    """Return day, region and service of a credential that is ours."""
    key, *scope = credential.split("/")
    if len(scope) != 4 or scope[2:] != ["s3", "aws4_request"]:  # noqa: PLR2004
        raise S3Error(malformed)
    if not same(key, CREDENTIALS.s3_access_key_id):
        raise S3Error("InvalidAccessKeyId")
    return "/".join(scope)


def _signature(scope: str, text: str) -> str:
    key = f"AWS4{CREDENTIALS.s3_secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _pairs(query: Sequence[tuple[str, str]]) -> list[str]:
    return sorted(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in query
        if name != "X-Amz-Signature"
    )


def _joined(asked: Asked, name: str) -> str:
    return ",".join(" ".join(value.split()) for one, value in asked.headers if one == name)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
