"""A message from its MIME, the same for all transports."""

from __future__ import annotations

from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default

from connectors.mail.models import MailAttachment, MailMessage


def read_message(mime: bytes) -> MailMessage:
    """Read a message; what can't be decoded is replaced, never refused."""
    parsed = message_from_bytes(mime, policy=default)
    headers: dict[str, str] = {}
    for name, value in parsed.items():
        headers.setdefault(name.lower(), text_of(value))
    text, html = (_body(parsed, kind) for kind in ("plain", "html"))
    return MailMessage(headers, text, html, tuple(_files(parsed)))


def sent_from(mime: bytes, mailbox: str) -> bytes:
    """Return a message with another address in From; answers go where it was from before.

    A Reply-To that is there already stays.
    """
    parsed = message_from_bytes(mime, policy=SMTP)
    before = parsed["From"]
    if before is not None and parsed["Reply-To"] is None:
        parsed["Reply-To"] = text_of(before)
    name = next((one.display_name for one in getattr(before, "addresses", ())), "")
    del parsed["From"]
    parsed["From"] = Address(text_of(name), addr_spec=mailbox)
    return bytes(parsed)


def text_of(value: object) -> str:
    """Return a header's value as text that can be stored, bytes beyond ASCII read as UTF-8."""
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _body(parsed: EmailMessage, kind: str) -> str:
    part = parsed.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except LookupError:  # a charset that nobody knows
        return bytes(part.get_payload(decode=True)).decode("utf-8", "replace")


def _files(parsed: EmailMessage) -> list[MailAttachment]:
    bodies = {id(part) for kind in ("plain", "html") if (part := parsed.get_body((kind,)))}
    return [
        MailAttachment(
            name=text_of(part.get_filename() or ""),
            content_type=part.get_content_type(),
            content=_content(part),
        )
        for part in parsed.walk()
        if not part.is_multipart() and id(part) not in bodies
    ]


def _content(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
