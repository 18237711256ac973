"""A mail as Exchange's XML, by the properties asked for; and what clients write, as MIME."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import formataddr
from xml.etree import ElementTree as ET

from sandbox.mail.ews_ids import Place, encoded, item_id
from sandbox.mail.ews_soap import NAMES, EwsError, element, invalid
from sandbox.mail.message import Attachment, Mailbox
from sandbox.mail.store import DRAFT, StoredMail

_UNWRITABLE = (AttributeError, LookupError, MessageError, TypeError, ValueError)

Field = Callable[[StoredMail], ET.Element | None]


def _people(name: str, boxes: Iterable[Mailbox]) -> ET.Element | None:
    made = element(name, *map(_person, boxes))
    return made if len(made) else None


def _person(box: Mailbox) -> ET.Element:
    return element(
        "t:Mailbox",
        element("t:Name", box.name or box.address),
        element("t:EmailAddress", box.address),
        element("t:RoutingType", "SMTP"),
        element("t:MailboxType", "OneOff"),
    )


def _text(name: str, value: str) -> ET.Element | None:
    return element(name, value) if value else None


def _body(stored: StoredMail) -> ET.Element:
    kind, content = ("HTML", stored.mail.html) if stored.mail.html else ("Text", stored.mail.text)
    return element("t:Body", content, BodyType=kind)


def _headers(stored: StoredMail) -> ET.Element:
    return element(
        "t:InternetMessageHeaders",
        *(
            element("t:InternetMessageHeader", value, HeaderName=name)
            for name, values in stored.mail.headers.items()
            for value in values.split("\n")
        ),
    )


def _attachments(stored: StoredMail) -> ET.Element | None:
    files = enumerate(stored.mail.attachments)
    made = element("t:Attachments", *(attachment(stored, place, file) for place, file in files))
    return made if len(made) else None


def attachment(
    stored: StoredMail, place: int, file: Attachment, *, with_content: bool = False
) -> ET.Element:
    """Write a file in a mail; ``place`` counts from 0."""
    key = item_id(stored).get("Id", "")
    return element(
        "t:FileAttachment",
        element("t:AttachmentId", Id=encoded(f"{key}#{place}")),
        element("t:Name", file.name),
        element("t:ContentType", file.content_type),
        _text("t:ContentId", file.content_id),
        element("t:Size", str(len(file.content))),
        element("t:IsInline", boolean(bool(file.content_id))),
        element("t:Content", base64.b64encode(file.content).decode()) if with_content else None,
    )


def boolean(value: object) -> str:
    """Write a truth value."""
    return "true" if value else "false"


def moment(at: datetime) -> str:
    """Write a moment in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


# In the order of the schema. What each line of FIELDS holds is asked for by its name.
FIELDS: dict[str, Field] = {
    "item:MimeContent": lambda s: element(
        "t:MimeContent", base64.b64encode(s.mail.raw).decode(), CharacterSet="UTF-8"
    ),
    "item:ItemId": item_id,
    "item:ParentFolderId": lambda s: element(
        "t:ParentFolderId", Id=encoded(f"{s.mailbox}/{s.folder}"), ChangeKey=encoded("1")
    ),
    "item:ItemClass": lambda _: element("t:ItemClass", "IPM.Note"),
    "item:Subject": lambda s: element("t:Subject", s.mail.subject),
    "item:Sensitivity": lambda _: element("t:Sensitivity", "Normal"),
    "item:Body": _body,
    "item:Attachments": _attachments,
    "item:DateTimeReceived": lambda s: element("t:DateTimeReceived", moment(s.received_at)),
    "item:Size": lambda s: element("t:Size", str(len(s.mail.raw))),
    "item:Importance": lambda _: element("t:Importance", "Normal"),
    "item:InReplyTo": lambda s: _text("t:InReplyTo", s.mail.headers.get("In-Reply-To", "")),
    "item:IsDraft": lambda s: element("t:IsDraft", boolean(DRAFT in s.flags)),
    "item:InternetMessageHeaders": _headers,
    "item:DateTimeSent": lambda s: element("t:DateTimeSent", moment(s.mail.sent_at)),
    "item:DateTimeCreated": lambda s: element("t:DateTimeCreated", moment(s.received_at)),
    "item:DisplayCc": lambda s: element("t:DisplayCc", _names(s.mail.cc)),
    "item:DisplayTo": lambda s: element("t:DisplayTo", _names(s.mail.to)),
    "item:HasAttachments": lambda s: element("t:HasAttachments", boolean(s.mail.attachments)),
    "item:ConversationId": lambda s: element("t:ConversationId", Id=encoded(s.thread_id)),
    "message:Sender": lambda s: element("t:Sender", _person(s.mail.sender)),
    "message:ToRecipients": lambda s: _people("t:ToRecipients", s.mail.to),
    "message:CcRecipients": lambda s: _people("t:CcRecipients", s.mail.cc),
    "message:BccRecipients": lambda s: _people("t:BccRecipients", s.mail.bcc),
    "message:IsReadReceiptRequested": lambda _: element("t:IsReadReceiptRequested", "false"),
    "message:IsDeliveryReceiptRequested": lambda _: element(
        "t:IsDeliveryReceiptRequested", "false"
    ),
    "message:ConversationTopic": lambda s: element("t:ConversationTopic", s.mail.subject),
    "message:From": lambda s: element("t:From", _person(s.mail.sender)),
    "message:InternetMessageId": lambda s: element("t:InternetMessageId", s.mail.message_id),
    "message:IsRead": lambda s: element("t:IsRead", boolean(s.is_read)),
    "message:References": lambda s: _text("t:References", s.mail.headers.get("References", "")),
    "message:ReplyTo": lambda s: _people("t:ReplyTo", s.mail.reply_to),
}
"""What a message has, by the names of properties, in the order of the schema."""

