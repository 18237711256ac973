"""What the mail services answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class SentLookup(Enum):
    """What a mailbox says about a message that may have been sent from it."""

    FOUND = "found"
    """The message was sent: its copy is kept."""
    ABSENT = "absent"
    """There is no copy, or not yet: Exchange keeps it some seconds after it took the message."""
    UNKNOWABLE = "unknowable"
    """This transport has no way to tell."""


@dataclass(frozen=True)
class MailFolder:
    """A folder of a mailbox.

    Args:
        id: by which the service knows it.
        name: as a person sees it.
        role: ``inbox``, ``sent``, ``drafts``, ``trash``, ``junk`` or ``archive``; empty: none.
        messages: how many it holds.
        unread: how many of them nobody has read.
    """

    id: str
    name: str
    role: str
    messages: int
    unread: int


@dataclass(frozen=True)
class MailSummary:
    """A message as a list shows it.

    Args:
        id: by which the service knows it, within its mailbox.
        message_id: its Message-ID, angle brackets included; empty: it has none.
        thread_id: the same for all messages of a conversation.
        sender: bare address; empty: it has none.
        recipients: bare addresses of To and Cc.
        subject: decoded.
        received_at: when the mailbox got it, or when it was sent from there.
        is_read: whether somebody has opened it.
    """

    id: str
    message_id: str
    thread_id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    received_at: datetime
    is_read: bool


@dataclass(frozen=True)
class MailPage:
    """What came since a cursor.

    Args:
        messages: that are new or changed, in the order the service gives them.
        removed: ids of messages that left the folder.
        cursor: for what comes after this page; it may be kept for weeks.
        is_last: whether nothing more is waiting now.
    """

    messages: tuple[MailSummary, ...]
    removed: tuple[str, ...]
    cursor: str
    is_last: bool


@dataclass(frozen=True)
class MailAttachment:
    """A file in a message."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class MailMessage:
    """A whole message.

    Args:
        headers: name in lower case to decoded value; of repeated ones the first.
        text: plain text; made from nothing else: empty if the message has none.
        html: likewise.
        attachments: files, pictures within the text included.
    """

    headers: Mapping[str, str]
    text: str
    html: str
    attachments: tuple[MailAttachment, ...]


@dataclass(frozen=True)
class MailSubscription:
    """Who is told of new mail, and until when.

    Args:
        id: by which it is renewed and deleted.
        expires_at: when it ends unless it is renewed.
    """

    id: str
    expires_at: datetime
