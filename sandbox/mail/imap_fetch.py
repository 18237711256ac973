"""What FETCH answers about one mail (RFC 9051, 6.4.5 and 7.5.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC
from email import message_from_bytes
from email.header import Header
from email.message import EmailMessage
from email.policy import default
from typing import cast

from sandbox.mail.imap_wire import BadCommandError, Token, literal, quoted, text_of
from sandbox.mail.message import Mailbox
from sandbox.mail.store import StoredMail

_MACROS = {
    "FAST": ["FLAGS", "INTERNALDATE", "RFC822.SIZE"],
    "ALL": ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"],
    "FULL": ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"],
}
_OLD_NAMES = {
    "RFC822": "BODY[]",
    "RFC822.HEADER": "BODY.PEEK[HEADER]",
    "RFC822.TEXT": "BODY[TEXT]",
}
_SECTION = re.compile(
    r"BODY(?:\.PEEK)?\[(?P<part>\d+(?:\.\d+)*)?\.?(?P<text>[A-Z.]*)(?: \((?P<names>[^)]*)\))?"
    r"\](?:<(?P<begin>\d{1,10})\.(?P<length>\d{1,10})>)?"
)
_LINE_END = re.compile(rb"\r?\n")
_MIME_HEADERS = re.compile(r"content-|mime-version", re.IGNORECASE)


def read_items(token: Token) -> list[str]:
    """Return the items that FETCH asks for, in upper case and with macros expanded.

    Raises:
        BadCommandError: one isn't known.
    """
    tokens = token if isinstance(token, list) else [token]
    words = [text_of(one).upper() for one in tokens]
    if len(words) == 1:
        words = _MACROS.get(words[0], words)
    if unknown := [one for one in words if not _is_known(one)]:
        raise BadCommandError(f"{unknown[0][:40]} can't be fetched")
    return words


def marks_as_read(items: Iterable[str]) -> bool:
    """Tell whether fetching these items sets the flag of being read."""
    return any(_OLD_NAMES.get(item, item).startswith("BODY[") for item in items)


def fetched(stored: StoredMail, items: Iterable[str]) -> bytes:
    """Write the items of a mail, without the parentheses around them."""
    return b" ".join(_item(stored, item) for item in items)


def flags_of(stored: StoredMail) -> bytes:
    """Write a mail's flags."""
    return f"FLAGS ({' '.join(sorted(stored.flags))})".encode()


def _is_known(item: str) -> bool:
    return item in _SIMPLE or _SECTION.fullmatch(_OLD_NAMES.get(item, item)) is not None


def _item(stored: StoredMail, item: str) -> bytes:
    simple = _SIMPLE.get(item)
    return simple(stored) if simple else _section(stored, item)


def _internal_date(stored: StoredMail) -> bytes:
    at = stored.received_at.astimezone(UTC)
    return f'INTERNALDATE "{at:%d-%b-%Y %H:%M:%S} +0000"'.encode()


def _structure_of(stored: StoredMail) -> bytes:
    return _structure(message_from_bytes(_lines(stored.mail.raw), policy=default))


def _section(stored: StoredMail, item: str) -> bytes:
    section = _SECTION.fullmatch(_OLD_NAMES.get(item, item))
    assert section is not None  # noqa: S101 - read_items has looked
    raw = _lines(stored.mail.raw)
    if section["part"]:
        raw = _part(raw, section["part"], section["text"])
    elif section["text"]:
        raw = _headed(raw, section["text"], (section["names"] or "").split())
    name = item if item in _OLD_NAMES else item.replace(".PEEK", "")
    if section["begin"]:
        begin, length = int(section["begin"]), int(section["length"])
        raw, name = raw[begin : begin + length], re.sub(r"\.\d+>$", ">", name)
    return name.encode() + b" " + literal(raw)


def _headed(raw: bytes, text: str, names: list[str]) -> bytes:
    """Return the text of a message, its header, or some fields of that."""
    head, _, body = raw.partition(b"\r\n\r\n")
    if text == "TEXT":
        return body
    if text == "HEADER":
        return head + b"\r\n\r\n"
    fields = re.split(rb"\r\n(?![ \t])", head)
    kept = [
        field
        for field in fields
        if (field.partition(b":")[0].decode("ascii", "replace").upper() in names)
        is (text == "HEADER.FIELDS")
    ]
    return b"".join(field + b"\r\n" for field in kept) + b"\r\n"


