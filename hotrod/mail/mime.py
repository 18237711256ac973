"""Turn a composed mail into the bytes that a mail service takes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from email import charset, policy
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.utils import format_datetime

from email_validator import EmailNotValidError, validate_email

from hotrod.errors import InvalidInputError
from hotrod.mail.rules import Address
from hotrod.mail.wording import one_line

# The newer email.message.EmailMessage is not used: in Python 3.11 it folds a long quoted name
# with commas into several recipients, and long Message-IDs into encoded words.
_POLICY = policy.compat32.clone(linesep="\r\n", mangle_from_=False, max_line_length=998)
_FOLD_AT = 60  # leaves room for the header's name in a line of 78
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 ]*")
_UTF8 = charset.Charset("utf-8")
_UTF8.body_encoding = charset.QP


def build_mime(
    *,
    sender: Address,
    reply_to: str | None,
    recipient: Address,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    references: Sequence[str],
    headers: Mapping[str, str],
    date: datetime,
) -> bytes:
    """Return a mail as multipart/alternative (RFC 2046 5.1.4): plain text first, then HTML.

    The same arguments give the same bytes: 7-bit clean, with CRLF line ends. The mail says that
    a program wrote it (RFC 3834), so that others' programs don't answer.

    Args:
        sender: the From line.
        reply_to: where answers go, when not to the sender.
        recipient: the To line.
        subject: of any length; line breaks become spaces.
        text: the plain text part.
        html: the HTML part.
        message_id: with angle brackets.
        references: Message-IDs of earlier mail in the thread, oldest first; empty starts one.
        headers: further headers, such as ``X-Hotrod-Ticket``.
        date: when it is sent, with time zone.

    Raises:
        InvalidInputError: an address that mail can't be sent to or from.
    """
    # "=_" can't occur in quoted-printable text, so no part holds the boundary.
    boundary = f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:24]}"
    message = MIMEMultipart("alternative", boundary, [_part("plain", text), _part("html", html)])
    message["From"] = _mailbox("sender", sender)
    message["To"] = _mailbox("recipient", recipient)
    if reply_to is not None:
        message["Reply-To"] = _mailbox("reply_to", Address("", reply_to))
    message["Subject"] = _line(subject)
    message["Date"] = format_datetime(date)
    message["Message-ID"] = message_id
    if references:
        message["In-Reply-To"] = references[-1]
        message["References"] = "\n ".join(references)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"  # Exchange doesn't heed RFC 3834
    for name, value in headers.items():
        message[name] = _line(value)
    return message.as_bytes(policy=_POLICY)


def _part(subtype: str, content: str) -> MIMENonMultipart:
    part = MIMENonMultipart("text", subtype, charset="utf-8")
    part.set_payload(content, _UTF8)
    return part


def _line(value: str) -> str:
    line = one_line(value, limit=2000)
    return Header(line, "us-ascii" if line.isascii() else "utf-8").encode(maxlinelen=_FOLD_AT)


def _mailbox(field: str, address: Address) -> str:
    try:
        checked = validate_email(address.email, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise InvalidInputError(
            field,
            "This is not a mail address that every mail server understands.",
            "Write it like name@example.com, with plain letters before the @.",
        ) from None
    if not (name := one_line(address.name)):
        return str(checked.ascii_email)
    mailbox = Header(name, "us-ascii" if _PLAIN_NAME.fullmatch(name) else "utf-8")
    mailbox.append(f"<{checked.ascii_email}>", "us-ascii")
    return mailbox.encode(maxlinelen=_FOLD_AT)
