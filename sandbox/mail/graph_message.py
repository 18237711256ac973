"""Graph's JSON form of a message, to and from MIME."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formataddr
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.mail.message import Mailbox, MalformedMailError
from sandbox.mail.store import FLAGGED, StoredMail

PREVIEW_LENGTH = 255


def _lowered(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class _GraphModel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore")


class EmailAddress(_GraphModel):
    """A person's name and address."""

    address: str
    name: str = ""


class Recipient(_GraphModel):
    """Graph wraps each address once more."""

    email_address: EmailAddress


class ItemBody(_GraphModel):
    """Text of a message; ``contentType`` is text or html, in any case."""

    content_type: Annotated[Literal["text", "html"], BeforeValidator(_lowered)] = "text"
    content: str = ""


class InternetMessageHeader(_GraphModel):
    """A header of the sender's own; Graph takes names that start with x- only."""

    name: str = Field(pattern=r"^[xX]-[A-Za-z0-9-]+$")
    value: str


class FileAttachment(_GraphModel):
    """A file, in base64."""

    name: str
    content_type: str = "application/octet-stream"
    content_bytes: str


class OutgoingMessage(_GraphModel):
    """A message as a client writes it."""

    subject: str = ""
    body: ItemBody = ItemBody()
    from_: Recipient | None = Field(None, alias="from")
    to_recipients: list[Recipient] = []
    cc_recipients: list[Recipient] = []
    bcc_recipients: list[Recipient] = []
    reply_to: list[Recipient] = []
    internet_message_headers: list[InternetMessageHeader] = Field([], max_length=5)
    attachments: list[FileAttachment] = []


class SendMailRequest(_GraphModel):
    """Body of ``sendMail`` in its JSON form."""

    message: OutgoingMessage
    save_to_sent_items: bool = True


def to_mime(message: OutgoingMessage, sender: str) -> bytes:
    """Write a message as MIME.

    Raises:
        MalformedMailError: a header holds a line break, or an attachment is no base64.
    """
    mime = EmailMessage()
    try:
        mime["From"] = _header([message.from_]) if message.from_ else sender
        mime["Subject"] = message.subject
        for name, people in (
            ("To", message.to_recipients),
            ("Cc", message.cc_recipients),
            ("Bcc", message.bcc_recipients),
            ("Reply-To", message.reply_to),
        ):
            if people:
                mime[name] = _header(people)
        for header in message.internet_message_headers:
            mime[header.name] = header.value
        subtype = "html" if message.body.content_type == "html" else "plain"
        mime.set_content(message.body.content, subtype=subtype)
        for file in message.attachments:
            main, _, sub = file.content_type.partition("/")
            mime.add_attachment(
                base64.b64decode(file.content_bytes, validate=True),
                maintype=main,
                subtype=sub or "octet-stream",
                filename=file.name,
            )
        return mime.as_bytes()
    except (ValueError, binascii.Error) as error:
        raise MalformedMailError("a header or an attachment of the message is not valid") from error


def to_json(stored: StoredMail, *, with_headers: bool = False) -> dict[str, Any]:
    """Write a stored mail as Graph's ``message``; internet headers only when selected."""
    mail = stored.mail
    kind, content = ("html", mail.html) if mail.html else ("text", mail.text)
    document: dict[str, Any] = {
        "@odata.etag": f'W/"{stored.change:012d}"',
        "id": stored.id,
        "createdDateTime": _time(stored.received_at),
        "lastModifiedDateTime": _time(stored.received_at),
        "changeKey": f"{stored.change:012d}",
        "categories": [],
        "receivedDateTime": _time(stored.received_at),
        "sentDateTime": _time(mail.sent_at),
        "hasAttachments": bool(mail.attachments),
        "internetMessageId": mail.message_id,
        "subject": mail.subject,
        "bodyPreview": " ".join((mail.text or mail.subject).split())[:PREVIEW_LENGTH],
        "importance": "normal",
        "parentFolderId": stored.folder,
        "conversationId": stored.thread_id,
        "isDeliveryReceiptRequested": False,
        "isReadReceiptRequested": False,
        "isRead": stored.is_read,
        "isDraft": stored.folder == "drafts",
        "inferenceClassification": "focused",
        "body": {"contentType": kind, "content": content},
        "sender": _recipient(mail.sender),
        "from": _recipient(mail.sender),
        "toRecipients": [_recipient(box) for box in mail.to],
        "ccRecipients": [_recipient(box) for box in mail.cc],
        "bccRecipients": [_recipient(box) for box in mail.bcc],
        "replyTo": [_recipient(box) for box in mail.reply_to],
        "flag": {"flagStatus": "flagged" if FLAGGED in stored.flags else "notFlagged"},
    }
    if with_headers:
        document["internetMessageHeaders"] = [
            {"name": name, "value": value}
            for name, values in mail.headers.items()
            for value in values.split("\n")
        ]
    return document


def _header(people: list[Recipient]) -> str:
    return ", ".join(
        formataddr((person.email_address.name, person.email_address.address)) for person in people
    )


def _recipient(box: Mailbox) -> dict[str, Any]:
    return {"emailAddress": {"name": box.name or box.address, "address": box.address}}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
