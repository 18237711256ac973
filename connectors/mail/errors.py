"""The error tables of mail, one for each way that it takes, with cures for ops."""

from __future__ import annotations

import re
from html import unescape

import httpx
from pydantic import ValidationError

from connectors._http.errors import (
    ConnectorError,
    Cures,
    ErrorTable,
    NeedsReauthError,
    Problem,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.google import GOOGLE_TABLE
from connectors.mail.graph_models import GraphFaultBody

LOOK_IT_UP = (
    "The message may have been sent: look for it by its Message-ID in Sent Items, "
    "and send it again only if it is not there."
)


class CursorExpiredError(RejectedError):
    """A cursor is too old, or of another life of the folder: what came since is unknown."""

    default_cure = "The folder is read again from its first message."


class SendAsDeniedError(RejectedError):
    """The mailbox may not send as the sender in From; nothing was sent."""

    default_cure = "In Exchange, give the mailbox the Send As right for the alias."


GRAPH_TABLE: ErrorTable = {
    "ErrorSendAsDenied": SendAsDeniedError,
    "SyncStateNotFound": CursorExpiredError,
    "syncStateNotFound": CursorExpiredError,
    "resyncRequired": CursorExpiredError,
    "MailboxNotEnabledForRESTAPI": ServiceNotFoundError,
}
"""Where Graph's code says more than the status. Source: Graph, "Error responses"."""

GRAPH_CURES: Cures = {
    NeedsReauthError: (
        "In Entra, check that the app registration has Mail.Send and Mail.ReadWrite with admin "
        "consent, make a new client secret, and set HOTROD_GRAPH__CLIENT_SECRET."
    ),
    ServiceNotFoundError: (
        "Check that the mailbox exists in the tenant and has a license; a message or folder may "
        "have been deleted."
    ),
    RejectedError: "Check the addresses, and that the mailbox may send as the sender.",
    UnknownOutcomeError: LOOK_IT_UP,
}

GMAIL_TABLE: ErrorTable = {**GOOGLE_TABLE, "limitExceeded": RateLimitedError}
"""Gmail's reasons are Google's; ``limitExceeded`` is a day's mails, sent or received.

Source: Gmail API, "Resolve errors".
"""

GMAIL_CURES: Cures = {
    NeedsReauthError: (
        "In the Cloud console, check that the Gmail API is enabled; have the owner of the mailbox "
        "itself grant access with the scope gmail.modify, and set HOTROD_GOOGLE__REFRESH_TOKEN."
    ),
    ServiceNotFoundError: "Check that the message, label or mailbox still exists in Gmail.",
    RejectedError: "Check the addresses, and that the mailbox may send mail as the sender.",
    UnknownOutcomeError: LOOK_IT_UP,
}

SMTP_TABLE: ErrorTable = {
    421: TransientError,
    454: TransientError,
    530: NeedsReauthError,
    534: NeedsReauthError,
    535: NeedsReauthError,
    538: NeedsReauthError,
}
"""Reply codes that mean more than their first digit (RFC 5321, 4.2; RFC 4954, 6)."""

SMTP_CURES: Cures = {
    TransientError: (
        "It is tried again; if it lasts, check HOTROD_SMTP__HOST, HOTROD_SMTP__PORT and the "
        "mail server's log."
    ),
    NeedsReauthError: "Check HOTROD_SMTP__USERNAME and HOTROD_SMTP__PASSWORD.",
    RejectedError: "Check the addresses, and that the login may send from the mailbox.",
    UnknownOutcomeError: LOOK_IT_UP,
}

EWS_TABLE: ErrorTable = {
    "ErrorADOperation": TransientError,
    "ErrorADUnavailable": TransientError,
    "ErrorAccessDenied": NeedsReauthError,
    "ErrorAccountDisabled": NeedsReauthError,
    "ErrorConnectionFailed": TransientError,
    "ErrorConnectionFailedTransientError": TransientError,
    "ErrorExceededConnectionCount": RateLimitedError,
    "ErrorFolderNotFound": ServiceNotFoundError,
    "ErrorImpersonateUserDenied": NeedsReauthError,
    "ErrorImpersonationDenied": NeedsReauthError,
    "ErrorImpersonationFailed": NeedsReauthError,
    "ErrorInternalServerError": TransientError,
    "ErrorInternalServerTransientError": TransientError,
    "ErrorInvalidFolderId": ServiceNotFoundError,
    "ErrorInvalidId": ServiceNotFoundError,
    "ErrorInvalidIdEmpty": ServiceNotFoundError,
    "ErrorInvalidIdMalformed": ServiceNotFoundError,
    "ErrorInvalidSyncStateData": CursorExpiredError,
    "ErrorItemNotFound": ServiceNotFoundError,
    "ErrorMailboxFailover": TransientError,
    "ErrorMailboxMoveInProgress": TransientError,
    "ErrorMailboxStoreUnavailable": TransientError,
    "ErrorNonExistentMailbox": ServiceNotFoundError,
    "ErrorNonPrimarySmtpAddress": ServiceNotFoundError,
    "ErrorPasswordChangeRequired": NeedsReauthError,
    "ErrorPasswordExpired": NeedsReauthError,
    "ErrorSendAsDenied": SendAsDeniedError,
    "ErrorServerBusy": RateLimitedError,
    "ErrorSubmissionQuotaExceeded": RateLimitedError,
    "ErrorSyncFolderNotFound": ServiceNotFoundError,
    "ErrorTimeoutExpired": TransientError,
    "ErrorToFolderNotFound": ServiceNotFoundError,
    "ErrorTooManyObjectsOpened": RateLimitedError,
}
"""Codes in answers; all others say that the request is refused. Source: EWS, "ResponseCode"."""

EWS_CURES: Cures = {
    TransientError: (
        "It is tried again; if it lasts, check HOTROD_EWS__BASE_URL and the Exchange server's "
        "event log."
    ),
    RateLimitedError: (
        "It is tried again after the wait; if it lasts, give the account of HOTROD_EWS__USERNAME "
        "a wider throttling policy."
    ),
    NeedsReauthError: (
        "Check HOTROD_EWS__USERNAME and HOTROD_EWS__PASSWORD, and that the account has the role "
        "ApplicationImpersonation for the mailbox."
    ),
    ServiceNotFoundError: (
        "Check that the message or folder is still there, that the mailbox is on the server under "
        "its primary address, and HOTROD_EWS__BASE_URL."
    ),
    RejectedError: "Check the addresses, and that the mailbox may send as the sender.",
    UnknownOutcomeError: LOOK_IT_UP,
}

EWS_BAD_CERTIFICATE = (
    "Check HOTROD_EWS__BASE_URL and the server's certificate; one of a private authority is "
    "trusted when REQUESTS_CA_BUNDLE names its file."
)

_EWS_CODE = re.compile(rb"<(?:\w+:)?ResponseCode[^>]*>\s*(\w+)\s*</")
_EWS_TEXT = re.compile(rb"<faultstring[^>]*>([^<]*)</")
_EWS_BACK_OFF = re.compile(rb'<(?:\w+:)?Value Name="BackOffMilliseconds">\s*(\d+)\s*</')


def read_ews_fault(answer: bytes) -> Problem:
    """Read code and text of a SOAP fault of Exchange."""
    code, text = _EWS_CODE.search(answer), _EWS_TEXT.search(answer)
    return Problem(
        code[1].decode() if code else "",
        unescape(text[1].decode(errors="replace")) if text else "",
    )


def read_ews_back_off(answer: bytes) -> float | None:
    """Read how many seconds a busy Exchange asks us to stay away; None: it doesn't."""
    told = _EWS_BACK_OFF.search(answer)
    return int(told[1]) / 1000 if told else None


IMAP_TABLE: ErrorTable = {
    "UNAVAILABLE": TransientError,
    "INUSE": TransientError,
    "SERVERBUG": TransientError,
    "THROTTLED": RateLimitedError,
    "LIMIT": RateLimitedError,
    "AUTHENTICATIONFAILED": NeedsReauthError,
    "AUTHORIZATIONFAILED": NeedsReauthError,
    "EXPIRED": NeedsReauthError,
    "CONTACTADMIN": NeedsReauthError,
    "NONEXISTENT": ServiceNotFoundError,
    "TRYCREATE": ServiceNotFoundError,
}
"""Response codes of refusals (RFC 5530; THROTTLED is Gmail's)."""

IMAP_CURES: Cures = {
    TransientError: (
        "It is tried again; if it lasts, check HOTROD_IMAP__HOST, HOTROD_IMAP__PORT and the "
        "mail server's log."
    ),
    NeedsReauthError: (
        "Check HOTROD_IMAP__USERNAME and HOTROD_IMAP__PASSWORD, and that this login may open "
        "the mailbox."
    ),
    ServiceNotFoundError: "The message or folder was moved or deleted; list the folder again.",
    RejectedError: "The mail server's words say why; look at its log for more.",
    UnknownOutcomeError: "Look in the mailbox whether it was done before it is tried again.",
}

_IMAP_CODE = re.compile(r"\[([A-Z][A-Z0-9-]*)[^\]]*\]")


def classify_imap(refusal: str, *, at_login: bool = False) -> type[ConnectorError]:
    """Return the class of error for the text of an IMAP server's NO or BAD."""
    code = _IMAP_CODE.search(refusal)
    usual = NeedsReauthError if at_login else RejectedError
    return IMAP_TABLE.get(code[1], usual) if code else usual


def classify_smtp(code: int) -> type[ConnectorError]:
    """Return the class of error for an SMTP reply that refuses; nothing was sent then."""
    return SMTP_TABLE.get(code) or (RejectedError if code >= 500 else TransientError)  # noqa: PLR2004


def read_graph_problem(response: httpx.Response) -> Problem:
    """Read Graph's error code and text from an answer."""
    try:
        error = GraphFaultBody.model_validate_json(response.content).error
    except ValidationError:
        return Problem()
    return Problem(error.code, error.message)
