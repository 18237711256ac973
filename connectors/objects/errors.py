"""The error table of object storage, with cures for ops, and what obstore's errors say."""

from __future__ import annotations

import re
from typing import NamedTuple

from obstore.exceptions import InvalidPathError

from connectors._http.errors import (
    ConnectorError,
    Cures,
    ErrorTable,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    classify,
)

TABLE: ErrorTable = {
    "SlowDown": RateLimitedError,
    "RequestTimeout": TransientError,
    "ExpiredToken": NeedsReauthError,
    "InvalidToken": NeedsReauthError,
    "RequestTimeTooSkewed": RejectedError,
    "NotImplemented": RejectedError,
    "NotFound": ServiceNotFoundError,
    "InvalidPath": RejectedError,
    "BareRedirect": RejectedError,
    "InvalidRange": RejectedError,
    "IsADirectory": RejectedError,
    "NotADirectory": RejectedError,
    "InvalidFilename": RejectedError,
    "PermissionDenied": NeedsReauthError,
    "UnreadableKey": RejectedError,
}
"""Codes of S3 and of obstore; for all others the status counts.

How long to stay away is never known: obstore's errors leave out the header Retry-After.

Source: Amazon S3 API Reference, "Error responses". R2 says "too often" by 429.
"""

PASSING = frozenset(
    {
        "",  # what came back is no answer of S3
        "Connect",
        "Request",
        "Timeout",
        "Interrupted",
        "Decode",
        "Unknown",
        "StorageFull",
        "QuotaExceeded",
        "ResourceBusy",
        "TimedOut",
        "WouldBlock",
        "OutOfMemory",
        "Uncategorized",
    }
)
"""What may pass of failures without a status: of the connection, then of a folder's disk.

Source: ``HttpErrorKind`` of the crate object_store, ``std::io::ErrorKind`` of Rust.
"""

CURES: Cures = {
    NeedsReauthError: (
        "Check HOTROD_OBJECTS__ACCESS_KEY_ID and HOTROD_OBJECTS__SECRET_ACCESS_KEY, and that they "
        "may read, write, delete and list in the bucket; of a folder, who owns it."
    ),
    ServiceNotFoundError: "Check the key, and the bucket in HOTROD_OBJECTS__URL.",
    RejectedError: (
        "Correct the key or the range; if all calls fail, check HOTROD_OBJECTS__REGION, "
        "HOTROD_OBJECTS__ENDPOINT and this machine's clock."
    ),
    RateLimitedError: "It is tried again later; if it lasts, spread the keys over more prefixes.",
    TransientError: (
        "It is tried again; if it lasts, check HOTROD_OBJECTS__ENDPOINT, the service's status "
        "page, and of a folder, the space on its disk."
    ),
}

UNREADABLE_KEY_CURE = (
    "Rename or delete, by other means, the key in the bucket that has an empty part, a part . or "
    ".., or a control character; until then its folder can't be listed."
)

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w+)</Code>|\b(BareRedirect|InvalidRange)\b|\bkind: (\w+)")
_REQUEST = re.compile(r"<RequestId>([\w-]+)</RequestId>")
_UNAVAILABLE, _BAD_REQUEST = 503, 400
_BY_CLASS: dict[type[Exception], str] = {
    FileNotFoundError: "NotFound",
    NotImplementedError: "NotImplemented",
    ValueError: "InvalidPath",
    InvalidPathError: "UnreadableKey",
}


class Failure(NamedTuple):
    """What an error of obstore says; its text holds addresses and keys, and is never shown.

    Args:
        status: of the answer; None: there was none.
        code: of S3, or obstore's word for what happened.
        request_id: by which the vendor finds the request.
    """

    status: int | None
    code: str
    request_id: str

    @property
    def kind(self) -> type[ConnectorError]:
        """The class of error; writes are classified as reads, they may be repeated."""
        unanswered = _UNAVAILABLE if self.code in PASSING else _BAD_REQUEST
        return classify(self.status or unanswered, self.code, write=False, table=TABLE)

    @property
    def cure(self) -> str | None:
        """What to do about it, where that is not what its class says."""
        return UNREADABLE_KEY_CURE if self.code == "UnreadableKey" else None

    def __str__(self) -> str:
        if self.status:
            return f"answered {self.status} {self.code}".strip()
        return f"failed ({self.code or 'what came back is no answer of S3'})"


def read_failure(cause: Exception) -> Failure:
    """Read what obstore says in the text of an error; it tells it nowhere else."""
    text = str(cause)
    status, code, request = _STATUS.search(text), _CODE.search(text), _REQUEST.search(text)
    usual = next((code for kind, code in _BY_CLASS.items() if isinstance(cause, kind)), "")
    return Failure(
        int(status[1]) if status else None,
        next(filter(None, code.groups())) if code else "" if status else usual,
        request[1] if request else "",
    )
