"""Gmail's JSON forms of a message and a thread. Source: Gmail API, "REST Resource"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from sandbox.mail.gmail_labels import label_ids
from sandbox.mail.gmail_wire import encoded
from sandbox.mail.store import StoredMail

SNIPPET_LENGTH = 200
FORMATS = ("minimal", "metadata", "full", "raw")


def message_json(
    stored: StoredMail, form: str = "full", headers: Sequence[str] = ()
) -> dict[str, Any]:
    """Describe a mail.

    Args:
        stored: the mail.
        form: one of ``FORMATS``.
        headers: with ``metadata``, the only ones that are told; none: all.
    """
    mail = stored.mail
    described: dict[str, Any] = {
        "id": stored.id,
        "threadId": stored.thread_id,
        "labelIds": label_ids(stored),
        "snippet": " ".join(mail.text.split())[:SNIPPET_LENGTH],
        "historyId": str(stored.change),
        "internalDate": str(int(stored.received_at.timestamp() * 1000)),
        "sizeEstimate": len(mail.raw),
    }
    if form == "raw":
        described["raw"] = encoded(mail.raw)
    elif form == "full":
        described["payload"] = _part_json(_parsed(stored), "")
    elif form == "metadata":
        wanted = {name.lower() for name in headers}
        parsed = _parsed(stored)
        told = [one for one in _headers(parsed) if not wanted or one["name"].lower() in wanted]
        described["payload"] = {"mimeType": parsed.get_content_type(), "headers": told}
    return described


def brief_json(stored: StoredMail) -> dict[str, str]:
    """Name a mail, as lists do."""
    return {"id": stored.id, "threadId": stored.thread_id}


def attachment_json(stored: StoredMail, attachment_id: str) -> dict[str, Any] | None:
    """Hand out the content of a part; None: there is no such attachment."""
    for part_id, part in _leaves(_parsed(stored), ""):
        if _attachment_id(part_id) == attachment_id and _is_file(part):
            content = _content(part)
            return {"size": len(content), "data": encoded(content)}
    return None


def _parsed(stored: StoredMail) -> EmailMessage:
    return message_from_bytes(stored.mail.raw, policy=default)


def _part_json(part: EmailMessage, part_id: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "partId": part_id,
        "mimeType": part.get_content_type(),
        "filename": part.get_filename() or "",
        "headers": _headers(part),
        "body": {"size": 0},
    }
    if part.is_multipart():
        described["parts"] = [_part_json(one, inner) for inner, one in _parts(part, part_id)]
    else:
        content = _content(part)
        described["body"] = {"size": len(content)}
        if _is_file(part):
            described["body"]["attachmentId"] = _attachment_id(part_id)
        elif content:
            described["body"]["data"] = encoded(content)
    return described


def _parts(part: EmailMessage, part_id: str) -> Iterator[tuple[str, EmailMessage]]:
    for number, inner in enumerate(part.iter_parts()):
        yield f"{part_id}.{number}".lstrip("."), cast(EmailMessage, inner)


def _leaves(part: EmailMessage, part_id: str) -> Iterator[tuple[str, EmailMessage]]:
    if not part.is_multipart():
        yield part_id, part
        return
    for inner_id, inner in _parts(part, part_id):
        yield from _leaves(inner, inner_id)


def _is_file(part: EmailMessage) -> bool:
    return bool(part.get_filename()) or part.get_content_maintype() != "text"


def _attachment_id(part_id: str) -> str:
    return "ANG" + encoded(f"part {part_id}".encode()).rstrip("=")


def _headers(part: EmailMessage) -> list[dict[str, str]]:
    return [{"name": name, "value": str(value)} for name, value in part.items()]


def _content(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