def _part(raw: bytes, numbers: str, text: str) -> bytes:
    part: EmailMessage | None = message_from_bytes(raw, policy=default)
    for number in map(int, numbers.split(".")):
        inner = list(part.iter_parts()) if part and part.is_multipart() else [part]
        part = cast(EmailMessage | None, inner[number - 1]) if 1 <= number <= len(inner) else None
    if part is None:
        return b""
    if text == "MIME":
        lines = [
            f"{name}: {value}\r\n" for name, value in part.items() if _MIME_HEADERS.match(name)
        ]
        return "".join([*lines, "\r\n"]).encode("utf-8", "surrogateescape")
    return _lines(_raw_content(part))


def _raw_content(part: EmailMessage) -> bytes:
    if part.is_multipart():
        return part.as_bytes().partition(b"\n\n")[2]
    return str(part.get_payload()).encode("utf-8", "surrogateescape")


def _envelope(stored: StoredMail) -> bytes:
    mail = stored.mail
    sender = _people([mail.sender])
    parts = (
        quoted(mail.headers.get("Date", "")),
        _words(mail.subject),
        sender,
        sender,
        _people(mail.reply_to) if mail.reply_to else sender,
        *(_people(people) for people in (mail.to, mail.cc, mail.bcc)),
        _or_nil(mail.headers.get("In-Reply-To", "")),
        _or_nil(mail.message_id),
    )
    return b"(" + b" ".join(parts) + b")"


def _people(people: Iterable[Mailbox]) -> bytes:
    written = []
    for person in people:
        local, _, domain = person.address.rpartition("@")
        fields = (
            _words(person.name) if person.name else b"NIL",
            b"NIL",
            quoted(local),
            quoted(domain),
        )
        written.append(b"(" + b" ".join(fields) + b")")
    return b"(" + b"".join(written) + b")" if written else b"NIL"


def _structure(part: EmailMessage) -> bytes:
    main, _, sub = part.get_content_type().partition("/")
    if part.is_multipart() and main == "multipart":
        inner = b"".join(_structure(cast(EmailMessage, one)) for one in part.iter_parts())
        return b"(" + inner + b" " + quoted(sub) + b")"
    content = _lines(_raw_content(part))
    charset = part.get_content_charset()
    fields = [
        quoted(main),
        quoted(sub),
        b'("charset" ' + quoted(charset) + b")" if charset else b"NIL",
        _or_nil(str(part.get("content-id", ""))),
        b"NIL",
        quoted(str(part.get("content-transfer-encoding", "7bit"))),
        b"%d" % len(content),
    ]
    if main == "text":
        fields.append(b"%d" % content.count(b"\n"))
    return b"(" + b" ".join(fields) + b")"


def _words(text: str) -> bytes:
    """Write words of a header, those beyond ASCII encoded (RFC 2047)."""
    return quoted(text if text.isascii() else Header(text, "utf-8", maxlinelen=10_000).encode())


def _or_nil(text: str) -> bytes:
    return quoted(text) if text else b"NIL"


def _lines(raw: bytes) -> bytes:
    """Return bytes with the line ends of the wire."""
    return _LINE_END.sub(b"\r\n", raw)


_SIMPLE: dict[str, Callable[[StoredMail], bytes]] = {
    "FLAGS": flags_of,
    "UID": lambda stored: b"UID %d" % stored.uid,
    "MODSEQ": lambda stored: b"MODSEQ (%d)" % stored.change,
    "INTERNALDATE": _internal_date,
    "RFC822.SIZE": lambda stored: b"RFC822.SIZE %d" % len(_lines(stored.mail.raw)),
    "ENVELOPE": lambda stored: b"ENVELOPE " + _envelope(stored),
    "BODY": lambda stored: b"BODY " + _structure_of(stored),
    "BODYSTRUCTURE": lambda stored: b"BODYSTRUCTURE " + _structure_of(stored),
}
