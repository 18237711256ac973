"""S3's refusals: a code, its usual sentence and status.

Source: Amazon S3 API Reference, "Error responses".
"""

from __future__ import annotations

from http import HTTPStatus
from xml.etree import ElementTree as ET

from fastapi import Response

_KNOWN: dict[str, tuple[int, str]] = {
    "AccessDenied": (403, "Access Denied"),
    "AuthorizationHeaderMalformed": (400, "The authorization header that you provided is wrong."),
    "AuthorizationQueryParametersError": (400, "The query parameters that you signed are wrong."),
    "BadDigest": (400, "The digest that you specified is not that of what was received."),
    "BucketAlreadyOwnedByYou": (409, "You own a bucket of this name already."),
    "BucketNotEmpty": (409, "The bucket that you tried to delete is not empty."),
    "EntityTooLarge": (400, "Your upload is larger than the largest object allowed."),
    "EntityTooSmall": (400, "A part but for the last is smaller than the smallest allowed."),
    "IncompleteBody": (400, "The body holds less than its headers say."),
    "InternalError": (500, "We met an internal error. Please try again."),
    "InvalidAccessKeyId": (403, "The access key id that you provided is not in our records."),
    "InvalidArgument": (400, "Invalid Argument"),
    "InvalidBucketName": (400, "The bucket's name is not a valid one."),
    "InvalidDigest": (400, "The digest that you specified can't be one."),
    "InvalidPart": (400, "A part was not found, or its entity tag is another one."),
    "InvalidPartOrder": (400, "The list of parts is not in ascending order."),
    "InvalidRange": (416, "The requested range can't be satisfied."),
    "InvalidRequest": (400, "Invalid Request"),
    "KeyTooLongError": (400, "Your key is too long."),
    "MalformedXML": (400, "The XML that you provided is not well-formed or not what we expect."),
    "MethodNotAllowed": (405, "The method is not allowed against this resource."),
    "NoSuchBucket": (404, "The specified bucket does not exist."),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NoSuchUpload": (404, "The specified upload does not exist."),
    "NotImplemented": (501, "What you ask for is not implemented."),
    "PreconditionFailed": (412, "One of the preconditions that you specified did not hold."),
    "RequestTimeTooSkewed": (403, "Your time and the server's are too far apart."),
    "ServiceUnavailable": (503, "Please reduce your request rate."),
    "SignatureDoesNotMatch": (
        403,
        "The signature that we calculated is not the one that you provided.",
    ),
    "SlowDown": (503, "Please reduce your request rate."),
    "XAmzContentSHA256Mismatch": (400, "The body's SHA-256 is not the one in your header."),
}
_BY_STATUS = {401: "AccessDenied", 403: "AccessDenied", 404: "NoSuchKey", 503: "ServiceUnavailable"}


class S3Error(Exception):
    """A refusal by its code.

    Args:
        code: one that S3 knows.
        message: instead of the usual sentence.
        headers: that the answer carries.
    """

    def __init__(self, code: str, message: str = "", headers: dict[str, str] | None = None) -> None:
        self.code = code
        self.status, usual = _KNOWN[code]
        self.message = message or usual
        self.headers = headers or {}
        super().__init__(code)


def error_answer(request_id: str, error: S3Error) -> Response:
    """Build S3's answer to a call that failed."""
    return _answer(request_id, error.status, error.code, error.message, error.headers)


def fault_answer(
    request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for; S3 says "too often" by 503 SlowDown."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        status, code = HTTPStatus.SERVICE_UNAVAILABLE, code or "SlowDown"
    elif status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        status, code = HTTPStatus.BAD_REQUEST, "EntityTooLarge"
    status = status or HTTPStatus.INTERNAL_SERVER_ERROR
    code = code or _BY_STATUS.get(status, "InternalError" if status >= 500 else "InvalidRequest")  # noqa: PLR2004
    _, message = _KNOWN.get(code, (status, code))
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return _answer(request_id, status, code, message, headers)


def _answer(
    request_id: str, status: int, code: str, message: str, headers: dict[str, str]
) -> Response:
    element = ET.Element("Error")
    for name, value in (("Code", code), ("Message", message), ("RequestId", request_id)):
        ET.SubElement(element, name).text = value
    body = ET.tostring(element, encoding="UTF-8", xml_declaration=True)
    return Response(body, status, headers, media_type="application/xml")