ONLY_WHOLE = frozenset(
    {
        "item:MimeContent",
        "item:Body",
        "item:Attachments",
        "item:InternetMessageHeaders",
        "message:ToRecipients",
        "message:CcRecipients",
        "message:BccRecipients",
        "message:ReplyTo",
    }
)
"""What lists (FindItem, SyncFolderItems) never hold, whatever is asked for; GetItem does."""

_DEFAULT = frozenset(FIELDS) - {
    "item:MimeContent",
    "item:InternetMessageHeaders",
    "item:ConversationId",
}


def shape(request: ET.Element, *, in_list: bool) -> frozenset[str]:
    """Return the properties that an ItemShape asks for; those that a message lacks are overlooked.

    Raises:
        FaultError: it isn't there.
    """
    asked = request.find("m:ItemShape", NAMES)
    base = asked.findtext("t:BaseShape", "", NAMES) if asked is not None else ""
    if asked is None or base not in {"IdOnly", "Default", "AllProperties"}:
        raise invalid("ItemShape is missing.")
    named = {path.get("FieldURI", "") for path in asked.iterfind(".//t:FieldURI", NAMES)}
    if asked.findtext("t:IncludeMimeContent", "false", NAMES) in {"true", "1"}:
        named.add("item:MimeContent")
    if base == "Default":
        named |= _DEFAULT
    elif base == "AllProperties":
        named |= FIELDS.keys() - {"item:MimeContent"}
    return frozenset({"item:ItemId", *named}) - (ONLY_WHOLE if in_list else frozenset())


def message(stored: StoredMail, wanted: frozenset[str]) -> ET.Element:
    """Write a mail with the properties that are wanted."""
    return element(
        "t:Message", *(field(stored) for name, field in FIELDS.items() if name in wanted)
    )


def to_mime(written: ET.Element, place: Place) -> bytes:
    """Return a message that a client wrote, as MIME.

    Raises:
        EwsError: it can't be read.
    """
    content = written.findtext("t:MimeContent", None, NAMES)
    try:
        if content is not None:
            return base64.b64decode("".join(content.split()), validate=True)
        return _composed(written, place)
    except binascii.Error:
        text = "Invalid base64 string for MIME content."
        raise EwsError("ErrorMimeContentInvalidBase64String", text) from None
    except _UNWRITABLE as error:
        raise EwsError("ErrorMimeContentInvalid", f"It can't be written as MIME: {error}") from None


def _composed(written: ET.Element, place: Place) -> bytes:
    mime = EmailMessage()
    mime["From"] = _addresses(written, "From") or place.mailbox
    mime["Subject"] = written.findtext("t:Subject", "", NAMES)
    for header, name in (
        ("To", "ToRecipients"),
        ("Cc", "CcRecipients"),
        ("Bcc", "BccRecipients"),
        ("Reply-To", "ReplyTo"),
        ("Message-ID", "InternetMessageId"),
    ):
        value = _addresses(written, name) or written.findtext(f"t:{name}", "", NAMES).strip()
        if value:
            mime[header] = value
    body = written.find("t:Body", NAMES)
    if body is not None:
        subtype = "html" if body.get("BodyType") == "HTML" else "plain"
        mime.set_content(body.text or "", subtype=subtype)
    return mime.as_bytes()


def _addresses(written: ET.Element, name: str) -> str:
    boxes = written.iterfind(f"t:{name}/t:Mailbox", NAMES)
    return ", ".join(
        formataddr((box.findtext("t:Name", "", NAMES), box.findtext("t:EmailAddress", "", NAMES)))
        for box in boxes
    )


def _names(boxes: Iterable[Mailbox]) -> str:
    return "; ".join(box.name or box.address for box in boxes)
