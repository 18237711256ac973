"""The error table of Drive, with cures for ops.

Source: Drive API, "Resolve errors".
"""

from __future__ import annotations

from connectors._http.errors import (
    Cures,
    ErrorTable,
    RejectedError,
    TransientError,
)
from connectors._http.google import GOOGLE_CURES, GOOGLE_TABLE


class PageTokenExpiredError(RejectedError):
    """A page token of changes is too old: what changed since is unknown."""

    default_cure = "All files are listed once more, and changes from a new start token on."


class HalfUploadedError(TransientError):
    """A file has no size or checksum yet: somebody is still uploading it."""

    default_cure = "It is read later; if it lasts, ask for the file to be uploaded again."


TABLE: ErrorTable = {
    **GOOGLE_TABLE,
    "appNotAuthorizedToFile": RejectedError,
    "cannotDownloadAbusiveFile": RejectedError,
    "exportSizeLimitExceeded": RejectedError,
    "fileNotDownloadable": RejectedError,
    "fileNotExportable": RejectedError,
    "push.webhookUrlNotHttps": RejectedError,
    "push.webhookUrlUnauthorized": RejectedError,
    410: PageTokenExpiredError,
    416: TransientError,
}
"""Reasons of Drive beyond Google's common ones; 416 is a file that became shorter meanwhile."""

CURES: Cures = {
    **GOOGLE_CURES,
    RejectedError: (
        "Check that the file is shared with the account of HOTROD_GOOGLE__REFRESH_TOKEN, is no "
        "larger than we take, and that the address for push messages is HTTPS."
    ),
}
