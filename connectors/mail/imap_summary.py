"""A message in a list, from what IMAP tells of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from typing import Any, NamedTuple

from connectors.mail.message import text_of
from connectors.mail.models import MailSummary

HEADERS = "BODY[HEADER.FIELDS (MESSAGE-ID REFERENCES IN-REPLY-TO FROM TO CC SUBJECT)]"
ITEMS = ("FLAGS", "INTERNALDATE", HEADERS.replace("BODY[", "BODY.PEEK["))
"""What must be fetched of a message."""

_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_PLACE = re.compile(r"(\d{1,10})\.(\d{1,10})\.(.+)", re.DOTALL)


class Place(NamedTuple):
    """Where a message lies; written with dots between, it is its id.

    Args:
        uid_validity: of the folder.
        uid: of the message.
        folder: its name.
    """

    uid_validity: int
    uid: int
    folder: str

    def __str__(self) -> str:
        return f"{self.uid_validity}.{self.uid}.{self.folder}"


def read_place(message: str) -> Place | None:
    """Read an id; None: it isn't one of ours."""
    match = _PLACE.fullmatch(message)
    return Place(int(match[1]), int(match[2]), match[3]) if match else None


def summarize(place: Place, told: Mapping[bytes, Any]) -> MailSummary:
    """Read what was told of ``ITEMS``.

    IMAP knows no threads: a thread is named by its first message, the first of References.
    """
    parsed = message_from_bytes(told.get(HEADERS.encode(), b""), policy=default)
    received: datetime = told[b"INTERNALDATE"]
    message_id = _first(text_of(parsed.get("message-id", "")))
    return MailSummary(
        id=str(place),
        message_id=message_id,
        thread_id=_first(text_of(parsed.get("references", "")))
        or _first(text_of(parsed.get("in-reply-to", "")))
        or message_id,
        sender=next(iter(_addresses(parsed["from"])), ""),
        recipients=(*_addresses(parsed["to"]), *_addresses(parsed["cc"])),
        subject=text_of(parsed.get("subject", "")),
        received_at=received,
        is_read=b"\\Seen" in told.get(b"FLAGS", ()),
    )


def _first(text: str) -> str:
    found = _MESSAGE_ID.search(text)
    return found[0] if found else ""


def _addresses(header: Any) -> tuple[str, ...]:  # noqa: ANN401 - the package's own kinds
    return tuple(
        text_of(one.addr_spec) for one in getattr(header, "addresses", ()) if one.addr_spec
    )
