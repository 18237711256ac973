"""A mail as mail servers see it: MIME bytes, and what can be read from them."""

from __future__ import annotations

import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import cast

_ADDRESS = re.compile(r"[^\s@<>,;:\"\\]{1,64}@[^\s@<>,;:\"\\]{1,255}")
_BCC_HEADER = re.compile(rb"^bcc:.*(?:\n[ \t].*)*\n?", re.IGNORECASE | re.MULTILINE)
_HEADERS_END = re.compile(rb"\n(?=\r?\n)")
_UNREADABLE = (AttributeError, HeaderParseError, IndexError, LookupError, TypeError, ValueError)


class MalformedMailError(ValueError):
    """A message that no mail server would take; the text says why."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and address from a header."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a mail that is not its text."""

    name: str
    content_type: str
    content: bytes
    content_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What was read from MIME bytes. A header that came twice keeps both values, by line."""

    raw: bytes
    message_id: str
    subject: str
    sender: Mailbox
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    headers: dict[str, str]
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    sent_at: datetime

    @property
    def recipients(self) -> tuple[str, ...]:
        """Every address in To, Cc and Bcc, once, in order."""
        return tuple(dict.fromkeys(box.address for box in (*self.to, *self.cc, *self.bcc)))


def is_address(text: str) -> bool:
    """Whether text has the form of an address that a mail server routes."""
    return _ADDRESS.fullmatch(text) is not None


def complete(raw: bytes, sender: str = "") -> bytes:
    """Add the headers that a submission server fills in: From, Date, Message-ID (RFC 6409, 8).

    Raises:
        MalformedMailError: the bytes don't start with mail headers.
    """
    head = _headers_of(raw).lower()
    if not re.match(rb"[!-9;-~]+:", head):
        raise MalformedMailError("the message does not start with mail headers")
    missing = {
        "from": sender,
        "date": format_datetime(datetime.now(UTC)),
        "message-id": make_msgid(domain="sandbox.example.com"),
    }
    added = [
        f"{name.title().replace('Id', 'ID')}: {value}\r\n"
        for name, value in missing.items()
        if value and not re.search(rb"^" + name.encode() + rb"[ \t]*:", head, re.MULTILINE)
    ]
    return "".join(added).encode() + raw


def without_bcc(raw: bytes) -> bytes:
    """Return the copy that recipients get: blind copies are not told."""
    head = _headers_of(raw)
    return _BCC_HEADER.sub(b"", head) + raw[len(head) :]


def read_mail(raw: bytes) -> Mail:
    """Read a complete mail.

    Raises:
        MalformedMailError: a header can't be read, or From names nobody.
    """
    message = message_from_bytes(raw, policy=email.policy.default)
    try:
        headers: dict[str, str] = {}
        for name, value in message.items():
            headers[name] = f"{headers[name]}\n{value}" if name in headers else str(value)
        text, html, attachments = _parts(message)
        return Mail(
            raw=raw,
            message_id=str(message["message-id"]).strip(),
            subject=str(message["subject"] or ""),
            sender=_sender(message),
            to=_mailboxes(message, "to"),
            cc=_mailboxes(message, "cc"),
            bcc=_mailboxes(message, "bcc"),
            reply_to=_mailboxes(message, "reply-to"),
            headers=headers,
            text=text,
            html=html,
            attachments=attachments,
            sent_at=_sent_at(message),
        )
    except MalformedMailError:
        raise
    except _UNREADABLE as error:
        raise MalformedMailError("a header or part of the message can't be read") from error


def _headers_of(raw: bytes) -> bytes:
    end = _HEADERS_END.search(raw)
    return raw[: end.end()] if end else raw


def _sender(message: EmailMessage) -> Mailbox:
    senders = _mailboxes(message, "from")
    if not senders or not is_address(senders[0].address):
        raise MalformedMailError("the message has no valid From header")
    return senders[0]


def _mailboxes(message: EmailMessage, header: str) -> tuple[Mailbox, ...]:
    return tuple(
        Mailbox(address.display_name, address.addr_spec)
        for value in message.get_all(header, [])
        for address in value.addresses
    )


def _sent_at(message: EmailMessage) -> datetime:
    stated: datetime | None = getattr(message["date"], "datetime", None)
    if stated is None:
        return datetime.now(UTC)
    return stated.replace(tzinfo=UTC) if stated.tzinfo is None else stated.astimezone(UTC)


def _parts(message: EmailMessage) -> tuple[str, str, tuple[Attachment, ...]]:
    texts: dict[str, str] = {}
    attachments: list[Attachment] = []
    for part in message.walk():
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        readable = kind in {"text/plain", "text/html"} and not part.is_attachment()
        if readable and kind not in texts:
            texts[kind] = str(part.get_content())
        else:
            attachments.append(
                Attachment(
                    name=part.get_filename() or f"part-{len(attachments) + 1}",
                    content_type=kind,
                    content=cast(bytes, part.get_payload(decode=True) or b""),
                    content_id=str(part.get("content-id", "")).strip("<> "),
                )
            )
    return texts.get("text/plain", ""), texts.get("text/html", ""), tuple(attachments)
